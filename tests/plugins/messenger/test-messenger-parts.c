/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pure parts of the messenger plugin: signatures, the table of errors, rate headers, file types, addresses.
 */
#include <string.h>

#include "messenger-address.h"
#include "messenger-error.h"
#include "messenger-sign.h"
#include "messenger-sniff.h"

#define BODY "{\"object\":\"page\",\"entry\":[]}"
#define SIGNATURE "sha256=e6e9d7a842a48e17f43a34d6125d0d933e2aab92ee37f0993a4d493b50e3d438"

/* ---- signatures ---------------------------------------------------------------------------------------- */

static gboolean
ok (const char *key, const char *body, const char *header)
{
  return messenger_sign_ok (key, body, strlen (body), header);
}

static void
test_vectors (void)
{
  g_autofree char *made = messenger_sign ("app-secret", BODY, strlen (BODY));
  g_autofree char *proof = messenger_sign_proof ("app-secret", "page-token");

  g_assert_cmpuint (strlen (BODY), ==, 28);
  g_assert_cmpstr (made, ==, SIGNATURE);
  g_assert_cmpstr (proof, ==, "d8b448b9cc7d64c51098271805b3cc20b5b715e52bd587eb71b610259587c856");
  g_assert_true (ok ("app-secret", BODY, SIGNATURE));
}

static void
test_signature_refused (void)
{
  g_autofree char *upper = g_ascii_strup (SIGNATURE + 7, -1);
  g_autofree char *upper_header = g_strconcat ("sha256=", upper, NULL);
  g_autofree char *longer = g_strconcat (SIGNATURE, "0", NULL);
  g_autofree char *shorter = g_strndup (SIGNATURE, strlen (SIGNATURE) - 1);
  g_autofree char *spaced = g_strconcat (" ", SIGNATURE, NULL);
  g_autofree char *sha1 = g_strconcat ("sha1=", SIGNATURE + 7, NULL);

  g_assert_true (ok ("app-secret", BODY, upper_header));
  g_assert_false (ok ("app-secret", BODY, NULL));
  g_assert_false (ok ("app-secret", BODY, ""));
  g_assert_false (ok ("app-secret", BODY, "sha256="));
  g_assert_false (ok ("app-secret", BODY, sha1));
  g_assert_false (ok ("app-secret", BODY, SIGNATURE + 7));
  g_assert_false (ok ("app-secret", BODY, longer));
  g_assert_false (ok ("app-secret", BODY, shorter));
  g_assert_false (ok ("app-secret", BODY, spaced));
  g_assert_false (ok ("other-secret", BODY, SIGNATURE));
  g_assert_false (ok ("app-secret", "{\"object\": \"page\", \"entry\": []}", SIGNATURE));
  g_assert_false (ok ("app-secret", "", SIGNATURE));
}

static void
test_flipped_byte (void)
{
  for (gsize i = 0; i < strlen (BODY); i++)
    {
      g_autofree char *body = g_strdup (BODY);

      body[i] ^= 1;
      g_assert_false (messenger_sign_ok ("app-secret", body, strlen (BODY), SIGNATURE));
    }
  for (gsize i = 0; i < strlen (SIGNATURE); i++)
    {
      g_autofree char *header = g_strdup (SIGNATURE);

      header[i] ^= 1;
      g_assert_false (ok ("app-secret", BODY, header));
    }
}

static void
test_equal (void)
{
  g_assert_true (messenger_sign_equal ("abc", "abc"));
  g_assert_true (messenger_sign_equal ("", ""));
  g_assert_false (messenger_sign_equal ("abc", "abd"));
  g_assert_false (messenger_sign_equal ("abc", "ab"));
}

/* ---- the table of errors ------------------------------------------------------------------------------- */

static void
test_rows (void)
{
  static const struct
  {
    MessengerError error;
    UsherStatus status;
    MessengerFault fault;
  } rows[] = {
    { { 500, 1, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_NONE },
    { { 400, 2, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_MAYBE_BLOCK },
    { { 500, 2, 2018344, TRUE }, USHER_RETRY, MESSENGER_FAULT_MAYBE_BLOCK },
    { { 500, 0, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_NONE },
    { { 503, 0, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_NONE },
    { { 400, 1200, 0, TRUE }, USHER_RETRY, MESSENGER_FAULT_NONE },
    { { 400, 4, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE },
    { { 400, 17, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE },
    { { 400, 32, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE },
    { { 400, 613, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE_ONE },
    { { 400, 80006, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE },
    { { 429, 0, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_RATE },
    { { 400, 10, 2018278, FALSE }, USHER_WINDOW, MESSENGER_FAULT_NONE },
    { { 400, 10, 2534022, FALSE }, USHER_WINDOW, MESSENGER_FAULT_NONE },
    { { 400, 10, 2018065, FALSE }, USHER_WINDOW, MESSENGER_FAULT_NONE },
    { { 400, 10, 1893063, FALSE }, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
    { { 400, 368, 0, FALSE }, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
    { { 400, 100, 2534122, FALSE }, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
    { { 400, 10, 2534029, FALSE }, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
    { { 403, 10, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
    { { 403, 10, 7, FALSE }, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
    { { 403, 200, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
    { { 403, 230, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
    { { 403, 299, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
    { { 401, 190, 463, FALSE }, USHER_AUTH, MESSENGER_FAULT_TOKEN },
    { { 400, 190, 0, TRUE }, USHER_AUTH, MESSENGER_FAULT_TOKEN },
    { { 400, 102, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_TOKEN },
    { { 400, 551, 0, FALSE }, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
    { { 400, 200, 1545041, FALSE }, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
    { { 400, 100, 2018001, FALSE }, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
    { { 400, 100, 2018108, FALSE }, USHER_CONTENT, MESSENGER_FAULT_NONE },
    { { 400, 100, 2018109, FALSE }, USHER_CONTENT, MESSENGER_FAULT_NONE },
    { { 400, 100, 0, FALSE }, USHER_CONTENT, MESSENGER_FAULT_NONE },
    { { 400, 300, 0, FALSE }, USHER_CONTENT, MESSENGER_FAULT_NONE },
    { { 500, 300, 0, FALSE }, USHER_RETRY, MESSENGER_FAULT_NONE },
    { { 400, 0, 0, FALSE }, USHER_CONTENT, MESSENGER_FAULT_NONE },
    { { 401, 0, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_NOT_GRAPH },
    { { 404, 0, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_NOT_GRAPH },
    { { 302, 0, 0, FALSE }, USHER_AUTH, MESSENGER_FAULT_NOT_GRAPH },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MessengerVerdict verdict = messenger_error_judge (&rows[i].error);

      if (verdict.status != rows[i].status || verdict.fault != rows[i].fault)
        g_error ("HTTP %u, %d/%d: status %d fault %d", rows[i].error.http, (int)rows[i].error.code,
                 (int)rows[i].error.subcode, verdict.status, verdict.fault);
    }
}

static void
test_wait (void)
{
  const char *business
      = "{\"PAGE1\":[{\"type\":\"messenger\",\"call_count\":100,\"total_cputime\":1,\"total_time\":2,"
        "\"estimated_time_to_regain_access\":7},{\"estimated_time_to_regain_access\": 3}]}";

  g_assert_cmpint (messenger_error_wait (business, NULL), ==, 7 * 60 * 1000);
  g_assert_cmpint (messenger_error_wait ("{\"P\":[{\"estimated_time_to_regain_access\":0}]}", NULL), ==, 0);
  g_assert_cmpint (messenger_error_wait (NULL, "{\"call_count\":100,\"total_time\":25}"), ==, 5 * 60 * 1000);
  g_assert_cmpint (messenger_error_wait (NULL, "{\"call_count\":99,\"total_time\":25,\"total_cputime\":112}"), ==,
                   5 * 60 * 1000);
  g_assert_cmpint (messenger_error_wait (NULL, "{\"call_count\":99,\"total_time\":25}"), ==, 0);
  g_assert_cmpint (messenger_error_wait (NULL, NULL), ==, 0);
  g_assert_cmpint (messenger_error_wait ("", "nonsense"), ==, 0);
  g_assert_cmpint (messenger_error_wait ("\"estimated_time_to_regain_access\":", "\"call_count\""), ==, 0);
  g_assert_cmpint (messenger_error_wait ("\"estimated_time_to_regain_access\":99999999999999999999", NULL), ==,
                   24 * 3600 * 1000);
  g_assert_cmpint (messenger_error_wait ("\"estimated_time_to_regain_access\":-5", NULL), ==, 0);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void
test_sniff (void)
{
  static const struct
  {
    const char *bytes;
    gsize len;
    const char *said, *mime;
  } files[] = {
    { "\x89PNG\r\n\x1a\n....", 12, "text/html", "image/png" },
    { "\xff\xd8\xff\xe0", 4, NULL, "image/jpeg" },
    { "GIF89a", 6, NULL, "image/gif" },
    { "RIFF....WEBPVP8", 15, "image/jpeg", "image/webp" },
    { "RIFF....WAVEfmt", 15, NULL, "audio/wav" },
    { "....ftypisom", 12, NULL, "video/mp4" },
    { "....ftypM4A ", 12, NULL, "audio/mp4" },
    { "OggS....", 8, NULL, "audio/ogg" },
    { "%PDF-1.7", 8, "application/octet-stream", "application/pdf" },
    { "PK\x03\x04....", 8, NULL, "application/zip" },
    { "PK\x03\x04....", 8, "application/vnd.oasis.opendocument.text; x=y",
      "application/vnd.oasis.opendocument.text" },
    { "hello", 5, "text/plain; charset=utf-8", "text/plain" },
    { "hello", 5, "TEXT/CSV", "text/csv" },
    { "hello", 5, "nonsense", "application/octet-stream" },
    { "hello", 5, "a/b/c", "application/octet-stream" },
    { "hello", 5, "/x", "application/octet-stream" },
    { "hello", 5, NULL, "application/octet-stream" },
    { "<svg/>", 6, "image/svg+xml", "application/octet-stream" },
    { "<b>", 3, "image/png", "application/octet-stream" },
    { "<b>", 3, "text/html", "application/octet-stream" },
    { "<b>", 3, "application/xhtml+xml", "application/octet-stream" },
    { "<b>", 3, "text/xml", "application/octet-stream" },
    { "x()", 3, "text/javascript", "application/octet-stream" },
    { "\x89P", 2, "text/html", "application/octet-stream" },
    { "RIFF....", 8, NULL, "application/octet-stream" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *mime = messenger_sniff_mime (files[i].bytes, files[i].len, files[i].said);

      g_assert_cmpstr (mime, ==, files[i].mime);
    }
}

static void
test_names (void)
{
  g_autofree char *plain
      = messenger_sniff_name ("invoice.pdf"),
      *folder = messenger_sniff_name ("/a/b/inv oice.pdf"), *windows = messenger_sniff_name ("C:\\temp\\x.doc"),
      *dots = messenger_sniff_name ("../..\\.htaccess"),
      *control = messenger_sniff_name ("a\r\nb\x01\xe2\x80\xae.txt"), *nothing = messenger_sniff_name ("/"),
      *none = messenger_sniff_name (NULL), *bad = messenger_sniff_name ("\xff.png");
  g_autofree char *many = g_strnfill (5000, 'x');
  g_autofree char *cut = messenger_sniff_name (many);

  g_assert_cmpstr (plain, ==, "invoice.pdf");
  g_assert_cmpstr (folder, ==, "inv oice.pdf");
  g_assert_cmpstr (windows, ==, "x.doc");
  g_assert_cmpstr (dots, ==, "htaccess");
  g_assert_cmpstr (control, ==, "ab.txt");
  g_assert_cmpstr (bad, ==, "\xef\xbf\xbd.png");
  g_assert_null (nothing);
  g_assert_null (none);
  g_assert_cmpuint (strlen (cut), ==, 100);
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static void
test_public (void)
{
  static const char *const private[] = { "0.0.0.0",
                                         "10.1.2.3",
                                         "100.64.0.1",
                                         "127.0.0.1",
                                         "127.255.255.255",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.0.0.8",
                                         "192.0.2.1",
                                         "192.168.1.1",
                                         "198.18.0.1",
                                         "198.51.100.1",
                                         "203.0.113.9",
                                         "224.0.0.1",
                                         "239.1.1.1",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "::ffff:7f00:1",
                                         "64:ff9b::7f00:1",
                                         "64:ff9b:1::1",
                                         "2002:7f00:1::1",
                                         "2002:c0a8:101::",
                                         "fc00::1",
                                         "fd12:3456::1",
                                         "fe80::1",
                                         "fec0::1",
                                         "ff02::1",
                                         "2001:db8::1",
                                         "2001:0:1::1",
                                         "100::1" };
  static const char *const public[]
      = { "1.1.1.1",         "8.8.8.8",         "100.63.255.255",       "100.128.0.1",
          "172.15.0.1",      "172.32.0.1",      "192.167.1.1",          "223.255.255.255",
          "157.240.1.35",    "2606:4700::1111", "2a03:2880:f1ff::face", "64:ff9b::808:808",
          "2002:808:808::1", "::ffff:8.8.8.8" };

  for (gsize i = 0; i < G_N_ELEMENTS (private); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (private[i]);

      g_assert_nonnull (address);
      if (messenger_address_is_public (address))
        g_error ("%s passes for public", private[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (public); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (public[i]);

      g_assert_nonnull (address);
      if (!messenger_address_is_public (address))
        g_error ("%s does not pass for public", public[i]);
    }
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  g_assert_null (connection);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  *(gboolean *)data = TRUE;
}

/* Somebody listens at home, and is never spoken to, whatever the name for home is. */
static void
test_connect_refused (void)
{
  static const char *const names[] = { "127.0.0.1", "::1", "localhost", "0.0.0.0", "::ffff:127.0.0.1" };
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GSocketConnectable) address = messenger_address_new ("https", names[i], port);
      g_autoptr (GSocketClient) client = g_socket_client_new ();
      g_autoptr (GSocketConnection) connection = NULL;
      g_autoptr (GError) error = NULL;
      gboolean done = FALSE;

      g_socket_client_connect_async (client, address, NULL, on_connected, &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
      connection = g_socket_client_connect (client, address, NULL, &error);
      g_assert_null (connection);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
    }
}

/* What TLS compares the certificate with. */
static void
test_address_keeps_name (void)
{
  g_autoptr (GSocketConnectable) address = messenger_address_new ("https", "cdn.example.com", 443);

  g_assert_true (G_IS_NETWORK_ADDRESS (address));
  g_assert_cmpstr (g_network_address_get_hostname (G_NETWORK_ADDRESS (address)), ==, "cdn.example.com");
  g_assert_cmpuint (g_network_address_get_port (G_NETWORK_ADDRESS (address)), ==, 443);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/sign/vectors", test_vectors);
  g_test_add_func ("/messenger/sign/refuses-what-is-not-the-signature", test_signature_refused);
  g_test_add_func ("/messenger/sign/every-flipped-bit-counts", test_flipped_byte);
  g_test_add_func ("/messenger/sign/equal", test_equal);
  g_test_add_func ("/messenger/error/every-row", test_rows);
  g_test_add_func ("/messenger/error/rate-headers", test_wait);
  g_test_add_func ("/messenger/sniff/content-goes-before-claims", test_sniff);
  g_test_add_func ("/messenger/sniff/names-are-harmless", test_names);
  g_test_add_func ("/messenger/address/public-or-not", test_public);
  g_test_add_func ("/messenger/address/home-is-never-connected-to", test_connect_refused);
  g_test_add_func ("/messenger/address/keeps-the-name-for-tls", test_address_keeps_name);
  return g_test_run ();
}
