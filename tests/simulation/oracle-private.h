/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the oracle share: what it knows.
 */
#pragma once

#include <string.h>

#include "tests/simulation/oracle.h"

/* Every record begins with its id. */
typedef struct
{
  const char *id, *asked, *presence;
  guint bit; /* in sets of agents */
  gboolean enabled, auto_accept, may_reject, stop_new;
  gint64 capacity, acceptance_ms, idle_since, misses, return_at, presence_deadline;
} Agent;

typedef struct
{
  const char *id;
  gboolean enabled;
  gint64 boost, acceptance_ms, post_processing_ms;
} Queue;

typedef struct
{
  const Agent *agent;
  const Queue *queue;
  gboolean enabled;
} Membership;

typedef enum
{
  WAITING,
  OFFERED,
  ACTIVE,
  WRAP_UP
} State;

typedef struct
{
  const char *id;
  struct Talk *talk;
  const Queue *queue;
  Agent *agent;
  State state;
  gint64 key, deadline, acceptance_ms, accepted_at, ended_at;
  guint64 refused; /* agents */
  gboolean left, overdue;
  GPtrArray *codes; /* of const char*: "list/code" */
} Work;

typedef struct Talk
{
  const char *id, *channel, *identity;
  Work *open;
} Talk;

typedef struct
{
  const char *id, *use, *status, *queues;
  gboolean required, enabled;
  GPtrArray *active, *retired; /* of const char* */
} List;

typedef struct
{
  gint64 acceptance_ms, return_reject_ms, return_timeout_ms, max_misses, lease_ms, grace_ms, code_grace_ms;
  const char *on_login, *on_reject, *on_timeout;
} Policy;

typedef struct
{
  UcEventType type;
  const char *interaction, *agent, *cause;
  gint64 deadline, ended_at;
  guint64 refused;
} Act;

struct Oracle
{
  OracleFault fault;
  gint64 now;
  GPtrArray *agents, *queues, *memberships, *work, *talks, *lists;
  Policy policy;
  gboolean draining;
  GArray *acts; /* of Act: what this command must bring about */
  GStringChunk *words;
};

static inline gboolean
is (const char *word, const char *other)
{
  return word == other || g_strcmp0 (word, other) == 0;
}

gpointer oracle_find (GPtrArray *list, const char *id);

/* ---- oracle-hands.c: whose it is */
guint oracle_load (Oracle *oracle, const Agent *agent);
guint oracle_count (Oracle *oracle, const Agent *agent, State state);
void oracle_act (Oracle *oracle, UcEventType type, const Work *work, const Agent *agent, const char *cause,
                 gint64 deadline);
void oracle_settle (Oracle *oracle, Agent *agent);
Work *oracle_offer_of (Oracle *oracle, const Agent *agent);
void oracle_accept (Oracle *oracle, Work *work);
/* The offer ends, it waits again where it was; nobody is to blame. */
void oracle_give_back (Oracle *oracle, Work *work, const char *cause);
void oracle_not_taken (Oracle *oracle, Work *work, gboolean missed);
void oracle_close (Oracle *oracle, Work *work, const char *cause);
/* And its agent has a hand free. */
void oracle_handled (Oracle *oracle, Work *work, const char *cause);
void oracle_overdue (Oracle *oracle, Work *work);
void oracle_presence (Oracle *oracle, Agent *agent, const char *presence, gint64 deadline);
void oracle_presence_due (Oracle *oracle, Agent *agent);
void oracle_tick (Oracle *oracle);
void oracle_route (Oracle *oracle);

/* ---- oracle-rules.c: what the centre is like; FALSE = refused */
void oracle_preset (Oracle *oracle, const char *name);
gboolean oracle_put_policy (Oracle *oracle, const UcCommand *command);
gboolean oracle_put_user (Oracle *oracle, const UcCommand *command);
gboolean oracle_put_queue (Oracle *oracle, const UcCommand *command);
gboolean oracle_put_membership (Oracle *oracle, const UcCommand *command);
gboolean oracle_put_list (Oracle *oracle, const UcCommand *command);
void oracle_list_free (List *list);
gboolean oracle_reason (Oracle *oracle, const char *use, const char *status, const char *reason);
gboolean oracle_lacks_codes (Oracle *oracle, const Work *work);
gboolean oracle_choose_codes (Oracle *oracle, Work *work, const char *codes);
