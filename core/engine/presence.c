/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Presence is a lease (mission B6). When the last desk of an agent vanishes, his offer waits lease_ms for him and
 * his chats grace_ms; then they go back to their places in line and he is work_offline. Nobody is blamed: nothing
 * is counted as missed, nobody is excluded. Back within the grace, nothing happened. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

/* The heap holds what is due first; all of it follows from the deadline of his chats, which is what is stored. */
static gint64
offer_due (const UcPolicy *policy, const UcAgent *agent)
{
  return agent->presence_deadline - MAX (0, policy->grace_ms - policy->lease_ms);
}

void
uc_presence_timer (UcEngine *engine, UcAgent *agent)
{
  gint64 at = 0;

  if (agent->presence == UC_PRESENCE_AWAY)
    at = agent->offered > 0 ? offer_due (&engine->policy, agent) : agent->presence_deadline;
  /* A lease that was shortened while he was away may have been over before time began. */
  uc_timers_set (engine, &agent->presence_timer, agent->presence == UC_PRESENCE_AWAY ? MAX (at, 1) : 0);
}

static void
tell (UcStep *step, UcAgent *agent, UcPresence presence, gint64 deadline)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_AGENT_PRESENCE);

  event->agent = g_strdup (agent->id);
  event->state = g_strdup (uc_presence_word (presence));
  event->since = step->now;
  event->deadline = deadline;
  uc_step_emit (step, event);
}

void
uc_step_presence_over (UcStep *step, UcAgent *agent)
{
  if (agent->presence == UC_PRESENCE_AWAY || agent->presence == UC_PRESENCE_LOST)
    tell (step, agent, UC_PRESENCE_NONE, 0);
}

/* ---- lost ---------------------------------------------------------------------------------------------- */

static void
lose_offers (UcStep *step, UcAgent *agent)
{
  for (guint i = agent->interactions->len; i > 0; i--)
    {
      UcInteraction *interaction = agent->interactions->pdata[i - 1];

      if (interaction->state == UC_INTERACTION_OFFERED)
        uc_step_offer_lost (step, interaction);
    }
}

/* The customer goes on in the place that he had in line. One who has left already needs no colleague: the chat is
 * closed, and in the agent's backlog if a required code is missing. */
static void
lose_chat (UcStep *step, UcInteraction *interaction)
{
  g_autofree char *line = NULL;
  const UcAgent *agent = interaction->agent;

  if (interaction->ended_by != NULL)
    {
      uc_step_interaction_closed (step, interaction, "agent_lost");
      return;
    }
  line = g_strdup_printf ("%s has left; the chat will be continued by a colleague", agent->name);
  uc_step_system_line (step, interaction, NULL, "agent_left", agent->name, line);
  uc_step_requeue (step, interaction, "agent_lost", NULL, agent->id, 0);
}

/* Wrap-ups have timers of their own. */
static void
lose_chats (UcStep *step, UcAgent *agent)
{
  g_autoptr (GPtrArray) all = g_ptr_array_copy (agent->interactions, NULL, NULL);

  for (guint i = 0; i < all->len; i++)
    if (((UcInteraction *)all->pdata[i])->state == UC_INTERACTION_ACTIVE)
      lose_chat (step, all->pdata[i]);
}

static void
lose_agent (UcStep *step, UcAgent *agent)
{
  UcStatusChange change;

  tell (step, agent, UC_PRESENCE_LOST, 0);
  lose_offers (step, agent);
  lose_chats (step, agent);
  change = uc_agent_unchanged (agent, "agent_lost", NULL);
  change.asked = UC_AGENT_WORK_OFFLINE;
  change.stop_new = FALSE;
  change.reason = NULL;
  change.return_at = 0;
  uc_step_status (step, agent, &change);
}

void
uc_step_presence_due (UcStep *step, UcAgent *agent)
{
  if (agent->presence != UC_PRESENCE_AWAY)
    return;
  if (agent->presence_deadline <= step->now)
    lose_agent (step, agent);
  else if (agent->offered > 0 && offer_due (&step->engine->policy, agent) <= step->now)
    lose_offers (step, agent);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void
goes_away (UcStep *step, UcAgent *agent)
{
  if (agent->presence != UC_PRESENCE_HERE)
    return;
  if (agent->asked == UC_AGENT_LOGGED_OUT)
    {
      tell (step, agent, UC_PRESENCE_NONE, 0);
      return;
    }
  tell (step, agent, UC_PRESENCE_AWAY, step->now + step->engine->policy.grace_ms);
  uc_step_presence_due (step, agent);
}

gboolean
uc_step_presence (UcStep *step)
{
  UcAgent *agent = uc_step_agent (step);
  const char *word = step->command->state;
  UcPresence presence;

  if (agent == NULL)
    return FALSE;
  if (!uc_presence_from_word (word, &presence) || presence == UC_PRESENCE_LOST)
    return uc_step_fail (step, UC_ERROR_INVALID, "a presence is here, away or none, not '%s'",
                         word != NULL ? word : "");
  if (presence == UC_PRESENCE_AWAY)
    goes_away (step, agent);
  else if (agent->presence != presence)
    tell (step, agent, presence, 0);
  return TRUE;
}
