/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages of which nobody knows whether the network took them, on channels that show us our own messages: for a
 * while the echo may settle them. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/outbox-private.h"

#define ECHO_WITHIN_MS (10 * 60 * 1000)
#define AGAIN_MS 1000
/* After a start: what the network wanted to tell us meanwhile is on its way. */
#define AFTER_START_MS (60 * 1000)

#define NO_ECHO                                                                                                   \
  "the channel did not answer, and no echo came within 10 minutes: it is not known whether this message "         \
  "arrived; "                                                                                                     \
  "ask before you repeat it"

typedef struct
{
  UcEvent *row; /* the message as it was made */
  gint64 due_at;
} Uncertain;

static void
uncertain_free (gpointer data)
{
  Uncertain *one = data;

  uc_event_free (one->row);
  g_free (one);
}

static void on_due (gpointer data);

static void
arm (UcOutbox *outbox)
{
  const Uncertain *first = g_queue_peek_head (&outbox->uncertain);

  uc_loop_timer_remove (outbox->core->loop, outbox->uncertain_timer);
  outbox->uncertain_timer = 0;
  if (first != NULL)
    outbox->uncertain_timer = uc_loop_timer_at (outbox->core->loop, first->due_at, on_due, outbox);
}

/* No echo came. It stays uncertain, but a person has to find out. */
static void
tell (UcOutbox *outbox, UcTxn *txn, const UcEvent *row)
{
  UcThread *thread = uc_thread_of (outbox, row->conversation, row->channel, row->identity);
  UcSentLine *line = uc_thread_note (thread, row);

  uc_thread_step (thread, txn, line, "uncertain", NULL, NO_ECHO);
}

static void
on_due (gpointer data)
{
  UcOutbox *outbox = data;
  gint64 now = uc_clock_now ();
  Uncertain *one;
  UcTxn *txn;

  outbox->uncertain_timer = 0;
  if (outbox->core->recovering)
    {
      outbox->uncertain_timer = uc_loop_timer_in (outbox->core->loop, AGAIN_MS, on_due, outbox);
      return;
    }
  txn = uc_txn_new (outbox->core);
  while ((one = g_queue_peek_head (&outbox->uncertain)) != NULL && one->due_at <= now)
    {
      g_queue_pop_head (&outbox->uncertain);
      tell (outbox, txn, one->row);
      uncertain_free (one);
    }
  uc_txn_commit (txn, NULL, NULL);
  arm (outbox);
}

static int
compare_message (gconstpointer one, gconstpointer message)
{
  return strcmp (((const Uncertain *)one)->row->message, message);
}

static int
compare_due (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 one = ((const Uncertain *)a)->due_at, other = ((const Uncertain *)b)->due_at;

  return one < other ? -1 : one > other;
}

void
uc_uncertain_add (UcOutbox *outbox, const UcEvent *message)
{
  gint64 now = uc_clock_now ();
  Uncertain *one;

  if (g_strcmp0 (message->error, NO_ECHO) == 0
      || g_queue_find_custom (&outbox->uncertain, message->message, compare_message) != NULL)
    return;
  one = g_new0 (Uncertain, 1);
  one->row = uc_event_copy (message);
  one->due_at
      = message->undecided ? MAX (now + AFTER_START_MS, message->deadline + ECHO_WITHIN_MS) : now + ECHO_WITHIN_MS;
  g_queue_insert_sorted (&outbox->uncertain, one, compare_due, NULL);
  arm (outbox);
}

void
uc_uncertain_remove (UcOutbox *outbox, const char *message)
{
  for (GList *l = outbox->uncertain.head; l != NULL; l = l->next)
    if (strcmp (((Uncertain *)l->data)->row->message, message) == 0)
      {
        uncertain_free (l->data);
        g_queue_delete_link (&outbox->uncertain, l);
        return;
      }
}

void
uc_uncertain_free (UcOutbox *outbox)
{
  uc_loop_timer_remove (outbox->core->loop, outbox->uncertain_timer);
  g_queue_clear_full (&outbox->uncertain, uncertain_free);
}
