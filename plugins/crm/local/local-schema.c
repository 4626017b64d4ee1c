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
