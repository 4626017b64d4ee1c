/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Later interactions about an earlier case: whether one joins the case, reopens it or gets a case of its own, and
 * what of its saves the case takes over. Worker thread.
 */
#ifndef LOCAL_FOLLOW_UP_H
#define LOCAL_FOLLOW_UP_H

#include "local-case.h"

/* Number of the case that took the interaction as a follow-up, 0 = none did. */
gboolean local_follow_up_find (LocalDb *db, const char *interaction, gint64 *n, GError **error);
/* The first save of an interaction that names an earlier case (save->earlier). */
gboolean local_follow_up_place (LocalDb *db, const LocalSave *save, LocalAnswer *answer, GError **error);
/* A save of an interaction that is a follow-up in case n already. */
gboolean local_follow_up_again (LocalDb *db, gint64 n, const LocalSave *save, LocalAnswer *answer, GError **error);
/* record->follow_ups of case n. */
gboolean local_follow_up_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error);

#endif
