/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the life of instances: start, retry, stop, and failing at each of them.
 */
#include "tests/core/plugin/harness.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "core/base/clock.h"

static void
test_life (void)
{
  UsherInstance *instance = test_start (UC_KIND_CHANNEL, "");
  g_autofree char *dir = g_build_filename (test_data_root, "channel-site", NULL);
  struct stat st;

  g_assert_cmpstr (instance->mount, ==, "/channel/site");
  g_assert_cmpstr (instance->data_dir, ==, dir);
  g_assert_cmpint (stat (dir, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  /* start was completed from inside the slot; what follows is for the loop. */
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STARTING);
  TEST_WAIT_FOR (uc_instance_is_running (instance));
  g_assert_cmpuint (test_routes, ==, 1);
  g_assert_cmpuint (test_unroutes, ==, 0);
  g_assert_cmpuint (instance->attempts, ==, 0);
  uc_instance_stop (instance, test_on_stopped, NULL);
  uc_instance_stop (instance, test_on_stopped, NULL);
  TEST_WAIT_FOR (test_stops == 2);
  g_assert_cmpuint (test_unroutes, >, 0);
  g_assert_cmpstr (test_states->str, ==, "starting running stopping stopped");
  test_assert_logged ("usher-obliging 6 site: create|site: start|site: stop|site: destroy");
  /* And once more. */
  uc_instance_start (instance);
  TEST_WAIT_FOR (uc_instance_is_running (instance));
  test_stop_and_free (instance);
}

static void
test_minimal_slots (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "mount = /people");

  g_assert_cmpstr (instance->mount, ==, "/people");
  g_assert_cmpstr (test_host->mount (instance), ==, "/people");
  g_assert_null (uc_instance_capabilities (instance));
  test_stop_and_free (instance);
  instance = test_start_running (UC_KIND_FRONTEND, "mount = /");
  g_assert_cmpstr (test_host->mount (instance), ==, "");
  test_stop_and_free (instance);
}

static void
test_data_dir_is_made_private (void)
{
  UsherInstance *instance = test_instance_new (UC_KIND_CRM, "open", "");
  struct stat st;

  g_assert_cmpint (g_mkdir_with_parents (instance->data_dir, 0755), ==, 0);
  g_assert_cmpint (g_chmod (instance->data_dir, 0755), ==, 0);
  uc_instance_start (instance);
  g_assert_cmpint (stat (instance->data_dir, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  test_stop_and_free (instance);
}

static void
test_data_dir_in_the_way (void)
{
  UsherInstance *instance = test_instance_new (UC_KIND_CRM, "blocked", "");

  g_assert_true (g_file_set_contents (instance->data_dir, "x", 1, NULL));
  uc_instance_start (instance);
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_FAILED);
  test_assert_words (instance->status_message, "data folder|crm-blocked");
  uc_instance_free (instance);
}

static void
test_start_modes (void)
{
  static const char *const modes[] = { "start = later", "start = thread", "start = twice" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    test_stop_and_free (test_start_running (UC_KIND_CHANNEL, modes[i]));
}

static void
test_create_fails (void)
{
  static const struct
  {
    const char *body;
    UcInstanceState state;
    UsherStatus status;
    const char *words;
  } rows[] = { { "create = failed", UC_INSTANCE_FAILED, USHER_FAILED, "the sky has fallen" },
               { "create = unconfigured", UC_INSTANCE_SKIPPED, USHER_NOT_CONFIGURED, "nothing to do" },
               { "create = silent", UC_INSTANCE_FAILED, USHER_FAILED, "NULL without a reason" },
               { "create = incapable", UC_INSTANCE_FAILED, USHER_FAILED, "capabilities" },
               { "create = unsettled", UC_INSTANCE_FAILED, USHER_FAILED, "settle_ms" },
               { "create = shut", UC_INSTANCE_FAILED, USHER_FAILED, "tagged" },
               { "create = unmeasured", UC_INSTANCE_FAILED, USHER_FAILED, "text_unit" } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      UsherInstance *instance = test_start (UC_KIND_CHANNEL, rows[i].body);

      g_assert_cmpint (instance->state, ==, rows[i].state);
      g_assert_cmpint (instance->status, ==, rows[i].status);
      test_assert_words (instance->status_message, rows[i].words);
      g_assert_null (instance->self);
      g_assert_cmpint (instance->retry_at, ==, 0);
      test_assert_logged (rows[i].words);
      test_stop_and_free (instance);
    }
}

static void
test_start_fails_for_good (void)
{
  UsherInstance *instance = test_start (UC_KIND_CHANNEL, "start = failed");

  TEST_WAIT_FOR (instance->state == UC_INSTANCE_FAILED);
  g_assert_cmpstr (instance->status_message, ==, "as the settings say");
  g_assert_null (instance->self);
  g_assert_cmpuint (test_unroutes, >, 0);
  test_assert_not_logged ("site: stop");
  test_assert_logged ("site: destroy|3 site: failed to start: as the settings say");
  uc_instance_free (instance);
}

static void
test_back_off (void)
{
  UsherInstance *instance;

  uc_instance_times.backoff = 10;
  uc_instance_times.backoff_max = 60;
  instance = test_start (UC_KIND_CHANNEL, "create = retry");
  for (guint i = 0; i < 8; i++)
    {
      gint64 longest = MIN (10 << i, 60) * 12 / 10, due = instance->retry_at;

      g_assert_cmpint (instance->state, ==, UC_INSTANCE_WAITING);
      g_assert_cmpuint (instance->attempts, ==, i + 1);
      g_assert_cmpint (instance->status, ==, USHER_RETRY);
      /* The clock may have gone on since, but only forwards. */
      g_assert_cmpint (due - uc_clock_now (), <=, longest);
      TEST_WAIT_FOR (instance->attempts == i + 2);
      g_assert_cmpint (uc_clock_now (), >=, due);
    }
  test_assert_logged ("could not start: the sky is cloudy; tried again in");
  test_stop_and_free (instance);
  uc_instance_times.backoff = 1000;
  uc_instance_times.backoff_max = 60000;
}

static void
test_start_again_while_waiting (void)
{
  UsherInstance *instance = test_start (UC_KIND_CHANNEL, "create = retry");

  g_assert_cmpint (instance->state, ==, UC_INSTANCE_WAITING);
  uc_instance_start (instance);
  g_assert_cmpuint (instance->attempts, ==, 1);
  g_assert_cmpstr (test_states->str, ==, "starting waiting starting waiting");
  test_stop_and_free (instance);
}

static void
stop_from_reply (gpointer data, const UsherResult *result)
{
  uc_instance_stop (data, test_on_stopped, NULL);
}

/* The plugin is inside `send` when it is told to stop: its `stop` must not run before `send` returned. */
static void
test_stop_from_inside_a_slot (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "send = at-once");
  UsherLine line = { .struct_size = sizeof line, .text = "hello" };

  test_plugin->channel.send (instance->self, &line, uc_reply_new (instance, 0, stop_from_reply, instance));
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPING);
  test_assert_not_logged ("site: stop");
  TEST_WAIT_FOR (test_stops == 1);
  test_assert_logged ("site: stop|site: destroy");
  uc_instance_free (instance);
}

static void
test_start_retry (void)
{
  UsherInstance *instance;

  uc_instance_times.backoff = 5;
  instance = test_start (UC_KIND_CHANNEL, "start = retry");
  TEST_WAIT_FOR (instance->attempts == 3 && instance->state == UC_INSTANCE_WAITING);
  g_assert_null (instance->self);
  test_assert_not_logged ("site: stop");
  test_assert_logged ("site: create|site: destroy");
  test_stop_and_free (instance);
  uc_instance_times.backoff = 1000;
}

static void
test_start_time_out (void)
{
  UsherInstance *instance;

  uc_instance_times.start = 20;
  instance = test_start (UC_KIND_CHANNEL, "start = never");
  TEST_WAIT_FOR (instance->state == UC_INSTANCE_WAITING);
  g_assert_null (instance->self);
  g_assert_cmpint (instance->status, ==, USHER_UNCERTAIN);
  test_assert_words (instance->status_message, "did not answer within 20 ms");
  /* It may have been about to start, so it is stopped properly. */
  test_assert_logged ("site: stop|site: destroy");
  test_stop_and_free (instance);
  uc_instance_times.start = 30000;
}

static void
test_stop_while_starting (void)
{
  UsherInstance *instance = test_start (UC_KIND_CHANNEL, "start = never");

  test_stop_and_free (instance);
  g_assert_cmpstr (test_states->str, ==, "starting stopping stopped");
  test_assert_logged ("site: start|site: stop|site: destroy");
  /* The outcome of start is known but not yet acted on. */
  instance = test_start (UC_KIND_CHANNEL, "start = at-once");
  test_stop_and_free (instance);
  g_assert_cmpstr (test_states->str, ==, "starting stopping stopped");
}

static void
test_stop_modes (void)
{
  static const char *const modes[] = { "stop = later", "stop = thread", "stop = twice", "stop = failed" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      test_stop_and_free (test_start_running (UC_KIND_CHANNEL, modes[i]));
      test_assert_logged ("site: destroy");
    }
}

static void
test_stop_that_never_ends (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "stop = never");

  uc_instance_times.stop = 20;
  test_stop_and_free (instance);
  test_assert_logged ("did not stop within|site: destroy");
  uc_instance_times.stop = 10000;
}

static void
test_stop_when_not_running (void)
{
  UsherInstance *instance = test_instance_new (UC_KIND_CHANNEL, "site", "");

  test_stop_and_free (instance);
  test_assert_not_logged ("destroy");
}

static void
test_free_while_running (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "");

  uc_instance_free (instance);
  test_assert_logged ("site: destroy");
  test_settle ();
}

static void
test_capabilities (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "");
  const UsherChannelCapabilities *capabilities = uc_instance_capabilities (instance);

  g_assert_cmpuint (capabilities->struct_size, ==, sizeof *capabilities);
  g_assert_cmpstr (capabilities->network, ==, "test");
  g_assert_cmpint (capabilities->max_text, ==, 100);
  g_assert_cmpint (capabilities->receipts_read, ==, USHER_NATIVE);
  test_stop_and_free (instance);
}

static void
test_words (void)
{
  g_assert_cmpstr (uc_status_word (USHER_OK), ==, "ok");
  g_assert_cmpstr (uc_status_word (USHER_FAILED), ==, "failed");
  g_assert_cmpstr (uc_status_word (99), ==, "failed");
  g_assert_cmpstr (uc_kind_word (UC_KIND_FRONTEND), ==, "frontend");
  g_assert_cmpstr (uc_instance_state_word (UC_INSTANCE_SKIPPED), ==, "skipped");
}

int
main (int argc, char **argv)
{
  test_harness_init (&argc, &argv);
  g_test_add_func ("/plugin/instance/life", test_life);
  g_test_add_func ("/plugin/instance/without-optional-slots", test_minimal_slots);
  g_test_add_func ("/plugin/instance/data-folder-is-made-private", test_data_dir_is_made_private);
  g_test_add_func ("/plugin/instance/data-folder-in-the-way", test_data_dir_in_the_way);
  g_test_add_func ("/plugin/instance/start-answered-in-every-way", test_start_modes);
  g_test_add_func ("/plugin/instance/create-fails", test_create_fails);
  g_test_add_func ("/plugin/instance/start-fails-for-good", test_start_fails_for_good);
  g_test_add_func ("/plugin/instance/back-off-doubles-to-a-limit", test_back_off);
  g_test_add_func ("/plugin/instance/start-retried", test_start_retry);
  g_test_add_func ("/plugin/instance/start-again-while-waiting", test_start_again_while_waiting);
  g_test_add_func ("/plugin/instance/stop-from-inside-a-slot", test_stop_from_inside_a_slot);
  g_test_add_func ("/plugin/instance/start-that-never-answers", test_start_time_out);
  g_test_add_func ("/plugin/instance/stop-while-starting", test_stop_while_starting);
  g_test_add_func ("/plugin/instance/stop-answered-in-every-way", test_stop_modes);
  g_test_add_func ("/plugin/instance/stop-that-never-answers", test_stop_that_never_ends);
  g_test_add_func ("/plugin/instance/stop-when-not-running", test_stop_when_not_running);
  g_test_add_func ("/plugin/instance/free-while-running", test_free_while_running);
  g_test_add_func ("/plugin/instance/capabilities", test_capabilities);
  g_test_add_func ("/plugin/words", test_words);
  return test_harness_run ();
}
