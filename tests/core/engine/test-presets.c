/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of a centre: one test per preset for that vendor's row in mission 2.3, and what can be set by hand.
 */
#include "tests/core/engine/world.h"

/* Ann, capacity 1, without an interval of her own, so that the policy's counts; a chat of joe is offered to her.
 */
static World *
office (const char *preset)
{
  World *world = world_new ();

  world_queue (world, "q", 0);
  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .name = "ann",
      .role = "agent", .permissions = "interaction.reject", .capacity = 1, .enabled = 1);
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  if (preset != NULL)
    DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = preset, .by = "boss");
  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  return world;
}

/* Nothing happens until just before the interval is over. */
static void
miss (World *world, gint64 interval)
{
  const UcInteraction *interaction = world_interaction (world, "i-joe");

  g_assert_cmpint (interaction->offered_ms, ==, interval);
  g_assert_cmpint (interaction->deadline, ==, world->now + interval);
  world_tick (world, world->now + interval - 1);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  world_tick (world, world->now + 1);
  ASSERT_STATE (world, "i-joe", "waiting");
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "timed_out");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->cause, ==, "timed_out");
}

static void
reject (World *world)
{
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe", .by = "ann");
  ASSERT_STATE (world, "i-joe", "waiting");
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "rejected");
}

static void
assert_status (World *world, const char *status, const char *cause, const char *reason)
{
  const UcAgent *agent = world_agent (world, "ann");

  ASSERT_STATUS (world, "ann", status);
  g_assert_cmpstr (agent->cause, ==, cause);
  g_assert_cmpstr (agent->reason, ==, reason);
}

static void
assert_only_by_hand (World *world)
{
  g_assert_cmpint (world_agent (world, "ann")->return_at, ==, 0);
  world_tick (world, world->now + 3600000);
  ASSERT_STATE (world, "i-joe", "waiting");
  world_status (world, "ann", "available");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

/* ---- the vendors --------------------------------------------------------------------------------------- */

/* 8x8: 30 s, both lead to On Break, and only he himself ends it. It is what holds where nothing was set. */
static void
test_8x8 (void)
{
  for (int given = 0; given < 2; given++)
    {
      g_autoptr (World) missed = office (given ? "8x8" : NULL), rejected = office (given ? "8x8" : NULL);

      g_assert_cmpstr (uc_engine_policy (missed->engine)->preset, ==, "8x8");
      miss (missed, 30000);
      assert_status (missed, "on_break", "timed_out", NULL);
      assert_only_by_hand (missed);
      reject (rejected);
      assert_status (rejected, "on_break", "rejected", NULL);
      assert_only_by_hand (rejected);
    }
}

static void
assert_back_after (World *world, gint64 ms)
{
  g_assert_cmpint (world_agent (world, "ann")->return_at, ==, world->now + ms);
  world_tick (world, world->now + ms - 1);
  ASSERT_STATE (world, "i-joe", "waiting");
  world->now += 1;
  DO (world, "agent.status interaction.offered agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  g_assert_cmpint (world_agent (world, "ann")->return_at, ==, 0);
}

/* 8x8 Engage: a reject is Working Offline, a miss On Break, each for ten seconds, then Available by itself. */
static void
test_engage (void)
{
  g_autoptr (World) missed = office ("engage"), rejected = office ("engage");

  miss (missed, 30000);
  assert_status (missed, "on_break", "timed_out", NULL);
  assert_back_after (missed, 10000);
  reject (rejected);
  assert_status (rejected, "work_offline", "rejected", NULL);
  assert_back_after (rejected, 10000);
}

/* Amazon Connect: 20 s; MISSED and REJECTED are told apart, the status stays Available for the next contact. */
static void
test_connect (void)
{
  g_autoptr (World) missed = office ("connect"), rejected = office ("connect");

  miss (missed, 20000);
  assert_status (missed, "available", "timed_out", NULL);
  world_customer (missed, "kim");
  g_assert_cmpstr (world_offered_to (missed, "i-kim"), ==, "ann");
  reject (rejected);
  assert_status (rejected, "available", "rejected", NULL);
  world_customer (rejected, "kim");
  g_assert_cmpstr (world_offered_to (rejected, "i-kim"), ==, "ann");
}

/* Genesys Cloud: decline or no answer, both Not Responding until he says otherwise. */
static void
test_genesys (void)
{
  g_autoptr (World) missed = office ("genesys"), rejected = office ("genesys");

  miss (missed, 30000);
  assert_status (missed, "on_break", "timed_out", "not_responding");
  assert_only_by_hand (missed);
  g_assert_cmpstr (world_agent (missed, "ann")->reason, ==, NULL);
  reject (rejected);
  assert_status (rejected, "on_break", "rejected", "not_responding");
  assert_only_by_hand (rejected);
}

/* Twilio TaskRouter: 120 s; a time-out takes the worker offline, a reject does not; both and a cancelled one
 * differ. */
static void
test_twilio (void)
{
  g_autoptr (World) missed = office ("twilio"), rejected = office ("twilio"), canceled = office ("twilio");

  miss (missed, 120000);
  assert_status (missed, "work_offline", "timed_out", NULL);
  assert_only_by_hand (missed);
  reject (rejected);
  assert_status (rejected, "available", "rejected", NULL);
  DO (canceled, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  assert_status (canceled, "available", "customer_left", NULL);
}

/* Webex Contact Center: the task goes to the queue, the agent to RONA, and back by hand only. */
static void
test_webex (void)
{
  g_autoptr (World) missed = office ("webex"), rejected = office ("webex");

  miss (missed, 30000);
  assert_status (missed, "on_break", "timed_out", "rona");
  assert_only_by_hand (missed);
  reject (rejected);
  assert_status (rejected, "on_break", "rejected", "rona");
  assert_only_by_hand (rejected);
}

/* ---- the interval -------------------------------------------------------------------------------------- */

static gint64
offered_interval (gint64 channel, gint64 queue, gint64 user)
{
  g_autoptr (World) world = world_new ();

  DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = "connect");
  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 1, .acceptance_ms = queue);
  DO (world, NULL, .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .role = "agent", .capacity = 1,
      .acceptance_ms = user, .enabled = 1);
  DO (world, NULL, .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  world_available (world, "ann");
  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat", .identity = "joe",
      .queue = "q", .text = "hello", .acceptance_ms = channel, .new_conversation = "c", .new_interaction = "i",
      .new_message = "m");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_OFFERED)->acceptance_ms, ==,
                   world_interaction (world, "i")->offered_ms);
  return world_interaction (world, "i")->deadline - world->now;
}

static void
test_interval_of_channel_queue_user_policy (void)
{
  g_assert_cmpint (offered_interval (5000, 6000, 7000), ==, 5000);
  g_assert_cmpint (offered_interval (0, 6000, 7000), ==, 6000);
  g_assert_cmpint (offered_interval (0, 0, 7000), ==, 7000);
  g_assert_cmpint (offered_interval (0, 0, 0), ==, 20000);
}

static void
test_interval_is_kept_when_it_goes_back (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user (world, "ann");
  world_available (world, "ann");
  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat", .identity = "joe",
      .queue = "q", .text = "hello", .acceptance_ms = 5000, .new_conversation = "c-joe",
      .new_interaction = "i-joe", .new_message = "m");
  reject (world);
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_QUEUED)->acceptance_ms, ==, 5000);
  world_status (world, "ann", "available");
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, world->now + 5000);
}

/* ---- who stays available ------------------------------------------------------------------------------- */

static void
test_other_agent_gets_it_at_once (void)
{
  g_autoptr (World) world = office ("connect");

  world_user (world, "bob");
  world_available (world, "bob");
  DO (world, "offer.ended agent.status interaction.queued interaction.offered agent.status",
      .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  ASSERT_STATUS (world, "ann", "available");
}

/* Alone, he is asked again, but not at once: five seconds, or somebody else. */
static void
test_refused_chat_rests (void)
{
  g_autoptr (World) world = office ("connect");
  gint64 since = world_interaction (world, "i-joe")->enqueued_at;

  world->now += 100;
  DO (world, "offer.ended agent.status interaction.queued", .type = UC_COMMAND_REJECT, .agent = "ann",
      .interaction = "i-joe");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_QUEUED)->deadline, ==, world->now + 5000);
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, world->now + 5000);
  world_tick (world, world->now + 4999);
  ASSERT_STATE (world, "i-joe", "waiting");
  world->now += 1;
  DO (world, "interaction.queued interaction.offered agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_QUEUED)->cause, ==, "rested");
  g_assert_cmpint (world_interaction (world, "i-joe")->enqueued_at, ==, since);
}

/* The others in line do not wait for it, and it does not lose its place to them. */
static void
test_resting_chat_holds_nobody_up (void)
{
  g_autoptr (World) world = office ("connect");

  world->now += 10;
  world_customer (world, "kim");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  world->now += 10;
  world_customer (world, "lou");
  world_user (world, "bob");
  world_available (world, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  ASSERT_STATE (world, "i-lou", "waiting");
}

static void
test_customer_may_leave_while_it_rests (void)
{
  g_autoptr (World) world = office ("connect");

  reject (world);
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

/* ---- misses in a row ----------------------------------------------------------------------------------- */

static void
set_max_misses (World *world, gint64 n)
{
  DO (world, "policy.changed", .type = UC_COMMAND_PUT_POLICY, .max_misses = n, .acceptance_ms = -1,
      .return_reject_ms = -1, .return_timeout_ms = -1, .lease_ms = -1, .grace_ms = -1, .code_grace_ms = -1);
}

static void
test_break_follows_the_nth_miss (void)
{
  g_autoptr (World) world = office (NULL);

  set_max_misses (world, 3);
  for (int n = 1; n < 3; n++)
    {
      world_tick (world, world->now + 30000);
      ASSERT_STATUS (world, "ann", "available");
      g_assert_cmpuint (world_agent (world, "ann")->misses, ==, n);
      world_tick (world, world->now + 5000);
      g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
    }
  world_tick (world, world->now + 30000);
  ASSERT_STATUS (world, "ann", "on_break");
  g_assert_cmpuint (world_agent (world, "ann")->misses, ==, 0);
}

static void
test_accepting_forgives_misses (void)
{
  g_autoptr (World) world = office (NULL);

  set_max_misses (world, 2);
  world_tick (world, world->now + 30000);
  world_tick (world, world->now + 5000);
  world_accept (world, "ann", "i-joe");
  g_assert_cmpuint (world_agent (world, "ann")->misses, ==, 0);
}

static void
test_rejects_are_not_misses (void)
{
  g_autoptr (World) world = office ("connect");

  set_max_misses (world, 2);
  reject (world);
  g_assert_cmpuint (world_agent (world, "ann")->misses, ==, 0);
}

/* ---- coming back by himself ---------------------------------------------------------------------------- */

static void
test_asking_for_a_status_cancels_the_return (void)
{
  static const char *const asked[] = { "on_break", "work_offline", "available", "logged_out" };

  for (gsize a = 0; a < G_N_ELEMENTS (asked); a++)
    {
      g_autoptr (World) world = office ("engage");

      reject (world);
      world_status (world, "ann", asked[a]);
      g_assert_cmpint (world_agent (world, "ann")->return_at, ==, 0);
      if (a == 2)
        continue;
      world_tick (world, world->now + 3600000);
      ASSERT_STATUS (world, "ann", asked[a]);
    }
}

/* With chats in hand: he is busy all the time, and takes new ones again when the time is over. */
static void
test_busy_agent_returns_too (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 2, "interaction.reject");
  DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = "engage");
  world_available (world, "ann");
  world_customer (world, "kim");
  world_accept (world, "ann", "i-kim");
  world_customer (world, "joe");
  reject (world);
  ASSERT_STATUS (world, "ann", "busy");
  g_assert_true (world_agent (world, "ann")->stop_new);
  world_tick (world, world->now + 10000);
  ASSERT_STATUS (world, "ann", "busy");
  g_assert_false (world_agent (world, "ann")->stop_new);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

/* ---- setting it ---------------------------------------------------------------------------------------- */

#define KEEP                                                                                                      \
  .acceptance_ms = -1, .return_reject_ms = -1, .return_timeout_ms = -1, .max_misses = -1, .lease_ms = -1,         \
  .grace_ms = -1, .code_grace_ms = -1

static void
test_members_change_the_rest_stays (void)
{
  g_autoptr (World) world = world_new ();
  UcCommand command = { .type = UC_COMMAND_PUT_POLICY, KEEP };
  const UcPolicy *policy = uc_engine_policy (world->engine);
  g_autoptr (GError) error = NULL;

  g_assert_true (world_step (world, command, &error));
  g_assert_cmpuint (world->events->len, ==, 0);
  command.on_reject = "work_offline";
  command.reason_reject = "declined";
  command.grace_ms = 0;
  g_assert_true (world_step (world, command, &error));
  g_assert_cmpint (policy->on_reject, ==, UC_AGENT_WORK_OFFLINE);
  g_assert_cmpint (policy->on_timeout, ==, UC_AGENT_ON_BREAK);
  g_assert_cmpstr (policy->reason_reject, ==, "declined");
  g_assert_cmpint (policy->grace_ms, ==, 0);
  g_assert_cmpint (policy->lease_ms, ==, 10000);
  g_assert_cmpstr (policy->preset, ==, NULL);
  command = (UcCommand){ .type = UC_COMMAND_PUT_POLICY, .reason_reject = "", .pop_on = "offered,completed", KEEP };
  g_assert_true (world_step (world, command, &error));
  g_assert_cmpstr (policy->reason_reject, ==, NULL);
  g_assert_cmpstr (policy->pop_on, ==, "offered,completed");
  DO (world, "policy.changed", .type = UC_COMMAND_PUT_POLICY, .preset = "8x8");
  g_assert_cmpstr (policy->preset, ==, "8x8");
  g_assert_cmpint (policy->grace_ms, ==, 60000);
  g_assert_cmpstr (policy->pop_on, ==, "offered");
  DO (world, "", .type = UC_COMMAND_PUT_POLICY, .preset = "8x8");
}

/* Setting what a preset says already does not make it another one. */
static void
test_preset_is_named_while_nothing_differs (void)
{
  g_autoptr (World) world = world_new ();
  UcCommand command = { .type = UC_COMMAND_PUT_POLICY, .on_reject = "on_break", KEEP };
  g_autoptr (GError) error = NULL;

  g_assert_true (world_step (world, command, &error));
  g_assert_cmpstr (uc_engine_policy (world->engine)->preset, ==, "8x8");
}

#define REFUSED(words, ...)                                                                                       \
  world_refuses (world, G_STRLOC, UC_ERROR_INVALID, words,                                                        \
                 (UcCommand){ .type = UC_COMMAND_PUT_POLICY, __VA_ARGS__ })

static void
test_nonsense_is_refused (void)
{
  g_autoptr (World) world = world_new ();

  REFUSED ("there is no preset 'avaya'", .preset = "avaya");
  REFUSED ("give the preset, or the members", .preset = "8x8", .on_reject = "on_break");
  REFUSED ("on_login must be one of work_offline, on_break; not 'available'", KEEP, .on_login = "available");
  REFUSED ("on_reject must be one of", KEEP, .on_reject = "logged_out");
  REFUSED ("on_timeout must be one of", KEEP, .on_timeout = "busy");
  REFUSED ("late_save must be one of independent, linked; not ''", KEEP, .late_save = "");
  REFUSED ("each word of pop_on must be one of", KEEP, .pop_on = "offered,always");
}

static void
test_ranges (void)
{
  static const struct
  {
    const char *words;
    gsize offset;
    gint64 value;
  } wrong[] = {
    { "acceptance_ms must be from 1000 to 900000, not 999", G_STRUCT_OFFSET (UcCommand, acceptance_ms), 999 },
    { "not 900001", G_STRUCT_OFFSET (UcCommand, acceptance_ms), 900001 },
    { "lease_ms must be from 0 to 300000, not 300001", G_STRUCT_OFFSET (UcCommand, lease_ms), 300001 },
    { "lease_ms", G_STRUCT_OFFSET (UcCommand, lease_ms), -2 },
    { "grace_ms must be from 0 to 3600000", G_STRUCT_OFFSET (UcCommand, grace_ms), 3600001 },
    { "code_grace_ms must be from 0 to 86400000", G_STRUCT_OFFSET (UcCommand, code_grace_ms), 86400001 },
    { "max_misses must be from 1 to 100, not 0", G_STRUCT_OFFSET (UcCommand, max_misses), 0 },
    { "return_reject_ms must be from 0", G_STRUCT_OFFSET (UcCommand, return_reject_ms), 3600001 },
    { "return_timeout_ms must be from 0", G_STRUCT_OFFSET (UcCommand, return_timeout_ms), -5 },
  };
  g_autoptr (World) world = world_new ();

  for (gsize w = 0; w < G_N_ELEMENTS (wrong); w++)
    {
      UcCommand command = { .type = UC_COMMAND_PUT_POLICY, KEEP };

      G_STRUCT_MEMBER (gint64, &command, wrong[w].offset) = wrong[w].value;
      world_refuses (world, G_STRLOC, UC_ERROR_INVALID, wrong[w].words, command);
    }
}

static void
test_presets_are_listed_and_valid (void)
{
  g_autoptr (World) world = world_new ();
  const char *const *names = uc_policy_presets ();

  g_assert_cmpuint (g_strv_length ((char **)names), ==, 6);
  g_assert_null (uc_policy_preset ("none"));
  for (gsize n = 0; names[n] != NULL; n++)
    {
      g_autoptr (UcEvent) event = uc_policy_preset (names[n]);

      g_assert_cmpstr (event->preset, ==, names[n]);
      DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = names[n]);
      g_assert_cmpint (uc_engine_policy (world->engine)->acceptance_ms, ==, event->acceptance_ms);
    }
}

/* ---- who accepts everything ---------------------------------------------------------------------------- */

static void
test_auto_accept_in_the_same_step (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .role = "agent",
      .capacity = 2, .auto_accept = 1, .enabled = 1);
  DO (world, NULL, .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  world_customer (world, "joe");
  world_customer (world, "kim");
  world_customer (world, "lou");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .cause = "login");
  DO (world,
      "agent.status interaction.offered agent.status offer.ended interaction.accepted message.added agent.status "
      "interaction.offered offer.ended interaction.accepted message.added",
      .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "available");
  ASSERT_STATE (world, "i-joe", "active");
  ASSERT_STATE (world, "i-kim", "active");
  ASSERT_STATE (world, "i-lou", "waiting");
}

static void
test_auto_accept_excludes_the_permission (void)
{
  g_autoptr (World) world = office (NULL);

  REFUSES (world, UC_ERROR_INVALID, "exclude each other", .type = UC_COMMAND_PUT_USER, .user = "ann",
           .login = "ann", .role = "agent", .permissions = "supervise,interaction.reject", .capacity = 1,
           .auto_accept = 1, .enabled = 1);
  /* Taken away and switched on while an offer is live. */
  DO (world, "user.changed offer.ended interaction.accepted message.added agent.status",
      .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .role = "agent", .permissions = "supervise",
      .capacity = 1, .auto_accept = 1, .enabled = 1);
  ASSERT_STATE (world, "i-joe", "active");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/policy/" name, func)
  TEST ("preset/8x8", test_8x8);
  TEST ("preset/engage", test_engage);
  TEST ("preset/connect", test_connect);
  TEST ("preset/genesys", test_genesys);
  TEST ("preset/twilio", test_twilio);
  TEST ("preset/webex", test_webex);
  TEST ("interval/of-channel-queue-user-policy", test_interval_of_channel_queue_user_policy);
  TEST ("interval/is-kept-when-it-goes-back", test_interval_is_kept_when_it_goes_back);
  TEST ("available/other-agent-gets-it-at-once", test_other_agent_gets_it_at_once);
  TEST ("available/refused-chat-rests", test_refused_chat_rests);
  TEST ("available/resting-chat-holds-nobody-up", test_resting_chat_holds_nobody_up);
  TEST ("available/customer-may-leave-while-it-rests", test_customer_may_leave_while_it_rests);
  TEST ("misses/break-follows-the-nth", test_break_follows_the_nth_miss);
  TEST ("misses/accepting-forgives", test_accepting_forgives_misses);
  TEST ("misses/rejects-are-none", test_rejects_are_not_misses);
  TEST ("return/asking-for-a-status-cancels-it", test_asking_for_a_status_cancels_the_return);
  TEST ("return/busy-agent-too", test_busy_agent_returns_too);
  TEST ("set/members-change-the-rest-stays", test_members_change_the_rest_stays);
  TEST ("set/preset-is-named-while-nothing-differs", test_preset_is_named_while_nothing_differs);
  TEST ("set/nonsense-is-refused", test_nonsense_is_refused);
  TEST ("set/ranges", test_ranges);
  TEST ("set/presets-are-listed-and-valid", test_presets_are_listed_and_valid);
  TEST ("auto-accept/in-the-same-step", test_auto_accept_in_the_same_step);
  TEST ("auto-accept/excludes-the-permission", test_auto_accept_excludes_the_permission);
  return g_test_run ();
}
