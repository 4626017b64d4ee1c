/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A random day, see day.h.
 */
#include "tests/core/store/day.h"

#include <string.h>

#include "core/engine/command-json.h"

static guint
below (Day *day, guint n)
{
  return (guint)g_rand_int_range (day->rand, 0, (gint32)n);
}

static const char *
pick (Day *day, const char *prefix, guint n)
{
  g_autofree char *id = g_strdup_printf ("%s%u", prefix, below (day, n));

  return g_string_chunk_insert_const (day->text, id);
}

static const char *
fresh (Day *day, const char *prefix)
{
  g_autofree char *id = g_strdup_printf ("%s-%u", prefix, ++day->ids);

  return g_string_chunk_insert (day->text, id);
}

/* step: of what made them; taken. */
static void
commit_events (Day *day, char *step)
{
  UcBatch *batch = uc_batch_new ();

  for (guint i = 0; i < day->world->events->len; i++)
    {
      UcEvent *event = uc_event_copy (g_ptr_array_index (day->world->events, i));
      gsize len;
      char *json;

      event->seq = ++day->kit->seq;
      if (event->type == UC_EVENT_MESSAGE_ADDED && g_strcmp0 (event->author, "agent") == 0)
        g_ptr_array_add (day->sent, uc_event_copy (event));
      json = uc_event_to_json (event, &len);
      uc_batch_event_step (batch, event, json, len, i == 0 ? step : NULL);
    }
  g_assert_cmpint (kit_commit (day->kit, batch, NULL), ==, UC_STORE_OK);
}

/* Most random commands are refused; that is no failure here. */
gboolean
day_step (Day *day, UcCommand command)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *seed = g_strdup_printf ("s%" G_GUINT64_FORMAT, day->world->seeds + 1);
  gboolean done;

  command.seed = seed;
  done = world_step (day->world, command, &error);
  if (day->world->events->len == 0)
    return done;
  commit_events (day, uc_record_step (&command, day->reborn, day->world->now, day->world->events, 0));
  day->reborn = FALSE;
  return done;
}

/* As the shell does it: a conversation that has left the memory comes back from the store, and its numbers go on.
 */
static void
remember (Day *day, const char *identity)
{
  g_auto (Answer) answer = { 0 };

  if (uc_engine_conversation_of (day->world->engine, "web", identity) != NULL)
    return;
  uc_store_conversation (day->kit->store, "web", identity, on_rows, &answer);
  answer_wait (&answer);
  if (answer.rows->len > 0)
    uc_engine_add_conversation (day->world->engine, g_ptr_array_index (answer.rows, 0));
}

static void
receive (Day *day)
{
  const char *identity = pick (day, "visitor", 12);

  remember (day, identity);
  day_step (
      day, (UcCommand){ .type = UC_COMMAND_RECEIVE,
                        .channel = "web",
                        .network = "webchat",
                        .identity = identity,
                        .name = below (day, 4) == 0 ? pick (day, "Name ", 3) : NULL,
                        .queue = pick (day, "que", 2),
                        .text = below (day, 9) > 0 ? "hello" : "a longer text, which is said in \"quotes\" \u00e9",
                        .external_id = fresh (day, "x"),
                        .form = below (day, 8) == 0 ? "postback" : NULL,
                        .attachments = below (day, 8) == 0 ? "[{\"kind\":\"image\",\"media\":\"m1\"}]" : NULL,
                        .window_until = below (day, 2) ? day->world->now + 86400000 : 0,
                        .tagged_until = below (day, 2) ? day->world->now + 604800000 : 0,
                        .acceptance_ms = below (day, 4) == 0 ? 3000 : 0,
                        .follows = below (day, 6) == 0 ? pick (day, "case", 9) : NULL,
                        .passive = below (day, 9) == 0,
                        .new_conversation = fresh (day, "cnv"),
                        .new_interaction = fresh (day, "int"),
                        .new_message = fresh (day, "msg") });
}

static void
receipt (Day *day)
{
  static const char *const states[] = { "uncertain", "sent", "delivered", "read", "failed" };
  const UcEvent *message;

  if (day->sent->len == 0)
    return;
  message = g_ptr_array_index (day->sent, below (day, day->sent->len));
  if (uc_engine_conversation (day->world->engine, message->conversation) == NULL)
    return;
  day_step (day, (UcCommand){ .type = UC_COMMAND_MESSAGE_STATE,
                              .conversation = message->conversation,
                              .message = message->message,
                              .n = message->n,
                              .state = states[below (day, 5)],
                              .external_id = fresh (day, "their") });
}

static void
collect (const UcInteraction *interaction, gpointer data)
{
  g_ptr_array_add (data, (gpointer)interaction);
}

/* Something that is sensible in the state of a random interaction, most of the time. */
static void
act (Day *day)
{
  static const UcCommandType types[]
      = { UC_COMMAND_ACCEPT,       UC_COMMAND_ACCEPT,    UC_COMMAND_REJECT,       UC_COMMAND_SEND,
          UC_COMMAND_SEND,         UC_COMMAND_END,       UC_COMMAND_WRAP_UP_DONE, UC_COMMAND_CUSTOMER_END,
          UC_COMMAND_SET_CUSTOMER, UC_COMMAND_SAVE,      UC_COMMAND_SAVE_STATE,   UC_COMMAND_SAVE_STATE,
          UC_COMMAND_SET_CODES,    UC_COMMAND_SET_CODES, UC_COMMAND_MATCHES,      UC_COMMAND_FOLLOW,
          UC_COMMAND_FAQ_USED,     UC_COMMAND_ECHO,      UC_COMMAND_PROFILE };
  static const char *const save_states[] = { "queued", "saved", "failed" };
  static const char *const codes[] = { "", "codes0/a", "codes0/b,codes1/a", "codes1/b" };
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  const UcInteraction *interaction;
  UcCommand command = { .type = types[below (day, G_N_ELEMENTS (types))] };

  uc_engine_each_interaction (day->world->engine, collect, all);
  if (all->len == 0)
    return;
  interaction = g_ptr_array_index (all, below (day, all->len));
  if (interaction->state == UC_INTERACTION_OFFERED && below (day, 4) > 0)
    command.type = UC_COMMAND_ACCEPT;
  command.interaction = g_string_chunk_insert_const (day->text, interaction->id);
  command.conversation = g_string_chunk_insert_const (day->text, interaction->conversation->id);
  if (interaction->agent != NULL && command.type != UC_COMMAND_SAVE_STATE)
    command.agent = g_string_chunk_insert_const (day->text, interaction->agent->id);
  command.new_message = fresh (day, "msg");
  command.text = "how may I help?";
  command.max_text = below (day, 3) == 0 ? 5 : 0;
  command.external_id = fresh (day, "end");
  command.customer = below (day, 5) > 0 ? pick (day, "cus", 3) : NULL;
  command.customer_name = command.customer;
  command.state = save_states[below (day, 3)];
  command.case_id = below (day, 2) ? pick (day, "case", 9) : NULL;
  command.attempts = below (day, 3);
  command.error = below (day, 2) ? "the CRM sleeps" : NULL;
  command.codes = codes[below (day, 4)];
  command.matches = below (day, 2) ? "[{\"customer\":\"cus1\",\"name\":\"C\"}]" : NULL;
  command.follows = below (day, 2) ? pick (day, "case", 9) : NULL;
  command.cause = "chosen";
  command.faq = pick (day, "faq", 3);
  command.name = below (day, 2) ? pick (day, "Name ", 3) : NULL;
  command.picture = below (day, 2) ? pick (day, "media", 3) : NULL;
  day_step (day, command);
}

static void
presence (Day *day)
{
  static const char *const words[] = { "here", "here", "away", "none" };

  day_step (day, (UcCommand){
                     .type = UC_COMMAND_PRESENCE, .agent = pick (day, "usr", 5), .state = words[below (day, 4)] });
  if (below (day, 8) == 0)
    {
      day_step (day, (UcCommand){ .type = UC_COMMAND_DRAIN, .enabled = 1, .removed = below (day, 2) });
      day_step (day, (UcCommand){ .type = UC_COMMAND_DRAIN });
    }
  if (below (day, 3) == 0)
    day_step (
        day, (UcCommand){ .type = UC_COMMAND_STOP_NEW, .agent = pick (day, "usr", 5), .enabled = below (day, 2) });
}

static void
agents_act (Day *day)
{
  static const char *const words[]
      = { "available", "available", "available", "on_break", "work_offline", "logged_out" };
  const char *agent = pick (day, "usr", 5);
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = agent, .by = agent, .cause = "by_hand" };

  command.status = words[below (day, G_N_ELEMENTS (words))];
  if (uc_engine_agent (day->world->engine, agent)->asked == UC_AGENT_LOGGED_OUT)
    {
      command.status = "work_offline";
      command.cause = "login";
    }
  day_step (day, command);
}

static void
define_rules (Day *day)
{
  static const char *const uses[] = { "disposition", "disposition", "disposition", "reject" };
  UcCommand codes = { .type = UC_COMMAND_PUT_CODES,
                      .list = pick (day, "codes", 2),
                      .name = "Codes",
                      .use = uses[below (day, 4)],
                      .required = below (day, 2),
                      .enabled = below (day, 6) > 0,
                      .removed = below (day, 12) == 0,
                      .codes = "[{\"code\":\"a\",\"name\":\"A\"},{\"code\":\"b\",\"name\":\"B\"}]" };

  day_step (day, codes);
  day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_POLICY, .preset = uc_policy_presets ()[below (day, 6)] });
  day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_FAQ,
                              .faq = pick (day, "faq", 3),
                              .category = "Orders",
                              .question = pick (day, "Where is order ", 3),
                              .answer = "On its way",
                              .enabled = 1,
                              .removed = below (day, 4) == 0 });
  day_step (day, (UcCommand){ .type = UC_COMMAND_MERGED,
                              .customer = pick (day, "cus", 3),
                              .dropped = pick (day, "cus", 3),
                              .merge = fresh (day, "mrg"),
                              .customer_name = "C",
                              .identities = "",
                              .removed = below (day, 2) });
}

static void
define (Day *day)
{
  switch (below (day, 5))
    {
    case 4:
      define_rules (day);
      break;
    case 0:
      day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                                  .queue = pick (day, "que", 2),
                                  .name = pick (day, "Queue ", 3),
                                  .enabled = below (day, 6) > 0,
                                  .post_processing_ms = below (day, 3) * 4000,
                                  .boost = below (day, 2) * 500,
                                  .acceptance_ms = below (day, 3) * 2000,
                                  .save_during = below (day, 2) ? "open" : NULL,
                                  .save_after = below (day, 2) ? "closed" : NULL });
      break;
    case 1:
      day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                                  .user = pick (day, "usr", 5),
                                  .queue = pick (day, "que", 2),
                                  .enabled = below (day, 6) > 0,
                                  .removed = below (day, 6) == 0 });
      break;
    default:
      {
        const char *user = pick (day, "usr", 5);

        day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                    .user = user,
                                    .login = user,
                                    .name = "Somebody",
                                    .role = "agent",
                                    .permissions = below (day, 2) ? "interaction.reject" : NULL,
                                    .capacity = 1 + below (day, 3),
                                    .acceptance_ms = 5000 + below (day, 3) * 1000,
                                    .auto_accept = below (day, 5) == 0,
                                    .scope = below (day, 5) == 0 ? "queues" : NULL,
                                    .enabled = below (day, 10) > 0 });
        break;
      }
    }
}

/* Everything defined once, so that the rest has something to speak of. */
static void
begin (Day *day)
{
  for (guint q = 0; q < 2; q++)
    {
      const char *queue = q == 0 ? "que0" : "que1";

      g_assert_true (day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                                                 .queue = queue,
                                                 .name = queue,
                                                 .enabled = 1,
                                                 .post_processing_ms = 4000 }));
    }
  for (guint u = 0; u < 5; u++)
    {
      g_autofree char *user = g_strdup_printf ("usr%u", u);

      g_assert_true (day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                                 .user = user,
                                                 .login = user,
                                                 .name = "Somebody",
                                                 .role = "agent",
                                                 .permissions = "interaction.reject",
                                                 .capacity = 2,
                                                 .acceptance_ms = 5000,
                                                 .enabled = 1 }));
      g_assert_true (day_step (day, (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP,
                                                 .user = user,
                                                 .queue = u % 2 ? "que0" : "que1",
                                                 .enabled = 1 }));
    }
}

static UcEngine *
load (Day *day)
{
  g_autoptr (GPtrArray) rows = kit_load (day->kit);
  g_autoptr (GError) error = NULL;
  UcEngine *engine = world_restore (rows, &error);

  if (engine == NULL)
    g_error ("what the store loads is refused: %s", error->message);
  return engine;
}

static void
compare (Day *day, gboolean go_on_with_it)
{
  UcEngine *loaded = load (day);
  g_autofree char *lived = world_dump (day->world->engine), *again = world_dump (loaded);

  g_assert_cmpstr (again, ==, lived);
  if (go_on_with_it)
    {
      UcEngine *old = day->world->engine;

      day->world->engine = loaded;
      day->reborn = TRUE;
      loaded = old;
    }
  uc_engine_free (loaded);
}

Day *
day_new (Kit *kit, guint32 seed)
{
  Day *day = g_new0 (Day, 1);

  day->kit = kit;
  day->world = world_new ();
  day->world->fast = TRUE;
  day->text = g_string_chunk_new (4096);
  day->rand = g_rand_new_with_seed (seed);
  day->sent = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  begin (day);
  return day;
}

void
day_free (Day *day)
{
  g_ptr_array_unref (day->sent);
  g_rand_free (day->rand);
  g_string_chunk_free (day->text);
  world_free (day->world);
  g_free (day);
}

void
day_run (Day *day, guint commands, gboolean comparing)
{
  for (guint i = 0; i < commands; i++)
    {
      guint dice = below (day, 100);

      day->world->now += below (day, 600);
      day_step (day, (UcCommand){ .type = UC_COMMAND_TICK });
      if (dice < 20)
        receive (day);
      else if (dice < 65)
        act (day);
      else if (dice < 89)
        agents_act (day);
      else if (dice < 92)
        presence (day);
      else if (dice < 97)
        receipt (day);
      else
        define (day);
      if (comparing && i % 10 == 0)
        compare (day, i % 100 == 0);
    }
  if (comparing)
    compare (day, FALSE);
}
