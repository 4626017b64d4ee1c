/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server as a whole: its parts, limits, routes and the tick that looks after time limits. Main thread.
 */
#include "core/net/private.h"

#include <string.h>
#include <sys/resource.h>

#include "core/base/clock.h"
#include "core/base/error.h"

#define TICK_MS 1000

/* ---- the loop's calls ---------------------------------------------------------------------------------- */

/* The loop can't take a deferred call back, so the last one that is owed frees the memory. */
static void
net_unref (UcNet *net)
{
  if (net->freed && net->deferred == 0)
    g_free (net);
}

void
uc_net_defer (UcNet *net, UcLoopFunc func)
{
  net->deferred++;
  uc_loop_defer (net->loop, func, net);
}

gboolean
uc_net_deferred (UcNet *net)
{
  gboolean alive = !net->freed;

  net->deferred--;
  net_unref (net);
  return alive;
}

static gboolean
anything_to_watch (UcNet *net)
{
  for (guint i = 0; i < net->listeners->len; i++)
    if (((UcListener *)g_ptr_array_index (net->listeners, i))->held)
      return TRUE;
  return uc_conns_count (net) > 0 || net->lingering.length > 0 || net->open.length > 0
         || uc_sockets_count (net) > 0;
}

static void
tick (gpointer data)
{
  UcNet *net = data;
  gint64 now = uc_clock_now ();

  net->tick = 0;
  uc_listeners_tick (net);
  uc_conns_tick (net, now);
  uc_http_tick (net, now);
  uc_sockets_tick (net, now);
  if (anything_to_watch (net))
    uc_net_need_tick (net);
}

void
uc_net_need_tick (UcNet *net)
{
  if (net->tick == 0)
    net->tick = uc_loop_timer_in (net->loop, TICK_MS, tick, net);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static void
trust (UcNet *net, const char *text)
{
  g_autoptr (GError) error = NULL;
  GInetAddressMask *mask;

  if (strcmp (text, "unix") == 0)
    {
      net->trust_unix = TRUE;
      return;
    }
  mask = g_inet_address_mask_new_from_string (text, &error);
  if (mask != NULL)
    g_ptr_array_add (net->trusted, mask);
  else
    g_warning ("trusted proxy \"%s\" is ignored: it is no address, no network like 10.0.0.0/8 and not \"unix\"",
               text);
}

static void
set_limits (UcNet *net, const UcNetLimits *given)
{
  static const UcNetLimits standard = { .max_body = 1024 * 1024,
                                        .max_connections = 1024,
                                        .idle_timeout_s = 60,
                                        .max_sockets = 20000,
                                        .max_socket_queue = 1024 * 1024,
                                        .ping_interval_s = 30,
                                        .exchange_timeout_s = 90,
                                        .upgrade_timeout_s = 30,
                                        .close_timeout_s = 5 };
  UcNetLimits *limits = &net->limits;

  *limits = given != NULL ? *given : standard;
#define DEFAULT(member) limits->member = limits->member != 0 ? limits->member : standard.member
  DEFAULT (max_body);
  DEFAULT (max_connections);
  DEFAULT (idle_timeout_s);
  DEFAULT (max_sockets);
  DEFAULT (max_socket_queue);
  DEFAULT (ping_interval_s);
  DEFAULT (exchange_timeout_s);
  DEFAULT (upgrade_timeout_s);
  DEFAULT (close_timeout_s);
#undef DEFAULT
  limits->max_body = MIN (limits->max_body, G_MAXINT32);
  for (const char *const *proxy = limits->trusted_proxies; proxy != NULL && *proxy != NULL; proxy++)
    trust (net, *proxy);
  limits->trusted_proxies = NULL;
}

UcNet *
uc_net_new (UcLoop *loop, const UcNetLimits *limits)
{
  UcNet *net = g_new0 (UcNet, 1);

  net->loop = loop;
  net->trusted = g_ptr_array_new_with_free_func (g_object_unref);
  set_limits (net, limits);
  /* Paths come as they were sent: request.c decodes them. */
  net->soup = soup_server_new ("raw-paths", TRUE, NULL);
  g_signal_connect (net->soup, "request-started", G_CALLBACK (uc_conn_request_started), net);
  net->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_listener_free);
  net->routes = uc_net_routes_new ();
  net->framers = uc_framers_new (&uc_socket_framer_ops);
  return net;
}

void
uc_net_stop_listening (UcNet *net)
{
  net->stopping = TRUE;
  g_ptr_array_set_size (net->listeners, 0);
  uc_conns_close_idle (net);
}

guint
uc_net_arriving (UcNet *net)
{
  return uc_conns_arriving (net);
}

void
uc_net_free (UcNet *net)
{
  GQueue *const queues[] = { &net->idle, &net->ready, &net->active, &net->lingering };

  uc_net_stop_listening (net);
  uc_http_stop (net);
  uc_sockets_stop (net);
  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    while (queues[i]->head != NULL)
      uc_conn_free (queues[i]->head->data);

  uc_loop_timer_remove (net->loop, net->tick);
  g_signal_handlers_disconnect_by_data (net->soup, net);
  soup_server_disconnect (net->soup);
  g_object_unref (net->soup);
  g_ptr_array_unref (net->listeners);
  g_ptr_array_unref (net->trusted);
  uc_net_routes_free (net->routes);
  uc_framers_free (net->framers);
  net->freed = TRUE;
  net_unref (net);
}

/* ---- routes -------------------------------------------------------------------------------------------- */

static gboolean
check_route (const char *mount, const char *path, int flags, const UcRouteHandler *handler, GError **error)
{
  const char *wrong = NULL;

  if (mount[0] != '\0' && (mount[0] != '/' || g_str_has_suffix (mount, "/")))
    wrong = "the mount begins with \"/\" and does not end with it";
  else if (path[0] != '/')
    wrong = "the path begins with \"/\"";
  else if ((flags & (USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET)) == 0)
    wrong = "it is neither for HTTP nor for WebSocket";
  else if ((flags & USHER_ROUTE_HTTP) != 0 && handler->http == NULL)
    wrong = "nobody handles its requests (the slot http is empty)";
  else if ((flags & USHER_ROUTE_WEBSOCKET) != 0
           && (handler->ws_open == NULL || handler->ws_message == NULL || handler->ws_closed == NULL))
    wrong = "nobody handles its WebSockets (a ws_ slot is empty)";
  if (wrong != NULL)
    g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "route %s%s: %s", mount, path, wrong);
  return wrong == NULL;
}

gboolean
uc_net_route (UcNet *net, UcListenKind kind, const char *mount, const char *path, int flags, gsize max_body,
              const UcRouteHandler *handler, gpointer data, GError **error)
{
  const char *prefix = mount != NULL ? mount : "";
  g_autofree char *whole = g_strconcat (prefix, path, NULL);
  const UcNetRoute route = { .kind = kind,
                             .path = whole,
                             .mount_len = strlen (prefix),
                             .flags = flags,
                             .max_body = MIN (max_body, net->limits.max_body),
                             .handler = *handler,
                             .data = data };

  return check_route (prefix, path, flags, handler, error) && uc_net_routes_add (net->routes, &route, error);
}

void
uc_net_unroute (UcNet *net, gpointer data)
{
  uc_sockets_unroute (net, data);
  uc_http_unroute (net, data);
  uc_net_routes_remove (net->routes, data);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

void
uc_net_counters (UcNet *net, UcNetCounters *counters)
{
  *counters = net->counters;
  counters->http_connections = uc_conns_count (net);
  counters->max_connections = net->limits.max_connections;
  counters->open_exchanges = net->open.length;
  counters->line = net->ready.length;
  counters->sockets = uc_sockets_count (net);
  counters->max_sockets = net->limits.max_sockets;
  counters->max_socket_queue = net->limits.max_socket_queue;
  uc_sockets_queued (net, &counters->socket_queue, &counters->most_socket_queue);
}

guint64
uc_net_raise_nofile (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    return 0;
  if (limit.rlim_cur != limit.rlim_max)
    {
      const struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };

      if (setrlimit (RLIMIT_NOFILE, &raised) == 0)
        limit = raised;
    }
  return limit.rlim_cur;
}
