/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments: what is fetched and kept, what stays a link, what the guard refuses, and that no message waits
 * long.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

static const char png[] = "\x89PNG\r\n\x1a\nthe rest";
#define PNG png, sizeof png - 1
#define TYPE_PNG "Content-Type: image/png\r\n"

/* A message with this attachments array, where %u in it is the server's port. */
static UsherExchange *
post (Kit *kit, const char *mid, const char *attachments)
{
  g_autofree char *port = g_strdup_printf ("%u", kit->server->port);
  g_auto (GStrv) parts = g_strsplit (attachments, "PORT", -1);
  g_autofree char *there = g_strjoinv (port, parts);
  g_autofree char *member
      = g_strdup_printf ("\"message\":{\"mid\":\"%s\",\"text\":\"look\",\"attachments\":%s}", mid, there);
  g_autofree char *event = kit_event (member);
  g_autofree char *body = kit_page (event);

  return kit_hook (kit, body);
}

/* The attachment of the only delivery's only item. */
static const UsherAttachment *
the_attachment (Kit *kit)
{
  const UsherInbound *item;

  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 1);
  item = kit_item (fake_delivery_at (kit->fake, 0), 0);
  g_assert_cmpstr (item->text, ==, "look");
  g_assert_nonnull (item->attachments);
  g_assert_nonnull (item->attachments[0]);
  g_assert_null (item->attachments[1]);
  return item->attachments[0];
}

static void
not_kept (Kit *kit, const char *why)
{
  const UsherAttachment *one = the_attachment (kit);

  g_assert_null (one->media);
  g_assert_null (one->url);
  if (strstr (one->name, "not kept: ") == NULL || strstr (one->name, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", one->name, why);
  g_assert_cmpuint (kit->fake->media->len, ==, 0);
}

/* Runs until the exchange is answered; failures are told by timers that are due at once. */
static void
run_until_answered (Kit *kit, UsherExchange *exchange)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (!exchange->answered)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, FALSE);
      fake_clock_advance (0);
    }
}

/* ---- kept ---------------------------------------------------------------------------------------------- */

static void
test_image (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1",
              "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/cdn/photo%20one.png?oh=1\"}}]");
  Request *request = server_take (kit->server, "GET", "/cdn/photo%20one.png");
  const UsherAttachment *one;

  g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 0);
  g_assert_null (request_header (request, "authorization"));
  g_assert_cmpstr (request->query, ==, "oh=1");
  request_answer_bytes (request, 200, "Content-Type: application/octet-stream\r\n", PNG);
  kit_status (exchange, 200);
  one = the_attachment (kit);
  g_assert_cmpstr (one->kind, ==, "image");
  g_assert_cmpstr (one->media, ==, "med_1");
  g_assert_cmpstr (one->mime, ==, "image/png");
  g_assert_cmpstr (one->name, ==, "photo one.png");
  g_assert_cmpint (one->size, ==, sizeof png - 1);
  g_assert_null (one->url);
  g_assert_cmpmem (g_bytes_get_data (((FakeMedia *)kit->fake->media->pdata[0])->bytes, NULL), sizeof png - 1, png,
                   sizeof png - 1);
}

static void
test_kinds (void)
{
  static const struct
  {
    const char *attachment, *bytes, *headers, *kind, *mime, *name;
  } rows[] = {
    { "{\"type\":\"file\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "%PDF-1.4",
      "Content-Disposition: attachment; filename=\"../bill.pdf\"\r\n", "file", "application/pdf", "bill.pdf" },
    { "{\"type\":\"audio\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "....ftypisom", "", "audio",
      "audio/mp4", "f" },
    { "{\"type\":\"video\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "....ftypisom", "", "video",
      "video/mp4", "f" },
    { "{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "<script>",
      "Content-Type: text/html\r\n", "file", "application/octet-stream", "f" },
    { "{\"type\":\"video\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "hello",
      "Content-Type: text/plain\r\n", "file", "text/plain", "f" },
    { "{\"type\":\"sticker\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\",\"sticker_id\":369239263222822}}",
      "GIF89a", "", "sticker", "image/gif", "sticker 369239263222822" },
    { "{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\",\"sticker_id\":\"5\"}}", "GIF89a", "",
      "sticker", "image/gif", "sticker 5" },
    { "{\"type\":\"file\",\"title\":\"My\\nfile\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/f\"}}", "x", "",
      "file", "application/octet-stream", "My file" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      g_autofree char *list = g_strdup_printf ("[%s]", rows[i].attachment);
      UsherExchange *exchange = post (kit, "m_1", list);
      const UsherAttachment *one;

      request_answer (server_take (kit->server, "GET", "/f"), 200, rows[i].headers, rows[i].bytes);
      kit_status (exchange, 200);
      one = the_attachment (kit);
      g_assert_cmpstr (one->kind, ==, rows[i].kind);
      g_assert_cmpstr (one->mime, ==, rows[i].mime);
      g_assert_cmpstr (one->name, ==, rows[i].name);
      g_assert_cmpstr (one->media, ==, "med_1");
    }
}

static void
test_links (void)
{
  static const struct
  {
    const char *attachment, *kind, *url, *name;
  } rows[] = {
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"https://l.example/x\",\"title\":\"A page\"}}", "link",
      "https://l.example/x", "A page" },
    { "{\"type\":\"fallback\",\"title\":\"Old form\",\"url\":\"https://l.example/y\",\"payload\":null}", "link",
      "https://l.example/y", "Old form" },
    { "{\"type\":\"fallback\"}", "link", NULL, "a link" },
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"javascript:alert(1)\"}}", "link", NULL, "a link" },
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"https://user:pw@l.example/\"}}", "link", NULL, "a link" },
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"https://l.example/a b\"}}", "link", NULL, "a link" },
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"https://l.example/a\\nb\"}}", "link", NULL, "a link" },
    { "{\"type\":\"fallback\",\"payload\":{\"url\":\"data:text/html,x\"}}", "link", NULL, "a link" },
    { "{\"type\":\"reel\",\"payload\":{\"url\":\"https://f.example/r\"}}", "link", "https://f.example/r",
      "a reel" },
    { "{\"type\":\"ig_reel\",\"payload\":{\"url\":\"https://f.example/r\"}}", "link", "https://f.example/r",
      "an Instagram reel" },
    { "{\"type\":\"post\",\"payload\":{\"url\":\"https://f.example/p\"}}", "link", "https://f.example/p",
      "a post" },
    { "{\"type\":\"ig_post\",\"payload\":{}}", "link", NULL, "an Instagram post" },
    { "{\"type\":\"template\",\"payload\":{\"template_type\":\"generic\",\"elements\":[]}}", "link", NULL,
      "a structured message" },
    { "{\"type\":\"appointment_booking\",\"payload\":{\"x\":1}}", "link", NULL, "an appointment booking" },
    { "{\"type\":\"hologram\",\"payload\":{\"url\":\"https://f.example/h\"}}", "link", "https://f.example/h",
      "an attachment of a kind that can't be shown here" },
    { "{\"type\":7}", "link", NULL, "an attachment of a kind that can't be shown here" },
    { "{\"type\":\"location\",\"payload\":{\"coordinates\":{\"lat\":48.20849,\"long\":-16.37208}}}", "location",
      "geo:48.208490,-16.372080", "a place" },
    { "{\"type\":\"location\",\"title\":\"Home\",\"payload\":{\"coordinates\":{\"lat\":\"48\",\"long\":16}}}",
      "location", "geo:48.000000,16.000000", "Home" },
    { "{\"type\":\"location\",\"payload\":{\"coordinates\":{\"lat\":91,\"long\":16}}}", "location", NULL,
      "a place" },
    { "{\"type\":\"location\",\"payload\":{\"coordinates\":{\"lat\":\"1;u=9\",\"long\":16}}}", "location", NULL,
      "a place" },
    { "{\"type\":\"location\",\"payload\":{\"coordinates\":[1,2]}}", "location", NULL, "a place" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      g_autofree char *list = g_strdup_printf ("[%s]", rows[i].attachment);
      const UsherAttachment *one;

      kit_status (post (kit, "m_1", list), 200);
      one = the_attachment (kit);
      g_assert_cmpstr (one->kind, ==, rows[i].kind);
      g_assert_cmpstr (one->url, ==, rows[i].url);
      g_assert_cmpstr (one->name, ==, rows[i].name);
      g_assert_null (one->media);
      g_assert_cmpuint (kit->server->connections, <=, 2); /* the token check, and the profile */
    }
}

static void
test_senseless (void)
{
  static const char *const lists[] = { "{}", "7", "\"x\"", "null", "[]", "[7]", "[null,\"x\",[],{}]" };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (Kit) kit = kit_up ();

      kit_status (post (kit, "m_1", lists[i]), 200);
      g_assert_null (kit_item (fake_delivery_at (kit->fake, 0), 0)->attachments);
    }
}

static void
test_without_text (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const UsherInbound *item
      = kit_one (kit, "\"message\":{\"mid\":\"m_1\",\"attachments\":[{\"type\":\"fallback\",\"title\":\"x\"}]}");

  g_assert_cmpstr (item->text, ==, "");
  g_assert_null (item->form);
  g_assert_cmpstr (item->attachments[0]->name, ==, "x");
}

static void
test_album (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (GString) list = g_string_new ("[");
  Request *first[8];
  UsherExchange *exchange;
  const UsherInbound *item;

  for (int i = 0; i < 70; i++)
    g_string_append_printf (list, "%s{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/%d\"}}",
                            i > 0 ? "," : "", i);
  g_string_append_c (list, ']');
  exchange = post (kit, "m_1", list->str);
  for (int i = 0; i < 8; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%d", i);

      first[i] = server_take (kit->server, "GET", path);
    }
  /* Eight at once and no more: the number of bytes in memory is bounded. */
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/8"), ==, 0);
  for (int i = 0; i < 64; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%d", i);

      request_answer_bytes (i < 8 ? first[i] : server_take (kit->server, "GET", path), 200, TYPE_PNG, PNG);
    }
  kit_status (exchange, 200);
  item = kit_item (fake_delivery_at (kit->fake, 0), 0);
  for (int i = 0; i < 64; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d", i);

      g_assert_cmpstr (item->attachments[i]->name, ==, name);
      g_assert_nonnull (item->attachments[i]->media);
    }
  g_assert_null (item->attachments[64]);
}

/* A redelivery of what is stored fetches nothing again. */
static void
test_redelivery (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const char *list = "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]";
  UsherExchange *exchange = post (kit, "m_1", list);

  request_answer_bytes (server_take (kit->server, "GET", "/a"), 200, TYPE_PNG, PNG);
  kit_status (exchange, 200);
  kit_status (post (kit, "m_1", list), 200);
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/a"), ==, 0);
  g_assert_cmpuint (kit->fake->media->len, ==, 1);
}

static void
test_redirect (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a/b\"}}]");

  request_answer (server_take (kit->server, "GET", "/a/b"), 302, "Location: ../c.png\r\n", "");
  request_answer_bytes (server_take (kit->server, "GET", "/c.png"), 200, TYPE_PNG, PNG);
  kit_status (exchange, 200);
  g_assert_cmpstr (the_attachment (kit)->name, ==, "c.png");
}

/* ---- not kept ------------------------------------------------------------------------------------------ */

static void
test_failures (void)
{
  static const struct
  {
    guint status;
    const char *headers, *body, *why;
  } rows[] = {
    { 404, NULL, "", "no longer has it" },
    { 403, NULL, "expired", "no longer has it" },
    { 500, NULL, "", "no longer has it" },
    { 200, NULL, "", "empty" },
    { 302, NULL, "", "redirected" },
    { 302, "Location: http://[\r\n", "", "redirected" },
    { 302, "Location: ftp://127.0.0.1/x\r\n", "", "not on the web" },
    { 302, "Location: file:///etc/passwd\r\n", "", "makes no sense" },
    { 302, "Location: http://u:p@127.0.0.1/x\r\n", "", "makes no sense" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      UsherExchange *exchange
          = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a.png\"}}]");

      request_answer (server_take (kit->server, "GET", "/a.png"), rows[i].status, rows[i].headers, rows[i].body);
      run_until_answered (kit, exchange);
      not_kept (kit, rows[i].why);
    }
}

static void
test_redirect_loop (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");

  for (int i = 0; i < 6; i++)
    request_answer (server_take (kit->server, "GET", "/a"), 301, "Location: /a\r\n", "");
  run_until_answered (kit, exchange);
  not_kept (kit, "redirected");
}

static void
test_missing_url (void)
{
  static const char *const lists[] = { "[{\"type\":\"image\"}]", "[{\"type\":\"image\",\"payload\":{\"url\":7}}]",
                                       "[{\"type\":\"image\",\"payload\":[]}]" };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (Kit) kit = kit_up ();

      kit_status (post (kit, "m_1", lists[i]), 200);
      not_kept (kit, "did not say where");
    }
}

static void
test_too_large_by_header (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"video\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 26214401\r\n\r\nbegin";

  request_say (server_take (kit->server, "GET", "/a"), head, strlen (head));
  run_until_answered (kit, exchange);
  not_kept (kit, "too large");
}

static void
test_too_large_while_streaming (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"video\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");
  static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  g_autofree char *block = g_strnfill (0x10000, 'x');
  g_autofree char *chunk = g_strdup_printf ("10000\r\n%s\r\n", block);
  Request *request = server_take (kit->server, "GET", "/a");
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (request->connection));
  gsize sent = 0, at = 0;

  request_say (request, head, strlen (head));
  while (!exchange->answered && sent < 40 * 1024 * 1024)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (out), chunk + at,
                                                             strlen (chunk) - at, NULL, NULL);

      if (n > 0)
        {
          at = (at + (gsize)n) % strlen (chunk);
          sent += (gsize)n;
        }
      g_main_context_iteration (NULL, FALSE);
      fake_clock_advance (0);
    }
  run_until_answered (kit, exchange);
  not_kept (kit, "too large");
  g_assert_cmpuint (sent, <, 40 * 1024 * 1024);
}

static void
test_store_fails (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange;

  kit->fake->media_status = USHER_RETRY;
  exchange = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a.png\"}}]");
  request_answer_bytes (server_take (kit->server, "GET", "/a.png"), 200, TYPE_PNG, PNG);
  kit_status (exchange, 200);
  g_assert_cmpstr (the_attachment (kit)->name, ==, "a.png (not kept: it could not be stored)");
  g_assert_null (the_attachment (kit)->media);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void
test_slow (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\x89PNG";

  request_say (server_take (kit->server, "GET", "/a"), head, strlen (head));
  fake_clock_advance (9900);
  g_assert_false (exchange->answered);
  fake_clock_advance (200);
  kit_status (exchange, 200);
  not_kept (kit, "in time");
}

/* Of several, those that are there are kept. */
static void
test_partly_slow (void)
{
  g_autoptr (Kit) kit = kit_up ();
  UsherExchange *exchange = post (kit, "m_1",
                                  "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}},"
                                  "{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/b\"}}]");
  const UsherInbound *item;

  server_take (kit->server, "GET", "/a");
  request_answer_bytes (server_take (kit->server, "GET", "/b"), 200, TYPE_PNG, PNG);
  while (kit->fake->media->len == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_host_settle ();
  fake_clock_advance (10000);
  kit_status (exchange, 200);
  item = kit_item (fake_delivery_at (kit->fake, 0), 0);
  g_assert_null (item->attachments[0]->media);
  g_assert_cmpstr (item->attachments[1]->media, ==, "med_1");
}

/* The picture comes before the text that was written after it; other people do not wait for it. */
static void
test_order_behind_a_picture (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *text = kit_event ("\"message\":{\"mid\":\"m_2\",\"text\":\"see?\"}");
  g_autofree char *text_body = kit_page (text);
  UsherExchange *picture
      = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");
  UsherExchange *after = kit_hook (kit, text_body);

  g_assert_nonnull (
      kit_events (kit, "{\"sender\":{\"id\":\"PSID2\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":"
                       "\"m_o\",\"text\":\"me too\"}}"));
  g_assert_false (after->answered);
  request_answer_bytes (server_take (kit->server, "GET", "/a"), 200, TYPE_PNG, PNG);
  kit_status (picture, 200);
  kit_status (after, 200);
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 0), 0)->external_id, ==, "m_o");
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 1), 0)->external_id, ==, "m_1");
  g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, 2), 0)->external_id, ==, "m_2");
}

/* Meta loses patience and sends the same again: it is one webhook, fetched and stored once, with two answers. */
static void
test_impatience (void)
{
  g_autoptr (Kit) kit = kit_up ();
  const char *list = "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]";
  UsherExchange *first = post (kit, "m_1", list), *again;
  Request *request = server_take (kit->server, "GET", "/a");

  fake_clock_advance (6000);
  again = post (kit, "m_1", list);
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/a"), ==, 0);
  request_answer_bytes (request, 200, TYPE_PNG, PNG);
  kit_status (first, 200);
  kit_status (again, 200);
  g_assert_cmpstr (the_attachment (kit)->media, ==, "med_1");
}

static char *
picture_at (Kit *kit, int i)
{
  g_autofree char *event = g_strdup_printf (
      "{\"sender\":{\"id\":\"PSID1\"},\"recipient\":{\"id\":\"PAGE1\"},\"timestamp\":%" G_GINT64_FORMAT
      ",\"message\":{\"mid\":\"m_%02d\",\"attachments\":[{\"type\":\"image\",\"payload\":{\"url\":\"http://"
      "127.0.0.1:%u/"
      "%d\"}}]}}",
      T0 + i, i, kit->server->port, i);

  return kit_page (event);
}

/* An album comes as webhooks that overtake each other, and its pictures are fetched in any order. */
static void
test_shuffled_album (void)
{
  g_autoptr (Kit) kit = kit_up ();

  for (int i = 0; i < 20; i++)
    {
      g_autofree char *body = picture_at (kit, i * 7 % 20);

      kit_hook (kit, body);
    }
  for (int i = 0; i < 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%d", i * 7 % 20);

      request_answer_bytes (server_take (kit->server, "GET", path), 200, TYPE_PNG, PNG);
    }
  while (fake_delivery_count (kit->fake) < 20)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *mid = g_strdup_printf ("m_%02u", i);

      g_assert_cmpstr (kit_item (fake_delivery_at (kit->fake, i), 0)->external_id, ==, mid);
    }
}

/* What is about something earlier holds others back, but not for ever. */
static void
test_held_back_in_time (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autofree char *later = picture_at (kit, 9), *earlier = picture_at (kit, 1);
  UsherExchange *first = kit_hook (kit, later), *second;

  fake_clock_advance (5000);
  second = kit_hook (kit, earlier);
  request_answer_bytes (server_take (kit->server, "GET", "/9"), 200, TYPE_PNG, PNG);
  server_take (kit->server, "GET", "/1");
  while (kit->fake->media->len == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_host_settle ();
  fake_clock_advance (4900);
  g_assert_false (first->answered);
  fake_clock_advance (100);
  kit_status (first, 200);
  g_assert_false (second->answered);
  fake_clock_advance (5000);
  kit_status (second, 200);
}

/* ---- the guard ----------------------------------------------------------------------------------------- */

static void
test_guard (void)
{
  static const struct
  {
    const char *url, *why;
  } rows[] = {
    { "http://127.0.0.1:PORT/secret", "not https" },
    { "http://169.254.169.254/latest/meta-data", "not https" },
    { "https://127.0.0.1:PORT/secret", "unusual port" },
    { "https://cdn.example:8443/x", "unusual port" },
    { "https://127.0.0.1/secret", "could not be fetched" },
    { "https://[::1]/secret", "could not be fetched" },
    { "https://10.0.0.1/x", "could not be fetched" },
    { "https://[::ffff:127.0.0.1]/x", "could not be fetched" },
    { "file:///etc/passwd", "makes no sense" },
    { "ftp://localhost/x", "not on the web" },
    { "gopher://localhost:PORT/x", "not on the web" },
    { "https://user:pw@localhost:PORT/x", "makes no sense" },
    { "//localhost/x", "makes no sense" },
    { "not an address", "makes no sense" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new_localhost ();
      g_autofree char *list = g_strdup_printf ("[{\"type\":\"image\",\"payload\":{\"url\":\"%s\"}}]", rows[i].url);
      UsherExchange *exchange;

      kit_begin (kit);
      exchange = post (kit, "m_1", list);
      run_until_answered (kit, exchange);
      not_kept (kit, rows[i].why);
      if (strcmp (rows[i].why, "could not be fetched") == 0)
        g_assert_true (fake_host_logged (kit->fake, USHER_LOG_INFO, "not on the public internet"));
      g_assert_cmpuint (server_waiting (kit->server, "GET", "/secret"), ==, 0);
    }
}

/* A redirect is checked like the address itself. */
static void
test_guard_redirect (void)
{
  static const char *const targets[] = { "http://127.0.0.1:PORT/secret", "https://127.0.0.1/secret",
                                         "https://127.0.0.1:PORT/secret", "//127.0.0.1:PORT/secret" };

  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autoptr (Kit) kit = kit_new_localhost ();
      g_autofree char *port = NULL, *location = NULL;
      g_auto (GStrv) parts = g_strsplit (targets[i], "PORT", -1);
      UsherExchange *exchange;

      kit_begin (kit);
      port = g_strdup_printf ("%u", kit->server->port);
      location = g_strdup_printf ("Location: %s%s%s\r\n", parts[0], parts[1] != NULL ? port : "",
                                  parts[1] != NULL ? parts[1] : "");
      exchange = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://localhost:PORT/a\"}}]");
      request_answer (server_take (kit->server, "GET", "/a"), 302, location, "");
      run_until_answered (kit, exchange);
      g_assert_null (the_attachment (kit)->media);
      g_assert_cmpuint (server_waiting (kit->server, "GET", "/secret"), ==, 0);
    }
}

/* base_url is exempt, its machine is not: another port is another service. */
static void
test_guard_other_port (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (Server) other = server_new ();
  g_autofree char *location = g_strdup_printf ("Location: http://127.0.0.1:%u/secret\r\n", other->port);
  UsherExchange *exchange
      = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a\"}}]");

  request_answer (server_take (kit->server, "GET", "/a"), 302, location, "");
  run_until_answered (kit, exchange);
  not_kept (kit, "not https");
  g_assert_cmpuint (other->connections, ==, 0);
}

static void
test_media_hosts (void)
{
  g_autoptr (Kit) kit = kit_new_localhost ();
  UsherExchange *exchange;

  fake_host_set (kit->fake, "media_hosts", "cdn.example, 127.0.0.1");
  kit_begin (kit);
  exchange = post (kit, "m_1", "[{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:PORT/a.png\"}}]");
  request_answer_bytes (server_take (kit->server, "GET", "/a.png"), 200, TYPE_PNG, PNG);
  kit_status (exchange, 200);
  g_assert_cmpstr (the_attachment (kit)->media, ==, "med_1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/media/image", test_image);
  g_test_add_func ("/messenger/media/kinds-of-files", test_kinds);
  g_test_add_func ("/messenger/media/links-and-places", test_links);
  g_test_add_func ("/messenger/media/senseless-lists", test_senseless);
  g_test_add_func ("/messenger/media/without-text", test_without_text);
  g_test_add_func ("/messenger/media/album", test_album);
  g_test_add_func ("/messenger/media/redelivery-fetches-nothing", test_redelivery);
  g_test_add_func ("/messenger/media/redirect", test_redirect);
  g_test_add_func ("/messenger/media/failures", test_failures);
  g_test_add_func ("/messenger/media/redirect-loop", test_redirect_loop);
  g_test_add_func ("/messenger/media/no-address", test_missing_url);
  g_test_add_func ("/messenger/media/too-large-by-its-header", test_too_large_by_header);
  g_test_add_func ("/messenger/media/too-large-while-streaming", test_too_large_while_streaming);
  g_test_add_func ("/messenger/media/store-fails", test_store_fails);
  g_test_add_func ("/messenger/media/slow-is-not-waited-for", test_slow);
  g_test_add_func ("/messenger/media/what-is-there-in-time-is-kept", test_partly_slow);
  g_test_add_func ("/messenger/media/order-behind-a-picture", test_order_behind_a_picture);
  g_test_add_func ("/messenger/media/impatience", test_impatience);
  g_test_add_func ("/messenger/media/shuffled-album", test_shuffled_album);
  g_test_add_func ("/messenger/media/held-back-in-time", test_held_back_in_time);
  g_test_add_func ("/messenger/media/guard", test_guard);
  g_test_add_func ("/messenger/media/guard-at-redirects", test_guard_redirect);
  g_test_add_func ("/messenger/media/guard-at-another-port", test_guard_other_port);
  g_test_add_func ("/messenger/media/media-hosts", test_media_hosts);
  return g_test_run ();
}
