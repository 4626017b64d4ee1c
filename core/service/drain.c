/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draining: the phases, what each waits for, and for how long at most. While it waits it looks around fifty times
 * a second; nothing of it runs otherwise. Main thread.
 */
#include "core/service/drain.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/admission.h"
#include "core/service/desk.h"
#include "core/service/intake.h"
#include "core/service/outbox.h"

#define LOOK_MS 20
/* Desks come back after this at the earliest: a start takes about as long. */
#define RETURN_FIRST_MS 300
/* A welcome with its snapshot costs a few ms; so many of them fit into a second beside other work. */
#define RETURNS_PER_S 300
#define RETURN_LEAST_MS 700
#define RETURN_MOST_MS 15000

UcDrainTimes uc_drain_times = { .leave = 10000, .settle = 2000 };

struct UcDrain
{
  UcCore *core;
  UcDrainPhase phase;
  gboolean taken_back; /* the offers that stood when their time was over */
  gboolean stop;       /* then stop */
  gint64 deadline;     /* of the phase */
  gint64 offers_ms;
  guint64 timer;
  void (*done) (gpointer data);
  gpointer data;
};

static void look (gpointer data);

UcDrain *
uc_drain_new (UcCore *core)
{
  UcDrain *drain = g_new0 (UcDrain, 1);

  drain->core = core;
  drain->offers_ms = uc_settings_int (core->plan->usher, "drain_time");
  return drain;
}

void
uc_drain_free (UcDrain *drain)
{
  if (drain == NULL)
    return;
  uc_loop_timer_remove (drain->core->loop, drain->timer);
  g_free (drain);
}

UcDrainPhase
uc_drain_phase (UcCore *core)
{
  return core->drain != NULL ? core->drain->phase : UC_DRAIN_OFF; /* it is still being started */
}

const char *
uc_drain_word (UcDrainPhase phase)
{
  static const char *const words[]
      = { [UC_DRAIN_OFF] = "off",         [UC_DRAIN_OFFERS] = "offers",     [UC_DRAIN_DRY] = "dry",
          [UC_DRAIN_LEAVING] = "leaving", [UC_DRAIN_SETTLING] = "settling", [UC_DRAIN_STOPPING] = "stopping" };

  return words[phase];
}

gint64
uc_drain_return_ms (UcCore *core)
{
  gint64 spread
      = CLAMP ((gint64)uc_desks_count (core->desks) * 1000 / RETURNS_PER_S, RETURN_LEAST_MS, RETURN_MOST_MS);
  guint32 dice;

  uc_random_bytes (&dice, sizeof dice);
  return RETURN_FIRST_MS + (gint64)(dice % (guint32)spread);
}

/* ---- the engine ---------------------------------------------------------------------------------------- */

static void
tell_engine (UcDrain *drain, const char *by, gboolean on, gboolean take_back, UcTxnDone done, gpointer data)
{
  const UcCommand command = { .type = UC_COMMAND_DRAIN, .by = by, .enabled = on, .removed = take_back };

  uc_core_submit (drain->core, &command, done, data);
}

static void
count_offered (const UcInteraction *interaction, gpointer count)
{
  if (interaction->state == UC_INTERACTION_OFFERED)
    ++*(guint *)count;
}

static guint
offers (UcCore *core)
{
  guint count = 0;

  uc_engine_each_interaction (core->engine, count_offered, &count);
  return count;
}

void
uc_drain_restored (UcCore *core, UcTxn *txn)
{
  const UcCommand command = { .type = UC_COMMAND_DRAIN, .enabled = 1 };

  if (uc_drain_phase (core) != UC_DRAIN_OFF)
    uc_txn_step (txn, &command, NULL);
}

/* ---- phases -------------------------------------------------------------------------------------------- */

static void
enter (UcDrain *drain, UcDrainPhase phase, gint64 ms)
{
  drain->phase = phase;
  drain->deadline = uc_clock_now () + ms;
  if (drain->timer == 0)
    drain->timer = uc_loop_timer_in (drain->core->loop, LOOK_MS, look, drain);
}

static void
begin (UcDrain *drain)
{
  drain->taken_back = FALSE;
  enter (drain, UC_DRAIN_OFFERS, drain->offers_ms);
}

/* Those who would have to wait for what they get from us are sent away; what they asked for is finished. */
static void
leave (UcDrain *drain)
{
  UcCore *core = drain->core;

  g_message ("desks and pages are told to come back in a moment");
  enter (drain, UC_DRAIN_LEAVING, uc_drain_times.leave);
  uc_net_stop_listening (core->net);
  uc_desks_bye (core->desks, NULL, "restarting", "the server restarts; connect again in a moment");
}

static void
stop (UcDrain *drain)
{
  drain->phase = UC_DRAIN_STOPPING;
  uc_loop_timer_remove (drain->core->loop, drain->timer);
  drain->timer = 0;
  uc_core_stop (drain->core, drain->done, drain->data);
}

static gboolean
is_settled (UcCore *core)
{
  return uc_intake_pending (core->intake) == 0 && uc_store_pending (core->store) == 0
         && uc_net_arriving (core->net) == 0;
}

static void
look_at_offers (UcDrain *drain)
{
  gint64 now = uc_clock_now ();
  gboolean late = now >= drain->deadline;
  /* Nothing can be stored, or it was not: the next start finds the offers as they are. */
  gboolean stuck = late && (drain->core->recovering || now >= drain->deadline + uc_drain_times.settle);

  if (offers (drain->core) == 0)
    {
      /* A timer is not needed for what only an operation ends. */
      drain->phase = UC_DRAIN_DRY;
      if (drain->stop)
        leave (drain);
    }
  else if (drain->stop && stuck)
    leave (drain);
  else if (late && !drain->taken_back && !drain->core->recovering)
    {
      drain->taken_back = TRUE;
      tell_engine (drain, NULL, TRUE, TRUE, NULL, NULL);
    }
}

/* Waits for an end of the phase and goes on to the next. */
static void
look (gpointer data)
{
  UcDrain *drain = data;
  UcCore *core = drain->core;
  gboolean late = uc_clock_now () >= drain->deadline;

  drain->timer = 0;
  if (drain->phase == UC_DRAIN_OFFERS)
    look_at_offers (drain);
  else if (drain->phase == UC_DRAIN_LEAVING && (late || uc_outbox_with_channels (core->outbox) == 0))
    {
      if (uc_outbox_with_channels (core->outbox) > 0)
        g_warning ("channels have not said within %.1f s what became of %u messages; after the start it is found "
                   "out",
                   (double)uc_drain_times.leave / 1000, uc_outbox_with_channels (core->outbox));
      enter (drain, UC_DRAIN_SETTLING, uc_drain_times.settle);
    }
  else if (drain->phase == UC_DRAIN_SETTLING && (late || is_settled (core)))
    {
      stop (drain);
      return;
    }
  if (drain->timer == 0 && drain->phase != UC_DRAIN_DRY && drain->phase != UC_DRAIN_OFF)
    drain->timer = uc_loop_timer_in (core->loop, LOOK_MS, look, drain);
}

/* ---- asked for ----------------------------------------------------------------------------------------- */

typedef struct
{
  UcCore *core;
  gboolean began;
  UcTxnDone done;
  gpointer data;
} Beginning;

/* Who was told that nothing was changed must not find the daemon draining later. */
static void
on_begun (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Beginning *beginning = data;
  UcDrain *drain = beginning->core->drain;

  if (error != NULL && beginning->began && !drain->stop)
    {
      uc_loop_timer_remove (drain->core->loop, drain->timer);
      drain->timer = 0;
      drain->phase = UC_DRAIN_OFF;
    }
  beginning->done (beginning->data, error, events);
}

void
uc_drain_begin (UcCore *core, const char *by, UcTxnDone done, gpointer data)
{
  Beginning *beginning = g_new (Beginning, 1);

  *beginning = (Beginning){ core, core->drain->phase == UC_DRAIN_OFF, done, data };
  if (beginning->began)
    {
      g_message ("draining: no new offers are made");
      begin (core->drain);
    }
  tell_engine (core->drain, by, TRUE, FALSE, on_begun, beginning);
}

void
uc_drain_cancel (UcCore *core, const char *by, UcTxnDone done, gpointer data)
{
  UcDrain *drain = core->drain;

  if (drain->stop)
    {
      g_autoptr (GError) error = g_error_new_literal (
          UC_ERROR, UC_ERROR_CONFLICT, "the daemon is stopping already; start it again when it has ended");

      done (data, error, NULL);
      return;
    }
  if (drain->phase != UC_DRAIN_OFF)
    g_message ("draining is over: offers are made again");
  uc_loop_timer_remove (core->loop, drain->timer);
  drain->timer = 0;
  drain->phase = UC_DRAIN_OFF;
  tell_engine (drain, by, FALSE, FALSE, done, data);
}

void
uc_drain_stop (UcCore *core, void (*done) (gpointer data), gpointer data)
{
  UcDrain *drain = core->drain;

  if (drain->stop)
    return;
  drain->stop = TRUE;
  drain->done = done;
  drain->data = data;
  if (drain->phase == UC_DRAIN_OFF)
    {
      tell_engine (drain, NULL, TRUE, FALSE, NULL, NULL);
      begin (drain);
      if (offers (core) > 0)
        g_message ("%u offers stand; they may be accepted for up to %.0f s", offers (core),
                   (double)drain->offers_ms / 1000);
    }
  if (drain->phase == UC_DRAIN_OFFERS || drain->phase == UC_DRAIN_DRY)
    {
      drain->phase = UC_DRAIN_OFFERS;
      look_at_offers (drain);
      if (drain->timer == 0)
        drain->timer = uc_loop_timer_in (core->loop, LOOK_MS, look, drain);
    }
}

void
uc_drain_hurry (UcCore *core)
{
  UcDrain *drain = core->drain;

  if (!drain->stop || drain->phase == UC_DRAIN_STOPPING)
    return;
  g_message ("stopping at once");
  if (offers (core) > 0 && !drain->taken_back)
    tell_engine (drain, NULL, TRUE, TRUE, NULL, NULL);
  stop (drain);
}
