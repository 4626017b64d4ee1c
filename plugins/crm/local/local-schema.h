/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables, whose file it is, and which version. Worker thread.
 */
#ifndef LOCAL_SCHEMA_H
#define LOCAL_SCHEMA_H

#include "local-db.h"

/* Refuses a file of another program or of a newer version, before anything is written to it. */
gboolean local_schema_recognise (LocalDb *db, GError **error);
/* Runs the steps that are missing, each in a transaction of its own. */
gboolean local_schema_upgrade (LocalDb *db, GError **error);

#endif
