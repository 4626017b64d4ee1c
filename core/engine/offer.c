/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of an offer: made by routing, ended by accept, reject, its deadline, the customer, or a user who was
 * shut out. Whoever comes first wins, everybody later is told so. Also the tick, for wrap-ups too. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

gint64
uc_offer_interval (UcEngine *engine, const UcInteraction *interaction, const UcAgent *agent)
{
  if (interaction->acceptance_ms > 0)
    return interaction->acceptance_ms;
  if (interaction->queue->acceptance_ms > 0)
    return interaction->queue->acceptance_ms;
  return agent->acceptance_ms > 0 ? agent->acceptance_ms : engine->policy.acceptance_ms;
}

static void
make_offer (UcStep *step, UcInteraction *interaction, UcAgent *agent)
{
  const UcConversation *conversation = interaction->conversation;
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_OFFERED);
  UcStatusChange change;

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (agent->id);
  event->offer = uc_step_id (step);
  event->acceptance_ms = uc_offer_interval (step->engine, interaction, agent);
  event->deadline = step->now + event->acceptance_ms;
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
void
uc_step_requeue (UcStep *step, const UcInteraction *interaction, const char *cause, const char *exclude,
                 const char *had, gint64 rest_until)
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
  event->acceptance_ms = interaction->acceptance_ms;
  event->excluded = uc_interaction_excluded (interaction, exclude);
  event->deadline = rest_until;
  event->agent = g_strdup (had);
  event->cause = g_strdup (cause);
  uc_step_emit (step, event);
}

void
uc_step_offer_withdraw (UcStep *step, UcInteraction *interaction)
{
  uc_step_offer_ended (step, interaction, "withdrawn", NULL);
  uc_step_requeue (step, interaction, "withdrawn", NULL, NULL, 0);
}

void
uc_step_offer_lost (UcStep *step, UcInteraction *interaction)
{
  UcAgent *agent = interaction->agent;
  UcStatusChange change;

  uc_step_offer_ended (step, interaction, "agent_lost", NULL);
  change = uc_agent_unchanged (agent, "agent_lost", interaction);
  uc_step_status (step, agent, &change);
  uc_step_requeue (step, interaction, "agent_lost", NULL, NULL, 0);
}

/* ---- refused or missed --------------------------------------------------------------------------------- */

/* The status that follows; a miss that is one too few leaves him available and is counted. */
static UcAgentStatus
consequence (const UcPolicy *policy, const UcAgent *agent, gboolean missed, UcStatusChange *change)
{
  if (!missed)
    return policy->on_reject;
  change->misses = agent->misses + 1;
  if (change->misses < policy->max_misses)
    return UC_AGENT_AVAILABLE;
  change->misses = 0;
  return policy->on_timeout;
}

/* What the policy says; chats that the agent has stay his, and where he does not stay available nothing new comes
 * until he asks. Where he does, he has had his turn, and the chat is not for him for a while. */
static void
not_taken (UcStep *step, UcInteraction *interaction, const char *cause, const char *reason)
{
  const UcPolicy *policy = &step->engine->policy;
  UcAgent *agent = interaction->agent;
  gboolean missed = strcmp (cause, "timed_out") == 0;
  gint64 back = missed ? policy->return_timeout_ms : policy->return_reject_ms;
  const char *shown_reason = missed ? policy->reason_timeout : policy->reason_reject;
  UcStatusChange change;
  UcAgentStatus status;

  uc_step_offer_ended (step, interaction, cause, reason);
  change = uc_agent_unchanged (agent, cause, interaction);
  status = consequence (policy, agent, missed, &change);
  if (status == UC_AGENT_AVAILABLE)
    change.idle_since = step->now;
  else
    {
      change.asked = status;
      change.reason = shown_reason != NULL ? shown_reason : reason;
      change.stop_new = agent->stop_new || agent->active + agent->wrapping > 0;
      change.return_at = back > 0 ? step->now + back : 0;
    }
  uc_step_status (step, agent, &change);
  uc_step_requeue (step, interaction, cause, agent->id, NULL,
                   status == UC_AGENT_AVAILABLE ? step->now + UC_REST_MS : 0);
}

/* ---- accepted ------------------------------------------------------------------------------------------ */

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

/* line_id NULL = one from the seed. */
static void
accept (UcStep *step, UcInteraction *interaction, const char *line_id)
{
  UcAgent *agent = interaction->agent;
  g_autofree char *line = NULL;
  UcStatusChange change;
  UcEvent *event;

  uc_step_offer_ended (step, interaction, "accepted", NULL);
  event = uc_step_event (step, UC_EVENT_INTERACTION_ACCEPTED);
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (agent->id);
  event->agent_name = g_strdup (agent->name);
  event->accepted_at = step->now;
  uc_step_emit (step, event);

  line = g_strdup_printf ("%s joined", agent->name);
  uc_step_system_line (step, interaction, line_id, "agent_joined", agent->name, line);
  change = uc_agent_unchanged (agent, "accepted", interaction);
  change.misses = 0;
  uc_step_status (step, agent, &change);
}

gboolean
uc_step_accept (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = live_offer (step, &agent);

  if (interaction == NULL || !uc_step_optional_message (step))
    return FALSE;
  accept (step, interaction, step->command->new_message);
  return TRUE;
}

void
uc_step_accept_at_once (UcStep *step, UcAgent *agent)
{
  for (guint i = agent->interactions->len; i > 0 && agent->offered > 0; i--)
    {
      UcInteraction *interaction = agent->interactions->pdata[i - 1];

      if (interaction->state == UC_INTERACTION_OFFERED)
        accept (step, interaction, NULL);
    }
}

void
uc_step_offer (UcStep *step, UcInteraction *interaction, UcAgent *agent)
{
  make_offer (step, interaction, agent);
  if (agent->auto_accept)
    accept (step, interaction, NULL);
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
  if (!uc_step_reason (step, "reject", NULL, step->command->reason))
    return FALSE;
  not_taken (step, interaction, "rejected", step->command->reason);
  return TRUE;
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void
interaction_due (UcStep *step, UcInteraction *interaction)
{
  switch (interaction->state)
    {
    case UC_INTERACTION_OFFERED:
      if (interaction->agent->presence == UC_PRESENCE_AWAY)
        uc_step_offer_lost (step, interaction);
      else if (step->engine->draining)
        uc_step_take_back (step, interaction);
      else
        not_taken (step, interaction, "timed_out", NULL);
      break;
    case UC_INTERACTION_WAITING:
      uc_step_requeue (step, interaction, "rested", NULL, NULL, 0);
      break;
    default:
      uc_step_wrap_up_due (step, interaction);
    }
}

gboolean
uc_step_tick (UcStep *step)
{
  UcTimer *timer;

  while ((timer = uc_timers_first (step->engine)) != NULL && timer->at <= step->now)
    switch (timer->kind)
      {
      case UC_TIMER_INTERACTION:
        interaction_due (step, timer->owner);
        break;
      case UC_TIMER_PRESENCE:
        uc_step_presence_due (step, timer->owner);
        break;
      case UC_TIMER_RETURN:
        uc_step_status_returns (step, timer->owner);
        break;
      }
  return TRUE;
}
