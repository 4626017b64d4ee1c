/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and saving cases, inside the worker's transaction. One interaction makes one case, however often and in
 * whatever order its saves arrive; a transcript only grows. Worker thread.
 */
#include "local-case.h"

#include <string.h>

#include "local-customer.h"
#include "local-text.h"

/* ---- finding and reading ------------------------------------------------------------------------------- */

static gboolean
find_by_id (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT n FROM cases WHERE id = ?", id, n, error);
}

static gboolean
find_by_interaction (LocalDb *db, const char *interaction, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT n FROM cases WHERE interaction = ?", interaction, n, error);
}

static gboolean
load_transcript (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error)
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

static UsherCase *
read_stored (LocalDb *db, gint64 n, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (
      db,
      "SELECT cases.id, customers.id, interaction, subject, state, queue, channel, agent, cases.notes,"
      " cases.fields, cases.version, started_at, ended_at, cases.created_at, cases.updated_at"
      " FROM cases LEFT JOIN customers ON customers.n = cases.customer WHERE cases.n = ?",
      error);
  UsherCase *record;
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
  record = local_pool_alloc (pool, sizeof *record);
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
  return record;
}

UsherCase *
local_case_load (LocalDb *db, gint64 n, gboolean transcript, LocalAnswer *answer, GError **error)
{
  UsherCase *record = read_stored (db, n, answer->pool, error);

  if (record == NULL || (transcript && !load_transcript (db, n, answer->pool, record, error)))
    return NULL;
  g_ptr_array_add (answer->cases, record);
  return record;
}

/* Always FALSE. */
static gboolean
not_found (const char *id, GError **error)
{
  g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
               "There is no case with the id %s. It may belong to another CRM.", id);
  return FALSE;
}

gboolean
local_case_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  gint64 n;

  if (!find_by_id (db, request->id, &n, error))
    return FALSE;
  return n == 0 ? not_found (request->id, error) : local_case_load (db, n, TRUE, answer, error) != NULL;
}

/* ---- transcripts --------------------------------------------------------------------------------------- */

/* *lines: how many lines the JSON text has; FALSE when it is not an array of objects. */
static gboolean
count_lines (LocalDb *db, const char *transcript, gint64 *lines, GError **error)
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

/* Keeps the stored one when it is longer: more lines, or as many in more bytes. *changed tells. */
static gboolean
save_transcript (LocalDb *db, gint64 n, const char *transcript, gint64 lines, gboolean *changed, GError **error)
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
  *changed = sqlite3_changes (db->handle) > 0;
  return TRUE;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static char *
haystack_of (LocalPool *pool, const UsherCase *record)
{
  GString *haystack = g_string_new (NULL);

  local_haystack_add (haystack, record->subject);
  local_haystack_add (haystack, record->notes);
  local_haystack_add (haystack, record->agent);
  local_haystack_add (haystack, record->queue);
  local_haystack_add (haystack, record->channel);
  local_haystack_add (haystack, record->interaction);
  local_haystack_add (haystack, record->id);
  return local_pool_take (pool, g_string_free (haystack, FALSE));
}

/* *n 0 = a new one; *n is its number then. */
static gboolean
write_case (LocalDb *db, gint64 *n, gint64 customer, const UsherCase *record, LocalPool *pool, GError **error)
{
  static const char insert[]
      = "INSERT INTO cases (id, customer, interaction, subject, state, queue, channel, agent,"
        " notes, fields, version, started_at, ended_at, created_at, updated_at, haystack)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
  static const char update[] = "UPDATE cases SET customer = ?2, interaction = ?3, subject = ?4, state = ?5,"
                               " queue = ?6, channel = ?7, agent = ?8, notes = ?9, fields = ?10, version = ?11,"
                               " started_at = ?12, ended_at = ?13, updated_at = ?15, haystack = ?16 WHERE id = ?1";
  g_autoptr (LocalStatement) write = local_db_prepare (db, *n == 0 ? insert : update, error);

  if (write == NULL)
    return FALSE;
  local_bind_text (write, 1, record->id);
  if (customer != 0)
    local_bind_int (write, 2, customer);
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
  sqlite3_bind_text (write, 16, haystack_of (pool, record), -1, SQLITE_TRANSIENT);
  if (!local_db_finish (db, write, error))
    return FALSE;
  if (*n == 0)
    *n = sqlite3_last_insert_rowid (db->handle);
  return TRUE;
}

/* ---- saving -------------------------------------------------------------------------------------------- */

static UsherCase
merge (const UsherCase *wanted, const UsherCase *stored)
{
  UsherCase result = *stored;

  result.struct_size = sizeof result;
  result.customer_id = local_merged (wanted->customer_id, stored->customer_id);
  result.interaction = local_merged (wanted->interaction, stored->interaction);
  result.subject = local_merged (wanted->subject, stored->subject);
  result.state = local_merged (wanted->state, stored->state);
  result.queue = local_merged (wanted->queue, stored->queue);
  result.channel = local_merged (wanted->channel, stored->channel);
  result.agent = local_merged (wanted->agent, stored->agent);
  result.notes = local_merged (wanted->notes, stored->notes);
  result.fields = local_merged (wanted->fields, stored->fields);
  result.started_at = wanted->started_at != 0 ? wanted->started_at : stored->started_at;
  result.ended_at = wanted->ended_at != 0 ? wanted->ended_at : stored->ended_at;
  return result;
}

static gboolean
same (const UsherCase *a, const UsherCase *b)
{
  return g_strcmp0 (a->customer_id, b->customer_id) == 0 && g_strcmp0 (a->interaction, b->interaction) == 0
         && g_strcmp0 (a->subject, b->subject) == 0 && g_strcmp0 (a->state, b->state) == 0
         && g_strcmp0 (a->queue, b->queue) == 0 && g_strcmp0 (a->channel, b->channel) == 0
         && g_strcmp0 (a->agent, b->agent) == 0 && g_strcmp0 (a->notes, b->notes) == 0
         && g_strcmp0 (a->fields, b->fields) == 0 && a->started_at == b->started_at && a->ended_at == b->ended_at;
}

/* The customer's number, 0 = none. */
static gboolean
check_customer (LocalDb *db, const UsherCase *record, gint64 *customer, GError **error)
{
  *customer = 0;
  if (record->customer_id == NULL)
    return TRUE;
  if (!local_customer_find (db, record->customer_id, customer, error))
    return FALSE;
  if (*customer != 0)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "There is no customer with the id %s to assign the case to. Choose one that exists.",
               record->customer_id);
  return FALSE;
}

/* A case keeps its interaction for ever; one without may get one that no other case has. */
static gboolean
check_interaction (LocalDb *db, gint64 n, const UsherCase *wanted, const UsherCase *stored, LocalAnswer *answer,
                   GError **error)
{
  gint64 owner;

  if (wanted->interaction == NULL || g_strcmp0 (wanted->interaction, stored->interaction) == 0)
    return TRUE;
  if (stored->interaction != NULL)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                   "This case records interaction %s; that can't be changed to %s.", stored->interaction,
                   wanted->interaction);
      return FALSE;
    }
  if (!find_by_interaction (db, wanted->interaction, &owner, error))
    return FALSE;
  if (owner == 0 || owner == n)
    return TRUE;
  if (local_case_load (db, owner, TRUE, answer, error) != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                 "Interaction %s already has a case of its own. Open that one instead.", wanted->interaction);
  return FALSE;
}

static gboolean
create (LocalDb *db, const UsherCase *wanted, gint64 lines, LocalAnswer *answer, GError **error)
{
  UsherCase blank = { .struct_size = sizeof blank, .state = "open" };
  UsherCase record = merge (wanted, &blank);
  gint64 n = 0, customer;
  gboolean changed;

  if (!check_customer (db, &record, &customer, error))
    return FALSE;
  record.id = local_pool_id (answer->pool, db->host, "cas");
  record.version = 1;
  record.created_at = record.updated_at = db->host->now ();
  if (!write_case (db, &n, customer, &record, answer->pool, error)
      || (wanted->transcript != NULL && !save_transcript (db, n, wanted->transcript, lines, &changed, error)))
    return FALSE;
  return local_case_load (db, n, TRUE, answer, error) != NULL;
}

/* What a save would leave of the stored transcript is known only by trying; the worker takes it back on an error.
 */
static gboolean
change (LocalDb *db, gint64 n, const UsherCase *wanted, gint64 lines, LocalAnswer *answer, GError **error)
{
  const UsherCase *stored = read_stored (db, n, answer->pool, error);
  gboolean grown = FALSE;
  UsherCase record;
  gint64 customer;

  if (stored == NULL || !check_interaction (db, n, wanted, stored, answer, error))
    return FALSE;
  record = merge (wanted, stored);
  if (!check_customer (db, &record, &customer, error)
      || (wanted->transcript != NULL && !save_transcript (db, n, wanted->transcript, lines, &grown, error)))
    return FALSE;
  /* Also when the version is old: a save that is repeated because its answer was lost finds its own work done. */
  if (!grown && same (&record, stored))
    return local_case_load (db, n, TRUE, answer, error) != NULL;
  if (wanted->version != 0 && wanted->version != stored->version)
    {
      /* Without the transcript, which may be the one that is about to be taken back. */
      if (local_case_load (db, n, FALSE, answer, error) != NULL)
        g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                     "Somebody else changed this case meanwhile. Look at the new record and save again.");
      return FALSE;
    }
  record.version = stored->version + 1;
  record.updated_at = MAX (db->host->now (), stored->updated_at);
  return write_case (db, &n, customer, &record, answer->pool, error)
         && local_case_load (db, n, TRUE, answer, error) != NULL;
}

gboolean
local_case_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  UsherCase wanted = *request->record;
  gint64 n = 0, lines = 0;

  /* "" would clear, and a transcript never gets shorter. */
  if (wanted.transcript != NULL && *wanted.transcript == '\0')
    wanted.transcript = NULL;
  if (wanted.transcript != NULL && !count_lines (db, wanted.transcript, &lines, error))
    return FALSE;
  if (wanted.id != NULL)
    {
      if (!find_by_id (db, wanted.id, &n, error))
        return FALSE;
      return n == 0 ? not_found (wanted.id, error) : change (db, n, &wanted, lines, answer, error);
    }
  if (!find_by_interaction (db, wanted.interaction, &n, error))
    return FALSE;
  return n == 0 ? create (db, &wanted, lines, answer, error) : change (db, n, &wanted, lines, answer, error);
}
