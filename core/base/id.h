/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ids and tokens. Any thread.
 */
#pragma once

#include <glib.h>

/* "int_" + 26 letters and digits from 128 random bits: not guessable, safe in URLs and file names. */
char *uc_id_new (const char *prefix);
/* Random bytes fit for keys. Never fails: the kernel's generator not answering is fatal. */
void uc_random_bytes (void *buf, gsize len);
