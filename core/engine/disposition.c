/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The transaction codes of an interaction: which it has, and which required ones it lacks. They are chosen during
 * the chat, in post processing, or later from the backlog. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#include "core/base/json.h"

#define CHOSEN_MAX 64

/* ---- what is missing ----------------------------------------------------------------------------------- */

static gboolean
is_for_queue (const UcCodeList *list, const char *queue)
{
  gsize len = strlen (queue);

  if (strcmp (list->use, "disposition") != 0)
    return FALSE;
  for (const char *at = list->queues; at != NULL; at = strchr (at, ','))
    {
      at += *at == ',';
      if (strncmp (at, queue, len) == 0 && (at[len] == ',' || at[len] == '\0'))
        return TRUE;
    }
  return list->queues == NULL;
}

static gboolean
has_code_of (const UcJson *codes, const char *list)
{
  for (const UcJson *code = uc_json_first (codes); code != NULL; code = uc_json_next (code))
    if (g_strcmp0 (uc_json_string (uc_json_get (code, "list")), list) == 0)
      return TRUE;
  return FALSE;
}

static UcJson *
parse (const char *codes)
{
  return codes != NULL ? uc_json_parse (codes, strlen (codes), NULL, NULL) : NULL;
}

/* Names separated by ", ", in the order of the lists' ids; NULL = none. */
static char *
missing_in (UcEngine *engine, const char *queue, const char *codes)
{
  GString *missing = g_string_new (NULL);
  g_autoptr (UcJson) chosen = NULL;

  for (guint l = 0; l < engine->code_lists->len; l++)
    {
      const UcCodeList *list = engine->code_lists->pdata[l];

      if (!list->required || !list->enabled || !is_for_queue (list, queue))
        continue;
      if (chosen == NULL)
        chosen = parse (codes);
      if (!has_code_of (chosen, list->id))
        g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", list->name);
    }
  return g_string_free (missing, missing->len == 0);
}

char *
uc_interaction_missing_codes (UcEngine *engine, const UcInteraction *interaction)
{
  return missing_in (engine, interaction->queue->id, interaction->codes);
}

gboolean
uc_interaction_lacks_codes (UcEngine *engine, const UcInteraction *interaction)
{
  g_autofree char *missing = uc_interaction_missing_codes (engine, interaction);

  return missing != NULL;
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

typedef struct
{
  UcStep *step;
  const char *queue;
  const UcJson *had;  /* what it has already */
  gboolean any_state; /* codes that are not active any more are taken too */
  GString *out;
} Choice;

static const UcJson *
find_chosen (const UcJson *codes, const char *list, const char *code)
{
  for (const UcJson *one = uc_json_first (codes); one != NULL; one = uc_json_next (one))
    if (g_strcmp0 (uc_json_string (uc_json_get (one, "list")), list) == 0
        && g_strcmp0 (uc_json_string (uc_json_get (one, "code")), code) == 0)
      return one;
  return NULL;
}

static const UcCode *
find_code (const UcCodeList *list, const char *id)
{
  for (guint c = 0; c < list->codes->len; c++)
    if (strcmp (((UcCode *)list->codes->pdata[c])->id, id) == 0)
      return list->codes->pdata[c];
  return NULL;
}

/* The name of a code that may be chosen; NULL = it may not, the step has failed. */
static const char *
resolve (Choice *choice, const char *list_id, const char *code_id)
{
  const UcCodeList *list = uc_codes_find (choice->step->engine, list_id);
  const UcJson *had = find_chosen (choice->had, list_id, code_id);
  const UcCode *code = list != NULL ? find_code (list, code_id) : NULL;

  if (had != NULL)
    return uc_json_string (uc_json_get (had, "name"));
  if (list == NULL || strcmp (list->use, "disposition") != 0)
    uc_step_fail (choice->step, UC_ERROR_NOT_FOUND, "there is no list of transaction codes '%s'", list_id);
  else if (!is_for_queue (list, choice->queue))
    uc_step_fail (choice->step, UC_ERROR_INVALID, "the codes of %s are not for queue %s", list->name,
                  choice->queue);
  else if (code == NULL)
    uc_step_fail (choice->step, UC_ERROR_NOT_FOUND, "the list %s has no code '%s'", list->name, code_id);
  else if (!choice->any_state && (!code->active || !list->enabled))
    uc_step_fail (choice->step, UC_ERROR_INVALID, "the code %s of %s is not in use any more: choose another",
                  code->name, list->name);
  else
    return code->name;
  return NULL;
}

static gboolean
choose (Choice *choice, const char *word)
{
  const char *slash = strchr (word, '/');
  g_autofree char *list = NULL;
  const char *name;

  if (slash == NULL || slash == word || slash[1] == '\0')
    return uc_step_fail (choice->step, UC_ERROR_INVALID, "a code is chosen as LIST/CODE, not as '%s'", word);
  list = g_strndup (word, (gsize)(slash - word));
  name = resolve (choice, list, slash + 1);
  if (name == NULL)
    return FALSE;
  uc_json_begin (choice->out);
  uc_json_add_string (choice->out, "list", list);
  uc_json_add_string (choice->out, "code", slash + 1);
  uc_json_add_string (choice->out, "name", name);
  uc_json_end (choice->out);
  return TRUE;
}

/* "list/code,list/code" as events carry it; NULL = the step has failed. */
static char *
choose_all (UcStep *step, const char *queue, const char *had, gboolean any_state)
{
  const char *text = step->command->codes != NULL ? step->command->codes : "";
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  g_autoptr (UcJson) before = parse (had);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) out = g_string_new ("[");
  Choice choice = { step, queue, before, any_state, out };

  if (g_strv_length (words) > CHOSEN_MAX)
    {
      uc_step_fail (step, UC_ERROR_INVALID, "an interaction has at most %d codes", CHOSEN_MAX);
      return NULL;
    }
  for (gsize w = 0; words[w] != NULL; w++)
    if (g_hash_table_add (seen, words[w]) && !choose (&choice, words[w]))
      return NULL;
  g_string_append_c (out, ']');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
tell (UcStep *step, const char *interaction, const char *agent, const char *codes, gboolean uncoded)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_CODES);

  event->interaction = g_strdup (interaction);
  event->agent = g_strdup (agent);
  event->codes = g_strdup (codes);
  event->uncoded = uncoded;
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

/* The shell has looked it up in the store, and who may do this. */
static gboolean
set_closed (UcStep *step)
{
  const UcCommand *command = step->command;
  g_autofree char *codes = NULL, *missing = NULL;

  if (!uc_step_need_id (step, "queue", command->queue))
    return FALSE;
  if (!g_hash_table_contains (step->engine->queues, command->queue))
    return uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no queue %s", command->queue);
  if (command->agent != NULL && uc_step_agent (step) == NULL)
    return FALSE;
  codes = choose_all (step, command->queue, NULL, TRUE);
  if (codes == NULL)
    return FALSE;
  missing = missing_in (step->engine, command->queue, codes);
  tell (step, command->interaction, command->agent, codes, missing != NULL);
  return TRUE;
}

static gboolean
set_live (UcStep *step, UcInteraction *interaction)
{
  g_autofree char *codes = NULL;

  if (interaction->state != UC_INTERACTION_ACTIVE && interaction->state != UC_INTERACTION_WRAP_UP)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s can't have codes yet: no agent has accepted it",
                         interaction->id);
  codes = choose_all (step, interaction->queue->id, interaction->codes, FALSE);
  if (codes == NULL)
    return FALSE;
  if (strcmp (codes, interaction->codes != NULL ? interaction->codes : "[]") != 0)
    tell (step, interaction->id, interaction->agent->id, codes, FALSE);
  /* The time of wrap-up is over long since: it was waiting for this alone. */
  if (interaction->overdue && !uc_interaction_lacks_codes (step->engine, interaction))
    uc_step_handled (step, interaction, "manual", "wrapped");
  return TRUE;
}

gboolean
uc_step_set_codes (UcStep *step)
{
  const UcCommand *command = step->command;
  UcInteraction *interaction;
  UcAgent *agent;

  if (!uc_step_need_id (step, "interaction", command->interaction))
    return FALSE;
  if (command->queue != NULL && !g_hash_table_contains (step->engine->interactions, command->interaction))
    return set_closed (step);
  interaction
      = command->agent != NULL ? uc_step_owned (step, UC_ERROR_CONFLICT, &agent) : uc_step_interaction (step);
  return interaction != NULL && set_live (step, interaction);
}
