/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings, capabilities, start, the subscription, and stopping with everything under way.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

/* ---- settings ------------------------------------------------------------------------------------------ */

static void
test_settings_refused (void)
{
  static const struct
  {
    const char *key, *value, *says;
  } rows[] = {
    { "base_url", "https://graph.facebook.com/?x=1", "base_url" },
    { "base_url", "https://user:pw@graph.facebook.com", "base_url" },
    { "base_url", "https:///", "base_url" },
    { "api_version", "25", "api_version" },
    { "api_version", "v25", "v25.0" },
    { "api_version", "v25.0/../x", "api_version" },
    { "api_version", "v25.0\n", "api_version" },
    { "page_id", "", "page_id" },
    { "page_id", "12/34", "page_id" },
    { "page_id", "my page", "page_id" },
    { "page_access_token", "", "page_access_token" },
    { "page_access_token", "a b", "page_access_token" },
    { "app_secret", "x\r\nEvil: 1", "app_secret" },
    { "verify_token", "\xc3\xbc", "verify_token" },
    { "announce", "agent_joined, dance", "dance" },
    { "announce", "none, ended", "none" },
    { "media_hosts", "https://cdn.example", "media_hosts" },
    { "media_hosts", "cdn.example/path", "media_hosts" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new ();

      fake_host_set (kit->fake, rows[i].key, rows[i].value);
      if (fake_host_create (kit->fake))
        g_error ("%s = %s was accepted", rows[i].key, rows[i].value);
      g_assert_cmpint (kit->fake->fail_status, ==, USHER_INVALID);
      if (strstr (kit->fake->fail_message, rows[i].says) == NULL)
        g_error ("\"%s\" does not name \"%s\"", kit->fake->fail_message, rows[i].says);
      if (strstr (rows[i].key, "secret") != NULL || strstr (rows[i].key, "token") != NULL)
        g_assert_true (*rows[i].value == '\0' || strstr (kit->fake->fail_message, rows[i].value) == NULL);
    }
}

static void
test_capabilities (void)
{
  g_autoptr (Kit) kit = kit_new ();
  const UsherChannelCapabilities *fixed = kit->fake->channel->capabilities, *now;

  g_assert_cmpstr (fixed->network, ==, "messenger");
  g_assert_cmpint (fixed->max_text, ==, 2000);
  g_assert_cmpint (fixed->text_unit, ==, 0);
  g_assert_cmpint (fixed->typing_out, ==, USHER_NATIVE);
  g_assert_cmpint (fixed->typing_in, ==, USHER_CAN_NOT);
  g_assert_cmpint (fixed->receipts_delivered, ==, USHER_NATIVE);
  g_assert_cmpint (fixed->receipts_read, ==, USHER_NATIVE);
  g_assert_cmpint (fixed->reply_window_ms, ==, 24 * 3600 * 1000);
  g_assert_cmpint (fixed->tagged_window_ms, ==, 0);
  g_assert_cmpint (fixed->settle_ms, ==, 150);
  g_assert_cmpint (fixed->media_in, ==, USHER_NATIVE);
  g_assert_cmpint (fixed->media_out, ==, USHER_CAN_NOT);
  g_assert_true (fixed->echoes);
  g_assert_false (fixed->idempotent_send);
  fake_host_set (kit->fake, "human_agent", "true");
  fake_host_set (kit->fake, "settle", "20ms");
  g_assert_true (fake_host_create (kit->fake));
  now = kit->fake->channel->runtime_capabilities (kit->fake->self);
  g_assert_cmpint (now->tagged_window_ms, ==, G_GINT64_CONSTANT (7) * 24 * 3600 * 1000);
  g_assert_cmpint (now->settle_ms, ==, 20);
  g_assert_cmpstr (now->network, ==, "messenger");
}

static void
test_route (void)
{
  g_autoptr (Kit) kit = kit_new ();
  const FakeRoute *route;

  g_assert_true (fake_host_create (kit->fake));
  g_assert_cmpuint (kit->fake->routes->len, ==, 1);
  route = kit->fake->routes->pdata[0];
  g_assert_cmpstr (route->path, ==, "/webhook");
  g_assert_cmpint (route->flags, ==, USHER_ROUTE_HTTP);
  /* Not started yet: Meta comes again. */
  kit_status (kit_hook (kit, "{}"), 503);
}

/* ---- start --------------------------------------------------------------------------------------------- */

static void
test_token_check (void)
{
  static const struct
  {
    guint status;
    const char *body;
    UsherStatus state;
    const char *says;
  } rows[] = {
    { 200, "{\"id\":\"PAGE1\",\"name\":\"Shop\"}", USHER_OK, NULL },
    { 200, "{\"id\":\"PAGE9\"}", USHER_AUTH, "PAGE9" },
    { 401, "{\"error\":{\"message\":\"Session has expired\",\"code\":190,\"error_subcode\":463}}", USHER_AUTH,
      "190/463" },
    { 400, "{\"error\":{\"message\":\"Session key invalid\",\"code\":102}}", USHER_AUTH, "102" },
    { 404, "<html>", USHER_AUTH, "base_url" },
    { 302, "", USHER_AUTH, "base_url" },
    /* Something it does not let us ask says nothing about sending. */
    { 400, "{\"error\":{\"message\":\"Unsupported get request\",\"code\":100}}", USHER_OK, NULL },
    { 403, "{\"error\":{\"message\":\"no\",\"code\":10}}", USHER_OK, NULL },
    { 500, "", USHER_OK, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new ();
      Request *request;

      fake_host_up (kit->fake);
      request = server_take (kit->server, "GET", "/v25.0/me");
      g_assert_cmpstr (request_header (request, "authorization"), ==, "Bearer page-token");
      request_answer (request, rows[i].status, "Location: /x\r\n", rows[i].body);
      if (rows[i].status == 200 || rows[i].state != USHER_OK)
        kit_state (kit, rows[i].state, rows[i].says);
      else
        {
          while (!fake_host_logged (kit->fake, USHER_LOG_INFO, "token check")
                 && !fake_host_logged (kit->fake, USHER_LOG_WARNING, "token check"))
            g_main_context_iteration (NULL, TRUE);
          kit_state (kit, USHER_OK, NULL);
        }
      /* Whatever it is, customers are heard. */
      fake_host_auto_deliver (kit->fake, TRUE);
      kit_one (kit, "\"message\":{\"mid\":\"m_1\",\"text\":\"hello\"}");
    }
}

static void
test_unreachable (void)
{
  g_autoptr (Kit) kit = kit_new ();

  server_close (kit->server);
  fake_host_up (kit->fake);
  kit_state (kit, USHER_RETRY, "can't be reached");
  fake_host_auto_deliver (kit->fake, TRUE);
  kit_one (kit, "\"message\":{\"mid\":\"m_1\",\"text\":\"hello\"}");
}

static void
test_reachable_again (void)
{
  g_autoptr (Kit) kit = kit_new ();

  kit->server->deaf = TRUE;
  fake_host_up (kit->fake);
  fake_clock_advance (15000);
  kit_state (kit, USHER_RETRY, "no answer");
  kit->server->deaf = FALSE;
  fake_clock_advance (30000);
  request_answer (server_take (kit->server, "GET", "/v25.0/me"), 200, NULL, "{\"id\":\"PAGE1\"}");
  kit_state (kit, USHER_OK, NULL);
}

static void
test_subscribe (void)
{
  g_autoptr (Kit) kit = kit_new ();
  Request *request;
  const char *path = "/v25.0/PAGE1/subscribed_apps";

  fake_host_set (kit->fake, "subscribe", "true");
  fake_host_up (kit->fake);
  request_answer (server_take (kit->server, "GET", "/v25.0/me"), 200, NULL, "{\"id\":\"PAGE1\"}");
  /* A fault of the moment is no missing permission. */
  request_answer (server_take (kit->server, "POST", path), 500, NULL, "");
  while (!fake_host_logged (kit->fake, USHER_LOG_INFO, "the subscription failed"))
    g_main_context_iteration (NULL, TRUE);
  fake_host_settle ();
  g_assert_cmpint (kit->fake->state, ==, USHER_OK);
  fake_clock_advance (30000);
  request = server_take (kit->server, "POST", path);
  g_assert_cmpstr (
      request->query, ==,
      "subscribed_fields=messages,messaging_postbacks,message_deliveries,message_reads,message_echoes,"
      "message_reactions,message_edits,messaging_referrals");
  kit_refuse (request, 403, NULL, 200, 0, FALSE);
  kit_state (kit, USHER_AUTH, "pages_manage_metadata");
  g_assert_cmpuint (server_waiting (kit->server, "POST", path), ==, 0);
  fake_clock_advance (60000);
  request_answer (server_take (kit->server, "POST", path), 200, NULL, "{\"success\":true}");
  kit_state (kit, USHER_OK, NULL);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_NOTICE, "subscribed"));
}

/* The worst is told first, and the next when that is over. */
static void
test_several_problems (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;

  kit_events (
      kit, "{\"recipient\":{\"id\":\"PAGE1\"},\"policy_enforcement\":{\"action\":\"block\",\"reason\":\"Spam\"}}");
  kit_state (kit, USHER_POLICY, "Spam");
  reply = kit_send (kit, "PSID1", "x");
  kit_refuse (kit_sent (kit, NULL), 401, NULL, 190, 0, FALSE);
  kit_result (reply, USHER_AUTH);
  kit_state (kit, USHER_AUTH, "token");
  reply = kit_send (kit, "PSID1", "x");
  kit_accept (kit_sent (kit, NULL), "m_1");
  kit_result (reply, USHER_OK);
  kit_state (kit, USHER_POLICY, "Spam");
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

/* A webhook with a slow picture, one that waits behind it, one that the core has, messages that left and did not,
 * look-ups, a typing call and the token check, all at once. */
static void
everything_under_way (Kit *kit)
{
  g_autofree char *picture = g_strdup_printf ("{\"sender\":{\"id\":\"PSID1\"},\"recipient\":{\"id\":\"PAGE1\"},"
                                              "\"message\":{\"mid\":\"m_1\",\"attachments\":[{\"type\":"
                                              "\"image\",\"payload\":{\"url\":\"http://127.0.0.1:%u/a\"}}]}}",
                                              kit->server->port);
  g_autofree char *picture_body = kit_page (picture);
  g_autofree char *text = kit_event ("\"message\":{\"mid\":\"m_2\",\"text\":\"hello\"}");
  g_autofree char *text_body = kit_page (text);

  fake_host_auto_deliver (kit->fake, TRUE);
  kit_events (kit, "{\"sender\":{\"id\":\"PSID7\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m_7\","
                   "\"text\":\"x\"}}");
  server_take (kit->server, "GET", "/v25.0/PSID7");
  fake_host_auto_deliver (kit->fake, FALSE);
  kit_hook (kit, picture_body);
  kit_hook (kit, text_body);
  kit_hook (kit, "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"messaging\":[{\"sender\":{\"id\":\"PSID3\"},"
                 "\"recipient\":"
                 "{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m_3\",\"text\":\"x\"}}]}]}");
  server_take (kit->server, "GET", "/a");
  kit->fake->channel->typing (kit->fake->self, "PSID1", true);
  kit_sent (kit, NULL);
  kit_send (kit, "PSID1", "left");
  kit_sent (kit, NULL);
  kit_send (kit, "PSID1", "waits");
  kit->fake->channel->notice (kit->fake->self, fake_line_add (kit->fake, "PSID2", USHER_AUTHOR_SYSTEM, NULL,
                                                              "agent_joined", "Ana has joined."));
  kit_sent (kit, NULL);
  kit_send (kit, "PSID2", "waits too");
}

static void
test_stop_waits_for_what_left (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *left = kit_send (kit, "PSID1", "left"), *waits, *stop;
  Request *request = kit_sent (kit, NULL);

  waits = kit_send (kit, "PSID1", "waits");
  stop = fake_reply_new (kit->fake);
  kit->fake->head->stop (kit->fake->self, stop);
  kit_result (waits, USHER_CANCELLED);
  fake_host_settle ();
  g_assert_false (fake_reply_done (stop));
  g_assert_false (fake_reply_done (left));
  kit_result (kit_send (kit, "PSID1", "too late"), USHER_CANCELLED);
  kit_accept (request, "m_1");
  kit_result (left, USHER_OK);
  kit_result (stop, USHER_OK);
  fake_host_destroy (kit->fake);
}

static void
test_stop_with_everything (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *stop;

  everything_under_way (kit);
  stop = fake_reply_new (kit->fake);
  kit->fake->head->stop (kit->fake->self, stop);
  fake_host_settle ();
  g_assert_false (fake_reply_done (stop));
  fake_clock_advance (5000);
  kit_result (stop, USHER_OK);
  g_assert_cmpuint (fake_host_open_replies (kit->fake), ==, 0);
  fake_host_destroy (kit->fake); /* and every exchange was answered: fake_host_free checks */
}

static void
test_stop_and_answers (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *stop;

  everything_under_way (kit);
  stop = fake_reply_new (kit->fake);
  kit->fake->head->stop (kit->fake->self, stop);
  while (fake_delivery_next (kit->fake) != NULL)
    fake_delivery_answer (fake_delivery_next (kit->fake), USHER_OK, NULL);
  for (guint i = 0; i < kit->server->requests->len; i++)
    {
      Request *request = kit->server->requests->pdata[i];

      if (!request->over)
        kit_accept (request, "m_x");
    }
  kit_result (stop, USHER_OK);
  fake_host_destroy (kit->fake);
}

/* Destroyed while libsoup has not let go of anything. */
static void
test_destroy_at_once (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *stop;

  everything_under_way (kit);
  stop = fake_reply_new (kit->fake);
  kit->fake->head->stop (kit->fake->self, stop);
  fake_clock_advance (5000);
  g_assert_true (fake_reply_done (stop));
  fake_host_destroy (kit->fake);
  for (guint i = 0; i < kit->server->requests->len; i++)
    if (!((Request *)kit->server->requests->pdata[i])->over)
      kit_accept (kit->server->requests->pdata[i], "m_x");
  fake_host_settle ();
}

static void
test_stop_right_after_start (void)
{
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (Kit) kit = kit_new ();

      fake_host_set (kit->fake, "subscribe", "true");
      fake_host_up (kit->fake);
      for (int n = 0; n < i; n++)
        g_main_context_iteration (NULL, FALSE);
      fake_host_down (kit->fake);
    }
}

static void
test_restart (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;

  for (int i = 0; i < 3; i++)
    {
      fake_host_down (kit->fake);
      kit_begin (kit);
    }
  kit_one (kit, "\"message\":{\"mid\":\"m_1\",\"text\":\"hello\"}");
  reply = kit_send (kit, "PSID1", "x");
  kit_accept (kit_sent (kit, NULL), "m_2");
  kit_result (reply, USHER_OK);
  g_assert_cmpint (kit->fake->state, ==, USHER_OK);
}

/* Two pages in one process know nothing of each other. */
static void
test_two_instances (void)
{
  g_autoptr (Kit) one = kit_up (), two = kit_up ();
  UsherReply *reply = kit_send (one, "PSID1", "x");

  kit_refuse (kit_sent (one, NULL), 400, NULL, 368, 0, FALSE);
  kit_result (reply, USHER_POLICY);
  reply = kit_send (two, "PSID1", "x");
  kit_accept (kit_sent (two, NULL), "m_1");
  kit_result (reply, USHER_OK);
  g_assert_cmpint (two->fake->state, ==, USHER_OK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/life/settings-refused", test_settings_refused);
  g_test_add_func ("/messenger/life/capabilities", test_capabilities);
  g_test_add_func ("/messenger/life/route", test_route);
  g_test_add_func ("/messenger/life/token-check", test_token_check);
  g_test_add_func ("/messenger/life/starts-when-unreachable", test_unreachable);
  g_test_add_func ("/messenger/life/reachable-again", test_reachable_again);
  g_test_add_func ("/messenger/life/subscribe", test_subscribe);
  g_test_add_func ("/messenger/life/several-problems", test_several_problems);
  g_test_add_func ("/messenger/life/stop-waits-for-what-left", test_stop_waits_for_what_left);
  g_test_add_func ("/messenger/life/stop-with-everything-under-way", test_stop_with_everything);
  g_test_add_func ("/messenger/life/stop-while-answers-come", test_stop_and_answers);
  g_test_add_func ("/messenger/life/destroy-at-once", test_destroy_at_once);
  g_test_add_func ("/messenger/life/stop-right-after-start", test_stop_right_after_start);
  g_test_add_func ("/messenger/life/restart", test_restart);
  g_test_add_func ("/messenger/life/two-instances", test_two_instances);
  return g_test_run ();
}
