/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ring of recent durable events. Main thread.
 */
#include "core/service/feed.h"

#include <string.h>

#include "core/service/metrics.h"

typedef struct
{
  UcFeedFunc func;
  gpointer data;
} Listener;

/* Of an event, what tells who may see it. */
typedef struct
{
  GList link; /* in feed->items */
  gint64 seq;
  UcEventType type;
  char *agent, *user; /* behind the struct; NULL = none */
  char *json;
  gsize len;
} Kept;

struct UcFeed
{
  GQueue items; /* of Kept*, oldest at the head */
  GArray *listeners;
  gsize bytes, max_items, max_bytes;
};

static Kept *
kept_new (const UcEvent *event, char *json, gsize len)
{
  gsize agent = event->agent != NULL ? strlen (event->agent) + 1 : 0;
  gsize user = event->user != NULL ? strlen (event->user) + 1 : 0;
  Kept *kept = g_malloc (sizeof *kept + agent + user);
  char *behind = (char *)(kept + 1);

  *kept = (Kept){ .link = { .data = kept }, .seq = event->seq, .type = event->type, .json = json, .len = len };
  if (agent > 0)
    kept->agent = memcpy (behind, event->agent, agent);
  if (user > 0)
    kept->user = memcpy (behind + agent, event->user, user);
  return kept;
}

static void
drop_oldest (UcFeed *feed)
{
  Kept *kept = g_queue_pop_head_link (&feed->items)->data;

  feed->bytes -= kept->len;
  g_free (kept->json);
  g_free (kept);
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
  const UcFeedItem item = { event, json, len };

  for (guint i = 0; i < feed->listeners->len; i++)
    {
      const Listener *listener = &g_array_index (feed->listeners, Listener, i);

      listener->func (listener->data, &item);
    }
  g_queue_push_tail_link (&feed->items, &kept_new (event, json, len)->link);
  feed->bytes += len;
  /* Not kept whole: thousands of them would be out of the processor's caches when they are freed. */
  uc_event_free (event);
  while (feed->items.length > feed->max_items || feed->bytes > feed->max_bytes)
    drop_oldest (feed);
}

gboolean
uc_feed_replay (UcFeed *feed, gint64 after, gint64 last, UcFeedFunc func, gpointer data)
{
  const Kept *oldest = g_queue_peek_head (&feed->items);

  if (after == last)
    return TRUE;
  if (after > last || oldest == NULL || after < oldest->seq - 1)
    return FALSE;
  for (GList *l = feed->items.head; l != NULL; l = l->next)
    {
      const Kept *kept = l->data;
      UcEvent event = { .type = kept->type, .seq = kept->seq, .agent = kept->agent, .user = kept->user };
      const UcFeedItem item = { &event, kept->json, kept->len };

      if (func != NULL && kept->seq > after)
        func (data, &item);
    }
  return TRUE;
}

void
uc_feed_clear (UcFeed *feed)
{
  while (!g_queue_is_empty (&feed->items))
    drop_oldest (feed);
}

void
uc_feed_queues (const UcFeed *feed, GArray *queues)
{
  /* A ring: the oldest makes room, and who needs it gets a whole snapshot. */
  uc_queues_add_bytes (queues, "feed", feed->items.length, feed->max_items, feed->bytes, feed->max_bytes, 0);
}
