/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `usherctl plugin list` and `plugin inspect`: what can be said about plugins without starting one. Main thread.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/check.h"
#include "core/plugin/setting-value.h"
#include "core/plugin/abi.h"
#include "core/plugin/slots.h"

#define COLUMNS 5

/* Rows of COLUMNS cells, aligned; the last column is as long as it likes. */
static void
append_table (GString *out, GPtrArray *rows, const char *indent)
{
  glong widths[COLUMNS] = { 0 };

  for (guint i = 0; i < rows->len; i++)
    for (guint c = 0; c < COLUMNS; c++)
      widths[c] = MAX (widths[c], g_utf8_strlen (((char **)g_ptr_array_index (rows, i))[c], -1));
  for (guint i = 0; i < rows->len; i++)
    {
      char **cells = g_ptr_array_index (rows, i);

      g_string_append (out, indent);
      for (guint c = 0; c < COLUMNS; c++)
        {
          g_string_append (out, cells[c]);
          for (glong n = g_utf8_strlen (cells[c], -1); c + 1 < COLUMNS && n < widths[c] + 2; n++)
            g_string_append_c (out, ' ');
        }
      while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate (out, out->len - 1);
      g_string_append_c (out, '\n');
    }
}

static GPtrArray *
rows_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
}

static void
add_row (GPtrArray *rows, const char *a, const char *b, const char *c, const char *d, const char *e)
{
  const char *const cells[] = { a, b, c, d, e, NULL };

  g_ptr_array_add (rows, g_strdupv ((char **)cells));
}

static char *
kinds_of (const UcPlugin *plugin)
{
  GString *out = g_string_new (NULL);

  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    if (uc_plugin_table (plugin, kind) != NULL)
      g_string_append_printf (out, "%s%s", out->len > 0 ? "," : "", uc_kind_word (kind));
  return g_string_free (out, FALSE);
}

static char *
abi_of (const UcPlugin *plugin)
{
  return g_strdup_printf ("%u.%u", plugin->descriptor.abi_major, plugin->descriptor.abi_minor);
}

static void
json_head (GString *out, const UcPlugin *plugin)
{
  g_autofree char *abi = abi_of (plugin);

  uc_json_add_string (out, "name", plugin->name);
  uc_json_add_string (out, "file", plugin->file);
  uc_json_begin_array (out, "kinds");
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    if (uc_plugin_table (plugin, kind) != NULL)
      uc_json_add_string (out, NULL, uc_kind_word (kind));
  uc_json_end_array (out);
  uc_json_add_string (out, "version", plugin->descriptor.version);
  uc_json_add_string (out, "abi", abi);
  uc_json_add_string (out, "summary", plugin->descriptor.summary);
  uc_json_add_string (out, "license", plugin->descriptor.license);
}

/* ---- list ---------------------------------------------------------------------------------------------- */

static char *
list_json (GPtrArray *found)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_begin_array (out, "plugins");
  for (guint i = 0; i < found->len; i++)
    {
      const UcPluginFound *one = g_ptr_array_index (found, i);

      uc_json_begin (out);
      if (one->plugin != NULL)
        {
          json_head (out, one->plugin);
          uc_json_add_string (out, "state", "ok");
        }
      else
        {
          uc_json_add_string (out, "name", one->name);
          uc_json_add_string (out, "file", one->file);
          uc_json_add_string (out, "state", "broken");
          uc_json_add_string (out, "error", one->error->message);
        }
      uc_json_end (out);
    }
  uc_json_end_array (out);
  uc_json_end (out);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

char *
uc_plugins_list_text (UcLoader *loader, gboolean json)
{
  g_autoptr (GPtrArray) found = uc_loader_scan (loader);
  g_autoptr (GPtrArray) rows = rows_new ();
  GString *out;

  if (json)
    return list_json (found);
  if (found->len == 0)
    return g_strdup ("no plugins found; install some, or set plugin_path in [usher]\n");
  add_row (rows, "NAME", "KIND", "VERSION", "ABI", "SUMMARY");
  for (guint i = 0; i < found->len; i++)
    {
      const UcPluginFound *one = g_ptr_array_index (found, i);
      g_autofree char *kind = NULL, *abi = NULL, *why = NULL;

      if (one->plugin == NULL)
        {
          why = g_strconcat ("BROKEN: ", one->error->message, NULL);
          add_row (rows, one->name, "-", "-", "-", why);
          continue;
        }
      kind = kinds_of (one->plugin);
      abi = abi_of (one->plugin);
      add_row (rows, one->name, kind, one->plugin->descriptor.version, abi, one->plugin->descriptor.summary);
    }
  out = g_string_new (NULL);
  append_table (out, rows, "");
  return g_string_free (out, FALSE);
}

/* ---- inspect ------------------------------------------------------------------------------------------- */

static void
json_setting (GString *out, const UsherSetting *setting)
{
  gboolean number = setting->type == USHER_SETTING_INT || setting->type == USHER_SETTING_DURATION
                    || setting->type == USHER_SETTING_SIZE;

  uc_json_begin (out);
  uc_json_add_string (out, "key", setting->key);
  uc_json_add_string (out, "type", uc_setting_type_word (setting->type));
  uc_json_add_bool (out, "required", setting->required);
  uc_json_add_string (out, "default", setting->default_value);
  if (number && (setting->min != 0 || setting->max != 0))
    {
      uc_json_add_int (out, "min", setting->min);
      uc_json_add_int (out, "max", setting->max);
    }
  if (setting->type == USHER_SETTING_ENUM)
    {
      g_auto (GStrv) choices = g_strsplit (setting->choices, ",", -1);

      uc_json_begin_array (out, "choices");
      for (char **choice = choices; *choice != NULL; choice++)
        uc_json_add_string (out, NULL, g_strstrip (*choice));
      uc_json_end_array (out);
    }
  uc_json_add_string (out, "help", setting->help);
  uc_json_end (out);
}

static void
json_settings (GString *out, const char *key, const UsherSetting *const *settings)
{
  uc_json_begin_array (out, key);
  for (; settings != NULL && *settings != NULL; settings++)
    json_setting (out, *settings);
  uc_json_end_array (out);
}

/* ---- capabilities of channels ------------------------------------------------------------------------------- */

static const char *
capability_word (UsherCapability capability)
{
  return capability == USHER_NATIVE ? "native" : capability == USHER_EMULATE ? "emulate" : "none";
}

static const char *
unit_word (int unit)
{
  return unit == 1 ? "bytes" : unit == 2 ? "utf16" : "characters";
}

/* A full-size copy; a table that is too small to be one says nothing. */
static UsherChannelCapabilities
capabilities_of (const UcPlugin *plugin)
{
  UsherChannelCapabilities caps = { 0 };

  if (!uc_abi_copy (&caps, sizeof caps, plugin->channel.capabilities,
                    offsetof (UsherChannelCapabilities, max_text)))
    caps = (UsherChannelCapabilities){ 0 };
  return caps;
}

static void
json_capabilities (GString *out, const UcPlugin *plugin)
{
  UsherChannelCapabilities caps = capabilities_of (plugin);

  uc_json_begin_object (out, "capabilities");
  uc_json_add_string (out, "network", caps.network);
  uc_json_add_int (out, "max_text", caps.max_text);
  uc_json_add_string (out, "text_unit", unit_word (caps.text_unit));
  uc_json_add_string (out, "typing_in", capability_word (caps.typing_in));
  uc_json_add_string (out, "typing_out", capability_word (caps.typing_out));
  uc_json_add_string (out, "receipts_delivered", capability_word (caps.receipts_delivered));
  uc_json_add_string (out, "receipts_read", capability_word (caps.receipts_read));
  uc_json_add_int (out, "reply_window_ms", caps.reply_window_ms);
  uc_json_add_bool (out, "idempotent_send", caps.idempotent_send);
  uc_json_add_int (out, "tagged_window_ms", caps.tagged_window_ms);
  uc_json_add_bool (out, "echoes", caps.echoes);
  uc_json_add_int (out, "settle_ms", caps.settle_ms);
  uc_json_add_string (out, "media_in", capability_word (caps.media_in));
  uc_json_add_string (out, "media_out", capability_word (caps.media_out));
  uc_json_end (out);
}

static void
append_capabilities (GString *out, const UcPlugin *plugin)
{
  UsherChannelCapabilities caps = capabilities_of (plugin);

  g_string_append_printf (out, "\nCapabilities as a channel\n  network          %s\n", caps.network);
  if (caps.max_text > 0)
    g_string_append_printf (out, "  longest text     %d %s\n", caps.max_text, unit_word (caps.text_unit));
  else
    g_string_append (out, "  longest text     no limit\n");
  g_string_append_printf (out,
                          "  typing           in %s, out %s\n  receipts         delivered %s, read %s\n"
                          "  media            in %s, out %s\n  sending twice    %s\n  own messages     %s\n",
                          capability_word (caps.typing_in), capability_word (caps.typing_out),
                          capability_word (caps.receipts_delivered), capability_word (caps.receipts_read),
                          capability_word (caps.media_in), capability_word (caps.media_out),
                          caps.idempotent_send ? "shows the message once" : "shows the message twice",
                          caps.echoes ? "come back, which settles an uncertain send" : "don't come back");
  if (caps.reply_window_ms > 0)
    g_string_append_printf (out, "  reply window     %" G_GINT64_FORMAT " s after the customer's last message\n",
                            caps.reply_window_ms / 1000);
  if (caps.tagged_window_ms > 0)
    g_string_append_printf (out, "  tagged replies   until %" G_GINT64_FORMAT " s after it\n",
                            caps.tagged_window_ms / 1000);
  if (caps.settle_ms > 0)
    g_string_append_printf (out, "  overtaking       sorted out within %" G_GINT64_FORMAT " ms\n", caps.settle_ms);
  if (plugin->channel.runtime_capabilities != NULL)
    g_string_append (out, "  An instance may differ by its settings.\n");
}

static char *
inspect_json (const UcPlugin *plugin)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  json_head (out, plugin);
  json_settings (out, "settings", plugin->descriptor.settings);
  uc_json_begin_object (out, "tables");
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    {
      const UsherOpsHead *table = uc_plugin_table (plugin, kind);

      if (table == NULL)
        continue;
      uc_json_begin_object (out, uc_kind_word (kind));
      uc_json_begin_object (out, "slots");
      for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
        uc_json_add_bool (out, slot->name, uc_slot_is_set (table, slot));
      uc_json_end (out);
      json_settings (out, "settings", uc_instance_common_settings (kind));
      if (kind == UC_KIND_CHANNEL)
        json_capabilities (out, plugin);
      uc_json_end (out);
    }
  uc_json_end (out);
  uc_json_end (out);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

static void
add_setting_row (GPtrArray *rows, const UsherSetting *setting)
{
  gboolean number = setting->type == USHER_SETTING_INT || setting->type == USHER_SETTING_DURATION
                    || setting->type == USHER_SETTING_SIZE;
  g_autofree char *range = number ? uc_setting_range_text (setting) : NULL;

  add_row (rows, setting->key, uc_setting_type_word (setting->type),
           setting->required                ? "(required)"
           : setting->default_value != NULL ? setting->default_value
                                            : "-",
           range != NULL                           ? range
           : setting->type == USHER_SETTING_ENUM   ? setting->choices
           : setting->type == USHER_SETTING_SECRET ? "file:/path or credential:NAME"
                                                   : "-",
           setting->help != NULL ? setting->help : "");
}

static void
append_settings (GString *out, const char *title, const UsherSetting *const *settings)
{
  g_autoptr (GPtrArray) rows = rows_new ();

  g_string_append_printf (out, "\n%s\n", title);
  if (settings == NULL || *settings == NULL)
    {
      g_string_append (out, "  none\n");
      return;
    }
  add_row (rows, "KEY", "TYPE", "DEFAULT", "ALLOWED", "MEANING");
  for (; *settings != NULL; settings++)
    add_setting_row (rows, *settings);
  append_table (out, rows, "  ");
}

static void
append_slots (GString *out, UcKind kind, const UsherOpsHead *table)
{
  for (int set = 1; set >= 0; set--)
    {
      guint count = 0;

      g_string_append_printf (out, "  %s", set ? "has:  " : "lacks:");
      for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
        if (!slot->required && uc_slot_is_set (table, slot) == set)
          {
            g_string_append_printf (out, " %s", slot->name);
            count++;
          }
      g_string_append (out, count == 0 ? " none\n" : "\n");
    }
}

static char *
inspect_text (const UcPlugin *plugin)
{
  GString *out = g_string_new (NULL);
  g_autofree char *kinds = kinds_of (plugin);
  g_autofree char *abi = abi_of (plugin);

  g_string_append_printf (out, "%s %s: %s\n\n", plugin->name, plugin->descriptor.version,
                          plugin->descriptor.summary);
  g_string_append_printf (out, "  kind     %s\n  ABI      %s\n  license  %s\n  file     %s\n", kinds, abi,
                          plugin->descriptor.license, plugin->file);
  append_settings (out, "Settings of the plugin", plugin->descriptor.settings);
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    {
      const UsherOpsHead *table = uc_plugin_table (plugin, kind);
      g_autofree char *title = NULL;

      if (table == NULL)
        continue;
      title = g_strdup_printf ("Settings of every [%s:NAME]", uc_kind_word (kind));
      append_settings (out, title, uc_instance_common_settings (kind));
      g_string_append_printf (out, "\nOptional slots as a %s\n", uc_kind_word (kind));
      append_slots (out, kind, table);
      if (kind == UC_KIND_CHANNEL)
        append_capabilities (out, plugin);
    }
  return g_string_free (out, FALSE);
}

char *
uc_plugin_inspect_text (UcLoader *loader, const char *name, gboolean json, GError **error)
{
  const UcPlugin *plugin = uc_loader_open (loader, name, error);

  if (plugin == NULL)
    return NULL;
  return json ? inspect_json (plugin) : inspect_text (plugin);
}
