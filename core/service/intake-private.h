/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the parts of intake: intake.c (deliveries), intake-ask.c (what must be known first), intake-peer.c
 * (who writes) and intake-step.c (what an item does to the engine). Main thread.
 */
#pragma once

#include "core/service/inbound-item.h"
#include "core/service/intake.h"

typedef struct UcDelivery UcDelivery;

/* What intake remembers about one identity on one channel instance. */
typedef struct
{
  char *key;        /* channel \n identity */
  GHashTable *seen; /* external id -> its number (GINT_TO_POINTER fits: a conversation's lines are few) */
  GQueue order;     /* of char*: keys of `seen`, oldest first */
  gboolean loaded, loading;
  gboolean deep;       /* ask the store about each id that is not remembered: there are older ones */
  GQueue waiting;      /* of UcDelivery* */
  GPtrArray *settling; /* of UcInboundItem*: gathered until they are put in order; NULL = none */
  guint64 settle_timer;
  gboolean overdue; /* they are to be stepped as soon as it is loaded */
  gint64 used_at;
} UcPeer;

struct UcDelivery
{
  UcIntake *intake;
  UsherInstance *instance; /* NULL: it is gone, nobody wants the answer */
  GPtrArray *items;        /* of UcInboundItem* */
  int64_t *numbers;
  UsherDelivered done;
  void *data;
  GError *refused; /* this delivery is at fault, or nothing was stepped */
  GError *failed;  /* what was stepped is not stored */
  guint phase;
  guint checks; /* answers awaited before the next phase */
  guint left;   /* items that are not durable yet */
  gsize bytes;
  gint64 begun_at; /* monotonic us */
};

struct UcIntake
{
  UcCore *core;
  GHashTable *peers;     /* key -> UcPeer */
  GPtrArray *deliveries; /* all under way */
  GQueue held;           /* of UcDelivery*: those that wait for the store, oldest first */
  gsize bytes;           /* of their items */
  guint64 refused;       /* because there were too many */
  guint64 arrivals;
  guint64 sweep_timer;
};

/* ---- intake.c ------------------------------------------------------------------------------------------ */

/* One of the answers that the delivery waits for has come; why NULL = good. */
void uc_delivery_checked (UcDelivery *delivery, const char *why);
/* Steps what the peer has gathered, in order. */
void uc_intake_flush (UcIntake *intake, UcPeer *peer);
/* What the peer has gathered can't be stepped now. */
void uc_intake_fail (UcIntake *intake, UcPeer *peer, const char *why);

/* ---- intake-ask.c -------------------------------------------------------------------------------------- */

/* Asks the next questions and counts them in delivery->checks: uc_delivery_checked tells of each answer, perhaps
 * at once. FALSE = there are no more. */
gboolean uc_intake_ask (UcDelivery *delivery);

/* ---- intake-peer.c ------------------------------------------------------------------------------------- */

GHashTable *uc_peers_new (void);
UcPeer *uc_peer_of (UcIntake *intake, const char *channel, const char *identity);
void uc_peer_remember (UcPeer *peer, const char *external_id, gint64 n);
/* Number of the line with this external id; 0 = not among those remembered. */
gboolean uc_peer_knows (UcPeer *peer, const char *external_id, gint64 *n);
/* Puts its conversation into the engine's memory, reads its ids, and tells all deliveries that wait. */
void uc_peer_load (UcIntake *intake, UcPeer *peer);
/* Forgets who has been quiet for long, and their conversations. */
void uc_peers_sweep (UcIntake *intake);
void uc_peers_reset (UcIntake *intake);
void uc_peers_free (UcIntake *intake);

/* ---- intake-step.c ------------------------------------------------------------------------------------- */

/* Adds to the transaction what the item means; sets delivery->refused when it can't. */
void uc_intake_step (UcTxn *txn, UcInboundItem *item);
