/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A loop, faked services and the obliging plugin, for tests of instances.
 */
#include "tests/core/plugin/harness.h"

#include <string.h>

UcLoop *test_loop;
UcLoader *test_loader;
const UcPlugin *test_plugin;
const UsherHost *test_host;
char *test_data_root;
GString *test_states;
guint test_routes, test_unroutes, test_stops;
TestAsked test_asked;
UsherResponse test_responded;

static GMutex log_lock;
static GString *logged;

/* ---- fakes --------------------------------------------------------------------------------------------- */

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

char *
test_take_log (void)
{
  char *text;

  g_mutex_lock (&log_lock);
  text = g_strdup (logged->str);
  g_string_truncate (logged, 0);
  g_mutex_unlock (&log_lock);
  return text;
}

/* What was logged so far has these words; the log is then empty. */
void
test_assert_logged (const char *words)
{
  g_autofree char *text = test_take_log ();

  test_assert_words (text, words);
}

void
test_assert_not_logged (const char *word)
{
  g_mutex_lock (&log_lock);
  if (strstr (logged->str, word) != NULL)
    g_error ("unexpectedly logged: %s", logged->str);
  g_mutex_unlock (&log_lock);
}

static void
on_state (UsherInstance *instance)
{
  g_string_append_printf (test_states, "%s%s", test_states->len > 0 ? " " : "",
                          uc_instance_state_word (instance->state));
}

static bool
on_route (UsherInstance *instance, const char *path, int flags, size_t max_body)
{
  test_routes++;
  g_assert_cmpuint (max_body, ==, 65536);
  return true;
}

static void
on_unroute (UsherInstance *instance)
{
  test_unroutes++;
}

static void
on_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
            void *data)
{
  test_asked.count = count;
  g_free (test_asked.text);
  test_asked.text = g_strdup (items[0]->text);
  g_assert_cmpuint (items[0]->struct_size, ==, sizeof (UsherInbound));
  test_asked.delivered = done;
  test_asked.data = data;
}

static void
on_history (UsherInstance *instance, const char *user, int64_t after, int limit, UsherHistory done, void *data)
{
  test_asked.history = done;
  test_asked.data = data;
  test_asked.limit = limit;
}

static void
on_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  test_asked.kv_get = done;
  test_asked.data = data;
}

static void
on_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
           void (*done) (void *, const UsherResult *), void *data)
{
  test_asked.kv_set = done;
  test_asked.data = data;
}

static void
on_respond (UsherExchange *exchange, const UsherResponse *response)
{
  test_responded = *response;
}

static const UcHostServices services = { .kv_get = on_kv_get,
                                         .kv_set = on_kv_set,
                                         .deliver = on_deliver,
                                         .history = on_history,
                                         .route = on_route,
                                         .unroute = on_unroute,
                                         .http_respond = on_respond,
                                         .state_changed = on_state };

/* ---- helpers ------------------------------------------------------------------------------------------- */

void
test_set_true (gpointer data)
{
  *(gboolean *)data = TRUE;
}

/* Everything that is due now is done. */
void
test_settle (void)
{
  for (int i = 0; i < 5; i++)
    {
      gboolean done = FALSE;

      uc_loop_timer_in (test_loop, 0, test_set_true, &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
    }
}

UsherInstance *
test_instance_new (UcKind kind, const char *name, const char *body)
{
  g_autofree char *text = g_strdup_printf ("[%s:%s]\nplugin = obliging\n%s%s\n", uc_kind_word (kind), name,
                                           kind == UC_KIND_CHANNEL ? "queue = q\n" : "", body);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse (text, "f", problems);
  const UsherSetting *const *const tables[]
      = { uc_instance_common_settings (kind), test_plugin->descriptor.settings, NULL };
  const UcSettingsContext context = { .data_dir = test_data_root };
  UcSettings *settings
      = uc_settings_parse (uc_conf_section (conf, uc_kind_word (kind), name), tables, &context, problems);
  static const TestProblem none[] = { { NULL } };

  test_assert_problems (problems, none);
  g_string_truncate (test_states, 0);
  test_routes = test_unroutes = test_stops = 0;
  g_free (test_take_log ());
  return uc_instance_new (test_loop, kind, name, test_plugin, settings, test_data_root);
}

UsherInstance *
test_start (UcKind kind, const char *body)
{
  UsherInstance *instance = test_instance_new (kind, "site", body);

  uc_instance_start (instance);
  return instance;
}

UsherInstance *
test_start_running (UcKind kind, const char *body)
{
  UsherInstance *instance = test_start (kind, body);

  TEST_WAIT_FOR (uc_instance_is_running (instance));
  return instance;
}

void
test_on_stopped (UsherInstance *instance, gpointer data)
{
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_STOPPED);
  g_assert_null (instance->self);
  test_stops++;
}

void
test_stop_and_free (UsherInstance *instance)
{
  guint before = test_stops;

  uc_instance_stop (instance, test_on_stopped, NULL);
  g_assert_cmpuint (test_stops, ==, before);
  TEST_WAIT_FOR (test_stops > before);
  uc_instance_free (instance);
}

void
test_on_answer (gpointer data, const UsherResult *result)
{
  TestAnswer *answer = data;

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

void
test_answer_clear (TestAnswer *answer)
{
  g_free (answer->message);
  g_free (answer->external_id);
  g_free (answer->customer);
  g_free (answer->identity);
  memset (answer, 0, sizeof *answer);
}

void
test_harness_init (int *argc, char ***argv)
{
  g_autofree char *modules = NULL;
  g_autoptr (GError) error = NULL;

  g_test_init (argc, argv, NULL);
  modules = test_modules_dir ();
  logged = g_string_new (NULL);
  test_states = g_string_new (NULL);
  g_log_set_writer_func (keep_log, NULL, NULL);
  test_loop = uc_loop_new ();
  test_host = uc_host_init (test_loop, &services);
  test_loader = uc_loader_new ((const char *const[]){ modules, NULL });
  test_plugin = uc_loader_open (test_loader, "obliging", &error);
  g_assert_no_error (error);
  test_data_root = test_dir_new ();
}

int
test_harness_run (void)
{
  int result = g_test_run ();

  /* What was invoked on the way out is dropped where it arrives. */
  test_settle ();
  uc_loader_free (test_loader);
  uc_loop_free (test_loop);
  test_dir_free (test_data_root);
  g_string_free (test_states, TRUE);
  g_string_free (logged, TRUE);
  g_free (test_asked.text);
  return result;
}
