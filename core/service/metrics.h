/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All figures of the daemon as one text, for GET /metrics. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

/* To be freed. */
char *uc_metrics_text (UcCore *core);
