/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What agents have read, told to the customer's network. Main thread.
 */
#pragma once

#include "core/service/core.h"

typedef struct UcSeen UcSeen;

UcSeen *uc_seen_new (UcCore *core);
void uc_seen_free (UcSeen *seen);

/* The agent has the lines up to number n before his eyes. */
void uc_seen_up_to (UcSeen *seen, const UcConversation *conversation, gint64 n);
/* The conversation leaves memory. */
void uc_seen_forget (UcSeen *seen, const char *conversation);
