/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the network tells later about messages of ours: that they were delivered or read, and that it has one whose
 * outcome we were not sure of. Main thread.
 */
#include <string.h>

#include "core/service/outbox-private.h"

static UcOut *
out_of (UcThread *thread, const UcSentLine *line)
{
  for (const GList *l = thread->queue.head; l != NULL; l = l->next)
    if (((const UcOut *)l->data)->message->n == line->n)
      return l->data;
  return NULL;
}

/* A receipt by time says nothing about what the network has not been given: one that still waits, and one that is
 * uncertain, for that it was given is what is not known. One that is being sent may be covered: that is kept until
 * the network has answered. */
static gboolean
covers_by_time (UcThread *thread, const UcSentLine *line, gint64 upto_at, int rank)
{
  UcOut *out;

  if (line->rank >= UC_RANK_SENT)
    return line->sent_at <= upto_at;
  out = out_of (thread, line);
  if (out != NULL && out->sending && out->begun_at <= upto_at)
    out->receipt = MAX (out->receipt, rank);
  return FALSE;
}

static gboolean
covers (UcThread *thread, const UcReceipt *receipt, const UcSentLine *line)
{
  if (receipt->upto > 0 && line->n <= receipt->upto)
    return TRUE;
  if (receipt->external_id != NULL && g_strcmp0 (line->external_id, receipt->external_id) == 0)
    return TRUE;
  return receipt->upto_at > 0 && covers_by_time (thread, line, receipt->upto_at, uc_rank_of (receipt->state));
}

gboolean
uc_outbox_receipt (UcOutbox *outbox, UcTxn *txn, const char *conversation, const UcReceipt *receipt)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  if (thread == NULL || !thread->loaded)
    return FALSE;
  for (guint i = 0; i < thread->lines->len; i++)
    {
      UcSentLine *line = &g_array_index (thread->lines, UcSentLine, i);

      if (covers (thread, receipt, line))
        uc_thread_step (thread, txn, line, receipt->state, NULL, NULL);
    }
  return TRUE;
}

/* ---- echoes -------------------------------------------------------------------------------------------- */

gboolean
uc_outbox_has (UcOutbox *outbox, const char *conversation, const char *message, const char *external_id)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  return thread != NULL && uc_thread_find (thread, message, external_id) != NULL;
}

gboolean
uc_outbox_echo (UcOutbox *outbox, UcTxn *txn, const char *conversation, const char *message,
                const char *external_id)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);
  UcSentLine *line = thread != NULL ? uc_thread_find (thread, message, external_id) : NULL;
  UcOut *out;

  if (line == NULL)
    return FALSE;
  out = out_of (thread, line);
  uc_thread_step (thread, txn, line, "sent", external_id, NULL);
  if (out != NULL && out->sending)
    out->echoed = TRUE;
  else if (out != NULL)
    uc_outbox_settle (outbox, thread, out, external_id);
  return TRUE;
}

void
uc_outbox_note (UcOutbox *outbox, const UcEvent *line)
{
  uc_thread_note (uc_thread_of (outbox, line->conversation, line->channel, line->identity), line);
}
