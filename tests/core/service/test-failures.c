/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store that refuses: what becomes of everything that is under way when a commit fails. Main thread.
 */
#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/outbox.h"
#include "kit.h"
#include "tests/core/store/faults.h"

#include <string.h>

static void
disk_full (void)
{
  faults_set (FAULT_LOG_FULL, 0);
}

/* Makes a commit fail, gives the room back and waits until the engine was read again. */
static void
fail_and_recover (void)
{
  Delivered out;

  disk_full ();
  kit_deliver_start (&out, "victim", "v", "not stored");
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_RETRY);
  g_assert_true (kit.core->recovering);
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  kit_settle ();
}

static void
chat (const char *user)
{
  uc_json_free (kit_do (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}"));
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"available\"}"));
  kit_say (user, "e1", "hello");
  kit_until (kit_interaction (user)->state == UC_INTERACTION_OFFERED);
  kit_settle ();
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", kit_interaction (user)->id));
}

static void
send_text (const char *user, const char *text)
{
  uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"%s\"}",
                        kit_interaction (user)->id, text));
}

static guint
count_texts (const char *user, const char *text)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
  guint count = 0;

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    count += g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0;
  return count;
}

static gboolean
is_state (const char *user, const char *text, const char *state)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0
        && g_strcmp0 (uc_json_string (uc_json_get (m, "state")), state) == 0)
      return TRUE;
  return FALSE;
}

static char *
message_id (const char *user, const char *text)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0)
      return g_strdup (uc_json_string (uc_json_get (m, "message")));
  g_assert_not_reached ();
}

static void
complete (guint held, UsherStatus status)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = "the test says so" };

  kit.rig->host->complete (kit.held->pdata[held], &result);
}

static void
hold_send (const UsherLine *line, UsherReply *reply)
{
  g_ptr_array_add (kit.sent, g_strdup (line->text));
  g_ptr_array_add (kit.held, reply);
}

/* ---- what is under way --------------------------------------------------------------------------------- */

static void
test_refused_and_taken_again (void)
{
  Delivered first, second, late;
  g_autofree char *result = NULL;
  gint64 seq;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  seq = kit.core->durable;
  disk_full ();
  /* A repetition of what is not durable must not be acknowledged either. */
  kit_deliver_start (&first, "u1", "e2", "lost?");
  kit_deliver_start (&second, "u1", "e2", "lost?");
  result = kit_op (NULL, "queue.put", "{\"queue\":\"r\",\"name\":\"Other\"}");
  g_assert_null (result);
  g_assert_nonnull (strstr (kit_error, "unavailable: "));
  kit_until (first.done && second.done);
  g_assert_cmpint (first.status, ==, USHER_RETRY);
  g_assert_cmpint (second.status, ==, USHER_RETRY);
  kit_deliver_start (&late, "u1", "e3", "later");
  kit_until (late.done);
  g_assert_cmpint (late.status, ==, USHER_RETRY);
  result = kit_op (NULL, "queue.put", "{\"queue\":\"r\",\"name\":\"Other\"}");
  g_assert_null (result);
  g_assert_nonnull (strstr (kit_error, "unavailable: "));
  g_assert_cmpint (kit.core->durable, ==, seq);

  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  g_assert_cmpint (kit_say ("u1", "e2", "lost?"), >, 0);
  g_assert_cmpint (kit_say ("u1", "e2", "lost?"), >, 0);
  uc_json_free (kit_do (NULL, "queue.put", "{\"queue\":\"r\",\"name\":\"Other\"}"));
  g_assert_cmpuint (count_texts ("u1", "hello"), ==, 1);
  g_assert_cmpuint (count_texts ("u1", "lost?"), ==, 1);
  kit_restart ();
  g_assert_cmpuint (count_texts ("u1", "lost?"), ==, 1);
  kit_end ();
}

static void
test_same_command_again (void)
{
  g_autofree char *args = NULL, *refused = NULL, *answer = NULL, *again = NULL;

  kit_start (NULL);
  kit_seed ();
  chat ("u1");
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"text\":\"one\"}", kit_interaction ("u1")->id);
  disk_full ();
  refused = kit_op_cmd ("anna", "message.send", args, "cmd-1");
  g_assert_null (refused);
  g_assert_nonnull (strstr (kit_error, "unavailable: "));
  g_assert_cmpuint (kit.sent->len, ==, 0);
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  answer = kit_op_cmd ("anna", "message.send", args, "cmd-1");
  again = kit_op_cmd ("anna", "message.send", args, "cmd-1");
  g_assert_cmpstr (answer, ==, again);
  g_assert_cmpuint (count_texts ("u1", "one"), ==, 1);
  kit_until (kit.sent->len == 1);
  kit_end ();
}

static void
test_desks_get_the_truth (void)
{
  Desk *desk;
  g_autoptr (UcJson) first = NULL, again = NULL;
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  first = kit_desk_hello (desk, "sue", -1);
  kit_settle ();
  g_ptr_array_set_size (desk->frames, 0);
  disk_full ();
  kit_deliver_start (&out, "u1", "e1", "hello");
  kit_until (out.done);
  again = kit_desk_wait (desk, "welcome");
  faults_set (FAULT_NONE, 0);
  g_assert_false (uc_json_bool (uc_json_get (again, "resumed"), TRUE));
  g_assert_cmpint (uc_json_int (uc_json_get (again, "seq"), -1), ==, kit.core->durable);
  /* Nothing of the failed change was shown before. */
  for (guint i = 0; i < desk->frames->len; i++)
    g_assert_cmpstr (uc_json_string (uc_json_get (desk->frames->pdata[i], "type")), !=, "interaction.queued");
  kit_until (!kit.core->recovering);
  kit_say ("u1", "e1", "hello");
  uc_json_free (kit_desk_wait (desk, "interaction.queued"));
  kit_desk_free (desk);
  kit_end ();
}

static guint
count_frames (const Desk *desk, const char *type)
{
  guint count = 0;

  for (guint i = 0; i < desk->frames->len; i++)
    count += g_strcmp0 (uc_json_string (uc_json_get (desk->frames->pdata[i], "type")), type) == 0;
  return count;
}

/* However long the disk is full, nothing is tried and taken back again: a desk is told the truth when it begins
 * and when it is over, can read all the while, and hears from an alarm why it can't do more. */
static void
test_held (void)
{
  Desk *desk;
  Delivered out;
  guint64 transactions;
  UcStoreFigures before, after;
  g_autoptr (UcJson) root = NULL;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "sue", -1));
  kit_settle ();
  g_ptr_array_set_size (desk->frames, 0);
  disk_full ();
  kit_deliver_start (&out, "u1", "e2", "more");
  kit_until (out.done);
  uc_store_figures (kit.core->store, &before);
  for (guint i = 0; i < 60; i++)
    {
      kit_pass (1000);
      g_assert_cmpuint (count_texts ("u1", "hello"), ==, 1);
      g_assert_true (kit.core->recovering);
    }
  uc_store_figures (kit.core->store, &after);
  transactions = after.failed - before.failed;
  g_assert_cmpuint (transactions, >, 2);
  g_assert_cmpuint (transactions, <, 10);
  g_assert_cmpuint (count_frames (desk, "welcome"), ==, 1);
  g_assert_nonnull (uc_alarm_find (kit.core, "store"));
  faults_set (FAULT_NONE, 0);
  for (guint i = 0; i < 20 && kit.core->recovering; i++)
    kit_pass (1000);
  g_assert_false (kit.core->recovering);
  g_assert_null (uc_alarm_find (kit.core, "store"));
  g_assert_cmpint (kit_say ("u1", "e2", "more"), >, 0);
  kit_settle ();
  g_assert_cmpuint (count_frames (desk, "welcome"), ==, 2);
  kit_desk_free (desk);
  kit_end ();
}

/* What is only appended, too: its number would be counted from a state that never came to be. */
static void
test_closed_one_is_not_touched (void)
{
  g_autofree char *args = NULL, *refused = NULL;
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", kit_interaction ("u1")->id);
  kit_leave ("u1", "e2");
  kit_until (kit_interaction ("u1") == NULL);
  kit_settle ();
  disk_full ();
  kit_deliver_start (&out, "victim", "v", "not stored");
  kit_until (out.done);
  refused = kit_op (NULL, "interaction.save", args);
  g_assert_null (refused);
  g_assert_nonnull (strstr (kit_error, "can't store anything"));
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  uc_json_free (kit_do (NULL, "interaction.save", "%s", args));
  kit_end ();
}

static void
settling (Rig *rig)
{
  rig->capabilities.settle_ms = 1500;
}

#define LONG_MS 10000

static void
settling_long (Rig *rig)
{
  rig->capabilities.settle_ms = LONG_MS;
}

/* Gathered ones are refused together, and taken together when they come again. */
static void
test_gathered_ones_are_refused_and_taken_again (void)
{
  static const char *const texts[] = { "one", "two", "three" };
  Delivered out[3];

  kit_start_with (NULL, settling);
  kit_seed ();
  kit_deliver_start (&out[0], "u1", "e0", "hello");
  kit_pass (1600);
  kit_until (out[0].done);
  disk_full ();
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    kit_deliver_start (&out[i], "u1", texts[i], texts[i]);
  kit_pass (1600);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      kit_until (out[i].done);
      g_assert_cmpint (out[i].status, ==, USHER_RETRY);
    }
  faults_set (FAULT_NONE, 0);
  kit_pass (2000);
  kit_until (!kit.core->recovering);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    kit_deliver_start (&out[i], "u1", texts[i], texts[i]);
  kit_pass (1600);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      kit_until (out[i].done);
      g_assert_cmpint (out[i].status, ==, USHER_OK);
      g_assert_cmpuint (count_texts ("u1", texts[i]), ==, 1);
    }
  kit_end ();
}

/* FALSE: the machine stood still for so long that the time to gather ended by itself; nothing was shown. */
static gboolean
gather_over_a_reload (void)
{
  Delivered first, second, victim;
  gint64 begun;
  gboolean shown;

  kit_start_with (NULL, settling_long);
  kit_seed ();
  kit_deliver_start (&first, "u1", "e0", "hello");
  kit_pass (LONG_MS + 100);
  kit_until (first.done);
  kit_deliver_start (&victim, "victim", "v", "not stored");
  kit_pass (LONG_MS - 500);
  kit_deliver_start (&second, "u1", "e1", "later");
  begun = uc_clock_now ();
  disk_full ();
  kit_pass (600);
  kit_until (victim.done);
  g_assert_cmpint (victim.status, ==, USHER_RETRY);
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  shown = uc_clock_now () - begun < LONG_MS;
  if (shown)
    g_assert_false (second.done);
  kit_pass (LONG_MS + 100);
  kit_until (second.done);
  if (shown)
    {
      g_assert_cmpint (second.status, ==, USHER_OK);
      g_assert_cmpint (second.number, ==, 3);
      g_assert_cmpuint (count_texts ("u1", "later"), ==, 1);
    }
  kit_end ();
  return shown;
}

/* The engine is read again while they are gathered: they belong to the conversation that was there before. */
static void
test_gathered_over_a_reload (void)
{
  guint tries = 1;

  while (!gather_over_a_reload () && tries++ < 10)
    ;
  g_assert_cmpuint (tries, <=, 10);
}

/* "one" is with the channel, which does not answer yet. */
static void
start_sending_one (void)
{
  kit_start (NULL);
  kit_seed ();
  kit.rig->send = hold_send;
  chat ("u1");
  send_text ("u1", "one");
  kit_until (kit.sent->len == 1);
}

/* The network has shown us the message, but that could not be stored; nor is it sent again meanwhile. */
static void
test_echo_is_settled_again (void)
{
  UsherInbound echo = {
    .struct_size = sizeof echo, .kind = USHER_INBOUND_ECHO, .user_id = "u1", .external_id = "net-1", .text = "one"
  };
  const UsherInbound *items[] = { &echo };
  g_autofree char *id = NULL;
  Delivered out;

  start_sending_one ();
  complete (0, USHER_RETRY);
  kit_settle ();
  id = message_id ("u1", "one");
  echo.message_id = id;
  disk_full ();
  kit_deliver_items (&out, items, 1);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_RETRY);
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  kit_until (is_state ("u1", "one", "sent"));
  kit_deliver (&echo);
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 1);
  kit_end ();
}

/* The network shows us the message before the channel answers: then the store's list does not name it any more,
 * and the answer has nothing to settle. */
static void
test_echo_before_the_answer (void)
{
  const UsherInbound echo = {
    .struct_size = sizeof echo, .kind = USHER_INBOUND_ECHO, .user_id = "u1", .external_id = "net-1", .text = "one"
  };

  for (guint early = 0; early < 2; early++)
    {
      g_autofree char *id = NULL;
      UsherInbound known = echo;
      Delivered out;

      start_sending_one ();
      id = message_id ("u1", "one");
      known.message_id = id;
      kit_deliver (&known);
      kit_until (is_state ("u1", "one", "sent"));
      if (early == 0)
        fail_and_recover ();
      else
        {
          disk_full ();
          kit_deliver_start (&out, "victim", "v", "not stored");
          kit_until (out.done);
        }
      complete (0, USHER_OK);
      faults_set (FAULT_NONE, 0);
      kit_until (!kit.core->recovering);
      kit_until (uc_outbox_with_channels (kit.core->outbox) == 0);
      kit_settle ();
      g_assert_cmpuint (kit.sent->len, ==, 1);
      g_assert_true (is_state ("u1", "one", "sent"));
      kit_end ();
    }
}

/* ---- the outbox ---------------------------------------------------------------------------------------- */

static void
test_being_sent_is_not_sent_again (void)
{
  start_sending_one ();
  fail_and_recover ();
  send_text ("u1", "two");
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 1);
  complete (0, USHER_OK);
  kit_until (kit.sent->len == 2);
  g_assert_cmpstr (kit.sent->pdata[1], ==, "two");
  complete (1, USHER_OK);
  kit_until (is_state ("u1", "one", "sent") && is_state ("u1", "two", "sent"));
  g_assert_cmpuint (uc_outbox_pending (kit.core->outbox), ==, 0);
  kit.rig->send = NULL;
  kit_restart ();
  kit_settle ();
  g_assert_cmpuint (kit.sent->len, ==, 2);
  kit_end ();
}

/* The channel answered, but the answer could not be stored. */
static void
test_result_is_kept (void)
{
  start_sending_one ();
  disk_full ();
  complete (0, USHER_OK);
  kit_until (kit.core->recovering);
  faults_set (FAULT_NONE, 0);
  kit_until (!kit.core->recovering);
  kit_until (is_state ("u1", "one", "sent"));
  g_assert_cmpuint (kit.sent->len, ==, 1);
  kit_end ();
}

/* It answers while the engine waits to be read again. */
static void
test_result_while_recovering (void)
{
  static const UsherStatus results[] = { USHER_OK, USHER_CONTENT, USHER_RETRY };
  static const char *const states[] = { "sent", "failed", "sent" };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      Delivered out;

      start_sending_one ();
      disk_full ();
      kit_deliver_start (&out, "victim", "v", "not stored");
      kit_until (out.done);
      complete (0, results[i]);
      faults_set (FAULT_NONE, 0);
      kit_until (!kit.core->recovering);
      if (results[i] == USHER_RETRY)
        {
          kit_until (kit.sent->len == 2);
          complete (1, USHER_OK);
        }
      kit_until (is_state ("u1", "one", states[i]));
      g_assert_cmpuint (kit.sent->len, ==, results[i] == USHER_RETRY ? 2 : 1);
      kit_end ();
    }
}

/* ---- a list of the outbox that is older than what it lists --------------------------------------------- */

static void
on_read (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  g_assert_cmpint (result, ==, UC_STORE_OK);
  *(gboolean *)data = TRUE;
}

/* The list is read again after a failed commit. When it has been read, but not told yet, the network shows us one
 * of its messages, and that is stored: the list says that it is to be sent, and it is not. */
static void
test_settled_while_the_list_is_read (void)
{
  UsherInbound echo = {
    .struct_size = sizeof echo, .kind = USHER_INBOUND_ECHO, .user_id = "u1", .external_id = "net-1", .text = "one"
  };
  g_autofree char *id = NULL;
  gboolean read = FALSE;

  kit_start (NULL);
  kit_seed ();
  kit.rig->send = hold_send;
  chat ("u1");
  /* Somebody else's question keeps the list waiting. */
  faults_hold ("store-history");
  uc_store_events (kit.core->store, 0, NULL, 1, on_read, &read);
  kit_until (faults_held () == 1);
  fail_and_recover ();
  send_text ("u1", "one");
  kit_settle ();
  id = message_id ("u1", "one");
  faults_let_go ();
  kit_until (read && faults_held () == 2);
  /* Now the list names it. */
  echo.message_id = id;
  kit_deliver (&echo);
  kit_pass (1);
  g_assert_true (is_state ("u1", "one", "sent"));
  g_assert_cmpuint (kit.sent->len, ==, 0);
  faults_hold (NULL);
  /* What follows is sent when the list has come. */
  send_text ("u1", "two");
  kit_until (kit.sent->len > 0);
  g_assert_cmpstr (kit.sent->pdata[0], ==, "two");
  complete (0, USHER_OK);
  kit_until (is_state ("u1", "two", "sent"));
  g_assert_cmpuint (kit.sent->len, ==, 1);
  g_assert_cmpuint (uc_outbox_with_channels (kit.core->outbox), ==, 0);
  kit_end ();
}

static void
test_unsent_messages_are_bounded (void)
{
  g_autofree char *args = NULL, *refused = NULL;

  kit_start (NULL);
  kit_seed ();
  kit.rig->send = hold_send;
  chat ("u1");
  for (int i = 0; i < 100; i++)
    send_text ("u1", "more");
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"text\":\"one too many\"}", kit_interaction ("u1")->id);
  refused = kit_op ("anna", "message.send", args);
  g_assert_null (refused);
  g_assert_nonnull (strstr (kit_error, "busy: 100 messages"));
  complete (0, USHER_OK);
  kit_until (kit.sent->len == 2);
  send_text ("u1", "room again");
  kit_end ();
}

/* ---- the CRM ------------------------------------------------------------------------------------------- */

static void
test_crm_answers_to_the_past (void)
{
  UsherCase record = { .struct_size = sizeof record, .id = "case-1" };
  const UsherCase *cases[] = { &record, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK, .cases = cases };
  const UcInteraction *interaction;
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  chat ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  kit_settle ();
  kit.crm_holds = TRUE;
  uc_json_free (kit_do ("anna", "interaction.save", "{\"interaction\":\"%s\"}", kit_interaction ("u1")->id));
  kit_until (kit.held->len == 1);
  disk_full ();
  kit_deliver_start (&out, "victim", "v", "not stored");
  kit_until (out.done);
  faults_set (FAULT_NONE, 0);
  /* The old answer comes when the save was begun anew but its row is not read yet. */
  while (kit.core->recovering)
    g_main_context_iteration (NULL, TRUE);
  kit.rig->host->complete (kit.held->pdata[0], &result);
  kit.crm_holds = FALSE;
  kit_until ((interaction = kit_interaction ("u1")) != NULL && g_strcmp0 (interaction->save_state, "saved") == 0);
  g_assert_cmpuint (kit.cases->len, ==, 1);
  kit_end ();
}

/* Two answers to two look-ups of one interaction, before and after. */
static void
test_crm_look_up_begun_anew (void)
{
  kit_start (NULL);
  kit_seed ();
  kit.crm_holds = TRUE;
  kit_say ("u1", "e1", "hello");
  kit_until (kit.held->len == 1);
  fail_and_recover ();
  kit_until (kit.held->len == 2);
  complete (0, USHER_RETRY);
  complete (1, USHER_RETRY);
  /* The customer leaves before anybody answers: nothing may be asked for him any more. */
  kit_leave ("u1", "e2");
  kit_until (kit_interaction ("u1") == NULL);
  kit_settle ();
  kit.crm_holds = FALSE;
  kit_say ("u2", "e3", "hello");
  for (gint64 end = g_get_monotonic_time () + 1700 * 1000; g_get_monotonic_time () < end;)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpuint (kit.held->len, ==, 2);
  kit_end ();
}

static void
answer_merge (const UsherMerge *merge, UsherReply *reply)
{
  UsherCustomer kept = { .struct_size = sizeof kept, .id = merge->keep, .name = "Maria Keller" };
  const UsherCustomer *list[] = { &kept, NULL };
  UsherResult result
      = { .struct_size = sizeof result, .status = USHER_OK, .customers = list, .data = "{\"merge\":\"mrg-1\"}" };

  kit.saves++;
  kit.rig->host->complete (reply, &result);
}

static void
answer_known (const char *id, UsherReply *reply)
{
  UsherCustomer known = { .struct_size = sizeof known, .id = id, .name = "Maria Keller" };
  const UsherCustomer *list[] = { &known, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK, .customers = list };

  kit.rig->host->complete (reply, &result);
}

/* The CRM has merged, the store can't keep it: nobody is told that it is done, and repeating does it. */
static void
test_crm_merge_that_was_not_noted (void)
{
  static const char *const operations[] = { "customer.merge", "interaction.choose_customer" };

  for (gsize o = 0; o < G_N_ELEMENTS (operations); o++)
    {
      g_autofree char *args = NULL, *refused = NULL, *done = NULL;

      kit_start (NULL);
      kit_seed ();
      kit.rig->merge_customers = answer_merge;
      kit.rig->get_customer = answer_known;
      chat ("u1");
      kit_until (kit_interaction ("u1")->customer != NULL);
      g_assert_true (kit_interaction ("u1")->draft);
      kit_settle ();
      args = o == 0
                 ? g_strdup_printf ("{\"keep\":\"known\",\"drop\":\"%s\"}", kit_interaction ("u1")->customer)
                 : g_strdup_printf ("{\"interaction\":\"%s\",\"customer\":\"known\"}", kit_interaction ("u1")->id);
      disk_full ();
      refused = kit_op_cmd ("anna", operations[o], args, "cmd-1");
      g_assert_null (refused);
      g_assert_nonnull (strstr (kit_error, "unavailable: "));
      g_assert_nonnull (strstr (kit_error, "repeat it"));
      faults_set (FAULT_NONE, 0);
      kit_until (!kit.core->recovering);
      g_assert_cmpstr (kit_interaction ("u1")->customer, !=, "known");
      done = kit_op_cmd ("anna", operations[o], args, "cmd-1");
      g_assert_nonnull (done);
      g_assert_cmpuint (kit.saves, ==, 2);
      g_assert_cmpstr (kit_interaction ("u1")->customer, ==, "known");
      g_assert_false (kit_interaction ("u1")->draft);
      kit_end ();
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  faults_install ();
  g_test_add_func ("/failures/refused-and-taken-again", test_refused_and_taken_again);
  g_test_add_func ("/failures/same-command-again", test_same_command_again);
  g_test_add_func ("/failures/desks-get-the-truth", test_desks_get_the_truth);
  g_test_add_func ("/failures/held", test_held);
  g_test_add_func ("/failures/closed-one-is-not-touched", test_closed_one_is_not_touched);
  g_test_add_func ("/failures/gathered-ones-are-refused-and-taken-again",
                   test_gathered_ones_are_refused_and_taken_again);
  g_test_add_func ("/failures/gathered-over-a-reload", test_gathered_over_a_reload);
  g_test_add_func ("/failures/outbox/echo-is-settled-again", test_echo_is_settled_again);
  g_test_add_func ("/failures/outbox/echo-before-the-answer", test_echo_before_the_answer);
  g_test_add_func ("/failures/outbox/being-sent-is-not-sent-again", test_being_sent_is_not_sent_again);
  g_test_add_func ("/failures/outbox/result-is-kept", test_result_is_kept);
  g_test_add_func ("/failures/outbox/result-while-recovering", test_result_while_recovering);
  g_test_add_func ("/failures/outbox/settled-while-the-list-is-read", test_settled_while_the_list_is_read);
  g_test_add_func ("/failures/outbox/unsent-messages-are-bounded", test_unsent_messages_are_bounded);
  g_test_add_func ("/failures/crm/answers-to-the-past", test_crm_answers_to_the_past);
  g_test_add_func ("/failures/crm/look-up-begun-anew", test_crm_look_up_begun_anew);
  g_test_add_func ("/failures/crm/merge-that-was-not-noted", test_crm_merge_that_was_not_noted);
  return g_test_run ();
}
