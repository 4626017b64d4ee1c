/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exchanges: from a request to its route's owner and back. What owners hold as UsherExchange is a number, not a
 * pointer: answering twice, or after everything is gone, finds nothing and is reported instead of crashing.
 * Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#include "core/base/clock.h"

static const char too_large[] = "the request body is larger than allowed here; send less";

struct UcExchange
{
  gsize id;
  UcNet *net;
  UcConn *conn;        /* NULL = the client is gone */
  gpointer owner;      /* data of the route */
  char *route;         /* its path, for the log: the request's own may hold secrets */
  gboolean in_handler; /* the handler has not returned yet: libsoup is not paused */
  gint64 deadline;
  UcListenKind kinds;
  struct ucred cred;
  GList link; /* in net->open */
};

/* All open exchanges of all nets by id, because uc_http_respond is given nothing else. */
static GHashTable *exchanges;

static UcExchange *
find (UsherExchange *handle)
{
  return exchanges != NULL ? g_hash_table_lookup (exchanges, handle) : NULL;
}

static UcExchange *
exchange_new (UcConn *conn, const UcNetRoute *route)
{
  static gsize last_id;
  UcNet *net = conn->net;
  UcExchange *exchange = g_new0 (UcExchange, 1);

  *exchange = (UcExchange){ .id = ++last_id,
                            .net = net,
                            .conn = conn,
                            .owner = route->data,
                            .route = g_strdup (route->path),
                            .in_handler = TRUE,
                            .deadline = uc_clock_now () + (gint64)net->limits.exchange_timeout_s * 1000,
                            .kinds = conn->kinds,
                            .cred = conn->cred };
  if (exchanges == NULL)
    exchanges = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (exchanges, GSIZE_TO_POINTER (exchange->id), exchange);
  exchange->link.data = exchange;
  g_queue_push_tail_link (&net->open, &exchange->link);
  conn->exchange = exchange;
  uc_net_need_tick (net);
  return exchange;
}

static void
exchange_free (UcExchange *exchange)
{
  if (exchange->conn != NULL)
    exchange->conn->exchange = NULL;
  g_queue_unlink (&exchange->net->open, &exchange->link);
  g_hash_table_remove (exchanges, GSIZE_TO_POINTER (exchange->id));
  if (g_hash_table_size (exchanges) == 0)
    g_clear_pointer (&exchanges, g_hash_table_unref);
  g_free (exchange->route);
  g_free (exchange);
}

static void
answer (UcExchange *exchange, const UsherResponse *response, GBytes *body)
{
  UcConn *conn = exchange->conn;
  gboolean paused = !exchange->in_handler;

  exchange_free (exchange);
  if (conn == NULL)
    return;
  uc_conn_answer (conn, response, body);
  if (paused)
    uc_conn_resume (conn);
}

static void
answer_unavailable (UcExchange *exchange, const char *why)
{
  static const char *const headers[] = { "Retry-After", "5", NULL };
  gsize len;
  g_autofree char *body = uc_net_error_body (503, why, &len);
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = 503,
                                   .content_type = "application/json",
                                   .headers = headers,
                                   .body = body,
                                   .body_len = len };

  answer (exchange, &response, NULL);
}

void
uc_http_respond_bytes (UsherExchange *handle, const UsherResponse *response, GBytes *body)
{
  UcExchange *exchange = find (handle);

  if (exchange == NULL)
    g_warning ("an HTTP exchange was answered a second time, or after it had timed out; the answer is ignored");
  else
    answer (exchange, response, body);
}

void
uc_http_respond (UsherExchange *handle, const UsherResponse *response)
{
  uc_http_respond_bytes (handle, response, NULL);
}

gboolean
uc_exchange_peer (UsherExchange *handle, guint *uid, int *pid)
{
  UcExchange *exchange = find (handle);

  if (exchange == NULL || exchange->kinds != UC_LISTEN_CONTROL)
    return FALSE;
  if (uid != NULL)
    *uid = exchange->cred.uid;
  if (pid != NULL)
    *pid = exchange->cred.pid;
  return TRUE;
}

/* ---- from the connection ------------------------------------------------------------------------------- */

/* Where the body has not come yet, the answer goes out without reading it. */
static void
refuse (UcConn *conn, const UcNetRequest *request, int status, const char *why, const char *const *headers)
{
  conn->refused = TRUE;
  if (request->has_body)
    uc_conn_refuse (conn, status, why);
  else
    uc_conn_error (conn, status, why, headers);
}

static void
refuse_method (UcConn *conn, const UcNetRequest *request)
{
  static const char *const allow[] = { "Allow", "GET", NULL };

  if (strcmp (request->request.method, "GET") == 0)
    refuse (conn, request, 426, "this path speaks WebSocket only", NULL);
  else
    refuse (conn, request, 405, "this path speaks WebSocket only, which begins with GET", allow);
}

static void
redirect_to_slash (UcConn *conn, const UcNetRequest *request)
{
  const char *raw = uc_net_request_raw_path (conn, request);
  const char *query = request->request.query;
  /* Relative, so that it is right behind a proxy that cuts a prefix too; "./" keeps a colon from being a scheme.
   */
  g_autofree char *location = g_strdup_printf ("./%s/%s%s", strrchr (raw, '/') + 1, query != NULL ? "?" : "",
                                               query != NULL ? query : "");
  const char *headers[] = { "Location", location, NULL };

  refuse (conn, request, 308, "the address ends with a slash", headers);
}

static UcNetRoute *
find_route (UcConn *conn, const UcNetRequest *request, UcNetFound *found)
{
  UcNetRoute *route;

  *found = uc_net_routes_find (conn->net->routes, conn->kinds, request->path,
                               request->upgrade ? USHER_ROUTE_WEBSOCKET : USHER_ROUTE_HTTP, &route);
  return route;
}

static gboolean
check_head (UcConn *conn, UcNetRequest *request, UcNetRoute **route)
{
  const char *why;
  int status = uc_net_request_check (conn, request, &why);
  UcNetFound found;

  if (status != 0)
    {
      refuse (conn, request, status, why, NULL);
      return FALSE;
    }
  *route = find_route (conn, request, &found);
  switch (found)
    {
    case UC_NET_NO_PATH:
      refuse (conn, request, 404, "there is nothing at this path", NULL);
      return FALSE;
    case UC_NET_NO_METHOD:
      refuse_method (conn, request);
      return FALSE;
    case UC_NET_ADD_SLASH:
      redirect_to_slash (conn, request);
      return FALSE;
    case UC_NET_FOUND:
      break;
    }
  return TRUE;
}

void
uc_http_got_head (UcConn *conn)
{
  UcNetRequest request = { 0 };
  UcNetRoute *route;

  conn->net->counters.requests++;
  if (check_head (conn, &request, &route))
    {
      conn->max_body = MIN (route->max_body, conn->net->limits.max_body);
      if (request.content_length > conn->max_body)
        refuse (conn, &request, 413, too_large, NULL);
    }
  uc_net_request_clear (&request);
}

static void
call_owner (UcConn *conn, UcNetRoute *route, UcNetRequest *request)
{
  UcExchange *exchange = exchange_new (conn, route);
  UsherExchange *handle = GSIZE_TO_POINTER (exchange->id);

  route->handler.http (route->data, handle, &request->request);
  exchange = find (handle);
  if (exchange == NULL)
    return;
  exchange->in_handler = FALSE;
  if (exchange->conn != NULL)
    uc_conn_pause (exchange->conn);
}

static void
serve (UcConn *conn, UcNetRoute *route, UcNetRequest *request)
{
  uc_net_request_fill (conn, request, route);
  if (request->upgrade && (route->flags & USHER_ROUTE_WEBSOCKET) != 0)
    uc_upgrade (conn, route, request);
  else
    call_owner (conn, route, request);
}

void
uc_http_got_request (UcConn *conn)
{
  UcNetRequest request = { 0 };
  UcNetRoute *route;

  /* Once more, because the route may have gone while the body came. */
  if (check_head (conn, &request, &route))
    serve (conn, route, &request);
  uc_net_request_clear (&request);
}

void
uc_http_got_plain (UcConn *conn, UcPlain *plain)
{
  UcNetRequest request = { .plain = plain };
  UcNetRoute *route;

  conn->net->counters.requests++;
  if (check_head (conn, &request, &route))
    {
      if (request.content_length > MIN (route->max_body, conn->net->limits.max_body))
        refuse (conn, &request, 413, too_large, NULL);
      else
        serve (conn, route, &request);
    }
  uc_net_request_clear (&request);
}

void
uc_http_client_gone (UcConn *conn)
{
  UcExchange *exchange = g_steal_pointer (&conn->exchange);

  exchange->conn = NULL;
}

/* ---- ends ---------------------------------------------------------------------------------------------- */

void
uc_http_tick (UcNet *net, gint64 now)
{
  UcExchange *exchange;

  while ((exchange = g_queue_peek_head (&net->open)) != NULL && exchange->deadline <= now)
    {
      g_warning ("nobody answered a request for %s within %u s; it got 503", exchange->route,
                 net->limits.exchange_timeout_s);
      answer_unavailable (exchange, "the server did not answer in time; try again");
    }
}

void
uc_http_unroute (UcNet *net, gpointer data)
{
  for (GList *link = net->open.head, *next; link != NULL; link = next)
    {
      UcExchange *exchange = link->data;

      next = link->next;
      if (exchange->owner == data)
        answer_unavailable (exchange, "this part of the server was switched off meanwhile");
    }
}

void
uc_http_stop (UcNet *net)
{
  UcExchange *exchange;

  while ((exchange = g_queue_peek_head (&net->open)) != NULL)
    {
      UcConn *conn = exchange->conn;

      exchange_free (exchange);
      /* The loop may not run again: straight to the socket. */
      if (conn != NULL)
        uc_conn_refuse (conn, 503, "the server is stopping; try again in a few seconds");
    }
}
