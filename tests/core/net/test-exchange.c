/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of exchanges and of the connections under them: answers that come late, twice, never or to nobody;
 * keep-alive, limits, time limits.
 */
#include "tests/core/net/harness.h"

#include <dirent.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static int
ask (Server *server, const char *request)
{
  int fd = uc_test_connect (server->address);

  g_assert_cmpint (send (fd, request, strlen (request), MSG_NOSIGNAL), ==, (int)strlen (request));
  return fd;
}

static gboolean
is_held (gpointer data)
{
  return ((Server *)data)->held != NULL;
}

static UcNetCounters
counters_of (Server *server)
{
  UcNetCounters counters;

  uc_net_counters (server->net, &counters);
  return counters;
}

static gboolean
no_connections (gpointer data)
{
  return counters_of (data).http_connections == 0;
}

static guint
open_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
test_long_poll (void)
{
  g_autoptr (Server) server = server_new (NULL);
  int fd = ask (server, GET ("/hold"));
  g_autofree char *answer = NULL;

  uc_test_run_until (is_held, server);
  uc_test_run_for (50);
  server_release (server, "at last");
  answer = uc_test_read (fd, "at last");
  g_assert_cmpint (answer_status (answer), ==, 200);

  /* And the connection goes on. */
  g_assert_cmpint (send (fd, GET_LAST ("/echo"), strlen (GET_LAST ("/echo")), MSG_NOSIGNAL), >, 0);
  g_free (answer);
  answer = uc_test_read (fd, NULL);
  g_assert_nonnull (strstr (answer, "path=/echo\n"));
  close (fd);
}

static void
test_client_gone (void)
{
  g_autoptr (Server) server = server_new (NULL);
  int fd = ask (server, GET ("/hold"));

  uc_test_run_until (is_held, server);
  close (fd);
  uc_test_run_until (no_connections, server);
  server_release (server, "to nobody");

  /* The same without the server having noticed. */
  fd = ask (server, GET ("/hold"));
  uc_test_run_until (is_held, server);
  close (fd);
  server_release (server, "to nobody");
  uc_test_run_until (no_connections, server);
}

static void
test_twice (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *answer = NULL;
  UsherExchange *held;
  int fd;

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*answered a second time*ignored*");
  answer = server_get (server, "/twice");
  g_test_assert_expected_messages ();
  g_assert_nonnull (strstr (answer_body (answer), "path=/twice\n"));
  g_assert_null (strstr (answer_body (answer), "again"));

  fd = ask (server, GET ("/hold"));
  uc_test_run_until (is_held, server);
  held = server->held;
  server_release (server, "once");
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*answered a second time*ignored*");
  server->held = held;
  server_release (server, "twice");
  g_test_assert_expected_messages ();
  g_free (answer);
  answer = uc_test_read (fd, "once");
  g_assert_null (strstr (answer, "twice"));
  close (fd);
}

static void
test_never (void)
{
  const UcNetLimits limits = { .exchange_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  int fd = ask (server, GET ("/hold"));
  g_autofree char *answer = NULL;

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "nobody answered a request for /hold within 1 s*");
  answer = uc_test_read (fd, "}}");
  g_test_assert_expected_messages ();
  assert_error (answer, 503, "unavailable");
  g_assert_true (answer_has (answer, "Retry-After: 5"));

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*after it had timed out*");
  server_release (server, "too late");
  g_test_assert_expected_messages ();
  close (fd);
}

static void
test_bad_responses (void)
{
  static const char *const paths[] = { "/response/split", "/response/status" };
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *shorter = server_get (server, "/response/short-struct");

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *answer = NULL;

      g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*replaced by a 500*");
      answer = server_get (server, paths[i]);
      g_test_assert_expected_messages ();
      assert_error (answer, 500, "failed");
      g_assert_null (strstr (answer, "Evil"));
    }
  /* Members behind the struct's size do not exist. */
  g_assert_cmpint (answer_status (shorter), ==, 200);
  g_assert_null (strstr (shorter, "Evil"));
}

static void
test_unroute (void)
{
  g_autoptr (Server) server = server_new (NULL);
  int fd = ask (server, GET ("/hold"));
  g_autofree char *held = NULL, *later = NULL;

  uc_test_run_until (is_held, server);
  uc_net_unroute (server->net, server);
  held = uc_test_read (fd, "}}");
  assert_error (held, 503, "unavailable");
  later = server_get (server, "/echo");
  assert_error (later, 404, "not_found");
  close (fd);
}

static void
test_free_while_held (void)
{
  Server *server = server_new (NULL);
  int fd = ask (server, GET ("/hold"));
  g_autofree char *answer = NULL;

  uc_test_run_until (is_held, server);
  server_free (server);
  answer = uc_test_read (fd, NULL);
  assert_error (answer, 503, "unavailable");
  close (fd);
}

/* ---- connections --------------------------------------------------------------------------------------- */

static void
soup_answered (GObject *session, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (body, NULL), (gssize)g_bytes_get_size (body), "path=/echo\n"));
  ++*(guint *)data;
}

typedef struct
{
  guint have, want;
} Count;

static gboolean
enough (gpointer data)
{
  Count *count = data;

  return count->have >= count->want;
}

static void
test_keep_alive (void)
{
  g_autoptr (Server) server = server_new (NULL);
  SoupSession *session = soup_session_new ();
  g_autofree char *url = g_strdup_printf ("http://%s/echo", server->address);
  Count count = { 0, 0 };

  for (int i = 0; i < 50; i++)
    {
      g_autoptr (SoupMessage) message = soup_message_new ("GET", url);

      soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT, NULL, soup_answered, &count.have);
      count.want++;
      uc_test_run_until (enough, &count);
      g_assert_cmpuint (counters_of (server).http_connections, ==, 1);
    }
  g_assert_cmpuint (counters_of (server).requests, ==, 50);
  g_object_unref (session);
  uc_test_run_until (no_connections, server);
}

static void
test_pipelining (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (GString) requests = g_string_new (NULL);
  g_autofree char *answer = NULL;
  const char *at;
  guint n = 0;

  for (guint i = 0; i < 10; i++)
    g_string_append_printf (requests, "POST /echo/%u HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n%u", i, i);
  g_string_append (requests, GET_LAST ("/echo/10"));
  answer = server_raw (server, requests->str);
  at = answer;
  for (guint i = 0; i <= 10; i++, n++)
    {
      g_autofree char *path = g_strdup_printf ("path=/echo/%u\n", i);

      at = strstr (at, path);
      g_assert_nonnull (at);
    }
  g_assert_cmpuint (server->requests, ==, 11);
}

/* What libsoup takes for the end of a chunked body must not begin a request that somebody smuggled into it. */
static void
test_nothing_follows_a_chunked_request (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *answer
      = server_raw (server, "POST /echo/0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "zz\r\nGET /echo/smuggled HTTP/1.1\r\nHost: a\r\n\r\n");

  g_assert_cmpuint (server->requests, <=, 1);
  g_assert_null (strstr (answer, "smuggled"));
  if (server->requests == 1)
    g_assert_nonnull (strstr (answer, "Connection: close"));
}

/* libsoup 3.2 loses a kept-alive connection that the peer closes: descriptor and all. */
static void
test_no_leak (void)
{
  g_autoptr (Server) server = server_new (NULL);
  guint before = open_files ();

  for (int i = 0; i < 200; i++)
    {
      int fd = ask (server, GET ("/echo"));
      g_autofree char *answer = uc_test_read (fd, "path=");

      close (fd);
    }
  uc_test_run_until (no_connections, server);
  g_assert_cmpuint (open_files (), ==, before);
}

static void
test_idle_timeout (void)
{
  const UcNetLimits limits = { .idle_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  int silent = uc_test_connect (server->address);
  int slow = ask (server, "GET /ec");
  int kept = ask (server, GET ("/echo"));
  g_autofree char *said_nothing = uc_test_read (silent, NULL);
  g_autofree char *said_little = uc_test_read (slow, NULL);
  g_autofree char *said_all = uc_test_read (kept, NULL);

  g_assert_cmpstr (said_nothing, ==, "");
  assert_error (said_little, 408, "gone");
  g_assert_cmpint (answer_status (said_all), ==, 200);
  close (silent);
  close (slow);
  close (kept);
}

static void
test_connection_cap (void)
{
  const UcNetLimits limits = { .max_connections = 3 };
  g_autoptr (Server) server = server_new (&limits);
  int idle = ask (server, GET ("/echo"));
  g_autofree char *first = uc_test_read (idle, "path=");
  int busy[3];
  g_autofree char *closed = NULL, *refused = NULL, *last = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    {
      server->held = NULL;
      busy[i] = ask (server, GET ("/hold"));
      uc_test_run_until (is_held, server);
    }
  /* The third of them needed the place of the idle one. */
  closed = uc_test_read (idle, NULL);
  g_assert_cmpstr (closed, ==, "");
  /* No place is left. */
  refused = server_get (server, "/echo");
  assert_error (refused, 503, "unavailable");
  g_assert_true (answer_has (refused, "Retry-After: 5"));
  /* A full house keeps nobody. */
  server_release (server, "bye");
  last = uc_test_read (busy[2], NULL);
  g_assert_true (answer_has (last, "Connection: close"));
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    close (busy[i]);
  close (idle);
}

static void
test_stop_listening (void)
{
  g_autoptr (Server) server = server_new (NULL);
  int held = ask (server, GET ("/hold"));
  int idle = ask (server, GET ("/echo"));
  g_autofree char *before = uc_test_read (idle, "path=");
  g_autofree char *after = NULL, *rest = NULL;

  uc_test_run_until (is_held, server);
  uc_net_stop_listening (server->net);
  rest = uc_test_read (idle, NULL);
  server_release (server, "the last one");
  after = uc_test_read (held, NULL);
  g_assert_true (answer_has (after, "Connection: close"));
  g_assert_nonnull (strstr (after, "the last one"));
  close (held);
  close (idle);
}

/* ---- who is asking ------------------------------------------------------------------------------------- */

static void
test_proxies (void)
{
  static const char *const trusted[] = { "127.0.0.1", "10.0.0.0/8", "unix", NULL };
  static const struct
  {
    const char *headers, *remote, *origin;
  } cases[] = {
    { "", "127.0.0.1", "http://a" },
    { "X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", "http://a" },
    { "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\nX-Forwarded-Proto: https\r\n", "192.0.2.7", "https://a" },
    { "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", "http://a" },
    { "X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7", "http://a" },
    { "X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1", "http://a" },
    { "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1", "http://a" },
    { "X-Forwarded-For: nonsense, 10.1.1.1\r\n", "10.1.1.1", "http://a" },
    { "X-Forwarded-For: 10.9.9.9\r\n", "10.9.9.9", "http://a" },
    { "X-Forwarded-For: ,\r\nX-Forwarded-Proto: javascript\r\n", "127.0.0.1", "http://a" },
    { "X-Forwarded-Proto: https, http\r\n", "127.0.0.1", "http://a" },
  };
  const UcNetLimits limits = { .trusted_proxies = trusted };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (Server) wary = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *request
          = g_strdup_printf ("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", cases[i].headers);
      g_autofree char *expected = g_strdup_printf ("\nremote=%s\norigin=%s\n", cases[i].remote, cases[i].origin);
      g_autofree char *believed = server_raw (server, request);
      g_autofree char *not_believed = server_raw (wary, request);

      g_test_message ("%s", cases[i].headers);
      g_assert_nonnull (strstr (believed, expected));
      g_assert_nonnull (strstr (not_believed, "\nremote=127.0.0.1\norigin=http://a\n"));
    }
}

static void
test_bad_proxy (void)
{
  static const char *const trusted[] = { "proxy.example", NULL };
  const UcNetLimits limits = { .trusted_proxies = trusted };

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "trusted proxy \"proxy.example\" is ignored*");
  server_free (server_new (&limits));
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/exchange/long-poll", test_long_poll);
  g_test_add_func ("/net/exchange/client-gone", test_client_gone);
  g_test_add_func ("/net/exchange/twice", test_twice);
  g_test_add_func ("/net/exchange/never", test_never);
  g_test_add_func ("/net/exchange/bad-responses", test_bad_responses);
  g_test_add_func ("/net/exchange/unroute", test_unroute);
  g_test_add_func ("/net/exchange/free-while-held", test_free_while_held);
  g_test_add_func ("/net/connection/keep-alive", test_keep_alive);
  g_test_add_func ("/net/connection/pipelining", test_pipelining);
  g_test_add_func ("/net/connection/nothing-follows-a-chunked-request", test_nothing_follows_a_chunked_request);
  g_test_add_func ("/net/connection/no-leak", test_no_leak);
  g_test_add_func ("/net/connection/idle-timeout", test_idle_timeout);
  g_test_add_func ("/net/connection/cap", test_connection_cap);
  g_test_add_func ("/net/connection/stop-listening", test_stop_listening);
  g_test_add_func ("/net/request/proxies", test_proxies);
  g_test_add_func ("/net/request/bad-proxy", test_bad_proxy);
  return g_test_run ();
}
