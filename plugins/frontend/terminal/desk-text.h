/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text of strangers on a terminal: what may be shown of it, how wide it is, how it is wrapped. Nothing a customer
 * writes reaches the terminal otherwise. Pure; widths are those of the C library's locale, which must be UTF-8.
 */
#pragma once

#include <glib.h>

/* What can be shown of a text: control characters become visible ones, those that turn the direction of writing
 * become their names, invisible ones go, heaps of combining marks are cut down, broken UTF-8 becomes U+FFFD. With
 * `lines` newlines stay, otherwise they become spaces, too. Tabs become spaces. NULL is empty. */
char *desk_text_safe (const char *text, gboolean lines);

/* The rest is for safe text. Columns of it (of one line): */
int desk_text_width (const char *text);
/* The first bytes that fit into so many columns; a character is never cut, nor parted from its marks. */
gsize desk_text_bytes (const char *text, int width);
/* Cut to width with an ellipsis when it is longer. */
char *desk_text_cut (const char *text, int width);
/* Lines of at most `width` columns (at least 2), broken between words where that is possible. Of char*. */
GPtrArray *desk_text_wrap (const char *text, int width);

/* Steps of a cursor: from one base character with its marks to the next or the one before; bytes from `text`. */
gsize desk_text_next (const char *text, gsize at);
gsize desk_text_prev (const char *text, gsize at);
