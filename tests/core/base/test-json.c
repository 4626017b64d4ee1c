/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the JSON guard: what hostile and broken texts meet, reading, building and the appending writers.
 */
#include "core/base/json.h"

#include <string.h>

#include "core/base/error.h"

static UcJson *
parse (const char *text, gsize len, const UcJsonLimits *limits)
{
  g_autoptr (GError) error = NULL;
  UcJson *json = uc_json_parse (text, len, limits, &error);

  if (json == NULL)
    g_test_message ("%s", error->message);
  g_assert_true ((json == NULL) == (error != NULL));
  return json;
}

static void
expect_refused_len (const char *text, gsize len, const char *part)
{
  /* A copy without a terminator, so that reading beyond the end is seen by the sanitizers. */
  g_autofree char *copy = g_memdup2 (text, len);
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) json = uc_json_parse (copy, len, NULL, &error);

  if (json != NULL)
    g_error ("was accepted: %.*s", (int)MIN (len, 60), text);
  g_assert_error (error, UC_ERROR, UC_ERROR_INVALID);
  if (strstr (error->message, part) == NULL)
    g_error ("\"%s\" is not in: %s", part, error->message);
}

static void
expect_refused (const char *text, const char *part)
{
  expect_refused_len (text, strlen (text), part);
}

static void
expect_accepted (const char *text)
{
  g_autofree char *copy = g_memdup2 (text, strlen (text));
  g_autoptr (UcJson) json = parse (copy, strlen (text), NULL);

  if (json == NULL)
    g_error ("was refused: %.60s", text);
}

static void
test_values (void)
{
  static const char *const good[]
      = { "null",         "true",        "false",         "0", "-1", "1.5e3", "\"\"", "[]", "{}",
          " {\"a\":1}\n", "[[],{},[1]]", "\"\\u00e9\\n\"" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    expect_accepted (good[i]);
}

static void
test_broken (void)
{
  static const char *const bad[] = {
    "{",     "}",    "[",         "]",   "{\"a\"}", "{\"a\":}", "{\"a\":1",  "[1,]",        "{\"a\":1,}",
    "{a:1}", "'a'",  "nul",       "tru", "\"abc",   "\"\\q\"",  "\"\\u12\"", "\"\\ud800\"", "[1 2]",
    "-",     "\"\\", "{\"a\":1]", "[}",  "\"\\u",   ",",        "[\"a\":1]", "{\"a\",1}",   "{\"a\":1 \"b\":2}",
    "{1:2}"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    expect_refused (bad[i], "not JSON at byte");
  expect_refused ("", "got nothing");
  expect_refused ("   ", "not JSON");
  g_assert_null (uc_json_parse (NULL, 5, NULL, NULL));
}

/* Every prefix of a text is refused, and none makes the parser read on. */
static void
test_prefixes (void)
{
  static const char text[]
      = "{\"name\":\"B\\u00e9\\n\\\\\",\"list\":[1,-2.5e1,true,null,{\"deep\":[[]]}],\"empty\":\"\"}";

  for (gsize len = 1; len < sizeof text - 1; len++)
    expect_refused_len (text, len, "JSON");
  expect_accepted (text);
}

static void
test_trailing (void)
{
  expect_refused ("{}{}", "follows the JSON value at byte 2");
  expect_refused ("{} x", "follows the JSON value at byte 3");
  expect_refused ("1 2", "follows");
  expect_refused ("nullnull", "follows");
  expect_refused ("\"a\"]", "follows");
  expect_refused_len ("{}\0", 3, "UTF-8");
  expect_accepted ("{} \t\r\n ");
}

static void
test_nul (void)
{
  expect_refused_len ("{\"a\":\"b\0c\"}", 11, "not valid UTF-8 at byte 7");
  expect_refused_len ("\0", 1, "not valid UTF-8 at byte 0");
  expect_refused ("\"a\\u0000b\"", "NUL character at byte 2");
  expect_refused ("{\"\\u0000\":1}", "NUL character");
  /* An escaped backslash before u0000 is no NUL. */
  expect_accepted ("\"\\\\u0000\"");
}

static void
test_utf8 (void)
{
  static const char *const bad[] = {
    "\"\xff\"",             /* no byte of UTF-8 */
    "\"\xc3\"",             /* cut short */
    "\"\x80\"",             /* continues nothing */
    "\"\xc0\xaf\"",         /* overlong */
    "\"\xe0\x80\xaf\"",     /* overlong */
    "\"\xed\xa0\x80\"",     /* half of a surrogate pair */
    "\"\xf4\x90\x80\x80\"", /* beyond Unicode */
    "\"\xf8\x88\x80\x80\x80\"",
    "{\"\xff\":1}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    expect_refused (bad[i], "not valid UTF-8 at byte");
  expect_accepted ("\"\xf0\x9f\x98\x80 \xc3\xa9 \\ud83d\\ude00\"");
  expect_refused ("\"\\ude00\\ud83d\"", "not JSON");
}

static void
test_control_characters (void)
{
  expect_refused ("\"a\nb\"", "control character (0x0a)");
  expect_refused ("\"\x01\"", "control character (0x01)");
  expect_refused ("{\"a\tb\":1}", "control character (0x09)");
  expect_refused ("[1,\x01 2]", "byte 3");
  expect_refused ("\x0b[]", "byte 0");
  expect_accepted ("\"\\t\x7f\"");
}

static void
test_duplicates (void)
{
  g_autoptr (GString) many = g_string_new ("{");

  expect_refused ("{\"a\":1,\"a\":2}", "\"a\" twice");
  expect_refused ("[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]", "\"b\" twice");
  expect_refused ("{\"a\":1,\"\\u0061\":2}", "\"a\" twice");
  expect_accepted ("{\"a\":1,\"A\":2,\"b\":{\"a\":1}}");
  for (int i = 0; i < 5000; i++)
    g_string_append_printf (many, "\"k%d\":1,", i);
  g_string_append (many, "\"k17\":1}");
  expect_refused (many->str, "\"k17\" twice");
}

static char *
nested (guint depth, const char *open, const char *close)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, "1");
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  UcJsonLimits generous = { 64 * 1024 * 1024, 900 };
  g_autofree char *list_32 = nested (32, "[", "]"), *list_33 = nested (33, "[", "]");
  g_autofree char *object_32 = nested (32, "{\"a\":", "}"), *object_33 = nested (33, "{\"a\":", "}");
  g_autofree char *absurd = nested (400000, "[", "]"), *list_900 = nested (900, "[", "]");
  g_autofree char *open = g_strnfill (1000000, '[');
  g_autoptr (UcJson) deep = NULL;

  expect_accepted (list_32);
  expect_refused (list_33, "deeper than 32 levels at byte 32");
  expect_accepted (object_32);
  expect_refused (object_33, "deeper than 32");
  expect_refused (absurd, "deeper than 32");
  expect_refused (open, "deeper than 32");
  /* Brackets in strings don't count. */
  expect_accepted ("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"");
  deep = parse (list_900, strlen (list_900), &generous);
  g_assert_nonnull (deep);
}

static void
test_size (void)
{
  UcJsonLimits small = { 10, 5 };
  g_autofree char *large = g_strnfill (1024 * 1024 + 1, ' ');

  large[0] = '1';
  expect_refused (large, "larger than the 1048576 allowed");
  large[1024 * 1024] = '\0';
  expect_accepted (large);
  g_assert_null (parse ("[123456789]", 11, &small));
  {
    g_autoptr (UcJson) fits = parse ("[12345678]", 10, &small);

    g_assert_nonnull (fits);
  }
}

static void
test_read (void)
{
  static const char text[]
      = "{\"s\":\"x\",\"i\":42,\"n\":-9007199254740992,\"f\":1.5,\"huge\":1e300,\"inf\":1e999,"
        "\"t\":true,\"null\":null,\"a\":[10,\"b\"],\"o\":{\"k\":1}}";
  g_autoptr (UcJson) root = parse (text, strlen (text), NULL);
  const UcJson *child;

  g_assert_cmpstr (uc_json_string (uc_json_get (root, "s")), ==, "x");
  g_assert_null (uc_json_string (uc_json_get (root, "i")));
  g_assert_null (uc_json_get (root, "S"));
  g_assert_cmpint (uc_json_int (uc_json_get (root, "i"), -1), ==, 42);
  g_assert_cmpint (uc_json_int (uc_json_get (root, "n"), -1), ==, G_GINT64_CONSTANT (-9007199254740992));
  g_assert_cmpint (uc_json_int (uc_json_get (root, "f"), -1), ==, -1);
  g_assert_cmpint (uc_json_int (uc_json_get (root, "huge"), -1), ==, -1);
  g_assert_cmpint (uc_json_int (uc_json_get (root, "inf"), -1), ==, -1);
  g_assert_cmpint (uc_json_int (uc_json_get (root, "s"), -1), ==, -1);
  g_assert_cmpint (uc_json_int (NULL, 7), ==, 7);
  g_assert_true (uc_json_bool (uc_json_get (root, "t"), FALSE));
  g_assert_true (uc_json_bool (uc_json_get (root, "i"), TRUE));
  g_assert_true (uc_json_is_null (uc_json_get (root, "null")));
  g_assert_false (uc_json_is_null (uc_json_get (root, "none")));
  g_assert_true (uc_json_is_array (uc_json_get (root, "a")));
  g_assert_true (uc_json_is_object (root));
  g_assert_cmpuint (uc_json_length (uc_json_get (root, "a")), ==, 2);
  g_assert_cmpuint (uc_json_length (root), ==, 10);
  g_assert_cmpuint (uc_json_length (uc_json_get (root, "s")), ==, 0);
  g_assert_cmpuint (uc_json_length (NULL), ==, 0);
  g_assert_cmpint (uc_json_int (uc_json_at (uc_json_get (root, "a"), 0), 0), ==, 10);
  g_assert_null (uc_json_at (uc_json_get (root, "a"), 2));
  g_assert_null (uc_json_at (uc_json_get (root, "a"), G_MAXSIZE));
  g_assert_null (uc_json_at (root, 0));
  g_assert_null (uc_json_get (uc_json_get (root, "a"), "x"));
  child = uc_json_first (uc_json_get (root, "o"));
  g_assert_cmpstr (uc_json_key (child), ==, "k");
  g_assert_null (uc_json_next (child));
  g_assert_null (uc_json_first (NULL));
}

static void
test_build (void)
{
  g_autoptr (UcJson) root = uc_json_new_object ();
  UcJson *list = uc_json_new_array ();
  g_autofree char *text = NULL;
  gsize len;

  uc_json_set_string (root, "s", "first");
  uc_json_set_string (root, "s", "\"\n");
  uc_json_set_string (root, "none", NULL);
  uc_json_set_int (root, "i", G_GINT64_CONSTANT (1700000000123));
  uc_json_set_bool (root, "b", TRUE);
  uc_json_append (list, uc_json_new_object ());
  uc_json_set (root, "l", list);
  g_assert_null (uc_json_print (NULL, NULL));
  text = uc_json_print (root, &len);
  g_assert_cmpstr (text, ==, "{\"s\":\"\\\"\\n\",\"none\":null,\"i\":1700000000123,\"b\":true,\"l\":[{}]}");
  g_assert_cmpuint (len, ==, strlen (text));
}

static void
test_writers (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (UcJson) root = NULL;

  uc_json_begin (out);
  uc_json_add_string (out, "s", "a\"b\\c\nd\x01{[:");
  uc_json_add_int (out, "i", G_MININT64);
  uc_json_add_bool (out, "t", TRUE);
  uc_json_add_null (out, "n");
  uc_json_add_opt (out, "left out", NULL);
  uc_json_add_opt (out, "o", "");
  uc_json_begin_array (out, "list");
  uc_json_add_int (out, NULL, 1);
  uc_json_begin (out);
  uc_json_end (out);
  uc_json_begin_array (out, NULL);
  uc_json_end_array (out);
  uc_json_add_string (out, NULL, NULL);
  uc_json_end_array (out);
  uc_json_begin_object (out, "in");
  uc_json_add_raw (out, "raw", "[1,2]");
  uc_json_end (out);
  uc_json_add_string (out, "last", "\xc3\xa9");
  uc_json_end (out);
  g_assert_cmpstr (
      out->str, ==,
      "{\"s\":\"a\\\"b\\\\c\\nd\\u0001{[:\",\"i\":-9223372036854775808,\"t\":true,\"n\":null,\"o\":\"\","
      "\"list\":[1,{},[],null],\"in\":{\"raw\":[1,2]},\"last\":\"\xc3\xa9\"}");
  root = parse (out->str, out->len, NULL);
  g_assert_cmpstr (uc_json_string (uc_json_get (root, "s")), ==, "a\"b\\c\nd\x01{[:");
}

/* Random bytes, and texts with random bytes in them: an answer or an error, never anything else. */
static void
test_noise (void)
{
  static const char seed_text[] = "{\"a\":[1,2,{\"b\":\"c\\u00e9\"}],\"d\":null,\"e\":-1.5e-3}";

  for (int round = 0; round < 20000; round++)
    {
      g_autofree char *text = g_memdup2 (seed_text, sizeof seed_text - 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (UcJson) json = NULL;
      int changes = g_test_rand_int_range (1, 4);

      while (changes-- > 0)
        text[g_test_rand_int_range (0, sizeof seed_text - 1)]
            = round % 2 ? (char)g_test_rand_int_range (0, 256)
                        : "{}[]\":,\\u019-e. "[g_test_rand_int_range (0, 17)];
      json = uc_json_parse (text, sizeof seed_text - 1, NULL, &error);
      g_assert_true ((json == NULL) == (error != NULL));
      if (json != NULL)
        {
          g_autofree char *again = uc_json_print (json, NULL);
          g_autoptr (UcJson) same = uc_json_parse (again, strlen (again), NULL, NULL);

          g_assert_nonnull (same);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/json/values", test_values);
  g_test_add_func ("/base/json/broken", test_broken);
  g_test_add_func ("/base/json/prefixes", test_prefixes);
  g_test_add_func ("/base/json/trailing", test_trailing);
  g_test_add_func ("/base/json/nul", test_nul);
  g_test_add_func ("/base/json/utf8", test_utf8);
  g_test_add_func ("/base/json/control-characters", test_control_characters);
  g_test_add_func ("/base/json/duplicates", test_duplicates);
  g_test_add_func ("/base/json/depth", test_depth);
  g_test_add_func ("/base/json/size", test_size);
  g_test_add_func ("/base/json/read", test_read);
  g_test_add_func ("/base/json/build", test_build);
  g_test_add_func ("/base/json/writers", test_writers);
  g_test_add_func ("/base/json/noise", test_noise);
  return g_test_run ();
}
