/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of customers. Worker thread.
 */
#include "local-customer-row.h"

#include <string.h>

#include "local-fields.h"
#include "local-text.h"

/* ---- finding ------------------------------------------------------------------------------------------- */

gboolean
local_customer_find (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT n FROM customers WHERE id = ?", id, n, error);
}

gboolean
local_customer_kept (LocalDb *db, gint64 n, gint64 *kept, GError **error)
{
  g_autoptr (LocalStatement) climb
      = local_db_prepare (db,
                          "WITH RECURSIVE up (n, next) AS (SELECT n, merged_into FROM customers WHERE n = ?"
                          " UNION ALL SELECT c.n, c.merged_into FROM up JOIN customers AS c ON c.n = up.next)"
                          " SELECT n FROM up WHERE next IS NULL",
                          error);

  if (climb == NULL)
    return FALSE;
  local_bind_int (climb, 1, n);
  return local_db_number (db, climb, 0, kept, error);
}

gboolean
local_customer_find_kept (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  return local_customer_find (db, id, n, error) && local_customer_kept (db, *n, n, error);
}

gboolean
local_customer_find_email (LocalDb *db, const char *email, gint64 *n, GError **error)
{
  g_autofree char *key = NULL;

  *n = 0;
  if (email == NULL || *email == '\0')
    return TRUE;
  key = local_text_email_key (email);
  return local_db_find (db, "SELECT n FROM customers WHERE email_key = ?", key, n, error);
}

gboolean
local_customer_find_identity (LocalDb *db, const UsherIdentity *identity, gint64 *n, GError **error)
{
  g_autoptr (LocalStatement) find
      = local_db_prepare (db, "SELECT customer FROM identities WHERE network = ? AND id = ?", error);

  if (find == NULL)
    return FALSE;
  local_bind_text (find, 1, identity->network);
  local_bind_text (find, 2, identity->id);
  return local_db_number (db, find, 0, n, error);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static gboolean
load_identities (LocalDb *db, gint64 n, LocalPool *pool, UsherCustomer *customer, GError **error)
{
  g_autoptr (LocalStatement) read
      = local_db_prepare (db, "SELECT network, id, name FROM identities WHERE customer = ? ORDER BY place", error);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_int (read, 1, n);
  while (TRUE)
    {
      UsherIdentity *identity;

      if (!local_db_step (db, read, &row, error))
        return FALSE;
      if (!row)
        break;
      identity = local_pool_alloc (pool, sizeof *identity);
      identity->struct_size = sizeof *identity;
      identity->network = local_column_text (read, 0, pool);
      identity->id = local_column_text (read, 1, pool);
      identity->name = local_column_text (read, 2, pool);
      g_ptr_array_add (found, identity);
    }
  if (found->len > 0)
    {
      const UsherIdentity **list = local_pool_alloc (pool, (found->len + 1) * sizeof *list);

      memcpy (list, found->pdata, found->len * sizeof *list);
      customer->identities = list;
    }
  return TRUE;
}

LocalCustomer *
local_customer_read (LocalDb *db, gint64 n, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) read
      = local_db_prepare (db,
                          "SELECT id, name, first_name, last_name, email, phone, company, notes, fields, draft,"
                          " version, created_at, updated_at, account, top, change, merged_into"
                          " FROM customers WHERE n = ?",
                          error);
  LocalCustomer *customer;
  UsherCustomer *record;
  gboolean row;

  if (read == NULL)
    return NULL;
  local_bind_int (read, 1, n);
  if (!local_db_step (db, read, &row, error))
    return NULL;
  if (!row)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND, "This customer does not exist.");
      return NULL;
    }
  customer = local_pool_alloc (pool, sizeof *customer);
  record = &customer->record;
  record->struct_size = sizeof *record;
  record->id = local_column_text (read, 0, pool);
  record->name = local_column_text (read, 1, pool);
  record->first_name = local_column_text (read, 2, pool);
  record->last_name = local_column_text (read, 3, pool);
  record->email = local_column_text (read, 4, pool);
  record->phone = local_column_text (read, 5, pool);
  record->company = local_column_text (read, 6, pool);
  record->notes = local_column_text (read, 7, pool);
  record->fields = local_column_text (read, 8, pool);
  record->draft = sqlite3_column_int (read, 9) != 0;
  record->version = sqlite3_column_int64 (read, 10);
  record->created_at = sqlite3_column_int64 (read, 11);
  record->updated_at = sqlite3_column_int64 (read, 12);
  record->account = local_column_text (read, 13, pool);
  customer->n = n;
  customer->top = sqlite3_column_int64 (read, 14);
  customer->change = sqlite3_column_int64 (read, 15);
  customer->merged_into = sqlite3_column_int64 (read, 16);
  return load_identities (db, n, pool, record, error) ? customer : NULL;
}

const char *
local_customer_name (LocalPool *pool, const UsherCustomer *customer)
{
  const UsherIdentity *first = customer->identities != NULL ? customer->identities[0] : NULL;

  if (customer->name != NULL)
    return customer->name;
  if (customer->first_name != NULL && customer->last_name != NULL)
    return local_pool_take (pool, g_strconcat (customer->first_name, " ", customer->last_name, NULL));
  if (customer->first_name != NULL || customer->last_name != NULL)
    return customer->first_name != NULL ? customer->first_name : customer->last_name;
  if (first != NULL)
    return first->name != NULL ? first->name : first->id;
  if (customer->email != NULL)
    return customer->email;
  return customer->phone != NULL ? customer->phone : "Unknown";
}

UsherCustomer *
local_customer_load (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  LocalCustomer *customer = local_customer_read (db, n, answer->pool, error);

  if (customer == NULL)
    return NULL;
  customer->record.name = local_customer_name (answer->pool, &customer->record);
  g_ptr_array_add (answer->customers, &customer->record);
  return &customer->record;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* The account numbers of the record and of all that were merged into it: also an old number finds its person. */
static gboolean
add_accounts (LocalDb *db, gint64 n, GString *haystack, GError **error)
{
  g_autoptr (LocalStatement) each = local_db_prepare (
      db,
      "WITH RECURSIVE under (n, account) AS (SELECT n, account FROM customers WHERE n = ?"
      " UNION ALL SELECT c.n, c.account FROM under JOIN customers AS c ON c.merged_into = under.n)"
      " SELECT account FROM under",
      error);
  gboolean row = TRUE;

  if (each == NULL)
    return FALSE;
  local_bind_int (each, 1, n);
  while (row)
    {
      if (!local_db_step (db, each, &row, error))
        return FALSE;
      if (row)
        local_haystack_add (haystack, (const char *)sqlite3_column_text (each, 0));
    }
  return TRUE;
}

static char *
haystack_of (LocalDb *db, const LocalCustomer *customer, LocalPool *pool, GError **error)
{
  const UsherCustomer *record = &customer->record;
  g_autoptr (GString) haystack = g_string_new (NULL);

  if (customer->merged_into != 0)
    return local_pool_text (pool, "");
  local_haystack_add (haystack, local_customer_name (pool, record));
  local_haystack_add (haystack, record->first_name);
  local_haystack_add (haystack, record->last_name);
  local_haystack_add (haystack, record->company);
  local_haystack_add (haystack, record->email);
  local_haystack_add_phone (haystack, record->phone);
  for (guint i = 0; record->identities != NULL && record->identities[i] != NULL; i++)
    {
      local_haystack_add (haystack, record->identities[i]->name);
      local_haystack_add (haystack, record->identities[i]->id);
    }
  if (!add_accounts (db, customer->n, haystack, error)
      || !local_fields_add_words (db, record->fields, haystack, error))
    return NULL;
  return local_pool_take (pool, g_string_free (g_steal_pointer (&haystack), FALSE));
}

gboolean
local_customer_index (LocalDb *db, const LocalCustomer *customer, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) write = local_db_prepare (db, "UPDATE customers SET haystack = ? WHERE n = ?", error);
  const char *haystack = haystack_of (db, customer, pool, error);

  if (write == NULL || haystack == NULL)
    return FALSE;
  sqlite3_bind_text (write, 1, haystack, -1, SQLITE_TRANSIENT);
  local_bind_int (write, 2, customer->n);
  return local_db_finish (db, write, error);
}

static gboolean
write_identities (LocalDb *db, gint64 n, const UsherCustomer *customer, GError **error)
{
  g_autoptr (LocalStatement) clear = local_db_prepare (db, "DELETE FROM identities WHERE customer = ?", error);

  if (clear == NULL)
    return FALSE;
  local_bind_int (clear, 1, n);
  if (!local_db_finish (db, clear, error))
    return FALSE;
  for (guint i = 0; customer->identities != NULL && customer->identities[i] != NULL; i++)
    {
      const UsherIdentity *identity = customer->identities[i];
      g_autoptr (LocalStatement) add = local_db_prepare (
          db, "INSERT INTO identities (network, id, customer, place, name) VALUES (?, ?, ?, ?, ?)", error);

      if (add == NULL)
        return FALSE;
      local_bind_text (add, 1, identity->network);
      local_bind_text (add, 2, identity->id);
      local_bind_int (add, 3, n);
      local_bind_int (add, 4, i);
      local_bind_text (add, 5, identity->name);
      if (!local_db_finish (db, add, error))
        return FALSE;
    }
  return TRUE;
}

/* Under what a complete customer's full name is looked up; freed by the caller. */
static char *
name_key_of (const UsherCustomer *customer)
{
  g_autofree char *full = NULL;

  if (customer->draft || customer->first_name == NULL || customer->last_name == NULL)
    return NULL;
  full = g_strconcat (customer->first_name, " ", customer->last_name, NULL);
  return local_text_fold (full);
}

static void
bind_customer (LocalStatement *write, const LocalCustomer *customer)
{
  const UsherCustomer *record = &customer->record;
  g_autofree char *email_key = record->email != NULL ? local_text_email_key (record->email) : NULL;
  g_autofree char *name_key = name_key_of (record);

  local_bind_text (write, 1, record->id);
  local_bind_text (write, 2, record->name);
  local_bind_text (write, 3, record->first_name);
  local_bind_text (write, 4, record->last_name);
  local_bind_text (write, 5, record->email);
  local_bind_text (write, 6, email_key);
  local_bind_text (write, 7, record->phone);
  local_bind_text (write, 8, record->company);
  local_bind_text (write, 9, record->notes);
  local_bind_text (write, 10, record->fields);
  local_bind_int (write, 11, record->draft);
  local_bind_int (write, 12, record->version);
  local_bind_int (write, 13, record->created_at);
  local_bind_int (write, 14, record->updated_at);
  local_bind_text (write, 15, name_key);
  local_bind_int (write, 16, customer->top);
  local_bind_int (write, 17, customer->change);
}

gboolean
local_customer_write (LocalDb *db, LocalCustomer *customer, LocalPool *pool, GError **error)
{
  static const char insert[]
      = "INSERT INTO customers (id, name, first_name, last_name, email, email_key, phone, company, notes, fields,"
        " draft, version, created_at, updated_at, name_key, top, change, haystack)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
        " coalesce (nullif (?17, 0), (SELECT max (change) + 1 FROM customers), 1), '')";
  static const char update[]
      = "UPDATE customers SET name = ?2, first_name = ?3, last_name = ?4, email = ?5, email_key = ?6, phone = ?7,"
        " company = ?8, notes = ?9, fields = ?10, draft = ?11, version = ?12, created_at = ?13, updated_at = ?14,"
        " name_key = ?15, top = ?16,"
        " change = coalesce (nullif (?17, 0), (SELECT max (change) + 1 FROM customers), 1) WHERE id = ?1";
  g_autoptr (LocalStatement) write = local_db_prepare (db, customer->n == 0 ? insert : update, error);

  if (write == NULL)
    return FALSE;
  bind_customer (write, customer);
  if (!local_db_finish (db, write, error))
    return FALSE;
  if (customer->n == 0)
    customer->n = sqlite3_last_insert_rowid (db->handle);
  /* The words come second: a new row has its account number only now. */
  return write_identities (db, customer->n, &customer->record, error)
         && local_customer_index (db, customer, pool, error);
}

void
local_customer_touch (LocalDb *db, LocalCustomer *customer)
{
  UsherCustomer *record = &customer->record;

  record->version = ++customer->top;
  record->updated_at = MAX (db->host->now (), record->updated_at);
  customer->change = 0;
}
