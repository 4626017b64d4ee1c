/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The vocabulary of the journal: what can happen, and which fields say so. Engine, store, desks and tests
 * share this one table, so a field can't be in the journal and missing on a desk.
 *
 * An event is one flat struct; the table in event.c says which members belong to which type. Its JSON form is
 * made once: the same bytes go to the journal and to every desk. Member name = JSON key, with two exceptions
 * that are words of C or of the envelope: case_id -> "case", at/seq/type are the envelope itself. The members
 * `attachments`, `codes` and `matches` hold JSON text and stand in the JSON as what they are: arrays.
 */
#pragma once

#include <glib.h>

typedef enum
{
  UC_EVENT_NONE = 0,

  /* What the centre consists of */
  UC_EVENT_USER_CHANGED,       /* user.changed: the full definition of one user */
  UC_EVENT_QUEUE_CHANGED,      /* queue.changed: the full definition of one queue */
  UC_EVENT_MEMBERSHIP_CHANGED, /* membership.changed: user works queue; removed=1 takes it away */
  UC_EVENT_POLICY_CHANGED,     /* policy.changed: the centre's rules, all of them */
  UC_EVENT_CODES_CHANGED,      /* codes.changed: the full definition of one list of codes */
  UC_EVENT_FAQ_CHANGED,        /* faq.changed: one question with its answer; the engine does not keep it */

  /* Agents */
  UC_EVENT_AGENT_STATUS,   /* agent.status: shown status, the status asked for, since when and why */
  UC_EVENT_AGENT_PRESENCE, /* agent.presence: whether a desk is connected; deadline = when his chats go back, 0 =
                            * not
                            */

  /* Conversations and interactions */
  UC_EVENT_CONVERSATION_OPENED,  /* conversation.opened: first contact of an identity with a channel instance */
  UC_EVENT_CONVERSATION_CHANGED, /* conversation.changed: another name or picture; a member left out stays */
  /* interaction.queued: in line. cause: new, rejected, timed_out, agent_lost (with `agent` when he had accepted
   * it), withdrawn, rested. deadline: until then it is not offered again to those in `excluded`; then it is queued
   * once more (rested); 0 = it may be. acceptance_ms: the channel's own, 0 = none. state.interaction has both so.
   */
  UC_EVENT_INTERACTION_QUEUED,
  UC_EVENT_INTERACTION_OFFERED, /* interaction.offered: reserved for one agent until deadline */
  UC_EVENT_OFFER_ENDED, /* offer.ended: cause accepted rejected timed_out agent_lost customer_left withdrawn */
  UC_EVENT_INTERACTION_ACCEPTED, /* interaction.accepted */
  UC_EVENT_INTERACTION_ENDED, /* interaction.ended: the conversation is over; deadline = end of wrap-up, 0 = none
                               */
  /* interaction.closed: nothing left to do; cause manual timed_out none abandoned uncoded agent_lost */
  UC_EVENT_INTERACTION_CLOSED,
  /* message.added: one line, number n in its conversation. Without interaction: nobody is to be found for it.
   * Every line has window_until and tagged_until of its conversation as they are from now on. */
  UC_EVENT_MESSAGE_ADDED,
  /* message.state: queued uncertain sent delivered read failed; only ever upwards, unless a person (by) decides
   * about one that is uncertain or failed: queued = it is sent again, the same state again = it is left so. */
  UC_EVENT_MESSAGE_STATE,
  UC_EVENT_INTERACTION_CUSTOMER, /* interaction.customer: who it is, by the CRM */
  UC_EVENT_INTERACTION_SAVE,     /* interaction.save: state requested queued saved failed of "Save to CRM" */
  UC_EVENT_INTERACTION_CODES,    /* interaction.codes: the transaction codes it has now; also after it was closed,
                                    uncoded = a required one is missing still (always 0 before it was closed) */
  UC_EVENT_INTERACTION_MATCHES,  /* interaction.matches: several customers may be it; the agent chooses */
  UC_EVENT_INTERACTION_CASE, /* interaction.case: the earlier case it continues (cause named chosen), or none */
  /* interaction.overdue: wrap-up ran out (or the queue has none) and a required code is missing. Its state is
   * wrap_up from here, also when interaction.ended came with deadline 0; deadline = when it is closed as uncoded,
   * 0 = never. */
  UC_EVENT_INTERACTION_OVERDUE,
  UC_EVENT_FAQ_USED,        /* faq.used: an answer was sent in a chat */
  UC_EVENT_CUSTOMER_MERGED, /* customer.merged: `dropped` is `customer` from now on; removed=1 undoes it */
  UC_EVENT_SYSTEM_DRAIN,    /* system.drain: no new offers are made (enabled=1), or they are again; a start ends it
                             */

  /* Whole rows, made by the store when the daemon starts; never in the journal */
  UC_EVENT_STATE_AGENT,
  UC_EVENT_STATE_CONVERSATION,
  UC_EVENT_STATE_INTERACTION,

  UC_EVENT_N_TYPES
} UcEventType;

/* clang-format off */
#define UC_EVENT_STRINGS(X)                                                                                  \
  X (agent)         /* whom it concerns: the agent whose desks see it; NULL = nobody but supervisors */      \
  X (agent_name)                                                                                             \
  X (answer)        /* of an FAQ */                                                                          \
  X (asked)         /* agent.status: the status the agent asked for: available on_break work_offline logged_out */ \
  X (attachments)   /* JSON: [{"kind","media","name","mime","url","size"}] */                                \
  X (author)        /* customer agent system */                                                              \
  X (author_name)                                                                                            \
  X (by)            /* user who did it, when a person did */                                                 \
  X (case_id)                                                                                                \
  X (category)                                                                                               \
  X (cause)         /* why, from the closed list of the type */                                              \
  X (channel)       /* channel instance */                                                                   \
  X (client_id)     /* the sender's own id of a message */                                                   \
  X (code)          /* system line: queued agent_joined agent_left ended */                                  \
  X (codes)         /* JSON: of a list [{"code","name","active"}], of an interaction [{"list","code","name"}] */ \
  X (conversation)                                                                                           \
  X (customer)      /* CRM id */                                                                             \
  X (customer_name)                                                                                          \
  X (dropped)       /* CRM id of a record that was merged into `customer` */                                 \
  X (ended_by)      /* agent customer system */                                                              \
  X (error)         /* for people: what failed */                                                            \
  X (excluded)      /* agents who refused or missed it, separated by commas */                               \
  X (external_id)   /* the network's id */                                                                   \
  X (faq)                                                                                                    \
  X (follows)       /* CRM id of the earlier case it continues */                                            \
  X (form)          /* of a line that is no plain text: postback quick_reply reaction edit ... elsewhere */  \
  X (identity)      /* the customer's id on the network */                                                   \
  X (interaction)                                                                                            \
  X (language)                                                                                               \
  X (late_save)     /* policy: independent linked */                                                         \
  X (list)          /* list of codes */                                                                      \
  X (login)                                                                                                  \
  X (matches)       /* JSON: [{"customer","name","email","draft"}] */                                        \
  X (merge)         /* CRM id of a merge */                                                                  \
  X (message)                                                                                                \
  X (mode)          /* save: during after */                                                                 \
  X (name)                                                                                                   \
  X (network)                                                                                                \
  X (offer)                                                                                                  \
  X (on_login)      /* policy: status after a log-in: work_offline on_break */                               \
  X (on_reject)     /* policy: status after a reject: on_break work_offline available */                     \
  X (on_timeout)    /* policy: status after a missed offer, the same words */                                \
  X (permissions)   /* words separated by commas */                                                          \
  X (picture)       /* of a customer: media id */                                                            \
  X (pop_on)        /* policy: offered accepted completed, separated by commas */                            \
  X (preset)        /* policy: 8x8 engage connect genesys twilio webex, or NULL once it was changed by hand */ \
  X (question)      /* of an FAQ */                                                                          \
  X (queue)                                                                                                  \
  X (queue_name)                                                                                             \
  X (queues)        /* codes: the queues a list is for, separated by commas; NULL = all */                   \
  X (reason)        /* a person's words or code for it */                                                    \
  X (reason_reject) /* policy: reason shown after a reject, e.g. not_responding; NULL = none */              \
  X (reason_timeout)                                                                                         \
  X (reply_to)      /* external id of the line it answers or is about */                                     \
  X (role)          /* agent supervisor administrator */                                                     \
  X (save_after)    /* queue: state of a case saved after the end: open closed; NULL = open */               \
  X (save_during)   /* queue: of one saved before: closed open; NULL = closed */                             \
  X (scope)         /* user: what a supervisor sees: all queues; NULL = all */                               \
  X (state)                                                                                                  \
  X (status)        /* agent.status: what is shown */                                                        \
  X (text)                                                                                                   \
  X (use)           /* codes: what the list is for: disposition status reject */                             \
  X (user)

#define UC_EVENT_INTS(X)                                                                                     \
  X (accepted_at)                                                                                            \
  X (acceptance_ms) /* acceptance interval */                                                                \
  X (attempts)                                                                                               \
  X (auto_accept)   /* user: offers are accepted at once */                                                  \
  X (boost)         /* head start in line, ms */                                                             \
  X (capacity)                                                                                               \
  X (code_grace_ms) /* policy: how long a missing required code holds back; 0 = until it is there */         \
  X (deadline)      /* when the offer, the wrap-up or the rest in line lapses; 0 = never */                  \
  X (delivered_at)  /* message row: when the customer's device had it; 0 = not, or not told */               \
  X (draft)                                                                                                  \
  X (enabled)                                                                                                \
  X (ended_at)                                                                                               \
  X (enqueued_at)                                                                                            \
  X (grace_ms)      /* policy: chats of a vanished agent wait so long for him */                             \
  X (handed_at)     /* message row: when the network took it */                                              \
  X (idle_since)    /* since when the agent could take work; order of agents */                              \
  X (last_n)                                                                                                 \
  X (lease_ms)      /* policy: an offer waits so long for a vanished desk */                                 \
  X (max_misses)    /* policy: offers missed in a row until on_timeout applies; before, he stays available */ \
  X (misses)        /* offers missed in a row */                                                             \
  X (n)             /* number of a line in its conversation: 1, 2, 3, ... */                                 \
  X (overdue)                                                                                                \
  X (post_processing_ms)                                                                                     \
  X (read_at)       /* message row: when the customer read it */                                             \
  X (removed)                                                                                                \
  X (required)      /* codes: the list must be chosen from */                                                \
  X (return_at)     /* agent: when he becomes available by himself; 0 = not */                              \
  X (return_reject_ms)  /* policy: after a reject he is available again by himself; 0 = never */             \
  X (return_timeout_ms)                                                                                      \
  X (sent_at)       /* when the network says it was written */                                               \
  X (since)         /* since when the agent has the shown status */                                          \
  X (stop_new)                                                                                               \
  X (tagged_until)  /* until when a person may still answer with the network's tag; 0 = no such thing */     \
  X (uncoded)       /* closed although a required code was missing */                                        \
  X (undecided)     /* message row: uncertain or failed, and no person has said what becomes of it */        \
  X (window_until)  /* until when the network lets us answer; 0 = always */
/* clang-format on */

typedef struct
{
  UcEventType type;
  gint64 seq; /* number in the journal: 1, 2, 3, ...; 0 until the shell assigns it */
  gint64 at;  /* ms since the epoch, the engine's `now` of the step that made it */
#define X(name) char *name;
  UC_EVENT_STRINGS (X)
#undef X
#define X(name) gint64 name;
  UC_EVENT_INTS (X)
#undef X
} UcEvent;

UcEvent *uc_event_new (UcEventType type, gint64 at);
void uc_event_free (UcEvent *event);
UcEvent *uc_event_copy (const UcEvent *event);

const char *uc_event_type_name (UcEventType type);
UcEventType uc_event_type_from_name (const char *name);
/* Whether `member` (a name from the lists above) belongs to `type`. */
gboolean uc_event_type_has (UcEventType type, const char *member);

/* {"seq":12,"at":...,"type":"agent.status", then the members of the type}. NULL strings are left out. */
char *uc_event_to_json (const UcEvent *event, gsize *len);
/* The inverse; unknown keys are ignored so that an older daemon's tools can read a newer journal. */
UcEvent *uc_event_from_json (const char *json, gsize len, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcEvent, uc_event_free)
