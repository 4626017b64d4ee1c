/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks on a descriptor and the bounded copy of its tables. A smaller struct_size is an older plugin: what it
 * lacks stays zero; a larger one is newer: what is beyond ours is ignored. Main thread.
 */
#include "core/plugin/module.h"

#include <string.h>

#include "core/base/error.h"
#include "core/plugin/abi.h"
#include "core/plugin/setting-value.h"
#include "core/plugin/slots.h"

#define MAX_SETTINGS 256

static gboolean fail (GError **error, const char *file, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, const char *file, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s: %s", file, text);
  return FALSE;
}

gboolean
uc_plugin_name_is_valid (const char *name)
{
  if (name == NULL || !g_ascii_islower (name[0]) || strlen (name) > 64)
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && *p != '-')
      return FALSE;
  return TRUE;
}

/* `least` = the members without which nothing can be said about the struct. */
static gboolean
copy_struct (void *to, gsize size, const void *from, gsize least, const char *what, const char *file,
             GError **error)
{
  return uc_abi_copy (to, size, from, least)
         || fail (error, file,
                  "the struct_size of its %s is %" G_GSIZE_FORMAT
                  ", which can't be; begin the table with USHER_PLUGIN_HEAD or sizeof",
                  what, *(const gsize *)from);
}

static gboolean
check_text (const char *text, const char *what, const char *file, GError **error)
{
  if (text == NULL || text[0] == '\0' || strlen (text) > 500 || !g_utf8_validate (text, -1, NULL))
    return fail (error, file, "its descriptor has no usable %s; give it one line of UTF-8 text", what);
  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return fail (error, file, "the %s in its descriptor has control characters; make it one line", what);
  return TRUE;
}

static gboolean
is_core_key (const char *key)
{
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    for (const UsherSetting *const *s = uc_instance_common_settings (kind); *s != NULL; s++)
      if (strcmp ((*s)->key, key) == 0)
        return TRUE;
  return FALSE;
}

static gboolean
check_default (const UsherSetting *setting, const char *file, GError **error)
{
  const UcSettingsContext context = { .data_dir = "/" };
  g_autofree char *why = NULL;
  UcSettingValue value;
  gboolean ok;

  if (setting->default_value == NULL)
    return TRUE;
  if (setting->type == USHER_SETTING_SECRET)
    return fail (error, file, "its setting '%s' is a secret with a default; remove the default", setting->key);
  ok = uc_setting_value_parse (setting, setting->default_value, &context, &value, &why);
  uc_setting_value_clear (&value);
  return ok
         || fail (error, file, "the default of its setting '%s' is %s; correct the plugin's settings table",
                  setting->key, why);
}

static gboolean
check_setting (const UsherSetting *setting, UsherSetting *const *before, gsize n, const char *file, GError **error)
{
  if (!uc_setting_key_is_valid (setting->key))
    return fail (error, file,
                 "number %" G_GSIZE_FORMAT
                 " of its settings has no usable key; use lower-case letters, digits and _",
                 n + 1);
  if (is_core_key (setting->key))
    return fail (error, file, "its setting '%s' has the name of one of the core's own; choose another",
                 setting->key);
  for (gsize i = 0; i < n; i++)
    if (strcmp (before[i]->key, setting->key) == 0)
      return fail (error, file, "its setting '%s' is declared twice; remove one", setting->key);
  if (setting->type < USHER_SETTING_STRING || setting->type > USHER_SETTING_ENUM)
    return fail (error, file,
                 "its setting '%s' is of type %d, which this usher does not know; it needs a newer usher",
                 setting->key, (int)setting->type);
  if (setting->type == USHER_SETTING_ENUM && (setting->choices == NULL || setting->choices[0] == '\0'))
    return fail (error, file, "its setting '%s' is an enum without choices; add them", setting->key);
  return check_text (setting->help, setting->key, file, error) && check_default (setting, file, error);
}

static void
free_settings (const UsherSetting *const *settings)
{
  for (gsize i = 0; settings != NULL && settings[i] != NULL; i++)
    g_free ((gpointer)settings[i]);
  g_free ((gpointer)settings);
}

static gboolean
copy_settings (UcPlugin *plugin, const UsherSetting *const *given, GError **error)
{
  UsherSetting **copy;
  gsize count = 0;

  while (given != NULL && given[count] != NULL && count <= MAX_SETTINGS)
    count++;
  if (count > MAX_SETTINGS)
    return fail (error, plugin->file,
                 "it declares more than %d settings; is the NULL at the end of the list missing?", MAX_SETTINGS);
  copy = g_new0 (UsherSetting *, count + 1);
  plugin->descriptor.settings = (const UsherSetting *const *)copy;
  for (gsize i = 0; i < count; i++)
    {
      copy[i] = g_new0 (UsherSetting, 1);
      if (!copy_struct (copy[i], sizeof **copy, given[i], offsetof (UsherSetting, default_value), "setting",
                        plugin->file, error)
          || !check_setting (copy[i], copy, i, plugin->file, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
copy_table (UcPlugin *plugin, UcKind kind, const void *given, void *table, GError **error)
{
  g_autofree char *what = g_strconcat (uc_kind_word (kind), " table", NULL);

  if (!copy_struct (table, uc_kind_table_size (kind), given, sizeof (gsize), what, plugin->file, error))
    return FALSE;
  for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
    if (slot->required && !uc_slot_is_set (table, slot))
      return fail (error, plugin->file,
                   "its %s lacks the required slot '%s'; write it, or rebuild the plugin against these headers",
                   what, slot->name);
  return TRUE;
}

static gboolean
copy_tables (UcPlugin *plugin, GError **error)
{
  UsherPlugin *d = &plugin->descriptor;

  if (d->channel == NULL && d->crm == NULL && d->frontend == NULL)
    return fail (error, plugin->file,
                 "it offers neither a channel nor a CRM nor a front end; fill one of the three");
  if (d->channel != NULL)
    {
      if (!copy_table (plugin, UC_KIND_CHANNEL, d->channel, &plugin->channel, error))
        return FALSE;
      d->channel = &plugin->channel;
    }
  if (d->crm != NULL)
    {
      if (!copy_table (plugin, UC_KIND_CRM, d->crm, &plugin->crm, error))
        return FALSE;
      d->crm = &plugin->crm;
    }
  if (d->frontend != NULL)
    {
      if (!copy_table (plugin, UC_KIND_FRONTEND, d->frontend, &plugin->frontend, error))
        return FALSE;
      d->frontend = &plugin->frontend;
    }
  return TRUE;
}

static gboolean
check_descriptor (UcPlugin *plugin, GError **error)
{
  const UsherPlugin *d = &plugin->descriptor;

  if (!uc_plugin_name_is_valid (d->name))
    return fail (
        error, plugin->file,
        "the name in its descriptor is not usable; use lower-case letters, digits and dashes, a letter first");
  if (strcmp (d->name, plugin->name) != 0)
    return fail (error, plugin->file, "it calls itself '%s' but the file is named '%s'; rename the file to %s.so",
                 d->name, plugin->name, d->name);
  return check_text (d->version, "version", plugin->file, error)
         && check_text (d->summary, "summary", plugin->file, error)
         && check_text (d->license, "license", plugin->file, error);
}

UcPlugin *
uc_plugin_from_entry (const char *name, const char *file, UsherPluginEntry entry, GError **error)
{
  return uc_plugin_from_descriptor (name, file, entry (), error);
}

UcPlugin *
uc_plugin_from_descriptor (const char *name, const char *file, const UsherPlugin *given, GError **error)
{
  UcPlugin *plugin = g_new0 (UcPlugin, 1);
  const UsherSetting *const *settings;
  gboolean ok;

  plugin->name = g_strdup (name);
  plugin->file = g_strdup (file);
  if (given == NULL)
    ok = fail (error, file,
               "its usher_plugin_entry returns NULL; return the descriptor (see USHER_PLUGIN_EXPORT)");
  /* The three leading members are there in every ABI, so they may be read before the size is trusted. */
  else if (given->abi_major != USHER_ABI_MAJOR)
    ok = fail (error, file,
               "it was built for plugin ABI %u, this usher has ABI %u; rebuild it against these headers "
               "(include/usher), or install the version for this usher",
               given->abi_major, (guint)USHER_ABI_MAJOR);
  else
    ok = copy_struct (&plugin->descriptor, sizeof plugin->descriptor, given, offsetof (UsherPlugin, version),
                      "descriptor", file, error);
  settings = plugin->descriptor.settings;
  plugin->descriptor.settings = NULL;
  if (ok && check_descriptor (plugin, error) && copy_settings (plugin, settings, error)
      && copy_tables (plugin, error))
    return plugin;
  uc_plugin_free (plugin);
  return NULL;
}

void
uc_plugin_free (UcPlugin *plugin)
{
  if (plugin == NULL)
    return;
  free_settings (plugin->descriptor.settings);
  if (plugin->backing_free != NULL)
    plugin->backing_free (plugin->backing);
  g_free (plugin->name);
  g_free (plugin->file);
  g_free (plugin);
}
