/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks and copies of customers, queries and merges. Main thread.
 */
#include "local-check.h"

#include <string.h>

#include "local-check-text.h"
#include "local-text.h"

#define NETWORK_LENGTH 64
#define IDENTITY_LENGTH 512

static const LocalMember customer_members[] = {
  { offsetof (UsherCustomer, id), "customer id", LOCAL_ID_LENGTH, TRUE },
  { offsetof (UsherCustomer, name), "name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, first_name), "first name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, last_name), "last name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, email), "e-mail address", 254, TRUE },
  { offsetof (UsherCustomer, phone), "telephone number", 64, TRUE },
  { offsetof (UsherCustomer, company), "company", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, notes), "text of the notes", 64 * LOCAL_KIB, FALSE },
  { offsetof (UsherCustomer, fields), "text of the site's own fields", 64 * LOCAL_KIB, FALSE },
};

static const LocalMember query_members[] = {
  { offsetof (UsherCrmQuery, text), "text to search for", 500, TRUE },
  { offsetof (UsherCrmQuery, customer_id), "customer id", LOCAL_ID_LENGTH, TRUE },
  { offsetof (UsherCrmQuery, state), "state", 16, TRUE },
  { offsetof (UsherCrmQuery, cursor), "page mark", 128, TRUE },
};

const char *
local_check_id (LocalPool *pool, const char *id, GError **error)
{
  static const LocalMember member = { 0, "id", LOCAL_ID_LENGTH, TRUE };

  if (id == NULL || *id == '\0')
    {
      local_invalid (error, "No id was given.");
      return NULL;
    }
  return local_take_text (pool, &member, &id, FALSE, error) ? id : NULL;
}

UsherIdentity *
local_check_identity (LocalPool *pool, const UsherIdentity *identity, GError **error)
{
  static const LocalMember network = { 0, "network of an identity", NETWORK_LENGTH, TRUE };
  static const LocalMember id = { 0, "id of an identity", IDENTITY_LENGTH, FALSE };
  static const LocalMember name = { 0, "name of an identity", LOCAL_NAME_LENGTH, TRUE };
  UsherIdentity *copy;

  if (identity == NULL)
    {
      local_invalid (error, "No identity was given.");
      return NULL;
    }
  copy = local_bounded_copy (pool, identity, identity->struct_size, sizeof *copy);
  /* A name is what the network says, not what somebody typed here: too long is cut. */
  if (!local_take_text (pool, &network, &copy->network, FALSE, error)
      || !local_take_text (pool, &id, &copy->id, FALSE, error)
      || !local_take_text (pool, &name, &copy->name, TRUE, error))
    return NULL;
  if (copy->network == NULL || *copy->network == '\0' || copy->id == NULL || *copy->id == '\0')
    {
      local_invalid (error, "An identity needs both a network and an id on it.");
      return NULL;
    }
  copy->network = local_pool_take (pool, g_ascii_strdown (copy->network, -1));
  if (copy->name != NULL && *copy->name == '\0')
    copy->name = NULL;
  return copy;
}

UsherCrmQuery *
local_check_query (LocalPool *pool, const UsherCrmQuery *query, gboolean cases, GError **error)
{
  UsherCrmQuery *copy;

  if (query == NULL)
    {
      local_invalid (error, "No query was given.");
      return NULL;
    }
  copy = local_bounded_copy (pool, query, query->struct_size, sizeof *copy);
  if (!local_take_texts (pool, copy, query_members, G_N_ELEMENTS (query_members), FALSE, error)
      || (cases && !local_check_state (copy->state, error)))
    return NULL;
  if (!cases && copy->state != NULL && *copy->state != '\0' && strcmp (copy->state, "draft") != 0)
    {
      local_invalid (error, "Customers can be listed by the state \"draft\", not \"%s\".", copy->state);
      return NULL;
    }
  if (copy->limit < 1 || copy->limit > 200)
    {
      local_invalid (error, "A page has 1 to 200 rows, not %d.", copy->limit);
      return NULL;
    }
  return copy;
}

static gboolean
take_identities (LocalPool *pool, UsherCustomer *copy, GError **error)
{
  const UsherIdentity *const *from = copy->identities;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  UsherIdentity **to;
  guint count = 0;

  if (from == NULL)
    return TRUE;
  while (from[count] != NULL)
    if (++count > LOCAL_MOST_IDENTITIES)
      return local_invalid (error, "A customer can have at most %d identities.", LOCAL_MOST_IDENTITIES);
  to = local_pool_alloc (pool, (count + 1) * sizeof *to);
  for (guint i = 0; i < count; i++)
    {
      to[i] = local_check_identity (pool, from[i], error);
      if (to[i] == NULL)
        return FALSE;
      if (!g_hash_table_add (seen, g_strdup_printf ("%s\n%s", to[i]->network, to[i]->id)))
        return local_invalid (error, "The %s identity %s is given twice.", to[i]->network, to[i]->id);
    }
  copy->identities = (const UsherIdentity *const *)to;
  return TRUE;
}

UsherCustomer *
local_check_customer (const UsherHost *host, LocalPool *pool, const UsherCustomer *customer, GError **error)
{
  UsherCustomer *copy;

  if (customer == NULL)
    {
      local_invalid (error, "No customer was given.");
      return NULL;
    }
  copy = local_bounded_copy (pool, customer, customer->struct_size, sizeof *copy);
  /* A draft must not fail for a long display name: a chat would be left without its customer. */
  if (!local_take_texts (pool, copy, customer_members, G_N_ELEMENTS (customer_members),
                         copy->draft && copy->email == NULL, error)
      || !local_take_author (pool, &copy->author, error) || !take_identities (pool, copy, error)
      || !local_check_object (host, copy->fields, error))
    return NULL;
  if (copy->id != NULL && *copy->id == '\0')
    copy->id = NULL;
  if (copy->email != NULL && *copy->email != '\0')
    {
      const char *problem = local_text_email_problem (copy->email);

      if (problem != NULL)
        {
          local_invalid (error, "\"%s\" is not an e-mail address: %s. Correct it or leave it empty.", copy->email,
                         problem);
          return NULL;
        }
    }
  if (copy->version < 0)
    {
      local_invalid (error, "A version is 0 or more, not %" G_GINT64_FORMAT ".", (gint64)copy->version);
      return NULL;
    }
  return copy;
}

UsherMerge *
local_check_merge (LocalPool *pool, const UsherMerge *merge, gboolean undo, GError **error)
{
  UsherMerge *copy;

  if (merge == NULL)
    {
      local_invalid (error, "No merge was given.");
      return NULL;
    }
  copy = local_bounded_copy (pool, merge, merge->struct_size, sizeof *copy);
  if (undo ? (copy->id = local_check_id (pool, copy->id, error)) == NULL
           : (copy->keep = local_check_id (pool, copy->keep, error)) == NULL
                 || (copy->drop = local_check_id (pool, copy->drop, error)) == NULL)
    return NULL;
  return local_take_author (pool, &copy->author, error) ? copy : NULL;
}
