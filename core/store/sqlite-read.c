/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be asked of the tables. Reader thread, on a connection that can't write.
 */
#include "core/store/sqlite.h"

#include <string.h>

#define DEFAULT_LIMIT 1000

/* message.added as it is now: with the state and error of today. */
#define MESSAGE                                                                                                   \
  "SELECT m.at, m.conversation, m.interaction, m.agent, m.message, m.n, m.author, m.author_name,"                 \
  " m.by_user AS \"by\", m.code, m.text, coalesce (m.channel, c.channel) AS channel, c.identity,"                 \
  " coalesce (m.external_id, m.sent_id) AS external_id, m.client_id, m.sent_at, m.state, m.error, m.form,"        \
  " m.reply_to, m.attachments, m.window_until, m.tagged_until, m.handed_at, m.delivered_at, m.read_at,"           \
  " m.state IN ('uncertain', 'failed') AND EXISTS (SELECT 1 FROM outbox u WHERE u.message = m.message)"           \
  " AS undecided"

/* What became of an agent: the partial index over it is used when its condition is said in its words. */
#define OF_AGENT                                                                                                  \
  "SELECT at, seq, json FROM journal WHERE agent = ?1 AND type IN ('agent.status', 'agent.presence')"

/* The parameters are numbered in UcRead. */
static const struct
{
  const char *sql;
  UcEventType type;
} reads[UC_READ_N_KINDS] = {
  [UC_READ_MESSAGES] = { MESSAGE " FROM message m JOIN conversation c ON c.id = m.conversation"
                                 " WHERE m.conversation = ?1 AND m.n > ?8 ORDER BY m.n LIMIT ?9",
                         UC_EVENT_MESSAGE_ADDED },
  [UC_READ_INTERACTION_MESSAGES]
  = { MESSAGE " FROM interaction i JOIN conversation c ON c.id = i.conversation"
              " JOIN message m ON m.conversation = i.conversation AND m.n BETWEEN i.first_n AND i.last_n"
              " WHERE i.id = ?1 AND m.interaction = i.id ORDER BY m.n LIMIT ?9",
      UC_EVENT_MESSAGE_ADDED },
  [UC_READ_CONVERSATION]
  = { UC_SQLITE_CONVERSATION " WHERE c.channel = ?1 AND c.identity = ?2 LIMIT ?9", UC_EVENT_STATE_CONVERSATION },
  [UC_READ_EXTERNAL_IDS]
  = { MESSAGE " FROM message m JOIN conversation c ON c.id = m.conversation"
              " WHERE m.conversation = ?1 AND m.external_id IS NOT NULL ORDER BY m.n DESC LIMIT ?9",
      UC_EVENT_MESSAGE_ADDED },
  [UC_READ_BY_EXTERNAL_ID] = { MESSAGE " FROM message m JOIN conversation c ON c.id = m.conversation"
                                       " WHERE m.channel = ?1 AND m.external_id = ?2 LIMIT ?9",
                               UC_EVENT_MESSAGE_ADDED },
  [UC_READ_BY_SENT_ID] = { MESSAGE " FROM message m JOIN conversation c ON c.id = m.conversation"
                                   " WHERE m.conversation = ?1 AND m.sent_id = ?2 ORDER BY m.n DESC LIMIT ?9",
                           UC_EVENT_MESSAGE_ADDED },
  [UC_READ_EVENTS] = { "SELECT json FROM journal WHERE seq > ?8 ORDER BY seq LIMIT ?9", UC_EVENT_NONE },
  [UC_READ_EVENTS_OF_AGENT]
  = { "SELECT json FROM journal WHERE seq > ?8 AND agent = ?1 ORDER BY seq LIMIT ?9", UC_EVENT_NONE },
  [UC_READ_INTERACTION_EVENTS]
  = { "SELECT json FROM journal WHERE interaction = ?1 ORDER BY seq LIMIT ?9", UC_EVENT_NONE },
  [UC_READ_AGENT_EVENTS]
  = { "SELECT json FROM (SELECT * FROM (" OF_AGENT " AND at < ?8 AND type = 'agent.status'"
      " ORDER BY at DESC, seq DESC LIMIT 1)"
      " UNION ALL SELECT * FROM (" OF_AGENT " AND at BETWEEN ?8 AND ?10 ORDER BY at, seq LIMIT ?9))"
      " ORDER BY at, seq",
      UC_EVENT_NONE },
  [UC_READ_MERGES] = { "SELECT at, customer, dropped, merge, by_user AS \"by\" FROM merged WHERE customer = ?1"
                       " ORDER BY version DESC LIMIT ?9",
                       UC_EVENT_CUSTOMER_MERGED },
  [UC_READ_MEDIA] = { "SELECT json_object ('id', id, 'mime', mime, 'name', name, 'size', size, 'sha256', sha256,"
                      " 'at', at) FROM media WHERE id = ?1",
                      UC_EVENT_NONE },
  [UC_READ_IDLE_END] = { "SELECT 'known' FROM idle_end WHERE channel = ?1 AND external_id = ?2", UC_EVENT_NONE },
  [UC_READ_OUTBOX] = { MESSAGE ", o.attempts, o.due_at AS deadline, o.since, o.last_error AS error FROM outbox o"
                               " JOIN message m ON m.conversation = o.conversation AND m.n = o.n"
                               " JOIN conversation c ON c.id = o.conversation"
                               " WHERE m.state = 'queued' AND (?1 IS NULL OR o.channel = ?1)"
                               " ORDER BY o.rowid LIMIT ?9",
                       UC_EVENT_MESSAGE_ADDED },
  [UC_READ_OUTBOX_LIST]
  = { MESSAGE ", o.attempts, o.due_at AS deadline, o.since, o.rowid AS seq,"
              " CASE m.state WHEN 'queued' THEN o.last_error ELSE m.error END AS error,"
              " c.network, coalesce (i.name, c.name) AS name, i.queue, i.queue_name, i.customer, i.customer_name"
              " FROM outbox o JOIN message m ON m.conversation = o.conversation AND m.n = o.n"
              " JOIN conversation c ON c.id = o.conversation LEFT JOIN interaction i ON i.id = m.interaction"
              " WHERE o.rowid > ?8 AND (?2 IS NULL OR o.channel = ?2) AND (?3 IS NULL OR o.message = ?3)"
              " AND (?4 IS NULL OR m.by_user = ?4)"
              " AND CASE WHEN ?1 IS NULL THEN m.state IN ('uncertain', 'failed') ELSE m.state = ?1 END"
              " AND (?11 IS NULL OR i.queue IN (SELECT value FROM json_each (?11))) ORDER BY o.rowid LIMIT ?9",
      UC_EVENT_MESSAGE_ADDED },
  [UC_READ_COMMAND] = { "SELECT answer FROM command WHERE user = ?1 AND cmd_id = ?2", UC_EVENT_NONE },
  [UC_READ_CREDENTIAL] = { "SELECT hash FROM credential WHERE user = ?1", UC_EVENT_NONE },
  [UC_READ_SESSION]
  = { "SELECT user || ' ' || expires_at || ' ' || seen_at FROM session WHERE token_hash = ?1", UC_EVENT_NONE },
  [UC_READ_KV] = { "SELECT value FROM kv WHERE space = ?1 AND key = ?2", UC_EVENT_NONE },
};

guint
uc_read_limit (const UcRead *read)
{
  return read->limit > 0 ? read->limit : DEFAULT_LIMIT;
}

/* Parameters that a statement does not have are refused without harm. */
void
uc_read_bind (UcStatement *statement, const UcRead *read)
{
  for (int i = 1; i <= UC_READ_TEXTS; i++)
    uc_statement_bind_text (statement, i, read->text[i - 1]);
  sqlite3_bind_int64 (statement->handle, 8, read->after);
  sqlite3_bind_int64 (statement->handle, 9, (gint64)uc_read_limit (read) + 1);
  sqlite3_bind_int64 (statement->handle, 10, read->border);
  uc_statement_bind_text (statement, 11, read->list);
  uc_statement_bind_text (statement, 12, read->words);
  uc_statement_bind_text (statement, 13, read->match);
}

int
uc_read_rows (UcSqlite *sqlite, UcStatement *statement, UcEventType type, UcRead *read)
{
  int code = uc_sqlite_rows (sqlite, statement, type, read->rows);

  if (read->rows->len > uc_read_limit (read))
    {
      read->more = TRUE;
      g_ptr_array_set_size (read->rows, (int)uc_read_limit (read));
    }
  return code;
}

static int
read_journal (UcSqlite *sqlite, UcStatement *statement, UcRead *read)
{
  int code;

  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
    {
      const char *json = (const char *)sqlite3_column_text (statement->handle, 0);
      g_autoptr (GError) error = NULL;
      UcEvent *event;

      if (read->rows->len == uc_read_limit (read))
        {
          read->more = TRUE;
          break;
        }
      event = uc_event_from_json (json, (gsize)sqlite3_column_bytes (statement->handle, 0), &error);
      if (event == NULL)
        {
          /* Of a newer daemon's kind; what the table of types does not know concerns nobody here. */
          g_warning ("a row of the journal can't be read: %s", error->message);
          continue;
        }
      g_ptr_array_add (read->rows, event);
    }
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
read_value (UcSqlite *sqlite, UcStatement *statement, UcRead *read)
{
  int code = sqlite3_step (statement->handle);

  if (code == SQLITE_ROW && sqlite3_column_type (statement->handle, 0) != SQLITE_NULL)
    {
      const void *value = sqlite3_column_blob (statement->handle, 0);

      read->len = (gsize)sqlite3_column_bytes (statement->handle, 0);
      read->value = g_malloc (read->len + 1);
      if (read->len > 0)
        memcpy (read->value, value, read->len);
      read->value[read->len] = '\0';
    }
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
run (UcSqlite *sqlite, UcRead *read)
{
  UcStatement *statement;

  if (read->kind == UC_READ_LOAD)
    return uc_sqlite_load (sqlite, read);
  if (read->kind == UC_READ_INTERACTIONS)
    return uc_read_interactions (sqlite, read);
  if (read->kind == UC_READ_FAQS)
    return uc_read_faqs (sqlite, read);
  statement = uc_sqlite_statement (sqlite, reads[read->kind].sql);
  if (statement == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_read_bind (statement, read);
  switch (read->kind)
    {
    case UC_READ_EVENTS:
    case UC_READ_EVENTS_OF_AGENT:
    case UC_READ_INTERACTION_EVENTS:
    case UC_READ_AGENT_EVENTS:
      return read_journal (sqlite, statement, read);
    case UC_READ_COMMAND:
    case UC_READ_CREDENTIAL:
    case UC_READ_SESSION:
    case UC_READ_KV:
    case UC_READ_MEDIA:
    case UC_READ_IDLE_END:
      return read_value (sqlite, statement, read);
    default:
      return uc_read_rows (sqlite, statement, reads[read->kind].type, read);
    }
}

void
uc_sqlite_read (UcSqlite *sqlite, UcRead *read)
{
  int code = SQLITE_OK;

  /* Without memory not even the end of a transaction can be said; it has held its moment for long enough. */
  if (!sqlite3_get_autocommit (sqlite->db))
    code = uc_sqlite_exec (sqlite, "ROLLBACK");
  if (code == SQLITE_OK)
    code = run (sqlite, read);
  if (code == SQLITE_OK)
    return;
  read->result = UC_STORE_UNAVAILABLE;
  read->why = code == SQLITE_INTERRUPT
                  ? g_strdup ("the search took too long; narrow it by time, queue, agent or a longer word")
                  : uc_sqlite_sentence (sqlite, code);
  read->more = FALSE;
  g_ptr_array_set_size (read->rows, 0);
  g_clear_pointer (&read->value, g_free);
  read->len = 0;
}
