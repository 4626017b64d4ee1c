/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outbox: carries durable agent messages to their channels, one after the other in each conversation, and keeps
 * their states. A message is in the store's outbox from the commit that made it until a final result is committed,
 * so it is never lost and, after a restart, sent again under the same id. Main thread.
 */
#pragma once

#include "core/service/core.h"

UcOutbox *uc_outbox_new (UcCore *core);
void uc_outbox_free (UcOutbox *outbox);

/* The instance can send (again). */
void uc_outbox_kick (UcOutbox *outbox, UsherInstance *instance);
/* A receipt: adds message.state events to the transaction for what it covers. upto 0 = the one with external_id.
 */
void uc_outbox_receipt (UcOutbox *outbox, UcTxn *txn, const char *channel, const char *identity,
                        const char *external_id, gint64 upto, const char *state);
/* Reads everything from the store, at the start and after the engine was read again. */
void uc_outbox_reload (UcOutbox *outbox);
/* The conversation leaves memory; late receipts read its lines from the store. */
void uc_outbox_forget (UcOutbox *outbox, const char *conversation);
guint uc_outbox_pending (UcOutbox *outbox);
/* One conversation's. */
guint uc_outbox_waiting (UcOutbox *outbox, const char *conversation);
