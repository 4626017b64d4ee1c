/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text of strangers on a terminal. Pure.
 */
#include "desk-text.h"

#include <string.h>
#include <wchar.h>

/* More marks on one character than any language writes would climb into the lines above. */
#define MARKS_MAX 4
#define TAB 4

/* ---- what may be shown ---------------------------------------------------------------------------------- */

static gboolean
turns_direction (gunichar c)
{
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Characters without a picture of their own that only move others about: direction marks, joiners, variation
 * selectors, byte order marks, tags. Terminals disagree about their width, which would break the screen. */
static gboolean
is_dropped (gunichar c)
{
  return (c >= 0x200b && c <= 0x200f) || c == 0x061c || c == 0x2060 || c == 0xfeff || c == 0x00ad
         || (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe0fff) || (c >= 0x206a && c <= 0x206f);
}

static void
append_control (GString *out, gunichar c, gboolean lines)
{
  if (c == '\n')
    g_string_append_c (out, lines ? '\n' : ' ');
  else if (c == '\t')
    g_string_append_printf (out, "%*s", TAB, "");
  else if (c < 0x20)
    g_string_append_unichar (out, 0x2400 + c);
  else if (c == 0x7f)
    g_string_append_unichar (out, 0x2421);
  else if (c == 0x2028 || c == 0x2029 || c == 0x85)
    g_string_append_c (out, lines ? '\n' : ' ');
  else
    g_string_append_unichar (out, 0xfffd);
}

static gboolean
is_control (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

char *
desk_text_safe (const char *text, gboolean lines)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *out = g_string_sized_new (strlen (valid));
  int last_width = 0, marks = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      int width = wcwidth ((wchar_t)c);

      if (c == '\r' && p[1] == '\n')
        continue;
      if (is_dropped (c))
        continue;
      if (turns_direction (c))
        g_string_append_printf (out, "<U+%04X>", c);
      else if (is_control (c))
        append_control (out, c, lines);
      else if (width < 0)
        g_string_append_unichar (out, 0xfffd);
      else if (width == 0 && (last_width == 0 || ++marks > MARKS_MAX))
        {
          /* A mark needs something to stand on. */
          if (last_width == 0)
            g_string_append_printf (out, " %.*s", (int)(g_utf8_next_char (p) - p), p);
        }
      else
        g_string_append_len (out, p, g_utf8_next_char (p) - p);
      if (width != 0 || last_width == 0)
        {
          last_width = is_control (c) && c == '\n' ? 0 : MAX (width, 1);
          marks = 0;
        }
    }
  return g_string_free (out, FALSE);
}

/* ---- widths --------------------------------------------------------------------------------------------- */

static int
width_of (const char *p)
{
  return MAX (wcwidth ((wchar_t)g_utf8_get_char (p)), 0);
}

int
desk_text_width (const char *text)
{
  int width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += width_of (p);
  return width;
}

gsize
desk_text_bytes (const char *text, int width)
{
  const char *p;

  for (p = text; *p != '\0' && *p != '\n'; p = g_utf8_next_char (p))
    {
      width -= width_of (p);
      if (width < 0)
        break;
    }
  return (gsize)(p - text);
}

char *
desk_text_cut (const char *text, int width)
{
  if (width <= 0)
    return g_strdup ("");
  if (desk_text_width (text) <= width)
    return g_strdup (text);
  return g_strdup_printf ("%.*s…", (int)desk_text_bytes (text, width - 1), text);
}

gsize
desk_text_next (const char *text, gsize at)
{
  const char *p = text + at;

  if (*p == '\0')
    return at;
  for (p = g_utf8_next_char (p); *p != '\0' && *p != '\n' && width_of (p) == 0; p = g_utf8_next_char (p))
    ;
  return (gsize)(p - text);
}

gsize
desk_text_prev (const char *text, gsize at)
{
  const char *p = text + at;

  while (p > text)
    {
      p = g_utf8_prev_char (p);
      if (*p == '\n' || width_of (p) > 0)
        break;
    }
  return (gsize)(p - text);
}

/* ---- wrapping ------------------------------------------------------------------------------------------- */

/* Where to break a line of which `fits` bytes fit: after its last space, else where it must be. */
static gsize
break_at (const char *line, gsize fits)
{
  gsize at;

  if (line[fits] == ' ')
    return fits;
  for (at = fits; at > 0; at--)
    if (line[at - 1] == ' ')
      return at;
  return fits > 0 ? fits : desk_text_next (line, 0);
}

static void
wrap_line (GPtrArray *lines, const char *line, int width)
{
  for (;;)
    {
      gsize fits = desk_text_bytes (line, width), at, end;

      if (line[fits] == '\0')
        {
          g_ptr_array_add (lines, g_strdup (line));
          return;
        }
      at = end = break_at (line, fits);
      while (end > 0 && line[end - 1] == ' ')
        end--;
      /* A line of spaces alone is not worth a break. */
      g_ptr_array_add (lines, g_strndup (line, end > 0 ? end : at));
      line += at;
      while (*line == ' ')
        line++;
    }
}

GPtrArray *
desk_text_wrap (const char *text, int width)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = g_strsplit (text, "\n", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    wrap_line (lines, parts[i], MAX (width, 2));
  if (lines->len == 0)
    g_ptr_array_add (lines, g_strdup (""));
  return lines;
}
