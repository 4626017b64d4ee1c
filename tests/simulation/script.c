/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scripts as lists and as text. See script.h.
 */
#include "tests/simulation/script.h"

#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/engine/command-json.h"

static const char *
type_word (guint type)
{
  return type == 0 ? "restart" : uc_command_word (type);
}

#define WORD(member)                                                                                              \
  {                                                                                                               \
#member, offsetof(UcCommand, member), FALSE                                                                   \
  }
#define INT(member)                                                                                               \
  {                                                                                                               \
#member, offsetof(UcCommand, member), TRUE                                                                    \
  }
const CommandMember command_members[] = {
  WORD (agent),
  WORD (interaction),
  WORD (user),
  WORD (queue),
  WORD (conversation),
  WORD (by),
  WORD (login),
  WORD (name),
  WORD (role),
  WORD (permissions),
  WORD (scope),
  WORD (offer),
  WORD (channel),
  WORD (network),
  WORD (identity),
  WORD (text),
  WORD (external_id),
  WORD (client_id),
  WORD (message),
  WORD (status),
  WORD (reason),
  WORD (cause),
  WORD (state),
  WORD (error),
  WORD (case_id),
  WORD (customer),
  WORD (customer_name),
  WORD (new_conversation),
  WORD (new_interaction),
  WORD (new_message),
  WORD (form),
  WORD (reply_to),
  WORD (attachments),
  WORD (picture),
  WORD (follows),
  WORD (matches),
  WORD (codes),
  WORD (list),
  WORD (use),
  WORD (queues),
  WORD (save_during),
  WORD (save_after),
  WORD (preset),
  WORD (on_login),
  WORD (on_reject),
  WORD (on_timeout),
  WORD (reason_reject),
  WORD (reason_timeout),
  WORD (pop_on),
  WORD (late_save),
  WORD (faq),
  WORD (category),
  WORD (question),
  WORD (answer),
  WORD (language),
  WORD (dropped),
  WORD (merge),
  WORD (identities),
  INT (capacity),
  INT (acceptance_ms),
  INT (enabled),
  INT (post_processing_ms),
  INT (boost),
  INT (removed),
  INT (draft),
  INT (attempts),
  INT (n),
  INT (sent_at),
  INT (auto_accept),
  INT (window_until),
  INT (tagged_until),
  INT (max_text),
  INT (text_unit),
  INT (passive),
  INT (required),
  INT (return_reject_ms),
  INT (return_timeout_ms),
  INT (max_misses),
  INT (lease_ms),
  INT (grace_ms),
  INT (code_grace_ms),
};
const gsize n_command_members = G_N_ELEMENTS (command_members);

/* Each is a pointer or a 64-bit number, and so are `type` with its padding and `seed`, which a run makes: a member
 * that is missing above does not compile. */
G_STATIC_ASSERT (sizeof (UcCommand) == (G_N_ELEMENTS (command_members) + 2) * sizeof (gint64)
                 || sizeof (gpointer) != sizeof (gint64));

Script *
script_new (void)
{
  Script *script = g_new0 (Script, 1);

  script->actions = g_array_new (FALSE, TRUE, sizeof (Action));
  script->words = g_string_chunk_new (4096);
  return script;
}

void
script_free (Script *script)
{
  g_array_unref (script->actions);
  g_string_chunk_free (script->words);
  g_free (script);
}

void
script_add (Script *script, const Action *action)
{
  Action copy = *action;

  for (gsize m = 0; m < n_command_members; m++)
    if (!command_members[m].is_int && command_string (&copy.command, &command_members[m]) != NULL)
      command_string (&copy.command, &command_members[m])
          = g_string_chunk_insert_const (script->words, command_string (&copy.command, &command_members[m]));
  g_array_append_val (script->actions, copy);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static gboolean
is_plain (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("_-.,/", *text) == NULL)
      return FALSE;
  return TRUE;
}

/* One line: a new line within is written as C would. */
static char *
quote (const char *value)
{
  g_autofree char *escaped = NULL;

  if (is_plain (value))
    return g_strdup (value);
  escaped = g_strescape (value, "\"");
  return g_shell_quote (escaped);
}

static void
write_member (GString *out, const UcCommand *command, const CommandMember *member)
{
  g_autofree char *quoted = NULL;

  if (member->is_int)
    {
      if (command_int (command, member) != 0)
        g_string_append_printf (out, " %s=%" G_GINT64_FORMAT, member->name, command_int (command, member));
      return;
    }
  if (command_string (command, member) == NULL)
    return;
  quoted = quote (command_string (command, member));
  g_string_append_printf (out, " %s=%s", member->name, quoted);
}

char *
script_text (const Script *script)
{
  GString *out = g_string_new (NULL);

  for (guint a = 0; a < script->actions->len; a++)
    {
      const Action *action = script_action (script, a);

      g_string_append_printf (out, "%" G_GINT64_FORMAT " %s", action->at, type_word (action->command.type));
      for (gsize m = 0; m < n_command_members; m++)
        write_member (out, &action->command, &command_members[m]);
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

static gboolean bad_line (GError **error, guint line, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
bad_line (GError **error, guint line, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
               "line %u of the script: %s; a line is: TIME COMMAND MEMBER=VALUE ...", line, what);
  return FALSE;
}

static const CommandMember *
find_member (const char *word, const char *value)
{
  for (gsize m = 0; m < n_command_members && value != NULL; m++)
    if (strlen (command_members[m].name) == (gsize)(value - word)
        && strncmp (command_members[m].name, word, (gsize)(value - word)) == 0)
      return &command_members[m];
  return NULL;
}

static gboolean
read_member (Script *script, UcCommand *command, const char *word, guint line, GError **error)
{
  const char *value = strchr (word, '=');
  const CommandMember *member = find_member (word, value);
  g_autofree char *text = value != NULL ? g_strcompress (value + 1) : NULL;

  if (member == NULL)
    return bad_line (error, line, "%s is no member of a command", word);
  if (!member->is_int)
    command_string (command, member) = g_string_chunk_insert_const (script->words, text);
  else if (!g_ascii_string_to_signed (value + 1, 10, G_MININT64, G_MAXINT64, &command_int (command, member), NULL))
    return bad_line (error, line, "%s is no number", word);
  return TRUE;
}

static gboolean
read_action (Script *script, char **words, guint line, GError **error)
{
  Action action = { 0 };
  guint type = 0;

  if (!g_ascii_string_to_signed (words[0], 10, 0, G_MAXINT64, &action.at, NULL))
    return bad_line (error, line, "'%s' is no time", words[0]);
  if (words[1] == NULL)
    return bad_line (error, line, "the command is missing");
  while (type_word (type) != NULL && strcmp (type_word (type), words[1]) != 0)
    type++;
  if (type_word (type) == NULL)
    return bad_line (error, line, "there is no such command: %s", words[1]);
  action.command.type = type;
  for (gsize w = 2; words[w] != NULL; w++)
    if (!read_member (script, &action.command, words[w], line, error))
      return FALSE;
  g_array_append_val (script->actions, action);
  return TRUE;
}

Script *
script_read (const char *text, GError **error)
{
  g_autoptr (Script) script = script_new ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint l = 0; lines[l] != NULL; l++)
    {
      g_auto (GStrv) words = NULL;

      g_strstrip (lines[l]);
      if (*lines[l] == '\0' || *lines[l] == '#')
        continue;
      if (!g_shell_parse_argv (lines[l], NULL, &words, error))
        {
          g_prefix_error (error, "line %u of the script: ", l + 1);
          return NULL;
        }
      if (!read_action (script, words, l + 1, error))
        return NULL;
    }
  return g_steal_pointer (&script);
}
