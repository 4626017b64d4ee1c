/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes in: the customer's lines, his coming and going, and what the network tells of him. Lines are numbered
 * without gaps per conversation; their texts live in the store. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define ATTACHMENTS_MAX 64

UcEvent *
uc_step_line (UcStep *step, const UcConversation *conversation, const UcInteraction *interaction, const char *id)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_MESSAGE_ADDED);

  event->conversation = g_strdup (conversation->id);
  event->message = id != NULL ? g_strdup (id) : uc_step_id (step);
  event->n = conversation->last_n + 1;
  event->channel = g_strdup (conversation->channel);
  event->identity = g_strdup (conversation->identity);
  event->window_until = conversation->window_until;
  event->tagged_until = conversation->tagged_until;
  if (interaction == NULL)
    return event;
  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  return event;
}

void
uc_step_system_line (UcStep *step, UcInteraction *interaction, const char *id, const char *code,
                     const char *author_name, const char *text)
{
  UcEvent *event = uc_step_line (step, interaction->conversation, interaction, id);

  event->author = g_strdup ("system");
  event->author_name = g_strdup (author_name);
  event->code = g_strdup (code);
  event->text = g_strdup (text);
  /* So that a network that tells it once more does not end the customer's next chat. */
  if (step->command->type == UC_COMMAND_CUSTOMER_END)
    event->external_id = g_strdup (step->command->external_id);
  uc_step_emit (step, event);
}

/* ---- checking what comes in ---------------------------------------------------------------------------- */

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

/* A picture needs no words. *attachments: one line of JSON, or NULL. */
static gboolean
check_content (UcStep *step, char **attachments)
{
  const UcCommand *command = step->command;

  if (command->attachments != NULL)
    {
      *attachments = uc_step_json_array (step, "attachments", command->attachments, "kind", ATTACHMENTS_MAX);
      if (*attachments == NULL)
        return FALSE;
      if (strcmp (*attachments, "[]") != 0)
        return TRUE;
      g_clear_pointer (attachments, g_free);
    }
  return uc_step_need_text (step);
}

static gboolean
check_numbers (UcStep *step)
{
  const UcCommand *command = step->command;

  if (command->window_until < 0 || command->tagged_until < 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "window_until and tagged_until can't be negative");
  return uc_config_check_acceptance ("channel", command->channel, command->acceptance_ms, step->error);
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

static gboolean
check_address (UcStep *step)
{
  const UcCommand *command = step->command;

  return uc_step_need_id (step, "channel", command->channel) && uc_step_need_id (step, "network", command->network)
         && need_word (step, "identity", command->identity)
         && uc_step_need_id (step, "new_message", command->new_message) && check_numbers (step);
}

/* What is made of it: perhaps a conversation, and unless it is passive perhaps an interaction. */
static gboolean
check_openings (UcStep *step, const UcConversation *conversation)
{
  const UcCommand *command = step->command;
  UcEngine *engine = step->engine;

  if (conversation == NULL
      && !need_unused (step, "new_conversation", command->new_conversation, engine->conversations))
    return FALSE;
  if (command->passive || (conversation != NULL && conversation->open != NULL))
    return TRUE;
  if (!uc_step_need_id (step, "queue", command->queue))
    return FALSE;
  if (!g_hash_table_contains (engine->queues, command->queue))
    return uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no queue %s for channel %s", command->queue,
                         command->channel);
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

/* What is not known stays as it was. */
static void
tell_profile (UcStep *step, const UcConversation *conversation, const char *name, const char *picture)
{
  const UcInteraction *open = conversation->open;
  UcEvent *event;

  if (g_strcmp0 (name, conversation->name) == 0)
    name = NULL;
  if (g_strcmp0 (picture, conversation->picture) == 0)
    picture = NULL;
  if (name == NULL && picture == NULL)
    return;
  event = uc_step_event (step, UC_EVENT_CONVERSATION_CHANGED);
  event->conversation = g_strdup (conversation->id);
  event->interaction = g_strdup (open != NULL ? open->id : NULL);
  event->agent = g_strdup (open != NULL && open->agent != NULL ? open->agent->id : NULL);
  event->name = g_strdup (name);
  event->picture = g_strdup (picture);
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
  event->acceptance_ms = step->command->acceptance_ms;
  event->cause = g_strdup ("new");
  uc_step_emit (step, event);
  if (step->command->follows != NULL)
    uc_step_case (step, conversation->open, step->command->follows, "named");
}

/* A message that was overtaken by a later one does not shorten the window. 0: the network has none; but a reaction
 * or an edit just has nothing to say about it. */
static gint64
later_window (UcStep *step, gint64 before, gint64 now)
{
  if (now == 0)
    return step->command->passive ? before : 0;
  return MAX (before, now);
}

static void
add_customer_line (UcStep *step, const UcConversation *conversation, const char *attachments)
{
  const UcCommand *command = step->command;
  UcEvent *event = uc_step_line (step, conversation, conversation->open, command->new_message);

  event->author = g_strdup ("customer");
  event->author_name = g_strdup (conversation->name);
  event->text = g_strdup (command->text);
  event->form = g_strdup (command->form);
  event->reply_to = g_strdup (command->reply_to);
  event->attachments = g_strdup (attachments);
  event->external_id = g_strdup (command->external_id);
  event->client_id = g_strdup (command->client_id);
  event->sent_at = command->sent_at;
  event->window_until = later_window (step, conversation->window_until, command->window_until);
  event->tagged_until = later_window (step, conversation->tagged_until, command->tagged_until);
  event->state = g_strdup ("received");
  uc_step_emit (step, event);
}

gboolean
uc_step_receive (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcConversation *conversation
      = uc_engine_conversation_of (step->engine, command->channel, command->identity);
  gboolean starts = !command->passive && (conversation == NULL || conversation->open == NULL);
  g_autofree char *attachments = NULL;

  if (!check_address (step) || !check_content (step, &attachments) || !check_openings (step, conversation))
    return FALSE;
  if (conversation == NULL)
    {
      open_conversation (step);
      conversation = uc_engine_conversation (step->engine, command->new_conversation);
    }
  else
    tell_profile (step, conversation, command->name, NULL);
  if (starts)
    open_interaction (step, conversation);
  add_customer_line (step, conversation, attachments);
  if (starts)
    uc_step_system_line (step, conversation->open, NULL, "queued", NULL, "Waiting for an agent");
  return TRUE;
}

/* ---- what is not the customer's word ------------------------------------------------------------------- */

static const UcConversation *
known_conversation (UcStep *step)
{
  const char *id = step->command->conversation;
  const UcConversation *conversation;

  if (!uc_step_need_id (step, "conversation", id))
    return NULL;
  conversation = uc_engine_conversation (step->engine, id);
  if (conversation == NULL)
    uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no conversation %s", id);
  return conversation;
}

/* Somebody answered with another tool of the same account. It is sent, and nobody is to be found for it. */
gboolean
uc_step_echo (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcConversation *conversation = known_conversation (step);
  g_autofree char *attachments = NULL;
  UcEvent *event;

  if (conversation == NULL || !uc_step_need_id (step, "new_message", command->new_message)
      || !check_content (step, &attachments))
    return FALSE;
  event = uc_step_line (step, conversation, conversation->open, command->new_message);
  event->author = g_strdup ("agent");
  event->text = g_strdup (command->text);
  event->attachments = g_steal_pointer (&attachments);
  event->external_id = g_strdup (command->external_id);
  event->sent_at = command->sent_at;
  event->form = g_strdup ("elsewhere");
  event->state = g_strdup ("sent");
  uc_step_emit (step, event);
  return TRUE;
}

gboolean
uc_step_profile (UcStep *step)
{
  const UcConversation *conversation = known_conversation (step);

  if (conversation == NULL)
    return FALSE;
  tell_profile (step, conversation, step->command->name, step->command->picture);
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
  const UcConversation *conversation = known_conversation (step);
  UcInteraction *open;

  if (conversation == NULL || !uc_step_optional_message (step))
    return FALSE;
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
