/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where an interaction is: in line, or with an agent in one of three states. Whoever moves it moves the counters
 * with it, so that they can't disagree. Called from apply.c alone. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

UcAgentStatus
uc_agent_shown (const UcAgent *agent, UcAgentStatus asked)
{
  if (agent->active > 0)
    return UC_AGENT_BUSY;
  if (agent->wrapping > 0)
    return UC_AGENT_POST_PROCESSING;
  if (agent->offered > 0)
    return UC_AGENT_OFFERED;
  return asked;
}

/* A capacity may be lowered below what the agent has in hand; that excess melts and does not come back. */
void
uc_place_limit (UcAgent *agent, gboolean lowered)
{
  guint load = uc_agent_load (agent), over = load > agent->capacity ? load - agent->capacity : 0;

  agent->over = lowered ? over : MIN (agent->over, over);
}

gint
uc_interaction_compare_age (gconstpointer a, gconstpointer b)
{
  const UcInteraction *x = *(UcInteraction *const *)a, *y = *(UcInteraction *const *)b;
  gboolean x_offered = x->state == UC_INTERACTION_OFFERED, y_offered = y->state == UC_INTERACTION_OFFERED;

  if (x_offered != y_offered)
    return x_offered ? 1 : -1;
  if (x->accepted_at != y->accepted_at)
    return x->accepted_at < y->accepted_at ? -1 : 1;
  return strcmp (x->id, y->id);
}

static guint *
counter (UcAgent *agent, UcInteractionState state)
{
  switch (state)
    {
    case UC_INTERACTION_OFFERED:
      return &agent->offered;
    case UC_INTERACTION_ACTIVE:
      return &agent->active;
    case UC_INTERACTION_WRAP_UP:
      return &agent->wrapping;
    case UC_INTERACTION_WAITING:
    case UC_INTERACTION_CLOSED:
      break;
    }
  return NULL;
}

void
uc_place_leave (UcEngine *engine, UcInteraction *interaction, UcAgent *next_agent)
{
  UcAgent *agent = interaction->agent;
  guint *count;

  if (interaction->waiting != NULL)
    uc_route_leave (engine, interaction);
  if (agent == NULL)
    return;
  count = counter (agent, interaction->state);
  if (count != NULL)
    --*count;
  if (agent == next_agent)
    return;
  g_ptr_array_remove (agent->interactions, interaction);
  interaction->agent = NULL;
  uc_place_limit (agent, FALSE);
  uc_presence_timer (engine, agent);
  uc_route_agent_changed (engine, agent);
}

/* Moves it to the one place where an interaction of this state and agent belongs; every counter follows. */
void
uc_place_put (UcEngine *engine, UcInteraction *interaction, UcInteractionState state, UcAgent *agent)
{
  uc_place_leave (engine, interaction, agent);
  interaction->state = state;
  if (state == UC_INTERACTION_WAITING)
    uc_route_enter (engine, interaction);
  if (agent == NULL)
    return;
  if (interaction->agent != agent)
    g_ptr_array_add (agent->interactions, interaction);
  interaction->agent = agent;
  ++*counter (agent, state);
  if (agent->interactions->len > 1)
    g_ptr_array_sort (agent->interactions, uc_interaction_compare_age);
  uc_presence_timer (engine, agent);
  uc_route_agent_changed (engine, agent);
}
