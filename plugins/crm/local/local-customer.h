/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Customers and their identities. Worker thread.
 */
#ifndef LOCAL_CUSTOMER_H
#define LOCAL_CUSTOMER_H

#include "local-db.h"

/* The work behind the slots of the same name. */
gboolean local_customer_lookup (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_customer_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_customer_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

/* Number of the customer with this id, 0 = none. */
gboolean local_customer_find (LocalDb *db, const char *id, gint64 *n, GError **error);
/* The customer's record, added to the answer. */
UsherCustomer *local_customer_load (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error);

#endif
