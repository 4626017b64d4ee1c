/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables, as steps from one schema version to the next. A released step never changes; a new need is a new
 * step. Times are ms since the epoch. `version` of a row is the number of the last event that changed it.
 */
#include "core/store/sqlite.h"

#include "core/base/error.h"

static const char schema_1[]
    = "CREATE TABLE meta ("
      "  key TEXT PRIMARY KEY,"
      "  value INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"
      "INSERT INTO meta VALUES ('epoch', 0), ('clean', 1);"

      /* The truth: everything below up to outbox can be made again from it. Without an index by agent: it is read
       * from a given number on, which is near the end. */
      "CREATE TABLE journal ("
      "  seq INTEGER PRIMARY KEY,"
      "  at INTEGER NOT NULL,"
      "  epoch INTEGER NOT NULL," /* which run of the daemon wrote it */
      "  type TEXT NOT NULL,"
      "  agent TEXT,"
      "  json TEXT NOT NULL"
      ") STRICT;"

      /* Definition, and the agent's status: as of login, status and asked are NULL until the first one. */
      "CREATE TABLE user ("
      "  id TEXT PRIMARY KEY,"
      "  login TEXT NOT NULL UNIQUE,"
      "  name TEXT,"
      "  role TEXT,"
      "  permissions TEXT,"
      "  capacity INTEGER NOT NULL,"
      "  acceptance_ms INTEGER NOT NULL,"
      "  enabled INTEGER NOT NULL,"
      "  status TEXT,"
      "  asked TEXT,"
      "  since INTEGER NOT NULL DEFAULT 0,"
      "  idle_since INTEGER NOT NULL DEFAULT 0,"
      "  stop_new INTEGER NOT NULL DEFAULT 0,"
      "  cause TEXT,"
      "  reason TEXT,"
      "  version INTEGER NOT NULL"
      ") STRICT;"

      "CREATE TABLE queue ("
      "  id TEXT PRIMARY KEY,"
      "  name TEXT,"
      "  enabled INTEGER NOT NULL,"
      "  post_processing_ms INTEGER NOT NULL,"
      "  boost INTEGER NOT NULL,"
      "  version INTEGER NOT NULL"
      ") STRICT;"

      "CREATE TABLE membership ("
      "  user TEXT NOT NULL REFERENCES user,"
      "  queue TEXT NOT NULL REFERENCES queue,"
      "  enabled INTEGER NOT NULL,"
      "  version INTEGER NOT NULL,"
      "  PRIMARY KEY (user, queue)"
      ") STRICT, WITHOUT ROWID;"

      "CREATE TABLE conversation ("
      "  id TEXT PRIMARY KEY,"
      "  channel TEXT NOT NULL,"
      "  network TEXT,"
      "  identity TEXT NOT NULL,"
      "  name TEXT,"
      "  last_n INTEGER NOT NULL DEFAULT 0,"
      "  version INTEGER NOT NULL,"
      "  UNIQUE (channel, identity)"
      ") STRICT;"

      "CREATE TABLE interaction ("
      "  id TEXT PRIMARY KEY,"
      "  conversation TEXT NOT NULL REFERENCES conversation,"
      "  channel TEXT,"
      "  network TEXT,"
      "  identity TEXT,"
      "  name TEXT,"
      "  queue TEXT REFERENCES queue,"
      "  queue_name TEXT,"
      "  state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'active', 'wrap_up', 'closed')),"
      "  agent TEXT,"
      "  offer TEXT,"
      "  deadline INTEGER NOT NULL DEFAULT 0,"
      "  acceptance_ms INTEGER NOT NULL DEFAULT 0,"
      "  enqueued_at INTEGER NOT NULL,"
      "  boost INTEGER NOT NULL DEFAULT 0,"
      "  excluded TEXT,"
      "  accepted_at INTEGER NOT NULL DEFAULT 0,"
      "  ended_at INTEGER NOT NULL DEFAULT 0,"
      "  ended_by TEXT,"
      "  closed_at INTEGER NOT NULL DEFAULT 0," /* 0 = not closed */
      "  cause TEXT,"
      "  customer TEXT,"
      "  customer_name TEXT,"
      "  draft INTEGER NOT NULL DEFAULT 0,"
      "  status TEXT," /* of Save to CRM, like the next four */
      "  mode TEXT,"
      "  case_id TEXT,"
      "  attempts INTEGER NOT NULL DEFAULT 0,"
      "  error TEXT,"
      "  first_n INTEGER NOT NULL DEFAULT 0," /* its lines lie between these numbers, which saves an index */
      "  last_n INTEGER NOT NULL DEFAULT 0,"  /* on message */
      "  version INTEGER NOT NULL"
      ") STRICT;"
      /* The few that are alive, for the start and for the list of what goes on. */
      "CREATE INDEX interaction_live ON interaction (conversation) WHERE closed_at = 0;"
      "CREATE INDEX interaction_saving ON interaction (enqueued_at) WHERE status IN ('requested', 'queued');"
      /* Lists are newest first, whole or narrowed by one of these. */
      "CREATE INDEX interaction_time ON interaction (enqueued_at);"
      "CREATE INDEX interaction_agent ON interaction (agent, enqueued_at);"
      "CREATE INDEX interaction_queue ON interaction (queue, enqueued_at);"
      "CREATE INDEX interaction_identity ON interaction (identity, enqueued_at);"
      "CREATE INDEX interaction_customer ON interaction (customer, enqueued_at) WHERE customer IS NOT NULL;"

      /* Clustered by conversation: a transcript is one range. external_id is of what came in and tells a
       * redelivery; the id the network gave to what we sent is sent_id, so the two can't be taken for each other.
       */
      "CREATE TABLE message ("
      "  conversation TEXT NOT NULL REFERENCES conversation,"
      "  n INTEGER NOT NULL,"
      "  at INTEGER NOT NULL,"
      "  message TEXT NOT NULL,"
      "  interaction TEXT,"
      "  agent TEXT,"
      "  author TEXT NOT NULL,"
      "  author_name TEXT,"
      "  by_user TEXT,"
      "  code TEXT,"
      "  text TEXT,"
      "  channel TEXT,"
      "  external_id TEXT,"
      "  sent_id TEXT,"
      "  client_id TEXT,"
      "  sent_at INTEGER NOT NULL DEFAULT 0,"
      "  state TEXT,"
      "  error TEXT,"
      "  PRIMARY KEY (conversation, n)"
      ") STRICT, WITHOUT ROWID;"
      /* The one index on it: each costs a page per message, since neighbours in time are not neighbours in it. */
      "CREATE UNIQUE INDEX message_external ON message (channel, external_id) WHERE external_id IS NOT NULL;"

      /* What is still to be handed to a network. In the order of rowid. */
      "CREATE TABLE outbox ("
      "  message TEXT PRIMARY KEY,"
      "  conversation TEXT NOT NULL,"
      "  n INTEGER NOT NULL,"
      "  channel TEXT,"
      "  due_at INTEGER NOT NULL,"
      "  attempts INTEGER NOT NULL DEFAULT 0,"
      "  last_error TEXT"
      ") STRICT;"

      /* Nobody's event. */
      "CREATE TABLE credential ("
      "  user TEXT PRIMARY KEY,"
      "  hash TEXT NOT NULL"
      ") STRICT, WITHOUT ROWID;"

      "CREATE TABLE session ("
      "  token_hash TEXT PRIMARY KEY,"
      "  user TEXT NOT NULL,"
      "  created_at INTEGER NOT NULL,"
      "  expires_at INTEGER NOT NULL,"
      "  seen_at INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"

      /* Answers to commands with a key. With a rowid, so that the oldest ones are found without an index. */
      "CREATE TABLE command ("
      "  user TEXT NOT NULL,"
      "  cmd_id TEXT NOT NULL,"
      "  at INTEGER NOT NULL,"
      "  answer TEXT,"
      "  PRIMARY KEY (user, cmd_id)"
      ") STRICT;"

      "CREATE TABLE kv ("
      "  space TEXT NOT NULL,"
      "  key TEXT NOT NULL,"
      "  value BLOB NOT NULL,"
      "  PRIMARY KEY (space, key)"
      ") STRICT, WITHOUT ROWID;";

const UcMigration uc_sqlite_migrations[] = {
  { 1, schema_1 },           { 2, uc_sqlite_schema_2 }, { 3, uc_sqlite_schema_3 },
  { 4, uc_sqlite_schema_4 }, { 5, uc_sqlite_schema_5 },
};
const guint uc_sqlite_n_migrations = G_N_ELEMENTS (uc_sqlite_migrations);

static gboolean
apply (UcSqlite *sqlite, const UcMigration *migration)
{
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                           UC_SQLITE_APPLICATION_ID, migration->version);

  return uc_sqlite_exec (sqlite, "BEGIN IMMEDIATE") == SQLITE_OK
         && uc_sqlite_exec (sqlite, migration->sql) == SQLITE_OK && uc_sqlite_exec (sqlite, mark) == SQLITE_OK
         && uc_sqlite_exec (sqlite, "COMMIT") == SQLITE_OK;
}

gboolean
uc_sqlite_migrate (UcSqlite *sqlite, const UcMigration *migrations, guint n, GError **error)
{
  int present = (int)uc_sqlite_int (sqlite, "PRAGMA user_version", -1);
  int newest = migrations[n - 1].version;

  if (present < 0)
    {
      g_autofree char *why = uc_sqlite_sentence (sqlite, sqlite3_extended_errcode (sqlite->db));

      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't read the schema version of the database: %s", why);
      return FALSE;
    }
  if (present > newest)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "%s was written by a newer usher: its schema is version %d, this program knows versions up to "
                   "%d; install the newer usher, or restore the backup made before the upgrade",
                   sqlite->path, present, newest);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      if (migrations[i].version <= present)
        continue;
      if (!apply (sqlite, &migrations[i]))
        {
          g_autofree char *why = uc_sqlite_sentence (sqlite, sqlite3_extended_errcode (sqlite->db));

          uc_sqlite_exec (sqlite, "ROLLBACK");
          g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                       "can't bring the database from schema version %d to %d; it is left as it was: %s", present,
                       migrations[i].version, why);
          return FALSE;
        }
      present = migrations[i].version;
    }
  return TRUE;
}
