/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every kind of event of a webhook, and what the core is given for it.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

static void
nothing (Kit *kit, const char *member)
{
  g_autofree char *event = kit_event (member);

  g_assert_null (kit_events (kit, "%s", event));
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void
test_text (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item = kit_one (
      kit, "\"message\":{\"mid\":\"m_abc\",\"text\":\"Where is my parcel?\",\"reply_to\":{\"mid\":\"m_prev\","
           "\"is_self_reply\":false},\"something_new\":{\"x\":[1]}}");

  g_assert_cmpint (item->kind, ==, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_id, ==, "PSID1");
  g_assert_cmpstr (item->external_id, ==, "m_abc");
  g_assert_cmpstr (item->text, ==, "Where is my parcel?");
  g_assert_cmpstr (item->reply_to, ==, "m_prev");
  g_assert_cmpint (item->at, ==, T0);
  g_assert_cmpint (item->window_until, ==, 0);
  g_assert_null (item->form);
  g_assert_null (item->user_name);
  g_assert_null (item->attachments);
  g_assert_false (item->passive);
}

static void
test_quick_reply (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item
      = kit_one (kit, "\"message\":{\"mid\":\"m_q\",\"text\":\"Yes\",\"quick_reply\":{\"payload\":\"Y\"}}");

  g_assert_cmpstr (item->form, ==, "quick_reply");
  g_assert_cmpstr (item->text, ==, "Yes");
  g_assert_false (item->passive);
  g_assert_cmpstr (kit_one (kit, "\"message\":{\"mid\":\"m_r\",\"quick_reply\":{\"payload\":\"Y\"}}")->text, ==,
                   "Y");
}

static void
test_postback (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item
      = kit_one (kit, "\"postback\":{\"mid\":\"m_p\",\"title\":\"Get Started\",\"payload\":\"GO\"}");

  g_assert_cmpint (item->kind, ==, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "postback");
  g_assert_cmpstr (item->text, ==, "Get Started");
  g_assert_cmpstr (item->external_id, ==, "m_p");
  g_assert_false (item->passive);
  g_assert_cmpstr (kit_one (kit, "\"postback\":{\"mid\":\"m_o\",\"payload\":\"GO\"}")->text, ==, "GO");
}

/* Without an id of its own an event gets one that is the same whenever it comes again, and another for another. */
static void
test_missing_mid (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *one = kit_one (kit, "\"postback\":{\"title\":\"Go\"}");
  const UsherInbound *again = kit_one (kit, "\"postback\":{\"title\":\"Go\"}");
  const UsherInbound *other = kit_one (kit, "\"postback\":{\"title\":\"Stop\"}");

  g_assert_cmpstr (one->external_id, ==, again->external_id);
  g_assert_cmpstr (one->external_id, !=, other->external_id);
}

static void
test_odd_ids (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *long_id = g_strnfill (3000, 'm');
  g_autofree char *member = g_strdup_printf ("\"message\":{\"mid\":\"%s\",\"text\":\"a\"}", long_id);
  g_autofree char *person = g_strnfill (513, 'p');
  const UsherInbound *item = kit_one (kit, member);

  g_assert_cmpuint (strlen (item->external_id), ==, 64);
  g_assert_cmpstr (kit_one (kit, "\"message\":{\"mid\":\"m\\n1\",\"text\":\"a\"}")->external_id, !=, "m\n1");
  g_assert_cmpstr (kit_one (kit, "\"message\":{\"mid\":4711,\"text\":\"a\"}")->external_id, ==, "4711");
  g_assert_null (
      kit_events (kit,
                  "{\"sender\":{\"id\":\"%s\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\","
                  "\"text\":\"a\"}}",
                  person));
  g_assert_null (
      kit_events (kit, "{\"sender\":{\"id\":\"a\\nb\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":"
                       "\"m\",\"text\":\"a\"}}"));
}

static void
test_numbers_as_what (void)
{
  g_autoptr (Kit) kit = kit_up ();
  FakeDelivery *delivery = kit_events (
      kit,
      "{\"sender\":{\"id\":1234567890123},\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":\"1767225600\","
      "\"message\":{\"mid\":\"m_1\",\"text\":\"a\"}},"
      "{\"sender\":{\"id\":\"P2\"},\"timestamp\":\"%" G_GINT64_FORMAT "\",\"message\":{\"mid\":\"m_2\",\"text\":"
      "\"a\"}},"
      "{\"sender\":{\"id\":\"P3\"},\"timestamp\":\"soon\",\"message\":{\"mid\":\"m_3\",\"text\":\"a\"}},"
      "{\"sender\":{\"id\":\"P4\"},\"timestamp\":-5,\"message\":{\"mid\":\"m_4\",\"text\":\"a\"}},"
      "{\"sender\":{\"id\":\"P5\"},\"timestamp\":1e300,\"message\":{\"mid\":\"m_5\",\"text\":\"a\"}}",
      T0 + 1);

  g_assert_cmpstr (kit_item (delivery, 0)->user_id, ==, "1234567890123");
  g_assert_cmpint (kit_item (delivery, 0)->at, ==, T0);
  g_assert_cmpint (kit_item (delivery, 1)->at, ==, T0 + 1);
  for (guint i = 2; i < 5; i++)
    g_assert_cmpint (kit_item (delivery, i)->at, ==, T0 + 7); /* the entry's */
}

static void
test_long_text (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (GString) text = g_string_new ("x");
  g_autofree char *member = NULL;
  const UsherInbound *item;

  while (text->len < 70000)
    g_string_append (text, "\xe2\x82\xac");
  member = g_strdup_printf ("\"message\":{\"mid\":\"m_l\",\"text\":\"%s\"}", text->str);
  item = kit_one (kit, member);
  g_assert_cmpuint (strlen (item->text), <=, 65536);
  g_assert_cmpuint (strlen (item->text), >, 65530);
  g_assert_true (g_utf8_validate (item->text, -1, NULL));
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_WARNING, "cut"));
}

static void
test_unsupported (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item = kit_one (kit, "\"message\":{\"mid\":\"m_n\"}");

  g_assert_cmpstr (item->form, ==, "unsupported");
  g_assert_cmpstr (item->text, !=, "");
  g_assert_cmpstr (kit_one (kit, "\"message\":{\"mid\":\"m_t\",\"text\":{\"no\":1}}")->form, ==, "unsupported");
}

static void
test_wrapped (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = kit_event ("\"postback\":{\"mid\":\"m_w\",\"title\":\"Go\"}");
  g_autofree char *wrapped = g_strdup_printf ("{\"field\":\"messaging_postbacks\",\"value\":%s}", event);
  g_autofree char *in_changes
      = g_strdup_printf ("{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"changes\":[%s]}]}", wrapped);
  g_autofree char *in_entry = g_strdup_printf (
      "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"field\":\"messaging_postbacks\",\"value\":%s}]}",
      event);

  g_assert_cmpstr (kit_item (kit_events (kit, "%s", wrapped), 0)->external_id, ==, "m_w");
  kit_status (kit_hook (kit, in_changes), 200);
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 1), 0)->external_id, ==, "m_w");
  kit_status (kit_hook (kit, in_entry), 200);
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 2), 0)->external_id, ==, "m_w");
}

static void
test_user_ref (void)
{
  g_autoptr (Kit) kit = kit_up ();
  FakeDelivery *delivery = kit_events (kit, "{\"sender\":{\"user_ref\":\"REF7\"},\"recipient\":{\"id\":\"PAGE1\"},"
                                            "\"message\":{\"mid\":\"m_1\",\"text\":\"a\"}}");
  UsherReply *reply;
  const UcJson *body;
  Request *request;

  g_assert_cmpstr (kit_item (delivery, 0)->user_id, ==, "user_ref:REF7");
  reply = kit_send (kit, "user_ref:REF7", "hello");
  request = kit_sent (kit, &body);
  g_assert_cmpstr (kit_text (body, "recipient", "user_ref", NULL), ==, "REF7");
  g_assert_null (kit_get (body, "recipient", "id", NULL));
  kit_accept (request, "m_2");
  kit_result (reply, USHER_OK);
}

/* ---- referrals ----------------------------------------------------------------------------------------- */

static void
test_referral (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item
      = kit_one (kit, "\"referral\":{\"ref\":\"summer\",\"source\":\"SHORTLINK\",\"type\":\"OPEN_THREAD\"}");

  g_assert_cmpint (item->kind, ==, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "referral");
  g_assert_true (item->passive);
  g_assert_cmpstr (item->text, ==, "Came through a link (SHORTLINK), reference \"summer\".");
  g_assert_cmpint (item->window_until, ==, 0);
  item = kit_one (kit, "\"referral\":{\"source\":\"ADS\",\"type\":\"OPEN_THREAD\",\"ad_id\":\"77\"}");
  g_assert_cmpstr (item->text, ==, "Came through the ad 77.");
  g_assert_cmpint (item->window_until, ==, T0 + 7 * DAY_MS);
}

/* A first message after an ad may be answered for seven days; and the agent is told of the ad. */
static void
test_message_after_ad (void)
{
  static const char *const members[] = {
    "\"message\":{\"mid\":\"m_1\",\"text\":\"Hi\",\"referral\":{\"ref\":\"r\",\"source\":\"ADS\",\"ad_id\":\"77\"}"
    "}",
    "\"postback\":{\"mid\":\"m_1\",\"title\":\"Hi\",\"referral\":{\"source\":\"ads\"}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      g_autofree char *event = kit_event (members[i]);
      FakeDelivery *delivery = kit_events (kit, "%s", event);

      g_assert_cmpuint (delivery->items->len, ==, 2);
      g_assert_cmpstr (kit_item (delivery, 0)->external_id, ==, "m_1");
      g_assert_cmpint (kit_item (delivery, 0)->window_until, ==, T0 + 7 * DAY_MS);
      g_assert_cmpstr (kit_item (delivery, 1)->form, ==, "referral");
      g_assert_cmpstr (kit_item (delivery, 1)->external_id, ==, "referral:m_1");
      g_assert_true (kit_item (delivery, 1)->passive);
    }
}

/* ---- reactions and edits ------------------------------------------------------------------------------- */

static void
test_reaction (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *on = kit_one (
      kit, "\"reaction\":{\"mid\":\"m_1\",\"action\":\"react\",\"emoji\":\"\\u2764\",\"reaction\":\"love\"}");
  const UsherInbound *off = kit_one (kit, "\"reaction\":{\"mid\":\"m_1\",\"action\":\"unreact\"}");

  g_assert_cmpstr (on->form, ==, "reaction");
  g_assert_cmpstr (on->reply_to, ==, "m_1");
  g_assert_cmpstr (on->text, ==, "Reacted with \xe2\x9d\xa4.");
  g_assert_true (on->passive);
  g_assert_cmpstr (off->text, ==, "Took a reaction back.");
  g_assert_cmpstr (on->external_id, !=, off->external_id);
  g_assert_cmpstr (on->external_id, !=, "m_1");
  g_assert_cmpstr (
      kit_one (kit, "\"reaction\":{\"mid\":\"m_1\",\"action\":\"react\",\"reaction\":\"love\"}")->text, ==,
      "Reacted with love.");
}

static void
test_edit (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item
      = kit_one (kit, "\"message_edit\":{\"mid\":\"m_1\",\"text\":\"better\",\"num_edit\":2}");

  g_assert_cmpstr (item->form, ==, "edit");
  g_assert_cmpstr (item->text, ==, "better");
  g_assert_cmpstr (item->reply_to, ==, "m_1");
  g_assert_cmpstr (item->external_id, ==, "edit:2:m_1");
  g_assert_cmpstr (
      kit_one (kit, "\"message_edit\":{\"mid\":\"m_1\",\"text\":\"best\",\"num_edit\":\"3\"}")->external_id, ==,
      "edit:3:m_1");
}

/* ---- echoes -------------------------------------------------------------------------------------------- */

#define ECHO_HEAD "{\"sender\":{\"id\":\"PAGE1\"},\"recipient\":{\"id\":\"PSID1\"},\"timestamp\":1767225600005,"

static void
test_echo_of_ours (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item = kit_item (
      kit_events (kit, ECHO_HEAD "\"message\":{\"is_echo\":true,\"app_id\":1517776481860111,\"metadata\":"
                                 "\"usher:out:msg_7\",\"mid\":\"m_e\",\"text\":\"It left today.\"}}"),
      0);

  g_assert_cmpint (item->kind, ==, USHER_INBOUND_ECHO);
  g_assert_cmpstr (item->user_id, ==, "PSID1");
  g_assert_cmpstr (item->message_id, ==, "msg_7");
  g_assert_cmpstr (item->external_id, ==, "m_e");
  g_assert_cmpstr (item->text, ==, "It left today.");
  g_assert_cmpint (item->at, ==, T0 + 5);
}

static void
test_echo_of_others (void)
{
  static const char *const members[] = {
    "\"app_id\":263902037430900,",
    "",
    "\"app_id\":99,\"metadata\":\"other:1\",",
    "\"metadata\":\"usher:out:\",",
    "\"metadata\":\"usher:out:a\\nb\",",
    "\"metadata\":7,",
  };
  g_autoptr (Kit) kit = kit_up ();

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      const UsherInbound *item = kit_item (
          kit_events (kit, ECHO_HEAD "\"message\":{\"is_echo\":true,%s\"mid\":\"m_e\",\"text\":\"By hand.\"}}",
                      members[i]),
          0);

      g_assert_cmpint (item->kind, ==, USHER_INBOUND_ECHO);
      g_assert_cmpstr (item->user_id, ==, "PSID1");
      g_assert_null (item->message_id);
    }
}

/* The core has a system line as such already. */
static void
test_echo_of_note (void)
{
  g_autoptr (Kit) kit = kit_up ();

  g_assert_null (kit_events (kit, ECHO_HEAD
                             "\"message\":{\"is_echo\":true,\"metadata\":\"usher:note:msg_9\",\"mid\":\"m_e\","
                             "\"text\":\"Ana has joined.\"}}"));
}

/* ---- receipts ------------------------------------------------------------------------------------------ */

static void
test_delivery (void)
{
  g_autoptr (Kit) kit = kit_up ();
  FakeDelivery *delivery;
  g_autofree char *event
      = kit_event ("\"delivery\":{\"mids\":[\"m_1\",7,\"m_2\",null],\"watermark\":1767225600000}");

  delivery = kit_events (kit, "%s", event);
  g_assert_cmpuint (delivery->items->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (kit_item (delivery, i)->kind, ==, USHER_INBOUND_RECEIPT);
      g_assert_cmpint (kit_item (delivery, i)->receipt, ==, USHER_RECEIPT_DELIVERED);
      g_assert_cmpstr (kit_item (delivery, i)->user_id, ==, "PSID1");
    }
  g_assert_cmpstr (kit_item (delivery, 0)->external_id, ==, "m_1");
  g_assert_cmpint (kit_item (delivery, 0)->upto_at, ==, 0);
  g_assert_cmpstr (kit_item (delivery, 1)->external_id, ==, "m_2");
  g_assert_null (kit_item (delivery, 2)->external_id);
  g_assert_cmpint (kit_item (delivery, 2)->upto_at, ==, T0);
}

static void
test_read (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item = kit_one (kit, "\"read\":{\"watermark\":\"1767225600123\"}");

  g_assert_cmpint (item->kind, ==, USHER_INBOUND_RECEIPT);
  g_assert_cmpint (item->receipt, ==, USHER_RECEIPT_READ);
  g_assert_cmpint (item->upto_at, ==, T0 + 123);
  g_assert_cmpint (item->upto, ==, 0);
  g_assert_null (item->external_id);
  nothing (kit, "\"read\":{\"watermark\":0}");
  nothing (kit, "\"read\":{\"seq\":38}");
}

/* ---- logged only --------------------------------------------------------------------------------------- */

static void
test_logged_only (void)
{
  g_autoptr (Kit) kit = kit_up ();

  nothing (kit, "\"optin\":{\"ref\":\"x\"}");
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_INFO, "opted in"));
  nothing (kit, "\"pass_thread_control\":{\"new_owner_app_id\":263902037430900,\"metadata\":\"x\"}");
  nothing (kit, "\"take_thread_control\":{\"previous_owner_app_id\":\"1\"}");
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_NOTICE, "control of a conversation"));
  nothing (kit, "\"account_linking\":{\"status\":\"linked\"}");
  nothing (kit, "\"message\":[\"x\"]");
  nothing (kit, "\"message\":\"x\"");
  nothing (kit, "\"message\":7");
  nothing (kit, "\"message\":null");
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_INFO, "unknown"));
}

static void
test_enforcement (void)
{
  g_autoptr (Kit) kit = kit_up ();

  kit_state (kit, USHER_OK, NULL);
  kit_events (
      kit,
      "{\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":1767225600000,\"policy_enforcement\":{\"action\":\"block\","
      "\"reason\":\"The bot violated our Platform Policies.\"}}");
  kit_state (kit, USHER_POLICY, "The bot violated our Platform Policies.");
  kit_events (kit, "{\"recipient\":{\"id\":\"PAGE1\"},\"policy_enforcement\":{\"action\":\"unblock\"}}");
  kit_state (kit, USHER_OK, NULL);
}

/* Another app has the conversation: it is kept for reading, and opens nothing. */
static void
test_standby (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = kit_event ("\"message\":{\"mid\":\"m_s\",\"text\":\"to the other app\"}");
  g_autofree char *body
      = g_strdup_printf ("{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"standby\":[%s]}]}", event);
  const UsherInbound *item;

  kit_status (kit_hook (kit, body), 200);
  item = kit_item (fake_delivery_at (kit->fake, 0), 0);
  g_assert_cmpstr (item->external_id, ==, "m_s");
  g_assert_true (item->passive);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_INFO, "another app"));
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/v25.0/PSID1"), ==, 0);
}

static void
test_other_pages (void)
{
  g_autoptr (Kit) kit = kit_up ();

  g_assert_null (kit_events (
      kit, "{\"sender\":{\"id\":\"P\"},\"recipient\":{\"id\":\"PAGE2\"},\"message\":{\"mid\":\"m\",\"text\":"
           "\"a\"}}"));
  g_assert_null (
      kit_events (kit, "{\"sender\":{\"id\":\"PAGE2\"},\"recipient\":{\"id\":\"P\"},\"message\":{\"mid\":\"m\","
                       "\"is_echo\":true,\"text\":\"a\"}}"));
  g_assert_null (kit_events (
      kit, "{\"sender\":{\"id\":\"PAGE1\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\","
           "\"text\":\"a\"}}"));
  g_assert_null (
      kit_events (kit, "{\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\",\"text\":\"a\"}}"));
  g_assert_null (
      kit_events (kit, "{\"sender\":{\"id\":{}},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\"}}"));
  g_assert_null (kit_events (
      kit, "{\"sender\":\"PSID1\",\"recipient\":\"PAGE1\",\"message\":{\"mid\":\"m\",\"text\":\"a\"}}"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/events/text", test_text);
  g_test_add_func ("/messenger/events/quick-reply", test_quick_reply);
  g_test_add_func ("/messenger/events/postback", test_postback);
  g_test_add_func ("/messenger/events/missing-mid", test_missing_mid);
  g_test_add_func ("/messenger/events/odd-ids", test_odd_ids);
  g_test_add_func ("/messenger/events/numbers-as-strings-seconds-as-ms", test_numbers_as_what);
  g_test_add_func ("/messenger/events/long-text", test_long_text);
  g_test_add_func ("/messenger/events/unsupported", test_unsupported);
  g_test_add_func ("/messenger/events/wrapped", test_wrapped);
  g_test_add_func ("/messenger/events/user-ref", test_user_ref);
  g_test_add_func ("/messenger/events/referral", test_referral);
  g_test_add_func ("/messenger/events/message-after-an-ad", test_message_after_ad);
  g_test_add_func ("/messenger/events/reaction", test_reaction);
  g_test_add_func ("/messenger/events/edit", test_edit);
  g_test_add_func ("/messenger/events/echo-of-ours", test_echo_of_ours);
  g_test_add_func ("/messenger/events/echo-of-others", test_echo_of_others);
  g_test_add_func ("/messenger/events/echo-of-a-system-line", test_echo_of_note);
  g_test_add_func ("/messenger/events/delivery", test_delivery);
  g_test_add_func ("/messenger/events/read", test_read);
  g_test_add_func ("/messenger/events/logged-only", test_logged_only);
  g_test_add_func ("/messenger/events/policy-enforcement", test_enforcement);
  g_test_add_func ("/messenger/events/standby", test_standby);
  g_test_add_func ("/messenger/events/other-pages", test_other_pages);
  return g_test_run ();
}
