/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random scripts: sensible and senseless commands with a jumping clock. After each step the engine's own
 * invariants are checked and the stupid router agrees; the same commands make the same bytes; a restart in the
 * middle changes nothing; the journal alone rebuilds the state; and in the end an agent can clear everything away.
 *
 * USHER_SEED=N repeats one script, USHER_SCRIPTS=N says how many are run.
 */
#include "core/engine/engine-private.h"
#include "tests/core/engine/model.h"
#include "tests/core/engine/world.h"

#include <string.h>

#define N_AGENTS 6
#define N_QUEUES 4
#define N_CUSTOMERS 10
#define N_COMMANDS 200

typedef struct
{
  guint32 seed;
  GRand *rand;
  World *world;
  UcEngine *twin; /* has seen the same commands, or comes from rows; NULL = not yet */
  gboolean restored;
  Model *model;
  GStringChunk *words;
  GPtrArray *trace; /* of char*: what was done */
  guint ids;
  guint often[32], total; /* how often which kind of command */
  guint customers;
} Script;

static void fail (Script *script, const char *format, ...) G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

static void
fail (Script *script, const char *format, ...)
{
  guint first = script->trace->len > 12 ? script->trace->len - 12 : 0;
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  for (guint t = first; t < script->trace->len; t++)
    g_printerr ("# %s\n", (char *)script->trace->pdata[t]);
  g_error ("%s\nrepeat it with USHER_SEED=%u", what, script->seed);
}

/* ---- chance -------------------------------------------------------------------------------------------- */

static guint
below (Script *script, guint n)
{
  return g_rand_int_range (script->rand, 0, n);
}

static gboolean
chance (Script *script, guint percent)
{
  return below (script, 100) < percent;
}

static const char *
word (Script *script, const char *prefix, guint n)
{
  char text[64];

  g_snprintf (text, sizeof text, "%s%u", prefix, n);
  return g_string_chunk_insert_const (script->words, text);
}

static const char *
new_id (Script *script, const char *prefix)
{
  return word (script, prefix, ++script->ids);
}

static const char *
any_agent (Script *script)
{
  return word (script, "u", below (script, N_AGENTS));
}

static void
collect (const UcInteraction *interaction, gpointer data)
{
  g_ptr_array_add (data, (gpointer)interaction);
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(UcInteraction *const *)a)->id, (*(UcInteraction *const *)b)->id);
}

/* A live interaction, of the wanted state if there is one; now and then one that is not there. */
static const UcInteraction *
any_interaction (Script *script, int state)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new (), fitting = g_ptr_array_new ();

  uc_engine_each_interaction (script->world->engine, collect, all);
  g_ptr_array_sort (all, compare_ids);
  for (guint i = 0; i < all->len; i++)
    if (state < 0 || (int)((UcInteraction *)all->pdata[i])->state == state)
      g_ptr_array_add (fitting, all->pdata[i]);
  if (fitting->len > 0 && chance (script, 90))
    return fitting->pdata[below (script, fitting->len)];
  if (all->len > 0 && chance (script, 80))
    return all->pdata[below (script, all->len)];
  return NULL;
}

/* Names an interaction and, mostly, the agent who has it. */
static void
aim (Script *script, UcCommand *command, int state)
{
  const UcInteraction *interaction = any_interaction (script, state);

  command->interaction = interaction != NULL ? g_string_chunk_insert (script->words, interaction->id)
                                             : word (script, "i", below (script, script->ids + 1));
  command->agent = interaction != NULL && interaction->agent != NULL && chance (script, 90)
                       ? g_string_chunk_insert (script->words, interaction->agent->id)
                       : any_agent (script);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

static UcCommand
put_user (Script *script, const char *user)
{
  gboolean auto_accept = chance (script, 15);

  return (UcCommand){ .type = UC_COMMAND_PUT_USER,
                      .user = user,
                      .login = user,
                      .role = "agent",
                      .permissions = chance (script, 80) && !auto_accept ? "interaction.reject" : "",
                      .capacity = 1 + below (script, 3),
                      .acceptance_ms = 1000 * below (script, 31),
                      .auto_accept = auto_accept,
                      .enabled = chance (script, 90) };
}

static UcCommand
put_queue (Script *script, const char *queue)
{
  return (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                      .queue = queue,
                      .enabled = chance (script, 80),
                      .acceptance_ms = chance (script, 80) ? 0 : 1000 * (1 + below (script, 9)),
                      .post_processing_ms = chance (script, 40) ? 0 : 1000 * (1 + below (script, 20)),
                      .boost = chance (script, 60) ? 0 : 1000 * (gint64)g_rand_int_range (script->rand, -30, 30) };
}

static UcCommand
put_membership (Script *script)
{
  return (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                      .user = any_agent (script),
                      .queue = word (script, "q", below (script, N_QUEUES)),
                      .removed = chance (script, 20),
                      .enabled = chance (script, 75) };
}

static UcCommand
set_status (Script *script)
{
  static const char *const words[]
      = { "available", "available", "available", "on_break", "work_offline", "logged_out", "busy" };
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = any_agent (script) };
  const UcAgent *agent = uc_engine_agent (script->world->engine, command.agent);

  command.status = words[below (script, G_N_ELEMENTS (words))];
  if (agent != NULL && agent->asked == UC_AGENT_LOGGED_OUT && chance (script, 90))
    command.cause = "login";
  if (chance (script, 10))
    command.reason = chance (script, 50) ? "lunch" : "a";
  if (chance (script, 50))
    command.by = command.agent;
  return command;
}

static UcCommand
put_policy (Script *script)
{
  static const char *const statuses[] = { "available", "available", "on_break", "work_offline" };
  UcCommand command = { .type = UC_COMMAND_PUT_POLICY };

  if (chance (script, 30))
    {
      command.preset = uc_policy_presets ()[below (script, 6)];
      return command;
    }
  command.on_reject = statuses[below (script, G_N_ELEMENTS (statuses))];
  command.on_timeout = statuses[below (script, G_N_ELEMENTS (statuses))];
  command.acceptance_ms = 1000 * (1 + below (script, 20));
  command.return_reject_ms = chance (script, 50) ? 0 : below (script, 20000);
  command.return_timeout_ms = chance (script, 50) ? 0 : below (script, 20000);
  command.max_misses = 1 + below (script, 3);
  command.lease_ms = below (script, 8000);
  command.grace_ms = below (script, 20000);
  command.code_grace_ms = chance (script, 30) ? 0 : below (script, 20000);
  return command;
}

static UcCommand
put_codes (Script *script)
{
  static const char *const uses[] = { "disposition", "disposition", "disposition", "status", "reject" };
  UcCommand command = { .type = UC_COMMAND_PUT_CODES,
                        .list = word (script, "list", below (script, 3)),
                        .use = uses[below (script, G_N_ELEMENTS (uses))],
                        .required = chance (script, 50),
                        .enabled = chance (script, 90),
                        .removed = chance (script, 20) };

  if (strcmp (command.use, "status") == 0)
    command.status = "on_break";
  if (strcmp (command.use, "disposition") == 0 && chance (script, 40))
    command.queues = word (script, "q", below (script, N_QUEUES));
  command.codes = chance (script, 70) ? "[{\"code\":\"a\",\"name\":\"A\"},{\"code\":\"lunch\",\"active\":false}]"
                                      : "[{\"code\":\"a\",\"active\":false},{\"code\":\"b\"}]";
  return command;
}

static UcCommand
about_an_agent (Script *script, UcCommandType type)
{
  static const char *const presences[] = { "here", "here", "away", "away", "none", "lost" };

  return (UcCommand){ .type = type,
                      .agent = any_agent (script),
                      .enabled = chance (script, 50),
                      .state = presences[below (script, G_N_ELEMENTS (presences))] };
}

static UcCommand
merged (Script *script)
{
  return (UcCommand){ .type = UC_COMMAND_MERGED,
                      .customer = "cus0",
                      .dropped = "cus1",
                      .merge = "merge",
                      .customer_name = "Joe",
                      .identities = "net k0\nnet k1",
                      .removed = chance (script, 50) };
}

static UcCommand
receive (Script *script)
{
  UcCommand command = { .type = UC_COMMAND_RECEIVE,
                        .channel = chance (script, 90) ? "web" : "xmpp",
                        .network = "net",
                        .identity = word (script, "k", below (script, script->customers)),
                        .queue = word (script, "q", below (script, N_QUEUES)),
                        .text = chance (script, 97) ? "hello" : "" };

  if (chance (script, 50))
    command.name = word (script, "Name ", below (script, 3));
  if (chance (script, 20))
    command.acceptance_ms = 1000 * (1 + below (script, 20));
  if (chance (script, 20))
    command.window_until = script->world->now + below (script, 20000);
  if (chance (script, 10))
    command.attachments = "[{\"kind\":\"image\",\"media\":\"med_1\"}]";
  if (chance (script, 10))
    command.follows = "case_1";
  command.passive = chance (script, 15);
  command.new_conversation = new_id (script, "c");
  command.new_interaction = new_id (script, "i");
  command.new_message = new_id (script, "m");
  return command;
}

static UcCommand
about_a_conversation (Script *script, UcCommandType type)
{
  UcCommand command = { .type = type };
  const UcConversation *conversation = uc_engine_conversation_of (
      script->world->engine, "web", word (script, "k", below (script, script->customers)));

  command.conversation = conversation != NULL ? conversation->id : "c999999";
  command.text = "sent elsewhere";
  command.picture = word (script, "picture", below (script, 2));
  if (type == UC_COMMAND_ECHO)
    command.new_message = new_id (script, "m");
  if (type == UC_COMMAND_MESSAGE_STATE)
    {
      command.message = "m1";
      command.n = below (script, 10);
      command.state = "sent";
    }
  return command;
}

static UcCommand
about_an_interaction (Script *script, UcCommandType type, int state)
{
  static const char *const save_states[] = { "queued", "saved", "failed", "lost" };
  UcCommand command = { .type = type };

  aim (script, &command, state);
  if (type == UC_COMMAND_SEND || (type == UC_COMMAND_ACCEPT && chance (script, 50)))
    command.new_message = new_id (script, "m");
  command.text = "text";
  command.customer = word (script, "cus", below (script, 2));
  command.draft = chance (script, 50);
  command.state = save_states[below (script, G_N_ELEMENTS (save_states))];
  command.matches = chance (script, 50) ? NULL : "[{\"customer\":\"cus0\"},{\"customer\":\"cus1\"}]";
  command.follows = chance (script, 50) ? NULL : "case_2";
  command.faq = "faq_1";
  if (type == UC_COMMAND_SEND)
    command.max_text = below (script, 4);
  if (type == UC_COMMAND_SET_CODES)
    {
      static const char *const codes[]
          = { "", "list0/a", "list1/b", "list0/a,list1/a,list2/a", "list0/b,list2/b" };

      command.codes = codes[below (script, G_N_ELEMENTS (codes))];
      command.queue = chance (script, 30) ? word (script, "q", below (script, N_QUEUES)) : NULL;
    }
  if ((type == UC_COMMAND_SAVE || type == UC_COMMAND_SET_CUSTOMER || type == UC_COMMAND_SET_CODES
       || type == UC_COMMAND_FOLLOW)
      && chance (script, 40))
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
};

static void
pick_taste (Script *script)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    script->total += script->often[k] = kinds[k].often << below (script, 6);
  script->customers = 1 + below (script, N_CUSTOMERS);
}

static UcCommand
any_command (Script *script)
{
  guint dice = below (script, script->total);
  gsize k = 0;

  for (; dice >= script->often[k]; k++)
    dice -= script->often[k];
  switch (kinds[k].type)
    {
    case UC_COMMAND_RECEIVE:
      return receive (script);
    case UC_COMMAND_PUT_POLICY:
      return put_policy (script);
    case UC_COMMAND_PUT_CODES:
      return put_codes (script);
    case UC_COMMAND_STOP_NEW:
    case UC_COMMAND_PRESENCE:
      return about_an_agent (script, kinds[k].type);
    case UC_COMMAND_MERGED:
      return merged (script);
    case UC_COMMAND_CUSTOMER_END:
    case UC_COMMAND_MESSAGE_STATE:
    case UC_COMMAND_ECHO:
    case UC_COMMAND_PROFILE:
      return about_a_conversation (script, kinds[k].type);
    case UC_COMMAND_SET_STATUS:
      return set_status (script);
    case UC_COMMAND_TICK:
      return (UcCommand){ .type = UC_COMMAND_TICK };
    case UC_COMMAND_PUT_USER:
      return put_user (script, any_agent (script));
    case UC_COMMAND_PUT_QUEUE:
      return put_queue (script, word (script, "q", below (script, N_QUEUES)));
    case UC_COMMAND_PUT_MEMBERSHIP:
      return put_membership (script);
    default:
      return about_an_interaction (script, kinds[k].type, kinds[k].state);
    }
}

/* ---- one step ------------------------------------------------------------------------------------------ */

/* A restored engine has forgotten which interactions were closed, and says NOT_FOUND where the other says GONE. */
static void
same_error (Script *script, const GError *error, const GError *twin)
{
  if (error->code == twin->code
      || (script->restored && error->code == UC_ERROR_GONE && twin->code == UC_ERROR_NOT_FOUND))
    return;
  fail (script, "one engine says '%s', the other '%s'", error->message, twin->message);
}

static void
step_twin (Script *script, UcCommand command, const GError *error)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GError) twin_error = NULL;
  g_autofree char *seed = g_strdup_printf ("s%" G_GUINT64_FORMAT, script->world->seeds);
  g_autofree char *made = world_text (script->world->events), *twin_made = NULL;

  command.seed = seed;
  if (!uc_engine_step (script->twin, &command, script->world->now, events, &twin_error) != (error != NULL))
    fail (script, "one engine succeeds, the other says '%s'",
          error != NULL ? error->message : twin_error->message);
  if (error != NULL)
    same_error (script, error, twin_error);
  twin_made = world_text (events);
  if (strcmp (made, twin_made) != 0)
    fail (script, "the engines differ:\n%s---\n%s", made, twin_made);
}

/* What the scripts together must have brought about; otherwise they test less than they say. */
static const char *const wanted[] = {
  "offer.ended rejected",
  "offer.ended timed_out",
  "offer.ended agent_lost",
  "offer.ended customer_left",
  "offer.ended withdrawn",
  "interaction.queued rested",
  "interaction.queued agent_lost",
  "interaction.closed manual",
  "interaction.closed timed_out",
  "interaction.closed none",
  "interaction.closed abandoned",
  "interaction.closed uncoded",
  "interaction.closed agent_lost",
  "agent.status returned",
  "agent.status agent_lost",
  "interaction.overdue ",
  "interaction.codes ",
  "interaction.case named",
  "interaction.case chosen",
  "interaction.matches ",
  "customer.merged ",
  "policy.changed ",
  "codes.changed ",
  "faq.used ",
  "conversation.changed ",
};
static gboolean seen[G_N_ELEMENTS (wanted)];

static void
remember (const UcEvent *event)
{
  char text[64];

  g_snprintf (text, sizeof text, "%s %s", uc_event_type_name (event->type),
              event->cause != NULL ? event->cause : "");
  for (gsize w = 0; w < G_N_ELEMENTS (wanted); w++)
    seen[w] = seen[w] || strcmp (wanted[w], text) == 0;
}

static gboolean
step (Script *script, UcCommand command)
{
  g_autoptr (GError) error = NULL;
  char *wrong;

  g_ptr_array_add (script->trace,
                   g_strdup_printf ("%" G_GINT64_FORMAT " command %d agent=%s interaction=%s status=%s",
                                    script->world->now, command.type, command.agent, command.interaction,
                                    command.status));
  world_step (script->world, command, &error);
  for (guint e = 0; e < script->world->events->len; e++)
    {
      if ((wrong = model_read (script->model, script->world->events->pdata[e])) != NULL)
        fail (script, "%s", wrong);
      remember (script->world->events->pdata[e]);
    }
  if ((wrong = model_rest (script->model)) != NULL)
    fail (script, "%s", wrong);
  if (script->twin != NULL)
    step_twin (script, command, error);
  return error == NULL;
}

/* In every other script everybody may do everything at first, so that there is a choice. */
static void
set_up (Script *script)
{
  gboolean all = chance (script, 50);

  for (guint q = 0; q < N_QUEUES; q++)
    {
      UcCommand queue = put_queue (script, word (script, "q", q));

      queue.enabled = queue.enabled || all;
      step (script, queue);
    }
  for (guint u = 0; u < N_AGENTS; u++)
    step (script, put_user (script, word (script, "u", u)));
  for (guint m = 0; m < N_AGENTS * N_QUEUES; m++)
    {
      UcCommand membership = put_membership (script);

      if (all)
        membership = (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                                  .user = word (script, "u", m / N_QUEUES),
                                  .queue = word (script, "q", m % N_QUEUES),
                                  .enabled = 1 };
      if (all || m % 2 == 0)
        step (script, membership);
    }
}

static void
jump_ahead (Script *script)
{
  static const guint jumps[] = { 1, 1, 100, 3000, 25000 };
  gint64 next = uc_engine_next_deadline (script->world->engine);

  if (next < G_MAXINT64 && next > script->world->now && chance (script, 5))
    script->world->now = next - below (script, 2); /* at a deadline, or just before */
  else
    script->world->now += below (script, jumps[below (script, G_N_ELEMENTS (jumps))]);
}

/* ---- what is compared ---------------------------------------------------------------------------------- */

static void
compare_engines (Script *script, UcEngine *other, const char *what)
{
  g_autofree char *state = world_dump (script->world->engine), *other_state = world_dump (other);
  g_autoptr (GError) error = NULL;

  if (strcmp (state, other_state) != 0)
    fail (script, "%s differs:\n%s---\n%s", what, state, other_state);
  if (!uc_engine_check (other, script->world->now, &error))
    fail (script, "%s is broken: %s", what, error->message);
}

static void
shuffle_interactions (Script *script, GPtrArray *rows)
{
  guint first = rows->len;

  while (first > 0 && ((UcEvent *)rows->pdata[first - 1])->type == UC_EVENT_STATE_INTERACTION)
    first--;
  for (guint r = rows->len; r > first + 1; r--)
    {
      guint other = first + below (script, r - first);
      gpointer row = rows->pdata[r - 1];

      rows->pdata[r - 1] = rows->pdata[other];
      rows->pdata[other] = row;
    }
}

/* The shell puts a conversation without interactions back when somebody writes again. */
static void
add_idle_conversations (Script *script)
{
  static const char *const channels[] = { "web", "xmpp" };

  for (guint k = 0; k < N_CUSTOMERS * 2; k++)
    {
      const UcConversation *conversation
          = uc_engine_conversation_of (script->world->engine, channels[k % 2], word (script, "k", k / 2));
      g_autoptr (UcEvent) row = uc_event_new (UC_EVENT_STATE_CONVERSATION, 0);

      if (conversation == NULL)
        continue;
      row->conversation = g_strdup (conversation->id);
      row->channel = g_strdup (conversation->channel);
      row->network = g_strdup (conversation->network);
      row->identity = g_strdup (conversation->identity);
      row->name = g_strdup (conversation->name);
      row->picture = g_strdup (conversation->picture);
      row->window_until = conversation->window_until;
      row->tagged_until = conversation->tagged_until;
      row->last_n = conversation->last_n;
      uc_engine_add_conversation (script->twin, row);
    }
}

static void
restart_twin (Script *script)
{
  g_autoptr (GPtrArray) rows = world_rows (script->world->engine);
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&script->twin, uc_engine_free);
  shuffle_interactions (script, rows);
  script->twin = world_restore (rows, &error);
  if (script->twin == NULL)
    fail (script, "the rows are refused: %s", error->message);
  add_idle_conversations (script);
  uc_engine_restored (script->twin, "restored", script->world->now, events);
  if (events->len > 0)
    fail (script, "a restart offers what was not offered before");
  script->restored = TRUE;
  compare_engines (script, script->twin, "the restored state");
}

/* Through JSON and back, as a reader of the journal would. */
static void
replay_journal (Script *script)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();

  for (guint e = 0; e < script->world->journal->len; e++)
    {
      gsize len;
      g_autofree char *json = uc_event_to_json (script->world->journal->pdata[e], &len);
      g_autoptr (UcEvent) event = uc_event_from_json (json, len, NULL);

      uc_engine_apply (engine, event);
    }
  for (gint64 c = uc_bits_next (&engine->dirty, NULL, 0); c >= 0; c = uc_bits_next (&engine->dirty, NULL, c + 1))
    uc_bits_clear (&engine->dirty, c);
  compare_engines (script, engine, "the replayed journal");
}

/* P12: with one capable agent and no new customers everything is served. */
static void
clear_away (Script *script)
{
  UcCommand command = { .type = UC_COMMAND_PUT_USER,
                        .user = "u0",
                        .login = "u0",
                        .role = "agent",
                        .capacity = 1,
                        .acceptance_ms = 1000,
                        .enabled = 1 };
  const UcInteraction *interaction;

  step (script, command);
  step (script, (UcCommand){ .type = UC_COMMAND_PUT_POLICY, .preset = "8x8" });
  step (script, (UcCommand){ .type = UC_COMMAND_PRESENCE, .agent = "u0", .state = "here" });
  for (guint l = 0; l < 3; l++)
    step (script, (UcCommand){ .type = UC_COMMAND_PUT_CODES, .list = word (script, "list", l), .removed = TRUE });
  for (guint q = 0; q < N_QUEUES; q++)
    {
      const char *queue = word (script, "q", q);

      step (script, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE, .queue = queue, .enabled = 1 });
      step (script, (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "u0", .queue = queue, .enabled = 1 });
    }
  for (guint turn = 0; turn < 4000; turn++)
    {
      g_autoptr (GPtrArray) all = g_ptr_array_new ();

      uc_engine_each_interaction (script->world->engine, collect, all);
      if (all->len == 0)
        return;
      g_ptr_array_sort (all, compare_ids);
      interaction = all->pdata[0];
      for (guint i = 1; i < all->len && interaction->agent == NULL; i++)
        interaction = all->pdata[i];
      command
          = (UcCommand){ .agent
                         = interaction->agent != NULL ? word (script, "u", interaction->agent->id[1] - '0') : "u0",
                         .interaction = g_string_chunk_insert (script->words, interaction->id) };
      command.type = interaction->state == UC_INTERACTION_OFFERED   ? UC_COMMAND_ACCEPT
                     : interaction->state == UC_INTERACTION_ACTIVE  ? UC_COMMAND_END
                     : interaction->state == UC_INTERACTION_WRAP_UP ? UC_COMMAND_WRAP_UP_DONE
                                                                    : UC_COMMAND_SET_STATUS;
      command.status = "available";
      if (command.type == UC_COMMAND_SET_STATUS && world_agent (script->world, "u0")->asked == UC_AGENT_LOGGED_OUT)
        command.cause = "login";
      step (script, command);
      script->world->now += 100;
      step (script, (UcCommand){ .type = UC_COMMAND_TICK });
    }
  fail (script, "work remains that nobody gets:\n%s", world_dump (script->world->engine));
}

static void
run_script (guint32 seed)
{
  Script script
      = { .seed = seed, .rand = g_rand_new_with_seed (seed), .world = world_new (), .model = model_new () };
  guint restart_at;

  script.words = g_string_chunk_new (4096);
  script.trace = g_ptr_array_new_with_free_func (g_free);
  script.world->fast = seed % 16 != 0;
  if (seed % 4 == 0)
    script.twin = uc_engine_new ();
  pick_taste (&script);
  restart_at = below (&script, N_COMMANDS);
  set_up (&script);
  for (guint c = 0; c < N_COMMANDS; c++)
    {
      if (c == restart_at && seed % 4 != 0)
        restart_twin (&script);
      jump_ahead (&script);
      step (&script, any_command (&script));
    }
  compare_engines (&script, script.twin, "the twin");
  replay_journal (&script);
  clear_away (&script);

  uc_engine_free (script.twin);
  model_free (script.model);
  world_free (script.world);
  g_string_chunk_free (script.words);
  g_ptr_array_unref (script.trace);
  g_rand_free (script.rand);
}

static void
test_scripts (void)
{
  const char *one = g_getenv ("USHER_SEED"), *many = g_getenv ("USHER_SCRIPTS");
  guint32 seed = one != NULL ? g_ascii_strtoull (one, NULL, 10) : g_random_int ();
  guint scripts = many != NULL ? g_ascii_strtoull (many, NULL, 10) : one != NULL ? 1 : 2000;

  g_test_message ("%u scripts from USHER_SEED=%u", scripts, seed);
  for (guint s = 0; s < scripts; s++)
    run_script (seed + s);
  for (gsize w = 0; w < G_N_ELEMENTS (wanted) && scripts >= 1000; w++)
    if (!seen[w])
      g_error ("no script brought about '%s'", wanted[w]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/random/scripts-agree-with-the-rules", test_scripts);
  return g_test_run ();
}
