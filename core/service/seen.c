/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Per conversation: the newest line that was told as read, only ever forward and at most once a second; what comes
 * meanwhile is told afterwards, once. Main thread.
 */
#include "core/service/seen.h"

#include "core/service/line.h"

#define PAUSE_MS 1000
/* How far back a customer's line is looked for. */
#define LINES_READ 100

struct UcSeen
{
  UcCore *core;
  GHashTable *places; /* conversation -> Place */
};

typedef struct
{
  UcSeen *seen;
  char *conversation, *channel, *identity;
  gint64 wanted, looked; /* n that the agent has seen; up to which it was handled */
  gint64 told;           /* number of the customer's line */
  gboolean reading;
  guint64 timer;
} Place;

static void
place_free (gpointer data)
{
  Place *place = data;

  uc_loop_timer_remove (place->seen->core->loop, place->timer);
  g_free (place->conversation);
  g_free (place->channel);
  g_free (place->identity);
  g_free (place);
}

static UsherInstance *
instance_of (UcSeen *seen, const char *channel)
{
  UsherInstance *instance = uc_core_instance (seen->core, UC_KIND_CHANNEL, channel);

  return instance != NULL && uc_instance_is_running (instance) && instance->plugin->channel.seen != NULL ? instance
                                                                                                         : NULL;
}

static void look (Place *place);

static void
on_pause_over (gpointer data)
{
  Place *place = data;

  place->timer = 0;
  if (place->wanted > place->looked)
    look (place);
}

static void
tell (Place *place, const UcEvent *row)
{
  UsherInstance *instance = instance_of (place->seen, place->channel);
  g_autoptr (UcLine) line = NULL;

  if (instance == NULL)
    return;
  place->told = row->n;
  line = uc_line_new (row, place->identity);
  instance->plugin->channel.seen (instance->self, uc_line_get (line));
}

typedef struct
{
  UcSeen *seen;
  char *conversation;
} Reading;

static void
on_lines (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  g_autofree Reading *reading = data;
  g_autofree char *conversation = reading->conversation;
  Place *place = g_hash_table_lookup (reading->seen->places, conversation);
  const UcEvent *newest = NULL;

  if (place == NULL)
    return;
  place->reading = FALSE;
  for (guint i = 0; result == UC_STORE_OK && i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      if (row->n <= place->looked && uc_author_from_word (row->author) == USHER_AUTHOR_CUSTOMER)
        newest = row;
    }
  place->timer = uc_loop_timer_in (place->seen->core->loop, PAUSE_MS, on_pause_over, place);
  if (newest != NULL && newest->n > place->told)
    tell (place, newest);
}

static void
look (Place *place)
{
  Reading *reading = g_new (Reading, 1);

  *reading = (Reading){ place->seen, g_strdup (place->conversation) };
  place->reading = TRUE;
  place->looked = place->wanted;
  uc_store_messages (place->seen->core->store, place->conversation, MAX (0, place->wanted - LINES_READ),
                     LINES_READ, on_lines, reading);
}

static Place *
place_of (UcSeen *seen, const UcConversation *conversation)
{
  Place *place = g_hash_table_lookup (seen->places, conversation->id);

  if (place == NULL)
    {
      place = g_new0 (Place, 1);
      place->seen = seen;
      place->conversation = g_strdup (conversation->id);
      place->channel = g_strdup (conversation->channel);
      place->identity = g_strdup (conversation->identity);
      g_hash_table_insert (seen->places, place->conversation, place);
    }
  return place;
}

void
uc_seen_up_to (UcSeen *seen, const UcConversation *conversation, gint64 n)
{
  Place *place;

  if (instance_of (seen, conversation->channel) == NULL)
    return;
  place = place_of (seen, conversation);
  n = MIN (n, conversation->last_n);
  if (n <= place->wanted)
    return;
  place->wanted = n;
  if (place->timer == 0 && !place->reading)
    look (place);
}

void
uc_seen_forget (UcSeen *seen, const char *conversation)
{
  g_hash_table_remove (seen->places, conversation);
}

UcSeen *
uc_seen_new (UcCore *core)
{
  UcSeen *seen = g_new0 (UcSeen, 1);

  seen->core = core;
  seen->places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, place_free);
  return seen;
}

void
uc_seen_free (UcSeen *seen)
{
  if (seen == NULL)
    return;
  g_hash_table_unref (seen->places);
  g_free (seen);
}
