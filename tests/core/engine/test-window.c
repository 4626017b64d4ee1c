/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What networks do to a conversation: reply windows, long texts, attachments, passive lines, echoes, profiles; and
 * what an agent may not send.
 */
#include "tests/core/engine/world.h"

#include <string.h>

#define HOUR G_GINT64_CONSTANT (3600000)
#define MESSENGER                                                                                                 \
  .type = UC_COMMAND_RECEIVE, .channel = "fb", .network = "messenger", .identity = "joe", .queue = "q"

static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 0);
  world_user (world, "ann");
  world_available (world, "ann");
  return world;
}

/* Joe has written now: the window is open for a day, with the tag for a week. Ann has the chat. */
static World *
chat (void)
{
  World *world = office ();

  world->now = 1700000000000;
  DO (world, NULL, MESSENGER, .name = "Joe", .text = "hello", .window_until = world->now + 24 * HOUR,
      .tagged_until = world->now + 168 * HOUR, .new_conversation = "c-joe", .new_interaction = "i-joe",
      .new_message = "m1");
  world_accept (world, "ann", "i-joe");
  return world;
}

#define SEND .type = UC_COMMAND_SEND, .agent = "ann", .interaction = "i-joe", .new_message = "out"

/* ---- windows ------------------------------------------------------------------------------------------- */

static void
test_message_carries_the_windows (void)
{
  g_autoptr (World) world = chat ();
  const UcConversation *conversation = uc_engine_conversation (world->engine, "c-joe");
  gint64 day = world->now + 24 * HOUR, week = world->now + 168 * HOUR;

  g_assert_cmpint (conversation->window_until, ==, day);
  g_assert_cmpint (conversation->tagged_until, ==, week);
  DO (world, "message.added", SEND, .text = "hi Joe", .client_id = "k1");
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->window_until, ==, day);
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->tagged_until, ==, week);
  g_assert_cmpint (conversation->window_until, ==, day);
}

/* With the tag a person may answer for longer; then only the customer can open it again. */
static void
test_closed_window_refuses (void)
{
  g_autoptr (World) world = chat ();
  gint64 week = world->now + 168 * HOUR;

  world->now += 24 * HOUR + 60000;
  DO (world, "message.added", SEND, .text = "still there?");
  world->now = week;
  DO (world, "message.added", SEND, .text = "last call");
  world->now = week + 1;
  REFUSES (world, UC_ERROR_CONFLICT, "messenger lets us answer ended on 2023-11-21 22:13 UTC", SEND, .text = "hi");
  REFUSES (world, UC_ERROR_CONFLICT, "opens again when the customer writes", SEND, .text = "hi");
  DO (world, "message.added", MESSENGER, .text = "back", .window_until = world->now + 24 * HOUR,
      .tagged_until = world->now + 168 * HOUR, .new_message = "m2");
  DO (world, "message.added", SEND, .text = "welcome back");
}

static void
test_network_without_windows (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 9999 * HOUR;
  DO (world, "message.added", SEND, .text = "hi");
}

/* A message that was overtaken does not shorten it, a reaction does not close it, a channel without windows does.
 */
static void
test_window_only_grows (void)
{
  g_autoptr (World) world = chat ();
  const UcConversation *conversation = uc_engine_conversation (world->engine, "c-joe");
  gint64 day = world->now + 24 * HOUR;

  DO (world, NULL, MESSENGER, .text = "overtaken", .window_until = day - 5000, .tagged_until = 1,
      .new_message = "m2");
  g_assert_cmpint (conversation->window_until, ==, day);
  DO (world, NULL, MESSENGER, .text = "\xe2\x9d\xa4", .form = "reaction", .passive = 1, .new_message = "m3");
  g_assert_cmpint (conversation->window_until, ==, day);
  DO (world, NULL, MESSENGER, .text = "no window", .new_message = "m4");
  g_assert_cmpint (conversation->window_until, ==, 0);
  g_assert_cmpint (conversation->tagged_until, ==, 0);
  REFUSES (world, UC_ERROR_INVALID, "can't be negative", MESSENGER, .text = "x", .window_until = -1,
           .new_message = "m5");
}

/* ---- placeholders -------------------------------------------------------------------------------------- */

/* S-15 */
static void
test_unresolved_placeholder_refuses (void)
{
  static const char *const wrong[]
      = { "{{customer.name}}", "{{customer.name|there}}", "{{ name }}", "{{order_id | none }}",
          "{{a.b.c}}",         "{{{customer.name}}}" };
  static const char *const right[] = {
    "{{}}", "{{ }}", "{{1}}", "{name}", "{{customer.name", "a {{b}", "{{-}}", "{{customer name}}", "{{a.}}"
  };
  g_autoptr (World) world = chat ();

  for (gsize w = 0; w < G_N_ELEMENTS (wrong); w++)
    {
      g_autofree char *text = g_strdup_printf ("Hello %s!", wrong[w]);

      REFUSES (world, UC_ERROR_INVALID, "has not been filled in", SEND, .text = text);
    }
  for (gsize r = 0; r < G_N_ELEMENTS (right); r++)
    DO (world, "message.added", SEND, .text = right[r]);
  REFUSES (world, UC_ERROR_INVALID, "{{customer.name|there}} has not been filled in", SEND,
           .text = "Hello {{customer.name|there}}!");
}

/* ---- long texts ---------------------------------------------------------------------------------------- */

static void
test_long_text_is_parted (void)
{
  g_autoptr (World) world = chat ();
  const UcEvent *first, *second;

  DO (world, "message.added message.added", SEND, .text = "Good morning. How can I help?", .max_text = 16,
      .client_id = "k1", .seed = "seed");
  first = world->events->pdata[0];
  second = world->events->pdata[1];
  g_assert_cmpstr (first->text, ==, "Good morning.");
  g_assert_cmpstr (first->message, ==, "out");
  g_assert_cmpstr (first->client_id, ==, "k1");
  g_assert_cmpstr (second->text, ==, "How can I help?");
  g_assert_cmpstr (second->message, ==, "seed-1");
  g_assert_cmpstr (second->client_id, ==, NULL);
  g_assert_cmpint (second->n, ==, first->n + 1);
  g_assert_cmpstr (second->state, ==, "queued");
}

static void
test_length_is_in_the_networks_unit (void)
{
  g_autoptr (World) world = chat ();

  DO (world, "message.added", SEND, .text = "\U0001F600\U0001F600", .max_text = 2, .text_unit = 0);
  DO (world, "message.added message.added", SEND, .text = "\U0001F600\U0001F600", .max_text = 2, .text_unit = 2);
  DO (world, "message.added message.added", SEND, .text = "\U0001F600\U0001F600", .max_text = 4, .text_unit = 1);
  REFUSES (world, UC_ERROR_INVALID, "text_unit is 0, 1 or 2", SEND, .text = "x", .max_text = 2, .text_unit = 3);
  REFUSES (world, UC_ERROR_INVALID, "can't be negative", SEND, .text = "x", .max_text = -1);
}

static void
test_too_many_parts_are_refused (void)
{
  g_autoptr (World) world = chat ();
  g_autofree char *text = g_strnfill (101, 'x');

  REFUSES (world, UC_ERROR_INVALID, "it would be 101 messages, and 100 is the most", SEND, .text = text,
           .max_text = 1);
  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", SEND, .text = "          ", .max_text = 3);
  text[100] = '\0';
  DO (world, NULL, SEND, .text = text, .max_text = 1);
  g_assert_cmpuint (world->events->len, ==, 100);
}

/* ---- what comes in ------------------------------------------------------------------------------------- */

static void
test_attachments_forms_and_replies (void)
{
  g_autoptr (World) world = chat ();
  const UcEvent *event;

  DO (world, "message.added", MESSENGER, .attachments = "[ {\"kind\" : \"image\", \"media\":\"med_1\"} ]",
      .form = "quick_reply", .reply_to = "x-1", .new_message = "m2");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->attachments, ==, "[{\"kind\":\"image\",\"media\":\"med_1\"}]");
  g_assert_cmpstr (event->form, ==, "quick_reply");
  g_assert_cmpstr (event->reply_to, ==, "x-1");
  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", MESSENGER, .attachments = "[]", .new_message = "m3");
  REFUSES (world, UC_ERROR_INVALID, "attachments: ", MESSENGER, .attachments = "[", .new_message = "m3");
  REFUSES (world, UC_ERROR_INVALID, "must be an array", MESSENGER, .attachments = "{}", .new_message = "m3");
  REFUSES (world, UC_ERROR_INVALID, "an object with a 'kind'", MESSENGER, .attachments = "[{}]",
           .new_message = "m3");
}

/* A reaction is part of the open chat, and starts none. */
static void
test_passive_lines_start_nothing (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  DO (world, "conversation.opened message.added", MESSENGER, .text = "x", .form = "referral", .passive = 1,
      .new_conversation = "c-joe", .new_message = "m1");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->interaction, ==, NULL);
  g_assert_cmpstr (event->agent, ==, NULL);
  g_assert_cmpint (event->n, ==, 1);
  DO (world, NULL, MESSENGER, .text = "hello", .new_interaction = "i-joe", .new_message = "m2");
  world_accept (world, "ann", "i-joe");
  DO (world, "message.added", MESSENGER, .text = "x", .form = "reaction", .passive = 1, .new_message = "m3");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpstr (event->agent, ==, "ann");
}

static void
test_follows_an_earlier_case (void)
{
  g_autoptr (World) world = office ();

  DO (world,
      "conversation.opened interaction.queued interaction.case message.added message.added interaction.offered "
      "agent.status",
      MESSENGER, .text = "about my case", .follows = "case_7", .new_conversation = "c-joe",
      .new_interaction = "i-joe", .new_message = "m1");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CASE)->follows, ==, "case_7");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CASE)->cause, ==, "named");
  g_assert_cmpstr (world_interaction (world, "i-joe")->follows, ==, "case_7");
  DO (world, "message.added", MESSENGER, .text = "more", .follows = "case_8", .new_message = "m2");
  g_assert_cmpstr (world_interaction (world, "i-joe")->follows, ==, "case_7");
}

/* ---- written with another tool ------------------------------------------------------------------------- */

static void
test_echo_is_a_line_of_ours (void)
{
  g_autoptr (World) world = chat ();
  const UcConversation *conversation = uc_engine_conversation (world->engine, "c-joe");
  gint64 window = conversation->window_until;
  const UcEvent *event;

  DO (world, "message.added", .type = UC_COMMAND_ECHO, .conversation = "c-joe", .text = "from the inbox",
      .external_id = "x-9", .sent_at = 77, .new_message = "m2");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->author, ==, "agent");
  g_assert_cmpstr (event->form, ==, "elsewhere");
  g_assert_cmpstr (event->state, ==, "sent");
  g_assert_cmpstr (event->external_id, ==, "x-9");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpint (event->sent_at, ==, 77);
  g_assert_cmpint (conversation->window_until, ==, window);
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  DO (world, "message.added", .type = UC_COMMAND_ECHO, .conversation = "c-joe", .text = "one more",
      .new_message = "m3");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->interaction, ==, NULL);
  g_assert_null (conversation->open);
  REFUSES (world, UC_ERROR_NOT_FOUND, "there is no conversation c-kim", .type = UC_COMMAND_ECHO,
           .conversation = "c-kim", .text = "x", .new_message = "m4");
  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", .type = UC_COMMAND_ECHO, .conversation = "c-joe",
           .new_message = "m4");
}

static void
test_profile (void)
{
  g_autoptr (World) world = chat ();
  const UcConversation *conversation = uc_engine_conversation (world->engine, "c-joe");
  const UcEvent *event;

  DO (world, "conversation.changed", .type = UC_COMMAND_PROFILE, .conversation = "c-joe", .picture = "med_1");
  event = world_event (world, UC_EVENT_CONVERSATION_CHANGED);
  g_assert_cmpstr (event->name, ==, NULL);
  g_assert_cmpstr (event->picture, ==, "med_1");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (conversation->name, ==, "Joe");
  DO (world, "conversation.changed", .type = UC_COMMAND_PROFILE, .conversation = "c-joe", .name = "Joe D.",
      .picture = "med_1");
  g_assert_cmpstr (conversation->name, ==, "Joe D.");
  g_assert_cmpstr (conversation->picture, ==, "med_1");
  DO (world, "", .type = UC_COMMAND_PROFILE, .conversation = "c-joe", .name = "Joe D.");
  DO (world, "", .type = UC_COMMAND_PROFILE, .conversation = "c-joe");
}

static void
test_uncertain_is_a_state (void)
{
  g_autoptr (World) world = chat ();

  DO (world, NULL, SEND, .text = "hi");
  DO (world, "message.state", .type = UC_COMMAND_MESSAGE_STATE, .conversation = "c-joe", .message = "out", .n = 4,
      .state = "uncertain", .error = "timed out");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_STATE)->state, ==, "uncertain");
  REFUSES (world, UC_ERROR_INVALID, "queued, uncertain, sent", .type = UC_COMMAND_MESSAGE_STATE,
           .conversation = "c-joe", .message = "out", .n = 4, .state = "maybe");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/window/" name, func)
  TEST ("message-carries-the-windows", test_message_carries_the_windows);
  TEST ("closed-refuses", test_closed_window_refuses);
  TEST ("network-without", test_network_without_windows);
  TEST ("only-grows", test_window_only_grows);
  TEST ("unresolved-placeholder-refuses", test_unresolved_placeholder_refuses);
  TEST ("long-text/is-parted", test_long_text_is_parted);
  TEST ("long-text/in-the-networks-unit", test_length_is_in_the_networks_unit);
  TEST ("long-text/too-many-parts-are-refused", test_too_many_parts_are_refused);
  TEST ("in/attachments-forms-and-replies", test_attachments_forms_and_replies);
  TEST ("in/passive-lines-start-nothing", test_passive_lines_start_nothing);
  TEST ("in/follows-an-earlier-case", test_follows_an_earlier_case);
  TEST ("in/echo-is-a-line-of-ours", test_echo_is_a_line_of_ours);
  TEST ("in/profile", test_profile);
  TEST ("out/uncertain-is-a-state", test_uncertain_is_a_state);
  return g_test_run ();
}
