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

/* Whether a desk of the agent is connected (lease, mission B6). Who never opened one (a script) is not judged. */
typedef enum
{
  UC_PRESENCE_NONE, /* no desk since the log-in */
  UC_PRESENCE_HERE,
  UC_PRESENCE_AWAY, /* the last desk vanished: no new offers; a live one goes after lease_ms, chats after grace_ms
                     */
  UC_PRESENCE_LOST  /* grace_ms is over: his chats went back to their queues, he is work_offline */
} UcPresence;

typedef struct UcClass UcClass;
typedef struct UcGroup UcGroup;

typedef enum
{
  UC_TIMER_INTERACTION, /* an offer, a wrap-up, or a rest in line */
  UC_TIMER_PRESENCE,    /* an agent is away */
  UC_TIMER_RETURN       /* an agent comes back by himself */
} UcTimerKind;

/* Stands in the engine's heap of timers; part of its owner. */
typedef struct
{
  gint64 at;   /* 0 = not set */
  guint place; /* in the heap, 1.., 0 = none */
  UcTimerKind kind;
  gpointer owner; /* UcInteraction or UcAgent */
  const char *id; /* the owner's */
} UcTimer;

/* The centre's rules. One row; without it the preset 8x8 holds. Of the acceptance intervals that are set, the
 * channel's counts, else the queue's, else the user's, else this one.
 *
 * Where a refusal leaves the agent available, the chat goes to somebody else if anybody is able, and otherwise it
 * rests for 5 s before those who refused it are asked again: short for the customer, and no ping-pong. */
typedef struct
{
  char *preset;             /* NULL = changed by hand */
  gint64 acceptance_ms;     /* of users who have none of their own */
  UcAgentStatus on_login;   /* work_offline, on_break */
  UcAgentStatus on_reject;  /* on_break, work_offline, available */
  UcAgentStatus on_timeout; /* the same */
  char *reason_reject, *reason_timeout;
  gint64 return_reject_ms, return_timeout_ms; /* 0 = comes back by hand only */
  gint64 max_misses; /* on_timeout applies at the n-th missed offer in a row (which are counted anew then); 1 = the
                        first */
  gint64 lease_ms, grace_ms;
  gint64 code_grace_ms;     /* 0 = until the code is there. The presets say 5 minutes: a forgotten code holds the
                               agent visibly, but not out of service for hours (mission B15) */
  char *pop_on, *late_save; /* not the engine's business; kept with the rest */
} UcPolicy;

typedef struct
{
  char *id, *name;
  gboolean active;
} UcCode;

/* A list of codes: dispositions of interactions, or reasons of a status or of a reject. */
typedef struct
{
  char *id, *name, *use;
  char *status; /* use=status: of which status it gives the reasons */
  char *queues; /* use=disposition: separated by commas; NULL = all */
  gboolean required, enabled;
  char *json;       /* the codes as events carry them */
  GPtrArray *codes; /* of UcCode*, in the order of the administrator */
} UcCodeList;

/* ---- what the engine knows; read only outside core/engine ---------------------------------------------- */

typedef struct
{
  char *id, *name;
  gboolean enabled;
  gint64 post_processing_ms;      /* 0 = no wrap-up */
  gint64 boost;                   /* head start in line, ms */
  gint64 acceptance_ms;           /* overrides the users'; 0 = does not */
  char *save_during, *save_after; /* state of the case: open closed; NULL = closed, open */
  UcClass *class;
  guint waiting;
} UcQueue;

typedef struct
{
  UcQueue *queue;
  gboolean enabled;
} UcMembership;

/* agent.status tells every change of what is shown, asked for, stop_new, idle_since, misses, return_at or the
 * reason; a new cause alone (a busy agent gets one more offer) is no news. */
typedef struct
{
  char *id, *login, *name, *role;
  char *permissions; /* words separated by commas */
  gboolean may_reject;
  gboolean enabled;
  guint capacity;
  gint64 acceptance_ms;   /* 0 = the policy's */
  gboolean auto_accept;   /* excludes interaction.reject */
  char *scope;            /* what a supervisor sees: "all" or "queues" (those he is a member of); NULL = all */
  GPtrArray *memberships; /* of UcMembership* */

  UcAgentStatus asked; /* what the agent asked for: logged_out work_offline available on_break */
  UcAgentStatus shown; /* what everybody sees: asked, or offered/busy/post_processing on top of it */
  char *cause, *reason;
  gint64 since;      /* of shown */
  gint64 idle_since; /* since when able to take work */
  gboolean stop_new;
  guint misses;     /* offers missed in a row */
  gint64 return_at; /* when he becomes available by himself; 0 = not */
  UcPresence presence;
  gint64 presence_since, presence_deadline; /* when his chats go back; 0 = not */
  UcTimer presence_timer, return_timer;
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
  char *picture;                     /* media id */
  gint64 window_until, tagged_until; /* of the last message of the customer; 0 = always, 0 = no tag */
  gint64 last_n;                     /* number of the last line */
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
  gint64 deadline;           /* of the live offer, the wrap-up, or the rest while waiting; 0 = none */
  gint64 offered_ms;         /* acceptance interval of the live offer */
  gint64 enqueued_at, boost; /* K = enqueued_at - boost: the static key of its place in line */
  gint64 accepted_at, ended_at;
  char *ended_by;                 /* agent customer system */
  gint64 acceptance_ms;           /* the channel's override; 0 = none */
  gboolean overdue;               /* wrap-up ran out, a required code is missing */
  char *codes;                    /* JSON, as events carry it; NULL = none */
  char *matches;                  /* JSON: candidates the agent may choose from; NULL = none */
  char *follows;                  /* CRM id of the earlier case it continues */
  GPtrArray *excluded;            /* of char*: agents who refused or missed it */
  char *customer, *customer_name; /* CRM id and name; NULL = not known (yet) */
  gboolean draft;
  char *save_state, *save_mode, *save_error, *case_id; /* Save to CRM */
  gint64 save_attempts;
  GSequenceIter *waiting; /* place in queue->class->waiting, or in its resting while that counts */
  UcTimer timer;          /* of deadline */
};

/* ---- commands ------------------------------------------------------------------------------------------ */

typedef enum
{
  UC_COMMAND_PUT_USER = 1, /* user login name role permissions capacity acceptance_ms enabled auto_accept scope */
  UC_COMMAND_PUT_QUEUE,    /* queue name enabled post_processing_ms boost acceptance_ms save_during save_after */
  UC_COMMAND_PUT_MEMBERSHIP, /* user queue enabled removed */
  UC_COMMAND_SET_STATUS,     /* agent status(asked) reason cause: by hand, log-in (policy.on_login) and log-out;
                                status NULL with cause login = the policy's. `by` may be a supervisor, who owes no
                                reason; the agent himself, by hand (cause NULL or by_hand), owes one where the status
                                has a required list of codes, and gives one of its codes where it has a list */
  UC_COMMAND_RECEIVE, /* channel network identity name queue text external_id sent_at form reply_to attachments
                         window_until tagged_until acceptance_ms follows passive (part of the open interaction if
                         there is one, but never starts one);
                         new_conversation new_interaction new_message new_offer: ids to use if needed */
  UC_COMMAND_CUSTOMER_END, /* conversation external_id; new_message */
  UC_COMMAND_ACCEPT,       /* agent interaction; offer (optional: only this one); new_message */
  UC_COMMAND_REJECT,       /* agent interaction reason (the same rule: lists with use reject) */
  UC_COMMAND_SEND, /* agent interaction text client_id max_text (0 = no limit) text_unit; new_message. A text that
                      is parted makes several lines: new_message and client_id are those of the first, the others
                      have an id of the seed and no client_id */
  UC_COMMAND_MESSAGE_STATE, /* conversation interaction(optional) agent(optional) message n state external_id
                             * error; `by` = a person decided about one that is uncertain or failed */
  UC_COMMAND_END,           /* agent interaction; new_message */
  UC_COMMAND_WRAP_UP_DONE,  /* agent interaction */
  UC_COMMAND_SET_CUSTOMER,  /* interaction customer customer_name draft agent(optional: must own it; ends matches)
                             */
  UC_COMMAND_SAVE,          /* agent interaction: Save to CRM was asked for */
  UC_COMMAND_SAVE_STATE,    /* interaction state case_id attempts error: how the CRM answered */
  UC_COMMAND_TICK,          /* everything whose deadline is <= now */
  UC_COMMAND_PUT_POLICY, /* preset (sets everything, stands alone), or members of policy.changed: status words in
                            on_login on_reject on_timeout, reason_reject reason_timeout ("" = none) pop_on
                            late_save: NULL = keep; return_reject_ms return_timeout_ms max_misses acceptance_ms
                            lease_ms grace_ms code_grace_ms: -1 = keep. The policy is called by the name of its
                            preset until it differs from it */
  UC_COMMAND_PUT_CODES,  /* list name use status queues required enabled removed codes (JSON, as in the event) */
  UC_COMMAND_PUT_FAQ,    /* faq category question answer language enabled removed: checked and journaled only */
  UC_COMMAND_FAQ_USED,   /* agent interaction faq */
  UC_COMMAND_STOP_NEW,   /* agent enabled: on, or off = resume. Who has nothing in hand is work_offline at once */
  UC_COMMAND_PRESENCE,   /* agent state: here (a desk connected), away (the last one vanished), none (logged out
                            by hand: not judged) */
  UC_COMMAND_SET_CODES,  /* interaction codes (words "list/code" separated by commas; "" = none) agent(optional);
                            closed ones too: then its queue must be in `queue`, agent is who had it, and codes that
                            are not active any more are taken too, for it may have them already */
  UC_COMMAND_MATCHES,    /* interaction matches (NULL or [] = none) */
  UC_COMMAND_FOLLOW,     /* interaction follows (NULL = none) cause (named chosen) agent(optional) */
  UC_COMMAND_ECHO,       /* conversation text external_id sent_at attachments; new_message: ours, sent elsewhere */
  UC_COMMAND_PROFILE,    /* conversation name picture: NULL = leave */
  UC_COMMAND_MERGED,     /* customer dropped merge removed customer_name: live interactions of `dropped` get
                            `customer` under customer_name; removed=1: those of `customer` whose "NETWORK ID" is one of
                            the lines of `identities` go back to `dropped`, under customer_name */
  UC_COMMAND_DRAIN /* enabled: no new offers from now on; an offer that runs out is nobody's fault then. removed=1:
                      those that stand are taken back at once, too. enabled=0: offers are made again */
} UcCommandType;

/* Borrowed strings; members as listed above. `by` is the user who asked, NULL = the system. Ids of what a step
 * makes unasked (offers, system lines, further parts of a long text) are derived from `seed` (unique per step: an
 * id the shell made), so that a step stays a function. Ids are up to 128 printable ASCII characters without spaces
 * or commas. */
typedef struct
{
  UcCommandType type;
  const char *by, *seed;
  const char *user, *login, *name, *role, *permissions, *scope;
  const char *agent, *queue, *interaction, *conversation, *offer;
  const char *channel, *network, *identity, *text, *external_id, *client_id, *message;
  const char *status, *reason, *cause, *state, *error, *case_id, *customer, *customer_name;
  const char *new_conversation, *new_interaction, *new_message;
  const char *form, *reply_to, *attachments, *picture, *follows, *matches, *codes;
  const char *list, *use, *queues, *save_during, *save_after;
  const char *preset, *on_login, *on_reject, *on_timeout, *reason_reject, *reason_timeout, *pop_on, *late_save;
  const char *faq, *category, *question, *answer, *language;
  const char *dropped, *merge, *identities;
  gint64 capacity, acceptance_ms, enabled, post_processing_ms, boost, removed, draft, attempts, n, sent_at;
  gint64 auto_accept, window_until, tagged_until, max_text, text_unit, passive, required;
  gint64 return_reject_ms, return_timeout_ms, max_misses, lease_ms, grace_ms, code_grace_ms;
} UcCommand;

UcEngine *uc_engine_new (void);
void uc_engine_free (UcEngine *engine);

/* Puts one stored row back: policy.changed, user.changed, queue.changed, membership.changed, codes.changed,
 * state.agent, state.conversation, state.interaction, in this order of types. Then uc_engine_restored once. A
 * state.interaction row has the state of its save in `status`; offer, since (when it was offered) and deadline
 * count only where its state has them. A row that contradicts the rows before it, or names what is not there, is
 * refused and changes nothing. */
gboolean uc_engine_restore (UcEngine *engine, const UcEvent *row, GError **error);
/* Offers what can be offered. Run as a command: its events are journaled. A drain is not in the rows: an engine
 * that was restored offers, unless UC_COMMAND_DRAIN came before this. */
void uc_engine_restored (UcEngine *engine, const char *seed, gint64 now, GPtrArray *events);

/* events: GPtrArray of UcEvent* (owned by the array's free function); new ones are appended in order. A command
 * that changes nothing (the same definition again, a second log-in) succeeds without events. Errors: INVALID
 * arguments, NOT_FOUND, DENIED, GONE (an offer that is no longer valid, an interaction that was closed), CONFLICT
 * (not in this state, or with another agent). */
gboolean uc_engine_step (UcEngine *engine, const UcCommand *command, gint64 now, GPtrArray *events,
                         GError **error);

gboolean uc_engine_is_draining (UcEngine *engine);
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

const UcPolicy *uc_engine_policy (UcEngine *engine);
const UcCodeList *uc_engine_code_list (UcEngine *engine, const char *id);
void uc_engine_each_code_list (UcEngine *engine, void (*func) (const UcCodeList *, gpointer), gpointer data);
/* Names of the presets, NULL-terminated; and what one sets, as a policy.changed event. */
const char *const *uc_policy_presets (void);
UcEvent *uc_policy_preset (const char *name);
/* Which required lists of its queue the interaction has no code of: names separated by ", "; NULL = none. */
char *uc_interaction_missing_codes (UcEngine *engine, const UcInteraction *interaction);
const char *uc_presence_word (UcPresence presence);

const char *uc_agent_status_word (UcAgentStatus status);
gboolean uc_agent_status_from_word (const char *word, UcAgentStatus *status);
const char *uc_interaction_state_word (UcInteractionState state);
guint uc_agent_load (const UcAgent *agent);
gboolean uc_agent_has_permission (const UcAgent *agent, const char *permission);

/* ---- why ----------------------------------------------------------------------------------------------- */

/* Why an agent does not get an interaction: the first of these conditions that holds, in this order. Outside a
 * step the last two never come up (that is work conservation): where they do, routing is wrong. */
typedef enum
{
  UC_VERDICT_HAS_IT,         /* it is offered to him, or his. until: the deadline of the offer or the wrap-up */
  UC_VERDICT_USER_DISABLED,  /* the account */
  UC_VERDICT_NO_MEMBERSHIP,  /* of its queue */
  UC_VERDICT_MEMBERSHIP_OFF, /* he, or an administrator, switched the queue off for him */
  UC_VERDICT_QUEUE_DISABLED, /* for everybody */
  UC_VERDICT_LOGGED_OUT,     /* this and the next two: what he asked for, under what everybody sees (status) */
  UC_VERDICT_WORK_OFFLINE,   /* until: when he comes back by himself, 0 = not */
  UC_VERDICT_ON_BREAK,       /* the same */
  UC_VERDICT_STOP_NEW,       /* he finishes what he has and wants nothing new */
  UC_VERDICT_AWAY,           /* his desk vanished. until: when his chats go back in line */
  UC_VERDICT_LOST,           /* and did not come back */
  UC_VERDICT_HAS_OFFER,      /* other: what he is offered; until: the deadline. One at a time */
  UC_VERDICT_AT_CAPACITY,    /* load of capacity; offers and wrap-ups count */
  UC_VERDICT_TAKEN,          /* nothing, but it is not waiting: somebody else has it */
  UC_VERDICT_DRAINING,       /* nothing about him: no new offers are made before the restart */
  UC_VERDICT_REFUSED, /* he refused or missed it, stayed available, and it rests (until) before it asks again */
  UC_VERDICT_BEHIND,  /* nothing, but there is one before it that he would be offered first (other) */
  UC_VERDICT_ABLE     /* nothing: he would be offered it next */
} UcVerdictKind;

/* Borrowed; valid until the next step. */
typedef struct
{
  UcVerdictKind kind;
  gint64 until;               /* when the condition ends by itself; 0 = not, or nobody knows when */
  const UcInteraction *other; /* HAS_OFFER, BEHIND */
  UcAgentStatus status;       /* what everybody sees of him, */
  const char *reason;         /* its reason, NULL = none, */
  gint64 since;               /* and since when */
  guint load, wrapping, capacity;
  gboolean refused_before; /* he is asked again only when there is nobody else */
} UcVerdict;

/* Where an interaction is. */
typedef struct
{
  UcInteractionState state;
  const UcQueue *queue;
  const UcAgent *agent; /* who has it; NULL = it waits */
  gint64 since; /* waiting: enqueued_at; offered: of the offer; active: accepted; wrap_up: the chat's end */
  gint64 until; /* of the offer or the wrap-up; waiting: until then it rests (refusals > 0); 0 = none */
  /* Its place in line is that of (enqueued_at - boost, id), whoever refused it or lost it meanwhile. */
  gint64 enqueued_at, boost;
  guint position; /* in its queue, 1 = first; 0 = it does not wait */
  guint before;   /* how many are before it: position - 1 */
  guint waiting;  /* in its queue, this one included; 0 = it does not wait */
  guint refusals; /* agents who refused or missed it */
} UcPlace;

void uc_engine_why_agent (UcEngine *engine, const UcInteraction *interaction, const UcAgent *agent,
                          UcVerdict *verdict);
void uc_engine_why_place (UcEngine *engine, const UcInteraction *interaction, UcPlace *place);
/* Why an interaction was closed, of the last some thousand: a cause of interaction.closed; NULL = not known here.
 */
const char *uc_engine_closed_cause (UcEngine *engine, const char *id);
/* One word for machines, such as at_capacity. */
const char *uc_verdict_word (UcVerdictKind kind);

/* ---- checking ------------------------------------------------------------------------------------------ */

/* Checks every invariant that can be checked on a state (one owner, load <= capacity, no waiting work with an able
 * agent, counters equal set sizes, timers live); the first broken one is the error. For tests: it looks at
 * everything, several times. */
gboolean uc_engine_check (UcEngine *engine, gint64 now, GError **error);

/* How far a monitor has come. It holds on to nothing of the engine, so there may be steps between two calls, even
 * another engine (after a reload). All 0 = at the start of a round. */
typedef struct
{
  gint64 late_ms; /* set by the caller: a deadline that passed longer ago than this was missed; 0 is strict */
  guint64 rounds; /* finished */
  /* the rest is the engine's own */
  guint phase, index, place;
  gboolean resting;
  gint64 key;
  char id[129];
} UcCheckCursor;

/* The same little by little, for a monitor in the daemon: about `budget` agents, interactions and timers per call,
 * O(log n) to find the place again, and once a round the sums over all agents and queues. FALSE: the error says
 * what is broken; the next call goes on behind it. *round_done (may be NULL): this call finished a round; what was
 * broken all the time since the round before has been reported then. Checked are: one owner per interaction and
 * one place; load <= capacity, offers and wrap-ups included; nobody waits for whom an agent could work; counters
 * equal set sizes; every deadline has its timer, every timer its owner, and none is later than late_ms. Outside a
 * step all of it holds always; a deadline that is due now is late only once a tick has not come for late_ms. */
gboolean uc_engine_check_some (UcEngine *engine, gint64 now, UcCheckCursor *cursor, guint budget,
                               gboolean *round_done, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcEngine, uc_engine_free)
