/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deliveries of channels, from the host's call to the answer. A delivery goes through phases, each of which waits
 * for what the store says (intake-ask.c); then its items are stepped, at once or, where a network lets messages
 * overtake each other, gathered for a while per conversation and put in order. The answer comes when all of them
 * are durable. Main thread.
 */
#include "core/service/intake.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/admission.h"
#include "core/service/desk.h"
#include "core/service/intake-private.h"
#include "core/service/metrics.h"

#define MAX_DELIVERIES 2000
/* Deliveries in front of the engine: what a customer would wait for longer is better refused, so that his client
 * says so. The network's own bursts (all that came in one turn) fit. */
#define MAX_HELD 1024
#define MAX_HELD_US (G_USEC_PER_SEC / 2)
#define MAX_BYTES (64 * 1024 * 1024)
#define MAX_GATHERED 1024
#define SWEEP_MS (60 * 1000)

static void advance (UcDelivery *delivery);

/* ---- the end of a delivery ----------------------------------------------------------------------------- */

static void
delivery_free (UcDelivery *delivery)
{
  delivery->intake->bytes -= delivery->bytes;
  g_ptr_array_remove_fast (delivery->intake->deliveries, delivery);
  g_ptr_array_unref (delivery->items);
  g_clear_error (&delivery->refused);
  g_clear_error (&delivery->failed);
  g_free (delivery->numbers);
  g_free (delivery);
}

/* An instance that is being made anew has no plugin behind it, and nobody who waits. */
static gboolean
is_wanted (const UcDelivery *delivery)
{
  return delivery->instance != NULL && delivery->instance->self != NULL;
}

static UsherStatus
status_of (const GError *error)
{
  return g_error_matches (error, UC_ERROR, UC_ERROR_BUSY)          ? USHER_BUSY
         : g_error_matches (error, UC_ERROR, UC_ERROR_UNAVAILABLE) ? USHER_RETRY
         : g_error_matches (error, UC_ERROR, UC_ERROR_UNSUPPORTED) ? USHER_CONTENT
                                                                   : USHER_INVALID;
}

static void
answer (UcDelivery *delivery)
{
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  /* What is not stored must come again, whatever else is wrong with it. */
  if (delivery->failed != NULL)
    {
      result.status = USHER_RETRY;
      result.message = delivery->failed->message;
    }
  else if (delivery->refused != NULL)
    {
      result.status = status_of (delivery->refused);
      result.message = delivery->refused->message;
    }
  if (result.status == USHER_RETRY || result.status == USHER_BUSY)
    result.retry_after_ms = 1000;
  /* Also when the instance is gone: who called on its behalf drops the answer, and what it kept for that. */
  delivery->done (delivery->data, &result, delivery->numbers, delivery->items->len);
  delivery_free (delivery);
}

/* It was not stepped, or nobody knows what became of it. */
static void
drop (UcDelivery *delivery)
{
  if (delivery->failed == NULL)
    g_set_error_literal (&delivery->failed, UC_ERROR, UC_ERROR_UNAVAILABLE,
                         "the channel or the daemon stops; deliver it again after the start");
}

static void
answer_later (gpointer data)
{
  answer (data);
}

/* ---- stepping ------------------------------------------------------------------------------------------ */

/* Items that become durable together. */
typedef struct
{
  UcIntake *intake;
  GPtrArray *items; /* of UcInboundItem* */
} Lot;

/* A conflict: one of the ids was stored long ago. Next time the store is asked about each. */
static void
note_conflict (const UcInboundItem *item)
{
  const UcDelivery *delivery = item->delivery;

  if (delivery->instance != NULL)
    uc_peer_of (delivery->intake, delivery->instance->name, item->user_id)->deep = TRUE;
}

static void
on_stored (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Lot *lot = data;
  g_autoptr (GPtrArray) items = lot->items;

  for (guint i = 0; i < items->len; i++)
    {
      const UcInboundItem *item = items->pdata[i];

      if (g_error_matches (error, UC_ERROR, UC_ERROR_CONFLICT))
        note_conflict (item);
      if (error != NULL && item->delivery->failed == NULL)
        item->delivery->failed = g_error_copy (error);
    }
  /* The last item of a delivery takes it, and the item, along. */
  for (guint i = 0; i < items->len; i++)
    {
      UcDelivery *delivery = ((UcInboundItem *)items->pdata[i])->delivery;

      if (--delivery->left == 0)
        answer (delivery);
    }
}

/* Also when all are repetitions there is a commit, because the first time may not be durable yet. What was stepped
 * before an item that is refused is stored; redelivered, it is recognised. Takes the array. */
static void
step_lot (UcIntake *intake, GPtrArray *items)
{
  UcTxn *txn = uc_txn_new (intake->core);
  Lot *lot = g_new (Lot, 1);

  *lot = (Lot){ intake, items };
  for (guint i = 0; i < items->len; i++)
    {
      UcInboundItem *item = items->pdata[i];

      if (!is_wanted (item->delivery))
        drop (item->delivery);
      else if (item->delivery->refused == NULL)
        uc_intake_step (txn, item);
    }
  /* A repetition beside a row that is no event's is not stored if what it repeats is not. */
  uc_batch_depend (uc_txn_batch (txn));
  uc_txn_commit (txn, on_stored, lot);
}

/* ---- putting in order ---------------------------------------------------------------------------------- */

static int
by_time (gconstpointer a, gconstpointer b)
{
  const UcInboundItem *one = *(UcInboundItem *const *)a, *other = *(UcInboundItem *const *)b;
  gboolean profile = one->kind == USHER_INBOUND_PROFILE, others = other->kind == USHER_INBOUND_PROFILE;

  /* Who it names may have written his first message in this very lot. */
  if (profile != others)
    return profile ? 1 : -1;
  if (one->at != other->at)
    return one->at < other->at ? -1 : 1;
  return one->arrival < other->arrival ? -1 : one->arrival > other->arrival;
}

static GPtrArray *
take_gathered (UcIntake *intake, UcPeer *peer)
{
  uc_loop_timer_remove (intake->core->loop, peer->settle_timer);
  peer->settle_timer = 0;
  return g_steal_pointer (&peer->settling);
}

void
uc_intake_flush (UcIntake *intake, UcPeer *peer)
{
  GPtrArray *items = take_gathered (intake, peer);

  if (items == NULL)
    return;
  g_ptr_array_sort (items, by_time);
  step_lot (intake, items);
}

void
uc_intake_fail (UcIntake *intake, UcPeer *peer, const char *why)
{
  GPtrArray *items = take_gathered (intake, peer);
  g_autoptr (GError) error = NULL;
  Lot *lot;

  if (items == NULL)
    return;
  lot = g_new (Lot, 1);
  *lot = (Lot){ intake, items };
  g_set_error (&error, UC_ERROR, UC_ERROR_UNAVAILABLE, "the conversation can't be read now: %s", why);
  on_stored (lot, error, NULL);
}

static void
settled (gpointer data)
{
  UcPeer *peer = data;
  /* A peer with gathered items is neither swept nor reset, and one that gathers has at least one. */
  UcIntake *intake = ((UcInboundItem *)peer->settling->pdata[0])->delivery->intake;

  peer->settle_timer = 0;
  if (peer->loaded)
    {
      uc_intake_flush (intake, peer);
      return;
    }
  /* The engine was read again meanwhile. */
  peer->overdue = TRUE;
  uc_peer_load (intake, peer);
}

static void
gather (UcIntake *intake, UcPeer *peer, UcInboundItem *item, gint64 settle_ms)
{
  if (peer->settling == NULL)
    {
      peer->settling = g_ptr_array_new ();
      peer->settle_timer = uc_loop_timer_in (intake->core->loop, settle_ms, settled, peer);
    }
  g_ptr_array_add (peer->settling, item);
  if (peer->settling->len >= MAX_GATHERED && peer->loaded)
    uc_intake_flush (intake, peer);
}

/* Lines of the conversation have an order, and a profile must not overtake the message that begins it. Receipts
 * have none, and an echo that names our message settles a send that waits for it. */
static gboolean
has_order (const UcInboundItem *item)
{
  return item->kind == USHER_INBOUND_MESSAGE || item->kind == USHER_INBOUND_ENDED
         || item->kind == USHER_INBOUND_PROFILE || (item->kind == USHER_INBOUND_ECHO && item->message_id == NULL);
}

static void
step_all (UcDelivery *delivery)
{
  UcIntake *intake = delivery->intake;
  gint64 settle_ms = uc_instance_capabilities (delivery->instance)->settle_ms;
  g_autofree char *channel = g_strdup (delivery->instance->name);
  GPtrArray *now = g_ptr_array_new ();

  delivery->left = delivery->items->len;
  for (guint i = 0; i < delivery->items->len; i++)
    {
      UcInboundItem *item = delivery->items->pdata[i];

      if (settle_ms > 0 && has_order (item))
        gather (intake, uc_peer_of (intake, channel, item->user_id), item, settle_ms);
      else
        g_ptr_array_add (now, item);
    }
  if (now->len > 0)
    step_lot (intake, now);
  else
    g_ptr_array_unref (now);
}

/* ---- from phase to phase ------------------------------------------------------------------------------- */

void
uc_delivery_checked (UcDelivery *delivery, const char *why)
{
  if (why != NULL && delivery->refused == NULL)
    g_set_error (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE, "the conversation can't be read now: %s",
                 why);
  if (--delivery->checks == 0)
    advance (delivery);
}

/* The engine may have been read again while the store was asked. */
static gboolean
is_stale (UcDelivery *delivery)
{
  UcIntake *intake = delivery->intake;

  for (guint i = 0; i < delivery->items->len; i++)
    if (!uc_peer_of (intake, delivery->instance->name, ((UcInboundItem *)delivery->items->pdata[i])->user_id)
             ->loaded)
      return !intake->core->recovering;
  return FALSE;
}

static int
by_arrival (gconstpointer a, gconstpointer b, gpointer data)
{
  const UcInboundItem *one = ((const UcDelivery *)a)->items->pdata[0];
  const UcInboundItem *other = ((const UcDelivery *)b)->items->pdata[0];

  return one->arrival < other->arrival ? -1 : one->arrival > other->arrival;
}

/* Many asked while there was room, and the answers come together. */
static gboolean
may_step (UcDelivery *delivery)
{
  const UcDelivery *first = g_queue_peek_head (&delivery->intake->held);

  return (first == NULL || by_arrival (delivery, first, NULL) < 0)
         && uc_admission_may_step (delivery->intake->core);
}

static void
advance (UcDelivery *delivery)
{
  while (is_wanted (delivery) && delivery->refused == NULL)
    {
      /* One more than asked for, as answers may come at once. */
      delivery->checks = 1;
      if (uc_intake_ask (delivery))
        {
          if (--delivery->checks > 0)
            return;
        }
      else if (is_stale (delivery))
        delivery->phase = 0;
      else
        {
          if (may_step (delivery))
            step_all (delivery);
          else
            g_queue_insert_sorted (&delivery->intake->held, delivery, by_arrival, NULL);
          return;
        }
    }
  if (delivery->refused == NULL)
    drop (delivery);
  /* From the loop: `deliver` may not have returned yet. */
  uc_loop_defer (delivery->intake->core->loop, answer_later, delivery);
}

/* ---- waiting for the store ----------------------------------------------------------------------------- */

void
uc_intake_go_on (UcIntake *intake)
{
  /* One that is not let through after all stands in line again: each has one try. */
  for (guint n = g_queue_get_length (&intake->held); n > 0 && uc_admission_may_step (intake->core); n--)
    advance (g_queue_pop_head (&intake->held));
}

gboolean
uc_intake_has_room (UcIntake *intake)
{
  const UcDelivery *oldest = g_queue_peek_head (&intake->held);

  return oldest == NULL
         || (intake->held.length < MAX_HELD && g_get_monotonic_time () - oldest->begun_at < MAX_HELD_US);
}

/* In the order of their coming, also when there is room again. While some wait, a commit is under way, whose
 * answer lets them go on. */
static void
begin (UcDelivery *delivery)
{
  UcIntake *intake = delivery->intake;

  if (g_queue_is_empty (&intake->held) && uc_admission_may_step (intake->core))
    advance (delivery);
  else
    g_queue_push_tail (&intake->held, delivery);
}

/* ---- the host's slots ---------------------------------------------------------------------------------- */

static gboolean
read_items (UcDelivery *delivery, const UsherInbound *const *items, gsize count, GError **error)
{
  UcIntake *intake = delivery->intake;
  gint64 now = uc_clock_now ();

  if (!uc_core_admits (intake->core, UC_WORK_CUSTOMER, error))
    return FALSE;
  if (intake->deliveries->len > MAX_DELIVERIES || intake->bytes > MAX_BYTES)
    {
      intake->refused++;
      g_set_error_literal (error, UC_ERROR, UC_ERROR_BUSY, "the core can't take more just now; deliver it again");
      return FALSE;
    }
  for (gsize i = 0; i < count; i++)
    {
      UcInboundItem *item = uc_inbound_item_new (items[i], now, error);

      if (item == NULL)
        return FALSE;
      item->delivery = delivery;
      item->index = delivery->items->len;
      item->arrival = ++intake->arrivals;
      delivery->bytes += item->bytes;
      intake->bytes += item->bytes;
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
  UcDelivery *delivery = g_new0 (UcDelivery, 1);

  delivery->intake = intake;
  delivery->begun_at = g_get_monotonic_time ();
  delivery->instance = instance;
  delivery->items = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_inbound_item_free);
  delivery->done = done;
  delivery->data = data;
  delivery->numbers = g_new0 (int64_t, count);
  g_ptr_array_add (intake->deliveries, delivery);
  if (read_items (delivery, items, count, &delivery->refused))
    begin (delivery);
  else
    uc_loop_defer (core->loop, answer_later, delivery);
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

  uc_peers_sweep (intake);
  intake->sweep_timer = uc_loop_timer_in (intake->core->loop, SWEEP_MS, sweep, intake);
}

UcIntake *
uc_intake_new (UcCore *core)
{
  UcIntake *intake = g_new0 (UcIntake, 1);

  intake->core = core;
  intake->peers = uc_peers_new ();
  intake->deliveries = g_ptr_array_new ();
  intake->sweep_timer = uc_loop_timer_in (core->loop, SWEEP_MS, sweep, intake);
  return intake;
}

void
uc_intake_reset (UcIntake *intake)
{
  uc_peers_reset (intake);
}

void
uc_intake_forget (UcIntake *intake, UsherInstance *instance)
{
  for (guint i = 0; i < intake->deliveries->len; i++)
    if (((UcDelivery *)intake->deliveries->pdata[i])->instance == instance)
      ((UcDelivery *)intake->deliveries->pdata[i])->instance = NULL;
}

guint
uc_intake_pending (UcIntake *intake)
{
  return intake->deliveries->len;
}

gint64
uc_intake_oldest_us (UcIntake *intake)
{
  gint64 oldest = G_MAXINT64;

  for (guint i = 0; i < intake->deliveries->len; i++)
    oldest = MIN (oldest, ((const UcDelivery *)intake->deliveries->pdata[i])->begun_at);
  return intake->deliveries->len > 0 ? g_get_monotonic_time () - oldest : 0;
}

void
uc_intake_queues (UcCore *core, GArray *queues)
{
  const UcIntake *intake = core->intake;

  uc_queues_add_bytes (queues, "intake.deliveries", intake->deliveries->len, MAX_DELIVERIES, intake->bytes,
                       MAX_BYTES, intake->refused);
  uc_queues_add (queues, "intake.held", intake->held.length, MAX_HELD, 0);
}

void
uc_intake_free (UcIntake *intake)
{
  if (intake == NULL)
    return;
  uc_loop_timer_remove (intake->core->loop, intake->sweep_timer);
  uc_peers_free (intake);
  g_queue_clear (&intake->held);
  while (intake->deliveries->len > 0)
    {
      drop (intake->deliveries->pdata[0]);
      answer (intake->deliveries->pdata[0]);
    }
  g_ptr_array_unref (intake->deliveries);
  g_free (intake);
}
