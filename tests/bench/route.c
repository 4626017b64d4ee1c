/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a routing decision costs in the real engine, in memory. A decision is a whole step in which somebody is
 * found for somebody: an agent's wrap-up ends and he is offered the first of those who wait for him ("free"), or a
 * customer's first message arrives and the agent who is idle longest is offered it ("arrival"). Counted is the
 * step with all of its events, from the command to the freeing of its events. What lies between (accepting,
 * ending, new customers for the line) is not. Every pair is compared with what a model that does nothing but look
 * at everybody says.
 *
 *   route AGENTS WAITING DECISIONS     time of a decision; half of the agents have a line, half are idle
 *   route --memory CHATS               heap of an open chat
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/id.h"
#include "core/engine/engine.h"

#define QUEUES 200
#define SKILLS 8 /* queues of an agent */
#define CAPACITY 3
#define ID_SIZE 40

typedef struct
{
  gint64 at;
  char id[ID_SIZE];
} Waiter;

typedef struct
{
  char id[ID_SIZE];
  guint skills[SKILLS];
  gint64 idle_since;
  gboolean able; /* of the idle half: nothing is offered to him */
} Person;

typedef struct
{
  UcEngine *engine;
  GPtrArray *events;
  GRand *dice;
  gint64 now;
  guint people, busy; /* the first `busy` people have a line, the others are idle */
  Person *person;
  GQueue line[QUEUES];   /* of Waiter */
  guint members[QUEUES]; /* able ones, of the idle half */
} Centre;

/* One decision of a batch: the ids that it needs, and what came of it. */
typedef struct
{
  guint person, queue;
  char *seed, *conversation, *interaction, *message, *identity;
  char agent[ID_SIZE], offered[ID_SIZE]; /* what the engine did */
  char ended[ID_SIZE], expected[ID_SIZE];
} Decision;

static void
queue_id (guint queue, char id[ID_SIZE])
{
  g_snprintf (id, ID_SIZE, "queue-%03u", queue);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static void
step (Centre *centre, UcCommand command)
{
  g_autofree char *seed = uc_id_new ("s");
  g_autoptr (GError) error = NULL;

  command.seed = seed;
  if (!uc_engine_step (centre->engine, &command, centre->now, centre->events, &error))
    g_error ("%s", error->message);
  g_ptr_array_set_size (centre->events, 0);
}

static void
decision_prepare (Decision *decision)
{
  decision->seed = uc_id_new ("s");
  decision->conversation = uc_id_new ("cv");
  decision->interaction = uc_id_new ("in");
  decision->message = uc_id_new ("ms");
  decision->identity = uc_id_new ("visitor");
  decision->agent[0] = decision->offered[0] = '\0';
}

static void
decision_clear (Decision *decision)
{
  g_free (decision->seed);
  g_free (decision->conversation);
  g_free (decision->interaction);
  g_free (decision->message);
  g_free (decision->identity);
}

/* The step under the clock. */
static void
decide (Centre *centre, const UcCommand *command, Decision *decision)
{
  g_autoptr (GError) error = NULL;

  if (!uc_engine_step (centre->engine, command, centre->now, centre->events, &error))
    g_error ("%s", error->message);
  for (guint e = 0; e < centre->events->len; e++)
    {
      const UcEvent *event = centre->events->pdata[e];

      if (event->type != UC_EVENT_INTERACTION_OFFERED)
        continue;
      if (decision->offered[0] != '\0')
        g_error ("one decision made two offers");
      g_strlcpy (decision->agent, event->agent, ID_SIZE);
      g_strlcpy (decision->offered, event->interaction, ID_SIZE);
    }
  g_ptr_array_set_size (centre->events, 0);
}

static UcCommand
arrival (const Decision *decision, const char *queue)
{
  return (UcCommand){ .type = UC_COMMAND_RECEIVE,
                      .seed = decision->seed,
                      .channel = "webchat",
                      .network = "webchat",
                      .identity = decision->identity,
                      .name = "Ariadne Vogt",
                      .queue = queue,
                      .text = "Good morning, my parcel has not arrived and the tracking page says nothing new.",
                      .new_conversation = decision->conversation,
                      .new_interaction = decision->interaction,
                      .new_message = decision->message };
}

/* ---- the centre ---------------------------------------------------------------------------------------- */

static void
make_queues (Centre *centre)
{
  for (guint q = 0; q < QUEUES; q++)
    {
      char id[ID_SIZE];

      queue_id (q, id);
      step (
          centre,
          (UcCommand){
              .type = UC_COMMAND_PUT_QUEUE, .queue = id, .name = id, .enabled = 1, .post_processing_ms = 600000 });
      g_queue_init (&centre->line[q]);
    }
}

/* Eight different queues of his half, so that nearly every agent is a combination of his own. */
static void
draw_skills (Centre *centre, guint p)
{
  guint half = QUEUES / 2, first = p < centre->busy ? 0 : half;
  guint *skills = centre->person[p].skills;

  for (guint s = 0; s < SKILLS;)
    {
      gboolean again = FALSE;

      skills[s] = first + (guint)g_rand_int_range (centre->dice, 0, (gint)half);
      for (guint before = 0; before < s; before++)
        again |= skills[before] == skills[s];
      s += !again;
    }
}

static void
make_person (Centre *centre, guint p)
{
  Person *person = &centre->person[p];

  g_snprintf (person->id, ID_SIZE, "agent-%05u", p);
  step (centre, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                             .user = person->id,
                             .login = person->id,
                             .name = person->id,
                             .role = "agent",
                             .permissions = "interaction.reject",
                             .capacity = CAPACITY,
                             .acceptance_ms = 600000,
                             .enabled = 1 });
  draw_skills (centre, p);
  for (guint s = 0; s < SKILLS; s++)
    {
      char queue[ID_SIZE];

      queue_id (person->skills[s], queue);
      step (centre,
            (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = person->id, .queue = queue, .enabled = 1 });
    }
  step (centre,
        (UcCommand){
            .type = UC_COMMAND_SET_STATUS, .agent = person->id, .status = "work_offline", .cause = "login" });
}

static void
mark_able (Centre *centre, Person *person, gboolean able)
{
  person->able = able;
  for (guint s = 0; s < SKILLS; s++)
    centre->members[person->skills[s]] += able ? 1 : -1;
}

/* One more who waits for this one, among others. */
static void
join_line (Centre *centre, const Person *person)
{
  guint queue = person->skills[g_rand_int_range (centre->dice, 0, SKILLS)];
  Waiter *waiter = g_new (Waiter, 1);
  Decision decision;
  char id[ID_SIZE];

  decision_prepare (&decision);
  centre->now++;
  queue_id (queue, id);
  waiter->at = centre->now;
  g_strlcpy (waiter->id, decision.interaction, ID_SIZE);
  g_queue_push_tail (&centre->line[queue], waiter);
  step (centre, arrival (&decision, id));
  decision_clear (&decision);
}

static void
somebody_joins (Centre *centre)
{
  join_line (centre, &centre->person[g_rand_int_range (centre->dice, 0, (gint)centre->busy)]);
}

/* The model: the oldest of all who wait for this one; it leaves the line. NULL = nobody waits. */
static Waiter *
expected_waiter (Centre *centre, const Person *person)
{
  GQueue *best = NULL;

  for (guint s = 0; s < SKILLS; s++)
    {
      GQueue *line = &centre->line[person->skills[s]];
      const Waiter *head = g_queue_peek_head (line);

      if (head != NULL && (best == NULL || head->at < ((Waiter *)g_queue_peek_head (best))->at))
        best = line;
    }
  return best != NULL ? g_queue_pop_head (best) : NULL;
}

static void
accept_offer (Centre *centre, const Person *person, const char *interaction)
{
  step (centre, (UcCommand){ .type = UC_COMMAND_ACCEPT, .agent = person->id, .interaction = interaction });
}

/* An agent of the busy half takes as many as he can at once. */
static void
make_available (Centre *centre, guint p)
{
  Person *person = &centre->person[p];

  for (guint c = 0; c < CAPACITY && p < centre->busy; c++)
    join_line (centre, person);
  centre->now++;
  step (centre, (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = person->id, .status = "available" });
  if (p >= centre->busy)
    {
      person->idle_since = centre->now;
      mark_able (centre, person, TRUE);
    }
  for (guint c = 0; c < CAPACITY && p < centre->busy; c++)
    {
      g_autofree Waiter *waiter = expected_waiter (centre, person);

      accept_offer (centre, person, waiter->id);
    }
}

static Centre *
centre_new (guint agents, guint waiting)
{
  Centre *centre = g_new0 (Centre, 1);

  centre->engine = uc_engine_new ();
  centre->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  centre->dice = g_rand_new_with_seed (20261123);
  centre->now = G_GINT64_CONSTANT (1700000000000);
  centre->people = agents;
  centre->busy = agents / 2;
  centre->person = g_new0 (Person, agents);
  make_queues (centre);
  for (guint p = 0; p < agents; p++)
    make_person (centre, p);
  for (guint w = 0; w < waiting; w++)
    somebody_joins (centre);
  for (guint p = 0; p < agents; p++)
    make_available (centre, p);
  return centre;
}

static guint
waiting_now (Centre *centre)
{
  guint sum = 0;

  for (guint q = 0; q < QUEUES; q++)
    sum += centre->line[q].length;
  return sum;
}

static void
centre_free (Centre *centre)
{
  g_autoptr (GError) error = NULL;

  if (!uc_engine_check (centre->engine, centre->now, &error))
    g_error ("the engine is not sound afterwards: %s", error->message);
  for (guint q = 0; q < QUEUES; q++)
    g_queue_clear_full (&centre->line[q], g_free);
  uc_engine_free (centre->engine);
  g_ptr_array_unref (centre->events);
  g_rand_free (centre->dice);
  g_free (centre->person);
  g_free (centre);
}

/* ---- decisions ----------------------------------------------------------------------------------------- */

static gint64
cpu_ns (void)
{
  struct timespec spent;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &spent);
  return (gint64)spent.tv_sec * 1000000000 + spent.tv_nsec;
}

static void
end_oldest (Centre *centre, const Person *person, char id[ID_SIZE])
{
  const UcAgent *agent = uc_engine_agent (centre->engine, person->id);

  g_strlcpy (id, ((UcInteraction *)agent->interactions->pdata[0])->id, ID_SIZE);
  step (centre, (UcCommand){ .type = UC_COMMAND_END, .agent = person->id, .interaction = id });
}

/* Who has somebody waiting for him ends a chat: the first half of what a batch needs. */
static guint
prepare_frees (Centre *centre, Decision *decisions)
{
  guint most = MIN (centre->busy, MAX (1, waiting_now (centre) / 2)), n = 0;
  guint first = (guint)g_rand_int_range (centre->dice, 0, (gint)centre->busy);

  for (guint p = 0; p < most; p++)
    {
      Decision *decision = &decisions[n];
      g_autofree Waiter *waiter = NULL;

      decision->person = (first + p) % centre->busy;
      waiter = expected_waiter (centre, &centre->person[decision->person]);
      if (waiter == NULL)
        continue;
      decision_prepare (decision);
      g_strlcpy (decision->expected, waiter->id, ID_SIZE);
      end_oldest (centre, &centre->person[decision->person], decision->ended);
      n++;
    }
  return n;
}

/* Agents of the busy half become free, one after the other; *n: so many decisions. */
static gint64
free_batch (Centre *centre, Decision *decisions, guint *n)
{
  gint64 began, spent;

  *n = prepare_frees (centre, decisions);
  centre->now++;
  began = cpu_ns ();
  for (guint d = 0; d < *n; d++)
    {
      const char *agent = centre->person[decisions[d].person].id;
      UcCommand command = { .type = UC_COMMAND_WRAP_UP_DONE,
                            .seed = decisions[d].seed,
                            .by = agent,
                            .agent = agent,
                            .interaction = decisions[d].ended };

      decide (centre, &command, &decisions[d]);
    }
  spent = cpu_ns () - began;
  for (guint d = 0; d < *n; d++)
    {
      const Person *person = &centre->person[decisions[d].person];

      if (strcmp (decisions[d].offered, decisions[d].expected) != 0
          || strcmp (decisions[d].agent, person->id) != 0)
        g_error ("the wrong pair: %s was offered to %s", decisions[d].offered, decisions[d].agent);
      accept_offer (centre, person, decisions[d].offered);
      somebody_joins (centre);
      decision_clear (&decisions[d]);
    }
  return spent;
}

static Person *
person_of (Centre *centre, const char *id)
{
  return strncmp (id, "agent-", 6) == 0 ? &centre->person[strtoul (id + 6, NULL, 10)] : NULL;
}

static gboolean
has_skill (const Person *person, guint queue)
{
  for (guint s = 0; s < SKILLS; s++)
    if (person->skills[s] == queue)
      return TRUE;
  return FALSE;
}

/* Whoever was idle at the time and is idle still, or was chosen later, had been idle for a shorter time. */
static void
check_arrival (Centre *centre, const Decision *decisions, guint d, guint n)
{
  const Person *chosen = person_of (centre, decisions[d].agent);

  if (chosen == NULL || !has_skill (chosen, decisions[d].queue)
      || strcmp (decisions[d].offered, decisions[d].interaction) != 0)
    g_error ("the wrong pair: %s was offered to %s", decisions[d].offered, decisions[d].agent);
  for (guint p = centre->busy; p < centre->people; p++)
    if (centre->person[p].able && has_skill (&centre->person[p], decisions[d].queue)
        && centre->person[p].idle_since < chosen->idle_since)
      g_error ("%s was idle for longer than %s", centre->person[p].id, chosen->id);
  for (guint later = d + 1; later < n; later++)
    {
      const Person *other = person_of (centre, decisions[later].agent);

      if (has_skill (other, decisions[d].queue) && other->idle_since < chosen->idle_since)
        g_error ("%s was idle for longer than %s", other->id, chosen->id);
    }
}

/* A queue in which somebody is able; QUEUES = none. */
static guint
able_queue (const Centre *centre, guint from)
{
  for (guint q = 0; q < QUEUES; q++)
    if (centre->members[(from + q) % QUEUES] > 0)
      return (from + q) % QUEUES;
  return QUEUES;
}

/* He was found; he ends the chat, and is idle again. */
static void
idle_again (Centre *centre, const Decision *decision)
{
  Person *person = person_of (centre, decision->agent);
  char id[ID_SIZE];

  accept_offer (centre, person, decision->offered);
  end_oldest (centre, person, id);
  centre->now++;
  step (centre, (UcCommand){ .type = UC_COMMAND_WRAP_UP_DONE, .agent = person->id, .interaction = id });
  person->idle_since = centre->now;
  mark_able (centre, person, TRUE);
}

/* Half of the idle agents are found by somebody who arrives; *n: so many decisions. */
static gint64
arrival_batch (Centre *centre, Decision *decisions, guint *n)
{
  guint most = MAX (1, (centre->people - centre->busy) / 2);
  gint64 began, spent;

  for (guint d = 0; d < most; d++)
    {
      decision_prepare (&decisions[d]);
      decisions[d].queue = (guint)g_rand_int_range (centre->dice, 0, QUEUES);
    }
  centre->now++;
  began = cpu_ns ();
  for (*n = 0; *n < most; ++*n)
    {
      Decision *decision = &decisions[*n];
      char id[ID_SIZE];
      UcCommand command;

      decision->queue = able_queue (centre, decision->queue);
      if (decision->queue == QUEUES)
        break;
      queue_id (decision->queue, id);
      command = arrival (decision, id);
      decide (centre, &command, decision);
      if (decision->agent[0] == '\0')
        g_error ("an agent was free, and nobody was offered the chat");
      mark_able (centre, person_of (centre, decision->agent), FALSE);
    }
  spent = cpu_ns () - began;
  for (guint d = 0; d < *n; d++)
    check_arrival (centre, decisions, d, *n);
  for (guint d = 0; d < *n; d++)
    idle_again (centre, &decisions[d]);
  for (guint d = 0; d < most; d++)
    decision_clear (&decisions[d]);
  return spent;
}

static void
measure_time (guint agents, guint waiting, guint wanted)
{
  Centre *centre = centre_new (agents, waiting);
  g_autofree Decision *decisions = g_new0 (Decision, agents);
  gint64 free_ns = 0, arrival_ns = 0;
  guint frees = 0, arrivals = 0, n;

  while (frees < wanted / 2)
    {
      free_ns += free_batch (centre, decisions, &n);
      frees += n;
    }
  while (arrivals < wanted / 2)
    {
      arrival_ns += arrival_batch (centre, decisions, &n);
      arrivals += n;
    }
  printf ("{\"agents\":%u,\"waiting\":%u,\"classes\":%d,\"decisions\":%u,\"free_ns\":%.1f,\"arrival_ns\":%.1f,"
          "\"decision_ns\":%.1f,\"decisions_per_s\":%.0f}\n",
          agents, waiting_now (centre), QUEUES, frees + arrivals, (double)free_ns / frees,
          (double)arrival_ns / arrivals, (double)(free_ns + arrival_ns) / (frees + arrivals),
          1e9 * (frees + arrivals) / (double)(free_ns + arrival_ns));
  centre_free (centre);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

#define LINES 10 /* of a chat, half of them the agent's */

static gsize
heap_now (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* What an agent types, and what the network says of it. */
static void
answer (Centre *centre, const char *agent, const UcInteraction *interaction)
{
  static const char *const states[] = { "sent", "delivered", "read" };
  g_autofree char *message = uc_id_new ("ms"), *client = uc_id_new ("c");

  step (centre, (UcCommand){ .type = UC_COMMAND_SEND,
                             .by = agent,
                             .agent = agent,
                             .interaction = interaction->id,
                             .client_id = client,
                             .text = "I have found your order. It leaves our warehouse this afternoon.",
                             .new_message = message });
  for (gsize s = 0; s < G_N_ELEMENTS (states); s++)
    step (centre, (UcCommand){ .type = UC_COMMAND_MESSAGE_STATE,
                               .conversation = interaction->conversation->id,
                               .interaction = interaction->id,
                               .agent = agent,
                               .message = message,
                               .n = interaction->conversation->last_n,
                               .state = states[s],
                               .external_id = message });
}

static void
open_chat (Centre *centre, guint queue)
{
  const UcInteraction *interaction;
  g_autofree char *customer = uc_id_new ("cu");
  Decision first;
  char id[ID_SIZE];

  decision_prepare (&first);
  queue_id (queue, id);
  centre->now++;
  step (centre, arrival (&first, id));
  interaction = uc_engine_interaction (centre->engine, first.interaction);
  step (centre, (UcCommand){ .type = UC_COMMAND_SET_CUSTOMER,
                             .interaction = interaction->id,
                             .customer = customer,
                             .customer_name = "Ariadne Vogt" });
  step (centre,
        (UcCommand){ .type = UC_COMMAND_ACCEPT, .agent = interaction->agent->id, .interaction = interaction->id });
  for (guint l = 0; l < LINES / 2; l++)
    {
      Decision more = first;

      answer (centre, interaction->agent->id, interaction);
      more.message = uc_id_new ("ms");
      step (centre, arrival (&more, id));
      g_free (more.message);
    }
  decision_clear (&first);
}

/* A thousand agents and two hundred queues, and that many chats under way. */
static void
measure_memory (guint chats)
{
  guint capacity = MIN (100, chats), agents = (chats + capacity - 1) / capacity;
  Centre *centre = centre_new (0, 0);
  gsize before;

  for (guint a = 0; a < agents; a++)
    {
      char id[ID_SIZE];

      g_snprintf (id, ID_SIZE, "agent-%05u", a);
      step (centre, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                 .user = id,
                                 .login = id,
                                 .name = id,
                                 .role = "agent",
                                 .permissions = "interaction.reject",
                                 .capacity = capacity,
                                 .enabled = 1 });
      for (guint s = 0; s < SKILLS; s++)
        {
          char queue[ID_SIZE];

          queue_id ((a + s) % QUEUES, queue);
          step (centre,
                (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = id, .queue = queue, .enabled = 1 });
        }
      step (centre,
            (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = id, .status = "work_offline", .cause = "login" });
      step (centre, (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = id, .status = "available" });
    }
  malloc_trim (0);
  before = heap_now ();
  for (guint c = 0; c < chats; c++)
    open_chat (centre, c % MIN (QUEUES, agents));
  printf ("{\"chats\":%u,\"lines\":%d,\"bytes_per_chat\":%.0f}\n", chats, LINES + 1,
          (double)(heap_now () - before) / chats);
  centre_free (centre);
}

static guint
number (const char *text)
{
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (text, 10, 1, 10000000, &value, NULL))
    g_error ("'%s' is not a number from 1 to 10000000", text);
  return (guint)value;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--memory") == 0)
    measure_memory (number (argv[2]));
  else if (argc == 4 && number (argv[1]) >= 2)
    measure_time (number (argv[1]), number (argv[2]), number (argv[3]));
  else
    {
      fputs ("use: route AGENTS WAITING DECISIONS (at least 2 agents), or route --memory CHATS\n", stderr);
      return 2;
    }
  return 0;
}
