/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame of a step: check what came in, let the command's file decide, route. And what deciding is made of:
 * events, ids, refusals. Main thread.
 */
#include "core/engine/engine-private.h"

#include <stddef.h>
#include <string.h>

#include "core/base/text.h"

#define TEXT_MAX 65536
#define WORD_MAX 1024
#define ID_MAX 128
#define LIST_MAX 262144

UcEvent *
uc_step_event (UcStep *step, UcEventType type)
{
  return uc_event_new (type, step->now);
}

void
uc_step_emit (UcStep *step, UcEvent *event)
{
  g_ptr_array_add (step->events, event);
  uc_engine_apply (step->engine, event);
}

char *
uc_step_id (UcStep *step)
{
  gsize len = strlen (step->seed);
  guint rest = ++step->ids, digits = 1;
  char *id;

  for (guint n = rest; n >= 10; n /= 10)
    digits++;
  id = g_malloc (len + 1 + digits + 1);
  memcpy (id, step->seed, len);
  id[len] = '-';
  id[len + 1 + digits] = '\0';
  for (; digits > 0; digits--, rest /= 10)
    id[len + digits] = (char)('0' + rest % 10);
  return id;
}

gboolean
uc_step_fail (UcStep *step, UcError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (step->error != NULL)
    *step->error = g_error_new_valist (UC_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* Ids stand in lists separated by commas, in URLs and in logs. */
gboolean
uc_id_valid (const char *id)
{
  gsize len = 0;

  if (id == NULL)
    return FALSE;
  /* What is left of ASCII without the controls, the space and the comma. */
  for (; id[len] != '\0' && len <= ID_MAX; len++)
    if (id[len] <= ' ' || id[len] >= 0x7f || id[len] == ',')
      return FALSE;
  return len > 0 && len <= ID_MAX;
}

gboolean
uc_step_need_id (UcStep *step, const char *member, const char *value)
{
  if (uc_id_valid (value))
    return TRUE;
  if (value == NULL || *value == '\0')
    return uc_step_fail (step, UC_ERROR_INVALID, "%s is missing", member);
  return uc_step_fail (step, UC_ERROR_INVALID,
                       "%s is not an id: up to %d printable ASCII characters, no spaces or commas", member,
                       ID_MAX);
}

gboolean
uc_step_optional_message (UcStep *step)
{
  return step->command->new_message == NULL || uc_step_need_id (step, "new_message", step->command->new_message);
}

gboolean
uc_step_need_text (UcStep *step)
{
  const char *text = step->command->text;

  if (text == NULL || *text == '\0')
    return uc_step_fail (step, UC_ERROR_INVALID, "a message needs a text");
  return TRUE;
}

UcAgent *
uc_step_agent (UcStep *step)
{
  UcAgent *agent;

  if (!uc_step_need_id (step, "agent", step->command->agent))
    return NULL;
  agent = g_hash_table_lookup (step->engine->agents, step->command->agent);
  if (agent == NULL)
    uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no user %s", step->command->agent);
  return agent;
}

UcInteraction *
uc_step_interaction (UcStep *step)
{
  const char *id = step->command->interaction, *cause;
  UcInteraction *interaction;

  if (!uc_step_need_id (step, "interaction", id))
    return NULL;
  interaction = g_hash_table_lookup (step->engine->interactions, id);
  if (interaction != NULL)
    return interaction;
  cause = g_hash_table_lookup (step->engine->closed, id);
  if (cause == NULL)
    uc_step_fail (step, UC_ERROR_NOT_FOUND, "there is no open interaction %s", id);
  else if (strcmp (cause, "abandoned") == 0)
    uc_step_fail (step, UC_ERROR_GONE, "interaction %s is closed: the customer left before an agent took it", id);
  else
    uc_step_fail (step, UC_ERROR_GONE, "interaction %s is closed", id);
  return NULL;
}

UcInteraction *
uc_step_owned (UcStep *step, UcError code, UcAgent **agent)
{
  UcInteraction *interaction;

  *agent = uc_step_agent (step);
  if (*agent == NULL)
    return NULL;
  interaction = uc_step_interaction (step);
  if (interaction == NULL || interaction->agent == *agent)
    return interaction;
  if (interaction->agent == NULL)
    uc_step_fail (step, code, "interaction %s is not with %s: it is waiting in queue %s", interaction->id,
                  (*agent)->name, interaction->queue->name);
  else
    uc_step_fail (step, code, "interaction %s is not with %s: %s %s", interaction->id, (*agent)->name,
                  interaction->state == UC_INTERACTION_OFFERED ? "it is offered to" : "it belongs to",
                  interaction->agent->name);
  return NULL;
}

/* ---- the step ------------------------------------------------------------------------------------------ */

/* Every string of a command, so that none reaches the journal unbounded or as something that is not UTF-8. */
#define STRING(member, max)                                                                                       \
  {                                                                                                               \
#member, offsetof(UcCommand, member), max                                                                     \
  }
static const struct
{
  const char *name;
  gsize offset;
  gsize max;
} strings[] = {
  STRING (by, WORD_MAX),
  STRING (seed, ID_MAX),
  STRING (user, ID_MAX),
  STRING (login, WORD_MAX),
  STRING (name, WORD_MAX),
  STRING (role, WORD_MAX),
  STRING (permissions, TEXT_MAX),
  STRING (agent, ID_MAX),
  STRING (queue, ID_MAX),
  STRING (interaction, ID_MAX),
  STRING (conversation, ID_MAX),
  STRING (offer, WORD_MAX),
  STRING (channel, ID_MAX),
  STRING (network, ID_MAX),
  STRING (identity, WORD_MAX),
  STRING (text, TEXT_MAX),
  STRING (external_id, WORD_MAX),
  STRING (client_id, WORD_MAX),
  STRING (message, WORD_MAX),
  STRING (status, WORD_MAX),
  STRING (reason, WORD_MAX),
  STRING (cause, WORD_MAX),
  STRING (state, WORD_MAX),
  STRING (error, TEXT_MAX),
  STRING (case_id, WORD_MAX),
  STRING (customer, WORD_MAX),
  STRING (customer_name, WORD_MAX),
  STRING (new_conversation, ID_MAX),
  STRING (new_interaction, ID_MAX),
  STRING (new_message, ID_MAX),
  STRING (scope, WORD_MAX),
  STRING (form, ID_MAX),
  STRING (reply_to, WORD_MAX),
  STRING (attachments, LIST_MAX),
  STRING (picture, WORD_MAX),
  STRING (follows, WORD_MAX),
  STRING (matches, TEXT_MAX),
  STRING (codes, LIST_MAX),
  STRING (list, ID_MAX),
  STRING (use, WORD_MAX),
  STRING (queues, TEXT_MAX),
  STRING (save_during, WORD_MAX),
  STRING (save_after, WORD_MAX),
  STRING (preset, WORD_MAX),
  STRING (on_login, WORD_MAX),
  STRING (on_reject, WORD_MAX),
  STRING (on_timeout, WORD_MAX),
  STRING (reason_reject, WORD_MAX),
  STRING (reason_timeout, WORD_MAX),
  STRING (pop_on, WORD_MAX),
  STRING (late_save, WORD_MAX),
  STRING (faq, ID_MAX),
  STRING (category, WORD_MAX),
  STRING (question, TEXT_MAX),
  STRING (answer, TEXT_MAX),
  STRING (language, WORD_MAX),
  STRING (dropped, WORD_MAX),
  STRING (merge, WORD_MAX),
  STRING (identities, LIST_MAX),
};

static gboolean
check_strings (UcStep *step)
{
  for (gsize s = 0; s < G_N_ELEMENTS (strings); s++)
    {
      const char *value = G_STRUCT_MEMBER (const char *, step->command, strings[s].offset);
      gsize len = value != NULL ? strlen (value) : 0;

      if (len > strings[s].max)
        return uc_step_fail (step, UC_ERROR_INVALID,
                             "%s is too long: %" G_GSIZE_FORMAT " of at most %" G_GSIZE_FORMAT " bytes",
                             strings[s].name, len, strings[s].max);
      if (value != NULL && !uc_text_is_utf8 (value, len, NULL))
        return uc_step_fail (step, UC_ERROR_INVALID, "%s is not valid UTF-8", strings[s].name);
    }
  return TRUE;
}

static const struct
{
  gboolean (*decide) (UcStep *step);
  gboolean makes_ids; /* may free somebody for an offer, or writes a line of its own */
} handlers[] = {
  [UC_COMMAND_PUT_USER] = { uc_step_put_user, TRUE },
  [UC_COMMAND_PUT_QUEUE] = { uc_step_put_queue, TRUE },
  [UC_COMMAND_PUT_MEMBERSHIP] = { uc_step_put_membership, TRUE },
  [UC_COMMAND_SET_STATUS] = { uc_step_set_status, TRUE },
  [UC_COMMAND_RECEIVE] = { uc_step_receive, TRUE },
  [UC_COMMAND_CUSTOMER_END] = { uc_step_customer_end, TRUE },
  [UC_COMMAND_ACCEPT] = { uc_step_accept, TRUE },
  [UC_COMMAND_REJECT] = { uc_step_reject, TRUE },
  [UC_COMMAND_SEND] = { uc_step_send, FALSE },
  [UC_COMMAND_MESSAGE_STATE] = { uc_step_message_state, FALSE },
  [UC_COMMAND_END] = { uc_step_end, TRUE },
  [UC_COMMAND_WRAP_UP_DONE] = { uc_step_wrap_up_done, TRUE },
  [UC_COMMAND_SET_CUSTOMER] = { uc_step_set_customer, FALSE },
  [UC_COMMAND_SAVE] = { uc_step_save, FALSE },
  [UC_COMMAND_SAVE_STATE] = { uc_step_save_state, FALSE },
  [UC_COMMAND_TICK] = { uc_step_tick, TRUE },
  [UC_COMMAND_PUT_POLICY] = { uc_step_put_policy, FALSE },
  [UC_COMMAND_PUT_CODES] = { uc_step_put_codes, FALSE },
  [UC_COMMAND_PUT_FAQ] = { uc_step_put_faq, FALSE },
  [UC_COMMAND_FAQ_USED] = { uc_step_faq_used, FALSE },
  [UC_COMMAND_STOP_NEW] = { uc_step_stop_new, TRUE },
  [UC_COMMAND_PRESENCE] = { uc_step_presence, TRUE },
  [UC_COMMAND_SET_CODES] = { uc_step_set_codes, TRUE },
  [UC_COMMAND_MATCHES] = { uc_step_matches, FALSE },
  [UC_COMMAND_FOLLOW] = { uc_step_follow, FALSE },
  [UC_COMMAND_ECHO] = { uc_step_echo, FALSE },
  [UC_COMMAND_PROFILE] = { uc_step_profile, FALSE },
  [UC_COMMAND_MERGED] = { uc_step_merged, FALSE },
  [UC_COMMAND_DRAIN] = { uc_step_drain, TRUE },
};

gboolean
uc_engine_step (UcEngine *engine, const UcCommand *command, gint64 now, GPtrArray *events, GError **error)
{
  UcStep step = { engine, command, command->seed, now, events, 0, error };

  if (command->type < UC_COMMAND_PUT_USER || command->type >= G_N_ELEMENTS (handlers))
    return uc_step_fail (&step, UC_ERROR_INVALID, "there is no command number %d", (int)command->type);
  if (!check_strings (&step))
    return FALSE;
  if (handlers[command->type].makes_ids && !uc_step_need_id (&step, "seed", command->seed))
    return FALSE;
  if (!handlers[command->type].decide (&step))
    return FALSE;
  uc_step_route (&step);
  return TRUE;
}
