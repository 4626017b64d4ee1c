/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two customer records that are one person: merging, undoing it, and what the rest of the plugin must know of it.
 * Worker thread.
 */
#ifndef LOCAL_MERGE_H
#define LOCAL_MERGE_H

#include "local-customer-row.h"

/* The work behind the slots of the same name. */
gboolean local_merge_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_unmerge_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

/* customer->merges of the record with this number. */
gboolean local_merge_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCustomer *customer, GError **error);
/* A merged record gives up its e-mail address to the one that was kept. */
gboolean local_merge_release_email (LocalDb *db, gint64 n, GError **error);

#endif
