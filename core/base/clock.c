/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wall clock that never goes back and never stands still. Any thread.
 */
#include "core/base/clock.h"

gint64
uc_clock_follow (gint64 *ahead, gint64 wall, gint64 monotonic)
{
  gint64 seen = __atomic_load_n (ahead, __ATOMIC_RELAXED);

  while (wall - monotonic > seen)
    if (__atomic_compare_exchange_n (ahead, &seen, wall - monotonic, TRUE, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return wall;
  return monotonic + seen;
}

gint64
uc_clock_now (void)
{
  static gint64 ahead = G_MININT64 / 2;
  /* In this order: a thread that is put to sleep between the two takes the distance for smaller than it is, which
   * is ignored, and not for larger. */
  gint64 wall = g_get_real_time ();
  gint64 monotonic = g_get_monotonic_time ();

  return uc_clock_follow (&ahead, wall, monotonic) / 1000;
}
