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
/* The engine is what is stored, and what is stepped can be stored: everything goes on. */
void uc_shell_resume (UcCore *core);
/* Nobody can tell what is durable: ends the process, so that the next start can. */
void uc_shell_give_up (const char *why) G_GNUC_NORETURN;
