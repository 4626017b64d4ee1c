/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of core/engine share. A command goes: decide (config.c, policy.c, codes.c, agent.c, presence.c,
 * offer.c, conversation.c, send.c, interaction.c, disposition.c, crm.c, faq.c) -> uc_step_emit -> apply (apply.c,
 * apply-interaction.c), and at the end uc_step_route. Main thread.
 */
#pragma once

#include "core/base/error.h"
#include "core/engine/bits.h"
#include "core/engine/engine.h"

/* What an interaction asks of an agent, interned. Today that is its queue; skills and stages make more of them. */
struct UcClass
{
  guint index;
  UcQueue *queue;
  GSequence *waiting; /* of UcInteraction*, by (K, id) */
  GSequence *resting; /* the same order: those that are not for who refused them just now; mostly empty */
  UcInteraction *first_waiting, *first_resting; /* of these two; NULL = empty */
  UcBits groups;                                /* who may serve it: one row of the compatibility matrix */
};

/* What an agent can serve, interned: agents with the same enabled memberships share one. */
struct UcGroup
{
  guint index;
  char *key;
  guint agents;    /* users of this group; at 0 it goes */
  UcBits members;  /* classes of its memberships, whether their queue is enabled or not */
  GSequence *idle; /* of UcAgent* able to take one more, by selection tuple */
  UcAgent *first;  /* of idle, NULL = empty */
  UcBits classes;  /* what it may serve now: one row of the transposed matrix */
};

struct UcEngine
{
  GHashTable *agents;        /* id -> UcAgent, owned */
  GPtrArray *roll;           /* of UcAgent, as they came; nobody is ever removed */
  GHashTable *logins;        /* login -> UcAgent */
  GHashTable *queues;        /* id -> UcQueue, owned */
  GHashTable *conversations; /* id -> UcConversation, owned */
  GHashTable *addresses;     /* set of UcConversation by (channel, identity) */
  GHashTable *interactions;  /* id -> UcInteraction, owned */

  GPtrArray *classes;     /* of UcClass, by index */
  GPtrArray *groups;      /* of UcGroup, by index; NULL = free slot */
  GHashTable *group_keys; /* key -> UcGroup */
  UcBits waiting_classes; /* classes in which somebody waits */
  UcBits able_groups;     /* groups in which somebody is able */
  UcBits dirty;           /* classes that may have become servable since the last routing */
  GPtrArray *timers;      /* of UcTimer, a binary heap by (at, kind, id) */
  GPtrArray *code_lists;  /* of UcCodeList, owned, by id */
  UcPolicy policy;
  gboolean draining;   /* no offers are made */
  GHashTable *closed;  /* id -> cause, of the last closed ones: for error messages only */
  GQueue closed_order; /* of the keys of `closed`, oldest first */
};

/* So long a chat is not offered again to those who refused it, when they stayed available and nobody else is. */
#define UC_REST_MS G_GINT64_CONSTANT (5000)

/* An acceptance interval, wherever it is set. */
#define UC_ACCEPTANCE_MIN_MS G_GINT64_CONSTANT (1000)
#define UC_ACCEPTANCE_MAX_MS G_GINT64_CONSTANT (900000)

/* One step under way. */
typedef struct
{
  UcEngine *engine;
  const UcCommand *command;
  const char *seed;
  gint64 now;
  GPtrArray *events;
  guint ids; /* made from the seed so far */
  GError **error;
} UcStep;

/* ---- step.c */
UcEvent *uc_step_event (UcStep *step, UcEventType type);
/* Takes the event: appends it and applies it at once. */
void uc_step_emit (UcStep *step, UcEvent *event);
/* An id that follows from the seed alone. */
char *uc_step_id (UcStep *step);
gboolean uc_step_fail (UcStep *step, UcError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Whether value can be an id; otherwise fails and names the member. */
gboolean uc_step_need_id (UcStep *step, const char *member, const char *value);
gboolean uc_step_need_text (UcStep *step);
/* Whether new_message is an id or absent. */
gboolean uc_step_optional_message (UcStep *step);
UcAgent *uc_step_agent (UcStep *step);
/* The interaction of the command; NULL with NOT_FOUND, or GONE when it was closed a while ago. */
UcInteraction *uc_step_interaction (UcStep *step);
/* The same, when it belongs to *agent; otherwise fails with `code` and says who has it. */
UcInteraction *uc_step_owned (UcStep *step, UcError code, UcAgent **agent);
gboolean uc_id_valid (const char *id);
/* For tables by id: as g_str_hash, eight bytes at a time. */
guint uc_id_hash (gconstpointer id);

/* ---- records.c */
void uc_agent_free (UcAgent *agent);
void uc_queue_free (UcQueue *queue);
void uc_conversation_free (UcConversation *conversation);
void uc_interaction_free (UcInteraction *interaction);
void uc_code_free (UcCode *code);
void uc_code_list_free (UcCodeList *list);
void uc_policy_clear (UcPolicy *policy);
guint uc_conversation_hash (gconstpointer key);
gboolean uc_conversation_equal (gconstpointer a, gconstpointer b);

/* ---- apply.c, apply-interaction.c */
/* The only function that changes what the engine knows about the centre. */
void uc_engine_apply (UcEngine *engine, const UcEvent *event);
void uc_apply_interaction (UcEngine *engine, const UcEvent *event);
void uc_apply_string (char **place, const char *value);
/* The list as events carry it, with one more; NULL = nobody. */
char *uc_interaction_excluded (const UcInteraction *interaction, const char *one_more);
gboolean uc_interaction_excludes (const UcInteraction *interaction, const char *agent);

/* ---- place.c */
/* Moves it to the one place where an interaction of this state and agent belongs. */
void uc_place_put (UcEngine *engine, UcInteraction *interaction, UcInteractionState state, UcAgent *agent);
/* Takes it out of its place; it stays in the list of the agent it had if that is next_agent. */
void uc_place_leave (UcEngine *engine, UcInteraction *interaction, UcAgent *next_agent);
/* Sets agent->over; `lowered`: his capacity changed, it may grow. */
void uc_place_limit (UcAgent *agent, gboolean lowered);
/* What everybody sees of an agent who asked for this. */
UcAgentStatus uc_agent_shown (const UcAgent *agent, UcAgentStatus asked);
/* Lists of an agent are oldest first: by time of accepting, the offered one last. */
gint uc_interaction_compare_age (gconstpointer a, gconstpointer b);

/* ---- config.c */
gboolean uc_config_check_user (UcEngine *engine, const UcEvent *event, GError **error);
gboolean uc_config_check_queue (UcEngine *engine, const UcEvent *event, GError **error);
gboolean uc_config_check_membership (UcEngine *engine, const UcEvent *event, GError **error);
gboolean uc_config_invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean uc_config_check_id (const char *what, const char *id, GError **error);
gboolean uc_config_check_range (const char *what, const char *id, const char *member, gint64 value, gint64 min,
                                gint64 max, GError **error);
gboolean uc_config_check_word (const char *what, const char *id, const char *member, const char *value,
                               const char *const *words, GError **error);
/* 0 or an acceptance interval. */
gboolean uc_config_check_acceptance (const char *what, const char *id, gint64 value, GError **error);
gboolean uc_step_put_user (UcStep *step);
gboolean uc_step_put_queue (UcStep *step);
gboolean uc_step_put_membership (UcStep *step);
UcMembership *uc_agent_membership (const UcAgent *agent, const char *queue);

/* ---- policy.c */
gboolean uc_policy_check (const UcEvent *event, GError **error);
void uc_policy_set (UcPolicy *policy, const UcEvent *event);
gboolean uc_step_put_policy (UcStep *step);

/* ---- codes.c */
gboolean uc_codes_check (UcEngine *engine, const UcEvent *event, GError **error);
UcCodeList *uc_codes_new (const UcEvent *event);
UcCodeList *uc_codes_find (UcEngine *engine, const char *id);
/* Whether `reason` will do for this use (and status): from its lists when there are any; otherwise it fails. */
gboolean uc_step_reason (UcStep *step, const char *use, const char *status, const char *reason);
gboolean uc_step_put_codes (UcStep *step);

/* ---- disposition.c */
gboolean uc_step_set_codes (UcStep *step);
gboolean uc_interaction_lacks_codes (UcEngine *engine, const UcInteraction *interaction);

/* ---- agent.c */
typedef struct
{
  UcAgentStatus asked;
  gboolean stop_new;
  gint64 idle_since;
  guint misses;
  gint64 return_at;
  const char *cause, *reason, *interaction;
} UcStatusChange;
/* What stays as it is, for the caller to change. */
UcStatusChange uc_agent_unchanged (const UcAgent *agent, const char *cause, const UcInteraction *interaction);
/* Emits agent.status if that makes a difference. */
void uc_step_status (UcStep *step, UcAgent *agent, const UcStatusChange *change);
/* After an interaction of his closed. */
void uc_step_status_freed (UcStep *step, UcAgent *agent, const char *cause, const char *interaction);
/* He comes back by himself. */
void uc_step_status_returns (UcStep *step, UcAgent *agent);
gboolean uc_step_set_status (UcStep *step);
gboolean uc_step_stop_new (UcStep *step);
/* Everything but membership and queue. */
gboolean uc_agent_able (const UcAgent *agent);

/* ---- presence.c */
gboolean uc_step_presence (UcStep *step);
/* His absence has lasted long enough for something. */
void uc_step_presence_due (UcStep *step, UcAgent *agent);
/* Who is logged out is not judged any more. */
void uc_step_presence_over (UcStep *step, UcAgent *agent);
/* Sets his timer, which follows from his presence, his offer and the policy. */
void uc_presence_timer (UcEngine *engine, UcAgent *agent);
gboolean uc_presence_from_word (const char *word, UcPresence *presence);

/* ---- offer.c */
void uc_step_offer (UcStep *step, UcInteraction *interaction, UcAgent *agent);
void uc_step_offer_withdraw (UcStep *step, UcInteraction *interaction);
/* The offer was made to a desk that is gone: no blame. */
void uc_step_offer_lost (UcStep *step, UcInteraction *interaction);
/* The acceptance interval of an offer of it to this agent. */
gint64 uc_offer_interval (UcEngine *engine, const UcInteraction *interaction, const UcAgent *agent);
gboolean uc_step_accept (UcStep *step);
/* The offer that he has, since he accepts everything from now on. */
void uc_step_accept_at_once (UcStep *step, UcAgent *agent);
gboolean uc_step_reject (UcStep *step);
gboolean uc_step_tick (UcStep *step);
void uc_step_offer_ended (UcStep *step, const UcInteraction *interaction, const char *cause, const char *reason);
/* Back in line at its old place. `had`: who had accepted it; rest_until: see interaction.queued. */
void uc_step_requeue (UcStep *step, const UcInteraction *interaction, const char *cause, const char *exclude,
                      const char *had, gint64 rest_until);

/* ---- conversation.c */
gboolean uc_step_receive (UcStep *step);
gboolean uc_step_customer_end (UcStep *step);
gboolean uc_step_echo (UcStep *step);
gboolean uc_step_profile (UcStep *step);
/* A line of the conversation, in the interaction if there is one; the caller adds author and text. id NULL = one
 * from the seed. */
UcEvent *uc_step_line (UcStep *step, const UcConversation *conversation, const UcInteraction *interaction,
                       const char *id);
/* A line that the system writes. */
void uc_step_system_line (UcStep *step, UcInteraction *interaction, const char *id, const char *code,
                          const char *author_name, const char *text);

/* ---- send.c */
gboolean uc_step_send (UcStep *step);
gboolean uc_step_message_state (UcStep *step);

/* ---- interaction.c */
gboolean uc_step_end (UcStep *step);
/* Closes what an agent has; the causes of interaction.closed and of agent.status. */
void uc_step_handled (UcStep *step, UcInteraction *interaction, const char *cause, const char *status_cause);
gboolean uc_step_wrap_up_done (UcStep *step);
/* The time of its wrap-up, or the grace after it, is over. */
void uc_step_wrap_up_due (UcStep *step, UcInteraction *interaction);
void uc_step_interaction_ended (UcStep *step, UcInteraction *interaction, const char *ended_by, gint64 ended_at,
                                gint64 deadline);
void uc_step_interaction_closed (UcStep *step, UcInteraction *interaction, const char *cause);

/* ---- crm.c */
UcEvent *uc_step_save_event (UcStep *step, const UcInteraction *interaction, const char *state);
gboolean uc_step_set_customer (UcStep *step);
gboolean uc_step_matches (UcStep *step);
gboolean uc_step_follow (UcStep *step);
gboolean uc_step_merged (UcStep *step);
gboolean uc_step_save (UcStep *step);
gboolean uc_step_save_state (UcStep *step);
/* The JSON text of an array of at most `max` objects as one line; NULL = it is not one, the step has failed. */
char *uc_step_json_array (UcStep *step, const char *member, const char *text, const char *key, gsize max);
/* Tells that it continues an earlier case. */
void uc_step_case (UcStep *step, const UcInteraction *interaction, const char *follows, const char *cause);

/* ---- drain.c */
gboolean uc_step_drain (UcStep *step);
/* The offer is taken back, and it is nobody's fault. */
void uc_step_take_back (UcStep *step, UcInteraction *interaction);

/* ---- faq.c */
gboolean uc_step_put_faq (UcStep *step);
gboolean uc_step_faq_used (UcStep *step);

/* ---- route.c */
UcClass *uc_route_class_new (UcEngine *engine, UcQueue *queue);
void uc_route_class_free (UcClass *class);
/* After the queue was enabled or disabled. */
void uc_route_queue_changed (UcEngine *engine, UcQueue *queue);
/* After memberships changed. */
void uc_route_regroup (UcEngine *engine, UcAgent *agent);
void uc_route_group_free (UcGroup *group);
/* After anything of the agent's selection tuple or ability changed. */
void uc_route_agent_changed (UcEngine *engine, UcAgent *agent);
void uc_route_enter (UcEngine *engine, UcInteraction *interaction);
void uc_route_leave (UcEngine *engine, UcInteraction *interaction);
gint uc_agent_compare (const UcAgent *a, const UcAgent *b);
gint uc_interaction_compare (const UcInteraction *a, const UcInteraction *b);
char *uc_route_key (const UcAgent *agent);
/* Makes all offers that can be made. */
void uc_step_route (UcStep *step);

/* ---- check.c: each FALSE with an error that says what is broken */
typedef struct
{
  UcEngine *engine;
  gint64 now;
  GError **error;
} UcCheck;
gboolean uc_check_broken (UcCheck *check, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean uc_check_agent (UcCheck *check, UcAgent *agent);
/* That nobody waits whom he could take. */
gboolean uc_check_idle (UcCheck *check, const UcAgent *agent);
gboolean uc_check_interaction (UcCheck *check, const UcInteraction *interaction);
/* Its counters; not who stands in line. */
gboolean uc_check_class (UcCheck *check, const UcClass *class);
/* The one at this place of the heap. */
gboolean uc_check_timer (UcCheck *check, guint t);

/* ---- timers.c */
void uc_timers_init (UcTimer *timer, UcTimerKind kind, gpointer owner, const char *id);
/* at 0 = not set. */
void uc_timers_set (UcEngine *engine, UcTimer *timer, gint64 at);
/* The one that is due first, NULL = none. */
UcTimer *uc_timers_first (UcEngine *engine);
