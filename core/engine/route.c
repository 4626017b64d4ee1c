/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who gets what. Interactions wait per class in a balanced tree by (K, id), agents who can take one more stand per
 * group in a balanced tree by selection tuple, and a bit matrix says which group may serve which class. Nothing is
 * polled: whatever may have become servable marks its class dirty, and one pass at the end of a step looks at
 * those. Outside a step nobody waits who could be served (uc_engine_check proves it). Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

static gint64
line_key (const UcInteraction *interaction)
{
  return interaction->enqueued_at - interaction->boost;
}

gint
uc_interaction_compare (const UcInteraction *a, const UcInteraction *b)
{
  gint64 ka = line_key (a), kb = line_key (b);

  if (ka != kb)
    return ka < kb ? -1 : 1;
  return strcmp (a->id, b->id);
}

/* The selection tuple: smallest load ratio, then longest idle, then id. Ratios are compared crosswise, so that
 * no rounding decides. */
gint
uc_agent_compare (const UcAgent *a, const UcAgent *b)
{
  guint64 la = (guint64)uc_agent_load (a) * b->capacity, lb = (guint64)uc_agent_load (b) * a->capacity;

  if (la != lb)
    return la < lb ? -1 : 1;
  if (a->idle_since != b->idle_since)
    return a->idle_since < b->idle_since ? -1 : 1;
  return strcmp (a->id, b->id);
}

static gint
compare_waiting (gconstpointer a, gconstpointer b, gpointer data)
{
  return uc_interaction_compare (a, b);
}

static gint
compare_idle (gconstpointer a, gconstpointer b, gpointer data)
{
  return uc_agent_compare (a, b);
}

/* ---- classes and groups -------------------------------------------------------------------------------- */

UcClass *
uc_route_class_new (UcEngine *engine, UcQueue *queue)
{
  UcClass *class = g_new0 (UcClass, 1);

  class->index = engine->classes->len;
  class->queue = queue;
  class->waiting = g_sequence_new (NULL);
  class->resting = g_sequence_new (NULL);
  g_ptr_array_add (engine->classes, class);
  return class;
}

void
uc_route_class_free (UcClass *class)
{
  g_sequence_free (class->waiting);
  g_sequence_free (class->resting);
  uc_bits_free (&class->groups);
  g_free (class);
}

void
uc_route_group_free (UcGroup *group)
{
  if (group == NULL)
    return;
  g_sequence_free (group->idle);
  uc_bits_free (&group->members);
  uc_bits_free (&group->classes);
  g_free (group->key);
  g_free (group);
}

static void
connect (UcClass *class, UcGroup *group)
{
  uc_bits_put (&class->groups, group->index, class->queue->enabled);
  uc_bits_put (&group->classes, class->index, class->queue->enabled);
}

void
uc_route_queue_changed (UcEngine *engine, UcQueue *queue)
{
  for (guint g = 0; g < engine->groups->len; g++)
    {
      UcGroup *group = engine->groups->pdata[g];

      if (group != NULL && uc_bits_has (&group->members, queue->class->index))
        connect (queue->class, group);
    }
  uc_bits_set (&engine->dirty, queue->class->index);
}

static gint
compare_indices (gconstpointer a, gconstpointer b)
{
  guint x = *(const guint *)a, y = *(const guint *)b;

  return x < y ? -1 : x > y;
}

/* The classes of an agent's enabled memberships, ascending. */
static GArray *
classes_of (const UcAgent *agent)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint m = 0; m < agent->memberships->len; m++)
    {
      const UcMembership *membership = agent->memberships->pdata[m];

      if (membership->enabled)
        g_array_append_val (indices, membership->queue->class->index);
    }
  g_array_sort (indices, compare_indices);
  return indices;
}

static char *
key_of (const GArray *indices)
{
  GString *key = g_string_new (NULL);

  for (guint i = 0; i < indices->len; i++)
    g_string_append_printf (key, "%u,", g_array_index (indices, guint, i));
  return g_string_free (key, FALSE);
}

char *
uc_route_key (const UcAgent *agent)
{
  g_autoptr (GArray) indices = classes_of (agent);

  return key_of (indices);
}

static guint
free_group_slot (UcEngine *engine)
{
  for (guint g = 0; g < engine->groups->len; g++)
    if (engine->groups->pdata[g] == NULL)
      return g;
  g_ptr_array_add (engine->groups, NULL);
  return engine->groups->len - 1;
}

static UcGroup *
intern_group (UcEngine *engine, const UcAgent *agent)
{
  g_autoptr (GArray) indices = classes_of (agent);
  g_autofree char *key = key_of (indices);
  UcGroup *group = g_hash_table_lookup (engine->group_keys, key);

  if (group != NULL)
    return group;
  group = g_new0 (UcGroup, 1);
  group->index = free_group_slot (engine);
  group->key = g_steal_pointer (&key);
  group->idle = g_sequence_new (NULL);
  engine->groups->pdata[group->index] = group;
  g_hash_table_insert (engine->group_keys, group->key, group);
  for (guint i = 0; i < indices->len; i++)
    {
      guint index = g_array_index (indices, guint, i);

      uc_bits_set (&group->members, index);
      connect (engine->classes->pdata[index], group);
    }
  return group;
}

static void
drop_group (UcEngine *engine, UcGroup *group)
{
  for (gint64 c = uc_bits_next (&group->members, NULL, 0); c >= 0; c = uc_bits_next (&group->members, NULL, c + 1))
    {
      UcClass *class = engine->classes->pdata[c];

      uc_bits_clear (&class->groups, group->index);
    }
  g_hash_table_remove (engine->group_keys, group->key);
  engine->groups->pdata[group->index] = NULL;
  uc_route_group_free (group);
}

static gpointer
at_or_null (GSequenceIter *iter)
{
  return g_sequence_iter_is_end (iter) ? NULL : g_sequence_get (iter);
}

static void
leave_idle (UcEngine *engine, UcAgent *agent)
{
  UcGroup *group = agent->group;

  if (agent->idle == NULL)
    return;
  if (group->first == agent)
    group->first = at_or_null (g_sequence_iter_next (agent->idle));
  g_sequence_remove (agent->idle);
  agent->idle = NULL;
  uc_bits_put (&engine->able_groups, group->index, group->first != NULL);
}

static void
enter_idle (UcEngine *engine, UcAgent *agent)
{
  UcGroup *group = agent->group;

  agent->idle = g_sequence_insert_sorted (group->idle, agent, compare_idle, NULL);
  if (group->first == NULL || g_sequence_iter_is_begin (agent->idle))
    group->first = agent;
  uc_bits_set (&engine->able_groups, group->index);
  uc_bits_add (&engine->dirty, &group->classes);
}

/* Between two who stand where his tuple says that they do. */
static gboolean
stands_right (const UcAgent *agent)
{
  GSequenceIter *next = g_sequence_iter_next (agent->idle);

  return (g_sequence_iter_is_begin (agent->idle)
          || uc_agent_compare (g_sequence_get (g_sequence_iter_prev (agent->idle)), agent) < 0)
         && (g_sequence_iter_is_end (next) || uc_agent_compare (agent, g_sequence_get (next)) < 0);
}

void
uc_route_regroup (UcEngine *engine, UcAgent *agent)
{
  UcGroup *old = agent->group, *group = intern_group (engine, agent);

  if (group == old)
    return;
  leave_idle (engine, agent);
  group->agents++;
  agent->group = group;
  if (old != NULL && --old->agents == 0)
    drop_group (engine, old);
  uc_route_agent_changed (engine, agent);
}

void
uc_route_agent_changed (UcEngine *engine, UcAgent *agent)
{
  gboolean able = uc_agent_able (agent);

  /* Most events change nothing about this. */
  if (agent->idle != NULL ? able && stands_right (agent) : !able)
    return;
  leave_idle (engine, agent);
  if (able)
    enter_idle (engine, agent);
}

/* ---- the line ------------------------------------------------------------------------------------------ */

void
uc_route_enter (UcEngine *engine, UcInteraction *interaction)
{
  UcClass *class = interaction->queue->class;
  gboolean rests = interaction->deadline != 0;
  UcInteraction **first = rests ? &class->first_resting : &class->first_waiting;

  interaction->waiting
      = g_sequence_insert_sorted (rests ? class->resting : class->waiting, interaction, compare_waiting, NULL);
  if (*first == NULL || g_sequence_iter_is_begin (interaction->waiting))
    *first = interaction;
  interaction->queue->waiting++;
  uc_bits_set (&engine->waiting_classes, class->index);
  uc_bits_set (&engine->dirty, class->index);
}

void
uc_route_leave (UcEngine *engine, UcInteraction *interaction)
{
  UcClass *class = interaction->queue->class;

  if (class->first_waiting == interaction)
    class->first_waiting = at_or_null (g_sequence_iter_next (interaction->waiting));
  else if (class->first_resting == interaction)
    class->first_resting = at_or_null (g_sequence_iter_next (interaction->waiting));
  g_sequence_remove (interaction->waiting);
  interaction->waiting = NULL;
  interaction->queue->waiting--;
  uc_bits_put (&engine->waiting_classes, class->index, interaction->queue->waiting > 0);
}

static UcInteraction *
earlier (UcInteraction *a, UcInteraction *b)
{
  if (a == NULL || b == NULL)
    return a != NULL ? a : b;
  return uc_interaction_compare (a, b) < 0 ? a : b;
}

const UcInteraction *
uc_engine_first_waiting (UcEngine *engine, const UcQueue *queue)
{
  return earlier (queue->class->first_waiting, queue->class->first_resting);
}

/* ---- matching ------------------------------------------------------------------------------------------ */

/* The best agent of a group for the interaction, passing over those it was refused by; NULL = none is left. */
static UcAgent *
best_willing (const UcGroup *group, const UcInteraction *interaction)
{
  GSequenceIter *iter;

  if (interaction->excluded->len == 0)
    return group->first;
  iter = group->first->idle;
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      UcAgent *agent = g_sequence_get (iter);

      if (!uc_interaction_excludes (interaction, agent->id))
        return agent;
    }
  return NULL;
}

/* Who refused or missed it is asked again only when there is nobody else (better twice than never), and not while
 * it rests; NULL = nobody. */
static UcAgent *
best_agent (UcEngine *engine, const UcInteraction *interaction)
{
  const UcBits *groups = &interaction->queue->class->groups, *able = &engine->able_groups;
  UcAgent *willing = NULL, *any = NULL;

  for (gint64 g = uc_bits_next (groups, able, 0); g >= 0; g = uc_bits_next (groups, able, g + 1))
    {
      const UcGroup *group = engine->groups->pdata[g];
      UcAgent *candidate = best_willing (group, interaction);

      if (any == NULL || uc_agent_compare (group->first, any) < 0)
        any = group->first;
      if (candidate != NULL && (willing == NULL || uc_agent_compare (candidate, willing) < 0))
        willing = candidate;
    }
  return willing != NULL || interaction->deadline != 0 ? willing : any;
}

/* The first in line of a class with able agents: the head, or one that rests and has an agent nevertheless. */
static UcInteraction *
first_servable (UcEngine *engine, const UcClass *class)
{
  UcInteraction *head = class->first_waiting;
  GSequenceIter *iter;

  if (class->first_resting == NULL)
    return head;
  iter = class->first_resting->waiting;
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      UcInteraction *interaction = g_sequence_get (iter);

      if (head != NULL && uc_interaction_compare (head, interaction) < 0)
        break;
      if (best_agent (engine, interaction) != NULL)
        return interaction;
    }
  return head;
}

/* The first in line of all those who can be served; forgets the classes that can't. */
static UcInteraction *
next_servable (UcEngine *engine)
{
  UcInteraction *best = NULL;

  for (gint64 c = uc_bits_next (&engine->dirty, NULL, 0); c >= 0; c = uc_bits_next (&engine->dirty, NULL, c + 1))
    {
      const UcClass *class = engine->classes->pdata[c];
      UcInteraction *first = NULL;

      if (uc_bits_has (&engine->waiting_classes, c) && uc_bits_meet (&class->groups, &engine->able_groups))
        first = first_servable (engine, class);
      if (first == NULL)
        uc_bits_clear (&engine->dirty, c);
      best = earlier (best, first);
    }
  return best;
}

void
uc_step_route (UcStep *step)
{
  UcInteraction *interaction;

  /* Who became servable meanwhile stays marked for when it ends. */
  if (step->engine->draining)
    return;
  while ((interaction = next_servable (step->engine)) != NULL)
    uc_step_offer (step, interaction, best_agent (step->engine, interaction));
}
