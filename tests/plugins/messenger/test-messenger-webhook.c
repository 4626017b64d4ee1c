/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The webhook: verification, signatures, batches, and when Meta is told what.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

#define BODY "{\"object\":\"page\",\"entry\":[]}"
#define SIGNATURE "sha256=e6e9d7a842a48e17f43a34d6125d0d933e2aab92ee37f0993a4d493b50e3d438"
#define FIXED_BODY_LEN 28

static UsherExchange *
verify (Kit *kit, const char *query)
{
  UsherExchange *exchange = fake_http (kit->fake, "GET", "/webhook", query, NULL, NULL, 0);

  fake_exchange_wait (exchange);
  return exchange;
}

static char *
message (const char *mid, gint64 at)
{
  return g_strdup_printf (
      "{\"sender\":{\"id\":\"PSID1\"},\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":%" G_GINT64_FORMAT
      ",\"message\":{\"mid\":\"%s\",\"text\":\"text of %s\"}}",
      at, mid, mid);
}

/* ---- GET ----------------------------------------------------------------------------------------------- */

static void
test_verification (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange = verify (kit, "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1158201444");

  g_assert_cmpint (exchange->status, ==, 200);
  g_assert_cmpstr (exchange->body, ==, "1158201444");
  g_assert_true (g_str_has_prefix (exchange->content_type, "text/plain"));
  g_assert_cmpstr (
      verify (kit, "hub.challenge=%3Cb%3E+%2B&hub.verify_token=verify%2Dme&hub%2Emode=subscribe")->body, ==,
      "<b> +");
}

static void
test_verification_refused (void)
{
  static const char *const queries[] = {
    NULL,
    "",
    "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1",
    "hub.mode=subscribe&hub.verify_token=verify-m&hub.challenge=1",
    "hub.mode=subscribe&hub.verify_token=verify-mee&hub.challenge=1",
    "hub.mode=subscribe&hub.verify_token=&hub.challenge=1",
    "hub.mode=subscribe&hub.challenge=1",
    "hub.mode=unsubscribe&hub.verify_token=verify-me&hub.challenge=1",
    "hub.verify_token=verify-me&hub.challenge=1",
    "hub.mode=subscribe&hub.verify_token=verify-me",
    "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=%FF",
    "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=%zz",
    "&&&=&=x&hub.mode",
  };
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *long_one = g_strnfill (4000, '7');
  g_autofree char *query
      = g_strconcat ("hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=", long_one, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    g_assert_cmpint (verify (kit, queries[i])->status, ==, 403);
  g_assert_cmpint (verify (kit, query)->status, ==, 403);
}

static void
test_methods (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange = fake_http (kit->fake, "PUT", "/webhook", NULL, NULL, NULL, 0);

  kit_status (exchange, 405);
  g_assert_cmpstr (fake_exchange_header (exchange, "allow"), ==, "GET, POST");
  kit_status (fake_http (kit->fake, "GET", "/", NULL, NULL, NULL, 0), 404);
  kit_status (fake_http (kit->fake, "GET", "/webhook/x", NULL, NULL, NULL, 0), 404);
}

/* ---- signatures ---------------------------------------------------------------------------------------- */

static void
test_signatures (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *upper = g_ascii_strup (SIGNATURE + 7, -1);
  g_autofree char *upper_header = g_strconcat ("sha256=", upper, NULL);
  g_autofree char *sha1 = g_strconcat ("sha1=", SIGNATURE + 7, NULL);
  const char *const twice[] = { "x-hub-signature-256", SIGNATURE, "x-hub-signature-256", SIGNATURE, NULL };
  const char *const old[] = { "x-hub-signature", SIGNATURE, NULL };

  kit_status (kit_hook_signed (kit, BODY, FIXED_BODY_LEN, SIGNATURE), 200);
  kit_status (kit_hook_signed (kit, BODY, FIXED_BODY_LEN, upper_header), 200);
  kit_status (kit_hook_signed (kit, BODY, FIXED_BODY_LEN, NULL), 403);
  kit_status (kit_hook_signed (kit, BODY, FIXED_BODY_LEN, ""), 403);
  kit_status (kit_hook_signed (kit, BODY, FIXED_BODY_LEN, sha1), 403);
  kit_status (kit_hook_signed (kit, "{\"object\":\"page\",\"entry\":[ ]}", 29, SIGNATURE), 403);
  kit_status (kit_hook_signed (kit, NULL, 0, SIGNATURE), 403);
  kit_status (fake_http (kit->fake, "POST", "/webhook", NULL, twice, BODY, FIXED_BODY_LEN), 403);
  kit_status (fake_http (kit->fake, "POST", "/webhook", NULL, old, BODY, FIXED_BODY_LEN), 403);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_WARNING, "app_secret"));
}

/* Nothing of an unsigned body is looked at, not even whether it is JSON. */
static void
test_signature_first (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);
  g_autofree char *body = kit_page (event);

  kit_status (kit_hook_signed (kit, body, strlen (body), SIGNATURE), 403);
  kit_status (kit_hook_signed (kit, "not json", 8, SIGNATURE), 403);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 0);
  g_assert_false (fake_host_logged (kit->fake, USHER_LOG_ERROR, "dropped"));
}

/* Text arrives as escapes, and the signature is over the escapes. */
static void
test_signature_over_raw_bytes (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item = kit_one (kit, "\"message\":{\"mid\":\"m_u\",\"text\":\"\\u00dcber \\ud83d\\ude00\"}");

  g_assert_cmpstr (item->text, ==,
                   "\xc3\x9c"
                   "ber \xf0\x9f\x98\x80");
}

/* ---- when what is answered ----------------------------------------------------------------------------- */

static void
test_answer_after_storing (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);
  g_autofree char *body = kit_page (event);
  UsherExchange *exchange;

  fake_host_auto_deliver (kit->fake, FALSE);
  exchange = kit_hook (kit, body);
  fake_host_settle ();
  g_assert_false (exchange->answered);
  fake_delivery_answer (fake_delivery_next (kit->fake), USHER_OK, NULL);
  kit_status (exchange, 200);
}

static void
test_retry_answers_503 (void)
{
  static const UsherStatus statuses[] = { USHER_RETRY, USHER_BUSY };
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);
  g_autofree char *body = kit_page (event);

  fake_host_auto_deliver (kit->fake, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      UsherExchange *exchange = kit_hook (kit, body);

      fake_delivery_answer (fake_delivery_next (kit->fake), statuses[i], "not now");
      kit_status (exchange, 503);
    }
  fake_host_auto_deliver (kit->fake, TRUE);
  kit_status (kit_hook (kit, body), 200);
}

/* One that is refused for good is dropped; the others are delivered all the same, in order, and Meta gets 200. */
static void
test_refused_does_not_sink_the_rest (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *one = message ("m_1", T0), *two = message ("m_2", T0 + 1), *three = message ("m_3", T0 + 2);
  g_autofree char *events = g_strjoin (",", one, two, three, NULL);
  g_autofree char *body = kit_page (events);
  UsherExchange *exchange;
  FakeDelivery *delivery;

  fake_host_auto_deliver (kit->fake, FALSE);
  exchange = kit_hook (kit, body);
  delivery = fake_delivery_next (kit->fake);
  g_assert_cmpuint (delivery->items->len, ==, 3);
  fake_delivery_answer (delivery, USHER_CONTENT, "text of m_2 is bad");
  for (int i = 1; i <= 3; i++)
    {
      g_autofree char *mid = g_strdup_printf ("m_%d", i);

      delivery = fake_delivery_next (kit->fake);
      g_assert_cmpuint (delivery->items->len, ==, 1);
      g_assert_cmpstr (kit_item (delivery, 0)->external_id, ==, mid);
      g_assert_false (exchange->answered);
      fake_delivery_answer (delivery, i == 2 ? USHER_CONTENT : USHER_OK, i == 2 ? "too odd" : NULL);
    }
  kit_status (exchange, 200);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_WARNING, "refused for good"));
}

static void
test_refused_and_retry (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *one = message ("m_1", T0), *two = message ("m_2", T0 + 1);
  g_autofree char *events = g_strjoin (",", one, two, NULL);
  g_autofree char *body = kit_page (events);
  UsherExchange *exchange;

  fake_host_auto_deliver (kit->fake, FALSE);
  exchange = kit_hook (kit, body);
  fake_delivery_answer (fake_delivery_next (kit->fake), USHER_INVALID, "no");
  fake_delivery_answer (fake_delivery_next (kit->fake), USHER_INVALID, "no");
  fake_delivery_answer (fake_delivery_next (kit->fake), USHER_RETRY, "later");
  kit_status (exchange, 503);
}

static void
test_answer_in_time (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);
  g_autofree char *body = kit_page (event);
  UsherExchange *exchange;

  fake_host_auto_deliver (kit->fake, FALSE);
  exchange = kit_hook (kit, body);
  fake_clock_advance (13000);
  g_assert_false (exchange->answered);
  fake_clock_advance (2000);
  g_assert_cmpint (exchange->status, ==, 503);
  /* The late answer of the core finds nobody waiting, and harms nobody. */
  fake_delivery_answer (fake_delivery_next (kit->fake), USHER_OK, NULL);
}

static void
test_bounded (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (GPtrArray) exchanges = g_ptr_array_new ();
  guint refused = 0;

  fake_host_auto_deliver (kit->fake, FALSE);
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *mid = g_strdup_printf ("m_%d", i);
      g_autofree char *event = message (mid, T0);
      g_autofree char *body = kit_page (event);

      g_ptr_array_add (exchanges, kit_hook (kit, body));
    }
  for (guint i = 0; i < exchanges->len; i++)
    refused += ((UsherExchange *)exchanges->pdata[i])->answered
               && ((UsherExchange *)exchanges->pdata[i])->status == 503;
  g_assert_cmpuint (refused, ==, 300 - 256);
  while (fake_delivery_next (kit->fake) != NULL)
    fake_delivery_answer (fake_delivery_next (kit->fake), USHER_OK, NULL);
}

/* ---- batches ------------------------------------------------------------------------------------------- */

static void
test_one_delivery_in_order (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *one = message ("m_3", T0 + 30), *two = message ("m_1", T0 + 10),
                  *three = message ("m_2", T0 + 10), *four = message ("m_0", T0);
  FakeDelivery *delivery = kit_events (kit, "%s,%s,%s,%s", one, two, three, four);
  static const char *const expected[] = { "m_0", "m_1", "m_2", "m_3" };

  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 1);
  g_assert_cmpuint (delivery->items->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpstr (kit_item (delivery, i)->external_id, ==, expected[i]);
}

static void
test_several_entries (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *one = message ("m_1", T0), *two = message ("m_2", T0 + 1);
  g_autofree char *body = g_strdup_printf (
      "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"time\":1,\"messaging\":[%s]},"
      "{\"id\":\"PAGE2\",\"messaging\":[{\"sender\":{\"id\":\"X\"},\"recipient\":{\"id\":\"PAGE2\"},\"message\":{"
      "\"mid\":"
      "\"m_x\",\"text\":\"for others\"}}]},7,null,\"x\",[],{},{\"id\":\"PAGE1\",\"messaging\":{}},"
      "{\"id\":\"PAGE1\",\"messaging\":[1,null,{},[],\"x\",%s]}]}",
      one, two);

  kit_status (kit_hook (kit, body), 200);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 1);
  g_assert_cmpuint (fake_delivery_at (kit->fake, 0)->items->len, ==, 2);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_WARNING, "another page"));
  kit_no_leak (kit, "for others");
}

static void
test_many_are_split (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (GString) events = g_string_new (NULL);
  g_autofree char *body = NULL;
  UsherExchange *exchange;
  guint n = 0;

  for (int i = 0; i < 600; i++)
    {
      g_autofree char *mid = g_strdup_printf ("m_%03d", i);
      g_autofree char *event = message (mid, T0 + i);

      g_string_append_printf (events, "%s%s", i > 0 ? "," : "", event);
    }
  body = kit_page (events->str);
  fake_host_auto_deliver (kit->fake, FALSE);
  exchange = kit_hook (kit, body);
  fake_host_settle ();
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 3);
  for (guint d = 0; d < 3; d++)
    {
      FakeDelivery *delivery = fake_delivery_at (kit->fake, d);

      for (guint i = 0; i < delivery->items->len; i++)
        {
          g_autofree char *mid = g_strdup_printf ("m_%03u", n++);

          g_assert_cmpstr (kit_item (delivery, i)->external_id, ==, mid);
        }
      g_assert_false (exchange->answered);
      fake_delivery_answer (delivery, USHER_OK, NULL);
    }
  g_assert_cmpuint (n, ==, 600);
  kit_status (exchange, 200);
}

static void
test_redelivery (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);

  kit_events (kit, "%s", event);
  kit_events (kit, "%s", event);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 2);
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 1), 0)->external_id, ==, "m_1");
}

/* ---- what is not for us -------------------------------------------------------------------------------- */

static void
ignored (Kit *kit, const char *body, UsherLogLevel level, const char *log)
{
  fake_host_clear_logs (kit->fake);
  kit_status (kit_hook (kit, body), 200);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 0);
  if (!fake_host_logged (kit->fake, level, log))
    g_error ("\"%s\" was not logged for %s", log, body);
}

static void
test_ignored (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const char *feed
      = "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"time\":1790000000,\"changes\":[{\"field\":\"feed\","
        "\"value\":{\"item\":\"comment\",\"verb\":\"add\",\"comment_id\":\"POST1_77\",\"message\":\"Price?\"}}]}]"
        "}";

  ignored (kit, "{\"object\":\"instagram\",\"entry\":[]}", USHER_LOG_WARNING, "object");
  ignored (kit, feed, USHER_LOG_INFO, "feed was ignored");
  ignored (kit, "[]", USHER_LOG_WARNING, "object");
  ignored (kit, "not json", USHER_LOG_ERROR, "dropped");
  ignored (kit, "{\"object\":\"page\",\"object\":\"page\"}", USHER_LOG_ERROR, "dropped");
  kit_status (kit_hook (kit, "{\"object\":\"page\"}"), 200);
  kit_status (kit_hook (kit, "{\"object\":\"page\",\"entry\":{\"id\":\"PAGE1\"}}"), 200);
  kit_status (kit_hook (kit, "{\"object\":\"page\",\"entry\":\"x\"}"), 200);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 0);
  kit_no_leak (kit, "Price?");
}

static void
test_counted_log (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const char *feed
      = "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"changes\":[{\"field\":\"feed\",\"value\":{}}]}]}";
  guint lines = 0;

  fake_host_clear_logs (kit->fake);
  for (int i = 0; i < 100; i++)
    kit_status (kit_hook (kit, feed), 200);
  for (guint i = 0; i < kit->fake->logs->len; i++)
    lines += strstr (((FakeLog *)kit->fake->logs->pdata[i])->text, "feed was ignored") != NULL;
  g_assert_cmpuint (lines, ==, 7); /* 1 2 4 8 16 32 64 */
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_INFO, "(64 so far)"));
}

static void
test_depth_and_size (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *deep = g_strnfill (100, '[');
  g_autofree char *large = g_strnfill (1024 * 1024 + 1, ' ');
  g_autoptr (GString) many = g_string_new ("0");
  g_autofree char *body = NULL;

  kit_status (kit_hook (kit, deep), 200);
  kit_status (kit_hook (kit, large), 413);
  while (many->len < 900 * 1024)
    g_string_append (many, ",0");
  body = kit_page (many->str);
  kit_status (kit_hook (kit, body), 200);
  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 0);
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_ERROR, "elements"));
}

static void
test_no_text_in_logs (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *event = message ("m_1", T0);

  kit_events (kit, "%s", event);
  kit_events (
      kit,
      "{\"sender\":{},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\",\"text\":\"text of nobody\"}}");
  g_assert_true (fake_host_logged (kit->fake, USHER_LOG_WARNING, "whose it is"));
  kit_no_leak (kit, "text of");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/webhook/verification", test_verification);
  g_test_add_func ("/messenger/webhook/verification-refused", test_verification_refused);
  g_test_add_func ("/messenger/webhook/methods", test_methods);
  g_test_add_func ("/messenger/webhook/signatures", test_signatures);
  g_test_add_func ("/messenger/webhook/signature-goes-first", test_signature_first);
  g_test_add_func ("/messenger/webhook/signature-is-over-raw-bytes", test_signature_over_raw_bytes);
  g_test_add_func ("/messenger/webhook/answers-when-it-is-stored", test_answer_after_storing);
  g_test_add_func ("/messenger/webhook/what-may-be-stored-later-comes-again", test_retry_answers_503);
  g_test_add_func ("/messenger/webhook/one-refused-does-not-sink-the-rest", test_refused_does_not_sink_the_rest);
  g_test_add_func ("/messenger/webhook/one-refused-and-one-to-come-again", test_refused_and_retry);
  g_test_add_func ("/messenger/webhook/answers-in-time-whatever-happens", test_answer_in_time);
  g_test_add_func ("/messenger/webhook/number-under-way-is-bounded", test_bounded);
  g_test_add_func ("/messenger/webhook/one-body-is-one-delivery-in-order-of-time", test_one_delivery_in_order);
  g_test_add_func ("/messenger/webhook/several-entries-and-other-pages", test_several_entries);
  g_test_add_func ("/messenger/webhook/more-than-256-are-split", test_many_are_split);
  g_test_add_func ("/messenger/webhook/a-redelivery-keeps-its-id", test_redelivery);
  g_test_add_func ("/messenger/webhook/what-is-not-for-us-is-ignored", test_ignored);
  g_test_add_func ("/messenger/webhook/ignored-things-are-counted", test_counted_log);
  g_test_add_func ("/messenger/webhook/depth-size-and-number-are-bounded", test_depth_and_size);
  g_test_add_func ("/messenger/webhook/no-text-in-logs", test_no_text_in_logs);
  return g_test_run ();
}
