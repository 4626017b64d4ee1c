/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages to customers: what is sent, what every answer means, limits, pauses, order, typing and seen.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

#define MINUTE_MS (60 * 1000)

/* ---- the request --------------------------------------------------------------------------------------- */

static void
test_request (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherLine *line
      = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_AGENT, "Ana", NULL, "It left \"today\" \xe2\x82\xac");
  g_autofree char *expected = g_strdup_printf ("{\"recipient\":{\"id\":\"PSID1\"},\"messaging_type\":\"RESPONSE\","
                                               "\"message\":{\"text\":\"It left \\\"today\\\" "
                                               "\xe2\x82\xac\",\"metadata\":\"usher:out:%s\"}}",
                                               line->message_id);
  UsherReply *reply = fake_send (kit->fake, line);
  Request *request = kit_sent (kit, NULL);

  g_assert_cmpstr (request->body, ==, expected);
  g_assert_null (request->query);
  kit_accept (request, "m_xyz");
  g_assert_cmpstr (kit_result (reply, USHER_OK)->external_id, ==, "m_xyz");
  kit_no_leak (kit, "It left");
}

static void
test_tag (void)
{
  g_autoptr (Kit) kit = kit_new ();
  UsherLine *line;
  const UcJson *body;
  Request *request;
  UsherReply *reply;

  fake_host_set (kit->fake, "human_agent", "true");
  kit_begin (kit);
  line = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_AGENT, "Ana", NULL, "Sorry for the delay.");
  line->window = 1;
  reply = fake_send (kit->fake, line);
  request = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "messaging_type", NULL), ==, "MESSAGE_TAG");
  g_assert_cmpstr (kit_text (body, "tag", NULL), ==, "HUMAN_AGENT");
  kit_accept (request, "m_1");
  kit_result (reply, USHER_OK);
  /* Never by a machine. */
  line = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_SYSTEM, NULL, "ended", "The chat has ended.");
  line->window = 1;
  kit_result (fake_send (kit->fake, line), USHER_WINDOW);
  kit->fake->channel->notice (kit->fake->self, line);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
}

static void
test_refused_before_sending (void)
{
  g_autoptr (Kit) kit = kit_up ();
  static const UsherAttachment image = { .struct_size = sizeof image, .kind = "image", .media = "med_1" };
  static const UsherAttachment *const images[] = { &image, NULL };
  g_autofree char *fits = NULL, *too_long = NULL;
  UsherLine *late = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_AGENT, "Ana", NULL, "late");
  UsherLine *media = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_AGENT, "Ana", NULL, "");
  GString *text = g_string_new (NULL);
  UsherReply *reply;

  late->window = 1;
  g_assert_nonnull (strstr (kit_result (fake_send (kit->fake, late), USHER_WINDOW)->message, "human_agent"));
  kit_result (fake_send (kit->fake, media), USHER_CONTENT);
  media->attachments = images;
  kit_result (fake_send (kit->fake, media), USHER_CONTENT);
  media->attachments = NULL;
  for (int i = 0; i < 2000; i++)
    g_string_append (text, "\xf0\x9f\x98\x80");
  fits = g_strdup (text->str);
  too_long = g_strconcat (fits, "x", NULL);
  g_string_free (text, TRUE);
  kit_result (kit_send (kit, "PSID1", too_long), USHER_CONTENT);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  reply = kit_send (kit, "PSID1", fits);
  kit_accept (kit_sent (kit, NULL), "m_1");
  kit_result (reply, USHER_OK);
}

static void
test_proof (void)
{
  g_autoptr (Kit) kit = kit_new ();
  Request *request;

  fake_host_set (kit->fake, "appsecret_proof", "true");
  kit_begin (kit);
  kit_send (kit, "PSID1", "x");
  request = kit_sent (kit, NULL);
  g_assert_cmpstr (request->query, ==,
                   "appsecret_proof=d8b448b9cc7d64c51098271805b3cc20b5b715e52bd587eb71b610259587c856");
  kit_accept (request, "m_1");
}

static void
test_base_with_path (void)
{
  g_autoptr (Kit) kit = kit_new ();
  g_autofree char *base = g_strdup_printf ("http://127.0.0.1:%u/graph/", kit->server->port);

  fake_host_set (kit->fake, "base_url", base);
  fake_host_set (kit->fake, "api_version", "v26.0");
  fake_host_up (kit->fake);
  kit_send (kit, "PSID1", "x");
  kit_accept (server_take (kit->server, "POST", "/graph/v26.0/PAGE1/messages"), "m_1");
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
test_error_rows (void)
{
  static const struct
  {
    guint http;
    gint64 code, subcode;
    gboolean transient;
    UsherStatus status;
    const char *says;
  } rows[] = {
    { 400, 1, 0, FALSE, USHER_RETRY, "Graph error 1" },
    { 500, 2, 0, FALSE, USHER_RETRY, "Graph error 2" },
    { 503, 1200, 0, FALSE, USHER_RETRY, "1200" },
    { 400, 1200, 33, TRUE, USHER_RETRY, "1200/33" },
    { 400, 10, 2018278, FALSE, USHER_WINDOW, "window" },
    { 400, 10, 2534022, FALSE, USHER_WINDOW, "window" },
    { 400, 10, 2018065, FALSE, USHER_WINDOW, "window" },
    { 400, 551, 0, FALSE, USHER_RECIPIENT, "reach" },
    { 403, 200, 1545041, FALSE, USHER_RECIPIENT, "reach" },
    { 400, 100, 2018001, FALSE, USHER_RECIPIENT, "reach" },
    { 400, 100, 2018108, FALSE, USHER_CONTENT, "refuses" },
    { 400, 100, 2018109, FALSE, USHER_CONTENT, "refuses" },
    { 400, 100, 0, FALSE, USHER_CONTENT, "(#100) Nope" },
    { 400, 190, 463, FALSE, USHER_AUTH, "token" },
    { 400, 102, 0, FALSE, USHER_AUTH, "token" },
    { 403, 10, 0, FALSE, USHER_AUTH, "permission" },
    { 403, 200, 0, FALSE, USHER_AUTH, "permission" },
    { 403, 299, 0, FALSE, USHER_AUTH, "permission" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      UsherReply *reply = kit_send (kit, "PSID1", "secret text");
      const UsherResult *result;

      kit_refuse (kit_sent (kit, NULL), rows[i].http, NULL, rows[i].code, rows[i].subcode, rows[i].transient);
      result = kit_result (reply, rows[i].status);
      if (strstr (result->message, rows[i].says) == NULL)
        g_error ("\"%s\" does not say \"%s\"", result->message, rows[i].says);
      kit_no_leak (kit, "secret text");
    }
}

static void
test_answers_that_are_no_graph (void)
{
  static const struct
  {
    guint http;
    const char *headers, *body;
    UsherStatus status;
  } rows[] = {
    { 200, NULL, "<html>It works!</html>", USHER_UNCERTAIN },
    { 200, NULL, "", USHER_UNCERTAIN },
    { 200, NULL, "{\"recipient_id\":\"PSID1\"}", USHER_OK },
    { 200, NULL, "{\"error\":{\"message\":\"x\",\"code\":551}}", USHER_RECIPIENT },
    { 302, "Location: http://127.0.0.1:1/login\r\n", "", USHER_AUTH },
    { 404, NULL, "not found", USHER_AUTH },
    { 403, NULL, "<h1>Forbidden</h1>", USHER_AUTH },
    { 413, NULL, "too large", USHER_CONTENT },
    { 502, NULL, "bad gateway", USHER_RETRY },
    { 429, NULL, "", USHER_RETRY },
    { 400, NULL, "{\"error\":\"odd\"}", USHER_CONTENT },
    { 500, NULL, "{\"error\":{\"message\":7,\"code\":\"x\",\"error_subcode\":[]}}", USHER_RETRY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      UsherReply *reply = kit_send (kit, "PSID1", "x");
      const UsherResult *result;

      request_answer (kit_sent (kit, NULL), rows[i].http, rows[i].headers, rows[i].body);
      result = kit_result (reply, rows[i].status);
      if (rows[i].status == USHER_OK)
        g_assert_null (result->external_id);
    }
}

/* What Meta quotes of our request goes neither to agents nor into logs. */
static void
test_token_in_error (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");
  const UsherResult *result;

  request_answer (kit_sent (kit, NULL), 400, NULL,
                  "{\"error\":{\"message\":\"Malformed access token page-token\\n\\u0007\",\"code\":190}}");
  result = kit_result (reply, USHER_AUTH);
  g_assert_null (strstr (result->message, "page-token"));
  g_assert_nonnull (strstr (result->message, "Malformed access token [hidden]"));
  g_assert_null (strchr (result->message, '\n'));
}

static void
test_three_tries (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherLine *line = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_AGENT, "Ana", NULL, "x");

  for (int i = 0; i < 3; i++)
    {
      UsherReply *reply = fake_send (kit->fake, line);

      kit_refuse (kit_sent (kit, NULL), 500, NULL, 2, 0, TRUE);
      g_assert_nonnull (strstr (kit_result (reply, i < 2 ? USHER_RETRY : USHER_RECIPIENT)->message, "2"));
    }
  /* Another message begins anew. */
  UsherReply *reply = kit_send (kit, "PSID1", "y");
  kit_refuse (kit_sent (kit, NULL), 500, NULL, 2, 0, TRUE);
  kit_result (reply, USHER_RETRY);
}

/* ---- limits and pauses --------------------------------------------------------------------------------- */

static void
test_rate_headers (void)
{
  static const struct
  {
    gint64 code;
    const char *headers;
    gint64 wait;
  } rows[] = {
    { 80006, "X-Business-Use-Case-Usage: {\"PAGE1\":[{\"estimated_time_to_regain_access\":12}]}\r\n",
      12 * MINUTE_MS },
    { 613, "X-Business-Use-Case-Usage: {\"PAGE1\":[{\"estimated_time_to_regain_access\":3}]}\r\n", 3 * MINUTE_MS },
    { 4, "X-App-Usage: {\"call_count\":100,\"total_time\":3}\r\n", 5 * MINUTE_MS },
    { 17, NULL, MINUTE_MS },
    { 32, "X-App-Usage: {\"call_count\":3}\r\n", MINUTE_MS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      UsherReply *reply = kit_send (kit, "PSID1", "x");

      kit_refuse (kit_sent (kit, NULL), 400, rows[i].headers, rows[i].code, 0, FALSE);
      g_assert_cmpint (kit_result (reply, USHER_RETRY)->retry_after_ms, ==, rows[i].wait);
      /* It holds back the account: nobody is asked. */
      fake_clock_advance (10000);
      g_assert_cmpint (kit_result (kit_send (kit, "PSID2", "y"), USHER_RETRY)->retry_after_ms, ==,
                       rows[i].wait - 10000);
      g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
      fake_clock_advance (rows[i].wait);
      reply = kit_send (kit, "PSID2", "y");
      kit_accept (kit_sent (kit, NULL), "m_1");
      kit_result (reply, USHER_OK);
    }
}

/* 613 without a header may be about one conversation only. */
static void
test_rate_of_one (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_refuse (kit_sent (kit, NULL), 400, NULL, 613, 0, FALSE);
  g_assert_cmpint (kit_result (reply, USHER_RETRY)->retry_after_ms, ==, MINUTE_MS);
  reply = kit_send (kit, "PSID2", "y");
  kit_accept (kit_sent (kit, NULL), "m_1");
  kit_result (reply, USHER_OK);
}

static void
test_own_ration (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherLine *note = fake_line_add (kit->fake, "PSID9", USHER_AUTHOR_CUSTOMER, NULL, NULL, "x");
  guint came = 0;

  for (int i = 0; i < 310; i++)
    {
      g_autofree char *user_id = g_strdup_printf ("P%d", i);

      kit_send (kit, user_id, "x");
    }
  kit->fake->channel->seen (kit->fake->self, note); /* dropped: there is no room */
  for (; came < 300; came++)
    kit_accept (kit_sent (kit, NULL), "m");
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  g_assert_cmpuint (fake_host_open_replies (kit->fake), >=, 10);
  fake_clock_advance (1000);
  for (; came < 310; came++)
    {
      const UcJson *body;
      Request *request = kit_sent (kit, &body);

      g_assert_null (kit_get (body, "sender_action", NULL));
      kit_accept (request, "m");
    }
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
}

static void
refuse_policy (Kit *kit, gint64 code, gint64 subcode, int minutes)
{
  UsherReply *reply = kit_send (kit, "PSID1", "x");
  g_autofree char *says = g_strdup_printf ("for %d minutes", minutes);

  kit_refuse (kit_sent (kit, NULL), 400, NULL, code, subcode, FALSE);
  g_assert_cmpint (kit_result (reply, USHER_POLICY)->retry_after_ms, ==, minutes * MINUTE_MS);
  kit_state (kit, USHER_POLICY, says);
}

static void
test_policy_pause (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = kit_event ("\"message\":{\"mid\":\"m_1\",\"text\":\"still there?\"}");
  UsherReply *reply;

  refuse_policy (kit, 10, 1893063, 30);
  fake_clock_advance (29 * MINUTE_MS);
  g_assert_cmpint (kit_result (kit_send (kit, "PSID2", "x"), USHER_POLICY)->retry_after_ms, ==, MINUTE_MS);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  /* Customers are heard all the while. */
  g_assert_nonnull (kit_events (kit, "%s", event));
  fake_clock_advance (MINUTE_MS);
  refuse_policy (kit, 368, 0, 60);
  fake_clock_advance (60 * MINUTE_MS);
  refuse_policy (kit, 100, 2534122, 120);
  fake_clock_advance (120 * MINUTE_MS);
  reply = kit_send (kit, "PSID1", "x");
  kit_accept (kit_sent (kit, NULL), "m_2");
  kit_result (reply, USHER_OK);
  kit_state (kit, USHER_OK, NULL);
  refuse_policy (kit, 10, 2534029, 30);
}

/* What was under way when the restriction came does not lengthen it. */
static void
test_policy_once (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *one = kit_send (kit, "P1", "x"), *two = kit_send (kit, "P2", "x");
  Request *first = kit_sent (kit, NULL), *second = kit_sent (kit, NULL);

  kit_refuse (first, 400, NULL, 368, 0, FALSE);
  kit_refuse (second, 400, NULL, 368, 0, FALSE);
  g_assert_cmpint (kit_result (one, USHER_POLICY)->retry_after_ms, ==, 30 * MINUTE_MS);
  g_assert_cmpint (kit_result (two, USHER_POLICY)->retry_after_ms, ==, 30 * MINUTE_MS);
  kit_state (kit, USHER_POLICY, "for 30 minutes");
}

/* ---- uncertainty --------------------------------------------------------------------------------------- */

static void
test_time_out (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_sent (kit, NULL);
  fake_clock_advance (29000);
  g_assert_false (fake_reply_done (reply));
  fake_clock_advance (1000);
  kit_result (reply, USHER_UNCERTAIN);
  fake_clock_advance (MINUTE_MS);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0); /* never repeated here */
}

static void
test_reset (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  request_drop (kit_sent (kit, NULL));
  kit_result (reply, USHER_UNCERTAIN);
  fake_clock_advance (MINUTE_MS);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
}

static void
test_half_an_answer (void)
{
  g_autoptr (Kit) kit = kit_up ();
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"recipient_id\":";
  UsherReply *reply = kit_send (kit, "PSID1", "x");
  Request *request = kit_sent (kit, NULL);

  request_say (request, head, strlen (head));
  fake_host_settle ();
  request_drop (request);
  kit_result (reply, USHER_UNCERTAIN);
  reply = kit_send (kit, "PSID1", "y");
  request = kit_sent (kit, NULL);
  request_say (request, head, strlen (head));
  fake_host_settle ();
  fake_clock_advance (30000);
  kit_result (reply, USHER_UNCERTAIN);
}

static void
test_endless_answer (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *large = g_strnfill (300 * 1024, ' ');
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  request_answer (kit_sent (kit, NULL), 200, NULL, large);
  kit_result (reply, USHER_UNCERTAIN);
}

static void
test_refused_connection (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;

  server_close (kit->server);
  reply = kit_send (kit, "PSID1", "x");
  kit_result (reply, USHER_RETRY);
  kit_state (kit, USHER_RETRY, "can't be reached");
}

/* A connection that is there but says nothing until our time is over: the request may have been read. */
static gboolean
has_unread (gpointer data)
{
  return ((Server *)data)->unread->len > 0;
}

static void
test_deaf (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;

  kit->server->deaf = TRUE;
  reply = kit_send (kit, "PSID1", "x");
  fake_host_wait (has_unread, kit->server, "a connection");
  fake_host_settle ();
  fake_clock_advance (30000);
  kit_result (reply, USHER_UNCERTAIN);
}

static void
test_unknown_host (void)
{
  g_autoptr (Kit) kit = kit_new ();
  UsherReply *reply;

  fake_host_set (kit->fake, "base_url", "http://no-such-host.invalid");
  fake_host_up (kit->fake);
  reply = kit_send (kit, "PSID1", "x");
  kit_result (reply, USHER_RETRY);
}

/* ---- order --------------------------------------------------------------------------------------------- */

static void
test_lane (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherLine *joined
      = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_SYSTEM, NULL, "agent_joined", "Ana has joined the chat.");
  UsherReply *reply, *other;
  const UcJson *body;
  Request *request;
  g_autofree char *metadata = g_strconcat ("usher:note:", joined->message_id, NULL);

  kit->fake->channel->notice (kit->fake->self, joined);
  reply = kit_send (kit, "PSID1", "Hello");
  request = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "message", "text", NULL), ==, "Ana has joined the chat.");
  g_assert_cmpstr (kit_text (body, "message", "metadata", NULL), ==, metadata);
  g_assert_cmpstr (kit_text (body, "messaging_type", NULL), ==, "RESPONSE");
  /* Another person does not wait. */
  other = kit_send (kit, "PSID2", "Hi");
  Request *second = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "recipient", "id", NULL), ==, "PSID2");
  kit_accept (second, "m_2");
  kit_result (other, USHER_OK);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  kit_refuse (request, 400, NULL, 100, 0, FALSE); /* a system line that fails holds nothing up */
  request = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "message", "text", NULL), ==, "Hello");
  kit_accept (request, "m_3");
  kit_result (reply, USHER_OK);
}

static void
test_announce (void)
{
  static const char *const codes[] = { "queued", "agent_joined", "agent_left", "ended", "brand_new" };
  static const struct
  {
    const char *setting;
    guint sent;
  } rows[] = { { NULL, 2 }, { "queued,agent_left,ended", 3 }, { "none", 0 }, { "ended", 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new ();

      fake_host_set (kit->fake, "announce", rows[i].setting);
      kit_begin (kit);
      for (gsize c = 0; c < G_N_ELEMENTS (codes); c++)
        {
          g_autofree char *user_id = g_strdup_printf ("P%" G_GSIZE_FORMAT, c);

          kit->fake->channel->notice (kit->fake->self, fake_line_add (kit->fake, user_id, USHER_AUTHOR_SYSTEM,
                                                                      NULL, codes[c], "A sentence."));
        }
      for (guint n = 0; n < rows[i].sent; n++)
        kit_accept (kit_sent (kit, NULL), "m");
      g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
    }
}

static void
test_slow_note (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;
  const UcJson *body;

  kit->fake->channel->notice (kit->fake->self, fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_SYSTEM, NULL,
                                                              "agent_joined", "Ana has joined."));
  reply = kit_send (kit, "PSID1", "Hello");
  kit_sent (kit, NULL);
  fake_clock_advance (10000);
  Request *request = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "message", "text", NULL), ==, "Hello");
  kit_accept (request, "m_1");
  kit_result (reply, USHER_OK);
}

/* The core gave up waiting while it waited here: then it must not go out behind its back. */
static void
test_cancelled_before_sent (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply;
  Request *request;

  kit->fake->channel->notice (kit->fake->self, fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_SYSTEM, NULL,
                                                              "agent_joined", "Ana has joined."));
  reply = kit_send (kit, "PSID1", "Hello");
  request = kit_sent (kit, NULL);
  fake_reply_cancel (reply);
  kit_accept (request, "m_1");
  kit_result (reply, USHER_CANCELLED);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
}

/* ---- typing and seen ----------------------------------------------------------------------------------- */

static void
expect_action (Kit *kit, const char *action)
{
  const UcJson *body;
  Request *request = kit_sent (kit, &body);
  g_autofree char *expected
      = g_strdup_printf ("{\"recipient\":{\"id\":\"PSID1\"},\"sender_action\":\"%s\"}", action);

  g_assert_cmpstr (request->body, ==, expected);
  request_answer (request, 200, NULL, "{\"recipient_id\":\"PSID1\"}");
}

static void
test_typing (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherChannelOps *channel = kit->fake->channel;

  channel->typing (kit->fake->self, "PSID1", true);
  expect_action (kit, "typing_on");
  fake_clock_advance (3000);
  channel->typing (kit->fake->self, "PSID1", true); /* it still shows */
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  fake_clock_advance (8000);
  channel->typing (kit->fake->self, "PSID1", true);
  expect_action (kit, "typing_on");
  channel->typing (kit->fake->self, "PSID1", false);
  expect_action (kit, "typing_off");
  channel->typing (kit->fake->self, "PSID1", false);
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
  channel->typing (kit->fake->self, "PSID1", true);
  expect_action (kit, "typing_on");
  /* A message ends the dots; the next ones are asked for at once. */
  kit_send (kit, "PSID1", "x");
  kit_accept (kit_sent (kit, NULL), "m_1");
  fake_host_wait ((gboolean (*) (gpointer))fake_reply_done, kit_send (kit, "PSID1", ""), "the refusal");
  fake_host_settle ();
  channel->typing (kit->fake->self, "PSID1", true);
  expect_action (kit, "typing_on");
}

static void
test_seen (void)
{
  g_autoptr (Kit) kit = kit_up ();

  kit->fake->channel->seen (kit->fake->self,
                            fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_CUSTOMER, NULL, NULL, "hello"));
  expect_action (kit, "mark_seen");
}

static void
test_actions_are_dropped (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_refuse (kit_sent (kit, NULL), 400, NULL, 4, 0, FALSE);
  kit_result (reply, USHER_RETRY);
  kit->fake->channel->typing (kit->fake->self, "PSID1", true);
  kit->fake->channel->seen (kit->fake->self,
                            fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_CUSTOMER, NULL, NULL, "hello"));
  g_assert_cmpuint (server_waiting (kit->server, "POST", SEND), ==, 0);
}

/* ---- credentials --------------------------------------------------------------------------------------- */

static void
test_token_expires_and_is_back (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_refuse (kit_sent (kit, NULL), 401, NULL, 190, 463, FALSE);
  kit_result (reply, USHER_AUTH);
  kit_state (kit, USHER_AUTH, "page_access_token");
  g_assert_nonnull (strstr (kit->fake->state_message, "190/463"));
  g_assert_nonnull (strstr (kit->fake->state_message, "PAGE1"));
  reply = kit_send (kit, "PSID1", "y");
  kit_accept (kit_sent (kit, NULL), "m_1");
  kit_result (reply, USHER_OK);
  kit_state (kit, USHER_OK, NULL);
}

/* Also when nobody writes. */
static void
test_token_is_tried_again (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_refuse (kit_sent (kit, NULL), 401, NULL, 190, 0, FALSE);
  kit_result (reply, USHER_AUTH);
  fake_clock_advance (30000);
  kit_refuse (server_take (kit->server, "GET", "/v25.0/me"), 401, NULL, 190, 0, FALSE);
  fake_host_settle ();
  fake_clock_advance (59000);
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/v25.0/me"), ==, 0);
  fake_clock_advance (1000);
  request_answer (server_take (kit->server, "GET", "/v25.0/me"), 200, NULL, "{\"id\":\"PAGE1\"}");
  kit_state (kit, USHER_OK, NULL);
}

static void
test_permission (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherReply *reply = kit_send (kit, "PSID1", "x");

  kit_refuse (kit_sent (kit, NULL), 403, NULL, 200, 0, FALSE);
  kit_result (reply, USHER_AUTH);
  kit_state (kit, USHER_AUTH, "pages_messaging");
  reply = kit_send (kit, "PSID1", "y");
  kit_accept (kit_sent (kit, NULL), "m_1");
  kit_result (reply, USHER_OK);
  kit_state (kit, USHER_OK, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/send/request", test_request);
  g_test_add_func ("/messenger/send/human-agent-tag", test_tag);
  g_test_add_func ("/messenger/send/refused-before-sending", test_refused_before_sending);
  g_test_add_func ("/messenger/send/appsecret-proof", test_proof);
  g_test_add_func ("/messenger/send/base-url-with-a-path", test_base_with_path);
  g_test_add_func ("/messenger/send/every-error-row", test_error_rows);
  g_test_add_func ("/messenger/send/answers-that-are-not-the-graph-api", test_answers_that_are_no_graph);
  g_test_add_func ("/messenger/send/token-in-an-error", test_token_in_error);
  g_test_add_func ("/messenger/send/code-2-is-tried-three-times", test_three_tries);
  g_test_add_func ("/messenger/send/rate-headers", test_rate_headers);
  g_test_add_func ("/messenger/send/rate-of-one-conversation", test_rate_of_one);
  g_test_add_func ("/messenger/send/own-ration", test_own_ration);
  g_test_add_func ("/messenger/send/restriction-pauses-and-doubles", test_policy_pause);
  g_test_add_func ("/messenger/send/restriction-counts-once", test_policy_once);
  g_test_add_func ("/messenger/send/time-out-is-uncertain", test_time_out);
  g_test_add_func ("/messenger/send/reset-is-uncertain", test_reset);
  g_test_add_func ("/messenger/send/half-an-answer-is-uncertain", test_half_an_answer);
  g_test_add_func ("/messenger/send/endless-answer-is-uncertain", test_endless_answer);
  g_test_add_func ("/messenger/send/refused-connection-is-for-later", test_refused_connection);
  g_test_add_func ("/messenger/send/deaf-server-is-uncertain", test_deaf);
  g_test_add_func ("/messenger/send/unknown-host-is-for-later", test_unknown_host);
  g_test_add_func ("/messenger/send/one-call-at-a-time-per-person", test_lane);
  g_test_add_func ("/messenger/send/announce", test_announce);
  g_test_add_func ("/messenger/send/slow-system-line", test_slow_note);
  g_test_add_func ("/messenger/send/cancelled-before-it-was-sent", test_cancelled_before_sent);
  g_test_add_func ("/messenger/send/typing", test_typing);
  g_test_add_func ("/messenger/send/seen", test_seen);
  g_test_add_func ("/messenger/send/actions-are-dropped-when-held", test_actions_are_dropped);
  g_test_add_func ("/messenger/send/token-expires-and-is-back", test_token_expires_and_is_back);
  g_test_add_func ("/messenger/send/token-is-tried-again", test_token_is_tried_again);
  g_test_add_func ("/messenger/send/permission", test_permission);
  return g_test_run ();
}
