/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a plugin host may still do once a plugin is opened in it. Main thread, before there is another one.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *file;            /* the plugin: its folder is readable */
  const char *data_dir;        /* may be written; NULL = nothing */
  const char *const *writable; /* further folders; NULL = none */
} UcConfine;

/* Cannot be undone. Returns what was done in words, to be logged; NULL with an error when the least (no new
 * privileges, limits) can't be had. What the kernel or the build lacks is named in the words. */
char *uc_confine (const UcConfine *confine, GError **error);
