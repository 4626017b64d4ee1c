/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell around the engine: steps it, numbers its events, commits them, and only then publishes them. When a
 * commit fails, the engine's memory is ahead of the truth: it is thrown away and loaded again. Main thread.
 */
#include "core/service/shell.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/engine/command-json.h"
#include "core/service/bridge.h"
#include "core/service/desk.h"
#include "core/service/drain.h"
#include "core/service/feed.h"
#include "core/service/hold.h"
#include "core/service/intake.h"
#include "core/service/outbox.h"

/* What goes to the store with an event. */
typedef struct
{
  char *json; /* encoded once: the same bytes go to the journal and to every desk */
  gsize len;
  char *step; /* as JSON, if the event is the first one of a step */
} Part;

struct UcTxn
{
  UcCore *core;
  UcBatch *batch;
  GPtrArray *events; /* of UcEvent*, published when durable; until then lent to the store */
  GArray *parts;     /* of Part, for each */
  UcTxnDone done;
  gpointer data;
  GError *refused; /* uc_core_submit: the step's error, told from the loop */
};

static void arm_tick (UcCore *core);

UcTxn *
uc_txn_new (UcCore *core)
{
  UcTxn *txn = g_new0 (UcTxn, 1);

  txn->core = core;
  txn->batch = uc_batch_new ();
  txn->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  txn->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  return txn;
}

static void
txn_free (UcTxn *txn)
{
  g_clear_pointer (&txn->batch, uc_batch_free);
  for (guint i = 0; i < txn->parts->len; i++)
    {
      g_free (g_array_index (txn->parts, Part, i).json);
      g_free (g_array_index (txn->parts, Part, i).step);
    }
  g_array_unref (txn->parts);
  g_ptr_array_unref (txn->events);
  g_clear_error (&txn->refused);
  g_free (txn);
}

static gboolean
refuse_while_recovering (UcCore *core, GError **error)
{
  if (!core->recovering)
    return FALSE;
  g_set_error_literal (
      error, UC_ERROR, UC_ERROR_UNAVAILABLE,
      core->held != NULL
          ? UC_HELD_TEXT
          : "the store did not take the last change and is being read again; try again in a moment");
  return TRUE;
}

static void
add_part (UcTxn *txn, char *step)
{
  Part part = { .step = step };

  g_array_append_val (txn->parts, part);
}

/* Numbers the events of a step and keeps what made them. */
static void
note_step (UcTxn *txn, guint before, char *step)
{
  for (guint i = before; i < txn->events->len; i++)
    {
      ((UcEvent *)txn->events->pdata[i])->seq = ++txn->core->seq;
      add_part (txn, i == before ? step : NULL);
    }
  txn->core->reborn = FALSE;
}

gboolean
uc_txn_step (UcTxn *txn, const UcCommand *command, GError **error)
{
  guint before = txn->events->len;
  g_autofree char *seed = uc_id_new ("s");
  UcCommand seeded = *command;
  g_autoptr (GStringChunk) texts = g_string_chunk_new (256);
  gint64 now = uc_clock_now ();

  seeded.seed = seed;
  uc_command_keep (&seeded, texts);
  if (refuse_while_recovering (txn->core, error))
    return FALSE;
  if (!uc_engine_step (txn->core->engine, &seeded, now, txn->events, error))
    return FALSE;
  if (txn->events->len > before)
    note_step (txn, before, uc_record_step (&seeded, txn->core->reborn, now, txn->events, before));
  return TRUE;
}

void
uc_txn_append (UcTxn *txn, UcEvent *event)
{
  /* What is about to be refused must not use up a number: desks would wait for an event that never comes. */
  if (!txn->core->recovering)
    event->seq = ++txn->core->seq;
  g_ptr_array_add (txn->events, event);
  add_part (txn, uc_record_appended ());
}

UcBatch *
uc_txn_batch (UcTxn *txn)
{
  return txn->batch;
}

GPtrArray *
uc_txn_events (UcTxn *txn)
{
  return txn->events;
}

void
uc_txn_drop (UcTxn *txn)
{
  g_return_if_fail (txn->events->len == 0);
  txn_free (txn);
}

static void
fail_txn (UcTxn *txn, UcStoreResult result, const char *why)
{
  g_autoptr (GError) error = NULL;

  if (result == UC_STORE_CONFLICT)
    g_set_error (&error, UC_ERROR, UC_ERROR_CONFLICT, "not stored: %s",
                 why != NULL ? why : "it stands there already");
  else
    g_set_error (&error, UC_ERROR, UC_ERROR_UNAVAILABLE, "not stored: %s",
                 why != NULL ? why : "the store is not available");
  if (txn->done != NULL)
    txn->done (txn->data, error, txn->events);
}

/* After `done`: listeners get what everybody may know from now on. */
static void
publish (UcTxn *txn)
{
  for (guint i = 0; i < txn->events->len; i++)
    {
      Part *part = &g_array_index (txn->parts, Part, i);

      uc_feed_publish (txn->core->feed, g_steal_pointer (&txn->events->pdata[i]), g_steal_pointer (&part->json),
                       part->len);
    }
}

void
uc_shell_give_up (const char *why)
{
  /* After a failed fsync nobody knows what the disk holds; only a fresh start with recovery tells. */
  g_critical ("the store can't tell whether a change is durable (%s); stopping so that recovery can",
              why != NULL ? why : "no reason given");
  exit (EXIT_FAILURE);
}

void
uc_shell_resume (UcCore *core)
{
  core->recovering = core->reload_armed = FALSE;
  /* What was appended and refused meanwhile was numbered, too. */
  core->seq = core->durable;
  uc_outbox_reload (core->outbox);
  uc_bridge_reload (core->bridge);
  uc_desks_reset (core->desks);
  uc_shell_go (core);
}

static void
reload (gpointer data)
{
  UcCore *core = data;
  g_autoptr (GError) error = NULL;

  uc_store_reset (core->store);
  if (!uc_shell_load (core, &error))
    {
      /* The truth can't be read: going on would mean answering from nothing. */
      g_critical ("the store can't be read again after a failed commit: %s; stopping, start the daemon again",
                  error->message);
      exit (EXIT_FAILURE);
    }
  g_message ("the engine was read again from the store at event %" G_GINT64_FORMAT, core->seq);
  uc_intake_reset (core->intake);
  if (core->held == NULL)
    {
      uc_shell_resume (core);
      return;
    }
  uc_desks_reset (core->desks);
  uc_hold (core);
}

static void
on_committed (gpointer data, UcStoreResult result, const char *why)
{
  UcTxn *txn = data;
  UcCore *core = txn->core;

  if (txn->events->len > 0)
    core->inflight--;
  if (result == UC_STORE_OK)
    {
      if (txn->events->len > 0)
        core->durable = ((UcEvent *)txn->events->pdata[txn->events->len - 1])->seq;
      if (txn->done != NULL)
        txn->done (txn->data, NULL, txn->events);
      publish (txn);
    }
  else
    {
      if (result == UC_STORE_UNKNOWN)
        uc_shell_give_up (why);
      if (txn->events->len > 0 && !core->recovering)
        {
          g_warning ("a change was not stored (%s); reading the engine again",
                     why != NULL ? why : "no reason given");
          core->recovering = TRUE;
          if (result == UC_STORE_UNAVAILABLE)
            core->held = g_strdup (why != NULL ? why : "no reason given");
        }
      fail_txn (txn, result, why);
    }
  txn_free (txn);
  if (core->recovering && core->inflight == 0 && !core->reload_armed && !core->stopping)
    {
      core->reload_armed = TRUE;
      uc_loop_timer_in (core->loop, 0, reload, core);
    }
  uc_intake_go_on (core->intake);
}

static void
tell_refused (gpointer data)
{
  UcTxn *txn = data;

  if (txn->done != NULL)
    txn->done (txn->data, txn->refused, txn->events);
  txn_free (txn);
}

void
uc_txn_commit (UcTxn *txn, UcTxnDone done, gpointer data)
{
  UcCore *core = txn->core;

  txn->done = done;
  txn->data = data;
  /* Appended events were numbered by a count that is about to be read again. */
  if (txn->events->len > 0 && refuse_while_recovering (core, &txn->refused))
    {
      uc_loop_defer (core->loop, tell_refused, txn);
      return;
    }
  if (txn->events->len > 0)
    core->inflight++;
  for (guint i = 0; i < txn->events->len; i++)
    {
      const UcEvent *event = txn->events->pdata[i];
      Part *part = &g_array_index (txn->parts, Part, i);

      part->json = uc_event_to_json (event, &part->len);
      uc_batch_lend_event (txn->batch, event, part->json, part->len, g_steal_pointer (&part->step));
    }
  uc_store_commit (core->store, g_steal_pointer (&txn->batch), on_committed, txn);
  arm_tick (core);
}

void
uc_core_submit (UcCore *core, const UcCommand *command, UcTxnDone done, gpointer data)
{
  UcTxn *txn = uc_txn_new (core);

  if (uc_txn_step (txn, command, &txn->refused))
    {
      uc_txn_commit (txn, done, data);
      return;
    }
  txn->done = done;
  txn->data = data;
  uc_loop_defer (core->loop, tell_refused, txn);
}

void
uc_core_barrier (UcCore *core, UcTxnDone done, gpointer data)
{
  uc_txn_commit (uc_txn_new (core), done, data);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void
on_tick (gpointer data)
{
  UcCore *core = data;
  UcCommand command = { .type = UC_COMMAND_TICK };

  core->tick_timer = 0;
  if (!core->recovering)
    uc_core_submit (core, &command, NULL, NULL);
}

static void
arm_tick (UcCore *core)
{
  gint64 next = core->stopping ? G_MAXINT64 : uc_engine_next_deadline (core->engine);

  uc_loop_timer_remove (core->loop, core->tick_timer);
  core->tick_timer = next == G_MAXINT64 ? 0 : uc_loop_timer_at (core->loop, next, on_tick, core);
}

/* ---- start --------------------------------------------------------------------------------------------- */

typedef struct
{
  UcEngine *engine;
  GError *error;
} Loading;

static void
on_row (const UcEvent *row, gpointer data)
{
  Loading *loading = data;

  if (loading->error == NULL)
    uc_engine_restore (loading->engine, row, &loading->error);
}

gboolean
uc_shell_load (UcCore *core, GError **error)
{
  Loading loading = { uc_engine_new (), NULL };

  if (!uc_store_load (core->store, on_row, &loading, error))
    {
      uc_engine_free (loading.engine);
      return FALSE;
    }
  if (loading.error != NULL)
    {
      g_propagate_prefixed_error (error, loading.error, "the stored state does not fit together: ");
      uc_engine_free (loading.engine);
      return FALSE;
    }
  g_clear_pointer (&core->engine, uc_engine_free);
  core->engine = loading.engine;
  core->reborn = TRUE;
  core->seq = core->durable = uc_store_last_seq (core->store);
  uc_feed_clear (core->feed);
  return TRUE;
}

void
uc_shell_go (UcCore *core)
{
  UcTxn *txn = uc_txn_new (core);
  g_autofree char *seed = uc_id_new ("s");
  gint64 now = uc_clock_now ();
  guint before;

  uc_drain_restored (core, txn);
  before = txn->events->len;
  uc_engine_restored (core->engine, seed, now, txn->events);
  if (txn->events->len > before)
    note_step (txn, before, uc_record_restored (seed, now));
  uc_txn_commit (txn, NULL, NULL);
}
