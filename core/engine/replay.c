/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events of a journal whose steps are not known, each checked before it is applied: a damaged journal is reported
 * and never crashes the program that reads it. Main thread, or the one thread that has the engine.
 */
#include "core/engine/replay.h"

#include <string.h>

#include "core/engine/engine-private.h"

static gboolean wrong (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
wrong (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (UC_ERROR, UC_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

static const char *
named (const char *id)
{
  return id != NULL ? id : "(none)";
}

static gboolean
check_agent (UcEngine *engine, const UcEvent *event, GError **error)
{
  UcAgentStatus asked;

  if (uc_engine_agent (engine, event->agent) == NULL)
    return wrong (error, "there is no user %s", named (event->agent));
  if (event->type == UC_EVENT_AGENT_STATUS && !uc_agent_status_from_word (event->asked, &asked))
    return wrong (error, "'%s' is not a status", named (event->asked));
  return TRUE;
}

static gboolean
check_membership (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (uc_engine_agent (engine, event->user) == NULL)
    return wrong (error, "there is no user %s", named (event->user));
  if (uc_engine_queue (engine, event->queue) == NULL)
    return wrong (error, "there is no queue %s", named (event->queue));
  return TRUE;
}

static gboolean
check_opened (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (!uc_id_valid (event->conversation) || event->channel == NULL || event->network == NULL
      || event->identity == NULL)
    return wrong (error, "the conversation's id or address is missing");
  if (uc_engine_conversation (engine, event->conversation) != NULL
      || uc_engine_conversation_of (engine, event->channel, event->identity) != NULL)
    return wrong (error, "the conversation %s, or another with %s on %s, was opened before", event->conversation,
                  event->identity, event->channel);
  return TRUE;
}

static gboolean
check_conversation (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (uc_engine_conversation (engine, event->conversation) != NULL)
    return TRUE;
  return wrong (error, "there is no conversation %s", named (event->conversation));
}

static gboolean
check_queued (UcEngine *engine, const UcEvent *event, GError **error)
{
  const UcInteraction *known = uc_engine_interaction (engine, event->interaction);
  const UcConversation *conversation = uc_engine_conversation (engine, event->conversation);

  if (!uc_id_valid (event->interaction))
    return wrong (error, "the interaction's id is missing");
  if (conversation == NULL || uc_engine_queue (engine, event->queue) == NULL)
    return wrong (error, "there is no conversation %s, or no queue %s", named (event->conversation),
                  named (event->queue));
  if (known == NULL && conversation->open != NULL)
    return wrong (error, "conversation %s has the open interaction %s already", conversation->id,
                  conversation->open->id);
  return TRUE;
}

static gboolean
check_offered (UcEngine *engine, const UcEvent *event, GError **error)
{
  const UcAgent *agent = uc_engine_agent (engine, event->agent);
  const UcInteraction *interaction = uc_engine_interaction (engine, event->interaction);

  if (agent == NULL || interaction == NULL || event->offer == NULL)
    return wrong (error, "there is no interaction %s, no user %s, or the offer has no id",
                  named (event->interaction), named (event->agent));
  if (interaction->state != UC_INTERACTION_WAITING || agent->offered > 0)
    return wrong (error, "interaction %s does not wait, or user %s has an offer already", interaction->id,
                  agent->id);
  return TRUE;
}

static gboolean
check_live (UcEngine *engine, const UcEvent *event, GError **error)
{
  const UcInteraction *interaction = uc_engine_interaction (engine, event->interaction);
  gboolean needs_agent = event->type == UC_EVENT_INTERACTION_OVERDUE
                         || (event->type == UC_EVENT_INTERACTION_ENDED && event->deadline != 0);

  if (interaction == NULL)
    return wrong (error, "there is no open interaction %s", named (event->interaction));
  if (event->type == UC_EVENT_OFFER_ENDED && interaction->state != UC_INTERACTION_OFFERED)
    return wrong (error, "interaction %s is not offered", interaction->id);
  if (needs_agent && interaction->agent == NULL)
    return wrong (error, "no agent has interaction %s", interaction->id);
  return TRUE;
}

static gboolean
is_about_closed (UcEngine *engine, const UcEvent *event)
{
  switch (event->type)
    {
    case UC_EVENT_INTERACTION_CUSTOMER:
    case UC_EVENT_INTERACTION_SAVE:
    case UC_EVENT_INTERACTION_CODES:
    case UC_EVENT_INTERACTION_MATCHES:
    case UC_EVENT_INTERACTION_CASE:
      return uc_engine_interaction (engine, event->interaction) == NULL;
    default:
      return FALSE;
    }
}

static gboolean
check (UcEngine *engine, const UcEvent *event, GError **error)
{
  switch (event->type)
    {
    case UC_EVENT_USER_CHANGED:
      return uc_config_check_user (engine, event, error);
    case UC_EVENT_QUEUE_CHANGED:
      return uc_config_check_queue (engine, event, error);
    case UC_EVENT_MEMBERSHIP_CHANGED:
      return check_membership (engine, event, error);
    case UC_EVENT_POLICY_CHANGED:
      return uc_policy_check (event, error);
    case UC_EVENT_CODES_CHANGED:
      return event->removed || uc_codes_check (engine, event, error);
    case UC_EVENT_AGENT_STATUS:
    case UC_EVENT_AGENT_PRESENCE:
      return check_agent (engine, event, error);
    case UC_EVENT_CONVERSATION_OPENED:
      return check_opened (engine, event, error);
    case UC_EVENT_CONVERSATION_CHANGED:
    case UC_EVENT_MESSAGE_ADDED:
      return check_conversation (engine, event, error);
    case UC_EVENT_INTERACTION_QUEUED:
      return check_queued (engine, event, error);
    case UC_EVENT_INTERACTION_OFFERED:
      return check_offered (engine, event, error);
    case UC_EVENT_FAQ_CHANGED:
    case UC_EVENT_FAQ_USED:
    case UC_EVENT_MESSAGE_STATE:
    case UC_EVENT_CUSTOMER_MERGED:
    case UC_EVENT_SYSTEM_DRAIN:
      return TRUE;
    default:
      return check_live (engine, event, error);
    }
}

gboolean
uc_engine_replay (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (event->type <= UC_EVENT_NONE || event->type >= UC_EVENT_STATE_AGENT)
    return wrong (error, "%s is no event for the journal", uc_event_type_name (event->type));
  if (is_about_closed (engine, event))
    return TRUE;
  if (!check (engine, event, error))
    return FALSE;
  uc_engine_apply (engine, event);
  return TRUE;
}

void
uc_engine_replay_numbers (UcEngine *engine, const char *id, gint64 last_n, gint64 window_until,
                          gint64 tagged_until)
{
  UcConversation *conversation = g_hash_table_lookup (engine->conversations, id);

  if (conversation == NULL)
    return;
  conversation->last_n = last_n;
  conversation->window_until = window_until;
  conversation->tagged_until = tagged_until;
}

/* A drain, and which interactions were closed lately: nobody may depend on either. */
void
uc_engine_restarted (UcEngine *engine)
{
  engine->draining = FALSE;
  g_queue_clear (&engine->closed_order);
  g_hash_table_remove_all (engine->closed);
}
