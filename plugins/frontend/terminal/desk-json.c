/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and writing JSON. Pure.
 */
#include "desk-json.h"

#include <math.h>
#include <string.h>

const cJSON *
desk_get (const cJSON *object, const char *key)
{
  return cJSON_GetObjectItemCaseSensitive (object, key);
}

const char *
desk_str (const cJSON *object, const char *key)
{
  const char *text = cJSON_GetStringValue (desk_get (object, key));

  return text != NULL ? text : "";
}

gint64
desk_int (const cJSON *object, const char *key)
{
  const cJSON *value = desk_get (object, key);

  return cJSON_IsNumber (value) && fabs (value->valuedouble) < 9e15 ? (gint64)value->valuedouble : 0;
}

gboolean
desk_is (const cJSON *object, const char *key)
{
  const cJSON *value = desk_get (object, key);

  return cJSON_IsTrue (value) || (cJSON_IsNumber (value) && value->valuedouble != 0);
}

gboolean
desk_equal (const cJSON *object, const char *key, const char *value)
{
  return strcmp (desk_str (object, key), value) == 0;
}

void
desk_put (cJSON *object, const char *key, cJSON *value)
{
  cJSON_DeleteItemFromObjectCaseSensitive (object, key);
  cJSON_AddItemToObject (object, key, value);
}

void
desk_put_str (cJSON *object, const char *key, const char *value)
{
  desk_put (object, key, value != NULL ? cJSON_CreateString (value) : cJSON_CreateNull ());
}

void
desk_put_int (cJSON *object, const char *key, gint64 value)
{
  desk_put (object, key, cJSON_CreateNumber ((double)value));
}

void
desk_copy (cJSON *to, const cJSON *from, const char *keys)
{
  g_auto (GStrv) words = g_strsplit (keys, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      const cJSON *value = desk_get (from, words[i]);

      desk_put (to, words[i], value != NULL ? cJSON_Duplicate (value, TRUE) : cJSON_CreateNull ());
    }
}

char **
desk_words (const cJSON *object, const char *key)
{
  const cJSON *value = desk_get (object, key), *one;
  GPtrArray *words;

  if (cJSON_IsString (value) && *value->valuestring != '\0')
    return g_strsplit (value->valuestring, ",", -1);
  words = g_ptr_array_new ();
  cJSON_ArrayForEach (one, value) if (cJSON_IsString (one)) g_ptr_array_add (words, g_strdup (one->valuestring));
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (words, FALSE);
}

cJSON *
desk_object (const char *key, ...)
{
  cJSON *object = cJSON_CreateObject ();
  va_list args;

  va_start (args, key);
  for (; key != NULL; key = va_arg (args, const char *))
    {
      const char *value = va_arg (args, const char *);

      if (value != NULL && *value != '\0')
        cJSON_AddStringToObject (object, key, value);
    }
  va_end (args);
  return object;
}
