/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the plugin's files share. Everything declared here runs on the main thread; the stream has its own thread
 * behind xmpp-stream.h. Our names begin with jabber, because all names of libstrophe begin with xmpp.
 */
#ifndef JABBER_H
#define JABBER_H

#include "xmpp-stream.h"
#include "xmpp-text.h"

#define JABBER_MAX_TEXT 65536
#define JABBER_USERS_MAX 20000 /* remembered people with nothing under way */
#define JABBER_PENDING_MAX 2000
#define JABBER_UNCERTAIN_MAX 256
#define JABBER_TAKEN_MAX 4096
/* Stanza ids of system lines: no receipt for them is ever taken for one of an agent's message. */
#define JABBER_NOTICE_PREFIX "usher-notice-"

typedef struct Jabber Jabber;

/* One person who writes to us. */
typedef struct
{
  Jabber *xmpp;
  char *jid;
  GList link;     /* in xmpp->users_by_use, least recently used first */
  GQueue waiting; /* of JabberIn*, oldest first; the head may be with the core */
  gboolean delivering;
  gboolean storing; /* a picture is with the core */
  guint attempts;   /* of the head */
  guint64 retry_timer;
  gboolean typing; /* as the core was told */
  guint64 typing_timer;
  gint64 typing_until;           /* host time */
  guint64 composing_timer;       /* they were told that an agent types */
  gint64 seen_n;                 /* up to which line of theirs they were told that it was read */
  char *last_external, *last_id; /* their newest stored message: the core's id and the stanza's */
  gboolean unmarkable;           /* which asked for no marker */
  char *name;                    /* as the core was told */
  gboolean named;                /* by the vCard, which then counts more than what messages say */
  gint64 asked_at;               /* for the vCard, host time; 0 = not yet */
  char *asked_id;                /* NULL = nothing is asked */
  char *photo_sum;               /* of the picture that the core has */
} JabberUser;

struct Jabber
{
  UsherInstance *instance;
  const UsherHost *host;
  JabberSelf self;
  JabberStreamConfig config;
  const char *const *announce;
  gint64 profile_expiry;

  JabberStream *stream; /* NULL before start and after stop */
  gboolean connected, stopping;
  char *state_message; /* as last told */
  UsherReply *start_reply, *stop_reply;
  guint64 start_timer;

  GHashTable *users; /* bare address -> JabberUser* */
  GQueue users_by_use;
  int owed; /* deliveries the core has not answered */

  GHashTable *pending; /* message id -> JabberPending* */
  guint64 serial, question;
  GHashTable *taken;  /* "address/id" of messages the server took, for late bounces; in order in: */
  GQueue taken_order; /* of the same strings, oldest first */
  GQueue uncertain;   /* of JabberIn* (ECHO), oldest first: sends with an unknown end */
};

void jabber_log (Jabber *xmpp, UsherLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);
void jabber_complete (Jabber *xmpp, UsherReply *reply, UsherStatus status, const char *message,
                      const char *external_id);
/* Takes `out`; nothing once the stream is gone. */
void jabber_push (Jabber *xmpp, JabberOut *out);

/* ---- xmpp-intake.c: what customers do, in order of each ------------------------------------------------ */

/* The person's record, made if needed. */
JabberUser *jabber_user_get (Jabber *xmpp, const char *jid);
void jabber_user_free (gpointer data);
/* Takes `in`. */
void jabber_intake_event (Jabber *xmpp, JabberIn *in);
/* Puts an item behind what waits for the core; takes it. */
void jabber_intake_queue (Jabber *xmpp, JabberUser *user, JabberIn *in);
/* It goes no further: its memory is free again. */
void jabber_intake_drop (Jabber *xmpp, JabberIn *in);
/* Tells the authors of what the core has not got that it was not taken. */
void jabber_intake_stop (Jabber *xmpp);

/* ---- xmpp-profile.c: names and pictures ---------------------------------------------------------------- */

/* A message of theirs is stored. */
void jabber_profile_wanted (Jabber *xmpp, JabberUser *user, const char *nick);
/* The stream broke: what was asked is not answered any more. */
void jabber_profile_lost (Jabber *xmpp);
void jabber_profile_answer (Jabber *xmpp, JabberUser *user, JabberIn *in);

/* ---- xmpp-outgoing.c: what agents do ------------------------------------------------------------------- */

void jabber_pending_free (gpointer data);
void jabber_send_line (void *self, const UsherLine *line, UsherReply *reply);
void jabber_notice (void *self, const UsherLine *line);
void jabber_typing (void *self, const char *user_id, bool on);
void jabber_seen (void *self, const UsherLine *line);
/* The stream says how a message ended. */
void jabber_sent (Jabber *xmpp, guint64 serial, UsherStatus status, const char *message);
/* The customer's side says that one of ours arrived, or that it came back. */
void jabber_arrived (Jabber *xmpp, JabberUser *user, JabberIn *in);
void jabber_bounced (Jabber *xmpp, const JabberIn *in);

#endif
