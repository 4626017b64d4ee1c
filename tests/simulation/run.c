/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Running a script. See run.h.
 */
#include "tests/simulation/run.h"

#include <string.h>

#include "core/engine/engine-private.h"
#include "tests/core/engine/world.h"
#include "tests/simulation/invariants.h"

struct RunPrivate
{
  Oracle *oracle;
  Reader *reader;
  UcEngine *twin;
  GPtrArray *twin_events; /* of UcEvent* */
  GPtrArray *journal;     /* of char*: JSON; NULL = not kept */
  GStringChunk *words;
  guint steps;
  gboolean restarted;
};

Run *
run_new (const RunOptions *options)
{
  Run *run = g_new0 (Run, 1);

  run->engine = uc_engine_new ();
  run->now = DICE_START;
  run->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  run->options = *options;
  run->private = g_new0 (struct RunPrivate, 1);
  run->private->oracle = oracle_new (options->fault);
  run->private->reader = reader_new ();
  run->private->twin = options->twin ? uc_engine_new () : NULL;
  run->private->twin_events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  run->private->journal = options->replay ? g_ptr_array_new_with_free_func (g_free) : NULL;
  run->private->words = g_string_chunk_new (256);
  return run;
}

void
run_free (Run *run)
{
  uc_engine_free (run->engine);
  g_ptr_array_unref (run->events);
  oracle_free (run->private->oracle);
  reader_free (run->private->reader);
  uc_engine_free (run->private->twin);
  g_ptr_array_unref (run->private->twin_events);
  g_clear_pointer (&run->private->journal, g_ptr_array_unref);
  g_string_chunk_free (run->private->words);
  g_free (run->private);
  g_free (run);
}

/* ---- a restart ----------------------------------------------------------------------------------------- */

/* The shell puts a conversation without interactions back when somebody writes again. */
static void
add_idle_conversations (UcEngine *from, UcEngine *to)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, from->conversations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcConversation *conversation = value;
      g_autoptr (UcEvent) row = uc_event_new (UC_EVENT_STATE_CONVERSATION, 0);

      row->conversation = g_strdup (conversation->id);
      row->channel = g_strdup (conversation->channel);
      row->network = g_strdup (conversation->network);
      row->identity = g_strdup (conversation->identity);
      row->name = g_strdup (conversation->name);
      row->picture = g_strdup (conversation->picture);
      row->window_until = conversation->window_until;
      row->tagged_until = conversation->tagged_until;
      row->last_n = conversation->last_n;
      uc_engine_add_conversation (to, row);
    }
}

/* The store promises no order within a type. */
static void
reverse_interactions (GPtrArray *rows)
{
  guint first = rows->len, last = rows->len;

  while (first > 0 && ((UcEvent *)rows->pdata[first - 1])->type == UC_EVENT_STATE_INTERACTION)
    first--;
  for (; first + 1 < last; first++, last--)
    {
      gpointer row = rows->pdata[first];

      rows->pdata[first] = rows->pdata[last - 1];
      rows->pdata[last - 1] = row;
    }
}

static char *
restart (Run *run, const char *seed)
{
  g_autoptr (GPtrArray) rows = world_rows (run->engine);
  g_autofree char *before = world_dump (run->engine), *after = NULL;
  g_autoptr (GError) error = NULL;
  UcEngine *again;

  reverse_interactions (rows);
  again = world_restore (rows, &error);
  if (again == NULL)
    return g_strdup_printf ("RESTART the rows are refused: %s", error->message);
  add_idle_conversations (run->engine, again);
  uc_engine_free (run->engine);
  run->engine = again;
  run->private->restarted = TRUE;
  reader_restarted (run->private->reader);
  after = world_dump (again);
  if (strcmp (before, after) != 0)
    return g_strdup_printf ("RESTART the state was:\n%sand is:\n%s", before, after);
  uc_engine_restored (again, seed, run->now, run->events);
  return NULL;
}

/* ---- P11 ----------------------------------------------------------------------------------------------- */

static char *
text_of (GPtrArray *events, gboolean without_drain)
{
  GString *text = g_string_new (NULL);

  for (guint e = 0; e < events->len; e++)
    {
      g_autofree char *json = NULL;

      if (without_drain && ((UcEvent *)events->pdata[e])->type == UC_EVENT_SYSTEM_DRAIN)
        continue;
      json = uc_event_to_json (events->pdata[e], NULL);
      g_string_append_printf (text, "%s\n", json);
    }
  return g_string_free (text, FALSE);
}

/* An engine that restarted has forgotten which interactions were closed, and says NOT_FOUND where the other says
 * GONE. */
static gboolean
same_error (Run *run, const GError *error, const GError *twin)
{
  if (error == NULL || twin == NULL)
    return error == twin;
  return error->code == twin->code
         || (run->private->restarted && error->code == UC_ERROR_NOT_FOUND && twin->code == UC_ERROR_GONE);
}

/* The twin does not restart; but a restart ends a drain. */
static char *
step_twin (Run *run, const UcCommand *command, const GError *error)
{
  struct RunPrivate *private = run->private;
  UcCommand instead = { .type = UC_COMMAND_DRAIN, .seed = command->seed };
  g_autoptr (GError) twin_error = NULL;
  g_autofree char *made = NULL, *twin_made = NULL;

  g_ptr_array_set_size (private->twin_events, 0);
  uc_engine_step (private->twin, command->type == 0 ? &instead : command, run->now, private->twin_events,
                  &twin_error);
  if (!same_error (run, error, twin_error))
    return g_strdup_printf ("P11 one engine says '%s', the other '%s'", error != NULL ? error->message : "",
                            twin_error != NULL ? twin_error->message : "");
  made = text_of (run->events, FALSE);
  twin_made = text_of (private->twin_events, command->type == 0);
  if (strcmp (made, twin_made) != 0)
    return g_strdup_printf ("P11 the engines differ:\n%s---\n%s", made, twin_made);
  return NULL;
}

/* ---- one action ---------------------------------------------------------------------------------------- */

static char *
check_events (Run *run)
{
  char *wrong;

  for (guint e = 0; e < run->events->len; e++)
    {
      const UcEvent *event = run->events->pdata[e];

      if ((wrong = reader_read (run->private->reader, event)) != NULL)
        return wrong;
      run->made++;
      run->offers += event->type == UC_EVENT_INTERACTION_OFFERED;
      if (run->private->journal != NULL)
        g_ptr_array_add (run->private->journal, uc_event_to_json (event, NULL));
    }
  return reader_rest (run->private->reader);
}

static char *
check_state (Run *run)
{
  g_autoptr (GError) error = NULL;

  if (uc_engine_check (run->engine, run->now, &error))
    return NULL;
  return g_strdup_printf ("STATE %s", error->message);
}

static char *
check_all (Run *run, const UcCommand *command, const char *before, const GError *error)
{
  g_autofree char *after = NULL;
  char *wrong;

  if (error != NULL && run->events->len > 0)
    return g_strdup_printf ("TRACE a command fails (%s) and makes events", error->message);
  if (before != NULL && run->events->len == 0)
    {
      after = world_dump (run->engine);
      if (strcmp (before, after) != 0)
        return g_strdup_printf ("TRACE without an event the state was:\n%sand is:\n%s", before, after);
    }
  wrong = oracle_step (run->private->oracle, command, run->now, error == NULL, run->events);
  if (wrong == NULL)
    wrong = check_events (run);
  if (wrong == NULL)
    wrong = check_state (run);
  if (wrong == NULL)
    wrong = oracle_compare (run->private->oracle, run->engine);
  if (wrong == NULL && run->private->twin != NULL)
    wrong = step_twin (run, command, error);
  return wrong;
}

char *
run_do (Run *run, const Action *action)
{
  UcCommand command = action->command;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = run->options.traces ? world_dump (run->engine) : NULL;
  char seed[32];
  char *wrong;

  g_snprintf (seed, sizeof seed, "s%u", ++run->private->steps);
  command.seed = seed;
  run->now = MAX (run->now, action->at);
  g_ptr_array_set_size (run->events, 0);
  if (command.type != 0)
    uc_engine_step (run->engine, &command, run->now, run->events, &error);
  else if ((wrong = restart (run, seed)) != NULL)
    return wrong;
  return check_all (run, &command, command.type != 0 ? before : NULL, error);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

/* Through JSON and back, as a reader of the journal would. */
static char *
replay_journal (Run *run)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();
  g_autofree char *state = world_dump (run->engine), *replayed = NULL;

  for (guint e = 0; e < run->private->journal->len; e++)
    {
      const char *json = run->private->journal->pdata[e];
      g_autoptr (UcEvent) event = uc_event_from_json (json, strlen (json), NULL);

      uc_engine_apply (engine, event);
    }
  replayed = world_dump (engine);
  if (strcmp (state, replayed) == 0)
    return NULL;
  return g_strdup_printf ("REPLAY the state is:\n%sand by the journal:\n%s", state, replayed);
}

static char *
act (Run *run, UcCommand command)
{
  Action action = { run->now, command };

  return run_do (run, &action);
}

/* One agent who may do everything, and no rule in his way. */
static char *
prepare_clearing (Run *run)
{
  static const char *const lists[] = { "list0", "list1", "list2" }, *const queues[] = { "q0", "q1", "q2", "q3" };
  char *wrong = act (run, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                       .user = "u0",
                                       .login = "u0",
                                       .role = "agent",
                                       .capacity = 1,
                                       .acceptance_ms = 1000,
                                       .enabled = 1 });

  if (wrong == NULL)
    wrong = act (run, (UcCommand){ .type = UC_COMMAND_DRAIN });
  if (wrong == NULL)
    wrong = act (run, (UcCommand){ .type = UC_COMMAND_PUT_POLICY, .preset = "8x8" });
  if (wrong == NULL)
    wrong = act (run, (UcCommand){ .type = UC_COMMAND_PRESENCE, .agent = "u0", .state = "here" });
  for (gsize l = 0; l < G_N_ELEMENTS (lists) && wrong == NULL; l++)
    wrong = act (run, (UcCommand){ .type = UC_COMMAND_PUT_CODES, .list = lists[l], .removed = TRUE });
  for (gsize q = 0; q < G_N_ELEMENTS (queues) && wrong == NULL; q++)
    {
      wrong = act (run, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE, .queue = queues[q], .enabled = 1 });
      if (wrong == NULL)
        wrong = act (
            run, (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = "u0", .queue = queues[q], .enabled = 1 });
    }
  return wrong;
}

/* What somebody has in hand before what waits, and by id. */
static void
pick (const UcInteraction *interaction, gpointer data)
{
  const UcInteraction **best = data;

  if (*best != NULL && (interaction->agent != NULL) < ((*best)->agent != NULL))
    return;
  if (*best == NULL || (interaction->agent != NULL) > ((*best)->agent != NULL)
      || strcmp (interaction->id, (*best)->id) < 0)
    *best = interaction;
}

static UcCommand
next_clearing (Run *run, const UcInteraction *interaction)
{
  static const UcCommandType types[] = { [UC_INTERACTION_WAITING] = UC_COMMAND_SET_STATUS,
                                         [UC_INTERACTION_OFFERED] = UC_COMMAND_ACCEPT,
                                         [UC_INTERACTION_ACTIVE] = UC_COMMAND_END,
                                         [UC_INTERACTION_WRAP_UP] = UC_COMMAND_WRAP_UP_DONE };
  const char *agent = interaction->agent != NULL ? interaction->agent->id : "u0";
  UcCommand command = { .type = types[interaction->state],
                        .agent = g_string_chunk_insert_const (run->private->words, agent),
                        .interaction = g_string_chunk_insert_const (run->private->words, interaction->id),
                        .status = "available" };

  if (command.type == UC_COMMAND_SET_STATUS && uc_engine_agent (run->engine, "u0")->asked == UC_AGENT_LOGGED_OUT)
    command.cause = "login";
  return command;
}

/* P12: with one capable agent and no new customers everything is served. */
static char *
clear_away (Run *run)
{
  char *wrong = prepare_clearing (run);

  for (guint turn = 0; wrong == NULL && turn < 4000; turn++)
    {
      const UcInteraction *interaction = NULL;

      uc_engine_each_interaction (run->engine, pick, &interaction);
      if (interaction == NULL)
        return NULL;
      wrong = act (run, next_clearing (run, interaction));
      run->now += 100;
      if (wrong == NULL)
        wrong = act (run, (UcCommand){ .type = UC_COMMAND_TICK });
    }
  return wrong != NULL ? wrong : g_strdup ("P12 work remains that nobody gets");
}

char *
run_finish (Run *run)
{
  char *wrong = run->options.replay ? replay_journal (run) : NULL;

  if (wrong == NULL && run->options.finish)
    wrong = clear_away (run);
  return wrong;
}

char *
run_script (const Script *script, const RunOptions *options)
{
  g_autoptr (Run) run = run_new (options);
  char *wrong = NULL;

  for (guint a = 0; a < script->actions->len && wrong == NULL; a++)
    wrong = run_do (run, script_action (script, a));
  return wrong != NULL ? wrong : run_finish (run);
}
