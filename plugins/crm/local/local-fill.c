/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table merge_fills: which merge gave a member its present value. The names of members are those of the JSON
 * form; "fields.KEY" is one of the site's own. Worker thread.
 */
#include "local-fill.h"

#include <string.h>

#include "local-fields.h"
#include "local-text.h"

#define FIELD_PREFIX "fields."

static const struct
{
  const char *member;
  gsize offset;
} members[] = {
  { "name", offsetof (UsherCustomer, name) },           { "first_name", offsetof (UsherCustomer, first_name) },
  { "last_name", offsetof (UsherCustomer, last_name) }, { "email", offsetof (UsherCustomer, email) },
  { "phone", offsetof (UsherCustomer, phone) },         { "company", offsetof (UsherCustomer, company) },
  { "notes", offsetof (UsherCustomer, notes) },
};

static const char **
slot_of (UsherCustomer *customer, guint at)
{
  return (const char **)((char *)customer + members[at].offset);
}

/* ---- filling ------------------------------------------------------------------------------------------- */

static gboolean
note (LocalDb *db, gint64 merge, gint64 customer, const char *member, GError **error)
{
  g_autoptr (LocalStatement) add = local_db_prepare (
      db, "INSERT OR REPLACE INTO merge_fills (customer, member, merge) VALUES (?, ?, ?)", error);

  if (add == NULL)
    return FALSE;
  local_bind_int (add, 1, customer);
  local_bind_text (add, 2, member);
  local_bind_int (add, 3, merge);
  return local_db_finish (db, add, error);
}

typedef struct
{
  LocalDb *db;
  gint64 merge, customer;
} Noting;

static gboolean
note_field (gpointer data, const char *key, const char *before, const char *after, GError **error)
{
  const Noting *noting = data;
  g_autofree char *member = g_strconcat (FIELD_PREFIX, key, NULL);

  return note (noting->db, noting->merge, noting->customer, member, error);
}

static gboolean
fill_fields (LocalDb *db, gint64 merge, LocalCustomer *keep, const char *from, LocalPool *pool, GError **error)
{
  Noting noting = { db, merge, keep->n };
  const char *filled;

  if (!local_fields_fill (db, keep->record.fields, from, pool, &filled, error)
      || !local_fields_differences (db, keep->record.fields, filled, note_field, &noting, error))
    return FALSE;
  keep->record.fields = filled;
  return TRUE;
}

gboolean
local_fill_members (LocalDb *db, gint64 merge, LocalCustomer *keep, const LocalCustomer *drop, LocalPool *pool,
                    GError **error)
{
  UsherCustomer *to = &keep->record, from = drop->record;

  /* A display name in the place of a real one would rename the person. */
  if (to->first_name != NULL || to->last_name != NULL)
    from.name = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      if (*slot_of (to, i) != NULL || *slot_of (&from, i) == NULL)
        continue;
      *slot_of (to, i) = *slot_of (&from, i);
      if (!note (db, merge, keep->n, members[i].member, error))
        return FALSE;
    }
  if (to->draft && !from.draft)
    {
      to->draft = false;
      if (!note (db, merge, keep->n, "draft", error))
        return FALSE;
    }
  return fill_fields (db, merge, keep, from.fields, pool, error);
}

/* ---- taking back --------------------------------------------------------------------------------------- */

/* Members that the query finds, in the pool; NULL-terminated. */
static const char **
list_members (LocalDb *db, const char *sql, gint64 argument, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) each = local_db_prepare (db, sql, error);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  const char **list;
  gboolean row = TRUE;

  if (each == NULL)
    return NULL;
  local_bind_int (each, 1, argument);
  while (row)
    {
      if (!local_db_step (db, each, &row, error))
        return NULL;
      if (row)
        g_ptr_array_add (found, local_column_text (each, 0, pool));
    }
  list = local_pool_alloc (pool, (found->len + 1) * sizeof *list);
  for (guint i = 0; i < found->len; i++)
    list[i] = found->pdata[i];
  return list;
}

static gboolean
take_fields_back (LocalDb *db, LocalCustomer *keep, const char **filled, LocalPool *pool, GError **error)
{
  g_autoptr (GString) patch = g_string_new (NULL);

  for (; *filled != NULL; filled++)
    {
      if (!g_str_has_prefix (*filled, FIELD_PREFIX))
        continue;
      g_string_append_c (patch, patch->len > 0 ? ',' : '{');
      local_json_text (patch, *filled + strlen (FIELD_PREFIX));
      g_string_append (patch, ":null");
    }
  if (keep->record.fields == NULL || patch->len == 0)
    return TRUE;
  if (!local_fields_patch (db, keep->record.fields, g_string_append_c (patch, '}')->str, pool,
                           &keep->record.fields, error))
    return FALSE;
  if (strcmp (keep->record.fields, "{}") == 0)
    keep->record.fields = NULL;
  return TRUE;
}

gboolean
local_fill_take_back (LocalDb *db, gint64 merge, LocalCustomer *keep, LocalPool *pool, GError **error)
{
  UsherCustomer *record = &keep->record;
  const char **filled
      = list_members (db, "SELECT member FROM merge_fills WHERE merge = ? ORDER BY member", merge, pool, error);
  g_autoptr (LocalStatement) forget = local_db_prepare (db, "DELETE FROM merge_fills WHERE merge = ?", error);

  if (filled == NULL || forget == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (g_strv_contains (filled, members[i].member))
      *slot_of (record, i) = NULL;
  if (!take_fields_back (db, keep, filled, pool, error))
    return FALSE;
  /* A record that has lost the names it was completed with is incomplete again. */
  if (g_strv_contains (filled, "draft") || record->first_name == NULL || record->last_name == NULL)
    record->draft = true;
  local_bind_int (forget, 1, merge);
  return local_db_finish (db, forget, error);
}

gboolean
local_fill_gave_email (LocalDb *db, gint64 merge, gboolean *gave, GError **error)
{
  g_autoptr (LocalStatement) find
      = local_db_prepare (db, "SELECT 1 FROM merge_fills WHERE merge = ? AND member = 'email'", error);

  if (find == NULL)
    return FALSE;
  local_bind_int (find, 1, merge);
  return local_db_step (db, find, gave, error);
}

/* ---- edits --------------------------------------------------------------------------------------------- */

static gboolean
forget_one (LocalDb *db, gint64 customer, const char *member, GError **error)
{
  g_autoptr (LocalStatement) forget
      = local_db_prepare (db, "DELETE FROM merge_fills WHERE customer = ? AND member = ?", error);

  if (forget == NULL)
    return FALSE;
  local_bind_int (forget, 1, customer);
  local_bind_text (forget, 2, member);
  return local_db_finish (db, forget, error);
}

static gboolean
forget_field (gpointer data, const char *key, const char *before, const char *after, GError **error)
{
  const Noting *noting = data;
  g_autofree char *member = g_strconcat (FIELD_PREFIX, key, NULL);

  return forget_one (noting->db, noting->customer, member, error);
}

gboolean
local_fill_edited (LocalDb *db, const LocalCustomer *before, const LocalCustomer *after, gboolean completes,
                   GError **error)
{
  UsherCustomer from = before->record, to = after->record;
  Noting noting = { db, 0, before->n };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (g_strcmp0 (*slot_of (&from, i), *slot_of (&to, i)) != 0
        && !forget_one (db, before->n, members[i].member, error))
      return FALSE;
  return (!completes || forget_one (db, before->n, "draft", error))
         && local_fields_differences (db, from.fields, to.fields, forget_field, &noting, error);
}
