/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fuzz target is one file with what is declared below, as libFuzzer calls them. Built with clang and
 * --enable-fuzzing it is a libFuzzer program; otherwise replay.c calls it with each file of its corpus and with
 * variations of them. A target ends the process when a rule is broken; a refusal is no fault.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
/* How many variations `make check` tries: a second's worth. */
extern const guint fuzz_variations;

/* A rule that must hold for every input. */
#define HOLDS(condition)                                                                                          \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    if (!(condition))                                                                                             \
      g_error ("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition);                                       \
  }                                                                                                               \
  G_STMT_END

/* The input as a string: NUL-terminated, at its exact length, so that a sanitizer sees a byte too far. */
static inline char *
fuzz_string (const uint8_t *data, size_t size)
{
  char *text = g_malloc (size + 1);

  if (size > 0)
    memcpy (text, data, size);
  text[size] = '\0';
  return text;
}

/* Warnings about bad input are what we want, not what we want to read. */
static inline GLogWriterOutput
fuzz_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  return (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0 ? g_log_writer_default (level, fields, n, data)
                                                                   : G_LOG_WRITER_HANDLED;
}

/* Once, from LLVMFuzzerInitialize. */
static inline void
fuzz_quiet (void)
{
  g_log_set_writer_func (fuzz_log, NULL, NULL);
}
