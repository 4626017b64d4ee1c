/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Watches how much room the disk of the database has left, and gives up work in good time: first what can be done
 * without, then what customers bring. What is there can be read all the while. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

typedef enum
{
  UC_SPACE_AMPLE,
  UC_SPACE_LOW,   /* an alarm */
  UC_SPACE_SHORT, /* and no files of customers, no search index */
  UC_SPACE_OUT,   /* and nothing new from customers; what is left is for what agents do with the chats they have */
  UC_SPACE_LEVELS
} UcSpaceLevel;

/* Bytes below which each level begins; that of UC_SPACE_AMPLE is not used. */
typedef struct
{
  guint64 below[UC_SPACE_LEVELS];
} UcSpaceMarks;

/* What is set in bytes counts; 0 is replaced by a share of a file system of `total` bytes. */
void uc_space_marks (UcSpaceMarks *marks, guint64 total, const gint64 set[UC_SPACE_LEVELS]);
/* A level is left again only when there is a tenth more than what it began with, so that it does not flap. */
UcSpaceLevel uc_space_level (const UcSpaceMarks *marks, guint64 available, UcSpaceLevel now);

/* Looks at once, then every two seconds, ten times a second while there is not twice what the alarm begins with.
 */
UcSpace *uc_space_new (UcCore *core);
void uc_space_free (UcSpace *space);
/* A write failed: looks now instead of later. */
void uc_space_look (UcCore *core);
/* FALSE = there is no room for it, with a sentence that says so. For what can be done without. */
gboolean uc_space_spares (UcCore *core, GError **error);
void uc_space_metrics (UcCore *core, UcMetrics *metrics);
