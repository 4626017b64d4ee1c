/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The virtual clock and the timers that run on it. Main thread; fake_clock_now from any.
 */
#include "tests/lib/fake-internal.h"

typedef struct
{
  FakeHost *fake;
  guint64 id;
  gint64 at;
  UsherFunc func;
  void *data;
} Timer;

static GMutex clock_lock;
static gint64 clock_ms = G_GINT64_CONSTANT (1767225600000); /* 2026-01-01 */
static GPtrArray *timers;                                   /* of Timer*, in order of making */
static guint64 last_id;

gint64
fake_clock_now (void)
{
  gint64 now;

  g_mutex_lock (&clock_lock);
  now = clock_ms;
  g_mutex_unlock (&clock_lock);
  return now;
}

static void
clock_set (gint64 ms)
{
  g_mutex_lock (&clock_lock);
  clock_ms = ms;
  g_mutex_unlock (&clock_lock);
}

static uint64_t
timer_add (UsherInstance *fake, int64_t ms, UsherFunc func, void *data)
{
  Timer *timer = g_new (Timer, 1);

  fake_need_main ("timer_add");
  if (timers == NULL)
    timers = g_ptr_array_new_with_free_func (g_free);
  *timer = (Timer){ fake, ++last_id, fake_clock_now () + MAX (ms, 0), func, data };
  g_ptr_array_add (timers, timer);
  return timer->id;
}

static void
timer_remove (UsherInstance *fake, uint64_t id)
{
  fake_need_main ("timer_remove");
  for (guint i = 0; timers != NULL && i < timers->len; i++)
    {
      const Timer *timer = timers->pdata[i];

      if (timer->id != id)
        continue;
      if (timer->fake != fake)
        g_error ("timer %" G_GUINT64_FORMAT " belongs to another instance", id);
      g_ptr_array_remove_index (timers, i);
      return;
    }
}

void
fake_timer_drop (FakeHost *fake)
{
  for (guint i = timers != NULL ? timers->len : 0; i > 0; i--)
    if (((Timer *)timers->pdata[i - 1])->fake == fake)
      g_ptr_array_remove_index (timers, i - 1);
}

guint
fake_host_timers (FakeHost *fake)
{
  guint count = 0;

  for (guint i = 0; timers != NULL && i < timers->len; i++)
    count += ((Timer *)timers->pdata[i])->fake == fake;
  return count;
}

/* The next one due by `until`, the earlier made first among equals. */
static gboolean
take_due (gint64 until, Timer *taken)
{
  const Timer *best = NULL;
  guint at = 0;

  for (guint i = 0; timers != NULL && i < timers->len; i++)
    {
      const Timer *timer = timers->pdata[i];

      if (timer->at <= until && (best == NULL || timer->at < best->at))
        {
          best = timer;
          at = i;
        }
    }
  if (best == NULL)
    return FALSE;
  *taken = *best;
  g_ptr_array_remove_index (timers, at);
  return TRUE;
}

void
fake_clock_advance (gint64 ms)
{
  gint64 until = fake_clock_now () + ms;
  Timer timer;

  fake_host_settle ();
  while (take_due (until, &timer))
    {
      clock_set (MAX (timer.at, fake_clock_now ()));
      timer.func (timer.data);
      fake_host_settle ();
    }
  clock_set (until);
  fake_host_settle ();
}

void
fake_timer_slots (UsherHost *host)
{
  host->timer_add = timer_add;
  host->timer_remove = timer_remove;
}
