/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When a disk is low, short and out of room. Main thread; see also tests/fault/disk-full.mjs.
 */
#include "core/service/space.h"

#define MIB (G_GUINT64_CONSTANT (1024) * 1024)
#define GIB (1024 * MIB)

static const gint64 unset[UC_SPACE_LEVELS];

static void
test_marks (void)
{
  static const gint64 set[UC_SPACE_LEVELS] = { 0, 1000, 0, 10 };
  UcSpaceMarks marks;

  uc_space_marks (&marks, 20 * GIB, unset);
  g_assert_cmpuint (marks.below[UC_SPACE_LOW] / MIB, ==, 2047);
  g_assert_cmpuint (marks.below[UC_SPACE_SHORT] / MIB, ==, 1023);
  g_assert_cmpuint (marks.below[UC_SPACE_OUT] / MIB, ==, 409);
  /* A share of very little and of very much is neither enough nor needed. */
  uc_space_marks (&marks, 100 * MIB, unset);
  g_assert_cmpuint (marks.below[UC_SPACE_LOW] / MIB, ==, 64);
  g_assert_cmpuint (marks.below[UC_SPACE_OUT] / MIB, ==, 16);
  uc_space_marks (&marks, 100000 * GIB, unset);
  g_assert_cmpuint (marks.below[UC_SPACE_LOW] / GIB, ==, 8);
  g_assert_cmpuint (marks.below[UC_SPACE_OUT] / MIB, ==, 512);
  /* What is set counts, however small. */
  uc_space_marks (&marks, 20 * GIB, set);
  g_assert_cmpuint (marks.below[UC_SPACE_LOW], ==, 1000);
  g_assert_cmpuint (marks.below[UC_SPACE_SHORT] / MIB, ==, 1023);
  g_assert_cmpuint (marks.below[UC_SPACE_OUT], ==, 10);
}

static void
test_levels (void)
{
  static const UcSpaceMarks marks = { { 0, 1000, 500, 200 } };

  g_assert_cmpint (uc_space_level (&marks, 1000, UC_SPACE_AMPLE), ==, UC_SPACE_AMPLE);
  g_assert_cmpint (uc_space_level (&marks, 999, UC_SPACE_AMPLE), ==, UC_SPACE_LOW);
  g_assert_cmpint (uc_space_level (&marks, 499, UC_SPACE_LOW), ==, UC_SPACE_SHORT);
  g_assert_cmpint (uc_space_level (&marks, 0, UC_SPACE_AMPLE), ==, UC_SPACE_OUT);
  /* Left with a tenth more. */
  g_assert_cmpint (uc_space_level (&marks, 210, UC_SPACE_OUT), ==, UC_SPACE_OUT);
  g_assert_cmpint (uc_space_level (&marks, 220, UC_SPACE_OUT), ==, UC_SPACE_SHORT);
  g_assert_cmpint (uc_space_level (&marks, 210, UC_SPACE_SHORT), ==, UC_SPACE_SHORT);
  g_assert_cmpint (uc_space_level (&marks, 1050, UC_SPACE_OUT), ==, UC_SPACE_LOW);
  g_assert_cmpint (uc_space_level (&marks, 1100, UC_SPACE_OUT), ==, UC_SPACE_AMPLE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/space/marks", test_marks);
  g_test_add_func ("/space/levels", test_levels);
  return g_test_run ();
}
