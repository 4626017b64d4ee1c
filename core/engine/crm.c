/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the CRM has to do with an interaction: who the customer is, which case it continues, the saved case, and
 * records that were merged. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#include "core/base/json.h"

#define MATCHES_MAX 50

char *
uc_step_json_array (UcStep *step, const char *member, const char *text, const char *key, gsize max)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) root = uc_json_parse (text, strlen (text), NULL, &error);

  if (root == NULL)
    {
      uc_step_fail (step, UC_ERROR_INVALID, "%s: %s", member, error->message);
      return NULL;
    }
  if (!uc_json_is_array (root) || uc_json_length (root) > max)
    {
      uc_step_fail (step, UC_ERROR_INVALID, "%s must be an array of at most %" G_GSIZE_FORMAT, member, max);
      return NULL;
    }
  for (const UcJson *item = uc_json_first (root); item != NULL; item = uc_json_next (item))
    if (uc_json_string (uc_json_get (item, key)) == NULL)
      {
        uc_step_fail (step, UC_ERROR_INVALID, "%s: each must be an object with a '%s'", member, key);
        return NULL;
      }
  return uc_json_print (root, NULL);
}

/* The interaction of the command; when an agent is named it must be his. */
static UcInteraction *
perhaps_owned (UcStep *step)
{
  UcAgent *agent;

  return step->command->agent != NULL ? uc_step_owned (step, UC_ERROR_CONFLICT, &agent)
                                      : uc_step_interaction (step);
}

static UcEvent *
event_for (UcStep *step, UcEventType type, const UcInteraction *interaction)
{
  UcEvent *event = uc_step_event (step, type);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  return event;
}

/* ---- who it is ----------------------------------------------------------------------------------------- */

static void
tell_customer (UcStep *step, const UcInteraction *interaction, const char *customer, const char *name,
               gboolean draft)
{
  UcEvent *event = event_for (step, UC_EVENT_INTERACTION_CUSTOMER, interaction);

  event->customer = g_strdup (customer);
  event->customer_name = g_strdup (name);
  event->draft = draft;
  uc_step_emit (step, event);
}

/* To choose the one that it has already settles the matches too. */
gboolean
uc_step_set_customer (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcInteraction *interaction = perhaps_owned (step);

  if (interaction == NULL)
    return FALSE;
  if (g_strcmp0 (interaction->customer, command->customer) == 0
      && g_strcmp0 (interaction->customer_name, command->customer_name) == 0
      && interaction->draft == (command->draft != 0)
      && (interaction->matches == NULL || command->customer == NULL))
    return TRUE;
  tell_customer (step, interaction, command->customer, command->customer_name, command->draft != 0);
  return TRUE;
}

gboolean
uc_step_matches (UcStep *step)
{
  const UcInteraction *interaction = uc_step_interaction (step);
  g_autofree char *matches = NULL;
  UcEvent *event;

  if (interaction == NULL)
    return FALSE;
  if (step->command->matches != NULL)
    {
      matches = uc_step_json_array (step, "matches", step->command->matches, "customer", MATCHES_MAX);
      if (matches == NULL)
        return FALSE;
    }
  if (g_strcmp0 (matches, "[]") == 0)
    g_clear_pointer (&matches, g_free);
  if (g_strcmp0 (matches, interaction->matches) == 0)
    return TRUE;
  event = event_for (step, UC_EVENT_INTERACTION_MATCHES, interaction);
  event->matches = g_steal_pointer (&matches);
  uc_step_emit (step, event);
  return TRUE;
}

/* ---- which case it continues --------------------------------------------------------------------------- */

void
uc_step_case (UcStep *step, const UcInteraction *interaction, const char *follows, const char *cause)
{
  UcEvent *event = event_for (step, UC_EVENT_INTERACTION_CASE, interaction);

  event->follows = g_strdup (follows);
  event->cause = g_strdup (cause);
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, event);
}

gboolean
uc_step_follow (UcStep *step)
{
  const UcInteraction *interaction = perhaps_owned (step);
  const char *cause = step->command->cause != NULL ? step->command->cause : "chosen";
  const char *follows = step->command->follows;

  if (interaction == NULL)
    return FALSE;
  if (strcmp (cause, "named") != 0 && strcmp (cause, "chosen") != 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "the cause of an earlier case is named or chosen, not '%s'",
                         cause);
  if (follows != NULL && *follows == '\0')
    follows = NULL;
  if (g_strcmp0 (follows, interaction->follows) != 0)
    uc_step_case (step, interaction, follows, cause);
  return TRUE;
}

/* ---- records that were merged -------------------------------------------------------------------------- */

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(UcInteraction *const *)a)->id, (*(UcInteraction *const *)b)->id);
}

static gboolean
is_identity_of (char **identities, const UcConversation *conversation)
{
  g_autofree char *line = g_strdup_printf ("%s %s", conversation->network, conversation->identity);

  return g_strv_contains ((const char *const *)identities, line);
}

/* The live interactions of a customer, of these identities alone unless it is NULL; in the order of their ids. */
static GPtrArray *
live_of (UcEngine *engine, const char *customer, char **identities)
{
  GPtrArray *all = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, engine->interactions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcInteraction *interaction = value;

      if (g_strcmp0 (interaction->customer, customer) == 0
          && (identities == NULL || is_identity_of (identities, interaction->conversation)))
        g_ptr_array_add (all, value);
    }
  g_ptr_array_sort (all, compare_ids);
  return all;
}

gboolean
uc_step_merged (UcStep *step)
{
  const UcCommand *command = step->command;
  gboolean undone = command->removed != 0;
  g_auto (GStrv) identities = NULL;
  g_autoptr (GPtrArray) live = NULL;
  UcEvent *event;

  if (command->customer == NULL || command->dropped == NULL || command->merge == NULL
      || strcmp (command->customer, command->dropped) == 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "a merge needs an id and two customers");
  if (undone)
    identities = g_strsplit (command->identities != NULL ? command->identities : "", "\n", -1);
  event = uc_step_event (step, UC_EVENT_CUSTOMER_MERGED);
  event->customer = g_strdup (command->customer);
  event->dropped = g_strdup (command->dropped);
  event->merge = g_strdup (command->merge);
  event->removed = undone;
  event->by = g_strdup (command->by);
  uc_step_emit (step, event);

  live = live_of (step->engine, undone ? command->customer : command->dropped, identities);
  for (guint i = 0; i < live->len; i++)
    tell_customer (step, live->pdata[i], undone ? command->dropped : command->customer, command->customer_name,
                   command->draft != 0);
  return TRUE;
}

/* ---- Save to CRM --------------------------------------------------------------------------------------- */

UcEvent *
uc_step_save_event (UcStep *step, const UcInteraction *interaction, const char *state)
{
  UcEvent *event = uc_step_event (step, UC_EVENT_INTERACTION_SAVE);

  event->interaction = g_strdup (interaction->id);
  event->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  event->state = g_strdup (state);
  event->mode = g_strdup (interaction->save_mode);
  event->case_id = g_strdup (interaction->case_id);
  event->by = g_strdup (step->command->by);
  return event;
}

/* Asking again while a save is under way, or after it was done, is answered by that one: there is one case per
 * interaction. */
gboolean
uc_step_save (UcStep *step)
{
  const UcInteraction *interaction = perhaps_owned (step);
  UcEvent *event;

  if (interaction == NULL)
    return FALSE;
  if (interaction->state != UC_INTERACTION_ACTIVE && interaction->state != UC_INTERACTION_WRAP_UP)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s can't be saved yet: no agent has accepted it",
                         interaction->id);
  if (interaction->save_state != NULL && strcmp (interaction->save_state, "failed") != 0)
    return TRUE;
  event = uc_step_save_event (step, interaction, "requested");
  g_free (event->mode);
  event->mode = g_strdup (interaction->ended_by == NULL ? "during" : "after");
  uc_step_emit (step, event);
  return TRUE;
}

gboolean
uc_step_save_state (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcInteraction *interaction = uc_step_interaction (step);
  const char *state = command->state;
  UcEvent *event;

  if (interaction == NULL)
    return FALSE;
  if (g_strcmp0 (state, "queued") != 0 && g_strcmp0 (state, "saved") != 0 && g_strcmp0 (state, "failed") != 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "the state of a save is queued, saved or failed, not '%s'",
                         state != NULL ? state : "");
  if (command->attempts < 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "attempts can't be negative");
  if (interaction->save_state == NULL)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nobody asked to save interaction %s", interaction->id);
  event = uc_step_save_event (step, interaction, state);
  if (command->case_id != NULL)
    {
      g_free (event->case_id);
      event->case_id = g_strdup (command->case_id);
    }
  event->attempts = command->attempts;
  event->error = g_strdup (command->error);
  uc_step_emit (step, event);
  return TRUE;
}
