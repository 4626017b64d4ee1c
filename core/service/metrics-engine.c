/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of what the engine knows: agents, interactions, queues, timers. They are counted when somebody asks.
 * Main thread.
 */
#include "core/base/clock.h"
#include "core/service/metrics.h"

/* ---- agents -------------------------------------------------------------------------------------------- */

typedef struct
{
  guint statuses[UC_AGENT_ON_BREAK + 1], presences[UC_PRESENCE_LOST + 1];
  guint capacity, load, users, timers;
} Agents;

static void
count_agent (const UcAgent *agent, gpointer data)
{
  Agents *agents = data;

  agents->timers += (agent->presence_timer.place != 0) + (agent->return_timer.place != 0);
  agents->load += uc_agent_load (agent);
  agents->users++;
  agents->statuses[agent->shown]++;
  agents->presences[agent->presence]++;
  if (agent->asked == UC_AGENT_AVAILABLE)
    agents->capacity += agent->capacity;
}

static void
write_agents (UcMetrics *metrics, const Agents *agents)
{
  for (guint i = 0; i < G_N_ELEMENTS (agents->statuses); i++)
    {
      g_autofree char *label = uc_metrics_label ("status", uc_agent_status_word (i));

      uc_metrics_gauge (metrics, "usher_agents", "Users by the status everybody sees.", label,
                        agents->statuses[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (agents->presences); i++)
    {
      g_autofree char *label = uc_metrics_label ("presence", uc_presence_word (i));

      uc_metrics_gauge (metrics, "usher_agent_presence", "Users by whether a desk of theirs is connected.", label,
                        agents->presences[i]);
    }
  uc_metrics_gauge (metrics, "usher_agent_capacity",
                    "Interactions that those who are available may have at once, together.", NULL,
                    agents->capacity);
  uc_metrics_gauge (metrics, "usher_agent_load", "Interactions that agents have: offers, chats and wrap-ups.",
                    NULL, agents->load);
}

/* ---- interactions -------------------------------------------------------------------------------------- */

typedef struct
{
  guint states[UC_INTERACTION_CLOSED], timers, resting, overdue;
} Interactions;

static void
count_interaction (const UcInteraction *interaction, gpointer data)
{
  Interactions *interactions = data;

  interactions->timers += interaction->timer.place != 0;
  interactions->overdue += interaction->overdue;
  interactions->states[interaction->state]++;
  interactions->resting += interaction->state == UC_INTERACTION_WAITING && interaction->deadline != 0;
}

static void
write_interactions (UcMetrics *metrics, const Interactions *interactions)
{
  for (guint i = 0; i < G_N_ELEMENTS (interactions->states); i++)
    {
      g_autofree char *label = uc_metrics_label ("state", uc_interaction_state_word (i));

      uc_metrics_gauge (metrics, "usher_interactions", "Interactions that are not closed, by state.", label,
                        interactions->states[i]);
    }
  uc_metrics_gauge (metrics, "usher_interactions_resting",
                    "Waiting ones that nobody else can take and that pause before they ask again.", NULL,
                    interactions->resting);
  uc_metrics_gauge (metrics, "usher_interactions_overdue", "Wrap-ups that lack a required code.", NULL,
                    interactions->overdue);
}

/* ---- queues -------------------------------------------------------------------------------------------- */

typedef struct
{
  UcCore *core;
  UcMetrics *metrics;
  gint64 now;
} Queues;

static void
write_waiting (const UcQueue *queue, gpointer data)
{
  Queues *queues = data;
  g_autofree char *label = uc_metrics_label ("queue", queue->id);

  uc_metrics_gauge (queues->metrics, "usher_queue_waiting", "Interactions that wait in the queue.", label,
                    queue->waiting);
}

static void
write_oldest (const UcQueue *queue, gpointer data)
{
  Queues *queues = data;
  const UcInteraction *first = uc_engine_first_waiting (queues->core->engine, queue);
  g_autofree char *label = uc_metrics_label ("queue", queue->id);

  uc_metrics_gauge (queues->metrics, "usher_queue_oldest_wait_seconds",
                    "How long the first one in the queue has waited; 0 = nobody waits.", label,
                    first != NULL ? (double)MAX (0, queues->now - first->enqueued_at) / 1000 : 0);
}

static void
write_enabled (const UcQueue *queue, gpointer data)
{
  Queues *queues = data;
  g_autofree char *label = uc_metrics_label ("queue", queue->id);

  uc_metrics_gauge (queues->metrics, "usher_queue_enabled", "1 = it gives out its interactions.", label,
                    queue->enabled);
}

void
uc_engine_metrics (UcCore *core, UcMetrics *metrics)
{
  Agents agents = { 0 };
  Interactions interactions = { 0 };
  Queues queues = { core, metrics, uc_clock_now () };
  gint64 next = uc_engine_next_deadline (core->engine);

  uc_engine_each_agent (core->engine, count_agent, &agents);
  uc_engine_each_interaction (core->engine, count_interaction, &interactions);
  write_agents (metrics, &agents);
  write_interactions (metrics, &interactions);
  uc_engine_each_queue (core->engine, write_waiting, &queues);
  uc_engine_each_queue (core->engine, write_oldest, &queues);
  uc_engine_each_queue (core->engine, write_enabled, &queues);
  uc_metrics_gauge (metrics, "usher_engine_timers", "Deadlines that the engine waits for.", NULL,
                    agents.timers + interactions.timers);
  uc_metrics_gauge (metrics, "usher_engine_timer_late_seconds",
                    "How long the first of them is overdue; 0 = none is.", NULL,
                    next < queues.now ? (double)(queues.now - next) / 1000 : 0);
}
