/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room on the disk, see space.h. Main thread. statvfs may block where a disk is far away; the database can't be
 * there (its log needs shared memory), and of a local one the kernel answers from memory.
 */
#include "core/service/space.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "core/base/error.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"

#define LOOK_MS 2000
/* When it is low or soon will be: a flood fills what is left quickly. */
#define LOOK_LOW_MS 100
#define MIB (G_GUINT64_CONSTANT (1024) * 1024)

/* Of the file system in percent, but no more than so much: a share of a very large disk is more than anybody
 * needs, and no less than so much: the log alone takes 64 MiB before it is folded. */
static const struct
{
  guint percent;
  guint64 least, most;
  const char *key;
} usual[UC_SPACE_LEVELS] = {
  [UC_SPACE_LOW] = { 10, 64 * MIB, 8192 * MIB, "space_warn" },
  [UC_SPACE_SHORT] = { 5, 32 * MIB, 2048 * MIB, "space_spare" },
  [UC_SPACE_OUT] = { 2, 16 * MIB, 512 * MIB, "space_refuse" },
};

struct UcSpace
{
  UcCore *core;
  char *folder;
  gint64 set[UC_SPACE_LEVELS];
  guint64 available, total;
  UcSpaceLevel level;
  gboolean near;  /* to the first mark, or beyond it */
  gboolean blind; /* said that it can't be looked at */
  guint64 timer;
};

void
uc_space_marks (UcSpaceMarks *marks, guint64 total, const gint64 set[UC_SPACE_LEVELS])
{
  for (guint level = UC_SPACE_LOW; level < UC_SPACE_LEVELS; level++)
    marks->below[level] = set[level] > 0
                              ? (guint64)set[level]
                              : CLAMP (total / 100 * usual[level].percent, usual[level].least, usual[level].most);
}

UcSpaceLevel
uc_space_level (const UcSpaceMarks *marks, guint64 available, UcSpaceLevel now)
{
  for (UcSpaceLevel level = UC_SPACE_OUT; level > UC_SPACE_AMPLE; level--)
    {
      guint64 below = marks->below[level];

      if (available < below || (level <= now && available < below + below / 10))
        return level;
    }
  return UC_SPACE_AMPLE;
}

/* ---- what follows from it ------------------------------------------------------------------------------ */

static void
tell (UcSpace *space)
{
  static const char *const effects[UC_SPACE_LEVELS] = {
    [UC_SPACE_LOW] = "nothing is refused yet",
    [UC_SPACE_SHORT] = "files of customers are refused and closed chats are not indexed for search",
    [UC_SPACE_OUT] = "what customers write is refused, what is stored can be read",
  };
  g_autofree char *available = g_format_size_full (space->available, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *total = g_format_size_full (space->total, G_FORMAT_SIZE_IEC_UNITS);

  if (space->level == UC_SPACE_AMPLE)
    uc_alarm_clear (space->core, "disk");
  else
    uc_alarm_raise (space->core, "disk",
                    "the disk of %s has %s of %s left (level %u of %u): %s; remove what is not needed there or "
                    "make the disk larger, work then goes on by itself",
                    space->folder, available, total, space->level, UC_SPACE_OUT, effects[space->level]);
}

static void
act (UcSpace *space)
{
  UcCore *core = space->core;

  tell (space);
  uc_store_spare (core->store, space->level >= UC_SPACE_SHORT);
  if (space->level == UC_SPACE_OUT)
    uc_admission_shut (core, UC_SHUT_DISK, UC_WORK_CUSTOMER,
                       "the server's disk is nearly full, so nothing new is taken; try again later");
  else
    uc_admission_open (core, UC_SHUT_DISK);
}

static void
look (UcSpace *space)
{
  struct statvfs info;
  UcSpaceMarks marks;
  UcSpaceLevel level;

  if (statvfs (space->folder, &info) != 0)
    {
      if (!space->blind)
        g_warning ("how much room the disk of %s has can't be seen: %s", space->folder, g_strerror (errno));
      space->blind = TRUE;
      return;
    }
  space->blind = FALSE;
  space->available = (guint64)info.f_bavail * info.f_frsize;
  space->total = (guint64)info.f_blocks * info.f_frsize;
  uc_space_marks (&marks, space->total, space->set);
  space->near = space->available / 2 < marks.below[UC_SPACE_LOW];
  level = uc_space_level (&marks, space->available, space->level);
  if (level == space->level)
    return;
  space->level = level;
  act (space);
}

static void
on_timer (gpointer data)
{
  UcSpace *space = data;

  look (space);
  space->timer = uc_loop_timer_in (space->core->loop, space->near ? LOOK_LOW_MS : LOOK_MS, on_timer, space);
}

void
uc_space_look (UcCore *core)
{
  look (core->space);
}

gboolean
uc_space_spares (UcCore *core, GError **error)
{
  if (core->space->level < UC_SPACE_SHORT)
    return TRUE;
  g_set_error_literal (error, UC_ERROR, UC_ERROR_UNAVAILABLE,
                       "the server's disk is nearly full, so no files are taken; try again later");
  return FALSE;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

UcSpace *
uc_space_new (UcCore *core)
{
  UcSpace *space = g_new0 (UcSpace, 1);

  space->core = core;
  space->folder = g_path_get_dirname (uc_settings_string (core->plan->store, "path"));
  for (guint level = UC_SPACE_LOW; level < UC_SPACE_LEVELS; level++)
    space->set[level] = uc_settings_int (core->plan->store, usual[level].key);
  core->space = space;
  on_timer (space);
  return space;
}

void
uc_space_free (UcSpace *space)
{
  if (space == NULL)
    return;
  uc_loop_timer_remove (space->core->loop, space->timer);
  g_free (space->folder);
  g_free (space);
}

void
uc_space_metrics (UcCore *core, UcMetrics *metrics)
{
  const UcSpace *space = core->space;
  g_autofree char *label = uc_metrics_label ("folder", space->folder);

  uc_metrics_gauge (metrics, "usher_disk_free_bytes", "Room that is left on the disk of the database.", label,
                    (double)space->available);
  uc_metrics_gauge (metrics, "usher_disk_size_bytes", "Size of the disk of the database.", label,
                    (double)space->total);
  uc_metrics_gauge (metrics, "usher_disk_level",
                    "0 ample, 1 low (alarm), 2 short (no files), 3 out (nothing new from customers).", label,
                    space->level);
}
