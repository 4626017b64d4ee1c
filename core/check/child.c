/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The process that runs one check: loads the plugin, makes instances of it, turns the loop, and tells the parent
 * through a pipe what it found.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/folder.h"
#include "core/check/kit.h"
#include "core/plugin/slots.h"

/* Of the parent. */
#define PIPE_FD 3
#define SHARED_FD 4

Kit kit;
static GMutex lock;
static GHashTable *told;

/* ---- verdicts ------------------------------------------------------------------------------------------ */

static void
tell (char mark, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *cut = g_strndup (text, 2000), *valid = g_utf8_make_valid (cut, -1);
  g_autofree char *line = NULL;
  gboolean fresh;

  g_strdelimit (valid, "\r\n\t", ' ');
  line = g_strdup_printf ("%c %s\n", mark, valid);
  g_mutex_lock (&lock);
  fresh = g_hash_table_size (told) < 20 && g_hash_table_add (told, g_strdup (line));
  if (fresh && write (PIPE_FD, line, strlen (line)) < 0)
    _exit (1);
  g_mutex_unlock (&lock);
}

void
kit_fault (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  tell ('F', format, args);
  va_end (args);
}

void
kit_leave_out (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  tell ('L', format, args);
  va_end (args);
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

static void
on_beat (gpointer data)
{
  kit_beat ();
  uc_loop_timer_in (kit.loop, 50, on_beat, NULL);
}

static void
set_flag (gpointer data)
{
  *(gboolean *)data = TRUE;
}

gboolean
kit_wait (const gboolean *done, gint64 ms)
{
  gboolean over = FALSE;
  guint64 timer = uc_loop_timer_in (kit.loop, ms, set_flag, &over);

  while (!*done && !over)
    {
      kit_beat ();
      g_main_context_iteration (NULL, TRUE);
    }
  uc_loop_timer_remove (kit.loop, timer);
  return *done;
}

void
kit_pass (gint64 ms)
{
  static const gboolean never = FALSE;

  kit_wait (&never, ms);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

/* Values that are fit for the table of settings and mean nothing. */
static char *
make_up_value (const UsherSetting *setting)
{
  g_autofree char *path = g_build_filename (kit.work, "secret", NULL);
  g_auto (GStrv) choices = NULL;

  switch (setting->type)
    {
    case USHER_SETTING_INT:
    case USHER_SETTING_SIZE:
      return g_strdup_printf ("%" G_GINT64_FORMAT, MAX (setting->min, (gint64)1));
    case USHER_SETTING_DURATION:
      return g_strdup_printf ("%" G_GINT64_FORMAT "ms", MAX (setting->min, (gint64)1000));
    case USHER_SETTING_BOOL:
      return g_strdup ("true");
    case USHER_SETTING_URL:
      return g_strdup ("http://127.0.0.1:9/");
    case USHER_SETTING_SECRET:
      if (!g_file_set_contents_full (path, "kit\n", 4, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        kit_leave_out ("a secret could not be made up in %s", path);
      return g_strconcat ("file:", path, NULL);
    case USHER_SETTING_ENUM:
      choices = g_strsplit (setting->choices, ",", 2);
      return g_strdup (g_strstrip (choices[0]));
    default:
      return g_strdup ("kit");
    }
}

static char *
make_up_settings (void)
{
  GString *text = g_string_new (NULL);
  const UsherSetting *const *settings = kit.real->descriptor.settings;

  g_string_append_printf (text, "[%s:kit]\nplugin = %s\n", uc_kind_word (kit.kind), kit.real->name);
  if (kit.kind == UC_KIND_CHANNEL)
    g_string_append (text, "queue = kit\n");
  for (; settings != NULL && *settings != NULL; settings++)
    if ((*settings)->required)
      {
        g_autofree char *value = make_up_value (*settings);

        g_string_append_printf (text, "%s = %s\n", (*settings)->key, value);
      }
  return g_string_free (text, FALSE);
}

/* The section for our plugin and kind, with another name; NULL = there is none. */
static UcConfSection *
find_section (UcConf *conf)
{
  for (guint i = 0; i < conf->sections->len; i++)
    {
      UcConfSection *section = g_ptr_array_index (conf->sections, i);
      UcConfEntry *entry
          = strcmp (section->kind, uc_kind_word (kit.kind)) == 0 ? uc_conf_entry (section, "plugin") : NULL;

      if (entry != NULL && strcmp (entry->value, kit.real->name) == 0)
        return section;
    }
  return NULL;
}

static void
tell_problems (GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = uc_problem_text (problems->pdata[i]);

      kit_fault ("%s", text);
    }
}

static void
read_samples (UcConf *conf)
{
  UcConfSection *section = uc_conf_section (conf, "check", NULL);

  for (guint i = 0; section != NULL && i < section->entries->len; i++)
    {
      UcConfEntry *entry = g_ptr_array_index (section->entries, i);

      if (g_str_has_prefix (entry->key, "request"))
        g_ptr_array_add (kit.samples, g_strdup (entry->value));
      else if (g_str_has_prefix (entry->key, "header") && strchr (entry->value, ':') != NULL)
        {
          char *colon = strchr (entry->value, ':');

          g_ptr_array_add (kit.sample_headers, g_ascii_strdown (entry->value, colon - entry->value));
          g_ptr_array_add (kit.sample_headers, g_strstrip (g_strdup (colon + 1)));
        }
      else
        kit_fault (
            "%s:%u: [check] has request... = METHOD PATH BODY and header... = NAME: VALUE, and nothing else",
            entry->file, entry->line);
    }
}

static UcConf *
read_settings (GPtrArray *problems)
{
  g_autofree char *text = kit.settings_file == NULL ? make_up_settings () : NULL;

  return text != NULL ? uc_conf_parse (text, "(made up)", problems) : uc_conf_read (kit.settings_file, problems);
}

static void
put_entry (UcConfSection *section, const char *key, const char *value)
{
  UcConfEntry *entry = uc_conf_entry (section, key);

  if (entry == NULL)
    {
      entry = g_new0 (UcConfEntry, 1);
      entry->key = g_strdup (key);
      entry->file = g_strdup (section->file);
      entry->line = section->line;
      g_ptr_array_add (section->entries, entry);
    }
  g_free (entry->value);
  entry->value = g_strdup (value);
}

UsherInstance *
kit_instance_new (const char *name)
{
  return kit_instance_new_with (name, NULL, NULL);
}

UsherInstance *
kit_instance_new_with (const char *name, const char *key, const char *value)
{
  static const UsherSetting *const no_settings[] = { NULL };
  const UsherSetting *const *tables[]
      = { uc_instance_common_settings (kit.kind),
          kit.real->descriptor.settings != NULL ? kit.real->descriptor.settings : no_settings, NULL };
  g_autofree char *folder = g_strdup_printf ("%s/%s-%s", kit.work, uc_kind_word (kit.kind), name);
  const UcSettingsContext context = { .data_dir = folder };
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = read_settings (problems);
  UcConfSection *section = find_section (conf);
  UcSettings *settings = NULL;

  if (section == NULL)
    {
      kit_fault ("%s has no section [%s:NAME] with plugin = %s", kit.settings_file, uc_kind_word (kit.kind),
                 kit.real->name);
      return NULL;
    }
  if (key != NULL)
    put_entry (section, key, value);
  settings = uc_settings_parse (section, tables, &context, problems);
  if (key != NULL && problems->len > 0)
    {
      uc_settings_free (settings);
      return NULL;
    }
  tell_problems (problems);
  return uc_instance_new (kit.loop, kit.kind, name, &kit.plugin, settings, kit.work);
}

/* ---- instances ----------------------------------------------------------------------------------------- */

static void
on_stopped (UsherInstance *instance, gpointer data)
{
  *(gboolean *)data = TRUE;
}

UsherInstance *
kit_start (const char *name)
{
  UsherInstance *instance = kit_instance_new (name);
  gint64 end = g_get_monotonic_time () + kit.patience * 1000;

  if (instance == NULL)
    return NULL;
  uc_instance_start (instance);
  while (instance->state == UC_INSTANCE_STARTING && g_get_monotonic_time () < end)
    kit_pass (1);
  if (uc_instance_is_running (instance))
    return instance;
  if (instance->state == UC_INSTANCE_STARTING || instance->state == UC_INSTANCE_STOPPING
      || instance->status == USHER_UNCERTAIN)
    kit_fault ("`start` did not complete its reply within %" G_GINT64_FORMAT
               " s; answer USHER_RETRY when what it needs does not answer in time",
               kit.patience / 1000);
  else
    kit_leave_out ("it does not start%s: %s (%s)",
                   kit.made_up ? " with made-up settings (give some: --settings)" : "",
                   instance->status_message != NULL ? instance->status_message : "no reason",
                   uc_status_word (instance->status));
  uc_instance_free (instance);
  return NULL;
}

gboolean
kit_stop (UsherInstance *instance)
{
  UcInstanceFigures figures;
  gboolean stopped = FALSE;
  gint64 begun = g_get_monotonic_time (), ms;

  uc_instance_figures (instance, &figures);
  uc_instance_stop (instance, on_stopped, &stopped);
  if (!kit_wait (&stopped, 2 * uc_instance_times.stop + 5000))
    return FALSE;
  /* The timer behind it counts by another clock. */
  ms = (g_get_monotonic_time () - begun) / 1000 + 20;
  if (ms >= uc_instance_times.stop)
    kit_fault ("it did not stop within %" G_GINT64_FORMAT
               " ms with %u replies open: `stop` has to complete them (USHER_CANCELLED) and then its own reply",
               uc_instance_times.stop, figures.replies);
  uc_instance_free (instance);
  return ms < uc_instance_times.stop;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static void
keep_records (KitReply *reply, const UsherResult *result)
{
  const UsherCustomer *customer = result->customers != NULL ? result->customers[0] : NULL;
  const UsherCase *record = result->cases != NULL ? result->cases[0] : NULL;

  reply->ids = g_ptr_array_new_with_free_func (g_free);
  for (; result->customers != NULL && result->customers[reply->customers] != NULL; reply->customers++)
    g_ptr_array_add (reply->ids, g_strdup (result->customers[reply->customers]->id));
  for (; result->cases != NULL && result->cases[reply->cases] != NULL; reply->cases++)
    g_ptr_array_add (reply->ids, g_strdup (result->cases[reply->cases]->id));
  if (customer != NULL)
    {
      reply->id = g_strdup (customer->id);
      reply->name = g_strdup (customer->name);
      reply->version = customer->version;
      reply->draft = customer->draft;
    }
  else if (record != NULL)
    {
      reply->id = g_strdup (record->id);
      reply->number = g_strdup (record->number);
      reply->version = record->version;
      reply->transcript = g_strdup (record->transcript);
      reply->state = g_strdup (record->state);
    }
}

static void
on_reply (gpointer data, const UsherResult *result)
{
  KitReply *reply = data;

  reply->count++;
  reply->done = TRUE;
  reply->status = result->status;
  reply->cut_off = uc_reply_was_cut_off (result);
  reply->message = g_strdup (result->message);
  reply->external_id = g_strdup (result->external_id);
  reply->next = g_strdup (result->next);
  reply->data = g_strdup (result->data);
  keep_records (reply, result);
}

UsherReply *
kit_reply (UsherInstance *instance, const char *slot, KitReply *reply, gint64 timeout)
{
  kit_reply_clear (reply);
  return uc_reply_new (instance, timeout, on_reply, reply);
}

gboolean
kit_await (KitReply *reply, const char *slot)
{
  if (kit_wait (&reply->done, kit.patience))
    return TRUE;
  kit_fault (
      "`%s` did not complete its reply within %" G_GINT64_FORMAT
      " s; every reply is completed exactly once, with USHER_UNCERTAIN at the latest when the network does not "
      "answer",
      slot, kit.patience / 1000);
  return FALSE;
}

void
kit_reply_clear (KitReply *reply)
{
  g_free (reply->message);
  g_free (reply->external_id);
  g_free (reply->next);
  g_free (reply->data);
  g_free (reply->id);
  g_free (reply->number);
  g_free (reply->name);
  g_free (reply->transcript);
  g_free (reply->state);
  g_clear_pointer (&reply->ids, g_ptr_array_unref);
  *reply = (KitReply){ 0 };
}

/* ---- main ---------------------------------------------------------------------------------------------- */

/* The loader looks through folders, and in that of the file there may be others: it gets one with this file alone.
 */
static UcLoader *
load (const char *file)
{
  g_autofree char *folder = g_build_filename (kit.work, "plugin", NULL), *name = g_path_get_basename (file);
  g_autofree char *link = g_build_filename (folder, name, NULL);
  const char *dirs[] = { folder, NULL };
  UcLoader *loader;
  g_autoptr (GError) error = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0 || symlink (file, link) != 0)
    {
      kit_leave_out ("%s can't be made: %s", link, g_strerror (errno));
      return NULL;
    }
  loader = uc_loader_new (dirs);
  name[strlen (name) - strlen (".so")] = '\0';
  kit_beat ();
  g_strlcpy (kit.shared->slot, "usher_plugin_entry", sizeof kit.shared->slot);
  kit.real = uc_loader_open (loader, name, &error);
  if (kit.real == NULL)
    {
      g_autoptr (GString) why = g_string_new (error->message);

      g_string_replace (why, link, file, 0);
      kit_fault ("%s", why->str);
      uc_loader_free (loader);
      return NULL;
    }
  kit_beat ();
  g_strlcpy (kit.shared->slot, "load", sizeof kit.shared->slot);
  if (!uc_loader_start (loader, kit.real, kit.host, &error))
    kit_fault ("%s", error->message);
  kit.shared->slot[0] = '\0';
  return loader;
}

/* The parent needs to know before it can ask for the checks of a kind. */
static void
tell_kinds (void)
{
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    if (uc_plugin_table (kit.real, kind) != NULL)
      {
        g_autofree char *line = g_strdup_printf ("K %d\n", kind);

        if (write (PIPE_FD, line, strlen (line)) < 0)
          _exit (1);
      }
}

static const KitCheck *
find_check (const char *name)
{
  const KitCheck *check = kit_checks;

  while (check->name != NULL && strcmp (check->name, name) != 0)
    check++;
  return check->name != NULL ? check : NULL;
}

static void
run_check (const char *name)
{
  const KitCheck *check = find_check (name);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = read_settings (problems);

  read_samples (conf);
  kit_watch_slots (FALSE);
  uc_loop_timer_in (kit.loop, 50, on_beat, NULL);
  check->run ();
  kit_kv_clear ();
}

/* argv: FILE CHECK KIND PATIENCE-MS WORK-FOLDER [SETTINGS] */
int
uc_check_child (int argc, char **argv)
{
  UcLoader *loader;

  /* By hand it has neither a pipe nor anybody to tell. */
  if (argc < 5 || fcntl (PIPE_FD, F_GETFD) < 0)
    return 2;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  /* One heap for all threads: what is in use can then be told. */
  mallopt (M_ARENA_MAX, 1);
  told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  kit.shared = mmap (NULL, sizeof *kit.shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
  if (kit.shared == MAP_FAILED)
    return 2;
  kit.kind = atoi (argv[2]);
  kit.patience = g_ascii_strtoll (argv[3], NULL, 10);
  kit.work = argv[4];
  kit.settings_file = argc > 5 ? argv[5] : NULL;
  kit.made_up = kit.settings_file == NULL;
  kit.samples = g_ptr_array_new_with_free_func (g_free);
  kit.sample_headers = g_ptr_array_new_with_free_func (g_free);
  uc_instance_times.start = uc_instance_times.stop = kit.patience;
  kit.loop = uc_loop_new ();
  kit_services_init ();
  loader = load (argv[0]);
  if (loader == NULL)
    return 0;
  if (strcmp (argv[1], "loads") == 0)
    tell_kinds ();
  else
    run_check (argv[1]);
  g_strlcpy (kit.shared->slot, "unload", sizeof kit.shared->slot);
  uc_loader_free (loader);
  kit.shared->slot[0] = '\0';
  uc_loop_free (kit.loop);
  if (write (PIPE_FD, "E\n", 2) < 0)
    return 1;
  return 0;
}
