/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the files that draw the screen: a rectangle, and writing into it. Everything that is written goes
 * through desk_draw, which makes it safe.
 */
#pragma once

#include "desk-app.h"

/* How something is shown; ncurses' attributes stay in desk-screen.c. */
typedef enum
{
  DESK_LOOK_PLAIN,
  DESK_LOOK_BOLD,
  DESK_LOOK_DIM,
  DESK_LOOK_BAR,     /* reversed */
  DESK_LOOK_WARNING, /* bold and, with colours, red */
  DESK_LOOK_OFFER,   /* what must not be overlooked */
  DESK_LOOK_UNDERLINE
} DeskLook;

typedef struct
{
  int row, col, rows, cols;
} DeskBox;

/* One line of text in a row of the box, from column `at` on, cut at its end; returns the column after it. */
int desk_draw (const DeskBox *box, int row, int at, DeskLook look, const char *text);
/* The same, and blanks of that look to the end of the row. */
void desk_draw_bar (const DeskBox *box, int row, DeskLook look, const char *text);
/* Where the cursor is to be. */
void desk_draw_cursor (const DeskBox *box, int row, int col);
/* A text that is being edited; the part around the cursor when it is longer than the rows. Returns the rows it
 * wants in all. `cursor`: it has the keys. With rows 0 nothing is drawn. */
int desk_draw_edit (const DeskBox *box, const DeskEdit *edit, gboolean cursor);

/* desk-screen-chat.c */
void desk_draw_status (DeskApp *app, const DeskBox *box);
void desk_draw_chats (DeskApp *app, const DeskBox *box);
int desk_draw_offer_rows (DeskApp *app);
void desk_draw_offer (DeskApp *app, const DeskBox *box);
void desk_draw_conversation (DeskApp *app, const DeskBox *box);
void desk_draw_divider (DeskApp *app, const DeskBox *box);

/* desk-screen-page.c */
/* How many it would fill. */
int desk_draw_page_rows (int cols, DeskPage *page);
void desk_draw_page (DeskApp *app, const DeskBox *box, DeskPage *page);
