/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was sent in one conversation, and the states of it, so that a state only ever moves up. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/outbox-private.h"

#define LINES_READ 500

static const char *const rank_words[] = { "queued", "uncertain", "sent", "delivered", "read" };

int
uc_rank_of (const char *state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rank_words); i++)
    if (g_strcmp0 (state, rank_words[i]) == 0)
      return (int)i;
  return UC_RANK_FINAL; /* failed */
}

static void
line_clear (gpointer data)
{
  UcSentLine *line = data;

  g_free (line->message);
  g_free (line->external_id);
}

void
uc_out_free (gpointer data)
{
  UcOut *out = data;

  uc_line_free (out->line);
  uc_event_free (out->message);
  g_free (out->conversation);
  g_free (out->state);
  g_free (out->external_id);
  g_free (out->why);
  g_free (out);
}

void
uc_thread_free (gpointer data)
{
  UcThread *thread = data;
  UcOut *out;

  uc_loop_timer_remove (thread->outbox->core->loop, thread->retry_timer);
  while ((out = g_queue_pop_head (&thread->queue)) != NULL)
    if (!out->sending)
      uc_out_free (out);
  g_array_unref (thread->lines);
  g_free (thread->conversation);
  g_free (thread->channel);
  g_free (thread->identity);
  g_free (thread);
}

UcThread *
uc_thread_of (UcOutbox *outbox, const char *conversation, const char *channel, const char *identity)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  if (thread == NULL)
    {
      thread = g_new0 (UcThread, 1);
      thread->outbox = outbox;
      thread->conversation = g_strdup (conversation);
      thread->channel = g_strdup (channel);
      thread->identity = g_strdup (identity);
      thread->lines = g_array_new (FALSE, FALSE, sizeof (UcSentLine));
      g_array_set_clear_func (thread->lines, line_clear);
      g_queue_init (&thread->queue);
      g_hash_table_insert (outbox->threads, thread->conversation, thread);
    }
  return thread;
}

UcSentLine *
uc_thread_line (UcThread *thread, gint64 n)
{
  for (guint i = thread->lines->len; i > 0; i--)
    if (g_array_index (thread->lines, UcSentLine, i - 1).n == n)
      return &g_array_index (thread->lines, UcSentLine, i - 1);
  return NULL;
}

UcSentLine *
uc_thread_find (UcThread *thread, const char *message, const char *external_id)
{
  for (guint i = thread->lines->len; i > 0; i--)
    {
      UcSentLine *line = &g_array_index (thread->lines, UcSentLine, i - 1);

      if ((message != NULL && strcmp (line->message, message) == 0)
          || (external_id != NULL && g_strcmp0 (line->external_id, external_id) == 0))
        return line;
    }
  return NULL;
}

UcSentLine *
uc_thread_note (UcThread *thread, const UcEvent *row)
{
  UcSentLine *line = uc_thread_line (thread, row->n);

  if (line == NULL)
    {
      UcSentLine fresh = { .n = row->n, .message = g_strdup (row->message), .sent_at = row->at };

      g_array_append_val (thread->lines, fresh);
      line = &g_array_index (thread->lines, UcSentLine, thread->lines->len - 1);
    }
  line->rank = MAX (line->rank, uc_rank_of (row->state));
  if (row->external_id != NULL && line->external_id == NULL)
    line->external_id = g_strdup (row->external_id);
  return line;
}

/* ---- states -------------------------------------------------------------------------------------------- */

/* What was delivered can't have failed. An uncertain one may get its last word: that nothing was heard. */
static gboolean
leads_up (const UcSentLine *line, int rank, const char *why)
{
  if (rank == UC_RANK_FINAL)
    return line->rank <= UC_RANK_SENT;
  return rank > line->rank || (rank == UC_RANK_UNCERTAIN && line->rank == rank && why != NULL);
}

void
uc_thread_step (UcThread *thread, UcTxn *txn, UcSentLine *line, const char *state, const char *external_id,
                const char *why)
{
  g_autoptr (GError) error = NULL;
  gboolean up = leads_up (line, uc_rank_of (state), why);
  gboolean learns = external_id != NULL && line->external_id == NULL;
  UcCommand command = {
    .type = UC_COMMAND_MESSAGE_STATE,
    .conversation = thread->conversation,
    .message = line->message,
    .n = line->n,
    .state = up || line->rank == UC_RANK_FINAL ? state : rank_words[line->rank],
    .external_id = external_id,
    .error = up ? why : NULL,
  };

  if (!up && (!learns || line->rank == UC_RANK_FINAL))
    return;
  if (!uc_txn_step (txn, &command, &error))
    {
      g_warning ("state of message %s: %s", line->message, error->message);
      return;
    }
  if (learns)
    line->external_id = g_strdup (external_id);
  if (!up)
    return;
  line->rank = uc_rank_of (state);
  uc_undecided_note (thread->outbox, line->message, thread->channel, line->rank, uc_clock_now ());
  if (line->rank == UC_RANK_SENT)
    line->sent_at = uc_clock_now ();
  if (line->rank != UC_RANK_UNCERTAIN)
    uc_uncertain_remove (thread->outbox, line->message);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

gboolean
uc_outbox_knows (UcOutbox *outbox, const char *conversation)
{
  const UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);

  return thread != NULL && thread->loaded;
}

typedef struct
{
  UcOutbox *outbox;
  char *conversation, *channel, *identity;
  void (*done) (gpointer data, const char *why);
  gpointer data;
} Loading;

static void
loading_free (Loading *loading)
{
  g_free (loading->conversation);
  g_free (loading->channel);
  g_free (loading->identity);
  g_free (loading);
}

static void
on_lines (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Loading *loading = data;
  UcThread *thread;

  if (result == UC_STORE_OK && !loading->outbox->core->recovering)
    {
      thread = uc_thread_of (loading->outbox, loading->conversation, loading->channel, loading->identity);
      for (guint i = 0; i < rows->len; i++)
        {
          const UcEvent *row = rows->pdata[i];

          /* What is known here is at least as new. */
          if (g_strcmp0 (row->author, "agent") == 0 && uc_thread_line (thread, row->n) == NULL)
            uc_thread_note (thread, row);
        }
      thread->loaded = TRUE;
    }
  loading->done (loading->data, result == UC_STORE_OK ? NULL : why != NULL ? why : "the store does not answer");
  loading_free (loading);
}

void
uc_outbox_load (UcOutbox *outbox, const UcConversation *conversation,
                void (*done) (gpointer data, const char *why), gpointer data)
{
  Loading *loading = g_new0 (Loading, 1);

  loading->outbox = outbox;
  loading->conversation = g_strdup (conversation->id);
  loading->channel = g_strdup (conversation->channel);
  loading->identity = g_strdup (conversation->identity);
  loading->done = done;
  loading->data = data;
  uc_store_messages (outbox->core->store, conversation->id, MAX (0, conversation->last_n - LINES_READ), LINES_READ,
                     on_lines, loading);
}
