/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draining: before the daemon stops, nobody gets a new offer, and an offer that could not be taken in time is
 * taken back without blame. A state of this process, not a rule of the centre: a start ends it. Main thread.
 */
#include "core/engine/engine-private.h"

void
uc_step_take_back (UcStep *step, UcInteraction *interaction)
{
  UcAgent *agent = interaction->agent;
  UcStatusChange change;

  uc_step_offer_withdraw (step, interaction);
  change = uc_agent_unchanged (agent, "withdrawn", interaction);
  uc_step_status (step, agent, &change);
}

static gint
by_id (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(UcInteraction *const *)a)->id, (*(UcInteraction *const *)b)->id);
}

/* In the order of their ids: the table's own order is another one after a restart. */
static void
take_all_back (UcStep *step)
{
  g_autoptr (GPtrArray) offered = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, step->engine->interactions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((UcInteraction *)value)->state == UC_INTERACTION_OFFERED)
      g_ptr_array_add (offered, value);
  g_ptr_array_sort (offered, by_id);
  for (guint i = 0; i < offered->len; i++)
    uc_step_take_back (step, offered->pdata[i]);
}

gboolean
uc_step_drain (UcStep *step)
{
  const UcCommand *command = step->command;
  gboolean on = command->enabled != 0;

  if (!on && command->removed != 0)
    return uc_step_fail (step, UC_ERROR_INVALID, "offers are taken back while draining only");
  if (on != step->engine->draining)
    {
      UcEvent *event = uc_step_event (step, UC_EVENT_SYSTEM_DRAIN);

      event->enabled = on;
      event->by = g_strdup (command->by);
      uc_step_emit (step, event);
    }
  if (command->removed != 0)
    take_all_back (step);
  return TRUE;
}

gboolean
uc_engine_is_draining (UcEngine *engine)
{
  return engine->draining;
}
