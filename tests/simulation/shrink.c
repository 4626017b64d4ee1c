/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Delta debugging. See shrink.h.
 */
#include "tests/simulation/shrink.h"

#include <string.h>

typedef struct
{
  ScriptTrial trial;
  gpointer data;
  Script *best;
  char *kind;
  guint trials;
} Shrink;

static char *
kind_of (const char *failure)
{
  return g_strndup (failure, strcspn (failure, " "));
}

/* Takes the actions; keeps them if they fail in the same way. */
static gboolean
keep_if_failing (Shrink *shrink, GArray *actions)
{
  Script candidate = { actions, shrink->best->words };
  g_autofree char *failure = shrink->trial (&candidate, shrink->data);
  g_autofree char *kind = failure != NULL ? kind_of (failure) : NULL;

  shrink->trials++;
  if (g_strcmp0 (kind, shrink->kind) != 0)
    {
      g_array_unref (actions);
      return FALSE;
    }
  g_array_unref (shrink->best->actions);
  shrink->best->actions = actions;
  return TRUE;
}

/* ---- fewer actions ------------------------------------------------------------------------------------- */

/* From the end, where most is of no account: what comes after the failure. */
static gboolean
leave_out (Shrink *shrink, guint size)
{
  gboolean any = FALSE;
  guint end = shrink->best->actions->len;

  while (end > 0)
    {
      guint start = end > size ? end - size : 0;
      GArray *fewer = g_array_copy (shrink->best->actions);

      g_array_remove_range (fewer, start, end - start);
      any = keep_if_failing (shrink, fewer) || any;
      end = start;
    }
  return any;
}

static gboolean
fewer_actions (Shrink *shrink)
{
  gboolean any = FALSE;

  for (guint size = MAX (shrink->best->actions->len / 2, 1); size > 1; size /= 2)
    any = leave_out (shrink, size) || any;
  while (leave_out (shrink, 1))
    any = TRUE;
  return any;
}

/* ---- two at a time -------------------------------------------------------------------------------------- */

#define FEW 40 /* it takes the square of that */

static gboolean
without_two (Shrink *shrink, guint a, guint b)
{
  GArray *fewer = g_array_copy (shrink->best->actions);

  g_array_remove_index (fewer, b);
  g_array_remove_index (fewer, a);
  return keep_if_failing (shrink, fewer);
}

/* The two as one, in the place of the first or of the second: a log-in and a status, say. */
static gboolean
as_one (Shrink *shrink, guint a, guint b, gboolean first)
{
  GArray *fewer = g_array_copy (shrink->best->actions);
  UcCommand both = g_array_index (fewer, Action, a).command;
  const UcCommand *more = &script_action (shrink->best, b)->command;

  if (both.type != more->type)
    {
      g_array_unref (fewer);
      return FALSE;
    }
  for (gsize m = 0; m < n_command_members; m++)
    if (command_members[m].is_int && command_int (more, &command_members[m]) != 0)
      command_int (&both, &command_members[m]) = command_int (more, &command_members[m]);
    else if (!command_members[m].is_int && command_string (more, &command_members[m]) != NULL)
      command_string (&both, &command_members[m]) = command_string (more, &command_members[m]);
  g_array_index (fewer, Action, first ? a : b).command = both;
  g_array_remove_index (fewer, first ? b : a);
  return keep_if_failing (shrink, fewer);
}

static gboolean
fewer_pairs (Shrink *shrink)
{
  gboolean any = FALSE;

  if (shrink->best->actions->len > FEW)
    return FALSE;
  for (guint a = 0; a + 1 < shrink->best->actions->len; a++)
    for (guint b = a + 1; b < shrink->best->actions->len; b++)
      if (without_two (shrink, a, b) || as_one (shrink, a, b, TRUE) || as_one (shrink, a, b, FALSE))
        {
          any = TRUE;
          b = a; /* others stand there now */
        }
  return any;
}

/* ---- simpler actions ----------------------------------------------------------------------------------- */

static gboolean
without_member (Shrink *shrink, guint a, const CommandMember *member)
{
  const UcCommand *command = &script_action (shrink->best, a)->command;
  GArray *actions;

  if (member->is_int ? command_int (command, member) == 0 : command_string (command, member) == NULL)
    return FALSE;
  actions = g_array_copy (shrink->best->actions);
  if (member->is_int)
    command_int (&g_array_index (actions, Action, a).command, member) = 0;
  else
    command_string (&g_array_index (actions, Action, a).command, member) = NULL;
  return keep_if_failing (shrink, actions);
}

static gboolean
smaller_number (Shrink *shrink, guint a, const CommandMember *member)
{
  gint64 value = member->is_int ? command_int (&script_action (shrink->best, a)->command, member) : 0;
  gint64 smaller[] = { 1, 1000, value / 2 };

  for (gsize s = 0; s < G_N_ELEMENTS (smaller); s++)
    {
      GArray *actions;

      if (ABS (smaller[s]) >= ABS (value))
        continue;
      actions = g_array_copy (shrink->best->actions);
      command_int (&g_array_index (actions, Action, a).command, member) = smaller[s];
      if (keep_if_failing (shrink, actions))
        return TRUE;
    }
  return FALSE;
}

/* The time before the action goes; all that follows comes earlier. */
static gboolean
without_pause (Shrink *shrink, guint a)
{
  gint64 before = a > 0 ? script_action (shrink->best, a - 1)->at : DICE_START;
  gint64 pause = script_action (shrink->best, a)->at - before;
  GArray *actions;

  if (pause <= 0)
    return FALSE;
  actions = g_array_copy (shrink->best->actions);
  for (guint later = a; later < actions->len; later++)
    g_array_index (actions, Action, later).at -= pause;
  return keep_if_failing (shrink, actions);
}

static gboolean
simpler_actions (Shrink *shrink)
{
  gboolean any = FALSE;

  for (guint a = 0; a < shrink->best->actions->len; a++)
    {
      any = without_pause (shrink, a) || any;
      for (gsize m = 0; m < n_command_members; m++)
        any = without_member (shrink, a, &command_members[m]) || smaller_number (shrink, a, &command_members[m])
              || any;
    }
  return any;
}

Script *
shrink (const Script *script, ScriptTrial trial, gpointer data, guint *trials)
{
  Shrink shrink = { trial, data, script_new (), NULL, 0 };
  g_autofree char *failure = trial (script, data);
  guint rounds = 0;

  for (guint a = 0; a < script->actions->len; a++)
    script_add (shrink.best, script_action (script, a));
  if (failure != NULL)
    {
      shrink.kind = kind_of (failure);
      while ((fewer_actions (&shrink) || simpler_actions (&shrink) || fewer_pairs (&shrink)) && ++rounds < 50)
        ;
    }
  if (trials != NULL)
    *trials = shrink.trials;
  g_free (shrink.kind);
  return shrink.best;
}
