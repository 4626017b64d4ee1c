/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile webhooks: real bodies, damaged byte by byte and value by value, well signed; a core that answers what it
 * likes, and a Graph API that answers nonsense. Nothing may crash, every call gets its answer, and what is
 * delivered is within the interface's bounds (the fake host ends the test otherwise).
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

#define ROUNDS 6000

static const char *const bodies[] = {
  "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"time\":1790000000123,\"messaging\":[{\"sender\":{\"id\":"
  "\"PSID1\"},"
  "\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":1790000000100,\"message\":{\"mid\":\"m_abc\",\"text\":\"Where "
  "is my "
  "parcel?\",\"reply_to\":{\"mid\":\"m_prev\",\"is_self_reply\":false}}}]}]}",
  "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"messaging\":[{\"sender\":{\"id\":\"PSID2\"},\"recipient\":{"
  "\"id\":\"PAGE1\"},"
  "\"timestamp\":\"1790000000\",\"message\":{\"mid\":\"m_q\",\"text\":\"Yes\",\"quick_reply\":{\"payload\":\"Y\"},"
  "\"referral\":{"
  "\"ref\":\"r\",\"source\":\"ADS\",\"ad_id\":\"77\"}}},{\"sender\":{\"id\":\"PSID2\"},\"recipient\":{\"id\":"
  "\"PAGE1\"},\"postback\":{"
  "\"mid\":\"m_p\",\"title\":\"Go\",\"payload\":\"GO\"}}]}]}",
  "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"messaging\":[{\"sender\":{\"id\":\"PSID3\"},\"recipient\":{"
  "\"id\":\"PAGE1\"},"
  "\"message\":{\"mid\":\"m_i\",\"attachments\":[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/"
  "a\"}},{\"type\":"
  "\"location\",\"payload\":{\"coordinates\":{\"lat\":48.2,\"long\":16.3}}},{\"type\":\"fallback\",\"payload\":"
  "null,\"title\":\"t\"},"
  "{\"type\":\"sticker\",\"payload\":{\"sticker_id\":5,\"url\":\"https://127.0.0.1/x\"}}]}}]}]}",
  "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"messaging\":[{\"sender\":{\"id\":\"PSID1\"},\"recipient\":{"
  "\"id\":\"PAGE1\"},"
  "\"delivery\":{\"mids\":[\"m_1\",\"m_2\"],\"watermark\":1790000000000}},{\"sender\":{\"id\":\"PSID1\"},"
  "\"recipient\":{\"id\":"
  "\"PAGE1\"},\"read\":{\"watermark\":1790000000000}},{\"sender\":{\"id\":\"PAGE1\"},\"recipient\":{\"id\":"
  "\"PSID1\"},\"message\":{"
  "\"is_echo\":true,\"app_id\":151,\"metadata\":\"usher:out:m\",\"mid\":\"m_e\",\"text\":\"x\"}}]}]}",
  "{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"messaging\":[{\"sender\":{\"user_ref\":\"R\"},"
  "\"recipient\":{\"id\":\"PAGE1\"},"
  "\"reaction\":{\"mid\":\"m_1\",\"action\":\"react\",\"emoji\":\"\\u2764\"}},{\"field\":\"message_edits\","
  "\"value\":{\"sender\":{\"id\":"
  "\"P\"},\"recipient\":{\"id\":\"PAGE1\"},\"message_edit\":{\"mid\":\"m_1\",\"text\":\"b\",\"num_edit\":2}}},{"
  "\"sender\":{\"id\":\"P\"},"
  "\"recipient\":{\"id\":\"PAGE1\"},\"referral\":{\"ref\":\"r\",\"source\":\"SHORTLINK\"}},{\"recipient\":{\"id\":"
  "\"PAGE1\"},"
  "\"policy_enforcement\":{\"action\":\"block\",\"reason\":\"x\"}},{\"sender\":{\"id\":\"P\"},\"recipient\":{"
  "\"id\":\"PAGE1\"},"
  "\"optin\":{\"ref\":\"x\"}}],\"standby\":[{\"sender\":{\"id\":\"P\"},\"recipient\":{\"id\":\"PAGE1\"},"
  "\"message\":{\"mid\":\"m_s\","
  "\"text\":\"x\"}}],\"changes\":[{\"field\":\"feed\",\"value\":{\"item\":\"comment\"}}]}]}",
};

static const char *const values[] = {
  "null",
  "true",
  "false",
  "0",
  "-1",
  "1e999",
  "9223372036854775807",
  "1.5",
  "\"\"",
  "\"x\"",
  "[]",
  "{}",
  "[[]]",
  "[null]",
  "{\"id\":{}}",
  "{\"id\":\"PSID1\"}",
  "\"PAGE1\"",
  "\"\\u0001\"",
  "\"\\ud83d\"",
  "\"usher:out:\"",
  "\"http://127.0.0.1:1/x\"",
  "{\"mid\":[]}",
  "[{\"type\":\"image\"}]",
  "[\"a\",7,{\"type\":{}}]",
  "1790000000000000000000",
  "\"999999999999999999\"",
};

/* Where the value that begins at p ends. */
static const char *
value_end (const char *p)
{
  int depth = 0;
  gboolean in_string = FALSE;

  for (; *p != '\0'; p++)
    {
      if (in_string)
        {
          if (*p == '\\' && p[1] != '\0')
            p++;
          else if (*p == '"')
            in_string = FALSE;
        }
      else if (*p == '"')
        in_string = TRUE;
      else if (strchr ("{[", *p) != NULL)
        depth++;
      else if (strchr ("}]", *p) != NULL && depth-- == 0)
        break;
      else if (*p == ',' && depth == 0)
        break;
    }
  return p;
}

/* Another value behind some colon. */
static void
change_value (GString *body)
{
  g_autofree char *old = NULL;
  const char *colon = NULL, *end;
  guint seen = 0;

  for (const char *p = body->str; *p != '\0'; p++)
    if (*p == ':' && g_test_rand_int_range (0, (gint32)++seen) == 0)
      colon = p;
  if (colon == NULL)
    return;
  end = value_end (colon + 1);
  old = g_strdup (end);
  g_string_truncate (body, (gsize)(colon + 1 - body->str));
  g_string_append (body, values[g_test_rand_int_range (0, G_N_ELEMENTS (values))]);
  g_string_append (body, old);
}

static void
damage (GString *body)
{
  gint32 at = g_test_rand_int_range (0, MAX (1, (gint32)body->len));

  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
      g_string_truncate (body, (gsize)at);
      break;
    case 1:
      if (body->len > 0)
        body->str[at] = (char)g_test_rand_int_range (1, 256);
      break;
    case 2:
      g_string_insert_c (body, at, (char)g_test_rand_int_range (1, 256));
      break;
    default:
      g_string_insert (body, at, values[g_test_rand_int_range (0, G_N_ELEMENTS (values))]);
    }
}

static char *
make_body (Kit *kit)
{
  GString *body = g_string_new (bodies[g_test_rand_int_range (0, G_N_ELEMENTS (bodies))]);
  g_autofree char *port = g_strdup_printf ("%u", kit->server->port);
  gint32 changes = g_test_rand_int_range (0, 4), damages = g_test_rand_int_range (0, 5) == 0 ? 2 : 0;

  g_string_replace (body, "PORT", port, 0);
  for (gint32 i = 0; i < changes; i++)
    change_value (body);
  for (gint32 i = 0; i < damages; i++)
    damage (body);
  return g_string_free (body, FALSE);
}

static void
core_step (Kit *kit)
{
  static const UsherStatus statuses[] = { USHER_OK,    USHER_OK,      USHER_OK,      USHER_OK,    USHER_BUSY,
                                          USHER_RETRY, USHER_CONTENT, USHER_INVALID, USHER_FAILED };
  FakeDelivery *delivery = fake_delivery_next (kit->fake);

  if (delivery != NULL)
    fake_delivery_answer (delivery, statuses[g_test_rand_int_range (0, G_N_ELEMENTS (statuses))], "because");
  kit->fake->media_status = g_test_rand_int_range (0, 4) == 0 ? USHER_RETRY : USHER_OK;
  kit->fake->kv_status = g_test_rand_int_range (0, 4) == 0 ? USHER_RETRY : USHER_OK;
}

static void
network_step (Kit *kit)
{
  static const char *const answers[] = {
    "",
    "x",
    "[]",
    "{}",
    "{\"error\":7}",
    "{\"error\":{\"code\":190}}",
    "{\"error\":{\"code\":368,\"message\":\"\\u0007\"}}",
    "{\"message_id\":7}",
    "{\"message_id\":\"m\"}",
    "{\"name\":[],\"profile_pic\":{}}",
    "\x89PNG\r\n\x1a\n",
    "{\"name\":\"\\n\",\"profile_pic\":\"http://[\"}",
    "{\"id\":\"PAGE1\"}",
    "{\"error\":{\"code\":4}}",
  };
  static const guint statuses[] = { 200, 200, 200, 204, 301, 400, 401, 404, 429, 500 };
  static const char *const headers[] = { NULL,
                                         "Location: http://[\r\n",
                                         "Location: /a\r\n",
                                         "X-App-Usage: {\"call_count\":100}\r\n",
                                         "Content-Disposition: ;;filename=\r\n",
                                         "X-Business-Use-Case-Usage: {{{\r\n" };
  Server *server = kit->server;

  fake_host_settle ();
  for (guint i = 0; i < server->requests->len; i++)
    {
      Request *request = server->requests->pdata[i];

      if (request->taken || g_test_rand_bit ())
        continue;
      request->taken = TRUE;
      if (g_test_rand_int_range (0, 5) == 0)
        request_drop (request);
      else
        request_answer (request, statuses[g_test_rand_int_range (0, G_N_ELEMENTS (statuses))],
                        headers[g_test_rand_int_range (0, G_N_ELEMENTS (headers))],
                        answers[g_test_rand_int_range (0, G_N_ELEMENTS (answers))]);
    }
}

static void
agent_step (Kit *kit)
{
  static const char *const codes[] = { "queued", "agent_joined", "ended", "new" };
  UsherLine *line = fake_line_add (kit->fake, "PSID1", USHER_AUTHOR_SYSTEM, NULL,
                                   codes[g_test_rand_int_range (0, G_N_ELEMENTS (codes))], "A sentence.");

  kit_send (kit, "PSID2", "hello");
  kit->fake->channel->notice (kit->fake->self, line);
  kit->fake->channel->typing (kit->fake->self, "PSID1", g_test_rand_bit ());
  kit->fake->channel->seen (kit->fake->self, line);
}

static void
test_fuzz (void)
{
  g_autoptr (Kit) kit = kit_up ();

  fake_host_auto_deliver (kit->fake, FALSE);
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autofree char *body = make_body (kit);
      UsherExchange *exchange = kit_hook (kit, body);

      if (exchange->answered)
        g_assert_true (exchange->status == 200 || exchange->status == 503);
      core_step (kit);
      if (i % 4 == 0)
        network_step (kit);
      if (i % 9 == 0)
        agent_step (kit);
      if (i % 3 == 0)
        fake_clock_advance (g_test_rand_int_range (0, 4000));
      if (i % 500 == 499)
        fake_clock_advance (40 * 60 * 1000);
      fake_host_drop_replies (kit->fake);
    }
  while (fake_delivery_next (kit->fake) != NULL)
    fake_delivery_answer (fake_delivery_next (kit->fake), USHER_OK, NULL);
}

/* The same without any plan: bytes. */
static void
test_noise (void)
{
  g_autoptr (Kit) kit = kit_up ();

  for (int i = 0; i < 2000; i++)
    {
      gint32 len = g_test_rand_int_range (1, 200);
      g_autofree char *body = g_malloc ((gsize)len + 1);
      const char *const headers[] = { "x-hub-signature-256", body, "x", body, NULL };

      for (gint32 n = 0; n < len; n++)
        body[n] = (char)g_test_rand_int_range (1, 127);
      body[len] = '\0';
      kit_status (kit_hook (kit, body), 200);
      fake_http (kit->fake, "POST", "/webhook", body, headers, body, (gsize)len);
      fake_http (kit->fake, "GET", "/webhook", body, headers, NULL, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/fuzz/damaged-webhooks", test_fuzz);
  g_test_add_func ("/messenger/fuzz/noise", test_noise);
  return g_test_run ();
}
