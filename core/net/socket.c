/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * WebSockets after the handshake. What is sent during a turn of the loop goes out in one write at its end; errors
 * are acted on there too, so that an owner never hears of a socket from inside a call it made about it.
 * Main thread.
 */
#include "core/net/private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/clock.h"

#define CODE_RESTART 1012
#define CODE_TRY_LATER 1013
#define MISSED_PONGS 2

struct UsherSocket
{
  UcNet *net;
  UcNetRoute *route; /* NULL = nobody is told any more */
  UcConn *conn;      /* that brought it, while its owner thinks; else NULL */
  void *data;        /* of the owner */
  UcWatch *watch;
  UcFramer *framer; /* only while a message is under way */
  UcSendq queue;
  gint64 due;       /* of the next ping, or of the end of the closing handshake */
  GList link;       /* in net->sockets or net->closing; data NULL = in neither */
  GList dirty_link; /* in net->dirty */
  int fd;           /* -1 = not yet, or gone */
  int code;         /* for ws_closed; 0 = nobody has closed yet */
  guint refs;
  guint max_message;
  guint missed : 2; /* pings without a sign of life since */
  guint dirty : 1;
  guint blocked : 1;    /* the kernel takes no more now */
  guint broken : 1;     /* a write failed where nobody may be told; see flush_all () */
  guint close_sent : 1; /* our close frame is queued: the last thing that is */
  guint close_seen : 1; /* the peer's came */
  guint deaf : 1;       /* what comes is thrown away: the peer broke the protocol */
};

static void
unref (UsherSocket *socket)
{
  if (--socket->refs > 0)
    return;
  uc_sendq_clear (&socket->queue);
  g_free (socket);
}

static void
unlink_socket (UsherSocket *socket, GList *link, GQueue *queue)
{
  if (link->data == NULL)
    return;
  g_queue_unlink (queue, link);
  link->data = NULL;
}

static void
enqueue (UsherSocket *socket, gint64 ms)
{
  UcNet *net = socket->net;

  socket->due = uc_clock_now () + ms;
  socket->link.data = socket;
  g_queue_push_tail_link (socket->close_sent ? &net->closing : &net->sockets, &socket->link);
  uc_net_need_tick (net);
}

/* The last thing its owner hears. */
static void
tell_owner (UsherSocket *socket)
{
  UcNetRoute *route = g_steal_pointer (&socket->route);

  if (route != NULL)
    route->handler.ws_closed (route->data, socket, socket->code);
}

/* Only from the loop, because the owner may be told. */
static void
drop (UsherSocket *socket)
{
  UcNet *net = socket->net;

  if (socket->fd < 0)
    return;
  uc_loop_unwatch (net->loop, g_steal_pointer (&socket->watch));
  close (socket->fd);
  socket->fd = -1;
  unlink_socket (socket, &socket->link, socket->close_sent ? &net->closing : &net->sockets);
  if (socket->dirty)
    unlink_socket (socket, &socket->dirty_link, &net->dirty);
  socket->dirty = FALSE;
  g_clear_pointer (&socket->framer, uc_framer_release);
  uc_sendq_clear (&socket->queue);
  if (socket->code == 0)
    socket->code = WSLAY_CODE_ABNORMAL_CLOSURE;
  socket->close_sent = TRUE; /* nothing is sent any more */
  tell_owner (socket);
  unref (socket);
}

/* ---- out ----------------------------------------------------------------------------------------------- */

static void
flush (UsherSocket *socket)
{
  UcSendqState state;

  if (socket->fd < 0)
    return;
  state = socket->broken ? UC_SENDQ_BROKEN : uc_sendq_flush (&socket->queue, socket->fd);
  if (state == UC_SENDQ_BROKEN || (state == UC_SENDQ_EMPTY && socket->close_sent && socket->close_seen))
    {
      drop (socket);
      return;
    }
  socket->blocked = state == UC_SENDQ_BLOCKED;
  uc_loop_watch_set (socket->net->loop, socket->watch,
                     (socket->close_seen ? 0 : EPOLLIN) | (socket->blocked ? EPOLLOUT : 0));
}

static void
flush_all (gpointer data)
{
  UcNet *net = data;
  GList *link;

  if (!uc_net_deferred (net))
    return;
  net->flush_deferred = FALSE;
  while ((link = g_queue_pop_head_link (&net->dirty)) != NULL)
    {
      UsherSocket *socket = g_steal_pointer (&link->data);

      socket->dirty = FALSE;
      socket->refs++;
      flush (socket);
      unref (socket);
    }
}

static void
mark_dirty (UsherSocket *socket)
{
  UcNet *net = socket->net;

  /* What the kernel does not take goes out with EPOLLOUT; what is not connected yet, with uc_socket_start. */
  if (socket->dirty || socket->fd < 0 || (socket->blocked && !socket->broken))
    return;
  socket->dirty = TRUE;
  socket->dirty_link.data = socket;
  g_queue_push_tail_link (&net->dirty, &socket->dirty_link);
  if (!net->flush_deferred)
    uc_net_defer (net, flush_all);
  net->flush_deferred = TRUE;
}

static void
push (UsherSocket *socket, UcBlock *block)
{
  uc_sendq_push (&socket->queue, block);
  mark_dirty (socket);
}

static void
push_frame (UsherSocket *socket, guint8 opcode, const void *data, gsize len)
{
  push (socket, uc_framers_encode (socket->net->framers, opcode, data, len));
}

static gsize
clip_reason (const char *reason)
{
  const char *end;

  if (reason == NULL)
    return 0;
  (void)g_utf8_validate (reason, (gssize)MIN (strlen (reason), 123), &end);
  return (gsize)(end - reason);
}

static void
start_close (UsherSocket *socket, int code, const char *reason)
{
  guint8 payload[125] = { (guint8)(code >> 8), (guint8)code };
  gsize len = clip_reason (reason);

  if (socket->close_sent)
    return;
  if (len > 0)
    memcpy (payload + 2, reason, len);
  push_frame (socket, WSLAY_CONNECTION_CLOSE, payload, 2 + len);
  socket->code = code;
  unlink_socket (socket, &socket->link, &socket->net->sockets);
  socket->close_sent = TRUE;
  if (socket->fd >= 0)
    enqueue (socket, (gint64)socket->net->limits.close_timeout_s * 1000);
}

/* Whether `len` more bytes may be queued. A client that does not read is cut off, and its memory freed at once. */
static gboolean
has_room (UsherSocket *socket, gsize len)
{
  gsize max = socket->net->limits.max_socket_queue;

  if (len <= max && socket->queue.bytes <= max - len)
    return TRUE;
  if (socket->fd >= 0 && !socket->blocked && uc_sendq_flush (&socket->queue, socket->fd) == UC_SENDQ_BROKEN)
    {
      socket->broken = TRUE;
      mark_dirty (socket);
      return FALSE;
    }
  if (len <= max && socket->queue.bytes <= max - len)
    return TRUE;
  socket->net->counters.sockets_overrun++;
  /* Before it is started, the head of the queue is the answer to the handshake. */
  if (socket->fd >= 0)
    uc_sendq_cut (&socket->queue);
  start_close (socket, CODE_TRY_LATER, "too slow: the queue is full");
  return FALSE;
}

bool
uc_ws_send (UsherSocket *socket, const char *data, size_t len, bool binary)
{
  if (socket->close_sent || socket->broken || !has_room (socket, len))
    return false;
  push_frame (socket, binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, data, len);
  socket->net->counters.messages_out++;
  return true;
}

static gboolean
code_may_be_sent (int code)
{
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006)
         || (code >= 3000 && code <= 4999);
}

void
uc_ws_close (UsherSocket *socket, int code, const char *reason)
{
  if (socket->close_sent)
    return;
  if (!code_may_be_sent (code))
    {
      g_warning ("%d is no WebSocket close code that may be sent; 1011 is sent instead", code);
      code = WSLAY_CODE_INTERNAL_SERVER_ERROR;
    }
  start_close (socket, code, reason);
}

void
uc_ws_set_data (UsherSocket *socket, void *data)
{
  socket->data = data;
}

void *
uc_ws_data (UsherSocket *socket)
{
  return socket->data;
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static void
got_message (UsherSocket *socket, const char *text, gsize len, gboolean binary)
{
  if (socket->close_sent || socket->broken)
    return;
  socket->net->counters.messages_in++;
  socket->route->handler.ws_message (socket->route->data, socket, text, len, binary);
}

const UcFramerOps uc_socket_framer_ops = { .message = got_message };

static void
take_reply (UsherSocket *socket, UcBlock *reply)
{
  if (socket->close_sent || socket->broken || !has_room (socket, uc_block_len (reply)))
    g_free (reply);
  else
    push (socket, reply);
}

/* The peer's close frame came; ours is queued by now, as the first one or as the answer. */
static void
finish_handshake (UsherSocket *socket, int code)
{
  if (socket->code == 0)
    socket->code = code;
  if (!socket->close_sent)
    {
      unlink_socket (socket, &socket->link, &socket->net->sockets);
      socket->close_sent = TRUE;
      enqueue (socket, (gint64)socket->net->limits.close_timeout_s * 1000);
    }
  socket->close_seen = TRUE;
  tell_owner (socket);
  flush (socket);
}

/* Reads on without looking, so that the peer gets to see the close frame before the connection ends. */
static void
fail (UsherSocket *socket, int code)
{
  socket->deaf = TRUE;
  g_clear_pointer (&socket->framer, uc_framer_release);
  start_close (socket, code, NULL);
  tell_owner (socket);
}

static void
feed (UsherSocket *socket, const guint8 *data, gsize len)
{
  UcBlock *reply;
  UcFramerState state;
  int code = 0;

  if (socket->framer == NULL)
    socket->framer = uc_framer_acquire (socket->net->framers, socket, socket->max_message);
  state = uc_framer_feed (socket->framer, data, len, &reply, &code);
  if (reply != NULL)
    take_reply (socket, reply);
  switch (state)
    {
    case UC_FRAMER_IDLE:
      g_clear_pointer (&socket->framer, uc_framer_release);
      break;
    case UC_FRAMER_PARTIAL:
      break;
    case UC_FRAMER_CLOSED:
      finish_handshake (socket, code);
      break;
    case UC_FRAMER_FAILED:
      fail (socket, code);
      break;
    }
}

static void
read_some (UsherSocket *socket)
{
  UcNet *net = socket->net;
  ssize_t n = recv (socket->fd, net->chunk, sizeof net->chunk, MSG_DONTWAIT);

  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    drop (socket);
  if (n <= 0)
    return;
  socket->missed = 0;
  if (!socket->deaf && !socket->close_seen)
    feed (socket, net->chunk, (gsize)n);
}

static void
ready (gpointer data, guint32 events)
{
  UsherSocket *socket = data;

  socket->refs++;
  if (events & EPOLLOUT)
    flush (socket);
  if (socket->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    read_some (socket);
  unref (socket);
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

UsherSocket *
uc_socket_new (UcNet *net, UcNetRoute *route, UcBlock *head)
{
  UsherSocket *socket = g_new0 (UsherSocket, 1);

  socket->net = net;
  socket->route = route;
  socket->max_message = (guint)route->max_body;
  socket->fd = -1;
  socket->refs = 1;
  uc_sendq_push (&socket->queue, head);
  return socket;
}

void
uc_socket_discard (UsherSocket *socket)
{
  unref (socket);
}

gpointer
uc_socket_owner (UsherSocket *socket)
{
  return socket->route != NULL ? socket->route->data : NULL;
}

const char *
uc_socket_path (UsherSocket *socket)
{
  return socket->route != NULL ? socket->route->path : "";
}

UcConn **
uc_socket_conn (UsherSocket *socket)
{
  return &socket->conn;
}

void
uc_socket_abandon (UsherSocket *socket)
{
  socket->code = WSLAY_CODE_ABNORMAL_CLOSURE;
  socket->close_sent = TRUE;
  tell_owner (socket);
  unref (socket);
}

gboolean
uc_socket_is_orphan (UsherSocket *socket)
{
  return socket->route == NULL;
}

void
uc_socket_start (UsherSocket *socket, int fd, const guint8 *early, gsize len)
{
  UcNet *net = socket->net;

  net->counters.sockets_opened++;
  socket->watch = fd >= 0 ? uc_loop_watch (net->loop, fd, EPOLLIN, ready, socket) : NULL;
  if (socket->watch == NULL)
    {
      if (fd >= 0)
        close (fd);
      uc_socket_abandon (socket);
      return;
    }
  socket->fd = fd;
  enqueue (socket,
           (gint64)(socket->close_sent ? net->limits.close_timeout_s : net->limits.ping_interval_s) * 1000);
  mark_dirty (socket);
  socket->refs++;
  if (len > 0)
    feed (socket, early, len);
  unref (socket);
}

guint
uc_sockets_count (UcNet *net)
{
  return net->sockets.length + net->closing.length;
}

static void
add_queued (const GQueue *sockets, gsize *all, gsize *most)
{
  for (const GList *link = sockets->head; link != NULL; link = link->next)
    {
      const UsherSocket *socket = link->data;

      *all += socket->queue.bytes;
      *most = MAX (*most, socket->queue.bytes);
    }
}

void
uc_sockets_queued (UcNet *net, gsize *all, gsize *most)
{
  *all = *most = 0;
  add_queued (&net->sockets, all, most);
  add_queued (&net->closing, all, most);
}

static void
orphan (UsherSocket *socket, gpointer owner)
{
  if (socket->route == NULL || socket->route->data != owner)
    return;
  socket->route = NULL;
  start_close (socket, CODE_RESTART, "service restart");
}

static void
orphan_all (GQueue *queue, gpointer owner)
{
  for (GList *link = queue->head, *next; link != NULL; link = next)
    {
      next = link->next;
      orphan (link->data, owner);
    }
}

void
uc_sockets_unroute (UcNet *net, gpointer data)
{
  if (net->opening != NULL)
    orphan (net->opening, data);
  uc_upgrades_unroute (net, data);
  orphan_all (&net->closing, data);
  orphan_all (&net->sockets, data);
}

void
uc_sockets_tick (UcNet *net, gint64 now)
{
  UsherSocket *socket;

  while ((socket = g_queue_peek_head (&net->closing)) != NULL && socket->due <= now)
    drop (socket);
  while ((socket = g_queue_peek_head (&net->sockets)) != NULL && socket->due <= now)
    {
      if (socket->missed >= MISSED_PONGS)
        {
          drop (socket);
          continue;
        }
      socket->missed++;
      push_frame (socket, WSLAY_PING, NULL, 0);
      unlink_socket (socket, &socket->link, &net->sockets);
      enqueue (socket, (gint64)net->limits.ping_interval_s * 1000);
    }
}

void
uc_sockets_stop (UcNet *net)
{
  UsherSocket *socket;

  net->flush_deferred = TRUE; /* it is done below, and not after the net is gone */
  while ((socket = g_queue_peek_head (&net->sockets)) != NULL)
    start_close (socket, CODE_RESTART, "service restart");
  while ((socket = g_queue_peek_head (&net->closing)) != NULL)
    {
      (void)uc_sendq_flush (&socket->queue, socket->fd);
      drop (socket);
    }
}
