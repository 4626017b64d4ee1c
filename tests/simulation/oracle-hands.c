/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oracle: who gets what, and what becomes of it. See oracle.h.
 */
#include "tests/simulation/oracle-private.h"

/* ---- counting ------------------------------------------------------------------------------------------ */

guint
oracle_load (Oracle *oracle, const Agent *agent)
{
  guint load = 0;

  for (guint w = 0; w < oracle->work->len; w++)
    load += ((const Work *)oracle->work->pdata[w])->agent == agent;
  return load;
}

guint
oracle_count (Oracle *oracle, const Agent *agent, State state)
{
  guint count = 0;

  for (guint w = 0; w < oracle->work->len; w++)
    {
      const Work *work = oracle->work->pdata[w];

      count += work->agent == agent && work->state == state;
    }
  return count;
}

Work *
oracle_offer_of (Oracle *oracle, const Agent *agent)
{
  for (guint w = 0; w < oracle->work->len; w++)
    {
      Work *work = oracle->work->pdata[w];

      if (work->agent == agent && work->state == OFFERED)
        return work;
    }
  return NULL;
}

void
oracle_act (Oracle *oracle, UcEventType type, const Work *work, const Agent *agent, const char *cause,
            gint64 deadline)
{
  Act act = { .type = type,
              .interaction = work != NULL ? work->id : NULL,
              .agent = agent != NULL ? agent->id : NULL,
              .cause = cause,
              .deadline = deadline,
              .ended_at = type == UC_EVENT_INTERACTION_ENDED ? work->ended_at : 0,
              .refused = type == UC_EVENT_INTERACTION_QUEUED ? work->refused : 0 };

  g_array_append_val (oracle->acts, act);
}

/* ---- changing hands ------------------------------------------------------------------------------------ */

/* Stop-new lasts until the last chat is done; then who still takes work does not. */
void
oracle_settle (Oracle *oracle, Agent *agent)
{
  if (!agent->stop_new || oracle_load (oracle, agent) > 0)
    return;
  agent->stop_new = FALSE;
  if (is (agent->asked, "available"))
    agent->asked = "work_offline";
}

static void
wait_again (Oracle *oracle, Work *work, const char *cause, const Agent *had, gint64 rest)
{
  work->state = WAITING;
  work->agent = NULL;
  work->deadline = rest;
  oracle_act (oracle, UC_EVENT_INTERACTION_QUEUED, work, had, cause, rest);
}

static Agent *
end_offer (Oracle *oracle, Work *work, const char *cause)
{
  Agent *agent = work->agent;

  oracle_act (oracle, UC_EVENT_OFFER_ENDED, work, agent, cause, 0);
  work->state = WAITING;
  work->agent = NULL;
  work->deadline = 0;
  return agent;
}

void
oracle_accept (Oracle *oracle, Work *work)
{
  Agent *agent = end_offer (oracle, work, "accepted");

  work->state = ACTIVE;
  work->agent = agent;
  work->accepted_at = oracle->now;
  agent->misses = 0;
  oracle_act (oracle, UC_EVENT_INTERACTION_ACCEPTED, work, agent, NULL, 0);
}

void
oracle_give_back (Oracle *oracle, Work *work, const char *cause)
{
  Agent *agent = end_offer (oracle, work, cause);

  oracle_settle (oracle, agent);
  wait_again (oracle, work, cause, NULL, 0);
}

/* Refused or missed. Where the policy takes him out of service, that is all; where it leaves him available, it has
 * been his turn, and the chat rests before it comes to him again. */
void
oracle_not_taken (Oracle *oracle, Work *work, gboolean missed)
{
  const Policy *policy = &oracle->policy;
  const char *then = missed ? policy->on_timeout : policy->on_reject;
  gint64 back = missed ? policy->return_timeout_ms : policy->return_reject_ms;
  gint64 rest = oracle->now + (oracle->fault == ORACLE_LONG_REST ? 6000 : 5000);
  Agent *agent = end_offer (oracle, work, missed ? "timed_out" : "rejected");

  if (missed && ++agent->misses < policy->max_misses)
    then = "available";
  else if (missed)
    agent->misses = 0;
  if (is (then, "available"))
    agent->idle_since = oracle->now;
  else
    {
      agent->asked = then;
      agent->stop_new = agent->stop_new || oracle_load (oracle, agent) > 0;
      agent->return_at = back > 0 ? oracle->now + back : 0;
    }
  oracle_settle (oracle, agent);
  work->refused |= G_GUINT64_CONSTANT (1) << agent->bit;
  wait_again (oracle, work, missed ? "timed_out" : "rejected", NULL, is (then, "available") ? rest : 0);
}

void
oracle_close (Oracle *oracle, Work *work, const char *cause)
{
  oracle_act (oracle, UC_EVENT_INTERACTION_CLOSED, work, work->agent, cause, 0);
  if (work->talk->open == work)
    work->talk->open = NULL;
  g_ptr_array_remove (oracle->work, work);
}

void
oracle_handled (Oracle *oracle, Work *work, const char *cause)
{
  Agent *agent = work->agent;

  oracle_close (oracle, work, cause);
  if (is (agent->asked, "available") && !agent->stop_new)
    agent->idle_since = oracle->now;
  oracle_settle (oracle, agent);
}

void
oracle_overdue (Oracle *oracle, Work *work)
{
  work->overdue = TRUE;
  work->state = WRAP_UP;
  work->deadline = oracle->policy.code_grace_ms > 0 ? oracle->now + oracle->policy.code_grace_ms : 0;
  oracle_act (oracle, UC_EVENT_INTERACTION_OVERDUE, work, work->agent, NULL, work->deadline);
}

/* ---- presence ------------------------------------------------------------------------------------------ */

void
oracle_presence (Oracle *oracle, Agent *agent, const char *presence, gint64 deadline)
{
  agent->presence = presence;
  agent->presence_deadline = deadline;
  oracle_act (oracle, UC_EVENT_AGENT_PRESENCE, NULL, agent, presence, deadline);
}

/* His chats, oldest first. */
static Work *
oldest_chat (Oracle *oracle, const Agent *agent)
{
  Work *oldest = NULL;

  for (guint w = 0; w < oracle->work->len; w++)
    {
      Work *work = oracle->work->pdata[w];

      if (work->agent != agent || work->state != ACTIVE)
        continue;
      if (oldest == NULL || work->accepted_at < oldest->accepted_at
          || (work->accepted_at == oldest->accepted_at && strcmp (work->id, oldest->id) < 0))
        oldest = work;
    }
  return oldest;
}

static void
lose (Oracle *oracle, Agent *agent)
{
  Work *work;

  oracle_presence (oracle, agent, "lost", 0);
  while ((work = oracle_offer_of (oracle, agent)) != NULL)
    oracle_give_back (oracle, work, "agent_lost");
  while ((work = oldest_chat (oracle, agent)) != NULL)
    if (work->left)
      oracle_close (oracle, work, "agent_lost");
    else
      wait_again (oracle, work, "agent_lost", agent, 0);
  agent->asked = "work_offline";
  agent->stop_new = FALSE;
  agent->return_at = 0;
}

/* When the next thing comes of his absence; 0 = nothing. */
static gint64
absence_due (Oracle *oracle, const Agent *agent)
{
  gint64 at = agent->presence_deadline;

  if (!is (agent->presence, "away"))
    return 0;
  if (oracle_offer_of (oracle, agent) != NULL && oracle->policy.grace_ms > oracle->policy.lease_ms)
    at -= oracle->policy.grace_ms - oracle->policy.lease_ms;
  return MAX (at, 1);
}

void
oracle_presence_due (Oracle *oracle, Agent *agent)
{
  gint64 at = absence_due (oracle, agent);

  if (agent->presence_deadline <= oracle->now)
    lose (oracle, agent);
  else if (oracle_offer_of (oracle, agent) != NULL && at <= oracle->now)
    oracle_give_back (oracle, oracle_offer_of (oracle, agent), "agent_lost");
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void
work_due (Oracle *oracle, Work *work)
{
  if (work->state == OFFERED && is (work->agent->presence, "away"))
    oracle_give_back (oracle, work, "agent_lost");
  else if (work->state == OFFERED && oracle->draining)
    oracle_give_back (oracle, work, "withdrawn");
  else if (work->state == OFFERED)
    oracle_not_taken (oracle, work, TRUE);
  else if (work->state == WAITING)
    wait_again (oracle, work, "rested", NULL, 0);
  else if (oracle_lacks_codes (oracle, work) && !work->overdue)
    oracle_overdue (oracle, work);
  else
    oracle_handled (oracle, work, oracle_lacks_codes (oracle, work) ? "uncoded" : "timed_out");
}

static void
comes_back (Oracle *oracle, Agent *agent)
{
  agent->asked = "available";
  agent->idle_since = oracle->now;
  agent->stop_new = FALSE;
  agent->return_at = 0;
}

/* What is due, one by one: by time, then chats before absences before returns, then by id. */
typedef struct
{
  gint64 at;
  guint kind;
  const char *id;
  gpointer owner;
} Due;

static void
sooner (Due *due, gint64 at, guint kind, gpointer owner)
{
  const char *id = *(const char **)owner;

  if (at == 0)
    return;
  if (due->owner != NULL
      && (at > due->at
          || (at == due->at && (kind > due->kind || (kind == due->kind && strcmp (id, due->id) > 0)))))
    return;
  *due = (Due){ at, kind, id, owner };
}

static Due
next_due (Oracle *oracle)
{
  Due due = { 0 };

  for (guint w = 0; w < oracle->work->len; w++)
    sooner (&due, ((Work *)oracle->work->pdata[w])->deadline, 0, oracle->work->pdata[w]);
  for (guint a = 0; a < oracle->agents->len; a++)
    sooner (&due, absence_due (oracle, oracle->agents->pdata[a]), 1, oracle->agents->pdata[a]);
  for (guint a = 0; a < oracle->agents->len; a++)
    sooner (&due, ((Agent *)oracle->agents->pdata[a])->return_at, 2, oracle->agents->pdata[a]);
  return due;
}

void
oracle_tick (Oracle *oracle)
{
  for (Due due = next_due (oracle); due.owner != NULL && due.at <= oracle->now; due = next_due (oracle))
    if (due.kind == 0)
      work_due (oracle, due.owner);
    else if (due.kind == 1)
      oracle_presence_due (oracle, due.owner);
    else
      comes_back (oracle, due.owner);
}

/* ---- routing ------------------------------------------------------------------------------------------- */

static gboolean
is_member (Oracle *oracle, const Agent *agent, const Queue *queue)
{
  for (guint m = 0; m < oracle->memberships->len; m++)
    {
      const Membership *membership = oracle->memberships->pdata[m];

      if (membership->agent == agent && membership->queue == queue)
        return membership->enabled;
    }
  return FALSE;
}

static gboolean
may_take (Oracle *oracle, const Agent *agent, const Work *work)
{
  return agent->enabled && is (agent->asked, "available") && !agent->stop_new && !is (agent->presence, "away")
         && !is (agent->presence, "lost") && work->queue->enabled && is_member (oracle, agent, work->queue)
         && oracle_offer_of (oracle, agent) == NULL && oracle_load (oracle, agent) < agent->capacity;
}

static gboolean
has_refused (Oracle *oracle, const Work *work, const Agent *agent)
{
  return (work->refused >> agent->bit & 1) != 0;
}

/* Whether `a` is to be asked before `b`: who did not refuse it, who has less of his capacity in use, who is idle
 * longer. */
static gboolean
goes_before (Oracle *oracle, const Work *work, const Agent *a, const Agent *b)
{
  gint64 x, y;

  if (has_refused (oracle, work, a) != has_refused (oracle, work, b))
    return has_refused (oracle, work, a) == (oracle->fault == ORACLE_FORGIVES);
  x = oracle_load (oracle, a) * b->capacity;
  y = oracle_load (oracle, b) * a->capacity;
  if (x != y)
    return x < y;
  if (a->idle_since != b->idle_since)
    return (a->idle_since < b->idle_since) != (oracle->fault == ORACLE_SHORTEST_IDLE);
  return strcmp (a->id, b->id) < 0;
}

static Agent *
choose (Oracle *oracle, const Work *work)
{
  Agent *best = NULL;

  for (guint a = 0; a < oracle->agents->len; a++)
    {
      Agent *agent = oracle->agents->pdata[a];

      if (work->deadline != 0 && has_refused (oracle, work, agent)) /* it rests */
        continue;
      if (may_take (oracle, agent, work) && (best == NULL || goes_before (oracle, work, agent, best)))
        best = agent;
    }
  return best;
}

/* The first in line of all who can be served, and by whom. */
static Work *
next_served (Oracle *oracle, Agent **agent)
{
  Work *best = NULL;

  for (guint w = 0; w < oracle->work->len; w++)
    {
      Work *work = oracle->work->pdata[w];
      Agent *chosen;

      if (work->state != WAITING
          || (best != NULL
              && (work->key > best->key || (work->key == best->key && strcmp (work->id, best->id) > 0))))
        continue;
      chosen = choose (oracle, work);
      if (chosen == NULL)
        continue;
      best = work;
      *agent = chosen;
    }
  return best;
}

void
oracle_route (Oracle *oracle)
{
  Agent *agent;
  Work *work;

  while (!oracle->draining && (work = next_served (oracle, &agent)) != NULL)
    {
      gint64 interval = work->acceptance_ms > 0          ? work->acceptance_ms
                        : work->queue->acceptance_ms > 0 ? work->queue->acceptance_ms
                        : agent->acceptance_ms > 0       ? agent->acceptance_ms
                                                         : oracle->policy.acceptance_ms;

      work->state = OFFERED;
      work->agent = agent;
      work->deadline = oracle->now + interval;
      oracle_act (oracle, UC_EVENT_INTERACTION_OFFERED, work, agent, NULL, work->deadline);
      if (agent->auto_accept)
        oracle_accept (oracle, work);
    }
}
