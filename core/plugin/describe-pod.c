/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings as manual pages have them: one line for each, and all of them from the tables. Any thread.
 */
#include "core/plugin/check.h"

#include "core/plugin/loader.h"

static char *
limit_text (UsherSettingType type, gint64 value)
{
  static const struct
  {
    UsherSettingType type;
    gint64 unit;
    const char *suffix;
  } units[] = {
    { USHER_SETTING_DURATION, 3600000, "h" },
    { USHER_SETTING_DURATION, 60000, "m" },
    { USHER_SETTING_DURATION, 1000, "s" },
    { USHER_SETTING_DURATION, 1, "ms" },
    { USHER_SETTING_SIZE, G_GINT64_CONSTANT (1) << 30, "G" },
    { USHER_SETTING_SIZE, G_GINT64_CONSTANT (1) << 20, "M" },
    { USHER_SETTING_SIZE, G_GINT64_CONSTANT (1) << 10, "k" },
  };

  for (gsize i = 0; value != 0 && i < G_N_ELEMENTS (units); i++)
    if (units[i].type == type && value % units[i].unit == 0)
      return g_strdup_printf ("C<%" G_GINT64_FORMAT "%s>", value / units[i].unit, units[i].suffix);
  return g_strdup_printf ("C<%" G_GINT64_FORMAT ">", value);
}

/* Pages name the folders of the installation as the build fills them in. */
static char *
default_text (const char *value)
{
  GString *text = g_string_new (value);

  g_string_replace (text, PLUGINDIR, "@plugindir@", 0);
  g_string_replace (text, LOCALSTATEDIR, "@localstatedir@", 0);
  return g_string_free (text, FALSE);
}

char *
uc_setting_pod_item (const UsherSetting *setting)
{
  GString *line = g_string_new (NULL);

  g_string_append_printf (line, "=item B<%s> (%s", setting->key, uc_setting_type_word (setting->type));
  if (setting->choices != NULL)
    {
      g_auto (GStrv) choices = g_strsplit (setting->choices, ",", -1);

      for (char **choice = choices; *choice != NULL; choice++)
        g_string_append_printf (line, "%s C<%s>", choice == choices ? "" : " |", g_strstrip (*choice));
    }
  if (setting->required)
    g_string_append (line, ", required");
  if (setting->default_value != NULL)
    {
      g_autofree char *text = default_text (setting->default_value);

      g_string_append_printf (line, ", default C<%s>", text);
    }
  if (setting->min != 0 || setting->max != 0)
    {
      g_autofree char *min = limit_text (setting->type, setting->min);
      g_autofree char *max = limit_text (setting->type, setting->max);

      if (setting->max == INT64_MAX)
        g_string_append_printf (line, ", at least %s", min);
      else
        g_string_append_printf (line, ", %s to %s", min, max);
    }
  g_string_append_c (line, ')');
  return g_string_free (line, FALSE);
}

/* Help is a phrase for one line on a terminal; what POD takes for markup is written out. */
static void
add_help (GString *out, const char *help)
{
  for (const char *p = help != NULL ? help : ""; *p != '\0'; p++)
    if (*p == '<' || *p == '>')
      g_string_append (out, *p == '<' ? "E<lt>" : "E<gt>");
    else
      g_string_append_c (out, *p);
}

static void
add_table (GString *out, const char *heading, const UsherSetting *const *table)
{
  g_string_append_printf (out, "=head2 %s\n\n", heading);
  if (table == NULL || table[0] == NULL)
    {
      g_string_append (out, "None.\n\n");
      return;
    }
  g_string_append (out, "=over 4\n\n");
  for (gsize i = 0; table[i] != NULL; i++)
    {
      g_autofree char *item = uc_setting_pod_item (table[i]);

      g_string_append_printf (out, "%s\n\n", item);
      add_help (out, table[i]->help);
      g_string_append (out, ".\n\n");
    }
  g_string_append (out, "=back\n\n");
}

char *
uc_settings_pod (const UcPlugin *const *plugins)
{
  GString *out
      = g_string_new ("=head1 ALL SETTINGS\n\n"
                      "Made from the tables of the programs; the sections above say more about the core's,\n"
                      "and each plugin's own page about its.\n\n");

  add_table (out, "[usher]", uc_core_settings_usher);
  add_table (out, "[store]", uc_core_settings_store);
  add_table (out, "[listen:NAME]", uc_core_settings_listen);
  for (gsize p = 0; plugins[p] != NULL; p++)
    {
      g_autofree char *heading = g_strdup_printf ("[%s:NAME] with plugin = %s",
                                                  plugins[p]->descriptor.channel != NULL ? "channel"
                                                  : plugins[p]->descriptor.crm != NULL   ? "crm"
                                                                                         : "frontend",
                                                  plugins[p]->name);

      add_table (out, heading, plugins[p]->descriptor.settings);
    }
  return g_string_free (out, FALSE);
}
