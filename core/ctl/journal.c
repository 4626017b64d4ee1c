/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl journal: the journal of the configured database, of a backup, or of any other file, looked at without
 * the daemon.
 */
#include "core/ctl/ctl.h"
#include "core/service/verify.h"

char *
ctl_store_path (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = ctl_conf (problems);
  UcConfEntry *data_dir = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "data_dir");
  UcConfEntry *path = uc_conf_entry (uc_conf_section (conf, "store", NULL), "path");
  const char *name = path != NULL ? path->value : "usher.db";

  if (g_path_is_absolute (name))
    return g_strdup (name);
  return g_build_filename (data_dir != NULL ? data_dir->value : LOCALSTATEDIR "/lib/usher", name, NULL);
}

char *
ctl_media_path (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = ctl_conf (problems);
  UcConfEntry *data_dir = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "data_dir");

  return g_build_filename (data_dir != NULL ? data_dir->value : LOCALSTATEDIR "/lib/usher", "media", NULL);
}

int
ctl_do_journal_verify (int argc, char **argv)
{
  g_autofree char *path = argc > 0 ? g_strdup (argv[0]) : ctl_store_path ();

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *folder = g_steal_pointer (&path);

      path = g_build_filename (folder, "usher.db", NULL);
    }
  return uc_verify_print ("usherctl", path, ctl_json) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
