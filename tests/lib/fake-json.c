/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The host's JSON service over the core's guarded JSON, so that tests see the limits plugins will meet. Any
 * thread.
 */
#include "tests/lib/fake-internal.h"

#include "core/base/json.h"

#define TO(json) ((UcJson *)(json))
#define FROM(json) ((UsherJson *)(json))

static GPrivate last_error = G_PRIVATE_INIT (g_free);

static UsherJson *
json_parse (const char *text, size_t len, const char **why)
{
  g_autoptr (GError) error = NULL;
  UcJson *json = uc_json_parse (text, len, NULL, &error);

  if (json == NULL)
    {
      g_private_replace (&last_error, g_strdup (error->message));
      if (why != NULL)
        *why = g_private_get (&last_error);
    }
  return FROM (json);
}

static UsherJson *
json_object (void)
{
  return FROM (uc_json_new_object ());
}

static UsherJson *
json_array (void)
{
  return FROM (uc_json_new_array ());
}

static void
json_free (UsherJson *root)
{
  uc_json_free (TO (root));
}

static const UsherJson *
json_get (const UsherJson *object, const char *key)
{
  return FROM (uc_json_get (TO (object), key));
}

static const UsherJson *
json_at (const UsherJson *array, size_t index)
{
  return FROM (uc_json_at (TO (array), index));
}

static size_t
json_length (const UsherJson *array)
{
  return uc_json_length (TO (array));
}

static const char *
json_string (const UsherJson *value)
{
  return uc_json_string (TO (value));
}

static int64_t
json_int (const UsherJson *value, int64_t fallback)
{
  return uc_json_int (TO (value), fallback);
}

static bool
json_bool (const UsherJson *value, bool fallback)
{
  return uc_json_bool (TO (value), fallback);
}

static void
json_set_string (UsherJson *object, const char *key, const char *value)
{
  fake_need_text ("a JSON string", value);
  uc_json_set_string (TO (object), key, value);
}

static void
json_set_int (UsherJson *object, const char *key, int64_t value)
{
  uc_json_set_int (TO (object), key, value);
}

static void
json_set_bool (UsherJson *object, const char *key, bool value)
{
  uc_json_set_bool (TO (object), key, value);
}

static void
json_set (UsherJson *object, const char *key, UsherJson *child)
{
  uc_json_set (TO (object), key, TO (child));
}

static void
json_append (UsherJson *array, UsherJson *child)
{
  uc_json_append (TO (array), TO (child));
}

static char *
json_print (const UsherJson *root, size_t *len)
{
  return uc_json_print (TO (root), len);
}

static void
free_text (char *text)
{
  g_free (text);
}

void
fake_json_slots (UsherHost *host)
{
  host->json_parse = json_parse;
  host->json_object = json_object;
  host->json_array = json_array;
  host->json_free = json_free;
  host->json_get = json_get;
  host->json_at = json_at;
  host->json_length = json_length;
  host->json_string = json_string;
  host->json_int = json_int;
  host->json_bool = json_bool;
  host->json_set_string = json_set_string;
  host->json_set_int = json_set_int;
  host->json_set_bool = json_set_bool;
  host->json_set = json_set;
  host->json_append = json_append;
  host->json_print = json_print;
  host->free_text = free_text;
}
