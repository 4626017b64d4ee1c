/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sending where it is not plain: results nobody knows, echoes, closed windows, channels that may not send,
 * receipts by time. Main thread.
 */
#include "kit.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/base/clock.h"

#define MINUTE (60 * 1000)
#define HOUR (60 * (gint64)MINUTE)

static GPtrArray *ids;  /* message ids in the order they were sent */
static GArray *windows; /* of the lines sent */

/* ---- the network --------------------------------------------------------------------------------------- */

static void
note (const UsherLine *line)
{
  g_ptr_array_add (kit.sent, g_strdup (line->text));
  g_ptr_array_add (ids, g_strdup (line->message_id));
  g_array_append_val (windows, line->window);
}

static void
hold_send (const UsherLine *line, UsherReply *reply)
{
  note (line);
  g_ptr_array_add (kit.held, reply);
}

static void
answer_send (const UsherLine *line, UsherReply *reply)
{
  g_autofree char *external_id = g_strconcat ("net-", line->message_id, NULL);
  UsherResult result = { .struct_size = sizeof result, .status = kit.send_status };

  note (line);
  if (kit.send_status == USHER_OK)
    result.external_id = external_id;
  else
    result.message = "the test says no";
  kit.rig->host->complete (reply, &result);
}

static void
complete (guint held, UsherStatus status, const char *external_id)
{
  UsherResult result = {
    .struct_size = sizeof result, .status = status, .message = "the test says so", .external_id = external_id
  };

  kit.rig->host->complete (kit.held->pdata[held], &result);
  kit.held->pdata[held] = NULL;
}

/* A channel that owes an answer has 10 s when it stops: nobody learns anything from waiting for that here. */
static void
answer_all (void)
{
  for (guint i = 0; i < kit.held->len; i++)
    if (kit.held->pdata[i] != NULL)
      complete (i, USHER_OK, NULL);
}

static void
echo (const char *user, const char *message_id, const char *external_id, const char *text)
{
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = USHER_INBOUND_ECHO,
                        .user_id = user,
                        .external_id = external_id,
                        .message_id = message_id,
                        .text = text };

  kit_deliver (&item);
}

static void
receipt_until (const char *user, gint64 at, UsherReceipt kind)
{
  UsherInbound item = {
    .struct_size = sizeof item, .kind = USHER_INBOUND_RECEIPT, .user_id = user, .upto_at = at, .receipt = kind
  };

  kit_deliver (&item);
}

static void
assert_state (const char *user, const char *text, const char *state)
{
  g_autofree char *now = kit_state (user, text, NULL);

  g_assert_cmpstr (now, ==, state);
}

static void
echoing (Rig *rig)
{
  rig->capabilities.echoes = true;
  rig->send = hold_send;
}

static void
windowed (Rig *rig)
{
  rig->capabilities.reply_window_ms = HOUR;
  rig->capabilities.tagged_window_ms = 3 * HOUR;
  rig->send = answer_send;
}

static void
answering (Rig *rig)
{
  rig->send = answer_send;
}

static char *
start (void (*prepare) (Rig *rig))
{
  ids = g_ptr_array_new_with_free_func (g_free);
  windows = g_array_new (FALSE, FALSE, sizeof (int32_t));
  kit_start_with (NULL, prepare);
  kit_seed ();
  return kit_chat ("u1");
}

static void
end (void)
{
  answer_all ();
  kit_end ();
  g_ptr_array_unref (ids);
  g_array_unref (windows);
}

/* ---- killed -------------------------------------------------------------------------------------------- */

/* Puts back what was on the disk at that moment, as a kill would leave it. */
static void
copy_folder (const char *from, const char *to)
{
  const char *argv[] = { "cp", "-a", from, to, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

static void
kill_and_start_again (void)
{
  g_autofree char *at_kill = g_strconcat (kit.dir, ".killed", NULL), *gone = g_strconcat (kit.dir, ".gone", NULL);

  kit_settle ();
  copy_folder (kit.dir, at_kill);
  answer_all ();
  kit_stop ();
  g_assert_cmpint (g_rename (kit.dir, gone), ==, 0);
  g_assert_cmpint (g_rename (at_kill, kit.dir), ==, 0);
  kit_remove_tree (gone);
  kit_start_again_after (0);
}

static void
holding (Rig *rig)
{
  rig->send = hold_send;
}

/* The network may have it: a second one is worse than the question. */
static void
test_kill_while_it_is_sent (void)
{
  g_autofree char *chat = start (holding);
  g_autofree char *error = NULL, *state = NULL;

  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (kit.sent->len == 1);
  kill_and_start_again ();
  kit_wait_state ("u1", "one", "uncertain");
  state = kit_state ("u1", "one", &error);
  g_assert_nonnull (strstr (error, "ask before you repeat it"));
  /* What waited behind it was not sent yet. */
  kit_until (kit.sent->len == 2);
  g_assert_cmpstr (kit.sent->pdata[1], ==, "two");
  end ();
}

/* What the channel had given back is sent again. */
static void
test_kill_while_it_waits_to_be_sent_again (void)
{
  g_autofree char *chat = start (answering);

  kit.send_status = USHER_RETRY;
  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  kit_settle ();
  kit.send_status = USHER_OK;
  kill_and_start_again ();
  kit_pass (3000);
  kit_wait_state ("u1", "one", "sent");
  g_assert_cmpuint (kit.sent->len, ==, 2);
  end ();
}

static void
idempotent (Rig *rig)
{
  rig->capabilities.idempotent_send = true;
  rig->send = hold_send;
}

static void
test_kill_where_twice_is_once (void)
{
  g_autofree char *chat = start (idempotent);

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  kill_and_start_again ();
  kit_until (kit.sent->len == 2);
  g_assert_cmpstr (ids->pdata[0], ==, ids->pdata[1]);
  end ();
}

/* ---- again --------------------------------------------------------------------------------------------- */

static void
send_much_later (const UsherLine *line, UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result,
                         .status = USHER_RETRY,
                         .message = "the network is closed this year",
                         .retry_after_ms = 365 * 24 * HOUR };

  note (line);
  kit.rig->host->complete (reply, &result);
}

static void
patient (Rig *rig)
{
  rig->send = send_much_later;
}

static void
test_network_cannot_ask_for_a_year (void)
{
  g_autofree char *chat = start (patient);
  g_autofree char *error = NULL, *state = NULL;

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  kit_settle ();
  kit_pass (23 * HOUR);
  assert_state ("u1", "one", "queued");
  kit_pass (HOUR + MINUTE);
  kit_wait_state ("u1", "one", "failed");
  state = kit_state ("u1", "one", &error);
  g_assert_cmpstr (error, ==, "the network is closed this year");
  g_assert_cmpuint (kit.sent->len, ==, 2);
  end ();
}

/* ---- echoes -------------------------------------------------------------------------------------------- */

static void
test_echo_settles_what_is_uncertain (void)
{
  g_autofree char *chat = start (echoing);
  g_autofree char *error = NULL;
  g_autofree char *state = NULL;

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  complete (0, USHER_UNCERTAIN, NULL);
  kit_wait_state ("u1", "one", "uncertain");
  /* The next one does not wait for it. */
  kit_write (chat, "two");
  kit_until (kit.sent->len == 2);
  complete (1, USHER_OK, "net-2");
  kit_wait_state ("u1", "two", "sent");
  echo ("u1", ids->pdata[0], "net-1", "one");
  assert_state ("u1", "one", "sent");
  /* And it is known by the network's id from now on. */
  echo ("u1", NULL, "net-1", "one");
  kit_pass (11 * MINUTE);
  state = kit_state ("u1", "one", &error);
  g_assert_cmpstr (state, ==, "sent");
  g_assert_cmpuint (kit.sent->len, ==, 2);
  end ();
}

static void
test_without_echo_a_person_is_told (void)
{
  g_autofree char *chat = start (echoing);
  g_autofree char *first = NULL, *last = NULL, *state = NULL;

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  complete (0, USHER_LOST, NULL);
  kit_wait_state ("u1", "one", "uncertain");
  g_free (kit_state ("u1", "one", &first));
  kit_pass (9 * MINUTE);
  g_free (kit_state ("u1", "one", &last));
  g_assert_cmpstr (first, ==, last);
  kit_pass (2 * MINUTE);
  state = kit_state ("u1", "one", &last);
  g_assert_cmpstr (state, ==, "uncertain");
  g_assert_nonnull (strstr (last, "no echo came within 10 minutes"));
  /* It may still come. */
  echo ("u1", ids->pdata[0], "net-1", "one");
  assert_state ("u1", "one", "sent");
  g_assert_cmpuint (kit.sent->len, ==, 1);
  end ();
}

static void
test_uncertain_survives_a_restart (void)
{
  g_autofree char *chat = start (echoing);
  g_autofree char *id = NULL;

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  complete (0, USHER_UNCERTAIN, NULL);
  kit_wait_state ("u1", "one", "uncertain");
  id = g_strdup (ids->pdata[0]);
  kit_restart ();
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 1);
  echo ("u1", id, "net-1", "one");
  assert_state ("u1", "one", "sent");
  end ();
}

/* The network is faster with the echo than with its answer. */
static void
test_echo_before_the_answer (void)
{
  static const UsherStatus answers[] = { USHER_OK, USHER_UNCERTAIN, USHER_RETRY, USHER_CONTENT };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *chat = start (echoing);

      kit_write (chat, "one");
      kit_until (kit.sent->len == 1);
      echo ("u1", ids->pdata[0], "net-1", "one");
      assert_state ("u1", "one", "sent");
      complete (0, answers[i], answers[i] == USHER_OK ? "net-1" : NULL);
      kit_write (chat, "two");
      kit_until (kit.sent->len == 2);
      kit_settle ();
      assert_state ("u1", "one", "sent");
      g_assert_cmpstr (kit.sent->pdata[1], ==, "two");
      end ();
    }
}

/* It was refused for now, but the network had taken it. */
static void
test_echo_while_it_waits_to_be_sent_again (void)
{
  g_autofree char *chat = start (echoing);

  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (kit.sent->len == 1);
  complete (0, USHER_RETRY, NULL);
  kit_settle ();
  echo ("u1", ids->pdata[0], "net-1", "one");
  assert_state ("u1", "one", "sent");
  kit_until (kit.sent->len == 2);
  g_assert_cmpstr (kit.sent->pdata[1], ==, "two");
  complete (1, USHER_OK, "net-2");
  kit_wait_state ("u1", "two", "sent");
  kit_restart ();
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 2);
  end ();
}

static void
test_without_echoes_uncertain_is_final (void)
{
  g_autofree char *chat = start (answering);
  g_autofree char *error = NULL;

  kit.send_status = USHER_UNCERTAIN;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "uncertain");
  g_free (kit_state ("u1", "one", &error));
  g_assert_nonnull (strstr (error, "ask before you repeat it"));
  g_assert_cmpuint (kit.sent->len, ==, 1);
  end ();
}

/* ---- the window ---------------------------------------------------------------------------------------- */

static gint32
window_at (guint index)
{
  return g_array_index (windows, int32_t, index);
}

static void
test_window_is_computed_when_it_is_sent (void)
{
  g_autofree char *chat = start (windowed);

  kit_write (chat, "in time");
  kit_wait_state ("u1", "in time", "sent");
  g_assert_cmpint (window_at (0), ==, 0);
  kit_pass (HOUR + MINUTE);
  kit_write (chat, "late");
  kit_wait_state ("u1", "late", "sent");
  g_assert_cmpint (window_at (1), ==, 1);
  /* The customer writes: open again. */
  kit_say ("u1", "again", "are you there?");
  kit_write (chat, "yes");
  kit_wait_state ("u1", "yes", "sent");
  g_assert_cmpint (window_at (2), ==, 0);
  end ();
}

static void
test_too_late_is_not_sent (void)
{
  g_autofree char *chat = start (windowed);
  g_autofree char *error = NULL;

  kit.send_status = USHER_RETRY;
  kit_write (chat, "one");
  kit_until (kit.sent->len >= 1);
  kit_settle ();
  kit_pass (4 * HOUR);
  kit_wait_state ("u1", "one", "failed");
  g_free (kit_state ("u1", "one", &error));
  g_assert_nonnull (strstr (error, "wait until the customer writes again"));
  end ();
}

/* ---- channels that may not send ------------------------------------------------------------------------ */

static UsherInstance *
net (void)
{
  return uc_core_instance (kit.core, UC_KIND_CHANNEL, "net");
}

static void
test_expired_token_pauses_the_channel (void)
{
  g_autofree char *one = start (answering);
  g_autofree char *two = NULL;

  uc_json_free (kit_do (NULL, "user.put", "{\"user\":\"anna\",\"login\":\"anna\",\"capacity\":%d}", 5));
  two = kit_chat ("u2");
  kit.send_status = USHER_AUTH;
  kit_write (one, "first");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  g_assert_cmpint (net ()->status, ==, USHER_AUTH);
  g_assert_cmpstr (net ()->status_message, ==, "the test says no");
  kit_write (one, "second");
  kit_write (two, "third");
  kit_settle ();
  kit_pass (55 * 1000);
  g_assert_cmpuint (kit.sent->len, ==, 1);
  assert_state ("u1", "first", "queued");
  assert_state ("u2", "third", "queued");
  /* One tries, the pause doubles. */
  kit_pass (10 * 1000);
  g_assert_cmpuint (kit.sent->len, ==, 2);
  kit_pass (100 * 1000);
  g_assert_cmpuint (kit.sent->len, ==, 2);
  kit_pass (30 * 1000);
  g_assert_cmpuint (kit.sent->len, ==, 3);
  /* The token was renewed: the next try gets through, and all others with it. */
  kit.send_status = USHER_OK;
  kit_pass (5 * MINUTE);
  kit_wait_state ("u1", "second", "sent");
  kit_wait_state ("u2", "third", "sent");
  assert_state ("u1", "first", "sent");
  g_assert_cmpint (net ()->state, ==, UC_INSTANCE_RUNNING);
  end ();
}

static void
refuse_in_other_words (const UsherLine *line, UsherReply *reply)
{
  g_autofree char *words = g_strdup_printf ("refusal number %u", kit.sent->len + 1);
  UsherResult result = { .struct_size = sizeof result, .status = USHER_AUTH, .message = words };

  g_ptr_array_add (kit.sent, g_strdup (line->text));
  kit.rig->host->complete (reply, &result);
}

/* Whatever the later refusals said. */
static void
test_attention_ends_with_the_refusals (void)
{
  g_autofree char *one = start (answering);
  void (*usual) (const UsherLine *, UsherReply *) = kit.rig->send;

  kit.rig->send = refuse_in_other_words;
  kit_write (one, "first");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  g_assert_cmpstr (net ()->status_message, ==, "refusal number 1");
  kit_pass (65 * 1000);
  g_assert_cmpuint (kit.sent->len, ==, 2);
  g_assert_cmpint (net ()->state, ==, UC_INSTANCE_ATTENTION);
  kit.rig->send = usual;
  kit_pass (5 * MINUTE);
  kit_wait_state ("u1", "first", "sent");
  g_assert_cmpint (net ()->state, ==, UC_INSTANCE_RUNNING);
  end ();
}

static void
test_plugin_says_that_it_works_again (void)
{
  g_autofree char *chat = start (answering);

  kit.send_status = USHER_POLICY;
  kit_write (chat, "one");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  kit.send_status = USHER_OK;
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 1);
  kit.rig->host->instance_state (kit.rig->channel, USHER_OK, NULL);
  kit_wait_state ("u1", "one", "sent");
  end ();
}

static void
test_restart_tries_at_once (void)
{
  g_autofree char *chat = start (answering);

  kit.send_status = USHER_AUTH;
  kit_write (chat, "one");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  kit_settle ();
  kit.send_status = USHER_OK;
  kit_restart ();
  kit_wait_state ("u1", "one", "sent");
  g_assert_cmpuint (kit.sent->len, ==, 2);
  end ();
}

/* An answer that is not about the token shows that the channel may send. */
static void
test_other_answers_end_the_pause (void)
{
  g_autofree char *chat = start (answering);

  kit.send_status = USHER_AUTH;
  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  kit.send_status = USHER_RECIPIENT;
  kit_pass (61 * 1000);
  kit_wait_state ("u1", "one", "failed");
  kit_wait_state ("u1", "two", "failed");
  g_assert_cmpint (net ()->state, ==, UC_INSTANCE_RUNNING);
  end ();
}

static void
test_after_a_day_it_is_given_up (void)
{
  g_autofree char *chat = start (answering);
  g_autofree char *error = NULL;

  kit.send_status = USHER_AUTH;
  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (net ()->state == UC_INSTANCE_ATTENTION);
  kit_pass (25 * HOUR);
  kit_wait_state ("u1", "one", "failed");
  kit_wait_state ("u1", "two", "failed");
  g_free (kit_state ("u1", "two", &error));
  g_assert_cmpstr (error, ==, "the test says no");
  /* At the longest four an hour. */
  g_assert_cmpuint (kit.sent->len, <, 110);
  end ();
}

/* ---- receipts ------------------------------------------------------------------------------------------ */

static void
test_receipt_by_time (void)
{
  g_autofree char *chat = start (answering);
  gint64 between;

  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "sent");
  kit_pass (1000);
  between = uc_clock_now ();
  kit_pass (1000);
  kit_write (chat, "two");
  kit_wait_state ("u1", "two", "sent");
  receipt_until ("u1", between, USHER_RECEIPT_DELIVERED);
  assert_state ("u1", "one", "delivered");
  assert_state ("u1", "two", "sent");
  receipt_until ("u1", uc_clock_now (), USHER_RECEIPT_READ);
  assert_state ("u1", "one", "read");
  assert_state ("u1", "two", "read");
  end ();
}

/* Also when its conversation is not in memory: it is durable when it is answered. */
static void
test_receipt_is_durable_when_answered (void)
{
  g_autofree char *chat = start (answering);

  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "sent");
  kit_restart ();
  receipt_until ("u1", uc_clock_now (), USHER_RECEIPT_READ);
  assert_state ("u1", "one", "read");
  kit_restart ();
  assert_state ("u1", "one", "read");
  end ();
}

/* The receipt overtakes the network's answer; one that was not given to the network yet is not covered. */
static void
test_receipt_by_time_while_it_is_sent (void)
{
  g_autofree char *chat = start (echoing);

  kit_write (chat, "one");
  kit_write (chat, "two");
  kit_until (kit.sent->len == 1);
  kit_pass (100);
  receipt_until ("u1", uc_clock_now (), USHER_RECEIPT_DELIVERED);
  assert_state ("u1", "one", "queued");
  complete (0, USHER_OK, "net-1");
  kit_wait_state ("u1", "one", "delivered");
  kit_until (kit.sent->len == 2);
  complete (1, USHER_OK, "net-2");
  kit_wait_state ("u1", "two", "sent");
  end ();
}

/* The network's answer took its time; the customer had read the message before we had it. */
static void
test_receipt_by_time_of_before_the_answer (void)
{
  g_autofree char *chat = start (echoing);
  gint64 between;

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  kit_pass (100);
  between = uc_clock_now ();
  kit_pass (100);
  complete (0, USHER_OK, "net-1");
  kit_wait_state ("u1", "one", "sent");
  receipt_until ("u1", between, USHER_RECEIPT_READ);
  assert_state ("u1", "one", "read");
  end ();
}

/* The customer has seen everything that the network was given; whether this was among it is not known. */
static void
test_receipt_by_time_does_not_settle_what_is_uncertain (void)
{
  g_autofree char *chat = start (echoing);

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  complete (0, USHER_UNCERTAIN, NULL);
  kit_wait_state ("u1", "one", "uncertain");
  kit_write (chat, "two");
  kit_until (kit.sent->len == 2);
  complete (1, USHER_OK, "net-2");
  kit_wait_state ("u1", "two", "sent");
  receipt_until ("u1", uc_clock_now (), USHER_RECEIPT_READ);
  assert_state ("u1", "two", "read");
  assert_state ("u1", "one", "uncertain");
  echo ("u1", ids->pdata[0], "net-1", "one");
  receipt_until ("u1", uc_clock_now (), USHER_RECEIPT_READ);
  assert_state ("u1", "one", "read");
  end ();
}

/* Told by a receipt before its own answer: the network's id is learned all the same. */
static void
test_late_id_is_learned (void)
{
  g_autofree char *chat = start (echoing);
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = USHER_INBOUND_RECEIPT,
                        .user_id = "u1",
                        .upto = 100,
                        .receipt = USHER_RECEIPT_DELIVERED };

  kit_write (chat, "one");
  kit_until (kit.sent->len == 1);
  kit_deliver (&item);
  assert_state ("u1", "one", "delivered");
  complete (0, USHER_OK, "net-1");
  kit_settle ();
  item.upto = 0;
  item.external_id = "net-1";
  item.receipt = USHER_RECEIPT_READ;
  kit_deliver (&item);
  assert_state ("u1", "one", "read");
  end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outbox/killed/while-it-is-sent", test_kill_while_it_is_sent);
  g_test_add_func ("/outbox/killed/while-it-waits-to-be-sent-again", test_kill_while_it_waits_to_be_sent_again);
  g_test_add_func ("/outbox/killed/where-twice-is-once", test_kill_where_twice_is_once);
  g_test_add_func ("/outbox/retry/network-cannot-ask-for-a-year", test_network_cannot_ask_for_a_year);
  g_test_add_func ("/outbox/echo/settles-what-is-uncertain", test_echo_settles_what_is_uncertain);
  g_test_add_func ("/outbox/echo/none-within-ten-minutes", test_without_echo_a_person_is_told);
  g_test_add_func ("/outbox/echo/after-a-restart", test_uncertain_survives_a_restart);
  g_test_add_func ("/outbox/echo/before-the-answer", test_echo_before_the_answer);
  g_test_add_func ("/outbox/echo/while-it-waits-to-be-sent-again", test_echo_while_it_waits_to_be_sent_again);
  g_test_add_func ("/outbox/uncertain-without-echoes", test_without_echoes_uncertain_is_final);
  g_test_add_func ("/outbox/window/computed-when-it-is-sent", test_window_is_computed_when_it_is_sent);
  g_test_add_func ("/outbox/window/too-late-is-not-sent", test_too_late_is_not_sent);
  g_test_add_func ("/outbox/pause/expired-token", test_expired_token_pauses_the_channel);
  g_test_add_func ("/outbox/pause/attention-ends-with-the-refusals", test_attention_ends_with_the_refusals);
  g_test_add_func ("/outbox/pause/plugin-says-that-it-works-again", test_plugin_says_that_it_works_again);
  g_test_add_func ("/outbox/pause/restart-tries-at-once", test_restart_tries_at_once);
  g_test_add_func ("/outbox/pause/other-answers-end-it", test_other_answers_end_the_pause);
  g_test_add_func ("/outbox/pause/given-up-after-a-day", test_after_a_day_it_is_given_up);
  g_test_add_func ("/outbox/receipt/by-time", test_receipt_by_time);
  g_test_add_func ("/outbox/receipt/durable-when-answered", test_receipt_is_durable_when_answered);
  g_test_add_func ("/outbox/receipt/by-time-while-it-is-sent", test_receipt_by_time_while_it_is_sent);
  g_test_add_func ("/outbox/receipt/by-time-of-before-the-answer", test_receipt_by_time_of_before_the_answer);
  g_test_add_func ("/outbox/receipt/by-time-does-not-settle-what-is-uncertain",
                   test_receipt_by_time_does_not_settle_what_is_uncertain);
  g_test_add_func ("/outbox/receipt/late-id-is-learned", test_late_id_is_learned);
  return g_test_run ();
}
