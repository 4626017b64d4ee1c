/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the stream comes and goes: connecting, being refused and why, the wait before the next attempt. On the
 * stream's thread, which xmpp-stream.c starts.
 */
#include "xmpp-stream-private.h"
#include "xmpp-text.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/* The library's socket callback has no pointer of ours; each stream has a thread of its own. */
static _Thread_local JabberStream *mine;

/* ---- descriptors -------------------------------------------------------------------------------------- */

/* The library waits with select(), which can't take descriptors from FD_SETSIZE on: a daemon with thousands of
 * connections would have none lower left for a reconnect, so one is held ready. */
void
jabber_spare_take (JabberStream *stream)
{
  if (stream->spare_fd >= 0)
    return;
  stream->spare_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  if (stream->spare_fd >= FD_SETSIZE)
    {
      close (stream->spare_fd);
      stream->spare_fd = -1;
    }
}

void
jabber_spare_give (JabberStream *stream)
{
  if (stream->spare_fd >= 0)
    close (stream->spare_fd);
  stream->spare_fd = -1;
}

static int
on_socket (xmpp_conn_t *conn, void *socket)
{
  int fd = *(int *)socket, on = 1;

  if (fd >= FD_SETSIZE)
    {
      mine->crowded = TRUE;
      return -1;
    }
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  /* A message and the ping behind it are written one by one; the second shall not wait for the first. */
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  mine->fd = fd;
  return xmpp_sockopt_cb_keepalive (conn, socket);
}

/* ---- why it is down ------------------------------------------------------------------------------------ */

void
jabber_set_down (JabberStream *stream, UsherStatus status, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_free (stream->down_message);
  stream->down_status = status;
  stream->down_message = g_strdup_vprintf (format, args);
  va_end (args);
}

static void
set_down_by_server (JabberStream *stream, const xmpp_stream_error_t *error)
{
  const char *server = stream->config.server, *domain = stream->config.self->domain;
  guint port = stream->config.port;
  g_autofree char *clean = jabber_text_clean (error->text != NULL ? error->text : "no reason given");
  g_autofree char *text = jabber_text_cut (clean, 200);

  g_strdelimit (text, "\r\n", ' ');
  switch (error->type)
    {
    case XMPP_SE_NOT_AUTHORIZED:
      jabber_set_down (
          stream, USHER_AUTH,
          "The XMPP server at %s:%u refuses the secret for %s. Make `secret` here equal to component_secret below "
          "Component \"%s\" in the server's configuration, and restart usherd if it was changed here.",
          server, port, domain, domain);
      break;
    case XMPP_SE_HOST_UNKNOWN:
      jabber_set_down (
          stream, USHER_NOT_FOUND,
          "The XMPP server at %s:%u knows no component %s. Add Component \"%s\" with a component_secret to its "
          "configuration and reload it, or correct `domain` here.",
          server, port, domain, domain);
      break;
    case XMPP_SE_CONFLICT:
      jabber_set_down (stream, USHER_CONFLICT,
                       "Another program is connected to the XMPP server at %s:%u as %s. Stop it, or give one "
                       "of the two another `domain`.",
                       server, port, domain);
      break;
    case XMPP_SE_SYSTEM_SHUTDOWN:
      jabber_set_down (stream, USHER_RETRY,
                       "The XMPP server at %s:%u is shutting down; usher connects when it is back.", server, port);
      break;
    default:
      jabber_set_down (
          stream, USHER_RETRY,
          "The XMPP server at %s:%u closed the stream: %s. The server's log may say more; usher connects "
          "again by itself.",
          server, port, text);
    }
}

static void
emit_state (JabberStream *stream, gboolean connected, UsherStatus status, const char *message)
{
  JabberEvent *event = g_new0 (JabberEvent, 1);

  event->kind = JABBER_EVENT_STATE;
  event->connected = connected;
  event->status = status;
  event->message = g_strdup (message);
  jabber_stream_emit (stream, event);
}

static void
on_connection (xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error,
               void *data)
{
  JabberStream *stream = data;
  const char *server = stream->config.server;
  guint port = stream->config.port;

  if (event == XMPP_CONN_CONNECT)
    {
      stream->connected = TRUE;
      stream->attempts = 0;
      stream->heard_at = g_get_monotonic_time ();
      xmpp_handler_add (conn, jabber_traffic_stanza, NULL, NULL, NULL, stream);
      emit_state (stream, TRUE, USHER_OK, NULL);
      return;
    }
  stream->fd = -1;
  if (stream->dead)
    return; /* given up by us, for a reason that is known already */
  stream->dead = TRUE;
  if (stream_error != NULL)
    set_down_by_server (stream, stream_error);
  else if (stream->connected)
    jabber_set_down (stream, USHER_RETRY,
                     "The connection to the XMPP server at %s:%u broke; usher connects again by itself.", server,
                     port);
  else if (stream->reached)
    jabber_set_down (
        stream, USHER_RETRY,
        "%s:%u takes connections but does not answer as an XMPP server does to components. Is `port` the server's "
        "component port (Prosody: component_ports)?",
        server, port);
  else
    jabber_set_down (
        stream, USHER_RETRY,
        "No XMPP server can be reached at %s:%u. Is it running, and does it listen there for components "
        "(Prosody: component_ports and component_interfaces)? usher keeps trying.",
        server, port);
}

/* ---- connecting ---------------------------------------------------------------------------------------- */

/* libstrophe 0.12 makes the state of stream management for client connections only, but looks into it whenever
 * anything is written, also for a component. It lets a connection inherit that state from an earlier one, so we
 * take it from a client connection that is refused before it is made. */
static int
refuse_socket (xmpp_conn_t *conn, void *socket)
{
  return -1;
}

static void
ignore_connection (xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error,
                   void *data)
{
}

static gboolean
inherit_state (JabberStream *stream)
{
  xmpp_conn_t *donor = xmpp_conn_new (stream->ctx);
  xmpp_sm_state_t *state;

  xmpp_conn_set_jid (donor, "nobody@localhost");
  xmpp_conn_set_sockopt_callback (donor, refuse_socket);
  xmpp_connect_client (donor, "127.0.0.1", 1, ignore_connection, NULL);
  state = xmpp_conn_get_sm_state (donor);
  xmpp_conn_release (donor);
  return state != NULL && xmpp_conn_set_sm_state (stream->conn, state) == 0;
}

void
jabber_connect (JabberStream *stream)
{
  stream->reached = stream->dead = stream->connected = stream->crowded = FALSE;
  mine = stream;
  stream->conn = xmpp_conn_new (stream->ctx);
  if (!inherit_state (stream))
    {
      stream->dead = TRUE;
      jabber_set_down (stream, USHER_FAILED,
                       "This version of libstrophe can't connect components in the way usher needs; use 0.12.");
      return;
    }
  xmpp_conn_set_jid (stream->conn, stream->config.self->domain);
  xmpp_conn_set_pass (stream->conn, stream->config.secret);
  xmpp_conn_set_sockopt_callback (stream->conn, on_socket);
  jabber_spare_give (stream);
  if (xmpp_connect_component (stream->conn, stream->config.server, stream->config.port, on_connection, stream)
      == 0)
    return;
  stream->dead = TRUE;
  stream->fd = -1;
  if (stream->crowded)
    jabber_set_down (
        stream, USHER_RETRY,
        "The connection to the XMPP server needs a file descriptor below %d and all are taken; it is tried again.",
        FD_SETSIZE);
  else
    jabber_set_down (
        stream, USHER_RETRY,
        "No XMPP server can be reached at %s:%u: the name is unknown or there is no way to it. Check `server` and "
        "`port`; usher keeps trying.",
        stream->config.server, (guint)stream->config.port);
}

UsherStatus
jabber_unwritten (JabberStream *stream)
{
  gboolean ending = g_atomic_int_get (&stream->stopping) || g_atomic_int_get (&stream->quit);

  return ending ? USHER_CANCELLED : USHER_RETRY;
}

void
jabber_disconnected (JabberStream *stream)
{
  guint32 dice;

  stream->dead = TRUE;
  xmpp_conn_release (stream->conn);
  stream->conn = NULL;
  stream->fd = -1;
  stream->dead = stream->connected = stream->paused = FALSE;
  jabber_spare_take (stream);
  jabber_traffic_break (stream, jabber_unwritten (stream), stream->down_message);
  emit_state (stream, FALSE, stream->down_status, stream->down_message);
  stream->config.host->random (&dice, sizeof dice);
  stream->attempts++;
  stream->next_attempt = g_get_monotonic_time ()
                         + 1000
                               * jabber_backoff (stream->attempts, stream->config.reconnect_min,
                                                 stream->config.reconnect_max, dice);
}
