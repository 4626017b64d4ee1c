/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about what the centre consists of, and about the daemon itself. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/alarm.h"
#include "core/service/bridge.h"
#include "core/service/desk.h"
#include "core/service/intake.h"
#include "core/service/ops.h"
#include "core/service/outbox.h"
#include "core/service/soundness.h"
#include "core/service/view.h"

/* ---- users --------------------------------------------------------------------------------------------- */

static const UcAgent *
find_user (UcCore *core, const char *user)
{
  const UcAgent *agent = uc_engine_agent (core->engine, user);

  return agent != NULL ? agent : uc_engine_agent_by_login (core->engine, user);
}

char *
uc_op_words (UcOpCall *call, const char *arg)
{
  const UcJson *words = uc_json_get (call->args, arg);
  GString *out;

  if (!uc_json_is_array (words))
    return NULL;
  out = g_string_new (NULL);
  for (const UcJson *w = uc_json_first (words); w != NULL; w = uc_json_next (w))
    g_string_append_printf (out, "%s%s", out->len > 0 ? "," : "", uc_json_string (w));
  return g_string_free (out, FALSE);
}

/* A name is one line on every screen, in every log. Asked here and not in the engine, which must be able to make
 * again whatever a journal has. */
static gboolean
name_fits (UcOpCall *call)
{
  const char *name = uc_op_string (call, "name");

  for (const char *at = name; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      GUnicodeType type = g_unichar_type (c);

      if (type != G_UNICODE_CONTROL && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR)
        continue;
      uc_op_fail_with (
          call, UC_ERROR_INVALID,
          "%s: the name has a control character (U+%04X), such as a line break or a tab, in place %ld; "
          "leave it out",
          call->op->name, c, g_utf8_pointer_to_offset (name, at) + 1);
      return FALSE;
    }
  return TRUE;
}

/* What may stand in a user's own list; the rest comes with the role. */
static const char *const permission_words[]
    = { "interaction.reject", "queue.self_service", "playback", "faq.edit", "customer.merge", NULL };

static gboolean
permissions_known (UcOpCall *call)
{
  for (const UcJson *w = uc_json_first (uc_json_get (call->args, "permissions")); w != NULL; w = uc_json_next (w))
    if (!g_strv_contains (permission_words, uc_json_string (w)))
      {
        g_autofree char *all = g_strjoinv (", ", (char **)permission_words);
        const char *nearest = uc_nearest (uc_json_string (w), permission_words);

        uc_op_fail_with (call, UC_ERROR_INVALID, "user.put: there is no permission \"%s\"%s%s%s; there are %s",
                         uc_json_string (w), nearest != NULL ? "; did you mean \"" : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "", all);
        return FALSE;
      }
  return TRUE;
}

static char *
answer_id (GPtrArray *events, const char *key, const char *id)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_add_string (out, key, id);
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

static char *
answer_user (GPtrArray *events)
{
  return events->len > 0 && ((UcEvent *)events->pdata[0])->user != NULL
             ? answer_id (events, "user", ((UcEvent *)events->pdata[0])->user)
             : g_strdup ("{}");
}

static char *
answer_queue (GPtrArray *events)
{
  return events->len > 0 && ((UcEvent *)events->pdata[0])->queue != NULL
             ? answer_id (events, "queue", ((UcEvent *)events->pdata[0])->queue)
             : g_strdup ("{}");
}

/* What is absent stays as it is, or is the default for a new user. */
static void
user_put (UcOpCall *call)
{
  const char *login = uc_op_string (call, "login");
  const char *id = uc_op_string (call, "user");
  const UcAgent *old = id != NULL ? uc_engine_agent (call->core->engine, id)
                                  : uc_engine_agent_by_login (call->core->engine, login);
  g_autofree char *fresh = uc_id_new ("usr");
  g_autofree char *permissions = uc_op_words (call, "permissions");
  UcCommand command = {
    .type = UC_COMMAND_PUT_USER,
    .user = old != NULL  ? old->id
            : id != NULL ? id
                         : fresh,
    .login = login != NULL ? login
             : old != NULL ? old->login
                           : NULL,
    .name = uc_op_string (call, "name") != NULL ? uc_op_string (call, "name")
            : old != NULL                       ? old->name
                                                : login,
    .role = uc_op_string (call, "role") != NULL ? uc_op_string (call, "role")
            : old != NULL                       ? old->role
                                                : "agent",
    .permissions = permissions != NULL ? permissions
                   : old != NULL       ? old->permissions
                                       : "",
    .capacity = uc_op_int (call, "capacity", old != NULL ? old->capacity : 1),
    .acceptance_ms = uc_op_int (call, "acceptance_ms", old != NULL ? old->acceptance_ms : 0),
    .enabled = uc_op_bool (call, "enabled", old != NULL ? old->enabled : TRUE),
    .auto_accept = uc_op_bool (call, "auto_accept", old != NULL && old->auto_accept),
    .scope = uc_op_string (call, "scope") != NULL ? uc_op_string (call, "scope")
             : old != NULL                        ? old->scope
                                                  : NULL,
  };

  if (login == NULL && old == NULL)
    uc_op_fail_with (call, UC_ERROR_INVALID, "user.put: a new user needs \"login\"");
  else if (permissions_known (call) && name_fits (call))
    uc_op_submit (call, &command, answer_user);
}

static void
on_password_set (gpointer data, const GError *error)
{
  UcOpCall *call = data;

  if (error != NULL)
    uc_op_fail (call, error);
  else
    uc_op_reply (call, "{}");
}

static void
user_password (UcOpCall *call)
{
  const UcAgent *agent = find_user (call->core, uc_op_string (call, "user"));

  if (agent == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no user \"%s\"; create him with user.put",
                       uc_op_string (call, "user"));
      return;
    }
  if (g_utf8_strlen (uc_op_string (call, "password"), -1) < 8)
    {
      uc_op_fail_with (call, UC_ERROR_INVALID, "the password is too short: at least 8 characters");
      return;
    }
  uc_auth_set_password (call->core->auth, agent->id, uc_op_string (call, "password"), on_password_set, call);
}

/* ---- queues -------------------------------------------------------------------------------------------- */

static void
queue_put (UcOpCall *call)
{
  const char *id = uc_op_string (call, "queue");
  const UcQueue *old = uc_engine_queue (call->core->engine, id);
  UcCommand command = {
    .type = UC_COMMAND_PUT_QUEUE,
    .queue = id,
    .name = uc_op_string (call, "name") != NULL ? uc_op_string (call, "name")
            : old != NULL                       ? old->name
                                                : id,
    .enabled = uc_op_bool (call, "enabled", old != NULL ? old->enabled : TRUE),
    .post_processing_ms = uc_op_int (call, "post_processing_ms", old != NULL ? old->post_processing_ms : 60000),
    .boost = uc_op_int (call, "boost", old != NULL ? old->boost : 0),
    .acceptance_ms = uc_op_int (call, "acceptance_ms", old != NULL ? old->acceptance_ms : 0),
    .save_during = uc_op_string (call, "save_during") != NULL ? uc_op_string (call, "save_during")
                   : old != NULL                              ? old->save_during
                                                              : NULL,
    .save_after = uc_op_string (call, "save_after") != NULL ? uc_op_string (call, "save_after")
                  : old != NULL                             ? old->save_after
                                                            : NULL,
  };

  if (name_fits (call))
    uc_op_submit (call, &command, answer_queue);
}

typedef struct
{
  GString *out;
  UcCore *core;
  const UcAgent *me;
} List;

static void
add_queue (const UcQueue *queue, gpointer data)
{
  List *list = data;

  uc_view_queue (list->out, NULL, list->core, queue, list->me);
}

static void
queue_list (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);
  List list
      = { out, call->core, call->who.user != NULL ? uc_engine_agent (call->core->engine, call->who.user) : NULL };

  uc_json_begin (out);
  uc_json_begin_array (out, "queues");
  uc_engine_each_queue (call->core->engine, add_queue, &list);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
membership_put (UcOpCall *call)
{
  const char *user = uc_op_string (call, "user");
  const UcAgent *agent = find_user (call->core, user);
  UcCommand command = {
    .type = UC_COMMAND_PUT_MEMBERSHIP,
    .user = agent != NULL ? agent->id : user,
    .queue = uc_op_string (call, "queue"),
    .enabled = uc_op_bool (call, "enabled", TRUE),
    .removed = uc_op_bool (call, "removed", FALSE),
  };

  uc_op_submit (call, &command, NULL);
}

/* ---- the daemon ---------------------------------------------------------------------------------------- */

static void
count_interaction (const UcInteraction *interaction, gpointer data)
{
  ((guint *)data)[interaction->state]++;
}

static void
system_status (UcOpCall *call)
{
  UcCore *core = call->core;
  g_autoptr (GString) out = g_string_new (NULL);
  guint states[UC_INTERACTION_CLOSED + 1] = { 0 };
  UcNetCounters net;

  uc_net_counters (core->net, &net);
  uc_engine_each_interaction (core->engine, count_interaction, states);
  uc_json_begin (out);
  uc_json_add_string (out, "version", USHER_VERSION);
  uc_json_add_int (out, "started_at", core->started_at);
  uc_json_add_int (out, "now", uc_clock_now ());
  uc_json_add_int (out, "epoch", uc_store_epoch (core->store));
  uc_json_add_int (out, "event", core->durable);
  uc_json_add_bool (out, "recovering", core->recovering);
  uc_alarms_view (out, core);
  uc_soundness_view (out, core);
  uc_json_begin_array (out, "addresses");
  for (guint i = 0; i < core->addresses->len; i++)
    uc_json_add_string (out, NULL, core->addresses->pdata[i]);
  uc_json_end_array (out);
  uc_json_begin_object (out, "interactions");
  for (int s = 0; s < UC_INTERACTION_CLOSED; s++)
    uc_json_add_int (out, uc_interaction_state_word (s), states[s]);
  uc_json_end (out);
  uc_json_begin_object (out, "pending");
  uc_json_add_int (out, "commits", uc_store_pending (core->store));
  uc_json_add_int (out, "deliveries", uc_intake_pending (core->intake));
  uc_json_add_int (out, "outbox", uc_outbox_pending (core->outbox));
  uc_json_add_int (out, "crm_saves", uc_bridge_pending (core->bridge));
  uc_json_end (out);
  uc_json_begin_object (out, "net");
  uc_json_add_int (out, "desks", uc_desks_count (core->desks));
  uc_json_add_int (out, "http_connections", net.http_connections);
  uc_json_add_int (out, "sockets", net.sockets);
  uc_json_add_int (out, "requests", (gint64)net.requests);
  uc_json_add_int (out, "messages_in", (gint64)net.messages_in);
  uc_json_add_int (out, "messages_out", (gint64)net.messages_out);
  uc_json_add_int (out, "sockets_overrun", (gint64)net.sockets_overrun);
  uc_json_end (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
add_event (GString *out, UcOpCall *call, const UcEvent *row)
{
  g_autofree char *json = uc_event_to_json (row, NULL);

  uc_json_add_raw (out, NULL, json);
}

static void
on_events (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  uc_op_reply_rows (data, "events", result, rows, more, why, add_event);
}

static void
event_list (UcOpCall *call)
{
  g_autofree char *scope = uc_op_scope (call);

  if (scope != NULL)
    {
      uc_op_fail_with (call, UC_ERROR_DENIED,
                       "the journal holds all queues, and you see your own ones only; use playback.list");
      return;
    }
  uc_store_events (call->core->store, uc_op_int (call, "after", 0), uc_op_string (call, "agent"),
                   (guint)uc_op_int (call, "limit", 200), on_events, call);
}

static void
op_list (UcOpCall *call)
{
  g_autofree char *text = uc_ops_describe ();

  uc_op_reply (call, text);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg user_put_args[] = {
  { "user", UC_ARG_STRING, FALSE, 0, 64, "id; absent = the user with this log-in, or a new one" },
  { "login", UC_ARG_STRING, FALSE, 0, 100, "log-in name; unique" },
  { "name", UC_ARG_STRING, FALSE, 0, 100, "the name that customers and colleagues see" },
  { "role", UC_ARG_STRING, FALSE, 0, 20, "agent, supervisor or administrator" },
  { "permissions", UC_ARG_WORDS, FALSE, 0, 0,
    "of interaction.reject queue.self_service playback faq.edit customer.merge" },
  { "capacity", UC_ARG_INT, FALSE, 1, 100, "interactions at once" },
  { "acceptance_ms", UC_ARG_INT, FALSE, 0, 900000, "acceptance interval of offers; 0 = the policy's" },
  { "enabled", UC_ARG_BOOL, FALSE, 0, 0, "may log in and get offers" },
  { "auto_accept", UC_ARG_BOOL, FALSE, 0, 0, "offers are accepted at once; not with interaction.reject" },
  { "scope", UC_ARG_STRING, FALSE, 0, 20, "whose playback a supervisor sees: all, or of his own queues" },
  { NULL },
};
static const UcOpArg user_password_args[] = {
  { "user", UC_ARG_STRING, TRUE, 0, 100, "id or log-in name" },
  { "password", UC_ARG_STRING, TRUE, 0, 1000, "the new password; at least 8 characters" },
  { NULL },
};
static const UcOpArg queue_put_args[] = {
  { "queue", UC_ARG_STRING, TRUE, 0, 64, "id, as channels name it in their setting \"queue\"" },
  { "name", UC_ARG_STRING, FALSE, 0, 100, "display name" },
  { "enabled", UC_ARG_BOOL, FALSE, 0, 0, "gives out its interactions" },
  { "post_processing_ms", UC_ARG_INT, FALSE, 0, 86400000, "length of wrap-up; 0 = none" },
  { "boost", UC_ARG_INT, FALSE, 0, 86400000, "head start in line, ms" },
  { "acceptance_ms", UC_ARG_INT, FALSE, 0, 900000, "acceptance interval of its offers; 0 = the agent's own" },
  { "save_during", UC_ARG_STRING, FALSE, 0, 10,
    "state of a case saved during the chat: closed (default) or open" },
  { "save_after", UC_ARG_STRING, FALSE, 0, 10, "state of a case saved after the chat: open (default) or closed" },
  { NULL },
};
static const UcOpArg membership_put_args[] = {
  { "user", UC_ARG_STRING, TRUE, 0, 100, "id or log-in name" },
  { "queue", UC_ARG_STRING, TRUE, 0, 64, "queue id" },
  { "enabled", UC_ARG_BOOL, FALSE, 0, 0, "gets this queue's offers; default true" },
  { "removed", UC_ARG_BOOL, FALSE, 0, 0, "take the membership away" },
  { NULL },
};
static const UcOpArg event_list_args[] = {
  { "after", UC_ARG_INT, FALSE, 0, 0, "only events with a higher number" },
  { "agent", UC_ARG_STRING, FALSE, 0, 100, "only this agent's" },
  { "limit", UC_ARG_INT, FALSE, 1, 1000, "at most so many; default 200" },
  { NULL },
};

const UcOp uc_ops_admin[] = {
  { "user.put", "administer", UC_OP_CHANGE | UC_OP_NO_USER, user_put_args, user_put, "Create or change a user." },
  { "user.password", "administer", UC_OP_NO_USER, user_password_args, user_password,
    "Set a user's password; ends the user's sessions." },
  { "queue.put", "administer", UC_OP_CHANGE | UC_OP_NO_USER, queue_put_args, queue_put,
    "Create or change a queue." },
  { "queue.list", "user", UC_OP_NO_USER, NULL, queue_list, "All queues with what waits in them." },
  { "membership.put", "administer", UC_OP_CHANGE | UC_OP_NO_USER, membership_put_args, membership_put,
    "Let a user work a queue, or no longer." },
  { "system.status", "supervise", UC_OP_NO_USER, NULL, system_status,
    "Version, addresses, counts and queues inside." },
  { "event.list", "supervise", UC_OP_NO_USER, event_list_args, event_list, "The journal." },
  { "operation.list", "", UC_OP_NO_USER, NULL, op_list, "This table." },
  { NULL },
};
