/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the store when things break: a full disk, a failing one, a lock held by another program, and a process
 * that is killed. Called with --write PATH PAGES it is the process to be killed.
 */
#include "tests/core/store/kit.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/store/faults.h"

static void
rename_to (Kit *kit, const char *name, UcStoreResult expected, const char *part)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *why = NULL;

  kit_put (kit, batch, "{'type':'conversation.changed','conversation':'cnv_1','name':'%s'}", name);
  g_assert_cmpint (kit_commit (kit, batch, &why), ==, expected);
  if (why != NULL)
    g_test_message ("%s", why);
  if (part != NULL)
    g_assert_nonnull (strstr (why, part));
}

static void
expect_name (Kit *kit, const char *name)
{
  g_auto (Answer) answer = { 0 };

  uc_store_conversation (kit->store, "web", "visitor-1", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->name, ==, name);
}

static void
reset (Kit *kit)
{
  uc_store_reset (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
}

/* ---- room ---------------------------------------------------------------------------------------------- */

/* Nothing is taken while the disk is full, reading goes on, and all is well when there is room again. */
static void
test_full (Kit *kit, gconstpointer data)
{
  g_autofree char *why = NULL;
  UcBatch *batch;

  kit_do_basics (kit);
  rename_to (kit, "before", UC_STORE_OK, NULL);
  faults_set (FAULT_LOG_FULL, 0);
  rename_to (kit, "full", UC_STORE_UNAVAILABLE, "free some space");
  rename_to (kit, "behind", UC_STORE_UNAVAILABLE, "an earlier batch failed");
  batch = uc_batch_new ();
  uc_batch_kv (batch, "s", "k", "v", 1);
  g_assert_cmpint (kit_commit (kit, batch, &why), ==, UC_STORE_UNAVAILABLE);
  expect_name (kit, "before");
  reset (kit);
  rename_to (kit, "still full", UC_STORE_UNAVAILABLE, "free some space");

  faults_set (FAULT_NONE, 0);
  rename_to (kit, "behind", UC_STORE_UNAVAILABLE, "an earlier batch failed");
  reset (kit);
  g_assert_cmpint (kit->seq, ==, 5);
  rename_to (kit, "after", UC_STORE_OK, NULL);
  expect_name (kit, "after");
  kit_close (kit);
  kit_open (kit);
  g_assert_false (uc_store_was_unclean (kit->store));
  expect_name (kit, "after");
}

/* Full in the middle of writing, at each of the first writes of a commit. */
static void
test_full_midway (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  for (int after = 0; after < 12; after++)
    {
      gint64 before = kit->seq;
      UcBatch *batch = uc_batch_new ();
      UcStoreResult result;

      faults_set (FAULT_LOG_FULL, after);
      for (int i = 0; i < 20; i++)
        kit_put (kit, batch,
                 "{'type':'message.added','conversation':'cnv_1','message':'m','n':%d,'author':'customer',"
                 "'channel':'web','external_id':'x%d'}",
                 after * 100 + i, after * 100 + i);
      result = kit_commit (kit, batch, NULL);
      faults_set (FAULT_NONE, 0);
      if (result == UC_STORE_OK)
        {
          g_assert_cmpint (uc_store_last_seq (kit->store), ==, before + 20);
          continue;
        }
      g_assert_cmpint (result, ==, UC_STORE_UNAVAILABLE);
      g_assert_cmpint (uc_store_last_seq (kit->store), ==, before);
      reset (kit);
    }
  rename_to (kit, "after", UC_STORE_OK, NULL);
}

/* All batches of a transaction fall together, each is told, and none is stored. */
static void
test_full_group (Kit *kit, gconstpointer data)
{
  enum
  {
    N = 50
  };
  Answer answers[N] = { 0 };

  kit_do_basics (kit);
  faults_set (FAULT_LOG_FULL, 0);
  for (int i = 0; i < N; i++)
    {
      UcBatch *batch = uc_batch_new ();

      kit_put (kit, batch, "{'type':'conversation.changed','conversation':'cnv_1','name':'n%d'}", i);
      uc_store_commit (kit->store, batch, on_done, &answers[i]);
    }
  for (int i = 0; i < N; i++)
    {
      answer_wait (&answers[i]);
      g_assert_cmpint (answers[i].result, ==, UC_STORE_UNAVAILABLE);
      answer_clear (&answers[i]);
    }
  faults_set (FAULT_NONE, 0);
  reset (kit);
  g_assert_cmpint (kit->seq, ==, 4);
  expect_name (kit, "Carla");
}

/* No room for a checkpoint: commits go on into the log, and the administrator is told once. */
static void
test_full_checkpoint (Kit *kit, gconstpointer data)
{
  kit_expect_warnings ();
  faults_set (FAULT_DATABASE_FULL, 0);
  kit_do_basics (kit);
  kit_await_warning ();
  for (int i = 0; i < 20; i++)
    rename_to (kit, "on", UC_STORE_OK, NULL);
  g_usleep (100000); /* several idle times */
  g_assert_cmpint (kit_warnings (), ==, 1);
  faults_set (FAULT_NONE, 0);
  rename_to (kit, "again", UC_STORE_OK, NULL);
}

static UcStoreResult
put_bytes (Kit *kit, const char *key, gsize n, char **why)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *bytes = g_strnfill (n, 'x');

  uc_batch_kv (batch, "room", key, bytes, n);
  return kit_commit (kit, batch, why);
}

/* What was committed has its place in the database's file, though nothing was folded into that. */
static void
test_room_is_claimed (Kit *kit, gconstpointer data)
{
  struct stat info;

  kit_expect_warnings ();
  faults_set (FAULT_DATABASE_FULL, 0);
  g_assert_cmpint (put_bytes (kit, "a", 1000000, NULL), ==, UC_STORE_OK);
  g_assert_cmpint (stat (kit->path, &info), ==, 0);
  g_assert_cmpint (info.st_size, >=, 1000000);
  g_assert_cmpint (info.st_blocks * 512, >=, 1000000);
  faults_set (FAULT_NONE, 0);
}

/* Without a place there a change is not taken, so that the log never holds what can't be folded. */
static void
test_no_room_to_grow (Kit *kit, gconstpointer data)
{
  g_autofree char *why = NULL;

  kit_do_basics (kit);
  g_assert_cmpint (put_bytes (kit, "a", 200000, NULL), ==, UC_STORE_OK);
  faults_set (FAULT_DATABASE_GROW, 0);
  g_assert_cmpint (put_bytes (kit, "b", 200000, &why), ==, UC_STORE_UNAVAILABLE);
  g_assert_nonnull (strstr (why, "the disk is full"));
  /* What needs no more room is taken. */
  reset (kit);
  rename_to (kit, "on", UC_STORE_OK, NULL);
  faults_set (FAULT_NONE, 0);
  g_assert_cmpint (put_bytes (kit, "b", 200000, NULL), ==, UC_STORE_OK);
}

/* A log that has used up all room is folded, and the change that found none is taken. */
static void
test_log_gives_room_back (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  faults_set (FAULT_LOG_LIMIT, 400);
  for (int i = 0; i < 60; i++)
    g_assert_cmpint (put_bytes (kit, i % 2 == 0 ? "a" : "b", 50000, NULL), ==, UC_STORE_OK);
  rename_to (kit, "on", UC_STORE_OK, NULL);
  /* One that is larger than all the room there is, is refused, and alone. */
  g_assert_cmpint (put_bytes (kit, "c", 500000, NULL), ==, UC_STORE_UNAVAILABLE);
  rename_to (kit, "still", UC_STORE_OK, NULL);
}

/* ---- a failing disk ------------------------------------------------------------------------------------ */

/* After each of these nothing may be believed: the store takes nothing more, and a new process finds a sound file.
 */
static void
test_beyond_trust (Kit *kit, gconstpointer data)
{
  g_autofree char *before = NULL;

  kit_do_basics (kit);
  rename_to (kit, "before", UC_STORE_OK, NULL);
  faults_set ((Fault)GPOINTER_TO_INT (data), 0);
  rename_to (kit, "doubtful", UC_STORE_UNKNOWN, "started again");
  faults_set (FAULT_NONE, 0);
  rename_to (kit, "later", UC_STORE_UNKNOWN, "nothing is stored any more");
  reset (kit);
  rename_to (kit, "after a reset", UC_STORE_UNKNOWN, "nothing is stored any more");
  g_assert_cmpint (kit_commit (kit, uc_batch_new (), &before), ==, UC_STORE_UNKNOWN);
  kit_close (kit);

  kit_open (kit);
  g_assert_true (uc_store_was_unclean (kit->store));
  g_assert_cmpint (kit->seq, >=, 5);
  g_assert_cmpint (kit->seq, <=, 6);
  rename_to (kit, "after", UC_STORE_OK, NULL);
}

/* A failed fsync of the database file loses what the log may already have been emptied of. */
static void
test_checkpoint_sync (Kit *kit, gconstpointer data)
{
  kit_expect_warnings ();
  faults_set (FAULT_DATABASE_SYNC, 0);
  kit_do_basics (kit);
  kit_await_warning ();
  faults_set (FAULT_NONE, 0);
  rename_to (kit, "doubtful", UC_STORE_UNKNOWN, "started again");
  kit_close (kit);
  kit_open (kit);
  g_assert_true (uc_store_was_unclean (kit->store));
  g_assert_cmpint (kit->seq, ==, 4);
  expect_name (kit, "Carla");
}

/* A question that can't be answered says so; it is not "not there". */
static void
test_read_error (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  UcBatch *batch = uc_batch_new ();
  g_autofree char *large = g_strnfill (3 * 1024 * 1024, 'x');

  uc_batch_kv (batch, "s", "large", large, strlen (large));
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  /* Closed and opened, nothing is in a cache or in the log. */
  kit_close (kit);
  kit_open (kit);
  faults_set (FAULT_DATABASE_READ, 0);
  uc_store_kv (kit->store, "s", "large", on_value, &answer);
  answer_wait (&answer);
  faults_set (FAULT_NONE, 0);
  g_assert_cmpint (answer.result, ==, UC_STORE_UNAVAILABLE);
  g_assert_null (answer.value);
  g_assert_nonnull (strstr (answer.why, "the disk fails"));

  answer_clear (&answer);
  uc_store_kv (kit->store, "s", "large", on_value, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (answer.value, ==, large);
}

/* ---- the index of transcripts -------------------------------------------------------------------------- */

enum
{
  N_CHATS = 60
};

static void
do_chats (Kit *kit)
{
  UcBatch *batch = uc_batch_new ();

  kit_do_basics (kit);
  for (int i = 1; i <= N_CHATS; i++)
    {
      kit_put (kit, batch,
               "{'type':'interaction.queued','interaction':'int_%d','conversation':'cnv_1',"
               "'enqueued_at':%d}",
               i, i);
      kit_put (kit, batch,
               "{'type':'message.added','conversation':'cnv_1','interaction':'int_%d','message':'m','n':%d,"
               "'author':'customer','text':'a longer text of the customer, number-%d-'}",
               i, i, i);
      kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual'}", i);
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
}

static gint64
number (UcSqlite *sqlite, const char *sql)
{
  return uc_sqlite_int (sqlite, sql, -1);
}

/* What has a number is in the index, and what is there has one. */
static void
check_index (UcSqlite *sqlite)
{
  gint64 docs = number (sqlite, "SELECT count(*) FROM interaction WHERE doc IS NOT NULL");

  g_assert_cmpint (number (sqlite, "SELECT count(*) FROM transcript WHERE transcript MATCH 'cus'"), ==, docs);
  g_assert_cmpint (number (sqlite, "SELECT coalesce(max(rowid), 0) FROM transcript WHERE transcript MATCH 'cus'"),
                   ==, docs);
  g_assert_cmpint (uc_sqlite_exec (sqlite, "INSERT INTO transcript (transcript) VALUES ('integrity-check')"), ==,
                   SQLITE_OK);
}

/* A portion is in the index as a whole or not at all, whichever write fails; later it goes on. */
static void
test_index (Kit *kit, gconstpointer data)
{
  guint failures = 0;

  do_chats (kit);
  kit_close (kit);
  for (int after = 0; after < 40; after++)
    {
      UcSqliteState state;
      g_autoptr (GError) error = NULL;
      g_autoptr (UcSqlite) sqlite = NULL;
      gboolean more = TRUE;
      int code;

      kit_sql (kit->path, "UPDATE interaction SET doc = NULL;"
                          "INSERT INTO transcript (transcript) VALUES ('delete-all')");
      sqlite = uc_sqlite_open_writer (kit->path, FALSE, &state, &error);
      g_assert_no_error (error);
      faults_set ((Fault)GPOINTER_TO_INT (data), after);
      code = uc_sqlite_index (sqlite, &more);
      faults_set (FAULT_NONE, 0);
      failures += code != SQLITE_OK;
      g_assert_false (code != SQLITE_OK && more);
      g_assert_true (sqlite3_get_autocommit (sqlite->db));
      if (code != SQLITE_OK)
        g_assert_cmpint (number (sqlite, "SELECT count(*) FROM interaction WHERE doc IS NOT NULL"), ==, 0);
      check_index (sqlite);
      do
        g_assert_cmpint (uc_sqlite_index (sqlite, &more), ==, SQLITE_OK);
      while (more);
      g_assert_cmpint (number (sqlite, "SELECT max(doc) FROM interaction"), ==, N_CHATS);
      check_index (sqlite);
    }
  g_assert_cmpuint (failures, >, 0);
  g_assert_cmpuint (failures, <, 40);
  kit_open (kit);
}

/* ---- a migration --------------------------------------------------------------------------------------- */

/* No room in the middle of it: the database stays what it was, says so, and comes up when there is room. */
static void
test_migration (Kit *kit, gconstpointer data)
{
  guint refusals = 0;

  for (int after = 0; after < 200; after++)
    {
      g_autofree char *path = g_strdup_printf ("%s/old-%d.db", kit->dir, after);
      g_autoptr (GError) error = NULL;
      g_autoptr (UcSqlite) sqlite = NULL;
      UcSqliteState state;
      sqlite3 *db = NULL;

      g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
      sqlite = uc_sqlite_new (path, db);
      g_assert_true (uc_sqlite_migrate (sqlite, uc_sqlite_migrations, 1, NULL));
      uc_sqlite_exec (sqlite,
                      "INSERT INTO journal VALUES (1, 5, 1, 'faq.used', NULL, '{\"interaction\":\"int_1\"}')");
      g_clear_pointer (&sqlite, uc_sqlite_close);

      faults_set (FAULT_LOG_FULL, after);
      sqlite = uc_sqlite_open_writer (path, FALSE, &state, &error);
      faults_set (FAULT_NONE, 0);
      if (sqlite == NULL)
        {
          refusals++;
          g_assert_nonnull (strstr (error->message, "free some space"));
          g_assert_nonnull (strstr (error->message, path));
          g_clear_error (&error);
          sqlite = uc_sqlite_open_writer (path, FALSE, &state, &error);
          g_assert_no_error (error);
        }
      g_assert_cmpint (number (sqlite, "SELECT count(*) FROM journal WHERE interaction = 'int_1'"), ==, 1);
      g_assert_cmpint (number (sqlite, "PRAGMA user_version"), ==,
                       uc_sqlite_migrations[uc_sqlite_n_migrations - 1].version);
      if (refusals <= (guint)after)
        break;
    }
  g_test_message ("%u refusals", refusals);
  g_assert_cmpuint (refusals, >, 1);
}

/* ---- another program ----------------------------------------------------------------------------------- */

static void
test_locked_by_program (Kit *kit, gconstpointer data)
{
  sqlite3 *other = NULL;

  kit_do_basics (kit);
  g_assert_cmpint (sqlite3_open (kit->path, &other), ==, SQLITE_OK);
  sqlite3_busy_timeout (other, 10000); /* the store may be at its log just now */
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  rename_to (kit, "locked out", UC_STORE_UNAVAILABLE, "end that program");
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  reset (kit);
  rename_to (kit, "in again", UC_STORE_OK, NULL);
  sqlite3_close (other);
}

/* Somebody's long read keeps the log from being emptied; it must not keep commits from going on. */
static void
test_long_read (Kit *kit, gconstpointer data)
{
  g_autofree char *wal = g_strconcat (kit->path, "-wal", NULL), *text = g_strnfill (60000, 'x');
  sqlite3 *other = NULL;
  gsize len = 1;

  kit_do_basics (kit);
  g_assert_cmpint (sqlite3_open (kit->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN; SELECT count(*) FROM journal", NULL, NULL, NULL), ==, SQLITE_OK);
  for (int n = 1; n <= 100; n++)
    kit_do (kit,
            "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,'author':'customer',"
            "'text':'%s'}",
            n, n, text);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  while (len > 0)
    {
      g_autofree char *bytes = NULL;

      g_usleep (2000);
      g_assert_true (g_file_get_contents (wal, &bytes, &len, NULL));
    }
}

/* Without a quiet moment the log is folded, too, and used again from its start. */
static void
test_log_size (Kit *kit, gconstpointer data)
{
  enum
  {
    MIB = 1024 * 1024
  };
  UcStoreOptions options = { .path = kit->path, .idle_ms = 1000000, .fold_pages = 4 * MIB / 4096 };
  g_autofree char *wal = g_strconcat (kit->path, "-wal", NULL), *value = g_malloc0 (MIB + 1);
  GStatBuf info;

  kit_close (kit);
  kit->store = uc_store_open (kit->loop, &options, NULL);
  for (int i = 0; i < 160; i++)
    {
      UcBatch *batch = uc_batch_new ();

      memset (value, 'a' + i % 2, MIB); /* the same value again would not be written */
      uc_batch_kv (batch, "s", "k", value, MIB);
      g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
    }
  g_assert_cmpint (g_stat (wal, &info), ==, 0);
  g_assert_cmpint (info.st_size, >, 4 * MIB);
  /* Commits wait for who folds when it is four times too long. */
  g_assert_cmpint (info.st_size, <, 40 * MIB);
}

/* ---- kill -9 ------------------------------------------------------------------------------------------- */

typedef struct
{
  Kit kit;
  gint64 n;
  guint round;
} Writer;

typedef struct
{
  Writer *writer;
  gint64 seq;
} Written;

static void write_more (Writer *writer);

/* Says which number is durable, and goes on. */
static void
on_written (gpointer data, UcStoreResult result, const char *why)
{
  Written *written = data;
  char text[32];
  int len = g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT "\n", written->seq);

  if (result != UC_STORE_OK || write (STDOUT_FILENO, text, (size_t)len) != len)
    _exit (EXIT_FAILURE);
  write_more (written->writer);
  g_free (written);
}

/* A closed one, to be indexed by this process or the next. */
static void
write_chat (Kit *kit, UcBatch *batch, int epoch, int n)
{
  kit_put (kit, batch,
           "{'type':'interaction.queued','interaction':'int_%d_%d','conversation':'cnv_%d','enqueued_at':%d}",
           epoch, n, epoch, n);
  kit_put (kit, batch,
           "{'type':'message.added','conversation':'cnv_%d','interaction':'int_%d_%d','message':'c_%d_%d','n':%d,"
           "'author':'customer','text':'customer number-%d-'}",
           epoch, epoch, n, epoch, n, n + 1000000, n);
  kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d_%d','cause':'manual'}", epoch, n);
}

static void
write_more (Writer *writer)
{
  Kit *kit = &writer->kit;
  UcBatch *batch = uc_batch_new ();
  Written *written = g_new (Written, 1);
  int epoch = (int)uc_store_epoch (kit->store);
  int n = (int)++writer->n;

  kit_put (kit, batch,
           "{'type':'message.added','conversation':'cnv_%d','interaction':'int_%d','message':'m_%d_%d','n':%d,"
           "'author':'%s','channel':'web','external_id':'x_%d_%d','text':'some words of a customer',"
           "'state':'queued'}",
           epoch, epoch, epoch, n, n, n % 2 ? "agent" : "customer", epoch, n);
  if (n > 5 && n % 2)
    kit_put (kit, batch,
             "{'type':'message.state','conversation':'cnv_%d','message':'m_%d_%d','n':%d,'state':'sent'}", epoch,
             epoch, n - 4, n - 4);
  if (n % 7 == 0)
    kit_put (kit, batch, "{'type':'agent.status','agent':'usr_a','status':'busy','asked':'available','since':%d}",
             n);
  if (n % 3 == 0)
    write_chat (kit, batch, epoch, n);
  if (n % 9 == 0)
    kit_put (kit, batch, "{'type':'faq.changed','faq':'faq_%d','question':'question %d','answer':'a','enabled':1}",
             n % 4, n);
  *written = (Written){ writer, kit->seq };
  uc_store_commit (kit->store, batch, on_written, written);
}

static void
write_until_killed (const char *path, guint fold_pages)
{
  Writer writer = { .kit.fold_pages = fold_pages };
  Kit *kit = &writer.kit;
  UcBatch *batch = uc_batch_new ();
  int epoch;

  kit->loop = uc_loop_new ();
  kit->path = g_strdup (path);
  kit_open (kit);
  epoch = (int)uc_store_epoch (kit->store);
  kit_put (kit, batch, "{'type':'user.changed','user':'usr_a','login':'anna','capacity':1,'enabled':1}");
  kit_put (kit, batch,
           "{'type':'conversation.opened','conversation':'cnv_%d','channel':'web','identity':'visitor_%d'}", epoch,
           epoch);
  kit_put (kit, batch,
           "{'type':'interaction.queued','interaction':'int_%d','conversation':'cnv_%d','enqueued_at':5}", epoch,
           epoch);
  uc_store_commit (kit->store, batch, NULL, NULL);
  for (int i = 0; i < 20; i++)
    write_more (&writer);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* Starts a writer, lets it run for a moment, kills it; the last number it called durable. */
static gint64
run_and_kill (const char *path, guint fold_pages)
{
  g_autofree char *self = kit_self (), *pages = g_strdup_printf ("%u", fold_pages);
  char *argv[] = { self, (char *)"--write", (char *)path, pages, NULL };
  g_autoptr (GError) error = NULL;
  char line[64];
  gint64 last = 0;
  GPid pid;
  int out, status;
  FILE *lines;

  g_assert_true (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL,
                                           &out, NULL, &error));
  lines = fdopen (out, "r");
  /* Alive and writing; then at any moment. */
  g_assert_nonnull (fgets (line, sizeof line, lines));
  last = g_ascii_strtoll (line, NULL, 10);
  g_usleep ((gulong)g_test_rand_int_range (0, 30000));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  while (fgets (line, sizeof line, lines) != NULL)
    if (strchr (line, '\n') != NULL)
      last = g_ascii_strtoll (line, NULL, 10);
  fclose (lines);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  return last;
}

static void
await_index (Kit *kit)
{
  UcSqliteState state;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (kit->path, &state, NULL);

  while (number (sqlite, "SELECT count(*) FROM interaction WHERE closed_at > 0 AND doc IS NULL") > 0)
    g_usleep (2000);
  g_assert_cmpint (number (sqlite, "SELECT count(*) FROM transcript WHERE transcript MATCH 'cus'"), ==,
                   number (sqlite, "SELECT count(*) FROM interaction WHERE closed_at > 0"));
}

/* Whatever was called durable is there, the journal has no gap, and the tables are what it says. */
static void
test_kill (Kit *kit, gconstpointer data)
{
  gint64 floor = 0;

  kit_close (kit);
  for (int round = 1; round <= 30; round++)
    {
      /* Every other time the log is folded all the while, beside the commits. */
      gint64 told = run_and_kill (kit->path, round % 2 ? 0 : 20);

      g_assert_cmpint (told, >, floor);
      kit_open (kit);
      g_assert_true (uc_store_was_unclean (kit->store));
      g_assert_cmpint (uc_store_last_seq (kit->store), >=, told);
      floor = uc_store_last_seq (kit->store);
      kit_close (kit);
      if (round % 10 == 0)
        kit_check_derived (kit->path);
    }
  g_test_message ("%d events survived 30 kills", (int)floor);
  kit_open (kit);
  await_index (kit);
}

static void
tear_down (Kit *kit, gconstpointer data)
{
  faults_set (FAULT_NONE, 0);
  kit_tear_down (kit, data);
}

#define ADD(name, func, data)                                                                                     \
  g_test_add ("/store/faults/" name, Kit, GINT_TO_POINTER (data), kit_set_up, func, tear_down)

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--write") == 0)
    write_until_killed (argv[2], (guint)atoi (argv[3]));
  g_test_init (&argc, &argv, NULL);
  faults_install ();
  ADD ("full", test_full, 0);
  ADD ("full-midway", test_full_midway, 0);
  ADD ("full-group", test_full_group, 0);
  ADD ("full-checkpoint", test_full_checkpoint, 0);
  ADD ("room-is-claimed", test_room_is_claimed, 0);
  ADD ("no-room-to-grow", test_no_room_to_grow, 0);
  ADD ("log-gives-room-back", test_log_gives_room_back, 0);
  ADD ("commit-sync", test_beyond_trust, FAULT_LOG_SYNC);
  ADD ("commit-write", test_beyond_trust, FAULT_LOG_WRITE);
  ADD ("checkpoint-sync", test_checkpoint_sync, 0);
  ADD ("read-error", test_read_error, 0);
  ADD ("index-full", test_index, FAULT_LOG_FULL);
  ADD ("migration", test_migration, 0);
  ADD ("locked-by-program", test_locked_by_program, 0);
  ADD ("long-read", test_long_read, 0);
  ADD ("log-size", test_log_size, 0);
  ADD ("kill", test_kill, 0);
  return g_test_run ();
}
