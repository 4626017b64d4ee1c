/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about agents and their status. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/service/ops.h"
#include "core/service/view.h"

static void
agent_set_status (UcOpCall *call)
{
  UcCommand command = {
    .type = UC_COMMAND_SET_STATUS,
    .agent = call->who.user,
    .status = uc_op_string (call, "status"),
    .reason = uc_op_string (call, "reason"),
    .cause = "by_hand",
  };
  const char *other = uc_op_string (call, "user");

  if (other != NULL && g_strcmp0 (other, call->who.user) != 0)
    {
      if (!uc_auth_may (call->core, &call->who, "supervise"))
        {
          uc_op_fail_with (call, UC_ERROR_DENIED, "only a supervisor changes somebody else's status");
          return;
        }
      command.agent = other;
    }
  if (command.agent == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_INVALID, "agent.set_status needs \"user\" when nobody is logged in");
      return;
    }
  uc_op_submit (call, &command, NULL);
}

static void
agent_stop_new (UcOpCall *call)
{
  UcCommand command = {
    .type = UC_COMMAND_STOP_NEW,
    .agent = call->who.user,
    .enabled = uc_op_bool (call, "on", TRUE),
  };

  uc_op_submit (call, &command, NULL);
}

static const UcMembership *
membership_of (const UcAgent *agent, const char *queue)
{
  for (guint i = 0; agent != NULL && i < agent->memberships->len; i++)
    if (strcmp (((const UcMembership *)agent->memberships->pdata[i])->queue->id, queue) == 0)
      return agent->memberships->pdata[i];
  return NULL;
}

/* Only switches what an administrator assigned: nobody makes himself a member. */
static void
queue_switch (UcOpCall *call)
{
  const char *queue = uc_op_string (call, "queue");
  UcCommand command = {
    .type = UC_COMMAND_PUT_MEMBERSHIP,
    .user = call->who.user,
    .queue = queue,
    .enabled = uc_op_bool (call, "on", TRUE),
  };

  if (membership_of (uc_engine_agent (call->core->engine, call->who.user), queue) == NULL)
    uc_op_fail_with (call, UC_ERROR_NOT_FOUND,
                     "you are not assigned to a queue \"%s\"; an administrator assigns queues with membership.put",
                     queue);
  else
    uc_op_submit (call, &command, NULL);
}

typedef struct
{
  GString *out;
  UcCore *core;
} List;

static void
add_agent (const UcAgent *agent, gpointer data)
{
  uc_view_agent (((List *)data)->out, NULL, agent);
}

static void
agent_list (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);
  List list = { out, call->core };

  uc_json_begin (out);
  uc_json_begin_array (out, "agents");
  uc_engine_each_agent (call->core->engine, add_agent, &list);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static const UcOpArg set_status_args[] = {
  { "status", UC_ARG_STRING, TRUE, 0, 20, "available, on_break, work_offline or logged_out" },
  { "reason", UC_ARG_TEXT, FALSE, 0, 200, "why, for the record" },
  { "user", UC_ARG_STRING, FALSE, 0, 100, "whose status; absent = one's own" },
  { NULL },
};

static const UcOpArg stop_new_args[] = {
  { "on", UC_ARG_BOOL, TRUE, 0, 0, "true: no new chats; false: resume" },
  { NULL },
};
static const UcOpArg queue_switch_args[] = {
  { "queue", UC_ARG_STRING, TRUE, 0, 64, "queue id" },
  { "on", UC_ARG_BOOL, TRUE, 0, 0, "whether its chats are offered to me" },
  { NULL },
};

const UcOp uc_ops_agent[] = {
  { "agent.set_status", "desk", UC_OP_CHANGE | UC_OP_NO_USER, set_status_args, agent_set_status,
    "Ask for a status. While chats are open it is what comes after them." },
  { "agent.stop_new", "desk", UC_OP_CHANGE, stop_new_args, agent_stop_new,
    "Get no new chats; after the last one the status is Work Offline." },
  { "queue.switch", "queue.self_service", UC_OP_CHANGE, queue_switch_args, queue_switch,
    "Switch one of one's own queues on or off." },
  { "agent.list", "supervise", UC_OP_NO_USER, NULL, agent_list, "All agents with status, load and queues." },
  { NULL },
};
