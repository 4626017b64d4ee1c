/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the agent writes, and what becomes of it. What a network would refuse is refused here, before it is sent
 * and with the reason: its reply window, and its length, which is met by parting the text. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#include "core/base/text.h"

#define PARTS_MAX 100

/* ---- what may be sent ---------------------------------------------------------------------------------- */

static gboolean
check_open (UcStep *step, const UcInteraction *interaction)
{
  if (interaction->state == UC_INTERACTION_OFFERED)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "interaction %s is only offered: accept it before writing",
                         interaction->id);
  if (interaction->ended_by != NULL && strcmp (interaction->ended_by, "customer") == 0)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nothing can be sent: the customer has left");
  if (interaction->state != UC_INTERACTION_ACTIVE)
    return uc_step_fail (step, UC_ERROR_CONFLICT, "nothing can be sent: the chat has ended");
  return TRUE;
}

static gboolean
check_window (UcStep *step, const UcConversation *conversation)
{
  gint64 until = MAX (conversation->window_until, conversation->tagged_until);
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *words = NULL;

  if (conversation->window_until == 0 || step->now <= until)
    return TRUE;
  time = g_date_time_new_from_unix_utc (until / 1000);
  words = time != NULL ? g_date_time_format (time, "%F %H:%M") : g_strdup ("an unknown time");
  return uc_step_fail (
      step, UC_ERROR_CONFLICT,
      "nothing can be sent: the time in which %s lets us answer ended on %s UTC; it opens again when "
      "the customer writes",
      conversation->network, words);
}

/* The length of a placeholder that begins here ({{customer.name}} or {{customer.name|there}}), 0 = none does. */
static gsize
placeholder (const char *at)
{
  const char *p = at + 2;

  if (strncmp (at, "{{", 2) != 0)
    return 0;
  p += strspn (p, " ");
  if (!g_ascii_isalpha (*p))
    return 0;
  while (g_ascii_isalnum (*p) || *p == '_' || (*p == '.' && g_ascii_isalpha (p[1])))
    p++;
  p += strspn (p, " ");
  if (*p == '|')
    p += strcspn (p, "{}\n");
  return strncmp (p, "}}", 2) == 0 ? (gsize)(p + 2 - at) : 0;
}

static gboolean
check_placeholders (UcStep *step, const char *text)
{
  for (const char *at = strstr (text, "{{"); at != NULL; at = strstr (at + 1, "{{"))
    {
      gsize len = placeholder (at);

      if (len > 0)
        return uc_step_fail (step, UC_ERROR_INVALID, "%.*s has not been filled in: replace it before sending",
                             (int)MIN (len, 100), at);
    }
  return TRUE;
}

/* NULL = the step has failed. */
static char **
parts_of (UcStep *step, const char *text)
{
  const UcCommand *command = step->command;
  g_auto (GStrv) parts = NULL;
  guint n;

  if (command->max_text < 0 || command->text_unit < UC_TEXT_CODE_POINTS || command->text_unit > UC_TEXT_UTF16)
    {
      uc_step_fail (step, UC_ERROR_INVALID, "max_text can't be negative, and text_unit is 0, 1 or 2");
      return NULL;
    }
  parts = uc_text_split (text, (UcTextUnit)command->text_unit, (gsize)command->max_text);
  n = g_strv_length (parts);
  if (n == 0)
    {
      uc_step_fail (step, UC_ERROR_INVALID, "a message needs a text");
      return NULL;
    }
  if (n > PARTS_MAX)
    {
      uc_step_fail (step, UC_ERROR_INVALID,
                    "the text is too long: the network takes %" G_GINT64_FORMAT
                    " characters in a message, so it would be %u messages, and %d is the most",
                    command->max_text, n, PARTS_MAX);
      return NULL;
    }
  return g_steal_pointer (&parts);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void
add_part (UcStep *step, const UcInteraction *interaction, const char *text, gboolean first)
{
  const UcCommand *command = step->command;
  UcEvent *event
      = uc_step_line (step, interaction->conversation, interaction, first ? command->new_message : NULL);

  event->author = g_strdup ("agent");
  event->author_name = g_strdup (interaction->agent->name);
  event->by = g_strdup (interaction->agent->id);
  event->text = g_strdup (text);
  event->client_id = g_strdup (first ? command->client_id : NULL);
  event->state = g_strdup ("queued");
  uc_step_emit (step, event);
}

gboolean
uc_step_send (UcStep *step)
{
  const UcCommand *command = step->command;
  g_auto (GStrv) parts = NULL;
  UcAgent *agent;
  UcInteraction *interaction;

  if (!uc_step_need_text (step) || !uc_step_need_id (step, "new_message", command->new_message))
    return FALSE;
  interaction = uc_step_owned (step, UC_ERROR_CONFLICT, &agent);
  if (interaction == NULL || !check_open (step, interaction) || !check_window (step, interaction->conversation)
      || !check_placeholders (step, command->text))
    return FALSE;
  parts = parts_of (step, command->text);
  if (parts == NULL || (parts[1] != NULL && !uc_step_need_id (step, "seed", step->seed)))
    return FALSE;
  for (gsize p = 0; parts[p] != NULL; p++)
    add_part (step, interaction, parts[p], p == 0);
  return TRUE;
}

/* ---- what became of a message -------------------------------------------------------------------------- */

static gboolean
is_message_state (const char *word)
{
  static const char *const states[] = { "queued", "uncertain", "sent", "delivered", "read", "failed" };

  for (gsize s = 0; s < G_N_ELEMENTS (states); s++)
    if (g_strcmp0 (word, states[s]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_message_state (UcStep *step, const UcConversation *conversation, const UcInteraction *interaction)
{
  const UcCommand *command = step->command;

  if (!is_message_state (command->state))
    return uc_step_fail (step, UC_ERROR_INVALID,
                         "the state of a message is queued, uncertain, sent, delivered, read or failed, not '%s'",
                         command->state != NULL ? command->state : "");
  if (command->n < 1 || (conversation != NULL && command->n > conversation->last_n))
    return uc_step_fail (step, UC_ERROR_INVALID, "conversation %s has no line number %" G_GINT64_FORMAT,
                         command->conversation, command->n);
  if (interaction != NULL && interaction->conversation != conversation)
    return uc_step_fail (step, UC_ERROR_INVALID, "interaction %s is not of conversation %s", interaction->id,
                         command->conversation);
  return TRUE;
}

/* Message and conversation may have left the memory long ago: a receipt can come days later. */
gboolean
uc_step_message_state (UcStep *step)
{
  const UcCommand *command = step->command;
  const UcConversation *conversation = uc_engine_conversation (step->engine, command->conversation);
  const UcInteraction *interaction = uc_engine_interaction (step->engine, command->interaction);
  const char *agent = command->agent;
  UcEvent *event;

  if (!uc_step_need_id (step, "conversation", command->conversation)
      || !uc_step_need_id (step, "message", command->message)
      || !check_message_state (step, conversation, interaction))
    return FALSE;
  if (command->interaction == NULL && agent == NULL && conversation != NULL)
    interaction = conversation->open;
  if (interaction != NULL)
    agent = interaction->agent != NULL ? interaction->agent->id : NULL;
  event = uc_step_event (step, UC_EVENT_MESSAGE_STATE);
  event->conversation = g_strdup (command->conversation);
  event->interaction = g_strdup (command->interaction);
  event->agent = g_strdup (agent);
  event->message = g_strdup (command->message);
  event->n = command->n;
  event->state = g_strdup (command->state);
  event->external_id = g_strdup (command->external_id);
  event->error = g_strdup (command->error);
  event->by = g_strdup (command->by);
  uc_step_emit (step, event);
  return TRUE;
}
