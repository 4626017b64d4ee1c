/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The I/O thread of an instance: one epoll over the socket, its clients and an eventfd by which the main thread
 * says that there is something to do. Nothing here blocks but epoll_wait. Runs on the thread it starts,
 * "terminal".
 */
#include "terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_AT_ONCE (64 * 1024)
#define EVENTS 64
#define CLOSE_WITHIN (5 * G_TIME_SPAN_SECOND)

void
terminal_io_look (TerminalClient *client)
{
  const guint64 one = 1;

  if (client->dirty || client->gone)
    return;
  client->dirty = TRUE;
  g_queue_push_tail (&client->terminal->dirty, client);
  /* It can only fail when the counter is at its end, and then the thread is awake. */
  if (client->terminal->dirty.length == 1 && write (client->terminal->wake, &one, sizeof one) < 0)
    return;
}

static void
watch (TerminalClient *client, guint events)
{
  struct epoll_event event = { .events = events, .data.ptr = client };

  if (client->armed == events)
    return;
  epoll_ctl (client->terminal->poll, EPOLL_CTL_MOD, client->fd, &event);
  client->armed = events;
}

/* The connection is over; the main thread frees the client. */
static void
drop (TerminalClient *client)
{
  Terminal *terminal = client->terminal;

  close (client->fd);
  client->fd = -1;
  terminal->open--;
  terminal->leaving -= client->close_before > 0;
  g_mutex_lock (&terminal->lock);
  client->gone = TRUE;
  if (client->dirty)
    g_queue_remove (&terminal->dirty, client);
  client->dirty = FALSE;
  g_mutex_unlock (&terminal->lock);
  terminal_client_left (client);
}

/* ---- from the client ----------------------------------------------------------------------------------- */

/* Hands over what is whole. FALSE: the client breaks the rules and is told so. */
static gboolean
hand_over (TerminalClient *client)
{
  Terminal *terminal = client->terminal;
  TerminalSplitResult result;
  const char *text;
  gboolean tell = FALSE;
  gsize len;

  g_mutex_lock (&terminal->lock);
  while ((result = terminal_split_next (&client->split, &text, &len)) == TERMINAL_SPLIT_FRAME)
    {
      TerminalFrame *frame = g_new0 (TerminalFrame, 1);

      frame->text = g_strndup (text, len);
      frame->len = len;
      g_queue_push_tail (&client->inbox, frame);
      client->inbox_bytes += len;
      tell = TRUE;
    }
  if (result != TERMINAL_SPLIT_MORE)
    {
      static const char bye[]
          = "{\"type\":\"bye\",\"code\":\"protocol\",\"message\":\"a frame is a line of JSON text of "
            "at most 262144 bytes\"}";

      terminal_client_queue (client, bye, sizeof bye - 1);
      client->closing = TRUE;
      terminal_io_look (client);
    }
  client->paused = client->inbox.length >= TERMINAL_INBOX_FRAMES || client->inbox_bytes >= TERMINAL_INBOX_BYTES;
  tell = tell && !client->told;
  client->told |= tell;
  g_mutex_unlock (&terminal->lock);
  if (tell)
    terminal_client_sent (client);
  return result == TERMINAL_SPLIT_MORE;
}

/* FALSE: it is gone. */
static gboolean
read_some (TerminalClient *client)
{
  char buffer[READ_AT_ONCE];
  ssize_t got = recv (client->fd, buffer, sizeof buffer, 0);

  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (got <= 0)
    return FALSE;
  terminal_split_push (&client->split, buffer, (gsize)got);
  if (!hand_over (client))
    terminal_split_reset (&client->split);
  return TRUE;
}

/* ---- to the client ------------------------------------------------------------------------------------- */

static void
written (TerminalClient *client, gsize len)
{
  client->outbox_bytes -= len;
  client->written += len;
  while (client->outbox.length > 0 && client->written >= ((TerminalFrame *)client->outbox.head->data)->len)
    {
      TerminalFrame *frame = g_queue_pop_head (&client->outbox);

      client->written -= frame->len;
      terminal_frame_free (frame);
    }
}

/* With the lock: the I/O is non-blocking, so it is not held for long. FALSE: the client is gone. */
static gboolean
write_some (TerminalClient *client)
{
  while (client->outbox.length > 0)
    {
      struct iovec parts[16];
      struct msghdr message = { .msg_iov = parts };
      ssize_t sent;

      for (GList *link = client->outbox.head; link != NULL && message.msg_iovlen < G_N_ELEMENTS (parts);
           link = link->next)
        {
          TerminalFrame *frame = link->data;
          gsize skip = link == client->outbox.head ? client->written : 0;

          parts[message.msg_iovlen++] = (struct iovec){ frame->text + skip, frame->len - skip };
        }
      sent = sendmsg (client->fd, &message, MSG_NOSIGNAL);
      if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
      written (client, (gsize)sent);
    }
  return TRUE;
}

/* Does for a client what is to be done, and watches for what it waits for. */
static void
serve (TerminalClient *client, guint events)
{
  Terminal *terminal = client->terminal;
  gboolean closing, alive = TRUE, more;
  guint wanted = 0;

  if ((events & EPOLLIN) != 0 && client->close_before == 0)
    alive = read_some (client);
  else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
    alive = FALSE;
  g_mutex_lock (&terminal->lock);
  alive = alive && !client->cut && write_some (client);
  closing = client->closing;
  more = client->outbox.length > 0;
  wanted = (client->paused || closing ? 0 : EPOLLIN) | (more ? EPOLLOUT : 0);
  g_mutex_unlock (&terminal->lock);
  if (closing && client->close_before == 0)
    {
      client->close_before = g_get_monotonic_time () + CLOSE_WITHIN;
      terminal->leaving++;
    }
  if (!alive || (closing && !more))
    drop (client);
  else
    watch (client, wanted);
}

/* ---- those who come ------------------------------------------------------------------------------------ */

static void
take_in (Terminal *terminal, int fd)
{
  struct ucred peer = { .uid = (uid_t)-1 };
  socklen_t len = sizeof peer;
  TerminalClient *client;
  struct epoll_event event = { .events = EPOLLIN };

  getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
  client = terminal_client_new (terminal, fd, peer.uid);
  event.data.ptr = client;
  client->armed = event.events;
  if (epoll_ctl (terminal->poll, EPOLL_CTL_ADD, fd, &event) != 0)
    {
      terminal_client_free (client);
      return;
    }
  terminal->open++;
  g_mutex_lock (&terminal->lock);
  g_hash_table_add (terminal->clients, client);
  g_mutex_unlock (&terminal->lock);
  terminal_client_came (client);
}

static void
turn_away (Terminal *terminal, int fd)
{
  static const char bye[]
      = "{\"type\":\"bye\",\"code\":\"busy\",\"message\":\"as many desks are connected as the setting "
        "clients allows; connect again later\"}\n";
  gint64 now = g_get_monotonic_time ();

  if (send (fd, bye, sizeof bye - 1, MSG_NOSIGNAL) < 0)
    g_debug ("a client that was turned away had gone");
  close (fd);
  if (now < terminal->complain_again)
    return;
  terminal->complain_again = now + 60 * G_TIME_SPAN_SECOND;
  terminal_log (terminal, USHER_LOG_WARNING,
                "turned a client away: %u are connected, which is all that the setting clients allows",
                terminal->open);
}

static void
listen_for_more (Terminal *terminal, gboolean on)
{
  struct epoll_event event = { .events = on ? EPOLLIN : 0, .data.ptr = terminal };

  epoll_ctl (terminal->poll, EPOLL_CTL_MOD, terminal->listener, &event);
  terminal->accept_again = on ? 0 : g_get_monotonic_time () + G_TIME_SPAN_SECOND;
}

static void
accept_some (Terminal *terminal)
{
  for (guint i = 0; i < EVENTS; i++)
    {
      int fd = accept4 (terminal->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

      if (fd >= 0 && terminal->open < terminal->clients_max)
        take_in (terminal, fd);
      else if (fd >= 0)
        turn_away (terminal, fd);
      else if (errno == EINTR || errno == ECONNABORTED)
        continue;
      else if (errno == EAGAIN)
        return;
      else
        {
          /* Out of descriptors or memory: the socket stays ready, so it is left alone for a moment. */
          terminal_log (terminal, USHER_LOG_WARNING, "can't take a connection on %s: %s; trying again in a second",
                        terminal->path, g_strerror (errno));
          listen_for_more (terminal, FALSE);
          return;
        }
    }
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static TerminalClient *
next_dirty (Terminal *terminal, gboolean *stopping)
{
  TerminalClient *client;

  g_mutex_lock (&terminal->lock);
  client = g_queue_pop_head (&terminal->dirty);
  if (client != NULL)
    client->dirty = FALSE;
  *stopping = terminal->stopping;
  g_mutex_unlock (&terminal->lock);
  return client;
}

/* FALSE: the thread is to end. */
static gboolean
serve_dirty (Terminal *terminal)
{
  TerminalClient *client;
  gboolean stopping;
  guint64 count;

  if (read (terminal->wake, &count, sizeof count) < 0 && errno != EAGAIN)
    return FALSE;
  while ((client = next_dirty (terminal, &stopping)) != NULL)
    serve (client, 0);
  return !stopping;
}

/* Those who were told good-bye and do not read it. */
static void
close_late (Terminal *terminal, gint64 now)
{
  g_autoptr (GPtrArray) late = g_ptr_array_new ();
  GHashTableIter iter;
  TerminalClient *client;

  g_mutex_lock (&terminal->lock);
  g_hash_table_iter_init (&iter, terminal->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    if (client->fd >= 0 && client->close_before > 0 && client->close_before <= now)
      g_ptr_array_add (late, client);
  g_mutex_unlock (&terminal->lock);
  for (guint i = 0; i < late->len; i++)
    drop (late->pdata[i]);
}

static gpointer
run (gpointer data)
{
  Terminal *terminal = data;
  gboolean going = TRUE;

  while (going)
    {
      struct epoll_event events[EVENTS];
      gboolean waiting = terminal->leaving > 0 || terminal->accept_again > 0;
      int count = epoll_wait (terminal->poll, events, EVENTS, waiting ? 1000 : -1);
      gint64 now = g_get_monotonic_time ();
      gboolean woken = FALSE;

      for (int i = 0; i < count; i++)
        if (events[i].data.ptr == terminal)
          accept_some (terminal);
        else if (events[i].data.ptr == &terminal->wake)
          woken = TRUE;
        else
          serve (events[i].data.ptr, events[i].events);
      if (terminal->accept_again > 0 && terminal->accept_again <= now)
        listen_for_more (terminal, TRUE);
      /* Last, because a client in `events` must not be freed before its turn: only a served one is dropped. */
      if (woken)
        going = serve_dirty (terminal);
      if (terminal->leaving > 0)
        close_late (terminal, now);
    }
  return NULL;
}

gboolean
terminal_io_start (Terminal *terminal, char **why)
{
  struct epoll_event event = { .events = EPOLLIN };
  gboolean good;

  terminal->poll = epoll_create1 (EPOLL_CLOEXEC);
  terminal->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  good = terminal->poll >= 0 && terminal->wake >= 0;
  event.data.ptr = terminal;
  good = good && epoll_ctl (terminal->poll, EPOLL_CTL_ADD, terminal->listener, &event) == 0;
  event.data.ptr = &terminal->wake;
  good = good && epoll_ctl (terminal->poll, EPOLL_CTL_ADD, terminal->wake, &event) == 0;
  if (!good)
    {
      *why = g_strdup_printf ("the socket can't be watched: %s.", g_strerror (errno));
      return FALSE;
    }
  terminal->thread = g_thread_new ("terminal", run, terminal);
  return TRUE;
}

void
terminal_io_stop (Terminal *terminal)
{
  const guint64 one = 1;
  GHashTableIter iter;
  TerminalClient *client;

  if (terminal->thread != NULL)
    {
      g_mutex_lock (&terminal->lock);
      terminal->stopping = TRUE;
      g_mutex_unlock (&terminal->lock);
      if (write (terminal->wake, &one, sizeof one) < 0)
        g_debug ("the thread is awake");
      g_thread_join (g_steal_pointer (&terminal->thread));
    }
  /* Alone now: the last words, as far as the sockets take them. */
  g_hash_table_iter_init (&iter, terminal->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    if (client->fd >= 0)
      {
        write_some (client);
        close (client->fd);
        client->fd = -1;
        client->gone = TRUE;
      }
  if (terminal->poll >= 0)
    close (terminal->poll);
  if (terminal->wake >= 0)
    close (terminal->wake);
  terminal->poll = terminal->wake = -1;
}
