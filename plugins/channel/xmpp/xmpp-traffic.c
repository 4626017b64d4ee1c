/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes over the open stream: stanzas in, stanzas out, and the proof that the server took them. On the
 * stream's thread, which xmpp-stream.c starts.
 *
 * XEP-0114 acknowledges nothing. A component's stanzas are worked through in order, so behind each batch of
 * messages goes a ping to our own domain: the server hands it back to us, and when it comes everything before it
 * is done.
 */
#include "xmpp-stream-private.h"
#include "xmpp-text.h"

#include <string.h>

/* Stanzas in the library's queue at a time: what is still in ours when the stream breaks was never written. */
#define HANDED_MAX 32
#define BATCH_MAX 32
/* Shorter than the minute after which the core gives up by itself. */
#define ANSWER_US (20 * G_USEC_PER_SEC)

static void
emit_sent (JabberStream *stream, guint64 serial, UsherStatus status, const char *message)
{
  JabberEvent *event = g_new0 (JabberEvent, 1);

  event->kind = JABBER_EVENT_SENT;
  event->serial = serial;
  event->status = status;
  event->message = g_strdup (message);
  jabber_stream_emit (stream, event);
}

static void
emit_in (JabberStream *stream, JabberIn *in)
{
  JabberEvent *event = g_new0 (JabberEvent, 1);

  event->kind = JABBER_EVENT_IN;
  event->in = in;
  jabber_stream_emit (stream, event);
}

/* ---- pings --------------------------------------------------------------------------------------------- */

static void
settle (JabberStream *stream, GArray *serials, UsherStatus status, const char *message)
{
  for (guint i = 0; i < serials->len; i++)
    emit_sent (stream, g_array_index (serials, guint64, i), status, message);
}

static void
ping_free (JabberPing *ping)
{
  g_array_unref (ping->serials);
  g_free (ping);
}

static void
send_ping (JabberStream *stream)
{
  JabberPing *ping = g_new0 (JabberPing, 1);
  g_autofree char *id = NULL;
  xmpp_stanza_t *stanza;

  ping->n = ++stream->ping_n;
  ping->sent_at = g_get_monotonic_time ();
  ping->serials = g_steal_pointer (&stream->unpinged);
  stream->unpinged = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_queue_push_tail (&stream->pings, ping);
  id = g_strdup_printf (JABBER_PING_PREFIX "%s-%" G_GUINT64_FORMAT, stream->nonce, ping->n);
  stanza = jabber_stanza_ping (stream->ctx, stream->config.self, id);
  xmpp_send (stream->conn, stanza);
  xmpp_stanza_release (stanza);
}

/* Our ping came back, or an answer to it from whoever answers for our domain. */
static gboolean
take_pong (JabberStream *stream, xmpp_stanza_t *iq)
{
  const char *id = xmpp_stanza_get_id (iq), *from = xmpp_stanza_get_from (iq);
  const JabberSelf *self = stream->config.self;
  g_autofree char *prefix = g_strdup_printf (JABBER_PING_PREFIX "%s-", stream->nonce);
  guint64 n;
  JabberPing *ping;

  if (id == NULL || !g_str_has_prefix (id, prefix) || from == NULL
      || (strcmp (from, self->full) != 0 && strcmp (from, self->domain) != 0))
    return FALSE;
  n = g_ascii_strtoull (id + strlen (prefix), NULL, 10);
  while ((ping = g_queue_peek_head (&stream->pings)) != NULL && ping->n <= n)
    {
      settle (stream, ping->serials, USHER_OK, NULL);
      ping_free (g_queue_pop_head (&stream->pings));
    }
  return TRUE;
}

void
jabber_traffic_check (JabberStream *stream, gint64 now)
{
  const JabberPing *ping = g_queue_peek_head (&stream->pings);

  if (ping == NULL && now - stream->heard_at > stream->config.keepalive * 1000)
    send_ping (stream);
  else if (ping != NULL
           && now - MAX (ping->sent_at, stream->heard_at) > MIN (ANSWER_US, stream->config.keepalive * 1000))
    {
      jabber_set_down (stream, USHER_RETRY,
                       "The XMPP server at %s:%u does not answer any more; usher connects again by itself.",
                       stream->config.server, (guint)stream->config.port);
      stream->dead = TRUE;
    }
}

/* ---- out ----------------------------------------------------------------------------------------------- */

void
jabber_traffic_write (JabberStream *stream)
{
  gboolean wrote = FALSE;

  while (!g_queue_is_empty (&stream->outbox) && xmpp_conn_send_queue_len (stream->conn) < HANDED_MAX)
    {
      JabberOut *out = g_queue_pop_head (&stream->outbox);
      xmpp_stanza_t *stanza = jabber_stanza_of (stream->ctx, stream->config.self, out);

      xmpp_send (stream->conn, stanza);
      xmpp_stanza_release (stanza);
      if (out->kind == JABBER_OUT_MESSAGE)
        g_array_append_val (stream->unpinged, out->serial);
      jabber_out_free (out);
      wrote = TRUE;
      if (stream->unpinged->len >= BATCH_MAX)
        send_ping (stream);
    }
  if (stream->unpinged->len > 0 && g_queue_is_empty (&stream->outbox))
    send_ping (stream);
  /* The library does not count the stanza it has begun to write; with a blank behind, that is never the last one
   * that matters, and an empty queue means that all is written. */
  if (wrote)
    xmpp_send_raw (stream->conn, " ", 1);
}

gboolean
jabber_traffic_is_idle (JabberStream *stream)
{
  if (!stream->connected)
    return TRUE;
  for (GList *one = stream->pings.head; one != NULL; one = one->next)
    if (((JabberPing *)one->data)->serials->len > 0)
      return FALSE;
  return g_queue_is_empty (&stream->outbox) && stream->unpinged->len == 0
         && xmpp_conn_send_queue_len (stream->conn) == 0;
}

void
jabber_traffic_return (JabberStream *stream, UsherStatus status, const char *why)
{
  GList *next;

  for (GList *one = stream->outbox.head; one != NULL; one = next)
    {
      JabberOut *out = one->data;

      next = one->next;
      if (out->kind != JABBER_OUT_MESSAGE)
        continue;
      emit_sent (stream, out->serial, status, why);
      g_queue_delete_link (&stream->outbox, one);
      jabber_out_free (out);
    }
}

static gboolean
outlives (const JabberOut *out)
{
  return out->kind == JABBER_OUT_RECEIPT || out->kind == JABBER_OUT_DISPLAYED || out->kind == JABBER_OUT_REFUSAL;
}

void
jabber_traffic_break (JabberStream *stream, UsherStatus unwritten, const char *why)
{
  static const char uncertain[] = "The connection to the XMPP server ended before it said that it has this "
                                  "message: it may have arrived or not.";
  GList *next;
  JabberPing *ping;

  while ((ping = g_queue_pop_head (&stream->pings)) != NULL)
    {
      settle (stream, ping->serials, USHER_UNCERTAIN, uncertain);
      ping_free (ping);
    }
  settle (stream, stream->unpinged, USHER_UNCERTAIN, uncertain);
  g_array_set_size (stream->unpinged, 0);
  jabber_traffic_return (stream, unwritten, why);
  for (GList *one = stream->outbox.head; one != NULL; one = next)
    {
      JabberOut *out = one->data;

      next = one->next;
      if (outlives (out))
        continue;
      g_queue_delete_link (&stream->outbox, one);
      jabber_out_free (out);
    }
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static void
send_and_release (JabberStream *stream, xmpp_stanza_t *stanza)
{
  if (stanza == NULL)
    return;
  xmpp_send (stream->conn, stanza);
  xmpp_stanza_release (stanza);
}

static void
send_answers (JabberStream *stream, GPtrArray *answers)
{
  for (guint i = 0; i < answers->len; i++)
    xmpp_send (stream->conn, answers->pdata[i]);
  g_ptr_array_unref (answers);
}

static void
on_iq (JabberStream *stream, xmpp_stanza_t *iq)
{
  const char *id = xmpp_stanza_get_id (iq), *type = xmpp_stanza_get_type (iq);
  JabberIn *in;

  if (take_pong (stream, iq))
    return;
  if (g_strcmp0 (type, "result") != 0 && g_strcmp0 (type, "error") != 0)
    {
      send_answers (stream, jabber_answer_iq (stream->ctx, stream->config.self, iq));
      return;
    }
  in = id != NULL && g_str_has_prefix (id, JABBER_VCARD_PREFIX) ? jabber_parse_vcard (iq) : NULL;
  if (in != NULL)
    emit_in (stream, in);
}

static void
on_message (JabberStream *stream, xmpp_stanza_t *message)
{
  const JabberSelf *self = stream->config.self;
  g_autofree char *fresh = g_strdup_printf ("%s-%" G_GUINT64_FORMAT, stream->nonce, (guint64)++stream->fresh_n);
  g_autofree char *text = NULL;
  gboolean wrong;
  JabberIn *in = jabber_parse_message (message, self, stream->config.host->now (), fresh, &wrong);

  if (in != NULL)
    emit_in (stream, in);
  else if (wrong)
    {
      text = g_strdup_printf ("Nobody has this address; please write to %s.", self->address);
      send_and_release (stream, jabber_stanza_error (stream->ctx, message, "cancel", "item-not-found", text));
    }
}

int
jabber_traffic_stanza (xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
  JabberStream *stream = data;
  const char *name = xmpp_stanza_get_name (stanza);

  stream->heard_at = g_get_monotonic_time ();
  if (g_strcmp0 (name, "iq") == 0)
    on_iq (stream, stanza);
  else if (g_strcmp0 (name, "message") == 0)
    on_message (stream, stanza);
  else if (g_strcmp0 (name, "presence") == 0)
    send_answers (stream, jabber_answer_presence (stream->ctx, stream->config.self, stanza));
  return 1;
}
