/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The network side of a plugin: routes, HTTP exchanges, WebSockets and desks, all played by the test. Main thread.
 */
#include "tests/lib/fake-internal.h"

#include <string.h>

#define DEFAULT_MAX_BODY (64 * 1024)

static void
frame_free (gpointer data)
{
  FakeFrame *frame = data;

  g_free (frame->data);
  g_free (frame);
}

static FakeFrame *
frame_new (const char *data, gsize len, gboolean binary)
{
  FakeFrame *frame = g_new (FakeFrame, 1);

  frame->data = g_malloc (len + 1);
  if (len > 0)
    memcpy (frame->data, data, len);
  frame->data[len] = '\0';
  frame->len = len;
  frame->binary = binary;
  return frame;
}

static void
exchange_free (gpointer data)
{
  UsherExchange *exchange = data;

  if (!exchange->answered)
    g_error ("an HTTP exchange was never answered");
  g_free (exchange->content_type);
  g_strfreev (exchange->headers);
  g_free (exchange->body);
  g_free (exchange);
}

static void
socket_free (gpointer data)
{
  UsherSocket *socket = data;

  g_ptr_array_unref (socket->frames);
  g_free (socket->close_reason);
  g_free (socket);
}

static void
desk_free (gpointer data)
{
  UsherDesk *desk = data;

  g_ptr_array_unref (desk->inputs);
  g_free (desk->remote_address);
  g_free (desk);
}

static void
route_free (gpointer data)
{
  FakeRoute *route = data;

  g_free (route->path);
  g_free (route);
}

void
fake_web_init (FakeHost *fake)
{
  fake->routes = g_ptr_array_new_with_free_func (route_free);
  fake->sockets = g_ptr_array_new_with_free_func (socket_free);
  fake->desks = g_ptr_array_new_with_free_func (desk_free);
  fake->desks_max = G_MAXUINT;
  fake->priv->exchanges = g_ptr_array_new_with_free_func (exchange_free);
}

void
fake_web_clear (FakeHost *fake)
{
  g_ptr_array_unref (fake->routes);
  g_ptr_array_unref (fake->sockets);
  g_ptr_array_unref (fake->desks);
  g_ptr_array_unref (fake->priv->exchanges);
}

/* ---- routes -------------------------------------------------------------------------------------------- */

static bool
route_add (UsherInstance *fake, const char *path, int flags, size_t max_body)
{
  FakeRoute *route;

  fake_need_main ("route");
  if (path == NULL || path[0] != '/' || (flags & (USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET)) == 0)
    g_error ("route wants a path that begins with / and at least one of HTTP and WEBSOCKET");
  if ((flags & USHER_ROUTE_HTTP) != 0 && fake->head->http == NULL)
    g_error ("route %s: the plugin has no http slot", path);
  if ((flags & USHER_ROUTE_WEBSOCKET) != 0
      && (fake->head->ws_open == NULL || fake->head->ws_message == NULL || fake->head->ws_closed == NULL))
    g_error ("route %s: the plugin lacks a ws_ slot", path);
  for (guint i = 0; i < fake->routes->len; i++)
    if (strcmp (((FakeRoute *)fake->routes->pdata[i])->path, path) == 0)
      return false;
  route = g_new (FakeRoute, 1);
  *route = (FakeRoute){ g_strdup (path), flags, max_body };
  g_ptr_array_add (fake->routes, route);
  return true;
}

static gboolean
below (const char *path, const char *prefix)
{
  gsize len = strlen (prefix);

  return g_str_has_prefix (path, prefix) && (prefix[len - 1] == '/' || path[len] == '\0' || path[len] == '/');
}

static const FakeRoute *
route_find (FakeHost *fake, const char *path, int flag)
{
  const FakeRoute *best = NULL;

  for (guint i = 0; i < fake->routes->len; i++)
    {
      const FakeRoute *route = fake->routes->pdata[i];
      gboolean matches = strcmp (route->path, path) == 0
                         || ((route->flags & USHER_ROUTE_PREFIX) != 0 && below (path, route->path));

      if (matches && (route->flags & flag) != 0 && (best == NULL || strlen (route->path) > strlen (best->path)))
        best = route;
    }
  return best;
}

static gsize
max_body_of (const FakeRoute *route)
{
  return route->max_body > 0 ? route->max_body : DEFAULT_MAX_BODY;
}

static UsherRequest
request_of (FakeHost *fake, const char *method, const char *path, const char *query, const char *const *headers)
{
  static const char *const none[] = { NULL };

  return (UsherRequest){ .struct_size = sizeof (UsherRequest),
                         .method = method,
                         .path = path,
                         .query = query,
                         .headers = headers != NULL ? headers : none,
                         .remote_address = fake->remote_address,
                         .origin = fake->origin };
}

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

static void
http_respond (UsherExchange *exchange, const UsherResponse *response)
{
  fake_need_main ("http_respond");
  if (exchange->answered)
    g_error ("an HTTP exchange was answered twice: first %d, then %d", exchange->status, response->status);
  g_assert_cmpuint (response->struct_size, ==, sizeof *response);
  if (response->status < 200 || response->status > 599)
    g_error ("%d is not a final HTTP status", response->status);
  exchange->answered = TRUE;
  exchange->status = response->status;
  exchange->content_type = g_strdup (response->content_type);
  exchange->headers = response->headers != NULL ? g_strdupv ((char **)response->headers) : g_new0 (char *, 1);
  if (g_strv_length (exchange->headers) % 2 != 0)
    g_error ("the response's headers are not pairs of name and value");
  exchange->body = g_malloc (response->body_len + 1);
  if (response->body_len > 0)
    memcpy (exchange->body, response->body, response->body_len);
  exchange->body[response->body_len] = '\0';
  exchange->body_len = response->body_len;
}

UsherExchange *
fake_http (FakeHost *fake, const char *method, const char *path, const char *query, const char *const *headers,
           const char *body, gsize len)
{
  UsherRequest request = request_of (fake, method, path, query, headers);
  UsherExchange *exchange = g_new0 (UsherExchange, 1);
  const FakeRoute *route = route_find (fake, path, USHER_ROUTE_HTTP);

  exchange->fake = fake;
  g_ptr_array_add (fake->priv->exchanges, exchange);
  request.body = len > 0 ? body : NULL;
  request.body_len = len;
  if (route == NULL)
    http_respond (exchange, &(UsherResponse){ .struct_size = sizeof (UsherResponse), .status = 404 });
  else if (len > max_body_of (route))
    http_respond (exchange, &(UsherResponse){ .struct_size = sizeof (UsherResponse), .status = 413 });
  else
    fake->head->http (fake->self, exchange, &request);
  return exchange;
}

static gboolean
is_answered (gpointer data)
{
  return ((UsherExchange *)data)->answered;
}

int
fake_exchange_wait (UsherExchange *exchange)
{
  fake_host_wait (is_answered, exchange, "an HTTP response");
  return exchange->status;
}

const char *
fake_exchange_header (UsherExchange *exchange, const char *name)
{
  for (guint i = 0; exchange->headers != NULL && exchange->headers[i] != NULL; i += 2)
    if (g_ascii_strcasecmp (exchange->headers[i], name) == 0)
      return exchange->headers[i + 1];
  return NULL;
}

/* ---- WebSocket ----------------------------------------------------------------------------------------- */

static void
socket_gone (UsherSocket *socket, int code)
{
  if (socket->closed)
    return;
  socket->closed = TRUE;
  socket->open = FALSE;
  socket->close_code = code;
  socket->fake->head->ws_closed (socket->fake->self, socket, code);
}

static void
socket_gone_later (void *data)
{
  UsherSocket *socket = data;

  socket_gone (socket, socket->close_code);
}

static void
ws_set_data (UsherSocket *socket, void *data)
{
  fake_need_main ("ws_set_data");
  socket->data = data;
}

static void *
ws_data (UsherSocket *socket)
{
  fake_need_main ("ws_data");
  return socket->data;
}

static void
start_close (UsherSocket *socket, int code, const char *reason)
{
  socket->open = FALSE;
  socket->close_code = code;
  socket->close_reason = g_strdup (reason);
  fake_later (socket->fake, socket_gone_later, socket, NULL);
}

static bool
ws_send (UsherSocket *socket, const char *data, size_t len, bool binary)
{
  fake_need_main ("ws_send");
  if (socket->closed)
    g_error ("ws_send on a socket whose ws_closed was called");
  if (!socket->open)
    return false;
  if (!binary && !g_utf8_validate_len (data, len, NULL))
    g_error ("ws_send: a text message is not UTF-8");
  if (socket->full)
    {
      start_close (socket, 1013, "queue full");
      return false;
    }
  g_ptr_array_add (socket->frames, frame_new (data, len, binary));
  return true;
}

static void
ws_close (UsherSocket *socket, int code, const char *reason)
{
  fake_need_main ("ws_close");
  fake_need_text ("ws_close's reason", reason);
  if (socket->closed)
    g_error ("ws_close on a socket whose ws_closed was called");
  if (reason != NULL && strlen (reason) > 123)
    g_error ("ws_close: the reason is longer than the 123 bytes a close frame holds");
  if (socket->open)
    start_close (socket, code, reason);
}

UsherSocket *
fake_ws_open (FakeHost *fake, const char *path, const char *query, const char *const *headers)
{
  UsherRequest request = request_of (fake, "GET", path, query, headers);
  UsherSocket *socket = g_new0 (UsherSocket, 1);
  const FakeRoute *route = route_find (fake, path, USHER_ROUTE_WEBSOCKET);

  socket->fake = fake;
  socket->frames = g_ptr_array_new_with_free_func (frame_free);
  g_ptr_array_add (fake->sockets, socket);
  if (route == NULL)
    {
      socket->refused = 404;
      socket->closed = TRUE;
      return socket;
    }
  socket->max_message = max_body_of (route);
  socket->open = TRUE;
  socket->refused = fake->head->ws_open (fake->self, socket, &request);
  if (socket->refused != 0)
    {
      if (socket->refused < 300 || socket->refused > 599)
        g_error ("ws_open refused with %d, which is not an HTTP error", socket->refused);
      socket->open = FALSE;
      socket->closed = TRUE;
    }
  return socket;
}

void
fake_ws_send_bytes (UsherSocket *socket, const char *data, gsize len, gboolean binary)
{
  FakeFrame *copy;

  g_assert_true (socket->open);
  if (len > socket->max_message)
    {
      socket_gone (socket, 1009);
      return;
    }
  copy = frame_new (data, len, binary);
  socket->fake->head->ws_message (socket->fake->self, socket, copy->data, copy->len, copy->binary);
  frame_free (copy);
}

void
fake_ws_send (UsherSocket *socket, const char *text)
{
  fake_ws_send_bytes (socket, text, strlen (text), FALSE);
}

void
fake_ws_close (UsherSocket *socket, int code)
{
  socket_gone (socket, code);
}

const char *
fake_ws_next (UsherSocket *socket)
{
  fake_host_settle ();
  if (socket->read >= socket->frames->len)
    return NULL;
  return ((FakeFrame *)socket->frames->pdata[socket->read++])->data;
}

/* ---- desks --------------------------------------------------------------------------------------------- */

static UsherDesk *
desk_open (UsherInstance *fake, const char *remote_address, void *desk_data)
{
  UsherDesk *desk;
  guint open = 0;

  fake_need_main ("desk_open");
  for (guint i = 0; i < fake->desks->len; i++)
    open += ((UsherDesk *)fake->desks->pdata[i])->open;
  if (open >= fake->desks_max)
    return NULL;
  desk = g_new0 (UsherDesk, 1);
  desk->fake = fake;
  desk->remote_address = g_strdup (remote_address);
  desk->desk_data = desk_data;
  desk->inputs = g_ptr_array_new_with_free_func (g_free);
  desk->open = TRUE;
  g_ptr_array_add (fake->desks, desk);
  return desk;
}

static void
desk_input (UsherDesk *desk, const char *frame, size_t len)
{
  fake_need_main ("desk_input");
  if (!desk->open)
    g_error ("desk_input on a desk that is closed");
  g_ptr_array_add (desk->inputs, g_strndup (frame, len));
}

static void
desk_close (UsherDesk *desk)
{
  fake_need_main ("desk_close");
  if (!desk->open)
    g_error ("desk_close on a desk that is closed");
  desk->open = FALSE;
}

void
fake_desk_output (UsherDesk *desk, const char *frame)
{
  g_assert_true (desk->open);
  desk->fake->frontend->desk_output (desk->fake->self, desk, desk->desk_data, frame, strlen (frame));
}

void
fake_desk_end (UsherDesk *desk, int code, const char *reason)
{
  g_assert_true (desk->open);
  desk->open = FALSE;
  desk->fake->frontend->desk_closed (desk->fake->self, desk, desk->desk_data, code, reason);
}

void
fake_web_down (FakeHost *fake)
{
  for (guint i = 0; i < fake->desks->len; i++)
    if (((UsherDesk *)fake->desks->pdata[i])->open)
      fake_desk_end (fake->desks->pdata[i], 1001, "The server is stopping.");
  for (guint i = 0; i < fake->sockets->len; i++)
    socket_gone (fake->sockets->pdata[i], 1001);
}

void
fake_web_slots (UsherHost *host)
{
  host->route = route_add;
  host->http_respond = http_respond;
  host->ws_set_data = ws_set_data;
  host->ws_data = ws_data;
  host->ws_send = ws_send;
  host->ws_close = ws_close;
  host->desk_open = desk_open;
  host->desk_input = desk_input;
  host->desk_close = desk_close;
}
