/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures as text: what is written can be read by the rules of the format, whatever labels hold; and the reader
 * that says so is strict.
 */
#include "core/base/metrics.h"

#include <string.h>

#include "exposition.h"

static GHashTable *
read_good (const char *text)
{
  g_autofree char *why = NULL;
  GHashTable *samples = exposition_read (text, &why);

  if (samples == NULL)
    g_error ("%s\n%s", why, text);
  return samples;
}

/* ---- the reader ---------------------------------------------------------------------------------------- */

#define HEAD "# HELP usher_x A.\n# TYPE usher_x gauge\n"
#define HISTOGRAM "# HELP usher_h A.\n# TYPE usher_h histogram\n"

static void
test_reader (void)
{
  static const char *const bad[] = {
    "usher_x 1\n",
    HEAD,
    HEAD "usher_x 1",
    HEAD "usher_x 1\nusher_x 2\n",
    HEAD "usher_x NaN\n",
    HEAD "usher_x 1,5\n",
    HEAD "usher_x  1\n",
    HEAD "usher_x{} 1\n",
    HEAD "usher_x{a=\"b\",} 1\n",
    HEAD "usher_x{a=\"b\",a=\"c\"} 1\n",
    HEAD "usher_x{a=\"\\t\"} 1\n",
    HEAD "usher_x{a=\"b\"c\"} 1\n",
    HEAD "usher_x{a=\"b\\\"} 1\n",
    HEAD "usher_x{a=b} 1\n",
    HEAD "usher_x{a-b=\"c\"} 1\n",
    HEAD "usher_x{a=\"\xff\"} 1\n",
    HEAD "usher_y 1\n",
    HEAD "\nusher_x 1\n",
    HEAD "usher_x 1\n" HEAD "usher_x{a=\"b\"} 1\n",
    "# TYPE usher_x gauge\nusher_x 1\n",
    "# HELP usher_x A.\nusher_x 1\n",
    "# HELP usher_x A.\n# TYPE usher_x counter\nusher_x 1\n",
    "# HELP usher_x_total A.\n# TYPE usher_x_total gauge\nusher_x_total 1\n",
    "# HELP usher_x_total A.\n# TYPE usher_x_total counter\nusher_x_total -1\n",
    "# HELP x A.\n# TYPE x gauge\nx 1\n",
    "# HELP usher_x A\\b.\n# TYPE usher_x gauge\nusher_x 1\n",
    HISTOGRAM "usher_h_bucket{le=\"1\"} 1\nusher_h_sum 1\nusher_h_count 1\n",
    HISTOGRAM "usher_h_bucket{le=\"1\"} 2\nusher_h_bucket{le=\"+Inf\"} 1\nusher_h_sum 1\nusher_h_count 1\n",
    HISTOGRAM "usher_h_bucket{le=\"+Inf\"} 1\nusher_h_sum 1\nusher_h_count 2\n",
    HISTOGRAM "usher_h_bucket{le=\"+Inf\"} 1\nusher_h_count 1\n",
    HISTOGRAM "usher_h_bucket{le=\"+Inf\"} 1\nusher_h_sum 1\n",
    HISTOGRAM "usher_h_bucket{a=\"b\",le=\"1\"} 1\nusher_h_bucket{a=\"c\",le=\"+Inf\"} 1\n",
  };
  static const char *const good[] = {
    HEAD "usher_x 1\n",
    HEAD "usher_x{a=\"\\\\ \\\" \\n\",b=\"\xc3\xa9\"} -1.5e-3\nusher_x{a=\"\"} 0\n",
    HISTOGRAM "usher_h_bucket{le=\"0.5\"} 1\nusher_h_bucket{le=\"+Inf\"} 3\nusher_h_sum 1.5\nusher_h_count 3\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *why = NULL;

      if (exposition_read (bad[i], &why) != NULL)
        g_error ("taken for right:\n%s", bad[i]);
      g_assert_nonnull (why);
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_hash_table_unref (read_good (good[i]));
}

/* ---- the writer ---------------------------------------------------------------------------------------- */

static void
test_labels (void)
{
  static const char *const values[] = {
    "sales", "", "\"", "\\", "\n", "\\n", "a\"b\\c\nd", "é — 客", "{a=\"b\"}", "} 1", "#", ",", "=", " ", "\\\"",
  };
  g_autoptr (GHashTable) samples = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer key;
  UcMetrics metrics;

  uc_metrics_init (&metrics);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *first = uc_metrics_label ("queue", values[i]);
      g_autofree char *labels = g_strconcat (first, ",more=\"yes\"", NULL);

      uc_metrics_gauge (&metrics, "usher_x", "Something.", labels, i);
    }
  text = uc_metrics_end (&metrics);
  samples = read_good (text);
  g_assert_cmpuint (g_hash_table_size (samples), ==, G_N_ELEMENTS (values));
  g_hash_table_iter_init (&iter, samples);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_autofree char *more = exposition_label (key, "more");

      g_hash_table_add (seen, exposition_label (key, "queue"));
      g_assert_cmpstr (more, ==, "yes");
    }
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_assert_true (g_hash_table_contains (seen, values[i]));
}

static void
test_numbers (void)
{
  static const double values[]
      = { 0, 1, -1, 0.5, 1e-9, 1795399836.247, 9007199254740991.0, 1e300, 123456789012345.0, 0.1 };
  g_autoptr (GHashTable) samples = NULL;
  g_autofree char *text = NULL;
  UcMetrics metrics;

  uc_metrics_init (&metrics);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i);
      g_autofree char *label = uc_metrics_label ("i", number);

      uc_metrics_gauge (&metrics, "usher_x", "Something.", label, values[i]);
    }
  text = uc_metrics_end (&metrics);
  samples = read_good (text);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *name = g_strdup_printf ("usher_x{i=\"%u\"}", i);
      double back = exposition_value (samples, name);

      g_assert_cmpfloat_with_epsilon (back, values[i], ABS (values[i]) * 1e-14 + 1e-300);
    }
}

static void
test_histogram (void)
{
  UcHistogram histogram = { 0 };
  g_autoptr (GHashTable) samples = NULL;
  g_autofree char *text = NULL;
  UcMetrics metrics;

  uc_histogram_add (&histogram, 0);
  uc_histogram_add (&histogram, 500);
  uc_histogram_add (&histogram, 501);
  uc_histogram_add (&histogram, 1999000);
  uc_histogram_add (&histogram, (gint64)3600 * G_USEC_PER_SEC);
  uc_metrics_init (&metrics);
  uc_metrics_histogram (&metrics, "usher_h", "Something.", "a=\"b\"", &histogram);
  uc_metrics_histogram (&metrics, "usher_h", "Something.", "a=\"c\"", &histogram);
  text = uc_metrics_end (&metrics);
  samples = read_good (text);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_bucket{a=\"b\",le=\"0.0005\"}"), ==, 2);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_bucket{a=\"b\",le=\"0.001\"}"), ==, 3);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_bucket{a=\"b\",le=\"2.048\"}"), ==, 4);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_bucket{a=\"b\",le=\"65.536\"}"), ==, 4);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_bucket{a=\"b\",le=\"+Inf\"}"), ==, 5);
  g_assert_cmpfloat (exposition_value (samples, "usher_h_count{a=\"c\"}"), ==, 5);
}

static void
test_queues (void)
{
  static const UcQueueFigures queues[] = {
    { .name = "one", .length = 3, .limit = 10, .refused = 7 },
    { .name = "two", .length = 1, .bytes = 100, .limit_bytes = 1000 },
  };
  g_autoptr (GHashTable) samples = NULL;
  g_autofree char *text = NULL;
  UcMetrics metrics;

  uc_metrics_init (&metrics);
  uc_metrics_queues (&metrics, queues, G_N_ELEMENTS (queues));
  text = uc_metrics_end (&metrics);
  samples = read_good (text);
  g_assert_cmpfloat (exposition_value (samples, "usher_internal_queue_length{name=\"one\"}"), ==, 3);
  g_assert_cmpfloat (exposition_value (samples, "usher_internal_queue_limit{name=\"one\"}"), ==, 10);
  g_assert_cmpfloat (exposition_value (samples, "usher_internal_queue_refused_total{name=\"one\"}"), ==, 7);
  g_assert_cmpfloat (exposition_value (samples, "usher_internal_queue_bytes{name=\"two\"}"), ==, 100);
  g_assert_cmpfloat (exposition_value (samples, "usher_internal_queue_limit_bytes{name=\"two\"}"), ==, 1000);
  g_assert_false (g_hash_table_contains (samples, "usher_internal_queue_limit{name=\"two\"}"));
  g_assert_false (g_hash_table_contains (samples, "usher_internal_queue_bytes{name=\"one\"}"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/reader", test_reader);
  g_test_add_func ("/metrics/labels", test_labels);
  g_test_add_func ("/metrics/numbers", test_numbers);
  g_test_add_func ("/metrics/histogram", test_histogram);
  g_test_add_func ("/metrics/queues", test_queues);
  return g_test_run ();
}
