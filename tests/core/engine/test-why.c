/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why an agent does not get a chat. By example, and in random states: nobody is able for what waits; whatever
 * condition is named, the command that ends it makes another verdict; and who follows the verdicts to the end has
 * the chat with an agent.
 */
#include "core/engine/engine-private.h"
#include "tests/core/engine/world.h"
#include "tests/lib/proof.h"
#include "tests/simulation/script.h"

#define N_VERDICTS (UC_VERDICT_ABLE + 1)

static UcVerdict
why (World *world, const char *interaction, const char *agent)
{
  UcVerdict verdict;

  uc_engine_why_agent (world->engine, world_interaction (world, interaction), world_agent (world, agent),
                       &verdict);
  return verdict;
}

#define ASSERT_WHY(world, interaction, agent, word)                                                               \
  g_assert_cmpstr (uc_verdict_word (why (world, interaction, agent).kind), ==, word)

static UcPlace
place_of (World *world, const char *interaction)
{
  UcPlace place;

  uc_engine_why_place (world->engine, world_interaction (world, interaction), &place);
  return place;
}

/* ---- by example ---------------------------------------------------------------------------------------- */

static void
put_user (World *world, const char *id, gint64 capacity, gboolean enabled)
{
  DO (world, NULL, .type = UC_COMMAND_PUT_USER, .user = id, .login = id, .role = "agent",
      .permissions = "interaction.reject", .capacity = capacity, .acceptance_ms = 30000, .enabled = enabled);
}

/* One thing after the other is put right, in the order of the verdicts. */
static void
test_order (void)
{
  g_autoptr (World) world = world_new ();

  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 0);
  put_user (world, "ann", 1, FALSE);
  world_customer (world, "joe");
  ASSERT_WHY (world, "i-joe", "ann", "user_disabled");
  put_user (world, "ann", 1, TRUE);
  ASSERT_WHY (world, "i-joe", "ann", "no_membership");
  DO (world, NULL, .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 0);
  ASSERT_WHY (world, "i-joe", "ann", "membership_off");
  DO (world, NULL, .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "ann", .queue = "q", .enabled = 1);
  ASSERT_WHY (world, "i-joe", "ann", "queue_disabled");
  world_queue (world, "q", 5000);
  ASSERT_WHY (world, "i-joe", "ann", "logged_out");
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline", .cause = "login");
  ASSERT_WHY (world, "i-joe", "ann", "work_offline");
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break", .reason = "lunch");
  ASSERT_WHY (world, "i-joe", "ann", "on_break");
  g_assert_cmpstr (why (world, "i-joe", "ann").reason, ==, "lunch");
  world_status (world, "ann", "available");
  ASSERT_WHY (world, "i-joe", "ann", "has_it");
  g_assert_cmpint (why (world, "i-joe", "ann").until, ==, world->now + 30000);
}

static World *
busy_world (void)
{
  World *world = world_new ();

  world_queue (world, "q", 5000);
  world_user (world, "ann");
  world_available (world, "ann");
  world_customer (world, "joe");
  return world;
}

static void
test_hands_full (void)
{
  g_autoptr (World) world = busy_world ();
  UcVerdict verdict;

  world_customer (world, "sue");
  verdict = why (world, "i-sue", "ann");
  g_assert_cmpint (verdict.kind, ==, UC_VERDICT_HAS_OFFER);
  g_assert_cmpstr (verdict.other->id, ==, "i-joe");
  g_assert_cmpint (verdict.until, ==, world->now + 30000);
  world_accept (world, "ann", "i-joe");
  verdict = why (world, "i-sue", "ann");
  g_assert_cmpint (verdict.kind, ==, UC_VERDICT_AT_CAPACITY);
  g_assert_cmpuint (verdict.load, ==, 1);
  g_assert_cmpuint (verdict.capacity, ==, 1);
  g_assert_cmpuint (verdict.wrapping, ==, 0);
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpuint (why (world, "i-sue", "ann").wrapping, ==, 1);
  DO (world, NULL, .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 1);
  ASSERT_WHY (world, "i-sue", "ann", "stop_new");
  world_status (world, "ann", "on_break");
  verdict = why (world, "i-sue", "ann");
  g_assert_cmpint (verdict.kind, ==, UC_VERDICT_ON_BREAK);
  g_assert_cmpint (verdict.status, ==, UC_AGENT_POST_PROCESSING);
}

static void
test_presence (void)
{
  g_autoptr (World) world = busy_world ();

  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  world_accept (world, "ann", "i-joe");
  put_user (world, "ann", 3, TRUE);
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  world_customer (world, "sue");
  ASSERT_WHY (world, "i-sue", "ann", "away");
  g_assert_cmpint (why (world, "i-sue", "ann").until, ==, world->now + 60000);
  world_tick (world, world->now + 60000);
  ASSERT_WHY (world, "i-sue", "ann", "work_offline");
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "available");
  ASSERT_WHY (world, "i-sue", "ann", "lost");
}

static void
test_refused (void)
{
  g_autoptr (World) world = busy_world ();
  UcVerdict verdict;

  DO (world, NULL, .type = UC_COMMAND_PUT_POLICY, .preset = "connect");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-joe");
  verdict = why (world, "i-joe", "ann");
  g_assert_cmpint (verdict.kind, ==, UC_VERDICT_REFUSED);
  g_assert_true (verdict.refused_before);
  g_assert_cmpint (verdict.until, ==, world->now + UC_REST_MS);
  g_assert_cmpint (place_of (world, "i-joe").until, ==, verdict.until);
  g_assert_cmpuint (place_of (world, "i-joe").refusals, ==, 1);
  world_tick (world, verdict.until);
  ASSERT_WHY (world, "i-joe", "ann", "has_it");
  world_user (world, "bob");
  world_available (world, "bob");
  ASSERT_WHY (world, "i-joe", "bob", "taken");
}

static void
test_place (void)
{
  g_autoptr (World) world = busy_world ();
  gint64 first = world->now;
  UcPlace place = place_of (world, "i-joe");

  g_assert_cmpint (place.state, ==, UC_INTERACTION_OFFERED);
  g_assert_cmpstr (place.agent->id, ==, "ann");
  g_assert_cmpint (place.since, ==, first);
  g_assert_cmpint (place.until, ==, first + 30000);
  g_assert_cmpuint (place.position, ==, 0);
  world->now += 10;
  world_customer (world, "sue");
  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "vip", .boost = 60000, .enabled = 1);
  world_customer_to (world, "vip", "vip");
  DO (world, NULL, .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .boost = 60000, .post_processing_ms = 5000,
      .enabled = 1);
  world->now += 10;
  world_customer (world, "tom");
  place = place_of (world, "i-sue");
  g_assert_cmpuint (place.position, ==, 2); /* tom came later, with a head start */
  g_assert_cmpuint (place.before, ==, 1);
  g_assert_cmpuint (place.waiting, ==, 2);
  g_assert_cmpint (place.boost, ==, 0);
  g_assert_cmpint (place.since, ==, first + 10);
  place = place_of (world, "i-tom");
  g_assert_cmpuint (place.position, ==, 1);
  g_assert_cmpint (place.boost, ==, 60000);
  world_accept (world, "ann", "i-joe");
  g_assert_cmpint (place_of (world, "i-joe").since, ==, world->now);
  g_assert_cmpint (place_of (world, "i-joe").until, ==, 0);
  world->now += 10;
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpint (place_of (world, "i-joe").since, ==, world->now);
  g_assert_cmpint (place_of (world, "i-joe").until, ==, world->now + 5000);
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (uc_engine_closed_cause (world->engine, "i-joe"), ==, "manual");
  g_assert_null (uc_engine_closed_cause (world->engine, "i-sue"));
  g_assert_null (uc_engine_closed_cause (world->engine, NULL));
}

/* It is said from the sets, so that it can contradict routing: here an agent whom routing has forgotten. */
static void
test_contradicts (void)
{
  g_autoptr (World) world = busy_world ();
  UcAgent *bob;

  world_customer (world, "sue");
  world_customer (world, "tom");
  world_user (world, "bob");
  bob = (UcAgent *)world_agent (world, "bob");
  bob->asked = UC_AGENT_AVAILABLE;
  ASSERT_WHY (world, "i-sue", "bob", "able");
  ASSERT_WHY (world, "i-tom", "bob", "behind");
  g_assert_cmpstr (why (world, "i-tom", "bob").other->id, ==, "i-sue");
  bob->asked = UC_AGENT_LOGGED_OUT;
}

/* ---- in random states ---------------------------------------------------------------------------------- */

typedef struct
{
  UcEngine *engine;
  gint64 now;
  guint64 steps, seed;
  guint verdicts[N_VERDICTS], changed[N_VERDICTS], followed;
  const UcInteraction *interaction; /* under examination */
} Why;

static gboolean
step (Why *why, UcCommand command)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autofree char *seed = g_strdup_printf ("s%" G_GUINT64_FORMAT, ++why->steps);

  command.seed = seed;
  return uc_engine_step (why->engine, &command, why->now, events, NULL);
}

static void
must (Why *why, UcCommand command)
{
  if (!step (why, command))
    g_error ("seed %" G_GUINT64_FORMAT ": a remedy is refused: command %d", why->seed, command.type);
}

static void
put_agent (Why *why, const UcAgent *agent, gint64 capacity, gboolean enabled)
{
  g_autofree char *permissions = g_strdup (agent->permissions);

  must (why, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                          .user = agent->id,
                          .login = agent->login,
                          .name = agent->name,
                          .role = agent->role,
                          .permissions = permissions,
                          .capacity = capacity,
                          .acceptance_ms = agent->acceptance_ms,
                          .auto_accept = agent->auto_accept,
                          .enabled = enabled });
}

static void
put_queue (Why *why, const UcQueue *queue)
{
  must (why, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                          .queue = queue->id,
                          .name = queue->name,
                          .post_processing_ms = queue->post_processing_ms,
                          .boost = queue->boost,
                          .acceptance_ms = queue->acceptance_ms,
                          .enabled = 1 });
}

static void
set_status (Why *why, const char *agent, const char *status, const char *cause)
{
  must (why, (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = agent, .status = status, .cause = cause });
}

static void
presence (Why *why, const char *agent, const char *state)
{
  must (why, (UcCommand){ .type = UC_COMMAND_PRESENCE, .agent = agent, .state = state });
}

static void
at (Why *why, gint64 when)
{
  why->now = MAX (why->now, when);
  must (why, (UcCommand){ .type = UC_COMMAND_TICK });
}

/* Takes it from its holder without ending it; FALSE = that can't be done. */
static gboolean
take_away (Why *why, const UcInteraction *interaction)
{
  const UcAgent *holder = interaction->agent;

  if (interaction->state == UC_INTERACTION_WRAP_UP || interaction->ended_by != NULL)
    return FALSE;
  if (interaction->state == UC_INTERACTION_OFFERED)
    {
      put_agent (why, holder, holder->capacity, FALSE);
      return TRUE;
    }
  if (holder->asked == UC_AGENT_LOGGED_OUT)
    return FALSE;
  presence (why, holder->id, "here");
  presence (why, holder->id, "away");
  at (why, holder->presence_deadline != 0 ? holder->presence_deadline : why->now);
  return TRUE;
}

/* The command that ends exactly this condition; FALSE = there is none. */
static gboolean
remedy (Why *why, const UcInteraction *interaction, const UcAgent *agent, const UcVerdict *verdict)
{
  UcCommand membership
      = { .type = UC_COMMAND_PUT_MEMBERSHIP, .user = agent->id, .queue = interaction->queue->id, .enabled = 1 };

  switch (verdict->kind)
    {
    case UC_VERDICT_USER_DISABLED:
      put_agent (why, agent, agent->capacity, TRUE);
      return TRUE;
    case UC_VERDICT_NO_MEMBERSHIP:
    case UC_VERDICT_MEMBERSHIP_OFF:
      must (why, membership);
      return TRUE;
    case UC_VERDICT_QUEUE_DISABLED:
      put_queue (why, interaction->queue);
      return TRUE;
    case UC_VERDICT_LOGGED_OUT:
      set_status (why, agent->id, NULL, "login");
      return TRUE;
    case UC_VERDICT_WORK_OFFLINE:
    case UC_VERDICT_ON_BREAK:
      set_status (why, agent->id, "available", NULL);
      return TRUE;
    case UC_VERDICT_STOP_NEW:
      must (why, (UcCommand){ .type = UC_COMMAND_STOP_NEW, .agent = agent->id, .enabled = 0 });
      return TRUE;
    case UC_VERDICT_AWAY:
    case UC_VERDICT_LOST:
      presence (why, agent->id, "here");
      return TRUE;
    case UC_VERDICT_HAS_OFFER:
      if (verdict->until > why->now)
        must (why,
              (UcCommand){ .type = UC_COMMAND_ACCEPT, .agent = agent->id, .interaction = verdict->other->id });
      else
        at (why, verdict->until);
      return TRUE;
    case UC_VERDICT_AT_CAPACITY:
      put_agent (why, agent, verdict->load + 1, TRUE);
      return TRUE;
    case UC_VERDICT_REFUSED:
      at (why, verdict->until);
      return TRUE;
    case UC_VERDICT_DRAINING:
      must (why, (UcCommand){ .type = UC_COMMAND_DRAIN, .enabled = 0 });
      return TRUE;
    case UC_VERDICT_TAKEN:
      return take_away (why, interaction);
    default:
      return FALSE;
    }
}

/* An engine in the same state, to try something out. */
static Why
copy_of (Why *why)
{
  g_autoptr (GPtrArray) rows = world_rows (why->engine);
  g_autoptr (GError) error = NULL;
  Why copy = *why;

  copy.engine = world_restore (rows, &error);
  g_assert_no_error (error);
  if (uc_engine_is_draining (why->engine))
    must (&copy, (UcCommand){ .type = UC_COMMAND_DRAIN, .enabled = 1 });
  return copy;
}

static gboolean
same_verdict (const UcVerdict *before, const char *other_before, const UcVerdict *after)
{
  return before->kind == after->kind && before->until == after->until && before->load == after->load
         && g_strcmp0 (other_before, after->other != NULL ? after->other->id : NULL) == 0;
}

/* One remedy makes another verdict: another kind, or another fact (the next offer, one more chat of a higher
 * capacity). A chat that was taken away may go to somebody else as well able: then he is the next. */
static void
one_remedy (Why *why, const char *interaction, const char *agent)
{
  Why copy = copy_of (why);
  const UcAgent *who = uc_engine_agent (copy.engine, agent);
  const UcInteraction *what = uc_engine_interaction (copy.engine, interaction);
  g_autofree char *other = NULL;
  UcVerdict before, after;
  gboolean can;

  uc_engine_why_agent (copy.engine, what, who, &before);
  other = before.other != NULL ? g_strdup (before.other->id) : NULL;
  can = remedy (&copy, what, who, &before);
  for (guint turn = 0; can; turn++)
    {
      what = uc_engine_interaction (copy.engine, interaction);
      if (what == NULL)
        break;
      uc_engine_why_agent (copy.engine, what, who, &after);
      if (before.kind != UC_VERDICT_TAKEN || after.kind != UC_VERDICT_TAKEN || turn == 10)
        break;
      can = remedy (&copy, what, who, &after);
    }
  if (can && what != NULL && same_verdict (&before, other, &after))
    g_error ("seed %" G_GUINT64_FORMAT ": %s for %s is %s, and still so when that was put right", why->seed,
             interaction, agent, uc_verdict_word (before.kind));
  why->changed[before.kind] += can;
  uc_engine_free (copy.engine);
}

/* Remedy after remedy for one agent: in the end the chat is with him, or with somebody. */
static void
all_remedies (Why *why, const char *interaction, const char *agent)
{
  Why copy = copy_of (why);
  const UcInteraction *what = uc_engine_interaction (copy.engine, interaction);
  const UcAgent *who = uc_engine_agent (copy.engine, agent);
  UcVerdict verdict;

  for (guint turn = 0; what->state == UC_INTERACTION_WAITING; turn++)
    {
      uc_engine_why_agent (copy.engine, what, who, &verdict);
      if (turn == 200 || !remedy (&copy, what, who, &verdict))
        g_error ("seed %" G_GUINT64_FORMAT ": %s waits, %s is %s, and %u remedies did not help", why->seed,
                 interaction, agent, uc_verdict_word (verdict.kind), turn);
    }
  why->followed++;
  uc_engine_free (copy.engine);
}

static void
look_at_agent (const UcAgent *agent, gpointer data)
{
  Why *why = data;
  UcVerdict verdict;

  uc_engine_why_agent (why->engine, why->interaction, agent, &verdict);
  why->verdicts[verdict.kind]++;
  if (verdict.kind == UC_VERDICT_ABLE || verdict.kind == UC_VERDICT_BEHIND)
    g_error ("seed %" G_GUINT64_FORMAT ": %s waits and %s is %s", why->seed, why->interaction->id, agent->id,
             uc_verdict_word (verdict.kind));
  g_assert_true ((verdict.kind == UC_VERDICT_HAS_IT) == (why->interaction->agent == agent));
}

static void
look_at_interaction (const UcInteraction *interaction, gpointer data)
{
  Why *why = data;

  why->interaction = interaction;
  uc_engine_each_agent (why->engine, look_at_agent, why);
}

static void
collect (const UcInteraction *interaction, gpointer data)
{
  g_ptr_array_add (data, interaction->id);
}

static void
collect_agent (const UcAgent *agent, gpointer data)
{
  g_ptr_array_add (data, agent->id);
}

/* Of some pairs the one whose verdict has been put right least often: the rare ones count too. */
static void
pick (Why *why, Dice *dice, GPtrArray *interactions, GPtrArray *agents, const char **interaction,
      const char **agent)
{
  guint best = G_MAXUINT;

  for (guint n = 0; n < 10; n++)
    {
      const char *what = interactions->pdata[dice_below (dice, interactions->len)];
      const char *who = agents->pdata[dice_below (dice, agents->len)];
      UcVerdict verdict;

      uc_engine_why_agent (why->engine, uc_engine_interaction (why->engine, what),
                           uc_engine_agent (why->engine, who), &verdict);
      if (verdict.kind == UC_VERDICT_HAS_IT || why->changed[verdict.kind] >= best)
        continue;
      best = why->changed[verdict.kind];
      *interaction = what;
      *agent = who;
    }
}

static void
try_out (Why *why, Dice *dice)
{
  g_autoptr (GPtrArray) interactions = g_ptr_array_new (), agents = g_ptr_array_new ();

  uc_engine_each_interaction (why->engine, collect, interactions);
  uc_engine_each_agent (why->engine, collect_agent, agents);
  for (guint n = 0; n < 3 && interactions->len > 0 && agents->len > 0; n++)
    {
      const char *interaction = NULL, *agent = NULL;

      pick (why, dice, interactions, agents, &interaction, &agent);
      if (interaction == NULL)
        return;
      one_remedy (why, interaction, agent);
      if (uc_engine_interaction (why->engine, interaction)->state == UC_INTERACTION_WAITING)
        all_remedies (why, interaction, agent);
    }
}

static void
random_script (Why *why)
{
  g_autoptr (Dice) dice = dice_new (why->seed);

  why->engine = uc_engine_new ();
  why->now = DICE_START;
  for (guint n = 0; n < 300; n++)
    {
      Action action = dice_next (dice, why->engine, why->now);

      why->now = action.at;
      if (action.command.type != 0)
        step (why, action.command);
      uc_engine_each_interaction (why->engine, look_at_interaction, why);
      if (n % 10 == 9)
        try_out (why, dice);
    }
  g_clear_pointer (&why->engine, uc_engine_free);
}

static void
test_random (void)
{
  guint64 seed = proof_seed (20261123), scripts = proof_size (40, 300, 20000);
  Why why = { 0 };

  g_test_message ("%" G_GUINT64_FORMAT " scripts from USHER_SEED=%" G_GUINT64_FORMAT, scripts, seed);
  for (guint64 s = 0; s < scripts; s++)
    {
      why.seed = seed + s;
      random_script (&why);
    }
  for (guint v = 0; v < N_VERDICTS; v++)
    {
      gboolean impossible = v == UC_VERDICT_ABLE || v == UC_VERDICT_BEHIND;

      g_test_message ("%-14s seen %u times, put right %u times", uc_verdict_word (v), why.verdicts[v],
                      why.changed[v]);
      g_assert_true ((why.verdicts[v] > 0) != impossible);
      g_assert_true ((why.changed[v] > 0) != (impossible || v == UC_VERDICT_HAS_IT));
    }
  g_test_message ("%u chats brought to an agent by following the verdicts", why.followed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/why/order", test_order);
  g_test_add_func ("/engine/why/hands-full", test_hands_full);
  g_test_add_func ("/engine/why/presence", test_presence);
  g_test_add_func ("/engine/why/refused", test_refused);
  g_test_add_func ("/engine/why/place", test_place);
  g_test_add_func ("/engine/why/contradicts-routing", test_contradicts);
  g_test_add_func ("/engine/why/random", test_random);
  return g_test_run ();
}
