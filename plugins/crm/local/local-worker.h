/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one thread that touches the file, and the bounded queue in front of it. Functions are for the main thread;
 * replies are completed from the worker.
 */
#ifndef LOCAL_WORKER_H
#define LOCAL_WORKER_H

#include "local-db.h"

typedef struct LocalWorker LocalWorker;

/* One piece of work on the database. FALSE with an error: nothing of it stays. */
typedef gboolean (*LocalWork) (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

typedef struct
{
  const char *path;
  gint64 busy_limit;         /* requests that may wait */
  const LocalConfig *config; /* outlives the worker */
} LocalWorkerSettings;

/* Does no I/O. */
LocalWorker *local_worker_new (UsherInstance *instance, const UsherHost *host,
                               const LocalWorkerSettings *settings);
/* Opens the file on a thread of its own, then completes the reply; without success the thread ends. */
void local_worker_start (LocalWorker *worker, UsherReply *reply);
/* Queues work; takes pool, which holds the request. */
void local_worker_push (LocalWorker *worker, UsherReply *reply, LocalWork work, gboolean writes, LocalPool *pool,
                        const LocalRequest *request);
/* Does what is queued as long as there is time for it, closes the file, completes the reply. */
void local_worker_stop (LocalWorker *worker, UsherReply *reply);
void local_worker_free (LocalWorker *worker);

#endif
