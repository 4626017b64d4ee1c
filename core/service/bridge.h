/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CRM bridge: says who the customer of an interaction is, makes a draft for a new one, and files transcripts as
 * cases. A CRM that is slow or down never holds up a chat: what could not be done is queued, tried again and
 * shown. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

UcBridge *uc_bridge_new (UcCore *core);
void uc_bridge_free (UcBridge *bridge);

/* The CRM runs (again). */
void uc_bridge_kick (UcBridge *bridge);
/* Finds out what is to be done, at the start and after the engine was read again. */
void uc_bridge_reload (UcBridge *bridge);
void uc_bridge_metrics (UcCore *core, UcMetrics *metrics);

/* ---- cases that the CRM has refused -------------------------------------------------------------------- */

/* Whether the decision holds for this state.interaction row. */
typedef gboolean (*UcBridgeMay) (const UcEvent *row, gpointer data);
/* count: how many it was made about. */
typedef void (*UcBridgeDecided) (gpointer data, guint count, const GError *error);
/* One interaction, or all of those (NULL): their cases are saved again, or they are left without one. */
void uc_bridge_decide (UcBridge *bridge, const char *interaction, gboolean again, const char *by, UcBridgeMay may,
                       gpointer may_data, UcBridgeDecided done, gpointer data);

/* ---- what others need of it ---------------------------------------------------------------------------- */

/* Saves waiting for the CRM. */
guint uc_bridge_pending (UcBridge *bridge);

/* Whether the CRM runs and can merge records. */
gboolean uc_bridge_can_merge (UcCore *core);
/* The agent says that it is none of the matches: a draft of its own. */
void uc_bridge_make_draft (UcBridge *bridge, const UcInteraction *interaction);

/* Runs one CRM slot for an operation. func gets the result; UNCERTAIN when the CRM did not answer in time, RETRY
 * when it does not run. start (ops, self, reply, data) calls the slot. */
typedef void (*UcCrmStart) (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data);
void uc_bridge_call (UcCore *core, UcCrmStart start, gpointer start_data, UcReplyFunc func, gpointer data);
