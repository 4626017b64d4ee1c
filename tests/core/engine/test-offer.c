/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of an offer: preview, accept, reject, lapse, withdrawal, and who wins a race.
 */
#include "tests/core/engine/world.h"

#include <string.h>

/* Queue "q" with a minute of wrap-up; ann and bob, capacity 1. */
static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user (world, "ann");
  world_user (world, "bob");
  return world;
}

/* Joe's chat is offered to ann. */
static World *
office_with_offer (void)
{
  World *world = office ();

  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  return world;
}

static void
test_event_says_all_a_desk_needs (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  world_available (world, "ann");
  DO (world, "conversation.opened interaction.queued message.added message.added interaction.offered agent.status",
      .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat", .identity = "joe", .name = "Joe",
      .queue = "q", .text = "hello", .external_id = "x1", .sent_at = 7, .new_conversation = "c-joe",
      .new_interaction = "i-joe", .new_message = "m1", .seed = "seed");
  event = world_event (world, UC_EVENT_INTERACTION_OFFERED);
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->offer, ==, "seed-2");
  g_assert_cmpint (event->deadline, ==, world->now + 30000);
  g_assert_cmpint (event->acceptance_ms, ==, 30000);
  g_assert_cmpstr (event->conversation, ==, "c-joe");
  g_assert_cmpstr (event->channel, ==, "web");
  g_assert_cmpstr (event->network, ==, "webchat");
  g_assert_cmpstr (event->identity, ==, "joe");
  g_assert_cmpstr (event->name, ==, "Joe");
  g_assert_cmpstr (event->queue, ==, "q");
  g_assert_cmpint (event->enqueued_at, ==, world->now);
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "offered");
  g_assert_cmpstr (event->asked, ==, "available");
  g_assert_cmpstr (event->cause, ==, "offered");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, world->now + 30000);
}

/* S-13 */
static void
test_accept_makes_busy (void)
{
  g_autoptr (World) world = office_with_offer ();
  const UcEvent *event;

  world->now += 2000;
  DO (world, "offer.ended interaction.accepted message.added agent.status", .type = UC_COMMAND_ACCEPT,
      .agent = "ann", .interaction = "i-joe", .by = "ann", .new_message = "line");
  event = world_event (world, UC_EVENT_OFFER_ENDED);
  g_assert_cmpstr (event->cause, ==, "accepted");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_nonnull (event->offer);
  event = world_event (world, UC_EVENT_INTERACTION_ACCEPTED);
  g_assert_cmpstr (event->agent_name, ==, "ann");
  g_assert_cmpint (event->accepted_at, ==, world->now);
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->message, ==, "line");
  g_assert_cmpstr (event->author, ==, "system");
  g_assert_cmpstr (event->code, ==, "agent_joined");
  g_assert_cmpstr (event->text, ==, "ann joined");
  g_assert_cmpstr (event->author_name, ==, "ann");
  g_assert_cmpint (event->n, ==, 3);
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "busy");
  g_assert_cmpstr (event->cause, ==, "accepted");
  ASSERT_STATE (world, "i-joe", "active");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

/* S-08, to the millisecond. */
static void
test_accept_counts_until_just_before_the_deadline (void)
{
  g_autoptr (World) world = office_with_offer ();

  world->now += 29999;
  world_accept (world, "ann", "i-joe");
  ASSERT_STATE (world, "i-joe", "active");
}

static void
test_accept_at_the_deadline_is_too_late (void)
{
  g_autoptr (World) world = office_with_offer ();

  world->now += 30000;
  REFUSES (world, UC_ERROR_GONE, "the offer is no longer valid", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_GONE, "the offer is no longer valid", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
  ASSERT_STATE (world, "i-joe", "offered");
}

/* S-09 */
static void
test_reject_leads_to_on_break (void)
{
  g_autoptr (World) world = office_with_offer ();
  gint64 enqueued_at = world->now;
  const UcEvent *event;

  world->now += 5000;
  DO (world, "offer.ended agent.status interaction.queued", .type = UC_COMMAND_REJECT, .agent = "ann",
      .interaction = "i-joe", .reason = "language", .by = "ann");
  event = world_event (world, UC_EVENT_OFFER_ENDED);
  g_assert_cmpstr (event->cause, ==, "rejected");
  g_assert_cmpstr (event->reason, ==, "language");
  g_assert_cmpstr (event->by, ==, "ann");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "on_break");
  g_assert_cmpstr (event->asked, ==, "on_break");
  g_assert_cmpstr (event->cause, ==, "rejected");
  g_assert_cmpint (event->stop_new, ==, 0);
  event = world_event (world, UC_EVENT_INTERACTION_QUEUED);
  g_assert_cmpstr (event->cause, ==, "rejected");
  g_assert_cmpint (event->enqueued_at, ==, enqueued_at);
  g_assert_cmpstr (event->excluded, ==, "ann");
  ASSERT_STATE (world, "i-joe", "waiting");
}

/* S-06 */
static void
test_reject_needs_the_permission (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 1, "");
  world_available (world, "ann");
  world_customer (world, "joe");
  REFUSES (world, UC_ERROR_DENIED, "interaction.reject", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
  ASSERT_STATUS (world, "ann", "offered");
  ASSERT_STATE (world, "i-joe", "offered");
}

static void
permit (World *world, const char *permissions)
{
  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .name = "ann",
      .role = "agent", .permissions = permissions, .capacity = 1, .acceptance_ms = 30000, .enabled = 1);
}

static void
test_permission_taken_away_during_an_offer_counts_at_once (void)
{
  g_autoptr (World) world = office_with_offer ();

  permit (world, "interaction.rejects,interaction");
  REFUSES (world, UC_ERROR_DENIED, "interaction.reject", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
  permit (world, "supervise,interaction.reject");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
}

/* S-10 */
static void
test_lapses_to_on_break (void)
{
  g_autoptr (World) world = world_new ();
  const UcEvent *event;

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 1, "");
  world_available (world, "ann");
  world_customer (world, "joe");
  world->now += 29999;
  DO (world, "", .type = UC_COMMAND_TICK);
  ASSERT_STATUS (world, "ann", "offered");
  world->now += 1;
  DO (world, "offer.ended agent.status interaction.queued", .type = UC_COMMAND_TICK);
  event = world_event (world, UC_EVENT_OFFER_ENDED);
  g_assert_cmpstr (event->cause, ==, "timed_out");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "on_break");
  g_assert_cmpstr (event->cause, ==, "timed_out");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->cause, ==, "timed_out");
  ASSERT_STATE (world, "i-joe", "waiting");
  DO (world, "", .type = UC_COMMAND_TICK);
}

static void
test_not_taken_goes_to_the_next_agent (void)
{
  g_autoptr (World) world = office_with_offer ();

  world_available (world, "bob");
  world->now += 30000;
  DO (world, "offer.ended agent.status interaction.queued interaction.offered agent.status",
      .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  ASSERT_STATUS (world, "ann", "on_break");
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, world->now + 30000);
}

/* Ann comes back and is the longest idle, bob is able too: bob is asked, ann refused it before. */
static void
test_who_refused_is_passed_over_while_another_can (void)
{
  g_autoptr (World) world = office_with_offer ();

  world_available (world, "bob");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  world->now += 1000;
  world_user (world, "cid");
  world_status (world, "ann", "available");
  world->now += 1000;
  world_available (world, "cid");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "bob", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "cid");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "cid", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->excluded, ==, "ann,bob,cid");
}

static void
test_who_refused_is_asked_again_when_nobody_else_can (void)
{
  g_autoptr (World) world = office_with_offer ();

  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  world_status (world, "ann", "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->excluded, ==, "ann");
  /* bob refused it too, then both are able: the better of the two gets it */
  world_available (world, "bob");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "bob", .interaction = "i-joe");
  world_status (world, "bob", "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
}

/* S-11 */
static void
test_customer_leaving_costs_the_agent_nothing (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;
  gint64 idle_since;

  world_available (world, "ann");
  idle_since = world->now;
  world->now += 5000;
  world_available (world, "bob");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  world->now += 1000;
  DO (world, "offer.ended agent.status interaction.ended message.added interaction.closed",
      .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "customer_left");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "available");
  g_assert_cmpstr (event->cause, ==, "customer_left");
  g_assert_cmpint (event->idle_since, ==, idle_since);
  event = world_event (world, UC_EVENT_INTERACTION_ENDED);
  g_assert_cmpstr (event->ended_by, ==, "customer");
  g_assert_cmpint (event->deadline, ==, 0);
  g_assert_null (event->agent);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "abandoned");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
  /* he kept his turn before bob */
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

static void
test_customer_leaving_frees_the_agent_for_the_next_in_line (void)
{
  g_autoptr (World) world = office_with_offer ();

  world_customer (world, "kim");
  DO (world,
      "offer.ended agent.status interaction.ended message.added interaction.closed interaction.offered "
      "agent.status",
      .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

/* ---- races: exactly one winner ------------------------------------------------------------------------- */

static void
test_lapse_before_accept_wins (void)
{
  g_autoptr (World) world = office_with_offer ();

  world_tick (world, world->now + 30000);
  REFUSES (world, UC_ERROR_GONE, "waiting in queue q", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  world_available (world, "bob");
  REFUSES (world, UC_ERROR_GONE, "offered to bob", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  world_accept (world, "bob", "i-joe");
  REFUSES (world, UC_ERROR_GONE, "belongs to bob", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
}

static void
test_accept_before_lapse_wins (void)
{
  g_autoptr (World) world = office_with_offer ();

  world->now += 29999;
  world_accept (world, "ann", "i-joe");
  world->now += 1;
  DO (world, "", .type = UC_COMMAND_TICK);
  ASSERT_STATE (world, "i-joe", "active");
  REFUSES (world, UC_ERROR_CONFLICT, "accepted it already", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "accepted it already", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
}

static void
test_customer_leaving_before_accept_wins (void)
{
  g_autoptr (World) world = office_with_offer ();

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  REFUSES (world, UC_ERROR_GONE, "the customer left", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_GONE, "the customer left", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
}

static void
test_old_offer_id_is_refused (void)
{
  g_autoptr (World) world = office_with_offer ();
  g_autofree char *old = g_strdup (world_interaction (world, "i-joe")->offer);

  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  world_status (world, "ann", "available");
  REFUSES (world, UC_ERROR_GONE, "offered anew", .type = UC_COMMAND_ACCEPT, .agent = "ann", .interaction = "i-joe",
           .offer = old);
  DO (world, NULL, .type = UC_COMMAND_ACCEPT, .agent = "ann", .interaction = "i-joe",
      .offer = world_interaction (world, "i-joe")->offer);
}

static void
test_all_due_timers_go_in_order_of_deadline (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *first;

  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "bob", .login = "bob", .name = "bob",
      .role = "agent", .permissions = "", .capacity = 1, .acceptance_ms = 20000, .enabled = 1);
  world_available (world, "ann");
  world->now += 1000;
  world_available (world, "bob");
  world_customer (world, "joe");
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, world->now + 20000);
  world->now += 90000;
  DO (world, "offer.ended agent.status interaction.queued offer.ended agent.status interaction.queued",
      .type = UC_COMMAND_TICK);
  first = world->events->pdata[0];
  g_assert_cmpstr (first->interaction, ==, "i-kim");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

/* ---- capacity above 1 ---------------------------------------------------------------------------------- */

static World *
busy_with_second_offer (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 2, "interaction.reject");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  ASSERT_STATUS (world, "ann", "busy");
  return world;
}

static void
test_busy_agent_gets_more_up_to_capacity (void)
{
  g_autoptr (World) world = busy_with_second_offer ();

  world_customer (world, "lou");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "");
  world_accept (world, "ann", "i-kim");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "");
  ASSERT_STATUS (world, "ann", "busy");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "ann");
}

static void
test_one_offer_at_a_time (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 3, "");
  world_customer (world, "joe");
  world_customer (world, "kim");
  world_customer (world, "lou");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "");
  DO (world, "offer.ended interaction.accepted message.added agent.status interaction.offered",
      .type = UC_COMMAND_ACCEPT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "");
}

/* S-09/S-10 with chats in hand: they are untouched, nothing new comes, the break follows the last wrap-up. */
static void
test_missed_second_offer_stops_new_work (void)
{
  g_autoptr (World) world = busy_with_second_offer ();
  const UcEvent *event;

  world->now += 30000;
  DO (world, "offer.ended agent.status interaction.queued", .type = UC_COMMAND_TICK);
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "busy");
  g_assert_cmpstr (event->asked, ==, "on_break");
  g_assert_cmpint (event->stop_new, ==, 1);
  g_assert_cmpstr (event->cause, ==, "timed_out");
  ASSERT_STATE (world, "i-joe", "active");
  DO (world, NULL, .type = UC_COMMAND_SEND, .agent = "ann", .interaction = "i-joe", .text = "hi",
      .new_message = "m");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
      .interaction = "i-joe");
  ASSERT_STATUS (world, "ann", "on_break");
  ASSERT_STATE (world, "i-kim", "waiting");
}

static void
test_resume_clears_stop_new_and_pulls_work (void)
{
  g_autoptr (World) world = busy_with_second_offer ();

  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-kim");
  g_assert_true (world_agent (world, "ann")->stop_new);
  world->now += 10;
  DO (world, "agent.status interaction.offered", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
      .status = "available");
  g_assert_false (world_agent (world, "ann")->stop_new);
  g_assert_cmpint (world_agent (world, "ann")->idle_since, ==, world->now);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

/* ---- a user who is shut out ---------------------------------------------------------------------------- */

static void
disable_ann (World *world, const char *types, gint64 capacity)
{
  DO (world, types, .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .name = "ann", .role = "agent",
      .permissions = "interaction.reject", .capacity = capacity, .acceptance_ms = 30000, .enabled = 0,
      .by = "boss");
}

static void
test_disabling_withdraws_the_offer (void)
{
  g_autoptr (World) world = office_with_offer ();

  world_available (world, "bob");
  disable_ann (world, "user.changed offer.ended interaction.queued agent.status interaction.offered agent.status",
               1);
  ASSERT_STATUS (world, "ann", "logged_out");
  g_assert_cmpstr (world_agent (world, "ann")->cause, ==, "changed");
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "withdrawn");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->cause, ==, "withdrawn");
  g_assert_null (world_event (world, UC_EVENT_INTERACTION_QUEUED)->excluded);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
}

static void
test_disabling_leaves_chats_alone (void)
{
  g_autoptr (World) world = busy_with_second_offer ();

  disable_ann (world, "user.changed offer.ended interaction.queued agent.status", 2);
  ASSERT_STATUS (world, "ann", "busy");
  ASSERT_STATE (world, "i-joe", "active");
  ASSERT_STATE (world, "i-kim", "waiting");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  ASSERT_STATUS (world, "ann", "logged_out");
}

static void
test_bad_arguments_are_named (void)
{
  g_autoptr (World) world = office_with_offer ();
  static const UcCommandType types[] = { UC_COMMAND_ACCEPT, UC_COMMAND_REJECT };

  for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
    {
      REFUSES (world, UC_ERROR_INVALID, "agent is missing", .type = types[t], .interaction = "i-joe");
      REFUSES (world, UC_ERROR_NOT_FOUND, "no user zoe", .type = types[t], .agent = "zoe", .interaction = "i-joe");
      REFUSES (world, UC_ERROR_INVALID, "interaction is missing", .type = types[t], .agent = "ann");
      REFUSES (world, UC_ERROR_INVALID, "interaction is missing", .type = types[t], .agent = "ann",
               .interaction = "");
      REFUSES (world, UC_ERROR_INVALID, "not an id", .type = types[t], .agent = "ann", .interaction = "a b");
      REFUSES (world, UC_ERROR_NOT_FOUND, "no open interaction i-nobody", .type = types[t], .agent = "ann",
               .interaction = "i-nobody");
      REFUSES (world, UC_ERROR_GONE, "offered to ann", .type = types[t], .agent = "bob", .interaction = "i-joe");
      REFUSES (world, UC_ERROR_INVALID, "seed", .type = types[t], .agent = "ann", .interaction = "i-joe",
               .seed = "");
    }
  REFUSES (world, UC_ERROR_INVALID, "new_message", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe", .new_message = "a,b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/offer/" name, func)
  TEST ("event-says-all-a-desk-needs", test_event_says_all_a_desk_needs);
  TEST ("accept-makes-busy", test_accept_makes_busy);
  TEST ("accept-counts-until-just-before-the-deadline", test_accept_counts_until_just_before_the_deadline);
  TEST ("accept-at-the-deadline-is-too-late", test_accept_at_the_deadline_is_too_late);
  TEST ("reject-leads-to-on-break", test_reject_leads_to_on_break);
  TEST ("reject-needs-the-permission", test_reject_needs_the_permission);
  TEST ("permission-taken-away-during-an-offer-counts-at-once",
        test_permission_taken_away_during_an_offer_counts_at_once);
  TEST ("lapses-to-on-break", test_lapses_to_on_break);
  TEST ("not-taken-goes-to-the-next-agent", test_not_taken_goes_to_the_next_agent);
  TEST ("who-refused-is-passed-over-while-another-can", test_who_refused_is_passed_over_while_another_can);
  TEST ("who-refused-is-asked-again-when-nobody-else-can", test_who_refused_is_asked_again_when_nobody_else_can);
  TEST ("customer-leaving-costs-the-agent-nothing", test_customer_leaving_costs_the_agent_nothing);
  TEST ("customer-leaving-frees-the-agent-for-the-next-in-line",
        test_customer_leaving_frees_the_agent_for_the_next_in_line);
  TEST ("race/lapse-before-accept-wins", test_lapse_before_accept_wins);
  TEST ("race/accept-before-lapse-wins", test_accept_before_lapse_wins);
  TEST ("race/customer-leaving-before-accept-wins", test_customer_leaving_before_accept_wins);
  TEST ("race/old-offer-id-is-refused", test_old_offer_id_is_refused);
  TEST ("all-due-timers-go-in-order-of-deadline", test_all_due_timers_go_in_order_of_deadline);
  TEST ("capacity/busy-agent-gets-more-up-to-capacity", test_busy_agent_gets_more_up_to_capacity);
  TEST ("capacity/one-offer-at-a-time", test_one_offer_at_a_time);
  TEST ("capacity/missed-second-offer-stops-new-work", test_missed_second_offer_stops_new_work);
  TEST ("capacity/resume-clears-stop-new-and-pulls-work", test_resume_clears_stop_new_and_pulls_work);
  TEST ("disabling-withdraws-the-offer", test_disabling_withdraws_the_offer);
  TEST ("disabling-leaves-chats-alone", test_disabling_leaves_chats_alone);
  TEST ("bad-arguments-are-named", test_bad_arguments_are_named);
  return g_test_run ();
}
