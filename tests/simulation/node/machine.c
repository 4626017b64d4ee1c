/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The machine under the node: threads as coroutines that go on when the scheduler says so, clocks, random numbers
 * and ids of the seed, pools without threads, an exit that can be survived. The linker leads the core's calls of
 * these functions here (--wrap, see local.mk). One thread.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "core/base/clock.h"
#include "core/base/id.h"
#include "node.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK (512 * 1024)

typedef struct
{
  ucontext_t context;
  char *stack;
  const char *name;
  GThreadFunc func;
  gpointer data;
  gboolean done;
  GCond *cond;     /* waits for it; NULL = does not wait */
  gint64 wake_at;  /* at the latest; of a wait */
  gint64 ready_at; /* of one that does not wait */
  gboolean signalled;
} Thread;

gboolean machine_dead;

static GPtrArray *threads; /* of Thread* */
static Thread *running;    /* NULL = the main thread */
static ucontext_t main_context;
static GCond *main_cond;            /* what the main thread waits for */
static GQueue spare = G_QUEUE_INIT; /* stacks */

#if defined(__SANITIZE_ADDRESS__)
static void *main_fake;
static const void *main_bottom;
static size_t main_size;
#endif

/* ---- coroutines ---------------------------------------------------------------------------------------- */

static void
enter (Thread *thread)
{
  running = thread;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber (&main_fake, thread->stack, STACK);
#endif
  swapcontext (&main_context, &thread->context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber (main_fake, NULL, NULL);
#endif
  running = NULL;
}

static void
leave (Thread *thread)
{
#if defined(__SANITIZE_ADDRESS__)
  void *fake = NULL;

  __sanitizer_start_switch_fiber (thread->done ? NULL : &fake, main_bottom, main_size);
#endif
  swapcontext (&thread->context, &main_context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber (fake, &main_bottom, &main_size);
#endif
}

static void
thread_main (void)
{
  Thread *thread = running;

#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber (NULL, &main_bottom, &main_size);
#endif
  thread->func (thread->data);
  thread->done = TRUE;
  leave (thread);
}

static gboolean
may_go_on (const Thread *thread, gint64 *next)
{
  gint64 at = thread->done                                ? G_MAXINT64
              : thread->cond == NULL || thread->signalled ? thread->ready_at
                                                          : thread->wake_at;

  *next = MIN (*next, at);
  return at <= sim.now;
}

guint
machine_runnable (gint64 *next)
{
  guint count = 0;

  *next = G_MAXINT64;
  for (guint i = 0; threads != NULL && i < threads->len; i++)
    if (may_go_on (threads->pdata[i], next))
      count++;
  return count;
}

void
machine_run (guint index)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < threads->len; i++)
    if (may_go_on (threads->pdata[i], &next) && index-- == 0)
      {
        sim_tell_if (((Thread *)threads->pdata[i])->name);
        enter (threads->pdata[i]);
        sim_tell_if (NULL);
        return;
      }
}

void
machine_sleep (gint64 ms)
{
  if (machine_dead || ms <= 0)
    return;
  if (running == NULL)
    {
      sim.now += ms;
      return;
    }
  running->cond = NULL;
  running->ready_at = sim.now + ms;
  leave (running);
}

/* The main thread waits for the others, until then at the longest. */
static void
run_others (gint64 until)
{
  gint64 next;
  guint count = machine_runnable (&next);

  if (count > 0)
    machine_run ((guint)sim_range (0, count - 1));
  else if (MIN (next, until) < G_MAXINT64)
    sim.now = MIN (next, until);
  else
    g_error ("seed %" G_GUINT64_FORMAT ": the main thread waits, and no other thread will ever wake it", sim.seed);
}

static void
thread_free (Thread *thread)
{
  g_queue_push_head (&spare, thread->stack);
  g_free (thread);
}

void
machine_abandon (void)
{
  for (guint i = 0; threads != NULL && i < threads->len; i++)
    thread_free (threads->pdata[i]);
  g_clear_pointer (&threads, g_ptr_array_unref);
  main_cond = NULL;
  loop_abandon ();
}

/* ---- GThread, GCond ------------------------------------------------------------------------------------ */

GThread *__wrap_g_thread_new (const char *name, GThreadFunc func, gpointer data);
gpointer __wrap_g_thread_join (GThread *thread);
void __wrap_g_cond_wait (GCond *cond, GMutex *mutex);
gboolean __wrap_g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end);
void __wrap_g_cond_signal (GCond *cond);
void __wrap_g_cond_broadcast (GCond *cond);
int __wrap_setpriority (__priority_which_t which, id_t who, int priority);

GThread *
__wrap_g_thread_new (const char *name, GThreadFunc func, gpointer data)
{
  Thread *thread = g_new0 (Thread, 1);

  *thread = (Thread){ .name = name, .func = func, .data = data, .ready_at = sim.now };
  thread->stack = g_queue_pop_head (&spare);
  if (thread->stack == NULL)
    thread->stack = g_malloc (STACK);
  getcontext (&thread->context);
  thread->context.uc_stack.ss_sp = thread->stack;
  thread->context.uc_stack.ss_size = STACK;
  thread->context.uc_link = NULL;
  makecontext (&thread->context, thread_main, 0);
  if (threads == NULL)
    threads = g_ptr_array_new ();
  g_ptr_array_add (threads, thread);
  return (GThread *)thread;
}

gpointer
__wrap_g_thread_join (GThread *handle)
{
  Thread *thread = (Thread *)handle;

  while (!thread->done)
    run_others (G_MAXINT64);
  g_ptr_array_remove (threads, thread);
  thread_free (thread);
  return NULL;
}

void
__wrap_g_cond_wait (GCond *cond, GMutex *mutex)
{
  __wrap_g_cond_wait_until (cond, mutex, G_MAXINT64);
}

gboolean
__wrap_g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end)
{
  Thread *thread = running;
  gint64 wake_at = end == G_MAXINT64 ? end : (end + 999) / 1000;
  gboolean woken;

  g_mutex_unlock (mutex);
  if (thread == NULL)
    {
      main_cond = cond;
      while (main_cond != NULL && sim.now < wake_at)
        run_others (wake_at);
      woken = main_cond == NULL;
      main_cond = NULL;
    }
  else
    {
      thread->cond = cond;
      thread->signalled = FALSE;
      thread->wake_at = wake_at;
      leave (thread);
      woken = thread->signalled;
      thread->cond = NULL;
    }
  g_mutex_lock (mutex);
  return woken;
}

static gboolean
wake_one (GCond *cond)
{
  if (main_cond == cond)
    {
      main_cond = NULL;
      return TRUE;
    }
  for (guint i = 0; threads != NULL && i < threads->len; i++)
    {
      Thread *thread = threads->pdata[i];

      if (thread->cond != cond || thread->signalled)
        continue;
      thread->signalled = TRUE;
      /* A thread that is woken is not yet running; on a busy machine not for long. */
      thread->ready_at = sim.now + (sim_fault (5) ? sim_range (10, 3000) : 0);
      return TRUE;
    }
  return FALSE;
}

void
__wrap_g_cond_signal (GCond *cond)
{
  wake_one (cond);
}

void
__wrap_g_cond_broadcast (GCond *cond)
{
  while (wake_one (cond))
    ;
}

/* A thread that steps back would take all the others with it: they are one. */
int
__wrap_setpriority (__priority_which_t which, id_t who, int priority)
{
  return 0;
}

/* ---- pools: a task is one slice of a thread of its own ------------------------------------------------- */

typedef struct
{
  GFunc func;
  gpointer user_data;
  guint waiting;
  gboolean closed;
} Pool;

typedef struct
{
  Pool *pool;
  gpointer data;
} Task;

GThreadPool *__wrap_g_thread_pool_new (GFunc func, gpointer user_data, int max, gboolean exclusive,
                                       GError **error);
gboolean __wrap_g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error);
guint __wrap_g_thread_pool_unprocessed (GThreadPool *pool);
void __wrap_g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait);

GThreadPool *
__wrap_g_thread_pool_new (GFunc func, gpointer user_data, int max, gboolean exclusive, GError **error)
{
  Pool *pool = g_new0 (Pool, 1);

  pool->func = func;
  pool->user_data = user_data;
  return (GThreadPool *)pool;
}

static gpointer
run_task (gpointer data)
{
  g_autofree Task *task = data;

  task->pool->waiting--;
  task->pool->func (task->data, task->pool->user_data);
  return NULL;
}

/* Forgets threads of pools that have ended; nobody joins them. */
static void
reap (void)
{
  for (guint i = threads != NULL ? threads->len : 0; i > 0; i--)
    {
      Thread *thread = threads->pdata[i - 1];

      if (thread->func != run_task || !thread->done)
        continue;
      g_ptr_array_remove_index (threads, i - 1);
      thread_free (thread);
    }
}

gboolean
__wrap_g_thread_pool_push (GThreadPool *handle, gpointer data, GError **error)
{
  Task *task = g_new (Task, 1);

  *task = (Task){ (Pool *)handle, data };
  task->pool->waiting++;
  reap ();
  __wrap_g_thread_new ("pool", run_task, task);
  return TRUE;
}

guint
__wrap_g_thread_pool_unprocessed (GThreadPool *pool)
{
  return ((Pool *)pool)->waiting;
}

void
__wrap_g_thread_pool_free (GThreadPool *handle, gboolean immediate, gboolean wait)
{
  Pool *pool = (Pool *)handle;

  while (pool->waiting > 0)
    run_others (G_MAXINT64);
  reap ();
  g_free (pool);
}

/* ---- clocks, dice, ids --------------------------------------------------------------------------------- */

gint64 __wrap_g_get_monotonic_time (void);
gint64 __wrap_g_get_real_time (void);
gint32 __wrap_g_random_int_range (gint32 from, gint32 to);
int __wrap_crypto_pwhash_str (char *out, const char *password, unsigned long long len, unsigned long long ops,
                              size_t memory);
int __wrap_crypto_pwhash_str_verify (const char *hash, const char *password, unsigned long long len);

gint64
uc_clock_now (void)
{
  return sim.now;
}

gint64
__wrap_g_get_monotonic_time (void)
{
  return sim.now * 1000;
}

gint64
__wrap_g_get_real_time (void)
{
  return sim.now * 1000;
}

gint32
__wrap_g_random_int_range (gint32 from, gint32 to)
{
  return from + (gint32)(sim_dice (&sim.ids) % (guint64)(to - from));
}

void
uc_random_bytes (void *buf, gsize len)
{
  for (gsize i = 0; i < len; i++)
    ((guint8 *)buf)[i] = (guint8)(sim_dice (&sim.ids) >> 24);
}

char *
uc_id_new (const char *prefix)
{
  return g_strdup_printf ("%s_%016" G_GINT64_MODIFIER "x", prefix, sim_dice (&sim.ids));
}

/* What makes a password slow to guess makes a seed slow, and nothing here is secret. */
int
__wrap_crypto_pwhash_str (char *out, const char *password, unsigned long long len, unsigned long long ops,
                          size_t memory)
{
  g_strlcpy (out, password, 100);
  return 0;
}

int
__wrap_crypto_pwhash_str_verify (const char *hash, const char *password, unsigned long long len)
{
  return g_strcmp0 (hash, password);
}

/* ---- exit ---------------------------------------------------------------------------------------------- */

static jmp_buf exits;
static gboolean may_exit;

void __wrap_exit (int status) G_GNUC_NORETURN;

/* The process ends itself: for the node that is a crash like any other. */
void
__wrap_exit (int status)
{
  if (!may_exit || running != NULL)
    {
      fprintf (stderr, "Bail out! exit %d where nobody expects it\n", status);
      _Exit (EXIT_FAILURE);
    }
  node_exits ();
  longjmp (exits, 1);
}

gboolean
machine_call (SimFunc func, gpointer data)
{
  gboolean before = may_exit;
  gboolean done = FALSE;

  may_exit = TRUE;
  if (setjmp (exits) == 0)
    {
      func (data);
      done = TRUE;
    }
  may_exit = before;
  return done;
}
