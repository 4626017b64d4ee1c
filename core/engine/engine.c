/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine's tables, look-ups and words. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

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

static const char *const presence_words[] = { [UC_PRESENCE_NONE] = "none",
                                              [UC_PRESENCE_HERE] = "here",
                                              [UC_PRESENCE_AWAY] = "away",
                                              [UC_PRESENCE_LOST] = "lost" };

UcEngine *
uc_engine_new (void)
{
  g_autoptr (UcEvent) policy = uc_policy_preset ("8x8");
  UcEngine *engine = g_new0 (UcEngine, 1);

  engine->agents = g_hash_table_new_full (uc_id_hash, g_str_equal, NULL, (GDestroyNotify)uc_agent_free);
  engine->roll = g_ptr_array_new ();
  engine->logins = g_hash_table_new (g_str_hash, g_str_equal);
  engine->queues = g_hash_table_new_full (uc_id_hash, g_str_equal, NULL, (GDestroyNotify)uc_queue_free);
  engine->conversations
      = g_hash_table_new_full (uc_id_hash, g_str_equal, NULL, (GDestroyNotify)uc_conversation_free);
  engine->addresses = g_hash_table_new (uc_conversation_hash, uc_conversation_equal);
  engine->interactions
      = g_hash_table_new_full (uc_id_hash, g_str_equal, NULL, (GDestroyNotify)uc_interaction_free);
  engine->classes = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_route_class_free);
  engine->groups = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_route_group_free);
  engine->group_keys = g_hash_table_new (g_str_hash, g_str_equal);
  engine->timers = g_ptr_array_new ();
  engine->code_lists = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_code_list_free);
  uc_policy_set (&engine->policy, policy);
  engine->closed = g_hash_table_new_full (uc_id_hash, g_str_equal, g_free, g_free);
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
  g_ptr_array_unref (engine->code_lists);
  uc_policy_clear (&engine->policy);
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
  g_ptr_array_unref (engine->roll);
  g_hash_table_unref (engine->agents);
  g_hash_table_unref (engine->queues);
  g_free (engine);
}

/* ---- looking ------------------------------------------------------------------------------------------- */

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

const UcPolicy *
uc_engine_policy (UcEngine *engine)
{
  return &engine->policy;
}

const UcCodeList *
uc_engine_code_list (UcEngine *engine, const char *id)
{
  return id != NULL ? uc_codes_find (engine, id) : NULL;
}

void
uc_engine_each_code_list (UcEngine *engine, void (*func) (const UcCodeList *, gpointer), gpointer data)
{
  for (guint l = 0; l < engine->code_lists->len; l++)
    func (engine->code_lists->pdata[l], data);
}

/* ---- words --------------------------------------------------------------------------------------------- */

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

const char *
uc_presence_word (UcPresence presence)
{
  g_return_val_if_fail ((guint)presence < G_N_ELEMENTS (presence_words), NULL);
  return presence_words[presence];
}

gboolean
uc_presence_from_word (const char *word, UcPresence *presence)
{
  for (guint p = 0; p < G_N_ELEMENTS (presence_words); p++)
    if (g_strcmp0 (word, presence_words[p]) == 0)
      {
        *presence = p;
        return TRUE;
      }
  return FALSE;
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
