/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the last word to the end of wrap-up. A required code that is missing holds the interaction back, but not
 * for ever: overdue comes first, and after the policy's grace it is closed as uncoded. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

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
    uc_step_emit (step, uc_step_save_event (step, interaction, "queued"));
}

/* The interaction is gone afterwards. */
void
uc_step_interaction_closed (UcStep *step, UcInteraction *interaction, const char *cause)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_CLOSED);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->cause = g_strdup (cause);
  event->uncoded = interaction->agent != NULL && uc_interaction_lacks_codes (step->engine, interaction);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

static void
overdue (UcStep *step, const UcInteraction *interaction)
{
  gint64 grace = step->engine->policy.code_grace_ms;
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_OVERDUE);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent->id);
  event->deadline = grace > 0 ? step->now + grace : 0;
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

void
uc_step_wrap_up_due (UcStep *step, UcInteraction *interaction)
{
  gboolean lacks = uc_interaction_lacks_codes (step->engine, interaction);

  if (lacks && !interaction->overdue)
    overdue (step, interaction);
  else
    uc_step_handled (step, interaction, lacks ? "uncoded" : "timed_out", "wrap_timeout");
}

/* ---- commands ------------------------------------------------------------------------------------------ */

/* The chat is over; without time for wrap-up nothing is left to do, unless a code is. */
static void
leave_chat (UcStep *step, UcInteraction *interaction)
{
  UcAgent *agent = interaction->agent;
  UcStatusChange change;

  if (interaction->state == UC_INTERACTION_ACTIVE && uc_interaction_lacks_codes (step->engine, interaction))
    overdue (step, interaction);
  if (interaction->state == UC_INTERACTION_ACTIVE)
    {
      uc_step_handled (step, interaction, "none", "ended");
      return;
    }
  change = uc_agent_unchanged (agent, "ended", interaction);
  uc_step_status (step, agent, &change);
}

/* A customer who left before keeps the credit and the time: the agent only acknowledges. */
gboolean
uc_step_end (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
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
  leave_chat (step, interaction);
  return TRUE;
}

gboolean
uc_step_wrap_up_done (UcStep *step)
{
  UcAgent *agent;
  UcInteraction *interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
  g_autofree char *missing = NULL;

  if (interaction == NULL)
    return FALSE;
  if (interaction->state != UC_INTERACTION_WRAP_UP)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is not in post processing: end the chat first",
                         interaction->id);
  missing = uc_interaction_missing_codes (step->engine, interaction);
  if (missing != NULL)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "a code is required: choose one of %s first", missing);
  uc_step_handled (step, interaction, "manual", "wrapped");
  return TRUE;
}
