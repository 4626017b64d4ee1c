/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outbox: carries durable agent messages to their channels, one after the other in each conversation, and keeps
 * their states. A message is in the store's outbox from the commit that made it until a final result is committed,
 * so it is never lost and, after a restart, sent again under the same id. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

UcOutbox *uc_outbox_new (UcCore *core);
void uc_outbox_free (UcOutbox *outbox);

/* The instance can send (again). */
void uc_outbox_kick (UcOutbox *outbox, UsherInstance *instance);
/* Reads everything from the store, at the start and after the engine was read again. */
void uc_outbox_reload (UcOutbox *outbox);
/* The conversation leaves memory; late receipts read its lines from the store. */
void uc_outbox_forget (UcOutbox *outbox, const char *conversation);
guint uc_outbox_pending (UcOutbox *outbox);
/* Messages that a channel was given and whose fate is not durable yet. */
guint uc_outbox_with_channels (UcOutbox *outbox);
/* One conversation's. */
guint uc_outbox_waiting (UcOutbox *outbox, const char *conversation);

/* ---- what a person decides ----------------------------------------------------------------------------- */

/* An alarm says so when so many messages could not be delivered and nobody has decided about them, or one of them
 * for so long. */
#define UC_DEAD_MANY 20
#define UC_DEAD_LONG_MS (60 * 60 * (gint64)1000)

/* row: of uc_store_outbox_list, uncertain or failed. It is sent again under the same id, or left as it is. When
 * `again` is durable, call uc_outbox_again. */
gboolean uc_outbox_decide (UcOutbox *outbox, UcTxn *txn, const UcEvent *row, gboolean again, const char *by,
                           GError **error);
void uc_outbox_again (UcOutbox *outbox, const UcEvent *row);
void uc_outbox_metrics (UcCore *core, UcMetrics *metrics);

/* ---- what came back ------------------------------------------------------------------------------------ */

/* Whether it is known what was sent in this conversation; if not, uc_outbox_load reads it (why NULL = done). */
gboolean uc_outbox_knows (UcOutbox *outbox, const char *conversation);
void uc_outbox_load (UcOutbox *outbox, const UcConversation *conversation,
                     void (*done) (gpointer data, const char *why), gpointer data);

typedef struct
{
  const char *state;       /* delivered read */
  const char *external_id; /* of one message; NULL = none */
  gint64 upto;             /* all with n <= upto; 0 = not by number */
  gint64 upto_at;          /* all sent at or before; 0 = not by time */
} UcReceipt;

/* Adds message.state events to the transaction for what it covers. FALSE = not known what was sent. */
gboolean uc_outbox_receipt (UcOutbox *outbox, UcTxn *txn, const char *conversation, const UcReceipt *receipt);
/* Whether a message of ours has this id of ours or of the network. */
gboolean uc_outbox_has (UcOutbox *outbox, const char *conversation, const char *message, const char *external_id);
/* The network shows us our own message: it took it, whatever its answer was or will be. FALSE = not ours. */
gboolean uc_outbox_echo (UcOutbox *outbox, UcTxn *txn, const char *conversation, const char *message,
                         const char *external_id);
/* A line of ours that is not to be sent: somebody wrote it with another tool. */
void uc_outbox_note (UcOutbox *outbox, const UcEvent *line);
