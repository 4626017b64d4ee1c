/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server of the tests of core/net. Main thread.
 */
#include "tests/core/net/harness.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

static void
respond (UsherExchange *exchange, const char *text)
{
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = 200,
                                   .content_type = "text/plain",
                                   .body = text,
                                   .body_len = strlen (text) };

  uc_http_respond (exchange, &response);
}

static void
say_what_was_asked (UsherExchange *exchange, const UsherRequest *request)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, "method=%s\npath=%s\nquery=%s\nremote=%s\norigin=%s\nbody=%zu\n", request->method,
                          request->path, request->query != NULL ? request->query : "(none)",
                          request->remote_address, request->origin, request->body_len);
  for (const char *const *h = request->headers; h[0] != NULL; h += 2)
    g_string_append_printf (out, "%s: %s\n", h[0], h[1]);
  if (request->body_len > 0 && request->body_len < 1000)
    g_string_append_len (out, request->body, (gssize)request->body_len);
  respond (exchange, out->str);
}

guint harness_lent;

static void
give_back (gpointer body)
{
  harness_lent--;
  g_free (body);
}

static void
respond_lent (UsherExchange *exchange)
{
  const UsherResponse response = { .struct_size = sizeof response, .status = 200, .content_type = "text/plain" };
  char *body = g_strnfill (HARNESS_LARGE, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (body, HARNESS_LARGE, give_back, body);

  harness_lent++;
  uc_http_respond_bytes (exchange, &response, bytes);
}

static void
respond_oddly (UsherExchange *exchange, const char *what)
{
  static const char *const split[] = { "X-Evil", "a\r\nSet-Cookie: b=c", NULL };
  static const char *const own[]
      = { "Cache-Control", "max-age=60", "Set-Cookie",       "a=1", "Set-Cookie", "b=2", "Content-Length",
          "9999",          "Connection", "keep-alive, nope", NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = 200, .content_type = "text/plain" };
  g_autofree char *large = NULL;

  if (strcmp (what, "large") == 0)
    {
      response.body = large = g_strnfill (HARNESS_LARGE, 'x');
      response.body_len = HARNESS_LARGE;
    }
  if (strcmp (what, "split") == 0)
    response.headers = split;
  if (strcmp (what, "own") == 0)
    response.headers = own;
  if (strcmp (what, "status") == 0)
    response.status = 99;
  if (strcmp (what, "empty") == 0)
    {
      response.status = 204;
      response.content_type = NULL;
    }
  if (strcmp (what, "unchanged") == 0)
    response.status = 304;
  if (strcmp (what, "short-struct") == 0)
    response.struct_size = G_STRUCT_OFFSET (UsherResponse, headers);
  response.headers = strcmp (what, "short-struct") == 0 ? split : response.headers;
  uc_http_respond (exchange, &response);
}

static void
http (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  Server *server = data;

  server->requests++;
  if (strcmp (request->path, "/hold") == 0)
    server->held = exchange;
  else if (strcmp (request->path, "/response/lent") == 0)
    respond_lent (exchange);
  else if (g_str_has_prefix (request->path, "/response/"))
    respond_oddly (exchange, request->path + strlen ("/response/"));
  else
    say_what_was_asked (exchange, request);
  if (strcmp (request->path, "/twice") == 0)
    respond (exchange, "again");
}

void
server_release (Server *server, const char *text)
{
  respond (g_steal_pointer (&server->held), text);
}

/* ---- WebSocket ----------------------------------------------------------------------------------------- */

static int
ws_open (gpointer data, UsherSocket *socket, const UsherRequest *request)
{
  Server *server = data;

  if (g_str_has_prefix (request->path, "/refuse/"))
    return atoi (request->path + strlen ("/refuse/"));
  if (strcmp (request->path, "/later") == 0)
    {
      g_ptr_array_add (server->asked, socket);
      return UC_WS_LATER;
    }
  server->opened++;
  uc_ws_set_data (socket, server);
  g_ptr_array_add (server->sockets, socket);
  if (request->query != NULL && strcmp (request->query, "greet") == 0)
    g_assert_true (uc_ws_send (socket, "hello", 5, false));
  if (request->query != NULL && strcmp (request->query, "turn-away") == 0)
    uc_ws_close (socket, 4001, "not today");
  if (request->query != NULL && strcmp (request->query, "unroute") == 0)
    uc_net_unroute (server->net, server);
  return 0;
}

void
server_decide (Server *server, int status)
{
  UsherSocket *socket = g_ptr_array_steal_index (server->asked, 0);

  if (status == 0)
    {
      server->opened++;
      uc_ws_set_data (socket, server);
      g_ptr_array_add (server->sockets, socket);
    }
  uc_ws_answer (socket, status);
}

static void
flood (Server *server, UsherSocket *socket, guint n)
{
  g_autofree char *filler = g_strnfill (1024, 'x');

  for (guint i = 0; i < n; i++)
    if (!uc_ws_send (socket, filler, 1024, true))
      break;
}

static void
ws_message (gpointer data, UsherSocket *socket, const char *text, size_t len, bool binary)
{
  Server *server = data;

  g_assert_true (uc_ws_data (socket) == server);
  g_assert_true (g_ptr_array_find (server->sockets, socket, NULL));
  if (!binary)
    g_assert_cmpuint (strlen (text), ==, len);
  server->messages++;
  server->inside = TRUE;
  if (!binary && g_str_has_prefix (text, "close "))
    {
      uc_ws_close (socket, atoi (text + 6), "because");
      g_assert_false (uc_ws_send (socket, "x", 1, false));
      uc_ws_close (socket, 1000, "twice does no harm");
    }
  else if (!binary && g_str_has_prefix (text, "flood "))
    flood (server, socket, (guint)atoi (text + 6));
  else if (!binary && strcmp (text, "unroute") == 0)
    uc_net_unroute (server->net, server);
  else
    uc_ws_send (socket, text, len, binary);
  server->inside = FALSE;
}

static void
ws_closed (gpointer data, UsherSocket *socket, int code)
{
  Server *server = data;

  g_assert_false (server->inside);
  /* Exactly once: it is there, and then no more. */
  g_assert_true (g_ptr_array_remove_fast (server->sockets, socket) != g_ptr_array_remove (server->asked, socket));
  server->closed++;
  server->close_code = code;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static void
add_route (Server *server, const char *path, int flags, gsize max_body)
{
  const UcRouteHandler handler
      = { .http = http, .ws_open = ws_open, .ws_message = ws_message, .ws_closed = ws_closed };
  g_autoptr (GError) error = NULL;

  uc_net_route (server->net, UC_LISTEN_PUBLIC, NULL, path, flags, max_body, &handler, server, &error);
  g_assert_no_error (error);
}

Server *
server_new (const UcNetLimits *limits)
{
  Server *server = g_new0 (Server, 1);
  g_autoptr (GError) error = NULL;

  server->loop = uc_loop_new ();
  server->net = uc_net_new (server->loop, limits);
  server->sockets = g_ptr_array_new ();
  server->asked = g_ptr_array_new ();
  add_route (server, "/echo", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0);
  add_route (server, "/hold", USHER_ROUTE_HTTP, 0);
  add_route (server, "/twice", USHER_ROUTE_HTTP, 0);
  add_route (server, "/response/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0);
  add_route (server, "/small", USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET, 100);
  add_route (server, "/ws", USHER_ROUTE_WEBSOCKET, 1024 * 1024);
  add_route (server, "/refuse/", USHER_ROUTE_WEBSOCKET | USHER_ROUTE_PREFIX, 0);
  add_route (server, "/later", USHER_ROUTE_WEBSOCKET, 0);
  add_route (server, "/files/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0);
  uc_net_listen (server->net, UC_LISTEN_PUBLIC, "127.0.0.1:0", FALSE, &server->address, &error);
  g_assert_no_error (error);
  return server;
}

void
server_free (Server *server)
{
  uc_net_free (server->net);
  g_assert_cmpuint (server->sockets->len, ==, 0);
  uc_loop_free (server->loop);
  g_ptr_array_unref (server->sockets);
  g_ptr_array_unref (server->asked);
  g_free (server->address);
  g_free (server);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

char *
server_raw (Server *server, const char *request)
{
  return uc_test_http (server->address, request, strlen (request), NULL);
}

char *
server_get (Server *server, const char *path)
{
  g_autofree char *request
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n\r\n", path);

  return server_raw (server, request);
}

int
answer_status (const char *answer)
{
  return g_str_has_prefix (answer, "HTTP/1.") ? atoi (answer + strlen ("HTTP/1.1 ")) : 0;
}

const char *
answer_body (const char *answer)
{
  const char *at = strstr (answer, "\r\n\r\n");

  return at != NULL ? at + 4 : "";
}

gboolean
answer_has (const char *answer, const char *header_line)
{
  g_autofree char *line = g_strdup_printf ("\r\n%s\r\n", header_line);
  const char *at = strstr (answer, line);

  return at != NULL && at < answer_body (answer);
}

void
assert_error (const char *answer, int status, const char *code)
{
  const char *body = answer_body (answer);
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) json = NULL;
  const UcJson *object;

  g_assert_cmpint (answer_status (answer), ==, status);
  g_assert_true (answer_has (answer, "Content-Type: application/json"));
  json = uc_json_parse (body, strlen (body), NULL, &error);
  g_assert_no_error (error);
  object = uc_json_get (json, "error");
  g_assert_cmpstr (uc_json_string (uc_json_get (object, "code")), ==, code);
  g_assert_nonnull (uc_json_string (uc_json_get (object, "message")));
}
