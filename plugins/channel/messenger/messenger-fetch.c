/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One HTTP exchange with libsoup's client: bounded in bytes and in time, cancellable, never blocking. Main thread.
 *
 * The caller hears as soon as the outcome is known; the exchange itself lives until libsoup has let go of it.
 */
#include "messenger.h"

#define BLOCK (32 * 1024)

struct MessengerFetch
{
  Messenger *mg;
  SoupSession *session;
  SoupMessage *message;
  GCancellable *cancellable;
  GInputStream *stream; /* the body, once the headers are there */
  GByteArray *body;
  gsize max;
  uint64_t timer;
  goffset unwritten; /* bytes of the request's body that libsoup has not handed to the socket */
  gboolean left;
  MessengerAnswered done; /* NULL once called or cancelled */
  gpointer data;
  guint8 block[BLOCK];
};

static void
fetch_free (MessengerFetch *fetch)
{
  Messenger *mg = fetch->mg;

  g_signal_handlers_disconnect_by_data (fetch->message, fetch);
  g_clear_object (&fetch->stream);
  g_object_unref (fetch->message);
  g_object_unref (fetch->session);
  g_object_unref (fetch->cancellable);
  g_byte_array_unref (fetch->body);
  g_free (fetch);
  messenger_paid (mg);
  messenger_unref (mg);
}

static void
drop_timer (MessengerFetch *fetch)
{
  uint64_t timer = fetch->timer;

  fetch->timer = 0;
  if (timer != 0 && !fetch->mg->gone)
    fetch->mg->host->timer_remove (fetch->mg->instance, timer);
}

static void
tell (MessengerFetch *fetch, MessengerAnswer *answer)
{
  MessengerAnswered done = fetch->done;
  static const guint8 nul = 0;

  if (done == NULL)
    return;
  fetch->done = NULL;
  drop_timer (fetch);
  answer->headers
      = soup_message_get_status (fetch->message) != 0 ? soup_message_get_response_headers (fetch->message) : NULL;
  answer->left = fetch->left;
  answer->len = fetch->body->len;
  g_byte_array_append (fetch->body, &nul, 1);
  answer->body = (const char *)fetch->body->data;
  done (fetch->data, answer);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_input_stream_close_finish (G_INPUT_STREAM (source), result, NULL);
  fetch_free (data);
}

/* No operation is under way any more. A stream that is merely dropped is read to its end by libsoup, and that
 * would block; closed with a cancelled cancellable it only lets go of the connection. */
static void
let_go (MessengerFetch *fetch)
{
  if (fetch->stream == NULL)
    fetch_free (fetch);
  else
    g_input_stream_close_async (fetch->stream, G_PRIORITY_DEFAULT, fetch->cancellable, on_closed, fetch);
}

static void
end_failed (MessengerFetch *fetch, const char *why, gboolean too_large)
{
  tell (fetch, &(MessengerAnswer){ .why = why, .too_large = too_large });
  g_cancellable_cancel (fetch->cancellable);
  let_go (fetch);
}

static void
on_limit (void *data)
{
  MessengerFetch *fetch = data;

  fetch->timer = 0;
  tell (fetch, &(MessengerAnswer){ .why = "no answer in time", .timed_out = TRUE });
  g_cancellable_cancel (fetch->cancellable);
}

void
messenger_fetch_cancel (MessengerFetch *fetch)
{
  fetch->done = NULL;
  drop_timer (fetch);
  g_cancellable_cancel (fetch->cancellable);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void on_block (GObject *source, GAsyncResult *result, gpointer data);

static void
read_on (MessengerFetch *fetch)
{
  g_input_stream_read_async (fetch->stream, fetch->block, sizeof fetch->block, G_PRIORITY_DEFAULT,
                             fetch->cancellable, on_block, fetch);
}

static void
on_block (GObject *source, GAsyncResult *result, gpointer data)
{
  MessengerFetch *fetch = data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (n < 0)
    end_failed (fetch, error->message, FALSE);
  else if (fetch->body->len + (gsize)n > fetch->max)
    end_failed (fetch, "the answer is too large", TRUE);
  else if (n > 0)
    {
      g_byte_array_append (fetch->body, fetch->block, (guint)n);
      read_on (fetch);
    }
  else
    {
      tell (fetch, &(MessengerAnswer){ .status = soup_message_get_status (fetch->message) });
      let_go (fetch);
    }
}

static void
on_headers (GObject *source, GAsyncResult *result, gpointer data)
{
  MessengerFetch *fetch = data;
  g_autoptr (GError) error = NULL;

  fetch->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (fetch->stream == NULL)
    end_failed (fetch, error->message, FALSE);
  else if (soup_message_headers_get_content_length (soup_message_get_response_headers (fetch->message))
           > (goffset)fetch->max)
    end_failed (fetch, "the answer is too large", TRUE);
  else
    read_on (fetch);
}

/* The other side may have the request, and act on it, as soon as its last byte was written. The signal wrote-body
 * comes later than that. */
/* With HTTP/2 those signals tell of frames, not of bytes: there, everything counts from the beginning. */
static void
on_starting (SoupMessage *message, gpointer data)
{
  ((MessengerFetch *)data)->left |= soup_message_get_http_version (message) > SOUP_HTTP_1_1;
}

static void
on_wrote_headers (SoupMessage *message, gpointer data)
{
  MessengerFetch *fetch = data;

  fetch->left |= fetch->unwritten <= 0;
}

static void
on_wrote_data (SoupMessage *message, guint n, gpointer data)
{
  MessengerFetch *fetch = data;

  fetch->unwritten -= n;
  fetch->left |= fetch->unwritten <= 0;
}

static void
on_wrote_body (SoupMessage *message, gpointer data)
{
  ((MessengerFetch *)data)->left = TRUE;
}

MessengerFetch *
messenger_fetch (Messenger *mg, SoupSession *session, SoupMessage *message, gsize max, gint64 limit_ms,
                 MessengerAnswered done, gpointer data)
{
  MessengerFetch *fetch = g_new0 (MessengerFetch, 1);

  fetch->mg = messenger_ref (mg);
  messenger_owe (mg);
  fetch->session = g_object_ref (session);
  fetch->message = message;
  fetch->cancellable = g_cancellable_new ();
  fetch->body = g_byte_array_new ();
  fetch->max = max;
  fetch->done = done;
  fetch->data = data;
  fetch->timer = mg->host->timer_add (mg->instance, limit_ms, on_limit, fetch);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  fetch->unwritten = soup_message_headers_get_content_length (soup_message_get_request_headers (message));
  g_signal_connect (message, "starting", G_CALLBACK (on_starting), fetch);
  g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), fetch);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_wrote_data), fetch);
  g_signal_connect (message, "wrote-body", G_CALLBACK (on_wrote_body), fetch);
  soup_session_send_async (session, message, G_PRIORITY_DEFAULT, fetch->cancellable, on_headers, fetch);
  return fetch;
}

gboolean
messenger_fetch_left (const MessengerFetch *fetch)
{
  return fetch->left;
}
