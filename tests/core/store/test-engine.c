/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine over the store: a random day, each step committed, and again and again an engine that is loaded from
 * the tables must equal the one that lived through it. Now and then the day goes on with the loaded one. At the
 * end the journal is replayed as usherd --verify-journal does it.
 */
#include "core/service/verify.h"
#include "tests/core/store/day.h"

static void
test_day (Kit *kit, gconstpointer data)
{
  Day *day = day_new (kit, (guint32)g_test_rand_int ());
  guint kinds[UC_EVENT_N_TYPES] = { 0 };
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;

  day_run (day, 3000, TRUE);
  /* The day was one: everything that can happen happened. */
  for (guint i = 0; i < day->world->journal->len; i++)
    kinds[((UcEvent *)g_ptr_array_index (day->world->journal, i))->type]++;
  for (int t = UC_EVENT_NONE + 1; t < UC_EVENT_STATE_AGENT; t++)
    {
      g_test_message ("%5u %s", kinds[t], uc_event_type_name ((UcEventType)t));
      g_assert_cmpuint (kinds[t], >, 0);
    }
  g_assert_true (uc_verify (kit->path, NULL, NULL, &report, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (report.finding, ==, NULL);
  g_assert_cmpint (report.events, ==, day->world->journal->len);
  g_test_message ("%" G_GINT64_FORMAT " events of %" G_GINT64_FORMAT " steps replayed", report.events,
                  report.steps);
  day_free (day);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/store/engine/day", Kit, NULL, kit_set_up, test_day, kit_tear_down);
  return g_test_run ();
}
