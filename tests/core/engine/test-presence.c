/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A desk that vanishes: what it loses and when, without blame; and back in time nothing happened.
 */
#include "tests/core/engine/world.h"

#include <string.h>

#define LEASE 10000
#define GRACE 60000

static void
presence (World *world, const char *agent, const char *state)
{
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = agent, .state = state);
}

/* Queue "q" with a minute of wrap-up; ann, capacity 3, available at an open desk. */
static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 3, "interaction.reject");
  world_available (world, "ann");
  presence (world, "ann", "here");
  return world;
}

/* Joe's chat is with ann, kim's is offered to her. */
static World *
busy_office (void)
{
  World *world = office ();

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 1000;
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  return world;
}

static void
test_nobody_without_a_desk_is_missed (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user (world, "ann");
  world_available (world, "ann");
  DO (world, "", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  DO (world, "", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "none");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

static void
test_away_gets_no_offers (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  DO (world, "agent.presence", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  event = world_event (world, UC_EVENT_AGENT_PRESENCE);
  g_assert_cmpstr (event->state, ==, "away");
  g_assert_cmpint (event->since, ==, world->now);
  g_assert_cmpint (event->deadline, ==, world->now + GRACE);
  world_customer (world, "joe");
  ASSERT_STATE (world, "i-joe", "waiting");
  ASSERT_STATUS (world, "ann", "available");
  DO (world, "agent.presence interaction.offered agent.status", .type = UC_COMMAND_PRESENCE, .agent = "ann",
      .state = "here");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

/* The lease: the offer goes to the next one, with its place, and she may have it again. */
static void
test_offer_is_lost_after_the_lease (void)
{
  g_autoptr (World) world = busy_office ();
  gint64 queued = world->now;
  const UcEvent *event;

  world->now += 1000;
  presence (world, "ann", "away");
  world_tick (world, world->now + LEASE - 1);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  world->now += 1;
  DO (world, "offer.ended interaction.queued", .type = UC_COMMAND_TICK);
  event = world_event (world, UC_EVENT_OFFER_ENDED);
  g_assert_cmpstr (event->cause, ==, "agent_lost");
  event = world_event (world, UC_EVENT_INTERACTION_QUEUED);
  g_assert_cmpstr (event->cause, ==, "agent_lost");
  g_assert_cmpint (event->enqueued_at, ==, queued);
  g_assert_cmpstr (event->excluded, ==, NULL);
  g_assert_cmpstr (event->agent, ==, NULL);
  ASSERT_STATE (world, "i-joe", "active");
  g_assert_cmpuint (world_agent (world, "ann")->misses, ==, 0);
  g_assert_cmpint (world_agent (world, "ann")->asked, ==, UC_AGENT_AVAILABLE);
  presence (world, "ann", "here");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

/* Idle before: she is shown as available again, not on break. */
static void
test_lost_offer_blames_nobody (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  presence (world, "ann", "away");
  world->now += LEASE;
  DO (world, "offer.ended agent.status interaction.queued", .type = UC_COMMAND_TICK);
  ASSERT_STATUS (world, "ann", "available");
  g_assert_cmpstr (world_agent (world, "ann")->cause, ==, "agent_lost");
}

/* Her interval runs out before the lease: that is no miss either, nobody saw it. */
static void
test_offer_that_lapses_unseen_is_lost_too (void)
{
  g_autoptr (World) world = office ();

  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "q", .enabled = 1, .acceptance_ms = 3000);
  world_customer (world, "joe");
  presence (world, "ann", "away");
  world_tick (world, world->now + 3000);
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "agent_lost");
  ASSERT_STATUS (world, "ann", "available");
}

static void
test_back_within_the_grace_nothing_happened (void)
{
  g_autoptr (World) world = office ();
  g_autofree char *before = NULL, *after = NULL;

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  before = world_dump (world->engine);
  presence (world, "ann", "away");
  world_tick (world, world->now + GRACE - 1);
  g_assert_cmpuint (world->events->len, ==, 0);
  DO (world, "agent.presence", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  after = world_dump (world->engine);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

static void
test_chats_go_back_after_the_grace (void)
{
  g_autoptr (World) world = office ();
  gint64 queued = world->now;
  const UcEvent *event;

  world_customer (world, "joe");
  world->now += 500;
  world_accept (world, "ann", "i-joe");
  presence (world, "ann", "away");
  world->now += GRACE;
  DO (world, "agent.presence message.added interaction.queued agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_event (world, UC_EVENT_AGENT_PRESENCE)->state, ==, "lost");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->code, ==, "agent_left");
  g_assert_nonnull (strstr (event->text, "will be continued by a colleague"));
  event = world_event (world, UC_EVENT_INTERACTION_QUEUED);
  g_assert_cmpstr (event->cause, ==, "agent_lost");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpint (event->enqueued_at, ==, queued);
  g_assert_cmpstr (event->excluded, ==, NULL);
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "work_offline");
  g_assert_cmpstr (event->cause, ==, "agent_lost");
  ASSERT_STATE (world, "i-joe", "waiting");
}

/* It goes before whoever came later, and the conversation goes on where it was. */
static void
test_colleague_continues (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  presence (world, "ann", "away");
  world->now += 1000;
  world_customer (world, "kim");
  world_tick (world, world->now + GRACE);
  world_user (world, "bob");
  world_available (world, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  world_accept (world, "bob", "i-joe");
  DO (world, "message.added", .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat",
      .identity = "joe", .text = "still here", .new_message = "m9");
  g_assert_cmpstr (world->events->len > 0 ? world_event (world, UC_EVENT_MESSAGE_ADDED)->interaction : "", ==,
                   "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->agent, ==, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "it belongs to bob", .type = UC_COMMAND_SEND, .agent = "ann",
           .interaction = "i-joe", .text = "hi", .new_message = "m10");
}

static void
test_back_after_the_grace_stays_work_offline (void)
{
  g_autoptr (World) world = busy_office ();

  presence (world, "ann", "away");
  world_tick (world, world->now + GRACE);
  ASSERT_STATE (world, "i-joe", "waiting");
  ASSERT_STATE (world, "i-kim", "waiting");
  DO (world, "agent.presence", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  ASSERT_STATUS (world, "ann", "work_offline");
  ASSERT_STATE (world, "i-joe", "waiting");
  world_status (world, "ann", "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

/* A script sets her available while she is lost: no offer goes to a desk that is not there. */
static void
test_lost_agent_can_not_be_made_able (void)
{
  g_autoptr (World) world = office ();

  presence (world, "ann", "away");
  world_tick (world, world->now + GRACE);
  world_customer (world, "joe");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "available", .by = "boss");
  ASSERT_STATE (world, "i-joe", "waiting");
}

static void
test_wrap_ups_keep_their_time (void)
{
  g_autoptr (World) world = office ();
  gint64 until;

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 1000;
  presence (world, "ann", "away");
  world->now += GRACE - 1;
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  until = world_interaction (world, "i-joe")->deadline;
  world->now += 1;
  DO (world, "agent.presence agent.status", .type = UC_COMMAND_TICK);
  ASSERT_STATE (world, "i-joe", "wrap_up");
  ASSERT_STATUS (world, "ann", "post_processing");
  world_tick (world, until);
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  ASSERT_STATUS (world, "ann", "work_offline");
}

/* The customer has left already: no colleague is needed, the chat is closed. */
static void
test_chat_without_customer_is_closed (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  presence (world, "ann", "away");
  world->now += GRACE;
  DO (world, "agent.presence interaction.closed agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "agent_lost");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->agent, ==, "ann");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  DO (world, "interaction.queued message.added message.added", .type = UC_COMMAND_RECEIVE, .channel = "web",
      .network = "webchat", .identity = "joe", .queue = "q", .text = "me again", .new_interaction = "i-joe-2",
      .new_message = "m2");
}

/* A case that was filed while ann had it is completed though nobody has the chat when the customer leaves. */
static void
test_case_is_completed_without_an_agent (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SAVE_STATE, .interaction = "i-joe", .state = "saved", .case_id = "case");
  presence (world, "ann", "away");
  world_tick (world, world->now + GRACE);
  DO (world, "interaction.ended interaction.save message.added interaction.closed",
      .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->state, ==, "queued");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->case_id, ==, "case");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->agent, ==, NULL);
}

static void
test_logged_out_is_not_missed (void)
{
  g_autoptr (World) world = office ();

  world_status (world, "ann", "logged_out");
  DO (world, "agent.presence", .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  g_assert_cmpstr (world_event (world, UC_EVENT_AGENT_PRESENCE)->state, ==, "none");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

static void
test_logging_out_while_away_ends_it (void)
{
  g_autoptr (World) world = office ();

  presence (world, "ann", "away");
  DO (world, "agent.status agent.presence", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "logged_out",
      .by = "boss");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

static void
test_disabled_while_away (void)
{
  g_autoptr (World) world = office ();

  presence (world, "ann", "away");
  DO (world, "user.changed agent.status agent.presence", .type = UC_COMMAND_PUT_USER, .user = "ann",
      .login = "ann", .role = "agent", .capacity = 3, .enabled = 0);
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

/* No lease, no grace: all is lost in the step that says so. */
static void
test_without_patience (void)
{
  g_autoptr (World) world = busy_office ();

  DO (world, "policy.changed", .type = UC_COMMAND_PUT_POLICY, .lease_ms = 0, .grace_ms = 0, .acceptance_ms = -1,
      .return_reject_ms = -1, .return_timeout_ms = -1, .max_misses = -1, .code_grace_ms = -1);
  DO (world,
      "agent.presence agent.presence offer.ended interaction.queued message.added interaction.queued agent.status",
      .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  ASSERT_STATUS (world, "ann", "work_offline");
}

/* A lease that is shortened while she is away counts from then on. */
static void
test_policy_change_counts_at_once (void)
{
  g_autoptr (World) world = busy_office ();
  gint64 away = world->now;

  presence (world, "ann", "away");
  world->now += 5000;
  DO (world, "policy.changed", .type = UC_COMMAND_PUT_POLICY, .lease_ms = 2000, .grace_ms = -1,
      .acceptance_ms = -1, .return_reject_ms = -1, .return_timeout_ms = -1, .max_misses = -1, .code_grace_ms = -1);
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, away + 2000);
  DO (world, "offer.ended interaction.queued", .type = UC_COMMAND_TICK);
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, away + GRACE);
}

static void
test_accepting_counts_though_nobody_is_there (void)
{
  g_autoptr (World) world = busy_office ();

  presence (world, "ann", "away");
  world_accept (world, "ann", "i-kim");
  world_tick (world, world->now + LEASE);
  ASSERT_STATE (world, "i-kim", "active");
}

static void
test_nonsense_is_refused (void)
{
  g_autoptr (World) world = office ();

  REFUSES (world, UC_ERROR_INVALID, "a presence is here, away or none, not 'lost'", .type = UC_COMMAND_PRESENCE,
           .agent = "ann", .state = "lost");
  REFUSES (world, UC_ERROR_INVALID, "not ''", .type = UC_COMMAND_PRESENCE, .agent = "ann");
  REFUSES (world, UC_ERROR_NOT_FOUND, "there is no user bob", .type = UC_COMMAND_PRESENCE, .agent = "bob",
           .state = "here");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/presence/" name, func)
  TEST ("nobody-without-a-desk-is-missed", test_nobody_without_a_desk_is_missed);
  TEST ("away-gets-no-offers", test_away_gets_no_offers);
  TEST ("offer-is-lost-after-the-lease", test_offer_is_lost_after_the_lease);
  TEST ("lost-offer-blames-nobody", test_lost_offer_blames_nobody);
  TEST ("offer-that-lapses-unseen-is-lost-too", test_offer_that_lapses_unseen_is_lost_too);
  TEST ("back-within-the-grace-nothing-happened", test_back_within_the_grace_nothing_happened);
  TEST ("chats-go-back-after-the-grace", test_chats_go_back_after_the_grace);
  TEST ("colleague-continues", test_colleague_continues);
  TEST ("back-after-the-grace-stays-work-offline", test_back_after_the_grace_stays_work_offline);
  TEST ("lost-agent-can-not-be-made-able", test_lost_agent_can_not_be_made_able);
  TEST ("wrap-ups-keep-their-time", test_wrap_ups_keep_their_time);
  TEST ("chat-without-customer-is-closed", test_chat_without_customer_is_closed);
  TEST ("case-is-completed-without-an-agent", test_case_is_completed_without_an_agent);
  TEST ("logged-out-is-not-missed", test_logged_out_is_not_missed);
  TEST ("logging-out-while-away-ends-it", test_logging_out_while_away_ends_it);
  TEST ("disabled-while-away", test_disabled_while_away);
  TEST ("without-patience", test_without_patience);
  TEST ("policy-change-counts-at-once", test_policy_change_counts_at_once);
  TEST ("accepting-counts-though-nobody-is-there", test_accepting_counts_though_nobody_is_there);
  TEST ("nonsense-is-refused", test_nonsense_is_refused);
  return g_test_run ();
}
