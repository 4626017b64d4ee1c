/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All figures of the daemon as one text, for GET /metrics. Parts write what they know when somebody asks; only
 * what happened (offers, messages, ...) is counted in between, from the journal's live end. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

/* Starts counting what happens. */
UcHappened *uc_happened_new (UcCore *core);
void uc_happened_free (UcHappened *happened);

/* GET /metrics: on the control socket, and on listeners with metrics = true or only. */
gboolean uc_metrics_start (UcCore *core, GError **error);
/* To be freed. */
char *uc_metrics_text (UcCore *core);

/* ---- parts: called by uc_metrics_text ------------------------------------------------------------------ */

/* metrics-events.c */
void uc_happened_metrics (UcCore *core, UcMetrics *metrics);
/* metrics-engine.c */
void uc_engine_metrics (UcCore *core, UcMetrics *metrics);
/* metrics-parts.c */
void uc_parts_metrics (UcCore *core, UcMetrics *metrics);
/* metrics-process.c */
void uc_process_metrics (UcCore *core, UcMetrics *metrics);
/* metrics-queues.c. A part whose queue has a limit of its own adds it to `queues` (of UcQueueFigures). */
void uc_queues_metrics (UcCore *core, UcMetrics *metrics);
void uc_queues_add (GArray *queues, const char *name, guint64 length, guint64 limit, guint64 refused);
void uc_queues_add_bytes (GArray *queues, const char *name, guint64 length, guint64 limit, guint64 bytes,
                          guint64 limit_bytes, guint64 refused);
