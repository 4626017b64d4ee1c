/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of cases and their transcripts: finding, reading, writing, without any rule about what may be written.
 * Worker thread.
 */
#ifndef LOCAL_CASE_ROW_H
#define LOCAL_CASE_ROW_H

#include "local-db.h"

typedef struct
{
  UsherCase record;
  gint64 n;            /* 0 = not written yet */
  gint64 customer;     /* 0 = none */
  gint64 follow_up_of; /* the earlier case that this one names, 0 = none */
  gint64 closed_at;    /* 0 = it is open */
} LocalCase;

/* Number of the case with this id or this number for people ("C-1042"), 0 = none. */
gboolean local_case_find (LocalDb *db, const char *id, gint64 *n, GError **error);
/* Number of the case that this interaction made, 0 = none. */
gboolean local_case_find_interaction (LocalDb *db, const char *interaction, gint64 *n, GError **error);
/* A NOT_FOUND that says where to look; always FALSE. */
gboolean local_case_not_found (const char *id, GError **error);

LocalCase *local_case_read (LocalDb *db, gint64 n, LocalPool *pool, GError **error);
/* n 0 makes a new row. A written case is the newest activity. */
gboolean local_case_write (LocalDb *db, LocalCase *record, LocalPool *pool, GError **error);
/* Makes the words under which it is searched. */
gboolean local_case_index (LocalDb *db, const LocalCase *record, LocalPool *pool, GError **error);

/* *lines: how many lines the JSON text of a transcript has; INVALID when it is not an array of objects. */
gboolean local_transcript_lines (LocalDb *db, const char *transcript, gint64 *lines, GError **error);
/* Keeps the stored one when it is longer: more lines, or as many in more bytes. *grown tells. */
gboolean local_transcript_save (LocalDb *db, gint64 n, const char *transcript, gint64 lines, gboolean *grown,
                                GError **error);
gboolean local_transcript_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error);

#endif
