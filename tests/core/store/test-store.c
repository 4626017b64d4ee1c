/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the store: every type of event into the tables and back, commits, conflicts, and the questions.
 */
#include "tests/core/store/kit.h"

#include <string.h>

/* ---- events into tables -------------------------------------------------------------------------------- */

static void
test_definitions (Kit *kit, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = NULL;

  kit_do_basics (kit);
  kit_do (kit, "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':1}");
  kit_do (kit, "{'type':'membership.changed','user':'usr_b','queue':'que_s','enabled':1}");
  kit_do (kit, "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':0}");
  kit_do (kit, "{'type':'membership.changed','user':'usr_b','queue':'que_s','removed':1}");
  kit_do (kit, "{'type':'user.changed','user':'usr_b','login':'benny','name':'Ben \u00e9','role':'supervisor',"
               "'capacity':3,'acceptance_ms':1000,'enabled':0,'by':'usr_a'}");
  kit_do (kit, "{'type':'queue.changed','queue':'que_s','name':'Sales 2','enabled':0,'post_processing_ms':1,"
               "'boost':-2}");
  rows = kit_load (kit);
  ASSERT_ROWS (rows,
               "{'type':'user.changed','user':'usr_a','login':'anna','name':'Anna','role':'agent',"
               "'permissions':'interaction.reject','capacity':2,'acceptance_ms':30000,'enabled':1}",
               "{'type':'user.changed','user':'usr_b','login':'benny','name':'Ben \u00e9','role':'supervisor',"
               "'capacity':3,'acceptance_ms':1000,'enabled':0}",
               "{'type':'queue.changed','queue':'que_s','name':'Sales 2','enabled':0,'post_processing_ms':1,"
               "'boost':-2}",
               "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':0}");
}

static void
test_agent_status (Kit *kit, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = NULL;

  kit_do_basics (kit);
  kit_do (kit, "{'type':'agent.status','agent':'usr_b','status':'available','asked':'available','since':5,"
               "'idle_since':5,'cause':'by_hand'}");
  kit_do (kit, "{'type':'agent.status','agent':'usr_b','status':'on_break','asked':'on_break','since':9,"
               "'idle_since':7,'stop_new':1,'cause':'offer_timed_out','reason':'lunch','interaction':'int_9'}");
  /* A new definition must not touch the status. */
  kit_do (kit, "{'type':'user.changed','user':'usr_b','login':'ben','capacity':1,'acceptance_ms':1,'enabled':1}");
  rows = kit_load (kit);
  g_ptr_array_remove_range (rows, 0, 3);
  ASSERT_ROWS (rows, "{'type':'state.agent','agent':'usr_b','status':'on_break','asked':'on_break','since':9,"
                     "'idle_since':7,'stop_new':1,'cause':'offer_timed_out','reason':'lunch'}");
}

#define INT_1                                                                                                     \
  "'interaction':'int_1','conversation':'cnv_1','channel':'web','network':'webchat','identity':'visitor-1',"      \
  "'name':'Carla','queue':'que_s','queue_name':'Sales','enqueued_at':500,'boost':100,"                            \
  "'acceptance_ms':45000"
#define QUEUED_1 "{'type':'interaction.queued'," INT_1 ",'cause':'new'}"
#define OFFERED_1                                                                                                 \
  "{'type':'interaction.offered','interaction':'int_1','agent':'usr_a','offer':'off_1','deadline':900,"           \
  "'acceptance_ms':400}"

static void
expect_live (Kit *kit, const char *state_1)
{
  g_autoptr (GPtrArray) rows = kit_load (kit);

  g_ptr_array_remove_range (rows, 0, 4);
  if (state_1 != NULL)
    ASSERT_ROWS (rows, state_1);
  else
    g_assert_cmpuint (rows->len, ==, 0);
}

/* In a load, and asked for by itself, which tells what the next message belongs to. */
static void
expect_conversation (Kit *kit, gint64 last_n, const char *open)
{
  g_autoptr (GPtrArray) rows = kit_load (kit);
  g_auto (Answer) answer = { 0 };
  const UcEvent *row = g_ptr_array_index (rows, 3);

  g_assert_cmpint (row->type, ==, UC_EVENT_STATE_CONVERSATION);
  g_assert_cmpstr (row->conversation, ==, "cnv_1");
  g_assert_cmpint (row->last_n, ==, last_n);

  uc_store_conversation (kit->store, "web", "visitor-1", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  row = g_ptr_array_index (answer.rows, 0);
  g_assert_cmpstr (row->conversation, ==, "cnv_1");
  g_assert_cmpstr (row->channel, ==, "web");
  g_assert_cmpstr (row->network, ==, "webchat");
  g_assert_cmpstr (row->identity, ==, "visitor-1");
  g_assert_cmpint (row->last_n, ==, last_n);
  g_assert_cmpstr (row->interaction, ==, open);
}

/* The whole way, and back through load at each station. */
static void
test_interaction_life (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  kit_do (kit, QUEUED_1);
  expect_conversation (kit, 0, "int_1");
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'waiting','cause':'new'}");

  kit_do (kit, OFFERED_1);
  expect_conversation (kit, 0, "int_1");
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'offered','agent':'usr_a','offer':'off_1',"
                    "'since':500,'deadline':900,'cause':'new'}");

  kit_do (kit, "{'type':'offer.ended','interaction':'int_1','agent':'usr_a','offer':'off_1','cause':'timed_out'}");
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'waiting','cause':'new'}");
  kit_do (kit, "{'type':'interaction.queued'," INT_1 ",'excluded':'usr_a','cause':'timed_out'}");
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'waiting',"
                    "'excluded':'usr_a','cause':'timed_out'}");

  kit_do (kit, "{'type':'interaction.offered','interaction':'int_1','agent':'usr_b','offer':'off_2',"
               "'deadline':1900,'acceptance_ms':500}");
  kit_do (kit, "{'type':'offer.ended','interaction':'int_1','agent':'usr_b','offer':'off_2','cause':'accepted'}");
  kit_do (kit, "{'type':'interaction.accepted','interaction':'int_1','agent':'usr_b','accepted_at':1500}");
  expect_conversation (kit, 0, "int_1");
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'active','agent':'usr_b',"
                    "'excluded':'usr_a','accepted_at':1500,'cause':'timed_out'}");

  kit_do (kit, "{'type':'interaction.customer','interaction':'int_1','agent':'usr_b','customer':'cus_1',"
               "'customer_name':'Carla C.','draft':1}");
  kit_do (kit, "{'type':'conversation.changed','conversation':'cnv_1','interaction':'int_1','name':'Carlotta'}");
  kit_do (kit, "{'type':'interaction.save','interaction':'int_1','state':'requested','mode':'during',"
               "'attempts':1}");
  kit_do (kit, "{'type':'interaction.save','interaction':'int_1','state':'saved','case':'case_1','attempts':2,"
               "'error':'slow'}");
#define LATER                                                                                                     \
  "'interaction':'int_1','conversation':'cnv_1','channel':'web','network':'webchat','identity':'visitor-1',"      \
  "'name':'Carlotta','queue':'que_s','queue_name':'Sales','enqueued_at':500,'boost':100,'acceptance_ms':45000,'"  \
  "agent':'usr_b',"                                                                                               \
  "'excluded':'usr_a','accepted_at':1500,'customer':'cus_1','customer_name':'Carla C.',"                          \
  "'draft':1,'mode':'during','case':'case_1','attempts':2,'error':'slow','status':'saved','cause':'timed_out'"
  expect_live (kit, "{'type':'state.interaction'," LATER ",'state':'active'}");

  /* The customer leaves: still the agent's, but the next message starts another one. */
  kit_do (kit, "{'type':'interaction.ended','interaction':'int_1','agent':'usr_b','ended_by':'customer',"
               "'ended_at':1600}");
  expect_conversation (kit, 0, NULL);
  expect_live (kit,
               "{'type':'state.interaction'," LATER ",'state':'active','ended_by':'customer','ended_at':1600}");
  kit_do (kit, "{'type':'interaction.ended','interaction':'int_1','agent':'usr_b','ended_by':'customer',"
               "'ended_at':1600,'deadline':7000}");
  expect_conversation (kit, 0, NULL);
  expect_live (kit, "{'type':'state.interaction'," LATER ",'state':'wrap_up','ended_by':'customer',"
                    "'ended_at':1600,'deadline':7000}");
  kit_do (kit, "{'type':'interaction.closed','interaction':'int_1','agent':'usr_b','cause':'manual'}");
  {
    g_autoptr (GPtrArray) rows = kit_load (kit);

    g_assert_cmpuint (rows->len, ==, 3);
  }
  /* Saving goes on after the end. */
  kit_do (kit, "{'type':'interaction.save','interaction':'int_1','state':'failed','attempts':3,'error':'gone'}");
}

static void
test_ended_by_agent (Kit *kit, gconstpointer data)
{
  kit_do_basics (kit);
  kit_do (kit, QUEUED_1);
  kit_do (kit, OFFERED_1);
  kit_do (kit, "{'type':'interaction.accepted','interaction':'int_1','agent':'usr_a','accepted_at':600}");
  kit_do (kit, "{'type':'interaction.ended','interaction':'int_1','agent':'usr_a','ended_by':'agent',"
               "'ended_at':700,'deadline':800}");
  expect_conversation (kit, 0, NULL);
  expect_live (kit, "{'type':'state.interaction'," INT_1 ",'state':'wrap_up','agent':'usr_a',"
                    "'accepted_at':600,'ended_at':700,'ended_by':'agent','deadline':800,'cause':'new'}");
}

static void
test_load_order (Kit *kit, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = NULL;
  const char *ids[] = { "int_c", "int_a", "int_b" };
  int times[] = { 20, 20, 10 };

  kit_do_basics (kit);
  for (int i = 0; i < 3; i++)
    {
      kit_do (kit,
              "{'type':'conversation.opened','conversation':'cnv_%s','channel':'web','identity':'visitor-%s'}",
              ids[i], ids[i]);
      kit_do (kit,
              "{'type':'interaction.queued','interaction':'%s','conversation':'cnv_%s','queue':'que_s',"
              "'enqueued_at':%d}",
              ids[i], ids[i], times[i]);
    }
  rows = kit_load (kit);
  g_assert_cmpuint (rows->len, ==, 9);
  g_assert_cmpstr (((UcEvent *)rows->pdata[6])->interaction, ==, "int_b");
  g_assert_cmpstr (((UcEvent *)rows->pdata[7])->interaction, ==, "int_a");
  g_assert_cmpstr (((UcEvent *)rows->pdata[8])->interaction, ==, "int_c");
}

/* ---- messages ------------------------------------------------------------------------------------------ */

#define IN_1                                                                                                      \
  "'conversation':'cnv_1','interaction':'int_1','message':'msg_1','n':1,'author':'customer',"                     \
  "'author_name':'Carla','text':'hello \\\"world\\\"\\n','channel':'web','identity':'visitor-1',"                 \
  "'external_id':'x1','client_id':'c1','sent_at':77"
#define OUT_2                                                                                                     \
  "'conversation':'cnv_1','interaction':'int_1','agent':'usr_a','message':'msg_2','n':2,'author':'agent',"        \
  "'author_name':'Anna','by':'usr_a','text':'hi','channel':'web','identity':'visitor-1','client_id':'c2'"

static void
do_messages (Kit *kit)
{
  kit_do_basics (kit);
  kit_do (kit, QUEUED_1);
  kit_do (kit, "{'type':'message.added'," IN_1 "}");
  kit_do (kit, "{'type':'message.added'," OUT_2 ",'state':'queued'}");
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','message':'msg_3','n':3,'author':'system',"
               "'code':'ended','text':'the chat has ended','external_id':'x3','channel':'web'}");
}

static void
expect_messages (Kit *kit, gint64 after, guint limit, const char *const *expected, gboolean more)
{
  g_auto (Answer) answer = { 0 };

  uc_store_messages (kit->store, "cnv_1", after, limit, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpint (answer.result, ==, UC_STORE_OK);
  assert_rows (answer.rows, expected);
  g_assert_cmpint (answer.more, ==, more);
}

static void
test_messages (Kit *kit, gconstpointer data)
{
  static const char in_1[] = "{'type':'message.added'," IN_1 "}";
  static const char out_2[] = "{'type':'message.added'," OUT_2 ",'state':'queued'}";
  static const char system_3[]
      = "{'type':'message.added','conversation':'cnv_1','message':'msg_3','n':3,'author':'system',"
        "'code':'ended','text':'the chat has ended','external_id':'x3','channel':'web','identity':'visitor-1'}";
  g_auto (Answer) answer = { 0 };

  do_messages (kit);
  expect_messages (kit, 0, 10, (const char *const[]){ in_1, out_2, system_3, NULL }, FALSE);
  expect_messages (kit, 0, 3, (const char *const[]){ in_1, out_2, system_3, NULL }, FALSE);
  expect_messages (kit, 0, 2, (const char *const[]){ in_1, out_2, NULL }, TRUE);
  expect_messages (kit, 1, 1, (const char *const[]){ out_2, NULL }, TRUE);
  expect_messages (kit, 2, 0, (const char *const[]){ system_3, NULL }, FALSE);
  expect_messages (kit, 3, 1, (const char *const[]){ NULL }, FALSE);

  uc_store_interaction_messages (kit->store, "int_1", 10, on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows, in_1, out_2);
  answer_clear (&answer);
  uc_store_interaction_messages (kit->store, "int_0", 10, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
  expect_conversation (kit, 3, "int_1");
}

/* Lines of another interaction may lie between those of one. */
static void
test_messages_interleaved (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  static const char *const of[] = { "int_1", "int_2", "int_1", "int_2" };

  kit_do_basics (kit);
  kit_do (kit, QUEUED_1);
  kit_do (kit, "{'type':'interaction.queued','interaction':'int_2','conversation':'cnv_1','enqueued_at':9}");
  for (int n = 1; n <= 4; n++)
    kit_do (kit,
            "{'type':'message.added','conversation':'cnv_1','interaction':'%s','message':'m%d','n':%d,"
            "'author':'system'}",
            of[n - 1], n, n);
  uc_store_interaction_messages (kit->store, "int_2", 10, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 2);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->n, ==, 2);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[1])->n, ==, 4);
}

static void
expect_state (Kit *kit, const char *state, const char *error, const char *external_id)
{
  g_auto (Answer) answer = { 0 };
  UcEvent *row;

  uc_store_messages (kit->store, "cnv_1", 1, 1, on_rows, &answer);
  answer_wait (&answer);
  row = g_ptr_array_index (answer.rows, 0);
  g_assert_cmpstr (row->message, ==, "msg_2");
  g_assert_cmpstr (row->state, ==, state);
  g_assert_cmpstr (row->error, ==, error);
  g_assert_cmpstr (row->external_id, ==, external_id);
}

static guint
outbox_length (Kit *kit)
{
  g_auto (Answer) answer = { 0 };

  uc_store_outbox (kit->store, NULL, 10, on_rows, &answer);
  answer_wait (&answer);
  return answer.rows->len;
}

static void
do_state (Kit *kit, const char *state, const char *more)
{
  kit_do (kit,
          "{'type':'message.state','conversation':'cnv_1','interaction':'int_1','message':'msg_2','n':2,"
          "'state':'%s'%s}",
          state, more);
}

/* Every pair of states: only upwards, failed only from queued, uncertain and sent, nothing after failed. Uncertain
 * may come again, with the last word about it. */
static void
test_message_states (Kit *kit, gconstpointer data)
{
  enum
  {
    N = 6
  };
  static const char *const states[N] = { "queued", "uncertain", "sent", "delivered", "read", "failed" };
  static const gboolean allowed[N][N] = {
    { 0, 1, 1, 1, 1, 1 }, { 0, 1, 1, 1, 1, 1 }, { 0, 0, 0, 1, 1, 1 },
    { 0, 0, 0, 0, 1, 0 }, { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 },
  };
  gint64 n = 0;

  kit_do_basics (kit);
  for (int from = 0; from < N; from++)
    for (int to = 0; to < N; to++)
      {
        g_auto (Answer) answer = { 0 };
        UcEvent *row;

        n++;
        kit_do (kit,
                "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,'author':'agent',"
                "'state':'queued'}",
                (int)n, (int)n);
        kit_do (kit, "{'type':'message.state','conversation':'cnv_1','message':'m%d','n':%d,'state':'%s'}", (int)n,
                (int)n, states[from]);
        kit_do (kit,
                "{'type':'message.state','conversation':'cnv_1','message':'m%d','n':%d,'state':'%s','error':'e'}",
                (int)n, (int)n, states[to]);
        uc_store_messages (kit->store, "cnv_1", n - 1, 1, on_rows, &answer);
        answer_wait (&answer);
        row = g_ptr_array_index (answer.rows, 0);
        g_assert_cmpstr (row->state, ==, allowed[from][to] ? states[to] : states[from]);
        g_assert_cmpstr (row->error, ==, allowed[from][to] ? "e" : NULL);
      }
}

static void
test_outbox (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  UcBatch *batch = uc_batch_new ();
  UcEvent *row;

  do_messages (kit);
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','message':'msg_4','n':4,'author':'agent',"
               "'state':'queued','channel':'mail','text':'four'}");
  uc_batch_outbox (batch, "msg_2", 12345, 3, "no route");
  uc_batch_outbox (batch, "msg_unknown", 1, 1, NULL);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);

  uc_store_outbox (kit->store, NULL, 10, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 2);
  row = g_ptr_array_index (answer.rows, 0);
  g_assert_cmpstr (row->message, ==, "msg_2");
  g_assert_cmpstr (row->identity, ==, "visitor-1");
  g_assert_cmpstr (row->text, ==, "hi");
  g_assert_cmpint (row->deadline, ==, 12345);
  g_assert_cmpint (row->attempts, ==, 3);
  g_assert_cmpstr (row->error, ==, "no route");
  row = g_ptr_array_index (answer.rows, 1);
  g_assert_cmpstr (row->message, ==, "msg_4");
  g_assert_cmpint (row->deadline, ==, T0 + kit->seq);
  g_assert_cmpint (row->attempts, ==, 0);
  g_assert_cmpstr (row->error, ==, NULL);

  answer_clear (&answer);
  uc_store_outbox (kit->store, "mail", 10, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->message, ==, "msg_4");

  do_state (kit, "queued", "");
  g_assert_cmpuint (outbox_length (kit), ==, 2);
  do_state (kit, "sent", ",'external_id':'theirs'");
  g_assert_cmpuint (outbox_length (kit), ==, 1);
  expect_state (kit, "sent", NULL, "theirs");
  kit_do (kit, "{'type':'message.state','conversation':'cnv_1','message':'msg_4','n':4,'state':'failed',"
               "'error':'refused'}");
  g_assert_cmpuint (outbox_length (kit), ==, 0);
}

static guint
undecided (Kit *kit)
{
  g_auto (Answer) answer = { 0 };
  UcOutboxQuery query = { .limit = 10 };

  uc_store_outbox_list (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  for (guint i = 0; i < answer.rows->len; i++)
    g_assert_true (((UcEvent *)answer.rows->pdata[i])->undecided);
  return answer.rows->len;
}

/* What failed waits for a person: it goes out again by his word alone, or is left. */
static void
test_undecided (Kit *kit, gconstpointer data)
{
  do_messages (kit);
  do_state (kit, "failed", ",'error':'refused'");
  g_assert_cmpuint (undecided (kit), ==, 1);
  g_assert_cmpuint (outbox_length (kit), ==, 0);
  do_state (kit, "queued", "");
  expect_state (kit, "failed", "refused", NULL);
  do_state (kit, "queued", ",'by':'usr_a'");
  expect_state (kit, "queued", NULL, NULL);
  g_assert_cmpuint (undecided (kit), ==, 0);
  g_assert_cmpuint (outbox_length (kit), ==, 1);
  do_state (kit, "uncertain", ",'error':'no answer'");
  g_assert_cmpuint (undecided (kit), ==, 1);
  do_state (kit, "uncertain", ",'error':'no answer','by':'usr_a'");
  expect_state (kit, "uncertain", "no answer", NULL);
  g_assert_cmpuint (undecided (kit), ==, 0);
  /* Left or not, the echo may still tell. What was taken and comes back is undecided anew. */
  do_state (kit, "sent", "");
  do_state (kit, "failed", ",'error':'bounced'");
  g_assert_cmpuint (undecided (kit), ==, 1);
}

/* A receipt may overtake the answer to the sending. */
static void
test_late_sent_id (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  do_messages (kit);
  do_state (kit, "read", "");
  do_state (kit, "sent", ",'external_id':'theirs','error':'x'");
  expect_state (kit, "read", NULL, "theirs");
  uc_store_by_sent_id (kit->store, "cnv_1", "theirs", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->message, ==, "msg_2");
  answer_clear (&answer);
  uc_store_by_sent_id (kit->store, "cnv_1", "x1", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
}

/* The id the network gave to ours may be one a customer's message has: two number spaces. */
static void
test_external_ids (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  do_messages (kit);
  do_state (kit, "sent", ",'external_id':'x1'");
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','message':'msg_4','n':4,'author':'agent',"
               "'external_id':'x3','channel':'web'}");
  uc_store_external_ids (kit->store, "cnv_1", 10, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 2);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->external_id, ==, "x3");
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->n, ==, 3);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[1])->external_id, ==, "x1");
  answer_clear (&answer);
  uc_store_external_ids (kit->store, "cnv_1", 1, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  g_assert_true (answer.more);

  answer_clear (&answer);
  uc_store_by_external_id (kit->store, "web", "x1", on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows, "{'type':'message.added'," IN_1 "}");
  answer_clear (&answer);
  uc_store_by_external_id (kit->store, "other", "x1", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
}

static void
test_conversation (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  do_messages (kit);
  uc_store_conversation (kit->store, "web", "visitor-1", on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows, "{'type':'state.conversation','conversation':'cnv_1','channel':'web',"
                            "'network':'webchat','identity':'visitor-1','name':'Carla','last_n':3,"
                            "'interaction':'int_1'}");
  answer_clear (&answer);
  uc_store_conversation (kit->store, "web", "visitor-2", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 0);
  g_assert_false (answer.more);
}

/* ---- commits ------------------------------------------------------------------------------------------- */

typedef struct
{
  GString *log;
  char letter;
  Kit *kit;
  gint64 durable; /* number that must be durable by now */
} Told;

static void
on_told (gpointer data, UcStoreResult result, const char *why)
{
  Told *told = data;

  g_string_append_c (told->log, result == UC_STORE_OK ? told->letter : result == UC_STORE_CONFLICT ? 'X' : 'U');
  g_assert_cmpint (uc_store_last_seq (told->kit->store), >=, told->durable);
}

static void
commit_told (Told *told, UcBatch *batch)
{
  uc_store_commit (told->kit->store, batch, on_told, told);
}

/* Callbacks come in the order of the commits, barriers included, and never before the call returned. */
static void
test_order (Kit *kit, gconstpointer data)
{
  enum
  {
    N = 2000
  };
  g_autoptr (GString) log = g_string_new (NULL), expected = g_string_new (NULL);
  g_autofree Told *tolds = g_new0 (Told, N);

  kit_do_basics (kit);
  for (int i = 0; i < N; i++)
    {
      UcBatch *batch = uc_batch_new ();

      tolds[i] = (Told){ log, "abcdefg"[i % 7], kit, 0 };
      g_string_append_c (expected, tolds[i].letter);
      if (i % 5 == 0)
        uc_batch_kv (batch, "s", "k", "v", 1);
      else if (i % 5 != 1)
        kit_put (kit, batch, "{'type':'conversation.changed','conversation':'cnv_1','name':'n%d'}", i);
      tolds[i].durable = kit->seq;
      commit_told (&tolds[i], batch);
    }
  g_assert_cmpuint (uc_store_pending (kit->store), ==, N);
  g_assert_cmpuint (log->len, ==, 0);
  while (log->len < N)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (log->str, ==, expected->str);
  g_assert_cmpuint (uc_store_pending (kit->store), ==, 0);
  g_assert_cmpint (uc_store_last_seq (kit->store), ==, kit->seq);
}

static void
test_no_callback (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  uc_batch_kv (batch, "s", "k", "v", 1);
  uc_store_commit (kit->store, batch, NULL, NULL);
  g_assert_cmpint (kit_commit (kit, uc_batch_new (), NULL), ==, UC_STORE_OK);
  g_assert_cmpuint (uc_store_pending (kit->store), ==, 0);
}

/* A batch larger than a transaction is still all or nothing. */
static void
test_large_batch (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();
  gint64 before;

  kit_do_basics (kit);
  before = kit->seq;
  for (int i = 1; i <= 1000; i++)
    kit_put (kit, batch,
             "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,'author':'system'}", i, i);
  kit_put (kit, batch,
           "{'type':'message.added','conversation':'cnv_1','message':'again','n':5,'author':'system'}");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_CONFLICT);
  g_assert_cmpint (uc_store_last_seq (kit->store), ==, before);
  expect_messages (kit, 0, 10, (const char *const[]){ NULL }, FALSE);

  uc_store_reset (kit->store);
  kit->seq = before;
  batch = uc_batch_new ();
  for (int i = 1; i <= 1000; i++)
    kit_put (kit, batch,
             "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,'author':'system'}", i, i);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
}

/* A redelivered message fails alone; what was queued behind it with events falls with it, until the reset. */
static void
test_conflict (Kit *kit, gconstpointer data)
{
  static const char message[] = "{'type':'message.added','conversation':'cnv_1','message':'m%d','n':%d,"
                                "'author':'customer','channel':'web','external_id':'%s'}";
  g_autoptr (GString) log = g_string_new (NULL);
  Told tolds[7];
  UcBatch *batches[7];
  g_autofree char *why = NULL;

  kit_do_basics (kit);
  for (int i = 0; i < 7; i++)
    {
      tolds[i] = (Told){ log, (char)('a' + i), kit, 0 };
      batches[i] = uc_batch_new ();
    }
  kit_put (kit, batches[0], message, 1, 1, "x1");
  kit_put (kit, batches[1], "{'type':'conversation.changed','conversation':'cnv_1','name':'undone'}");
  uc_batch_kv (batches[1], "s", "undone", "v", 1);
  kit_put (kit, batches[1], message, 2, 2, "x1");
  kit_put (kit, batches[2], message, 3, 3, "x3");
  uc_batch_kv (batches[3], "s", "kept", "v", 1);
  uc_batch_kv (batches[5], "s", "undone", "v", 1);
  kit_put (kit, batches[5], "{'type':'conversation.changed','conversation':'cnv_1','name':'undone'}");
  for (int i = 0; i < 6; i++)
    commit_told (&tolds[i], batches[i]);
  while (log->len < 6)
    g_main_context_iteration (NULL, TRUE);
  /* 4 is a barrier: what is before it is not durable. */
  g_assert_cmpstr (log->str, ==, "aXUdUU");

  kit_put (kit, batches[6], message, 9, 9, "x9");
  g_assert_cmpint (kit_commit (kit, batches[6], &why), ==, UC_STORE_UNAVAILABLE);
  g_assert_cmpstr (why, ==, "an earlier batch failed");
  /* Without an event of its own, but of no use without those before it. */
  batches[6] = uc_batch_new ();
  uc_batch_kv (batches[6], "s", "undone", "v", 1);
  uc_batch_depend (batches[6]);
  g_assert_cmpint (kit_commit (kit, batches[6], NULL), ==, UC_STORE_UNAVAILABLE);

  uc_store_reset (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
  g_assert_cmpint (kit->seq, ==, 5);
  kit_do (kit, message, 2, 2, "x2");
  {
    g_auto (Answer) answer = { 0 };

    uc_store_conversation (kit->store, "web", "visitor-1", on_rows, &answer);
    answer_wait (&answer);
    g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->name, ==, "Carla");
    answer_clear (&answer);
    uc_store_kv (kit->store, "s", "undone", on_value, &answer);
    answer_wait (&answer);
    g_assert_null (answer.value);
    answer_clear (&answer);
    uc_store_kv (kit->store, "s", "kept", on_value, &answer);
    answer_wait (&answer);
    g_assert_cmpstr (answer.value, ==, "v");
  }
}

/* A conflict of a batch without events is nobody else's. */
static void
test_conflict_without_events (Kit *kit, gconstpointer data)
{
  g_autofree char *why = NULL;

  for (int i = 0; i < 2; i++)
    {
      UcBatch *batch = uc_batch_new ();

      uc_batch_command (batch, "usr_a", "k1", g_get_real_time () / 1000, "{}");
      g_assert_cmpint (kit_commit (kit, batch, i == 0 ? NULL : &why), ==,
                       i == 0 ? UC_STORE_OK : UC_STORE_CONFLICT);
    }
  g_assert_nonnull (strstr (why, "command"));
  kit_do_basics (kit);
}

static void
expect_conflict (Kit *kit, const char *json, const char *part)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *why = NULL;
  gint64 before = kit->seq;

  kit_put (kit, batch, "%s", json);
  g_assert_cmpint (kit_commit (kit, batch, &why), ==, UC_STORE_CONFLICT);
  g_test_message ("%s", why);
  g_assert_nonnull (strstr (why, part));
  g_assert_true (g_str_has_prefix (why, "event "));
  kit->seq = before;
  uc_store_reset (kit->store);
}

static void
test_conflicts (Kit *kit, gconstpointer data)
{
  do_messages (kit);
  expect_conflict (kit, "{'type':'message.added','conversation':'cnv_1','message':'m','n':2,'author':'system'}",
                   "message.conversation, message.n");
  expect_conflict (kit,
                   "{'type':'conversation.opened','conversation':'cnv_2','channel':'web','identity':'visitor-1'}",
                   "conversation.channel, conversation.identity");
  expect_conflict (kit, "{'type':'user.changed','user':'usr_c','login':'anna'}", "user.login");
  expect_conflict (kit, "{'type':'membership.changed','user':'usr_x','queue':'que_s','enabled':1}", "FOREIGN KEY");
  expect_conflict (kit, "{'type':'message.added','conversation':'cnv_9','message':'m','n':1,'author':'system'}",
                   "FOREIGN KEY");
  expect_conflict (kit, "{'type':'agent.status','agent':'usr_x','status':'available'}", "no such agent");
  expect_conflict (kit, "{'type':'interaction.closed','interaction':'int_9'}", "no such interaction");
  expect_conflict (kit, "{'type':'message.state','conversation':'cnv_1','n':9,'state':'sent'}", "no such message");
  expect_conflict (kit, "{'type':'conversation.changed','conversation':'cnv_9'}", "no such conversation");
  expect_conflict (kit, "{'type':'agent.presence','agent':'usr_x','state':'here'}", "no such agent");
  for (const char *const *type = (const char *const[]){ "codes", "matches", "case", "overdue", NULL };
       *type != NULL; type++)
    {
      g_autofree char *json = g_strdup_printf ("{'type':'interaction.%s','interaction':'int_9'}", *type);

      expect_conflict (kit, json, "no such interaction");
    }
  expect_conflict (kit, "{'type':'state.agent','agent':'usr_a'}", "no event for the journal");
}

static void
test_numbers (Kit *kit, gconstpointer data)
{
  static const int wrong[] = { -1, 1, 100 };

  kit_do_basics (kit);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      UcBatch *batch = uc_batch_new ();
      g_autofree char *why = NULL;
      gint64 before = kit->seq;

      kit->seq += wrong[i];
      kit_put (kit, batch, "{'type':'conversation.changed','conversation':'cnv_1','name':'n'}");
      g_assert_cmpint (kit_commit (kit, batch, &why), ==, UC_STORE_CONFLICT);
      g_assert_nonnull (strstr (why, "the next one is 5"));
      kit->seq = before;
      uc_store_reset (kit->store);
    }
  kit_do (kit, "{'type':'conversation.changed','conversation':'cnv_1','name':'n'}");
}

/* ---- rows that are nobody's event ---------------------------------------------------------------------- */

static char *
get (Kit *kit, void (*ask) (Kit *kit, Answer *answer))
{
  g_auto (Answer) answer = { 0 };

  ask (kit, &answer);
  answer_wait (&answer);
  g_assert_cmpint (answer.result, ==, UC_STORE_OK);
  if (answer.value != NULL)
    g_assert_cmpuint (answer.len, ==, strlen (answer.value));
  return g_steal_pointer (&answer.value);
}

#define ASSERT_VALUE(ask, expected)                                                                               \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    g_autofree char *value = get (kit, ask);                                                                      \
    g_assert_cmpstr (value, ==, expected);                                                                        \
  }                                                                                                               \
  G_STMT_END

static void
ask_command (Kit *kit, Answer *answer)
{
  uc_store_command (kit->store, "usr_a", "k1", on_value, answer);
}

static void
ask_credential (Kit *kit, Answer *answer)
{
  uc_store_credential (kit->store, "usr_a", on_value, answer);
}

static void
ask_session_1 (Kit *kit, Answer *answer)
{
  uc_store_session (kit->store, "hash1", on_value, answer);
}

static void
ask_session_2 (Kit *kit, Answer *answer)
{
  uc_store_session (kit->store, "hash2", on_value, answer);
}

static void
test_command (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  ASSERT_VALUE (ask_command, NULL);
  /* Young enough not to be pruned. */
  uc_batch_command (batch, "usr_a", "k1", g_get_real_time () / 1000, "{\"ok\":true}");
  uc_batch_command (batch, "usr_b", "k1", g_get_real_time () / 1000, "{}");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_command, "{\"ok\":true}");
}

static void
test_credential (Kit *kit, gconstpointer data)
{
  ASSERT_VALUE (ask_credential, NULL);
  for (int i = 0; i < 2; i++)
    {
      UcBatch *batch = uc_batch_new ();

      uc_batch_credential (batch, "usr_a", i == 0 ? "first" : "second");
      g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
    }
  ASSERT_VALUE (ask_credential, "second");
}

static void
test_session (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();
  gint64 far = G_GINT64_CONSTANT (9000000000000);

  uc_batch_session (batch, "hash1", "usr_a", 100, far);
  uc_batch_session (batch, "hash2", "usr_a", 100, far);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_session_1, "usr_a 9000000000000 100");

  batch = uc_batch_new ();
  uc_batch_session_seen (batch, "hash1", 200);
  uc_batch_session_seen (batch, "hash1", 150);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_session_1, "usr_a 9000000000000 200");

  batch = uc_batch_new ();
  uc_batch_session_remove (batch, "hash1");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_session_1, NULL);
  ASSERT_VALUE (ask_session_2, "usr_a 9000000000000 100");

  batch = uc_batch_new ();
  uc_batch_sessions_remove_user (batch, "usr_b");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_session_2, "usr_a 9000000000000 100");
  batch = uc_batch_new ();
  uc_batch_sessions_remove_user (batch, "usr_a");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  ASSERT_VALUE (ask_session_2, NULL);
}

static void
expect_kv (Kit *kit, const char *key, const char *value, gsize len)
{
  g_auto (Answer) answer = { 0 };

  uc_store_kv (kit->store, "plugin", key, on_value, &answer);
  answer_wait (&answer);
  if (value == NULL)
    g_assert_null (answer.value);
  else
    g_assert_cmpmem (answer.value, answer.len, value, len);
}

static void
test_kv (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  uc_batch_kv (batch, "plugin", "binary", "a\0\xff", 3);
  uc_batch_kv (batch, "plugin", "empty", "", 0);
  uc_batch_kv (batch, "other", "empty", "x", 1);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_kv (kit, "binary", "a\0\xff", 3);
  expect_kv (kit, "empty", "", 0);
  expect_kv (kit, "none", NULL, 0);

  batch = uc_batch_new ();
  uc_batch_kv (batch, "plugin", "empty", NULL, 0);
  uc_batch_kv (batch, "plugin", "binary", "b", 1);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_kv (kit, "binary", "b", 1);
  expect_kv (kit, "empty", NULL, 0);
}

/* Old answers and lapsed sessions go when there is time, more than one portion of them, and only those. */
static void
test_pruning (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();
  g_autofree char *left = NULL;

  for (int i = 0; i < 1200; i++)
    {
      g_autofree char *key = g_strdup_printf ("old%d", i);

      uc_batch_command (batch, "usr_a", key, 1000 + i, "{}");
    }
  uc_batch_command (batch, "usr_a", "k1", g_get_real_time () / 1000, "new");
  uc_batch_session (batch, "hash1", "usr_a", 100, 200);
  uc_batch_session (batch, "hash2", "usr_a", 100, G_GINT64_CONSTANT (9000000000000));
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  do
    {
      g_auto (Answer) answer = { 0 };

      g_free (left);
      g_usleep (2000);
      uc_store_command (kit->store, "usr_a", "old1199", on_value, &answer);
      answer_wait (&answer);
      left = g_steal_pointer (&answer.value);
    }
  while (left != NULL);
  ASSERT_VALUE (ask_command, "new");
  ASSERT_VALUE (ask_session_1, NULL);
  ASSERT_VALUE (ask_session_2, "usr_a 9000000000000 100");
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static void
expect_list (Kit *kit, UcInteractionQuery query, const char *ids, gboolean more)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GString) got = g_string_new (NULL);

  uc_store_interactions (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpint (answer.result, ==, UC_STORE_OK);
  for (guint i = 0; i < answer.rows->len; i++)
    g_string_append_printf (got, "%s%s", i > 0 ? " " : "",
                            ((UcEvent *)answer.rows->pdata[i])->interaction + strlen ("int_"));
  g_assert_cmpstr (got->str, ==, ids);
  g_assert_cmpint (answer.more, ==, more);
}

static void
do_list (Kit *kit)
{
  kit_do_basics (kit);
  kit_do (kit, "{'type':'queue.changed','queue':'que_t','name':'Tech','enabled':1}");
  for (int i = 1; i <= 8; i++)
    kit_do (kit,
            "{'type':'interaction.queued','interaction':'int_%d','conversation':'cnv_1','channel':'%s',"
            "'identity':'%s','queue':'%s','enqueued_at':%d}",
            i, i % 2 ? "web" : "mail", i <= 4 ? "v1" : "v2", i <= 2 ? "que_s" : "que_t",
            /* 5, 6 and 7 came in one millisecond */
            i >= 5 && i <= 7 ? 50 : i * 10);
  for (int i = 1; i <= 3; i++)
    kit_do (kit, "{'type':'interaction.accepted','interaction':'int_%d','agent':'usr_a','accepted_at':5}", i);
  kit_do (kit, "{'type':'interaction.customer','interaction':'int_2','customer':'cus_1'}");
  kit_do (kit, "{'type':'interaction.customer','interaction':'int_4','customer':'cus_1'}");
  kit_do (kit, "{'type':'interaction.closed','interaction':'int_1','agent':'usr_a','cause':'manual'}");
  kit_do (kit, "{'type':'interaction.save','interaction':'int_1','state':'requested','mode':'after'}");
  kit_do (kit, "{'type':'interaction.save','interaction':'int_3','state':'queued','mode':'during'}");
  kit_do (kit, "{'type':'interaction.save','interaction':'int_2','state':'saved','mode':'during'}");
}

#define QUERY(...) ((UcInteractionQuery){ __VA_ARGS__ })

static void
test_list (Kit *kit, gconstpointer data)
{
  do_list (kit);
  expect_list (kit, QUERY (.limit = 20), "8 7 6 5 4 3 2 1", FALSE);
  expect_list (kit, QUERY (.limit = 0), "8 7 6 5 4 3 2 1", FALSE);
  expect_list (kit, QUERY (.interaction = "int_3"), "3", FALSE);
  expect_list (kit, QUERY (.agent = "usr_a"), "3 2 1", FALSE);
  expect_list (kit, QUERY (.queue = "que_s"), "2 1", FALSE);
  expect_list (kit, QUERY (.channel = "mail"), "8 6 4 2", FALSE);
  expect_list (kit, QUERY (.identity = "v1"), "4 3 2 1", FALSE);
  expect_list (kit, QUERY (.customer = "cus_1"), "4 2", FALSE);
  expect_list (kit, QUERY (.state = "closed"), "1", FALSE);
  expect_list (kit, QUERY (.state = "active"), "3 2", FALSE);
  expect_list (kit, QUERY (.state = "waiting", .queue = "que_t", .channel = "mail"), "8 6 4", FALSE);
  expect_list (kit, QUERY (.save_pending = TRUE), "3 1", FALSE);
  expect_list (kit, QUERY (.agent = "usr_x"), "", FALSE);
  /* Bound, not pasted. */
  expect_list (kit, QUERY (.agent = "' OR 1=1 --"), "", FALSE);
}

static void
test_list_pages (Kit *kit, gconstpointer data)
{
  do_list (kit);
  expect_list (kit, QUERY (.limit = 1), "8", TRUE);
  /* The page grows so that the cursor, a time, does not skip 5 and 6. */
  expect_list (kit, QUERY (.limit = 2), "8 7 6 5", TRUE);
  expect_list (kit, QUERY (.limit = 2, .before = 50), "4 3", TRUE);
  expect_list (kit, QUERY (.limit = 2, .before = 30), "2 1", FALSE);
  expect_list (kit, QUERY (.limit = 2, .before = 10), "", FALSE);
  expect_list (kit, QUERY (.limit = 1, .agent = "usr_a", .before = 30), "2", TRUE);
}

static void
expect_events (Kit *kit, gint64 after, const char *agent, guint limit, const char *numbers, gboolean more)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GString) got = g_string_new (NULL);

  uc_store_events (kit->store, after, agent, limit, on_rows, &answer);
  answer_wait (&answer);
  for (guint i = 0; i < answer.rows->len; i++)
    g_string_append_printf (got, "%s%d", i > 0 ? " " : "", (int)((UcEvent *)answer.rows->pdata[i])->seq);
  g_assert_cmpstr (got->str, ==, numbers);
  g_assert_cmpint (answer.more, ==, more);
}

static void
test_events (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  kit_do_basics (kit);
  kit_do (kit, QUEUED_1);
  kit_do (kit, OFFERED_1);
  kit_do (kit, "{'type':'agent.status','agent':'usr_b','status':'available','asked':'available'}");
  kit_do (kit, "{'type':'interaction.accepted','interaction':'int_1','agent':'usr_a','accepted_at':600}");
  expect_events (kit, 0, NULL, 100, "1 2 3 4 5 6 7 8", FALSE);
  expect_events (kit, 6, NULL, 2, "7 8", FALSE);
  expect_events (kit, 5, NULL, 2, "6 7", TRUE);
  expect_events (kit, 8, NULL, 2, "", FALSE);
  expect_events (kit, 0, "usr_a", 100, "6 8", FALSE);
  expect_events (kit, 0, "usr_a", 1, "6", TRUE);

  /* The journal gives back what went in, letter by letter. */
  uc_store_events (kit->store, 5, NULL, 1, on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows, OFFERED_1);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->at, ==, T0 + 6);
}

/* Every filter there is. */
static UcRead
read_of (UcReadKind kind, guint mask)
{
  UcRead read = { .kind = kind,
                  .rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free),
                  .save_pending = (mask >> 7) & 1,
                  .uncoded = (mask >> 8) & 1,
                  .merged = (mask >> 9) & 1,
                  .list = (mask >> 9) & 1 ? g_strdup ("[\"active\"]") : NULL,
                  .needle = (mask >> 10) & 1 ? g_strdup ("some words") : NULL };

  for (int i = 0; i < UC_READ_TEXTS; i++)
    if (mask & (1U << i))
      read.text[i] = g_strdup ("active");
  return read;
}

static void
read_clear (UcRead *read)
{
  for (int i = 0; i < UC_READ_TEXTS; i++)
    g_free (read->text[i]);
  g_free (read->list);
  g_free (read->needle);
  g_free (read->words);
  g_free (read->match);
  g_free (read->value);
  g_ptr_array_unref (read->rows);
}

/* Asks everything there is to ask, all combinations of filters included. */
static void
ask_everything (UcSqlite *sqlite)
{
  for (int kind = 0; kind < UC_READ_N_KINDS; kind++)
    for (guint mask = 0;
         mask < (kind == UC_READ_INTERACTIONS || kind == UC_READ_FAQS ? (1U << 10) + (1U << 7) : 1); mask++)
      {
        UcRead read = read_of ((UcReadKind)kind, mask);

        uc_sqlite_read (sqlite, &read);
        g_assert_cmpstr (read.why, ==, NULL);
        read_clear (&read);
      }
}

/* The tables that grow are never walked from end to end. */
static void
test_plans (Kit *kit, gconstpointer data)
{
  static const char *const growing[]
      = { "message", "m", "interaction", "i", "journal", "conversation", "c", "command", "media", "merged", NULL };
  UcSqliteState state;
  g_autoptr (GError) error = NULL;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (kit->path, &state, &error);
  sqlite3_stmt *statement = NULL;
  guint seen = 0;

  g_assert_no_error (error);
  ask_everything (sqlite);
  while ((statement = sqlite3_next_stmt (sqlite->db, statement)) != NULL)
    {
      g_autofree char *sql = g_strconcat ("EXPLAIN QUERY PLAN ", sqlite3_sql (statement), NULL);
      sqlite3_stmt *plan = NULL;

      if (g_str_has_prefix (sqlite3_sql (statement), "EXPLAIN"))
        continue;
      seen++;
      g_assert_cmpint (sqlite3_prepare_v2 (sqlite->db, sql, -1, &plan, NULL), ==, SQLITE_OK);
      while (sqlite3_step (plan) == SQLITE_ROW)
        {
          const char *line = (const char *)sqlite3_column_text (plan, 3);
          g_auto (GStrv) words = g_strsplit (line, " ", 3);

          if (strcmp (words[0], "SCAN") == 0 && g_strv_contains (growing, words[1])
              && strstr (line, "interaction_live") == NULL && strstr (line, "interaction_saving") == NULL
              && strstr (line, "interaction_unread") == NULL)
            g_error ("%s: %s", line, sql);
        }
      sqlite3_finalize (plan);
    }
  g_assert_cmpuint (seen, >, 1U << 10);
}

/* More questions than the queue takes: the rest is refused at once, none is forgotten. */
typedef struct
{
  guint told, ok, refused;
} Crowd;

static void
on_crowd (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Crowd *crowd = data;

  crowd->told++;
  crowd->ok += result == UC_STORE_OK;
  crowd->refused += result == UC_STORE_UNAVAILABLE && strstr (why, "too many") != NULL;
}

static void
test_too_many_reads (Kit *kit, gconstpointer data)
{
  enum
  {
    N = 20000
  };
  Crowd crowd = { 0 };

  do_list (kit);
  for (int i = 0; i < N; i++)
    uc_store_events (kit->store, 0, NULL, 1000, on_crowd, &crowd);
  while (crowd.told < N)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (crowd.ok + crowd.refused, ==, N);
  g_assert_cmpuint (crowd.ok, >=, 4096);
  g_assert_cmpuint (crowd.refused, >, 0);
}

#define ADD(name, func) g_test_add ("/store/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("definitions", test_definitions);
  ADD ("agent-status", test_agent_status);
  ADD ("interaction-life", test_interaction_life);
  ADD ("ended-by-agent", test_ended_by_agent);
  ADD ("load-order", test_load_order);
  ADD ("messages", test_messages);
  ADD ("messages-interleaved", test_messages_interleaved);
  ADD ("message-states", test_message_states);
  ADD ("outbox", test_outbox);
  ADD ("undecided", test_undecided);
  ADD ("late-sent-id", test_late_sent_id);
  ADD ("external-ids", test_external_ids);
  ADD ("conversation", test_conversation);
  ADD ("order", test_order);
  ADD ("no-callback", test_no_callback);
  ADD ("large-batch", test_large_batch);
  ADD ("conflict", test_conflict);
  ADD ("conflict-without-events", test_conflict_without_events);
  ADD ("conflicts", test_conflicts);
  ADD ("numbers", test_numbers);
  ADD ("command", test_command);
  ADD ("credential", test_credential);
  ADD ("session", test_session);
  ADD ("kv", test_kv);
  ADD ("pruning", test_pruning);
  ADD ("list", test_list);
  ADD ("list-pages", test_list_pages);
  ADD ("events", test_events);
  ADD ("plans", test_plans);
  ADD ("too-many-reads", test_too_many_reads);
  return g_test_run ();
}
