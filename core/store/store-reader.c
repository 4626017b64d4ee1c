/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A thread that answers questions to the store, one after the other, with a connection of its own. It is asked on
 * the main thread.
 */
#include "core/store/store-private.h"

struct UcReader
{
  UcStore *store;
  GThread *thread;
  UcSqlite *sqlite; /* the thread's */

  GMutex lock; /* of what follows */
  GCond wake, done;
  GQueue jobs;                    /* of UcStoreJob* */
  UcStoreJob *awaited, *answered; /* somebody waits for this one, and here it is */
  gboolean stop;
};

/* TRUE: whoever asked takes it himself. */
static gboolean
hand_to_waiter (UcReader *reader, UcStoreJob *job)
{
  gboolean waits;

  g_mutex_lock (&reader->lock);
  waits = reader->awaited == job;
  if (waits)
    {
      reader->answered = job;
      g_cond_signal (&reader->done);
    }
  g_mutex_unlock (&reader->lock);
  return waits;
}

static gpointer
reader_main (gpointer data)
{
  UcReader *reader = data;

  for (;;)
    {
      UcStoreJob *job;

      g_mutex_lock (&reader->lock);
      while (g_queue_is_empty (&reader->jobs) && !reader->stop)
        g_cond_wait (&reader->wake, &reader->lock);
      job = g_queue_pop_head (&reader->jobs);
      g_mutex_unlock (&reader->lock);
      if (job == NULL)
        return NULL;
      uc_sqlite_read (reader->sqlite, &job->read);
      if (!hand_to_waiter (reader, job))
        uc_store_answer (reader->store, job);
    }
}

UcReader *
uc_reader_new (UcStore *store, UcSqlite *sqlite, const char *name)
{
  UcReader *reader = g_new0 (UcReader, 1);

  reader->store = store;
  reader->sqlite = sqlite;
  /* In kB; as much as is used. A start and a search go through tables and indexes of a whole centre. */
  uc_sqlite_exec (sqlite, "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY");
  g_mutex_init (&reader->lock);
  g_cond_init (&reader->wake);
  g_cond_init (&reader->done);
  reader->thread = g_thread_new (name, reader_main, reader);
  return reader;
}

static void
ask (UcReader *reader, UcStoreJob *job, gboolean awaited)
{
  g_mutex_lock (&reader->lock);
  if (awaited)
    reader->awaited = job;
  g_queue_push_tail (&reader->jobs, job);
  g_cond_signal (&reader->wake);
  g_mutex_unlock (&reader->lock);
}

void
uc_reader_ask (UcReader *reader, UcStoreJob *job)
{
  ask (reader, job, FALSE);
}

void
uc_reader_ask_and_wait (UcReader *reader, UcStoreJob *job)
{
  ask (reader, job, TRUE);
  g_mutex_lock (&reader->lock);
  while (reader->answered == NULL)
    g_cond_wait (&reader->done, &reader->lock);
  reader->awaited = reader->answered = NULL;
  g_mutex_unlock (&reader->lock);
}

guint
uc_reader_waiting (UcReader *reader)
{
  guint waiting;

  g_mutex_lock (&reader->lock);
  waiting = g_queue_get_length (&reader->jobs);
  g_mutex_unlock (&reader->lock);
  return waiting;
}

void
uc_reader_stop (UcReader *reader)
{
  g_mutex_lock (&reader->lock);
  reader->stop = TRUE;
  g_cond_signal (&reader->wake);
  g_mutex_unlock (&reader->lock);
  g_thread_join (g_steal_pointer (&reader->thread));
}

void
uc_reader_free (UcReader *reader)
{
  if (reader == NULL)
    return;
  if (reader->thread != NULL)
    uc_reader_stop (reader);
  uc_sqlite_close (reader->sqlite);
  g_mutex_clear (&reader->lock);
  g_cond_clear (&reader->wake);
  g_cond_clear (&reader->done);
  g_free (reader);
}
