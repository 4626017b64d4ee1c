/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions on text: what is compared, what is searched, what an e-mail address looks like. Any thread.
 */
#ifndef LOCAL_TEXT_H
#define LOCAL_TEXT_H

#include <glib.h>

/* The form in which texts are searched: no case, no accents on Latin, Greek and Cyrillic letters, wide and narrow
 * forms alike. UTF-8 in, freed by the caller. */
char *local_text_fold (const char *text);
/* The form in which e-mail addresses are compared. */
char *local_text_email_key (const char *email);
/* One line: control characters and line breaks become spaces, none at the ends. */
char *local_text_line (const char *text);
/* NULL when it looks like an address, otherwise what is wrong with it. */
const char *local_text_email_problem (const char *email);

/* Adds the text as a JSON string, quotes included. */
void local_json_text (GString *out, const char *text);
/* "gold, silver or bronze"; "none" of an empty list. Freed by the caller. */
char *local_text_list (char **words);

/* What is searched for, folded. */
typedef struct
{
  char *phrase; /* all words, one space between */
  char *words;  /* the same, one per line; "" = no words */
  char *match;  /* FTS5 expression over the words of three characters and more; NULL = there are none */
} LocalNeedle;

LocalNeedle *local_needle_new (const char *text);
void local_needle_free (LocalNeedle *needle);
/* Whether each line of `words` occurs in the haystack. */
gboolean local_needle_in (const char *haystack, const char *words);
/* 0 = a field begins with the phrase, 1 = a word begins with it, 2 = elsewhere. */
int local_needle_rank (const char *haystack, const char *phrase);

/* Adds a field to a haystack: folded, on a line of its own. NULL is fine. */
void local_haystack_add (GString *haystack, const char *text);
/* Adds a telephone number as written and as digits. */
void local_haystack_add_phone (GString *haystack, const char *phone);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalNeedle, local_needle_free)

#endif
