/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a disk may hold after a loss of power: of everything that was not synced each sector was written, not
 * written, or half written, files may be longer or shorter, and names that were made or removed may be there or
 * not.
 */
#pragma once

#include "tests/fault/disk.h"

typedef struct Loss Loss;

/* Follows a record of the disk (see disk_recorded) from its beginning. */
Loss *loss_new (const GArray *record, guint sector);
void loss_free (Loss *loss);
/* One operation on; FALSE = there is none. */
gboolean loss_next (Loss *loss);
/* The last mark that was passed; -1 = none. */
gint64 loss_mark (const Loss *loss);
/* Whether there is anything that can be lost. */
gboolean loss_is_dirty (const Loss *loss);
/* How it may look when the power fails now: nothing of what was not synced (keep 0), everything (100), or by
 * chance. */
DiskImage *loss_image (const Loss *loss, GRand *rand, guint keep);
