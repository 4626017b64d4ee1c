/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests that are read without libsoup: whatever comes is answered as libsoup's way answers it. Each request is
 * sent as a whole, and once more with a pause after its first bytes, which gives it to libsoup.
 */
#include "core/net/private.h"
#include "tests/core/net/harness.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define END "\r\n\r\n"

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* The order of headers is nobody's business, and time goes on. libsoup says "keep-alive" where nothing needs to be
 * said. */
static char *
comparable (const char *answer)
{
  const char *body = strstr (answer, END);
  g_autofree char *head = g_strndup (answer, body != NULL ? (gsize)(body - answer) : strlen (answer));
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  g_autofree char *joined = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    if (!g_str_has_prefix (lines[i], "Date: ") && !g_str_has_prefix (lines[i], "Connection: ")
        && strcmp (lines[i], "Content-Length: 0") != 0)
      g_ptr_array_add (kept, lines[i]);
  g_ptr_array_sort (kept, compare_lines);
  g_ptr_array_add (kept, NULL);
  joined = g_strjoinv ("\n", (char **)kept->pdata);
  return g_strconcat (joined, "\n\n", body != NULL ? body + strlen (END) : "", NULL);
}

static char *
ask (Server *server, const char *request, gsize len, gboolean pause)
{
  int fd = uc_test_connect (server->address);
  gsize first = pause ? MIN (len, 3) : len;
  char *answer;

  g_assert_cmpint (send (fd, request, first, MSG_NOSIGNAL), ==, first);
  if (pause)
    {
      uc_test_run_for (20);
      g_assert_cmpint (send (fd, request + first, len - first, MSG_NOSIGNAL), ==, len - first);
    }
  answer = uc_test_read (fd, NULL);
  close (fd);
  return answer;
}

static void
assert_same (Server *server, const char *request, gsize len)
{
  g_autofree char *whole = ask (server, request, len, FALSE), *parted = ask (server, request, len, TRUE);
  g_autofree char *ours = comparable (whole), *libsoups = comparable (parted);

  g_test_message ("%.*s", (int)MIN (len, 200), request);
  g_assert_cmpstr (ours, ==, libsoups);
}

/* ---- the same answers ---------------------------------------------------------------------------------- */

#define HOST "Host: test.example\r\n"
#define CLOSE "Connection: close\r\n"

static const char *const requests[] = {
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo?a=b&c HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo?a=%2f%7e&c=%20 HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo? HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo/a%20b%C3%A9/./x HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo/../ws HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo/.hidden HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET //echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET http://other.example/echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo#part HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo/\"x\" HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /nothing HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /files HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /files?x=1 HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /ws HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /response/own HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /response/empty HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /response/unchanged HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /response/short-struct HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "HEAD /echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "PUT /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 2\r\n\r\nab",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 0\r\n\r\n",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4, 4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: +4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 0x4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length : 4\r\n\r\nbody",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4\r\nTransfer-Encoding: identity\r\n\r\nbody",
  "POST /small HTTP/1.1\r\n" HOST CLOSE "Content-Length: 100000\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST HOST CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\n" CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\nHost: a b\r\n" CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\nHost: \r\n" CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\nHost: a@b\r\n" CLOSE "\r\n",
  "GET /echo HTTP/1.0\r\n" HOST CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X: one\r\n two\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X:one \t\r\nx-Y_z:\ttwo\t2 \r\nX:\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X: \xc3\xa9\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X: \x01\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X y: z\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "no colon\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE ": empty\r\n\r\n",
  "GET  /echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "GET /echo HTTP/1.1\n" HOST CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\nHost: test.example\n" CLOSE "\r\n",
  "GET /echo HTTP/1.1\r\n" HOST "Connection: close, x\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "Range: bytes=0-3\r\n\r\n",
  "GET /echo HTTP/1.1\r\n" HOST CLOSE "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n",
  "GET /ws HTTP/1.1\r\n" HOST "Connection: close\r\nUpgrade: websocket\r\n\r\n",
  "TRACE /echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
  "get /echo HTTP/1.1\r\n" HOST CLOSE "\r\n",
};

static void
test_same (void)
{
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    assert_same (server, requests[i], strlen (requests[i]));
}

/* Answers that are replaced, and one too many. */
static void
test_same_faults (void)
{
  static const char *const faulty[]
      = { "GET /response/split HTTP/1.1\r\n" HOST CLOSE "\r\n",
          "GET /response/status HTTP/1.1\r\n" HOST CLOSE "\r\n", "GET /twice HTTP/1.1\r\n" HOST CLOSE "\r\n" };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (faulty); i++)
    {
      for (guint both = 0; both < 2; both++)
        g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*");
      assert_same (server, faulty[i], strlen (faulty[i]));
      g_test_assert_expected_messages ();
    }
}

static void
test_many_headers (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (GString) request = g_string_new ("GET /echo HTTP/1.1\r\n" HOST CLOSE);

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (request, "X-%u: %u\r\n", i, i);
  g_string_append (request, "\r\n");
  assert_same (server, request->str, request->len);
}

static void
test_nul (void)
{
  static const char in_head[] = "GET /echo HTTP/1.1\r\n" HOST CLOSE "X: a\0b\r\n\r\n";
  static const char in_body[] = "POST /echo HTTP/1.1\r\n" HOST CLOSE "Content-Length: 4\r\n\r\nb\0dy";
  g_autoptr (Server) server = server_new (NULL);

  assert_same (server, in_head, sizeof in_head - 1);
  assert_same (server, in_body, sizeof in_body - 1);
}

/* ---- which way it goes --------------------------------------------------------------------------------- */

static gboolean
is_plain (const char *request)
{
  UcPlain *plain = uc_plain_read (request, strlen (request));
  gboolean is = plain != NULL;

  if (is)
    uc_plain_free (plain);
  return is;
}

static void
test_what_is_plain (void)
{
  g_assert_true (is_plain ("GET / HTTP/1.1\r\n" HOST "\r\n"));
  g_assert_true (is_plain ("GET /a?b=c HTTP/1.1\r\n" HOST "Connection: Keep-Alive\r\n\r\n"));
  g_assert_true (is_plain ("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"));
  g_assert_true (
      is_plain ("GET /ws HTTP/1.1\r\n" HOST "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"));
  g_assert_false (is_plain ("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na"));
  g_assert_false (is_plain ("POST / HTTP/1.1\r\n" HOST "\r\n"));
  g_assert_false (is_plain ("GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"));
  g_assert_false (is_plain ("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\nab"));
  g_assert_false (is_plain ("POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999\r\n\r\nab"));
  g_assert_false (is_plain ("GET /a%20b HTTP/1.1\r\n" HOST "\r\n"));
  g_assert_false (is_plain ("GET / HTTP/1.1\r\n" HOST "\r"));
}

/* Three at once, the middle one for libsoup: each is answered, in order, on the one connection. */
static void
test_in_a_row (void)
{
  static const char three[] = "POST /echo/1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\none"
                              "PUT /echo/2 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\ntwo"
                              "GET /echo/3 HTTP/1.1\r\n" HOST CLOSE "\r\n";
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *answer = uc_test_http (server->address, three, sizeof three - 1, NULL);
  const char *one = strstr (answer, "path=/echo/1\n"), *two = strstr (answer, "path=/echo/2\n");
  const char *last = strstr (answer, "path=/echo/3\n");

  g_assert_true (one != NULL && two != NULL && last != NULL);
  g_assert_true (one < two && two < last);
}

/* An answer that does not fit into the socket's buffers waits for a client that reads late. */
static void
test_slow_reader (void)
{
  static const char request[] = "GET /response/large HTTP/1.1\r\n" HOST CLOSE "\r\n";
  g_autoptr (Server) server = server_new (NULL);
  int fd = uc_test_connect (server->address);
  g_autofree char *answer = NULL;

  g_assert_cmpint (send (fd, request, sizeof request - 1, MSG_NOSIGNAL), ==, sizeof request - 1);
  uc_test_run_for (50);
  answer = uc_test_read (fd, NULL);
  close (fd);
  g_assert_cmpint (answer_status (answer), ==, 200);
  g_assert_cmpuint (strlen (answer_body (answer)), ==, HARNESS_LARGE);
}

/* A lent body is counted by who lends it, so it is not given back before a slow reader has it, or is gone. */
static void
test_lent (void)
{
  static const char request[] = "GET /response/lent HTTP/1.1\r\n" HOST CLOSE "\r\n";
  g_autoptr (Server) server = server_new (NULL);
  int reader = uc_test_connect (server->address), other = uc_test_connect (server->address);
  g_autofree char *answer = NULL;

  g_assert_cmpint (send (reader, request, sizeof request - 1, MSG_NOSIGNAL), ==, sizeof request - 1);
  g_assert_cmpint (send (other, request, sizeof request - 1, MSG_NOSIGNAL), ==, sizeof request - 1);
  uc_test_run_for (50);
  g_assert_cmpuint (harness_lent, ==, 2);
  answer = uc_test_read (reader, NULL);
  g_assert_cmpuint (strlen (answer_body (answer)), ==, HARNESS_LARGE);
  g_assert_cmpuint (harness_lent, ==, 1);
  close (reader);
  close (other);
  while (harness_lent > 0)
    uc_test_run_for (5);
}

/* Who hangs up while the owner thinks is forgotten, and the late answer goes nowhere. */
static void
test_gone_meanwhile (void)
{
  static const char request[] = "GET /hold HTTP/1.1\r\n" HOST "\r\n";
  g_autoptr (Server) server = server_new (NULL);
  int fd = uc_test_connect (server->address);
  UcNetCounters counters;

  g_assert_cmpint (send (fd, request, sizeof request - 1, MSG_NOSIGNAL), ==, sizeof request - 1);
  uc_test_run_for (20);
  g_assert_nonnull (server->held);
  close (fd);
  uc_test_run_for (20);
  uc_net_counters (server->net, &counters);
  g_assert_cmpuint (counters.http_connections, ==, 0);
  server_release (server, "late");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/plain/same-as-libsoup", test_same);
  g_test_add_func ("/net/plain/same-faults", test_same_faults);
  g_test_add_func ("/net/plain/many-headers", test_many_headers);
  g_test_add_func ("/net/plain/nul", test_nul);
  g_test_add_func ("/net/plain/what", test_what_is_plain);
  g_test_add_func ("/net/plain/in-a-row", test_in_a_row);
  g_test_add_func ("/net/plain/slow-reader", test_slow_reader);
  g_test_add_func ("/net/plain/lent", test_lent);
  g_test_add_func ("/net/plain/gone-meanwhile", test_gone_meanwhile);
  return g_test_run ();
}
