/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies of a database that may be in use meanwhile. Any thread; blocks.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gint64 schema, last_seq, events, messages, bytes;
} UcBackupInfo;

/* FALSE stops it. */
typedef gboolean (*UcBackupProgress) (gint64 done, gint64 all, gpointer data);

/* The database as it was at one moment, in one flushed file that must not be there yet. It reads through a
 * connection of its own, which neither writes nor checkpoints, and in one transaction, so that it ends however
 * much is written meanwhile. Stopped or failed: the file is removed. */
gboolean uc_backup_copy (const char *from, const char *to, UcBackupProgress progress, gpointer data,
                         GError **error);
/* Whether a file that nobody writes is sound, and what is in it. */
gboolean uc_backup_check (const char *path, UcBackupInfo *info, GError **error);
/* Each kept file that the database knows. FALSE from func ends it. */
gboolean uc_backup_each_media (const char *path,
                               gboolean (*func) (const char *id, gint64 size, gpointer data, GError **error),
                               gpointer data, GError **error);
/* Keeps a daemon off the database, see UC_ERROR_CONFLICT. The descriptor is the lock. */
int uc_backup_lock (const char *path, GError **error);
/* There is a database now. */
void uc_backup_settle (int lock);
/* Brings what the log of a locked database holds into the database itself, if that can be done. */
void uc_backup_fold (const char *path);
