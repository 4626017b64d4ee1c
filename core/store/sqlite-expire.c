/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Takes away what was said longer ago than the site keeps it: the lines of closed interactions, their search
 * pieces, and the journal's copies of them, a few at a time between other work. That a chat took place, with whom
 * and when, stays. Writer thread.
 */
#include "core/store/sqlite.h"

/* Rows of the journal per portion: each is looked at once per run of the daemon. */
#define JOURNAL_ROWS "500"
#define MOST_INTERACTIONS 20

typedef struct
{
  char *id, *conversation;
  gint64 first_n, last_n, doc;
} Expired;

static void
expired_clear (Expired *expired)
{
  g_free (expired->id);
  g_free (expired->conversation);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Expired, expired_clear)

/* SQLITE_ROW with the oldest one, SQLITE_DONE when there is none. */
static int
find_expired (UcSqlite *sqlite, gint64 before, Expired *expired)
{
  UcStatement *find = uc_sqlite_statement (sqlite, "SELECT id, conversation, first_n, last_n, doc"
                                                   " FROM interaction INDEXED BY interaction_text"
                                                   " WHERE doc IS NOT NULL AND gone = 0 AND closed_at < ?1"
                                                   " ORDER BY closed_at LIMIT 1");
  int code;

  if (find == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (find->handle, 1, before);
  code = sqlite3_step (find->handle);
  if (code == SQLITE_ROW)
    {
      expired->id = g_strdup ((const char *)sqlite3_column_text (find->handle, 0));
      expired->conversation = g_strdup ((const char *)sqlite3_column_text (find->handle, 1));
      expired->first_n = sqlite3_column_int64 (find->handle, 2);
      expired->last_n = sqlite3_column_int64 (find->handle, 3);
      expired->doc = sqlite3_column_int64 (find->handle, 4);
    }
  sqlite3_reset (find->handle);
  return code;
}

/* The index keeps no text of its own: it must be told what it was given. */
static int
forget_pieces (UcSqlite *sqlite, const Expired *expired)
{
  g_autoptr (GString) pieces = g_string_new (NULL);
  UcStatement *forget = uc_sqlite_statement (
      sqlite, "INSERT INTO transcript (transcript, rowid, pieces) VALUES ('delete', ?1, ?2)");
  int code = uc_sqlite_transcript_pieces (sqlite, expired->id, expired->conversation, expired->first_n,
                                          expired->last_n, pieces);

  if (code != SQLITE_OK)
    return code;
  if (forget == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (forget->handle, 1, expired->doc);
  sqlite3_bind_text64 (forget->handle, 2, pieces->str, pieces->len, SQLITE_STATIC, SQLITE_UTF8);
  return uc_statement_run (sqlite, forget);
}

/* What nobody has decided about can't be sent any more. */
static int
forget_undelivered (UcSqlite *sqlite, const Expired *expired)
{
  UcStatement *rows = uc_sqlite_statement (
      sqlite, "DELETE FROM outbox WHERE conversation = ?1 AND n <= ?2 AND NOT EXISTS"
              " (SELECT 1 FROM message AS m WHERE m.conversation = outbox.conversation AND m.n = outbox.n)");

  if (rows == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_statement_bind_text (rows, 1, expired->conversation);
  sqlite3_bind_int64 (rows->handle, 2, expired->last_n);
  return uc_statement_run (sqlite, rows);
}

/* Lines between chats, such as what somebody wrote with another tool, go with the chat they follow. */
static int
forget_lines (UcSqlite *sqlite, const Expired *expired)
{
  UcStatement *lines = uc_sqlite_statement (
      sqlite,
      "DELETE FROM message WHERE conversation = ?1 AND n <= ?2 AND (interaction = ?3 OR interaction IS NULL)");

  if (lines == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_statement_bind_text (lines, 1, expired->conversation);
  sqlite3_bind_int64 (lines->handle, 2, expired->last_n);
  uc_statement_bind_text (lines, 3, expired->id);
  return uc_statement_run (sqlite, lines);
}

static int
note_expired (UcSqlite *sqlite, const Expired *expired)
{
  UcStatement *note = uc_sqlite_statement (sqlite, "UPDATE interaction SET gone = 1 WHERE id = ?1");

  if (note == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_statement_bind_text (note, 1, expired->id);
  return uc_statement_run (sqlite, note);
}

static int
expire_one (UcSqlite *sqlite, gint64 before)
{
  g_auto (Expired) expired = { 0 };
  int code = find_expired (sqlite, before, &expired);

  if (code != SQLITE_ROW)
    return code;
  code = expired.doc > 0 ? forget_pieces (sqlite, &expired) : SQLITE_OK;
  if (code == SQLITE_OK)
    code = forget_lines (sqlite, &expired);
  if (code == SQLITE_OK)
    code = forget_undelivered (sqlite, &expired);
  return code == SQLITE_OK ? note_expired (sqlite, &expired) : code;
}

/* Events stay, for numbers have no gaps and a replay needs them, but what was said goes: from the event, and from
 * the step that made it, which may stand with an event before it. */
#define EXPIRED(column)                                                                                           \
  column " = json_set (json_remove (" column ", '$.text', '$.attachments'), '$.expired', json ('true'))"
#define NOT_YET(column) "substr (" column ", -15) <> ',\"expired\":true}'"
static const char *const take_away[] = {
  "UPDATE journal SET " EXPIRED ("json") " WHERE type = 'message.added' AND " NOT_YET ("json"),
  "UPDATE journal SET " EXPIRED ("step") " WHERE step IS NOT NULL AND " NOT_YET (
      "step") " AND (json_type (step, '$.text') = 'text' OR json_type (step, '$.attachments') IS NOT NULL)",
};

static int
expire_rows (UcSqlite *sqlite, const char *sql, gint64 from, gint64 last, gint64 before)
{
  g_autofree char *whole = g_strconcat (sql, " AND seq > ?1 AND seq <= ?2 AND at < ?3", NULL);
  UcStatement *rows = uc_sqlite_statement (sqlite, g_intern_string (whole));

  if (rows == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (rows->handle, 1, from);
  sqlite3_bind_int64 (rows->handle, 2, last);
  sqlite3_bind_int64 (rows->handle, 3, before);
  return uc_statement_run (sqlite, rows);
}

static int
expire_journal (UcSqlite *sqlite, gint64 before, gint64 *from, gboolean *more)
{
  UcStatement *last
      = uc_sqlite_statement (sqlite, "SELECT coalesce (max (seq), 0), count (*) FROM (SELECT seq, at FROM journal"
                                     " WHERE seq > ?2 ORDER BY seq LIMIT " JOURNAL_ROWS ") WHERE at < ?1");
  gint64 seq = 0;
  int code;

  if (last == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  sqlite3_bind_int64 (last->handle, 1, before);
  sqlite3_bind_int64 (last->handle, 2, *from);
  code = sqlite3_step (last->handle);
  if (code == SQLITE_ROW)
    {
      seq = sqlite3_column_int64 (last->handle, 0);
      *more = sqlite3_column_int64 (last->handle, 1) > 0;
    }
  sqlite3_reset (last->handle);
  if (code != SQLITE_ROW || !*more)
    return code == SQLITE_ROW ? SQLITE_OK : code;
  code = SQLITE_OK;
  for (gsize t = 0; t < G_N_ELEMENTS (take_away) && code == SQLITE_OK; t++)
    code = expire_rows (sqlite, take_away[t], *from, seq, before);
  if (code == SQLITE_OK)
    *from = seq;
  return code;
}

int
uc_sqlite_expire (UcSqlite *sqlite, gint64 before, gint64 *journal_from, gboolean *more)
{
  gint64 from = *journal_from;
  gboolean more_journal = FALSE;
  int code = uc_sqlite_exec (sqlite, "BEGIN IMMEDIATE");

  *more = FALSE;
  if (code != SQLITE_OK)
    return code;
  for (int i = 0; i < MOST_INTERACTIONS && code == SQLITE_OK; i++)
    code = expire_one (sqlite, before);
  *more = code == SQLITE_OK;
  if (code == SQLITE_OK || code == SQLITE_DONE)
    code = expire_journal (sqlite, before, &from, &more_journal);
  if (code == SQLITE_OK)
    code = uc_sqlite_exec (sqlite, "COMMIT");
  if (code == SQLITE_OK)
    {
      *journal_from = from;
      *more = *more || more_journal;
      return code;
    }
  *more = FALSE;
  if (!sqlite3_get_autocommit (sqlite->db))
    uc_sqlite_exec (sqlite, "ROLLBACK");
  return code;
}
