/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text as networks measure it. GLib knows no characters as a person sees them, and Pango is too much for the core:
 * the rules needed here are those of Unicode's annex 29 that g_unichar_* can tell. Any thread.
 */
#include "core/base/text.h"

#include <string.h>

static gsize
units_of (gunichar c, UcTextUnit unit)
{
  if (unit == UC_TEXT_BYTES)
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  return unit == UC_TEXT_UTF16 && c >= 0x10000 ? 2 : 1;
}

gboolean
uc_text_is_utf8 (const char *text, gsize len, const char **end)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101), highs = ones << 7;
  gsize ascii = 0;

  for (guint64 eight; ascii + sizeof eight <= len; ascii += sizeof eight)
    {
      memcpy (&eight, text + ascii, sizeof eight);
      /* Any byte that is 0, or above 0x7f. */
      if ((((eight - ones) | eight) & highs) != 0)
        break;
    }
  return g_utf8_validate_len (text + ascii, len - ascii, end);
}

gsize
uc_text_length (const char *text, UcTextUnit unit)
{
  gsize length = 0;

  if (unit == UC_TEXT_BYTES)
    return strlen (text);
  for (; *text != '\0'; text = g_utf8_next_char (text))
    length += units_of (g_utf8_get_char (text), unit);
  return length;
}

/* ---- characters as a person sees them ------------------------------------------------------------------ */

#define ZERO_WIDTH_JOINER 0x200D
#define ZERO_WIDTH_NON_JOINER 0x200C

static gboolean
is_flag_letter (gunichar c)
{
  return c >= 0x1F1E6 && c <= 0x1F1FF;
}

static gboolean
is_skin_colour (gunichar c)
{
  return c >= 0x1F3FB && c <= 0x1F3FF;
}

/* The tags that spell the flags of England, Scotland and Wales. */
static gboolean
is_tag (gunichar c)
{
  return c >= 0xE0020 && c <= 0xE007F;
}

/* Belongs to the character before it. Variation selectors are marks. */
static gboolean
extends (gunichar c)
{
  if (c < 0x300)
    return FALSE;
  return g_unichar_ismark (c) || c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER || is_skin_colour (c)
         || is_tag (c) || c == 0xFF9E || c == 0xFF9F;
}

/* A consonant after a virama (combining class 9) is written together with the one before. */
static gboolean
joins_next (gunichar c, gunichar next)
{
  if (c == ZERO_WIDTH_JOINER)
    return !g_unichar_isspace (next) && !g_unichar_iscntrl (next);
  return c >= 0x900 && g_unichar_combining_class (c) == 9 && g_unichar_isalpha (next);
}

static gboolean
is_one_syllable (gunichar a, gunichar b)
{
  GUnicodeBreakType x, y;

  if (a < 0x1100 || b < 0x1100)
    return FALSE;
  x = g_unichar_break_type (a);
  y = g_unichar_break_type (b);
  if (x == G_UNICODE_BREAK_HANGUL_L_JAMO)
    return y == G_UNICODE_BREAK_HANGUL_L_JAMO || y == G_UNICODE_BREAK_HANGUL_V_JAMO
           || y == G_UNICODE_BREAK_HANGUL_LV_SYLLABLE || y == G_UNICODE_BREAK_HANGUL_LVT_SYLLABLE;
  if (x == G_UNICODE_BREAK_HANGUL_LV_SYLLABLE || x == G_UNICODE_BREAK_HANGUL_V_JAMO)
    return y == G_UNICODE_BREAK_HANGUL_V_JAMO || y == G_UNICODE_BREAK_HANGUL_T_JAMO;
  return (x == G_UNICODE_BREAK_HANGUL_LVT_SYLLABLE || x == G_UNICODE_BREAK_HANGUL_T_JAMO)
         && y == G_UNICODE_BREAK_HANGUL_T_JAMO;
}

/* The end of the character that begins at `text`, which is not empty. */
static const char *
character_end (const char *text)
{
  gunichar c = g_utf8_get_char (text);
  const char *at = g_utf8_next_char (text);

  if (c == '\r' && *at == '\n')
    return at + 1;
  if (c < 0x80 && (*at & 0x80) == 0)
    return at;
  if (g_unichar_iscntrl (c))
    return at;
  if (is_flag_letter (c) && is_flag_letter (g_utf8_get_char (at)))
    at = g_utf8_next_char (at);
  for (gunichar next = g_utf8_get_char (at); next != 0; next = g_utf8_get_char (at))
    {
      if (!extends (next) && !joins_next (c, next) && !is_one_syllable (c, next))
        break;
      c = next;
      at = g_utf8_next_char (at);
    }
  return at;
}

/* ---- parting ------------------------------------------------------------------------------------------- */

/* Where a part may end, best first. */
typedef enum
{
  CUT_PARAGRAPH,
  CUT_LINE,
  CUT_SENTENCE,
  CUT_WORD,
  N_CUTS
} Cut;

typedef struct
{
  UcTextUnit unit;
  gsize max;
  const char *at;            /* how far the part has been read */
  gsize length;              /* so far */
  const char *cuts[N_CUTS];  /* the last possible one of each kind; NULL = none */
  gsize cut_lengths[N_CUTS]; /* of the part that it would make */
  const char *space;         /* where the white space that is being read began; NULL = not in any */
  gsize space_length;        /* of the part up to there */
  guint newlines;            /* in it */
  gboolean ends_sentence;    /* what was read last */
} Part;

static gboolean
is_space (gunichar c)
{
  return g_unichar_isspace (c) && c != 0xA0 && c != 0x2007 && c != 0x202F;
}

static gboolean
is_full_stop (gunichar c)
{
  return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x61F || c == 0x6D4 || c == 0x964;
}

/* These need no white space after them. */
static gboolean
is_wide_full_stop (gunichar c)
{
  return c == 0x3002 || c == 0xFF01 || c == 0xFF0E || c == 0xFF1F || c == 0xFF61;
}

static gboolean
closes (gunichar c)
{
  return c == ')' || c == ']' || c == '"' || c == '\'' || c == 0xBB || c == 0x2019 || c == 0x201D || c == 0x300D;
}

static void
note (Part *part, Cut cut, const char *at, gsize length)
{
  part->cuts[cut] = at;
  part->cut_lengths[cut] = length;
}

static void
read_space (Part *part, const char *end)
{
  gunichar c = g_utf8_get_char (part->at);

  if (part->space == NULL)
    {
      part->space = part->at;
      part->space_length = part->length;
      part->newlines = 0;
      note (part, CUT_WORD, part->space, part->space_length);
      if (part->ends_sentence)
        note (part, CUT_SENTENCE, part->space, part->space_length);
    }
  part->newlines += c == 0x2029 ? 2 : c == '\n' || c == '\r' || c == 0x2028;
  if (part->newlines > 0)
    note (part, part->newlines > 1 ? CUT_PARAGRAPH : CUT_LINE, part->space, part->space_length);
  part->at = end;
}

static void
read_character (Part *part, const char *end, gsize length)
{
  gunichar c = g_utf8_get_char (part->at);

  part->space = NULL;
  part->ends_sentence = is_full_stop (c) || (part->ends_sentence && closes (c));
  part->length += length;
  part->at = end;
  if (is_wide_full_stop (c))
    note (part, CUT_SENTENCE, part->at, part->length);
}

static gsize
length_between (const char *from, const char *to, UcTextUnit unit)
{
  gsize length = 0;

  for (; from < to; from = g_utf8_next_char (from))
    length += units_of (g_utf8_get_char (from), unit);
  return length;
}

/* Reads on while the part is short enough. White space is only counted when something follows that fits too. */
static void
read_part (Part *part, const char *start)
{
  while (*part->at != '\0')
    {
      const char *end = character_end (part->at);
      gsize length = length_between (part->at, end, part->unit);
      gboolean space = is_space (g_utf8_get_char (part->at));

      if (space && part->at != start)
        {
          read_space (part, end);
          part->length += length;
          continue;
        }
      if (part->length + length > part->max)
        return;
      read_character (part, end, length);
    }
}

/* A code point at a time, but at least one. */
static const char *
cut_character (const Part *part, const char *start)
{
  gsize length = 0;
  const char *at = start;

  do
    {
      length += units_of (g_utf8_get_char (at), part->unit);
      at = g_utf8_next_char (at);
    }
  while (*at != '\0' && length + units_of (g_utf8_get_char (at), part->unit) <= part->max);
  return at;
}

static const char *
choose_cut (const Part *part, const char *start)
{
  for (Cut cut = CUT_PARAGRAPH; cut < CUT_WORD; cut++)
    if (part->cuts[cut] != NULL && part->cut_lengths[cut] * 2 >= part->max)
      return part->cuts[cut];
  if (part->cuts[CUT_WORD] != NULL)
    return part->cuts[CUT_WORD];
  return part->at > start ? part->at : cut_character (part, start);
}

static const char *
skip_space (const char *text)
{
  while (*text != '\0' && is_space (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return text;
}

static gboolean
is_blank (const char *start, const char *end)
{
  return skip_space (start) >= end;
}

/* The end of the part that begins at start. */
static const char *
part_end (const char *start, UcTextUnit unit, gsize max)
{
  Part part = { .unit = unit, .max = max, .at = start };

  read_part (&part, start);
  if (*part.at != '\0')
    return choose_cut (&part, start);
  return part.space != NULL && part.length > max ? part.space : part.at;
}

char **
uc_text_split (const char *text, UcTextUnit unit, gsize max)
{
  GPtrArray *parts = g_ptr_array_new ();

  if (max == 0 || uc_text_length (text, unit) <= max)
    {
      g_ptr_array_add (parts, g_strdup (text));
      text = "";
    }
  while (*text != '\0')
    {
      const char *end = part_end (text, unit, max);

      if (!is_blank (text, end))
        g_ptr_array_add (parts, g_strndup (text, (gsize)(end - text)));
      text = skip_space (end);
    }
  g_ptr_array_add (parts, NULL);
  return (char **)g_ptr_array_free (parts, FALSE);
}
