/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The desktop on a whole screen, by ncurses. One screen for each process, as ncurses has it.
 */
#pragma once

#include "desk-app.h"

typedef struct DeskScreen DeskScreen;

/* Takes the terminal. NULL: *why says why it can't be used; free it. */
DeskScreen *desk_screen_new (DeskApp *app, char **why);
/* Gives it back as it was. */
void desk_screen_free (DeskScreen *screen);
/* Reads what was typed. FALSE = the terminal is gone. */
gboolean desk_screen_input (DeskScreen *screen);
void desk_screen_draw (DeskScreen *screen);
