/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl backup and restore.
 */
#include "core/ctl/ctl.h"

#include <unistd.h>

#include "core/service/restore.h"

#define POLL_MS 200

static gint64
number (const UcJson *status, const char *key)
{
  return uc_json_int (uc_json_get (status, key), 0);
}

static void
print_progress (const UcJson *status)
{
  gint64 all = number (status, "all"), done = number (status, "done");
  const char *phase = uc_json_string (uc_json_get (status, "phase"));

  if (all > 0)
    fprintf (stderr, "\r%-8s %3d %% (%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " pages)", phase,
             (int)(done * 100 / all), done, all);
  else
    fprintf (stderr, "\r%-8s %" G_GINT64_FORMAT "%24s", phase, done, "");
  fflush (stderr);
}

static void
print_done (const UcJson *status)
{
  gint64 bytes = number (status, "bytes") + number (status, "file_bytes"), ms = MAX (number (status, "ms"), 1);

  printf ("%s: everything up to event %" G_GINT64_FORMAT ", %.1f MB in %" G_GINT64_FORMAT
          " files, %.1f s (%.0f MB/s); verified\n",
          uc_json_string (uc_json_get (status, "path")), number (status, "event"), (double)bytes / 1e6,
          number (status, "files") + 1, (double)ms / 1000, (double)bytes / 1e3 / (double)ms);
  if (number (status, "files_missing") > 0)
    printf ("%" G_GINT64_FORMAT
            " files that the database speaks of are missing or cut short in the media folder, and "
            "so in the backup\n",
            number (status, "files_missing"));
}

static int
report (char *text, const UcJson *status, const char *state)
{
  if (ctl_json)
    puts (text);
  if (g_strcmp0 (state, "done") == 0)
    {
      if (!ctl_json)
        print_done (status);
      return EXIT_SUCCESS;
    }
  return ctl_complain ("the backup was not made: %s", uc_json_string (uc_json_get (status, "error")));
}

int
ctl_do_backup (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *path = g_canonicalize_filename (argv[0], NULL);
  g_autoptr (GString) args = g_string_new (NULL);
  g_autofree char *text = NULL;
  gboolean terminal = isatty (STDERR_FILENO);

  uc_json_begin (args);
  uc_json_add_string (args, "path", path);
  uc_json_end (args);
  text = ctl_call (ctl, "store.backup", args->str);
  while (text != NULL)
    {
      g_autoptr (UcJson) status = uc_json_parse (text, strlen (text), NULL, NULL);
      const char *state = uc_json_string (uc_json_get (status, "state"));

      if (terminal)
        print_progress (status);
      if (g_strcmp0 (state, "running") != 0)
        {
          if (terminal)
            fprintf (stderr, "\r%50s\r", "");
          return report (text, status, state);
        }
      g_usleep (POLL_MS * 1000);
      g_free (text);
      text = ctl_call (ctl, "store.backup_status", "{}");
    }
  return EXIT_FAILURE;
}

int
ctl_do_restore (int argc, char **argv)
{
  g_autofree char *database = ctl_store_path (), *media = ctl_media_path (), *kept = NULL;
  g_autoptr (GError) error = NULL;

  if (!uc_restore (argv[0], database, media, &kept, &error))
    return ctl_complain ("nothing was restored: %s", error->message);
  printf ("%s is the one of %s now; start usherd\n", database, argv[0]);
  if (kept != NULL)
    printf ("what was there before is kept as %s (and its files beside %s)\n", kept, media);
  return EXIT_SUCCESS;
}
