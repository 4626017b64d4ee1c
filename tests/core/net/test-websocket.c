/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of WebSockets over real connections: handshakes, messages, control frames, closing, broken clients.
 */
#include "tests/core/net/harness.h"

#include <string.h>

static UcTestWs *
open_ws (Server *server, const char *path)
{
  UcTestWs *ws = uc_test_ws_new (server->address, path, NULL);

  g_assert_cmpint (uc_test_ws_status (ws), ==, 101);
  return ws;
}

static void
assert_echo (UcTestWs *ws, const char *text)
{
  g_autofree char *got = NULL;

  uc_test_ws_send (ws, text);
  got = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (got, ==, text);
}

static gboolean
all_closed (gpointer data)
{
  Server *server = data;

  return server->sockets->len == 0 && server->closed == server->opened;
}

static void
assert_closed (Server *server, int code)
{
  uc_test_run_until (all_closed, server);
  g_assert_cmpint (server->close_code, ==, code);
}

/* ---- handshake ----------------------------------------------------------------------------------------- */

static void
test_wrong_handshakes (void)
{
  static const struct
  {
    const char *headers[7];
    int status;
    const char *code;
  } cases[] = {
    { { "Sec-WebSocket-Key", "", NULL }, 400, "invalid" },
    { { "Sec-WebSocket-Key", "short", NULL }, 400, "invalid" },
    { { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ===", NULL }, 400, "invalid" },
    { { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQAA", NULL }, 400, "invalid" },
    { { "Sec-WebSocket-Key", "dGhlIHNhb!BsZSBub25jZQ==", NULL }, 400, "invalid" },
    { { "Sec-WebSocket-Version", "", NULL }, 426, "unsupported" },
    { { "Sec-WebSocket-Version", "8", NULL }, 426, "unsupported" },
    { { "Connection", "keep-alive", NULL }, 426, "unsupported" },
    { { "Upgrade", "h2c", NULL }, 426, "unsupported" },
    { { "Host", "", NULL }, 400, "invalid" },
    { { "Content-Length", "5", NULL }, 400, "invalid" },
  };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/ws", cases[i].headers);

      uc_test_ws_send_raw (ws, "abcde", 5);
      g_test_message ("%s: %s", cases[i].headers[0], cases[i].headers[1]);
      assert_error (uc_test_ws_answer (ws), cases[i].status, cases[i].code);
    }
  g_assert_cmpuint (server->opened, ==, 0);
  {
    const char *const old[] = { "Sec-WebSocket-Version", "7", NULL };
    g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/ws", old);

    g_assert_true (answer_has (uc_test_ws_answer (ws), "Sec-WebSocket-Version: 13"));
  }
}

static void
test_odd_but_right_handshakes (void)
{
  static const char *const tokens[] = { "Connection", "keep-alive, UPGRADE", "Upgrade", "WebSocket", NULL };
  static const char *const offers[] = { "Sec-WebSocket-Extensions", "permessage-deflate", NULL };
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) a = uc_test_ws_new (server->address, "/ws", tokens);
  g_autoptr (UcTestWs) b = uc_test_ws_new (server->address, "/ws", offers);

  g_assert_cmpint (uc_test_ws_status (a), ==, 101);
  g_assert_cmpint (uc_test_ws_status (b), ==, 101);
  g_assert_null (strstr (uc_test_ws_answer (b), "permessage-deflate"));
  assert_echo (a, "a");
  assert_echo (b, "b");
}

/* Both are in libsoup's hands when the socket is taken from it. */
static void
test_early_frame (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/ws", NULL);
  g_autofree char *big = g_strnfill (40000, 'e');
  g_autofree char *one = NULL, *two = NULL;

  uc_test_ws_send (ws, "early");
  uc_test_ws_send (ws, big);
  g_assert_cmpint (uc_test_ws_status (ws), ==, 101);
  one = uc_test_ws_receive_text (ws);
  two = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (one, ==, "early");
  g_assert_cmpstr (two, ==, big);
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *path;
    int status;
    const char *code;
  } cases[] = {
    { "/refuse/401", 401, "unauthenticated" }, { "/refuse/403", 403, "denied" }, { "/refuse/429", 429, "busy" },
    { "/refuse/503", 503, "unavailable" },     { "/refuse/7", 500, "failed" },   { "/nothing", 404, "not_found" }
  };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, cases[i].path, NULL);

      assert_error (uc_test_ws_answer (ws), cases[i].status, cases[i].code);
    }
  g_assert_cmpuint (server->closed, ==, 0);
}

static void
test_upgrade_of_plain_route (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/echo", NULL);

  g_assert_cmpint (uc_test_ws_status (ws), ==, 200);
  g_assert_nonnull (strstr (uc_test_ws_answer (ws), "upgrade: websocket\n"));
}

static void
test_inside_ws_open (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) greeted = open_ws (server, "/ws?greet");
  g_autoptr (UcTestWs) turned_away = open_ws (server, "/ws?turn-away");
  g_autofree char *hello = uc_test_ws_receive_text (greeted);

  g_assert_cmpstr (hello, ==, "hello");
  uc_test_ws_close (turned_away, 1000, NULL);
  g_assert_cmpint (uc_test_ws_wait_closed (turned_away), ==, 4001);
  g_assert_cmpstr (uc_test_ws_close_reason (turned_away), ==, "not today");
  g_assert_cmpint (server->close_code, ==, 4001);
  g_assert_cmpuint (server->closed, ==, 1);
}

static void
test_unroute_inside_ws_open (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/ws?unroute", NULL);

  assert_error (uc_test_ws_answer (ws), 503, "unavailable");
  g_assert_cmpuint (server->closed, ==, 0);
  g_ptr_array_set_size (server->sockets, 0);
}

static void
test_cap (void)
{
  const UcNetLimits limits = { .max_sockets = 2 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) a = open_ws (server, "/ws");
  g_autoptr (UcTestWs) b = open_ws (server, "/ws");
  g_autoptr (UcTestWs) c = uc_test_ws_new (server->address, "/ws", NULL);
  g_autoptr (UcTestWs) d = NULL;

  assert_error (uc_test_ws_answer (c), 503, "unavailable");
  g_assert_true (answer_has (uc_test_ws_answer (c), "Retry-After: 5"));
  uc_test_ws_close (a, 1000, NULL);
  uc_test_ws_wait_closed (a);
  d = open_ws (server, "/ws");
  assert_echo (d, "there is room again");
  assert_echo (b, "still here");
}

/* ---- an owner that thinks about it --------------------------------------------------------------------- */

static gboolean
is_asked (gpointer data)
{
  return ((Server *)data)->asked->len > 0;
}

static UcTestWs *
open_later (Server *server)
{
  UcTestWs *ws = uc_test_ws_new (server->address, "/later", NULL);

  uc_test_run_until (is_asked, server);
  return ws;
}

static gboolean
is_told (gpointer data)
{
  return ((Server *)data)->closed > 0;
}

static guint
connections (Server *server)
{
  UcNetCounters counters;

  uc_net_counters (server->net, &counters);
  return counters.http_connections;
}

static void
test_decided_later (void)
{
  g_autoptr (Server) server = server_new (NULL);
  UcTestWs *ws = open_later (server);

  /* What comes early waits, too. */
  uc_test_ws_send (ws, "early");
  server_decide (server, 0);
  g_assert_cmpint (uc_test_ws_status (ws), ==, 101);
  uc_test_frame_free (uc_test_ws_receive (ws));
  assert_echo (ws, "and on");
  uc_test_ws_free (ws);
  ws = open_later (server);
  server_decide (server, 403);
  assert_error (uc_test_ws_answer (ws), 403, "denied");
  uc_test_ws_free (ws);
  uc_test_run_until (all_closed, server);
  g_assert_cmpuint (server->closed, ==, 1);
}

/* The owner hears it, once, and is not waited for. */
static void
test_client_leaves_undecided (void)
{
  g_autoptr (Server) server = server_new (NULL);

  uc_test_ws_free (open_later (server));
  uc_test_run_until (is_told, server);
  g_assert_cmpint (server->close_code, ==, 1006);
  g_assert_cmpuint (server->asked->len, ==, 0);
  g_assert_cmpuint (connections (server), ==, 0);
}

static void
test_unrouted_undecided (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_later (server);

  uc_net_unroute (server->net, server);
  assert_error (uc_test_ws_answer (ws), 503, "unavailable");
  g_assert_cmpuint (server->closed, ==, 0);
}

/* A place is not held for an answer that never comes; those who came meanwhile have their own time. */
static void
test_never_decided (void)
{
  const UcNetLimits limits = { .upgrade_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) open = open_ws (server, "/ws");
  g_autoptr (UcTestWs) ws = open_later (server);

  g_assert_cmpuint (connections (server), ==, 1);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "nobody said within 1 s whether a WebSocket for /later is*");
  assert_error (uc_test_ws_answer (ws), 503, "unavailable");
  g_test_assert_expected_messages ();
  g_assert_true (answer_has (uc_test_ws_answer (ws), "Connection: close"));
  uc_test_ws_wait_closed (ws);
  g_assert_cmpuint (server->closed, ==, 1);
  g_assert_cmpint (server->close_code, ==, 1006);
  g_assert_cmpuint (server->asked->len, ==, 0);
  g_assert_cmpuint (connections (server), ==, 0);
  assert_echo (open, "still here");
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void
test_echo (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");
  g_autoptr (UcTestFrame) binary = NULL;
  UcNetCounters counters;

  assert_echo (ws, "one");
  assert_echo (ws, "");
  assert_echo (ws, "αβγ €𝄞");
  uc_test_ws_send_binary (ws, "\0\xff\0", 3);
  binary = uc_test_ws_receive (ws);
  g_assert_cmpuint (binary->opcode, ==, 2);
  g_assert_cmpmem (binary->payload->str, binary->payload->len, "\0\xff\0", 3);
  uc_net_counters (server->net, &counters);
  g_assert_cmpuint (counters.sockets, ==, 1);
  g_assert_cmpuint (counters.http_connections, ==, 0);
  g_assert_cmpuint (counters.sockets_opened, ==, 1);
  g_assert_cmpuint (counters.messages_in, ==, 4);
  g_assert_cmpuint (counters.messages_out, ==, 4);
}

/* All the places where the form of a length changes, and beyond what is read or written at once. */
static void
test_lengths (void)
{
  static const gsize lengths[] = { 1,     125,   126,   127,   128,   4090,   4096,   16370,
                                   16384, 16390, 65535, 65536, 65537, 131072, 500000, 1024 * 1024 - 1 };
  const UcNetLimits limits = { .max_socket_queue = 2 * 1024 * 1024 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *text = g_malloc (lengths[i] + 1);

      for (gsize j = 0; j < lengths[i]; j++)
        text[j] = (char)('a' + j % 26);
      text[lengths[i]] = '\0';
      assert_echo (ws, text);
    }
}

static void
test_many_at_once (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  for (int i = 0; i < 5000; i++)
    {
      g_autofree char *text = g_strdup_printf ("message %d", i);

      uc_test_ws_send (ws, text);
    }
  for (int i = 0; i < 5000; i++)
    {
      g_autofree char *text = g_strdup_printf ("message %d", i);
      g_autofree char *got = uc_test_ws_receive_text (ws);

      g_assert_cmpstr (got, ==, text);
    }
}

static void
test_fragments (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");
  g_autofree char *whole = NULL, *euro = NULL, *empty = NULL;
  g_autoptr (UcTestFrame) binary = NULL;

  /* With a ping in between, which is answered at once. */
  uc_test_ws_send_frame (ws, FALSE, 0, 1, TRUE, "one ", 4);
  uc_test_ws_send_frame (ws, TRUE, 0, 9, TRUE, "ping", 4);
  uc_test_ws_send_frame (ws, FALSE, 0, 0, TRUE, "two ", 4);
  uc_test_ws_send_frame (ws, FALSE, 0, 0, TRUE, "", 0);
  uc_test_ws_send_frame (ws, TRUE, 0, 0, TRUE, "three", 5);
  whole = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (whole, ==, "one two three");
  g_assert_cmpuint (uc_test_ws_pongs (ws), ==, 1);
  /* A character may be cut in two. */
  uc_test_ws_send_frame (ws, FALSE, 0, 1, TRUE, "\xe2\x82", 2);
  uc_test_ws_send_frame (ws, TRUE, 0, 0, TRUE, "\xac", 1);
  euro = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (euro, ==, "€");
  uc_test_ws_send_frame (ws, FALSE, 0, 1, TRUE, NULL, 0);
  uc_test_ws_send_frame (ws, TRUE, 0, 0, TRUE, NULL, 0);
  empty = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (empty, ==, "");
  uc_test_ws_send_frame (ws, FALSE, 0, 2, TRUE, "\xff", 1);
  uc_test_ws_send_frame (ws, TRUE, 0, 0, TRUE, "\xfe", 1);
  binary = uc_test_ws_receive (ws);
  g_assert_cmpmem (binary->payload->str, binary->payload->len, "\xff\xfe", 2);
}

static gboolean
one_message (gpointer data)
{
  return ((Server *)data)->messages > 0;
}

/* Each byte is a packet, and a turn of the loop, of its own. */
static void
test_byte_by_byte (void)
{
  static const guint8 frame[] = { 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58 };
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");
  g_autofree char *got = NULL;

  for (guint i = 0; i < sizeof frame; i++)
    {
      uc_test_ws_send_raw (ws, frame + i, 1);
      g_assert_cmpuint (server->messages, ==, 0);
      uc_test_run_for (2);
    }
  uc_test_run_until (one_message, server);
  got = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (got, ==, "Hello");
}

/* ---- what is not allowed ------------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  gboolean fin;
  guint8 rsv, opcode;
  gboolean mask;
  const char *data;
  gsize len;
  int code;
} BadFrame;

static const BadFrame bad_frames[] = {
  { "unmasked", TRUE, 0, 1, FALSE, "x", 1, 1002 },
  { "unmasked-empty", TRUE, 0, 1, FALSE, "", 0, 1002 },
  { "rsv1", TRUE, 4, 1, TRUE, "x", 1, 1002 },
  { "rsv2", TRUE, 2, 1, TRUE, "x", 1, 1002 },
  { "rsv3", TRUE, 1, 2, TRUE, "x", 1, 1002 },
  { "rsv-on-ping", TRUE, 4, 9, TRUE, "x", 1, 1002 },
  { "opcode-3", TRUE, 0, 3, TRUE, "x", 1, 1002 },
  { "opcode-7", TRUE, 0, 7, TRUE, "", 0, 1002 },
  { "opcode-11", TRUE, 0, 11, TRUE, "x", 1, 1002 },
  { "continuation-of-nothing", TRUE, 0, 0, TRUE, "x", 1, 1002 },
  { "ping-in-pieces", FALSE, 0, 9, TRUE, "x", 1, 1002 },
  { "close-in-pieces", FALSE, 0, 8, TRUE, "\x03\xe8", 2, 1002 },
  { "close-code-999", TRUE, 0, 8, TRUE, "\x03\xe7", 2, 1002 },
  { "close-code-1005", TRUE, 0, 8, TRUE, "\x03\xed", 2, 1002 },
  { "close-code-1006", TRUE, 0, 8, TRUE, "\x03\xee", 2, 1002 },
  { "close-code-2999", TRUE, 0, 8, TRUE, "\x0b\xb7", 2, 1002 },
  { "close-code-5000", TRUE, 0, 8, TRUE, "\x13\x88", 2, 1002 },
  { "close-reason-not-utf8", TRUE, 0, 8, TRUE, "\x03\xe8\xff", 3, 1007 },
  { "text-not-utf8", TRUE, 0, 1, TRUE, "a\xff", 2, 1007 },
  { "text-cut-short", TRUE, 0, 1, TRUE, "\xe2\x82", 2, 1007 },
  { "text-surrogate", TRUE, 0, 1, TRUE, "\xed\xa0\x80", 3, 1007 },
  { "text-overlong", TRUE, 0, 1, TRUE, "\xc0\xaf", 2, 1007 },
  { "text-beyond-unicode", TRUE, 0, 1, TRUE, "\xf4\x90\x80\x80", 4, 1007 },
};

static void
test_bad_frame (gconstpointer data)
{
  const BadFrame *bad = data;
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  uc_test_ws_send_frame (ws, bad->fin, bad->rsv, bad->opcode, bad->mask, bad->data, bad->len);
  assert_closed (server, bad->code);
  g_assert_cmpuint (server->messages, ==, 0);
  uc_test_ws_shut (ws);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, bad->code);
}

static void
test_bad_sequences (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) a = open_ws (server, "/ws");
  g_autoptr (UcTestWs) b = NULL, c = NULL, d = NULL;
  static const guint8 long_ping[] = { 0x89, 0xfe, 0, 126 }, long_form[] = { 0x81, 0xfe, 0, 5, 0, 0, 0, 0 };
  static const guint8 negative[] = { 0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1 };

  /* A new message inside another. */
  uc_test_ws_send_frame (a, FALSE, 0, 1, TRUE, "x", 1);
  uc_test_ws_send_frame (a, TRUE, 0, 1, TRUE, "y", 1);
  assert_closed (server, 1002);
  b = open_ws (server, "/ws");
  uc_test_ws_send_raw (b, long_ping, sizeof long_ping);
  assert_closed (server, 1002);
  c = open_ws (server, "/ws");
  uc_test_ws_send_raw (c, long_form, sizeof long_form);
  assert_closed (server, 1002);
  d = open_ws (server, "/ws");
  uc_test_ws_send_raw (d, negative, sizeof negative);
  assert_closed (server, 1002);
}

static void
test_too_big (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *fits = g_strnfill (100, 'f');
  g_autofree char *over = g_strnfill (101, 'o');
  g_autoptr (UcTestWs) one = open_ws (server, "/small");
  g_autoptr (UcTestWs) pieces = NULL, promise = NULL;
  static const guint8 terabyte[] = { 0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5 };

  assert_echo (one, fits);
  uc_test_ws_send (one, over);
  assert_closed (server, 1009);
  uc_test_ws_shut (one);
  g_assert_cmpint (uc_test_ws_wait_closed (one), ==, 1009);

  pieces = open_ws (server, "/small");
  uc_test_ws_send_frame (pieces, FALSE, 0, 1, TRUE, fits, 60);
  uc_test_ws_send_frame (pieces, TRUE, 0, 0, TRUE, fits, 40);
  {
    g_autofree char *got = uc_test_ws_receive_text (pieces);

    g_assert_cmpstr (got, ==, fits);
  }
  uc_test_ws_send_frame (pieces, FALSE, 0, 1, TRUE, fits, 60);
  uc_test_ws_send_frame (pieces, TRUE, 0, 0, TRUE, fits, 41);
  assert_closed (server, 1009);

  promise = open_ws (server, "/small");
  uc_test_ws_send_raw (promise, terabyte, sizeof terabyte);
  assert_closed (server, 1009);
  g_assert_cmpuint (server->messages, ==, 2);
}

/* In the middle of sending megabytes, the client still gets to see the close frame. */
static void
test_too_big_is_told (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autofree char *much = g_strnfill (3 * 1024 * 1024, 'm');
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  uc_test_ws_send (ws, much);
  assert_closed (server, 1009);
  uc_test_run_for (100);
  uc_test_ws_shut (ws);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 1009);
}

/* ---- control frames and closing ------------------------------------------------------------------------ */

static gboolean
three_pongs (gpointer data)
{
  return uc_test_ws_pongs (data) == 3;
}

static void
test_pings_from_client (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");
  g_autofree char *longest = g_strnfill (125, 'p');

  uc_test_ws_send_frame (ws, TRUE, 0, 9, TRUE, NULL, 0);
  uc_test_ws_send_frame (ws, TRUE, 0, 9, TRUE, "a", 1);
  uc_test_ws_send_frame (ws, TRUE, 0, 9, TRUE, longest, 125);
  uc_test_ws_send_frame (ws, TRUE, 0, 10, TRUE, "unasked", 7);
  uc_test_run_until (three_pongs, ws);
  assert_echo (ws, "alive");
}

static gboolean
four_pings (gpointer data)
{
  return uc_test_ws_pings (data) >= 4;
}

static void
test_pings_from_server (void)
{
  const UcNetLimits limits = { .ping_interval_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) alive = open_ws (server, "/ws");
  g_autoptr (UcTestWs) dead = open_ws (server, "/ws");

  uc_test_ws_set_pong (dead, FALSE);
  uc_test_run_until (four_pings, alive);
  g_assert_cmpint (uc_test_ws_wait_closed (dead), ==, 1006);
  g_assert_cmpuint (uc_test_ws_pings (dead), ==, 2);
  g_assert_cmpuint (server->closed, ==, 1);
  g_assert_cmpint (server->close_code, ==, 1006);
  assert_echo (alive, "alive");
}

static void
test_close_from_client (void)
{
  static const struct
  {
    int sent, told, answered;
  } cases[] = { { 1000, 1000, 1000 }, { 1001, 1001, 1001 }, { 4999, 4999, 4999 }, { 0, 1005, 1005 } };
  g_autoptr (Server) server = server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

      uc_test_ws_close (ws, cases[i].sent, "bye");
      g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, cases[i].answered);
      assert_closed (server, cases[i].told);
    }
  g_assert_cmpuint (server->closed, ==, G_N_ELEMENTS (cases));
}

static void
test_close_from_server (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  uc_test_ws_send (ws, "close 4321");
  uc_test_ws_send (ws, "nobody hears this any more");
  uc_test_run_for (50);
  g_assert_cmpuint (server->closed, ==, 0);
  uc_test_ws_close (ws, 4321, NULL);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 4321);
  g_assert_cmpstr (uc_test_ws_close_reason (ws), ==, "because");
  assert_closed (server, 4321);
  g_assert_cmpuint (server->messages, ==, 1);
}

static void
test_close_not_answered (void)
{
  const UcNetLimits limits = { .close_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  uc_test_ws_send (ws, "close 1000");
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 1000);
  assert_closed (server, 1000);
}

static void
test_bad_close_code (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "1006 is no WebSocket close code*");
  uc_test_ws_send (ws, "close 1006");
  uc_test_ws_close (ws, 1000, NULL);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 1011);
  g_test_assert_expected_messages ();
}

static void
test_vanished (void)
{
  g_autoptr (Server) server = server_new (NULL);
  UcTestWs *ws = open_ws (server, "/ws");
  g_autoptr (UcTestWs) other = open_ws (server, "/ws");

  /* In the middle of a message. */
  uc_test_ws_send_frame (ws, FALSE, 0, 1, TRUE, "unfinished", 10);
  assert_echo (other, "another");
  uc_test_ws_free (ws);
  while (server->closed == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (server->close_code, ==, 1006);
}

static void
test_server_stops (void)
{
  Server *server = server_new (NULL);
  g_autoptr (UcTestWs) a = open_ws (server, "/ws");
  g_autoptr (UcTestWs) b = open_ws (server, "/ws");

  uc_test_ws_send (b, "close 4000");
  uc_test_run_for (20);
  server_free (server); /* checks that ws_closed came for both */
  g_assert_cmpint (uc_test_ws_wait_closed (a), ==, 1012);
  g_assert_cmpint (uc_test_ws_wait_closed (b), ==, 4000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/net/websocket/" name, func)
  ADD ("handshake/wrong", test_wrong_handshakes);
  ADD ("handshake/odd-but-right", test_odd_but_right_handshakes);
  ADD ("handshake/early-frame", test_early_frame);
  ADD ("handshake/refusals", test_refusals);
  ADD ("handshake/plain-route", test_upgrade_of_plain_route);
  ADD ("handshake/inside-ws-open", test_inside_ws_open);
  ADD ("handshake/unroute-inside-ws-open", test_unroute_inside_ws_open);
  ADD ("handshake/cap", test_cap);
  ADD ("later/decided", test_decided_later);
  ADD ("later/client-leaves", test_client_leaves_undecided);
  ADD ("later/unrouted", test_unrouted_undecided);
  ADD ("later/never", test_never_decided);
  ADD ("echo", test_echo);
  ADD ("lengths", test_lengths);
  ADD ("many-at-once", test_many_at_once);
  ADD ("fragments", test_fragments);
  ADD ("byte-by-byte", test_byte_by_byte);
  for (guint i = 0; i < G_N_ELEMENTS (bad_frames); i++)
    {
      g_autofree char *path = g_strconcat ("/net/websocket/bad/", bad_frames[i].name, NULL);

      g_test_add_data_func (path, &bad_frames[i], test_bad_frame);
    }
  ADD ("bad/sequences", test_bad_sequences);
  ADD ("bad/too-big", test_too_big);
  ADD ("bad/too-big-is-told", test_too_big_is_told);
  ADD ("ping/from-client", test_pings_from_client);
  ADD ("ping/from-server", test_pings_from_server);
  ADD ("close/from-client", test_close_from_client);
  ADD ("close/from-server", test_close_from_server);
  ADD ("close/not-answered", test_close_not_answered);
  ADD ("close/bad-code", test_bad_close_code);
  ADD ("close/vanished", test_vanished);
  ADD ("close/server-stops", test_server_stops);
  return g_test_run ();
}
