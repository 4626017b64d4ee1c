/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations by name: call, batch, op list.
 */
#include "core/ctl/ctl.h"

int
ctl_do_call (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *input = argc > 1 && strcmp (argv[1], "-") == 0 ? ctl_read_stdin () : NULL;
  g_autofree char *result = NULL;

  result = ctl_call (ctl, argv[0], input != NULL ? input : argc > 1 ? argv[1] : "{}");
  if (result == NULL)
    return EXIT_FAILURE;
  puts (result);
  return EXIT_SUCCESS;
}

int
ctl_do_batch (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  const char *file = argc > 0 ? argv[0] : "-";

  if (strcmp (file, "-") == 0)
    text = ctl_read_stdin ();
  else if (!g_file_get_contents (file, &text, NULL, &error))
    return ctl_complain ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);
      char *space = strpbrk (line, " \t");
      g_autofree char *result = NULL;

      if (*line == '\0' || *line == '#')
        continue;
      if (space != NULL)
        *space++ = '\0';
      result = ctl_call (ctl, line, space != NULL ? g_strstrip (space) : "{}");
      if (result == NULL)
        return ctl_complain ("%s:%u: stopped here; what stands above is done", file, i + 1);
      if (ctl_json)
        puts (result);
    }
  return EXIT_SUCCESS;
}

static void
print_ops (const UcJson *operations)
{
  for (const UcJson *op = uc_json_first (operations); op != NULL; op = uc_json_next (op))
    printf ("%-26s %-19s %s\n", uc_json_string (uc_json_get (op, "name")),
            *uc_json_string (uc_json_get (op, "permission")) != '\0'
                ? uc_json_string (uc_json_get (op, "permission"))
                : "anybody",
            uc_json_string (uc_json_get (op, "doc")));
}

int
ctl_do_op_list (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *result = ctl_call (ctl, "operation.list", "{}");
  g_autoptr (UcJson) root = NULL;

  if (result == NULL)
    return EXIT_FAILURE;
  if (ctl_json)
    return puts (result), EXIT_SUCCESS;
  root = uc_json_parse (result, strlen (result), NULL, NULL);
  print_ops (uc_json_get (root, "operations"));
  return EXIT_SUCCESS;
}
