/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Host services: routes on core/net, small state in the store, and what intake and desks do. Main thread.
 */
#include "core/service/host-services.h"

#include <string.h>

#include "core/base/error.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"
#include "core/service/api.h"
#include "core/service/bridge.h"
#include "core/service/core.h"
#include "core/service/desk.h"
#include "core/service/intake.h"
#include "core/service/media.h"
#include "core/service/outbox.h"

#define MAX_KEY 128
#define MAX_VALUE (64 * 1024)

/* ---- routes -------------------------------------------------------------------------------------------- */

static void
route_http (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  UsherInstance *instance = data;

  instance->head->http (instance->self, exchange, request);
}

static int
route_ws_open (gpointer data, UsherSocket *socket, const UsherRequest *request)
{
  UsherInstance *instance = data;

  int status;

  /* Requests get their answer while it starts; sockets wait until it can serve them. */
  if (!uc_instance_is_running (instance))
    return 503;
  status = instance->head->ws_open (instance->self, socket, request);
  /* Only one in a process of its own may think about it. */
  return status == UC_WS_OPEN_LATER && instance->plugin->isolated ? UC_WS_LATER : status < 0 ? 500 : status;
}

static void
route_ws_message (gpointer data, UsherSocket *socket, const char *text, gsize len, bool binary)
{
  UsherInstance *instance = data;

  instance->head->ws_message (instance->self, socket, text, len, binary);
}

static void
route_ws_closed (gpointer data, UsherSocket *socket, int code)
{
  UsherInstance *instance = data;

  instance->head->ws_closed (instance->self, socket, code);
}

/* What customers bring; what agents and pages ask for is not. */
static gboolean
route_admit (gpointer data, GError **error)
{
  return uc_core_admits (((UsherInstance *)data)->service, UC_WORK_CUSTOMER, error);
}

/* While a process of its own is away, its pages say "in a moment" and not "never". They are registered for another
 * pointer than the instance's own routes, so that both kinds can be removed alone. */
#define AWAY(instance) ((gpointer) & (instance)->name)

static void
away_http (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  g_autoptr (GError) error = g_error_new_literal (
      UC_ERROR, UC_ERROR_UNAVAILABLE, "this part of the server is being started; try again in a moment");

  uc_api_respond_error (exchange, error);
}

static int
away_ws_open (gpointer data, UsherSocket *socket, const UsherRequest *request)
{
  return 503;
}

static void
away_ws_message (gpointer data, UsherSocket *socket, const char *text, gsize len, bool binary)
{
}

static void
away_ws_closed (gpointer data, UsherSocket *socket, int code)
{
}

static void
hold_routes (UcCore *core, UsherInstance *instance)
{
  static const UcRouteHandler away = { NULL, away_http, away_ws_open, away_ws_message, away_ws_closed };
  const int flags = USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET | USHER_ROUTE_PREFIX;

  uc_net_unroute (core->net, AWAY (instance));
  switch (instance->state)
    {
    case UC_INSTANCE_STARTING:
    case UC_INSTANCE_WAITING:
    case UC_INSTANCE_QUARANTINED:
    case UC_INSTANCE_STOPPED:
      (void)uc_net_route (core->net, UC_LISTEN_PUBLIC, instance->mount, "/", flags, 0, &away, AWAY (instance),
                          NULL);
      break;
    default:
      break;
    }
}

static bool
service_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  static const UcRouteHandler handler = { NULL, route_http, route_ws_open, route_ws_message, route_ws_closed },
                              channel
                              = { route_admit, route_http, route_ws_open, route_ws_message, route_ws_closed };
  UcCore *core = instance->service;
  g_autoptr (GError) error = NULL;

  if (instance->plugin->isolated)
    uc_net_unroute (core->net, AWAY (instance));
  if (uc_net_route (core->net, UC_LISTEN_PUBLIC, instance->mount, path, flags, max_body,
                    instance->kind == UC_KIND_CHANNEL ? &channel : &handler, instance, &error))
    {
      instance->has_page |= strcmp (path, "/") == 0 && (flags & USHER_ROUTE_HTTP) != 0;
      return true;
    }
  g_warning ("%s \"%s\": route %s: %s", uc_kind_word (instance->kind), instance->name, path, error->message);
  return false;
}

static void
service_unroute (UsherInstance *instance)
{
  UcCore *core = instance->service;

  if (core != NULL && core->net != NULL)
    uc_net_unroute (core->net, instance);
}

/* ---- small state --------------------------------------------------------------------------------------- */

static char *
space_of (const UsherInstance *instance)
{
  return g_strconcat (uc_kind_word (instance->kind), ":", instance->name, NULL);
}

/* The instance may have been freed while the store worked: its name is for the log. Who called on its behalf drops
 * the answer then. */
typedef struct
{
  UcKind kind;
  char *name;
  void (*got) (void *data, const char *value, size_t len);
  void (*set) (void *data, const UsherResult *result);
  void *data;
} Kv;

static Kv *
kv_new (UsherInstance *instance, void *data)
{
  Kv *kv = g_new0 (Kv, 1);

  kv->kind = instance->kind;
  kv->name = g_strdup (instance->name);
  kv->data = data;
  return kv;
}

static void
kv_free (Kv *kv)
{
  g_free (kv->name);
  g_free (kv);
}

static void
on_got (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Kv *kv = data;

  if (result != UC_STORE_OK)
    g_warning ("%s \"%s\": its stored state can't be read: %s", uc_kind_word (kv->kind), kv->name, why);
  kv->got (kv->data, value, len);
  kv_free (kv);
}

static void
service_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  UcCore *core = instance->service;
  g_autofree char *space = space_of (instance);
  Kv *kv = kv_new (instance, data);

  kv->got = done;
  uc_store_kv (core->store, space, key, on_got, kv);
}

static void
on_set (gpointer data, const GError *error, GPtrArray *events)
{
  Kv *kv = data;
  UsherResult result = { .struct_size = sizeof result,
                         .status = error == NULL ? USHER_OK : USHER_RETRY,
                         .message = error != NULL ? error->message : NULL };

  if (kv->set != NULL)
    kv->set (kv->data, &result);
  kv_free (kv);
}

static void
service_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
                void (*done) (void *, const UsherResult *), void *data)
{
  UcCore *core = instance->service;
  g_autofree char *space = space_of (instance);
  UcTxn *txn;
  Kv *kv;

  if (strlen (key) > MAX_KEY || len > MAX_VALUE)
    {
      UsherResult result = { .struct_size = sizeof result,
                             .status = USHER_INVALID,
                             .message = "kv_set: keys have at most 128 bytes, values at most 64 KiB" };

      if (done != NULL)
        done (data, &result);
      return;
    }
  kv = kv_new (instance, data);
  kv->set = done;
  txn = uc_txn_new (core);
  uc_batch_kv (uc_txn_batch (txn), space, key, value, len);
  uc_txn_commit (txn, on_set, kv);
}

/* ---- state of instances -------------------------------------------------------------------------------- */

/* The name of the alarm has to be the same when it is cleared. */
static void
tell_quarantine (UcCore *core, const UsherInstance *instance)
{
  g_autofree char *name = g_strdup_printf ("plugin.%s:%s", uc_kind_word (instance->kind), instance->name);

  if (instance->state == UC_INSTANCE_QUARANTINED)
    uc_alarm_raise (
        core, name,
        "%s \"%s\" is in quarantine: %s, again and again. It is left alone for some minutes; everything "
        "else goes on. Look for it in the log, replace or remove the plugin %s, then run: usherctl "
        "plugin reload %s",
        uc_kind_word (instance->kind), instance->name, instance->status_message, instance->plugin->file,
        instance->name);
  else if (instance->state == UC_INSTANCE_RUNNING)
    uc_alarm_clear (core, name);
}

static void
service_state_changed (UsherInstance *instance)
{
  UcCore *core = instance->service;

  if (instance->state == UC_INSTANCE_RUNNING)
    g_message ("%s \"%s\" is running", uc_kind_word (instance->kind), instance->name);
  else if (instance->status_message != NULL)
    g_warning ("%s \"%s\" is %s: %s", uc_kind_word (instance->kind), instance->name,
               uc_instance_state_word (instance->state), instance->status_message);
  if (core == NULL || core->stopping)
    return;
  if (instance->plugin->isolated)
    {
      hold_routes (core, instance);
      tell_quarantine (core, instance);
    }
  uc_desks_instances_changed (core->desks);
  if (!uc_instance_is_running (instance))
    return;
  if (instance->kind == UC_KIND_CHANNEL)
    uc_outbox_kick (core->outbox, instance);
  else if (instance->kind == UC_KIND_CRM && instance == uc_core_crm (core))
    uc_bridge_kick (core->bridge);
}

const UcHostServices uc_service_slots = {
  .kv_get = service_kv_get,
  .kv_set = service_kv_set,
  .deliver = uc_intake_deliver,
  .typing = uc_intake_typing,
  .history = uc_intake_history,
  .media_put = uc_media_put,
  .desk_open = uc_desk_open,
  .desk_input = uc_desk_input,
  .desk_close = uc_desk_close,
  .route = service_route,
  .unroute = service_unroute,
  .http_respond = uc_http_respond,
  .ws_set_data = uc_ws_set_data,
  .ws_data = uc_ws_data,
  .ws_send = uc_ws_send,
  .ws_close = uc_ws_close,
  .ws_answer = uc_ws_answer,
  .state_changed = service_state_changed,
};
