/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Life of one instance. A plugin may complete `start` or `stop` from inside the slot, so whatever follows from an
 * outcome (above all destroy) is a step of its own that the loop runs later. Main thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/clock.h"
#include "core/plugin/abi.h"
#include "core/plugin/instance-private.h"
#include "core/plugin/module.h"
#include "core/plugin/slots.h"

#define MAX_RETRY_AFTER (60 * 60 * 1000)
#define MAX_SETTLE 10000

typedef struct
{
  void (*done) (UsherInstance *, gpointer);
  gpointer data;
} StopWaiter;

UcInstanceTimes uc_instance_times = { .start = 30000, .stop = 10000, .backoff = 1000, .backoff_max = 60000 };

static void begin_stop (UsherInstance *instance);

const UsherSetting *const *
uc_instance_common_settings (UcKind kind)
{
  static const UsherSetting plugin = { .struct_size = sizeof plugin,
                                       .key = "plugin",
                                       .type = USHER_SETTING_STRING,
                                       .required = true,
                                       .help = "name of the plugin that serves this instance" };
  static const UsherSetting enabled = { .struct_size = sizeof enabled,
                                        .key = "enabled",
                                        .type = USHER_SETTING_BOOL,
                                        .default_value = "true",
                                        .help = "false leaves this instance out" };
  static const UsherSetting mount = { .struct_size = sizeof mount,
                                      .key = "mount",
                                      .type = USHER_SETTING_STRING,
                                      .help = "path of its pages on the web server; /KIND/NAME when not given" };
  static const UsherSetting isolation
      = { .struct_size = sizeof isolation,
          .key = "isolation",
          .type = USHER_SETTING_ENUM,
          .choices = "none,process",
          .default_value = "none",
          .help = "process: the plugin runs in a process of its own, confined, and can harm nobody else" };
  static const UsherSetting timeout
      = { .struct_size = sizeof timeout,
          .key = "isolation_timeout",
          .type = USHER_SETTING_DURATION,
          .default_value = "15s",
          .min = 1000,
          .max = 600000,
          .help = "how long its process may give no sign of life before it is killed and started again" };
  static const UsherSetting queue = { .struct_size = sizeof queue,
                                      .key = "queue",
                                      .type = USHER_SETTING_STRING,
                                      .required = true,
                                      .help = "id of the queue that its conversations enter" };
  static const UsherSetting acceptance
      = { .struct_size = sizeof acceptance,
          .key = "acceptance_interval",
          .type = USHER_SETTING_DURATION,
          .default_value = "0s",
          .max = 900000,
          .help = "how long offers of its conversations wait for an agent; 0s = as his user says" };
  static const UsherSetting auto_create
      = { .struct_size = sizeof auto_create,
          .key = "auto_create_customer",
          .type = USHER_SETTING_ENUM,
          .choices = "draft,off",
          .default_value = "draft",
          .help = "what is made in the CRM for somebody it does not know: a draft, or nothing" };
  static const UsherSetting *const any[] = { &plugin, &enabled, &mount, &isolation, &timeout, NULL };
  static const UsherSetting *const channel[]
      = { &plugin, &enabled, &mount, &isolation, &timeout, &queue, &acceptance, &auto_create, NULL };

  return kind == UC_KIND_CHANNEL ? channel : any;
}

const char *
uc_instance_state_word (UcInstanceState state)
{
  static const char *const words[]
      = { [UC_INSTANCE_NEW] = "new",         [UC_INSTANCE_STARTING] = "starting",
          [UC_INSTANCE_RUNNING] = "running", [UC_INSTANCE_ATTENTION] = "needs_attention",
          [UC_INSTANCE_WAITING] = "waiting", [UC_INSTANCE_SKIPPED] = "skipped",
          [UC_INSTANCE_FAILED] = "failed",   [UC_INSTANCE_STOPPING] = "stopping",
          [UC_INSTANCE_STOPPED] = "stopped", [UC_INSTANCE_QUARANTINED] = "quarantined" };

  return (gsize)state < G_N_ELEMENTS (words) ? words[state] : "unknown";
}

gboolean
uc_instance_is_running (const UsherInstance *instance)
{
  return instance->state == UC_INSTANCE_RUNNING || instance->state == UC_INSTANCE_ATTENTION;
}

const UsherChannelCapabilities *
uc_instance_capabilities (const UsherInstance *instance)
{
  return instance->kind == UC_KIND_CHANNEL && instance->self != NULL ? &instance->priv->capabilities : NULL;
}

/* The last thing a step does: the service may stop the instance from inside. */
static void
set_state (UsherInstance *instance, UcInstanceState state, UsherStatus status, const char *message)
{
  char *copy = g_strdup (message);

  g_free (instance->status_message);
  instance->status_message = copy;
  instance->state = state;
  instance->status = status;
  if (uc_host_services ()->state_changed != NULL)
    uc_host_services ()->state_changed (instance);
}

static void
on_step (gpointer data)
{
  UsherInstance *instance = data;
  void (*step) (UsherInstance *) = instance->priv->step;

  instance->priv->step_timer = 0;
  instance->priv->step = NULL;
  step (instance);
}

static void
schedule (UsherInstance *instance, gint64 ms, void (*step) (UsherInstance *))
{
  struct UcInstancePrivate *priv = instance->priv;

  uc_loop_timer_remove (priv->loop, priv->step_timer);
  priv->step = step;
  priv->step_timer = uc_loop_timer_in (priv->loop, ms, on_step, instance);
}

static void
clear_told (UsherInstance *instance)
{
  instance->priv->told = USHER_OK;
  g_clear_pointer (&instance->priv->told_message, g_free);
}

static void
tell (UsherInstance *instance, UsherStatus status, const char *message)
{
  g_autofree char *copy = message != NULL ? g_utf8_make_valid (message, -1) : NULL;

  clear_told (instance);
  instance->priv->told = status;
  instance->priv->told_message = g_steal_pointer (&copy);
}

/* Destroys the plugin's side. Its threads may invoke until destroy returns, hence the second clearing. */
static void
destroy_self (UsherInstance *instance)
{
  void *self = instance->self;

  uc_replies_cancel (instance);
  uc_host_forget (instance);
  instance->self = NULL;
  if (self == NULL)
    return;
  instance->head->destroy (self);
  uc_host_forget (instance);
}

/* ---- start --------------------------------------------------------------------------------------------- */

static gboolean
make_data_dir (UsherInstance *instance, char **why)
{
  struct stat st;

  if (g_mkdir_with_parents (instance->data_dir, 0700) != 0 || stat (instance->data_dir, &st) != 0)
    *why = g_strdup_printf ("its data folder %s can't be made: %s", instance->data_dir, g_strerror (errno));
  else if ((st.st_mode & 07777) != 0700 && chmod (instance->data_dir, 0700) != 0)
    *why = g_strdup_printf ("its data folder %s can't be kept private: %s; run: chmod 700 %s", instance->data_dir,
                            g_strerror (errno), instance->data_dir);
  else
    return TRUE;
  return FALSE;
}

static gint64
pause_before_retry (UsherInstance *instance)
{
  gint64 base = uc_instance_times.backoff << MIN (instance->attempts > 0 ? instance->attempts - 1 : 0, 16);

  base = MIN (base, uc_instance_times.backoff_max);
  /* A fifth either way, so that a hundred instances don't knock at a recovered server together. */
  base += base * g_random_int_range (-200, 201) / 1000;
  return MAX (base, MIN (instance->priv->retry_after, MAX_RETRY_AFTER));
}

static void attempt (UsherInstance *instance);

static void
wait_for_retry (UsherInstance *instance, UsherStatus status, const char *message)
{
  gint64 pause = pause_before_retry (instance);

  instance->retry_at = uc_clock_now () + pause;
  uc_plugin_logf (instance, USHER_LOG_WARNING, "could not start: %s; tried again in %.1f s",
                  message != NULL ? message : uc_status_word (status), (double)pause / 1000);
  schedule (instance, pause, attempt);
  set_state (instance, UC_INSTANCE_WAITING, status, message);
}

static void
start_failed (UsherInstance *instance, UsherStatus status, const char *message)
{
  g_autofree char *text = g_strdup (message != NULL ? message : "the plugin gave no reason");

  destroy_self (instance);
  switch (status)
    {
    case USHER_NOT_CONFIGURED:
      uc_plugin_logf (instance, USHER_LOG_NOTICE, "skipped: %s", text);
      set_state (instance, UC_INSTANCE_SKIPPED, status, text);
      break;
    case USHER_RETRY:
    case USHER_BUSY:
    case USHER_LOST:
      wait_for_retry (instance, status, text);
      break;
    default:
      uc_plugin_logf (instance, USHER_LOG_ERROR, "failed to start: %s", text);
      set_state (instance, UC_INSTANCE_FAILED, status, text);
      break;
    }
}

static void
step_started (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  gboolean fine = priv->told == USHER_OK;
  g_autofree char *message = g_strdup (priv->told_message);

  instance->attempts = 0;
  instance->retry_at = 0;
  uc_plugin_logf (instance, USHER_LOG_NOTICE, "started");
  set_state (instance, fine ? UC_INSTANCE_RUNNING : UC_INSTANCE_ATTENTION, priv->told, message);
}

static void
step_start_failed (UsherInstance *instance)
{
  g_autofree char *message = g_strdup (instance->priv->told_message);

  start_failed (instance, instance->priv->told, message);
}

/* It may still be about to start, so it is stopped before it is tried again. */
static void
step_start_late (UsherInstance *instance)
{
  instance->priv->restart = TRUE;
  begin_stop (instance);
}

static void
on_start (gpointer data, const UsherResult *result)
{
  UsherInstance *instance = data;

  if (instance->state != UC_INSTANCE_STARTING)
    return;
  if (result->status == USHER_OK)
    {
      schedule (instance, 0, step_started);
      return;
    }
  instance->priv->retry_after = result->retry_after_ms;
  tell (instance, result->status, result->message);
  if (result->status == USHER_UNCERTAIN)
    {
      schedule (instance, 0, step_start_late);
      return;
    }
  instance->priv->start_failed = TRUE;
  schedule (instance, 0, step_start_failed);
}

static gboolean
is_capability (UsherCapability value)
{
  return (int)value >= USHER_CAN_NOT && (int)value <= USHER_NATIVE;
}

/* As the journal and the engine take it. */
static gboolean
is_network (const char *name)
{
  gsize len = 0;

  for (; name != NULL && name[len] != '\0'; len++)
    if (!g_ascii_isgraph (name[len]) || name[len] == ',' || len >= 64)
      return FALSE;
  return len > 0;
}

/* NULL = they make sense. */
static const char *
check_capabilities (const UsherChannelCapabilities *caps)
{
  if (!is_network (caps->network))
    return "its capabilities are missing or name no network, a word of at most 64 letters (a fault of the plugin)";
  if (caps->max_text < 0 || caps->text_unit < 0 || caps->text_unit > 2)
    return "its capabilities have a max_text or text_unit that does not exist (a fault of the plugin)";
  if (caps->reply_window_ms < 0 || caps->tagged_window_ms < 0
      || (caps->tagged_window_ms > 0 && caps->tagged_window_ms < caps->reply_window_ms))
    return "its capabilities have a reply window below 0, or a tagged one that closes earlier (a fault of the "
           "plugin)";
  if (caps->settle_ms < 0 || caps->settle_ms > MAX_SETTLE)
    return "its capabilities have a settle_ms that is not between 0 and 10000 (a fault of the plugin)";
  if (!is_capability (caps->typing_in) || !is_capability (caps->typing_out)
      || !is_capability (caps->receipts_delivered) || !is_capability (caps->receipts_read)
      || !is_capability (caps->media_in) || !is_capability (caps->media_out))
    return "its capabilities say something else than not, emulate or native (a fault of the plugin)";
  return NULL;
}

/* NULL = it has what it needs. */
static const char *
ask_capabilities (UsherInstance *instance)
{
  UsherChannelCapabilities *caps = &instance->priv->capabilities;
  const UsherChannelCapabilities *given;

  if (instance->kind != UC_KIND_CHANNEL)
    return NULL;
  given = instance->plugin->channel.runtime_capabilities != NULL
              ? instance->plugin->channel.runtime_capabilities (instance->self)
              : instance->plugin->channel.capabilities;
  if (given == NULL || !uc_abi_copy (caps, sizeof *caps, given, offsetof (UsherChannelCapabilities, max_text)))
    *caps = (UsherChannelCapabilities){ 0 };
  return check_capabilities (caps);
}

gboolean
uc_instance_set_capabilities (UsherInstance *instance, const UsherChannelCapabilities *capabilities,
                              const char **why)
{
  *why = check_capabilities (capabilities);
  if (*why != NULL)
    return FALSE;
  instance->priv->capabilities = *capabilities;
  instance->priv->capabilities.network = g_intern_string (capabilities->network);
  return TRUE;
}

void
uc_instance_set_plugin (UsherInstance *instance, UcPlugin *plugin)
{
  UcPlugin *old = instance->priv->own_plugin;

  /* Its capabilities may lie in what is freed below. */
  instance->priv->capabilities.network = g_intern_string (instance->priv->capabilities.network);
  instance->plugin = plugin;
  instance->head = uc_plugin_table (plugin, instance->kind);
  instance->priv->own_plugin = plugin;
  uc_plugin_free (old);
}

static gboolean
create_self (UsherInstance *instance)
{
  const char *why;

  clear_told (instance);
  instance->priv->in_create = TRUE;
  instance->self = instance->head->create (instance, uc_host_table ());
  instance->priv->in_create = FALSE;
  if (instance->self == NULL)
    {
      g_autofree char *message = g_strdup (instance->priv->told_message);
      UsherStatus status = instance->priv->told;

      start_failed (instance, status != USHER_OK ? status : USHER_FAILED,
                    message != NULL ? message
                                    : "its create returned NULL without a reason (a fault of the plugin)");
      return FALSE;
    }
  clear_told (instance);
  why = ask_capabilities (instance);
  if (why == NULL)
    return TRUE;
  start_failed (instance, USHER_FAILED, why);
  return FALSE;
}

static void
attempt (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  g_autofree char *why = NULL;

  instance->attempts++;
  instance->retry_at = 0;
  priv->retry_after = 0;
  priv->start_failed = FALSE;
  priv->restart = FALSE;
  set_state (instance, UC_INSTANCE_STARTING, USHER_OK, NULL);
  if (instance->state != UC_INSTANCE_STARTING)
    return;
  if (!make_data_dir (instance, &why))
    {
      start_failed (instance, USHER_FAILED, why);
      return;
    }
  if (!create_self (instance))
    return;
  if (instance->head->start == NULL)
    schedule (instance, 0, step_started);
  else
    instance->head->start (instance->self, uc_reply_new (instance, uc_instance_times.start, on_start, instance));
}

void
uc_instance_start (UsherInstance *instance)
{
  g_return_if_fail (instance->self == NULL && instance->state != UC_INSTANCE_STOPPING);

  uc_loop_timer_remove (instance->priv->loop, instance->priv->step_timer);
  instance->priv->step_timer = 0;
  instance->attempts = 0;
  attempt (instance);
}

void
uc_instance_tell (UsherInstance *instance, UsherStatus status, const char *message)
{
  if (status < USHER_OK || status > USHER_FAILED)
    status = USHER_FAILED;
  tell (instance, status, status == USHER_OK ? NULL : message);
  if (!uc_instance_is_running (instance))
    return;
  if (status != USHER_OK)
    uc_plugin_logf (instance, USHER_LOG_WARNING, "needs attention: %s", message != NULL ? message : "(no reason)");
  else if (instance->state == UC_INSTANCE_ATTENTION)
    uc_plugin_log (instance, USHER_LOG_NOTICE, "works again");
  set_state (instance, status == USHER_OK ? UC_INSTANCE_RUNNING : UC_INSTANCE_ATTENTION, status,
             instance->priv->told_message);
}

void
uc_instance_lost (UsherInstance *instance, const char *why, gint64 pause, gboolean quarantine)
{
  struct UcInstancePrivate *priv = instance->priv;

  /* One that was about to stop has. */
  if (instance->state == UC_INSTANCE_STOPPING || instance->self == NULL)
    return;
  instance->state = UC_INSTANCE_WAITING;
  uc_loop_timer_remove (priv->loop, priv->step_timer);
  priv->step_timer = 0;
  destroy_self (instance);
  instance->retry_at = uc_clock_now () + pause;
  schedule (instance, pause, attempt);
  set_state (instance, quarantine ? UC_INSTANCE_QUARANTINED : UC_INSTANCE_WAITING, USHER_LOST, why);
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

static void
run_waiters (UsherInstance *instance)
{
  g_autoptr (GArray) waiters = g_steal_pointer (&instance->priv->stop_waiters);

  for (guint i = 0; waiters != NULL && i < waiters->len; i++)
    {
      StopWaiter *waiter = &g_array_index (waiters, StopWaiter, i);

      /* The last one may free the instance. */
      waiter->done (instance, waiter->data);
    }
}

static void
step_stopped (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  gboolean had_self = instance->self != NULL;

  uc_loop_timer_remove (priv->loop, priv->stop_timer);
  priv->stop_timer = 0;
  destroy_self (instance);
  if (priv->restart)
    {
      g_autofree char *message = g_strdup (priv->told_message);

      priv->restart = FALSE;
      wait_for_retry (instance, USHER_UNCERTAIN, message);
      return;
    }
  if (had_self)
    uc_plugin_log (instance, USHER_LOG_NOTICE, "stopped");
  set_state (instance, UC_INSTANCE_STOPPED, USHER_OK, NULL);
  run_waiters (instance);
}

void
uc_instance_reply_answered (UsherInstance *instance)
{
  if (instance->state == UC_INSTANCE_STOPPING && instance->priv->stop_answered
      && g_queue_is_empty (&instance->priv->waiting) && instance->priv->step != step_stopped)
    schedule (instance, 0, step_stopped);
}

static void
on_stop_deadline (gpointer data)
{
  UsherInstance *instance = data;

  instance->priv->stop_timer = 0;
  uc_plugin_logf (instance, USHER_LOG_WARNING,
                  "did not stop within %.1f s (%u replies open); what it owes is cancelled",
                  (double)uc_instance_times.stop / 1000, g_queue_get_length (&instance->priv->waiting));
  instance->priv->stop_answered = TRUE;
  uc_replies_cancel (instance);
  uc_instance_reply_answered (instance);
}

static void
on_stop (gpointer data, const UsherResult *result)
{
  UsherInstance *instance = data;

  if (result->status != USHER_OK && result->status != USHER_CANCELLED)
    uc_plugin_logf (instance, USHER_LOG_WARNING, "stop answered %s: %s", uc_status_word (result->status),
                    result->message != NULL ? result->message : "(no reason)");
  instance->priv->stop_answered = TRUE;
  uc_instance_reply_answered (instance);
}

static void
step_ask_to_stop (UsherInstance *instance)
{
  /* A plugin whose start failed has nothing to stop. */
  if (instance->self != NULL && instance->head->stop != NULL && !instance->priv->start_failed)
    {
      instance->head->stop (instance->self, uc_reply_new (instance, 0, on_stop, instance));
      return;
    }
  instance->priv->stop_answered = TRUE;
  uc_instance_reply_answered (instance);
}

static void
begin_stop (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  gboolean starting = instance->state == UC_INSTANCE_STARTING;

  instance->retry_at = 0;
  priv->stop_answered = FALSE;
  priv->stop_timer = uc_loop_timer_in (priv->loop, uc_instance_times.stop, on_stop_deadline, instance);
  schedule (instance, 0, step_ask_to_stop);
  set_state (instance, UC_INSTANCE_STOPPING, USHER_OK, NULL);
  /* Nobody waits for `start` any more. */
  if (starting)
    uc_replies_cancel (instance);
}

void
uc_instance_stop (UsherInstance *instance, void (*done) (UsherInstance *, gpointer), gpointer data)
{
  struct UcInstancePrivate *priv = instance->priv;
  StopWaiter waiter = { done, data };

  if (priv->stop_waiters == NULL)
    priv->stop_waiters = g_array_new (FALSE, FALSE, sizeof (StopWaiter));
  if (done != NULL)
    g_array_append_val (priv->stop_waiters, waiter);
  priv->restart = FALSE;
  if (instance->state != UC_INSTANCE_STOPPING)
    begin_stop (instance);
}

/* ---- new and free -------------------------------------------------------------------------------------- */

static char *
mount_of (UcKind kind, const char *name, const UcSettings *settings)
{
  const char *given = uc_settings_string (settings, "mount");

  if (given == NULL || given[0] == '\0')
    return g_strdup_printf ("/%s/%s", uc_kind_word (kind), name);
  return strcmp (given, "/") == 0 ? g_strdup ("") : g_strdup (given);
}

UsherInstance *
uc_instance_new (UcLoop *loop, UcKind kind, const char *name, const UcPlugin *plugin, UcSettings *settings,
                 const char *data_root)
{
  UsherInstance *instance = g_new0 (UsherInstance, 1);
  struct UcInstancePrivate *priv = g_new0 (struct UcInstancePrivate, 1);
  g_autofree char *folder = g_strdup_printf ("%s-%s", uc_kind_word (kind), name);

  instance->kind = kind;
  instance->name = g_strdup (name);
  instance->mount = mount_of (kind, name, settings);
  instance->data_dir = g_build_filename (data_root, folder, NULL);
  instance->plugin = plugin;
  instance->head = uc_plugin_table (plugin, kind);
  instance->settings = settings;
  instance->priv = priv;
  priv->loop = loop;
  priv->owner = g_strdup_printf ("%s:%s (plugin %s)", uc_kind_word (kind), name, plugin->name);
  priv->invokes = g_hash_table_new (NULL, NULL);
  g_mutex_init (&priv->lock);
  g_queue_init (&priv->waiting);
  g_queue_init (&priv->owed);
  return instance;
}

void
uc_instance_free (UsherInstance *instance)
{
  struct UcInstancePrivate *priv;

  if (instance == NULL)
    return;
  priv = instance->priv;
  uc_loop_timer_remove (priv->loop, priv->step_timer);
  uc_loop_timer_remove (priv->loop, priv->stop_timer);
  priv->step_timer = priv->stop_timer = 0;
  /* Outcomes that are answered from here on lead nowhere. */
  instance->state = UC_INSTANCE_STOPPED;
  destroy_self (instance);
  uc_replies_forget (instance);
  if (priv->remote_free != NULL)
    priv->remote_free (priv->remote);
  uc_plugin_free (priv->own_plugin);
  clear_told (instance);
  g_clear_pointer (&priv->stop_waiters, g_array_unref);
  g_hash_table_unref (priv->invokes);
  g_mutex_clear (&priv->lock);
  g_free (priv->owner);
  g_free (priv);
  uc_settings_free (instance->settings);
  g_free (instance->name);
  g_free (instance->mount);
  g_free (instance->data_dir);
  g_free (instance->status_message);
  g_free (instance);
}

static guint
size_of (GHashTable *table)
{
  return table != NULL ? g_hash_table_size (table) : 0;
}

void
uc_instance_figures (UsherInstance *instance, UcInstanceFigures *figures)
{
  struct UcInstancePrivate *priv = instance->priv;

  *figures = (UcInstanceFigures){ .replies = priv->waiting.length,
                                  .late = priv->owed.length,
                                  .calls = size_of (priv->calls),
                                  .timers = size_of (priv->timers) };
  g_mutex_lock (&priv->lock);
  figures->invokes = size_of (priv->invokes);
  g_mutex_unlock (&priv->lock);
}
