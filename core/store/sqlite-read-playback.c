/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of interactions, narrowed by any of its filters, and the search in their transcripts. Reader thread.
 */
#include "core/store/sqlite-text.h"
#include "core/store/sqlite.h"

/* So many candidates are collected and sorted. When there are more, most rows will do: the list is walked from the
 * newest on until a page is full. */
#define MOST_CANDIDATES 5000
/* Somebody's search for what is nowhere must not hold up the others for long. */
#define SEARCH_US (3 * G_USEC_PER_SEC)

/* Nothing of the needle is missing in the lines that people wrote. */
#define HAS_ALL_WORDS                                                                                             \
  " AND NOT EXISTS (SELECT 1 FROM json_each (?12) AS word WHERE NOT EXISTS (SELECT 1 FROM message AS m"           \
  " WHERE m.conversation = interaction.conversation AND m.n BETWEEN interaction.first_n AND interaction.last_n"   \
  " AND m.interaction = interaction.id AND m.author <> 'system' AND instr (usher_fold (m.text), word.value) > "   \
  "0))"

/* Where it may be: by the index, and what is too young or too long to be in it. */
#define INDEXED "SELECT rowid FROM transcript WHERE transcript MATCH ?13"
#define UNREAD "FROM interaction INDEXED BY interaction_unread WHERE doc IS NULL AND closed_at > 0"
#define LONG "FROM interaction WHERE doc < 0"
#define LIVE "FROM interaction INDEXED BY interaction_live WHERE closed_at = 0"
#define CANDIDATES                                                                                                \
  "WITH candidate (row) AS MATERIALIZED (SELECT rowid FROM interaction WHERE doc IN (" INDEXED ")"                \
  " UNION ALL SELECT rowid " UNREAD " UNION ALL SELECT rowid " LONG " UNION ALL SELECT rowid " LIVE ") "

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
  if (read->words != NULL)
    g_string_append (sql, HAS_ALL_WORDS);
}

static const char *
interactions_sql (const UcRead *read, gboolean by_candidates)
{
  g_autoptr (GString) sql = g_string_new (by_candidates ? CANDIDATES : "");

  g_string_append (sql, UC_SQLITE_INTERACTION ("acceptance_ms"));
  if (by_candidates)
    g_string_append (sql, "candidate CROSS JOIN interaction ON interaction.rowid = candidate.row");
  else
    g_string_append_printf (sql, "interaction%s", small_index (read));
  append_filters (sql, read);
  g_string_append (sql, " ORDER BY enqueued_at DESC, interaction.rowid DESC");
  return g_intern_string (sql->str);
}

/* ---- searching ----------------------------------------------------------------------------------------- */

/* -1 on failure. */
static gint64
count (UcSqlite *sqlite, const char *sql, const UcRead *read)
{
  UcStatement *statement = uc_sqlite_statement (sqlite, sql);
  gint64 n = -1;

  if (statement == NULL)
    return n;
  uc_read_bind (statement, read);
  if (sqlite3_step (statement->handle) == SQLITE_ROW)
    n = sqlite3_column_int64 (statement->handle, 0);
  sqlite3_reset (statement->handle);
  return n;
}

#define COUNT(rows) "SELECT count(*) FROM (" rows " LIMIT " G_STRINGIFY (MOST_CANDIDATES) ")"

/* A filter that leaves a handful of rows is better than any index of text. */
static gboolean
few_candidates (UcSqlite *sqlite, const UcRead *read)
{
  if (read->text[0] != NULL || read->text[4] != NULL || read->text[5] != NULL || small_index (read)[0] != '\0')
    return FALSE;
  return count (sqlite, COUNT ("SELECT 1 " UNREAD " UNION ALL SELECT 1 " LONG), read) < MOST_CANDIDATES
         && count (sqlite, COUNT (INDEXED), read) < MOST_CANDIDATES;
}

static int
is_late (gpointer end)
{
  return g_get_monotonic_time () > *(gint64 *)end;
}

/* The cursor is a time, so rows of one millisecond are never parted: the page grows beyond the limit instead. */
static int
read_page (UcStatement *statement, UcRead *read)
{
  int code;

  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
    {
      UcEvent *row = uc_statement_row_event (statement, UC_EVENT_STATE_INTERACTION);

      if (read->rows->len >= uc_read_limit (read)
          && row->enqueued_at != ((UcEvent *)g_ptr_array_index (read->rows, read->rows->len - 1))->enqueued_at)
        {
          uc_event_free (row);
          read->more = TRUE;
          break;
        }
      g_ptr_array_add (read->rows, row);
    }
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
read_found (UcSqlite *sqlite, UcRead *read)
{
  UcStatement *statement = uc_sqlite_statement (
      sqlite, interactions_sql (read, read->words != NULL && few_candidates (sqlite, read)));

  if (statement == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_read_bind (statement, read);
  return read_page (statement, read);
}

int
uc_read_interactions (UcSqlite *sqlite, UcRead *read)
{
  gint64 end = g_get_monotonic_time () + (read->search_us > 0 ? read->search_us : SEARCH_US);
  int code;

  read->after = read->after > 0 ? read->after : G_MAXINT64;
  if (read->needle != NULL)
    read->words = uc_text_needle (read->needle);
  if (read->words == NULL)
    return read_found (sqlite, read);
  read->match = uc_text_match_pieces (read->needle);
  sqlite3_progress_handler (sqlite->db, 10000, is_late, &end);
  code = read_found (sqlite, read);
  sqlite3_progress_handler (sqlite->db, 0, NULL, NULL);
  return code;
}
