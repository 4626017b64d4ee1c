/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Life of the fake host: opening the module, create/start/stop/destroy, log, invoke, kv. Main thread, except log
 * and invoke.
 */
#include "tests/lib/fake-internal.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/base/id.h"

#define WAIT_LIMIT_US (60 * G_USEC_PER_SEC)

static GThread *main_thread;
static UsherHost table;

void
fake_need_main (const char *slot)
{
  if (g_thread_self () != main_thread)
    g_error ("host->%s was called from another thread; it is for the main thread", slot);
}

void
fake_need_text (const char *what, const char *text)
{
  if (text != NULL && !g_utf8_validate (text, -1, NULL))
    g_error ("%s is not UTF-8", what);
}

static void
log_free (gpointer data)
{
  FakeLog *line = data;

  g_free (line->text);
  g_free (line);
}

static void
typing_free (gpointer data)
{
  FakeTyping *typing = data;

  g_free (typing->user_id);
  g_free (typing);
}

/* ---- slots --------------------------------------------------------------------------------------------- */

static void
host_log (UsherInstance *fake, UsherLogLevel level, const char *message)
{
  FakeLog *line;

  if (message == NULL || strchr (message, '\n') != NULL)
    g_error ("host->log wants one line of text");
  fake_need_text ("a log line", message);
  if (fake == NULL)
    {
      g_test_message ("plugin: %s", message);
      return;
    }
  line = g_new (FakeLog, 1);
  line->level = level;
  line->text = g_strdup (message);
  g_mutex_lock (&fake->priv->lock);
  g_ptr_array_add (fake->logs, line);
  g_mutex_unlock (&fake->priv->lock);
}

typedef struct
{
  FakeHost *fake;
  UsherFunc func;
  void *data;
  GDestroyNotify dropped;
} Call;

static gboolean
call_run (gpointer data)
{
  Call *call = data;

  if (call->fake->priv->alive)
    call->func (call->data);
  return G_SOURCE_REMOVE;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->dropped != NULL)
    call->dropped (call->data);
  fake_unref (call->fake);
  g_free (call);
}

void
fake_later (FakeHost *fake, UsherFunc func, void *data, GDestroyNotify dropped)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ fake, func, data, dropped };
  g_atomic_int_inc (&fake->priv->refs);
  g_idle_add_full (G_PRIORITY_DEFAULT, call_run, call, call_free);
}

static void
host_invoke (UsherInstance *fake, UsherFunc func, void *data)
{
  fake_later (fake, func, data, NULL);
}

static void
host_fail (UsherInstance *fake, UsherStatus status, const char *message)
{
  fake_need_main ("fail");
  fake_need_text ("the message of fail", message);
  g_free (fake->fail_message);
  fake->fail_status = status;
  fake->fail_message = g_strdup (message);
}

static void
host_instance_state (UsherInstance *fake, UsherStatus status, const char *message)
{
  fake_need_main ("instance_state");
  fake_need_text ("the message of instance_state", message);
  g_free (fake->state_message);
  fake->state = status;
  fake->state_message = g_strdup (message);
}

static const char *
host_instance_name (UsherInstance *fake)
{
  return fake->name;
}

static const char *
host_data_dir (UsherInstance *fake)
{
  return fake->data_dir;
}

static const char *
host_mount (UsherInstance *fake)
{
  return fake->mount;
}

/* ---- kv ------------------------------------------------------------------------------------------------ */

typedef struct
{
  GBytes *value;
  void (*got) (void *, const char *, size_t);
  void (*set) (void *, const UsherResult *);
  void *data;
  UsherStatus status;
} Kv;

static void
kv_free (gpointer data)
{
  Kv *kv = data;

  g_clear_pointer (&kv->value, g_bytes_unref);
  g_free (kv);
}

static void
kv_run (void *data)
{
  Kv *kv = data;

  if (kv->got != NULL)
    {
      gsize len = 0;
      /* One byte longer than told, so that the value is also a C string. */
      const char *value = kv->value != NULL ? g_bytes_get_data (kv->value, &len) : NULL;

      kv->got (kv->data, value, value != NULL ? len - 1 : 0);
    }
  else if (kv->set != NULL)
    {
      UsherResult result = { .struct_size = sizeof result, .status = kv->status };

      if (kv->status != USHER_OK)
        result.message = "The store refused it.";
      kv->set (kv->data, &result);
    }
}

static void
host_kv_get (UsherInstance *fake, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  Kv *kv = g_new0 (Kv, 1);
  GBytes *value = g_hash_table_lookup (fake->priv->kv, key);

  fake_need_main ("kv_get");
  kv->value = value != NULL ? g_bytes_ref (value) : NULL;
  kv->got = done;
  kv->data = data;
  fake_later (fake, kv_run, kv, kv_free);
}

static void
kv_store (FakeHost *fake, const char *key, const char *value, size_t len)
{
  g_autofree char *copy = NULL;

  if (value == NULL)
    {
      g_hash_table_remove (fake->priv->kv, key);
      return;
    }
  copy = g_malloc (len + 1);
  memcpy (copy, value, len);
  copy[len] = '\0';
  g_hash_table_replace (fake->priv->kv, g_strdup (key), g_bytes_new_take (g_steal_pointer (&copy), len + 1));
}

static void
host_kv_set (UsherInstance *fake, const char *key, const char *value, size_t len,
             void (*done) (void *, const UsherResult *), void *data)
{
  Kv *kv = g_new0 (Kv, 1);

  fake_need_main ("kv_set");
  if (strlen (key) > 128 || len > 64 * 1024)
    kv->status = USHER_INVALID;
  else
    kv->status = fake->kv_status;
  if (kv->status == USHER_OK)
    kv_store (fake, key, value, len);
  kv->set = done;
  kv->data = data;
  fake_later (fake, kv_run, kv, kv_free);
}

void
fake_kv_put (FakeHost *fake, const char *key, const char *value)
{
  kv_store (fake, key, value, value != NULL ? strlen (value) : 0);
}

const char *
fake_kv_look (FakeHost *fake, const char *key)
{
  GBytes *value = g_hash_table_lookup (fake->priv->kv, key);

  return value != NULL ? g_bytes_get_data (value, NULL) : NULL;
}

/* ---- making one ---------------------------------------------------------------------------------------- */

static const UsherHost *
host_table (void)
{
  if (table.struct_size != 0)
    return &table;
  main_thread = g_thread_self ();
  table.struct_size = sizeof table;
  table.abi_major = USHER_ABI_MAJOR;
  table.abi_minor = USHER_ABI_MINOR;
  table.log = host_log;
  table.now = fake_clock_now;
  table.invoke = host_invoke;
  table.fail = host_fail;
  table.random = uc_random_bytes;
  table.instance_name = host_instance_name;
  table.data_dir = host_data_dir;
  table.instance_state = host_instance_state;
  table.kv_get = host_kv_get;
  table.kv_set = host_kv_set;
  table.mount = host_mount;
  fake_channel_slots (&table);
  fake_json_slots (&table);
  fake_reply_slots (&table);
  fake_settings_slots (&table);
  fake_timer_slots (&table);
  fake_web_slots (&table);
  return &table;
}

static const UsherPlugin *
open_module (const char *kind, const char *plugin)
{
  const char *root = g_getenv ("USHER_BUILDDIR");
  g_autofree char *so = g_strconcat (plugin, ".so", NULL);
  g_autofree char *path = NULL;
  UsherPluginEntry entry;
  const UsherPlugin *descriptor;
  void *handle;

  if (root == NULL)
    g_error ("USHER_BUILDDIR is not set; it names the build folder that holds plugins/%s/%s", kind, plugin);
  path = g_build_filename (root, "plugins", kind, plugin, ".libs", so, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_free (path);
      path = g_build_filename (root, ".libs", so, NULL);
    }
  handle = dlopen (path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == NULL)
    g_error ("%s", dlerror ());
  *(void **)&entry = dlsym (handle, "usher_plugin_entry");
  if (entry == NULL)
    g_error ("%s: %s", path, dlerror ());
  descriptor = entry ();
  if (descriptor->struct_size != sizeof *descriptor || descriptor->abi_major != USHER_ABI_MAJOR)
    g_error ("%s: built against other headers", path);
  if (strcmp (descriptor->name, plugin) != 0)
    g_error ("%s: calls itself %s", path, descriptor->name);
  return descriptor;
}

FakeHost *
fake_host_new (const char *kind, const char *plugin)
{
  FakeHost *fake = g_new0 (FakeHost, 1);
  g_autoptr (GError) error = NULL;

  fake->host = host_table ();
  fake->plugin = open_module (kind, plugin);
  fake->kind = g_strdup (kind);
  fake->name = g_strdup ("test");
  fake->mount = g_strdup_printf ("/%s/test", kind);
  fake->remote_address = g_strdup ("203.0.113.7");
  fake->origin = g_strdup ("https://usher.example");
  if (strcmp (kind, "channel") == 0)
    fake->head = (const UsherOpsHead *)(fake->channel = fake->plugin->channel);
  else if (strcmp (kind, "crm") == 0)
    fake->head = (const UsherOpsHead *)(fake->crm = fake->plugin->crm);
  else if (strcmp (kind, "frontend") == 0)
    fake->head = (const UsherOpsHead *)(fake->frontend = fake->plugin->frontend);
  if (fake->head == NULL)
    g_error ("plugin %s is not a %s", plugin, kind);
  fake->logs = g_ptr_array_new_with_free_func (log_free);
  fake->typings = g_ptr_array_new_with_free_func (typing_free);
  fake->priv = g_new0 (FakeHostPrivate, 1);
  g_mutex_init (&fake->priv->lock);
  fake->priv->refs = 1;
  fake->priv->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fake->priv->kv = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  fake->priv->replies = g_ptr_array_new ();
  fake_channel_init (fake);
  fake_web_init (fake);
  fake->data_dir = g_dir_make_tmp ("usher-test-XXXXXX", &error);
  g_assert_no_error (error);
  fake->priv->own_dir = TRUE;
  return fake;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
fake_host_set_data_dir (FakeHost *fake, const char *dir)
{
  g_assert_null (fake->self);
  if (fake->priv->own_dir)
    remove_tree (fake->data_dir);
  fake->priv->own_dir = FALSE;
  g_free (fake->data_dir);
  fake->data_dir = g_strdup (dir);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

gboolean
fake_host_create (FakeHost *fake)
{
  static GHashTable *loaded;

  g_assert_null (fake->self);
  if (loaded == NULL)
    loaded = g_hash_table_new (NULL, NULL);
  if (g_hash_table_add (loaded, (gpointer)fake->plugin) && fake->plugin->load != NULL
      && !fake->plugin->load (fake->host))
    {
      g_hash_table_remove (loaded, fake->plugin);
      return FALSE;
    }
  fake->fail_status = USHER_OK;
  g_clear_pointer (&fake->fail_message, g_free);
  fake->priv->alive = TRUE;
  fake->self = fake->head->create (fake, fake->host);
  if (fake->self == NULL)
    {
      if (fake->fail_status == USHER_OK || fake->fail_message == NULL)
        g_error ("create returned NULL without telling host->fail why");
      fake->priv->alive = FALSE;
      fake_timer_drop (fake);
      g_ptr_array_set_size (fake->routes, 0);
    }
  return fake->self != NULL;
}

const UsherResult *
fake_host_start (FakeHost *fake)
{
  UsherReply *reply = fake_reply_new (fake);
  const UsherResult *result;

  g_assert_nonnull (fake->self);
  if (fake->head->start != NULL)
    fake->head->start (fake->self, reply);
  else
    fake->host->complete (reply, &(UsherResult){ .struct_size = sizeof (UsherResult) });
  result = fake_reply_wait (reply);
  fake->priv->started = result->status == USHER_OK;
  return result;
}

const UsherResult *
fake_host_stop (FakeHost *fake)
{
  UsherReply *reply = fake_reply_new (fake);

  g_assert_nonnull (fake->self);
  fake->priv->started = FALSE;
  if (fake->head->stop != NULL)
    fake->head->stop (fake->self, reply);
  else
    fake->host->complete (reply, &(UsherResult){ .struct_size = sizeof (UsherResult) });
  return fake_reply_wait (reply);
}

void
fake_host_destroy (FakeHost *fake)
{
  guint open;

  g_assert_nonnull (fake->self);
  fake_web_down (fake);
  fake_timer_drop (fake);
  fake->priv->alive = FALSE;
  fake->priv->started = FALSE;
  fake->head->destroy (fake->self);
  fake->self = NULL;
  fake_host_settle ();
  g_ptr_array_set_size (fake->routes, 0);
  open = fake_host_open_replies (fake);
  if (open > 0)
    g_error ("the instance is destroyed and %u of its replies were never completed", open);
}

void
fake_host_up (FakeHost *fake)
{
  const UsherResult *result;

  if (!fake_host_create (fake))
    g_error ("create failed: %s", fake->fail_message);
  result = fake_host_start (fake);
  if (result->status != USHER_OK)
    g_error ("start failed with %d: %s", result->status, result->message);
}

void
fake_host_down (FakeHost *fake)
{
  const UsherResult *result = fake_host_stop (fake);

  if (result->status != USHER_OK)
    g_error ("stop failed with %d: %s", result->status, result->message);
  fake_host_destroy (fake);
}

void
fake_unref (FakeHost *fake)
{
  if (!g_atomic_int_dec_and_test (&fake->priv->refs))
    return;
  g_mutex_clear (&fake->priv->lock);
  g_free (fake->priv);
  g_free (fake);
}

void
fake_host_free (FakeHost *fake)
{
  if (fake->priv->started)
    fake_host_stop (fake);
  if (fake->self != NULL)
    fake_host_destroy (fake);
  fake_host_settle ();
  fake_host_drop_replies (fake);
  g_ptr_array_unref (fake->priv->replies);
  fake_channel_clear (fake);
  fake_web_clear (fake);
  if (fake->priv->own_dir)
    remove_tree (fake->data_dir);
  g_clear_pointer (&fake->priv->settings, g_hash_table_unref);
  g_clear_pointer (&fake->priv->values, g_hash_table_unref);
  g_clear_pointer (&fake->priv->kv, g_hash_table_unref);
  g_ptr_array_unref (fake->logs);
  g_ptr_array_unref (fake->typings);
  g_free (fake->kind);
  g_free (fake->name);
  g_free (fake->mount);
  g_free (fake->data_dir);
  g_free (fake->remote_address);
  g_free (fake->origin);
  g_free (fake->fail_message);
  g_free (fake->state_message);
  fake_unref (fake);
}

/* ---- main loop and log --------------------------------------------------------------------------------- */

void
fake_host_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
too_late (gpointer data)
{
  g_error ("waited 60 s in vain for %s", (const char *)data);
  return G_SOURCE_REMOVE;
}

void
fake_host_wait (gboolean (*func) (gpointer data), gpointer data, const char *what)
{
  guint limit = g_timeout_add (WAIT_LIMIT_US / 1000, too_late, (gpointer)what);

  while (!func (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
}

gboolean
fake_host_logged (FakeHost *fake, UsherLogLevel level, const char *part)
{
  gboolean found = FALSE;

  g_mutex_lock (&fake->priv->lock);
  for (guint i = 0; i < fake->logs->len && !found; i++)
    {
      const FakeLog *line = fake->logs->pdata[i];

      found = line->level == level && strstr (line->text, part) != NULL;
    }
  g_mutex_unlock (&fake->priv->lock);
  return found;
}

void
fake_host_clear_logs (FakeHost *fake)
{
  g_mutex_lock (&fake->priv->lock);
  g_ptr_array_set_size (fake->logs, 0);
  g_mutex_unlock (&fake->priv->lock);
}
