/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathers the figures of all parts. A part with figures of its own has a function in the table. Main thread.
 */
#include "core/service/metrics.h"

#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"
#include "core/service/api.h"
#include "core/service/monitor.h"
#include "core/service/space.h"

static void
about_the_daemon (UcCore *core, UcMetrics *metrics)
{
  g_autofree char *version = uc_metrics_label ("version", USHER_VERSION);

  uc_metrics_gauge (metrics, "usher_build_info", "The version, as a label.", version, 1);
  uc_metrics_gauge (metrics, "usher_start_time_seconds", "When the daemon was started.", NULL,
                    (double)core->started_at / 1000);
  uc_metrics_gauge (metrics, "usher_recovering", "1 while the engine is being read again after a failed commit.",
                    NULL, core->recovering);
  uc_metrics_counter (metrics, "usher_events_total", "Events that are durable, over all times.", NULL,
                      (double)core->durable);
}

static void (*const parts[]) (UcCore *core, UcMetrics *metrics) = {
  about_the_daemon, uc_alarms_metrics, uc_monitor_metrics,   uc_engine_metrics,  uc_happened_metrics,
  uc_parts_metrics, uc_queues_metrics, uc_admission_metrics, uc_process_metrics, uc_space_metrics,
};

char *
uc_metrics_text (UcCore *core)
{
  UcMetrics metrics;

  uc_metrics_init (&metrics);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    parts[i](core, &metrics);
  return uc_metrics_end (&metrics);
}

/* ---- GET /metrics -------------------------------------------------------------------------------------- */

static void
answer (gpointer data, UsherExchange *exchange, const UsherRequest *http)
{
  g_autofree char *text = NULL;
  UsherResponse response = { .struct_size = sizeof response,
                             .status = 200,
                             .content_type = "text/plain; version=0.0.4; charset=utf-8" };

  if (strcmp (http->method, "GET") != 0)
    {
      g_autoptr (GError) error
          = g_error_new (UC_ERROR, UC_ERROR_INVALID, "figures are fetched with GET, not %s", http->method);

      uc_api_respond_error (exchange, error);
      return;
    }
  text = uc_metrics_text (data);
  response.body = text;
  response.body_len = strlen (text);
  uc_http_respond (exchange, &response);
}

static void
answer_control (gpointer data, UsherExchange *exchange, const UsherRequest *http)
{
  guint uid;

  if (uc_exchange_peer (exchange, &uid, NULL) && (uid == 0 || uid == geteuid ()))
    answer (data, exchange, http);
  else
    {
      g_autoptr (GError) error = g_error_new_literal (UC_ERROR, UC_ERROR_DENIED,
                                                      "the control socket is for the daemon's own user and root");

      uc_api_respond_error (exchange, error);
    }
}

gboolean
uc_metrics_start (UcCore *core, GError **error)
{
  static const UcRouteHandler listed = { .http = answer }, control = { .http = answer_control };

  return uc_net_route (core->net, UC_LISTEN_METRICS, NULL, "/metrics", USHER_ROUTE_HTTP, 0, &listed, core, error)
         && uc_net_route (core->net, UC_LISTEN_CONTROL, NULL, "/metrics", USHER_ROUTE_HTTP, 0, &control, core,
                          error);
}
