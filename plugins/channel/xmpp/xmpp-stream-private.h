/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the stream share: its state, and who may touch it.
 */
#ifndef JABBER_STREAM_PRIVATE_H
#define JABBER_STREAM_PRIVATE_H

#include "xmpp-stream.h"

#define JABBER_PING_PREFIX "usher-ping-"
#define JABBER_VCARD_PREFIX "usher-vcard-"

/* One question to the server, and the messages before it that its answer settles. */
typedef struct
{
  guint64 n;
  gint64 sent_at;
  GArray *serials; /* of guint64 */
} JabberPing;

struct JabberStream
{
  JabberStreamConfig config;
  GThread *thread;
  int wake_fd;

  GMutex lock;         /* guards the next three */
  GQueue commands;     /* of JabberOut*, to the thread */
  GQueue events;       /* of JabberEvent*, from it */
  gboolean scheduled;  /* the main thread will come for events */
  gint stopping, quit; /* atomic: finish; end at once */
  gint owed, used;     /* atomic */

  /* The stream's thread only. */
  xmpp_ctx_t *ctx;
  xmpp_log_t log;
  xmpp_conn_t *conn;
  int fd;       /* of conn; -1 = none */
  int spare_fd; /* keeps a low number free for the next connection */
  gboolean reached, connected, dead, paused, crowded, closing;
  guint attempts;
  gint64 next_attempt, heard_at, stop_at; /* monotonic, us */
  UsherStatus down_status;
  char *down_message;
  GQueue outbox;    /* of JabberOut*, not yet given to the library */
  GQueue pings;     /* of JabberPing*, oldest first */
  GArray *unpinged; /* of guint64: messages written after the last ping */
  guint64 ping_n, fresh_n;
  char *nonce; /* makes our ids ours */
};

/* xmpp-stream.c */
void jabber_stream_emit (JabberStream *stream, JabberEvent *event);

/* xmpp-connect.c: how the stream comes and goes. */
void jabber_connect (JabberStream *stream);
/* `conn` is over; the next attempt is set. */
void jabber_disconnected (JabberStream *stream);
void jabber_set_down (JabberStream *stream, UsherStatus status, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* What becomes of a message that was never written. */
UsherStatus jabber_unwritten (JabberStream *stream);
void jabber_spare_take (JabberStream *stream);
void jabber_spare_give (JabberStream *stream);

/* xmpp-traffic.c: what goes over an open stream. */
int jabber_traffic_stanza (xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data);
void jabber_traffic_write (JabberStream *stream);
void jabber_traffic_check (JabberStream *stream, gint64 now);
/* Nothing is under way any more. */
gboolean jabber_traffic_is_idle (JabberStream *stream);
/* Messages that were not written yet end like this. */
void jabber_traffic_return (JabberStream *stream, UsherStatus status, const char *why);
/* The stream is gone: `unwritten` is what becomes of messages that never left. */
void jabber_traffic_break (JabberStream *stream, UsherStatus unwritten, const char *why);

#endif
