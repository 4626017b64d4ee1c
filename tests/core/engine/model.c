/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The stupid router. See model.h.
 */
#include "tests/core/engine/model.h"

#include <string.h>

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
  char *user, *queue;
  gboolean enabled;
} Membership;

typedef struct
{
  char *id, *conversation, *queue, *agent, *offer;
  const char *state; /* waiting offered active wrap_up */
  gboolean left;     /* the customer ended it */
  gboolean resting;  /* not for those who refused it */
  gboolean overdue;
  gint64 key, deadline, acceptance_ms;
  char **excluded;
} Work;

typedef struct
{
  char *id;
  gint64 n;
} Talk;

struct Model
{
  GPtrArray *agents, *queues, *memberships, *work, *talks;
  gint64 acceptance_ms; /* the policy's */
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
membership_free (Membership *membership)
{
  g_free (membership->user);
  g_free (membership->queue);
  g_free (membership);
}

static void
work_free (Work *work)
{
  g_free (work->id);
  g_free (work->conversation);
  g_free (work->queue);
  g_free (work->agent);
  g_free (work->offer);
  g_strfreev (work->excluded);
  g_free (work);
}

static void
talk_free (Talk *talk)
{
  g_free (talk->id);
  g_free (talk);
}

Model *
model_new (void)
{
  Model *model = g_new0 (Model, 1);

  model->acceptance_ms = 30000;
  model->agents = g_ptr_array_new_with_free_func ((GDestroyNotify)agent_free);
  model->queues = g_ptr_array_new_with_free_func ((GDestroyNotify)queue_free);
  model->memberships = g_ptr_array_new_with_free_func ((GDestroyNotify)membership_free);
  model->work = g_ptr_array_new_with_free_func ((GDestroyNotify)work_free);
  model->talks = g_ptr_array_new_with_free_func ((GDestroyNotify)talk_free);
  return model;
}

void
model_free (Model *model)
{
  g_ptr_array_unref (model->agents);
  g_ptr_array_unref (model->queues);
  g_ptr_array_unref (model->memberships);
  g_ptr_array_unref (model->work);
  g_ptr_array_unref (model->talks);
  g_free (model);
}

/* Every record begins with its id. */
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

static gint64
count (Model *model, const Agent *agent, const char *state)
{
  gint64 n = 0;

  for (guint w = 0; w < model->work->len; w++)
    {
      const Work *work = model->work->pdata[w];

      n += is (work->agent, agent->id) && (state == NULL || is (work->state, state));
    }
  return n;
}

/* ---- the rules ----------------------------------------------------------------------------------------- */

static gboolean
serves (Model *model, const Agent *agent, const char *queue)
{
  const Queue *found = find (model->queues, queue);

  for (guint m = 0; m < model->memberships->len; m++)
    {
      const Membership *membership = model->memberships->pdata[m];

      if (is (membership->user, agent->id) && is (membership->queue, queue))
        return membership->enabled && found->enabled;
    }
  return FALSE;
}

static gboolean
able (Model *model, const Agent *agent, const char *queue)
{
  return agent->enabled && is (agent->asked, "available") && !agent->stop_new && !is (agent->presence, "away")
         && !is (agent->presence, "lost") && count (model, agent, "offered") == 0
         && count (model, agent, NULL) < agent->capacity && serves (model, agent, queue);
}

static gboolean
refused (const Work *work, const Agent *agent)
{
  return work->excluded != NULL && g_strv_contains ((const char *const *)work->excluded, agent->id);
}

/* Whether `a` is to be asked before `b`. */
static gboolean
goes_before (Model *model, const Work *work, const Agent *a, const Agent *b)
{
  gint64 x, y;

  if (refused (work, a) != refused (work, b))
    return refused (work, b);
  x = count (model, a, NULL) * b->capacity;
  y = count (model, b, NULL) * a->capacity;
  if (x != y)
    return x < y;
  if (a->idle_since != b->idle_since)
    return a->idle_since < b->idle_since;
  return strcmp (a->id, b->id) < 0;
}

static const Agent *
choose (Model *model, const Work *work)
{
  const Agent *best = NULL;

  for (guint a = 0; a < model->agents->len; a++)
    {
      const Agent *agent = model->agents->pdata[a];

      if (work->resting && refused (work, agent))
        continue;
      if (able (model, agent, work->queue) && (best == NULL || goes_before (model, work, agent, best)))
        best = agent;
    }
  return best;
}

/* The first in line of all who can be served. */
static const Work *
next (Model *model, const Agent **agent)
{
  const Work *best = NULL;

  for (guint w = 0; w < model->work->len; w++)
    {
      const Work *work = model->work->pdata[w];
      const Agent *chosen = is (work->state, "waiting") ? choose (model, work) : NULL;

      if (chosen == NULL)
        continue;
      if (best != NULL && (work->key > best->key || (work->key == best->key && strcmp (work->id, best->id) > 0)))
        continue;
      best = work;
      *agent = chosen;
    }
  return best;
}

char *
model_rest (Model *model)
{
  const Agent *agent = NULL;
  const Work *work = next (model, &agent);

  for (guint a = 0; a < model->agents->len; a++)
    {
      const Agent *other = model->agents->pdata[a];
      const char *status = count (model, other, "active") > 0    ? "busy"
                           : count (model, other, "wrap_up") > 0 ? "post_processing"
                           : count (model, other, "offered") > 0 ? "offered"
                                                                 : other->asked;

      if (is (other->presence, "lost") && count (model, other, "offered") + count (model, other, "active") > 0)
        return g_strdup_printf ("%s is lost and still has chats", other->id);
      if (other->auto_accept && count (model, other, "offered") > 0)
        return g_strdup_printf ("%s accepts everything and has an offer", other->id);
      if (!is (status, other->status))
        return g_strdup_printf ("%s was told to be %s and is %s", other->id, other->status, status);
    }
  if (work == NULL)
    return NULL;
  return g_strdup_printf ("%s waits though %s is able", work->id, agent->id);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static char *
read_user (Model *model, const UcEvent *event)
{
  Agent *agent = find (model->agents, event->user);

  if (agent == NULL)
    {
      agent = g_new0 (Agent, 1);
      agent->id = g_strdup (event->user);
      agent->asked = g_strdup ("logged_out");
      agent->status = g_strdup ("logged_out");
      g_ptr_array_add (model->agents, agent);
    }
  agent->enabled = event->enabled != 0;
  agent->capacity = event->capacity;
  agent->acceptance_ms = event->acceptance_ms;
  agent->auto_accept = event->auto_accept != 0;
  return NULL;
}

static char *
read_queue (Model *model, const UcEvent *event)
{
  Queue *queue = find (model->queues, event->queue);

  if (queue == NULL)
    {
      queue = g_new0 (Queue, 1);
      queue->id = g_strdup (event->queue);
      g_ptr_array_add (model->queues, queue);
    }
  queue->enabled = event->enabled != 0;
  queue->boost = event->boost;
  queue->acceptance_ms = event->acceptance_ms;
  return NULL;
}

static char *
read_membership (Model *model, const UcEvent *event)
{
  Membership *membership;

  for (guint m = 0; m < model->memberships->len; m++)
    {
      membership = model->memberships->pdata[m];
      if (is (membership->user, event->user) && is (membership->queue, event->queue))
        {
          g_ptr_array_remove_index (model->memberships, m);
          break;
        }
    }
  if (event->removed)
    return NULL;
  membership = g_new0 (Membership, 1);
  membership->user = g_strdup (event->user);
  membership->queue = g_strdup (event->queue);
  membership->enabled = event->enabled != 0;
  g_ptr_array_add (model->memberships, membership);
  return NULL;
}

static char *
read_status (Model *model, const UcEvent *event)
{
  Agent *agent = find (model->agents, event->agent);

  g_free (agent->asked);
  g_free (agent->status);
  agent->asked = g_strdup (event->asked);
  agent->status = g_strdup (event->status);
  agent->stop_new = event->stop_new != 0;
  agent->idle_since = event->idle_since;
  return NULL;
}

static char *
read_presence (Model *model, const UcEvent *event)
{
  Agent *agent = find (model->agents, event->agent);

  if (is (event->state, "lost") && !is (agent->presence, "away"))
    return g_strdup_printf ("%s is lost and was %s", agent->id, agent->presence);
  g_free (agent->presence);
  agent->presence = g_strdup (event->state);
  return NULL;
}

static char *
read_queued (Model *model, const UcEvent *event)
{
  Work *work = find (model->work, event->interaction);
  const Queue *queue = find (model->queues, event->queue);
  gint64 key = event->enqueued_at - event->boost;

  if ((work == NULL) != is (event->cause, "new"))
    return g_strdup_printf ("%s is queued for the cause %s", event->interaction, event->cause);
  if (work == NULL)
    {
      if (event->enqueued_at != event->at || event->boost != queue->boost)
        return g_strdup_printf ("%s enters at the wrong place", event->interaction);
      work = g_new0 (Work, 1);
      work->id = g_strdup (event->interaction);
      work->conversation = g_strdup (event->conversation);
      work->queue = g_strdup (event->queue);
      work->state = "waiting";
      work->key = key;
      work->acceptance_ms = event->acceptance_ms;
      g_ptr_array_add (model->work, work);
    }
  if (is (work->state, "active")
          ? !is (event->cause, "agent_lost") || !is (event->agent, work->agent) || work->left
          : !is (work->state, "waiting") || event->agent != NULL)
    return g_strdup_printf ("%s is %s and queued for the cause %s", work->id, work->state, event->cause);
  if (is (event->cause, "rested") && !work->resting)
    return g_strdup_printf ("%s has rested, but was not resting", work->id);
  work->state = "waiting";
  work->resting = event->deadline > 0;
  g_clear_pointer (&work->agent, g_free);
  if (work->key != key || !is (work->queue, event->queue))
    return g_strdup_printf ("%s lost its place in line", work->id);
  g_strfreev (work->excluded);
  work->excluded = event->excluded != NULL ? g_strsplit (event->excluded, ",", -1) : NULL;
  return NULL;
}

static gint64
interval (Model *model, const Work *work, const Agent *agent)
{
  const Queue *queue = find (model->queues, work->queue);

  return work->acceptance_ms > 0    ? work->acceptance_ms
         : queue->acceptance_ms > 0 ? queue->acceptance_ms
         : agent->acceptance_ms > 0 ? agent->acceptance_ms
                                    : model->acceptance_ms;
}

static char *
read_offered (Model *model, const UcEvent *event)
{
  const Agent *agent = NULL;
  Work *work = (Work *)next (model, &agent);

  if (work == NULL)
    return g_strdup_printf ("%s is offered to %s, but nothing can be offered", event->interaction, event->agent);
  if (!is (work->id, event->interaction) || !is (agent->id, event->agent))
    return g_strdup_printf ("%s is offered to %s, it should be %s to %s", event->interaction, event->agent,
                            work->id, agent->id);
  if (event->deadline != event->at + interval (model, work, agent))
    return g_strdup_printf ("the offer of %s has the wrong deadline", work->id);
  work->state = "offered";
  work->resting = FALSE;
  work->agent = g_strdup (event->agent);
  work->offer = g_strdup (event->offer);
  work->deadline = event->deadline;
  return NULL;
}

static char *
read_offer_ended (Model *model, const UcEvent *event)
{
  Work *work = find (model->work, event->interaction);

  if (work == NULL || !is (work->state, "offered") || !is (work->agent, event->agent)
      || !is (work->offer, event->offer))
    return g_strdup_printf ("the offer %s of %s ends and was not", event->offer, event->interaction);
  if (is (event->cause, "timed_out") ? event->at < work->deadline
                                     : event->at >= work->deadline && is (event->cause, "rejected"))
    return g_strdup_printf ("the offer of %s is %s at the wrong time", work->id, event->cause);
  g_clear_pointer (&work->offer, g_free);
  if (is (event->cause, "accepted"))
    work->state = "active";
  else
    {
      work->state = "waiting";
      g_clear_pointer (&work->agent, g_free);
    }
  return NULL;
}

static char *
read_ended (Model *model, const UcEvent *event)
{
  Work *work = find (model->work, event->interaction);

  if (work == NULL || !is (work->agent, event->agent))
    return g_strdup_printf ("%s ends in the wrong hands", event->interaction);
  if (is (event->ended_by, "agent") && work->left)
    return g_strdup_printf ("%s was ended by the customer, not by the agent", work->id);
  work->left = work->left || is (event->ended_by, "customer");
  if (event->deadline > 0)
    {
      work->state = "wrap_up";
      work->deadline = event->deadline;
    }
  return NULL;
}

static char *
read_overdue (Model *model, const UcEvent *event)
{
  Work *work = find (model->work, event->interaction);

  if (work == NULL || work->overdue || !is (work->agent, event->agent)
      || (is (work->state, "wrap_up") ? event->at < work->deadline : !is (work->state, "active")))
    return g_strdup_printf ("%s is overdue at the wrong time", event->interaction);
  work->overdue = TRUE;
  work->state = "wrap_up";
  work->deadline = event->deadline;
  return NULL;
}

static char *
read_closed (Model *model, const UcEvent *event)
{
  Work *work = find (model->work, event->interaction);
  const char *state = work != NULL ? work->state : "closed";

  if (is (event->cause, "abandoned")                                  ? !is (state, "waiting")
      : is (event->cause, "none")                                     ? !is (state, "active")
      : is (event->cause, "timed_out") || is (event->cause, "manual") ? !is (state, "wrap_up")
      : is (event->cause, "uncoded")                                  ? !work->overdue || work->deadline == 0
      : is (event->cause, "agent_lost")                               ? !is (state, "active") || !work->left
                                                                      : TRUE)
    return g_strdup_printf ("%s was %s and is closed for %s", event->interaction, state, event->cause);
  if (event->uncoded && !is (event->cause, "uncoded") && !is (event->cause, "agent_lost"))
    return g_strdup_printf ("%s is closed for %s and has no codes", work->id, event->cause);
  if ((is (event->cause, "timed_out") || is (event->cause, "uncoded")) && event->at < work->deadline)
    return g_strdup_printf ("the wrap-up of %s ends too early", work->id);
  g_ptr_array_remove (model->work, work);
  return NULL;
}

static char *
read_message (Model *model, const UcEvent *event)
{
  Talk *talk = find (model->talks, event->conversation);
  const Work *work = find (model->work, event->interaction);

  if (talk == NULL)
    {
      talk = g_new0 (Talk, 1);
      talk->id = g_strdup (event->conversation);
      g_ptr_array_add (model->talks, talk);
    }
  if (event->n != ++talk->n)
    return g_strdup_printf ("line %" G_GINT64_FORMAT " of %s follows line %" G_GINT64_FORMAT, event->n, talk->id,
                            talk->n - 1);
  if (event->interaction == NULL)
    return event->agent == NULL ? NULL : g_strdup_printf ("line %s is nobody's", event->message);
  if (work == NULL || !is (work->conversation, event->conversation) || !is (work->agent, event->agent))
    return g_strdup_printf ("line %s goes to the wrong agent", event->message);
  if (work->left && !is (event->author, "system"))
    return g_strdup_printf ("line %s is said after the end", event->message);
  return NULL;
}

char *
model_read (Model *model, const UcEvent *event)
{
  switch (event->type)
    {
    case UC_EVENT_USER_CHANGED:
      return read_user (model, event);
    case UC_EVENT_QUEUE_CHANGED:
      return read_queue (model, event);
    case UC_EVENT_MEMBERSHIP_CHANGED:
      return read_membership (model, event);
    case UC_EVENT_POLICY_CHANGED:
      model->acceptance_ms = event->acceptance_ms;
      return NULL;
    case UC_EVENT_AGENT_STATUS:
      return read_status (model, event);
    case UC_EVENT_AGENT_PRESENCE:
      return read_presence (model, event);
    case UC_EVENT_INTERACTION_OVERDUE:
      return read_overdue (model, event);
    case UC_EVENT_INTERACTION_QUEUED:
      return read_queued (model, event);
    case UC_EVENT_INTERACTION_OFFERED:
      return read_offered (model, event);
    case UC_EVENT_OFFER_ENDED:
      return read_offer_ended (model, event);
    case UC_EVENT_INTERACTION_ENDED:
      return read_ended (model, event);
    case UC_EVENT_INTERACTION_CLOSED:
      return read_closed (model, event);
    case UC_EVENT_MESSAGE_ADDED:
      return read_message (model, event);
    default:
      return NULL;
    }
}
