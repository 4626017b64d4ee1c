/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must be true of every event, whatever the commands were: the reader of a journal that believes nothing. It
 * knows only the events, keeps flat lists, and scans everything. P1 to P12 are the invariants of the routing
 * reference, as usher's rules have them:
 *
 *   P1  work conservation: after a step nobody waits for whom an agent is able (and willing, while it rests)
 *   P2  first come, first served: an offer is of the first by (enqueued_at - boost, id) of all who can be served
 *   P3  to the agent who goes first: did not refuse it, smallest load / capacity, longest idle, id
 *   P4  overtaking: only of one that no able agent may take (other queue, or refused and resting); never in a
 * queue whose agents are all alike; so the bound is 0 where the reference allows Bmax (usher has no tiers or
 * stages) P5  one owner, one live offer per interaction, and one offer per agent P6  load <= capacity when an
 * offer is made, offers and wrap-ups included (weights are all 1) P7  an interaction is in one state, and every
 * event is legal in it; its lines go to who has it, without gaps P8  who refused it is offered it again only when
 * it does not rest and nobody else is able (there are no stages that clear exclusions, and they are never cleared)
 *   P9  its place in line (enqueued_at, boost) never changes
 *   P10 what lapses, lapses not before its deadline; that every timer has a live owner is uc_engine_check's
 *   P11 determinism and P12 liveness are run.c's
 */
#pragma once

#include "core/base/event.h"

typedef struct Reader Reader;

Reader *reader_new (void);
void reader_free (Reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)

/* One event; NULL = as it must be, otherwise what is wrong with it. */
char *reader_read (Reader *reader, const UcEvent *event);
/* At the end of a step. */
char *reader_rest (Reader *reader);
/* A restart: what is in no row is forgotten. */
void reader_restarted (Reader *reader);
