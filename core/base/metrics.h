/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writes figures in the text format that Prometheus reads (version 0.0.4 of its exposition format). A part of the
 * daemon that has figures writes them when it is asked; nothing is collected in between. Main thread.
 */
#pragma once

#include <glib.h>

typedef struct
{
  GString *text;
  GHashTable *named; /* families whose HELP and TYPE were written */
} UcMetrics;

void uc_metrics_init (UcMetrics *metrics);
/* The text, to be freed by the caller; `metrics` is empty afterwards. */
char *uc_metrics_end (UcMetrics *metrics);

/* One figure. name begins with "usher_" (or "process_", for what every process has); a counter's ends with
 * "_total", seconds and bytes are the units. help: one sentence. labels: "queue=\"sales\"" as uc_metrics_label
 * makes them, or NULL. Figures of one name belong together: write them one after the other. */
void uc_metrics_gauge (UcMetrics *metrics, const char *name, const char *help, const char *labels, double value);
void uc_metrics_counter (UcMetrics *metrics, const char *name, const char *help, const char *labels, double value);
/* label="value" with the value escaped. */
char *uc_metrics_label (const char *label, const char *value);

/* Lengths of time in powers of two from 0.5 ms to 65 s, for a Prometheus histogram. Part of its owner; all 0 =
 * empty. */
#define UC_HISTOGRAM_BUCKETS 18
typedef struct
{
  guint64 bucket[UC_HISTOGRAM_BUCKETS + 1], count;
  gint64 sum_us;
} UcHistogram;

void uc_histogram_add (UcHistogram *histogram, gint64 us);
void uc_metrics_histogram (UcMetrics *metrics, const char *name, const char *help, const char *labels,
                           const UcHistogram *histogram);

/* A queue inside the daemon: every one has a name, a length, a limit and a count of what it refused. Written by
 * uc_metrics_queues for all at once, as usher_internal_queue_{length,limit,refused_total}{name="..."}; with
 * bytes also usher_internal_queue_bytes and _limit_bytes. */
typedef struct
{
  const char *name;
  guint64 length, limit;      /* things; limit 0 = limited by bytes alone */
  guint64 bytes, limit_bytes; /* limit_bytes 0 = not limited by bytes */
  guint64 refused;
} UcQueueFigures;

void uc_metrics_queues (UcMetrics *metrics, const UcQueueFigures *queues, guint n);
