/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reader of events. See invariants.h.
 */
#include "tests/simulation/invariants.h"

#include <string.h>

/* Every record begins with its id. */
typedef struct
{
  char *id, *asked, *status, *presence;
  gboolean enabled, stop_new, auto_accept;
  gint64 capacity, acceptance_ms, idle_since;
} Agent;

typedef struct
{
  char *id;
  gboolean enabled;
  gint64 boost, acceptance_ms;
} Queue;

typedef struct
{
  const Agent *agent;
  const Queue *queue;
  gboolean enabled;
} Membership;

typedef enum
{
  WAITING,
  OFFERED,
  ACTIVE,
  WRAP_UP,
  CLOSED
} State;

static const char *const state_words[] = { "waiting", "offered", "active", "wrap_up", "closed" };

typedef struct
{
  char *id, *conversation, *offer;
  const Queue *queue;
  Agent *agent;
  State state;
  gboolean left;    /* the customer ended it */
  gboolean resting; /* not for those who refused it */
  gboolean overdue;
  gint64 key, deadline, acceptance_ms;
  char **refused;
} Work;

typedef struct
{
  char *id;
  gint64 n;
} Talk;

struct Reader
{
  GPtrArray *agents, *queues, *memberships, *work, *talks;
  gint64 acceptance_ms; /* the policy's */
  gboolean draining;
};

static void
agent_free (Agent *agent)
{
  g_free (agent->id);
  g_free (agent->asked);
  g_free (agent->status);
  g_free (agent->presence);
  g_free (agent);
}

static void
queue_free (Queue *queue)
{
  g_free (queue->id);
  g_free (queue);
}

static void
work_free (Work *work)
{
  g_free (work->id);
  g_free (work->conversation);
  g_free (work->offer);
  g_strfreev (work->refused);
  g_free (work);
}

static void
talk_free (Talk *talk)
{
  g_free (talk->id);
  g_free (talk);
}

Reader *
reader_new (void)
{
  Reader *reader = g_new0 (Reader, 1);

  reader->acceptance_ms = 30000;
  reader->agents = g_ptr_array_new_with_free_func ((GDestroyNotify)agent_free);
  reader->queues = g_ptr_array_new_with_free_func ((GDestroyNotify)queue_free);
  reader->memberships = g_ptr_array_new_with_free_func (g_free);
  reader->work = g_ptr_array_new_with_free_func ((GDestroyNotify)work_free);
  reader->talks = g_ptr_array_new_with_free_func ((GDestroyNotify)talk_free);
  return reader;
}

void
reader_free (Reader *reader)
{
  g_ptr_array_unref (reader->agents);
  g_ptr_array_unref (reader->queues);
  g_ptr_array_unref (reader->memberships);
  g_ptr_array_unref (reader->work);
  g_ptr_array_unref (reader->talks);
  g_free (reader);
}

void
reader_restarted (Reader *reader)
{
  reader->draining = FALSE;
}

static gpointer
find (GPtrArray *list, const char *id)
{
  for (guint i = 0; i < list->len && id != NULL; i++)
    if (strcmp (*(char **)list->pdata[i], id) == 0)
      return list->pdata[i];
  return NULL;
}

static gboolean
is (const char *word, const char *other)
{
  return g_strcmp0 (word, other) == 0;
}

static void
take (char **place, const char *word)
{
  g_free (*place);
  *place = g_strdup (word);
}

static const char *
id_of (const Agent *agent)
{
  return agent != NULL ? agent->id : NULL;
}

static guint
count (Reader *reader, const Agent *agent, State state)
{
  guint n = 0;

  for (guint w = 0; w < reader->work->len; w++)
    {
      const Work *work = reader->work->pdata[w];

      n += work->agent == agent && (state == CLOSED || work->state == state);
    }
  return n;
}

static guint
load (Reader *reader, const Agent *agent)
{
  return count (reader, agent, CLOSED);
}

/* ---- P1 to P4, P6, P8: who may get what ----------------------------------------------------------------- */

static gboolean
serves (Reader *reader, const Agent *agent, const Queue *queue)
{
  for (guint m = 0; m < reader->memberships->len; m++)
    {
      const Membership *membership = reader->memberships->pdata[m];

      if (membership->agent == agent && membership->queue == queue)
        return membership->enabled && queue->enabled;
    }
  return FALSE;
}

static gboolean
able (Reader *reader, const Agent *agent, const Queue *queue)
{
  return agent->enabled && is (agent->asked, "available") && !agent->stop_new && !is (agent->presence, "away")
         && !is (agent->presence, "lost") && serves (reader, agent, queue) && count (reader, agent, OFFERED) == 0
         && load (reader, agent) < agent->capacity;
}

static gboolean
refused (const Work *work, const Agent *agent)
{
  return work->refused != NULL && g_strv_contains ((const char *const *)work->refused, agent->id);
}

static gboolean
goes_before (Reader *reader, const Work *work, const Agent *a, const Agent *b)
{
  gint64 x, y;

  if (refused (work, a) != refused (work, b))
    return refused (work, b);
  x = load (reader, a) * b->capacity;
  y = load (reader, b) * a->capacity;
  if (x != y)
    return x < y;
  if (a->idle_since != b->idle_since)
    return a->idle_since < b->idle_since;
  return strcmp (a->id, b->id) < 0;
}

static const Agent *
choose (Reader *reader, const Work *work)
{
  const Agent *best = NULL;

  for (guint a = 0; a < reader->agents->len; a++)
    {
      const Agent *agent = reader->agents->pdata[a];

      if (!able (reader, agent, work->queue) || (work->resting && refused (work, agent)))
        continue;
      if (best == NULL || goes_before (reader, work, agent, best))
        best = agent;
    }
  return best;
}

static gboolean
stands_before (const Work *a, const Work *b)
{
  return a->key != b->key ? a->key < b->key : strcmp (a->id, b->id) < 0;
}

/* The first in line of all who can be served; NULL = nobody can. */
static const Work *
next (Reader *reader, const Agent **agent)
{
  const Work *best = NULL;

  for (guint w = 0; w < reader->work->len && !reader->draining; w++)
    {
      const Work *work = reader->work->pdata[w];
      const Agent *chosen;

      if (work->state != WAITING || (best != NULL && !stands_before (work, best)))
        continue;
      chosen = choose (reader, work);
      if (chosen == NULL)
        continue;
      best = work;
      *agent = chosen;
    }
  return best;
}

char *
reader_rest (Reader *reader)
{
  const Agent *agent = NULL;
  const Work *work = next (reader, &agent);

  for (guint a = 0; a < reader->agents->len; a++)
    {
      const Agent *other = reader->agents->pdata[a];
      const char *status = count (reader, other, ACTIVE) > 0    ? "busy"
                           : count (reader, other, WRAP_UP) > 0 ? "post_processing"
                           : count (reader, other, OFFERED) > 0 ? "offered"
                                                                : other->asked;

      if (is (other->presence, "lost") && (is (status, "busy") || is (status, "offered")))
        return g_strdup_printf ("P5 %s is lost and still has chats", other->id);
      if (other->auto_accept && count (reader, other, OFFERED) > 0)
        return g_strdup_printf ("P5 %s accepts everything and has an offer", other->id);
      if (!is (status, other->status))
        return g_strdup_printf ("P7 %s was told to be %s and is %s", other->id, other->status, status);
    }
  if (work == NULL)
    return NULL;
  return g_strdup_printf ("P1 %s waits though %s is able", work->id, agent->id);
}

/* ---- the centre ---------------------------------------------------------------------------------------- */

static char *
read_user (Reader *reader, const UcEvent *event)
{
  Agent *agent = find (reader->agents, event->user);

  if (agent == NULL)
    {
      agent = g_new0 (Agent, 1);
      agent->id = g_strdup (event->user);
      agent->asked = g_strdup ("logged_out");
      agent->status = g_strdup ("logged_out");
      agent->presence = g_strdup ("none");
      g_ptr_array_add (reader->agents, agent);
    }
  agent->enabled = event->enabled != 0;
  agent->capacity = event->capacity;
  agent->acceptance_ms = event->acceptance_ms;
  agent->auto_accept = event->auto_accept != 0;
  return NULL;
}

static char *
read_queue (Reader *reader, const UcEvent *event)
{
  Queue *queue = find (reader->queues, event->queue);

  if (queue == NULL)
    {
      queue = g_new0 (Queue, 1);
      queue->id = g_strdup (event->queue);
      g_ptr_array_add (reader->queues, queue);
    }
  queue->enabled = event->enabled != 0;
  queue->boost = event->boost;
  queue->acceptance_ms = event->acceptance_ms;
  return NULL;
}

static char *
read_membership (Reader *reader, const UcEvent *event)
{
  const Agent *agent = find (reader->agents, event->user);
  const Queue *queue = find (reader->queues, event->queue);
  Membership *membership;

  if (agent == NULL || queue == NULL)
    return g_strdup_printf ("P7 %s in %s: there is no such user or queue", event->user, event->queue);
  for (guint m = 0; m < reader->memberships->len; m++)
    {
      membership = reader->memberships->pdata[m];
      if (membership->agent == agent && membership->queue == queue)
        {
          g_ptr_array_remove_index (reader->memberships, m);
          break;
        }
    }
  if (event->removed)
    return NULL;
  membership = g_new0 (Membership, 1);
  *membership = (Membership){ agent, queue, event->enabled != 0 };
  g_ptr_array_add (reader->memberships, membership);
  return NULL;
}

static char *
read_status (Reader *reader, const UcEvent *event)
{
  Agent *agent = find (reader->agents, event->agent);

  if (agent == NULL)
    return g_strdup_printf ("P7 there is no agent %s", event->agent);
  take (&agent->asked, event->asked);
  take (&agent->status, event->status);
  agent->stop_new = event->stop_new != 0;
  agent->idle_since = event->idle_since;
  return NULL;
}

static char *
read_presence (Reader *reader, const UcEvent *event)
{
  Agent *agent = find (reader->agents, event->agent);

  if (agent == NULL)
    return g_strdup_printf ("P7 there is no agent %s", event->agent);
  if (is (event->state, "lost") && !is (agent->presence, "away"))
    return g_strdup_printf ("P10 %s is lost and was %s", agent->id, agent->presence);
  take (&agent->presence, event->state);
  return NULL;
}

/* ---- interactions -------------------------------------------------------------------------------------- */

static Work *
new_work (Reader *reader, const UcEvent *event, const Queue *queue)
{
  Work *work = g_new0 (Work, 1);

  work->id = g_strdup (event->interaction);
  work->conversation = g_strdup (event->conversation);
  work->queue = queue;
  work->key = event->enqueued_at - event->boost;
  work->acceptance_ms = event->acceptance_ms;
  g_ptr_array_add (reader->work, work);
  return work;
}

/* Whether it may go into line in this state, for this cause. */
static gboolean
may_queue (const Work *work, const UcEvent *event)
{
  if (work->state == ACTIVE)
    return is (event->cause, "agent_lost") && is (event->agent, id_of (work->agent)) && !work->left;
  if (work->state != WAITING || event->agent != NULL)
    return FALSE;
  return !is (event->cause, "rested") || (work->resting && event->at >= work->deadline);
}

static char *
read_queued (Reader *reader, const UcEvent *event)
{
  Work *work = find (reader->work, event->interaction);
  const Queue *queue = find (reader->queues, event->queue);

  if (queue == NULL || (work == NULL) != is (event->cause, "new"))
    return g_strdup_printf ("P7 %s is queued for the cause %s", event->interaction, event->cause);
  if (work == NULL && (event->enqueued_at != event->at || event->boost != queue->boost))
    return g_strdup_printf ("P9 %s enters at the wrong place", event->interaction);
  if (work == NULL)
    work = new_work (reader, event, queue);
  else if (!may_queue (work, event))
    return g_strdup_printf ("P7 %s is %s and queued for the cause %s", work->id, state_words[work->state],
                            event->cause);
  if (work->key != event->enqueued_at - event->boost || work->queue != queue)
    return g_strdup_printf ("P9 %s lost its place in line", work->id);
  work->state = WAITING;
  work->resting = event->deadline > 0;
  work->deadline = event->deadline;
  work->agent = NULL;
  g_strfreev (work->refused);
  work->refused = event->excluded != NULL ? g_strsplit (event->excluded, ",", -1) : NULL;
  return NULL;
}

static gint64
interval (Reader *reader, const Work *work, const Agent *agent)
{
  return work->acceptance_ms > 0          ? work->acceptance_ms
         : work->queue->acceptance_ms > 0 ? work->queue->acceptance_ms
         : agent->acceptance_ms > 0       ? agent->acceptance_ms
                                          : reader->acceptance_ms;
}

static char *
read_offered (Reader *reader, const UcEvent *event)
{
  const Agent *agent = NULL;
  Work *work = (Work *)next (reader, &agent);

  if (work == NULL)
    return g_strdup_printf ("P5 %s is offered to %s, but nothing can be offered", event->interaction,
                            event->agent);
  if (!is (work->id, event->interaction) || !is (agent->id, event->agent))
    return g_strdup_printf ("P2-P4, P8 %s is offered to %s, it should be %s to %s", event->interaction,
                            event->agent, work->id, agent->id);
  if (event->deadline != event->at + interval (reader, work, agent))
    return g_strdup_printf ("P10 the offer of %s has the wrong deadline", work->id);
  work->state = OFFERED;
  work->resting = FALSE;
  work->agent = (Agent *)agent;
  take (&work->offer, event->offer);
  work->deadline = event->deadline;
  if (load (reader, agent) > agent->capacity)
    return g_strdup_printf ("P6 %s has more than his capacity", agent->id);
  return NULL;
}

static char *
read_offer_ended (Reader *reader, const UcEvent *event)
{
  Work *work = find (reader->work, event->interaction);

  if (work == NULL || work->state != OFFERED || !is (id_of (work->agent), event->agent)
      || !is (work->offer, event->offer))
    return g_strdup_printf ("P5 the offer %s of %s ends and was not", event->offer, event->interaction);
  if (is (event->cause, "timed_out") ? event->at < work->deadline
                                     : event->at >= work->deadline && is (event->cause, "rejected"))
    return g_strdup_printf ("P10 the offer of %s is %s at the wrong time", work->id, event->cause);
  g_clear_pointer (&work->offer, g_free);
  work->state = is (event->cause, "accepted") ? ACTIVE : WAITING;
  work->deadline = 0;
  if (work->state == WAITING)
    work->agent = NULL;
  return NULL;
}

static char *
read_ended (Reader *reader, const UcEvent *event)
{
  Work *work = find (reader->work, event->interaction);

  if (work == NULL || !is (id_of (work->agent), event->agent))
    return g_strdup_printf ("P5 %s ends in the wrong hands", event->interaction);
  if (is (event->ended_by, "agent") && work->left)
    return g_strdup_printf ("P7 %s was ended by the customer, not by the agent", work->id);
  work->left = work->left || is (event->ended_by, "customer");
  if (event->deadline > 0)
    {
      work->state = WRAP_UP;
      work->deadline = event->deadline;
    }
  return NULL;
}

static char *
read_overdue (Reader *reader, const UcEvent *event)
{
  Work *work = find (reader->work, event->interaction);

  if (work == NULL || work->overdue || !is (id_of (work->agent), event->agent)
      || (work->state == WRAP_UP ? event->at < work->deadline : work->state != ACTIVE))
    return g_strdup_printf ("P10 %s is overdue at the wrong time", event->interaction);
  work->overdue = TRUE;
  work->state = WRAP_UP;
  work->deadline = event->deadline;
  return NULL;
}

static gboolean
may_close (const Work *work, const char *cause)
{
  if (is (cause, "abandoned"))
    return work->state == WAITING;
  if (is (cause, "none"))
    return work->state == ACTIVE;
  if (is (cause, "timed_out") || is (cause, "manual"))
    return work->state == WRAP_UP;
  if (is (cause, "uncoded"))
    return work->overdue && work->deadline != 0;
  return is (cause, "agent_lost") && work->state == ACTIVE && work->left;
}

static char *
read_closed (Reader *reader, const UcEvent *event)
{
  Work *work = find (reader->work, event->interaction);

  if (work == NULL || !may_close (work, event->cause))
    return g_strdup_printf ("P7 %s was %s and is closed for %s", event->interaction,
                            state_words[work != NULL ? work->state : CLOSED], event->cause);
  if (event->uncoded && !is (event->cause, "uncoded") && !is (event->cause, "agent_lost"))
    return g_strdup_printf ("P7 %s is closed for %s and has no codes", work->id, event->cause);
  if ((is (event->cause, "timed_out") || is (event->cause, "uncoded")) && event->at < work->deadline)
    return g_strdup_printf ("P10 the wrap-up of %s ends too early", work->id);
  g_ptr_array_remove (reader->work, work);
  return NULL;
}

static char *
read_message (Reader *reader, const UcEvent *event)
{
  Talk *talk = find (reader->talks, event->conversation);
  const Work *work = find (reader->work, event->interaction);

  if (talk == NULL)
    {
      talk = g_new0 (Talk, 1);
      talk->id = g_strdup (event->conversation);
      g_ptr_array_add (reader->talks, talk);
    }
  if (event->n != ++talk->n)
    return g_strdup_printf ("P7 line %" G_GINT64_FORMAT " of %s follows line %" G_GINT64_FORMAT, event->n,
                            talk->id, talk->n - 1);
  if (event->interaction == NULL)
    return event->agent == NULL ? NULL : g_strdup_printf ("P5 line %s is nobody's", event->message);
  if (work == NULL || !is (work->conversation, event->conversation) || !is (id_of (work->agent), event->agent))
    return g_strdup_printf ("P5 line %s goes to the wrong agent", event->message);
  if (work->left && !is (event->author, "system"))
    return g_strdup_printf ("P7 line %s is said after the end", event->message);
  return NULL;
}

char *
reader_read (Reader *reader, const UcEvent *event)
{
  switch (event->type)
    {
    case UC_EVENT_USER_CHANGED:
      return read_user (reader, event);
    case UC_EVENT_QUEUE_CHANGED:
      return read_queue (reader, event);
    case UC_EVENT_MEMBERSHIP_CHANGED:
      return read_membership (reader, event);
    case UC_EVENT_POLICY_CHANGED:
      reader->acceptance_ms = event->acceptance_ms;
      return NULL;
    case UC_EVENT_SYSTEM_DRAIN:
      reader->draining = event->enabled != 0;
      return NULL;
    case UC_EVENT_AGENT_STATUS:
      return read_status (reader, event);
    case UC_EVENT_AGENT_PRESENCE:
      return read_presence (reader, event);
    case UC_EVENT_INTERACTION_OVERDUE:
      return read_overdue (reader, event);
    case UC_EVENT_INTERACTION_QUEUED:
      return read_queued (reader, event);
    case UC_EVENT_INTERACTION_OFFERED:
      return read_offered (reader, event);
    case UC_EVENT_OFFER_ENDED:
      return read_offer_ended (reader, event);
    case UC_EVENT_INTERACTION_ENDED:
      return read_ended (reader, event);
    case UC_EVENT_INTERACTION_CLOSED:
      return read_closed (reader, event);
    case UC_EVENT_MESSAGE_ADDED:
      return read_message (reader, event);
    default:
      return NULL;
    }
}
