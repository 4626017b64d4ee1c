/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta, sending webhooks as fast as they are answered: text messages of about 600 bytes, signed, each with an id
 * of its own, from --users people in turn, over --conns connections that are kept alive and have one request under
 * way each. One thread, one epoll set.
 *
 *   hook --port N --path PATH [--secret S] [--conns N] [--users N] [--from N] [--count N | --seconds S]
 *
 * Standard output: {"requests":N,"refused":N,"seconds":S,"p50_us":N,"p99_us":N,"bytes":N}, the latter of a body.
 * What an overloaded server refuses with 503 is sent again, as Meta would, but at once. --from: the number of the
 * first message, so that a second run sends others. Exit status 1: an answer was neither 200 nor 503.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_SIZE 2048
#define EVENTS 64
#define PATIENCE_S 20

typedef struct
{
  int fd;
  guint64 number; /* of the message under way */
  gint64 asked_ns;
  char in[IN_SIZE];
  gsize len;
} Conn;

static int port, conns = 16, users = 100, from, count;
static double seconds;
static char *path, *secret;
static GArray *latencies; /* of gint64, ns */
static guint64 asked, answered, refused;
static int epoll;
static gsize body_bytes;

static gint64
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
fail (const char *what, const Conn *conn)
{
  fprintf (stderr, "hook: %s after %" G_GUINT64_FORMAT " answers; the last one:\n%.*s\n", what, answered,
           (int)conn->len, conn->in);
  exit (1);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

/* As Meta writes it; the text makes it the usual length. */
static char *
body_of (guint64 n)
{
  guint64 user = 24053817364000000 + n % (guint64)users;
  gint64 at = g_get_real_time () / 1000;

  return g_strdup_printf (
      "{\"object\":\"page\",\"entry\":[{\"id\":\"107284395512034\",\"time\":%" G_GINT64_FORMAT ",\"messaging\":"
      "[{\"sender\":{\"id\":\"%" G_GUINT64_FORMAT
      "\"},\"recipient\":{\"id\":\"107284395512034\"},\"timestamp\":%" G_GINT64_FORMAT
      ",\"message\":{\"mid\":\"m_AG5Hz2Uq7tuwNEhXfYYKj8mJEM_QPpz5jdCK48PnKAjSdjfipqxqMvK8ma6AC8fplw"
      "lqLP_5cgXIbu7I3rBN0P%012" G_GUINT64_FORMAT
      "\",\"text\":\"Hello, I ordered a lamp from you two weeks ago (order "
      "20251109-4471) and it has not arrived yet. The tracking page has shown the same place since Monday. Could "
      "somebody please find out where it is, and when I can expect it? I am at home in the afternoons.\"}}]}]}",
      at, user, at, n);
}

static void
post (Conn *conn)
{
  g_autofree char *body = body_of (conn->number);
  gsize len = strlen (body);
  g_autofree char *hmac = NULL, *request = NULL;

  if (secret != NULL)
    hmac = g_compute_hmac_for_data (G_CHECKSUM_SHA256, (guchar *)secret, strlen (secret), (guchar *)body, len);
  request = g_strdup_printf (
      "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
      "User-Agent: facebookexternalua\r\nAccept: */*\r\n%s%s%sContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
      path, port, hmac != NULL ? "X-Hub-Signature-256: sha256=" : "", hmac != NULL ? hmac : "",
      hmac != NULL ? "\r\n" : "", len, body);
  body_bytes = len;
  conn->len = 0;
  conn->asked_ns = now_ns ();
  /* A request is smaller than any socket buffer. */
  if (send (conn->fd, request, strlen (request), MSG_NOSIGNAL) != (gssize)strlen (request))
    fail (g_strerror (errno), conn);
}

static void
ask (Conn *conn)
{
  conn->number = (guint64)from + asked++;
  post (conn);
}

static void
connect_it (Conn *conn)
{
  struct sockaddr_in to
      = { .sin_family = AF_INET, .sin_port = htons ((guint16)port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };
  int one = 1;

  conn->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (conn->fd < 0 || connect (conn->fd, (struct sockaddr *)&to, sizeof to) < 0
      || epoll_ctl (epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
    fail (g_strerror (errno), conn);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static gboolean
is_whole (const Conn *conn)
{
  const char *body = memmem (conn->in, conn->len, "\r\n\r\n", 4);
  const char *length = memmem (conn->in, conn->len, "Content-Length: ", 16);

  if (body == NULL)
    return FALSE;
  return conn->len >= (gsize)(body + 4 - conn->in) + (length != NULL ? strtoul (length + 16, NULL, 10) : 0);
}

/* TRUE = the answer has come. */
static gboolean
read_some (Conn *conn)
{
  gssize got = recv (conn->fd, conn->in + conn->len, IN_SIZE - conn->len, 0);
  gint64 took;

  if (got <= 0)
    fail (got == 0 ? "the server hung up" : g_strerror (errno), conn);
  conn->len += (gsize)got;
  if (!is_whole (conn))
    return FALSE;
  if (strncmp (conn->in, "HTTP/1.1 503", 12) == 0)
    {
      close (conn->fd);
      connect_it (conn);
      refused++;
      post (conn);
      return FALSE;
    }
  if (strncmp (conn->in, "HTTP/1.1 200", 12) != 0)
    fail ("a request was refused", conn);
  took = now_ns () - conn->asked_ns;
  g_array_append_val (latencies, took);
  answered++;
  return TRUE;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static Conn *
conn_new (void)
{
  Conn *conn = g_new0 (Conn, 1);

  connect_it (conn);
  return conn;
}

static gboolean
goes_on (gint64 began)
{
  if (count > 0)
    return asked < (guint64)count;
  return now_ns () - began < (gint64)(seconds * 1e9);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

  return x < y ? -1 : x > y;
}

static double
percentile_us (double part)
{
  return latencies->len == 0
             ? 0
             : (double)g_array_index (latencies, gint64, (guint)(part * (latencies->len - 1))) / 1e3;
}

static void
run (void)
{
  gint64 began, ended;
  GPtrArray *all = g_ptr_array_new ();

  epoll = epoll_create1 (EPOLL_CLOEXEC);
  latencies = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (int c = 0; c < conns; c++)
    g_ptr_array_add (all, conn_new ());
  began = now_ns ();
  for (int c = 0; c < conns && goes_on (began); c++)
    ask (all->pdata[c]);
  while (answered < asked)
    {
      struct epoll_event events[EVENTS];
      int n = epoll_wait (epoll, events, EVENTS, PATIENCE_S * 1000);

      if (n == 0)
        fail ("no answer for 20 s", all->pdata[0]);
      for (int i = 0; i < n; i++)
        if (read_some (events[i].data.ptr) && goes_on (began))
          ask (events[i].data.ptr);
    }
  ended = now_ns ();
  g_array_sort (latencies, compare);
  printf ("{\"requests\":%" G_GUINT64_FORMAT ",\"refused\":%" G_GUINT64_FORMAT
          ",\"seconds\":%.4f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"bytes\":%" G_GSIZE_FORMAT "}\n",
          answered, refused, (double)(ended - began) / 1e9, percentile_us (0.5), percentile_us (0.99), body_bytes);
  for (int c = 0; c < conns; c++)
    {
      close (((Conn *)all->pdata[c])->fd);
      g_free (all->pdata[c]);
    }
  g_ptr_array_unref (all);
  g_array_unref (latencies);
  close (epoll);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[]
      = { { "port", 0, 0, G_OPTION_ARG_INT, &port, "of the server, on 127.0.0.1", "N" },
          { "path", 0, 0, G_OPTION_ARG_STRING, &path, "of the webhook", "PATH" },
          { "secret", 0, 0, G_OPTION_ARG_STRING, &secret, "to sign with (app_secret); none: unsigned", "S" },
          { "conns", 0, 0, G_OPTION_ARG_INT, &conns, "connections (16)", "N" },
          { "users", 0, 0, G_OPTION_ARG_INT, &users, "people who write (100)", "N" },
          { "from", 0, 0, G_OPTION_ARG_INT, &from, "number of the first message", "N" },
          { "count", 0, 0, G_OPTION_ARG_INT, &count, "so many messages", "N" },
          { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "or for so long", "S" },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || port < 1 || port > 65535 || path == NULL
      || conns < 1 || users < 1 || (count <= 0 && seconds <= 0))
    {
      fprintf (stderr, "hook: %s\n",
               error != NULL ? error->message : "--port, --path and --count or --seconds are needed");
      return 2;
    }
  run ();
  return 0;
}
