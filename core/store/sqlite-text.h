/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text as the searches see it. SQLite's own tokenizers know neither scripts without spaces nor parts of words, so
 * what they get is made here: pieces separated by spaces, of nothing but letters to them. Any thread. Only for
 * core/store.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

/* What two texts have in common that a reader would call the same: no case, no accents of Latin, Greek and
 * Cyrillic, wide and narrow forms alike, and without the invisible characters of bidirectional text and emoji. */
char *uc_text_fold (const char *text);
/* Appends each piece of one to three characters of a folded text, none across white space. */
void uc_text_pieces (const char *folded, GString *out);
/* The words of a text; of scripts that don't part words, each pair of characters. */
char *uc_text_words (const char *text);

/* The needle's words, folded: char*. */
GPtrArray *uc_text_needle_words (const char *needle);
/* The same as a JSON array; NULL when there is none. */
char *uc_text_needle (const char *needle);
/* FTS5 expressions. Of `transcript`: documents in which all words of the needle may be found, as one string or
 * another. Of `faq_text`: those that have all words, or any. */
char *uc_text_match_pieces (const char *needle);
char *uc_text_match_words (const char *text, gboolean any);

/* usher_fold (text) and usher_words (text) in SQL. */
int uc_text_register (sqlite3 *db);
