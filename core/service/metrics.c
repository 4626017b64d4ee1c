/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathers the figures of all parts. A part with figures of its own has a function in the table. Main thread.
 */
#include "core/service/metrics.h"

#include "core/base/clock.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"

static void
about_the_daemon (UcCore *core, UcMetrics *metrics)
{
  g_autofree char *version = uc_metrics_label ("version", USHER_VERSION);

  uc_metrics_gauge (metrics, "usher_build_info", "The version, as a label.", version, 1);
  uc_metrics_gauge (metrics, "usher_start_time_seconds", "When the daemon was started.", NULL,
                    (double)core->started_at / 1000);
  uc_metrics_gauge (metrics, "usher_recovering", "1 while the engine is being read again after a failed commit.",
                    NULL, core->recovering);
  uc_metrics_counter (metrics, "usher_events_total", "Events that are durable, over all times.", NULL,
                      (double)core->durable);
}

static void (*const parts[]) (UcCore *core, UcMetrics *metrics) = {
  about_the_daemon,
  uc_alarms_metrics,
  uc_admission_metrics,
};

char *
uc_metrics_text (UcCore *core)
{
  UcMetrics metrics;

  uc_metrics_init (&metrics);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    parts[i](core, &metrics);
  return uc_metrics_end (&metrics);
}
