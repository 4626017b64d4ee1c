/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clients: a WebSocket or a waiting poll, its cursor, and how it is brought up to date. Main thread.
 */
#include "webchat.h"

#include <string.h>

WebchatClient *
webchat_client_new (Webchat *wc, const char *remote_address)
{
  WebchatClient *client;
  g_autofree char *key = webchat_address_key (remote_address);
  WebchatAddress *address = webchat_address_get (wc, key);

  if (wc->sessions_per_address > 0 && address->live >= wc->sessions_per_address)
    return NULL;
  address->live++;
  client = g_new0 (WebchatClient, 1);
  client->refs = 1;
  client->open = TRUE;
  client->wc = webchat_ref (wc);
  client->address = g_steal_pointer (&key);
  client->rewind_n = -1;
  client->link.data = client;
  g_queue_push_tail_link (&wc->clients, &client->link);
  return client;
}

WebchatClient *
webchat_client_ref (WebchatClient *client)
{
  client->refs++;
  return client;
}

void
webchat_client_unref (WebchatClient *client)
{
  if (--client->refs > 0)
    return;
  if (client->out != NULL)
    g_string_free (client->out, TRUE);
  g_free (client->address);
  g_free (client->allow_origin);
  webchat_unref (client->wc);
  g_free (client);
}

gboolean
webchat_client_attach (WebchatClient *client, WebchatVisitor *visitor)
{
  if (visitor->clients->len >= WEBCHAT_MAX_CLIENTS)
    return FALSE;
  g_ptr_array_add (visitor->clients, client);
  client->visitor = visitor;
  return TRUE;
}

void
webchat_client_drop (WebchatClient *client)
{
  Webchat *wc = client->wc;
  WebchatAddress *address;

  if (!client->open)
    return;
  client->open = FALSE;
  client->socket = NULL;
  client->exchange = NULL;
  client->live = FALSE;
  if (client->timer != 0)
    wc->host->timer_remove (wc->instance, client->timer);
  client->timer = 0;
  if (client->visitor != NULL)
    {
      g_ptr_array_remove_fast (client->visitor->clients, client);
      client->visitor->used_at = wc->host->now ();
      client->visitor = NULL;
    }
  address = g_hash_table_lookup (wc->addresses, client->address);
  if (address != NULL && address->live > 0)
    address->live--;
  g_queue_unlink (&wc->clients, &client->link);
  webchat_client_unref (client);
}

void
webchat_client_end (WebchatClient *client, int code, const char *why)
{
  Webchat *wc = client->wc;
  UsherSocket *socket = client->socket;
  UsherExchange *exchange = client->exchange;
  g_autofree char *origin = g_steal_pointer (&client->allow_origin);

  if (socket != NULL)
    wc->host->ws_set_data (socket, NULL);
  webchat_client_drop (client);
  if (socket != NULL)
    wc->host->ws_close (socket, code, why);
  else if (exchange != NULL)
    webchat_http_error (wc, exchange, origin, 503, "unavailable", why, 1000);
}

/* ---- giving -------------------------------------------------------------------------------------------- */

void
webchat_client_send (WebchatClient *client, const char *text)
{
  if (client->socket != NULL)
    {
      /* A full queue closes the socket; the visitor comes back and resumes from its cursor. */
      client->wc->host->ws_send (client->socket, text, strlen (text), false);
      return;
    }
  if (client->out == NULL)
    client->out = g_string_new (NULL);
  if (client->out->len > 0)
    g_string_append_c (client->out, ',');
  g_string_append (client->out, text);
  client->news = TRUE;
}

void
webchat_client_flush (WebchatClient *client)
{
  UsherExchange *exchange = client->exchange;
  g_autofree char *body = NULL;

  if (exchange == NULL)
    return;
  body = g_strdup_printf ("{\"frames\":[%s]}", client->out != NULL ? client->out->str : "");
  webchat_client_ref (client);
  webchat_client_drop (client);
  webchat_http_json (client->wc, exchange, client->allow_origin, 200, body);
  webchat_client_unref (client);
}

void
webchat_client_push (WebchatClient *client, gint64 n, const char *text)
{
  if (!client->live || client->fetching || client->behind || n <= client->sent_n)
    return; /* what is missing comes from history: visitor->max_n tells that there is more */
  if (n > client->sent_n + 1)
    {
      webchat_client_fetch (client, client->sent_n, FALSE);
      return;
    }
  webchat_client_send (client, text);
  client->sent_n = n;
  webchat_client_flush (client);
}

/* ---- history ------------------------------------------------------------------------------------------- */

/* Returns how many were new to the client. */
static guint
give_lines (WebchatClient *client, const UsherLine *const *lines)
{
  Webchat *wc = client->wc;
  guint count = 0;

  for (; *lines != NULL && count < WEBCHAT_PAGE; lines++)
    {
      g_autofree char *text = NULL;

      if ((*lines)->n <= client->sent_n)
        continue;
      text = webchat_frame_line (wc, client->visitor->id, *lines);
      webchat_client_send (client, text);
      client->sent_n = (*lines)->n;
      count++;
      if (client->visitor == NULL)
        return count;
    }
  client->visitor->max_n = MAX (client->visitor->max_n, client->sent_n);
  if (*lines != NULL && client->socket != NULL)
    {
      g_autofree char *more = webchat_frame_number (wc, "more", "after", client->sent_n);

      webchat_client_send (client, more);
      client->behind = TRUE;
    }
  return count;
}

/* TRUE when the cursor the client came with is a line of this conversation; that line itself is not new to it. */
static gboolean
cursor_is_good (WebchatClient *client, const UsherLine *const *lines)
{
  if (lines[0] == NULL || lines[0]->n != client->check_n)
    return FALSE;
  client->sent_n = client->check_n;
  return TRUE;
}

static void
greet (WebchatClient *client)
{
  g_autofree char *text = client->socket != NULL
                              ? webchat_frame_welcome (client->wc, client->visitor)
                              : webchat_frame_state (client->wc, client->visitor->state, client->visitor->agent);

  client->live = TRUE;
  webchat_client_send (client, text);
  client->news = FALSE; /* every answer to a poll begins with the state: nothing to wake up for */
}

static void
give_history (WebchatClient *client, const UsherLine *const *lines)
{
  static const UsherLine *const none[] = { NULL };
  guint count;

  if (lines == NULL)
    lines = none;
  if (!client->live)
    greet (client);
  if (client->check_n > 0 && !cursor_is_good (client, lines))
    {
      g_autofree char *reset = webchat_frame_number (client->wc, "reset", "after", 0);

      client->check_n = 0;
      webchat_client_send (client, reset);
      webchat_client_fetch (client, 0, FALSE);
      return;
    }
  client->check_n = 0;
  if (client->rewind_n >= 0)
    {
      webchat_client_fetch (client, client->rewind_n, FALSE);
      return;
    }
  count = give_lines (client, lines);
  if (client->visitor == NULL)
    return;
  if (client->exchange != NULL && (client->news || client->due))
    webchat_client_flush (client);
  else if (!client->behind && client->visitor->max_n > client->sent_n
           && (count > 0 || client->visitor->max_n > client->asked_n))
    webchat_client_fetch (client, client->sent_n, FALSE);
}

static void
history_failed (WebchatClient *client, const UsherResult *result)
{
  g_autofree char *text = webchat_frame_error (client->wc, "unavailable",
                                               "The conversation can't be read just now; try again.", 2000);

  webchat_log (client->wc, USHER_LOG_WARNING, "history was refused with status %d: %s", result->status,
               result->message != NULL ? result->message : "no reason given");
  if (client->socket != NULL)
    webchat_client_send (client, text);
  webchat_client_end (client, WEBCHAT_CLOSE_TRY_LATER, "The conversation can't be read just now; try again.");
}

static void
history_done (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
              const char *agent)
{
  WebchatClient *client = data;
  Webchat *wc = webchat_ref (client->wc);

  client->fetching = FALSE;
  if (client->visitor != NULL && !wc->gone)
    {
      if (result->status != USHER_OK)
        history_failed (client, result);
      else
        {
          webchat_visitor_set_state (wc, client->visitor, state, agent);
          if (client->visitor != NULL)
            give_history (client, lines);
        }
    }
  webchat_client_unref (client);
  webchat_paid (wc);
  webchat_unref (wc);
}

void
webchat_client_fetch (WebchatClient *client, gint64 after, gboolean check)
{
  Webchat *wc = client->wc;

  if (client->fetching)
    {
      client->rewind_n = after;
      return;
    }
  client->rewind_n = -1;
  client->fetching = TRUE;
  client->behind = FALSE;
  client->sent_n = after;
  client->asked_n = client->visitor->max_n;
  client->check_n = check ? after : 0;
  webchat_owe (wc);
  /* One line before the cursor shows whether it is ours, one after the page whether there is more. */
  wc->host->history (wc->instance, client->visitor->id, client->check_n > 0 ? after - 1 : after, WEBCHAT_PAGE + 2,
                     history_done, webchat_client_ref (client));
}
