/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rows an engine starts from. Reader thread.
 */
#include "core/store/sqlite.h"

/* In the order uc_engine_restore wants them. */
static const struct
{
  const char *sql;
  UcEventType type;
} loads[] = {
  { "SELECT preset, acceptance_ms, on_login, on_reject, on_timeout, reason_reject, reason_timeout,"
    " return_reject_ms, return_timeout_ms, max_misses, lease_ms, grace_ms, code_grace_ms, pop_on, late_save"
    " FROM policy",
    UC_EVENT_POLICY_CHANGED },
  { "SELECT id AS user, login, name, role, permissions, capacity, acceptance_ms, enabled, auto_accept, scope"
    " FROM user ORDER BY rowid",
    UC_EVENT_USER_CHANGED },
  { "SELECT id AS queue, name, enabled, post_processing_ms, boost, acceptance_ms, save_during, save_after"
    " FROM queue ORDER BY rowid",
    UC_EVENT_QUEUE_CHANGED },
  { "SELECT user, queue, enabled FROM membership ORDER BY user, queue", UC_EVENT_MEMBERSHIP_CHANGED },
  { "SELECT list, name, use, status, queues, required, enabled, codes FROM codes ORDER BY rowid",
    UC_EVENT_CODES_CHANGED },
  /* Who has had a desk, but never a status, is logged out. */
  { "SELECT id AS agent, coalesce (status, 'logged_out') AS status, coalesce (asked, 'logged_out') AS asked, "
    "since,"
    " idle_since, stop_new, cause, reason, misses, return_at, presence AS state, presence_deadline AS deadline"
    " FROM user WHERE coalesce (status, presence) IS NOT NULL ORDER BY rowid",
    UC_EVENT_STATE_AGENT },
  /* In the order of the tables, not of the index by conversation: neighbours in that lie anywhere in these. The
   * engine sees for itself which interaction is open. */
  { "SELECT " UC_SQLITE_CONVERSATION_OWN_COLUMNS " FROM conversation c WHERE c.rowid IN (SELECT o.rowid"
    " FROM interaction AS i INDEXED BY interaction_live CROSS JOIN conversation AS o ON o.id = i.conversation"
    " WHERE i.closed_at = 0) ORDER BY c.rowid",
    UC_EVENT_STATE_CONVERSATION },
  /* Sorted before the rows are read, which are long. Where they stood in line is nearly the order of the table. */
  { "SELECT CASE state WHEN 'offered' THEN deadline - acceptance_ms ELSE 0 END AS since,"
    " " UC_SQLITE_INTERACTION_OWN_COLUMNS (
        "override_ms") " FROM (SELECT s.rowid AS row FROM interaction AS s WHERE s.rowid IN"
                       "  (SELECT rowid FROM interaction INDEXED BY interaction_live WHERE closed_at = 0)"
                       "  ORDER BY s.enqueued_at, s.id LIMIT -1) AS open CROSS JOIN interaction ON "
                       "interaction.rowid = open.row",
    UC_EVENT_STATE_INTERACTION },
};

int
uc_sqlite_load_rows (UcSqlite *sqlite, UcRowFunc func, gpointer data)
{
  int code = SQLITE_OK;

  for (gsize i = 0; i < G_N_ELEMENTS (loads) && code == SQLITE_OK; i++)
    {
      UcStatement *statement = uc_sqlite_statement (sqlite, loads[i].sql);
      UcEvent row;

      if (statement == NULL)
        return sqlite3_extended_errcode (sqlite->db);
      while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
        {
          uc_statement_borrow_event (statement, loads[i].type, &row);
          func (&row, data);
        }
      sqlite3_reset (statement->handle);
      code = code == SQLITE_DONE ? SQLITE_OK : code;
    }
  return code;
}

static void
keep (const UcEvent *row, gpointer data)
{
  g_ptr_array_add (data, uc_event_copy (row));
}

int
uc_sqlite_load (UcSqlite *sqlite, UcRead *read)
{
  int code = uc_sqlite_exec (sqlite, "BEGIN");

  if (code == SQLITE_OK)
    code = uc_sqlite_load_rows (sqlite, read->each != NULL ? read->each : keep,
                                read->each != NULL ? read->each_data : read->rows);
  uc_sqlite_exec (sqlite, "COMMIT");
  return code;
}
