/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of configuration and plugins share.
 */
#include "tests/core/plugin/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

void
test_assert_words (const char *text, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  for (char **word = list; *word != NULL; word++)
    if (strstr (text, *word) == NULL)
      g_error ("\"%s\" does not say \"%s\"", text, *word);
}

void
test_assert_problems (GPtrArray *problems, const TestProblem *expected)
{
  guint n = 0;

  for (; expected[n].at != NULL; n++)
    {
      g_autofree char *text = NULL;
      g_autofree char *at = g_strconcat (expected[n].at, ": ", NULL);

      if (n >= problems->len)
        g_error ("no problem where %s was expected (%s)", expected[n].at, expected[n].words);
      text = uc_problem_text (g_ptr_array_index (problems, n));
      if (!g_str_has_prefix (text, at))
        g_error ("expected a problem at %s, got \"%s\"", expected[n].at, text);
      test_assert_words (text, expected[n].words);
    }
  if (problems->len > n)
    {
      g_autofree char *text = uc_problem_text (g_ptr_array_index (problems, n));

      g_error ("unexpected problem \"%s\"", text);
    }
}

char *
test_dir_new (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("usher-test-XXXXXX", &error);

  g_assert_no_error (error);
  return dir;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
test_dir_free (char *dir)
{
  remove_tree (dir);
  g_free (dir);
}

char *
test_write (const char *dir, const char *name, const char *text)
{
  char *path = g_build_filename (dir, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  return path;
}

char *
test_modules_dir (void)
{
  const char *build = g_getenv ("USHER_BUILDDIR");

  g_assert_nonnull (build);
  return g_build_filename (build, "tests/core/plugin/modules", NULL);
}
