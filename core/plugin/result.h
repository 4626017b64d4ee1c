/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deep copies of UsherResult: whatever header the plugin was built against, the copy is full-size, its text is
 * UTF-8 and its lists are bounded. Private to core/plugin.
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>

typedef struct UcResult UcResult;

/* NULL, an absurd size or an unknown status become USHER_FAILED with a message that says so. Any thread. */
UcResult *uc_result_copy (const UsherResult *result);
void uc_result_free (UcResult *copy);
const UsherResult *uc_result_get (const UcResult *copy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcResult, uc_result_free)
