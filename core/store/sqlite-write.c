/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Group commit: many batches, one transaction, one fsync. When one of them meets a conflict, the transaction is
 * written once more with a savepoint for each batch, so that this one is taken back alone. Writer thread.
 */
#include "core/store/sqlite.h"

/* 64 MiB of log in pages of 4 KiB; then again after as much more, while a long read holds the log. Under load each
 * fold writes most pages of the database again: with 4 MiB the store took two thirds of the messages. */
#define FOLD_PAGES 16384
/* Rows of age removed per transaction, so that a new batch never waits long. */
#define PRUNE_ROWS 500
/* A table's rows that are older than ?1, the oldest ones first. */
#define PRUNE(table)                                                                                              \
  "DELETE FROM " table " WHERE at < ?1"                                                                           \
  " AND rowid IN (SELECT rowid FROM " table " ORDER BY rowid LIMIT " G_STRINGIFY (PRUNE_ROWS) ")"
/* Networks repeat what was not acknowledged for some days, a week at most. */
#define IDLE_END_KEEP_MS (30 * 24 * 3600 * G_GINT64_CONSTANT (1000))

static const char insert_journal[] = "INSERT INTO journal (epoch, type, json, interaction, step, seq, at, agent)"
                                     " VALUES (?1, ?2, ?3, ?4, ?5, :seq, :at, :agent)";

static const char *const plain_rows[UC_ROW_N_KINDS] = {
  [UC_ROW_COMMAND] = "INSERT INTO command (user, cmd_id, answer, at) VALUES (?1, ?2, ?3, ?5)",
  [UC_ROW_CREDENTIAL] = "INSERT INTO credential (user, hash) VALUES (?1, ?2)"
                        " ON CONFLICT (user) DO UPDATE SET hash = excluded.hash",
  [UC_ROW_SESSION] = "INSERT INTO session (token_hash, user, created_at, expires_at, seen_at)"
                     " VALUES (?1, ?2, ?5, ?6, ?5)",
  [UC_ROW_SESSION_SEEN] = "UPDATE session SET seen_at = max (seen_at, ?5) WHERE token_hash = ?1",
  [UC_ROW_SESSION_REMOVE] = "DELETE FROM session WHERE token_hash = ?1",
  [UC_ROW_SESSIONS_REMOVE_USER] = "DELETE FROM session WHERE user = ?1",
  [UC_ROW_KV_SET] = "INSERT INTO kv (space, key, value) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value",
  [UC_ROW_KV_REMOVE] = "DELETE FROM kv WHERE space = ?1 AND key = ?2",
  /* Gone when the message was sent meanwhile; then there is nothing to try again. */
  [UC_ROW_OUTBOX] = "UPDATE outbox SET last_error = ?2, due_at = ?5, attempts = ?6 WHERE message = ?1",
  [UC_ROW_MEDIA] = "INSERT INTO media (id, mime, name, sha256, size, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                   " ON CONFLICT (id) DO UPDATE SET mime = excluded.mime, name = excluded.name,"
                   " sha256 = excluded.sha256, size = excluded.size, at = excluded.at",
  [UC_ROW_IDLE_END] = "INSERT INTO idle_end (channel, external_id, at) VALUES (?1, ?2, ?5) ON CONFLICT DO NOTHING",
  [UC_ROW_CHECKED] = "UPDATE meta SET value = ?5 WHERE key = 'check'",
};

static int
on_wal (gpointer data, sqlite3 *db, const char *name, int pages)
{
  UcWriter *writer = data;

  /* Fewer than before: the log was begun anew. */
  if ((guint)pages < writer->wal_pages)
    writer->fold_above = writer->fold_pages;
  writer->wal_pages = (guint)pages;
  return SQLITE_OK;
}

UcWriter *
uc_writer_new (UcSqlite *sqlite, const UcSqliteState *state)
{
  UcWriter *writer = g_new0 (UcWriter, 1);

  writer->sqlite = sqlite;
  writer->last_seq = state->last_seq;
  writer->epoch = state->epoch;
  writer->fold_pages = writer->fold_above = FOLD_PAGES;
  sqlite3_wal_hook (sqlite->db, on_wal, writer);
  return writer;
}

/* By a cached statement: these run for every batch. */
static int
run (UcWriter *writer, const char *sql)
{
  UcStatement *statement = uc_sqlite_statement (writer->sqlite, sql);

  if (statement == NULL)
    return sqlite3_extended_errcode (writer->sqlite->db);
  return uc_statement_run (writer->sqlite, statement);
}

/* ---- one row ------------------------------------------------------------------------------------------- */

/* Messages are found by their conversation, and left out of the journal's index by interaction. */
static gboolean
is_message (const UcEvent *event)
{
  return event->type == UC_EVENT_MESSAGE_ADDED || event->type == UC_EVENT_MESSAGE_STATE;
}

static int
write_journal (UcWriter *writer, const UcRow *row)
{
  UcStatement *statement = uc_sqlite_statement (writer->sqlite, insert_journal);

  if (statement == NULL)
    return sqlite3_extended_errcode (writer->sqlite->db);
  uc_statement_bind_event (statement, row->event);
  sqlite3_bind_int64 (statement->handle, 1, writer->epoch);
  uc_statement_bind_text (statement, 2, uc_event_type_name (row->event->type));
  sqlite3_bind_text64 (statement->handle, 3, row->text[0], row->len, SQLITE_STATIC, SQLITE_UTF8);
  uc_statement_bind_text (statement, 4, is_message (row->event) ? NULL : row->event->interaction);
  uc_statement_bind_text (statement, 5, row->text[1]);
  return uc_statement_run (writer->sqlite, statement);
}

static int
write_event (UcWriter *writer, const UcRow *row, char **why)
{
  const UcEvent *event = row->event;
  int code;

  if (event->seq != writer->last_seq + 1)
    *why = g_strdup_printf ("event numbers must not have gaps, the next one is %" G_GINT64_FORMAT,
                            writer->last_seq + 1);
  else if (event->type <= UC_EVENT_NONE || event->type >= UC_EVENT_STATE_AGENT)
    *why = g_strdup_printf ("%s is no event for the journal", uc_event_type_name (event->type));
  if (*why != NULL)
    return SQLITE_CONSTRAINT;
  code = write_journal (writer, row);
  if (code == SQLITE_OK)
    code = uc_sqlite_project (writer->sqlite, event, why);
  if (code == SQLITE_OK)
    writer->last_seq++;
  return code;
}

static int
write_plain (UcWriter *writer, const UcRow *row)
{
  UcStatement *statement = uc_sqlite_statement (writer->sqlite, plain_rows[row->kind]);

  if (statement == NULL)
    return sqlite3_extended_errcode (writer->sqlite->db);
  for (int i = 1; i <= statement->n_parameters; i++)
    if (i > UC_ROW_TEXTS)
      sqlite3_bind_int64 (statement->handle, i, row->number[i - UC_ROW_TEXTS - 1]);
    else if (i == 3 && row->kind == UC_ROW_KV_SET)
      sqlite3_bind_blob64 (statement->handle, i, row->text[2], row->len, SQLITE_STATIC);
    else
      uc_statement_bind_text (statement, i, row->text[i - 1]);
  return uc_statement_run (writer->sqlite, statement);
}

/* ---- one batch ----------------------------------------------------------------------------------------- */

/* What a conflict is about, with the number and type of the event where there is one. */
static char *
conflict_text (UcWriter *writer, const UcRow *row, const char *why)
{
  if (why == NULL)
    why = sqlite3_errmsg (writer->sqlite->db);
  if (row->event == NULL)
    return g_strdup (why);
  return g_strdup_printf ("event %" G_GINT64_FORMAT " (%s): %s", row->event->seq,
                          uc_event_type_name (row->event->type), why);
}

static gboolean
is_refused (UcWriter *writer, UcBatch *batch)
{
  /* Events after a failed one were computed from a state that never came to be. A barrier asks whether all before
   * it is durable, and it is not. */
  if (batch->generation > writer->failed || (!batch->has_events && !batch->depends && batch->rows->len > 0))
    return FALSE;
  uc_batch_answer (batch, UC_STORE_UNAVAILABLE, "an earlier batch failed");
  return TRUE;
}

static void
note_failure (UcWriter *writer, UcBatch *batch)
{
  if (batch->has_events)
    writer->failed = MAX (writer->failed, batch->generation);
}

static int
write_rows (UcWriter *writer, UcBatch *batch, const UcRow **failed, char **why)
{
  int code = SQLITE_OK;

  for (guint i = 0; i < batch->rows->len && code == SQLITE_OK; i++)
    {
      const UcRow *row = &g_array_index (batch->rows, UcRow, i);

      code = row->kind == UC_ROW_EVENT ? write_event (writer, row, why) : write_plain (writer, row);
      *failed = row;
    }
  return code;
}

/* A conflict is the batch's own: SQLITE_OK, any other code ends the transaction. */
static int
write_apart (UcWriter *writer, UcBatch *batch)
{
  gint64 before = writer->last_seq;
  const UcRow *failed = NULL;
  g_autofree char *why = NULL;
  int code = run (writer, "SAVEPOINT batch");

  if (code == SQLITE_OK)
    code = write_rows (writer, batch, &failed, &why);
  if ((code & 0xff) == SQLITE_CONSTRAINT)
    {
      g_autofree char *text = conflict_text (writer, failed, why);

      writer->last_seq = before;
      uc_batch_answer (batch, UC_STORE_CONFLICT, text);
      note_failure (writer, batch);
      code = run (writer, "ROLLBACK TO batch");
    }
  return code == SQLITE_OK ? run (writer, "RELEASE batch") : code;
}

/* ---- one transaction ----------------------------------------------------------------------------------- */

gboolean
uc_sqlite_is_beyond_trust (int code, gboolean committing)
{
  switch (code)
    {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_CORRUPTFS:
      return TRUE;
    default:
      break;
    }
  switch (code & 0xff)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return TRUE;
    case SQLITE_OK:
    case SQLITE_FULL: /* the commit record is the last to be written, and there was no room */
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
      return FALSE;
    default:
      return committing;
    }
}

/* The next start looks at every page before it serves anything; otherwise it would only do so later, and might
 * come here again before that, and again. Where this can't be written, nothing can be done. */
static void
note_damage (UcWriter *writer, int code)
{
  g_autofree char *mark
      = g_strdup_printf ("UPDATE meta SET value = %d WHERE key = 'check'", UC_SQLITE_CHECK_DAMAGED);

  if (((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
      && sqlite3_get_autocommit (writer->sqlite->db))
    uc_sqlite_exec (writer->sqlite, mark);
}

void
uc_writer_lose_trust (UcWriter *writer, int code, const char *why)
{
  g_autofree char *own = why == NULL ? uc_sqlite_sentence (writer->sqlite, code) : NULL;

  if (writer->broken == NULL)
    writer->broken = g_strdup_printf ("%s; nothing is stored any more until the daemon is started again",
                                      why != NULL ? why : own);
  note_damage (writer, code);
}

/* Takes the whole transaction back. A conflict is taken back, too: it may have been with a batch that is gone now.
 */
static void
fail_all (UcWriter *writer, GPtrArray *batches, gint64 last_seq, int code, gboolean committing)
{
  g_autofree char *why = uc_sqlite_sentence (writer->sqlite, code);
  UcStoreResult result = UC_STORE_UNAVAILABLE;

  if (uc_sqlite_is_beyond_trust (code, committing))
    {
      uc_writer_lose_trust (writer, code, NULL);
      result = UC_STORE_UNKNOWN;
    }
  writer->full = (code & 0xff) == SQLITE_FULL;
  if (!sqlite3_get_autocommit (writer->sqlite->db))
    {
      run (writer, "ROLLBACK");
      note_damage (writer, code);
    }
  writer->last_seq = last_seq;
  for (guint i = 0; i < batches->len; i++)
    {
      UcBatch *batch = g_ptr_array_index (batches, i);

      note_failure (writer, batch);
      uc_batch_answer (batch, result, result == UC_STORE_UNKNOWN ? writer->broken : why);
    }
}

/* Begins the transaction with the first row. `apart`: each batch can be taken back alone; otherwise a conflict
 * ends all of it. */
static int
write_batches (UcWriter *writer, GPtrArray *batches, gboolean apart, gboolean *begun)
{
  int code = SQLITE_OK;

  *begun = FALSE;
  for (guint i = 0; i < batches->len && code == SQLITE_OK; i++)
    {
      UcBatch *batch = g_ptr_array_index (batches, i);
      const UcRow *failed = NULL;
      g_autofree char *why = NULL;

      if (writer->broken != NULL)
        uc_batch_answer (batch, UC_STORE_UNKNOWN, writer->broken);
      else if (!is_refused (writer, batch) && batch->rows->len > 0)
        {
          if (!*begun)
            code = run (writer, "BEGIN IMMEDIATE");
          *begun = TRUE;
          if (code == SQLITE_OK)
            code = apart ? write_apart (writer, batch) : write_rows (writer, batch, &failed, &why);
        }
    }
  return code;
}

/* SQLITE_OK, or why it is not stored; then the transaction may still be open. */
static int
try_to_commit (UcWriter *writer, GPtrArray *batches, gboolean *committing)
{
  gint64 last_seq = writer->last_seq;
  gboolean begun;
  /* Without savepoints at first: SQLite keeps a copy of every page that is changed under one, and conflicts are
   * rare. */
  int code = write_batches (writer, batches, FALSE, &begun);

  *committing = FALSE;

  if ((code & 0xff) == SQLITE_CONSTRAINT)
    {
      writer->last_seq = last_seq;
      code = run (writer, "ROLLBACK");
      if (code == SQLITE_OK)
        code = write_batches (writer, batches, TRUE, &begun);
    }
  if (code == SQLITE_OK && begun)
    code = uc_writer_claim (writer);
  if (code != SQLITE_OK || !begun)
    return code;
  *committing = TRUE;
  return run (writer, "COMMIT");
}

/* For another try: as if there had been none. */
static void
take_back (UcWriter *writer, GPtrArray *batches, gint64 last_seq, guint64 failed)
{
  if (!sqlite3_get_autocommit (writer->sqlite->db))
    run (writer, "ROLLBACK");
  writer->last_seq = last_seq;
  writer->failed = failed;
  for (guint i = 0; i < batches->len; i++)
    uc_batch_answer (g_ptr_array_index (batches, i), UC_STORE_OK, NULL);
}

void
uc_writer_commit (UcWriter *writer, GPtrArray *batches)
{
  gint64 last_seq = writer->last_seq;
  guint64 failed = writer->failed;
  gboolean committing;
  int code = try_to_commit (writer, batches, &committing);

  /* The room that the log takes is enough for most changes, and folded it gives that back. */
  if ((code & 0xff) == SQLITE_FULL && writer->wal_pages > 0)
    {
      take_back (writer, batches, last_seq, failed);
      uc_writer_fold (writer);
      if (writer->wal_pages == 0)
        code = try_to_commit (writer, batches, &committing);
    }
  if (code != SQLITE_OK)
    fail_all (writer, batches, last_seq, code, committing);
}

/* ---- between transactions ------------------------------------------------------------------------------ */

/* How many rows it removed. */
static int
prune (UcWriter *writer, const char *sql, gint64 before)
{
  UcStatement *statement = uc_sqlite_statement (writer->sqlite, sql);
  int code = statement != NULL ? SQLITE_OK : sqlite3_extended_errcode (writer->sqlite->db);

  if (statement != NULL)
    {
      sqlite3_bind_int64 (statement->handle, 1, before);
      code = uc_statement_run (writer->sqlite, statement);
    }
  /* One statement is one transaction: its failure may be that of a commit. */
  if (uc_sqlite_is_beyond_trust (code, TRUE))
    uc_writer_lose_trust (writer, code, NULL);
  return code == SQLITE_OK ? sqlite3_changes (writer->sqlite->db) : 0;
}

gboolean
uc_writer_prune (UcWriter *writer, gint64 now, gint64 command_keep_ms)
{
  int commands = 0, ends = 0;

  if (writer->broken == NULL)
    commands = prune (writer, PRUNE ("command"), now - command_keep_ms);
  if (writer->broken == NULL)
    ends = prune (writer, PRUNE ("idle_end"), now - IDLE_END_KEEP_MS);
  if (writer->broken == NULL)
    prune (writer, "DELETE FROM session WHERE expires_at < ?1", now);
  return commands == PRUNE_ROWS || ends == PRUNE_ROWS;
}

gboolean
uc_writer_index (UcWriter *writer)
{
  gboolean more = FALSE;
  int code;

  if (writer->broken != NULL || !uc_sqlite_has_unread (writer->sqlite))
    return FALSE;
  code = uc_sqlite_index (writer->sqlite, &more);
  /* What else may have failed passes, or is told by the next commit; until then these are found by reading them.
   */
  if (uc_sqlite_is_beyond_trust (code, TRUE))
    uc_writer_lose_trust (writer, code, NULL);
  return more;
}

gboolean
uc_writer_expire (UcWriter *writer, gint64 before)
{
  gboolean more = FALSE;
  int code;

  if (writer->broken != NULL)
    return FALSE;
  code = uc_sqlite_expire (writer->sqlite, before, &writer->expired_seq, &more);
  if (uc_sqlite_is_beyond_trust (code, TRUE))
    uc_writer_lose_trust (writer, code, NULL);
  else if (code != SQLITE_OK)
    {
      g_autofree char *why = uc_sqlite_sentence (writer->sqlite, code);

      g_warning ("old transcripts can't be taken away now, they are kept longer: %s", why);
    }
  return more;
}

void
uc_writer_free (UcWriter *writer)
{
  /* Otherwise the log stays as it is, for the next start to recover from. */
  if (uc_writer_fold_at_end (writer))
    sqlite3_db_config (writer->sqlite->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  uc_sqlite_close (writer->sqlite);
  g_free (writer->broken);
  g_free (writer);
}
