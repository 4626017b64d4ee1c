/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The thread "store-folder". A fold of 64 MiB of log takes 15 to 50 ms, most of them waiting for the disk; between
 * two commits it would hold up everybody who waits for one.
 */
#include "core/store/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/store/sqlite.h"

/* Behind those who answer somebody, but not so far that a full core starves it: the log must not grow for ever. */
#define NICE 5

/* So many pages at once, which is about a millisecond of a disk. Left to the end, all are written together, and
 * the commits of that moment wait behind them. */
#define AT_ONCE 64

/* The methods of the database's file, with a look at how much was written, and at who makes it longer. */
typedef struct
{
  sqlite3_io_methods methods; /* the first: that is how paced_of () finds the rest */
  const sqlite3_io_methods *plain;
  guint at_once, unsynced;
  GMutex size; /* while the file is written to or made longer, also by the writer */
} Paced;

struct UcFolder
{
  char *path;
  GThread *thread;  /* NULL until the first fold */
  UcSqlite *sqlite; /* the thread's; NULL until it could be opened */
  Paced paced;

  GMutex lock; /* of what follows */
  GCond wake, ended;
  gboolean asked, stop;
  UcFold fold; /* how the last one went */
};

void
uc_fold_clear (UcFold *fold)
{
  g_clear_pointer (&fold->why, g_free);
}

/* ---- its thread ---------------------------------------------------------------------------------------- */

static Paced *
paced_of (sqlite3_file *file)
{
  return (Paced *)file->pMethods;
}

static int
write_paced (sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
  Paced *paced = paced_of (file);
  int code;

  g_mutex_lock (&paced->size);
  code = paced->plain->xWrite (file, from, n, at);
  g_mutex_unlock (&paced->size);
  if (code != SQLITE_OK || ++paced->unsynced < paced->at_once)
    return code;
  paced->unsynced = 0;
  return paced->plain->xSync (file, SQLITE_SYNC_NORMAL);
}

/* Never shorter: behind its last page may be what the writer claimed for a commit that is not folded yet. What is
 * too much the writer cuts off, when it folds itself. */
static int
lengthen (sqlite3_file *file, sqlite3_int64 size)
{
  Paced *paced = paced_of (file);
  sqlite3_int64 present = 0;
  int code;

  g_mutex_lock (&paced->size);
  code = paced->plain->xFileSize (file, &present);
  if (code == SQLITE_OK && present < size)
    code = paced->plain->xTruncate (file, size);
  g_mutex_unlock (&paced->size);
  return code;
}

static sqlite3_file *
database_file (UcSqlite *sqlite)
{
  sqlite3_file *file = NULL;

  return sqlite3_file_control (sqlite->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK ? file : NULL;
}

static UcSqlite *
open_paced (const char *path, Paced *paced, GError **error)
{
  UcSqlite *sqlite = uc_sqlite_open_folder (path, error);
  sqlite3_file *file = sqlite != NULL ? database_file (sqlite) : NULL;

  if (file == NULL)
    return sqlite;
  paced->plain = file->pMethods;
  paced->methods = *file->pMethods;
  paced->methods.xWrite = write_paced;
  paced->methods.xTruncate = lengthen;
  file->pMethods = &paced->methods;
  return sqlite;
}

/* SQLite syncs the database when it has folded all of the log, and with commits beside it that is never so. Done
 * here, it is not left to the writer. */
static int
sync_database (UcSqlite *sqlite)
{
  sqlite3_file *file = database_file (sqlite);

  return file != NULL ? file->pMethods->xSync (file, SQLITE_SYNC_NORMAL) : SQLITE_ERROR;
}

static void
fold_now (UcFolder *folder, UcFold *fold)
{
  g_autoptr (GError) error = NULL;
  int log = 0, done = 0;

  if (folder->sqlite == NULL)
    folder->sqlite = open_paced (folder->path, &folder->paced, &error);
  if (folder->sqlite == NULL)
    {
      fold->code = SQLITE_CANTOPEN;
      fold->why = g_strdup (error->message);
      return;
    }
  fold->code = sqlite3_wal_checkpoint_v2 (folder->sqlite->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);
  if (fold->code == SQLITE_OK)
    fold->code = sync_database (folder->sqlite);
  if (fold->code != SQLITE_OK)
    fold->why = uc_sqlite_sentence (folder->sqlite, fold->code);
  fold->log = (guint)MAX (log, 0);
  fold->done = (guint)MAX (done, 0);
}

static gpointer
folder_main (gpointer data)
{
  UcFolder *folder = data;
  pid_t thread = (pid_t)syscall (SYS_gettid);

  if (setpriority (PRIO_PROCESS, (id_t)thread, NICE) != 0)
    g_debug ("the log is folded with the priority of the rest: %s", g_strerror (errno));
  g_mutex_lock (&folder->lock);
  for (;;)
    {
      UcFold fold = { 0 };

      while (!folder->asked && !folder->stop)
        g_cond_wait (&folder->wake, &folder->lock);
      if (!folder->asked)
        break;
      g_mutex_unlock (&folder->lock);
      fold_now (folder, &fold);
      g_mutex_lock (&folder->lock);
      folder->fold = fold;
      folder->asked = FALSE;
      g_cond_signal (&folder->ended);
    }
  g_mutex_unlock (&folder->lock);
  return NULL;
}

/* ---- the writer's thread ------------------------------------------------------------------------------- */

UcFolder *
uc_folder_new (const char *path)
{
  UcFolder *folder = g_new0 (UcFolder, 1);

  folder->path = g_strdup (path);
  g_mutex_init (&folder->paced.size);
  g_mutex_init (&folder->lock);
  g_cond_init (&folder->wake);
  g_cond_init (&folder->ended);
  return folder;
}

void
uc_folder_begin (UcFolder *folder, gboolean hurry)
{
  g_mutex_lock (&folder->lock);
  folder->paced.at_once = hurry ? G_MAXUINT : AT_ONCE;
  folder->asked = TRUE;
  g_cond_signal (&folder->wake);
  g_mutex_unlock (&folder->lock);
  if (folder->thread == NULL)
    folder->thread = g_thread_new ("store-folder", folder_main, folder);
}

gboolean
uc_folder_end (UcFolder *folder, gboolean wait, UcFold *fold)
{
  gboolean ended;

  g_mutex_lock (&folder->lock);
  while (folder->asked && wait)
    g_cond_wait (&folder->ended, &folder->lock);
  ended = !folder->asked;
  if (ended)
    {
      *fold = folder->fold;
      memset (&folder->fold, 0, sizeof folder->fold);
    }
  g_mutex_unlock (&folder->lock);
  return ended;
}

void
uc_folder_hold_size (UcFolder *folder)
{
  if (folder != NULL)
    g_mutex_lock (&folder->paced.size);
}

void
uc_folder_let_size (UcFolder *folder)
{
  if (folder != NULL)
    g_mutex_unlock (&folder->paced.size);
}

void
uc_folder_free (UcFolder *folder)
{
  if (folder == NULL)
    return;
  if (folder->thread != NULL)
    {
      g_mutex_lock (&folder->lock);
      folder->stop = TRUE;
      g_cond_signal (&folder->wake);
      g_mutex_unlock (&folder->lock);
      g_thread_join (folder->thread);
    }
  uc_sqlite_close (folder->sqlite);
  uc_fold_clear (&folder->fold);
  g_mutex_clear (&folder->lock);
  g_mutex_clear (&folder->paced.size);
  g_cond_clear (&folder->wake);
  g_cond_clear (&folder->ended);
  g_free (folder->path);
  g_free (folder);
}
