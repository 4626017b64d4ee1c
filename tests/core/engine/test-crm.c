/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who the customer is and which case goes on: matches to choose from, follow-ups, merged records.
 */
#include "tests/core/engine/world.h"

#define TWO "[{\"customer\":\"cus_1\",\"name\":\"Joe\"},{\"customer\":\"cus_2\",\"name\":\"Joseph\"}]"

static World *
office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user (world, "ann");
  world_user (world, "bob");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  return world;
}

/* S-07: several matches, the agent picks one. */
static void
test_several_matches_the_agent_chooses (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  DO (world, "interaction.matches", .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = TWO);
  event = world_event (world, UC_EVENT_INTERACTION_MATCHES);
  g_assert_cmpstr (event->matches, ==, TWO);
  g_assert_cmpstr (event->agent, ==, "ann");
  DO (world, "", .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = TWO);
  REFUSES (world, UC_ERROR_CONFLICT, "it belongs to ann", .type = UC_COMMAND_SET_CUSTOMER, .agent = "bob",
           .interaction = "i-joe", .customer = "cus_2");
  DO (world, "interaction.customer", .type = UC_COMMAND_SET_CUSTOMER, .agent = "ann", .interaction = "i-joe",
      .customer = "cus_2", .customer_name = "Joseph");
  g_assert_cmpstr (world_interaction (world, "i-joe")->matches, ==, NULL);
  DO (world, "", .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_2",
      .customer_name = "Joseph");
}

/* To confirm the one that popped settles the question too. */
static void
test_same_customer_settles_matches (void)
{
  g_autoptr (World) world = office ();

  DO (world, NULL, .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_1");
  DO (world, NULL, .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = TWO);
  DO (world, "interaction.customer", .type = UC_COMMAND_SET_CUSTOMER, .agent = "ann", .interaction = "i-joe",
      .customer = "cus_1");
  g_assert_null (world_interaction (world, "i-joe")->matches);
}

static void
test_no_matches_any_more (void)
{
  g_autoptr (World) world = office ();

  DO (world, "", .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = "[]");
  DO (world, NULL, .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = TWO);
  DO (world, "interaction.matches", .type = UC_COMMAND_MATCHES, .interaction = "i-joe", .matches = "[]");
  g_assert_null (world_interaction (world, "i-joe")->matches);
  REFUSES (world, UC_ERROR_INVALID, "an object with a 'customer'", .type = UC_COMMAND_MATCHES,
           .interaction = "i-joe", .matches = "[{\"name\":\"Joe\"}]");
}

static void
test_follow_up (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  DO (world, "interaction.case", .type = UC_COMMAND_FOLLOW, .agent = "ann", .interaction = "i-joe",
      .follows = "case_1", .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_CASE);
  g_assert_cmpstr (event->follows, ==, "case_1");
  g_assert_cmpstr (event->cause, ==, "chosen");
  g_assert_cmpstr (event->by, ==, "ann");
  DO (world, "", .type = UC_COMMAND_FOLLOW, .interaction = "i-joe", .follows = "case_1", .cause = "named");
  REFUSES (world, UC_ERROR_CONFLICT, "it belongs to ann", .type = UC_COMMAND_FOLLOW, .agent = "bob",
           .interaction = "i-joe");
  REFUSES (world, UC_ERROR_INVALID, "named or chosen", .type = UC_COMMAND_FOLLOW, .interaction = "i-joe",
           .cause = "dreamt");
  DO (world, "interaction.case", .type = UC_COMMAND_FOLLOW, .interaction = "i-joe");
  g_assert_cmpstr (world_interaction (world, "i-joe")->follows, ==, NULL);
}

/* Every live chat of the dropped record goes over, and back again those of the restored one's identities. */
static void
test_merge_and_undo (void)
{
  g_autoptr (World) world = office ();
  const UcEvent *event;

  world_customer (world, "kim");
  world_customer (world, "lou");
  DO (world, NULL, .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_1");
  DO (world, NULL, .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-kim", .customer = "cus_2", .draft = 1);
  DO (world, "customer.merged interaction.customer", .type = UC_COMMAND_MERGED, .customer = "cus_1",
      .dropped = "cus_2", .merge = "mrg_1", .customer_name = "Joe", .by = "boss");
  event = world_event (world, UC_EVENT_CUSTOMER_MERGED);
  g_assert_cmpstr (event->merge, ==, "mrg_1");
  g_assert_cmpint (event->removed, ==, 0);
  g_assert_cmpstr (world_interaction (world, "i-kim")->customer, ==, "cus_1");
  g_assert_cmpstr (world_interaction (world, "i-kim")->customer_name, ==, "Joe");
  g_assert_false (world_interaction (world, "i-kim")->draft);
  DO (world, "customer.merged interaction.customer", .type = UC_COMMAND_MERGED, .customer = "cus_1",
      .dropped = "cus_2", .merge = "mrg_1", .customer_name = "Kim", .removed = 1,
      .identities = "messenger kim\nwebchat kim", .by = "boss");
  g_assert_cmpstr (world_interaction (world, "i-kim")->customer, ==, "cus_2");
  g_assert_cmpstr (world_interaction (world, "i-kim")->customer_name, ==, "Kim");
  g_assert_cmpstr (world_interaction (world, "i-joe")->customer, ==, "cus_1");
  REFUSES (world, UC_ERROR_INVALID, "two customers", .type = UC_COMMAND_MERGED, .customer = "cus_1",
           .dropped = "cus_1", .merge = "m");
  REFUSES (world, UC_ERROR_INVALID, "two customers", .type = UC_COMMAND_MERGED, .customer = "cus_1", .merge = "m");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/crm/" name, func)
  TEST ("several-matches-the-agent-chooses", test_several_matches_the_agent_chooses);
  TEST ("same-customer-settles-matches", test_same_customer_settles_matches);
  TEST ("no-matches-any-more", test_no_matches_any_more);
  TEST ("follow-up", test_follow_up);
  TEST ("merge-and-undo", test_merge_and_undo);
  return g_test_run ();
}
