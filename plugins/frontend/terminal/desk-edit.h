/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text that is being written, with a cursor in it. The text is what was typed; what is shown of it is made safe
 * by whoever shows it. Pure.
 */
#pragma once

#include <glib.h>

typedef struct
{
  GString *text;
  gsize at; /* cursor, in bytes */
} DeskEdit;

typedef enum
{
  DESK_EDIT_LEFT,
  DESK_EDIT_RIGHT,
  DESK_EDIT_WORD_LEFT,
  DESK_EDIT_WORD_RIGHT,
  DESK_EDIT_HOME, /* of the line */
  DESK_EDIT_END,
  DESK_EDIT_BACKSPACE,
  DESK_EDIT_DELETE,
  DESK_EDIT_WORD_BACK, /* deletes the word before the cursor */
  DESK_EDIT_KILL,      /* deletes to the end of the line */
  DESK_EDIT_CLEAR
} DeskEditMove;

void desk_edit_init (DeskEdit *edit, const char *text);
void desk_edit_clear (DeskEdit *edit);
void desk_edit_set (DeskEdit *edit, const char *text);
/* Control characters but newlines are left out. */
void desk_edit_insert (DeskEdit *edit, const char *text);
void desk_edit_move (DeskEdit *edit, DeskEditMove move);
gboolean desk_edit_is_empty (const DeskEdit *edit); /* but for white space */
