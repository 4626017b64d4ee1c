/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A story for the store, see story.h.
 */
#include "tests/fault/story.h"

#include <string.h>

#include "tests/core/engine/world.h"
#include "tests/simulation/script.h"

/* ---- telling it ---------------------------------------------------------------------------------------- */

static void
part_free (gpointer data)
{
  Part *part = data;

  g_ptr_array_unref (part->events);
  g_free (part->tables);
  g_free (part->engine);
  g_free (part);
}

static Part *
part_new (Story *story)
{
  Part *part = g_new0 (Part, 1);

  part->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  part->number = story->parts->len;
  part->seq = part->number > 0 ? story_part (story, part->number - 1)->seq : 0;
  g_ptr_array_add (story->parts, part);
  return part;
}

/* A part for a step that made events; after every fifth comes one that repeats its key. */
static void
tell (Story *story, const World *world)
{
  Part *part = part_new (story);
  gint64 seq = part->seq;

  for (guint i = 0; i < world->events->len; i++)
    {
      UcEvent *event = uc_event_copy (world->events->pdata[i]);

      event->seq = ++seq;
      g_ptr_array_add (part->events, event);
    }
  if (part->number % 5 == 4)
    {
      Part *again = part_new (story);

      again->repeats = TRUE;
      for (guint i = 0; i < part->events->len; i++)
        {
          UcEvent *event = uc_event_copy (part->events->pdata[i]);

          event->seq = ++seq;
          g_ptr_array_add (again->events, event);
        }
      again->seq = part->seq + part->events->len;
    }
  part->seq += part->events->len;
}

Story *
story_new (guint64 seed, guint parts)
{
  Story *story = g_new0 (Story, 1);
  g_autoptr (World) world = world_new ();
  g_autoptr (Dice) dice = dice_new (seed);

  story->seed = seed;
  story->parts = g_ptr_array_new_with_free_func (part_free);
  part_new (story);
  world->fast = TRUE;
  world->now = DICE_START;
  while (story->parts->len < parts)
    {
      g_autoptr (GError) error = NULL;
      Action action = dice_next (dice, world->engine, world->now);

      if (action.command.type == 0 || action.command.type == UC_COMMAND_DRAIN)
        continue;
      world->now = MAX (world->now, action.at);
      world_step (world, action.command, &error);
      if (world->events->len > 0)
        tell (story, world);
    }
  return story;
}

void
story_free (Story *story)
{
  g_ptr_array_unref (story->parts);
  g_free (story);
}

UcBatch *
story_batch (const Part *part)
{
  UcBatch *batch = uc_batch_new ();
  guint key = part->repeats ? part->number - 1 : part->number;
  g_autofree char *name = g_strdup_printf ("c%u", key), *token = g_strdup_printf ("token%u", part->number);

  uc_batch_kv (batch, "net", "position", name, strlen (name));
  for (guint i = 0; i < part->events->len; i++)
    {
      UcEvent *event = uc_event_copy (part->events->pdata[i]);
      gsize len;
      char *json = uc_event_to_json (event, &len);

      uc_batch_event (batch, event, json, len);
    }
  uc_batch_session (batch, token, "u0", part->number, G_MAXINT64);
  if (part->number % 3 == 0)
    uc_batch_credential (batch, name, "hash");
  if (part->number % 4 == 0)
    uc_batch_media (batch, token, "image/png", "a.png", 100, "00", part->number);
  uc_batch_command (batch, "u0", name, G_MAXINT64, "{\"done\":true}");
  return batch;
}

/* ---- what a database holds ----------------------------------------------------------------------------- */

/* The same in all runs: not the epochs, marks of a start, and how far the indexes of texts are. */
static gboolean
is_compared (const char *table)
{
  return !g_str_equal (table, "meta") && !g_str_has_prefix (table, "transcript")
         && !g_str_has_prefix (table, "faq_text") && !g_str_has_prefix (table, "sqlite_");
}

static void
add_table (sqlite3 *db, const char *table, GString *out)
{
  g_autofree char *select = g_strdup_printf ("SELECT * FROM %s ORDER BY 1, 2", table);
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, select, -1, &statement, NULL), ==, SQLITE_OK);
  g_string_append_printf (out, "-- %s\n", table);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        {
          const char *name = sqlite3_column_name (statement, i);

          if (!g_str_equal (name, "doc") && !g_str_equal (name, "epoch"))
            g_string_append_printf (out, " %s", (const char *)sqlite3_column_text (statement, i));
        }
      g_string_append_c (out, '\n');
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
}

char *
story_tables (sqlite3 *db)
{
  GString *out = g_string_new (NULL);
  sqlite3_stmt *tables = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1,
                                       &tables, NULL),
                   ==, SQLITE_OK);
  while (sqlite3_step (tables) == SQLITE_ROW)
    if (is_compared ((const char *)sqlite3_column_text (tables, 0)))
      add_table (db, (const char *)sqlite3_column_text (tables, 0), out);
  g_assert_cmpint (sqlite3_finalize (tables), ==, SQLITE_OK);
  return g_string_free (out, FALSE);
}

static void
expect (sqlite3 *db, const char *sql, const char *expected)
{
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  if (expected == NULL)
    g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  else
    {
      g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
      g_assert_cmpstr ((const char *)sqlite3_column_text (statement, 0), ==, expected);
    }
  sqlite3_finalize (statement);
}

void
story_check (sqlite3 *db)
{
  expect (db, "PRAGMA integrity_check", "ok");
  expect (db, "PRAGMA foreign_key_check", NULL);
  expect (db, "SELECT count (*) = coalesce (max (seq), 0) FROM journal", "1");
}

char *
story_engine (GPtrArray *rows)
{
  g_autoptr (GError) error = NULL;
  UcEngine *engine = world_restore (rows, &error);
  char *text;

  g_assert_no_error (error);
  text = world_dump (engine);
  uc_engine_free (engine);
  return text;
}
