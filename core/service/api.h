/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operation table over HTTP: POST /api/v1/NAME on the public listeners (session cookie or bearer token) and on
 * the control socket (peer credentials); GET /api/v1/media/ID for who is at a desk; GET /healthz. Main thread.
 */
#pragma once

#include "core/service/core.h"

gboolean uc_api_start (UcCore *core, GError **error);
/* {"error":{...}} with the status of the error. */
void uc_api_respond_error (UsherExchange *exchange, const GError *error);
