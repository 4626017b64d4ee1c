/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cases that the CRM has refused: which ones there are, and what a person decides about them. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/bridge-private.h"

#define MAX_ROWS 100000

/* ---- which ones there are ------------------------------------------------------------------------------ */

void
uc_bridge_failed_note (UcBridge *bridge, const char *interaction, gboolean failed, gint64 at)
{
  if (!failed)
    g_hash_table_remove (bridge->failed, interaction);
  else if (!g_hash_table_contains (bridge->failed, interaction))
    g_hash_table_insert (bridge->failed, g_strdup (interaction), g_memdup2 (&at, sizeof at));
  uc_bridge_judge (bridge);
}

static void
on_failed_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcBridge *bridge = data;

  if (result != UC_STORE_OK)
    {
      g_warning ("the cases that the CRM has refused can't be read: %s", why);
      return;
    }
  for (guint i = 0; i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      if (!g_hash_table_contains (bridge->saves, row->interaction))
        uc_bridge_failed_note (bridge, row->interaction, TRUE,
                               row->ended_at != 0 ? row->ended_at : row->enqueued_at);
    }
}

void
uc_bridge_failed_reload (UcBridge *bridge)
{
  UcInteractionQuery query = { .save_failed = TRUE, .limit = MAX_ROWS };

  g_hash_table_remove_all (bridge->failed);
  uc_store_interactions (bridge->core->store, &query, on_failed_rows, bridge);
}

/* ---- the decision -------------------------------------------------------------------------------------- */

typedef struct
{
  UcBridge *bridge;
  char *interaction, *by;
  gboolean again;
  UcBridgeMay may;
  gpointer may_data;
  UcBridgeDecided done;
  gpointer data;
  guint count;
} Deciding;

/* Told once. */
static void
decided (Deciding *deciding, const GError *error)
{
  deciding->done (deciding->data, deciding->count, error);
  g_free (deciding->interaction);
  g_free (deciding->by);
  g_free (deciding);
}

static void
on_stored (gpointer data, const GError *error, GPtrArray *events)
{
  decided (data, error);
}

static void
append (Deciding *deciding, UcTxn *txn, const UcEvent *row)
{
  UcEvent *event = uc_event_new (UC_EVENT_INTERACTION_SAVE, uc_clock_now ());

  event->interaction = g_strdup (row->interaction);
  event->agent = g_strdup (row->agent);
  event->state = deciding->again ? g_strdup ("requested") : NULL;
  event->mode = g_strdup (row->mode != NULL ? row->mode : "after");
  event->case_id = g_strdup (row->case_id);
  event->by = g_strdup (deciding->by);
  uc_txn_append (txn, event);
  deciding->count++;
}

/* FALSE: it was left out, which is an error where it was asked for by name. */
static gboolean
decide_one (Deciding *deciding, UcTxn *txn, const UcEvent *row, GError **error)
{
  UcCore *core = deciding->bridge->core;
  UcCommand command = { .type = UC_COMMAND_SAVE, .interaction = row->interaction, .by = deciding->by };

  if (uc_engine_interaction (core->engine, row->interaction) == NULL)
    append (deciding, txn, row);
  else if (deciding->again)
    {
      if (!uc_txn_step (txn, &command, error))
        return FALSE;
      deciding->count++;
    }
  else
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                   "interaction %s is not closed yet: its agent may still save it; discard it afterwards",
                   row->interaction);
      return FALSE;
    }
  return TRUE;
}

static void
on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Deciding *deciding = data;
  UcTxn *txn = uc_txn_new (deciding->bridge->core);
  g_autoptr (GError) error = NULL;

  if (result != UC_STORE_OK)
    g_set_error_literal (&error, UC_ERROR, UC_ERROR_UNAVAILABLE, why != NULL ? why : "the store does not answer");
  for (guint i = 0; error == NULL && i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      if (deciding->may (row, deciding->may_data) && !decide_one (deciding, txn, row, &error)
          && deciding->interaction == NULL)
        g_clear_error (&error);
    }
  if (error == NULL && deciding->count == 0 && deciding->interaction != NULL)
    g_set_error (
        &error, UC_ERROR, UC_ERROR_NOT_FOUND,
        "the CRM has not refused the case of interaction %s: it is saved, is being saved, nobody asked for "
        "it, or you don't supervise its queue; save.list says which ones were refused",
        deciding->interaction);
  if (error == NULL)
    {
      uc_txn_commit (txn, on_stored, deciding);
      return;
    }
  uc_txn_drop (txn);
  decided (deciding, error);
}

void
uc_bridge_decide (UcBridge *bridge, const char *interaction, gboolean again, const char *by, UcBridgeMay may,
                  gpointer may_data, UcBridgeDecided done, gpointer data)
{
  UcInteractionQuery query = { .interaction = interaction, .save_failed = TRUE, .limit = MAX_ROWS };
  Deciding *deciding = g_new0 (Deciding, 1);

  deciding->bridge = bridge;
  deciding->interaction = g_strdup (interaction);
  deciding->by = g_strdup (by);
  deciding->again = again;
  deciding->may = may;
  deciding->may_data = may_data;
  deciding->done = done;
  deciding->data = data;
  uc_store_interactions (bridge->core->store, &query, on_rows, deciding);
}
