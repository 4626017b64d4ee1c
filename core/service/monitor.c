/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The monitor: a beat every quarter of a second. Checking the state is given a hundredth of the time that passes,
 * however large the centre is. Main thread.
 */
#include "core/service/monitor.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/alarm.h"
#include "core/service/intake.h"

/* Of the time that passes, checking takes one part in so many. */
#define SHARE 100
/* A deadline that is so late was not just waiting for its turn. */
#define OVERDUE_MS 250
/* So long a change may wait for the disk, and a delivery for its answer, before a person should know. */
#define COMMIT_STALLED_US (5 * G_USEC_PER_SEC)
#define DELIVERY_STALLED_US (30 * G_USEC_PER_SEC)

struct UcMonitor
{
  UcCore *core;
  guint64 timer;

  gint64 due_us, lag_us; /* when this beat was to come, and how late it came */
  UcHistogram late;

  gint64 check_at_us; /* not before */
  gint64 spent_us;    /* on checking, in all */
  guint64 rounds, violations;
  gint64 overdue; /* the deadline that was late at the last beat; 0 = none was */
};

/* ---- the engine's state -------------------------------------------------------------------------------- */

static void
found_wrong (UcMonitor *monitor, const GError *error)
{
  UcCore *core = monitor->core;
  const UcAlarm *alarm = uc_alarm_find (core, "invariant");
  g_autofree char *text = g_strdup_printf (
      "the engine's state contradicts itself: %s. Chats may wait or be given out wrongly until it is right again; "
      "restart usherd, which reads everything anew from the store (nothing stored is lost), and report this line",
      error->message);

  if (alarm != NULL && g_strcmp0 (alarm->text, text) == 0)
    return;
  monitor->violations++;
  g_critical ("invariant broken at event %" G_GINT64_FORMAT ": %s", core->seq, error->message);
  uc_alarm_raise (core, "invariant", "%s", text);
}

/* One round over everything. A wrong state is told at once; only a clean round says that it is right again. */
static void
check_state (UcMonitor *monitor)
{
  gint64 began = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  gint64 took;

  if (began < monitor->check_at_us)
    return;
  if (uc_engine_check (monitor->core->engine, uc_clock_now (), &error))
    uc_alarm_clear (monitor->core, "invariant");
  else
    found_wrong (monitor, error);
  monitor->rounds++;
  took = g_get_monotonic_time () - began;
  monitor->spent_us += took;
  monitor->check_at_us = began + took * SHARE;
}

/* The shell's own part of it: what is due was done. A deadline that has passed counts at the second look: at the
 * first it may be the next thing that the loop does. */
static void
check_deadline (UcMonitor *monitor)
{
  UcCore *core = monitor->core;
  gint64 next = uc_engine_next_deadline (core->engine), now = uc_clock_now ();
  gboolean late = next <= now - OVERDUE_MS;

  if (late && monitor->overdue != 0 && next <= monitor->overdue)
    {
      if (uc_alarm_find (core, "timers") == NULL)
        monitor->violations++;
      uc_alarm_raise (core, "timers",
                      "deadlines are not acted upon: the first one passed and nothing was done about it. Offers "
                      "and wrap-ups do not end by themselves; restart usherd, and report this with the log");
    }
  else if (!late)
    uc_alarm_clear (core, "timers");
  monitor->overdue = late ? next : 0;
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

/* ---- the beat ------------------------------------------------------------------------------------------ */

static void beat (gpointer data);

static void
arm (UcMonitor *monitor)
{
  monitor->due_us = g_get_monotonic_time () + UC_MONITOR_EVERY_MS * G_TIME_SPAN_MILLISECOND;
  monitor->timer = uc_loop_timer_in (monitor->core->loop, UC_MONITOR_EVERY_MS, beat, monitor);
}

static void
beat (gpointer data)
{
  UcMonitor *monitor = data;
  UcCore *core = monitor->core;

  monitor->lag_us = MAX (0, g_get_monotonic_time () - monitor->due_us);
  uc_histogram_add (&monitor->late, monitor->lag_us);
  /* What is about to be thrown away need not be right. */
  if (!core->stopping)
    {
      if (!core->recovering)
        {
          check_state (monitor);
          check_deadline (monitor);
        }
      check_progress (monitor);
    }
  arm (monitor);
}

UcMonitor *
uc_monitor_new (UcCore *core)
{
  UcMonitor *monitor = g_new0 (UcMonitor, 1);

  monitor->core = core;
  arm (monitor);
  return monitor;
}

void
uc_monitor_free (UcMonitor *monitor)
{
  uc_loop_timer_remove (monitor->core->loop, monitor->timer);
  g_free (monitor);
}

void
uc_monitor_metrics (UcCore *core, UcMetrics *metrics)
{
  const UcMonitor *monitor = core->monitor;

  uc_metrics_counter (metrics, "usher_invariant_violations_total",
                      "How often the engine's state was found to contradict itself; each is an alarm.", NULL,
                      (double)monitor->violations);
  uc_metrics_counter (metrics, "usher_invariant_rounds_total", "How often all of it was checked.", NULL,
                      (double)monitor->rounds);
  uc_metrics_counter (metrics, "usher_invariant_check_seconds_total", "How long that took in all.", NULL,
                      (double)monitor->spent_us / 1e6);
  uc_metrics_gauge (metrics, "usher_loop_lag_seconds", "How late the main loop's last beat came.", NULL,
                    (double)monitor->lag_us / 1e6);
  uc_metrics_histogram (metrics, "usher_loop_late_seconds", "How late the main loop's beats come.", NULL,
                        &monitor->late);
}
