/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * While the store can't take a change (no room on the disk, a lock, a disk that fails): the engine stands still at
 * what is durable, everything that would be stored is refused at the door, reading goes on, and now and then a
 * small write finds out whether it works again. So nothing is tried and taken back in vain, and a desk is told
 * twice, not every second. Main thread.
 */
#pragma once

#include "core/service/core.h"

/* What somebody hears who wants to change something meanwhile. */
#define UC_HELD_TEXT                                                                                              \
  "the server can't store anything just now (its log says why), so nothing can be changed; what is stored can "   \
  "be read; try again in a moment"

/* The engine was read again; core->held says why. Ends with uc_shell_resume. */
void uc_hold (UcCore *core);
