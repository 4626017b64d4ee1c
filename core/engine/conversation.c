/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said: lines from the customer, from the agent and from the system, and the customer's coming and going.
 * Lines are numbered without gaps per conversation; their texts live in the store. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

/* A line of the conversation that the interaction belongs to; the caller adds author and text. */
static UcEvent *
line_event (UcStep *step, const UcInteraction *interaction, const char *id)
{
  const UcConversation *conversation = interaction->conversation;
  UcEvent *event = uc_step_event (step, UC_EVENT_MESSAGE_ADDED);

  event->conversation = g_strdup (conversation->id);
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->message = id != NULL ? g_strdup (id) : uc_step_id (step);
  event->n = conversation->last_n + 1;
  event->channel = g_strdup (conversation->channel);
  event->identity = g_strdup (conversation->identity);
  return event;
}

void
uc_step_system_line (UcStep *step, UcInteraction *interaction, const char *id, const char *code,
                     const char *author_name, const char *text)
{
  UcEvent *event = line_event (step, interaction, id);

  event->author = g_strdup ("system");
  event->author_name = g_strdup (author_name);
  event->code = g_strdup (code);
  event->text = g_strdup (text);
  uc_step_emit (step, event);
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

static gboolean
need_word (UcStep *step, const char *member, const char *value)
{
  if (value != NULL && *value != '\0')
    return TRUE;
  return uc_step_fail (step, UC_ERROR_INVALID, "%s is missing", member);
}

static gboolean
need_unused (UcStep *step, const char *member, const char *value, GHashTable *taken)
{
  if (!uc_step_need_id (step, member, value))
    return FALSE;
  if (g_hash_table_contains (taken, value))
    return uc_step_fail (step, UC_ERROR_INVALID, "%s: the id %s is in use already", member, value);
  return TRUE;
}

static gboolean
check_receive (UcStep *step, const UcConversation *conversation)
{
  const UcCommand *command = step->command;
  UcEngine *engine = step->engine;

  if (!uc_step_need_id (step, "channel", command->channel) || !uc_step_need_id (step, "network", command->network)
      || !need_word (step, "identity", command->identity) || !uc_step_need_text (step)
      || !uc_step_need_id (step, "new_message", command->new_message))
    return FALSE;
  if (conversation != NULL && conversation->open != NULL)
    return TRUE;
  if (!uc_step_need_id (step, "queue", command->queue))
    return FALSE;
  if (!g_hash_table_contains (engine->queues, command->queue))
    return uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no queue %s for channel %s", command->queue,
                         command->channel);
  if (conversation == NULL
      && !need_unused (step, "new_conversation", command->new_conversation, engine->conversations))
    return FALSE;
  return need_unused (step, "new_interaction", command->new_interaction, engine->interactions)
         && need_unused (step, "new_interaction", command->new_interaction, engine->closed);
}

static void
open_conversation (UcStep *step)
{
  const UcCommand *command = step->command;
  UcEvent *event = uc_step_event (step, UC_EVENT_CONVERSATION_OPENED);

  event->conversation = g_strdup (command->new_conversation);
  event->channel = g_strdup (command->channel);
  event->network = g_strdup (command->network);
  event->identity = g_strdup (command->identity);
  event->name = g_strdup (command->name);
  uc_step_emit (step, event);
}

static void
rename_conversation (UcStep *step, const UcConversation *conversation)
{
  const UcInteraction *open = conversation->open;
  UcEvent *event;

  if (step->command->name == NULL || g_strcmp0 (step->command->name, conversation->name) == 0)
    return;
  event = uc_step_event (step, UC_EVENT_CONVERSATION_CHANGED);
  event->conversation = g_strdup (conversation->id);
  event->interaction = g_strdup (open != NULL ? open->id : NULL);
  event->agent = g_strdup (open != NULL && open->agent != NULL ? open->agent->id : NULL);
  event->name = g_strdup (step->command->name);
  uc_step_emit (step, event);
}

static void
open_interaction (UcStep *step, const UcConversation *conversation)
{
  const UcQueue *queue = g_hash_table_lookup (step->engine->queues, step->command->queue);
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_QUEUED);

  event->interaction = g_strdup (step->command->new_interaction);
  event->conversation = g_strdup (conversation->id);
  event->channel = g_strdup (conversation->channel);
  event->network = g_strdup (conversation->network);
  event->identity = g_strdup (conversation->identity);
  event->name = g_strdup (conversation->name);
  event->queue = g_strdup (queue->id);
  event->queue_name = g_strdup (queue->name);
  event->enqueued_at = step->now;
  event->boost = queue->boost;
  event->cause = g_strdup ("new");
  uc_step_emit (step, event);
}

static void
add_customer_line (UcStep *step, UcInteraction *interaction)
{
  const UcCommand *command = step->command;
  UcEvent *event = line_event (step, interaction, command->new_message);

  event->author = g_strdup ("customer");
  event->author_name = g_strdup (interaction->conversation->name);
  event->text = g_strdup (command->text);
  event->external_id = g_strdup (command->external_id);
  event->client_id = g_strdup (command->client_id);
  event->sent_at = command->sent_at;
  event->state = g_strdup ("received");
  uc_step_emit (step, event);
}

gboolean
uc_step_receive (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcConversation *conversation
      = uc_engine_conversation_of (step->engine, command->channel, command->identity);
  gboolean starts = conversation == NULL || conversation->open == NULL;

  if (!check_receive (step, conversation))
    return FALSE;
  if (conversation == NULL)
    {
      open_conversation (step);
      conversation = uc_engine_conversation (step->engine, command->new_conversation);
    }
  else
    rename_conversation (step, conversation);
  if (starts)
    open_interaction (step, conversation);
  add_customer_line (step, conversation->open);
  if (starts)
    uc_step_system_line (step, conversation->open, NULL, "queued", NULL, "Waiting for an agent");
  return TRUE;
}

/* ---- the customer leaves ------------------------------------------------------------------------------- */

static void
abandon (UcStep *step, UcInteraction *interaction)
{
  UcAgent *agent = interaction->agent;
  UcStatusChange change;

  if (agent != NULL)
    {
      uc_step_offer_ended (step, interaction, "customer_left", NULL);
      change = uc_agent_unchanged (agent, "customer_left", interaction);
      uc_step_status (step, agent, &change);
    }
  uc_step_interaction_ended (step, interaction, "customer", step->now, 0);
  uc_step_system_line (step, interaction, step->command->new_message, "ended", NULL,
                       "The customer left before an agent came");
  uc_step_interaction_closed (step, interaction, "abandoned");
}

gboolean
uc_step_customer_end (UcStep *step)
{
  const char *id = step->command->conversation;
  const UcConversation *conversation;
  UcInteraction *open;

  if (!uc_step_need_id (step, "conversation", id) || !uc_step_optional_message (step))
    return FALSE;
  conversation = uc_engine_conversation (step->engine, id);
  if (conversation == NULL)
    return uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no conversation %s", id);
  open = conversation->open;
  if (open == NULL)
    return TRUE;
  if (open->state != UC_INTERACTION_ACTIVE)
    {
      abandon (step, open);
      return TRUE;
    }
  uc_step_interaction_ended (step, open, "customer", step->now, 0);
  uc_step_system_line (step, open, step->command->new_message, "ended", NULL, "The customer left the chat");
  return TRUE;
}

/* ---- the agent writes ---------------------------------------------------------------------------------- */

static gboolean
check_send (UcStep *step, const UcInteraction *interaction)
{
  if (interaction->state == UC_INTERACTION_OFFERED)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is only offered: accept it before writing",
                         interaction->id);
  if (interaction->ended_by != NULL && strcmp (interaction->ended_by, "customer") == 0)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nothing can be sent: the customer has left");
  if (interaction->state != UC_INTERACTION_ACTIVE)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nothing can be sent: the chat has ended");
  return TRUE;
}

gboolean
uc_step_send (UcStep *step)
{
  const UcCommand *command = step->command;
  UcAgent *agent;
  UcInteraction *interaction;
  UcEvent *event;

  if (!uc_step_need_text (step) || !uc_step_need_id (step, "new_message", command->new_message))
    return FALSE;
  interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
  if (interaction == NULL || !check_send (step, interaction))
    return FALSE;
  event = line_event (step, interaction, command->new_message);
  event->author = g_strdup ("agent");
  event->author_name = g_strdup (agent->name);
  event->by = g_strdup (agent->id);
  event->text = g_strdup (command->text);
  event->client_id = g_strdup (command->client_id);
  event->state = g_strdup ("queued");
  uc_step_emit (step, event);
  return TRUE;
}

/* ---- what became of a message -------------------------------------------------------------------------- */

static gboolean
is_message_state (const char *word)
{
  static const char *const states[] = { "queued", "sent", "delivered", "read", "failed" };

  for (gsize s = 0; s < G_N_ELEMENTS (states); s++)
    if (g_strcmp0 (word, states[s]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_message_state (UcStep *step, const UcConversation *conversation, const UcInteraction *interaction)
{
  const UcCommand *command = step->command;

  if (!is_message_state (command->state))
    return uc_step_fail (step, UC_ERROR_INVALID,
                         "the state of a message is queued, sent, delivered, read or failed, not '%s'",
                         command->state != NULL ? command->state : "");
  if (command->n < 1 || (conversation != NULL && command->n > conversation->last_n))
    return uc_step_fail (step, UC_ERROR_INVALID, "conversation %s has no line number %" G_GINT64_FORMAT,
                         command->conversation, command->n);
  if (interaction != NULL && interaction->conversation != conversation)
    return uc_step_fail (step, UC_ERROR_INVALID, "interaction %s is not of conversation %s", interaction->id,
                         command->conversation);
  return TRUE;
}

/* Message and conversation may have left the memory long ago: a receipt can come days later. */
gboolean
uc_step_message_state (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcConversation *conversation = uc_engine_conversation (step->engine, command->conversation);
  const UcInteraction *interaction = uc_engine_interaction (step->engine, command->interaction);
  const char *agent = command->agent;
  UcEvent *event;

  if (!uc_step_need_id (step, "conversation", command->conversation)
      || !uc_step_need_id (step, "message", command->message)
      || !check_message_state (step, conversation, interaction))
    return FALSE;
  if (command->interaction == NULL && agent == NULL && conversation != NULL)
    interaction = conversation->open;
  if (interaction != NULL)
    agent = interaction->agent != NULL ? interaction->agent->id : NULL;
  event = uc_step_event (step, UC_EVENT_MESSAGE_STATE);
  event->conversation = g_strdup (command->conversation);
  event->interaction = g_strdup (command->interaction);
  event->agent = g_strdup (agent);
  event->message = g_strdup (command->message);
  event->n = command->n;
  event->state = g_strdup (command->state);
  event->external_id = g_strdup (command->external_id);
  event->error = g_strdup (command->error);
  uc_step_emit (step, event);
  return TRUE;
}
