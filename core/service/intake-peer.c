/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Peers: whether an identity's conversation is in the engine's memory, and which external ids it has used lately,
 * so that a redelivery is known without asking the store. Who has used more is asked about there; what slips
 * through is stopped by the store's unique key. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/desk.h"
#include "core/service/intake-private.h"
#include "core/service/outbox.h"

#define REMEMBERED_IDS 256
#define FORGET_AFTER_MS (5 * 60 * 1000)

static void
peer_free (gpointer data)
{
  UcPeer *peer = data;

  g_queue_clear (&peer->order);
  g_queue_clear (&peer->waiting);
  g_clear_pointer (&peer->settling, g_ptr_array_unref);
  g_hash_table_unref (peer->seen);
  g_free (peer->key);
  g_free (peer);
}

GHashTable *
uc_peers_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, peer_free);
}

UcPeer *
uc_peer_of (UcIntake *intake, const char *channel, const char *identity)
{
  gsize channel_len = strlen (channel), identity_len = strlen (identity);
  char *key = g_newa (char, channel_len + 1 + identity_len + 1);
  UcPeer *peer;

  memcpy (key, channel, channel_len);
  key[channel_len] = '\n';
  memcpy (key + channel_len + 1, identity, identity_len + 1);
  peer = g_hash_table_lookup (intake->peers, key);
  if (peer == NULL)
    {
      peer = g_new0 (UcPeer, 1);
      peer->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_queue_init (&peer->order);
      g_queue_init (&peer->waiting);
      peer->key = g_strdup (key);
      g_hash_table_insert (intake->peers, peer->key, peer);
    }
  peer->used_at = uc_clock_now ();
  return peer;
}

void
uc_peer_remember (UcPeer *peer, const char *external_id, gint64 n)
{
  char *key;

  if (g_hash_table_contains (peer->seen, external_id))
    return;
  key = g_strdup (external_id);
  g_hash_table_insert (peer->seen, key, GSIZE_TO_POINTER ((gsize)n));
  g_queue_push_tail (&peer->order, key);
  if (peer->order.length <= REMEMBERED_IDS)
    return;
  g_hash_table_remove (peer->seen, g_queue_pop_head (&peer->order));
  peer->deep = TRUE;
}

gboolean
uc_peer_knows (UcPeer *peer, const char *external_id, gint64 *n)
{
  gpointer value = NULL;
  gboolean known = external_id != NULL && g_hash_table_lookup_extended (peer->seen, external_id, NULL, &value);

  if (known && n != NULL)
    *n = (gint64)GPOINTER_TO_SIZE (value);
  return known;
}

/* ---- loading ------------------------------------------------------------------------------------------- */

typedef struct
{
  UcIntake *intake;
  char *key;
} Loading;

static void
peer_ready (UcIntake *intake, UcPeer *peer, const char *why)
{
  UcDelivery *delivery;

  peer->loading = FALSE;
  peer->loaded = why == NULL;
  while ((delivery = g_queue_pop_head (&peer->waiting)) != NULL)
    uc_delivery_checked (delivery, why);
  /* Nobody has removed it meanwhile: only the sweep and a reload do. */
  if (!peer->overdue)
    return;
  peer->overdue = FALSE;
  if (why != NULL)
    uc_intake_fail (intake, peer, why);
  else
    uc_intake_flush (intake, peer);
}

static UcPeer *
take_loading (Loading *loading)
{
  UcPeer *peer = g_hash_table_lookup (loading->intake->peers, loading->key);

  g_free (loading->key);
  g_free (loading);
  return peer;
}

static void
on_ids (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcIntake *intake = ((Loading *)data)->intake;
  UcPeer *peer = take_loading (data);

  if (peer == NULL)
    return;
  if (result == UC_STORE_OK)
    for (guint i = rows->len; i > 0; i--)
      uc_peer_remember (peer, ((UcEvent *)rows->pdata[i - 1])->external_id, ((UcEvent *)rows->pdata[i - 1])->n);
  if (result == UC_STORE_OK && rows->len >= REMEMBERED_IDS)
    peer->deep = TRUE;
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
      UcPeer *peer = take_loading (loading);

      if (peer != NULL)
        peer_ready (intake, peer, result == UC_STORE_OK ? NULL : why != NULL ? why : "no reason given");
      return;
    }
  if (uc_engine_conversation (core->engine, ((UcEvent *)rows->pdata[0])->conversation) == NULL)
    uc_engine_add_conversation (core->engine, rows->pdata[0]);
  uc_store_external_ids (core->store, ((UcEvent *)rows->pdata[0])->conversation, REMEMBERED_IDS, on_ids, loading);
}

void
uc_peer_load (UcIntake *intake, UcPeer *peer)
{
  g_auto (GStrv) parts = NULL;
  Loading *loading;

  if (peer->loading)
    return;
  parts = g_strsplit (peer->key, "\n", 2);
  loading = g_new0 (Loading, 1);
  peer->loading = TRUE;
  loading->intake = intake;
  loading->key = g_strdup (peer->key);
  uc_store_conversation (intake->core->store, parts[0], parts[1], on_conversation, loading);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static gboolean
is_busy (UcPeer *peer)
{
  return peer->loading || peer->settling != NULL || !g_queue_is_empty (&peer->waiting);
}

void
uc_peers_sweep (UcIntake *intake)
{
  UcCore *core = intake->core;
  gint64 old = uc_clock_now () - FORGET_AFTER_MS;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      UcPeer *peer = value;
      g_auto (GStrv) parts = NULL;
      const UcConversation *conversation;

      if (peer->used_at > old || is_busy (peer))
        continue;
      parts = g_strsplit (peer->key, "\n", 2);
      conversation = uc_engine_conversation_of (core->engine, parts[0], parts[1]);
      if (conversation != NULL && conversation->interactions > 0)
        continue;
      if (conversation != NULL)
        {
          g_autofree char *id = g_strdup (conversation->id);

          uc_outbox_forget (core->outbox, id);
          uc_desks_forget (core->desks, id);
          uc_engine_forget_conversation (core->engine, id);
        }
      g_hash_table_iter_remove (&iter);
    }
}

/* Numbers given out may be given out again: they are forgotten. Peers that are being read stay, their answer is
 * true. */
void
uc_peers_reset (UcIntake *intake)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      UcPeer *peer = value;

      g_queue_clear (&peer->order);
      g_hash_table_remove_all (peer->seen);
      peer->loaded = FALSE;
      if (!is_busy (peer) && !peer->deep)
        g_hash_table_iter_remove (&iter);
    }
}

void
uc_peers_free (UcIntake *intake)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    uc_loop_timer_remove (intake->core->loop, ((UcPeer *)value)->settle_timer);
  g_hash_table_unref (intake->peers);
}
