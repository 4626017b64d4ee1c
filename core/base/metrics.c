/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text of the figures, see metrics.h. Main thread.
 */
#include "core/base/metrics.h"

#include <math.h>

void
uc_metrics_init (UcMetrics *metrics)
{
  metrics->text = g_string_sized_new (8192);
  metrics->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

char *
uc_metrics_end (UcMetrics *metrics)
{
  g_clear_pointer (&metrics->named, g_hash_table_unref);
  return g_string_free (g_steal_pointer (&metrics->text), FALSE);
}

static void
name_family (UcMetrics *metrics, const char *name, const char *help, const char *type)
{
  if (g_hash_table_add (metrics->named, g_strdup (name)))
    g_string_append_printf (metrics->text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_line (UcMetrics *metrics, const char *name, const char *labels, const char *more, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  const char *parts[]
      = { labels != NULL ? labels : "", labels != NULL && more != NULL ? "," : "", more != NULL ? more : "" };

  g_string_append (metrics->text, name);
  if (labels != NULL || more != NULL)
    g_string_append_printf (metrics->text, "{%s%s%s}", parts[0], parts[1], parts[2]);
  if (value == floor (value) && fabs (value) < 1e15)
    g_string_append_printf (metrics->text, " %" G_GINT64_FORMAT "\n", (gint64)value);
  else
    g_string_append_printf (metrics->text, " %s\n", g_ascii_formatd (number, sizeof number, "%.15g", value));
}

void
uc_metrics_gauge (UcMetrics *metrics, const char *name, const char *help, const char *labels, double value)
{
  name_family (metrics, name, help, "gauge");
  write_line (metrics, name, labels, NULL, value);
}

void
uc_metrics_counter (UcMetrics *metrics, const char *name, const char *help, const char *labels, double value)
{
  name_family (metrics, name, help, "counter");
  write_line (metrics, name, labels, NULL, value);
}

char *
uc_metrics_label (const char *label, const char *value)
{
  GString *out = g_string_new (label);

  g_string_append (out, "=\"");
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (out, "\\n");
    else if (*c == '"' || *c == '\\')
      g_string_append_printf (out, "\\%c", *c);
    else
      g_string_append_c (out, *c);
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

/* ---- histograms ---------------------------------------------------------------------------------------- */

#define FIRST_US 500

void
uc_histogram_add (UcHistogram *histogram, gint64 us)
{
  guint bucket = 0;

  while (bucket < UC_HISTOGRAM_BUCKETS && us > (gint64)FIRST_US << bucket)
    bucket++;
  histogram->bucket[bucket]++;
  histogram->count++;
  histogram->sum_us += us;
}

void
uc_metrics_histogram (UcMetrics *metrics, const char *name, const char *help, const char *labels,
                      const UcHistogram *histogram)
{
  g_autofree char *bucket = g_strconcat (name, "_bucket", NULL);
  g_autofree char *sum = g_strconcat (name, "_sum", NULL);
  g_autofree char *count = g_strconcat (name, "_count", NULL);
  guint64 upto = 0;

  name_family (metrics, name, help, "histogram");
  for (guint i = 0; i < UC_HISTOGRAM_BUCKETS; i++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      g_autofree char *le = NULL;

      g_ascii_formatd (number, sizeof number, "%g", (double)((gint64)FIRST_US << i) / 1e6);
      le = uc_metrics_label ("le", number);
      upto += histogram->bucket[i];
      write_line (metrics, bucket, labels, le, (double)upto);
    }
  write_line (metrics, bucket, labels, "le=\"+Inf\"", (double)histogram->count);
  write_line (metrics, sum, labels, NULL, (double)histogram->sum_us / 1e6);
  write_line (metrics, count, labels, NULL, (double)histogram->count);
}

/* ---- queues -------------------------------------------------------------------------------------------- */

void
uc_metrics_queues (UcMetrics *metrics, const UcQueueFigures *queues, guint n)
{
  static const struct
  {
    const char *name, *help;
    gsize offset;
    gboolean counter, of_bytes;
  } families[] = {
    { "usher_internal_queue_length", "What waits in a queue inside the daemon.", offsetof (UcQueueFigures, length),
      FALSE, FALSE },
    { "usher_internal_queue_limit", "The most that may wait in it.", offsetof (UcQueueFigures, limit), FALSE,
      FALSE },
    { "usher_internal_queue_bytes", "How much memory that takes, where it is limited.",
      offsetof (UcQueueFigures, bytes), FALSE, TRUE },
    { "usher_internal_queue_limit_bytes", "The most memory it may take.", offsetof (UcQueueFigures, limit_bytes),
      FALSE, TRUE },
    { "usher_internal_queue_refused_total", "What it refused because it was full.",
      offsetof (UcQueueFigures, refused), TRUE, FALSE },
  };

  for (gsize f = 0; f < G_N_ELEMENTS (families); f++)
    for (guint i = 0; i < n; i++)
      {
        g_autofree char *label = uc_metrics_label ("name", queues[i].name);
        double value = (double)G_STRUCT_MEMBER (guint64, &queues[i], families[f].offset);

        if (families[f].of_bytes && queues[i].limit_bytes == 0)
          continue;
        if (families[f].offset == offsetof (UcQueueFigures, limit) && queues[i].limit == 0)
          continue;
        (families[f].counter ? uc_metrics_counter : uc_metrics_gauge) (metrics, families[f].name, families[f].help,
                                                                       label, value);
      }
}
