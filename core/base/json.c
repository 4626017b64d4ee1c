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
#include "core/base/text.h"

/* Doubles hold whole numbers exactly up to here, 2^53. */
#define WHOLE 9007199254740992.0

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
  if (!uc_text_is_utf8 (text, len, &end))
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

/* Ids and times stay below WHOLE. */
gboolean
uc_json_is_int (const UcJson *value)
{
  return cJSON_IsNumber (value) && fabs (value->valuedouble) <= WHOLE
         && floor (value->valuedouble) == value->valuedouble;
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

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Room for `len` more bytes; the caller fills them and tells by took (). */
static char *
room (GString *out, gsize len)
{
  gsize before = out->len;

  if (G_UNLIKELY (out->len + len >= out->allocated_len))
    {
      g_string_set_size (out, before + len);
      out->len = before;
    }
  return out->str + before;
}

static void
took (GString *out, const char *end)
{
  out->len = (gsize)(end - out->str);
  out->str[out->len] = '\0';
}

static void
separate (GString *out, const char *key)
{
  char last = out->len > 0 ? out->str[out->len - 1] : '{';
  gsize len = key != NULL ? strlen (key) : 0;
  char *at = room (out, len + 4);

  if (last != '{' && last != '[' && last != ':')
    *at++ = ',';
  if (key != NULL)
    {
      *at++ = '"';
      memcpy (at, key, len);
      at += len;
      *at++ = '"';
      *at++ = ':';
    }
  took (out, at);
}

/* Both forms stand in journals, whose bytes are compared with what is written anew. */
typedef enum
{
  ESCAPE_LINES, /* \n, all others as \u00.. */
  ESCAPE_ALL    /* as cJSON does: \b \f \n \r \t */
} Escapes;

static void
append_escape (GString *out, unsigned char c, Escapes escapes)
{
  static const char shorts[0x20] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
  char text[] = "\\u00..";

  if (c >= 0x20 || c == '\n' || (escapes == ESCAPE_ALL && shorts[c] != '\0'))
    {
      text[1] = c >= 0x20 ? (char)c : shorts[c];
      g_string_append_len (out, text, 2);
      return;
    }
  text[4] = "0123456789abcdef"[c >> 4];
  text[5] = "0123456789abcdef"[c & 15];
  g_string_append_len (out, text, 6);
}

static gboolean
is_plain (unsigned char c)
{
  return c >= 0x20 && c != '"' && c != '\\';
}

/* How many bytes need no escape: eight at a time, as nearly all do not. */
static gsize
plain_length (const char *text, gsize len)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101), highs = ones << 7;
  gsize n = 0;

  for (guint64 eight; n + sizeof eight <= len; n += sizeof eight)
    {
      guint64 quote, slash;

      memcpy (&eight, text + n, sizeof eight);
      quote = eight ^ (ones * '"');
      slash = eight ^ (ones * '\\');
      /* The high bit of a byte below 0x20, or of a difference of 0: only of such a byte or of one after it. */
      if ((((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & highs)
        break;
    }
  while (n < len && is_plain ((unsigned char)text[n]))
    n++;
  return n;
}

static void
append_quoted (GString *out, const char *value, Escapes escapes)
{
  gsize left = strlen (value), plain;
  char *at;

  for (g_string_append_c (out, '"');; value++, left--)
    {
      plain = plain_length (value, left);
      at = room (out, plain + 1);
      memcpy (at, value, plain);
      took (out, at + plain);
      value += plain;
      left -= plain;
      if (left == 0)
        break;
      append_escape (out, (unsigned char)*value, escapes);
    }
  g_string_append_c (out, '"');
}

/* By hand: printf would be a third of what an event costs. */
static void
append_int (GString *out, gint64 value)
{
  char digits[20], *p = digits + sizeof digits;
  guint64 rest = value < 0 ? -(guint64)value : (guint64)value;

  do
    *--p = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    g_string_append_c (out, '-');
  g_string_append_len (out, p, digits + sizeof digits - p);
}

/* With as few digits as say the same number. */
static void
append_number (GString *out, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (value) || isinf (value))
    g_string_append_len (out, "null", 4);
  else if (fabs (value) <= WHOLE && floor (value) == value)
    append_int (out, (gint64)value);
  else
    {
      g_ascii_formatd (digits, sizeof digits, "%1.15g", value);
      if (g_ascii_strtod (digits, NULL) != value)
        g_ascii_formatd (digits, sizeof digits, "%1.17g", value);
      g_string_append (out, digits);
    }
}

static void
append_value (GString *out, const cJSON *value)
{
  switch (value->type & 0xff)
    {
    case cJSON_String:
      append_quoted (out, value->valuestring, ESCAPE_ALL);
      break;
    case cJSON_Number:
      append_number (out, value->valuedouble);
      break;
    case cJSON_Array:
    case cJSON_Object:
      g_string_append_c (out, cJSON_IsArray (value) ? '[' : '{');
      for (const cJSON *child = value->child; child != NULL; child = child->next)
        {
          if (child != value->child)
            g_string_append_c (out, ',');
          if (cJSON_IsObject (value))
            {
              append_quoted (out, child->string, ESCAPE_ALL);
              g_string_append_c (out, ':');
            }
          append_value (out, child);
        }
      g_string_append_c (out, cJSON_IsArray (value) ? ']' : '}');
      break;
    default:
      g_string_append (out, cJSON_IsTrue (value) ? "true" : cJSON_IsFalse (value) ? "false" : "null");
      break;
    }
}

char *
uc_json_print (const UcJson *root, gsize *len)
{
  GString *out;

  if (root == NULL)
    return NULL;
  out = g_string_sized_new (256);
  append_value (out, root);
  if (len != NULL)
    *len = out->len;
  return g_string_free (out, FALSE);
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
    append_quoted (out, value, ESCAPE_LINES);
  else
    g_string_append_len (out, "null", 4);
}

void
uc_json_add_int (GString *out, const char *key, gint64 value)
{
  separate (out, key);
  append_int (out, value);
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
