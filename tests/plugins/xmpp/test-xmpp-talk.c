/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Customers with a real client library talk with the plugin through a real Prosody.
 */
#include "tests/plugins/xmpp/xmpp-kit.h"

#include <stdlib.h>
#include <string.h>

#define ALICE "alice@localhost"
#define BOB "bob@localhost"
/* The smallest PNG there is. */
#define DOT "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

static KitServer *server;
static KitCustomer *alice, *bob;

/* ---- in ------------------------------------------------------------------------------------------------ */

static void
test_message_in (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherInbound *item;
  const UcJson *receipt;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'in-1','text':'Hello & <hi>'");
  item = kit_item (fake, 1);
  g_assert_cmpint (item->kind, ==, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_id, ==, ALICE);
  g_assert_cmpstr (item->external_id, ==, ALICE "/in-1");
  g_assert_cmpstr (item->text, ==, "Hello & <hi>");
  g_assert_null (item->form);
  g_assert_false (item->passive);
  receipt = kit_event (alice, "message", "received", "in-1", NULL);
  g_assert_null (kit_text (receipt, "body"));
  g_assert_cmpint (uc_json_int (uc_json_get (receipt, "children"), 0), ==, 1);
  g_assert_null (uc_json_get (receipt, "request"));
}

static void
test_no_receipt_before_it_is_stored (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  FakeDelivery *delivery;

  fake_host_auto_deliver (fake, FALSE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'wait-1','text':'one'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'wait-2','text':'two'");
  kit_item (fake, 1);
  /* A ping there and back: the server has handed over both. */
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
  g_assert_cmpuint (kit_count (alice, "message", "received", "wait-1"), ==, 0);
  delivery = fake_delivery_next (fake);
  fake_delivery_answer (delivery, USHER_RETRY, "later");
  fake_host_settle ();
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
  fake_clock_advance (1000);
  g_assert_cmpstr (kit_item (fake, 2)->text, ==, "one");
  fake_delivery_answer (fake_delivery_next (fake), USHER_BUSY, "later");
  fake_clock_advance (2000);
  g_assert_cmpstr (kit_item (fake, 3)->external_id, ==, ALICE "/wait-1");
  g_assert_cmpuint (kit_count (alice, "message", "received", "wait-1"), ==, 0);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  kit_event (alice, "message", "received", "wait-1", NULL);
  g_assert_cmpstr (kit_item (fake, 4)->text, ==, "two");
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  kit_event (alice, "message", "received", "wait-2", NULL);
}

static void
test_one_waiting_does_not_hold_another (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);

  fake_host_auto_deliver (fake, FALSE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'hold-1','text':'one'");
  kit_item (fake, 1);
  fake_delivery_answer (fake_delivery_next (fake), USHER_RETRY, "later");
  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','id':'hold-2','text':'mine'");
  g_assert_cmpstr (kit_item (fake, 2)->user_id, ==, BOB);
  fake_host_auto_deliver (fake, TRUE);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
}

static void
test_refused_message_goes_back (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UcJson *error;

  fake_host_auto_deliver (fake, FALSE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'no-1','text':'x'");
  kit_item (fake, 1);
  fake_delivery_answer (fake_delivery_next (fake), USHER_CONTENT, "too long");
  error = uc_json_get (kit_event (alice, "message", "type", "error", "id", "no-1", NULL), "error");
  g_assert_cmpstr (kit_text (error, "type"), ==, "modify");
  g_assert_cmpstr (kit_text (error, "condition"), ==, "not-acceptable");
  g_assert_nonnull (kit_text (error, "text"));
  g_assert_cmpuint (kit_count (alice, "message", "received", "no-1"), ==, 0);
}

static void
test_duplicates_and_missing_ids (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherInbound *one, *two;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'dup','text':'same'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'dup','text':'same'");
  g_assert_cmpstr (kit_item (fake, 1)->external_id, ==, kit_item (fake, 2)->external_id);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'other','origin_id':'mine','text':'x'");
  g_assert_cmpstr (kit_item (fake, 3)->external_id, ==, ALICE "/mine");
  kit_event (alice, "message", "received", "other", NULL);
  /* Nothing sends a message without id and stamp again: twice the same words are two messages. */
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':null,'text':'ok'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':null,'text':'ok'");
  one = kit_item (fake, 4);
  two = kit_item (fake, 5);
  g_assert_cmpstr (one->external_id, !=, two->external_id);
  /* What a server kept has a stamp, and may come twice. */
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':null,'text':'old','stamp':'2025-12-31T23:00:00.5Z'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':null,'text':'old','stamp':'2025-12-31T23:00:00.5Z'");
  g_assert_cmpint (kit_item (fake, 6)->at, ==, G_GINT64_CONSTANT (1767222000500));
  g_assert_cmpstr (kit_item (fake, 6)->external_id, ==, kit_item (fake, 7)->external_id);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'from tomorrow','stamp':'2099-01-01T00:00:00Z'");
  g_assert_cmpint (kit_item (fake, 8)->at, ==, 0);
}

static void
test_forms (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherInbound *item;
  guint cursor = 0;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'f1','text':'teh'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'f2','replaces':'f1','text':'the'");
  kit_do (alice, "'do':'retract','to':'" KIT_ADDRESS "','of':'f1'");
  kit_do (alice, "'do':'react','to':'" KIT_ADDRESS "','of':'ours','with':['\xf0\x9f\x91\x8d']");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','reply':'ours','text':'about that'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','type':'normal','subject':'Order 7','text':'Where is it?'");
  kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "edit");
  g_assert_cmpstr (item->text, ==, "the");
  g_assert_cmpstr (item->reply_to, ==, ALICE "/f1");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "retract");
  g_assert_cmpstr (item->reply_to, ==, ALICE "/f1");
  g_assert_true (item->passive);
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "reaction");
  g_assert_cmpstr (item->text, ==, "\xf0\x9f\x91\x8d");
  g_assert_cmpstr (item->reply_to, ==, "ours");
  g_assert_true (item->passive);
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_null (item->form);
  g_assert_cmpstr (item->reply_to, ==, "ours");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->text, ==, "Order 7\n\nWhere is it?");
}

static void
test_encrypted_and_links (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherInbound *item;
  guint cursor = 0;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'fallback','xml':[\"<encrypted "
                 "xmlns=\\\"eu.siacs.conversations.axolotl\\\"><payload>x</payload></encrypted>\"]");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->form, ==, "encrypted");
  g_assert_nonnull (strstr (item->text, "switch encryption off"));
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS
                 "','text':'https://shop.example/a.PNG?x=1','oob':'https://shop.example/a.PNG?x=1'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->text, ==, "");
  g_assert_cmpstr (item->attachments[0]->kind, ==, "image");
  g_assert_cmpstr (item->attachments[0]->url, ==, "https://shop.example/a.PNG?x=1");
  g_assert_null (item->attachments[0]->media);
  g_assert_null (item->attachments[1]);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'look','oob':'https://shop.example/list.pdf'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->text, ==, "look");
  g_assert_cmpstr (item->attachments[0]->kind, ==, "link");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'bad','oob':'javascript:alert(1)'");
  g_assert_null (kit_next (fake, &cursor, USHER_INBOUND_MESSAGE)->attachments);
}

static void
test_what_is_no_message (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UcJson *error;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','type':'groupchat','text':'x'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','type':'headline','text':'x'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','type':'error','id':'never-sent','text':'x'");
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','xml':[\"<encrypted "
                 "xmlns=\\\"eu.siacs.conversations.axolotl\\\"><header/></encrypted>\"]");
  kit_do (alice, "'do':'send','to':'sales@" KIT_DOMAIN "','id':'wrong-1','text':'x'");
  error = uc_json_get (kit_event (alice, "message", "type", "error", "id", "wrong-1", NULL), "error");
  g_assert_cmpstr (kit_text (error, "condition"), ==, "item-not-found");
  g_assert_nonnull (strstr (kit_text (error, "text"), KIT_ADDRESS));
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  fake_host_settle ();
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
}

/* ---- typing, receipts, markers ------------------------------------------------------------------------- */

static gboolean
has_typed (gpointer data)
{
  return ((FakeHost *)data)->typings->len > 0;
}

static void
expect_typing (FakeHost *fake, gboolean on)
{
  const FakeTyping *seen;

  fake_host_wait (has_typed, fake, "typing");
  seen = fake->typings->pdata[0];
  g_assert_cmpstr (seen->user_id, ==, ALICE);
  g_assert_cmpint (seen->on, ==, on);
  g_ptr_array_remove_index (fake->typings, 0);
}

static void
test_typing_both_ways (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);

  kit_do (alice, "'do':'state','to':'" KIT_ADDRESS "','state':'composing'");
  expect_typing (fake, TRUE);
  /* The customer's client says it once; the core forgets it after some seconds. */
  fake_clock_advance (4000);
  expect_typing (fake, TRUE);
  kit_do (alice, "'do':'state','to':'" KIT_ADDRESS "','state':'paused'");
  expect_typing (fake, FALSE);
  kit_do (alice, "'do':'state','to':'" KIT_ADDRESS "','state':'composing'");
  expect_typing (fake, TRUE);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'there'");
  expect_typing (fake, FALSE);
  kit_do (alice, "'do':'state','to':'" KIT_ADDRESS "','state':'composing'");
  expect_typing (fake, TRUE);
  fake_clock_advance (60000);
  g_assert_false (((FakeTyping *)fake->typings->pdata[fake->typings->len - 1])->on);
  g_assert_cmpuint (fake->typings->len, <=, 9);
  g_ptr_array_set_size (fake->typings, 0);
  /* Leaving is no end of the chat. */
  kit_do (alice, "'do':'state','to':'" KIT_ADDRESS "','state':'gone'");

  fake->channel->typing (fake->self, ALICE, true);
  g_assert_null (kit_text (kit_event (alice, "message", "state", "composing", NULL), "body"));
  fake->channel->typing (fake->self, ALICE, true);
  fake->channel->typing (fake->self, ALICE, false);
  kit_event (alice, "message", "state", "paused", NULL);
  fake->channel->typing (fake->self, ALICE, false);
  g_assert_cmpuint (kit_count (alice, "message", "state", "composing"), ==, 1);
  /* A desk that vanished takes nothing back. */
  fake->channel->typing (fake->self, ALICE, true);
  kit_event (alice, "message", "state", "composing", NULL);
  fake_clock_advance (6000);
  kit_event (alice, "message", "state", "paused", NULL);
  /* A message does. */
  fake->channel->typing (fake->self, ALICE, true);
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, ALICE, "typed")))->status, ==, USHER_OK);
  fake_clock_advance (10000);
  kit_event (alice, "message", "body", "typed", NULL);
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  g_assert_cmpuint (kit_count (alice, "message", "state", "composing"), ==, 3);
  g_assert_cmpuint (kit_count (alice, "message", "state", "paused"), ==, 2);
  g_assert_cmpuint (fake->typings->len, ==, 0);
  for (guint i = 0; i < fake_delivery_count (fake); i++)
    g_assert_cmpint (((UsherInbound *)fake_delivery_at (fake, i)->items->pdata[0])->kind, !=, USHER_INBOUND_ENDED);
}

static void
test_message_out_and_receipts (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  UsherLine *line = kit_line (fake, ALICE, "What can I do for you?");
  const UsherResult *result = fake_reply_wait (fake_send (fake, line));
  const UcJson *message;
  const UsherInbound *item;
  guint cursor = 0;

  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpstr (result->external_id, ==, line->message_id);
  message = kit_event (alice, "message", "id", line->message_id, NULL);
  g_assert_cmpstr (kit_text (message, "body"), ==, "What can I do for you?");
  g_assert_cmpstr (kit_text (message, "from"), ==, KIT_ADDRESS "/usher");
  g_assert_cmpstr (kit_text (message, "type"), ==, "chat");
  g_assert_cmpstr (kit_text (message, "state"), ==, "active");
  g_assert_true (uc_json_bool (uc_json_get (message, "request"), FALSE));
  g_assert_true (uc_json_bool (uc_json_get (message, "markable"), FALSE));
  item = kit_next (fake, &cursor, USHER_INBOUND_RECEIPT);
  g_assert_cmpint (item->receipt, ==, USHER_RECEIPT_DELIVERED);
  g_assert_cmpstr (item->external_id, ==, line->message_id);
  g_assert_cmpstr (item->user_id, ==, ALICE);
  kit_do (alice, "'do':'displayed','to':'" KIT_ADDRESS "','id':'%s'", line->message_id);
  item = kit_next (fake, &cursor, USHER_INBOUND_RECEIPT);
  g_assert_cmpint (item->receipt, ==, USHER_RECEIPT_READ);
  g_assert_cmpstr (item->external_id, ==, line->message_id);
}

static void
test_seen_goes_forward_only (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const char *external;
  UsherLine first, second;

  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'seen-1','text':'1'");
  external = kit_item (fake, 1)->external_id;
  first = (UsherLine){ .struct_size = sizeof first,
                       .user_id = ALICE,
                       .n = 1,
                       .author = USHER_AUTHOR_CUSTOMER,
                       .text = "1",
                       .external_id = external };
  kit_event (alice, "message", "received", "seen-1", NULL);
  /* The stanza's id goes into the marker, though the message goes by its origin. */
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'seen-2','origin_id':'o-2','text':'2'");
  kit_event (alice, "message", "received", "seen-2", NULL);
  second = first;
  second.n = 3;
  second.external_id = ALICE "/o-2";
  fake->channel->seen (fake->self, &second);
  kit_event (alice, "message", "displayed", "seen-2", NULL);
  fake->channel->seen (fake->self, &first);
  fake->channel->seen (fake->self, &second);
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  g_assert_cmpuint (kit_count (alice, "message", "displayed", "seen-1"), ==, 0);
  g_assert_cmpuint (kit_count (alice, "message", "displayed", "seen-2"), ==, 1);
  /* Who asks for no marker gets none. */
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','id':'seen-3','markable':false,'text':'3'");
  kit_event (alice, "message", "received", "seen-3", NULL);
  second.n = 4;
  second.external_id = ALICE "/seen-3";
  fake->channel->seen (fake->self, &second);
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  g_assert_cmpuint (kit_count (alice, "message", "displayed", "seen-3"), ==, 0);
}

static void
test_system_lines (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherLine *joined
      = fake_line_add (fake, ALICE, USHER_AUTHOR_SYSTEM, NULL, "agent_joined", "Anna is here.");
  const UsherLine *left = fake_line_add (fake, ALICE, USHER_AUTHOR_SYSTEM, NULL, "agent_left", "Anna left.");
  const UsherLine *ended = fake_line_add (fake, ALICE, USHER_AUTHOR_SYSTEM, NULL, "ended", "The chat has ended.");
  const UcJson *message;

  fake->channel->notice (fake->self, joined);
  fake->channel->notice (fake->self, left);
  fake->channel->notice (fake->self, ended);
  message = kit_event (alice, "message", "body", "Anna is here.", NULL);
  g_assert_null (uc_json_get (message, "request"));
  g_assert_null (uc_json_get (message, "markable"));
  g_assert_cmpstr (kit_text (message, "id"), !=, joined->message_id);
  /* A receipt for it, though nobody asked, says nothing about an agent's message. */
  kit_do (alice, "'do':'displayed','to':'" KIT_ADDRESS "','id':'%s'", kit_text (message, "id"));
  kit_event (alice, "message", "body", "The chat has ended.", NULL);
  kit_do (alice, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (alice, "answer", "what", "ping", NULL);
  fake_host_settle ();
  g_assert_cmpuint (kit_count (alice, "message", "body", "Anna left."), ==, 0);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
}

/* ---- out: what can go wrong ---------------------------------------------------------------------------- */

static void
test_unknown_recipient (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherResult *result = fake_reply_wait (fake_send (fake, kit_line (fake, "nobody@localhost", "hello?")));

  g_assert_cmpint (result->status, ==, USHER_RECIPIENT);
  g_assert_nonnull (strstr (result->message, "does not exist"));
  result = fake_reply_wait (fake_send (fake, kit_line (fake, "alice@elsewhere.invalid", "hello?")));
  g_assert_cmpint (result->status, ==, USHER_RECIPIENT);
  result = fake_reply_wait (fake_send (fake, kit_line (fake, "not an address", "hello?")));
  g_assert_cmpint (result->status, ==, USHER_RECIPIENT);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 0);
}

/* Another server says it long after ours took the message. */
static void
test_late_bounce (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  UsherLine *line = kit_line (fake, BOB, "hello");
  guint before;

  g_assert_cmpint (fake_reply_wait (fake_send (fake, line))->status, ==, USHER_OK);
  kit_event (bob, "message", "body", "hello", NULL);
  kit_item (fake, 1); /* bob's receipt */
  before = fake_delivery_count (fake);
  kit_do (bob,
          "'do':'send','to':'" KIT_ADDRESS "','type':'error','id':'%s','text':'private words','xml':[\"<error "
          "type=\\\"cancel\\\"><service-unavailable "
          "xmlns=\\\"urn:ietf:params:xml:ns:xmpp-stanzas\\\"/></error>\"]",
          line->message_id);
  kit_do (bob, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (bob, "answer", "what", "ping", NULL);
  fake_host_settle ();
  g_assert_true (fake_host_logged (fake, USHER_LOG_WARNING, "came back later"));
  g_assert_false (fake_host_logged (fake, USHER_LOG_WARNING, "private words"));
  g_assert_cmpuint (fake_delivery_count (fake), ==, before);
}

static void
round_trip (FakeHost *fake, const char *text, const char *expected)
{
  UsherLine *line = kit_line (fake, ALICE, text);

  g_assert_cmpint (fake_reply_wait (fake_send (fake, line))->status, ==, USHER_OK);
  g_assert_cmpstr (kit_text (kit_event (alice, "message", "id", line->message_id, NULL), "body"), ==, expected);
}

static void
test_hostile_text (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);

  round_trip (fake, "<&]]>\"'</body></message></stream:stream>", "<&]]>\"'</body></message></stream:stream>");
  round_trip (fake, "a\001b\013c\037d\177",
              "a\xef\xbf\xbd"
              "b\xef\xbf\xbd"
              "c\xef\xbf\xbd"
              "d\177");
  round_trip (fake, "a\xef\xbf\xbe z", "a\xef\xbf\xbd z");
  round_trip (fake, "two\nlines\tand tab", "two\nlines\tand tab");
  round_trip (fake, "\xf0\x9f\xa7\x91\xe2\x80\x8d\xf0\x9f\x92\xbb \xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
              "\xf0\x9f\xa7\x91\xe2\x80\x8d\xf0\x9f\x92\xbb \xf0\x9f\x87\xa9\xf0\x9f\x87\xaa");
  round_trip (fake,
              "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae"
              "abc",
              "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae"
              "abc");
  round_trip (fake, "%s%n%d {0} \\u0000", "%s%n%d {0} \\u0000");
}

static void
test_long_text (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autofree char *longest = g_strnfill (65536, '&');
  g_autofree char *longer = g_strnfill (65537, 'x');
  g_autofree char *big = g_strnfill (60000, 'y');

  g_assert_cmpint (fake->channel->capabilities->max_text, ==, 65536);
  g_assert_cmpint (fake->channel->capabilities->text_unit, ==, 1);
  /* Each of these takes five bytes on the stream. */
  round_trip (fake, longest, longest);
  g_assert_cmpint (fake_reply_wait (fake_send (fake, kit_line (fake, ALICE, longer)))->status, ==, USHER_CONTENT);
  kit_do (alice, "'do':'send','to':'" KIT_ADDRESS "','text':'%s'", big);
  for (guint cursor = 0;;)
    if (g_strcmp0 (kit_item (fake, ++cursor)->text, big) == 0)
      break;
}

static void
test_many_at_once (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autoptr (GPtrArray) replies = g_ptr_array_new ();
  guint from = 0, mine = 0;

  for (int i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strdup_printf ("many %d", i);

      g_ptr_array_add (replies, fake_send (fake, kit_line (fake, i % 2 == 0 ? ALICE : BOB, text)));
    }
  for (guint i = 0; i < replies->len; i++)
    g_assert_cmpint (fake_reply_wait (replies->pdata[i])->status, ==, USHER_OK);
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strdup_printf ("many %d", i);

      kit_event (i % 2 == 0 ? alice : bob, "message", "body", text, NULL);
      g_assert_cmpuint (kit_count (i % 2 == 0 ? alice : bob, "message", "body", text), ==, 1);
    }
  for (int i = 0; i < 200; i++)
    {
      g_autofree char *json
          = g_strdup_printf ("{\"do\":\"send\",\"to\":\"" KIT_ADDRESS "\",\"id\":\"m%d\",\"text\":\"%d\"}", i, i);

      kit_tell (alice, json);
    }
  while (mine < 200)
    {
      const UsherInbound *item = kit_next (fake, &from, USHER_INBOUND_MESSAGE);

      g_assert_cmpint (atoi (item->text), ==, (int)mine);
      mine++;
    }
  kit_event (alice, "message", "received", "m199", NULL);
}

/* The core takes nothing for a while: the plugin reads no further than its memory allows, and loses nothing. */
static void
test_flood_is_held_back (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  g_autofree char *filler = g_strnfill (60000, 'f');
  g_autoptr (GPtrArray) replies = g_ptr_array_new ();
  UsherReply *reply;
  guint cursor = 0;

  fake_host_auto_deliver (fake, FALSE);
  for (int i = 0; i < 320; i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{\"do\":\"send\",\"to\":\"" KIT_ADDRESS "\",\"id\":\"flood-%d\",\"text\":\"%d %s\"}", i, i, filler);

      kit_tell (alice, json);
    }
  /* One that was just written when the reading stopped ends later. */
  do
    {
      kit_sleep (20);
      reply = fake_send (fake, kit_line (fake, "nobody@localhost", "x"));
      g_ptr_array_add (replies, reply);
    }
  while (!fake_reply_done (reply));
  g_assert_cmpint (fake_reply_wait (reply)->status, ==, USHER_BUSY);
  g_assert_cmpuint (fake_delivery_count (fake), ==, 1);
  fake_host_auto_deliver (fake, TRUE);
  fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  for (int i = 0; i < 320; i++)
    g_assert_cmpint (atoi (kit_next (fake, &cursor, USHER_INBOUND_MESSAGE)->text), ==, i);
  kit_event (alice, "message", "received", "flood-319", NULL);
  for (guint i = 0; i < replies->len; i++)
    {
      UsherStatus status = fake_reply_wait (replies->pdata[i])->status;

      g_assert_true (status == USHER_RECIPIENT || status == USHER_BUSY);
    }
}

/* ---- who is who ---------------------------------------------------------------------------------------- */

static void
test_customer_profile (void)
{
  g_autoptr (FakeHost) fake = kit_up (server);
  const UsherInbound *item;
  guint cursor = 0;

  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','text':'no name yet'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_null (item->user_name);
  kit_do (bob, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (bob, "answer", "what", "ping", NULL);
  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','nick':'Bobby','text':'it is me'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_name, ==, "Bobby");
  item = kit_next (fake, &cursor, USHER_INBOUND_PROFILE);
  g_assert_cmpstr (item->user_name, ==, "Bobby");
  g_assert_null (item->picture);
  kit_do (bob, "'do':'vcard','name':'Bob Bones','photo':'" DOT "'");
  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','text':'not asked again so soon'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_name, ==, "Bobby");
  fake_clock_advance (G_GINT64_CONSTANT (25) * 3600 * 1000);
  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','text':'next day'");
  kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  item = kit_next (fake, &cursor, USHER_INBOUND_PROFILE);
  g_assert_cmpstr (item->user_name, ==, "Bob Bones");
  item = kit_next (fake, &cursor, USHER_INBOUND_PROFILE);
  g_assert_cmpstr (item->picture, ==, "med_1");
  g_assert_cmpuint (fake->media->len, ==, 1);
  g_assert_cmpstr (((FakeMedia *)fake->media->pdata[0])->mime, ==, "image/png");
  g_assert_cmpmem (g_bytes_get_data (((FakeMedia *)fake->media->pdata[0])->bytes, NULL), 4, "\x89PNG", 4);
  /* The vCard counts more, and the same picture is not kept twice. */
  fake_clock_advance (G_GINT64_CONSTANT (25) * 3600 * 1000);
  kit_do (bob, "'do':'send','to':'" KIT_ADDRESS "','nick':'Bobby','text':'third day'");
  item = kit_next (fake, &cursor, USHER_INBOUND_MESSAGE);
  g_assert_cmpstr (item->user_name, ==, "Bob Bones");
  kit_do (bob, "'do':'ask','what':'ping','to':'" KIT_ADDRESS "'");
  kit_event (bob, "answer", "what", "ping", NULL);
  kit_sleep (100);
  g_assert_cmpuint (fake->media->len, ==, 1);
  g_assert_cmpuint (fake_delivery_count (fake), ==, cursor);
}

static gboolean
has_feature (const UcJson *answer, const char *feature)
{
  const UcJson *features = uc_json_get (answer, "features");

  for (gsize i = 0; i < uc_json_length (features); i++)
    if (g_strcmp0 (uc_json_string (uc_json_at (features, i)), feature) == 0)
      return TRUE;
  return FALSE;
}

static void
test_questions_about_us (void)
{
  g_autoptr (FakeHost) fake = kit_host (server);
  g_autofree char *avatar = g_build_filename (fake->data_dir, "face.png", NULL);
  g_autofree guchar *dot = NULL;
  g_autofree char *sum = NULL;
  gsize len;
  const UcJson *answer;

  dot = g_base64_decode (DOT, &len);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA1, dot, len);
  g_assert_true (g_file_set_contents (avatar, (char *)dot, (gssize)len, NULL));
  fake_host_set (fake, "avatar", "face.png");
  fake_host_set (fake, "display_name", "Help & Care");
  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  kit_online (fake);

  kit_do (alice, "'do':'ask','what':'info','to':'" KIT_ADDRESS "'");
  answer = kit_event (alice, "answer", "what", "info", NULL);
  g_assert_cmpstr (uc_json_string (uc_json_at (uc_json_at (uc_json_get (answer, "identities"), 0), 0)), ==,
                   "client");
  g_assert_cmpstr (uc_json_string (uc_json_at (uc_json_at (uc_json_get (answer, "identities"), 0), 2)), ==,
                   "Help & Care");
  g_assert_true (has_feature (answer, "urn:xmpp:receipts"));
  g_assert_true (has_feature (answer, "http://jabber.org/protocol/chatstates"));
  g_assert_true (has_feature (answer, "urn:xmpp:chat-markers:0"));
  kit_do (alice, "'do':'ask','what':'info','to':'" KIT_DOMAIN "'");
  answer = kit_event (alice, "answer", "what", "info", NULL);
  g_assert_cmpstr (uc_json_string (uc_json_at (uc_json_at (uc_json_get (answer, "identities"), 0), 0)), ==,
                   "component");
  kit_do (alice, "'do':'ask','what':'items','to':'" KIT_DOMAIN "'");
  answer = kit_event (alice, "answer", "what", "items", NULL);
  g_assert_cmpstr (uc_json_string (uc_json_at (uc_json_at (uc_json_get (answer, "items"), 0), 0)), ==,
                   KIT_ADDRESS);
  kit_do (alice, "'do':'ask','what':'items','to':'" KIT_ADDRESS "'");
  answer = kit_event (alice, "answer", "what", "items", NULL);
  g_assert_cmpuint (uc_json_length (uc_json_get (answer, "items")), ==, 0);
  kit_do (alice, "'do':'ask','what':'vcard','to':'" KIT_ADDRESS "'");
  answer = kit_event (alice, "answer", "what", "vcard", NULL);
  g_assert_cmpstr (kit_text (answer, "name"), ==, "Help & Care");
  g_assert_cmpstr (kit_text (answer, "type"), ==, "image/png");
  g_assert_cmpstr (kit_text (answer, "photo"), ==, DOT);
  kit_do (alice, "'do':'ask','what':'version','to':'" KIT_ADDRESS "'");
  answer = kit_event (alice, "answer", "what", "version", NULL);
  g_assert_cmpstr (kit_text (uc_json_get (answer, "error"), "condition"), ==, "service-unavailable");
  kit_do (alice, "'do':'ask','what':'ping','to':'sales@" KIT_DOMAIN "'");
  answer = kit_event (alice, "answer", "what", "ping", NULL);
  g_assert_cmpstr (kit_text (uc_json_get (answer, "error"), "condition"), ==, "service-unavailable");

  kit_do (alice, "'do':'presence','to':'" KIT_ADDRESS "','type':'subscribe'");
  kit_event (alice, "presence", "type", "subscribed", "from", KIT_ADDRESS, NULL);
  answer = kit_event (alice, "presence", "from", KIT_ADDRESS "/usher", NULL);
  g_assert_cmpstr (kit_text (answer, "photo"), ==, sum);
  g_assert_nonnull (kit_text (answer, "caps"));
  /* Whoever logs in later asks with a probe. */
  kit_do (alice, "'do':'disconnect'");
  kit_do (alice, "'do':'login'");
  kit_event (alice, "ready", NULL);
  kit_event (alice, "presence", "from", KIT_ADDRESS "/usher", NULL);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server = kit_server_new ();
  alice = kit_customer_new (server, "alice");
  bob = kit_customer_new (server, "bob");
  g_test_add_func ("/xmpp/talk/message-in-is-delivered-and-acknowledged", test_message_in);
  g_test_add_func ("/xmpp/talk/no-receipt-before-it-is-stored-and-order-is-kept",
                   test_no_receipt_before_it_is_stored);
  g_test_add_func ("/xmpp/talk/one-customer-waiting-does-not-hold-another",
                   test_one_waiting_does_not_hold_another);
  g_test_add_func ("/xmpp/talk/refused-message-goes-back-to-its-author", test_refused_message_goes_back);
  g_test_add_func ("/xmpp/talk/duplicates-missing-ids-and-stamps", test_duplicates_and_missing_ids);
  g_test_add_func ("/xmpp/talk/edits-retractions-reactions-replies", test_forms);
  g_test_add_func ("/xmpp/talk/encrypted-messages-and-links", test_encrypted_and_links);
  g_test_add_func ("/xmpp/talk/what-is-no-message-opens-nothing", test_what_is_no_message);
  g_test_add_func ("/xmpp/talk/typing-both-ways", test_typing_both_ways);
  g_test_add_func ("/xmpp/talk/message-out-with-receipt-and-read-marker", test_message_out_and_receipts);
  g_test_add_func ("/xmpp/talk/read-markers-go-forward-only", test_seen_goes_forward_only);
  g_test_add_func ("/xmpp/talk/system-lines-ask-for-no-receipt", test_system_lines);
  g_test_add_func ("/xmpp/talk/unknown-recipient-fails", test_unknown_recipient);
  g_test_add_func ("/xmpp/talk/late-bounce-is-logged-without-the-text", test_late_bounce);
  g_test_add_func ("/xmpp/talk/hostile-text-arrives-as-text", test_hostile_text);
  g_test_add_func ("/xmpp/talk/64-kib-of-text", test_long_text);
  g_test_add_func ("/xmpp/talk/many-at-once-arrive-once-and-in-order", test_many_at_once);
  g_test_add_func ("/xmpp/talk/flood-is-held-back-and-nothing-is-lost", test_flood_is_held_back);
  g_test_add_func ("/xmpp/talk/names-and-pictures-of-customers", test_customer_profile);
  g_test_add_func ("/xmpp/talk/questions-about-us-are-answered", test_questions_about_us);
  result = g_test_run ();
  kit_customer_free (alice);
  kit_customer_free (bob);
  kit_server_free (server);
  return result;
}
