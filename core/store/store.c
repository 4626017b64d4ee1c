/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store's outside: queues to the three threads it starts, "store-writer" (commits, folds the log),
 * "store-reader" (answers questions that somebody's next step waits for) and "store-history" (answers those that
 * may take long), and the way back to the main thread. Every function here is called on the main thread.
 */
#include "core/store/store.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/store/folder.h"
#include "core/store/store-private.h"

#define MOST_ROWS 256   /* per transaction: bounds how long a batch waits for its neighbours */
#define MOST_READS 4096 /* waiting */
#define IDLE_MS 2000
#define COMMAND_KEEP_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)
/* What a quiet centre keeps for a while only is looked at so often. */
#define EXPIRE_EVERY_MS (3600 * G_GINT64_CONSTANT (1000))
#define TIDY_EVERY_MS 1000

/* The way back. Outlives the store, because a call to the loop may still be on its way when the store is closed.
 */
typedef struct
{
  int references; /* atomic */
  UcLoop *loop;
  UcStore *store;
  gboolean handing; /* on_turn_end () is going to run; the main thread's */
  GMutex lock;
  GQueue jobs; /* of UcStoreJob*; under lock */
} Return;

enum
{
  SHORT_READS,
  LONG_READS,
  N_READERS
};

struct UcStore
{
  Return *back;
  int lock_fd;
  gint64 epoch;
  gboolean unclean, closing;
  gint64 command_keep_ms, keep_ms, idle_ms;
  guint64 generation;
  guint pending;
  GQueue unanswered; /* of UcStoreJob*: for the writer, oldest first; the main thread's, as the next three */
  GQueue fresh;      /* of UcStoreJob*: not handed to it yet */
  guint fresh_rows;
  gint64 last_seq;        /* atomic; of what is durable */
  UcStoreFigures figures; /* the main thread's, but for what follows */
  guint64 transactions;   /* atomic; and so the next */
  guint log_pages;
  int spare;

  GThread *writer_thread;
  UcWriter *writer;   /* the writer thread's */
  UcChecker *checker; /* NULL = open for reading only */
  UcReader *readers[N_READERS];

  GMutex lock; /* of what follows */
  GCond writer_wake;
  GQueue batches; /* of UcStoreJob* */
  guint rows;     /* of `batches` */
  gboolean writer_sleeps;
  gboolean stop;
};

/* ---- the way back -------------------------------------------------------------------------------------- */

static void
job_free (UcStoreJob *job)
{
  uc_batch_free (job->batch);
  for (gsize i = 0; i < UC_READ_TEXTS; i++)
    g_free (job->read.text[i]);
  g_free (job->read.list);
  g_free (job->read.needle);
  g_free (job->read.words);
  g_free (job->read.match);
  g_clear_pointer (&job->read.rows, g_ptr_array_unref);
  g_free (job->read.value);
  g_free (job->read.why);
  g_free (job);
}

static void
count_batch (UcStore *store, const UcStoreJob *job)
{
  UcStoreFigures *figures = &store->figures;

  figures->batches++;
  figures->rows += job->batch->rows->len;
  figures->failed += job->batch->result != UC_STORE_OK;
  if (job->queued_at != 0)
    uc_histogram_add (&figures->latency, g_get_monotonic_time () - job->queued_at);
}

static void
job_tell (UcStore *store, UcStoreJob *job)
{
  UcRead *read = &job->read;

  if (job->batch != NULL)
    {
      store->pending--;
      count_batch (store, job);
      if (job->link.data != NULL)
        g_queue_unlink (&store->unanswered, &job->link);
      if (job->batch->done != NULL)
        job->batch->done (job->batch->data, job->batch->result, job->batch->why);
    }
  else if (job->rows_done != NULL)
    job->rows_done (job->data, read->result, read->rows, read->more, read->why);
  else if (job->value_done != NULL)
    job->value_done (job->data, read->result, read->value, read->len, read->why);
  job_free (job);
}

static void
return_unref (Return *back)
{
  if (!g_atomic_int_dec_and_test (&back->references))
    return;
  g_mutex_clear (&back->lock);
  g_free (back);
}

/* FALSE when there was nothing. */
static gboolean
return_tell (Return *back)
{
  GQueue jobs = G_QUEUE_INIT;
  UcStoreJob *job;

  g_mutex_lock (&back->lock);
  jobs = back->jobs;
  g_queue_init (&back->jobs);
  g_mutex_unlock (&back->lock);
  if (g_queue_is_empty (&jobs))
    return FALSE;
  while ((job = g_queue_pop_head (&jobs)) != NULL)
    job_tell (back->store, job);
  return TRUE;
}

static void
on_return (gpointer data)
{
  Return *back = data;

  return_tell (back); /* of a store closed meanwhile: empty */
  return_unref (back);
}

/* Takes the jobs. Any thread. */
static void
return_jobs (Return *back, GQueue *jobs)
{
  gboolean first;

  if (g_queue_is_empty (jobs))
    return;
  g_mutex_lock (&back->lock);
  first = g_queue_is_empty (&back->jobs);
  while (!g_queue_is_empty (jobs))
    g_queue_push_tail (&back->jobs, g_queue_pop_head (jobs));
  g_mutex_unlock (&back->lock);
  if (first)
    {
      g_atomic_int_inc (&back->references);
      uc_loop_invoke (back->loop, on_return, back);
    }
}

static void
return_job (Return *back, UcStoreJob *job)
{
  GQueue jobs = G_QUEUE_INIT;

  g_queue_push_tail (&jobs, job);
  return_jobs (back, &jobs);
}

void
uc_store_answer (UcStore *store, UcStoreJob *job)
{
  return_job (store->back, job);
}

/* ---- the writer thread --------------------------------------------------------------------------------- */

/* What goes into the next transaction; empty when it is time to fold the log or to stop. */
static void
take_batches (UcStore *store, GQueue *taken, gint64 idle_at, gboolean *stop)
{
  guint rows = 0;

  g_mutex_lock (&store->lock);
  store->writer_sleeps = TRUE;
  while (g_queue_is_empty (&store->batches) && !store->stop)
    if (idle_at == 0)
      g_cond_wait (&store->writer_wake, &store->lock);
    else if (!g_cond_wait_until (&store->writer_wake, &store->lock, idle_at))
      break;
  store->writer_sleeps = FALSE;
  while (!g_queue_is_empty (&store->batches))
    {
      UcStoreJob *job = g_queue_peek_head (&store->batches);

      rows += job->batch->rows->len;
      if (rows > MOST_ROWS && !g_queue_is_empty (taken))
        break;
      store->rows -= job->batch->rows->len;
      g_queue_push_tail (taken, g_queue_pop_head (&store->batches));
    }
  *stop = store->stop;
  g_mutex_unlock (&store->lock);
}

static void
note_log (UcStore *store)
{
  __atomic_store_n (&store->log_pages, (guint)store->writer->wal_pages, __ATOMIC_RELAXED);
  uc_checker_mind_log (store->checker, store->writer->wal_pages, g_atomic_int_get (&store->spare));
}

static void
commit_batches (UcStore *store, GQueue *jobs)
{
  g_autoptr (GPtrArray) batches = g_ptr_array_sized_new (g_queue_get_length (jobs));

  for (GList *l = jobs->head; l != NULL; l = l->next)
    g_ptr_array_add (batches, ((UcStoreJob *)l->data)->batch);
  uc_writer_commit (store->writer, batches);
  __atomic_add_fetch (&store->transactions, 1, __ATOMIC_RELAXED);
  __atomic_store_n (&store->last_seq, store->writer->last_seq, __ATOMIC_RELEASE);
  return_jobs (store->back, jobs);
  store->writer->sparing = g_atomic_int_get (&store->spare);
  uc_writer_checkpoint (store->writer);
  note_log (store);
}

static gpointer
writer_main (gpointer data)
{
  UcStore *store = data;
  /* Whatever a former run left to be done. */
  gint64 tidied_at = 0, idle_at = g_get_monotonic_time () + store->idle_ms * 1000;
  gboolean stop = FALSE;

  for (;;)
    {
      GQueue jobs = G_QUEUE_INIT;
      gboolean idle, more = FALSE, unread = FALSE;

      take_batches (store, &jobs, idle_at, &stop);
      idle = g_queue_is_empty (&jobs);
      if (!idle)
        commit_batches (store, &jobs);
      else if (stop)
        return NULL;
      if (idle || g_get_monotonic_time () - tidied_at > TIDY_EVERY_MS * 1000)
        {
          more = uc_writer_prune (store->writer, uc_clock_now (), store->command_keep_ms);
          if (store->keep_ms > 0)
            more = uc_writer_expire (store->writer, uc_clock_now () - store->keep_ms) || more;
          unread = !g_atomic_int_get (&store->spare) && uc_writer_index (store->writer);
          uc_writer_checkpoint (store->writer);
          tidied_at = g_get_monotonic_time ();
        }
      if (idle && !unread)
        uc_writer_fold (store->writer);
      note_log (store);
      /* A log that a reader kept from being emptied is tried again; an empty one lets the thread sleep. The next
       * portion of transcripts waits for nothing but batches. */
      idle_at = idle && unread                         ? g_get_monotonic_time ()
                : more || store->writer->wal_pages > 0 ? g_get_monotonic_time () + store->idle_ms * 1000
                : store->keep_ms > 0                   ? g_get_monotonic_time () + EXPIRE_EVERY_MS * 1000
                                                       : 0;
    }
}

static gboolean
refuse_commit (UcStore *store, UcBatch *batch)
{
  if (store->writer != NULL && !store->closing)
    return FALSE;
  uc_batch_answer (batch, UC_STORE_UNAVAILABLE,
                   store->closing ? "the store is being closed" : "the store is open for reading only");
  return TRUE;
}

/* A turn's batches go to the writer together: one transaction takes them, and one call wakes it. */
static void
hand_over (UcStore *store)
{
  gboolean wake;

  if (g_queue_is_empty (&store->fresh))
    return;
  g_mutex_lock (&store->lock);
  while (!g_queue_is_empty (&store->fresh))
    g_queue_push_tail_link (&store->batches, g_queue_pop_head_link (&store->fresh));
  store->rows += store->fresh_rows;
  wake = store->writer_sleeps;
  g_mutex_unlock (&store->lock);
  store->fresh_rows = 0;
  if (wake)
    g_cond_signal (&store->writer_wake);
}

static void
on_turn_end (gpointer data)
{
  Return *back = data;

  back->handing = FALSE;
  if (back->store != NULL)
    hand_over (back->store);
  return_unref (back);
}

void
uc_store_commit (UcStore *store, UcBatch *batch, UcStoreDone done, gpointer data)
{
  UcStoreJob *job = g_new0 (UcStoreJob, 1);

  batch->done = done;
  batch->data = data;
  batch->generation = store->generation;
  job->batch = batch;
  store->pending++;
  if (refuse_commit (store, batch))
    {
      return_job (store->back, job);
      return;
    }
  job->queued_at = g_get_monotonic_time ();
  job->link.data = job;
  g_queue_push_tail_link (&store->unanswered, &job->link);
  g_queue_push_tail (&store->fresh, job);
  store->fresh_rows += batch->rows->len;
  if (store->back->handing)
    return;
  store->back->handing = TRUE;
  g_atomic_int_inc (&store->back->references);
  uc_loop_defer_last (store->back->loop, on_turn_end, store->back);
}

static guint
waiting_reads (UcStore *store)
{
  guint waiting = 0;

  for (guint r = 0; r < N_READERS; r++)
    waiting += uc_reader_waiting (store->readers[r]);
  return waiting;
}

void
uc_store_pressure (UcStore *store, UcStorePressure *pressure)
{
  const UcStoreJob *oldest = g_queue_peek_head (&store->unanswered);

  pressure->oldest_us = oldest != NULL ? g_get_monotonic_time () - oldest->queued_at : 0;
  g_mutex_lock (&store->lock);
  pressure->waiting_rows = store->rows + store->fresh_rows;
  g_mutex_unlock (&store->lock);
  pressure->reads = waiting_reads (store);
  pressure->rows_per_commit = MOST_ROWS;
  pressure->most_reads = MOST_READS;
}

void
uc_store_figures (UcStore *store, UcStoreFigures *figures)
{
  *figures = store->figures;
  figures->transactions = __atomic_load_n (&store->transactions, __ATOMIC_RELAXED);
  figures->log_pages = __atomic_load_n (&store->log_pages, __ATOMIC_RELAXED);
  g_mutex_lock (&store->lock);
  figures->waiting_batches = g_queue_get_length (&store->batches) + g_queue_get_length (&store->fresh);
  g_mutex_unlock (&store->lock);
}

guint
uc_store_pending (UcStore *store)
{
  return store->pending;
}

void
uc_store_reset (UcStore *store)
{
  store->generation++;
}

void
uc_store_spare (UcStore *store, gboolean on)
{
  g_atomic_int_set (&store->spare, on);
  if (store->checker != NULL)
    uc_checker_mind_log (store->checker, __atomic_load_n (&store->log_pages, __ATOMIC_RELAXED), on);
}

/* ---- questions ----------------------------------------------------------------------------------------- */

/* Lists, searches and playback: they may read much of a large file, and whoever looks back can wait. */
static gboolean
is_long (const UcRead *read)
{
  switch (read->kind)
    {
    case UC_READ_INTERACTIONS:
      return read->text[0] == NULL; /* else it is one, by its id */
    case UC_READ_INTERACTION_EVENTS:
    case UC_READ_AGENT_EVENTS:
    case UC_READ_EVENTS:
    case UC_READ_EVENTS_OF_AGENT:
    case UC_READ_OUTBOX:
    case UC_READ_OUTBOX_LIST:
      return TRUE;
    default:
      return FALSE;
    }
}

UcStoreJob *
uc_store_read_new (UcReadKind kind, gpointer data)
{
  UcStoreJob *job = g_new0 (UcStoreJob, 1);

  job->data = data;
  job->read.kind = kind;
  job->read.rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  return job;
}

void
uc_store_ask (UcStore *store, UcStoreJob *job)
{
  gboolean full = waiting_reads (store) >= MOST_READS;

  store->figures.reads++;
  if (!full && !store->closing)
    {
      uc_reader_ask (store->readers[is_long (&job->read) ? LONG_READS : SHORT_READS], job);
      return;
    }
  store->figures.reads_refused += !store->closing;
  job->read.result = UC_STORE_UNAVAILABLE;
  job->read.why = g_strdup (store->closing ? "the store is being closed" : "too many questions to the store wait");
  return_job (store->back, job);
}

gboolean
uc_store_load (UcStore *store, void (*func) (const UcEvent *row, gpointer data), gpointer data, GError **error)
{
  UcStoreJob *job = uc_store_read_new (UC_READ_LOAD, NULL);
  gboolean ok;

  /* On the reader's thread, while this one waits: nothing is copied, and there is never more than one row. */
  job->read.each = func;
  job->read.each_data = data;
  uc_reader_ask_and_wait (store->readers[SHORT_READS], job);
  ok = job->read.result == UC_STORE_OK;
  if (!ok)
    g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE, "can't load from the store: %s", job->read.why);
  job_free (job);
  return ok;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static gboolean
open_connections (UcStore *store, const UcStoreOptions *options, GError **error)
{
  UcSqliteState state = { 0 }, ignored = { 0 };
  UcSqlite *sqlite = NULL;
  gboolean fresh;

  if (!options->read_only_tools)
    {
      store->lock_fd = uc_store_lock (options->path, &fresh, error);
      if (store->lock_fd < 0)
        return FALSE;
      sqlite = uc_sqlite_open_writer (options->path, fresh, &state, error);
      if (sqlite == NULL)
        return FALSE;
      uc_store_lock_settle (store->lock_fd);
      store->writer = uc_writer_new (sqlite, &state);
      store->writer->folder = uc_folder_new (options->path);
      if (options->fold_pages > 0)
        store->writer->fold_pages = store->writer->fold_above = options->fold_pages;
      store->checker = uc_checker_new (store, options->path, state.check);
    }
  for (guint r = 0; r < N_READERS; r++)
    {
      UcSqlite *reader = uc_sqlite_open_reader (options->path, sqlite != NULL ? &ignored : &state, error);

      if (reader == NULL)
        return FALSE;
      store->readers[r] = uc_reader_new (store, reader, r == SHORT_READS ? "store-reader" : "store-history");
    }
  store->last_seq = state.last_seq;
  store->epoch = state.epoch;
  store->unclean = state.unclean;
  return TRUE;
}

/* The threads have ended, or never ran. */
static void
store_free (UcStore *store)
{
  for (guint r = 0; r < N_READERS; r++)
    uc_reader_free (store->readers[r]);
  uc_checker_free (store->checker);
  if (store->writer != NULL)
    uc_writer_free (store->writer);
  if (store->lock_fd >= 0)
    close (store->lock_fd);
  g_mutex_clear (&store->lock);
  g_cond_clear (&store->writer_wake);
  store->back->store = NULL;
  return_unref (store->back);
  g_free (store);
}

UcStore *
uc_store_open (UcLoop *loop, const UcStoreOptions *options, GError **error)
{
  UcStore *store = g_new0 (UcStore, 1);

  store->back = g_new0 (Return, 1);
  store->back->references = 1;
  store->back->loop = loop;
  store->back->store = store;
  g_mutex_init (&store->back->lock);
  g_mutex_init (&store->lock);
  g_cond_init (&store->writer_wake);
  store->lock_fd = -1;
  store->generation = 1;
  store->keep_ms = options->keep_ms;
  store->command_keep_ms = options->command_keep_ms > 0 ? options->command_keep_ms : COMMAND_KEEP_MS;
  store->idle_ms = options->idle_ms > 0 ? options->idle_ms : IDLE_MS;
  if (!open_connections (store, options, error))
    {
      store_free (store);
      return NULL;
    }
  if (store->writer != NULL)
    store->writer_thread = g_thread_new ("store-writer", writer_main, store);
  return store;
}

void
uc_store_close (UcStore *store)
{
  if (store == NULL)
    return;
  store->closing = TRUE;
  uc_checker_stop (store->checker);
  hand_over (store);
  g_mutex_lock (&store->lock);
  store->stop = TRUE;
  g_cond_signal (&store->writer_wake);
  g_mutex_unlock (&store->lock);
  if (store->writer_thread != NULL)
    g_thread_join (store->writer_thread);
  for (guint r = 0; r < N_READERS; r++)
    uc_reader_stop (store->readers[r]);
  /* Callbacks may ask for more; that is refused, and the refusal told, too. */
  while (return_tell (store->back))
    ;
  store_free (store);
}

gint64
uc_store_last_seq (UcStore *store)
{
  return __atomic_load_n (&store->last_seq, __ATOMIC_ACQUIRE);
}

gint64
uc_store_epoch (UcStore *store)
{
  return store->epoch;
}

gboolean
uc_store_was_unclean (UcStore *store)
{
  return store->unclean;
}

UcChecker *
uc_store_checker (UcStore *store)
{
  return store->checker;
}
