/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemon's clock. The engine never reads it: `now` is an argument there.
 */
#pragma once

#include <glib.h>

/* ms since the epoch. Follows the wall clock when it is set ahead; when it is set back, goes on at its own pace,
 * so deadlines and order survive that and no timer waits for the wall clock to catch up. Any thread. */
gint64 uc_clock_now (void);

/* The rule behind it, in us: *ahead is the largest distance of wall and monotonic clock so far. */
gint64 uc_clock_follow (gint64 *ahead, gint64 wall, gint64 monotonic);
