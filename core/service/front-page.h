/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET / of the public listeners, for whoever types the name of the host only. Main thread.
 */
#pragma once

#include "core/service/core.h"

/* After the instances were started. With exactly one front end that has a page, "/" leads there; an instance
 * whose mount is "/" has the path for itself. */
gboolean uc_front_page_start (UcCore *core, GError **error);
