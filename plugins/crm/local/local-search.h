/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists of customers and cases, page by page. Worker thread.
 */
#ifndef LOCAL_SEARCH_H
#define LOCAL_SEARCH_H

#include "local-db.h"

gboolean local_search_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);
gboolean local_search_cases (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error);

#endif
