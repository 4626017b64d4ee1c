/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many customers at once: posts messages to the web chat over so many connections, at a given rate or as fast as
 * answers come, and says what became of them. Standard input: one session token per line. Standard output: a line
 * "ack ID" for each message that was acknowledged, then one line of JSON with the figures.
 *
 * flood PORT CONNECTIONS RATE SECONDS PREFIX; rate 0 = each connection sends again when it has its answer. An
 * offer for which no connection is free is counted as such and not made up for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_TOKENS 100000
#define MOST_SAMPLES 4000000
#define GRACE_S 20

typedef struct
{
  int fd; /* -1 = closed */
  bool busy, reused;
  char in[8192], out[2048];
  size_t in_len, out_len, out_sent;
  char id[64];
  double begun;
} Conn;

typedef struct
{
  double *at;
  size_t len;
} Samples;

static struct
{
  unsigned long offered, sent, accepted, refused, refused_in_band, other, broken, no_retry_after, unsent;
  Samples accept_ms, refuse_ms;
} figures;

static char *tokens[MOST_TOKENS];
static size_t n_tokens, next_token;
static unsigned long next_id;
static int epoll, port;
static const char *prefix;

static double
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
die (const char *what)
{
  fprintf (stderr, "flood: %s: %s\n", what, strerror (errno));
  exit (EXIT_FAILURE);
}

static void
add_sample (Samples *samples, double ms)
{
  if (samples->at == NULL)
    samples->at = malloc (MOST_SAMPLES * sizeof *samples->at);
  if (samples->at != NULL && samples->len < MOST_SAMPLES)
    samples->at[samples->len++] = ms;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return x < y ? -1 : x > y;
}

static double
quantile (Samples *samples, double q)
{
  return samples->len == 0 ? 0 : samples->at[(size_t)((double)(samples->len - 1) * q)];
}

/* ---- one connection ------------------------------------------------------------------------------------ */

static void
hang_up (Conn *conn)
{
  if (conn->fd >= 0)
    close (conn->fd);
  conn->fd = -1;
  conn->busy = conn->reused = false;
}

static void
watch (Conn *conn, int op, uint32_t events)
{
  struct epoll_event event = { .events = events, .data.ptr = conn };

  if (epoll_ctl (epoll, op, conn->fd, &event) < 0)
    die ("epoll_ctl");
}

static bool
open_conn (Conn *conn)
{
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_port = htons ((uint16_t)port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int one = 1;

  conn->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (conn->fd < 0)
    die ("socket");
  setsockopt (conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect (conn->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
    {
      hang_up (conn);
      return false;
    }
  watch (conn, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
  return true;
}

static void
flush (Conn *conn)
{
  ssize_t n = send (conn->fd, conn->out + conn->out_sent, conn->out_len - conn->out_sent, MSG_NOSIGNAL);

  if (n > 0)
    conn->out_sent += (size_t)n;
  watch (conn, EPOLL_CTL_MOD, conn->out_sent < conn->out_len ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void
compose (Conn *conn)
{
  char body[1024];
  int len = snprintf (body, sizeof body,
                      "{\"token\":\"%s\",\"frames\":[{\"message\":{\"id\":\"%s\",\"name\":\"Crowd\",\"text\":"
                      "\"where is my parcel %s\"}}]}",
                      tokens[next_token++ % n_tokens], conn->id, conn->id);

  conn->out_sent = conn->in_len = 0;
  conn->out_len = (size_t)snprintf (conn->out, sizeof conn->out,
                                    "POST /channel/site/send HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                    "Origin: http://127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                                    "Content-Length: %d\r\n\r\n%s",
                                    port, port, len, body);
}

static void
begin (Conn *conn)
{
  conn->busy = true;
  if (conn->fd >= 0)
    flush (conn);
  else if (!open_conn (conn))
    {
      figures.broken++;
      conn->busy = false;
    }
}

static void
ask (Conn *conn)
{
  snprintf (conn->id, sizeof conn->id, "%s%lu", prefix, ++next_id);
  compose (conn);
  conn->begun = now ();
  figures.sent++;
  begin (conn);
}

static void
take_answer (Conn *conn, int status, bool retry_after, const char *body)
{
  double ms = (now () - conn->begun) * 1000;

  if (status == 200 && strstr (body, "\"ack\"") != NULL)
    {
      figures.accepted++;
      add_sample (&figures.accept_ms, ms);
      printf ("ack %s\n", conn->id);
    }
  else if (status == 503 || status == 429 || (status == 200 && strstr (body, "\"refused\"") != NULL))
    {
      figures.refused++;
      figures.refused_in_band += status == 200;
      figures.no_retry_after += status == 503 ? !retry_after : strstr (body, "retry_after_ms") == NULL;
      add_sample (&figures.refuse_ms, ms);
    }
  else
    {
      if (figures.other++ == 0)
        fprintf (stderr, "flood: an answer %d: %.300s\n", status, body);
    }
}

/* A whole answer? Then it is taken. */
static void
parse (Conn *conn)
{
  char *end, *length;
  size_t body_len = 0, head_len;
  bool closes;

  conn->in[conn->in_len] = '\0';
  end = strstr (conn->in, "\r\n\r\n");
  if (end == NULL)
    return;
  head_len = (size_t)(end - conn->in) + 4;
  *end = '\0';
  length = strcasestr (conn->in, "content-length:");
  if (length != NULL)
    body_len = strtoul (length + 15, NULL, 10);
  if (conn->in_len < head_len + body_len)
    {
      *end = '\r';
      return;
    }
  closes = strcasestr (conn->in, "connection: close") != NULL;
  take_answer (conn, atoi (conn->in + 9), strcasestr (conn->in, "\nretry-after:") != NULL, conn->in + head_len);
  conn->busy = false;
  conn->reused = true;
  if (closes)
    hang_up (conn);
}

static void
handle (Conn *conn, uint32_t events)
{
  ssize_t n;

  if ((events & EPOLLOUT) != 0 && conn->out_sent < conn->out_len)
    flush (conn);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
    return;
  n = recv (conn->fd, conn->in + conn->in_len, sizeof conn->in - 1 - conn->in_len, 0);
  if (n > 0)
    {
      conn->in_len += (size_t)n;
      parse (conn);
    }
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    {
      bool again = conn->busy && conn->reused && conn->in_len == 0;

      /* A kept-alive connection may be closed at the moment it is used again: that is HTTP, not a failure. */
      hang_up (conn);
      if (again)
        {
          conn->out_sent = 0;
          begin (conn);
        }
      else if (conn->out_len > 0)
        figures.broken++;
    }
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static void
turn (double timeout)
{
  struct epoll_event events[256];
  int n = epoll_wait (epoll, events, 256, timeout <= 0 ? 0 : (int)(timeout * 1000) + 1);

  for (int i = 0; i < n; i++)
    if (((Conn *)events[i].data.ptr)->fd >= 0)
      handle (events[i].data.ptr, events[i].events);
}

static bool
any_busy (const Conn *conns, int count)
{
  for (int i = 0; i < count; i++)
    if (conns[i].busy)
      return true;
  return false;
}

static void
offer (Conn *conns, int count, unsigned long due)
{
  static int cursor;

  for (int tried = 0; due > 0 && tried < count; tried++)
    {
      Conn *conn = &conns[cursor++ % count];

      if (conn->busy)
        continue;
      figures.offered++;
      due--;
      ask (conn);
    }
  figures.offered += due;
  figures.unsent += due;
}

static void
run (Conn *conns, int count, double rate, double seconds)
{
  double begun = now (), end = begun + seconds;
  unsigned long due_so_far = 0;

  while (now () < end)
    {
      unsigned long due = rate > 0 ? (unsigned long)((now () - begun) * rate) - due_so_far : (unsigned long)count;

      if (rate > 0)
        {
          due_so_far += due;
          offer (conns, count, due);
        }
      else
        for (int i = 0; i < count; i++)
          if (!conns[i].busy)
            {
              figures.offered++;
              ask (&conns[i]);
            }
      turn (rate > 0 ? 0.001 : 0.05);
    }
  for (end = now () + GRACE_S; now () < end && any_busy (conns, count);)
    turn (0.05);
}

static void
report (double seconds)
{
  Samples *both[] = { &figures.accept_ms, &figures.refuse_ms };

  for (int i = 0; i < 2; i++)
    if (both[i]->len > 0)
      qsort (both[i]->at, both[i]->len, sizeof *both[i]->at, compare);
  printf (
      "{\"seconds\":%.2f,\"offered\":%lu,\"sent\":%lu,\"accepted\":%lu,\"refused\":%lu,\"refused_in_band\":%lu,"
      "\"without_retry_after\":%lu,\"other\":%lu,\"broken\":%lu,\"unsent\":%lu,"
      "\"accept_p50\":%.2f,\"accept_p99\":%.2f,\"refuse_p50\":%.2f,\"refuse_p99\":%.2f}\n",
      seconds, figures.offered, figures.sent, figures.accepted, figures.refused, figures.refused_in_band,
      figures.no_retry_after, figures.other, figures.broken, figures.unsent, quantile (&figures.accept_ms, 0.5),
      quantile (&figures.accept_ms, 0.99), quantile (&figures.refuse_ms, 0.5),
      quantile (&figures.refuse_ms, 0.99));
}

int
main (int argc, char **argv)
{
  char line[1024];
  int count;
  Conn *conns;

  if (argc != 6)
    {
      fprintf (stderr, "usage: flood PORT CONNECTIONS RATE SECONDS PREFIX < TOKENS\n");
      return 2;
    }
  port = atoi (argv[1]);
  count = atoi (argv[2]);
  prefix = argv[5];
  while (n_tokens < MOST_TOKENS && fgets (line, sizeof line, stdin) != NULL)
    {
      line[strcspn (line, "\n")] = '\0';
      tokens[n_tokens++] = strdup (line);
    }
  if (n_tokens == 0 || count < 1)
    {
      fprintf (stderr, "flood: no session tokens on standard input, or no connections\n");
      return 2;
    }
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  conns = calloc ((size_t)count, sizeof *conns);
  if (epoll < 0 || conns == NULL)
    die ("can't begin");
  for (int i = 0; i < count; i++)
    conns[i].fd = -1;
  run (conns, count, atof (argv[3]), atof (argv[4]));
  report (atof (argv[4]));
  return EXIT_SUCCESS;
}
