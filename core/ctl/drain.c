/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl drain.
 */
#include "core/ctl/ctl.h"

int
ctl_do_drain (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *result = ctl_call (ctl, "system.drain", ctl_cancel ? "{\"cancel\":true}" : "{}");

  if (result == NULL)
    return EXIT_FAILURE;
  if (ctl_json)
    puts (result);
  else
    puts (ctl_cancel
              ? "offers are made again"
              : "no new offers are made; stop the daemon when you like, or go on with: usherctl drain --cancel");
  return EXIT_SUCCESS;
}
