/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The heap of timers against a list that is searched.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define N 300

static const UcInteraction *
search (UcInteraction *all)
{
  const UcInteraction *first = NULL;

  for (int i = 0; i < N; i++)
    if (all[i].deadline != 0
        && (first == NULL || all[i].deadline < first->deadline
            || (all[i].deadline == first->deadline && strcmp (all[i].id, first->id) < 0)))
      first = &all[i];
  return first;
}

static void
check (UcEngine *engine, UcInteraction *all)
{
  const UcInteraction *first = search (all);

  g_assert_true (uc_timers_first (engine) == first);
  g_assert_cmpint (uc_engine_next_deadline (engine), ==, first != NULL ? first->deadline : G_MAXINT64);
  for (int i = 0; i < N; i++)
    {
      g_assert_cmpint (all[i].timer != 0, ==, all[i].deadline != 0);
      g_assert_true (all[i].timer == 0 || engine->timers->pdata[all[i].timer - 1] == &all[i]);
    }
}

static void
test_first_is_always_the_earliest (void)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();
  UcInteraction all[N] = { 0 };
  char ids[N][8];

  for (int i = 0; i < N; i++)
    {
      g_snprintf (ids[i], sizeof ids[i], "i%d", i);
      all[i].id = ids[i];
    }
  check (engine, all);
  for (int turn = 0; turn < 20000; turn++)
    {
      int which = g_test_rand_int_range (0, N);

      uc_timers_set (engine, &all[which], g_test_rand_int_range (0, 3) == 0 ? 0 : g_test_rand_int_range (1, 500));
      check (engine, all);
    }
  for (UcInteraction *first; (first = uc_timers_first (engine)) != NULL;)
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
