/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sockets and timers of the main thread. All descriptors sit in one epoll set and all timers in one heap behind
 * one timerfd, and GLib sees a single GSource: a GMainContext turn costs time for each source it has, so
 * connections and timers must not be sources. Main thread only, except uc_loop_invoke.
 */
#pragma once

#include <glib.h>

typedef struct UcLoop UcLoop;
typedef struct UcWatch UcWatch;

/* events: EPOLLIN, EPOLLOUT, ... of <sys/epoll.h> */
typedef void (*UcWatchFunc) (gpointer data, guint32 events);
typedef void (*UcLoopFunc) (gpointer data);

/* Attaches to the default main context. */
UcLoop *uc_loop_new (void);
/* Not from inside a callback of the loop. What was handed over by uc_loop_invoke and has not run yet runs first;
 * timers and deferred functions don't. */
void uc_loop_free (UcLoop *loop);

/* The descriptor stays the caller's, who closes it after uc_loop_unwatch. NULL (see errno) when it can't be
 * watched: a regular file, or watched already. Safe to remove from inside any callback of the loop. */
UcWatch *uc_loop_watch (UcLoop *loop, int fd, guint32 events, UcWatchFunc func, gpointer data);
void uc_loop_watch_set (UcLoop *loop, UcWatch *watch, guint32 events);
void uc_loop_unwatch (UcLoop *loop, UcWatch *watch);

/* Calls func once, when uc_clock_now () >= at. Returns an id > 0. */
guint64 uc_loop_timer_at (UcLoop *loop, gint64 at, UcLoopFunc func, gpointer data);
guint64 uc_loop_timer_in (UcLoop *loop, gint64 ms, UcLoopFunc func, gpointer data);
/* 0 and ids that have fired are ignored. */
void uc_loop_timer_remove (UcLoop *loop, guint64 id);

/* Runs func on the main thread, soon. Any thread. */
void uc_loop_invoke (UcLoop *loop, UcLoopFunc func, gpointer data);
/* What stands in the loop. Main thread. */
typedef struct
{
  guint timers;
  guint calls; /* of uc_loop_invoke and uc_loop_defer that did not run yet */
} UcLoopFigures;
void uc_loop_figures (UcLoop *loop, UcLoopFigures *figures);
/* Runs func at the end of the current turn (before the loop sleeps again); the place to flush what a turn queued.
 */
void uc_loop_defer (UcLoop *loop, UcLoopFunc func, gpointer data);
/* The same, when everything that was deferred otherwise has run. */
void uc_loop_defer_last (UcLoop *loop, UcLoopFunc func, gpointer data);
