/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the main loop: descriptors, timers, calls from other threads, deferred calls.
 */
#include "core/base/loop.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"

typedef struct
{
  UcLoop *loop;
  int pair[2][2];
  UcWatch *watch[2];
  GString *log; /* what happened, one letter each */
  guint64 timer;
  guint left;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->loop = uc_loop_new ();
  f->log = g_string_new (NULL);
  for (int i = 0; i < 2; i++)
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, f->pair[i]), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 2; i++)
    {
      uc_loop_unwatch (f->loop, f->watch[i]);
      close (f->pair[i][0]);
      close (f->pair[i][1]);
    }
  uc_loop_free (f->loop);
  g_string_free (f->log, TRUE);
}

static void
turn (void)
{
  g_main_context_iteration (NULL, TRUE);
}

static void
turns_until (Fixture *f, gsize length)
{
  while (f->log->len < length)
    turn ();
}

static void
letter_r (gpointer data, guint32 events)
{
  Fixture *f = data;

  g_string_append_c (f->log, events & EPOLLHUP ? 'h' : events & EPOLLIN ? 'r' : 'w');
}

static void
letter_a (gpointer data)
{
  g_string_append_c (((Fixture *)data)->log, 'a');
}

static void
letter_b (gpointer data)
{
  g_string_append_c (((Fixture *)data)->log, 'b');
}

static void
letter_c (gpointer data)
{
  g_string_append_c (((Fixture *)data)->log, 'c');
}

static void
test_watch (Fixture *f, gconstpointer data)
{
  char byte;

  f->watch[0] = uc_loop_watch (f->loop, f->pair[0][0], EPOLLIN, letter_r, f);
  g_assert_nonnull (f->watch[0]);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpint (write (f->pair[0][1], "x", 1), ==, 1);
  turn ();
  turn ();
  g_assert_cmpstr (f->log->str, ==, "rr"); /* level triggered: nobody read it */
  g_assert_cmpint (read (f->pair[0][0], &byte, 1), ==, 1);
  g_assert_false (g_main_context_iteration (NULL, FALSE));

  uc_loop_watch_set (f->loop, f->watch[0], EPOLLIN | EPOLLOUT);
  turn ();
  g_assert_cmpstr (f->log->str, ==, "rrw");
  uc_loop_watch_set (f->loop, f->watch[0], 0);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  close (f->pair[0][1]);
  f->pair[0][1] = dup (f->pair[1][1]);
  turn ();
  g_assert_cmpstr (f->log->str, ==, "rrwh"); /* a hang-up is told without being asked for */
}

static void
test_watch_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp (NULL, &path, NULL);

  g_assert_null (uc_loop_watch (f->loop, fd, EPOLLIN, letter_r, f));
  f->watch[0] = uc_loop_watch (f->loop, f->pair[0][0], EPOLLIN, letter_r, f);
  g_assert_null (uc_loop_watch (f->loop, f->pair[0][0], EPOLLIN, letter_r, f));
  close (fd);
  unlink (path);
}

static void
drop_both (gpointer data, guint32 events)
{
  Fixture *f = data;

  g_string_append_c (f->log, 'd');
  for (int i = 0; i < 2; i++)
    {
      uc_loop_unwatch (f->loop, f->watch[i]);
      f->watch[i] = NULL;
    }
}

/* Both are ready in one batch; whichever comes first removes itself and the other, which must not be called. */
static void
test_unwatch_inside (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (write (f->pair[i][1], "x", 1), ==, 1);
      f->watch[i] = uc_loop_watch (f->loop, f->pair[i][0], EPOLLIN, drop_both, f);
    }
  turn ();
  g_assert_cmpstr (f->log->str, ==, "d");
  g_assert_false (g_main_context_iteration (NULL, FALSE));
}

static void
test_timer_order (Fixture *f, gconstpointer data)
{
  gint64 now = uc_clock_now ();

  uc_loop_timer_at (f->loop, now + 20, letter_c, f);
  uc_loop_timer_at (f->loop, now + 10, letter_a, f);
  uc_loop_timer_at (f->loop, now + 10, letter_b, f);
  uc_loop_timer_at (f->loop, G_MAXINT64, letter_a, f);
  uc_loop_timer_in (f->loop, G_MAXINT64, letter_a, f);
  turns_until (f, 3);
  g_assert_cmpstr (f->log->str, ==, "abc");
  g_assert_cmpint (uc_clock_now (), >=, now + 20);
}

static void
test_timer_past (Fixture *f, gconstpointer data)
{
  uc_loop_timer_at (f->loop, 5, letter_b, f);
  uc_loop_timer_at (f->loop, -5, letter_a, f);
  uc_loop_timer_in (f->loop, -5, letter_c, f);
  turns_until (f, 3);
  g_assert_cmpstr (f->log->str, ==, "abc");
}

static void
test_timer_remove (Fixture *f, gconstpointer data)
{
  guint64 id = uc_loop_timer_in (f->loop, 5, letter_a, f);
  guint64 fired = uc_loop_timer_in (f->loop, 0, letter_b, f);

  g_assert_cmpuint (id, >, 0);
  uc_loop_timer_remove (f->loop, id);
  uc_loop_timer_remove (f->loop, 0);
  uc_loop_timer_remove (f->loop, 12345);
  uc_loop_timer_in (f->loop, 10, letter_c, f);
  turns_until (f, 2);
  g_assert_cmpstr (f->log->str, ==, "bc");
  uc_loop_timer_remove (f->loop, fired);
}

static void
remove_other (gpointer data)
{
  Fixture *f = data;

  g_string_append_c (f->log, 'x');
  uc_loop_timer_remove (f->loop, f->timer);
}

static void
test_timer_remove_inside (Fixture *f, gconstpointer data)
{
  uc_loop_timer_at (f->loop, 1, remove_other, f);
  f->timer = uc_loop_timer_at (f->loop, 1, letter_a, f);
  uc_loop_timer_at (f->loop, 2, letter_b, f);
  turns_until (f, 2);
  g_assert_cmpstr (f->log->str, ==, "xb");
}

static void
again (gpointer data)
{
  Fixture *f = data;

  g_string_append_c (f->log, 't');
  uc_loop_timer_at (f->loop, 1, again, f);
}

/* A timer that always sets itself for now must not keep the loop from its descriptors. */
static void
test_timer_no_starving (Fixture *f, gconstpointer data)
{
  uc_loop_timer_at (f->loop, 1, again, f);
  turns_until (f, 3);
  f->watch[0] = uc_loop_watch (f->loop, f->pair[0][0], EPOLLOUT, letter_r, f);
  g_string_truncate (f->log, 0);
  turn ();
  turn ();
  g_assert_nonnull (strchr (f->log->str, 'w'));
  g_assert_nonnull (strchr (f->log->str, 't'));
}

typedef struct
{
  Fixture *f;
  gint64 at;
  guint64 id;
} Due;

static gint64 last_at;
static guint fired;

static void
check_due (gpointer data)
{
  Due *due = data;

  g_assert_cmpint (due->at, >=, last_at);
  last_at = due->at;
  due->id = 0;
  fired++;
}

/* Random times, a third removed again: what is left fires in order. */
static void
test_timer_heap (Fixture *f, gconstpointer data)
{
  enum
  {
    N = 3000
  };
  g_autofree Due *dues = g_new0 (Due, N);
  guint expected = N;
  gint64 now = uc_clock_now ();

  last_at = 0;
  fired = 0;
  for (int i = 0; i < N; i++)
    {
      dues[i] = (Due){ f, now - 500 + g_random_int_range (0, 500), 0 };
      dues[i].id = uc_loop_timer_at (f->loop, dues[i].at, check_due, &dues[i]);
      if (i % 3 == 2)
        {
          Due *victim = &dues[g_random_int_range (0, i)];

          expected -= victim->id != 0;
          uc_loop_timer_remove (f->loop, victim->id);
          victim->id = 0;
        }
    }
  while (fired < expected)
    turn ();
  g_assert_cmpuint (fired, ==, expected);
  for (int i = 0; i < N; i++)
    g_assert_cmpuint (dues[i].id, ==, 0);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
}

static void
count_down (gpointer data)
{
  Fixture *f = data;

  g_assert_true (g_main_context_is_owner (NULL));
  f->left--;
}

static gpointer
invoke_many (gpointer data)
{
  Fixture *f = data;

  for (int i = 0; i < 10000; i++)
    uc_loop_invoke (f->loop, count_down, f);
  return NULL;
}

static void
test_invoke (Fixture *f, gconstpointer data)
{
  GThread *threads[4];

  f->left = 40000;
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("invoker", invoke_many, f);
  while (f->left > 0)
    turn ();
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  uc_loop_invoke (f->loop, letter_a, f);
  uc_loop_invoke (f->loop, letter_b, f);
  turn ();
  g_assert_cmpstr (f->log->str, ==, "ab");
}

static void
defer_inside (gpointer data, guint32 events)
{
  Fixture *f = data;

  uc_loop_defer (f->loop, letter_c, f);
  uc_loop_invoke (f->loop, letter_b, f);
  uc_loop_timer_at (f->loop, 1, letter_a, f);
  g_string_append_c (f->log, 'r');
  uc_loop_unwatch (f->loop, f->watch[0]);
  f->watch[0] = NULL;
}

static void
defer_more (gpointer data)
{
  Fixture *f = data;

  g_string_append_c (f->log, 'm');
  uc_loop_defer (f->loop, letter_a, f);
}

static void
test_defer (Fixture *f, gconstpointer data)
{
  /* From outside a turn it makes one. */
  uc_loop_defer (f->loop, letter_a, f);
  uc_loop_defer (f->loop, letter_b, f);
  turn ();
  g_assert_cmpstr (f->log->str, ==, "ab");
  g_assert_false (g_main_context_iteration (NULL, FALSE));

  /* From inside, it runs at the end of that same turn. */
  g_string_truncate (f->log, 0);
  f->watch[0] = uc_loop_watch (f->loop, f->pair[0][0], EPOLLOUT, defer_inside, f);
  turn ();
  g_assert_true (g_str_has_prefix (f->log->str, "rc"));
  turns_until (f, 4);

  /* One deferred from a deferred one is not lost. */
  g_string_truncate (f->log, 0);
  uc_loop_defer (f->loop, defer_more, f);
  turns_until (f, 2);
  g_assert_cmpstr (f->log->str, ==, "ma");
}

/* More ready descriptors than one epoll_wait returns. */
static void
test_many (Fixture *f, gconstpointer data)
{
  enum
  {
    N = 400
  };
  int fds[N];
  UcWatch *watches[N];

  for (int i = 0; i < N; i++)
    {
      fds[i] = fcntl (f->pair[0][0], F_DUPFD_CLOEXEC, 0);
      g_assert_cmpint (fds[i], >=, 0);
      watches[i] = uc_loop_watch (f->loop, fds[i], EPOLLOUT | EPOLLET, letter_r, f);
    }
  turns_until (f, N);
  g_assert_cmpuint (f->log->len, ==, N);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  for (int i = 0; i < N; i++)
    {
      uc_loop_unwatch (f->loop, watches[i]);
      close (fds[i]);
    }
}

static void
test_free_with_leftovers (Fixture *f, gconstpointer data)
{
  UcLoop *loop = uc_loop_new ();

  uc_loop_timer_in (loop, 100000, letter_a, f);
  uc_loop_defer (loop, letter_a, f);
  uc_loop_invoke (loop, letter_b, f);
  uc_loop_free (loop);
  uc_loop_free (NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpstr (f->log->str, ==, "b");
}

#define ADD(name, func) g_test_add ("/base/loop/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("watch", test_watch);
  ADD ("watch-refused", test_watch_refused);
  ADD ("unwatch-inside", test_unwatch_inside);
  ADD ("timer-order", test_timer_order);
  ADD ("timer-past", test_timer_past);
  ADD ("timer-remove", test_timer_remove);
  ADD ("timer-remove-inside", test_timer_remove_inside);
  ADD ("timer-no-starving", test_timer_no_starving);
  ADD ("timer-heap", test_timer_heap);
  ADD ("invoke", test_invoke);
  ADD ("defer", test_defer);
  ADD ("many", test_many);
  ADD ("free-with-leftovers", test_free_with_leftovers);
  return g_test_run ();
}
