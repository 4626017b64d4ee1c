/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sending and message states. A thread is what the outbox knows about one conversation: messages to be sent, and
 * the states of those sent, so that a state only ever moves up. Main thread.
 */
#include "core/service/outbox.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/feed.h"
#include "core/service/intake.h"

#define SEND_TIMEOUT_MS 60000
#define FIRST_RETRY_MS 1000
#define MAX_RETRY_MS (10 * 60 * 1000)
#define GIVE_UP_AFTER_MS (24 * 3600 * (gint64)1000)
#define LINES_READ 500

typedef struct
{
  gint64 n;
  char *message, *external_id;
  int rank;
} Line;

typedef struct Thread Thread;

/* One message on its way. */
typedef struct
{
  UcOutbox *outbox;
  char *conversation; /* of the thread, which may be gone when the answer comes */
  UcEvent *message;
  UsherLine line;
  gint64 attempts, due_at;
  gboolean sending;
  char *state, *external_id, *why; /* the final result; state NULL = none yet */
} Out;

struct Thread
{
  char *conversation, *channel, *identity;
  GArray *lines;   /* of Line, by n */
  gboolean loaded; /* lines made before this process are known, too */
  GQueue queue;    /* of Out*, oldest first; only the head is ever being sent */
  guint64 retry_timer;
};

struct UcOutbox
{
  UcCore *core;
  GHashTable *threads; /* conversation -> Thread */
  /* What the channel has been given, message -> Out, until its result is durable. It outlives a reload: the store
   * still lists such a message, but it must not be sent again. */
  GHashTable *given;
  gboolean reading; /* the store's list is awaited: nothing is sent, for it may begin with older messages */
  guint reads;      /* of the list, under way; the last one counts */
  guint64 again;
};

static void pump (UcOutbox *outbox, Thread *thread);

/* ---- states -------------------------------------------------------------------------------------------- */

static int
rank_of (const char *state)
{
  static const char *const order[] = { "queued", "sent", "delivered", "read" };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    if (g_strcmp0 (state, order[i]) == 0)
      return (int)i;
  return 9; /* failed, received: final */
}

static void
line_clear (gpointer data)
{
  Line *line = data;

  g_free (line->message);
  g_free (line->external_id);
}

static void
out_free (gpointer data)
{
  Out *out = data;

  uc_event_free (out->message);
  g_free (out->conversation);
  g_free (out->state);
  g_free (out->external_id);
  g_free (out->why);
  g_free (out);
}

static void
thread_free (gpointer data)
{
  Thread *thread = data;
  Out *out;

  while ((out = g_queue_pop_head (&thread->queue)) != NULL)
    if (!out->sending)
      out_free (out);
  g_array_unref (thread->lines);
  g_free (thread->conversation);
  g_free (thread->channel);
  g_free (thread->identity);
  g_free (thread);
}

static Thread *
thread_of (UcOutbox *outbox, const char *conversation, const char *channel, const char *identity)
{
  Thread *thread = g_hash_table_lookup (outbox->threads, conversation);

  if (thread == NULL)
    {
      thread = g_new0 (Thread, 1);
      thread->conversation = g_strdup (conversation);
      thread->channel = g_strdup (channel);
      thread->identity = g_strdup (identity);
      thread->lines = g_array_new (FALSE, FALSE, sizeof (Line));
      g_array_set_clear_func (thread->lines, line_clear);
      g_queue_init (&thread->queue);
      g_hash_table_insert (outbox->threads, thread->conversation, thread);
    }
  return thread;
}

static Line *
find_line (Thread *thread, gint64 n)
{
  for (guint i = thread->lines->len; i > 0; i--)
    if (g_array_index (thread->lines, Line, i - 1).n == n)
      return &g_array_index (thread->lines, Line, i - 1);
  return NULL;
}

static void
note_line (Thread *thread, const UcEvent *row)
{
  Line *line = find_line (thread, row->n);

  if (line == NULL)
    {
      Line fresh = { row->n, g_strdup (row->message), NULL, 0 };

      g_array_append_val (thread->lines, fresh);
      line = &g_array_index (thread->lines, Line, thread->lines->len - 1);
    }
  line->rank = MAX (line->rank, rank_of (row->state));
  if (row->external_id != NULL && line->external_id == NULL)
    line->external_id = g_strdup (row->external_id);
}

static void
step_state (UcOutbox *outbox, UcTxn *txn, Thread *thread, Line *line, const char *state, const char *external_id,
            const char *why)
{
  g_autoptr (GError) error = NULL;
  UcCommand command = {
    .type = UC_COMMAND_MESSAGE_STATE,
    .conversation = thread->conversation,
    .message = line->message,
    .n = line->n,
    .state = state,
    .external_id = external_id,
    .error = why,
  };

  if (line->rank >= rank_of (state) && strcmp (state, "failed") != 0)
    return;
  if (uc_engine_conversation (outbox->core->engine, thread->conversation) != NULL)
    {
      if (!uc_txn_step (txn, &command, &error))
        {
          g_warning ("state of message %s: %s", line->message, error->message);
          return;
        }
    }
  else
    {
      /* The conversation has left the engine's memory; its messages still change state. */
      UcEvent *event = uc_event_new (UC_EVENT_MESSAGE_STATE, uc_clock_now ());

      event->conversation = g_strdup (thread->conversation);
      event->message = g_strdup (line->message);
      event->n = line->n;
      event->state = g_strdup (state);
      event->external_id = g_strdup (external_id);
      event->error = g_strdup (why);
      uc_txn_append (txn, event);
    }
  line->rank = rank_of (state);
}

static void
step_receipt (UcOutbox *outbox, UcTxn *txn, Thread *thread, const char *external_id, gint64 upto,
              const char *state)
{
  for (guint i = 0; i < thread->lines->len; i++)
    {
      Line *line = &g_array_index (thread->lines, Line, i);

      if (upto > 0 ? line->n <= upto : external_id != NULL && g_strcmp0 (line->external_id, external_id) == 0)
        step_state (outbox, txn, thread, line, state, NULL, NULL);
    }
}

/* ---- receipts of conversations that are not in memory -------------------------------------------------- */

typedef struct
{
  UcOutbox *outbox;
  char *conversation, *channel, *identity, *external_id, *state;
  gint64 upto;
} Late;

static void
late_free (Late *late)
{
  g_free (late->conversation);
  g_free (late->channel);
  g_free (late->identity);
  g_free (late->external_id);
  g_free (late->state);
  g_free (late);
}

static void
on_lines (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Late *late = data;
  UcOutbox *outbox = late->outbox;

  if (result == UC_STORE_OK && !outbox->core->recovering)
    {
      Thread *thread = thread_of (outbox, late->conversation, late->channel, late->identity);
      UcTxn *txn = uc_txn_new (outbox->core);

      for (guint i = 0; i < rows->len; i++)
        if (g_strcmp0 (((UcEvent *)rows->pdata[i])->author, "agent") == 0)
          note_line (thread, rows->pdata[i]);
      thread->loaded = TRUE;
      step_receipt (outbox, txn, thread, late->external_id, late->upto, late->state);
      uc_txn_commit (txn, NULL, NULL);
    }
  late_free (late);
}

static void
read_lines (Late *late, gint64 last_n)
{
  uc_store_messages (late->outbox->core->store, late->conversation, MAX (0, last_n - LINES_READ), LINES_READ,
                     on_lines, late);
}

static void
on_conversation (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Late *late = data;

  if (result != UC_STORE_OK || rows->len == 0)
    {
      late_free (late);
      return;
    }
  late->conversation = g_strdup (((UcEvent *)rows->pdata[0])->conversation);
  read_lines (late, ((UcEvent *)rows->pdata[0])->last_n);
}

void
uc_outbox_receipt (UcOutbox *outbox, UcTxn *txn, const char *channel, const char *identity,
                   const char *external_id, gint64 upto, const char *state)
{
  UcCore *core = outbox->core;
  const UcConversation *conversation = uc_engine_conversation_of (core->engine, channel, identity);
  Thread *thread = conversation != NULL ? g_hash_table_lookup (outbox->threads, conversation->id) : NULL;
  Late *late;

  if (thread != NULL && thread->loaded)
    {
      step_receipt (outbox, txn, thread, external_id, upto, state);
      return;
    }
  late = g_new0 (Late, 1);
  late->outbox = outbox;
  late->channel = g_strdup (channel);
  late->identity = g_strdup (identity);
  late->external_id = g_strdup (external_id);
  late->upto = upto;
  late->state = g_strdup (state);
  if (conversation != NULL)
    {
      late->conversation = g_strdup (conversation->id);
      read_lines (late, conversation->last_n);
    }
  else
    uc_store_conversation (core->store, channel, identity, on_conversation, late);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void
on_final_stored (gpointer data, const GError *error, GPtrArray *events)
{
  Out *out = data;

  /* Not stored: it is committed again when the outbox is read again. */
  if (error == NULL)
    g_hash_table_remove (out->outbox->given, out->message->message);
}

/* The result is out->state; `out` is in no queue and stays in `given` until it is durable. */
static void
store_final (Out *out, Thread *thread)
{
  UcOutbox *outbox = out->outbox;
  Line *line = find_line (thread, out->message->n);
  UcTxn *txn = uc_txn_new (outbox->core);

  if (outbox->core->recovering)
    {
      uc_txn_drop (txn);
      return;
    }
  step_state (outbox, txn, thread, line, out->state, out->external_id, out->why);
  if (out->external_id != NULL && line->external_id == NULL)
    line->external_id = g_strdup (out->external_id);
  uc_txn_commit (txn, on_final_stored, out);
}

/* thread NULL: it was forgotten for a reload, which is not done yet and stores the result. */
static void
finish (Out *out, Thread *thread, const char *state, const char *external_id, const char *why)
{
  UcOutbox *outbox = out->outbox;

  out->state = g_strdup (state);
  out->external_id = g_strdup (external_id);
  out->why = g_strdup (why);
  if (thread == NULL)
    return;
  g_queue_remove (&thread->queue, out);
  store_final (out, thread);
  pump (outbox, thread);
}

static void
on_retry (gpointer data)
{
  Thread *thread = data;
  UcOutbox *outbox = ((Out *)g_queue_peek_head (&thread->queue))->outbox;

  thread->retry_timer = 0;
  pump (outbox, thread);
}

static void
retry_later (Out *out, Thread *thread, gint64 not_before_ms, const char *why)
{
  UcOutbox *outbox = out->outbox;
  gint64 now = uc_clock_now ();
  gint64 wait = MIN (MAX_RETRY_MS, FIRST_RETRY_MS << MIN (out->attempts, 20));
  guint32 dice;
  UcTxn *txn;

  if (now - out->message->at > GIVE_UP_AFTER_MS)
    {
      finish (out, thread, "failed", NULL, why != NULL ? why : "it could not be sent for a day");
      return;
    }
  g_hash_table_steal (outbox->given, out->message->message);
  if (thread == NULL)
    {
      out_free (out);
      return;
    }
  /* Full jitter, so that conversations that failed together don't come back together. */
  uc_random_bytes (&dice, sizeof dice);
  wait = MAX (not_before_ms, FIRST_RETRY_MS / 2 + (gint64)(dice % (guint32)wait));
  out->attempts++;
  out->due_at = now + wait;
  txn = uc_txn_new (outbox->core);
  uc_batch_outbox (uc_txn_batch (txn), out->message->message, out->due_at, out->attempts, why);
  uc_txn_commit (txn, NULL, NULL);
  thread->retry_timer = uc_loop_timer_at (outbox->core->loop, out->due_at, on_retry, thread);
}

static void
on_sent (gpointer data, const UsherResult *result)
{
  Out *out = data;
  UcOutbox *outbox = out->outbox;
  Thread *thread;
  UsherInstance *instance;
  gboolean again;

  out->sending = FALSE;
  thread = g_hash_table_lookup (outbox->threads, out->conversation);
  if (thread != NULL && g_queue_find (&thread->queue, out) == NULL)
    thread = NULL;
  instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, out->message->channel);
  again = instance != NULL && instance->self != NULL && uc_instance_capabilities (instance)->idempotent_send;
  switch (result->status)
    {
    case USHER_OK:
      finish (out, thread, "sent", result->external_id, NULL);
      break;
    case USHER_RETRY:
    case USHER_BUSY:
    case USHER_CANCELLED:
      retry_later (out, thread, result->retry_after_ms, result->message);
      break;
    case USHER_UNCERTAIN:
    case USHER_LOST:
      if (again)
        retry_later (out, thread, result->retry_after_ms, result->message);
      else
        finish (
            out, thread, "failed", NULL,
            "the channel did not answer: it is not known whether this message arrived; ask before you repeat it");
      break;
    default:
      finish (out, thread, "failed", NULL,
              result->message != NULL ? result->message : "the channel refused the message without a reason");
    }
}

static void
pump (UcOutbox *outbox, Thread *thread)
{
  Out *out = g_queue_peek_head (&thread->queue);
  UsherInstance *instance;

  if (out == NULL || out->sending || thread->retry_timer != 0 || outbox->reading || outbox->core->stopping)
    return;
  instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, thread->channel);
  if (instance == NULL || !uc_instance_is_running (instance))
    return; /* uc_outbox_kick comes when it runs */
  if (out->due_at > uc_clock_now ())
    {
      thread->retry_timer = uc_loop_timer_at (outbox->core->loop, out->due_at, on_retry, thread);
      return;
    }
  uc_line_from_message (&out->line, out->message, thread->identity);
  out->sending = TRUE;
  g_hash_table_insert (outbox->given, out->message->message, out);
  instance->plugin->channel.send (instance->self, &out->line,
                                  uc_reply_new (instance, SEND_TIMEOUT_MS, on_sent, out));
}

static int
by_number (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 one = ((const Out *)a)->message->n, other = ((const Out *)b)->message->n;

  return one < other ? -1 : one > other;
}

static void
enqueue (UcOutbox *outbox, const UcEvent *message, gint64 attempts, gint64 due_at)
{
  Thread *thread = thread_of (outbox, message->conversation, message->channel, message->identity);
  Out *out = g_hash_table_lookup (outbox->given, message->message);

  note_line (thread, message);
  if (out != NULL && out->state != NULL)
    {
      store_final (out, thread);
      return;
    }
  if (out == NULL)
    {
      out = g_new0 (Out, 1);
      out->outbox = outbox;
      out->conversation = g_strdup (message->conversation);
      out->message = uc_event_copy (message);
      out->attempts = attempts;
      out->due_at = due_at;
    }
  g_queue_insert_sorted (&thread->queue, out, by_number, NULL);
  pump (outbox, thread);
}

static void
notice (UcOutbox *outbox, const UcEvent *event)
{
  UsherInstance *instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, event->channel);
  UsherLine line = { 0 };

  if (instance == NULL || !uc_instance_is_running (instance) || instance->plugin->channel.notice == NULL)
    return;
  uc_line_from_message (&line, event, event->identity);
  instance->plugin->channel.notice (instance->self, &line);
}

static void
on_event (gpointer data, const UcFeedItem *item)
{
  UcOutbox *outbox = data;
  const UcEvent *event = item->event;

  if (event->type != UC_EVENT_MESSAGE_ADDED)
    return;
  if (g_strcmp0 (event->author, "agent") == 0)
    enqueue (outbox, event, 0, 0);
  else if (g_strcmp0 (event->author, "system") == 0)
    notice (outbox, event);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static gboolean
is_queued (UcOutbox *outbox, const UcEvent *row)
{
  const Thread *thread = g_hash_table_lookup (outbox->threads, row->conversation);

  for (const GList *l = thread != NULL ? thread->queue.head : NULL; l != NULL; l = l->next)
    if (((const Out *)l->data)->message->n == row->n)
      return TRUE;
  return FALSE;
}

static void
pump_all (UcOutbox *outbox, const char *channel)
{
  g_autoptr (GPtrArray) ready = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  /* pump may change the table. */
  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if ((channel == NULL || strcmp (((Thread *)value)->channel, channel) == 0)
        && !g_queue_is_empty (&((Thread *)value)->queue))
      g_ptr_array_add (ready, value);
  for (guint i = 0; i < ready->len; i++)
    pump (outbox, ready->pdata[i]);
}

void
uc_outbox_kick (UcOutbox *outbox, UsherInstance *instance)
{
  pump_all (outbox, instance->name);
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
      if (!is_queued (outbox, row))
        enqueue (outbox, row, row->attempts, row->deadline);
    }
  outbox->reading = FALSE;
  pump_all (outbox, NULL);
}

void
uc_outbox_reload (UcOutbox *outbox)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    uc_loop_timer_remove (outbox->core->loop, ((Thread *)value)->retry_timer);
  g_hash_table_remove_all (outbox->threads);
  uc_loop_timer_remove (outbox->core->loop, outbox->again);
  outbox->again = 0;
  outbox->reading = TRUE;
  outbox->reads++;
  uc_store_outbox (outbox->core->store, NULL, 100000, on_outbox, outbox);
}

void
uc_outbox_forget (UcOutbox *outbox, const char *conversation)
{
  Thread *thread = g_hash_table_lookup (outbox->threads, conversation);

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
    count += ((Thread *)value)->queue.length;
  return count;
}

guint
uc_outbox_waiting (UcOutbox *outbox, const char *conversation)
{
  const Thread *thread = g_hash_table_lookup (outbox->threads, conversation);

  return thread != NULL ? thread->queue.length : 0;
}

UcOutbox *
uc_outbox_new (UcCore *core)
{
  UcOutbox *outbox = g_new0 (UcOutbox, 1);

  outbox->core = core;
  outbox->threads = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, thread_free);
  outbox->given = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, out_free);
  uc_feed_listen (core->feed, on_event, outbox);
  return outbox;
}

void
uc_outbox_free (UcOutbox *outbox)
{
  GHashTableIter iter;
  gpointer value;

  if (outbox == NULL)
    return;
  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    uc_loop_timer_remove (outbox->core->loop, ((Thread *)value)->retry_timer);
  g_hash_table_unref (outbox->threads);
  g_hash_table_unref (outbox->given);
  g_free (outbox);
}
