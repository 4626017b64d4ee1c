/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of listening: addresses, which ones are allowed, Unix sockets and who is behind them.
 */
#include "tests/core/net/harness.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/error.h"

typedef struct
{
  char *dir, *path, *address;
  UcLoop *loop;
  UcNet *net;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("usher-net-XXXXXX", NULL);
  g_assert_nonnull (f->dir);
  f->path = g_build_filename (f->dir, "socket", NULL);
  f->address = g_strconcat ("unix:", f->path, NULL);
  f->loop = uc_loop_new ();
  f->net = uc_net_new (f->loop, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  uc_net_free (f->net);
  uc_loop_free (f->loop);
  g_remove (f->path);
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->dir);
  g_free (f->path);
  g_free (f->address);
}

static void
assert_refused (Fixture *f, UcListenKind kind, const char *address, gboolean any, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bound = NULL;

  g_assert_false (uc_net_listen (f->net, kind, address, any, &bound, &error));
  g_assert_error (error, UC_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, says));
  g_assert_null (bound);
}

static char *
listen_on (Fixture *f, UcListenKind kind, const char *address, gboolean any)
{
  g_autoptr (GError) error = NULL;
  char *bound = NULL;

  uc_net_listen (f->net, kind, address, any, &bound, &error);
  g_assert_no_error (error);
  return bound;
}

static void
test_bad_addresses (Fixture *f, gconstpointer data)
{
  static const char *const cases[][2] = {
    { "", "none of" },
    { "127.0.0.1", "none of" },
    { ":8080", "none of" },
    { "::1:8080", "none of" },
    { "[::1]", "none of" },
    { "[::1]8080", "none of" },
    { "[::1:8080", "none of" },
    { "localhost:8080", "names are not looked up" },
    { "127.0.0.256:80", "not an IP address" },
    { "[127.0.0.1]:80", "not an IP address" },
    { "[]:80", "not an IP address" },
    { "127.0.0.1:", "not a port" },
    { "127.0.0.1:65536", "not a port" },
    { "127.0.0.1:-1", "not a port" },
    { "127.0.0.1:http", "not a port" },
    { "127.0.0.1: 80", "not a port" },
    { "unix:", "begins with" },
    { "unix:relative", "begins with" },
    { "unix:/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
      "01234567",
      "shorter" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (f, UC_LISTEN_PUBLIC, cases[i][0], FALSE, UC_ERROR_INVALID, cases[i][1]);
}

static void
test_remote_addresses (Fixture *f, gconstpointer data)
{
  static const char *const remote[]
      = { "0.0.0.0:0", "192.0.2.1:0", "[::]:0", "[2001:db8::1]:0", "[::ffff:192.0.2.1]:0", "128.0.0.1:0" };
  g_autofree char *any = NULL, *v4 = NULL, *v6 = NULL, *other = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (remote); i++)
    {
      assert_refused (f, UC_LISTEN_PUBLIC, remote[i], FALSE, UC_ERROR_DENIED, "nginx or HAProxy");
      assert_refused (f, UC_LISTEN_PUBLIC, remote[i], FALSE, UC_ERROR_DENIED, "allow_remote = true");
    }
  v4 = listen_on (f, UC_LISTEN_PUBLIC, "127.0.0.1:0", FALSE);
  other = listen_on (f, UC_LISTEN_PUBLIC, "127.9.8.7:0", FALSE);
  v6 = listen_on (f, UC_LISTEN_PUBLIC, "[::1]:0", FALSE);
  any = listen_on (f, UC_LISTEN_PUBLIC, "0.0.0.0:0", TRUE);
  g_assert_true (g_str_has_prefix (v4, "127.0.0.1:"));
  g_assert_false (g_str_has_suffix (v4, ":0"));
  g_assert_true (g_str_has_prefix (v6, "[::1]:"));
  g_assert_true (g_str_has_prefix (any, "0.0.0.0:"));
  assert_refused (f, UC_LISTEN_PUBLIC, v4, FALSE, UC_ERROR_CONFLICT, "another program uses it");
}

static void
say_who (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  guint uid = 12345;
  int pid = -1;
  gboolean known = uc_exchange_peer (exchange, &uid, &pid);
  g_autofree char *text
      = g_strdup_printf ("%d %u %d %s %s", known, uid, pid, request->remote_address, request->origin);
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = 200,
                                   .content_type = "text/plain",
                                   .body = text,
                                   .body_len = strlen (text) };

  uc_http_respond (exchange, &response);
  g_assert_false (uc_exchange_peer (exchange, &uid, &pid));
}

static char *
get (const char *address, const char *path, const char *headers)
{
  g_autofree char *request
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: usher\r\nConnection: close\r\n%s\r\n", path, headers);

  return uc_test_http (address, request, strlen (request), NULL);
}

static void
test_six (Fixture *f, gconstpointer data)
{
  g_autofree char *bound = listen_on (f, UC_LISTEN_PUBLIC, "[::1]:0", FALSE);
  g_autofree char *answer = get (bound, "/", "");

  assert_error (answer, 404, "not_found");
}

static void
add_routes (Fixture *f)
{
  const UcRouteHandler handler = { .http = say_who };

  g_assert_true (uc_net_route (f->net, UC_LISTEN_CONTROL, NULL, "/who", USHER_ROUTE_HTTP, 0, &handler, f, NULL));
  g_assert_true (
      uc_net_route (f->net, UC_LISTEN_CONTROL, NULL, "/secret", USHER_ROUTE_HTTP, 0, &handler, f, NULL));
  g_assert_true (uc_net_route (f->net, UC_LISTEN_PUBLIC, NULL, "/who", USHER_ROUTE_HTTP, 0, &handler, f, NULL));
}

static void
test_control (Fixture *f, gconstpointer data)
{
  g_autofree char *control = listen_on (f, UC_LISTEN_CONTROL, f->address, FALSE);
  g_autofree char *public = listen_on (f, UC_LISTEN_PUBLIC, "127.0.0.1:0", FALSE);
  g_autofree char *expected = g_strdup_printf ("1 %u %d unix http://usher", getuid (), getpid ());
  g_autofree char *mine = NULL, *theirs = NULL, *secret = NULL, *forged = NULL;
  struct stat st;

  g_assert_cmpstr (control, ==, f->address);
  g_assert_cmpint (stat (f->path, &st), ==, 0);
  g_assert_true (S_ISSOCK (st.st_mode));
  g_assert_cmpuint (st.st_mode & 0777, ==, 0600);
  add_routes (f);
  mine = get (control, "/who", "");
  g_assert_cmpstr (answer_body (mine), ==, expected);
  forged = get (control, "/who", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n");
  g_assert_cmpstr (answer_body (forged), ==, expected);
  theirs = get (public, "/who", "");
  g_assert_cmpstr (answer_body (theirs), ==, "0 12345 -1 127.0.0.1 http://usher");
  secret = get (public, "/secret", "");
  assert_error (secret, 404, "not_found");

  uc_net_stop_listening (f->net);
  g_assert_cmpint (stat (f->path, &st), ==, -1);
  assert_refused (f, UC_LISTEN_CONTROL, "127.0.0.1:0", FALSE, UC_ERROR_DENIED, "Unix socket");
}

static void
say_page (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  const UsherResponse response = {
    .struct_size = sizeof response, .status = 200, .content_type = "text/plain", .body = "page", .body_len = 4
  };

  uc_http_respond (exchange, &response);
}

/* A listener has the routes of its kinds and no others; those for machines are not hidden by a page that covers
 * everything. */
static void
test_metrics (Fixture *f, gconstpointer data)
{
  const UcRouteHandler figures = { .http = say_who }, page = { .http = say_page };
  static const struct
  {
    UcListenKind kinds;
    const char *figures, *page; /* what is found; NULL = nothing */
  } cases[] = { { UC_LISTEN_PUBLIC, "page", "page" },
                { UC_LISTEN_METRICS, "0 12345", NULL },
                { UC_LISTEN_PUBLIC | UC_LISTEN_METRICS, "0 12345", "page" } };

  g_assert_true (
      uc_net_route (f->net, UC_LISTEN_METRICS, NULL, "/figures", USHER_ROUTE_HTTP, 0, &figures, f, NULL));
  g_assert_true (uc_net_route (f->net, UC_LISTEN_PUBLIC, NULL, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0,
                               &page, f, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *address = listen_on (f, cases[i].kinds, "127.0.0.1:0", FALSE);
      g_autofree char *first = get (address, "/figures", "");
      g_autofree char *second = get (address, "/desk/a", "");

      g_assert_true (g_str_has_prefix (answer_body (first), cases[i].figures));
      if (cases[i].page != NULL)
        g_assert_cmpstr (answer_body (second), ==, cases[i].page);
      else
        assert_error (second, 404, "not_found");
    }
}

static void
test_public_unix (Fixture *f, gconstpointer data)
{
  g_autofree char *bound = listen_on (f, UC_LISTEN_PUBLIC, f->address, FALSE);
  g_autofree char *answer = NULL, *old = NULL;
  const char *old_request = "GET /who HTTP/1.0\r\n\r\n";
  struct stat st;

  g_assert_cmpint (stat (f->path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 0777, ==, 0660);
  add_routes (f);
  answer = get (bound, "/who", "");
  g_assert_cmpstr (answer_body (answer), ==, "0 12345 -1 unix http://usher");
  old = uc_test_http (bound, old_request, strlen (old_request), NULL);
  g_assert_cmpstr (answer_body (old), ==, "0 12345 -1 unix http://localhost");
}

static int
bind_by_hand (const char *path)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (un.sun_path, path, sizeof un.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&un, sizeof un), ==, 0);
  return fd;
}

static void
test_stale (Fixture *f, gconstpointer data)
{
  int fd = bind_by_hand (f->path);
  g_autofree char *bound = NULL;
  struct stat before, after;

  /* Somebody answers there. */
  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_cmpint (stat (f->path, &before), ==, 0);
  assert_refused (f, UC_LISTEN_CONTROL, f->address, FALSE, UC_ERROR_CONFLICT, "already");
  g_assert_cmpint (stat (f->path, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, ==, after.st_ino);
  /* Nobody does any more. */
  close (fd);
  bound = listen_on (f, UC_LISTEN_CONTROL, f->address, FALSE);
  assert_refused (f, UC_LISTEN_CONTROL, f->address, FALSE, UC_ERROR_CONFLICT, "already");
}

static void
test_not_ours (Fixture *f, gconstpointer data)
{
  g_autofree char *nowhere = g_strdup_printf ("unix:%s/no/socket", f->dir);
  g_autofree char *bound = NULL;
  int fd;

  /* A file is never touched. */
  g_assert_true (g_file_set_contents (f->path, "precious", -1, NULL));
  assert_refused (f, UC_LISTEN_CONTROL, f->address, FALSE, UC_ERROR_CONFLICT, "not a socket");
  g_assert_true (g_file_test (f->path, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (g_remove (f->path), ==, 0);
  assert_refused (f, UC_LISTEN_CONTROL, nowhere, FALSE, UC_ERROR_FAILED, "create the folder");

  /* Nor is the socket of a successor. */
  bound = listen_on (f, UC_LISTEN_CONTROL, f->address, FALSE);
  g_assert_cmpint (g_remove (f->path), ==, 0);
  fd = bind_by_hand (f->path);
  uc_net_stop_listening (f->net);
  g_assert_true (g_file_test (f->path, G_FILE_TEST_EXISTS));
  close (fd);
}

static void
test_raise_nofile (void)
{
  guint64 limit = uc_net_raise_nofile ();

  g_assert_cmpuint (limit, >=, (guint64)sysconf (_SC_OPEN_MAX));
  g_assert_cmpuint (uc_net_raise_nofile (), ==, limit);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/net/listen/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("bad-addresses", test_bad_addresses);
  ADD ("remote-addresses", test_remote_addresses);
  ADD ("ipv6", test_six);
  ADD ("control", test_control);
  ADD ("metrics", test_metrics);
  ADD ("public-unix", test_public_unix);
  ADD ("stale", test_stale);
  ADD ("not-ours", test_not_ours);
  g_test_add_func ("/net/listen/raise-nofile", test_raise_nofile);
  return g_test_run ();
}
