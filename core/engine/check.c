/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every invariant of the state, checked the slow and obvious way, from the definitions and not from the indexes
 * that the engine works with. For tests and monitors. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

gboolean
uc_check_broken (UcCheck *check, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (check->error != NULL)
    *check->error = g_error_new_valist (UC_ERROR, UC_ERROR_FAILED, format, args);
  va_end (args);
  return FALSE;
}

/* The rule itself, as a person would say it. */
static gboolean
may_take (const UcAgent *agent, const UcMembership *membership)
{
  return membership->enabled && membership->queue->enabled && agent->enabled && agent->asked == UC_AGENT_AVAILABLE
         && !agent->stop_new && agent->offered == 0
         && (agent->presence == UC_PRESENCE_NONE || agent->presence == UC_PRESENCE_HERE)
         && agent->offered + agent->active + agent->wrapping < agent->capacity;
}

static gpointer
first_of (GSequence *sequence)
{
  return g_sequence_is_empty (sequence) ? NULL : g_sequence_get (g_sequence_get_begin_iter (sequence));
}

static gboolean
is_sorted (GSequence *sequence, gint (*compare) (gconstpointer, gconstpointer))
{
  GSequenceIter *iter = g_sequence_get_begin_iter (sequence);
  gconstpointer before = NULL;

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      if (before != NULL && compare (before, g_sequence_get (iter)) >= 0)
        return FALSE;
      before = g_sequence_get (iter);
    }
  return TRUE;
}

/* ---- agents -------------------------------------------------------------------------------------------- */

static gboolean
check_work (UcCheck *check, const UcAgent *agent)
{
  guint count[UC_INTERACTION_CLOSED + 1] = { 0 };

  for (guint i = 0; i < agent->interactions->len; i++)
    {
      const UcInteraction *interaction = agent->interactions->pdata[i];

      if (interaction->agent != agent)
        return uc_check_broken (check, "agent %s lists interaction %s, which is not his", agent->id,
                                interaction->id);
      if (i > 0
          && uc_interaction_compare_age (&agent->interactions->pdata[i - 1], &agent->interactions->pdata[i]) >= 0)
        return uc_check_broken (check, "agent %s: interactions are not oldest first", agent->id);
      count[interaction->state]++;
    }
  if (agent->offered != count[UC_INTERACTION_OFFERED] || agent->active != count[UC_INTERACTION_ACTIVE]
      || agent->wrapping != count[UC_INTERACTION_WRAP_UP] || uc_agent_load (agent) != agent->interactions->len)
    return uc_check_broken (check,
                            "agent %s: %u offered, %u active, %u wrapping do not agree with his %u interactions",
                            agent->id, agent->offered, agent->active, agent->wrapping, agent->interactions->len);
  if (agent->offered > 1)
    return uc_check_broken (check, "agent %s has %u offers at once", agent->id, agent->offered);
  if (uc_agent_load (agent) > agent->capacity + agent->over)
    return uc_check_broken (check, "agent %s has %u interactions, his capacity is %u", agent->id,
                            uc_agent_load (agent), agent->capacity);
  return TRUE;
}

static gboolean
check_standing (UcCheck *check, UcAgent *agent)
{
  g_autofree char *key = uc_route_key (agent);
  gboolean able = uc_agent_able (agent);

  if (agent->shown != uc_agent_shown (agent, agent->asked))
    return uc_check_broken (check, "agent %s is shown as %s and is %s", agent->id,
                            uc_agent_status_word (agent->shown),
                            uc_agent_status_word (uc_agent_shown (agent, agent->asked)));
  if (agent->group == NULL || strcmp (agent->group->key, key) != 0)
    return uc_check_broken (check, "agent %s is not in the group of his memberships", agent->id);
  if ((agent->idle != NULL) != able)
    return uc_check_broken (check, "agent %s is %s and %s in line for work", agent->id, able ? "able" : "not able",
                            agent->idle != NULL ? "is" : "is not");
  if (agent->idle != NULL
      && (g_sequence_get (agent->idle) != agent
          || g_sequence_iter_get_sequence (agent->idle) != agent->group->idle))
    return uc_check_broken (check, "agent %s stands in the wrong line", agent->id);
  if (g_hash_table_lookup (check->engine->logins, agent->login) != agent)
    return uc_check_broken (check, "agent %s is not found by the login %s", agent->id, agent->login);
  if (!agent->enabled && (agent->asked != UC_AGENT_LOGGED_OUT || agent->offered > 0))
    return uc_check_broken (check, "agent %s is disabled and still at work", agent->id);
  if (agent->since > check->now)
    return uc_check_broken (check, "agent %s has his status since a time to come", agent->id);
  return TRUE;
}

static gboolean
check_presence (UcCheck *check, const UcAgent *agent)
{
  gboolean away = agent->presence == UC_PRESENCE_AWAY, lost = agent->presence == UC_PRESENCE_LOST;

  if (away != (agent->presence_deadline != 0) || away != (agent->presence_timer.place != 0))
    return uc_check_broken (check, "agent %s is %s with the wrong timer", agent->id,
                            uc_presence_word (agent->presence));
  if ((away || lost) && agent->asked == UC_AGENT_LOGGED_OUT)
    return uc_check_broken (check, "agent %s is logged out and still missed", agent->id);
  if (lost && agent->offered + agent->active > 0)
    return uc_check_broken (check, "agent %s is lost and has %u offers and %u chats", agent->id, agent->offered,
                            agent->active);
  return TRUE;
}

static gboolean
check_rules (UcCheck *check, const UcAgent *agent)
{
  gboolean returns = agent->return_at != 0;

  if (returns != (agent->return_timer.place != 0) || agent->return_timer.at != agent->return_at)
    return uc_check_broken (check, "agent %s returns by himself with the wrong timer", agent->id);
  if (returns && (agent->asked == UC_AGENT_AVAILABLE || agent->asked == UC_AGENT_LOGGED_OUT))
    return uc_check_broken (check, "agent %s is %s and returns by himself", agent->id,
                            uc_agent_status_word (agent->asked));
  if (agent->stop_new && uc_agent_load (agent) == 0)
    return uc_check_broken (check, "agent %s takes nothing new until a last chat that he has not got", agent->id);
  if (agent->auto_accept && (agent->may_reject || agent->offered > 0))
    return uc_check_broken (check, "agent %s accepts at once and %s", agent->id,
                            agent->may_reject ? "may reject" : "has an offer");
  return TRUE;
}

gboolean
uc_check_agent (UcCheck *check, UcAgent *agent)
{
  return check_work (check, agent) && check_standing (check, agent) && check_presence (check, agent)
         && check_rules (check, agent);
}

static gboolean
check_agents (UcCheck *check)
{
  GHashTableIter iter;
  gpointer agent;

  if (g_hash_table_size (check->engine->logins) != g_hash_table_size (check->engine->agents))
    return uc_check_broken (check, "there are %u users and %u logins", g_hash_table_size (check->engine->agents),
                            g_hash_table_size (check->engine->logins));
  g_hash_table_iter_init (&iter, check->engine->agents);
  while (g_hash_table_iter_next (&iter, NULL, &agent))
    if (!uc_check_agent (check, agent))
      return FALSE;
  return TRUE;
}

/* ---- interactions and conversations -------------------------------------------------------------------- */

static gboolean
check_place (UcCheck *check, const UcInteraction *interaction)
{
  const UcClass *class = interaction->queue->class;
  gboolean waits = interaction->state == UC_INTERACTION_WAITING;

  if (waits != (interaction->agent == NULL) || waits != (interaction->waiting != NULL))
    return uc_check_broken (check, "interaction %s is %s in the wrong place", interaction->id,
                            uc_interaction_state_word (interaction->state));
  if (interaction->agent != NULL && !g_ptr_array_find (interaction->agent->interactions, interaction, NULL))
    return uc_check_broken (check, "interaction %s is missing from the list of %s", interaction->id,
                            interaction->agent->id);
  if (waits
      && (g_sequence_get (interaction->waiting) != interaction
          || g_sequence_iter_get_sequence (interaction->waiting)
                 != (interaction->deadline != 0 ? class->resting : class->waiting)))
    return uc_check_broken (check, "interaction %s stands in the wrong line", interaction->id);
  return TRUE;
}

/* An offer has a deadline, a wrap-up has one unless it is overdue for ever, and what waits may be resting. */
static gboolean
check_deadline (UcCheck *check, const UcInteraction *interaction)
{
  gboolean wraps = interaction->state == UC_INTERACTION_WRAP_UP, has = interaction->deadline != 0;
  gboolean must = interaction->state == UC_INTERACTION_OFFERED || (wraps && !interaction->overdue);

  if (must ? !has : has && interaction->state == UC_INTERACTION_ACTIVE)
    return uc_check_broken (check, "interaction %s is %s with the wrong deadline", interaction->id,
                            uc_interaction_state_word (interaction->state));
  if (has != (interaction->timer.place != 0) || interaction->timer.at != interaction->deadline)
    return uc_check_broken (check, "interaction %s is %s with the wrong timer", interaction->id,
                            uc_interaction_state_word (interaction->state));
  if (interaction->overdue && !wraps)
    return uc_check_broken (check, "interaction %s is %s and overdue", interaction->id,
                            uc_interaction_state_word (interaction->state));
  return TRUE;
}

gboolean
uc_check_interaction (UcCheck *check, const UcInteraction *interaction)
{
  gboolean offered = interaction->state == UC_INTERACTION_OFFERED;
  gboolean open = interaction->conversation->open == interaction;

  if (interaction->state == UC_INTERACTION_CLOSED)
    return uc_check_broken (check, "interaction %s is closed and still here", interaction->id);
  if (!check_place (check, interaction) || !check_deadline (check, interaction))
    return FALSE;
  if (offered != (interaction->offer != NULL))
    return uc_check_broken (check, "interaction %s: %s", interaction->id,
                            offered ? "an offer without id" : "a dead offer");
  if (open != (interaction->ended_by == NULL))
    return uc_check_broken (check, "interaction %s %s, but new messages %s it", interaction->id,
                            interaction->ended_by != NULL ? "has ended" : "goes on", open ? "go to" : "pass by");
  if (interaction->enqueued_at > check->now)
    return uc_check_broken (check, "interaction %s waits since a time to come", interaction->id);
  return TRUE;
}

static gboolean
check_interactions (UcCheck *check)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, check->engine->interactions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      UcInteraction *interaction = value;
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, interaction->conversation));

      if (!uc_check_interaction (check, interaction))
        return FALSE;
      g_hash_table_insert (counts, interaction->conversation, GUINT_TO_POINTER (count + 1));
    }
  g_hash_table_iter_init (&iter, check->engine->conversations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcConversation *conversation = value;
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, conversation));

      if (conversation->interactions != count)
        return uc_check_broken (check, "conversation %s counts %u interactions of %u", conversation->id,
                                conversation->interactions, count);
      if (conversation->open != NULL && conversation->open->conversation != conversation)
        return uc_check_broken (check, "conversation %s has the open interaction of another", conversation->id);
      if (g_hash_table_lookup (check->engine->addresses, conversation) != conversation)
        return uc_check_broken (check, "conversation %s is not found by its address", conversation->id);
    }
  return g_hash_table_size (check->engine->addresses) == g_hash_table_size (check->engine->conversations)
         || uc_check_broken (check, "there are addresses of forgotten conversations");
}

static gboolean
is_live (UcCheck *check, const UcTimer *timer)
{
  GHashTable *owners = timer->kind == UC_TIMER_INTERACTION ? check->engine->interactions : check->engine->agents;

  return g_hash_table_lookup (owners, timer->id) == timer->owner;
}

gboolean
uc_check_timer (UcCheck *check, guint t)
{
  const GPtrArray *timers = check->engine->timers;
  const UcTimer *timer = timers->pdata[t], *parent = timers->pdata[(t + 1) / 2 - (t > 0)];

  if (timer->place != t + 1 || !is_live (check, timer))
    return uc_check_broken (check, "timer %u is not of a live interaction or agent", t + 1);
  if (parent->at > timer->at)
    return uc_check_broken (check, "timer %u is due before its parent", t + 1);
  return TRUE;
}

static gboolean
check_timers (UcCheck *check)
{
  for (guint t = 0; t < check->engine->timers->len; t++)
    if (!uc_check_timer (check, t))
      return FALSE;
  return TRUE;
}

/* ---- routing ------------------------------------------------------------------------------------------- */

gboolean
uc_check_class (UcCheck *check, const UcClass *class)
{
  gint in_line = g_sequence_get_length (class->waiting) + g_sequence_get_length (class->resting);

  if ((guint)in_line != class->queue->waiting)
    return uc_check_broken (check, "queue %s counts %u waiting, %d are in line", class->queue->id,
                            class->queue->waiting, in_line);
  if (uc_bits_has (&check->engine->waiting_classes, class->index) != (in_line > 0))
    return uc_check_broken (check, "queue %s: the mark of waiting work is wrong", class->queue->id);
  return TRUE;
}

static gboolean
check_lines (UcCheck *check)
{
  UcEngine *engine = check->engine;

  for (guint c = 0; c < engine->classes->len; c++)
    {
      const UcClass *class = engine->classes->pdata[c];

      if (!uc_check_class (check, class))
        return FALSE;
      if (!is_sorted (class->waiting, (gint (*) (gconstpointer, gconstpointer))uc_interaction_compare)
          || !is_sorted (class->resting, (gint (*) (gconstpointer, gconstpointer))uc_interaction_compare))
        return uc_check_broken (check, "queue %s is out of order", class->queue->id);
      if (class->first_waiting != first_of (class->waiting) || class->first_resting != first_of (class->resting))
        return uc_check_broken (check, "queue %s: somebody else is first in line", class->queue->id);
    }
  return TRUE;
}

static gboolean
check_groups (UcCheck *check)
{
  UcEngine *engine = check->engine;
  guint agents = 0;

  for (guint g = 0; g < engine->groups->len; g++)
    {
      const UcGroup *group = engine->groups->pdata[g];

      if (group == NULL)
        continue;
      agents += group->agents;
      if (uc_bits_has (&engine->able_groups, g) == g_sequence_is_empty (group->idle))
        return uc_check_broken (check, "group %s: the mark of able agents is wrong", group->key);
      if (!is_sorted (group->idle, (gint (*) (gconstpointer, gconstpointer))uc_agent_compare))
        return uc_check_broken (check, "group %s is out of order", group->key);
      if (group->first != first_of (group->idle))
        return uc_check_broken (check, "group %s: somebody else is first", group->key);
      for (guint c = 0; c < engine->classes->len; c++)
        {
          const UcClass *class = engine->classes->pdata[c];
          gboolean serves = uc_bits_has (&group->members, c) && class->queue->enabled;

          if (uc_bits_has (&group->classes, c) != serves || uc_bits_has (&class->groups, g) != serves)
            return uc_check_broken (check, "group %s and queue %s: the matrix is wrong", group->key,
                                    class->queue->id);
        }
    }
  return agents == g_hash_table_size (engine->agents)
         || uc_check_broken (check, "the groups have %u agents", agents);
}

/* One of the queue that this agent could be offered: any, but for those that rest and were refused by him. */
static const UcInteraction *
could_take (const UcClass *class, const UcAgent *agent)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (class->resting);

  if (!g_sequence_is_empty (class->waiting))
    return class->first_waiting;
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    if (!uc_interaction_excludes (g_sequence_get (iter), agent->id))
      return g_sequence_get (iter);
  return NULL;
}

/* Work conservation: nobody waits for whom this agent could work. */
gboolean
uc_check_idle (UcCheck *check, const UcAgent *agent)
{
  for (guint m = 0; m < agent->memberships->len && !check->engine->draining; m++)
    {
      const UcMembership *membership = agent->memberships->pdata[m];
      const UcInteraction *interaction
          = may_take (agent, membership) ? could_take (membership->queue->class, agent) : NULL;

      if (interaction != NULL)
        return uc_check_broken (check, "interaction %s waits in queue %s though agent %s could take it",
                                interaction->id, membership->queue->id, agent->id);
    }
  return TRUE;
}

static gboolean
check_nobody_waits_in_vain (UcCheck *check)
{
  GHashTableIter iter;
  gpointer agent;

  g_hash_table_iter_init (&iter, check->engine->agents);
  while (g_hash_table_iter_next (&iter, NULL, &agent))
    if (!uc_check_idle (check, agent))
      return FALSE;
  return TRUE;
}

/* A list that must be chosen from and can't be would stop everybody. */
static gboolean
check_lists (UcCheck *check)
{
  const GPtrArray *lists = check->engine->code_lists;

  for (guint l = 0; l < lists->len; l++)
    {
      const UcCodeList *list = lists->pdata[l];
      guint active = 0;

      for (guint c = 0; c < list->codes->len; c++)
        active += ((UcCode *)list->codes->pdata[c])->active;
      if (list->required && list->enabled && active == 0)
        return uc_check_broken (check, "list of codes %s is required and has nothing to choose", list->id);
      if (l > 0 && strcmp (((UcCodeList *)lists->pdata[l - 1])->id, list->id) >= 0)
        return uc_check_broken (check, "list of codes %s is out of order", list->id);
    }
  return TRUE;
}

gboolean
uc_engine_check (UcEngine *engine, gint64 now, GError **error)
{
  UcCheck check = { engine, now, error };

  return check_agents (&check) && check_interactions (&check) && check_timers (&check) && check_lines (&check)
         && check_groups (&check) && check_lists (&check) && check_nobody_waits_in_vain (&check);
}
