/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Intake of deliveries. A peer is what intake remembers about one identity on one channel instance: whether its
 * conversation is in the engine's memory and which external ids it has seen lately, so that a redelivery is known
 * without asking the store. Older repetitions are stopped by the store's unique key. Main thread.
 */
#include "core/service/intake.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/desk.h"
#include "core/service/inbound-item.h"
#include "core/service/outbox.h"

#define MAX_DELIVERIES 2000
#define REMEMBERED_IDS 256
#define FORGET_AFTER_MS (5 * 60 * 1000)
#define SWEEP_MS (60 * 1000)

typedef struct
{
  char *key;        /* channel \n identity */
  GHashTable *seen; /* external id -> its number (GINT_TO_POINTER fits: a conversation's lines are few) */
  GQueue order;     /* of char*: keys of `seen`, oldest first */
  gboolean loaded, loading;
  gboolean deep;  /* ask the store about each id: a repetition older than what is remembered came */
  GQueue waiting; /* of Delivery* */
  gint64 used_at;
} Peer;

typedef struct
{
  UcIntake *intake;
  UsherInstance *instance; /* NULL: it is gone, nobody wants the answer */
  GPtrArray *items;        /* of Item* */
  int64_t *numbers;
  UsherDelivered done;
  void *data;
  GError *refused;
  guint checks; /* answers awaited from the store */
} Delivery;

struct UcIntake
{
  UcCore *core;
  GHashTable *peers;     /* key -> Peer */
  GPtrArray *deliveries; /* all under way */
  guint64 sweep_timer;
};

static void run (Delivery *delivery);

/* ---- peers --------------------------------------------------------------------------------------------- */

static void
peer_free (Peer *peer)
{
  g_queue_clear (&peer->order);
  g_queue_clear (&peer->waiting);
  g_hash_table_unref (peer->seen);
  g_free (peer->key);
  g_free (peer);
}

static Peer *
peer_of (UcIntake *intake, const char *channel, const char *identity)
{
  g_autofree char *key = g_strconcat (channel, "\n", identity, NULL);
  Peer *peer = g_hash_table_lookup (intake->peers, key);

  if (peer == NULL)
    {
      peer = g_new0 (Peer, 1);
      peer->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_queue_init (&peer->order);
      g_queue_init (&peer->waiting);
      peer->key = g_steal_pointer (&key);
      g_hash_table_insert (intake->peers, peer->key, peer);
    }
  peer->used_at = uc_clock_now ();
  return peer;
}

static void
remember (Peer *peer, const char *external_id, gint64 n)
{
  char *key;

  if (g_hash_table_contains (peer->seen, external_id))
    return;
  key = g_strdup (external_id);
  g_hash_table_insert (peer->seen, key, GSIZE_TO_POINTER ((gsize)n));
  g_queue_push_tail (&peer->order, key);
  if (peer->order.length > REMEMBERED_IDS)
    g_hash_table_remove (peer->seen, g_queue_pop_head (&peer->order));
}

/* ---- the end of a delivery ----------------------------------------------------------------------------- */

static void
delivery_free (Delivery *delivery)
{
  g_ptr_array_remove_fast (delivery->intake->deliveries, delivery);
  g_ptr_array_unref (delivery->items);
  g_clear_error (&delivery->refused);
  g_free (delivery->numbers);
  g_free (delivery);
}

static void
answer (Delivery *delivery, UsherStatus status, const char *message)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = message };

  if (status == USHER_RETRY || status == USHER_BUSY)
    result.retry_after_ms = 1000;
  if (delivery->instance != NULL)
    delivery->done (delivery->data, &result, delivery->numbers, delivery->items->len);
  delivery_free (delivery);
}

static void
answer_refused (gpointer data)
{
  Delivery *delivery = data;

  answer (delivery,
          g_error_matches (delivery->refused, UC_ERROR, UC_ERROR_BUSY)          ? USHER_BUSY
          : g_error_matches (delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE) ? USHER_RETRY
          : g_error_matches (delivery->refused, UC_ERROR, UC_ERROR_UNSUPPORTED) ? USHER_CONTENT
                                                                                : USHER_INVALID,
          delivery->refused->message);
}

static void
on_committed (gpointer data, const GError *error, GPtrArray *events)
{
  Delivery *delivery = data;

  if (error == NULL)
    {
      answer (delivery, USHER_OK, NULL);
      return;
    }
  /* A conflict: one of the ids was stored long ago. Next time the store is asked about each. */
  if (g_error_matches (error, UC_ERROR, UC_ERROR_CONFLICT) && delivery->instance != NULL)
    for (guint i = 0; i < delivery->items->len; i++)
      peer_of (delivery->intake, delivery->instance->name, ((UcInboundItem *)delivery->items->pdata[i])->user_id)
          ->deep
          = TRUE;
  answer (delivery, USHER_RETRY, error->message);
}

/* ---- stepping ------------------------------------------------------------------------------------------ */

static gint64
number_of_message (GPtrArray *events, guint from, const char *external_id)
{
  for (guint i = from; i < events->len; i++)
    {
      const UcEvent *event = events->pdata[i];

      if (event->type == UC_EVENT_MESSAGE_ADDED
          && (external_id == NULL || g_strcmp0 (event->external_id, external_id) == 0))
        return event->n;
    }
  return 0;
}

static const UsherChannelCapabilities *
capabilities_of (const UsherInstance *instance)
{
  return uc_instance_capabilities (instance);
}

static gboolean
step_message (Delivery *delivery, UcTxn *txn, Peer *peer, const UcInboundItem *item, int64_t *number)
{
  UcCore *core = delivery->intake->core;
  UsherInstance *instance = delivery->instance;
  g_autofree char *conversation = uc_id_new ("cnv"), *interaction = uc_id_new ("int"),
                  *message = uc_id_new ("msg");
  UcCommand command = {
    .type = UC_COMMAND_RECEIVE,
    .channel = instance->name,
    .network = capabilities_of (instance)->network,
    .identity = item->user_id,
    .name = item->user_name,
    .queue = uc_settings_string (instance->settings, "queue"),
    .text = item->text,
    .external_id = item->external_id,
    .sent_at = item->at != 0 ? item->at : uc_clock_now (),
    .new_conversation = conversation,
    .new_interaction = interaction,
    .new_message = message,
  };
  guint before = uc_txn_events (txn)->len;

  if (uc_engine_queue (core->engine, command.queue) == NULL)
    {
      g_set_error (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE,
                   "channel \"%s\" feeds the queue \"%s\", which does not exist; create it with queue.put",
                   instance->name, command.queue);
      return FALSE;
    }
  if (!uc_txn_step (txn, &command, &delivery->refused))
    return FALSE;
  *number = number_of_message (uc_txn_events (txn), before, item->external_id);
  remember (peer, item->external_id, *number);
  return TRUE;
}

static gboolean
step_ended (Delivery *delivery, UcTxn *txn, Peer *peer, const UcInboundItem *item, int64_t *number)
{
  UcCore *core = delivery->intake->core;
  const UcConversation *conversation
      = uc_engine_conversation_of (core->engine, delivery->instance->name, item->user_id);
  g_autofree char *message = uc_id_new ("msg");
  UcCommand command
      = { .type = UC_COMMAND_CUSTOMER_END, .external_id = item->external_id, .new_message = message };
  guint before = uc_txn_events (txn)->len;

  if (conversation == NULL)
    return TRUE;
  command.conversation = conversation->id;
  if (!uc_txn_step (txn, &command, &delivery->refused))
    return FALSE;
  *number = number_of_message (uc_txn_events (txn), before, NULL);
  remember (peer, item->external_id, *number);
  return TRUE;
}

static gboolean
step_item (Delivery *delivery, UcTxn *txn, const UcInboundItem *item, int64_t *number)
{
  UcCore *core = delivery->intake->core;
  Peer *peer = peer_of (delivery->intake, delivery->instance->name, item->user_id);
  gpointer known;

  if (item->kind == USHER_INBOUND_RECEIPT)
    {
      uc_outbox_receipt (core->outbox, txn, delivery->instance->name, item->user_id, item->external_id, item->upto,
                         item->receipt == USHER_RECEIPT_READ ? "read" : "delivered");
      return TRUE;
    }
  if (item->known != 0)
    {
      *number = item->known;
      return TRUE;
    }
  if (g_hash_table_lookup_extended (peer->seen, item->external_id, NULL, &known))
    {
      *number = (int64_t)GPOINTER_TO_SIZE (known);
      return TRUE;
    }
  if (item->kind == USHER_INBOUND_MESSAGE)
    return step_message (delivery, txn, peer, item, number);
  return step_ended (delivery, txn, peer, item, number);
}

/* All peers are known: step all items into one transaction. Also when all are repetitions there is a commit,
 * because the first time may not be durable yet. */
static void
run (Delivery *delivery)
{
  UcTxn *txn;

  if (delivery->instance == NULL)
    {
      delivery_free (delivery);
      return;
    }
  txn = uc_txn_new (delivery->intake->core);
  for (guint i = 0; i < delivery->items->len && delivery->refused == NULL; i++)
    step_item (delivery, txn, delivery->items->pdata[i], &delivery->numbers[i]);
  if (delivery->refused == NULL)
    uc_txn_commit (txn, on_committed, delivery);
  else if (uc_txn_events (txn)->len == 0)
    {
      uc_txn_drop (txn);
      answer_refused (delivery);
    }
  else
    {
      /* What was stepped before the refused item is stored; redelivered, it is recognised. */
      uc_txn_commit (txn, NULL, NULL);
      answer_refused (delivery);
    }
}

/* ---- finding conversations ----------------------------------------------------------------------------- */

typedef struct
{
  UcIntake *intake;
  char *key;
} Loading;

static void
peer_ready (UcIntake *intake, Peer *peer, const char *why)
{
  Delivery *delivery;

  peer->loading = FALSE;
  peer->loaded = why == NULL;
  while ((delivery = g_queue_pop_head (&peer->waiting)) != NULL)
    {
      if (why != NULL && delivery->refused == NULL)
        g_set_error (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE, "the conversation can't be read now: %s",
                     why);
      if (--delivery->checks > 0)
        continue;
      if (delivery->refused != NULL)
        answer_refused (delivery);
      else
        run (delivery);
    }
}

static Peer *
take_loading (Loading *loading)
{
  Peer *peer = g_hash_table_lookup (loading->intake->peers, loading->key);

  g_free (loading->key);
  g_free (loading);
  return peer;
}

static void
on_ids (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcIntake *intake = ((Loading *)data)->intake;
  Peer *peer = take_loading (data);

  if (peer == NULL)
    return;
  if (result == UC_STORE_OK)
    for (guint i = rows->len; i > 0; i--)
      remember (peer, ((UcEvent *)rows->pdata[i - 1])->external_id, ((UcEvent *)rows->pdata[i - 1])->n);
  peer_ready (intake, peer, result == UC_STORE_OK ? NULL : why != NULL ? why : "no reason given");
}

static void
on_conversation (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Loading *loading = data;
  UcIntake *intake = loading->intake;
  UcCore *core = intake->core;

  if (result != UC_STORE_OK || rows->len == 0)
    {
      Peer *peer = take_loading (loading);

      if (peer != NULL)
        peer_ready (intake, peer, result == UC_STORE_OK ? NULL : why != NULL ? why : "no reason given");
      return;
    }
  if (uc_engine_conversation (core->engine, ((UcEvent *)rows->pdata[0])->conversation) == NULL)
    uc_engine_add_conversation (core->engine, rows->pdata[0]);
  uc_store_external_ids (core->store, ((UcEvent *)rows->pdata[0])->conversation, REMEMBERED_IDS, on_ids, loading);
}

static void
load_peer (UcIntake *intake, Peer *peer)
{
  g_auto (GStrv) parts = g_strsplit (peer->key, "\n", 2);
  Loading *loading = g_new0 (Loading, 1);

  peer->loading = TRUE;
  loading->intake = intake;
  loading->key = g_strdup (peer->key);
  uc_store_conversation (intake->core->store, parts[0], parts[1], on_conversation, loading);
}

typedef struct
{
  Delivery *delivery;
  UcInboundItem *item;
} Asking;

static void
on_external_id (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  g_autofree Asking *asking = data;
  Delivery *delivery = asking->delivery;

  if (result != UC_STORE_OK && delivery->refused == NULL)
    g_set_error (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE, "the store does not answer: %s", why);
  else if (result == UC_STORE_OK && rows->len > 0)
    asking->item->known = ((UcEvent *)rows->pdata[0])->n;
  if (--delivery->checks > 0)
    return;
  if (delivery->refused != NULL)
    answer_refused (delivery);
  else
    run (delivery);
}

/* Counts what must be known before the items can be stepped, and asks for it. */
static void
prepare (Delivery *delivery)
{
  UcIntake *intake = delivery->intake;

  delivery->checks = 1;
  for (guint i = 0; i < delivery->items->len; i++)
    {
      UcInboundItem *item = delivery->items->pdata[i];
      Peer *peer = peer_of (intake, delivery->instance->name, item->user_id);

      if (!peer->loaded && g_queue_find (&peer->waiting, delivery) == NULL)
        {
          delivery->checks++;
          g_queue_push_tail (&peer->waiting, delivery);
          if (!peer->loading)
            load_peer (intake, peer);
        }
      if (peer->deep && item->external_id != NULL && !g_hash_table_contains (peer->seen, item->external_id))
        {
          Asking *asking = g_new0 (Asking, 1);

          delivery->checks++;
          asking->delivery = delivery;
          asking->item = item;
          uc_store_by_external_id (intake->core->store, delivery->instance->name, item->external_id,
                                   on_external_id, asking);
        }
    }
  if (--delivery->checks == 0)
    run (delivery);
}

/* ---- the host's slots ---------------------------------------------------------------------------------- */

static gboolean
read_items (Delivery *delivery, const UsherInbound *const *items, gsize count, GError **error)
{
  UcIntake *intake = delivery->intake;

  if (intake->deliveries->len > MAX_DELIVERIES || intake->core->recovering || intake->core->stopping)
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_BUSY, "the core can't take more just now; deliver it again");
      return FALSE;
    }
  for (gsize i = 0; i < count; i++)
    {
      UcInboundItem *item = uc_inbound_item_new (items[i], error);

      if (item == NULL)
        return FALSE;
      g_ptr_array_add (delivery->items, item);
    }
  return TRUE;
}

void
uc_intake_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
                   void *data)
{
  UcCore *core = instance->service;
  UcIntake *intake = core->intake;
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->intake = intake;
  delivery->instance = instance;
  delivery->items = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_inbound_item_free);
  delivery->done = done;
  delivery->data = data;
  delivery->numbers = g_new0 (int64_t, count);
  g_ptr_array_add (intake->deliveries, delivery);
  if (read_items (delivery, items, count, &delivery->refused))
    prepare (delivery);
  else
    uc_loop_defer (core->loop, answer_refused, delivery);
}

void
uc_intake_typing (UsherInstance *instance, const char *user_id, bool on)
{
  UcCore *core = instance->service;
  const UcConversation *conversation = uc_engine_conversation_of (core->engine, instance->name, user_id);

  if (conversation != NULL && conversation->open != NULL && conversation->open->agent != NULL)
    uc_desks_typing (core->desks, conversation->open->agent->id, conversation->open->id, on);
}

void
uc_intake_agent_typing (UcIntake *intake, const UcInteraction *interaction, gboolean on)
{
  UsherInstance *instance = uc_core_instance (intake->core, UC_KIND_CHANNEL, interaction->conversation->channel);

  if (instance != NULL && uc_instance_is_running (instance) && instance->plugin->channel.typing != NULL)
    instance->plugin->channel.typing (instance->self, interaction->conversation->identity, on);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static void
sweep (gpointer data)
{
  UcIntake *intake = data;
  UcCore *core = intake->core;
  gint64 old = uc_clock_now () - FORGET_AFTER_MS;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Peer *peer = value;
      g_auto (GStrv) parts = NULL;
      const UcConversation *conversation;

      if (peer->used_at > old || peer->loading || !g_queue_is_empty (&peer->waiting))
        continue;
      parts = g_strsplit (peer->key, "\n", 2);
      conversation = uc_engine_conversation_of (core->engine, parts[0], parts[1]);
      if (conversation != NULL && conversation->interactions > 0)
        continue;
      if (conversation != NULL)
        {
          g_autofree char *id = g_strdup (conversation->id);

          uc_outbox_forget (core->outbox, id);
          uc_engine_forget_conversation (core->engine, id);
        }
      g_hash_table_iter_remove (&iter);
    }
  intake->sweep_timer = uc_loop_timer_in (core->loop, SWEEP_MS, sweep, intake);
}

UcIntake *
uc_intake_new (UcCore *core)
{
  UcIntake *intake = g_new0 (UcIntake, 1);

  intake->core = core;
  intake->peers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)peer_free);
  intake->deliveries = g_ptr_array_new ();
  intake->sweep_timer = uc_loop_timer_in (core->loop, SWEEP_MS, sweep, intake);
  return intake;
}

void
uc_intake_reset (UcIntake *intake)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Peer *peer = value;

      /* Numbers given out may be given out again: forget them. Those that are being read stay, their answer is
       * true. */
      g_queue_clear (&peer->order);
      g_hash_table_remove_all (peer->seen);
      if (!peer->loading && g_queue_is_empty (&peer->waiting) && !peer->deep)
        g_hash_table_iter_remove (&iter);
      else
        peer->loaded = FALSE;
    }
}

void
uc_intake_forget (UcIntake *intake, UsherInstance *instance)
{
  for (guint i = 0; i < intake->deliveries->len; i++)
    if (((Delivery *)intake->deliveries->pdata[i])->instance == instance)
      ((Delivery *)intake->deliveries->pdata[i])->instance = NULL;
}

guint
uc_intake_pending (UcIntake *intake)
{
  return intake->deliveries->len;
}

void
uc_intake_free (UcIntake *intake)
{
  if (intake == NULL)
    return;
  while (intake->deliveries->len > 0)
    delivery_free (intake->deliveries->pdata[0]);
  uc_loop_timer_remove (intake->core->loop, intake->sweep_timer);
  g_hash_table_unref (intake->peers);
  g_ptr_array_unref (intake->deliveries);
  g_free (intake);
}
