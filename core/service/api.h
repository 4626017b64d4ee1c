/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operation table over HTTP: POST /api/v1/NAME on the public listeners (session cookie or bearer token) and on
 * the control socket (peer credentials); GET /healthz. Main thread.
 */
#pragma once

#include "core/service/core.h"

gboolean uc_api_start (UcCore *core, GError **error);
