/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oracle: a deliberately stupid router. It is told the commands and nothing else, keeps flat lists, scans
 * everything for every question, and says what must happen: who is offered what and when, what becomes of each
 * offer and chat, and which commands are refused. Written from the rules (docs/architecture.md, engine.h,
 * event.h); it shares no code with the engine.
 */
#pragma once

#include "core/engine/engine.h"

typedef struct Oracle Oracle;

/* A mistake made on purpose, to see whether it is found and how small the script is that shows it. */
typedef enum
{
  ORACLE_RIGHT,
  ORACLE_NO_BOOST,      /* the line goes by time alone */
  ORACLE_SHORTEST_IDLE, /* of agents with the same load, the one who became idle last */
  ORACLE_LONG_REST,     /* a chat rests 6 s after it was refused */
  ORACLE_FORGIVES,      /* who refused it is asked again before others */
  ORACLE_N_FAULTS
} OracleFault;

Oracle *oracle_new (OracleFault fault);
void oracle_free (Oracle *oracle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Oracle, oracle_free)

/* One command, whose strings must outlive the oracle; type 0 = a restart from rows. `events` is what the engine
 * made of it, `done` whether it took the command. NULL = the same as the oracle says, otherwise the difference. */
char *oracle_step (Oracle *oracle, const UcCommand *command, gint64 now, gboolean done, GPtrArray *events);
/* Whether the engine's agents are as they must be; NULL = yes. */
char *oracle_compare (Oracle *oracle, UcEngine *engine);
