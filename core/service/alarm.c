/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is wrong right now, see alarm.h. Main thread.
 */
#include "core/service/alarm.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/service/desk.h"

static void
alarm_free (gpointer data)
{
  UcAlarm *alarm = data;

  g_free (alarm->name);
  g_free (alarm->text);
  g_free (alarm);
}

GPtrArray *
uc_alarms_new (void)
{
  return g_ptr_array_new_with_free_func (alarm_free);
}

static UcAlarm *
find (UcCore *core, const char *name)
{
  for (guint i = 0; i < core->alarms->len; i++)
    if (strcmp (((UcAlarm *)core->alarms->pdata[i])->name, name) == 0)
      return core->alarms->pdata[i];
  return NULL;
}

const UcAlarm *
uc_alarm_find (UcCore *core, const char *name)
{
  return find (core, name);
}

void
uc_alarm_raise (UcCore *core, const char *name, const char *format, ...)
{
  UcAlarm *alarm = find (core, name);
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (alarm != NULL && strcmp (alarm->text, text) == 0)
    {
      g_free (text);
      return;
    }
  if (alarm == NULL)
    {
      alarm = g_new0 (UcAlarm, 1);
      alarm->name = g_strdup (name);
      alarm->since = uc_clock_now ();
      g_ptr_array_add (core->alarms, alarm);
    }
  g_free (alarm->text);
  alarm->text = text;
  g_warning ("alarm %s: %s", name, text);
  uc_desks_alarms_changed (core->desks);
}

void
uc_alarm_clear (UcCore *core, const char *name)
{
  UcAlarm *alarm = find (core, name);

  if (alarm == NULL)
    return;
  g_message ("alarm %s is over: %s", name, alarm->text);
  g_ptr_array_remove (core->alarms, alarm);
  uc_desks_alarms_changed (core->desks);
}

void
uc_alarms_view (GString *out, const UcCore *core)
{
  uc_json_begin_array (out, "alarms");
  for (guint i = 0; i < core->alarms->len; i++)
    {
      const UcAlarm *alarm = core->alarms->pdata[i];

      uc_json_begin_object (out, NULL);
      uc_json_add_string (out, "name", alarm->name);
      uc_json_add_string (out, "text", alarm->text);
      uc_json_add_int (out, "since", alarm->since);
      uc_json_end (out);
    }
  uc_json_end_array (out);
}

void
uc_alarms_metrics (UcCore *core, UcMetrics *metrics)
{
  uc_metrics_gauge (metrics, "usher_alarms", "Alarms that stand.", NULL, core->alarms->len);
  for (guint i = 0; i < core->alarms->len; i++)
    {
      g_autofree char *label = uc_metrics_label ("name", ((UcAlarm *)core->alarms->pdata[i])->name);

      uc_metrics_gauge (metrics, "usher_alarm", "1 for each alarm that stands.", label, 1);
    }
}
