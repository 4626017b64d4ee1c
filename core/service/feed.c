/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ring of recent durable events. Main thread.
 */
#include "core/service/feed.h"

#include "core/service/metrics.h"

typedef struct
{
  UcFeedFunc func;
  gpointer data;
} Listener;

struct UcFeed
{
  GQueue items; /* of UcFeedItem*, oldest at the head */
  GArray *listeners;
  gsize bytes, max_items, max_bytes;
};

static void
item_free (UcFeedItem *item)
{
  uc_event_free (item->event);
  g_free (item->json);
  g_free (item);
}

UcFeed *
uc_feed_new (gsize max_items, gsize max_bytes)
{
  UcFeed *feed = g_new0 (UcFeed, 1);

  g_queue_init (&feed->items);
  feed->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  feed->max_items = max_items;
  feed->max_bytes = max_bytes;
  return feed;
}

void
uc_feed_free (UcFeed *feed)
{
  if (feed == NULL)
    return;
  uc_feed_clear (feed);
  g_array_unref (feed->listeners);
  g_free (feed);
}

void
uc_feed_listen (UcFeed *feed, UcFeedFunc func, gpointer data)
{
  Listener listener = { func, data };

  g_array_append_val (feed->listeners, listener);
}

void
uc_feed_publish (UcFeed *feed, UcEvent *event, char *json, gsize len)
{
  UcFeedItem *item = g_new0 (UcFeedItem, 1);

  item->event = event;
  item->json = json;
  item->len = len;
  g_queue_push_tail (&feed->items, item);
  feed->bytes += len;
  for (guint i = 0; i < feed->listeners->len; i++)
    {
      const Listener *listener = &g_array_index (feed->listeners, Listener, i);

      listener->func (listener->data, item);
    }
  while (feed->items.length > feed->max_items || feed->bytes > feed->max_bytes)
    {
      UcFeedItem *old = g_queue_pop_head (&feed->items);

      feed->bytes -= old->len;
      item_free (old);
    }
}

gboolean
uc_feed_replay (UcFeed *feed, gint64 after, gint64 last, UcFeedFunc func, gpointer data)
{
  const UcFeedItem *oldest = g_queue_peek_head (&feed->items);

  if (after == last)
    return TRUE;
  if (after > last || oldest == NULL || after < oldest->event->seq - 1)
    return FALSE;
  for (GList *l = feed->items.head; l != NULL; l = l->next)
    {
      const UcFeedItem *item = l->data;

      if (func != NULL && item->event->seq > after)
        func (data, item);
    }
  return TRUE;
}

void
uc_feed_clear (UcFeed *feed)
{
  UcFeedItem *item;

  while ((item = g_queue_pop_head (&feed->items)) != NULL)
    item_free (item);
  feed->bytes = 0;
}

void
uc_feed_queues (const UcFeed *feed, GArray *queues)
{
  /* A ring: the oldest makes room, and who needs it gets a whole snapshot. */
  uc_queues_add_bytes (queues, "feed", feed->items.length, feed->max_items, feed->bytes, feed->max_bytes, 0);
}
