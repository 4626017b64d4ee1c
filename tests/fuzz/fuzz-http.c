/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: the bytes of one connection, as a client sends them to the server with all kinds of routes. After
 * them the client closes its side; whatever it sent, the connection is over in bounded time and the next one is
 * served.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "tests/core/net/harness.h"
#include "tests/fuzz/fuzz.h"

static Server *server;
static guint uses;

const guint fuzz_variations = 1000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

/* What the server says until it closes, or has nothing more to say. */
static char *
talk (const uint8_t *data, size_t size)
{
  int fd = uc_test_connect (server->address), quiet = 0;
  GString *answer = g_string_new (NULL);
  char buf[4096];
  size_t sent = 0;

  while (quiet < 30)
    {
      ssize_t n = sent < size ? send (fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

      quiet = n > 0 ? 0 : quiet + 1;
      if (n > 0)
        sent += (size_t)n;
      if (sent == size && n > 0)
        shutdown (fd, SHUT_WR);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      n = recv (fd, buf, sizeof buf, MSG_DONTWAIT);
      if (n == 0)
        break;
      if (n > 0)
        {
          g_string_append_len (answer, buf, n);
          quiet = 0;
        }
      if (server->held != NULL)
        server_release (server, "over");
    }
  close (fd);
  return g_string_free (answer, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *answer = NULL, *after = NULL;

  if (uses++ % 500 == 0)
    {
      g_clear_pointer (&server, server_free);
      server = server_new (NULL);
    }
  answer = talk (data, size);
  HOLDS (*answer == '\0' || g_str_has_prefix (answer, "HTTP/1."));
  if (uses % 20 == 0)
    {
      after = server_get (server, "/echo");
      HOLDS (answer_status (after) == 200);
    }
  return 0;
}
