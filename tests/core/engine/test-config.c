/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Users, queues, memberships: what is accepted, what is refused and in which words.
 */
#include "tests/core/engine/world.h"

#define ANN .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "a.smith", .name = "Ann Smith", .enabled = 1
#define GOOD .role = "agent", .capacity = 1, .acceptance_ms = 30000

static void
test_user_is_told_in_full (void)
{
  g_autoptr (World) world = world_new ();
  const UcEvent *event;

  DO (world, "user.changed", ANN, GOOD, .permissions = "interaction.reject,supervise", .by = "root");
  event = world_event (world, UC_EVENT_USER_CHANGED);
  g_assert_cmpstr (event->user, ==, "ann");
  g_assert_cmpstr (event->login, ==, "a.smith");
  g_assert_cmpstr (event->name, ==, "Ann Smith");
  g_assert_cmpstr (event->role, ==, "agent");
  g_assert_cmpstr (event->permissions, ==, "interaction.reject,supervise");
  g_assert_cmpint (event->capacity, ==, 1);
  g_assert_cmpint (event->acceptance_ms, ==, 30000);
  g_assert_cmpint (event->enabled, ==, 1);
  g_assert_cmpstr (event->by, ==, "root");
  g_assert_true (world_agent (world, "ann") == uc_engine_agent_by_login (world->engine, "a.smith"));
  g_assert_true (world_agent (world, "ann")->may_reject);
  g_assert_true (uc_agent_has_permission (world_agent (world, "ann"), "supervise"));
  g_assert_false (uc_agent_has_permission (world_agent (world, "ann"), "super"));
  g_assert_false (uc_agent_has_permission (world_agent (world, "ann"), "interaction.rejected"));
}

static void
test_same_definition_is_no_event (void)
{
  g_autoptr (World) world = world_new ();

  DO (world, "user.changed", ANN, GOOD);
  DO (world, "", ANN, GOOD, .permissions = "");
  DO (world, "user.changed", ANN, .role = "agent", .capacity = 2, .acceptance_ms = 30000);
  world_queue (world, "q", 5);
  DO (world, "", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "q", .enabled = 1, .post_processing_ms = 5);
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .name = "Q", .enabled = 1,
      .post_processing_ms = 5);
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  DO (world, "", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q");
  DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .removed = 1,
      .enabled = 1);
  g_assert_cmpint (world_event (world, UC_EVENT_MEMBERSHIP_CHANGED)->enabled, ==, 0);
  DO (world, "", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .removed = 1);
}

static void
test_names_have_defaults (void)
{
  g_autoptr (World) world = world_new ();

  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = "u", .login = "lo", GOOD);
  g_assert_cmpstr (world_agent (world, "u")->name, ==, "lo");
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q");
  g_assert_cmpstr (uc_engine_queue (world->engine, "q")->name, ==, "q");
}

static void
test_login_is_unique_and_can_be_handed_on (void)
{
  g_autoptr (World) world = world_new ();

  DO (world, NULL, ANN, GOOD);
  REFUSES (world, UC_ERROR_INVALID, "belongs to Ann Smith", .type = UC_COMMAND_PUT_USER, .user = "bob",
           .login = "a.smith", GOOD);
  DO (world, NULL, .type = UC_COMMAND_PUT_USER, .user = "ann", .login = "ann.jones", .enabled = 1, GOOD);
  g_assert_null (uc_engine_agent_by_login (world->engine, "a.smith"));
  DO (world, NULL, .type = UC_COMMAND_PUT_USER, .user = "bob", .login = "a.smith", GOOD);
  g_assert_cmpstr (uc_engine_agent_by_login (world->engine, "a.smith")->id, ==, "bob");
}

static void
test_user_refusals (void)
{
  g_autoptr (World) world = world_new ();
  g_autofree char *long_id = g_strnfill (129, 'x');

  REFUSES (world, UC_ERROR_INVALID, "id ''", .type = UC_COMMAND_PUT_USER, .login = "x", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "id 'a,b'", .type = UC_COMMAND_PUT_USER, .user = "a,b", .login = "x", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "user is too long", .type = UC_COMMAND_PUT_USER, .user = long_id, .login = "x",
           GOOD);
  REFUSES (world, UC_ERROR_INVALID, "login is missing", .type = UC_COMMAND_PUT_USER, .user = "u", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "login must have no spaces", .type = UC_COMMAND_PUT_USER, .user = "u",
           .login = "a b", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "login is not valid UTF-8", .type = UC_COMMAND_PUT_USER, .user = "u",
           .login = "\xfe", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "not 'boss'", ANN, .role = "boss", .capacity = 1, .acceptance_ms = 30000);
  REFUSES (world, UC_ERROR_INVALID, "not ''", ANN, .capacity = 1, .acceptance_ms = 30000);
  REFUSES (world, UC_ERROR_INVALID, "capacity must be from 1 to 100, not 0", ANN, .role = "agent",
           .acceptance_ms = 30000);
  REFUSES (world, UC_ERROR_INVALID, "not 101", ANN, .role = "agent", .capacity = 101, .acceptance_ms = 30000);
  REFUSES (world, UC_ERROR_INVALID, "acceptance_ms must be from 1000 to 900000, not 999", ANN, .role = "agent",
           .capacity = 1, .acceptance_ms = 999);
  REFUSES (world, UC_ERROR_INVALID, "not 900001", ANN, .role = "agent", .capacity = 1, .acceptance_ms = 900001);
  REFUSES (world, UC_ERROR_INVALID, "'Reject' is not one", ANN, GOOD, .permissions = "a.b,Reject");
  REFUSES (world, UC_ERROR_INVALID, "'' is not one", ANN, GOOD, .permissions = "a.b,");
  REFUSES (world, UC_ERROR_INVALID, "'a b' is not one", ANN, GOOD, .permissions = "a b");
  REFUSES (world, UC_ERROR_INVALID, "seed", ANN, GOOD, .seed = "a b");
  g_assert_null (uc_engine_agent (world->engine, "ann"));
  /* Who is new is called by the login, for the id never was anybody's; who is there keeps his id. */
  REFUSES (world, UC_ERROR_INVALID, "user ann lee: the login", .type = UC_COMMAND_PUT_USER, .user = "usr_72",
           .login = "ann lee", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "user (new): the login is missing", .type = UC_COMMAND_PUT_USER,
           .user = "usr_72", .login = "", GOOD);
  REFUSES (world, UC_ERROR_INVALID, "user a.smith: capacity", ANN, .role = "agent", .acceptance_ms = 30000);
  DO (world, NULL, ANN, GOOD);
  REFUSES (world, UC_ERROR_INVALID, "user ann: capacity", ANN, .role = "agent", .acceptance_ms = 30000);
}

static void
test_queue_refusals (void)
{
  g_autoptr (World) world = world_new ();

  REFUSES (world, UC_ERROR_INVALID, "id ''", .type = UC_COMMAND_PUT_QUEUE);
  REFUSES (world, UC_ERROR_INVALID, "post_processing_ms must be from 0", .type = UC_COMMAND_PUT_QUEUE,
           .queue = "q", .post_processing_ms = -1);
  REFUSES (world, UC_ERROR_INVALID, "to 86400000, not 86400001", .type = UC_COMMAND_PUT_QUEUE, .queue = "q",
           .post_processing_ms = 86400001);
  REFUSES (world, UC_ERROR_INVALID, "boost must be from", .type = UC_COMMAND_PUT_QUEUE, .queue = "q",
           .boost = G_MAXINT64);
  REFUSES (world, UC_ERROR_INVALID, "boost must be from", .type = UC_COMMAND_PUT_QUEUE, .queue = "q",
           .boost = G_MININT64);
  g_assert_null (uc_engine_queue (world->engine, "q"));
}

static void
test_membership_refusals (void)
{
  g_autoptr (World) world = world_new ();

  DO (world, NULL, ANN, GOOD);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no queue q", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann",
           .queue = "q");
  world_queue (world, "q", 0);
  REFUSES (world, UC_ERROR_NOT_FOUND, "no user bob", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "bob",
           .queue = "q");
  REFUSES (world, UC_ERROR_INVALID, "id ''", .type = UC_COMMAND_PUT_MEMBERSHIP, .queue = "q");
  REFUSES (world, UC_ERROR_INVALID, "id ''", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann");
}

static void
test_members_of_the_whole_seed (void)
{
  g_autoptr (World) world = world_new ();
  const UcEvent *event;

  DO (world, "user.changed", ANN, .role = "supervisor", .capacity = 1, .acceptance_ms = 0, .scope = "queues",
      .auto_accept = 1);
  event = world_event (world, UC_EVENT_USER_CHANGED);
  g_assert_cmpstr (event->scope, ==, "queues");
  g_assert_cmpint (event->auto_accept, ==, 1);
  DO (world, "", ANN, .role = "supervisor", .capacity = 1, .acceptance_ms = 0, .scope = "queues",
      .auto_accept = 1);
  DO (world, "user.changed", ANN, .role = "supervisor", .capacity = 1, .scope = "all");
  REFUSES (world, UC_ERROR_INVALID, "the scope must be all or queues, not 'mine'", ANN, .role = "agent",
           .capacity = 1, .scope = "mine");
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 1, .acceptance_ms = 20000,
      .save_during = "open", .save_after = "closed");
  event = world_event (world, UC_EVENT_QUEUE_CHANGED);
  g_assert_cmpstr (event->save_during, ==, "open");
  g_assert_cmpstr (event->save_after, ==, "closed");
  g_assert_cmpint (uc_engine_queue (world->engine, "q")->acceptance_ms, ==, 20000);
  DO (world, "", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 1, .acceptance_ms = 20000,
      .save_during = "open", .save_after = "closed");
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 1);
  REFUSES (world, UC_ERROR_INVALID, "save_after must be one of open, closed; not 'ajar'",
           .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .save_after = "ajar");
  REFUSES (world, UC_ERROR_INVALID, "queue q: acceptance_ms must be from 1000", .type = UC_COMMAND_PUT_QUEUE,
           .queue = "q", .acceptance_ms = 5);
}

static void
test_unknown_command_is_refused (void)
{
  g_autoptr (World) world = world_new ();

  REFUSES (world, UC_ERROR_INVALID, "no command number 0", .type = 0);
  REFUSES (world, UC_ERROR_INVALID, "no command number", .type = UC_COMMAND_DRAIN + 1);
  g_assert_false (uc_engine_step (world->engine, &(UcCommand){ .type = 99 }, 1, world->events, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/config/" name, func)
  TEST ("user-is-told-in-full", test_user_is_told_in_full);
  TEST ("same-definition-is-no-event", test_same_definition_is_no_event);
  TEST ("names-have-defaults", test_names_have_defaults);
  TEST ("login-is-unique-and-can-be-handed-on", test_login_is_unique_and_can_be_handed_on);
  TEST ("user-refusals", test_user_refusals);
  TEST ("queue-refusals", test_queue_refusals);
  TEST ("membership-refusals", test_membership_refusals);
  TEST ("members-of-the-whole-seed", test_members_of_the_whole_seed);
  TEST ("unknown-command-is-refused", test_unknown_command_is_refused);
  return g_test_run ();
}
