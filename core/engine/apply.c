/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events become state here and nowhere else: what a step just decided, and stored rows when the daemon starts.
 * Events are right when they come here; deciding and checking is done before. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define CLOSED_KEPT 4096

static void
set_string (char **place, const char *value)
{
  if (g_strcmp0 (*place, value) == 0)
    return;
  g_free (*place);
  *place = g_strdup (value);
}

/* ---- agents and queues --------------------------------------------------------------------------------- */

static UcAgent *
agent_new (UcEngine *engine, const char *id)
{
  UcAgent *agent = g_new0 (UcAgent, 1);

  agent->id = g_strdup (id);
  agent->memberships = g_ptr_array_new_with_free_func (g_free);
  agent->interactions = g_ptr_array_new ();
  g_hash_table_insert (engine->agents, agent->id, agent);
  return agent;
}

static void
apply_user (UcEngine *engine, const UcEvent *event)
{
  UcAgent *agent = g_hash_table_lookup (engine->agents, event->user);

  if (agent == NULL)
    agent = agent_new (engine, event->user);
  else
    g_hash_table_remove (engine->logins, agent->login);
  set_string (&agent->login, event->login);
  g_hash_table_insert (engine->logins, agent->login, agent);
  set_string (&agent->name, event->name);
  set_string (&agent->role, event->role);
  set_string (&agent->permissions, event->permissions);
  agent->may_reject = uc_agent_has_permission (agent, "interaction.reject");
  agent->enabled = event->enabled != 0;
  agent->capacity = event->capacity;
  agent->acceptance_ms = event->acceptance_ms;
  uc_place_limit (agent, TRUE);
  if (agent->group == NULL)
    uc_route_regroup (engine, agent);
  uc_route_agent_changed (engine, agent);
}

static void
apply_queue (UcEngine *engine, const UcEvent *event)
{
  UcQueue *queue = g_hash_table_lookup (engine->queues, event->queue);

  if (queue == NULL)
    {
      queue = g_new0 (UcQueue, 1);
      queue->id = g_strdup (event->queue);
      queue->class = uc_route_class_new (engine, queue);
      g_hash_table_insert (engine->queues, queue->id, queue);
    }
  set_string (&queue->name, event->name);
  queue->post_processing_ms = event->post_processing_ms;
  queue->boost = event->boost;
  queue->enabled = event->enabled != 0;
  uc_route_queue_changed (engine, queue);
}

static gint
compare_memberships (gconstpointer a, gconstpointer b)
{
  const UcMembership *x = *(UcMembership *const *)a, *y = *(UcMembership *const *)b;

  return strcmp (x->queue->id, y->queue->id);
}

static void
apply_membership (UcEngine *engine, const UcEvent *event)
{
  UcAgent *agent = g_hash_table_lookup (engine->agents, event->user);
  UcMembership *membership = uc_agent_membership (agent, event->queue);

  if (event->removed)
    {
      if (membership != NULL)
        g_ptr_array_remove (agent->memberships, membership);
    }
  else
    {
      if (membership == NULL)
        {
          membership = g_new0 (UcMembership, 1);
          membership->queue = g_hash_table_lookup (engine->queues, event->queue);
          g_ptr_array_add (agent->memberships, membership);
          g_ptr_array_sort (agent->memberships, compare_memberships);
        }
      membership->enabled = event->enabled != 0;
    }
  uc_route_regroup (engine, agent);
}

/* `shown` follows from the counters, but only here: between the event that moves an interaction and the status
 * that follows from it, `shown` is what was last told. */
static void
apply_status (UcEngine *engine, const UcEvent *event)
{
  UcAgent *agent = g_hash_table_lookup (engine->agents, event->agent);

  uc_agent_status_from_word (event->asked, &agent->asked);
  agent->shown = uc_agent_shown (agent, agent->asked);
  agent->since = event->since;
  agent->idle_since = event->idle_since;
  agent->stop_new = event->stop_new != 0;
  set_string (&agent->cause, event->cause);
  set_string (&agent->reason, event->reason);
  uc_route_agent_changed (engine, agent);
}

/* ---- conversations ------------------------------------------------------------------------------------- */

static void
apply_conversation (UcEngine *engine, const UcEvent *event)
{
  UcConversation *conversation = g_new0 (UcConversation, 1);

  conversation->id = g_strdup (event->conversation);
  conversation->channel = g_strdup (event->channel);
  conversation->network = g_strdup (event->network);
  conversation->identity = g_strdup (event->identity);
  conversation->name = g_strdup (event->name);
  conversation->last_n = event->last_n;
  g_hash_table_insert (engine->conversations, conversation->id, conversation);
  g_hash_table_add (engine->addresses, conversation);
}

static void
apply_message (UcEngine *engine, const UcEvent *event)
{
  UcConversation *conversation = g_hash_table_lookup (engine->conversations, event->conversation);

  conversation->last_n = event->n;
}

/* ---- interactions -------------------------------------------------------------------------------------- */

char *
uc_interaction_excluded (const UcInteraction *interaction, const char *one_more)
{
  GString *list = g_string_new (NULL);

  for (guint e = 0; e < interaction->excluded->len; e++)
    g_string_append_printf (list, "%s%s", e > 0 ? "," : "", (char *)interaction->excluded->pdata[e]);
  if (one_more != NULL && !uc_interaction_excludes (interaction, one_more))
    g_string_append_printf (list, "%s%s", list->len > 0 ? "," : "", one_more);
  if (list->len == 0)
    return g_string_free (list, TRUE);
  return g_string_free (list, FALSE);
}

gboolean
uc_interaction_excludes (const UcInteraction *interaction, const char *agent)
{
  for (guint e = 0; e < interaction->excluded->len; e++)
    if (strcmp (interaction->excluded->pdata[e], agent) == 0)
      return TRUE;
  return FALSE;
}

static void
set_excluded (UcInteraction *interaction, const char *list)
{
  g_auto (GStrv) words = g_strsplit (list != NULL ? list : "", ",", -1);

  g_ptr_array_set_size (interaction->excluded, 0);
  for (gsize w = 0; words[w] != NULL; w++)
    if (*words[w] != '\0')
      g_ptr_array_add (interaction->excluded, g_strdup (words[w]));
}

static UcInteraction *
interaction_new (UcEngine *engine, const UcEvent *event)
{
  UcInteraction *interaction = g_new0 (UcInteraction, 1);

  interaction->id = g_strdup (event->interaction);
  interaction->conversation = g_hash_table_lookup (engine->conversations, event->conversation);
  interaction->conversation->interactions++;
  interaction->queue = g_hash_table_lookup (engine->queues, event->queue);
  interaction->enqueued_at = event->enqueued_at;
  interaction->boost = event->boost;
  interaction->excluded = g_ptr_array_new_with_free_func (g_free);
  set_excluded (interaction, event->excluded);
  interaction->state = UC_INTERACTION_CLOSED;
  g_hash_table_insert (engine->interactions, interaction->id, interaction);
  return interaction;
}

static void
apply_queued (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  if (interaction != NULL)
    {
      set_excluded (interaction, event->excluded);
      return;
    }
  interaction = interaction_new (engine, event);
  interaction->conversation->open = interaction;
  uc_place_put (engine, interaction, UC_INTERACTION_WAITING, NULL);
}

static void
apply_offered (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  set_string (&interaction->offer, event->offer);
  interaction->offered_ms = event->acceptance_ms;
  uc_timers_set (engine, interaction, event->deadline);
  uc_place_put (engine, interaction, UC_INTERACTION_OFFERED, g_hash_table_lookup (engine->agents, event->agent));
}

/* An accepted one is the agent's from now on; any other goes back to its place in line, where it may be closed. */
static void
apply_offer_ended (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  set_string (&interaction->offer, NULL);
  uc_timers_set (engine, interaction, 0);
  if (g_strcmp0 (event->cause, "accepted") == 0)
    {
      interaction->accepted_at = event->at;
      uc_place_put (engine, interaction, UC_INTERACTION_ACTIVE, interaction->agent);
    }
  else
    uc_place_put (engine, interaction, UC_INTERACTION_WAITING, NULL);
}

/* The customer's leaving changes nothing for the agent until he ends it too; his ending is what brings a deadline.
 */
static void
apply_ended (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  set_string (&interaction->ended_by, event->ended_by);
  interaction->ended_at = event->ended_at;
  if (interaction->conversation->open == interaction)
    interaction->conversation->open = NULL;
  if (event->deadline == 0)
    return;
  uc_timers_set (engine, interaction, event->deadline);
  uc_place_put (engine, interaction, UC_INTERACTION_WRAP_UP, interaction->agent);
}

static void
remember_closed (UcEngine *engine, const char *id, const char *cause)
{
  char *key;

  if (g_hash_table_contains (engine->closed, id))
    return;
  if (g_queue_get_length (&engine->closed_order) == CLOSED_KEPT)
    g_hash_table_remove (engine->closed, g_queue_pop_head (&engine->closed_order));
  key = g_strdup (id);
  g_hash_table_insert (engine->closed, key, g_strdup (cause));
  g_queue_push_tail (&engine->closed_order, key);
}

static void
apply_closed (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  UcConversation *conversation = interaction->conversation;

  uc_timers_set (engine, interaction, 0);
  uc_place_leave (engine, interaction, NULL);
  conversation->interactions--;
  if (conversation->open == interaction)
    conversation->open = NULL;
  remember_closed (engine, interaction->id, event->cause);
  g_hash_table_remove (engine->interactions, interaction->id);
}

static void
apply_customer (const UcEvent *event, UcInteraction *interaction)
{
  set_string (&interaction->customer, event->customer);
  set_string (&interaction->customer_name, event->customer_name);
  interaction->draft = event->draft != 0;
}

/* `state` is the word of the save here; a state.interaction row has it in `status`. */
static void
apply_save (const UcEvent *event, UcInteraction *interaction, const char *state)
{
  set_string (&interaction->save_state, state);
  set_string (&interaction->save_mode, event->mode);
  set_string (&interaction->case_id, event->case_id);
  set_string (&interaction->save_error, event->error);
  interaction->save_attempts = event->attempts;
}

static UcInteractionState
state_from_word (const char *word)
{
  for (UcInteractionState s = UC_INTERACTION_WAITING; s < UC_INTERACTION_CLOSED; s++)
    if (g_strcmp0 (uc_interaction_state_word (s), word) == 0)
      return s;
  return UC_INTERACTION_CLOSED;
}

static void
apply_interaction_row (UcEngine *engine, const UcEvent *row)
{
  UcInteraction *interaction = interaction_new (engine, row);
  UcAgent *agent = row->agent != NULL ? g_hash_table_lookup (engine->agents, row->agent) : NULL;

  interaction->accepted_at = row->accepted_at;
  interaction->ended_at = row->ended_at;
  set_string (&interaction->ended_by, row->ended_by);
  set_string (&interaction->offer, row->offer);
  apply_customer (row, interaction);
  apply_save (row, interaction, row->status);
  uc_timers_set (engine, interaction, row->deadline);
  uc_place_put (engine, interaction, state_from_word (row->state), agent);
  if (interaction->ended_by == NULL)
    interaction->conversation->open = interaction;
  if (agent == NULL)
    return;
  agent->shown = uc_agent_shown (agent, agent->asked);
  uc_place_limit (agent, TRUE);
}

static void
apply_to_interaction (UcEngine *engine, const UcEvent *event)
{
  UcInteraction *interaction = g_hash_table_lookup (engine->interactions, event->interaction);

  switch (event->type)
    {
    case UC_EVENT_INTERACTION_QUEUED:
      apply_queued (engine, event, interaction);
      break;
    case UC_EVENT_INTERACTION_OFFERED:
      apply_offered (engine, event, interaction);
      break;
    case UC_EVENT_OFFER_ENDED:
      apply_offer_ended (engine, event, interaction);
      break;
    case UC_EVENT_INTERACTION_ACCEPTED:
      interaction->accepted_at = event->accepted_at;
      break;
    case UC_EVENT_INTERACTION_ENDED:
      apply_ended (engine, event, interaction);
      break;
    case UC_EVENT_INTERACTION_CLOSED:
      apply_closed (engine, event, interaction);
      break;
    case UC_EVENT_INTERACTION_CUSTOMER:
      apply_customer (event, interaction);
      break;
    case UC_EVENT_INTERACTION_SAVE:
      apply_save (event, interaction, event->state);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
uc_engine_apply (UcEngine *engine, const UcEvent *event)
{
  UcConversation *conversation;

  switch (event->type)
    {
    case UC_EVENT_USER_CHANGED:
      apply_user (engine, event);
      break;
    case UC_EVENT_QUEUE_CHANGED:
      apply_queue (engine, event);
      break;
    case UC_EVENT_MEMBERSHIP_CHANGED:
      apply_membership (engine, event);
      break;
    case UC_EVENT_AGENT_STATUS:
    case UC_EVENT_STATE_AGENT:
      apply_status (engine, event);
      break;
    case UC_EVENT_CONVERSATION_OPENED:
    case UC_EVENT_STATE_CONVERSATION:
      apply_conversation (engine, event);
      break;
    case UC_EVENT_CONVERSATION_CHANGED:
      conversation = g_hash_table_lookup (engine->conversations, event->conversation);
      set_string (&conversation->name, event->name);
      break;
    case UC_EVENT_MESSAGE_ADDED:
      apply_message (engine, event);
      break;
    case UC_EVENT_MESSAGE_STATE:
      break; /* messages live in the store */
    case UC_EVENT_STATE_INTERACTION:
      apply_interaction_row (engine, event);
      break;
    default:
      apply_to_interaction (engine, event);
    }
}
