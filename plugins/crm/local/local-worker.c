/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worker takes whatever waits (up to a bound) into one transaction and answers after the commit: under load
 * one sync to disk serves many saves, and nobody is told of a save that is not durable. Functions named worker_ or
 * batch_ run on the worker thread "usher-local", the public ones on the main thread.
 */
#include "local-worker.h"

#include <string.h>

#define MOST_IN_BATCH 64
/* The core waits 10 s for stop; what can't be done in half of that is cancelled. */
#define STOP_TIME_US (5 * G_USEC_PER_SEC)
#define REOPEN_PAUSE_US G_USEC_PER_SEC

typedef enum
{
  WORKER_IDLE, /* no thread, or one that is ending */
  WORKER_RUNNING,
  WORKER_STOPPING
} WorkerState;

typedef struct
{
  UsherReply *reply;
  LocalWork work;
  gboolean writes;
  LocalPool *pool;
  LocalRequest request;
  LocalAnswer *answer; /* once it ran */
  GError *error;
} Job;

struct LocalWorker
{
  UsherInstance *instance;
  const UsherHost *host;
  char *path;
  guint busy_limit;
  const LocalConfig *config;
  GThread *thread;

  GMutex lock; /* guards what follows up to the next blank line */
  GCond wake;
  WorkerState state;
  GQueue jobs; /* of Job* */
  UsherReply *start_reply, *stop_reply;
  gint64 stop_by;   /* monotonic time */
  UsherStatus told; /* what the administrator is to see */
  char *told_message;

  LocalDb *db; /* worker thread only; NULL while the file is lost */
  gint64 reopen_at;
};

static void
job_free (Job *job)
{
  g_clear_pointer (&job->answer, local_answer_free);
  g_clear_error (&job->error);
  local_pool_free (job->pool);
  g_free (job);
}

static void
job_finish (LocalWorker *worker, Job *job)
{
  local_answer_send (worker->host, job->reply, job->answer, job->error);
  job_free (job);
}

static void
job_refuse (LocalWorker *worker, Job *job, UsherStatus status, const char *message)
{
  g_clear_pointer (&job->answer, local_answer_free);
  g_clear_error (&job->error);
  job->error = g_error_new_literal (LOCAL_ERROR, status, message);
  job_finish (worker, job);
}

/* ---- state for administrators -------------------------------------------------------------------------- */

/* Main thread. */
static void
show_state (void *data)
{
  LocalWorker *worker = data;
  g_autofree char *message = NULL;
  UsherStatus status;

  g_mutex_lock (&worker->lock);
  status = worker->told;
  message = g_strdup (worker->told_message);
  g_mutex_unlock (&worker->lock);
  worker->host->instance_state (worker->instance, status, message);
}

static void
worker_tell (LocalWorker *worker, const GError *error)
{
  UsherStatus status = error != NULL ? (UsherStatus)error->code : USHER_OK;

  g_mutex_lock (&worker->lock);
  worker->told = status;
  g_free (worker->told_message);
  worker->told_message = error != NULL ? g_strdup (error->message) : NULL;
  g_mutex_unlock (&worker->lock);
  if (error != NULL)
    worker->host->log (worker->instance, USHER_LOG_ERROR, error->message);
  else
    worker->host->log (worker->instance, USHER_LOG_NOTICE, "The customer database works again.");
  worker->host->invoke (worker->instance, show_state, worker);
}

/* ---- one batch ----------------------------------------------------------------------------------------- */

/* Opens the file again after it failed; not more often than once a second. */
static gboolean
worker_reopen (LocalWorker *worker, GError **error)
{
  if (worker->db != NULL)
    return TRUE;
  if (g_get_monotonic_time () >= worker->reopen_at)
    {
      worker->reopen_at = g_get_monotonic_time () + REOPEN_PAUSE_US;
      worker->db = local_db_open (worker->path, worker->host, worker->config, error);
      if (worker->db != NULL)
        worker_tell (worker, NULL);
      return worker->db != NULL;
    }
  g_set_error (error, LOCAL_ERROR, USHER_RETRY,
               "The customer database %s could not be read or written a moment ago. Try again shortly.",
               worker->path);
  return FALSE;
}

/* A job that fails leaves nothing behind, and the others of the batch go on. */
static void
batch_run_job (LocalWorker *worker, Job *job)
{
  LocalDb *db = worker->db;

  if (worker->host->cancelled (job->reply))
    {
      g_set_error (&job->error, LOCAL_ERROR, USHER_CANCELLED, "Nobody waits for this answer any more.");
      return;
    }
  job->answer = local_answer_new ();
  if (job->writes && !local_db_run (db, "SAVEPOINT job", &job->error))
    return;
  if (!job->work (db, &job->request, job->answer, &job->error))
    {
      if (job->error->code != USHER_CONFLICT)
        local_answer_clear (job->answer);
      if (job->writes && !db->broken)
        local_db_run (db, "ROLLBACK TO job; RELEASE job", NULL);
    }
  else if (job->writes)
    local_db_run (db, "RELEASE job", &job->error);
}

/* Nothing of the batch can be believed; reads may have seen what was taken back. */
static void
batch_fail (GPtrArray *batch, const GError *error)
{
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = batch->pdata[i];

      g_clear_pointer (&job->answer, local_answer_free);
      g_clear_error (&job->error);
      job->error = g_error_copy (error);
    }
}

static void
batch_run (LocalWorker *worker, GPtrArray *batch)
{
  g_autoptr (GError) error = NULL;
  gboolean writes = FALSE;

  for (guint i = 0; i < batch->len; i++)
    writes |= ((Job *)batch->pdata[i])->writes;
  if (!worker_reopen (worker, &error) || !local_db_run (worker->db, writes ? "BEGIN IMMEDIATE" : "BEGIN", &error))
    {
      batch_fail (batch, error);
      return;
    }
  for (guint i = 0; i < batch->len && !worker->db->broken; i++)
    batch_run_job (worker, batch->pdata[i]);
  if (worker->db->broken)
    {
      g_set_error (&error, LOCAL_ERROR, USHER_RETRY,
                   "The customer database %s could not be read or written. Nothing was saved.", worker->path);
      batch_fail (batch, error);
      return;
    }
  if (local_db_run (worker->db, "COMMIT", &error))
    return;
  /* Whether it reached the disk is known only after opening the file again. */
  worker->db->broken = TRUE;
  error->code = USHER_UNCERTAIN;
  batch_fail (batch, error);
}

static void
worker_do (LocalWorker *worker, GPtrArray *batch)
{
  batch_run (worker, batch);
  if (worker->db != NULL && worker->db->broken)
    {
      const GError *first = NULL;

      for (guint i = 0; i < batch->len && first == NULL; i++)
        first = ((Job *)batch->pdata[i])->error;
      worker_tell (worker, first);
      g_clear_pointer (&worker->db, local_db_close);
    }
  for (guint i = 0; i < batch->len; i++)
    job_finish (worker, batch->pdata[i]);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

/* What waits, at most MOST_IN_BATCH; empty = stop now. */
static GPtrArray *
worker_take (LocalWorker *worker)
{
  GPtrArray *batch = g_ptr_array_new ();

  g_mutex_lock (&worker->lock);
  while (worker->state == WORKER_RUNNING && worker->jobs.length == 0)
    g_cond_wait (&worker->wake, &worker->lock);
  if (worker->state == WORKER_RUNNING || g_get_monotonic_time () < worker->stop_by)
    while (batch->len < MOST_IN_BATCH && worker->jobs.length > 0)
      g_ptr_array_add (batch, g_queue_pop_head (&worker->jobs));
  g_mutex_unlock (&worker->lock);
  return batch;
}

/* Ends the worker's life: refuses what still waits and gives back the reply that stop waits for. */
static UsherReply *
worker_end (LocalWorker *worker, UsherStatus status, const char *message)
{
  GQueue left = G_QUEUE_INIT;
  UsherReply *reply;
  Job *job;

  g_mutex_lock (&worker->lock);
  left = worker->jobs;
  g_queue_init (&worker->jobs);
  worker->state = WORKER_IDLE;
  reply = g_steal_pointer (&worker->stop_reply);
  g_mutex_unlock (&worker->lock);
  while ((job = g_queue_pop_head (&left)) != NULL)
    job_refuse (worker, job, status, message);
  return reply;
}

static gpointer
worker_main (gpointer data)
{
  LocalWorker *worker = data;
  g_autoptr (GError) error = NULL;
  UsherReply *start = g_steal_pointer (&worker->start_reply);
  UsherReply *stop;

  worker->db = local_db_open (worker->path, worker->host, worker->config, &error);
  if (worker->db == NULL)
    {
      stop = worker_end (worker, USHER_RETRY, "The customer database is not open.");
      local_answer_send (worker->host, start, NULL, error);
      if (stop != NULL)
        local_answer_send (worker->host, stop, NULL, NULL);
      return NULL;
    }
  local_answer_send (worker->host, start, NULL, NULL);
  while (TRUE)
    {
      g_autoptr (GPtrArray) batch = worker_take (worker);

      if (batch->len == 0)
        break;
      worker_do (worker, batch);
    }
  g_clear_pointer (&worker->db, local_db_close);
  stop = worker_end (worker, USHER_CANCELLED, "The CRM is stopping and had no time left for this request.");
  if (stop != NULL)
    local_answer_send (worker->host, stop, NULL, NULL);
  return NULL;
}

/* ---- main thread --------------------------------------------------------------------------------------- */

LocalWorker *
local_worker_new (UsherInstance *instance, const UsherHost *host, const LocalWorkerSettings *settings)
{
  LocalWorker *worker = g_new0 (LocalWorker, 1);

  worker->instance = instance;
  worker->host = host;
  worker->path = g_strdup (settings->path);
  worker->busy_limit = (guint)settings->busy_limit;
  worker->config = settings->config;
  g_mutex_init (&worker->lock);
  g_cond_init (&worker->wake);
  g_queue_init (&worker->jobs);
  return worker;
}

void
local_worker_start (LocalWorker *worker, UsherReply *reply)
{
  gboolean running;

  g_mutex_lock (&worker->lock);
  running = worker->state != WORKER_IDLE;
  if (!running)
    worker->state = WORKER_RUNNING;
  g_mutex_unlock (&worker->lock);
  if (running)
    {
      g_autoptr (GError) error
          = g_error_new_literal (LOCAL_ERROR, USHER_INVALID, "This CRM instance is already started.");

      local_answer_send (worker->host, reply, NULL, error);
      return;
    }
  g_clear_pointer (&worker->thread, g_thread_join);
  worker->start_reply = reply;
  worker->thread = g_thread_new ("usher-local", worker_main, worker);
}

void
local_worker_push (LocalWorker *worker, UsherReply *reply, LocalWork work, gboolean writes, LocalPool *pool,
                   const LocalRequest *request)
{
  Job *job = g_new0 (Job, 1);
  UsherStatus refused = USHER_OK;

  job->reply = reply;
  job->work = work;
  job->writes = writes;
  job->pool = pool;
  job->request = *request;
  g_mutex_lock (&worker->lock);
  if (worker->state != WORKER_RUNNING)
    refused = USHER_CANCELLED;
  else if (worker->jobs.length >= worker->busy_limit)
    refused = USHER_BUSY;
  else
    {
      g_queue_push_tail (&worker->jobs, job);
      g_cond_signal (&worker->wake);
    }
  g_mutex_unlock (&worker->lock);
  if (refused == USHER_BUSY)
    job_refuse (worker, job, refused, "The CRM has too many requests to do. Try again in a moment.");
  else if (refused != USHER_OK)
    job_refuse (worker, job, refused, "The CRM is not running. Try again when it is started.");
}

void
local_worker_stop (LocalWorker *worker, UsherReply *reply)
{
  gboolean waits;

  g_mutex_lock (&worker->lock);
  waits = worker->state == WORKER_RUNNING;
  if (waits)
    {
      worker->state = WORKER_STOPPING;
      worker->stop_reply = reply;
      worker->stop_by = g_get_monotonic_time () + STOP_TIME_US;
      g_cond_signal (&worker->wake);
    }
  g_mutex_unlock (&worker->lock);
  if (!waits)
    local_answer_send (worker->host, reply, NULL, NULL);
}

void
local_worker_free (LocalWorker *worker)
{
  g_mutex_lock (&worker->lock);
  if (worker->state == WORKER_RUNNING)
    {
      worker->state = WORKER_STOPPING;
      worker->stop_by = g_get_monotonic_time () + STOP_TIME_US;
      g_cond_signal (&worker->wake);
    }
  g_mutex_unlock (&worker->lock);
  g_clear_pointer (&worker->thread, g_thread_join);
  g_mutex_clear (&worker->lock);
  g_cond_clear (&worker->wake);
  g_free (worker->told_message);
  g_free (worker->path);
  g_free (worker);
}
