/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Intake: what channels deliver. Finds the conversation, drops duplicates, steps the engine, and answers the
 * channel only when everything is durable. Main thread.
 */
#pragma once

#include "core/service/core.h"

UcIntake *uc_intake_new (UcCore *core);
void uc_intake_free (UcIntake *intake);

/* Host-table functions of channels. */
void uc_intake_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count,
                        UsherDelivered done, void *data);
void uc_intake_typing (UsherInstance *instance, const char *user_id, bool on);
void uc_intake_history (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done,
                        void *data);

/* The agent types: told to the customer's channel. */
void uc_intake_agent_typing (UcIntake *intake, const UcInteraction *interaction, gboolean on);
/* The engine was read again: what is known about conversations is read again, too. */
void uc_intake_reset (UcIntake *intake);
/* The instance is going away: deliveries that it waits for are dropped without an answer. */
void uc_intake_forget (UcIntake *intake, UsherInstance *instance);
guint uc_intake_pending (UcIntake *intake);
/* Whether another delivery may come, though it may have to wait until the store keeps up. */
gboolean uc_intake_has_room (UcIntake *intake);
/* The store has answered a commit: what waits for it may go on. */
void uc_intake_go_on (UcIntake *intake);
/* For how long the oldest delivery has been under way; 0 = none is. */
gint64 uc_intake_oldest_us (UcIntake *intake);
/* Adds its queues to `queues` (of UcQueueFigures). */
void uc_intake_queues (UcCore *core, GArray *queues);
