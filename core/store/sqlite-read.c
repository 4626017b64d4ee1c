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
  " coalesce (m.external_id, m.sent_id) AS external_id, m.client_id, m.sent_at, m.state, m.error"

/* The parameters: texts are ?1 to ?7 in the order of UcRead, ?8 is `after`, ?9 one row more than the limit. */
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
  [UC_READ_OUTBOX] = { MESSAGE ", o.attempts, o.due_at AS deadline, o.last_error AS error FROM outbox o"
                               " JOIN message m ON m.conversation = o.conversation AND m.n = o.n"
                               " JOIN conversation c ON c.id = o.conversation"
                               " WHERE ?1 IS NULL OR o.channel = ?1 ORDER BY o.rowid LIMIT ?9",
                       UC_EVENT_MESSAGE_ADDED },
  [UC_READ_COMMAND] = { "SELECT answer FROM command WHERE user = ?1 AND cmd_id = ?2", UC_EVENT_NONE },
  [UC_READ_CREDENTIAL] = { "SELECT hash FROM credential WHERE user = ?1", UC_EVENT_NONE },
  [UC_READ_SESSION]
  = { "SELECT user || ' ' || expires_at || ' ' || seen_at FROM session WHERE token_hash = ?1", UC_EVENT_NONE },
  [UC_READ_KV] = { "SELECT value FROM kv WHERE space = ?1 AND key = ?2", UC_EVENT_NONE },
};

static guint
limit_of (const UcRead *read)
{
  return read->limit > 0 ? read->limit : DEFAULT_LIMIT;
}

static void
bind (UcStatement *statement, const UcRead *read)
{
  for (int i = 1; i <= statement->n_parameters; i++)
    if (i <= UC_READ_TEXTS)
      uc_statement_bind_text (statement, i, read->text[i - 1]);
    else
      sqlite3_bind_int64 (statement->handle, i, i == 8 ? read->after : (gint64)limit_of (read) + 1);
}

static int
read_rows (UcSqlite *sqlite, UcStatement *statement, UcRead *read)
{
  int code = uc_sqlite_rows (sqlite, statement, reads[read->kind].type, read->rows);

  if (read->rows->len > limit_of (read))
    {
      read->more = TRUE;
      g_ptr_array_set_size (read->rows, (int)limit_of (read));
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

      if (read->rows->len == limit_of (read))
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

/* ---- the list of interactions -------------------------------------------------------------------------- */

/* The index of a few rows, where one will do: left alone, SQLite would rather walk all interactions there ever
 * were than sort the few. */
static const char *
small_index (const UcRead *read, gboolean live)
{
  if (read->text[0] != NULL)
    return "";
  if (read->save_pending)
    return " INDEXED BY interaction_saving";
  return live ? " INDEXED BY interaction_live" : "";
}

/* One statement per combination of filters, so that each can use its index. */
static const char *
interactions_sql (const UcRead *read)
{
  static const char *const filters[UC_READ_TEXTS]
      = { "id = ?1", "agent = ?2", "queue = ?3", "channel = ?4", "identity = ?5", "customer = ?6", "state = ?7" };
  gboolean live = read->text[6] != NULL && strcmp (read->text[6], "closed") != 0;
  g_autoptr (GString) sql = g_string_new (UC_SQLITE_INTERACTION);

  g_string_append_printf (sql, "%s WHERE enqueued_at < ?8", small_index (read, live));
  for (int i = 0; i < UC_READ_TEXTS; i++)
    if (read->text[i] != NULL)
      g_string_append_printf (sql, " AND %s", filters[i]);
  if (read->save_pending)
    g_string_append (sql, " AND status IN ('requested', 'queued')");
  if (live)
    g_string_append (sql, " AND closed_at = 0");
  g_string_append (sql, " ORDER BY enqueued_at DESC, rowid DESC");
  return g_intern_string (sql->str);
}

/* The cursor is a time, so rows of one millisecond are never parted: the page grows beyond the limit instead. */
static int
read_interactions (UcSqlite *sqlite, UcStatement *statement, UcRead *read)
{
  int code;

  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
    {
      UcEvent *row = uc_statement_row_event (statement, UC_EVENT_STATE_INTERACTION);

      if (read->rows->len >= limit_of (read)
          && row->enqueued_at != ((UcEvent *)g_ptr_array_index (read->rows, read->rows->len - 1))->enqueued_at)
        {
          uc_event_free (row);
          read->more = TRUE;
          break;
        }
      g_ptr_array_add (read->rows, row);
    }
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

/* ---------------------------------------------------------------------------------------------------------------
 */

static int
run (UcSqlite *sqlite, UcRead *read)
{
  UcStatement *statement;

  if (read->kind == UC_READ_LOAD)
    return uc_sqlite_load (sqlite, read);
  if (read->kind == UC_READ_INTERACTIONS)
    {
      read->after = read->after > 0 ? read->after : G_MAXINT64;
      statement = uc_sqlite_statement (sqlite, interactions_sql (read));
    }
  else
    statement = uc_sqlite_statement (sqlite, reads[read->kind].sql);
  if (statement == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  bind (statement, read);
  switch (read->kind)
    {
    case UC_READ_INTERACTIONS:
      return read_interactions (sqlite, statement, read);
    case UC_READ_EVENTS:
    case UC_READ_EVENTS_OF_AGENT:
      return read_journal (sqlite, statement, read);
    case UC_READ_COMMAND:
    case UC_READ_CREDENTIAL:
    case UC_READ_SESSION:
    case UC_READ_KV:
      return read_value (sqlite, statement, read);
    default:
      return read_rows (sqlite, statement, read);
    }
}

void
uc_sqlite_read (UcSqlite *sqlite, UcRead *read)
{
  int code = run (sqlite, read);

  if (code == SQLITE_OK)
    return;
  read->result = UC_STORE_UNAVAILABLE;
  read->why = uc_sqlite_sentence (sqlite, code);
  read->more = FALSE;
  g_ptr_array_set_size (read->rows, 0);
  g_clear_pointer (&read->value, g_free);
  read->len = 0;
}
