/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the daemon takes new work just now: the one place that says no, early and with a reason. What was
 * accepted is never dropped; what can't be accepted is refused before it costs much. Main thread.
 */
#pragma once

#include "core/base/metrics.h"
#include "core/service/core.h"

/* From what is given up last to what is given up first. */
typedef enum
{
  UC_WORK_PRESENCE,   /* accept, reject, status, end of a chat, whether a desk is there: never refused for load */
  UC_WORK_AGENT,      /* what agents write and save */
  UC_WORK_CUSTOMER,   /* what customers write, files of theirs */
  UC_WORK_HISTORY,    /* playback, search */
  UC_WORK_STATISTICS, /* figures, lists of everything */
  UC_WORK_CLASSES
} UcWork;

/* Reasons that somebody sets and takes back. Two more follow from the daemon's state: it stops, or the engine is
 * being read again (both refuse everything that would be stored). */
typedef enum
{
  UC_SHUT_DISK,
  UC_SHUT_OVERLOAD,
  UC_SHUT_REASONS
} UcShut;

UcAdmission *uc_admission_new (void);
void uc_admission_free (UcAdmission *admission);

/* From now on work of the class `from` and of those after it is refused. The text tells who is refused what is
 * wrong and what to do ("the disk is full; ..."); the same reason again replaces class and text. */
void uc_admission_shut (UcCore *core, UcShut reason, UcWork from, const char *format, ...) G_GNUC_PRINTF (4, 5);
void uc_admission_open (UcCore *core, UcShut reason);
/* Whether the reason refuses work of this class. */
gboolean uc_admission_is_shut (UcCore *core, UcShut reason, UcWork work);

/* FALSE = refuse it: UC_ERROR_BUSY (too much at once: again in a second) or UC_ERROR_UNAVAILABLE. Counted. */
gboolean uc_core_admits (UcCore *core, UcWork work, GError **error);
/* Whether what customers deliver may be stepped now; otherwise it waits. */
gboolean uc_admission_may_step (UcCore *core);
/* Adds the queue to the store to `queues` (of UcQueueFigures): its limit is where work of customers waits; what
 * agents do is bounded by their calls. */
void uc_admission_queues (UcCore *core, GArray *queues);
/* How many of each class were refused, by reason. */
void uc_admission_metrics (UcCore *core, UcMetrics *metrics);
