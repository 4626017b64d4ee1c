/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From End chat to the end of wrap-up, the customer's record, and Save to CRM.
 */
#include "tests/core/engine/world.h"

static World *
chat (gint64 post_processing_ms)
{
  World *world = world_new ();

  world_queue (world, "q", post_processing_ms);
  world_user (world, "ann");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 1000;
  return world;
}

#define END .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe"
#define DONE .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe"

/* S-19 */
static void
test_end_leads_to_post_processing (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, "interaction.ended message.added agent.status", END, .new_message = "line", .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_ENDED);
  g_assert_cmpstr (event->ended_by, ==, "agent");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpint (event->ended_at, ==, world->now);
  g_assert_cmpint (event->deadline, ==, world->now + 60000);
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->code, ==, "ended");
  g_assert_cmpstr (event->text, ==, "The chat has ended");
  g_assert_cmpstr (event->message, ==, "line");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "post_processing");
  g_assert_cmpstr (event->cause, ==, "ended");
  ASSERT_STATE (world, "i-joe", "wrap_up");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, world->now + 60000);
}

static void
test_end_without_post_processing_closes_at_once (void)
{
  g_autoptr (World) world = chat (0);
  const UcEvent *event;

  DO (world, "interaction.ended message.added interaction.closed agent.status", END);
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_ENDED)->deadline, ==, 0);
  event = world_event (world, UC_EVENT_INTERACTION_CLOSED);
  g_assert_cmpstr (event->cause, ==, "none");
  g_assert_cmpstr (event->agent, ==, "ann");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "available");
  g_assert_cmpstr (event->cause, ==, "ended");
  g_assert_cmpint (event->idle_since, ==, world->now);
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
}

static void
test_ending_what_the_customer_left_needs_no_second_end (void)
{
  g_autoptr (World) world = chat (0);

  DO (world, "interaction.ended message.added", .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  DO (world, "interaction.closed agent.status", END);
  ASSERT_STATUS (world, "ann", "available");
}

/* S-20 */
static void
test_post_processing_ends_by_hand (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, NULL, END);
  world->now += 500;
  DO (world, "interaction.closed agent.status", DONE, .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_CLOSED);
  g_assert_cmpstr (event->cause, ==, "manual");
  g_assert_cmpstr (event->by, ==, "ann");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "available");
  g_assert_cmpstr (event->cause, ==, "wrapped");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  g_assert_cmpint (event->idle_since, ==, world->now);
  world->now += 60000;
  DO (world, "", .type = UC_COMMAND_TICK); /* the timer is gone */
  REFUSES (world, UC_ERROR_GONE, "is closed", DONE);
}

static void
test_post_processing_ends_by_timer_once (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, NULL, END);
  world->now += 59999;
  DO (world, "", .type = UC_COMMAND_TICK);
  world->now += 1;
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "timed_out");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "available");
  g_assert_cmpstr (event->cause, ==, "wrap_timeout");
  DO (world, "", .type = UC_COMMAND_TICK);
  REFUSES (world, UC_ERROR_GONE, "is closed", DONE);
}

static void
test_new_post_processing_time_counts_from_the_next_end (void)
{
  g_autoptr (World) world = chat (60000);

  DO (world, NULL, END);
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "q", .enabled = 1);
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, world->now + 60000);
}

/* Wrap-up is per interaction: the agent stays busy with his other chat. */
static void
test_wrap_up_beside_another_chat (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 2, "");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "kim");
  world_accept (world, "ann", "i-kim");
  DO (world, "interaction.ended message.added", END);
  ASSERT_STATUS (world, "ann", "busy");
  world->now += 10;
  DO (world, "interaction.closed agent.status", DONE); /* his turn counts from here */
  g_assert_cmpint (world_event (world, UC_EVENT_AGENT_STATUS)->idle_since, ==, world->now);
  ASSERT_STATUS (world, "ann", "busy");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-kim");
  ASSERT_STATUS (world, "ann", "post_processing");
}

static void
test_lists_of_an_agent_are_oldest_first (void)
{
  g_autoptr (World) world = world_new ();
  GPtrArray *list;

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 3, "");
  world_available (world, "ann");
  world_customer (world, "zed");
  world->now += 1;
  world_accept (world, "ann", "i-zed");
  world_customer (world, "joe");
  world->now += 1;
  world_accept (world, "ann", "i-joe");
  world_customer (world, "abe");
  list = world_agent (world, "ann")->interactions;
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_cmpstr (((UcInteraction *)list->pdata[0])->id, ==, "i-zed");
  g_assert_cmpstr (((UcInteraction *)list->pdata[1])->id, ==, "i-joe");
  g_assert_cmpstr (((UcInteraction *)list->pdata[2])->id, ==, "i-abe");
}

static void
test_ending_names_what_is_wrong (void)
{
  g_autoptr (World) world = chat (60000);

  world_user (world, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "belongs to ann", .type = UC_COMMAND_END, .agent = "bob",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "not in post processing", DONE);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no user zoe", .type = UC_COMMAND_END, .agent = "zoe",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_NOT_FOUND, "no open interaction x", .type = UC_COMMAND_END, .agent = "ann",
           .interaction = "x");
  REFUSES (world, UC_ERROR_INVALID, "new_message", END, .new_message = "a b");
  DO (world, NULL, END);
  REFUSES (world, UC_ERROR_CONFLICT, "has ended already", END);
  REFUSES (world, UC_ERROR_CONFLICT, "belongs to ann", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "bob",
           .interaction = "i-joe");
  world_customer (world, "kim");
  REFUSES (world, UC_ERROR_CONFLICT, "waiting in queue q", .type = UC_COMMAND_END, .agent = "ann",
           .interaction = "i-kim");
  world_available (world, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "only offered", .type = UC_COMMAND_END, .agent = "bob",
           .interaction = "i-kim");
}

/* ---- the customer's record ----------------------------------------------------------------------------- */

static void
test_customer_is_told_once (void)
{
  g_autoptr (World) world = chat (0);
  const UcEvent *event;
#define CUSTOMER .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus", .seed = ""

  DO (world, "interaction.customer", CUSTOMER, .customer_name = "Joe Doe", .draft = 1);
  event = world_event (world, UC_EVENT_INTERACTION_CUSTOMER);
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->customer, ==, "cus");
  g_assert_cmpstr (event->customer_name, ==, "Joe Doe");
  g_assert_cmpint (event->draft, ==, 1);
  DO (world, "", CUSTOMER, .customer_name = "Joe Doe", .draft = 1);
  DO (world, "interaction.customer", CUSTOMER, .customer_name = "Joe Doe");
  DO (world, "interaction.customer", CUSTOMER, .customer_name = "Jo Doe");
  DO (world, "interaction.customer", .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe");
  g_assert_null (world_interaction (world, "i-joe")->customer);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no open interaction", .type = UC_COMMAND_SET_CUSTOMER, .interaction = "x",
           .customer = "cus");
}

static void
test_customer_found_while_waiting_is_in_the_offer (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user (world, "ann");
  world_customer (world, "joe");
  DO (world, "interaction.customer", CUSTOMER, .customer_name = "Joe Doe");
  g_assert_null (world_event (world, UC_EVENT_INTERACTION_CUSTOMER)->agent);
  world_available (world, "ann");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_OFFERED)->customer, ==, "cus");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_OFFERED)->customer_name, ==, "Joe Doe");
}

/* ---- Save to CRM --------------------------------------------------------------------------------------- */

#define SAVE .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe", .by = "ann"
#define SAVED .type = UC_COMMAND_SAVE_STATE, .interaction = "i-joe"

/* S-17 */
static void
test_save_during_the_chat (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, "interaction.save", SAVE, .seed = "");
  event = world_event (world, UC_EVENT_INTERACTION_SAVE);
  g_assert_cmpstr (event->state, ==, "requested");
  g_assert_cmpstr (event->mode, ==, "during");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->by, ==, "ann");
  DO (world, "", SAVE);
  DO (world, "interaction.save", SAVED, .state = "queued", .attempts = 1, .error = "no answer");
  event = world_event (world, UC_EVENT_INTERACTION_SAVE);
  g_assert_cmpstr (event->state, ==, "queued");
  g_assert_cmpstr (event->mode, ==, "during");
  g_assert_cmpint (event->attempts, ==, 1);
  g_assert_cmpstr (event->error, ==, "no answer");
  DO (world, "", SAVE);
  DO (world, NULL, END);
  DO (world, "interaction.save", SAVED, .state = "saved", .attempts = 2, .case_id = "case1");
  event = world_event (world, UC_EVENT_INTERACTION_SAVE);
  g_assert_cmpstr (event->mode, ==, "during"); /* as it was asked for */
  g_assert_cmpstr (event->case_id, ==, "case1");
  g_assert_null (event->error);
  DO (world, "", SAVE);
  g_assert_cmpstr (world_interaction (world, "i-joe")->save_state, ==, "saved");
}

/* What was said after the save must get into the case too, and the end must not be lost between two steps. */
static void
test_end_makes_the_saved_case_stale (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, NULL, SAVE);
  DO (world, NULL, SAVED, .state = "saved", .attempts = 1, .case_id = "case1");
  DO (world, "interaction.ended interaction.save message.added agent.status", END);
  event = world_event (world, UC_EVENT_INTERACTION_SAVE);
  g_assert_cmpstr (event->state, ==, "queued");
  g_assert_cmpstr (event->mode, ==, "during");
  g_assert_cmpstr (event->case_id, ==, "case1");
  g_assert_cmpint (event->attempts, ==, 0);
}

static void
test_customer_leaving_makes_the_saved_case_stale_once (void)
{
  g_autoptr (World) world = chat (60000);

  DO (world, NULL, SAVE);
  DO (world, NULL, SAVED, .state = "saved", .case_id = "case1");
  DO (world, "interaction.ended interaction.save message.added", .type = UC_COMMAND_CUSTOMER_END,
      .conversation = "c-joe");
  DO (world, NULL, SAVED, .state = "saved", .case_id = "case1");
  DO (world, "interaction.ended agent.status", END);
  g_assert_cmpstr (world_interaction (world, "i-joe")->save_state, ==, "saved");
}

static void
test_end_does_not_touch_a_save_under_way (void)
{
  g_autoptr (World) world = chat (60000);

  DO (world, NULL, SAVE);
  DO (world, "interaction.ended message.added agent.status", END);
  g_assert_cmpstr (world_interaction (world, "i-joe")->save_state, ==, "requested");
}

/* S-18 */
static void
test_save_after_the_chat (void)
{
  g_autoptr (World) world = chat (60000);

  DO (world, NULL, END);
  DO (world, "interaction.save", SAVE);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->mode, ==, "after");
}

static void
test_save_after_the_customer_left (void)
{
  g_autoptr (World) world = chat (60000);

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  ASSERT_STATE (world, "i-joe", "active");
  DO (world, "interaction.save", SAVE);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->mode, ==, "after");
}

static void
test_failed_save_can_be_asked_for_again (void)
{
  g_autoptr (World) world = chat (60000);
  const UcEvent *event;

  DO (world, NULL, SAVE);
  DO (world, NULL, SAVED, .state = "failed", .attempts = 5, .error = "refused", .case_id = "c7");
  DO (world, NULL, END);
  DO (world, "interaction.save", SAVE);
  event = world_event (world, UC_EVENT_INTERACTION_SAVE);
  g_assert_cmpstr (event->state, ==, "requested");
  g_assert_cmpstr (event->mode, ==, "after");
  g_assert_cmpint (event->attempts, ==, 0);
  g_assert_null (event->error);
  g_assert_cmpstr (event->case_id, ==, "c7"); /* half a case is still that case */
}

static void
test_supervisor_saves_without_owning (void)
{
  g_autoptr (World) world = chat (60000);

  world_user (world, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "belongs to ann", .type = UC_COMMAND_SAVE, .agent = "bob",
           .interaction = "i-joe");
  DO (world, "interaction.save", .type = UC_COMMAND_SAVE, .interaction = "i-joe", .by = "sam");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->by, ==, "sam");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->agent, ==, "ann");
}

static void
test_saving_names_what_is_wrong (void)
{
  g_autoptr (World) world = chat (60000);

  REFUSES (world, UC_ERROR_CONFLICT, "nobody asked", SAVED, .state = "saved");
  DO (world, NULL, SAVE);
  REFUSES (world, UC_ERROR_INVALID, "not 'requested'", SAVED, .state = "requested");
  REFUSES (world, UC_ERROR_INVALID, "not ''", SAVED);
  REFUSES (world, UC_ERROR_INVALID, "negative", SAVED, .state = "queued", .attempts = -1);
  world_customer (world, "kim");
  REFUSES (world, UC_ERROR_CONFLICT, "no agent has accepted it", .type = UC_COMMAND_SAVE, .interaction = "i-kim");
  DO (world, NULL, END);
  DO (world, NULL, DONE);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  REFUSES (world, UC_ERROR_CONFLICT, "no agent has accepted it", .type = UC_COMMAND_SAVE, .agent = "ann",
           .interaction = "i-kim");
  REFUSES (world, UC_ERROR_GONE, "is closed", SAVE);
  REFUSES (world, UC_ERROR_GONE, "is closed", SAVED, .state = "saved");
  REFUSES (world, UC_ERROR_NOT_FOUND, "no open interaction x", .type = UC_COMMAND_SAVE, .interaction = "x");
}

static void
test_words (void)
{
  UcAgentStatus status;

  g_assert_true (uc_agent_status_from_word ("post_processing", &status));
  g_assert_cmpint (status, ==, UC_AGENT_POST_PROCESSING);
  g_assert_false (uc_agent_status_from_word ("asleep", &status));
  g_assert_false (uc_agent_status_from_word (NULL, &status));
  g_assert_cmpstr (uc_interaction_state_word (UC_INTERACTION_WRAP_UP), ==, "wrap_up");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/interaction/" name, func)
  TEST ("end-leads-to-post-processing", test_end_leads_to_post_processing);
  TEST ("end-without-post-processing-closes-at-once", test_end_without_post_processing_closes_at_once);
  TEST ("ending-what-the-customer-left-needs-no-second-end",
        test_ending_what_the_customer_left_needs_no_second_end);
  TEST ("post-processing-ends-by-hand", test_post_processing_ends_by_hand);
  TEST ("post-processing-ends-by-timer-once", test_post_processing_ends_by_timer_once);
  TEST ("new-post-processing-time-counts-from-the-next-end",
        test_new_post_processing_time_counts_from_the_next_end);
  TEST ("wrap-up-beside-another-chat", test_wrap_up_beside_another_chat);
  TEST ("lists-of-an-agent-are-oldest-first", test_lists_of_an_agent_are_oldest_first);
  TEST ("ending-names-what-is-wrong", test_ending_names_what_is_wrong);
  TEST ("customer-is-told-once", test_customer_is_told_once);
  TEST ("customer-found-while-waiting-is-in-the-offer", test_customer_found_while_waiting_is_in_the_offer);
  TEST ("save/during-the-chat", test_save_during_the_chat);
  TEST ("save/end-makes-the-saved-case-stale", test_end_makes_the_saved_case_stale);
  TEST ("save/customer-leaving-makes-the-saved-case-stale-once",
        test_customer_leaving_makes_the_saved_case_stale_once);
  TEST ("save/end-does-not-touch-one-under-way", test_end_does_not_touch_a_save_under_way);
  TEST ("save/after-the-chat", test_save_after_the_chat);
  TEST ("save/after-the-customer-left", test_save_after_the_customer_left);
  TEST ("save/failed-can-be-asked-for-again", test_failed_save_can_be_asked_for_again);
  TEST ("save/supervisor-saves-without-owning", test_supervisor_saves_without_owning);
  TEST ("save/names-what-is-wrong", test_saving_names_what_is_wrong);
  TEST ("words", test_words);
  return g_test_run ();
}
