/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the events and rows around a chat: rules, codes, presence, windows, attachments, overdue wrap-up,
 * files. Each goes into the tables and comes back by load or by a question.
 */
#include <string.h>

#include "core/base/clock.h"
#include "tests/core/store/kit.h"

/* ---- what is loaded ------------------------------------------------------------------------------------ */

static UcEvent *
first_of (GPtrArray *rows, UcEventType type)
{
  for (guint i = 0; i < rows->len; i++)
    if (((UcEvent *)rows->pdata[i])->type == type)
      return rows->pdata[i];
  return NULL;
}

static void
expect_first (Kit *kit, UcEventType type, const char *expected)
{
  g_autoptr (GPtrArray) rows = kit_load (kit), one = g_ptr_array_new ();
  UcEvent *row = first_of (rows, type);

  if (row != NULL)
    g_ptr_array_add (one, row);
  assert_rows (one, (const char *const[]){ expected, NULL });
}

static void
test_policy (Kit *kit, gconstpointer data)
{
#define RULES                                                                                                     \
  "'acceptance_ms':30000,'on_login':'work_offline','on_reject':'on_break','on_timeout':'available',"              \
  "'reason_reject':'refused','reason_timeout':'not_responding','return_reject_ms':1,'return_timeout_ms':2,"       \
  "'max_misses':3,'lease_ms':4,'grace_ms':5,'code_grace_ms':6,'pop_on':'offered,accepted','late_save':'linked'"
  expect_first (kit, UC_EVENT_POLICY_CHANGED, NULL);
  kit_do (kit, "{'type':'policy.changed','preset':'engage','acceptance_ms':1,'max_misses':9}");
  kit_do (kit, "{'type':'policy.changed'," RULES ",'by':'usr_a'}");
  expect_first (kit, UC_EVENT_POLICY_CHANGED, "{'type':'policy.changed'," RULES "}");
}

static void
test_codes (Kit *kit, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = NULL;

#define LUNCH "'codes':[{'code':'lunch','name':'Lunch','active':true}]"
  kit_do (kit, "{'type':'codes.changed','list':'why','name':'Why','use':'status','status':'on_break','required':1,"
               "'enabled':1," LUNCH "}");
  kit_do (kit, "{'type':'codes.changed','list':'gone','use':'reject','enabled':1,'codes':[]}");
  kit_do (kit, "{'type':'codes.changed','list':'what','use':'disposition','queues':'que_s,que_t','enabled':0,"
               "'codes':[]}");
  kit_do (kit, "{'type':'codes.changed','list':'why','name':'Why now','use':'status','status':'on_break',"
               "'required':0,'enabled':1," LUNCH "}");
  kit_do (kit, "{'type':'codes.changed','list':'gone','removed':1}");
  rows = kit_load (kit);
  ASSERT_ROWS (rows,
               "{'type':'codes.changed','list':'why','name':'Why now','use':'status','status':'on_break',"
               "'enabled':1," LUNCH "}",
               "{'type':'codes.changed','list':'what','use':'disposition','queues':'que_s,que_t','codes':[]}");
}

/* In the order in which one row may name another. */
static void
test_order (Kit *kit, gconstpointer data)
{
  static const UcEventType order[]
      = { UC_EVENT_POLICY_CHANGED, UC_EVENT_USER_CHANGED,       UC_EVENT_USER_CHANGED,
          UC_EVENT_QUEUE_CHANGED,  UC_EVENT_MEMBERSHIP_CHANGED, UC_EVENT_CODES_CHANGED,
          UC_EVENT_STATE_AGENT,    UC_EVENT_STATE_CONVERSATION, UC_EVENT_STATE_INTERACTION };
  g_autoptr (GPtrArray) rows = NULL;

  kit_do_basics (kit);
  kit_do (kit, "{'type':'interaction.queued','interaction':'int_1','conversation':'cnv_1','enqueued_at':5}");
  kit_do (kit, "{'type':'agent.status','agent':'usr_a','status':'available','asked':'available'}");
  kit_do (kit, "{'type':'codes.changed','list':'l','use':'disposition','codes':[]}");
  kit_do (kit, "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':1}");
  kit_do (kit, "{'type':'policy.changed','preset':'8x8'}");
  rows = kit_load (kit);
  g_assert_cmpuint (rows->len, ==, G_N_ELEMENTS (order));
  for (guint i = 0; i < rows->len; i++)
    g_assert_cmpint (((UcEvent *)rows->pdata[i])->type, ==, order[i]);
}

static void
test_definitions (Kit *kit, gconstpointer data)
{
#define ANNA "'user':'usr_a','login':'anna','capacity':2,'acceptance_ms':0,'enabled':1"
#define QUEUE "'queue':'que_s','name':'Sales','enabled':1"
  kit_do_basics (kit);
  kit_do (kit, "{'type':'user.changed'," ANNA ",'auto_accept':1,'scope':'queues'}");
  expect_first (kit, UC_EVENT_USER_CHANGED, "{'type':'user.changed'," ANNA ",'auto_accept':1,'scope':'queues'}");
  kit_do (kit, "{'type':'user.changed'," ANNA "}");
  expect_first (kit, UC_EVENT_USER_CHANGED, "{'type':'user.changed'," ANNA "}");
  kit_do (kit, "{'type':'queue.changed'," QUEUE ",'acceptance_ms':7,'save_during':'open','save_after':'closed'}");
  expect_first (kit, UC_EVENT_QUEUE_CHANGED,
                "{'type':'queue.changed'," QUEUE ",'acceptance_ms':7,'save_during':'open','save_after':'closed'}");
  kit_do (kit, "{'type':'queue.changed'," QUEUE "}");
  expect_first (kit, UC_EVENT_QUEUE_CHANGED, "{'type':'queue.changed'," QUEUE "}");
}

/* A status leaves the presence alone, and the other way about. */
static void
test_presence (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'here','since':5}");
  expect_first (
      kit, UC_EVENT_STATE_AGENT,
      "{'type':'state.agent','agent':'usr_a','status':'logged_out','asked':'logged_out','state':'here'}");
  kit_do (kit, "{'type':'agent.status','agent':'usr_a','status':'on_break','asked':'on_break','since':6,"
               "'idle_since':6,'cause':'offer_timed_out','misses':2,'return_at':99}");
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'away','since':7,'deadline':77}");
#define BREAK                                                                                                     \
  "'agent':'usr_a','status':'on_break','asked':'on_break','since':6,'idle_since':6,'cause':'offer_timed_out',"    \
  "'misses':2,'return_at':99"
  expect_first (kit, UC_EVENT_STATE_AGENT, "{'type':'state.agent'," BREAK ",'state':'away','deadline':77}");
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'here','since':8}");
  expect_first (kit, UC_EVENT_STATE_AGENT, "{'type':'state.agent'," BREAK ",'state':'here'}");
  kit_do (kit, "{'type':'agent.status','agent':'usr_a','status':'available','asked':'available','since':9}");
  expect_first (kit, UC_EVENT_STATE_AGENT,
                "{'type':'state.agent','agent':'usr_a','status':'available','asked':'available','since':9,"
                "'state':'here'}");
}

/* ---- conversations and lines --------------------------------------------------------------------------- */

static void
test_profile (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  kit_do (kit, "{'type':'interaction.queued','interaction':'int_1','conversation':'cnv_1','name':'Carla',"
               "'enqueued_at':5}");
  kit_do (kit, "{'type':'conversation.changed','conversation':'cnv_1','interaction':'int_1','picture':'med_1'}");
  kit_do (kit, "{'type':'conversation.changed','conversation':'cnv_1','interaction':'int_1','name':'Carlotta'}");
#define CONVERSATION                                                                                              \
  "'conversation':'cnv_1','channel':'web','network':'webchat','identity':'visitor-1','name':'Carlotta',"          \
  "'picture':'med_1'"
  expect_first (kit, UC_EVENT_STATE_CONVERSATION, "{'type':'state.conversation'," CONVERSATION "}");
  expect_first (kit, UC_EVENT_STATE_INTERACTION,
                "{'type':'state.interaction','interaction':'int_1','conversation':'cnv_1','name':'Carlotta',"
                "'state':'waiting','enqueued_at':5}");
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','message':'m1','n':1,'author':'customer',"
               "'window_until':500,'tagged_until':900}");
  expect_first (kit, UC_EVENT_STATE_CONVERSATION,
                "{'type':'state.conversation'," CONVERSATION ",'last_n':1,'window_until':500,'tagged_until':900}");
}

static void
test_lines (Kit *kit, gconstpointer data)
{
  static const char *const lines[]
      = { "{'type':'message.added','conversation':'cnv_1','message':'m1','n':1,'author':'customer','text':'look',"
          "'channel':'web','identity':'visitor-1','external_id':'x1','form':'reaction','reply_to':'x0',"
          "'attachments':[{'kind':'image','media':'med_1','name':'a \\'b\\'.png','size':7}],'window_until':5,"
          "'tagged_until':9}",
          /* Ours, but written elsewhere: its id is the network's, and nothing is to be sent. */
          "{'type':'message.added','conversation':'cnv_1','message':'m2','n':2,'author':'agent','text':'hi',"
          "'channel':'web','identity':'visitor-1','external_id':'x2','form':'elsewhere','state':'sent'}",
          NULL };
  g_auto (Answer) answer = { 0 };

  kit_do_basics (kit);
  kit_do (kit, "%s", lines[0]);
  kit_do (kit, "%s", lines[1]);
  uc_store_messages (kit->store, "cnv_1", 0, 0, on_rows, &answer);
  answer_wait (&answer);
  assert_rows (answer.rows, lines);
  answer_clear (&answer);
  uc_store_by_sent_id (kit->store, "cnv_1", "x2", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  answer_clear (&answer);
  uc_store_outbox (kit->store, NULL, 0, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
}

/* What may have arrived is not sent again by itself; the echo settles it. */
static void
test_uncertain (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  kit_do_basics (kit);
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','message':'m1','n':1,'author':'agent',"
               "'state':'queued','channel':'web'}");
  kit_do (kit, "{'type':'message.state','conversation':'cnv_1','message':'m1','n':1,'state':'uncertain',"
               "'error':'no answer'}");
  uc_store_outbox (kit->store, NULL, 0, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
  answer_clear (&answer);
  kit_do (kit, "{'type':'message.state','conversation':'cnv_1','message':'m1','n':1,'state':'sent',"
               "'external_id':'x1'}");
  uc_store_by_sent_id (kit->store, "cnv_1", "x1", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->state, ==, "sent");
  g_assert_null (((UcEvent *)answer.rows->pdata[0])->error);
}

/* ---- interactions -------------------------------------------------------------------------------------- */

#define INT_1 "'interaction':'int_1','conversation':'cnv_1','queue':'que_s','enqueued_at':5"

static void
do_accepted (Kit *kit)
{
  kit_do_basics (kit);
  kit_do (kit, "{'type':'interaction.queued'," INT_1 ",'acceptance_ms':45,'cause':'new'}");
  kit_do (kit, "{'type':'interaction.offered','interaction':'int_1','agent':'usr_a','offer':'off_1','deadline':90,"
               "'acceptance_ms':45}");
  kit_do (kit, "{'type':'offer.ended','interaction':'int_1','agent':'usr_a','offer':'off_1','cause':'accepted'}");
  kit_do (kit, "{'type':'interaction.accepted','interaction':'int_1','agent':'usr_a','accepted_at':8}");
}

/* His desk vanished: back in line, at the place it had, and nobody's. */
static void
test_agent_lost (Kit *kit, gconstpointer data)
{
  do_accepted (kit);
  kit_do (kit, "{'type':'interaction.queued'," INT_1 ",'acceptance_ms':45,'agent':'usr_a','cause':'agent_lost'}");
  expect_first (kit, UC_EVENT_STATE_INTERACTION,
                "{'type':'state.interaction'," INT_1
                ",'state':'waiting','acceptance_ms':45,'cause':'agent_lost'}");
  /* Everybody refused it: it rests. */
  kit_do (kit, "{'type':'interaction.queued'," INT_1 ",'excluded':'usr_a','deadline':5000,'cause':'rejected'}");
  expect_first (kit, UC_EVENT_STATE_INTERACTION,
                "{'type':'state.interaction'," INT_1 ",'state':'waiting','excluded':'usr_a','deadline':5000,"
                "'cause':'rejected'}");
}

/* With wrap-up and without: a missing code makes the same of both. */
static void
test_overdue (Kit *kit, gconstpointer data)
{
  do_accepted (kit);
  kit_do (kit,
          "{'type':'interaction.ended','interaction':'int_1','agent':'usr_a','ended_by':'agent','ended_at':9}");
  kit_do (kit, "{'type':'interaction.overdue','interaction':'int_1','agent':'usr_a','deadline':500}");
#define WRAP_UP                                                                                                   \
  "{'type':'state.interaction'," INT_1 ",'state':'wrap_up','agent':'usr_a','acceptance_ms':45,'accepted_at':8,"   \
  "'ended_at':9,'ended_by':'agent','cause':'new'"
  expect_first (kit, UC_EVENT_STATE_INTERACTION, WRAP_UP ",'overdue':1,'deadline':500}");
  kit_do (kit, "{'type':'interaction.overdue','interaction':'int_1','agent':'usr_a','deadline':0}");
  expect_first (kit, UC_EVENT_STATE_INTERACTION, WRAP_UP ",'overdue':1}");
#define CODES "'codes':[{'list':'l','code':'c','name':'C'}]"
  kit_do (kit, "{'type':'interaction.codes','interaction':'int_1','agent':'usr_a'," CODES "}");
  expect_first (kit, UC_EVENT_STATE_INTERACTION, WRAP_UP ",'overdue':1," CODES "}");
}

static void
expect_row (Kit *kit, const char *expected)
{
  g_auto (Answer) answer = { 0 };
  UcInteractionQuery query = { .interaction = "int_1" };

  uc_store_interactions (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows, expected);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->agent_name, ==, "Anna");
}

static void
test_late_codes (Kit *kit, gconstpointer data)
{
  do_accepted (kit);
  kit_do (kit,
          "{'type':'interaction.closed','interaction':'int_1','agent':'usr_a','cause':'uncoded','uncoded':1}");
#define CLOSED                                                                                                    \
  "{'type':'state.interaction'," INT_1 ",'state':'closed','agent':'usr_a','acceptance_ms':45,'accepted_at':8,"    \
  "'cause':'uncoded'"
  expect_row (kit, CLOSED ",'uncoded':1}");
  kit_do (kit, "{'type':'interaction.codes','interaction':'int_1','agent':'usr_a'," CODES ",'uncoded':1}");
  expect_row (kit, CLOSED "," CODES ",'uncoded':1}");
  kit_do (kit, "{'type':'interaction.codes','interaction':'int_1','agent':'usr_a'," CODES "}");
  expect_row (kit, CLOSED "," CODES "}");
}

/* The agent chooses one of several, and another case to go on with. */
static void
test_matches (Kit *kit, gconstpointer data)
{
#define ROW                                                                                                       \
  "{'type':'state.interaction'," INT_1 ",'state':'active','agent':'usr_a','acceptance_ms':45,'accepted_at':8,"    \
  "'cause':'new'"
#define MATCHES "'matches':[{'customer':'cus_1','name':'A'},{'customer':'cus_2','name':'B','draft':1}]"
  do_accepted (kit);
  kit_do (kit, "{'type':'interaction.matches','interaction':'int_1'," MATCHES "}");
  kit_do (kit, "{'type':'interaction.case','interaction':'int_1','follows':'case_1','cause':'chosen'}");
  expect_row (kit, ROW "," MATCHES ",'follows':'case_1'}");
  kit_do (kit, "{'type':'interaction.customer','interaction':'int_1'}");
  expect_row (kit, ROW "," MATCHES ",'follows':'case_1'}");
  kit_do (kit, "{'type':'interaction.customer','interaction':'int_1','customer':'cus_2'}");
  expect_row (kit, ROW ",'customer':'cus_2','follows':'case_1'}");
  kit_do (kit, "{'type':'interaction.case','interaction':'int_1'}");
  expect_row (kit, ROW ",'customer':'cus_2'}");
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void
expect_media (Kit *kit, const char *id, const char *value)
{
  g_auto (Answer) answer = { 0 };

  uc_store_media (kit->store, id, on_value, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (answer.value, ==, value);
}

static void
test_media (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  expect_media (kit, "med_1", NULL);
  uc_batch_media (batch, "med_1", "image/png", "a \"b\" é.png", 77, "abc", 5);
  uc_batch_media (batch, "med_2", NULL, NULL, 0, NULL, 6);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_media (kit, "med_1",
                "{\"id\":\"med_1\",\"mime\":\"image/png\",\"name\":\"a \\\"b\\\" é.png\",\"size\":77,"
                "\"sha256\":\"abc\",\"at\":5}");
  expect_media (kit, "med_2",
                "{\"id\":\"med_2\",\"mime\":null,\"name\":null,\"size\":0,\"sha256\":null,\"at\":6}");

  /* The same file came once more. */
  batch = uc_batch_new ();
  uc_batch_media (batch, "med_2", "text/plain", "x", 1, "y", 7);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_media (kit, "med_2",
                "{\"id\":\"med_2\",\"mime\":\"text/plain\",\"name\":\"x\",\"size\":1,\"sha256\":\"y\",\"at\":7}");
}

/* ---- ends of nothing ----------------------------------------------------------------------------------- */

static gboolean
is_idle_end (Kit *kit, const char *channel, const char *external_id)
{
  g_auto (Answer) answer = { 0 };

  uc_store_idle_end (kit->store, channel, external_id, on_value, &answer);
  answer_wait (&answer);
  return answer.value != NULL;
}

static void
test_idle_ends (Kit *kit, gconstpointer data)
{
  gint64 now = uc_clock_now ();
  UcBatch *batch = uc_batch_new ();

  uc_batch_idle_end (batch, "web", "bye", now);
  uc_batch_idle_end (batch, "web", "of last month", now - G_GINT64_CONSTANT (31) * 24 * 3600 * 1000);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  batch = uc_batch_new ();
  uc_batch_idle_end (batch, "web", "bye", now);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  g_assert_true (is_idle_end (kit, "web", "bye"));
  g_assert_false (is_idle_end (kit, "xmpp", "bye"));
  g_assert_false (is_idle_end (kit, "web", "by"));
  while (is_idle_end (kit, "web", "of last month"))
    g_usleep (1000);
  g_assert_true (is_idle_end (kit, "web", "bye"));
}

#define ADD(name, func) g_test_add ("/store/rules/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("policy", test_policy);
  ADD ("codes", test_codes);
  ADD ("order", test_order);
  ADD ("definitions", test_definitions);
  ADD ("presence", test_presence);
  ADD ("profile", test_profile);
  ADD ("lines", test_lines);
  ADD ("uncertain", test_uncertain);
  ADD ("agent-lost", test_agent_lost);
  ADD ("overdue", test_overdue);
  ADD ("late-codes", test_late_codes);
  ADD ("matches", test_matches);
  ADD ("media", test_media);
  ADD ("idle-ends", test_idle_ends);
  return g_test_run ();
}
