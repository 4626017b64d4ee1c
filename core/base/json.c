/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON through cJSON, behind a guard. cJSON itself has no size limit, accepts invalid UTF-8 and duplicate keys,
 * and recurses to a compile-time depth, so one linear scan checks the outside first. Any thread.
 */
#include "core/base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"

static const UcJsonLimits default_limits = { 1024 * 1024, 32 };

/* One pass over the text: depth, and characters cJSON would let through inside strings. */
static gboolean
scan (const char *text, gsize len, guint max_depth, GError **error)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < len; i++)
    {
      unsigned char c = (unsigned char)text[i];

      if (in_string)
        {
          if (c == '\\')
            {
              /* cJSON ends strings at a NUL; an escaped one would silently cut the text. */
              if (i + 5 < len && text[i + 1] == 'u' && strncmp (text + i + 2, "0000", 4) == 0)
                {
                  g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                               "JSON holds a NUL character at byte %" G_GSIZE_FORMAT "; leave it out", i);
                  return FALSE;
                }
              i++;
            }
          else if (c == '"')
            in_string = FALSE;
          else if (c < 0x20)
            {
              g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                           "JSON has a control character (0x%02x) in a string at byte %" G_GSIZE_FORMAT
                           "; escape it",
                           c, i);
              return FALSE;
            }
        }
      else if (c < 0x20 && strchr ("\t\n\r", c) == NULL)
        {
          /* cJSON takes all of these for white space. */
          g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                       "JSON has a control character (0x%02x) at byte %" G_GSIZE_FORMAT "; leave it out", c, i);
          return FALSE;
        }
      else if (c == '"')
        in_string = TRUE;
      else if (c == '{' || c == '[')
        {
          if (++depth > max_depth)
            {
              g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                           "JSON is nested deeper than %u levels at byte %" G_GSIZE_FORMAT, max_depth, i);
              return FALSE;
            }
        }
      else if ((c == '}' || c == ']') && depth > 0)
        depth--;
    }
  return TRUE;
}

static gboolean
check_duplicates (const cJSON *value, GError **error)
{
  if (cJSON_IsObject (value))
    {
      guint count = 0;

      for (const cJSON *c = value->child; c != NULL; c = c->next)
        count++;
      if (count > 16)
        {
          g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

          for (const cJSON *c = value->child; c != NULL; c = c->next)
            if (!g_hash_table_add (seen, c->string))
              {
                g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "JSON has the key \"%s\" twice in one object",
                             c->string);
                return FALSE;
              }
        }
      else
        for (const cJSON *c = value->child; c != NULL; c = c->next)
          for (const cJSON *d = c->next; d != NULL; d = d->next)
            if (strcmp (c->string, d->string) == 0)
              {
                g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "JSON has the key \"%s\" twice in one object",
                             c->string);
                return FALSE;
              }
    }
  for (const cJSON *c = value->child; c != NULL; c = c->next)
    if (!check_duplicates (c, error))
      return FALSE;
  return TRUE;
}

UcJson *
uc_json_parse (const char *text, gsize len, const UcJsonLimits *limits, GError **error)
{
  const char *end = NULL;
  cJSON *root;

  if (limits == NULL)
    limits = &default_limits;
  if (text == NULL || len == 0)
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_INVALID, "JSON expected, got nothing");
      return NULL;
    }
  if (len > limits->max_size)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "JSON of %" G_GSIZE_FORMAT " bytes is larger than the %" G_GSIZE_FORMAT " allowed", len,
                   limits->max_size);
      return NULL;
    }
  if (!g_utf8_validate_len (text, len, &end))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "JSON is not valid UTF-8 at byte %" G_GSIZE_FORMAT,
                   (gsize)(end - text));
      return NULL;
    }
  if (!scan (text, len, limits->max_depth, error))
    return NULL;
  root = cJSON_ParseWithLengthOpts (text, len, &end, 0);
  if (root == NULL)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "not JSON at byte %" G_GSIZE_FORMAT,
                   end != NULL ? (gsize)(end - text) : 0);
      return NULL;
    }
  while (end < text + len && g_ascii_isspace (*end))
    end++;
  if (end != text + len)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "something follows the JSON value at byte %" G_GSIZE_FORMAT,
                   (gsize)(end - text));
      cJSON_Delete (root);
      return NULL;
    }
  if (!check_duplicates (root, error))
    {
      cJSON_Delete (root);
      return NULL;
    }
  return root;
}

void
uc_json_free (UcJson *root)
{
  cJSON_Delete (root);
}

UcJson *
uc_json_copy (const UcJson *value)
{
  return cJSON_Duplicate (value, 1);
}

const UcJson *
uc_json_get (const UcJson *object, const char *key)
{
  if (!cJSON_IsObject (object))
    return NULL;
  return cJSON_GetObjectItemCaseSensitive (object, key);
}

const UcJson *
uc_json_at (const UcJson *array, gsize index)
{
  if (!cJSON_IsArray (array) || index > G_MAXINT)
    return NULL;
  return cJSON_GetArrayItem (array, (int)index);
}

gsize
uc_json_length (const UcJson *value)
{
  return value == NULL || (!cJSON_IsArray (value) && !cJSON_IsObject (value)) ? 0
                                                                              : (gsize)cJSON_GetArraySize (value);
}

gboolean
uc_json_is_object (const UcJson *value)
{
  return cJSON_IsObject (value);
}

gboolean
uc_json_is_array (const UcJson *value)
{
  return cJSON_IsArray (value);
}

gboolean
uc_json_is_null (const UcJson *value)
{
  return cJSON_IsNull (value);
}

const char *
uc_json_string (const UcJson *value)
{
  return cJSON_IsString (value) ? value->valuestring : NULL;
}

/* Doubles hold whole numbers exactly up to 2^53; ids and times stay below that. */
gboolean
uc_json_is_int (const UcJson *value)
{
  return cJSON_IsNumber (value) && value->valuedouble >= -9007199254740992.0
         && value->valuedouble <= 9007199254740992.0 && floor (value->valuedouble) == value->valuedouble;
}

gint64
uc_json_int (const UcJson *value, gint64 fallback)
{
  return uc_json_is_int (value) ? (gint64)value->valuedouble : fallback;
}

gboolean
uc_json_is_bool (const UcJson *value)
{
  return cJSON_IsBool (value);
}

gboolean
uc_json_bool (const UcJson *value, gboolean fallback)
{
  return cJSON_IsBool (value) ? cJSON_IsTrue (value) : fallback;
}

const UcJson *
uc_json_first (const UcJson *container)
{
  return container != NULL ? container->child : NULL;
}

const UcJson *
uc_json_next (const UcJson *child)
{
  return child->next;
}

const char *
uc_json_key (const UcJson *child)
{
  return child->string;
}

UcJson *
uc_json_new_object (void)
{
  return cJSON_CreateObject ();
}

UcJson *
uc_json_new_array (void)
{
  return cJSON_CreateArray ();
}

void
uc_json_set (UcJson *object, const char *key, UcJson *child)
{
  cJSON_DeleteItemFromObjectCaseSensitive (object, key);
  cJSON_AddItemToObject (object, key, child);
}

void
uc_json_set_string (UcJson *object, const char *key, const char *value)
{
  uc_json_set (object, key, value != NULL ? cJSON_CreateString (value) : cJSON_CreateNull ());
}

void
uc_json_set_int (UcJson *object, const char *key, gint64 value)
{
  uc_json_set (object, key, cJSON_CreateNumber ((double)value));
}

void
uc_json_set_bool (UcJson *object, const char *key, gboolean value)
{
  uc_json_set (object, key, cJSON_CreateBool (value));
}

void
uc_json_append (UcJson *array, UcJson *child)
{
  cJSON_AddItemToArray (array, child);
}

char *
uc_json_print (const UcJson *root, gsize *len)
{
  char *text = cJSON_PrintUnformatted (root);

  if (len != NULL)
    *len = text != NULL ? strlen (text) : 0;
  return text;
}

static void
separate (GString *out, const char *key)
{
  if (out->len > 0 && strchr ("{[:", out->str[out->len - 1]) == NULL)
    g_string_append_c (out, ',');
  if (key != NULL)
    {
      g_string_append_c (out, '"');
      g_string_append (out, key);
      g_string_append_len (out, "\":", 2);
    }
}

static void
append_quoted (GString *out, const char *value)
{
  const char *start = value;

  g_string_append_c (out, '"');
  for (const char *p = value;; p++)
    {
      unsigned char c = (unsigned char)*p;

      if (c >= 0x20 && c != '"' && c != '\\')
        continue;
      g_string_append_len (out, start, p - start);
      if (c == '\0')
        break;
      if (c == '"' || c == '\\')
        {
          g_string_append_c (out, '\\');
          g_string_append_c (out, (char)c);
        }
      else if (c == '\n')
        g_string_append_len (out, "\\n", 2);
      else
        g_string_append_printf (out, "\\u%04x", c);
      start = p + 1;
    }
  g_string_append_c (out, '"');
}

void
uc_json_begin (GString *out)
{
  uc_json_begin_object (out, NULL);
}

void
uc_json_begin_object (GString *out, const char *key)
{
  separate (out, key);
  g_string_append_c (out, '{');
}

void
uc_json_end (GString *out)
{
  g_string_append_c (out, '}');
}

void
uc_json_begin_array (GString *out, const char *key)
{
  separate (out, key);
  g_string_append_c (out, '[');
}

void
uc_json_end_array (GString *out)
{
  g_string_append_c (out, ']');
}

void
uc_json_add_string (GString *out, const char *key, const char *value)
{
  separate (out, key);
  if (value != NULL)
    append_quoted (out, value);
  else
    g_string_append_len (out, "null", 4);
}

void
uc_json_add_int (GString *out, const char *key, gint64 value)
{
  char digits[24];

  separate (out, key);
  g_snprintf (digits, sizeof digits, "%" G_GINT64_FORMAT, value);
  g_string_append (out, digits);
}

void
uc_json_add_bool (GString *out, const char *key, gboolean value)
{
  separate (out, key);
  g_string_append (out, value ? "true" : "false");
}

void
uc_json_add_null (GString *out, const char *key)
{
  separate (out, key);
  g_string_append_len (out, "null", 4);
}

void
uc_json_add_raw (GString *out, const char *key, const char *json)
{
  separate (out, key);
  g_string_append (out, json);
}

void
uc_json_add_opt (GString *out, const char *key, const char *value)
{
  if (value != NULL)
    uc_json_add_string (out, key, value);
}
