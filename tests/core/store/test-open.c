/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of opening and closing a database: what is refused and how that is said, migrations, clean and unclean
 * exits. Called with --hold PATH it is the other process that has the database.
 */
#include "tests/core/store/kit.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  UcLoop *loop;
  char *dir, *path;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  place->loop = uc_loop_new ();
  place->dir = g_dir_make_tmp ("usher-open-XXXXXX", NULL);
  place->path = g_build_filename (place->dir, "usher.db", NULL);
}

static void
tear_down (Place *place, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  uc_loop_free (place->loop);
  kit_remove_folder (place->dir);
  g_free (place->dir);
  g_free (place->path);
}

static UcStore *
open_at (Place *place, const char *path, gboolean read_only, GError **error)
{
  UcStoreOptions options = { .path = path, .read_only_tools = read_only };

  return uc_store_open (place->loop, &options, error);
}

static UcStore *
open_well (Place *place)
{
  g_autoptr (GError) error = NULL;
  UcStore *store = open_at (place, place->path, FALSE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

/* The sentence names the path and holds each of the words. */
static void
expect_refusal_as (Place *place, const char *path, gboolean read_only, const char *const *words)
{
  g_autoptr (GError) error = NULL;
  UcStore *store = open_at (place, path, read_only, &error);

  g_assert_null (store);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, place->dir));
  for (; *words != NULL; words++)
    if (strstr (error->message, *words) == NULL)
      g_error ("\"%s\" is not in: %s", *words, error->message);
}

#define EXPECT_REFUSAL(place, path, ...)                                                                          \
  expect_refusal_as (place, path, FALSE, (const char *const[]){ __VA_ARGS__, NULL })

static void
commit_kv (UcStore *store, const char *key, UcStoreResult expected)
{
  g_auto (Answer) answer = { 0 };
  UcBatch *batch = uc_batch_new ();

  uc_batch_kv (batch, "s", key, "v", 1);
  uc_store_commit (store, batch, on_done, &answer);
  answer_wait (&answer);
  g_assert_cmpint (answer.result, ==, expected);
}

static gboolean
has_kv (UcStore *store, const char *key)
{
  g_auto (Answer) answer = { 0 };

  uc_store_kv (store, "s", key, on_value, &answer);
  answer_wait (&answer);
  g_assert_cmpint (answer.result, ==, UC_STORE_OK);
  return answer.value != NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void
test_create (Place *place, gconstpointer data)
{
  g_autofree char *wal = g_strconcat (place->path, "-wal", NULL);
  struct stat info;
  UcStore *store;

  for (int run = 1; run <= 3; run++)
    {
      store = open_well (place);
      g_assert_cmpint (uc_store_epoch (store), ==, run);
      g_assert_cmpint (uc_store_last_seq (store), ==, 0);
      g_assert_false (uc_store_was_unclean (store));
      uc_store_close (store);
      g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));
    }
  uc_store_close (NULL);
  g_assert_cmpint (stat (place->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
count_ok (gpointer data, UcStoreResult result, const char *why)
{
  g_assert_cmpint (result, ==, UC_STORE_OK);
  ++*(guint *)data;
}

typedef struct
{
  UcStore *store;
  Answer commit, read;
} Late;

static void
ask_while_closing (gpointer data, UcStoreResult result, const char *why)
{
  Late *late = data;

  uc_store_commit (late->store, uc_batch_new (), on_done, &late->commit);
  uc_store_kv (late->store, "s", "k", on_value, &late->read);
}

/* Closing stores what is queued and tells it; what callbacks ask for meanwhile is refused, and that is told, too.
 */
static void
test_close (Place *place, gconstpointer data)
{
  UcStore *store = open_well (place);
  Late late = { .store = store };
  guint told = 0;

  for (int i = 0; i < 500; i++)
    {
      g_autofree char *key = g_strdup_printf ("k%d", i);
      UcBatch *batch = uc_batch_new ();

      uc_batch_kv (batch, "s", key, "v", 1);
      uc_store_commit (store, batch, count_ok, &told);
    }
  uc_store_commit (store, uc_batch_new (), ask_while_closing, &late);
  uc_store_close (store);
  g_assert_cmpuint (told, ==, 500);
  g_assert_true (late.commit.there);
  g_assert_cmpint (late.commit.result, ==, UC_STORE_UNAVAILABLE);
  g_assert_true (late.read.there);
  g_assert_cmpint (late.read.result, ==, UC_STORE_UNAVAILABLE);
  answer_clear (&late.commit);
  answer_clear (&late.read);

  store = open_well (place);
  g_assert_true (has_kv (store, "k0"));
  g_assert_true (has_kv (store, "k499"));
  uc_store_close (store);
}

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *bytes = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (from, &bytes, &len, NULL));
  g_assert_true (g_file_set_contents (to, bytes, (gssize)len, NULL));
}

/* The files as a crash leaves them. */
static char *
copy_of_running (Place *place)
{
  UcStore *store = open_well (place);
  char *copy = g_build_filename (place->dir, "crashed.db", NULL);
  g_autofree char *wal = g_strconcat (place->path, "-wal", NULL), *copy_wal = g_strconcat (copy, "-wal", NULL);

  commit_kv (store, "durable", UC_STORE_OK);
  copy_file (place->path, copy);
  copy_file (wal, copy_wal);
  uc_store_close (store);
  return copy;
}

static void
test_unclean (Place *place, gconstpointer data)
{
  g_autofree char *copy = copy_of_running (place);
  g_autoptr (GError) error = NULL;
  UcStore *store = open_at (place, copy, FALSE, &error);

  g_assert_no_error (error);
  g_assert_true (uc_store_was_unclean (store));
  g_assert_true (has_kv (store, "durable"));
  uc_store_close (store);
  store = open_at (place, copy, FALSE, &error);
  g_assert_false (uc_store_was_unclean (store));
  uc_store_close (store);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static void
test_newer (Place *place, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autofree char *newest = g_strdup_printf ("%d", uc_sqlite_migrations[uc_sqlite_n_migrations - 1].version);
  g_autofree char *up_to = g_strconcat ("up to ", newest, NULL), *version = g_strconcat ("version ", newest, NULL);
  gsize before_len, after_len;

  uc_store_close (open_well (place));
  kit_sql (place->path, "PRAGMA user_version = 77");
  g_assert_true (g_file_get_contents (place->path, &before, &before_len, NULL));
  EXPECT_REFUSAL (place, place->path, "newer usher", "77", up_to, "install");
  g_assert_true (g_file_get_contents (place->path, &after, &after_len, NULL));
  g_assert_cmpmem (before, before_len, after, after_len);
  expect_refusal_as (place, place->path, TRUE, (const char *const[]){ "77", version, NULL });
}

static void
test_not_a_database (Place *place, gconstpointer data)
{
  static const char text[] = "This is somebody's diary, and it is longer than the header of a database is.\n"
                             "It must be there afterwards, word for word.\n";
  g_autofree char *after = NULL;

  g_assert_true (g_file_set_contents (place->path, text, -1, NULL));
  EXPECT_REFUSAL (place, place->path, "not a database of usher", "path");
  g_assert_true (g_file_get_contents (place->path, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, text);
}

static void
test_of_another_program (Place *place, gconstpointer data)
{
  g_autofree char *other = g_build_filename (place->dir, "other.db", NULL);

  g_assert_true (g_file_set_contents (place->path, "", 0, NULL));
  kit_sql (place->path, "PRAGMA application_id = 4711; CREATE TABLE t (x)");
  EXPECT_REFUSAL (place, place->path, "another program", "0x00001267", "correct the path");
  g_assert_true (g_file_set_contents (other, "", 0, NULL));
  kit_sql (other, "CREATE TABLE t (x)");
  EXPECT_REFUSAL (place, other, "another program", "0x00000000");
}

static void
test_bad_paths (Place *place, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (place->dir, "no", "usher.db", NULL);
  g_autofree char *file = g_build_filename (place->dir, "file", NULL);
  g_autofree char *below = g_build_filename (file, "usher.db", NULL);
  g_autofree char *folder = g_build_filename (place->dir, "folder", NULL);

  EXPECT_REFUSAL (place, missing, "does not exist", "create it");
  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  EXPECT_REFUSAL (place, below, "not a folder", "correct the path");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  EXPECT_REFUSAL (place, folder, "is a folder", "add a file name");
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  expect_refusal_as (place, place->path, TRUE, (const char *const[]){ "unable to open", "check", NULL });
}

/* A database that became empty is not taken for a new one, and its log is not thrown away. */
static void
test_empty (Place *place, gconstpointer data)
{
  g_autofree char *wal = g_strconcat (place->path, "-wal", NULL), *after = NULL;
  g_autofree char *lock = g_strconcat (place->path, ".lock", NULL);

  uc_store_close (open_well (place));
  g_assert_true (g_file_set_contents (place->path, "", 0, NULL));
  g_assert_true (g_file_set_contents (wal, "the log", -1, NULL));
  EXPECT_REFUSAL (place, place->path, "is empty (0 bytes)", "backup", "remove the file");
  g_assert_true (g_file_get_contents (wal, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, "the log");
  g_assert_cmpint (g_remove (wal), ==, 0);

  /* Also one with a header and nothing else, and without the lock file of its former life. */
  g_assert_cmpint (g_remove (lock), ==, 0);
  kit_sql (place->path, "PRAGMA user_version = 1; PRAGMA user_version = 0");
  EXPECT_REFUSAL (place, place->path, "has no tables", "backup", "remove the file");
  expect_refusal_as (place, place->path, TRUE, (const char *const[]){ "has no tables", NULL });

  g_assert_cmpint (g_remove (place->path), ==, 0);
  uc_store_close (open_well (place));
}

/* The first start was cut short: at once, or when SQLite had written its header. */
static void
test_cut_short (Place *place, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (place->path, ".lock", NULL), *text = NULL;

  for (int header = 0; header < 2; header++)
    {
      g_assert_true (g_file_set_contents (place->path, "", 0, NULL));
      g_assert_true (g_file_set_contents (lock, "12345\nnew\n", -1, NULL));
      if (header)
        kit_sql (place->path, "PRAGMA journal_mode = WAL");
      uc_store_close (open_well (place));
      g_clear_pointer (&text, g_free);
      g_assert_true (g_file_get_contents (lock, &text, NULL, NULL));
      g_assert_null (strstr (text, "new"));
      g_assert_cmpint (g_remove (place->path), ==, 0);
    }
}

static void
test_lost_table (Place *place, gconstpointer data)
{
  uc_store_close (open_well (place));
  kit_sql (place->path, "DROP TABLE media");
  EXPECT_REFUSAL (place, place->path, "has lost its table media", "backup");
  expect_refusal_as (place, place->path, TRUE, (const char *const[]){ "table media", NULL });
  kit_sql (place->path, "CREATE TABLE media (id); DROP INDEX interaction_time");
  EXPECT_REFUSAL (place, place->path, "has lost its index interaction_time", "backup");
}

/* Root may write everything, so a file that may not be written needs another user. */
static void
test_no_permission (Place *place, gconstpointer data)
{
  int status;
  pid_t child;

  uc_store_close (open_well (place));
  g_assert_cmpint (g_chmod (place->path, 0400), ==, 0);
  g_assert_cmpint (g_chmod (place->dir, 0755), ==, 0);
  child = fork ();
  if (child == 0)
    {
      g_autoptr (GError) error = NULL;
      gboolean right, fresh;

      if (geteuid () == 0 && (setgid (65534) != 0 || setuid (65534) != 0))
        _exit (2);
      right = uc_store_lock (place->path, &fresh, &error) < 0 && error != NULL
              && strstr (error->message, "may not be written by user") != NULL
              && strstr (error->message, place->path) != NULL;
      _exit (right ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
test_truncated (Place *place, gconstpointer data)
{
  struct stat info;

  uc_store_close (open_well (place));
  g_assert_cmpint (stat (place->path, &info), ==, 0);
  g_assert_cmpint (truncate (place->path, info.st_size / 2), ==, 0);
  EXPECT_REFUSAL (place, place->path, "damaged", "backup");
}

static int
hold (const char *path)
{
  UcLoop *loop = uc_loop_new ();
  UcStoreOptions options = { .path = path };
  UcStore *store = uc_store_open (loop, &options, NULL);
  char byte;

  if (store == NULL || write (STDOUT_FILENO, "!", 1) != 1)
    return EXIT_FAILURE;
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  uc_store_close (store);
  return EXIT_SUCCESS;
}

static void
test_locked (Place *place, gconstpointer data)
{
  g_autofree char *self = kit_self ();
  char *argv[] = { self, (char *)"--hold", place->path, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  int in, out, status;
  GPid pid;
  char byte;
  UcStore *store;

  g_assert_true (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &in,
                                           &out, NULL, &error));
  g_assert_cmpint (read (out, &byte, 1), ==, 1);
  number = g_strdup_printf ("in use by process %d;", (int)pid);
  EXPECT_REFUSAL (place, place->path, number, "stop that process");

  /* A tool may look meanwhile. */
  store = open_at (place, place->path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (uc_store_epoch (store), ==, 1);
  g_assert_false (has_kv (store, "k"));
  commit_kv (store, "k", UC_STORE_UNAVAILABLE);
  uc_store_close (store);

  close (in);
  close (out);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  store = open_well (place);
  g_assert_false (uc_store_was_unclean (store));
  EXPECT_REFUSAL (place, place->path, "in use by process");
  uc_store_close (store);
}

/* ---- migrations ---------------------------------------------------------------------------------------- */

static const UcMigration steps[] = {
  { 1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)" },
  { 2, "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7" },
  { 5, "CREATE TABLE b AS SELECT x + y AS z FROM a; DROP TABLE a" },
};

static UcSqlite *
raw (const char *path)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  return uc_sqlite_new (path, db);
}

/* From nothing and from each earlier version to the newest. */
static void
test_migrate (Place *place, gconstpointer data)
{
  for (guint from = 0; from <= G_N_ELEMENTS (steps); from++)
    {
      g_autoptr (UcSqlite) sqlite = raw (":memory:");
      g_autoptr (GError) error = NULL;

      if (from > 0)
        {
          g_assert_true (uc_sqlite_migrate (sqlite, steps, from, &error));
          g_assert_cmpint (uc_sqlite_int (sqlite, "PRAGMA user_version", -1), ==, steps[from - 1].version);
        }
      g_assert_true (uc_sqlite_migrate (sqlite, steps, G_N_ELEMENTS (steps), &error));
      g_assert_no_error (error);
      g_assert_cmpint (uc_sqlite_int (sqlite, "PRAGMA user_version", -1), ==, 5);
      g_assert_cmpint (uc_sqlite_int (sqlite, "PRAGMA application_id", -1), ==, UC_SQLITE_APPLICATION_ID);
      g_assert_cmpint (uc_sqlite_int (sqlite, "SELECT z FROM b", -1), ==, 8);
    }
}

/* A step that fails half way leaves the version before it, whole. */
static void
test_migrate_failing (Place *place, gconstpointer data)
{
  UcMigration broken[] = { steps[0], { 2, "ALTER TABLE a ADD COLUMN y; INSERT INTO nowhere VALUES (1)" } };
  g_autoptr (UcSqlite) sqlite = raw (":memory:");
  g_autoptr (GError) error = NULL;

  g_assert_false (uc_sqlite_migrate (sqlite, broken, 2, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "from schema version 1 to 2"));
  g_assert_nonnull (strstr (error->message, "nowhere"));
  g_assert_cmpint (uc_sqlite_int (sqlite, "PRAGMA user_version", -1), ==, 1);
  g_assert_cmpint (uc_sqlite_int (sqlite, "SELECT count(*) FROM pragma_table_info('a')", -1), ==, 1);
  g_clear_error (&error);
  g_assert_true (uc_sqlite_migrate (sqlite, steps, G_N_ELEMENTS (steps), &error));
}

/* The real steps: each version that was ever released comes up to the newest and can be worked with. */
static void
test_migrate_real (Place *place, gconstpointer data)
{
  for (guint from = 1; from <= uc_sqlite_n_migrations; from++)
    {
      g_autofree char *path = g_strdup_printf ("%s/from-%u.db", place->dir, from);
      g_autoptr (UcSqlite) sqlite = raw (path);
      g_autoptr (GError) error = NULL;
      UcStore *store;

      g_assert_true (uc_sqlite_migrate (sqlite, uc_sqlite_migrations, from, &error));
      g_clear_pointer (&sqlite, uc_sqlite_close);
      store = open_at (place, path, FALSE, &error);
      g_assert_no_error (error);
      commit_kv (store, "k", UC_STORE_OK);
      g_assert_true (has_kv (store, "k"));
      uc_store_close (store);
    }
  for (guint i = 1; i < uc_sqlite_n_migrations; i++)
    g_assert_cmpint (uc_sqlite_migrations[i].version, >, uc_sqlite_migrations[i - 1].version);
}

#define ADD(name, func) g_test_add ("/store/open/" name, Place, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--hold") == 0)
    return hold (argv[2]);
  g_test_init (&argc, &argv, NULL);
  ADD ("create", test_create);
  ADD ("close", test_close);
  ADD ("unclean", test_unclean);
  ADD ("newer", test_newer);
  ADD ("not-a-database", test_not_a_database);
  ADD ("of-another-program", test_of_another_program);
  ADD ("bad-paths", test_bad_paths);
  ADD ("empty", test_empty);
  ADD ("cut-short", test_cut_short);
  ADD ("lost-table", test_lost_table);
  ADD ("no-permission", test_no_permission);
  ADD ("truncated", test_truncated);
  ADD ("locked", test_locked);
  ADD ("migrate", test_migrate);
  ADD ("migrate-failing", test_migrate_failing);
  ADD ("migrate-real", test_migrate_real);
  return g_test_run ();
}
