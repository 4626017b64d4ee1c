/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON shapes for clients. Main thread.
 */
#include "core/service/view.h"

#include <string.h>

static void
add_words (GString *out, const char *key, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words != NULL ? words : "", ",", -1);

  uc_json_begin_array (out, key);
  for (gsize i = 0; list[i] != NULL; i++)
    if (*list[i] != '\0')
      uc_json_add_string (out, NULL, list[i]);
  uc_json_end_array (out);
}

void
uc_view_agent (GString *out, const char *key, const UcAgent *agent)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "user", agent->id);
  uc_json_add_string (out, "login", agent->login);
  uc_json_add_string (out, "name", agent->name);
  uc_json_add_string (out, "role", agent->role);
  add_words (out, "permissions", agent->permissions);
  uc_json_add_bool (out, "enabled", agent->enabled);
  uc_json_add_int (out, "capacity", agent->capacity);
  uc_json_add_int (out, "acceptance_ms", agent->acceptance_ms);
  uc_json_add_string (out, "status", uc_agent_status_word (agent->shown));
  uc_json_add_string (out, "asked", uc_agent_status_word (agent->asked));
  uc_json_add_int (out, "since", agent->since);
  uc_json_add_string (out, "cause", agent->cause);
  uc_json_add_string (out, "reason", agent->reason);
  uc_json_add_bool (out, "stop_new", agent->stop_new);
  uc_json_add_int (out, "load", uc_agent_load (agent));
  uc_json_begin_array (out, "queues");
  for (guint i = 0; agent->memberships != NULL && i < agent->memberships->len; i++)
    {
      const UcMembership *membership = agent->memberships->pdata[i];

      uc_json_begin (out);
      uc_json_add_string (out, "queue", membership->queue->id);
      uc_json_add_bool (out, "enabled", membership->enabled);
      uc_json_end (out);
    }
  uc_json_end_array (out);
  uc_json_end (out);
}

static gboolean
is_member (const UcAgent *agent, const UcQueue *queue)
{
  for (guint i = 0; agent != NULL && agent->memberships != NULL && i < agent->memberships->len; i++)
    if (((const UcMembership *)agent->memberships->pdata[i])->queue == queue)
      return ((const UcMembership *)agent->memberships->pdata[i])->enabled;
  return FALSE;
}

void
uc_view_queue (GString *out, const char *key, const UcCore *core, const UcQueue *queue, const UcAgent *me)
{
  const UcInteraction *first = uc_engine_first_waiting (core->engine, queue);

  uc_json_begin_object (out, key);
  uc_json_add_string (out, "queue", queue->id);
  uc_json_add_string (out, "name", queue->name);
  uc_json_add_bool (out, "enabled", queue->enabled);
  uc_json_add_int (out, "post_processing_ms", queue->post_processing_ms);
  uc_json_add_int (out, "boost", queue->boost);
  uc_json_add_bool (out, "member", is_member (me, queue));
  uc_json_add_int (out, "waiting", queue->waiting);
  if (first != NULL)
    uc_json_add_int (out, "oldest", first->enqueued_at);
  else
    uc_json_add_null (out, "oldest");
  uc_json_end (out);
}

static void
add_save (GString *out, const char *state, const char *mode, const char *case_id, gint64 attempts,
          const char *error)
{
  uc_json_begin_object (out, "save");
  uc_json_add_string (out, "state", state);
  uc_json_add_string (out, "mode", mode);
  uc_json_add_string (out, "case", case_id);
  uc_json_add_int (out, "attempts", attempts);
  uc_json_add_string (out, "error", error);
  uc_json_end (out);
}

void
uc_view_interaction_open (GString *out, const char *key, const UcInteraction *i)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "interaction", i->id);
  uc_json_add_string (out, "conversation", i->conversation->id);
  uc_json_add_string (out, "queue", i->queue->id);
  uc_json_add_string (out, "queue_name", i->queue->name);
  uc_json_add_string (out, "channel", i->conversation->channel);
  uc_json_add_string (out, "network", i->conversation->network);
  uc_json_add_string (out, "identity", i->conversation->identity);
  uc_json_add_string (out, "name", i->conversation->name);
  uc_json_add_string (out, "state", uc_interaction_state_word (i->state));
  uc_json_add_string (out, "agent", i->agent != NULL ? i->agent->id : NULL);
  uc_json_add_string (out, "agent_name", i->agent != NULL ? i->agent->name : NULL);
  uc_json_add_string (out, "offer", i->offer);
  uc_json_add_int (out, "acceptance_ms", i->agent != NULL ? i->agent->acceptance_ms : 0);
  uc_json_add_int (out, "deadline", i->deadline);
  uc_json_add_int (out, "enqueued_at", i->enqueued_at);
  uc_json_add_int (out, "accepted_at", i->accepted_at);
  uc_json_add_int (out, "ended_at", i->ended_at);
  uc_json_add_string (out, "ended_by", i->ended_by);
  uc_json_add_string (out, "customer", i->customer);
  uc_json_add_string (out, "customer_name", i->customer_name);
  uc_json_add_bool (out, "draft", i->draft);
  add_save (out, i->save_state, i->save_mode, i->case_id, i->save_attempts, i->save_error);
}

void
uc_view_interaction_row_open (GString *out, const char *key, const UcEvent *row)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "interaction", row->interaction);
  uc_json_add_string (out, "conversation", row->conversation);
  uc_json_add_string (out, "queue", row->queue);
  uc_json_add_string (out, "queue_name", row->queue_name);
  uc_json_add_string (out, "channel", row->channel);
  uc_json_add_string (out, "network", row->network);
  uc_json_add_string (out, "identity", row->identity);
  uc_json_add_string (out, "name", row->name);
  uc_json_add_string (out, "state", row->state);
  uc_json_add_string (out, "agent", row->agent);
  uc_json_add_string (out, "agent_name", row->agent_name);
  uc_json_add_string (out, "offer", row->offer);
  uc_json_add_int (out, "acceptance_ms", row->acceptance_ms);
  uc_json_add_int (out, "deadline", row->deadline);
  uc_json_add_int (out, "enqueued_at", row->enqueued_at);
  uc_json_add_int (out, "accepted_at", row->accepted_at);
  uc_json_add_int (out, "ended_at", row->ended_at);
  uc_json_add_string (out, "ended_by", row->ended_by);
  uc_json_add_string (out, "customer", row->customer);
  uc_json_add_string (out, "customer_name", row->customer_name);
  uc_json_add_bool (out, "draft", row->draft != 0);
  /* The row of an interaction keeps its save state in `status`, because `state` is the interaction's own. */
  add_save (out, row->status, row->mode, row->case_id, row->attempts, row->error);
}

void
uc_view_message (GString *out, const UcEvent *row)
{
  uc_json_begin (out);
  uc_json_add_string (out, "message", row->message);
  uc_json_add_string (out, "interaction", row->interaction);
  uc_json_add_int (out, "n", row->n);
  uc_json_add_int (out, "at", row->at);
  uc_json_add_string (out, "author", row->author);
  uc_json_add_opt (out, "author_name", row->author_name);
  uc_json_add_opt (out, "by", row->by);
  uc_json_add_opt (out, "code", row->code);
  uc_json_add_string (out, "text", row->text);
  uc_json_add_opt (out, "client_id", row->client_id);
  uc_json_add_int (out, "sent_at", row->sent_at);
  uc_json_add_string (out, "state", row->state);
  uc_json_add_opt (out, "error", row->error);
  uc_json_end (out);
}

void
uc_view_messages (GString *out, const char *key, GPtrArray *rows)
{
  uc_json_begin_array (out, key);
  for (guint i = 0; i < rows->len; i++)
    uc_view_message (out, rows->pdata[i]);
  uc_json_end_array (out);
}

static void
add_fields (GString *out, const char *fields)
{
  g_autoptr (UcJson) check = fields != NULL ? uc_json_parse (fields, strlen (fields), NULL, NULL) : NULL;

  uc_json_add_raw (out, "fields", check != NULL && uc_json_is_object (check) ? fields : "{}");
}

void
uc_view_customer (GString *out, const char *key, const UsherCustomer *customer)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "id", customer->id);
  uc_json_add_string (out, "name", customer->name);
  uc_json_add_string (out, "first_name", customer->first_name);
  uc_json_add_string (out, "last_name", customer->last_name);
  uc_json_add_string (out, "email", customer->email);
  uc_json_add_string (out, "phone", customer->phone);
  uc_json_add_string (out, "company", customer->company);
  uc_json_add_string (out, "notes", customer->notes);
  add_fields (out, customer->fields);
  uc_json_add_bool (out, "draft", customer->draft);
  uc_json_add_int (out, "version", customer->version);
  uc_json_add_int (out, "created_at", customer->created_at);
  uc_json_add_int (out, "updated_at", customer->updated_at);
  uc_json_begin_array (out, "identities");
  for (const UsherIdentity *const *i = customer->identities; i != NULL && *i != NULL; i++)
    {
      uc_json_begin (out);
      uc_json_add_string (out, "network", (*i)->network);
      uc_json_add_string (out, "id", (*i)->id);
      uc_json_add_string (out, "name", (*i)->name);
      uc_json_end (out);
    }
  uc_json_end_array (out);
  uc_json_end (out);
}

void
uc_view_case (GString *out, const char *key, const UsherCase *record, gboolean transcript)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "id", record->id);
  uc_json_add_string (out, "customer", record->customer_id);
  uc_json_add_string (out, "interaction", record->interaction);
  uc_json_add_string (out, "subject", record->subject);
  uc_json_add_string (out, "state", record->state);
  uc_json_add_string (out, "queue", record->queue);
  uc_json_add_string (out, "channel", record->channel);
  uc_json_add_string (out, "agent", record->agent);
  uc_json_add_string (out, "notes", record->notes);
  add_fields (out, record->fields);
  uc_json_add_int (out, "version", record->version);
  uc_json_add_int (out, "started_at", record->started_at);
  uc_json_add_int (out, "ended_at", record->ended_at);
  uc_json_add_int (out, "created_at", record->created_at);
  uc_json_add_int (out, "updated_at", record->updated_at);
  if (transcript)
    {
      const UcJsonLimits limits = { 8 * 1024 * 1024, 8 };
      g_autoptr (UcJson) check
          = record->transcript != NULL
                ? uc_json_parse (record->transcript, strlen (record->transcript), &limits, NULL)
                : NULL;

      uc_json_add_raw (out, "transcript", check != NULL && uc_json_is_array (check) ? record->transcript : "[]");
    }
  uc_json_end (out);
}

void
uc_view_instance (GString *out, const char *key, const UsherInstance *instance)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "kind", uc_kind_word (instance->kind));
  uc_json_add_string (out, "name", instance->name);
  uc_json_add_string (out, "plugin", instance->plugin->name);
  uc_json_add_string (out, "version", instance->plugin->descriptor.version);
  uc_json_add_string (out, "mount", instance->mount);
  uc_json_add_string (out, "state", uc_instance_state_word (instance->state));
  uc_json_add_string (out, "status", uc_status_word (instance->status));
  uc_json_add_string (out, "message", instance->status_message);
  uc_json_end (out);
}
