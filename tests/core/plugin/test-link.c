/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two ends of a socket pair: credits, large frames, and an other side that breaks the rules.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugin/link.h"

typedef struct
{
  UcLoop *loop;
  UcLink *daemon, *host; /* host NULL: the test itself is the other side, on fd */
  int fd;
  guint daemon_got, host_got;
  gsize last_len;
  gint64 last_number;
  gboolean closed;
  char *why;
} Pair;

static void
on_daemon_message (gpointer data, UcWireMessage *message)
{
  Pair *pair = data;

  pair->daemon_got++;
  if (message->spec->op == UC_OP_MEDIA_PUT)
    pair->last_len = message->values[0].bytes.len;
  if (message->spec->op == UC_OP_HISTORY)
    {
      g_assert_cmpint (message->values[1].number, ==, pair->last_number + 1);
      pair->last_number++;
    }
}

static void
on_host_message (gpointer data, UcWireMessage *message)
{
  ((Pair *)data)->host_got++;
}

static void
on_closed (gpointer data, const char *why)
{
  Pair *pair = data;

  pair->closed = TRUE;
  g_free (pair->why);
  pair->why = g_strdup (why);
}

static void
set_up (Pair *pair, gconstpointer both)
{
  static const UcLinkOps daemon = { on_daemon_message, on_closed }, host = { on_host_message, on_closed };
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
  pair->loop = uc_loop_new ();
  pair->daemon = uc_link_new (pair->loop, fds[0], UC_SIDE_DAEMON, &daemon, pair);
  pair->fd = -1;
  if (both != NULL)
    pair->host = uc_link_new (pair->loop, fds[1], UC_SIDE_HOST, &host, pair);
  else
    pair->fd = fds[1];
}

static void
tear_down (Pair *pair, gconstpointer both)
{
  uc_link_free (pair->daemon);
  uc_link_free (pair->host);
  if (pair->fd >= 0)
    close (pair->fd);
  uc_loop_free (pair->loop);
  g_free (pair->why);
}

#define WAIT_FOR(condition)                                                                                       \
  while (!(condition))                                                                                            \
  g_main_context_iteration (NULL, TRUE)

/* Far more than credit and buffers hold, from both sides at once, and neither ever waits: all of it arrives in
 * order. */
static void
test_flood (Pair *pair, gconstpointer both)
{
  g_autofree char *text = g_strnfill (4000, 'x');
  UcLinkFigures figures;

  for (gint64 i = 1; i <= 3000; i++)
    {
      g_assert_true (uc_link_send (pair->host, UC_OP_HISTORY, 0, text, i, (gint64)0));
      g_assert_true (uc_link_send (pair->daemon, UC_OP_GET_CASE, (guint64)i, text));
    }
  g_assert_false (uc_link_has_room (pair->host));
  uc_link_figures (pair->host, &figures);
  g_assert_cmpuint (figures.sent, <=, UC_LINK_FRAMES);
  WAIT_FOR (pair->daemon_got == 3000 && pair->host_got == 3000);
  g_assert_true (uc_link_has_room (pair->host));
  g_assert_false (pair->closed);
}

static void
test_large (Pair *pair, gconstpointer both)
{
  gsize len = UC_WIRE_MAX_BODY - 1024;
  g_autofree char *bytes = g_malloc0 (len);

  for (guint i = 1; i <= 3; i++)
    g_assert_true (uc_link_send (pair->host, UC_OP_MEDIA_PUT, i, bytes, len, NULL, NULL));
  g_assert_false (uc_link_send (pair->host, UC_OP_MEDIA_PUT, 4, bytes, len + 1024, NULL, NULL));
  WAIT_FOR (pair->daemon_got == 3);
  g_assert_cmpuint (pair->last_len, ==, len);
}

static void
test_too_much_waits (Pair *pair, gconstpointer both)
{
  guint sent = 0;

  /* Nobody reads at the other end. */
  while (uc_link_send (pair->daemon, UC_OP_GET_CASE, 1, "x"))
    g_assert_cmpuint (++sent, <, UC_LINK_MAX_FRAMES + 10000);
  g_assert_false (pair->closed);
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "does not take"));
}

static void
put (Pair *pair, GByteArray *frame)
{
  g_assert_cmpint (send (pair->fd, frame->data, frame->len, 0), ==, frame->len);
  g_byte_array_unref (frame);
}

/* Credit comes back as frames are read, so only what nobody reads can exceed it: here what comes while the other
 * side waits for a certain answer. */
static void
test_beyond_credit (Pair *pair, gconstpointer both)
{
  static const UcLinkOps ops = { on_host_message, on_closed };
  const int room = 1024 * 1024;
  int fds[2];
  UcLink *link;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_assert_cmpint (setsockopt (fds[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), ==, 0);
  link = uc_link_new (pair->loop, fds[0], UC_SIDE_HOST, &ops, pair);
  for (guint i = 0; i <= UC_LINK_FRAMES; i++)
    {
      g_autoptr (GByteArray) frame = uc_wire_encode (UC_OP_STOP, i);

      g_assert_cmpint (send (fds[1], frame->data, frame->len, MSG_DONTWAIT), ==, frame->len);
    }
  g_assert_null (uc_link_wait (link, UC_OP_ROUTED, 1));
  WAIT_FOR (pair->closed);
  g_assert_cmpstr (pair->why, ==, "more frames than it has credit for");
  uc_link_free (link);
  close (fds[1]);
}

/* What came in the meantime is handed over afterwards, in its order. */
static void
test_wait (Pair *pair, gconstpointer both)
{
  g_autoptr (UcWireMessage) answer = NULL;

  for (guint i = 0; i < 10; i++)
    g_assert_true (uc_link_send (pair->daemon, UC_OP_STOP, i));
  g_assert_true (uc_link_send (pair->daemon, UC_OP_ROUTED, 5, 1));
  answer = uc_link_wait (pair->host, UC_OP_ROUTED, 5);
  g_assert_true (answer->values[0].truth);
  g_assert_cmpuint (pair->host_got, ==, 0);
  WAIT_FOR (pair->host_got == 10);
}

static void
test_credit_from_nothing (Pair *pair, gconstpointer both)
{
  put (pair, uc_wire_encode (UC_OP_CREDIT, 0, (gint64)1, (gint64)0));
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "credit"));
}

static void
test_rubbish (Pair *pair, gconstpointer both)
{
  g_assert_cmpint (send (pair->fd, "rubbish", 7, 0), ==, 7);
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "shorter than a header"));
}

static void
send_with_fd (Pair *pair, const UcWireHeader *header, int fd)
{
  struct iovec iov = { (gpointer)header, sizeof *header };
  union
  {
    char space[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
  } control = { 0 };
  struct msghdr message
      = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
  struct cmsghdr *head = CMSG_FIRSTHDR (&message);

  *head = (struct cmsghdr){ CMSG_LEN (sizeof (int)), SOL_SOCKET, SCM_RIGHTS };
  memcpy (CMSG_DATA (head), &fd, sizeof fd);
  g_assert_cmpint (sendmsg (pair->fd, &message, 0), ==, sizeof *header);
  close (fd);
}

/* It could be made shorter while we read it. */
static void
test_unsealed (Pair *pair, gconstpointer both)
{
  const UcWireHeader header = { .len = 100000, .op = UC_OP_MEDIA_PUT, .flags = UC_WIRE_MEMFD, .token = 1 };
  int fd = memfd_create ("test", MFD_ALLOW_SEALING);

  g_assert_cmpint (ftruncate (fd, 100000), ==, 0);
  send_with_fd (pair, &header, fd);
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "not sealed"));
}

static void
test_unannounced (Pair *pair, gconstpointer both)
{
  const UcWireHeader header = { .op = UC_OP_PONG };

  send_with_fd (pair, &header, dup (0));
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "descriptor"));
}

/* It looks like the end, and its descriptor is closed all the same. */
static void
test_empty_with_descriptor (Pair *pair, gconstpointer both)
{
  union
  {
    char space[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
  } control = { 0 };
  struct msghdr message = { .msg_control = control.space, .msg_controllen = sizeof control.space };
  struct cmsghdr *head = CMSG_FIRSTHDR (&message);
  int fds[2];
  char byte;

  g_assert_cmpint (pipe (fds), ==, 0);
  *head = (struct cmsghdr){ CMSG_LEN (sizeof (int)), SOL_SOCKET, SCM_RIGHTS };
  memcpy (CMSG_DATA (head), &fds[1], sizeof fds[1]);
  g_assert_cmpint (sendmsg (pair->fd, &message, 0), ==, 0);
  close (fds[1]);
  WAIT_FOR (pair->closed);
  g_assert_nonnull (strstr (pair->why, "shorter than a header"));
  g_assert_cmpint (fcntl (fds[0], F_SETFL, O_NONBLOCK), ==, 0);
  g_assert_cmpint (read (fds[0], &byte, 1), ==, 0);
  close (fds[0]);
}

static guint
open_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* The other side reads nothing: what waits for it takes memory, but no descriptor for each frame. */
static void
test_waiting_without_descriptors (Pair *pair, gconstpointer both)
{
  gsize len = UC_WIRE_MAX_INLINE + 1;
  g_autofree char *bytes = g_malloc0 (len);
  guint before = open_descriptors ();

  for (guint i = 0; i < 1000; i++)
    g_assert_true (uc_link_send (pair->daemon, UC_OP_KV_VALUE, i, bytes, len));
  g_assert_cmpuint (open_descriptors (), <=, before + 1);
  g_assert_false (pair->closed);
}

static void
test_end (Pair *pair, gconstpointer both)
{
  put (pair, uc_wire_encode (UC_OP_LOG, 0, (gint64)4, "the last words"));
  close (pair->fd);
  pair->fd = -1;
  WAIT_FOR (pair->closed);
  g_assert_cmpuint (pair->daemon_got, ==, 1);
  g_assert_cmpstr (pair->why, ==, NULL);
  g_assert_false (uc_link_send (pair->daemon, UC_OP_STOP, 1));
}

#define ADD(name, both, func) g_test_add (name, Pair, both, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/link/a-flood-from-both-sides-arrives-in-order", "both", test_flood);
  ADD ("/link/large-frames-go-by-memory-file", "both", test_large);
  ADD ("/link/what-waits-is-bounded", NULL, test_too_much_waits);
  ADD ("/link/frames-beyond-the-credit-end-it", NULL, test_beyond_credit);
  ADD ("/link/one-answer-can-be-waited-for", "both", test_wait);
  ADD ("/link/credit-for-nothing-ends-it", NULL, test_credit_from_nothing);
  ADD ("/link/rubbish-ends-it", NULL, test_rubbish);
  ADD ("/link/an-unsealed-memory-file-ends-it", NULL, test_unsealed);
  ADD ("/link/a-descriptor-nobody-announced-ends-it", NULL, test_unannounced);
  ADD ("/link/an-empty-packet-leaves-no-descriptor", NULL, test_empty_with_descriptor);
  ADD ("/link/what-waits-holds-no-descriptors", NULL, test_waiting_without_descriptors);
  ADD ("/link/last-words-are-heard", NULL, test_end);
  return g_test_run ();
}
