/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking up, getting and saving customers. Worker thread.
 */
#ifndef LOCAL_CUSTOMER_H
#define LOCAL_CUSTOMER_H

#include "local-customer-row.h"

/* The work behind the slots of the same name. */
gboolean local_customer_lookup (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_customer_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_customer_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

/* Puts the record that was kept of `n` in the answer and says so in a CONFLICT; always FALSE. */
gboolean local_customer_was_merged (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error);

#endif
