/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine against queueing theory: s agents with one chat each, one queue, exponential arrivals, service and
 * patience, in virtual time. Offers are accepted at once and there is no wrap-up, so the engine has to behave as
 * M/M/s (Erlang C) or M/M/s+M (Erlang A). A measured value must have the exact one in its own 99.9 % confidence
 * interval, of 40 batch means of this very run.
 *
 * The seed is fixed: of some 30 such intervals one misses by chance in one run of 33. USHER_SEED=N takes another,
 * USHER_COUNT=N says how many customers come per model.
 */
#include <math.h>
#include <string.h>

#include "core/base/event.h"
#include "core/engine/engine.h"
#include "tests/lib/proof.h"
#include "tests/simulation/theory.h"

#define UNIT 1e6  /* ms of the engine in a mean time of service: rounding is no matter */
#define WARM_UP 4 /* batches before it counts */

static const struct
{
  QueueModel model;
  QueueMeasures table; /* of the literature, to five places; 0 = not given there */
} cases[] = {
  { { 1, 0.8, 0, 1 }, { .waits = 0.80000, .wait = 4.00000, .in_time = 0.34502 } },
  { { 10, 8, 0, 0.2 }, { .waits = 0.40918, .wait = 0.20459, .in_time = 0.72572 } },
  { { 20, 18, 0, 0.2 }, { .waits = 0.55077, .wait = 0.27538, .in_time = 0.63081 } },
  { { 100, 95, 0, 0.1 }, { .waits = 0.50646, .wait = 0.10129, .in_time = 0.69282 } },
  { { 10, 10, 0.5, 0 }, { .waits = 0.61966, .wait = 0.20783, .abandons = 0.10391 } },
  { { 20, 22, 1, 0 }, { .waits = 0.69397, .wait = 0.13662, .abandons = 0.13662 } },
  { { 100, 110, 0.5, 0 }, { .waits = 0.92912, .wait = 0.18924, .abandons = 0.09462 } },
};

/* ---- what is to come ----------------------------------------------------------------------------------- */

typedef enum
{
  ARRIVES,
  GIVES_UP,
  IS_DONE
} Kind;

typedef struct
{
  double at;
  Kind kind;
  guint customer, visit; /* a customer who has come again since has another visit: the past is void */
} Coming;

/* A binary heap. */
static void
come (GArray *heap, Coming coming)
{
  guint place = heap->len;

  g_array_append_val (heap, coming);
  for (; place > 0 && g_array_index (heap, Coming, (place - 1) / 2).at > coming.at; place = (place - 1) / 2)
    g_array_index (heap, Coming, place) = g_array_index (heap, Coming, (place - 1) / 2);
  g_array_index (heap, Coming, place) = coming;
}

static Coming
next_coming (GArray *heap)
{
  Coming first = g_array_index (heap, Coming, 0), last = g_array_index (heap, Coming, heap->len - 1);
  guint place = 0;

  g_array_set_size (heap, heap->len - 1);
  for (guint child = 1; child < heap->len; child = 2 * place + 1)
    {
      if (child + 1 < heap->len
          && g_array_index (heap, Coming, child + 1).at < g_array_index (heap, Coming, child).at)
        child++;
      if (g_array_index (heap, Coming, child).at >= last.at)
        break;
      g_array_index (heap, Coming, place) = g_array_index (heap, Coming, child);
      place = child;
    }
  if (heap->len > 0)
    g_array_index (heap, Coming, place) = last;
  return first;
}

/* ---- the simulation ------------------------------------------------------------------------------------ */

typedef struct
{
  guint visit;
  gint64 arrived;
  guint batch;
  int agent; /* -1 = waits */
} Customer;

typedef struct
{
  double customers, waits, wait, abandons, in_time; /* of those who came in this batch */
  double began, left, queue_time;                   /* and what happened while they came */
} Batch;

typedef struct
{
  const QueueModel *model;
  UcEngine *engine;
  GPtrArray *events;
  GRand *rand;
  GArray *heap;                           /* of Coming */
  GArray *customers;                      /* of Customer */
  GArray *absent;                         /* of guint: customers who may come again */
  double *handled;                        /* chats of each agent */
  Batch batches[N_BATCHES + WARM_UP + 1]; /* the last one gathers those who come after the end */
  guint batch;
  double now;
  gint64 now_ms;
  guint64 steps, arrivals, of; /* of: to a batch */
  UcCheckCursor cursor;
} Simulation;

static double
exponential (Simulation *sim, double rate)
{
  return -log (1 - g_rand_double (sim->rand)) / rate;
}

static void
step (Simulation *sim, UcCommand command)
{
  g_autoptr (GError) error = NULL;
  char seed[32];

  g_snprintf (seed, sizeof seed, "s%" G_GUINT64_FORMAT, ++sim->steps);
  command.seed = seed;
  g_ptr_array_set_size (sim->events, 0);
  if (!uc_engine_step (sim->engine, &command, sim->now_ms, sim->events, &error)
      || (sim->steps % 64 == 0
          && !uc_engine_check_some (sim->engine, sim->now_ms, &sim->cursor, 32, NULL, &error)))
    g_error ("step %" G_GUINT64_FORMAT ": %s", sim->steps, error->message);
}

static Customer *
customer (Simulation *sim, guint number)
{
  return &g_array_index (sim->customers, Customer, number);
}

/* Whose chat goes to whom is what the engine says. */
static void
read_accepted (Simulation *sim)
{
  for (guint e = 0; e < sim->events->len; e++)
    {
      const UcEvent *event = sim->events->pdata[e];
      guint number;
      Customer *who;
      Batch *batch;

      if (event->type != UC_EVENT_INTERACTION_ACCEPTED)
        continue;
      number = (guint)g_ascii_strtoull (event->interaction + 1, NULL, 10);
      who = customer (sim, number);
      batch = &sim->batches[who->batch];
      who->agent = atoi (event->agent + 1);
      sim->handled[who->agent]++;
      batch->wait += (double)(event->accepted_at - who->arrived) / UNIT;
      batch->waits += event->accepted_at > who->arrived;
      batch->in_time += (double)(event->accepted_at - who->arrived) <= sim->model->within * UNIT;
      come (sim->heap, (Coming){ sim->now + exponential (sim, 1), IS_DONE, number, who->visit });
    }
}

static guint
somebody (Simulation *sim)
{
  Customer new = { 0 };
  guint number;

  if (sim->absent->len == 0)
    {
      g_array_append_val (sim->customers, new);
      return sim->customers->len - 1;
    }
  number = g_array_index (sim->absent, guint, sim->absent->len - 1);
  g_array_set_size (sim->absent, sim->absent->len - 1);
  return number;
}

static void
next_batch (Simulation *sim)
{
  if (sim->arrivals++ % sim->of != 0 || sim->arrivals == 1 || sim->batch == N_BATCHES + WARM_UP)
    return;
  sim->batches[++sim->batch].began = sim->now;
}

static void
arrive (Simulation *sim)
{
  guint number = somebody (sim);
  Customer *who = customer (sim, number);
  char identity[16], conversation[16], interaction[32];

  next_batch (sim);
  *who = (Customer){ who->visit + 1, sim->now_ms, sim->batch, -1 };
  sim->batches[sim->batch].customers++;
  g_snprintf (identity, sizeof identity, "k%u", number);
  g_snprintf (conversation, sizeof conversation, "c%u", number);
  g_snprintf (interaction, sizeof interaction, "i%u.%u", number, who->visit);
  step (sim, (UcCommand){ .type = UC_COMMAND_RECEIVE,
                          .channel = "web",
                          .network = "net",
                          .identity = identity,
                          .queue = "q",
                          .text = "hello",
                          .new_conversation = conversation,
                          .new_interaction = interaction,
                          .new_message = interaction });
  read_accepted (sim);
  if (who->agent < 0 && sim->model->theta > 0)
    come (sim->heap, (Coming){ sim->now + exponential (sim, sim->model->theta), GIVES_UP, number, who->visit });
  come (sim->heap, (Coming){ sim->now + exponential (sim, sim->model->lambda), ARRIVES, 0, 0 });
}

static void
give_up (Simulation *sim, guint number)
{
  Customer *who = customer (sim, number);
  Batch *batch = &sim->batches[who->batch];
  char conversation[16];

  if (who->agent >= 0)
    return;
  g_snprintf (conversation, sizeof conversation, "c%u", number);
  step (sim, (UcCommand){ .type = UC_COMMAND_CUSTOMER_END, .conversation = conversation });
  batch->wait += (double)(sim->now_ms - who->arrived) / UNIT;
  batch->waits++;
  batch->abandons++;
  sim->batches[sim->batch].left++;
  who->visit++;
  g_array_append_val (sim->absent, number);
}

static void
be_done (Simulation *sim, guint number)
{
  Customer *who = customer (sim, number);
  char agent[16], interaction[32];

  g_snprintf (agent, sizeof agent, "u%d", who->agent);
  g_snprintf (interaction, sizeof interaction, "i%u.%u", number, who->visit);
  who->visit++;
  g_array_append_val (sim->absent, number);
  step (sim, (UcCommand){ .type = UC_COMMAND_END, .agent = agent, .interaction = interaction });
  read_accepted (sim);
}

static void
set_up (Simulation *sim)
{
  step (sim, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE, .queue = "q", .enabled = 1 });
  for (guint a = 0; a < sim->model->s; a++)
    {
      char agent[16];

      g_snprintf (agent, sizeof agent, "u%u", a);
      step (sim, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                              .user = agent,
                              .login = agent,
                              .role = "agent",
                              .capacity = 1,
                              .auto_accept = 1,
                              .enabled = 1 });
      step (sim, (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = agent, .queue = "q", .enabled = 1 });
      step (sim,
            (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = agent, .status = "available", .cause = "login" });
    }
}

/* Until the customers of all batches have been served or have left. */
static void
simulate (Simulation *sim)
{
  guint64 measured = 0, all = sim->of * (N_BATCHES + WARM_UP);
  const UcQueue *queue;

  set_up (sim);
  queue = uc_engine_queue (sim->engine, "q");
  come (sim->heap, (Coming){ 0, ARRIVES, 0, 0 });
  while (measured < all || sim->batch < N_BATCHES + WARM_UP)
    {
      Coming coming = next_coming (sim->heap);

      sim->batches[sim->batch].queue_time += queue->waiting * (coming.at - sim->now);
      sim->now = coming.at;
      sim->now_ms = 1000000 + (gint64)(coming.at * UNIT);
      if (coming.kind == ARRIVES)
        arrive (sim);
      else if (customer (sim, coming.customer)->visit == coming.visit)
        {
          measured += customer (sim, coming.customer)->batch < N_BATCHES + WARM_UP
                      && (coming.kind == IS_DONE || customer (sim, coming.customer)->agent < 0);
          if (coming.kind == GIVES_UP)
            give_up (sim, coming.customer);
          else
            be_done (sim, coming.customer);
        }
    }
}

/* ---- what came of it ----------------------------------------------------------------------------------- */

static double
part_waiting (const Batch *batch)
{
  return batch->waits / batch->customers;
}

static double
mean_wait (const Batch *batch)
{
  return batch->wait / batch->customers;
}

static double
part_abandoning (const Batch *batch)
{
  return batch->abandons / batch->customers;
}

static double
part_in_time (const Batch *batch)
{
  return batch->in_time / batch->customers;
}

static double
queue_length (const Batch *batch)
{
  return batch->queue_time / (batch[1].began - batch->began);
}

static double
leaving (const Batch *batch)
{
  return batch->left / (batch[1].began - batch->began);
}

static Estimate
estimate (const Simulation *sim, double (*measure) (const Batch *))
{
  double values[N_BATCHES];

  for (guint b = 0; b < N_BATCHES; b++)
    values[b] = measure (&sim->batches[WARM_UP + b]);
  return theory_estimate (values);
}

static void
compare (const Simulation *sim, const char *what, double (*measure) (const Batch *), double exact, double table)
{
  const QueueModel *model = sim->model;
  Estimate value = estimate (sim, measure);

  if (table > 0 && fabs (exact - table) > 5.1e-6)
    g_error ("%s of M/M/%u: computed %.6f, the table says %.5f", what, model->s, exact, table);
  g_test_message ("%-10s %4u %6.1f %5.1f  %-12s %9.5f %9.5f  %8.5f %6.1f %%",
                  model->theta > 0 ? "Erlang A" : "Erlang C", model->s, model->lambda, model->theta, what, exact,
                  value.mean, value.half_width, 100 * value.half_width / exact);
  if (fabs (value.mean - exact) > value.half_width)
    g_error ("%s of M/M/%u with lambda %g, theta %g: %.5f is not within %.5f of %.5f", what, model->s,
             model->lambda, model->theta, value.mean, value.half_width, exact);
}

/* What needs no theory of this queue: L = lambda W, and who leaves at rate theta leaves the queue. */
static void
cross_check (const Simulation *sim)
{
  const Batch *first = &sim->batches[WARM_UP], *end = &sim->batches[WARM_UP + N_BATCHES];
  double queue_time = 0, wait = 0, difference[N_BATCHES];
  Estimate balance;

  for (const Batch *batch = first; batch < end; batch++)
    {
      queue_time += batch->queue_time;
      wait += batch->wait;
      difference[batch - first] = leaving (batch) - sim->model->theta * queue_length (batch);
    }
  balance = theory_estimate (difference);
  g_test_message ("           Little's law: integral of the queue %.1f, sum of the waits %.1f", queue_time, wait);
  if (fabs (queue_time / wait - 1) > 0.01)
    g_error ("Little's law does not hold: %f and %f", queue_time, wait);
  if (sim->model->theta > 0 && fabs (balance.mean) > balance.half_width)
    g_error ("lambda P(ab) - theta E[Q] = %f is not within %f of 0", balance.mean, balance.half_width);
}

static void
compare_all (const Simulation *sim, const QueueMeasures *table)
{
  QueueMeasures exact = theory_exact (sim->model);
  double jain = theory_jain (sim->handled, sim->model->s);

  compare (sim, "P(wait)", part_waiting, exact.waits, table->waits);
  compare (sim, "E[W]", mean_wait, exact.wait, table->wait);
  compare (sim, "E[Q]", queue_length, exact.in_queue, 0);
  if (sim->model->theta > 0)
    compare (sim, "P(abandon)", part_abandoning, exact.abandons, table->abandons);
  else
    compare (sim, "SL(T)", part_in_time, exact.in_time, table->in_time);
  cross_check (sim);
  g_test_message ("           Jain index of the chats of %u agents: %.5f", sim->model->s, jain);
  if (jain < 0.98)
    g_error ("the work is not shared fairly: Jain index %f", jain);
}

static void
test_case (gconstpointer number)
{
  guint c = GPOINTER_TO_UINT (number);
  const char *count = g_getenv ("USHER_COUNT");
  guint64 seed = proof_seed (1), customers = proof_size (20000, 480000, 4000000);
  Simulation sim = { .model = &cases[c].model, .engine = uc_engine_new (), .now_ms = 1000000 };

  if (count != NULL)
    customers = g_ascii_strtoull (count, NULL, 10);
  sim.of = MAX (customers / (N_BATCHES + WARM_UP), 10);
  sim.events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  sim.rand = g_rand_new_with_seed ((guint32)seed);
  sim.heap = g_array_new (FALSE, FALSE, sizeof (Coming));
  sim.customers = g_array_new (FALSE, TRUE, sizeof (Customer));
  sim.absent = g_array_new (FALSE, FALSE, sizeof (guint));
  sim.handled = g_new0 (double, sim.model->s);
  sim.cursor.late_ms = 0;
  simulate (&sim);
  g_test_message ("%" G_GUINT64_FORMAT " customers, %" G_GUINT64_FORMAT " steps, USHER_SEED=%" G_GUINT64_FORMAT,
                  sim.of * (N_BATCHES + WARM_UP), sim.steps, seed);
  if (c == 0)
    g_test_message ("model         s lambda theta  measure          exact simulated  +/- 99.9 %%");
  compare_all (&sim, &cases[c].table);

  uc_engine_free (sim.engine);
  g_ptr_array_unref (sim.events);
  g_rand_free (sim.rand);
  g_array_unref (sim.heap);
  g_array_unref (sim.customers);
  g_array_unref (sim.absent);
  g_free (sim.handled);
}

/* The estimator itself, on numbers whose answer is known. */
static void
test_theory (void)
{
  const double shares[] = { 1, 1, 1, 1 }, one[] = { 1, 0, 0, 0 };
  double batches[N_BATCHES];
  Estimate value;

  for (guint b = 0; b < N_BATCHES; b++)
    batches[b] = b % 2 == 0 ? 1 : 3;
  value = theory_estimate (batches);
  g_assert_cmpfloat_with_epsilon (value.mean, 2, 1e-12);
  g_assert_cmpfloat_with_epsilon (value.half_width, 3.5581 * sqrt (40.0 / 39 / 40), 1e-9);
  g_assert_cmpfloat_with_epsilon (theory_jain (shares, 4), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (theory_jain (one, 4), 0.25, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simulation/queueing/theory", test_theory);
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      const QueueModel *model = &cases[c].model;
      g_autofree char *path
          = g_strdup_printf ("/simulation/queueing/%s/%u", model->theta > 0 ? "erlang-a" : "erlang-c", model->s);

      g_test_add_data_func (path, GUINT_TO_POINTER (c), test_case);
    }
  return g_test_run ();
}
