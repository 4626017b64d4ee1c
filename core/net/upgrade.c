/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From an HTTP upgrade request to an UsherSocket (RFC 6455, section 4.2). No subprotocols, no extensions.
 * Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#include "core/base/clock.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static gboolean
key_is_valid (const char *key)
{
  g_autofree guint8 *nonce = NULL;
  gsize len;

  /* 16 bytes are 22 characters and "==". */
  if (key == NULL || strlen (key) != 24 || strspn (key + 22, "=") != 2 || strcspn (key, "=") != 22)
    return FALSE;
  nonce = g_base64_decode (key, &len);
  return len == 16;
}

static char *
accept_for (const char *key)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize len = sizeof digest;

  g_checksum_update (sum, (const guchar *)key, (gssize)strlen (key));
  g_checksum_update (sum, (const guchar *)GUID, (gssize)strlen (GUID));
  g_checksum_get_digest (sum, digest, &len);
  return g_base64_encode (digest, len);
}

static gboolean
check_handshake (UcConn *conn, const UcNetRequest *request)
{
  static const char *const allow[] = { "Allow", "GET", NULL };
  static const char *const version[] = { "Sec-WebSocket-Version", "13", NULL };
  static const char *const later[] = { "Retry-After", "5", NULL };
  const char *asked = uc_net_request_header (request, "sec-websocket-version");
  UcNet *net = conn->net;

  if (strcmp (uc_net_request_method (conn, request), "GET") != 0)
    uc_conn_error (conn, 405, "a WebSocket begins with GET", allow);
  else if (request->has_body)
    uc_conn_error (conn, 400, "a WebSocket handshake has no body", NULL);
  else if (asked == NULL || strcmp (asked, "13") != 0)
    uc_conn_error (conn, 426, "the WebSocket version spoken here is 13", version);
  else if (!key_is_valid (uc_net_request_header (request, "sec-websocket-key")))
    uc_conn_error (conn, 400, "Sec-WebSocket-Key is not 16 bytes in base64", NULL);
  else if (uc_sockets_count (net) >= net->limits.max_sockets)
    {
      net->counters.sockets_refused++;
      uc_conn_error (conn, 503, "the server has too many WebSockets; try again in a few seconds", later);
    }
  else
    return TRUE;
  return FALSE;
}

static UcBlock *
make_head (const UcNetRequest *request)
{
  g_autofree char *accept = accept_for (uc_net_request_header (request, "sec-websocket-key"));
  g_autofree char *text = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\n"
                                           "Upgrade: websocket\r\n"
                                           "Connection: Upgrade\r\n"
                                           "Sec-WebSocket-Accept: %s\r\n\r\n",
                                           accept);
  UcBlock *block = uc_block_new (strlen (text));

  uc_block_append (block, text, strlen (text));
  return block;
}

static const char *
refusal_text (int status)
{
  switch (status)
    {
    case 401:
      return "log in first";
    case 403:
      return "this WebSocket is not for you";
    case 404:
      return "there is no such WebSocket";
    case 429:
      return "too many WebSockets at once; try again later";
    case 503:
      return "not available now; try again later";
    default:
      return "the WebSocket was refused";
    }
}

static void
refuse (UcConn *conn, int status)
{
  uc_conn_error (conn, status >= 300 && status <= 599 ? status : 500, refusal_text (status), NULL);
}

void
uc_upgrade (UcConn *conn, UcNetRoute *route, UcNetRequest *request)
{
  UcNet *net = conn->net;
  UsherSocket *socket;
  gsize len;
  int status, fd;

  if (!check_handshake (conn, request))
    return;

  /* The answer is first in the queue, so that the owner can send from inside ws_open. */
  socket = net->opening = uc_socket_new (net, route, make_head (request));
  status = route->handler.ws_open (route->data, socket, &request->request);
  net->opening = NULL;
  if ((status == 0 || status == UC_WS_LATER) && uc_socket_is_orphan (socket))
    status = 503;
  if (status == UC_WS_LATER)
    {
      conn->upgrade = socket;
      *uc_socket_conn (socket) = conn;
      uc_conn_pause (conn);
      conn->deadline = uc_clock_now () + (gint64)net->limits.upgrade_timeout_s * 1000;
      return;
    }
  if (status != 0)
    {
      uc_socket_discard (socket);
      refuse (conn, status);
      return;
    }

  fd = uc_conn_take_over (conn, net->chunk, &len);
  uc_socket_start (socket, fd, net->chunk, len);
}

/* ---- an owner that thinks about it --------------------------------------------------------------------- */

void
uc_ws_answer (UsherSocket *socket, int status)
{
  UcConn *conn = g_steal_pointer (uc_socket_conn (socket));
  UcNet *net;
  gsize len;
  int fd;

  if (conn == NULL)
    return;
  net = conn->net;
  conn->upgrade = NULL;
  if (status == 0)
    {
      fd = uc_conn_take_over (conn, net->chunk, &len);
      uc_socket_start (socket, fd, net->chunk, len);
      return;
    }
  uc_socket_discard (socket);
  refuse (conn, status);
  uc_conn_resume (conn);
}

void
uc_upgrade_client_gone (UcConn *conn)
{
  UsherSocket *socket = g_steal_pointer (&conn->upgrade);

  *uc_socket_conn (socket) = NULL;
  uc_socket_abandon (socket);
}

void
uc_upgrade_late (UcConn *conn)
{
  g_warning ("nobody said within %u s whether a WebSocket for %s is taken; it got 503",
             conn->net->limits.upgrade_timeout_s, uc_socket_path (conn->upgrade));
  uc_conn_refuse (conn, 503, "the server did not answer in time; try again");
}

void
uc_upgrades_unroute (UcNet *net, gpointer data)
{
  for (GList *link = net->active.head, *next; link != NULL; link = next)
    {
      UcConn *conn = link->data;

      next = link->next;
      if (conn->upgrade != NULL && uc_socket_owner (conn->upgrade) == data)
        uc_ws_answer (conn->upgrade, 503);
    }
}
