/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The host table: checks what comes from a plugin, evens out struct sizes, and passes on to the services above.
 * Main thread, except the slots that <usher/host.h> opens to any thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/id.h"
#include "core/plugin/abi.h"
#include "core/plugin/instance-private.h"

#define DEFAULT_MAX_BODY (64 * 1024)

static UsherHost table;
static UcHostServices services;
static GThread *main_thread;

const UsherHost *
uc_host_table (void)
{
  return &table;
}

const UcHostServices *
uc_host_services (void)
{
  return &services;
}

gboolean
uc_host_on_main (void)
{
  return main_thread == NULL || g_thread_self () == main_thread;
}

gboolean
uc_host_check (UsherInstance *instance, const char *slot)
{
  if (!uc_host_on_main ())
    uc_plugin_logf (
        instance, USHER_LOG_ERROR,
        "the plugin called host->%s from a thread of its own; it has to come through host->invoke; ignored", slot);
  else if (instance == NULL)
    uc_plugin_logf (NULL, USHER_LOG_ERROR, "a plugin called host->%s without an instance; ignored", slot);
  else
    return TRUE;
  return FALSE;
}

/* For slots that know no instance. */
static gboolean
check_thread (const char *slot)
{
  if (uc_host_on_main ())
    return TRUE;
  uc_plugin_logf (
      NULL, USHER_LOG_ERROR,
      "a plugin called host->%s from a thread of its own; it has to come through host->invoke; ignored", slot);
  return FALSE;
}

static gboolean
check_kind (UsherInstance *instance, UcKind kind, const char *slot)
{
  if (!uc_host_check (instance, slot))
    return FALSE;
  if (instance->kind == kind)
    return TRUE;
  uc_plugin_logf (instance, USHER_LOG_ERROR, "the plugin called host->%s, which is for a %s, as a %s; ignored",
                  slot, uc_kind_word (kind), uc_kind_word (instance->kind));
  return FALSE;
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static gboolean
check_setting (UsherInstance *instance, const char *key, guint types, const char *slot)
{
  UsherSettingType type;

  if (!uc_host_check (instance, slot))
    return FALSE;
  type = uc_settings_type (instance->settings, key);
  if (type != 0 && (types & (1u << type)) != 0)
    return TRUE;
  if (type == 0)
    uc_plugin_logf (instance, USHER_LOG_ERROR, "the plugin asks for the setting '%s', which it does not declare",
                    key != NULL ? key : "(null)");
  else
    uc_plugin_logf (instance, USHER_LOG_ERROR,
                    "the plugin asks for the setting '%s' with host->%s, but it is a %s", key, slot,
                    uc_setting_type_word (type));
  return FALSE;
}

static const char *
host_get_string (UsherInstance *instance, const char *key)
{
  const guint types = 1u << USHER_SETTING_STRING | 1u << USHER_SETTING_PATH | 1u << USHER_SETTING_URL
                      | 1u << USHER_SETTING_SECRET | 1u << USHER_SETTING_ENUM;

  return check_setting (instance, key, types, "get_string") ? uc_settings_string (instance->settings, key) : NULL;
}

static int64_t
host_get_int (UsherInstance *instance, const char *key)
{
  const guint types = 1u << USHER_SETTING_INT | 1u << USHER_SETTING_DURATION | 1u << USHER_SETTING_SIZE;

  return check_setting (instance, key, types, "get_int") ? uc_settings_int (instance->settings, key) : 0;
}

static bool
host_get_bool (UsherInstance *instance, const char *key)
{
  return check_setting (instance, key, 1u << USHER_SETTING_BOOL, "get_bool")
         && uc_settings_bool (instance->settings, key);
}

static const char *const *
host_get_list (UsherInstance *instance, const char *key)
{
  static const char *const none[] = { NULL };

  return check_setting (instance, key, 1u << USHER_SETTING_LIST, "get_list")
             ? uc_settings_list (instance->settings, key)
             : none;
}

static const char *
host_instance_name (UsherInstance *instance)
{
  return instance != NULL ? instance->name : "";
}

static const char *
host_data_dir (UsherInstance *instance)
{
  return instance != NULL ? instance->data_dir : "";
}

static const char *
host_mount (UsherInstance *instance)
{
  return instance != NULL ? instance->mount : "";
}

/* ---- state --------------------------------------------------------------------------------------------- */

static void
host_fail (UsherInstance *instance, UsherStatus status, const char *message)
{
  if (!uc_host_check (instance, "fail"))
    return;
  if (!instance->priv->in_create)
    {
      uc_plugin_log (instance, USHER_LOG_ERROR,
                     "the plugin called host->fail outside of create; complete the reply, or use "
                     "host->instance_state");
      return;
    }
  instance->priv->told = status == USHER_OK ? USHER_FAILED : status;
  g_free (instance->priv->told_message);
  instance->priv->told_message = g_utf8_make_valid (message != NULL ? message : "it gave no reason", -1);
}

static void
host_instance_state (UsherInstance *instance, UsherStatus status, const char *message)
{
  if (uc_host_check (instance, "instance_state"))
    uc_instance_tell (instance, status, message);
}

/* ---- front end ----------------------------------------------------------------------------------------- */

static UsherDesk *
host_desk_open (UsherInstance *instance, const char *remote_address, void *desk_data)
{
  if (!check_kind (instance, UC_KIND_FRONTEND, "desk_open") || services.desk_open == NULL)
    return NULL;
  return services.desk_open (instance, remote_address != NULL ? remote_address : "", desk_data);
}

static void
host_desk_input (UsherDesk *desk, const char *frame, size_t len)
{
  if (check_thread ("desk_input") && desk != NULL && frame != NULL && services.desk_input != NULL)
    services.desk_input (desk, frame, len);
}

static void
host_desk_close (UsherDesk *desk)
{
  if (check_thread ("desk_close") && desk != NULL && services.desk_close != NULL)
    services.desk_close (desk);
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

static gboolean
is_route_path (const char *path)
{
  if (path == NULL || path[0] != '/' || strlen (path) > 256 || strstr (path, "//") != NULL
      || strstr (path, "/../") != NULL || g_str_has_suffix (path, "/.."))
    return FALSE;
  return g_str_is_ascii (path) && strpbrk (path, "?#% \t\r\n") == NULL;
}

static bool
host_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  const int known = USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET | USHER_ROUTE_PREFIX;
  const UsherOpsHead *head;

  if (!uc_host_check (instance, "route"))
    return false;
  head = instance->head;
  if (!is_route_path (path))
    uc_plugin_logf (instance, USHER_LOG_ERROR,
                    "the plugin registers the route '%s'; a route begins with / and has no ?, #, %%, space or ..",
                    path != NULL ? path : "(null)");
  else if ((flags & (USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET)) == 0 || (flags & ~known) != 0)
    uc_plugin_logf (instance, USHER_LOG_ERROR, "the plugin registers the route '%s' with unusable flags %d", path,
                    flags);
  else if (((flags & USHER_ROUTE_HTTP) != 0 && head->http == NULL)
           || ((flags & USHER_ROUTE_WEBSOCKET) != 0
               && (head->ws_open == NULL || head->ws_message == NULL || head->ws_closed == NULL)))
    uc_plugin_logf (instance, USHER_LOG_ERROR,
                    "the plugin registers the route '%s' but lacks the slots it leads to (http, or the three ws_)",
                    path);
  else if (services.route == NULL)
    uc_plugin_logf (instance, USHER_LOG_ERROR, "this process serves no HTTP; the route '%s' is refused", path);
  else
    return services.route (instance, path, flags, max_body > 0 ? max_body : DEFAULT_MAX_BODY);
  return false;
}

static void
host_http_respond (UsherExchange *exchange, const UsherResponse *response)
{
  UsherResponse copy;

  if (!check_thread ("http_respond") || exchange == NULL || services.http_respond == NULL)
    return;
  if (response == NULL || !uc_abi_copy (&copy, sizeof copy, response, offsetof (UsherResponse, content_type))
      || copy.status < 200 || copy.status > 599 || (copy.body == NULL && copy.body_len > 0))
    {
      uc_plugin_log (NULL, USHER_LOG_ERROR,
                     "a plugin answered an HTTP request with an unusable response; the client gets 500");
      copy = (UsherResponse){ .struct_size = sizeof copy, .status = 500 };
    }
  services.http_respond (exchange, &copy);
}

static void
host_ws_set_data (UsherSocket *socket, void *data)
{
  if (check_thread ("ws_set_data") && socket != NULL && services.ws_set_data != NULL)
    services.ws_set_data (socket, data);
}

static void *
host_ws_data (UsherSocket *socket)
{
  return check_thread ("ws_data") && socket != NULL && services.ws_data != NULL ? services.ws_data (socket) : NULL;
}

static bool
host_ws_send (UsherSocket *socket, const char *data, size_t len, bool binary)
{
  return check_thread ("ws_send") && socket != NULL && (data != NULL || len == 0) && services.ws_send != NULL
         && services.ws_send (socket, data != NULL ? data : "", len, binary);
}

static void
host_ws_close (UsherSocket *socket, int code, const char *reason)
{
  if (check_thread ("ws_close") && socket != NULL && services.ws_close != NULL)
    services.ws_close (socket, code, reason);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static void
host_random (void *buf, size_t len)
{
  uc_random_bytes (buf, len);
}

static int64_t
host_now (void)
{
  return uc_clock_now ();
}

static void
host_typing (UsherInstance *instance, const char *user_id, bool on)
{
  if (check_kind (instance, UC_KIND_CHANNEL, "typing") && user_id != NULL && g_utf8_validate (user_id, -1, NULL)
      && services.typing != NULL)
    services.typing (instance, user_id, on);
}

void
uc_host_forget (UsherInstance *instance)
{
  if (services.unroute != NULL)
    services.unroute (instance);
  uc_timers_forget (instance);
  uc_calls_forget (instance);
  uc_plugin_log_flush (instance);
}

const UsherHost *
uc_host_init (UcLoop *loop, const UcHostServices *given)
{
  main_thread = g_thread_self ();
  services = *given;
  table = (UsherHost){ .struct_size = sizeof table,
                       .abi_major = USHER_ABI_MAJOR,
                       .abi_minor = USHER_ABI_MINOR,
                       .log = uc_plugin_log,
                       .now = host_now,
                       .fail = host_fail,
                       .complete = uc_reply_complete,
                       .cancelled = uc_reply_cancelled,
                       .random = host_random,
                       .instance_name = host_instance_name,
                       .data_dir = host_data_dir,
                       .get_string = host_get_string,
                       .get_int = host_get_int,
                       .get_bool = host_get_bool,
                       .get_list = host_get_list,
                       .instance_state = host_instance_state,
                       .typing = host_typing,
                       .desk_open = host_desk_open,
                       .desk_input = host_desk_input,
                       .desk_close = host_desk_close,
                       .mount = host_mount,
                       .route = host_route,
                       .http_respond = host_http_respond,
                       .ws_set_data = host_ws_set_data,
                       .ws_data = host_ws_data,
                       .ws_send = host_ws_send,
                       .ws_close = host_ws_close };
  uc_host_fill_timers (&table);
  uc_host_fill_calls (&table);
  uc_host_fill_json (&table);
  return &table;
}
