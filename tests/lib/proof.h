/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long a proof runs. USHER_PROOF=quick is for sanitizers and the release build, check (the default) for
 * `make check`, long for `./bootstrap prove`. A test that loops over seeds prints which, and how many.
 */
#pragma once

#include <glib.h>

static inline guint64
proof_size (guint64 quick, guint64 check, guint64 lasting)
{
  const char *size = g_getenv ("USHER_PROOF");

  if (g_strcmp0 (size, "quick") == 0)
    return quick;
  if (size == NULL || *size == '\0' || g_strcmp0 (size, "check") == 0)
    return check;
  if (g_strcmp0 (size, "long") == 0)
    return lasting;
  g_error ("USHER_PROOF=%s: it is quick, check or long", size);
}

/* USHER_SEED, or `otherwise`. */
static inline guint64
proof_seed (guint64 otherwise)
{
  const char *seed = g_getenv ("USHER_SEED");

  return seed != NULL && *seed != '\0' ? g_ascii_strtoull (seed, NULL, 10) : otherwise;
}
