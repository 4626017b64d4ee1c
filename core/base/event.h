/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The vocabulary of the journal: what can happen, and which fields say so. Engine, store, desks and tests
 * share this one table, so a field can't be in the journal and missing on a desk.
 *
 * An event is one flat struct; the table in event.c says which members belong to which type. Its JSON form is
 * made once: the same bytes go to the journal and to every desk. Member name = JSON key, with two exceptions
 * that are words of C or of the envelope: case_id -> "case", at/seq/type are the envelope itself.
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

  /* Agents */
  UC_EVENT_AGENT_STATUS, /* agent.status: shown status, the status asked for, since when and why */

  /* Conversations and interactions */
  UC_EVENT_CONVERSATION_OPENED,  /* conversation.opened: first contact of an identity with a channel instance */
  UC_EVENT_CONVERSATION_CHANGED, /* conversation.changed: the network tells another display name */
  UC_EVENT_INTERACTION_QUEUED,   /* interaction.queued: new, or back in line (cause says which) */
  UC_EVENT_INTERACTION_OFFERED,  /* interaction.offered: reserved for one agent until deadline */
  UC_EVENT_OFFER_ENDED, /* offer.ended: cause accepted rejected timed_out agent_lost customer_left withdrawn */
  UC_EVENT_INTERACTION_ACCEPTED, /* interaction.accepted */
  UC_EVENT_INTERACTION_ENDED,  /* interaction.ended: the conversation is over; deadline = end of wrap-up, 0 = none
                                */
  UC_EVENT_INTERACTION_CLOSED, /* interaction.closed: nothing left to do; cause manual timed_out none abandoned */
  UC_EVENT_MESSAGE_ADDED,      /* message.added: one line, number n in its conversation */
  UC_EVENT_MESSAGE_STATE,      /* message.state: queued sent delivered read failed; only ever upwards */
  UC_EVENT_INTERACTION_CUSTOMER, /* interaction.customer: who it is, by the CRM */
  UC_EVENT_INTERACTION_SAVE,     /* interaction.save: state requested queued saved failed of "Save to CRM" */

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
  X (asked)         /* agent.status: the status the agent asked for: available on_break work_offline logged_out */ \
  X (author)        /* customer agent system */                                                              \
  X (author_name)                                                                                            \
  X (by)            /* user who did it, when a person did */                                                 \
  X (case_id)                                                                                                \
  X (cause)         /* why, from the closed list of the type */                                              \
  X (channel)       /* channel instance */                                                                   \
  X (client_id)     /* the sender's own id of a message */                                                   \
  X (code)          /* system line: queued agent_joined agent_left ended */                                  \
  X (conversation)                                                                                           \
  X (customer)      /* CRM id */                                                                             \
  X (customer_name)                                                                                          \
  X (ended_by)      /* agent customer system */                                                              \
  X (error)         /* for people: what failed */                                                            \
  X (excluded)      /* agents who refused or missed it, separated by commas */                               \
  X (external_id)   /* the network's id */                                                                   \
  X (identity)      /* the customer's id on the network */                                                   \
  X (interaction)                                                                                            \
  X (login)                                                                                                  \
  X (message)                                                                                                \
  X (mode)          /* save: during after */                                                                 \
  X (name)                                                                                                   \
  X (network)                                                                                                \
  X (offer)                                                                                                  \
  X (permissions)   /* words separated by commas */                                                          \
  X (queue)                                                                                                  \
  X (queue_name)                                                                                             \
  X (reason)        /* a person's words or code for it */                                                    \
  X (role)          /* agent supervisor administrator */                                                     \
  X (state)                                                                                                  \
  X (status)        /* agent.status: what is shown */                                                        \
  X (text)                                                                                                   \
  X (user)

#define UC_EVENT_INTS(X)                                                                                     \
  X (accepted_at)                                                                                            \
  X (acceptance_ms) /* acceptance interval */                                                                \
  X (attempts)                                                                                               \
  X (boost)         /* head start in line, ms */                                                             \
  X (capacity)                                                                                               \
  X (deadline)      /* when the offer or the wrap-up lapses; 0 = never */                                    \
  X (draft)                                                                                                  \
  X (enabled)                                                                                                \
  X (ended_at)                                                                                               \
  X (enqueued_at)                                                                                            \
  X (idle_since)    /* since when the agent could take work; order of agents */                              \
  X (last_n)                                                                                                 \
  X (n)             /* number of a line in its conversation: 1, 2, 3, ... */                                 \
  X (post_processing_ms)                                                                                     \
  X (removed)                                                                                                \
  X (sent_at)       /* when the network says it was written */                                               \
  X (since)         /* since when the agent has the shown status */                                          \
  X (stop_new)
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
