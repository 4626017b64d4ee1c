/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine: a pure function step (state, command, now) -> events. It routes interactions to agents and owns
 * every rule about them. No I/O, no clock, no main loop, no randomness: `now` is an argument, ids come in with
 * the command, and what should happen outside is read from the events. So every rule is tested without a network,
 * a day is simulated in a second, and a restart is a reload of rows.
 *
 * A step either fails, with an error for the person who asked and no change at all, or appends one or more events
 * and has already applied them to the state. Events are the only way the state changes.
 */
#pragma once

#include "core/base/event.h"

typedef struct UcEngine UcEngine;

typedef enum
{
  UC_AGENT_LOGGED_OUT,
  UC_AGENT_WORK_OFFLINE,
  UC_AGENT_AVAILABLE,
  UC_AGENT_OFFERED,
  UC_AGENT_BUSY,
  UC_AGENT_POST_PROCESSING,
  UC_AGENT_ON_BREAK
} UcAgentStatus;

typedef enum
{
  UC_INTERACTION_WAITING,
  UC_INTERACTION_OFFERED,
  UC_INTERACTION_ACTIVE, /* also after the customer left, until the agent acknowledges by ending it */
  UC_INTERACTION_WRAP_UP,
  UC_INTERACTION_CLOSED
} UcInteractionState;

typedef struct UcClass UcClass;
typedef struct UcGroup UcGroup;

/* ---- what the engine knows; read only outside core/engine ---------------------------------------------- */

typedef struct
{
  char *id, *name;
  gboolean enabled;
  gint64 post_processing_ms; /* 0 = no wrap-up */
  gint64 boost;              /* head start in line, ms */
  UcClass *class;
  guint waiting;
} UcQueue;

typedef struct
{
  UcQueue *queue;
  gboolean enabled;
} UcMembership;

/* agent.status tells every change of what is shown, asked for, stop_new, idle_since or the reason; a new cause
 * alone (a busy agent gets one more offer) is no news. */
typedef struct
{
  char *id, *login, *name, *role;
  char *permissions; /* words separated by commas */
  gboolean may_reject;
  gboolean enabled;
  guint capacity;
  gint64 acceptance_ms;
  GPtrArray *memberships; /* of UcMembership* */

  UcAgentStatus asked; /* what the agent asked for: logged_out work_offline available on_break */
  UcAgentStatus shown; /* what everybody sees: asked, or offered/busy/post_processing on top of it */
  char *cause, *reason;
  gint64 since;      /* of shown */
  gint64 idle_since; /* since when able to take work */
  gboolean stop_new;
  guint offered, active, wrapping; /* interactions in these states; load = their sum */
  guint over;                      /* of the load, what exceeds a capacity that was lowered meanwhile */
  GPtrArray *interactions;         /* of UcInteraction*, oldest first: offered, active and wrap-up ones */

  UcGroup *group;
  GSequenceIter *idle; /* place in group->idle while able to take work */
} UcAgent;

typedef struct UcInteraction UcInteraction;

typedef struct
{
  char *id, *channel, *network, *identity, *name;
  gint64 last_n;       /* number of the last line */
  UcInteraction *open; /* the interaction new messages belong to; NULL = the next message starts one */
  guint interactions;  /* of them in memory; 0 = may be evicted */
} UcConversation;

struct UcInteraction
{
  char *id;
  UcConversation *conversation;
  UcQueue *queue;
  UcInteractionState state;
  UcAgent *agent;            /* offered, active, wrap-up */
  char *offer;               /* id of the live offer */
  gint64 deadline;           /* of the live offer or of the wrap-up; 0 = none */
  gint64 enqueued_at, boost; /* K = enqueued_at - boost: the static key of its place in line */
  gint64 accepted_at, ended_at;
  char *ended_by;                 /* agent customer system */
  GPtrArray *excluded;            /* of char*: agents who refused or missed it */
  char *customer, *customer_name; /* CRM id and name; NULL = not known (yet) */
  gboolean draft;
  char *save_state, *save_mode, *save_error, *case_id; /* Save to CRM */
  gint64 save_attempts;
  GSequenceIter *waiting; /* place in queue->class->waiting */
  guint timer;            /* place in the heap of timers, 1.., 0 = none */
};

/* ---- commands ------------------------------------------------------------------------------------------ */

typedef enum
{
  UC_COMMAND_PUT_USER = 1,   /* user login name role permissions capacity acceptance_ms enabled */
  UC_COMMAND_PUT_QUEUE,      /* queue name enabled post_processing_ms boost */
  UC_COMMAND_PUT_MEMBERSHIP, /* user queue enabled removed */
  UC_COMMAND_SET_STATUS,     /* agent status(asked) reason cause: by hand, log-in (work_offline) and log-out */
  UC_COMMAND_RECEIVE,        /* channel network identity name queue text external_id sent_at;
                                new_conversation new_interaction new_message new_offer: ids to use if needed */
  UC_COMMAND_CUSTOMER_END,   /* conversation external_id; new_message */
  UC_COMMAND_ACCEPT,         /* agent interaction; offer (optional: only this one); new_message */
  UC_COMMAND_REJECT,         /* agent interaction reason */
  UC_COMMAND_SEND,           /* agent interaction text client_id; new_message */
  UC_COMMAND_MESSAGE_STATE, /* conversation interaction(optional) agent(optional) message n state external_id error
                             */
  UC_COMMAND_END,           /* agent interaction; new_message */
  UC_COMMAND_WRAP_UP_DONE,  /* agent interaction */
  UC_COMMAND_SET_CUSTOMER,  /* interaction customer customer_name draft */
  UC_COMMAND_SAVE,          /* agent interaction: Save to CRM was asked for */
  UC_COMMAND_SAVE_STATE,    /* interaction state case_id attempts error: how the CRM answered */
  UC_COMMAND_TICK           /* everything whose deadline is <= now */
} UcCommandType;

/* Borrowed strings; members as listed above. `by` is the user who asked, NULL = the system. Ids of what a step
 * makes unasked (offers, system lines) are derived from `seed` (unique per step: an id the shell made), so that a
 * step stays a function. Ids are up to 128 printable ASCII characters without spaces or commas. */
typedef struct
{
  UcCommandType type;
  const char *by, *seed;
  const char *user, *login, *name, *role, *permissions;
  const char *agent, *queue, *interaction, *conversation, *offer;
  const char *channel, *network, *identity, *text, *external_id, *client_id, *message;
  const char *status, *reason, *cause, *state, *error, *case_id, *customer, *customer_name;
  const char *new_conversation, *new_interaction, *new_message;
  gint64 capacity, acceptance_ms, enabled, post_processing_ms, boost, removed, draft, attempts, n, sent_at;
} UcCommand;

UcEngine *uc_engine_new (void);
void uc_engine_free (UcEngine *engine);

/* Puts one stored row back: user.changed, queue.changed, membership.changed, state.agent, state.conversation,
 * state.interaction, in this order of types. Then uc_engine_restored once. A state.interaction row has the state
 * of its save in `status`; offer and deadline count only where its state has them. A row that contradicts the rows
 * before it, or names what is not there, is refused and changes nothing. */
gboolean uc_engine_restore (UcEngine *engine, const UcEvent *row, GError **error);
/* Offers what can be offered. Run as a command: its events are journaled. */
void uc_engine_restored (UcEngine *engine, const char *seed, gint64 now, GPtrArray *events);

/* events: GPtrArray of UcEvent* (owned by the array's free function); new ones are appended in order. A command
 * that changes nothing (the same definition again, a second log-in) succeeds without events. Errors: INVALID
 * arguments, NOT_FOUND, DENIED, GONE (an offer that is no longer valid, an interaction that was closed), CONFLICT
 * (not in this state, or with another agent). */
gboolean uc_engine_step (UcEngine *engine, const UcCommand *command, gint64 now, GPtrArray *events,
                         GError **error);

/* When the next UC_COMMAND_TICK is due; G_MAXINT64 = never. */
gint64 uc_engine_next_deadline (UcEngine *engine);

/* ---- looking ------------------------------------------------------------------------------------------- */

const UcAgent *uc_engine_agent (UcEngine *engine, const char *id);
const UcAgent *uc_engine_agent_by_login (UcEngine *engine, const char *login);
const UcQueue *uc_engine_queue (UcEngine *engine, const char *id);
const UcInteraction *uc_engine_interaction (UcEngine *engine, const char *id);
const UcConversation *uc_engine_conversation (UcEngine *engine, const char *id);
const UcConversation *uc_engine_conversation_of (UcEngine *engine, const char *channel, const char *identity);
/* func (item, data) for each; don't step inside. */
void uc_engine_each_agent (UcEngine *engine, void (*func) (const UcAgent *, gpointer), gpointer data);
void uc_engine_each_queue (UcEngine *engine, void (*func) (const UcQueue *, gpointer), gpointer data);
void uc_engine_each_interaction (UcEngine *engine, void (*func) (const UcInteraction *, gpointer), gpointer data);
/* The oldest waiting one of a queue, NULL = none. */
const UcInteraction *uc_engine_first_waiting (UcEngine *engine, const UcQueue *queue);

/* Puts a conversation that the store knows into memory, so that its numbers go on. */
void uc_engine_add_conversation (UcEngine *engine, const UcEvent *row);
/* Drops a conversation without interactions from memory. */
void uc_engine_forget_conversation (UcEngine *engine, const char *id);

const char *uc_agent_status_word (UcAgentStatus status);
gboolean uc_agent_status_from_word (const char *word, UcAgentStatus *status);
const char *uc_interaction_state_word (UcInteractionState state);
guint uc_agent_load (const UcAgent *agent);
gboolean uc_agent_has_permission (const UcAgent *agent, const char *permission);

/* Checks every invariant that can be checked on a state (one owner, load <= capacity, no waiting work with an able
 * agent, counters equal set sizes, timers live); the first broken one is the error. For tests and monitors. */
gboolean uc_engine_check (UcEngine *engine, gint64 now, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcEngine, uc_engine_free)
