/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Version n of the file is what the first n steps make. A released step is never changed; a change is a new step.
 * Worker thread.
 */
#include "local-schema.h"

/* "uCRM" in the file's header */
#define APPLICATION_ID 0x7543524d
#define TEXT(x) #x
#define NUMBER(x) TEXT (x)

/* Numbers (n) join the tables and never leave the file; `id` is what the world sees. `change` counts changes of
 * all customers, so that "newest change first" has no ties. `haystack` holds the searchable texts folded, one a
 * line; the _words tables index it by groups of three letters and keep no copy of it. */
static const char *const steps[] = {
  "CREATE TABLE customers ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT, first_name TEXT, last_name TEXT,"
  "  email TEXT, email_key TEXT UNIQUE, phone TEXT, company TEXT, notes TEXT, fields TEXT,"
  "  draft INTEGER NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
  "  change INTEGER NOT NULL UNIQUE, haystack TEXT NOT NULL) STRICT;"

  "CREATE TABLE identities ("
  "  network TEXT NOT NULL, id TEXT NOT NULL, customer INTEGER NOT NULL REFERENCES customers (n),"
  "  place INTEGER NOT NULL, name TEXT, PRIMARY KEY (network, id)) STRICT, WITHOUT ROWID;"
  "CREATE INDEX identities_customer ON identities (customer, place);"

  "CREATE TABLE cases ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, customer INTEGER REFERENCES customers (n),"
  "  interaction TEXT UNIQUE, subject TEXT, state TEXT NOT NULL CHECK (state IN ('open', 'closed')), queue TEXT,"
  "  channel TEXT, agent TEXT, notes TEXT, fields TEXT, version INTEGER NOT NULL, started_at INTEGER NOT NULL,"
  "  ended_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
  "  haystack TEXT NOT NULL) STRICT;"
  "CREATE INDEX cases_customer ON cases (customer, n);"

  "CREATE TABLE transcripts ("
  "  n INTEGER PRIMARY KEY REFERENCES cases (n), lines INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"

  "CREATE VIRTUAL TABLE customer_words USING fts5 (haystack, content = 'customers', content_rowid = 'n',"
  "  tokenize = 'trigram case_sensitive 1');"
  "CREATE TRIGGER customer_words_add AFTER INSERT ON customers BEGIN"
  "  INSERT INTO customer_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
  "CREATE TRIGGER customer_words_change AFTER UPDATE OF haystack ON customers"
  "  WHEN old.haystack IS NOT new.haystack BEGIN"
  "  INSERT INTO customer_words (customer_words, rowid, haystack) VALUES ('delete', old.n, old.haystack);"
  "  INSERT INTO customer_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
  "CREATE TRIGGER customer_words_remove AFTER DELETE ON customers BEGIN"
  "  INSERT INTO customer_words (customer_words, rowid, haystack) VALUES ('delete', old.n, old.haystack); END;"

  "CREATE VIRTUAL TABLE case_words USING fts5 (haystack, content = 'cases', content_rowid = 'n',"
  "  tokenize = 'trigram case_sensitive 1');"
  "CREATE TRIGGER case_words_add AFTER INSERT ON cases BEGIN"
  "  INSERT INTO case_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
  "CREATE TRIGGER case_words_change AFTER UPDATE OF haystack ON cases"
  "  WHEN old.haystack IS NOT new.haystack BEGIN"
  "  INSERT INTO case_words (case_words, rowid, haystack) VALUES ('delete', old.n, old.haystack);"
  "  INSERT INTO case_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
  "CREATE TRIGGER case_words_remove AFTER DELETE ON cases BEGIN"
  "  INSERT INTO case_words (case_words, rowid, haystack) VALUES ('delete', old.n, old.haystack); END;"

  "PRAGMA application_id = " NUMBER (APPLICATION_ID) ";",

  /* Numbers for people follow from n, which is never used twice. `top` is the highest version a record ever had.
   * A merged record stays in its row and points to the kept one. */
  "ALTER TABLE customers ADD COLUMN account INTEGER AS (100000 + n);"
  "ALTER TABLE customers ADD COLUMN name_key TEXT;"
  "ALTER TABLE customers ADD COLUMN top INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE customers ADD COLUMN merged_into INTEGER REFERENCES customers (n);"
  "UPDATE customers SET fields = nullif (json (fields), '{}') WHERE json_valid (fields);"
  "UPDATE customers SET top = version,"
  "  name_key = CASE WHEN draft = 0 AND first_name IS NOT NULL AND last_name IS NOT NULL THEN local_fold "
  "(first_name || ' ' || last_name) END,"
  "  haystack = haystack || char (10) || account || coalesce ((SELECT char (10) || group_concat (local_fold "
  "(atom),"
  "    char (10)) FROM json_tree (CASE WHEN json_valid (fields) THEN fields END)"
  "    WHERE type IN ('text', 'integer', 'real') AND atom <> ''), '');"
  "CREATE INDEX customers_name ON customers (name_key, change) WHERE name_key IS NOT NULL;"
  "CREATE INDEX customers_drafts ON customers (change) WHERE draft = 1 AND merged_into IS NULL;"
  "CREATE INDEX customers_merged ON customers (merged_into) WHERE merged_into IS NOT NULL;"

  /* `change` counts changes of all cases. */
  "ALTER TABLE cases ADD COLUMN number TEXT AS ('C-' || (1000 + n));"
  "ALTER TABLE cases ADD COLUMN severity TEXT;"
  "ALTER TABLE cases ADD COLUMN priority TEXT;"
  "ALTER TABLE cases ADD COLUMN category TEXT;"
  "ALTER TABLE cases ADD COLUMN codes TEXT;"
  "ALTER TABLE cases ADD COLUMN follow_up_of INTEGER REFERENCES cases (n);"
  "ALTER TABLE cases ADD COLUMN closed_at INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE cases ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
  "UPDATE cases SET fields = nullif (json (fields), '{}') WHERE json_valid (fields);"
  "UPDATE cases SET closed_at = CASE state WHEN 'closed' THEN updated_at ELSE 0 END,"
  "  haystack = haystack || char (10) || lower (number) || coalesce ((SELECT char (10) || group_concat ("
  "    local_fold (atom), char (10)) FROM json_tree (CASE WHEN json_valid (fields) THEN fields END)"
  "    WHERE type IN ('text', 'integer', 'real') AND atom <> ''), '');"
  "UPDATE cases SET change = ranked.place FROM (SELECT n, row_number () OVER (ORDER BY updated_at, n) AS place"
  "  FROM cases) AS ranked WHERE ranked.n = cases.n;"
  "CREATE UNIQUE INDEX cases_change ON cases (change);"
  "CREATE UNIQUE INDEX cases_number ON cases (number);"
  "DROP INDEX cases_customer;"
  "CREATE INDEX cases_customer ON cases (customer, change);"

  "CREATE TABLE case_history ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, record INTEGER NOT NULL REFERENCES cases (n), at INTEGER NOT NULL,"
  "  author TEXT, field TEXT NOT NULL, before TEXT, after TEXT, why TEXT) STRICT;"
  "CREATE INDEX case_history_record ON case_history (record, n);"
  "CREATE TABLE case_comments ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, record INTEGER NOT NULL REFERENCES cases (n), version INTEGER NOT NULL,"
  "  at INTEGER NOT NULL, author TEXT, text TEXT NOT NULL) STRICT;"
  "CREATE INDEX case_comments_record ON case_comments (record, n);"

  /* `asked` is the state that the interaction wanted the case to have, `codes` what the case has from it alone. */
  "CREATE TABLE follow_ups ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, record INTEGER NOT NULL REFERENCES cases (n),"
  "  interaction TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, agent TEXT, channel TEXT, queue TEXT,"
  "  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, asked TEXT, codes TEXT,"
  "  lines INTEGER NOT NULL, transcript TEXT) STRICT;"
  "CREATE INDEX follow_ups_record ON follow_ups (record, n);"

  /* What undoing needs: the kept record's version, time and place before, and what moved or was filled. */
  "CREATE TABLE merges ("
  "  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
  "  kept INTEGER NOT NULL REFERENCES customers (n), dropped INTEGER NOT NULL REFERENCES customers (n),"
  "  name TEXT NOT NULL, at INTEGER NOT NULL, author TEXT, kept_version INTEGER NOT NULL,"
  "  kept_updated_at INTEGER NOT NULL, kept_change INTEGER NOT NULL, merged_version INTEGER NOT NULL,"
  "  undone_at INTEGER, undone_by TEXT) STRICT;"
  "CREATE INDEX merges_kept ON merges (kept, n) WHERE undone_at IS NULL;"
  "CREATE UNIQUE INDEX merges_dropped ON merges (dropped) WHERE undone_at IS NULL;"
  "CREATE TABLE merge_identities ("
  "  merge INTEGER NOT NULL REFERENCES merges (n), network TEXT NOT NULL, id TEXT NOT NULL,"
  "  place INTEGER NOT NULL, PRIMARY KEY (merge, network, id)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE merge_cases ("
  "  merge INTEGER NOT NULL REFERENCES merges (n), record INTEGER NOT NULL REFERENCES cases (n),"
  "  PRIMARY KEY (merge, record)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE merge_fills ("
  "  customer INTEGER NOT NULL REFERENCES customers (n), member TEXT NOT NULL,"
  "  merge INTEGER NOT NULL REFERENCES merges (n), PRIMARY KEY (customer, member)) STRICT, WITHOUT ROWID;"
  "CREATE INDEX merge_fills_merge ON merge_fills (merge, member);",
};

static gboolean
number (LocalDb *db, const char *sql, gint64 *value, GError **error)
{
  g_autoptr (LocalStatement) statement = local_db_prepare (db, sql, error);

  return statement != NULL && local_db_number (db, statement, 0, value, error);
}

gboolean
local_schema_recognise (LocalDb *db, GError **error)
{
  gint64 application, version, tables;

  if (!number (db, "PRAGMA application_id", &application, error)
      || !number (db, "PRAGMA user_version", &version, error)
      || !number (db, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if (application == 0 && version == 0 && tables == 0)
    return TRUE;
  if (application != APPLICATION_ID || version < 1)
    {
      g_set_error (error, LOCAL_ERROR, USHER_FAILED,
                   "%s is a database of another program. Set `path` to a file of this plugin, or to one that "
                   "does not exist yet.",
                   db->path);
      return FALSE;
    }
  if (version > (gint64)G_N_ELEMENTS (steps))
    {
      g_set_error (error, LOCAL_ERROR, USHER_FAILED,
                   "The customer database %s was written by a newer usher (version %" G_GINT64_FORMAT
                   " of the file, this one knows %" G_GSIZE_FORMAT "). Run that version, or put back a backup.",
                   db->path, version, G_N_ELEMENTS (steps));
      return FALSE;
    }
  return TRUE;
}

gboolean
local_schema_upgrade (LocalDb *db, GError **error)
{
  gint64 version;

  if (!number (db, "PRAGMA user_version", &version, error))
    return FALSE;
  for (gsize i = (gsize)version; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "BEGIN IMMEDIATE; %s PRAGMA user_version = %" G_GSIZE_FORMAT "; COMMIT;", steps[i], i + 1);

      if (!local_db_run (db, sql, error))
        return FALSE;
    }
  return TRUE;
}
