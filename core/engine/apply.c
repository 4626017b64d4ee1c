/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events become state here and nowhere else: what a step just decided, and stored rows when the daemon starts.
 * Events are right when they come here; deciding and checking is done before. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

void
uc_apply_string (char **place, const char *value)
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
  uc_timers_init (&agent->presence_timer, UC_TIMER_PRESENCE, agent, agent->id);
  uc_timers_init (&agent->return_timer, UC_TIMER_RETURN, agent, agent->id);
  g_hash_table_insert (engine->agents, agent->id, agent);
  g_ptr_array_add (engine->roll, agent);
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
  uc_apply_string (&agent->login, event->login);
  g_hash_table_insert (engine->logins, agent->login, agent);
  uc_apply_string (&agent->name, event->name);
  uc_apply_string (&agent->role, event->role);
  uc_apply_string (&agent->permissions, event->permissions);
  agent->may_reject = uc_agent_has_permission (agent, "interaction.reject");
  agent->enabled = event->enabled != 0;
  agent->capacity = event->capacity;
  agent->acceptance_ms = event->acceptance_ms;
  agent->auto_accept = event->auto_accept != 0;
  uc_apply_string (&agent->scope, event->scope);
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
  uc_apply_string (&queue->name, event->name);
  queue->post_processing_ms = event->post_processing_ms;
  queue->boost = event->boost;
  queue->acceptance_ms = event->acceptance_ms;
  uc_apply_string (&queue->save_during, event->save_during);
  uc_apply_string (&queue->save_after, event->save_after);
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

/* Who is away loses his offer after a time that the policy says. */
static void
apply_policy (UcEngine *engine, const UcEvent *event)
{
  GHashTableIter iter;
  gpointer agent;

  uc_policy_set (&engine->policy, event);
  g_hash_table_iter_init (&iter, engine->agents);
  while (g_hash_table_iter_next (&iter, NULL, &agent))
    uc_presence_timer (engine, agent);
}

static void
apply_codes (UcEngine *engine, const UcEvent *event)
{
  guint place = 0;

  while (place < engine->code_lists->len
         && strcmp (((UcCodeList *)engine->code_lists->pdata[place])->id, event->list) < 0)
    place++;
  if (place < engine->code_lists->len
      && strcmp (((UcCodeList *)engine->code_lists->pdata[place])->id, event->list) == 0)
    g_ptr_array_remove_index (engine->code_lists, place);
  if (!event->removed)
    g_ptr_array_insert (engine->code_lists, (gint)place, uc_codes_new (event));
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
  uc_apply_string (&agent->cause, event->cause);
  uc_apply_string (&agent->reason, event->reason);
  agent->misses = event->misses;
  agent->return_at = event->return_at;
  uc_timers_set (engine, &agent->return_timer, agent->return_at);
  uc_route_agent_changed (engine, agent);
}

/* A state.agent row has the presence in the same members, but not since when. */
static void
apply_presence (UcEngine *engine, const UcEvent *event, gint64 since)
{
  UcAgent *agent = g_hash_table_lookup (engine->agents, event->agent);

  if (!uc_presence_from_word (event->state, &agent->presence))
    agent->presence = UC_PRESENCE_NONE;
  agent->presence_since = since;
  agent->presence_deadline = agent->presence == UC_PRESENCE_AWAY ? event->deadline : 0;
  uc_presence_timer (engine, agent);
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
  conversation->picture = g_strdup (event->picture);
  conversation->window_until = event->window_until;
  conversation->tagged_until = event->tagged_until;
  conversation->last_n = event->last_n;
  g_hash_table_insert (engine->conversations, conversation->id, conversation);
  g_hash_table_add (engine->addresses, conversation);
}

static void
apply_profile (UcEngine *engine, const UcEvent *event)
{
  UcConversation *conversation = g_hash_table_lookup (engine->conversations, event->conversation);

  if (event->name != NULL)
    uc_apply_string (&conversation->name, event->name);
  if (event->picture != NULL)
    uc_apply_string (&conversation->picture, event->picture);
}

static void
apply_message (UcEngine *engine, const UcEvent *event)
{
  UcConversation *conversation = g_hash_table_lookup (engine->conversations, event->conversation);

  conversation->last_n = event->n;
  conversation->window_until = event->window_until;
  conversation->tagged_until = event->tagged_until;
}

/* An event of a type that is not here concerns an interaction. */
void
uc_engine_apply (UcEngine *engine, const UcEvent *event)
{
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
    case UC_EVENT_POLICY_CHANGED:
      apply_policy (engine, event);
      break;
    case UC_EVENT_CODES_CHANGED:
      apply_codes (engine, event);
      break;
    case UC_EVENT_AGENT_STATUS:
      apply_status (engine, event);
      break;
    case UC_EVENT_AGENT_PRESENCE:
      apply_presence (engine, event, event->since);
      break;
    case UC_EVENT_STATE_AGENT:
      apply_status (engine, event);
      apply_presence (engine, event, 0);
      break;
    case UC_EVENT_CONVERSATION_OPENED:
    case UC_EVENT_STATE_CONVERSATION:
      apply_conversation (engine, event);
      break;
    case UC_EVENT_CONVERSATION_CHANGED:
      apply_profile (engine, event);
      break;
    case UC_EVENT_MESSAGE_ADDED:
      apply_message (engine, event);
      break;
    case UC_EVENT_SYSTEM_DRAIN:
      engine->draining = event->enabled != 0;
      break;
    case UC_EVENT_MESSAGE_STATE: /* messages live in the store, */
    case UC_EVENT_FAQ_CHANGED:   /* questions too, */
    case UC_EVENT_FAQ_USED:
    case UC_EVENT_CUSTOMER_MERGED: /* and customers in the CRM */
      break;
    default:
      uc_apply_interaction (engine, event);
    }
}
