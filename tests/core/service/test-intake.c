/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Intake and outbox: what a channel may rely on. Main thread.
 */
#include "kit.h"

#include <string.h>

static UcJson *
messages_of (const char *user)
{
  return kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
}

static char *
state_of (const char *user, const char *text)
{
  g_autoptr (UcJson) root = messages_of (user);

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0)
      return g_strdup (uc_json_string (uc_json_get (m, "state")));
  return NULL;
}

static guint
count_texts (const char *user, const char *text)
{
  g_autoptr (UcJson) root = messages_of (user);
  guint count = 0;

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (text == NULL || g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0)
      count++;
  return count;
}

static void
test_acknowledged_is_stored (void)
{
  gint64 seq;

  kit_start (NULL);
  kit_seed ();
  g_assert_cmpint (kit_say ("u1", "e1", "hello"), ==, 1);
  seq = uc_store_last_seq (kit.core->store);
  g_assert_cmpint (kit.core->durable, ==, seq);
  kit_restart ();
  g_assert_cmpuint (count_texts ("u1", "hello"), ==, 1);
  kit_end ();
}

static void
test_repeated_delivery_is_one_message (void)
{
  kit_start (NULL);
  kit_seed ();
  g_assert_cmpint (kit_say ("u1", "e1", "hello"), ==, 1);
  g_assert_cmpint (kit_say ("u1", "e1", "hello"), ==, 1);
  g_assert_cmpint (kit_say ("u1", "e2", "again"), ==, 3); /* 2 is the line "queued" */
  kit_restart ();
  g_assert_cmpint (kit_say ("u1", "e1", "hello"), ==, 1);
  g_assert_cmpint (kit_say ("u1", "e2", "again"), ==, 3);
  g_assert_cmpuint (count_texts ("u1", "hello"), ==, 1);
  kit_end ();
}

/* Further back than what is remembered in memory: the store is asked, so that nobody can make the engine be read
 * again by repeating himself. */
static void
test_old_repetition_is_found_by_the_store (void)
{
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *id = g_strdup_printf ("e%d", i);

      kit_say ("u1", id, id);
    }
  for (int restarted = 0; restarted <= 1; restarted++)
    {
      kit_deliver_start (&out, "u1", "e3", "e3");
      kit_until (out.done);
      g_assert_cmpint (out.status, ==, USHER_OK);
      g_assert_cmpint (out.number, ==, 5);
      if (!restarted)
        kit_restart ();
    }
  g_assert_cmpint (kit_say ("u1", "e999", "e999"), ==, 302);
  g_assert_cmpuint (count_texts ("u1", "e3"), ==, 1);
  kit_end ();
}

/* An id belongs to the channel, whoever is said to have used it: the store's unique key has the last word. */
static void
test_id_of_somebody_else_is_stopped_by_the_store (void)
{
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  g_assert_cmpint (kit_say ("u1", "e1", "one"), ==, 1);
  kit_deliver_start (&out, "u2", "e1", "one");
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_RETRY);
  kit_until (!kit.core->recovering);
  g_assert_cmpint (kit_say ("u2", "e1", "one"), ==, 1);
  g_assert_null (kit_interaction ("u2"));
  kit_end ();
}

static void
test_parallel_first_messages_make_one_conversation (void)
{
  Delivered out[20];

  kit_start (NULL);
  kit_seed ();
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    {
      g_autofree char *id = g_strdup_printf ("photo-%u", i);

      kit_deliver_start (&out[i], "album", id, id);
    }
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    {
      kit_until (out[i].done);
      g_assert_cmpint (out[i].status, ==, USHER_OK);
      if (i > 0)
        g_assert_cmpint (out[i].number, >, out[i - 1].number);
    }
  g_assert_cmpuint (count_texts ("album", NULL), ==, 21);
  kit_end ();
}

/* What is more than a transaction takes waits in front of the engine, where an agent's work passes it; what would
 * wait for too long is refused at once. */
static void
test_customers_wait_in_front_of_the_engine (void)
{
  static Delivered out[1600];
  g_autofree char *chat = NULL;
  guint accepted = 0, refused = 0, waiting = 0;
  gint64 last = 0;

  kit_start (NULL);
  kit_seed ();
  chat = kit_chat ("u1");
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    {
      g_autofree char *id = g_strdup_printf ("many-%u", i);

      kit_deliver_start (&out[i], "u1", id, id);
    }
  kit_write (chat, "the agent passes them");
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    waiting += !out[i].done;
  g_assert_cmpuint (waiting, >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    {
      kit_until (out[i].done);
      if (out[i].status == USHER_OK)
        {
          g_assert_cmpuint (refused, ==, 0);
          g_assert_cmpint (out[i].number, >, last);
          last = out[i].number;
          accepted++;
        }
      else
        {
          g_assert_cmpint (out[i].status, ==, USHER_BUSY);
          refused++;
        }
    }
  g_assert_cmpuint (accepted, >, 0);
  g_assert_cmpuint (refused, >, 0);
  kit_end ();
}

/* Those who write for the first time are asked about first, and the answers come together. */
static void
test_strangers_wait_in_front_of_the_engine (void)
{
  static Delivered out[1000];
  UcStorePressure pressure = { 0 };
  guint most = 0;

  kit_start (NULL);
  kit_seed ();
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    {
      g_autofree char *user = g_strdup_printf ("stranger-%u", i);

      kit_deliver_start (&out[i], user, user, "hello");
    }
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    while (!out[i].done)
      {
        g_main_context_iteration (NULL, TRUE);
        uc_store_pressure (kit.core->store, &pressure);
        most = MAX (most, pressure.waiting_rows);
      }
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    g_assert_cmpint (out[i].status, ==, USHER_OK);
  /* One of them may bring it a little above. */
  g_assert_cmpuint (most, <, pressure.rows_per_commit + 20);
  kit_end ();
}

static void
test_same_delivery_twice_at_once (void)
{
  Delivered first, second;

  kit_start (NULL);
  kit_seed ();
  kit_deliver_start (&first, "u1", "e1", "hello");
  kit_deliver_start (&second, "u1", "e1", "hello");
  kit_until (first.done && second.done);
  g_assert_cmpint (first.status, ==, USHER_OK);
  g_assert_cmpint (second.status, ==, USHER_OK);
  g_assert_cmpint (first.number, ==, second.number);
  g_assert_cmpuint (count_texts ("u1", "hello"), ==, 1);
  kit_end ();
}

static void
refused (const char *user, const char *id, const char *text, UsherStatus status, const char *word)
{
  Delivered out;

  kit_deliver_start (&out, user, id, text);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, status);
  g_assert_nonnull (strstr (out.message, word));
}

/* What it repeats is not durable, and what it brings beside that changes nothing that could fail with it. */
static void
test_repetition_beside_an_end_of_nothing (void)
{
  const UsherInbound line
      = { .struct_size = sizeof line,
          .kind = USHER_INBOUND_MESSAGE,
          .user_id = "u1",
          .external_id = "e2",
          .text = "lost?" },
      taken = { .struct_size = sizeof taken,
                .kind = USHER_INBOUND_MESSAGE,
                .user_id = "u2",
                .external_id = "e1",
                .text = "its id is that of somebody else" },
      end = { .struct_size = sizeof end, .kind = USHER_INBOUND_ENDED, .user_id = "stranger", .external_id = "l1" };
  const UsherInbound *first[] = { &line, &taken, &end }, *second[] = { &line, &end };
  Delivered outs[2];

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  kit_say ("u2", "f1", "hello");
  kit_leave ("stranger", "l0");
  kit_deliver_items (&outs[0], first, G_N_ELEMENTS (first));
  kit_deliver_items (&outs[1], second, G_N_ELEMENTS (second));
  /* Time for the store's thread that reads: then both are stepped in one turn. */
  g_usleep (50000);
  kit_until (outs[0].done && outs[1].done);
  g_assert_cmpint (outs[0].status, ==, USHER_RETRY);
  g_assert_cmpint (outs[1].status, ==, USHER_RETRY);
  kit_until (!kit.core->recovering);
  kit_settle ();
  g_assert_cmpuint (count_texts ("u1", "lost?"), ==, 0);
  kit_deliver_items (&outs[1], second, G_N_ELEMENTS (second));
  kit_until (outs[1].done);
  g_assert_cmpint (outs[1].status, ==, USHER_OK);
  g_assert_cmpuint (count_texts ("u1", "lost?"), ==, 1);
  kit_end ();
}

static void
test_bad_deliveries_are_refused (void)
{
  g_autofree char *long_text = g_strnfill (65537, 'x');
  g_autofree char *long_id = g_strnfill (1025, 'x');

  kit_start (NULL);
  kit_seed ();
  refused ("", "e", "t", USHER_INVALID, "user_id");
  refused (NULL, "e", "t", USHER_INVALID, "user_id");
  refused ("a\nb", "e", "t", USHER_INVALID, "user_id");
  refused ("u", NULL, "t", USHER_INVALID, "external_id");
  refused ("u", long_id, "t", USHER_INVALID, "external_id");
  refused ("u", "e", NULL, USHER_INVALID, "text");
  refused ("u", "e", "", USHER_CONTENT, "text");
  refused ("u", "e", "\xff", USHER_INVALID, "UTF-8");
  refused ("u", "e", long_text, USHER_CONTENT, "64 KiB");
  g_assert_null (kit_interaction ("u"));
  g_assert_cmpint (kit_say ("u", "e", "fine"), ==, 1);
  kit_end ();
}

static void
test_unknown_queue_is_not_lost (void)
{
  Delivered out;

  kit_start (NULL);
  kit_deliver_start (&out, "u1", "e1", "hello");
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_RETRY);
  g_assert_nonnull (strstr (out.message, "queue.put"));
  kit_seed ();
  g_assert_cmpint (kit_say ("u1", "e1", "hello"), ==, 1);
  kit_end ();
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static char *
accepted_chat (const char *user)
{
  const UcInteraction *interaction;

  kit_say (user, "first", "hello");
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", interaction->id));
  return g_strdup (interaction->id);
}

static void
log_in (const char *login)
{
  UcCommand command
      = { .type = UC_COMMAND_SET_STATUS, .agent = login, .status = "work_offline", .cause = "login" };

  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
}

/* A core with one chat between `user` and anna. */
static char *
start_chat (const char *user)
{
  kit_start (NULL);
  kit_seed ();
  log_in ("anna");
  return accepted_chat (user);
}

static void
send_text (const char *id, const char *text)
{
  uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"%s\"}", id, text));
}

static void
wait_state (const char *user, const char *text, const char *state)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  for (;;)
    {
      g_autofree char *now = state_of (user, text);

      if (g_strcmp0 (now, state) == 0)
        return;
      if (g_get_monotonic_time () > end)
        g_error ("\"%s\" is %s, not %s", text, now, state);
    }
}

static void
test_message_reaches_the_channel_in_order (void)
{
  g_autofree char *id = start_chat ("u1");

  send_text (id, "one");
  send_text (id, "two");
  wait_state ("u1", "two", "sent");
  g_assert_cmpuint (kit.sent->len, ==, 2);
  g_assert_nonnull (strstr (kit.sent->pdata[0], "one"));
  g_assert_nonnull (strstr (kit.sent->pdata[1], "two"));
  g_assert_cmpstr (kit.notices->pdata[0], ==, "queued");
  g_assert_cmpstr (kit.notices->pdata[1], ==, "agent_joined");
  kit_end ();
}

static void
test_retry_sends_again_and_keeps_order (void)
{
  g_autofree char *id = start_chat ("u1");

  kit.send_status = USHER_RETRY;
  send_text (id, "one");
  send_text (id, "two");
  kit_until (kit.sent->len >= 1);
  kit_settle ();
  kit.send_status = USHER_OK;
  wait_state ("u1", "two", "sent");
  g_assert_nonnull (strstr (kit.sent->pdata[kit.sent->len - 2], "one"));
  g_assert_nonnull (strstr (kit.sent->pdata[kit.sent->len - 1], "two"));
  kit_end ();
}

static void
test_uncertain_is_shown_and_not_repeated (void)
{
  g_autofree char *id = start_chat ("u1");

  kit.send_status = USHER_UNCERTAIN;
  send_text (id, "one");
  wait_state ("u1", "one", "uncertain");
  g_assert_cmpuint (kit.sent->len, ==, 1);
  kit.send_status = USHER_OK;
  send_text (id, "two");
  wait_state ("u1", "two", "sent");
  kit_end ();
}

static void
test_refusal_is_shown (void)
{
  g_autofree char *id = start_chat ("u1");

  kit.send_status = USHER_RECIPIENT;
  send_text (id, "one");
  wait_state ("u1", "one", "failed");
  kit_end ();
}

static void
test_outbox_survives_a_restart (void)
{
  g_autofree char *id = start_chat ("u1");

  kit.send_status = USHER_RETRY;
  send_text (id, "one");
  send_text (id, "two");
  kit_until (kit.sent->len >= 1);
  kit_settle ();
  kit.send_status = USHER_OK;
  kit_restart ();
  wait_state ("u1", "two", "sent");
  g_assert_cmpuint (count_texts ("u1", "one"), ==, 1);
  kit_end ();
}

static void
ignore_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  *(gboolean *)data = TRUE;
}

static void
receipt (const char *user, gint64 upto, UsherReceipt kind)
{
  UsherInbound item = {
    .struct_size = sizeof item, .kind = USHER_INBOUND_RECEIPT, .user_id = user, .upto = upto, .receipt = kind
  };
  const UsherInbound *items[] = { &item };
  gboolean done = FALSE;

  kit.rig->host->deliver (kit.rig->channel, items, 1, ignore_delivered, &done);
  kit_until (done);
}

static void
test_receipts_only_move_up (void)
{
  g_autofree char *id = NULL;
  g_autofree char *state = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna");
  id = accepted_chat ("u1");
  send_text (id, "one");
  wait_state ("u1", "one", "sent");
  receipt ("u1", 100, USHER_RECEIPT_READ);
  wait_state ("u1", "one", "read");
  receipt ("u1", 100, USHER_RECEIPT_DELIVERED);
  kit_settle ();
  state = state_of ("u1", "one");
  g_assert_cmpstr (state, ==, "read");
  /* After a restart the lines are read from the store. */
  send_text (id, "two");
  wait_state ("u1", "two", "sent");
  kit_restart ();
  receipt ("u1", 100, USHER_RECEIPT_DELIVERED);
  wait_state ("u1", "two", "delivered");
  kit_end ();
}

static void
test_text_too_long_for_the_channel_is_parted (void)
{
  g_autofree char *id = NULL;
  g_autofree char *text = g_strnfill (101, 'x'), *flood = g_strnfill (2001, 'x');
  g_autofree char *args = NULL, *too_much = NULL;
  g_autoptr (UcJson) sent = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna");
  id = accepted_chat ("u1");
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"text\":\"%s\"}", id, text);
  too_much = g_strdup_printf ("{\"interaction\":\"%s\",\"text\":\"%s\"}", id, flood);
  sent = kit_do ("anna", "message.send", "%s", args);
  g_assert_cmpint (uc_json_int (uc_json_get (sent, "parts"), 0), ==, 2);
  kit_until (kit.sent->len == 2);
  g_assert_null (kit_op ("anna", "message.send", too_much));
  g_assert_nonnull (strstr (kit_error, "at most 100"));
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 2);
  kit_end ();
}

/* ---- history ------------------------------------------------------------------------------------------- */

typedef struct
{
  gboolean done;
  GString *lines;
  char *state, *agent;
} Seen;

static void
on_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
            const char *agent)
{
  Seen *seen = data;

  g_assert_cmpint (result->status, ==, USHER_OK);
  for (; *lines != NULL; lines++)
    g_string_append_printf (seen->lines, "%" G_GINT64_FORMAT ":%s ", (*lines)->n,
                            (*lines)->code != NULL ? (*lines)->code : (*lines)->text);
  seen->state = g_strdup (state);
  seen->agent = g_strdup (agent);
  seen->done = TRUE;
}

static void
history (const char *user, gint64 after, const char *lines, const char *state, const char *agent)
{
  Seen seen = { FALSE, g_string_new (NULL), NULL, NULL };

  kit.rig->host->history (kit.rig->channel, user, after, 100, on_history, &seen);
  g_assert_false (seen.done);
  kit_until (seen.done);
  g_assert_cmpstr (seen.lines->str, ==, lines);
  g_assert_cmpstr (seen.state, ==, state);
  g_assert_cmpstr (seen.agent, ==, agent);
  g_string_free (seen.lines, TRUE);
  g_free (seen.state);
  g_free (seen.agent);
}

static void
test_history_says_what_was_missed (void)
{
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna");
  history ("u1", 0, "", "none", NULL);
  kit_say ("u1", "first", "hello");
  history ("u1", 0, "1:hello 2:queued ", "waiting", NULL);
  id = accepted_chat ("u1");
  send_text (id, "hi");
  history ("u1", 2, "3:agent_joined 4:hi ", "active", "Anna");
  kit_leave ("u1", "bye");
  history ("u1", 4, "5:ended ", "ended", NULL);
  kit_restart ();
  history ("u1", 4, "5:ended ", "ended", NULL);
  kit_end ();
}

static void
test_end_told_again_spares_the_next_chat (void)
{
  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "first", "hello");
  kit_leave ("u1", "bye");
  kit_restart ();
  kit_say ("u1", "second", "hello again");
  kit_leave ("u1", "bye");
  kit_settle ();
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_WAITING);
  kit_end ();
}

/* Of an end that ended nothing there is no line: it is remembered all the same, whether or not the customer was
 * known then, and over restarts. */
static void
test_end_of_nothing_told_again_spares_the_next_chat (void)
{
  kit_start (NULL);
  kit_seed ();
  kit_leave ("stranger", "bye-1");
  kit_say ("u1", "first", "hello");
  kit_leave ("u1", "bye-2");
  kit_leave ("u1", "bye-3");
  kit_restart ();
  kit_say ("stranger", "second", "hello");
  kit_say ("u1", "third", "hello again");
  kit_leave ("stranger", "bye-1");
  kit_leave ("u1", "bye-3");
  kit_leave ("u1", "bye-2");
  kit_settle ();
  g_assert_cmpint (kit_interaction ("stranger")->state, ==, UC_INTERACTION_WAITING);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_WAITING);
  kit_leave ("u1", "bye-4");
  g_assert_null (kit_interaction ("u1"));
  kit_end ();
}

static void
test_customer_who_left_is_kept_until_acknowledged (void)
{
  g_autofree char *id = start_chat ("u1");

  kit_leave ("u1", "bye");
  kit_leave ("u1", "bye");
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  g_assert_null (kit_op ("anna", "message.send", "{\"interaction\":\"x\",\"text\":\"still there?\"}"));
  /* A new message starts a new interaction; the old one is still the agent's. */
  kit_say ("u1", "back", "one more thing");
  uc_json_free (kit_do ("anna", "interaction.end", "{\"interaction\":\"%s\"}", id));
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_POST_PROCESSING);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/acknowledged-is-stored", test_acknowledged_is_stored);
  g_test_add_func ("/intake/repeated-delivery-is-one-message", test_repeated_delivery_is_one_message);
  g_test_add_func ("/intake/old-repetition-is-found-by-the-store", test_old_repetition_is_found_by_the_store);
  g_test_add_func ("/intake/id-of-somebody-else-is-stopped-by-the-store",
                   test_id_of_somebody_else_is_stopped_by_the_store);
  g_test_add_func ("/intake/parallel-first-messages-make-one-conversation",
                   test_parallel_first_messages_make_one_conversation);
  g_test_add_func ("/intake/customers-wait-in-front-of-the-engine", test_customers_wait_in_front_of_the_engine);
  g_test_add_func ("/intake/strangers-wait-in-front-of-the-engine", test_strangers_wait_in_front_of_the_engine);
  g_test_add_func ("/intake/same-delivery-twice-at-once", test_same_delivery_twice_at_once);
  g_test_add_func ("/intake/repetition-beside-an-end-of-nothing", test_repetition_beside_an_end_of_nothing);
  g_test_add_func ("/intake/bad-deliveries-are-refused", test_bad_deliveries_are_refused);
  g_test_add_func ("/intake/unknown-queue-is-not-lost", test_unknown_queue_is_not_lost);
  g_test_add_func ("/intake/end-told-again", test_end_told_again_spares_the_next_chat);
  g_test_add_func ("/intake/end-of-nothing-told-again", test_end_of_nothing_told_again_spares_the_next_chat);
  g_test_add_func ("/intake/customer-who-left-is-kept-until-acknowledged",
                   test_customer_who_left_is_kept_until_acknowledged);
  g_test_add_func ("/outbox/message-reaches-the-channel-in-order", test_message_reaches_the_channel_in_order);
  g_test_add_func ("/outbox/retry-sends-again-and-keeps-order", test_retry_sends_again_and_keeps_order);
  g_test_add_func ("/outbox/uncertain-is-shown-and-not-repeated", test_uncertain_is_shown_and_not_repeated);
  g_test_add_func ("/outbox/refusal-is-shown", test_refusal_is_shown);
  g_test_add_func ("/outbox/survives-a-restart", test_outbox_survives_a_restart);
  g_test_add_func ("/outbox/receipts-only-move-up", test_receipts_only_move_up);
  g_test_add_func ("/outbox/too-long-is-parted", test_text_too_long_for_the_channel_is_parted);
  g_test_add_func ("/history/says-what-was-missed", test_history_says_what_was_missed);
  return g_test_run ();
}
