/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl status.
 */
#include "core/ctl/ctl.h"

static void
print_alarm (const UcJson *alarm)
{
  g_autoptr (GDateTime) since
      = g_date_time_new_from_unix_local (uc_json_int (uc_json_get (alarm, "since"), 0) / 1000);
  g_autofree char *when = since != NULL ? g_date_time_format (since, "%F %T") : NULL;

  printf ("ALARM %s since %s: %s\n", uc_json_string (uc_json_get (alarm, "name")), when != NULL ? when : "?",
          uc_json_string (uc_json_get (alarm, "text")));
}

/* Only what is not as it always is. */
static void
print_database (const UcJson *database)
{
  const char *check = uc_json_string (uc_json_get (database, "check"));

  if (check == NULL || g_str_equal (check, "not_due"))
    return;
  printf ("database      check after the unclean end: %s, %" G_GINT64_FORMAT " s, %.0f MiB\n", check,
          uc_json_int (uc_json_get (database, "seconds"), 0),
          (double)uc_json_int (uc_json_get (database, "bytes"), 0) / (1024 * 1024));
}

static void
print_status (const UcJson *status, const UcJson *instances)
{
  gint64 seconds
      = (uc_json_int (uc_json_get (status, "now"), 0) - uc_json_int (uc_json_get (status, "started_at"), 0))
        / 1000;
  const UcJson *counts = uc_json_get (status, "interactions"), *pending = uc_json_get (status, "pending");

  printf ("usherd %s, up %" G_GINT64_FORMAT ":%02d:%02d, event %" G_GINT64_FORMAT "%s\n",
          uc_json_string (uc_json_get (status, "version")), seconds / 3600, (int)(seconds / 60 % 60),
          (int)(seconds % 60), uc_json_int (uc_json_get (status, "event"), 0),
          uc_json_bool (uc_json_get (status, "recovering"), FALSE) ? ", RECOVERING" : "");
  for (const UcJson *a = uc_json_first (uc_json_get (status, "alarms")); a != NULL; a = uc_json_next (a))
    print_alarm (a);
  for (const UcJson *a = uc_json_first (uc_json_get (status, "addresses")); a != NULL; a = uc_json_next (a))
    printf ("listens on    %s\n", uc_json_string (a));
  print_database (uc_json_get (status, "database"));
  fputs ("interactions ", stdout);
  for (const UcJson *c = uc_json_first (counts); c != NULL; c = uc_json_next (c))
    printf (" %s %" G_GINT64_FORMAT, uc_json_key (c), uc_json_int (c, 0));
  fputs ("\npending      ", stdout);
  for (const UcJson *c = uc_json_first (pending); c != NULL; c = uc_json_next (c))
    printf (" %s %" G_GINT64_FORMAT, uc_json_key (c), uc_json_int (c, 0));
  putchar ('\n');
  for (const UcJson *i = uc_json_first (instances); i != NULL; i = uc_json_next (i))
    {
      const char *message = uc_json_string (uc_json_get (i, "message"));

      printf ("%-9s %-14s %-10s %s %s%s%s\n", uc_json_string (uc_json_get (i, "kind")),
              uc_json_string (uc_json_get (i, "name")), uc_json_string (uc_json_get (i, "plugin")),
              uc_json_string (uc_json_get (i, "version")), uc_json_string (uc_json_get (i, "state")),
              message != NULL ? ": " : "", message != NULL ? message : "");
    }
}

int
ctl_do_status (Ctl *ctl, int argc, char **argv)
{
  g_autofree char *status = ctl_call (ctl, "system.status", "{}");
  g_autofree char *plugins = status != NULL ? ctl_call (ctl, "plugin.status", "{}") : NULL;
  g_autoptr (UcJson) first = NULL, second = NULL;

  if (plugins == NULL)
    return EXIT_FAILURE;
  first = ctl_read_harmless (status);
  second = ctl_read_harmless (plugins);
  if (ctl_json)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      uc_json_begin (out);
      uc_json_add_raw (out, "system", status);
      uc_json_add_raw (out, "plugins", plugins);
      uc_json_end (out);
      puts (out->str);
    }
  else
    print_status (first, uc_json_get (second, "instances"));
  return EXIT_SUCCESS;
}
