/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of usher-desk that only compute: what may be shown of a text, widths and wrapping, a text that is
 * edited, frames cut out of a stream, words.
 */
#include <locale.h>
#include <string.h>

#include "desk-edit.h"
#include "desk-text.h"
#include "desk-words.h"
#include "terminal-frame.h"
#include "tests/lib/proof.h"

/* ---- what may be shown ---------------------------------------------------------------------------------- */

static void
test_controls_become_visible (void)
{
  static const struct
  {
    const char *text, *one_line;
  } cases[] = {
    { "plain", "plain" },
    { "Grüße, 世界", "Grüße, 世界" },
    { "\033[2J\033]0;title\007", "␛[2J␛]0;title␇" },
    { "a\tb", "a    b" },
    { "a\r\nb", "a b" },
    { "a\rb", "a␍b" },
    { "a\177b\302\233c", "a␡b\357\277\275c" },
    { "abc\342\200\256def", "abc<U+202E>def" },
    { "\342\201\246x\342\201\251", "<U+2066>x<U+2069>" },
    { "a\342\200\213\342\200\215\357\273\277b", "ab" },
    { "e\314\201", "e\314\201" },
    { "\314\201x", " \314\201x" },
    { "broken \377 bytes \303", "broken \357\277\275 bytes \357\277\275" },
    { "\342\200\250line", " line" },
    { NULL, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *safe = desk_text_safe (cases[i].text, FALSE);

      g_assert_cmpstr (safe, ==, cases[i].one_line);
    }
}

static void
test_lines_stay_where_they_may (void)
{
  g_autofree char *safe = desk_text_safe ("one\r\ntwo\nthree", TRUE);

  g_assert_cmpstr (safe, ==, "one\ntwo\nthree");
}

static void
test_heaps_of_marks_are_cut (void)
{
  g_autoptr (GString) heap = g_string_new ("a");
  g_autofree char *safe = NULL;

  for (int i = 0; i < 100; i++)
    g_string_append (heap, "\314\201");
  g_string_append (heap, "b\314\201");
  safe = desk_text_safe (heap->str, FALSE);
  g_assert_cmpuint (strlen (safe), ==, 1 + 4 * 2 + 1 + 2);
  g_assert_true (g_str_has_suffix (safe, "b\314\201"));
}

/* Whatever bytes come: nothing that a terminal obeys goes out, and showing it twice changes nothing. */
static void
test_any_bytes_are_safe (void)
{
  guint rounds = proof_size (2000, 20000, 1000000);
  g_autoptr (GRand) dice = g_rand_new_with_seed ((guint32)proof_seed (1));

  for (guint i = 0; i < rounds; i++)
    {
      char bytes[40];
      guint len = (guint)g_rand_int_range (dice, 0, sizeof bytes);
      g_autofree char *safe = NULL, *again = NULL;
      g_autoptr (GPtrArray) lines = NULL;

      for (guint k = 0; k < len; k++)
        bytes[k] = (char)(g_rand_boolean (dice) ? g_rand_int_range (dice, 1, 256)
                                                : g_rand_int_range (dice, 0xe0, 0xf5));
      bytes[len] = '\0';
      safe = desk_text_safe (bytes, TRUE);
      g_assert_true (g_utf8_validate (safe, -1, NULL));
      for (const char *p = safe; *p != '\0'; p = g_utf8_next_char (p))
        {
          gunichar c = g_utf8_get_char (p);

          g_assert_true (c == '\n' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)));
          g_assert_false ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069));
        }
      again = desk_text_safe (safe, TRUE);
      g_assert_cmpstr (again, ==, safe);
      lines = desk_text_wrap (safe, 7);
      for (guint k = 0; k < lines->len; k++)
        g_assert_cmpint (desk_text_width (lines->pdata[k]), <=, 7);
    }
}

/* ---- widths and wrapping -------------------------------------------------------------------------------- */

static void
test_widths (void)
{
  g_autofree char *cut = desk_text_cut ("世界 and more", 6);
  g_autofree char *fits = desk_text_cut ("世界", 4);
  g_autofree char *none = desk_text_cut ("abc", 0);

  g_assert_cmpint (desk_text_width ("abc"), ==, 3);
  g_assert_cmpint (desk_text_width ("世界"), ==, 4);
  g_assert_cmpint (desk_text_width ("e\314\201"), ==, 1);
  g_assert_cmpstr (cut, ==, "世界 …");
  g_assert_cmpstr (fits, ==, "世界");
  g_assert_cmpstr (none, ==, "");
  /* Half of a wide character is not shown, and no mark is parted from its letter. */
  g_assert_cmpuint (desk_text_bytes ("a世", 2), ==, 1);
  g_assert_cmpuint (desk_text_bytes ("ae\314\201x", 2), ==, 4);
}

static void
expect_wrapped (const char *text, int width, const char *wanted)
{
  g_autoptr (GPtrArray) lines = desk_text_wrap (text, width);
  g_autofree char *joined = NULL;

  g_ptr_array_add (lines, NULL);
  joined = g_strjoinv ("|", (char **)lines->pdata);
  g_assert_cmpstr (joined, ==, wanted);
}

static void
test_wrapping (void)
{
  expect_wrapped ("", 10, "");
  expect_wrapped ("one two three", 20, "one two three");
  expect_wrapped ("one two three", 8, "one two|three");
  expect_wrapped ("one two three", 7, "one two|three");
  expect_wrapped ("one two three", 5, "one|two|three");
  expect_wrapped ("abcdefghij", 4, "abcd|efgh|ij");
  expect_wrapped ("ab abcdefgh", 4, "ab|abcd|efgh");
  expect_wrapped ("first\n\nthird", 10, "first||third");
  expect_wrapped ("世界世界世", 5, "世界|世界|世");
  expect_wrapped ("a     b", 3, "a|b");
  /* Never narrower than one wide character. */
  expect_wrapped ("世界", 1, "世|界");
}

/* ---- editing -------------------------------------------------------------------------------------------- */

static void
expect_edit (DeskEdit *edit, const char *before, const char *after)
{
  g_autofree char *head = g_strndup (edit->text->str, edit->at);

  g_assert_cmpstr (head, ==, before);
  g_assert_cmpstr (edit->text->str + edit->at, ==, after);
}

static void
test_editing (void)
{
  DeskEdit edit;

  desk_edit_init (&edit, "");
  g_assert_true (desk_edit_is_empty (&edit));
  desk_edit_insert (&edit, "one two");
  desk_edit_move (&edit, DESK_EDIT_WORD_LEFT);
  expect_edit (&edit, "one ", "two");
  desk_edit_insert (&edit, "e\314\201\033[31m\r");
  expect_edit (&edit, "one e\314\201[31m", "two");
  for (int i = 0; i < 4; i++)
    desk_edit_move (&edit, DESK_EDIT_BACKSPACE);
  expect_edit (&edit, "one e\314\201", "two");
  /* A letter goes with its mark. */
  desk_edit_move (&edit, DESK_EDIT_BACKSPACE);
  expect_edit (&edit, "one ", "two");
  desk_edit_move (&edit, DESK_EDIT_HOME);
  desk_edit_move (&edit, DESK_EDIT_DELETE);
  expect_edit (&edit, "", "ne two");
  desk_edit_move (&edit, DESK_EDIT_WORD_RIGHT);
  desk_edit_move (&edit, DESK_EDIT_KILL);
  expect_edit (&edit, "ne", "");
  desk_edit_insert (&edit, "\nsecond line");
  desk_edit_move (&edit, DESK_EDIT_WORD_BACK);
  expect_edit (&edit, "ne\nsecond ", "");
  desk_edit_move (&edit, DESK_EDIT_HOME);
  expect_edit (&edit, "ne\n", "second ");
  desk_edit_move (&edit, DESK_EDIT_LEFT);
  expect_edit (&edit, "ne", "\nsecond ");
  desk_edit_move (&edit, DESK_EDIT_RIGHT);
  desk_edit_move (&edit, DESK_EDIT_END);
  expect_edit (&edit, "ne\nsecond ", "");
  desk_edit_move (&edit, DESK_EDIT_CLEAR);
  for (int move = DESK_EDIT_LEFT; move <= DESK_EDIT_CLEAR; move++)
    desk_edit_move (&edit, (DeskEditMove)move);
  expect_edit (&edit, "", "");
  desk_edit_clear (&edit);
}

/* ---- frames --------------------------------------------------------------------------------------------- */

static void
expect_frame (TerminalSplit *split, const char *wanted)
{
  const char *frame;
  gsize len;

  g_assert_cmpint (terminal_split_next (split, &frame, &len), ==, TERMINAL_SPLIT_FRAME);
  g_assert_cmpstr (frame, ==, wanted);
  g_assert_cmpuint (len, ==, strlen (wanted));
}

static void
test_frames (void)
{
  TerminalSplit split;
  const char *frame;
  gsize len;

  terminal_split_init (&split, 8);
  g_assert_cmpint (terminal_split_next (&split, &frame, &len), ==, TERMINAL_SPLIT_MORE);
  terminal_split_push (&split, "on", 2);
  g_assert_cmpint (terminal_split_next (&split, &frame, &len), ==, TERMINAL_SPLIT_MORE);
  terminal_split_push (&split, "e\n\n\ntwo\nthr", 11);
  expect_frame (&split, "one");
  expect_frame (&split, "two");
  g_assert_cmpint (terminal_split_next (&split, &frame, &len), ==, TERMINAL_SPLIT_MORE);
  terminal_split_push (&split, "ee\n12345678\n", 12);
  expect_frame (&split, "three");
  expect_frame (&split, "12345678");
  terminal_split_push (&split, "123456789", 9);
  g_assert_cmpint (terminal_split_next (&split, &frame, &len), ==, TERMINAL_SPLIT_TOO_LONG);
  terminal_split_reset (&split);
  terminal_split_push (&split, "a\0b\n", 4);
  g_assert_cmpint (terminal_split_next (&split, &frame, &len), ==, TERMINAL_SPLIT_BINARY);
  terminal_split_clear (&split);
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static const char *
known (gpointer data, const char *name)
{
  return strcmp (name, "customer.name") == 0 ? "Maria" : NULL;
}

static void
expect_filled (const char *text, const char *wanted)
{
  g_autofree char *filled = desk_words_fill (text, known, NULL);

  g_assert_cmpstr (filled, ==, wanted);
}

static void
test_places (void)
{
  g_autofree char *none = NULL, *left = NULL;
  gsize from;

  expect_filled ("Hello {{customer.name}}", "Hello Maria");
  expect_filled ("Hello {{ customer.name | there }}!", "Hello Maria!");
  expect_filled ("Hello {{customer.age | there }}!", "Hello there!");
  expect_filled ("{{a}} {{b|}} {{c", "{{a}}  {{c");
  expect_filled ("}} {{customer.name}}", "}} Maria");
  none = desk_words_left ("nothing {here}", &from);
  g_assert_null (none);
  left = desk_words_left ("order {{ number }}", &from);
  g_assert_cmpstr (left, ==, "number");
  g_assert_cmpuint (from, ==, 6);
}

static void
expect_message (const char *json, const char *wanted)
{
  g_autoptr (cJSON) message = cJSON_Parse (json);
  g_autofree char *text = desk_words_message (message);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_messages_in_words (void)
{
  expect_message ("{\"author\":\"customer\",\"text\":\"Hi\"}", "Hi");
  expect_message ("{\"author\":\"customer\",\"text\":\"Yes\",\"form\":\"postback\"}", "(pressed a button) Yes");
  expect_message ("{\"author\":\"system\",\"code\":\"agent_joined\",\"author_name\":\"Anna\",\"text\":\"x\"}",
                  "Anna has joined");
  expect_message ("{\"author\":\"customer\",\"text\":\"\",\"attachments\":[{\"kind\":\"image\",\"name\":\"cat."
                  "png\",\"size\":2000}]}",
                  "[image: cat.png, 2.0\302\240kB]");
  expect_message ("{\"author\":\"customer\",\"text\":7}", "");
}

static void
test_durations (void)
{
  static const struct
  {
    gint64 ms;
    const char *words;
  } cases[] = { { -5, "0:00" }, { 999, "0:00" }, { 61000, "1:01" }, { 3661000, "1:01:01" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = desk_words_duration (cases[i].ms);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

int
main (int argc, char **argv)
{
  /* Widths are those of the C library's UTF-8. */
  if (setlocale (LC_ALL, "C.UTF-8") == NULL)
    g_error ("this machine has no C.UTF-8 locale");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/desk-text/controls-become-visible", test_controls_become_visible);
  g_test_add_func ("/desk-text/lines-stay-where-they-may", test_lines_stay_where_they_may);
  g_test_add_func ("/desk-text/heaps-of-marks-are-cut", test_heaps_of_marks_are_cut);
  g_test_add_func ("/desk-text/any-bytes-are-safe", test_any_bytes_are_safe);
  g_test_add_func ("/desk-text/widths", test_widths);
  g_test_add_func ("/desk-text/wrapping", test_wrapping);
  g_test_add_func ("/desk-edit/editing", test_editing);
  g_test_add_func ("/desk-frame/frames", test_frames);
  g_test_add_func ("/desk-words/places", test_places);
  g_test_add_func ("/desk-words/messages", test_messages_in_words);
  g_test_add_func ("/desk-words/durations", test_durations);
  return g_test_run ();
}
