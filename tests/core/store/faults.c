/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A disk that fails on demand, see faults.h.
 */
#include "tests/core/store/faults.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

typedef struct
{
  sqlite3_file base;
  gboolean is_log, is_database;
  sqlite3_file *real; /* in the bytes that follow */
} File;

static sqlite3_vfs *usual;
static sqlite3_vfs faulty;
static int fault, left; /* atomic; and so the next */
static int needless_folds, growing, collisions, cuts;

static struct
{
  GMutex lock;
  GCond changed;
  const char *thread; /* NULL = nobody is held */
  gboolean fresh;     /* it has begun to read, and has read nothing yet */
  guint held, let_go;
} hold;

void
faults_set (Fault next, int after)
{
  g_atomic_int_set (&left, after);
  g_atomic_int_set (&fault, (int)next);
}

static gboolean
hits (Fault which)
{
  return g_atomic_int_get (&fault) == (int)which && g_atomic_int_add (&left, -1) <= 0;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

void
faults_hold (const char *thread)
{
  g_mutex_lock (&hold.lock);
  hold.thread = thread;
  hold.fresh = FALSE;
  hold.held = hold.let_go = 0;
  g_cond_broadcast (&hold.changed);
  g_mutex_unlock (&hold.lock);
}

guint
faults_held (void)
{
  guint held;

  g_mutex_lock (&hold.lock);
  held = hold.held;
  g_mutex_unlock (&hold.lock);
  return held;
}

void
faults_let_go (void)
{
  g_mutex_lock (&hold.lock);
  hold.let_go++;
  g_cond_broadcast (&hold.changed);
  g_mutex_unlock (&hold.lock);
}

static gboolean
is_thread (const char *wanted)
{
  char name[16] = "";

  return pthread_getname_np (pthread_self (), name, sizeof name) == 0 && strcmp (name, wanted) == 0;
}

/* Under the lock. */
static gboolean
is_held_thread (void)
{
  return hold.thread != NULL && is_thread (hold.thread);
}

static void
begins_to_read (void)
{
  g_mutex_lock (&hold.lock);
  hold.fresh |= is_held_thread ();
  g_mutex_unlock (&hold.lock);
}

static void
wait_to_read (void)
{
  guint number;

  g_mutex_lock (&hold.lock);
  if (hold.fresh && is_held_thread ())
    {
      hold.fresh = FALSE;
      number = ++hold.held;
      while (hold.thread != NULL && hold.let_go < number)
        g_cond_wait (&hold.changed, &hold.lock);
    }
  g_mutex_unlock (&hold.lock);
}

/* ---- what must not be ---------------------------------------------------------------------------------- */

guint
faults_needless_folds (void)
{
  return (guint)g_atomic_int_get (&needless_folds);
}

guint
faults_collisions (void)
{
  return (guint)g_atomic_int_get (&collisions);
}

guint
faults_cuts (void)
{
  return (guint)g_atomic_int_get (&cuts);
}

/* https://sqlite.org/walformat.html: how long the log is, and how much of it is folded. */
#define LOG_LOCK 1
#define LOG_FRAMES 4
#define LOG_FOLDED 24

static void
look_at_log (sqlite3_file *file)
{
  void volatile *map = NULL;
  const guint32 volatile *index;

  if (file->pMethods->xShmMap (file, 0, 32 * 1024, 0, &map) != SQLITE_OK || map == NULL)
    return;
  index = map;
  if (index[LOG_FRAMES] != 0 && index[LOG_FOLDED] == index[LOG_FRAMES])
    g_atomic_int_inc (&needless_folds);
}

static void
mind_collision (gboolean is_database)
{
  if (is_database && g_atomic_int_get (&growing) > 0)
    g_atomic_int_inc (&collisions);
}

/* ---- the files ----------------------------------------------------------------------------------------- */

static sqlite3_file *
real (sqlite3_file *file)
{
  return ((File *)file)->real;
}

static int
file_close (sqlite3_file *file)
{
  return real (file)->pMethods->xClose (real (file));
}

static int
file_read (sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
  wait_to_read ();
  if (((File *)file)->is_database && hits (FAULT_DATABASE_READ))
    return SQLITE_IOERR_READ;
  return real (file)->pMethods->xRead (real (file), to, n, at);
}

static int
file_write (sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
  if (((File *)file)->is_log && hits (FAULT_LOG_FULL))
    return SQLITE_FULL;
  if (((File *)file)->is_log && g_atomic_int_get (&fault) == FAULT_LOG_LIMIT
      && at + n > (sqlite3_int64)g_atomic_int_get (&left) * 1024)
    return SQLITE_FULL;
  if (((File *)file)->is_log && hits (FAULT_LOG_WRITE))
    return SQLITE_IOERR_WRITE;
  if (((File *)file)->is_database && hits (FAULT_DATABASE_FULL))
    return SQLITE_FULL;
  if (((File *)file)->is_database && g_atomic_int_get (&fault) == FAULT_DATABASE_SLOW)
    g_usleep (1000);
  mind_collision (((File *)file)->is_database);
  return real (file)->pMethods->xWrite (real (file), from, n, at);
}

static int
file_sync (sqlite3_file *file, int flags)
{
  if (((File *)file)->is_log && hits (FAULT_LOG_SYNC))
    return SQLITE_IOERR_FSYNC;
  if (((File *)file)->is_database && hits (FAULT_DATABASE_SYNC))
    return SQLITE_IOERR_FSYNC;
  return real (file)->pMethods->xSync (real (file), flags);
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return real (file)->pMethods->xFileSize (real (file), size);
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  sqlite3_int64 present = 0;

  mind_collision (((File *)file)->is_database);
  if (((File *)file)->is_database && is_thread ("store-folder") && file_size (file, &present) == SQLITE_OK
      && present > size)
    g_atomic_int_inc (&cuts);
  return real (file)->pMethods->xTruncate (real (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return real (file)->pMethods->xLock (real (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return real (file)->pMethods->xUnlock (real (file), level);
}

static int
file_check_lock (sqlite3_file *file, int *locked)
{
  return real (file)->pMethods->xCheckReservedLock (real (file), locked);
}

static gboolean
is_larger (sqlite3_file *file, sqlite3_int64 wanted)
{
  sqlite3_int64 size = 0;

  return real (file)->pMethods->xFileSize (real (file), &size) != SQLITE_OK || wanted > size;
}

static int
file_control (sqlite3_file *file, int op, void *arg)
{
  int code;

  if (op != SQLITE_FCNTL_SIZE_HINT || !((File *)file)->is_database || !is_larger (file, *(sqlite3_int64 *)arg))
    return real (file)->pMethods->xFileControl (real (file), op, arg);
  if (hits (FAULT_DATABASE_GROW))
    return SQLITE_IOERR_WRITE;
  g_atomic_int_inc (&growing);
  if (g_atomic_int_get (&fault) == FAULT_DATABASE_SLOW)
    g_usleep (5000);
  code = real (file)->pMethods->xFileControl (real (file), op, arg);
  g_atomic_int_add (&growing, -1);
  return code;
}

static int
file_sector (sqlite3_file *file)
{
  return real (file)->pMethods->xSectorSize (real (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return real (file)->pMethods->xDeviceCharacteristics (real (file));
}

static int
file_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **to)
{
  return real (file)->pMethods->xShmMap (real (file), page, size, extend, to);
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  int code;

  if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED))
    begins_to_read ();
  code = real (file)->pMethods->xShmLock (real (file), offset, n, flags);
  if (code == SQLITE_OK && offset == LOG_LOCK && n == 1 && flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)
      && is_thread ("store-folder"))
    look_at_log (real (file));
  return code;
}

static void
file_shm_barrier (sqlite3_file *file)
{
  real (file)->pMethods->xShmBarrier (real (file));
}

static int
file_shm_unmap (sqlite3_file *file, int remove)
{
  return real (file)->pMethods->xShmUnmap (real (file), remove);
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  File *ours = (File *)file;
  int code;

  memset (ours, 0, sizeof *ours);
  ours->real = (sqlite3_file *)(ours + 1);
  ours->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  ours->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  code = usual->xOpen (usual, name, ours->real, flags, out_flags);
  if (ours->real->pMethods != NULL)
    ours->base.pMethods = &methods;
  return code;
}

void
faults_install (void)
{
  usual = sqlite3_vfs_find (NULL);
  faulty = *usual;
  faulty.zName = "faulty";
  faulty.pNext = NULL;
  faulty.szOsFile = (int)sizeof (File) + usual->szOsFile;
  faulty.xOpen = vfs_open;
  g_assert_cmpint (sqlite3_vfs_register (&faulty, 1), ==, SQLITE_OK);
}
