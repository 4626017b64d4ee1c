/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line in which requests wait for their turn. As many are begun in one turn of the loop as fit into a few
 * milliseconds, so that WebSockets and answers of the store are never far away, however many ask at once. Where
 * the line stands instead of moving, requests of routes that may be refused get a 503 from here, before libsoup or
 * their owner has looked at them: that costs a tenth of serving them, and leaves room for those that may not be.
 * Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#include "core/base/error.h"

/* In one turn of the loop so many requests are begun, or refused for so long. What is begun is done in the next
 * turn: about 0.3 ms each, and a turn should take no more than a few. */
#define MOST_BEGUN 32
#define REFUSE_US 3000
/* A line that is longer than that for so long stands: everybody waits, and nobody gains by it. The first is a
 * pause that a person at a desk does not notice, the second lets a burst pass. */
#define STANDS_US 20000
#define STANDS_FOR_US 100000

static void
measure (UcNet *net, gint64 waited, gint64 now)
{
  if (waited <= STANDS_US)
    net->stands_since = 0;
  else if (net->stands_since == 0)
    net->stands_since = now;
  net->stands = net->stands_since != 0 && now - net->stands_since > STANDS_FOR_US;
}

/* Looks at what is there, without taking it. */
static void
peek (UcConn *conn)
{
  UcNet *net = conn->net;
  ssize_t n = conn->ahead == NULL ? recv (conn->fd, net->chunk, sizeof net->chunk - 1, MSG_PEEK | MSG_DONTWAIT)
                                  : 0; /* what is left of the request before it was read by libsoup */

  net->peeked = n > 0 ? (gsize)n : 0;
  net->chunk[net->peeked] = '\0';
}

/* The route of a POST, as far as the first bytes tell; NULL = whoever reads it finds out. */
static UcNetRoute *
route_of (UcConn *conn)
{
  char *head = (char *)conn->net->chunk, *path = head + strlen ("POST "), *end, cut;
  UcNetRoute *route;
  UcNetFound found;

  if (!g_str_has_prefix (head, "POST /"))
    return NULL;
  end = path + strcspn (path, " ?\r\n");
  if (*end != ' ' && *end != '?')
    return NULL;
  cut = *end;
  *end = '\0';
  found = uc_net_routes_find (conn->net->routes, conn->kinds, path, USHER_ROUTE_HTTP, &route);
  *end = cut;
  return found == UC_NET_FOUND ? route : NULL;
}

/* TRUE: it was refused, and is gone. */
static gboolean
refuse (UcConn *conn)
{
  g_autoptr (GError) error = NULL;
  UcNetRoute *route;

  route = route_of (conn);
  if (route == NULL || route->handler.admit == NULL)
    return FALSE;
  if (conn->net->stands)
    g_set_error_literal (&error, UC_ERROR, UC_ERROR_BUSY,
                         "more is asked for than can be served just now; try again in a few seconds");
  else if (route->handler.admit (route->data, &error))
    return FALSE;
  conn->net->counters.refused++;
  uc_conn_refuse (conn, 503, error->message);
  return TRUE;
}

static void
run (gpointer data)
{
  UcNet *net = data;
  gint64 since = g_get_monotonic_time (), now = since;
  guint begun = 0;

  if (!uc_net_deferred (net))
    return;
  net->ready_deferred = FALSE;
  /* Those that become ready meanwhile wait for the next turn. */
  for (guint left = net->ready.length;
       left > 0 && net->ready.length > 0 && begun < MOST_BEGUN && now - since < REFUSE_US; left--)
    {
      UcConn *conn = g_queue_peek_head (&net->ready);

      measure (net, now - conn->ready_at, now);
      peek (conn);
      if (!refuse (conn))
        {
          uc_conn_start (conn);
          begun++;
        }
      now = g_get_monotonic_time ();
    }
  if (net->ready.length > 0)
    uc_line_move (net);
  else
    {
      net->stands_since = 0;
      net->stands = FALSE;
    }
}

void
uc_line_move (UcNet *net)
{
  if (!net->ready_deferred)
    uc_net_defer (net, run);
  net->ready_deferred = TRUE;
}
