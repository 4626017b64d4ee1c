/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who a new conversation could be from: the customer who has the identity, otherwise those whom the settings let
 * match. Worker thread.
 */
#include "local-customer.h"
#include "local-text.h"

/* How many customers of the same name a look-up answers. */
#define MOST_CANDIDATES 20

static gboolean
add_once (LocalDb *db, gint64 n, GHashTable *seen, LocalAnswer *answer, GError **error)
{
  return !g_hash_table_add (seen, g_memdup2 (&n, sizeof n)) || local_customer_load (db, n, answer, error) != NULL;
}

static gboolean
add_by_email (LocalDb *db, const char *id, GHashTable *seen, LocalAnswer *answer, GError **error)
{
  const LocalCustomer *owner;
  gint64 n;

  if (local_text_email_problem (id) != NULL)
    return TRUE;
  if (!local_customer_find_email (db, id, &n, error) || !local_customer_kept (db, n, &n, error))
    return FALSE;
  if (n == 0)
    return TRUE;
  owner = local_customer_read (db, n, answer->pool, error);
  return owner != NULL && (owner->record.draft || add_once (db, n, seen, answer, error));
}

static gboolean
add_by_name (LocalDb *db, const char *name, GHashTable *seen, LocalAnswer *answer, GError **error)
{
  g_autoptr (LocalStatement) find
      = local_db_prepare (db,
                          "SELECT n FROM customers WHERE name_key = ?1 AND merged_into IS NULL"
                          " ORDER BY change DESC LIMIT ?2",
                          error);
  g_autofree char *key = local_text_fold (name);
  gboolean row = TRUE;

  if (find == NULL)
    return FALSE;
  local_bind_text (find, 1, key);
  local_bind_int (find, 2, MOST_CANDIDATES);
  while (row)
    {
      if (!local_db_step (db, find, &row, error)
          || (row && !add_once (db, sqlite3_column_int64 (find, 0), seen, answer, error)))
        return FALSE;
    }
  return TRUE;
}

gboolean
local_customer_lookup (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  const UsherIdentity *identity = request->identity;
  gint64 n;

  if (!local_customer_find_identity (db, identity, &n, error))
    return FALSE;
  if (n != 0)
    return local_customer_load (db, n, answer, error) != NULL;
  return (!db->config->match_email || add_by_email (db, identity->id, seen, answer, error))
         && (!db->config->match_name || identity->name == NULL
             || add_by_name (db, identity->name, seen, answer, error));
}
