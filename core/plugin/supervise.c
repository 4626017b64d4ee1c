/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rule of restarts, see supervise.h. Any thread.
 */
#include "core/plugin/supervise.h"

const UcSuperviseRule uc_supervise_rule = {
  .pause = 1000, .pause_max = 60000, .calm = 60000, .window = 60000, .limit = 5, .quarantine = 10 * 60 * 1000
};

static guint
crashes_since (const UcSupervise *supervise, gint64 since)
{
  guint n = 0;

  for (guint i = 0; i < MIN (supervise->count, UC_SUPERVISE_MEMORY); i++)
    n += supervise->crashes[i] > since;
  return n;
}

static gint64
last_crash (const UcSupervise *supervise)
{
  return supervise->crashes[(supervise->count - 1) % UC_SUPERVISE_MEMORY];
}

gint64
uc_supervise_crashed (UcSupervise *supervise, const UcSuperviseRule *rule, gint64 now, int dice)
{
  gint64 pause = supervise->quarantined ? rule->quarantine : rule->pause;
  /* The pause we made ourselves is no calm. */
  gboolean calm = supervise->count == 0
                  || now - last_crash (supervise) > rule->calm + (supervise->quarantined ? pause * 5 / 4 : 0);

  if (calm)
    supervise->in_a_row = 0;
  supervise->crashes[supervise->count % UC_SUPERVISE_MEMORY] = now;
  supervise->count++;
  supervise->in_a_row++;
  /* One that is let out and dies again goes straight back. */
  supervise->quarantined = (supervise->quarantined && !calm)
                           || crashes_since (supervise, now - rule->window) >= rule->limit
                           || crashes_since (supervise, now - UC_SUPERVISE_LONG_MS) >= UC_SUPERVISE_MEMORY;
  if (supervise->quarantined)
    pause = rule->quarantine;
  else
    pause = MIN (rule->pause << MIN (supervise->in_a_row - 1, 16), rule->pause_max);
  return pause + pause * CLAMP (dice, -200, 200) / 1000;
}

void
uc_supervise_forgive (UcSupervise *supervise)
{
  *supervise = (UcSupervise){ 0 };
}
