/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draining before a stop: no new offers, nobody blamed for an offer that could not be taken in time, and
 * everything goes on where it was when it ends.
 */
#include "tests/core/engine/world.h"

/* Joe's chat is offered to ann; bob is able; drained. */
static World *
drained (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user (world, "ann");
  world_user (world, "bob");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_available (world, "bob");
  DO (world, "system.drain", .type = UC_COMMAND_DRAIN, .enabled = 1, .by = "root");
  return world;
}

static void
test_nobody_gets_a_new_offer (void)
{
  g_autoptr (World) world = drained ();

  g_assert_true (uc_engine_is_draining (world->engine));
  g_assert_cmpstr (world_event (world, UC_EVENT_SYSTEM_DRAIN)->by, ==, "root");
  world_customer (world, "eve");
  ASSERT_STATE (world, "i-eve", "waiting");
  ASSERT_STATUS (world, "bob", "available");
  /* Asked for once more, it is no news. */
  DO (world, "", .type = UC_COMMAND_DRAIN, .enabled = 1);
}

static void
test_the_offer_that_stands_can_be_accepted (void)
{
  g_autoptr (World) world = drained ();

  world_accept (world, "ann", "i-joe");
  ASSERT_STATE (world, "i-joe", "active");
}

static void
assert_not_blamed (World *world)
{
  const UcAgent *ann = world_agent (world, "ann");

  ASSERT_STATE (world, "i-joe", "waiting");
  ASSERT_STATUS (world, "ann", "available");
  g_assert_cmpuint (ann->misses, ==, 0);
  g_assert_false (ann->stop_new);
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->cause, ==, "withdrawn");
  g_assert_null (world_event (world, UC_EVENT_INTERACTION_QUEUED)->excluded);
}

static void
test_an_offer_that_runs_out_is_nobodys_fault (void)
{
  g_autoptr (World) world = drained ();
  gint64 idle_since = world_agent (world, "ann")->idle_since;

  world_tick (world, world_interaction (world, "i-joe")->deadline);
  assert_not_blamed (world);
  g_assert_cmpint (world_agent (world, "ann")->idle_since, ==, idle_since);
}

static void
test_offers_are_taken_back (void)
{
  g_autoptr (World) world = drained ();

  DO (world, "offer.ended interaction.queued agent.status", .type = UC_COMMAND_DRAIN, .enabled = 1, .removed = 1);
  assert_not_blamed (world);
}

static void
test_going_on_offers_all_in_their_order (void)
{
  g_autoptr (World) world = drained ();

  DO (world, NULL, .type = UC_COMMAND_DRAIN, .enabled = 1, .removed = 1);
  world->now += 1000;
  world_customer (world, "eve");
  DO (world, NULL, .type = UC_COMMAND_DRAIN, .enabled = 0);
  g_assert_false (uc_engine_is_draining (world->engine));
  /* Joe has kept his place, and ann, who was idle for longer, her turn. */
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  g_assert_cmpstr (world_offered_to (world, "i-eve"), ==, "bob");
}

static void
test_a_start_ends_it (void)
{
  g_autoptr (World) world = drained ();
  g_autoptr (GPtrArray) rows = NULL, events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (UcEngine) again = NULL;

  world_customer (world, "eve");
  rows = world_rows (world->engine);
  again = world_restore (rows, &error);
  g_assert_no_error (error);
  g_assert_false (uc_engine_is_draining (again));
  uc_engine_restored (again, "seed-again", world->now, events);
  g_assert_cmpstr (uc_engine_interaction (again, "i-eve")->agent->id, ==, "bob");
}

/* After a failed commit the engine is made anew, and goes on draining. */
static void
test_it_holds_when_asked_for_before_the_first_routing (void)
{
  g_autoptr (World) world = drained ();
  g_autoptr (GPtrArray) rows = NULL, events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (UcEngine) again = NULL;
  const UcCommand drain = { .type = UC_COMMAND_DRAIN, .enabled = 1, .seed = "seed-drain" };

  world_customer (world, "eve");
  rows = world_rows (world->engine);
  again = world_restore (rows, &error);
  g_assert_true (uc_engine_step (again, &drain, world->now, events, NULL));
  uc_engine_restored (again, "seed-again", world->now, events);
  g_assert_null (uc_engine_interaction (again, "i-eve")->agent);
  g_assert_true (uc_engine_check (again, world->now, &error));
  g_assert_no_error (error);
}

static void
test_taking_back_needs_a_drain (void)
{
  g_autoptr (World) world = drained ();

  REFUSES (world, UC_ERROR_INVALID, "while draining only", .type = UC_COMMAND_DRAIN, .removed = 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/drain/" name, func)
  TEST ("nobody-gets-a-new-offer", test_nobody_gets_a_new_offer);
  TEST ("the-offer-that-stands-can-be-accepted", test_the_offer_that_stands_can_be_accepted);
  TEST ("an-offer-that-runs-out-is-nobodys-fault", test_an_offer_that_runs_out_is_nobodys_fault);
  TEST ("offers-are-taken-back", test_offers_are_taken_back);
  TEST ("going-on-offers-all-in-their-order", test_going_on_offers_all_in_their_order);
  TEST ("a-start-ends-it", test_a_start_ends_it);
  TEST ("it-holds-when-asked-for-before-the-first-routing", test_it_holds_when_asked_for_before_the_first_routing);
  TEST ("taking-back-needs-a-drain", test_taking_back_needs_a_drain);
  return g_test_run ();
}
