/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The component's stream to the XMPP server: a thread of its own that connects, reads, writes, and connects again.
 * Called from the main thread.
 */
#ifndef JABBER_STREAM_H
#define JABBER_STREAM_H

#include "xmpp-stanza.h"

typedef struct JabberStream JabberStream;

/* Borrowed until jabber_stream_free. */
typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  const JabberSelf *self;
  const char *server, *secret;
  guint16 port;
  gint64 reconnect_min, reconnect_max, keepalive; /* ms */
  UsherFunc wake;                                 /* invoked on the main thread when events wait */
  void *data;
} JabberStreamConfig;

typedef enum
{
  JABBER_EVENT_STATE = 1, /* `connected`, and if not, `status` and `message` */
  JABBER_EVENT_SENT,      /* the message `serial` ended with `status` and `message` */
  JABBER_EVENT_IN,        /* `in` */
  JABBER_EVENT_CLOSED     /* after jabber_stream_stop: the thread is about to end */
} JabberEventKind;

typedef struct
{
  JabberEventKind kind;
  gboolean connected;
  UsherStatus status;
  char *message;
  guint64 serial;
  JabberIn *in;
} JabberEvent;

void jabber_event_free (JabberEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JabberEvent, jabber_event_free)

/* NULL and *why when the system has no thread or file left. */
JabberStream *jabber_stream_new (const JabberStreamConfig *config, char **why);
/* Takes `out`. */
void jabber_stream_push (JabberStream *stream, JabberOut *out);
/* The oldest event, NULL = none. */
JabberEvent *jabber_stream_take (JabberStream *stream);
/* What came in has left the memory. Above a bound the stream stops reading until it has. */
void jabber_stream_used (JabberStream *stream, gsize bytes);
gboolean jabber_stream_is_full (JabberStream *stream);
/* How many deliveries the core still has to answer: the stream stays open for what follows from them. */
void jabber_stream_owe (JabberStream *stream, int owed);
/* Finishes what is under way, for a few seconds at most, closes the stream; JABBER_EVENT_CLOSED is the last event.
 */
void jabber_stream_stop (JabberStream *stream);
/* Ends the thread at once if it has not ended; events that are left are dropped except those handed to `left`. */
void jabber_stream_free (JabberStream *stream, void (*left) (void *data, JabberEvent *event));

#endif
