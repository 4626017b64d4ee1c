/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All queues inside that grow with what comes from outside, with their limits. docs/reliability.md has the list
 * with what happens when one is full. Main thread.
 */
#include "core/service/admission.h"
#include "core/service/auth.h"
#include "core/service/desk.h"
#include "core/service/feed.h"
#include "core/service/intake.h"
#include "core/service/media.h"
#include "core/service/metrics.h"
#include "core/service/ops.h"

void
uc_queues_add_bytes (GArray *queues, const char *name, guint64 length, guint64 limit, guint64 bytes,
                     guint64 limit_bytes, guint64 refused)
{
  const UcQueueFigures figures = { name, length, limit, bytes, limit_bytes, refused };

  g_array_append_val (queues, figures);
}

void
uc_queues_add (GArray *queues, const char *name, guint64 length, guint64 limit, guint64 refused)
{
  uc_queues_add_bytes (queues, name, length, limit, 0, 0, refused);
}

static void
add_store (UcCore *core, GArray *queues)
{
  UcStoreFigures figures;
  UcStorePressure pressure;

  uc_store_figures (core->store, &figures);
  uc_store_pressure (core->store, &pressure);
  uc_admission_queues (core, queues);
  uc_queues_add (queues, "store.reads", pressure.reads, pressure.most_reads, figures.reads_refused);
}

static void
add_net (UcCore *core, GArray *queues)
{
  UcNetCounters net;

  uc_net_counters (core->net, &net);
  uc_queues_add (queues, "net.connections", net.http_connections, net.max_connections, net.connections_refused);
  uc_queues_add (queues, "net.line", net.line, net.max_connections, net.refused);
  uc_queues_add (queues, "net.websockets", net.sockets, net.max_sockets, net.sockets_refused);
  /* Each has a limit of its own: the fullest one tells how near somebody is to it. */
  uc_queues_add_bytes (queues, "net.websocket-output", net.sockets, net.max_sockets, net.most_socket_queue,
                       net.max_socket_queue, net.sockets_overrun);
}

static void (*const parts[]) (UcCore *core, GArray *queues) = {
  add_store, add_net, uc_intake_queues, uc_desks_queues, uc_ops_queues, uc_auth_queues, uc_media_queues,
};

void
uc_queues_metrics (UcCore *core, UcMetrics *metrics)
{
  g_autoptr (GArray) queues = g_array_new (FALSE, FALSE, sizeof (UcQueueFigures));

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    parts[i](core, queues);
  uc_feed_queues (core->feed, queues);
  uc_metrics_queues (metrics, &g_array_index (queues, UcQueueFigures, 0), queues->len);
}
