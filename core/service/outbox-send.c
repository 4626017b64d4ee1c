/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One message on its way: from the head of its conversation's queue through the channel to a result that is
 * durable. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/drain.h"
#include "core/service/outbox-private.h"

#define SEND_TIMEOUT_MS 60000
#define FIRST_RETRY_MS 1000
#define MAX_RETRY_MS (10 * 60 * 1000)
/* What the journal takes. */
#define MAX_WHY 1000
#define MAX_EXTERNAL_ID 1024

#define SWEEP_MS (10 * 60 * 1000)
#define NOT_FOR_A_DAY "it could not be sent for a day: its channel does not run, or does not take it"
#define NOT_KNOWN "the channel did not answer: it is not known whether this message arrived"

/* ---- results ------------------------------------------------------------------------------------------- */

/* A result on its way to the disk. Named, not pointed to: a reload may store it a second time. */
typedef struct
{
  UcOutbox *outbox;
  char *message;
} Final;

static Final *
final_new (const UcOut *out)
{
  Final *final = g_new (Final, 1);

  *final = (Final){ out->outbox, g_strdup (out->message->message) };
  return final;
}

static void
final_free (Final *final)
{
  g_free (final->message);
  g_free (final);
}

static void
on_final_stored (gpointer data, const GError *error, GPtrArray *events)
{
  Final *final = data;
  UcOutbox *outbox = final->outbox;
  UcOut *out = g_hash_table_lookup (outbox->given, final->message);

  /* Not stored: it is committed again when the outbox is read again. What is being read now may be from before it
   * was stored, and must not be taken for a message that nobody has sent. */
  if (out != NULL && error != NULL)
    out->unlisted = TRUE;
  else if (out != NULL && outbox->reading)
    out->stored = TRUE;
  else if (out != NULL)
    g_hash_table_remove (outbox->given, final->message);
  final_free (final);
}

/* The store does not list what was settled by somebody else: the network has shown it to us. */
static gboolean
lists_all (const UcOutbox *outbox)
{
  return !outbox->reading && !outbox->partial && !outbox->core->recovering;
}

static gboolean
is_settled (gpointer message, gpointer value, gpointer data)
{
  const UcOut *out = value;

  return out->stored || (out->unlisted && out->state != NULL && lists_all (out->outbox));
}

void
uc_outbox_drop_stored (UcOutbox *outbox)
{
  g_hash_table_foreach_remove (outbox->given, is_settled, NULL);
}

/* The result is out->state; `out` is in no queue and stays in `given` until it is durable. */
static void
store_final (UcOut *out, UcThread *thread)
{
  UcOutbox *outbox = out->outbox;
  UcSentLine *line = uc_thread_note (thread, out->message);
  UcTxn *txn;

  out->unlisted = outbox->core->recovering;
  if (out->unlisted)
    return;
  txn = uc_txn_new (outbox->core);
  uc_thread_step (thread, txn, line, out->state, out->external_id, out->why);
  /* By the network's clock it took the message before we heard of it: a receipt up to then covers it. */
  if (out->begun_at != 0 && strcmp (out->state, "sent") == 0)
    line->sent_at = MIN (line->sent_at, out->begun_at);
  if (out->receipt > UC_RANK_SENT && strcmp (out->state, "sent") == 0)
    uc_thread_step (thread, txn, line, out->receipt == UC_RANK_READ ? "read" : "delivered", NULL, NULL);
  uc_txn_commit (txn, on_final_stored, final_new (out));
}

/* Its thread was forgotten for a reload, which stores the result if the store still lists it. */
static void
finish_unlisted (UcOut *out)
{
  out->unlisted = TRUE;
  if (lists_all (out->outbox))
    g_hash_table_remove (out->outbox->given, out->message->message);
}

/* thread NULL: see above. */
static void
finish (UcOut *out, UcThread *thread, const char *state, const char *external_id, const char *why)
{
  UcOutbox *outbox = out->outbox;

  out->state = g_strdup (state);
  out->why = why != NULL ? g_utf8_substring (why, 0, MIN (MAX_WHY, g_utf8_strlen (why, -1))) : NULL;
  if (external_id != NULL && strlen (external_id) <= MAX_EXTERNAL_ID)
    out->external_id = g_strdup (external_id);
  else if (external_id != NULL)
    g_warning ("channel \"%s\" names a message by more than %d bytes: receipts and echoes won't find it",
               out->message->channel, MAX_EXTERNAL_ID);
  if (thread == NULL)
    {
      finish_unlisted (out);
      return;
    }
  g_queue_remove (&thread->queue, out);
  store_final (out, thread);
  uc_outbox_pump (outbox, thread);
}

/* One that was not given to the channel, or not any more. */
void
uc_outbox_finish_waiting (UcOut *out, UcThread *thread, const char *state, const char *why)
{
  g_hash_table_insert (out->outbox->given, out->message->message, out);
  finish (out, thread, state, NULL, why);
}

static void
on_settled (gpointer data)
{
  Final *final = data;
  UcOut *out = g_hash_table_lookup (final->outbox->given, final->message);
  UcThread *thread = out != NULL ? g_hash_table_lookup (final->outbox->threads, out->conversation) : NULL;

  /* Without a thread it was forgotten for a reload, which stores the result. */
  if (thread != NULL)
    {
      store_final (out, thread);
      uc_outbox_pump (final->outbox, thread);
    }
  final_free (final);
}

void
uc_outbox_settle (UcOutbox *outbox, UcThread *thread, UcOut *out, const char *external_id)
{
  if (g_queue_peek_head (&thread->queue) == out)
    {
      uc_loop_timer_remove (outbox->core->loop, thread->retry_timer);
      thread->retry_timer = 0;
    }
  g_queue_remove (&thread->queue, out);
  out->state = g_strdup ("sent");
  out->external_id = g_strdup (external_id);
  g_hash_table_insert (outbox->given, out->message->message, out);
  /* Its state is in a transaction of somebody else's, which must be committed first. */
  uc_loop_defer (outbox->core->loop, on_settled, final_new (out));
}

/* ---- again --------------------------------------------------------------------------------------------- */

static void
on_retry (gpointer data)
{
  UcThread *thread = data;

  thread->retry_timer = 0;
  uc_outbox_pump (thread->outbox, thread);
}

static gboolean
is_too_old (const UcOut *out)
{
  return uc_clock_now () - out->since > UC_OUTBOX_GIVE_UP_MS;
}

static void
keep_attempt (UcOut *out, gint64 due_at, const char *why)
{
  UcTxn *txn = uc_txn_new (out->outbox->core);

  uc_batch_outbox (uc_txn_batch (txn), out->message->message, due_at, out->attempts, why);
  uc_txn_commit (txn, NULL, NULL);
}

/* It is no longer with the channel. FALSE = its thread is gone, and it with it: the reload brings it back. */
static gboolean
take_back (UcOut *out, UcThread *thread)
{
  g_hash_table_steal (out->outbox->given, out->message->message);
  g_clear_pointer (&out->line, uc_line_free);
  out->marked = FALSE;
  if (thread != NULL)
    return TRUE;
  uc_out_free (out);
  return FALSE;
}

static void
retry_later (UcOut *out, UcThread *thread, gint64 not_before_ms, const char *why)
{
  gint64 wait = uc_backoff (out->outbox->dice, FIRST_RETRY_MS, MAX_RETRY_MS, out->attempts,
                            MIN (not_before_ms, UC_OUTBOX_GIVE_UP_MS));

  if (is_too_old (out))
    {
      finish (out, thread, "failed", NULL, why != NULL ? why : NOT_FOR_A_DAY);
      return;
    }
  if (!take_back (out, thread))
    return;
  out->attempts++;
  uc_lane_count_retry (out->outbox, thread->channel);
  /* However long the network wants us to wait, who wrote it hears within a day that it can't be sent. */
  out->due_at = MIN (uc_clock_now () + wait, out->since + UC_OUTBOX_GIVE_UP_MS + 1);
  keep_attempt (out, out->due_at, why);
  thread->retry_timer = uc_loop_timer_at (out->outbox->core->loop, out->due_at, on_retry, thread);
}

/* The channel as a whole can't send. The message keeps its place and its number of attempts. */
static void
wait_for_channel (UcOut *out, UcThread *thread, const UsherResult *result)
{
  const char *why = uc_lane_why (result);

  if (is_too_old (out))
    finish (out, thread, "failed", NULL, why);
  else if (take_back (out, thread))
    keep_attempt (out, uc_clock_now (), why);
}

void
uc_outbox_give_up (UcOutbox *outbox, const char *channel, const char *why)
{
  g_autoptr (GPtrArray) old = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (channel == NULL || strcmp (((UcThread *)value)->channel, channel) == 0)
      for (const GList *l = ((UcThread *)value)->queue.head; l != NULL; l = l->next)
        if (!((UcOut *)l->data)->sending && is_too_old (l->data))
          g_ptr_array_add (old, l->data);
  for (guint i = 0; i < old->len; i++)
    {
      UcOut *out = old->pdata[i];
      const char *reason = why != NULL ? why : uc_lane_refusal (outbox, out->message->channel);

      /* The one before may have made way for it. */
      if (!out->sending)
        uc_outbox_finish_waiting (out, g_hash_table_lookup (outbox->threads, out->conversation), "failed",
                                  reason != NULL ? reason : NOT_FOR_A_DAY);
    }
}

static void
on_sweep (gpointer data)
{
  UcOutbox *outbox = data;

  if (!outbox->core->recovering && !outbox->reading)
    uc_outbox_give_up (outbox, NULL, NULL);
  uc_outbox_sweep (outbox);
}

void
uc_outbox_sweep (UcOutbox *outbox)
{
  outbox->sweep_timer = uc_loop_timer_in (outbox->core->loop, SWEEP_MS, on_sweep, outbox);
}

/* ---- what the channel answered ------------------------------------------------------------------------- */

static void
not_known (UcOut *out, UcThread *thread, const UsherChannelCapabilities *caps, const UsherResult *result)
{
  if (caps != NULL && caps->idempotent_send)
    retry_later (out, thread, result->retry_after_ms, result->message);
  else if (caps != NULL && caps->echoes)
    {
      uc_uncertain_add (out->outbox, out->message);
      finish (out, thread, "uncertain", NULL, NOT_KNOWN " yet; if it did, the network will show it to us");
    }
  else
    finish (out, thread, "uncertain", NULL, NOT_KNOWN "; ask before you repeat it");
}

static void
take_result (UcOut *out, UcThread *thread, UsherInstance *instance, const UsherResult *result)
{
  const UsherChannelCapabilities *caps = instance != NULL ? uc_instance_capabilities (instance) : NULL;

  switch (result->status)
    {
    case USHER_OK:
      finish (out, thread, "sent", result->external_id, NULL);
      break;
    case USHER_CANCELLED:
      /* The channel says that it did not send it, or it was stopped before it said anything. */
      if (uc_reply_was_cut_off (result))
        not_known (out, thread, caps, result);
      else
        retry_later (out, thread, result->retry_after_ms, result->message);
      break;
    case USHER_RETRY:
    case USHER_BUSY:
      retry_later (out, thread, result->retry_after_ms, result->message);
      break;
    case USHER_UNCERTAIN:
    case USHER_LOST:
      not_known (out, thread, caps, result);
      break;
    case USHER_AUTH:
    case USHER_POLICY:
      wait_for_channel (out, thread, result);
      break;
    default:
      finish (out, thread, "failed", NULL,
              result->message != NULL ? result->message : "the channel refused the message without a reason");
    }
}

static void
on_sent (gpointer data, const UsherResult *result)
{
  UcOut *out = data;
  UcOutbox *outbox = out->outbox;
  g_autofree char *channel = g_strdup (out->message->channel);
  g_autofree char *conversation = g_strdup (out->conversation);
  UcThread *thread = g_hash_table_lookup (outbox->threads, conversation);
  guint64 ticket = out->ticket;

  out->sending = FALSE;
  if (thread != NULL && g_queue_find (&thread->queue, out) == NULL)
    thread = NULL;
  /* The network has shown it to us: it has it, whatever the answer says. */
  if (out->echoed)
    finish (out, thread, "sent", result->external_id, NULL);
  else
    take_result (out, thread, uc_core_instance (outbox->core, UC_KIND_CHANNEL, channel), result);
  uc_lane_answer (outbox, channel, ticket, conversation, result);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

typedef enum
{
  WINDOW_OPEN,
  WINDOW_TAGGED,
  WINDOW_CLOSED
} Window;

/* The customer may have written again since the message was made. */
static Window
window_of (UcOutbox *outbox, const UcOut *out)
{
  const UcConversation *conversation = uc_engine_conversation (outbox->core->engine, out->conversation);
  gint64 until = conversation != NULL ? conversation->window_until : out->message->window_until;
  gint64 tagged = conversation != NULL ? conversation->tagged_until : out->message->tagged_until;
  gint64 now = uc_clock_now ();

  if (until == 0 || now <= until)
    return WINDOW_OPEN;
  return now <= tagged ? WINDOW_TAGGED : WINDOW_CLOSED;
}

static void
give_to_channel (UcOut *out, UcThread *thread, UsherInstance *instance, Window window)
{
  UcOutbox *outbox = thread->outbox;

  uc_line_free (out->line);
  out->line = uc_line_new (out->message, thread->identity);
  uc_line_get (out->line)->external_id = NULL;
  uc_line_get (out->line)->window = window == WINDOW_TAGGED ? 1 : 0;
  out->sending = TRUE;
  out->receipt = UC_RANK_QUEUED;
  out->begun_at = uc_clock_now ();
  g_hash_table_insert (outbox->given, out->message->message, out);
  out->ticket = uc_lane_begin (outbox, thread->channel);
  instance->plugin->channel.send (instance->self, uc_line_get (out->line),
                                  uc_reply_new (instance, SEND_TIMEOUT_MS, on_sent, out));
}

/* One at a time, or they overtake each other. It need not be the first: one that a person sends again comes before
 * it. */
static gboolean
is_busy (const UcThread *thread)
{
  for (const GList *l = thread->queue.head; l != NULL; l = l->next)
    if (((const UcOut *)l->data)->sending || ((const UcOut *)l->data)->marking)
      return TRUE;
  return FALSE;
}

void
uc_outbox_pump (UcOutbox *outbox, UcThread *thread)
{
  UcOut *out = g_queue_peek_head (&thread->queue);
  UsherInstance *instance;
  Window window;

  if (out == NULL || thread->retry_timer != 0 || outbox->reading || outbox->core->stopping
      || uc_drain_phase (outbox->core) >= UC_DRAIN_LEAVING || is_busy (thread))
    return;
  instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, thread->channel);
  if (instance == NULL || !uc_instance_is_running (instance))
    return; /* uc_outbox_kick comes when it runs */
  if (out->due_at > uc_clock_now ())
    {
      thread->retry_timer = uc_loop_timer_at (outbox->core->loop, out->due_at, on_retry, thread);
      return;
    }
  window = window_of (outbox, out);
  if (window == WINDOW_CLOSED)
    uc_outbox_finish_waiting (
        out, thread, "failed",
        "not sent: the network lets us answer only for some time after the customer's last message, and "
        "that is over; wait until the customer writes again");
  else if (uc_lane_is_free (outbox, thread->channel) && uc_mark_is_set (out, instance))
    give_to_channel (out, thread, instance, window);
}

/* What was tried least comes first: one that can never be sent must not be the one that tries each time. */
static int
by_attempts (gconstpointer a, gconstpointer b)
{
  const UcOut *one = g_queue_peek_head (&(*(UcThread *const *)a)->queue);
  const UcOut *other = g_queue_peek_head (&(*(UcThread *const *)b)->queue);

  if (one->attempts != other->attempts)
    return one->attempts < other->attempts ? -1 : 1;
  return one->message->at < other->message->at ? -1 : one->message->at > other->message->at;
}

void
uc_outbox_pump_all (UcOutbox *outbox, const char *channel)
{
  g_autoptr (GPtrArray) ready = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if ((channel == NULL || strcmp (((UcThread *)value)->channel, channel) == 0)
        && !g_queue_is_empty (&((UcThread *)value)->queue))
      g_ptr_array_add (ready, value);
  g_ptr_array_sort (ready, by_attempts);
  for (guint i = 0; i < ready->len; i++)
    g_ptr_array_add (names, g_strdup (((UcThread *)ready->pdata[i])->conversation));
  /* pump may change the table. */
  for (guint i = 0; i < names->len; i++)
    {
      UcThread *thread = g_hash_table_lookup (outbox->threads, names->pdata[i]);

      if (thread != NULL)
        uc_outbox_pump (outbox, thread);
    }
}

static int
by_number (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 one = ((const UcOut *)a)->message->n, other = ((const UcOut *)b)->message->n;

  return one < other ? -1 : one > other;
}

UcOut *
uc_out_new (UcOutbox *outbox, const UcEvent *message)
{
  UcOut *out = g_new0 (UcOut, 1);

  out->outbox = outbox;
  out->conversation = g_strdup (message->conversation);
  out->message = uc_event_copy (message);
  out->since = message->since != 0 ? message->since : message->at;
  return out;
}

void
uc_outbox_enqueue (UcOutbox *outbox, const UcEvent *message, gint64 attempts, gint64 due_at)
{
  UcThread *thread = uc_thread_of (outbox, message->conversation, message->channel, message->identity);
  UcOut *out = g_hash_table_lookup (outbox->given, message->message);

  uc_thread_note (thread, message);
  /* Somebody decided meanwhile that it is to be sent again. */
  if (out != NULL && out->stored && message->since > out->since)
    {
      g_hash_table_remove (outbox->given, message->message);
      out = NULL;
    }
  if (out != NULL)
    out->unlisted = FALSE;
  if (out != NULL && out->state != NULL)
    {
      if (!out->stored)
        store_final (out, thread);
      return;
    }
  if (out == NULL)
    {
      out = uc_out_new (outbox, message);
      out->attempts = attempts;
      out->due_at = due_at;
    }
  g_queue_insert_sorted (&thread->queue, out, by_number, NULL);
  if (g_queue_peek_head (&thread->queue) == out)
    {
      uc_loop_timer_remove (outbox->core->loop, thread->retry_timer); /* of the one that was the first */
      thread->retry_timer = 0;
    }
  uc_outbox_pump (outbox, thread);
}
