/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Databases of every earlier schema, kept as SQL in this folder (schema-N.sql), brought up to date: they get the
 * tables that a new database has, keep all their data, an engine starts from them, and their journal replays. A
 * migration that is killed anywhere leaves a whole database of some version, and is finished by the next start.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/service/verify.h"
#include "tests/core/engine/world.h"
#include "tests/core/store/kit.h"
#include "tests/lib/proof.h"

static int
newest (void)
{
  return uc_sqlite_migrations[uc_sqlite_n_migrations - 1].version;
}

static void
make_old (const char *path, int version)
{
  g_autofree char *name = g_strdup_printf ("schema-%d.sql", version), *sql = NULL;
  g_autofree char *file = g_build_filename (g_getenv ("USHER_SRCDIR"), "tests", "core", "store", name, NULL);

  g_assert_true (g_file_get_contents (file, &sql, NULL, NULL));
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  kit_sql (path, sql);
}

static sqlite3 *
open_db (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), ==, SQLITE_OK);
  return db;
}

/* All rows of a query, one line each. */
static char *
text_of (sqlite3 *db, const char *sql)
{
  GString *out = g_string_new (NULL);
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        {
          const char *text = (const char *)sqlite3_column_text (statement, i);

          g_string_append_printf (out, "%s|", text != NULL ? text : "NULL");
        }
      g_string_append_c (out, '\n');
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  return g_string_free (out, FALSE);
}

/* Tables, columns and indexes, however they came about. */
static char *
shape_of (const char *path)
{
  sqlite3 *db = open_db (path);
  char *shape = text_of (db, "SELECT s.type, s.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM"
                             " sqlite_schema s, pragma_table_xinfo (s.name) c ORDER BY 1, 2, 3");
  g_autofree char *indexes
      = text_of (db, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY 1");
  char *both = g_strconcat (shape, indexes, NULL);

  g_free (shape);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return both;
}

/* The queries that read what an old database has, by its own columns. */
static GPtrArray *
queries_for (const char *path)
{
  GPtrArray *queries = g_ptr_array_new_with_free_func (g_free);
  sqlite3 *db = open_db (path);
  g_autofree char *all
      = text_of (db, "SELECT 'SELECT ' || (SELECT group_concat (c.name) FROM pragma_table_info (s.name) c)"
                     " || ' FROM ' || s.name || ' ORDER BY 1, 2' FROM sqlite_schema s WHERE type = 'table'"
                     " AND name NOT LIKE 'faq_text_%' AND name NOT LIKE 'transcript%' AND name <> 'meta'");
  g_auto (GStrv) lines = g_strsplit (all, "|\n", -1);

  for (gsize l = 0; *lines[l] != '\0'; l++)
    g_ptr_array_add (queries, g_strdup (lines[l]));
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return queries;
}

static char *
data_of (const char *path, GPtrArray *queries)
{
  sqlite3 *db = open_db (path);
  GString *out = g_string_new (NULL);

  for (guint q = 0; q < queries->len; q++)
    {
      g_autofree char *rows = text_of (db, queries->pdata[q]);

      if (*rows == '\0')
        g_error ("%s: nothing is there, so nothing is tested", (char *)queries->pdata[q]);
      g_string_append_printf (out, "-- %s\n%s", (char *)queries->pdata[q], rows);
    }
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return g_string_free (out, FALSE);
}

static void
set_up (Kit *kit, gconstpointer data)
{
  kit->loop = uc_loop_new ();
  kit->dir = kit_folder ("usher-schemas-XXXXXX");
  kit->path = g_build_filename (kit->dir, "usher.db", NULL);
  make_old (kit->path, GPOINTER_TO_INT (data));
}

static void
tear_down (Kit *kit, gconstpointer data)
{
  kit_remove_folder (kit->dir);
  uc_loop_free (kit->loop);
  g_free (kit->dir);
  g_free (kit->path);
}

static void
test_up_to_date (Kit *kit, gconstpointer data)
{
  int version = GPOINTER_TO_INT (data);
  g_autoptr (GPtrArray) queries = queries_for (kit->path);
  g_autofree char *before = data_of (kit->path, queries), *after = NULL, *shape = NULL, *fresh_shape = NULL;
  g_autofree char *fresh = g_build_filename (kit->dir, "fresh.db", NULL);
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (UcVerifyReport) report = { 0 };
  UcSqliteState state;
  UcEngine *engine;

  kit_open (kit);
  rows = kit_load (kit);
  engine = world_restore (rows, &error);
  g_assert_no_error (error);
  uc_engine_free (engine);
  kit_close (kit);
  after = data_of (kit->path, queries);
  /* The journal of schema 1 gets a column that its events fill, none that it had changes. */
  g_assert_cmpstr (after, ==, before);

  g_assert_true (g_file_set_contents (fresh, "", 0, NULL));
  uc_sqlite_close (uc_sqlite_open_writer (fresh, TRUE, &state, &error));
  shape = shape_of (kit->path);
  fresh_shape = shape_of (fresh);
  g_assert_cmpstr (shape, ==, fresh_shape);

  /* The rows of schema 1 were put together by hand; those of a daemon must be what its journal makes of them. */
  if (version < 2)
    return;
  g_assert_true (uc_verify (kit->path, NULL, NULL, &report, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (report.finding, ==, NULL);
  g_assert_cmpint (report.applied, ==,
                   kit_count (kit->path, "SELECT value - 1 FROM meta WHERE key = 'steps_from'"));
  g_assert_cmpint (report.events, >, 50);
}

/* ---- killed -------------------------------------------------------------------------------------------- */

static int
kill_self (void *data)
{
  _exit (9);
}

/* TRUE: it was killed before it was done. */
static gboolean
migrate_and_kill (const char *path, int after)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      UcSqlite *sqlite = uc_sqlite_new (path, open_db (path));

      uc_sqlite_exec (sqlite, "PRAGMA journal_mode = WAL");
      sqlite3_progress_handler (sqlite->db, after, kill_self, NULL);
      _exit (uc_sqlite_migrate (sqlite, uc_sqlite_migrations, uc_sqlite_n_migrations, NULL) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), !=, 1);
  return WEXITSTATUS (status) == 9;
}

static void
test_killed (Kit *kit, gconstpointer data)
{
  int version = GPOINTER_TO_INT (data), kills = 0;
  g_autoptr (GPtrArray) queries = queries_for (kit->path);
  g_autofree char *before = data_of (kit->path, queries);
  /* Steps of SQLite's machine between one try and the next. */
  int stride = (int)proof_size (149, 7, 1);
  gboolean killed = TRUE;

  for (int after = 1; killed; after += stride)
    {
      g_autofree char *halfway = NULL, *done = NULL;
      int reached;

      kit_remove_folder (kit->dir);
      g_assert_cmpint (g_mkdir_with_parents (kit->dir, 0700), ==, 0);
      make_old (kit->path, version);
      killed = migrate_and_kill (kit->path, after);
      kills += killed;
      reached = (int)kit_count (kit->path, "PRAGMA user_version");
      g_assert_cmpint (reached, >=, version);
      g_assert_cmpint (reached, <=, newest ());
      g_assert_cmpint (kit_count (kit->path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), ==, 1);
      halfway = data_of (kit->path, queries);
      g_assert_cmpstr (halfway, ==, before);
      kit_open (kit);
      kit_close (kit);
      done = data_of (kit->path, queries);
      g_assert_cmpstr (done, ==, before);
      g_assert_cmpint (kit_count (kit->path, "PRAGMA user_version"), ==, newest ());
    }
  g_test_message ("%d kills, one for each %d steps", kills, stride);
  g_assert_cmpint (kills, >, 1);
}

/* Each version that there was is kept here. */
static void
test_all_are_here (void)
{
  int unreleased = 3; /* never was the newest one of a commit that was used: made and left in one day */

  for (int version = 1; version < newest (); version++)
    {
      g_autofree char *name = g_strdup_printf ("schema-%d.sql", version);
      g_autofree char *file = g_build_filename (g_getenv ("USHER_SRCDIR"), "tests", "core", "store", name, NULL);

      g_assert_true (version == unreleased || g_file_test (file, G_FILE_TEST_EXISTS));
    }
}

#define ADD(name, version, func)                                                                                  \
  g_test_add ("/store/schemas/" name, Kit, GINT_TO_POINTER (version), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/schemas/all-are-here", test_all_are_here);
  ADD ("1/up-to-date", 1, test_up_to_date);
  ADD ("2/up-to-date", 2, test_up_to_date);
  ADD ("4/up-to-date", 4, test_up_to_date);
  ADD ("1/killed", 1, test_killed);
  ADD ("2/killed", 2, test_killed);
  ADD ("4/killed", 4, test_killed);
  return g_test_run ();
}
