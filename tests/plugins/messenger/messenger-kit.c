/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the messenger tests share. Main thread.
 */
#include "tests/plugins/messenger/messenger-kit.h"

#include <string.h>

static Kit *
new_at (const char *host)
{
  Kit *kit = g_new0 (Kit, 1);
  g_autofree char *base = NULL;

  kit->server = server_new ();
  kit->fake = fake_host_new ("channel", "messenger");
  base = g_strdup_printf ("http://%s:%u", host, kit->server->port);
  fake_host_set (kit->fake, "base_url", base);
  fake_host_set (kit->fake, "page_id", "PAGE1");
  fake_host_set (kit->fake, "page_access_token", "page-token");
  fake_host_set (kit->fake, "app_secret", "app-secret");
  fake_host_set (kit->fake, "verify_token", "verify-me");
  return kit;
}

Kit *
kit_new (void)
{
  return new_at ("127.0.0.1");
}

Kit *
kit_new_localhost (void)
{
  return new_at ("localhost");
}

void
kit_begin (Kit *kit)
{
  fake_host_up (kit->fake);
  request_answer (server_take (kit->server, "GET", "/v25.0/me"), 200, NULL, "{\"id\":\"PAGE1\"}");
  fake_host_auto_deliver (kit->fake, TRUE);
}

Kit *
kit_up (void)
{
  Kit *kit = kit_new ();

  kit_begin (kit);
  return kit;
}

void
kit_free (Kit *kit)
{
  kit_no_leak (kit, NULL);
  fake_host_free (kit->fake);
  server_free (kit->server);
  g_free (kit);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static const UcJson *
get_all (const UcJson *json, va_list args)
{
  const char *key;

  while ((key = va_arg (args, const char *)) != NULL)
    json = uc_json_get (json, key);
  return json;
}

const UcJson *
kit_get (const UcJson *json, ...)
{
  va_list args;

  va_start (args, json);
  json = get_all (json, args);
  va_end (args);
  return json;
}

const char *
kit_text (const UcJson *json, ...)
{
  va_list args;

  va_start (args, json);
  json = get_all (json, args);
  va_end (args);
  return uc_json_string (json);
}

const UcJson *
kit_parse (const char *text)
{
  static GPtrArray *kept;
  g_autoptr (GError) error = NULL;
  UcJson *json = uc_json_parse (text, strlen (text), NULL, &error);

  if (json == NULL)
    g_error ("not JSON: %s: %s", error->message, text);
  if (kept == NULL)
    kept = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_json_free);
  g_ptr_array_add (kept, json);
  return json;
}

/* ---- webhooks ------------------------------------------------------------------------------------------ */

UsherExchange *
kit_hook_signed (Kit *kit, const char *body, gsize len, const char *signature)
{
  const char *const headers[]
      = { "content-type", "application/json", signature != NULL ? "x-hub-signature-256" : NULL, signature, NULL };

  return fake_http (kit->fake, "POST", "/webhook", NULL, headers, body, len);
}

UsherExchange *
kit_hook (Kit *kit, const char *body)
{
  g_autofree char *hex = g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *)"app-secret", 10, body, -1);
  g_autofree char *signature = g_strconcat ("sha256=", hex, NULL);

  return kit_hook_signed (kit, body, strlen (body), signature);
}

char *
kit_page (const char *events)
{
  return g_strdup_printf ("{\"object\":\"page\",\"entry\":[{\"id\":\"PAGE1\",\"time\":%" G_GINT64_FORMAT
                          ",\"messaging\":[%s]}]}",
                          T0 + 7, events);
}

void
kit_status (UsherExchange *exchange, int status)
{
  if (fake_exchange_wait (exchange) != status)
    g_error ("HTTP status %d, not %d: %s", exchange->status, status, exchange->body);
}

FakeDelivery *
kit_events (Kit *kit, const char *format, ...)
{
  va_list args;
  g_autofree char *events = NULL, *body = NULL;
  guint before = fake_delivery_count (kit->fake);

  va_start (args, format);
  events = g_strdup_vprintf (format, args);
  va_end (args);
  body = kit_page (events);
  kit_status (kit_hook (kit, body), 200);
  return fake_delivery_count (kit->fake) > before ? fake_delivery_at (kit->fake, before) : NULL;
}

char *
kit_event (const char *member)
{
  return g_strdup_printf (
      "{\"sender\":{\"id\":\"PSID1\"},\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":%" G_GINT64_FORMAT ",%s}", T0,
      member);
}

const UsherInbound *
kit_item (FakeDelivery *delivery, guint i)
{
  g_assert_nonnull (delivery);
  g_assert_cmpuint (i, <, delivery->items->len);
  return delivery->items->pdata[i];
}

const UsherInbound *
kit_one (Kit *kit, const char *member)
{
  g_autofree char *event = kit_event (member);
  FakeDelivery *delivery = kit_events (kit, "%s", event);

  g_assert_nonnull (delivery);
  g_assert_cmpuint (delivery->items->len, ==, 1);
  return kit_item (delivery, 0);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

UsherReply *
kit_send (Kit *kit, const char *user_id, const char *text)
{
  return fake_send (kit->fake, fake_line_add (kit->fake, user_id, USHER_AUTHOR_AGENT, "Ana", NULL, text));
}

Request *
kit_sent (Kit *kit, const UcJson **body)
{
  Request *request = server_take (kit->server, "POST", SEND);

  g_assert_cmpstr (request_header (request, "authorization"), ==, "Bearer page-token");
  g_assert_cmpstr (request_header (request, "content-type"), ==, "application/json");
  if (body != NULL)
    *body = kit_parse (request->body);
  return request;
}

void
kit_accept (Request *request, const char *mid)
{
  g_autofree char *body = g_strdup_printf ("{\"recipient_id\":\"PSID1\",\"message_id\":\"%s\"}", mid);

  request_answer (request, 200, "Content-Type: application/json\r\n", body);
}

void
kit_refuse (Request *request, guint status, const char *headers, gint64 code, gint64 subcode, gboolean transient)
{
  g_autofree char *sub
      = subcode != 0 ? g_strdup_printf (",\"error_subcode\":%" G_GINT64_FORMAT, subcode) : g_strdup ("");
  g_autofree char *body
      = g_strdup_printf ("{\"error\":{\"message\":\"(#%" G_GINT64_FORMAT ") Nope\",\"type\":\"OAuthException\","
                         "\"code\":%" G_GINT64_FORMAT "%s,\"is_transient\":%s,\"fbtrace_id\":\"Atrace\"}}",
                         code, code, sub, transient ? "true" : "false");

  request_answer (request, status, headers, body);
}

const UsherResult *
kit_result (UsherReply *reply, UsherStatus status)
{
  const UsherResult *result = fake_reply_wait (reply);

  if (result->status != status)
    g_error ("status %d (%s), not %d", result->status, result->message, status);
  return result;
}

/* ---- state and log ------------------------------------------------------------------------------------- */

typedef struct
{
  FakeHost *fake;
  UsherStatus status;
  const char *part;
} State;

static gboolean
is_state (gpointer data)
{
  const State *state = data;

  return state->fake->state == state->status
         && (state->part == NULL
             || (state->fake->state_message != NULL && strstr (state->fake->state_message, state->part) != NULL));
}

void
kit_state (Kit *kit, UsherStatus status, const char *part)
{
  State state = { kit->fake, status, part };

  fake_host_wait (is_state, &state, "the instance's state");
}

void
kit_no_leak (Kit *kit, const char *text)
{
  static const char *const secrets[] = { "page-token", "app-secret", "verify-me" };

  for (guint i = 0; i < kit->fake->logs->len; i++)
    {
      const FakeLog *line = kit->fake->logs->pdata[i];

      for (gsize j = 0; j < G_N_ELEMENTS (secrets); j++)
        if (strstr (line->text, secrets[j]) != NULL)
          g_error ("a log line holds a secret: %s", line->text);
      if (text != NULL && strstr (line->text, text) != NULL)
        g_error ("a log line holds message text: %s", line->text);
    }
  if (kit->fake->state_message != NULL && strstr (kit->fake->state_message, "page-token") != NULL)
    g_error ("the state holds a secret: %s", kit->fake->state_message);
}
