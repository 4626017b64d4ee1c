/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether mistakes are found, and shown with a short script: the oracle is given a mistake on purpose, random
 * scripts run until engine and oracle disagree, and what is left of the script must be short, fail in the same
 * way, and do so again when it is read from its text. A run with such a mistake that found nothing would mean that
 * the simulation proves nothing.
 */
#include <string.h>

#include "core/base/error.h"
#include "tests/simulation/run.h"
#include "tests/simulation/shrink.h"

#define N_ACTIONS 1000
#define SHORT 12 /* a queue, two agents, their memberships, log-ins and statuses, a customer, a deed: at most */

/* ---- the shrinker alone -------------------------------------------------------------------------------- */

/* Fails when an end follows an accept, however much else there is. */
static char *
accept_then_end (const Script *script, gpointer data)
{
  gboolean accepted = FALSE;

  ++*(guint *)data;
  for (guint a = 0; a < script->actions->len; a++)
    {
      const UcCommand *command = &script_action (script, a)->command;

      if (accepted && command->type == UC_COMMAND_END && command->agent != NULL)
        return g_strdup ("FOUND it");
      accepted = accepted || (command->type == UC_COMMAND_ACCEPT && command->n > 40);
    }
  return NULL;
}

static void
test_minimal (void)
{
  g_autoptr (Script) script = script_new (), small = NULL;
  g_autofree char *text = NULL;
  guint tried = 0, trials = 0;

  for (guint n = 0; n < 500; n++)
    {
      Action action = { .at = DICE_START + n * 10,
                        .command = { .type = n == 77    ? UC_COMMAND_ACCEPT
                                             : n == 401 ? UC_COMMAND_END
                                                        : UC_COMMAND_TICK,
                                     .agent = "u0",
                                     .interaction = "i1",
                                     .n = 900 } };

      script_add (script, &action);
    }
  small = shrink (script, accept_then_end, &tried, &trials);
  text = script_text (small);
  g_assert_cmpstr (text, ==, "1000000 accept n=56\n1000000 end agent=u0\n");
  g_assert_cmpuint (tried, <, 500); /* by halves, and not one by one */
  g_assert_cmpuint (trials, ==, tried - 1);
}

/* One that does not fail is left alone. */
static void
test_sound (void)
{
  g_autoptr (Script) script = script_new (), small = NULL;
  guint tried = 0;

  script_add (script, &(Action){ .at = DICE_START, .command = { .type = UC_COMMAND_TICK } });
  small = shrink (script, accept_then_end, &tried, NULL);
  g_assert_cmpuint (small->actions->len, ==, 1);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void
test_text (void)
{
  g_autoptr (Dice) dice = dice_new (7);
  RunOptions options = { 0 };
  g_autoptr (Run) run = run_new (&options);
  g_autoptr (Script) script = script_new (), again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *text_again = NULL;

  for (guint n = 0; n < 2000; n++)
    {
      Action action = dice_next (dice, run->engine, run->now);
      g_autofree char *wrong = run_do (run, &action);

      g_assert_cmpstr (wrong, ==, NULL);
      script_add (script, &action);
    }
  text = script_text (script);
  again = script_read (text, &error);
  g_assert_no_error (error);
  text_again = script_text (again);
  g_assert_cmpstr (text, ==, text_again);
}

static void
test_bad_text (void)
{
  static const struct
  {
    const char *text, *says;
  } bad[] = {
    { "1000", "line 1 of the script: the command is missing" },
    { "# fine\n\n1000 fly agent=u0", "line 3 of the script: there is no such command: fly" },
    { "1000 accept agents=u0", "line 1 of the script: agents=u0 is no member of a command" },
    { "1000 accept u0", "line 1 of the script: u0 is no member of a command" },
    { "soon accept agent=u0", "line 1 of the script: 'soon' is no time" },
    { "1000 put_user capacity=many", "line 1 of the script: capacity=many is no number" },
    { "1000 send text='never closed", "line 1 of the script: " },
  };

  for (gsize b = 0; b < G_N_ELEMENTS (bad); b++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (script_read (bad[b].text, &error));
      g_assert_nonnull (error);
      if (!g_str_has_prefix (error->message, bad[b].says))
        g_error ("'%s' is said of '%s'", error->message, bad[b].text);
    }
}

/* ---- mistakes on purpose ------------------------------------------------------------------------------- */

static char *
try_script (const Script *script, gpointer options)
{
  return run_script (script, options);
}

/* The next of the seeds whose script shows the mistake. */
static Script *
failing_script (RunOptions *options, guint64 *seed)
{
  while (++*seed < 200)
    {
      g_autoptr (Dice) dice = dice_new (*seed);
      g_autoptr (Run) run = run_new (options);
      g_autoptr (Script) script = script_new ();

      for (guint n = 0; n < N_ACTIONS; n++)
        {
          Action action = dice_next (dice, run->engine, run->now);
          g_autofree char *wrong = NULL;

          script_add (script, &action);
          wrong = run_do (run, &action);
          if (wrong != NULL)
            {
              g_test_message ("seed %" G_GUINT64_FORMAT ", action %u: %s", *seed, n, wrong);
              return g_steal_pointer (&script);
            }
        }
    }
  g_error ("the mistake %d was not found in %" G_GUINT64_FORMAT " scripts", options->fault, *seed);
}

/* Of three scripts that show it the smallest is looked at: some ways to a mistake are long ones. */
static Script *
smallest_script (RunOptions *options)
{
  Script *smallest = NULL;
  guint64 seed = 0;

  for (guint n = 0; n < 3; n++)
    {
      g_autoptr (Script) script = failing_script (options, &seed);
      guint trials;
      Script *small = shrink (script, try_script, options, &trials);

      g_test_message ("%u of %u actions are left after %u trials", small->actions->len, script->actions->len,
                      trials);
      if (smallest == NULL || small->actions->len < smallest->actions->len)
        {
          Script *larger = smallest;

          smallest = small;
          small = larger;
        }
      g_clear_pointer (&small, script_free);
    }
  return smallest;
}

static void
test_mistake (gconstpointer fault)
{
  RunOptions options = { .fault = (OracleFault)GPOINTER_TO_UINT (fault) }, right = { 0 };
  g_autoptr (Script) small = smallest_script (&options), read = NULL;
  g_autofree char *text = script_text (small), *still = NULL, *sound = NULL;

  g_test_message ("%s", text);
  g_assert_cmpuint (small->actions->len, <=, SHORT);
  read = script_read (text, NULL);
  g_assert_nonnull (read);
  still = run_script (read, &options);
  g_assert_nonnull (still);
  sound = run_script (read, &right);
  g_assert_cmpstr (sound, ==, NULL);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { [ORACLE_NO_BOOST] = "/simulation/shrink/mistake/no-boost",
                                       [ORACLE_SHORTEST_IDLE] = "/simulation/shrink/mistake/shortest-idle",
                                       [ORACLE_LONG_REST] = "/simulation/shrink/mistake/long-rest",
                                       [ORACLE_FORGIVES] = "/simulation/shrink/mistake/forgives" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simulation/shrink/minimal", test_minimal);
  g_test_add_func ("/simulation/shrink/sound", test_sound);
  g_test_add_func ("/simulation/shrink/text", test_text);
  g_test_add_func ("/simulation/shrink/bad-text", test_bad_text);
  for (guint fault = ORACLE_RIGHT + 1; fault < ORACLE_N_FAULTS; fault++)
    g_test_add_data_func (names[fault], GUINT_TO_POINTER (fault), test_mistake);
  return g_test_run ();
}
