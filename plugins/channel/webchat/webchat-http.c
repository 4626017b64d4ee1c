/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The HTTP side: the widget's files, the frame page, sessions, and the fallback for those who get no WebSocket.
 * Main thread.
 */
#include "webchat.h"

#include <string.h>

const char *
webchat_header (const UsherRequest *request, const char *name)
{
  for (const char *const *header = request->headers; header != NULL && *header != NULL; header += 2)
    if (strcmp (header[0], name) == 0)
      return header[1];
  return NULL;
}

/* ---- who may ------------------------------------------------------------------------------------------- */

gboolean
webchat_origin_ok (Webchat *wc, const UsherRequest *request)
{
  const char *origin = webchat_header (request, "origin");
  g_autofree char *shown = NULL;
  gint64 now = wc->host->now ();

  /* Browsers say where a request comes from whenever another site could have caused it with effect; who leaves the
   * header out is no page. */
  if (origin == NULL || webchat_origins_allow (&wc->origins, request->origin, origin))
    return TRUE;
  if (wc->warned_at == 0 || now - wc->warned_at > 60000 || now < wc->warned_at)
    {
      wc->warned_at = now;
      shown = g_utf8_make_valid (origin, MIN ((gssize)strlen (origin), 200));
      g_strdelimit (shown, "\r\n", ' ');
      webchat_log (
          wc, USHER_LOG_WARNING,
          "refused a request from origin '%s': it is not in allowed_origins. (This server's own origin is "
          "'%s'; if that is wrong, the proxy in front must be trusted and send Host and X-Forwarded-Proto.)",
          shown, request->origin);
    }
  return FALSE;
}

/* The Origin to allow in the answer: pages of allowed sites may speak the protocol without the frame. */
static const char *
allow_origin (const UsherRequest *request)
{
  return webchat_header (request, "origin");
}

static WebchatTokenState
read_token (Webchat *wc, const char *token, WebchatVisitorId id)
{
  gint64 expires_at;

  return webchat_token_read (wc->key, token, wc->host->now (), id, &expires_at);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

void
webchat_http_json (Webchat *wc, UsherExchange *exchange, const char *origin, int status, const char *json)
{
  const char *headers[]
      = { "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", "Vary", "Origin", NULL, NULL, NULL };
  UsherResponse response = { .struct_size = sizeof response,
                             .status = status,
                             .content_type = "application/json",
                             .headers = headers,
                             .body = json,
                             .body_len = strlen (json) };

  if (origin != NULL)
    {
      headers[6] = "Access-Control-Allow-Origin";
      headers[7] = origin;
    }
  wc->host->http_respond (exchange, &response);
}

void
webchat_http_error (Webchat *wc, UsherExchange *exchange, const char *origin, int status, const char *code,
                    const char *message, gint64 retry_after_ms)
{
  g_autofree char *json = webchat_frame_error (wc, code, message, retry_after_ms);
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, (retry_after_ms + 999) / 1000);
  const char *headers[9] = { "Cache-Control", "no-store", "Vary", "Origin" };
  guint next = 4;
  UsherResponse response = { .struct_size = sizeof response,
                             .status = status,
                             .content_type = "application/json",
                             .headers = headers,
                             .body = json,
                             .body_len = strlen (json) };

  if (retry_after_ms > 0)
    {
      headers[next++] = "Retry-After";
      headers[next++] = seconds;
    }
  if (origin != NULL)
    {
      headers[next++] = "Access-Control-Allow-Origin";
      headers[next++] = origin;
    }
  wc->host->http_respond (exchange, &response);
}

static void
refuse_token (Webchat *wc, UsherExchange *exchange, const UsherRequest *request, WebchatTokenState state)
{
  if (state == WEBCHAT_TOKEN_EXPIRED)
    webchat_http_error (wc, exchange, allow_origin (request), 401, "token_expired",
                        "The token is expired; ask for a session again.", 0);
  else
    webchat_http_error (wc, exchange, allow_origin (request), 401, "token",
                        "The token is not valid here; ask for a session.", 0);
}

/* ---- POST MOUNT/session -------------------------------------------------------------------------------- */

static void
new_session (Webchat *wc, UsherExchange *exchange, const UsherRequest *request, WebchatVisitorId id)
{
  g_autofree char *key = webchat_address_key (request->remote_address);
  WebchatAddress *address = webchat_address_get (wc, key);
  guint8 random[WEBCHAT_VISITOR_RANDOM];
  gint64 wait
      = webchat_rate_take (&address->sessions, wc->sessions_per_address, WEBCHAT_SESSION_WINDOW, wc->host->now ());

  id[0] = '\0';
  if (wait > 0)
    {
      webchat_http_error (wc, exchange, allow_origin (request), 429, "too_many",
                          "Too many new visitors from this address.", wait);
      return;
    }
  wc->host->random (random, sizeof random);
  webchat_visitor_make (id, random);
}

static void
serve_session (Webchat *wc, UsherExchange *exchange, const UsherRequest *request)
{
  const UsherHost *host = wc->host;
  const char *why = NULL;
  UsherJson *body = host->json_parse (request->body != NULL ? request->body : "", request->body_len, &why);
  const UsherJson *name = host->json_get (body, "name");
  const char *problem = NULL;
  gint64 now = host->now (), expires_at = 0;
  g_autofree char *token = g_strdup (host->json_string (host->json_get (body, "token")));
  g_autofree char *json = NULL;
  WebchatVisitorId id;
  gboolean parsed = body != NULL;

  if (name != NULL)
    problem = host->json_string (name) != NULL ? webchat_name_problem (wc, host->json_string (name))
                                               : "name must be a string.";
  host->json_free (body);
  if (!parsed)
    webchat_http_error (wc, exchange, allow_origin (request), 400, "not_json", "The body must be a JSON object.",
                        0);
  else if (problem != NULL)
    webchat_http_error (wc, exchange, allow_origin (request), 400, "name", problem, 0);
  else
    {
      if (webchat_token_read (wc->key, token, now, id, &expires_at) != WEBCHAT_TOKEN_GOOD)
        {
          new_session (wc, exchange, request, id);
          expires_at = 0;
          if (id[0] == '\0')
            return;
        }
      if (expires_at - now < wc->session_ttl / 2)
        {
          expires_at = now + wc->session_ttl;
          g_free (token);
          token = webchat_token_make (wc->key, id, expires_at);
        }
      json = webchat_frame_session (wc, token, id, expires_at);
      webchat_http_json (wc, exchange, allow_origin (request), 200, json);
    }
}

/* ---- POST MOUNT/send ----------------------------------------------------------------------------------- */

/* FALSE: answered. */
static gboolean
may_ask (Webchat *wc, UsherExchange *exchange, const UsherRequest *request, WebchatVisitor *visitor)
{
  gint64 wait = webchat_rate_take (&visitor->requests, WEBCHAT_REQUESTS, WEBCHAT_RATE_WINDOW, wc->host->now ());

  if (wait > 0)
    webchat_http_error (wc, exchange, allow_origin (request), 429, "too_fast", "Too many requests.", wait);
  return wait == 0;
}

static void
send_frames (Webchat *wc, UsherExchange *exchange, const UsherRequest *request, const UsherJson *body)
{
  const UsherHost *host = wc->host;
  const UsherJson *frames = host->json_get (body, "frames");
  size_t count = host->json_length (frames);
  WebchatVisitorId id;
  WebchatTokenState state = read_token (wc, host->json_string (host->json_get (body, "token")), id);
  WebchatVisitor *visitor;
  WebchatBatch *batch;

  if (state != WEBCHAT_TOKEN_GOOD)
    {
      refuse_token (wc, exchange, request, state);
      return;
    }
  if (count == 0 || count > WEBCHAT_MAX_BATCH)
    {
      webchat_http_error (wc, exchange, allow_origin (request), 400, "invalid",
                          "frames must be an array of 1 to 16 frames.", 0);
      return;
    }
  visitor = webchat_visitor_get (wc, id);
  if (!may_ask (wc, exchange, request, visitor))
    return;
  batch = webchat_batch_new (wc, exchange, allow_origin (request), (guint)count);
  for (guint i = 0; i < count; i++)
    {
      WebchatSender sender = { .batch = batch, .slot = i };

      webchat_intake_frame (wc, &sender, visitor, host->json_at (frames, i));
    }
  webchat_batch_done (batch);
}

static void
serve_send (Webchat *wc, UsherExchange *exchange, const UsherRequest *request)
{
  const char *why = NULL;
  UsherJson *body = wc->host->json_parse (request->body != NULL ? request->body : "", request->body_len, &why);

  if (body == NULL)
    {
      g_autofree char *message = g_strdup_printf ("Not JSON: %s", why != NULL ? why : "unreadable");

      webchat_http_error (wc, exchange, allow_origin (request), 400, "not_json", message, 0);
      return;
    }
  send_frames (wc, exchange, request, body);
  wc->host->json_free (body);
}

/* ---- GET MOUNT/poll ------------------------------------------------------------------------------------ */

static void
poll_over (void *data)
{
  WebchatClient *client = data;

  client->timer = 0;
  if (client->fetching)
    client->due = TRUE; /* answered as soon as history is there */
  else
    webchat_client_flush (client);
}

/* FALSE: not a number. Absent = fallback. */
static gboolean
query_number (const char *query, const char *key, gint64 fallback, gint64 max, gint64 *value)
{
  g_auto (GStrv) pairs = g_strsplit (query != NULL ? query : "", "&", 16);
  gsize len = strlen (key);
  guint64 number;

  *value = fallback;
  for (char **pair = pairs; *pair != NULL; pair++)
    if (strncmp (*pair, key, len) == 0 && (*pair)[len] == '=')
      {
        if (!g_ascii_string_to_unsigned (*pair + len + 1, 10, 0, (guint64)max, &number, NULL))
          return FALSE;
        *value = (gint64)number;
        return TRUE;
      }
  return TRUE;
}

static void
serve_poll (Webchat *wc, UsherExchange *exchange, const UsherRequest *request)
{
  const char *authorization = webchat_header (request, "authorization");
  gboolean bearer = authorization != NULL && g_ascii_strncasecmp (authorization, "Bearer ", 7) == 0;
  WebchatVisitorId id;
  WebchatTokenState state = read_token (wc, bearer ? authorization + 7 : NULL, id);
  WebchatVisitor *visitor;
  WebchatClient *client;
  gint64 after, wait_ms;

  if (state != WEBCHAT_TOKEN_GOOD)
    {
      refuse_token (wc, exchange, request, state);
      return;
    }
  if (!query_number (request->query, "after", 0, G_MAXINT64, &after)
      || !query_number (request->query, "wait", WEBCHAT_POLL_MS, WEBCHAT_POLL_MS, &wait_ms))
    {
      webchat_http_error (wc, exchange, allow_origin (request), 400, "invalid",
                          "after must be the number of a line or 0, wait at most 25000 ms.", 0);
      return;
    }
  visitor = webchat_visitor_get (wc, id);
  if (!may_ask (wc, exchange, request, visitor))
    return;
  client = webchat_client_new (wc, request->remote_address);
  if (client == NULL || visitor->clients->len >= WEBCHAT_MAX_CLIENTS)
    {
      if (client != NULL)
        webchat_client_drop (client);
      webchat_http_error (wc, exchange, allow_origin (request), 429, "too_many", "Too many connections.", 10000);
      return;
    }
  client->exchange = exchange;
  client->allow_origin = g_strdup (allow_origin (request));
  webchat_client_attach (client, visitor);
  client->timer = wc->host->timer_add (wc->instance, wait_ms, poll_over, client);
  webchat_client_fetch (client, after, after > 0);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void
preflight (Webchat *wc, UsherExchange *exchange, const UsherRequest *request)
{
  const char *origin = allow_origin (request);
  const char *headers[] = { "Access-Control-Allow-Methods",
                            "GET, POST",
                            "Access-Control-Allow-Headers",
                            "Content-Type, Authorization",
                            "Access-Control-Max-Age",
                            "600",
                            "Vary",
                            "Origin",
                            origin != NULL ? "Access-Control-Allow-Origin" : NULL,
                            origin,
                            NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = 204, .headers = headers };

  wc->host->http_respond (exchange, &response);
}

static void
api (Webchat *wc, UsherExchange *exchange, const UsherRequest *request, const char *method,
     void (*serve) (Webchat *, UsherExchange *, const UsherRequest *))
{
  if (!webchat_origin_ok (wc, request))
    webchat_http_error (wc, exchange, NULL, 403, "origin", "This site may not use the chat.", 0);
  else if (strcmp (request->method, "OPTIONS") == 0)
    preflight (wc, exchange, request);
  else if (strcmp (request->method, method) != 0)
    webchat_http_error (wc, exchange, allow_origin (request), 405, "method", "Wrong method for this address.", 0);
  else if (!wc->ready)
    webchat_http_error (wc, exchange, allow_origin (request), 503, "unavailable",
                        "The chat is starting or stopping.", 1000);
  else
    serve (wc, exchange, request);
}

void
webchat_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  Webchat *wc = self;
  const WebchatAsset *asset = webchat_assets_find (&wc->assets, request->path);
  gboolean get = strcmp (request->method, "GET") == 0 || strcmp (request->method, "HEAD") == 0;

  if (strcmp (request->path, "/session") == 0)
    api (wc, exchange, request, "POST", serve_session);
  else if (strcmp (request->path, "/send") == 0)
    api (wc, exchange, request, "POST", serve_send);
  else if (strcmp (request->path, "/poll") == 0)
    api (wc, exchange, request, "GET", serve_poll);
  else if (asset == NULL && strcmp (request->path, "/frame") != 0)
    webchat_http_error (wc, exchange, NULL, 404, "not_found", "There is nothing at this address.", 0);
  else if (!get)
    webchat_http_error (wc, exchange, allow_origin (request), 405, "method", "Wrong method for this address.", 0);
  else if (asset != NULL)
    webchat_asset_serve (asset, wc->host, exchange, request);
  else
    webchat_page_serve (wc, exchange, request);
}
