/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of customers and their identities: finding, reading, writing, without any rule about what may be written.
 * A merged record stays in its row and points to the one that was kept. Worker thread.
 */
#ifndef LOCAL_CUSTOMER_ROW_H
#define LOCAL_CUSTOMER_ROW_H

#include "local-db.h"

typedef struct
{
  UsherCustomer record; /* `name` stays NULL when none was given */
  gint64 n;             /* 0 = not written yet */
  gint64 top;           /* highest version ever given, so that none is given twice */
  gint64 change;        /* its place among the changes of all; on write 0 = the newest */
  gint64 merged_into;   /* 0 = nobody */
} LocalCustomer;

/* Number of the record with this id, merged or not; 0 = none. */
gboolean local_customer_find (LocalDb *db, const char *id, gint64 *n, GError **error);
/* The same, or of the record it was merged into. */
gboolean local_customer_find_kept (LocalDb *db, const char *id, gint64 *n, GError **error);
/* The record that was kept of `n`; itself when it was never merged. 0 stays 0. */
gboolean local_customer_kept (LocalDb *db, gint64 n, gint64 *kept, GError **error);
/* Owner of the address, merged or not. NULL and "" belong to nobody. */
gboolean local_customer_find_email (LocalDb *db, const char *email, gint64 *n, GError **error);
gboolean local_customer_find_identity (LocalDb *db, const UsherIdentity *identity, gint64 *n, GError **error);

LocalCustomer *local_customer_read (LocalDb *db, gint64 n, LocalPool *pool, GError **error);
/* All but merged_into; n 0 makes a new row. */
gboolean local_customer_write (LocalDb *db, LocalCustomer *customer, LocalPool *pool, GError **error);
/* Makes the words under which it is searched, none for a merged record. */
gboolean local_customer_index (LocalDb *db, const LocalCustomer *customer, LocalPool *pool, GError **error);
/* Gives it a new version, now. */
void local_customer_touch (LocalDb *db, LocalCustomer *customer);

/* What people see when nobody gave a display name. */
const char *local_customer_name (LocalPool *pool, const UsherCustomer *customer);
/* The record as an answer has it, added to it. */
UsherCustomer *local_customer_load (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error);

#endif
