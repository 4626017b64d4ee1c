/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SQLite's JSON functions do the reading here: they keep the order of keys and numbers as they were written, which
 * an undone merge relies on. Worker thread.
 */
#include "local-fields.h"

#include <stdio.h>
#include <string.h>

#include "local-text.h"

#define TEXT_LENGTH 2000
#define SHOWN_LENGTH 60

static const LocalField *
find_field (const GPtrArray *declared, const char *key)
{
  for (guint i = 0; i < declared->len; i++)
    if (strcmp (((const LocalField *)declared->pdata[i])->key, key) == 0)
      return declared->pdata[i];
  return NULL;
}

/* Always FALSE. */
static gboolean
unknown_field (const char *whose, const GPtrArray *declared, const char *key, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autofree char *known = NULL, *shown = local_text_line (key);

  for (guint i = 0; i < declared->len; i++)
    g_ptr_array_add (keys, ((LocalField *)declared->pdata[i])->key);
  g_ptr_array_add (keys, NULL);
  known = local_text_list ((char **)keys->pdata);
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "A %s has no field \"%.*s\" here. The fields are %s; the administrator can declare more.", whose,
               SHOWN_LENGTH, shown, known);
  return FALSE;
}

/* ---- types --------------------------------------------------------------------------------------------- */

static gboolean
is_date (const char *text)
{
  int year, month, day, used = 0;

  return strlen (text) == 10 && strspn (text, "0123456789-") == 10
         && sscanf (text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && used == 10 && text[4] == '-'
         && text[7] == '-' && year > 0 && month > 0 && day > 0
         && g_date_valid_dmy ((GDateDay)day, (GDateMonth)month, (GDateYear)year);
}

/* What the field must be, when the value is not; freed by the caller. */
static char *
type_problem (const LocalField *field, const char *type, const char *value)
{
  gboolean text = strcmp (type, "text") == 0;
  g_autofree char *options = NULL;

  switch (field->type)
    {
    case LOCAL_FIELD_TEXT:
      if (text && g_utf8_strlen (value, -1) <= TEXT_LENGTH)
        return NULL;
      return g_strdup_printf ("text of at most %d characters", TEXT_LENGTH);
    case LOCAL_FIELD_NUMBER:
      return strcmp (type, "integer") == 0 || strcmp (type, "real") == 0 ? NULL : g_strdup ("a number");
    case LOCAL_FIELD_DATE:
      return text && is_date (value) ? NULL : g_strdup ("a date like 2026-11-22");
    case LOCAL_FIELD_BOOLEAN:
      return strcmp (type, "true") == 0 || strcmp (type, "false") == 0 ? NULL : g_strdup ("true or false");
    default:
      if (text && g_strv_contains ((const char *const *)field->options, value))
        return NULL;
      options = local_text_list (field->options);
      return g_strdup_printf ("one of %s", options);
    }
}

static gboolean
check_value (const LocalField *field, const char *type, const char *value, GError **error)
{
  g_autofree char *problem = type_problem (field, type, value);
  g_autofree char *shown = NULL;

  if (problem == NULL)
    return TRUE;
  shown = local_text_line (value);
  if (g_utf8_strlen (shown, -1) > SHOWN_LENGTH)
    strcpy (g_utf8_offset_to_pointer (shown, SHOWN_LENGTH - 3), "...");
  g_set_error (error, LOCAL_ERROR, USHER_INVALID, "The field %s (%s) must be %s, not \"%s\".", field->label,
               field->key, problem, shown);
  return FALSE;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

/* Each key of the wanted object; keys without a value are collected in `empty` as a patch that takes them out. */
static gboolean
check_keys (LocalDb *db, const char *whose, const GPtrArray *declared, const char *stored, const char *wanted,
            GString *empty, GError **error)
{
  g_autoptr (LocalStatement) each = local_db_prepare (
      db,
      "SELECT e.key, e.type, CASE e.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE e.value END,"
      " EXISTS (SELECT 1 FROM json_each (?2) AS s WHERE s.key = e.key AND s.type = e.type AND s.value = e.value)"
      " FROM json_each (?1) AS e",
      error);
  gboolean row;

  if (each == NULL)
    return FALSE;
  local_bind_text (each, 1, wanted);
  local_bind_text (each, 2, stored);
  while (TRUE)
    {
      const char *key, *type, *value;
      const LocalField *field;

      if (!local_db_step (db, each, &row, error))
        return FALSE;
      if (!row)
        return TRUE;
      key = (const char *)sqlite3_column_text (each, 0);
      type = (const char *)sqlite3_column_text (each, 1);
      value = (const char *)sqlite3_column_text (each, 2);
      field = find_field (declared, key);
      if (value == NULL || *value == '\0')
        {
          g_string_append_c (empty, empty->len > 0 ? ',' : '{');
          local_json_text (empty, key);
          g_string_append (empty, ":null");
          continue;
        }
      if (declared->len == 0 || sqlite3_column_int (each, 3) != 0)
        continue;
      if (field == NULL)
        return unknown_field (whose, declared, key, error);
      if (!check_value (field, type, value, error))
        return FALSE;
    }
}

gboolean
local_fields_patch (LocalDb *db, const char *object, const char *patch, LocalPool *pool, const char **result,
                    GError **error)
{
  g_autoptr (LocalStatement) apply
      = local_db_prepare (db, "SELECT CASE WHEN ?2 IS NULL THEN json (?1) ELSE json_patch (?1, ?2) END", error);
  gboolean row;

  if (apply == NULL)
    return FALSE;
  local_bind_text (apply, 1, object);
  local_bind_text (apply, 2, patch);
  if (!local_db_step (db, apply, &row, error))
    return FALSE;
  *result = local_column_text (apply, 0, pool);
  return TRUE;
}

static gboolean
has_key (LocalDb *db, const char *fields, const char *key, gboolean *there, GError **error)
{
  g_autoptr (LocalStatement) find
      = local_db_prepare (db, "SELECT 1 FROM json_each (?1) WHERE key = ?2 AND type <> 'null'", error);

  if (find == NULL)
    return FALSE;
  local_bind_text (find, 1, fields);
  local_bind_text (find, 2, key);
  return local_db_step (db, find, there, error);
}

static gboolean
check_required (LocalDb *db, const GPtrArray *declared, const char *stored, LocalNeed need, const char *fields,
                GError **error)
{
  for (guint i = 0; i < declared->len && need != LOCAL_NEED_NONE; i++)
    {
      const LocalField *field = declared->pdata[i];
      gboolean there, was = need == LOCAL_NEED_ALL;

      if (!field->required)
        continue;
      if (!has_key (db, fields, field->key, &there, error)
          || (!there && !was && !has_key (db, stored, field->key, &was, error)))
        return FALSE;
      if (there || !was)
        continue;
      g_set_error (error, LOCAL_ERROR, USHER_INVALID, "The field %s (%s) is missing. It is required.",
                   field->label, field->key);
      return FALSE;
    }
  return TRUE;
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

gboolean
local_fields_add_words (LocalDb *db, const char *fields, GString *haystack, GError **error)
{
  g_autoptr (LocalStatement) each = NULL;
  gboolean row = TRUE;

  if (fields == NULL)
    return TRUE;
  each = local_db_prepare (
      db, "SELECT atom FROM json_tree (?1) WHERE type IN ('text', 'integer', 'real') ORDER BY id", error);
  if (each == NULL)
    return FALSE;
  local_bind_text (each, 1, fields);
  while (row)
    {
      if (!local_db_step (db, each, &row, error))
        return FALSE;
      if (row)
        local_haystack_add (haystack, (const char *)sqlite3_column_text (each, 0));
    }
  return TRUE;
}

gboolean
local_fields_fill (LocalDb *db, const char *fields, const char *other, LocalPool *pool, const char **filled,
                   GError **error)
{
  g_autoptr (LocalStatement) fill
      = local_db_prepare (db,
                          "SELECT json_patch (coalesce (?1, '{}'), json_patch (?2,"
                          " (SELECT json_group_object (key, NULL) FROM json_each (?1))))",
                          error);
  gboolean row;

  *filled = fields;
  if (other == NULL)
    return TRUE;
  if (fill == NULL)
    return FALSE;
  local_bind_text (fill, 1, fields);
  local_bind_text (fill, 2, other);
  if (!local_db_step (db, fill, &row, error))
    return FALSE;
  *filled = local_column_text (fill, 0, pool);
  return TRUE;
}

gboolean
local_fields_differences (LocalDb *db, const char *before, const char *after, LocalFieldFunc func, gpointer data,
                          GError **error)
{
  g_autoptr (LocalStatement) each = NULL;
  gboolean row = TRUE;

  if (g_strcmp0 (before, after) == 0)
    return TRUE;
  each = local_db_prepare (
      db,
      "SELECT key, max (before), max (after) FROM ("
      " SELECT key, CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE value END AS before,"
      "  NULL AS after FROM json_each (?1)"
      " UNION ALL SELECT key, NULL, CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE value END"
      "  FROM json_each (?2)) GROUP BY key HAVING max (before) IS NOT max (after) ORDER BY key",
      error);
  if (each == NULL)
    return FALSE;
  local_bind_text (each, 1, before);
  local_bind_text (each, 2, after);
  while (row)
    {
      if (!local_db_step (db, each, &row, error))
        return FALSE;
      if (row
          && !func (data, (const char *)sqlite3_column_text (each, 0), (const char *)sqlite3_column_text (each, 1),
                    (const char *)sqlite3_column_text (each, 2), error))
        return FALSE;
    }
  return TRUE;
}

/* ---- a whole object ------------------------------------------------------------------------------------ */

static gboolean
note_difference (gpointer data, const char *key, const char *before, const char *after, GError **error)
{
  *(gboolean *)data = TRUE;
  return TRUE;
}

/* The same values in another order are no change. */
static gboolean
keep_stored (LocalDb *db, const char *stored, const char **fields, GError **error)
{
  gboolean differs = FALSE;

  if (stored == NULL || *fields == NULL)
    return TRUE;
  if (!local_fields_differences (db, stored, *fields, note_difference, &differs, error))
    return FALSE;
  if (!differs)
    *fields = stored;
  return TRUE;
}

gboolean
local_fields_check (LocalDb *db, const char *whose, const GPtrArray *declared, const char *stored, LocalNeed need,
                    LocalPool *pool, const char **fields, GError **error)
{
  g_autoptr (GString) empty = g_string_new (NULL);

  if (g_strcmp0 (*fields, stored) != 0 && *fields != NULL)
    {
      if (!check_keys (db, whose, declared, stored, *fields, empty, error))
        return FALSE;
      if (empty->len > 0)
        g_string_append_c (empty, '}');
      if (!local_fields_patch (db, *fields, empty->len > 0 ? empty->str : NULL, pool, fields, error))
        return FALSE;
      if (strcmp (*fields, "{}") == 0)
        *fields = NULL;
      if (!keep_stored (db, stored, fields, error))
        return FALSE;
    }
  return check_required (db, declared, stored, need, *fields, error);
}
