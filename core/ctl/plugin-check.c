/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl plugin check: the conformance kit.
 */
#include "core/check/check.h"
#include "core/ctl/ctl.h"

int
ctl_do_plugin_check (int argc, char **argv)
{
  const UcCheckOptions options = { .file = argc > 0 ? argv[0] : NULL,
                                   .settings = ctl_settings,
                                   .only = ctl_only,
                                   .json = ctl_json,
                                   .valgrind = ctl_valgrind,
                                   .list = argc == 0,
                                   .patience_s = (guint)ctl_patience };

  if (ctl_patience < 0 || ctl_patience > 3600)
    return ctl_complain ("--patience %d: it is in seconds, from 1 to 3600", ctl_patience), CTL_USAGE;
  return uc_check_run (&options);
}
