/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of core/net know of each other. Main thread.
 *
 * A connection waits in the loop's epoll set, without GSource or libsoup object, until the first byte of a request
 * arrives. A request that is plain and there as a whole is read and answered here. For any other libsoup gets the
 * connection, for exactly one request and response, and then the connection is taken back. So idle
 * connections cost a loop turn nothing, and libsoup 3.2's leak of kept-alive connections that the peer closes is
 * never reached. An upgrade is the same, only that the descriptor goes to an UsherSocket instead.
 */
#pragma once

#include <libsoup/soup.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <wslay/wslay.h>

#include "core/net/net.h"

/* Bytes taken from one socket in one turn, so that a flood from one delays the others by no more than this. Larger
 * than what libsoup may have read ahead when a socket is taken from it (8 KiB). */
#define UC_NET_CHUNK 16384

/* ---- address.c ----------------------------------------------------------------------------------------- */

typedef struct
{
  union
  {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
  } sa;
  socklen_t len;
} UcAddress;

gboolean uc_address_parse (const char *text, UcAddress *address, GError **error);
gboolean uc_address_is_unix (const UcAddress *address);
gboolean uc_address_is_loopback (const UcAddress *address);
/* In the form uc_address_parse takes. */
char *uc_address_text (const UcAddress *address);
/* The host alone, "unix" for a Unix socket. */
char *uc_address_host (const UcAddress *address);

/* ---- route.c ------------------------------------------------------------------------------------------- */

typedef struct
{
  UcListenKind kind;
  char *path; /* mount and path together */
  gsize mount_len;
  int flags;
  gsize max_body;
  UcRouteHandler handler;
  gpointer data;
} UcNetRoute;

typedef struct UcNetRoutes UcNetRoutes;

UcNetRoutes *uc_net_routes_new (void);
void uc_net_routes_free (UcNetRoutes *routes);
gboolean uc_net_routes_add (UcNetRoutes *routes, const UcNetRoute *route, GError **error);
void uc_net_routes_remove (UcNetRoutes *routes, gpointer data);

typedef enum
{
  UC_NET_FOUND,
  UC_NET_NO_PATH,
  UC_NET_NO_METHOD, /* the path exists, but not for this kind of request */
  UC_NET_ADD_SLASH  /* "/x" was asked for and there is "/x/" */
} UcNetFound;

/* want: USHER_ROUTE_HTTP or USHER_ROUTE_WEBSOCKET; an upgrade on a path without WebSocket is a plain request. */
UcNetFound uc_net_routes_find (UcNetRoutes *routes, UcListenKind kinds, const char *path, int want,
                               UcNetRoute **route);

/* ---- sendq.c: what waits to be written to one client --------------------------------------------------- */

typedef struct UcBlock UcBlock;

typedef struct
{
  UcBlock *head, *tail; /* whole frames only, so that the queue can be cut between any two */
  gsize sent;           /* of head */
  gsize bytes;          /* still to send */
} UcSendq;

typedef enum
{
  UC_SENDQ_EMPTY,
  UC_SENDQ_BLOCKED,
  UC_SENDQ_BROKEN
} UcSendqState;

UcBlock *uc_block_new (gsize capacity);
void uc_block_append (UcBlock *block, const void *data, gsize len);
/* Of bytes that are there already and not none; they are kept until they are written or given up. */
UcBlock *uc_block_lend (GBytes *bytes);
gsize uc_block_len (const UcBlock *block);
void uc_sendq_push (UcSendq *queue, UcBlock *block); /* takes the block */
UcSendqState uc_sendq_flush (UcSendq *queue, int fd);
/* Drops what has not been begun. */
void uc_sendq_cut (UcSendq *queue);
void uc_sendq_clear (UcSendq *queue);

/* ---- framer.c: wslay ----------------------------------------------------------------------------------- */

typedef struct UcFramer UcFramer;
typedef struct UcFramers UcFramers;

typedef struct
{
  /* One whole message; text is NUL-terminated. */
  void (*message) (UsherSocket *socket, const char *text, gsize len, gboolean binary);
} UcFramerOps;

typedef enum
{
  UC_FRAMER_IDLE, /* between two messages: nothing needs to be remembered */
  UC_FRAMER_PARTIAL,
  UC_FRAMER_CLOSED, /* the peer's close frame came; *code is its code, 1005 = none */
  UC_FRAMER_FAILED  /* the peer broke the protocol; *code says how */
} UcFramerState;

UcFramers *uc_framers_new (const UcFramerOps *ops);
void uc_framers_free (UcFramers *framers);
UcFramer *uc_framer_acquire (UcFramers *framers, UsherSocket *socket, gsize max_message);
/* After UC_FRAMER_IDLE it is kept for the next socket that needs one. */
void uc_framer_release (UcFramer *framer);
/* *reply: pongs and the answer to a close frame, or NULL; none after a failure: the caller closes with *code. */
UcFramerState uc_framer_feed (UcFramer *framer, const guint8 *data, gsize len, UcBlock **reply, int *code);
UcBlock *uc_framers_encode (UcFramers *framers, guint8 opcode, const void *data, gsize len);

/* ---- plain.c: requests that need no server of libsoup -------------------------------------------------- */

typedef struct UcPlain UcPlain;

/* The request that data begins with; NULL = it is unusual, or not there as a whole. */
UcPlain *uc_plain_read (const void *data, gsize len);
void uc_plain_free (UcPlain *plain);
/* Bytes of the request, with its body. */
gsize uc_plain_len (const UcPlain *plain);
/* It says that nothing follows it. */
gboolean uc_plain_closes (const UcPlain *plain);
const char *uc_plain_method (const UcPlain *plain);
const char *uc_plain_path (const UcPlain *plain);  /* as it was sent */
const char *uc_plain_query (const UcPlain *plain); /* NULL = none */
/* A reference to name, value, ...; names in lower case. */
GPtrArray *uc_plain_headers (const UcPlain *plain);
const char *uc_plain_body (const UcPlain *plain, gsize *len);

/* ---- conn.c: one HTTP connection ----------------------------------------------------------------------- */

typedef enum
{
  UC_CONN_IDLE,    /* waits for the first byte of a request, in net->idle */
  UC_CONN_READY,   /* the next request may be here already, in net->ready */
  UC_CONN_READING, /* a request is read, in net->active; and so for the next two */
  UC_CONN_WAITING, /* for uc_http_respond */
  UC_CONN_WRITING, /* the answer */
  UC_CONN_LINGER   /* answered and half closed; reads on so that the answer is not lost, in net->lingering */
} UcConnState;

typedef struct UcExchange UcExchange;

typedef struct
{
  UcNet *net;
  UcListenKind kinds;
  UcConnState state;
  int fd;                     /* owned by stream when there is one */
  GSocketConnection *stream;  /* NULL until the first byte */
  GIOStream *ahead;           /* stream inside the buffers of libsoup's last request; NULL = they were empty */
  guint depth;                /* of those buffers */
  SoupServerMessage *message; /* NULL unless libsoup has the connection */
  UcWatch *watch;
  char *peer;
  struct ucred cred;    /* of CONTROL */
  UcExchange *exchange; /* the open one */
  UsherSocket *upgrade; /* its owner has not said yet whether it takes it */
  gboolean plain;       /* the request was read here: the answer is written here */
  gboolean answered;    /* it stands in out */
  gboolean last;        /* nothing follows it */
  UcSendq out;
  gboolean served;  /* has had an answer, so it is a kept-alive one */
  gboolean refused; /* the answer was given before the body came */
  gsize max_body, received;
  gint64 ready_at; /* since when it stands in line, monotonic us */
  gint64 deadline;
  GList link; /* in the queue of its state */
} UcConn;

/* Takes the descriptor. */
void uc_conn_new (UcNet *net, UcListenKind kinds, int fd, const UcAddress *peer);
void uc_conn_free (UcConn *conn);
/* Its request is here, or begins to be; net->peeked bytes of it are in net->chunk. */
void uc_conn_start (UcConn *conn);
/* Answers in plain text over libsoup's head, without reading on, and closes. */
void uc_conn_refuse (UcConn *conn, int status, const char *message);
/* Answers through libsoup. body: instead of the response's own, kept and not copied; NULL = none. */
void uc_conn_answer (UcConn *conn, const UsherResponse *response, GBytes *body);
void uc_conn_error (UcConn *conn, int status, const char *message, const char *const *headers);
/* Takes the connection from libsoup and frees it; returns a descriptor (-1 = the client is gone) and what libsoup
 * had read ahead (at most UC_NET_CHUNK bytes). */
int uc_conn_take_over (UcConn *conn, guint8 *early, gsize *len);
void uc_conn_pause (UcConn *conn);
void uc_conn_resume (UcConn *conn);
void uc_conns_tick (UcNet *net, gint64 now);
void uc_conns_close_idle (UcNet *net);
/* How many have not brought their request yet, less those that were given up. */
guint uc_conns_arriving (UcNet *net);
/* Closes the idle connection that has waited longest. FALSE = there is none. */
gboolean uc_conns_close_oldest (UcNet *net);
guint uc_conns_count (UcNet *net);
void uc_conn_request_started (SoupServer *server, SoupServerMessage *message, gpointer net);

/* ---- line.c: requests that wait for their turn --------------------------------------------------------- */

/* Somebody stands in net->ready. */
void uc_line_move (UcNet *net);

/* ---- request.c ----------------------------------------------------------------------------------------- */

typedef struct
{
  UsherRequest request;
  gboolean upgrade;
  gboolean has_body;
  gsize content_length;
  UcPlain *plain; /* owned; NULL = libsoup has it */
  /* what the members above borrow */
  char *path, *origin, *remote;
  GPtrArray *headers;
  GBytes *body;
} UcNetRequest;

/* Checks the head. 0 = good, or the status to refuse with and a sentence that says why. */
int uc_net_request_check (UcConn *conn, UcNetRequest *request, const char **why);
void uc_net_request_fill (UcConn *conn, UcNetRequest *request, const UcNetRoute *route);
void uc_net_request_clear (UcNetRequest *request);
const char *uc_net_request_header (const UcNetRequest *request, const char *name);
/* name, value, ...; names in lower case. */
GPtrArray *uc_net_copy_headers (SoupMessageHeaders *from);
const char *uc_net_request_method (const UcConn *conn, const UcNetRequest *request);
/* The path as it was sent. */
const char *uc_net_request_raw_path (const UcConn *conn, const UcNetRequest *request);
/* Whether a comma-separated header has the token. */
gboolean uc_net_request_has_token (const UcNetRequest *request, const char *name, const char *token);

/* ---- response.c ---------------------------------------------------------------------------------------- */

/* {"error":{"code":...,"message":...}}; the code follows from the status. */
char *uc_net_error_body (int status, const char *message, gsize *len);
/* Fills the message; an impossible response becomes a 500. body: instead of the response's own; NULL = none. */
void uc_net_response_apply (SoupServerMessage *message, const UsherResponse *response, GBytes *body,
                            gboolean close);
/* Queues the same as a whole HTTP/1.1 answer. */
void uc_net_response_plain (UcSendq *out, const UsherResponse *response, GBytes *body, gboolean close);
/* A whole HTTP/1.1 answer with Connection: close. */
char *uc_net_response_raw (int status, const char *message, gsize *len);

/* ---- http.c: exchanges --------------------------------------------------------------------------------- */

/* The head has come: refuse now, or set conn->max_body. */
void uc_http_got_head (UcConn *conn);
/* The body too: call the route's owner. */
void uc_http_got_request (UcConn *conn);
/* All of it at once. Takes the request; the connection may be gone afterwards. */
void uc_http_got_plain (UcConn *conn, UcPlain *plain);
void uc_http_client_gone (UcConn *conn);
void uc_http_unroute (UcNet *net, gpointer data);
void uc_http_tick (UcNet *net, gint64 now);
void uc_http_stop (UcNet *net);

/* ---- upgrade.c ----------------------------------------------------------------------------------------- */

void uc_upgrade (UcConn *conn, UcNetRoute *route, UcNetRequest *request);
/* The connection ends while its owner thinks. */
void uc_upgrade_client_gone (UcConn *conn);
/* The owner has thought for too long: the client hears 503. */
void uc_upgrade_late (UcConn *conn);
/* The owner is gone: its clients hear 503. */
void uc_upgrades_unroute (UcNet *net, gpointer data);

/* ---- socket.c ------------------------------------------------------------------------------------------ */

UsherSocket *uc_socket_new (UcNet *net, UcNetRoute *route, UcBlock *head);
/* Takes the descriptor; -1 = the client is gone already. */
void uc_socket_start (UsherSocket *socket, int fd, const guint8 *early, gsize len);
/* One that was never started. */
void uc_socket_discard (UsherSocket *socket);
/* Its owner has been unrouted. */
gboolean uc_socket_is_orphan (UsherSocket *socket);
/* One that waits to be started: whose it is, and the connection it came by. */
gpointer uc_socket_owner (UsherSocket *socket);
const char *uc_socket_path (UsherSocket *socket);
UcConn **uc_socket_conn (UsherSocket *socket);
/* It will never be started, and its owner does not know yet. */
void uc_socket_abandon (UsherSocket *socket);
void uc_sockets_unroute (UcNet *net, gpointer data);
void uc_sockets_tick (UcNet *net, gint64 now);
void uc_sockets_stop (UcNet *net);
guint uc_sockets_count (UcNet *net);
/* Bytes that wait to be sent: all of them, and those of the slowest. */
void uc_sockets_queued (UcNet *net, gsize *all, gsize *most);
extern const UcFramerOps uc_socket_framer_ops;

/* ---- listener.c ---------------------------------------------------------------------------------------- */

typedef struct
{
  UcNet *net;
  UcListenKind kinds;
  int fd;
  UcWatch *watch;
  gboolean held;  /* out of descriptors; tried again by the tick */
  gboolean local; /* a Unix socket */
  char *path;     /* of one that we made, with its inode */
  dev_t dev;
  ino_t ino;
} UcListener;

void uc_listener_free (UcListener *listener);
void uc_listeners_tick (UcNet *net);

/* ---- net.c --------------------------------------------------------------------------------------------- */

struct UcNet
{
  UcLoop *loop;
  UcNetLimits limits;
  GPtrArray *trusted; /* of GInetAddressMask */
  gboolean trust_unix;
  SoupServer *soup;
  GPtrArray *listeners; /* of UcListener */
  gint64 full_logged;
  UcNetRoutes *routes;
  UcNetCounters counters;
  gboolean stopping; /* no longer listening: every answer closes its connection */
  gboolean freed;
  guint deferred; /* calls the loop still owes; they keep the memory */
  guint64 tick;   /* timer */

  UcConn *starting; /* being handed to libsoup */
  gsize peeked;     /* bytes of the chunk: what the first in line has sent */
  UcConn *serving;  /* its plain request is being served; NULL = it is gone meanwhile */
  GQueue idle, ready, active, lingering;

  GHashTable *exchanges; /* id -> UcExchange */
  GQueue open;           /* exchanges, oldest first */

  UcFramers *framers;
  UsherSocket *opening; /* inside ws_open */
  GQueue sockets;       /* by the time of the next ping */
  GQueue closing;       /* by the time the closing handshake has to be over */
  GQueue dirty;         /* to be flushed at the end of the turn */
  gboolean flush_deferred, ready_deferred;
  gint64 stands_since; /* the line of requests does not get shorter, monotonic us; 0 = it does */
  gboolean stands;     /* for so long that some are refused */

  guint8 chunk[UC_NET_CHUNK];
};

void uc_net_defer (UcNet *net, UcLoopFunc func);
/* A deferred function begins with this; FALSE = the net is gone. */
gboolean uc_net_deferred (UcNet *net);
/* The once-a-second tick runs while there is something to watch over. */
void uc_net_need_tick (UcNet *net);
