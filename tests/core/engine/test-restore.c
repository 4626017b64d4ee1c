/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A restart: rows back into an engine that then goes on as if nothing had happened; and rows that are wrong.
 */
#include "tests/core/engine/world.h"

#include <string.h>

/* One interaction in each state, with everything on it that a row can hold. */
static World *
full_office (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 4, "interaction.reject");
  world_user (world, "bob");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus",
      .customer_name = "Joe", .draft = 1);
  DO (world, NULL, .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SAVE_STATE, .interaction = "i-joe", .state = "queued", .attempts = 3,
      .error = "down", .case_id = "case");
  world->now += 10;
  world_customer (world, "lou");
  world_accept (world, "ann", "i-lou");
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-lou");
  world->now += 10;
  world_customer (world, "kim");
  world_accept (world, "ann", "i-kim");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-kim");
  world->now += 10;
  world_available (world, "bob");
  world_customer (world, "max");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "bob", .interaction = "i-max", .reason = "busy");
  g_assert_cmpstr (world_offered_to (world, "i-max"), ==, "ann");
  world->now += 10;
  world_customer (world, "ned");
  ASSERT_STATE (world, "i-joe", "active");
  ASSERT_STATE (world, "i-lou", "active");
  ASSERT_STATE (world, "i-kim", "wrap_up");
  ASSERT_STATE (world, "i-max", "offered");
  ASSERT_STATE (world, "i-ned", "waiting");
  return world;
}

/* Puts a restored engine in the place of the one it was made from. */
static void
restart (World *world)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = world_rows (world->engine);
  UcEngine *engine = world_restore (rows, &error);

  g_assert_no_error (error);
  uc_engine_free (world->engine);
  world->engine = engine;
}

static void
test_state_is_the_same (void)
{
  g_autoptr (World) world = full_office ();
  g_autofree char *before = world_dump (world->engine), *after = NULL;
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);

  restart (world);
  uc_engine_restored (world->engine, "s", world->now, events);
  g_assert_cmpuint (events->len, ==, 0);
  after = world_dump (world->engine);
  g_assert_cmpstr (before, ==, after);
  g_assert_true (uc_engine_check (world->engine, world->now, NULL));
}

/* What the rules can bring about: an overdue wrap-up with codes, a chat that rests, an agent who is away with an
 * offer, one who comes back by himself, matches, a follow-up, a window, a policy of its own. */
static World *
office_with_rules (void)
{
  World *world = world_new ();

  world_queue (world, "q", 1000);
  world_user_with (world, "ann", 3, "interaction.reject");
  world_user (world, "bob");
  DO (world, NULL, .type = UC_COMMAND_PUT_CODES, .list = "out", .name = "Outcome", .required = 1, .enabled = 1,
      .queues = "q", .codes = "[{\"code\":\"sold\"}]");
  DO (world, NULL, .type = UC_COMMAND_PUT_CODES, .list = "topic", .enabled = 1, .codes = "[{\"code\":\"a\"}]");
  DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = "connect");
  DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .on_timeout = "on_break", .return_timeout_ms = 900000,
      .return_reject_ms = -1, .acceptance_ms = -1, .max_misses = -1, .lease_ms = -1, .grace_ms = -1);
  world_available (world, "ann");
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe", .codes = "topic/a");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  world_tick (world, world->now + 1000);
  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = "fb", .network = "messenger", .identity = "kim",
      .queue = "q", .text = "hi", .follows = "case_1", .acceptance_ms = 700000,
      .window_until = world->now + 86400000, .tagged_until = world->now + 604800000, .new_conversation = "c-kim",
      .new_interaction = "i-kim", .new_message = "m-kim");
  DO (world, NULL, .type = UC_COMMAND_PROFILE, .conversation = "c-kim", .picture = "med_1");
  DO (world, NULL, .type = UC_COMMAND_MATCHES, .interaction = "i-kim",
      .matches = "[{\"customer\":\"cus_1\"},{\"customer\":\"cus_2\"}]");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-kim");
  world_available (world, "bob");
  world_tick (world, world->now + 700000);
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-kim");
  world_customer (world, "lou");
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  return world;
}

static void
test_rules_go_on (void)
{
  g_autoptr (World) world = office_with_rules ();
  g_autofree char *before = world_dump (world->engine), *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (world_agent (world, "ann")->presence, ==, UC_PRESENCE_AWAY);
  g_assert_cmpint (world_agent (world, "bob")->return_at, >, world->now);
  g_assert_cmpint (world_interaction (world, "i-kim")->deadline, ==, world->now + 5000);
  g_assert_cmpstr (world_offered_to (world, "i-lou"), ==, "ann");
  g_assert_true (world_interaction (world, "i-joe")->overdue);
  restart (world);
  after = world_dump (world->engine);
  g_assert_cmpstr (before, ==, after);
  g_assert_true (uc_engine_check (world->engine, world->now, &error));
  world_tick (world, world_agent (world, "bob")->return_at);
  g_assert_cmpint (world_agent (world, "ann")->presence, ==, UC_PRESENCE_LOST);
  g_assert_cmpuint (world_agent (world, "bob")->offered, ==, 1);
}

static void
test_offers_and_chats_go_on (void)
{
  g_autoptr (World) world = full_office ();
  gint64 kim_until = world_interaction (world, "i-kim")->deadline, max_until;

  restart (world);
  max_until = world_interaction (world, "i-max")->deadline;
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, max_until);
  world->now = max_until - 1;
  world_accept (world, "ann", "i-max");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, kim_until);
  DO (world, "interaction.ended", .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-lou");
  world_tick (world, kim_until);
  g_assert_null (uc_engine_interaction (world->engine, "i-kim"));
  g_assert_cmpstr (world_offered_to (world, "i-ned"), ==, "ann");
}

static void
test_what_lapsed_meanwhile_lapses_at_the_first_tick (void)
{
  g_autoptr (World) world = full_office ();

  restart (world);
  world->now += 3600000;
  REFUSES (world, UC_ERROR_GONE, "no longer valid", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-max");
  DO (world, "offer.ended agent.status interaction.queued interaction.closed", .type = UC_COMMAND_TICK);
  ASSERT_STATE (world, "i-max", "waiting");
  g_assert_null (uc_engine_interaction (world->engine, "i-kim"));
}

static void
test_waiting_work_and_able_agents_meet (void)
{
  g_autoptr (World) world = full_office ();
  g_autoptr (GPtrArray) rows = NULL, events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (UcEngine) engine = NULL;
  const UcEvent *offered;

  rows = world_rows (world->engine);
  for (guint r = 0; r < rows->len; r++)
    {
      UcEvent *row = rows->pdata[r];

      if (row->type == UC_EVENT_STATE_AGENT && strcmp (row->agent, "bob") == 0)
        {
          g_free (row->asked);
          row->asked = g_strdup ("available");
        }
    }
  engine = world_restore (rows, NULL);
  uc_engine_restored (engine, "s", world->now, events);
  g_assert_cmpuint (events->len, ==, 2);
  offered = events->pdata[0];
  g_assert_cmpint (offered->type, ==, UC_EVENT_INTERACTION_OFFERED);
  g_assert_cmpstr (offered->interaction, ==, "i-ned");
  g_assert_cmpstr (offered->agent, ==, "bob");
  g_assert_cmpstr (offered->offer, ==, "s-1");
  g_assert_true (uc_engine_check (engine, world->now, NULL));
}

static void
test_leftovers_of_earlier_states_are_dropped (void)
{
  g_autoptr (World) world = full_office ();
  g_autoptr (GPtrArray) rows = world_rows (world->engine);
  g_autofree char *before = world_dump (world->engine), *after = NULL;
  g_autoptr (UcEngine) engine = NULL;

  for (guint r = 0; r < rows->len; r++)
    {
      UcEvent *row = rows->pdata[r];

      if (row->type != UC_EVENT_STATE_INTERACTION || strcmp (row->state, "offered") == 0)
        continue;
      row->offer = g_strdup ("old");
      if (strcmp (row->state, "wrap_up") != 0)
        row->deadline = 5;
    }
  engine = world_restore (rows, NULL);
  after = world_dump (engine);
  g_assert_cmpstr (before, ==, after);
}

/* ---- rows that are wrong ------------------------------------------------------------------------------- */

/* Restores an office with one member of one row changed; the refusal must say so. `member` NULL = the row twice.
 */
static void
refuse_in (World *(*office) (void), UcEventType type, const char *id, const char *member, const char *value,
           const char *words)
{
  g_autoptr (World) world = office ();
  g_autoptr (GPtrArray) rows = world_rows (world->engine);
  g_autoptr (GError) error = NULL;
  UcEngine *engine;
  gboolean found = FALSE;

  for (guint r = 0; r < rows->len && !found; r++)
    {
      UcEvent *row = rows->pdata[r];
      const char *own = type == UC_EVENT_STATE_INTERACTION    ? row->interaction
                        : type == UC_EVENT_STATE_CONVERSATION ? row->conversation
                        : type == UC_EVENT_QUEUE_CHANGED      ? row->queue
                        : type == UC_EVENT_CODES_CHANGED      ? row->list
                        : type == UC_EVENT_POLICY_CHANGED     ? "policy"
                        : type == UC_EVENT_STATE_AGENT        ? row->agent
                                                              : row->user;

      if (row->type != type || g_strcmp0 (own, id) != 0)
        continue;
      found = TRUE;
      if (member == NULL)
        g_ptr_array_insert (rows, r, uc_event_copy (row));
#define X(name)                                                                                                   \
  else if (strcmp (member, #name) == 0)                                                                           \
  {                                                                                                               \
    g_free (row->name);                                                                                           \
    row->name = g_strdup (value);                                                                                 \
  }
      UC_EVENT_STRINGS (X)
#undef X
#define X(name) else if (strcmp (member, #name) == 0) row->name = g_ascii_strtoll (value, NULL, 10);
      UC_EVENT_INTS (X)
#undef X
      else g_assert_not_reached ();
    }
  g_assert_true (found);
  engine = world_restore (rows, &error);
  g_assert_null (engine);
  g_assert_nonnull (error);
  if (strstr (error->message, words) == NULL)
    g_error ("'%s' does not say '%s'", error->message, words);
}

static void
refuse (UcEventType type, const char *id, const char *member, const char *value, const char *words)
{
  refuse_in (full_office, type, id, member, value, words);
}

static void
test_wrong_rules_are_named (void)
{
#define REFUSE(type, id, member, value, words) refuse_in (office_with_rules, type, id, member, value, words)
  REFUSE (UC_EVENT_POLICY_CHANGED, "policy", "on_reject", "busy", "on_reject must be one of");
  REFUSE (UC_EVENT_POLICY_CHANGED, "policy", "preset", "mine", "no preset 'mine'");
  REFUSE (UC_EVENT_POLICY_CHANGED, "policy", "max_misses", "0", "max_misses");
  REFUSE (UC_EVENT_CODES_CHANGED, "out", "codes", "{}", "must be an array");
  REFUSE (UC_EVENT_CODES_CHANGED, "out", "use", "fun", "use must be one of");
  REFUSE (UC_EVENT_CODES_CHANGED, "out", "queues", "z", "no queue 'z'");
  REFUSE (UC_EVENT_STATE_AGENT, "ann", "state", "asleep", "'asleep' is not a presence");
  REFUSE (UC_EVENT_STATE_AGENT, "ann", "deadline", "0", "not until when");
  REFUSE (UC_EVENT_STATE_AGENT, "ann", "asked", "logged_out", "he is away, but logged out");
  REFUSE (UC_EVENT_STATE_AGENT, "ann", "misses", "-1", "out of range");
  REFUSE (UC_EVENT_STATE_AGENT, "bob", "asked", "available", "returns by himself, but is available");
  REFUSE (UC_EVENT_STATE_INTERACTION, "i-joe", "codes", "{}", "not JSON arrays");
  REFUSE (UC_EVENT_STATE_INTERACTION, "i-kim", "matches", "[", "not JSON arrays");
  REFUSE (UC_EVENT_STATE_INTERACTION, "i-kim", "acceptance_ms", "-1", "acceptance interval is negative");
  REFUSE (UC_EVENT_STATE_INTERACTION, "i-kim", "overdue", "1", "but overdue");
#undef REFUSE
}

static void
test_wrong_rows_are_named (void)
{
  refuse (UC_EVENT_USER_CHANGED, "ann", "role", "king", "role must be");
  refuse (UC_EVENT_USER_CHANGED, "ann", "login", "bob", "belongs to");
  refuse (UC_EVENT_USER_CHANGED, "ann", "capacity", "0", "capacity");
  refuse (UC_EVENT_QUEUE_CHANGED, "q", "post_processing_ms", "-1", "post_processing_ms");
  refuse (UC_EVENT_MEMBERSHIP_CHANGED, "ann", "queue", "z", "no queue z");
  refuse (UC_EVENT_STATE_AGENT, "ann", "agent", "zoe", "no such user");
  refuse (UC_EVENT_STATE_AGENT, "ann", "asked", "busy", "'busy' is not a status to ask for");
  refuse (UC_EVENT_STATE_AGENT, "ann", "asked", NULL, "'' is not a status to ask for");
  refuse (UC_EVENT_STATE_CONVERSATION, "c-joe", NULL, NULL, "there twice");
  refuse (UC_EVENT_STATE_CONVERSATION, "c-joe", "identity", "kim", "has a conversation already");
  refuse (UC_EVENT_STATE_CONVERSATION, "c-joe", "conversation", "", "id is not valid");
  refuse (UC_EVENT_STATE_CONVERSATION, "c-joe", "channel", NULL, "channel, network or identity is missing");
  refuse (UC_EVENT_STATE_CONVERSATION, "c-joe", "last_n", "-4", "negative");
}

static void
test_wrong_interactions_are_named (void)
{
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", NULL, NULL, "there twice");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "interaction", "a b", "id is not valid");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "conversation", "c-zoe", "no conversation c-zoe");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "conversation", "c-ned", "c-ned has an open interaction already");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "queue", "z", "no queue z");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "queue", NULL, "no queue (none)");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "agent", "zoe", "no user zoe");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "agent", NULL, "it has no agent");
  refuse (UC_EVENT_STATE_INTERACTION, "i-ned", "agent", "ann", "waiting, but with an agent");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "state", "closed", "'closed' is not a state of open work");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "state", NULL, "'' is not a state of open work");
  refuse (UC_EVENT_STATE_INTERACTION, "i-max", "offer", NULL, "id of its offer is missing");
  refuse (UC_EVENT_STATE_INTERACTION, "i-max", "deadline", "0", "deadline is missing");
  refuse (UC_EVENT_STATE_INTERACTION, "i-kim", "deadline", "0", "deadline is missing");
  refuse (UC_EVENT_STATE_INTERACTION, "i-kim", "ended_by", NULL, "wrap_up, but it has not ended");
  refuse (UC_EVENT_STATE_INTERACTION, "i-ned", "ended_by", "customer", "waiting, but it has ended");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "ended_by", "agent", "active, but it has ended");
  refuse (UC_EVENT_STATE_INTERACTION, "i-lou", "ended_by", "fate", "'fate' can't end a chat");
  refuse (UC_EVENT_STATE_INTERACTION, "i-joe", "status", "lost", "'lost' is not a state of a save");
}

static void
test_second_offer_of_an_agent_is_named (void)
{
  g_autoptr (World) world = full_office ();
  g_autoptr (GPtrArray) rows = world_rows (world->engine);
  g_autoptr (GError) error = NULL;

  for (guint r = 0; r < rows->len; r++)
    {
      UcEvent *row = rows->pdata[r];

      if (row->type != UC_EVENT_STATE_INTERACTION || strcmp (row->interaction, "i-ned") != 0)
        continue;
      g_free (row->state);
      row->state = g_strdup ("offered");
      row->agent = g_strdup ("ann");
      row->offer = g_strdup ("o");
      row->deadline = 9;
    }
  g_assert_null (world_restore (rows, &error));
  g_assert_nonnull (strstr (error->message, "ann has another offer already"));
}

static void
test_other_types_are_refused (void)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();

  for (UcEventType type = 1; type < UC_EVENT_N_TYPES; type++)
    {
      g_autoptr (UcEvent) row = uc_event_new (type, 0);
      g_autoptr (GError) error = NULL;

      g_assert_false (uc_engine_restore (engine, row, &error)); /* even the right types: they are empty */
      g_assert_nonnull (error);
      g_assert_true (uc_engine_check (engine, 0, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/restore/" name, func)
  TEST ("state-is-the-same", test_state_is_the_same);
  TEST ("offers-and-chats-go-on", test_offers_and_chats_go_on);
  TEST ("rules-go-on", test_rules_go_on);
  TEST ("what-lapsed-meanwhile-lapses-at-the-first-tick", test_what_lapsed_meanwhile_lapses_at_the_first_tick);
  TEST ("waiting-work-and-able-agents-meet", test_waiting_work_and_able_agents_meet);
  TEST ("leftovers-of-earlier-states-are-dropped", test_leftovers_of_earlier_states_are_dropped);
  TEST ("wrong/rows-are-named", test_wrong_rows_are_named);
  TEST ("wrong/rules-are-named", test_wrong_rules_are_named);
  TEST ("wrong/interactions-are-named", test_wrong_interactions_are_named);
  TEST ("wrong/second-offer-of-an-agent-is-named", test_second_offer_of_an_agent_is_named);
  TEST ("wrong/other-types-are-refused", test_other_types_are_refused);
  return g_test_run ();
}
