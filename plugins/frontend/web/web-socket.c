/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One WebSocket of a browser is one desk of the core; frames pass from one to the other unread. Main thread.
 *
 * A client ends in one of three ways: the browser goes (ws_closed, we close the desk), the core ends the desk
 * (desk_closed, we close the socket and ws_closed follows), or the browser does not keep up (ws_send fails, we
 * close the desk and ws_closed follows). In each the client is freed by ws_closed, which is the last call for it,
 * or with the instance, whose sockets the core takes away without a word.
 */
#include "web.h"

#include <string.h>

#define CLOSE_UNSUPPORTED 1003
#define CLOSE_POLICY 1008

typedef struct
{
  UsherSocket *socket;
  UsherDesk *desk; /* NULL once either side has let go of it */
} Client;

/* What a stranger sent, as far as a log can bear it. */
static char *
printable (const char *text)
{
  g_autofree char *cut = g_strndup (text, 200);

  return g_strescape (cut, NULL);
}

/* A page of another site may open a WebSocket here with the agent's cookies; only our own page may go on. */
static gboolean
own_page (Web *web, const UsherRequest *request)
{
  const char *origin = web_header (request, "origin");
  g_autofree char *safe = NULL;
  g_autofree char *text = NULL;

  if (origin != NULL && g_ascii_strcasecmp (origin, request->origin) == 0)
    return TRUE;
  safe = printable (origin != NULL ? origin : "(none)");
  text
      = g_strdup_printf ("refused a WebSocket from %s: its page is of %s, but this server is %s. If a proxy is in "
                         "front, it must pass on Host and X-Forwarded-Proto.",
                         request->remote_address, safe, request->origin);
  web->host->log (web->instance, USHER_LOG_WARNING, text);
  return FALSE;
}

int
web_socket_open (void *self, UsherSocket *socket, const UsherRequest *request)
{
  Web *web = self;
  g_autofree Client *client = NULL;

  if (!own_page (web, request))
    return 403;
  client = g_new0 (Client, 1);
  client->socket = socket;
  client->desk = web->host->desk_open (web->instance, request->remote_address, client);
  if (client->desk == NULL)
    return 503;
  web->host->ws_set_data (socket, client);
  g_hash_table_add (web->clients, g_steal_pointer (&client));
  return 0;
}

void
web_socket_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary)
{
  Web *web = self;
  Client *client = web->host->ws_data (socket);

  if (client->desk == NULL)
    return;
  if (!binary)
    {
      web->host->desk_input (client->desk, data, len);
      return;
    }
  web->host->desk_close (g_steal_pointer (&client->desk));
  web->host->ws_close (socket, CLOSE_UNSUPPORTED, "frames are JSON text");
}

void
web_socket_closed (void *self, UsherSocket *socket, int code)
{
  Web *web = self;
  Client *client = web->host->ws_data (socket);

  if (client->desk != NULL)
    web->host->desk_close (client->desk);
  g_hash_table_remove (web->clients, client);
}

void
web_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  Web *web = self;
  Client *client = desk_data;

  if (client->desk == NULL || web->host->ws_send (client->socket, frame, len, false))
    return;
  client->desk = NULL;
  web->host->desk_close (desk);
}

void
web_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  Web *web = self;
  Client *client = desk_data;

  client->desk = NULL;
  web->host->ws_close (client->socket, code >= 1000 && code < 5000 ? code : CLOSE_POLICY, reason);
}
