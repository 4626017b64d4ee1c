/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In SQLite's manner: the N-th write, sync, opening, allocation of a store's work fails, once or from there on,
 * for N = 1, 2, 3 ... until a run has no fault. After each the database is opened without faults: what was
 * answered is there, what was refused is not, and the story can be told to its end.
 */
#include <glib.h>

#include "tests/fault/teller.h"
#include "tests/lib/proof.h"

#define PARTS 24

static Story *story;

/* A stretch of work that begins with the files it finds. */
typedef struct
{
  const char *name;
  guint from, to; /* parts that are told */
  gboolean fresh; /* there is no database yet */
  gboolean opens; /* faults strike during the opening, too */
  DiskImage *before;
} Stretch;

static Stretch stretches[] = {
  { "new", 0, 0, TRUE, TRUE },
  { "open", 0, 2, FALSE, TRUE },
  { "work", 2, 12, FALSE, FALSE },
  { "more", 12, PARTS - 1, FALSE, FALSE },
};

typedef struct
{
  guint64 runs, opened, refused, unknown;
} Tally;

/* A part that repeats its key leaves what the one before it left. */
static gint64
seq_of (guint part)
{
  return story_part (story, part)->seq;
}

static void
arm (DiskKind kind, guint64 nth, gboolean lasting, DiskKind also, guint64 also_nth)
{
  disk_fail (0, kind, nth, lasting);
  disk_fail (1, also, also_nth, FALSE);
}

/* FALSE = no fault struck. */
static gboolean
run (const Stretch *stretch, DiskKind kind, guint64 nth, gboolean lasting, DiskKind also, guint64 also_nth,
     Tally *tally)
{
  Teller teller = { .story = story, .told = stretch->from };
  guint there;

  disk_load (stretch->before);
  disk_heal ();
  if (stretch->opens)
    arm (kind, nth, lasting, also, also_nth);
  if (teller_open (&teller, stretch->fresh))
    {
      if (!stretch->opens)
        arm (kind, nth, lasting, also, also_nth);
      teller_read (&teller);
      teller_tell (&teller, (stretch->from + stretch->to) / 2);
      teller_tidy (&teller);
      teller_tell (&teller, stretch->to);
      teller_read (&teller);
      tally->opened++;
    }
  teller_close (&teller);
  disk_heal ();
  there = teller_find (story, stretch->fresh);
  if (seq_of (there) != seq_of (teller.told))
    g_assert_true (teller.doubt && seq_of (there) == seq_of (teller.told + 1));
  tally->runs++;
  tally->refused += teller.refused;
  tally->unknown += teller.doubt;
  if (nth % 8 == 0)
    {
      Teller rest = { .story = story, .told = there };

      g_assert_true (teller_open (&rest, FALSE));
      teller_tell (&rest, stretch->to);
      teller_close (&rest);
      g_assert_cmpint (seq_of (teller_find (story, FALSE)), ==, seq_of (MAX (stretch->to, there)));
    }
  return disk_failed (0);
}

static void
test_kind (gconstpointer data)
{
  DiskKind kind = (DiskKind)GPOINTER_TO_INT (data);
  /* There are some hundred of most, and tens of thousands of allocations. */
  guint64 stride = kind == DISK_MEMORY ? proof_size (997, 401, 1) : proof_size (7, 1, 1);

  for (gsize s = 0; s < G_N_ELEMENTS (stretches); s++)
    for (int lasting = 0; lasting < 2; lasting++)
      {
        const Stretch *stretch = &stretches[s];
        Tally tally = { 0 };
        guint64 nth = 1;

        while (run (stretch, kind, nth, lasting, DISK_NOTHING, 0, &tally))
          nth += stride;
        g_test_message ("%s, %s %s: %" G_GUINT64_FORMAT " runs up to number %" G_GUINT64_FORMAT
                        ", opened %" G_GUINT64_FORMAT ", refused %" G_GUINT64_FORMAT
                        ", unknown %" G_GUINT64_FORMAT,
                        stretch->name, disk_kind_word (kind), lasting ? "from there on" : "once", tally.runs, nth,
                        tally.opened, tally.refused, tally.unknown);
      }
}

/* Two that differ, at moments drawn by chance. */
static void
test_compound (void)
{
  guint64 runs = proof_size (30, 300, 50000), seed = proof_seed (4711);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)seed);
  Tally tally = { 0 };

  for (guint64 i = 0; i < runs; i++)
    {
      const Stretch *stretch = &stretches[g_rand_int_range (rand, 0, G_N_ELEMENTS (stretches))];
      DiskKind first = (DiskKind)g_rand_int_range (rand, DISK_NOTHING + 1, DISK_KINDS);
      DiskKind second = (DiskKind)g_rand_int_range (rand, DISK_NOTHING + 1, DISK_KINDS);
      gint32 most = first == DISK_MEMORY ? 4000 : 120;

      run (stretch, first, (guint64)g_rand_int_range (rand, 1, most), g_rand_boolean (rand), second,
           (guint64)g_rand_int_range (rand, 1, second == DISK_MEMORY ? 4000 : 120), &tally);
    }
  g_test_message ("seed %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT " runs, opened %" G_GUINT64_FORMAT
                  ", refused %" G_GUINT64_FORMAT ", unknown %" G_GUINT64_FORMAT,
                  seed, tally.runs, tally.opened, tally.refused, tally.unknown);
}

static void
prepare (void)
{
  g_autoptr (DiskImage) nothing = disk_image_new ();

  story = story_new (proof_seed (7), PARTS);
  teller_rehearse (story);
  disk_load (nothing);
  for (gsize s = 0; s < G_N_ELEMENTS (stretches); s++)
    {
      Teller teller = { .story = story, .told = stretches[s].from };

      stretches[s].before = disk_image ();
      g_assert_true (teller_open (&teller, stretches[s].fresh));
      teller_tell (&teller, stretches[s].to);
      g_assert_cmpuint (teller.told, ==, stretches[s].to);
      teller_close (&teller);
    }
}

static void
ignore (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

int
main (int argc, char **argv)
{
  static char names[DISK_KINDS][40];

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_handler (NULL, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, ignore, NULL);
  disk_install (TRUE);
  prepare ();
  for (int kind = DISK_NOTHING + 1; kind < DISK_KINDS; kind++)
    {
      g_snprintf (names[kind], sizeof names[kind], "/fault/store/%s", disk_kind_word ((DiskKind)kind));
      g_test_add_data_func (names[kind], GINT_TO_POINTER (kind), test_kind);
    }
  g_test_add_func ("/fault/store/two", test_compound);
  return g_test_run ();
}
