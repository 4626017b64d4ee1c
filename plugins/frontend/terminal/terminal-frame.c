/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cuts a stream of bytes into frames. Pure, any thread.
 */
#include "terminal-frame.h"

#include <string.h>

void
terminal_split_init (TerminalSplit *split, gsize max)
{
  *split = (TerminalSplit){ .bytes = g_string_new (NULL), .max = max };
}

void
terminal_split_clear (TerminalSplit *split)
{
  if (split->bytes != NULL)
    g_string_free (split->bytes, TRUE);
  split->bytes = NULL;
}

void
terminal_split_reset (TerminalSplit *split)
{
  g_string_truncate (split->bytes, 0);
  split->from = split->scanned = 0;
}

void
terminal_split_push (TerminalSplit *split, const char *data, gsize len)
{
  g_string_erase (split->bytes, 0, (gssize)split->from);
  split->scanned -= split->from;
  split->from = 0;
  g_string_append_len (split->bytes, data, (gssize)len);
}

TerminalSplitResult
terminal_split_next (TerminalSplit *split, const char **frame, gsize *len)
{
  for (;;)
    {
      char *begin = split->bytes->str + split->from;
      gsize rest = split->bytes->len - split->from;
      char *end = memchr (split->bytes->str + split->scanned, '\n', split->bytes->len - split->scanned);

      *frame = begin;
      *len = end != NULL ? (gsize)(end - begin) : rest;
      if (*len > split->max)
        return TERMINAL_SPLIT_TOO_LONG;
      if (end == NULL)
        {
          split->scanned = split->bytes->len;
          return TERMINAL_SPLIT_MORE;
        }
      if (memchr (begin, '\0', *len) != NULL)
        return TERMINAL_SPLIT_BINARY;
      *end = '\0';
      split->from = split->scanned = split->from + *len + 1;
      if (*len > 0)
        return TERMINAL_SPLIT_FRAME;
    }
}
