/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the last word to the end of wrap-up, and what the CRM knows about it: the customer and the saved case.
 * Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

static UcEvent *
save_event (UcStep *step, const UcInteraction *interaction, const char *state)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_SAVE);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent->id);
  event->state = g_strdup (state);
  event->mode = g_strdup (interaction->save_mode);
  event->case_id = g_strdup (interaction->case_id);
  event->by = g_strdup (step->command->by);
  return event;
}

/* A case that was filed while the chat went on lacks its last lines. That it must be brought up to date is part of
 * the same step: whoever dies between the end and the save finds it queued. */
void
uc_step_interaction_ended (UcStep *step, UcInteraction *interaction, const char *ended_by, gint64 ended_at,
                           gint64 deadline)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_ENDED);
  gboolean stale = interaction->ended_by == NULL && g_strcmp0 (interaction->save_state, "saved") == 0;

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->ended_by = g_strdup (ended_by);
  event->ended_at = ended_at;
  event->deadline = deadline;
  uc_step_emit (step, event);
  if (stale)
    uc_step_emit (step, save_event (step, interaction, "queued"));
}

/* The interaction is gone afterwards. */
void
uc_step_interaction_closed (UcStep *step, UcInteraction *interaction, const char *cause)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_CLOSED);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->cause = g_strdup (cause);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

/* Closes what an agent had; its slot is free from here. */
void
uc_step_handled (UcStep *step, UcInteraction *interaction, const char *cause, const char *status_cause)
{
  g_autofree char *id = g_strdup (interaction->id);
  UcAgent *agent = interaction->agent;

  uc_step_interaction_closed (step, interaction, cause);
  uc_step_status_freed (step, agent, status_cause, id);
}

/* A customer who left before keeps the credit and the time: the agent only acknowledges. */
gboolean
uc_step_end (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
  UcStatusChange change;
  gint64 wrap_up;
  gboolean left;

  if (interaction == NULL)
    return FALSE;
  if (interaction->state == UC_INTERACTION_OFFERED)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is only offered: accept or reject it",
                         interaction->id);
  if (interaction->state != UC_INTERACTION_ACTIVE)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s has ended already", interaction->id);
  if (!uc_step_optional_message (step))
    return FALSE;
  wrap_up = interaction->queue->post_processing_ms;
  left = interaction->ended_by != NULL;
  if (!left || wrap_up > 0)
    uc_step_interaction_ended (step, interaction, left ? interaction->ended_by : "agent",
                               left ? interaction->ended_at : step->now, wrap_up > 0 ? step->now + wrap_up : 0);
  if (!left)
    uc_step_system_line (step, interaction, step->command->new_message, "ended", NULL, "The chat has ended");
  if (wrap_up == 0)
    {
      uc_step_handled (step, interaction, "none", "ended");
      return TRUE;
    }
  change = uc_agent_unchanged (agent, "ended", interaction);
  uc_step_status (step, agent, &change);
  return TRUE;
}

gboolean
uc_step_wrap_up_done (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);

  if (interaction == NULL)
    return FALSE;
  if (interaction->state != UC_INTERACTION_WRAP_UP)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is not in post processing: end the chat first",
                         interaction->id);
  uc_step_handled (step, interaction, "manual", "wrapped");
  return TRUE;
}

gboolean
uc_step_set_customer (UcStep *step)
{
  const UcCommand *command = step->command;
  UcInteraction *interaction = uc_step_interaction (step);
  UcEvent *event;

  if (interaction == NULL)
    return FALSE;
  if (g_strcmp0 (interaction->customer, command->customer) == 0
      && g_strcmp0 (interaction->customer_name, command->customer_name) == 0
      && interaction->draft == (command->draft != 0))
    return TRUE;
  event = uc_step_event (step, UC_EVENT_INTERACTION_CUSTOMER);
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->customer = g_strdup (command->customer);
  event->customer_name = g_strdup (command->customer_name);
  event->draft = command->draft != 0;
  uc_step_emit (step, event);
  return TRUE;
}

/* ---- Save to CRM --------------------------------------------------------------------------------------- */

/* Asking again while a save is under way, or after it was done, is answered by that one: there is one case per
 * interaction. */
gboolean
uc_step_save (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction;
  UcEvent *event;

  interaction = step->command->agent != NULL ? uc_step_owned (step, UC_ERROR_CONFLICT, &agent)
                                             : uc_step_interaction (step);
  if (interaction == NULL)
    return FALSE;
  if (interaction->state != UC_INTERACTION_ACTIVE && interaction->state != UC_INTERACTION_WRAP_UP)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s can't be saved yet: no agent has accepted it",
                         interaction->id);
  if (interaction->save_state != NULL && strcmp (interaction->save_state, "failed") != 0)
    return TRUE;
  event = save_event (step, interaction, "requested");
  g_free (event->mode);
  event->mode = g_strdup (interaction->ended_by == NULL ? "during" : "after");
  uc_step_emit (step, event);
  return TRUE;
}

gboolean
uc_step_save_state (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcInteraction *interaction = uc_step_interaction (step);
  const char *state = command->state;
  UcEvent *event;

  if (interaction == NULL)
    return FALSE;
  if (g_strcmp0 (state, "queued") != 0 && g_strcmp0 (state, "saved") != 0 && g_strcmp0 (state, "failed") != 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "the state of a save is queued, saved or failed, not '%s'",
                         state != NULL ? state : "");
  if (command->attempts < 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "attempts can't be negative");
  if (interaction->save_state == NULL)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nobody asked to save interaction %s", interaction->id);
  event = save_event (step, interaction, state);
  if (command->case_id != NULL)
    {
      g_free (event->case_id);
      event->case_id = g_strdup (command->case_id);
    }
  event->attempts = command->attempts;
  event->error = g_strdup (command->error);
  uc_step_emit (step, event);
  return TRUE;
}
