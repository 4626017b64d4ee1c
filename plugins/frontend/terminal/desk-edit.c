/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text that is being written. Pure.
 */
#include "desk-edit.h"

#include <string.h>

#include "desk-text.h"

void
desk_edit_init (DeskEdit *edit, const char *text)
{
  edit->text = g_string_new (text);
  edit->at = edit->text->len;
}

void
desk_edit_clear (DeskEdit *edit)
{
  if (edit->text != NULL)
    {
      /* It may have been a password. */
      memset (edit->text->str, 0, edit->text->len);
      g_string_free (edit->text, TRUE);
    }
  edit->text = NULL;
}

void
desk_edit_set (DeskEdit *edit, const char *text)
{
  g_string_assign (edit->text, text);
  edit->at = edit->text->len;
}

void
desk_edit_insert (DeskEdit *edit, const char *text)
{
  g_autoptr (GString) good = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\t')
        g_string_append_c (good, ' ');
      else if (c == '\n' || (c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0)))
        g_string_append_unichar (good, c);
    }
  g_string_insert (edit->text, (gssize)edit->at, good->str);
  edit->at += good->len;
}

static gboolean
is_space (const DeskEdit *edit, gsize at)
{
  return g_ascii_isspace (edit->text->str[at]);
}

static gsize
word_left (const DeskEdit *edit)
{
  gsize at = edit->at;

  while (at > 0 && is_space (edit, at - 1))
    at--;
  while (at > 0 && !is_space (edit, at - 1))
    at--;
  return at;
}

static gsize
word_right (const DeskEdit *edit)
{
  gsize at = edit->at;

  while (at < edit->text->len && is_space (edit, at))
    at++;
  while (at < edit->text->len && !is_space (edit, at))
    at++;
  return at;
}

static void
erase (DeskEdit *edit, gsize from, gsize to)
{
  g_string_erase (edit->text, (gssize)from, (gssize)(to - from));
  edit->at = from;
}

static gsize
line_end (const DeskEdit *edit)
{
  const char *end = strchr (edit->text->str + edit->at, '\n');

  return end != NULL ? (gsize)(end - edit->text->str) : edit->text->len;
}

static gsize
line_home (const DeskEdit *edit)
{
  gsize at = edit->at;

  while (at > 0 && edit->text->str[at - 1] != '\n')
    at--;
  return at;
}

void
desk_edit_move (DeskEdit *edit, DeskEditMove move)
{
  const char *text = edit->text->str;

  switch (move)
    {
    case DESK_EDIT_LEFT:
      edit->at = desk_text_prev (text, edit->at);
      break;
    case DESK_EDIT_RIGHT:
      edit->at = desk_text_next (text, edit->at);
      break;
    case DESK_EDIT_WORD_LEFT:
      edit->at = word_left (edit);
      break;
    case DESK_EDIT_WORD_RIGHT:
      edit->at = word_right (edit);
      break;
    case DESK_EDIT_HOME:
      edit->at = line_home (edit);
      break;
    case DESK_EDIT_END:
      edit->at = line_end (edit);
      break;
    case DESK_EDIT_BACKSPACE:
      erase (edit, desk_text_prev (text, edit->at), edit->at);
      break;
    case DESK_EDIT_DELETE:
      erase (edit, edit->at, desk_text_next (text, edit->at));
      break;
    case DESK_EDIT_WORD_BACK:
      erase (edit, word_left (edit), edit->at);
      break;
    case DESK_EDIT_KILL:
      erase (edit, edit->at, line_end (edit));
      break;
    case DESK_EDIT_CLEAR:
      erase (edit, 0, edit->text->len);
      break;
    }
}

gboolean
desk_edit_is_empty (const DeskEdit *edit)
{
  return edit->text->str[strspn (edit->text->str, " \n")] == '\0';
}
