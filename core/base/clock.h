/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemon's clock. The engine never reads it: `now` is an argument there.
 */
#pragma once

#include <glib.h>

/* ms since the epoch. Never steps back while the process lives, so deadlines and order survive a wall clock that
 * is set back; any thread. */
gint64 uc_clock_now (void);
