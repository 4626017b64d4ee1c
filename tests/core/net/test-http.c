/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of HTTP over real connections: routes, limits, exchanges, what is refused.
 */
#include "tests/core/net/harness.h"

#include <glib-unix.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD(line) line " HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n"

/* ---- routes -------------------------------------------------------------------------------------------- */

static void
test_request (void)
{
  g_autoptr (Server) server = server_new (NULL);
  static const char request[] = HEAD ("POST /echo/a%20b%C3%A9?x=%2f&y") "X-Thing: One\r\nX-THING: two\r\n"
                                                                        "Content-Length: 4\r\n\r\nb\0dy";
  g_autofree char *answer = uc_test_http (server->address, request, sizeof request - 1, NULL);
  const char *body = answer_body (answer);

  g_assert_cmpint (answer_status (answer), ==, 200);
  g_assert_nonnull (strstr (body, "method=POST\npath=/echo/a b\xc3\xa9\nquery=x=%2F&y\nremote=127.0.0.1\n"
                                  "origin=http://test.example\nbody=4\n"));
  g_assert_nonnull (strstr (body, "\nx-thing: One\nx-thing: two\n"));
}

static void
test_security_headers (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *plain = server_get (server, "/echo");
  g_autofree char *own = server_get (server, "/response/own");
  g_autofree char *missing = server_get (server, "/nothing");
  const char *const all[] = { plain, missing };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_assert_true (answer_has (all[i], "X-Content-Type-Options: nosniff"));
      g_assert_true (answer_has (all[i], "Referrer-Policy: no-referrer"));
      g_assert_true (answer_has (all[i], "Cache-Control: no-store"));
      g_assert_null (strstr (all[i], "\r\nServer:"));
    }
  g_assert_true (answer_has (own, "Cache-Control: max-age=60"));
  g_assert_false (answer_has (own, "Cache-Control: no-store"));
  g_assert_true (answer_has (own, "Set-Cookie: a=1"));
  g_assert_true (answer_has (own, "Set-Cookie: b=2"));
  g_assert_true (answer_has (own, "X-Content-Type-Options: nosniff"));
  g_assert_null (strstr (own, "9999"));
  g_assert_null (strstr (own, "nope"));
}

static void
test_matching (void)
{
  static const struct
  {
    const char *path;
    int status;
    const char *says;
  } cases[] = {
    { "/echo", 200, "path=/echo\n" },
    { "/echo/", 200, "path=/echo/\n" },
    { "/echo/deep/er", 200, "path=/echo/deep/er\n" },
    { "/echoes", 404, "not_found" },
    { "/hold/below", 404, "not_found" },
    { "/", 404, "not_found" },
    { "/files/x", 200, "path=/files/x\n" },
    { "/files", 308, "slash" },
    { "/ws", 426, "unsupported" },
    { "/echo/../ws", 426, "unsupported" },
    { "/echo/%2e%2e/x", 404, "not_found" },
    { "/echo/%2e%2e%2fx", 400, "invalid" },
    { "/echo/%00", 400, "invalid" },
    { "/echo/%ff", 400, "invalid" },
    { "/echo/%zz", 400, "invalid" },
    { "/echo/%0d%0aX:%20y", 400, "invalid" },
  };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = server_get (server, cases[i].path);

      g_test_message ("%s", cases[i].path);
      g_assert_cmpint (answer_status (answer), ==, cases[i].status);
      g_assert_nonnull (strstr (answer_body (answer), cases[i].says));
    }
}

static void
answer_with_data (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  const char *name = data;
  g_autofree char *text = g_strdup_printf ("%s:%s", name, request->path);
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = 200,
                                   .content_type = "text/plain",
                                   .body = text,
                                   .body_len = strlen (text) };

  uc_http_respond (exchange, &response);
}

static void
test_mounts (void)
{
  static const struct
  {
    const char *mount, *path;
    int flags;
    const char *name;
  } routes[] = {
    { "/a", "/", USHER_ROUTE_HTTP, "a-root" },
    { "/a", "/x", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, "a-x" },
    { "/a", "/x/y/z", USHER_ROUTE_HTTP, "a-xyz" },
    { "/a/x/y", "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, "axy-root" },
    { NULL, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, "root" },
  };
  static const char *const cases[][2] = {
    { "/a/", "a-root:/" },
    { "/a/q", "root:/a/q" },
    { "/a/x", "a-x:/x" },
    { "/a/x/1", "a-x:/x/1" },
    { "/a/x/y/", "axy-root:/" },
    { "/a/x/y/1", "axy-root:/1" },
    { "/a/x/y/z", "a-xyz:/x/y/z" },
    { "/a/x/y/z/1", "axy-root:/z/1" },
    { "/a/xx", "root:/a/xx" },
    { "/b", "root:/b" },
    { "/", "root:/" },
  };
  const UcRouteHandler handler = { .http = answer_with_data };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      g_autoptr (GError) error = NULL;

      uc_net_route (server->net, UC_LISTEN_PUBLIC, routes[i].mount, routes[i].path, routes[i].flags, 0, &handler,
                    (gpointer)routes[i].name, &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = server_get (server, cases[i][0]);

      g_assert_cmpstr (answer_body (answer), ==, cases[i][1]);
    }
  {
    g_autofree char *answer = server_get (server, "/a?b=c");

    g_assert_cmpint (answer_status (answer), ==, 308);
    g_assert_true (answer_has (answer, "Location: ./a/?b=c"));
  }
}

static void
test_bad_routes (void)
{
  static const struct
  {
    const char *mount, *path;
    int flags;
    const char *says;
  } cases[] = {
    { NULL, "/echo", USHER_ROUTE_HTTP, "taken" },  { "/mount/", "/x", USHER_ROUTE_HTTP, "mount" },
    { "mount", "/x", USHER_ROUTE_HTTP, "mount" },  { NULL, "x", USHER_ROUTE_HTTP, "begins with" },
    { NULL, "/x", USHER_ROUTE_PREFIX, "neither" }, { NULL, "/x", USHER_ROUTE_WEBSOCKET, "WebSocket" },
  };
  const UcRouteHandler handler = { .http = answer_with_data };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (uc_net_route (server->net, UC_LISTEN_PUBLIC, cases[i].mount, cases[i].path, cases[i].flags,
                                    0, &handler, NULL, &error));
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
  /* What is taken for HTTP is free for WebSocket, and the other way round. */
  {
    g_autofree char *ws = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (uc_net_route (server->net, UC_LISTEN_PUBLIC, NULL, "/ws", USHER_ROUTE_HTTP, 0, &handler,
                                 (gpointer) "plain", &error));
    g_assert_no_error (error);
    ws = server_get (server, "/ws");
    g_assert_cmpstr (answer_body (ws), ==, "plain:/ws");
  }
}

static void
test_methods (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *head = server_raw (server, HEAD ("HEAD /echo") "\r\n");
  g_autofree char *post = server_raw (server, HEAD ("POST /ws") "\r\n");
  g_autofree char *post_body = server_raw (server, HEAD ("POST /ws") "Content-Length: 3\r\n\r\nabc");
  g_autofree char *connect = server_raw (server, HEAD ("CONNECT test.example:80") "\r\n");
  g_autofree char *trace = server_raw (server, HEAD ("TRACE /echo") "\r\n");
  g_autofree char *empty = server_get (server, "/response/empty");
  g_autofree char *unchanged = server_get (server, "/response/unchanged");
  g_autofree char *range = server_raw (server, HEAD ("GET /echo") "Range: bytes=0-1,0-1\r\n\r\n");

  g_assert_cmpint (answer_status (head), ==, 200);
  g_assert_cmpstr (answer_body (head), ==, "");
  g_assert_null (strstr (head, "Content-Length: 0"));
  g_assert_nonnull (strstr (head, "Content-Length: "));
  assert_error (post, 405, "unsupported");
  g_assert_true (answer_has (post, "Allow: GET"));
  assert_error (post_body, 405, "unsupported");
  assert_error (connect, 405, "unsupported");
  g_assert_cmpint (answer_status (trace), ==, 405);
  g_assert_cmpint (answer_status (empty), ==, 204);
  g_assert_cmpstr (answer_body (empty), ==, "");
  g_assert_cmpint (answer_status (unchanged), ==, 304);
  g_assert_null (strstr (unchanged, "Content-Length"));
  g_assert_cmpint (answer_status (range), ==, 200);
}

/* ---- bodies and framing -------------------------------------------------------------------------------- */

static void
test_body_limit (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *just = g_strnfill (100, 'a');
  g_autofree char *fits = g_strdup_printf (HEAD ("POST /small") "Content-Length: 100\r\n\r\n%s", just);
  g_autofree char *answer = server_raw (server, fits);
  /* Neither body ever comes: the answer has to be there before. */
  g_autofree char *declared = server_raw (server, HEAD ("POST /small") "Content-Length: 101\r\n\r\n");
  g_autofree char *huge = server_raw (server, HEAD ("POST /small") "Content-Length: 9223372036854775807\r\n\r\n");
  g_autofree char *expects
      = server_raw (server, HEAD ("POST /small") "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  g_autofree char *chunk
      = g_strdup_printf (HEAD ("POST /small") "Transfer-Encoding: chunked\r\n\r\n64\r\n%s\r\n1\r\na\r\n", just);
  g_autofree char *chunked = server_raw (server, chunk);
  g_autofree char *ok
      = g_strdup_printf (HEAD ("POST /small") "Transfer-Encoding: chunked\r\n\r\n64\r\n%s\r\n0\r\n\r\n", just);
  g_autofree char *chunked_ok = server_raw (server, ok);

  g_assert_nonnull (strstr (answer, "body=100\n"));
  assert_error (declared, 413, "invalid");
  assert_error (huge, 413, "invalid");
  assert_error (expects, 413, "invalid");
  assert_error (chunked, 413, "invalid");
  g_assert_nonnull (strstr (chunked_ok, "body=100\n"));
  g_assert_cmpuint (server->requests, ==, 2);
}

/* The client is in the middle of sending a megabyte: it must get to see why it is refused. */
static void
test_refusal_arrives (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (GString) request = g_string_new (HEAD ("POST /small") "Content-Length: 900000\r\n\r\n");
  g_autofree char *filler = g_strnfill (900000, 'b');
  g_autofree char *answer = NULL;

  g_string_append (request, filler);
  answer = uc_test_http (server->address, request->str, request->len, NULL);
  assert_error (answer, 413, "invalid");
}

static void
test_expect (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *answer
      = server_raw (server, HEAD ("POST /echo") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 100 Continue\r\n"));
  g_assert_true (g_str_has_prefix (answer_body (answer), "HTTP/1.1 200 OK\r\n"));
  g_assert_nonnull (strstr (answer, "\nabc"));
}

static void
test_ambiguous (void)
{
  static const char *const heads[] = {
    "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: \"a\"\r\nConnection: close\r\n\r\n",
    HEAD ("POST /echo") "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD ("POST /echo") "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    HEAD ("POST /echo") "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    HEAD ("POST /echo") "Content-Length: +3\r\n\r\nabc",
    HEAD ("POST /echo") "Content-Length: 3x\r\n\r\nabc",
    HEAD ("POST /echo") "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD ("POST /echo") "Content-Length: -1\r\n\r\nabc",
    "nonsense\r\n\r\n",
    "GET http://[::/ HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *answer = server_raw (server, heads[i]);

      g_test_message ("%s", heads[i]);
      assert_error (answer, 400, "invalid");
    }
  g_assert_cmpuint (server->requests, ==, 0);
}

static void
test_old_http (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *answer = server_raw (server, "GET /echo HTTP/1.0\r\n\r\n");
  g_autofree char *two = server_raw (server, "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.0 200 "));
  g_assert_nonnull (strstr (answer, "origin=http://localhost\n"));
  g_assert_cmpint (answer_status (two), ==, 505);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/http/request", test_request);
  g_test_add_func ("/net/http/security-headers", test_security_headers);
  g_test_add_func ("/net/http/matching", test_matching);
  g_test_add_func ("/net/http/mounts", test_mounts);
  g_test_add_func ("/net/http/bad-routes", test_bad_routes);
  g_test_add_func ("/net/http/methods", test_methods);
  g_test_add_func ("/net/http/body-limit", test_body_limit);
  g_test_add_func ("/net/http/refusal-arrives", test_refusal_arrives);
  g_test_add_func ("/net/http/expect", test_expect);
  g_test_add_func ("/net/http/ambiguous", test_ambiguous);
  g_test_add_func ("/net/http/old", test_old_http);
  return g_test_run ();
}
