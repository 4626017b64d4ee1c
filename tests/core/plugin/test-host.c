/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the host table: what it refuses, evens out, and takes away with the instance.
 */
#include "tests/core/plugin/harness.h"

#include <string.h>

static void
test_table_is_full (void)
{
  g_assert_cmpuint (test_host->struct_size, ==, sizeof *test_host);
  for (gsize offset = offsetof (UsherHost, log); offset < sizeof *test_host; offset += sizeof (void *))
    if (*(void *const *)((const char *)test_host + offset) == NULL)
      g_error ("the host table has a hole at offset %" G_GSIZE_FORMAT, offset);
}

static void
test_settings_slots (void)
{
  UsherInstance *instance
      = test_start_running (UC_KIND_CRM, "server = https://example.org/\nlimit = 7\npolite = false");
  g_autofree char *folder = g_build_filename (test_data_root, "files", NULL);

  g_assert_cmpstr (test_host->instance_name (instance), ==, "site");
  g_assert_cmpstr (test_host->get_string (instance, "server"), ==, "https://example.org/");
  g_assert_cmpstr (test_host->get_string (instance, "folder"), ==, folder);
  g_assert_null (test_host->get_string (instance, "token"));
  g_assert_cmpint (test_host->get_int (instance, "limit"), ==, 7);
  g_assert_cmpint (test_host->get_int (instance, "pause"), ==, 30000);
  g_assert_false (test_host->get_bool (instance, "polite"));
  g_assert_cmpstr (test_host->get_list (instance, "origins")[1], ==, "b");
  test_assert_not_logged ("asks for");
  g_assert_null (test_host->get_string (instance, "limit"));
  test_assert_logged ("'limit'|host->get_string|is a int");
  g_assert_cmpint (test_host->get_int (instance, "nope"), ==, 0);
  test_assert_logged ("'nope'|does not declare");
  g_assert_null (test_host->get_list (instance, "server")[0]);
  g_assert_false (test_host->get_bool (instance, NULL));
  g_assert_null (test_host->get_string (NULL, "server"));
  test_stop_and_free (instance);
}

static void
test_instance_state (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");

  g_string_truncate (test_states, 0);
  test_host->instance_state (instance, USHER_AUTH, "the token has expired");
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_ATTENTION);
  g_assert_true (uc_instance_is_running (instance));
  g_assert_cmpstr (instance->status_message, ==, "the token has expired");
  test_host->instance_state (instance, USHER_OK, NULL);
  g_assert_cmpint (instance->state, ==, UC_INSTANCE_RUNNING);
  g_assert_null (instance->status_message);
  g_assert_cmpstr (test_states->str, ==, "needs_attention running");
  test_assert_logged ("needs attention: the token has expired|works again");
  test_host->fail (instance, USHER_FAILED, "too late");
  test_assert_logged ("host->fail outside of create");
  test_stop_and_free (instance);
}

static void
test_everything_is_removed (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "");

  /* A timer and an invoke, both on their way when the instance goes. */
  test_plugin->channel.typing (instance->self, "u1", true);
  uc_instance_free (instance);
  g_usleep (2000);
  test_settle ();
  test_assert_not_logged ("invoked");
  instance = test_start_running (UC_KIND_CHANNEL, "");
  test_plugin->channel.typing (instance->self, "u1", true);
  for (guint n = 0; n < 2;)
    {
      g_autofree char *text = NULL;

      g_main_context_iteration (NULL, TRUE);
      text = test_take_log ();
      for (const char *p = text; (p = strstr (p, "invoked")) != NULL; p++)
        n++;
    }
  test_stop_and_free (instance);
}

static void
never (void *data)
{
  g_assert_not_reached ();
}

static void
test_timers (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  UsherInstance *other = test_instance_new (UC_KIND_CRM, "other", "");
  gboolean done = FALSE;
  uint64_t id = test_host->timer_add (instance, 0, never, NULL);
  uint64_t mine = test_host->timer_add (instance, 0, test_set_true, &done);

  g_assert_cmpuint (id, >, 0);
  test_host->timer_remove (instance, id);
  test_host->timer_remove (instance, id);
  test_host->timer_remove (instance, 0);
  /* Another's timer is out of reach. */
  test_host->timer_remove (other, mine);
  TEST_WAIT_FOR (done);
  test_host->timer_remove (instance, mine);
  g_assert_cmpuint (test_host->timer_add (instance, 5, NULL, NULL), ==, 0);
  uc_instance_free (other);
  test_stop_and_free (instance);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  TestAnswer *answer = data;

  answer->count++;
  answer->status = result->status;
  g_free (answer->message);
  answer->message = g_strdup (result->message);
}

static void
assert_not_delivered (UsherInstance *instance, const UsherInbound *item, size_t count, const char *words)
{
  const UsherInbound *items[] = { item, NULL };
  TestAnswer answer = { 0 };

  test_host->deliver (instance, items, count, on_delivered, &answer);
  /* Never before deliver returned. */
  g_assert_cmpuint (answer.count, ==, 0);
  TEST_WAIT_FOR (answer.count > 0);
  g_assert_cmpint (answer.status, ==, USHER_INVALID);
  test_assert_words (answer.message, words);
  test_answer_clear (&answer);
}

static void
test_deliver (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "");
  const UsherResult ok = { .struct_size = sizeof ok };
  const UsherInbound good = { .struct_size = sizeof good,
                              .kind = USHER_INBOUND_MESSAGE,
                              .user_id = "u1",
                              .external_id = "m1",
                              .text = "hello" };
  const UsherInbound *items[] = { &good, NULL };
  UsherInbound bad = good;
  TestAnswer answer = { 0 };
  const int64_t number = 1;

  test_host->deliver (instance, items, 1, on_delivered, &answer);
  g_assert_cmpuint (test_asked.count, ==, 1);
  g_assert_cmpstr (test_asked.text, ==, "hello");
  test_asked.delivered (test_asked.data, &ok, &number, 1);
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
  test_stop_and_free (instance);
  test_answer_clear (&answer);
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
  UsherInstance *instance = test_start_running (UC_KIND_CHANNEL, "");
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

  test_host->deliver (instance, items, 1, never_delivered, NULL);
  deliver_data = test_asked.data;
  test_host->history (instance, "u1", 0, 100000, never_history, NULL);
  g_assert_cmpint (test_asked.limit, ==, 500);
  history_data = test_asked.data;
  test_host->kv_get (instance, "key", never_kv, NULL);
  get_data = test_asked.data;
  test_host->kv_set (instance, "key", "v", 1, never_kv_set, NULL);
  /* Refused by the host itself, and just as silent. */
  test_host->deliver (instance, items, 0, never_delivered, NULL);
  uc_instance_free (instance);
  test_asked.delivered (deliver_data, &ok, &number, 1);
  test_asked.history (history_data, &ok, none, "none", NULL);
  test_asked.kv_get (get_data, NULL, 0);
  test_asked.kv_set (test_asked.data, &ok);
  test_settle ();
}

static void
keep_status (void *data, const UsherResult *result)
{
  *(int *)data = result->status;
}

static void
test_kv_limits (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  g_autofree char *long_key = g_strnfill (129, 'k');
  g_autofree char *large = g_malloc0 (64 * 1024 + 1);
  int status = -1;

  test_host->kv_set (instance, long_key, "v", 1, keep_status, &status);
  TEST_WAIT_FOR (status >= 0);
  g_assert_cmpint (status, ==, USHER_INVALID);
  status = -1;
  test_host->kv_set (instance, "k", large, 64 * 1024 + 1, keep_status, &status);
  TEST_WAIT_FOR (status >= 0);
  g_assert_cmpint (status, ==, USHER_INVALID);
  test_host->kv_set (instance, "k", large, 64 * 1024, NULL, NULL);
  test_asked.kv_set (test_asked.data, &(UsherResult){ .struct_size = sizeof (UsherResult) });
  test_assert_logged ("128 bytes|64 KiB");
  test_stop_and_free (instance);
}

static void
test_wrong_kind (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");

  g_assert_null (test_host->desk_open (instance, "127.0.0.1", NULL));
  test_assert_logged ("host->desk_open|for a frontend|as a crm");
  test_stop_and_free (instance);
}

static void
test_route_rules (void)
{
  static const char *const bad[] = { NULL, "", "hook", "/a/../b", "/a//b", "/a?b", "/a b", "/\xc3\xa4", "/.." };
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");

  test_routes = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (test_host->route (instance, bad[i], USHER_ROUTE_HTTP, 0));
  g_assert_false (test_host->route (instance, "/a", 0, 0));
  g_assert_false (test_host->route (instance, "/a", 64, 0));
  /* It has no WebSocket slots. */
  g_assert_false (test_host->route (instance, "/a", USHER_ROUTE_WEBSOCKET, 0));
  test_assert_logged ("lacks the slots");
  g_assert_cmpuint (test_routes, ==, 0);
  g_assert_true (test_host->route (instance, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0));
  g_assert_cmpuint (test_routes, ==, 1);
  test_stop_and_free (instance);
}

static void
test_responses (void)
{
  UsherExchange *exchange = (gpointer) "an exchange";
  UsherResponse response = { .struct_size = sizeof response, .status = 204 };

  test_host->http_respond (exchange, &response);
  g_assert_cmpint (test_responded.status, ==, 204);
  response.status = 20;
  test_host->http_respond (exchange, &response);
  g_assert_cmpint (test_responded.status, ==, 500);
  response.status = 200;
  response.body_len = 10;
  test_host->http_respond (exchange, &response);
  g_assert_cmpint (test_responded.status, ==, 500);
  test_host->http_respond (exchange, NULL);
  g_assert_cmpint (test_responded.status, ==, 500);
  test_assert_logged ("unusable response");
}

static void
test_log_limit (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");
  g_autofree char *text = NULL;
  guint lines = 0;

  for (int i = 0; i < 1000; i++)
    test_host->log (instance, USHER_LOG_INFO, "chatter");
  text = test_take_log ();
  for (const char *p = text; (p = strstr (p, "chatter")) != NULL; p++)
    lines++;
  g_assert_cmpuint (lines, >, 100);
  g_assert_cmpuint (lines, <=, 200);
  uc_instance_free (instance);
  test_assert_logged ("further log lines were left out");
}

static void
test_log_lines (void)
{
  UsherInstance *instance = test_start_running (UC_KIND_CRM, "");

  test_host->log (instance, USHER_LOG_ERROR, "two\nlines \xff");
  test_assert_logged ("usher-obliging 3 site: two lines \xef\xbf\xbd");
  test_host->log (instance, 77, NULL);
  test_assert_logged ("usher-obliging 4 site: (no text)");
  g_assert_true (uc_loader_start (test_loader, test_plugin, test_host, NULL));
  test_assert_logged ("usher-obliging 5 loaded");
  test_stop_and_free (instance);
}

static void
test_json (void)
{
  const char *why = "untouched";
  UsherJson *root = test_host->json_parse ("{\"a\":[1,\"x\",true],\"n\":null}", 27, &why);
  UsherJson *built = test_host->json_object (), *list = test_host->json_array (),
            *inner = test_host->json_object ();
  const UsherJson *a;
  char *text;
  size_t len;

  g_assert_null (why);
  a = test_host->json_get (root, "a");
  g_assert_cmpuint (test_host->json_length (a), ==, 3);
  g_assert_cmpint (test_host->json_int (test_host->json_at (a, 0), -1), ==, 1);
  g_assert_cmpstr (test_host->json_string (test_host->json_at (a, 1)), ==, "x");
  g_assert_true (test_host->json_bool (test_host->json_at (a, 2), false));
  g_assert_null (test_host->json_at (a, 3));
  g_assert_null (test_host->json_string (test_host->json_get (test_host->json_get (root, "x"), "y")));
  g_assert_null (test_host->json_get (root, NULL));
  test_host->json_free (root);
  g_assert_null (test_host->json_parse ("{\"a\":1,\"a\":2}", 13, &why));
  test_assert_words (why, "\"a\" twice");
  g_assert_null (test_host->json_parse ("[", 1, NULL));
  test_host->json_set_string (inner, "s", "q\xff");
  test_host->json_set_int (inner, "i", 1700000000000);
  test_host->json_append (list, inner);
  test_host->json_set_bool (built, "b", true);
  test_host->json_set (built, "l", list);
  /* Misuse does no harm. */
  test_host->json_set (built, "self", built);
  test_host->json_append (built, test_host->json_object ());
  test_host->json_set_string (NULL, "k", "v");
  text = test_host->json_print (built, &len);
  g_assert_cmpstr (text, ==, "{\"b\":true,\"l\":[{\"s\":\"q\xef\xbf\xbd\",\"i\":1700000000000}]}");
  g_assert_cmpuint (len, ==, strlen (text));
  test_host->free_text (text);
  test_host->json_free (built);
  g_assert_null (test_host->json_print (NULL, &len));
}

int
main (int argc, char **argv)
{
  test_harness_init (&argc, &argv);
  g_test_add_func ("/plugin/host/table-is-full", test_table_is_full);
  g_test_add_func ("/plugin/host/settings", test_settings_slots);
  g_test_add_func ("/plugin/host/instance-state", test_instance_state);
  g_test_add_func ("/plugin/host/everything-is-removed", test_everything_is_removed);
  g_test_add_func ("/plugin/host/timers", test_timers);
  g_test_add_func ("/plugin/host/deliver", test_deliver);
  g_test_add_func ("/plugin/host/answers-after-destroy", test_answers_after_destroy);
  g_test_add_func ("/plugin/host/kv-limits", test_kv_limits);
  g_test_add_func ("/plugin/host/slot-of-another-kind", test_wrong_kind);
  g_test_add_func ("/plugin/host/routes", test_route_rules);
  g_test_add_func ("/plugin/host/responses", test_responses);
  g_test_add_func ("/plugin/host/log-limit", test_log_limit);
  g_test_add_func ("/plugin/host/log-lines", test_log_lines);
  g_test_add_func ("/plugin/host/json", test_json);
  return test_harness_run ();
}
