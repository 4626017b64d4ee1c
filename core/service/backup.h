/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backups of a running daemon: a folder with the database as it was at one moment (usher.db), the kept files it
 * speaks of (media/), and what it should hold (backup.json). Made under another name and verified before it gets
 * its own. One at a time, on a thread of its own: "uc-backup". Main thread.
 */
#pragma once

#include "core/service/core.h"

/* Begins. FALSE with INVALID: the path is no good; CONFLICT: one is under way, or the path is taken. */
gboolean uc_backup_begin (UcCore *core, const char *folder, GError **error);
/* How it goes, or how the last one went: {"state":"none|running|done|failed", ...} */
char *uc_backup_status (UcCore *core);
/* Ends one that is under way; nothing of it stays. */
void uc_backup_free (UcBackup *backup);
