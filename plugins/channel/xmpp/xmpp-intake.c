/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the customer to the core: one item of a person's at a time, in order, until the core has it for good; only
 * then is it acknowledged. Main thread.
 */
#include "xmpp.h"

#include <string.h>

/* How long `composing` holds without news, and how often the core, which forgets it sooner, is told again. */
#define TYPING_MS 30000
#define TYPING_AGAIN_MS 4000
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000

static void deliver_next (Jabber *xmpp, JabberUser *user);

/* ---- people -------------------------------------------------------------------------------------------- */

void
jabber_user_free (gpointer data)
{
  JabberUser *user = data;

  g_queue_clear_full (&user->waiting, (GDestroyNotify)jabber_in_free);
  g_free (user->jid);
  g_free (user->last_external);
  g_free (user->last_id);
  g_free (user->name);
  g_free (user->asked_id);
  g_free (user->photo_sum);
  g_free (user);
}

static gboolean
is_busy (const JabberUser *user)
{
  return user->delivering || user->storing || user->retry_timer != 0 || user->typing_timer != 0
         || user->composing_timer != 0 || !g_queue_is_empty ((GQueue *)&user->waiting);
}

/* Never the newest, who is being asked for. */
static void
forget_some (Jabber *xmpp)
{
  GList *next;

  for (GList *one = xmpp->users_by_use.head;
       one != xmpp->users_by_use.tail && g_hash_table_size (xmpp->users) > JABBER_USERS_MAX; one = next)
    {
      JabberUser *user = one->data;

      next = one->next;
      if (is_busy (user))
        continue;
      g_queue_unlink (&xmpp->users_by_use, one);
      g_hash_table_remove (xmpp->users, user->jid);
    }
}

JabberUser *
jabber_user_get (Jabber *xmpp, const char *jid)
{
  JabberUser *user = g_hash_table_lookup (xmpp->users, jid);

  if (user != NULL)
    {
      g_queue_unlink (&xmpp->users_by_use, &user->link);
      g_queue_push_tail_link (&xmpp->users_by_use, &user->link);
      return user;
    }
  user = g_new0 (JabberUser, 1);
  user->xmpp = xmpp;
  user->jid = g_strdup (jid);
  user->link.data = user;
  g_hash_table_insert (xmpp->users, user->jid, user);
  g_queue_push_tail_link (&xmpp->users_by_use, &user->link);
  forget_some (xmpp);
  return user;
}

/* ---- typing -------------------------------------------------------------------------------------------- */

static void
typing_again (void *data)
{
  JabberUser *user = data;
  Jabber *xmpp = user->xmpp;

  user->typing_timer = 0;
  user->typing = xmpp->host->now () < user->typing_until;
  if (user->typing)
    user->typing_timer = xmpp->host->timer_add (xmpp->instance, TYPING_AGAIN_MS, typing_again, user);
  xmpp->host->typing (xmpp->instance, user->jid, user->typing);
}

static void
set_typing (Jabber *xmpp, JabberUser *user, gboolean on)
{
  gboolean before = user->typing;

  user->typing = on && !xmpp->stopping;
  user->typing_until = xmpp->host->now () + TYPING_MS;
  if (before == user->typing)
    return;
  xmpp->host->timer_remove (xmpp->instance, user->typing_timer);
  user->typing_timer
      = user->typing ? xmpp->host->timer_add (xmpp->instance, TYPING_AGAIN_MS, typing_again, user) : 0;
  xmpp->host->typing (xmpp->instance, user->jid, user->typing);
}

/* ---- delivering ---------------------------------------------------------------------------------------- */

static void
refuse_message (Jabber *xmpp, const JabberIn *in, const char *type, const char *condition, const char *text)
{
  JabberOut *out = jabber_out_new (JABBER_OUT_REFUSAL, in->full, in->id, text);

  out->type = type;
  out->condition = condition;
  jabber_push (xmpp, out);
}

static void
refuse_for_now (Jabber *xmpp, const JabberIn *in)
{
  refuse_message (xmpp, in, "wait", "resource-constraint",
                  "Your message can't be taken just now; please send it again later.");
}

static void
stored (Jabber *xmpp, JabberUser *user, const JabberIn *in)
{
  if (in->kind != JABBER_IN_MESSAGE)
    return;
  if (in->wants_receipt)
    jabber_push (xmpp, jabber_out_new (JABBER_OUT_RECEIPT, in->full, in->id, NULL));
  g_free (user->last_external);
  g_free (user->last_id);
  user->last_external = g_strdup (in->external_id);
  user->last_id = g_strdup (in->id);
  user->unmarkable = !in->markable;
  if (!xmpp->stopping)
    jabber_profile_wanted (xmpp, user, in->nick);
}

static void
refused (Jabber *xmpp, const JabberIn *in, const UsherResult *result)
{
  jabber_log (xmpp, USHER_LOG_WARNING, "the core refuses what came from %s: status %d, %s", in->from,
              result->status, result->message != NULL ? result->message : "no reason given");
  if (in->kind == JABBER_IN_MESSAGE)
    refuse_message (xmpp, in, "modify", "not-acceptable",
                    result->status == USHER_CONTENT ? "Your message can't be taken: it is too long or has no text."
                                                    : "Your message can't be taken.");
}

static void
try_again (void *data)
{
  JabberUser *user = data;

  user->retry_timer = 0;
  deliver_next (user->xmpp, user);
}

static void
retry_later (Jabber *xmpp, JabberUser *user, gint64 after)
{
  guint32 dice;
  gint64 wait;

  xmpp->host->random (&dice, sizeof dice);
  wait = jabber_backoff (++user->attempts, RETRY_MIN_MS, RETRY_MAX_MS, dice);
  user->retry_timer = xmpp->host->timer_add (xmpp->instance, MAX (wait, after), try_again, user);
}

/* The core has answered for the head for good. */
static void
finish_head (Jabber *xmpp, JabberUser *user, const UsherResult *result)
{
  g_autoptr (JabberIn) in = g_queue_pop_head (&user->waiting);

  user->attempts = 0;
  if (result->status == USHER_OK)
    stored (xmpp, user, in);
  else if (result->status != USHER_RETRY && result->status != USHER_BUSY)
    refused (xmpp, in, result);
  else if (in->kind == JABBER_IN_MESSAGE)
    refuse_for_now (xmpp, in);
  /* The others were made here and never counted. */
  if (xmpp->stream != NULL && (in->kind == JABBER_IN_MESSAGE || in->kind == JABBER_IN_RECEIPT))
    jabber_stream_used (xmpp->stream, jabber_in_size (in));
}

static void
delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  JabberUser *user = data;
  Jabber *xmpp = user->xmpp;

  /* Still `delivering` meanwhile: what is queued now waits its turn. */
  if ((result->status == USHER_RETRY || result->status == USHER_BUSY) && !xmpp->stopping)
    retry_later (xmpp, user, result->retry_after_ms);
  else
    finish_head (xmpp, user, result);
  user->delivering = FALSE;
  /* Last: what this led to is on its way to the stream before the stream may close. */
  xmpp->owed--;
  if (xmpp->stream != NULL)
    jabber_stream_owe (xmpp->stream, xmpp->owed);
  deliver_next (xmpp, user);
}

static const UsherAttachment *const *
attachments_of (const JabberIn *in, UsherAttachment *made, const UsherAttachment **list)
{
  if (in->links == NULL)
    return NULL;
  for (guint i = 0; i < in->links->len; i++)
    {
      const JabberLink *link = in->links->pdata[i];

      made[i] = (UsherAttachment){
        .struct_size = sizeof *made, .kind = link->kind, .name = link->name, .url = link->url
      };
      list[i] = &made[i];
    }
  list[in->links->len] = NULL;
  return list;
}

static void
deliver (Jabber *xmpp, JabberUser *user, const JabberIn *in)
{
  UsherInbound item = { .struct_size = sizeof item, .user_id = user->jid };
  const UsherInbound *items[] = { &item };
  UsherAttachment made[JABBER_MAX_LINKS];
  const UsherAttachment *list[JABBER_MAX_LINKS + 1];

  switch (in->kind)
    {
    case JABBER_IN_RECEIPT:
      item.kind = USHER_INBOUND_RECEIPT;
      item.external_id = in->id;
      item.receipt = in->receipt;
      break;
    case JABBER_IN_ECHO:
      item.kind = USHER_INBOUND_ECHO;
      item.external_id = item.message_id = in->id;
      item.text = in->text;
      break;
    case JABBER_IN_PROFILE:
      item.kind = USHER_INBOUND_PROFILE;
      item.user_name = in->name;
      item.picture = in->picture;
      break;
    default:
      item.kind = USHER_INBOUND_MESSAGE;
      item.user_name = user->named || in->nick == NULL ? user->name : in->nick;
      item.external_id = in->external_id;
      item.text = in->text;
      item.at = in->at;
      item.form = in->form;
      item.passive = in->passive;
      item.reply_to = in->reply_to;
      item.attachments = attachments_of (in, made, list);
    }
  xmpp->host->deliver (xmpp->instance, items, 1, delivered, user);
}

static void
deliver_next (Jabber *xmpp, JabberUser *user)
{
  const JabberIn *in = g_queue_peek_head (&user->waiting);

  if (in == NULL || user->delivering || user->retry_timer != 0 || xmpp->stopping)
    return;
  user->delivering = TRUE;
  xmpp->owed++;
  jabber_stream_owe (xmpp->stream, xmpp->owed);
  deliver (xmpp, user, in);
}

void
jabber_intake_queue (Jabber *xmpp, JabberUser *user, JabberIn *in)
{
  g_queue_push_tail (&user->waiting, in);
  deliver_next (xmpp, user);
}

/* ---- what comes ---------------------------------------------------------------------------------------- */

void
jabber_intake_drop (Jabber *xmpp, JabberIn *in)
{
  jabber_stream_used (xmpp->stream, jabber_in_size (in));
  jabber_in_free (in);
}

static void
while_stopping (Jabber *xmpp, JabberIn *in)
{
  if (in->kind == JABBER_IN_MESSAGE)
    refuse_for_now (xmpp, in);
  else if (in->kind == JABBER_IN_BOUNCE)
    jabber_bounced (xmpp, in);
  jabber_intake_drop (xmpp, in);
}

void
jabber_intake_event (Jabber *xmpp, JabberIn *in)
{
  JabberUser *user;

  if (xmpp->stopping)
    {
      while_stopping (xmpp, in);
      return;
    }
  if (in->kind == JABBER_IN_BOUNCE)
    {
      jabber_bounced (xmpp, in);
      jabber_intake_drop (xmpp, in);
      return;
    }
  user = jabber_user_get (xmpp, in->from);
  switch (in->kind)
    {
    case JABBER_IN_MESSAGE:
      set_typing (xmpp, user, FALSE);
      jabber_intake_queue (xmpp, user, in);
      break;
    case JABBER_IN_RECEIPT:
      jabber_arrived (xmpp, user, in);
      break;
    case JABBER_IN_VCARD:
      jabber_profile_answer (xmpp, user, in);
      jabber_intake_drop (xmpp, in);
      break;
    default:
      set_typing (xmpp, user, in->on);
      jabber_intake_drop (xmpp, in);
    }
}

void
jabber_intake_stop (Jabber *xmpp)
{
  for (GList *one = xmpp->users_by_use.head; one != NULL; one = one->next)
    {
      JabberUser *user = one->data;
      guint keep = user->delivering ? 1 : 0;

      xmpp->host->timer_remove (xmpp->instance, user->retry_timer);
      xmpp->host->timer_remove (xmpp->instance, user->typing_timer);
      xmpp->host->timer_remove (xmpp->instance, user->composing_timer);
      user->retry_timer = user->typing_timer = user->composing_timer = 0;
      while (g_queue_get_length (&user->waiting) > keep)
        {
          JabberIn *in = g_queue_pop_nth (&user->waiting, keep);

          if (in->kind == JABBER_IN_MESSAGE)
            refuse_for_now (xmpp, in);
          jabber_in_free (in);
        }
    }
}
