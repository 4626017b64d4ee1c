/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draining: how the daemon stops without anybody losing anything. First nobody gets new offers, and those that
 * stand are taken, run out or are taken back without blame; then desks are told to come back in a moment, what is
 * being sent gets its answer, what was delivered is stored and acknowledged; then everything stops. Each part is
 * bounded. An operation can ask for the first part alone, and end it again. Main thread.
 */
#pragma once

#include "core/service/core.h"

typedef enum
{
  UC_DRAIN_OFF,
  UC_DRAIN_OFFERS,   /* no new offers; those that stand go on */
  UC_DRAIN_DRY,      /* there are no offers any more; everything else goes on */
  UC_DRAIN_LEAVING,  /* desks are gone, no new connections, nothing new is sent; answers are awaited */
  UC_DRAIN_SETTLING, /* nothing new is taken; what was taken is stored and acknowledged */
  UC_DRAIN_STOPPING  /* the instances stop */
} UcDrainPhase;

/* How long each part may take at most, ms. Together with an instance's own time to stop (10 s) and the closing of
 * the store they are less than the 60 s that the service file gives. Tests set them. */
typedef struct
{
  gint64 leave, settle;
} UcDrainTimes;
extern UcDrainTimes uc_drain_times;

UcDrain *uc_drain_new (UcCore *core);
void uc_drain_free (UcDrain *drain);

UcDrainPhase uc_drain_phase (UcCore *core);
const char *uc_drain_word (UcDrainPhase phase);
/* The operation: the command is stepped, so that it fails or is durable when done is called. */
void uc_drain_begin (UcCore *core, const char *by, UcTxnDone done, gpointer data);
/* Fails with CONFLICT when the daemon is stopping. */
void uc_drain_cancel (UcCore *core, const char *by, UcTxnDone done, gpointer data);
/* Drains, then stops: see uc_core_stop. */
void uc_drain_stop (UcCore *core, void (*done) (gpointer data), gpointer data);
/* Somebody is in a hurry: no part is waited for any longer. */
void uc_drain_hurry (UcCore *core);
/* The engine was made anew: it drains on. Before it routes, as a step of the same transaction. */
void uc_drain_restored (UcCore *core, UcTxn *txn);

/* Desks that were told to come back do so within this, spread so that they don't come all at once. */
gint64 uc_drain_return_ms (UcCore *core);
