/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine that looks at itself a little at a time. Every kind of violation is made by hand and must be found
 * within a round; and over long random runs, with steps and restarts between the calls, nothing is found.
 */
#include "core/engine/engine-private.h"
#include "tests/core/engine/world.h"
#include "tests/lib/proof.h"
#include "tests/simulation/script.h"

#include <string.h>

#define LATE_MS 5000

/* ann has joe and sue in hand and is full, bob wraps up after eve and is offered tom, kim and leo wait. */
static World *
seeded_world (void)
{
  World *world = world_new ();

  world_queue (world, "q", 60000);
  world_user_with (world, "ann", 2, "interaction.reject");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "sue");
  world_accept (world, "ann", "i-sue");
  world_user_with (world, "bob", 2, "interaction.reject");
  world_available (world, "bob");
  world_customer (world, "eve");
  world_accept (world, "bob", "i-eve");
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "bob", .interaction = "i-eve");
  world_customer (world, "tom");
  g_assert_cmpstr (world_offered_to (world, "i-tom"), ==, "bob");
  world_customer (world, "kim");
  world->now++;
  world_customer (world, "leo");
  return world;
}

static UcAgent *
agent (World *world, const char *id)
{
  return (UcAgent *)world_agent (world, id);
}

static UcInteraction *
chat (World *world, const char *id)
{
  return (UcInteraction *)world_interaction (world, id);
}

/* What the calls of one round say, one line each; NULL = nothing. */
static char *
one_round (UcEngine *engine, gint64 now, UcCheckCursor *cursor, guint budget)
{
  g_autoptr (GString) said = g_string_new (NULL);
  gboolean done = FALSE;

  for (guint calls = 0; !done; calls++)
    {
      g_autoptr (GError) error = NULL;

      if (!uc_engine_check_some (engine, now, cursor, budget, &done, &error))
        g_string_append_printf (said, "%s\n", error->message);
      g_assert_cmpuint (calls, <, 100000);
    }
  return said->len > 0 ? g_strdup (said->str) : NULL;
}

/* Found with every budget, and gone when it was put right. */
static void
must_find (World *world, const char *words)
{
  for (guint budget = 1; budget < 30; budget++)
    {
      UcCheckCursor cursor = { .late_ms = LATE_MS };
      g_autofree char *said = one_round (world->engine, world->now, &cursor, budget);

      if (said == NULL || strstr (said, words) == NULL)
        g_error ("'%s' was not found with a budget of %u, but '%s'", words, budget, said != NULL ? said : "");
    }
}

static void
must_be_right (World *world)
{
  UcCheckCursor cursor = { .late_ms = LATE_MS };
  g_autofree char *said = one_round (world->engine, world->now, &cursor, 4);

  g_assert_cmpstr (said, ==, NULL);
  g_assert_cmpuint (cursor.rounds, ==, 1);
}

/* ---- every kind, by hand ------------------------------------------------------------------------------- */

static void
test_two_owners (void)
{
  g_autoptr (World) world = seeded_world ();

  must_be_right (world);
  g_ptr_array_add (agent (world, "bob")->interactions, chat (world, "i-joe"));
  must_find (world, "agent bob lists interaction i-joe, which is not his");
  g_ptr_array_remove (agent (world, "bob")->interactions, chat (world, "i-joe"));
  g_ptr_array_add (agent (world, "ann")->interactions, chat (world, "i-sue"));
  must_find (world, "agent ann: interactions are not oldest first"); /* twice the same */
  g_ptr_array_remove_index (agent (world, "ann")->interactions, 2);
  must_be_right (world);
}

static void
test_in_line_and_in_hand (void)
{
  g_autoptr (World) world = seeded_world ();
  UcInteraction *kim = chat (world, "i-kim");

  kim->state = UC_INTERACTION_ACTIVE;
  must_find (world, "interaction i-kim is active and stands in line");
  kim->state = UC_INTERACTION_WAITING;
  kim->agent = agent (world, "ann");
  must_find (world, "interaction i-kim is waiting in the wrong place");
  kim->agent = NULL;
  must_be_right (world);
}

static void
test_capacity (void)
{
  g_autoptr (World) world = seeded_world ();

  agent (world, "ann")->capacity = 1;
  must_find (world, "agent ann has 2 interactions, his capacity is 1");
  agent (world, "ann")->capacity = 2;
  agent (world, "bob")->capacity = 1; /* a wrap-up and an offer */
  must_find (world, "agent bob has 2 interactions, his capacity is 1");
  agent (world, "bob")->capacity = 2;
  must_be_right (world);
}

static void
test_idle (void)
{
  g_autoptr (World) world = seeded_world ();
  g_autoptr (UcEvent) event = uc_event_new (UC_EVENT_AGENT_STATUS, world->now);

  world_user (world, "zoe");
  event->agent = g_strdup ("zoe");
  event->asked = g_strdup ("available");
  event->status = g_strdup ("available");
  event->since = event->idle_since = world->now;
  uc_engine_apply (world->engine, event); /* a step that forgot to route */
  must_find (world, "interaction i-kim waits in queue q though agent zoe could take it");
  DO (world, NULL, .type = UC_COMMAND_TICK);
  must_be_right (world);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "zoe");
  agent (world, "bob")->idle = NULL;
  agent (world, "ann")->capacity = 5;
  must_find (world, "agent ann is able and is not in line for work");
  agent (world, "ann")->capacity = 2;
}

static void
test_counters (void)
{
  g_autoptr (World) world = seeded_world ();
  UcQueue *queue = (UcQueue *)uc_engine_queue (world->engine, "q");

  agent (world, "ann")->active++;
  must_find (world, "agent ann: 0 offered, 3 active, 0 wrapping do not agree with his 2 interactions");
  agent (world, "ann")->active--;
  queue->waiting--;
  must_find (world, "queue q counts 1 waiting, 2 are in line");
  queue->waiting++;
  agent (world, "bob")->shown = UC_AGENT_AVAILABLE;
  must_find (world, "agent bob is shown as available and is post_processing");
  agent (world, "bob")->shown = UC_AGENT_POST_PROCESSING;
  must_be_right (world);
}

static void
test_line (void)
{
  g_autoptr (World) world = seeded_world ();
  UcInteraction *leo = chat (world, "i-leo");

  leo->enqueued_at -= 1000;
  must_find (world, "interaction i-leo stands behind one that comes after it");
  leo->enqueued_at += 1000;
  must_be_right (world);
}

/* A line out of order somewhere in the middle, by much or little: the walk neither misses it nor runs for ever. */
static void
test_long_line (void)
{
  g_autoptr (World) world = seeded_world ();

  for (guint c = 0; c < 100; c++)
    {
      g_autofree char *who = g_strdup_printf ("%02u", c);

      world->now += 10;
      world_customer (world, who);
    }
  for (guint c = 0; c < 99; c++)
    {
      g_autofree char *id = g_strdup_printf ("i-%02u", c);
      gint64 by[] = { -11, -500, -100000, 11, 500, 100000 };

      for (gsize b = 0; b < G_N_ELEMENTS (by); b++)
        {
          chat (world, id)->enqueued_at += by[b];
          must_find (world, "stands behind one that comes after it");
          chat (world, id)->enqueued_at -= by[b];
        }
    }
  must_be_right (world);
}

static void
test_known (void)
{
  g_autoptr (World) world = seeded_world ();
  UcInteraction *joe = chat (world, "i-joe"), *leo = chat (world, "i-leo");

  g_hash_table_steal (world->engine->interactions, joe->id);
  must_find (world, "interaction i-joe is not known by its id");
  g_hash_table_insert (world->engine->interactions, joe->id, joe);
  must_be_right (world);
  uc_route_leave (world->engine, leo); /* and nobody has it */
  must_find (world, "6 interactions are known, 5 are in line or with an agent");
  uc_route_enter (world->engine, leo);
  must_be_right (world);
}

static void
test_timers (void)
{
  g_autoptr (World) world = seeded_world ();
  UcInteraction *tom = chat (world, "i-tom");
  UcTimer *first = uc_timers_first (world->engine);
  gint64 now = world->now;

  uc_timers_set (world->engine, &tom->timer, 0);
  must_find (world, "interaction i-tom is offered with the wrong timer");
  uc_timers_set (world->engine, &tom->timer, tom->deadline);
  first->id = "i-nobody";
  must_find (world, "timer 1 is not of a live interaction or agent");
  first->id = ((UcInteraction *)first->owner)->id;
  must_be_right (world);
  world->now = tom->deadline + LATE_MS;
  must_be_right (world);
  world->now++;
  must_find (world, "interaction i-tom is offered, and the end of that is 5001 ms overdue");
  world->now = now;
}

static void
test_late_agents (void)
{
  g_autoptr (World) world = seeded_world ();

  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  DO (world, NULL, .type = UC_COMMAND_ACCEPT, .agent = "bob", .interaction = "i-tom");
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "bob", .interaction = "i-eve");
  DO (world, NULL, .type = UC_COMMAND_ACCEPT, .agent = "bob", .interaction = "i-kim");
  world->now = agent (world, "ann")->presence_deadline + LATE_MS;
  must_be_right (world);
  world->now++;
  must_find (world, "agent ann is away or on a break longer than he was to be");
}

/* ---- no false alarm ------------------------------------------------------------------------------------ */

static gboolean
step (UcEngine *engine, UcCommand command, guint64 n, gint64 now)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autofree char *seed = g_strdup_printf ("s%" G_GUINT64_FORMAT, n);

  command.seed = seed;
  return uc_engine_step (engine, &command, now, events, NULL);
}

static UcEngine *
restarted (UcEngine *engine)
{
  g_autoptr (GPtrArray) rows = world_rows (engine);
  g_autoptr (GError) error = NULL;
  UcEngine *again = world_restore (rows, &error);

  g_assert_no_error (error);
  uc_engine_free (engine);
  return again;
}

/* As in a daemon: what is due happens first, then come a command and a turn of the monitor. */
static guint64
watched_script (guint64 seed, guint n_actions)
{
  g_autoptr (Dice) dice = dice_new (seed);
  UcEngine *engine = uc_engine_new ();
  UcCheckCursor cursor = { .late_ms = 0 };
  gint64 now = DICE_START;
  guint64 steps = 0;

  for (guint n = 0; n < n_actions; n++)
    {
      Action action = dice_next (dice, engine, now);
      g_autoptr (GError) error = NULL;

      now = action.at;
      if (action.command.type == 0)
        engine = restarted (engine);
      if (action.command.type == 0 || uc_engine_next_deadline (engine) <= now)
        step (engine, (UcCommand){ .type = UC_COMMAND_TICK }, ++steps, now);
      if (action.command.type != 0)
        step (engine, action.command, ++steps, now);
      if (uc_engine_next_deadline (engine) < now)
        step (engine, (UcCommand){ .type = UC_COMMAND_TICK }, ++steps, now);
      if (!uc_engine_check_some (engine, now, &cursor, dice_below (dice, 8), NULL, &error))
        g_error ("seed %" G_GUINT64_FORMAT ", action %u: a false alarm: %s", seed, n, error->message);
    }
  uc_engine_free (engine);
  return cursor.rounds;
}

static void
test_no_false_alarm (void)
{
  guint64 seed = proof_seed (20261123), scripts = proof_size (30, 300, 30000), rounds = 0;

  g_test_message ("%" G_GUINT64_FORMAT " scripts from USHER_SEED=%" G_GUINT64_FORMAT, scripts, seed);
  for (guint64 s = 0; s < scripts; s++)
    rounds += watched_script (seed + s, 1000);
  g_test_message ("%" G_GUINT64_FORMAT " rounds without an alarm, %" G_GUINT64_FORMAT " steps between", rounds,
                  scripts * 1000);
  g_assert_cmpuint (rounds, >, scripts * 10);
}

/* The longest call is bounded whatever the size: a round over many takes many calls. */
static void
test_budget (void)
{
  g_autoptr (World) world = seeded_world ();
  UcCheckCursor cursor = { .late_ms = LATE_MS };
  gboolean done = FALSE;
  guint calls = 0;

  for (guint c = 0; c < 500; c++)
    {
      g_autofree char *who = g_strdup_printf ("%u", c);

      world_customer (world, who);
    }
  for (; !done; calls++)
    g_assert_true (uc_engine_check_some (world->engine, world->now, &cursor, 10, &done, NULL));
  g_assert_cmpuint (calls, >=, 50);
  g_assert_cmpuint (calls, <=, 60);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/monitor/two-owners", test_two_owners);
  g_test_add_func ("/engine/monitor/in-line-and-in-hand", test_in_line_and_in_hand);
  g_test_add_func ("/engine/monitor/capacity", test_capacity);
  g_test_add_func ("/engine/monitor/idle", test_idle);
  g_test_add_func ("/engine/monitor/counters", test_counters);
  g_test_add_func ("/engine/monitor/line", test_line);
  g_test_add_func ("/engine/monitor/long-line", test_long_line);
  g_test_add_func ("/engine/monitor/known", test_known);
  g_test_add_func ("/engine/monitor/timers", test_timers);
  g_test_add_func ("/engine/monitor/late-agents", test_late_agents);
  g_test_add_func ("/engine/monitor/budget", test_budget);
  g_test_add_func ("/engine/monitor/no-false-alarm", test_no_false_alarm);
  return g_test_run ();
}
