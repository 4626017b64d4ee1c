/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about interactions and messages. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/ops.h"
#include "core/service/view.h"

#define MAX_MESSAGES 5000

/* ---- commands of the owner ----------------------------------------------------------------------------- */

static void
submit_own (UcOpCall *call, UcCommandType type)
{
  g_autofree char *message = uc_id_new ("msg");
  UcCommand command = {
    .type = type,
    .agent = call->who.user,
    .interaction = uc_op_string (call, "interaction"),
    .reason = uc_op_string (call, "reason"),
    .offer = uc_op_string (call, "offer"),
    .new_message = message,
  };

  uc_op_submit (call, &command, NULL);
}

static void
interaction_accept (UcOpCall *call)
{
  submit_own (call, UC_COMMAND_ACCEPT);
}

static void
interaction_reject (UcOpCall *call)
{
  submit_own (call, UC_COMMAND_REJECT);
}

static void
interaction_end (UcOpCall *call)
{
  submit_own (call, UC_COMMAND_END);
}

static void
interaction_wrap_up_done (UcOpCall *call)
{
  submit_own (call, UC_COMMAND_WRAP_UP_DONE);
}

/* ---- interaction.get and messages ---------------------------------------------------------------------- */

typedef struct
{
  UcOpCall *call;
  GString *out; /* "interaction":{... without its closing brace; NULL = messages only */
} Reading;

static void
reading_free (Reading *reading)
{
  if (reading->out != NULL)
    g_string_free (reading->out, TRUE);
  g_free (reading);
}

static gboolean
may_see_row (UcOpCall *call, const UcEvent *row)
{
  return uc_op_may_see (call, row->agent, row->queue);
}

static void
fail_store (Reading *reading, const char *why)
{
  uc_op_fail_store (reading->call, why);
  reading_free (reading);
}

static void
on_messages (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Reading *reading = data;
  g_autoptr (GString) out = NULL;

  if (result != UC_STORE_OK)
    {
      fail_store (reading, why);
      return;
    }
  out = g_string_sized_new (4096);
  uc_json_begin (out);
  if (reading->out != NULL)
    g_string_append_len (out, reading->out->str, (gssize)reading->out->len);
  uc_view_messages (out, "messages", rows);
  if (reading->out != NULL)
    uc_json_end (out);
  uc_json_end (out);
  uc_op_reply (reading->call, out->str);
  reading_free (reading);
}

static void
read_messages (Reading *reading)
{
  uc_store_interaction_messages (reading->call->core->store, uc_op_string (reading->call, "interaction"),
                                 MAX_MESSAGES, on_messages, reading);
}

static void
on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Reading *reading = data;
  UcOpCall *call = reading->call;

  if (result != UC_STORE_OK)
    fail_store (reading, why);
  else if (rows->len == 0 || !may_see_row (call, rows->pdata[0]))
    {
      /* Not his: the same answer as for one that does not exist, so that ids can't be tried. */
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not yours");
      reading_free (reading);
    }
  else
    {
      if (reading->out != NULL)
        uc_view_interaction_row_open (reading->out, "interaction", rows->pdata[0]);
      read_messages (reading);
    }
}

static void
on_durable (gpointer data, const GError *error, GPtrArray *events)
{
  Reading *reading = data;

  if (error != NULL)
    {
      uc_op_fail (reading->call, error);
      reading_free (reading);
    }
  else
    read_messages (reading);
}

static void
read_interaction (UcOpCall *call, gboolean whole)
{
  const char *id = uc_op_string (call, "interaction");
  const UcInteraction *interaction = uc_engine_interaction (call->core->engine, id);
  Reading *reading = g_new0 (Reading, 1);
  UcInteractionQuery query = { .interaction = id, .limit = 1 };

  reading->call = call;
  if (whole)
    reading->out = g_string_new (NULL);
  if (interaction == NULL)
    uc_store_interactions (call->core->store, &query, on_row, reading);
  else if (!uc_op_may_see (call, interaction->agent != NULL ? interaction->agent->id : NULL,
                           interaction->queue->id))
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not yours");
      reading_free (reading);
    }
  else
    {
      if (whole)
        uc_view_interaction_open (reading->out, "interaction", call->core, interaction);
      uc_core_barrier (call->core, on_durable, reading);
    }
}

static void
interaction_get (UcOpCall *call)
{
  read_interaction (call, TRUE);
}

static void
interaction_messages (UcOpCall *call)
{
  read_interaction (call, FALSE);
}

/* ---- interaction.list ---------------------------------------------------------------------------------- */

static void
interaction_list (UcOpCall *call)
{
  g_autofree char *scope = uc_op_scope (call);
  UcInteractionQuery query = {
    .agent = uc_op_string (call, "agent"),
    .queue = uc_op_string (call, "queue"),
    .channel = uc_op_string (call, "channel"),
    .identity = uc_op_string (call, "identity"),
    .customer = uc_op_string (call, "customer"),
    .state = uc_op_string (call, "state"),
    .uncoded = uc_op_bool (call, "uncoded", FALSE),
    .merged = TRUE,
    .before = uc_op_int (call, "before", 0),
    .limit = (guint)uc_op_int (call, "limit", 50),
  };

  if (!uc_op_check_state (call, query.state))
    return;
  /* Who looks for his own sees them wherever they were. */
  if (!uc_auth_may (call->core, &call->who, "supervise"))
    query.agent = call->who.user;
  else if (query.agent == NULL || g_strcmp0 (query.agent, call->who.user) != 0)
    query.queues = scope;
  uc_store_interactions (call->core->store, &query, uc_op_reply_interactions, call);
}

/* ---- interaction.save ---------------------------------------------------------------------------------- */

static void
on_save_stored (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;

  if (error != NULL)
    uc_op_fail (call, error);
  else
    uc_op_reply (call, "{}");
}

/* One that is closed and has left the engine: it can still be saved, as a case of its own. */
static void
on_closed_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  const UcEvent *row;
  UcEvent *event;
  UcTxn *txn;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  row = rows->len > 0 ? rows->pdata[0] : NULL;
  if (row == NULL || !may_see_row (call, row))
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not yours");
      return;
    }
  if (row->status != NULL && strcmp (row->status, "failed") != 0)
    {
      uc_op_reply (call, "{}");
      return;
    }
  event = uc_event_new (UC_EVENT_INTERACTION_SAVE, uc_clock_now ());
  event->interaction = g_strdup (row->interaction);
  event->agent = g_strdup (row->agent);
  event->state = g_strdup ("requested");
  event->mode = g_strdup (row->mode != NULL ? row->mode : "after");
  event->case_id = g_strdup (row->case_id);
  event->by = g_strdup (call->who.user != NULL ? call->who.user : call->who.label);
  txn = uc_txn_new (call->core);
  uc_txn_append (txn, event);
  if (call->cmd != NULL)
    uc_batch_command (uc_txn_batch (txn), event->by, call->cmd, event->at, "{}");
  uc_txn_commit (txn, on_save_stored, call);
}

/* Whether what was under way is stored or never will be: the row tells. */
static void
on_settled (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  UcInteractionQuery query = { .interaction = uc_op_string (call, "interaction"), .limit = 1 };

  uc_store_interactions (call->core->store, &query, on_closed_row, call);
}

static void
interaction_save (UcOpCall *call)
{
  const char *id = uc_op_string (call, "interaction");
  const UcInteraction *interaction = uc_engine_interaction (call->core->engine, id);
  UcCommand command = { .type = UC_COMMAND_SAVE, .interaction = id, .agent = call->who.user };

  if (uc_core_crm (call->core) == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_UNSUPPORTED,
                       "no CRM is configured; add a [crm:NAME] section to the configuration");
      return;
    }
  if (interaction == NULL)
    {
      /* It may have been saved, and closed, this very moment. */
      uc_core_barrier (call->core, on_settled, call);
      return;
    }
  /* A supervisor may save for the owner. */
  if (interaction->agent != NULL && g_strcmp0 (interaction->agent->id, call->who.user) != 0
      && uc_op_supervises (call, interaction->queue->id))
    command.agent = NULL;
  uc_op_submit (call, &command, NULL);
}

/* ---- table --------------------------------------------------------------------------------------------- */

#define INTERACTION                                                                                               \
  {                                                                                                               \
    "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id"                                            \
  }

static const UcOpArg one_args[] = { INTERACTION, { NULL } };
static const UcOpArg accept_args[] = {
  INTERACTION,
  { "offer", UC_ARG_STRING, FALSE, 0, 100, "only this offer; a later one is not accepted by mistake" },
  { NULL },
};
static const UcOpArg reject_args[] = {
  INTERACTION,
  { "reason", UC_ARG_TEXT, FALSE, 0, 200, "why, for the record" },
  { NULL },
};
static const UcOpArg list_args[] = {
  { "agent", UC_ARG_STRING, FALSE, 0, 100, "whose; agents see their own only" },
  { "queue", UC_ARG_STRING, FALSE, 0, 100, "queue id" },
  { "channel", UC_ARG_STRING, FALSE, 0, 100, "channel instance" },
  { "identity", UC_ARG_STRING, FALSE, 0, 512, "the customer's id on the network" },
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "CRM id of the customer" },
  { "state", UC_ARG_STRING, FALSE, 0, 20, "waiting, offered, active, wrap_up or closed" },
  { "uncoded", UC_ARG_BOOL, FALSE, 0, 0, "only closed ones that still lack a required code" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only those queued before this time (ms); for the next page" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};

const UcOp uc_ops_interaction[] = {
  { "interaction.get", "desk", UC_OP_NO_USER, one_args, interaction_get, "One interaction with its messages." },
  { "interaction.messages", "desk", UC_OP_NO_USER, one_args, interaction_messages,
    "The messages of one interaction." },
  { "interaction.list", "desk", UC_OP_NO_USER, list_args, interaction_list,
    "Interactions, newest first: agents their own, supervisors all." },
  { "interaction.accept", "desk", UC_OP_CHANGE, accept_args, interaction_accept,
    "Accept the offer of an interaction." },
  { "interaction.reject", "desk", UC_OP_CHANGE, reject_args, interaction_reject,
    "Reject the offer; needs the permission interaction.reject. The policy says what status follows." },
  { "interaction.end", "desk", UC_OP_CHANGE, one_args, interaction_end,
    "End the chat; wrap-up begins if the queue has one." },
  { "interaction.wrap_up_done", "desk", UC_OP_CHANGE, one_args, interaction_wrap_up_done,
    "End post processing by hand." },
  { "interaction.save", "desk", UC_OP_CHANGE | UC_OP_NO_USER, one_args, interaction_save,
    "Save the transcript to the CRM: during the chat a closed case of the customer, afterwards an open case of "
    "its own, unless queue and policy say otherwise." },
  { NULL },
};
