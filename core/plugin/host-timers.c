/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Timers and invokes of plugins, which go away with their instance. Main thread, except invoke.
 */
#include "core/plugin/instance-private.h"

typedef struct
{
  UsherInstance *instance;
  guint64 id;
  UsherFunc func;
  void *data;
} HostTimer;

typedef struct
{
  UsherInstance *instance; /* NULL = dropped */
  UsherFunc func;
  void *data;
} HostInvoke;

static void
on_timer (gpointer data)
{
  HostTimer *timer = data;
  UsherFunc func = timer->func;
  void *func_data = timer->data;

  g_hash_table_remove (timer->instance->priv->timers, &timer->id);
  func (func_data);
}

static uint64_t
host_timer_add (UsherInstance *instance, int64_t ms, UsherFunc func, void *data)
{
  struct UcInstancePrivate *priv;
  HostTimer *timer;

  if (!uc_host_check (instance, "timer_add"))
    return 0;
  if (func == NULL)
    {
      uc_plugin_log (instance, USHER_LOG_ERROR, "the plugin called host->timer_add without a function; ignored");
      return 0;
    }
  priv = instance->priv;
  timer = g_new0 (HostTimer, 1);
  timer->instance = instance;
  timer->func = func;
  timer->data = data;
  timer->id = uc_loop_timer_in (priv->loop, MAX (ms, 0), on_timer, timer);
  if (priv->timers == NULL)
    priv->timers = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  g_hash_table_insert (priv->timers, &timer->id, timer);
  return timer->id;
}

static void
host_timer_remove (UsherInstance *instance, uint64_t id)
{
  struct UcInstancePrivate *priv;

  if (!uc_host_check (instance, "timer_remove"))
    return;
  priv = instance->priv;
  /* Only its own: an id of another instance finds nothing. */
  if (priv->timers != NULL && g_hash_table_contains (priv->timers, &id))
    {
      uc_loop_timer_remove (priv->loop, id);
      g_hash_table_remove (priv->timers, &id);
    }
}

static void
on_invoke (gpointer data)
{
  HostInvoke *invoke = data;
  UsherInstance *instance = invoke->instance;

  if (instance != NULL)
    {
      g_mutex_lock (&instance->priv->lock);
      g_hash_table_remove (instance->priv->invokes, invoke);
      g_mutex_unlock (&instance->priv->lock);
      invoke->func (invoke->data);
    }
  g_free (invoke);
}

static void
host_invoke (UsherInstance *instance, UsherFunc func, void *data)
{
  HostInvoke *invoke;

  if (instance == NULL || func == NULL)
    {
      uc_plugin_log (instance, USHER_LOG_ERROR,
                     "the plugin called host->invoke without an instance or function; ignored");
      return;
    }
  invoke = g_new0 (HostInvoke, 1);
  invoke->instance = instance;
  invoke->func = func;
  invoke->data = data;
  g_mutex_lock (&instance->priv->lock);
  g_hash_table_add (instance->priv->invokes, invoke);
  g_mutex_unlock (&instance->priv->lock);
  uc_loop_invoke (instance->priv->loop, on_invoke, invoke);
}

void
uc_timers_forget (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  GHashTableIter iter;
  gpointer value;

  if (priv->timers != NULL)
    {
      g_hash_table_iter_init (&iter, priv->timers);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        uc_loop_timer_remove (priv->loop, ((HostTimer *)value)->id);
      g_clear_pointer (&priv->timers, g_hash_table_unref);
    }
  g_mutex_lock (&priv->lock);
  g_hash_table_iter_init (&iter, priv->invokes);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    ((HostInvoke *)value)->instance = NULL;
  g_hash_table_remove_all (priv->invokes);
  g_mutex_unlock (&priv->lock);
}

void
uc_host_fill_timers (UsherHost *host)
{
  host->timer_add = host_timer_add;
  host->timer_remove = host_timer_remove;
  host->invoke = host_invoke;
}
