/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who gets what: the order of work, the order of agents, and what the configuration does to both at once.
 */
#include "tests/core/engine/world.h"

static void
member (World *world, const char *user, const char *queue, gint64 enabled)
{
  DO (world, NULL, .type = UC_COMMAND_PUT_MEMBERSHIP, .user = user, .queue = queue, .enabled = enabled);
}

static void
put_queue (World *world, const char *id, gint64 enabled, gint64 boost)
{
  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = id, .name = id, .enabled = enabled, .boost = boost);
}

static void
put_user (World *world, const char *id, gint64 capacity, gint64 enabled)
{
  DO (world, NULL, .type = UC_COMMAND_PUT_USER, .user = id, .login = id, .name = id, .role = "agent",
      .permissions = "interaction.reject", .capacity = capacity, .acceptance_ms = 30000, .enabled = enabled);
}

static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 0);
  world_user (world, "ann");
  world_user (world, "bob");
  return world;
}

/* ---- order of agents ----------------------------------------------------------------------------------- */

static void
test_longest_idle_agent_wins (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "bob");
  world->now += 1;
  world_available (world, "ann");
  world_customer (world, "joe");
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

static void
test_equally_idle_agents_go_by_id (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "bob");
  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

static void
test_idle_counts_from_the_end_of_work (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  world->now += 1;
  world_available (world, "bob");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world->now += 10;
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpint (world_agent (world, "ann")->idle_since, ==, world->now);
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "bob");
}

static void
test_smaller_load_ratio_comes_before_idle (void)
{
  g_autoptr (World) world = world_new ();

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 2, "");
  world_user_with (world, "bob", 3, "");
  world_available (world, "ann");
  world->now += 1;
  world_available (world, "bob");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe"); /* ann 1/2, bob 0/3 */
  world_customer (world, "kim");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "bob");
  world_accept (world, "bob", "i-kim"); /* ann 1/2, bob 1/3 */
  world_customer (world, "lou");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "bob");
  world_accept (world, "bob", "i-lou"); /* ann 1/2, bob 2/3 */
  world_customer (world, "max");
  g_assert_cmpstr (world_offered_to (world, "i-max"), ==, "ann");
}

/* ---- order of work ------------------------------------------------------------------------------------- */

static void
test_first_come_first_served (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world->now += 1;
  world_customer (world, "abe");
  g_assert_cmpstr (uc_engine_first_waiting (world->engine, uc_engine_queue (world->engine, "q"))->id, ==, "i-joe");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  world_available (world, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-abe"), ==, "bob");
  g_assert_null (uc_engine_first_waiting (world->engine, uc_engine_queue (world->engine, "q")));
}

static void
test_same_moment_goes_by_id (void)
{
  g_autoptr (World) world = office ();

  world_customer (world, "joe");
  world_customer (world, "abe");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-abe"), ==, "ann");
}

static void
test_oldest_of_all_queues_of_the_agent (void)
{
  g_autoptr (World) world = office ();

  world_queue (world, "r", 0);
  world_queue (world, "s", 0);
  member (world, "ann", "r", 1);
  world_customer_to (world, "sue", "s");
  world->now += 1;
  world_customer_to (world, "ray", "r");
  world->now += 1;
  world_customer (world, "joe");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-ray"), ==, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-sue"), ==, "");
}

static void
test_boost_is_a_head_start_and_no_more (void)
{
  g_autoptr (World) world = office ();

  put_queue (world, "vip", 1, 10000);
  member (world, "ann", "vip", 1);
  member (world, "bob", "vip", 1);
  world_customer (world, "joe");
  world->now += 9999;
  world_customer_to (world, "vic", "vip");
  world->now += 2;
  world_customer_to (world, "val", "vip");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-vic"), ==, "ann");
  world_available (world, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
}

/* P9: the place survives a change of the queue's boost, a refusal and a lapse. */
static void
test_place_in_line_is_kept (void)
{
  g_autoptr (World) world = office ();
  gint64 enqueued_at = world->now;

  world_customer (world, "joe");
  world->now += 1;
  world_customer (world, "abe");
  world_available (world, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  put_queue (world, "q", 1, -500000);
  world->now += 10;
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpint (world_interaction (world, "i-joe")->enqueued_at, ==, enqueued_at);
  g_assert_cmpint (world_interaction (world, "i-joe")->boost, ==, 0);
  world_available (world, "bob");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
  world_tick (world, world->now + 30000);
  g_assert_cmpstr (uc_engine_first_waiting (world->engine, uc_engine_queue (world->engine, "q"))->id, ==, "i-joe");
  g_assert_cmpint (world_interaction (world, "i-joe")->enqueued_at, ==, enqueued_at);
}

/* ---- S-03: queue enabled, member, membership enabled; each alone blocks, each alone unblocks at once ---- */

static void
test_queue_must_be_enabled (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  put_queue (world, "q", 0, 0);
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  DO (world, "queue.changed interaction.offered agent.status", .type = UC_COMMAND_PUT_QUEUE, .queue = "q",
      .name = "q", .enabled = 1);
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
}

static void
test_agent_must_be_a_member (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .removed = 1);
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  DO (world, "membership.changed interaction.offered agent.status", .type = UC_COMMAND_PUT_MEMBERSHIP,
      .user = "ann", .queue = "q", .enabled = 1);
}

static void
test_membership_must_be_enabled (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  member (world, "ann", "q", 0);
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "");
  DO (world, "membership.changed interaction.offered agent.status", .type = UC_COMMAND_PUT_MEMBERSHIP,
      .user = "ann", .queue = "q", .enabled = 1);
}

static void
test_closing_a_queue_leaves_offers_and_chats_alone (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_available (world, "bob");
  world_customer (world, "kim");
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "q", .enabled = 0);
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "bob", .queue = "q", .removed = 1);
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 0);
  ASSERT_STATE (world, "i-joe", "active");
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "bob");
  world_accept (world, "bob", "i-kim");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "bob", .interaction = "i-kim");
}

static void
test_raised_capacity_counts_at_once (void)
{
  g_autoptr (World) world = office ();

  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "kim");
  DO (world, "user.changed interaction.offered", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann",
      .name = "ann", .role = "agent", .permissions = "interaction.reject", .capacity = 2, .acceptance_ms = 30000,
      .enabled = 1);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
}

static void
test_lowered_capacity_lets_chats_run_out (void)
{
  g_autoptr (World) world = office ();

  put_user (world, "ann", 3, 1);
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "kim");
  world_accept (world, "ann", "i-kim");
  put_user (world, "ann", 1, 1);
  g_assert_cmpuint (world_agent (world, "ann")->over, ==, 1);
  world_customer (world, "lou");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpuint (world_agent (world, "ann")->over, ==, 0);
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-kim");
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "ann");
}

static void
test_new_acceptance_interval_counts_from_the_next_offer (void)
{
  g_autoptr (World) world = office ();
  gint64 deadline;

  world_available (world, "ann");
  world_customer (world, "joe");
  deadline = world_interaction (world, "i-joe")->deadline;
  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann", .name = "ann",
      .role = "agent", .permissions = "", .capacity = 1, .acceptance_ms = 5000, .enabled = 1);
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, deadline);
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  world_customer (world, "kim");
  g_assert_cmpint (world_interaction (world, "i-kim")->deadline, ==, world->now + 5000);
}

static void
test_a_supervisor_may_take_chats (void)
{
  g_autoptr (World) world = office ();

  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "sam", .login = "sam", .name = "Sam",
      .role = "supervisor", .permissions = "supervise", .capacity = 1, .acceptance_ms = 30000, .enabled = 1);
  member (world, "sam", "q", 1);
  world_available (world, "sam");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "sam");
}

/* ---- counting: the work of one event grows with the logarithm, not with the crowd ---------------------- */

/* More than 64 classes and groups, so that the bit sets have several words, and slots of groups are used again. */
static void
test_many_queues_and_groups (void)
{
  g_autoptr (World) world = world_new ();

  world->fast = TRUE;
  for (int q = 0; q < 150; q++)
    {
      g_autofree char *queue = g_strdup_printf ("q%03d", q), *user = g_strdup_printf ("u%03d", q);

      put_queue (world, queue, 1, 0);
      put_user (world, user, 1, 1);
      member (world, user, queue, 1);
      world_available (world, user);
    }
  for (int q = 149; q >= 0; q--)
    {
      g_autofree char *queue = g_strdup_printf ("q%03d", q), *user = g_strdup_printf ("u%03d", q);
      g_autofree char *who = g_strdup_printf ("w%03d", q), *interaction = g_strdup_printf ("i-%s", who);

      world_customer_to (world, who, queue);
      g_assert_cmpstr (world_offered_to (world, interaction), ==, user);
    }
  for (int q = 0; q < 150; q++)
    {
      g_autofree char *user = g_strdup_printf ("u%03d", q), *interaction = g_strdup_printf ("i-w%03d", q);

      member (world, user, "q000", 1);
      world_accept (world, user, interaction);
      DO (world, NULL, .type = UC_COMMAND_END, .agent = user, .interaction = interaction);
    }
  world_customer_to (world, "last", "q000");
  g_assert_cmpstr (world_offered_to (world, "i-last"), ==, "u000");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/routing/" name, func)
  TEST ("longest-idle-agent-wins", test_longest_idle_agent_wins);
  TEST ("equally-idle-agents-go-by-id", test_equally_idle_agents_go_by_id);
  TEST ("idle-counts-from-the-end-of-work", test_idle_counts_from_the_end_of_work);
  TEST ("smaller-load-ratio-comes-before-idle", test_smaller_load_ratio_comes_before_idle);
  TEST ("first-come-first-served", test_first_come_first_served);
  TEST ("same-moment-goes-by-id", test_same_moment_goes_by_id);
  TEST ("oldest-of-all-queues-of-the-agent", test_oldest_of_all_queues_of_the_agent);
  TEST ("boost-is-a-head-start-and-no-more", test_boost_is_a_head_start_and_no_more);
  TEST ("place-in-line-is-kept", test_place_in_line_is_kept);
  TEST ("queue-must-be-enabled", test_queue_must_be_enabled);
  TEST ("agent-must-be-a-member", test_agent_must_be_a_member);
  TEST ("membership-must-be-enabled", test_membership_must_be_enabled);
  TEST ("closing-a-queue-leaves-offers-and-chats-alone", test_closing_a_queue_leaves_offers_and_chats_alone);
  TEST ("raised-capacity-counts-at-once", test_raised_capacity_counts_at_once);
  TEST ("lowered-capacity-lets-chats-run-out", test_lowered_capacity_lets_chats_run_out);
  TEST ("new-acceptance-interval-counts-from-the-next-offer",
        test_new_acceptance_interval_counts_from_the_next_offer);
  TEST ("a-supervisor-may-take-chats", test_a_supervisor_may_take_chats);
  TEST ("many-queues-and-groups", test_many_queues_and_groups);
  return g_test_run ();
}
