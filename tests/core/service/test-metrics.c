/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET /metrics of a whole core: where it is answered, that its text can be read by the rules of the format, and
 * that its figures are those of what happened.
 */
#include <string.h>

#include "core/service/alarm.h"
#include "core/service/metrics.h"
#include "tests/lib/exposition.h"
#include "kit.h"
#include "tests/lib/ws-client.h"

static GHashTable *
read_text (const char *text)
{
  g_autofree char *why = NULL;
  GHashTable *samples = exposition_read (text, &why);

  if (samples == NULL)
    g_error ("%s\n%s", why, text);
  return samples;
}

static GHashTable *
figures (void)
{
  g_autofree char *text = uc_metrics_text (kit.core);

  return read_text (text);
}

#define assert_figure(samples, name, value) g_assert_cmpfloat (exposition_value (samples, name), ==, value)

/* ---- where --------------------------------------------------------------------------------------------- */

static char *
fetch (const char *address, const char *method, const char *path)
{
  g_autofree char *request
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method, path);

  return uc_test_http (address, request, strlen (request), NULL);
}

static void
assert_status (const char *address, const char *method, const char *path, int status)
{
  g_autofree char *answer = fetch (address, method, path);
  g_autofree char *first = g_strdup_printf ("HTTP/1.1 %d ", status);

  if (!g_str_has_prefix (answer, first))
    g_error ("%s %s is answered:\n%s", method, path, answer);
}

static void
test_listeners (void)
{
  g_autofree char *control = NULL, *answer = NULL;
  g_autoptr (GHashTable) samples = NULL;
  const char *also, *only, *plain;

  /* In the order of the file: two of our own, then the kit's. */
  kit_start ("[listen:also]\naddress = 127.0.0.1:0\nmetrics = true\n"
             "[listen:only]\naddress = 127.0.0.1:0\nmetrics = only\n");
  also = kit.core->addresses->pdata[0];
  only = kit.core->addresses->pdata[1];
  plain = kit.core->addresses->pdata[2];
  control = g_strconcat ("unix:", kit.core->control_socket, NULL);
  assert_status (plain, "GET", "/metrics", 404);
  assert_status (plain, "GET", "/healthz", 200);
  assert_status (also, "GET", "/metrics", 200);
  assert_status (also, "GET", "/healthz", 200);
  assert_status (only, "GET", "/metrics", 200);
  assert_status (only, "GET", "/healthz", 404);
  assert_status (only, "POST", "/api/v1/session.login", 404);
  assert_status (only, "POST", "/metrics", 400);
  assert_status (control, "GET", "/metrics", 200);

  answer = fetch (control, "GET", "/metrics");
  g_assert_nonnull (strstr (answer, "text/plain; version=0.0.4"));
  samples = read_text (strstr (answer, "\r\n\r\n") + 4);
  assert_figure (samples, "usher_recovering", 0);
  kit_end ();
}

/* ---- what ---------------------------------------------------------------------------------------------- */

/* Every part has its figures, and every bounded queue its limit. */
static void
test_parts (void)
{
  static const char *const names[] = { "usher_start_time_seconds",
                                       "usher_events_total",
                                       "usher_alarms",
                                       "usher_loop_late_seconds_count",
                                       "usher_invariant_rounds_total",
                                       "usher_agents{status=\"busy\"}",
                                       "usher_interactions{state=\"active\"}",
                                       "usher_queue_waiting{queue=\"q\"}",
                                       "usher_queue_oldest_wait_seconds{queue=\"q\"}",
                                       "usher_offers_ended_total{cause=\"timed_out\"}",
                                       "usher_store_commit_seconds_count",
                                       "usher_store_log_pages",
                                       "usher_store_bytes",
                                       "usher_store_check{state=\"not_due\"}",
                                       "usher_intake_oldest_delivery_seconds",
                                       "usher_outbox_waiting{channel=\"net\"}",
                                       "usher_outbox_uncertain{channel=\"net\"}",
                                       "usher_outbox_dead{channel=\"net\"}",
                                       "usher_crm_saves_failed",
                                       "usher_crm_saves_pending",
                                       "usher_desks",
                                       "usher_http_requests_total",
                                       "usher_websocket_queued_bytes",
                                       "usher_instance_up{kind=\"crm\",instance=\"main\"}",
                                       "usher_loop_timers",
                                       "process_resident_memory_bytes",
                                       "process_open_fds",
                                       "process_max_fds",
                                       "process_cpu_seconds_total" };
  static const char *const queues[]
      = { "store.commits",        "net.line",          "store.reads", "net.connections", "net.websockets",
          "net.websocket-output", "intake.deliveries", "intake.held", "desks",           "desk.calls",
          "operations.answers",   "auth.passwords",    "auth.brakes", "auth.tickets",    "feed" };
  g_autoptr (GHashTable) samples = NULL;

  kit_start (NULL);
  kit_seed ();
  samples = figures ();
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    exposition_value (samples, names[i]);
  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    {
      g_autofree char *length = g_strdup_printf ("usher_internal_queue_length{name=\"%s\"}", queues[i]);
      g_autofree char *limit = g_strdup_printf ("usher_internal_queue_limit{name=\"%s\"}", queues[i]);
      g_autofree char *refused = g_strdup_printf ("usher_internal_queue_refused_total{name=\"%s\"}", queues[i]);

      g_assert_cmpfloat (exposition_value (samples, limit), >, 0);
      g_assert_cmpfloat (exposition_value (samples, length), <=, exposition_value (samples, limit));
      assert_figure (samples, refused, 0);
    }
  g_assert_cmpfloat (exposition_value (samples, "process_resident_memory_bytes"), >, 1e6);
  g_assert_cmpfloat (exposition_value (samples, "process_open_fds"), >, 3);
  kit_end ();
}

static void
test_life_of_a_chat (void)
{
  g_autoptr (GHashTable) before = NULL, during = NULL, after = NULL;
  g_autofree char *chat = NULL;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "m1", "Hello?");
  kit_pass (5000);
  before = figures ();
  assert_figure (before, "usher_interactions{state=\"waiting\"}", 1);
  assert_figure (before, "usher_queue_waiting{queue=\"q\"}", 1);
  g_assert_cmpfloat (exposition_value (before, "usher_queue_oldest_wait_seconds{queue=\"q\"}"), >=, 5);
  assert_figure (before, "usher_interactions_queued_total{cause=\"new\"}", 1);
  assert_figure (before, "usher_messages_total{author=\"customer\"}", 1);
  assert_figure (before, "usher_intake_items_total", 1);
  assert_figure (before, "usher_offers_total", 0);
  assert_figure (before, "usher_agents{status=\"available\"}", 0);

  uc_json_free (kit_do (NULL, "session.login", "{\"login\":\"%s\",\"password\":\"anna-anna\"}", "anna"));
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  chat = g_strdup (kit_interaction ("u1")->id);
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", chat));
  kit_write (chat, "Good morning!");
  kit_wait_state ("u1", "Good morning!", "sent");
  during = figures ();
  assert_figure (during, "usher_interactions{state=\"waiting\"}", 0);
  assert_figure (during, "usher_interactions{state=\"active\"}", 1);
  assert_figure (during, "usher_queue_oldest_wait_seconds{queue=\"q\"}", 0);
  assert_figure (during, "usher_agents{status=\"busy\"}", 1);
  assert_figure (during, "usher_agent_load", 1);
  assert_figure (during, "usher_offers_total", 1);
  assert_figure (during, "usher_offers_ended_total{cause=\"accepted\"}", 1);
  assert_figure (during, "usher_messages_total{author=\"agent\"}", 1);
  assert_figure (during, "usher_message_states_total{state=\"sent\"}", 1);
  assert_figure (during, "usher_outbox_waiting{channel=\"net\"}", 0);

  uc_json_free (kit_do ("anna", "interaction.end", "{\"interaction\":\"%s\"}", chat));
  uc_json_free (kit_do ("anna", "interaction.wrap_up_done", "{\"interaction\":\"%s\"}", chat));
  kit_settle ();
  after = figures ();
  assert_figure (after, "usher_interactions{state=\"active\"}", 0);
  assert_figure (after, "usher_interactions{state=\"wrap_up\"}", 0);
  assert_figure (after, "usher_interactions_ended_total{by=\"agent\"}", 1);
  assert_figure (after, "usher_interactions_closed_total{cause=\"manual\"}", 1);
  g_assert_cmpfloat (exposition_value (after, "usher_store_rows_total"), >,
                     exposition_value (before, "usher_store_rows_total"));
  g_assert_cmpfloat (exposition_value (after, "usher_store_transactions_total"), <=,
                     exposition_value (after, "usher_store_batches_total"));
  g_assert_cmpfloat (exposition_value (after, "usher_store_commit_seconds_count"), ==,
                     exposition_value (after, "usher_store_batches_total"));
  assert_figure (after, "usher_store_failures_total", 0);
  kit_end ();
}

/* A message that can't be sent waits, and is counted as one that was tried. */
static void
test_outbox (void)
{
  g_autoptr (GHashTable) samples = NULL;
  g_autofree char *chat = NULL;

  kit_start (NULL);
  kit_seed ();
  kit.send_status = USHER_RETRY;
  chat = kit_chat ("u1");
  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (kit.sent->len > 0);
  kit_settle ();
  samples = figures ();
  assert_figure (samples, "usher_outbox_waiting{channel=\"net\"}", 2);
  assert_figure (samples, "usher_outbox_retrying{channel=\"net\"}", 1);
  kit_end ();
}

/* Names that people chose reach the labels as they are. */
static void
test_names (void)
{
  g_autoptr (GHashTable) samples = NULL;

  kit_start (NULL);
  uc_alarm_raise (kit.core, "a \"quoted\\name\"\nin two lines", "for the test");
  samples = figures ();
  assert_figure (samples, "usher_alarms", 1);
  assert_figure (samples, "usher_alarm{name=\"a \\\"quoted\\\\name\\\"\\nin two lines\"}", 1);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/metrics/listeners", test_listeners);
  g_test_add_func ("/service/metrics/parts", test_parts);
  g_test_add_func ("/service/metrics/life-of-a-chat", test_life_of_a_chat);
  g_test_add_func ("/service/metrics/outbox", test_outbox);
  g_test_add_func ("/service/metrics/names", test_names);
  return g_test_run ();
}
