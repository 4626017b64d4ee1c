/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random actions. See script.h.
 */
#include <string.h>

#include "tests/simulation/script.h"

#define MAX_AGENTS 6
#define MAX_QUEUES 4
#define MAX_CUSTOMERS 14
#define MAX_LIVE 256

struct Dice
{
  GRand *rand;
  UcEngine *engine; /* it is about, at this time */
  gint64 now;
  GStringChunk *words;
  guint ids;
  guint agents, queues, customers;
  guint often[32], total; /* how often which kind of command */
  guint sense;            /* percent of actions that are sensible */
  gboolean flaky;         /* desks come and go */
  guint grain;            /* all times are multiples of it, ms: so that things fall due together */
  gboolean all;           /* at first everybody may do everything */
  guint setting_up;       /* how far */
};

/* ---- chance -------------------------------------------------------------------------------------------- */

guint
dice_below (Dice *dice, guint n)
{
  return g_rand_int (dice->rand) % n;
}

static gboolean
chance (Dice *dice, guint percent)
{
  return dice_below (dice, 100) < percent;
}

/* Some time below that. */
static gint64
ms (Dice *dice, guint n)
{
  gint64 time = dice_below (dice, n);

  return time - time % dice->grain;
}

static const char *
word (Dice *dice, const char *prefix, guint n)
{
  char text[64];

  g_snprintf (text, sizeof text, "%s%u", prefix, n);
  return g_string_chunk_insert_const (dice->words, text);
}

static const char *
new_id (Dice *dice, const char *prefix)
{
  return word (dice, prefix, ++dice->ids);
}

static const char *
any_agent (Dice *dice)
{
  return word (dice, "u", dice_below (dice, dice->agents));
}

static const char *
any_queue (Dice *dice)
{
  return word (dice, "q", dice_below (dice, dice->queues));
}

typedef struct
{
  const UcInteraction *all[MAX_LIVE], *fitting[MAX_LIVE];
  guint n_all, n_fitting;
  int state;
} Found;

static void
collect (const UcInteraction *interaction, gpointer data)
{
  Found *found = data;

  if (found->n_all < MAX_LIVE)
    found->all[found->n_all++] = interaction;
  if (found->n_fitting < MAX_LIVE && (found->state < 0 || (int)interaction->state == found->state))
    found->fitting[found->n_fitting++] = interaction;
}

/* A live interaction, of the wanted state if there is one; now and then one that is not there. */
static const UcInteraction *
any_interaction (Dice *dice, int state)
{
  Found found = { .state = state };

  uc_engine_each_interaction (dice->engine, collect, &found);
  if (found.n_fitting > 0 && chance (dice, 90))
    return found.fitting[dice_below (dice, found.n_fitting)];
  if (found.n_all > 0 && chance (dice, 80))
    return found.all[dice_below (dice, found.n_all)];
  return NULL;
}

/* Names an interaction and, mostly, the agent who has it. */
static void
aim (Dice *dice, UcCommand *command, int state)
{
  const UcInteraction *interaction = any_interaction (dice, state);

  command->interaction = interaction != NULL ? g_string_chunk_insert_const (dice->words, interaction->id)
                                             : word (dice, "i", dice_below (dice, dice->ids + 1));
  command->agent = interaction != NULL && interaction->agent != NULL && chance (dice, 90)
                       ? g_string_chunk_insert_const (dice->words, interaction->agent->id)
                       : any_agent (dice);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

static UcCommand
put_user (Dice *dice, const char *user)
{
  gboolean auto_accept = chance (dice, 15);

  return (UcCommand){ .type = UC_COMMAND_PUT_USER,
                      .user = user,
                      .login = user,
                      .role = "agent",
                      .permissions = chance (dice, 80) && !auto_accept ? "interaction.reject" : "",
                      .capacity = 1 + dice_below (dice, 3),
                      .acceptance_ms = 1000 * dice_below (dice, 31),
                      .auto_accept = auto_accept,
                      .enabled = chance (dice, 90) };
}

static UcCommand
put_queue (Dice *dice, const char *queue)
{
  return (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                      .queue = queue,
                      .enabled = chance (dice, 80),
                      .acceptance_ms = chance (dice, 80) ? 0 : 1000 * (1 + dice_below (dice, 9)),
                      .post_processing_ms = chance (dice, 40) ? 0 : 1000 * (1 + dice_below (dice, 20)),
                      .boost = chance (dice, 60) ? 0 : 1000 * (gint64)g_rand_int_range (dice->rand, -30, 30) };
}

static UcCommand
put_membership (Dice *dice)
{
  return (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                      .user = any_agent (dice),
                      .queue = any_queue (dice),
                      .removed = chance (dice, 20),
                      .enabled = chance (dice, 75) };
}

static UcCommand
set_status (Dice *dice)
{
  static const char *const words[]
      = { "available", "available", "available", "on_break", "work_offline", "logged_out", "busy" };
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = any_agent (dice) };
  const UcAgent *agent = uc_engine_agent (dice->engine, command.agent);

  command.status = words[dice_below (dice, G_N_ELEMENTS (words))];
  if (agent != NULL && agent->asked == UC_AGENT_LOGGED_OUT && chance (dice, 90))
    command.cause = "login";
  if (chance (dice, 10))
    command.reason = chance (dice, 50) ? "lunch" : "a";
  if (chance (dice, 50))
    command.by = command.agent;
  return command;
}

static UcCommand
put_policy (Dice *dice)
{
  static const char *const statuses[] = { "available", "available", "on_break", "work_offline" };
  UcCommand command = { .type = UC_COMMAND_PUT_POLICY };

  if (chance (dice, 30))
    {
      command.preset = uc_policy_presets ()[dice_below (dice, 6)];
      return command;
    }
  command.on_reject = statuses[dice_below (dice, G_N_ELEMENTS (statuses))];
  command.on_timeout = statuses[dice_below (dice, G_N_ELEMENTS (statuses))];
  command.acceptance_ms = 1000 * (1 + dice_below (dice, 20));
  command.return_reject_ms = chance (dice, 50) ? 0 : ms (dice, 20000);
  command.return_timeout_ms = chance (dice, 50) ? 0 : ms (dice, 20000);
  command.max_misses = 1 + dice_below (dice, 3);
  command.lease_ms = ms (dice, 8000);
  command.grace_ms = ms (dice, 20000);
  command.code_grace_ms = chance (dice, 30) ? 0 : ms (dice, 20000);
  return command;
}

static UcCommand
put_codes (Dice *dice)
{
  static const char *const uses[] = { "disposition", "disposition", "disposition", "status", "reject" };
  UcCommand command = { .type = UC_COMMAND_PUT_CODES,
                        .list = word (dice, "list", dice_below (dice, 3)),
                        .use = uses[dice_below (dice, G_N_ELEMENTS (uses))],
                        .required = chance (dice, 50),
                        .enabled = chance (dice, 90),
                        .removed = chance (dice, 20) };

  if (strcmp (command.use, "status") == 0)
    command.status = "on_break";
  if (strcmp (command.use, "disposition") == 0 && chance (dice, 40))
    command.queues = any_queue (dice);
  command.codes = chance (dice, 70) ? "[{\"code\":\"a\",\"name\":\"A\"},{\"code\":\"lunch\",\"active\":false}]"
                                    : "[{\"code\":\"a\",\"active\":false},{\"code\":\"b\"}]";
  return command;
}

static UcCommand
about_an_agent (Dice *dice, UcCommandType type)
{
  static const char *const presences[] = { "here", "here", "away", "away", "none", "lost" };

  return (UcCommand){ .type = type,
                      .agent = any_agent (dice),
                      .enabled = chance (dice, 50),
                      .state = presences[dice_below (dice, G_N_ELEMENTS (presences))] };
}

static UcCommand
merged (Dice *dice)
{
  return (UcCommand){ .type = UC_COMMAND_MERGED,
                      .customer = "cus0",
                      .dropped = "cus1",
                      .merge = "merge",
                      .customer_name = "Joe",
                      .identities = "net k0\nnet k1",
                      .removed = chance (dice, 50) };
}

static UcCommand
receive (Dice *dice)
{
  UcCommand command = { .type = UC_COMMAND_RECEIVE,
                        .channel = chance (dice, 90) ? "web" : "xmpp",
                        .network = "net",
                        .identity = word (dice, "k", dice_below (dice, dice->customers)),
                        .queue = any_queue (dice),
                        .text = chance (dice, 97) ? "hello" : "" };

  if (chance (dice, 50))
    command.name = word (dice, "Name ", dice_below (dice, 3));
  if (chance (dice, 20))
    command.acceptance_ms = 1000 * (1 + dice_below (dice, 20));
  if (chance (dice, 20))
    command.window_until = dice->now + dice_below (dice, 20000);
  if (chance (dice, 10))
    command.attachments = "[{\"kind\":\"image\",\"media\":\"med_1\"}]";
  if (chance (dice, 10))
    command.follows = "case_1";
  command.passive = chance (dice, 15);
  command.new_conversation = new_id (dice, "c");
  command.new_interaction = new_id (dice, "i");
  command.new_message = new_id (dice, "m");
  return command;
}

static UcCommand
about_a_conversation (Dice *dice, UcCommandType type)
{
  UcCommand command = { .type = type };
  const UcConversation *conversation
      = uc_engine_conversation_of (dice->engine, "web", word (dice, "k", dice_below (dice, dice->customers)));

  command.conversation
      = conversation != NULL ? g_string_chunk_insert_const (dice->words, conversation->id) : "c999999";
  command.text = "sent elsewhere";
  command.picture = word (dice, "picture", dice_below (dice, 2));
  if (type == UC_COMMAND_ECHO)
    command.new_message = new_id (dice, "m");
  if (type == UC_COMMAND_MESSAGE_STATE)
    {
      command.message = "m1";
      command.n = dice_below (dice, 10);
      command.state = "sent";
    }
  return command;
}

static UcCommand
about_an_interaction (Dice *dice, UcCommandType type, int state)
{
  static const char *const save_states[] = { "queued", "saved", "failed", "lost" };
  UcCommand command = { .type = type };

  aim (dice, &command, state);
  if (type == UC_COMMAND_SEND || (type == UC_COMMAND_ACCEPT && chance (dice, 50)))
    command.new_message = new_id (dice, "m");
  command.text = "text";
  command.customer = word (dice, "cus", dice_below (dice, 2));
  command.draft = chance (dice, 50);
  command.state = save_states[dice_below (dice, G_N_ELEMENTS (save_states))];
  command.matches = chance (dice, 50) ? NULL : "[{\"customer\":\"cus0\"},{\"customer\":\"cus1\"}]";
  command.follows = chance (dice, 50) ? NULL : "case_2";
  command.faq = "faq_1";
  if (type == UC_COMMAND_SEND)
    command.max_text = dice_below (dice, 4);
  if (type == UC_COMMAND_SET_CODES)
    {
      static const char *const codes[]
          = { "", "list0/a", "list1/b", "list0/a,list1/a,list2/a", "list0/b,list2/b" };

      command.codes = codes[dice_below (dice, G_N_ELEMENTS (codes))];
      command.queue = chance (dice, 30) ? any_queue (dice) : NULL;
    }
  if ((type == UC_COMMAND_SAVE || type == UC_COMMAND_SET_CUSTOMER || type == UC_COMMAND_SET_CODES
       || type == UC_COMMAND_FOLLOW)
      && chance (dice, 40))
    command.agent = NULL;
  return command;
}

/* What a script does, out of how often; each script has its own taste, so that quiet centres and crowded ones,
 * eager agents and picky ones all come up. */
static const struct
{
  UcCommandType type;
  int state; /* of the interaction that is aimed at, -1 = any */
  guint often;
} kinds[] = {
  { UC_COMMAND_RECEIVE, -1, 20 },
  { UC_COMMAND_CUSTOMER_END, -1, 5 },
  { UC_COMMAND_ACCEPT, UC_INTERACTION_OFFERED, 16 },
  { UC_COMMAND_REJECT, UC_INTERACTION_OFFERED, 8 },
  { UC_COMMAND_SEND, UC_INTERACTION_ACTIVE, 4 },
  { UC_COMMAND_END, UC_INTERACTION_ACTIVE, 12 },
  { UC_COMMAND_WRAP_UP_DONE, UC_INTERACTION_WRAP_UP, 8 },
  { UC_COMMAND_SET_STATUS, -1, 16 },
  { UC_COMMAND_TICK, -1, 8 },
  { UC_COMMAND_PUT_USER, -1, 2 },
  { UC_COMMAND_PUT_QUEUE, -1, 2 },
  { UC_COMMAND_PUT_MEMBERSHIP, -1, 3 },
  { UC_COMMAND_MESSAGE_STATE, -1, 1 },
  { UC_COMMAND_SET_CUSTOMER, -1, 1 },
  { UC_COMMAND_SAVE, UC_INTERACTION_ACTIVE, 1 },
  { UC_COMMAND_SAVE_STATE, UC_INTERACTION_ACTIVE, 1 },
  { UC_COMMAND_PUT_POLICY, -1, 2 },
  { UC_COMMAND_PUT_CODES, -1, 2 },
  { UC_COMMAND_STOP_NEW, -1, 2 },
  { UC_COMMAND_PRESENCE, -1, 6 },
  { UC_COMMAND_SET_CODES, UC_INTERACTION_WRAP_UP, 4 },
  { UC_COMMAND_MATCHES, -1, 1 },
  { UC_COMMAND_FOLLOW, -1, 1 },
  { UC_COMMAND_FAQ_USED, UC_INTERACTION_ACTIVE, 1 },
  { UC_COMMAND_ECHO, -1, 1 },
  { UC_COMMAND_PROFILE, -1, 1 },
  { UC_COMMAND_MERGED, -1, 1 },
  { UC_COMMAND_DRAIN, -1, 1 },
};

static void
pick_taste (Dice *dice)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    dice->total += dice->often[k] = kinds[k].often << dice_below (dice, 6);
  dice->customers = 2 + dice_below (dice, MAX_CUSTOMERS - 1);
}

static UcCommand
any_command (Dice *dice)
{
  guint draw = dice_below (dice, dice->total);
  gsize k = 0;

  for (; draw >= dice->often[k]; k++)
    draw -= dice->often[k];
  switch (kinds[k].type)
    {
    case UC_COMMAND_RECEIVE:
      return receive (dice);
    case UC_COMMAND_PUT_POLICY:
      return put_policy (dice);
    case UC_COMMAND_PUT_CODES:
      return put_codes (dice);
    case UC_COMMAND_STOP_NEW:
    case UC_COMMAND_PRESENCE:
      return about_an_agent (dice, kinds[k].type);
    case UC_COMMAND_MERGED:
      return merged (dice);
    case UC_COMMAND_CUSTOMER_END:
    case UC_COMMAND_MESSAGE_STATE:
    case UC_COMMAND_ECHO:
    case UC_COMMAND_PROFILE:
      return about_a_conversation (dice, kinds[k].type);
    case UC_COMMAND_SET_STATUS:
      return set_status (dice);
    case UC_COMMAND_DRAIN:
      return (UcCommand){ .type = UC_COMMAND_DRAIN, .enabled = chance (dice, 30), .removed = chance (dice, 30) };
    case UC_COMMAND_TICK:
      return (UcCommand){ .type = UC_COMMAND_TICK };
    case UC_COMMAND_PUT_USER:
      return put_user (dice, any_agent (dice));
    case UC_COMMAND_PUT_QUEUE:
      return put_queue (dice, any_queue (dice));
    case UC_COMMAND_PUT_MEMBERSHIP:
      return put_membership (dice);
    default:
      return about_an_interaction (dice, kinds[k].type, kinds[k].state);
    }
}

/* ---- people at work ------------------------------------------------------------------------------------ */

/* The next sensible thing that this agent would do: without it most centres come to rest, with everybody on a
 * break and nobody to ask. */
static UcCommand
go_on (Dice *dice, const UcAgent *agent, const char *who)
{
  UcCommand command = { .agent = who };
  const UcInteraction *interaction = agent->interactions->len > 0
                                         ? agent->interactions->pdata[dice_below (dice, agent->interactions->len)]
                                         : NULL;

  command.by = who;
  if (interaction == NULL || (agent->asked != UC_AGENT_AVAILABLE && agent->offered == 0 && chance (dice, 50)))
    {
      command.type = UC_COMMAND_SET_STATUS;
      command.status = "available";
      command.cause = agent->asked == UC_AGENT_LOGGED_OUT ? "login" : NULL;
      return command;
    }
  command.interaction = g_string_chunk_insert_const (dice->words, interaction->id);
  command.type = interaction->state == UC_INTERACTION_OFFERED
                     ? (chance (dice, 70) ? UC_COMMAND_ACCEPT : UC_COMMAND_REJECT)
                 : interaction->state == UC_INTERACTION_ACTIVE ? UC_COMMAND_END
                                                               : UC_COMMAND_WRAP_UP_DONE;
  return command;
}

static UcCommand
sensible_command (Dice *dice)
{
  const char *who = any_agent (dice);
  const UcAgent *agent = uc_engine_agent (dice->engine, who);

  if (agent == NULL || chance (dice, 40))
    return receive (dice);
  if (chance (dice, 10))
    return (UcCommand){ .type = UC_COMMAND_TICK };
  if (!agent->enabled && chance (dice, 50))
    return put_user (dice, who);
  if (dice->flaky && chance (dice, 8))
    return (UcCommand){ .type = UC_COMMAND_PRESENCE,
                        .agent = who,
                        .state = agent->presence == UC_PRESENCE_HERE ? "away" : "here" };
  return go_on (dice, agent, who);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

Dice *
dice_new (guint64 seed)
{
  guint32 seeds[] = { (guint32)seed, (guint32)(seed >> 32) };
  Dice *dice = g_new0 (Dice, 1);

  dice->rand = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  dice->words = g_string_chunk_new (4096);
  dice->agents = 1 + dice_below (dice, MAX_AGENTS);
  dice->queues = 1 + dice_below (dice, MAX_QUEUES);
  dice->all = chance (dice, 50);
  dice->grain = chance (dice, 30) ? 1000 : 1;
  dice->flaky = chance (dice, 25);
  dice->sense = 20 + dice_below (dice, 75);
  pick_taste (dice);
  return dice;
}

void
dice_free (Dice *dice)
{
  g_rand_free (dice->rand);
  g_string_chunk_free (dice->words);
  g_free (dice);
}

/* Queues, users, memberships; `all`: so that there is a choice. */
static gboolean
set_up (Dice *dice, UcCommand *command)
{
  guint n = dice->setting_up++;

  if (n < dice->queues)
    {
      *command = put_queue (dice, word (dice, "q", n));
      command->enabled = command->enabled || dice->all;
      return TRUE;
    }
  n -= dice->queues;
  if (n < dice->agents)
    {
      *command = put_user (dice, word (dice, "u", n));
      return TRUE;
    }
  n -= dice->agents;
  if (n >= dice->agents * dice->queues)
    return FALSE;
  *command = put_membership (dice);
  if (dice->all)
    *command = (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                            .user = word (dice, "u", n / dice->queues),
                            .queue = word (dice, "q", n % dice->queues),
                            .enabled = 1 };
  return TRUE;
}

static gint64
jump_ahead (Dice *dice)
{
  static const guint jumps[] = { 1, 1, 1, 100, 100, 3000, 25000 };
  gint64 next = uc_engine_next_deadline (dice->engine);

  if (next < G_MAXINT64 && next > dice->now && chance (dice, 5))
    return dice->grain > 1 ? next : next - dice_below (dice, 2); /* at a deadline, or just before */
  return dice->now + ms (dice, jumps[dice_below (dice, G_N_ELEMENTS (jumps))]);
}

Action
dice_next (Dice *dice, UcEngine *engine, gint64 now)
{
  Action action = { .at = now };

  dice->engine = engine;
  dice->now = now;
  if (set_up (dice, &action.command))
    return action;
  action.at = dice->now = jump_ahead (dice);
  if (chance (dice, dice->sense))
    action.command = sensible_command (dice);
  else if (dice_below (dice, 200) > 0)
    action.command = any_command (dice);
  return action;
}
