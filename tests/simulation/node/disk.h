/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The node's disk: an SQLite VFS in memory that knows what was synced and what was not. One thread.
 */
#pragma once

#include <glib.h>

/* Becomes the default of SQLite; once. */
void disk_install (void);
/* The database's bytes, of a store that was closed cleanly. */
GBytes *disk_image (void);
/* A new disk with these bytes as its database, or an empty one. */
void disk_insert (GBytes *image);
/* The process dies: who has files open goes on with what nobody will ever see. `power`: what was not synced is
 * lost, torn or kept, as the dice fall. */
void disk_die (gboolean power);
/* The dead process has let go of everything. */
void disk_bury (void);

/* Writes fail for want of room until then. */
void disk_fill (gint64 until);
gboolean disk_is_full (void);
/* The next sync of the log fails. */
void disk_fail_sync (void);
/* Dies at the n-th write or sync from now. */
void disk_die_at (guint n);
gboolean disk_is_empty (void);
