/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What usherd asks: slots of the plugin, and the way from a plugin's answer back. Main thread.
 */
#include <string.h>

#include "core/host/host.h"
#include "core/plugin/abi.h"
#include "core/plugin/slots.h"

/* ---- answers ------------------------------------------------------------------------------------------- */

typedef struct
{
  UcHost *host;
  guint64 token;
  UcWireMessage *message; /* the arguments: borrowed by the plugin until it answers */
} Owed;

static void
send_complete (UcHost *host, guint64 token, const UsherResult *result)
{
  const UsherResult too_large = { .struct_size = sizeof too_large,
                                  .status = USHER_FAILED,
                                  .message = "its answer does not fit in a frame of 32 MiB" };

  if (!uc_link_send (host->link, UC_OP_COMPLETE, token, result))
    uc_link_send (host->link, UC_OP_COMPLETE, token, &too_large);
}

static void
on_answer (gpointer data, const UsherResult *result)
{
  Owed *owed = data;

  g_hash_table_remove (owed->host->replies, GSIZE_TO_POINTER (owed->token));
  send_complete (owed->host, owed->token, result);
  uc_wire_message_unref (owed->message);
  g_free (owed);
}

/* usherd counts the time. */
static UsherReply *
owe (UcHost *host, UcWireMessage *message)
{
  Owed *owed = g_new (Owed, 1);
  UsherReply *reply;

  *owed = (Owed){ host, message->token, uc_wire_message_ref (message) };
  reply = uc_reply_new (host->instance, 0, on_answer, owed);
  g_hash_table_insert (host->replies, GSIZE_TO_POINTER (message->token), reply);
  return reply;
}

static void
answer (UcHost *host, UcWireMessage *message, UsherStatus status, const char *why)
{
  const UsherResult result = { .struct_size = sizeof result, .status = status, .message = why };

  send_complete (host, message->token, &result);
}

/* ---- life of the instance ------------------------------------------------------------------------------ */

static UcSettings *
take_settings (const UcWireValue *v)
{
  UcSettings *settings = uc_settings_new (uc_kind_word ((UcKind)v[0].number), v[1].text);
  const UcWireSetting *const *list = (const UcWireSetting *const *)v[4].structures;

  for (gsize i = 0; list != NULL && list[i] != NULL; i++)
    uc_settings_put (settings, list[i]->key, (UsherSettingType)list[i]->type, list[i]->set, list[i]->string,
                     list[i]->number, list[i]->list);
  return settings;
}

static void
say_created (UcHost *host)
{
  const UcPlugin *plugin = host->plugin;
  UsherChannelCapabilities capabilities;
  const UsherChannelCapabilities *given;

  if (host->instance->kind != UC_KIND_CHANNEL)
    {
      uc_link_send (host->link, UC_OP_CREATED, 0, NULL);
      return;
    }
  given = plugin->channel.runtime_capabilities != NULL
              ? plugin->channel.runtime_capabilities (host->instance->self)
              : plugin->channel.capabilities;
  if (given == NULL
      || !uc_abi_copy (&capabilities, sizeof capabilities, given, offsetof (UsherChannelCapabilities, max_text)))
    uc_link_send (host->link, UC_OP_CREATED, 0, NULL);
  else
    uc_link_send (host->link, UC_OP_CREATED, 0, &capabilities);
}

static gboolean
create_self (UcHost *host, UcWireMessage *message)
{
  UsherInstance *instance = host->instance;
  struct UcInstancePrivate *priv = instance->priv;

  priv->in_create = TRUE;
  instance->self = instance->head->create (instance, &host->table);
  priv->in_create = FALSE;
  if (instance->self == NULL)
    answer (host, message, priv->told != USHER_OK ? priv->told : USHER_FAILED,
            priv->told_message != NULL ? priv->told_message
                                       : "its create returned NULL without a reason (a fault of the plugin)");
  return instance->self != NULL;
}

static void
create (UcHost *host, UcWireMessage *message)
{
  const UcWireValue *v = message->values;
  g_autoptr (GError) error = NULL;

  if (host->instance != NULL || uc_plugin_table (host->plugin, (UcKind)v[0].number) == NULL || v[1].text == NULL
      || v[3].text == NULL)
    {
      answer (host, message, USHER_INVALID, "its process was asked for an instance that it can't make");
      return;
    }
  host->instance
      = uc_instance_new (host->loop, (UcKind)v[0].number, v[1].text, host->plugin, take_settings (v), "/");
  g_free (host->instance->data_dir);
  host->instance->data_dir = g_strdup (v[3].text);
  if (!uc_loader_start (host->loader, host->plugin, &host->table, &error))
    {
      answer (host, message, USHER_FAILED, error->message);
      return;
    }
  if (!create_self (host, message))
    return;
  host->instance->state = UC_INSTANCE_RUNNING;
  say_created (host);
  if (host->instance->head->start == NULL)
    answer (host, message, USHER_OK, NULL);
  else
    host->instance->head->start (host->instance->self, owe (host, message));
}

static void
stop (UcHost *host, UcWireMessage *message)
{
  if (host->instance->head->stop == NULL)
    answer (host, message, USHER_OK, NULL);
  else
    host->instance->head->stop (host->instance->self, owe (host, message));
}

static void
cancel (UcHost *host, UcWireMessage *message)
{
  UsherReply *reply = g_hash_table_lookup (host->replies, GSIZE_TO_POINTER (message->token));

  if (reply != NULL)
    uc_reply_give_up (reply);
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

static void
http (UcHost *host, UcWireMessage *message)
{
  UsherExchange *exchange = GSIZE_TO_POINTER (message->token);

  g_hash_table_add (host->exchanges, exchange);
  host->instance->head->http (host->instance->self, exchange, message->values[0].structure);
}

static void
ws_open (UcHost *host, UcWireMessage *message)
{
  UsherSocket *socket = GSIZE_TO_POINTER (message->token);
  int status;

  g_hash_table_insert (host->sockets, socket, g_new0 (UcHostSocket, 1));
  status = host->instance->head->ws_open (host->instance->self, socket, message->values[0].structure);
  if (status != 0)
    g_hash_table_remove (host->sockets, socket);
  uc_link_send (host->link, UC_OP_WS_ANSWER, message->token, (gint64)status);
}

static void
ws_message (UcHost *host, UcWireMessage *message)
{
  UsherSocket *socket = GSIZE_TO_POINTER (message->token);
  const UcHostSocket *one = g_hash_table_lookup (host->sockets, socket);

  if (one != NULL && !one->closing)
    host->instance->head->ws_message (host->instance->self, socket, message->values[0].bytes.data,
                                      message->values[0].bytes.len, message->values[1].truth);
}

static void
ws_closed (UcHost *host, UcWireMessage *message)
{
  UsherSocket *socket = GSIZE_TO_POINTER (message->token);

  /* It refused this one, and the client had left in the meantime. */
  if (!g_hash_table_contains (host->sockets, socket))
    return;
  host->instance->head->ws_closed (host->instance->self, socket, (int)message->values[0].number);
  g_hash_table_remove (host->sockets, socket);
}

/* ---- kinds --------------------------------------------------------------------------------------------- */

static void
serve_channel (UcHost *host, UcWireMessage *message)
{
  const UsherChannelOps *ops = &host->plugin->channel;
  void *self = host->instance->self;
  const UcWireValue *v = message->values;

  switch (message->spec->op)
    {
    case UC_OP_SEND:
      ops->send (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_NOTICE:
      ops->notice (self, v[0].structure);
      break;
    case UC_OP_TYPING:
      ops->typing (self, v[0].text, v[1].truth);
      break;
    case UC_OP_SEEN:
      ops->seen (self, v[0].structure);
      break;
    default:
      break;
    }
}

static void
serve_crm (UcHost *host, UcWireMessage *message)
{
  const UsherCrmOps *ops = &host->plugin->crm;
  void *self = host->instance->self;
  const UcWireValue *v = message->values;

  switch (message->spec->op)
    {
    case UC_OP_LOOKUP:
      ops->lookup (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_GET_CUSTOMER:
      ops->get_customer (self, v[0].text, owe (host, message));
      break;
    case UC_OP_SEARCH_CUSTOMERS:
      ops->search_customers (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_SAVE_CUSTOMER:
      ops->save_customer (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_GET_CASE:
      ops->get_case (self, v[0].text, owe (host, message));
      break;
    case UC_OP_LIST_CASES:
      ops->list_cases (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_SAVE_CASE:
      ops->save_case (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_MERGE_CUSTOMERS:
      ops->merge_customers (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_UNMERGE_CUSTOMERS:
      ops->unmerge_customers (self, v[0].structure, owe (host, message));
      break;
    case UC_OP_DESCRIBE:
      ops->describe (self, owe (host, message));
      break;
    default:
      break;
    }
}

static void
serve_frontend (UcHost *host, UcWireMessage *message)
{
  const UsherFrontendOps *ops = &host->plugin->frontend;
  UsherDesk *desk = GSIZE_TO_POINTER (message->token);
  const UcWireValue *v = message->values;
  gpointer data;

  /* One that the plugin has closed in the meantime. */
  if (!g_hash_table_lookup_extended (host->desks, desk, NULL, &data))
    return;
  if (message->spec->op == UC_OP_DESK_OUTPUT)
    ops->desk_output (host->instance->self, desk, data, v[0].bytes.data, v[0].bytes.len);
  else if (message->spec->op == UC_OP_DESK_CLOSED)
    {
      g_hash_table_remove (host->desks, desk);
      ops->desk_closed (host->instance->self, desk, data, (int)v[0].number, v[1].text);
    }
}

void
uc_host_serve (UcHost *host, UcWireMessage *message)
{
  static void (*const any[UC_OP_COUNT]) (UcHost *, UcWireMessage *)
      = { [UC_OP_STOP] = stop,       [UC_OP_CANCEL] = cancel,         [UC_OP_HTTP] = http,
          [UC_OP_WS_OPEN] = ws_open, [UC_OP_WS_MESSAGE] = ws_message, [UC_OP_WS_CLOSED] = ws_closed };
  UcOp op = message->spec->op;

  if (op == UC_OP_CREATE)
    create (host, message);
  else if (host->instance == NULL || host->instance->self == NULL)
    return;
  else if (any[op] != NULL)
    any[op](host, message);
  else if (host->instance->kind == UC_KIND_CHANNEL)
    serve_channel (host, message);
  else if (host->instance->kind == UC_KIND_CRM)
    serve_crm (host, message);
  else
    serve_frontend (host, message);
}
