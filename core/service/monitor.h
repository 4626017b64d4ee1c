/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Watches the daemon from inside while it works: whether the engine's state contradicts itself, whether timers
 * come late, whether deliveries and commits make progress. What is wrong becomes an alarm. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

/* So often it looks. */
#define UC_MONITOR_EVERY_MS 250

/* Alarms it raises: "invariant", "store.stalled", "intake.stalled", "queue.missing". */
UcMonitor *uc_monitor_new (UcCore *core);
void uc_monitor_free (UcMonitor *monitor);
void uc_monitor_metrics (UcCore *core, UcMetrics *metrics);
