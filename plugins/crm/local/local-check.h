/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What may come in: each function copies one argument of a slot into the pool, checked, trimmed and bounded, or
 * says what is wrong. Main thread (the host's JSON service explains its errors only there).
 */
#ifndef LOCAL_CHECK_H
#define LOCAL_CHECK_H

#include "local-value.h"

const char *local_check_id (LocalPool *pool, const char *id, GError **error);
UsherIdentity *local_check_identity (LocalPool *pool, const UsherIdentity *identity, GError **error);
/* For lists of cases; a search for customers knows other states. */
UsherCrmQuery *local_check_query (LocalPool *pool, const UsherCrmQuery *query, gboolean cases, GError **error);
UsherCustomer *local_check_customer (const UsherHost *host, LocalPool *pool, const UsherCustomer *customer,
                                     GError **error);
UsherCase *local_check_case (const UsherHost *host, LocalPool *pool, const UsherCase *record, GError **error);
UsherMerge *local_check_merge (LocalPool *pool, const UsherMerge *merge, gboolean undo, GError **error);

#endif
