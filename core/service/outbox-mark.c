/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a kill leaves open. Where sending the same message twice shows it twice, the outbox says on the disk that
 * the channel is about to get it; whoever finds that at the start does not send it again, since the network may
 * have it. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/outbox-private.h"

/* As the time when the row is due. */
#define WITH_CHANNEL 0
#define AGAIN_MS 1000

#define ENDED "usher was ended while this message was being sent: it is not known whether it arrived"

/* Named, not pointed to: a reload may have freed it. */
typedef struct
{
  UcOutbox *outbox;
  char *conversation, *message;
} Mark;

static UcOut *
out_of (const Mark *mark, UcThread **thread)
{
  *thread = g_hash_table_lookup (mark->outbox->threads, mark->conversation);
  for (const GList *l = *thread != NULL ? (*thread)->queue.head : NULL; l != NULL; l = l->next)
    if (strcmp (((const UcOut *)l->data)->message->message, mark->message) == 0)
      return l->data;
  return NULL;
}

static void
write_row (const UcOut *out, gint64 due_at, UcTxnDone done, gpointer data)
{
  UcTxn *txn = uc_txn_new (out->outbox->core);

  uc_batch_outbox (uc_txn_batch (txn), out->message->message, due_at, out->attempts, NULL);
  uc_txn_commit (txn, done, data);
}

static void
on_marked (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Mark *mark = data;
  g_autofree char *conversation = mark->conversation, *message = mark->message;
  UcThread *thread;
  UcOut *out = out_of (mark, &thread);

  if (out == NULL || !out->marking)
    return;
  out->marking = FALSE;
  if (error != NULL)
    out->due_at = uc_clock_now () + AGAIN_MS;
  else
    out->marked = TRUE;
  uc_outbox_pump (mark->outbox, thread);
  /* The channel may have stopped or been blocked meanwhile. */
  out = out_of (mark, &thread);
  if (out == NULL || !out->marked || out->sending)
    return;
  out->marked = FALSE;
  write_row (out, uc_clock_now (), NULL, NULL);
}

gboolean
uc_mark_is_set (UcOut *out, const UsherInstance *instance)
{
  Mark *mark;

  if (out->marked || uc_instance_capabilities (instance)->idempotent_send)
    return TRUE;
  mark = g_new (Mark, 1);
  *mark = (Mark){ out->outbox, g_strdup (out->conversation), g_strdup (out->message->message) };
  out->marking = TRUE;
  write_row (out, WITH_CHANNEL, on_marked, mark);
  return FALSE;
}

gboolean
uc_mark_is_on (const UcEvent *row)
{
  return row->deadline == WITH_CHANNEL;
}

void
uc_mark_settle (UcOutbox *outbox, const UcEvent *row)
{
  const UsherInstance *instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, row->channel);
  const UsherChannelCapabilities *caps = instance != NULL ? uc_instance_capabilities (instance) : NULL;
  UcThread *thread = uc_thread_of (outbox, row->conversation, row->channel, row->identity);
  gboolean echoes = caps != NULL && caps->echoes;

  if (echoes)
    uc_uncertain_add (outbox, row);
  uc_thread_note (thread, row);
  uc_outbox_finish_waiting (uc_out_new (outbox, row), thread, "uncertain",
                            echoes ? ENDED " yet; if it did, the network will show it to us"
                                   : ENDED "; ask before you repeat it");
}
