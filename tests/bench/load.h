/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The load generator's parts. One thread, one epoll set.
 */
#ifndef LOAD_H
#define LOAD_H

#include <glib.h>

/* What a connection is there for. */
typedef enum
{
  LOAD_SENDER,   /* sends messages, which must arrive at one receiver */
  LOAD_RECEIVER, /* gets them */
  LOAD_IDLE,     /* is connected */
  LOAD_CALLER,   /* writes once and waits for an agent; writes again whenever the chat has ended */
  LOAD_TAKER,    /* accepts what is offered, and ends it when it is time to */
  LOAD_ROLES
} LoadRole;

typedef enum
{
  LOAD_AWAY,
  LOAD_CONNECTING,
  LOAD_HANDSHAKE,
  LOAD_LOGIN,
  LOAD_READY,
  LOAD_CLOSED
} LoadState;

typedef struct LoadConn LoadConn;

/* A protocol on top of the WebSocket. */
typedef struct
{
  const char *name;
  void (*opened) (LoadConn *conn); /* after the handshake */
  void (*text) (LoadConn *conn, const char *text, gsize len);
  void (*message) (LoadConn *conn, guint seq, const char *body); /* sends one */
  void (*again) (LoadConn *conn);                                /* sends again what was refused */
  gboolean in_turn; /* the next message waits for the acknowledgement of the last one */
} LoadTalk;

struct LoadConn
{
  int fd;
  LoadRole role;
  LoadState state;
  const LoadTalk *talk;
  guint index;
  char *path, *token;
  gint64 begun_ns; /* of the connection: makes its ids unique */
  char *in, *out;
  guint in_len, in_size, out_sent, out_len, out_size;
  gboolean dirty, wants_out;

  /* as a sender */
  guint sent, expected, in_flight;
  gboolean unacked; /* the last one is not acknowledged; its due time: */
  gint64 due_ns;
  GArray *waiting; /* due times of those that wait for that, from waiting_head on */
  guint waiting_head;
  gint64 again_ns;    /* when what was refused may be sent again, 0 = nothing was */
  LoadConn *receiver; /* where its messages arrived so far */

  /* as a taker */
  char *interaction; /* the one it has */
  gint64 ended_ns;   /* when it became free, 0 = not waiting for an offer */
  guint calls;
};

/* Counts values with an error below 1 %. */
typedef struct
{
  guint64 count, most;
  guint64 buckets[128 * 40];
} LoadHistogram;

typedef struct
{
  int port, window;
  guint at_once;
  gsize size; /* of a message's text */
  double rate, offers, warmup, duration, drain, timeout;
  gboolean hold;
  int pid;
} LoadOptions;

typedef struct
{
  guint64 ready, failed, closed, errors, refused;
  guint64 sent, delivered, acked, doubled, out_of_order, astray;
  guint64 offers;
  gboolean sending, measuring;
  LoadHistogram delivery, offer;
} LoadCounts;

extern LoadOptions load_options;
extern LoadCounts load_counts;
extern LoadConn *load_conns;
extern guint load_conns_len;

/* load-count.c */
gint64 load_now_ns (void);
void load_histogram_add (LoadHistogram *histogram, gint64 ns);
double load_histogram_us (const LoadHistogram *histogram, double quantile);
void load_stamp (char *out, gsize size, const LoadConn *sender, guint seq, gint64 due_ns); /* exactly size bytes */
void load_count_text (LoadConn *conn, const char *text, gsize len); /* looks for stamps in it */
guint64 load_lost (void);

/* load-conn.c */
void load_conn_init (void);
void load_conn_start (LoadConn *conn);
void load_conn_ready (LoadConn *conn);
void load_conn_cut (LoadConn *conn, gboolean failed);
void load_conn_send (LoadConn *conn, const char *text, gsize len); /* a text frame */
void load_conn_printf (LoadConn *conn, const char *format, ...) G_GNUC_PRINTF (2, 3);
void load_conn_complain (LoadConn *conn, const char *what, const char *text, gsize len);
void load_conn_again (LoadConn *conn, gint64 after_ms);
void load_turn (gint64 until_ns); /* one turn of the loop, which ends by then */

/* load-talk.c */
const LoadTalk *load_talk_find (const char *name);
void load_taker_end (LoadConn *conn);

/* load.c */
void load_send (LoadConn *conn, gint64 due_ns);
void load_go_on (LoadConn *conn); /* closed loop: what the window has room for */
void load_acked (LoadConn *conn);
void load_resend (LoadConn *conn);

#endif
