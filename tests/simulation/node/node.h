/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The node under test: the real core from the engine to the operations, on the simulated machine, with networks,
 * CRM and desks of the simulated world. It dies and is started again. One thread.
 */
#pragma once

#include <usher/usher.h>

#include "core/service/core.h"
#include "sim.h"

typedef struct
{
  UcCore *core; /* NULL = no process */
  UcPlan *plan;
  guint life;        /* which process it is */
  gboolean stopping; /* in order */
  gboolean exited;   /* by itself */
} Node;
extern Node node;

/* Of agents, made once with the centre's definition. */
#define NODE_AGENTS 3
typedef struct
{
  const char *user;
  gint64 capacity;
  char *token;
} NodeAgent;
extern NodeAgent node_agents[NODE_AGENTS];

/* Once per process: a centre that seeds start from. */
void node_prepare (void);
void node_remove (void);
/* A new seed: the centre's disk, and a first start. */
void node_begin (void);
void node_end (void);

/* Runs func in the process; if that ends itself, it was a crash. */
void node_run (SimFunc func, gpointer data);
/* After each step. */
void node_settle (void);
/* Kills the process, or cuts its power. Also from inside a call of it. */
void node_dies (gboolean power, const char *why);
void node_exits (void);
/* Dies at the n-th effect on the world from now. */
void node_die_at (guint n);
/* Something leaves the process. FALSE = it has died before that. */
gboolean node_effect (void);
gboolean node_is_up (void);
/* Ends and starts it, in order. */
void node_restart (void);

/* ---- the world: networks, CRM and desks as plugins ------------------------------------------------------- */

const UsherPlugin *world_entry (void);

void networks_begin (void);
void networks_check (void);
/* Nothing is on its way any more. Otherwise a sentence. */
const char *networks_busy (void);
/* What became of a message, for the final check: state of the store. */
void networks_check_line (const char *channel, const char *identity, const UcEvent *line);
/* Whether the customer's message or the end of a chat was answered with this number; counts it. */
void networks_check_said (const char *channel, const char *identity, const UcEvent *line);
/* The process is gone. */
void networks_lost (void);
extern const UsherChannelOps network_ops;

void crm_begin (void);
void crm_check_case (const UcEvent *row, GPtrArray *lines);
extern const UsherCrmOps crm_ops;

void agents_begin (void);
void agents_lost (void);
void agents_leave (void);
const char *agents_busy (void);
void agents_check_written (const UcEvent *line);
void agents_check (void);
/* saved: interaction -> the last state of its save. */
void agents_check_saves (GHashTable *saved);
/* What a desk had of a chat when it was closed: compared with the journal. */
void agents_check_views (GHashTable *lines_by_interaction);
extern const UsherFrontendOps desk_ops;

/* ---- check.c: the promises I1 to I7, from what is on the disk -------------------------------------------- */

void check_published (const UcEvent *event, const char *json, gsize len);
void check_begin (void);
void check_end (void);
void check_free (void);
/* What is still under way; NULL = nothing, the node is at rest. */
const char *check_busy (void);
