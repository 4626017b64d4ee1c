/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One epoll set, one timer heap behind one timerfd and one eventfd for other threads, together one GSource.
 * Main thread only, except uc_loop_invoke.
 */
#include "core/base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/base/clock.h"

#define BATCH 256
/* The timerfd runs on the monotonic clock while deadlines are wall time: when the wall clock is set ahead, timers
 * are late by no more than this. */
#define LONGEST_SLEEP_MS 30000

struct UcWatch
{
  int fd;
  guint32 events;
  UcWatchFunc func; /* NULL = removed */
  gpointer data;
};

typedef struct
{
  guint64 id;
  gint64 at;
  guint index; /* place in the heap */
  UcLoopFunc func;
  gpointer data;
} Timer;

typedef struct
{
  UcLoopFunc func;
  gpointer data;
} Call;

typedef struct
{
  GSource source;
  UcLoop *loop;
} LoopSource;

struct UcLoop
{
  GSource *source;
  gpointer tag; /* of the epoll descriptor in the source */
  int epoll_fd, timer_fd, event_fd;
  UcWatch timer_watch, event_watch; /* mark our own two descriptors in the epoll set */

  gboolean in_turn;     /* the timerfd is set at its end */
  gboolean in_batch;    /* walking an epoll_wait result, which points at watches */
  GPtrArray *graveyard; /* UcWatch* removed meanwhile */

  GPtrArray *heap;   /* of Timer*, smallest (at, id) first */
  GHashTable *by_id; /* &timer->id -> Timer* */
  guint64 last_id;
  gint64 armed; /* what the timerfd is set for, 0 = nothing */

  GArray *deferred; /* of Call */
  GArray *last;     /* of Call; after these */

  GMutex lock;
  GArray *invoked; /* of Call; under lock */
};

/* ---- timers -------------------------------------------------------------------------------------------- */

static gboolean
earlier (const Timer *a, const Timer *b)
{
  return a->at < b->at || (a->at == b->at && a->id < b->id);
}

static Timer *
heap_at (UcLoop *loop, guint index)
{
  return g_ptr_array_index (loop->heap, index);
}

static void
heap_put (UcLoop *loop, guint index, Timer *timer)
{
  loop->heap->pdata[index] = timer;
  timer->index = index;
}

static void
heap_up (UcLoop *loop, Timer *timer)
{
  guint i = timer->index;

  while (i > 0 && earlier (timer, heap_at (loop, (i - 1) / 2)))
    {
      heap_put (loop, i, heap_at (loop, (i - 1) / 2));
      i = (i - 1) / 2;
    }
  heap_put (loop, i, timer);
}

static void
heap_down (UcLoop *loop, Timer *timer)
{
  guint i = timer->index;

  for (;;)
    {
      guint child = 2 * i + 1;

      if (child >= loop->heap->len)
        break;
      if (child + 1 < loop->heap->len && earlier (heap_at (loop, child + 1), heap_at (loop, child)))
        child++;
      if (!earlier (heap_at (loop, child), timer))
        break;
      heap_put (loop, i, heap_at (loop, child));
      i = child;
    }
  heap_put (loop, i, timer);
}

/* The caller owns the timer then. */
static void
heap_remove (UcLoop *loop, Timer *timer)
{
  guint hole = timer->index;
  Timer *last = g_ptr_array_steal_index (loop->heap, loop->heap->len - 1);

  g_hash_table_remove (loop->by_id, &timer->id);
  if (last == timer)
    return;
  heap_put (loop, hole, last);
  heap_up (loop, last);
  heap_down (loop, last);
}

static void
arm (UcLoop *loop)
{
  gint64 next = loop->heap->len > 0 ? heap_at (loop, 0)->at : 0;
  struct itimerspec spec = { 0 };

  if (loop->in_turn || next == loop->armed)
    return;
  loop->armed = next;
  if (loop->heap->len > 0)
    {
      gint64 now = uc_clock_now ();
      gint64 ms = next <= now ? 0 : MIN (next - now, LONGEST_SLEEP_MS);

      spec.it_value.tv_sec = (time_t)(ms / 1000);
      /* All zero would disarm it. */
      spec.it_value.tv_nsec = ms == 0 ? 1 : (long)(ms % 1000) * 1000000;
    }
  if (timerfd_settime (loop->timer_fd, 0, &spec, NULL) < 0)
    g_error ("timerfd_settime: %s; timers would stand still, stopping", g_strerror (errno));
}

static void
run_timers (UcLoop *loop)
{
  gint64 now = uc_clock_now ();

  /* No more than were there: a callback that sets itself again for "now" waits for the next turn. */
  for (guint left = loop->heap->len; left > 0 && loop->heap->len > 0; left--)
    {
      Timer *timer = heap_at (loop, 0);
      UcLoopFunc func = timer->func;
      gpointer data = timer->data;

      if (timer->at > now)
        break;
      heap_remove (loop, timer);
      g_free (timer);
      func (data);
    }
}

guint64
uc_loop_timer_at (UcLoop *loop, gint64 at, UcLoopFunc func, gpointer data)
{
  Timer *timer = g_new (Timer, 1);

  *timer = (Timer){ .id = ++loop->last_id, .at = MAX (at, 1), .func = func, .data = data };
  timer->index = loop->heap->len;
  g_ptr_array_add (loop->heap, timer);
  heap_up (loop, timer);
  g_hash_table_insert (loop->by_id, &timer->id, timer);
  arm (loop);
  return timer->id;
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
  Timer *timer = g_hash_table_lookup (loop->by_id, &id);

  if (timer == NULL)
    return;
  heap_remove (loop, timer);
  g_free (timer);
  arm (loop);
}

/* ---- descriptors --------------------------------------------------------------------------------------- */

UcWatch *
uc_loop_watch (UcLoop *loop, int fd, guint32 events, UcWatchFunc func, gpointer data)
{
  UcWatch *watch = g_new (UcWatch, 1);
  struct epoll_event event = { .events = events, .data.ptr = watch };

  *watch = (UcWatch){ .fd = fd, .events = events, .func = func, .data = data };
  if (epoll_ctl (loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      int saved = errno;

      g_free (watch);
      errno = saved;
      return NULL;
    }
  return watch;
}

void
uc_loop_watch_set (UcLoop *loop, UcWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };

  if (watch->events == events)
    return;
  if (epoll_ctl (loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
    g_critical ("descriptor %d was closed before uc_loop_unwatch: %s", watch->fd, g_strerror (errno));
  else
    watch->events = events;
}

void
uc_loop_unwatch (UcLoop *loop, UcWatch *watch)
{
  if (watch == NULL)
    return;
  if (epoll_ctl (loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL) < 0)
    g_critical ("descriptor %d was closed before uc_loop_unwatch: %s", watch->fd, g_strerror (errno));
  watch->func = NULL;
  if (loop->in_batch)
    g_ptr_array_add (loop->graveyard, watch);
  else
    g_free (watch);
}

/* ---- calls from elsewhere ------------------------------------------------------------------------------ */

void
uc_loop_invoke (UcLoop *loop, UcLoopFunc func, gpointer data)
{
  Call call = { func, data };
  gboolean first;

  g_mutex_lock (&loop->lock);
  first = loop->invoked->len == 0;
  g_array_append_val (loop->invoked, call);
  g_mutex_unlock (&loop->lock);
  /* One wake-up does for everything that queues up until the loop comes round. */
  if (first && eventfd_write (loop->event_fd, 1) < 0)
    g_error ("eventfd_write: %s; the main loop would sleep on, stopping", g_strerror (errno));
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
  figures->timers = loop->heap->len;
  g_mutex_lock (&loop->lock);
  figures->calls = loop->invoked->len + loop->deferred->len + loop->last->len;
  g_mutex_unlock (&loop->lock);
}

static void
run_calls (GArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    {
      Call *call = &g_array_index (calls, Call, i);

      call->func (call->data);
    }
  g_array_unref (calls);
}

static void
run_invoked (UcLoop *loop)
{
  eventfd_t count;
  GArray *calls;

  /* Read before the list is taken: a call added in between leaves the descriptor readable. */
  (void)!eventfd_read (loop->event_fd, &count);
  g_mutex_lock (&loop->lock);
  calls = g_steal_pointer (&loop->invoked);
  loop->invoked = g_array_new (FALSE, FALSE, sizeof (Call));
  g_mutex_unlock (&loop->lock);
  run_calls (calls);
}

/* What these defer themselves makes another turn, see prepare (). */
static void
run_deferred (GArray **deferred)
{
  GArray *calls;

  if ((*deferred)->len == 0)
    return;
  calls = g_steal_pointer (deferred);
  *deferred = g_array_new (FALSE, FALSE, sizeof (Call));
  run_calls (calls);
}

static gboolean
has_deferred (const UcLoop *loop)
{
  return loop->deferred->len > 0 || loop->last->len > 0;
}

/* ---- the source ---------------------------------------------------------------------------------------- */

static gboolean
prepare (GSource *source, int *timeout)
{
  UcLoop *loop = ((LoopSource *)source)->loop;

  *timeout = -1;
  return !loop->in_turn && has_deferred (loop);
}

static gboolean
check (GSource *source)
{
  UcLoop *loop = ((LoopSource *)source)->loop;

  return !loop->in_turn && (has_deferred (loop) || g_source_query_unix_fd (source, loop->tag) != 0);
}

static void
run_batch (UcLoop *loop)
{
  struct epoll_event ready[BATCH];
  int n = epoll_wait (loop->epoll_fd, ready, BATCH, 0);
  gboolean timers = FALSE, calls = FALSE;

  if (n < 0 && errno != EINTR)
    g_error ("epoll_wait: %s; the network would stand still, stopping", g_strerror (errno));
  loop->in_batch = TRUE;
  for (int i = 0; i < n; i++)
    {
      UcWatch *watch = ready[i].data.ptr;

      if (watch == &loop->timer_watch)
        timers = TRUE;
      else if (watch == &loop->event_watch)
        calls = TRUE;
      else if (watch->func != NULL)
        watch->func (watch->data, ready[i].events);
    }
  loop->in_batch = FALSE;
  g_ptr_array_set_size (loop->graveyard, 0);

  if (calls)
    run_invoked (loop);
  if (timers)
    {
      guint64 expirations;

      (void)!read (loop->timer_fd, &expirations, sizeof expirations);
      loop->armed = -1; /* spent, even when the clock says that nothing is due yet */
      run_timers (loop);
    }
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  UcLoop *loop = ((LoopSource *)source)->loop;

  loop->in_turn = TRUE;
  run_batch (loop);
  run_deferred (&loop->deferred);
  run_deferred (&loop->last);
  loop->in_turn = FALSE;
  arm (loop);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .prepare = prepare, .check = check, .dispatch = dispatch };

static void
watch_own (UcLoop *loop, int fd, UcWatch *mark)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = mark };

  if (fd < 0 || epoll_ctl (loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    g_error ("can't set up the main loop: %s; are the limits on open files too low?", g_strerror (errno));
}

UcLoop *
uc_loop_new (void)
{
  UcLoop *loop = g_new0 (UcLoop, 1);

  loop->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  loop->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  loop->event_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  watch_own (loop, loop->timer_fd, &loop->timer_watch);
  watch_own (loop, loop->event_fd, &loop->event_watch);

  loop->graveyard = g_ptr_array_new_with_free_func (g_free);
  loop->heap = g_ptr_array_new ();
  loop->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  loop->deferred = g_array_new (FALSE, FALSE, sizeof (Call));
  loop->last = g_array_new (FALSE, FALSE, sizeof (Call));
  loop->invoked = g_array_new (FALSE, FALSE, sizeof (Call));
  g_mutex_init (&loop->lock);

  loop->source = g_source_new (&functions, sizeof (LoopSource));
  ((LoopSource *)loop->source)->loop = loop;
  g_source_set_static_name (loop->source, "usher loop");
  loop->tag = g_source_add_unix_fd (loop->source, loop->epoll_fd, G_IO_IN);
  /* Turns are not nested, see in_turn. But GLib would keep them from it by taking the descriptor out of its poll()
   * and putting it back, and each of the two wakes the context once for nothing. */
  g_source_set_can_recurse (loop->source, TRUE);
  g_source_attach (loop->source, NULL);
  return loop;
}

void
uc_loop_free (UcLoop *loop)
{
  if (loop == NULL)
    return;
  /* What other threads left behind runs now: it may own memory. */
  run_invoked (loop);
  g_source_destroy (loop->source);
  g_source_unref (loop->source);
  close (loop->epoll_fd);
  close (loop->timer_fd);
  close (loop->event_fd);
  g_ptr_array_set_free_func (loop->heap, g_free);
  g_ptr_array_unref (loop->heap);
  g_hash_table_unref (loop->by_id);
  g_ptr_array_unref (loop->graveyard);
  g_array_unref (loop->deferred);
  g_array_unref (loop->last);
  g_array_unref (loop->invoked);
  g_mutex_clear (&loop->lock);
  g_free (loop);
}
