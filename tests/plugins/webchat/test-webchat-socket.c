/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The webchat plugin over WebSockets: hello and resume, messages, limits, typing, receipts, tabs, ends.
 */
#include <string.h>

#include "tests/plugins/webchat/webchat-kit.h"

static gint64
number (const UcJson *object, const char *member)
{
  return uc_json_int (uc_json_get (object, member), -1);
}

static const char *
text (const UcJson *object, const char *member)
{
  return uc_json_string (uc_json_get (object, member));
}

static void
next_line (UsherSocket *socket, gint64 n, const char *author, const char *words)
{
  const UcJson *line = kit_next (socket, "line");

  g_assert_cmpint (number (line, "n"), ==, n);
  g_assert_cmpstr (text (line, "author"), ==, author);
  g_assert_cmpstr (text (line, "text"), ==, words);
}

static void
next_state (UsherSocket *socket, const char *state, const char *agent)
{
  const UcJson *body = kit_next (socket, "state");

  g_assert_cmpstr (text (body, "state"), ==, state);
  g_assert_cmpstr (text (body, "agent"), ==, agent);
}

static void
closed_with (UsherSocket *socket, int code)
{
  fake_host_settle ();
  g_assert_true (socket->closed);
  g_assert_cmpint (socket->close_code, ==, code);
}

static UsherLine *
agent_says (FakeHost *fake, const char *visitor, const char *words)
{
  UsherLine *line = fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, words);
  const UsherResult *result = fake_reply_wait (fake_send (fake, line));

  g_assert_cmpint (result->status, ==, USHER_OK);
  return line;
}

static void
notice (FakeHost *fake, const char *visitor, const char *code, const char *words)
{
  fake->channel->notice (fake->self, fake_line_add (fake, visitor, USHER_AUTHOR_SYSTEM, NULL, code, words));
}

/* An agent is in the chat, so that history brings no news of its state. */
static UsherSocket *
talk_to_ana (FakeHost *fake, const char **visitor)
{
  const char *token = kit_session (fake, visitor);

  fake_conversation_set (fake, *visitor, "active", "Ana");
  return kit_talk (fake, token);
}

/* ---- hello --------------------------------------------------------------------------------------------- */

static void
test_hello_of_a_stranger (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket = kit_hello (fake, token, 0);
  const UcJson *welcome = kit_next (socket, "welcome");

  g_assert_cmpstr (text (welcome, "visitor"), ==, visitor);
  g_assert_cmpstr (text (welcome, "state"), ==, "none");
  g_assert_null (text (welcome, "agent"));
  g_assert_cmpint (number (welcome, "server_now"), ==, fake_clock_now ());
  g_assert_cmpint (uc_json_int (kit_get (welcome, "limits", "max_text", NULL), 0), ==, 2000);
  kit_nothing (socket);
  g_assert_true (socket->open);
}

static void
test_hello_in_time (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_open (fake);

  fake_clock_advance (9999);
  g_assert_true (socket->open);
  fake_clock_advance (1);
  kit_error (socket, "hello_timeout");
  closed_with (socket, 4408);
  socket = kit_hello (fake, kit_session (fake, NULL), 0);
  fake_clock_advance (3600 * 1000);
  g_assert_true (socket->open);
}

static void
test_hello_first (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_open (fake);

  kit_say (socket, "a", "hello?");
  kit_error (socket, "hello_first");
  closed_with (socket, 4400);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
}

static void
test_hello_with_a_bad_token (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherSocket *socket;
  const char *token;

  fake_host_set (fake, "session_ttl", "1h");
  fake_host_up (fake);
  socket = kit_hello (fake, "rubbish", 0);
  kit_error (socket, "token");
  closed_with (socket, 4401);
  token = kit_session (fake, NULL);
  fake_clock_advance (3600 * 1000);
  socket = kit_hello (fake, token, 0);
  kit_error (socket, "token_expired");
  closed_with (socket, 4401);
  socket = kit_open (fake);
  fake_ws_send (socket, "{\"hello\":{}}");
  kit_error (socket, "token");
  socket = kit_hello (fake, kit_session (fake, NULL), -1);
  kit_error (socket, "invalid");
  closed_with (socket, 4400);
}

static void
test_resume_gives_what_was_missed (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket = kit_talk (fake, token);

  kit_say (socket, "one", "first");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
  next_line (socket, 1, "customer", "first");
  fake_ws_close (socket, 1006);
  agent_says (fake, visitor, "second");
  agent_says (fake, visitor, "third");
  fake_conversation_set (fake, visitor, "active", "Ana");
  socket = kit_hello (fake, token, 1);
  g_assert_cmpstr (text (kit_next (socket, "welcome"), "agent"), ==, "Ana");
  next_line (socket, 2, "agent", "second");
  next_line (socket, 3, "agent", "third");
  kit_nothing (socket);
  socket = kit_hello (fake, token, 3);
  kit_next (socket, "welcome");
  kit_nothing (socket);
}

static void
test_resume_with_an_unknown_cursor (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket;

  agent_says (fake, visitor, "only");
  socket = kit_hello (fake, token, 7);
  kit_next (socket, "welcome");
  kit_next (socket, "reset");
  next_line (socket, 1, "agent", "only");
  kit_nothing (socket);
}

static void
test_long_history_comes_in_pages (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket;
  gint64 n = 0;

  for (int i = 1; i <= 150; i++)
    fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, "x");
  socket = kit_hello (fake, token, 0);
  kit_next (socket, "welcome");
  for (int page = 0; page < 2; page++)
    {
      g_autofree char *ask = NULL;

      for (int i = 0; i < 64; i++)
        next_line (socket, ++n, "agent", "x");
      g_assert_cmpint (number (kit_next (socket, "more"), "after"), ==, n);
      kit_nothing (socket);
      if (page == 0)
        agent_says (fake, visitor, "x"); /* waits for its turn */
      kit_nothing (socket);
      ask = g_strdup_printf ("{\"after\":%" G_GINT64_FORMAT "}", n);
      fake_ws_send (socket, ask);
    }
  while (n < 151)
    next_line (socket, ++n, "agent", "x");
  kit_nothing (socket);
  agent_says (fake, visitor, "live again");
  next_line (socket, 152, "agent", "live again");
}

static void
test_lines_during_hello_come_in_order (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket;

  agent_says (fake, visitor, "one");
  fake_history_hold (fake, TRUE);
  socket = kit_hello (fake, token, 0);
  kit_nothing (socket);
  agent_says (fake, visitor, "two");
  kit_nothing (socket);
  fake_history_release (fake);
  kit_next (socket, "welcome");
  next_line (socket, 1, "agent", "one");
  next_line (socket, 2, "agent", "two");
  kit_nothing (socket);
}

static void
test_lines_pushed_out_of_order_are_put_right (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = talk_to_ana (fake, &visitor);
  UsherLine *one = fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, "one");
  UsherLine *two = fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, "two");

  fake_reply_wait (fake_send (fake, two));
  fake_reply_wait (fake_send (fake, one));
  fake_reply_wait (fake_send (fake, two));
  next_line (socket, 1, "agent", "one");
  next_line (socket, 2, "agent", "two");
  kit_nothing (socket);
}

static void
test_after_a_gap_the_client_asks (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = talk_to_ana (fake, &visitor);

  agent_says (fake, visitor, "one");
  agent_says (fake, visitor, "two");
  next_line (socket, 1, "agent", "one");
  next_line (socket, 2, "agent", "two");
  fake_ws_send (socket, "{\"after\":1}");
  next_line (socket, 2, "agent", "two");
  kit_nothing (socket);
}

static void
test_history_that_fails (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherSocket *socket;

  fake->history_status = USHER_RETRY;
  socket = kit_hello (fake, token, 0);
  kit_error (socket, "unavailable");
  closed_with (socket, 1013);
  fake->history_status = USHER_OK;
  kit_talk (fake, token);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void
test_message_is_acknowledged_when_durable (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));
  FakeDelivery *delivery;
  const UsherInbound *item;
  g_autofree char *external_id = g_strconcat (visitor, ":m-1", NULL);
  const UcJson *ack, *line;

  fake_host_auto_deliver (fake, FALSE);
  kit_say (socket, "m-1", "hello");
  delivery = fake_delivery_next (fake);
  item = delivery->items->pdata[0];
  g_assert_cmpint (item->kind, ==, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_id, ==, visitor);
  g_assert_cmpstr (item->user_name, ==, "Kim");
  g_assert_cmpstr (item->external_id, ==, external_id);
  g_assert_cmpstr (item->text, ==, "hello");
  kit_nothing (socket);
  fake_delivery_answer (delivery, USHER_OK, NULL);
  ack = kit_next (socket, "ack");
  g_assert_cmpstr (text (ack, "id"), ==, "m-1");
  g_assert_cmpint (number (ack, "n"), ==, 1);
  line = kit_next (socket, "line");
  g_assert_cmpstr (text (line, "id"), ==, "m-1");
  g_assert_cmpstr (text (line, "author"), ==, "customer");
  kit_nothing (socket);
}

static void
test_message_again_is_acknowledged_again (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherSocket *socket = kit_talk (fake, token);

  kit_say (socket, "m-1", "hello");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
  next_line (socket, 1, "customer", "hello");
  kit_say (socket, "m-1", "hello");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
  kit_nothing (socket);
  fake_ws_close (socket, 1006);
  socket = kit_hello (fake, token, 0);
  kit_say (socket, "m-1", "hello");
  kit_next (socket, "welcome");
  next_line (socket, 1, "customer", "hello");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
  kit_nothing (socket);
}

static void
refused_with (UsherSocket *socket, const char *id, const char *code)
{
  const UcJson *refused = kit_next (socket, "refused");

  g_assert_cmpstr (text (refused, "id"), ==, id);
  g_assert_cmpstr (text (refused, "code"), ==, code);
  g_assert_nonnull (text (refused, "message"));
}

static void
test_message_refused_by_the_core (void)
{
  static const struct
  {
    UsherStatus status;
    const char *code;
  } table[] = { { USHER_BUSY, "busy" },
                { USHER_RETRY, "busy" },
                { USHER_CONTENT, "content" },
                { USHER_POLICY, "refused" },
                { USHER_UNCERTAIN, "refused" } };
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));

  fake_host_auto_deliver (fake, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      kit_say (socket, "m-1", "hello");
      fake_delivery_answer (fake_delivery_next (fake), table[i].status, "No.");
      refused_with (socket, "m-1", table[i].code);
    }
  kit_say (socket, "m-1", "hello");
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
}

static void
test_message_limits (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherSocket *socket;

  fake_host_set (fake, "max_text", "5");
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  socket = kit_talk (fake, kit_session (fake, NULL));
  kit_say (socket, "a", "123456");
  refused_with (socket, "a", "too_long");
  kit_say (socket, "b", "\\n \\u2003");
  refused_with (socket, "b", "empty");
  fake_ws_send (socket, "{\"message\":{\"id\":\"c\",\"text\":\"hi\"}}");
  refused_with (socket, "c", "name");
  kit_say (socket, "d", "\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
}

static void
test_message_of_full_length_fits (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  g_autoptr (GString) words = g_string_new (NULL);
  UsherSocket *socket;

  fake_host_set (fake, "max_text", "16384");
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  socket = kit_talk (fake, kit_session (fake, NULL));
  for (int i = 0; i < 16384; i++)
    g_string_append (words, "\\ud83c\\udf89");
  kit_say (socket, "a", words->str);
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 1);
}

static void
test_message_without_a_name_where_none_is_needed (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherSocket *socket;

  fake_host_set (fake, "name_required", "false");
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  socket = kit_talk (fake, kit_session (fake, NULL));
  fake_ws_send (socket, "{\"message\":{\"id\":\"c\",\"text\":\"hi\",\"name\":\" \"}}");
  kit_next (socket, "ack");
  g_assert_null (((UsherInbound *)fake_delivery_at (fake, 0)->items->pdata[0])->user_name);
}

static void
test_message_rate (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const char *token;
  UsherSocket *socket, *other;
  const UcJson *refused;

  fake_host_set (fake, "rate_messages", "3");
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  token = kit_session (fake, NULL);
  socket = kit_talk (fake, token);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%d", i);

      kit_say (socket, id, "x");
      kit_next (socket, "ack");
      kit_next (socket, "line");
    }
  kit_say (socket, "m-3", "x");
  refused = kit_next (socket, "refused");
  g_assert_cmpstr (text (refused, "code"), ==, "too_fast");
  g_assert_cmpint (number (refused, "retry_after_ms"), ==, 3334);
  /* Neither another tab nor coming back helps. */
  fake_ws_close (socket, 1000);
  other = kit_talk (fake, token);
  kit_say (other, "m-3", "x");
  refused_with (other, "m-3", "too_fast");
  fake_clock_advance (3400);
  kit_say (other, "m-3", "x");
  g_assert_cmpint (number (kit_next (other, "ack"), "n"), ==, 4);
}

static void
test_messages_in_flight_are_bounded (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherSocket *socket;

  fake_host_set (fake, "rate_messages", "0");
  fake_host_up (fake);
  socket = kit_talk (fake, kit_session (fake, NULL));
  for (int i = 0; i < 33; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%d", i);

      kit_say (socket, id, "x");
    }
  g_assert_cmpuint (fake_delivery_count (fake), ==, 32);
  refused_with (socket, "m-32", "busy");
  while (fake_delivery_next (fake) != NULL)
    fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
}

/* ---- from the agent ------------------------------------------------------------------------------------ */

static void
test_typing_both_ways (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));
  const char *frame;

  for (int i = 0; i < 3; i++)
    fake_ws_send (socket, "{\"typing\":true}");
  g_assert_cmpuint (fake->typings->len, ==, 1);
  g_assert_true (((FakeTyping *)fake->typings->pdata[0])->on);
  g_assert_cmpstr (((FakeTyping *)fake->typings->pdata[0])->user_id, ==, visitor);
  fake_clock_advance (3000);
  fake_ws_send (socket, "{\"typing\":true}");
  g_assert_cmpuint (fake->typings->len, ==, 2);
  fake_ws_send (socket, "{\"typing\":false}");
  fake_ws_send (socket, "{\"typing\":false}");
  g_assert_cmpuint (fake->typings->len, ==, 3);
  g_assert_false (((FakeTyping *)fake->typings->pdata[2])->on);
  fake->channel->typing (fake->self, visitor, true);
  frame = fake_ws_next (socket);
  g_assert_cmpstr (frame, ==, "{\"typing\":true}");
  fake->channel->typing (fake->self, visitor, false);
  g_assert_cmpstr (fake_ws_next (socket), ==, "{\"typing\":false}");
  fake->channel->typing (fake->self, "v_nobody", true);
}

static void
test_send_to_an_absent_customer (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;

  kit_session (fake, &visitor);
  agent_says (fake, visitor, "are you there?");
}

static void
test_notices_and_state (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));
  const UcJson *line;

  notice (fake, visitor, "queued", "You are in the queue.");
  line = kit_next (socket, "line");
  g_assert_cmpstr (text (line, "author"), ==, "system");
  g_assert_cmpstr (text (line, "code"), ==, "queued");
  next_state (socket, "waiting", NULL);
  fake_conversation_set (fake, visitor, "active", "Ana");
  notice (fake, visitor, "agent_joined", "Ana joined.");
  next_line (socket, 2, "system", "Ana joined.");
  next_state (socket, "active", "Ana");
  fake->channel->typing (fake->self, visitor, true);
  g_assert_cmpstr (fake_ws_next (socket), ==, "{\"typing\":true,\"name\":\"Ana\"}");
  fake_conversation_set (fake, visitor, "ended", NULL);
  notice (fake, visitor, "ended", "The chat has ended.");
  next_line (socket, 3, "system", "The chat has ended.");
  next_state (socket, "ended", NULL);
  kit_nothing (socket);
}

static void
test_customer_ends_the_chat (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));
  g_autofree char *external_id = g_strconcat (visitor, ":e-1", NULL);
  const UsherInbound *item;

  kit_say (socket, "m-1", "hello");
  kit_next (socket, "ack");
  kit_next (socket, "line");
  fake_conversation_set (fake, visitor, "ended", NULL);
  fake_ws_send (socket, "{\"end\":{\"id\":\"e-1\"}}");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 2);
  item = fake_delivery_at (fake, 1)->items->pdata[0];
  g_assert_cmpint (item->kind, ==, USHER_INBOUND_ENDED);
  g_assert_cmpstr (item->external_id, ==, external_id);
  next_state (socket, "ended", NULL);
  next_line (socket, 2, "system", "The chat has ended.");
  fake_ws_send (socket, "{\"end\":{\"id\":\"e-1\"}}");
  g_assert_cmpint (number (kit_next (socket, "ack"), "n"), ==, 2);
  kit_nothing (socket);
}

/* ---- receipts ------------------------------------------------------------------------------------------ */

static const UsherInbound *
receipt (FakeHost *fake, guint delivery, guint item)
{
  const UsherInbound *inbound = fake_delivery_at (fake, delivery)->items->pdata[item];

  g_assert_cmpint (inbound->kind, ==, USHER_INBOUND_RECEIPT);
  return inbound;
}

static void
test_receipts (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));

  for (int i = 0; i < 3; i++)
    agent_says (fake, visitor, "x");
  fake_ws_send (socket, "{\"got\":1}");
  fake_ws_send (socket, "{\"got\":2}");
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
  fake_clock_advance (300);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
  g_assert_cmpint (receipt (fake, 0, 0)->receipt, ==, USHER_RECEIPT_DELIVERED);
  g_assert_cmpint (receipt (fake, 0, 0)->upto, ==, 2);
  g_assert_cmpstr (receipt (fake, 0, 0)->user_id, ==, visitor);
  fake_host_settle ();
  fake_ws_send (socket, "{\"read\":2}");
  fake_ws_send (socket, "{\"got\":3}");
  fake_clock_advance (300);
  fake_host_settle ();
  g_assert_cmpuint (fake_delivery_count (fake), ==, 2);
  g_assert_cmpint (receipt (fake, 1, 0)->receipt, ==, USHER_RECEIPT_DELIVERED);
  g_assert_cmpint (receipt (fake, 1, 0)->upto, ==, 3);
  g_assert_cmpint (receipt (fake, 1, 1)->receipt, ==, USHER_RECEIPT_READ);
  g_assert_cmpint (receipt (fake, 1, 1)->upto, ==, 2);
  fake_ws_send (socket, "{\"read\":3}");
  fake_clock_advance (300);
  fake_host_settle ();
  g_assert_cmpuint (fake_delivery_at (fake, 2)->items->len, ==, 1);
  g_assert_cmpint (receipt (fake, 2, 0)->receipt, ==, USHER_RECEIPT_READ);
  fake_ws_send (socket, "{\"read\":3}");
  fake_ws_send (socket, "{\"got\":1}");
  fake_clock_advance (1000);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 3);
}

static void
test_receipts_for_what_was_not_given (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));

  agent_says (fake, visitor, "x");
  fake_ws_send (socket, "{\"read\":1000000}");
  fake_clock_advance (300);
  g_assert_cmpint (receipt (fake, 0, 0)->upto, ==, 1);
}

static void
test_receipts_are_told_again_when_the_core_is_busy (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  UsherSocket *socket = kit_talk (fake, kit_session (fake, &visitor));

  fake_host_auto_deliver (fake, FALSE);
  agent_says (fake, visitor, "x");
  fake_ws_send (socket, "{\"read\":1}");
  fake_clock_advance (300);
  fake_delivery_answer (fake_delivery_next (fake), USHER_BUSY, "later");
  fake_clock_advance (2000);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 2);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  fake_clock_advance (10000);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 2);
}

static void
test_receipts_after_a_resume (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket;

  agent_says (fake, visitor, "seen, but never confirmed");
  socket = kit_hello (fake, token, 1);
  kit_next (socket, "welcome");
  fake_ws_send (socket, "{\"got\":1}");
  fake_clock_advance (300);
  g_assert_cmpint (receipt (fake, 0, 0)->upto, ==, 1);
}

/* ---- tabs and limits ----------------------------------------------------------------------------------- */

static void
test_two_tabs (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *one = kit_talk (fake, token), *two = kit_talk (fake, token);
  UsherSocket *stranger = kit_talk (fake, kit_session (fake, NULL));

  kit_say (one, "m-1", "hello");
  kit_next (one, "ack");
  next_line (one, 1, "customer", "hello");
  next_line (two, 1, "customer", "hello");
  agent_says (fake, visitor, "hi");
  next_line (one, 2, "agent", "hi");
  next_line (two, 2, "agent", "hi");
  fake_ws_close (one, 1001);
  agent_says (fake, visitor, "still there?");
  next_line (two, 3, "agent", "still there?");
  kit_nothing (stranger);
}

static void
test_too_many_tabs (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherSocket *socket = NULL;

  for (int i = 0; i < 16; i++)
    socket = kit_talk (fake, token);
  g_assert_true (socket->open);
  socket = kit_hello (fake, token, 0);
  kit_error (socket, "too_many");
  closed_with (socket, 4429);
}

static void
test_connections_per_address (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  UsherSocket *one;

  fake_host_set (fake, "sessions_per_address", "2");
  fake_host_up (fake);
  one = kit_open (fake);
  kit_open (fake);
  g_assert_cmpint (fake_ws_open (fake, "/ws", NULL, NULL)->refused, ==, 429);
  fake_ws_close (one, 1000);
  kit_open (fake);
  g_assert_cmpint (fake_ws_open (fake, "/ws", NULL, NULL)->refused, ==, 429);
  g_free (fake->remote_address);
  fake->remote_address = g_strdup ("203.0.113.8");
  kit_open (fake);
}

static void
test_a_slow_reader_resumes (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket = kit_talk (fake, token);

  socket->full = TRUE;
  agent_says (fake, visitor, "one");
  agent_says (fake, visitor, "two");
  closed_with (socket, 1013);
  socket = kit_hello (fake, token, 0);
  kit_next (socket, "welcome");
  next_line (socket, 1, "agent", "one");
  next_line (socket, 2, "agent", "two");
}

/* ---- senseless input ----------------------------------------------------------------------------------- */

static void
test_senseless_frames (void)
{
  static const char *const table[][2] = {
    { "", "not_json" },
    { "{", "not_json" },
    { "{\"typing\":true}x", "not_json" },
    { "[]", "unknown" },
    { "7", "unknown" },
    { "null", "unknown" },
    { "{}", "unknown" },
    { "{\"fly\":1}", "unknown" },
    { "{\"hello\":{}}", "invalid" },
    { "{\"message\":7}", "invalid" },
    { "{\"message\":{\"text\":\"x\",\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"\",\"text\":\"x\",\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"a b\",\"text\":\"x\",\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"a:b\",\"text\":\"x\",\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"text\":\"x\"}"
      "}",
      "invalid" },
    { "{\"message\":{\"id\":7,\"text\":\"x\",\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"a\",\"text\":7,\"name\":\"Kim\"}}", "invalid" },
    { "{\"message\":{\"id\":\"a\",\"text\":\"x\",\"name\":[]}}", "invalid" },
    { "{\"end\":{}}", "invalid" },
    { "{\"end\":true}", "invalid" },
    { "{\"typing\":\"yes\"}", "invalid" },
    { "{\"got\":\"1\"}", "invalid" },
    { "{\"got\":-1}", "invalid" },
    { "{\"read\":1.5}", "invalid" },
    { "{\"read\":null}", "invalid" },
    { "{\"after\":-1}", "invalid" },
    { "{\"after\":{}}", "invalid" },
  };
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      UsherSocket *socket = kit_talk (fake, token);

      g_test_message ("%s", table[i][0]);
      fake_ws_send (socket, table[i][0]);
      kit_error (socket, table[i][1]);
      g_assert_true (socket->open);
      fake_ws_close (socket, 1000);
      fake_clock_advance (1000);
    }
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
}

static void
test_too_much_nonsense_closes (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));

  for (int i = 0; i < 8; i++)
    {
      g_assert_true (socket->open);
      fake_ws_send (socket, "nonsense");
      kit_error (socket, "not_json");
    }
  kit_error (socket, "protocol");
  closed_with (socket, 4400);
}

static void
test_binary_closes (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));

  fake_ws_send_bytes (socket, "{}", 2, TRUE);
  kit_error (socket, "binary");
  closed_with (socket, 1003);
}

static void
test_too_many_frames_close (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));
  int sent = 0;

  for (; socket->open && sent < 1000; sent++)
    fake_ws_send (socket, "{\"ping\":1}");
  g_assert_cmpint (sent, ==, 100); /* with hello, 101 */
  closed_with (socket, 4429);
}

static void
test_ping (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));

  fake_ws_send (socket, "{\"ping\":42}");
  g_assert_cmpint (uc_json_int (kit_next (socket, "pong"), 0), ==, 42);
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

static void
test_stop_waits_for_what_is_under_way (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  UsherSocket *socket = kit_talk (fake, kit_session (fake, NULL));
  UsherReply *reply = fake_reply_new (fake);

  fake_host_auto_deliver (fake, FALSE);
  kit_say (socket, "m-1", "hello");
  fake->head->stop (fake->self, reply);
  closed_with (socket, 1001);
  g_assert_false (fake_reply_done (reply));
  g_assert_cmpint (fake_ws_open (fake, "/ws", NULL, NULL)->refused, ==, 503);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  g_assert_cmpint (fake_reply_wait (reply)->status, ==, USHER_OK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webchat/hello/of-a-stranger", test_hello_of_a_stranger);
  g_test_add_func ("/webchat/hello/in-time", test_hello_in_time);
  g_test_add_func ("/webchat/hello/first", test_hello_first);
  g_test_add_func ("/webchat/hello/with-a-bad-token", test_hello_with_a_bad_token);
  g_test_add_func ("/webchat/resume/gives-what-was-missed", test_resume_gives_what_was_missed);
  g_test_add_func ("/webchat/resume/with-an-unknown-cursor", test_resume_with_an_unknown_cursor);
  g_test_add_func ("/webchat/resume/long-history-comes-in-pages", test_long_history_comes_in_pages);
  g_test_add_func ("/webchat/resume/lines-during-hello", test_lines_during_hello_come_in_order);
  g_test_add_func ("/webchat/lines/out-of-order-are-put-right", test_lines_pushed_out_of_order_are_put_right);
  g_test_add_func ("/webchat/lines/after-a-gap-the-client-asks", test_after_a_gap_the_client_asks);
  g_test_add_func ("/webchat/lines/history-that-fails", test_history_that_fails);
  g_test_add_func ("/webchat/message/acknowledged-when-durable", test_message_is_acknowledged_when_durable);
  g_test_add_func ("/webchat/message/again-is-acknowledged-again", test_message_again_is_acknowledged_again);
  g_test_add_func ("/webchat/message/refused-by-the-core", test_message_refused_by_the_core);
  g_test_add_func ("/webchat/message/limits", test_message_limits);
  g_test_add_func ("/webchat/message/of-full-length-fits", test_message_of_full_length_fits);
  g_test_add_func ("/webchat/message/without-a-name", test_message_without_a_name_where_none_is_needed);
  g_test_add_func ("/webchat/message/rate", test_message_rate);
  g_test_add_func ("/webchat/message/in-flight-is-bounded", test_messages_in_flight_are_bounded);
  g_test_add_func ("/webchat/agent/typing-both-ways", test_typing_both_ways);
  g_test_add_func ("/webchat/agent/send-to-an-absent-customer", test_send_to_an_absent_customer);
  g_test_add_func ("/webchat/agent/notices-and-state", test_notices_and_state);
  g_test_add_func ("/webchat/end/by-the-customer", test_customer_ends_the_chat);
  g_test_add_func ("/webchat/receipts/coalesced", test_receipts);
  g_test_add_func ("/webchat/receipts/for-what-was-not-given", test_receipts_for_what_was_not_given);
  g_test_add_func ("/webchat/receipts/again-when-busy", test_receipts_are_told_again_when_the_core_is_busy);
  g_test_add_func ("/webchat/receipts/after-a-resume", test_receipts_after_a_resume);
  g_test_add_func ("/webchat/tabs/two", test_two_tabs);
  g_test_add_func ("/webchat/tabs/too-many", test_too_many_tabs);
  g_test_add_func ("/webchat/tabs/per-address", test_connections_per_address);
  g_test_add_func ("/webchat/tabs/a-slow-reader-resumes", test_a_slow_reader_resumes);
  g_test_add_func ("/webchat/nonsense/each-kind", test_senseless_frames);
  g_test_add_func ("/webchat/nonsense/too-much-closes", test_too_much_nonsense_closes);
  g_test_add_func ("/webchat/nonsense/binary-closes", test_binary_closes);
  g_test_add_func ("/webchat/nonsense/too-many-frames-close", test_too_many_frames_close);
  g_test_add_func ("/webchat/ping", test_ping);
  g_test_add_func ("/webchat/stop/waits-for-what-is-under-way", test_stop_waits_for_what_is_under_way);
  return g_test_run ();
}
