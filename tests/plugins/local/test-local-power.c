/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: loss of power at each moment of a file's life, on the disk in memory that knows what was synced. The
 * file must be what it was after some save, and after no earlier one than the last that was answered. Main thread
 * and the plugin's own.
 */
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "tests/fault/loss.h"
#include "tests/lib/proof.h"
#include "tests/plugins/local/crm-kit.h"

#define STEPS 48

/* The folder that the lock lies in is a real one, the database is not. */
static char *folder, *path;

typedef struct
{
  GArray *record;   /* of DiskOp; each mark in it is an index into `after` */
  GPtrArray *after; /* of char*: a checksum of all that is in the file after each answer */
} Life;

static void
life_free (Life *life)
{
  g_array_unref (life->record);
  g_ptr_array_unref (life->after);
  g_free (life);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Life, life_free)

static FakeHost *
host_new (void)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  fake_host_set (crm, "path", path);
  return crm;
}

/* ---- a life -------------------------------------------------------------------------------------------- */

/* Three interactions are saved again and again while their transcripts grow, so long that SQLite folds its log in
 * the middle of the work. */
static void
save_case (FakeHost *crm, guint step)
{
  g_autofree char *interaction = g_strdup_printf ("int_%u", step % 3);
  g_autofree char *words = g_strnfill (200000 + 2000 * step, (char)('a' + step % 26));
  g_autofree char *transcript = g_strdup_printf ("[{\"text\":\"%s\"}]", words);

  crm_saved_case (crm, CASE (.interaction = interaction, .subject = interaction, .transcript = transcript));
}

static void
save_customer (FakeHost *crm, guint step)
{
  g_autofree char *id = g_strdup_printf ("c%u", step);

  crm_saved (crm,
             CUSTOMER (.draft = true, .name = id, .identities = IDENTITIES (IDENTITY (.network = "n", .id = id))));
}

/* The two that were saved last but not yet merged. */
static void
merge (FakeHost *crm, guint step)
{
  g_autofree char *one = g_strdup_printf ("c%u", step - 4), *other = g_strdup_printf ("c%u", step - 2);
  g_autofree char *keep = g_strdup (crm_lookup (crm, "n", one)->customers[0]->id);
  g_autofree char *drop = g_strdup (crm_lookup (crm, "n", other)->customers[0]->id);

  g_free (crm_merged (crm, keep, drop));
}

static void
work (FakeHost *crm, guint step)
{
  if (step % 2 == 0)
    save_customer (crm, step);
  else if (step % 12 == 11)
    merge (crm, step + 1);
  else
    save_case (crm, step);
}

static char *
all_of (FakeHost *crm)
{
  g_autofree char *everything = crm_everything (crm, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, everything, -1);
}

/* What was answered is marked in the record of the disk; what is there, is read without being recorded. */
static void
note (Life *life, FakeHost *crm)
{
  disk_mark (life->after->len);
  g_ptr_array_add (life->after, all_of (crm));
  fake_host_drop_replies (crm);
}

/* Into the database itself, before the stop: what SQLite folded out of its log in the middle of the work. */
static guint
writes_to_database (const Life *life)
{
  guint writes = 0;

  for (guint i = 0; i < life->record->len; i++)
    {
      const DiskOp *op = &g_array_index (life->record, DiskOp, i);

      if (op->kind == DISK_OP_MARK && op->at == STEPS * 3 / 4)
        break;
      writes += op->kind == DISK_OP_WRITE && strcmp (op->name, path) == 0;
    }
  return writes;
}

/* A new file, work, a stop and a start in the middle, and a power cut at the end. */
static Life *
live (void)
{
  g_autoptr (FakeHost) crm = host_new ();
  g_autoptr (DiskImage) nothing = disk_image_new ();
  Life *life = g_new0 (Life, 1);

  life->after = g_ptr_array_new_with_free_func (g_free);
  disk_load (nothing);
  disk_record ();
  fake_host_up (crm);
  note (life, crm);
  for (guint step = 0; step < STEPS; step++)
    {
      work (crm, step);
      note (life, crm);
      if (step == STEPS * 3 / 4)
        {
          fake_host_down (crm);
          fake_host_up (crm);
        }
    }
  life->record = disk_recorded ();
  fake_host_down (crm);
  return life;
}

/* ---- losses -------------------------------------------------------------------------------------------- */

static void
check_file (void)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *check = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &check, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (check), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (check, 0), ==, "ok");
  g_assert_cmpint (sqlite3_finalize (check), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

/* The plugin starts on what is left, finds a whole file, and works on. Which answer it stands at; -1 = none. */
static gint64
find (const Life *life, const DiskImage *image)
{
  g_autoptr (FakeHost) crm = host_new ();
  g_autofree char *there = NULL;
  gint64 found;

  disk_load (image);
  fake_host_up (crm);
  there = all_of (crm);
  for (found = life->after->len - 1; found >= 0; found--)
    if (strcmp (life->after->pdata[found], there) == 0)
      break;
  save_customer (crm, 1001);
  fake_host_down (crm);
  check_file ();
  return found;
}

static void
lose (const Life *life, const Loss *loss, GRand *rand, guint keep)
{
  g_autoptr (DiskImage) image = loss_image (loss, rand, keep);
  gint64 found = find (life, image), answered = MAX (loss_mark (loss), 0);

  /* The save under way may be there already. */
  if (found != answered && found != answered + 1)
    g_error ("after answer %" G_GINT64_FORMAT
             " a loss of power left what was there after answer %" G_GINT64_FORMAT,
             answered, found);
}

/* At every moment: everything that was not synced is gone, and then by chance. */
static void
test_every_moment (gconstpointer data)
{
  guint sector = GPOINTER_TO_UINT (data), chances = (guint)proof_size (1, 2, 5);
  guint64 stride = proof_size (211, 47, 3), moments = 0, runs = 0, seed = proof_seed (1);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)seed);
  g_autoptr (Life) life = live ();
  Loss *loss = loss_new (life->record, sector);

  while (loss_next (loss))
    if (loss_is_dirty (loss) && moments++ % stride == 0)
      for (guint i = 0; i < chances; i++, runs++)
        lose (life, loss, rand, i == 0 ? 0 : (guint)g_rand_int_range (rand, 1, 100));
  g_test_message ("seed %" G_GUINT64_FORMAT ", sectors of %u bytes: %u operations, %" G_GUINT64_FORMAT
                  " moments, %" G_GUINT64_FORMAT " losses of power",
                  seed, sector, life->record->len, moments, runs);
  g_assert_cmpuint (moments, >, 500);
  g_assert_cmpuint (writes_to_database (life), >, 100);
  loss_free (loss);
}

/* The harness itself: on a disk that lies about its syncs the same moments lose what was answered. */
static void
test_lie_is_seen (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autoptr (Life) life = NULL;
  guint lost = 0, moments = 0;
  Loss *loss;

  disk_lie (TRUE);
  life = live ();
  disk_lie (FALSE);
  loss = loss_new (life->record, 512);
  while (loss_next (loss))
    if (loss_mark (loss) > 0 && moments++ % 400 == 0)
      {
        g_autoptr (DiskImage) image = loss_image (loss, rand, 0);

        lost += find (life, image) < loss_mark (loss);
      }
  g_test_message ("a disk that lies: something answered is lost at %u of %u moments", lost, (moments + 399) / 400);
  g_assert_cmpuint (lost, >, 3);
  loss_free (loss);
}

int
main (int argc, char **argv)
{
  g_autofree char *lock = NULL;
  int failed;

  g_test_init (&argc, &argv, NULL);
  disk_install (TRUE);
  folder = g_dir_make_tmp ("usher-local-XXXXXX", NULL);
  path = g_build_filename (folder, "crm.db", NULL);
  g_test_add_data_func ("/local/power/512", GUINT_TO_POINTER (512), test_every_moment);
  g_test_add_data_func ("/local/power/4096", GUINT_TO_POINTER (4096), test_every_moment);
  g_test_add_func ("/local/power/lie-is-seen", test_lie_is_seen);
  failed = g_test_run ();
  lock = g_strconcat (path, ".lock", NULL);
  g_assert_cmpint (g_remove (lock), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (path);
  g_free (folder);
  return failed;
}
