/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must be known before a delivery is stepped, in four rounds of questions to the store: who writes, whether
 * it is a repetition, and what of ours it is about. Main thread.
 */
#include "core/base/error.h"
#include "core/service/intake-private.h"
#include "core/service/media.h"
#include "core/service/outbox.h"

typedef struct
{
  UcDelivery *delivery;
  UcInboundItem *item;
} Asking;

static Asking *
asking_new (UcDelivery *delivery, UcInboundItem *item)
{
  Asking *asking = g_new (Asking, 1);

  *asking = (Asking){ delivery, item };
  delivery->checks++;
  return asking;
}

static void
on_line (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  g_autofree Asking *asking = data;

  if (result == UC_STORE_OK && rows->len > 0)
    asking->item->known = ((UcEvent *)rows->pdata[0])->n;
  uc_delivery_checked (asking->delivery, result == UC_STORE_OK ? NULL
                                         : why != NULL         ? why
                                                               : "the store does not answer");
}

static void
on_idle_end (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  g_autofree Asking *asking = data;

  asking->item->idle = value != NULL;
  uc_delivery_checked (asking->delivery, result == UC_STORE_OK ? NULL
                                         : why != NULL         ? why
                                                               : "the store does not answer");
}

static void
on_media (gpointer data, gboolean known, const char *why)
{
  g_autofree Asking *asking = data;
  UcDelivery *delivery = asking->delivery;

  if (why == NULL && !known && delivery->refused == NULL)
    g_set_error_literal (&delivery->refused, UC_ERROR, UC_ERROR_INVALID,
                         "an attachment or picture names media that media_put never gave");
  uc_delivery_checked (delivery, why);
}

/* Who writes. */
static void
ask_about_peers (UcDelivery *delivery)
{
  UcIntake *intake = delivery->intake;

  for (guint i = 0; i < delivery->items->len; i++)
    {
      UcInboundItem *item = delivery->items->pdata[i];
      UcPeer *peer = uc_peer_of (intake, delivery->instance->name, item->user_id);

      if (!peer->loaded && g_queue_find (&peer->waiting, delivery) == NULL)
        {
          delivery->checks++;
          g_queue_push_tail (&peer->waiting, delivery);
          uc_peer_load (intake, peer);
        }
    }
}

/* Whether it is a repetition, and whether the files are there. */
static void
ask_about_items (UcDelivery *delivery)
{
  UcIntake *intake = delivery->intake;

  for (guint i = 0; i < delivery->items->len; i++)
    {
      UcInboundItem *item = delivery->items->pdata[i];
      UcPeer *peer = uc_peer_of (intake, delivery->instance->name, item->user_id);

      if (peer->deep && item->external_id != NULL && !uc_peer_knows (peer, item->external_id, NULL))
        uc_store_by_external_id (intake->core->store, delivery->instance->name, item->external_id, on_line,
                                 asking_new (delivery, item));
      /* Of those that ended nothing memory holds only what has come since the start. */
      if (item->kind == USHER_INBOUND_ENDED && !uc_peer_knows (peer, item->external_id, NULL))
        uc_store_idle_end (intake->core->store, delivery->instance->name, item->external_id, on_idle_end,
                           asking_new (delivery, item));
      for (char **id = item->media; id != NULL && *id != NULL; id++)
        uc_media_check (intake->core->media, *id, on_media, asking_new (delivery, item));
    }
}

static const UcConversation *
conversation_of (UcDelivery *delivery, const UcInboundItem *item)
{
  return uc_engine_conversation_of (delivery->intake->core->engine, delivery->instance->name, item->user_id);
}

static void
on_thread (gpointer data, const char *why)
{
  uc_delivery_checked (data, why);
}

/* Receipts and echoes are about what we sent: it must be in memory, so that they are durable when answered. */
static void
ask_about_sent (UcDelivery *delivery)
{
  UcOutbox *outbox = delivery->intake->core->outbox;

  for (guint i = 0; i < delivery->items->len; i++)
    {
      const UcInboundItem *item = delivery->items->pdata[i];
      const UcConversation *conversation;

      if (item->kind != USHER_INBOUND_RECEIPT && item->kind != USHER_INBOUND_ECHO)
        continue;
      conversation = conversation_of (delivery, item);
      if (conversation == NULL || uc_outbox_knows (outbox, conversation->id))
        continue;
      delivery->checks++;
      uc_outbox_load (outbox, conversation, on_thread, delivery);
    }
}

/* An echo that memory does not know may be one of long ago. */
static void
ask_about_echoes (UcDelivery *delivery)
{
  UcCore *core = delivery->intake->core;

  for (guint i = 0; i < delivery->items->len; i++)
    {
      UcInboundItem *item = delivery->items->pdata[i];
      const UcConversation *conversation;

      if (item->kind != USHER_INBOUND_ECHO)
        continue;
      conversation = conversation_of (delivery, item);
      if (conversation != NULL
          && !uc_outbox_has (core->outbox, conversation->id, item->message_id, item->external_id))
        uc_store_by_sent_id (core->store, conversation->id, item->external_id, on_line,
                             asking_new (delivery, item));
    }
}

gboolean
uc_intake_ask (UcDelivery *delivery)
{
  static void (*const rounds[]) (UcDelivery *)
      = { ask_about_peers, ask_about_items, ask_about_sent, ask_about_echoes };

  if (delivery->phase == G_N_ELEMENTS (rounds))
    return FALSE;
  rounds[delivery->phase++](delivery);
  return TRUE;
}
