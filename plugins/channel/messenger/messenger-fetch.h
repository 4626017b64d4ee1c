/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One HTTP exchange with libsoup's client: bounded in bytes and in time, cancellable, never blocking. Main thread.
 */
#ifndef MESSENGER_FETCH_H
#define MESSENGER_FETCH_H

#include <libsoup/soup.h>

typedef struct Messenger Messenger;
typedef struct MessengerFetch MessengerFetch;

/* Borrowed until the function returns. */
typedef struct
{
  guint status;                      /* HTTP; 0 = there was no complete answer */
  const SoupMessageHeaders *headers; /* NULL when not even they came */
  const char *body;                  /* NUL-terminated, never NULL */
  gsize len;
  gboolean left;      /* the whole request had left when it ended: the other side may have acted on it */
  gboolean timed_out; /* our own limit */
  gboolean too_large; /* more than `max` */
  const char *why;    /* status 0: what went wrong, for people */
} MessengerAnswer;

typedef void (*MessengerAnswered) (gpointer data, const MessengerAnswer *answer);

/* Takes `message`. `done` is called exactly once, never before this returned, unless it is cancelled. */
MessengerFetch *messenger_fetch (Messenger *mg, SoupSession *session, SoupMessage *message, gsize max,
                                 gint64 limit_ms, MessengerAnswered done, gpointer data);
/* `done` is not called any more. */
void messenger_fetch_cancel (MessengerFetch *fetch);
/* Whether the whole request has left. */
gboolean messenger_fetch_left (const MessengerFetch *fetch);

#endif
