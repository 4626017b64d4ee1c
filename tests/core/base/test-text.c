/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long a text is in a network's unit, and where it is parted.
 */
#include <string.h>

#include "core/base/text.h"

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"
#define WAVE_DARK "\U0001F44B\U0001F3FF"
#define FLAG_DE "\U0001F1E9\U0001F1EA"
#define FLAG_FR "\U0001F1EB\U0001F1F7"
#define SCOTLAND "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"
#define E_ACUTE "e\u0301"
#define HEART "\u2764\uFE0F"
#define KEYCAP "1\uFE0F\u20E3"
#define HANGUL "\u1112\u1161\u11AB"
#define KSHA "\u0915\u094D\u0937\u093F"

/* The parts, each in brackets. */
static char *
split (const char *text, UcTextUnit unit, gsize max)
{
  g_auto (GStrv) parts = uc_text_split (text, unit, max);
  GString *out = g_string_new (NULL);

  for (gsize p = 0; parts[p] != NULL; p++)
    g_string_append_printf (out, "[%s]", parts[p]);
  return g_string_free (out, FALSE);
}

#define SPLITS(text, unit, max, expected)                                                                         \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    g_autofree char *is = split (text, unit, max);                                                                \
    g_assert_cmpstr (is, ==, expected);                                                                           \
  }                                                                                                               \
  G_STMT_END

static void
test_length_in_each_unit (void)
{
  g_assert_cmpuint (uc_text_length ("", UC_TEXT_CODE_POINTS), ==, 0);
  g_assert_cmpuint (uc_text_length ("a\u00e9\u4f60\U0001F600", UC_TEXT_CODE_POINTS), ==, 4);
  g_assert_cmpuint (uc_text_length ("a\u00e9\u4f60\U0001F600", UC_TEXT_BYTES), ==, 1 + 2 + 3 + 4);
  g_assert_cmpuint (uc_text_length ("a\u00e9\u4f60\U0001F600", UC_TEXT_UTF16), ==, 1 + 1 + 1 + 2);
}

static void
test_short_text_is_one_part_as_it_is (void)
{
  SPLITS ("  hello \n", UC_TEXT_CODE_POINTS, 0, "[  hello \n]");
  SPLITS ("  hello \n", UC_TEXT_CODE_POINTS, 9, "[  hello \n]");
  SPLITS ("", UC_TEXT_CODE_POINTS, 5, "[]");
  SPLITS ("exactly", UC_TEXT_CODE_POINTS, 7, "[exactly]");
}

static void
test_cuts_between_words (void)
{
  SPLITS ("one two three", UC_TEXT_CODE_POINTS, 8, "[one two][three]");
  SPLITS ("one two three", UC_TEXT_CODE_POINTS, 7, "[one two][three]");
  SPLITS ("one two three", UC_TEXT_CODE_POINTS, 6, "[one][two][three]");
  SPLITS ("one    two", UC_TEXT_CODE_POINTS, 5, "[one][two]");
  SPLITS ("one    ", UC_TEXT_CODE_POINTS, 5, "[one]");
  SPLITS ("    one two", UC_TEXT_CODE_POINTS, 7, "[    one][two]");
}

static void
test_prefers_paragraph_then_line_then_sentence (void)
{
  SPLITS ("First. And\nsecond\n\nthird one", UC_TEXT_CODE_POINTS, 24, "[First. And\nsecond][third one]");
  SPLITS ("First one. And\nsecond third", UC_TEXT_CODE_POINTS, 20, "[First one. And][second third]");
  SPLITS ("First one. And second", UC_TEXT_CODE_POINTS, 15, "[First one.][And second]");
  SPLITS ("He said \"no.\" And went away", UC_TEXT_CODE_POINTS, 18, "[He said \"no.\"][And went away]");
  /* Not for the price of many short parts. */
  SPLITS ("A\n\nlong line of many words", UC_TEXT_CODE_POINTS, 16, "[A\n\nlong line of][many words]");
}

static void
test_text_without_spaces (void)
{
  SPLITS ("abcdefghij", UC_TEXT_CODE_POINTS, 4, "[abcd][efgh][ij]");
  SPLITS ("abcdefghij", UC_TEXT_CODE_POINTS, 1, "[a][b][c][d][e][f][g][h][i][j]");
  SPLITS ("a abcdefgh", UC_TEXT_CODE_POINTS, 4, "[a][abcd][efgh]");
  SPLITS ("\u4f60\u597d\u3002\u518d\u89c1\u4e86", UC_TEXT_CODE_POINTS, 4,
          "[\u4f60\u597d\u3002][\u518d\u89c1\u4e86]");
  SPLITS ("\u4f60\u597d\u518d\u89c1", UC_TEXT_BYTES, 7, "[\u4f60\u597d][\u518d\u89c1]");
  SPLITS ("non\u00A0breaking", UC_TEXT_CODE_POINTS, 6, "[non\u00A0br][eaking]");
}

static void
test_keeps_what_people_see_as_one (void)
{
  SPLITS ("ab" FAMILY "c", UC_TEXT_CODE_POINTS, 8, "[ab][" FAMILY "c]");
  SPLITS ("ab" FAMILY, UC_TEXT_UTF16, 12, "[ab][" FAMILY "]");
  SPLITS ("ab" WAVE_DARK, UC_TEXT_CODE_POINTS, 3, "[ab][" WAVE_DARK "]");
  SPLITS (FLAG_DE FLAG_FR FLAG_DE, UC_TEXT_CODE_POINTS, 3, "[" FLAG_DE "][" FLAG_FR "][" FLAG_DE "]");
  SPLITS (FLAG_DE FLAG_FR FLAG_DE, UC_TEXT_CODE_POINTS, 5, "[" FLAG_DE FLAG_FR "][" FLAG_DE "]");
  SPLITS ("x" SCOTLAND, UC_TEXT_CODE_POINTS, 7, "[x][" SCOTLAND "]");
  SPLITS ("ab" E_ACUTE "c", UC_TEXT_CODE_POINTS, 3, "[ab][" E_ACUTE "c]");
  SPLITS ("ab" HEART KEYCAP, UC_TEXT_CODE_POINTS, 5, "[ab" HEART "][" KEYCAP "]");
  SPLITS ("x" HANGUL, UC_TEXT_CODE_POINTS, 3, "[x][" HANGUL "]");
  SPLITS ("x" KSHA, UC_TEXT_CODE_POINTS, 4, "[x][" KSHA "]");
  SPLITS ("ab\r\ncd", UC_TEXT_CODE_POINTS, 3, "[ab][cd]");
}

static void
test_right_to_left_goes_like_any_other (void)
{
  SPLITS ("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", UC_TEXT_CODE_POINTS, 6,
          "[\u05e9\u05dc\u05d5\u05dd][\u05e2\u05d5\u05dc\u05dd]");
  SPLITS ("\u0645\u0631\u062d\u0628\u0627\u061f \u0646\u0639\u0645 \u0644\u0627", UC_TEXT_CODE_POINTS, 9,
          "[\u0645\u0631\u062d\u0628\u0627\u061f][\u0646\u0639\u0645 \u0644\u0627]");
}

/* A character that alone is too long is cut between code points; a code point is never cut. */
static void
test_too_long_for_one_part (void)
{
  SPLITS (WAVE_DARK, UC_TEXT_CODE_POINTS, 1, "[\U0001F44B][\U0001F3FF]");
  SPLITS ("\U0001F600\U0001F600", UC_TEXT_BYTES, 1, "[\U0001F600][\U0001F600]");
  SPLITS ("\U0001F600a", UC_TEXT_UTF16, 1, "[\U0001F600][a]");
}

static void
test_nothing_but_white_space_has_no_parts (void)
{
  SPLITS ("          ", UC_TEXT_CODE_POINTS, 3, "");
  SPLITS (" \n \n \n ", UC_TEXT_CODE_POINTS, 1, "");
}

/* ---- any text ------------------------------------------------------------------------------------------ */

static const char *const characters[]
    = { "a",    "b",    "\u00e9", "\u4f60", "\U0001F600", FAMILY, WAVE_DARK, FLAG_DE, SCOTLAND, E_ACUTE, HEART,
        KEYCAP, HANGUL, KSHA,     "\u05e9", " ",          "\n",   "  ",      ".",     "\u3002", "\u0645" };

static char *
without_space (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      g_string_append_unichar (out, g_utf8_get_char (text));
  return g_string_free (out, FALSE);
}

/* Walks through the characters that the text was made of; a part must begin where one does. */
static void
check_boundaries (GPtrArray *made_of, char **parts, UcTextUnit unit, gsize max)
{
  g_autoptr (GHashTable) begins = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, NULL);
  gsize at = 0;

  for (guint c = 0; c < made_of->len; c++)
    {
      g_autofree char *seen = without_space (made_of->pdata[c]);

      if (uc_text_length (made_of->pdata[c], unit) > max)
        return;
      g_hash_table_add (begins, GSIZE_TO_POINTER (at));
      at += strlen (seen);
    }
  at = 0;
  for (gsize p = 0; parts[p] != NULL; p++)
    {
      g_autofree char *seen = without_space (parts[p]);

      g_assert_true (g_hash_table_contains (begins, GSIZE_TO_POINTER (at)));
      at += strlen (seen);
    }
}

static void
check_any (GPtrArray *made_of, UcTextUnit unit, gsize max)
{
  g_autofree char *text = NULL, *joined = NULL, *seen = NULL, *parts_seen = NULL;
  g_auto (GStrv) parts = NULL;

  g_ptr_array_add (made_of, NULL);
  text = g_strjoinv ("", (char **)made_of->pdata);
  g_ptr_array_set_size (made_of, (gint)made_of->len - 1);
  parts = uc_text_split (text, unit, max);
  for (gsize p = 0; parts[p] != NULL; p++)
    {
      g_assert_true (g_utf8_validate (parts[p], -1, NULL));
      if (uc_text_length (parts[p], unit) > max)
        g_assert_cmpint (g_utf8_strlen (parts[p], -1), ==, 1);
    }
  joined = g_strjoinv ("", parts);
  seen = without_space (text);
  parts_seen = without_space (joined);
  g_assert_cmpstr (parts_seen, ==, seen);
  check_boundaries (made_of, parts, unit, max);
}

static void
test_any_text_keeps_its_characters (void)
{
  for (int turn = 0; turn < 20000; turn++)
    {
      g_autoptr (GPtrArray) made_of = g_ptr_array_new ();
      int n = g_test_rand_int_range (1, 40);

      for (int c = 0; c < n; c++)
        g_ptr_array_add (made_of, (gpointer)characters[g_test_rand_int_range (0, G_N_ELEMENTS (characters))]);
      check_any (made_of, (UcTextUnit)g_test_rand_int_range (0, 3), (gsize)g_test_rand_int_range (1, 60));
    }
}

/* A megabyte in one go: quadratic work would take hours. */
static void
test_megabyte (void)
{
  static const char *const words[] = { "word ", "endless", FAMILY, " ", "\n" };

  for (gsize w = 0; w < G_N_ELEMENTS (words); w++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_auto (GStrv) parts = NULL;

      while (text->len < 1000000)
        g_string_append (text, words[w]);
      parts = uc_text_split (text->str, UC_TEXT_UTF16, 2000);
      g_assert_cmpuint (g_strv_length (parts), <=, 600);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/text/" name, func)
  TEST ("length-in-each-unit", test_length_in_each_unit);
  TEST ("short-text-is-one-part-as-it-is", test_short_text_is_one_part_as_it_is);
  TEST ("cuts-between-words", test_cuts_between_words);
  TEST ("prefers-paragraph-then-line-then-sentence", test_prefers_paragraph_then_line_then_sentence);
  TEST ("text-without-spaces", test_text_without_spaces);
  TEST ("keeps-what-people-see-as-one", test_keeps_what_people_see_as_one);
  TEST ("right-to-left-goes-like-any-other", test_right_to_left_goes_like_any_other);
  TEST ("too-long-for-one-part", test_too_long_for_one_part);
  TEST ("nothing-but-white-space-has-no-parts", test_nothing_but_white_space_has_no_parts);
  TEST ("any-text-keeps-its-characters", test_any_text_keeps_its_characters);
  TEST ("megabyte", test_megabyte);
  return g_test_run ();
}
