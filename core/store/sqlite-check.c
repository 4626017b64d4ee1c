/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is a database sound that somebody wrote to when the process or the machine died? Two answers: one at once, about
 * what was written last, whose cost does not grow with the file, and one about every page, which takes as long as
 * reading all of it. The thread that owns the connection.
 */
#include "core/store/sqlite.h"

#include "core/base/error.h"

/* Of the journal. Some seconds of a busy centre, and all that can be on its way to a disk. */
#define TAIL 1000

/* ---- the tail ------------------------------------------------------------------------------------------ */

#define OF_INTERACTION "SELECT version >= :seq FROM interaction WHERE id = :interaction"
#define OF_USER "SELECT version >= :seq FROM user WHERE id = :agent"
#define OF_CONVERSATION "SELECT version >= :seq AND last_n >= :n FROM conversation WHERE id = :conversation"

/* What the event must have left in the tables, whatever came after it: a row of at least its number. A line's own
 * row may be gone where what was said is kept for a while only. */
static const char *const traces[UC_EVENT_N_TYPES][3] = {
  [UC_EVENT_QUEUE_CHANGED] = { "SELECT version >= :seq FROM queue WHERE id = :queue" },
  [UC_EVENT_USER_CHANGED] = { "SELECT version >= :seq FROM user WHERE id = :user" },
  [UC_EVENT_POLICY_CHANGED] = { "SELECT version >= :seq FROM policy" },
  [UC_EVENT_AGENT_STATUS] = { OF_USER },
  [UC_EVENT_AGENT_PRESENCE] = { OF_USER },
  [UC_EVENT_CONVERSATION_OPENED] = { OF_CONVERSATION },
  [UC_EVENT_CONVERSATION_CHANGED] = { OF_CONVERSATION },
  [UC_EVENT_INTERACTION_QUEUED] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_OFFERED] = { OF_INTERACTION },
  [UC_EVENT_OFFER_ENDED] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_ACCEPTED] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_ENDED] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_OVERDUE] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_CLOSED] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_CODES] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_MATCHES] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_CASE] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_CUSTOMER] = { OF_INTERACTION },
  [UC_EVENT_INTERACTION_SAVE] = { OF_INTERACTION },
  [UC_EVENT_MESSAGE_ADDED]
  = { OF_CONVERSATION,
      "SELECT message = :message FROM message WHERE conversation = :conversation AND n = :n"
      " UNION ALL SELECT gone FROM interaction WHERE id = :interaction AND gone = 1"
      " UNION ALL SELECT :interaction IS NULL LIMIT 1",
      /* Redeliveries are told by this index. */
      "SELECT :interaction IS NULL OR :channel IS NULL OR :external_id IS NULL OR :author = 'agent'"
      " OR EXISTS (SELECT 1 FROM message INDEXED BY message_external"
      "  WHERE channel = :channel AND external_id = :external_id)"
      " OR EXISTS (SELECT 1 FROM interaction WHERE id = :interaction AND gone = 1)" },
};

static gboolean G_GNUC_PRINTF (4, 5) refuse (UcSqlite *sqlite, gint64 seq, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
               "%s is damaged (event %" G_GINT64_FORMAT " of the journal: %s); restore it from a backup, or save "
               "what can be read with: sqlite3 %s .recover",
               sqlite->path, seq, what, sqlite->path);
  return FALSE;
}

static gboolean
refuse_unread (UcSqlite *sqlite, gint64 seq, GError **error)
{
  return refuse (sqlite, seq, error, "%s", sqlite3_errmsg (sqlite->db));
}

static gboolean
has_trace (UcSqlite *sqlite, const UcEvent *event, const char *sql, GError **error)
{
  UcStatement *statement = uc_sqlite_statement (sqlite, sql);
  gboolean right;
  int code;

  if (statement == NULL)
    return refuse_unread (sqlite, event->seq, error);
  uc_statement_bind_event (statement, event);
  code = sqlite3_step (statement->handle);
  right = code == SQLITE_ROW && sqlite3_column_int (statement->handle, 0) != 0;
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    refuse_unread (sqlite, event->seq, error);
  else if (!right)
    refuse (sqlite, event->seq, error, "the tables do not have what %s wrote", uc_event_type_name (event->type));
  sqlite3_reset (statement->handle);
  return right;
}

static gboolean
check_row (UcSqlite *sqlite, sqlite3_stmt *row, gint64 seq, GError **error)
{
  const char *type = (const char *)sqlite3_column_text (row, 1),
             *json = (const char *)sqlite3_column_text (row, 2);
  g_autoptr (GError) why = NULL;
  g_autoptr (UcEvent) event = NULL;

  if (sqlite3_column_int64 (row, 0) != seq)
    return refuse (sqlite, seq, error, "it is missing");
  /* One of a newer kind was written by a newer schema, which was refused before. */
  event = json != NULL ? uc_event_from_json (json, (gsize)sqlite3_column_bytes (row, 2), &why) : NULL;
  if (event == NULL)
    return refuse (sqlite, seq, error, "%s", why != NULL ? why->message : "it has no text");
  if (event->seq != seq || g_strcmp0 (uc_event_type_name (event->type), type) != 0)
    return refuse (sqlite, seq, error, "it says that it is %s %" G_GINT64_FORMAT, uc_event_type_name (event->type),
                   event->seq);
  for (gsize t = 0; t < G_N_ELEMENTS (traces[0]) && traces[event->type][t] != NULL; t++)
    if (!has_trace (sqlite, event, traces[event->type][t], error))
      return FALSE;
  return TRUE;
}

/* Where old lines were deleted, event and all, numbers are missing. No version does that any more. */
static gint64
first_without_gaps (UcSqlite *sqlite)
{
  return uc_sqlite_int (sqlite,
                        "SELECT CASE WHEN EXISTS (SELECT 1 FROM journal_base)"
                        " THEN (SELECT value FROM meta WHERE key = 'steps_from') ELSE 1 END",
                        1);
}

gboolean
uc_sqlite_check_tail (UcSqlite *sqlite, gint64 last_seq, GError **error)
{
  gint64 first = MAX (first_without_gaps (sqlite), last_seq - TAIL + 1), seq = last_seq;
  sqlite3_stmt *rows = NULL;
  gboolean right = TRUE;
  int code = sqlite3_prepare_v2 (
      sqlite->db, "SELECT seq, type, json FROM journal WHERE seq >= ?1 ORDER BY seq DESC", -1, &rows, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_bind_int64 (rows, 1, first);
  while (right && code == SQLITE_OK && (code = sqlite3_step (rows)) == SQLITE_ROW)
    {
      right = check_row (sqlite, rows, seq--, error);
      code = SQLITE_OK;
    }
  if (right && code != SQLITE_DONE)
    right = refuse_unread (sqlite, seq, error);
  else if (right && seq >= first)
    right = refuse (sqlite, seq, error, "it is missing");
  sqlite3_finalize (rows);
  return right;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

int
uc_sqlite_check_all (UcSqlite *sqlite, char **finding)
{
  sqlite3_stmt *check = NULL;
  int code = sqlite3_prepare_v2 (sqlite->db, "PRAGMA quick_check(1)", -1, &check, NULL);

  *finding = NULL;
  if (code == SQLITE_OK)
    code = sqlite3_step (check);
  if (code == SQLITE_ROW)
    {
      const char *text = (const char *)sqlite3_column_text (check, 0);

      *finding = g_strcmp0 (text, "ok") != 0 ? g_strdup (text != NULL ? text : "it has no answer") : NULL;
      code = SQLITE_OK;
    }
  /* Damage that keeps it from being looked at is damage. */
  else if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    {
      *finding = g_strdup (sqlite3_errmsg (sqlite->db));
      code = SQLITE_OK;
    }
  sqlite3_finalize (check);
  if (*finding != NULL)
    g_strdelimit (*finding, "\n", ' ');
  return code;
}
