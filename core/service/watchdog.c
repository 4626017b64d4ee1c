/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The watchdog is fed by a timer of the main loop, which is how the loop shows that it turns; what the other two
 * show is looked at each time. Main thread.
 */
#include "core/service/watchdog.h"

#include "core/base/clock.h"
#include "core/service/systemd.h"

/* The slowest commit of a working disk takes a second or two; timers wait for one turn of the loop. */
UcWatchdogLimits uc_watchdog_limits = { .commit = 10000, .timers = 5000 };

struct UcWatchdog
{
  UcCore *core;
  gint64 every_ms;
  guint64 timer;
  gboolean told; /* that it is not fed */
};

char *
uc_watchdog_trouble (UcCore *core)
{
  UcStorePressure pressure;
  gint64 late;

  uc_store_pressure (core->store, &pressure);
  if (pressure.oldest_us / 1000 > uc_watchdog_limits.commit)
    return g_strdup_printf ("the store has not answered a commit for %" G_GINT64_FORMAT " s: its disk or its "
                            "thread stands still",
                            pressure.oldest_us / G_USEC_PER_SEC);
  /* While the engine is read again, and while it stops, time stands still on purpose. */
  if (core->recovering || core->stopping)
    return NULL;
  late = uc_clock_now () - uc_engine_next_deadline (core->engine);
  if (late > uc_watchdog_limits.timers)
    return g_strdup_printf ("the engine's timers are late by %" G_GINT64_FORMAT " s", late / 1000);
  return NULL;
}

static void
feed (gpointer data)
{
  UcWatchdog *watchdog = data;
  g_autofree char *trouble = uc_watchdog_trouble (watchdog->core);

  if (trouble == NULL)
    uc_systemd_notify ("WATCHDOG=1%s", watchdog->told ? "\nSTATUS=ready" : "");
  else if (!watchdog->told)
    {
      g_critical ("no sign of life to the service manager: %s; it will restart the daemon if that goes on",
                  trouble);
      uc_systemd_notify ("STATUS=stalled: %s", trouble);
    }
  watchdog->told = trouble != NULL;
  watchdog->timer = uc_loop_timer_in (watchdog->core->loop, watchdog->every_ms, feed, watchdog);
}

UcWatchdog *
uc_watchdog_new (UcCore *core, gint64 interval_ms)
{
  UcWatchdog *watchdog = g_new0 (UcWatchdog, 1);

  watchdog->core = core;
  watchdog->every_ms = MAX (interval_ms / 4, 1);
  feed (watchdog);
  return watchdog;
}

void
uc_watchdog_free (UcWatchdog *watchdog)
{
  if (watchdog == NULL)
    return;
  uc_loop_timer_remove (watchdog->core->loop, watchdog->timer);
  g_free (watchdog);
}
