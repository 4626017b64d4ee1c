/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How frames travel over the local socket: each is one line, its JSON text followed by a newline. JSON never holds
 * a raw newline, so nothing needs to be escaped. Used by the plugin and by usher-desk; pure, any thread.
 */
#pragma once

#include <glib.h>

/* What a client may send in one frame, and what it must be able to take. */
#define TERMINAL_FRAME_IN_MAX (256 * 1024)
#define TERMINAL_FRAME_OUT_MAX (16 * 1024 * 1024)

typedef enum
{
  TERMINAL_SPLIT_MORE,     /* no whole frame is there yet */
  TERMINAL_SPLIT_FRAME,    /* here is one */
  TERMINAL_SPLIT_TOO_LONG, /* the peer sends a line longer than allowed; nothing more can be read */
  TERMINAL_SPLIT_BINARY    /* the peer sends NUL bytes, so it is no text; nothing more can be read */
} TerminalSplitResult;

typedef struct
{
  GString *bytes;
  gsize from;    /* begin of the next line */
  gsize scanned; /* no newline before this */
  gsize max;
} TerminalSplit;

void terminal_split_init (TerminalSplit *split, gsize max);
void terminal_split_clear (TerminalSplit *split);
/* Forgets half a frame, for a new connection. */
void terminal_split_reset (TerminalSplit *split);
void terminal_split_push (TerminalSplit *split, const char *data, gsize len);
/* The next frame without its newline, NUL-terminated, valid until the next push. Empty lines are skipped. */
TerminalSplitResult terminal_split_next (TerminalSplit *split, const char **frame, gsize *len);
