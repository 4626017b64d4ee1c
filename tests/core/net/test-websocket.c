/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of WebSockets over real connections: handshakes, messages, control frames, closing, broken clients.
 */
#include "tests/core/net/harness.h"

#include <string.h>

static void
test_echo (void)
{
  g_autoptr (Server) server = server_new (NULL);
  g_autoptr (UcTestWs) ws = uc_test_ws_new (server->address, "/ws", NULL);
  g_autofree char *text = NULL, *greek = NULL;
  g_autoptr (UcTestFrame) binary = NULL;

  g_assert_cmpint (uc_test_ws_status (ws), ==, 101);
  uc_test_ws_send (ws, "one");
  text = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (text, ==, "one");
  uc_test_ws_send (ws, "αβγ €𝄞");
  greek = uc_test_ws_receive_text (ws);
  g_assert_cmpstr (greek, ==, "αβγ €𝄞");
  uc_test_ws_send_binary (ws, "\0\xff\0", 3);
  binary = uc_test_ws_receive (ws);
  g_assert_cmpuint (binary->opcode, ==, 2);
  g_assert_cmpmem (binary->payload->str, binary->payload->len, "\0\xff\0", 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/websocket/echo", test_echo);
  return g_test_run ();
}
