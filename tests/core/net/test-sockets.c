/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of many WebSockets together: one that is slow, a thousand, routes that go away, random input, memory.
 */
#include "tests/core/net/harness.h"

#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static guint writes;

/* In place of the C library's, to count. */
ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  writes++;
  return syscall (SYS_sendmsg, fd, message, flags);
}

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

  return server->closed == server->opened;
}

static gboolean
overrun (gpointer data)
{
  UcNetCounters counters;

  uc_net_counters (((Server *)data)->net, &counters);
  return counters.sockets_overrun == 1;
}

/* ---- one turn ------------------------------------------------------------------------------------------ */

static void
test_one_write (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  assert_echo (ws, "warm");
  writes = 0;
  uc_test_ws_send (ws, "flood 60");
  for (int i = 0; i < 60; i++)
    uc_test_frame_free (uc_test_ws_receive (ws));
  g_assert_cmpuint (writes, ==, 1);
}

/* ---- slow ---------------------------------------------------------------------------------------------- */

static void
test_slow_reader (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) slow = open_ws (server, "/ws");
  g_autoptr (UcTestWs) other = open_ws (server, "/ws");
  UcNetCounters counters;

  uc_test_ws_set_reading (slow, FALSE);
  uc_test_ws_send (slow, "flood 100000");
  assert_echo (other, "meanwhile");
  uc_test_run_until (overrun, server);
  assert_echo (other, "afterwards");
  /* When it reads on, it learns why. */
  uc_test_ws_set_reading (slow, TRUE);
  g_assert_cmpint (uc_test_ws_wait_closed (slow), ==, 1013);
  while (server->closed == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (server->close_code, ==, 1013);
  g_assert_cmpuint (server->closed, ==, 1);
  assert_echo (other, "still");
  uc_net_counters (server->net, &counters);
  g_assert_cmpuint (counters.sockets, ==, 1);
}

static void
test_never_reads (void)
{
  const UcNetLimits limits = { .close_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) slow = open_ws (server, "/ws");

  uc_test_ws_set_reading (slow, FALSE);
  uc_test_ws_send (slow, "flood 100000");
  uc_test_run_until (all_closed, server);
  g_assert_cmpint (server->close_code, ==, 1013);
}

/* Answers to pings count too. */
static void
test_ping_flood (void)
{
  const UcNetLimits limits = { .close_timeout_s = 1, .max_socket_queue = 10000 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) slow = open_ws (server, "/ws");
  g_autofree char *payload = g_strnfill (125, 'p');
  UcNetCounters counters;

  uc_test_ws_set_reading (slow, FALSE);
  while (server->closed == 0)
    {
      for (int i = 0; i < 1000; i++)
        uc_test_ws_send_frame (slow, TRUE, 0, 9, TRUE, payload, 125);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpint (server->close_code, ==, 1013);
  uc_net_counters (server->net, &counters);
  g_assert_cmpuint (counters.sockets_overrun, ==, 1);
}

static void
test_one_too_large (void)
{
  const UcNetLimits limits = { .max_socket_queue = 1000 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) ws = open_ws (server, "/ws");

  uc_test_ws_send (ws, "flood 1");
  uc_test_run_until (overrun, server);
  uc_test_ws_close (ws, 1000, NULL);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 1013);
}

/* ---- many ---------------------------------------------------------------------------------------------- */

#define MANY 1000

static void
test_thousand (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_test_ws_free);
  UcNetCounters counters;

  uc_net_raise_nofile ();
  for (guint i = 0; i < MANY; i++)
    g_ptr_array_add (all, uc_test_ws_new (server->address, "/ws", NULL));
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpint (uc_test_ws_status (g_ptr_array_index (all, i)), ==, 101);
  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < MANY; i++)
        {
          g_autofree char *text = g_strdup_printf ("%u of round %u", i, round);

          uc_test_ws_send (g_ptr_array_index (all, i), text);
        }
      for (guint i = 0; i < MANY; i++)
        {
          g_autofree char *text = g_strdup_printf ("%u of round %u", i, round);
          g_autofree char *got = uc_test_ws_receive_text (g_ptr_array_index (all, i));

          g_assert_cmpstr (got, ==, text);
        }
    }
  uc_net_counters (server->net, &counters);
  g_assert_cmpuint (counters.sockets, ==, MANY);
  g_assert_cmpuint (counters.http_connections, ==, 0);
  g_ptr_array_set_size (all, 0);
  uc_test_run_until (all_closed, server);
}

/* ---- routes that go away ------------------------------------------------------------------------------- */

static void
assert_restart (UcTestWs *ws)
{
  uc_test_ws_close (ws, 1000, NULL);
  g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, 1012);
}

static void
test_unroute (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) a = open_ws (server, "/ws");
  g_autoptr (UcTestWs) b = open_ws (server, "/ws");
  g_autoptr (UcTestWs) late = NULL;

  uc_test_ws_send (a, "on its way when the route goes");
  uc_net_unroute (server->net, server);
  g_ptr_array_set_size (server->sockets, 0);
  assert_restart (a);
  assert_restart (b);
  g_assert_cmpuint (server->closed, ==, 0);
  g_assert_cmpuint (server->messages, ==, 0);
  late = uc_test_ws_new (server->address, "/ws", NULL);
  assert_error (uc_test_ws_answer (late), 404, "not_found");
}

/* From inside a message, with more of them behind it in the same packet. */
static void
test_unroute_inside (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) a = open_ws (server, "/ws");
  g_autoptr (UcTestWs) b = open_ws (server, "/ws");

  uc_test_ws_send (a, "unroute");
  for (int i = 0; i < 100; i++)
    uc_test_ws_send (a, "more");
  assert_restart (a);
  assert_restart (b);
  g_assert_cmpuint (server->messages, ==, 1);
  g_assert_cmpuint (server->closed, ==, 0);
  g_ptr_array_set_size (server->sockets, 0);
}

/* A handler that, told of one socket's end, closes all others and its own route. */
typedef struct
{
  UcNet *net;
  GPtrArray *sockets;
  guint closed;
} Domino;

static int
domino_open (gpointer data, UsherSocket *socket, const UsherRequest *request)
{
  Domino *domino = data;

  g_ptr_array_add (domino->sockets, socket);
  return 0;
}

static void
domino_message (gpointer data, UsherSocket *socket, const char *text, size_t len, bool binary)
{
}

static void
domino_closed (gpointer data, UsherSocket *socket, int code)
{
  Domino *domino = data;

  domino->closed++;
  g_ptr_array_remove_fast (domino->sockets, socket);
  for (guint i = 0; i < domino->sockets->len; i++)
    {
      uc_ws_send (g_ptr_array_index (domino->sockets, i), "one of us is gone", 17, false);
      uc_ws_close (g_ptr_array_index (domino->sockets, i), 3000, NULL);
    }
  if (domino->closed == 2)
    uc_net_unroute (domino->net, domino);
}

static void
test_domino (void)
{
  const UcRouteHandler handler
      = { .ws_open = domino_open, .ws_message = domino_message, .ws_closed = domino_closed };
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (GPtrArray) sockets = g_ptr_array_new ();
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_test_ws_free);
  Domino domino = { server->net, sockets, 0 };

  g_assert_true (uc_net_route (server->net, UC_LISTEN_PUBLIC, NULL, "/domino", USHER_ROUTE_WEBSOCKET, 0, &handler,
                               &domino, NULL));
  for (int i = 0; i < 10; i++)
    g_ptr_array_add (clients, open_ws (server, "/domino"));
  uc_test_ws_close (g_ptr_array_index (clients, 4), 1000, NULL);
  for (guint i = 0; i < clients->len; i++)
    {
      UcTestWs *ws = g_ptr_array_index (clients, i);

      if (i != 4)
        {
          g_autofree char *text = uc_test_ws_receive_text (ws);

          g_assert_cmpstr (text, ==, "one of us is gone");
          uc_test_ws_close (ws, 1000, NULL);
        }
      g_assert_cmpint (uc_test_ws_wait_closed (ws), ==, i == 4 ? 1000 : 3000);
    }
  g_assert_cmpuint (domino.closed, ==, 2);
}

/* ---- random -------------------------------------------------------------------------------------------- */

static void
random_bytes (guint8 *out, guint len)
{
  for (guint i = 0; i < len; i++)
    out[i] = (guint8)g_test_rand_int ();
}

/* Half of them begin like a frame that could be right. */
static guint
random_input (guint8 *out)
{
  guint len = (guint)g_test_rand_int_range (1, 400);

  random_bytes (out, len);
  if (g_test_rand_bit () && len > 8)
    {
      out[0] = (guint8)(out[0] & 0x8f);
      out[1] = (guint8)(0x80 | g_test_rand_int_range (0, 128));
      if ((out[1] & 0x7f) == 127)
        memset (out + 2, 0, 5);
    }
  return len;
}

static void
test_random (void)
{
  const UcNetLimits limits = { .close_timeout_s = 1 };
  g_autoptr (Server) server = server_new (&limits);
  g_autoptr (UcTestWs) witness = open_ws (server, "/ws");

  for (int i = 0; i < 2000; i++)
    {
      g_autoptr (UcTestWs) ws = open_ws (server, "/ws");
      int pieces = g_test_rand_int_range (1, 4);
      guint8 input[400];

      while (pieces-- > 0)
        {
          guint len = random_input (input);

          uc_test_ws_send_raw (ws, input, len);
          g_main_context_iteration (NULL, FALSE);
        }
      uc_test_ws_shut (ws);
      uc_test_ws_wait_closed (ws);
    }
  assert_echo (witness, "unmoved");
  while (server->closed < server->opened - 1)
    g_main_context_iteration (NULL, TRUE);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

#define IDLE 2000

static gsize
heap (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static gsize
resident (void)
{
  g_autofree char *text = NULL;
  const char *second;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  second = strchr (text, ' ');
  return (gsize)g_ascii_strtoull (second, NULL, 10) * (gsize)sysconf (_SC_PAGESIZE);
}

/* The clients live in a process of their own, so that their memory is not counted. */
static G_NORETURN void
be_many_clients (int from_server)
{
  char address[64] = { 0 };
  ssize_t n = read (from_server, address, sizeof address - 1);

  for (guint i = 0; n > 0 && i < IDLE; i++)
    {
      static const char request[]
          = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
      static const guint8 hi[] = { 0x81, 0x82, 0, 0, 0, 0, 'h', 'i' };
      int fd = uc_test_connect (address);

      if (send (fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0 || send (fd, hi, sizeof hi, MSG_NOSIGNAL) < 0)
        _exit (1);
    }
  /* Until the server has seen enough. */
  (void)!read (from_server, address, 1);
  _exit (0);
}

static gboolean
all_said_hi (gpointer data)
{
  return ((Server *)data)->messages >= IDLE;
}

static void
test_idle_memory (void)
{
  int to_clients[2];
  pid_t child;
  gsize heap_before, resident_before, heap_each, resident_each;
  Server *server;

  uc_net_raise_nofile ();
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_clients), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      close (to_clients[1]);
      be_many_clients (to_clients[0]);
    }
  close (to_clients[0]);

  server = server_new (NULL);
  g_ptr_array_set_size (server->sockets, IDLE);
  g_ptr_array_set_size (server->sockets, 0);
  {
    g_autofree char *warm = server_get (server, "/nothing");

    assert_error (warm, 404, "not_found");
  }
  heap_before = heap ();
  resident_before = resident ();
  g_assert_cmpint (write (to_clients[1], server->address, strlen (server->address)), >, 0);
  uc_test_run_until (all_said_hi, server);
  uc_test_run_for (100);
  heap_each = (heap () - heap_before) / IDLE;
  resident_each = (resident () - resident_before) / IDLE;
  g_test_message ("%d idle sockets: %zu bytes of heap each, %zu bytes of RSS each", IDLE, heap_each,
                  resident_each);
  g_assert_cmpuint (server->sockets->len, ==, IDLE);
  g_assert_cmpuint (heap_each, <, 2048);
  close (to_clients[1]);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  server_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/net/sockets/" name, func)
  /* First, while the heap has no holes. */
  ADD ("idle-memory", test_idle_memory);
  ADD ("one-write", test_one_write);
  ADD ("slow/reads-later", test_slow_reader);
  ADD ("slow/never-reads", test_never_reads);
  ADD ("slow/ping-flood", test_ping_flood);
  ADD ("slow/one-too-large", test_one_too_large);
  ADD ("thousand", test_thousand);
  ADD ("unroute", test_unroute);
  ADD ("unroute-inside", test_unroute_inside);
  ADD ("domino", test_domino);
  ADD ("random", test_random);
  return g_test_run ();
}
