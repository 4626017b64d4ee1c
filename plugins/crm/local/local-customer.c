/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and saving customers. All runs inside the worker's transaction, so a check and the write that relies on
 * it can't be torn apart. Worker thread.
 */
#include "local-customer.h"

#include <string.h>

#include "local-text.h"

/* ---- finding ------------------------------------------------------------------------------------------- */

gboolean
local_customer_find (LocalDb *db, const char *id, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT n FROM customers WHERE id = ?", id, n, error);
}

static gboolean
find_by_email (LocalDb *db, const char *email, gint64 *n, GError **error)
{
  g_autofree char *key = NULL;

  *n = 0;
  if (email == NULL || *email == '\0')
    return TRUE;
  key = local_text_email_key (email);
  return local_db_find (db, "SELECT n FROM customers WHERE email_key = ?", key, n, error);
}

static gboolean
find_by_identity (LocalDb *db, const UsherIdentity *identity, gint64 *n, GError **error)
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

/* What people see when nobody gave a display name. */
static const char *
shown_name (LocalPool *pool, const UsherCustomer *customer)
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

/* The record as stored: `name` stays NULL when none was given. */
static UsherCustomer *
read_stored (LocalDb *db, gint64 n, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) read
      = local_db_prepare (db,
                          "SELECT id, name, first_name, last_name, email, phone, company, notes, fields, draft,"
                          " version, created_at, updated_at FROM customers WHERE n = ?",
                          error);
  UsherCustomer *customer;
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
  customer->struct_size = sizeof *customer;
  customer->id = local_column_text (read, 0, pool);
  customer->name = local_column_text (read, 1, pool);
  customer->first_name = local_column_text (read, 2, pool);
  customer->last_name = local_column_text (read, 3, pool);
  customer->email = local_column_text (read, 4, pool);
  customer->phone = local_column_text (read, 5, pool);
  customer->company = local_column_text (read, 6, pool);
  customer->notes = local_column_text (read, 7, pool);
  customer->fields = local_column_text (read, 8, pool);
  customer->draft = sqlite3_column_int (read, 9) != 0;
  customer->version = sqlite3_column_int64 (read, 10);
  customer->created_at = sqlite3_column_int64 (read, 11);
  customer->updated_at = sqlite3_column_int64 (read, 12);
  return load_identities (db, n, pool, customer, error) ? customer : NULL;
}

UsherCustomer *
local_customer_load (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  UsherCustomer *customer = read_stored (db, n, answer->pool, error);

  if (customer == NULL)
    return NULL;
  customer->name = shown_name (answer->pool, customer);
  g_ptr_array_add (answer->customers, customer);
  return customer;
}

gboolean
local_customer_lookup (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  gint64 n;

  if (!find_by_identity (db, request->identity, &n, error))
    return FALSE;
  return n == 0 || local_customer_load (db, n, answer, error) != NULL;
}

gboolean
local_customer_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  gint64 n;

  if (!local_customer_find (db, request->id, &n, error))
    return FALSE;
  if (n == 0)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                   "There is no customer with the id %s. It may belong to another CRM.", request->id);
      return FALSE;
    }
  return local_customer_load (db, n, answer, error) != NULL;
}

/* ---- conflicts ----------------------------------------------------------------------------------------- */

/* Puts the owner in the answer; always FALSE. */
static gboolean
taken (LocalDb *db, gint64 owner, LocalAnswer *answer, const char *what, GError **error)
{
  const UsherCustomer *customer = local_customer_load (db, owner, answer, error);

  if (customer != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT, "The %s belongs to %s. Open that customer instead.", what,
                 customer->name);
  return FALSE;
}

/* Every owner of one of the identities but `self`; FALSE when there is one or on an error. */
static gboolean
check_identities (LocalDb *db, gint64 self, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  g_autoptr (GHashTable) owners = g_hash_table_new (g_int64_hash, g_int64_equal);
  const UsherIdentity *first = NULL;

  for (guint i = 0; wanted->identities != NULL && wanted->identities[i] != NULL; i++)
    {
      gint64 *owner = local_pool_alloc (answer->pool, sizeof *owner);

      if (!find_by_identity (db, wanted->identities[i], owner, error))
        return FALSE;
      if (*owner == 0 || *owner == self || !g_hash_table_add (owners, owner))
        continue;
      if (local_customer_load (db, *owner, answer, error) == NULL)
        return FALSE;
      if (first == NULL)
        first = wanted->identities[i];
    }
  if (first == NULL)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_CONFLICT, "The %s identity %s belongs to %s. Open that customer instead.",
               first->network, first->name != NULL ? first->name : first->id,
               ((const UsherCustomer *)answer->customers->pdata[0])->name);
  return FALSE;
}

static gboolean
check_email (LocalDb *db, gint64 self, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  gint64 owner;

  if (!find_by_email (db, wanted->email, &owner, error))
    return FALSE;
  return owner == 0 || owner == self || taken (db, owner, answer, "e-mail address", error);
}

static gboolean
check_names (const UsherCustomer *wanted, GError **error)
{
  const char *missing = NULL;

  if (wanted->draft)
    return TRUE;
  if (wanted->first_name == NULL && wanted->last_name == NULL)
    missing = "first and the last name";
  else if (wanted->first_name == NULL || wanted->last_name == NULL)
    missing = wanted->first_name == NULL ? "first name" : "last name";
  if (missing == NULL)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_INVALID, "The %s is missing. A customer needs both to be complete.",
               missing);
  return FALSE;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static char *
haystack_of (LocalPool *pool, const UsherCustomer *customer)
{
  GString *haystack = g_string_new (NULL);

  local_haystack_add (haystack, shown_name (pool, customer));
  local_haystack_add (haystack, customer->first_name);
  local_haystack_add (haystack, customer->last_name);
  local_haystack_add (haystack, customer->company);
  local_haystack_add (haystack, customer->email);
  local_haystack_add_phone (haystack, customer->phone);
  for (guint i = 0; customer->identities != NULL && customer->identities[i] != NULL; i++)
    {
      local_haystack_add (haystack, customer->identities[i]->name);
      local_haystack_add (haystack, customer->identities[i]->id);
    }
  return local_pool_take (pool, g_string_free (haystack, FALSE));
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

/* n 0 = a new one; *n is its number then. */
static gboolean
write_customer (LocalDb *db, gint64 *n, const UsherCustomer *customer, LocalPool *pool, GError **error)
{
  static const char insert[]
      = "INSERT INTO customers (id, name, first_name, last_name, email, email_key, phone, company, notes, fields,"
        " draft, version, created_at, updated_at, haystack, change)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
        " coalesce ((SELECT max (change) FROM customers), 0) + 1";
  static const char update[]
      = "UPDATE customers SET name = ?2, first_name = ?3, last_name = ?4, email = ?5, email_key = ?6, phone = ?7,"
        " company = ?8, notes = ?9, fields = ?10, draft = ?11, version = ?12, updated_at = ?14, haystack = ?15,"
        " change = (SELECT max (change) FROM customers) + 1 WHERE id = ?1";
  g_autoptr (LocalStatement) write = local_db_prepare (db, *n == 0 ? insert : update, error);
  g_autofree char *email_key = customer->email != NULL ? local_text_email_key (customer->email) : NULL;

  if (write == NULL)
    return FALSE;
  local_bind_text (write, 1, customer->id);
  local_bind_text (write, 2, customer->name);
  local_bind_text (write, 3, customer->first_name);
  local_bind_text (write, 4, customer->last_name);
  local_bind_text (write, 5, customer->email);
  local_bind_text (write, 6, email_key);
  local_bind_text (write, 7, customer->phone);
  local_bind_text (write, 8, customer->company);
  local_bind_text (write, 9, customer->notes);
  local_bind_text (write, 10, customer->fields);
  local_bind_int (write, 11, customer->draft);
  local_bind_int (write, 12, customer->version);
  local_bind_int (write, 13, customer->created_at);
  local_bind_int (write, 14, customer->updated_at);
  sqlite3_bind_text (write, 15, haystack_of (pool, customer), -1, SQLITE_TRANSIENT);
  if (!local_db_finish (db, write, error))
    return FALSE;
  if (*n == 0)
    *n = sqlite3_last_insert_rowid (db->handle);
  return write_identities (db, *n, customer, error);
}

/* ---- saving -------------------------------------------------------------------------------------------- */

static UsherCustomer
merge (const UsherCustomer *wanted, const UsherCustomer *stored)
{
  UsherCustomer result = *stored;

  result.struct_size = sizeof result;
  result.name = local_merged (wanted->name, stored->name);
  result.first_name = local_merged (wanted->first_name, stored->first_name);
  result.last_name = local_merged (wanted->last_name, stored->last_name);
  result.email = local_merged (wanted->email, stored->email);
  result.phone = local_merged (wanted->phone, stored->phone);
  result.company = local_merged (wanted->company, stored->company);
  result.notes = local_merged (wanted->notes, stored->notes);
  result.fields = local_merged (wanted->fields, stored->fields);
  /* Once completed by a person, never a draft again. */
  result.draft = stored->draft && wanted->draft;
  if (wanted->identities != NULL)
    result.identities = wanted->identities;
  return result;
}

static gboolean
same_identities (const UsherIdentity *const *a, const UsherIdentity *const *b)
{
  static const UsherIdentity *const none[] = { NULL };
  guint i = 0;

  a = a != NULL ? a : none;
  b = b != NULL ? b : none;
  for (; a[i] != NULL && b[i] != NULL; i++)
    if (strcmp (a[i]->network, b[i]->network) != 0 || strcmp (a[i]->id, b[i]->id) != 0
        || g_strcmp0 (a[i]->name, b[i]->name) != 0)
      return FALSE;
  return a[i] == NULL && b[i] == NULL;
}

static gboolean
same (const UsherCustomer *a, const UsherCustomer *b)
{
  return g_strcmp0 (a->name, b->name) == 0 && g_strcmp0 (a->first_name, b->first_name) == 0
         && g_strcmp0 (a->last_name, b->last_name) == 0 && g_strcmp0 (a->email, b->email) == 0
         && g_strcmp0 (a->phone, b->phone) == 0 && g_strcmp0 (a->company, b->company) == 0
         && g_strcmp0 (a->notes, b->notes) == 0 && g_strcmp0 (a->fields, b->fields) == 0 && a->draft == b->draft
         && same_identities (a->identities, b->identities);
}

static gboolean
create (LocalDb *db, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  UsherCustomer blank = { .struct_size = sizeof blank, .draft = true };
  UsherCustomer customer = merge (wanted, &blank);
  g_autoptr (GError) known = NULL;
  gint64 n = 0;

  if (!check_identities (db, 0, wanted, answer, &known))
    {
      if (!wanted->draft || !g_error_matches (known, LOCAL_ERROR, USHER_CONFLICT))
        {
          g_propagate_error (error, g_steal_pointer (&known));
          return FALSE;
        }
      /* The key did its work: somebody is known under it. */
      g_ptr_array_set_size (answer->customers, 1);
      return TRUE;
    }
  if (!check_names (&customer, error) || !check_email (db, 0, &customer, answer, error))
    return FALSE;
  if (customer.name == NULL && customer.email == NULL && customer.phone == NULL
      && (customer.identities == NULL || customer.identities[0] == NULL) && customer.first_name == NULL
      && customer.last_name == NULL)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                   "A new customer needs a name, an identity, an e-mail address or a telephone number.");
      return FALSE;
    }
  customer.id = local_pool_id (answer->pool, db->host, "cus");
  customer.version = 1;
  customer.created_at = customer.updated_at = db->host->now ();
  return write_customer (db, &n, &customer, answer->pool, error)
         && local_customer_load (db, n, answer, error) != NULL;
}

static gboolean
change (LocalDb *db, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  const UsherCustomer *stored;
  UsherCustomer customer;
  gint64 n;

  if (!local_customer_find (db, wanted->id, &n, error))
    return FALSE;
  if (n == 0)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                   "There is no customer with the id %s. Leave the id out to make a new one.", wanted->id);
      return FALSE;
    }
  stored = read_stored (db, n, answer->pool, error);
  if (stored == NULL)
    return FALSE;
  customer = merge (wanted, stored);
  /* Also when the version is old: a save that is repeated because its answer was lost finds its own work done. */
  if (same (&customer, stored) && check_names (&customer, NULL))
    return local_customer_load (db, n, answer, error) != NULL;
  if (wanted->version != 0 && wanted->version != stored->version)
    {
      if (local_customer_load (db, n, answer, error) != NULL)
        g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                     "Somebody else changed this customer meanwhile. Look at the new record and save again.");
      return FALSE;
    }
  if (!check_names (&customer, error) || !check_identities (db, n, wanted, answer, error)
      || !check_email (db, n, &customer, answer, error))
    return FALSE;
  customer.version = stored->version + 1;
  customer.updated_at = MAX (db->host->now (), stored->updated_at);
  return write_customer (db, &n, &customer, answer->pool, error)
         && local_customer_load (db, n, answer, error) != NULL;
}

gboolean
local_customer_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  return request->customer->id == NULL ? create (db, request->customer, answer, error)
                                       : change (db, request->customer, answer, error);
}
