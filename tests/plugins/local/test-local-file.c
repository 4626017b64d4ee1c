/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: the file itself. Persistence, files that are not ours, too new, damaged, locked, out of reach, and a
 * disk that stops taking writes. SQLite is used here to prepare and to look at files from outside.
 */
#include "tests/plugins/local/crm-kit.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define APPLICATION_ID "0x7543524d"

static char *
file_of (FakeHost *crm)
{
  return g_build_filename (crm->data_dir, "crm.db", NULL);
}

static void
run_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  if (sqlite3_exec (db, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static int
take_text (void *data, int count, char **values, char **names)
{
  char **text = data;

  g_free (*text);
  *text = g_strdup (values[0]);
  return 0;
}

static char *
ask_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *text = NULL, *message = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  if (sqlite3_exec (db, sql, take_text, &text, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return text;
}

static void
start_refused (FakeHost *crm, UsherStatus status, const char *part)
{
  g_assert_true (fake_host_create (crm));
  crm_refused (fake_host_start (crm), status, part);
  fake_host_destroy (crm);
}

static void
test_restart (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *path = file_of (crm);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  const UsherCustomer *anna
      = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B",
                                  .identities = IDENTITIES (IDENTITY (.network = "n", .id = "1"))));
  const UsherCase *c
      = crm_saved_case (crm, CASE (.customer_id = anna->id, .interaction = "int_1", .transcript = "[{}]"));
  struct stat info;

  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  fake_host_down (crm);
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));
  fake_host_up (crm);
  g_assert_cmpstr (crm_lookup (crm, "n", "1")->customers[0]->id, ==, anna->id);
  g_assert_cmpstr (crm_get_case (crm, c->id)->cases[0]->transcript, ==, "[{}]");
  /* Stopped and started again without a new create, as after a failed start. */
  g_assert_cmpint (fake_host_stop (crm)->status, ==, USHER_OK);
  g_assert_cmpint (fake_host_start (crm)->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (crm_get (crm, anna->id)), ==, 1);
}

static void
test_pragmas (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *path = file_of (crm);
  g_autofree char *mode = NULL, *application = NULL, *version = NULL;

  crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B"));
  mode = ask_sql (path, "PRAGMA journal_mode");
  application = ask_sql (path, "PRAGMA application_id");
  version = ask_sql (path, "PRAGMA user_version");
  g_assert_cmpstr (mode, ==, "wal");
  g_assert_cmpint (g_ascii_strtoll (application, NULL, 10), ==, g_ascii_strtoll (APPLICATION_ID, NULL, 16));
  g_assert_cmpstr (version, ==, "2");
}

static void
test_path (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  g_autofree char *path = g_build_filename (crm->data_dir, "other.sqlite", NULL);

  fake_host_set (crm, "path", path);
  fake_host_up (crm);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  fake_host_down (crm);
  fake_host_set (crm, "path", "/nonexistent-folder/crm.db");
  start_refused (crm, USHER_RETRY, "/nonexistent-folder/crm.db.lock can't be made");
}

static void
test_not_ours (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  g_autofree char *path = file_of (crm);
  g_autofree char *tables = NULL;

  run_sql (path, "CREATE TABLE song (title)");
  start_refused (crm, USHER_FAILED, "database of another program");
  tables = ask_sql (path, "SELECT count(*) FROM sqlite_schema");
  g_assert_cmpstr (tables, ==, "1");
  run_sql (path, "PRAGMA application_id = 252006674");
  start_refused (crm, USHER_FAILED, "database of another program");
  /* Put out of the way: works. */
  g_assert_cmpint (g_remove (path), ==, 0);
  fake_host_up (crm);
}

static void
test_newer (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *path = file_of (crm);
  g_autofree char *version = NULL;

  fake_host_down (crm);
  run_sql (path, "PRAGMA user_version = 3");
  start_refused (crm, USHER_FAILED, "newer usher (version 3");
  version = ask_sql (path, "PRAGMA user_version");
  g_assert_cmpstr (version, ==, "3");
  run_sql (path, "PRAGMA user_version = 2");
  fake_host_up (crm);
}

static void
test_garbage (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  g_autofree char *path = file_of (crm);
  g_autofree char *garbage = g_strnfill (10000, 'x');

  g_assert_true (g_file_set_contents (path, garbage, 10000, NULL));
  start_refused (crm, USHER_FAILED, "damaged or not a database");
  /* An empty file is a beginning. */
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  fake_host_up (crm);
}

static void
test_damaged (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *path = file_of (crm);
  g_autofree char *bytes = NULL;
  gsize len;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *last = g_strdup_printf ("Customer %u", i);

      crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = last));
    }
  fake_host_down (crm);
  g_assert_true (g_file_get_contents (path, &bytes, &len, NULL));
  g_assert_cmpuint (len, >, 40000);
  memset (bytes + len / 2, 0xa5, 8192);
  g_assert_true (g_file_set_contents (path, bytes, (gssize)len, NULL));
  start_refused (crm, USHER_FAILED, "damaged");
  /* Cut off in the middle. */
  g_assert_true (g_file_set_contents (path, bytes, (gssize)len / 2, NULL));
  start_refused (crm, USHER_FAILED, "damaged");
}

static void
test_two_instances (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autoptr (FakeHost) second = fake_host_new ("crm", "local");
  g_autofree char *path = file_of (crm);

  fake_host_set (second, "path", path);
  start_refused (second, USHER_RETRY, "in use by another CRM instance");
  fake_host_down (crm);
  fake_host_up (second);
  fake_host_down (second);
  fake_host_up (crm);
}

/* Somebody holds a write lock from outside for longer than the plugin waits; the requests come back as RETRY, and
 * work when the lock is gone. */
static void
test_locked_from_outside (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *path = file_of (crm);
  const UsherResult *result;
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  result = crm_save (crm, CUSTOMER (.first_name = "A", .last_name = "B"));
  crm_refused (result, USHER_RETRY, "locked by another program");
  g_assert_cmpint (result->retry_after_ms, >, 0);
  /* Reading goes on meanwhile. */
  g_assert_cmpint (crm_search (crm, QUERY (.text = "A"))->status, ==, USHER_OK);
  g_assert_cmpint (sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B"));
}

static gboolean
works_again (gpointer data)
{
  FakeHost *crm = data;

  return crm_save (crm, CUSTOMER (.first_name = "A", .last_name = "Later"))->status == USHER_OK;
}

static gboolean
is_told (gpointer data)
{
  return ((FakeHost *)data)->state == USHER_OK && ((FakeHost *)data)->state_message == NULL;
}

static gboolean
is_warned (gpointer data)
{
  return ((FakeHost *)data)->state != USHER_OK && ((FakeHost *)data)->state_message != NULL;
}

/* The disk takes no more writes, then does again: refused saves are refused, accepted ones are there, and the
 * administrator is told both times. */
static void
test_disk_full (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *notes = g_strnfill (60000, 'x');
  g_autofree char *check = NULL, *path = file_of (crm);
  struct rlimit before, small = { 800 * 1024, RLIM_INFINITY };
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_free);
  const UsherResult *result;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small.rlim_max = before.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  while (TRUE)
    {
      g_autofree char *last = g_strdup_printf ("No%u", kept->len);

      result = crm_save (crm, CUSTOMER (.first_name = "A", .last_name = last, .notes = notes));
      if (result->status != USHER_OK)
        break;
      g_ptr_array_add (kept, g_strdup (result->customers[0]->id));
      g_assert_cmpuint (kept->len, <, 100);
    }
  g_assert_true (result->status == USHER_RETRY || result->status == USHER_UNCERTAIN);
  fake_host_wait (is_warned, crm, "the warning");
  g_assert_true (fake_host_logged (crm, USHER_LOG_ERROR, "crm.db"));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  fake_host_wait (works_again, crm, "the database to work again");
  fake_host_wait (is_told, crm, "the state to be good again");
  g_assert_cmpuint (kept->len, >, 0);
  for (guint i = 0; i < kept->len; i++)
    g_assert_cmpuint (crm_customers (crm_get (crm, kept->pdata[i])), ==, 1);
  fake_host_down (crm);
  check = ask_sql (path, "PRAGMA integrity_check");
  g_assert_cmpstr (check, ==, "ok");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/file/restart", test_restart);
  g_test_add_func ("/local/file/pragmas", test_pragmas);
  g_test_add_func ("/local/file/path", test_path);
  g_test_add_func ("/local/file/not-ours", test_not_ours);
  g_test_add_func ("/local/file/newer", test_newer);
  g_test_add_func ("/local/file/garbage", test_garbage);
  g_test_add_func ("/local/file/damaged", test_damaged);
  g_test_add_func ("/local/file/two-instances", test_two_instances);
  g_test_add_func ("/local/file/locked-from-outside", test_locked_from_outside);
  g_test_add_func ("/local/file/disk-full", test_disk_full);
  return g_test_run ();
}
