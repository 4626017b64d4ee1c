/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One seed of the simulation: its time, its dice, what happens when, what was found. Everything that is not the
 * same twice on a real machine (threads, clocks, disks, networks, people, crashes) is decided here by one seed.
 * One thread.
 */
#pragma once

#include <glib.h>

/* When every seed begins; a Monday morning. */
#define SIM_EPOCH G_GINT64_CONSTANT (1800000000000)

/* What a seed met, summed over all seeds: the proof that the faults really happen. */
#define SIM_FACTS(X)                                                                                              \
  X (steps, "scheduler decisions")                                                                                \
  X (events, "journaled events")                                                                                  \
  X (crashes, "crashes")                                                                                          \
  X (power_cuts, "of them power cuts")                                                                            \
  X (early_crashes, "of them while starting")                                                                     \
  X (inside_crashes, "of them between two effects of one turn or inside a commit")                                \
  X (stops, "orderly restarts")                                                                                   \
  X (lost_writes, "unsynced sectors lost")                                                                        \
  X (full_disks, "writes refused by a full disk")                                                                 \
  X (failed_syncs, "failed fsyncs, each the end of a process")                                                    \
  X (reloads, "engine reloads after a failed commit")                                                             \
  X (said, "messages of customers")                                                                               \
  X (deliveries, "deliveries")                                                                                    \
  X (redeliveries, "of them repeated")                                                                            \
  X (refusals, "of them refused for now")                                                                         \
  X (receipts, "receipts and echoes")                                                                             \
  X (written, "messages of agents")                                                                               \
  X (handed, "handed to a network")                                                                               \
  X (send_retries, "answered RETRY")                                                                              \
  X (ambiguous, "left open: no answer, uncertain, lost, crash")                                                   \
  X (uncertain, "messages that stayed uncertain")                                                                 \
  X (failed, "messages that failed for a reason")                                                                 \
  X (blocked, "answers that the account is blocked")                                                              \
  X (commands, "commands of agents")                                                                              \
  X (repeated, "of them repeated under the same key")                                                             \
  X (resumes, "desks that resumed")                                                                               \
  X (snapshots, "desks that began with a snapshot")                                                               \
  X (cut_lines, "desk connections cut")                                                                           \
  X (offers, "offers")                                                                                            \
  X (taken_back, "chats taken back from a vanished agent")                                                        \
  X (chats, "chats closed")                                                                                       \
  X (crm_calls, "calls of the CRM")                                                                               \
  X (crm_faults, "of them late, lost, refused or unanswered")                                                     \
  X (crm_outages, "CRM outages")                                                                                  \
  X (cases, "cases filed")

typedef struct
{
#define X(name, text) guint64 name;
  SIM_FACTS (X)
#undef X
} SimFacts;

/* Faults of usher itself that are built in to see that the simulation finds them. */
typedef enum
{
  SIM_LIE_NONE,
  SIM_LIE_FSYNC,  /* the disk says that it has written what it has not */
  SIM_LIE_ACK,    /* deliveries are answered before their commit */
  SIM_LIE_COMMIT, /* a commit that failed is answered as done */
  SIM_LIE_RESEND, /* a message whose fate is open is sent once more */
  SIM_LIE_OUTBOX, /* a start forgets what waited to be sent */
  SIM_LIE_N
} SimLie;
extern const char *const sim_lies[SIM_LIE_N];

typedef struct
{
  guint64 seed, dice, ids, digest;
  gint64 now;       /* ms since the epoch */
  gboolean quiet;   /* no more faults: what was broken heals */
  gboolean tracing; /* tell each decision */
  SimLie lie;
  SimFacts facts;
  char *broken;  /* the first promise that was not kept; NULL = none */
  char *journal; /* its checksum at the end */
} Sim;
extern Sim sim;

/* ---- dice ---------------------------------------------------------------------------------------------- */

guint64 sim_dice (guint64 *state);
/* from <= x <= to */
gint64 sim_range (gint64 from, gint64 to);
gboolean sim_chance (guint permille);
/* Never while it heals. */
gboolean sim_fault (guint permille);
/* ms: mostly short, at times very long. */
gint64 sim_delay (gint64 usual);

/* ---- findings ------------------------------------------------------------------------------------------ */

/* A promise is broken; the first one counts. */
void sim_broken (const char *format, ...) G_GNUC_PRINTF (1, 2);
#define sim_trace(...)                                                                                            \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    if (G_UNLIKELY (sim.tracing))                                                                                 \
      sim_tell (__VA_ARGS__);                                                                                     \
  }                                                                                                               \
  G_STMT_END
void sim_tell (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Is told if something else is told before this is called again; for what happens all the time. NULL = not. */
void sim_tell_if (const char *text);
/* Where sim_tell goes; the default is the standard output. */
extern void (*sim_listener) (const char *line);

/* ---- memory of one seed: nothing is freed before its end -------------------------------------------------- */

gpointer sim_alloc (gsize size);
char *sim_strdup (const char *text);
char *sim_printf (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Of pointers, freed with the seed. */
GPtrArray *sim_list (void);
GHashTable *sim_table (void);   /* const char* -> anything */
GHashTable *sim_numbers (void); /* numbers as pointers -> anything */

/* ---- what happens when --------------------------------------------------------------------------------- */

typedef void (*SimFunc) (gpointer data);
/* At now + ms, or a little later. */
void sim_later (gint64 ms, const char *what, SimFunc func, gpointer data);

void sim_begin (guint64 seed, SimLie lie);
void sim_end (void);
/* One decision. FALSE = nothing is left to happen before `until`; then it is `until`. */
gboolean sim_step (gint64 until);
/* Mixes something into the digest that two runs of a seed must share. */
void sim_mix (guint64 value);

/* ---- machine.c: threads, clocks, ids ----------------------------------------------------------------------- */

/* How many may go on now, and the next time when one may (G_MAXINT64 = never). */
guint machine_runnable (gint64 *next);
/* Lets the index-th go on until it waits again. */
void machine_run (guint index);
/* A thread sleeps; the main thread lets time pass. */
void machine_sleep (gint64 ms);
/* The process is dead: no thread waits for anything but to end. */
extern gboolean machine_dead;
/* What the process left behind is forgotten, not ended. */
void machine_abandon (void);
/* Runs func; FALSE = it called exit (). */
gboolean machine_call (SimFunc func, gpointer data);

/* ---- loop.c -------------------------------------------------------------------------------------------- */

/* Whether a turn of the core's main loop has something to do, and when the next timer is due. */
gboolean loop_is_ready (gint64 *next);
void loop_turn (void);
/* What a turn does at its end. */
void loop_run_deferred (void);
void loop_abandon (void);
