/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One configuration section against its tables of settings. Main thread.
 */
#include "core/plugin/settings.h"

#include <string.h>

#include "core/plugin/setting-value.h"

struct UcSettings
{
  char *kind, *name, *file;
  guint line;
  GHashTable *values; /* key -> UcSettingValue* */
};

static void
value_free (gpointer data)
{
  uc_setting_value_clear (data);
  g_free (data);
}

void
uc_settings_free (UcSettings *settings)
{
  if (settings == NULL)
    return;
  g_hash_table_unref (settings->values);
  g_free (settings->kind);
  g_free (settings->name);
  g_free (settings->file);
  g_free (settings);
}

const char *
uc_setting_type_word (UsherSettingType type)
{
  static const char *const words[]
      = { [USHER_SETTING_STRING] = "string",     [USHER_SETTING_INT] = "int",       [USHER_SETTING_BOOL] = "bool",
          [USHER_SETTING_DURATION] = "duration", [USHER_SETTING_SIZE] = "size",     [USHER_SETTING_PATH] = "path",
          [USHER_SETTING_URL] = "url",           [USHER_SETTING_SECRET] = "secret", [USHER_SETTING_LIST] = "list",
          [USHER_SETTING_ENUM] = "enum" };

  return (gsize)type < G_N_ELEMENTS (words) && words[type] != NULL ? words[type] : "unknown";
}

/* What a person wrote, short and on one line. */
static char *
shown (const char *text)
{
  g_autofree char *cut = g_utf8_strlen (text, -1) > 60 ? g_utf8_substring (text, 0, 60) : g_strdup (text);

  for (char *p = cut; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return g_strconcat (cut, strlen (cut) < strlen (text) ? "..." : NULL, NULL);
}

static char *
section_title (const UcConfSection *section)
{
  return section->name != NULL ? g_strdup_printf ("[%s:%s]", section->kind, section->name)
                               : g_strdup_printf ("[%s]", section->kind);
}

static void
report_value (const UsherSetting *setting, const UcConfEntry *entry, const char *why, GPtrArray *problems)
{
  g_autofree char *text = shown (entry->value);

  if (setting->type == USHER_SETTING_SECRET)
    uc_problem_add (problems, entry->file, entry->line, "%s: %s", setting->key, why);
  else
    uc_problem_add (problems, entry->file, entry->line, "%s = '%s': %s", setting->key, text, why);
}

static void
read_setting (UcSettings *settings, const UsherSetting *setting, UcConfSection *section,
              const UcSettingsContext *context, GPtrArray *problems)
{
  UcConfEntry *entry = uc_conf_entry (section, setting->key);
  UcSettingValue *value = g_new0 (UcSettingValue, 1);
  g_autofree char *why = NULL;

  value->type = setting->type;
  g_hash_table_insert (settings->values, g_strdup (setting->key), value);
  if (entry != NULL)
    {
      entry->used = TRUE;
      if (setting->required && entry->value[0] == '\0')
        {
          uc_problem_add (problems, entry->file, entry->line, "%s is empty but required: %s", setting->key,
                          setting->help != NULL ? setting->help : uc_setting_type_word (setting->type));
          return;
        }
      if (uc_setting_value_parse (setting, entry->value, context, value, &why))
        return;
      report_value (setting, entry, why, problems);
    }
  else if (setting->required)
    {
      g_autofree char *title = section_title (section);

      uc_problem_add (problems, section->file, section->line, "%s lacks the required key '%s': %s", title,
                      setting->key, setting->help != NULL ? setting->help : uc_setting_type_word (setting->type));
    }
  if (setting->default_value == NULL)
    return;
  g_clear_pointer (&why, g_free);
  uc_setting_value_clear (value);
  if (!uc_setting_value_parse (setting, setting->default_value, context, value, &why) && entry == NULL)
    uc_problem_add (problems, section->file, section->line, "the default of '%s' ('%s') can't be used: %s",
                    setting->key, setting->default_value, why);
  value->type = setting->type;
}

/* The section that knows the key, or NULL. */
static const char *
home_of (const char *key, const UcSettingsHome *homes)
{
  for (; homes != NULL && homes->title != NULL; homes++)
    for (const UsherSetting *const *setting = homes->settings; *setting != NULL; setting++)
      if (strcmp ((*setting)->key, key) == 0)
        return homes->title;
  return NULL;
}

static void
report_unknown (const UcConfSection *section, const UcConfEntry *entry, GPtrArray *known,
                const UcSettingsHome *homes, GPtrArray *problems)
{
  const char *near = uc_nearest (entry->key, (const char *const *)known->pdata);
  const char *home = home_of (entry->key, homes);
  g_autofree char *title = section_title (section);

  if (home != NULL)
    uc_problem_add (problems, entry->file, entry->line, "unknown key '%s' in %s; it belongs in %s, move it there",
                    entry->key, title, home);
  else if (near != NULL)
    uc_problem_add (problems, entry->file, entry->line, "unknown key '%s' in %s; did you mean '%s'?", entry->key,
                    title, near);
  else
    {
      g_autofree char *all = g_strjoinv (", ", (char **)known->pdata);

      uc_problem_add (problems, entry->file, entry->line, "unknown key '%s' in %s; known: %s", entry->key, title,
                      all);
    }
}

UcSettings *
uc_settings_parse (UcConfSection *section, const UsherSetting *const *const *tables,
                   const UcSettingsContext *context, GPtrArray *problems)
{
  UcSettings *settings = g_new0 (UcSettings, 1);
  g_autoptr (GPtrArray) known = g_ptr_array_new ();
  g_autoptr (GPtrArray) found = uc_problems_new ();

  settings->kind = g_strdup (section->kind);
  settings->name = g_strdup (section->name);
  settings->file = g_strdup (section->file);
  settings->line = section->line;
  settings->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, value_free);
  for (; *tables != NULL; tables++)
    for (const UsherSetting *const *setting = *tables; *setting != NULL; setting++)
      {
        read_setting (settings, *setting, section, context, found);
        g_ptr_array_add (known, (gpointer)(*setting)->key);
      }
  g_ptr_array_add (known, NULL);
  for (guint i = 0; i < section->entries->len; i++)
    {
      UcConfEntry *entry = g_ptr_array_index (section->entries, i);

      if (!entry->used)
        report_unknown (section, entry, known, context->homes, found);
      entry->used = TRUE;
    }
  uc_problems_sort (found);
  g_ptr_array_extend_and_steal (problems, g_steal_pointer (&found));
  return settings;
}

static const UcSettingValue *
value_of (const UcSettings *settings, const char *key)
{
  return key != NULL ? g_hash_table_lookup (settings->values, key) : NULL;
}

UsherSettingType
uc_settings_type (const UcSettings *settings, const char *key)
{
  const UcSettingValue *value = value_of (settings, key);

  return value != NULL ? value->type : 0;
}

const char *
uc_settings_string (const UcSettings *settings, const char *key)
{
  const UcSettingValue *value = value_of (settings, key);

  return value != NULL ? value->string : NULL;
}

gint64
uc_settings_int (const UcSettings *settings, const char *key)
{
  const UcSettingValue *value = value_of (settings, key);

  return value != NULL ? value->number : 0;
}

gboolean
uc_settings_bool (const UcSettings *settings, const char *key)
{
  return uc_settings_int (settings, key) != 0;
}

const char *const *
uc_settings_list (const UcSettings *settings, const char *key)
{
  static const char *const empty[] = { NULL };
  const UcSettingValue *value = value_of (settings, key);

  return value != NULL && value->list != NULL ? (const char *const *)value->list : empty;
}

void
uc_settings_foreach (const UcSettings *settings, UcSettingsFunc func, gpointer data)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, settings->values);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const UcSettingValue *one = value;

      func (data, key, one->type, one->set, one->string, one->number, (const char *const *)one->list);
    }
}

UcSettings *
uc_settings_new (const char *kind, const char *name)
{
  UcSettings *settings = g_new0 (UcSettings, 1);

  settings->kind = g_strdup (kind);
  settings->name = g_strdup (name);
  settings->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, value_free);
  return settings;
}

void
uc_settings_put (UcSettings *settings, const char *key, UsherSettingType type, gboolean set, const char *string,
                 gint64 number, const char *const *list)
{
  UcSettingValue *value = g_new0 (UcSettingValue, 1);

  *value = (UcSettingValue){ type, set, g_strdup (string), number, g_strdupv ((char **)list) };
  g_hash_table_insert (settings->values, g_strdup (key), value);
}

const char *
uc_settings_file (const UcSettings *settings)
{
  return settings->file;
}

guint
uc_settings_line (const UcSettings *settings)
{
  return settings->line;
}

const char *
uc_settings_section_name (const UcSettings *settings)
{
  return settings->name;
}
