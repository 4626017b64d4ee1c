/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * node-sim: whole nodes under one seeded scheduler. Without arguments it is a test that prints TAP; with --seed or
 * --seeds it runs those. A seed that breaks a promise is told with its last decisions and the command that replays
 * it. One thread; --jobs processes.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "node.h"
#include "tests/lib/proof.h"

#define HEALS_WITHIN_MS (4 * 3600 * G_GINT64_CONSTANT (1000))
#define LAST_LINES 100
/* Who has gone for a minute has lost his chats; then nothing more is due. */
#define GRACE_MS (70 * 1000)

/* What a worker tells of one seed that went wrong. */
typedef struct
{
  guint64 seed;
  char broken[400];
} Finding;

typedef struct
{
  SimFacts facts;
  guint64 seeds, broken;
  Finding first;
  guint64 died; /* at `first`, which can't be run again in this process */
  guint64 digest;
} Report;

/* ---- one seed ------------------------------------------------------------------------------------------ */

static void
die_later (gpointer data)
{
  gint64 kind = sim_range (0, 99);

  if (sim.quiet || !node_is_up ())
    return;
  if (kind < 35)
    node_dies (sim_chance (500), "at any moment");
  else if (kind < 60)
    node_die_at ((guint)sim_range (1, 20));
  else if (kind < 85)
    disk_die_at ((guint)sim_range (1, 40));
  else if (kind < 90)
    disk_fail_sync ();
  else
    node_restart ();
}

static void
fill_disk (gpointer data)
{
  if (!sim.quiet)
    disk_fill (sim.now + sim_range (100, 30000));
}

static void
plan_faults (gint64 until)
{
  gint64 deaths = sim_range (0, 4), full = sim_chance (300) ? sim_range (1, 3) : 0;

  for (gint64 i = 0; i < deaths; i++)
    sim_later (sim_range (1000, until), "the node is to die", die_later, NULL);
  for (gint64 i = 0; i < full; i++)
    sim_later (sim_range (1000, until), "the disk is full", fill_disk, NULL);
}

static void
heal (void)
{
  gint64 end = sim.now + HEALS_WITHIN_MS;
  const char *busy = "";

  sim_trace ("now it heals");
  sim.quiet = TRUE;
  disk_fill (0);
  disk_die_at (0);
  node_die_at (0);
  for (guint steps = 0; sim.broken == NULL && sim.now < end; steps++)
    {
      /* Looking costs more than a step. */
      if (steps % 64 == 0 && (busy = check_busy ()) == NULL)
        break;
      sim_step (end);
    }
  if (sim.broken == NULL && busy != NULL)
    sim_broken ("I7: four hours after the last fault %s", busy);
}

/* The desks go home; then no deadline may be left. */
static void
close_shop (void)
{
  gint64 end = sim.now + GRACE_MS;

  agents_leave ();
  while (sim.broken == NULL && sim_step (end))
    ;
  if (sim.broken == NULL && uc_engine_next_deadline (node.core->engine) != G_MAXINT64)
    sim_broken ("I7: a deadline is left though nothing goes on");
}

static void
run_seed (guint64 seed, SimLie lie)
{
  gint64 until = SIM_EPOCH;

  sim_begin (seed, lie);
  check_begin ();
  networks_begin ();
  crm_begin ();
  agents_begin ();
  until += sim_range (40000, 160000);
  plan_faults (until - SIM_EPOCH);
  node_begin ();
  node_settle ();
  while (sim.broken == NULL && sim_step (until))
    ;
  if (sim.broken == NULL)
    heal ();
  if (sim.broken == NULL)
    close_shop ();
  if (sim.broken == NULL)
    check_end ();
  node_end ();
  check_free ();
}

/* ---- telling ------------------------------------------------------------------------------------------- */

static GQueue last = G_QUEUE_INIT;

static void
keep_line (const char *line)
{
  g_queue_push_tail (&last, g_strdup (line));
  if (last.length > LAST_LINES)
    g_free (g_queue_pop_head (&last));
}

static void
tell_finding (const Finding *finding, gboolean died, SimLie lie)
{
  char *line;

  printf ("# seed %" G_GUINT64_FORMAT ": %s\n", finding->seed, finding->broken);
  if (!died)
    {
      sim.tracing = TRUE;
      sim_listener = keep_line;
      run_seed (finding->seed, lie);
      sim_end ();
      sim.tracing = FALSE;
      sim_listener = NULL;
      printf ("# the last %u decisions:\n", last.length);
    }
  while ((line = g_queue_pop_head (&last)) != NULL)
    {
      printf ("#   %s\n", line);
      g_free (line);
    }
  printf ("# replay: tests/simulation/node/node-sim --seed %" G_GUINT64_FORMAT "%s%s --trace\n", finding->seed,
          lie != SIM_LIE_NONE ? " --lie " : "", lie != SIM_LIE_NONE ? sim_lies[lie] : "");
}

static void
add_facts (SimFacts *to, const SimFacts *from)
{
#define X(name, text) to->name += from->name;
  SIM_FACTS (X)
#undef X
}

static void
tell_facts (const Report *report)
{
#define X(name, text)                                                                                             \
  printf ("#   %10" G_GUINT64_FORMAT " %s (%.2f a seed)\n", report->facts.name, text,                             \
          (double)report->facts.name / (double)MAX (report->seeds, 1));
  SIM_FACTS (X)
#undef X
}

/* ---- many seeds ---------------------------------------------------------------------------------------- */

static void
run_range (guint64 from, guint64 to, guint64 step, SimLie lie, guint64 *at, Report *report)
{
  for (guint64 seed = from; seed <= to && report->broken == 0; seed += step)
    {
      *at = seed;
      run_seed (seed, lie);
      report->seeds++;
      report->digest += sim.digest;
      add_facts (&report->facts, &sim.facts);
      if (sim.broken != NULL && report->broken++ == 0)
        {
          report->first.seed = seed;
          g_strlcpy (report->first.broken, sim.broken, sizeof report->first.broken);
        }
      sim_end ();
    }
}

typedef struct
{
  pid_t pid;
  int fd;
  guint64 *seed; /* what it is at; in memory shared with it */
} Worker;

static Worker
start_worker (guint64 from, guint64 to, guint64 step, SimLie lie)
{
  int ends[2];
  Worker worker;

  if (pipe (ends) != 0)
    g_error ("pipe: %s", g_strerror (errno));
  fflush (stdout);
  worker.seed = mmap (NULL, sizeof *worker.seed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (worker.seed == MAP_FAILED)
    g_error ("mmap: %s", g_strerror (errno));
  worker.fd = ends[0];
  worker.pid = fork ();
  if (worker.pid < 0)
    g_error ("fork: %s", g_strerror (errno));
  if (worker.pid == 0)
    {
      Report report = { 0 };

      run_range (from, to, step, lie, worker.seed, &report);
      if (write (ends[1], &report, sizeof report) != sizeof report)
        _exit (EXIT_FAILURE);
      _exit (EXIT_SUCCESS);
    }
  close (ends[1]);
  return worker;
}

static void
join_worker (Worker worker, Report *total)
{
  Report report = { 0 };
  int status = 0;
  gboolean told = read (worker.fd, &report, sizeof report) == sizeof report;

  close (worker.fd);
  waitpid (worker.pid, &status, 0);
  if (!told)
    {
      report = (Report){ .seeds = 1, .broken = 1, .died = 1 };
      report.first.seed = *worker.seed;
      g_snprintf (report.first.broken, sizeof report.first.broken, "the process dies by %s %d",
                  WIFSIGNALED (status) ? "signal" : "exit", WIFSIGNALED (status) ? WTERMSIG (status) : status);
    }
  munmap (worker.seed, sizeof *worker.seed);
  total->seeds += report.seeds;
  total->digest += report.digest;
  if (report.broken > 0 && (total->broken == 0 || report.first.seed < total->first.seed))
    {
      total->first = report.first;
      total->died = report.died;
    }
  total->broken += report.broken;
  add_facts (&total->facts, &report.facts);
}

/* In processes of their own, so that what a seed could leave behind in memory ends with them. */
static gboolean
run_jobs (guint64 from, guint64 to, guint jobs, SimLie lie, Report *total)
{
  guint64 portion = 500 * (guint64)jobs;

  for (guint64 at = from; at <= to && total->broken == 0; at += portion)
    {
      g_autofree Worker *workers = g_new (Worker, jobs);

      for (guint j = 0; j < jobs; j++)
        workers[j] = start_worker (at + j, MIN (to, at + portion - 1), jobs, lie);
      for (guint j = 0; j < jobs; j++)
        join_worker (workers[j], total);
    }
  return total->broken == 0;
}

/* ---- the test ------------------------------------------------------------------------------------------ */

static guint tests;

static gboolean
tap (gboolean well, const char *name)
{
  printf ("%s %u - %s\n", well ? "ok" : "not ok", ++tests, name);
  fflush (stdout);
  return well;
}

/* Of the workers. The usual clocks are those of the simulation. */
static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_CHILDREN, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static gboolean
test_seeds (guint64 from, guint64 to, guint jobs)
{
  Report report = { 0 };
  double begun = cpu_seconds ();
  gboolean well = run_jobs (from, to, jobs, SIM_LIE_NONE, &report);
  double seconds = cpu_seconds () - begun;

  printf ("# seeds %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT " run, %" G_GUINT64_FORMAT
          " broken, %.1f s of processor time, digest %016" G_GINT64_MODIFIER "x\n",
          from, to, report.seeds, report.broken, seconds, report.digest);
  tell_facts (&report);
  if (report.broken > 0)
    tell_finding (&report.first, report.died > 0, SIM_LIE_NONE);
  return tap (well, "no promise is broken");
}

/* Twice the same seed is twice the same. */
static gboolean
test_replay (guint64 from, guint64 count)
{
  gboolean well = TRUE;

  for (guint64 seed = from; seed < from + count; seed++)
    {
      g_autofree char *journal = NULL;
      guint64 digest;

      run_seed (seed, SIM_LIE_NONE);
      digest = sim.digest;
      journal = g_strdup (sim.journal);
      sim_end ();
      run_seed (seed, SIM_LIE_NONE);
      if (digest != sim.digest || g_strcmp0 (journal, sim.journal) != 0)
        {
          printf ("# seed %" G_GUINT64_FORMAT " is not the same twice: journal %s and %s\n", seed, journal,
                  sim.journal);
          well = FALSE;
        }
      sim_end ();
    }
  printf ("# %" G_GUINT64_FORMAT " seeds run twice from %" G_GUINT64_FORMAT "\n", count, from);
  return tap (well, "a seed is the same twice, byte by byte of its journal");
}

/* A simulation that finds nothing may be blind. */
static gboolean
test_lie (SimLie lie, guint64 from, guint64 most)
{
  g_autofree char *name = g_strdup_printf ("the simulation finds a lie: %s", sim_lies[lie]);
  Report report = { 0 };

  run_jobs (from, from + most - 1, 1, lie, &report);
  if (report.broken > 0)
    printf ("# found with seed %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT " seeds: %s\n", report.first.seed,
            report.seeds, report.first.broken);
  return tap (report.broken > 0, name);
}

static int
run_test (void)
{
  guint64 from = proof_seed (1);
  guint64 count = proof_size (200, 10000, 1000000);
  gboolean well;

  printf ("1..%d\n", 1 + SIM_LIE_N);
  well = test_seeds (from, from + count - 1, (guint)MIN (2, g_get_num_processors ()));
  well = test_replay (from, proof_size (5, 50, 500)) && well;
  for (SimLie lie = SIM_LIE_FSYNC; lie < SIM_LIE_N; lie++)
    well = test_lie (lie, from, 500) && well;
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- main ---------------------------------------------------------------------------------------------- */

/* What the core logs is part of the story. A critical one is a finding, unless it announces the end of a process
 * that a failed sync demands. */
static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  const char *message = "";

  for (gsize i = 0; i < n; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      message = fields[i].value;
  if (level & G_LOG_LEVEL_ERROR)
    fprintf (stderr, "Bail out! seed %" G_GUINT64_FORMAT ": %s\n", sim.seed, message);
  sim_trace ("  log: %s", message);
  if ((level & G_LOG_LEVEL_CRITICAL) && !machine_dead
      && strstr (message, "can't tell whether a change is durable") == NULL)
    sim_broken ("the core complains: %s", message);
  return G_LOG_WRITER_HANDLED;
}

static gboolean
parse_range (const char *text, guint64 *from, guint64 *to)
{
  char *end;

  *from = *to = g_ascii_strtoull (text, &end, 10);
  if (end == text)
    return FALSE;
  if (*end == '\0')
    return TRUE;
  if (!g_str_has_prefix (end, ".."))
    return FALSE;
  text = end + 2;
  *to = g_ascii_strtoull (text, &end, 10);
  return end != text && *end == '\0' && *to >= *from;
}

static SimLie
lie_from_word (const char *word)
{
  for (int i = 0; i < SIM_LIE_N; i++)
    if (strcmp (sim_lies[i], word) == 0)
      return (SimLie)i;
  return SIM_LIE_N;
}

static int
run_one (guint64 seed, SimLie lie, gboolean trace)
{
  gboolean well;

  sim.tracing = trace;
  run_seed (seed, lie);
  well = sim.broken == NULL;
  printf ("seed %" G_GUINT64_FORMAT ": %s\ndigest %016" G_GINT64_MODIFIER "x, journal %s\n", seed,
          well ? "no promise is broken" : sim.broken, sim.digest, sim.journal != NULL ? sim.journal : "not read");
  sim_end ();
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run (int argc, const char *seed, const char *seeds, SimLie lie, int jobs, gboolean trace)
{
  guint64 from, to;
  Report report = { 0 };

  if (seed == NULL && seeds == NULL)
    return run_test ();
  if (!parse_range (seed != NULL ? seed : seeds, &from, &to) || (seed != NULL && from != to))
    {
      fprintf (stderr, "node-sim: \"%s\" is no %s; give a number%s\n", seed != NULL ? seed : seeds,
               seed != NULL ? "seed" : "range of seeds", seed != NULL ? "" : ", or two like 1..1000");
      return 2;
    }
  if (seed != NULL)
    return run_one (from, lie, trace);
  if (lie == SIM_LIE_NONE)
    return test_seeds (from, to, (guint)CLAMP (jobs, 1, 64)) ? EXIT_SUCCESS : EXIT_FAILURE;
  run_jobs (from, to, (guint)CLAMP (jobs, 1, 64), lie, &report);
  if (report.broken > 0)
    tell_finding (&report.first, report.died > 0, lie);
  return report.broken > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  g_autofree char *seed = NULL, *seeds = NULL, *lie = NULL;
  gboolean trace = FALSE;
  int jobs = 1, status;
  SimLie which = SIM_LIE_NONE;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[]
      = { { "seed", 0, 0, G_OPTION_ARG_STRING, &seed, "run one seed", "N" },
          { "seeds", 0, 0, G_OPTION_ARG_STRING, &seeds, "run a range of seeds", "A..B" },
          { "jobs", 0, 0, G_OPTION_ARG_INT, &jobs, "processes that share the range", "N" },
          { "trace", 0, 0, G_OPTION_ARG_NONE, &trace, "with --seed: tell each decision", NULL },
          { "lie", 0, 0, G_OPTION_ARG_STRING, &lie, "build a fault in: fsync ack commit resend outbox", "WHICH" },
          { NULL, 0, 0, 0, NULL, NULL, NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new ("- whole nodes under one seeded scheduler");

  /* Nodes log what is critical before they end as they mean to; G_DEBUG of the test environment would end them
   * there. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);

  setlocale (LC_ALL, "C.UTF-8");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "node-sim: %s\n", error->message);
      return 2;
    }
  if (lie != NULL && (which = lie_from_word (lie)) == SIM_LIE_N)
    {
      fprintf (stderr, "node-sim: there is no lie \"%s\"; there are fsync ack commit resend outbox\n", lie);
      return 2;
    }
  g_log_set_writer_func (on_log, NULL, NULL);
  node_prepare ();
  status = run (argc, seed, seeds, which, jobs, trace);
  node_remove ();
  return status;
}
