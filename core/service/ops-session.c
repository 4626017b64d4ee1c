/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about log-in. Main thread.
 */
#include "core/base/error.h"
#include "core/service/desk.h"
#include "core/service/ops.h"
#include "core/service/view.h"

/* ---- session.login ------------------------------------------------------------------------------------- */

typedef struct
{
  UcOpCall *call;
  char *user, *token;
  gint64 expires_at;
} Login;

static void
login_free (gpointer data)
{
  Login *login = data;

  g_free (login->user);
  g_free (login->token);
  g_free (login);
}

static void
on_status_set (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  Login *login = call->data;
  const UcAgent *agent = uc_engine_agent (call->core->engine, login->user);
  g_autoptr (GString) out = NULL;

  if (error != NULL || agent == NULL)
    {
      if (error != NULL)
        uc_op_fail (call, error);
      else
        uc_op_fail_with (call, UC_ERROR_UNAUTHENTICATED, "this user does not exist any more");
      return;
    }
  out = g_string_new (NULL);
  uc_json_begin (out);
  uc_view_agent (out, "user", agent);
  uc_json_add_int (out, "expires_at", login->expires_at);
  uc_json_add_string (out, "token", login->token);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
on_login (gpointer data, const char *user, const char *token, gint64 expires_at, const GError *error)
{
  UcOpCall *call = data;
  Login *login;
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = user, .cause = "login", .by = user };

  if (error != NULL)
    {
      uc_op_fail (call, error);
      return;
    }
  login = g_new0 (Login, 1);
  login->user = g_strdup (user);
  login->token = g_strdup (token);
  login->expires_at = expires_at;
  call->data = login;
  call->data_free = login_free;
  uc_core_submit (call->core, &command, on_status_set, call);
}

static void
session_login (UcOpCall *call)
{
  uc_auth_login (call->core->auth, uc_op_string (call, "login"), uc_op_string (call, "password"), call->address,
                 on_login, call);
}

/* ---- session.logout ------------------------------------------------------------------------------------ */

static void
on_logged_out (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  g_autofree char *user = g_strdup (call->who.user);
  g_autofree char *token = g_strdup (call->who.token);
  UcCore *core = call->core;

  if (error != NULL && !uc_op_bool (call, "force", FALSE))
    {
      uc_op_fail (call, error);
      return;
    }
  uc_op_reply (call, "{}");
  if (token != NULL)
    {
      uc_auth_logout (core->auth, token);
      uc_desks_bye_user (core->desks, user, token, "logged_out", "you have logged out");
    }
}

static void
session_logout (UcOpCall *call)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS,
                        .agent = call->who.user,
                        .status = "logged_out",
                        .cause = "logout",
                        .by = call->who.user };

  uc_core_submit (call->core, &command, on_logged_out, call);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static void
session_ticket (UcOpCall *call)
{
  g_autofree char *ticket = uc_auth_ticket (call->core->auth, &call->who);
  g_autoptr (GString) out = g_string_new (NULL);

  if (ticket == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_BUSY, "too many tickets are open; try again in half a minute");
      return;
    }
  uc_json_begin (out);
  uc_json_add_string (out, "ticket", ticket);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
session_me (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_view_agent (out, "user", uc_engine_agent (call->core->engine, call->who.user));
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static const UcOpArg login_args[] = {
  { "login", UC_ARG_STRING, TRUE, 0, 100, "the user's log-in name" },
  { "password", UC_ARG_STRING, TRUE, 0, 1000, "the user's password" },
  { NULL },
};
static const UcOpArg logout_args[] = {
  { "force", UC_ARG_BOOL, FALSE, 0, 0, "end the session even while chats are open; they stay with the agent" },
  { NULL },
};

const UcOp uc_ops_session[] = {
  { "session.login", "", UC_OP_NO_DESK | UC_OP_NO_USER, login_args, session_login,
    "Log in; answers a session token and sets the session cookie." },
  { "session.logout", "user", UC_OP_READ, logout_args, session_logout,
    "End this session; refused while chats are open, unless forced." },
  { "session.ticket", "user", UC_OP_NO_DESK, NULL, session_ticket,
    "A ticket that proves this session once, within 30 seconds, in the hello of a WebSocket." },
  { "session.me", "user", UC_OP_READ, NULL, session_me,
    "Who this session belongs to, with status and permissions." },
  { NULL },
};
