/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plugins, looked at without a daemon.
 */
#include "core/ctl/ctl.h"

UcLoader *
ctl_loader (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = ctl_conf (problems);
  g_autoptr (GPtrArray) dirs = g_ptr_array_new ();
  g_auto (GStrv) configured = uc_plan_plugin_path (conf);

  for (char **dir = ctl_plugin_dirs; dir != NULL && *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  for (char **dir = configured; *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  g_ptr_array_add (dirs, NULL);
  return uc_loader_new ((const char *const *)dirs->pdata);
}

int
ctl_do_plugin_list (int argc, char **argv)
{
  UcLoader *loader = ctl_loader ();
  g_autofree char *text = uc_plugins_list_text (loader, ctl_json);

  fputs (text, stdout);
  uc_loader_free (loader);
  return EXIT_SUCCESS;
}

int
ctl_do_plugin_inspect (int argc, char **argv)
{
  UcLoader *loader = ctl_loader ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = uc_plugin_inspect_text (loader, argv[0], ctl_json, &error);

  if (text == NULL)
    ctl_complain ("%s", error->message);
  else
    fputs (text, stdout);
  uc_loader_free (loader);
  return text != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
