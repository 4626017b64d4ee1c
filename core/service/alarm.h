/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alarms: what is wrong with the daemon right now and needs a person. Each has a name that does not change
 * ("disk", "invariant", "outbox.dead"), is raised once and stands until it is cleared. It is logged, listed by
 * system.status and `usherctl status`, exported as usher_alarm{name="..."} and shown to supervisors. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

typedef struct
{
  char *name;
  char *text; /* what, where, why, what to do: one or two sentences */
  gint64 since;
} UcAlarm;

GPtrArray *uc_alarms_new (void); /* of UcAlarm* */

/* The same name again replaces the text; logged when it is new or the text has changed. */
void uc_alarm_raise (UcCore *core, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Nothing happens if it does not stand. */
void uc_alarm_clear (UcCore *core, const char *name);
const UcAlarm *uc_alarm_find (UcCore *core, const char *name);
/* "alarms":[{"name","text","since"},...] */
void uc_alarms_view (GString *out, const UcCore *core);
void uc_alarms_metrics (UcCore *core, UcMetrics *metrics);
