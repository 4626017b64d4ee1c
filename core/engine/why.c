/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why does nobody take this chat? For one agent the first condition that fails, and for the chat its place. Said
 * from the definitions and from the sets themselves, not from the counters, lines and marks that routing works
 * with: so that it can contradict routing. Linear in what it looks at; for people who ask. Main thread.
 */
#include "core/engine/engine-private.h"

static const char *const verdict_words[] = {
  [UC_VERDICT_HAS_IT] = "has_it",
  [UC_VERDICT_USER_DISABLED] = "user_disabled",
  [UC_VERDICT_NO_MEMBERSHIP] = "no_membership",
  [UC_VERDICT_MEMBERSHIP_OFF] = "membership_off",
  [UC_VERDICT_QUEUE_DISABLED] = "queue_disabled",
  [UC_VERDICT_LOGGED_OUT] = "logged_out",
  [UC_VERDICT_WORK_OFFLINE] = "work_offline",
  [UC_VERDICT_ON_BREAK] = "on_break",
  [UC_VERDICT_STOP_NEW] = "stop_new",
  [UC_VERDICT_AWAY] = "away",
  [UC_VERDICT_LOST] = "lost",
  [UC_VERDICT_HAS_OFFER] = "has_offer",
  [UC_VERDICT_AT_CAPACITY] = "at_capacity",
  [UC_VERDICT_TAKEN] = "taken",
  [UC_VERDICT_DRAINING] = "draining",
  [UC_VERDICT_REFUSED] = "refused",
  [UC_VERDICT_BEHIND] = "behind",
  [UC_VERDICT_ABLE] = "able",
};

const char *
uc_verdict_word (UcVerdictKind kind)
{
  g_return_val_if_fail ((guint)kind < G_N_ELEMENTS (verdict_words), NULL);
  return verdict_words[kind];
}

/* ---- the agent ----------------------------------------------------------------------------------------- */

static gboolean
decide (UcVerdict *verdict, UcVerdictKind kind, gint64 until, const UcInteraction *other)
{
  verdict->kind = kind;
  verdict->until = until;
  verdict->other = other;
  return TRUE;
}

static gboolean
not_of_the_queue (const UcInteraction *interaction, const UcAgent *agent, UcVerdict *verdict)
{
  const UcMembership *membership = uc_agent_membership (agent, interaction->queue->id);

  if (!agent->enabled)
    return decide (verdict, UC_VERDICT_USER_DISABLED, 0, NULL);
  if (membership == NULL)
    return decide (verdict, UC_VERDICT_NO_MEMBERSHIP, 0, NULL);
  if (!membership->enabled)
    return decide (verdict, UC_VERDICT_MEMBERSHIP_OFF, 0, NULL);
  return !interaction->queue->enabled && decide (verdict, UC_VERDICT_QUEUE_DISABLED, 0, NULL);
}

/* What he asked for counts, not what is shown on top of it: who is busy and wants a break gets nothing more. */
static gboolean
not_at_work (const UcAgent *agent, UcVerdict *verdict)
{
  switch (agent->asked)
    {
    case UC_AGENT_LOGGED_OUT:
      return decide (verdict, UC_VERDICT_LOGGED_OUT, 0, NULL);
    case UC_AGENT_WORK_OFFLINE:
      return decide (verdict, UC_VERDICT_WORK_OFFLINE, agent->return_at, NULL);
    case UC_AGENT_ON_BREAK:
      return decide (verdict, UC_VERDICT_ON_BREAK, agent->return_at, NULL);
    default:
      break;
    }
  if (agent->stop_new)
    return decide (verdict, UC_VERDICT_STOP_NEW, 0, NULL);
  if (agent->presence == UC_PRESENCE_AWAY)
    return decide (verdict, UC_VERDICT_AWAY, agent->presence_deadline, NULL);
  return agent->presence == UC_PRESENCE_LOST && decide (verdict, UC_VERDICT_LOST, 0, NULL);
}

static const UcInteraction *
offer_of (const UcAgent *agent)
{
  for (guint i = 0; i < agent->interactions->len; i++)
    {
      const UcInteraction *interaction = agent->interactions->pdata[i];

      if (interaction->state == UC_INTERACTION_OFFERED)
        return interaction;
    }
  return NULL;
}

static gboolean
has_no_hand_free (const UcAgent *agent, UcVerdict *verdict)
{
  const UcInteraction *offer = offer_of (agent);

  if (offer != NULL)
    return decide (verdict, UC_VERDICT_HAS_OFFER, offer->deadline, offer);
  return verdict->load >= agent->capacity && decide (verdict, UC_VERDICT_AT_CAPACITY, 0, NULL);
}

/* Nothing is wrong with the agent: what he would be offered before it. */
static const UcInteraction *
before_it (UcEngine *engine, const UcInteraction *interaction, const UcAgent *agent)
{
  const UcInteraction *first = interaction;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, engine->interactions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcInteraction *other = value;
      UcVerdict ignored;

      if (other->state != UC_INTERACTION_WAITING || uc_interaction_compare (other, first) >= 0)
        continue;
      if (not_of_the_queue (other, agent, &ignored))
        continue;
      if (other->deadline == 0 || !uc_interaction_excludes (other, agent->id))
        first = other;
    }
  return first != interaction ? first : NULL;
}

static guint
count_wrapping (const UcAgent *agent)
{
  guint count = 0;

  for (guint i = 0; i < agent->interactions->len; i++)
    count += ((const UcInteraction *)agent->interactions->pdata[i])->state == UC_INTERACTION_WRAP_UP;
  return count;
}

void
uc_engine_why_agent (UcEngine *engine, const UcInteraction *interaction, const UcAgent *agent, UcVerdict *verdict)
{
  const UcInteraction *other;

  *verdict = (UcVerdict){ .status = agent->shown,
                          .reason = agent->reason,
                          .since = agent->since,
                          .load = agent->interactions->len,
                          .wrapping = count_wrapping (agent),
                          .capacity = agent->capacity,
                          .refused_before = uc_interaction_excludes (interaction, agent->id) };
  if (interaction->agent == agent)
    {
      decide (verdict, UC_VERDICT_HAS_IT, interaction->deadline, NULL);
      return;
    }
  if (not_of_the_queue (interaction, agent, verdict) || not_at_work (agent, verdict)
      || has_no_hand_free (agent, verdict))
    return;
  if (interaction->state != UC_INTERACTION_WAITING)
    decide (verdict, UC_VERDICT_TAKEN, 0, NULL);
  else if (engine->draining)
    decide (verdict, UC_VERDICT_DRAINING, 0, NULL);
  else if (verdict->refused_before && interaction->deadline != 0)
    decide (verdict, UC_VERDICT_REFUSED, interaction->deadline, NULL);
  else if ((other = before_it (engine, interaction, agent)) != NULL)
    decide (verdict, UC_VERDICT_BEHIND, 0, other);
  else
    decide (verdict, UC_VERDICT_ABLE, 0, NULL);
}

/* ---- the interaction ----------------------------------------------------------------------------------- */

static void
count_line (UcEngine *engine, const UcInteraction *interaction, UcPlace *place)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, engine->interactions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcInteraction *other = value;

      if (other->state != UC_INTERACTION_WAITING || other->queue != interaction->queue)
        continue;
      place->waiting++;
      place->before += uc_interaction_compare (other, interaction) < 0;
    }
  place->position = place->before + 1;
}

void
uc_engine_why_place (UcEngine *engine, const UcInteraction *interaction, UcPlace *place)
{
  *place = (UcPlace){ .state = interaction->state, .queue = interaction->queue, .agent = interaction->agent };
  place->until = interaction->deadline;
  place->boost = interaction->boost;
  place->enqueued_at = interaction->enqueued_at;
  place->refusals = interaction->excluded->len;
  switch (interaction->state)
    {
    case UC_INTERACTION_WAITING:
      place->since = interaction->enqueued_at;
      count_line (engine, interaction, place);
      break;
    case UC_INTERACTION_OFFERED:
      place->since = interaction->deadline - interaction->offered_ms;
      break;
    case UC_INTERACTION_ACTIVE:
      place->since = interaction->accepted_at;
      break;
    case UC_INTERACTION_WRAP_UP:
    case UC_INTERACTION_CLOSED:
      place->since = interaction->ended_at;
      break;
    }
}

const char *
uc_engine_closed_cause (UcEngine *engine, const char *id)
{
  return id != NULL ? g_hash_table_lookup (engine->closed, id) : NULL;
}
