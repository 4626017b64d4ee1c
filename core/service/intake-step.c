/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each kind of delivered item does to the engine. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/intake-private.h"
#include "core/service/outbox.h"

#define MIN_ACCEPTANCE_MS 1000

static const UcEvent *
added_line (GPtrArray *events, guint from, const char *external_id)
{
  for (guint i = from; i < events->len; i++)
    {
      const UcEvent *event = events->pdata[i];

      if (event->type == UC_EVENT_MESSAGE_ADDED
          && (external_id == NULL || g_strcmp0 (event->external_id, external_id) == 0))
        return event;
    }
  return NULL;
}

static void
set_number (const UcInboundItem *item, gint64 n)
{
  item->delivery->numbers[item->index] = n;
}

/* The customer's message opens the window for an answer from when the network says he wrote it: that is how the
 * network counts, however late it told us. */
static void
set_windows (UcCommand *command, const UcInboundItem *item, const UsherChannelCapabilities *caps)
{
  if (item->window_until != 0)
    command->window_until = item->window_until;
  else if (caps->reply_window_ms > 0)
    command->window_until = item->happened + caps->reply_window_ms;
  if (caps->tagged_window_ms > 0)
    command->tagged_until = item->happened + caps->tagged_window_ms;
}

static gint64
acceptance_of (const UsherInstance *instance)
{
  gint64 ms = uc_settings_int (instance->settings, "acceptance_interval");

  return ms > 0 ? MAX (ms, MIN_ACCEPTANCE_MS) : 0;
}

static void
step_message (UcTxn *txn, UcPeer *peer, const UcInboundItem *item)
{
  UcDelivery *delivery = item->delivery;
  UcCore *core = delivery->intake->core;
  UsherInstance *instance = delivery->instance;
  const UsherChannelCapabilities *caps = uc_instance_capabilities (instance);
  g_autofree char *conversation = uc_id_new ("cnv"), *interaction = uc_id_new ("int"),
                  *message = uc_id_new ("msg");
  UcCommand command = {
    .type = UC_COMMAND_RECEIVE,
    .channel = instance->name,
    .network = caps->network,
    .identity = item->user_id,
    .name = item->user_name,
    .queue = uc_settings_string (instance->settings, "queue"),
    .text = item->text,
    .external_id = item->external_id,
    .sent_at = item->happened,
    .form = item->form,
    .reply_to = item->reply_to,
    .attachments = item->attachments,
    .passive = item->passive,
    .acceptance_ms = acceptance_of (instance),
    .new_conversation = conversation,
    .new_interaction = interaction,
    .new_message = message,
  };
  guint before = uc_txn_events (txn)->len;
  const UcEvent *line;

  if (uc_engine_queue (core->engine, command.queue) == NULL)
    {
      g_set_error (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE,
                   "channel \"%s\" feeds the queue \"%s\", which does not exist; create it with queue.put",
                   instance->name, command.queue);
      return;
    }
  set_windows (&command, item, caps);
  if (!uc_txn_step (txn, &command, &delivery->refused))
    return;
  line = added_line (uc_txn_events (txn), before, item->external_id);
  set_number (item, line != NULL ? line->n : 0);
  uc_peer_remember (peer, item->external_id, line != NULL ? line->n : 0);
}

/* Its only trace: there is no line to know it by. Also when it is told again, as the first time may not become
 * durable. */
static void
note_idle_end (UcTxn *txn, UcPeer *peer, const UcInboundItem *item)
{
  uc_batch_idle_end (uc_txn_batch (txn), item->delivery->instance->name, item->external_id, uc_clock_now ());
  uc_peer_remember (peer, item->external_id, 0);
}

static void
step_ended (UcTxn *txn, UcPeer *peer, const UcInboundItem *item, const UcConversation *conversation)
{
  UcDelivery *delivery = item->delivery;
  g_autofree char *message = uc_id_new ("msg");
  UcCommand command = { .type = UC_COMMAND_CUSTOMER_END,
                        .conversation = conversation->id,
                        .external_id = item->external_id,
                        .new_message = message };
  guint before = uc_txn_events (txn)->len;
  const UcEvent *line;

  if (!uc_txn_step (txn, &command, &delivery->refused))
    return;
  line = added_line (uc_txn_events (txn), before, NULL);
  if (line == NULL)
    {
      note_idle_end (txn, peer, item);
      return;
    }
  set_number (item, line->n);
  uc_peer_remember (peer, item->external_id, line->n);
}

static void
refuse_unread (UcDelivery *delivery)
{
  g_set_error_literal (&delivery->refused, UC_ERROR, UC_ERROR_UNAVAILABLE,
                       "what was sent in this conversation is being read again; deliver it again");
}

/* A message of our own account: one that we sent, or one that somebody wrote with another tool. */
static void
step_echo (UcTxn *txn, const UcInboundItem *item, const UcConversation *conversation)
{
  UcDelivery *delivery = item->delivery;
  UcOutbox *outbox = delivery->intake->core->outbox;
  g_autofree char *message = uc_id_new ("msg");
  UcCommand command = {
    .type = UC_COMMAND_ECHO,
    .conversation = conversation->id,
    .text = item->text,
    .external_id = item->external_id,
    .sent_at = item->happened,
    .attachments = item->attachments,
    .new_message = message,
  };
  guint before = uc_txn_events (txn)->len;
  const UcEvent *line;

  if (!uc_outbox_knows (outbox, conversation->id))
    {
      refuse_unread (delivery);
      return;
    }
  if (uc_outbox_echo (outbox, txn, conversation->id, item->message_id, item->external_id)
      || !uc_txn_step (txn, &command, &delivery->refused))
    return;
  line = added_line (uc_txn_events (txn), before, item->external_id);
  if (line == NULL)
    return;
  /* Before it is durable: the next echo of it may be in this very delivery. */
  uc_outbox_note (outbox, line);
  set_number (item, line->n);
}

static void
step_receipt (UcTxn *txn, const UcInboundItem *item, const UcConversation *conversation)
{
  UcDelivery *delivery = item->delivery;
  const UcReceipt receipt = { .state = item->receipt == USHER_RECEIPT_READ ? "read" : "delivered",
                              .external_id = item->external_id,
                              .upto = item->upto,
                              .upto_at = item->upto_at };

  if (!uc_outbox_receipt (delivery->intake->core->outbox, txn, conversation->id, &receipt))
    refuse_unread (delivery);
}

static void
step_profile (UcTxn *txn, const UcInboundItem *item, const UcConversation *conversation)
{
  UcCommand command = {
    .type = UC_COMMAND_PROFILE, .conversation = conversation->id, .name = item->user_name, .picture = item->picture
  };

  uc_txn_step (txn, &command, &item->delivery->refused);
}

static void
step_for_conversation (UcTxn *txn, UcPeer *peer, const UcInboundItem *item)
{
  UcDelivery *delivery = item->delivery;
  const UcConversation *conversation
      = uc_engine_conversation_of (delivery->intake->core->engine, delivery->instance->name, item->user_id);

  /* Who never wrote to us has no conversation; what else the network tells of him is not ours. */
  if (conversation == NULL)
    {
      if (item->kind == USHER_INBOUND_ENDED)
        note_idle_end (txn, peer, item);
      if (item->kind == USHER_INBOUND_ECHO)
        g_info ("channel \"%s\": an echo of a message to somebody who never wrote is ignored",
                delivery->instance->name);
      return;
    }
  switch (item->kind)
    {
    case USHER_INBOUND_ENDED:
      step_ended (txn, peer, item, conversation);
      break;
    case USHER_INBOUND_ECHO:
      step_echo (txn, item, conversation);
      break;
    case USHER_INBOUND_RECEIPT:
      step_receipt (txn, item, conversation);
      break;
    case USHER_INBOUND_PROFILE:
      step_profile (txn, item, conversation);
      break;
    default:
      break;
    }
}

void
uc_intake_step (UcTxn *txn, UcInboundItem *item)
{
  UcDelivery *delivery = item->delivery;
  UcPeer *peer = uc_peer_of (delivery->intake, delivery->instance->name, item->user_id);
  gboolean numbered = item->kind == USHER_INBOUND_MESSAGE || item->kind == USHER_INBOUND_ENDED;
  gint64 known = item->known;

  if (known != 0 || item->idle || (numbered && uc_peer_knows (peer, item->external_id, &known)))
    {
      set_number (item, known);
      if (known == 0 && item->kind == USHER_INBOUND_ENDED)
        note_idle_end (txn, peer, item);
    }
  else if (item->kind == USHER_INBOUND_MESSAGE)
    step_message (txn, peer, item);
  else
    step_for_conversation (txn, peer, item);
}
