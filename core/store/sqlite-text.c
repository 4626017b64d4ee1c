/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text as the searches see it, see sqlite-text.h. Any thread.
 */
#include "core/store/sqlite-text.h"

#include <string.h>

#include "core/base/json.h"

/* To FTS5's tokenizer `ascii` everything beyond ASCII is a letter, so ASCII's other signs are moved there: into
 * the private use area, where no text has anything. */
#define SIGNS 0xe000
/* Of a needle, for the index to narrow the search: the messages themselves are read for all of it. */
#define MOST_MATCHED 64

/* ---- folding ------------------------------------------------------------------------------------------- */

/* Marks of Japanese, Thai, Arabic and others tell words apart and stay. */
static gboolean
is_ignored (gunichar c)
{
  return (c >= 0x300 && c <= 0x36f)      /* accents */
         || (c >= 0x200b && c <= 0x200f) /* zero width, direction */
         || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || (c >= 0xfe00 && c <= 0xfe0f)
         || c == 0xad || c == 0xfeff;
}

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar)*text >= 0x80)
      return FALSE;
  return TRUE;
}

char *
uc_text_fold (const char *text)
{
  g_autofree char *valid = NULL, *lower = NULL, *parted = NULL;
  g_autoptr (GString) kept = NULL;

  if (is_ascii (text))
    return g_ascii_strdown (text, -1);
  valid = g_utf8_make_valid (text, -1);
  lower = g_utf8_casefold (valid, -1);
  parted = g_utf8_normalize (lower, -1, G_NORMALIZE_ALL);
  kept = g_string_sized_new (strlen (parted));
  for (const char *p = parted; *p != '\0'; p = g_utf8_next_char (p))
    if (!is_ignored (g_utf8_get_char (p)))
      g_string_append_unichar (kept, g_utf8_get_char (p));
  return g_utf8_normalize (kept->str, -1, G_NORMALIZE_ALL_COMPOSE);
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

static void
append_letter (GString *out, gunichar c)
{
  g_string_append_unichar (out, c < 0x80 && !g_ascii_isalnum ((char)c) ? SIGNS + c : c);
}

/* Up to `n` characters from p on, fewer at white space or the end; how many. */
static guint
append_piece (GString *out, const char *p, guint n)
{
  guint done = 0;

  for (; done < n && *p != '\0' && !g_unichar_isspace (g_utf8_get_char (p)); done++, p = g_utf8_next_char (p))
    append_letter (out, g_utf8_get_char (p));
  return done;
}

void
uc_text_pieces (const char *folded, GString *out)
{
  for (const char *p = folded; *p != '\0'; p = g_utf8_next_char (p))
    for (guint n = 1; n <= 3; n++)
      {
        gsize before = out->len;

        if (append_piece (out, p, n) == n)
          g_string_append_c (out, ' ');
        else
          {
            g_string_truncate (out, before);
            break;
          }
      }
}

GPtrArray *
uc_text_needle_words (const char *needle)
{
  g_autofree char *folded = uc_text_fold (needle);
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  const char *start = NULL;

  for (const char *p = folded;; p = g_utf8_next_char (p))
    {
      gboolean between = *p == '\0' || g_unichar_isspace (g_utf8_get_char (p));

      if (between && start != NULL)
        g_ptr_array_add (words, g_strndup (start, (gsize)(p - start)));
      if (between)
        start = NULL;
      else if (start == NULL)
        start = p;
      if (*p == '\0')
        return words;
    }
}

char *
uc_text_needle (const char *needle)
{
  g_autoptr (GPtrArray) words = uc_text_needle_words (needle);
  GString *out;

  if (words->len == 0)
    return NULL;
  out = g_string_new ("[");
  for (guint i = 0; i < words->len; i++)
    uc_json_add_string (out, NULL, words->pdata[i]);
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

/* A short word is a piece itself; of a longer one all pieces of three must be there. */
char *
uc_text_match_pieces (const char *needle)
{
  g_autoptr (GPtrArray) words = uc_text_needle_words (needle);
  GString *out = g_string_new (NULL);
  guint pieces = 0;

  for (guint i = 0; i < words->len; i++)
    for (const char *p = words->pdata[i]; *p != '\0' && pieces < MOST_MATCHED; p = g_utf8_next_char (p))
      {
        if (p != words->pdata[i] && g_utf8_strlen (p, -1) < 3)
          break;
        g_string_append (out, "\"");
        append_piece (out, p, 3);
        g_string_append (out, "\" ");
        pieces++;
      }
  return g_string_free (out, FALSE);
}

/* ---- words --------------------------------------------------------------------------------------------- */

typedef enum
{
  BETWEEN, /* no part of a word */
  SPACED,  /* of a script that parts its words */
  DENSE    /* of one that does not */
} Kind;

static Kind
kind_of (gunichar c)
{
  if (!g_unichar_isalnum (c) && !g_unichar_ismark (c))
    return BETWEEN;
  switch (g_unichar_get_script (c))
    {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return DENSE;
    default:
      return c == 0x30fc ? DENSE : SPACED; /* the long mark of Katakana belongs to no script */
    }
}

typedef void (*WordFunc) (const char *word, gsize len, Kind kind, GString *out);

static void
each_word (const char *text, WordFunc func, GString *out)
{
  g_autofree char *folded = uc_text_fold (text);
  const char *end;

  for (const char *p = folded; *p != '\0'; p = end)
    {
      Kind kind = kind_of (g_utf8_get_char (p));

      for (end = p; *end != '\0' && kind_of (g_utf8_get_char (end)) == kind;)
        end = g_utf8_next_char (end);
      if (kind == SPACED)
        func (p, (gsize)(end - p), kind, out);
      for (const char *c = p; kind == DENSE && c < end; c = g_utf8_next_char (c))
        {
          const char *next = g_utf8_next_char (c);

          if (next < end)
            func (c, (gsize)(g_utf8_next_char (next) - c), kind, out);
          else if (c == p)
            func (c, (gsize)(next - c), kind, out);
        }
    }
}

static void
add_word (const char *word, gsize len, Kind kind, GString *out)
{
  g_string_append_len (out, word, (gssize)len);
  g_string_append_c (out, ' ');
}

char *
uc_text_words (const char *text)
{
  GString *out = g_string_new (NULL);

  each_word (text, add_word, out);
  return g_string_free (out, FALSE);
}

/* The beginning of a word is enough: whoever types has not finished. */
static void
add_all (const char *word, gsize len, Kind kind, GString *out)
{
  g_string_append_c (out, '"');
  g_string_append_len (out, word, (gssize)len);
  g_string_append (out, "\"* ");
}

/* A short word would find the beginning of half the language. */
static void
add_any (const char *word, gsize len, Kind kind, GString *out)
{
  if (out->len > 0)
    g_string_append (out, "OR ");
  g_string_append_c (out, '"');
  g_string_append_len (out, word, (gssize)len);
  g_string_append (out, kind == SPACED && len > 3 ? "\"* " : "\" ");
}

char *
uc_text_match_words (const char *text, gboolean any)
{
  g_autoptr (GString) words = g_string_new (NULL);
  g_auto (GStrv) list = NULL;
  GString *out = g_string_new (NULL);

  each_word (text, add_word, words);
  list = g_strsplit (words->str, " ", MOST_MATCHED + 1);
  for (guint i = 0; i < MOST_MATCHED && list[i] != NULL && *list[i] != '\0'; i++)
    (any ? add_any : add_all) (list[i], strlen (list[i]), kind_of (g_utf8_get_char (list[i])), out);
  if (out->len == 0)
    g_string_append (out, "\"\""); /* finds nothing, while nothing is an error */
  return g_string_free (out, FALSE);
}

/* ---- in SQL -------------------------------------------------------------------------------------------- */

static void
apply (sqlite3_context *context, int n, sqlite3_value **values)
{
  char *(*func) (const char *text) = (char *(*)(const char *))sqlite3_user_data (context);
  const char *text = (const char *)sqlite3_value_text (values[0]);

  if (text != NULL)
    sqlite3_result_text (context, func (text), -1, g_free);
}

int
uc_text_register (sqlite3 *db)
{
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  int code
      = sqlite3_create_function_v2 (db, "usher_fold", 1, flags, (gpointer)uc_text_fold, apply, NULL, NULL, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_create_function_v2 (db, "usher_words", 1, flags, (gpointer)uc_text_words, apply, NULL, NULL,
                                       NULL);
  return code;
}
