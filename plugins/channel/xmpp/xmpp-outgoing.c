/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the core to the customer: messages until it is known what became of them, system lines, typing, read
 * markers. Main thread.
 */
#include "xmpp.h"

#include <string.h>

/* The core says `typing` at least every 3 s while it lasts. */
#define COMPOSING_MS 6000

typedef struct
{
  guint64 serial;
  char *id, *jid, *text;
  UsherReply *reply;
} JabberPending;

void
jabber_pending_free (gpointer data)
{
  JabberPending *pending = data;

  g_free (pending->id);
  g_free (pending->jid);
  g_free (pending->text);
  g_free (pending);
}

/* ---- typing -------------------------------------------------------------------------------------------- */

static void composing_lapsed (void *data);

/* Composing is said once; the core, which says it again and again, may vanish without taking it back. */
static void
set_composing (Jabber *xmpp, JabberUser *user, gboolean on, gboolean tell)
{
  gboolean before = user->composing_timer != 0;
  JabberOut *out;

  xmpp->host->timer_remove (xmpp->instance, user->composing_timer);
  user->composing_timer = on ? xmpp->host->timer_add (xmpp->instance, COMPOSING_MS, composing_lapsed, user) : 0;
  if (before == on || !tell)
    return;
  out = jabber_out_new (JABBER_OUT_TYPING, user->jid, NULL, NULL);
  out->on = on;
  jabber_push (xmpp, out);
}

static void
composing_lapsed (void *data)
{
  JabberUser *user = data;

  set_composing (user->xmpp, user, FALSE, TRUE);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static gboolean
refuse (Jabber *xmpp, const UsherLine *line, UsherStatus *status, const char **why)
{
  *status = USHER_RETRY;
  if (xmpp->stopping || xmpp->stream == NULL)
    {
      *status = USHER_CANCELLED;
      *why = "The channel is stopping.";
    }
  else if (!jabber_jid_is_person (line->user_id))
    {
      *status = USHER_RECIPIENT;
      *why = "This is not the address of a person on XMPP.";
    }
  else if (line->text == NULL || *line->text == '\0' || strlen (line->text) > JABBER_MAX_TEXT)
    {
      *status = USHER_CONTENT;
      *why = "A message on XMPP has 1 byte to 64 KiB of text.";
    }
  else if (!xmpp->connected)
    *why = "usher is not connected to the XMPP server; the message is sent when it is.";
  else if (g_hash_table_contains (xmpp->pending, line->message_id))
    *why = "An earlier attempt of this message is still under way.";
  else if (g_hash_table_size (xmpp->pending) >= JABBER_PENDING_MAX || jabber_stream_is_full (xmpp->stream))
    {
      *status = USHER_BUSY;
      *why = "Too many messages are under way to the XMPP server.";
    }
  else
    return FALSE;
  return TRUE;
}

void
jabber_send_line (void *self, const UsherLine *line, UsherReply *reply)
{
  Jabber *xmpp = self;
  JabberPending *pending;
  JabberOut *out;
  UsherStatus status;
  const char *why;

  if (refuse (xmpp, line, &status, &why))
    {
      jabber_complete (xmpp, reply, status, why, NULL);
      return;
    }
  /* The message says that it is over. */
  set_composing (xmpp, jabber_user_get (xmpp, line->user_id), FALSE, FALSE);
  pending = g_new0 (JabberPending, 1);
  pending->serial = ++xmpp->serial;
  pending->id = g_strdup (line->message_id);
  pending->jid = g_strdup (line->user_id);
  pending->text = g_strdup (line->text);
  pending->reply = reply;
  g_hash_table_replace (xmpp->pending, pending->id, pending);
  out = jabber_out_new (JABBER_OUT_MESSAGE, line->user_id, line->message_id, line->text);
  out->serial = pending->serial;
  jabber_push (xmpp, out);
}

/* For the case that a receipt comes after all. */
static void
remember_uncertain (Jabber *xmpp, JabberPending *pending)
{
  JabberIn *echo = jabber_in_new (JABBER_IN_ECHO, pending->jid);

  echo->id = g_strdup (pending->id);
  echo->text = g_steal_pointer (&pending->text);
  g_queue_push_tail (&xmpp->uncertain, echo);
  while (g_queue_get_length (&xmpp->uncertain) > JABBER_UNCERTAIN_MAX)
    jabber_in_free (g_queue_pop_head (&xmpp->uncertain));
}

static void
remember_taken (Jabber *xmpp, const JabberPending *pending)
{
  g_autofree char *key = g_strconcat (pending->jid, "/", pending->id, NULL);

  if (g_hash_table_contains (xmpp->taken, key))
    return;
  g_queue_push_tail (&xmpp->taken_order, key);
  g_hash_table_add (xmpp->taken, g_steal_pointer (&key));
  if (g_queue_get_length (&xmpp->taken_order) > JABBER_TAKEN_MAX)
    g_hash_table_remove (xmpp->taken, g_queue_pop_head (&xmpp->taken_order));
}

static void
settle (Jabber *xmpp, JabberPending *pending, UsherStatus status, const char *message)
{
  g_hash_table_steal (xmpp->pending, pending->id);
  jabber_complete (xmpp, pending->reply, status, message, status == USHER_OK ? pending->id : NULL);
  if (status == USHER_OK)
    remember_taken (xmpp, pending);
  if (status == USHER_UNCERTAIN)
    remember_uncertain (xmpp, pending);
  jabber_pending_free (pending);
}

static gboolean
has_serial (gpointer key, gpointer value, gpointer serial)
{
  return ((JabberPending *)value)->serial == *(guint64 *)serial;
}

void
jabber_sent (Jabber *xmpp, guint64 serial, UsherStatus status, const char *message)
{
  JabberPending *pending = g_hash_table_find (xmpp->pending, has_serial, &serial);

  /* None when it bounced or a receipt was faster. */
  if (pending != NULL)
    settle (xmpp, pending, status, message);
}

/* ---- what becomes of them ------------------------------------------------------------------------------ */

static JabberPending *
find_pending (Jabber *xmpp, const JabberIn *in)
{
  JabberPending *pending = g_hash_table_lookup (xmpp->pending, in->id);

  return pending != NULL && strcmp (pending->jid, in->from) == 0 ? pending : NULL;
}

static JabberIn *
take_uncertain (Jabber *xmpp, const JabberIn *in)
{
  for (GList *one = xmpp->uncertain.head; one != NULL; one = one->next)
    {
      JabberIn *echo = one->data;

      if (strcmp (echo->id, in->id) == 0 && strcmp (echo->from, in->from) == 0)
        {
          g_queue_delete_link (&xmpp->uncertain, one);
          return echo;
        }
    }
  return NULL;
}

void
jabber_arrived (Jabber *xmpp, JabberUser *user, JabberIn *in)
{
  JabberPending *pending = find_pending (xmpp, in);
  JabberIn *echo;

  if (g_str_has_prefix (in->id, JABBER_NOTICE_PREFIX))
    {
      jabber_intake_drop (xmpp, in);
      return;
    }
  if (pending != NULL)
    settle (xmpp, pending, USHER_OK, NULL);
  echo = take_uncertain (xmpp, in);
  if (echo != NULL)
    jabber_intake_queue (xmpp, user, echo);
  jabber_intake_queue (xmpp, user, in);
}

/* Anybody can send us errors about anything; only those about our messages are worth a line. */
static gboolean
was_taken (Jabber *xmpp, const JabberIn *in)
{
  g_autofree char *key = g_strconcat (in->from, "/", in->id, NULL);

  return g_hash_table_contains (xmpp->taken, key);
}

void
jabber_bounced (Jabber *xmpp, const JabberIn *in)
{
  JabberPending *pending = find_pending (xmpp, in);

  if (pending != NULL)
    settle (xmpp, pending, in->status, in->why);
  else if (was_taken (xmpp, in))
    jabber_log (xmpp, USHER_LOG_WARNING, "message %s to %s was taken and came back later: %s", in->id, in->from,
                in->why);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

void
jabber_notice (void *self, const UsherLine *line)
{
  Jabber *xmpp = self;
  g_autofree char *id = NULL;

  if (!xmpp->connected || xmpp->stopping || line->code == NULL || line->text == NULL
      || !g_strv_contains (xmpp->announce, line->code) || !jabber_jid_is_person (line->user_id))
    return;
  id = g_strconcat (JABBER_NOTICE_PREFIX, line->message_id, NULL);
  jabber_push (xmpp, jabber_out_new (JABBER_OUT_NOTICE, line->user_id, id, line->text));
}

void
jabber_typing (void *self, const char *user_id, bool on)
{
  Jabber *xmpp = self;

  if (xmpp->connected && !xmpp->stopping && jabber_jid_is_person (user_id))
    set_composing (xmpp, jabber_user_get (xmpp, user_id), on, TRUE);
}

void
jabber_seen (void *self, const UsherLine *line)
{
  Jabber *xmpp = self;
  JabberUser *user;
  const char *id;

  if (xmpp->stopping || !jabber_jid_is_person (line->user_id))
    return;
  user = jabber_user_get (xmpp, line->user_id);
  /* Where a client gave two ids, the marker names the stanza's; the core's id holds the other. */
  if (line->external_id != NULL && g_strcmp0 (line->external_id, user->last_external) == 0)
    id = user->unmarkable ? NULL : user->last_id;
  else
    id = jabber_external_stanza (line->external_id, line->user_id);
  if (line->n <= user->seen_n)
    return;
  user->seen_n = line->n;
  if (id != NULL && !g_str_has_prefix (id, "none:") && !g_str_has_prefix (id, "sha256:"))
    jabber_push (xmpp, jabber_out_new (JABBER_OUT_DISPLAYED, line->user_id, id, NULL));
}
