/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and saving customers. All runs inside the worker's transaction, so a check and the write that relies on
 * it can't be torn apart. Worker thread.
 */
#include "local-customer.h"

#include <string.h>

#include "local-fields.h"
#include "local-fill.h"
#include "local-merge.h"
#include "local-text.h"

/* ---- getting ------------------------------------------------------------------------------------------- */

gboolean
local_customer_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  UsherCustomer *customer;
  gint64 n;

  if (!local_customer_find_kept (db, request->id, &n, error))
    return FALSE;
  if (n == 0)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                   "There is no customer with the id %s. It may belong to another CRM.", request->id);
      return FALSE;
    }
  customer = local_customer_load (db, n, answer, error);
  return customer != NULL && local_merge_load (db, n, answer->pool, customer, error);
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

      if (!local_customer_find_identity (db, wanted->identities[i], owner, error))
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

gboolean
local_customer_was_merged (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  const UsherCustomer *customer;

  if (!local_customer_kept (db, n, &n, error))
    return FALSE;
  customer = local_customer_load (db, n, answer, error);
  if (customer != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                 "This record was merged into the one of %s (account %s). Open that one instead.", customer->name,
                 customer->account);
  return FALSE;
}

/* A merged record keeps its address, so that nobody else takes it; the person it belongs to may. */
static gboolean
check_email (LocalDb *db, gint64 self, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  gint64 owner, kept;

  if (!local_customer_find_email (db, wanted->email, &owner, error)
      || !local_customer_kept (db, owner, &kept, error))
    return FALSE;
  if (owner == 0 || owner == self)
    return TRUE;
  return kept == self ? local_merge_release_email (db, owner, error)
                      : taken (db, kept, answer, "e-mail address", error);
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
  return result;
}

static gboolean
same_identity (const UsherIdentity *a, const UsherIdentity *b)
{
  return strcmp (a->network, b->network) == 0 && strcmp (a->id, b->id) == 0;
}

/* Those it has, with the names they have now, then the new ones. */
static gboolean
add_identities (const UsherIdentity *const *wanted, UsherCustomer *customer, LocalPool *pool, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  const UsherIdentity **list;

  if (wanted == NULL || wanted[0] == NULL)
    return TRUE;
  for (guint i = 0; customer->identities != NULL && customer->identities[i] != NULL; i++)
    g_ptr_array_add (all, (gpointer)customer->identities[i]);
  for (guint i = 0; wanted[i] != NULL; i++)
    {
      guint at = 0;

      while (at < all->len && !same_identity (all->pdata[at], wanted[i]))
        at++;
      if (at == all->len)
        g_ptr_array_add (all, (gpointer)wanted[i]);
      else if (wanted[i]->name != NULL)
        all->pdata[at] = (gpointer)wanted[i];
    }
  if (all->len > LOCAL_MOST_IDENTITIES)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID, "A customer can have at most %d identities.",
                   LOCAL_MOST_IDENTITIES);
      return FALSE;
    }
  list = local_pool_alloc (pool, (all->len + 1) * sizeof *list);
  memcpy (list, all->pdata, all->len * sizeof *list);
  customer->identities = list;
  return TRUE;
}

static gboolean
same_identities (const UsherIdentity *const *a, const UsherIdentity *const *b)
{
  static const UsherIdentity *const none[] = { NULL };
  guint i = 0;

  a = a != NULL ? a : none;
  b = b != NULL ? b : none;
  for (; a[i] != NULL && b[i] != NULL; i++)
    if (!same_identity (a[i], b[i]) || g_strcmp0 (a[i]->name, b[i]->name) != 0)
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

/* Brings the fields to their stored form. Required ones are asked for when a draft is completed. */
static gboolean
check_fields (LocalDb *db, UsherCustomer *customer, const UsherCustomer *stored, LocalAnswer *answer,
              GError **error)
{
  LocalNeed need = customer->draft ? LOCAL_NEED_NONE : stored->draft ? LOCAL_NEED_ALL : LOCAL_NEED_KEPT;

  return local_fields_check (db, "customer", db->config->customer_fields, stored->fields, need, answer->pool,
                             &customer->fields, error);
}

static gboolean
create (LocalDb *db, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  UsherCustomer blank = { .struct_size = sizeof blank, .draft = true };
  LocalCustomer made = { .record = merge (wanted, &blank) };
  UsherCustomer *customer = &made.record;
  g_autoptr (GError) known = NULL;

  customer->identities = wanted->identities;
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
  if (!check_names (customer, error) || !check_fields (db, customer, &blank, answer, error)
      || !check_email (db, 0, customer, answer, error))
    return FALSE;
  if (customer->name == NULL && customer->email == NULL && customer->phone == NULL
      && (customer->identities == NULL || customer->identities[0] == NULL) && customer->first_name == NULL
      && customer->last_name == NULL)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                   "A new customer needs a name, an identity, an e-mail address or a telephone number.");
      return FALSE;
    }
  customer->id = local_pool_id (answer->pool, db->host, "cus");
  customer->created_at = db->host->now ();
  local_customer_touch (db, &made);
  return local_customer_write (db, &made, answer->pool, error)
         && local_customer_load (db, made.n, answer, error) != NULL;
}

static LocalCustomer *
read_for_change (LocalDb *db, const char *id, LocalAnswer *answer, GError **error)
{
  LocalCustomer *stored;
  gint64 n;

  if (!local_customer_find (db, id, &n, error))
    return NULL;
  if (n == 0)
    {
      g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
                   "There is no customer with the id %s. Leave the id out to make a new one.", id);
      return NULL;
    }
  stored = local_customer_read (db, n, answer->pool, error);
  if (stored != NULL && stored->merged_into != 0)
    {
      local_customer_was_merged (db, n, answer, error);
      return NULL;
    }
  return stored;
}

static gboolean
change (LocalDb *db, const UsherCustomer *wanted, LocalAnswer *answer, GError **error)
{
  const LocalCustomer *stored = read_for_change (db, wanted->id, answer, error);
  LocalCustomer customer;

  if (stored == NULL)
    return FALSE;
  customer = *stored;
  customer.record = merge (wanted, &stored->record);
  if (!add_identities (wanted->identities, &customer.record, answer->pool, error)
      || !check_fields (db, &customer.record, &stored->record, answer, error))
    return FALSE;
  /* Also when the version is old: a save that is repeated because its answer was lost finds its own work done. */
  if (same (&customer.record, &stored->record) && check_names (&customer.record, NULL))
    return local_customer_load (db, stored->n, answer, error) != NULL;
  if (wanted->version != 0 && wanted->version != stored->record.version)
    {
      if (local_customer_load (db, stored->n, answer, error) != NULL)
        g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                     "Somebody else changed this customer meanwhile. Look at the new record and save again.");
      return FALSE;
    }
  if (!check_names (&customer.record, error) || !check_identities (db, stored->n, wanted, answer, error)
      || !check_email (db, stored->n, &customer.record, answer, error)
      || !local_fill_edited (db, stored, &customer, !wanted->draft, error))
    return FALSE;
  local_customer_touch (db, &customer);
  return local_customer_write (db, &customer, answer->pool, error)
         && local_customer_load (db, stored->n, answer, error) != NULL;
}

gboolean
local_customer_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  return request->customer->id == NULL ? create (db, request->customer, answer, error)
                                       : change (db, request->customer, answer, error);
}
