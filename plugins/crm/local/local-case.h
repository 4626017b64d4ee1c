/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cases and their transcripts. Worker thread.
 */
#ifndef LOCAL_CASE_H
#define LOCAL_CASE_H

#include "local-db.h"

/* The work behind the slots of the same name. */
gboolean local_case_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_case_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

/* The case's record, added to the answer. */
UsherCase *local_case_load (LocalDb *db, gint64 n, gboolean transcript, LocalAnswer *answer, GError **error);

#endif
