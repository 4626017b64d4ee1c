/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the protocol says in codes, in words for people. Everything that is shown by colour anywhere has a word,
 * too. Nothing here makes text of strangers safe: whoever shows it does. Pure.
 */
#pragma once

#include "desk-json.h"

const char *desk_words_status (const char *status);
/* "You are On Break: no answer to an offer" */
char *desk_words_new_status (const cJSON *me);
/* Why an offer is over. */
const char *desk_words_cause (const char *cause);
/* What became of an agent's message: "delivered", "NOT DELIVERED: why". */
char *desk_words_state (const cJSON *message);
/* The words of a message, and what else it is or brings; may have several lines. */
char *desk_words_message (const cJSON *message);
/* How it stands with saving a chat; NULL = nothing was asked. */
char *desk_words_save (const cJSON *interaction);
/* "0:07", "12:30", "1:02:03"; never negative */
char *desk_words_duration (gint64 ms);
/* "14:05" in local time. */
char *desk_words_clock (gint64 at);
/* "Mon 23 Nov 2026" */
char *desk_words_day (gint64 at);
/* "23 Nov 14:05" */
char *desk_words_moment (gint64 at);
/* Answers of FAQs: {{customer.first_name|there}} becomes what `lookup` knows, or what stands behind the bar, or
 * stays. */
typedef const char *(*DeskLookup) (gpointer data, const char *name);
char *desk_words_fill (const char *text, DeskLookup lookup, gpointer data);
/* The first {{place}} that is left in a text, without braces; *from is where it begins. NULL = none. */
char *desk_words_left (const char *text, gsize *from);
