/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wall clock that never goes back. Any thread.
 */
#include "core/base/clock.h"

gint64
uc_clock_now (void)
{
  static gint64 last; /* atomic */
  gint64 now = g_get_real_time () / 1000;
  gint64 seen = __atomic_load_n (&last, __ATOMIC_RELAXED);

  while (now > seen)
    if (__atomic_compare_exchange_n (&last, &seen, now, TRUE, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return now;
  return seen;
}
