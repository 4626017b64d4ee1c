/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemon as one object: what every part of the service layer shares, and the one way to change anything: a
 * transaction of engine steps that becomes visible only when it is durable. Main thread.
 */
#pragma once

#include "core/base/json.h"
#include "core/base/loop.h"
#include "core/engine/engine.h"
#include "core/net/net.h"
#include "core/plugin/check.h"
#include "core/store/store.h"

typedef struct UcCore UcCore;
typedef struct UcTxn UcTxn;
typedef struct UcAdmission UcAdmission;
typedef struct UcAuth UcAuth;
typedef struct UcBackup UcBackup;
typedef struct UcBridge UcBridge;
typedef struct UcDesks UcDesks;
typedef struct UcDrain UcDrain;
typedef struct UcFeed UcFeed;
typedef struct UcHappened UcHappened;
typedef struct UcIntake UcIntake;
typedef struct UcMedia UcMedia;
typedef struct UcMonitor UcMonitor;
typedef struct UcOps UcOps;
typedef struct UcOutbox UcOutbox;
typedef struct UcSpace UcSpace;

struct UcCore
{
  UcLoop *loop;
  UcStore *store;
  UcEngine *engine;
  UcNet *net;
  UcLoader *loader;
  UcPlan *plan;
  const UsherHost *host;
  GPtrArray *instances; /* of UsherInstance*, in the order of the configuration */

  gint64 seq;     /* number of the last event that was stepped */
  gint64 durable; /* number of the last event that is durable and published */
  gint64 started_at;
  guint inflight; /* transactions with events on their way to the store */
  guint64 tick_timer;
  gboolean recovering;   /* a commit failed: the engine is thrown away once nothing is in flight */
  gboolean reload_armed; /* until recovering ends */
  gboolean reborn;       /* the engine was read from the store and has not made a step with events since */
  char *held; /* why nothing could be stored: nothing is stepped until a write goes through; see hold.h */
  gint64 hold_ms, held_until; /* how long the last hold waited, and when it ended */
  guint64 hold_timer;
  gboolean stopping;

  GPtrArray *alarms; /* see alarm.h */
  UcAdmission *admission;
  UcDrain *drain; /* see drain.h */
  UcSpace *space; /* see space.h */

  char *crm_description; /* JSON that the CRM gave of itself; NULL = none */

  UcFeed *feed;
  UcHappened *happened;
  UcMonitor *monitor;
  UcAuth *auth;
  UcMedia *media;
  UcBackup *backup; /* the one under way, or the last one; NULL = none yet */
  UcIntake *intake;
  UcOutbox *outbox;
  UcBridge *bridge;
  UcDesks *desks;
  UcOps *ops;

  GMainLoop *main; /* NULL in tests that run the loop themselves */
  char *control_socket;
  GPtrArray *addresses; /* of char*: what the public listeners are bound to */
};

/* Opens the store, loads the engine, starts plugins and listeners. */
UcCore *uc_core_new (UcPlan *plan, UcLoader *loader, GError **error);
/* Stops listening and all instances, then calls done. At once: uc_drain_stop gives everybody the time. */
void uc_core_stop (UcCore *core, void (*done) (gpointer data), gpointer data);
/* After stop, which it does itself, blocking, if nobody did. Closes the store cleanly. */
void uc_core_free (UcCore *core);

/* ---- transactions -------------------------------------------------------------------------------------- */

/* error NULL: durable. events: of UcEvent*, what the transaction's steps made; borrowed. */
typedef void (*UcTxnDone) (gpointer data, const GError *error, GPtrArray *events);

UcTxn *uc_txn_new (UcCore *core);
/* One engine step; its seed is made here. On failure nothing has changed; the transaction may go on, be committed,
 * or be dropped if no step of it succeeded. */
gboolean uc_txn_step (UcTxn *txn, const UcCommand *command, GError **error);
/* Appends an event about something that is no longer in the engine's memory (a closed interaction's save state).
 * Takes it. */
void uc_txn_append (UcTxn *txn, UcEvent *event);
/* For rows that are nobody's event. */
UcBatch *uc_txn_batch (UcTxn *txn);
/* Events so far. */
GPtrArray *uc_txn_events (UcTxn *txn);
/* Takes the transaction. done runs exactly once, never before this returns. */
void uc_txn_commit (UcTxn *txn, UcTxnDone done, gpointer data);
/* Only when no step succeeded. */
void uc_txn_drop (UcTxn *txn);

/* One step, one commit. When the step is refused, done gets the error from the loop, too. */
void uc_core_submit (UcCore *core, const UcCommand *command, UcTxnDone done, gpointer data);
/* Runs func when everything stepped so far is durable (error NULL) or has failed. */
void uc_core_barrier (UcCore *core, UcTxnDone done, gpointer data);

/* ---- instances ----------------------------------------------------------------------------------------- */

UsherInstance *uc_core_instance (UcCore *core, UcKind kind, const char *name);
/* The CRM in use: the first enabled one. NULL = none is configured. */
UsherInstance *uc_core_crm (UcCore *core);
