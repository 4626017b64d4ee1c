/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Codes in words for people. Pure.
 */
#include "desk-words.h"

#include <string.h>

typedef struct
{
  const char *code, *words;
} Word;

static const char *
find (const Word *words, gsize count, const char *code)
{
  for (gsize i = 0; i < count; i++)
    if (strcmp (words[i].code, code) == 0)
      return words[i].words;
  return NULL;
}

#define FIND(words, code) find (words, G_N_ELEMENTS (words), code)

static const Word statuses[] = {
  { "available", "Available" },
  { "on_break", "On Break" },
  { "work_offline", "Work Offline" },
  { "logged_out", "Logged out" },
  { "offered", "Offered" },
  { "busy", "Busy" },
  { "post_processing", "Post Processing" },
};

const char *
desk_words_status (const char *status)
{
  const char *words = FIND (statuses, status);

  return words != NULL ? words : status;
}

static const Word status_causes[] = {
  { "rejected", "an offer was rejected" },
  { "timed_out", "an offer was not answered" },
  { "agent_lost", "your line was away too long" },
  { "wrap_up_over", "Post Processing is over" },
};

char *
desk_words_new_status (const cJSON *me)
{
  const char *status = desk_words_status (desk_str (me, "status"));
  const char *cause = FIND (status_causes, desk_str (me, "cause"));

  return cause != NULL ? g_strdup_printf ("You are %s: %s", status, cause)
                       : g_strdup_printf ("You are %s", status);
}

static const Word causes[] = {
  { "rejected", "you rejected it" },
  { "timed_out", "it was not answered in time" },
  { "customer_left", "the customer has left" },
  { "customer_abandoned", "the customer has left" },
  { "withdrawn", "it was taken back" },
  { "agent_lost", "your line was lost" },
};

const char *
desk_words_cause (const char *cause)
{
  const char *words = FIND (causes, cause);

  return words != NULL ? words : cause;
}

char *
desk_words_state (const cJSON *message)
{
  const char *state = desk_str (message, "state"), *error = desk_str (message, "error");

  if (strcmp (state, "failed") == 0)
    return g_strdup_printf ("NOT DELIVERED%s%s", *error != '\0' ? ": " : "", error);
  if (strcmp (state, "uncertain") == 0)
    return g_strdup_printf ("UNCERTAIN, it may have arrived%s%s", *error != '\0' ? ": " : "", error);
  return g_strdup (state);
}

/* ---- messages ------------------------------------------------------------------------------------------- */

static const Word systems[] = {
  { "queued", "The customer waits" },
  { "ended", "The chat has ended" },
};

static const Word forms[] = {
  { "postback", "pressed a button" },
  { "quick_reply", "chose an answer" },
  { "reaction", "reacted" },
  { "edit", "edited a message" },
  { "retract", "took a message back" },
  { "referral", "came by a link" },
  { "encrypted", "encrypted, it can't be read here" },
  { "unsupported", "of a kind that can't be shown here" },
  { "elsewhere", "written with another tool" },
};

static void
add_attachment (GString *out, const cJSON *one)
{
  const char *name = desk_str (one, "name"), *url = desk_str (one, "url");

  g_string_append_printf (out, "%s[%s", out->len > 0 ? "\n" : "",
                          *desk_str (one, "kind") != '\0' ? desk_str (one, "kind") : "file");
  if (*name != '\0')
    g_string_append_printf (out, ": %s", name);
  if (desk_int (one, "size") > 0)
    {
      g_autofree char *size = g_format_size ((guint64)desk_int (one, "size"));

      g_string_append_printf (out, ", %s", size);
    }
  if (*url != '\0')
    g_string_append_printf (out, ", %s", url);
  g_string_append_c (out, ']');
}

char *
desk_words_message (const cJSON *message)
{
  GString *out = g_string_new (NULL);
  const char *form = FIND (forms, desk_str (message, "form"));
  const char *code = desk_str (message, "code"), *name = desk_str (message, "author_name");
  const cJSON *one;

  if (desk_equal (message, "author", "system") && strcmp (code, "agent_joined") == 0)
    g_string_append_printf (out, "%s has joined", *name != '\0' ? name : "An agent");
  else if (desk_equal (message, "author", "system") && strcmp (code, "agent_left") == 0)
    g_string_append_printf (out, "%s has left", *name != '\0' ? name : "The agent");
  else if (desk_equal (message, "author", "system") && FIND (systems, code) != NULL)
    g_string_append (out, FIND (systems, code));
  else
    {
      if (form != NULL)
        g_string_append_printf (out, "(%s) ", form);
      g_string_append (out, desk_str (message, "text"));
    }
  cJSON_ArrayForEach (one, desk_get (message, "attachments")) add_attachment (out, one);
  return g_string_free (out, FALSE);
}

char *
desk_words_save (const cJSON *interaction)
{
  const cJSON *save = desk_get (interaction, "save");
  const char *state = desk_str (save, "state"), *error = desk_str (save, "error");

  if (strcmp (state, "saved") == 0)
    return g_strdup ("saved to the CRM");
  if (strcmp (state, "failed") == 0)
    return g_strdup_printf ("NOT SAVED: %s", *error != '\0' ? error : "the CRM refused it");
  if (strcmp (state, "requested") == 0 || strcmp (state, "queued") == 0)
    return g_strdup_printf ("is being saved%s%s", *error != '\0' ? "; " : "", error);
  return NULL;
}

/* ---- times ---------------------------------------------------------------------------------------------- */

char *
desk_words_duration (gint64 ms)
{
  gint64 s = MAX (ms, 0) / 1000;

  if (s >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
  return g_strdup_printf ("%d:%02d", (int)(s / 60), (int)(s % 60));
}

static char *
format_time (gint64 at, const char *format)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (at / 1000);

  return time != NULL ? g_date_time_format (time, format) : g_strdup ("?");
}

char *
desk_words_clock (gint64 at)
{
  return format_time (at, "%H:%M");
}

char *
desk_words_day (gint64 at)
{
  return format_time (at, "%a %e %b %Y");
}

char *
desk_words_moment (gint64 at)
{
  return format_time (at, "%e %b %Y %H:%M");
}

/* ---- answers of FAQs ------------------------------------------------------------------------------------ */

static char *
value_of (char *inside, DeskLookup lookup, gpointer data)
{
  char *bar = strchr (inside, '|');
  const char *value;

  if (bar != NULL)
    *bar = '\0';
  value = lookup (data, g_strstrip (inside));
  if (value != NULL && *value != '\0')
    return g_strdup (value);
  return bar != NULL ? g_strdup (g_strstrip (bar + 1)) : NULL;
}

char *
desk_words_fill (const char *text, DeskLookup lookup, gpointer data)
{
  GString *out = g_string_new (NULL);
  const char *open, *close;

  while ((open = strstr (text, "{{")) != NULL && (close = strstr (open, "}}")) != NULL)
    {
      g_autofree char *inside = g_strndup (open + 2, (gsize)(close - open - 2));
      g_autofree char *value = value_of (inside, lookup, data);

      g_string_append_len (out, text, open - text);
      if (value != NULL)
        g_string_append (out, value);
      else
        g_string_append_len (out, open, close + 2 - open);
      text = close + 2;
    }
  g_string_append (out, text);
  return g_string_free (out, FALSE);
}

char *
desk_words_left (const char *text, gsize *from)
{
  const char *open = strstr (text, "{{"), *close = open != NULL ? strstr (open, "}}") : NULL;

  if (close == NULL)
    return NULL;
  *from = (gsize)(open - text);
  return g_strstrip (g_strndup (open + 2, (gsize)(close - open - 2)));
}
