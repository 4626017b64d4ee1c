/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine against the stupid router: random scripts, identical actions, and every invariant after every event.
 *
 * USHER_SEED=N begins with another script, USHER_COUNT=N says how many; script N of a run is script 0 of seed + N.
 * A failing script is made small and printed; put into a file it is run again by USHER_SCRIPT=FILE. Of one that
 * crashes or never ends the seed is printed.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/proof.h"
#include "tests/simulation/run.h"
#include "tests/simulation/shrink.h"

#define N_ACTIONS 1000

/* What the scripts together must have brought about; otherwise they test less than they say. */
static const char *const wanted[] = {
  "offer.ended accepted",
  "offer.ended rejected",
  "offer.ended timed_out",
  "offer.ended agent_lost",
  "offer.ended customer_left",
  "offer.ended withdrawn",
  "interaction.queued rested",
  "interaction.queued agent_lost",
  "interaction.closed manual",
  "interaction.closed timed_out",
  "interaction.closed none",
  "interaction.closed abandoned",
  "interaction.closed uncoded",
  "interaction.closed agent_lost",
  "agent.status returned",
  "agent.status agent_lost",
  "interaction.overdue ",
  "interaction.codes ",
  "interaction.case named",
  "interaction.case chosen",
  "interaction.matches ",
  "customer.merged ",
  "policy.changed ",
  "codes.changed ",
  "system.drain ",
  "faq.used ",
  "conversation.changed ",
};
static gboolean seen[G_N_ELEMENTS (wanted)];

typedef struct
{
  guint64 actions, events, offers;
} Tally;

/* ---- who dies ------------------------------------------------------------------------------------------ */

static char last_words[128]; /* ready before it happens: a handler can't format */

static void
speak (int number)
{
  if (write (STDOUT_FILENO, last_words, strlen (last_words)) < 0)
    _exit (2);
  signal (number, SIG_DFL);
  raise (number);
}

static void
announce_crashes (void)
{
  static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGTRAP, SIGTERM, SIGINT };

  for (gsize n = 0; n < G_N_ELEMENTS (numbers); n++)
    signal (numbers[n], speak);
}

/* ---- scripts ------------------------------------------------------------------------------------------- */

static void
remember (const UcEvent *event)
{
  char text[64];

  g_snprintf (text, sizeof text, "%s %s", uc_event_type_name (event->type),
              event->cause != NULL ? event->cause : "");
  for (gsize w = 0; w < G_N_ELEMENTS (wanted); w++)
    seen[w] = seen[w] || strcmp (wanted[w], text) == 0;
}

static char *
try_script (const Script *script, gpointer options)
{
  return run_script (script, options);
}

static void
print_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize l = 0; lines[l] != NULL; l++)
    if (*lines[l] != '\0')
      g_test_message ("%s", lines[l]);
}

static void
give_up (const Script *script, RunOptions *options, const char *wrong, guint64 seed)
{
  guint trials;
  g_autoptr (Script) small = shrink (script, try_script, options, &trials);
  g_autofree char *text = script_text (small), *still = run_script (small, options);

  g_test_message ("seed %" G_GUINT64_FORMAT ": after %u actions: %s", seed, script->actions->len, wrong);
  g_test_message ("the smallest script that fails so (%u actions, found in %u trials; run it with "
                  "USHER_SCRIPT=FILE):",
                  small->actions->len, trials);
  print_lines (text);
  g_error ("%s\nrepeat the whole with USHER_SEED=%" G_GUINT64_FORMAT " USHER_COUNT=1",
           still != NULL ? still : wrong, seed);
}

/* Each script has its share of the costlier checks. */
static RunOptions
options_for (guint64 seed)
{
  return (RunOptions){
    .twin = seed % 8 == 0, .replay = seed % 8 == 1, .finish = seed % 4 == 2, .traces = seed % 64 == 3
  };
}

static void
random_script (guint64 seed, Tally *tally)
{
  RunOptions options = options_for (seed);
  g_autoptr (Dice) dice = dice_new (seed);
  g_autoptr (Run) run = run_new (&options);
  g_autoptr (GArray) actions = g_array_sized_new (FALSE, FALSE, sizeof (Action), N_ACTIONS);
  char *wrong = NULL;

  g_snprintf (last_words, sizeof last_words,
              "\n# it was in the script of USHER_SEED=%" G_GUINT64_FORMAT " USHER_COUNT=1\n", seed);
  for (guint n = 0; n < N_ACTIONS && wrong == NULL; n++)
    {
      Action action = dice_next (dice, run->engine, run->now);

      g_array_append_val (actions, action);
      wrong = run_do (run, &action);
      for (guint e = 0; e < run->events->len; e++)
        remember (run->events->pdata[e]);
    }
  if (wrong == NULL)
    wrong = run_finish (run);
  if (wrong != NULL)
    {
      Script script = { actions, NULL };

      give_up (&script, &options, wrong, seed);
    }
  tally->actions += actions->len;
  tally->events += run->made;
  tally->offers += run->offers;
}

static void
from_file (const char *path)
{
  RunOptions options = { .twin = TRUE, .replay = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (Script) script = NULL;
  g_autofree char *text = NULL, *wrong = NULL;

  if (!g_file_get_contents (path, &text, NULL, &error) || (script = script_read (text, &error)) == NULL)
    g_error ("USHER_SCRIPT=%s: %s", path, error->message);
  wrong = run_script (script, &options);
  if (wrong != NULL)
    g_error ("%s: %s", path, wrong);
  g_test_message ("%s: %u actions, nothing wrong", path, script->actions->len);
}

static void
test_scripts (void)
{
  const char *count = g_getenv ("USHER_COUNT"), *path = g_getenv ("USHER_SCRIPT");
  guint64 seed = proof_seed (1), scripts = proof_size (200, 10000, 1000000);
  Tally tally = { 0 };

  if (path != NULL)
    {
      from_file (path);
      return;
    }
  if (count != NULL)
    scripts = g_ascii_strtoull (count, NULL, 10);
  g_test_message ("%" G_GUINT64_FORMAT " scripts of %d actions from USHER_SEED=%" G_GUINT64_FORMAT, scripts,
                  N_ACTIONS, seed);
  for (guint64 s = 0; s < scripts; s++)
    random_script (seed + s, &tally);
  g_test_message ("%" G_GUINT64_FORMAT " actions, %" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT
                  " offers: the engine and the oracle agree on all of them, and every invariant held",
                  tally.actions, tally.events, tally.offers);
  for (gsize w = 0; w < G_N_ELEMENTS (wanted) && scripts >= 2000; w++)
    if (!seen[w])
      g_error ("no script brought about '%s'", wanted[w]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  announce_crashes ();
  g_test_add_func ("/simulation/router/scripts", test_scripts);
  return g_test_run ();
}
