/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One connection, made and used by the worker thread. SQLite's own rules set the frame: only one connection writes
 * and checkpoints (bug fixed in 3.51.3), and after an I/O error nothing it holds in memory is trusted.
 */
#include "local-db.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local-schema.h"
#include "local-text.h"

#define BUSY_MS 5000
/* Below this size a check of the whole file costs less than half a second, so it is always made. */
#define SMALL_FILE (64 * 1024 * 1024)

/* ---- errors -------------------------------------------------------------------------------------------- */

gboolean
local_db_error (LocalDb *db, int code, GError **error)
{
  const char *path = db->path;

  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      g_set_error (error, LOCAL_ERROR, USHER_RETRY,
                   "The customer database %s is locked by another program. Close that program.", path);
      break;
    case SQLITE_FULL:
      db->broken = TRUE;
      g_set_error (error, LOCAL_ERROR, USHER_RETRY,
                   "The disk with the customer database %s is full. Nothing was saved; free some space.", path);
      break;
    case SQLITE_IOERR:
      db->broken = TRUE;
      g_set_error (error, LOCAL_ERROR, USHER_RETRY,
                   "The customer database %s could not be read or written (%s). Check the disk.", path,
                   sqlite3_errmsg (db->handle));
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      db->broken = TRUE;
      g_set_error (error, LOCAL_ERROR, USHER_RETRY,
                   "The customer database %s can't be opened for writing (%s). Check that its folder exists and "
                   "belongs to the user that runs usher.",
                   path, sqlite3_errmsg (db->handle));
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      db->broken = TRUE;
      g_set_error (error, LOCAL_ERROR, USHER_FAILED,
                   "%s is damaged or not a database (%s). Put back a backup, or move the file away to begin with "
                   "an empty one.",
                   path, sqlite3_errmsg (db->handle));
      break;
    default:
      g_set_error (error, LOCAL_ERROR, USHER_FAILED, "The customer database %s answered: %s (%d).", path,
                   sqlite3_errmsg (db->handle), code);
    }
  return FALSE;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

void
local_statement_done (LocalStatement *statement)
{
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}

static void
forget_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

gboolean
local_db_run (LocalDb *db, const char *sql, GError **error)
{
  int code = sqlite3_exec (db->handle, sql, NULL, NULL, NULL);

  return code == SQLITE_OK ? TRUE : local_db_error (db, code, error);
}

LocalStatement *
local_db_prepare (LocalDb *db, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (db->statements, sql);
  int code;

  if (statement != NULL)
    return statement;
  code = sqlite3_prepare_v3 (db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      local_db_error (db, code, error);
      return NULL;
    }
  g_hash_table_insert (db->statements, (gpointer)sql, statement);
  return statement;
}

gboolean
local_db_step (LocalDb *db, LocalStatement *statement, gboolean *row, GError **error)
{
  int code = sqlite3_step (statement);

  *row = code == SQLITE_ROW;
  return code == SQLITE_ROW || code == SQLITE_DONE ? TRUE : local_db_error (db, code, error);
}

gboolean
local_db_finish (LocalDb *db, LocalStatement *statement, GError **error)
{
  gboolean row = TRUE;

  while (row)
    if (!local_db_step (db, statement, &row, error))
      return FALSE;
  return TRUE;
}

gboolean
local_db_number (LocalDb *db, LocalStatement *statement, gint64 fallback, gint64 *value, GError **error)
{
  gboolean row;

  if (!local_db_step (db, statement, &row, error))
    return FALSE;
  *value = row ? sqlite3_column_int64 (statement, 0) : fallback;
  return TRUE;
}

gboolean
local_db_find (LocalDb *db, const char *sql, const char *text, gint64 *value, GError **error)
{
  g_autoptr (LocalStatement) find = NULL;

  *value = 0;
  if (text == NULL || *text == '\0')
    return TRUE;
  find = local_db_prepare (db, sql, error);
  if (find == NULL)
    return FALSE;
  local_bind_text (find, 1, text);
  return local_db_number (db, find, 0, value, error);
}

void
local_bind_text (LocalStatement *statement, int at, const char *text)
{
  if (text != NULL && *text != '\0')
    sqlite3_bind_text (statement, at, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, at);
}

void
local_bind_int (LocalStatement *statement, int at, gint64 value)
{
  sqlite3_bind_int64 (statement, at, value);
}

char *
local_column_text (LocalStatement *statement, int at, LocalPool *pool)
{
  return local_pool_text (pool, (const char *)sqlite3_column_text (statement, at));
}

/* ---- functions of our own in SQL ----------------------------------------------------------------------- */

static const char *
argument (sqlite3_value *value)
{
  const char *text = (const char *)sqlite3_value_text (value);

  return text != NULL ? text : "";
}

static void
has_words (sqlite3_context *context, int count, sqlite3_value **values)
{
  sqlite3_result_int (context, local_needle_in (argument (values[0]), argument (values[1])));
}

static void
rank_of (sqlite3_context *context, int count, sqlite3_value **values)
{
  sqlite3_result_int (context, local_needle_rank (argument (values[0]), argument (values[1])));
}

/* A line of a haystack, for the step that brings an old file up to date. */
static void
folded (sqlite3_context *context, int count, sqlite3_value **values)
{
  g_autoptr (GString) line = g_string_new (NULL);

  local_haystack_add (line, argument (values[0]));
  sqlite3_result_text (context, line->str, -1, SQLITE_TRANSIENT);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* A lock of our own keeps a second instance or daemon from writing to the same file; readers are welcome. It
 * belongs to the open file, so it also works between two instances in one process, and dies with its holder. */
static gboolean
take_lock (LocalDb *db, GError **error)
{
  g_autofree char *path = g_strconcat (db->path, ".lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  db->lock_fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (db->lock_fd < 0)
    {
      g_set_error (error, LOCAL_ERROR, USHER_RETRY,
                   "%s can't be made: %s. Check that the folder exists and belongs to the user that runs usher.",
                   path, g_strerror (errno));
      return FALSE;
    }
  if (fcntl (db->lock_fd, F_OFD_SETLK, &lock) == 0)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_RETRY,
               "The customer database %s is in use by another CRM instance or another usherd. Give each its own "
               "path, or stop the other one.",
               db->path);
  return FALSE;
}

/* A write-ahead log that was not emptied means that the last user of the file did not close it. */
static gboolean
wants_check (LocalDb *db)
{
  g_autofree char *wal = g_strconcat (db->path, "-wal", NULL);
  struct stat file, log;

  if (stat (wal, &log) == 0 && log.st_size > 0)
    return TRUE;
  return stat (db->path, &file) == 0 && file.st_size > 0 && file.st_size < SMALL_FILE;
}

static gboolean
check_file (LocalDb *db, GError **error)
{
  g_autoptr (LocalStatement) check = local_db_prepare (db, "PRAGMA quick_check(1)", error);
  const char *verdict;
  gboolean row;

  if (check == NULL || !local_db_step (db, check, &row, error))
    return FALSE;
  verdict = row ? (const char *)sqlite3_column_text (check, 0) : "no answer";
  if (g_strcmp0 (verdict, "ok") == 0)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_FAILED,
               "The customer database %s is damaged (%s). Put back a backup, or recover it with the command "
               "sqlite3 %s .recover.",
               db->path, verdict, db->path);
  return FALSE;
}

static gboolean
connect_file (LocalDb *db, GError **error)
{
  static const int flags
      = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  static const int function = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  gboolean check = wants_check (db);
  int code = sqlite3_open_v2 (db->path, &db->handle, flags, NULL);

  if (code != SQLITE_OK)
    return local_db_error (db, code, error);
  /* Customers' data: for nobody else's eyes, whatever the umask. SQLite gives its side files the same mode. */
  g_chmod (db->path, 0600);
  sqlite3_busy_timeout (db->handle, BUSY_MS);
  sqlite3_db_config (db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_create_function (db->handle, "local_has", 2, function, NULL, has_words, NULL, NULL);
  sqlite3_create_function (db->handle, "local_rank", 2, function, NULL, rank_of, NULL, NULL);
  sqlite3_create_function (db->handle, "local_fold", 1, function, NULL, folded, NULL, NULL);
  return local_schema_recognise (db, error) && (!check || check_file (db, error))
         && local_db_run (db,
                          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                          "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216;",
                          error)
         && local_schema_upgrade (db, error);
}

LocalDb *
local_db_open (const char *path, const UsherHost *host, const LocalConfig *config, GError **error)
{
  LocalDb *db = g_new0 (LocalDb, 1);

  db->host = host;
  db->path = g_strdup (path);
  db->lock_fd = -1;
  db->config = config;
  db->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, forget_statement);
  if (take_lock (db, error) && connect_file (db, error))
    {
      db->broken = FALSE;
      return db;
    }
  local_db_close (db);
  return NULL;
}

void
local_db_close (LocalDb *db)
{
  g_hash_table_unref (db->statements);
  if (db->handle != NULL)
    sqlite3_close (db->handle);
  if (db->lock_fd >= 0)
    close (db->lock_fd);
  g_free (db->path);
  g_free (db);
}
