/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the log that is folded beside the commits: it stays short and nothing waits for that; a disk that fails
 * the one who folds; somebody who reads all the while; and files as a power cut would leave them.
 */
#include "tests/core/store/kit.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/core/store/faults.h"

#define LONG_LOG 64 /* pages */

static void
set_up (Kit *kit, gconstpointer data)
{
  /* Never quiet: nobody else folds. */
  kit->idle_ms = 1000000;
  kit->fold_pages = LONG_LOG;
  kit_set_up (kit, data);
  kit_do_basics (kit);
}

static void
tear_down (Kit *kit, gconstpointer data)
{
  faults_set (FAULT_NONE, 0);
  kit_tear_down (kit, data);
  g_assert_cmpuint (faults_needless_folds (), ==, 0);
  g_assert_cmpuint (faults_collisions (), ==, 0);
  g_assert_cmpuint (faults_cuts (), ==, 0);
}

static UcStoreResult
say (Kit *kit, int n, char **why)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *text = g_strnfill (3000, (char)('a' + n % 26));

  kit_put (
      kit, batch,
      "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,'author':'customer','text':'%s'}", n,
      n, text);
  return kit_commit (kit, batch, why);
}

static guint
log_pages (Kit *kit)
{
  UcStoreFigures figures;

  uc_store_figures (kit->store, &figures);
  return figures.log_pages;
}

static gboolean
has_thread (const char *wanted)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  gboolean found = FALSE;
  const char *task;

  while (!found && (task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL), *name = NULL;

      found = g_file_get_contents (path, &name, NULL, NULL) && strcmp (g_strchomp (name), wanted) == 0;
    }
  return found;
}

/* Says more until the log has begun anew so often; the longest it was. *n: the first line's number, and the next.
 */
static guint
say_until_begun_anew (Kit *kit, int times, int *n)
{
  guint last = log_pages (kit), longest = 0;

  while (times > 0)
    {
      guint now;

      g_assert_cmpint (say (kit, (*n)++, NULL), ==, UC_STORE_OK);
      now = log_pages (kit);
      times -= now < last;
      last = now;
      longest = MAX (longest, now);
    }
  return longest;
}

static void
expect_lines (const char *path, gint64 expected)
{
  UcSqliteState state = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (path, &state, &error);

  g_assert_no_error (error);
  g_assert_cmpint (uc_sqlite_int (sqlite, "SELECT count(*) FROM message", -1), ==, expected);
}

static void
test_beside (Kit *kit, gconstpointer data)
{
  int n = 1;
  guint longest = say_until_begun_anew (kit, 10, &n);

  g_test_message ("%d lines, %u pages of log at most", n - 1, longest);
  g_assert_true (has_thread ("store-folder"));
  g_assert_cmpuint (longest, >=, LONG_LOG);
  expect_lines (kit->path, n - 1);
}

/* ---- files as a power cut leaves them ------------------------------------------------------------------ */

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize len;

  g_file_get_contents (from, &bytes, &len, &error);
  g_assert_no_error (error);
  g_file_set_contents (to, bytes, (gssize)len, &error);
  g_assert_no_error (error);
}

/* At any moment the two files together hold all that was called durable. The log first: what the folder writes
 * into the database meanwhile is in it, too. */
static void
test_copied (Kit *kit, gconstpointer data)
{
  g_autofree char *wal = g_strconcat (kit->path, "-wal", NULL), *copy = g_strconcat (kit->path, "-copy", NULL),
                  *copied_wal = g_strconcat (copy, "-wal", NULL);

  for (int n = 1; n <= 150; n++)
    {
      g_assert_cmpint (say (kit, n, NULL), ==, UC_STORE_OK);
      if (n % 3 != 0)
        continue;
      copy_file (wal, copied_wal);
      copy_file (kit->path, copy);
      expect_lines (copy, n);
      g_remove (copied_wal);
      g_remove (copy);
      for (const char *const *end = (const char *const[]){ "-shm", "-wal", NULL }; *end != NULL; end++)
        {
          g_autofree char *left = g_strconcat (copy, *end, NULL);

          g_remove (left);
        }
    }
}

/* ---- others -------------------------------------------------------------------------------------------- */

static sqlite3 *
begin_to_read (const char *path)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN; SELECT count(*) FROM journal", NULL, NULL, NULL), ==, SQLITE_OK);
  return other;
}

/* Who reads a former state keeps the log from being folded; commits go on, and it is made up for. */
static void
test_held_up (Kit *kit, gconstpointer data)
{
  sqlite3 *other = begin_to_read (kit->path);
  int n = 1;

  while (log_pages (kit) < 10 * LONG_LOG)
    g_assert_cmpint (say (kit, n++, NULL), ==, UC_STORE_OK);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  say_until_begun_anew (kit, 2, &n);
  expect_lines (kit->path, n - 1);
}

/* Twice: when the second one is answered, the writer is done with all that follows the first. */
static void
commit_nothing (Kit *kit)
{
  for (int i = 0; i < 2; i++)
    g_assert_cmpint (kit_commit (kit, uc_batch_new (), NULL), ==, UC_STORE_OK);
}

/* A long log that the writer has folded, but could not empty because somebody reads the newest state from it: the
 * folder must not begin before there is more. The next commit may begin the log anew, right when it looks. */
static void
test_nothing_left (Kit *kit, gconstpointer data)
{
  sqlite3 *former = begin_to_read (kit->path), *newest;
  int n = 1;

  uc_store_spare (kit->store, TRUE);
  while (log_pages (kit) < 2 * LONG_LOG)
    g_assert_cmpint (say (kit, n++, NULL), ==, UC_STORE_OK);
  newest = begin_to_read (kit->path);
  sqlite3_close (former);
  commit_nothing (kit);
  uc_store_spare (kit->store, FALSE);
  commit_nothing (kit);
  sqlite3_close (newest);
  kit_close (kit);
  kit_open (kit);
  say_until_begun_anew (kit, 2, &n);
  expect_lines (kit->path, n - 1);
}

/* Where SQLite can't allocate a file's blocks, it writes a byte into each of those after its end. */
static void
test_growth (Kit *kit, gconstpointer data)
{
  int n = 1;

  faults_set (FAULT_DATABASE_SLOW, 0);
  say_until_begun_anew (kit, 5, &n);
  faults_set (FAULT_NONE, 0);
  expect_lines (kit->path, n - 1);
}

/* ---- a disk that fails --------------------------------------------------------------------------------- */

/* What the folder can't write stays in the log, commits go on, and the administrator is told once. */
static void
test_full (Kit *kit, gconstpointer data)
{
  int n = 1;

  kit_expect_warnings ();
  faults_set (FAULT_DATABASE_FULL, 0);
  while (log_pages (kit) < 8 * LONG_LOG)
    g_assert_cmpint (say (kit, n++, NULL), ==, UC_STORE_OK);
  g_assert_cmpint (kit_warnings (), ==, 1);
  faults_set (FAULT_NONE, 0);
  say_until_begun_anew (kit, 2, &n);
  expect_lines (kit->path, n - 1);
}

/* Where the database was not synced, nothing may be believed any more. */
static void
test_sync (Kit *kit, gconstpointer data)
{
  g_autofree char *why = NULL;
  int n = 1;

  kit_expect_warnings ();
  faults_set (FAULT_DATABASE_SYNC, 0);
  while (say (kit, n, &why) == UC_STORE_OK)
    {
      n++;
      g_assert_cmpint (n, <, 100000);
    }
  g_assert_nonnull (strstr (why, "nothing is stored any more until the daemon is started again"));
  faults_set (FAULT_NONE, 0);
  g_assert_cmpint (say (kit, n + 1, NULL), ==, UC_STORE_UNKNOWN);
  kit_close (kit);
  kit_open (kit);
  g_assert_true (uc_store_was_unclean (kit->store));
  expect_lines (kit->path, n - 1);
}

#define ADD(name, func) g_test_add ("/store/fold/" name, Kit, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  faults_install ();
  ADD ("beside", test_beside);
  ADD ("copied", test_copied);
  ADD ("held-up", test_held_up);
  ADD ("nothing-left", test_nothing_left);
  ADD ("growth", test_growth);
  ADD ("full", test_full);
  ADD ("sync", test_sync);
  return g_test_run ();
}
