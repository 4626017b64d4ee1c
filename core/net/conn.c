/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of an HTTP connection: idle in the epoll set, then a plain request is served, or it is lent to libsoup
 * for one request and taken back. See private.h for why. Main thread.
 */
#include "core/net/private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/clock.h"

#define BODY_TIMEOUT_MS 60000  /* for a whole request body */
#define WRITE_TIMEOUT_MS 60000 /* without any progress */
#define LINGER_MS 2000
#define FIRST_REQUEST_MS 500 /* when nobody is served any more */
#define LINGER_MAX (1024 * 1024)
/* Requests in a row that came before the answer to the one ahead was written. */
#define MAX_PIPELINED 16
/* Of those that stand in line, so many stay in the epoll set, and are reported again and again. */
#define MOST_WATCHED 64

/* ---- states -------------------------------------------------------------------------------------------- */

static GQueue *
queue_of (UcConn *conn)
{
  switch (conn->state)
    {
    case UC_CONN_IDLE:
      return &conn->net->idle;
    case UC_CONN_READY:
      return &conn->net->ready;
    case UC_CONN_LINGER:
      return &conn->net->lingering;
    case UC_CONN_READING:
    case UC_CONN_WAITING:
    case UC_CONN_WRITING:
      break;
    }
  return &conn->net->active;
}

static void
set_state (UcConn *conn, UcConnState state, gint64 ms)
{
  if (conn->link.data != NULL)
    g_queue_unlink (queue_of (conn), &conn->link);
  conn->state = state;
  conn->link.data = conn;
  conn->deadline = uc_clock_now () + ms;
  g_queue_push_tail_link (queue_of (conn), &conn->link);
  uc_net_need_tick (conn->net);
}

static void
unwatch (UcConn *conn)
{
  if (conn->watch != NULL)
    uc_loop_unwatch (conn->net->loop, g_steal_pointer (&conn->watch));
}

static void event (gpointer data, guint32 events);

static gboolean
watch (UcConn *conn, guint32 events)
{
  if (conn->watch != NULL)
    uc_loop_watch_set (conn->net->loop, conn->watch, events);
  else
    conn->watch = uc_loop_watch (conn->net->loop, conn->fd, events, event, conn);
  return conn->watch != NULL;
}

/* Takes the connection back from libsoup, in any state of the request. The stream is that of libsoup, around
 * conn->stream; NULL = it was closed meanwhile. */
static GIOStream *
take_back (UcConn *conn)
{
  g_autoptr (SoupServerMessage) message = g_steal_pointer (&conn->message);

  if (message == NULL)
    return NULL;
  g_signal_handlers_disconnect_by_data (message, conn);
  return soup_server_message_steal_connection (message);
}

void
uc_conn_free (UcConn *conn)
{
  g_autoptr (GIOStream) stolen = NULL;

  if (conn->net->serving == conn)
    conn->net->serving = NULL;
  if (conn->exchange != NULL)
    uc_http_client_gone (conn);
  if (conn->upgrade != NULL)
    uc_upgrade_client_gone (conn);
  stolen = take_back (conn);
  unwatch (conn);
  uc_sendq_clear (&conn->out);
  if (conn->link.data != NULL)
    g_queue_unlink (queue_of (conn), &conn->link);
  g_clear_object (&conn->ahead);
  if (conn->stream != NULL)
    g_io_stream_close (G_IO_STREAM (conn->stream), NULL, NULL);
  else if (conn->fd >= 0)
    close (conn->fd);
  g_clear_object (&conn->stream);
  g_free (conn->peer);
  g_free (conn);
}

/* ---- idle and lingering -------------------------------------------------------------------------------- */

/* Whose turn is near is not taken out of the epoll set and put back again. */
static void
stand_in_line (UcConn *conn)
{
  if (conn->net->ready.length >= MOST_WATCHED)
    unwatch (conn);
  conn->ready_at = g_get_monotonic_time ();
  set_state (conn, UC_CONN_READY, 0);
  uc_line_move (conn->net);
}

static void
idle_readable (UcConn *conn, guint32 events)
{
  gboolean ends = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  char byte;
  ssize_t n = ends ? recv (conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;

  if (n > 0)
    stand_in_line (conn);
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    uc_conn_free (conn);
}

static void
wait_for_request (UcConn *conn)
{
  set_state (conn, UC_CONN_IDLE, (gint64)conn->net->limits.idle_timeout_s * 1000);
  if (!watch (conn, EPOLLIN | EPOLLRDHUP))
    uc_conn_free (conn);
}

static void
linger_readable (UcConn *conn)
{
  ssize_t n = recv (conn->fd, conn->net->chunk, sizeof conn->net->chunk, MSG_DONTWAIT);

  if (n > 0)
    conn->received += (gsize)n;
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || conn->received > LINGER_MAX)
    uc_conn_free (conn);
}

/* Closing with unread bytes makes the kernel send a reset, and that may overtake the answer. */
static void
linger (UcConn *conn)
{
  g_clear_object (&conn->ahead);
  conn->received = 0;
  if (conn->net->lingering.length >= conn->net->limits.max_connections || shutdown (conn->fd, SHUT_WR) < 0
      || !watch (conn, EPOLLIN))
    {
      uc_conn_free (conn);
      return;
    }
  set_state (conn, UC_CONN_LINGER, LINGER_MS);
}

void
uc_conn_refuse (UcConn *conn, int status, const char *message)
{
  g_autoptr (GIOStream) stolen = NULL;
  g_autofree char *text = NULL;
  gsize len;

  if (conn->exchange != NULL)
    uc_http_client_gone (conn);
  if (conn->upgrade != NULL)
    uc_upgrade_client_gone (conn);
  stolen = take_back (conn);
  unwatch (conn);
  text = uc_net_response_raw (status, message, &len);
  /* A few hundred bytes into an empty buffer: if they do not fit, the client is not reading anyway. */
  if (send (conn->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
    linger (conn);
  else
    uc_conn_free (conn);
}

/* ---- one request in libsoup ---------------------------------------------------------------------------- */

static void
got_headers (SoupServerMessage *message, gpointer data)
{
  UcConn *conn = data;

  /* It could be parsed: what was prepared for the other case goes, or it would decorate a 100 Continue. */
  soup_server_message_set_response (message, NULL, SOUP_MEMORY_STATIC, NULL, 0);
  conn->received = 0;
  conn->deadline = uc_clock_now () + BODY_TIMEOUT_MS;
  uc_http_got_head (conn);
}

static void
got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  UcConn *conn = data;

  conn->received += g_bytes_get_size (chunk);
  if (conn->received > conn->max_body)
    uc_conn_refuse (conn, 413, "the request body is larger than allowed here; send less");
}

static void
got_body (SoupServerMessage *message, gpointer data)
{
  UcConn *conn = data;

  set_state (conn, UC_CONN_WRITING, WRITE_TIMEOUT_MS);
  if (!conn->refused)
    uc_http_got_request (conn);
}

static void
wrote_some (SoupServerMessage *message, guint n, gpointer data)
{
  UcConn *conn = data;

  conn->deadline = uc_clock_now () + WRITE_TIMEOUT_MS;
}

/* libsoup may hold the beginning of a pipelined request, and only tells whether there is anything at all to read;
 * then the next request goes through its buffers. */
static void
go_on (UcConn *conn, GIOStream *stolen)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stolen));

  conn->served = TRUE;
  if (!g_pollable_input_stream_is_readable (input))
    {
      conn->depth = 0;
      g_clear_object (&conn->ahead);
      wait_for_request (conn);
      return;
    }
  conn->depth++;
  g_set_object (&conn->ahead, stolen);
  stand_in_line (conn);
}

/* libsoup takes a chunk size that is none for the end of the body: what follows would be a request of its own,
 * made of somebody's body. So nothing follows a chunked request on its connection. */
static gboolean
is_chunked (SoupServerMessage *message)
{
  return soup_message_headers_get_encoding (soup_server_message_get_request_headers (message))
         == SOUP_ENCODING_CHUNKED;
}

static gboolean
keeps_alive (UcConn *conn, SoupServerMessage *message)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

  return soup_server_message_get_http_version (message) == SOUP_HTTP_1_1 && !conn->net->stopping
         && conn->depth < MAX_PIPELINED && !is_chunked (message)
         && !soup_message_headers_header_contains (request, "Connection", "close")
         && !soup_message_headers_header_contains (response, "Connection", "close");
}

static void
wrote_body (SoupServerMessage *message, gpointer data)
{
  UcConn *conn = data;
  gboolean keep = keeps_alive (conn, message);
  g_autoptr (GIOStream) stolen = take_back (conn);

  if (stolen == NULL)
    uc_conn_free (conn);
  else if (keep)
    go_on (conn, stolen);
  else
    linger (conn);
}

static void
disconnected (SoupServerMessage *message, gpointer data)
{
  UcConn *conn = data;

  /* Nothing is left to take back, and trying would make libsoup count the connection down twice. */
  g_signal_handlers_disconnect_by_data (message, conn);
  g_clear_object (&conn->message);
  uc_conn_free (conn);
}

/* libsoup answers what it cannot parse by itself, with whatever stands in the message by then. */
static void
prepare_bad_request (SoupServerMessage *message)
{
  static const char body[]
      = "{\"error\":{\"code\":\"invalid\",\"message\":\"this is not a well-formed HTTP request\"}}";

  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, body, strlen (body));
}

void
uc_conn_request_started (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  UcNet *net = data;
  UcConn *conn = g_steal_pointer (&net->starting);

  if (conn == NULL)
    return;
  conn->message = g_object_ref (message);
  prepare_bad_request (message);
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers), conn);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk), conn);
  g_signal_connect (message, "got-body", G_CALLBACK (got_body), conn);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (wrote_some), conn);
  g_signal_connect (message, "wrote-body", G_CALLBACK (wrote_body), conn);
  g_signal_connect (message, "disconnected", G_CALLBACK (disconnected), conn);
}

static gboolean
make_stream (UcConn *conn)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  if (conn->stream != NULL)
    return TRUE;
  socket = g_socket_new_from_fd (conn->fd, &error);
  if (socket == NULL)
    return FALSE;
  conn->stream = g_socket_connection_factory_create_connection (socket);
  return TRUE;
}

/* ---- one request without libsoup's server -------------------------------------------------------------- */

static void
write_plain (UcConn *conn)
{
  switch (uc_sendq_flush (&conn->out, conn->fd))
    {
    case UC_SENDQ_BROKEN:
      uc_conn_free (conn);
      return;
    case UC_SENDQ_BLOCKED:
      conn->deadline = uc_clock_now () + WRITE_TIMEOUT_MS;
      if (!watch (conn, EPOLLOUT))
        uc_conn_free (conn);
      return;
    case UC_SENDQ_EMPTY:
      break;
    }
  conn->plain = conn->answered = FALSE;
  conn->served = TRUE;
  if (conn->last || conn->net->stopping)
    linger (conn);
  else
    wait_for_request (conn);
}

/* FALSE: nothing has been taken from the socket. */
static gboolean
serve_plain (UcConn *conn)
{
  UcNet *net = conn->net;
  UcPlain *plain = uc_plain_read (net->chunk, net->peeked);
  ssize_t n;

  if (plain == NULL)
    return FALSE;
  /* It is there: that was just seen. Anything else is a broken connection. */
  n = recv (conn->fd, net->chunk, uc_plain_len (plain), MSG_DONTWAIT);
  if (n != (ssize_t)uc_plain_len (plain))
    {
      uc_plain_free (plain);
      uc_conn_free (conn);
      return TRUE;
    }
  set_state (conn, UC_CONN_WRITING, WRITE_TIMEOUT_MS);
  conn->plain = TRUE;
  conn->answered = conn->refused = FALSE;
  conn->last = uc_plain_closes (plain);
  net->serving = conn;
  uc_http_got_plain (conn, plain);
  /* Not from inside its handler, which may go on reading the request. */
  if (net->serving == conn && conn->answered)
    write_plain (conn);
  net->serving = NULL;
  return TRUE;
}

/* A whole request may run in here, up to the answer, and free the connection. */
void
uc_conn_start (UcConn *conn)
{
  UcNet *net = conn->net;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GIOStream) stream = NULL;

  if (conn->ahead == NULL && serve_plain (conn))
    return;
  unwatch (conn);
  if (!make_stream (conn))
    {
      uc_conn_free (conn);
      return;
    }
  set_state (conn, UC_CONN_READING, (gint64)net->limits.idle_timeout_s * 1000);
  conn->refused = FALSE;
  stream = conn->ahead != NULL ? g_steal_pointer (&conn->ahead) : g_object_ref (G_IO_STREAM (conn->stream));
  /* libsoup wants an Internet address, and reads it only for requests without Host. */
  address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  net->starting = conn;
  soup_server_accept_iostream (net->soup, stream, address, address, NULL);
}

/* ---- for the exchange ---------------------------------------------------------------------------------- */

void
uc_conn_answer (UcConn *conn, const UsherResponse *response, GBytes *body)
{
  gboolean close = conn->net->stopping || uc_conns_count (conn->net) >= conn->net->limits.max_connections;

  if (!conn->plain)
    {
      uc_net_response_apply (conn->message, response, body, close || is_chunked (conn->message));
      return;
    }
  conn->last |= close;
  conn->answered = TRUE;
  uc_net_response_plain (&conn->out, response, body, conn->last);
}

void
uc_conn_error (UcConn *conn, int status, const char *message, const char *const *headers)
{
  gsize len;
  g_autofree char *body = uc_net_error_body (status, message, &len);
  const UsherResponse response = { .struct_size = sizeof response,
                                   .status = status,
                                   .content_type = "application/json",
                                   .headers = headers,
                                   .body = body,
                                   .body_len = len };

  uc_conn_answer (conn, &response, NULL);
}

void
uc_conn_pause (UcConn *conn)
{
  if (!conn->plain)
    soup_server_message_pause (conn->message);
  set_state (conn, UC_CONN_WAITING, 0);
  /* libsoup does not look at a paused connection; a client that hangs up meanwhile should not keep its place. */
  watch (conn, EPOLLRDHUP);
}

void
uc_conn_resume (UcConn *conn)
{
  set_state (conn, UC_CONN_WRITING, WRITE_TIMEOUT_MS);
  if (conn->plain)
    {
      write_plain (conn);
      return;
    }
  unwatch (conn);
  soup_server_message_unpause (conn->message);
}

int
uc_conn_take_over (UcConn *conn, guint8 *early, gsize *len)
{
  g_autoptr (GIOStream) stolen = take_back (conn);
  int fd = -1;

  *len = 0;
  if (conn->plain && conn->stream == NULL)
    {
      unwatch (conn);
      fd = conn->fd;
      conn->fd = -1;
    }
  else if (conn->plain)
    fd = fcntl (conn->fd, F_DUPFD_CLOEXEC, 0);
  else if (stolen != NULL)
    {
      GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stolen));
      gssize n;

      fd = fcntl (conn->fd, F_DUPFD_CLOEXEC, 0);
      while (
          *len < UC_NET_CHUNK
          && (n = g_pollable_input_stream_read_nonblocking (input, early + *len, UC_NET_CHUNK - *len, NULL, NULL))
                 > 0)
        *len += (gsize)n;
    }
  uc_conn_free (conn);
  return fd;
}

/* ---- what the loop tells ------------------------------------------------------------------------------- */

static void
event (gpointer data, guint32 events)
{
  UcConn *conn = data;

  switch (conn->state)
    {
    case UC_CONN_IDLE:
      idle_readable (conn, events);
      break;
    case UC_CONN_READY: /* its turn comes */
    case UC_CONN_READING:
      break;
    case UC_CONN_WAITING:
      uc_conn_free (conn);
      break;
    case UC_CONN_WRITING:
      write_plain (conn);
      break;
    case UC_CONN_LINGER:
      linger_readable (conn);
      break;
    }
}

/* ---- all of them --------------------------------------------------------------------------------------- */

guint
uc_conns_count (UcNet *net)
{
  return net->idle.length + net->ready.length + net->active.length;
}

gboolean
uc_conns_close_oldest (UcNet *net)
{
  UcConn *conn = g_queue_peek_head (&net->idle);

  if (conn != NULL)
    uc_conn_free (conn);
  return conn != NULL;
}

void
uc_conns_close_idle (UcNet *net)
{
  gint64 now = uc_clock_now ();

  for (GList *link = net->idle.head, *next; link != NULL; link = next)
    {
      UcConn *conn = link->data;

      next = link->next;
      /* Who has just connected has a request on its way, and would take a closed line for a failure. */
      if (conn->served || conn->deadline <= now)
        uc_conn_free (conn);
      else
        conn->deadline = MIN (conn->deadline, now + FIRST_REQUEST_MS);
    }
}

guint
uc_conns_arriving (UcNet *net)
{
  gint64 now = uc_clock_now ();
  guint count = net->ready.length;

  for (const GList *link = net->idle.head; link != NULL; link = link->next)
    count += ((const UcConn *)link->data)->deadline > now;
  for (const GList *link = net->active.head; link != NULL; link = link->next)
    count += ((const UcConn *)link->data)->state == UC_CONN_READING;
  return count;
}

void
uc_conn_new (UcNet *net, UcListenKind kinds, int fd, const UcAddress *peer)
{
  UcConn *conn = g_new0 (UcConn, 1);
  socklen_t len = sizeof conn->cred;
  gboolean full = uc_conns_count (net) >= net->limits.max_connections && !uc_conns_close_oldest (net);

  conn->net = net;
  conn->kinds = kinds;
  conn->fd = fd;
  conn->peer = uc_address_host (peer);
  if (kinds == UC_LISTEN_CONTROL)
    getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &conn->cred, &len);
  net->counters.connections_refused += full;
  if (full)
    uc_conn_refuse (conn, 503, "the server has too many connections; try again in a few seconds");
  else
    wait_for_request (conn);
}

static void
close_late (GQueue *queue, gint64 now)
{
  UcConn *conn;

  while ((conn = g_queue_peek_head (queue)) != NULL && conn->deadline <= now)
    uc_conn_free (conn);
}

void
uc_conns_tick (UcNet *net, gint64 now)
{
  close_late (&net->idle, now);
  close_late (&net->lingering, now);
  for (GList *link = net->active.head, *next; link != NULL; link = next)
    {
      UcConn *conn = link->data;

      next = link->next;
      if (conn->deadline > now || (conn->state == UC_CONN_WAITING && conn->upgrade == NULL))
        continue;
      if (conn->upgrade != NULL)
        {
          /* Its owner is told, and may end others. */
          uc_upgrade_late (conn);
          next = net->active.head;
        }
      else if (conn->state == UC_CONN_READING)
        uc_conn_refuse (conn, 408, "the request took too long to arrive");
      else
        uc_conn_free (conn);
    }
}
