/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes closed interactions searchable, a few at a time between other work, so that no message waits for it. What
 * is not indexed yet is found by reading it, so a crash in between, a restart or a migration loses nothing. Writer
 * thread.
 */
#include "core/store/sqlite-text.h"
#include "core/store/sqlite.h"

/* The transcripts of one portion, by the clock: they differ in length by orders of magnitude. */
#define PORTION_US 5000
/* Bytes of pieces: about a thousand lines. A longer transcript would hold up the messages of others; it gets a
 * negative number, and is read by every search. */
#define MOST_PIECES (512 * 1024)

int
uc_sqlite_transcript_pieces (UcSqlite *sqlite, const char *interaction, const char *conversation, gint64 first_n,
                             gint64 last_n, GString *pieces)
{
  UcStatement *lines = uc_sqlite_statement (
      sqlite, "SELECT usher_fold (text) FROM message WHERE conversation = ?1 AND n BETWEEN ?2 AND ?3"
              " AND interaction = ?4 AND author <> 'system' AND text IS NOT NULL ORDER BY n");
  int code;

  if (lines == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_statement_bind_text (lines, 4, interaction);
  uc_statement_bind_text (lines, 1, conversation);
  sqlite3_bind_int64 (lines->handle, 2, first_n);
  sqlite3_bind_int64 (lines->handle, 3, last_n);
  while ((code = sqlite3_step (lines->handle)) == SQLITE_ROW && pieces->len <= MOST_PIECES)
    uc_text_pieces ((const char *)sqlite3_column_text (lines->handle, 0), pieces);
  sqlite3_reset (lines->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
insert_pieces (UcSqlite *sqlite, const GString *pieces, gint64 doc)
{
  UcStatement *insert = uc_sqlite_statement (sqlite, "INSERT INTO transcript (rowid, pieces) VALUES (?1, ?2)");

  if (insert == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (insert->handle, 1, doc);
  sqlite3_bind_text64 (insert->handle, 2, pieces->str, pieces->len, SQLITE_STATIC, SQLITE_UTF8);
  return uc_statement_run (sqlite, insert);
}

static int
note_doc (UcSqlite *sqlite, const char *interaction, gint64 doc)
{
  UcStatement *update = uc_sqlite_statement (sqlite, "UPDATE interaction SET doc = ?1 WHERE id = ?2");

  if (update == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (update->handle, 1, doc);
  uc_statement_bind_text (update, 2, interaction);
  return uc_statement_run (sqlite, update);
}

/* The newest one that is not there yet. SQLITE_DONE when there is none. */
static int
index_one (UcSqlite *sqlite)
{
  UcStatement *closed = uc_sqlite_statement (
      sqlite, "SELECT id, conversation, first_n, last_n,"
              " 1 + coalesce ((SELECT max (doc) FROM interaction WHERE doc > 0), 0),"
              " coalesce ((SELECT min (doc) FROM interaction WHERE doc < 0), 0) - 1"
              " FROM interaction INDEXED BY interaction_unread WHERE doc IS NULL AND closed_at > 0"
              " ORDER BY enqueued_at DESC LIMIT 1");
  g_autoptr (GString) pieces = g_string_new (NULL);
  g_autofree char *id = NULL;
  gint64 doc = 0, long_doc = 0;
  int code;

  if (closed == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  code = sqlite3_step (closed->handle);
  if (code == SQLITE_ROW)
    {
      id = g_strdup ((const char *)sqlite3_column_text (closed->handle, 0));
      doc = sqlite3_column_int64 (closed->handle, 4);
      long_doc = sqlite3_column_int64 (closed->handle, 5);
      code = uc_sqlite_transcript_pieces (sqlite, id, (const char *)sqlite3_column_text (closed->handle, 1),
                                          sqlite3_column_int64 (closed->handle, 2),
                                          sqlite3_column_int64 (closed->handle, 3), pieces);
    }
  sqlite3_reset (closed->handle);
  if (id == NULL || code != SQLITE_OK)
    return code;
  if (pieces->len > MOST_PIECES)
    return note_doc (sqlite, id, long_doc);
  code = insert_pieces (sqlite, pieces, doc);
  return code == SQLITE_OK ? note_doc (sqlite, id, doc) : code;
}

int
uc_sqlite_index (UcSqlite *sqlite, gboolean *more)
{
  gint64 end = g_get_monotonic_time () + PORTION_US;
  int code = uc_sqlite_exec (sqlite, "BEGIN IMMEDIATE");

  *more = FALSE;
  if (code != SQLITE_OK)
    return code;
  do
    code = index_one (sqlite);
  while (code == SQLITE_OK && g_get_monotonic_time () < end);
  *more = code == SQLITE_OK;
  if (code == SQLITE_OK || code == SQLITE_DONE)
    code = uc_sqlite_exec (sqlite, "COMMIT");
  if (code != SQLITE_OK)
    {
      *more = FALSE;
      if (!sqlite3_get_autocommit (sqlite->db))
        uc_sqlite_exec (sqlite, "ROLLBACK");
    }
  return code;
}

gboolean
uc_sqlite_has_unread (UcSqlite *sqlite)
{
  UcStatement *statement = uc_sqlite_statement (sqlite, "SELECT 1 FROM interaction INDEXED BY interaction_unread"
                                                        " WHERE doc IS NULL AND closed_at > 0 LIMIT 1");
  gboolean has = statement != NULL && sqlite3_step (statement->handle) == SQLITE_ROW;

  if (statement != NULL)
    sqlite3_reset (statement->handle);
  return has;
}
