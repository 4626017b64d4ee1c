/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text as networks measure it: how long it is in a network's unit, and how to part what is too long. Any thread.
 */
#pragma once

#include <glib.h>

typedef enum
{
  UC_TEXT_CODE_POINTS = 0,
  UC_TEXT_BYTES = 1,
  UC_TEXT_UTF16 = 2
} UcTextUnit; /* the values of UsherChannelCapabilities.text_unit */

/* As g_utf8_validate_len: also FALSE for a NUL among the `len` bytes. Most text is ASCII, which is looked at eight
 * bytes at a time. `end`: of the valid part, or NULL. */
gboolean uc_text_is_utf8 (const char *text, gsize len, const char **end);

gsize uc_text_length (const char *text, UcTextUnit unit);

/* Parts of at most `max` units, NULL-terminated; max 0 = one part. Cuts after a paragraph, else a line, a sentence
 * (these three where the part is at least half full), a word, else between characters a person sees as one: never
 * inside a flag, an emoji with a skin colour or a joined family, a letter with its accents, unless one alone is
 * longer than max, and never inside a code point. White space at a cut is dropped; otherwise the parts joined are
 * the text. Text of nothing but white space that is too long has no parts. */
char **uc_text_split (const char *text, UcTextUnit unit, gsize max);
