/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine's state as rows, as a store keeps them. See replay.h. Main thread, or the one thread that has the
 * engine.
 */
#include <string.h>

#include "core/engine/engine-private.h"
#include "core/engine/replay.h"

static void
agent_rows (const UcAgent *agent, gpointer data)
{
  GPtrArray *rows = data;
  UcEvent *user = uc_event_new (UC_EVENT_USER_CHANGED, 0), *state = uc_event_new (UC_EVENT_STATE_AGENT, 0);

  user->user = g_strdup (agent->id);
  user->login = g_strdup (agent->login);
  user->name = g_strdup (agent->name);
  user->role = g_strdup (agent->role);
  user->permissions = g_strdup (agent->permissions);
  user->capacity = agent->capacity;
  user->acceptance_ms = agent->acceptance_ms;
  user->enabled = agent->enabled;
  user->auto_accept = agent->auto_accept;
  user->scope = g_strdup (agent->scope);
  g_ptr_array_add (rows, user);
  for (guint m = 0; m < agent->memberships->len; m++)
    {
      const UcMembership *membership = agent->memberships->pdata[m];
      UcEvent *row = uc_event_new (UC_EVENT_MEMBERSHIP_CHANGED, 0);

      row->user = g_strdup (agent->id);
      row->queue = g_strdup (membership->queue->id);
      row->enabled = membership->enabled;
      g_ptr_array_add (rows, row);
    }
  state->agent = g_strdup (agent->id);
  state->status = g_strdup (uc_agent_status_word (agent->shown));
  state->asked = g_strdup (uc_agent_status_word (agent->asked));
  state->since = agent->since;
  state->idle_since = agent->idle_since;
  state->stop_new = agent->stop_new;
  state->cause = g_strdup (agent->cause);
  state->reason = g_strdup (agent->reason);
  state->misses = agent->misses;
  state->return_at = agent->return_at;
  state->state = g_strdup (uc_presence_word (agent->presence));
  state->deadline = agent->presence_deadline;
  g_ptr_array_add (rows, state);
}

static void
queue_row (const UcQueue *queue, gpointer data)
{
  UcEvent *row = uc_event_new (UC_EVENT_QUEUE_CHANGED, 0);

  row->queue = g_strdup (queue->id);
  row->name = g_strdup (queue->name);
  row->enabled = queue->enabled;
  row->post_processing_ms = queue->post_processing_ms;
  row->boost = queue->boost;
  row->acceptance_ms = queue->acceptance_ms;
  row->save_during = g_strdup (queue->save_during);
  row->save_after = g_strdup (queue->save_after);
  g_ptr_array_add (data, row);
}

static void
policy_row (const UcPolicy *policy, GPtrArray *rows)
{
  UcEvent *row = uc_event_new (UC_EVENT_POLICY_CHANGED, 0);

  row->preset = g_strdup (policy->preset);
  row->acceptance_ms = policy->acceptance_ms;
  row->on_login = g_strdup (uc_agent_status_word (policy->on_login));
  row->on_reject = g_strdup (uc_agent_status_word (policy->on_reject));
  row->on_timeout = g_strdup (uc_agent_status_word (policy->on_timeout));
  row->reason_reject = g_strdup (policy->reason_reject);
  row->reason_timeout = g_strdup (policy->reason_timeout);
  row->return_reject_ms = policy->return_reject_ms;
  row->return_timeout_ms = policy->return_timeout_ms;
  row->max_misses = policy->max_misses;
  row->lease_ms = policy->lease_ms;
  row->grace_ms = policy->grace_ms;
  row->code_grace_ms = policy->code_grace_ms;
  row->pop_on = g_strdup (policy->pop_on);
  row->late_save = g_strdup (policy->late_save);
  g_ptr_array_add (rows, row);
}

static void
code_list_row (const UcCodeList *list, gpointer data)
{
  UcEvent *row = uc_event_new (UC_EVENT_CODES_CHANGED, 0);

  row->list = g_strdup (list->id);
  row->name = g_strdup (list->name);
  row->use = g_strdup (list->use);
  row->status = g_strdup (list->status);
  row->queues = g_strdup (list->queues);
  row->required = list->required;
  row->enabled = list->enabled;
  row->codes = g_strdup (list->json);
  g_ptr_array_add (data, row);
}

static void
conversation_row (const UcConversation *conversation, GPtrArray *rows)
{
  UcEvent *row = uc_event_new (UC_EVENT_STATE_CONVERSATION, 0);

  row->conversation = g_strdup (conversation->id);
  row->channel = g_strdup (conversation->channel);
  row->network = g_strdup (conversation->network);
  row->identity = g_strdup (conversation->identity);
  row->name = g_strdup (conversation->name);
  row->picture = g_strdup (conversation->picture);
  row->window_until = conversation->window_until;
  row->tagged_until = conversation->tagged_until;
  row->last_n = conversation->last_n;
  row->interaction = g_strdup (conversation->open != NULL ? conversation->open->id : NULL);
  g_ptr_array_add (rows, row);
}

static char *
joined (GPtrArray *words)
{
  GString *list = g_string_new (NULL);

  if (words->len == 0)
    return g_string_free (list, TRUE);
  for (guint w = 0; w < words->len; w++)
    g_string_append_printf (list, "%s%s", w > 0 ? "," : "", (char *)words->pdata[w]);
  return g_string_free (list, FALSE);
}

typedef struct
{
  GPtrArray *rows;
  GHashTable *told; /* set of UcConversation* that have their row */
} Open;

static void
interaction_rows (const UcInteraction *interaction, gpointer data)
{
  Open *open = data;
  UcEvent *row = uc_event_new (UC_EVENT_STATE_INTERACTION, 0);

  if (g_hash_table_add (open->told, interaction->conversation))
    conversation_row (interaction->conversation, open->rows);
  row->interaction = g_strdup (interaction->id);
  row->conversation = g_strdup (interaction->conversation->id);
  row->queue = g_strdup (interaction->queue->id);
  row->state = g_strdup (uc_interaction_state_word (interaction->state));
  row->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  row->offer = g_strdup (interaction->offer);
  if (interaction->state == UC_INTERACTION_OFFERED)
    row->since = interaction->deadline - interaction->offered_ms;
  row->deadline = interaction->deadline;
  row->enqueued_at = interaction->enqueued_at;
  row->boost = interaction->boost;
  row->excluded = joined (interaction->excluded);
  row->accepted_at = interaction->accepted_at;
  row->ended_at = interaction->ended_at;
  row->ended_by = g_strdup (interaction->ended_by);
  row->customer = g_strdup (interaction->customer);
  row->customer_name = g_strdup (interaction->customer_name);
  row->draft = interaction->draft;
  row->status = g_strdup (interaction->save_state);
  row->mode = g_strdup (interaction->save_mode);
  row->case_id = g_strdup (interaction->case_id);
  row->attempts = interaction->save_attempts;
  row->error = g_strdup (interaction->save_error);
  row->acceptance_ms = interaction->acceptance_ms;
  row->codes = g_strdup (interaction->codes);
  row->matches = g_strdup (interaction->matches);
  row->follows = g_strdup (interaction->follows);
  row->overdue = interaction->overdue;
  g_ptr_array_add (open->rows, row);
}

static int
rank (const UcEvent *row)
{
  static const UcEventType order[] = { UC_EVENT_POLICY_CHANGED,     UC_EVENT_USER_CHANGED,
                                       UC_EVENT_QUEUE_CHANGED,      UC_EVENT_MEMBERSHIP_CHANGED,
                                       UC_EVENT_CODES_CHANGED,      UC_EVENT_STATE_AGENT,
                                       UC_EVENT_STATE_CONVERSATION, UC_EVENT_STATE_INTERACTION };

  for (gsize o = 0; o < G_N_ELEMENTS (order); o++)
    if (order[o] == row->type)
      return o;
  g_assert_not_reached ();
}

static const char *
row_id (const UcEvent *row)
{
  return row->type == UC_EVENT_STATE_INTERACTION    ? row->interaction
         : row->type == UC_EVENT_STATE_CONVERSATION ? row->conversation
         : row->type == UC_EVENT_STATE_AGENT        ? row->agent
         : row->type == UC_EVENT_QUEUE_CHANGED      ? row->queue
         : row->type == UC_EVENT_CODES_CHANGED      ? row->list
         : row->type == UC_EVENT_POLICY_CHANGED     ? "policy"
                                                    : row->user;
}

static gint
compare_rows (gconstpointer a, gconstpointer b)
{
  const UcEvent *x = *(UcEvent *const *)a, *y = *(UcEvent *const *)b;
  gint order = rank (x) - rank (y);

  if (order == 0)
    order = strcmp (row_id (x), row_id (y));
  return order != 0 ? order : g_strcmp0 (x->queue, y->queue);
}

GPtrArray *
uc_engine_rows (UcEngine *engine)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  Open open = { rows, told };

  policy_row (uc_engine_policy (engine), rows);
  uc_engine_each_code_list (engine, code_list_row, rows);
  uc_engine_each_agent (engine, agent_rows, rows);
  uc_engine_each_queue (engine, queue_row, rows);
  uc_engine_each_interaction (engine, interaction_rows, &open);
  g_ptr_array_sort (rows, compare_rows);
  return rows;
}
