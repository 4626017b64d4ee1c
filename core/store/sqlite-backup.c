/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies of databases. See backup.h. Any thread: each function opens connections of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/store/backup.h"
#include "core/store/sqlite.h"

/* 1 MiB: often enough to be stopped and to tell how far it is. */
#define PAGES_AT_ONCE 256

static void
set_error (UcSqlite *sqlite, const char *doing, GError **error)
{
  g_autofree char *why = uc_sqlite_sentence (sqlite, sqlite3_extended_errcode (sqlite->db));

  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s: %s", doing, why);
}

/* For the owner only: it holds what customers wrote. */
static UcSqlite *
make_file (const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  UcSqlite *sqlite;
  sqlite3 *db = NULL;

  if (fd < 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't make the file %s: %s", path, g_strerror (errno));
      return NULL;
    }
  close (fd);
  sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL);
  sqlite = uc_sqlite_new (path, db);
  sqlite3_extended_result_codes (db, 1);
  return sqlite;
}

static gboolean
copy_pages (UcSqlite *from, UcSqlite *to, UcBackupProgress progress, gpointer data, GError **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (to->db, "main", from->db, "main");
  gboolean go_on = TRUE;
  int code = SQLITE_OK;

  if (backup == NULL)
    {
      set_error (to, "can't begin the copy", error);
      return FALSE;
    }
  while (go_on && (code = sqlite3_backup_step (backup, PAGES_AT_ONCE)) == SQLITE_OK)
    {
      gint64 all = sqlite3_backup_pagecount (backup);

      go_on = progress == NULL || progress (all - sqlite3_backup_remaining (backup), all, data);
    }
  sqlite3_backup_finish (backup);
  if (code == SQLITE_DONE)
    return TRUE;
  if (go_on)
    set_error ((code & 0xff) == SQLITE_FULL ? to : from, "the copy can't be finished", error);
  else
    g_set_error_literal (error, UC_ERROR, UC_ERROR_FAILED, "it was stopped");
  return FALSE;
}

gboolean
uc_backup_copy (const char *from_path, const char *to_path, UcBackupProgress progress, gpointer data,
                GError **error)
{
  UcSqliteState state;
  g_autoptr (UcSqlite) from = uc_sqlite_open_reader (from_path, &state, error);
  g_autoptr (UcSqlite) to = from != NULL ? make_file (to_path, error) : NULL;
  gboolean done;

  if (to == NULL)
    return FALSE;
  /* Held until the last page is copied: then what others write meanwhile makes no page be copied again. */
  done = uc_sqlite_exec (from, "BEGIN; SELECT count (*) FROM meta") == SQLITE_OK;
  if (!done)
    set_error (from, "can't read the database", error);
  done = done && copy_pages (from, to, progress, data, error);
  uc_sqlite_exec (from, "ROLLBACK");
  /* One file without a log beside it. */
  if (done && uc_sqlite_exec (to, "PRAGMA journal_mode = DELETE") != SQLITE_OK)
    {
      set_error (to, "the copy can't be finished", error);
      done = FALSE;
    }
  if (!done)
    g_unlink (to_path);
  return done;
}

/* ---- looking into one ---------------------------------------------------------------------------------- */

gboolean
uc_backup_check (const char *path, UcBackupInfo *info, GError **error)
{
  UcSqliteState state = { 0 };
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (path, &state, error);
  sqlite3_stmt *check = NULL;
  g_autofree char *finding = NULL;
  struct stat file;

  if (sqlite == NULL)
    return FALSE;
  if (sqlite3_prepare_v2 (sqlite->db, "PRAGMA integrity_check(1)", -1, &check, NULL) == SQLITE_OK
      && sqlite3_step (check) == SQLITE_ROW)
    finding = g_strdup ((const char *)sqlite3_column_text (check, 0));
  else
    finding = g_strdup (sqlite3_errmsg (sqlite->db));
  sqlite3_finalize (check);
  if (g_strcmp0 (finding, "ok") != 0)
    {
      g_strdelimit (finding, "\n", ' ');
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s is damaged: %s", path, finding);
      return FALSE;
    }
  info->schema = uc_sqlite_int (sqlite, "PRAGMA user_version", 0);
  info->last_seq = state.last_seq;
  info->events = uc_sqlite_int (sqlite, "SELECT count (*) FROM journal", 0);
  info->messages = uc_sqlite_int (sqlite, "SELECT count (*) FROM message", 0);
  info->bytes = stat (path, &file) == 0 ? file.st_size : 0;
  return TRUE;
}

gboolean
uc_backup_each_media (const char *path,
                      gboolean (*func) (const char *id, gint64 size, gpointer data, GError **error), gpointer data,
                      GError **error)
{
  UcSqliteState state;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (path, &state, error);
  sqlite3_stmt *rows = NULL;
  gboolean going = TRUE;
  int code;

  if (sqlite == NULL)
    return FALSE;
  code = sqlite3_prepare_v2 (sqlite->db, "SELECT id, size FROM media ORDER BY id", -1, &rows, NULL);
  while (code == SQLITE_OK && going && (code = sqlite3_step (rows)) == SQLITE_ROW)
    {
      going = func ((const char *)sqlite3_column_text (rows, 0), sqlite3_column_int64 (rows, 1), data, error);
      code = SQLITE_OK;
    }
  if (going && code != SQLITE_DONE)
    {
      set_error (sqlite, "can't read which files there are", error);
      going = FALSE;
    }
  sqlite3_finalize (rows);
  return going;
}

/* ---- before one is put in a database's place ----------------------------------------------------------- */

int
uc_backup_lock (const char *path, GError **error)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);
  /* Whatever is there is going to be replaced, also a file without a byte. */
  int fd = uc_store_lock (path, NULL, error);

  /* It makes an empty database where there is none. */
  if (fd >= 0 && !there)
    g_unlink (path);
  return fd;
}

void
uc_backup_settle (int lock)
{
  uc_store_lock_settle (lock);
}

void
uc_backup_fold (const char *path)
{
  sqlite3 *db = NULL;

  if (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
    sqlite3_wal_checkpoint_v2 (db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_close (db);
}
