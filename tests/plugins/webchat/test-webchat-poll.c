/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The webchat plugin without WebSockets: send and long poll.
 */
#include <string.h>

#include "tests/plugins/webchat/webchat-kit.h"

static UsherExchange *
send (FakeHost *fake, const char *token, const char *frames)
{
  g_autofree char *body = g_strdup_printf ("{\"token\":\"%s\",\"frames\":%s}", token, frames);

  return kit_post (fake, "/send", fake->origin, body);
}

/* The body of frame i of an answer, which must be of this kind. */
static const UcJson *
frame (const UcJson *answer, guint i, const char *key)
{
  const UcJson *body = kit_get (uc_json_at (uc_json_get (answer, "frames"), i), key, NULL);

  if (body == NULL)
    g_error ("frame %u is not '%s'", i, key);
  return body;
}

static guint
frames (const UcJson *answer)
{
  return (guint)uc_json_length (uc_json_get (answer, "frames"));
}

static gint64
number (const UcJson *object, const char *member)
{
  return uc_json_int (uc_json_get (object, member), -1);
}

static const char *
code (const UcJson *answer)
{
  return uc_json_string (kit_get (answer, "error", "code", NULL));
}

static void
agent_says (FakeHost *fake, const char *visitor, const char *words)
{
  UsherLine *line = fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, words);

  fake_reply_wait (fake_send (fake, line));
}

static void
test_send_answers_when_all_is_decided (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherExchange *exchange;
  const UcJson *answer;

  fake_host_auto_deliver (fake, FALSE);
  exchange
      = send (fake, token,
              "[{\"message\":{\"id\":\"a\",\"text\":\"one\",\"name\":\"Kim\"}},{\"typing\":true},{\"nothing\":1},"
              "{\"message\":{\"id\":\"b\",\"text\":\"two\",\"name\":\"Kim\"}},{\"ping\":5}]");
  g_assert_false (exchange->answered);
  fake_delivery_answer (fake_delivery_at (fake, 1), USHER_BUSY, "full");
  g_assert_false (exchange->answered);
  fake_delivery_answer (fake_delivery_at (fake, 0), USHER_OK, NULL);
  answer = kit_answer (exchange, 200);
  g_assert_cmpuint (frames (answer), ==, 4);
  g_assert_cmpint (number (frame (answer, 0, "ack"), "n"), ==, 1);
  frame (answer, 1, "error");
  g_assert_cmpstr (uc_json_string (uc_json_get (frame (answer, 2, "refused"), "code")), ==, "busy");
  g_assert_cmpint (uc_json_int (frame (answer, 3, "pong"), 0), ==, 5);
  g_assert_cmpuint (fake->typings->len, ==, 1);
}

static void
test_send_again_is_acknowledged_again (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  const char *message = "[{\"message\":{\"id\":\"a\",\"text\":\"one\",\"name\":\"Kim\"}}]";

  for (int i = 0; i < 2; i++)
    g_assert_cmpint (number (frame (kit_answer (send (fake, token, message), 200), 0, "ack"), "n"), ==, 1);
}

static void
test_send_errors (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);

  g_assert_cmpstr (code (kit_answer (send (fake, "rubbish", "[{\"ping\":1}]"), 401)), ==, "token");
  g_assert_cmpstr (code (kit_answer (kit_post (fake, "/send", NULL, "{"), 400)), ==, "not_json");
  g_assert_cmpstr (code (kit_answer (kit_post (fake, "/send", NULL, ""), 400)), ==, "not_json");
  g_assert_cmpstr (code (kit_answer (kit_post (fake, "/send", NULL, "[]"), 401)), ==, "token");
  g_assert_cmpstr (code (kit_answer (send (fake, token, "[]"), 400)), ==, "invalid");
  g_assert_cmpstr (code (kit_answer (send (fake, token, "{}"), 400)), ==, "invalid");
  g_assert_cmpstr (code (kit_answer (send (fake, token, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"), 400)), ==,
                   "invalid");
  g_assert_cmpstr (uc_json_string (uc_json_get (
                       frame (kit_answer (send (fake, token, "[{\"after\":0}]"), 200), 0, "error"), "code")),
                   ==, "invalid");
}

static void
test_requests_are_limited (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherExchange *exchange;

  for (int i = 0; i < 60; i++)
    kit_answer (send (fake, token, "[{\"ping\":1}]"), 200);
  exchange = send (fake, token, "[{\"ping\":1}]");
  g_assert_cmpstr (code (kit_answer (exchange, 429)), ==, "too_fast");
  g_assert_cmpstr (fake_exchange_header (exchange, "Retry-After"), ==, "1");
  kit_answer (kit_poll (fake, token, 0), 429);
  fake_clock_advance (200);
  kit_answer (send (fake, token, "[{\"ping\":1}]"), 200);
}

/* ---- poll ---------------------------------------------------------------------------------------------- */

static void
test_poll_gives_what_is_there (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  const UcJson *answer;

  for (int i = 0; i < 70; i++)
    agent_says (fake, visitor, "x");
  fake_conversation_set (fake, visitor, "active", "Ana");
  answer = kit_answer (kit_poll (fake, token, 0), 200);
  g_assert_cmpuint (frames (answer), ==, 65);
  g_assert_cmpstr (uc_json_string (uc_json_get (frame (answer, 0, "state"), "agent")), ==, "Ana");
  g_assert_cmpint (number (frame (answer, 1, "line"), "n"), ==, 1);
  g_assert_cmpint (number (frame (answer, 64, "line"), "n"), ==, 64);
  answer = kit_answer (kit_poll (fake, token, 64), 200);
  g_assert_cmpuint (frames (answer), ==, 7);
  g_assert_cmpint (number (frame (answer, 6, "line"), "n"), ==, 70);
}

static void
test_poll_waits_for_a_line (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherExchange *one = kit_poll (fake, token, 0), *two = kit_poll (fake, token, 0);

  fake_host_settle ();
  g_assert_false (one->answered);
  agent_says (fake, visitor, "hello");
  g_assert_cmpint (number (frame (kit_answer (one, 200), 1, "line"), "n"), ==, 1);
  g_assert_cmpint (number (frame (kit_answer (two, 200), 1, "line"), "n"), ==, 1);
  one = kit_poll (fake, token, 1);
  fake_host_settle ();
  g_assert_false (one->answered);
  fake->channel->typing (fake->self, visitor, true);
  g_assert_true (uc_json_bool (frame (kit_answer (one, 200), 1, "typing"), FALSE));
}

static void
test_poll_tells_a_new_state (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherExchange *poll = kit_poll (fake, token, 0);
  const UcJson *answer;

  fake_host_settle ();
  fake_conversation_set (fake, visitor, "waiting", NULL);
  fake->channel->notice (fake->self, fake_line_add (fake, visitor, USHER_AUTHOR_SYSTEM, NULL, "queued", "Wait."));
  answer = kit_answer (poll, 200);
  frame (answer, 1, "line");
  answer = kit_answer (kit_poll (fake, token, 0), 200);
  g_assert_cmpstr (uc_json_string (uc_json_get (frame (answer, 0, "state"), "state")), ==, "waiting");
}

static void
test_poll_comes_back_empty (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherExchange *poll = kit_poll (fake, token, 0);
  const char *const headers[] = { "authorization", NULL, NULL };
  g_autofree char *bearer = g_strconcat ("bearer ", token, NULL);
  const char *quick[] = { headers[0], bearer, NULL };
  UsherExchange *now;

  fake_host_settle ();
  fake_clock_advance (24999);
  g_assert_false (poll->answered);
  fake_clock_advance (1);
  g_assert_cmpuint (frames (kit_answer (poll, 200)), ==, 1);
  now = fake_http (fake, "GET", "/poll", "wait=0&after=0", quick, NULL, 0);
  fake_clock_advance (0);
  g_assert_cmpuint (frames (kit_answer (now, 200)), ==, 1);
}

static void
test_poll_that_ends_before_history_is_there (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherExchange *poll;

  agent_says (fake, visitor, "x");
  fake_history_hold (fake, TRUE);
  poll = kit_poll (fake, token, 0);
  fake_host_settle ();
  fake_clock_advance (25000);
  g_assert_false (poll->answered);
  fake_history_release (fake);
  g_assert_cmpuint (frames (kit_answer (poll, 200)), ==, 2);
  /* Also when there is nothing to tell. */
  fake_history_hold (fake, TRUE);
  poll = kit_poll (fake, token, 1);
  fake_host_settle ();
  fake_clock_advance (25000);
  g_assert_false (poll->answered);
  fake_history_release (fake);
  g_assert_cmpuint (frames (kit_answer (poll, 200)), ==, 1);
}

static void
test_poll_with_an_unknown_cursor (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  const UcJson *answer = kit_answer (kit_poll (fake, token, 9), 200);

  g_assert_cmpuint (frames (answer), ==, 2);
  frame (answer, 1, "reset");
  agent_says (fake, visitor, "x");
  answer = kit_answer (kit_poll (fake, token, 9), 200);
  frame (answer, 1, "reset");
  g_assert_cmpint (number (frame (answer, 2, "line"), "n"), ==, 1);
}

static void
test_poll_errors (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  const char *token;
  g_autofree char *bearer = NULL;
  const char *headers[] = { "authorization", NULL, NULL };

  fake_host_set (fake, "sessions_per_address", "2");
  fake_host_up (fake);
  token = kit_session (fake, NULL);
  bearer = g_strconcat ("Bearer ", token, NULL);
  kit_answer (fake_http (fake, "GET", "/poll", "after=0", NULL, NULL, 0), 401);
  kit_answer (kit_poll (fake, "rubbish", 0), 401);
  headers[1] = token;
  kit_answer (fake_http (fake, "GET", "/poll", "after=0", headers, NULL, 0), 401);
  headers[1] = bearer;
  kit_answer (fake_http (fake, "GET", "/poll", "after=x", headers, NULL, 0), 400);
  kit_answer (fake_http (fake, "GET", "/poll", "after=-1", headers, NULL, 0), 400);
  kit_answer (fake_http (fake, "GET", "/poll", "after=1&wait=25001", headers, NULL, 0), 400);
  kit_poll (fake, token, 0);
  kit_poll (fake, token, 0);
  g_assert_cmpstr (code (kit_answer (kit_poll (fake, token, 0), 429)), ==, "too_many");
  fake_clock_advance (25000);
  fake_host_settle ();
  kit_poll (fake, token, 0);
}

static void
test_poll_when_history_fails (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);

  fake->history_status = USHER_RETRY;
  g_assert_cmpstr (code (kit_answer (kit_poll (fake, token, 0), 503)), ==, "unavailable");
}

static void
test_poll_and_socket_together (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherSocket *socket = kit_talk (fake, token);
  UsherExchange *poll = kit_poll (fake, token, 0);

  fake_host_settle ();
  kit_answer (send (fake, token, "[{\"message\":{\"id\":\"a\",\"text\":\"one\",\"name\":\"Kim\"}}]"), 200);
  kit_next (socket, "line");
  g_assert_cmpint (number (frame (kit_answer (poll, 200), 1, "line"), "n"), ==, 1);
}

static void
test_stop_answers_polls (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *token = kit_session (fake, NULL);
  UsherExchange *poll = kit_poll (fake, token, 0);

  fake_host_settle ();
  fake_host_down (fake);
  g_assert_cmpstr (code (kit_answer (poll, 503)), ==, "unavailable");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webchat/send/answers-when-all-is-decided", test_send_answers_when_all_is_decided);
  g_test_add_func ("/webchat/send/again-is-acknowledged-again", test_send_again_is_acknowledged_again);
  g_test_add_func ("/webchat/send/errors", test_send_errors);
  g_test_add_func ("/webchat/send/requests-are-limited", test_requests_are_limited);
  g_test_add_func ("/webchat/poll/gives-what-is-there", test_poll_gives_what_is_there);
  g_test_add_func ("/webchat/poll/waits-for-a-line", test_poll_waits_for_a_line);
  g_test_add_func ("/webchat/poll/tells-a-new-state", test_poll_tells_a_new_state);
  g_test_add_func ("/webchat/poll/comes-back-empty", test_poll_comes_back_empty);
  g_test_add_func ("/webchat/poll/ends-before-history-is-there", test_poll_that_ends_before_history_is_there);
  g_test_add_func ("/webchat/poll/with-an-unknown-cursor", test_poll_with_an_unknown_cursor);
  g_test_add_func ("/webchat/poll/errors", test_poll_errors);
  g_test_add_func ("/webchat/poll/when-history-fails", test_poll_when_history_fails);
  g_test_add_func ("/webchat/poll/and-socket-together", test_poll_and_socket_together);
  g_test_add_func ("/webchat/poll/stop-answers", test_stop_answers_polls);
  return g_test_run ();
}
