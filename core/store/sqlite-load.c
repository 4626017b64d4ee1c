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
  { "SELECT id AS user, login, name, role, permissions, capacity, acceptance_ms, enabled FROM user ORDER BY rowid",
    UC_EVENT_USER_CHANGED },
  { "SELECT id AS queue, name, enabled, post_processing_ms, boost FROM queue ORDER BY rowid",
    UC_EVENT_QUEUE_CHANGED },
  { "SELECT user, queue, enabled FROM membership ORDER BY user, queue", UC_EVENT_MEMBERSHIP_CHANGED },
  { "SELECT id AS agent, status, asked, since, idle_since, stop_new, cause, reason FROM user"
    " WHERE status IS NOT NULL ORDER BY rowid",
    UC_EVENT_STATE_AGENT },
  { UC_SQLITE_CONVERSATION " WHERE c.id IN (SELECT conversation FROM interaction WHERE closed_at = 0)"
                           " ORDER BY c.rowid",
    UC_EVENT_STATE_CONVERSATION },
  /* Left alone, SQLite would walk all interactions there ever were to spare the sorting of the few. */
  { UC_SQLITE_INTERACTION " INDEXED BY interaction_live WHERE closed_at = 0 ORDER BY enqueued_at, id",
    UC_EVENT_STATE_INTERACTION },
};

int
uc_sqlite_load (UcSqlite *sqlite, UcRead *read)
{
  int code = uc_sqlite_exec (sqlite, "BEGIN");

  for (gsize i = 0; i < G_N_ELEMENTS (loads) && code == SQLITE_OK; i++)
    {
      UcStatement *statement = uc_sqlite_statement (sqlite, loads[i].sql);

      code = statement != NULL ? uc_sqlite_rows (sqlite, statement, loads[i].type, read->rows)
                               : sqlite3_extended_errcode (sqlite->db);
    }
  uc_sqlite_exec (sqlite, "COMMIT");
  return code;
}
