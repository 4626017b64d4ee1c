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
  { UC_SQLITE_CONVERSATION " WHERE c.id IN (SELECT conversation FROM interaction WHERE closed_at = 0)"
                           " ORDER BY c.rowid",
    UC_EVENT_STATE_CONVERSATION },
  /* Left alone, SQLite would walk all interactions there ever were to spare the sorting of the few. */
  { UC_SQLITE_INTERACTION ("CASE state WHEN 'offered' THEN deadline - acceptance_ms ELSE 0 END AS since, "
                           "override_ms") "interaction INDEXED BY interaction_live WHERE closed_at = 0 ORDER BY "
                                          "enqueued_at, interaction.id",
    UC_EVENT_STATE_INTERACTION },
};

int
uc_sqlite_load_rows (UcSqlite *sqlite, GPtrArray *rows)
{
  int code = SQLITE_OK;

  for (gsize i = 0; i < G_N_ELEMENTS (loads) && code == SQLITE_OK; i++)
    {
      UcStatement *statement = uc_sqlite_statement (sqlite, loads[i].sql);

      code = statement != NULL ? uc_sqlite_rows (sqlite, statement, loads[i].type, rows)
                               : sqlite3_extended_errcode (sqlite->db);
    }
  return code;
}

int
uc_sqlite_load (UcSqlite *sqlite, UcRead *read)
{
  int code = uc_sqlite_exec (sqlite, "BEGIN");

  if (code == SQLITE_OK)
    code = uc_sqlite_load_rows (sqlite, read->rows);
  uc_sqlite_exec (sqlite, "COMMIT");
  return code;
}
