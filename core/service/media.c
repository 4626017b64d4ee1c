/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keeping media: a thread writes the file, the store gets its row, and only then the id is given out. Whoever dies
 * in between leaves a file ID.new, which the next start completes or removes. Main thread.
 */
#include "core/service/media.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/media-private.h"
#include "core/service/media-type.h"
#include "core/service/metrics.h"
#include "core/service/space.h"

#define THREADS 2
#define MAX_HELD (128 * 1024 * 1024)
#define MAX_RECENT 4096
#define ORPHAN_AFTER_S (24 * 3600)
#define ID_PREFIX "med_"
#define ID_LENGTH (sizeof ID_PREFIX - 1 + 26)

gboolean
uc_media_is_id (const char *id)
{
  if (id == NULL || strlen (id) != ID_LENGTH || !g_str_has_prefix (id, ID_PREFIX))
    return FALSE;
  for (const char *p = id + strlen (ID_PREFIX); *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p))
      return FALSE;
  return TRUE;
}

/* ---- threads ------------------------------------------------------------------------------------------- */

static void
run_job (gpointer data, gpointer unused)
{
  UcMediaJob *job = data;

  job->run (job->data);
  uc_loop_invoke (job->loop, job->done, job->data);
  g_free (job);
}

gboolean
uc_media_push (UcMedia *media, void (*run) (gpointer), void (*done) (gpointer), gpointer data)
{
  UcMediaJob *job;

  if (media->pool == NULL)
    return FALSE;
  job = g_new (UcMediaJob, 1);
  *job = (UcMediaJob){ run, done, data, media->core->loop };
  g_thread_pool_push (media->pool, job, NULL);
  return TRUE;
}

/* ---- keeping ------------------------------------------------------------------------------------------- */

typedef struct
{
  UcMedia *media;
  char *folder, *id, *mime, *name;
  char *sha256;
  GBytes *bytes;
  gint64 size;
  GError *error;
  void (*done) (void *data, const UsherResult *result, const char *id);
  void *data;
} Keeping;

static void
keeping_free (Keeping *keeping)
{
  g_free (keeping->folder);
  g_free (keeping->id);
  g_free (keeping->mime);
  g_free (keeping->name);
  g_free (keeping->sha256);
  g_bytes_unref (keeping->bytes);
  g_clear_error (&keeping->error);
  g_free (keeping);
}

static void
free_kept (gpointer data)
{
  keeping_free (data);
}

static void
remember (UcMedia *media, const char *id)
{
  char *key = g_strdup (id);

  g_hash_table_add (media->recent, key);
  g_queue_push_tail (&media->recent_order, key);
  if (media->recent_order.length > MAX_RECENT)
    g_hash_table_remove (media->recent, g_queue_pop_head (&media->recent_order));
}

static void
answer (Keeping *keeping)
{
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  keeping->media->held -= (gsize)keeping->size;
  if (keeping->error != NULL)
    {
      gboolean busy = g_error_matches (keeping->error, UC_ERROR, UC_ERROR_BUSY);

      result.status = busy ? USHER_BUSY : USHER_RETRY;
      result.message = keeping->error->message;
      result.retry_after_ms = busy ? 1000 : 10000;
    }
  keeping->done (keeping->data, &result, keeping->error == NULL ? keeping->id : NULL);
}

static void
run_settle (gpointer data)
{
  Keeping *keeping = data;

  uc_media_settle (keeping->folder, keeping->id);
}

static void
run_drop (gpointer data)
{
  Keeping *keeping = data;

  uc_media_drop (keeping->folder, keeping->id);
}

static void
on_row_stored (gpointer data, const GError *error, GPtrArray *events)
{
  Keeping *keeping = data;

  if (error != NULL)
    keeping->error = g_error_copy (error);
  else
    remember (keeping->media, keeping->id);
  answer (keeping);
  /* Stopping: the next start does it. */
  if (!uc_media_push (keeping->media, error != NULL ? run_drop : run_settle, free_kept, keeping))
    keeping_free (keeping);
}

static void
run_write (gpointer data)
{
  Keeping *keeping = data;

  keeping->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, keeping->bytes);
  uc_media_write (keeping->folder, keeping->id, keeping->bytes, &keeping->error);
}

static void
on_written (gpointer data)
{
  Keeping *keeping = data;
  UcMedia *media = keeping->media;
  UcTxn *txn;

  if (keeping->error == NULL && media->pool == NULL)
    g_set_error_literal (&keeping->error, UC_ERROR, UC_ERROR_UNAVAILABLE, "the daemon is stopping");
  if (keeping->error != NULL)
    {
      answer (keeping);
      keeping_free (keeping);
      return;
    }
  txn = uc_txn_new (media->core);
  uc_batch_media (uc_txn_batch (txn), keeping->id, keeping->mime, keeping->name, keeping->size, keeping->sha256,
                  uc_clock_now ());
  uc_txn_commit (txn, on_row_stored, keeping);
}

static void
answer_refused (gpointer data)
{
  answer (data);
  keeping_free (data);
}

static void
begin (Keeping *keeping)
{
  UcMedia *media = keeping->media;

  /* Counted first: whatever becomes of it is subtracted by the answer. */
  media->held += (gsize)keeping->size;
  if (!uc_space_spares (media->core, &keeping->error))
    {
      uc_loop_defer (media->core->loop, answer_refused, keeping);
      return;
    }
  if (media->held <= MAX_HELD && uc_media_push (media, run_write, on_written, keeping))
    return; /* the thread has it */
  if (media->held > MAX_HELD)
    {
      media->refused++;
      g_set_error_literal (&keeping->error, UC_ERROR, UC_ERROR_BUSY,
                           "too many files are being written just now; try again in a moment");
    }
  else
    g_set_error_literal (&keeping->error, UC_ERROR, UC_ERROR_UNAVAILABLE, "the daemon is stopping");
  uc_loop_defer (media->core->loop, answer_refused, keeping);
}

void
uc_media_put (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
              void (*done) (void *data, const UsherResult *result, const char *id), void *data)
{
  UcCore *core = instance->service;
  Keeping *keeping = g_new0 (Keeping, 1);

  keeping->media = core->media;
  keeping->folder = g_strdup (core->media->folder);
  keeping->id = uc_id_new ("med");
  keeping->mime = uc_media_mime_clean (mime);
  if (keeping->mime == NULL)
    keeping->mime = g_strdup ("application/octet-stream");
  keeping->name = name != NULL ? g_utf8_substring (name, 0, MIN (200, g_utf8_strlen (name, -1))) : NULL;
  keeping->size = (gint64)len;
  keeping->bytes = g_bytes_new (bytes, core->media->held + len > MAX_HELD ? 0 : len);
  keeping->done = done;
  keeping->data = data;
  begin (keeping);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

typedef struct
{
  void (*done) (gpointer data, gboolean known, const char *why);
  gpointer data;
} Asking;

static void
on_row (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  g_autofree Asking *asking = data;

  asking->done (asking->data, result == UC_STORE_OK && value != NULL,
                result == UC_STORE_OK ? NULL
                : why != NULL         ? why
                                      : "the store does not answer");
}

void
uc_media_check (UcMedia *media, const char *id, void (*done) (gpointer data, gboolean known, const char *why),
                gpointer data)
{
  Asking *asking;

  if (g_hash_table_contains (media->recent, id))
    {
      done (data, TRUE, NULL);
      return;
    }
  asking = g_new (Asking, 1);
  *asking = (Asking){ done, data };
  uc_store_media (media->core->store, id, on_row, asking);
}

/* ---- what a crash left --------------------------------------------------------------------------------- */

typedef struct
{
  UcMedia *media;
  char *folder;
  GPtrArray *ids; /* of files ID.new */
  guint next;
  gboolean known; /* the row of the present one is there */
} Sweep;

static void
sweep_free (Sweep *sweep)
{
  g_clear_pointer (&sweep->ids, g_ptr_array_unref);
  g_free (sweep->folder);
  g_free (sweep);
}

static void sweep_next (gpointer data);

static void
run_find (gpointer data)
{
  Sweep *sweep = data;

  sweep->ids = uc_media_unsettled (sweep->folder);
}

static void
run_tidy (gpointer data)
{
  Sweep *sweep = data;
  const char *id = sweep->ids->pdata[sweep->next - 1];

  if (sweep->known)
    uc_media_settle (sweep->folder, id);
  else if (uc_media_age (sweep->folder, id) > ORPHAN_AFTER_S)
    uc_media_drop (sweep->folder, id);
}

static void
on_sweep_row (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Sweep *sweep = data;

  /* Without an answer nothing is removed. */
  sweep->known = value != NULL;
  if (result != UC_STORE_OK || !uc_media_push (sweep->media, run_tidy, sweep_next, sweep))
    sweep_free (sweep);
}

static void
sweep_next (gpointer data)
{
  Sweep *sweep = data;

  if (sweep->media->pool == NULL || sweep->next >= sweep->ids->len)
    sweep_free (sweep);
  else
    uc_store_media (sweep->media->core->store, sweep->ids->pdata[sweep->next++], on_sweep_row, sweep);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

UcMedia *
uc_media_new (UcCore *core)
{
  UcMedia *media = g_new0 (UcMedia, 1);
  Sweep *sweep = g_new0 (Sweep, 1);

  media->core = core;
  media->folder = g_build_filename (uc_settings_string (core->plan->usher, "data_dir"), "media", NULL);
  media->pool = g_thread_pool_new (run_job, NULL, THREADS, FALSE, NULL);
  media->recent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&media->recent_order);
  sweep->media = media;
  sweep->folder = g_strdup (media->folder);
  uc_media_push (media, run_find, sweep_next, sweep);
  return media;
}

/* Both are limited by their bytes alone. */
void
uc_media_queues (UcCore *core, GArray *queues)
{
  const UcMedia *media = core->media;
  guint jobs = media->pool != NULL ? g_thread_pool_unprocessed (media->pool) : 0;

  uc_queues_add_bytes (queues, "media.in", jobs, 0, media->held, MAX_HELD, media->refused);
  uc_queues_add_bytes (queues, "media.out", jobs, 0, (guint64)media->lent, UC_MEDIA_MAX_LENT, media->not_lent);
}

void
uc_media_stop (UcMedia *media)
{
  GThreadPool *pool = g_steal_pointer (&media->pool);

  if (pool != NULL)
    g_thread_pool_free (pool, FALSE, TRUE);
}

void
uc_media_free (UcMedia *media)
{
  if (media == NULL)
    return;
  uc_media_stop (media);
  g_queue_clear (&media->recent_order);
  g_hash_table_unref (media->recent);
  g_free (media->folder);
  g_free (media);
}
