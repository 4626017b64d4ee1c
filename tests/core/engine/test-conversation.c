/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said: the customer's lines, the agent's, the system's; their numbers; and the customer leaving.
 */
#include "tests/core/engine/world.h"

#include <string.h>

static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user (world, "ann");
  return world;
}

static World *
office_with_chat (void)
{
  World *world = office ();

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  return world;
}

#define JOE .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat", .identity = "joe", .queue = "q"

static void
test_first_message_opens_everything (void)
{
  g_autoptr (World) world = office ();
  const UcConversation *conversation;
  const UcEvent *event;

  DO (world, "conversation.opened interaction.queued message.added message.added", JOE, .name = "Joe",
      .text = "hello", .external_id = "x1", .sent_at = 77, .new_conversation = "c", .new_interaction = "i",
      .new_message = "m", .seed = "s");
  event = world->events->pdata[0];
  g_assert_cmpstr (event->conversation, ==, "c");
  g_assert_cmpstr (event->channel, ==, "web");
  g_assert_cmpstr (event->network, ==, "webchat");
  g_assert_cmpstr (event->identity, ==, "joe");
  g_assert_cmpstr (event->name, ==, "Joe");
  event = world->events->pdata[1];
  g_assert_cmpstr (event->interaction, ==, "i");
  g_assert_cmpstr (event->cause, ==, "new");
  g_assert_cmpstr (event->queue_name, ==, "q");
  g_assert_cmpint (event->enqueued_at, ==, world->now);
  g_assert_null (event->excluded);
  event = world->events->pdata[2];
  g_assert_cmpstr (event->message, ==, "m");
  g_assert_cmpint (event->n, ==, 1);
  g_assert_cmpstr (event->author, ==, "customer");
  g_assert_cmpstr (event->author_name, ==, "Joe");
  g_assert_cmpstr (event->text, ==, "hello");
  g_assert_cmpstr (event->external_id, ==, "x1");
  g_assert_cmpint (event->sent_at, ==, 77);
  g_assert_cmpstr (event->state, ==, "received");
  g_assert_null (event->agent);
  event = world->events->pdata[3];
  g_assert_cmpstr (event->message, ==, "s-1");
  g_assert_cmpint (event->n, ==, 2);
  g_assert_cmpstr (event->author, ==, "system");
  g_assert_cmpstr (event->code, ==, "queued");
  g_assert_null (event->state);

  conversation = uc_engine_conversation_of (world->engine, "web", "joe");
  g_assert_true (conversation == uc_engine_conversation (world->engine, "c"));
  g_assert_true (conversation->open == world_interaction (world, "i"));
  g_assert_cmpint (conversation->last_n, ==, 2);
  g_assert_cmpuint (conversation->interactions, ==, 1);
}

static void
test_more_messages_join_the_open_interaction (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  DO (world, "message.added", JOE, .text = "anybody?", .new_message = "m2");
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->n, ==, 3);
  g_assert_null (world_event (world, UC_EVENT_MESSAGE_ADDED)->agent);
  world_available (world, "ann");
  DO (world, "message.added", JOE, .text = "hey", .new_message = "m3");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->agent, ==, "ann"); /* the preview is live */
  world_accept (world, "ann", "i-joe");
  DO (world, "message.added", JOE, .text = "hi", .new_message = "m4");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->agent, ==, "ann");
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->n, ==, 6);
}

static void
test_identity_belongs_to_its_channel (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  DO (world, "conversation.opened interaction.queued message.added message.added", .type = UC_COMMAND_RECEIVE,
      .channel = "other", .network = "webchat", .identity = "joe", .queue = "q", .text = "hello",
      .new_conversation = "c2", .new_interaction = "i2", .new_message = "m2");
  g_assert_cmpstr (uc_engine_conversation_of (world->engine, "other", "joe")->id, ==, "c2");
  g_assert_cmpstr (uc_engine_conversation_of (world->engine, "web", "joe")->id, ==, "c-joe");
  g_assert_null (uc_engine_conversation_of (world->engine, "web", "kim"));
  g_assert_null (uc_engine_conversation_of (world->engine, NULL, "joe"));
}

static void
test_new_name_is_told (void)
{
  g_autoptr (World) world = office_with_chat ();
  const UcEvent *event;

  DO (world, "conversation.changed message.added", JOE, .name = "Joseph", .text = "x", .new_message = "m");
  event = world_event (world, UC_EVENT_CONVERSATION_CHANGED);
  g_assert_cmpstr (event->name, ==, "Joseph");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->author_name, ==, "Joseph");
  DO (world, "message.added", JOE, .name = "Joseph", .text = "x", .new_message = "m");
  DO (world, "message.added", JOE, .text = "x", .new_message = "m");
  g_assert_cmpstr (world_interaction (world, "i-joe")->conversation->name, ==, "Joseph");
}

static void
test_message_after_the_end_starts_a_new_interaction (void)
{
  g_autoptr (World) world = office_with_chat ();

  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_null (uc_engine_conversation (world->engine, "c-joe")->open);
  DO (world, "interaction.queued message.added message.added", JOE, .text = "one more thing",
      .new_interaction = "i2", .new_message = "m");
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->n, ==, 6);
  g_assert_cmpuint (uc_engine_conversation (world->engine, "c-joe")->interactions, ==, 2);
  DO (world, "interaction.closed agent.status interaction.offered agent.status", .type = UC_COMMAND_WRAP_UP_DONE,
      .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i2"), ==, "ann");
  g_assert_cmpuint (uc_engine_conversation (world->engine, "c-joe")->interactions, ==, 1);
}

static void
test_message_to_a_disabled_queue_waits (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "q", .enabled = 0);
  world_customer (world, "joe");
  ASSERT_STATE (world, "i-joe", "waiting");
}

static void
test_receive_names_bad_arguments (void)
{
  g_autoptr (World) world = office ();
  g_autofree char *huge = g_strnfill (65537, 'x'), *most = g_strnfill (65536, 'x');
#define MORE .new_conversation = "c", .new_interaction = "i", .new_message = "m"

  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", JOE, MORE);
  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", JOE, .text = "", MORE);
  REFUSES (world, UC_ERROR_INVALID, "65537 of at most 65536", JOE, .text = huge, MORE);
  REFUSES (world, UC_ERROR_INVALID, "text is not valid UTF-8", JOE, .text = "a\xc3", MORE);
  REFUSES (world, UC_ERROR_INVALID, "channel is missing", .type = UC_COMMAND_RECEIVE, .network = "n",
           .identity = "joe", .queue = "q", .text = "x", MORE);
  REFUSES (world, UC_ERROR_INVALID, "network is missing", .type = UC_COMMAND_RECEIVE, .channel = "web",
           .identity = "joe", .queue = "q", .text = "x", MORE);
  REFUSES (world, UC_ERROR_INVALID, "identity is missing", .type = UC_COMMAND_RECEIVE, .channel = "web",
           .network = "n", .queue = "q", .text = "x", MORE);
  REFUSES (world, UC_ERROR_INVALID, "queue is missing", .type = UC_COMMAND_RECEIVE, .channel = "web",
           .network = "n", .identity = "joe", .text = "x", MORE);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no queue z", .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "n",
           .identity = "joe", .queue = "z", .text = "x", MORE);
  REFUSES (world, UC_ERROR_INVALID, "new_conversation is missing", JOE, .text = "x", .new_interaction = "i",
           .new_message = "m");
  REFUSES (world, UC_ERROR_INVALID, "new_interaction is missing", JOE, .text = "x", .new_conversation = "c",
           .new_message = "m");
  REFUSES (world, UC_ERROR_INVALID, "new_message is missing", JOE, .text = "x", .new_conversation = "c",
           .new_interaction = "i");
  REFUSES (world, UC_ERROR_INVALID, "seed is missing", JOE, .text = "x", MORE, .seed = "");
  DO (world, NULL, JOE, .text = most, MORE);
  REFUSES (world, UC_ERROR_INVALID, "c is in use already", .type = UC_COMMAND_RECEIVE, .channel = "web",
           .network = "n", .identity = "kim", .queue = "q", .text = "x", MORE);
  REFUSES (world, UC_ERROR_INVALID, "i is in use already", .type = UC_COMMAND_RECEIVE, .channel = "web",
           .network = "n", .identity = "kim", .queue = "q", .text = "x", .new_conversation = "c2",
           .new_interaction = "i", .new_message = "m2");
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c");
  REFUSES (world, UC_ERROR_INVALID, "i is in use already", JOE, .text = "x", .new_interaction = "i",
           .new_message = "m2");
}

/* ---- the customer leaves ------------------------------------------------------------------------------- */

static void
test_leaving_while_waiting_abandons (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  DO (world, "interaction.ended message.added interaction.closed", .type = UC_COMMAND_CUSTOMER_END,
      .conversation = "c-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_ENDED)->ended_by, ==, "customer");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->code, ==, "ended");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "abandoned");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  g_assert_null (uc_engine_conversation (world->engine, "c-joe")->open);
  g_assert_cmpuint (uc_engine_conversation (world->engine, "c-joe")->interactions, ==, 0);
  g_assert_cmpuint (uc_engine_queue (world->engine, "q")->waiting, ==, 0);
  DO (world, "", .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
}

static void
test_leaving_a_chat_leaves_the_agent_busy_until_he_ends_it (void)
{
  g_autoptr (World) world = office_with_chat ();
  gint64 left_at = world->now + 100;
  const UcEvent *event;

  world->now = left_at;
  DO (world, "interaction.ended message.added", .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe",
      .external_id = "bye", .new_message = "line");
  event = world_event (world, UC_EVENT_INTERACTION_ENDED);
  g_assert_cmpstr (event->ended_by, ==, "customer");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpint (event->deadline, ==, 0);
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->code, ==, "ended");
  g_assert_cmpstr (event->text, ==, "The customer left the chat");
  g_assert_cmpstr (event->message, ==, "line");
  ASSERT_STATUS (world, "ann", "busy");
  ASSERT_STATE (world, "i-joe", "active");
  DO (world, "", .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "the customer has left", .type = UC_COMMAND_SEND, .agent = "ann",
           .interaction = "i-joe", .text = "wait", .new_message = "m");

  world->now += 50;
  DO (world, "interaction.ended agent.status", .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  event = world_event (world, UC_EVENT_INTERACTION_ENDED);
  g_assert_cmpstr (event->ended_by, ==, "customer");
  g_assert_cmpint (event->ended_at, ==, left_at);
  g_assert_cmpint (event->deadline, ==, world->now + 60000);
  ASSERT_STATUS (world, "ann", "post_processing");
}

static void
test_coming_back_after_leaving_starts_a_new_interaction (void)
{
  g_autoptr (World) world = office_with_chat ();

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  DO (world, "interaction.queued message.added message.added", JOE, .text = "again", .new_interaction = "i2",
      .new_message = "m");
  ASSERT_STATE (world, "i-joe", "active");
  ASSERT_STATE (world, "i2", "waiting");
  DO (world, "interaction.ended message.added interaction.closed", .type = UC_COMMAND_CUSTOMER_END,
      .conversation = "c-joe");
  ASSERT_STATE (world, "i-joe", "active");
}

static void
test_leaving_names_bad_arguments (void)
{
  g_autoptr (World) world = office ();

  REFUSES (world, UC_ERROR_INVALID, "conversation is missing", .type = UC_COMMAND_CUSTOMER_END);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no conversation z", .type = UC_COMMAND_CUSTOMER_END, .conversation = "z");
  world_customer (world, "joe");
  REFUSES (world, UC_ERROR_INVALID, "new_message", .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe",
           .new_message = "x y");
}

/* ---- the agent writes ---------------------------------------------------------------------------------- */

static void
test_agent_sends (void)
{
  g_autoptr (World) world = office_with_chat ();
  const UcEvent *event;

  DO (world, "message.added", .type = UC_COMMAND_SEND, .agent = "ann", .interaction = "i-joe", .text = "hi Joe",
      .client_id = "k1", .new_message = "m", .by = "somebody else", .seed = "");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->author, ==, "agent");
  g_assert_cmpstr (event->author_name, ==, "ann");
  g_assert_cmpstr (event->by, ==, "ann");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->state, ==, "queued");
  g_assert_cmpstr (event->client_id, ==, "k1");
  g_assert_cmpstr (event->channel, ==, "web");
  g_assert_cmpstr (event->identity, ==, "joe");
  g_assert_cmpint (event->n, ==, 4);
}

static void
test_only_the_owner_of_an_active_chat_sends (void)
{
  g_autoptr (World) world = office ();
#define TEXT .type = UC_COMMAND_SEND, .text = "x", .new_message = "m"

  world_user (world, "bob");
  world_customer (world, "joe");
  REFUSES (world, UC_ERROR_CONFLICT, "waiting in queue q", TEXT, .agent = "ann", .interaction = "i-joe");
  world_available (world, "ann");
  REFUSES (world, UC_ERROR_CONFLICT, "accept it before writing", TEXT, .agent = "ann", .interaction = "i-joe");
  world_accept (world, "ann", "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "belongs to ann", TEXT, .agent = "bob", .interaction = "i-joe");
  REFUSES (world, UC_ERROR_INVALID, "a message needs a text", .type = UC_COMMAND_SEND, .agent = "ann",
           .interaction = "i-joe", .text = "", .new_message = "m");
  REFUSES (world, UC_ERROR_INVALID, "not valid UTF-8", .type = UC_COMMAND_SEND, .agent = "ann",
           .interaction = "i-joe", .text = "\xff", .new_message = "m");
  REFUSES (world, UC_ERROR_INVALID, "new_message is missing", .type = UC_COMMAND_SEND, .agent = "ann",
           .interaction = "i-joe", .text = "x");
  REFUSES (world, UC_ERROR_NOT_FOUND, "no user zoe", TEXT, .agent = "zoe", .interaction = "i-joe");
  REFUSES (world, UC_ERROR_NOT_FOUND, "no open interaction", TEXT, .agent = "ann", .interaction = "i-zoe");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "the chat has ended", TEXT, .agent = "ann", .interaction = "i-joe");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  REFUSES (world, UC_ERROR_GONE, "is closed", TEXT, .agent = "ann", .interaction = "i-joe");
}

/* ---- what became of a message -------------------------------------------------------------------------- */

#define STATE .type = UC_COMMAND_MESSAGE_STATE, .conversation = "c-joe", .message = "m"

static void
test_message_state_goes_to_the_agent (void)
{
  g_autoptr (World) world = office_with_chat ();
  const UcEvent *event;

  DO (world, "message.state", STATE, .n = 3, .state = "sent", .external_id = "x9", .seed = "");
  event = world_event (world, UC_EVENT_MESSAGE_STATE);
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->message, ==, "m");
  g_assert_cmpint (event->n, ==, 3);
  g_assert_cmpstr (event->state, ==, "sent");
  g_assert_cmpstr (event->external_id, ==, "x9");
  DO (world, "message.state", STATE, .interaction = "i-joe", .agent = "bob", .n = 3, .state = "failed",
      .error = "blocked");
  event = world_event (world, UC_EVENT_MESSAGE_STATE);
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpstr (event->error, ==, "blocked");
}

static void
test_message_state_of_the_past_is_told_as_given (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  DO (world, "message.state", .type = UC_COMMAND_MESSAGE_STATE, .conversation = "old", .interaction = "older",
      .agent = "ann", .message = "m", .n = 900, .state = "read");
  event = world_event (world, UC_EVENT_MESSAGE_STATE);
  g_assert_cmpstr (event->conversation, ==, "old");
  g_assert_cmpstr (event->interaction, ==, "older");
  g_assert_cmpstr (event->agent, ==, "ann");
}

static void
test_message_state_names_bad_arguments (void)
{
  g_autoptr (World) world = office_with_chat ();

  world_customer (world, "kim");
  REFUSES (world, UC_ERROR_INVALID, "not 'eaten'", STATE, .n = 1, .state = "eaten");
  REFUSES (world, UC_ERROR_INVALID, "not ''", STATE, .n = 1);
  REFUSES (world, UC_ERROR_INVALID, "no line number 0", STATE, .n = 0, .state = "sent");
  REFUSES (world, UC_ERROR_INVALID, "no line number 4", STATE, .n = 4, .state = "sent");
  REFUSES (world, UC_ERROR_INVALID, "is not of conversation", STATE, .interaction = "i-kim", .n = 1,
           .state = "sent");
  REFUSES (world, UC_ERROR_INVALID, "message is missing", .type = UC_COMMAND_MESSAGE_STATE,
           .conversation = "c-joe", .n = 1, .state = "sent");
  REFUSES (world, UC_ERROR_INVALID, "conversation is missing", .type = UC_COMMAND_MESSAGE_STATE, .message = "m",
           .n = 1, .state = "sent");
}

/* ---- conversations that come and go -------------------------------------------------------------------- */

static void
test_forgotten_conversation_goes_on_where_it_was (void)
{
  g_autoptr (World) world = office ();
  g_autoptr (UcEvent) row = uc_event_new (UC_EVENT_STATE_CONVERSATION, 0);

  world_customer (world, "joe");
  uc_engine_forget_conversation (world->engine, "c-joe");
  g_assert_nonnull (uc_engine_conversation (world->engine, "c-joe")); /* it has an interaction */
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  uc_engine_forget_conversation (world->engine, "c-joe");
  g_assert_null (uc_engine_conversation (world->engine, "c-joe"));
  g_assert_null (uc_engine_conversation_of (world->engine, "web", "joe"));
  uc_engine_forget_conversation (world->engine, "c-joe");

  row->conversation = g_strdup ("c-joe");
  row->channel = g_strdup ("web");
  row->network = g_strdup ("webchat");
  row->identity = g_strdup ("joe");
  row->last_n = 2;
  uc_engine_add_conversation (world->engine, row);
  uc_engine_add_conversation (world->engine, row);
  DO (world, "interaction.queued message.added message.added", JOE, .text = "again", .new_interaction = "i2",
      .new_message = "m");
  g_assert_cmpint (world_event (world, UC_EVENT_MESSAGE_ADDED)->n, ==, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/conversation/" name, func)
  TEST ("first-message-opens-everything", test_first_message_opens_everything);
  TEST ("more-messages-join-the-open-interaction", test_more_messages_join_the_open_interaction);
  TEST ("identity-belongs-to-its-channel", test_identity_belongs_to_its_channel);
  TEST ("new-name-is-told", test_new_name_is_told);
  TEST ("message-after-the-end-starts-a-new-interaction", test_message_after_the_end_starts_a_new_interaction);
  TEST ("message-to-a-disabled-queue-waits", test_message_to_a_disabled_queue_waits);
  TEST ("receive-names-bad-arguments", test_receive_names_bad_arguments);
  TEST ("leaving/while-waiting-abandons", test_leaving_while_waiting_abandons);
  TEST ("leaving/a-chat-leaves-the-agent-busy-until-he-ends-it",
        test_leaving_a_chat_leaves_the_agent_busy_until_he_ends_it);
  TEST ("leaving/and-coming-back-starts-a-new-interaction",
        test_coming_back_after_leaving_starts_a_new_interaction);
  TEST ("leaving/names-bad-arguments", test_leaving_names_bad_arguments);
  TEST ("send/agent-sends", test_agent_sends);
  TEST ("send/only-the-owner-of-an-active-chat", test_only_the_owner_of_an_active_chat_sends);
  TEST ("message-state/goes-to-the-agent", test_message_state_goes_to_the_agent);
  TEST ("message-state/of-the-past-is-told-as-given", test_message_state_of_the_past_is_told_as_given);
  TEST ("message-state/names-bad-arguments", test_message_state_names_bad_arguments);
  TEST ("forgotten-goes-on-where-it-was", test_forgotten_conversation_goes_on_where_it_was);
  return g_test_run ();
}
