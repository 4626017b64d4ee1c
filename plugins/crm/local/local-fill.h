/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a merge filled in the kept record, member by member, so that its undoing takes back just that. A member
 * that a person changes afterwards is that person's and stays. Worker thread.
 */
#ifndef LOCAL_FILL_H
#define LOCAL_FILL_H

#include "local-customer-row.h"

/* Fills the empty members of `keep` from `drop` and notes them under the merge; the caller writes `keep`. */
gboolean local_fill_members (LocalDb *db, gint64 merge, LocalCustomer *keep, const LocalCustomer *drop,
                             LocalPool *pool, GError **error);
/* Empties what the merge filled and nobody changed since; the caller writes `keep`. */
gboolean local_fill_take_back (LocalDb *db, gint64 merge, LocalCustomer *keep, LocalPool *pool, GError **error);
/* Whether the merge filled the e-mail address that the kept record has. */
gboolean local_fill_gave_email (LocalDb *db, gint64 merge, gboolean *gave, GError **error);
/* A person changes the record from `before` to `after`; `completes`: and says that it is complete. */
gboolean local_fill_edited (LocalDb *db, const LocalCustomer *before, const LocalCustomer *after,
                            gboolean completes, GError **error);

#endif
