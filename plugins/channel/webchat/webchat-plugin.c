/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * webchat: the chat widget for web pages. Descriptor, settings, life of an instance, and the slots by which the
 * core reaches the customer. Main thread. The protocol of the browser's side is in protocol.md.
 */
#include "webchat.h"

#include <string.h>

#define KEY_NAME "token-key"

/* ---- shared by the other files ------------------------------------------------------------------------- */

Webchat *
webchat_ref (Webchat *wc)
{
  wc->refs++;
  return wc;
}

void
webchat_unref (Webchat *wc)
{
  if (--wc->refs > 0)
    return;
  g_hash_table_unref (wc->visitors);
  g_hash_table_unref (wc->addresses);
  webchat_origins_clear (&wc->origins);
  webchat_assets_clear (&wc->assets);
  g_free (wc->page);
  g_free (wc->page_tag);
  g_free (wc->ancestors);
  g_free (wc);
}

static void
finish (Webchat *wc, UsherReply **reply, UsherStatus status, const char *message)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = message };
  UsherReply *owed = g_steal_pointer (reply);

  if (owed != NULL)
    wc->host->complete (owed, &result);
}

void
webchat_owe (Webchat *wc)
{
  wc->owed++;
}

void
webchat_paid (Webchat *wc)
{
  if (--wc->owed == 0 && !wc->gone)
    finish (wc, &wc->stopping, USHER_OK, NULL);
}

void
webchat_log (Webchat *wc, UsherLogLevel level, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wc->host->log (wc->instance, level, text);
}

/* Of an instance with default settings. */
static const UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities,
                                                       .network = "webchat",
                                                       .max_text = 2000,
                                                       .text_unit = 0,
                                                       .typing_in = USHER_NATIVE,
                                                       .typing_out = USHER_NATIVE,
                                                       .receipts_delivered = USHER_NATIVE,
                                                       .receipts_read = USHER_NATIVE,
                                                       .reply_window_ms = 0,
                                                       .idempotent_send = true };

/* ---- create -------------------------------------------------------------------------------------------- */

static void
read_settings (Webchat *wc)
{
  const UsherHost *host = wc->host;

  wc->title = host->get_string (wc->instance, "title");
  wc->welcome = host->get_string (wc->instance, "welcome");
  wc->max_text = host->get_int (wc->instance, "max_text");
  wc->rate_messages = host->get_int (wc->instance, "rate_messages");
  wc->sessions_per_address = host->get_int (wc->instance, "sessions_per_address");
  wc->session_ttl = host->get_int (wc->instance, "session_ttl");
  wc->name_required = host->get_bool (wc->instance, "name_required");
  wc->capabilities = capabilities;
  wc->capabilities.max_text = (int32_t)wc->max_text;
}

static gboolean
register_routes (Webchat *wc)
{
  /* A character is at most six bytes of JSON per UTF-16 unit, twelve in all. */
  size_t max_body = 8192 + 12 * (size_t)wc->max_text;

  return wc->host->route (wc->instance, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, max_body)
         && wc->host->route (wc->instance, "/ws", USHER_ROUTE_WEBSOCKET, max_body);
}

static void *
webchat_create (UsherInstance *instance, const UsherHost *host)
{
  Webchat *wc = g_new0 (Webchat, 1);
  g_autofree char *why = NULL;

  wc->refs = 1;
  wc->instance = instance;
  wc->host = host;
  g_queue_init (&wc->clients);
  wc->visitors = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)webchat_visitor_free);
  wc->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  read_settings (wc);
  if (!webchat_origins_parse (&wc->origins, host->get_list (instance, "allowed_origins"), &why))
    host->fail (instance, USHER_INVALID, why);
  else if (!register_routes (wc))
    host->fail (instance, USHER_CONFLICT, "The paths below the mount are taken; give the instance another name.");
  else
    return wc;
  webchat_unref (wc);
  return NULL;
}

/* ---- start --------------------------------------------------------------------------------------------- */

static gboolean
load_assets (Webchat *wc, char **why)
{
  const char *setting = wc->host->get_string (wc->instance, "assets");
  g_autofree char *dir = setting != NULL ? g_strdup (setting) : webchat_assets_default_dir ();
  g_autofree char *sum = NULL;

  if (!webchat_assets_load (&wc->assets, dir, why))
    return FALSE;
  g_free (wc->ancestors);
  wc->ancestors = webchat_origins_ancestors (&wc->origins);
  g_free (wc->page);
  wc->page = webchat_page_make (wc);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, wc->page, -1);
  g_free (wc->page_tag);
  wc->page_tag = g_strdup_printf ("\"%.20s\"", sum);
  return TRUE;
}

static void
ready (Webchat *wc)
{
  if (wc->starting == NULL)
    return; /* stopped meanwhile */
  wc->ready = TRUE;
  wc->host->instance_state (wc->instance, USHER_OK, NULL);
  finish (wc, &wc->starting, USHER_OK, NULL);
}

static void
key_stored (void *data, const UsherResult *result)
{
  Webchat *wc = data;

  if (!wc->gone && result->status == USHER_OK)
    ready (wc);
  else if (!wc->gone)
    {
      g_autofree char *why = g_strdup_printf ("The key that signs visitors' tokens can't be stored: %s",
                                              result->message != NULL ? result->message : "no reason given");

      finish (wc, &wc->starting, USHER_RETRY, why);
    }
  webchat_paid (wc);
  webchat_unref (wc);
}

static gboolean
key_read (Webchat *wc, const char *value, size_t len)
{
  g_autofree char *text = value != NULL ? g_strndup (value, len) : NULL;
  g_autofree guchar *raw = NULL;
  gsize raw_len = 0;

  if (text == NULL || text[0] == '\0')
    return FALSE;
  raw = g_base64_decode (text, &raw_len);
  if (raw_len != WEBCHAT_KEY_LEN)
    {
      webchat_log (
          wc, USHER_LOG_WARNING,
          "the stored key for visitors' tokens is damaged; a new one is made and every visitor starts anew");
      return FALSE;
    }
  memcpy (wc->key, raw, WEBCHAT_KEY_LEN);
  return TRUE;
}

static void
key_there (void *data, const char *value, size_t len)
{
  Webchat *wc = data;
  g_autofree char *text = NULL;

  if (wc->gone || key_read (wc, value, len))
    {
      if (!wc->gone)
        ready (wc);
      webchat_paid (wc);
      webchat_unref (wc);
      return;
    }
  wc->host->random (wc->key, sizeof wc->key);
  text = g_base64_encode (wc->key, sizeof wc->key);
  wc->host->kv_set (wc->instance, KEY_NAME, text, strlen (text), key_stored, wc);
}

static void
webchat_start (void *self, UsherReply *reply)
{
  Webchat *wc = self;
  g_autofree char *why = NULL;

  wc->starting = reply;
  if (!load_assets (wc, &why))
    {
      finish (wc, &wc->starting, USHER_FAILED, why);
      return;
    }
  webchat_owe (wc);
  wc->host->kv_get (wc->instance, KEY_NAME, key_there, webchat_ref (wc));
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

static void
end_clients (Webchat *wc)
{
  while (!g_queue_is_empty (&wc->clients))
    webchat_client_end (wc->clients.head->data, WEBCHAT_CLOSE_AWAY, "The chat is restarting; come back.");
}

static void
webchat_stop (void *self, UsherReply *reply)
{
  Webchat *wc = self;

  wc->ready = FALSE;
  wc->stopping = reply;
  finish (wc, &wc->starting, USHER_CANCELLED, "The instance is stopping.");
  end_clients (wc);
  if (wc->owed == 0)
    finish (wc, &wc->stopping, USHER_OK, NULL);
}

static void
webchat_destroy (void *self)
{
  Webchat *wc = self;

  wc->gone = TRUE;
  wc->ready = FALSE;
  /* The core has closed every connection by now, with or without telling us. */
  while (!g_queue_is_empty (&wc->clients))
    {
      WebchatClient *client = wc->clients.head->data;

      client->timer = 0;
      webchat_client_drop (client);
    }
  wc->sweep = 0;
  webchat_unref (wc);
}

/* ---- from the core to the customer --------------------------------------------------------------------- */

static const UsherChannelCapabilities *
webchat_runtime_capabilities (void *self)
{
  return &((Webchat *)self)->capabilities;
}

static WebchatVisitor *
push (Webchat *wc, const UsherLine *line)
{
  WebchatVisitor *visitor = webchat_visitor_find (wc, line->user_id);
  g_autofree char *text = NULL;

  if (visitor == NULL)
    return NULL;
  text = webchat_frame_line (wc, visitor->id, line);
  webchat_visitor_push (wc, visitor, line->n, text);
  return visitor;
}

static void
webchat_send (void *self, const UsherLine *line, UsherReply *reply)
{
  Webchat *wc = self;

  push (wc, line);
  /* The line is stored: a customer who is away gets it from history, so it is as good as handed over. */
  finish (wc, &reply, USHER_OK, NULL);
}

static void
webchat_notice (void *self, const UsherLine *line)
{
  Webchat *wc = self;
  WebchatVisitor *visitor = push (wc, line);
  const char *code = line->code != NULL ? line->code : "";

  if (visitor == NULL)
    return;
  if (strcmp (code, "queued") == 0)
    webchat_visitor_set_state (wc, visitor, "waiting", NULL);
  else if (strcmp (code, "ended") == 0)
    webchat_visitor_set_state (wc, visitor, "ended", NULL);
  else
    webchat_visitor_refresh (wc, visitor);
}

static void
webchat_typing (void *self, const char *user_id, bool on)
{
  Webchat *wc = self;
  WebchatVisitor *visitor = webchat_visitor_find (wc, user_id);
  g_autofree char *text = NULL;

  if (visitor == NULL)
    return;
  text = webchat_frame_typing (wc, on, visitor->agent);
  webchat_visitor_tell (wc, visitor, text);
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherSetting allowed_origins
    = { .struct_size = sizeof (UsherSetting),
        .key = "allowed_origins",
        .type = USHER_SETTING_LIST,
        .required = true,
        .help
        = "sites that may show the widget: scheme://host[:port], https://*.host, or * alone for every site" };
static const UsherSetting title = { .struct_size = sizeof (UsherSetting),
                                    .key = "title",
                                    .type = USHER_SETTING_STRING,
                                    .default_value = "Chat with us",
                                    .help = "heading of the panel" };
static const UsherSetting welcome = { .struct_size = sizeof (UsherSetting),
                                      .key = "welcome",
                                      .type = USHER_SETTING_STRING,
                                      .default_value = "Hello! How can we help you?",
                                      .help = "what the panel says before the first message" };
static const UsherSetting name_required
    = { .struct_size = sizeof (UsherSetting),
        .key = "name_required",
        .type = USHER_SETTING_BOOL,
        .default_value = "true",
        .help = "whether a visitor must give a name before the first message" };
static const UsherSetting max_text = { .struct_size = sizeof (UsherSetting),
                                       .key = "max_text",
                                       .type = USHER_SETTING_INT,
                                       .default_value = "2000",
                                       .min = 1,
                                       .max = WEBCHAT_MAX_TEXT,
                                       .help = "longest message in characters, both ways" };
static const UsherSetting rate_messages = { .struct_size = sizeof (UsherSetting),
                                            .key = "rate_messages",
                                            .type = USHER_SETTING_INT,
                                            .default_value = "20",
                                            .min = 0,
                                            .max = 10000,
                                            .help = "messages of one visitor in 10 seconds; 0 = no limit" };
static const UsherSetting sessions_per_address
    = { .struct_size = sizeof (UsherSetting),
        .key = "sessions_per_address",
        .type = USHER_SETTING_INT,
        .default_value = "50",
        .min = 0,
        .max = 1000000,
        .help = "open connections, and new visitors in 10 minutes, of one remote address; 0 = no limit" };
static const UsherSetting session_ttl = { .struct_size = sizeof (UsherSetting),
                                          .key = "session_ttl",
                                          .type = USHER_SETTING_DURATION,
                                          .default_value = "720h",
                                          .min = 60 * 1000,
                                          .max = G_GINT64_CONSTANT (400) * 24 * 3600 * 1000,
                                          .help = "how long an absent visitor is recognised" };
static const UsherSetting assets = { .struct_size = sizeof (UsherSetting),
                                     .key = "assets",
                                     .type = USHER_SETTING_PATH,
                                     .help = "folder with widget.js, app.js and app.css; default: as installed" };
static const UsherSetting *const settings[]
    = { &allowed_origins, &title,  &welcome, &name_required, &max_text, &rate_messages, &sessions_per_address,
        &session_ttl,     &assets, NULL };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = webchat_create,
                                         .start = webchat_start,
                                         .stop = webchat_stop,
                                         .destroy = webchat_destroy,
                                         .http = webchat_http,
                                         .ws_open = webchat_ws_open,
                                         .ws_message = webchat_ws_message,
                                         .ws_closed = webchat_ws_closed,
                                         .capabilities = &capabilities,
                                         .runtime_capabilities = webchat_runtime_capabilities,
                                         .send = webchat_send,
                                         .notice = webchat_notice,
                                         .typing = webchat_typing };

static const UsherPlugin webchat = { USHER_PLUGIN_HEAD,
                                     .name = "webchat",
                                     .version = USHER_VERSION,
                                     .summary = "chat widget for web pages",
                                     .license = "GPL-3.0-or-later",
                                     .settings = settings,
                                     .channel = &channel };

USHER_PLUGIN_EXPORT (webchat)
