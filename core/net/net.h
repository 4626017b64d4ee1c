/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTTP and WebSocket server: the only place that knows libsoup's server. libsoup parses HTTP and the upgrade
 * request; then the socket is taken over, framed by wslay and driven by the loop's epoll set. Main thread.
 *
 * Requests and responses are the plain structs of include/usher, so a plugin's route costs no conversion.
 */
#pragma once

#include <usher/host.h>

#include "core/base/loop.h"

typedef struct UcNet UcNet;

typedef struct
{
  gsize max_body;        /* hard ceiling for any route, bytes */
  guint max_connections; /* HTTP connections at once; idle ones are closed after idle_timeout_s */
  guint idle_timeout_s;
  guint max_sockets;                  /* WebSockets at once; more are answered 503 */
  gsize max_socket_queue;             /* bytes queued for a slow WebSocket before it is closed with 1013 */
  guint ping_interval_s;              /* WebSocket ping; two missed pongs close it */
  const char *const *trusted_proxies; /* whose X-Forwarded-For/-Proto are believed: addresses, networks
                                         ("10.0.0.0/8"), "unix"; NULL-terminated or NULL */
  guint exchange_timeout_s;           /* an exchange that nobody answered gets 503 */
  guint upgrade_timeout_s;            /* and so does a WebSocket of UC_WS_LATER */
  guint close_timeout_s;              /* how long a WebSocket's closing handshake may take */
} UcNetLimits;

/* What a route's owner implements; ws_ members as in UsherOpsHead. All are called from the main loop, never from
 * inside uc_ws_send, uc_ws_close or uc_http_respond. HEAD arrives as GET and the body of the answer is left out.
 * ws_closed's code: the one this side closed with, or the peer's (1005 = it gave none), or 1006 when the
 * connection broke. Not called when ws_open refused. ws_open may also return UC_WS_LATER: uc_ws_answer then says
 * what it would have returned; if the client leaves before, or upgrade_timeout_s have passed, ws_closed is called
 * (1006) and no answer is expected any more. request->query comes as libsoup normalises it: percent-encodings in
 * upper case, and decoded where they are not needed. */
#define UC_WS_LATER (-1)

typedef struct
{
  /* May be NULL: its requests are always served. Otherwise a POST may be refused, before its body is read, when
   * this returns FALSE (the error says why) or when more is asked for than can be served. */
  gboolean (*admit) (gpointer data, GError **error);
  void (*http) (gpointer data, UsherExchange *exchange, const UsherRequest *request);
  int (*ws_open) (gpointer data, UsherSocket *socket, const UsherRequest *request);
  void (*ws_message) (gpointer data, UsherSocket *socket, const char *text, gsize len, bool binary);
  void (*ws_closed) (gpointer data, UsherSocket *socket, int code);
} UcRouteHandler;

/* What lives on a listener. */
typedef enum
{
  UC_LISTEN_PUBLIC = 1 << 0,
  UC_LISTEN_CONTROL = 1 << 1, /* always alone: a Unix socket, mode 0600, peer credentials available */
  UC_LISTEN_METRICS = 1 << 2  /* for machines that watch us: alone, or besides the public ones */
} UcListenKind;

/* limits NULL = defaults, and so is any member that is 0: 1 MiB, 1024 connections, 60 s, 20000 sockets, 1 MiB, 30
 * s, none, 90 s, 30 s, 5 s. */
UcNet *uc_net_new (UcLoop *loop, const UcNetLimits *limits);
/* Closes everything: exchanges with 503, WebSockets with 1012 (ws_closed is called for routes that are still
 * there). Not from inside a handler. */
void uc_net_free (UcNet *net);
/* Raises the limit on open files to what the system allows; returns it. */
guint64 uc_net_raise_nofile (void);

/* "127.0.0.1:8080", "[::1]:0", "unix:/path". kinds: routes of these kinds are found here. any_address: allow other
 * than loopback (explicit setting). The bound address (with the real port) comes back in *bound, freed by the
 * caller. */
gboolean uc_net_listen (UcNet *net, UcListenKind kinds, const char *address, gboolean any_address, char **bound,
                        GError **error);
/* The same for a socket that listens already: somebody else opened it, keeps it when we end, and gives it to the
 * next process, so that nobody who connects meanwhile is turned away. Takes the descriptor, also on failure. */
gboolean uc_net_adopt (UcNet *net, UcListenKind kinds, int fd, gboolean any_address, char **bound, GError **error);
/* Whether the socket is bound to this address. */
gboolean uc_net_is_bound_to (int fd, const char *address);
/* Takes no new connections, closes idle ones and the others after their answer; one that has not brought its first
 * request has half a second for it. WebSockets stay. */
void uc_net_stop_listening (UcNet *net);
/* Connections whose request is still to come: it is answered before they end. */
guint uc_net_arriving (UcNet *net);

/* flags: UsherRouteFlags. The path is absolute; request->path is what follows `mount` (NULL = ""). FALSE = taken.
 * kind: on which listeners the route lives. */
gboolean uc_net_route (UcNet *net, UcListenKind kind, const char *mount, const char *path, int flags,
                       gsize max_body, const UcRouteHandler *handler, gpointer data, GError **error);
/* Removes all routes of `data`: later requests get 404, open exchanges are answered 503, its sockets are closed
 * with 1012 without ws_closed being called. */
void uc_net_unroute (UcNet *net, gpointer data);

/* Host-table functions, as documented in <usher/host.h>. */
void uc_http_respond (UsherExchange *exchange, const UsherResponse *response);
/* The same with a body that is not copied but kept until it is sent: for large ones. */
void uc_http_respond_bytes (UsherExchange *exchange, const UsherResponse *response, GBytes *body);
/* For a socket whose ws_open returned UC_WS_LATER, once: 0, or an HTTP status. Not after its ws_closed. */
void uc_ws_answer (UsherSocket *socket, int status);
void uc_ws_set_data (UsherSocket *socket, void *data);
void *uc_ws_data (UsherSocket *socket);
bool uc_ws_send (UsherSocket *socket, const char *data, size_t len, bool binary);
void uc_ws_close (UsherSocket *socket, int code, const char *reason);

/* Peer of a control exchange. FALSE when it is not one. */
gboolean uc_exchange_peer (UsherExchange *exchange, guint *uid, int *pid);

/* Figures for `system.status` and GET /metrics. */
typedef struct
{
  guint http_connections, max_connections, open_exchanges;
  guint line; /* requests that wait for their turn */
  guint sockets, max_sockets;
  gsize socket_queue, most_socket_queue,
      max_socket_queue; /* bytes to send: of all, of the slowest, limit of each */
  guint64 requests, sockets_opened, messages_in, messages_out, sockets_overrun;
  guint64 refused;                              /* requests, because that line stood or their owner had no room */
  guint64 connections_refused, sockets_refused; /* because there were too many */
} UcNetCounters;
void uc_net_counters (UcNet *net, UcNetCounters *counters);
