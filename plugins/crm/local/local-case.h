/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Getting and saving cases. Worker thread.
 */
#ifndef LOCAL_CASE_H
#define LOCAL_CASE_H

#include "local-case-row.h"

/* The work behind the slots of the same name. */
gboolean local_case_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_case_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

/* The case's record, added to the answer; `full`: with transcript, comments, history and follow-ups. */
UsherCase *local_case_load (LocalDb *db, gint64 n, gboolean full, LocalAnswer *answer, GError **error);

/* A save of `wanted` in the making. */
typedef struct
{
  UsherCase wanted;
  gint64 lines;             /* of wanted.transcript */
  const LocalCase *earlier; /* what wanted.follow_up_of names, or NULL */
  gboolean touched;         /* something beside the members has changed: the case needs a new version */
} LocalSave;

/* Make a case, or change the one with number n, and answer it. */
gboolean local_case_create (LocalDb *db, const LocalSave *save, LocalAnswer *answer, GError **error);
gboolean local_case_change (LocalDb *db, gint64 n, const LocalSave *save, LocalAnswer *answer, GError **error);

#endif
