/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON shapes for clients. Main thread.
 */
#include "core/service/view.h"

#include <string.h>

#include "core/plugin/remote.h"

void
uc_view_agent (GString *out, const char *key, const UcAgent *agent)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "user", agent->id);
  uc_json_add_string (out, "login", agent->login);
  uc_json_add_string (out, "name", agent->name);
  uc_json_add_string (out, "role", agent->role);
  uc_view_words (out, "permissions", agent->permissions);
  uc_json_add_bool (out, "enabled", agent->enabled);
  uc_json_add_int (out, "capacity", agent->capacity);
  uc_json_add_int (out, "acceptance_ms", agent->acceptance_ms);
  uc_json_add_string (out, "status", uc_agent_status_word (agent->shown));
  uc_json_add_string (out, "asked", uc_agent_status_word (agent->asked));
  uc_json_add_int (out, "since", agent->since);
  uc_json_add_string (out, "cause", agent->cause);
  uc_json_add_string (out, "reason", agent->reason);
  uc_json_add_bool (out, "stop_new", agent->stop_new);
  uc_json_add_bool (out, "auto_accept", agent->auto_accept);
  uc_json_add_string (out, "scope", agent->scope != NULL ? agent->scope : "all");
  uc_json_add_int (out, "return_at", agent->return_at);
  uc_json_add_string (out, "presence", uc_presence_word (agent->presence));
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

static void
add_details (GString *out, const char *matches, const char *follows, const char *codes, gboolean overdue,
             gboolean uncoded)
{
  uc_json_add_raw (out, "matches", matches != NULL ? matches : "[]");
  uc_json_add_string (out, "follows", follows);
  uc_json_add_raw (out, "codes", codes != NULL ? codes : "[]");
  uc_json_add_bool (out, "overdue", overdue);
  uc_json_add_bool (out, "uncoded", uncoded);
}

static void
add_missing (GString *out, const UcCore *core, const UcInteraction *interaction)
{
  g_autofree char *missing = uc_interaction_missing_codes (core->engine, interaction);
  g_auto (GStrv) names = g_strsplit (missing != NULL ? missing : "", ", ", -1);

  uc_json_begin_array (out, "missing_codes");
  for (gsize n = 0; names[n] != NULL; n++)
    uc_json_add_string (out, NULL, names[n]);
  uc_json_end_array (out);
}

static void
add_window (GString *out, const char *picture, gint64 window_until, gint64 tagged_until)
{
  uc_json_add_string (out, "picture", picture);
  uc_json_add_int (out, "window_until", window_until);
  uc_json_add_int (out, "tagged_until", tagged_until);
}

void
uc_view_interaction_open (GString *out, const char *key, const UcCore *core, const UcInteraction *i)
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
  uc_json_add_int (out, "acceptance_ms", i->offered_ms);
  uc_json_add_int (out, "deadline", i->deadline);
  uc_json_add_int (out, "enqueued_at", i->enqueued_at);
  uc_json_add_int (out, "accepted_at", i->accepted_at);
  uc_json_add_int (out, "ended_at", i->ended_at);
  uc_json_add_string (out, "ended_by", i->ended_by);
  uc_json_add_string (out, "customer", i->customer);
  uc_json_add_string (out, "customer_name", i->customer_name);
  uc_json_add_bool (out, "draft", i->draft);
  add_details (out, i->matches, i->follows, i->codes, i->overdue, FALSE);
  add_missing (out, core, i);
  add_window (out, i->conversation->picture, i->conversation->window_until, i->conversation->tagged_until);
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
  add_details (out, row->matches, row->follows, row->codes, row->overdue != 0, row->uncoded != 0);
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
  if (row->undecided != 0)
    uc_json_add_bool (out, "undecided", TRUE);
  /* Only rows know them; an event that just happened leaves them out. */
  if (row->handed_at != 0)
    uc_json_add_int (out, "handed_at", row->handed_at);
  if (row->delivered_at != 0)
    uc_json_add_int (out, "delivered_at", row->delivered_at);
  if (row->read_at != 0)
    uc_json_add_int (out, "read_at", row->read_at);
  uc_json_add_opt (out, "form", row->form);
  uc_json_add_opt (out, "reply_to", row->reply_to);
  if (row->attachments != NULL)
    uc_json_add_raw (out, "attachments", row->attachments);
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

void
uc_view_instance (GString *out, const char *key, const UsherInstance *instance)
{
  UcRemoteFigures process;

  uc_json_begin_object (out, key);
  uc_json_add_string (out, "kind", uc_kind_word (instance->kind));
  uc_json_add_string (out, "name", instance->name);
  uc_json_add_string (out, "plugin", instance->plugin->name);
  uc_json_add_string (out, "version", instance->plugin->descriptor.version);
  uc_json_add_string (out, "mount", instance->mount);
  uc_json_add_string (out, "state", uc_instance_state_word (instance->state));
  uc_json_add_string (out, "status", uc_status_word (instance->status));
  uc_json_add_string (out, "message", instance->status_message);
  if (instance->retry_at != 0)
    uc_json_add_int (out, "retry_at", instance->retry_at);
  if (uc_remote_figures ((UsherInstance *)instance, &process))
    {
      uc_json_begin_object (out, "process");
      uc_json_add_int (out, "pid", process.pid);
      uc_json_add_int (out, "lost", process.lost);
      uc_json_add_string (out, "last_end", process.last_end);
      uc_json_add_string (out, "confined", process.confined);
      uc_json_end (out);
    }
  uc_json_end (out);
}
