/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the life of instances, of replies completed in every way, and of the host table.
 */
#include "core/plugin/instance-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/clock.h"
#include "tests/core/plugin/fixture.h"

static UcLoop *loop;
static UcLoader *loader;
static const UcPlugin *plugin;
static const UsherHost *host;
static char *data_root;

static GString *states; /* of state_changed */
static guint routes, unroutes, stops;

static GMutex log_lock;
static GString *logged;

/* ---- fakes -------------------------------------------------------------------------------------------------- */

static const char *
field (const GLogField *fields, gsize n, const char *key)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (fields[i].key, key) == 0)
      return fields[i].value;
  return NULL;
}

static GLogWriterOutput
keep_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  const char *domain = field (fields, n, "GLIB_DOMAIN");

  if (domain == NULL || !g_str_has_prefix (domain, "usher-"))
    return g_log_writer_default (level, fields, n, data);
  g_mutex_lock (&log_lock);
  g_string_append_printf (logged, "%s %s %s\n", domain, field (fields, n, "PRIORITY"),
                          field (fields, n, "MESSAGE"));
  g_mutex_unlock (&log_lock);
  return G_LOG_WRITER_HANDLED;
}

static char *
take_log (void)
{
  char *text;

  g_mutex_lock (&log_lock);
  text = g_strdup (logged->str);
  g_string_truncate (logged, 0);
  g_mutex_unlock (&log_lock);
  return text;
}

/* What was logged so far has these words; the log is then empty. */
static void
assert_logged (const char *words)
{
  g_autofree char *text = take_log ();

  test_assert_words (text, words);
}

static void
assert_not_logged (const char *word)
{
  g_mutex_lock (&log_lock);
  if (strstr (logged->str, word) != NULL)
    g_error ("unexpectedly logged: %s", logged->str);
  g_mutex_unlock (&log_lock);
}

static void
on_state (UsherInstance *instance)
{
  g_string_append_printf (states, "%s%s", states->len > 0 ? " " : "", uc_instance_state_word (instance->state));
}

static bool
on_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  routes++;
  g_assert_cmpuint (max_body, ==, 65536);
  return true;
}

static void
on_unroute (UsherInstance *instance)
{
  unroutes++;
}

/* What the services were last asked, and with what to answer. */
static struct
{
  size_t count;
  char *text;
  UsherDelivered delivered;
  UsherHistory history;
  void (*kv_get) (void *, const char *, size_t);
  void (*kv_set) (void *, const UsherResult *);
  void *data;
  int limit;
} asked;

static void
on_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
            void *data)
{
  asked.count = count;
  g_free (asked.text);
  asked.text = g_strdup (items[0]->text);
  g_assert_cmpuint (items[0]->struct_size, ==, sizeof (UsherInbound));
  asked.delivered = done;
  asked.data = data;
}

static void
on_history (UsherInstance *instance, const char *user, int64_t after, int limit, UsherHistory done, void *data)
{
  asked.history = done;
  asked.data = data;
  asked.limit = limit;
}

static void
on_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  asked.kv_get = done;
  asked.data = data;
}

static void
on_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
           void (*done) (void *, const UsherResult *), void *data)
{
  asked.kv_set = done;
  asked.data = data;
}

static UsherResponse responded;

static void
on_respond (UsherExchange *exchange, const UsherResponse *response)
{
  responded = *response;
}

static const UcHostServices services = { .kv_get = on_kv_get,
                                         .kv_set = on_kv_set,
                                         .deliver = on_deliver,
                                         .history = on_history,
                                         .route = on_route,
                                         .unroute = on_unroute,
                                         .http_respond = on_respond,
                                         .state_changed = on_state };

/* ---- helpers ------------------------------------------------------------------------------------------------ */

static void
set_true (gpointer data)
{
  *(gboolean *)data = TRUE;
}

/* Everything that is due now is done. */
static void
settle (void)
{
  for (int i = 0; i < 5; i++)
    {
      gboolean done = FALSE;

      uc_loop_timer_in (loop, 0, set_true, &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
    }
}

#define WAIT_FOR(condition)                                                                                       \
  while (!(condition))                                                                                            \
  g_main_context_iteration (NULL, TRUE)

static UsherInstance *
instance_new (UcKind kind, const char *name, const char *body)
{
  g_autofree char *text = g_strdup_printf ("[%s:%s]\nplugin = obliging\n%s%s\n", uc_kind_word (kind), name,
                                           kind == UC_KIND_CHANNEL ? "queue = q\n" : "", body);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse (text, "f", problems);
  const UsherSetting *const *const tables[]
      = { uc_instance_common_settings (kind), plugin->descriptor.settings, NULL };
  const UcSettingsContext context = { .data_dir = data_root };
  UcSettings *settings
      = uc_settings_parse (uc_conf_section (conf, uc_kind_word (kind), name), tables, &context, problems);
  static const TestProblem none[] = { { NULL } };

  test_assert_problems (problems, none);
  g_string_truncate (states, 0);
  routes = unroutes = stops = 0;
  g_free (take_log ());
  return uc_instance_new (loop, kind, name, plugin, settings, data_root);
}

static UsherInstance *
start (UcKind kind, const char *body)
{
  UsherInstance *instance = instance_new (kind, "site", body);

  uc_instance_start (instance);
  return instance;
}

static UsherInstance *
start_running (UcKind kind, const char *body)
{
  UsherInstance *instance = start (kind, body);

  WAIT_FOR (uc_instance_is_running (instance));
  return instance;
}

static void
on_stopped (UsherInstance *instance, gpointer data)
{
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPED);
  g_assert_null (instance->self);
  stops++;
}

static void
stop_and_free (UsherInstance *instance)
{
  guint before = stops;

  uc_instance_stop (instance, on_stopped, NULL);
  g_assert_cmpuint (stops, ==, before);
  WAIT_FOR (stops > before);
  uc_instance_free (instance);
}

/* ---- life --------------------------------------------------------------------------------------------------- */

static void
test_life (void)
{
  UsherInstance *instance = start (UC_KIND_CHANNEL, "");
  g_autofree char *dir = g_build_filename (data_root, "channel-site", NULL);
  struct stat st;

  g_assert_cmpstr (instance->mount, ==, "/channel/site");
  g_assert_cmpstr (instance->data_dir, ==, dir);
  g_assert_cmpint (stat (dir, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  /* start was completed from inside the slot; what follows is for the loop. */
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STARTING);
  WAIT_FOR (uc_instance_is_running (instance));
  g_assert_cmpuint (routes, ==, 1);
  g_assert_cmpuint (unroutes, ==, 0);
  g_assert_cmpuint (instance->attempts, ==, 0);
  uc_instance_stop (instance, on_stopped, NULL);
  uc_instance_stop (instance, on_stopped, NULL);
  WAIT_FOR (stops == 2);
  g_assert_cmpuint (unroutes, >, 0);
  g_assert_cmpstr (states->str, ==, "starting running stopping stopped");
  assert_logged ("usher-obliging 6 site: create|site: start|site: stop|site: destroy");
  /* And once more. */
  uc_instance_start (instance);
  WAIT_FOR (uc_instance_is_running (instance));
  stop_and_free (instance);
}

static void
test_minimal_slots (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "mount = /people");

  g_assert_cmpstr (instance->mount, ==, "/people");
  g_assert_cmpstr (host->mount (instance), ==, "/people");
  g_assert_null (uc_instance_capabilities (instance));
  stop_and_free (instance);
  instance = start_running (UC_KIND_FRONTEND, "mount = /");
  g_assert_cmpstr (host->mount (instance), ==, "");
  stop_and_free (instance);
}

static void
test_data_dir_is_made_private (void)
{
  UsherInstance *instance = instance_new (UC_KIND_CRM, "open", "");
  struct stat st;

  g_assert_cmpint (g_mkdir_with_parents (instance->data_dir, 0755), ==, 0);
  g_assert_cmpint (g_chmod (instance->data_dir, 0755), ==, 0);
  uc_instance_start (instance);
  g_assert_cmpint (stat (instance->data_dir, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  stop_and_free (instance);
}

static void
test_data_dir_in_the_way (void)
{
  UsherInstance *instance = instance_new (UC_KIND_CRM, "blocked", "");

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
    stop_and_free (start_running (UC_KIND_CHANNEL, modes[i]));
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
               { "create = incapable", UC_INSTANCE_FAILED, USHER_FAILED, "capabilities" } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      UsherInstance *instance = start (UC_KIND_CHANNEL, rows[i].body);

      g_assert_cmpint (instance->state, ==, rows[i].state);
      g_assert_cmpint (instance->status, ==, rows[i].status);
      test_assert_words (instance->status_message, rows[i].words);
      g_assert_null (instance->self);
      g_assert_cmpint (instance->retry_at, ==, 0);
      assert_logged (rows[i].words);
      stop_and_free (instance);
    }
}

static void
test_start_fails_for_good (void)
{
  UsherInstance *instance = start (UC_KIND_CHANNEL, "start = failed");

  WAIT_FOR (instance->state == UC_INSTANCE_FAILED);
  g_assert_cmpstr (instance->status_message, ==, "as the settings say");
  g_assert_null (instance->self);
  g_assert_cmpuint (unroutes, >, 0);
  assert_not_logged ("site: stop");
  assert_logged ("site: destroy|3 site: failed to start: as the settings say");
  uc_instance_free (instance);
}

static void
test_back_off (void)
{
  UsherInstance *instance;

  uc_instance_times.backoff = 10;
  uc_instance_times.backoff_max = 60;
  instance = start (UC_KIND_CHANNEL, "create = retry");
  for (guint i = 0; i < 8; i++)
    {
      gint64 longest = MIN (10 << i, 60) * 12 / 10, due = instance->retry_at;

      g_assert_cmpint (instance->state, ==, UC_INSTANCE_WAITING);
      g_assert_cmpuint (instance->attempts, ==, i + 1);
      g_assert_cmpint (instance->status, ==, USHER_RETRY);
      /* The clock may have gone on since, but only forwards. */
      g_assert_cmpint (due - uc_clock_now (), <=, longest);
      WAIT_FOR (instance->attempts == i + 2);
      g_assert_cmpint (uc_clock_now (), >=, due);
    }
  assert_logged ("could not start: the sky is cloudy; tried again in");
  stop_and_free (instance);
  uc_instance_times.backoff = 1000;
  uc_instance_times.backoff_max = 60000;
}

static void
test_start_again_while_waiting (void)
{
  UsherInstance *instance = start (UC_KIND_CHANNEL, "create = retry");

  g_assert_cmpint (instance->state, ==, UC_INSTANCE_WAITING);
  uc_instance_start (instance);
  g_assert_cmpuint (instance->attempts, ==, 1);
  g_assert_cmpstr (states->str, ==, "starting waiting starting waiting");
  stop_and_free (instance);
}

static void
stop_from_reply (gpointer data, const UsherResult *result)
{
  uc_instance_stop (data, on_stopped, NULL);
}

/* The plugin is inside `send` when it is told to stop: its `stop` must not run before `send` returned. */
static void
test_stop_from_inside_a_slot (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = at-once");
  UsherLine line = { .struct_size = sizeof line, .text = "hello" };

  plugin->channel.send (instance->self, &line, uc_reply_new (instance, 0, stop_from_reply, instance));
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPING);
  assert_not_logged ("site: stop");
  WAIT_FOR (stops == 1);
  assert_logged ("site: stop|site: destroy");
  uc_instance_free (instance);
}

static void
test_start_retry (void)
{
  UsherInstance *instance;

  uc_instance_times.backoff = 5;
  instance = start (UC_KIND_CHANNEL, "start = retry");
  WAIT_FOR (instance->attempts == 3 && instance->state == UC_INSTANCE_WAITING);
  g_assert_null (instance->self);
  assert_not_logged ("site: stop");
  assert_logged ("site: create|site: destroy");
  stop_and_free (instance);
  uc_instance_times.backoff = 1000;
}

static void
test_start_time_out (void)
{
  UsherInstance *instance;

  uc_instance_times.start = 20;
  instance = start (UC_KIND_CHANNEL, "start = never");
  WAIT_FOR (instance->state == UC_INSTANCE_WAITING);
  g_assert_null (instance->self);
  g_assert_cmpint (instance->status, ==, USHER_UNCERTAIN);
  test_assert_words (instance->status_message, "did not answer within 20 ms");
  /* It may have been about to start, so it is stopped properly. */
  assert_logged ("site: stop|site: destroy");
  stop_and_free (instance);
  uc_instance_times.start = 30000;
}

static void
test_stop_while_starting (void)
{
  UsherInstance *instance = start (UC_KIND_CHANNEL, "start = never");

  stop_and_free (instance);
  g_assert_cmpstr (states->str, ==, "starting stopping stopped");
  assert_logged ("site: start|site: stop|site: destroy");
  /* The outcome of start is known but not yet acted on. */
  instance = start (UC_KIND_CHANNEL, "start = at-once");
  stop_and_free (instance);
  g_assert_cmpstr (states->str, ==, "starting stopping stopped");
}

static void
test_stop_modes (void)
{
  static const char *const modes[] = { "stop = later", "stop = thread", "stop = twice", "stop = failed" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      stop_and_free (start_running (UC_KIND_CHANNEL, modes[i]));
      assert_logged ("site: destroy");
    }
}

static void
test_stop_that_never_ends (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "stop = never");

  uc_instance_times.stop = 20;
  stop_and_free (instance);
  assert_logged ("did not stop within|site: destroy");
  uc_instance_times.stop = 10000;
}

static void
test_stop_when_not_running (void)
{
  UsherInstance *instance = instance_new (UC_KIND_CHANNEL, "site", "");

  stop_and_free (instance);
  assert_not_logged ("destroy");
}

static void
test_free_while_running (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "");

  uc_instance_free (instance);
  assert_logged ("site: destroy");
  settle ();
}

/* ---- replies ------------------------------------------------------------------------------------------------ */

typedef struct
{
  guint count;
  UsherStatus status;
  char *message, *external_id, *customer, *identity;
} Answer;

static void
on_answer (gpointer data, const UsherResult *result)
{
  Answer *answer = data;

  g_assert_true (uc_host_on_main ());
  g_assert_nonnull (result);
  g_assert_cmpuint (result->struct_size, ==, sizeof *result);
  answer->count++;
  answer->status = result->status;
  answer->message = g_strdup (result->message);
  answer->external_id = g_strdup (result->external_id);
  if (result->customers != NULL && result->customers[0] != NULL)
    {
      answer->customer = g_strdup (result->customers[0]->name);
      answer->identity = g_strdup (result->customers[0]->identities[0]->id);
      g_assert_null (result->customers[1]);
    }
}

static void
answer_clear (Answer *answer)
{
  g_free (answer->message);
  g_free (answer->external_id);
  g_free (answer->customer);
  g_free (answer->identity);
  memset (answer, 0, sizeof *answer);
}

static UsherReply *
send_line (UsherInstance *instance, gint64 timeout, Answer *answer)
{
  UsherLine line = { .struct_size = sizeof line, .text = "hello" };
  UsherReply *reply = uc_reply_new (instance, timeout, on_answer, answer);

  plugin->channel.send (instance->self, &line, reply);
  return reply;
}

static void
test_reply_at_once (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = at-once");
  Answer answer = { 0 };
  UsherReply *reply = send_line (instance, 1000, &answer);

  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_OK);
  g_assert_cmpstr (answer.external_id, ==, "x1");
  /* Not UTF-8 as it came. */
  g_assert_true (g_utf8_validate (answer.customer, -1, NULL));
  g_assert_true (g_str_has_prefix (answer.customer, "Ada "));
  g_assert_cmpstr (answer.identity, ==, "u1");
  g_assert_true (host->cancelled (reply));
  stop_and_free (instance);
  answer_clear (&answer);
}

static void
test_reply_later_and_from_thread (void)
{
  static const char *const modes[] = { "send = later", "send = thread" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      UsherInstance *instance = start_running (UC_KIND_CHANNEL, modes[i]);
      Answer answer = { 0 };

      send_line (instance, 10000, &answer);
      g_assert_cmpuint (answer.count, ==, 0);
      WAIT_FOR (answer.count > 0);
      g_assert_cmpint (answer.status, ==, USHER_OK);
      g_assert_cmpstr (answer.external_id, ==, "x1");
      stop_and_free (instance);
      g_assert_cmpuint (answer.count, ==, 1);
      answer_clear (&answer);
    }
  assert_logged ("host->instance_state from a thread of its own");
}

static void
test_reply_twice (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = twice");
  Answer answer = { 0 };

  send_line (instance, 1000, &answer);
  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_OK);
  assert_logged ("channel:site (plugin obliging)|not open|ignored");
  stop_and_free (instance);
  g_assert_cmpuint (answer.count, ==, 1);
  answer_clear (&answer);
}

static void
test_reply_without_result (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = no-result");
  Answer answer = { 0 };

  send_line (instance, 1000, &answer);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  g_assert_cmpstr (answer.message, ==, "the plugin answered without a result");
  stop_and_free (instance);
  answer_clear (&answer);
}

static void
test_reply_time_out_and_late (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = late");
  Answer answer = { 0 };
  UsherReply *reply = send_line (instance, 20, &answer);

  g_assert_false (host->cancelled (reply));
  WAIT_FOR (answer.count > 0);
  g_assert_cmpint (answer.status, ==, USHER_UNCERTAIN);
  test_assert_words (answer.message, "20 ms");
  g_assert_true (host->cancelled (reply));
  assert_logged ("site: the plugin did not answer within 20 ms");
  /* Completed late, in stop: nobody hears of it, and it is no mistake of the plugin. */
  stop_and_free (instance);
  g_assert_cmpuint (answer.count, ==, 1);
  assert_not_logged ("not open");
  answer_clear (&answer);
}

static void
test_reply_cancelled_at_stop (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "send = never");
  Answer answer = { 0 };
  UsherReply *reply = send_line (instance, 0, &answer);
  const UsherResult result = { .struct_size = sizeof result };

  uc_instance_times.stop = 20;
  uc_instance_stop (instance, on_stopped, NULL);
  settle ();
  /* stop answered at once, but one reply is open. */
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPING);
  WAIT_FOR (stops == 1);
  g_assert_cmpuint (answer.count, ==, 1);
  g_assert_cmpint (answer.status, ==, USHER_CANCELLED);
  g_assert_true (host->cancelled (reply));
  assert_logged ("1 replies open");
  uc_instance_free (instance);
  /* After everything is gone. */
  host->complete (reply, &result);
  g_assert_cmpuint (answer.count, ==, 1);
  assert_logged ("channel:site (plugin obliging)|its instance is gone");
  uc_instance_times.stop = 10000;
  answer_clear (&answer);
}

static void
test_reply_unknown (void)
{
  const UsherResult result = { .struct_size = sizeof result };

  host->complete (GSIZE_TO_POINTER (G_MAXSIZE), &result);
  host->complete (NULL, &result);
  assert_logged ("a plugin completed a reply that is not open");
}

static void
free_instance (gpointer data, const UsherResult *result)
{
  uc_instance_free (data);
}

static void
test_reply_frees_instance (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  UsherReply *reply = uc_reply_new (instance, 1000, free_instance, instance);
  const UsherResult result = { .struct_size = sizeof result };

  host->complete (reply, &result);
  settle ();
}

static void
test_results_of_all_ages (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  UsherResult old = { .struct_size = offsetof (UsherResult, external_id),
                      .status = USHER_RETRY,
                      .message = "old",
                      .retry_after_ms = -5,
                      .external_id = (const char *)0x10 };
  UsherResult absurd = { .struct_size = 3, .status = USHER_OK };
  UsherResult unknown = { .struct_size = sizeof unknown, .status = 99 };
  Answer answer = { 0 };

  host->complete (uc_reply_new (instance, 0, on_answer, &answer), &old);
  g_assert_cmpint (answer.status, ==, USHER_RETRY);
  g_assert_null (answer.external_id);
  answer_clear (&answer);
  host->complete (uc_reply_new (instance, 0, on_answer, &answer), &absurd);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  test_assert_words (answer.message, "struct_size");
  answer_clear (&answer);
  host->complete (uc_reply_new (instance, 0, on_answer, &answer), &unknown);
  g_assert_cmpint (answer.status, ==, USHER_FAILED);
  test_assert_words (answer.message, "status that does not exist");
  answer_clear (&answer);
  stop_and_free (instance);
}

#define STORM 2000

static gpointer
storm_thread (gpointer data)
{
  UsherReply **replies = data;
  const UsherResult result = { .struct_size = sizeof result, .external_id = "from a thread" };

  for (int i = 0; i < STORM; i++)
    host->complete (replies[i], &result);
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
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  UsherReply *replies[STORM];
  const UsherResult result = { .struct_size = sizeof result };
  GThread *threads[2];
  guint answered = 0;

  for (int i = 0; i < STORM; i++)
    replies[i] = uc_reply_new (instance, 60000, count_answer, &answered);
  for (int t = 0; t < 2; t++)
    threads[t] = g_thread_new ("storm", storm_thread, replies);
  for (int i = STORM - 1; i >= 0; i--)
    host->complete (replies[i], &result);
  for (int t = 0; t < 2; t++)
    g_thread_join (threads[t]);
  WAIT_FOR (answered >= STORM);
  settle ();
  g_assert_cmpuint (answered, ==, STORM);
  stop_and_free (instance);
}

/* ---- host table --------------------------------------------------------------------------------------------- */

static void
test_table_is_full (void)
{
  g_assert_cmpuint (host->struct_size, ==, sizeof *host);
  for (gsize offset = offsetof (UsherHost, log); offset < sizeof *host; offset += sizeof (void *))
    if (*(void *const *)((const char *)host + offset) == NULL)
      g_error ("the host table has a hole at offset %" G_GSIZE_FORMAT, offset);
}

static void
test_settings_slots (void)
{
  UsherInstance *instance
      = start_running (UC_KIND_CRM, "server = https://example.org/\nlimit = 7\npolite = false");
  g_autofree char *folder = g_build_filename (data_root, "files", NULL);

  g_assert_cmpstr (host->instance_name (instance), ==, "site");
  g_assert_cmpstr (host->get_string (instance, "server"), ==, "https://example.org/");
  g_assert_cmpstr (host->get_string (instance, "folder"), ==, folder);
  g_assert_null (host->get_string (instance, "token"));
  g_assert_cmpint (host->get_int (instance, "limit"), ==, 7);
  g_assert_cmpint (host->get_int (instance, "pause"), ==, 30000);
  g_assert_false (host->get_bool (instance, "polite"));
  g_assert_cmpstr (host->get_list (instance, "origins")[1], ==, "b");
  assert_not_logged ("asks for");
  g_assert_null (host->get_string (instance, "limit"));
  assert_logged ("'limit'|host->get_string|is a int");
  g_assert_cmpint (host->get_int (instance, "nope"), ==, 0);
  assert_logged ("'nope'|does not declare");
  g_assert_null (host->get_list (instance, "server")[0]);
  g_assert_false (host->get_bool (instance, NULL));
  g_assert_null (host->get_string (NULL, "server"));
  stop_and_free (instance);
}

static void
test_instance_state (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");

  g_string_truncate (states, 0);
  host->instance_state (instance, USHER_AUTH, "the token has expired");
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_ATTENTION);
  g_assert_true (uc_instance_is_running (instance));
  g_assert_cmpstr (instance->status_message, ==, "the token has expired");
  host->instance_state (instance, USHER_OK, NULL);
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_RUNNING);
  g_assert_null (instance->status_message);
  g_assert_cmpstr (states->str, ==, "attention running");
  assert_logged ("needs attention: the token has expired|works again");
  host->fail (instance, USHER_FAILED, "too late");
  assert_logged ("host->fail outside of create");
  stop_and_free (instance);
}

static void
test_everything_is_removed (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "");

  /* A timer and an invoke, both on their way when the instance goes. */
  plugin->channel.typing (instance->self, "u1", true);
  uc_instance_free (instance);
  g_usleep (2000);
  settle ();
  assert_not_logged ("invoked");
  instance = start_running (UC_KIND_CHANNEL, "");
  plugin->channel.typing (instance->self, "u1", true);
  for (guint n = 0; n < 2;)
    {
      g_autofree char *text = NULL;

      g_main_context_iteration (NULL, TRUE);
      text = take_log ();
      for (const char *p = text; (p = strstr (p, "invoked")) != NULL; p++)
        n++;
    }
  stop_and_free (instance);
}

static void
never (void *data)
{
  g_assert_not_reached ();
}

static void
test_timers (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  UsherInstance *other = instance_new (UC_KIND_CRM, "other", "");
  gboolean done = FALSE;
  uint64_t id = host->timer_add (instance, 0, never, NULL);
  uint64_t mine = host->timer_add (instance, 0, set_true, &done);

  g_assert_cmpuint (id, >, 0);
  host->timer_remove (instance, id);
  host->timer_remove (instance, id);
  host->timer_remove (instance, 0);
  /* Another's timer is out of reach. */
  host->timer_remove (other, mine);
  WAIT_FOR (done);
  host->timer_remove (instance, mine);
  g_assert_cmpuint (host->timer_add (instance, 5, NULL, NULL), ==, 0);
  uc_instance_free (other);
  stop_and_free (instance);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Answer *answer = data;

  answer->count++;
  answer->status = result->status;
  g_free (answer->message);
  answer->message = g_strdup (result->message);
}

static void
assert_not_delivered (UsherInstance *instance, const UsherInbound *item, size_t count, const char *words)
{
  const UsherInbound *items[] = { item, NULL };
  Answer answer = { 0 };

  host->deliver (instance, items, count, on_delivered, &answer);
  /* Never before deliver returned. */
  g_assert_cmpuint (answer.count, ==, 0);
  WAIT_FOR (answer.count > 0);
  g_assert_cmpint (answer.status, ==, USHER_INVALID);
  test_assert_words (answer.message, words);
  answer_clear (&answer);
}

static void
test_deliver (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "");
  const UsherResult ok = { .struct_size = sizeof ok };
  const UsherInbound good = { .struct_size = sizeof good,
                              .kind = USHER_INBOUND_MESSAGE,
                              .user_id = "u1",
                              .external_id = "m1",
                              .text = "hello" };
  const UsherInbound *items[] = { &good, NULL };
  UsherInbound bad = good;
  Answer answer = { 0 };
  const int64_t number = 1;

  host->deliver (instance, items, 1, on_delivered, &answer);
  g_assert_cmpuint (asked.count, ==, 1);
  g_assert_cmpstr (asked.text, ==, "hello");
  asked.delivered (asked.data, &ok, &number, 1);
  g_assert_cmpuint (answer.count, ==, 1);
  assert_not_delivered (instance, &good, 0, "no items");
  assert_not_delivered (instance, &good, 257, "256");
  assert_not_delivered (instance, NULL, 1, "NULL");
  bad.user_id = "";
  assert_not_delivered (instance, &bad, 1, "user_id");
  bad = good;
  bad.external_id = NULL;
  assert_not_delivered (instance, &bad, 1, "external_id");
  bad = good;
  bad.text = "\xff";
  assert_not_delivered (instance, &bad, 1, "text|UTF-8");
  bad = good;
  bad.kind = 9;
  assert_not_delivered (instance, &bad, 1, "kind");
  bad = good;
  bad.struct_size = 1;
  assert_not_delivered (instance, &bad, 1, "struct_size");
  stop_and_free (instance);
  answer_clear (&answer);
}

static void
never_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  g_assert_not_reached ();
}

static void
never_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
               const char *agent_name)
{
  g_assert_not_reached ();
}

static void
never_kv (void *data, const char *value, size_t len)
{
  g_assert_not_reached ();
}

static void
never_kv_set (void *data, const UsherResult *result)
{
  g_assert_not_reached ();
}

/* The services answer after the instance is gone: the plugin hears nothing. */
static void
test_answers_after_destroy (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "");
  const UsherResult ok = { .struct_size = sizeof ok };
  const UsherInbound good = { .struct_size = sizeof good,
                              .kind = USHER_INBOUND_RECEIPT,
                              .user_id = "u1",
                              .receipt = USHER_RECEIPT_READ,
                              .upto = 4 };
  const UsherInbound *items[] = { &good, NULL };
  const UsherLine *const none[] = { NULL };
  const int64_t number = 0;
  void *deliver_data, *history_data, *get_data;

  host->deliver (instance, items, 1, never_delivered, NULL);
  deliver_data = asked.data;
  host->history (instance, "u1", 0, 100000, never_history, NULL);
  g_assert_cmpint (asked.limit, ==, 500);
  history_data = asked.data;
  host->kv_get (instance, "key", never_kv, NULL);
  get_data = asked.data;
  host->kv_set (instance, "key", "v", 1, never_kv_set, NULL);
  /* Refused by the host itself, and just as silent. */
  host->deliver (instance, items, 0, never_delivered, NULL);
  uc_instance_free (instance);
  asked.delivered (deliver_data, &ok, &number, 1);
  asked.history (history_data, &ok, none, "none", NULL);
  asked.kv_get (get_data, NULL, 0);
  asked.kv_set (asked.data, &ok);
  settle ();
}

static void
keep_status (void *data, const UsherResult *result)
{
  *(int *)data = result->status;
}

static void
test_kv_limits (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  g_autofree char *long_key = g_strnfill (129, 'k');
  g_autofree char *large = g_malloc0 (64 * 1024 + 1);
  int status = -1;

  host->kv_set (instance, long_key, "v", 1, keep_status, &status);
  WAIT_FOR (status >= 0);
  g_assert_cmpint (status, ==, USHER_INVALID);
  status = -1;
  host->kv_set (instance, "k", large, 64 * 1024 + 1, keep_status, &status);
  WAIT_FOR (status >= 0);
  g_assert_cmpint (status, ==, USHER_INVALID);
  host->kv_set (instance, "k", large, 64 * 1024, NULL, NULL);
  asked.kv_set (asked.data, &(UsherResult){ .struct_size = sizeof (UsherResult) });
  assert_logged ("128 bytes|64 KiB");
  stop_and_free (instance);
}

static void
test_wrong_kind (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");

  g_assert_null (host->desk_open (instance, "127.0.0.1", NULL));
  assert_logged ("host->desk_open|for a frontend|as a crm");
  stop_and_free (instance);
}

static void
test_routes (void)
{
  static const char *const bad[] = { NULL, "", "hook", "/a/../b", "/a//b", "/a?b", "/a b", "/\xc3\xa4", "/.." };
  UsherInstance *instance = start_running (UC_KIND_CRM, "");

  routes = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (host->route (instance, bad[i], USHER_ROUTE_HTTP, 0));
  g_assert_false (host->route (instance, "/a", 0, 0));
  g_assert_false (host->route (instance, "/a", 64, 0));
  /* It has no WebSocket slots. */
  g_assert_false (host->route (instance, "/a", USHER_ROUTE_WEBSOCKET, 0));
  assert_logged ("lacks the slots");
  g_assert_cmpuint (routes, ==, 0);
  g_assert_true (host->route (instance, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0));
  g_assert_cmpuint (routes, ==, 1);
  stop_and_free (instance);
}

static void
test_responses (void)
{
  UsherExchange *exchange = (gpointer) "an exchange";
  UsherResponse response = { .struct_size = sizeof response, .status = 204 };

  host->http_respond (exchange, &response);
  g_assert_cmpint (responded.status, ==, 204);
  response.status = 20;
  host->http_respond (exchange, &response);
  g_assert_cmpint (responded.status, ==, 500);
  response.status = 200;
  response.body_len = 10;
  host->http_respond (exchange, &response);
  g_assert_cmpint (responded.status, ==, 500);
  host->http_respond (exchange, NULL);
  g_assert_cmpint (responded.status, ==, 500);
  assert_logged ("unusable response");
}

static void
test_log_limit (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");
  g_autofree char *text = NULL;
  guint lines = 0;

  for (int i = 0; i < 1000; i++)
    host->log (instance, USHER_LOG_INFO, "chatter");
  text = take_log ();
  for (const char *p = text; (p = strstr (p, "chatter")) != NULL; p++)
    lines++;
  g_assert_cmpuint (lines, >, 100);
  g_assert_cmpuint (lines, <=, 200);
  uc_instance_free (instance);
  assert_logged ("further log lines were left out");
}

static void
test_log_lines (void)
{
  UsherInstance *instance = start_running (UC_KIND_CRM, "");

  host->log (instance, USHER_LOG_ERROR, "two\nlines \xff");
  assert_logged ("usher-obliging 3 site: two lines \xef\xbf\xbd");
  host->log (instance, 77, NULL);
  assert_logged ("usher-obliging 4 site: (no text)");
  g_assert_true (uc_loader_start (loader, plugin, host, NULL));
  assert_logged ("usher-obliging 5 loaded");
  stop_and_free (instance);
}

static void
test_json (void)
{
  const char *why = "untouched";
  UsherJson *root = host->json_parse ("{\"a\":[1,\"x\",true],\"n\":null}", 27, &why);
  UsherJson *built = host->json_object (), *list = host->json_array (), *inner = host->json_object ();
  const UsherJson *a;
  char *text;
  size_t len;

  g_assert_null (why);
  a = host->json_get (root, "a");
  g_assert_cmpuint (host->json_length (a), ==, 3);
  g_assert_cmpint (host->json_int (host->json_at (a, 0), -1), ==, 1);
  g_assert_cmpstr (host->json_string (host->json_at (a, 1)), ==, "x");
  g_assert_true (host->json_bool (host->json_at (a, 2), false));
  g_assert_null (host->json_at (a, 3));
  g_assert_null (host->json_string (host->json_get (host->json_get (root, "x"), "y")));
  g_assert_null (host->json_get (root, NULL));
  host->json_free (root);
  g_assert_null (host->json_parse ("{\"a\":1,\"a\":2}", 13, &why));
  test_assert_words (why, "\"a\" twice");
  g_assert_null (host->json_parse ("[", 1, NULL));
  host->json_set_string (inner, "s", "q\xff");
  host->json_set_int (inner, "i", 1700000000000);
  host->json_append (list, inner);
  host->json_set_bool (built, "b", true);
  host->json_set (built, "l", list);
  /* Misuse does no harm. */
  host->json_set (built, "self", built);
  host->json_append (built, host->json_object ());
  host->json_set_string (NULL, "k", "v");
  text = host->json_print (built, &len);
  g_assert_cmpstr (text, ==, "{\"b\":true,\"l\":[{\"s\":\"q\xef\xbf\xbd\",\"i\":1700000000000}]}");
  g_assert_cmpuint (len, ==, strlen (text));
  host->free_text (text);
  host->json_free (built);
  g_assert_null (host->json_print (NULL, &len));
}

static void
test_capabilities (void)
{
  UsherInstance *instance = start_running (UC_KIND_CHANNEL, "");
  const UsherChannelCapabilities *capabilities = uc_instance_capabilities (instance);

  g_assert_cmpuint (capabilities->struct_size, ==, sizeof *capabilities);
  g_assert_cmpstr (capabilities->network, ==, "test");
  g_assert_cmpint (capabilities->max_text, ==, 100);
  g_assert_cmpint (capabilities->receipts_read, ==, USHER_NATIVE);
  stop_and_free (instance);
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
  g_autofree char *modules = NULL;
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  modules = test_modules_dir ();
  logged = g_string_new (NULL);
  states = g_string_new (NULL);
  g_log_set_writer_func (keep_log, NULL, NULL);
  loop = uc_loop_new ();
  host = uc_host_init (loop, &services);
  loader = uc_loader_new ((const char *const[]){ modules, NULL });
  plugin = uc_loader_open (loader, "obliging", &error);
  g_assert_no_error (error);
  data_root = test_dir_new ();
#define TEST(path, func) g_test_add_func ("/plugin/" path, func)
  TEST ("instance/life", test_life);
  TEST ("instance/without-optional-slots", test_minimal_slots);
  TEST ("instance/data-folder-is-made-private", test_data_dir_is_made_private);
  TEST ("instance/data-folder-in-the-way", test_data_dir_in_the_way);
  TEST ("instance/start-answered-in-every-way", test_start_modes);
  TEST ("instance/create-fails", test_create_fails);
  TEST ("instance/start-fails-for-good", test_start_fails_for_good);
  TEST ("instance/back-off-doubles-to-a-limit", test_back_off);
  TEST ("instance/start-retried", test_start_retry);
  TEST ("instance/start-again-while-waiting", test_start_again_while_waiting);
  TEST ("instance/stop-from-inside-a-slot", test_stop_from_inside_a_slot);
  TEST ("instance/start-that-never-answers", test_start_time_out);
  TEST ("instance/stop-while-starting", test_stop_while_starting);
  TEST ("instance/stop-answered-in-every-way", test_stop_modes);
  TEST ("instance/stop-that-never-answers", test_stop_that_never_ends);
  TEST ("instance/stop-when-not-running", test_stop_when_not_running);
  TEST ("instance/free-while-running", test_free_while_running);
  TEST ("instance/capabilities", test_capabilities);
  TEST ("reply/at-once", test_reply_at_once);
  TEST ("reply/later-and-from-a-thread", test_reply_later_and_from_thread);
  TEST ("reply/twice", test_reply_twice);
  TEST ("reply/without-result", test_reply_without_result);
  TEST ("reply/time-out-and-late", test_reply_time_out_and_late);
  TEST ("reply/cancelled-at-stop", test_reply_cancelled_at_stop);
  TEST ("reply/unknown-handle", test_reply_unknown);
  TEST ("reply/that-frees-the-instance", test_reply_frees_instance);
  TEST ("reply/results-of-all-ages", test_results_of_all_ages);
  TEST ("reply/race-between-threads", test_reply_race);
  TEST ("host/table-is-full", test_table_is_full);
  TEST ("host/settings", test_settings_slots);
  TEST ("host/instance-state", test_instance_state);
  TEST ("host/everything-is-removed", test_everything_is_removed);
  TEST ("host/timers", test_timers);
  TEST ("host/deliver", test_deliver);
  TEST ("host/answers-after-destroy", test_answers_after_destroy);
  TEST ("host/kv-limits", test_kv_limits);
  TEST ("host/slot-of-another-kind", test_wrong_kind);
  TEST ("host/routes", test_routes);
  TEST ("host/responses", test_responses);
  TEST ("host/log-limit", test_log_limit);
  TEST ("host/log-lines", test_log_lines);
  TEST ("host/json", test_json);
  TEST ("words", test_words);
  result = g_test_run ();
  /* What was invoked on the way out is dropped where it arrives. */
  settle ();
  uc_loader_free (loader);
  uc_loop_free (loop);
  test_dir_free (data_root);
  g_string_free (states, TRUE);
  g_string_free (logged, TRUE);
  g_free (asked.text);
  return result;
}
