/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of replies: completed at once, later, from a thread, twice, late, never.
 */
#include "tests/core/plugin/harness.h"

static UsherReply *
send_line (UsherInstance *instance, gint64 timeout, TestAnswer *answer)
{
  UsherLine line = { .struct_size = sizeof line, .text = "hello" };
  UsherReply *reply = uc_reply_new (instance, timeout, test_on_answer, answer);

  test_plugin->channel.send (instance->self, &line, reply);
  return reply;
}

static void
test_reply_at_once (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = at-once");
  TestAnswer answer = { 0 };
  UsherReply *reply = send_line (instance, 1000, &answer);

  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_OK);
  g_assert_cmpstr (answer.external_id, ==, "x1");
  /* Not UTF-8 as it came. */
  g_assert_true (g_utf8_validate (answer.customer, -1, NULL));
  g_assert_true (g_str_has_prefix (answer.customer, "Ada "));
  g_assert_cmpstr (answer.identity, ==, "u1");
  g_assert_true (test_host->cancelled (reply));
  test_stop_and_free (instance);
  test_answer_clear (&answer);
}

static void
test_reply_later_and_from_thread (void)
{
  static const char *const modes[] = { "send = later", "send = thread" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, modes[i]);
      TestAnswer answer = { 0 };

      send_line (instance, 10000, &answer);
      g_assert_cmpuint (answer.count, ==, 0);
      TEST_WAIT_FOR (answer.count > 0);
      g_assert_cmpint (answer.status, ==, USHER_OK);
      g_assert_cmpstr (answer.external_id, ==, "x1");
      test_stop_and_free (instance);
      g_assert_cmpuint (answer.count, ==, 1);
      test_answer_clear (&answer);
    }
  test_assert_logged ("host->instance_state from a thread of its own");
}

static void
test_reply_twice (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = twice");
  TestAnswer answer = { 0 };

  send_line (instance, 1000, &answer);
  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_OK);
  test_assert_logged ("channel:site (plugin obliging)|not open|ignored");
  test_stop_and_free (instance);
  g_assert_cmpuint (answer.count, ==, 1);
  test_answer_clear (&answer);
}

static void
test_reply_without_result (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = no-result");
  TestAnswer answer = { 0 };

  send_line (instance, 1000, &answer);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  g_assert_cmpstr (answer.message, ==, "the plugin answered without a result");
  test_stop_and_free (instance);
  test_answer_clear (&answer);
}

static void
test_reply_time_out_and_late (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = late");
  TestAnswer answer = { 0 };
  UsherReply *reply = send_line (instance, 20, &answer);

  g_assert_false (test_host->cancelled (reply));
  TEST_WAIT_FOR (answer.count > 0);
  g_assert_cmpint (answer.status, ==, USHER_UNCERTAIN);
  test_assert_words (answer.message, "20 ms");
  g_assert_true (test_host->cancelled (reply));
  test_assert_logged ("site: the plugin did not answer within 20 ms");
  /* Completed late, in stop: nobody hears of it, and it is no mistake of the plugin. */
  test_stop_and_free (instance);
  g_assert_cmpuint (answer.count, ==, 1);
  test_assert_not_logged ("not open");
  test_answer_clear (&answer);
}

static void
test_reply_cancelled_at_stop (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = never");
  TestAnswer answer = { 0 };
  UsherReply *reply = send_line (instance, 0, &answer);
  const UsherResult result = { .struct_size = sizeof result };

  uc_instance_times.stop = 20;
  uc_instance_stop (instance, test_on_stopped, NULL);
  test_settle ();
  /* stop answered at once, but one reply is open. */
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPING);
  TEST_WAIT_FOR (test_stops == 1);
  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_CANCELLED);
  g_assert_true (test_host->cancelled (reply));
  test_assert_logged ("1 replies open");
  uc_instance_free (instance);
  /* After everything is gone. */
  test_host->complete (reply, &result);
  g_assert_cmpuint (answer.count, ==, 1);
  test_assert_logged ("channel:site (plugin obliging)|its instance is gone");
  uc_instance_times.stop = 10000;
  test_answer_clear (&answer);
}

static void
test_reply_unknown (void)
{
  const UsherResult result = { .struct_size = sizeof result };

  test_host->complete (GSIZE_TO_POINTER (G_MAXSIZE), &result);
  test_host->complete (NULL, &result);
  test_assert_logged ("a plugin completed a reply that is not open");
}

static void
free_instance (gpointer data, const UsherResult *result)
{
  uc_instance_free (data);
}

static void
test_reply_frees_instance (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  UsherReply *reply = uc_reply_new (instance, 1000, free_instance, instance);
  const UsherResult result = { .struct_size = sizeof result };

  test_host->complete (reply, &result);
  test_settle ();
}

static void
test_results_of_all_ages (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  UsherResult old = { .struct_size = offsetof (UsherResult, external_id),
                      .status = USHER_RETRY,
                      .message = "old",
                      .retry_after_ms = -5,
                      .external_id = (const char *)0x10 };
  UsherResult absurd = { .struct_size = 3, .status = USHER_OK };
  UsherResult unknown = { .struct_size = sizeof unknown, .status = 99 };
  TestAnswer answer = { 0 };

  test_host->complete (uc_reply_new (instance, 0, test_on_answer, &answer), &old);
  g_assert_cmpint (answer.status, ==, USHER_RETRY);
  g_assert_null (answer.external_id);
  test_answer_clear (&answer);
  test_host->complete (uc_reply_new (instance, 0, test_on_answer, &answer), &absurd);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  test_assert_words (answer.message, "struct_size");
  test_answer_clear (&answer);
  test_host->complete (uc_reply_new (instance, 0, test_on_answer, &answer), &unknown);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  test_assert_words (answer.message, "status that does not exist");
  test_answer_clear (&answer);
  test_stop_and_free (instance);
}

#define STORM 2000

static gpointer
storm_thread (gpointer data)
{
  UsherReply **replies = data;
  const UsherResult result = { .struct_size = sizeof result, .external_id = "from a thread" };

  for (int i = 0; i < STORM; i++)
    test_host->complete (replies[i], &result);
  return NULL;
}

static void
count_answer (gpointer data, const UsherResult *result)
{
  (*(guint *)data)++;
}

/* Two threads and the main thread race for the same replies: each is answered once. */
static void
test_reply_race (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  UsherReply *replies[STORM];
  const UsherResult result = { .struct_size = sizeof result };
  GThread *threads[2];
  guint answered = 0;

  for (int i = 0; i < STORM; i++)
    replies[i] = uc_reply_new (instance, 60000, count_answer, &answered);
  for (int t = 0; t < 2; t++)
    threads[t] = g_thread_new ("storm", storm_thread, replies);
  for (int i = STORM - 1; i >= 0; i--)
    test_host->complete (replies[i], &result);
  for (int t = 0; t < 2; t++)
    g_thread_join (threads[t]);
  TEST_WAIT_FOR (answered >= STORM);
  test_settle ();
  g_assert_cmpuint (answered, ==, STORM);
  test_stop_and_free (instance);
}

int
main (int argc, char **argv)
{
  test_harness_init (&argc, &argv);
  g_test_add_func ("/plugin/reply/at-once", test_reply_at_once);
  g_test_add_func ("/plugin/reply/later-and-from-a-thread", test_reply_later_and_from_thread);
  g_test_add_func ("/plugin/reply/twice", test_reply_twice);
  g_test_add_func ("/plugin/reply/without-result", test_reply_without_result);
  g_test_add_func ("/plugin/reply/time-out-and-late", test_reply_time_out_and_late);
  g_test_add_func ("/plugin/reply/cancelled-at-stop", test_reply_cancelled_at_stop);
  g_test_add_func ("/plugin/reply/unknown-handle", test_reply_unknown);
  g_test_add_func ("/plugin/reply/that-frees-the-instance", test_reply_frees_instance);
  g_test_add_func ("/plugin/reply/results-of-all-ages", test_results_of_all_ages);
  g_test_add_func ("/plugin/reply/race-between-threads", test_reply_race);
  return test_harness_run ();
}
