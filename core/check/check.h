/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The conformance kit: plays a core that is slow, busy and contrary, and says what a plugin does wrong. Each check
 * runs in a process of its own, so that a crash is a verdict and not the end. `usherctl plugin check`.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *file;     /* NAME.so */
  const char *settings; /* configuration with a section for it; NULL = made up */
  const char *only;     /* just this check; NULL = all */
  gboolean json;
  gboolean valgrind;
  gboolean list;    /* says what would be checked */
  guint patience_s; /* how long an answer may take; 0 = 10 */
  const char *self; /* program that runs uc_check_child with the arguments it is given; NULL = this one */
} UcCheckOptions;

/* Prints a line for each check and a verdict. Returns the exit status: 0 it passed, 1 it did not, 2 there is
 * nothing that could be checked. */
int uc_check_run (const UcCheckOptions *options);

/* argv[1] of a child; the program passes such a call on before anything else happens in it. */
#define UC_CHECK_CHILD "--plugin-check-child"
int uc_check_child (int argc, char **argv);
