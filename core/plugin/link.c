/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packets, memfds and credits, see link.h. Main thread of either program.
 */
#include "core/plugin/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* In one turn of the loop, so that one that floods does not keep the others waiting. */
#define TURN_FRAMES 64
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

typedef struct
{
  GByteArray *bytes; /* header and body */
  int memfd;         /* the body of the one that goes next; -1 = none */
  gsize body;        /* what it costs */
  gboolean free;
} Frame;

struct UcLink
{
  UcLoop *loop;
  int fd;
  UcSide side;
  UcLinkOps ops;
  gpointer data;
  UcWatch *watch;
  guint refs;
  gboolean freed, told, broken;
  char *why;
  GQueue out;  /* of Frame */
  GQueue kept; /* of UcWireMessage: came while somebody waited for another */
  gboolean deferred;
  /* credit */
  gint64 may_send_frames, may_send_bytes;
  gint64 may_come_frames, may_come_bytes;
  gint64 read_frames, read_bytes; /* since the last credit we gave */
  UcLinkFigures figures;
  UcOp waits_for;
  guint64 waits_token;
  UcWireMessage *found;
  guint8 buffer[sizeof (UcWireHeader) + UC_WIRE_MAX_INLINE];
};

static void
frame_free (gpointer data)
{
  Frame *frame = data;

  if (frame->memfd >= 0)
    close (frame->memfd);
  g_byte_array_unref (frame->bytes);
  g_free (frame);
}

static void
unref (UcLink *link)
{
  if (--link->refs > 0)
    return;
  g_queue_clear_full (&link->out, frame_free);
  g_queue_clear_full (&link->kept, (GDestroyNotify)uc_wire_message_unref);
  uc_wire_message_unref (link->found);
  g_free (link->why);
  g_free (link);
}

/* ---- end ----------------------------------------------------------------------------------------------- */

static void
tell_closed (gpointer data)
{
  UcLink *link = data;

  if (!link->freed && !link->told)
    {
      link->told = TRUE;
      link->ops.closed (link->data, link->why);
    }
  unref (link);
}

static void
shut (UcLink *link)
{
  if (link->watch != NULL)
    uc_loop_unwatch (link->loop, g_steal_pointer (&link->watch));
  if (link->fd >= 0)
    close (link->fd);
  link->fd = -1;
}

/* why NULL = the other side closed. */
static void
fail (UcLink *link, const char *why)
{
  if (link->broken)
    return;
  link->broken = TRUE;
  link->why = g_strdup (why);
  shut (link);
  link->refs++;
  uc_loop_invoke (link->loop, tell_closed, link);
}

gboolean
uc_link_is_open (const UcLink *link)
{
  return !link->broken;
}

/* ---- out ----------------------------------------------------------------------------------------------- */

static int
make_memfd (const guint8 *data, gsize len)
{
  int fd = memfd_create ("usher-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  gsize done = 0;

  while (fd >= 0 && done < len)
    {
      ssize_t n = write (fd, data + done, len - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          int error = n < 0 ? errno : ENOSPC;

          close (fd);
          errno = error;
          return -1;
        }
      done += (gsize)n;
    }
  if (fd >= 0 && fcntl (fd, F_ADD_SEALS, SEALS) != 0)
    {
      close (fd);
      return -1;
    }
  return fd;
}

static Frame *
frame_new (GByteArray *bytes, gboolean costs_nothing)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->bytes = bytes;
  frame->memfd = -1;
  frame->free = costs_nothing;
  frame->body = bytes->len - sizeof (UcWireHeader);
  return frame;
}

/* Not before it goes: those that wait would hold a descriptor each, and the other side says how many wait. */
static gboolean
move_out (Frame *frame)
{
  UcWireHeader header;

  if (frame->body <= UC_WIRE_MAX_INLINE || frame->memfd >= 0)
    return TRUE;
  frame->memfd = make_memfd (frame->bytes->data + sizeof header, frame->body);
  if (frame->memfd < 0)
    return FALSE;
  memcpy (&header, frame->bytes->data, sizeof header);
  header.flags |= UC_WIRE_MEMFD;
  memcpy (frame->bytes->data, &header, sizeof header);
  g_byte_array_set_size (frame->bytes, sizeof header);
  return TRUE;
}

static gboolean
send_frame (UcLink *link, Frame *frame)
{
  struct iovec iov;
  union
  {
    char space[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
  } control = { 0 };
  struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
  ssize_t n;

  if (!move_out (frame))
    return FALSE;
  iov = (struct iovec){ frame->bytes->data, frame->bytes->len };
  if (frame->memfd >= 0)
    {
      struct cmsghdr *head;

      message.msg_control = control.space;
      message.msg_controllen = sizeof control.space;
      head = CMSG_FIRSTHDR (&message);
      *head = (struct cmsghdr){ CMSG_LEN (sizeof (int)), SOL_SOCKET, SCM_RIGHTS };
      memcpy (CMSG_DATA (head), &frame->memfd, sizeof (int));
    }
  do
    n = sendmsg (link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n >= 0;
}

static void
watch_for (UcLink *link, gboolean out)
{
  if (link->watch != NULL)
    uc_loop_watch_set (link->loop, link->watch, EPOLLIN | (out ? EPOLLOUT : 0));
}

static gboolean
may_go (const UcLink *link, const Frame *frame)
{
  return frame->free || (link->may_send_frames > 0 && link->may_send_bytes >= (gint64)frame->body);
}

/* The next frame or sign of life tries again. */
static gboolean
will_pass (int error)
{
  return error == EAGAIN || error == ENOBUFS || error == ETOOMANYREFS || error == EMFILE || error == ENFILE
         || error == ENOMEM || error == ENOSPC;
}

static void
push_out (UcLink *link)
{
  Frame *frame;

  while (!link->broken && (frame = g_queue_peek_head (&link->out)) != NULL)
    {
      if (!may_go (link, frame))
        {
          watch_for (link, FALSE);
          return;
        }
      if (!send_frame (link, frame))
        {
          /* What came before the end may still be read. */
          if (will_pass (errno))
            watch_for (link, errno == EAGAIN);
          else if (errno != EPIPE && errno != ECONNRESET)
            fail (link, "a frame could not be sent");
          return;
        }
      g_queue_pop_head (&link->out);
      if (!frame->free)
        {
          link->may_send_frames--;
          link->may_send_bytes -= (gint64)frame->body;
          link->figures.queued--;
          link->figures.queued_bytes -= frame->body;
          link->figures.sent++;
        }
      frame_free (frame);
    }
  watch_for (link, FALSE);
}

static void
queue_frame (UcLink *link, Frame *frame)
{
  /* Credit and life signs overtake what waits for credit, or two full sides would wait for each other. */
  if (frame->free)
    g_queue_push_head (&link->out, frame);
  else
    {
      g_queue_push_tail (&link->out, frame);
      link->figures.queued++;
      link->figures.queued_bytes += frame->body;
      link->figures.starved += link->out.head->data == frame && !may_go (link, frame);
    }
  if (link->out.length > UC_LINK_MAX_FRAMES || link->figures.queued_bytes > UC_LINK_MAX_BYTES)
    fail (link, "it does not take what it is sent: too much waits");
  else
    push_out (link);
}

gboolean
uc_link_send (UcLink *link, UcOp op, guint64 token, ...)
{
  GByteArray *bytes;
  va_list args;

  if (link->broken)
    return FALSE;
  va_start (args, token);
  bytes = uc_wire_encode_valist (op, token, args);
  va_end (args);
  if (bytes == NULL)
    return FALSE;
  queue_frame (link, frame_new (bytes, uc_wire_spec (op)->free));
  return TRUE;
}

gboolean
uc_link_has_room (const UcLink *link)
{
  return !link->broken && link->figures.queued < UC_LINK_BUSY_FRAMES
         && link->figures.queued_bytes < UC_LINK_BUSY_BYTES;
}

void
uc_link_figures (const UcLink *link, UcLinkFigures *figures)
{
  *figures = link->figures;
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static GBytes *
read_memfd (int fd, gsize len, const char **why)
{
  struct stat st;
  int seals = fcntl (fd, F_GET_SEALS);
  GBytes *bytes = NULL;
  void *map;

  /* Without the seals it could shrink under our eyes. */
  if (seals < 0 || (seals & SEALS) != SEALS || fstat (fd, &st) != 0 || (gsize)st.st_size != len || len == 0
      || len > UC_WIRE_MAX_BODY)
    {
      *why = "a memory file that is not sealed, or not as long as it says";
      return NULL;
    }
  map = mmap (NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED)
    *why = "a memory file could not be read";
  else
    {
      bytes = g_bytes_new (map, len);
      munmap (map, len);
    }
  return bytes;
}

static int
take_fd (struct msghdr *message, const char **why)
{
  int fd = -1;

  for (struct cmsghdr *head = CMSG_FIRSTHDR (message); head != NULL; head = CMSG_NXTHDR (message, head))
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
      {
        guint n = (guint)((head->cmsg_len - CMSG_LEN (0)) / sizeof (int));

        for (guint i = 0; i < n; i++)
          {
            if (fd >= 0)
              close (fd);
            memcpy (&fd, CMSG_DATA (head) + i * sizeof (int), sizeof (int));
          }
      }
  if ((message->msg_flags & MSG_CTRUNC) != 0)
    *why = "more descriptors than a frame can have";
  return fd;
}

static UcWireMessage *
open_packet (UcLink *link, gsize len, int fd, const char **why)
{
  g_autoptr (GBytes) body = NULL;
  UcWireHeader header;

  if (*why != NULL)
    return NULL;
  if (len < sizeof header)
    {
      *why = "a packet that is shorter than a header";
      return NULL;
    }
  memcpy (&header, link->buffer, sizeof header);
  if (((header.flags & UC_WIRE_MEMFD) != 0) != (fd >= 0) || (fd >= 0 && len != sizeof header))
    *why = "a descriptor that was not announced, or one that did not come";
  else if (fd >= 0)
    body = read_memfd (fd, header.len, why);
  else
    body = g_bytes_new (link->buffer + sizeof header, len - sizeof header);
  return *why == NULL
             ? uc_wire_decode (&header, body, link->side == UC_SIDE_DAEMON ? UC_SIDE_HOST : UC_SIDE_DAEMON, why)
             : NULL;
}

/* NULL with *why NULL: nothing there now, or the end. */
static UcWireMessage *
receive (UcLink *link, gboolean *end, const char **why)
{
  struct iovec iov = { link->buffer, sizeof link->buffer };
  union
  {
    char space[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
  } control;
  struct msghdr message
      = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
  UcWireMessage *got;
  ssize_t n = recvmsg (link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  int fd;

  *why = NULL;
  *end = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  if (n < 0)
    return NULL;
  fd = take_fd (&message, why);
  /* An empty packet looks like the end, but may bring a descriptor. */
  if (n == 0 && fd >= 0)
    *why = "a packet that is shorter than a header";
  if ((message.msg_flags & MSG_TRUNC) != 0 && *why == NULL)
    *why = "a packet that is longer than allowed";
  got = *end ? NULL : open_packet (link, (gsize)n, fd, why);
  if (fd >= 0)
    close (fd);
  return got;
}

static gboolean
take_credit (UcLink *link, const UcWireMessage *message)
{
  gint64 frames = message->values[0].number, bytes = message->values[1].number;

  if (frames <= 0 || bytes < 0 || frames > UC_LINK_FRAMES - link->may_send_frames
      || bytes > UC_LINK_BYTES - link->may_send_bytes)
    return FALSE;
  link->may_send_frames += frames;
  link->may_send_bytes += bytes;
  push_out (link);
  return TRUE;
}

static gboolean
charge (UcLink *link, const UcWireMessage *message)
{
  gsize body = g_bytes_get_size (message->body);

  if (link->may_come_frames < 1 || link->may_come_bytes < (gint64)body)
    return FALSE;
  link->may_come_frames--;
  link->may_come_bytes -= (gint64)body;
  return TRUE;
}

/* Half of it at a time: few frames, and the other side never waits for long. */
static void
give_credit (UcLink *link, const UcWireMessage *message)
{
  link->read_frames++;
  link->read_bytes += (gint64)g_bytes_get_size (message->body);
  if (link->read_frames < UC_LINK_FRAMES / 2 && link->read_bytes < UC_LINK_BYTES / 2)
    return;
  link->may_come_frames += link->read_frames;
  link->may_come_bytes += link->read_bytes;
  uc_link_send (link, UC_OP_CREDIT, 0, link->read_frames, link->read_bytes);
  link->read_frames = link->read_bytes = 0;
}

static void
hand_over (UcLink *link, UcWireMessage *message)
{
  if (!message->spec->free)
    give_credit (link, message);
  if (!link->freed)
    link->ops.message (link->data, message);
}

static void
sort_out (UcLink *link, UcWireMessage *message)
{
  link->figures.received += !message->spec->free;
  if (message->spec->op == UC_OP_CREDIT)
    {
      if (!take_credit (link, message))
        fail (link, "credit for more than can have been sent");
    }
  else if (message->spec->op == UC_OP_PING && link->waits_for == UC_OP_NONE)
    uc_link_send (link, UC_OP_PONG, message->token);
  else if (!message->spec->free && !charge (link, message))
    fail (link, "more frames than it has credit for");
  else if (link->waits_for != UC_OP_NONE && message->spec->op == link->waits_for
           && message->token == link->waits_token && link->found == NULL)
    {
      give_credit (link, message);
      link->found = uc_wire_message_ref (message);
    }
  else if (link->waits_for != UC_OP_NONE || !g_queue_is_empty (&link->kept))
    g_queue_push_tail (&link->kept, uc_wire_message_ref (message));
  else
    hand_over (link, message);
}

/* FALSE: nothing more now. */
static gboolean
read_one (UcLink *link)
{
  const char *why;
  gboolean end;
  g_autoptr (UcWireMessage) message = receive (link, &end, &why);

  if (message != NULL)
    sort_out (link, message);
  else if (why != NULL || end)
    fail (link, why);
  return message != NULL && !link->broken && !link->freed;
}

static void
hand_over_kept (gpointer data)
{
  UcLink *link = data;
  UcWireMessage *message;

  link->deferred = FALSE;
  while (!link->freed && (message = g_queue_pop_head (&link->kept)) != NULL)
    {
      if (message->spec->op == UC_OP_PING)
        uc_link_send (link, UC_OP_PONG, message->token);
      else
        hand_over (link, message);
      uc_wire_message_unref (message);
    }
  unref (link);
}

static void
ready (gpointer data, guint32 events)
{
  UcLink *link = data;

  link->refs++;
  if ((events & EPOLLOUT) != 0)
    push_out (link);
  for (guint i = 0; i < TURN_FRAMES && link->fd >= 0 && read_one (link); i++)
    ;
  unref (link);
}

UcWireMessage *
uc_link_wait (UcLink *link, UcOp op, guint64 token)
{
  UcWireMessage *found;

  link->refs++;
  link->waits_for = op;
  link->waits_token = token;
  while (!link->broken && !link->freed && link->found == NULL)
    {
      struct pollfd poller = { .fd = link->fd, .events = POLLIN };

      if (link->out.length > 0 && may_go (link, link->out.head->data))
        poller.events |= POLLOUT;
      if (poll (&poller, 1, -1) < 0 && errno != EINTR)
        break;
      push_out (link);
      while (link->fd >= 0 && link->found == NULL && read_one (link))
        ;
    }
  link->waits_for = UC_OP_NONE;
  found = g_steal_pointer (&link->found);
  if (!g_queue_is_empty (&link->kept) && !link->deferred)
    {
      link->deferred = TRUE;
      link->refs++;
      uc_loop_invoke (link->loop, hand_over_kept, link);
    }
  unref (link);
  return found;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

UcLink *
uc_link_new (UcLoop *loop, int fd, UcSide side, const UcLinkOps *ops, gpointer data)
{
  UcLink *link = g_new0 (UcLink, 1);

  link->loop = loop;
  link->fd = fd;
  link->side = side;
  link->ops = *ops;
  link->data = data;
  link->refs = 1;
  link->may_send_frames = link->may_come_frames = UC_LINK_FRAMES;
  link->may_send_bytes = link->may_come_bytes = UC_LINK_BYTES;
  link->watch = uc_loop_watch (loop, fd, EPOLLIN, ready, link);
  if (link->watch == NULL)
    fail (link, "its socket can't be watched");
  return link;
}

void
uc_link_free (UcLink *link)
{
  if (link == NULL)
    return;
  link->freed = TRUE;
  link->broken = TRUE;
  shut (link);
  unref (link);
}
