/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plugin and its XMPP server: refused, not there, gone in the middle of traffic, frozen; and the plugin's own
 * stop with open work.
 */
#include "tests/plugins/xmpp/xmpp-kit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#define ALICE "alice@localhost"
#define COUNT 60

static KitServer *server;

/* ---- not connected ------------------------------------------------------------------------------------- */

static void
test_wrong_secret (void)
{
  g_autoptr (FakeHost) fake = kit_host (server);
  g_autofree char *path = g_build_filename (fake->data_dir, "secret", NULL);
  g_autofree char *reference = g_strconcat ("file:", path, NULL);

  g_assert_true (g_file_set_contents (path, "guess\n", -1, NULL));
  fake_host_up (fake);
  kit_state (fake, USHER_AUTH, "component_secret");
  g_assert_null (strstr (fake->state_message, "guess"));
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, ALICE, "x")))->status, ==, USHER_RETRY);
  /* It keeps trying, and says it once. */
  kit_sleep (500);
  g_assert_cmpint (fake->state, ==, USHER_AUTH);
  fake_host_down (fake);
  g_assert_true (g_file_set_contents (path, KIT_SECRET "\n", -1, NULL));
  fake_host_set (fake, "secret", reference);
  fake_host_up (fake);
  kit_online (fake);
}

static void
test_unknown_domain (void)
{
  g_autoptr (FakeHost) fake = kit_host (server);

  fake_host_set (fake, "domain", "other.localhost");
  fake_host_up (fake);
  kit_state (fake, USHER_NOT_FOUND, "Component \"other.localhost\"");
}

static void
test_taken_domain (void)
{
  g_autoptr (FakeHost) first = kit_up (server);
  g_autoptr (FakeHost) second = kit_host (server);

  fake_host_up (second);
  kit_state (second, USHER_CONFLICT, "Another program is connected");
  g_assert_cmpint (first->state, ==, USHER_OK);
  /* The second one takes over when the first is gone. */
  fake_host_down (first);
  kit_online (second);
}

static void
test_not_an_xmpp_server (void)
{
  g_autoptr (FakeHost) fake = kit_host (server);

  fake_host_set (fake, "server", "no-such-name.invalid");
  fake_host_up (fake);
  kit_state (fake, USHER_RETRY, "Check `server`");
}

static void
test_server_comes_later (void)
{
  g_autoptr (FakeHost) fake = NULL;

  kit_server_signal (server, SIGTERM);
  fake = kit_host (server);
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  kit_state (fake, USHER_RETRY, "No XMPP server can be reached");
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, ALICE, "x")))->status, ==, USHER_RETRY);
  kit_server_start (server);
  kit_online (fake);
}

/* ---- restarts in the middle of traffic ----------------------------------------------------------------- */

typedef struct
{
  FakeHost *fake;
  KitCustomer *alice;
  UsherReply *reply; /* the agent's message under way */
  UsherLine *line;
  int said; /* agent's messages taken for good or given up */
  int uncertain;
  GArray *ends; /* of UsherStatus, one for each message */
  guint source;
  gboolean hold;     /* the agent begins no message */
  GHashTable *asked; /* customer's ids that have no receipt yet */
  gint64 again_at;
} Traffic;

/* What the core does: one message after the other, RETRY again, UNCERTAIN never. */
static void
agent_turn (Traffic *traffic)
{
  const UsherResult *result;

  if (traffic->reply == NULL && traffic->said < COUNT && !traffic->hold)
    {
      if (traffic->line == NULL)
        {
          g_autofree char *text = g_strdup_printf ("agent %d", traffic->said);

          traffic->line = kit_line (traffic->fake, ALICE, text);
        }
      traffic->reply = fake_send (traffic->fake, traffic->line);
    }
  if (traffic->reply == NULL || !fake_reply_done (traffic->reply))
    return;
  result = fake_reply_wait (traffic->reply);
  traffic->reply = NULL;
  if (result->status == USHER_RETRY)
    return;
  g_assert_true (result->status == USHER_OK || result->status == USHER_UNCERTAIN);
  g_array_append_val (traffic->ends, result->status);
  traffic->uncertain += result->status == USHER_UNCERTAIN;
  traffic->said++;
  traffic->line = NULL;
}

/* What a client with receipts does: a message is sent again, with its id, until it is acknowledged. */
static void
customer_turn (Traffic *traffic)
{
  GHashTableIter iter;
  gpointer id;

  if (g_get_monotonic_time () < traffic->again_at)
    return;
  traffic->again_at = g_get_monotonic_time () + G_USEC_PER_SEC;
  g_hash_table_iter_init (&iter, traffic->asked);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      g_autofree char *json = g_strdup_printf (
          "{\"do\":\"send\",\"to\":\"" KIT_ADDRESS "\",\"id\":\"%s\",\"text\":\"%s\"}", (char *)id, (char *)id);

      if (kit_count (traffic->alice, "message", "received", id) > 0)
        g_hash_table_iter_remove (&iter);
      else
        kit_tell (traffic->alice, json);
    }
}

static gboolean
traffic_turn (gpointer data)
{
  agent_turn (data);
  customer_turn (data);
  return G_SOURCE_CONTINUE;
}

/* Both sides go on talking by themselves, whatever the test waits for. */
static void
flow (Traffic *traffic, int until)
{
  gint64 limit = g_get_monotonic_time () + 50 * G_USEC_PER_SEC;

  while (traffic->said < until || (until == COUNT && g_hash_table_size (traffic->asked) > 0))
    {
      kit_sleep (2);
      if (g_get_monotonic_time () > limit)
        g_error ("after 50 s: %d of %d messages of the agent, %u of the customer's open", traffic->said, until,
                 g_hash_table_size (traffic->asked));
    }
}

static guint
stored_with (FakeHost *fake, const char *text)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < fake_delivery_count (fake); i++)
    {
      const UsherInbound *item = fake_delivery_at (fake, i)->items->pdata[0];

      if (item->kind == USHER_INBOUND_MESSAGE && strcmp (item->text, text) == 0)
        g_hash_table_add (ids, (gpointer)item->external_id);
    }
  return g_hash_table_size (ids);
}

static void
traffic_init (Traffic *traffic, const char *prefix)
{
  *traffic = (Traffic){ .fake = kit_up (server), .alice = kit_customer_new (server, "alice") };
  traffic->ends = g_array_new (FALSE, FALSE, sizeof (UsherStatus));
  traffic->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (int i = 0; i < COUNT; i++)
    g_hash_table_add (traffic->asked, g_strdup_printf ("%s-%d", prefix, i));
  traffic->source = g_timeout_add (2, traffic_turn, traffic);
}

static void
traffic_check (Traffic *traffic, const char *prefix)
{
  g_autofree char *last = g_strdup_printf ("agent %d", COUNT - 1);

  kit_event (traffic->alice, "message", "body", last, NULL);
  for (int i = 0; i < COUNT; i++)
    {
      g_autofree char *agents = g_strdup_printf ("agent %d", i);
      g_autofree char *customers = g_strdup_printf ("%s-%d", prefix, i);
      guint seen = kit_count (traffic->alice, "message", "body", agents);

      if (g_array_index (traffic->ends, UsherStatus, i) == USHER_OK)
        g_assert_cmpuint (seen, ==, 1);
      else
        g_assert_cmpuint (seen, <=, 1);
      g_assert_cmpuint (stored_with (traffic->fake, customers), ==, 1);
    }
  g_test_message ("%d of %d messages ended uncertain", traffic->uncertain, COUNT);
}

static void
traffic_clear (Traffic *traffic)
{
  g_source_remove (traffic->source);
  kit_customer_free (traffic->alice);
  fake_host_free (traffic->fake);
  g_array_unref (traffic->ends);
  g_hash_table_unref (traffic->asked);
}

static void
test_restart_in_traffic (void)
{
  Traffic traffic;

  traffic_init (&traffic, "restart");
  flow (&traffic, 20);
  kit_server_signal (server, SIGTERM);
  kit_sleep (200);
  kit_server_start (server);
  flow (&traffic, 40);
  kit_server_signal (server, SIGTERM);
  kit_server_start (server);
  flow (&traffic, COUNT);
  traffic_check (&traffic, "restart");
  traffic_clear (&traffic);
}

static void
test_kill_in_traffic (void)
{
  g_autofree char *last = NULL;
  Traffic traffic;

  traffic_init (&traffic, "kill");
  flow (&traffic, 20);
  /* What the server took it has passed on, when the customer has the last of it. */
  traffic.hold = TRUE;
  while (traffic.reply != NULL)
    kit_sleep (2);
  last = g_strdup_printf ("agent %d", traffic.said - 1);
  kit_event (traffic.alice, "message", "body", last, NULL);
  /* Frozen, it takes what is written and does nothing with it: the moment of death that is hardest to tell. */
  kit_server_signal (server, SIGSTOP);
  traffic.hold = FALSE;
  kit_sleep (200);
  g_assert_false (fake_reply_done (traffic.reply));
  kit_server_signal (server, SIGKILL);
  kit_server_start (server);
  flow (&traffic, COUNT);
  traffic_check (&traffic, "kill");
  g_assert_cmpint (traffic.uncertain, ==, 1);
  traffic_clear (&traffic);
}

/* An uncertain message is settled when the customer's client says that it has it. */
static void
test_uncertain_is_settled_by_a_receipt (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autoptr (KitCustomer) alice = kit_customer_new (server, "alice");
  UsherLine *line = kit_line (fake, ALICE, "did it arrive?");
  const UsherInbound *item;
  UsherReply *reply;
  guint cursor = 0;

  kit_server_signal (server, SIGSTOP);
  reply = fake_send (fake, line);
  kit_sleep (100);
  kit_server_signal (server, SIGKILL);
  g_assert_cmpint (fake_reply_wait (reply)->status, ==, USHER_UNCERTAIN);
  kit_server_start (server);
  kit_online (fake);
  kit_event (alice, "ready", NULL);
  kit_do (alice, "'do':'received','to':'" KIT_ADDRESS "','id':'%s'", line->message_id);
  item = kit_next (fake, &cursor, USHER_INBOUND_ECHO);
  g_assert_cmpstr (item->message_id, ==, line->message_id);
  g_assert_cmpstr (item->text, ==, "did it arrive?");
  item = kit_next (fake, &cursor, USHER_INBOUND_RECEIPT);
  g_assert_cmpstr (item->external_id, ==, line->message_id);
}

static void
test_receipt_outlives_a_restart (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autoptr (KitCustomer) alice = kit_customer_new (server, "alice");

  fake_host_auto_deliver (fake, FALSE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'late','text':'x'");
  kit_item (fake, 1);
  kit_server_signal (server, SIGTERM);
  kit_state (fake, USHER_RETRY, "XMPP server");
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  kit_server_start (server);
  kit_event (alice, "message", "received", "late", NULL);
}

static void
test_silent_server_is_left (void)
{
  g_autoptr (FakeHost) fake = kit_host (server);

  fake_host_set (fake, "keepalive", "1s");
  fake_host_up (fake);
  kit_online (fake);
  kit_server_signal (server, SIGSTOP);
  kit_state (fake, USHER_RETRY, "does not answer any more");
  kit_server_signal (server, SIGCONT);
  kit_online (fake);
}

/* select() in the library takes no descriptor above FD_SETSIZE, however many a daemon with many chats has open. */
static void
test_reconnect_with_many_files (void)
{
  struct rlimit limit;
  g_autoptr (FakeHost) fake = NULL;
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (int));
  int fd = -1;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = MIN (limit.rlim_max, 4096);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  fake = kit_up (server);
  while (fd < FD_SETSIZE + 50)
    {
      fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
      g_assert_cmpint (fd, >=, 0);
      g_array_append_val (files, fd);
    }
  kit_server_signal (server, SIGTERM);
  kit_state (fake, USHER_RETRY, "XMPP server");
  kit_server_start (server);
  kit_online (fake);
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, "bob@localhost", "still here")))->status, ==,
                   USHER_OK);
  for (guint i = 0; i < files->len; i++)
    close (g_array_index (files, int, i));
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

static void
test_stop_with_open_work (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autoptr (KitCustomer) alice = kit_customer_new (server, "alice");
  UsherReply *stop = fake_reply_new (fake);
  UsherReply *sent;
  const UcJson *error;

  fake_host_auto_deliver (fake, FALSE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'stop-1','text':'with the core'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'stop-2','text':'waits'");
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  sent = fake_send (fake, kit_line (fake, ALICE, "last words"));
  fake->head->stop (fake->self, stop);
  /* What is under way is finished. */
  g_assert_cmpint (fake_reply_wait (sent)->status, ==, USHER_OK);
  kit_event (alice, "message", "body", "last words", NULL);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  kit_event (alice, "message", "received", "stop-1", NULL);
  /* What the core never got goes back to its author, who can send it again. */
  error = uc_json_get (kit_event (alice, "message", "type", "error", "id", "stop-2", NULL), "error");
  g_assert_cmpstr (kit_text (error, "type"), ==, "wait");
  g_assert_cmpint (fake_reply_wait (stop)->status, ==, USHER_OK);
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, ALICE, "too late")))->status, ==,
                   USHER_CANCELLED);
  fake_host_destroy (fake);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
}

static void
test_stop_at_a_frozen_server (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  UsherReply *sent;

  kit_server_signal (server, SIGSTOP);
  sent = fake_send (fake, kit_line (fake, ALICE, "into the void"));
  kit_sleep (100);
  fake_host_down (fake);
  g_assert_cmpint (fake_reply_wait (sent)->status, ==, USHER_UNCERTAIN);
  kit_server_signal (server, SIGCONT);
}

static void
test_destroy_without_stop (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  UsherReply *sent;

  kit_server_signal (server, SIGSTOP);
  sent = fake_send (fake, kit_line (fake, ALICE, "into the void"));
  fake_host_destroy (fake);
  g_assert_true (fake_reply_wait (sent)->status == USHER_UNCERTAIN
                 || fake_reply_wait (sent)->status == USHER_CANCELLED);
  kit_server_signal (server, SIGCONT);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server = kit_server_new ();
  g_test_add_func ("/xmpp/server/wrong-secret-needs-attention", test_wrong_secret);
  g_test_add_func ("/xmpp/server/unknown-domain-needs-attention", test_unknown_domain);
  g_test_add_func ("/xmpp/server/domain-in-use-needs-attention", test_taken_domain);
  g_test_add_func ("/xmpp/server/unknown-host-needs-attention", test_not_an_xmpp_server);
  g_test_add_func ("/xmpp/server/may-come-later-than-the-plugin", test_server_comes_later);
  g_test_add_func ("/xmpp/server/restart-in-traffic-loses-and-doubles-nothing", test_restart_in_traffic);
  g_test_add_func ("/xmpp/server/kill-in-traffic-loses-and-doubles-nothing", test_kill_in_traffic);
  g_test_add_func ("/xmpp/server/uncertain-message-is-settled-by-a-receipt",
                   test_uncertain_is_settled_by_a_receipt);
  g_test_add_func ("/xmpp/server/receipt-outlives-a-restart", test_receipt_outlives_a_restart);
  g_test_add_func ("/xmpp/server/silent-server-is-left", test_silent_server_is_left);
  g_test_add_func ("/xmpp/server/connects-again-with-a-thousand-open-files", test_reconnect_with_many_files);
  g_test_add_func ("/xmpp/server/stop-finishes-what-is-under-way", test_stop_with_open_work);
  g_test_add_func ("/xmpp/server/stop-at-a-frozen-server-ends-uncertain", test_stop_at_a_frozen_server);
  g_test_add_func ("/xmpp/server/destroy-without-stop-completes-everything", test_destroy_without_stop);
  result = g_test_run ();
  kit_server_free (server);
  return result;
}
