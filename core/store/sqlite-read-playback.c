/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of interactions, narrowed by any of its filters, and the search in their transcripts. Reader thread.
 */
#include <stdlib.h>
#include <string.h>

#include "core/store/sqlite-text.h"
#include "core/store/sqlite.h"

/* So many candidates are collected and sorted. When there are more, most rows will do: the list is walked from the
 * newest on until a page is full. */
#define MOST_CANDIDATES 5000
/* Somebody's search for what is nowhere must not hold up the others for long. */
#define SEARCH_US (3 * G_USEC_PER_SEC)

/* The records that were merged into ?6, and into those. */
#define MERGED                                                                                                    \
  "customer IN (WITH RECURSIVE same (id) AS (SELECT ?6 UNION SELECT dropped FROM merged JOIN same"                \
  " ON merged.customer = same.id) SELECT id FROM same)"

static gboolean
is_live (const UcRead *read)
{
  return read->text[6] != NULL && g_strcmp0 (read->text[6], "closed") != 0;
}

/* The index of a few rows, where one will do: left alone, SQLite would rather walk all interactions there ever
 * were than sort the few. */
static const char *
small_index (const UcRead *read)
{
  if (read->text[0] != NULL)
    return "";
  if (read->save_pending)
    return " INDEXED BY interaction_saving";
  if (read->save_failed)
    return " INDEXED BY interaction_unsaved";
  if (read->uncoded)
    return " INDEXED BY interaction_uncoded";
  return is_live (read) ? " INDEXED BY interaction_live" : "";
}

/* One statement per combination of filters, so that each can use its index. Several queues have none: their rows
 * would all be sorted for one page. */
static void
append_filters (GString *sql, const UcRead *read)
{
  static const char *const filters[UC_READ_TEXTS]
      = { "interaction.id = ?1", "agent = ?2",    "queue = ?3", "channel = ?4",
          "identity = ?5",       "customer = ?6", "state = ?7" };

  g_string_append (sql, " WHERE enqueued_at < ?8 AND enqueued_at >= ?10");
  for (int i = 0; i < UC_READ_TEXTS; i++)
    if (read->text[i] != NULL)
      g_string_append_printf (sql, " AND %s", i == 5 && read->merged ? MERGED : filters[i]);
  if (read->list != NULL)
    g_string_append (sql, " AND +queue IN (SELECT value FROM json_each (?11))");
  if (read->save_pending)
    g_string_append (sql, " AND status IN ('requested', 'queued')");
  if (read->save_failed)
    g_string_append (sql, " AND status = 'failed'");
  if (read->uncoded)
    g_string_append (sql, " AND uncoded = 1");
  if (read->nobodys)
    g_string_append (sql, " AND customer IS NULL AND accepted_at > 0 AND closed_at > 0");
  if (is_live (read))
    g_string_append (sql, " AND closed_at = 0");
}

/* Before the row itself: where its lines are. */
#define COLUMNS                                                                                                   \
  "SELECT doc, first_n, interaction.last_n AS end_n, " UC_SQLITE_INTERACTION_COLUMNS ("acceptance_ms")
#define COLUMN_DOC 0
#define COLUMN_FIRST_N 1
#define COLUMN_LAST_N 2
#define COLUMN_ID 3
#define COLUMN_CONVERSATION 4

static const char *
list_sql (const UcRead *read)
{
  g_autoptr (GString) sql = g_string_new (COLUMNS " FROM interaction");

  g_string_append (sql, small_index (read));
  append_filters (sql, read);
  g_string_append (sql, " ORDER BY enqueued_at DESC, interaction.rowid DESC");
  return g_intern_string (sql->str);
}

static const char *
row_sql (const UcRead *read)
{
  g_autoptr (GString) sql = g_string_new (COLUMNS " FROM interaction");

  append_filters (sql, read);
  g_string_append (sql, " AND interaction.rowid = ?14");
  return g_intern_string (sql->str);
}

/* The cursor is a time, so rows of one millisecond are never parted: the page grows beyond the limit instead.
 * FALSE: it is full. */
static gboolean
add_row (UcRead *read, UcStatement *statement)
{
  UcEvent *row = uc_statement_row_event (statement, UC_EVENT_STATE_INTERACTION);

  if (read->rows->len >= uc_read_limit (read)
      && row->enqueued_at != ((UcEvent *)g_ptr_array_index (read->rows, read->rows->len - 1))->enqueued_at)
    {
      uc_event_free (row);
      read->more = TRUE;
      return FALSE;
    }
  g_ptr_array_add (read->rows, row);
  return TRUE;
}

static int
read_list (UcSqlite *sqlite, UcRead *read)
{
  UcStatement *statement = uc_sqlite_statement (sqlite, list_sql (read));
  int code;

  if (statement == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_read_bind (statement, read);
  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW && add_row (read, statement))
    ;
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

/* ---- searching ----------------------------------------------------------------------------------------- */

/* Where the needle may be: what the index says, and what is too young or too long to be in it. */
#define INDEXED "SELECT rowid FROM transcript WHERE transcript MATCH ?13 ORDER BY rowid"
#define OF_DOC "SELECT enqueued_at, rowid FROM interaction WHERE doc = ?1"
#define OTHERS                                                                                                    \
  "SELECT enqueued_at, rowid FROM interaction INDEXED BY interaction_unread WHERE doc IS NULL AND closed_at > 0"  \
  " UNION ALL SELECT enqueued_at, rowid FROM interaction WHERE doc < 0"                                           \
  " UNION ALL SELECT enqueued_at, rowid FROM interaction INDEXED BY interaction_live WHERE closed_at = 0"
#define LINES                                                                                                     \
  "SELECT text FROM message WHERE conversation = ?1 AND n BETWEEN ?2 AND ?3 AND interaction = ?4"                 \
  " AND author <> 'system' AND text IS NOT NULL"

typedef struct
{
  gint64 enqueued_at, row;
} Candidate;

typedef struct
{
  UcSqlite *sqlite;
  UcRead *read;
  GPtrArray *words;
  gboolean *seen;  /* of each word: it is in one of the lines that were read so far */
  GArray *docs;    /* of gint64, rising: in which the index has all pieces of the words */
  gboolean narrow; /* a filter leaves a handful of rows: better than any index of text */
  gint64 end;      /* monotonic us */
} Search;

static int
is_late (gpointer data)
{
  return g_get_monotonic_time () > ((const Search *)data)->end;
}

/* Nothing of the needle is missing in the lines that people wrote. SQLITE_OK, or an error code. */
static int
find_words (Search *search, UcStatement *row, gboolean *found)
{
  UcStatement *lines = uc_sqlite_statement (search->sqlite, LINES);
  guint missing = search->words->len;
  int code = SQLITE_DONE;

  if (lines == NULL)
    return sqlite3_extended_errcode (search->sqlite->db);
  memset (search->seen, 0, missing * sizeof *search->seen);
  sqlite3_bind_value (lines->handle, 1, sqlite3_column_value (row->handle, COLUMN_CONVERSATION));
  sqlite3_bind_value (lines->handle, 2, sqlite3_column_value (row->handle, COLUMN_FIRST_N));
  sqlite3_bind_value (lines->handle, 3, sqlite3_column_value (row->handle, COLUMN_LAST_N));
  sqlite3_bind_value (lines->handle, 4, sqlite3_column_value (row->handle, COLUMN_ID));
  while (missing > 0 && (code = sqlite3_step (lines->handle)) == SQLITE_ROW)
    {
      g_autofree char *text = uc_text_fold ((const char *)sqlite3_column_text (lines->handle, 0));

      for (guint w = 0; w < search->words->len; w++)
        if (!search->seen[w] && strstr (text, search->words->pdata[w]) != NULL)
          {
            search->seen[w] = TRUE;
            missing--;
          }
    }
  *found = missing == 0;
  sqlite3_reset (lines->handle);
  return *found || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
compare_docs (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

  return (x > y) - (x < y);
}

/* The index knows it, and not all pieces are there. */
static gboolean
is_ruled_out (const Search *search, UcStatement *row)
{
  gint64 doc = sqlite3_column_int64 (row->handle, COLUMN_DOC);

  return !search->narrow && doc > 0
         && bsearch (&doc, search->docs->data, search->docs->len, sizeof doc, compare_docs) == NULL;
}

/* One row of the list. SQLITE_OK, an error code, or SQLITE_DONE when the page is full. */
static int
look_at (Search *search, UcStatement *row)
{
  gboolean found = FALSE;
  int code = SQLITE_OK;

  if (is_ruled_out (search, row))
    return SQLITE_OK;
  if (is_late (search))
    return SQLITE_INTERRUPT;
  code = find_words (search, row, &found);
  if (code == SQLITE_OK && found && !add_row (search->read, row))
    code = SQLITE_DONE;
  return code;
}

/* Newest first, until a page is full. */
static int
walk (Search *search)
{
  UcStatement *list = uc_sqlite_statement (search->sqlite, list_sql (search->read));
  int code, looked = SQLITE_OK;

  if (list == NULL)
    return sqlite3_extended_errcode (search->sqlite->db);
  uc_read_bind (list, search->read);
  while (looked == SQLITE_OK && (code = sqlite3_step (list->handle)) == SQLITE_ROW)
    looked = look_at (search, list);
  sqlite3_reset (list->handle);
  if (looked != SQLITE_OK)
    return looked == SQLITE_DONE ? SQLITE_OK : looked;
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* ---- with candidates ----------------------------------------------------------------------------------- */

static int
collect_docs (Search *search)
{
  UcStatement *indexed = uc_sqlite_statement (search->sqlite, INDEXED);
  int code;

  if (indexed == NULL)
    return sqlite3_extended_errcode (search->sqlite->db);
  uc_read_bind (indexed, search->read);
  while ((code = sqlite3_step (indexed->handle)) == SQLITE_ROW)
    {
      gint64 doc = sqlite3_column_int64 (indexed->handle, 0);

      g_array_append_val (search->docs, doc);
    }
  sqlite3_reset (indexed->handle);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Of the statement's rows, those between the two times. */
static int
collect (Search *search, UcStatement *statement, GArray *candidates)
{
  const UcRead *read = search->read;
  int code;

  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
    {
      Candidate one = { sqlite3_column_int64 (statement->handle, 0), sqlite3_column_int64 (statement->handle, 1) };

      if (one.enqueued_at < read->after && one.enqueued_at >= read->border)
        g_array_append_val (candidates, one);
    }
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
collect_candidates (Search *search, GArray *candidates)
{
  UcStatement *others = uc_sqlite_statement (search->sqlite, OTHERS), *of_doc;
  int code = others != NULL ? collect (search, others, candidates) : sqlite3_extended_errcode (search->sqlite->db);

  if (code != SQLITE_OK)
    return code;
  of_doc = uc_sqlite_statement (search->sqlite, OF_DOC);
  if (of_doc == NULL)
    return sqlite3_extended_errcode (search->sqlite->db);
  for (guint d = 0; code == SQLITE_OK && d < search->docs->len; d++)
    {
      sqlite3_bind_int64 (of_doc->handle, 1, g_array_index (search->docs, gint64, d));
      code = collect (search, of_doc, candidates);
    }
  return code;
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->enqueued_at != y->enqueued_at)
    return x->enqueued_at < y->enqueued_at ? 1 : -1;
  return (x->row < y->row) - (x->row > y->row);
}

static int
read_candidates (Search *search)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  UcStatement *row = uc_sqlite_statement (search->sqlite, row_sql (search->read));
  int code = row != NULL ? collect_candidates (search, candidates) : sqlite3_extended_errcode (search->sqlite->db);

  g_array_sort (candidates, newest_first);
  if (row != NULL)
    uc_read_bind (row, search->read);
  for (guint c = 0; code == SQLITE_OK && c < candidates->len; c++)
    {
      int stepped;

      sqlite3_bind_int64 (row->handle, 14, g_array_index (candidates, Candidate, c).row);
      stepped = sqlite3_step (row->handle);
      code = stepped == SQLITE_ROW    ? look_at (search, row)
             : stepped == SQLITE_DONE ? SQLITE_OK /* of another agent, queue ... */
                                      : stepped;
      sqlite3_reset (row->handle);
    }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static gboolean
is_narrow (const UcRead *read)
{
  return read->text[0] != NULL || read->text[4] != NULL || read->text[5] != NULL || small_index (read)[0] != '\0';
}

static int
run_search (Search *search)
{
  int code = SQLITE_OK;

  search->narrow = is_narrow (search->read);
  if (!search->narrow)
    code = collect_docs (search);
  if (code != SQLITE_OK)
    return code;
  return search->narrow || search->docs->len >= MOST_CANDIDATES ? walk (search) : read_candidates (search);
}

int
uc_read_interactions (UcSqlite *sqlite, UcRead *read)
{
  g_autoptr (GPtrArray) words = read->needle != NULL ? uc_text_needle_words (read->needle) : NULL;
  g_autoptr (GArray) docs = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree gboolean *seen = words != NULL ? g_new (gboolean, words->len) : NULL;
  Search search = { sqlite, read, words, seen, docs, FALSE, 0 };
  int code;

  read->after = read->after > 0 ? read->after : G_MAXINT64;
  if (words == NULL || words->len == 0)
    return read_list (sqlite, read);
  search.end = g_get_monotonic_time () + (read->search_us > 0 ? read->search_us : SEARCH_US);
  read->match = uc_text_match_pieces (read->needle);
  /* Of one moment: a chat that is put into the index between two questions would be in the answer to neither. */
  code = uc_sqlite_exec (sqlite, "BEGIN");
  if (code != SQLITE_OK)
    return code;
  sqlite3_progress_handler (sqlite->db, 10000, is_late, &search);
  code = run_search (&search);
  sqlite3_progress_handler (sqlite->db, 0, NULL, NULL);
  uc_sqlite_exec (sqlite, "COMMIT");
  return code;
}
