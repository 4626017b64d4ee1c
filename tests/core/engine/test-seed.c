/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The seed page against the engine: each requirement S-nn that is the engine's, and the transition table of
 * mission 1.8 row by row. Details are tested where they live; here stands what was asked for.
 */
#include "tests/core/engine/world.h"

#include <string.h>

/* Queue "q"; ann with the permission to reject, capacity 1. */
static World *
office (gint64 post_processing_ms)
{
  World *world = world_new ();

  world_queue (world, "q", post_processing_ms);
  world_user (world, "ann");
  return world;
}

static World *
office_with (gint64 post_processing_ms, gint64 capacity)
{
  World *world = world_new ();

  world_queue (world, "q", post_processing_ms);
  world_user_with (world, "ann", capacity, "interaction.reject");
  world_available (world, "ann");
  return world;
}

/* Joe's chat is offered to ann. */
static World *
offered (gint64 post_processing_ms)
{
  World *world = office (post_processing_ms);

  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
  return world;
}

/* Joe's chat is with ann. */
static World *
busy (gint64 post_processing_ms)
{
  World *world = offered (post_processing_ms);

  world_accept (world, "ann", "i-joe");
  return world;
}

static void
reject (World *world, const char *interaction)
{
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = interaction, .by = "ann");
}

static void
end (World *world, const char *interaction)
{
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = interaction, .by = "ann");
}

static void
wrap_up_done (World *world, const char *interaction)
{
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = interaction, .by = "ann");
}

static void
stop_new (World *world, gboolean on)
{
  DO (world, NULL, .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = on, .by = "ann");
}

/* ---- S-01 to S-04: who gets offers --------------------------------------------------------------------- */

/* The events of a chat over one network, without what names the channel. */
static char *
life_over (const char *channel, const char *network)
{
  g_autoptr (World) world = office (0);
  GString *types = g_string_new (NULL);

  world_available (world, "ann");
  g_ptr_array_set_size (world->journal, 0);
  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = channel, .network = network, .identity = "joe",
      .queue = "q", .text = "hello", .new_conversation = "c-joe", .new_interaction = "i-joe", .new_message = "m1");
  world_accept (world, "ann", "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SEND, .agent = "ann", .interaction = "i-joe", .text = "hi",
      .new_message = "m2");
  end (world, "i-joe");
  for (guint e = 0; e < world->journal->len; e++)
    {
      UcEvent *event = world->journal->pdata[e];
      g_autofree char *json = NULL;

      g_clear_pointer (&event->channel, g_free);
      g_clear_pointer (&event->network, g_free);
      json = uc_event_to_json (event, NULL);
      g_string_append_printf (types, "%s\n", json);
    }
  return g_string_free (types, FALSE);
}

static void
test_s01 (void)
{
  g_autofree char *web = life_over ("web", "webchat"), *facebook = life_over ("fb", "messenger");

  g_assert_cmpstr (web, ==, facebook);
}

static void
be_post_processing (World *world)
{
  world_available (world, "ann");
  world_customer (world, "old");
  world_accept (world, "ann", "i-old");
  end (world, "i-old");
}

static void
be_busy (World *world)
{
  world_available (world, "ann");
  world_customer (world, "old");
  world_accept (world, "ann", "i-old");
}

static void
be_offered (World *world)
{
  world_available (world, "ann");
  world_customer (world, "old");
}

static void
be_on_break (World *world)
{
  world_available (world, "ann");
  world_status (world, "ann", "on_break");
}

static void
be_work_offline (World *world)
{
  world_available (world, "ann");
  world_status (world, "ann", "work_offline");
}

static void
be_logged_out (World *world)
{
  world_available (world, "ann");
  world_status (world, "ann", "logged_out");
}

static void
test_s02 (void)
{
  static const struct
  {
    void (*be) (World *world);
    const char *status;
  } others[] = { { be_logged_out, "logged_out" },
                 { be_work_offline, "work_offline" },
                 { be_on_break, "on_break" },
                 { be_offered, "offered" },
                 { be_busy, "busy" },
                 { be_post_processing, "post_processing" } };
  g_autoptr (World) available = offered (0);

  for (gsize o = 0; o < G_N_ELEMENTS (others); o++)
    {
      g_autoptr (World) world = office (60000);

      others[o].be (world);
      ASSERT_STATUS (world, "ann", others[o].status);
      world_customer (world, "joe");
      ASSERT_STATE (world, "i-joe", "waiting");
    }
  g_assert_cmpuint (world_agent (available, "ann")->offered, ==, 1);
}

static void
test_s03 (void)
{
  static const char *const blocked_by[] = { "queue", "membership", "switched off" };

  for (gsize b = 0; b < G_N_ELEMENTS (blocked_by); b++)
    {
      g_autoptr (World) world = office (0);
      UcCommand off = { .type = b == 0 ? UC_COMMAND_PUT_QUEUE : UC_COMMAND_PUT_MEMBERSHIP,
                        .user = "ann",
                        .queue = "q",
                        .name = "q",
                        .removed = b == 1 };
      UcCommand on = off;
      g_autoptr (GError) error = NULL;

      world_available (world, "ann");
      g_assert_true (world_step (world, off, &error));
      world_customer (world, "joe");
      ASSERT_STATE (world, "i-joe", "waiting");
      on.enabled = 1;
      on.removed = 0;
      g_assert_true (world_step (world, on, &error));
      g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "ann");
    }
}

static void
test_s04 (void)
{
  g_autoptr (World) world = office (0);

  world_customer (world, "joe");
  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .cause = "login");
  DO (world, "agent.status interaction.offered agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
      .status = "available", .by = "ann");
}

/* Of two, the one who has waited longest. */
static void
test_s04_longest_idle (void)
{
  g_autoptr (World) world = office (0);

  world_user (world, "bob");
  world_available (world, "bob");
  world->now += 1;
  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_cmpstr (world_offered_to (world, "i-joe"), ==, "bob");
}

/* ---- S-06 to S-11: the offer --------------------------------------------------------------------------- */

static void
test_s06 (void)
{
  g_autoptr (World) world = office (0);
  UcCommand take_away = { .type = UC_COMMAND_PUT_USER,
                          .user = "ann",
                          .login = "ann",
                          .role = "agent",
                          .capacity = 1,
                          .acceptance_ms = 30000,
                          .enabled = 1 };
  g_autoptr (GError) error = NULL;

  world_available (world, "ann");
  world_customer (world, "joe");
  g_assert_true (world_step (world, take_away, &error));
  REFUSES (world, UC_ERROR_DENIED, "may not reject", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
  ASSERT_STATUS (world, "ann", "offered");
}

/* The offer says who it is, before any accept. */
static void
test_s07 (void)
{
  g_autoptr (World) world = office (0);
  const UcEvent *event;

  world_customer (world, "joe");
  DO (world, NULL, .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_1",
      .customer_name = "Joe Doe");
  DO (world, NULL, .type = UC_COMMAND_FOLLOW, .interaction = "i-joe", .follows = "case_1", .cause = "named");
  world_available (world, "ann");
  event = world_event (world, UC_EVENT_INTERACTION_OFFERED);
  g_assert_cmpstr (event->customer, ==, "cus_1");
  g_assert_cmpstr (event->customer_name, ==, "Joe Doe");
  g_assert_cmpstr (world_interaction (world, "i-joe")->follows, ==, "case_1");
}

static void
test_s08 (void)
{
  g_autoptr (World) world = offered (0), late = offered (0);

  world->now += 29999;
  world_accept (world, "ann", "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "has accepted it already", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
  late->now += 30000;
  REFUSES (late, UC_ERROR_GONE, "the offer is no longer valid", .type = UC_COMMAND_ACCEPT, .agent = "ann",
           .interaction = "i-joe");
}

static void
test_s09 (void)
{
  g_autoptr (World) world = offered (0);

  reject (world, "i-joe");
  ASSERT_STATUS (world, "ann", "on_break");
  g_assert_cmpstr (world_agent (world, "ann")->cause, ==, "rejected");
  world_tick (world, world->now + 3600000);
  ASSERT_STATUS (world, "ann", "on_break");
}

static void
test_s10 (void)
{
  g_autoptr (World) world = offered (0);

  world_tick (world, world->now + 30000);
  ASSERT_STATUS (world, "ann", "on_break");
  g_assert_cmpstr (world_agent (world, "ann")->cause, ==, "timed_out");
}

/* With chats in hand: they stay, nothing new comes, the break follows the last one; resuming ends that. */
static void
test_s10_with_chats (void)
{
  for (int resumes = 0; resumes < 2; resumes++)
    {
      g_autoptr (World) world = office_with (60000, 2);

      world_customer (world, "joe");
      world_accept (world, "ann", "i-joe");
      world_customer (world, "kim");
      reject (world, "i-kim");
      ASSERT_STATUS (world, "ann", "busy");
      g_assert_true (world_agent (world, "ann")->stop_new);
      if (resumes)
        {
          stop_new (world, FALSE);
          g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
          continue;
        }
      end (world, "i-joe");
      ASSERT_STATUS (world, "ann", "post_processing");
      wrap_up_done (world, "i-joe");
      ASSERT_STATUS (world, "ann", "on_break");
      g_assert_false (world_agent (world, "ann")->stop_new);
    }
}

static void
test_s11 (void)
{
  g_autoptr (World) world = offered (0);

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  ASSERT_STATUS (world, "ann", "available");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "abandoned");
}

/* ---- S-12 to S-16: the conversation -------------------------------------------------------------------- */

/* A private profile has no name: the id is there. */
static void
test_s12 (void)
{
  g_autoptr (World) world = office (0);
  const UcEvent *event;

  world_available (world, "ann");
  DO (world, NULL, .type = UC_COMMAND_RECEIVE, .channel = "fb", .network = "messenger", .identity = "1234",
      .queue = "q", .text = "hello", .new_conversation = "c", .new_interaction = "i", .new_message = "m");
  event = world_event (world, UC_EVENT_INTERACTION_OFFERED);
  g_assert_cmpstr (event->name, ==, NULL);
  g_assert_cmpstr (event->identity, ==, "1234");
  g_assert_cmpstr (event->network, ==, "messenger");
  g_assert_cmpstr (event->queue, ==, "q");
}

static void
test_s13 (void)
{
  g_autoptr (World) world = busy (0);

  ASSERT_STATUS (world, "ann", "busy");
  ASSERT_STATE (world, "i-joe", "active");
}

/* It leaves by the channel and to the identity it came from. */
static void
test_s14 (void)
{
  g_autoptr (World) world = busy (0);
  const UcEvent *event;

  DO (world, "message.added", .type = UC_COMMAND_SEND, .agent = "ann", .interaction = "i-joe", .text = "hi",
      .new_message = "m2");
  event = world_event (world, UC_EVENT_MESSAGE_ADDED);
  g_assert_cmpstr (event->channel, ==, "web");
  g_assert_cmpstr (event->identity, ==, "joe");
  g_assert_cmpstr (event->state, ==, "queued");
}

static void
test_s15 (void)
{
  g_autoptr (World) world = busy (0);

  REFUSES (world, UC_ERROR_INVALID, "{{customer.name|there}} has not been filled in", .type = UC_COMMAND_SEND,
           .agent = "ann", .interaction = "i-joe", .text = "Hi {{customer.name|there}}", .new_message = "m2");
  DO (world, "faq.used", .type = UC_COMMAND_FAQ_USED, .agent = "ann", .interaction = "i-joe", .faq = "faq_1");
}

static void
require_code (World *world)
{
  DO (world, NULL, .type = UC_COMMAND_PUT_CODES, .list = "out", .name = "Outcome", .required = 1, .enabled = 1,
      .codes = "[{\"code\":\"sold\"}]");
}

static void
test_s16 (void)
{
  g_autoptr (World) world = busy (0);

  require_code (world);
  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .codes = "out/sold", .by = "ann");
  DO (world, "interaction.ended message.added interaction.closed agent.status", .type = UC_COMMAND_END,
      .agent = "ann", .interaction = "i-joe");
}

/* ---- S-17 to S-21: saving and wrap-up ------------------------------------------------------------------ */

/* During the chat; asked twice, it is one; at the end it is brought up to date. */
static void
test_s17 (void)
{
  g_autoptr (World) world = busy (60000);

  DO (world, "interaction.save", .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->mode, ==, "during");
  DO (world, "", .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
  DO (world, NULL, .type = UC_COMMAND_SAVE_STATE, .interaction = "i-joe", .state = "saved", .case_id = "case_1");
  DO (world, "interaction.ended interaction.save message.added agent.status", .type = UC_COMMAND_END,
      .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->case_id, ==, "case_1");
}

static void
test_s18 (void)
{
  g_autoptr (World) world = busy (60000);

  end (world, "i-joe");
  DO (world, "interaction.save", .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_SAVE)->mode, ==, "after");
}

/* Per interaction, while the agent stays busy with the other one. */
static void
test_s19 (void)
{
  g_autoptr (World) world = office_with (60000, 2);

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  world_customer (world, "kim");
  world_accept (world, "ann", "i-kim");
  DO (world, "interaction.ended message.added", .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  g_assert_cmpstr (world_event (world, UC_EVENT_MESSAGE_ADDED)->code, ==, "ended");
  ASSERT_STATE (world, "i-joe", "wrap_up");
  ASSERT_STATUS (world, "ann", "busy");
  end (world, "i-kim");
  ASSERT_STATUS (world, "ann", "post_processing");
}

static void
test_s20_timer_fires_once (void)
{
  g_autoptr (World) world = busy (60000);

  end (world, "i-joe");
  world->now += 59999;
  DO (world, "", .type = UC_COMMAND_TICK);
  world->now += 1;
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_TICK);
  ASSERT_STATUS (world, "ann", "available");
  DO (world, "", .type = UC_COMMAND_TICK);
}

static void
test_s20_manual_end_cancels_it (void)
{
  g_autoptr (World) world = busy (60000);

  end (world, "i-joe");
  wrap_up_done (world, "i-joe");
  ASSERT_STATUS (world, "ann", "available");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

static void
test_s20_required_code_blocks_both (void)
{
  g_autoptr (World) world = busy (60000);

  require_code (world);
  end (world, "i-joe");
  REFUSES (world, UC_ERROR_CONFLICT, "Outcome", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
           .interaction = "i-joe");
  world_tick (world, world->now + 60000);
  ASSERT_STATUS (world, "ann", "post_processing");
  ASSERT_STATE (world, "i-joe", "wrap_up");
}

/* Stop-new by hand: nothing new, then post processing, then Work Offline. */
static void
test_s20_stop_new (void)
{
  g_autoptr (World) world = office_with (60000, 2);
  const UcEvent *event;

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  stop_new (world, TRUE);
  event = world_event (world, UC_EVENT_AGENT_STATUS);
  g_assert_cmpint (event->stop_new, ==, 1);
  g_assert_cmpstr (event->status, ==, "busy");
  g_assert_cmpstr (event->asked, ==, "available");
  world_customer (world, "kim");
  ASSERT_STATE (world, "i-kim", "waiting");
  end (world, "i-joe");
  ASSERT_STATUS (world, "ann", "post_processing");
  world_tick (world, world->now + 60000);
  ASSERT_STATUS (world, "ann", "work_offline");
  g_assert_cmpint (world_agent (world, "ann")->asked, ==, UC_AGENT_WORK_OFFLINE);
  g_assert_false (world_agent (world, "ann")->stop_new);
  ASSERT_STATE (world, "i-kim", "waiting");
}

/* Resume pulls work at once (S-04). */
static void
test_s20_resume (void)
{
  g_autoptr (World) world = office_with (60000, 2);

  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  stop_new (world, TRUE);
  DO (world, "", .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 1);
  world_customer (world, "kim");
  world->now += 5;
  DO (world, "agent.status interaction.offered", .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 0);
  g_assert_cmpstr (world_offered_to (world, "i-kim"), ==, "ann");
  DO (world, "", .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 0);
}

/* An offer that is there may still be taken; a customer who leaves was the last one too. */
static void
test_s20_stop_new_during_an_offer (void)
{
  g_autoptr (World) world = offered (0), left = offered (0), out = office (0);

  stop_new (world, TRUE);
  world_accept (world, "ann", "i-joe");
  ASSERT_STATUS (world, "ann", "busy");
  end (world, "i-joe");
  ASSERT_STATUS (world, "ann", "work_offline");
  stop_new (left, TRUE);
  DO (left, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  ASSERT_STATUS (left, "ann", "work_offline");
  REFUSES (out, UC_ERROR_CONFLICT, "log in first", .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 1);
}

static void
test_s20_stop_new_without_chats (void)
{
  g_autoptr (World) world = office (0);

  world_available (world, "ann");
  stop_new (world, TRUE);
  ASSERT_STATUS (world, "ann", "work_offline");
  g_assert_false (world_agent (world, "ann")->stop_new);
  world_status (world, "ann", "on_break");
  DO (world, "", .type = UC_COMMAND_STOP_NEW, .agent = "ann", .enabled = 1);
}

/* A status that was asked for while busy comes before Work Offline. */
static void
test_s20_pending_status_with_stop_new (void)
{
  g_autoptr (World) world = busy (0);

  stop_new (world, TRUE);
  world_status (world, "ann", "on_break");
  end (world, "i-joe");
  ASSERT_STATUS (world, "ann", "on_break");
}

/* S-21: not saved yet when it ended, and still can be. */
static void
test_s21 (void)
{
  g_autoptr (World) world = busy (60000);

  end (world, "i-joe");
  world->now += 30000;
  DO (world, "interaction.save", .type = UC_COMMAND_SAVE, .agent = "ann", .interaction = "i-joe");
}

/* S-23: the draft that the CRM made on accept, and a second visit of the same id. */
static void
test_s23 (void)
{
  g_autoptr (World) world = busy (0);

  DO (world, "interaction.customer", .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_1",
      .customer_name = "joe", .draft = 1);
  g_assert_true (world_interaction (world, "i-joe")->draft);
  DO (world, "interaction.customer", .type = UC_COMMAND_SET_CUSTOMER, .interaction = "i-joe", .customer = "cus_1",
      .customer_name = "Joe Doe");
  g_assert_false (world_interaction (world, "i-joe")->draft);
}

/* ---- the transition table, 1.8 ------------------------------------------------------------------------- */

static void
assert_row (World *world, const char *status, const char *chat)
{
  ASSERT_STATUS (world, "ann", status);
  if (chat == NULL)
    g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
  else if (*chat != '\0')
    ASSERT_STATE (world, "i-joe", chat);
}

static void
row_log_in (void)
{
  g_autoptr (World) world = office (0), other = office (0);

  DO (world, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .cause = "login", .by = "ann");
  assert_row (world, "work_offline", "");
  DO (other, NULL, .type = UC_COMMAND_PUT_POLICY, .on_login = "on_break", .acceptance_ms = -1,
      .return_reject_ms = -1, .return_timeout_ms = -1, .max_misses = -1, .lease_ms = -1, .grace_ms = -1,
      .code_grace_ms = -1);
  DO (other, NULL, .type = UC_COMMAND_SET_STATUS, .agent = "ann", .cause = "login", .by = "ann");
  assert_row (other, "on_break", "");
}

static void
row_go_available (void)
{
  static const char *const idle[] = { "work_offline", "on_break" };

  for (gsize i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      g_autoptr (World) empty = office (0), waiting = office (0);

      world_available (empty, "ann");
      world_status (empty, "ann", idle[i]);
      world_status (empty, "ann", "available");
      assert_row (empty, "available", "");
      world_available (waiting, "ann");
      world_status (waiting, "ann", idle[i]);
      world_customer (waiting, "joe");
      world_status (waiting, "ann", "available");
      assert_row (waiting, "offered", "offered");
    }
}

static void
row_offer (void)
{
  g_autoptr (World) world = offered (0);

  assert_row (world, "offered", "offered");
}

static void
row_accept (void)
{
  g_autoptr (World) world = busy (0);

  assert_row (world, "busy", "active");
}

static void
row_reject (void)
{
  g_autoptr (World) world = offered (0);
  gint64 place = world_interaction (world, "i-joe")->enqueued_at;

  world->now += 100;
  reject (world, "i-joe");
  assert_row (world, "on_break", "waiting");
  g_assert_cmpint (world_interaction (world, "i-joe")->enqueued_at, ==, place);
}

static void
row_reject_without_grant (void)
{
  g_autoptr (World) world = world_new ();
  g_autofree char *before = NULL, *after = NULL;

  world_queue (world, "q", 0);
  world_user_with (world, "ann", 1, "");
  world_available (world, "ann");
  world_customer (world, "joe");
  before = world_dump (world->engine);
  REFUSES (world, UC_ERROR_DENIED, "may not reject", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-joe");
  after = world_dump (world->engine);
  g_assert_cmpstr (before, ==, after);
  assert_row (world, "offered", "offered");
}

static void
row_interval_lapses (void)
{
  g_autoptr (World) world = offered (0);
  gint64 place = world_interaction (world, "i-joe")->enqueued_at;

  world_tick (world, world->now + 30000);
  assert_row (world, "on_break", "waiting");
  g_assert_cmpint (world_interaction (world, "i-joe")->enqueued_at, ==, place);
}

static void
row_customer_leaves_the_offer (void)
{
  g_autoptr (World) world = offered (0);

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  assert_row (world, "available", NULL);
}

static void
row_end_with_wrap_up (void)
{
  g_autoptr (World) world = busy (60000);

  end (world, "i-joe");
  assert_row (world, "post_processing", "wrap_up");
}

static void
row_end_without_wrap_up (void)
{
  g_autoptr (World) world = busy (0);

  end (world, "i-joe");
  assert_row (world, "available", NULL);
}

static void
row_customer_ends (void)
{
  g_autoptr (World) world = busy (0);

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  assert_row (world, "busy", "active");
  g_assert_cmpstr (world_interaction (world, "i-joe")->ended_by, ==, "customer");
  end (world, "i-joe");
  assert_row (world, "available", NULL);
}

static void
row_post_processing_ends (void)
{
  for (int by_timer = 0; by_timer < 2; by_timer++)
    for (int pending = 0; pending < 2; pending++)
      {
        g_autoptr (World) world = busy (60000);

        if (pending)
          world_status (world, "ann", "on_break");
        end (world, "i-joe");
        if (by_timer)
          world_tick (world, world->now + 60000);
        else
          wrap_up_done (world, "i-joe");
        assert_row (world, pending ? "on_break" : "available", NULL);
      }
}

static void
row_required_code_missing (void)
{
  g_autoptr (World) world = busy (60000);

  require_code (world);
  end (world, "i-joe");
  world_tick (world, world->now + 60000);
  assert_row (world, "post_processing", "wrap_up");
  g_assert_true (world_interaction (world, "i-joe")->overdue);
}

static void
row_available_asks (void)
{
  static const char *const asked[] = { "on_break", "work_offline", "logged_out" };

  for (gsize a = 0; a < G_N_ELEMENTS (asked); a++)
    {
      g_autoptr (World) world = office (0);

      world_available (world, "ann");
      world_status (world, "ann", asked[a]);
      assert_row (world, asked[a], "");
    }
}

static void
row_busy_asks_for_a_break (void)
{
  g_autoptr (World) world = busy (0);

  world_status (world, "ann", "on_break");
  assert_row (world, "busy", "active");
  g_assert_cmpint (world_agent (world, "ann")->asked, ==, UC_AGENT_ON_BREAK);
  end (world, "i-joe");
  assert_row (world, "on_break", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/seed/" name, func)
  TEST ("s01-social-is-chat", test_s01);
  TEST ("s02-only-who-is-available", test_s02);
  TEST ("s03-enabled-queue-member-membership", test_s03);
  TEST ("s04-going-available-pulls-work", test_s04);
  TEST ("s04-longest-idle-first", test_s04_longest_idle);
  TEST ("s06-reject-is-a-permission", test_s06);
  TEST ("s07-offer-says-who-it-is", test_s07);
  TEST ("s08-accept-within-the-interval", test_s08);
  TEST ("s09-reject-goes-on-break", test_s09);
  TEST ("s10-no-answer-goes-on-break", test_s10);
  TEST ("s10-with-chats-stops-new", test_s10_with_chats);
  TEST ("s11-customer-leaves-during-the-offer", test_s11);
  TEST ("s12-name-and-social-id", test_s12);
  TEST ("s13-accept-makes-busy", test_s13);
  TEST ("s14-send-goes-where-it-came-from", test_s14);
  TEST ("s15-faq-is-filled-in-and-counted", test_s15);
  TEST ("s16-codes-during-the-chat", test_s16);
  TEST ("s17-save-during-the-chat", test_s17);
  TEST ("s18-save-after-the-end", test_s18);
  TEST ("s19-end-leads-to-post-processing", test_s19);
  TEST ("s20-timer-fires-once", test_s20_timer_fires_once);
  TEST ("s20-manual-end-cancels-it", test_s20_manual_end_cancels_it);
  TEST ("s20-required-code-blocks-both", test_s20_required_code_blocks_both);
  TEST ("s20-stop-new-leads-to-work-offline", test_s20_stop_new);
  TEST ("s20-resume-pulls-work", test_s20_resume);
  TEST ("s20-stop-new-during-an-offer", test_s20_stop_new_during_an_offer);
  TEST ("s20-stop-new-without-chats", test_s20_stop_new_without_chats);
  TEST ("s20-pending-status-with-stop-new", test_s20_pending_status_with_stop_new);
  TEST ("s21-save-later", test_s21);
  TEST ("s23-draft-becomes-customer", test_s23);
  TEST ("table/logged-out-logs-in", row_log_in);
  TEST ("table/idle-goes-available", row_go_available);
  TEST ("table/available-is-offered", row_offer);
  TEST ("table/offered-accepts", row_accept);
  TEST ("table/offered-rejects", row_reject);
  TEST ("table/offered-rejects-without-grant", row_reject_without_grant);
  TEST ("table/offered-lapses", row_interval_lapses);
  TEST ("table/offered-customer-leaves", row_customer_leaves_the_offer);
  TEST ("table/busy-ends-with-wrap-up", row_end_with_wrap_up);
  TEST ("table/busy-ends-without-wrap-up", row_end_without_wrap_up);
  TEST ("table/busy-customer-ends", row_customer_ends);
  TEST ("table/post-processing-ends", row_post_processing_ends);
  TEST ("table/post-processing-code-missing", row_required_code_missing);
  TEST ("table/available-asks", row_available_asks);
  TEST ("table/busy-asks-for-a-break", row_busy_asks_for_a_break);
  return g_test_run ();
}
