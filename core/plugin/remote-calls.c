/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a plugin host sends: calls of host slots, and answers. All of it is hostile until checked: tokens are
 * looked up, and the slots themselves check the rest as they do for any plugin. Main thread.
 */
#include <string.h>

#include "core/plugin/remote-private.h"

#define MAX_CALLS 1024
#define CODE_TRY_LATER 1013

/* ---- calls that are answered later --------------------------------------------------------------------- */

/* NULL: it has too much under way. */
static UcRemoteCall *
call_new (UcRemote *remote, guint64 token)
{
  UcRemoteCall *call;

  if (g_hash_table_size (remote->calls) >= MAX_CALLS)
    return NULL;
  call = g_new (UcRemoteCall, 1);
  *call = (UcRemoteCall){ remote, token };
  g_hash_table_add (remote->calls, call);
  return call;
}

/* The remote of a call that was answered; the call is freed. */
static UcRemote *
call_over (UcRemoteCall *call, guint64 *token)
{
  UcRemote *remote = call->remote;

  *token = call->token;
  g_hash_table_remove (remote->calls, call);
  return remote;
}

static const UsherResult busy = { .struct_size = sizeof busy,
                                  .status = USHER_BUSY,
                                  .message = "too much of this plugin is under way at once",
                                  .retry_after_ms = 1000 };

static const UsherResult too_large
    = { .struct_size = sizeof too_large, .status = USHER_FAILED, .message = "the answer does not fit in a frame" };

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  guint64 token;
  UcRemote *remote = call_over (data, &token);

  uc_link_send (remote->link, UC_OP_DELIVERED, token, result, numbers, (gsize)count);
}

static void
call_deliver (UcRemote *remote, UcWireMessage *message)
{
  const UsherInbound *const *items = (const UsherInbound *const *)message->values[0].structures;
  gsize count = 0;
  UcRemoteCall *call = call_new (remote, message->token);

  while (items != NULL && items[count] != NULL)
    count++;
  if (call == NULL)
    {
      g_autofree gint64 *none = g_new0 (gint64, count + 1);

      uc_link_send (remote->link, UC_OP_DELIVERED, message->token, &busy, none, count);
      return;
    }
  remote->host->deliver (remote->instance, items, count, on_delivered, call);
}

static void
on_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
            const char *agent_name)
{
  guint64 token;
  UcRemote *remote = call_over (data, &token);

  if (!uc_link_send (remote->link, UC_OP_HISTORY_DONE, token, result, lines, state, agent_name))
    uc_link_send (remote->link, UC_OP_HISTORY_DONE, token, &too_large, NULL, "none", NULL);
}

static void
call_history (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteCall *call = call_new (remote, message->token);

  if (call == NULL)
    uc_link_send (remote->link, UC_OP_HISTORY_DONE, message->token, &busy, NULL, "none", NULL);
  else
    remote->host->history (remote->instance, message->values[0].text, message->values[1].number,
                           (int)CLAMP (message->values[2].number, 0, G_MAXINT), on_history, call);
}

static void
on_kv_value (void *data, const char *value, size_t len)
{
  guint64 token;
  UcRemote *remote = call_over (data, &token);

  uc_link_send (remote->link, UC_OP_KV_VALUE, token, value, (gsize)len);
}

static void
call_kv_get (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteCall *call = call_new (remote, message->token);

  if (call != NULL)
    remote->host->kv_get (remote->instance, message->values[0].text, on_kv_value, call);
  else
    /* There is no way to say "busy", and "not set" would be a lie. */
    uc_remote_violated (remote, "more than 1024 calls under way, and another kv_get");
}

static void
on_kv_done (void *data, const UsherResult *result)
{
  guint64 token;
  UcRemote *remote = call_over (data, &token);

  uc_link_send (remote->link, UC_OP_KV_DONE, token, result);
}

static void
call_kv_set (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteCall *call = call_new (remote, message->token);

  if (call == NULL)
    uc_link_send (remote->link, UC_OP_KV_DONE, message->token, &busy);
  else
    remote->host->kv_set (remote->instance, message->values[0].text, message->values[1].bytes.data,
                          message->values[1].bytes.len, on_kv_done, call);
}

static void
on_media (void *data, const UsherResult *result, const char *id)
{
  guint64 token;
  UcRemote *remote = call_over (data, &token);

  uc_link_send (remote->link, UC_OP_MEDIA_DONE, token, result, id);
}

static void
call_media_put (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteCall *call = call_new (remote, message->token);

  if (call == NULL)
    uc_link_send (remote->link, UC_OP_MEDIA_DONE, message->token, &busy, NULL);
  else
    remote->host->media_put (remote->instance, message->values[0].bytes.data, message->values[0].bytes.len,
                             message->values[1].text, message->values[2].text, on_media, call);
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

static void
call_route (UcRemote *remote, UcWireMessage *message)
{
  gint64 flags = message->values[1].number, max_body = message->values[2].number;
  bool taken = flags >= 0 && flags <= G_MAXINT && max_body >= 0
               && remote->host->route (remote->instance, message->values[0].text, (int)flags, (gsize)max_body);

  uc_link_send (remote->link, UC_OP_ROUTED, message->token, (int)taken);
}

static void
call_http_respond (UcRemote *remote, UcWireMessage *message)
{
  gpointer exchange;

  if (!g_hash_table_steal_extended (remote->exchanges, GSIZE_TO_POINTER (message->token), NULL, &exchange))
    uc_remote_violated (remote, "it answered a request that it was not given");
  else
    remote->host->http_respond (exchange, message->values[0].structure);
}

/* NULL: it is closed by now, which the host may not have heard yet. */
static UcRemoteSocket *
socket_of (UcRemote *remote, guint64 token)
{
  UcRemoteSocket *one = g_hash_table_lookup (remote->sockets, GSIZE_TO_POINTER (token));

  if (one == NULL && token > remote->last_token)
    uc_remote_violated (remote, "it named a WebSocket that never was");
  return one;
}

static void
call_ws_answer (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteSocket *one = socket_of (remote, message->token);
  UsherSocket *socket = one != NULL ? one->socket : NULL;
  gint64 status = message->values[0].number;

  if (one == NULL)
    return;
  if (!one->asked)
    {
      uc_remote_violated (remote, "it answered twice whether a WebSocket is taken");
      return;
    }
  one->asked = FALSE;
  status = status == 0 || (status >= 300 && status <= 599) ? status : 500;
  if (status != 0)
    g_hash_table_remove (remote->sockets, GSIZE_TO_POINTER (message->token));
  uc_host_services ()->ws_answer (socket, (int)status);
}

static void
call_ws_send (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteSocket *one = socket_of (remote, message->token);

  if (one != NULL)
    remote->host->ws_send (one->socket, message->values[0].bytes.data, message->values[0].bytes.len,
                           message->values[1].truth);
}

static void
call_ws_close (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteSocket *one = socket_of (remote, message->token);

  if (one != NULL)
    remote->host->ws_close (one->socket, (int)CLAMP (message->values[0].number, 0, 65535),
                            message->values[1].text);
}

/* ---- desks --------------------------------------------------------------------------------------------- */

static void
call_desk_open (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteDesk *one;
  UsherDesk *desk;

  if (message->token <= remote->last_desk)
    {
      uc_remote_violated (remote, "it used the number of a desk again");
      return;
    }
  remote->last_desk = message->token;
  one = g_new0 (UcRemoteDesk, 1);
  one->token = message->token;
  g_hash_table_insert (remote->desks, GSIZE_TO_POINTER (one->token), one);
  desk = remote->host->desk_open (remote->instance, message->values[0].text, one);
  /* desk_closed may have run inside. */
  one = g_hash_table_lookup (remote->desks, GSIZE_TO_POINTER (message->token));
  if (one == NULL)
    return;
  one->desk = desk;
  if (desk == NULL)
    uc_remote_desk_gone (remote, message->token, CODE_TRY_LATER, "too many desks; try again later");
}

static UcRemoteDesk *
desk_of (UcRemote *remote, guint64 token)
{
  UcRemoteDesk *one = g_hash_table_lookup (remote->desks, GSIZE_TO_POINTER (token));

  if (one == NULL && token > remote->last_desk)
    uc_remote_violated (remote, "it named a desk that never was");
  return one;
}

static void
call_desk_input (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteDesk *one = desk_of (remote, message->token);

  if (one != NULL && message->values[0].bytes.data != NULL)
    remote->host->desk_input (one->desk, message->values[0].bytes.data, message->values[0].bytes.len);
}

static void
call_desk_close (UcRemote *remote, UcWireMessage *message)
{
  UcRemoteDesk *one = desk_of (remote, message->token);
  UsherDesk *desk = one != NULL ? one->desk : NULL;

  if (one == NULL)
    return;
  g_hash_table_remove (remote->desks, GSIZE_TO_POINTER (message->token));
  remote->host->desk_close (desk);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static void
call_log (UcRemote *remote, UcWireMessage *message)
{
  uc_plugin_log (remote->instance, (UsherLogLevel)CLAMP (message->values[0].number, 0, 6),
                 message->values[1].text);
}

static void
call_state (UcRemote *remote, UcWireMessage *message)
{
  remote->host->instance_state (remote->instance,
                                (UsherStatus)CLAMP (message->values[0].number, USHER_OK, USHER_FAILED),
                                message->values[1].text);
}

static void
call_typing (UcRemote *remote, UcWireMessage *message)
{
  remote->host->typing (remote->instance, message->values[0].text, message->values[1].truth);
}

void
uc_remote_message (UcRemote *remote, UcWireMessage *message)
{
  static void (*const calls[UC_OP_COUNT]) (UcRemote *, UcWireMessage *) = {
    [UC_OP_LOG] = call_log,
    [UC_OP_STATE] = call_state,
    [UC_OP_DELIVER] = call_deliver,
    [UC_OP_TYPING_IN] = call_typing,
    [UC_OP_HISTORY] = call_history,
    [UC_OP_KV_GET] = call_kv_get,
    [UC_OP_KV_SET] = call_kv_set,
    [UC_OP_MEDIA_PUT] = call_media_put,
    [UC_OP_ROUTE] = call_route,
    [UC_OP_HTTP_RESPOND] = call_http_respond,
    [UC_OP_WS_ANSWER] = call_ws_answer,
    [UC_OP_WS_SEND] = call_ws_send,
    [UC_OP_WS_CLOSE] = call_ws_close,
    [UC_OP_DESK_OPEN] = call_desk_open,
    [UC_OP_DESK_INPUT] = call_desk_input,
    [UC_OP_DESK_CLOSE] = call_desk_close,
  };
  UcOp op = message->spec->op;

  if (op == UC_OP_LOG)
    call_log (remote, message);
  else if (op == UC_OP_CREATED)
    uc_remote_created (remote, message->values[0].structure);
  else if (remote->phase != UC_REMOTE_STARTING && remote->phase != UC_REMOTE_WORKING)
    uc_remote_violated (remote, "a call before it was created");
  else if (op == UC_OP_COMPLETE)
    uc_remote_complete (remote, message->token, message->values[0].structure);
  else if (calls[op] != NULL)
    calls[op](remote, message);
  else
    uc_remote_violated (remote, "a message that is none of a plugin's");
}
