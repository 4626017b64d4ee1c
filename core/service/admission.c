/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Admission: reasons that are set, those that follow from the daemon's state, and how far the store is behind.
 * Main thread.
 */
#include "core/service/admission.h"

#include "core/base/error.h"
#include "core/service/drain.h"
#include "core/service/hold.h"
#include "core/service/intake.h"
#include "core/service/metrics.h"

/* A person at a desk feels a pause of this length, and a caller's own time limit is near. */
#define STALLED_US (2 * G_USEC_PER_SEC)
/* A store that answers so soon may be given a whole transaction's rows ahead. */
#define PROMPT_US (G_USEC_PER_SEC / 50)

typedef enum
{
  WHY_STOPPING = UC_SHUT_REASONS,
  WHY_RECOVERING,
  WHYS
} Why;

static const char *const why_words[WHYS] = { "disk", "overload", "stopping", "recovering" };
static const char *const work_words[UC_WORK_CLASSES]
    = { "presence", "agent", "customer", "history", "statistics" };

struct UcAdmission
{
  char *text[UC_SHUT_REASONS]; /* NULL = this reason does not hold */
  UcWork from[UC_SHUT_REASONS];
  guint64 refused[WHYS][UC_WORK_CLASSES];
};

UcAdmission *
uc_admission_new (void)
{
  return g_new0 (UcAdmission, 1);
}

void
uc_admission_free (UcAdmission *admission)
{
  for (guint i = 0; i < UC_SHUT_REASONS; i++)
    g_free (admission->text[i]);
  g_free (admission);
}

void
uc_admission_shut (UcCore *core, UcShut reason, UcWork from, const char *format, ...)
{
  UcAdmission *admission = core->admission;
  va_list args;

  g_free (admission->text[reason]);
  va_start (args, format);
  admission->text[reason] = g_strdup_vprintf (format, args);
  va_end (args);
  admission->from[reason] = from;
}

void
uc_admission_open (UcCore *core, UcShut reason)
{
  g_clear_pointer (&core->admission->text[reason], g_free);
}

gboolean
uc_admission_is_shut (UcCore *core, UcShut reason, UcWork work)
{
  return core->admission->text[reason] != NULL && work >= core->admission->from[reason];
}

/* Commits keep their order: an agent's waits for those that are queued and for the one that runs. So no more is
 * stepped than one transaction takes, and customers' deliveries wait in front of the engine (intake.c), where
 * agents' work passes them; half of that where the store takes long for it. Counted in transactions and not in
 * time, so that a slow disk, which takes long for each but the same number, is not taken for overload. */
gboolean
uc_admission_may_step (UcCore *core)
{
  UcStorePressure pressure;

  uc_store_pressure (core->store, &pressure);
  return pressure.waiting_rows < pressure.rows_per_commit / 2
         || (pressure.waiting_rows < pressure.rows_per_commit && pressure.oldest_us < PROMPT_US);
}

static gboolean
is_behind (UcCore *core, UcWork work)
{
  UcStorePressure pressure;

  uc_store_pressure (core->store, &pressure);
  if (pressure.oldest_us > STALLED_US)
    return TRUE;
  return work == UC_WORK_CUSTOMER ? !uc_intake_has_room (core->intake)
                                  : pressure.waiting_rows > pressure.rows_per_commit / 2;
}

void
uc_admission_queues (UcCore *core, GArray *queues)
{
  guint64 refused = 0;
  UcStorePressure pressure;

  uc_store_pressure (core->store, &pressure);
  for (guint work = 0; work < UC_WORK_CLASSES; work++)
    refused += core->admission->refused[UC_SHUT_OVERLOAD][work];
  uc_queues_add (queues, "store.commits", pressure.waiting_rows, pressure.rows_per_commit, refused);
}

static gboolean
refuse (UcCore *core, Why why, UcWork work, UcError code, const char *text, GError **error)
{
  core->admission->refused[why][work]++;
  g_set_error_literal (error, UC_ERROR, code, text);
  return FALSE;
}

gboolean
uc_core_admits (UcCore *core, UcWork work, GError **error)
{
  if (core->stopping || uc_drain_phase (core) >= UC_DRAIN_SETTLING)
    return refuse (core, WHY_STOPPING, work, UC_ERROR_BUSY, "the server is stopping; try again in a few seconds",
                   error);
  if (core->held != NULL && work <= UC_WORK_CUSTOMER)
    return refuse (core, (Why)UC_SHUT_DISK, work, UC_ERROR_UNAVAILABLE, UC_HELD_TEXT, error);
  if (core->recovering && work <= UC_WORK_CUSTOMER)
    return refuse (core, WHY_RECOVERING, work, UC_ERROR_BUSY,
                   "the store did not take the last change and is being read again; try again in a moment", error);
  /* Reading needs no room. */
  if (work <= UC_WORK_CUSTOMER && uc_admission_is_shut (core, UC_SHUT_DISK, work))
    return refuse (core, (Why)UC_SHUT_DISK, work, UC_ERROR_UNAVAILABLE, core->admission->text[UC_SHUT_DISK],
                   error);
  if (uc_admission_is_shut (core, UC_SHUT_OVERLOAD, work))
    return refuse (core, (Why)UC_SHUT_OVERLOAD, work, UC_ERROR_BUSY, core->admission->text[UC_SHUT_OVERLOAD],
                   error);
  if (work >= UC_WORK_CUSTOMER && is_behind (core, work))
    return refuse (core, (Why)UC_SHUT_OVERLOAD, work, UC_ERROR_BUSY,
                   "more comes in than can be stored just now; try again in a second", error);
  return TRUE;
}

void
uc_admission_metrics (UcCore *core, UcMetrics *metrics)
{
  for (guint why = 0; why < WHYS; why++)
    for (guint work = 0; work < UC_WORK_CLASSES; work++)
      {
        g_autofree char *reason = uc_metrics_label ("reason", why_words[why]);
        g_autofree char *class = uc_metrics_label ("work", work_words[work]);
        g_autofree char *labels = g_strconcat (reason, ",", class, NULL);

        uc_metrics_counter (metrics, "usher_refused_total", "Work that was refused, by reason and class.", labels,
                            (double)core->admission->refused[why][work]);
      }
}
