/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each event does to the tables. Together with the journal in one transaction, so that the tables always are
 * what a replay of the journal would make. Writer thread.
 */
#include "core/store/sqlite.h"

typedef struct
{
  const char *sql;
  gboolean (*when) (const UcEvent *event); /* NULL = always */
  const char *missing; /* what the tables lack when the statement changes nothing; NULL = that is fine */
} Step;

static gboolean
has_interaction (const UcEvent *event)
{
  return event->interaction != NULL;
}

/* An agent's message is to be handed to its network. */
static gboolean
goes_out (const UcEvent *event)
{
  return g_strcmp0 (event->author, "agent") == 0 && g_strcmp0 (event->state, "queued") == 0;
}

static gboolean
is_done (const UcEvent *event)
{
  return event->state != NULL && g_strcmp0 (event->state, "queued") != 0;
}

static gboolean
is_removed (const UcEvent *event)
{
  return event->removed != 0;
}

static gboolean
is_kept (const UcEvent *event)
{
  return event->removed == 0;
}

/* TRUE in SQL when :state may follow the present one: upwards only, and nothing follows `failed`. */
#define STATE_MAY_FOLLOW                                                                                          \
  "CASE :state"                                                                                                   \
  " WHEN 'sent' THEN state = 'queued'"                                                                            \
  " WHEN 'delivered' THEN state IN ('queued', 'sent')"                                                            \
  " WHEN 'read' THEN state IN ('queued', 'sent', 'delivered')"                                                    \
  " WHEN 'failed' THEN state IN ('queued', 'sent')"                                                               \
  " ELSE FALSE END"

#define MOST_STEPS 4

static const Step steps[UC_EVENT_N_TYPES][MOST_STEPS + 1] = {
  [UC_EVENT_USER_CHANGED]
  = { { "INSERT INTO user (id, login, name, role, permissions, capacity, acceptance_ms, enabled, version)"
        " VALUES (:user, :login, :name, :role, :permissions, :capacity, :acceptance_ms, :enabled, :seq)"
        " ON CONFLICT (id) DO UPDATE SET login = excluded.login, name = excluded.name, role = excluded.role,"
        " permissions = excluded.permissions, capacity = excluded.capacity,"
        " acceptance_ms = excluded.acceptance_ms, enabled = excluded.enabled, version = excluded.version" } },

  [UC_EVENT_QUEUE_CHANGED]
  = { { "INSERT INTO queue (id, name, enabled, post_processing_ms, boost, version)"
        " VALUES (:queue, :name, :enabled, :post_processing_ms, :boost, :seq)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, enabled = excluded.enabled,"
        " post_processing_ms = excluded.post_processing_ms, boost = excluded.boost, version = "
        "excluded.version" } },

  [UC_EVENT_MEMBERSHIP_CHANGED]
  = { { "DELETE FROM membership WHERE user = :user AND queue = :queue", is_removed },
      { "INSERT INTO membership (user, queue, enabled, version) VALUES (:user, :queue, :enabled, :seq)"
        " ON CONFLICT (user, queue) DO UPDATE SET enabled = excluded.enabled, version = excluded.version",
        is_kept } },

  [UC_EVENT_AGENT_STATUS]
  = { { "UPDATE user SET status = :status, asked = :asked, since = :since, idle_since = :idle_since,"
        " stop_new = :stop_new, cause = :cause, reason = :reason, version = :seq WHERE id = :agent",
        NULL, "agent" } },

  [UC_EVENT_CONVERSATION_OPENED] = { { "INSERT INTO conversation (id, channel, network, identity, name, version)"
                                       " VALUES (:conversation, :channel, :network, :identity, :name, :seq)" } },

  [UC_EVENT_CONVERSATION_CHANGED]
  = { { "UPDATE conversation SET name = :name, version = :seq WHERE id = :conversation", NULL, "conversation" },
      { "UPDATE interaction SET name = :name, version = :seq WHERE id = :interaction", has_interaction,
        "interaction" } },

  [UC_EVENT_INTERACTION_QUEUED]
  = { { "INSERT INTO interaction (id, conversation, channel, network, identity, name, queue, queue_name, state,"
        " enqueued_at, boost, excluded, cause, version)"
        " VALUES (:interaction, :conversation, :channel, :network, :identity, :name, :queue, :queue_name,"
        " 'waiting', :enqueued_at, :boost, :excluded, :cause, :seq)"
        " ON CONFLICT (id) DO UPDATE SET state = 'waiting', agent = NULL, offer = NULL, deadline = 0,"
        " accepted_at = 0, name = excluded.name, queue = excluded.queue, queue_name = excluded.queue_name,"
        " enqueued_at = excluded.enqueued_at, boost = excluded.boost, excluded = excluded.excluded,"
        " cause = excluded.cause, version = excluded.version" } },

  [UC_EVENT_INTERACTION_OFFERED]
  = { { "UPDATE interaction SET state = 'offered', agent = :agent, offer = :offer, deadline = :deadline,"
        " acceptance_ms = :acceptance_ms, version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_OFFER_ENDED]
  = { { "UPDATE interaction SET offer = NULL, deadline = 0,"
        " state = CASE :cause WHEN 'accepted' THEN state ELSE 'waiting' END,"
        " agent = CASE :cause WHEN 'accepted' THEN agent END, version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_INTERACTION_ACCEPTED]
  = { { "UPDATE interaction SET state = 'active', agent = :agent, accepted_at = :accepted_at, offer = NULL,"
        " deadline = 0, version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  /* When the customer ended it, it stays with the agent, who ends it next; without wrap-up, closed follows. */
  [UC_EVENT_INTERACTION_ENDED]
  = { { "UPDATE interaction SET ended_by = :ended_by, ended_at = :ended_at, deadline = :deadline,"
        " state = CASE WHEN :deadline > 0 THEN 'wrap_up' ELSE state END,"
        " version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_INTERACTION_CLOSED]
  = { { "UPDATE interaction SET state = 'closed', closed_at = :at, cause = :cause, offer = NULL, deadline = 0,"
        " version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_MESSAGE_ADDED]
  = { { "INSERT INTO message (conversation, n, at, message, interaction, agent, author, author_name, by_user,"
        " code, text, channel, external_id, sent_id, client_id, sent_at, state)"
        " VALUES (:conversation, :n, :at, :message, :interaction, :agent, :author, :author_name, :by,"
        " :code, :text, :channel, CASE :author WHEN 'agent' THEN NULL ELSE :external_id END,"
        " CASE :author WHEN 'agent' THEN :external_id END, :client_id, :sent_at, :state)" },
      { "UPDATE conversation SET last_n = max (last_n, :n), version = :seq WHERE id = :conversation", NULL,
        "conversation" },
      { "UPDATE interaction SET first_n = CASE first_n WHEN 0 THEN :n ELSE min (first_n, :n) END,"
        " last_n = max (last_n, :n), version = :seq WHERE id = :interaction",
        has_interaction, "interaction" },
      { "INSERT INTO outbox (message, conversation, n, channel, due_at)"
        " VALUES (:message, :conversation, :n, :channel, :at)",
        goes_out } },

  /* The network's id may come late, after a receipt has already lifted the state. */
  [UC_EVENT_MESSAGE_STATE] = { { "UPDATE message SET sent_id = coalesce (:external_id, sent_id),"
                                 " error = CASE WHEN " STATE_MAY_FOLLOW " THEN :error ELSE error END,"
                                 " state = CASE WHEN " STATE_MAY_FOLLOW " THEN :state ELSE state END"
                                 " WHERE conversation = :conversation AND n = :n",
                                 NULL, "message" },
                               { "DELETE FROM outbox WHERE message ="
                                 " (SELECT message FROM message WHERE conversation = :conversation AND n = :n)",
                                 is_done } },

  [UC_EVENT_INTERACTION_CUSTOMER]
  = { { "UPDATE interaction SET customer = :customer, customer_name = :customer_name, draft = :draft,"
        " version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_INTERACTION_SAVE]
  = { { "UPDATE interaction SET status = :state, mode = coalesce (:mode, mode),"
        " case_id = coalesce (:case_id, case_id), attempts = :attempts, error = :error, version = :seq"
        " WHERE id = :interaction",
        NULL, "interaction" } },
};

int
uc_sqlite_project (UcSqlite *sqlite, const UcEvent *event, char **why)
{
  for (const Step *step = steps[event->type]; step->sql != NULL; step++)
    {
      UcStatement *statement;
      int code;

      if (step->when != NULL && !step->when (event))
        continue;
      statement = uc_sqlite_statement (sqlite, step->sql);
      if (statement == NULL)
        return sqlite3_extended_errcode (sqlite->db);
      uc_statement_bind_event (statement, event);
      code = uc_statement_run (sqlite, statement);
      if (code != SQLITE_OK)
        return code;
      if (step->missing != NULL && sqlite3_changes (sqlite->db) == 0)
        {
          *why = g_strdup_printf ("there is no such %s in the tables", step->missing);
          return SQLITE_CONSTRAINT;
        }
    }
  return SQLITE_OK;
}
