/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The services behind this process' host table: each call becomes a frame, each answer finds who asked. Main
 * thread, except the log.
 */
#include <string.h>

#include "core/host/host.h"

#define CODE_TRY_LATER 1013

typedef struct
{
  UcOp op;
  UsherDelivered delivered;
  UsherHistory history;
  void (*kv_get) (void *, const char *, size_t);
  void (*kv_set) (void *, const UsherResult *);
  void (*media_put) (void *, const UsherResult *, const char *);
  void *data;
  size_t count;
} UcHostCall;

static UcHost *host; /* the services know only the instance */

/* ---- calls that are answered later --------------------------------------------------------------------- */

static UcHostCall *
call_new (UcOp op, void *data, guint64 *token)
{
  UcHostCall *call = g_new0 (UcHostCall, 1);

  call->op = op;
  call->data = data;
  *token = ++host->last_call;
  g_hash_table_insert (host->calls, GSIZE_TO_POINTER (*token), call);
  return call;
}

static void
answer_call (UcHostCall *call, const UsherResult *result, const UcWireMessage *message)
{
  static const UsherLine *const no_lines[] = { NULL };
  const UcWireValue *v = message != NULL ? message->values : NULL;
  g_autofree gint64 *none = NULL;

  switch (call->op)
    {
    case UC_OP_DELIVERED:
      none = g_new0 (gint64, call->count + 1);
      call->delivered (call->data, result, v != NULL && v[1].ints.count == call->count ? v[1].ints.values : none,
                       call->count);
      break;
    case UC_OP_HISTORY_DONE:
      call->history (call->data, result,
                     v != NULL && v[1].structures != NULL ? (const UsherLine *const *)v[1].structures : no_lines,
                     v != NULL ? v[2].text : "none", v != NULL ? v[3].text : NULL);
      break;
    case UC_OP_KV_VALUE:
      call->kv_get (call->data, v != NULL ? v[0].bytes.data : NULL, v != NULL ? v[0].bytes.len : 0);
      break;
    case UC_OP_KV_DONE:
      call->kv_set (call->data, result);
      break;
    default:
      call->media_put (call->data, result, v != NULL ? v[1].text : NULL);
    }
}

gboolean
uc_host_answer (UcHost *self, UcWireMessage *message)
{
  UcHostCall *call = g_hash_table_lookup (self->calls, GSIZE_TO_POINTER (message->token));
  UcOp op = message->spec->op;

  if (op != UC_OP_DELIVERED && op != UC_OP_HISTORY_DONE && op != UC_OP_KV_VALUE && op != UC_OP_KV_DONE
      && op != UC_OP_MEDIA_DONE)
    return FALSE;
  if (call == NULL || call->op != op)
    return TRUE;
  g_hash_table_steal (self->calls, GSIZE_TO_POINTER (message->token));
  answer_call (call, op == UC_OP_KV_VALUE ? NULL : message->values[0].structure, message);
  g_free (call);
  return TRUE;
}

static void
answer_unsent (gpointer data)
{
  const UsherResult result = { .struct_size = sizeof result,
                               .status = USHER_BUSY,
                               .message = "it could not be passed on to usherd; try again",
                               .retry_after_ms = 1000 };
  UcHostCall *call = NULL;

  if (!g_hash_table_steal_extended (host->calls, data, NULL, (gpointer *)&call))
    return;
  answer_call (call, &result, NULL);
  g_free (call);
}

/* Never before the slot returned: plugins rely on it. */
static void
check_sent (guint64 token, gboolean sent)
{
  if (!sent)
    uc_loop_invoke (host->loop, answer_unsent, GSIZE_TO_POINTER (token));
}

static void
service_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
                 void *data)
{
  guint64 token;
  UcHostCall *call = call_new (UC_OP_DELIVERED, data, &token);

  call->delivered = done;
  call->count = count;
  check_sent (token, uc_link_has_room (host->link) && uc_link_send (host->link, UC_OP_DELIVER, token, items));
}

static void
service_history (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done,
                 void *data)
{
  guint64 token;
  UcHostCall *call = call_new (UC_OP_HISTORY_DONE, data, &token);

  call->history = done;
  check_sent (token, uc_link_has_room (host->link)
                         && uc_link_send (host->link, UC_OP_HISTORY, token, user_id, after, (gint64)limit));
}

/* Waits for room like any other frame: there is no way to tell a plugin that it is not known yet. */
static void
service_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  guint64 token;
  UcHostCall *call = call_new (UC_OP_KV_VALUE, data, &token);

  call->kv_get = done;
  uc_link_send (host->link, UC_OP_KV_GET, token, key);
}

static void
service_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
                void (*done) (void *, const UsherResult *), void *data)
{
  guint64 token;
  UcHostCall *call = call_new (UC_OP_KV_DONE, data, &token);

  call->kv_set = done;
  check_sent (token, uc_link_send (host->link, UC_OP_KV_SET, token, key, value, (gsize)len));
}

static void
service_media_put (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
                   void (*done) (void *, const UsherResult *, const char *), void *data)
{
  guint64 token;
  UcHostCall *call = call_new (UC_OP_MEDIA_DONE, data, &token);

  call->media_put = done;
  check_sent (token, uc_link_has_room (host->link)
                         && uc_link_send (host->link, UC_OP_MEDIA_PUT, token, bytes, (gsize)len, mime, name));
}

static void
service_typing (UsherInstance *instance, const char *user_id, bool on)
{
  if (uc_link_has_room (host->link))
    uc_link_send (host->link, UC_OP_TYPING_IN, 0, user_id, (int)on);
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

/* The one answer that is waited for: the plugin wants it now, in create or start, and usherd never blocks. */
static bool
service_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  guint64 token = ++host->last_call;
  g_autoptr (UcWireMessage) answer = NULL;

  if (!uc_link_send (host->link, UC_OP_ROUTE, token, path, (gint64)flags, (gint64)MIN (max_body, G_MAXINT)))
    return false;
  answer = uc_link_wait (host->link, UC_OP_ROUTED, token);
  return answer != NULL && answer->values[0].truth;
}

static void
service_http_respond (UsherExchange *exchange, const UsherResponse *response)
{
  const UsherResponse too_large = { .struct_size = sizeof too_large, .status = 500 };
  guint64 token = GPOINTER_TO_SIZE (exchange);

  if (!g_hash_table_remove (host->exchanges, exchange))
    uc_plugin_log (host->instance, USHER_LOG_ERROR,
                   "the plugin answered an HTTP request that is not open; ignored");
  else if (!uc_link_send (host->link, UC_OP_HTTP_RESPOND, token, response))
    {
      uc_plugin_log (host->instance, USHER_LOG_ERROR,
                     "an HTTP response is larger than 32 MiB; the client gets 500");
      uc_link_send (host->link, UC_OP_HTTP_RESPOND, token, &too_large);
    }
}

static UcHostSocket *
socket_of (UsherSocket *socket)
{
  return g_hash_table_lookup (host->sockets, socket);
}

static void
service_ws_set_data (UsherSocket *socket, void *data)
{
  UcHostSocket *one = socket_of (socket);

  if (one != NULL)
    one->data = data;
}

static void *
service_ws_data (UsherSocket *socket)
{
  UcHostSocket *one = socket_of (socket);

  return one != NULL ? one->data : NULL;
}

static void
service_ws_close (UsherSocket *socket, int code, const char *reason)
{
  UcHostSocket *one = socket_of (socket);

  if (one == NULL || one->closing)
    return;
  one->closing = TRUE;
  uc_link_send (host->link, UC_OP_WS_CLOSE, GPOINTER_TO_SIZE (socket), (gint64)code, reason);
}

static bool
service_ws_send (UsherSocket *socket, const char *data, size_t len, bool binary)
{
  UcHostSocket *one = socket_of (socket);

  if (one == NULL || one->closing)
    return false;
  if (uc_link_has_room (host->link)
      && uc_link_send (host->link, UC_OP_WS_SEND, GPOINTER_TO_SIZE (socket), data, (gsize)len, (int)binary))
    return true;
  service_ws_close (socket, CODE_TRY_LATER, "too slow: the queue is full");
  return false;
}

/* ---- desks --------------------------------------------------------------------------------------------- */

static UsherDesk *
service_desk_open (UsherInstance *instance, const char *remote_address, void *desk_data)
{
  guint64 token = ++host->last_desk;

  if (!uc_link_has_room (host->link) || !uc_link_send (host->link, UC_OP_DESK_OPEN, token, remote_address))
    return NULL;
  g_hash_table_insert (host->desks, GSIZE_TO_POINTER (token), desk_data);
  return GSIZE_TO_POINTER (token);
}

static void
service_desk_input (UsherDesk *desk, const char *frame, size_t len)
{
  if (g_hash_table_contains (host->desks, desk))
    uc_link_send (host->link, UC_OP_DESK_INPUT, GPOINTER_TO_SIZE (desk), frame, (gsize)len);
}

static void
service_desk_close (UsherDesk *desk)
{
  if (g_hash_table_remove (host->desks, desk))
    uc_link_send (host->link, UC_OP_DESK_CLOSE, GPOINTER_TO_SIZE (desk));
}

/* ---- state and log ------------------------------------------------------------------------------------- */

static void
host_instance_state (UsherInstance *instance, UsherStatus status, const char *message)
{
  if (uc_host_check (instance, "instance_state"))
    uc_link_send (host->link, UC_OP_STATE, 0, (gint64)status, message);
}

typedef struct
{
  gint64 level;
  char *text;
} LogLine;

static void
send_line (gpointer data)
{
  LogLine *line = data;

  if (uc_link_has_room (host->link))
    uc_link_send (host->link, UC_OP_LOG, 0, line->level, line->text);
  g_free (line->text);
  g_free (line);
}

static gint64
level_of (GLogLevelFlags level, const char *priority)
{
  if (priority != NULL && priority[0] >= '3' && priority[0] <= '7')
    return priority[0] - '3' + USHER_LOG_ERROR;
  return (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0 ? USHER_LOG_ERROR
         : (level & G_LOG_LEVEL_WARNING) != 0                      ? USHER_LOG_WARNING
         : (level & G_LOG_LEVEL_MESSAGE) != 0                      ? USHER_LOG_NOTICE
         : (level & G_LOG_LEVEL_INFO) != 0                         ? USHER_LOG_INFO
                                                                   : USHER_LOG_DEBUG;
}

/* Any thread. usherd adds who speaks, and counts the lines. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  LogLine *line = g_new0 (LogLine, 1);
  const char *message = "", *priority = NULL, *instance = NULL;

  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      message = fields[i].value;
    else if (strcmp (fields[i].key, "PRIORITY") == 0)
      priority = fields[i].value;
    else if (strcmp (fields[i].key, "USHER_INSTANCE") == 0)
      instance = fields[i].value;
  if (instance != NULL && g_str_has_prefix (message, instance) && message[strlen (instance)] == ':')
    message += strlen (instance) + 2;
  line->level = level_of (level, priority);
  line->text = g_strdup (message);
  if (uc_host_on_main ())
    send_line (line);
  else
    uc_loop_invoke (host->loop, send_line, line);
  return G_LOG_WRITER_HANDLED;
}

void
uc_host_services_init (UcHost *self)
{
  static const UcHostServices services = { .kv_get = service_kv_get,
                                           .kv_set = service_kv_set,
                                           .deliver = service_deliver,
                                           .typing = service_typing,
                                           .history = service_history,
                                           .media_put = service_media_put,
                                           .desk_open = service_desk_open,
                                           .desk_input = service_desk_input,
                                           .desk_close = service_desk_close,
                                           .route = service_route,
                                           .http_respond = service_http_respond,
                                           .ws_set_data = service_ws_set_data,
                                           .ws_data = service_ws_data,
                                           .ws_send = service_ws_send,
                                           .ws_close = service_ws_close };

  host = self;
  host->table = *uc_host_init (host->loop, &services);
  host->table.instance_state = host_instance_state;
  host->calls = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  host->exchanges = g_hash_table_new (NULL, NULL);
  host->sockets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  host->desks = g_hash_table_new (NULL, NULL);
  g_log_set_writer_func (write_log, NULL, NULL);
}
