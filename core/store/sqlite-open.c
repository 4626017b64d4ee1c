/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening a database: whose it is, which version, whether it is sound, and the settings every connection needs.
 * Main thread, before the store's threads run.
 */
#include "core/store/sqlite.h"

#include "core/base/error.h"
#include "core/store/sqlite-text.h"

static void
set_error (UcSqlite *sqlite, const char *doing, GError **error)
{
  g_autofree char *why = uc_sqlite_sentence (sqlite, sqlite3_extended_errcode (sqlite->db));

  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s: %s", doing, why);
}

static gboolean
read_int (UcSqlite *sqlite, const char *sql, gint64 *value, GError **error)
{
  /* None of these is ever so small. */
  *value = uc_sqlite_int (sqlite, sql, G_MININT64);
  if (*value == G_MININT64)
    set_error (sqlite, "can't read the database", error);
  return *value != G_MININT64;
}

/* Nobody asks SQLite how much memory it has: counting it is a lock for each piece. Too late is no harm. */
static void
configure_library (void)
{
  static gsize once = 0;

  if (!g_once_init_enter (&once))
    return;
  (void)sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0);
  g_once_init_leave (&once, 1);
}

static UcSqlite *
connect_to (const char *path, int flags, GError **error)
{
  g_autoptr (UcSqlite) sqlite = NULL;
  sqlite3 *db = NULL;
  int code;

  configure_library ();
  code = sqlite3_open_v2 (path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  sqlite = uc_sqlite_new (path, db);
  if (code == SQLITE_OK)
    code = uc_text_register (db);
  if (code != SQLITE_OK)
    {
      g_autofree char *why = uc_sqlite_sentence (sqlite, code);

      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't open the database: %s", why);
      return NULL;
    }
  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, UC_SQLITE_BUSY_MS);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  /* Nobody folds the log but who means to: closing a database that was refused changes nothing. */
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_wal_autocheckpoint (db, 0);
  return g_steal_pointer (&sqlite);
}

/* Reads the header and tells a foreign or damaged file. */
static gboolean
check_owner (UcSqlite *sqlite, gboolean fresh, GError **error)
{
  gint64 owner, version, objects;
  int code = uc_sqlite_exec (sqlite, "SELECT count(*) FROM sqlite_schema");

  if ((code & 0xff) == SQLITE_NOTADB)
    {
      g_set_error (
          error, UC_ERROR, UC_ERROR_FAILED,
          "%s is not a database of usher: it does not begin like an SQLite file; correct the path, or move "
          "the file away to start with an empty database",
          sqlite->path);
      return FALSE;
    }
  if (code != SQLITE_OK)
    {
      set_error (sqlite, "can't read the database", error);
      return FALSE;
    }
  if (!read_int (sqlite, "PRAGMA application_id", &owner, error)
      || !read_int (sqlite, "PRAGMA user_version", &version, error)
      || !read_int (sqlite, "SELECT count(*) FROM sqlite_schema", &objects, error))
    return FALSE;
  if (owner == 0 && version == 0 && objects == 0)
    {
      if (!fresh)
        g_set_error (
            error, UC_ERROR, UC_ERROR_FAILED,
            "the database %s has no tables, which usher never leaves it; restore it from a backup, or remove "
            "the file to start with an empty centre",
            sqlite->path);
      return fresh;
    }
  if (owner == UC_SQLITE_APPLICATION_ID)
    return TRUE;
  g_set_error (
      error, UC_ERROR, UC_ERROR_FAILED,
      "%s is an SQLite database of another program (application id 0x%08x, usher's is 0x%08x); correct the "
      "path",
      sqlite->path, (guint)owner, (guint)UC_SQLITE_APPLICATION_ID);
  return FALSE;
}

static gboolean
set_up_writer (UcSqlite *sqlite, GError **error)
{
  sqlite3_stmt *handle = NULL;
  gboolean wal = sqlite3_prepare_v2 (sqlite->db, "PRAGMA journal_mode = WAL", -1, &handle, NULL) == SQLITE_OK
                 && sqlite3_step (handle) == SQLITE_ROW
                 && g_strcmp0 ((const char *)sqlite3_column_text (handle, 0), "wal") == 0;

  sqlite3_finalize (handle);
  if (!wal)
    {
      set_error (sqlite, "can't use a write-ahead log here (a network file system has none)", error);
      return FALSE;
    }
  /* FULL: what was answered survives a power cut. temp_store: savepoints must not need room on a full disk.
   * cache_size, in kB: the pages that are written again and again. */
  if (uc_sqlite_exec (sqlite, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -65536")
      == SQLITE_OK)
    return TRUE;
  set_error (sqlite, "can't set up the database", error);
  return FALSE;
}

/* Of the whole file: its cost is that of reading it. */
static gboolean
check_all (UcSqlite *sqlite, GError **error)
{
  g_autofree char *finding = NULL;

  if (uc_sqlite_check_all (sqlite, &finding) != SQLITE_OK)
    set_error (sqlite, "can't check the database", error);
  else if (finding != NULL)
    g_set_error (
        error, UC_ERROR, UC_ERROR_FAILED,
        "%s is damaged (%s); restore it from a backup, or save what can be read with: sqlite3 %s .recover",
        sqlite->path, finding, sqlite->path);
  else
    return TRUE;
  return FALSE;
}

/* "table user", ... of everything there is. */
static GPtrArray *
list_objects (UcSqlite *sqlite, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *names = NULL;
  int code = sqlite3_prepare_v2 (sqlite->db, "SELECT type || ' ' || name FROM sqlite_schema ORDER BY rowid", -1,
                                 &names, NULL);

  while (code == SQLITE_OK || code == SQLITE_ROW)
    {
      code = sqlite3_step (names);
      if (code == SQLITE_ROW)
        g_ptr_array_add (list, g_strdup ((const char *)sqlite3_column_text (names, 0)));
    }
  sqlite3_finalize (names);
  if (code == SQLITE_DONE && !g_ptr_array_find (list, NULL, NULL))
    return g_steal_pointer (&list);
  set_error (sqlite, "can't tell what the database has", error);
  return NULL;
}

/* Of everything that the migrations make. Made once in a process. */
static GPtrArray *
schema_objects (GError **error)
{
  static GPtrArray *objects;
  g_autoptr (UcSqlite) model = NULL;

  if (objects != NULL)
    return objects;
  model = connect_to (":memory:", SQLITE_OPEN_READWRITE, error);
  if (model != NULL && uc_sqlite_migrate (model, uc_sqlite_migrations, uc_sqlite_n_migrations, error))
    objects = list_objects (model, error);
  return objects;
}

/* Each table and index that the migrations make must be there. */
static gboolean
check_complete (UcSqlite *sqlite, GError **error)
{
  const GPtrArray *objects = schema_objects (error);
  g_autoptr (GPtrArray) there = objects != NULL ? list_objects (sqlite, error) : NULL;

  for (guint i = 0; there != NULL && i < objects->len; i++)
    if (!g_ptr_array_find_with_equal_func (there, objects->pdata[i], g_str_equal, NULL))
      {
        g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                     "the database %s has lost its %s: another program changed it; restore it from a backup",
                     sqlite->path, (const char *)objects->pdata[i]);
        return FALSE;
      }
  return there != NULL;
}

/* A log that an unclean exit left is given back to a full disk first: then there is room again to write. */
static int
mark_in_use (UcSqlite *sqlite, UcSqliteCheck check)
{
  g_autofree char *mark
      = g_strdup_printf ("BEGIN IMMEDIATE;"
                         "UPDATE meta SET value = CASE key WHEN 'epoch' THEN value + 1 ELSE 0 END"
                         " WHERE key IN ('epoch', 'clean');"
                         "INSERT INTO meta VALUES ('check', %d)"
                         " ON CONFLICT (key) DO UPDATE SET value = excluded.value;"
                         "COMMIT",
                         check);
  int code = uc_sqlite_exec (sqlite, mark);

  if (code != SQLITE_OK && !sqlite3_get_autocommit (sqlite->db))
    uc_sqlite_exec (sqlite, "ROLLBACK");
  if (code != SQLITE_FULL
      || sqlite3_wal_checkpoint_v2 (sqlite->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
    return code;
  return uc_sqlite_exec (sqlite, mark);
}

static gboolean
read_state (UcSqlite *sqlite, UcSqliteState *state, GError **error)
{
  gint64 clean, check;

  if (!read_int (sqlite, "SELECT value FROM meta WHERE key = 'epoch'", &state->epoch, error)
      || !read_int (sqlite, "SELECT value FROM meta WHERE key = 'clean'", &clean, error)
      || !read_int (sqlite, "SELECT coalesce ((SELECT value FROM meta WHERE key = 'check'), 0)", &check, error)
      || !read_int (sqlite, "SELECT coalesce (max(seq), 0) FROM journal", &state->last_seq, error))
    return FALSE;
  state->unclean = clean == 0;
  state->check = (UcSqliteCheck)check;
  return TRUE;
}

/* After an unclean end what was written last is looked at now, all the rest when the daemon runs. But where damage
 * has been found once, nothing is served before every page has been looked at. */
static gboolean
check_sound (UcSqlite *sqlite, UcSqliteState *state, GError **error)
{
  if (state->check == UC_SQLITE_CHECK_DAMAGED)
    {
      if (!check_all (sqlite, error))
        return FALSE;
      state->check = UC_SQLITE_CHECK_NONE;
    }
  if (!state->unclean)
    return TRUE;
  state->check = UC_SQLITE_CHECK_DUE;
  return uc_sqlite_check_tail (sqlite, state->last_seq, error);
}

UcSqlite *
uc_sqlite_open_writer (const char *path, gboolean fresh, UcSqliteState *state, GError **error)
{
  g_autoptr (UcSqlite) sqlite = connect_to (path, SQLITE_OPEN_READWRITE, error);
  int code;

  if (sqlite == NULL || !check_owner (sqlite, fresh, error) || !set_up_writer (sqlite, error)
      || !uc_sqlite_migrate (sqlite, uc_sqlite_migrations, uc_sqlite_n_migrations, error)
      || !check_complete (sqlite, error) || !read_state (sqlite, state, error)
      || !check_sound (sqlite, state, error))
    return NULL;
  code = mark_in_use (sqlite, state->check);
  if (code != SQLITE_OK)
    {
      /* What the connection says of itself is of what was taken back since. */
      g_autofree char *why = uc_sqlite_sentence (sqlite, code);

      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't write to the database: %s", why);
      return NULL;
    }
  state->epoch++;
  return g_steal_pointer (&sqlite);
}

static gboolean
check_version (UcSqlite *sqlite, GError **error)
{
  int newest = uc_sqlite_migrations[uc_sqlite_n_migrations - 1].version, present;
  gint64 version;

  if (!read_int (sqlite, "PRAGMA user_version", &version, error))
    return FALSE;
  present = (int)version;
  if (present == newest)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s has schema version %d, this program reads version %d; %s",
               sqlite->path, present, newest,
               present < newest ? "start usherd once, which brings it up to date"
                                : "use the newer usher's program");
  return FALSE;
}

UcSqlite *
uc_sqlite_open_reader (const char *path, UcSqliteState *state, GError **error)
{
  g_autoptr (UcSqlite) sqlite = connect_to (path, SQLITE_OPEN_READONLY, error);

  if (sqlite == NULL)
    return NULL;
  if (!check_owner (sqlite, FALSE, error) || !check_version (sqlite, error) || !check_complete (sqlite, error)
      || !read_state (sqlite, state, error))
    return NULL;
  return g_steal_pointer (&sqlite);
}

UcSqlite *
uc_sqlite_open_folder (const char *path, GError **error)
{
  g_autoptr (UcSqlite) sqlite = connect_to (path, SQLITE_OPEN_READWRITE, error);

  /* What is folded is on the disk before the log may begin anew. */
  if (sqlite != NULL && uc_sqlite_exec (sqlite, "PRAGMA synchronous = FULL") == SQLITE_OK)
    return g_steal_pointer (&sqlite);
  if (sqlite != NULL)
    set_error (sqlite, "can't set up the database", error);
  return NULL;
}

UcSqlite *
uc_sqlite_open_private (GError **error)
{
  return connect_to ("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, error);
}
