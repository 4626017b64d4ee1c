/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words of three letters and more go through the trigram index, shorter ones (most Chinese and Japanese words) are
 * looked for in the texts themselves. A page begins behind the last row of the page before, named by values and
 * not by a count, so rows that come or go never shift a page. Worker thread.
 */
#include "local-search.h"

#include <stdio.h>
#include <string.h>

#include "local-case.h"
#include "local-customer-row.h"
#include "local-text.h"

/* Where a page begins: after the row with this rank and place. */
typedef struct
{
  gint64 rank, place;
} Mark;

static gboolean
read_mark (const char *cursor, Mark *mark, GError **error)
{
  int used = 0;

  *mark = (Mark){ -1, G_MAXINT64 };
  if (cursor == NULL || *cursor == '\0')
    return TRUE;
  if (strlen (cursor) <= 24
      && sscanf (cursor, "%1" G_GINT64_FORMAT "-%18" G_GINT64_FORMAT "%n", &mark->rank, &mark->place, &used) == 2
      && (gsize)used == strlen (cursor) && mark->rank >= 0 && mark->place > 0)
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "\"%s\" does not mark a page of this list. Begin again with the first page.", cursor);
  return FALSE;
}

static void
set_next (LocalAnswer *answer, Mark last)
{
  answer->next = local_pool_take (
      answer->pool, g_strdup_printf ("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, last.rank, last.place));
}

/* One row of a list: number, rank, place. */
typedef gboolean (*Load) (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error);

/* Reads one row more than the page has, to know whether another page follows. */
static gboolean
read_page (LocalDb *db, LocalStatement *list, int limit, Load load, LocalAnswer *answer, GError **error)
{
  Mark last = { 0, 0 };
  gboolean row;

  for (int i = 0;; i++)
    {
      if (!local_db_step (db, list, &row, error))
        return FALSE;
      if (!row)
        return TRUE;
      if (i == limit)
        {
          set_next (answer, last);
          return TRUE;
        }
      if (!load (db, sqlite3_column_int64 (list, 0), answer, error))
        return FALSE;
      last = (Mark){ sqlite3_column_int64 (list, 1), sqlite3_column_int64 (list, 2) };
    }
}

static gboolean
load_customer (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  return local_customer_load (db, n, answer, error) != NULL;
}

static gboolean
load_case (LocalDb *db, gint64 n, LocalAnswer *answer, GError **error)
{
  return local_case_load (db, n, FALSE, answer, error) != NULL;
}

gboolean
local_search_customers (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  /* ?1 rank and ?2 place of the mark, ?3 rows, ?4 words, ?5 phrase, ?6 most matches ranked, ?7 index expression,
   * ?8 whether only drafts. Merged records have no words and nothing is found in them. */
  static const char all[] = "SELECT n, 0, change FROM customers WHERE change < ?2 AND merged_into IS NULL"
                            " ORDER BY change DESC LIMIT ?3";
  static const char drafts[] = "SELECT n, 0, change FROM customers WHERE draft = 1 AND merged_into IS NULL"
                               " AND change < ?2 ORDER BY change DESC LIMIT ?3";
  static const char indexed[] = "SELECT c.n, local_rank (c.haystack, ?5) AS rank, c.change FROM customers AS c"
                                " JOIN (SELECT rowid AS n FROM customer_words WHERE customer_words MATCH ?7"
                                "       ORDER BY rowid DESC LIMIT ?6) AS found ON found.n = c.n"
                                " WHERE local_has (c.haystack, ?4) AND c.draft >= ?8"
                                " AND (rank, -c.change) > (?1, -?2) ORDER BY rank, c.change DESC LIMIT ?3";
  static const char scanned[] = "SELECT c.n, local_rank (c.haystack, ?5) AS rank, c.change FROM customers AS c"
                                " JOIN (SELECT n FROM customers WHERE local_has (haystack, ?4)"
                                "       ORDER BY n DESC LIMIT ?6) AS found ON found.n = c.n"
                                " WHERE c.draft >= ?8 AND (rank, -c.change) > (?1, -?2)"
                                " ORDER BY rank, c.change DESC LIMIT ?3";
  const UsherCrmQuery *query = request->query;
  gboolean only_drafts = query->state != NULL && *query->state != '\0';
  g_autoptr (LocalNeedle) needle = local_needle_new (query->text);
  gboolean words = *needle->words != '\0';
  const char *sql = !words ? (only_drafts ? drafts : all) : needle->match != NULL ? indexed : scanned;
  g_autoptr (LocalStatement) list = NULL;
  Mark mark;

  if (!read_mark (query->cursor, &mark, error))
    return FALSE;
  list = local_db_prepare (db, sql, error);
  if (list == NULL)
    return FALSE;
  local_bind_int (list, 1, mark.rank);
  local_bind_int (list, 2, mark.place);
  local_bind_int (list, 3, query->limit + 1);
  if (words)
    {
      local_bind_text (list, 4, needle->words);
      local_bind_text (list, 5, needle->phrase);
      local_bind_int (list, 6, db->config->search_limit);
      local_bind_int (list, 8, only_drafts);
    }
  if (sql == indexed)
    local_bind_text (list, 7, needle->match);
  return read_page (db, list, query->limit, load_customer, answer, error);
}

gboolean
local_search_cases (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  /* ?1 place of the mark, ?2 rows, ?3 state, ?4 words, ?5 customer, ?6 index expression */
  static const char all[] = "SELECT n, 0, n FROM cases WHERE n < ?1 AND (?3 IS NULL OR state = ?3)"
                            " AND local_has (haystack, ?4) ORDER BY n DESC LIMIT ?2";
  /* A customer's cases are a history of dealings: the one in which something happened last comes first. */
  static const char of_customer[]
      = "SELECT n, 0, change FROM cases WHERE customer = ?5 AND change < ?1 AND (?3 IS NULL OR state = ?3)"
        " AND local_has (haystack, ?4) ORDER BY change DESC LIMIT ?2";
  static const char indexed[] = "SELECT c.n, 0, c.n FROM case_words AS w CROSS JOIN cases AS c ON c.n = w.rowid"
                                " WHERE w.case_words MATCH ?6 AND w.rowid < ?1 AND (?3 IS NULL OR c.state = ?3)"
                                " AND local_has (c.haystack, ?4) ORDER BY w.rowid DESC LIMIT ?2";
  const UsherCrmQuery *query = request->query;
  gboolean one = query->customer_id != NULL && *query->customer_id != '\0';
  g_autoptr (LocalNeedle) needle = local_needle_new (query->text);
  const char *sql = one ? of_customer : needle->match != NULL ? indexed : all;
  g_autoptr (LocalStatement) list = NULL;
  gint64 customer = 0;
  Mark mark;

  if (!read_mark (query->cursor, &mark, error)
      || (one && !local_customer_find_kept (db, query->customer_id, &customer, error)))
    return FALSE;
  list = local_db_prepare (db, sql, error);
  if (list == NULL)
    return FALSE;
  local_bind_int (list, 1, mark.place);
  local_bind_int (list, 2, query->limit + 1);
  local_bind_text (list, 3, query->state);
  local_bind_text (list, 4, needle->words);
  if (sql == of_customer)
    local_bind_int (list, 5, customer);
  if (sql == indexed)
    local_bind_text (list, 6, needle->match);
  return read_page (db, list, query->limit, load_case, answer, error);
}
