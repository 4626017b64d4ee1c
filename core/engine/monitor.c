/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The invariants of the state, a few agents and interactions at a time: for a daemon that looks at itself while it
 * works (mission B12). Each piece is checked within one call, so that what happens between the calls can't look
 * broken; a round goes over the agents with what they have, then the lines, the timers, and the sums. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

enum
{
  PHASE_AGENTS,
  PHASE_LINES,
  PHASE_TIMERS,
  PHASE_SUMS
};

typedef struct
{
  UcCheck check;
  UcCheckCursor *cursor;
  gint64 now;
  guint budget;
} Monitor;

static void
next_phase (UcCheckCursor *cursor)
{
  cursor->phase++;
  cursor->index = cursor->place = 0;
  cursor->resting = FALSE;
}

static gboolean
is_late (const Monitor *monitor, gint64 deadline)
{
  return deadline != 0 && monitor->now - deadline > monitor->cursor->late_ms;
}

/* ---- agents -------------------------------------------------------------------------------------------- */

/* The same one under its id, in one place, and its deadline not forgotten. */
static gboolean
check_interaction (Monitor *monitor, const UcInteraction *interaction)
{
  UcCheck *check = &monitor->check;

  if (g_hash_table_lookup (check->engine->interactions, interaction->id) != interaction)
    return uc_check_broken (check, "interaction %s is not known by its id", interaction->id);
  if (!uc_check_interaction (check, interaction))
    return FALSE;
  if (is_late (monitor, interaction->deadline))
    return uc_check_broken (check, "interaction %s is %s, and the end of that is %" G_GINT64_FORMAT " ms overdue",
                            interaction->id, uc_interaction_state_word (interaction->state),
                            monitor->now - interaction->deadline);
  return TRUE;
}

static gboolean
check_agent (Monitor *monitor, UcAgent *agent)
{
  UcCheck *check = &monitor->check;

  if (g_hash_table_lookup (check->engine->agents, agent->id) != agent)
    return uc_check_broken (check, "agent %s is not known by his id", agent->id);
  if (!uc_check_agent (check, agent) || !uc_check_idle (check, agent))
    return FALSE;
  for (guint i = 0; i < agent->interactions->len; i++)
    if (!check_interaction (monitor, agent->interactions->pdata[i]))
      return FALSE;
  if (is_late (monitor, agent->presence_deadline) || is_late (monitor, agent->return_at))
    return uc_check_broken (check, "agent %s is away or on a break longer than he was to be", agent->id);
  return TRUE;
}

static gboolean
check_agents (Monitor *monitor)
{
  const GPtrArray *roll = monitor->check.engine->roll;
  UcCheckCursor *cursor = monitor->cursor;

  while (monitor->budget > 0 && cursor->index < roll->len)
    {
      UcAgent *agent = roll->pdata[cursor->index++];

      monitor->budget -= MIN (monitor->budget, 1 + agent->interactions->len);
      if (!check_agent (monitor, agent))
        return FALSE;
    }
  if (cursor->index >= roll->len)
    next_phase (cursor);
  return TRUE;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static gint
compare_waiting (gconstpointer a, gconstpointer b, gpointer data)
{
  return uc_interaction_compare (a, b);
}

/* Where the walk along a line goes on: whoever stood there may have left, others may have come. By key; but a line
 * that is out of order must not make it pass anybody over, or turn back for ever: so never further on than by
 * counting, and back only to one that comes after all it has seen. */
static GSequenceIter *
place_in_line (const UcCheckCursor *cursor, GSequence *line)
{
  UcInteraction last = { .id = (char *)cursor->id, .enqueued_at = cursor->key };
  GSequenceIter *counted = g_sequence_get_iter_at_pos (line, (gint)cursor->place), *found;

  if (cursor->place == 0)
    return counted;
  found = g_sequence_search (line, &last, compare_waiting, NULL);
  if (g_sequence_iter_compare (found, counted) >= 0 || uc_interaction_compare (g_sequence_get (found), &last) <= 0)
    return counted;
  return found;
}

static void
remember_place (UcCheckCursor *cursor, GSequenceIter *iter)
{
  const UcInteraction *interaction = g_sequence_get (iter);
  UcInteraction last = { .id = (char *)cursor->id, .enqueued_at = cursor->key };

  if (cursor->place == 0 || uc_interaction_compare (interaction, &last) > 0)
    {
      cursor->key = interaction->enqueued_at - interaction->boost;
      g_strlcpy (cursor->id, interaction->id, sizeof cursor->id);
    }
  cursor->place = (guint)g_sequence_iter_get_position (iter) + 1;
}

static gboolean
check_one_in_line (Monitor *monitor, GSequenceIter *iter)
{
  UcCheck *check = &monitor->check;
  const UcInteraction *interaction = g_sequence_get (iter);
  GSequenceIter *before = g_sequence_iter_prev (iter);

  remember_place (monitor->cursor, iter);
  if (interaction->state != UC_INTERACTION_WAITING)
    return uc_check_broken (check, "interaction %s is %s and stands in line", interaction->id,
                            uc_interaction_state_word (interaction->state));
  if (before != iter && uc_interaction_compare (g_sequence_get (before), interaction) >= 0)
    return uc_check_broken (check, "interaction %s stands behind one that comes after it", interaction->id);
  return check_interaction (monitor, interaction);
}

/* One line of one class; TRUE with some budget left: to its end. */
static gboolean
check_line (Monitor *monitor, GSequence *line)
{
  GSequenceIter *iter = place_in_line (monitor->cursor, line);

  for (; monitor->budget > 0 && !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      monitor->budget--;
      if (!check_one_in_line (monitor, iter))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_lines (Monitor *monitor)
{
  const GPtrArray *classes = monitor->check.engine->classes;
  UcCheckCursor *cursor = monitor->cursor;

  while (monitor->budget > 0 && cursor->index < classes->len)
    {
      const UcClass *class = classes->pdata[cursor->index];

      if (!check_line (monitor, cursor->resting ? class->resting : class->waiting))
        return FALSE;
      if (monitor->budget == 0)
        return TRUE;
      monitor->budget--;
      cursor->place = 0;
      cursor->resting = !cursor->resting;
      if (!cursor->resting)
        cursor->index++;
      if (!cursor->resting && !uc_check_class (&monitor->check, class))
        return FALSE;
    }
  if (cursor->index >= classes->len)
    next_phase (cursor);
  return TRUE;
}

/* ---- timers and sums ----------------------------------------------------------------------------------- */

static gboolean
check_timers (Monitor *monitor)
{
  const GPtrArray *timers = monitor->check.engine->timers;
  UcCheckCursor *cursor = monitor->cursor;

  while (monitor->budget > 0 && cursor->index < timers->len)
    {
      monitor->budget--;
      if (!uc_check_timer (&monitor->check, cursor->index++))
        return FALSE;
    }
  if (cursor->index >= timers->len)
    next_phase (cursor);
  return TRUE;
}

/* Everybody in a place is known and in that place alone; so if the numbers agree, everybody known has one. */
static gboolean
check_sums (UcCheck *check)
{
  UcEngine *engine = check->engine;
  guint placed = 0, known = g_hash_table_size (engine->interactions);

  for (guint a = 0; a < engine->roll->len; a++)
    placed += ((const UcAgent *)engine->roll->pdata[a])->interactions->len;
  for (guint c = 0; c < engine->classes->len; c++)
    {
      const UcClass *class = engine->classes->pdata[c];

      placed += g_sequence_get_length (class->waiting) + g_sequence_get_length (class->resting);
    }
  if (placed != known)
    return uc_check_broken (check, "%u interactions are known, %u are in line or with an agent", known, placed);
  if (g_hash_table_size (engine->agents) != engine->roll->len
      || g_hash_table_size (engine->logins) != engine->roll->len)
    return uc_check_broken (check, "there are %u users, %u on the roll, and %u logins",
                            g_hash_table_size (engine->agents), engine->roll->len,
                            g_hash_table_size (engine->logins));
  return TRUE;
}

gboolean
uc_engine_check_some (UcEngine *engine, gint64 now, UcCheckCursor *cursor, guint budget, gboolean *round_done,
                      GError **error)
{
  /* A clock that was set back over a restart is no broken state. */
  Monitor monitor = { { engine, G_MAXINT64, error }, cursor, now, budget };
  gboolean right = TRUE, done = FALSE;

  while (right && !done && monitor.budget > 0)
    switch (cursor->phase)
      {
      case PHASE_AGENTS:
        right = check_agents (&monitor);
        break;
      case PHASE_LINES:
        right = check_lines (&monitor);
        break;
      case PHASE_TIMERS:
        right = check_timers (&monitor);
        break;
      default:
        right = check_sums (&monitor.check);
        *cursor = (UcCheckCursor){ .late_ms = cursor->late_ms, .rounds = cursor->rounds + 1 };
        done = TRUE;
      }
  if (round_done != NULL)
    *round_done = done;
  return right;
}
