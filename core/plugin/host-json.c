/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON service of the host table, over core/base/json. Any thread.
 */
#include "core/base/json.h"
#include "core/plugin/instance-private.h"

/* One per thread, so that "valid until the next parse" needs no lock. */
static GPrivate last_error = G_PRIVATE_INIT (g_free);

static const UcJson *
in (const UsherJson *value)
{
  return (const UcJson *)value;
}

static UsherJson *
json_parse (const char *text, size_t len, const char **why)
{
  g_autoptr (GError) error = NULL;
  UcJson *root = uc_json_parse (text, len, NULL, &error);

  if (why == NULL)
    return (UsherJson *)root;
  *why = NULL;
  if (root == NULL)
    {
      g_private_replace (&last_error, g_strdup (error->message));
      *why = g_private_get (&last_error);
    }
  return (UsherJson *)root;
}

static UsherJson *
json_object (void)
{
  return (UsherJson *)uc_json_new_object ();
}

static UsherJson *
json_array (void)
{
  return (UsherJson *)uc_json_new_array ();
}

static void
json_free (UsherJson *root)
{
  uc_json_free ((UcJson *)root);
}

static const UsherJson *
json_get (const UsherJson *object, const char *key)
{
  return key != NULL ? (const UsherJson *)uc_json_get (in (object), key) : NULL;
}

static const UsherJson *
json_at (const UsherJson *array, size_t index)
{
  return (const UsherJson *)uc_json_at (in (array), index);
}

static size_t
json_length (const UsherJson *array)
{
  return uc_json_length (in (array));
}

static const char *
json_string (const UsherJson *value)
{
  return uc_json_string (in (value));
}

static int64_t
json_int (const UsherJson *value, int64_t fallback)
{
  return uc_json_int (in (value), fallback);
}

static bool
json_bool (const UsherJson *value, bool fallback)
{
  return uc_json_bool (in (value), fallback);
}

static gboolean
is_target (UsherJson *object, const char *key)
{
  return uc_json_is_object ((UcJson *)object) && key != NULL;
}

static void
json_set_string (UsherJson *object, const char *key, const char *value)
{
  g_autofree char *valid = value != NULL ? g_utf8_make_valid (value, -1) : NULL;

  if (is_target (object, key))
    uc_json_set_string ((UcJson *)object, key, valid);
}

static void
json_set_int (UsherJson *object, const char *key, int64_t value)
{
  if (is_target (object, key))
    uc_json_set_int ((UcJson *)object, key, value);
}

static void
json_set_bool (UsherJson *object, const char *key, bool value)
{
  if (is_target (object, key))
    uc_json_set_bool ((UcJson *)object, key, value);
}

static void
json_set (UsherJson *object, const char *key, UsherJson *child)
{
  if (child == NULL || child == object)
    return;
  /* The child is taken in any case. */
  if (is_target (object, key))
    uc_json_set ((UcJson *)object, key, (UcJson *)child);
  else
    uc_json_free ((UcJson *)child);
}

static void
json_append (UsherJson *array, UsherJson *child)
{
  if (child == NULL || child == array)
    return;
  if (uc_json_is_array ((UcJson *)array))
    uc_json_append ((UcJson *)array, (UcJson *)child);
  else
    uc_json_free ((UcJson *)child);
}

static char *
json_print (const UsherJson *root, size_t *len)
{
  if (len != NULL)
    *len = 0;
  return root != NULL ? uc_json_print (in (root), len) : NULL;
}

static void
free_text (char *text)
{
  g_free (text);
}

void
uc_host_fill_json (UsherHost *host)
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
