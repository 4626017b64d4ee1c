/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine's tables, look-ups, and the frame of a step: check what came in, let the command's file decide,
 * route. Main thread.
 */
#include "core/engine/engine-private.h"

#include <stddef.h>
#include <string.h>

#define TEXT_MAX 65536
#define WORD_MAX 1024
#define ID_MAX 128

static const char *const agent_words[] = { [UC_AGENT_LOGGED_OUT] = "logged_out",
                                           [UC_AGENT_WORK_OFFLINE] = "work_offline",
                                           [UC_AGENT_AVAILABLE] = "available",
                                           [UC_AGENT_OFFERED] = "offered",
                                           [UC_AGENT_BUSY] = "busy",
                                           [UC_AGENT_POST_PROCESSING] = "post_processing",
                                           [UC_AGENT_ON_BREAK] = "on_break" };

static const char *const interaction_words[] = { [UC_INTERACTION_WAITING] = "waiting",
                                                 [UC_INTERACTION_OFFERED] = "offered",
                                                 [UC_INTERACTION_ACTIVE] = "active",
                                                 [UC_INTERACTION_WRAP_UP] = "wrap_up",
                                                 [UC_INTERACTION_CLOSED] = "closed" };

UcEngine *
uc_engine_new (void)
{
  UcEngine *engine = g_new0 (UcEngine, 1);

  engine->agents = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)uc_agent_free);
  engine->logins = g_hash_table_new (g_str_hash, g_str_equal);
  engine->queues = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)uc_queue_free);
  engine->conversations
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)uc_conversation_free);
  engine->addresses = g_hash_table_new (uc_conversation_hash, uc_conversation_equal);
  engine->interactions
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)uc_interaction_free);
  engine->classes = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_route_class_free);
  engine->groups = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_route_group_free);
  engine->group_keys = g_hash_table_new (g_str_hash, g_str_equal);
  engine->timers = g_ptr_array_new ();
  engine->closed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&engine->closed_order);
  return engine;
}

void
uc_engine_free (UcEngine *engine)
{
  if (engine == NULL)
    return;
  g_queue_clear (&engine->closed_order);
  g_hash_table_unref (engine->closed);
  g_ptr_array_unref (engine->timers);
  g_hash_table_unref (engine->group_keys);
  g_ptr_array_unref (engine->groups);
  g_ptr_array_unref (engine->classes);
  uc_bits_free (&engine->waiting_classes);
  uc_bits_free (&engine->able_groups);
  uc_bits_free (&engine->dirty);
  g_hash_table_unref (engine->interactions);
  g_hash_table_unref (engine->addresses);
  g_hash_table_unref (engine->conversations);
  g_hash_table_unref (engine->logins);
  g_hash_table_unref (engine->agents);
  g_hash_table_unref (engine->queues);
  g_free (engine);
}

/* ---- what a step is made of --------------------------------------------------------------------------------- */

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
  return g_strdup_printf ("%s-%u", step->seed, ++step->ids);
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
  for (; id[len] != '\0' && len <= ID_MAX; len++)
    if (!g_ascii_isgraph (id[len]) || id[len] == ',')
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

/* ---- the step ------------------------------------------------------------------------------------------------
 */

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
      if (value != NULL && !g_utf8_validate (value, len, NULL))
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

/* ---- looking -------------------------------------------------------------------------------------------------
 */

static gpointer
look_up (GHashTable *table, const char *key)
{
  return key != NULL ? g_hash_table_lookup (table, key) : NULL;
}

const UcAgent *
uc_engine_agent (UcEngine *engine, const char *id)
{
  return look_up (engine->agents, id);
}

const UcAgent *
uc_engine_agent_by_login (UcEngine *engine, const char *login)
{
  return look_up (engine->logins, login);
}

const UcQueue *
uc_engine_queue (UcEngine *engine, const char *id)
{
  return look_up (engine->queues, id);
}

const UcInteraction *
uc_engine_interaction (UcEngine *engine, const char *id)
{
  return look_up (engine->interactions, id);
}

const UcConversation *
uc_engine_conversation (UcEngine *engine, const char *id)
{
  return look_up (engine->conversations, id);
}

const UcConversation *
uc_engine_conversation_of (UcEngine *engine, const char *channel, const char *identity)
{
  UcConversation key = { .channel = (char *)channel, .identity = (char *)identity };

  if (channel == NULL || identity == NULL)
    return NULL;
  return g_hash_table_lookup (engine->addresses, &key);
}

#define EACH(Type, table)                                                                                         \
  GHashTableIter iter;                                                                                            \
  gpointer value;                                                                                                 \
                                                                                                                  \
  g_hash_table_iter_init (&iter, table);                                                                          \
  while (g_hash_table_iter_next (&iter, NULL, &value))                                                            \
  func ((const Type *)value, data)

void
uc_engine_each_agent (UcEngine *engine, void (*func) (const UcAgent *, gpointer), gpointer data)
{
  EACH (UcAgent, engine->agents);
}

void
uc_engine_each_queue (UcEngine *engine, void (*func) (const UcQueue *, gpointer), gpointer data)
{
  EACH (UcQueue, engine->queues);
}

void
uc_engine_each_interaction (UcEngine *engine, void (*func) (const UcInteraction *, gpointer), gpointer data)
{
  EACH (UcInteraction, engine->interactions);
}

/* ---- words ---------------------------------------------------------------------------------------------------
 */

const char *
uc_agent_status_word (UcAgentStatus status)
{
  g_return_val_if_fail ((guint)status < G_N_ELEMENTS (agent_words), NULL);
  return agent_words[status];
}

gboolean
uc_agent_status_from_word (const char *word, UcAgentStatus *status)
{
  for (guint s = 0; s < G_N_ELEMENTS (agent_words); s++)
    if (g_strcmp0 (word, agent_words[s]) == 0)
      {
        *status = s;
        return TRUE;
      }
  return FALSE;
}

const char *
uc_interaction_state_word (UcInteractionState state)
{
  g_return_val_if_fail ((guint)state < G_N_ELEMENTS (interaction_words), NULL);
  return interaction_words[state];
}

guint
uc_agent_load (const UcAgent *agent)
{
  return agent->offered + agent->active + agent->wrapping;
}

gboolean
uc_agent_has_permission (const UcAgent *agent, const char *permission)
{
  gsize len = strlen (permission);

  for (const char *at = agent->permissions; at != NULL; at = strchr (at, ','))
    {
      at += *at == ',';
      if (strncmp (at, permission, len) == 0 && (at[len] == ',' || at[len] == '\0'))
        return TRUE;
    }
  return FALSE;
}
