/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stored message as the line that a channel gets. Main thread.
 */
#pragma once

#include <usher/channel.h>

#include "core/base/event.h"

typedef struct UcLine UcLine;

/* Borrows all texts from row and identity; holds what has to be made: the attachments. */
UcLine *uc_line_new (const UcEvent *row, const char *identity);
void uc_line_free (UcLine *line);
/* The ABI's struct, to be filled further. */
UsherLine *uc_line_get (UcLine *line);

UsherAuthor uc_author_from_word (const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcLine, uc_line_free)
