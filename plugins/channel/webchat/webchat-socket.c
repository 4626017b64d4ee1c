/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The WebSocket: hello within a time, then frames. Main thread.
 */
#include "webchat.h"

static void
fail (WebchatClient *client, int code, const char *name, const char *message, gint64 retry_after_ms)
{
  g_autofree char *text = webchat_frame_error (client->wc, name, message, retry_after_ms);

  webchat_client_ref (client);
  webchat_client_send (client, text);
  webchat_client_end (client, code, message);
  webchat_client_unref (client);
}

static void
hello_late (void *data)
{
  WebchatClient *client = data;

  client->timer = 0;
  fail (client, WEBCHAT_CLOSE_TIMEOUT, "hello_timeout", "No hello came within 10 seconds.", 0);
}

int
webchat_ws_open (void *self, UsherSocket *socket, const UsherRequest *request)
{
  Webchat *wc = self;
  WebchatClient *client;

  if (!wc->ready)
    return 503;
  if (!webchat_origin_ok (wc, request))
    return 403;
  client = webchat_client_new (wc, request->remote_address);
  if (client == NULL)
    return 429;
  client->socket = socket;
  wc->host->ws_set_data (socket, client);
  client->timer = wc->host->timer_add (wc->instance, WEBCHAT_HELLO_MS, hello_late, client);
  return 0;
}

static void
take_hello (WebchatClient *client, const UsherJson *hello)
{
  Webchat *wc = client->wc;
  const UsherHost *host = wc->host;
  const char *token = host->json_string (host->json_get (hello, "token"));
  const UsherJson *cursor = host->json_get (hello, "after");
  gint64 after = cursor != NULL ? host->json_int (cursor, -1) : 0, expires_at;
  WebchatVisitorId id;

  if (after < 0)
    {
      fail (client, WEBCHAT_CLOSE_PROTOCOL, "invalid", "hello.after must be the number of a line, or 0.", 0);
      return;
    }
  switch (webchat_token_read (wc->key, token, host->now (), id, &expires_at))
    {
    case WEBCHAT_TOKEN_EXPIRED:
      fail (client, WEBCHAT_CLOSE_TOKEN, "token_expired", "The token is expired; ask for a session again.", 0);
      return;
    case WEBCHAT_TOKEN_FORGED:
      fail (client, WEBCHAT_CLOSE_TOKEN, "token", "The token is not valid here; ask for a session.", 0);
      return;
    case WEBCHAT_TOKEN_GOOD:
      break;
    }
  if (!webchat_client_attach (client, webchat_visitor_get (wc, id)))
    {
      fail (client, WEBCHAT_CLOSE_TOO_FAST, "too_many", "This visitor has too many connections.", 30000);
      return;
    }
  host->timer_remove (wc->instance, client->timer);
  client->timer = 0;
  webchat_client_fetch (client, after, after > 0);
}

/* FALSE: it made no sense and was answered. */
static gboolean
take_frame (WebchatClient *client, const UsherJson *frame)
{
  Webchat *wc = client->wc;
  const UsherJson *hello = wc->host->json_get (frame, "hello");
  WebchatSender sender = { .client = client };

  if (client->visitor == NULL && hello == NULL)
    {
      fail (client, WEBCHAT_CLOSE_PROTOCOL, "hello_first", "The first frame must be hello.", 0);
      return TRUE;
    }
  if (client->visitor == NULL)
    {
      take_hello (client, hello);
      return TRUE;
    }
  if (hello != NULL)
    {
      webchat_intake_answer (&sender, webchat_frame_error (wc, "invalid", "hello was said already.", 0));
      return FALSE;
    }
  return webchat_intake_frame (wc, &sender, client->visitor, frame);
}

static gboolean
take_text (WebchatClient *client, const char *data, size_t len)
{
  Webchat *wc = client->wc;
  const char *why = NULL;
  UsherJson *frame = wc->host->json_parse (data, len, &why);
  gboolean sense;

  if (frame == NULL)
    {
      g_autofree char *message = g_strdup_printf ("Not JSON: %s", why != NULL ? why : "unreadable");
      g_autofree char *text = webchat_frame_error (wc, "not_json", message, 0);

      webchat_client_send (client, text);
      return FALSE;
    }
  sense = take_frame (client, frame);
  wc->host->json_free (frame);
  return sense;
}

void
webchat_ws_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary)
{
  Webchat *wc = self;
  WebchatClient *client = wc->host->ws_data (socket);

  if (client == NULL)
    return; /* being closed */
  webchat_client_ref (client);
  if (binary)
    fail (client, WEBCHAT_CLOSE_BINARY, "binary", "Frames are JSON text; this one was binary.", 0);
  else
    {
      gint64 limit = MAX (WEBCHAT_FRAMES, 2 * wc->rate_messages);
      gint64 wait = webchat_rate_take (&client->frames, limit, WEBCHAT_RATE_WINDOW, wc->host->now ());

      if (wait > 0)
        fail (client, WEBCHAT_CLOSE_TOO_FAST, "too_fast", "Too many frames.", wait);
      else if (!take_text (client, data, len) && ++client->errors >= WEBCHAT_MAX_ERRORS && client->socket != NULL)
        fail (client, WEBCHAT_CLOSE_PROTOCOL, "protocol", "Too many frames that make no sense.", 0);
    }
  webchat_client_unref (client);
}

void
webchat_ws_closed (void *self, UsherSocket *socket, int code)
{
  Webchat *wc = self;
  WebchatClient *client = wc->host->ws_data (socket);

  if (client != NULL)
    webchat_client_drop (client);
}
