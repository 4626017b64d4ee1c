/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tells a story to a store, see teller.h.
 */
#include "tests/fault/teller.h"

#include <string.h>

#include "core/base/error.h"

#define TWIN "twin-"

gboolean
teller_open (Teller *teller, gboolean fresh)
{
  UcSqliteState state = { 0 }, ignored = { 0 };
  g_autoptr (GError) error = NULL;
  UcSqlite *sqlite;

  disk_create (STORY_PATH);
  sqlite = uc_sqlite_open_writer (STORY_PATH, fresh, &state, &error);
  if (sqlite != NULL)
    {
      teller->writer = uc_writer_new (sqlite, &state);
      teller->generation = 1;
      teller->reader = uc_sqlite_open_reader (STORY_PATH, &ignored, &error);
    }
  teller->ended = teller->reader == NULL;
  /* A sentence for a person, not an empty one. */
  if (teller->ended)
    g_assert_cmpuint (strlen (error->message), >, 20);
  return !teller->ended;
}

static gint64
last_seq_of (const char *path)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  gint64 seq;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT max (seq) FROM journal", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  seq = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return seq;
}

/* What was refused must not be there for the next process either: now, not only after the next write. */
static void
look_behind (Teller *teller)
{
  disk_pause (TRUE);
  disk_twin (TWIN);
  g_assert_cmpint (last_seq_of (TWIN STORY_PATH), ==, story_part (teller->story, teller->told)->seq);
  disk_forget (TWIN);
  disk_pause (FALSE);
}

static UcStoreResult
tell_once (Teller *teller, const Part *part)
{
  g_autoptr (GPtrArray) batches = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_batch_free);
  UcBatch *batch = story_batch (part);

  batch->generation = teller->generation;
  g_ptr_array_add (batches, batch);
  uc_writer_commit (teller->writer, batches);
  if (batch->result != UC_STORE_OK)
    {
      g_assert_nonnull (batch->why);
      teller->generation++;
    }
  g_assert_cmpint (teller->writer->last_seq, ==,
                   story_part (teller->story, batch->result == UC_STORE_OK ? part->number : teller->told)->seq);
  return batch->result;
}

/* FALSE = it is not stored, or nobody knows. */
static gboolean
tell_part (Teller *teller, const Part *part)
{
  for (int tries = 0; tries < 3; tries++)
    switch (tell_once (teller, part))
      {
      case UC_STORE_OK:
        g_assert_false (part->repeats);
        teller->told = part->number;
        disk_mark (part->number);
        return TRUE;
      case UC_STORE_CONFLICT:
        g_assert_true (part->repeats);
        /* It is there as if it had been told. */
        teller->told = part->number;
        return TRUE;
      case UC_STORE_UNKNOWN:
        teller->doubt = teller->ended = TRUE;
        return FALSE;
      default:
        teller->refused++;
        look_behind (teller);
      }
  return FALSE;
}

void
teller_tell (Teller *teller, guint last)
{
  while (!teller->ended && teller->told < last)
    {
      if (!tell_part (teller, story_part (teller->story, teller->told + 1)))
        return;
      uc_writer_checkpoint (teller->writer);
    }
}

void
teller_tidy (Teller *teller)
{
  if (teller->ended)
    return;
  uc_writer_prune (teller->writer, 1, 1);
  uc_writer_expire (teller->writer, 1);
  while (uc_writer_index (teller->writer))
    ;
  uc_writer_fold (teller->writer);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void
read_clear (UcRead *read)
{
  for (gsize i = 0; i < UC_READ_TEXTS; i++)
    g_free (read->text[i]);
  g_free (read->list);
  g_free (read->needle);
  g_free (read->words);
  g_free (read->match);
  g_clear_pointer (&read->rows, g_ptr_array_unref);
  g_free (read->value);
  g_free (read->why);
}

/* Rows as text; NULL = not answered. */
static char *
ask (Teller *teller, UcReadKind kind, const char *a, const char *needle)
{
  UcRead read = { .kind = kind, .text = { g_strdup (a) }, .needle = g_strdup (needle), .search_us = 60000000 };
  GString *out = NULL;

  read.rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  uc_sqlite_read (teller->reader, &read);
  if (read.result == UC_STORE_OK)
    {
      out = g_string_new (NULL);
      for (guint i = 0; i < read.rows->len; i++)
        {
          g_autofree char *json = uc_event_to_json (read.rows->pdata[i], NULL);

          g_string_append_printf (out, "%s\n", json);
        }
      if (read.value != NULL)
        g_string_append_len (out, read.value, (gssize)read.len);
    }
  else
    {
      g_assert_nonnull (read.why);
      g_test_message ("question %d: %s", kind, read.why);
    }
  read_clear (&read);
  return out != NULL ? g_string_free (out, FALSE) : NULL;
}

static void
ask_twice (Teller *teller, UcReadKind kind, const char *a, const char *needle)
{
  g_autofree char *first = ask (teller, kind, a, needle), *again = NULL;

  disk_pause (TRUE);
  again = ask (teller, kind, a, needle);
  disk_pause (FALSE);
  g_assert_nonnull (again);
  if (first != NULL)
    g_assert_cmpstr (first, ==, again);
}

void
teller_read (Teller *teller)
{
  const Part *part = story_part (teller->story, teller->told);
  UcRead load = { .kind = UC_READ_LOAD };

  if (teller->reader == NULL)
    return;
  load.rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  uc_sqlite_read (teller->reader, &load);
  if (load.result == UC_STORE_OK && part->engine != NULL && !teller->doubt)
    {
      g_autofree char *engine = story_engine (load.rows);

      g_assert_cmpstr (engine, ==, part->engine);
    }
  read_clear (&load);
  ask_twice (teller, UC_READ_EVENTS, NULL, NULL);
  ask_twice (teller, UC_READ_INTERACTIONS, NULL, NULL);
  ask_twice (teller, UC_READ_INTERACTIONS, NULL, "e");
  ask_twice (teller, UC_READ_OUTBOX, NULL, NULL);
  ask_twice (teller, UC_READ_FAQS, NULL, "a");
  ask_twice (teller, UC_READ_SESSION, "token1", NULL);
  ask_twice (teller, UC_READ_CREDENTIAL, "c3", NULL);
}

void
teller_close (Teller *teller)
{
  uc_sqlite_close (g_steal_pointer (&teller->reader));
  if (teller->writer != NULL)
    uc_writer_free (g_steal_pointer (&teller->writer));
}

/* ---- what is there ------------------------------------------------------------------------------------- */

static guint
part_of (const Story *story, gint64 seq)
{
  for (guint i = story->parts->len; i-- > 0;)
    if (story_part (story, i)->seq == seq)
      return i;
  g_error ("the journal ends at %" G_GINT64_FORMAT ", in the middle of a part", seq);
}

guint
teller_find (Story *story, gboolean fresh)
{
  Teller teller = { .story = story };
  g_autofree char *tables = NULL;

  if (!teller_open (&teller, fresh))
    g_error ("the database can't be opened without faults");
  teller.told = part_of (story, teller.writer->last_seq);
  teller_read (&teller);
  story_check (teller.writer->sqlite->db);
  tables = story_tables (teller.writer->sqlite->db);
  g_assert_cmpstr (tables, ==, story_part (story, teller.told)->tables);
  teller_close (&teller);
  return teller.told;
}

void
teller_rehearse (Story *story)
{
  Teller teller = { .story = story };

  g_assert_true (teller_open (&teller, TRUE));
  for (guint i = 0; i < story->parts->len; i++)
    {
      UcRead load = { .kind = UC_READ_LOAD };

      teller_tell (&teller, i);
      g_assert_cmpuint (teller.told, ==, i);
      load.rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
      uc_sqlite_read (teller.reader, &load);
      g_assert_cmpint (load.result, ==, UC_STORE_OK);
      story_part (story, i)->engine = story_engine (load.rows);
      story_part (story, i)->tables = story_tables (teller.writer->sqlite->db);
      read_clear (&load);
    }
  teller_close (&teller);
}
