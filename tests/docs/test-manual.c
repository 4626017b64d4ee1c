/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The manual pages against the tables they describe, both ways: every setting of the core and of every plugin is
 * documented with its type, default and limits as the table has them, and nothing else is documented.
 */
#include "core/plugin/check.h"

#include <string.h>

/* The "=item B<key> (" lines below a heading, up to the next one. */
static GPtrArray *
documented_items (const char *page, const char *heading)
{
  g_autofree char *path = g_build_filename (g_getenv ("USHER_SRCDIR"), page, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *items = g_ptr_array_new_with_free_func (g_free);
  gboolean inside = FALSE, seen = FALSE;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      if (g_str_has_prefix (*line, "=head"))
        {
          inside = g_str_equal (*line, heading);
          seen |= inside;
        }
      else if (inside && g_str_has_prefix (*line, "=item B<"))
        g_ptr_array_add (items, g_strdup (*line));
    }
  if (!seen)
    g_test_message ("%s has no line \"%s\"", page, heading);
  g_assert_true (seen);
  return items;
}

typedef struct
{
  char *page, *heading;
  const UsherSetting *const *table;
} Case;

static void
test_section (gconstpointer data)
{
  const Case *it = data;
  g_autoptr (GPtrArray) items = documented_items (it->page, it->heading);
  guint wrong = 0;

  for (guint i = 0; it->table != NULL && it->table[i] != NULL; i++)
    {
      g_autofree char *line = uc_setting_pod_item (it->table[i]);
      guint at;

      if (g_ptr_array_find_with_equal_func (items, line, g_str_equal, &at))
        g_ptr_array_remove_index (items, at);
      else
        {
          wrong++;
          g_test_message ("%s, below \"%s\", lacks: %s   (%s)", it->page, it->heading, line, it->table[i]->help);
        }
    }
  for (guint i = 0; i < items->len; i++, wrong++)
    g_test_message ("%s, below \"%s\", has what no table has: %s", it->page, it->heading,
                    (char *)g_ptr_array_index (items, i));
  if (wrong > 0)
    g_test_fail ();
}

static void
case_free (gpointer data)
{
  Case *it = data;

  g_free (it->page);
  g_free (it->heading);
  g_free (it);
}

static void
add_case (const char *name, const char *page, const char *heading, const UsherSetting *const *table)
{
  g_autofree char *path = g_strconcat ("/manual/", name, NULL);
  Case *it = g_new0 (Case, 1);

  it->page = g_strdup (page);
  it->heading = g_strdup (heading);
  it->table = table;
  g_test_add_data_func_full (path, it, test_section, case_free);
}

/* Plugins lie in plugins/KIND/NAME, in the build folder too; those that were not built are left out. */
static void
add_plugin (GPtrArray *loaders, const char *kind, const char *name)
{
  g_autofree char *dir = g_build_filename (g_getenv ("USHER_BUILDDIR"), "plugins", kind, name, NULL);
  g_autofree char *object = g_strdup_printf ("%s/%s.la", dir, name);
  g_autofree char *page = g_strdup_printf ("plugins/%s/%s/usher-%s-plugin.pod", kind, name, name);
  const char *dirs[] = { dir, NULL };
  g_autoptr (GError) error = NULL;
  const UcPlugin *plugin;

  if (!g_file_test (object, G_FILE_TEST_EXISTS))
    return;
  g_ptr_array_add (loaders, uc_loader_new (dirs));
  plugin = uc_loader_open (g_ptr_array_index (loaders, loaders->len - 1), name, &error);
  g_assert_no_error (error);
  add_case (name, page, "=head1 SETTINGS", plugin->descriptor.settings);
}

static void
add_plugins (GPtrArray *loaders)
{
  static const char *const kinds[] = { "channel", "crm", "frontend" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *folder = g_build_filename (g_getenv ("USHER_SRCDIR"), "plugins", kinds[i], NULL);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        add_plugin (loaders, kinds[i], name);
    }
}

int
main (int argc, char **argv)
{
  static const char conf[] = "docs/usher.conf.5.pod";
  g_autoptr (GPtrArray) loaders = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_loader_free);

  g_test_init (&argc, &argv, NULL);
  add_case ("usher", conf, "=head2 [usher]", uc_core_settings_usher);
  add_case ("store", conf, "=head2 [store]", uc_core_settings_store);
  add_case ("listen", conf, "=head2 [listen:NAME]", uc_core_settings_listen);
  add_case ("channel", conf, "=head2 [channel:NAME]", uc_instance_common_settings (UC_KIND_CHANNEL));
  add_case ("crm", conf, "=head2 [crm:NAME]", uc_instance_common_settings (UC_KIND_CRM));
  add_case ("frontend", conf, "=head2 [frontend:NAME]", uc_instance_common_settings (UC_KIND_FRONTEND));
  add_plugins (loaders);
  return g_test_run ();
}
