/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings of a fake instance: texts as in the file, read by the types the plugin declared. A value the core's own
 * checker would refuse ends the test, because no plugin would ever see it. Main thread.
 */
#include "tests/lib/fake-internal.h"

#include <errno.h>
#include <string.h>

static const UsherSetting *
find (FakeHost *fake, const char *key)
{
  for (guint i = 0; fake->plugin->settings != NULL && fake->plugin->settings[i] != NULL; i++)
    if (strcmp (fake->plugin->settings[i]->key, key) == 0)
      return fake->plugin->settings[i];
  g_error ("plugin %s declares no setting \"%s\"", fake->plugin->name, key);
}

static const char *
text_of (FakeHost *fake, const char *key)
{
  const UsherSetting *setting = find (fake, key);
  const char *text = g_hash_table_lookup (fake->priv->settings, key);

  fake_need_main ("get_*");
  return text != NULL ? text : setting->default_value;
}

void
fake_host_set (FakeHost *fake, const char *key, const char *value)
{
  g_assert_null (fake->self);
  find (fake, key);
  if (value == NULL)
    g_hash_table_remove (fake->priv->settings, key);
  else
    g_hash_table_replace (fake->priv->settings, g_strdup (key), g_strdup (value));
  /* What the last life of the instance read is no longer true. */
  if (fake->priv->values != NULL)
    g_hash_table_remove (fake->priv->values, key);
}

static gint64
unit_of (const UsherSetting *setting, const char *unit)
{
  static const struct
  {
    UsherSettingType type;
    const char *unit;
    gint64 factor;
  } units[] = {
    { USHER_SETTING_INT, "", 1 },
    { USHER_SETTING_DURATION, "ms", 1 },
    { USHER_SETTING_DURATION, "s", 1000 },
    { USHER_SETTING_DURATION, "m", 60 * 1000 },
    { USHER_SETTING_DURATION, "h", 3600 * 1000 },
    { USHER_SETTING_SIZE, "", 1 },
    { USHER_SETTING_SIZE, "k", 1024 },
    { USHER_SETTING_SIZE, "M", 1024 * 1024 },
    { USHER_SETTING_SIZE, "G", 1024 * 1024 * 1024 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (units[i].type == setting->type && strcmp (units[i].unit, unit) == 0)
      return units[i].factor;
  g_error ("setting \"%s\" has no unit \"%s\"", setting->key, unit);
}

static int64_t
get_int (UsherInstance *fake, const char *key)
{
  const UsherSetting *setting = find (fake, key);
  const char *text = text_of (fake, key);
  char *end = NULL;
  gint64 value;

  if (setting->type != USHER_SETTING_INT && setting->type != USHER_SETTING_DURATION
      && setting->type != USHER_SETTING_SIZE)
    g_error ("setting \"%s\" is not a number", key);
  if (text == NULL)
    return 0;
  errno = 0;
  value = g_ascii_strtoll (text, &end, 10);
  if (errno != 0 || end == text)
    g_error ("setting \"%s\": \"%s\" is not a number", key, text);
  value *= unit_of (setting, end);
  if ((setting->min != 0 || setting->max != 0) && (value < setting->min || value > setting->max))
    g_error ("setting \"%s\": \"%s\" is out of range", key, text);
  return value;
}

static bool
get_bool (UsherInstance *fake, const char *key)
{
  const char *text = text_of (fake, key);

  if (find (fake, key)->type != USHER_SETTING_BOOL)
    g_error ("setting \"%s\" is not a boolean", key);
  if (text != NULL && strcmp (text, "true") != 0 && strcmp (text, "false") != 0)
    g_error ("setting \"%s\": \"%s\" is neither true nor false", key, text);
  return g_strcmp0 (text, "true") == 0;
}

/* Keeps what a getter answered, because plugins may hold the pointer until destroy. */
static gpointer
keep (FakeHost *fake, const char *key, gpointer value, GDestroyNotify release)
{
  if (fake->priv->values == NULL)
    fake->priv->values
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  GPtrArray *box = g_ptr_array_new_with_free_func (release);
  g_ptr_array_add (box, value);
  g_hash_table_replace (fake->priv->values, g_strdup (key), box);
  return value;
}

static gpointer
kept (FakeHost *fake, const char *key)
{
  GPtrArray *box = fake->priv->values != NULL ? g_hash_table_lookup (fake->priv->values, key) : NULL;

  return box != NULL ? box->pdata[0] : NULL;
}

static const char *
get_string (UsherInstance *fake, const char *key)
{
  const UsherSetting *setting = find (fake, key);
  const char *text = text_of (fake, key);
  const char *known = kept (fake, key);

  if (setting->type == USHER_SETTING_LIST || setting->type == USHER_SETTING_INT
      || setting->type == USHER_SETTING_BOOL || setting->type == USHER_SETTING_DURATION
      || setting->type == USHER_SETTING_SIZE)
    g_error ("setting \"%s\" is not a text", key);
  if (text == NULL || known != NULL)
    return known;
  if (setting->type == USHER_SETTING_PATH && !g_path_is_absolute (text))
    return keep (fake, key, g_build_filename (fake->data_dir, text, NULL), g_free);
  if (setting->type == USHER_SETTING_SECRET && g_str_has_prefix (text, "file:"))
    {
      char *secret = NULL;

      if (!g_file_get_contents (text + strlen ("file:"), &secret, NULL, NULL))
        g_error ("setting \"%s\": can't read %s", key, text);
      return keep (fake, key, g_strchomp (secret), g_free);
    }
  return keep (fake, key, g_strdup (text), g_free);
}

static const char *const *
get_list (UsherInstance *fake, const char *key)
{
  const char *text = text_of (fake, key);
  char **known = kept (fake, key);
  g_auto (GStrv) parts = NULL;
  g_autoptr (GPtrArray) list = NULL;

  if (find (fake, key)->type != USHER_SETTING_LIST)
    g_error ("setting \"%s\" is not a list", key);
  if (known != NULL)
    return (const char *const *)known;
  list = g_ptr_array_new ();
  parts = g_strsplit (text != NULL ? text : "", ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_ptr_array_add (list, g_strdup (parts[i]));
  g_ptr_array_add (list, NULL);
  return keep (fake, key, g_ptr_array_free (g_steal_pointer (&list), FALSE), (GDestroyNotify)g_strfreev);
}

void
fake_settings_slots (UsherHost *host)
{
  host->get_string = get_string;
  host->get_int = get_int;
  host->get_bool = get_bool;
  host->get_list = get_list;
}
