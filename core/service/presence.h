/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Presence: tells the engine whether an agent has a desk. Main thread.
 */
#pragma once

#include "core/service/core.h"

/* The user's desks or what he asked for have changed. */
void uc_presence_update (UcCore *core, const char *user);
/* All agents: after a start or a reload nothing that is stored about desks is true. */
void uc_presence_update_all (UcCore *core);
