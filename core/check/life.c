/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks that hold for every kind: sizes, settings, a hundred lives, two instances at once, leaks, silence.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>

#include "core/check/kit.h"
#include "core/plugin/slots.h"

const char *const kit_odd_texts[] = { "",
                                      "hello",
                                      " ",
                                      "'; DROP TABLE messages; --",
                                      "<script>alert(1)</script>",
                                      "%s%n%x",
                                      "../../../etc/passwd",
                                      "two\nlines\r\nand\ttabs",
                                      "\x01\x02\x1b[31m\x7f",
                                      "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac \xe2\x80\xae"
                                      "abc",
                                      "{\"a\":[[[[[[[[[[",
                                      NULL };

/* ---- sizes --------------------------------------------------------------------------------------------- */

/* The loader has copied what fits; here the originals are looked at. */
void
kit_check_sizes (void)
{
  void *object = dlopen (kit.real->file, RTLD_NOW | RTLD_NOLOAD);
  UsherPluginEntry entry = object != NULL ? (UsherPluginEntry)dlsym (object, "usher_plugin_entry") : NULL;
  const UsherPlugin *plugin = entry != NULL ? entry () : NULL;

  if (plugin == NULL)
    {
      kit_leave_out ("the entry can't be asked again");
      return;
    }
  kit_check_size (plugin->struct_size, sizeof *plugin, "descriptor");
  if (plugin->channel != NULL)
    {
      kit_check_size (plugin->channel->struct_size, sizeof (UsherChannelOps), "channel table");
      kit_check_size (plugin->channel->capabilities->struct_size, sizeof (UsherChannelCapabilities),
                      "capabilities");
    }
  if (plugin->crm != NULL)
    kit_check_size (plugin->crm->struct_size, sizeof (UsherCrmOps), "CRM table");
  if (plugin->frontend != NULL)
    kit_check_size (plugin->frontend->struct_size, sizeof (UsherFrontendOps), "front-end table");
  for (gsize i = 0; plugin->settings != NULL && plugin->settings[i] != NULL; i++)
    kit_check_size (plugin->settings[i]->struct_size, sizeof (UsherSetting), plugin->settings[i]->key);
  if (entry () != plugin)
    kit_fault ("its entry returns another descriptor when it is asked again; return the same static one");
  dlclose (object);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

/* What the core lets through and the plugin does not like it has to refuse with a reason, and go on. */
static void
try_setting (const UsherSetting *setting, const char *value)
{
  UsherInstance *instance = kit_instance_new_with ("kit", setting->key, value);

  if (instance == NULL)
    return;
  uc_instance_start (instance);
  uc_instance_free (instance);
}

/* ---- counting ------------------------------------------------------------------------------------------ */

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint count = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

typedef struct
{
  gsize memory;
  guint files, threads;
} Usage;

static Usage
take_stock (void)
{
  return (Usage){ mallinfo2 ().uordblks, count_entries ("/proc/self/fd"), count_entries ("/proc/self/task") };
}

/* What every life leaves behind shows in each of three windows; what libraries keep once, or now and then, does
 * not. */
static void
watch_for_leaks (gboolean (*lives) (guint times), guint warm, guint times, const char *what)
{
  Usage first, before, after;
  gsize least = G_MAXSIZE;

  if (!lives (warm))
    return;
  first = before = after = take_stock ();
  for (int window = 0; window < 3; window++, before = after)
    {
      if (!lives (times))
        return;
      after = take_stock ();
      least = MIN (least, after.memory > before.memory ? (after.memory - before.memory) / times : 0);
    }
  if (least >= 16)
    kit_fault (
        "it leaks memory: %s left at least %" G_GSIZE_FORMAT
        " bytes behind each time; free in `destroy` what the instance has (--valgrind says where it came from)",
        what, least);
  if (after.files >= first.files + times)
    kit_fault ("it leaks file descriptors: %u more after %u times %s; close them in `destroy`",
               after.files - first.files, 3 * times, what);
  if (after.threads >= first.threads + times)
    kit_fault ("it leaves threads behind: %u more after %u times %s; join them in `destroy`",
               after.threads - first.threads, 3 * times, what);
}

/* ---- lives --------------------------------------------------------------------------------------------- */

/* FALSE = it can't be made. */
static gboolean
live_once (const char *name, gint64 ms)
{
  UsherInstance *instance = kit_start (name);

  if (instance == NULL)
    return FALSE;
  if (ms > 0)
    kit_pass (ms);
  return kit_stop (instance);
}

static gboolean
live (guint times)
{
  for (guint i = 0; i < times; i++)
    if (!live_once ("kit", 0))
      return FALSE;
  return TRUE;
}

void
kit_check_create_destroy (void)
{
  kit_watch_slots (TRUE);
  watch_for_leaks (live, 20, 34, "create and destroy");
}

void
kit_check_start_stop (void)
{
  for (int i = 0; i < 5; i++)
    if (!live_once ("kit", i * 10))
      return;
}

/* Stopped while it starts, and destroyed without being asked to stop. */
static void
live_badly (int way)
{
  UsherInstance *instance = kit_instance_new ("kit");

  if (instance == NULL)
    return;
  uc_instance_start (instance);
  if (way == 0)
    kit_stop (instance);
  else
    {
      kit_pass (way * 5);
      uc_instance_free (instance);
    }
  kit_pass (20);
}

void
kit_check_cut_off (void)
{
  for (int way = 0; way < 4; way++)
    live_badly (way);
}

void
kit_check_two_instances (void)
{
  UsherInstance *first = kit_start ("kit-1"), *second = first != NULL ? kit_start ("kit-2") : NULL;

  if (second == NULL)
    {
      if (first != NULL)
        uc_instance_free (first);
      return;
    }
  kit_stop (first);
  kit_pass (50);
  if (!uc_instance_is_running (second))
    kit_fault ("the second instance ended with the first; keep all state in what `create` returns, none in static "
               "variables");
  kit_stop (second);
}

static gboolean
live_and_work (guint times)
{
  for (guint i = 0; i < times; i++)
    {
      UsherInstance *instance = kit_start ("kit");

      if (instance == NULL)
        return FALSE;
      g_ptr_array_unref (kit_work_begin (instance, 3, 0));
      if (!kit_stop (instance))
        return FALSE;
    }
  return TRUE;
}

void
kit_check_leaks (void)
{
  watch_for_leaks (live_and_work, 4, 8, "a life with a little work");
}

/* ---- alone --------------------------------------------------------------------------------------------- */

/* How long all threads had a processor, and how long they wanted one, in ms. */
typedef struct
{
  gint64 ran, wanted;
} Processor;

static Processor
look_at_processor (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  Processor sum = { 0, 0 };
  const char *thread;

  while (dir != NULL && (thread = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/schedstat", thread), *text = NULL;
      gint64 ran = 0, waited = 0;

      if (g_file_get_contents (path, &text, NULL, NULL)
          && sscanf (text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &ran, &waited) == 2)
        {
          sum.ran += ran / 1000000;
          sum.wanted += (ran + waited) / 1000000;
        }
    }
  return sum;
}

/* On a busy machine who spins runs little, but wants to all the time; and who sleeps waits long for each moment,
 * but hardly runs. */
static void
check_idleness (Processor before, gint64 ms)
{
  Processor after = look_at_processor ();

  if (after.wanted - before.wanted > ms * 8 / 10 && after.ran - before.ran > ms / 25)
    kit_fault ("it takes the processor for itself with nothing to do, %" G_GINT64_FORMAT
               " ms within %" G_GINT64_FORMAT " ms; wait with timers, and threads that sleep",
               after.wanted - before.wanted, ms);
}

void
kit_check_quiet (void)
{
  UsherInstance *instance = kit_start ("kit");
  UcInstanceFigures figures;
  Processor before;
  gint64 begun;
  guint lines, delivered;

  if (instance == NULL)
    return;
  kit_pass (200);
  before = look_at_processor ();
  begun = g_get_monotonic_time ();
  lines = kit.lines_logged;
  delivered = kit.delivered;
  kit_pass (1000);
  uc_instance_figures (instance, &figures);
  check_idleness (before, (g_get_monotonic_time () - begun) / 1000);
  if (kit.lines_logged - lines > 20)
    kit_fault ("it floods the log with nothing to do: %u lines within a second", kit.lines_logged - lines);
  if (kit.delivered - delivered > 200)
    kit_fault ("it floods the core with nothing to do: %u deliveries within a second that nobody wrote",
               kit.delivered - delivered);
  if (figures.timers > 1000 || figures.invokes > 1000)
    kit_fault ("it floods the loop with nothing to do: %u timers and %u calls wait", figures.timers,
               figures.invokes);
  kit_stop (instance);
}

void
kit_check_bad_settings (void)
{
  static const char *const numbers[] = { "0", "1", "-1", "9223372036854775807", NULL };
  static const char *const durations[] = { "0s", "1ms", "1000000h", NULL };
  static const char *const urls[] = { "http://127.0.0.1:1/", "https://[::1]:1/a?b#c", NULL };
  const UsherSetting *const *settings = kit.real->descriptor.settings;
  g_autofree char *large = g_strnfill (60000, 'a');

  if (settings == NULL || *settings == NULL)
    {
      kit_leave_out ("it has no settings");
      return;
    }
  kit_watch_slots (TRUE);
  for (; *settings != NULL; settings++)
    {
      UsherSettingType type = (*settings)->type;
      const char *const *values = type == USHER_SETTING_INT || type == USHER_SETTING_SIZE ? numbers
                                  : type == USHER_SETTING_DURATION                        ? durations
                                  : type == USHER_SETTING_URL                             ? urls
                                                                                          : kit_odd_texts;

      for (; *values != NULL; values++)
        try_setting (*settings, *values);
      if (type == USHER_SETTING_STRING || type == USHER_SETTING_LIST || type == USHER_SETTING_PATH)
        try_setting (*settings, large);
    }
}
