/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The live end of the journal: durable events in order, kept for a while so that a client that lost its line can
 * go on where it was, and handed to whoever listens. Main thread.
 */
#pragma once

#include "core/base/event.h"

typedef struct UcFeed UcFeed;

typedef struct
{
  UcEvent *event; /* of a replayed one only type, seq, agent and user */
  char *json;
  gsize len;
} UcFeedItem;

UcFeed *uc_feed_new (gsize max_items, gsize max_bytes);
void uc_feed_free (UcFeed *feed);

typedef void (*UcFeedFunc) (gpointer data, const UcFeedItem *item);
/* Listeners are called in the order they were added; they may not remove themselves from inside. */
void uc_feed_listen (UcFeed *feed, UcFeedFunc func, gpointer data);

/* Takes both. */
void uc_feed_publish (UcFeed *feed, UcEvent *event, char *json, gsize len);
/* Calls func for each kept event with seq > after, in order; FALSE when some of them are no longer kept; func NULL
 * only asks. `last` is the number of the newest durable event: an `after` beyond it is of another history. */
gboolean uc_feed_replay (UcFeed *feed, gint64 after, gint64 last, UcFeedFunc func, gpointer data);
/* Adds it to `queues` (of UcQueueFigures). */
void uc_feed_queues (const UcFeed *feed, GArray *queues);
/* Forgets what is kept (after a reload: numbers that never became durable are given out again). */
void uc_feed_clear (UcFeed *feed);
