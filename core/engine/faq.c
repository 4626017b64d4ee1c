/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frequent questions and their answers. They live in the store, where they are searched; here they are only
 * checked and journaled. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

static gboolean
need (UcStep *step, const char *member, const char *value)
{
  return (value != NULL && *value != '\0')
         || uc_step_fail (step, UC_ERROR_INVALID, "question %s: the %s is missing", step->command->faq, member);
}

gboolean
uc_step_put_faq (UcStep *step)
{
  const UcCommand *command = step->command;
  UcEvent *event;

  if (!uc_step_need_id (step, "faq", command->faq))
    return FALSE;
  if (!command->removed
      && (!need (step, "category", command->category) || !need (step, "question", command->question)
          || !need (step, "answer", command->answer)))
    return FALSE;
  event = uc_step_event (step, UC_EVENT_FAQ_CHANGED);
  event->faq = g_strdup (command->faq);
  event->category = g_strdup (command->category);
  event->question = g_strdup (command->question);
  event->answer = g_strdup (command->answer);
  event->language = g_strdup (command->language);
  event->enabled = command->enabled != 0 && !command->removed;
  event->removed = command->removed != 0;
  event->by = g_strdup (command->by);
  uc_step_emit (step, event);
  return TRUE;
}

gboolean
uc_step_faq_used (UcStep *step)
{
  UcAgent *agent;
  const UcInteraction *interaction;
  UcEvent *event;

  if (!uc_step_need_id (step, "faq", step->command->faq))
    return FALSE;
  interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
  if (interaction == NULL)
    return FALSE;
  if (interaction->state != UC_INTERACTION_ACTIVE)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is not an open chat of %s", interaction->id,
                         agent->name);
  event = uc_step_event (step, UC_EVENT_FAQ_USED);
  event->faq = g_strdup (step->command->faq);
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (agent->id);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
  return TRUE;
}
