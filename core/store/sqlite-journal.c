/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stored journal, and the tables made anew from it in a private database that SQLite forgets by itself; the real
 * one is attached to it read-only. One connection in one transaction: so all of it is one snapshot, and it can't
 * write or checkpoint. The thread that opened it.
 */
#include "core/store/journal.h"

#include "core/base/error.h"
#include "core/store/sqlite.h"

struct UcJournal
{
  UcSqlite *sqlite;
  char *path;
  sqlite3_stmt *rows;
  UcJournalInfo info;
};

static void
set_error (UcJournal *journal, const char *doing, GError **error)
{
  int code = sqlite3_extended_errcode (journal->sqlite->db);
  g_autofree char *why = uc_sqlite_sentence (journal->sqlite, code);

  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s: %s", doing, why);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* Indexes are of no use to a replay, but for those that keep a rule or that a statement asks for by name. */
static gboolean
drop_indexes (UcSqlite *model)
{
  sqlite3_stmt *names = NULL;
  g_autoptr (GString) drop = g_string_new (NULL);

  if (sqlite3_prepare_v2 (model->db,
                          "SELECT name FROM main.sqlite_schema WHERE type = 'index' AND sql NOT LIKE "
                          "'CREATE UNIQUE%' AND name <> 'interaction_live'",
                          -1, &names, NULL)
      != SQLITE_OK)
    return FALSE;
  while (sqlite3_step (names) == SQLITE_ROW)
    g_string_append_printf (drop, "DROP INDEX main.%s;", (const char *)sqlite3_column_text (names, 0));
  return sqlite3_finalize (names) == SQLITE_OK && uc_sqlite_exec (model, drop->str) == SQLITE_OK;
}

static gboolean
attach (UcSqlite *model, const char *path, GError **error)
{
  g_autofree char *whole = g_canonicalize_filename (path, NULL);
  g_autofree char *uri = g_filename_to_uri (whole, NULL, error);
  g_autofree char *read_only = uri != NULL ? g_strconcat (uri, "?mode=ro", NULL) : NULL;
  sqlite3_stmt *attach = NULL;
  gboolean done;

  if (uri == NULL)
    return FALSE;
  done = sqlite3_prepare_v2 (model->db, "ATTACH ?1 AS live", -1, &attach, NULL) == SQLITE_OK
         && sqlite3_bind_text (attach, 1, read_only, -1, SQLITE_STATIC) == SQLITE_OK
         && sqlite3_step (attach) == SQLITE_DONE;
  sqlite3_finalize (attach);
  return done;
}

static void
read_info (UcJournal *journal)
{
  UcJournalInfo *info = &journal->info;

  info->events = uc_sqlite_int (journal->sqlite, "SELECT count (*) FROM live.journal", 0);
  info->last_seq = uc_sqlite_int (journal->sqlite, "SELECT max (seq) FROM live.journal", 0);
  info->epoch = uc_sqlite_int (journal->sqlite, "SELECT value FROM live.meta WHERE key = 'epoch'", 0);
  info->steps_from = uc_sqlite_int (journal->sqlite, "SELECT value FROM live.meta WHERE key = 'steps_from'", 1);
  info->has_gaps = uc_sqlite_int (journal->sqlite, "SELECT count (*) FROM live.journal_base", 0) > 0;
}

static gboolean
start (UcJournal *journal, GError **error)
{
  static const char rows[] = "SELECT seq, at, epoch, type, agent, interaction, json, step FROM live.journal"
                             " ORDER BY seq";

  if (!uc_sqlite_migrate (journal->sqlite, uc_sqlite_migrations, uc_sqlite_n_migrations, error))
    return FALSE;
  if (uc_sqlite_exec (journal->sqlite, "PRAGMA main.synchronous = OFF; PRAGMA main.journal_mode = MEMORY;"
                                       "PRAGMA main.cache_size = -65536")
          == SQLITE_OK
      && drop_indexes (journal->sqlite)
      && uc_sqlite_exec (journal->sqlite, "CREATE TABLE main.expired (conversation TEXT, n INTEGER,"
                                          " PRIMARY KEY (conversation, n)) WITHOUT ROWID")
             == SQLITE_OK
      && attach (journal->sqlite, journal->path, error)
      && uc_sqlite_exec (journal->sqlite, "BEGIN; SELECT count (*) FROM live.meta") == SQLITE_OK
      && sqlite3_prepare_v2 (journal->sqlite->db, rows, -1, &journal->rows, NULL) == SQLITE_OK)
    {
      read_info (journal);
      return TRUE;
    }
  if (error != NULL && *error == NULL)
    set_error (journal, "can't make a model of the tables", error);
  return FALSE;
}

UcJournal *
uc_journal_open (const char *path, GError **error)
{
  g_autoptr (UcJournal) journal = g_new0 (UcJournal, 1);
  UcSqliteState state;
  /* Only to say in good words what is wrong with it, if anything is. */
  g_autoptr (UcSqlite) first = uc_sqlite_open_reader (path, &state, error);

  if (first == NULL)
    return NULL;
  journal->path = g_strdup (path);
  journal->sqlite = uc_sqlite_open_private (error);
  if (journal->sqlite == NULL || !start (journal, error))
    return NULL;
  return g_steal_pointer (&journal);
}

void
uc_journal_close (UcJournal *journal)
{
  if (journal == NULL)
    return;
  sqlite3_finalize (journal->rows);
  uc_sqlite_close (journal->sqlite);
  g_free (journal->path);
  g_free (journal);
}

void
uc_journal_info (UcJournal *journal, UcJournalInfo *info)
{
  *info = journal->info;
}

gboolean
uc_journal_check_pages (UcJournal *journal, GError **error)
{
  sqlite3_stmt *check = NULL;
  g_autofree char *finding = NULL;

  if (sqlite3_prepare_v2 (journal->sqlite->db, "PRAGMA live.integrity_check(1)", -1, &check, NULL) == SQLITE_OK
      && sqlite3_step (check) == SQLITE_ROW)
    finding = g_strdup ((const char *)sqlite3_column_text (check, 0));
  else
    finding = g_strdup (sqlite3_errmsg (journal->sqlite->db));
  sqlite3_finalize (check);
  if (g_strcmp0 (finding, "ok") == 0)
    return TRUE;
  g_strdelimit (finding, "\n", ' ');
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s is damaged (%s); restore it from a backup", journal->path,
               finding);
  return FALSE;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static const char *
text (UcJournal *journal, int column)
{
  return (const char *)sqlite3_column_text (journal->rows, column);
}

UcJournalNext
uc_journal_next (UcJournal *journal, UcJournalRow *row, GError **error)
{
  int code = sqlite3_step (journal->rows);

  if (code == SQLITE_DONE)
    return UC_JOURNAL_END;
  if (code != SQLITE_ROW)
    {
      set_error (journal, "can't read the journal", error);
      return UC_JOURNAL_FAILED;
    }
  row->seq = sqlite3_column_int64 (journal->rows, 0);
  row->at = sqlite3_column_int64 (journal->rows, 1);
  row->epoch = sqlite3_column_int64 (journal->rows, 2);
  row->type = text (journal, 3);
  row->agent = text (journal, 4);
  row->interaction = text (journal, 5);
  row->json = text (journal, 6);
  row->json_len = (gsize)sqlite3_column_bytes (journal->rows, 6);
  row->step = text (journal, 7);
  row->step_len = (gsize)sqlite3_column_bytes (journal->rows, 7);
  return UC_JOURNAL_ROW;
}

gboolean
uc_journal_load (UcJournal *journal, void (*func) (const UcEvent *row, gpointer data), gpointer data,
                 GError **error)
{
  if (uc_sqlite_load_rows (journal->sqlite, func, data) == SQLITE_OK)
    return TRUE;
  set_error (journal, "can't load from the model of the tables", error);
  return FALSE;
}

/* ---- the model ----------------------------------------------------------------------------------------- */

static gboolean
note_expired (UcJournal *journal, const UcEvent *event)
{
  UcStatement *note = uc_sqlite_statement (
      journal->sqlite, "INSERT OR IGNORE INTO main.expired (conversation, n) VALUES (:conversation, :n)");

  if (note == NULL)
    return FALSE;
  uc_statement_bind_event (note, event);
  return uc_statement_run (journal->sqlite, note) == SQLITE_OK;
}

gboolean
uc_journal_project (UcJournal *journal, const UcEvent *event, gboolean expired, GError **error)
{
  g_autofree char *why = NULL;
  int code = uc_sqlite_project (journal->sqlite, event, &why);

  if (code == SQLITE_OK && (!expired || note_expired (journal, event)))
    return TRUE;
  if ((code & 0xff) == SQLITE_CONSTRAINT && journal->info.has_gaps && event->seq < journal->info.steps_from)
    return TRUE; /* about a line whose event is missing; it is filled in later */
  if ((code & 0xff) == SQLITE_CONSTRAINT)
    g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT, "the tables can't take it: %s",
                 why != NULL ? why : sqlite3_errmsg (journal->sqlite->db));
  else
    set_error (journal, "can't write to the model of the tables", error);
  return FALSE;
}

/* Lines whose events are missing are taken from the tables. */
static const char fill_gaps[]
    = "INSERT OR IGNORE INTO main.message SELECT * FROM live.message l WHERE EXISTS"
      " (SELECT 1 FROM live.journal_base b WHERE b.conversation = l.conversation AND l.n <= b.last_n);"
      "DELETE FROM main.message WHERE EXISTS (SELECT 1 FROM live.journal_base b"
      "  WHERE b.conversation = message.conversation AND message.n <= b.last_n)"
      " AND NOT EXISTS (SELECT 1 FROM live.message l"
      "  WHERE l.conversation = message.conversation AND l.n = message.n)";

/* Older versions took an undelivered message out of the outbox by themselves, this one leaves that to a person. */
static const char settle_outbox[]
    = "DELETE FROM main.outbox WHERE message NOT IN (SELECT message FROM live.outbox)";

gboolean
uc_journal_settle (UcJournal *journal, void (*func) (const UcEvent *numbers, gpointer data), gpointer data,
                   GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  UcStatement *base = uc_sqlite_statement (
      journal->sqlite, "SELECT conversation, last_n, window_until, tagged_until FROM live.journal_base");

  if (base == NULL || uc_sqlite_rows (journal->sqlite, base, UC_EVENT_STATE_CONVERSATION, rows) != SQLITE_OK
      || uc_sqlite_exec (journal->sqlite, settle_outbox) != SQLITE_OK
      || (journal->info.has_gaps && uc_sqlite_exec (journal->sqlite, fill_gaps) != SQLITE_OK))
    {
      set_error (journal, "can't read what the journal begins with", error);
      return FALSE;
    }
  for (guint r = 0; r < rows->len; r++)
    func (rows->pdata[r], data);
  return TRUE;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static const struct
{
  const char *table;
  const char *key;      /* columns, separated by spaces */
  const char *nobodys;  /* columns that no event tells */
  const char *unstable; /* columns that can't be told where messages are missing */
} tables[] = {
  { "user", "id", "", "" },
  { "queue", "id", "", "" },
  { "membership", "user queue", "", "" },
  { "policy", "id", "", "" },
  { "codes", "list", "", "" },
  { "conversation", "id", "", "last_n window_until tagged_until version" },
  { "interaction", "id", "doc gone", "first_n last_n version" },
  { "message", "conversation n", "", "" },
  { "outbox", "message", "due_at attempts last_error", "" },
  { "faq", "id", "", "" },
  { "faq_text", "rowid", "", "" },
  { "faq_used", "faq", "", "" },
  { "merged", "dropped", "", "" },
};

/* What was said longer ago than the site keeps it is gone from the tables; from the journal its words are. */
static const char take_away[]
    = "DELETE FROM main.message WHERE (conversation, n) IN (SELECT m.conversation, m.n FROM live.interaction i"
      "  CROSS JOIN main.message m ON m.conversation = i.conversation AND m.n <= i.last_n"
      "  AND (m.interaction = i.id OR m.interaction IS NULL) WHERE i.gone = 1);"
      "DELETE FROM main.outbox WHERE NOT EXISTS (SELECT 1 FROM main.message m"
      "  WHERE m.conversation = outbox.conversation AND m.n = outbox.n);"
      "UPDATE main.message SET (text, attachments) = (SELECT text, attachments FROM live.message l"
      "  WHERE l.conversation = message.conversation AND l.n = message.n)"
      " WHERE (conversation, n) IN (SELECT conversation, n FROM main.expired)";
static gboolean
has_word (const char *list, const char *word)
{
  g_auto (GStrv) words = g_strsplit (list, " ", -1);

  return g_strv_contains ((const char *const *)words, word);
}

/* The columns that must be equal. */
static GPtrArray *
columns_of (UcJournal *journal, gsize t)
{
  g_autofree char *sql = g_strdup_printf ("SELECT name FROM pragma_table_info ('%s', 'main')", tables[t].table);
  GPtrArray *columns = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *names = NULL;

  if (sqlite3_prepare_v2 (journal->sqlite->db, sql, -1, &names, NULL) == SQLITE_OK)
    while (sqlite3_step (names) == SQLITE_ROW)
      {
        const char *name = (const char *)sqlite3_column_text (names, 0);

        if (!has_word (tables[t].key, name) && !has_word (tables[t].nobodys, name)
            && (!journal->info.has_gaps || !has_word (tables[t].unstable, name)))
          g_ptr_array_add (columns, g_strdup (name));
      }
  sqlite3_finalize (names);
  return columns;
}

/* "m.user = l.user AND m.queue = l.queue", or "m.user || ' ' || m.queue" */
static char *
by_key (gsize t, const char *format, const char *between)
{
  g_auto (GStrv) keys = g_strsplit (tables[t].key, " ", -1);
  GString *out = g_string_new (NULL);

  for (gsize k = 0; keys[k] != NULL; k++)
    {
      g_auto (GStrv) parts = g_strsplit (format, "%", -1);
      g_autofree char *part = g_strjoinv (keys[k], parts);

      g_string_append_printf (out, "%s%s", k > 0 ? between : "", part);
    }
  return g_string_free (out, FALSE);
}

static char *
case_of (GPtrArray *columns, const char *format)
{
  GString *out = g_string_new ("CASE");

  for (guint c = 0; c < columns->len; c++)
    {
      const char *column = columns->pdata[c];
      g_auto (GStrv) parts = g_strsplit (format, "%", -1);
      g_autofree char *value = g_strjoinv (column, parts);

      g_string_append_printf (out, " WHEN m.%s IS NOT l.%s THEN %s", column, column, value);
    }
  g_string_append (out, " END");
  return g_string_free (out, FALSE);
}

/* Of what customers wrote, only how long it is. */
static const char *
shown (sqlite3_stmt *found, int column, const char *name, char **owned)
{
  const char *value = (const char *)sqlite3_column_text (found, column);

  if (value == NULL)
    return "nothing";
  if (!has_word ("text attachments question answer notes", name))
    return value;
  return *owned = g_strdup_printf ("a text of %d bytes", sqlite3_column_bytes (found, column));
}

static char *
row_difference (sqlite3_stmt *found, const char *table)
{
  const char *key = (const char *)sqlite3_column_text (found, 0);
  const char *column = (const char *)sqlite3_column_text (found, 1);
  g_autofree char *one = NULL, *other = NULL;

  if (column == NULL)
    return g_strdup_printf ("table %s lacks the row %s, which the journal makes", table, key);
  return g_strdup_printf ("table %s, row %s, column %s: the journal makes %s of it, it is %s", table, key, column,
                          shown (found, 2, column, &one), shown (found, 3, column, &other));
}

/* NULL = no row is found (or an error). */
static char *
first_of (UcJournal *journal, const char *sql, const char *table, gboolean extra, GError **error)
{
  sqlite3_stmt *found = NULL;
  char *difference = NULL;
  int code = sqlite3_prepare_v2 (journal->sqlite->db, sql, -1, &found, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step (found);
  if (code == SQLITE_ROW && extra)
    difference = g_strdup_printf ("table %s has the row %s, which the journal does not make", table,
                                  (const char *)sqlite3_column_text (found, 0));
  else if (code == SQLITE_ROW)
    difference = row_difference (found, table);
  else if (code != SQLITE_DONE)
    set_error (journal, "can't compare the tables", error);
  sqlite3_finalize (found);
  return difference;
}

static char *
compare_table (UcJournal *journal, gsize t, GError **error)
{
  const char *table = tables[t].table;
  g_autoptr (GPtrArray) columns = columns_of (journal, t);
  g_autofree char *on = by_key (t, "m.% = l.%", " AND ");
  g_autofree char *m_key = by_key (t, "m.%", " || ' ' || "), *l_key = by_key (t, "l.%", " || ' ' || ");
  g_autofree char *which = case_of (columns, "'%'"), *made = case_of (columns, "m.%"),
                  *is = case_of (columns, "l.%");
  g_autofree char *differ
      = g_strdup_printf ("SELECT %s, CASE WHEN %s IS NULL THEN NULL ELSE %s END, %s, %s FROM main.%s m"
                         " LEFT JOIN live.%s l ON %s WHERE %s IS NULL OR %s IS NOT NULL LIMIT 1",
                         m_key, l_key, which, made, is, table, table, on, l_key, which);
  g_autofree char *extra
      = g_strdup_printf ("SELECT %s FROM live.%s l LEFT JOIN main.%s m ON %s WHERE %s IS NULL LIMIT 1", l_key,
                         table, table, on, m_key);
  GError *failed = NULL;
  char *difference = first_of (journal, differ, table, FALSE, &failed);

  if (difference == NULL && failed == NULL)
    difference = first_of (journal, extra, table, TRUE, &failed);
  if (failed != NULL)
    g_propagate_error (error, failed);
  return difference;
}

char *
uc_journal_compare (UcJournal *journal, GError **error)
{
  GError *failed = NULL;
  char *difference = NULL;

  if (uc_sqlite_exec (journal->sqlite, take_away) != SQLITE_OK
      || (journal->info.has_gaps && uc_sqlite_exec (journal->sqlite, fill_gaps) != SQLITE_OK))
    {
      set_error (journal, "can't prepare the comparison", error);
      return NULL;
    }
  for (gsize t = 0; t < G_N_ELEMENTS (tables) && difference == NULL && failed == NULL; t++)
    difference = compare_table (journal, t, &failed);
  if (failed != NULL)
    g_propagate_error (error, failed);
  return difference;
}
