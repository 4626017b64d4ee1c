/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * WebSocket connections of the load generator: connect, handshake, frames both ways (RFC 6455).
 */
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The sample nonce of RFC 6455, section 1.3, and what the server must make of it. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define MOST_EVENTS 1024
#define MOST_COMPLAINTS 5
#define SPIN_NS 20000 /* nearer than that, sleeping is too coarse */
#define LONGEST_NAP_NS 50000000

enum
{
  OP_CONTINUATION = 0,
  OP_TEXT = 1,
  OP_CLOSE = 8,
  OP_PING = 9,
  OP_PONG = 10
};

static int epoll;
static GPtrArray *dirty, *refused;
static char chunk[1 << 18];
static guint32 random_state = 0x9e3779b9u;

void
load_conn_init (void)
{
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  dirty = g_ptr_array_new ();
  refused = g_ptr_array_new ();
}

void
load_conn_complain (LoadConn *conn, const char *what, const char *text, gsize len)
{
  if (load_counts.errors++ < MOST_COMPLAINTS)
    fprintf (stderr, "load: connection %u (%s): %s: %.*s\n", conn->index, conn->path, what, (int)MIN (len, 400),
             text);
}

void
load_conn_cut (LoadConn *conn, gboolean failed)
{
  /* Reset, so that no port stays in TIME_WAIT. */
  struct linger at_once = { .l_onoff = 1 };

  if (conn->fd >= 0)
    {
      setsockopt (conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      close (conn->fd);
    }
  conn->fd = -1;
  if (failed && conn->state == LOAD_READY)
    load_counts.closed++;
  else if (failed)
    load_counts.failed++;
  conn->state = LOAD_CLOSED;
  conn->in_len = conn->out_len = conn->out_sent = 0;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static char *
make_room (LoadConn *conn, gsize len)
{
  if (conn->out_len + len > conn->out_size)
    {
      conn->out_size = (guint)(conn->out_len + len + 512);
      conn->out = g_realloc (conn->out, conn->out_size);
    }
  if (!conn->dirty)
    {
      conn->dirty = TRUE;
      g_ptr_array_add (dirty, conn);
    }
  return conn->out + conn->out_len;
}

static guint32
next_mask (void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static void
put_frame (LoadConn *conn, int op, const char *text, gsize len)
{
  char *out = make_room (conn, len + 14), *begin = out;
  guint32 mask = next_mask ();
  guint64 eight = (guint64)mask << 32 | mask, part;
  gsize i = 0;

  *out++ = (char)(0x80 | op);
  if (len < 126)
    *out++ = (char)(0x80 | len);
  else
    {
      g_assert (len < 65536);
      *out++ = (char)(0x80 | 126);
      *out++ = (char)(len >> 8);
      *out++ = (char)len;
    }
  memcpy (out, &mask, 4);
  out += 4;
  for (; i + 8 <= len; i += 8)
    {
      memcpy (&part, text + i, 8);
      part ^= eight;
      memcpy (out + i, &part, 8);
    }
  for (; i < len; i++)
    out[i] = text[i] ^ (char)(mask >> (8 * (i & 3)));
  conn->out_len += (guint)(out + len - begin);
}

void
load_conn_send (LoadConn *conn, const char *text, gsize len)
{
  put_frame (conn, OP_TEXT, text, len);
}

void
load_conn_printf (LoadConn *conn, const char *format, ...)
{
  char text[2048];
  va_list args;
  int len;

  va_start (args, format);
  len = vsnprintf (text, sizeof text, format, args);
  va_end (args);
  g_assert (len > 0 && len < (int)sizeof text);
  put_frame (conn, OP_TEXT, text, (gsize)len);
}

static void
watch (LoadConn *conn, int operation, gboolean out)
{
  struct epoll_event event = { .events = out ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = conn };

  epoll_ctl (epoll, operation, conn->fd, &event);
  conn->wants_out = out;
}

static void
flush (LoadConn *conn)
{
  while (conn->out_sent < conn->out_len)
    {
      ssize_t n = send (conn->fd, conn->out + conn->out_sent, conn->out_len - conn->out_sent, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno != EAGAIN)
        {
          load_conn_cut (conn, TRUE);
          return;
        }
      if (n < 0)
        break;
      conn->out_sent += (guint)n;
    }
  if (conn->out_sent == conn->out_len)
    conn->out_sent = conn->out_len = 0;
  if ((conn->out_len > 0) != conn->wants_out)
    watch (conn, EPOLL_CTL_MOD, conn->out_len > 0);
}

static void
flush_all (void)
{
  for (guint i = 0; i < dirty->len; i++)
    {
      LoadConn *conn = dirty->pdata[i];

      conn->dirty = FALSE;
      if (conn->fd >= 0 && conn->state != LOAD_CONNECTING && !conn->wants_out)
        flush (conn);
    }
  g_ptr_array_set_size (dirty, 0);
}

/* ---- connecting ---------------------------------------------------------------------------------------- */

void
load_conn_start (LoadConn *conn)
{
  struct sockaddr_in server = { .sin_family = AF_INET,
                                .sin_port = htons ((guint16)load_options.port),
                                .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int one = 1;

  conn->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (conn->fd < 0)
    {
      fprintf (stderr, "load: socket: %s; raise the limit of open files (ulimit -n)\n", g_strerror (errno));
      exit (2);
    }
  setsockopt (conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  conn->state = LOAD_CONNECTING;
  conn->begun_ns = load_now_ns ();
  conn->in_len = conn->out_len = conn->out_sent = 0;
  if (connect (conn->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)
    {
      load_conn_complain (conn, "connect", g_strerror (errno), strlen (g_strerror (errno)));
      load_conn_cut (conn, TRUE);
      return;
    }
  watch (conn, EPOLL_CTL_ADD, TRUE);
}

static void
connected (LoadConn *conn)
{
  int error = 0;
  socklen_t len = sizeof error;
  char head[2048];
  int head_len;

  getsockopt (conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
  if (error != 0)
    {
      load_conn_complain (conn, "connect", g_strerror (error), strlen (g_strerror (error)));
      load_conn_cut (conn, TRUE);
      return;
    }
  head_len = snprintf (head, sizeof head,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n",
                       conn->path, load_options.port, load_options.port);
  conn->state = LOAD_HANDSHAKE;
  memcpy (make_room (conn, (gsize)head_len), head, (gsize)head_len);
  conn->out_len += (guint)head_len;
  flush (conn);
}

void
load_conn_ready (LoadConn *conn)
{
  if (conn->state == LOAD_READY)
    return;
  conn->state = LOAD_READY;
  load_counts.ready++;
}

static gssize
take_handshake (LoadConn *conn, const char *data, gsize len)
{
  const char *end = memmem (data, len, "\r\n\r\n", 4);

  if (end == NULL)
    return 0;
  if (!g_str_has_prefix (data, "HTTP/1.1 101 ")
      || memmem (data, (gsize)(end - data), ACCEPT, strlen (ACCEPT)) == NULL)
    {
      load_conn_complain (conn, "handshake refused", data, len);
      return -1;
    }
  conn->state = LOAD_LOGIN;
  conn->talk->opened (conn);
  return end + 4 - data;
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

/* Bytes used, 0 when the frame is not whole, -1 when the connection is over. */
static gssize
take_frame (LoadConn *conn, const char *data, gsize len)
{
  const guint8 *bytes = (const guint8 *)data;
  gsize head = 2, extra, size;

  if (len < 2)
    return 0;
  size = bytes[1];
  extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (len < head + extra)
    return 0;
  if (extra > 0)
    size = 0;
  for (; extra > 0; extra--)
    size = size << 8 | bytes[head++];
  if (len < head + size)
    return 0;
  switch (bytes[0] & 15)
    {
    case OP_CONTINUATION:
    case OP_TEXT:
      conn->talk->text (conn, data + head, size);
      break;
    case OP_PING:
      put_frame (conn, OP_PONG, data + head, size);
      break;
    case OP_PONG:
      break;
    default:
      load_conn_complain (conn, "the server closed the connection", data + head + 2, size < 2 ? 0 : size - 2);
      return -1;
    }
  return (gssize)(head + size);
}

static void
take_bytes (LoadConn *conn, const char *data, gsize len)
{
  while (len > 0)
    {
      gssize used
          = conn->state == LOAD_HANDSHAKE ? take_handshake (conn, data, len) : take_frame (conn, data, len);

      if (conn->fd < 0)
        return;
      if (used < 0)
        {
          load_conn_cut (conn, TRUE);
          return;
        }
      if (used == 0)
        break;
      data += used;
      len -= (gsize)used;
    }
  if (len > conn->in_size)
    {
      conn->in_size = (guint)len + 1024;
      g_free (conn->in);
      conn->in = g_malloc (conn->in_size);
    }
  if (len > 0)
    memcpy (conn->in, data, len);
  conn->in_len = (guint)len;
}

static void
read_all (LoadConn *conn)
{
  for (;;)
    {
      gsize kept = conn->in_len;
      ssize_t n;

      if (kept >= sizeof chunk)
        {
          load_conn_complain (conn, "a frame is too long", conn->in, 100);
          load_conn_cut (conn, TRUE);
          return;
        }
      if (kept > 0)
        memcpy (chunk, conn->in, kept);
      n = recv (conn->fd, chunk + kept, sizeof chunk - kept, 0);
      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      if (n <= 0)
        {
          load_conn_complain (conn, "cut", n < 0 ? g_strerror (errno) : "end",
                              n < 0 ? strlen (g_strerror (errno)) : 3);
          load_conn_cut (conn, TRUE);
          return;
        }
      conn->in_len = 0;
      take_bytes (conn, chunk, kept + (gsize)n);
      if (conn->fd < 0 || (gsize)n < sizeof chunk - kept)
        return;
    }
}

void
load_conn_again (LoadConn *conn, gint64 after_ms)
{
  conn->again_ns = load_now_ns () + after_ms * 1000000;
  g_ptr_array_add (refused, conn);
}

static void
try_again (gint64 now)
{
  for (guint i = 0; i < refused->len;)
    {
      LoadConn *conn = refused->pdata[i];

      if (conn->again_ns > now)
        {
          i++;
          continue;
        }
      g_ptr_array_remove_index_fast (refused, i);
      if (conn->fd >= 0)
        conn->talk->again (conn);
    }
}

void
load_turn (gint64 until_ns)
{
  static struct epoll_event events[MOST_EVENTS];
  gint64 now = load_now_ns ();
  struct timespec nap = { 0, 0 };
  int count;

  if (refused->len > 0)
    {
      try_again (now);
      until_ns = MIN (until_ns, now + LONGEST_NAP_NS / 10);
    }
  flush_all ();
  if (until_ns > now + SPIN_NS)
    nap.tv_nsec = MIN (until_ns - now - SPIN_NS / 2, LONGEST_NAP_NS);
  count = epoll_pwait2 (epoll, events, MOST_EVENTS, &nap, NULL);
  for (int i = 0; i < count; i++)
    {
      LoadConn *conn = events[i].data.ptr;

      if (conn->fd < 0)
        continue;
      if (conn->state == LOAD_CONNECTING)
        connected (conn);
      else if ((events[i].events & EPOLLOUT) != 0)
        flush (conn);
      if (conn->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        read_all (conn);
    }
  flush_all ();
}
