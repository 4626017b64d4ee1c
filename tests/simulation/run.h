/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One script against an engine, in virtual time, with everything that must be so checked after each action: the
 * invariants of every event (invariants.h) and of the state (uc_engine_check), the oracle's opinion of what must
 * happen (oracle.h), and that a command that failed left no trace.
 */
#pragma once

#include "tests/simulation/oracle.h"
#include "tests/simulation/script.h"

typedef struct
{
  OracleFault fault;
  gboolean twin;   /* P11: a second engine, which never restarts, must make the same events byte for byte */
  gboolean traces; /* the state is compared around steps that fail or make no events; slow */
  gboolean replay; /* the journal alone must rebuild the state */
  gboolean finish; /* P12: in the end an agent can clear everything away */
} RunOptions;

typedef struct Run
{
  UcEngine *engine;
  gint64 now;
  GPtrArray *events;    /* of UcEvent*: of the last action */
  guint64 made, offers; /* so far */
  RunOptions options;
  struct RunPrivate *private;
} Run;

Run *run_new (const RunOptions *options);
void run_free (Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* One action, whose strings must outlive the run. NULL = all is well, otherwise what is wrong; its first word says
 * of what kind that is. */
char *run_do (Run *run, const Action *action);
/* What the options ask for at the end. */
char *run_finish (Run *run);
/* A whole script; NULL = all is well. */
char *run_script (const Script *script, const RunOptions *options);
