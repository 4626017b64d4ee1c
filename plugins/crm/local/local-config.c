/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads the settings that shape the records: own fields, words, rules. Main thread.
 */
#include "local-config.h"

#include <string.h>

#include "local-text.h"

#define MOST_FIELDS 100
#define MOST_OPTIONS 200
#define WORD_LENGTH 100
#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

static const char *const type_words[] = { "text", "number", "date", "boolean", "choice" };

/* Always FALSE. */
G_GNUC_PRINTF (3, 4)
static gboolean
wrong (GError **error, const char *setting, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, LOCAL_ERROR, USHER_INVALID, "The setting `%s` is wrong: %s", setting, why);
  return FALSE;
}

/* ---- words --------------------------------------------------------------------------------------------- */

static gboolean
check_words (const char *setting, char **words, GError **error)
{
  for (char **word = words; *word != NULL; word++)
    {
      if (g_utf8_strlen (*word, -1) > WORD_LENGTH)
        return wrong (error, setting, "\"%s\" is longer than %d characters. Shorten it.", *word, WORD_LENGTH);
      for (char **other = words; other < word; other++)
        if (strcmp (*other, *word) == 0)
          return wrong (error, setting, "\"%s\" stands there twice. Take one out.", *word);
    }
  return TRUE;
}

static gboolean
read_words (UsherInstance *instance, const UsherHost *host, const char *setting, char ***words, GError **error)
{
  *words = g_strdupv ((char **)host->get_list (instance, setting));
  return check_words (setting, *words, error);
}

/* ---- own fields ---------------------------------------------------------------------------------------- */

static void
field_free (gpointer data)
{
  LocalField *field = data;

  g_free (field->key);
  g_free (field->label);
  g_strfreev (field->options);
  g_free (field);
}

/* The first word of the text, which then begins after it. */
static char *
take_word (const char **text)
{
  const char *begin = *text;
  gsize len = strcspn (begin, " \t");

  *text = begin + len + strspn (begin + len, " \t");
  return g_strndup (begin, len);
}

static gboolean
key_is_good (const char *key)
{
  if (!g_ascii_islower (*key) || strlen (key) > 64)
    return FALSE;
  for (const char *p = key; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && *p != '_')
      return FALSE;
  return TRUE;
}

/* "choice(gold|silver)" at the beginning of the text, which then begins after it. */
static gboolean
take_options (const char *setting, LocalField *field, const char **text, GError **error)
{
  const char *open = *text + strlen ("choice("), *close = strchr (open, ')');
  g_autofree char *inside = close != NULL ? g_strndup (open, close - open) : NULL;

  if (inside == NULL)
    return wrong (error, setting, "the choice of \"%s\" has no closing bracket.", field->key);
  field->options = g_strsplit (inside, "|", MOST_OPTIONS + 1);
  if (g_strv_length (field->options) > MOST_OPTIONS)
    return wrong (error, setting, "the choice of \"%s\" has more than %d options.", field->key, MOST_OPTIONS);
  for (char **option = field->options; *option != NULL; option++)
    if (*g_strstrip (*option) == '\0')
      return wrong (error, setting, "the choice of \"%s\" has an empty option.", field->key);
  if (field->options[0] == NULL)
    return wrong (error, setting, "the choice of \"%s\" has no options.", field->key);
  *text = close + 1 + strspn (close + 1, " \t");
  return check_words (setting, field->options, error);
}

static gboolean
take_type (const char *setting, LocalField *field, const char **text, GError **error)
{
  g_autofree char *word = NULL;

  if (g_str_has_prefix (*text, "choice("))
    {
      field->type = LOCAL_FIELD_CHOICE;
      return take_options (setting, field, text, error);
    }
  word = take_word (text);
  for (guint i = 0; i < LOCAL_FIELD_CHOICE; i++)
    if (strcmp (word, type_words[i]) == 0)
      {
        field->type = (LocalFieldType)i;
        return TRUE;
      }
  return wrong (
      error, setting,
      "the type of \"%s\" is \"%s\". Write text, number, date, boolean or choice(one|two) after the key.",
      field->key, word);
}

static char *
default_label (const char *key)
{
  char *label = g_strdelimit (g_strdup (key), "_", ' ');

  label[0] = g_ascii_toupper (label[0]);
  return label;
}

/* KEY TYPE [required] [LABEL] */
static gboolean
read_field (const char *setting, const char *text, GPtrArray *fields, GError **error)
{
  LocalField *field = g_new0 (LocalField, 1);

  g_ptr_array_add (fields, field);
  if (fields->len > MOST_FIELDS)
    return wrong (error, setting, "it declares more than %d fields.", MOST_FIELDS);
  field->key = take_word (&text);
  if (!key_is_good (field->key))
    return wrong (error, setting,
                  "\"%s\" is no key of a field. A key has lower-case letters, digits and underscores, begins with "
                  "a letter, and is at most 64 long.",
                  field->key);
  for (guint i = 0; i + 1 < fields->len; i++)
    if (strcmp (((LocalField *)fields->pdata[i])->key, field->key) == 0)
      return wrong (error, setting, "it declares the field \"%s\" twice.", field->key);
  if (!take_type (setting, field, &text, error))
    return FALSE;
  field->required = g_str_has_prefix (text, "required") && strchr (" \t", text[strlen ("required")]) != NULL;
  if (field->required)
    g_free (take_word (&text));
  if (g_utf8_strlen (text, -1) > WORD_LENGTH)
    return wrong (error, setting, "the label of \"%s\" is longer than %d characters.", field->key, WORD_LENGTH);
  field->label = *text != '\0' ? g_strdup (text) : default_label (field->key);
  return TRUE;
}

static gboolean
read_fields (UsherInstance *instance, const UsherHost *host, const char *setting, GPtrArray **fields,
             GError **error)
{
  const char *const *list = host->get_list (instance, setting);

  *fields = g_ptr_array_new_with_free_func (field_free);
  for (; *list != NULL; list++)
    if (!read_field (setting, *list, *fields, error))
      return FALSE;
  return TRUE;
}

/* ---- rules --------------------------------------------------------------------------------------------- */

static gboolean
read_reopen (const char *text, gint64 *ms, GError **error)
{
  static const struct
  {
    const char *unit;
    gint64 ms;
  } units[] = { { "d", DAY_MS }, { "h", 3600 * 1000 }, { "m", 60 * 1000 }, { "s", 1000 } };
  char *end = NULL;
  gint64 count;

  *ms = g_strcmp0 (text, "always") == 0 ? G_MAXINT64 : 0;
  if (*ms != 0 || g_strcmp0 (text, "never") == 0)
    return TRUE;
  count = g_ascii_isdigit (*text) ? g_ascii_strtoll (text, &end, 10) : 0;
  for (guint i = 0; i < G_N_ELEMENTS (units) && count > 0; i++)
    if (strcmp (end, units[i].unit) == 0 && count <= 36500 * DAY_MS / units[i].ms)
      {
        *ms = count * units[i].ms;
        return TRUE;
      }
  return wrong (error, "case_reopen",
                "\"%s\" is no rule. Write never, always, or how long after its closing a case may be reopened, "
                "like 10d or 12h.",
                text);
}

static gboolean
read_match (LocalConfig *config, const char *const *words, GError **error)
{
  for (; *words != NULL; words++)
    {
      if (strcmp (*words, "email") == 0)
        config->match_email = TRUE;
      else if (strcmp (*words, "name") == 0)
        config->match_name = TRUE;
      else if (strcmp (*words, "identity") != 0)
        return wrong (error, "match_on", "\"%s\" is nothing to match on. The words are identity, email and name.",
                      *words);
    }
  return TRUE;
}

/* ---- describing ---------------------------------------------------------------------------------------- */

static void
describe_words (GString *out, const char *key, char **words)
{
  local_json_text (out, key);
  g_string_append (out, ":[");
  for (char **word = words; word != NULL && *word != NULL; word++)
    {
      if (word > words)
        g_string_append_c (out, ',');
      local_json_text (out, *word);
    }
  g_string_append_c (out, ']');
}

static void
describe_fields (GString *out, const char *key, const GPtrArray *fields)
{
  local_json_text (out, key);
  g_string_append (out, ":[");
  for (guint i = 0; i < fields->len; i++)
    {
      const LocalField *field = fields->pdata[i];

      g_string_append (out, i > 0 ? ",{\"key\":" : "{\"key\":");
      local_json_text (out, field->key);
      g_string_append (out, ",\"label\":");
      local_json_text (out, field->label);
      g_string_append_printf (out, ",\"type\":\"%s\",", type_words[field->type]);
      describe_words (out, "options", field->options);
      g_string_append_printf (out, ",\"required\":%s}", field->required ? "true" : "false");
    }
  g_string_append (out, "],");
}

static char *
describe (const LocalConfig *config)
{
  GString *out = g_string_new ("{");

  describe_fields (out, "customer_fields", config->customer_fields);
  describe_fields (out, "case_fields", config->case_fields);
  describe_words (out, "severities", config->severities);
  g_string_append_c (out, ',');
  describe_words (out, "priorities", config->priorities);
  g_string_append_c (out, ',');
  describe_words (out, "categories", config->categories);
  return g_string_free (g_string_append_c (out, '}'), FALSE);
}

LocalConfig *
local_config_new (UsherInstance *instance, const UsherHost *host, GError **error)
{
  g_autoptr (LocalConfig) config = g_new0 (LocalConfig, 1);

  config->search_limit = host->get_int (instance, "search_limit");
  config->reopen = g_strdup (host->get_string (instance, "case_reopen"));
  if (!read_fields (instance, host, "customer_fields", &config->customer_fields, error)
      || !read_fields (instance, host, "case_fields", &config->case_fields, error)
      || !read_words (instance, host, "severities", &config->severities, error)
      || !read_words (instance, host, "priorities", &config->priorities, error)
      || !read_words (instance, host, "categories", &config->categories, error)
      || !read_reopen (config->reopen, &config->reopen_ms, error)
      || !read_match (config, host->get_list (instance, "match_on"), error))
    return NULL;
  config->description = describe (config);
  return g_steal_pointer (&config);
}

void
local_config_free (LocalConfig *config)
{
  g_clear_pointer (&config->customer_fields, g_ptr_array_unref);
  g_clear_pointer (&config->case_fields, g_ptr_array_unref);
  g_strfreev (config->severities);
  g_strfreev (config->priorities);
  g_strfreev (config->categories);
  g_free (config->reopen);
  g_free (config->description);
  g_free (config);
}
