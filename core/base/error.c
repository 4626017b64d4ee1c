/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Error domain. Any thread.
 */
#include "core/base/error.h"

/* clang-format off */
G_DEFINE_QUARK (uc-error-quark, uc_error)
/* clang-format on */

static const struct
{
  const char *word;
  int http;
} table[] = {
  [UC_ERROR_INVALID] = { "invalid", 400 },
  [UC_ERROR_NOT_FOUND] = { "not_found", 404 },
  [UC_ERROR_DENIED] = { "denied", 403 },
  [UC_ERROR_UNAUTHENTICATED] = { "unauthenticated", 401 },
  [UC_ERROR_GONE] = { "gone", 410 },
  [UC_ERROR_CONFLICT] = { "conflict", 409 },
  [UC_ERROR_BUSY] = { "busy", 429 },
  [UC_ERROR_UNAVAILABLE] = { "unavailable", 503 },
  [UC_ERROR_UNSUPPORTED] = { "unsupported", 501 },
  [UC_ERROR_FAILED] = { "failed", 500 },
};

static int
index_of (const GError *error)
{
  if (error != NULL && error->domain == UC_ERROR && error->code >= 0 && error->code < (int)G_N_ELEMENTS (table))
    return error->code;
  return UC_ERROR_FAILED;
}

const char *
uc_error_word (const GError *error)
{
  return table[index_of (error)].word;
}

int
uc_error_http_status (const GError *error)
{
  return table[index_of (error)].http;
}
