/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events of interactions become state here; see apply.c. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define CLOSED_KEPT 4096

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
  g_auto (GStrv) words = list != NULL ? g_strsplit (list, ",", -1) : NULL;

  g_ptr_array_set_size (interaction->excluded, 0);
  for (gsize w = 0; words != NULL && words[w] != NULL; w++)
    if (*words[w] != '\0')
      g_ptr_array_add (interaction->excluded, g_strdup (words[w]));
}

static void
set_deadline (UcEngine *engine, UcInteraction *interaction, gint64 deadline)
{
  interaction->deadline = deadline;
  uc_timers_set (engine, &interaction->timer, deadline);
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
  interaction->acceptance_ms = event->acceptance_ms;
  uc_timers_init (&interaction->timer, UC_TIMER_INTERACTION, interaction, interaction->id);
  interaction->excluded = g_ptr_array_new_with_free_func (g_free);
  set_excluded (interaction, event->excluded);
  interaction->state = UC_INTERACTION_CLOSED;
  g_hash_table_insert (engine->interactions, interaction->id, interaction);
  return interaction;
}

static void
apply_queued (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  if (interaction == NULL)
    {
      interaction = interaction_new (engine, event);
      interaction->conversation->open = interaction;
    }
  set_excluded (interaction, event->excluded);
  interaction->accepted_at = 0;
  set_deadline (engine, interaction, event->deadline);
  uc_place_put (engine, interaction, UC_INTERACTION_WAITING, NULL);
}

static void
apply_offered (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  uc_apply_string (&interaction->offer, event->offer);
  interaction->offered_ms = event->acceptance_ms;
  set_deadline (engine, interaction, event->deadline);
  uc_place_put (engine, interaction, UC_INTERACTION_OFFERED, g_hash_table_lookup (engine->agents, event->agent));
}

/* An accepted one is the agent's from now on; any other goes back to its place in line, where it may be closed. */
static void
apply_offer_ended (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  uc_apply_string (&interaction->offer, NULL);
  set_deadline (engine, interaction, 0);
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
  uc_apply_string (&interaction->ended_by, event->ended_by);
  interaction->ended_at = event->ended_at;
  if (interaction->conversation->open == interaction)
    interaction->conversation->open = NULL;
  if (event->deadline == 0)
    return;
  set_deadline (engine, interaction, event->deadline);
  uc_place_put (engine, interaction, UC_INTERACTION_WRAP_UP, interaction->agent);
}

static void
apply_overdue (UcEngine *engine, const UcEvent *event, UcInteraction *interaction)
{
  interaction->overdue = TRUE;
  set_deadline (engine, interaction, event->deadline);
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

  set_deadline (engine, interaction, 0);
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
  uc_apply_string (&interaction->customer, event->customer);
  uc_apply_string (&interaction->customer_name, event->customer_name);
  interaction->draft = event->draft != 0;
  if (interaction->customer != NULL)
    uc_apply_string (&interaction->matches, NULL);
}

/* It may have been closed long ago: then only the store has its codes. */
static void
apply_chosen_codes (const UcEvent *event, UcInteraction *interaction)
{
  if (interaction != NULL)
    uc_apply_string (&interaction->codes, event->codes);
}

/* `state` is the word of the save here; a state.interaction row has it in `status`. */
static void
apply_save (const UcEvent *event, UcInteraction *interaction, const char *state)
{
  uc_apply_string (&interaction->save_state, state);
  uc_apply_string (&interaction->save_mode, event->mode);
  uc_apply_string (&interaction->case_id, event->case_id);
  uc_apply_string (&interaction->save_error, event->error);
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
  uc_apply_string (&interaction->ended_by, row->ended_by);
  uc_apply_string (&interaction->offer, row->offer);
  apply_customer (row, interaction);
  apply_save (row, interaction, row->status);
  uc_apply_string (&interaction->codes, row->codes);
  uc_apply_string (&interaction->matches, row->matches);
  uc_apply_string (&interaction->follows, row->follows);
  interaction->overdue = row->overdue != 0;
  set_deadline (engine, interaction, row->deadline);
  uc_place_put (engine, interaction, state_from_word (row->state), agent);
  if (interaction->ended_by == NULL)
    interaction->conversation->open = interaction;
  if (agent == NULL)
    return;
  if (interaction->state == UC_INTERACTION_OFFERED)
    interaction->offered_ms = row->deadline - row->since;
  agent->shown = uc_agent_shown (agent, agent->asked);
  uc_place_limit (agent, TRUE);
}

void
uc_apply_interaction (UcEngine *engine, const UcEvent *event)
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
    case UC_EVENT_STATE_INTERACTION:
      apply_interaction_row (engine, event);
      break;
    case UC_EVENT_INTERACTION_CODES:
      apply_chosen_codes (event, interaction);
      break;
    case UC_EVENT_INTERACTION_MATCHES:
      uc_apply_string (&interaction->matches, event->matches);
      break;
    case UC_EVENT_INTERACTION_CASE:
      uc_apply_string (&interaction->follows, event->follows);
      break;
    case UC_EVENT_INTERACTION_OVERDUE:
      apply_overdue (engine, event, interaction);
      break;
    default:
      g_assert_not_reached ();
    }
}
