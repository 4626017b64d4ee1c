/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl metrics.
 */
#include "core/ctl/ctl.h"

int
ctl_do_metrics (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *text = ctl_get (ctl, "/metrics");

  if (text == NULL)
    return EXIT_FAILURE;
  fputs (text, stdout);
  return EXIT_SUCCESS;
}
