/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine under test. See world.h.
 */
#include "tests/core/engine/world.h"

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

static void
agent_rows (const UcAgent *agent, gpointer data)
{
  GPtrArray *rows = data;
  UcEvent *user = uc_event_new (UC_EVENT_USER_CHANGED, 0), *state = uc_event_new (UC_EVENT_STATE_AGENT, 0);

  user->user = g_strdup (agent->id);
  user->login = g_strdup (agent->login);
  user->name = g_strdup (agent->name);
  user->role = g_strdup (agent->role);
  user->permissions = g_strdup (agent->permissions);
  user->capacity = agent->capacity;
  user->acceptance_ms = agent->acceptance_ms;
  user->enabled = agent->enabled;
  user->auto_accept = agent->auto_accept;
  user->scope = g_strdup (agent->scope);
  g_ptr_array_add (rows, user);
  for (guint m = 0; m < agent->memberships->len; m++)
    {
      const UcMembership *membership = agent->memberships->pdata[m];
      UcEvent *row = uc_event_new (UC_EVENT_MEMBERSHIP_CHANGED, 0);

      row->user = g_strdup (agent->id);
      row->queue = g_strdup (membership->queue->id);
      row->enabled = membership->enabled;
      g_ptr_array_add (rows, row);
    }
  state->agent = g_strdup (agent->id);
  state->status = g_strdup (uc_agent_status_word (agent->shown));
  state->asked = g_strdup (uc_agent_status_word (agent->asked));
  state->since = agent->since;
  state->idle_since = agent->idle_since;
  state->stop_new = agent->stop_new;
  state->cause = g_strdup (agent->cause);
  state->reason = g_strdup (agent->reason);
  state->misses = agent->misses;
  state->return_at = agent->return_at;
  state->state = g_strdup (uc_presence_word (agent->presence));
  state->deadline = agent->presence_deadline;
  g_ptr_array_add (rows, state);
}

static void
queue_row (const UcQueue *queue, gpointer data)
{
  UcEvent *row = uc_event_new (UC_EVENT_QUEUE_CHANGED, 0);

  row->queue = g_strdup (queue->id);
  row->name = g_strdup (queue->name);
  row->enabled = queue->enabled;
  row->post_processing_ms = queue->post_processing_ms;
  row->boost = queue->boost;
  row->acceptance_ms = queue->acceptance_ms;
  row->save_during = g_strdup (queue->save_during);
  row->save_after = g_strdup (queue->save_after);
  g_ptr_array_add (data, row);
}

static void
policy_row (const UcPolicy *policy, GPtrArray *rows)
{
  UcEvent *row = uc_event_new (UC_EVENT_POLICY_CHANGED, 0);

  row->preset = g_strdup (policy->preset);
  row->acceptance_ms = policy->acceptance_ms;
  row->on_login = g_strdup (uc_agent_status_word (policy->on_login));
  row->on_reject = g_strdup (uc_agent_status_word (policy->on_reject));
  row->on_timeout = g_strdup (uc_agent_status_word (policy->on_timeout));
  row->reason_reject = g_strdup (policy->reason_reject);
  row->reason_timeout = g_strdup (policy->reason_timeout);
  row->return_reject_ms = policy->return_reject_ms;
  row->return_timeout_ms = policy->return_timeout_ms;
  row->max_misses = policy->max_misses;
  row->lease_ms = policy->lease_ms;
  row->grace_ms = policy->grace_ms;
  row->code_grace_ms = policy->code_grace_ms;
  row->pop_on = g_strdup (policy->pop_on);
  row->late_save = g_strdup (policy->late_save);
  g_ptr_array_add (rows, row);
}

static void
code_list_row (const UcCodeList *list, gpointer data)
{
  UcEvent *row = uc_event_new (UC_EVENT_CODES_CHANGED, 0);

  row->list = g_strdup (list->id);
  row->name = g_strdup (list->name);
  row->use = g_strdup (list->use);
  row->status = g_strdup (list->status);
  row->queues = g_strdup (list->queues);
  row->required = list->required;
  row->enabled = list->enabled;
  row->codes = g_strdup (list->json);
  g_ptr_array_add (data, row);
}

static void
conversation_row (const UcConversation *conversation, GPtrArray *rows)
{
  UcEvent *row = uc_event_new (UC_EVENT_STATE_CONVERSATION, 0);

  row->conversation = g_strdup (conversation->id);
  row->channel = g_strdup (conversation->channel);
  row->network = g_strdup (conversation->network);
  row->identity = g_strdup (conversation->identity);
  row->name = g_strdup (conversation->name);
  row->picture = g_strdup (conversation->picture);
  row->window_until = conversation->window_until;
  row->tagged_until = conversation->tagged_until;
  row->last_n = conversation->last_n;
  row->interaction = g_strdup (conversation->open != NULL ? conversation->open->id : NULL);
  g_ptr_array_add (rows, row);
}

static char *
joined (GPtrArray *words)
{
  GString *list = g_string_new (NULL);

  if (words->len == 0)
    return g_string_free (list, TRUE);
  for (guint w = 0; w < words->len; w++)
    g_string_append_printf (list, "%s%s", w > 0 ? "," : "", (char *)words->pdata[w]);
  return g_string_free (list, FALSE);
}

static void
interaction_rows (const UcInteraction *interaction, gpointer data)
{
  GPtrArray *rows = data;
  UcEvent *row = uc_event_new (UC_EVENT_STATE_INTERACTION, 0);
  gboolean known = FALSE;

  for (guint r = 0; r < rows->len && !known; r++)
    {
      const UcEvent *other = rows->pdata[r];

      known = other->type == UC_EVENT_STATE_CONVERSATION
              && strcmp (other->conversation, interaction->conversation->id) == 0;
    }
  if (!known)
    conversation_row (interaction->conversation, rows);
  row->interaction = g_strdup (interaction->id);
  row->conversation = g_strdup (interaction->conversation->id);
  row->queue = g_strdup (interaction->queue->id);
  row->state = g_strdup (uc_interaction_state_word (interaction->state));
  row->agent = g_strdup (interaction->agent != NULL ? interaction->agent->id : NULL);
  row->offer = g_strdup (interaction->offer);
  row->deadline = interaction->deadline;
  row->enqueued_at = interaction->enqueued_at;
  row->boost = interaction->boost;
  row->excluded = joined (interaction->excluded);
  row->accepted_at = interaction->accepted_at;
  row->ended_at = interaction->ended_at;
  row->ended_by = g_strdup (interaction->ended_by);
  row->customer = g_strdup (interaction->customer);
  row->customer_name = g_strdup (interaction->customer_name);
  row->draft = interaction->draft;
  row->status = g_strdup (interaction->save_state);
  row->mode = g_strdup (interaction->save_mode);
  row->case_id = g_strdup (interaction->case_id);
  row->attempts = interaction->save_attempts;
  row->error = g_strdup (interaction->save_error);
  row->acceptance_ms = interaction->acceptance_ms;
  row->codes = g_strdup (interaction->codes);
  row->matches = g_strdup (interaction->matches);
  row->follows = g_strdup (interaction->follows);
  row->overdue = interaction->overdue;
  g_ptr_array_add (rows, row);
}

static int
rank (const UcEvent *row)
{
  static const UcEventType order[] = { UC_EVENT_POLICY_CHANGED,     UC_EVENT_USER_CHANGED,
                                       UC_EVENT_QUEUE_CHANGED,      UC_EVENT_MEMBERSHIP_CHANGED,
                                       UC_EVENT_CODES_CHANGED,      UC_EVENT_STATE_AGENT,
                                       UC_EVENT_STATE_CONVERSATION, UC_EVENT_STATE_INTERACTION };

  for (gsize o = 0; o < G_N_ELEMENTS (order); o++)
    if (order[o] == row->type)
      return o;
  g_assert_not_reached ();
}

static const char *
row_id (const UcEvent *row)
{
  return row->type == UC_EVENT_STATE_INTERACTION    ? row->interaction
         : row->type == UC_EVENT_STATE_CONVERSATION ? row->conversation
         : row->type == UC_EVENT_STATE_AGENT        ? row->agent
         : row->type == UC_EVENT_QUEUE_CHANGED      ? row->queue
         : row->type == UC_EVENT_CODES_CHANGED      ? row->list
         : row->type == UC_EVENT_POLICY_CHANGED     ? "policy"
                                                    : row->user;
}

static gint
compare_rows (gconstpointer a, gconstpointer b)
{
  const UcEvent *x = *(UcEvent *const *)a, *y = *(UcEvent *const *)b;
  gint order = rank (x) - rank (y);

  if (order == 0)
    order = strcmp (row_id (x), row_id (y));
  return order != 0 ? order : g_strcmp0 (x->queue, y->queue);
}

/* Conversations without interactions are in memory too, but the engine lists none; the rows leave them out. */
GPtrArray *
world_rows (UcEngine *engine)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);

  policy_row (uc_engine_policy (engine), rows);
  uc_engine_each_code_list (engine, code_list_row, rows);
  uc_engine_each_agent (engine, agent_rows, rows);
  uc_engine_each_queue (engine, queue_row, rows);
  uc_engine_each_interaction (engine, interaction_rows, rows);
  g_ptr_array_sort (rows, compare_rows);
  return rows;
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
