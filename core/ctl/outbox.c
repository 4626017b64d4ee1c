/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl outbox and usherctl save: what did not get out, and the decision about it.
 */
#include "core/ctl/ctl.h"

#define PAGE 200

static char *
time_of (gint64 ms)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (ms / 1000);

  return time != NULL ? g_date_time_format (time, "%F %H:%M") : g_strdup ("?");
}

static const char *
text_of (const UcJson *object, const char *key)
{
  const char *text = uc_json_string (uc_json_get (object, key));

  return text != NULL ? text : "-";
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static void
print_message (const UcJson *message)
{
  g_autofree char *at = time_of (uc_json_int (uc_json_get (message, "at"), 0));

  printf ("%s  %-9s  %s  %s  from %s to %s, tried %" G_GINT64_FORMAT " times: %s\n", at,
          text_of (message, "state"), text_of (message, "message"), text_of (message, "channel"),
          text_of (message, "author_name"), text_of (message, "name"),
          uc_json_int (uc_json_get (message, "attempts"), 0), text_of (message, "error"));
}

static void
print_save (const UcJson *interaction)
{
  const UcJson *save = uc_json_get (interaction, "save");
  g_autofree char *at = time_of (uc_json_int (uc_json_get (interaction, "enqueued_at"), 0));

  printf ("%s  %-9s  %s  %s, tried %" G_GINT64_FORMAT " times: %s\n", at, text_of (save, "state"),
          text_of (interaction, "interaction"), text_of (interaction, "name"),
          uc_json_int (uc_json_get (save, "attempts"), 0), text_of (save, "error"));
}

typedef struct
{
  const char *op, *rows; /* name of the operation, and of the array in its answer */
  const char *cursor;    /* argument that the next page takes */
  void (*print) (const UcJson *row);
  const char *none; /* to say when there are none */
} List;

static const List messages
    = { "outbox.list", "messages", "cursor", print_message, "no message waits for a decision" };
static const List saves = { "save.list", "interactions", "before", print_save,
                            "the CRM has refused no case that waits for a decision" };

/* Where the next page begins; 0 = there is none. */
static gint64
next_of (const List *list, const UcJson *answer, const UcJson *last)
{
  if (list == &messages)
    return uc_json_int (uc_json_get (answer, "next"), 0);
  return uc_json_bool (uc_json_get (answer, "more"), FALSE) ? uc_json_int (uc_json_get (last, "enqueued_at"), 0)
                                                            : 0;
}

static int
print_list (Ctl *ctl, const List *list, const char *state)
{
  gint64 from = 0;
  guint count = 0;

  do
    {
      g_autoptr (GString) args = g_string_new (NULL);
      g_autofree char *text = NULL;
      g_autoptr (UcJson) answer = NULL;
      const UcJson *last = NULL;

      uc_json_begin (args);
      uc_json_add_opt (args, "state", state);
      uc_json_add_int (args, "limit", PAGE);
      if (from != 0)
        uc_json_add_int (args, list->cursor, from);
      uc_json_end (args);
      text = ctl_call (ctl, list->op, args->str);
      if (text == NULL)
        return EXIT_FAILURE;
      answer = ctl_read_harmless (text);
      if (ctl_json)
        puts (text); /* one page in a line */
      for (const UcJson *row = uc_json_first (uc_json_get (answer, list->rows)); row != NULL;
           row = uc_json_next (row))
        {
          last = row;
          count++;
          if (!ctl_json)
            list->print (row);
        }
      from = next_of (list, answer, last);
    }
  while (from != 0);
  if (count == 0 && !ctl_json)
    puts (state != NULL ? "none" : list->none);
  return EXIT_SUCCESS;
}

int
ctl_do_outbox_list (Ctl *ctl, int argc, char **argv)
{
  return print_list (ctl, &messages, argc > 0 ? argv[0] : NULL);
}

int
ctl_do_save_list (Ctl *ctl, int argc, char **argv)
{
  return print_list (ctl, &saves, argc > 0 ? argv[0] : NULL);
}

/* ---- decisions ----------------------------------------------------------------------------------------- */

/* All are tried; one that fails is told. */
static int
decide (Ctl *ctl, const char *op, const char *key, int argc, char **argv)
{
  int status = EXIT_SUCCESS;

  for (int i = 0; i < argc; i++)
    {
      g_autoptr (GString) args = g_string_new (NULL);
      g_autofree char *answer = NULL;

      uc_json_begin (args);
      if (strcmp (key, "interaction") == 0 && strcmp (argv[i], "all") == 0)
        uc_json_add_bool (args, "all", TRUE);
      else
        uc_json_add_string (args, key, argv[i]);
      uc_json_end (args);
      answer = ctl_call (ctl, op, args->str);
      if (answer == NULL)
        status = EXIT_FAILURE;
      else if (ctl_json)
        puts (answer);
    }
  return status;
}

int
ctl_do_outbox_replay (Ctl *ctl, int argc, char **argv)
{
  return decide (ctl, "outbox.replay", "message", argc, argv);
}

int
ctl_do_outbox_discard (Ctl *ctl, int argc, char **argv)
{
  return decide (ctl, "outbox.discard", "message", argc, argv);
}

int
ctl_do_save_retry (Ctl *ctl, int argc, char **argv)
{
  return decide (ctl, "save.retry", "interaction", argc, argv);
}

int
ctl_do_save_discard (Ctl *ctl, int argc, char **argv)
{
  return decide (ctl, "save.discard", "interaction", argc, argv);
}
