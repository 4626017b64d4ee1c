/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders of files that must be complete and on the disk before they are called by their name. Any thread; blocks.
 */
#pragma once

#include <glib.h>

#define UC_FOLDER_MISSING (-1)
#define UC_FOLDER_FAILED (-2)

/* errno as an error: "can't DOING PATH: why; what to do". Returns FALSE. */
gboolean uc_folder_fail (GError **error, const char *doing, const char *path);
/* Bytes that were copied into a new file, or one of the two above; FAILED sets the error. */
gint64 uc_folder_copy_file (const char *from, const char *to, GError **error);
/* All below it, too. */
gboolean uc_folder_copy (const char *from, const char *to, GError **error);
void uc_folder_remove (const char *path);
/* Everything in it is on the disk. */
gboolean uc_folder_flush (const char *path, GError **error);
/* Refuses where something has that name; the new name is on the disk. */
gboolean uc_folder_rename_new (const char *from, const char *to, GError **error);
