/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of cases. Worker thread.
 */
#include "local-case-row.h"

#include <string.h>

#include "local-fields.h"
#include "local-text.h"

/* ---- finding ------------------------------------------------------------------------------------------- */

gboolean
local_case_find (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  g_autofree char *number = NULL;

  if (!local_db_find (db, "SELECT n FROM cases WHERE id = ?", id, n, error))
    return FALSE;
  if (*n != 0 || g_ascii_strncasecmp (id, "C-", 2) != 0 || strlen (id) > 20)
    return TRUE;
  number = g_ascii_strup (id, -1);
  return local_db_find (db, "SELECT n FROM cases WHERE number = ?", number, n, error);
}

gboolean
local_case_find_interaction (LocalDb *db, const char *interaction, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT n FROM cases WHERE interaction = ?", interaction, n, error);
}

gboolean
local_case_not_found (const char *id, GError **error)
{
  g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
               "There is no case with the id %s. It may belong to another CRM.", id);
  return FALSE;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void
take_columns (LocalStatement *read, LocalPool *pool, LocalCase *found)
{
  UsherCase *record = &found->record;

  record->struct_size = sizeof *record;
  record->id = local_column_text (read, 0, pool);
  record->customer_id = local_column_text (read, 1, pool);
  record->interaction = local_column_text (read, 2, pool);
  record->subject = local_column_text (read, 3, pool);
  record->state = local_column_text (read, 4, pool);
  record->queue = local_column_text (read, 5, pool);
  record->channel = local_column_text (read, 6, pool);
  record->agent = local_column_text (read, 7, pool);
  record->notes = local_column_text (read, 8, pool);
  record->fields = local_column_text (read, 9, pool);
  record->version = sqlite3_column_int64 (read, 10);
  record->started_at = sqlite3_column_int64 (read, 11);
  record->ended_at = sqlite3_column_int64 (read, 12);
  record->created_at = sqlite3_column_int64 (read, 13);
  record->updated_at = sqlite3_column_int64 (read, 14);
  record->number = local_column_text (read, 15, pool);
  record->severity = local_column_text (read, 16, pool);
  record->priority = local_column_text (read, 17, pool);
  record->category = local_column_text (read, 18, pool);
  record->codes = local_column_text (read, 19, pool);
  record->follow_up_of = local_column_text (read, 20, pool);
  found->customer = sqlite3_column_int64 (read, 21);
  found->follow_up_of = sqlite3_column_int64 (read, 22);
  found->closed_at = sqlite3_column_int64 (read, 23);
}

LocalCase *
local_case_read (LocalDb *db, gint64 n, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (
      db,
      "SELECT c.id, p.id, c.interaction, c.subject, c.state, c.queue, c.channel, c.agent, c.notes, c.fields,"
      " c.version, c.started_at, c.ended_at, c.created_at, c.updated_at, c.number, c.severity, c.priority,"
      " c.category, c.codes, e.id, c.customer, c.follow_up_of, c.closed_at"
      " FROM cases AS c LEFT JOIN customers AS p ON p.n = c.customer LEFT JOIN cases AS e ON e.n = c.follow_up_of"
      " WHERE c.n = ?",
      error);
  LocalCase *found;
  gboolean row;

  if (read == NULL)
    return NULL;
  local_bind_int (read, 1, n);
  if (!local_db_step (db, read, &row, error))
    return NULL;
  if (!row)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND, "This case does not exist.");
      return NULL;
    }
  found = local_pool_alloc (pool, sizeof *found);
  found->n = n;
  take_columns (read, pool, found);
  return found;
}

/* ---- transcripts --------------------------------------------------------------------------------------- */

gboolean
local_transcript_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (db, "SELECT text FROM transcripts WHERE n = ?", error);
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_int (read, 1, n);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  if (row)
    record->transcript = local_column_text (read, 0, pool);
  return TRUE;
}

gboolean
local_transcript_lines (LocalDb *db, const char *transcript, gint64 *lines, GError **error)
{
  g_autoptr (LocalStatement) valid
      = local_db_prepare (db, "SELECT CASE WHEN json_valid (?1) THEN json_type (?1) = 'array' ELSE 0 END", error);
  g_autoptr (LocalStatement) count
      = local_db_prepare (db, "SELECT count (*), sum (type <> 'object') FROM json_each (?1)", error);
  gint64 good;
  gboolean row;

  if (valid == NULL || count == NULL)
    return FALSE;
  local_bind_text (valid, 1, transcript);
  if (!local_db_number (db, valid, 0, &good, error))
    return FALSE;
  /* json_each fails on what json_valid refuses, so it is asked second. */
  local_bind_text (count, 1, transcript);
  if (good && !local_db_step (db, count, &row, error))
    return FALSE;
  if (good && sqlite3_column_int64 (count, 1) == 0)
    {
      *lines = sqlite3_column_int64 (count, 0);
      return TRUE;
    }
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "The transcript is not a JSON array of objects like {\"at\":…,\"author\":…,\"text\":…}.");
  return FALSE;
}

gboolean
local_transcript_save (LocalDb *db, gint64 n, const char *transcript, gint64 lines, gboolean *grown,
                       GError **error)
{
  g_autoptr (LocalStatement) write
      = local_db_prepare (db,
                          "INSERT INTO transcripts (n, lines, text) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (n) DO UPDATE SET lines = excluded.lines, text = excluded.text"
                          " WHERE text <> excluded.text AND (excluded.lines > lines OR (excluded.lines = lines"
                          " AND length (CAST (excluded.text AS BLOB)) >= length (CAST (text AS BLOB))))",
                          error);

  if (write == NULL)
    return FALSE;
  local_bind_int (write, 1, n);
  local_bind_int (write, 2, lines);
  local_bind_text (write, 3, transcript);
  if (!local_db_finish (db, write, error))
    return FALSE;
  *grown = sqlite3_changes (db->handle) > 0;
  return TRUE;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Interactions that were added to the case as follow-ups find it too. */
static gboolean
add_follow_ups (LocalDb *db, gint64 n, GString *haystack, GError **error)
{
  g_autoptr (LocalStatement) each
      = local_db_prepare (db, "SELECT interaction FROM follow_ups WHERE record = ? ORDER BY n", error);
  gboolean row = TRUE;

  if (each == NULL)
    return FALSE;
  local_bind_int (each, 1, n);
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
local_case_index (LocalDb *db, const LocalCase *stored, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) write
      = local_db_prepare (db, "UPDATE cases SET haystack = ?1 || char (10) || lower (number) WHERE n = ?2", error);
  const UsherCase *record = &stored->record;
  g_autoptr (GString) haystack = g_string_new (NULL);

  local_haystack_add (haystack, record->subject);
  local_haystack_add (haystack, record->notes);
  local_haystack_add (haystack, record->agent);
  local_haystack_add (haystack, record->queue);
  local_haystack_add (haystack, record->channel);
  local_haystack_add (haystack, record->category);
  local_haystack_add (haystack, record->interaction);
  local_haystack_add (haystack, record->id);
  if (write == NULL || !add_follow_ups (db, stored->n, haystack, error)
      || !local_fields_add_words (db, record->fields, haystack, error))
    return FALSE;
  sqlite3_bind_text (write, 1, haystack->str, -1, SQLITE_TRANSIENT);
  local_bind_int (write, 2, stored->n);
  return local_db_finish (db, write, error);
}

static void
bind_case (LocalStatement *write, const LocalCase *stored)
{
  const UsherCase *record = &stored->record;

  local_bind_text (write, 1, record->id);
  if (stored->customer != 0)
    local_bind_int (write, 2, stored->customer);
  local_bind_text (write, 3, record->interaction);
  local_bind_text (write, 4, record->subject);
  local_bind_text (write, 5, record->state);
  local_bind_text (write, 6, record->queue);
  local_bind_text (write, 7, record->channel);
  local_bind_text (write, 8, record->agent);
  local_bind_text (write, 9, record->notes);
  local_bind_text (write, 10, record->fields);
  local_bind_int (write, 11, record->version);
  local_bind_int (write, 12, record->started_at);
  local_bind_int (write, 13, record->ended_at);
  local_bind_int (write, 14, record->created_at);
  local_bind_int (write, 15, record->updated_at);
  local_bind_text (write, 16, record->severity);
  local_bind_text (write, 17, record->priority);
  local_bind_text (write, 18, record->category);
  local_bind_text (write, 19, record->codes);
  if (stored->follow_up_of != 0)
    local_bind_int (write, 20, stored->follow_up_of);
  local_bind_int (write, 21, stored->closed_at);
}

gboolean
local_case_write (LocalDb *db, LocalCase *stored, LocalPool *pool, GError **error)
{
  static const char insert[]
      = "INSERT INTO cases (id, customer, interaction, subject, state, queue, channel, agent, notes, fields,"
        " version, started_at, ended_at, created_at, updated_at, severity, priority, category, codes,"
        " follow_up_of, closed_at, change, haystack)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,"
        " coalesce ((SELECT max (change) FROM cases), 0) + 1, '')";
  static const char update[]
      = "UPDATE cases SET customer = ?2, interaction = ?3, subject = ?4, state = ?5, queue = ?6, channel = ?7,"
        " agent = ?8, notes = ?9, fields = ?10, version = ?11, started_at = ?12, ended_at = ?13,"
        " created_at = ?14, updated_at = ?15, severity = ?16, priority = ?17, category = ?18, codes = ?19,"
        " follow_up_of = ?20, closed_at = ?21, change = (SELECT max (change) FROM cases) + 1 WHERE id = ?1";
  g_autoptr (LocalStatement) write = local_db_prepare (db, stored->n == 0 ? insert : update, error);

  if (write == NULL)
    return FALSE;
  bind_case (write, stored);
  if (!local_db_finish (db, write, error))
    return FALSE;
  if (stored->n == 0)
    stored->n = sqlite3_last_insert_rowid (db->handle);
  return local_case_index (db, stored, pool, error);
}
