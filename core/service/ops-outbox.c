/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What did not get out: messages that wait, are uncertain or could not be delivered, and cases that the CRM has
 * not taken; lists of them, and the decision about one. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/service/bridge.h"
#include "core/service/ops.h"
#include "core/service/outbox.h"
#include "core/service/view.h"

#define DEFAULT_LIMIT 50
#define MAX_TEXT 300 /* characters of a message in a list */

static const char *
name_of (UcOpCall *call)
{
  return call->who.user != NULL ? call->who.user : call->who.label;
}

static gboolean
is_supervisor (UcOpCall *call)
{
  return uc_auth_may (call->core, &call->who, "supervise");
}

/* ---- outbox.list --------------------------------------------------------------------------------------- */

static const struct
{
  const char *word, *state; /* ours, and that of the message */
} states[] = { { "waiting", "queued" }, { "uncertain", "uncertain" }, { "dead", "failed" } };

static const char *
word_of (const char *state)
{
  for (gsize s = 0; s < G_N_ELEMENTS (states); s++)
    if (strcmp (states[s].state, state) == 0)
      return states[s].word;
  return state;
}

static void
add_message (GString *out, UcOpCall *call, const UcEvent *row)
{
  const UcAgent *agent = row->by != NULL ? uc_engine_agent (call->core->engine, row->by) : NULL;
  g_autofree char *text
      = row->text != NULL ? g_utf8_substring (row->text, 0, MIN (MAX_TEXT, g_utf8_strlen (row->text, -1))) : NULL;
  gboolean waiting = strcmp (row->state, "queued") == 0;

  uc_json_begin (out);
  uc_json_add_string (out, "message", row->message);
  uc_json_add_string (out, "state", word_of (row->state));
  uc_json_add_string (out, "conversation", row->conversation);
  uc_json_add_string (out, "interaction", row->interaction);
  uc_json_add_int (out, "n", row->n);
  uc_json_add_int (out, "at", row->at);
  uc_json_add_string (out, "text", text);
  uc_json_add_string (out, "channel", row->channel);
  uc_json_add_string (out, "network", row->network);
  uc_json_add_string (out, "identity", row->identity);
  uc_json_add_string (out, "name", row->customer_name != NULL ? row->customer_name : row->name);
  uc_json_add_string (out, "customer", row->customer);
  uc_json_add_string (out, "queue", row->queue);
  uc_json_add_string (out, "queue_name", row->queue_name);
  uc_json_add_string (out, "by", row->by);
  uc_json_add_string (out, "author_name", agent != NULL ? agent->name : row->author_name);
  uc_json_add_int (out, "attempts", row->attempts);
  uc_json_add_int (out, waiting ? "due_at" : "since", row->deadline);
  uc_json_add_string (out, "error", row->error);
  uc_json_end (out);
}

static void
on_list (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  g_autoptr (GString) out = uc_op_open_rows (call, "messages", result, rows, why, add_message);

  if (out == NULL)
    return;
  if (more)
    uc_json_add_int (out, "next", ((const UcEvent *)rows->pdata[rows->len - 1])->seq);
  else
    uc_json_add_null (out, "next");
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
outbox_list (UcOpCall *call)
{
  const char *word = uc_op_string (call, "state");
  g_autofree char *scope = uc_op_scope (call);
  UcOutboxQuery query = {
    .channel = uc_op_string (call, "channel"),
    .after = uc_op_int (call, "cursor", 0),
    .limit = (guint)uc_op_int (call, "limit", DEFAULT_LIMIT),
  };

  for (gsize s = 0; word != NULL && s < G_N_ELEMENTS (states); s++)
    if (strcmp (states[s].word, word) == 0)
      query.state = states[s].state;
  if (word != NULL && query.state == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_INVALID,
                       "outbox.list: there is no state \"%s\"; it is waiting, uncertain or dead", word);
      return;
    }
  if (is_supervisor (call))
    query.queues = scope;
  else
    query.by = call->who.user;
  uc_store_outbox_list (call->core->store, &query, on_list, call);
}

/* ---- outbox.replay, outbox.discard --------------------------------------------------------------------- */

typedef struct
{
  UcOpCall *call;
  UcEvent *row;
  gboolean again;
} Deciding;

static void
on_decided (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Deciding *deciding = data;
  g_autoptr (UcEvent) row = deciding->row;
  UcOpCall *call = deciding->call;

  if (error != NULL)
    {
      uc_op_fail (call, error);
      return;
    }
  if (deciding->again)
    uc_outbox_again (call->core->outbox, row);
  uc_op_reply (call, "{}");
}

static gboolean
may_decide (UcOpCall *call, const UcEvent *row)
{
  return (call->who.user != NULL && g_strcmp0 (row->by, call->who.user) == 0)
         || uc_op_supervises (call, row->queue);
}

static void
decide (UcOpCall *call, GPtrArray *rows, gboolean again)
{
  const UcEvent *row = rows->len > 0 ? rows->pdata[0] : NULL;
  g_autoptr (GError) error = NULL;
  Deciding *deciding;
  UcTxn *txn;

  if (row == NULL || !may_decide (call, row))
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND,
                       "no message %s waits for a decision: it was sent or discarded, is on its way, or is not "
                       "yours; outbox.list says which ones do",
                       uc_op_string (call, "message"));
      return;
    }
  txn = uc_txn_new (call->core);
  if (!uc_outbox_decide (call->core->outbox, txn, row, again, name_of (call), &error))
    {
      uc_txn_drop (txn);
      uc_op_fail (call, error);
      return;
    }
  if (call->cmd != NULL)
    uc_batch_command (uc_txn_batch (txn), name_of (call), call->cmd, uc_clock_now (), "{}");
  deciding = g_new (Deciding, 1);
  *deciding = (Deciding){ call, uc_event_copy (row), again };
  uc_txn_commit (txn, on_decided, deciding);
}

static void
on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;

  if (result != UC_STORE_OK)
    uc_op_fail_store (call, why);
  else
    decide (call, rows, strcmp (call->op->name, "outbox.replay") == 0);
}

static void
outbox_decide (UcOpCall *call)
{
  UcOutboxQuery query = { .message = uc_op_string (call, "message"), .limit = 1 };

  uc_store_outbox_list (call->core->store, &query, on_row, call);
}

/* ---- save.list ----------------------------------------------------------------------------------------- */

static void
save_list (UcOpCall *call)
{
  const char *state = uc_op_string (call, "state");
  g_autofree char *scope = uc_op_scope (call);
  UcInteractionQuery query = {
    .before = uc_op_int (call, "before", 0),
    .limit = (guint)uc_op_int (call, "limit", DEFAULT_LIMIT),
    .queues = scope,
    .save_pending = g_strcmp0 (state, "waiting") == 0,
    .save_failed = state == NULL || strcmp (state, "failed") == 0,
  };

  if (!query.save_pending && !query.save_failed)
    uc_op_fail_with (call, UC_ERROR_INVALID, "save.list: there is no state \"%s\"; it is waiting or failed",
                     state);
  else
    uc_store_interactions (call->core->store, &query, uc_op_reply_interactions, call);
}

/* ---- save.retry, save.discard -------------------------------------------------------------------------- */

static gboolean
supervises (const UcEvent *row, gpointer data)
{
  return uc_op_supervises (data, row->queue);
}

static void
on_asked (gpointer data, guint count, const GError *error)
{
  UcOpCall *call = data;
  g_autofree char *answer = NULL;

  if (error != NULL)
    {
      uc_op_fail (call, error);
      return;
    }
  answer = g_strdup_printf ("{\"count\":%u}", count);
  uc_op_reply_kept (call, answer);
}

static void
save_decide (UcOpCall *call)
{
  const char *interaction = uc_op_string (call, "interaction");
  gboolean again = strcmp (call->op->name, "save.retry") == 0;

  if ((interaction == NULL) == !uc_op_bool (call, "all", FALSE))
    uc_op_fail_with (call, UC_ERROR_INVALID, "%s: name one interaction, or say \"all\": true", call->op->name);
  else if (again && uc_core_crm (call->core) == NULL)
    uc_op_fail_with (call, UC_ERROR_UNSUPPORTED,
                     "no CRM is configured; add a [crm:NAME] section to the configuration");
  else
    uc_bridge_decide (call->core->bridge, interaction, again, name_of (call), supervises, call, on_asked, call);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg list_args[] = {
  { "state", UC_ARG_STRING, FALSE, 0, 20, "waiting, uncertain or dead; absent = uncertain and dead" },
  { "channel", UC_ARG_STRING, FALSE, 0, 100, "channel instance" },
  { "cursor", UC_ARG_INT, FALSE, 0, 0, "\"next\" of the page before" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg decide_args[] = {
  { "message", UC_ARG_STRING, TRUE, 0, 128, "the message's id" },
  { NULL },
};
static const UcOpArg saves_args[] = {
  { "state", UC_ARG_STRING, FALSE, 0, 20, "waiting or failed; default failed" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only those queued before this time (ms); for the next page" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg save_args[] = {
  { "interaction", UC_ARG_STRING, FALSE, 0, 100, "the interaction's id" },
  { "all", UC_ARG_BOOL, FALSE, 0, 0, "all that have failed, of the queues the caller supervises" },
  { NULL },
};

const UcOp uc_ops_outbox[] = {
  { "outbox.list", "desk", UC_OP_NO_USER, list_args, outbox_list,
    "Messages that did not get out, oldest first: agents their own, supervisors all." },
  { "outbox.replay", "desk", UC_OP_CHANGE | UC_OP_NO_USER, decide_args, outbox_decide,
    "Send a message again, under the same id, that is uncertain or could not be delivered." },
  { "outbox.discard", "desk", UC_OP_CHANGE | UC_OP_NO_USER, decide_args, outbox_decide,
    "Leave a message as it is that is uncertain or could not be delivered." },
  { "save.list", "supervise", UC_OP_NO_USER, saves_args, save_list,
    "Chats whose case the CRM has refused, or has not taken yet." },
  { "save.retry", "supervise", UC_OP_CHANGE | UC_OP_NO_USER, save_args, save_decide,
    "Save again what the CRM has refused." },
  { "save.discard", "supervise", UC_OP_CHANGE | UC_OP_NO_USER, save_args, save_decide,
    "Leave closed chats without a case whose case the CRM has refused." },
  { NULL },
};
