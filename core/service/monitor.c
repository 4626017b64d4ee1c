/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The monitor: a beat every quarter of a second. Each looks at a part of the engine's state, as large as fits into
 * a hundredth of the time between two beats; what of it is wrong is told at once, and taken back only when a whole
 * round found nothing. Main thread.
 */
#include "core/service/monitor.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/alarm.h"
#include "core/service/intake.h"

/* Agents, interactions and timers that a beat looks at: a centre of 1,000 chats is gone over twice a second. What
 * takes longer than SPEND_US is given less. */
#define MOST_LOOKED_AT 3000
#define LEAST_LOOKED_AT 100
#define SPEND_US (UC_MONITOR_EVERY_MS * 1000 / 100)
/* A deadline is acted upon before the beat that comes after it: so late, it was forgotten. */
#define OVERDUE_MS 500
/* So long nobody is reproached after the engine stood still: what was due meanwhile is being done. */
#define SETTLE_MS 1000
/* Different things that are told while the alarm stands; more are counted only. */
#define MOST_TOLD 20
/* So long a change may wait for the disk, and a delivery for its answer, before a person should know. */
#define COMMIT_STALLED_US (5 * G_USEC_PER_SEC)
#define DELIVERY_STALLED_US (30 * G_USEC_PER_SEC)
/* So long a new centre has to make the queues that its channels feed. */
#define QUEUE_MISSING_MS 10000

struct UcMonitor
{
  UcCore *core;
  guint64 timer;

  gint64 due_us, lag_us; /* when this beat was to come, and how late it came */
  gint64 due_at;         /* the same on the clock that deadlines go by, which may be set */
  UcHistogram late;

  UcCheckCursor cursor;
  guint budget;
  guint64 rounds, violations;
  gint64 spent_us; /* in all */
  gint64 still_at; /* when the engine stood still last */
  gint64 fed_at;   /* when each channel had its queue last */
  GPtrArray *told; /* of char*: what is wrong, since the last clean round */
  gboolean broken; /* something was found in this round */
};

/* ---- the engine's state -------------------------------------------------------------------------------- */

static const char *
skip_number (const char *p, gboolean begins)
{
  while (begins && g_ascii_isdigit (*p))
    p++;
  return p;
}

/* Apart from numbers, which may rise while it lasts ("ms overdue"); ids begin with a letter. */
static gboolean
is_same (const char *a, const char *b)
{
  gboolean begins = TRUE;

  for (;; a++, b++)
    {
      a = skip_number (a, begins);
      b = skip_number (b, begins);
      if (*a != *b || *a == '\0')
        return *a == *b;
      begins = *a == ' ';
    }
}

static void
found_wrong (UcMonitor *monitor, const char *what)
{
  UcCore *core = monitor->core;

  monitor->broken = TRUE;
  for (guint i = 0; i < monitor->told->len; i++)
    if (is_same (monitor->told->pdata[i], what))
      return;
  monitor->violations++;
  if (monitor->told->len >= MOST_TOLD)
    return;
  g_ptr_array_add (monitor->told, g_strdup (what));
  g_critical ("the engine's state contradicts itself at event %" G_GINT64_FORMAT ": %s", core->seq, what);
  if (monitor->told->len == 1)
    uc_alarm_raise (core, "invariant",
                    "the engine's state contradicts itself: %s. Chats may wait or be given out wrongly; if this "
                    "does not go by itself, restart usherd, which reads everything anew from the store (nothing "
                    "stored is lost), and report it with the log",
                    what);
}

static void
finish_round (UcMonitor *monitor)
{
  monitor->rounds++;
  if (!monitor->broken && monitor->told->len > 0)
    {
      g_ptr_array_set_size (monitor->told, 0);
      uc_alarm_clear (monitor->core, "invariant");
    }
  monitor->broken = FALSE;
}

/* All that was due before this beat was due has been done before it: the loop keeps that order, however late it
 * is and however the clock was set. */
static gint64
patience (const UcMonitor *monitor, gint64 now)
{
  return now - monitor->still_at < SETTLE_MS ? G_MAXINT64 / 2 : OVERDUE_MS + MAX (0, now - monitor->due_at);
}

static void
look (UcMonitor *monitor)
{
  gint64 began = g_get_monotonic_time (), now = uc_clock_now ();
  gboolean right = FALSE, done = FALSE;
  gint64 took;

  monitor->cursor.late_ms = patience (monitor, now);
  /* Behind what is wrong it goes on, but not for ever. */
  for (guint tries = 0; tries < MOST_TOLD && !right && !done; tries++)
    {
      g_autoptr (GError) error = NULL;

      right = uc_engine_check_some (monitor->core->engine, now, &monitor->cursor, monitor->budget, &done, &error);
      if (!right)
        found_wrong (monitor, error->message);
    }
  if (done)
    finish_round (monitor);
  took = g_get_monotonic_time () - began;
  monitor->spent_us += took;
  if (took > SPEND_US)
    monitor->budget = MAX (LEAST_LOOKED_AT, monitor->budget / 2);
  else if (took < SPEND_US / 2)
    monitor->budget = MIN (MOST_LOOKED_AT, monitor->budget + LEAST_LOOKED_AT);
}

/* ---- progress ------------------------------------------------------------------------------------------ */

static void
check_progress (UcMonitor *monitor)
{
  UcCore *core = monitor->core;
  UcStorePressure pressure;

  uc_store_pressure (core->store, &pressure);
  if (pressure.oldest_us > COMMIT_STALLED_US)
    uc_alarm_raise (core, "store.stalled",
                    "what should be stored has waited for more than %d s: the disk under the data directory does "
                    "not keep up or does not answer; look at the disk, its controller and what else writes to it",
                    (int)(COMMIT_STALLED_US / G_USEC_PER_SEC));
  else
    uc_alarm_clear (core, "store.stalled");
  if (uc_intake_oldest_us (core->intake) > DELIVERY_STALLED_US)
    uc_alarm_raise (core, "intake.stalled",
                    "messages of customers have waited for more than %d s to be taken in; networks will deliver "
                    "them again. If \"store.stalled\" stands too, it is the disk; otherwise report this with the "
                    "log",
                    (int)(DELIVERY_STALLED_US / G_USEC_PER_SEC));
  else
    uc_alarm_clear (core, "intake.stalled");
}

/* The first channel whose queue is not there, or NULL. */
static const UsherInstance *
channel_without_queue (const UcCore *core)
{
  for (guint i = 0; i < core->instances->len; i++)
    {
      const UsherInstance *instance = core->instances->pdata[i];

      if (instance->kind == UC_KIND_CHANNEL
          && uc_engine_queue (core->engine, uc_settings_string (instance->settings, "queue")) == NULL)
        return instance;
    }
  return NULL;
}

/* Queues are made while the daemon runs, so the check of the configuration cannot miss one. Without this nobody
 * but the customers, who wait for ever, would know. */
static void
check_queues (UcMonitor *monitor)
{
  UcCore *core = monitor->core;
  const UsherInstance *channel = channel_without_queue (core);
  const char *queue = channel != NULL ? uc_settings_string (channel->settings, "queue") : NULL;

  if (channel == NULL)
    {
      monitor->fed_at = uc_clock_now ();
      uc_alarm_clear (core, "queue.missing");
    }
  else if (uc_clock_now () - monitor->fed_at >= QUEUE_MISSING_MS)
    uc_alarm_raise (core, "queue.missing",
                    "the channel \"%s\" feeds the queue \"%s\", which does not exist: what its customers write is "
                    "not taken in. Make it, usherctl call queue.put '{\"queue\":\"%s\"}', or name another one in "
                    "[channel:%s] and restart usherd",
                    channel->name, queue, queue, channel->name);
}

/* ---- the beat ------------------------------------------------------------------------------------------ */

static void beat (gpointer data);

static void
arm (UcMonitor *monitor)
{
  monitor->due_us = g_get_monotonic_time () + UC_MONITOR_EVERY_MS * G_TIME_SPAN_MILLISECOND;
  monitor->due_at = uc_clock_now () + UC_MONITOR_EVERY_MS;
  monitor->timer = uc_loop_timer_in (monitor->core->loop, UC_MONITOR_EVERY_MS, beat, monitor);
}

static void
beat (gpointer data)
{
  UcMonitor *monitor = data;
  UcCore *core = monitor->core;

  monitor->lag_us = MAX (0, g_get_monotonic_time () - monitor->due_us);
  uc_histogram_add (&monitor->late, monitor->lag_us);
  if (core->recovering || core->held != NULL)
    monitor->still_at = uc_clock_now ();
  else if (!core->stopping)
    {
      look (monitor);
      check_queues (monitor);
    }
  if (!core->stopping)
    check_progress (monitor);
  arm (monitor);
}

UcMonitor *
uc_monitor_new (UcCore *core)
{
  UcMonitor *monitor = g_new0 (UcMonitor, 1);

  monitor->core = core;
  monitor->budget = MOST_LOOKED_AT;
  monitor->still_at = monitor->fed_at = uc_clock_now ();
  monitor->told = g_ptr_array_new_with_free_func (g_free);
  arm (monitor);
  return monitor;
}

void
uc_monitor_free (UcMonitor *monitor)
{
  uc_loop_timer_remove (monitor->core->loop, monitor->timer);
  g_ptr_array_unref (monitor->told);
  g_free (monitor);
}

void
uc_monitor_metrics (UcCore *core, UcMetrics *metrics)
{
  const UcMonitor *monitor = core->monitor;

  uc_metrics_counter (metrics, "usher_invariant_violations_total",
                      "How often the engine's state was found to contradict itself; each is an alarm.", NULL,
                      (double)monitor->violations);
  uc_metrics_counter (metrics, "usher_invariant_rounds_total", "How often all of it was looked at.", NULL,
                      (double)monitor->rounds);
  uc_metrics_counter (metrics, "usher_invariant_check_seconds_total", "How long that took in all.", NULL,
                      (double)monitor->spent_us / 1e6);
  uc_metrics_gauge (metrics, "usher_loop_lag_seconds", "How late the main loop's last beat came.", NULL,
                    (double)monitor->lag_us / 1e6);
  uc_metrics_histogram (metrics, "usher_loop_late_seconds", "How late the main loop's beats come.", NULL,
                        &monitor->late);
}
