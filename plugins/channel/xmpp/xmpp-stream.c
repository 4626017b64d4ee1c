/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Life of the stream. jabber_stream_new starts the thread "xmpp-stream"; everything below "the thread" runs there,
 * the rest on the main thread. The two meet in two queues under one lock.
 */
#include "xmpp-stream-private.h"
#include "xmpp-text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define USED_MAX (16 * 1024 * 1024)
#define STOP_US (3 * G_USEC_PER_SEC)
#define CLOSE_US (1 * G_USEC_PER_SEC)
#define KEPT_MAX 1000

void
jabber_event_free (JabberEvent *event)
{
  if (event == NULL)
    return;
  g_free (event->message);
  jabber_in_free (event->in);
  g_free (event);
}

static void
wake (JabberStream *stream)
{
  guint64 one = 1;

  /* Fails only when it is already awake. */
  if (write (stream->wake_fd, &one, sizeof one) < 0)
    return;
}

/* ---- the main thread ----------------------------------------------------------------------------------- */

void
jabber_stream_push (JabberStream *stream, JabberOut *out)
{
  g_mutex_lock (&stream->lock);
  g_queue_push_tail (&stream->commands, out);
  g_mutex_unlock (&stream->lock);
  wake (stream);
}

JabberEvent *
jabber_stream_take (JabberStream *stream)
{
  JabberEvent *event;

  g_mutex_lock (&stream->lock);
  event = g_queue_pop_head (&stream->events);
  if (event == NULL)
    stream->scheduled = FALSE;
  g_mutex_unlock (&stream->lock);
  return event;
}

void
jabber_stream_used (JabberStream *stream, gsize bytes)
{
  gint before = g_atomic_int_add (&stream->used, -(gint)bytes);

  if (before > USED_MAX / 2 && before - (gint)bytes <= USED_MAX / 2)
    wake (stream);
}

gboolean
jabber_stream_is_full (JabberStream *stream)
{
  return g_atomic_int_get (&stream->used) > USED_MAX;
}

void
jabber_stream_owe (JabberStream *stream, int owed)
{
  g_atomic_int_set (&stream->owed, owed);
  if (owed == 0 && g_atomic_int_get (&stream->stopping))
    wake (stream);
}

void
jabber_stream_stop (JabberStream *stream)
{
  g_atomic_int_set (&stream->stopping, TRUE);
  wake (stream);
}

void
jabber_stream_free (JabberStream *stream, void (*left) (void *data, JabberEvent *event))
{
  JabberEvent *event;

  g_atomic_int_set (&stream->quit, TRUE);
  wake (stream);
  g_thread_join (stream->thread);
  while ((event = g_queue_pop_head (&stream->events)) != NULL)
    {
      if (left != NULL)
        left (stream->config.data, event);
      jabber_event_free (event);
    }
  g_queue_clear_full (&stream->commands, (GDestroyNotify)jabber_out_free);
  close (stream->wake_fd);
  g_mutex_clear (&stream->lock);
  g_free (stream);
}

/* ---- the thread: telling the main thread --------------------------------------------------------------- */

void
jabber_stream_emit (JabberStream *stream, JabberEvent *event)
{
  gboolean first;

  if (event->in != NULL)
    g_atomic_int_add (&stream->used, (gint)jabber_in_size (event->in));
  g_mutex_lock (&stream->lock);
  g_queue_push_tail (&stream->events, event);
  first = !stream->scheduled;
  stream->scheduled = TRUE;
  g_mutex_unlock (&stream->lock);
  if (first)
    stream->config.host->invoke (stream->config.instance, stream->config.wake, stream->config.data);
}

static void
on_log (void *data, xmpp_log_level_t level, const char *area, const char *text)
{
  JabberStream *stream = data;
  g_autofree char *clean = NULL;
  g_autofree char *line = NULL;

  /* Below warnings the library logs whole stanzas. */
  if (level < XMPP_LEVEL_WARN)
    return;
  clean = jabber_text_clean (text);
  line = g_strdup_printf ("libstrophe: %s: %s", area, g_strdelimit (clean, "\r\n", ' '));
  stream->config.host->log (stream->config.instance, USHER_LOG_DEBUG, line);
}

/* ---- the thread: its loop ------------------------------------------------------------------------------ */

static void
take_commands (JabberStream *stream)
{
  JabberOut *out;

  g_mutex_lock (&stream->lock);
  while ((out = g_queue_pop_head (&stream->commands)) != NULL)
    g_queue_push_tail (&stream->outbox, out);
  g_mutex_unlock (&stream->lock);
  if (!stream->connected)
    jabber_traffic_break (stream, jabber_unwritten (stream), stream->down_message);
  /* Acknowledgements outlive a short outage, a long one only in part. */
  while (!stream->connected && g_queue_get_length (&stream->outbox) > KEPT_MAX)
    jabber_out_free (g_queue_pop_head (&stream->outbox));
}

static void
set_paused (JabberStream *stream)
{
  gint used = g_atomic_int_get (&stream->used);
  gboolean before = stream->paused;

  stream->paused
      = stream->connected && !g_atomic_int_get (&stream->stopping) && used > (before ? USED_MAX / 2 : USED_MAX);
  if (before && !stream->paused)
    stream->heard_at = g_get_monotonic_time ();
}

static int
wait_ms (JabberStream *stream, gint64 now)
{
  if (stream->closing || g_atomic_int_get (&stream->stopping))
    return 50;
  /* The library does not say whether it has parts of the handshake to write. */
  if (stream->conn != NULL && stream->reached && !stream->connected)
    return 10;
  if (stream->conn != NULL)
    return 1000; /* the library's own time limits */
  return (int)CLAMP ((stream->next_attempt - now) / 1000 + 1, 0, 60000);
}

static void
wait_for_work (JabberStream *stream)
{
  struct pollfd fds[2] = { { .fd = stream->wake_fd, .events = POLLIN } };
  gboolean watch = stream->conn != NULL && stream->fd >= 0 && !stream->paused;
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  guint64 count;

  if (watch)
    {
      fds[1].fd = stream->fd;
      fds[1].events = POLLIN;
      if (!stream->connected || xmpp_conn_send_queue_len (stream->conn) > 0)
        fds[1].events |= POLLOUT;
    }
  /* While the answer to our opening is awaited the socket is writable all the time. */
  if (watch && !stream->connected && stream->reached)
    fds[1].events = POLLIN;
  if (poll (fds, watch ? 2 : 1, wait_ms (stream, g_get_monotonic_time ())) < 0 && errno != EINTR)
    g_usleep (10000);
  if ((fds[0].revents & POLLIN) != 0 && read (stream->wake_fd, &count, sizeof count) < 0)
    return;
  if (watch && !stream->reached && (fds[1].revents & POLLOUT) != 0
      && getpeername (stream->fd, (struct sockaddr *)&peer, &len) == 0)
    stream->reached = TRUE;
}

static gboolean
may_close (JabberStream *stream, gint64 now)
{
  if (!g_atomic_int_get (&stream->stopping))
    return FALSE;
  if (stream->stop_at == 0)
    stream->stop_at = now + STOP_US;
  return !stream->connected || now >= stream->stop_at;
}

static void
turn (JabberStream *stream)
{
  gint64 now = g_get_monotonic_time ();

  if (stream->conn == NULL && now >= stream->next_attempt)
    jabber_connect (stream);
  set_paused (stream);
  if (stream->paused)
    jabber_traffic_return (stream, USHER_BUSY,
                           "Too much waits for usher's store; nothing is sent until it is done.");
  else if (stream->connected)
    jabber_traffic_write (stream);
  if (!stream->dead && !stream->paused)
    xmpp_run_once (stream->ctx, 0);
  if (!stream->dead)
    wait_for_work (stream);
  if (stream->connected && !stream->dead && !stream->paused)
    jabber_traffic_check (stream, g_get_monotonic_time ());
  if (stream->dead)
    jabber_disconnected (stream);
}

static void
close_stream (JabberStream *stream)
{
  gint64 until = g_get_monotonic_time () + CLOSE_US;

  stream->closing = TRUE;
  if (stream->conn == NULL)
    return;
  jabber_set_down (stream, USHER_CANCELLED, "The channel was stopped.");
  if (stream->connected && !stream->dead && !g_atomic_int_get (&stream->quit))
    {
      xmpp_disconnect (stream->conn);
      while (!stream->dead && g_get_monotonic_time () < until)
        {
          xmpp_run_once (stream->ctx, 0);
          if (!stream->dead)
            wait_for_work (stream);
        }
      jabber_set_down (stream, USHER_CANCELLED, "The channel was stopped.");
    }
  jabber_disconnected (stream);
}

/* The library writes to a socket that may be gone; a plugin does not decide for the process what that means. */
static void
block_sigpipe (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
}

static gpointer
run (gpointer data)
{
  JabberStream *stream = data;
  JabberEvent *closed;

  block_sigpipe ();
  stream->log = (xmpp_log_t){ on_log, stream };
  stream->ctx = xmpp_ctx_new (NULL, &stream->log);
  jabber_spare_take (stream);
  while (!g_atomic_int_get (&stream->quit))
    {
      /* Read before the commands: what the last answered delivery led to is then among them. */
      gboolean owed = g_atomic_int_get (&stream->owed) > 0;

      take_commands (stream);
      if (may_close (stream, g_get_monotonic_time ())
          || (g_atomic_int_get (&stream->stopping) && !owed && jabber_traffic_is_idle (stream)))
        break;
      turn (stream);
    }
  close_stream (stream);
  take_commands (stream);
  jabber_traffic_break (stream, USHER_CANCELLED, "The channel was stopped.");
  g_queue_clear_full (&stream->outbox, (GDestroyNotify)jabber_out_free);
  g_array_unref (stream->unpinged);
  xmpp_ctx_free (stream->ctx);
  jabber_spare_give (stream);
  g_free (stream->down_message);
  g_free (stream->nonce);
  closed = g_new0 (JabberEvent, 1);
  closed->kind = JABBER_EVENT_CLOSED;
  jabber_stream_emit (stream, closed);
  return NULL;
}

/* ---- the main thread: starting it ---------------------------------------------------------------------- */

JabberStream *
jabber_stream_new (const JabberStreamConfig *config, char **why)
{
  JabberStream *stream = g_new0 (JabberStream, 1);
  g_autoptr (GError) error = NULL;
  guint64 random;

  stream->config = *config;
  stream->fd = stream->spare_fd = -1;
  stream->unpinged = g_array_new (FALSE, FALSE, sizeof (guint64));
  stream->down_status = USHER_RETRY;
  stream->down_message = g_strdup ("usher is not connected to the XMPP server yet.");
  config->host->random (&random, sizeof random);
  stream->nonce = g_strdup_printf ("%" G_GINT64_MODIFIER "x", random);
  g_mutex_init (&stream->lock);
  stream->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stream->wake_fd < 0)
    *why = g_strdup_printf ("No event descriptor can be had: %s.", g_strerror (errno));
  else
    stream->thread = g_thread_try_new ("xmpp-stream", run, stream, &error);
  if (stream->thread != NULL)
    return stream;
  if (error != NULL)
    *why = g_strdup_printf ("The stream's thread can't be started: %s.", error->message);
  if (stream->wake_fd >= 0)
    close (stream->wake_fd);
  g_array_unref (stream->unpinged);
  g_free (stream->down_message);
  g_free (stream->nonce);
  g_mutex_clear (&stream->lock);
  g_free (stream);
  return NULL;
}
