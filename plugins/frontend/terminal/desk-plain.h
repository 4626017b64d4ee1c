/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The desktop line by line, for screen readers, slow lines and scripts: what happens is said in a line, what is
 * typed is a command behind a slash, an answer to what was asked, or a message to the customer.
 */
#pragma once

#include "desk-app.h"

typedef struct DeskPlain DeskPlain;

DeskPlain *desk_plain_new (DeskApp *app);
void desk_plain_free (DeskPlain *plain);
/* Reads what was typed. FALSE = the input has ended. */
gboolean desk_plain_input (DeskPlain *plain);
/* Says what has not been said yet. After whatever happened. */
void desk_plain_flush (DeskPlain *plain);
