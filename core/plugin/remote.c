/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Life of an isolated instance: its `create`, `start`, `stop` and `destroy`, and what follows when its process
 * dies. Main thread.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/plugin/remote-private.h"
#include "core/plugin/slots.h"

#define CANCEL_MS 1000

static const UcHostedOps hosted_ops;

/* ---- what outlives a process --------------------------------------------------------------------------- */

static void
life_free (gpointer data)
{
  UcRemoteLife *life = data;
  g_autoptr (GError) error = g_error_new_literal (UC_ERROR, UC_ERROR_UNAVAILABLE, "usherd is stopping");

  uc_loop_timer_remove (life->loop, life->reload_timer);
  uc_remote_answer_reload (life, error);
  uc_hosted_leave (life->standby);
  uc_wire_message_unref (life->standby_described);
  g_free (life->last_end);
  g_free (life->confined);
  g_ptr_array_unref (life->paths);
  g_free (life);
}

/* What a plugin declares as a default, it gives itself. */
static gboolean
is_default (const UsherInstance *instance, const char *key, const char *path)
{
  for (const UsherSetting *const *s = instance->plugin->descriptor.settings; s != NULL && *s != NULL; s++)
    if (strcmp ((*s)->key, key) == 0 && (*s)->default_value != NULL)
      {
        g_autofree char *given = g_canonicalize_filename ((*s)->default_value, instance->data_dir);

        return strcmp (given, path) == 0;
      }
  return FALSE;
}

/* Only what the configuration says: at the first start, because another build may bring more settings. What lies
 * in the data folder is the plugin's anyway, also as what it makes of it: a link, say. */
static void
add_path (gpointer data, const char *key, UsherSettingType type, gboolean set, const char *string, gint64 number,
          const char *const *list)
{
  UcRemoteLife *life = data;
  const UsherInstance *instance = life->instance;
  gsize len = strlen (instance->data_dir);
  gboolean own;

  if (type != USHER_SETTING_PATH || string == NULL || string[0] != '/')
    return;
  own = strncmp (string, instance->data_dir, len) == 0 && (string[len] == '/' || string[len] == '\0');
  if (!own && !is_default (instance, key, string))
    g_ptr_array_add (life->paths, g_strdup (string));
}

UcRemoteLife *
uc_remote_life (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;

  if (priv->remote == NULL)
    {
      UcRemoteLife *life = g_new0 (UcRemoteLife, 1);

      life->instance = instance;
      life->loop = priv->loop;
      life->paths = g_ptr_array_new_with_free_func (g_free);
      uc_settings_foreach (instance->settings, add_path, life);
      priv->remote = life;
      priv->remote_free = life_free;
    }
  return priv->remote;
}

char *
uc_remote_key (const UsherInstance *instance)
{
  return g_strconcat (uc_kind_word (instance->kind), ":", instance->name, NULL);
}

/* A link of our own user may be the plugin's work: it leads nowhere. */
static gboolean
is_folder (const char *path)
{
  struct stat st;

  return g_file_test (path, G_FILE_TEST_IS_DIR)
         && !(lstat (path, &st) == 0 && S_ISLNK (st.st_mode) && st.st_uid == geteuid ());
}

UcHostedStart
uc_remote_start_of (UsherInstance *instance, const char *key, GPtrArray *writable)
{
  const UcRemoteLife *life = uc_remote_life (instance);

  /* A file comes with others beside it: a journal, a lock. */
  for (guint i = 0; i < life->paths->len; i++)
    {
      const char *path = life->paths->pdata[i];

      g_ptr_array_add (writable, is_folder (path) ? g_strdup (path) : g_path_get_dirname (path));
    }
  g_ptr_array_add (writable, NULL);
  return (UcHostedStart){ .key = key,
                          .name = instance->plugin->name,
                          .file = instance->plugin->file,
                          .data_dir = instance->data_dir,
                          .writable = (const char *const *)writable->pdata,
                          .timeout = uc_settings_int (instance->settings, "isolation_timeout") };
}

/* ---- replies ------------------------------------------------------------------------------------------- */

void
uc_remote_violated (UcRemote *remote, const char *what)
{
  g_autofree char *why = g_strdup_printf ("it broke the protocol: %s", what);

  if (remote->hosted != NULL)
    uc_hosted_kill (remote->hosted, why);
}

void
uc_remote_complete (UcRemote *remote, guint64 token, const UsherResult *result)
{
  UcRemotePending *pending = g_hash_table_lookup (remote->pending, GSIZE_TO_POINTER (token));
  UsherReply *reply;

  if (pending == NULL || result == NULL)
    {
      uc_remote_violated (remote, "it completed what nobody asked it for");
      return;
    }
  reply = pending->reply;
  g_hash_table_remove (remote->pending, GSIZE_TO_POINTER (token));
  if (token == remote->start_token)
    {
      remote->start = NULL;
      remote->phase = UC_REMOTE_WORKING;
    }
  remote->host->complete (reply, result);
}

/* One after the other, because each answer may lead to something new. */
static void
fail_pending (UcRemote *remote, guint64 sent, const char *how)
{
  g_autofree char *text = g_strdup_printf ("plugin_lost: its process %s", how);
  GHashTableIter iter;
  gpointer key, value;

  for (;;)
    {
      UsherResult result = { .struct_size = sizeof result, .message = text };
      UsherReply *reply;

      g_hash_table_iter_init (&iter, remote->pending);
      if (!g_hash_table_iter_next (&iter, &key, &value))
        return;
      reply = ((UcRemotePending *)value)->reply;
      /* What never left us was certainly not done. */
      result.status = ((UcRemotePending *)value)->number > sent ? USHER_RETRY : USHER_LOST;
      g_hash_table_iter_remove (&iter);
      remote->host->complete (reply, &result);
    }
}

/* ---- start --------------------------------------------------------------------------------------------- */

static void
refuse_start (UcRemote *remote, UsherStatus status, const char *message)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = message };
  UsherReply *reply = g_steal_pointer (&remote->start);

  if (reply == NULL)
    return;
  if (remote->start_token != 0)
    g_hash_table_remove (remote->pending, GSIZE_TO_POINTER (remote->start_token));
  remote->host->complete (reply, &result);
}

static void
add_setting (gpointer data, const char *key, UsherSettingType type, gboolean set, const char *string,
             gint64 number, const char *const *list)
{
  UcWireSetting *setting = g_new0 (UcWireSetting, 1);

  *setting = (UcWireSetting){ sizeof *setting, key, (int)type, set, string, number, list };
  g_ptr_array_add (data, setting);
}

static void
send_create (UcRemote *remote)
{
  UsherInstance *instance = remote->instance;
  g_autoptr (GPtrArray) settings = g_ptr_array_new_with_free_func (g_free);
  UcRemotePending *pending = g_new0 (UcRemotePending, 1);
  UcLinkFigures figures;

  uc_settings_foreach (instance->settings, add_setting, settings);
  g_ptr_array_add (settings, NULL);
  remote->phase = UC_REMOTE_STARTING;
  remote->start_token = ++remote->last_token;
  pending->reply = remote->start;
  g_hash_table_insert (remote->pending, GSIZE_TO_POINTER (remote->start_token), pending);
  if (!uc_link_send (remote->link, UC_OP_CREATE, remote->start_token, (gint64)instance->kind, instance->name,
                     instance->mount, instance->data_dir, (const void *const *)settings->pdata))
    uc_remote_violated (remote, "its settings can't be sent to it");
  uc_link_figures (remote->link, &figures);
  pending->number = figures.sent + figures.queued;
}

static void
take_described (UcRemote *remote, UcWireMessage *described)
{
  UsherInstance *instance = remote->instance;
  g_autoptr (GError) error = NULL;
  UcPlugin *plugin = uc_remote_plugin (instance->plugin->name, instance->plugin->file, described, &error);

  g_free (remote->life->confined);
  remote->life->confined = g_strdup (described->values[7].text);
  uc_plugin_logf (instance, USHER_LOG_NOTICE, "runs in a process of its own, number %d: %s",
                  uc_hosted_pid (remote->hosted),
                  described->values[7].text != NULL ? described->values[7].text : "not confined");
  /* What is in the file now may be another build than the one that was asked before. */
  if (plugin == NULL || !uc_remote_adopt (instance, plugin, &error))
    refuse_start (remote, USHER_FAILED, error->message);
  else
    send_create (remote);
}

static void
on_opened (gpointer data, const UcWireMessage *described, const char *why)
{
  UcRemote *remote = data;

  if (described != NULL)
    {
      take_described (remote, (UcWireMessage *)described);
      return;
    }
  remote->hosted = NULL;
  remote->link = NULL;
  remote->phase = UC_REMOTE_GONE;
  refuse_start (remote, USHER_FAILED, why);
}

void
uc_remote_created (UcRemote *remote, const UsherChannelCapabilities *capabilities)
{
  const char *why = NULL;

  if (remote->phase != UC_REMOTE_STARTING)
    uc_remote_violated (remote, "it says that it was created, but nobody asked for that");
  else if (remote->instance->kind == UC_KIND_CHANNEL
           && (capabilities == NULL || !uc_instance_set_capabilities (remote->instance, capabilities, &why)))
    refuse_start (remote, USHER_FAILED, why != NULL ? why : "it tells no capabilities (a fault of the plugin)");
}

static void
begin (gpointer data)
{
  UcRemote *remote = data;
  UcRemoteLife *life = remote->life;
  g_autofree char *key = uc_remote_key (remote->instance);
  g_autoptr (GPtrArray) writable = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  remote->phase = UC_REMOTE_OPENING;
  if (life->standby != NULL)
    {
      g_autoptr (UcWireMessage) described = g_steal_pointer (&life->standby_described);

      remote->hosted = g_steal_pointer (&life->standby);
      uc_hosted_set_owner (remote->hosted, &hosted_ops, remote);
      remote->link = uc_hosted_link (remote->hosted);
      take_described (remote, described);
      return;
    }
  {
    const UcHostedStart start = uc_remote_start_of (remote->instance, key, writable);

    remote->hosted = uc_hosted_new (remote->loop, &start, &hosted_ops, remote, &error);
  }
  if (remote->hosted != NULL)
    remote->link = uc_hosted_link (remote->hosted);
  else
    {
      remote->phase = UC_REMOTE_GONE;
      refuse_start (remote, USHER_RETRY, error->message);
    }
}

/* ---- slots of the head --------------------------------------------------------------------------------- */

static void
on_cancel_time (gpointer data)
{
  UcRemote *remote = data;
  GHashTableIter iter;
  gpointer key, value;

  remote->cancel_timer = 0;
  g_hash_table_iter_init (&iter, remote->pending);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      UcRemotePending *pending = value;

      if (pending->cancelled || !remote->host->cancelled (pending->reply) || remote->link == NULL)
        continue;
      pending->cancelled = TRUE;
      uc_link_send (remote->link, UC_OP_CANCEL, GPOINTER_TO_SIZE (key));
    }
  if (g_hash_table_size (remote->pending) > 0)
    remote->cancel_timer = uc_loop_timer_in (remote->loop, CANCEL_MS, on_cancel_time, remote);
}

guint64
uc_remote_expect (UcRemote *remote, UsherReply *reply)
{
  UcRemotePending *pending = g_new0 (UcRemotePending, 1);
  guint64 token = ++remote->last_token;

  pending->reply = reply;
  pending->number = G_MAXUINT64;
  g_hash_table_insert (remote->pending, GSIZE_TO_POINTER (token), pending);
  if (remote->cancel_timer == 0)
    remote->cancel_timer = uc_loop_timer_in (remote->loop, CANCEL_MS, on_cancel_time, remote);
  return token;
}

void
uc_remote_expected (UcRemote *remote, guint64 token, gboolean sent)
{
  UcRemotePending *pending = g_hash_table_lookup (remote->pending, GSIZE_TO_POINTER (token));
  UsherResult result = { .struct_size = sizeof result,
                         .status = USHER_INVALID,
                         .message = "it is too large for the plugin's process: at most 32 MiB fit in a frame" };
  UcLinkFigures figures;
  UsherReply *reply;

  if (sent)
    {
      uc_link_figures (remote->link, &figures);
      pending->number = figures.sent + figures.queued;
      return;
    }
  reply = pending->reply;
  g_hash_table_remove (remote->pending, GSIZE_TO_POINTER (token));
  remote->host->complete (reply, &result);
}

gboolean
uc_remote_may_ask (UcRemote *remote, UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result,
                         .status = USHER_BUSY,
                         .message = "the plugin's process takes nothing more at the moment",
                         .retry_after_ms = 1000 };

  if (remote->phase == UC_REMOTE_WORKING && remote->link != NULL && uc_link_has_room (remote->link))
    return TRUE;
  remote->host->complete (reply, &result);
  return FALSE;
}

void *
uc_remote_create (UsherInstance *instance, const UsherHost *host)
{
  UcRemote *remote = g_new0 (UcRemote, 1);

  remote->instance = instance;
  remote->host = host;
  remote->loop = instance->priv->loop;
  remote->life = uc_remote_life (instance);
  remote->pending = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  remote->exchanges = g_hash_table_new (NULL, NULL);
  remote->sockets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  remote->desks = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  remote->calls = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  return remote;
}

void
uc_remote_start (void *self, UsherReply *reply)
{
  UcRemote *remote = self;
  g_autofree char *key = uc_remote_key (remote->instance);

  remote->start = reply;
  remote->phase = UC_REMOTE_WAITING;
  if (!uc_hosted_await (key, begin, remote))
    begin (remote);
}

void
uc_remote_stop (void *self, UsherReply *reply)
{
  UcRemote *remote = self;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };
  guint64 token;

  if (remote->phase != UC_REMOTE_WORKING && remote->phase != UC_REMOTE_STARTING)
    {
      remote->host->complete (reply, &result);
      return;
    }
  token = uc_remote_expect (remote, reply);
  uc_remote_expected (remote, token, uc_link_send (remote->link, UC_OP_STOP, token));
}

/* Their clients went with the process. */
static void
close_desks (UcRemote *remote)
{
  GHashTableIter iter;
  gpointer value;

  for (;;)
    {
      UsherDesk *desk;

      g_hash_table_iter_init (&iter, remote->desks);
      if (!g_hash_table_iter_next (&iter, NULL, &value))
        return;
      desk = ((UcRemoteDesk *)value)->desk;
      g_hash_table_iter_remove (&iter);
      if (desk != NULL)
        remote->host->desk_close (desk);
    }
}

void
uc_remote_destroy (void *self)
{
  UcRemote *remote = self;

  close_desks (remote);
  uc_hosted_await_cancel (remote);
  uc_loop_timer_remove (remote->loop, remote->cancel_timer);
  remote->link = NULL;
  uc_hosted_leave (g_steal_pointer (&remote->hosted));
  /* Nobody waits for these any more, but they are owed. */
  remote->phase = UC_REMOTE_GONE;
  refuse_start (remote, USHER_LOST, NULL);
  fail_pending (remote, 0, "was not needed any more");
  /* The services above drop answers to calls of an instance that is destroyed. */
  g_hash_table_unref (remote->calls);
  g_hash_table_unref (remote->desks);
  g_hash_table_unref (remote->sockets);
  g_hash_table_unref (remote->exchanges);
  g_hash_table_unref (remote->pending);
  g_free (remote);
}

/* ---- death --------------------------------------------------------------------------------------------- */

static void
say_what_to_do (UcRemote *remote, const char *how, gint64 pause, gboolean quarantine)
{
  UsherInstance *instance = remote->instance;

  if (!quarantine)
    {
      uc_plugin_logf (
          instance, USHER_LOG_WARNING,
          "its process %s; everything else goes on. It is started again in %.1f s, and what it had not "
          "confirmed is sent again or marked uncertain",
          how, (double)pause / 1000);
      return;
    }
  uc_plugin_logf (instance, USHER_LOG_ERROR,
                  "its process %s, the %uth time: it is left alone for %.0f min. Look at the lines above for the "
                  "reason; replace or remove the plugin (%s), then run: usherctl plugin reload %s",
                  how, remote->life->supervise.count, (double)pause / 60000, instance->plugin->file,
                  instance->name);
}

static void
on_gone (gpointer data, const char *how)
{
  UcRemote *remote = data;
  UsherInstance *instance = remote->instance;
  UcRemoteLife *life = remote->life;
  g_autofree char *text = g_strdup_printf ("its process %s", how);
  UcLinkFigures figures;
  gint64 pause;

  uc_link_figures (remote->link, &figures);
  remote->hosted = NULL;
  remote->link = NULL;
  remote->phase = UC_REMOTE_GONE;
  g_free (life->last_end);
  life->last_end = g_strdup (how);
  pause = uc_supervise_crashed (&life->supervise, &uc_supervise_rule, uc_clock_now (),
                                g_random_int_range (-200, 201));
  if (instance->state != UC_INSTANCE_STOPPING)
    say_what_to_do (remote, how, pause, life->supervise.quarantined);
  /* Before anything is answered: nobody shall ask it again. */
  if (instance->state != UC_INSTANCE_STOPPING)
    instance->state = UC_INSTANCE_WAITING;
  fail_pending (remote, figures.sent, how);
  /* Destroys remote. */
  uc_instance_lost (instance, text, pause, life->supervise.quarantined);
}

static void
on_message (gpointer data, UcWireMessage *message)
{
  uc_remote_message (data, message);
}

static void
on_line (gpointer data, const char *text)
{
  uc_plugin_log (((UcRemote *)data)->instance, USHER_LOG_WARNING, text);
}

static const UcHostedOps hosted_ops
    = { .opened = on_opened, .message = on_message, .gone = on_gone, .line = on_line };

gboolean
uc_remote_figures (UsherInstance *instance, UcRemoteFigures *figures)
{
  UcRemoteLife *life = instance->priv->remote;
  UcRemote *remote = instance->self;

  *figures = (UcRemoteFigures){ 0 };
  if (!instance->plugin->isolated)
    return FALSE;
  if (life != NULL)
    {
      figures->lost = life->supervise.count;
      figures->last_end = life->last_end;
      figures->confined = life->confined;
    }
  if (remote != NULL && remote->hosted != NULL)
    {
      UcLinkFigures link;

      uc_link_figures (remote->link, &link);
      figures->pid = uc_hosted_pid (remote->hosted);
      figures->queued = link.queued;
    }
  return TRUE;
}

gboolean
uc_remote_is_host (int pid)
{
  return uc_hosted_is_host (pid);
}

void
uc_remote_finish (void)
{
  uc_hosted_finish ();
}
