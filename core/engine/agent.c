/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An agent's status. What he asked for (`asked`) lies underneath; an offer, a chat or a wrap-up lies on top of it
 * and is what everybody sees (`shown`). Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

gboolean
uc_agent_able (const UcAgent *agent)
{
  return agent->enabled && agent->asked == UC_AGENT_AVAILABLE && !agent->stop_new && agent->offered == 0
         && agent->presence != UC_PRESENCE_AWAY && agent->presence != UC_PRESENCE_LOST
         && uc_agent_load (agent) < agent->capacity;
}

UcStatusChange
uc_agent_unchanged (const UcAgent *agent, const char *cause, const UcInteraction *interaction)
{
  return (UcStatusChange){ .asked = agent->asked,
                           .stop_new = agent->stop_new,
                           .idle_since = agent->idle_since,
                           .misses = agent->misses,
                           .return_at = agent->return_at,
                           .cause = cause,
                           .reason = agent->reason,
                           .interaction = interaction != NULL ? interaction->id : NULL };
}

/* Stop-new ends with the last chat: who pressed it is work_offline then, who is waiting for a break has it. */
static void
settle (const UcAgent *agent, UcStatusChange *change)
{
  if (!change->stop_new || uc_agent_load (agent) > 0)
    return;
  change->stop_new = FALSE;
  if (change->asked == UC_AGENT_AVAILABLE)
    change->asked = UC_AGENT_WORK_OFFLINE;
}

/* The cause alone is no news: a busy agent who gets another offer is as busy as before. */
static gboolean
is_news (const UcAgent *agent, const UcStatusChange *change, UcAgentStatus shown)
{
  return shown != agent->shown || change->asked != agent->asked || change->stop_new != agent->stop_new
         || change->idle_since != agent->idle_since || change->misses != agent->misses
         || change->return_at != agent->return_at || g_strcmp0 (change->reason, agent->reason) != 0;
}

void
uc_step_status (UcStep *step, UcAgent *agent, const UcStatusChange *wanted)
{
  UcStatusChange change = *wanted;
  UcAgentStatus shown;
  UcEvent *event;

  settle (agent, &change);
  shown = uc_agent_shown (agent, change.asked);
  if (!is_news (agent, &change, shown))
    return;
  event = uc_step_event (step, UC_EVENT_AGENT_STATUS);
  event->agent = g_strdup (agent->id);
  event->status = g_strdup (uc_agent_status_word (shown));
  event->asked = g_strdup (uc_agent_status_word (change.asked));
  event->since = shown == agent->shown ? agent->since : step->now;
  event->idle_since = change.idle_since;
  event->stop_new = change.stop_new;
  event->misses = change.misses;
  event->return_at = change.return_at;
  event->cause = g_strdup (change.cause);
  event->reason = g_strdup (change.reason);
  event->interaction = g_strdup (change.interaction);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

/* His load dropped: if he takes work, this is since when, and the next turn is counted from here. */
void
uc_step_status_freed (UcStep *step, UcAgent *agent, const char *cause, const char *interaction)
{
  UcStatusChange change = uc_agent_unchanged (agent, cause, NULL);

  change.interaction = interaction;
  if (agent->asked == UC_AGENT_AVAILABLE && !agent->stop_new)
    change.idle_since = step->now;
  uc_step_status (step, agent, &change);
}

void
uc_step_status_returns (UcStep *step, UcAgent *agent)
{
  UcStatusChange change = uc_agent_unchanged (agent, "returned", NULL);

  change.asked = UC_AGENT_AVAILABLE;
  change.idle_since = step->now;
  change.stop_new = FALSE;
  change.reason = NULL;
  change.return_at = 0;
  uc_step_status (step, agent, &change);
}

/* ---- asking for a status ------------------------------------------------------------------------------- */

static gboolean
wanted_status (UcStep *step, UcAgentStatus *asked)
{
  const char *word = step->command->status;

  if (word == NULL && g_strcmp0 (step->command->cause, "login") == 0)
    {
      *asked = step->engine->policy.on_login;
      return TRUE;
    }
  if (uc_agent_status_from_word (word, asked)
      && (*asked == UC_AGENT_LOGGED_OUT || *asked == UC_AGENT_WORK_OFFLINE || *asked == UC_AGENT_AVAILABLE
          || *asked == UC_AGENT_ON_BREAK))
    return TRUE;
  return uc_step_fail (step, UC_ERROR_INVALID,
                       "a status to ask for is available, on_break, work_offline or logged_out, not '%s'",
                       word != NULL ? word : "");
}

static gboolean
wanted_cause (UcStep *step, UcAgentStatus asked, const char **cause)
{
  static const char *const causes[] = { "by_hand", "login", "logout" };

  *cause = step->command->cause;
  if (*cause == NULL)
    *cause = asked == UC_AGENT_LOGGED_OUT ? "logout" : "by_hand";
  for (gsize c = 0; c < G_N_ELEMENTS (causes); c++)
    if (strcmp (*cause, causes[c]) == 0)
      {
        if (strcmp (*cause, "by_hand") != 0 && (strcmp (*cause, "login") == 0) == (asked == UC_AGENT_LOGGED_OUT))
          return uc_step_fail (step, UC_ERROR_INVALID, "the cause %s does not go with the status %s", *cause,
                               uc_agent_status_word (asked));
        return TRUE;
      }
  return uc_step_fail (step, UC_ERROR_INVALID, "the cause of a status is by_hand, login or logout, not '%s'",
                       *cause);
}

static gboolean
may_have_status (UcStep *step, const UcAgent *agent, UcAgentStatus asked, const char *cause)
{
  guint load = uc_agent_load (agent);

  if (agent->asked == UC_AGENT_LOGGED_OUT && asked != UC_AGENT_LOGGED_OUT && strcmp (cause, "login") != 0)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "%s is logged out: log in first", agent->name);
  if (asked != UC_AGENT_LOGGED_OUT && !agent->enabled)
    return uc_step_fail (step, UC_ERROR_DENIED, "the account of %s is disabled: ask an administrator",
                         agent->name);
  if (agent->offered > 0)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "a chat is offered to %s: accept or reject it first",
                         agent->name);
  if (asked == UC_AGENT_LOGGED_OUT && load > 0)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "%s still has %u %s: finish %s first, then log out", agent->name,
                         load, load == 1 ? "chat" : "chats", load == 1 ? "it" : "them");
  return TRUE;
}

/* Reasons are what an agent owes for his own doing: not who sets the status of another, and not the session that
 * logs him in and out. */
static gboolean
reason_is_right (UcStep *step, const UcAgent *agent, UcAgentStatus asked)
{
  const UcCommand *command = step->command;

  if (g_strcmp0 (command->by, agent->id) != 0
      || (command->cause != NULL && strcmp (command->cause, "by_hand") != 0))
    return TRUE;
  return uc_step_reason (step, "status", uc_agent_status_word (asked), command->reason);
}

gboolean
uc_step_set_status (UcStep *step)
{
  UcAgent *agent = uc_step_agent (step);
  UcAgentStatus asked;
  UcStatusChange change;
  const char *cause;

  if (agent == NULL || !wanted_status (step, &asked) || !wanted_cause (step, asked, &cause))
    return FALSE;
  /* Asking again changes nothing: a second browser that logs in, or a log-out after the fact. */
  if ((strcmp (cause, "login") == 0 && agent->asked != UC_AGENT_LOGGED_OUT)
      || (asked == UC_AGENT_LOGGED_OUT && agent->asked == UC_AGENT_LOGGED_OUT))
    return TRUE;
  if (!may_have_status (step, agent, asked, cause))
    return FALSE;
  if ((asked != agent->asked || step->command->reason != NULL) && !reason_is_right (step, agent, asked))
    return FALSE;
  change = uc_agent_unchanged (agent, cause, NULL);
  change.asked = asked;
  change.return_at = 0;
  if (asked != agent->asked || step->command->reason != NULL)
    change.reason = step->command->reason;
  if (asked == UC_AGENT_AVAILABLE)
    {
      if (agent->asked != UC_AGENT_AVAILABLE || agent->stop_new)
        change.idle_since = step->now;
      change.stop_new = FALSE;
    }
  uc_step_status (step, agent, &change);
  if (asked == UC_AGENT_LOGGED_OUT)
    uc_step_presence_over (step, agent);
  return TRUE;
}

/* Resuming is going available, so that it ends a break that a refusal made him wait for too. */
gboolean
uc_step_stop_new (UcStep *step)
{
  UcAgent *agent = uc_step_agent (step);
  UcStatusChange change;

  if (agent == NULL)
    return FALSE;
  if (agent->asked == UC_AGENT_LOGGED_OUT)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "%s is logged out: log in first", agent->name);
  change = uc_agent_unchanged (agent, "by_hand", NULL);
  if (step->command->enabled)
    {
      change.stop_new = TRUE;
      change.return_at = 0;
    }
  else if (agent->stop_new)
    {
      change.stop_new = FALSE;
      change.asked = UC_AGENT_AVAILABLE;
      change.idle_since = step->now;
      change.reason = NULL;
      change.return_at = 0;
    }
  uc_step_status (step, agent, &change);
  return TRUE;
}
