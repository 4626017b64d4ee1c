/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Undoing a merge. What the merge moved and filled goes back unless somebody changed it since; when nobody touched
 * the kept record meanwhile, it is the old one again in every member, its version too (a version names a content,
 * and no version is given twice). Worker thread.
 */
#include "local-customer.h"
#include "local-fill.h"
#include "local-merge.h"

typedef struct
{
  gint64 n, kept, dropped;
  gint64 version, updated_at, change; /* of the kept record, before */
  gint64 merged_version;              /* of the kept record, after */
  gboolean undone;
} Merge;

static gboolean
read_merge (LocalDb *db, const char *id, Merge *merge, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (
      db,
      "SELECT n, kept, dropped, kept_version, kept_updated_at, kept_change, merged_version, undone_at IS NOT NULL"
      " FROM merges WHERE id = ?",
      error);
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_text (read, 1, id);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  if (!row)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                   "There is no merge with the id %s. It may belong to another CRM.", id);
      return FALSE;
    }
  *merge
      = (Merge){ sqlite3_column_int64 (read, 0), sqlite3_column_int64 (read, 1),   sqlite3_column_int64 (read, 2),
                 sqlite3_column_int64 (read, 3), sqlite3_column_int64 (read, 4),   sqlite3_column_int64 (read, 5),
                 sqlite3_column_int64 (read, 6), sqlite3_column_int (read, 7) != 0 };
  return TRUE;
}

static gboolean
run (LocalDb *db, const char *sql, const Merge *merge, GError **error)
{
  g_autoptr (LocalStatement) statement = local_db_prepare (db, sql, error);

  if (statement == NULL)
    return FALSE;
  /* Not every statement has all three; binding one that is not there does nothing. */
  local_bind_int (statement, 1, merge->n);
  local_bind_int (statement, 2, merge->kept);
  local_bind_int (statement, 3, merge->dropped);
  return local_db_finish (db, statement, error);
}

/* The address may have gone to somebody else since; nothing is taken from anybody. */
static gboolean
check_email (LocalDb *db, const Merge *merge, LocalAnswer *answer, GError **error)
{
  const LocalCustomer *dropped = local_customer_read (db, merge->dropped, answer->pool, error);
  const UsherCustomer *owner;
  gboolean filled;
  gint64 n;

  if (dropped == NULL || !local_customer_find_email (db, dropped->record.email, &n, error)
      || !local_fill_gave_email (db, merge->n, &filled, error))
    return FALSE;
  if (n == 0 || n == merge->dropped || (n == merge->kept && filled))
    return TRUE;
  owner = local_customer_kept (db, n, &n, error) ? local_customer_load (db, n, answer, error) : NULL;
  if (owner != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                 "The merge can't be undone: the e-mail address %s now belongs to %s (account %s). Take it out of "
                 "that record first.",
                 dropped->record.email, owner->name, owner->account);
  return FALSE;
}

/* Only what is still with the kept record: what was given away by hand stays so. */
static gboolean
move_back (LocalDb *db, const Merge *merge, GError **error)
{
  return run (db,
              "UPDATE identities SET customer = ?3, place = m.place FROM merge_identities AS m WHERE m.merge = ?1"
              " AND identities.network = m.network AND identities.id = m.id AND identities.customer = ?2",
              merge, error)
         && run (db,
                 "UPDATE cases SET customer = ?3 WHERE customer = ?2"
                 " AND n IN (SELECT record FROM merge_cases WHERE merge = ?1)",
                 merge, error)
         && run (db, "DELETE FROM merge_identities WHERE merge = ?1", merge, error)
         && run (db, "DELETE FROM merge_cases WHERE merge = ?1", merge, error)
         && run (db, "UPDATE customers SET merged_into = NULL WHERE n = ?3", merge, error);
}

static gboolean
restore_kept (LocalDb *db, const Merge *merge, LocalPool *pool, GError **error)
{
  LocalCustomer *kept = local_customer_read (db, merge->kept, pool, error);
  gboolean untouched;

  if (kept == NULL)
    return FALSE;
  untouched = kept->record.version == merge->merged_version;
  if (!local_fill_take_back (db, merge->n, kept, pool, error))
    return FALSE;
  if (untouched)
    {
      kept->record.version = merge->version;
      kept->record.updated_at = merge->updated_at;
      kept->change = merge->change;
    }
  else
    local_customer_touch (db, kept);
  return local_customer_write (db, kept, pool, error);
}

static gboolean
restore_dropped (LocalDb *db, const Merge *merge, LocalPool *pool, GError **error)
{
  LocalCustomer *dropped = local_customer_read (db, merge->dropped, pool, error);

  /* Written as it was read: that also makes its keys and words again. */
  return dropped != NULL && local_customer_write (db, dropped, pool, error);
}

static gboolean
note_undone (LocalDb *db, const Merge *merge, const char *author, GError **error)
{
  g_autoptr (LocalStatement) note
      = local_db_prepare (db, "UPDATE merges SET undone_at = ?, undone_by = ? WHERE n = ?", error);

  if (note == NULL)
    return FALSE;
  local_bind_int (note, 1, db->host->now ());
  local_bind_text (note, 2, author);
  local_bind_int (note, 3, merge->n);
  return local_db_finish (db, note, error);
}

/* Both records, the kept one first; one record when they were merged again. */
static gboolean
answer_both (LocalDb *db, const Merge *merge, LocalAnswer *answer, GError **error)
{
  UsherCustomer *customer;
  gint64 kept, dropped;

  if (!local_customer_kept (db, merge->kept, &kept, error)
      || !local_customer_kept (db, merge->dropped, &dropped, error))
    return FALSE;
  customer = local_customer_load (db, kept, answer, error);
  if (customer == NULL || !local_merge_load (db, kept, answer->pool, customer, error))
    return FALSE;
  if (dropped == kept)
    return TRUE;
  customer = local_customer_load (db, dropped, answer, error);
  return customer != NULL && local_merge_load (db, dropped, answer->pool, customer, error);
}

/* Always FALSE. */
static gboolean
merged_further (LocalDb *db, const Merge *merge, gint64 kept, LocalAnswer *answer, GError **error)
{
  const UsherCustomer *customer = local_customer_load (db, kept, answer, error);

  if (customer != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                 "The record was itself merged into the one of %s (account %s) later. Undo that merge first.",
                 customer->name, customer->account);
  return FALSE;
}

gboolean
local_unmerge_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  gint64 kept;
  Merge merge;

  if (!read_merge (db, request->merge->id, &merge, error) || !local_customer_kept (db, merge.kept, &kept, error))
    return FALSE;
  if (merge.undone)
    return answer_both (db, &merge, answer, error);
  if (kept != merge.kept)
    return merged_further (db, &merge, kept, answer, error);
  return check_email (db, &merge, answer, error) && move_back (db, &merge, error)
         && restore_kept (db, &merge, answer->pool, error) && restore_dropped (db, &merge, answer->pool, error)
         && note_undone (db, &merge, request->merge->author, error) && answer_both (db, &merge, answer, error);
}
