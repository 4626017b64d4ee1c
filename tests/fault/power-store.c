/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loss of power at every moment of a store's life: what was acknowledged is there, whatever became of what was not
 * synced. Played on a record of one run, so that each moment costs no more than a start.
 */
#include <glib.h>

#include "tests/fault/loss.h"
#include "tests/fault/teller.h"
#include "tests/lib/proof.h"

#define PARTS 16

static Story *story;

/* The record of a whole life: a new database, work, tidying up, an unclean end or a clean one. */
static GArray *
live (gboolean clean)
{
  g_autoptr (DiskImage) nothing = disk_image_new ();
  Teller teller = { .story = story };
  GArray *record;

  disk_load (nothing);
  disk_record ();
  g_assert_true (teller_open (&teller, TRUE));
  disk_mark (0);
  for (guint i = 5; i < story->parts->len + 5; i += 5)
    {
      teller_tell (&teller, MIN (i, story->parts->len - 1));
      teller_tidy (&teller);
      if (i == 10 && clean)
        {
          teller_close (&teller);
          g_assert_true (teller_open (&teller, FALSE));
        }
    }
  g_assert_cmpuint (teller.told, ==, story->parts->len - 1);
  if (!clean)
    {
      record = disk_recorded ();
      teller_close (&teller);
      return record;
    }
  teller_close (&teller);
  return disk_recorded ();
}

static gint64
seq_at (gint64 mark)
{
  return mark < 0 ? 0 : story_part (story, (guint)mark)->seq;
}

/* A first start that was cut short leaves no database, or a part of one, and has acknowledged nothing. */
static guint
find (const Loss *loss)
{
  return teller_find (story, loss_mark (loss) < 0);
}

static void
lose (const Loss *loss, GRand *rand, guint keep)
{
  g_autoptr (DiskImage) image = loss_image (loss, rand, keep);
  guint there;

  disk_load (image);
  there = find (loss);
  g_assert_cmpint (story_part (story, there)->seq, >=, seq_at (loss_mark (loss)));
}

/* At every moment: everything that was not synced is gone, and then by chance. */
static void
test_every_moment (gconstpointer data)
{
  guint sector = GPOINTER_TO_UINT (data), chances = (guint)proof_size (1, 3, 30);
  guint64 stride = proof_size (13, 1, 1), moments = 0, runs = 0, seed = proof_seed (1);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)seed);
  g_autoptr (GArray) record = live (sector == 512);
  Loss *loss = loss_new (record, sector);

  while (loss_next (loss))
    if (loss_is_dirty (loss) && moments++ % stride == 0)
      for (guint i = 0; i < chances; i++, runs++)
        lose (loss, rand, i == 0 ? 0 : (guint)g_rand_int_range (rand, 1, 100));
  g_test_message ("seed %" G_GUINT64_FORMAT ", sectors of %u bytes: %u operations, %" G_GUINT64_FORMAT
                  " moments, %" G_GUINT64_FORMAT " losses of power",
                  seed, sector, record->len, moments, runs);
  g_assert_cmpuint (moments, >, 100);
  loss_free (loss);
}

/* At moments drawn by chance, and once more while the store recovers from the first. */
static void
test_random (void)
{
  guint64 runs = proof_size (50, 500, 100000), seed = proof_seed (2);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)seed);
  g_autoptr (GArray) record = live (TRUE);

  for (guint64 i = 0; i < runs; i++)
    {
      Loss *loss = loss_new (record, g_rand_boolean (rand) ? 512 : 4096);
      guint moment = (guint)g_rand_int_range (rand, 1, (gint32)record->len), at = 0;
      g_autoptr (DiskImage) image = NULL;
      g_autoptr (GArray) again = NULL;
      Loss *second;
      gint64 mark;

      while (moment-- > 0)
        loss_next (loss);
      mark = loss_mark (loss);
      image = loss_image (loss, rand, (guint)g_rand_int_range (rand, 0, 101));
      disk_load (image);
      disk_record ();
      find (loss);
      again = disk_recorded ();
      second = loss_new (again, 512);
      /* What the first loss left is durable: the record begins with it, up to the sync of the folder. */
      while (g_array_index (again, DiskOp, at).kind != DISK_OP_SYNC_DIR)
        at++;
      moment = (guint)g_rand_int_range (rand, (gint32)at + 1, (gint32)again->len + 1);
      while (moment-- > 0)
        loss_next (second);
      g_clear_pointer (&image, disk_image_free);
      image = loss_image (second, rand, (guint)g_rand_int_range (rand, 0, 101));
      disk_load (image);
      g_assert_cmpint (story_part (story, find (loss))->seq, >=, seq_at (mark));
      loss_free (second);
      loss_free (loss);
    }
  g_test_message ("seed %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT
                  " losses of power, each with another in the recovery",
                  seed, runs);
}

/* ---- the harness itself -------------------------------------------------------------------------------- */

/* How often an acknowledged part is missing. */
static guint
count_losses (const GArray *record)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  Loss *loss = loss_new (record, 512);
  guint lost = 0;

  while (loss_next (loss))
    {
      g_autoptr (DiskImage) image = NULL;
      sqlite3 *db = NULL;
      sqlite3_stmt *statement = NULL;
      gint64 there = -1;

      if (loss_mark (loss) < 1)
        continue;
      image = loss_image (loss, rand, 0);
      disk_load (image);
      if (sqlite3_open_v2 (STORY_PATH, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
          && sqlite3_prepare_v2 (db, "SELECT max (seq) FROM journal", -1, &statement, NULL) == SQLITE_OK
          && sqlite3_step (statement) == SQLITE_ROW)
        there = sqlite3_column_int64 (statement, 0);
      sqlite3_finalize (statement);
      sqlite3_close (db);
      lost += there < seq_at (loss_mark (loss));
    }
  loss_free (loss);
  return lost;
}

/* The same moments find nothing lost with the store as it is, and much on a disk that lies about its syncs. */
static void
test_lie_is_seen (void)
{
  g_autoptr (GArray) honest = live (FALSE), lied = NULL;
  guint lost;

  g_assert_cmpuint (count_losses (honest), ==, 0);
  disk_lie (TRUE);
  lied = live (FALSE);
  disk_lie (FALSE);
  lost = count_losses (lied);
  g_test_message ("a disk that lies: %u of %u moments lose something acknowledged", lost, lied->len);
  g_assert_cmpuint (lost, >, 100);
}

/* So does a store that does not sync each commit. */
static void
test_careless_store_is_seen (void)
{
  g_autoptr (DiskImage) nothing = disk_image_new ();
  g_autoptr (GArray) record = NULL;
  Teller teller = { .story = story };
  guint lost;

  disk_load (nothing);
  disk_record ();
  g_assert_true (teller_open (&teller, TRUE));
  g_assert_cmpint (uc_sqlite_exec (teller.writer->sqlite, "PRAGMA synchronous = OFF"), ==, SQLITE_OK);
  disk_mark (0);
  teller_tell (&teller, story->parts->len - 1);
  record = disk_recorded ();
  teller_close (&teller);
  lost = count_losses (record);
  g_test_message ("synchronous = OFF: %u of %u moments lose something acknowledged", lost, record->len);
  g_assert_cmpuint (lost, >, 100);
}

static void
ignore (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_handler (NULL, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, ignore, NULL);
  disk_install (TRUE);
  story = story_new (proof_seed (7), PARTS);
  teller_rehearse (story);
  g_test_add_data_func ("/fault/power/512", GUINT_TO_POINTER (512), test_every_moment);
  g_test_add_data_func ("/fault/power/4096", GUINT_TO_POINTER (4096), test_every_moment);
  g_test_add_func ("/fault/power/random", test_random);
  g_test_add_func ("/fault/power/lie-is-seen", test_lie_is_seen);
  g_test_add_func ("/fault/power/careless-store-is-seen", test_careless_store_is_seen);
  return g_test_run ();
}
