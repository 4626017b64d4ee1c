/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists of codes: transaction codes that an interaction has or owes, and reasons of a status and of a reject.
 */
#include "tests/core/engine/world.h"

#define OUTCOMES                                                                                                  \
  "[{\"code\":\"sold\",\"name\":\"Sold\"},{\"code\":\"lost\",\"name\":\"Lost\"},"                                 \
  "{\"code\":\"old\",\"name\":\"Old one\",\"active\":false}]"
#define CODE_GRACE 300000

/* Queue "q"; the required list "out" (Outcome) and the free one "topic"; joe's chat is with ann. */
static World *
office (gint64 post_processing_ms)
{
  World *world = world_new ();

  world_queue (world, "q", post_processing_ms);
  world_user (world, "ann");
  DO (world, "codes.changed", .type = UC_COMMAND_PUT_CODES, .list = "out", .name = "Outcome", .use = "disposition",
      .required = 1, .enabled = 1, .codes = OUTCOMES, .by = "boss");
  DO (world, "codes.changed", .type = UC_COMMAND_PUT_CODES, .list = "topic", .name = "Topic", .use = "disposition",
      .enabled = 1, .codes = "[{\"code\":\"price\"},{\"code\":\"size\"}]");
  world_available (world, "ann");
  world_customer (world, "joe");
  world_accept (world, "ann", "i-joe");
  return world;
}

static void
choose (World *world, const char *codes)
{
  DO (world, NULL, .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe", .codes = codes,
      .by = "ann");
}

static void
end (World *world)
{
  DO (world, NULL, .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe", .by = "ann");
}

static void
assert_missing (World *world, const char *names)
{
  g_autofree char *missing = uc_interaction_missing_codes (world->engine, world_interaction (world, "i-joe"));

  g_assert_cmpstr (missing, ==, names);
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

/* S-16: several lists, several codes, with the names they had then. */
static void
test_chosen_during_the_chat (void)
{
  g_autoptr (World) world = office (60000);
  const UcEvent *event;

  assert_missing (world, "Outcome");
  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .codes = "topic/size,out/sold,topic/price,out/sold", .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_CODES);
  g_assert_cmpstr (event->codes, ==,
                   "[{\"list\":\"topic\",\"code\":\"size\",\"name\":\"size\"},"
                   "{\"list\":\"out\",\"code\":\"sold\",\"name\":\"Sold\"},"
                   "{\"list\":\"topic\",\"code\":\"price\",\"name\":\"price\"}]");
  g_assert_cmpstr (event->agent, ==, "ann");
  g_assert_cmpstr (event->by, ==, "ann");
  assert_missing (world, NULL);
  DO (world, "", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .codes = "topic/size,out/sold,topic/price");
  choose (world, "");
  assert_missing (world, "Outcome");
}

#define REFUSED(code, words, text)                                                                                \
  REFUSES (world, code, words, .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe", .codes = text)

static void
test_only_what_there_is (void)
{
  g_autoptr (World) world = office (60000);

  world_queue (world, "sales", 0);
  DO (world, NULL, .type = UC_COMMAND_PUT_CODES, .list = "sale", .name = "Sale", .use = "disposition",
      .queues = "sales", .enabled = 1, .required = 1, .codes = "[{\"code\":\"x\"}]");
  DO (world, NULL, .type = UC_COMMAND_PUT_CODES, .list = "why", .use = "reject", .enabled = 1,
      .codes = "[{\"code\":\"x\"}]");
  assert_missing (world, "Outcome");
  REFUSED (UC_ERROR_INVALID, "LIST/CODE, not as 'sold'", "sold");
  REFUSED (UC_ERROR_INVALID, "not as '/sold'", "/sold");
  REFUSED (UC_ERROR_INVALID, "not as 'out/'", "out/");
  REFUSED (UC_ERROR_NOT_FOUND, "no list of transaction codes 'none'", "none/sold");
  REFUSED (UC_ERROR_NOT_FOUND, "no list of transaction codes 'why'", "why/x");
  REFUSED (UC_ERROR_NOT_FOUND, "the list Outcome has no code 'won'", "out/won");
  REFUSED (UC_ERROR_INVALID, "Old one of Outcome is not in use any more", "out/old");
  REFUSED (UC_ERROR_INVALID, "codes of Sale are not for queue q", "sale/x");
  REFUSES (world, UC_ERROR_NOT_FOUND, "there is no user bob", .type = UC_COMMAND_SET_CODES, .agent = "bob",
           .interaction = "i-joe", .codes = "");
  world_user (world, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "it belongs to ann", .type = UC_COMMAND_SET_CODES, .agent = "bob",
           .interaction = "i-joe", .codes = "out/sold");
  world_customer (world, "kim");
  REFUSES (world, UC_ERROR_CONFLICT, "no agent has accepted it", .type = UC_COMMAND_SET_CODES,
           .interaction = "i-kim", .codes = "out/sold");
}

/* Taken out of use after it was chosen: it stays, with its name, and other codes can be added. */
static void
test_code_that_went_out_of_use_stays (void)
{
  g_autoptr (World) world = office (60000);

  choose (world, "out/sold");
  DO (world, "codes.changed", .type = UC_COMMAND_PUT_CODES, .list = "out", .name = "Outcome", .use = "disposition",
      .required = 1, .enabled = 1,
      .codes = "[{\"code\":\"sold\",\"name\":\"Never say\",\"active\":false},{\"code\":\"lost\"}]");
  choose (world, "out/sold,topic/price");
  g_assert_cmpstr (world_interaction (world, "i-joe")->codes, ==,
                   "[{\"list\":\"out\",\"code\":\"sold\",\"name\":\"Sold\"},"
                   "{\"list\":\"topic\",\"code\":\"price\",\"name\":\"price\"}]");
  assert_missing (world, NULL);
  choose (world, "");
  REFUSED (UC_ERROR_INVALID, "not in use any more", "out/sold");
}

static void
test_supervisor_chooses_for_the_agent (void)
{
  g_autoptr (World) world = office (60000);

  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .interaction = "i-joe", .codes = "out/lost",
      .by = "boss");
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CODES)->agent, ==, "ann");
}

/* ---- required ------------------------------------------------------------------------------------------ */

static void
test_required_code_blocks_the_manual_end (void)
{
  g_autoptr (World) world = office (60000);

  end (world);
  REFUSES (world, UC_ERROR_CONFLICT, "a code is required: choose one of Outcome", .type = UC_COMMAND_WRAP_UP_DONE,
           .agent = "ann", .interaction = "i-joe");
  choose (world, "out/sold");
  ASSERT_STATE (world, "i-joe", "wrap_up");
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
      .interaction = "i-joe");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_CLOSED)->uncoded, ==, 0);
}

/* The timer fires once: overdue, once more: uncoded. The agent is back at work on time (B15). */
static void
test_overdue_then_uncoded (void)
{
  g_autoptr (World) world = office (60000);

  end (world);
  world->now += 60000;
  DO (world, "interaction.overdue", .type = UC_COMMAND_TICK);
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_OVERDUE)->deadline, ==, world->now + CODE_GRACE);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_OVERDUE)->agent, ==, "ann");
  ASSERT_STATE (world, "i-joe", "wrap_up");
  ASSERT_STATUS (world, "ann", "post_processing");
  REFUSES (world, UC_ERROR_CONFLICT, "a code is required", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
           .interaction = "i-joe");
  world->now += CODE_GRACE - 1;
  DO (world, "", .type = UC_COMMAND_TICK);
  world->now += 1;
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_TICK);
  g_assert_cmpstr (world_event (world, UC_EVENT_INTERACTION_CLOSED)->cause, ==, "uncoded");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_CLOSED)->uncoded, ==, 1);
  ASSERT_STATUS (world, "ann", "available");
}

static void
test_choosing_while_overdue_ends_it (void)
{
  g_autoptr (World) world = office (60000);

  end (world);
  world_tick (world, world->now + 60000);
  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .codes = "topic/size");
  DO (world, "interaction.codes interaction.closed agent.status", .type = UC_COMMAND_SET_CODES, .agent = "ann",
      .interaction = "i-joe", .codes = "topic/size,out/lost");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_CLOSED)->uncoded, ==, 0);
  ASSERT_STATUS (world, "ann", "available");
  g_assert_cmpint (uc_engine_next_deadline (world->engine), ==, G_MAXINT64);
}

/* The seed to the letter: until one is chosen. */
static void
test_without_grace_it_waits_for_the_code (void)
{
  g_autoptr (World) world = office (60000);

  DO (world, "policy.changed", .type = UC_COMMAND_PUT_POLICY, .code_grace_ms = 0, .acceptance_ms = -1,
      .return_reject_ms = -1, .return_timeout_ms = -1, .max_misses = -1, .lease_ms = -1, .grace_ms = -1);
  end (world);
  world_tick (world, world->now + 60000);
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, 0);
  g_assert_true (world_interaction (world, "i-joe")->overdue);
  world_tick (world, world->now + 86400000);
  ASSERT_STATUS (world, "ann", "post_processing");
  choose (world, "out/sold");
  ASSERT_STATUS (world, "ann", "available");
}

/* No time for wrap-up, but a code to choose: overdue from the start. */
static void
test_queue_without_wrap_up (void)
{
  g_autoptr (World) world = office (0);

  DO (world, "interaction.ended message.added interaction.overdue agent.status", .type = UC_COMMAND_END,
      .agent = "ann", .interaction = "i-joe");
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_ENDED)->deadline, ==, 0);
  g_assert_cmpint (world_interaction (world, "i-joe")->deadline, ==, world->now + CODE_GRACE);
  ASSERT_STATE (world, "i-joe", "wrap_up");
  ASSERT_STATUS (world, "ann", "post_processing");
  choose (world, "out/sold");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
}

static void
test_queue_without_wrap_up_and_a_code_chosen_before (void)
{
  g_autoptr (World) world = office (0);

  choose (world, "out/sold");
  DO (world, "interaction.ended message.added interaction.closed agent.status", .type = UC_COMMAND_END,
      .agent = "ann", .interaction = "i-joe");
}

static void
test_customer_left_before (void)
{
  g_autoptr (World) world = office (0);

  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  DO (world, "interaction.overdue agent.status", .type = UC_COMMAND_END, .agent = "ann", .interaction = "i-joe");
  ASSERT_STATE (world, "i-joe", "wrap_up");
  choose (world, "out/sold");
  g_assert_null (uc_engine_interaction (world->engine, "i-joe"));
}

/* What is not required any more holds nobody back: the agent ends it by hand, or the time does. */
static void
test_list_taken_away_meanwhile (void)
{
  g_autoptr (World) world = office (60000);

  end (world);
  world_tick (world, world->now + 60000);
  DO (world, "codes.changed", .type = UC_COMMAND_PUT_CODES, .list = "out", .removed = 1);
  g_assert_null (uc_engine_code_list (world->engine, "out"));
  DO (world, "interaction.closed agent.status", .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann",
      .interaction = "i-joe");
  DO (world, "", .type = UC_COMMAND_PUT_CODES, .list = "out", .removed = 1);
}

static void
test_lost_agent_leaves_it_uncoded (void)
{
  g_autoptr (World) world = office (60000);

  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "here");
  DO (world, NULL, .type = UC_COMMAND_CUSTOMER_END, .conversation = "c-joe");
  DO (world, NULL, .type = UC_COMMAND_PRESENCE, .agent = "ann", .state = "away");
  world_tick (world, world->now + 60000);
  g_assert_cmpint (world_event (world, UC_EVENT_INTERACTION_CLOSED)->uncoded, ==, 1);
}

/* ---- afterwards ---------------------------------------------------------------------------------------- */

static void
test_closed_one_from_the_backlog (void)
{
  g_autoptr (World) world = office (60000);
  const UcEvent *event;

  end (world);
  world_tick (world, world->now + 60000);
  world_tick (world, world->now + CODE_GRACE);
  REFUSES (world, UC_ERROR_GONE, "interaction i-joe is closed", .type = UC_COMMAND_SET_CODES, .agent = "ann",
           .interaction = "i-joe", .codes = "out/sold");
  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .queue = "q", .codes = "topic/price", .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_CODES);
  g_assert_cmpint (event->uncoded, ==, 1);
  g_assert_cmpstr (event->agent, ==, "ann");
  DO (world, "interaction.codes", .type = UC_COMMAND_SET_CODES, .agent = "ann", .interaction = "i-joe",
      .queue = "q", .codes = "topic/price,out/old", .by = "ann");
  event = world_event (world, UC_EVENT_INTERACTION_CODES);
  g_assert_cmpint (event->uncoded, ==, 0);
  REFUSES (world, UC_ERROR_NOT_FOUND, "there is no queue none", .type = UC_COMMAND_SET_CODES,
           .interaction = "i-joe", .queue = "none", .codes = "");
  REFUSES (world, UC_ERROR_NOT_FOUND, "has no code", .type = UC_COMMAND_SET_CODES, .interaction = "i-joe",
           .queue = "q", .codes = "out/none");
}

/* ---- defining lists ------------------------------------------------------------------------------------ */

#define LIST .type = UC_COMMAND_PUT_CODES, .enabled = 1

static void
test_definition_says_it_all (void)
{
  g_autoptr (World) world = office (0);
  const UcEvent *event;

  DO (world, "codes.changed", LIST, .list = "new", .name = "New", .use = "disposition", .queues = "q",
      .required = 1, .codes = " [ {\"code\":\"a\", \"name\":\"\"}, {\"code\":\"b\",\"active\":0,\"more\":1} ] ",
      .by = "boss");
  event = world_event (world, UC_EVENT_CODES_CHANGED);
  g_assert_cmpstr (
      event->codes, ==,
      "[{\"code\":\"a\",\"name\":\"a\",\"active\":true},{\"code\":\"b\",\"name\":\"b\",\"active\":false}]");
  g_assert_cmpstr (event->queues, ==, "q");
  g_assert_cmpint (event->required, ==, 1);
  g_assert_cmpstr (event->by, ==, "boss");
  DO (world, "", LIST, .list = "new", .name = "New", .use = "disposition", .queues = "q", .required = 1,
      .codes = "[{\"code\":\"a\"},{\"code\":\"b\",\"active\":false}]");
  assert_missing (world, "New, Outcome");
  DO (world, "codes.changed", .type = UC_COMMAND_PUT_CODES, .list = "new", .name = "New", .required = 1,
      .codes = "[]");
  assert_missing (world, "Outcome");
}

static void
test_nonsense_is_refused (void)
{
  g_autoptr (World) world = office (0);
  g_autoptr (GString) many = g_string_new ("[");

  for (int c = 0; c <= 200; c++)
    g_string_append_printf (many, "%s{\"code\":\"c%d\"}", c > 0 ? "," : "", c);
  g_string_append_c (many, ']');
  REFUSES (world, UC_ERROR_INVALID, "the id 'a b' must be", LIST, .list = "a b");
  REFUSES (world, UC_ERROR_INVALID, "must not contain '/'", LIST, .list = "a/b");
  REFUSES (world, UC_ERROR_INVALID, "use must be one of disposition, status, reject; not 'fun'", LIST, .list = "a",
           .use = "fun");
  REFUSES (world, UC_ERROR_INVALID, "status must be one of", LIST, .list = "a", .use = "status");
  REFUSES (world, UC_ERROR_INVALID, "status must be one of", LIST, .list = "a", .use = "status", .status = "busy");
  REFUSES (world, UC_ERROR_INVALID, "only a list for the use status has a status", LIST, .list = "a",
           .status = "on_break");
  REFUSES (world, UC_ERROR_INVALID, "only a list for the use disposition has queues", LIST, .list = "a",
           .use = "reject", .queues = "q");
  REFUSES (world, UC_ERROR_NOT_FOUND, "there is no queue 'none'", LIST, .list = "a", .queues = "q,none");
  REFUSES (world, UC_ERROR_INVALID, "list of codes a: ", LIST, .list = "a", .codes = "[");
  REFUSES (world, UC_ERROR_INVALID, "codes must be an array of at most 200", LIST, .list = "a", .codes = "{}");
  REFUSES (world, UC_ERROR_INVALID, "at most 200", LIST, .list = "a", .codes = many->str);
  REFUSES (world, UC_ERROR_INVALID, "the code 'x y' must be", LIST, .list = "a", .codes = "[{\"code\":\"x y\"}]");
  REFUSES (world, UC_ERROR_INVALID, "the code '' must be", LIST, .list = "a", .codes = "[1]");
  REFUSES (world, UC_ERROR_INVALID, "the code x is there twice", LIST, .list = "a",
           .codes = "[{\"code\":\"x\"},{\"code\":\"x\"}]");
  REFUSES (world, UC_ERROR_INVALID, "is required and has no active code", LIST, .list = "a", .required = 1,
           .codes = "[{\"code\":\"x\",\"active\":false}]");
}

/* ---- reasons ------------------------------------------------------------------------------------------- */

static void
break_reasons (World *world, gboolean required)
{
  DO (world, "codes.changed", LIST, .list = "pause", .name = "Pause", .use = "status", .status = "on_break",
      .required = required, .codes = "[{\"code\":\"lunch\"},{\"code\":\"smoke\",\"active\":false}]");
}

#define BREAK .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "on_break"

static void
test_reason_of_a_status_that_is_required (void)
{
  g_autoptr (World) world = office (0);

  break_reasons (world, TRUE);
  REFUSES (world, UC_ERROR_INVALID, "a reason is required (Pause): choose one of lunch", BREAK, .by = "ann");
  REFUSES (world, UC_ERROR_INVALID, "'tired' is not a reason to choose: take one of lunch", BREAK, .by = "ann",
           .reason = "tired");
  REFUSES (world, UC_ERROR_INVALID, "'smoke' is not a reason", BREAK, .by = "ann", .reason = "smoke");
  DO (world, "agent.status", BREAK, .by = "ann", .reason = "lunch");
  g_assert_cmpstr (world_agent (world, "ann")->reason, ==, "lunch");
  /* Still on break: nothing is asked again. */
  DO (world, "", BREAK, .by = "ann");
  /* Another status has no list. */
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "work_offline", .by = "ann",
      .reason = "any words");
}

static void
test_reason_of_a_status_that_is_not_required (void)
{
  g_autoptr (World) world = office (0);

  break_reasons (world, FALSE);
  REFUSES (world, UC_ERROR_INVALID, "'tired' is not a reason", BREAK, .by = "ann", .reason = "tired");
  DO (world, "agent.status", BREAK, .by = "ann");
  DO (world, "agent.status", BREAK, .by = "ann", .reason = "lunch");
}

static void
test_supervisor_owes_no_reason (void)
{
  g_autoptr (World) world = office (0);

  break_reasons (world, TRUE);
  DO (world, "agent.status", BREAK, .by = "boss", .reason = "team meeting");
  g_assert_cmpstr (world_agent (world, "ann")->reason, ==, "team meeting");
}

static void
test_refusals_owe_no_reason_of_a_status (void)
{
  g_autoptr (World) world = office (60000);

  break_reasons (world, TRUE);
  choose (world, "out/sold");
  end (world);
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  world_customer (world, "kim");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-kim", .by = "ann");
  ASSERT_STATUS (world, "ann", "on_break");
}

static void
test_reason_of_a_reject (void)
{
  g_autoptr (World) world = office (60000);

  DO (world, "codes.changed", LIST, .list = "no", .name = "Why not", .use = "reject", .required = 1,
      .codes = "[{\"code\":\"language\"}]");
  choose (world, "out/sold");
  end (world);
  DO (world, NULL, .type = UC_COMMAND_WRAP_UP_DONE, .agent = "ann", .interaction = "i-joe");
  world_customer (world, "kim");
  REFUSES (world, UC_ERROR_INVALID, "a reason is required (Why not)", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-kim");
  REFUSES (world, UC_ERROR_INVALID, "'mood' is not a reason", .type = UC_COMMAND_REJECT, .agent = "ann",
           .interaction = "i-kim", .reason = "mood");
  DO (world, NULL, .type = UC_COMMAND_REJECT, .agent = "ann", .interaction = "i-kim", .reason = "language");
  g_assert_cmpstr (world_event (world, UC_EVENT_OFFER_ENDED)->reason, ==, "language");
}

static void
test_logging_out_by_hand_may_owe_one (void)
{
  g_autoptr (World) world = world_new ();

  world_user (world, "ann");
  DO (world, "codes.changed", LIST, .list = "out", .use = "status", .status = "logged_out", .required = 1,
      .codes = "[{\"code\":\"home\"}]");
  world_available (world, "ann");
  REFUSES (world, UC_ERROR_INVALID, "a reason is required", .type = UC_COMMAND_SET_STATUS, .agent = "ann",
           .status = "logged_out", .by = "ann");
  DO (world, "agent.status", .type = UC_COMMAND_SET_STATUS, .agent = "ann", .status = "logged_out",
      .cause = "logout", .by = "ann");
}

/* ---- questions and answers ----------------------------------------------------------------------------- */

static void
test_faq (void)
{
  g_autoptr (World) world = office (0);
  const UcEvent *event;

  DO (world, "faq.changed", .type = UC_COMMAND_PUT_FAQ, .faq = "faq_1", .category = "Shipping",
      .question = "When?", .answer = "Soon, {{customer.name|dear customer}}.", .language = "en", .enabled = 1,
      .by = "boss");
  event = world_event (world, UC_EVENT_FAQ_CHANGED);
  g_assert_cmpstr (event->answer, ==, "Soon, {{customer.name|dear customer}}.");
  g_assert_cmpint (event->enabled, ==, 1);
  REFUSES (world, UC_ERROR_INVALID, "question faq_2: the answer is missing", .type = UC_COMMAND_PUT_FAQ,
           .faq = "faq_2", .category = "x", .question = "y");
  REFUSES (world, UC_ERROR_INVALID, "faq is missing", .type = UC_COMMAND_PUT_FAQ);
  DO (world, "faq.changed", .type = UC_COMMAND_PUT_FAQ, .faq = "faq_1", .removed = 1);
  DO (world, "faq.used", .type = UC_COMMAND_FAQ_USED, .agent = "ann", .interaction = "i-joe", .faq = "faq_1",
      .by = "ann");
  event = world_event (world, UC_EVENT_FAQ_USED);
  g_assert_cmpstr (event->faq, ==, "faq_1");
  g_assert_cmpstr (event->interaction, ==, "i-joe");
  choose (world, "out/sold");
  world_user (world, "bob");
  REFUSES (world, UC_ERROR_CONFLICT, "it belongs to ann", .type = UC_COMMAND_FAQ_USED, .agent = "bob",
           .interaction = "i-joe", .faq = "faq_1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/engine/codes/" name, func)
  TEST ("chosen-during-the-chat", test_chosen_during_the_chat);
  TEST ("only-what-there-is", test_only_what_there_is);
  TEST ("code-that-went-out-of-use-stays", test_code_that_went_out_of_use_stays);
  TEST ("supervisor-chooses-for-the-agent", test_supervisor_chooses_for_the_agent);
  TEST ("required/blocks-the-manual-end", test_required_code_blocks_the_manual_end);
  TEST ("required/overdue-then-uncoded", test_overdue_then_uncoded);
  TEST ("required/choosing-while-overdue-ends-it", test_choosing_while_overdue_ends_it);
  TEST ("required/without-grace-it-waits", test_without_grace_it_waits_for_the_code);
  TEST ("required/queue-without-wrap-up", test_queue_without_wrap_up);
  TEST ("required/chosen-before-and-no-wrap-up", test_queue_without_wrap_up_and_a_code_chosen_before);
  TEST ("required/customer-left-before", test_customer_left_before);
  TEST ("required/list-taken-away-meanwhile", test_list_taken_away_meanwhile);
  TEST ("required/lost-agent-leaves-it-uncoded", test_lost_agent_leaves_it_uncoded);
  TEST ("closed-one-from-the-backlog", test_closed_one_from_the_backlog);
  TEST ("list/definition-says-it-all", test_definition_says_it_all);
  TEST ("list/nonsense-is-refused", test_nonsense_is_refused);
  TEST ("reason/of-a-status-required", test_reason_of_a_status_that_is_required);
  TEST ("reason/of-a-status-not-required", test_reason_of_a_status_that_is_not_required);
  TEST ("reason/supervisor-owes-none", test_supervisor_owes_no_reason);
  TEST ("reason/refusals-owe-none-of-a-status", test_refusals_owe_no_reason_of_a_status);
  TEST ("reason/of-a-reject", test_reason_of_a_reject);
  TEST ("reason/of-logging-out-by-hand", test_logging_out_by_hand_may_owe_one);
  TEST ("faq", test_faq);
  return g_test_run ();
}
