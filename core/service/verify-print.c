/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verification for people: progress, figures, the finding and what to do about it.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/service/verify.h"

static void
on_progress (gint64 done, gint64 all, gpointer data)
{
  fprintf (stderr, "\r%3d %% of %" G_GINT64_FORMAT " events", (int)(all > 0 ? done * 100 / all : 100), all);
  fflush (stderr);
}

static gint64
rate (gint64 events, gint64 us)
{
  return us > 0 ? events * 1000000 / us : 0;
}

static void
print_json (const char *path, const UcVerifyReport *report)
{
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_add_string (out, "path", path);
  uc_json_add_bool (out, "right", report->finding == NULL);
  uc_json_add_int (out, "events", report->events);
  uc_json_add_int (out, "last", report->last_seq);
  uc_json_add_int (out, "steps", report->steps);
  uc_json_add_int (out, "starts", report->starts);
  uc_json_add_int (out, "applied", report->applied);
  uc_json_add_int (out, "appended", report->appended);
  uc_json_add_int (out, "expired", report->expired);
  uc_json_add_int (out, "replay_per_s", rate (report->events, report->replay_us));
  uc_json_add_int (out, "tables_per_s", rate (report->events, report->tables_us));
  uc_json_add_opt (out, "finding", report->finding);
  uc_json_end (out);
  puts (out->str);
}

static void
print_text (const char *path, const UcVerifyReport *report)
{
  printf ("%s: %" G_GINT64_FORMAT " events of %" G_GINT64_FORMAT " steps in %" G_GINT64_FORMAT
          " runs of the daemon\n",
          path, report->events, report->steps, report->starts);
  if (report->applied > 0)
    printf ("events 1 to %" G_GINT64_FORMAT " were written by an older version, which did not say what made them: "
            "they were checked for their order and whether they fit, and are trusted beyond that\n",
            report->applied);
  if (report->expired > 0)
    printf ("the words of %" G_GINT64_FORMAT " messages were taken away (playback_retention); these were compared "
            "without them\n",
            report->expired);
  printf ("replayed %" G_GINT64_FORMAT " events/s, tables rebuilt and compared %" G_GINT64_FORMAT " events/s\n",
          rate (report->events, report->replay_us), rate (report->events, report->tables_us));
  if (report->finding == NULL)
    {
      puts ("right: the engine makes the same events again, the tables are what the journal makes of them, and a "
            "start loses nothing");
      return;
    }
  printf (
      "WRONG: %s\n"
      "Either the file was damaged or changed by another program, or this is a bug of usher (a version that has "
      "written this journal and\ndecided otherwise counts as one). Keep a copy of the file. Check the disk, and "
      "an older backup with\n\"usherctl journal verify FOLDER\"; report it with the lines above.\n",
      report->finding);
}

int
uc_verify_print (const char *name, const char *path, gboolean json)
{
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean terminal = isatty (STDERR_FILENO);
  gboolean done = uc_verify (path, terminal ? on_progress : NULL, NULL, &report, &error);

  if (terminal)
    fprintf (stderr, "\r%40s\r", "");
  if (!done)
    {
      fprintf (stderr, "%s: %s\n", name, error->message);
      return 2;
    }
  if (json)
    print_json (path, &report);
  else
    print_text (path, &report);
  return report.finding == NULL ? 0 : 1;
}
