/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The outbox as a whole: what it hears of, and what it reads from the store. Main thread.
 */
#include "core/service/outbox.h"

#include "core/service/feed.h"
#include "core/service/outbox-private.h"

#define MAX_ROWS 100000

static void
notice (UcOutbox *outbox, const UcEvent *event)
{
  UsherInstance *instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, event->channel);
  g_autoptr (UcLine) line = NULL;

  if (instance == NULL || !uc_instance_is_running (instance) || instance->plugin->channel.notice == NULL)
    return;
  line = uc_line_new (event, event->identity);
  instance->plugin->channel.notice (instance->self, uc_line_get (line));
}

static void
on_event (gpointer data, const UcFeedItem *item)
{
  UcOutbox *outbox = data;
  const UcEvent *event = item->event;

  if (event->type != UC_EVENT_MESSAGE_ADDED)
    return;
  if (g_strcmp0 (event->author, "system") == 0)
    notice (outbox, event);
  else if (g_strcmp0 (event->author, "agent") != 0)
    return;
  else if (g_strcmp0 (event->state, "queued") == 0)
    uc_outbox_enqueue (outbox, event, 0, 0);
  else
    uc_outbox_note (outbox, event);
}

void
uc_outbox_kick (UcOutbox *outbox, UsherInstance *instance)
{
  /* One that needs attention says nothing new; one that runs says that it can send again. */
  if (instance->state == UC_INSTANCE_RUNNING)
    uc_lane_clear (outbox, instance->name);
  uc_outbox_pump_all (outbox, instance->name);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static gboolean
is_queued (UcOutbox *outbox, const UcEvent *row)
{
  const UcThread *thread = g_hash_table_lookup (outbox->threads, row->conversation);

  for (const GList *l = thread != NULL ? thread->queue.head : NULL; l != NULL; l = l->next)
    if (((const UcOut *)l->data)->message->n == row->n)
      return TRUE;
  return FALSE;
}

static void
on_outbox (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOutbox *outbox = data;

  if (--outbox->reads > 0)
    return;
  if (result != UC_STORE_OK)
    {
      g_warning ("the outbox can't be read (%s); trying again", why);
      outbox->again = uc_loop_timer_in (outbox->core->loop, 1000, (UcLoopFunc)uc_outbox_reload, outbox);
      return;
    }
  for (guint i = 0; i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      /* One made since the start came by the feed already. */
      if (!outbox->started && uc_mark_is_on (row))
        uc_mark_settle (outbox, row);
      else if (!is_queued (outbox, row))
        uc_outbox_enqueue (outbox, row, row->attempts, row->deadline);
    }
  outbox->started = TRUE;
  outbox->reading = FALSE;
  outbox->partial = more;
  uc_outbox_drop_stored (outbox);
  uc_undecided_reload (outbox);
  uc_outbox_pump_all (outbox, NULL);
}

void
uc_outbox_reload (UcOutbox *outbox)
{
  g_hash_table_remove_all (outbox->threads);
  g_hash_table_remove_all (outbox->undecided);
  uc_loop_timer_remove (outbox->core->loop, outbox->again);
  outbox->again = 0;
  outbox->reading = TRUE;
  outbox->reads++;
  uc_store_outbox (outbox->core->store, NULL, MAX_ROWS, on_outbox, outbox);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

void
uc_outbox_forget (UcOutbox *outbox, const char *conversation)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  if (thread != NULL && g_queue_is_empty (&thread->queue))
    g_hash_table_remove (outbox->threads, conversation);
}

guint
uc_outbox_pending (UcOutbox *outbox)
{
  GHashTableIter iter;
  gpointer value;
  guint count = 0;

  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    count += ((UcThread *)value)->queue.length;
  return count;
}

guint
uc_outbox_waiting (UcOutbox *outbox, const char *conversation)
{
  const UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  return thread != NULL ? thread->queue.length : 0;
}

UcOutbox *
uc_outbox_new (UcCore *core)
{
  UcOutbox *outbox = g_new0 (UcOutbox, 1);

  outbox->core = core;
  outbox->threads = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, uc_thread_free);
  outbox->given = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, uc_out_free);
  outbox->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, uc_lane_free);
  outbox->undecided = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, uc_undecided_free);
  outbox->dice = uc_backoff_dice ();
  g_queue_init (&outbox->uncertain);
  uc_outbox_sweep (outbox);
  uc_feed_listen (core->feed, on_event, outbox);
  return outbox;
}

void
uc_outbox_free (UcOutbox *outbox)
{
  if (outbox == NULL)
    return;
  g_hash_table_unref (outbox->threads);
  g_hash_table_unref (outbox->given);
  g_hash_table_unref (outbox->lanes);
  g_hash_table_unref (outbox->undecided);
  g_rand_free (outbox->dice);
  uc_loop_timer_remove (outbox->core->loop, outbox->sweep_timer);
  uc_loop_timer_remove (outbox->core->loop, outbox->judge_timer);
  uc_loop_timer_remove (outbox->core->loop, outbox->undecided_timer);
  uc_uncertain_free (outbox);
  g_free (outbox);
}

guint
uc_outbox_with_channels (UcOutbox *outbox)
{
  return g_hash_table_size (outbox->given);
}
