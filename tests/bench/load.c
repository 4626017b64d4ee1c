/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Load on a server: opens the connections that a file lists, lets them work, and counts every message. One thread.
 *
 * A line of the file is ROLE PROTOCOL PATH TOKEN (see load.h and load-talk.c; "-" = no token), opened in this
 * order. Open loop (--rate): a latency counts from the moment at which the message was due, so that a server which
 * stands still is charged for it. Closed loop: each sender has --window messages on their way, and the arrival of
 * one sends the next.
 *
 * Standard output, a line of JSON each: when all are connected, and the figures at the end; with --hold it waits
 * for a line on standard input in between. Exit status: 0, 2 on wrong use, and 1 when a message was lost, doubled,
 * out of order, astray or not acknowledged, or a connection failed. What the server refuses for a while is sent
 * again when it says.
 */
#include "tests/bench/load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define MOST_AT_ONCE 4096 /* messages that are overdue, sent in one go */
#define MOST_BODY 16384

LoadOptions load_options
    = { .window = 1, .at_once = 64, .size = 120, .warmup = 0.5, .duration = 2, .drain = 10, .timeout = 120 };
LoadConn *load_conns;
guint load_conns_len;

static GPtrArray *senders, *takers;

/* What is reported of the time that was measured. */
typedef struct
{
  gint64 ns;
  guint64 sent, delivered;
  double server_cpu, own_cpu;
} Mark;

/* ---- who ----------------------------------------------------------------------------------------------- */

static const char *const role_words[LOAD_ROLES] = { "sender", "receiver", "idle", "caller", "taker" };

static gboolean
parse_conn (LoadConn *conn, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  if (g_strv_length (words) != 4)
    return FALSE;
  while (conn->role < LOAD_ROLES && strcmp (words[0], role_words[conn->role]) != 0)
    conn->role++;
  conn->talk = load_talk_find (words[1]);
  if (conn->role == LOAD_ROLES || conn->talk == NULL)
    return FALSE;
  if (conn->role == LOAD_SENDER && conn->talk->message == NULL)
    return FALSE;
  conn->path = g_strdup (words[2]);
  conn->token = g_strdup (words[3]);
  return TRUE;
}

static void
read_conns (const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (file, &text, NULL, &error))
    {
      fprintf (stderr, "load: %s\n", error->message);
      exit (2);
    }
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  load_conns_len = g_strv_length (lines);
  load_conns = g_new0 (LoadConn, load_conns_len);
  senders = g_ptr_array_new ();
  takers = g_ptr_array_new ();
  for (guint i = 0; i < load_conns_len; i++)
    {
      LoadConn *conn = &load_conns[i];

      conn->fd = -1;
      conn->index = i;
      if (!parse_conn (conn, lines[i]))
        {
          fprintf (stderr, "load: %s:%u: not \"ROLE PROTOCOL PATH TOKEN\": %s\n", file, i + 1, lines[i]);
          exit (2);
        }
      if (conn->role == LOAD_SENDER)
        g_ptr_array_add (senders, conn);
      else if (conn->role == LOAD_TAKER)
        g_ptr_array_add (takers, conn);
    }
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void
say (LoadConn *conn, guint seq)
{
  char body[MOST_BODY];

  load_stamp (body, load_options.size, conn, seq, conn->due_ns);
  conn->talk->message (conn, seq, body);
}

void
load_resend (LoadConn *conn)
{
  say (conn, conn->sent - 1);
}

void
load_send (LoadConn *conn, gint64 due_ns)
{
  if (conn->unacked)
    {
      if (conn->waiting == NULL)
        conn->waiting = g_array_new (FALSE, FALSE, sizeof due_ns);
      g_array_append_val (conn->waiting, due_ns);
      return;
    }
  conn->due_ns = due_ns;
  conn->unacked = conn->talk->in_turn;
  conn->in_flight++;
  load_counts.sent++;
  say (conn, conn->sent++);
}

void
load_acked (LoadConn *conn)
{
  GArray *waiting = conn->waiting;

  load_counts.acked++;
  conn->unacked = FALSE;
  if (!load_counts.sending || waiting == NULL || waiting->len == conn->waiting_head)
    return;
  load_send (conn, g_array_index (waiting, gint64, conn->waiting_head++));
  if (waiting->len == conn->waiting_head)
    {
      g_array_set_size (waiting, 0);
      conn->waiting_head = 0;
    }
}

void
load_go_on (LoadConn *conn)
{
  guint on_their_way = conn->in_flight + (conn->waiting != NULL ? conn->waiting->len - conn->waiting_head : 0);

  if (!load_counts.sending || load_options.rate > 0 || conn->state != LOAD_READY)
    return;
  for (; on_their_way < (guint)load_options.window; on_their_way++)
    load_send (conn, load_now_ns ());
}

/* Sends what is due, one sender after the other; returns when the next is. */
static gint64
send_due (gint64 begun)
{
  static guint64 next;
  double gap = (double)SECOND / load_options.rate;
  gint64 now = load_now_ns ();

  for (guint i = 0; i < MOST_AT_ONCE && begun + (gint64)((double)next * gap) <= now; i++, next++)
    {
      LoadConn *conn = senders->pdata[next % senders->len];

      if (conn->state == LOAD_READY)
        load_send (conn, begun + (gint64)((double)next * gap));
    }
  return begun + (gint64)((double)next * gap);
}

/* Frees an agent when one is due who has a chat; returns when the next is. */
static gint64
end_due (gint64 begun)
{
  static guint64 next, cursor;
  double gap = (double)SECOND / load_options.offers;
  gint64 now = load_now_ns ();

  while (begun + (gint64)((double)next * gap) <= now)
    {
      for (guint tried = 0; tried < takers->len; tried++)
        {
          LoadConn *conn = takers->pdata[cursor++ % takers->len];

          if (conn->state == LOAD_READY && conn->interaction != NULL)
            {
              load_taker_end (conn);
              break;
            }
        }
      next++;
    }
  return begun + (gint64)((double)next * gap);
}

/* ---- phases -------------------------------------------------------------------------------------------- */

static gint64
connect_all (void)
{
  gint64 begun = load_now_ns (), end = begun + (gint64)(load_options.timeout * SECOND);
  guint next = 0;
  guint64 done = 0;

  while (done < load_conns_len && load_counts.failed == 0 && load_now_ns () < end)
    {
      for (; next < load_conns_len && next - done < load_options.at_once; next++)
        load_conn_start (&load_conns[next]);
      load_turn (load_now_ns () + SECOND / 1000);
      done = load_counts.ready;
    }
  if (load_counts.ready < load_conns_len)
    {
      for (guint i = 0; i < load_conns_len; i++)
        if (load_conns[i].state != LOAD_READY)
          {
            fprintf (stderr, "load: %u of %u connections are not ready; the first: %s %s, state %d\n",
                     load_conns_len - (guint)load_counts.ready, load_conns_len, role_words[load_conns[i].role],
                     load_conns[i].path, load_conns[i].state);
            break;
          }
      exit (1);
    }
  return load_now_ns () - begun;
}

/* Answers heartbeats until somebody says go. */
static void
hold (void)
{
  char line[100];

  fcntl (STDIN_FILENO, F_SETFL, O_NONBLOCK);
  while (read (STDIN_FILENO, line, sizeof line) < 0)
    load_turn (load_now_ns () + SECOND / 100);
}

static double
server_cpu (void)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", load_options.pid);
  g_autofree char *text = NULL;
  const char *end;
  gulong user, kernel;

  if (load_options.pid == 0 || !g_file_get_contents (path, &text, NULL, NULL)
      || (end = strrchr (text, ')')) == NULL
      || sscanf (end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
    return 0;
  return (double)(user + kernel) / (double)sysconf (_SC_CLK_TCK);
}

static double
own_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static Mark
mark (void)
{
  return (Mark){ load_now_ns (), load_counts.sent, load_counts.delivered, server_cpu (), own_cpu () };
}

static void
work (Mark *first, Mark *last)
{
  gint64 begun = load_now_ns (), from = begun + (gint64)(load_options.warmup * SECOND),
         to = from + (gint64)(load_options.duration * SECOND), now;

  load_counts.sending = TRUE;
  for (guint i = 0; i < senders->len; i++)
    load_go_on (senders->pdata[i]);
  while ((now = load_now_ns ()) < to)
    {
      gint64 until = to;

      if (!load_counts.measuring && now >= from)
        {
          load_counts.measuring = TRUE;
          *first = mark ();
        }
      if (senders->len > 0 && load_options.rate > 0)
        until = MIN (until, send_due (begun));
      if (takers->len > 0 && load_options.offers > 0)
        until = MIN (until, end_due (begun));
      load_turn (load_counts.measuring ? until : MIN (until, from));
    }
  *last = mark ();
  load_counts.sending = FALSE;
}

/* How many acknowledgements are missing: the widget's protocol has them. */
static guint64
unacked (void)
{
  guint64 count = 0;

  for (guint i = 0; i < senders->len; i++)
    {
      const LoadConn *conn = senders->pdata[i];

      count += conn->unacked;
    }
  return count;
}

/* How many were due and had to wait for an acknowledgement until it was too late. */
static guint64
unsent (void)
{
  guint64 count = 0;

  for (guint i = 0; i < senders->len; i++)
    {
      const LoadConn *conn = senders->pdata[i];

      count += conn->waiting != NULL ? conn->waiting->len - conn->waiting_head : 0;
    }
  return count;
}

static gboolean
all_arrived (void)
{
  return load_counts.delivered >= load_counts.sent && unacked () == 0;
}

static void
drain (void)
{
  gint64 end = load_now_ns () + (gint64)(load_options.drain * SECOND);

  while (!all_arrived () && load_now_ns () < end)
    load_turn (load_now_ns () + SECOND / 1000);
  /* Whatever came twice comes soon. */
  for (end = load_now_ns () + SECOND / 50; load_now_ns () < end;)
    load_turn (end);
}

static void
print_histogram (const char *name, const LoadHistogram *histogram)
{
  printf (",\"%s\":{\"count\":%" G_GUINT64_FORMAT
          ",\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
          name, histogram->count, load_histogram_us (histogram, 0.5), load_histogram_us (histogram, 0.9),
          load_histogram_us (histogram, 0.99), load_histogram_us (histogram, 0.999),
          (double)histogram->most / 1e3);
}

/* TRUE: everything is as it must be. */
static gboolean
report (const Mark *first, const Mark *last)
{
  double seconds = (double)(last->ns - first->ns) / (double)SECOND;

  printf ("{\"seconds\":%.3f,\"sent_per_s\":%.1f,\"delivered_per_s\":%.1f,"
          "\"server_cpu_s\":%.3f,\"generator_cpu_s\":%.3f,\"sent_in_time\":%" G_GUINT64_FORMAT
          ",\"delivered_in_time\":%" G_GUINT64_FORMAT,
          seconds, (double)(last->sent - first->sent) / seconds,
          (double)(last->delivered - first->delivered) / seconds, last->server_cpu - first->server_cpu,
          last->own_cpu - first->own_cpu, last->sent - first->sent, last->delivered - first->delivered);
  print_histogram ("delivery_us", &load_counts.delivery);
  print_histogram ("offer_us", &load_counts.offer);
  printf (",\"sent\":%" G_GUINT64_FORMAT ",\"delivered\":%" G_GUINT64_FORMAT ",\"acked\":%" G_GUINT64_FORMAT
          ",\"offers\":%" G_GUINT64_FORMAT ",\"lost\":%" G_GUINT64_FORMAT ",\"doubled\":%" G_GUINT64_FORMAT
          ",\"out_of_order\":%" G_GUINT64_FORMAT ",\"astray\":%" G_GUINT64_FORMAT ",\"unacked\":%" G_GUINT64_FORMAT
          ",\"unsent\":%" G_GUINT64_FORMAT ",\"refused\":%" G_GUINT64_FORMAT ",\"failed\":%" G_GUINT64_FORMAT
          ",\"closed\":%" G_GUINT64_FORMAT ",\"errors\":%" G_GUINT64_FORMAT "}\n",
          load_counts.sent, load_counts.delivered, load_counts.acked, load_counts.offers, load_lost (),
          load_counts.doubled, load_counts.out_of_order, load_counts.astray, unacked (), unsent (),
          load_counts.refused, load_counts.failed, load_counts.closed, load_counts.errors);
  return load_lost () + load_counts.doubled + load_counts.out_of_order + load_counts.astray + unacked ()
             + load_counts.failed + load_counts.closed + load_counts.errors
         == 0;
}

/* ---- main ---------------------------------------------------------------------------------------------- */

static const char *
parse_options (int *argc, char ***argv)
{
  g_autofree char *file = NULL;
  int size = (int)load_options.size, at_once = (int)load_options.at_once;
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &load_options.port, "of the server, on 127.0.0.1", "N" },
    { "conns", 0, 0, G_OPTION_ARG_FILENAME, &file, "the connections, a line each", "FILE" },
    { "window", 0, 0, G_OPTION_ARG_INT, &load_options.window, "messages on their way per sender", "N" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.rate, "messages per second in all (0: closed loop)", "N" },
    { "offers", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.offers, "chats that takers end per second in all", "N" },
    { "size", 0, 0, G_OPTION_ARG_INT, &size, "bytes of a message's text", "N" },
    { "at-once", 0, 0, G_OPTION_ARG_INT, &at_once, "connections that are not ready yet", "N" },
    { "warmup", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.warmup, "seconds before it is measured", "S" },
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.duration, "seconds that are measured", "S" },
    { "drain", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.drain, "seconds to wait for what is missing", "S" },
    { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &load_options.timeout, "seconds until all must be ready", "S" },
    { "pid", 0, 0, G_OPTION_ARG_INT, &load_options.pid, "of the server, whose CPU time is read", "PID" },
    { "hold", 0, 0, G_OPTION_ARG_NONE, &load_options.hold, "wait for a line on standard input once connected",
      NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error))
    fprintf (stderr, "load: %s\n", error->message);
  else if (load_options.port <= 0 || file == NULL || *argc != 1 || size < 0 || size >= MOST_BODY || at_once < 1)
    fprintf (stderr, "load: --port and --conns are needed; sizes are below %d (see --help)\n", MOST_BODY);
  else
    {
      load_options.size = (gsize)size;
      load_options.at_once = (guint)at_once;
      return g_steal_pointer (&file);
    }
  exit (2);
}

int
main (int argc, char **argv)
{
  g_autofree const char *file = parse_options (&argc, &argv);
  struct rlimit files;
  Mark first = { 0 }, last = { 0 };
  gint64 took;

  signal (SIGPIPE, SIG_IGN);
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  read_conns (file);
  load_conn_init ();
  took = connect_all ();
  printf ("{\"connected\":%" G_GUINT64_FORMAT ",\"seconds\":%.3f}\n", load_counts.ready,
          (double)took / (double)SECOND);
  fflush (stdout);
  if (load_options.hold)
    hold ();
  work (&first, &last);
  drain ();
  return report (&first, &last) ? 0 : 1;
}
