/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The records of the engine: how they are freed, and how conversations are found by address. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

void
uc_agent_free (UcAgent *agent)
{
  g_free (agent->id);
  g_free (agent->login);
  g_free (agent->name);
  g_free (agent->role);
  g_free (agent->permissions);
  g_free (agent->cause);
  g_free (agent->reason);
  g_free (agent->scope);
  g_ptr_array_unref (agent->memberships);
  g_ptr_array_unref (agent->interactions);
  g_free (agent);
}

void
uc_queue_free (UcQueue *queue)
{
  g_free (queue->id);
  g_free (queue->name);
  g_free (queue->save_during);
  g_free (queue->save_after);
  g_free (queue);
}

void
uc_conversation_free (UcConversation *conversation)
{
  g_free (conversation->id);
  g_free (conversation->channel);
  g_free (conversation->network);
  g_free (conversation->identity);
  g_free (conversation->name);
  g_free (conversation->picture);
  g_free (conversation);
}

void
uc_interaction_free (UcInteraction *interaction)
{
  g_free (interaction->id);
  g_free (interaction->offer);
  g_free (interaction->ended_by);
  g_ptr_array_unref (interaction->excluded);
  g_free (interaction->customer);
  g_free (interaction->customer_name);
  g_free (interaction->save_state);
  g_free (interaction->save_mode);
  g_free (interaction->save_error);
  g_free (interaction->case_id);
  g_free (interaction->codes);
  g_free (interaction->matches);
  g_free (interaction->follows);
  g_free (interaction);
}

void
uc_code_free (UcCode *code)
{
  g_free (code->id);
  g_free (code->name);
  g_free (code);
}

void
uc_code_list_free (UcCodeList *list)
{
  g_free (list->id);
  g_free (list->name);
  g_free (list->use);
  g_free (list->status);
  g_free (list->queues);
  g_free (list->json);
  g_ptr_array_unref (list->codes);
  g_free (list);
}

void
uc_policy_clear (UcPolicy *policy)
{
  g_free (policy->preset);
  g_free (policy->reason_reject);
  g_free (policy->reason_timeout);
  g_free (policy->pop_on);
  g_free (policy->late_save);
}

/* Every event finds its agent and its interaction: byte by byte, that was a tenth of a routing decision. */
guint
uc_id_hash (gconstpointer id)
{
  const guint64 factor = G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  const char *text = id;
  gsize len = strlen (text);
  guint64 hash = len, word;

  for (; len >= sizeof word; text += sizeof word, len -= sizeof word)
    {
      memcpy (&word, text, sizeof word);
      hash = (hash ^ word) * factor;
      hash ^= hash >> 32;
    }
  for (word = 0; len > 0; len--)
    word = word << 8 | (guchar)text[len - 1];
  hash = (hash ^ word) * factor;
  return (guint)(hash ^ hash >> 32);
}

guint
uc_conversation_hash (gconstpointer key)
{
  const UcConversation *conversation = key;

  return uc_id_hash (conversation->channel) * 31 + uc_id_hash (conversation->identity);
}

gboolean
uc_conversation_equal (gconstpointer a, gconstpointer b)
{
  const UcConversation *x = a, *y = b;

  return strcmp (x->identity, y->identity) == 0 && strcmp (x->channel, y->channel) == 0;
}
