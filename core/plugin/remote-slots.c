/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The slots of an isolated instance: each becomes a frame. Nothing here waits; what the process takes no more of
 * is answered busy, or left out where the ABI allows that. Main thread.
 */
#include <string.h>

#include "core/plugin/remote-private.h"

#define CODE_TRY_LATER 1013

static gboolean
may_tell (const UcRemote *remote)
{
  return remote->phase == UC_REMOTE_WORKING && remote->link != NULL && uc_link_has_room (remote->link);
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

static void
refuse_exchange (UcRemote *remote, UsherExchange *exchange)
{
  static const char *const headers[] = { "Retry-After", "1", NULL };
  static const char body[] = "{\"error\":{\"code\":\"busy\",\"message\":\"try again in a moment\"}}";
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = 503,
                                   .content_type = "application/json",
                                   .headers = headers,
                                   .body = body,
                                   .body_len = sizeof body - 1 };

  remote->host->http_respond (exchange, &response);
}

static void
remote_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  UcRemote *remote = self;
  guint64 token = ++remote->last_token;

  /* Routes exist while it starts, and a page may be asked for then. */
  if (remote->link == NULL || !uc_link_has_room (remote->link)
      || !uc_link_send (remote->link, UC_OP_HTTP, token, request))
    refuse_exchange (remote, exchange);
  else
    g_hash_table_insert (remote->exchanges, GSIZE_TO_POINTER (token), exchange);
}

static int
remote_ws_open (void *self, UsherSocket *socket, const UsherRequest *request)
{
  UcRemote *remote = self;
  UcRemoteSocket *one;

  if (!may_tell (remote))
    return 503;
  one = g_new0 (UcRemoteSocket, 1);
  one->token = ++remote->last_token;
  one->socket = socket;
  one->asked = TRUE;
  g_hash_table_insert (remote->sockets, GSIZE_TO_POINTER (one->token), one);
  remote->host->ws_set_data (socket, one);
  if (uc_link_send (remote->link, UC_OP_WS_OPEN, one->token, request))
    return UC_WS_OPEN_LATER;
  g_hash_table_remove (remote->sockets, GSIZE_TO_POINTER (one->token));
  return 503;
}

static void
remote_ws_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary)
{
  UcRemote *remote = self;
  const UcRemoteSocket *one = remote->host->ws_data (socket);

  if (one == NULL)
    return;
  /* A message must not be lost in the middle of a socket's life, so the socket ends: its client comes again. */
  if (!may_tell (remote)
      || !uc_link_send (remote->link, UC_OP_WS_MESSAGE, one->token, data, (gsize)len, (int)binary))
    remote->host->ws_close (socket, CODE_TRY_LATER, "too much at once; connect again");
}

static void
remote_ws_closed (void *self, UsherSocket *socket, int code)
{
  UcRemote *remote = self;
  UcRemoteSocket *one = remote->host->ws_data (socket);

  if (one == NULL)
    return;
  if (remote->link != NULL)
    uc_link_send (remote->link, UC_OP_WS_CLOSED, one->token, (gint64)code);
  g_hash_table_remove (remote->sockets, GSIZE_TO_POINTER (one->token));
}

/* ---- channel ------------------------------------------------------------------------------------------- */

#define ASK(remote, reply, op, ...)                                                                               \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    if (uc_remote_may_ask ((remote), (reply)))                                                                    \
      {                                                                                                           \
        guint64 token = uc_remote_expect ((remote), (reply));                                                     \
        uc_remote_expected ((remote), token, uc_link_send ((remote)->link, (op), token, ##__VA_ARGS__));          \
      }                                                                                                           \
  }                                                                                                               \
  G_STMT_END

static void
remote_send (void *self, const UsherLine *line, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_SEND, line);
}

static void
remote_notice (void *self, const UsherLine *line)
{
  UcRemote *remote = self;

  if (may_tell (remote))
    uc_link_send (remote->link, UC_OP_NOTICE, 0, line);
}

static void
remote_typing (void *self, const char *user_id, bool on)
{
  UcRemote *remote = self;

  if (may_tell (remote))
    uc_link_send (remote->link, UC_OP_TYPING, 0, user_id, (int)on);
}

static void
remote_seen (void *self, const UsherLine *line)
{
  UcRemote *remote = self;

  if (may_tell (remote))
    uc_link_send (remote->link, UC_OP_SEEN, 0, line);
}

/* ---- CRM ----------------------------------------------------------------------------------------------- */

static void
remote_lookup (void *self, const UsherIdentity *identity, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_LOOKUP, identity);
}

static void
remote_get_customer (void *self, const char *id, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_GET_CUSTOMER, id);
}

static void
remote_search_customers (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_SEARCH_CUSTOMERS, query);
}

static void
remote_save_customer (void *self, const UsherCustomer *customer, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_SAVE_CUSTOMER, customer);
}

static void
remote_get_case (void *self, const char *id, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_GET_CASE, id);
}

static void
remote_list_cases (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_LIST_CASES, query);
}

static void
remote_save_case (void *self, const UsherCase *record, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_SAVE_CASE, record);
}

static void
remote_merge_customers (void *self, const UsherMerge *merge, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_MERGE_CUSTOMERS, merge);
}

static void
remote_unmerge_customers (void *self, const UsherMerge *merge, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_UNMERGE_CUSTOMERS, merge);
}

static void
remote_describe (void *self, UsherReply *reply)
{
  ASK ((UcRemote *)self, reply, UC_OP_DESCRIBE);
}

/* ---- front end ----------------------------------------------------------------------------------------- */

void
uc_remote_desk_gone (UcRemote *remote, guint64 token, int code, const char *reason)
{
  g_hash_table_remove (remote->desks, GSIZE_TO_POINTER (token));
  if (remote->link != NULL)
    uc_link_send (remote->link, UC_OP_DESK_CLOSED, token, (gint64)code, reason);
}

static void
remote_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  UcRemote *remote = self;
  const UcRemoteDesk *one = desk_data;

  if (may_tell (remote) && uc_link_send (remote->link, UC_OP_DESK_OUTPUT, one->token, frame, (gsize)len))
    return;
  /* Nothing is lost: its client comes again and says the last number it saw. */
  remote->host->desk_close (desk);
  uc_remote_desk_gone (remote, one->token, CODE_TRY_LATER, "too much at once; connect again");
}

static void
remote_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  uc_remote_desk_gone (self, ((const UcRemoteDesk *)desk_data)->token, code, reason);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

#define HEAD(type)                                                                                                \
  .struct_size = sizeof (type), .create = uc_remote_create, .start = uc_remote_start, .stop = uc_remote_stop,     \
  .destroy = uc_remote_destroy, .http = remote_http, .ws_open = remote_ws_open, .ws_message = remote_ws_message,  \
  .ws_closed = remote_ws_closed

const UsherChannelOps uc_remote_channel = { HEAD (UsherChannelOps), .send = remote_send, .notice = remote_notice,
                                            .typing = remote_typing, .seen = remote_seen };

const UsherCrmOps uc_remote_crm = { HEAD (UsherCrmOps),
                                    .lookup = remote_lookup,
                                    .get_customer = remote_get_customer,
                                    .search_customers = remote_search_customers,
                                    .save_customer = remote_save_customer,
                                    .get_case = remote_get_case,
                                    .list_cases = remote_list_cases,
                                    .save_case = remote_save_case,
                                    .merge_customers = remote_merge_customers,
                                    .unmerge_customers = remote_unmerge_customers,
                                    .describe = remote_describe };

const UsherFrontendOps uc_remote_frontend
    = { HEAD (UsherFrontendOps), .desk_output = remote_desk_output, .desk_closed = remote_desk_closed };
