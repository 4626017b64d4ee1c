/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations that look back: playback of every interaction, whether somebody saved it or not, and what a
 * conversation said before. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/ops.h"
#include "core/service/view.h"

#define MAX_MESSAGES 5000
#define MAX_EVENTS 5000

/* ---- who may see what ---------------------------------------------------------------------------------- */

char *
uc_op_scope (UcOpCall *call)
{
  const UcAgent *agent = call->who.user != NULL ? uc_engine_agent (call->core->engine, call->who.user) : NULL;
  GString *out;

  if (agent == NULL || agent->scope == NULL || strcmp (agent->scope, "queues") != 0)
    return NULL;
  out = g_string_new (NULL);
  for (guint i = 0; i < agent->memberships->len; i++)
    g_string_append_printf (out, "%s%s", out->len > 0 ? "," : "",
                            ((const UcMembership *)agent->memberships->pdata[i])->queue->id);
  return g_string_free (out, FALSE);
}

static gboolean
in_scope (const char *queues, const char *queue)
{
  g_auto (GStrv) list = queues != NULL ? g_strsplit (queues, ",", -1) : NULL;

  return list == NULL || (queue != NULL && g_strv_contains ((const char *const *)list, queue));
}

gboolean
uc_op_supervises (UcOpCall *call, const char *queue)
{
  g_autofree char *scope = uc_op_scope (call);

  return uc_auth_may (call->core, &call->who, "supervise") && in_scope (scope, queue);
}

gboolean
uc_op_may_see (UcOpCall *call, const char *agent, const char *queue)
{
  return (call->who.user != NULL && g_strcmp0 (agent, call->who.user) == 0) || uc_op_supervises (call, queue);
}

gboolean
uc_op_check_state (UcOpCall *call, const char *state)
{
  static const char *const states[] = { "waiting", "offered", "active", "wrap_up", "closed", NULL };

  if (state == NULL || g_strv_contains (states, state))
    return TRUE;
  uc_op_fail_with (call, UC_ERROR_INVALID,
                   "%s: there is no state \"%s\"; it is waiting, offered, active, wrap_up or closed",
                   call->op->name, state);
  return FALSE;
}

/* ---- playback.list ------------------------------------------------------------------------------------- */

static void
add_row (GString *out, UcOpCall *call, const UcEvent *row)
{
  const UcAgent *agent = row->agent != NULL ? uc_engine_agent (call->core->engine, row->agent) : NULL;
  gint64 end = row->ended_at != 0 ? row->ended_at : uc_clock_now ();

  uc_view_interaction_row_open (out, NULL, row);
  uc_json_add_string (out, "handled_by", agent != NULL ? agent->name : NULL);
  uc_json_add_int (out, "duration", MAX (0, end - row->enqueued_at));
  uc_json_end (out);
}

static void
on_list (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  uc_op_reply_rows (data, "interactions", result, rows, more, why, add_row);
}

static void
playback_list (UcOpCall *call)
{
  g_autofree char *scope = uc_op_scope (call);
  gint64 until = uc_op_int (call, "until", 0), before = uc_op_int (call, "before", 0);
  UcInteractionQuery query = {
    .agent = uc_op_string (call, "agent"),
    .queue = uc_op_string (call, "queue"),
    .channel = uc_op_string (call, "channel"),
    .customer = uc_op_string (call, "customer"),
    .state = uc_op_string (call, "state"),
    .text = uc_op_string (call, "text"),
    .since = uc_op_int (call, "since", 0),
    .before = before != 0 && (until == 0 || before <= until) ? before
              : until != 0                                   ? until + 1
                                                             : 0,
    .queues = scope,
    .merged = TRUE,
    .limit = (guint)uc_op_int (call, "limit", 50),
  };

  if (!uc_op_check_state (call, query.state))
    return;
  if (scope != NULL && *scope == '\0')
    {
      uc_op_reply (call, "{\"interactions\":[],\"more\":false}");
      return;
    }
  if (query.text != NULL && *query.text == '\0')
    query.text = NULL;
  uc_store_interactions (call->core->store, &query, on_list, call);
}

/* ---- playback.get -------------------------------------------------------------------------------------- */

/* The parts are read one after another: row, messages, events, then the statuses of each agent who had it. */
typedef struct
{
  UcOpCall *call;
  UcEvent *row;
  GString *out;
  GPtrArray *agents; /* of char* */
  guint next;
  gint64 until;
} Reading;

static void read_agents (Reading *reading);

static void
reading_free (Reading *reading)
{
  uc_event_free (reading->row);
  if (reading->out != NULL)
    g_string_free (reading->out, TRUE);
  g_ptr_array_unref (reading->agents);
  g_free (reading);
}

static gboolean
has_failed (Reading *reading, UcStoreResult result, const char *why)
{
  if (result == UC_STORE_OK)
    return FALSE;
  uc_op_fail_store (reading->call, why);
  reading_free (reading);
  return TRUE;
}

static void
add_events (GString *out, GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      g_autofree char *json = uc_event_to_json (rows->pdata[i], NULL);

      uc_json_add_raw (out, NULL, json);
    }
}

static void
on_agent_events (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Reading *reading = data;

  if (has_failed (reading, result, why))
    return;
  add_events (reading->out, rows);
  read_agents (reading);
}

static void
read_agents (Reading *reading)
{
  if (reading->next < reading->agents->len)
    {
      uc_store_agent_events (reading->call->core->store, reading->agents->pdata[reading->next++],
                             reading->row->enqueued_at, reading->until, MAX_EVENTS, on_agent_events, reading);
      return;
    }
  uc_json_end_array (reading->out);
  uc_json_end (reading->out);
  uc_op_reply (reading->call, reading->out->str);
  reading_free (reading);
}

static void
note_agent (Reading *reading, const char *agent)
{
  for (guint i = 0; agent != NULL && i < reading->agents->len; i++)
    if (strcmp (reading->agents->pdata[i], agent) == 0)
      return;
  if (agent != NULL)
    g_ptr_array_add (reading->agents, g_strdup (agent));
}

static void
on_own_events (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Reading *reading = data;

  if (has_failed (reading, result, why))
    return;
  for (guint i = 0; i < rows->len; i++)
    {
      const UcEvent *event = rows->pdata[i];

      note_agent (reading, event->agent);
      reading->until = MAX (reading->until, event->at);
    }
  uc_json_begin_array (reading->out, "events");
  add_events (reading->out, rows);
  uc_json_end_array (reading->out);
  uc_json_begin_array (reading->out, "agents");
  read_agents (reading);
}

static void
on_messages (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Reading *reading = data;

  if (has_failed (reading, result, why))
    return;
  reading->out = g_string_sized_new (8192);
  uc_json_begin (reading->out);
  uc_view_interaction_row_open (reading->out, "interaction", reading->row);
  uc_view_messages (reading->out, "messages", rows);
  uc_json_end (reading->out);
  for (guint i = 0; i < rows->len; i++)
    reading->until = MAX (reading->until, ((UcEvent *)rows->pdata[i])->at);
  uc_store_interaction_events (reading->call->core->store, reading->row->interaction, MAX_EVENTS, on_own_events,
                               reading);
}

static void
on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  g_autofree char *scope = uc_op_scope (call);
  Reading *reading;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  if (rows->len == 0 || !in_scope (scope, ((UcEvent *)rows->pdata[0])->queue))
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not of your queues");
      return;
    }
  reading = g_new0 (Reading, 1);
  reading->call = call;
  reading->row = uc_event_copy (rows->pdata[0]);
  reading->agents = g_ptr_array_new_with_free_func (g_free);
  reading->until = reading->row->enqueued_at;
  uc_store_interaction_messages (call->core->store, reading->row->interaction, MAX_MESSAGES, on_messages, reading);
}

static void
on_durable (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  UcInteractionQuery query = { .interaction = uc_op_string (call, "interaction"), .limit = 1 };

  if (error != NULL)
    uc_op_fail (call, error);
  else
    uc_store_interactions (call->core->store, &query, on_row, call);
}

static void
playback_get (UcOpCall *call)
{
  uc_core_barrier (call->core, on_durable, call);
}

/* ---- conversation.messages ----------------------------------------------------------------------------- */

static void
on_earlier (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  g_autoptr (GString) out = NULL;
  gint64 before = uc_op_int (call, "before", 0);

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  /* The page was counted from its end: what lies behind `before` came along. */
  while (before > 0 && rows->len > 0 && ((UcEvent *)rows->pdata[rows->len - 1])->n >= before)
    g_ptr_array_set_size (rows, (gint)rows->len - 1);
  out = g_string_sized_new (4096);
  uc_json_begin (out);
  uc_view_messages (out, "messages", rows);
  uc_json_add_bool (out, "more", rows->len > 0 && ((UcEvent *)rows->pdata[0])->n > 1);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
conversation_messages (UcOpCall *call)
{
  const UcInteraction *interaction
      = uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));
  gint64 limit = uc_op_int (call, "limit", 50), before = uc_op_int (call, "before", 0);

  if (interaction == NULL || interaction->agent == NULL
      || !uc_op_may_see (call, interaction->agent->id, interaction->queue->id))
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not yours");
      return;
    }
  if (before <= 0 || before > interaction->conversation->last_n + 1)
    before = interaction->conversation->last_n + 1;
  uc_store_messages (call->core->store, interaction->conversation->id, MAX (0, before - 1 - limit), (guint)limit,
                     on_earlier, call);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg playback_list_args[] = {
  { "queue", UC_ARG_STRING, FALSE, 0, 100, "queue id" },
  { "agent", UC_ARG_STRING, FALSE, 0, 100, "who had it last" },
  { "channel", UC_ARG_STRING, FALSE, 0, 100, "channel instance" },
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "CRM id, with the records merged into it" },
  { "since", UC_ARG_INT, FALSE, 0, 0, "queued at or after this time (ms)" },
  { "until", UC_ARG_INT, FALSE, 0, 0, "queued at or before this time (ms)" },
  { "text", UC_ARG_TEXT, FALSE, 0, 200, "words or any part of a word of the transcript" },
  { "state", UC_ARG_STRING, FALSE, 0, 20, "waiting, offered, active, wrap_up or closed" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only those queued before this time (ms); for the next page" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg playback_get_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { NULL },
};
static const UcOpArg conversation_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "one that the caller has" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only lines with a lower number" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};

const UcOp uc_ops_playback[] = {
  { "playback.list", "playback", UC_OP_NO_USER, playback_list_args, playback_list,
    "Every interaction, newest first." },
  { "playback.get", "playback", UC_OP_NO_USER, playback_get_args, playback_get,
    "One interaction with all that happened to it, and what its agents' statuses were meanwhile." },
  { "conversation.messages", "desk", UC_OP_NO_USER, conversation_args, conversation_messages,
    "What the same customer wrote in the same place, also in earlier interactions." },
  { NULL },
};
