/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Customers who open a page with the chat on it, as fast as the server lets them. Each does what the widget does
 * from the loaded page to the moment a message can be written: a connection, POST MOUNT/session for a token, a
 * second connection, the WebSocket's upgrade, hello, and welcome. With --bare it is the upgrade alone. Whoever is
 * open stays; those beyond go again when they are ready, and the next one comes. One thread, one epoll set.
 *
 *   widgets --port N (--mount PATH | --bare PATH) [--open N] [--slots N] [--seconds S]
 *
 * Standard output: {"opened":N,"seconds":S} when --open of them are; then, with --seconds, {"handshakes":N,
 * "seconds":S}; without it the open ones stay until standard input ends. Exit status 1: somebody did not get in.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_SIZE 4096
#define EVENTS 256
#define PATIENCE_S 20
#define REFUSED_US 20000
#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455, section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
/* Addresses to come from, so that closed connections do not use up the ports of one. */
#define SOURCES 64

typedef enum
{
  STEP_SESSION, /* its answer is waited for */
  STEP_UPGRADE,
  STEP_WELCOME,
  STEP_READY
} Step;

typedef struct
{
  int fd;
  Step step;
  gboolean stays, connected;
  char *out; /* to be sent when the connection is there */
  char *token;
  char in[IN_SIZE];
  gsize len;
} Visitor;

static int port, wanted_open, slots = 32;
static double seconds;
static char *mount, *bare;
static int epoll;
static guint opened, ready, underway, refused;
static gint64 last_ready;

static gint64
now_us (void)
{
  return g_get_monotonic_time ();
}

static void
fail (const Visitor *visitor, const char *what)
{
  static const char *const steps[] = { "asking for a session", "the upgrade", "hello", "being ready" };

  fprintf (stderr, "widgets: %s during %s; the last answer was:\n%.*s\n", what, steps[visitor->step],
           (int)visitor->len, visitor->in);
  exit (1);
}

/* ---- connections --------------------------------------------------------------------------------------- */

static void
connect_again (Visitor *visitor, Step step, char *out)
{
  static guint32 source;
  struct sockaddr_in from
      = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK + 1 + source++ % SOURCES) };
  struct sockaddr_in to
      = { .sin_family = AF_INET, .sin_port = htons ((guint16)port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct epoll_event event = { .events = EPOLLOUT, .data.ptr = visitor };
  int one = 1;

  visitor->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  visitor->step = step;
  visitor->connected = FALSE;
  visitor->len = 0;
  g_free (visitor->out);
  visitor->out = out;
  setsockopt (visitor->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt (visitor->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (visitor->fd < 0 || bind (visitor->fd, (struct sockaddr *)&from, sizeof from) < 0
      || (connect (visitor->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
      || epoll_ctl (epoll, EPOLL_CTL_ADD, visitor->fd, &event) < 0)
    fail (visitor, g_strerror (errno));
}

static void
send_all (Visitor *visitor, const char *data, gsize len)
{
  /* A request is smaller than any socket buffer. */
  if (send (visitor->fd, data, len, MSG_NOSIGNAL) != (gssize)len)
    fail (visitor, g_strerror (errno));
}

static void
send_frame (Visitor *visitor, guint8 opcode, const char *text, gsize len)
{
  guint8 frame[1024] = { 0x80 | opcode, 0x80 | (guint8)MIN (len, 126) };
  gsize head = 2;

  g_assert (len < sizeof frame - 8);
  if (len >= 126)
    {
      frame[head++] = (guint8)(len >> 8);
      frame[head++] = (guint8)len;
    }
  head += 4; /* the mask is zero: the server has to unmask all the same */
  memcpy (frame + head, text, len);
  send_all (visitor, (char *)frame, head + len);
}

static void
begin_upgrade (Visitor *visitor, const char *path)
{
  connect_again (visitor, STEP_UPGRADE,
                 g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: " KEY "\r\n"
                                  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
                                  "Firefox/128.0\r\nAccept-Language: en-US,en;q=0.5\r\n\r\n",
                                  path, port, port));
}

static void
begin (Visitor *visitor)
{
  underway++;
  if (bare != NULL)
    {
      begin_upgrade (visitor, bare);
      return;
    }
  connect_again (
      visitor, STEP_SESSION,
      g_strdup_printf ("POST %s/session HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 2\r\n"
                       "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
                       "Firefox/128.0\r\nAccept-Language: en-US,en;q=0.5\r\n\r\n{}",
                       mount, port, port));
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
be_ready (Visitor *visitor)
{
  visitor->step = STEP_READY;
  visitor->len = 0;
  ready++;
  underway--;
  last_ready = now_us ();
  if (visitor->stays)
    {
      opened++;
      return;
    }
  send_frame (visitor, 8, "\x03\xe8", 2);
  close (visitor->fd);
  begin (visitor);
}

static const char *
after (const Visitor *visitor, const char *what)
{
  const char *at = memmem (visitor->in, visitor->len, what, strlen (what));

  return at != NULL ? at + strlen (what) : NULL;
}

/* A server that has too much to do says so early; a page waits and comes again. PATIENCE_S is the end of it. */
static gboolean
is_refused (Visitor *visitor)
{
  if (!g_str_has_prefix (visitor->in, "HTTP/1.1 503 "))
    return FALSE;
  refused++;
  close (visitor->fd);
  underway--;
  g_usleep (REFUSED_US);
  begin (visitor);
  return TRUE;
}

/* The whole answer has come. */
static void
got_session (Visitor *visitor)
{
  const char *token = after (visitor, "\"token\":\"");
  const char *end = token != NULL ? memchr (token, '"', (gsize)(visitor->in + visitor->len - token)) : NULL;
  g_autofree char *path = g_strconcat (mount, "/ws", NULL);

  if (!g_str_has_prefix (visitor->in, "HTTP/1.1 200") || end == NULL)
    fail (visitor, "no token came");
  g_free (visitor->token);
  visitor->token = g_strndup (token, (gsize)(end - token));
  close (visitor->fd);
  begin_upgrade (visitor, path);
}

static void
got_upgrade (Visitor *visitor, gsize head)
{
  g_autofree char *hello = NULL;

  if (!g_str_has_prefix (visitor->in, "HTTP/1.1 101") || after (visitor, ACCEPT) == NULL)
    fail (visitor, "the server did not upgrade");
  if (bare != NULL)
    {
      be_ready (visitor);
      return;
    }
  hello = g_strdup_printf ("{\"hello\":{\"token\":\"%s\",\"after\":0}}", visitor->token);
  visitor->len -= head;
  memmove (visitor->in, visitor->in + head, visitor->len);
  visitor->step = STEP_WELCOME;
  send_frame (visitor, 1, hello, strlen (hello));
}

static gsize
content_length (const Visitor *visitor)
{
  const char *value = after (visitor, "Content-Length: ");

  return value != NULL ? (gsize)g_ascii_strtoull (value, NULL, 10) : 0;
}

static void
look (Visitor *visitor)
{
  const char *body = visitor->step < STEP_WELCOME ? after (visitor, "\r\n\r\n") : NULL;
  gsize head = body != NULL ? (gsize)(body - visitor->in) : 0;

  if (body != NULL && is_refused (visitor))
    return;
  if (visitor->step == STEP_SESSION && body != NULL && visitor->len >= head + content_length (visitor))
    got_session (visitor);
  else if (visitor->step == STEP_UPGRADE && body != NULL)
    got_upgrade (visitor, head);
  else if (visitor->step == STEP_WELCOME && after (visitor, "{\"welcome\":") != NULL)
    be_ready (visitor);
  else if (visitor->step == STEP_READY)
    visitor->len = 0;
}

static void
take_event (Visitor *visitor, guint32 events)
{
  struct epoll_event wait = { .events = EPOLLIN, .data.ptr = visitor };
  gssize got;

  if (!visitor->connected && (events & (EPOLLERR | EPOLLHUP)) == 0)
    {
      visitor->connected = TRUE;
      send_all (visitor, visitor->out, strlen (visitor->out));
      epoll_ctl (epoll, EPOLL_CTL_MOD, visitor->fd, &wait);
      return;
    }
  got = recv (visitor->fd, visitor->in + visitor->len, IN_SIZE - visitor->len, 0);
  if (got <= 0)
    fail (visitor, got == 0 ? "the server hung up" : g_strerror (errno));
  visitor->len += (gsize)got;
  look (visitor);
}

static void
turn (void)
{
  struct epoll_event events[EVENTS];
  int n = epoll_wait (epoll, events, EVENTS, 100);

  for (int i = 0; i < n; i++)
    take_event (events[i].data.ptr, events[i].events);
  if (underway > 0 && now_us () - last_ready > PATIENCE_S * G_USEC_PER_SEC)
    {
      fprintf (stderr, "widgets: nobody was let in for %d s\n", PATIENCE_S);
      exit (1);
    }
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static void
open_all (void)
{
  gint64 began = last_ready = now_us ();
  guint begun = 0;

  while (opened < (guint)wanted_open)
    {
      for (; underway < (guint)slots && begun < (guint)wanted_open; begun++)
        {
          Visitor *visitor = g_new0 (Visitor, 1);

          visitor->stays = TRUE;
          begin (visitor);
        }
      turn ();
    }
  printf ("{\"opened\":%u,\"refused\":%u,\"seconds\":%.3f}\n", opened, refused,
          (double)(now_us () - began) / G_USEC_PER_SEC);
  fflush (stdout);
}

static void
churn (void)
{
  gint64 began = last_ready = now_us ();
  guint before = ready;

  for (int s = 0; s < slots; s++)
    begin (g_new0 (Visitor, 1));
  while (now_us () - began < (gint64)(seconds * G_USEC_PER_SEC))
    turn ();
  printf ("{\"handshakes\":%u,\"refused\":%u,\"seconds\":%.3f}\n", ready - before, refused,
          (double)(now_us () - began) / G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[]
      = { { "port", 0, 0, G_OPTION_ARG_INT, &port, "of the server, on 127.0.0.1", "N" },
          { "mount", 0, 0, G_OPTION_ARG_STRING, &mount, "of the webchat channel", "PATH" },
          { "bare", 0, 0, G_OPTION_ARG_STRING, &bare, "only upgrade there", "PATH" },
          { "open", 0, 0, G_OPTION_ARG_INT, &wanted_open, "so many stay open", "N" },
          { "slots", 0, 0, G_OPTION_ARG_INT, &slots, "so many come at once (32)", "N" },
          { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "how long others come and go", "S" },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  char byte;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || port < 1 || port > 65535 || slots < 1
      || (mount == NULL) == (bare == NULL))
    {
      fprintf (stderr, "widgets: %s\n",
               error != NULL ? error->message : "--port and one of --mount and --bare are needed");
      return 2;
    }
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  open_all ();
  if (seconds > 0)
    churn ();
  else
    while (read (STDIN_FILENO, &byte, 1) > 0)
      ;
  return 0;
}
