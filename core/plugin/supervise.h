/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When a plugin host that died is started again, and when it is not for a while: a rule without clock, dice or
 * processes. Any thread.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gint64 pause; /* before the first restart, ms; doubles with each crash in a row */
  gint64 pause_max;
  gint64 calm;   /* so long without a crash, and it begins anew */
  gint64 window; /* `limit` crashes within it are too many */
  guint limit;
  gint64 quarantine; /* the pause then */
} UcSuperviseRule;

/* 1 s doubling to 60 s; anew after 60 s; 5 within 60 s or 20 within an hour: 10 min. */
extern const UcSuperviseRule uc_supervise_rule;

#define UC_SUPERVISE_MEMORY 20
#define UC_SUPERVISE_LONG_MS (60 * 60 * 1000)

typedef struct
{
  gint64 crashes[UC_SUPERVISE_MEMORY]; /* times of the last ones, a ring */
  guint count;                         /* of all */
  guint in_a_row;
  gboolean quarantined; /* the last verdict */
} UcSupervise;

/* It died at `now` (any clock, ms). dice: -200..200, a fifth either way, in thousandths. Returns the pause. */
gint64 uc_supervise_crashed (UcSupervise *supervise, const UcSuperviseRule *rule, gint64 now, int dice);
/* A person says that it is mended. */
void uc_supervise_forgive (UcSupervise *supervise);
