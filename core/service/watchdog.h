/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Feeds the service manager's watchdog, but only by real progress: the main loop turns, the store's writer commits
 * (or has nothing to do), and the engine's timers are not late. A daemon that still pings while nobody gets
 * anything done would never be restarted. Main thread.
 */
#pragma once

#include "core/service/core.h"

typedef struct UcWatchdog UcWatchdog;

/* What counts as no progress, ms. Tests set them. */
typedef struct
{
  gint64 commit, timers;
} UcWatchdogLimits;
extern UcWatchdogLimits uc_watchdog_limits;

/* The manager expects a sign of life every `interval_ms`; it gets four in that time. The first comes at once. */
UcWatchdog *uc_watchdog_new (UcCore *core, gint64 interval_ms);
void uc_watchdog_free (UcWatchdog *watchdog);
/* What makes no progress, as a sentence; NULL = everything does. To be freed. */
char *uc_watchdog_trouble (UcCore *core);
