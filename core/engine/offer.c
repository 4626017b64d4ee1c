/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of an offer: made by routing, ended by accept, reject, its deadline, the customer, or a user who was
 * shut out. Whoever comes first wins, everybody later is told so. Also the tick, for wrap-ups too. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

void
uc_step_offer (UcStep *step, UcInteraction *interaction, UcAgent *agent)
{
  const UcConversation *conversation = interaction->conversation;
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_OFFERED);
  UcStatusChange change;

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (agent->id);
  event->offer = uc_step_id (step);
  event->deadline = step->now + agent->acceptance_ms;
  event->acceptance_ms = agent->acceptance_ms;
  event->conversation = g_strdup (conversation->id);
  event->channel = g_strdup (conversation->channel);
  event->network = g_strdup (conversation->network);
  event->identity = g_strdup (conversation->identity);
  event->name = g_strdup (conversation->name);
  event->queue = g_strdup (interaction->queue->id);
  event->queue_name = g_strdup (interaction->queue->name);
  event->enqueued_at = interaction->enqueued_at;
  event->customer = g_strdup (interaction->customer);
  event->customer_name = g_strdup (interaction->customer_name);
  event->draft = interaction->draft;
  uc_step_emit (step, event);

  change = uc_agent_unchanged (agent, "offered", interaction);
  uc_step_status (step, agent, &change);
}

void
uc_step_offer_ended (UcStep *step, const UcInteraction *interaction, const char *cause, const char *reason)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_OFFER_ENDED);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent->id);
  event->offer = g_strdup (interaction->offer);
  event->cause = g_strdup (cause);
  event->reason = g_strdup (reason);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

/* The place in line is kept: the time of queueing and the boost are those of the first time. */
static void
requeue (UcStep *step, const UcInteraction *interaction, const char *cause, const char *exclude)
{
  const UcConversation *conversation = interaction->conversation;
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_QUEUED);

  event->interaction = g_strdup (interaction->id);
  event->conversation = g_strdup (conversation->id);
  event->channel = g_strdup (conversation->channel);
  event->network = g_strdup (conversation->network);
  event->identity = g_strdup (conversation->identity);
  event->name = g_strdup (conversation->name);
  event->queue = g_strdup (interaction->queue->id);
  event->queue_name = g_strdup (interaction->queue->name);
  event->enqueued_at = interaction->enqueued_at;
  event->boost = interaction->boost;
  event->excluded = uc_interaction_excluded (interaction, exclude);
  event->cause = g_strdup (cause);
  uc_step_emit (step, event);
}

void
uc_step_offer_withdraw (UcStep *step, UcInteraction *interaction)
{
  uc_step_offer_ended (step, interaction, "withdrawn", NULL);
  requeue (step, interaction, "withdrawn", NULL);
}

/* Refused or missed: the agent goes on break; chats that he has stay his, and nothing new comes until he asks. */
static void
not_taken (UcStep *step, UcInteraction *interaction, const char *cause, const char *reason)
{
  UcAgent *agent = interaction->agent;
  UcStatusChange change;

  uc_step_offer_ended (step, interaction, cause, reason);
  change = uc_agent_unchanged (agent, cause, interaction);
  change.reason = reason;
  change.asked = UC_AGENT_ON_BREAK;
  change.stop_new = agent->stop_new || agent->active + agent->wrapping > 0;
  uc_step_status (step, agent, &change);
  requeue (step, interaction, cause, agent->id);
}

/* The interaction of the command, if a live offer of it stands for the agent. */
static UcInteraction *
live_offer (UcStep *step, UcAgent **agent)
{
  UcInteraction *interaction = uc_step_owned (step, UC_ERROR_GONE, agent);
  const char *offer = step->command->offer;

  if (interaction == NULL)
    {
      if (step->error != NULL && g_error_matches (*step->error, UC_ERROR, UC_ERROR_GONE))
        g_prefix_error (step->error, "the offer is no longer valid: ");
      return NULL;
    }
  if (interaction->state != UC_INTERACTION_OFFERED)
    uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is not on offer: %s has accepted it already",
                  interaction->id, (*agent)->name);
  else if (offer != NULL && strcmp (offer, interaction->offer) != 0)
    uc_step_fail (step, UC_ERROR_GONE, "the offer is no longer valid: interaction %s was offered anew since",
                  interaction->id);
  else if (step->now >= interaction->deadline)
    uc_step_fail (step, UC_ERROR_GONE, "the offer is no longer valid: it lapsed %" G_GINT64_FORMAT " ms ago",
                  step->now - interaction->deadline);
  else
    return interaction;
  return NULL;
}

gboolean
uc_step_accept (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = live_offer (step, &agent);
  g_autofree char *line = NULL;
  UcStatusChange change;
  UcEvent *event;

  if (interaction == NULL || !uc_step_optional_message (step))
    return FALSE;
  uc_step_offer_ended (step, interaction, "accepted", NULL);
  event = uc_step_event (step, UC_EVENT_INTERACTION_ACCEPTED);
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (agent->id);
  event->agent_name = g_strdup (agent->name);
  event->accepted_at = step->now;
  uc_step_emit (step, event);

  line = g_strdup_printf ("%s joined", agent->name);
  uc_step_system_line (step, interaction, step->command->new_message, "agent_joined", agent->name, line);
  change = uc_agent_unchanged (agent, "accepted", interaction);
  uc_step_status (step, agent, &change);
  return TRUE;
}

gboolean
uc_step_reject (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = live_offer (step, &agent);

  if (interaction == NULL)
    return FALSE;
  if (!agent->may_reject)
    return uc_step_fail (step, UC_ERROR_DENIED,
                         "%s may not reject chats: an administrator grants interaction.reject", agent->name);
  not_taken (step, interaction, "rejected", step->command->reason);
  return TRUE;
}

gboolean
uc_step_tick (UcStep *step)
{
  UcInteraction *interaction;

  while ((interaction = uc_timers_first (step->engine)) != NULL && interaction->deadline <= step->now)
    {
      if (interaction->state == UC_INTERACTION_OFFERED)
        not_taken (step, interaction, "timed_out", NULL);
      else
        uc_step_handled (step, interaction, "timed_out", "wrap_timeout");
    }
  return TRUE;
}
