/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks and copies of slot arguments. Main thread.
 */
#include "local-check.h"

#include <string.h>

#include "local-text.h"

#define ID_LENGTH 128
#define MOST_IDENTITIES 64
#define NETWORK_LENGTH 64
#define IDENTITY_LENGTH 512
#define NAME_LENGTH 200
#define KIB 1024
#define MOST_CODES 100

/* One text of a struct. Lines are trimmed and counted in characters, longer texts in bytes. */
typedef struct
{
  gsize offset;
  const char *label;
  gsize most;
  gboolean line;
} Member;

static const Member customer_members[] = {
  { offsetof (UsherCustomer, id), "customer id", ID_LENGTH, TRUE },
  { offsetof (UsherCustomer, name), "name", NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, first_name), "first name", NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, last_name), "last name", NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, email), "e-mail address", 254, TRUE },
  { offsetof (UsherCustomer, phone), "telephone number", 64, TRUE },
  { offsetof (UsherCustomer, company), "company", NAME_LENGTH, TRUE },
  { offsetof (UsherCustomer, notes), "text of the notes", 64 * KIB, FALSE },
  { offsetof (UsherCustomer, fields), "text of the site's own fields", 64 * KIB, FALSE },
};

static const Member case_members[] = {
  { offsetof (UsherCase, id), "case id", ID_LENGTH, TRUE },
  { offsetof (UsherCase, customer_id), "customer id", ID_LENGTH, TRUE },
  { offsetof (UsherCase, interaction), "interaction id", ID_LENGTH, TRUE },
  { offsetof (UsherCase, subject), "subject", 500, TRUE },
  { offsetof (UsherCase, state), "state", 16, TRUE },
  { offsetof (UsherCase, transcript), "transcript", 4 * KIB *KIB, FALSE },
  { offsetof (UsherCase, queue), "queue name", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, channel), "channel name", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, agent), "agent's name", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, notes), "text of the notes", 64 * KIB, FALSE },
  { offsetof (UsherCase, fields), "text of the site's own fields", 64 * KIB, FALSE },
  { offsetof (UsherCase, severity), "severity", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, priority), "priority", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, category), "category", NAME_LENGTH, TRUE },
  { offsetof (UsherCase, codes), "list of codes", 64 * KIB, FALSE },
  { offsetof (UsherCase, comment), "comment", 16 * KIB, FALSE },
  { offsetof (UsherCase, follow_up_of), "id of the earlier case", ID_LENGTH, TRUE },
};

static const Member query_members[] = {
  { offsetof (UsherCrmQuery, text), "text to search for", 500, TRUE },
  { offsetof (UsherCrmQuery, customer_id), "customer id", ID_LENGTH, TRUE },
  { offsetof (UsherCrmQuery, state), "state", 16, TRUE },
  { offsetof (UsherCrmQuery, cursor), "page mark", 128, TRUE },
};

static gboolean
invalid (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (LOCAL_ERROR, USHER_INVALID, format, args);
  va_end (args);
  return FALSE;
}

/* `cut` shortens a line that is too long instead of refusing it. */
static gboolean
take_text (LocalPool *pool, const Member *member, const char **slot, gboolean cut, GError **error)
{
  char *text;
  gsize length;

  if (*slot == NULL)
    return TRUE;
  if (!g_utf8_validate (*slot, -1, NULL))
    return invalid (error, "The %s is not valid UTF-8 text.", member->label);
  text = local_pool_take (pool, member->line ? local_text_line (*slot) : g_strdup (*slot));
  length = member->line ? (gsize)g_utf8_strlen (text, -1) : strlen (text);
  if (length > member->most && cut && member->line)
    *g_utf8_offset_to_pointer (text, member->most) = '\0';
  else if (length > member->most && member->line)
    return invalid (
        error, "The %s is %" G_GSIZE_FORMAT " characters long and at most %" G_GSIZE_FORMAT " fit. Shorten it.",
        member->label, length, member->most);
  else if (length > member->most)
    return invalid (
        error, "The %s is %" G_GSIZE_FORMAT " bytes long and at most %" G_GSIZE_FORMAT " KiB fit. Shorten it.",
        member->label, length, member->most / KIB);
  *slot = text;
  return TRUE;
}

static gboolean
take_texts (LocalPool *pool, gpointer copy, const Member *members, gsize count, gboolean cut, GError **error)
{
  for (gsize i = 0; i < count; i++)
    if (!take_text (pool, &members[i], (const char **)((char *)copy + members[i].offset), cut, error))
      return FALSE;
  return TRUE;
}

/* A copy of as much of the struct as its maker knew. */
static gpointer
bounded_copy (LocalPool *pool, const void *from, gsize from_size, gsize size)
{
  gpointer to = local_pool_alloc (pool, size);

  memcpy (to, from, MIN (from_size, size));
  *(size_t *)to = size;
  return to;
}

static gboolean
check_fields (const UsherHost *host, const char *fields, GError **error)
{
  const char *why = NULL;
  UsherJson *json;

  if (fields == NULL || *fields == '\0')
    return TRUE;
  json = host->json_parse (fields, strlen (fields), &why);
  if (json == NULL)
    return invalid (error, "The site's own fields are not a JSON object: %s.", why);
  host->json_free (json);
  if (fields[strspn (fields, " \t\r\n")] != '{')
    return invalid (error, "The site's own fields must be one JSON object, like {\"tier\":\"gold\"}.");
  return TRUE;
}

const char *
local_check_id (LocalPool *pool, const char *id, GError **error)
{
  static const Member member = { 0, "id", ID_LENGTH, TRUE };

  if (id == NULL || *id == '\0')
    {
      invalid (error, "No id was given.");
      return NULL;
    }
  return take_text (pool, &member, &id, FALSE, error) ? id : NULL;
}

UsherIdentity *
local_check_identity (LocalPool *pool, const UsherIdentity *identity, GError **error)
{
  static const Member network = { 0, "network of an identity", NETWORK_LENGTH, TRUE };
  static const Member id = { 0, "id of an identity", IDENTITY_LENGTH, FALSE };
  static const Member name = { 0, "name of an identity", NAME_LENGTH, TRUE };
  UsherIdentity *copy;

  if (identity == NULL)
    {
      invalid (error, "No identity was given.");
      return NULL;
    }
  copy = bounded_copy (pool, identity, identity->struct_size, sizeof *copy);
  /* A name is what the network says, not what somebody typed here: too long is cut. */
  if (!take_text (pool, &network, &copy->network, FALSE, error) || !take_text (pool, &id, &copy->id, FALSE, error)
      || !take_text (pool, &name, &copy->name, TRUE, error))
    return NULL;
  if (copy->network == NULL || *copy->network == '\0' || copy->id == NULL || *copy->id == '\0')
    {
      invalid (error, "An identity needs both a network and an id on it.");
      return NULL;
    }
  copy->network = local_pool_take (pool, g_ascii_strdown (copy->network, -1));
  if (copy->name != NULL && *copy->name == '\0')
    copy->name = NULL;
  return copy;
}

/* The name of who does it comes from the core and must not make a save fail: too long is cut. */
static gboolean
take_author (LocalPool *pool, const char **author, GError **error)
{
  static const Member member = { 0, "author's name", NAME_LENGTH, TRUE };

  if (!take_text (pool, &member, author, TRUE, error))
    return FALSE;
  if (*author != NULL && **author == '\0')
    *author = NULL;
  return TRUE;
}

static gboolean
check_state (const char *state, GError **error)
{
  if (state == NULL || strcmp (state, "open") == 0 || strcmp (state, "closed") == 0)
    return TRUE;
  return invalid (error, "A case is \"open\" or \"closed\", not \"%s\".", state);
}

UsherCrmQuery *
local_check_query (LocalPool *pool, const UsherCrmQuery *query, gboolean cases, GError **error)
{
  UsherCrmQuery *copy;

  if (query == NULL)
    {
      invalid (error, "No query was given.");
      return NULL;
    }
  copy = bounded_copy (pool, query, query->struct_size, sizeof *copy);
  if (!take_texts (pool, copy, query_members, G_N_ELEMENTS (query_members), FALSE, error)
      || (cases && !check_state (copy->state, error)))
    return NULL;
  if (!cases && copy->state != NULL && *copy->state != '\0' && strcmp (copy->state, "draft") != 0)
    {
      invalid (error, "Customers can be listed by the state \"draft\", not \"%s\".", copy->state);
      return NULL;
    }
  if (copy->limit < 1 || copy->limit > 200)
    {
      invalid (error, "A page has 1 to 200 rows, not %d.", copy->limit);
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
    if (++count > MOST_IDENTITIES)
      return invalid (error, "A customer can have at most %d identities.", MOST_IDENTITIES);
  to = local_pool_alloc (pool, (count + 1) * sizeof *to);
  for (guint i = 0; i < count; i++)
    {
      to[i] = local_check_identity (pool, from[i], error);
      if (to[i] == NULL)
        return FALSE;
      if (!g_hash_table_add (seen, g_strdup_printf ("%s\n%s", to[i]->network, to[i]->id)))
        return invalid (error, "The %s identity %s is given twice.", to[i]->network, to[i]->id);
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
      invalid (error, "No customer was given.");
      return NULL;
    }
  copy = bounded_copy (pool, customer, customer->struct_size, sizeof *copy);
  /* A draft must not fail for a long display name: a chat would be left without its customer. */
  if (!take_texts (pool, copy, customer_members, G_N_ELEMENTS (customer_members),
                   copy->draft && copy->email == NULL, error)
      || !take_author (pool, &copy->author, error) || !take_identities (pool, copy, error)
      || !check_fields (host, copy->fields, error))
    return NULL;
  if (copy->id != NULL && *copy->id == '\0')
    copy->id = NULL;
  if (copy->email != NULL && *copy->email != '\0')
    {
      const char *problem = local_text_email_problem (copy->email);

      if (problem != NULL)
        {
          invalid (error, "\"%s\" is not an e-mail address: %s. Correct it or leave it empty.", copy->email,
                   problem);
          return NULL;
        }
    }
  if (copy->version < 0)
    {
      invalid (error, "A version is 0 or more, not %" G_GINT64_FORMAT ".", (gint64)copy->version);
      return NULL;
    }
  return copy;
}

/* ---- codes --------------------------------------------------------------------------------------------- */

static gboolean
add_code (GString *out, const UsherHost *host, const UsherJson *code, GError **error)
{
  static const char *const keys[] = { "list", "code", "name" };

  if (host->json_string (host->json_get (code, "code")) == NULL)
    return invalid (error, "A transaction code needs the text \"code\", like {\"list\":\"Reason\",\"code\":"
                           "\"B1\",\"name\":\"Billing\"}.");
  g_string_append_c (out, out->len > 1 ? ',' : '[');
  g_string_append_c (out, '{');
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *text = host->json_string (host->json_get (code, keys[i]));

      if (text == NULL)
        continue;
      g_string_append (out, out->str[out->len - 1] == '{' ? "" : ",");
      local_json_text (out, keys[i]);
      g_string_append_c (out, ':');
      local_json_text (out, text);
    }
  g_string_append_c (out, '}');
  return TRUE;
}

/* Codes in one form, whatever order and spaces they came in; none is "", which clears. */
static gboolean
take_codes (const UsherHost *host, LocalPool *pool, const char **codes, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *why = NULL;
  gboolean good = TRUE;
  UsherJson *json;
  gsize count;

  if (*codes == NULL || **codes == '\0')
    return TRUE;
  json = host->json_parse (*codes, strlen (*codes), &why);
  if (json == NULL)
    return invalid (error, "The transaction codes are not a JSON array: %s.", why);
  count = host->json_length (json);
  if ((*codes)[strspn (*codes, " \t\r\n")] != '[')
    good = invalid (error, "The transaction codes must be a JSON array of objects.");
  else if (count > MOST_CODES)
    good = invalid (error, "A case can have at most %d transaction codes.", MOST_CODES);
  for (gsize i = 0; i < count && good; i++)
    good = add_code (out, host, host->json_at (json, i), error);
  host->json_free (json);
  if (good)
    *codes = local_pool_text (pool, count > 0 ? g_string_append_c (out, ']')->str : "");
  return good;
}

/* ---- cases and merges ---------------------------------------------------------------------------------- */

static gboolean
check_follow_up (UsherCase *copy, GError **error)
{
  if (copy->follow_up_of != NULL && *copy->follow_up_of == '\0')
    copy->follow_up_of = NULL;
  if (copy->follow_up_of == NULL || (copy->id == NULL && copy->interaction != NULL))
    return TRUE;
  return invalid (error, "Only a new interaction can continue an earlier case: give its id, and no id of a case.");
}

static void
trim_comment (LocalPool *pool, UsherCase *copy)
{
  if (copy->comment != NULL)
    copy->comment = g_strstrip (local_pool_text (pool, copy->comment));
  if (copy->comment != NULL && *copy->comment == '\0')
    copy->comment = NULL;
}

UsherCase *
local_check_case (const UsherHost *host, LocalPool *pool, const UsherCase *record, GError **error)
{
  UsherCase *copy;

  if (record == NULL)
    {
      invalid (error, "No case was given.");
      return NULL;
    }
  copy = bounded_copy (pool, record, record->struct_size, sizeof *copy);
  if (!take_texts (pool, copy, case_members, G_N_ELEMENTS (case_members), FALSE, error)
      || !check_state (copy->state, error) || !check_fields (host, copy->fields, error)
      || !take_codes (host, pool, &copy->codes, error) || !take_author (pool, &copy->author, error))
    return NULL;
  trim_comment (pool, copy);
  if (copy->id != NULL && *copy->id == '\0')
    copy->id = NULL;
  if (copy->interaction != NULL && *copy->interaction == '\0')
    {
      invalid (error, "The interaction of a case can't be empty; leave it out instead.");
      return NULL;
    }
  if (copy->version < 0 || copy->started_at < 0 || copy->ended_at < 0)
    {
      invalid (error, "The version and the times of a case are 0 or more.");
      return NULL;
    }
  return check_follow_up (copy, error) ? copy : NULL;
}

UsherMerge *
local_check_merge (LocalPool *pool, const UsherMerge *merge, gboolean undo, GError **error)
{
  UsherMerge *copy;

  if (merge == NULL)
    {
      invalid (error, "No merge was given.");
      return NULL;
    }
  copy = bounded_copy (pool, merge, merge->struct_size, sizeof *copy);
  if (undo ? (copy->id = local_check_id (pool, copy->id, error)) == NULL
           : (copy->keep = local_check_id (pool, copy->keep, error)) == NULL
                 || (copy->drop = local_check_id (pool, copy->drop, error)) == NULL)
    return NULL;
  return take_author (pool, &copy->author, error) ? copy : NULL;
}
