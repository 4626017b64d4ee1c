/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The core's main loop (core/base/loop.h) in virtual time: the scheduler says when it turns, and what a turn finds
 * ready. The order that the real one keeps is kept: calls of other threads among themselves, timers by time, and
 * deferred functions at the end of the turn. One thread.
 */
#include "core/base/loop.h"

#include <errno.h>

#include "core/base/clock.h"
#include "sim.h"

typedef struct
{
  gint64 at;
  guint64 id;
  UcLoopFunc func;
  gpointer data;
} Timer;

typedef struct
{
  UcLoopFunc func;
  gpointer data;
} Call;

struct UcLoop
{
  GArray *timers;                    /* of Timer, latest first */
  GArray *deferred, *last, *invoked; /* of Call */
  guint64 last_id;
};

/* Of the node that lives; there is one process at a time. */
static UcLoop *current;

/* ---- the loop as the scheduler sees it ----------------------------------------------------------------- */

static Timer *
first_timer (UcLoop *loop)
{
  return loop->timers->len > 0 ? &g_array_index (loop->timers, Timer, loop->timers->len - 1) : NULL;
}

gboolean
loop_is_ready (gint64 *next)
{
  const Timer *timer = current != NULL ? first_timer (current) : NULL;

  *next = timer != NULL ? timer->at : G_MAXINT64;
  return current != NULL
         && (current->deferred->len > 0 || current->last->len > 0 || current->invoked->len > 0
             || *next <= sim.now);
}

void
loop_abandon (void)
{
  current = NULL;
}

static void
run_calls (GArray **calls)
{
  g_autoptr (GArray) taken = NULL;

  if ((*calls)->len == 0)
    return;
  taken = *calls;
  *calls = g_array_new (FALSE, FALSE, sizeof (Call));
  for (guint i = 0; i < taken->len; i++)
    {
      Call call = g_array_index (taken, Call, i);

      call.func (call.data);
    }
}

static void
run_timers (UcLoop *loop)
{
  /* No more than were there: a callback that sets itself again for "now" waits for the next turn. */
  for (guint left = loop->timers->len; left > 0 && loop->timers->len > 0; left--)
    {
      Timer timer = *first_timer (loop);

      if (timer.at > sim.now)
        break;
      g_array_set_size (loop->timers, loop->timers->len - 1);
      timer.func (timer.data);
    }
}

void
loop_run_deferred (void)
{
  UcLoop *loop = current;

  if (loop == NULL)
    return;
  run_calls (&loop->deferred);
  /* The process may have died in one of them. */
  if (loop == current)
    run_calls (&loop->last);
}

void
loop_turn (void)
{
  UcLoop *loop = current;
  gboolean calls = loop->invoked->len > 0;
  gboolean timers = first_timer (loop) != NULL && first_timer (loop)->at <= sim.now;

  /* A turn may come too early for one of them. */
  if (calls && timers && sim_chance (300))
    {
      if (sim_chance (500))
        calls = FALSE;
      else
        timers = FALSE;
    }
  sim_tell_if (calls && timers ? "loop: threads' calls, timers" : calls ? "loop: threads' calls" : "loop: timers");
  if (calls)
    run_calls (&loop->invoked);
  if (timers)
    run_timers (loop);
  loop_run_deferred ();
  sim_tell_if (NULL);
}

/* ---- core/base/loop.h ---------------------------------------------------------------------------------- */

UcLoop *
uc_loop_new (void)
{
  UcLoop *loop = g_new0 (UcLoop, 1);

  loop->timers = g_array_new (FALSE, FALSE, sizeof (Timer));
  loop->deferred = g_array_new (FALSE, FALSE, sizeof (Call));
  loop->last = g_array_new (FALSE, FALSE, sizeof (Call));
  loop->invoked = g_array_new (FALSE, FALSE, sizeof (Call));
  current = loop;
  return loop;
}

void
uc_loop_free (UcLoop *loop)
{
  if (loop == NULL)
    return;
  run_calls (&loop->invoked);
  g_array_unref (loop->timers);
  g_array_unref (loop->deferred);
  g_array_unref (loop->last);
  g_array_unref (loop->invoked);
  g_free (loop);
  current = NULL;
}

guint64
uc_loop_timer_at (UcLoop *loop, gint64 at, UcLoopFunc func, gpointer data)
{
  Timer timer = { MAX (at, 1), ++loop->last_id, func, data };
  guint low = 0, high = loop->timers->len;

  /* Of those for the same time the first one set is the first to fire. */
  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (loop->timers, Timer, middle).at > timer.at)
        low = middle + 1;
      else
        high = middle;
    }
  g_array_insert_val (loop->timers, low, timer);
  return timer.id;
}

guint64
uc_loop_timer_in (UcLoop *loop, gint64 ms, UcLoopFunc func, gpointer data)
{
  gint64 now = uc_clock_now ();

  return uc_loop_timer_at (loop, ms > G_MAXINT64 - now ? G_MAXINT64 : now + MAX (ms, 0), func, data);
}

void
uc_loop_timer_remove (UcLoop *loop, guint64 id)
{
  for (guint i = 0; id != 0 && i < loop->timers->len; i++)
    if (g_array_index (loop->timers, Timer, i).id == id)
      {
        g_array_remove_index (loop->timers, i);
        return;
      }
}

void
uc_loop_invoke (UcLoop *loop, UcLoopFunc func, gpointer data)
{
  Call call = { func, data };

  g_array_append_val (loop->invoked, call);
}

void
uc_loop_defer (UcLoop *loop, UcLoopFunc func, gpointer data)
{
  Call call = { func, data };

  g_array_append_val (loop->deferred, call);
}

void
uc_loop_defer_last (UcLoop *loop, UcLoopFunc func, gpointer data)
{
  Call call = { func, data };

  g_array_append_val (loop->last, call);
}

void
uc_loop_figures (UcLoop *loop, UcLoopFigures *figures)
{
  *figures = (UcLoopFigures){ .timers = loop->timers->len,
                              .calls = loop->invoked->len + loop->deferred->len + loop->last->len };
}

/* Nothing here has a descriptor: the node does not listen. */
UcWatch *
uc_loop_watch (UcLoop *loop, int fd, guint32 events, UcWatchFunc func, gpointer data)
{
  errno = EPERM;
  return NULL;
}

void
uc_loop_watch_set (UcLoop *loop, UcWatch *watch, guint32 events)
{
  g_assert_not_reached ();
}

void
uc_loop_unwatch (UcLoop *loop, UcWatch *watch)
{
  g_assert (watch == NULL);
}
