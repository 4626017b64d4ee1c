/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who a customer is: the nickname in messages, and the vCard, which is asked for once in a while. Main thread.
 */
#include "xmpp.h"

#include <string.h>

static void
tell (Jabber *xmpp, JabberUser *user, const char *name, const char *picture)
{
  JabberIn *in = jabber_in_new (JABBER_IN_PROFILE, user->jid);

  in->name = g_strdup (name);
  in->picture = g_strdup (picture);
  jabber_intake_queue (xmpp, user, in);
}

/* Returns whether the core has not heard it. */
static gboolean
set_name (JabberUser *user, const char *name)
{
  if (name == NULL || g_strcmp0 (user->name, name) == 0)
    return FALSE;
  g_free (user->name);
  user->name = g_strdup (name);
  return TRUE;
}

void
jabber_profile_wanted (Jabber *xmpp, JabberUser *user, const char *nick)
{
  gint64 now = xmpp->host->now ();

  if (!user->named && set_name (user, nick))
    tell (xmpp, user, nick, NULL);
  if (!xmpp->connected || (user->asked_at != 0 && now - user->asked_at < xmpp->profile_expiry))
    return;
  user->asked_at = now;
  g_free (user->asked_id);
  user->asked_id = g_strdup_printf ("usher-vcard-%" G_GUINT64_FORMAT, ++xmpp->question);
  jabber_push (xmpp, jabber_out_new (JABBER_OUT_VCARD, user->jid, user->asked_id, NULL));
}

static void
picture_kept (void *data, const UsherResult *result, const char *id)
{
  JabberUser *user = data;

  user->storing = FALSE;
  if (result->status == USHER_OK)
    tell (user->xmpp, user, NULL, id);
  else
    {
      /* The next question will bring it again. */
      g_clear_pointer (&user->photo_sum, g_free);
      jabber_log (user->xmpp, USHER_LOG_WARNING, "the picture of %s can't be kept: %s", user->jid,
                  result->message != NULL ? result->message : "no reason given");
    }
}

static void
keep_picture (Jabber *xmpp, JabberUser *user, const JabberIn *in)
{
  gsize len;
  const void *bytes = g_bytes_get_data (in->photo, &len);
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, in->photo);

  if (user->storing || g_strcmp0 (sum, user->photo_sum) == 0)
    return;
  g_free (user->photo_sum);
  user->photo_sum = g_steal_pointer (&sum);
  user->storing = TRUE;
  xmpp->host->media_put (xmpp->instance, bytes, len, in->photo_type, "avatar", picture_kept, user);
}

void
jabber_profile_answer (Jabber *xmpp, JabberUser *user, JabberIn *in)
{
  if (g_strcmp0 (in->id, user->asked_id) != 0)
    return;
  g_clear_pointer (&user->asked_id, g_free);
  if (set_name (user, in->name))
    tell (xmpp, user, in->name, NULL);
  user->named |= in->name != NULL;
  if (in->photo != NULL)
    keep_picture (xmpp, user, in);
}

void
jabber_profile_lost (Jabber *xmpp)
{
  for (GList *one = xmpp->users_by_use.head; one != NULL; one = one->next)
    {
      JabberUser *user = one->data;

      if (user->asked_id != NULL)
        user->asked_at = 0;
      g_clear_pointer (&user->asked_id, g_free);
    }
}
