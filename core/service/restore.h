/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts a backup in the place of a database that no daemon uses. Blocks.
 */
#pragma once

#include <glib.h>

/* backup: a folder that "usherctl backup" made. database: path of the database file. It is verified first; what
 * was in its place is kept beside it under the name that *kept gets (g_free; NULL = there was nothing). Refused,
 * and nothing changed: a daemon runs, the backup is damaged or incomplete or its journal is wrong, there is no
 * room. */
gboolean uc_restore (const char *backup, const char *database, const char *media, char **kept, GError **error);
