/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Start of the shell; its transactions are in core/service/core.h.
 */
#pragma once

#include "core/service/core.h"

/* Makes the engine from what is stored. */
gboolean uc_shell_load (UcCore *core, GError **error);
/* Lets time run: offers what can be offered, arms the engine's timers. */
void uc_shell_go (UcCore *core);
