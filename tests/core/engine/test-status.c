/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The agent's status: every row of the transition table, and what it does to offers.
 */
#include "tests/core/engine/world.h"

static World *
office (gint64 post_processing_ms)
{
  World *world = world_new ();

  world_queue (world, "q", post_processing_ms);
  world_user (world, "ann");
  return world;
}

static void
test_new_user_is_logged_out (void)
{
  g_autoptr (World) world = office (0);

  ASSERT_STATUS (world, "ann", "logged_out");
  g_assert_cmpint (world_agent (world, "ann")->since, ==, 0);
}

static void
test_login_leads_to_work_offline (void)
{
  g_autoptr (World) world = office (0);
  const UcEvent *event;

  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline",
      .cause = "login", .by = "ann");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->status, ==, "work_offline");
  g_assert_cmpstr (event->asked, ==, "work_offline");
  g_assert_cmpstr (event->cause, ==, "login");
  g_assert_cmpstr (event->by, ==, "ann");
  g_assert_cmpint (event->since, ==, world->now);
  g_assert_cmpint (event->stop_new, ==, 0);
}

static void
test_whoever_is_logged_out_must_log_in_first (void)
{
  g_autoptr (World) world = office (0);

  REFUSES (world, UC_ERROR_CONFLICT, "log in first", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "available");
  REFUSES (world, UC_ERROR_CONFLICT, "log in first", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "on_break", .cause = "by_hand");
}

static void
test_second_login_changes_nothing (void)
{
  g_autoptr (World) world = office (0);

  world_available (world, "ann");
  DO (world, "", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline", .cause = "login");
  ASSERT_STATUS (world, "ann", "available");
  world_customer (world, "joe");
  DO (world, "", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline", .cause = "login");
  ASSERT_STATUS (world, "ann", "offered");
}

static void
test_going_available_pulls_waiting_work (void)
{
  g_autoptr (World) world = office (0);

  world_customer (world, "joe");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break",
      .cause = "login");
  DO (world, "agent.status interaction.offered agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
      .status = "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  ASSERT_STATUS (world, "ann", "offered");
}

static void
test_idle_agent_takes_break_works_offline_logs_out (void)
{
  g_autoptr (World) world = office (0);
  static const char *const words[] = { "on_break", "work_offline", "available", "logged_out" };

  world_available (world, "ann");
  for (gsize w = 0; w < G_N_ELEMENTS (words); w++)
    {
      world->now += 1000;
      DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = words[w],
          .reason = "lunch");
      ASSERT_STATUS (world, "ann", words[w]);
      g_assert_cmpint (world_agent (world, "ann")->since, ==, world->now);
      g_assert_cmpstr (world_agent (world, "ann")->reason, ==, "lunch");
      g_assert_cmpstr (world_agent (world, "ann")->cause, ==, w == 3 ? "logout" : "by_hand");
    }
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
}

static void
test_asking_for_the_same_again_is_no_event (void)
{
  g_autoptr (World) world = office (0);

  DO (world, "", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "logged_out");
  world_available (world, "ann");
  world->now += 5;
  DO (world, "", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "available");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break", .reason = "tea");
  DO (world, "", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break", .reason = "tea");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break",
      .reason = "lunch");
  g_assert_cmpint (world_agent (world, "ann")->since, ==, world->now);
}

/* S-02: one status after the other, with a chat that waits. */
static void
test_only_available_agents_are_offered_work (void)
{
  g_autoptr (World) world = office (60000);

  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline",
      .cause = "login");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  world_status (world, "ann", "on_break");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  world_status (world, "ann", "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "");
  world_accept (world, "ann", "i-joe");
  ASSERT_STATUS (world, "ann", "busy");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  ASSERT_STATUS (world, "ann", "post_processing");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

static void
test_status_is_refused_while_an_offer_is_pending (void)
{
  g_autoptr (World) world = office (0);
  static const char *const words[] = { "on_break", "work_offline", "logged_out", "available" };

  world_available (world, "ann");
  world_customer (world, "joe");
  for (gsize w = 0; w < G_N_ELEMENTS (words); w++)
    REFUSES (world, UC_ERROR_CONFLICT, "accept or reject it first", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
             .status = words[w]);
}

static void
test_break_asked_while_busy_comes_after_the_chat (void)
{
  g_autoptr (World) world = office (60000);
  const UcEvent *event;

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 100;
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break",
      .reason = "lunch");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "busy");
  g_assert_cmpstr (event->asked, ==, "on_break");
  g_assert_cmpint (event->since, ==, world->now - 100);
  DO (world, "interaction.ended message.added agent.status", .type = UC_COMMAND_END, .agent = "ann",
      .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_AGENT_STATUS)->status, ==, "post_processing");
  world_customer (world, "kim");
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
      .interaction = "i-joe");
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpstr (event->status, ==, "on_break");
  g_assert_cmpstr (event->cause, ==, "wrapped");
  g_assert_cmpstr (event->reason, ==, "lunch");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "");
}

static void
test_status_asked_in_wrap_up_is_taken_at_its_end (void)
{
  g_autoptr (World) world = office (60000);

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  world_status (world, "ann", "work_offline");
  ASSERT_STATUS (world, "ann", "post_processing");
  world_status (world, "ann", "available");
  world_status (world, "ann", "work_offline");
  world_tick (world, world->now + 60000);
  ASSERT_STATUS (world, "ann", "work_offline");
}

static void
test_logging_out_waits_for_the_last_chat (void)
{
  g_autoptr (World) world = office (60000);

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "finish it first", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "logged_out");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "finish it first", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "logged_out", .cause = "logout");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "logged_out");
}

static void
test_disabled_user_cannot_log_in (void)
{
  g_autoptr (World) world = office (0);

  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .name = "ann",
      .role = "agent", .permissions = "", .capacity = 1, .acceptance_ms = 30000, .enabled = 0);
  REFUSES (world, UC_ERROR_DENIED, "disabled", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "work_offline", .cause = "login");
}

static void
test_bad_arguments_are_named (void)
{
  g_autoptr (World) world = office (0);

  REFUSES (world, UC_ERROR_INVALID, "agent is missing", .type = UC_COMMAND_SET_STATUS, .status = "available");
  REFUSES (world, UC_ERROR_NOT_FOUND, "no user bob", .type = UC_COMMAND_SET_STATUS, .agent = "bob",
           .status = "available");
  REFUSES (world, UC_ERROR_INVALID, "not ''", .type = UC_COMMAND_SET_STATUS, .agent = "ann");
  REFUSES (world, UC_ERROR_INVALID, "not 'busy'", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "busy");
  REFUSES (world, UC_ERROR_INVALID, "not 'tired'", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "available", .cause = "tired");
  REFUSES (world, UC_ERROR_INVALID, "does not go with", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "logged_out", .cause = "login");
  REFUSES (world, UC_ERROR_INVALID, "does not go with", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "available", .cause = "logout");
  REFUSES (world, UC_ERROR_INVALID, "reason is not valid UTF-8", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "on_break", .reason = "\xff");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/status/new-user-is-logged-out", test_new_user_is_logged_out);
  g_test_add_func ("/engine/status/login-leads-to-work-offline", test_login_leads_to_work_offline);
  g_test_add_func ("/engine/status/whoever-is-logged-out-must-log-in-first",
                   test_whoever_is_logged_out_must_log_in_first);
  g_test_add_func ("/engine/status/second-login-changes-nothing", test_second_login_changes_nothing);
  g_test_add_func ("/engine/status/going-available-pulls-waiting-work", test_going_available_pulls_waiting_work);
  g_test_add_func ("/engine/status/idle-agent-takes-break-works-offline-logs-out",
                   test_idle_agent_takes_break_works_offline_logs_out);
  g_test_add_func ("/engine/status/asking-for-the-same-again-is-no-event",
                   test_asking_for_the_same_again_is_no_event);
  g_test_add_func ("/engine/status/only-available-agents-are-offered-work",
                   test_only_available_agents_are_offered_work);
  g_test_add_func ("/engine/status/refused-while-an-offer-is-pending",
                   test_status_is_refused_while_an_offer_is_pending);
  g_test_add_func ("/engine/status/break-asked-while-busy-comes-after-the-chat",
                   test_break_asked_while_busy_comes_after_the_chat);
  g_test_add_func ("/engine/status/asked-in-wrap-up-is-taken-at-its-end",
                   test_status_asked_in_wrap_up_is_taken_at_its_end);
  g_test_add_func ("/engine/status/logging-out-waits-for-the-last-chat", test_logging_out_waits_for_the_last_chat);
  g_test_add_func ("/engine/status/disabled-user-cannot-log-in", test_disabled_user_cannot_log_in);
  g_test_add_func ("/engine/status/bad-arguments-are-named", test_bad_arguments_are_named);
  return g_test_run ();
}
