/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The heap of timers against a list that is searched.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define N 300

static const UcTimer *
search (UcTimer *all)
{
  const UcTimer *first = NULL;

  for (int i = 0; i < N; i++)
    if (all[i].at != 0
        && (first == NULL || all[i].at < first->at
            || (all[i].at == first->at
                && (all[i].kind < first->kind
                    || (all[i].kind == first->kind && strcmp (all[i].id, first->id) < 0)))))
      first = &all[i];
  return first;
}

static void
check (UcEngine *engine, UcTimer *all)
{
  const UcTimer *first = search (all);

  g_assert_true (uc_timers_first (engine) == first);
  g_assert_cmpint (uc_engine_next_deadline (engine), ==, first != NULL ? first->at : G_MAXINT64);
  for (int i = 0; i < N; i++)
    {
      g_assert_cmpint (all[i].place != 0, ==, all[i].at != 0);
      g_assert_true (all[i].place == 0 || engine->timers->pdata[all[i].place - 1] == &all[i]);
    }
}

static void
test_first_is_always_the_earliest (void)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();
  UcTimer all[N];
  char ids[N][8];

  for (int i = 0; i < N; i++)
    {
      g_snprintf (ids[i], sizeof ids[i], "i%d", i);
      uc_timers_init (&all[i], (UcTimerKind)(i % 3), &all[i], ids[i]);
    }
  check (engine, all);
  for (int turn = 0; turn < 20000; turn++)
    {
      int which = g_test_rand_int_range (0, N);

      uc_timers_set (engine, &all[which], g_test_rand_int_range (0, 3) == 0 ? 0 : g_test_rand_int_range (1, 500));
      check (engine, all);
    }
  for (UcTimer *first; (first = uc_timers_first (engine)) != NULL;)
    {
      uc_timers_set (engine, first, 0);
      check (engine, all);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/timers/first-is-always-the-earliest", test_first_is_always_the_earliest);
  return g_test_run ();
}
