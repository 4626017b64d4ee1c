/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is the database sound after an unclean end? See soundness.h. Main thread.
 */
#include "core/service/soundness.h"

#include "core/service/alarm.h"

static const char *
word (UcStoreCheckState state)
{
  static const char *const words[] = {
    [UC_STORE_CHECK_NONE] = "not_due",  [UC_STORE_CHECK_DUE] = "due",     [UC_STORE_CHECK_RUNNING] = "running",
    [UC_STORE_CHECK_PAUSED] = "paused", [UC_STORE_CHECK_SOUND] = "sound", [UC_STORE_CHECK_DAMAGED] = "damaged",
    [UC_STORE_CHECK_FAILED] = "failed",
  };

  return words[state];
}

static const char *
path_of (UcCore *core)
{
  return uc_settings_string (core->plan->store, "path");
}

static void
on_checked (gpointer data, UcStoreResult result, const char *why)
{
  UcCore *core = data;
  UcStoreCheck check;

  uc_store_check_figures (core->store, &check);
  if (core->stopping)
    return; /* the next process begins anew */
  if (result == UC_STORE_OK)
    g_message ("every page of the database was looked at in %.1f s: it is sound", (double)check.us / 1e6);
  else if (result == UC_STORE_UNKNOWN)
    uc_alarm_raise (
        core, "database",
        "the database %s is damaged (%s): what lies there can't be read or is wrong; work goes on, but "
        "the daemon will not start again with it; stop it at a quiet moment and put the last good "
        "backup in its place with \"usherctl restore\", or save what can be read with: sqlite3 %s "
        ".recover",
        path_of (core), why, path_of (core));
  else
    uc_alarm_raise (core, "database",
                    "whether the database %s is sound after the unclean end can't be told: %s; it is looked at "
                    "again when the daemon starts the next time",
                    path_of (core), why);
}

void
uc_soundness_begin (UcCore *core)
{
  UcStoreCheck check;

  if (!uc_store_check (core->store, on_checked, core))
    return;
  uc_store_check_figures (core->store, &check);
  g_message ("the last end was not clean: what was written last is sound, the rest of the database (%.0f MiB) is "
             "looked at while the daemon works",
             (double)check.file_size / (1024 * 1024));
}

void
uc_soundness_view (GString *out, UcCore *core)
{
  UcStoreCheck check;

  uc_store_check_figures (core->store, &check);
  uc_json_begin_object (out, "database");
  uc_json_add_string (out, "check", word (check.state));
  uc_json_add_int (out, "seconds", check.us / G_USEC_PER_SEC);
  uc_json_add_int (out, "bytes", check.file_size);
  uc_json_add_int (out, "pauses", check.pauses);
  uc_json_end (out);
}

void
uc_soundness_metrics (UcCore *core, UcMetrics *metrics)
{
  UcStoreCheck check;

  uc_store_check_figures (core->store, &check);
  uc_metrics_gauge (metrics, "usher_store_bytes", "Size of the database and its log.", NULL,
                    (double)check.file_size);
  for (UcStoreCheckState state = UC_STORE_CHECK_NONE; state <= UC_STORE_CHECK_FAILED; state++)
    {
      g_autofree char *label = uc_metrics_label ("state", word (state));

      uc_metrics_gauge (metrics, "usher_store_check",
                        "1 for how it stands with the look at every page after an unclean end.", label,
                        state == check.state);
    }
  uc_metrics_gauge (metrics, "usher_store_check_seconds", "How long that has taken so far.", NULL,
                    (double)check.us / 1e6);
}
