/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl why: the answer of interaction.why as sentences; without an interaction, those that wait.
 */
#include "core/ctl/ctl.h"

/* Of today the time alone. Empty for 0. */
static char *
say_time (const char *word, gint64 ms)
{
  g_autoptr (GDateTime) then = ms != 0 ? g_date_time_new_from_unix_local (ms / 1000) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *text = NULL;
  gboolean today;

  if (then == NULL)
    return g_strdup ("");
  today = g_date_time_get_year (then) == g_date_time_get_year (now)
          && g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (now);
  text = g_date_time_format (then, today ? "%H:%M:%S" : "%F %H:%M:%S");
  return g_strdup_printf ("%s%s", word, text);
}

static void
print_sentence (const UcJson *of, const char *since_word)
{
  g_autofree char *since = say_time (since_word, uc_json_int (uc_json_get (of, "since"), 0));
  g_autofree char *until = say_time (", until ", uc_json_int (uc_json_get (of, "until"), 0));

  printf ("%s%s%s\n", uc_json_string (uc_json_get (of, "text")), since, until);
}

static void
print_why (const UcJson *why)
{
  const UcJson *agents = uc_json_get (why, "agents");
  gint64 others = uc_json_int (uc_json_get (why, "others"), 0);

  printf ("%s: ", uc_json_string (uc_json_get (why, "interaction")));
  print_sentence (why, ", since ");
  for (const UcJson *a = uc_json_first (agents); a != NULL; a = uc_json_next (a))
    {
      printf ("%s: ", uc_json_string (uc_json_get (a, "name")));
      print_sentence (a, " since ");
    }
  if (g_strcmp0 (uc_json_string (uc_json_get (why, "state")), "closed") == 0)
    return;
  if (uc_json_first (agents) == NULL)
    puts ("Nobody works its queue: add agents to it.");
  if (others > 0)
    printf ("%" G_GINT64_FORMAT " more %s not work its queue.\n", others, others == 1 ? "user does" : "users do");
}

static int
list_waiting (Ctl *ctl)
{
  g_autofree char *text = ctl_call (ctl, "interaction.waiting", "{\"limit\":200}");
  g_autoptr (UcJson) answer = NULL;
  const UcJson *list;
  gint64 all;

  if (text == NULL)
    return EXIT_FAILURE;
  if (ctl_json)
    return puts (text), EXIT_SUCCESS;
  answer = ctl_read_harmless (text);
  list = uc_json_get (answer, "interactions");
  all = uc_json_int (uc_json_get (answer, "waiting"), 0);
  for (const UcJson *i = uc_json_first (list); i != NULL; i = uc_json_next (i))
    {
      g_autofree char *since = say_time ("", uc_json_int (uc_json_get (i, "enqueued_at"), 0));
      const char *name = uc_json_string (uc_json_get (i, "customer_name"));

      if (name == NULL)
        name = uc_json_string (uc_json_get (i, "name"));
      if (name == NULL)
        name = uc_json_string (uc_json_get (i, "identity"));
      printf ("%-32s %-16s since %-20s %s\n", uc_json_string (uc_json_get (i, "interaction")),
              uc_json_string (uc_json_get (i, "queue")), since, name);
    }
  if (all > (gint64)uc_json_length (list))
    printf ("and %" G_GINT64_FORMAT " more behind them\n", all - (gint64)uc_json_length (list));
  else if (all == 0)
    puts ("Nobody waits.");
  return EXIT_SUCCESS;
}

int
ctl_do_why (Ctl *ctl, int argc, char **argv)
{
  g_autoptr (GString) args = g_string_new (NULL);
  g_autofree char *text = NULL;
  g_autoptr (UcJson) why = NULL;

  if (argc == 0)
    return list_waiting (ctl);
  uc_json_begin (args);
  uc_json_add_string (args, "interaction", argv[0]);
  uc_json_add_bool (args, "all", ctl_json);
  uc_json_end (args);
  text = ctl_call (ctl, "interaction.why", args->str);
  if (text == NULL)
    return EXIT_FAILURE;
  if (ctl_json)
    return puts (text), EXIT_SUCCESS;
  why = ctl_read_harmless (text);
  print_why (why);
  return EXIT_SUCCESS;
}
