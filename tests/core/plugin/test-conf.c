/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of configuration files: syntax, positions, drop-ins, guesses.
 */
#include "tests/core/plugin/fixture.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
  TestProblem problems[8];
} Row;

static const Row rows[] = {
  { "/conf/text-without-sections-is-fine", "# only a comment\n\n", { { NULL } } },
  { "/conf/key-before-section", "a = 1\n[usher]\n", { { "f:1", "'a'|before any section" } } },
  { "/conf/line-that-is-nothing", "[usher]\nhello\n", { { "f:2", "[section]|key = value|comment" } } },
  { "/conf/line-without-key", "[usher]\n= 3\n", { { "f:2", "key = value" } } },
  { "/conf/header-not-closed", "[usher\na = 1\n", { { "f:1", "section header" } } },
  { "/conf/text-after-header", "[usher] x\na = 1\nb = 2\n", { { "f:1", "section header" } } },
  { "/conf/header-with-bad-letters",
    "[channel:a/b]\n[Channel:x]\n[channel:]\n[]\n[channel:.x]\n",
    { { "f:1", "[channel:a/b]|letters" },
      { "f:2", "[Channel:x]" },
      { "f:3", "[channel:]" },
      { "f:4", "[]" },
      { "f:5", "[channel:.x]" } } },
  { "/conf/key-with-bad-letters",
    "[usher]\nDataDir = /x\na b = 1\n",
    { { "f:2", "'DataDir'" }, { "f:3", "'a b'" } } },
  { "/conf/key-twice", "[usher]\na = 1\nb = 1\na = 2\n", { { "f:4", "'a'|already|line 2" } } },
  { "/conf/section-twice",
    "[channel:x]\na = 1\n[usher]\n[channel:x]\nb = 2\n",
    { { "f:4", "[channel:x]|already|line 1" } } },
  { "/conf/unknown-escape", "[usher]\na = c:\\data\n", { { "f:2", "'a'|backslash" } } },
  { "/conf/lone-backslash-at-the-end", "[usher]\na = x\\\n", { { "f:2", "'a'|backslash" } } },
  { "/conf/not-utf-8", "[usher]\na = \xff\n", { { "f:2", "UTF-8" } } },
  { "/conf/several-at-once",
    "x = 1\n[usher]\na = 1\na = 2\nnonsense\n",
    { { "f:1", "'x'" }, { "f:4", "'a'" }, { "f:5", "key = value" } } },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse (row->text, "f", problems);

  test_assert_problems (problems, row->problems);
}

static void
assert_entry (UcConf *conf, const char *kind, const char *name, const char *key, const char *value,
              const char *file, guint line)
{
  UcConfEntry *entry = uc_conf_entry (uc_conf_section (conf, kind, name), key);

  g_assert_nonnull (entry);
  g_assert_cmpstr (entry->value, ==, value);
  g_assert_true (g_str_has_suffix (entry->file, file));
  g_assert_cmpuint (entry->line, ==, line);
  g_assert_false (entry->used);
}

static void
test_values (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse ("\xef\xbb\xbf"
                                           "# a comment\r\n"
                                           "[usher]\r\n"
                                           "plain=one\r\n"
                                           "  spaced\t=  two words \t\r\n"
                                           "escaped = \\sa\\tb\\nc\\\\\\s\n"
                                           "equals = a=b # not a comment\n"
                                           "empty =\n"
                                           "[channel:site-1]\n"
                                           "umlaut = \xc3\xa4",
                                           "f", problems);
  static const TestProblem none[] = { { NULL } };

  test_assert_problems (problems, none);
  assert_entry (conf, "usher", NULL, "plain", "one", "f", 3);
  assert_entry (conf, "usher", NULL, "spaced", "two words", "f", 4);
  assert_entry (conf, "usher", NULL, "escaped", " a\tb\nc\\ ", "f", 5);
  assert_entry (conf, "usher", NULL, "equals", "a=b # not a comment", "f", 6);
  assert_entry (conf, "usher", NULL, "empty", "", "f", 7);
  assert_entry (conf, "channel", "site-1", "umlaut", "\xc3\xa4", "f", 9);
  g_assert_cmpuint (uc_conf_section (conf, "channel", "site-1")->line, ==, 8);
  g_assert_null (uc_conf_section (conf, "channel", NULL));
  g_assert_null (uc_conf_section (conf, "usher", "x"));
  g_assert_null (uc_conf_entry (uc_conf_section (conf, "usher", NULL), "nope"));
  g_assert_null (uc_conf_entry (NULL, "nope"));
}

/* The keys after a section that is there twice are not reported as well. */
static void
test_bad_section_is_skipped (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse ("[usher]\na=1\n[usher]\na=2\n[store]\nb=3\n", "f", problems);

  g_assert_cmpuint (problems->len, ==, 1);
  assert_entry (conf, "usher", NULL, "a", "1", "f", 2);
  assert_entry (conf, "store", NULL, "b", "3", "f", 6);
}

static void
test_drop_ins (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = test_write (dir, "usher.conf", "[usher]\na = main\nb = main\n");
  g_autofree char *late = test_write (dir, "conf.d/20-late.conf", "[usher]\na = late\n[crm:x]\nc = 1\n");
  g_autofree char *early = test_write (dir, "conf.d/10-early.conf", "[usher]\na = early\nb = early\n[crm:y]\n");
  g_autofree char *other = test_write (dir, "conf.d/30-not.conf.bak", "nonsense\n");
  g_autofree char *hidden = test_write (dir, "conf.d/.hidden.conf", "nonsense\n");
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_read (path, problems);
  static const TestProblem none[] = { { NULL } };

  test_assert_problems (problems, none);
  g_assert_cmpstr (conf->path, ==, path);
  assert_entry (conf, "usher", NULL, "a", "late", "conf.d/20-late.conf", 2);
  assert_entry (conf, "usher", NULL, "b", "early", "conf.d/10-early.conf", 3);
  assert_entry (conf, "crm", "x", "c", "1", "20-late.conf", 4);
  g_assert_cmpuint (conf->sections->len, ==, 3);
  g_assert_cmpstr (((UcConfSection *)g_ptr_array_index (conf->sections, 1))->name, ==, "y");
  test_dir_free (dir);
}

static void
test_problem_names_drop_in (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = test_write (dir, "usher.conf", "[usher]\n");
  g_autofree char *drop = test_write (dir, "conf.d/a.conf", "\n[usher]\nwhat\n");
  g_autofree char *at = g_strconcat (drop, ":3", NULL);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_read (path, problems);
  const TestProblem expected[] = { { at, "key = value" }, { NULL } };

  test_assert_problems (problems, expected);
  test_dir_free (dir);
}

static void
test_unreadable (void)
{
  char *dir = test_dir_new ();
  g_autofree char *missing = g_build_filename (dir, "usher.conf", NULL);
  g_autofree char *binary = g_build_filename (dir, "binary.conf", NULL);
  g_autofree char *huge = g_strnfill (1024 * 1024 + 1, '#');
  g_autofree char *large = test_write (dir, "large.conf", huge);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  const char *paths[] = { missing, dir, binary, large };
  const TestProblem expected[] = {
    { missing, "no such file|--config" }, { dir, "not a file" }, { binary, "NUL" }, { large, "1 MiB" }, { NULL }
  };

  g_assert_true (g_file_set_contents (binary, "[usher]\n\0a = 1\n", 15, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    uc_conf_free (uc_conf_read (paths[i], problems));
  test_assert_problems (problems, expected);
  test_dir_free (dir);
}

static void
test_nearest (void)
{
  static const char *const words[] = { "plugin", "mount", "queue", "data_dir", "control_socket", NULL };

  g_assert_cmpstr (uc_nearest ("plugn", words), ==, "plugin");
  g_assert_cmpstr (uc_nearest ("pulgin", words), ==, "plugin");
  g_assert_cmpstr (uc_nearest ("Queue", words), ==, "queue");
  g_assert_cmpstr (uc_nearest ("datadir", words), ==, "data_dir");
  g_assert_cmpstr (uc_nearest ("controlsock", words), ==, "control_socket");
  g_assert_null (uc_nearest ("colour", words));
  g_assert_null (uc_nearest ("", words));
  g_assert_null (uc_nearest ("x", NULL));
}

static void
test_problem_text (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autofree char *whole = NULL, *line = NULL;

  uc_problem_add (problems, "b.conf", 0, "is %s", "odd");
  uc_problem_add (problems, "a.conf", 12, "is odd");
  whole = uc_problem_text (g_ptr_array_index (problems, 0));
  g_assert_cmpstr (whole, ==, "b.conf: is odd");
  uc_problems_sort (problems);
  line = uc_problem_text (g_ptr_array_index (problems, 0));
  g_assert_cmpstr (line, ==, "a.conf:12: is odd");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].name, &rows[i], test_row);
  g_test_add_func ("/conf/values-and-lines", test_values);
  g_test_add_func ("/conf/bad-section-is-skipped", test_bad_section_is_skipped);
  g_test_add_func ("/conf/drop-ins-override-in-name-order", test_drop_ins);
  g_test_add_func ("/conf/problem-names-the-drop-in", test_problem_names_drop_in);
  g_test_add_func ("/conf/unreadable-files", test_unreadable);
  g_test_add_func ("/conf/nearest-word", test_nearest);
  g_test_add_func ("/conf/problem-text-and-order", test_problem_text);
  return g_test_run ();
}
