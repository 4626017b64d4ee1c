/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plugins as the daemon runs them.
 */
#include <string.h>

#include "core/ctl/ctl.h"

static void
print_process (const UcJson *process)
{
  const char *end = uc_json_string (uc_json_get (process, "last_end"));
  const char *confined = uc_json_string (uc_json_get (process, "confined"));
  gint64 pid = uc_json_int (uc_json_get (process, "pid"), 0);
  gint64 lost = uc_json_int (uc_json_get (process, "lost"), 0);

  if (pid != 0)
    printf ("    process %" G_GINT64_FORMAT ": %s\n", pid, confined != NULL ? confined : "it is being opened");
  else
    printf ("    no process now\n");
  if (lost > 0)
    printf ("    lost %" G_GINT64_FORMAT " time%s; the last one %s\n", lost, lost == 1 ? "" : "s", end);
}

static gboolean
is_asked_for (const char *given, const char *kind, const char *name)
{
  g_autofree char *full = g_strconcat (kind, ":", name, NULL);

  return given == NULL || g_strcmp0 (given, name) == 0 || strcmp (given, full) == 0;
}

int
ctl_do_plugin_status (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *text = ctl_call (ctl, "plugin.status", "{}");
  g_autoptr (UcJson) answer = text != NULL ? uc_json_parse (text, strlen (text), NULL, NULL) : NULL;
  gboolean found = FALSE;

  if (text == NULL)
    return EXIT_FAILURE;
  if (ctl_json)
    {
      puts (text);
      return EXIT_SUCCESS;
    }
  for (const UcJson *row = uc_json_first (uc_json_get (answer, "instances")); row != NULL;
       row = uc_json_next (row))
    {
      const char *kind = uc_json_string (uc_json_get (row, "kind"));
      const char *name = uc_json_string (uc_json_get (row, "name"));
      const char *message = uc_json_string (uc_json_get (row, "message"));

      if (!is_asked_for (argc > 0 ? argv[0] : NULL, kind, name))
        continue;
      found = TRUE;
      printf ("%s:%s  %s %s, %s\n", kind, name, uc_json_string (uc_json_get (row, "plugin")),
              uc_json_string (uc_json_get (row, "version")), uc_json_string (uc_json_get (row, "state")));
      if (message != NULL)
        printf ("    %s\n", message);
      if (uc_json_get (row, "process") != NULL)
        print_process (uc_json_get (row, "process"));
    }
  if (!found && argc > 0)
    return ctl_complain ("there is no instance \"%s\"; usherctl plugin status lists them", argv[0]);
  if (!found)
    puts ("no plugin is configured");
  return EXIT_SUCCESS;
}

int
ctl_do_plugin_reload (Ctl *ctl, int argc, char **argv)
{
  g_autoptr (GString) args = g_string_new (NULL);
  g_autofree char *answer = NULL;

  uc_json_begin (args);
  uc_json_add_string (args, "instance", argv[0]);
  uc_json_end (args);
  answer = ctl_call (ctl, "plugin.reload", args->str);
  if (answer != NULL && ctl_json)
    puts (answer);
  return answer != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
