/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks and copies of cases. Main thread.
 */
#include "local-check.h"

#include <string.h>

#include "local-check-text.h"
#include "local-text.h"

#define MOST_CODES 100

static const LocalMember case_members[] = {
  { offsetof (UsherCase, id), "case id", LOCAL_ID_LENGTH, TRUE },
  { offsetof (UsherCase, customer_id), "customer id", LOCAL_ID_LENGTH, TRUE },
  { offsetof (UsherCase, interaction), "interaction id", LOCAL_ID_LENGTH, TRUE },
  { offsetof (UsherCase, subject), "subject", 500, TRUE },
  { offsetof (UsherCase, state), "state", 16, TRUE },
  { offsetof (UsherCase, transcript), "transcript", 4 * LOCAL_KIB *LOCAL_KIB, FALSE },
  { offsetof (UsherCase, queue), "queue name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, channel), "channel name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, agent), "agent's name", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, notes), "text of the notes", 64 * LOCAL_KIB, FALSE },
  { offsetof (UsherCase, fields), "text of the site's own fields", 64 * LOCAL_KIB, FALSE },
  { offsetof (UsherCase, severity), "severity", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, priority), "priority", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, category), "category", LOCAL_NAME_LENGTH, TRUE },
  { offsetof (UsherCase, codes), "list of codes", 64 * LOCAL_KIB, FALSE },
  { offsetof (UsherCase, comment), "comment", 16 * LOCAL_KIB, FALSE },
  { offsetof (UsherCase, follow_up_of), "id of the earlier case", LOCAL_ID_LENGTH, TRUE },
};

/* ---- codes --------------------------------------------------------------------------------------------- */

static gboolean
add_code (GString *out, const UsherHost *host, const UsherJson *code, GError **error)
{
  static const char *const keys[] = { "list", "code", "name" };

  if (host->json_string (host->json_get (code, "code")) == NULL)
    return local_invalid (error, "A transaction code needs the text \"code\", like {\"list\":\"Reason\",\"code\":"
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
    return local_invalid (error, "The transaction codes are not a JSON array: %s.", why);
  count = host->json_length (json);
  if ((*codes)[strspn (*codes, " \t\r\n")] != '[')
    good = local_invalid (error, "The transaction codes must be a JSON array of objects.");
  else if (count > MOST_CODES)
    good = local_invalid (error, "A case can have at most %d transaction codes.", MOST_CODES);
  for (gsize i = 0; i < count && good; i++)
    good = add_code (out, host, host->json_at (json, i), error);
  host->json_free (json);
  if (good)
    *codes = local_pool_text (pool, count > 0 ? g_string_append_c (out, ']')->str : "");
  return good;
}

/* ---- cases --------------------------------------------------------------------------------------------- */

static gboolean
check_follow_up (UsherCase *copy, GError **error)
{
  if (copy->follow_up_of != NULL && *copy->follow_up_of == '\0')
    copy->follow_up_of = NULL;
  if (copy->follow_up_of == NULL || (copy->id == NULL && copy->interaction != NULL))
    return TRUE;
  return local_invalid (error,
                        "Only a new interaction can continue an earlier case: give its id, and no id of a case.");
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
      local_invalid (error, "No case was given.");
      return NULL;
    }
  copy = local_bounded_copy (pool, record, record->struct_size, sizeof *copy);
  if (!local_take_texts (pool, copy, case_members, G_N_ELEMENTS (case_members), FALSE, error)
      || !local_check_state (copy->state, error) || !local_check_object (host, copy->fields, error)
      || !take_codes (host, pool, &copy->codes, error) || !local_take_author (pool, &copy->author, error))
    return NULL;
  trim_comment (pool, copy);
  if (copy->id != NULL && *copy->id == '\0')
    copy->id = NULL;
  if (copy->interaction != NULL && *copy->interaction == '\0')
    {
      local_invalid (error, "The interaction of a case can't be empty; leave it out instead.");
      return NULL;
    }
  if (copy->version < 0 || copy->started_at < 0 || copy->ended_at < 0)
    {
      local_invalid (error, "The version and the times of a case are 0 or more.");
      return NULL;
    }
  return check_follow_up (copy, error) ? copy : NULL;
}
