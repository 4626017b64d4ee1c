/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of the parts between engine and network: store, intake, outbox, CRM bridge, desks, media, log-in,
 * connections, plugins' instances. Main thread.
 */
#include "core/base/clock.h"
#include "core/plugin/remote.h"
#include "core/service/auth-private.h"
#include "core/service/bridge.h"
#include "core/service/desk-private.h"
#include "core/service/intake-private.h"
#include "core/service/media-private.h"
#include "core/service/metrics.h"
#include "core/service/outbox.h"
#include "core/service/soundness.h"

/* ---- store --------------------------------------------------------------------------------------------- */

static void
write_store (UcCore *core, UcMetrics *metrics)
{
  UcStoreFigures figures;
  UcStorePressure pressure;

  uc_store_figures (core->store, &figures);
  uc_store_pressure (core->store, &pressure);
  uc_metrics_counter (metrics, "usher_store_transactions_total", "Transactions of the database.", NULL,
                      (double)figures.transactions);
  uc_metrics_counter (metrics, "usher_store_batches_total",
                      "Changes that were answered; a transaction takes all that queued up.", NULL,
                      (double)figures.batches);
  uc_metrics_counter (metrics, "usher_store_rows_total", "Rows in them.", NULL, (double)figures.rows);
  uc_metrics_counter (metrics, "usher_store_failures_total", "Changes that were not stored.", NULL,
                      (double)figures.failed);
  uc_metrics_histogram (metrics, "usher_store_commit_seconds", "From asking for a change to its being durable.",
                        NULL, &figures.latency);
  uc_metrics_gauge (metrics, "usher_store_pending", "Changes that are not answered yet.", NULL,
                    uc_store_pending (core->store));
  uc_metrics_gauge (metrics, "usher_store_oldest_commit_seconds", "How long the oldest of them has waited.", NULL,
                    (double)pressure.oldest_us / 1e6);
  uc_metrics_counter (metrics, "usher_store_reads_total", "Questions that were asked.", NULL,
                      (double)figures.reads);
  uc_metrics_gauge (metrics, "usher_store_log_pages",
                    "Pages of the write-ahead log that are not in the database file yet.", NULL,
                    figures.log_pages);
  uc_soundness_metrics (core, metrics);
}

/* ---- intake -------------------------------------------------------------------------------------------- */

static void
write_intake (UcCore *core, UcMetrics *metrics)
{
  const UcIntake *intake = core->intake;
  guint gathering = 0;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, intake->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    gathering += ((const UcPeer *)value)->settling != NULL ? ((const UcPeer *)value)->settling->len : 0;
  uc_metrics_counter (metrics, "usher_intake_items_total", "Items that channels delivered.", NULL,
                      (double)intake->arrivals);
  uc_metrics_gauge (metrics, "usher_intake_oldest_delivery_seconds",
                    "How long the oldest delivery that is not answered has been under way.", NULL,
                    (double)uc_intake_oldest_us (core->intake) / 1e6);
  uc_metrics_gauge (metrics, "usher_intake_gathering", "Items that wait to be put in order with their neighbours.",
                    NULL, gathering);
  uc_metrics_gauge (metrics, "usher_intake_peers", "People whose latest messages are remembered.", NULL,
                    g_hash_table_size (intake->peers));
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static void
write_desks (UcCore *core, UcMetrics *metrics)
{
  guint calls = 0;

  for (guint i = 0; i < core->desks->all->len; i++)
    calls += ((const UsherDesk *)core->desks->all->pdata[i])->calls;
  uc_metrics_gauge (metrics, "usher_desks", "Desks that are connected.", NULL, core->desks->all->len);
  uc_metrics_gauge (metrics, "usher_desk_calls", "Operations that desks wait for.", NULL, calls);
  uc_metrics_gauge (metrics, "usher_sessions", "Sessions that are remembered.", NULL,
                    g_hash_table_size (core->auth->sessions));
  uc_metrics_gauge (metrics, "usher_login_brakes", "Logins and addresses with failed log-ins.", NULL,
                    g_hash_table_size (core->auth->brakes));
}

static void
write_net (UcCore *core, UcMetrics *metrics)
{
  UcNetCounters net;

  uc_net_counters (core->net, &net);
  uc_metrics_counter (metrics, "usher_http_requests_total", "HTTP requests.", NULL, (double)net.requests);
  uc_metrics_counter (metrics, "usher_websockets_opened_total", "WebSockets that were opened.", NULL,
                      (double)net.sockets_opened);
  uc_metrics_counter (metrics, "usher_websocket_messages_received_total", "Messages that came over WebSockets.",
                      NULL, (double)net.messages_in);
  uc_metrics_counter (metrics, "usher_websocket_messages_sent_total", "Messages that went out over WebSockets.",
                      NULL, (double)net.messages_out);
  uc_metrics_gauge (metrics, "usher_websocket_queued_bytes", "Bytes that wait to be sent over WebSockets.", NULL,
                    (double)net.socket_queue);
  uc_metrics_counter (metrics, "usher_websocket_overruns_total",
                      "WebSockets that were closed because the other side reads too slowly.", NULL,
                      (double)net.sockets_overrun);
}

static void
write_instances (UcCore *core, UcMetrics *metrics)
{
  static const char *const names[]
      = { "usher_instance_up", "usher_instance_replies", "usher_instance_late_replies", "usher_instance_calls",
          "usher_instance_timers" };
  static const char *const help[]
      = { "1 = it runs; 0.5 = it runs and needs a person's attention.", "Answers that the plugin owes.",
          "Answers that it owes and nobody waits for any more.", "Answers that the core owes the plugin.",
          "Timers of the plugin." };

  for (guint f = 0; f < G_N_ELEMENTS (names); f++)
    for (guint i = 0; i < core->instances->len; i++)
      {
        UsherInstance *instance = core->instances->pdata[i];
        g_autofree char *kind = uc_metrics_label ("kind", uc_kind_word (instance->kind));
        g_autofree char *name = uc_metrics_label ("instance", instance->name);
        g_autofree char *labels = g_strconcat (kind, ",", name, NULL);
        UcInstanceFigures figures;

        uc_instance_figures (instance, &figures);
        {
          const double values[] = { instance->state == UC_INSTANCE_RUNNING     ? 1
                                    : instance->state == UC_INSTANCE_ATTENTION ? 0.5
                                                                               : 0,
                                    figures.replies, figures.late, figures.calls, figures.timers };

          uc_metrics_gauge (metrics, names[f], help[f], labels, values[f]);
        }
      }
}

static void
write_processes (UcCore *core, UcMetrics *metrics)
{
  static const char *const names[]
      = { "usher_plugin_process_up", "usher_plugin_process_queued_frames", "usher_plugin_quarantined" };
  static const char *const help[]
      = { "1 = the process of an isolated plugin is there.", "Frames that wait for it.",
          "1 = its process died again and again, and is left alone." };

  for (guint f = 0; f <= G_N_ELEMENTS (names); f++)
    for (guint i = 0; i < core->instances->len; i++)
      {
        UsherInstance *instance = core->instances->pdata[i];
        g_autofree char *kind = uc_metrics_label ("kind", uc_kind_word (instance->kind));
        g_autofree char *name = uc_metrics_label ("instance", instance->name);
        g_autofree char *labels = g_strconcat (kind, ",", name, NULL);
        UcRemoteFigures process;

        if (!uc_remote_figures (instance, &process))
          continue;
        if (f == G_N_ELEMENTS (names))
          uc_metrics_counter (metrics, "usher_plugin_process_lost_total", "Times that its process died.", labels,
                              process.lost);
        else
          {
            const double values[]
                = { process.pid != 0, process.queued, instance->state == UC_INSTANCE_QUARANTINED };

            uc_metrics_gauge (metrics, names[f], help[f], labels, values[f]);
          }
      }
}

void
uc_parts_metrics (UcCore *core, UcMetrics *metrics)
{
  UcLoopFigures loop;

  write_store (core, metrics);
  write_intake (core, metrics);
  uc_outbox_metrics (core, metrics);
  uc_bridge_metrics (core, metrics);
  write_desks (core, metrics);
  write_net (core, metrics);
  write_instances (core, metrics);
  write_processes (core, metrics);
  uc_loop_figures (core->loop, &loop);
  uc_metrics_gauge (metrics, "usher_loop_timers", "Timers of the main loop.", NULL, loop.timers);
}
