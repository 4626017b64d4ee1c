/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The webchat plugin over HTTP: life of an instance, files, sessions, who may.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/plugins/webchat/webchat-kit.h"

#define OTHER "https://evil.example"

static UsherExchange *
get (FakeHost *fake, const char *path, const char *query, const char *header, const char *value)
{
  const char *const headers[] = { header, value, NULL };

  return fake_http (fake, "GET", path, query, headers, NULL, 0);
}

static const UcJson *
session (FakeHost *fake, const char *token)
{
  g_autofree char *body = token != NULL ? g_strdup_printf ("{\"token\":\"%s\"}", token) : g_strdup ("{}");

  return kit_answer (kit_post (fake, "/session", fake->origin, body), 200);
}

static const char *
text (const UcJson *object, const char *member)
{
  return uc_json_string (uc_json_get (object, member));
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void
test_bad_origins_are_refused_at_create (void)
{
  g_autoptr (FakeHost) fake = kit_new ();

  fake_host_set (fake, "allowed_origins", "shop.example");
  g_assert_false (fake_host_create (fake));
  g_assert_cmpint (fake->fail_status, ==, USHER_INVALID);
  g_assert_nonnull (strstr (fake->fail_message, "https://shop.example"));
}

static void
test_missing_files_are_named_at_start (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const UsherResult *result;

  fake_host_set (fake, "assets", "nowhere");
  g_assert_true (fake_host_create (fake));
  result = fake_host_start (fake);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_assert_nonnull (strstr (result->message, "widget.js"));
}

static void
test_not_ready_before_the_key_is_stored (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const UsherResult *result;
  UsherSocket *socket;

  fake->kv_status = USHER_UNCERTAIN;
  g_assert_true (fake_host_create (fake));
  kit_answer (kit_post (fake, "/session", NULL, "{}"), 503);
  socket = fake_ws_open (fake, "/ws", NULL, NULL);
  g_assert_cmpint (socket->refused, ==, 503);
  result = fake_host_start (fake);
  g_assert_cmpint (result->status, ==, USHER_RETRY);
  kit_answer (kit_post (fake, "/session", NULL, "{}"), 503);
  fake->kv_status = USHER_OK;
  g_assert_cmpint (fake_host_start (fake)->status, ==, USHER_OK);
  kit_session (fake, NULL);
}

static void
test_tokens_survive_a_restart (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);

  fake_host_down (fake);
  fake_host_up (fake);
  g_assert_cmpstr (text (session (fake, token), "visitor"), ==, visitor);
}

static void
test_a_damaged_key_is_replaced (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);

  fake_host_down (fake);
  fake_kv_put (fake, "token-key", "c2hvcnQ=");
  fake_host_up (fake);
  g_assert_true (fake_host_logged (fake, USHER_LOG_WARNING, "damaged"));
  g_assert_cmpstr (text (session (fake, token), "visitor"), !=, visitor);
}

static void
test_capabilities (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const UsherChannelCapabilities *can;

  fake_host_set (fake, "max_text", "500");
  fake_host_up (fake);
  g_assert_cmpint (fake->channel->capabilities->max_text, ==, 2000);
  can = fake->channel->runtime_capabilities (fake->self);
  g_assert_cmpstr (can->network, ==, "webchat");
  g_assert_cmpint (can->max_text, ==, 500);
  g_assert_cmpint (can->text_unit, ==, 0);
  g_assert_cmpint (can->typing_in, ==, USHER_NATIVE);
  g_assert_cmpint (can->typing_out, ==, USHER_NATIVE);
  g_assert_cmpint (can->receipts_delivered, ==, USHER_NATIVE);
  g_assert_cmpint (can->receipts_read, ==, USHER_NATIVE);
  g_assert_true (can->idempotent_send);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

static void
test_session_is_issued (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const UcJson *one = session (fake, NULL), *two = session (fake, NULL);

  g_assert_true (g_str_has_prefix (text (one, "visitor"), "v_"));
  g_assert_cmpuint (strlen (text (one, "visitor")), ==, 28);
  g_assert_cmpstr (text (one, "visitor"), !=, text (two, "visitor"));
  g_assert_cmpint (uc_json_int (uc_json_get (one, "expires_at"), 0), ==,
                   fake_clock_now () + G_GINT64_CONSTANT (30) * 86400 * 1000);
  g_assert_cmpint (uc_json_int (kit_get (one, "limits", "max_text", NULL), 0), ==, 2000);
}

static void
test_session_is_renewed_in_its_second_half (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const UcJson *first, *again;

  fake_host_set (fake, "session_ttl", "2h");
  fake_host_up (fake);
  first = session (fake, NULL);
  fake_clock_advance (3590 * 1000);
  again = session (fake, text (first, "token"));
  g_assert_cmpstr (text (again, "token"), ==, text (first, "token"));
  fake_clock_advance (20 * 1000);
  again = session (fake, text (first, "token"));
  g_assert_cmpstr (text (again, "token"), !=, text (first, "token"));
  g_assert_cmpstr (text (again, "visitor"), ==, text (first, "visitor"));
  g_assert_cmpint (uc_json_int (uc_json_get (again, "expires_at"), 0), ==, fake_clock_now () + 7200 * 1000);
}

static void
test_session_expired_or_forged_gives_a_new_visitor (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const UcJson *first;

  fake_host_set (fake, "session_ttl", "1h");
  fake_host_up (fake);
  first = session (fake, NULL);
  fake_clock_advance (3600 * 1000);
  g_assert_cmpstr (text (session (fake, text (first, "token")), "visitor"), !=, text (first, "visitor"));
  g_assert_nonnull (text (session (fake, "rubbish"), "visitor"));
}

static void
test_session_checks_a_name (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  static const char *const bad[] = { "{\"name\":\"  \"}", "{\"name\":7}", "{\"name\":\"a\\u0007b\"}", NULL };
  g_autofree char *lots = g_strnfill (101, 'x');
  g_autofree char *longer = g_strdup_printf ("{\"name\":\"%s\"}", lots);
  g_autofree char *longest = g_strdup_printf ("{\"name\":\"%s\"}", lots + 1);

  for (guint i = 0; bad[i] != NULL; i++)
    g_assert_cmpstr (uc_json_string (kit_get (kit_answer (kit_post (fake, "/session", NULL, bad[i]), 400), "error",
                                              "code", NULL)),
                     ==, "name");
  kit_answer (kit_post (fake, "/session", NULL, longer), 400);
  kit_answer (kit_post (fake, "/session", NULL, longest), 200);
  kit_answer (kit_post (fake, "/session", NULL, "{\"name\":\"Kim\"}"), 200);
  kit_answer (kit_post (fake, "/session", NULL, "{"), 400);
  kit_answer (kit_post (fake, "/session", NULL, ""), 400);
}

static void
test_session_new_visitors_per_address (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const char *token = NULL;
  const UcJson *refused;

  fake_host_set (fake, "sessions_per_address", "3");
  fake_host_up (fake);
  for (int i = 0; i < 3; i++)
    token = kit_session (fake, NULL);
  refused = kit_answer (kit_post (fake, "/session", NULL, "{}"), 429);
  g_assert_cmpstr (uc_json_string (kit_get (refused, "error", "code", NULL)), ==, "too_many");
  g_assert_cmpint (uc_json_int (kit_get (refused, "error", "retry_after_ms", NULL), 0), ==, 200 * 1000);
  session (fake, token); /* who is known comes in */
  g_free (fake->remote_address);
  fake->remote_address = g_strdup ("2001:db8::1");
  kit_session (fake, NULL);
  fake_clock_advance (60 * 60 * 1000); /* forgets what is over */
  g_assert_cmpuint (fake_host_timers (fake), ==, 0);
}

/* ---- who may ------------------------------------------------------------------------------------------- */

static void
test_origins (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherExchange *exchange = kit_post (fake, "/session", SHOP, "{}");
  const char *const evil[] = { "origin", OTHER, NULL };
  const char *const shop[] = { "origin", SHOP, NULL };

  kit_answer (exchange, 200);
  g_assert_cmpstr (fake_exchange_header (exchange, "Access-Control-Allow-Origin"), ==, SHOP);
  kit_answer (kit_post (fake, "/session", NULL, "{}"), 200);
  exchange = kit_post (fake, "/session", OTHER, "{}");
  kit_answer (exchange, 403);
  g_assert_null (fake_exchange_header (exchange, "Access-Control-Allow-Origin"));
  g_assert_true (fake_host_logged (fake, USHER_LOG_WARNING, OTHER));
  kit_answer (kit_post (fake, "/send", OTHER, "{}"), 403);
  kit_answer (get (fake, "/poll", NULL, "origin", OTHER), 403);
  kit_answer (fake_http (fake, "OPTIONS", "/send", NULL, evil, NULL, 0), 403);
  g_assert_cmpint (fake_ws_open (fake, "/ws", NULL, evil)->refused, ==, 403);
  g_assert_cmpint (fake_ws_open (fake, "/ws", NULL, shop)->refused, ==, 0);
}

static void
test_refused_origins_are_logged_once_a_minute (void)
{
  g_autoptr (FakeHost) fake = kit_up ();

  for (int i = 0; i < 5; i++)
    kit_post (fake, "/session", "https://a\"'\xc3(.example", "{}");
  g_assert_cmpuint (fake->logs->len, ==, 1);
  fake_clock_advance (61000);
  kit_post (fake, "/session", OTHER, "{}");
  g_assert_cmpuint (fake->logs->len, ==, 2);
}

static void
test_preflight (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *const headers[] = { "origin", SHOP, "access-control-request-method", "POST", NULL };
  UsherExchange *exchange = fake_http (fake, "OPTIONS", "/send", NULL, headers, NULL, 0);

  g_assert_cmpint (fake_exchange_wait (exchange), ==, 204);
  g_assert_cmpstr (fake_exchange_header (exchange, "Access-Control-Allow-Origin"), ==, SHOP);
  g_assert_nonnull (strstr (fake_exchange_header (exchange, "Access-Control-Allow-Headers"), "Authorization"));
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void
test_frame_page (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherExchange *page, *again;
  const char *csp;

  fake_host_set (fake, "allowed_origins", SHOP ", https://*.example.org:8443");
  fake_host_set (fake, "title", "Fish & <Chips>");
  fake_host_up (fake);
  page = get (fake, "/frame", NULL, NULL, NULL);
  g_assert_cmpint (fake_exchange_wait (page), ==, 200);
  csp = fake_exchange_header (page, "Content-Security-Policy");
  g_assert_true (g_str_has_suffix (csp, "frame-ancestors 'self' " SHOP " https://*.example.org:8443"));
  g_assert_nonnull (strstr (csp, "default-src 'none'; script-src 'self';"));
  g_assert_nonnull (strstr (csp, "connect-src 'self' wss://usher.example;"));
  g_assert_nonnull (strstr (page->body, "<title>Fish &amp; &lt;Chips&gt;</title>"));
  g_assert_null (strstr (page->body, "<Chips>"));
  g_assert_null (strstr (page->body, "<script>"));
  again = get (fake, "/frame", NULL, "if-none-match", fake_exchange_header (page, "ETag"));
  g_assert_cmpint (fake_exchange_wait (again), ==, 304);
  g_assert_cmpuint (again->body_len, ==, 0);
}

static void
test_frame_page_of_a_hostile_host (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherExchange *page;

  g_free (fake->origin);
  fake->origin = g_strdup ("https://x; script-src *");
  page = get (fake, "/frame", NULL, NULL, NULL);
  g_assert_cmpint (fake_exchange_wait (page), ==, 200);
  g_assert_null (strstr (fake_exchange_header (page, "Content-Security-Policy"), "script-src *"));
}

static void
test_every_origin (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherExchange *page;

  fake_host_set (fake, "allowed_origins", "*");
  fake_host_up (fake);
  page = get (fake, "/frame", NULL, NULL, NULL);
  g_assert_true (g_str_has_suffix (fake_exchange_header (page, "Content-Security-Policy"), "frame-ancestors *"));
  kit_answer (kit_post (fake, "/session", OTHER, "{}"), 200);
}

static void
test_files (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherExchange *loader = get (fake, "/widget.js", NULL, NULL, NULL);
  UsherExchange *plain = get (fake, "/app.js", NULL, NULL, NULL);
  UsherExchange *zipped = get (fake, "/app.js", NULL, "accept-encoding", "br, gzip;q=0.8");
  const char *const both[] = { "accept-encoding", "gzip", "if-none-match", "\"other\", W/\"x\"", NULL };

  g_assert_cmpstr (loader->body, ==, "loader();");
  g_assert_cmpstr (loader->content_type, ==, "text/javascript; charset=utf-8");
  g_assert_cmpstr (fake_exchange_header (loader, "Cache-Control"), ==, "public, max-age=300");
  g_assert_cmpstr (fake_exchange_header (loader, "Cross-Origin-Resource-Policy"), ==, "cross-origin");
  g_assert_cmpstr (plain->body, ==, "application();");
  g_assert_null (fake_exchange_header (plain, "Content-Encoding"));
  g_assert_cmpstr (zipped->body, ==, "not really gzip");
  g_assert_cmpstr (fake_exchange_header (zipped, "Content-Encoding"), ==, "gzip");
  g_assert_cmpstr (fake_exchange_header (zipped, "ETag"), !=, fake_exchange_header (plain, "ETag"));
  g_assert_cmpstr (get (fake, "/app.js", NULL, "accept-encoding", "gzip;q=0")->body, ==, "application();");
  g_assert_cmpstr (get (fake, "/app.css", NULL, "accept-encoding", "gzip")->body, ==, "body{}");
  g_assert_cmpint (get (fake, "/app.js", NULL, "if-none-match", fake_exchange_header (plain, "ETag"))->status, ==,
                   304);
  g_assert_cmpint (get (fake, "/app.js", NULL, "if-none-match", fake_exchange_header (zipped, "ETag"))->status, ==,
                   200);
  g_assert_cmpint (fake_http (fake, "GET", "/app.js", NULL, both, NULL, 0)->status, ==, 200);
  g_assert_cmpuint (fake_http (fake, "HEAD", "/app.js", NULL, NULL, NULL, 0)->body_len, ==, 0);
}

static void
test_files_with_their_version_are_kept_for_ever (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherExchange *page = get (fake, "/frame", NULL, NULL, NULL);
  const char *version = strstr (page->body, "app.js?") + strlen ("app.js?");
  g_autofree char *query = g_strndup (version, strcspn (version, "\""));

  g_assert_nonnull (
      strstr (fake_exchange_header (get (fake, "/app.js", query, NULL, NULL), "Cache-Control"), "immutable"));
  g_assert_cmpstr (fake_exchange_header (get (fake, "/app.js", "v=older", NULL, NULL), "Cache-Control"), ==,
                   "no-cache");
}

static void
test_wrong_addresses (void)
{
  g_autoptr (FakeHost) fake = kit_up ();

  kit_answer (get (fake, "/", NULL, NULL, NULL), 404);
  kit_answer (get (fake, "/app.js.gz", NULL, NULL, NULL), 404);
  kit_answer (get (fake, "/../widget.js", NULL, NULL, NULL), 404);
  kit_answer (get (fake, "/session", NULL, NULL, NULL), 405);
  kit_answer (get (fake, "/send", NULL, NULL, NULL), 405);
  kit_answer (kit_post (fake, "/poll", NULL, "{}"), 405);
  kit_answer (kit_post (fake, "/frame", NULL, "{}"), 405);
  kit_answer (kit_post (fake, "/widget.js", NULL, "{}"), 405);
}

static void
test_build_tree_files (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  g_autofree char *dir = g_build_filename (fake->data_dir, "webchat", NULL);
  g_autofree char *file = g_build_filename (dir, "widget.js", NULL);
  g_autofree char *style = g_build_filename (dir, "app.css", NULL);
  g_autofree char *script = g_build_filename (dir, "app.js", NULL);

  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, "from the build tree", -1, NULL));
  g_assert_true (g_file_set_contents (style, "x", -1, NULL));
  g_assert_true (g_file_set_contents (script, "x", -1, NULL));
  fake_host_set (fake, "assets", NULL);
  g_setenv ("USHER_UI_DIR", fake->data_dir, TRUE);
  fake_host_up (fake);
  g_unsetenv ("USHER_UI_DIR");
  g_assert_cmpstr (get (fake, "/widget.js", NULL, NULL, NULL)->body, ==, "from the build tree");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webchat/life/bad-origins-are-refused", test_bad_origins_are_refused_at_create);
  g_test_add_func ("/webchat/life/missing-files-are-named", test_missing_files_are_named_at_start);
  g_test_add_func ("/webchat/life/not-ready-before-the-key-is-stored", test_not_ready_before_the_key_is_stored);
  g_test_add_func ("/webchat/life/tokens-survive-a-restart", test_tokens_survive_a_restart);
  g_test_add_func ("/webchat/life/a-damaged-key-is-replaced", test_a_damaged_key_is_replaced);
  g_test_add_func ("/webchat/life/capabilities", test_capabilities);
  g_test_add_func ("/webchat/session/issued", test_session_is_issued);
  g_test_add_func ("/webchat/session/renewed-in-its-second-half", test_session_is_renewed_in_its_second_half);
  g_test_add_func ("/webchat/session/expired-or-forged-gives-a-new-visitor",
                   test_session_expired_or_forged_gives_a_new_visitor);
  g_test_add_func ("/webchat/session/checks-a-name", test_session_checks_a_name);
  g_test_add_func ("/webchat/session/new-visitors-per-address", test_session_new_visitors_per_address);
  g_test_add_func ("/webchat/origin/who-may", test_origins);
  g_test_add_func ("/webchat/origin/refusals-are-logged-once-a-minute",
                   test_refused_origins_are_logged_once_a_minute);
  g_test_add_func ("/webchat/origin/preflight", test_preflight);
  g_test_add_func ("/webchat/origin/every-origin", test_every_origin);
  g_test_add_func ("/webchat/files/frame-page", test_frame_page);
  g_test_add_func ("/webchat/files/frame-page-of-a-hostile-host", test_frame_page_of_a_hostile_host);
  g_test_add_func ("/webchat/files/types-tags-and-encodings", test_files);
  g_test_add_func ("/webchat/files/versions-are-kept-for-ever", test_files_with_their_version_are_kept_for_ever);
  g_test_add_func ("/webchat/files/wrong-addresses", test_wrong_addresses);
  g_test_add_func ("/webchat/files/of-a-build-tree", test_build_tree_files);
  return g_test_run ();
}
