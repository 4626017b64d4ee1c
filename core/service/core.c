/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Assembly of the daemon: what is opened in which order, and closed in which. Main thread.
 */
#include "core/service/core.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/plugin/remote.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"
#include "core/service/api.h"
#include "core/service/auth.h"
#include "core/service/backup.h"
#include "core/service/bridge.h"
#include "core/service/desk.h"
#include "core/service/drain.h"
#include "core/service/feed.h"
#include "core/service/front-page.h"
#include "core/service/host-services.h"
#include "core/service/intake.h"
#include "core/service/media.h"
#include "core/service/metrics.h"
#include "core/service/monitor.h"
#include "core/service/ops.h"
#include "core/service/outbox.h"
#include "core/service/shell.h"
#include "core/service/soundness.h"
#include "core/service/systemd.h"
#include "core/service/space.h"

#define FEED_ITEMS 8192
#define FEED_BYTES (4 * 1024 * 1024)

UsherInstance *
uc_core_instance (UcCore *core, UcKind kind, const char *name)
{
  for (guint i = 0; i < core->instances->len; i++)
    {
      UsherInstance *instance = core->instances->pdata[i];

      if (instance->kind == kind && strcmp (instance->name, name) == 0)
        return instance;
    }
  return NULL;
}

UsherInstance *
uc_core_crm (UcCore *core)
{
  for (guint i = 0; i < core->instances->len; i++)
    if (((UsherInstance *)core->instances->pdata[i])->kind == UC_KIND_CRM)
      return core->instances->pdata[i];
  return NULL;
}

static void
start_instances (UcCore *core)
{
  const char *data_dir = uc_settings_string (core->plan->usher, "data_dir");

  for (guint i = 0; i < core->plan->instances->len; i++)
    {
      UcPlanned *planned = core->plan->instances->pdata[i];
      UsherInstance *instance;
      g_autoptr (GError) error = NULL;

      if (!planned->enabled || planned->plugin == NULL)
        continue;
      if (planned->kind == UC_KIND_CRM && uc_core_crm (core) != NULL)
        {
          g_warning ("crm \"%s\" is left out: usher works with one CRM, and \"%s\" comes first; set enabled = "
                     "false in one of them",
                     planned->name, uc_core_crm (core)->name);
          continue;
        }
      if (!uc_loader_start (core->loader, planned->plugin, core->host, &error))
        {
          g_warning ("%s \"%s\" is left out: %s", uc_kind_word (planned->kind), planned->name, error->message);
          continue;
        }
      instance = uc_instance_new (core->loop, planned->kind, planned->name, planned->plugin,
                                  g_steal_pointer (&planned->settings), data_dir);
      instance->service = core;
      g_ptr_array_add (core->instances, instance);
    }
  for (guint i = 0; i < core->instances->len; i++)
    uc_instance_start (core->instances->pdata[i]);
}

static UcListenKind
kinds_of (const UcSettings *listen)
{
  const char *metrics = uc_settings_string (listen, "metrics");

  return strcmp (metrics, "only") == 0   ? UC_LISTEN_METRICS
         : strcmp (metrics, "true") == 0 ? UC_LISTEN_PUBLIC | UC_LISTEN_METRICS
                                         : UC_LISTEN_PUBLIC;
}

static gboolean
listen_all (UcCore *core, GError **error)
{
  for (guint i = 0; i < core->plan->listens->len; i++)
    {
      const UcSettings *settings = core->plan->listens->pdata[i];
      const char *address = uc_settings_string (settings, "address");
      gboolean remote = uc_settings_bool (settings, "allow_remote");
      int given = uc_systemd_take_socket (uc_settings_section_name (settings), address);
      char *bound = NULL;

      if (given >= 0 ? !uc_net_adopt (core->net, kinds_of (settings), given, remote, &bound, error)
                     : !uc_net_listen (core->net, kinds_of (settings), address, remote, &bound, error))
        return FALSE;
      g_message ("listening on %s%s", bound, given >= 0 ? ", a socket of the service manager" : "");
      g_ptr_array_add (core->addresses, bound);
    }
  core->control_socket = g_strdup (uc_settings_string (core->plan->usher, "control_socket"));
  if (core->control_socket != NULL)
    {
      g_autofree char *address = g_strconcat ("unix:", core->control_socket, NULL);

      if (!uc_net_listen (core->net, UC_LISTEN_CONTROL, address, FALSE, NULL, error))
        return FALSE;
    }
  uc_systemd_close_sockets ();
  return TRUE;
}

static UcStore *
open_store (UcCore *core, GError **error)
{
  const char *data_dir = uc_settings_string (core->plan->usher, "data_dir");
  UcStoreOptions options = { .path = uc_settings_string (core->plan->store, "path"),
                             .keep_ms = uc_settings_int (core->plan->store, "playback_retention") };

  if (g_mkdir_with_parents (data_dir, 0700) != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE,
                   "the data folder %s can't be made: %s; make it, or set data_dir in [usher]", data_dir,
                   g_strerror (errno));
      return NULL;
    }
  return uc_store_open (core->loop, &options, error);
}

static gint64
lap (gint64 *mark)
{
  gint64 now = g_get_monotonic_time (), took = now - *mark;

  *mark = now;
  return took;
}

static void
count_open (const UcInteraction *interaction, gpointer data)
{
  (*(guint *)data)++;
}

/* For whoever wonders what a start waits for. */
static void
tell_times (UcCore *core, gint64 database, gint64 engine, gint64 rest)
{
  guint open = 0;

  uc_engine_each_interaction (core->engine, count_open, &open);
  g_message ("started in %.3f s: database %.3f, engine %.3f with %u open chats, plugins and listeners %.3f",
             (double)(database + engine + rest) / 1e6, (double)database / 1e6, (double)engine / 1e6, open,
             (double)rest / 1e6);
}

UcCore *
uc_core_new (UcPlan *plan, UcLoader *loader, GError **error)
{
  UcCore *core = g_new0 (UcCore, 1);
  UcNetLimits limits = { .trusted_proxies = uc_settings_list (plan->usher, "trusted_proxies") };
  gint64 mark = g_get_monotonic_time (), database, engine;

  core->plan = plan;
  core->loader = loader;
  core->started_at = uc_clock_now ();
  core->loop = uc_loop_new ();
  core->instances = g_ptr_array_new ();
  core->addresses = g_ptr_array_new_with_free_func (g_free);
  core->alarms = uc_alarms_new ();
  core->admission = uc_admission_new ();
  core->feed = uc_feed_new (FEED_ITEMS, FEED_BYTES);
  core->happened = uc_happened_new (core);
  core->store = open_store (core, error);
  database = lap (&mark);
  if (core->store == NULL || !uc_shell_load (core, error))
    {
      uc_core_free (core);
      return NULL;
    }
  engine = lap (&mark);
  core->drain = uc_drain_new (core);
  uc_net_raise_nofile ();
  core->net = uc_net_new (core->loop, &limits);
  core->auth = uc_auth_new (core);
  core->ops = uc_ops_new (core);
  core->media = uc_media_new (core);
  core->intake = uc_intake_new (core);
  core->outbox = uc_outbox_new (core);
  core->bridge = uc_bridge_new (core);
  core->desks = uc_desks_new (core);
  uc_space_new (core);
  core->host = uc_host_init (core->loop, &uc_service_slots);
  if (!uc_api_start (core, error) || !uc_metrics_start (core, error))
    {
      uc_core_free (core);
      return NULL;
    }
  start_instances (core);
  uc_outbox_reload (core->outbox);
  uc_bridge_reload (core->bridge);
  uc_shell_go (core);
  uc_desks_reset (core->desks);
  core->monitor = uc_monitor_new (core);
  if (!uc_front_page_start (core, error) || !listen_all (core, error))
    {
      uc_core_free (core);
      return NULL;
    }
  tell_times (core, database, engine, lap (&mark));
  uc_soundness_begin (core);
  return core;
}

typedef struct
{
  UcCore *core;
  guint left;
  void (*done) (gpointer data);
  gpointer data;
} Stopping;

static void
count_down (Stopping *stopping)
{
  if (--stopping->left > 0)
    return;
  stopping->done (stopping->data);
  g_free (stopping);
}

static void
on_stopped (UsherInstance *instance, gpointer data)
{
  count_down (data);
}

void
uc_core_stop (UcCore *core, void (*done) (gpointer data), gpointer data)
{
  Stopping *stopping = g_new0 (Stopping, 1);

  core->stopping = TRUE;
  uc_loop_timer_remove (core->loop, core->tick_timer);
  core->tick_timer = 0;
  uc_loop_timer_remove (core->loop, core->hold_timer);
  core->hold_timer = 0;
  uc_net_stop_listening (core->net);
  uc_desks_bye (core->desks, NULL, "restarting", "the server restarts; connect again in a moment");
  stopping->core = core;
  stopping->done = done;
  stopping->data = data;
  stopping->left = core->instances->len + 1;
  for (guint i = 0; i < core->instances->len; i++)
    {
      uc_intake_forget (core->intake, core->instances->pdata[i]);
      uc_instance_stop (core->instances->pdata[i], on_stopped, stopping);
    }
  count_down (stopping);
}

static void
note_stopped (gpointer data)
{
  *(gboolean *)data = TRUE;
}

/* Whoever frees it did not stop it, as a start that failed at its end: what goes on would find a closed store. Of
 * plugins each stop has its time limit. */
static void
stop_now (UcCore *core)
{
  gboolean stopped = FALSE;

  /* The desks are made last; before them nothing goes on. */
  if (core->stopping || core->desks == NULL)
    return;
  uc_core_stop (core, note_stopped, &stopped);
  while (!stopped)
    g_main_context_iteration (NULL, TRUE);
}

void
uc_core_free (UcCore *core)
{
  stop_now (core);
  core->stopping = TRUE;
  g_clear_pointer (&core->monitor, uc_monitor_free);
  if (core->media != NULL)
    uc_media_stop (core->media);
  if (core->auth != NULL)
    {
      uc_auth_stop (core->auth);
      /* Bounded: a client that keeps talking must not keep us from stopping. */
      for (int turn = 0; turn < 100 && g_main_context_iteration (NULL, FALSE); turn++)
        ;
    }
  /* Then the store: its outstanding callbacks still find everything in place. */
  if (core->store != NULL)
    uc_store_close (core->store);
  /* Joins its thread, which may be long in checking a copy. It reads through connections of its own: what is ours
   * is closed by now. */
  uc_backup_free (core->backup);
  for (guint i = 0; i < core->instances->len; i++)
    uc_instance_free (core->instances->pdata[i]);
  g_ptr_array_set_size (core->instances, 0);
  uc_remote_finish ();
  g_clear_pointer (&core->drain, uc_drain_free);
  g_clear_pointer (&core->space, uc_space_free);
  g_clear_pointer (&core->desks, uc_desks_free);
  g_clear_pointer (&core->net, uc_net_free);
  g_clear_pointer (&core->bridge, uc_bridge_free);
  g_clear_pointer (&core->outbox, uc_outbox_free);
  g_clear_pointer (&core->intake, uc_intake_free);
  g_clear_pointer (&core->ops, uc_ops_free);
  g_clear_pointer (&core->auth, uc_auth_free);
  g_clear_pointer (&core->engine, uc_engine_free);
  g_clear_pointer (&core->feed, uc_feed_free);
  g_clear_pointer (&core->happened, uc_happened_free);
  uc_loop_free (core->loop);
  /* What its threads had to tell was told now. */
  uc_media_free (core->media);
  g_ptr_array_unref (core->instances);
  g_ptr_array_unref (core->addresses);
  g_ptr_array_unref (core->alarms);
  uc_admission_free (core->admission);
  g_free (core->control_socket);
  g_free (core->held);
  g_free (core->crm_description);
  g_free (core);
}
