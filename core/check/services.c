/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The core's side, as the checks want it: deliveries that are stored, late, or refused; requests and sockets made
 * up in memory, with peers that are slow or gone; desks that answer and end. Between the plugin and the host table
 * stand functions that look at what the plugin says. Main thread, unless the host's own slot is for any thread.
 */
#include "core/check/kit.h"

#include <string.h>

#define MAX_LOG_LINES 1000
#define MAX_DELIVERIES 20000

static GHashTable *numbers; /* external id -> its number */
static gint64 last_number;
static GHashTable *kv;

struct UsherDesk
{
  UsherInstance *instance;
  void *data;
  gboolean open, gone;
  guint frames;
};

/* ---- what the plugin hands over ------------------------------------------------------------------------ */

/* A plugin of our own ABI has our sizes. */
void
kit_check_size (gsize given, gsize ours, const char *what)
{
  int minor = (int)kit.real->descriptor.abi_minor;

  if (minor == USHER_ABI_MINOR ? given != ours : minor < USHER_ABI_MINOR ? given > ours : given < ours)
    kit_fault ("the struct_size of its %s is %" G_GSIZE_FORMAT ", and ABI %d.%d has %" G_GSIZE_FORMAT
               "; write sizeof of the struct there",
               what, given, USHER_ABI_MAJOR, minor, ours);
}

static void
check_result (const UsherResult *result)
{
  if (result == NULL)
    {
      kit_fault ("it completed a reply with NULL instead of a result");
      return;
    }
  kit_check_size (result->struct_size, sizeof *result, "result");
  if ((int)result->status < USHER_OK || result->status > USHER_FAILED)
    kit_fault ("it completed a reply with the status %d, which does not exist; see UsherStatus", result->status);
  else if (result->status != USHER_OK && result->status != USHER_CANCELLED
           && (result->message == NULL || result->message[0] == '\0'))
    kit_fault ("it completed a reply with the status %s and no message; say what failed and why",
               uc_status_word (result->status));
  if (result->struct_size < sizeof *result)
    return;
  for (gsize i = 0; result->customers != NULL && result->customers[i] != NULL; i++)
    kit_check_size (result->customers[i]->struct_size, sizeof (UsherCustomer), "UsherCustomer");
  for (gsize i = 0; result->cases != NULL && result->cases[i] != NULL; i++)
    kit_check_size (result->cases[i]->struct_size, sizeof (UsherCase), "UsherCase");
}

static void
own_complete (UsherReply *reply, const UsherResult *result)
{
  check_result (result);
  kit.own.complete (reply, result);
}

static __thread gboolean logging;

static void
own_log (UsherInstance *instance, UsherLogLevel level, const char *message)
{
  if (__atomic_add_fetch (&kit.lines_logged, 1, __ATOMIC_RELAXED) == MAX_LOG_LINES)
    kit_fault ("it floods the log: %d lines in one check; log what changed, not what happens", MAX_LOG_LINES);
  if (message == NULL)
    kit_fault ("it called host->log without a message");
  else if (!g_utf8_validate (message, -1, NULL))
    kit_fault ("it logged something that is not UTF-8");
  logging = TRUE;
  kit.own.log (instance, level, message);
  logging = FALSE;
}

static void
own_http_respond (UsherExchange *exchange, const UsherResponse *response)
{
  if (response != NULL)
    kit_check_size (response->struct_size, sizeof *response, "UsherResponse");
  kit.own.http_respond (exchange, response);
}

static void
own_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
             void *data)
{
  for (size_t i = 0; items != NULL && i < count && i < 256 && items[i] != NULL; i++)
    kit_check_size (items[i]->struct_size, sizeof (UsherInbound), "UsherInbound");
  if (done == NULL)
    kit_fault ("it delivers without `done`: only its answer says that the message is stored");
  kit.own.deliver (instance, items, count, done, data);
}

/* The host tells of misuse in the log; what the plugin itself logs does not count. */
static GLogWriterOutput
listen_to_host (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  const char *message = NULL, *priority = NULL, *domain = NULL;

  for (gsize i = 0; i < n; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      message = fields[i].value;
    else if (strcmp (fields[i].key, "PRIORITY") == 0)
      priority = fields[i].value;
    else if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
      domain = fields[i].value;
  if (message == NULL)
    return G_LOG_WRITER_HANDLED;
  if ((level & G_LOG_LEVEL_CRITICAL) != 0)
    kit_fault ("a library complains (%s): %s", domain != NULL ? domain : "no domain", message);
  else if (!logging && priority != NULL && priority[0] == '3' && domain != NULL
           && g_str_has_prefix (domain, "usher-")
           && (strstr (message, "failed to start: ") == NULL || strstr (message, "a fault of the plugin") != NULL))
    kit_fault ("%s", message);
  return G_LOG_WRITER_HANDLED;
}

/* ---- deliveries ---------------------------------------------------------------------------------------- */

typedef struct
{
  UsherDelivered done;
  void *data;
  UsherStatus status;
  int64_t *numbers;
  size_t count;
} Delivery;

static void
answer_delivery (gpointer data)
{
  Delivery *delivery = data;
  const UsherResult result = { .struct_size = sizeof result,
                               .status = delivery->status,
                               .message = delivery->status == USHER_OK ? NULL : "the kit says so",
                               .retry_after_ms = delivery->status == USHER_OK ? 0 : 100 };

  delivery->done (delivery->data, &result, delivery->numbers, delivery->count);
  g_free (delivery->numbers);
  g_free (delivery);
}

static void
never (gpointer data)
{
}

static int64_t
number_of (const char *external_id)
{
  gint64 *number = external_id != NULL ? g_hash_table_lookup (numbers, external_id) : NULL;

  if (number != NULL || external_id == NULL)
    return number != NULL ? *number : 0;
  number = g_new (gint64, 1);
  *number = ++last_number;
  g_hash_table_insert (numbers, g_strdup (external_id), number);
  return *number;
}

static void
kit_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
             void *data)
{
  static const UsherStatus statuses[] = { [KIT_DELIVER_OK] = USHER_OK,
                                          [KIT_DELIVER_LATE] = USHER_OK,
                                          [KIT_DELIVER_BUSY] = USHER_BUSY,
                                          [KIT_DELIVER_RETRY] = USHER_RETRY,
                                          [KIT_DELIVER_REFUSE] = USHER_INVALID };
  Delivery *delivery;

  kit.delivered++;
  if (kit.delivered == MAX_DELIVERIES)
    kit_fault ("it floods the core: %d deliveries in one check; after BUSY or RETRY wait for retry_after_ms",
               MAX_DELIVERIES);
  if (kit.deliver == KIT_DELIVER_NEVER)
    {
      /* Answered to nobody when the instance is gone. */
      uc_loop_timer_in (kit.loop, 3 * kit.patience, never, data);
      return;
    }
  delivery = g_new0 (Delivery, 1);
  *delivery = (Delivery){ done, data, statuses[kit.deliver], g_new0 (int64_t, count), count };
  for (size_t i = 0; i < count && delivery->status == USHER_OK; i++)
    delivery->numbers[i] = number_of (items[i]->external_id);
  if (kit.deliver == KIT_DELIVER_LATE)
    uc_loop_timer_in (kit.loop, 50, answer_delivery, delivery);
  else
    uc_loop_invoke (kit.loop, answer_delivery, delivery);
}

typedef struct
{
  void (*func) (void *data, void *call);
  UsherHistory history;
  void (*got) (void *, const char *, size_t);
  void (*set) (void *, const UsherResult *);
  void (*put) (void *, const UsherResult *, const char *);
  void *data;
  char *value;
  gsize len;
} Later;

static const UsherResult fine = { .struct_size = sizeof fine };

static void
answer_later (gpointer data)
{
  static const UsherLine *const no_lines[] = { NULL };
  Later *later = data;

  if (later->history != NULL)
    later->history (later->data, &fine, no_lines, "none", NULL);
  else if (later->got != NULL)
    later->got (later->data, later->value, later->len);
  else if (later->set != NULL)
    later->set (later->data, &fine);
  else if (later->put != NULL)
    later->put (later->data, &fine, "med_kit");
  g_free (later->value);
  g_free (later);
}

static void
answer_soon (Later later)
{
  uc_loop_invoke (kit.loop, answer_later, g_memdup2 (&later, sizeof later));
}

static void
kit_history (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done, void *data)
{
  answer_soon ((Later){ .history = done, .data = data });
}

static void
kit_media_put (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
               void (*done) (void *, const UsherResult *, const char *), void *data)
{
  answer_soon ((Later){ .put = done, .data = data });
}

static void
kit_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  g_autofree char *whole = g_strconcat (instance->name, "/", key, NULL);
  GBytes *value = g_hash_table_lookup (kv, whole);
  gsize len = 0;
  const void *bytes = value != NULL ? g_bytes_get_data (value, &len) : NULL;
  char *copy = value != NULL ? g_malloc0 (len + 1) : NULL;

  if (len > 0)
    memcpy (copy, bytes, len);
  answer_soon ((Later){ .got = done, .data = data, .value = copy, .len = len });
}

static void
kit_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
            void (*done) (void *, const UsherResult *), void *data)
{
  char *whole = g_strconcat (instance->name, "/", key, NULL);

  if (value != NULL)
    g_hash_table_insert (kv, whole, g_bytes_new (value, len));
  else
    {
      g_hash_table_remove (kv, whole);
      g_free (whole);
    }
  answer_soon ((Later){ .set = done, .data = data });
}

void
kit_kv_clear (void)
{
  g_hash_table_remove_all (kv);
  g_hash_table_remove_all (numbers);
}

static void
kit_typing (UsherInstance *instance, const char *user_id, bool on)
{
}

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

static void
route_free (gpointer data)
{
  KitRoute *route = data;

  g_free (route->path);
  g_free (route);
}

static bool
kit_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  KitRoute *route = g_new0 (KitRoute, 1);

  *route = (KitRoute){ g_strdup (path), flags, max_body };
  g_ptr_array_add (kit.routes, route);
  return true;
}

static GPtrArray *sockets, *desks; /* kept to the end: who uses one too late has to find it */

/* The instance goes, with everything it has here; the plugin hears nothing of it. */
static void
kit_unroute (UsherInstance *instance)
{
  g_ptr_array_set_size (kit.routes, 0);
  for (guint i = 0; i < sockets->len; i++)
    {
      UsherSocket *socket = sockets->pdata[i];

      socket->open = socket->open && socket->instance != instance;
    }
  for (guint i = 0; i < desks->len; i++)
    {
      UsherDesk *desk = desks->pdata[i];

      desk->gone = desk->gone || desk->instance == instance;
    }
}

UsherExchange *
kit_request (UsherInstance *instance, const char *method, const char *path, const char *body, gsize body_len,
             const char *const *headers, KitAnswer *answer)
{
  static const char *const usual[]
      = { "host", "kit.example", "content-type", "application/json", "origin", "http://kit.example", NULL };
  UsherExchange *exchange = g_new0 (UsherExchange, 1);
  g_auto (GStrv) parts = g_strsplit (path, "?", 2);
  const UsherRequest request = { .struct_size = sizeof request,
                                 .method = method,
                                 .path = parts[0],
                                 .query = parts[1],
                                 .headers = headers != NULL ? headers : usual,
                                 .body = body,
                                 .body_len = body_len,
                                 .remote_address = "192.0.2.1",
                                 .origin = "http://kit.example" };

  *answer = (KitAnswer){ 0 };
  exchange->what = g_strdup_printf ("%s %.80s", method, path);
  exchange->answer = answer;
  instance->head->http (instance->self, exchange, &request);
  return exchange;
}

/* Exchanges are kept: whoever answers twice has to find one. */
static void
kit_http_respond (UsherExchange *exchange, const UsherResponse *response)
{
  static volatile unsigned sum;

  if (exchange->answered)
    {
      kit_fault ("it answered the request \"%s\" twice; forget an exchange when it is answered", exchange->what);
      return;
    }
  exchange->answered = TRUE;
  kit.answers++;
  /* A length beyond the body shows here at the latest. */
  for (gsize i = 0; i < response->body_len; i++)
    sum += (unsigned char)response->body[i];
  if (exchange->answer != NULL)
    *exchange->answer = (KitAnswer){ TRUE, response->status };
}

/* ---- WebSocket ----------------------------------------------------------------------------------------- */

UsherSocket *
kit_ws_open (UsherInstance *instance, const char *path, const char *const *headers)
{
  static const char *const usual[] = { "host", "kit.example", "origin", "http://kit.example", NULL };
  UsherSocket *socket = g_new0 (UsherSocket, 1);
  g_auto (GStrv) parts = g_strsplit (path, "?", 2);
  const UsherRequest request = { .struct_size = sizeof request,
                                 .method = "GET",
                                 .path = parts[0],
                                 .query = parts[1],
                                 .headers = headers != NULL ? headers : usual,
                                 .remote_address = "192.0.2.1",
                                 .origin = "http://kit.example" };
  int status;

  socket->instance = instance;
  socket->open = TRUE;
  g_ptr_array_add (sockets, socket);
  status = instance->head->ws_open (instance->self, socket, &request);
  if (status == 0)
    return socket;
  if (status < 400 || status > 599)
    kit_fault ("ws_open returned %d; it returns 0 to accept, or an HTTP status from 400 to 599 to refuse", status);
  socket->open = FALSE;
  return NULL;
}

void
kit_ws_gone (UsherSocket *socket, int code)
{
  if (!socket->open)
    return;
  socket->open = FALSE;
  socket->instance->head->ws_closed (socket->instance->self, socket, code);
}

static void
finish_closing (gpointer data)
{
  UsherSocket *socket = data;

  kit_ws_gone (socket, socket->code);
}

static gboolean
socket_is_there (UsherSocket *socket, const char *slot)
{
  if (socket->open)
    return TRUE;
  kit_fault ("it called host->%s with a socket after ws_closed, after refusing it, or in destroy; drop every "
             "pointer to it there",
             slot);
  return FALSE;
}

static void
begin_closing (UsherSocket *socket, int code)
{
  if (socket->closing)
    return;
  socket->closing = TRUE;
  socket->code = code;
  uc_loop_invoke (kit.loop, finish_closing, socket);
}

static bool
kit_ws_send (UsherSocket *socket, const char *data, size_t len, bool binary)
{
  if (!socket_is_there (socket, "ws_send"))
    return false;
  if (!binary && !g_utf8_validate_len (data, len, NULL) && memchr (data, 0, len) == NULL)
    kit_fault ("it sent a text message that is not UTF-8; browsers close the socket then");
  if (!kit.slow_peer)
    return !socket->closing;
  begin_closing (socket, 1013);
  return false;
}

static void
kit_ws_close (UsherSocket *socket, int code, const char *reason)
{
  if (!socket_is_there (socket, "ws_close"))
    return;
  if (code != 1000 && code != 1001 && (code < 1003 || code > 4999 || code == 1005 || code == 1006 || code == 1015))
    kit_fault (
        "it closes a socket with the code %d, which may not be sent; use 1000, 1008, 1011 or one from 3000 on",
        code);
  begin_closing (socket, code);
}

static void
kit_ws_set_data (UsherSocket *socket, void *data)
{
  socket->data = data;
}

static void *
kit_ws_data (UsherSocket *socket)
{
  return socket->data;
}

/* ---- desks --------------------------------------------------------------------------------------------- */

static UsherDesk *
kit_desk_open (UsherInstance *instance, const char *remote_address, void *desk_data)
{
  UsherDesk *desk;

  if (kit.no_desks)
    return NULL;
  desk = g_new0 (UsherDesk, 1);
  *desk = (UsherDesk){ instance, desk_data, TRUE, FALSE, 0 };
  g_ptr_array_add (desks, desk);
  return desk;
}

static gboolean
desk_is_there (UsherDesk *desk, const char *slot)
{
  if (desk->open)
    return !desk->gone;
  kit_fault ("it called host->%s with a desk that is closed; drop every pointer to it in desk_closed and after "
             "desk_close",
             slot);
  return FALSE;
}

static void
desk_output (UsherDesk *desk, const char *frame)
{
  if (desk->open && !desk->gone)
    desk->instance->plugin->frontend.desk_output (desk->instance->self, desk, desk->data, frame, strlen (frame));
}

static void
desk_ends (gpointer data)
{
  UsherDesk *desk = data;

  if (!desk->open || desk->gone)
    return;
  desk->open = FALSE;
  desk->instance->plugin->frontend.desk_closed (desk->instance->self, desk, desk->data, 1008, "the kit ends it");
}

/* Answers like a core; large now and then, and in the end it goes, sometimes from inside. */
static void
kit_desk_input (UsherDesk *desk, const char *frame, size_t len)
{
  g_autofree char *large = NULL, *text = NULL;

  if (!desk_is_there (desk, "desk_input"))
    return;
  desk->frames++;
  desk_output (desk, "{\"type\":\"pong\",\"ping\":1}");
  if (desk->frames == 3)
    {
      large = g_strnfill (300 * 1024, 'x');
      text = g_strdup_printf ("{\"type\":\"welcome\",\"snapshot\":\"%s\"}", large);
      desk_output (desk, text);
    }
  if (desk->frames == 5)
    uc_loop_invoke (kit.loop, desk_ends, desk);
}

static void
kit_desk_close (UsherDesk *desk)
{
  if (desk_is_there (desk, "desk_close"))
    desk->open = FALSE;
}

/* ---- all together -------------------------------------------------------------------------------------- */

void
kit_services_init (void)
{
  static const UcHostServices services = {
    .kv_get = kit_kv_get,
    .kv_set = kit_kv_set,
    .deliver = kit_deliver,
    .typing = kit_typing,
    .history = kit_history,
    .media_put = kit_media_put,
    .desk_open = kit_desk_open,
    .desk_input = kit_desk_input,
    .desk_close = kit_desk_close,
    .route = kit_route,
    .unroute = kit_unroute,
    .http_respond = kit_http_respond,
    .ws_set_data = kit_ws_set_data,
    .ws_data = kit_ws_data,
    .ws_send = kit_ws_send,
    .ws_close = kit_ws_close,
  };
  UsherHost *table;

  numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  kv = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  kit.routes = g_ptr_array_new_with_free_func (route_free);
  sockets = g_ptr_array_new ();
  desks = g_ptr_array_new ();
  kit.host = uc_host_init (kit.loop, &services);
  kit.own = *kit.host;
  /* Const for plugins; the host module keeps it in a variable. */
  table = (UsherHost *)kit.host;
  table->complete = own_complete;
  table->log = own_log;
  table->deliver = own_deliver;
  table->http_respond = own_http_respond;
  g_log_set_writer_func (listen_to_host, NULL, NULL);
}
