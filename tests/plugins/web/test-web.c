/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * frontend/web: the built module against the fake host. Files, headers, the origin check, and who ends a desk.
 */
#include "tests/lib/fake-host.h"

#include <glib/gstdio.h>
#include <string.h>

static const char page[] = "<base href=\"@MOUNT@/\"><title>@TITLE@</title>";
static const char script[] = "console.log('desk')";
static const char packed[] = "\x1f\x8b stands for the packed script";

typedef struct
{
  FakeHost *host;
  char *dir;
} Fixture;

static void
put (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->dir, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
setup (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("usher-web-XXXXXX", NULL);
  g_assert_nonnull (f->dir);
  put (f, "index.html", page);
  put (f, "main.js", script);
  put (f, "main.js.gz", packed);
  put (f, "icon.svg", "<svg/>");
  put (f, "secret.conf", "password = 1");
  f->host = fake_host_new ("frontend", "web");
  fake_host_set (f->host, "assets", f->dir);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  g_autoptr (GDir) files = g_dir_open (f->dir, 0, NULL);
  const char *name;

  fake_host_free (f->host);
  while (files != NULL && (name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (f->dir);
  g_free (f->dir);
}

static UsherExchange *
get (Fixture *f, const char *path, const char *name, const char *value)
{
  const char *headers[] = { name, value, NULL };

  return fake_http (f->host, "GET", path, NULL, headers, NULL, 0);
}

/* ---- files */

static void
test_page (Fixture *f, gconstpointer data)
{
  UsherExchange *exchange;
  g_autofree char *base = NULL;

  fake_host_set (f->host, "title", "A & <b>\"friends\"");
  fake_host_up (f->host);
  exchange = get (f, "/", NULL, NULL);
  g_assert_cmpint (fake_exchange_wait (exchange), ==, 200);
  g_assert_cmpstr (exchange->content_type, ==, "text/html; charset=utf-8");
  base
      = g_strdup_printf ("<base href=\"%s/\"><title>A &amp; &lt;b&gt;&quot;friends&quot;</title>", f->host->mount);
  g_assert_cmpstr (exchange->body, ==, base);
  g_assert_cmpint (fake_exchange_wait (get (f, "/index.html", NULL, NULL)), ==, 200);
}

static void
test_security_headers (Fixture *f, gconstpointer data)
{
  const char *paths[] = { "/", "/main.js", "/nothing" };

  fake_host_up (f->host);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      UsherExchange *exchange = get (f, paths[i], NULL, NULL);
      const char *policy;

      fake_exchange_wait (exchange);
      policy = fake_exchange_header (exchange, "Content-Security-Policy");
      g_assert_nonnull (strstr (policy, "default-src 'self'"));
      g_assert_nonnull (strstr (policy, "frame-ancestors 'none'"));
      g_assert_nonnull (strstr (policy, "base-uri 'self'"));
      g_assert_null (strstr (policy, "unsafe"));
      g_assert_cmpstr (fake_exchange_header (exchange, "X-Content-Type-Options"), ==, "nosniff");
      g_assert_cmpstr (fake_exchange_header (exchange, "Referrer-Policy"), ==, "no-referrer");
    }
}

static void
test_gzip (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *accept;
    gboolean zipped;
  } cases[] = { { "gzip, deflate, br", TRUE }, { "br, GZIP;q=0.5", TRUE },
                { "gzip; q=0", FALSE },        { "br", FALSE },
                { "x-gzip", FALSE },           { "", FALSE } };

  fake_host_up (f->host);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      UsherExchange *exchange = get (f, "/main.js", "accept-encoding", cases[i].accept);

      g_test_message ("Accept-Encoding: %s", cases[i].accept);
      g_assert_cmpint (fake_exchange_wait (exchange), ==, 200);
      g_assert_cmpstr (exchange->content_type, ==, "text/javascript; charset=utf-8");
      g_assert_cmpstr (exchange->body, ==, cases[i].zipped ? packed : script);
      g_assert_cmpstr (fake_exchange_header (exchange, "Content-Encoding"), ==, cases[i].zipped ? "gzip" : NULL);
      g_assert_cmpstr (fake_exchange_header (exchange, "Vary"), ==, "Accept-Encoding");
    }
  g_assert_null (fake_exchange_header (get (f, "/icon.svg", "accept-encoding", "gzip"), "Content-Encoding"));
}

static void
test_etag (Fixture *f, gconstpointer data)
{
  UsherExchange *first, *again;
  const char *etag;
  g_autofree char *list = NULL;
  g_autofree char *weak = NULL;

  fake_host_up (f->host);
  first = get (f, "/main.js", NULL, NULL);
  g_assert_cmpint (fake_exchange_wait (first), ==, 200);
  g_assert_cmpstr (fake_exchange_header (first, "Cache-Control"), ==, "no-cache");
  etag = fake_exchange_header (first, "ETag");
  list = g_strdup_printf ("\"other\", %s", etag);
  weak = g_strdup_printf ("W/%s", etag);

  again = get (f, "/main.js", "if-none-match", list);
  g_assert_cmpint (fake_exchange_wait (again), ==, 304);
  g_assert_cmpuint (again->body_len, ==, 0);
  g_assert_cmpstr (fake_exchange_header (again, "ETag"), ==, etag);
  g_assert_null (fake_exchange_header (again, "Content-Encoding"));
  g_assert_cmpint (fake_exchange_wait (get (f, "/main.js", "if-none-match", weak)), ==, 304);
  g_assert_cmpint (fake_exchange_wait (get (f, "/main.js", "if-none-match", "*")), ==, 304);
  g_assert_cmpint (fake_exchange_wait (get (f, "/main.js", "if-none-match", "\"other\"")), ==, 200);
  g_assert_cmpint (fake_exchange_wait (get (f, "/icon.svg", "if-none-match", etag)), ==, 200);
}

static void
test_packed_variant_has_a_tag_of_its_own (Fixture *f, gconstpointer data)
{
  UsherExchange *plain, *zipped;

  fake_host_up (f->host);
  plain = get (f, "/main.js", NULL, NULL);
  zipped = get (f, "/main.js", "accept-encoding", "gzip");
  fake_exchange_wait (plain);
  fake_exchange_wait (zipped);
  g_assert_cmpstr (fake_exchange_header (plain, "ETag"), !=, fake_exchange_header (zipped, "ETag"));
}

static void
test_changed_file_has_another_tag (Fixture *f, gconstpointer data)
{
  g_autofree char *before = NULL;
  UsherExchange *exchange;

  fake_host_up (f->host);
  exchange = get (f, "/main.js", NULL, NULL);
  fake_exchange_wait (exchange);
  before = g_strdup (fake_exchange_header (exchange, "ETag"));
  fake_host_down (f->host);
  put (f, "main.js", "console.log('new')");
  fake_host_up (f->host);
  exchange = get (f, "/main.js", "if-none-match", before);
  g_assert_cmpint (fake_exchange_wait (exchange), ==, 200);
}

static void
test_other_methods (Fixture *f, gconstpointer data)
{
  UsherExchange *head, *post;

  fake_host_up (f->host);
  head = fake_http (f->host, "HEAD", "/main.js", NULL, NULL, NULL, 0);
  g_assert_cmpint (fake_exchange_wait (head), ==, 200);
  g_assert_cmpuint (head->body_len, ==, 0);
  post = fake_http (f->host, "POST", "/main.js", NULL, NULL, "x", 1);
  g_assert_cmpint (fake_exchange_wait (post), ==, 405);
  g_assert_cmpstr (fake_exchange_header (post, "Allow"), ==, "GET, HEAD");
}

/* Only what the folder held at start, and of that only what a page is made of. */
static void
test_nothing_else_is_served (Fixture *f, gconstpointer data)
{
  const char *paths[] = { "/secret.conf", "/main.js.gz",        "/../web.conf", "/./main.js", "//main.js",
                          "/main.js/",    "/%2e%2e/etc/passwd", "/late.js",     "/INDEX.HTML" };

  fake_host_up (f->host);
  put (f, "late.js", "1");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_test_message ("%s", paths[i]);
      g_assert_cmpint (fake_exchange_wait (get (f, paths[i], NULL, NULL)), ==, 404);
    }
}

static void
test_without_files (Fixture *f, gconstpointer data)
{
  const UsherResult *result;
  g_autofree char *nowhere = g_build_filename (f->dir, "nowhere", NULL);
  g_autofree char *index = g_build_filename (f->dir, "index.html", NULL);

  fake_host_set (f->host, "assets", nowhere);
  g_assert_true (fake_host_create (f->host));
  result = fake_host_start (f->host);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_assert_nonnull (strstr (result->message, nowhere));
  g_assert_nonnull (strstr (result->message, "setting 'assets'"));
  fake_host_stop (f->host);
  fake_host_destroy (f->host);

  g_unlink (index);
  fake_host_set (f->host, "assets", f->dir);
  g_assert_true (fake_host_create (f->host));
  result = fake_host_start (f->host);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_assert_nonnull (strstr (result->message, "has no index.html"));
}

static void
test_empty_file_is_refused (Fixture *f, gconstpointer data)
{
  const UsherResult *result;

  put (f, "main.js", "");
  g_assert_true (fake_host_create (f->host));
  result = fake_host_start (f->host);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_assert_nonnull (strstr (result->message, "main.js"));
  g_assert_cmpint (fake_exchange_wait (get (f, "/", NULL, NULL)), ==, 404);
}

/* ---- WebSocket and desk */

static UsherSocket *
open_from (Fixture *f, const char *origin)
{
  const char *headers[] = { origin != NULL ? "origin" : NULL, origin, NULL };

  return fake_ws_open (f->host, "/ws", NULL, headers);
}

static UsherSocket *
open_own (Fixture *f)
{
  UsherSocket *socket = open_from (f, f->host->origin);

  g_assert_cmpint (socket->refused, ==, 0);
  return socket;
}

static UsherDesk *
desk_of (Fixture *f, guint index)
{
  g_assert_cmpuint (f->host->desks->len, >, index);
  return g_ptr_array_index (f->host->desks, index);
}

static void
test_origin (Fixture *f, gconstpointer data)
{
  g_autofree char *port = NULL;
  g_autofree char *longer = NULL;
  g_autofree char *upper = NULL;

  fake_host_up (f->host);
  port = g_strconcat (f->host->origin, ":81", NULL);
  longer = g_strconcat (f->host->origin, ".evil.example", NULL);
  upper = g_ascii_strup (f->host->origin, -1);
  g_assert_cmpint (open_from (f, NULL)->refused, ==, 403);
  g_assert_cmpint (open_from (f, "null")->refused, ==, 403);
  g_assert_cmpint (open_from (f, "")->refused, ==, 403);
  g_assert_cmpint (open_from (f, "https://evil.example")->refused, ==, 403);
  g_assert_cmpint (open_from (f, port)->refused, ==, 403);
  g_assert_cmpint (open_from (f, longer)->refused, ==, 403);
  g_assert_cmpuint (f->host->desks->len, ==, 0);
  g_assert_true (fake_host_logged (f->host, USHER_LOG_WARNING, "https://evil.example"));
  g_assert_cmpint (open_from (f, upper)->refused, ==, 0);
}

static void
test_log_is_not_the_strangers (Fixture *f, gconstpointer data)
{
  g_autofree char *endless = g_strnfill (5000, 'x');
  g_autofree char *origin = g_strconcat ("http://a\n[error] fake line ", endless, NULL);

  fake_host_up (f->host);
  g_assert_cmpint (open_from (f, origin)->refused, ==, 403);
  g_assert_false (fake_host_logged (f->host, USHER_LOG_WARNING, "\n"));
  g_assert_false (fake_host_logged (f->host, USHER_LOG_WARNING, endless));
}

static void
test_frames_pass_unread (Fixture *f, gconstpointer data)
{
  UsherSocket *socket;
  UsherDesk *desk;

  fake_host_up (f->host);
  socket = open_own (f);
  desk = desk_of (f, 0);
  g_assert_cmpstr (desk->remote_address, ==, f->host->remote_address);
  fake_ws_send (socket, "{\"hello\":{}}");
  fake_ws_send (socket, "not JSON at all");
  g_assert_cmpuint (desk->inputs->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (desk->inputs, 0), ==, "{\"hello\":{}}");
  g_assert_cmpstr (g_ptr_array_index (desk->inputs, 1), ==, "not JSON at all");
  fake_desk_output (desk, "{\"type\":\"welcome\"}");
  fake_desk_output (desk, "{\"type\":\"heartbeat\"}");
  g_assert_cmpstr (fake_ws_next (socket), ==, "{\"type\":\"welcome\"}");
  g_assert_cmpstr (fake_ws_next (socket), ==, "{\"type\":\"heartbeat\"}");
  g_assert_null (fake_ws_next (socket));
}

static void
test_clients_are_apart (Fixture *f, gconstpointer data)
{
  UsherSocket *one, *two;

  fake_host_up (f->host);
  one = open_own (f);
  two = open_own (f);
  fake_desk_output (desk_of (f, 1), "two");
  fake_desk_output (desk_of (f, 0), "one");
  g_assert_cmpstr (fake_ws_next (one), ==, "one");
  g_assert_cmpstr (fake_ws_next (two), ==, "two");
  fake_ws_close (one, 1000);
  g_assert_false (desk_of (f, 0)->open);
  g_assert_true (desk_of (f, 1)->open);
}

static void
test_browser_goes (Fixture *f, gconstpointer data)
{
  const int codes[] = { 1000, 1001, 1006 };

  fake_host_up (f->host);
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      UsherSocket *socket = open_own (f);

      fake_ws_close (socket, codes[i]);
      fake_host_settle ();
      g_assert_true (socket->closed);
      g_assert_false (desk_of (f, i)->open);
    }
}

static void
test_core_ends_desk (Fixture *f, gconstpointer data)
{
  UsherSocket *socket;

  fake_host_up (f->host);
  socket = open_own (f);
  fake_desk_end (desk_of (f, 0), 4000, "logged out");
  fake_host_settle ();
  g_assert_true (socket->closed);
  g_assert_cmpint (socket->close_code, ==, 4000);
  g_assert_cmpstr (socket->close_reason, ==, "logged out");
  g_assert_cmpuint (desk_of (f, 0)->inputs->len, ==, 0);
}

static void
test_odd_close_codes (Fixture *f, gconstpointer data)
{
  const int codes[] = { 0, -1, 999, 5000 };

  fake_host_up (f->host);
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      UsherSocket *socket = open_own (f);

      fake_desk_end (desk_of (f, i), codes[i], "odd");
      fake_host_settle ();
      g_assert_cmpint (socket->close_code, ==, 1008);
    }
}

/* A browser that does not read: its desk is let go, it comes back and resumes. */
static void
test_slow_client (Fixture *f, gconstpointer data)
{
  UsherSocket *socket;
  UsherDesk *desk;

  fake_host_up (f->host);
  socket = open_own (f);
  desk = desk_of (f, 0);
  fake_desk_output (desk, "first");
  socket->full = TRUE;
  fake_desk_output (desk, "does not fit");
  fake_host_settle ();
  g_assert_false (desk->open);
  g_assert_true (socket->closed);
  g_assert_cmpuint (socket->frames->len, ==, 1);
}

static void
test_binary_frame (Fixture *f, gconstpointer data)
{
  UsherSocket *socket;

  fake_host_up (f->host);
  socket = open_own (f);
  fake_ws_send_bytes (socket, "\0\1\2", 3, TRUE);
  fake_host_settle ();
  g_assert_cmpint (socket->close_code, ==, 1003);
  g_assert_false (desk_of (f, 0)->open);
  g_assert_cmpuint (desk_of (f, 0)->inputs->len, ==, 0);
}

static void
test_longest_frame (Fixture *f, gconstpointer data)
{
  UsherSocket *socket;
  g_autofree char *fits = g_strnfill (256 * 1024, 'a');
  g_autofree char *too_long = g_strnfill (256 * 1024 + 1, 'a');

  fake_host_up (f->host);
  socket = open_own (f);
  fake_ws_send (socket, fits);
  g_assert_cmpuint (desk_of (f, 0)->inputs->len, ==, 1);
  fake_ws_send (socket, too_long);
  fake_host_settle ();
  g_assert_cmpint (socket->close_code, ==, 1009);
  g_assert_false (desk_of (f, 0)->open);
}

static void
test_core_takes_no_more (Fixture *f, gconstpointer data)
{
  fake_host_up (f->host);
  f->host->desks_max = 1;
  open_own (f);
  g_assert_cmpint (open_from (f, f->host->origin)->refused, ==, 503);
}

static void
test_stop_with_clients (Fixture *f, gconstpointer data)
{
  fake_host_up (f->host);
  open_own (f);
  open_own (f);
  fake_host_down (f->host);
  g_assert_false (desk_of (f, 0)->open);
  g_assert_false (desk_of (f, 1)->open);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/web/" path, Fixture, NULL, setup, func, teardown)
  ADD ("page/knows-its-address-and-title", test_page);
  ADD ("files/security-headers", test_security_headers);
  ADD ("files/packed-for-who-takes-it", test_gzip);
  ADD ("files/unchanged-file-is-not-sent-again", test_etag);
  ADD ("files/packed-variant-has-a-tag-of-its-own", test_packed_variant_has_a_tag_of_its_own);
  ADD ("files/changed-file-has-another-tag", test_changed_file_has_another_tag);
  ADD ("files/other-methods", test_other_methods);
  ADD ("files/nothing-else-is-served", test_nothing_else_is_served);
  ADD ("files/missing", test_without_files);
  ADD ("files/empty", test_empty_file_is_refused);
  ADD ("socket/only-from-own-page", test_origin);
  ADD ("socket/log-is-not-the-strangers", test_log_is_not_the_strangers);
  ADD ("socket/frames-pass-unread", test_frames_pass_unread);
  ADD ("socket/clients-are-apart", test_clients_are_apart);
  ADD ("socket/browser-goes", test_browser_goes);
  ADD ("socket/core-ends-desk", test_core_ends_desk);
  ADD ("socket/odd-close-codes", test_odd_close_codes);
  ADD ("socket/slow-client", test_slow_client);
  ADD ("socket/binary-frame", test_binary_frame);
  ADD ("socket/longest-frame", test_longest_frame);
  ADD ("socket/core-takes-no-more", test_core_takes_no_more);
  ADD ("socket/stop-with-clients", test_stop_with_clients);
#undef ADD
  return g_test_run ();
}
