/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * After an unclean end every page of the database is looked at while the daemon already works, see uc_store_check.
 * What is found is the alarm "database". Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

/* Call once listeners are open. Nothing happens when no look is due. */
void uc_soundness_begin (UcCore *core);
/* "database":{"check","seconds","bytes","pauses"} */
void uc_soundness_view (GString *out, UcCore *core);
void uc_soundness_metrics (UcCore *core, UcMetrics *metrics);
