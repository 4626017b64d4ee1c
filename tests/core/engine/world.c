/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine under test. See world.h.
 */
#include "tests/core/engine/world.h"

#include "core/engine/replay.h"

#include <string.h>

World *
world_new (void)
{
  World *world = g_new0 (World, 1);

  world->engine = uc_engine_new ();
  world->now = 1000000;
  world->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  world->journal = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  return world;
}

void
world_free (World *world)
{
  uc_engine_free (world->engine);
  g_ptr_array_unref (world->events);
  g_ptr_array_unref (world->journal);
  g_free (world);
}

static void
check (World *world, const char *where)
{
  g_autoptr (GError) error = NULL;

  if (!uc_engine_check (world->engine, world->now, &error))
    g_error ("%s: the state is broken: %s", where, error->message);
}

gboolean
world_step (World *world, UcCommand command, GError **error)
{
  g_autofree char *seed = g_strdup_printf ("s%" G_GUINT64_FORMAT, ++world->seeds);
  g_autofree char *before = world->fast ? NULL : world_dump (world->engine);
  gboolean done;

  if (command.seed == NULL)
    command.seed = seed;
  g_ptr_array_set_size (world->events, 0);
  done = uc_engine_step (world->engine, &command, world->now, world->events, error);
  check (world, "after a step");
  if (!done)
    g_assert_cmpuint (world->events->len, ==, 0);
  if (!done || world->events->len == 0)
    {
      g_autofree char *after = world->fast ? NULL : world_dump (world->engine);

      g_assert_cmpstr (before, ==, after);
    }
  for (guint e = 0; e < world->events->len; e++)
    g_ptr_array_add (world->journal, uc_event_copy (world->events->pdata[e]));
  return done;
}

static char *
types_of (GPtrArray *events)
{
  GString *types = g_string_new (NULL);

  for (guint e = 0; e < events->len; e++)
    g_string_append_printf (types, "%s%s", e > 0 ? " " : "",
                            uc_event_type_name (((UcEvent *)events->pdata[e])->type));
  return g_string_free (types, FALSE);
}

void
world_do (World *world, const char *where, const char *types, UcCommand command)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;

  if (!world_step (world, command, &error))
    g_error ("%s: the step failed: %s", where, error->message);
  made = types_of (world->events);
  if (types != NULL && strcmp (types, made) != 0)
    g_error ("%s: expected events '%s', got '%s'", where, types, made);
}

void
world_refuses (World *world, const char *where, UcError code, const char *words, UcCommand command)
{
  g_autoptr (GError) error = NULL;

  if (world_step (world, command, &error))
    g_error ("%s: the step succeeded", where);
  g_assert_nonnull (error);
  if (!g_error_matches (error, UC_ERROR, code))
    g_error ("%s: error %d, expected %d: %s", where, error->code, code, error->message);
  if (strstr (error->message, words) == NULL)
    g_error ("%s: '%s' does not say '%s'", where, error->message, words);
}

const UcEvent *
world_event (World *world, UcEventType type)
{
  for (guint e = world->events->len; e > 0; e--)
    {
      const UcEvent *event = world->events->pdata[e - 1];

      if (event->type == type)
        return event;
    }
  g_error ("the last step made no %s", uc_event_type_name (type));
}

/* ---- short words --------------------------------------------------------------------------------------- */

void
world_queue (World *world, const char *id, gint64 post_processing_ms)
{
  DO (world, "queue.changed", .type = UC_COMMAND_PUT_QUEUE, .queue = id, .name = id, .enabled = 1,
      .post_processing_ms = post_processing_ms);
}

void
world_user_with (World *world, const char *id, gint64 capacity, const char *permissions)
{
  DO (world, "user.changed", .type = UC_COMMAND_PUT_USER, .user = id, .login = id, .name = id, .role = "agent",
      .permissions = permissions, .capacity = capacity, .acceptance_ms = 30000, .enabled = 1);
  if (uc_engine_queue (world->engine, "q") != NULL)
    DO (world, "membership.changed", .type = UC_COMMAND_PUT_MEMBERSHIP, .user = id, .queue = "q", .enabled = 1);
}

void
world_user (World *world, const char *id)
{
  world_user_with (world, id, 1, "interaction.reject");
}

void
world_status (World *world, const char *agent, const char *status)
{
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = agent, .status = status, .by = agent);
}

void
world_available (World *world, const char *agent)
{
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = agent, .status = "work_offline", .cause = "login");
  world_status (world, agent, "available");
}

void
world_customer_to (World *world, const char *who, const char *queue)
{
  g_autofree char *conversation = g_strconcat ("c-", who, NULL), *interaction = g_strconcat ("i-", who, NULL);
  g_autofree char *message = g_strdup_printf ("m-%s-%" G_GUINT64_FORMAT, who, world->seeds);

  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = "web", .network = "webchat", .identity = who,
      .name = who, .queue = queue, .text = "hello", .new_conversation = conversation,
      .new_interaction = interaction, .new_message = message);
}

void
world_customer (World *world, const char *who)
{
  world_customer_to (world, who, "q");
}

void
world_accept (World *world, const char *agent, const char *interaction)
{
  DO (world, NULL, .type = UC_COMMAND_ACCEPT, .agent = agent, .interaction = interaction, .by = agent);
}

void
world_tick (World *world, gint64 now)
{
  world->now = now;
  DO (world, NULL, .type = UC_COMMAND_TICK);
}

const UcAgent *
world_agent (World *world, const char *id)
{
  const UcAgent *agent = uc_engine_agent (world->engine, id);

  g_assert_nonnull (agent);
  return agent;
}

const UcInteraction *
world_interaction (World *world, const char *id)
{
  const UcInteraction *interaction = uc_engine_interaction (world->engine, id);

  g_assert_nonnull (interaction);
  return interaction;
}

const char *
world_offered_to (World *world, const char *id)
{
  const UcInteraction *interaction = world_interaction (world, id);

  return interaction->state == UC_INTERACTION_OFFERED ? interaction->agent->id : "";
}

/* ---- the state as rows --------------------------------------------------------------------------------- */

GPtrArray *
world_rows (UcEngine *engine)
{
  return uc_engine_rows (engine);
}

char *
world_text (GPtrArray *events)
{
  GString *text = g_string_new (NULL);

  for (guint e = 0; e < events->len; e++)
    {
      g_autofree char *json = uc_event_to_json (events->pdata[e], NULL);

      g_string_append_printf (text, "%s\n", json);
    }
  return g_string_free (text, FALSE);
}

/* What the rows do not say: lists and counters that a restart makes anew. */
static void
dump_agent (const UcAgent *agent, gpointer data)
{
  GString *line = g_string_new (NULL);

  g_string_append_printf (line, "%s able=%d %u+%u+%u over=%u may_reject=%d:", agent->id, agent->idle != NULL,
                          agent->offered, agent->active, agent->wrapping, agent->over, agent->may_reject);
  for (guint i = 0; i < agent->interactions->len; i++)
    g_string_append_printf (line, " %s", ((UcInteraction *)agent->interactions->pdata[i])->id);
  g_ptr_array_add (data, g_string_free (line, FALSE));
}

typedef struct
{
  UcEngine *engine;
  GPtrArray *lines;
} Dump;

static void
dump_queue (const UcQueue *queue, gpointer data)
{
  Dump *dump = data;
  const UcInteraction *first = uc_engine_first_waiting (dump->engine, queue);

  g_ptr_array_add (dump->lines, g_strdup_printf ("%s waiting=%u first=%s", queue->id, queue->waiting,
                                                 first != NULL ? first->id : "-"));
}

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

char *
world_dump (UcEngine *engine)
{
  g_autoptr (GPtrArray) rows = world_rows (engine), lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = world_text (rows), *more = NULL;
  Dump dump = { engine, lines };

  uc_engine_each_agent (engine, dump_agent, lines);
  uc_engine_each_queue (engine, dump_queue, &dump);
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  more = g_strjoinv ("\n", (char **)lines->pdata);
  return g_strdup_printf ("%s%s\nnext deadline %" G_GINT64_FORMAT "\n", text, more,
                          uc_engine_next_deadline (engine));
}

UcEngine *
world_restore (GPtrArray *rows, GError **error)
{
  UcEngine *engine = uc_engine_new ();

  for (guint r = 0; r < rows->len; r++)
    if (!uc_engine_restore (engine, rows->pdata[r], error))
      {
        uc_engine_free (engine);
        return NULL;
      }
  return engine;
}
