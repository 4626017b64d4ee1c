/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happened to a case: who changed which member from what to what, and comments. Both only ever grow. Worker
 * thread.
 */
#ifndef LOCAL_HISTORY_H
#define LOCAL_HISTORY_H

#include "local-case-row.h"

/* One line of the history; texts may be NULL. `why` is for changes that no person asked for. */
typedef struct
{
  const char *author, *field, *from, *to, *why;
} LocalChange;

gboolean local_history_add (LocalDb *db, gint64 n, const LocalChange *change, GError **error);
/* A line for each member that differs, by `author`. */
gboolean local_history_compare (LocalDb *db, const LocalCase *before, const LocalCase *after, const char *author,
                                LocalPool *pool, GError **error);

/* `version` is the one that the case gets with the comment. */
gboolean local_comment_add (LocalDb *db, gint64 n, gint64 version, const char *author, const char *text,
                            GError **error);
/* Whether the comment is there because this very save was made before and its answer got lost. */
gboolean local_comment_is_there (LocalDb *db, gint64 n, const UsherCase *wanted, gboolean *there, GError **error);

/* record->comments and record->history. */
gboolean local_history_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error);

#endif
