/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each event does to the tables. Together with the journal in one transaction, so that the tables always are
 * what a replay of the journal would make. Writer thread.
 */
#include <string.h>

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

/* Nobody needs to think of it any more: the network has it, or a person leaves it as it is. */
static gboolean
is_done (const UcEvent *event)
{
  return event->state != NULL && strcmp (event->state, "queued") != 0
         && (event->by != NULL
             || (strcmp (event->state, "uncertain") != 0 && strcmp (event->state, "failed") != 0));
}

static gboolean
is_uncertain (const UcEvent *event)
{
  return event->by == NULL && g_strcmp0 (event->state, "uncertain") == 0;
}

/* Also what the network had taken and refuses later. */
static gboolean
has_failed (const UcEvent *event)
{
  return event->by == NULL && g_strcmp0 (event->state, "failed") == 0;
}

static gboolean
goes_out_again (const UcEvent *event)
{
  return event->by != NULL && g_strcmp0 (event->state, "queued") == 0;
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

/* TRUE in SQL when :state may follow the present one: upwards only, and nothing follows `failed`, unless a person
 * says that it is to be sent again. An uncertain one may turn out to be anything that a sent one may become. */
#define STATE_MAY_FOLLOW                                                                                          \
  "CASE :state"                                                                                                   \
  " WHEN 'uncertain' THEN state IN ('queued', 'uncertain')"                                                       \
  " WHEN 'sent' THEN state IN ('queued', 'uncertain')"                                                            \
  " WHEN 'delivered' THEN state IN ('queued', 'uncertain', 'sent')"                                               \
  " WHEN 'read' THEN state IN ('queued', 'uncertain', 'sent', 'delivered')"                                       \
  " WHEN 'failed' THEN state IN ('queued', 'uncertain', 'sent')"                                                  \
  " WHEN 'queued' THEN :by IS NOT NULL AND state IN ('uncertain', 'failed')"                                      \
  " ELSE FALSE END"

#define MOST_STEPS 5

static const Step steps[UC_EVENT_N_TYPES][MOST_STEPS + 1] = {
  [UC_EVENT_USER_CHANGED]
  = { { "INSERT INTO user (id, login, name, role, permissions, capacity, acceptance_ms, enabled, auto_accept,"
        " scope, version)"
        " VALUES (:user, :login, :name, :role, :permissions, :capacity, :acceptance_ms, :enabled, :auto_accept,"
        " :scope, :seq)"
        " ON CONFLICT (id) DO UPDATE SET login = excluded.login, name = excluded.name, role = excluded.role,"
        " permissions = excluded.permissions, capacity = excluded.capacity,"
        " acceptance_ms = excluded.acceptance_ms, enabled = excluded.enabled,"
        " auto_accept = excluded.auto_accept, scope = excluded.scope, version = excluded.version" } },

  [UC_EVENT_QUEUE_CHANGED]
  = { { "INSERT INTO queue (id, name, enabled, post_processing_ms, boost, acceptance_ms, save_during, save_after,"
        " version)"
        " VALUES (:queue, :name, :enabled, :post_processing_ms, :boost, :acceptance_ms, :save_during, :save_after,"
        " :seq)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, enabled = excluded.enabled,"
        " post_processing_ms = excluded.post_processing_ms, boost = excluded.boost,"
        " acceptance_ms = excluded.acceptance_ms, save_during = excluded.save_during,"
        " save_after = excluded.save_after, version = excluded.version" } },

  [UC_EVENT_MEMBERSHIP_CHANGED]
  = { { "DELETE FROM membership WHERE user = :user AND queue = :queue", is_removed },
      { "INSERT INTO membership (user, queue, enabled, version) VALUES (:user, :queue, :enabled, :seq)"
        " ON CONFLICT (user, queue) DO UPDATE SET enabled = excluded.enabled, version = excluded.version",
        is_kept } },

  [UC_EVENT_POLICY_CHANGED]
  = { { "INSERT INTO policy (id, preset, acceptance_ms, on_login, on_reject, on_timeout, reason_reject,"
        " reason_timeout, return_reject_ms, return_timeout_ms, max_misses, lease_ms, grace_ms, code_grace_ms,"
        " pop_on, late_save, version)"
        " VALUES (1, :preset, :acceptance_ms, :on_login, :on_reject, :on_timeout, :reason_reject,"
        " :reason_timeout, :return_reject_ms, :return_timeout_ms, :max_misses, :lease_ms, :grace_ms,"
        " :code_grace_ms, :pop_on, :late_save, :seq)"
        " ON CONFLICT (id) DO UPDATE SET preset = excluded.preset, acceptance_ms = excluded.acceptance_ms,"
        " on_login = excluded.on_login, on_reject = excluded.on_reject, on_timeout = excluded.on_timeout,"
        " reason_reject = excluded.reason_reject, reason_timeout = excluded.reason_timeout,"
        " return_reject_ms = excluded.return_reject_ms, return_timeout_ms = excluded.return_timeout_ms,"
        " max_misses = excluded.max_misses, lease_ms = excluded.lease_ms, grace_ms = excluded.grace_ms,"
        " code_grace_ms = excluded.code_grace_ms, pop_on = excluded.pop_on, late_save = excluded.late_save,"
        " version = excluded.version" } },

  [UC_EVENT_CODES_CHANGED]
  = { { "DELETE FROM codes WHERE list = :list", is_removed },
      { "INSERT INTO codes (list, name, use, status, queues, required, enabled, codes, version)"
        " VALUES (:list, :name, :use, :status, :queues, :required, :enabled, :codes, :seq)"
        " ON CONFLICT (list) DO UPDATE SET name = excluded.name, use = excluded.use, status = excluded.status,"
        " queues = excluded.queues, required = excluded.required, enabled = excluded.enabled,"
        " codes = excluded.codes, version = excluded.version",
        is_kept } },

  /* The text for the search is made anew. */
  [UC_EVENT_FAQ_CHANGED]
  = { { "DELETE FROM faq_text WHERE rowid = (SELECT doc FROM faq WHERE id = :faq)" },
      { "DELETE FROM faq WHERE id = :faq", is_removed },
      { "INSERT INTO faq (id, at, category, question, answer, language, enabled, by_user, version)"
        " VALUES (:faq, :at, :category, :question, :answer, :language, :enabled, :by, :seq)"
        " ON CONFLICT (id) DO UPDATE SET at = excluded.at, category = excluded.category,"
        " question = excluded.question, answer = excluded.answer, language = excluded.language,"
        " enabled = excluded.enabled, by_user = excluded.by_user, version = excluded.version",
        is_kept },
      { "INSERT INTO faq_text (rowid, question, answer)"
        " SELECT doc, usher_words (question), usher_words (answer) FROM faq WHERE id = :faq",
        is_kept } },

  [UC_EVENT_FAQ_USED] = { { "INSERT INTO faq_used (faq, uses) VALUES (:faq, 1)"
                            " ON CONFLICT (faq) DO UPDATE SET uses = uses + 1" } },

  [UC_EVENT_CUSTOMER_MERGED]
  = { { "DELETE FROM merged WHERE dropped = :dropped", is_removed },
      { "INSERT INTO merged (dropped, customer, merge, at, by_user, version)"
        " VALUES (:dropped, :customer, :merge, :at, :by, :seq)"
        " ON CONFLICT (dropped) DO UPDATE SET customer = excluded.customer, merge = excluded.merge,"
        " at = excluded.at, by_user = excluded.by_user, version = excluded.version",
        is_kept } },

  [UC_EVENT_AGENT_STATUS]
  = { { "UPDATE user SET status = :status, asked = :asked, since = :since, idle_since = :idle_since,"
        " stop_new = :stop_new, cause = :cause, reason = :reason, misses = :misses, return_at = :return_at,"
        " version = :seq WHERE id = :agent",
        NULL, "agent" } },

  [UC_EVENT_AGENT_PRESENCE]
  = { { "UPDATE user SET presence = :state, presence_since = :since, presence_deadline = :deadline,"
        " version = :seq WHERE id = :agent",
        NULL, "agent" } },

  [UC_EVENT_CONVERSATION_OPENED] = { { "INSERT INTO conversation (id, channel, network, identity, name, version)"
                                       " VALUES (:conversation, :channel, :network, :identity, :name, :seq)" } },

  [UC_EVENT_CONVERSATION_CHANGED]
  = { { "UPDATE conversation SET name = coalesce (:name, name), picture = coalesce (:picture, picture),"
        " version = :seq WHERE id = :conversation",
        NULL, "conversation" },
      { "UPDATE interaction SET name = coalesce (:name, name), version = :seq WHERE id = :interaction",
        has_interaction, "interaction" } },

  /* When it goes back in line, `agent` is who had it: the event is his to see, the work is nobody's. */
  [UC_EVENT_INTERACTION_QUEUED]
  = { { "INSERT INTO interaction (id, conversation, channel, network, identity, name, queue, queue_name, state,"
        " enqueued_at, boost, override_ms, excluded, deadline, cause, version)"
        " VALUES (:interaction, :conversation, :channel, :network, :identity, :name, :queue, :queue_name,"
        " 'waiting', :enqueued_at, :boost, :acceptance_ms, :excluded, :deadline, :cause, :seq)"
        " ON CONFLICT (id) DO UPDATE SET state = 'waiting', agent = NULL, offer = NULL,"
        " accepted_at = 0, name = excluded.name, queue = excluded.queue, queue_name = excluded.queue_name,"
        " enqueued_at = excluded.enqueued_at, boost = excluded.boost, override_ms = excluded.override_ms,"
        " excluded = excluded.excluded, deadline = excluded.deadline, cause = excluded.cause, version = "
        "excluded.version" } },

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

  /* Also straight after the end, where there is no wrap-up to run out. */
  [UC_EVENT_INTERACTION_OVERDUE]
  = { { "UPDATE interaction SET state = 'wrap_up', overdue = 1, deadline = :deadline, version = :seq"
        " WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_INTERACTION_CLOSED]
  = { { "UPDATE interaction SET state = 'closed', closed_at = :at, cause = :cause, offer = NULL, deadline = 0,"
        " overdue = 0, uncoded = :uncoded, version = :seq WHERE id = :interaction",
        NULL, "interaction" } },

  [UC_EVENT_INTERACTION_CODES] = { { "UPDATE interaction SET codes = :codes, uncoded = :uncoded, version = :seq"
                                     " WHERE id = :interaction",
                                     NULL, "interaction" } },

  [UC_EVENT_INTERACTION_MATCHES]
  = { { "UPDATE interaction SET matches = :matches, version = :seq WHERE id = :interaction", NULL,
        "interaction" } },

  [UC_EVENT_INTERACTION_CASE]
  = { { "UPDATE interaction SET follows = :follows, version = :seq WHERE id = :interaction", NULL,
        "interaction" } },

  [UC_EVENT_MESSAGE_ADDED]
  = { { "INSERT INTO message (conversation, n, at, message, interaction, agent, author, author_name, by_user,"
        " code, text, channel, external_id, sent_id, client_id, sent_at, state, form, reply_to, attachments,"
        " window_until, tagged_until)"
        " VALUES (:conversation, :n, :at, :message, :interaction, :agent, :author, :author_name, :by,"
        " :code, :text, :channel, CASE :author WHEN 'agent' THEN NULL ELSE :external_id END,"
        " CASE :author WHEN 'agent' THEN :external_id END, :client_id, :sent_at, :state, :form, :reply_to,"
        " :attachments, :window_until, :tagged_until)" },
      { "UPDATE conversation SET last_n = max (last_n, :n), window_until = :window_until,"
        " tagged_until = :tagged_until, version = :seq WHERE id = :conversation",
        NULL, "conversation" },
      { "UPDATE interaction SET first_n = CASE first_n WHEN 0 THEN :n ELSE min (first_n, :n) END,"
        " last_n = max (last_n, :n), version = :seq WHERE id = :interaction",
        has_interaction, "interaction" },
      { "INSERT INTO outbox (message, conversation, n, channel, due_at, since)"
        " VALUES (:message, :conversation, :n, :channel, :at, :at)",
        goes_out } },

  /* The network's id may come late, after a receipt has already lifted the state. */
  [UC_EVENT_MESSAGE_STATE]
  = { { "UPDATE message SET sent_id = coalesce (:external_id, sent_id),"
        " error = CASE WHEN " STATE_MAY_FOLLOW " THEN :error ELSE error END,"
        " handed_at = CASE WHEN :state = 'sent' AND handed_at = 0 THEN :at ELSE handed_at END,"
        " delivered_at = CASE WHEN :state = 'delivered' AND delivered_at = 0 THEN :at"
        " ELSE delivered_at END,"
        " read_at = CASE WHEN :state = 'read' AND read_at = 0 THEN :at ELSE read_at END,"
        " state = CASE WHEN " STATE_MAY_FOLLOW " THEN :state ELSE state END"
        " WHERE conversation = :conversation AND n = :n",
        NULL, "message" },
      { "DELETE FROM outbox WHERE message ="
        " (SELECT message FROM message WHERE conversation = :conversation AND n = :n)",
        is_done },
      { "UPDATE outbox SET due_at = :at WHERE message = (SELECT message FROM message"
        " WHERE conversation = :conversation AND n = :n AND state = 'uncertain')",
        is_uncertain },
      { "INSERT INTO outbox (message, conversation, n, channel, due_at, since)"
        " SELECT message, conversation, n, channel, :at, :at FROM message"
        " WHERE conversation = :conversation AND n = :n AND state = 'failed'"
        " ON CONFLICT (message) DO UPDATE SET due_at = excluded.due_at",
        has_failed },
      { "UPDATE outbox SET due_at = :at, since = :at, attempts = 0, last_error = NULL"
        " WHERE message = (SELECT message FROM message WHERE conversation = :conversation AND n = :n)",
        goes_out_again } },

  [UC_EVENT_INTERACTION_CUSTOMER]
  = { { "UPDATE interaction SET customer = :customer, customer_name = :customer_name, draft = :draft,"
        " matches = CASE WHEN :customer IS NULL THEN matches END, version = :seq WHERE id = :interaction",
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
