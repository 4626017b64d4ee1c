/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When a plugin host that died is started again.
 */
#include "core/plugin/supervise.h"

static gint64
crash (UcSupervise *supervise, gint64 *now, gint64 after)
{
  *now += after;
  return uc_supervise_crashed (supervise, &uc_supervise_rule, *now, 0);
}

static void
test_backoff (void)
{
  UcSupervise supervise = { 0 };
  gint64 now = 1000000;

  g_assert_cmpint (crash (&supervise, &now, 0), ==, 1000);
  g_assert_cmpint (crash (&supervise, &now, 20000), ==, 2000);
  g_assert_cmpint (crash (&supervise, &now, 20000), ==, 4000);
  g_assert_cmpint (crash (&supervise, &now, 20000), ==, 8000);
  for (int i = 0; i < 3; i++)
    crash (&supervise, &now, 20000);
  g_assert_cmpint (crash (&supervise, &now, 20000), ==, 60000);
  g_assert_false (supervise.quarantined);
}

static void
test_calm (void)
{
  UcSupervise supervise = { 0 };
  gint64 now = 1000000;

  crash (&supervise, &now, 0);
  crash (&supervise, &now, 1000);
  g_assert_cmpint (crash (&supervise, &now, 60001), ==, 1000);
}

static void
test_jitter (void)
{
  UcSupervise supervise = { 0 };

  g_assert_cmpint (uc_supervise_crashed (&supervise, &uc_supervise_rule, 1, -200), ==, 800);
  g_assert_cmpint (uc_supervise_crashed (&supervise, &uc_supervise_rule, 2, 200), ==, 2400);
  g_assert_cmpint (uc_supervise_crashed (&supervise, &uc_supervise_rule, 3, 100000), ==, 4800);
}

static void
test_quarantine (void)
{
  UcSupervise supervise = { 0 };
  gint64 now = 1000000;

  for (int i = 0; i < 4; i++)
    {
      crash (&supervise, &now, 10000);
      g_assert_false (supervise.quarantined);
    }
  g_assert_cmpint (crash (&supervise, &now, 10000), ==, 600000);
  g_assert_true (supervise.quarantined);
  /* Let out, it dies at once: back. */
  g_assert_cmpint (crash (&supervise, &now, 605000), ==, 600000);
  g_assert_true (supervise.quarantined);
  /* Let out, it works for a while. */
  g_assert_cmpint (crash (&supervise, &now, 600000 * 5 / 4 + 60001), ==, 1000);
  g_assert_false (supervise.quarantined);
}

static void
test_slow_death (void)
{
  UcSupervise supervise = { 0 };
  gint64 now = 1000000;

  for (int i = 0; i < 19; i++)
    crash (&supervise, &now, 120000);
  g_assert_false (supervise.quarantined);
  crash (&supervise, &now, 120000);
  g_assert_true (supervise.quarantined);
}

static void
test_forgiven (void)
{
  UcSupervise supervise = { 0 };
  gint64 now = 1000000;

  for (int i = 0; i < 5; i++)
    crash (&supervise, &now, 10);
  uc_supervise_forgive (&supervise);
  g_assert_cmpint (crash (&supervise, &now, 10), ==, 1000);
  g_assert_false (supervise.quarantined);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/supervise/pauses-double", test_backoff);
  g_test_add_func ("/supervise/calm-begins-anew", test_calm);
  g_test_add_func ("/supervise/a-fifth-either-way", test_jitter);
  g_test_add_func ("/supervise/five-in-a-minute-are-too-many", test_quarantine);
  g_test_add_func ("/supervise/twenty-in-an-hour-are-too-many", test_slow_death);
  g_test_add_func ("/supervise/a-person-forgives", test_forgiven);
  return g_test_run ();
}
