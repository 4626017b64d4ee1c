/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looks at every page of the database while the store is used, on a thread of its own, "store-check", with a
 * connection that only reads and the lowest priority. As long as it looks, it sees one moment, and the log can't
 * be emptied: when that gets long, it gives way and begins again, with more patience each time.
 */
#include "core/store/store-private.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 256 MiB of log the first time, twice as much each time it begins again. */
#define FIRST_ALLOWANCE 65536
#define MOST_ALLOWANCE (FIRST_ALLOWANCE * 16)
/* Of log, where the next look may begin. */
#define SHORT_LOG 16384
/* From linux/ioprio.h, which glibc has nothing of: only when nobody else wants the disk. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

struct UcChecker
{
  UcStore *store;
  char *path;
  GThread *thread;
  UcStoreDone done;
  gpointer data;

  GMutex lock; /* of what follows */
  GCond wake;
  UcSqlite *sqlite; /* while a look is under way */
  UcStoreCheckState state;
  gint64 began_us, ended_us;
  guint pauses, allowance, log_pages;
  gboolean sparing, stop;
};

UcChecker *
uc_checker_new (UcStore *store, const char *path, UcSqliteCheck check)
{
  UcChecker *checker = g_new0 (UcChecker, 1);

  checker->store = store;
  checker->path = g_strdup (path);
  checker->state = check == UC_SQLITE_CHECK_NONE ? UC_STORE_CHECK_NONE : UC_STORE_CHECK_DUE;
  checker->allowance = FIRST_ALLOWANCE;
  g_mutex_init (&checker->lock);
  g_cond_init (&checker->wake);
  return checker;
}

/* ---- its thread ---------------------------------------------------------------------------------------- */

/* Those who wait for the processor or the disk come first. */
static void
step_back (void)
{
  pid_t thread = (pid_t)syscall (SYS_gettid);

  if (setpriority (PRIO_PROCESS, (id_t)thread, 19) != 0)
    g_debug ("the check of the database runs with the priority of the rest: %s", g_strerror (errno));
  if (syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE) != 0)
    g_debug ("the check of the database reads with the priority of the rest: %s", g_strerror (errno));
}

/* FALSE: it is to stop. */
static gboolean
wait_for_short_log (UcChecker *checker)
{
  gboolean goes_on;

  g_mutex_lock (&checker->lock);
  while (!checker->stop && (checker->sparing || checker->log_pages > SHORT_LOG))
    {
      checker->state = UC_STORE_CHECK_PAUSED;
      g_cond_wait (&checker->wake, &checker->lock);
    }
  checker->state = UC_STORE_CHECK_RUNNING;
  goes_on = !checker->stop;
  g_mutex_unlock (&checker->lock);
  return goes_on;
}

static void
set_current (UcChecker *checker, UcSqlite *sqlite)
{
  g_mutex_lock (&checker->lock);
  checker->sqlite = sqlite;
  g_mutex_unlock (&checker->lock);
}

/* SQLITE_OK, an error code, or SQLITE_INTERRUPT. */
static int
look_once (UcChecker *checker, char **finding, char **why)
{
  UcSqliteState ignored = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (checker->path, &ignored, &error);
  int code;

  if (sqlite == NULL)
    {
      *why = g_strdup (error->message);
      return SQLITE_ERROR;
    }
  set_current (checker, sqlite);
  code = uc_sqlite_check_all (sqlite, finding);
  set_current (checker, NULL);
  if (code != SQLITE_OK)
    *why = uc_sqlite_sentence (sqlite, code);
  return code;
}

/* TRUE: it begins again. */
static gboolean
is_to_go_on (UcChecker *checker, int code)
{
  gboolean again;

  g_mutex_lock (&checker->lock);
  again = code == SQLITE_INTERRUPT && !checker->stop;
  if (again)
    {
      checker->pauses++;
      checker->allowance = MIN (checker->allowance * 2, MOST_ALLOWANCE);
    }
  g_mutex_unlock (&checker->lock);
  return again;
}

static void
set_ended (UcChecker *checker, UcStoreCheckState state)
{
  g_mutex_lock (&checker->lock);
  checker->state = state;
  checker->ended_us = g_get_monotonic_time ();
  g_cond_broadcast (&checker->wake);
  g_mutex_unlock (&checker->lock);
}

static void on_looked (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why);

static gpointer
checker_main (gpointer data)
{
  UcChecker *checker = data;
  UcStoreJob *job = g_new0 (UcStoreJob, 1);
  int code = SQLITE_INTERRUPT;

  job->value_done = on_looked;
  job->data = checker;
  step_back ();
  do
    {
      g_clear_pointer (&job->read.why, g_free);
      if (!wait_for_short_log (checker))
        break;
      code = look_once (checker, &job->read.value, &job->read.why);
    }
  while (is_to_go_on (checker, code));
  if (code != SQLITE_OK)
    job->read.result = UC_STORE_UNAVAILABLE;
  if (code == SQLITE_INTERRUPT)
    {
      g_free (job->read.why);
      job->read.why = g_strdup ("the store is being closed");
    }
  set_ended (checker, code == SQLITE_INTERRUPT  ? UC_STORE_CHECK_DUE
                      : code != SQLITE_OK       ? UC_STORE_CHECK_FAILED
                      : job->read.value == NULL ? UC_STORE_CHECK_SOUND
                                                : UC_STORE_CHECK_DAMAGED);
  uc_store_answer (checker->store, job);
  return NULL;
}

void
uc_checker_mind_log (UcChecker *checker, guint log_pages, gboolean sparing)
{
  g_mutex_lock (&checker->lock);
  checker->log_pages = log_pages;
  checker->sparing = sparing;
  if (checker->sqlite != NULL && (sparing || log_pages > checker->allowance))
    sqlite3_interrupt (checker->sqlite->db);
  g_cond_broadcast (&checker->wake);
  g_mutex_unlock (&checker->lock);
}

/* ---- the main thread ----------------------------------------------------------------------------------- */

static void
on_looked (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  UcChecker *checker = data;
  UcBatch *batch;

  if (result == UC_STORE_OK)
    {
      batch = uc_batch_new ();
      uc_batch_checked (batch, value != NULL ? UC_SQLITE_CHECK_DAMAGED : UC_SQLITE_CHECK_NONE);
      uc_store_commit (checker->store, batch, NULL, NULL);
    }
  if (checker->done != NULL)
    checker->done (checker->data, value != NULL ? UC_STORE_UNKNOWN : result, value != NULL ? value : why);
}

gboolean
uc_store_check (UcStore *store, UcStoreDone done, gpointer data)
{
  UcChecker *checker = uc_store_checker (store);

  if (checker == NULL || checker->state != UC_STORE_CHECK_DUE || checker->thread != NULL)
    return FALSE;
  checker->done = done;
  checker->data = data;
  checker->began_us = g_get_monotonic_time ();
  checker->state = UC_STORE_CHECK_RUNNING;
  checker->thread = g_thread_new ("store-check", checker_main, checker);
  return TRUE;
}

static gint64
size_of (const char *path, const char *tail)
{
  g_autofree char *name = g_strconcat (path, tail, NULL);
  struct stat file;

  return stat (name, &file) == 0 ? (gint64)file.st_size : 0;
}

void
uc_store_check_figures (UcStore *store, UcStoreCheck *check)
{
  UcChecker *checker = uc_store_checker (store);

  memset (check, 0, sizeof *check);
  if (checker == NULL)
    return;
  g_mutex_lock (&checker->lock);
  check->state = checker->state;
  check->pauses = checker->pauses;
  if (checker->began_us > 0)
    check->us = (checker->ended_us > 0 ? checker->ended_us : g_get_monotonic_time ()) - checker->began_us;
  g_mutex_unlock (&checker->lock);
  check->file_size = size_of (checker->path, "") + size_of (checker->path, "-wal");
}

/* Told again and again: SQLite forgets it when nothing runs on the connection yet. */
void
uc_checker_stop (UcChecker *checker)
{
  if (checker == NULL || checker->thread == NULL)
    return;
  g_mutex_lock (&checker->lock);
  checker->stop = TRUE;
  g_cond_broadcast (&checker->wake);
  while (checker->ended_us == 0)
    {
      if (checker->sqlite != NULL)
        sqlite3_interrupt (checker->sqlite->db);
      g_cond_wait_until (&checker->wake, &checker->lock, g_get_monotonic_time () + 10000);
    }
  g_mutex_unlock (&checker->lock);
  g_thread_join (g_steal_pointer (&checker->thread));
}

void
uc_checker_free (UcChecker *checker)
{
  if (checker == NULL)
    return;
  g_mutex_clear (&checker->lock);
  g_cond_clear (&checker->wake);
  g_free (checker->path);
  g_free (checker);
}
