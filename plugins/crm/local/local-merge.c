/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Merging. The dropped record keeps its row as it was and points to the kept one; its identities and cases move,
 * and each move is written down, so that undoing needs no guess. Worker thread.
 */
#include "local-merge.h"

#include <string.h>

#include "local-customer.h"
#include "local-fill.h"

gboolean
local_merge_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCustomer *customer, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (
      db,
      "SELECT json_group_array (json_object ('id', m.id, 'customer', c.id, 'name', m.name, 'at', m.at, 'by',"
      " m.author)) FROM (SELECT * FROM merges WHERE kept = ? AND undone_at IS NULL ORDER BY n) AS m"
      " JOIN customers AS c ON c.n = m.dropped",
      error);
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_int (read, 1, n);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  customer->merges = local_column_text (read, 0, pool);
  return TRUE;
}

gboolean
local_merge_release_email (LocalDb *db, gint64 n, GError **error)
{
  g_autoptr (LocalStatement) release
      = local_db_prepare (db, "UPDATE customers SET email_key = NULL WHERE n = ?", error);

  if (release == NULL)
    return FALSE;
  local_bind_int (release, 1, n);
  return local_db_finish (db, release, error);
}

/* ---- what may be merged -------------------------------------------------------------------------------- */

static gboolean
find_one (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  if (!local_customer_find (db, id, n, error))
    return FALSE;
  if (*n == 0)
    g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                 "There is no customer with the id %s to merge. It may belong to another CRM.", id);
  return *n != 0;
}

/* The merge that brought `drop` into `keep`, maybe by way of others; NULL = none. */
static gboolean
find_done (LocalDb *db, gint64 keep, gint64 drop, LocalPool *pool, char **merge, GError **error)
{
  g_autoptr (LocalStatement) climb = local_db_prepare (
      db,
      "WITH RECURSIVE up (id, kept) AS (SELECT id, kept FROM merges WHERE dropped = ?1 AND undone_at IS NULL"
      " UNION ALL SELECT m.id, m.kept FROM up JOIN merges AS m ON m.dropped = up.kept AND m.undone_at IS NULL)"
      " SELECT id FROM up WHERE kept = ?2",
      error);
  gboolean row;

  if (climb == NULL)
    return FALSE;
  local_bind_int (climb, 1, drop);
  local_bind_int (climb, 2, keep);
  if (!local_db_step (db, climb, &row, error))
    return FALSE;
  *merge = row ? local_column_text (climb, 0, pool) : NULL;
  return TRUE;
}

static guint
count_identities (const LocalCustomer *customer)
{
  guint n = 0;

  while (customer->record.identities != NULL && customer->record.identities[n] != NULL)
    n++;
  return n;
}

static gboolean
check_room (const LocalCustomer *keep, const LocalCustomer *drop, GError **error)
{
  guint together = count_identities (keep) + count_identities (drop);

  if (together <= LOCAL_MOST_IDENTITIES)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "Together the two customers have %u identities and one can have %d. Remove some first.", together,
               LOCAL_MOST_IDENTITIES);
  return FALSE;
}

/* ---- doing it ------------------------------------------------------------------------------------------ */

/* Runs a statement whose arguments are numbers. */
static gboolean
run (LocalDb *db, const char *sql, gint64 first, gint64 second, GError **error)
{
  g_autoptr (LocalStatement) statement = local_db_prepare (db, sql, error);

  if (statement == NULL)
    return FALSE;
  local_bind_int (statement, 1, first);
  local_bind_int (statement, 2, second);
  return local_db_finish (db, statement, error);
}

static gboolean
note_merge (LocalDb *db, const LocalCustomer *keep, const LocalCustomer *drop, const char *author,
            LocalAnswer *answer, gint64 *merge, GError **error)
{
  g_autoptr (LocalStatement) add = local_db_prepare (
      db,
      "INSERT INTO merges (id, kept, dropped, name, at, author, kept_version, kept_updated_at, kept_change,"
      " merged_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);
  const char *id = local_pool_id (answer->pool, db->host, "mrg");

  if (add == NULL)
    return FALSE;
  local_bind_text (add, 1, id);
  local_bind_int (add, 2, keep->n);
  local_bind_int (add, 3, drop->n);
  local_bind_text (add, 4, local_customer_name (answer->pool, &drop->record));
  local_bind_int (add, 5, db->host->now ());
  local_bind_text (add, 6, author);
  local_bind_int (add, 7, keep->record.version);
  local_bind_int (add, 8, keep->record.updated_at);
  local_bind_int (add, 9, keep->change);
  local_bind_int (add, 10, keep->top + 1);
  if (!local_db_finish (db, add, error))
    return FALSE;
  *merge = sqlite3_last_insert_rowid (db->handle);
  answer->data = local_pool_take (answer->pool, g_strdup_printf ("{\"merge\":\"%s\"}", id));
  return TRUE;
}

/* The dropped record's identities come after those that the kept one has. */
static gboolean
move_all (LocalDb *db, gint64 merge, gint64 keep, gint64 drop, GError **error)
{
  return run (db,
              "INSERT INTO merge_identities (merge, network, id, place)"
              " SELECT ?1, network, id, place FROM identities WHERE customer = ?2",
              merge, drop, error)
         && run (db,
                 "UPDATE identities SET customer = ?1, place = place + 1"
                 " + coalesce ((SELECT max (place) FROM identities WHERE customer = ?1), -1) WHERE customer = ?2",
                 keep, drop, error)
         && run (db, "INSERT INTO merge_cases (merge, record) SELECT ?1, n FROM cases WHERE customer = ?2", merge,
                 drop, error)
         && run (db, "UPDATE cases SET customer = ?1 WHERE customer = ?2", keep, drop, error);
}

static gboolean
hide (LocalDb *db, LocalCustomer *drop, gint64 keep, LocalPool *pool, GError **error)
{
  drop->merged_into = keep;
  return run (db, "UPDATE customers SET merged_into = ?1 WHERE n = ?2", keep, drop->n, error)
         && local_customer_index (db, drop, pool, error);
}

static gboolean
merge_two (LocalDb *db, gint64 keep_n, gint64 drop_n, const char *author, LocalAnswer *answer, GError **error)
{
  LocalCustomer *keep = local_customer_read (db, keep_n, answer->pool, error);
  LocalCustomer *drop = keep != NULL ? local_customer_read (db, drop_n, answer->pool, error) : NULL;
  gint64 merge;
  gboolean email;

  if (drop == NULL || !check_room (keep, drop, error)
      || !note_merge (db, keep, drop, author, answer, &merge, error)
      || !move_all (db, merge, keep_n, drop_n, error) || !hide (db, drop, keep_n, answer->pool, error))
    return FALSE;
  keep = local_customer_read (db, keep_n, answer->pool, error);
  email = keep != NULL && keep->record.email == NULL && drop->record.email != NULL;
  if (keep == NULL || (email && !local_merge_release_email (db, drop_n, error))
      || !local_fill_members (db, merge, keep, drop, answer->pool, error))
    return FALSE;
  local_customer_touch (db, keep);
  return local_customer_write (db, keep, answer->pool, error);
}

/* The kept record with its merges, in the answer. */
static gboolean
answer_kept (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  UsherCustomer *customer;

  if (!local_customer_kept (db, n, &n, error))
    return FALSE;
  customer = local_customer_load (db, n, answer, error);
  return customer != NULL && local_merge_load (db, n, answer->pool, customer, error);
}

gboolean
local_merge_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  const UsherMerge *wanted = request->merge;
  gint64 keep, drop, keep_kept, drop_kept;
  char *done;

  if (!find_one (db, wanted->keep, &keep, error) || !find_one (db, wanted->drop, &drop, error))
    return FALSE;
  if (keep == drop)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                   "A customer can't be merged with itself. Choose the other record.");
      return FALSE;
    }
  if (!find_done (db, keep, drop, answer->pool, &done, error))
    return FALSE;
  if (done != NULL)
    {
      answer->data = local_pool_take (answer->pool, g_strdup_printf ("{\"merge\":\"%s\"}", done));
      return answer_kept (db, keep, answer, error);
    }
  if (!local_customer_kept (db, keep, &keep_kept, error) || !local_customer_kept (db, drop, &drop_kept, error))
    return FALSE;
  if (keep_kept != keep || drop_kept != drop)
    return local_customer_was_merged (db, keep_kept != keep ? keep : drop, answer, error);
  return merge_two (db, keep, drop, wanted->author, answer, error) && answer_kept (db, keep, answer, error);
}
