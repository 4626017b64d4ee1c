/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin as its host describes it: before the start, at each start, and for a reload. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/plugin/module.h"
#include "core/plugin/remote-private.h"
#include "core/plugin/setting-value.h"
#include "core/plugin/slots.h"

#define DESCRIBE_MS 10000
#define LOOK_MS 20

/* ---- tables -------------------------------------------------------------------------------------------- */

/* Slots that the plugin leaves NULL are NULL here, too; those of its life are always ours. */
static gboolean
cut_table (UcKind kind, const void *full, gint64 mask, void *table)
{
  const UcSlot *slots = uc_kind_slots (kind);
  gsize size = uc_kind_table_size (kind);

  if (mask == 0)
    return FALSE;
  memset (table, 0, size);
  memcpy (table, &size, sizeof size);
  for (guint i = 0; slots[i].name != NULL; i++)
    {
      gboolean life = slots[i].offset < offsetof (UsherOpsHead, http);

      if (life || (mask >> i & 1) != 0)
        memcpy ((char *)table + slots[i].offset, (const char *)full + slots[i].offset, sizeof (void *));
    }
  return TRUE;
}

static void
message_free (gpointer data)
{
  uc_wire_message_unref (data);
}

UcPlugin *
uc_remote_plugin (const char *name, const char *file, UcWireMessage *described, GError **error)
{
  const UcWireValue *v = described->values;
  UsherChannelOps channel;
  UsherCrmOps crm;
  UsherFrontendOps frontend;
  UsherPlugin given
      = { USHER_PLUGIN_HEAD,    .name = v[0].text,    .version = v[1].text,
          .summary = v[2].text, .license = v[3].text, .settings = (const UsherSetting *const *)v[4].structures };
  UcPlugin *plugin;

  if (v[5].ints.count != 3)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s: its process describes it in a way that can't be", file);
      return NULL;
    }
  if (cut_table (UC_KIND_CHANNEL, &uc_remote_channel, v[5].ints.values[0], &channel))
    {
      channel.capabilities = v[6].structure;
      given.channel = &channel;
    }
  if (cut_table (UC_KIND_CRM, &uc_remote_crm, v[5].ints.values[1], &crm))
    given.crm = &crm;
  if (cut_table (UC_KIND_FRONTEND, &uc_remote_frontend, v[5].ints.values[2], &frontend))
    given.frontend = &frontend;
  plugin = uc_plugin_from_descriptor (name, file, &given, error);
  if (plugin == NULL)
    return NULL;
  plugin->isolated = TRUE;
  plugin->backing = uc_wire_message_ref (described);
  plugin->backing_free = message_free;
  return plugin;
}

/* ---- another build ------------------------------------------------------------------------------------- */

static gboolean
fit_setting (UsherInstance *instance, const UsherSetting *setting, gboolean apply, GError **error)
{
  UsherSettingType type = uc_settings_type (instance->settings, setting->key);
  const UcSettingsContext context = { .data_dir = instance->data_dir };
  g_autofree char *why = NULL;
  UcSettingValue value = { 0 };

  if (type == setting->type)
    return TRUE;
  if (type != 0 || setting->required)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                   "%s: this build %s the setting '%s'; check the configuration and restart usherd",
                   instance->plugin->file, type != 0 ? "reads another type from" : "requires", setting->key);
      return FALSE;
    }
  if (!apply)
    return TRUE;
  if (setting->default_value != NULL)
    uc_setting_value_parse (setting, setting->default_value, &context, &value, &why);
  uc_settings_put (instance->settings, setting->key, setting->type, value.set, value.string, value.number,
                   (const char *const *)value.list);
  uc_setting_value_clear (&value);
  return TRUE;
}

static gboolean
fits (UsherInstance *instance, const UcPlugin *plugin, gboolean apply, GError **error)
{
  if (uc_plugin_table (plugin, instance->kind) == NULL)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT, "%s: this build offers no %s any more", plugin->file,
                   uc_kind_word (instance->kind));
      return FALSE;
    }
  for (const UsherSetting *const *s = plugin->descriptor.settings; s != NULL && *s != NULL; s++)
    if (!fit_setting (instance, *s, apply, error))
      return FALSE;
  return TRUE;
}

gboolean
uc_remote_adopt (UsherInstance *instance, UcPlugin *plugin, GError **error)
{
  if (!fits (instance, plugin, FALSE, error) || !fits (instance, plugin, TRUE, error))
    {
      uc_plugin_free (plugin);
      return FALSE;
    }
  uc_instance_set_plugin (instance, plugin);
  return TRUE;
}

/* ---- reload -------------------------------------------------------------------------------------------- */

void
uc_remote_answer_reload (UcRemoteLife *life, const GError *error)
{
  UcRemoteReloaded reloaded = g_steal_pointer (&life->reloaded);

  if (reloaded != NULL)
    reloaded (life->reloaded_data, error);
}

static void
refuse_reload (UcRemoteLife *life, const char *why)
{
  g_autoptr (GError) error = g_error_new (UC_ERROR, UC_ERROR_CONFLICT, "%s; what ran before goes on running", why);

  uc_remote_answer_reload (life, error);
}

static void
look_at_start (gpointer data)
{
  UcRemoteLife *life = data;
  const UsherInstance *instance = life->instance;
  g_autoptr (GError) error = NULL;

  life->reload_timer = 0;
  if (instance->state == UC_INSTANCE_STARTING)
    {
      life->reload_timer = uc_loop_timer_in (life->loop, LOOK_MS, look_at_start, life);
      return;
    }
  if (!uc_instance_is_running (instance))
    error = g_error_new (UC_ERROR, UC_ERROR_FAILED, "the new build took over but is %s: %s",
                         uc_instance_state_word (instance->state),
                         instance->status_message != NULL ? instance->status_message : "it gave no reason");
  uc_remote_answer_reload (life, error);
}

/* What runs has finished its work, what comes is open: the rest is an ordinary start. */
static void
on_stopped (UsherInstance *instance, gpointer data)
{
  UcRemoteLife *life = data;

  uc_instance_start (instance);
  look_at_start (life);
}

static void
on_standby_opened (gpointer data, const UcWireMessage *described, const char *why)
{
  UcRemoteLife *life = data;
  UsherInstance *instance = life->instance;
  g_autoptr (GError) error = NULL;
  UcPlugin *plugin;

  if (described == NULL)
    {
      life->standby = NULL;
      refuse_reload (life, why);
      return;
    }
  plugin = uc_remote_plugin (instance->plugin->name, instance->plugin->file, (UcWireMessage *)described, &error);
  if (plugin == NULL || !fits (instance, plugin, FALSE, &error))
    {
      uc_plugin_free (plugin);
      uc_hosted_leave (g_steal_pointer (&life->standby));
      refuse_reload (life, error->message);
      return;
    }
  uc_plugin_free (plugin);
  life->standby_described = uc_wire_message_ref ((UcWireMessage *)described);
  uc_supervise_forgive (&life->supervise);
  uc_plugin_log (instance, USHER_LOG_NOTICE, "another build takes over; what is under way is finished first");
  uc_instance_stop (instance, on_stopped, life);
}

static void
on_standby_gone (gpointer data, const char *how)
{
  UcRemoteLife *life = data;
  g_autofree char *why = g_strdup_printf ("the process for the new build %s", how);

  life->standby = NULL;
  g_clear_pointer (&life->standby_described, uc_wire_message_unref);
  refuse_reload (life, why);
}

static void
on_standby_message (gpointer data, UcWireMessage *message)
{
  if (message->spec->op == UC_OP_LOG)
    uc_plugin_log (((UcRemoteLife *)data)->instance, (UsherLogLevel)message->values[0].number,
                   message->values[1].text);
}

static void
on_standby_line (gpointer data, const char *text)
{
  uc_plugin_log (((UcRemoteLife *)data)->instance, USHER_LOG_WARNING, text);
}

void
uc_remote_reload (UsherInstance *instance, UcRemoteReloaded done, gpointer data)
{
  static const UcHostedOps ops = {
    .opened = on_standby_opened, .message = on_standby_message, .gone = on_standby_gone, .line = on_standby_line
  };
  UcRemoteLife *life = uc_remote_life (instance);
  g_autofree char *key = uc_remote_key (instance);
  g_autofree char *standby_key = g_strconcat (key, "+", NULL);
  g_autoptr (GPtrArray) writable = g_ptr_array_new_with_free_func (g_free);
  UcHostedStart start = uc_remote_start_of (instance, standby_key, writable);
  g_autoptr (GError) error = NULL;

  if (life->reloaded != NULL || instance->state == UC_INSTANCE_STOPPING)
    {
      error = g_error_new (UC_ERROR, UC_ERROR_CONFLICT, "it is being reloaded or stopped already; wait a moment");
      done (data, error);
      return;
    }
  life->standby = uc_hosted_new (life->loop, &start, &ops, life, &error);
  if (life->standby == NULL)
    {
      done (data, error);
      return;
    }
  life->reloaded = done;
  life->reloaded_data = data;
}

/* ---- before the start ---------------------------------------------------------------------------------- */

typedef struct
{
  const char *name, *file;
  UcPlugin *plugin;
  GError *error;
  gboolean over;
} Asking;

static void
asked_opened (gpointer data, const UcWireMessage *described, const char *why)
{
  Asking *asking = data;

  asking->over = TRUE;
  if (described != NULL)
    asking->plugin = uc_remote_plugin (asking->name, asking->file, (UcWireMessage *)described, &asking->error);
  else
    asking->error = g_error_new_literal (UC_ERROR, UC_ERROR_INVALID, why);
}

static void
asked_message (gpointer data, UcWireMessage *message)
{
}

static void
asked_gone (gpointer data, const char *how)
{
  Asking *asking = data;

  if (!asking->over)
    asking->error
        = g_error_new (UC_ERROR, UC_ERROR_INVALID,
                       "%s: the process that was to open it %s; replace the plugin, or look there for the "
                       "reason",
                       asking->file, how);
  asking->over = TRUE;
}

static void
asked_line (gpointer data, const char *text)
{
  g_message ("%s: %s", ((const Asking *)data)->name, text);
}

static void
asked_too_long (gpointer data)
{
  Asking *asking = data;

  asking->over = TRUE;
  asking->error = g_error_new (UC_ERROR, UC_ERROR_INVALID,
                               "%s: opening it took longer than %d s; it must not work in its initialisers",
                               asking->file, DESCRIBE_MS / 1000);
}

UcPlugin *
uc_remote_describe (UcLoader *loader, const char *name, GError **error)
{
  static const UcHostedOps ops
      = { .opened = asked_opened, .message = asked_message, .gone = asked_gone, .line = asked_line };
  g_autofree char *file = uc_loader_find (loader, name, error);
  UcHostedStart start = { .key = name, .name = name, .file = file, .timeout = DESCRIBE_MS * 2 };
  Asking asking = { .name = name, .file = file };
  UcHosted *hosted;
  UcLoop *loop;

  if (file == NULL)
    return NULL;
  loop = uc_loop_new ();
  hosted = uc_hosted_new (loop, &start, &ops, &asking, &asking.error);
  if (hosted != NULL)
    {
      uc_loop_timer_in (loop, DESCRIBE_MS, asked_too_long, &asking);
      while (!asking.over)
        g_main_context_iteration (NULL, TRUE);
      /* It may wait to leave by itself, or has left. */
      uc_hosted_finish ();
    }
  uc_loop_free (loop);
  if (asking.error != NULL)
    g_propagate_error (error, asking.error);
  return asking.plugin;
}
