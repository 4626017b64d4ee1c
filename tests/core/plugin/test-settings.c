/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of settings: each type, good and bad, defaults, secrets, and all problems at once.
 */
#include "core/plugin/settings.h"
#include "tests/core/plugin/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define SETTING(id, ...)                                                                                          \
  static const UsherSetting setting_##id = { .struct_size = sizeof (UsherSetting), .key = #id, __VA_ARGS__ }

SETTING (name, .type = USHER_SETTING_STRING, .help = "a name");
SETTING (must, .type = USHER_SETTING_STRING, .required = true, .help = "what is needed");
SETTING (count, .type = USHER_SETTING_INT, .default_value = "5", .min = 1, .max = 10, .help = "how many");
SETTING (shift, .type = USHER_SETTING_INT, .help = "any number");
SETTING (polite, .type = USHER_SETTING_BOOL, .default_value = "true", .help = "a switch");
SETTING (pause, .type = USHER_SETTING_DURATION, .default_value = "30s", .min = 1000, .max = 600000,
         .help = "a pause");
SETTING (age, .type = USHER_SETTING_DURATION, .help = "any duration");
SETTING (body, .type = USHER_SETTING_SIZE, .default_value = "64k", .min = 1024, .max = INT64_MAX,
         .help = "a size");
SETTING (file, .type = USHER_SETTING_PATH, .default_value = "x.db", .help = "a path");
SETTING (server, .type = USHER_SETTING_URL, .help = "a URL");
SETTING (token, .type = USHER_SETTING_SECRET, .help = "a secret");
SETTING (origins, .type = USHER_SETTING_LIST, .default_value = "a, b", .help = "a list");
SETTING (mode, .type = USHER_SETTING_ENUM, .default_value = "fast", .choices = "fast,slow,steady",
         .help = "a choice");

static const UsherSetting *const plain_table[]
    = { &setting_name, &setting_count, &setting_shift,  &setting_polite, &setting_pause,   &setting_age,
        &setting_body, &setting_file,  &setting_server, &setting_token,  &setting_origins, &setting_mode,
        NULL };
static const UsherSetting *const must_table[] = { &setting_must, NULL };

typedef struct
{
  const char *name;
  const char *text;
  TestProblem problems[8];
} Row;

static const Row bad_rows[] = {
  { "/settings/unknown-key-with-nearest",
    "cuont = 3",
    { { "f:2", "unknown key 'cuont'|[channel:x]|did you mean 'count'" } } },
  { "/settings/unknown-key-without-nearest",
    "zzzzzzzz = 3",
    { { "f:2", "unknown key 'zzzzzzzz'|known: name, count" } } },
  { "/settings/int-that-is-none", "count = four", { { "f:2", "count = 'four'|whole number" } } },
  { "/settings/int-with-rest", "count = 4x", { { "f:2", "whole number" } } },
  { "/settings/int-empty", "count =", { { "f:2", "whole number" } } },
  { "/settings/int-too-large", "count = 11", { { "f:2", "out of range|1 to 10" } } },
  { "/settings/int-beyond-64-bits", "shift = 99999999999999999999", { { "f:2", "whole number" } } },
  { "/settings/bool-yes", "polite = yes", { { "f:2", "polite = 'yes'|true|false" } } },
  { "/settings/duration-without-unit", "pause = 30", { { "f:2", "pause = '30'|duration|30s" } } },
  { "/settings/duration-with-unknown-unit", "pause = 3 weeks", { { "f:2", "duration" } } },
  { "/settings/duration-negative", "age = -3s", { { "f:2", "duration" } } },
  { "/settings/duration-that-overflows", "age = 9223372036854775807d", { { "f:2", "duration" } } },
  { "/settings/duration-too-short", "pause = 10ms", { { "f:2", "out of range|1s to 10m" } } },
  { "/settings/size-with-unknown-unit", "body = 3kB", { { "f:2", "size|64k" } } },
  { "/settings/size-that-overflows", "body = 99999999999G", { { "f:2", "size" } } },
  { "/settings/size-too-small", "body = 10", { { "f:2", "out of range|at least 1k" } } },
  { "/settings/path-empty", "file =", { { "f:2", "path" } } },
  { "/settings/url-without-scheme", "server = example.org", { { "f:2", "URL|https://" } } },
  { "/settings/url-of-another-scheme", "server = ftp://example.org/", { { "f:2", "https://" } } },
  { "/settings/url-without-host", "server = https:///x", { { "f:2", "host" } } },
  { "/settings/enum-with-nearest",
    "mode = fsat",
    { { "f:2", "mode = 'fsat'|did you mean 'fast'|fast, slow, steady" } } },
  { "/settings/enum-without-nearest", "mode = purple", { { "f:2", "allowed: fast, slow, steady" } } },
  { "/settings/secret-missing-file",
    "token = file:/nonexistent/secret",
    { { "f:2", "token: |/nonexistent/secret|No such file" } } },
  { "/settings/secret-relative-path", "token = file:secret", { { "f:2", "absolute" } } },
  { "/settings/secret-credential-without-name", "token = credential:", { { "f:2", "credential" } } },
  { "/settings/secret-credential-with-path", "token = credential:../x", { { "f:2", "credential" } } },
  { "/settings/secret-that-is-a-folder", "token = file:/", { { "f:2", "not a file" } } },
  { "/settings/all-problems-at-once",
    "count = 0\npolite = maybe\nnmae = x\npause = soon\ntoken = hunter2\nmode = slow",
    { { "f:2", "count" },
      { "f:3", "polite" },
      { "f:4", "did you mean 'name'" },
      { "f:5", "pause" },
      { "f:6", "token" } } },
};

static UcSettings *
parse (const char *body, const UsherSetting *const *const *tables, const UcSettingsContext *context,
       GPtrArray *problems)
{
  g_autofree char *text = g_strconcat ("[channel:x]\n", body, "\n", NULL);
  g_autoptr (UcConf) conf = uc_conf_parse (text, "f", problems);
  static const UcSettingsContext somewhere = { .data_dir = "/data", .credentials_dir = "/nonexistent" };

  return uc_settings_parse (uc_conf_section (conf, "channel", "x"), tables, context != NULL ? context : &somewhere,
                            problems);
}

static UcSettings *
parse_plain (const char *body, const UcSettingsContext *context, GPtrArray *problems)
{
  const UsherSetting *const *const tables[] = { plain_table, NULL };

  return parse (body, tables, context, problems);
}

static void
test_bad_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain (row->text, NULL, problems);

  test_assert_problems (problems, row->problems);
  /* A value with a problem is its default. */
  g_assert_cmpint (uc_settings_int (settings, "count"), ==, 5);
  g_assert_cmpint (uc_settings_int (settings, "pause"), ==, 30000);
  g_assert_true (uc_settings_bool (settings, "polite"));
  g_assert_null (uc_settings_string (settings, "token"));
}

static void
test_defaults (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain ("", NULL, problems);

  g_assert_cmpuint (problems->len, ==, 0);
  g_assert_null (uc_settings_string (settings, "name"));
  g_assert_cmpint (uc_settings_int (settings, "count"), ==, 5);
  g_assert_cmpint (uc_settings_int (settings, "shift"), ==, 0);
  g_assert_true (uc_settings_bool (settings, "polite"));
  g_assert_cmpint (uc_settings_int (settings, "pause"), ==, 30000);
  g_assert_cmpint (uc_settings_int (settings, "body"), ==, 65536);
  g_assert_cmpstr (uc_settings_string (settings, "file"), ==, "/data/x.db");
  g_assert_cmpstr (uc_settings_list (settings, "origins")[0], ==, "a");
  g_assert_cmpstr (uc_settings_list (settings, "origins")[1], ==, "b");
  g_assert_null (uc_settings_list (settings, "origins")[2]);
  g_assert_cmpstr (uc_settings_string (settings, "mode"), ==, "fast");
  g_assert_cmpint (uc_settings_type (settings, "mode"), ==, USHER_SETTING_ENUM);
}

static void
test_good_values (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain (
      "name = a b\ncount = 10\nshift = -7\npolite = false\npause = 2m\nage = 1d\nbody = 2M\n"
      "file = /abs/../x\nserver = https://example.org:8443/a?b\norigins = , https://a ,,b\nmode = slow",
      NULL, problems);

  g_assert_cmpuint (problems->len, ==, 0);
  g_assert_cmpstr (uc_settings_string (settings, "name"), ==, "a b");
  g_assert_cmpint (uc_settings_int (settings, "count"), ==, 10);
  g_assert_cmpint (uc_settings_int (settings, "shift"), ==, -7);
  g_assert_false (uc_settings_bool (settings, "polite"));
  g_assert_cmpint (uc_settings_int (settings, "pause"), ==, 120000);
  g_assert_cmpint (uc_settings_int (settings, "age"), ==, 86400000);
  g_assert_cmpint (uc_settings_int (settings, "body"), ==, 2 * 1024 * 1024);
  g_assert_cmpstr (uc_settings_string (settings, "file"), ==, "/x");
  g_assert_cmpstr (uc_settings_string (settings, "server"), ==, "https://example.org:8443/a?b");
  g_assert_cmpstr (uc_settings_list (settings, "origins")[0], ==, "https://a");
  g_assert_cmpstr (uc_settings_list (settings, "origins")[1], ==, "b");
  g_assert_null (uc_settings_list (settings, "origins")[2]);
  g_assert_cmpstr (uc_settings_string (settings, "mode"), ==, "slow");
}

static void
test_units (void)
{
  static const struct
  {
    const char *text;
    gint64 ms;
  } units[] = { { "0", 0 },        { "500ms", 500 },  { "30s", 30000 },
                { "10m", 600000 }, { "2h", 7200000 }, { "1d", 86400000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    {
      g_autoptr (GPtrArray) problems = uc_problems_new ();
      g_autofree char *body = g_strconcat ("age = ", units[i].text, NULL);
      g_autoptr (UcSettings) settings = parse_plain (body, NULL, problems);

      g_assert_cmpuint (problems->len, ==, 0);
      g_assert_cmpint (uc_settings_int (settings, "age"), ==, units[i].ms);
    }
}

static void
test_required (void)
{
  const UsherSetting *const *const tables[] = { plain_table, must_table, NULL };
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) missing = parse ("name = x", tables, NULL, problems);
  g_autoptr (UcSettings) empty = parse ("must =", tables, NULL, problems);
  g_autoptr (UcSettings) there = parse ("must = y", tables, NULL, problems);
  static const TestProblem expected[] = { { "f:1", "[channel:x]|required|'must'|what is needed" },
                                          { "f:2", "must is empty|what is needed" },
                                          { NULL } };

  test_assert_problems (problems, expected);
  g_assert_cmpstr (uc_settings_string (there, "must"), ==, "y");
}

static void
test_relative_path_needs_base (void)
{
  const UcSettingsContext nowhere = { .data_dir = NULL };
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain ("file = y.db", &nowhere, problems);
  static const TestProblem expected[] = { { "f:2", "file = 'y.db'|absolute" }, { NULL } };

  test_assert_problems (problems, expected);
}

static void
test_undeclared (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain ("", NULL, problems);

  g_assert_cmpint (uc_settings_type (settings, "nope"), ==, 0);
  g_assert_null (uc_settings_string (settings, "nope"));
  g_assert_null (uc_settings_list (settings, "nope")[0]);
  g_assert_cmpint (uc_settings_int (settings, NULL), ==, 0);
}

/* ---- secrets ------------------------------------------------------------------------------------------- */

static void
test_secret_in_clear (void)
{
  static const char *const attempts[] = { "hunter2", "hunter2 file:/x", "File:/hunter2", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_autoptr (GPtrArray) problems = uc_problems_new ();
      g_autofree char *body = g_strconcat ("token = ", attempts[i], NULL);
      g_autoptr (UcSettings) settings = parse_plain (body, NULL, problems);
      static const TestProblem expected[] = { { "f:2", "token: |in clear|file:/path|credential:" }, { NULL } };
      g_autofree char *text = NULL;

      test_assert_problems (problems, expected);
      text = uc_problem_text (g_ptr_array_index (problems, 0));
      g_assert_null (strstr (text, "hunter2"));
      g_assert_null (uc_settings_string (settings, "token"));
    }
}

static void
check_secret_file (const char *path, const char *content, int mode, const char *value, const char *words)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autofree char *body = g_strconcat ("token = file:", path, NULL);
  g_autoptr (UcSettings) settings = NULL;
  const TestProblem expected[] = { { words != NULL ? "f:2" : NULL, words }, { NULL } };

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
  settings = parse_plain (body, NULL, problems);
  test_assert_problems (problems, expected);
  g_assert_cmpstr (uc_settings_string (settings, "token"), ==, value);
}

static void
test_secret_file (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "secret", NULL);
  g_autofree char *large = g_strnfill (64 * 1024 + 1, 'x');

  check_secret_file (path, "s3cret\n", 0600, "s3cret", NULL);
  check_secret_file (path, "s3cret", 0400, "s3cret", NULL);
  check_secret_file (path, " two\nlines \r\n\n", 0600, " two\nlines ", NULL);
  check_secret_file (path, "s3cret\n", 0640, NULL, "token: |may read|0640|chmod 600");
  check_secret_file (path, "s3cret\n", 0604, NULL, "token: |may read|0604|chmod 600");
  check_secret_file (path, "\n", 0600, NULL, "token: |empty");
  check_secret_file (path, "\xff\xfe", 0600, NULL, "token: |UTF-8");
  check_secret_file (path, large, 0600, NULL, "token: |64 KiB");
  test_dir_free (dir);
}

static void
test_secret_credential (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = test_write (dir, "bot", "from systemd\n");
  const UcSettingsContext context = { .data_dir = "/data", .credentials_dir = dir };
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) settings = parse_plain ("token = credential:bot", &context, problems);
  g_autoptr (UcSettings) missing = parse_plain ("token = credential:other", &context, problems);
  static const TestProblem expected[] = { { "f:2", "other|No such file" }, { NULL } };

  test_assert_problems (problems, expected);
  g_assert_cmpstr (uc_settings_string (settings, "token"), ==, "from systemd");
  test_dir_free (dir);
}

static void
test_credentials_directory (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = test_write (dir, "bot", "from systemd\n");
  const UcSettingsContext context = { .data_dir = "/data" };
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcSettings) without = NULL, with = NULL;
  static const TestProblem expected[] = { { "f:2", "CREDENTIALS_DIRECTORY|LoadCredential" }, { NULL } };

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  without = parse_plain ("token = credential:bot", &context, problems);
  test_assert_problems (problems, expected);
  g_setenv ("CREDENTIALS_DIRECTORY", dir, TRUE);
  with = parse_plain ("token = credential:bot", &context, problems);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_assert_cmpuint (problems->len, ==, 1);
  g_assert_cmpstr (uc_settings_string (with, "token"), ==, "from systemd");
  test_dir_free (dir);
}

static void
test_type_words (void)
{
  g_assert_cmpstr (uc_setting_type_word (USHER_SETTING_STRING), ==, "string");
  g_assert_cmpstr (uc_setting_type_word (USHER_SETTING_ENUM), ==, "enum");
  g_assert_cmpstr (uc_setting_type_word (99), ==, "unknown");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_rows); i++)
    g_test_add_data_func (bad_rows[i].name, &bad_rows[i], test_bad_row);
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/good-values", test_good_values);
  g_test_add_func ("/settings/duration-units", test_units);
  g_test_add_func ("/settings/required", test_required);
  g_test_add_func ("/settings/relative-path-needs-a-base", test_relative_path_needs_base);
  g_test_add_func ("/settings/undeclared-key-reads-as-nothing", test_undeclared);
  g_test_add_func ("/settings/secret-in-clear-is-refused-unprinted", test_secret_in_clear);
  g_test_add_func ("/settings/secret-file", test_secret_file);
  g_test_add_func ("/settings/secret-credential", test_secret_credential);
  g_test_add_func ("/settings/credentials-directory", test_credentials_directory);
  g_test_add_func ("/settings/type-words", test_type_words);
  return g_test_run ();
}
