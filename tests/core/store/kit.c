/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the store's tests share, see kit.h.
 */
#include "config.h" /* gettid */

#include "tests/core/store/kit.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

void
kit_open (Kit *kit)
{
  UcStoreOptions options
      = { .path = kit->path, .idle_ms = kit->idle_ms > 0 ? kit->idle_ms : 20, .fold_pages = kit->fold_pages };
  g_autoptr (GError) error = NULL;

  kit->store = uc_store_open (kit->loop, &options, &error);
  g_assert_no_error (error);
  g_assert_nonnull (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
}

void
kit_close (Kit *kit)
{
  uc_store_close (kit->store);
  kit->store = NULL;
}

/* Containers have a little of it, or none. */
static gboolean
has_room (const char *dir)
{
  struct statvfs room;

  return statvfs (dir, &room) == 0 && (guint64)room.f_bavail * room.f_frsize >= 32 * 1024 * 1024;
}

char *
kit_folder (const char *name)
{
  g_autofree char *memory = g_build_filename ("/dev/shm", name, NULL);
  g_autoptr (GError) error = NULL;
  char *dir;

  if (has_room ("/dev/shm") && g_mkdtemp (memory) != NULL)
    return g_steal_pointer (&memory);
  dir = g_dir_make_tmp (name, &error);
  g_assert_no_error (error);
  return dir;
}

void
kit_set_up (Kit *kit, gconstpointer data)
{
  kit->loop = uc_loop_new ();
  kit->dir = kit_folder ("usher-store-XXXXXX");
  kit->path = g_build_filename (kit->dir, "usher.db", NULL);
  kit_open (kit);
}

void
kit_remove_folder (const char *dir)
{
  g_autoptr (GDir) open = g_dir_open (dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (open)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

/* ---- warnings ------------------------------------------------------------------------------------------ */

static int warnings; /* atomic */
static guint warning_handler;

static void
on_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_atomic_int_inc (&warnings);
}

static gboolean
not_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  return FALSE;
}

void
kit_expect_warnings (void)
{
  warnings = 0;
  warning_handler = g_log_set_handler (NULL, G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, on_warning, NULL);
  g_test_log_set_fatal_handler (not_fatal, NULL);
}

int
kit_warnings (void)
{
  return g_atomic_int_get (&warnings);
}

void
kit_await_warning (void)
{
  while (kit_warnings () == 0)
    g_usleep (1000);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

void
kit_tear_down (Kit *kit, gconstpointer data)
{
  kit_close (kit);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  kit_check_derived (kit->path);
  kit_remove_folder (kit->dir);
  uc_loop_free (kit->loop);
  g_free (kit->dir);
  g_free (kit->path);
  if (warning_handler != 0)
    g_log_remove_handler (NULL, warning_handler);
  warning_handler = 0;
}

/* ---- events -------------------------------------------------------------------------------------------- */

UcEvent *
kit_event (const char *json)
{
  g_autofree char *text = g_strdelimit (g_strdup (json), "'", '"');
  g_autoptr (GError) error = NULL;
  UcEvent *event = uc_event_from_json (text, strlen (text), &error);

  if (error != NULL)
    g_error ("%s: %s", json, error->message);
  return event;
}

static void
put (Kit *kit, UcBatch *batch, const char *text)
{
  UcEvent *event = kit_event (text);
  gsize len;
  char *json;

  event->seq = ++kit->seq;
  if (event->at == 0)
    event->at = T0 + event->seq;
  json = uc_event_to_json (event, &len);
  uc_batch_event (batch, event, json, len);
}

void
kit_put (Kit *kit, UcBatch *batch, const char *json, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, json);
  text = g_strdup_vprintf (json, args);
  va_end (args);
  put (kit, batch, text);
}

UcStoreResult
kit_commit (Kit *kit, UcBatch *batch, char **why)
{
  g_auto (Answer) answer = { 0 };

  uc_store_commit (kit->store, batch, on_done, &answer);
  answer_wait (&answer);
  if (why != NULL)
    *why = g_steal_pointer (&answer.why);
  else if (answer.result != UC_STORE_OK)
    g_test_message ("commit: %s", answer.why);
  return answer.result;
}

void
kit_do (Kit *kit, const char *json, ...)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, json);
  text = g_strdup_vprintf (json, args);
  va_end (args);
  put (kit, batch, text);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
}

void
kit_do_basics (Kit *kit)
{
  UcBatch *batch = uc_batch_new ();

  kit_put (kit, batch,
           "{'type':'user.changed','user':'usr_a','login':'anna','name':'Anna','role':'agent',"
           "'permissions':'interaction.reject','capacity':2,'acceptance_ms':30000,'enabled':1}");
  kit_put (kit, batch,
           "{'type':'user.changed','user':'usr_b','login':'ben','name':'Ben','role':'agent','capacity':1,"
           "'acceptance_ms':20000,'enabled':1}");
  kit_put (kit, batch,
           "{'type':'queue.changed','queue':'que_s','name':'Sales','enabled':1,'post_processing_ms':5000,"
           "'boost':100}");
  kit_put (kit, batch,
           "{'type':'conversation.opened','conversation':'cnv_1','channel':'web','network':'webchat',"
           "'identity':'visitor-1','name':'Carla'}");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

void
on_done (gpointer data, UcStoreResult result, const char *why)
{
  Answer *answer = data;

  g_assert_false (answer->there);
  g_assert_cmpint (gettid (), ==, getpid ()); /* the main thread */
  g_assert_true ((result == UC_STORE_OK) == (why == NULL));
  answer->there = TRUE;
  answer->result = result;
  answer->why = g_strdup (why);
}

void
on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Answer *answer = data;

  on_done (data, result, why);
  answer->rows = g_ptr_array_copy (rows, (GCopyFunc)(void (*) (void))uc_event_copy, NULL);
  g_ptr_array_set_free_func (answer->rows, (GDestroyNotify)uc_event_free);
  answer->more = more;
}

void
on_value (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Answer *answer = data;

  on_done (data, result, why);
  if (value != NULL)
    {
      g_assert_cmpint (value[len], ==, '\0');
      answer->value = g_memdup2 (value, len + 1);
    }
  answer->len = len;
}

void
answer_wait (Answer *answer)
{
  while (!answer->there)
    g_main_context_iteration (NULL, TRUE);
}

void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->rows, g_ptr_array_unref);
  g_clear_pointer (&answer->value, g_free);
  g_clear_pointer (&answer->why, g_free);
  memset (answer, 0, sizeof *answer);
}

void
assert_rows (GPtrArray *rows, const char *const *expected)
{
  guint i = 0;

  for (; expected[i] != NULL; i++)
    {
      g_autoptr (UcEvent) want = kit_event (expected[i]), got = NULL;
      g_autofree char *want_json = NULL, *got_json = NULL;

      if (i >= rows->len)
        g_error ("row %u is missing: %s", i, expected[i]);
      got = uc_event_copy (g_ptr_array_index (rows, i));
      if (want->seq == 0)
        got->seq = 0;
      if (want->at == 0)
        got->at = 0;
      want_json = uc_event_to_json (want, NULL);
      got_json = uc_event_to_json (got, NULL);
      g_assert_cmpstr (got_json, ==, want_json);
    }
  g_assert_cmpuint (rows->len, ==, i);
}

static void
collect (const UcEvent *row, gpointer data)
{
  g_ptr_array_add (data, uc_event_copy (row));
}

GPtrArray *
kit_load (Kit *kit)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GError) error = NULL;

  g_assert_true (uc_store_load (kit->store, collect, rows, &error));
  g_assert_no_error (error);
  return rows;
}

/* ---- the tables and the journal ------------------------------------------------------------------------ */

static const char *const derived[] = {
  "SELECT * FROM user ORDER BY id",
  "SELECT * FROM queue ORDER BY id",
  "SELECT * FROM membership ORDER BY user, queue",
  "SELECT * FROM conversation ORDER BY id",
  "SELECT * FROM interaction ORDER BY id",
  "SELECT * FROM message ORDER BY conversation, n",
  /* Attempts are nobody's event. */
  "SELECT message, conversation, n, channel FROM outbox ORDER BY rowid",
  "SELECT * FROM policy",
  "SELECT * FROM codes ORDER BY list",
  "SELECT * FROM faq ORDER BY doc",
  "SELECT rowid, * FROM faq_text ORDER BY rowid",
  "SELECT * FROM faq_used ORDER BY faq",
  "SELECT * FROM merged ORDER BY dropped",
};

static sqlite3 *
open_db (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 5000);
  return db;
}

static void
dump_query (sqlite3 *db, const char *sql, GString *out)
{
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_string_append_printf (out, "-- %s\n", sql);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        {
          const char *text = (const char *)sqlite3_column_text (statement, i);

          /* The number in the index of texts comes when there is time for it. */
          if (strcmp (sqlite3_column_name (statement, i), "doc") != 0)
            g_string_append_printf (out, " %s=%s", sqlite3_column_name (statement, i),
                                    text != NULL ? text : "NULL");
        }
      g_string_append_c (out, '\n');
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
}

char *
kit_dump (const char *path)
{
  sqlite3 *db = open_db (path);
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (derived); i++)
    dump_query (db, derived[i], out);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return g_string_free (out, FALSE);
}

static void
replay (sqlite3 *from, UcSqlite *to)
{
  sqlite3_stmt *statement = NULL;
  gint64 expected = 1;

  g_assert_cmpint (sqlite3_prepare_v2 (from, "SELECT seq, json FROM journal ORDER BY seq", -1, &statement, NULL),
                   ==, SQLITE_OK);
  g_assert_cmpint (uc_sqlite_exec (to, "BEGIN"), ==, SQLITE_OK);
  for (; sqlite3_step (statement) == SQLITE_ROW; expected++)
    {
      const char *json = (const char *)sqlite3_column_text (statement, 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (UcEvent) event = uc_event_from_json (json, strlen (json), &error);
      g_autofree char *why = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (sqlite3_column_int64 (statement, 0), ==, expected);
      g_assert_cmpint (event->seq, ==, expected);
      g_assert_cmpint (uc_sqlite_project (to, event, &why), ==, SQLITE_OK);
    }
  g_assert_cmpint (uc_sqlite_exec (to, "COMMIT"), ==, SQLITE_OK);
  sqlite3_finalize (statement);
}

void
kit_check_derived (const char *path)
{
  g_autofree char *again = g_strconcat (path, ".replayed", NULL);
  sqlite3 *db = open_db (path);
  UcSqliteState state;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) check = g_string_new (NULL);
  g_autofree char *stored = NULL, *replayed = NULL;
  UcSqlite *fresh;

  dump_query (db, "PRAGMA integrity_check", check);
  dump_query (db, "PRAGMA foreign_key_check", check);
  g_assert_cmpstr (check->str, ==,
                   "-- PRAGMA integrity_check\n integrity_check=ok\n-- PRAGMA foreign_key_check\n");

  g_assert_true (g_file_set_contents (again, "", 0, NULL));
  fresh = uc_sqlite_open_writer (again, TRUE, &state, &error);
  g_assert_no_error (error);
  uc_sqlite_exec (fresh, "PRAGMA synchronous = OFF");
  replay (db, fresh);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  stored = kit_dump (path);
  replayed = kit_dump (again);
  g_assert_cmpstr (stored, ==, replayed);
  uc_sqlite_close (fresh);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *file = g_strconcat (again, (const char *const[]){ "", "-wal", "-shm" }[i], NULL);

      g_remove (file);
    }
}

void
kit_sql (const char *path, const char *sql)
{
  sqlite3 *db = open_db (path);
  char *message = NULL;

  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

char *
kit_self (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_file_read_link ("/proc/self/exe", &error);

  g_assert_no_error (error);
  return path;
}

gint64
kit_count (const char *path, const char *sql)
{
  sqlite3 *db = open_db (path);
  sqlite3_stmt *statement = NULL;
  gint64 found;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  found = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return found;
}
