/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Histories and comments. The file keeps every line in full; an answer has the newest ones, with long texts cut,
 * because it has to pass through a desk's connection. Worker thread.
 */
#include "local-history.h"

#include "local-customer-row.h"
#include "local-fields.h"

#define MOST_LINES 500
#define SHOWN_LENGTH 1000
#define MOST_COMMENT_BYTES 2000000
/* The core asks at most so long for one save before it gives the answer up for lost. */
#define REPEAT_MS 60000

gboolean
local_history_add (LocalDb *db, gint64 n, const LocalChange *change, GError **error)
{
  g_autoptr (LocalStatement) add = local_db_prepare (
      db, "INSERT INTO case_history (record, at, author, field, before, after, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
      error);

  if (add == NULL)
    return FALSE;
  local_bind_int (add, 1, n);
  local_bind_int (add, 2, db->host->now ());
  local_bind_text (add, 3, change->author);
  local_bind_text (add, 4, change->field);
  local_bind_text (add, 5, change->from);
  local_bind_text (add, 6, change->to);
  local_bind_text (add, 7, change->why);
  return local_db_finish (db, add, error);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

typedef struct
{
  LocalDb *db;
  gint64 n;
  const char *author;
} Comparing;

static gboolean
add_line (const Comparing *comparing, const char *field, const char *from, const char *to, GError **error)
{
  LocalChange change = { .author = comparing->author, .field = field, .from = from, .to = to };

  return local_history_add (comparing->db, comparing->n, &change, error);
}

static gboolean
add_member (const Comparing *comparing, const char *field, const char *from, const char *to, GError **error)
{
  return g_strcmp0 (from, to) == 0 || add_line (comparing, field, from, to, error);
}

/* Also when only the type changed and the texts are the same. */
static gboolean
add_field (gpointer data, const char *key, const char *before, const char *after, GError **error)
{
  g_autofree char *field = g_strconcat ("fields.", key, NULL);

  return add_line (data, field, before, after, error);
}

/* "Anna Schmidt (100042)": the history is read by people, also when the record has gone to another. */
static gboolean
customer_text (LocalDb *db, gint64 n, LocalPool *pool, const char **text, GError **error)
{
  const LocalCustomer *customer;

  *text = NULL;
  if (n == 0)
    return TRUE;
  customer = local_customer_read (db, n, pool, error);
  if (customer == NULL)
    return FALSE;
  *text = local_pool_take (
      pool, g_strdup_printf ("%s (%s)", local_customer_name (pool, &customer->record), customer->record.account));
  return TRUE;
}

/* "Billing, Refund" */
static gboolean
codes_text (LocalDb *db, const char *codes, LocalPool *pool, const char **text, GError **error)
{
  g_autoptr (LocalStatement) join = local_db_prepare (
      db,
      "SELECT group_concat (coalesce (json_extract (value, '$.name'), json_extract (value, '$.code')), ', ')"
      " FROM json_each (?)",
      error);
  gboolean row;

  *text = NULL;
  if (join == NULL)
    return FALSE;
  local_bind_text (join, 1, codes);
  if (!local_db_step (db, join, &row, error))
    return FALSE;
  *text = local_column_text (join, 0, pool);
  return TRUE;
}

gboolean
local_history_compare (LocalDb *db, const LocalCase *before, const LocalCase *after, const char *author,
                       LocalPool *pool, GError **error)
{
  const UsherCase *a = &before->record, *b = &after->record;
  Comparing comparing = { db, before->n, author };
  const char *from, *to;

  if (before->customer != after->customer
      && (!customer_text (db, before->customer, pool, &from, error)
          || !customer_text (db, after->customer, pool, &to, error)
          || !add_member (&comparing, "customer", from, to, error)))
    return FALSE;
  if (g_strcmp0 (a->codes, b->codes) != 0
      && (!codes_text (db, a->codes, pool, &from, error) || !codes_text (db, b->codes, pool, &to, error)
          || !add_member (&comparing, "codes", from, to, error)))
    return FALSE;
  return add_member (&comparing, "subject", a->subject, b->subject, error)
         && add_member (&comparing, "severity", a->severity, b->severity, error)
         && add_member (&comparing, "priority", a->priority, b->priority, error)
         && add_member (&comparing, "category", a->category, b->category, error)
         && add_member (&comparing, "notes", a->notes, b->notes, error)
         && local_fields_differences (db, a->fields, b->fields, add_field, &comparing, error)
         && add_member (&comparing, "state", a->state, b->state, error);
}

/* ---- comments ------------------------------------------------------------------------------------------ */

gboolean
local_comment_add (LocalDb *db, gint64 n, gint64 version, const char *author, const char *text, GError **error)
{
  g_autoptr (LocalStatement) add = local_db_prepare (
      db, "INSERT INTO case_comments (record, version, at, author, text) VALUES (?, ?, ?, ?, ?)", error);

  if (add == NULL)
    return FALSE;
  local_bind_int (add, 1, n);
  local_bind_int (add, 2, version);
  local_bind_int (add, 3, db->host->now ());
  local_bind_text (add, 4, author);
  local_bind_text (add, 5, text);
  return local_db_finish (db, add, error);
}

/* With a version, the comment that this version got; without, the newest one when it is as young as a repeated
 * save can be. */
gboolean
local_comment_is_there (LocalDb *db, gint64 n, const UsherCase *wanted, gboolean *there, GError **error)
{
  g_autoptr (LocalStatement) find = local_db_prepare (
      db,
      "SELECT version = ?2 + 1 OR (?2 = 0 AND at >= ?3) FROM ("
      " SELECT version, at, author, text FROM case_comments WHERE record = ?1 ORDER BY n DESC LIMIT 1)"
      " WHERE text = ?4 AND author IS ?5",
      error);
  gint64 found;

  if (find == NULL)
    return FALSE;
  local_bind_int (find, 1, n);
  local_bind_int (find, 2, wanted->version);
  local_bind_int (find, 3, db->host->now () - REPEAT_MS);
  local_bind_text (find, 4, wanted->comment);
  local_bind_text (find, 5, wanted->author);
  if (!local_db_number (db, find, 0, &found, error))
    return FALSE;
  *there = found != 0;
  return TRUE;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static gboolean
load (LocalDb *db, const char *sql, gint64 n, LocalPool *pool, const char **json, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (db, sql, error);
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_int (read, 1, n);
  local_bind_int (read, 2, MOST_LINES);
  local_bind_int (read, 3, SHOWN_LENGTH);
  local_bind_int (read, 4, MOST_COMMENT_BYTES);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  *json = local_column_text (read, 0, pool);
  return TRUE;
}

gboolean
local_history_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error)
{
  static const char comments[]
      = "SELECT json_group_array (json_object ('at', at, 'author', author, 'text', text)) FROM ("
        " SELECT * FROM (SELECT *, sum (length (CAST (text AS BLOB))) OVER (ORDER BY n DESC) AS used FROM"
        "  (SELECT * FROM case_comments WHERE record = ?1 ORDER BY n DESC LIMIT ?2))"
        " WHERE used <= ?4 ORDER BY n)";
  static const char history[]
      = "SELECT json_group_array (json (CASE WHEN why IS NULL THEN"
        " json_object ('at', at, 'author', author, 'field', field, 'from', before, 'to', after) ELSE"
        " json_object ('at', at, 'author', author, 'field', field, 'from', before, 'to', after, 'why', why) END))"
        " FROM (SELECT n, at, author, field, why,"
        " CASE WHEN length (before) > ?3 THEN substr (before, 1, ?3) || '…' ELSE before END AS before,"
        " CASE WHEN length (after) > ?3 THEN substr (after, 1, ?3) || '…' ELSE after END AS after"
        " FROM (SELECT * FROM case_history WHERE record = ?1 ORDER BY n DESC LIMIT ?2) ORDER BY n)";

  return load (db, comments, n, pool, &record->comments, error)
         && load (db, history, n, pool, &record->history, error);
}
