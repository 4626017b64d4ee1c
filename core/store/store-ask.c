/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The questions that can be asked of the store, one function each. Main thread; the reader thread answers.
 */
#include "core/base/json.h"
#include "core/store/store-private.h"

static void
ask_rows (UcStore *store, UcReadKind kind, const char *a, const char *b, gint64 after, guint limit,
          UcStoreRows done, gpointer data)
{
  UcStoreJob *job = uc_store_read_new (kind, data);

  job->rows_done = done;
  job->read.text[0] = g_strdup (a);
  job->read.text[1] = g_strdup (b);
  job->read.after = after;
  job->read.limit = limit;
  uc_store_ask (store, job);
}

static void
ask_value (UcStore *store, UcReadKind kind, const char *a, const char *b, UcStoreValue done, gpointer data)
{
  UcStoreJob *job = uc_store_read_new (kind, data);

  job->value_done = done;
  job->read.text[0] = g_strdup (a);
  job->read.text[1] = g_strdup (b);
  uc_store_ask (store, job);
}

void
uc_store_messages (UcStore *store, const char *conversation, gint64 after, guint limit, UcStoreRows done,
                   gpointer data)
{
  ask_rows (store, UC_READ_MESSAGES, conversation, NULL, after, limit, done, data);
}

void
uc_store_interaction_messages (UcStore *store, const char *interaction, guint limit, UcStoreRows done,
                               gpointer data)
{
  ask_rows (store, UC_READ_INTERACTION_MESSAGES, interaction, NULL, 0, limit, done, data);
}

void
uc_store_conversation (UcStore *store, const char *channel, const char *identity, UcStoreRows done, gpointer data)
{
  ask_rows (store, UC_READ_CONVERSATION, channel, identity, 0, 1, done, data);
}

void
uc_store_external_ids (UcStore *store, const char *conversation, guint limit, UcStoreRows done, gpointer data)
{
  ask_rows (store, UC_READ_EXTERNAL_IDS, conversation, NULL, 0, limit, done, data);
}

void
uc_store_by_external_id (UcStore *store, const char *channel, const char *external_id, UcStoreRows done,
                         gpointer data)
{
  ask_rows (store, UC_READ_BY_EXTERNAL_ID, channel, external_id, 0, 1, done, data);
}

void
uc_store_by_sent_id (UcStore *store, const char *conversation, const char *external_id, UcStoreRows done,
                     gpointer data)
{
  ask_rows (store, UC_READ_BY_SENT_ID, conversation, external_id, 0, 1, done, data);
}

/* "a,b" -> ["a","b"] */
static char *
json_list (const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, ",", -1);
  GString *out = g_string_new ("[");

  for (gsize i = 0; list[i] != NULL; i++)
    uc_json_add_string (out, NULL, list[i]);
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

void
uc_store_interactions (UcStore *store, const UcInteractionQuery *query, UcStoreRows done, gpointer data)
{
  const char *filters[UC_READ_TEXTS] = { query->interaction, query->agent,    query->queue, query->channel,
                                         query->identity,    query->customer, query->state };
  UcStoreJob *job = uc_store_read_new (UC_READ_INTERACTIONS, data);

  job->rows_done = done;
  for (gsize i = 0; i < UC_READ_TEXTS; i++)
    job->read.text[i] = g_strdup (filters[i]);
  job->read.after = query->before;
  job->read.border = query->since;
  job->read.list = query->queues != NULL ? json_list (query->queues) : NULL;
  job->read.needle = g_strdup (query->text);
  job->read.save_pending = query->save_pending;
  job->read.save_failed = query->save_failed;
  job->read.uncoded = query->uncoded;
  job->read.nobodys = query->nobodys;
  job->read.merged = query->merged;
  job->read.limit = query->limit;
  uc_store_ask (store, job);
}

void
uc_store_interaction_events (UcStore *store, const char *interaction, guint limit, UcStoreRows done, gpointer data)
{
  ask_rows (store, UC_READ_INTERACTION_EVENTS, interaction, NULL, 0, limit, done, data);
}

void
uc_store_agent_events (UcStore *store, const char *agent, gint64 from, gint64 until, guint limit, UcStoreRows done,
                       gpointer data)
{
  UcStoreJob *job = uc_store_read_new (UC_READ_AGENT_EVENTS, data);

  job->rows_done = done;
  job->read.text[0] = g_strdup (agent);
  job->read.after = from;
  job->read.border = until;
  job->read.limit = limit;
  uc_store_ask (store, job);
}

void
uc_store_faqs (UcStore *store, const UcFaqQuery *query, UcStoreRows done, gpointer data)
{
  UcStoreJob *job = uc_store_read_new (UC_READ_FAQS, data);

  job->rows_done = done;
  job->read.text[0] = g_strdup (query->faq);
  job->read.text[1] = g_strdup (query->category);
  job->read.text[2] = g_strdup (query->language);
  job->read.text[3] = query->all ? g_strdup ("all") : NULL;
  job->read.needle = g_strdup (query->text);
  job->read.limit = query->limit;
  uc_store_ask (store, job);
}

void
uc_store_merges (UcStore *store, const char *customer, UcStoreRows done, gpointer data)
{
  ask_rows (store, UC_READ_MERGES, customer, NULL, 0, 0, done, data);
}

void
uc_store_media (UcStore *store, const char *id, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_MEDIA, id, NULL, done, data);
}

void
uc_store_idle_end (UcStore *store, const char *channel, const char *external_id, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_IDLE_END, channel, external_id, done, data);
}

void
uc_store_events (UcStore *store, gint64 after, const char *agent, guint limit, UcStoreRows done, gpointer data)
{
  ask_rows (store, agent != NULL ? UC_READ_EVENTS_OF_AGENT : UC_READ_EVENTS, agent, NULL, after, limit, done,
            data);
}

void
uc_store_outbox (UcStore *store, const char *channel, guint limit, UcStoreRows done, gpointer data)
{
  ask_rows (store, UC_READ_OUTBOX, channel, NULL, 0, limit, done, data);
}

void
uc_store_outbox_list (UcStore *store, const UcOutboxQuery *query, UcStoreRows done, gpointer data)
{
  const char *filters[] = { query->state, query->channel, query->message, query->by };
  UcStoreJob *job = uc_store_read_new (UC_READ_OUTBOX_LIST, data);

  job->rows_done = done;
  for (gsize i = 0; i < G_N_ELEMENTS (filters); i++)
    job->read.text[i] = g_strdup (filters[i]);
  job->read.after = query->after;
  job->read.list = query->queues != NULL ? json_list (query->queues) : NULL;
  job->read.limit = query->limit;
  uc_store_ask (store, job);
}

void
uc_store_command (UcStore *store, const char *user, const char *cmd_id, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_COMMAND, user, cmd_id, done, data);
}

void
uc_store_credential (UcStore *store, const char *user, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_CREDENTIAL, user, NULL, done, data);
}

void
uc_store_session (UcStore *store, const char *token_hash, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_SESSION, token_hash, NULL, done, data);
}

void
uc_store_kv (UcStore *store, const char *space, const char *key, UcStoreValue done, gpointer data)
{
  ask_value (store, UC_READ_KV, space, key, done, data);
}
