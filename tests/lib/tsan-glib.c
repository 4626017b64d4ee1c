/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tells ThreadSanitizer about GLib's locks. GLib makes them of futexes and is not instrumented itself, so that
 * without this every lock would look like none. Preloaded into the tests of a build with
 * --enable-sanitizers=thread. Any thread.
 */
#include <dlfcn.h>
#include <glib.h>

/* Of the sanitizer's runtime; absent in a process that has none (a shell of a test). */
void __tsan_acquire (void *address) __attribute__ ((weak));
void __tsan_release (void *address) __attribute__ ((weak));

#define REAL(name)                                                                                                \
  static __typeof__ (&name) real_##name;                                                                          \
  if (__atomic_load_n (&real_##name, __ATOMIC_RELAXED) == NULL)                                                   \
  __atomic_store_n (&real_##name, (__typeof__ (&name))dlsym (RTLD_NEXT, #name), __ATOMIC_RELAXED)

static void
acquire (void *address)
{
  if (__tsan_acquire != NULL)
    __tsan_acquire (address);
}

static void
release (void *address)
{
  if (__tsan_release != NULL)
    __tsan_release (address);
}

/* ---- locks --------------------------------------------------------------------------------------------- */

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real_g_mutex_lock (mutex);
  acquire (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked;

  REAL (g_mutex_trylock);
  locked = real_g_mutex_trylock (mutex);
  if (locked)
    acquire (mutex);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  release (mutex);
  real_g_mutex_unlock (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  release (mutex);
  real_g_cond_wait (cond, mutex);
  acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean woken;

  REAL (g_cond_wait_until);
  release (mutex);
  woken = real_g_cond_wait_until (cond, mutex, end_time);
  acquire (mutex);
  return woken;
}

gboolean (g_once_init_enter) (volatile void *location)
{
  static gboolean (*real) (volatile void *);
  gboolean first;

  if (__atomic_load_n (&real, __ATOMIC_RELAXED) == NULL)
    __atomic_store_n (&real, dlsym (RTLD_NEXT, "g_once_init_enter"), __ATOMIC_RELAXED);
  first = real (location);
  acquire ((void *)location);
  return first;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  static void (*real) (volatile void *, gsize);

  if (__atomic_load_n (&real, __ATOMIC_RELAXED) == NULL)
    __atomic_store_n (&real, dlsym (RTLD_NEXT, "g_once_init_leave"), __ATOMIC_RELAXED);
  release ((void *)location);
  real (location, result);
}

/* ---- calls to the main thread ---------------------------------------------------------------------------- */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
run_callback (gpointer data)
{
  Callback *callback = data;

  acquire (callback->data);
  return callback->func (callback->data);
}

static void
drop_callback (gpointer data)
{
  Callback *callback = data;

  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

/* Only where the callback has the common shape: sources of file descriptors have another. */
guint
g_idle_add_full (gint priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  REAL (g_idle_add_full);
  *callback = (Callback){ func, data, notify };
  release (data);
  return real_g_idle_add_full (priority, run_callback, callback, drop_callback);
}

void
g_main_context_invoke_full (GMainContext *context, gint priority, GSourceFunc func, gpointer data,
                            GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  REAL (g_main_context_invoke_full);
  *callback = (Callback){ func, data, notify };
  release (data);
  real_g_main_context_invoke_full (context, priority, run_callback, callback, drop_callback);
}

/* ---- thread pools -------------------------------------------------------------------------------------- */

typedef struct
{
  GFunc func;
  gpointer user_data;
} Pool;

static void
run_in_pool (gpointer data, gpointer user_data)
{
  Pool *pool = user_data;

  acquire (data);
  pool->func (data, pool->user_data);
}

/* The small struct lives as long as the process: a pool does, too. */
GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads, gboolean exclusive, GError **error)
{
  Pool *pool = g_new (Pool, 1);

  REAL (g_thread_pool_new);
  *pool = (Pool){ func, user_data };
  return real_g_thread_pool_new (run_in_pool, pool, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  REAL (g_thread_pool_push);
  release (data);
  return real_g_thread_pool_push (pool, data, error);
}
