/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints the chapter of usher.conf(5) that lists all settings: settings PLUGIN.la ... Run by the build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugin/check.h"

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) plugins = g_ptr_array_new (), loaders = g_ptr_array_new ();
  g_autofree char *text = NULL;

  for (int i = 1; i < argc; i++)
    {
      g_autofree char *dir = g_path_get_dirname (argv[i]), *file = g_path_get_basename (argv[i]);
      const char *dirs[] = { dir, NULL };
      UcLoader *loader = uc_loader_new (dirs);
      g_autoptr (GError) error = NULL;
      const UcPlugin *plugin;

      file[strcspn (file, ".")] = '\0';
      plugin = uc_loader_open (loader, file, &error);
      if (plugin == NULL)
        {
          fprintf (stderr, "settings: %s: %s\n", argv[i], error->message);
          return EXIT_FAILURE;
        }
      g_ptr_array_add (loaders, loader);
      g_ptr_array_add (plugins, (gpointer)plugin);
    }
  g_ptr_array_add (plugins, NULL);
  text = uc_settings_pod ((const UcPlugin *const *)plugins->pdata);
  fputs (text, stdout);
  for (guint i = 0; i < loaders->len; i++)
    uc_loader_free (loaders->pdata[i]);
  return EXIT_SUCCESS;
}
