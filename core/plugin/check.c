/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a configuration to a plan of what is to be started, with every problem on the way. Main thread.
 */
#include "core/plugin/check.h"

#include <gio/gio.h>
#include <string.h>

#include "core/plugin/module.h"
#include "core/plugin/remote.h"
#include "core/plugin/slots.h"

typedef struct
{
  UcConf *conf;
  UcLoader *loader;
  UcSettingsContext context;
  GPtrArray *problems;
  UcPlan *plan;
  GHashTable *mounts; /* mount -> UcConfSection* that has it */
} Planner;

static const UcSettingsHome homes[] = {
  { "[usher]", uc_core_settings_usher },
  { "[store]", uc_core_settings_store },
  { "[listen:NAME]", uc_core_settings_listen },
  { NULL, NULL },
};

static const char *const kinds[] = { "usher", "store", "listen", "channel", "crm", "frontend", NULL };

static void
planned_free (gpointer data)
{
  UcPlanned *planned = data;

  uc_settings_free (planned->settings);
  if (planned->plugin != NULL && planned->plugin->isolated)
    uc_plugin_free ((UcPlugin *)planned->plugin);
  g_free (planned->name);
  g_free (planned);
}

void
uc_plan_free (UcPlan *plan)
{
  if (plan == NULL)
    return;
  uc_settings_free (plan->usher);
  uc_settings_free (plan->store);
  g_ptr_array_unref (plan->listens);
  g_ptr_array_unref (plan->instances);
  g_free (plan);
}

static void problem_at (Planner *planner, UcConfSection *section, const char *key, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* At the key when it is in the file, else at its section. */
static void
problem_at (Planner *planner, UcConfSection *section, const char *key, const char *format, ...)
{
  UcConfEntry *entry = key != NULL ? uc_conf_entry (section, key) : NULL;
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  uc_problem_add (planner->problems, entry != NULL ? entry->file : section->file,
                  entry != NULL ? entry->line : section->line, "%s", text);
}

/* ---- the core's own sections --------------------------------------------------------------------------- */

/* [usher] and [store] need not be in the file. */
static UcSettings *
read_core_section (Planner *planner, const char *kind, const UsherSetting *const *table)
{
  const UsherSetting *const *const tables[] = { table, NULL };
  UcConfSection *section = uc_conf_section (planner->conf, kind, NULL);
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  UcConfSection empty = { .kind = (char *)kind, .file = planner->conf->path, .line = 0, .entries = entries };

  return uc_settings_parse (section != NULL ? section : &empty, tables, &planner->context, planner->problems);
}

char **
uc_plan_plugin_path (UcConf *conf)
{
  UcConfEntry *entry = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "plugin_path");
  char **folders = g_strsplit (entry != NULL && entry->value[0] != '\0' ? entry->value : PLUGINDIR, ",", -1);

  for (char **folder = folders; *folder != NULL; folder++)
    g_strstrip (*folder);
  return folders;
}

static void
check_plugin_path (Planner *planner, UcConfSection *section)
{
  if (uc_conf_entry (section, "plugin_path") == NULL)
    return;
  for (const char *const *folder = uc_settings_list (planner->plan->usher, "plugin_path"); *folder != NULL;
       folder++)
    if (!g_path_is_absolute (*folder))
      problem_at (planner, section, "plugin_path", "plugin_path: '%s' is not an absolute path; begin it with /",
                  *folder);
    else if (!g_file_test (*folder, G_FILE_TEST_IS_DIR))
      problem_at (planner, section, "plugin_path", "plugin_path: there is no folder '%s'; make it or take it out",
                  *folder);
}

static void
check_proxies (Planner *planner, UcConfSection *section)
{
  const char *const *proxy = uc_settings_list (planner->plan->usher, "trusted_proxies");

  for (; *proxy != NULL; proxy++)
    {
      g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (*proxy, NULL);

      if (mask == NULL && strcmp (*proxy, "unix") != 0)
        problem_at (planner, section, "trusted_proxies",
                    "trusted_proxies: '%s' is no IP address, no network like 10.0.0.0/8 and not 'unix'", *proxy);
    }
}

/* The data folder is needed before anything relative to it can be read. */
static void
read_usher (Planner *planner)
{
  UcConfSection *section = uc_conf_section (planner->conf, "usher", NULL);
  UcConfEntry *entry = uc_conf_entry (section, "data_dir");
  g_autofree char *default_dir = g_strdup (uc_core_settings_usher[0]->default_value);
  const char *dir = entry != NULL && g_path_is_absolute (entry->value) ? entry->value : default_dir;

  planner->context.data_dir = dir;
  planner->plan->usher = read_core_section (planner, "usher", uc_core_settings_usher);
  if (entry != NULL && entry->value[0] != '\0' && !g_path_is_absolute (entry->value))
    problem_at (planner, section, "data_dir", "data_dir = '%s': not an absolute path; begin it with /",
                entry->value);
  planner->context.data_dir = uc_settings_string (planner->plan->usher, "data_dir");
  check_plugin_path (planner, section);
  check_proxies (planner, section);
}

/* NULL = fine, else what is wrong. */
static const char *
check_address (const char *text, gboolean allow_remote)
{
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;
  const char *colon = strrchr (text, ':');
  guint64 port;

  if (g_str_has_prefix (text, "unix:"))
    return g_path_is_absolute (text + 5) ? NULL : "the path after 'unix:' has to be absolute";
  if (colon == NULL || colon == text || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return "not an address with a port; write one like 127.0.0.1:8080, [::1]:8080 or unix:/path";
  host = text[0] == '[' && colon[-1] == ']' ? g_strndup (text + 1, (gsize)(colon - text - 2))
                                            : g_strndup (text, (gsize)(colon - text));
  if (strcmp (host, "localhost") == 0)
    return NULL;
  address = g_inet_address_new_from_string (host);
  if (address == NULL || (text[0] != '[' && strchr (host, ':') != NULL))
    return "not an IP address with a port; write one like 127.0.0.1:8080, [::1]:8080 or unix:/path";
  if (!allow_remote && !g_inet_address_get_is_loopback (address))
    return "other machines reach this address; listen on 127.0.0.1 behind a reverse proxy, or set allow_remote = "
           "true";
  return NULL;
}

static void
read_listen (Planner *planner, UcConfSection *section)
{
  const UsherSetting *const *const tables[] = { uc_core_settings_listen, NULL };
  UcSettings *settings = uc_settings_parse (section, tables, &planner->context, planner->problems);
  const char *address = uc_settings_string (settings, "address");
  const char *why = address != NULL ? check_address (address, uc_settings_bool (settings, "allow_remote")) : NULL;

  if (why != NULL)
    problem_at (planner, section, "address", "address = '%s': %s", address, why);
  g_ptr_array_add (planner->plan->listens, settings);
}

/* ---- instances ----------------------------------------------------------------------------------------- */

/* An isolated one is not even opened in this process. */
static UcPlugin *
open_plugin (Planner *planner, UcConfSection *section, const char *name, GError **error)
{
  UcConfEntry *isolation = uc_conf_entry (section, "isolation");

  return isolation != NULL && strcmp (isolation->value, "process") == 0
             ? uc_remote_describe (planner->loader, name, error)
             : (UcPlugin *)uc_loader_open (planner->loader, name, error);
}

static const UcPlugin *
find_plugin (Planner *planner, UcConfSection *section, UcKind kind, gboolean wanted)
{
  UcConfEntry *entry = uc_conf_entry (section, "plugin");
  g_autoptr (GError) error = NULL;
  UcPlugin *plugin;

  if (entry == NULL || entry->value[0] == '\0')
    return NULL;
  plugin = open_plugin (planner, section, entry->value, &error);
  if (plugin == NULL)
    {
      if (wanted)
        problem_at (planner, section, "plugin", "%s", error->message);
      return NULL;
    }
  if (uc_plugin_table (plugin, kind) != NULL)
    return plugin;
  if (wanted)
    problem_at (planner, section, "plugin",
                "plugin '%s' (%s) offers no %s; name another plugin, or another kind of section", plugin->name,
                plugin->descriptor.summary, uc_kind_word (kind));
  if (plugin->isolated)
    uc_plugin_free (plugin);
  return NULL;
}

static const char *
check_mount (const char *mount)
{
  if (mount[0] != '/' || strlen (mount) > 128)
    return "not a path; begin it with /";
  if (mount[1] != '\0' && g_str_has_suffix (mount, "/"))
    return "it ends with /; leave that out";
  if (strstr (mount, "//") != NULL || strstr (mount, "/.") != NULL)
    return "it has an empty part or one that begins with a dot";
  for (const char *p = mount; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("/-_.~", *p) == NULL)
      return "only letters, digits and - _ . ~ can be in it";
  if (strcmp (mount, "/api") == 0 || g_str_has_prefix (mount, "/api/"))
    return "/api belongs to usher itself; choose another";
  return NULL;
}

static void
plan_mount (Planner *planner, UcConfSection *section, const UcPlanned *planned)
{
  const char *given = uc_settings_string (planned->settings, "mount");
  g_autofree char *mount = given != NULL && given[0] != '\0'
                               ? g_strdup (given)
                               : g_strdup_printf ("/%s/%s", uc_kind_word (planned->kind), planned->name);
  const char *why = given != NULL && given[0] != '\0' ? check_mount (mount) : NULL;
  UcConfSection *other = g_hash_table_lookup (planner->mounts, mount);

  if (why != NULL)
    problem_at (planner, section, "mount", "mount = '%s': %s", mount, why);
  else if (other != NULL)
    problem_at (planner, section, "mount",
                "mount '%s' is already that of [%s:%s] (%s:%u); give one of the two another", mount, other->kind,
                other->name, other->file, other->line);
  else
    g_hash_table_insert (planner->mounts, g_steal_pointer (&mount), section);
}

/* Without the plugin nobody knows its keys, so they can't be called unknown. */
static void
excuse_unknown_keys (UcConfSection *section)
{
  for (guint i = 0; i < section->entries->len; i++)
    ((UcConfEntry *)g_ptr_array_index (section->entries, i))->used = TRUE;
}

static void
read_instance (Planner *planner, UcConfSection *section, UcKind kind)
{
  static const UsherSetting *const no_settings[] = { NULL };
  UcConfEntry *enabled = uc_conf_entry (section, "enabled");
  gboolean wanted = enabled == NULL || strcmp (enabled->value, "false") != 0;
  UcPlanned *planned = g_new0 (UcPlanned, 1);
  g_autoptr (GPtrArray) ignored = uc_problems_new ();
  const UsherSetting *const *tables[3] = { uc_instance_common_settings (kind), no_settings, NULL };
  /* A path of an instance is relative to its own folder, or two instances would share a file. */
  g_autofree char *folder = g_strdup_printf ("%s/%s-%s", planner->context.data_dir, section->kind, section->name);
  const UcSettingsContext context = { folder, planner->context.credentials_dir, homes };

  planned->kind = kind;
  planned->name = g_strdup (section->name);
  planned->enabled = wanted;
  planned->plugin = find_plugin (planner, section, kind, wanted);
  if (planned->plugin == NULL)
    excuse_unknown_keys (section);
  else if (planned->plugin->descriptor.settings != NULL)
    tables[1] = planned->plugin->descriptor.settings;
  /* A section that is switched off may be half written. */
  planned->settings = uc_settings_parse (section, tables, &context, wanted ? planner->problems : ignored);
  if (wanted)
    plan_mount (planner, section, planned);
  g_ptr_array_add (planner->plan->instances, planned);
}

/* ---- plan ---------------------------------------------------------------------------------------------- */

static void
report_kind (Planner *planner, UcConfSection *section)
{
  const char *near = uc_nearest (section->kind, kinds);

  if (near != NULL)
    problem_at (planner, section, NULL, "unknown section [%s%s%s]; did you mean [%s%s%s]?", section->kind,
                section->name != NULL ? ":" : "", section->name != NULL ? section->name : "", near,
                section->name != NULL ? ":" : "", section->name != NULL ? section->name : "");
  else
    problem_at (planner, section, NULL,
                "unknown section [%s%s%s]; known: [usher] [store] [listen:NAME] [channel:NAME] [crm:NAME] "
                "[frontend:NAME]",
                section->kind, section->name != NULL ? ":" : "", section->name != NULL ? section->name : "");
}

static void
read_section (Planner *planner, UcConfSection *section)
{
  gboolean nameless = strcmp (section->kind, "usher") == 0 || strcmp (section->kind, "store") == 0;

  if (!g_strv_contains (kinds, section->kind))
    report_kind (planner, section);
  else if (nameless && section->name != NULL)
    problem_at (planner, section, NULL, "section [%s:%s] takes no name; write [%s]", section->kind, section->name,
                section->kind);
  else if (!nameless && section->name == NULL)
    problem_at (planner, section, NULL, "section [%s] needs a name; write [%s:NAME]", section->kind,
                section->kind);
  else if (strcmp (section->kind, "listen") == 0)
    read_listen (planner, section);
  else if (!nameless)
    for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
      if (strcmp (section->kind, uc_kind_word (kind)) == 0)
        read_instance (planner, section, kind);
}

UcPlan *
uc_plan_new (UcConf *conf, UcLoader *loader, GPtrArray *problems)
{
  g_autoptr (GHashTable) mounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Planner planner
      = { .conf = conf, .loader = loader, .context = { .homes = homes }, .problems = problems, .mounts = mounts };

  planner.plan = g_new0 (UcPlan, 1);
  planner.plan->listens = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_settings_free);
  planner.plan->instances = g_ptr_array_new_with_free_func (planned_free);
  read_usher (&planner);
  planner.plan->store = read_core_section (&planner, "store", uc_core_settings_store);
  for (guint i = 0; i < conf->sections->len; i++)
    read_section (&planner, g_ptr_array_index (conf->sections, i));
  uc_problems_sort (problems);
  return planner.plan;
}

/* ---- gaps ---------------------------------------------------------------------------------------------- */

static gboolean
has_kind (const UcPlan *plan, UcKind kind)
{
  for (guint i = 0; i < plan->instances->len; i++)
    {
      const UcPlanned *planned = plan->instances->pdata[i];

      if (planned->enabled && planned->kind == kind)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_listener (const UcPlan *plan)
{
  for (guint i = 0; i < plan->listens->len; i++)
    if (g_strcmp0 (uc_settings_string (plan->listens->pdata[i], "metrics"), "only") != 0)
      return TRUE;
  return FALSE;
}

/* One that connects to others, or has a socket of its own, works without a listener. Of one in a process of its
 * own only that process knows. */
static gboolean
misses_listener (const UcPlan *plan)
{
  gboolean any = FALSE;

  for (guint i = 0; i < plan->instances->len; i++)
    {
      const UcPlanned *planned = plan->instances->pdata[i];
      const UsherOpsHead *head = planned->plugin != NULL ? uc_plugin_table (planned->plugin, planned->kind) : NULL;

      if (!planned->enabled)
        continue;
      any = TRUE;
      if (head != NULL && !planned->plugin->isolated && (head->http != NULL || head->ws_open != NULL))
        return TRUE;
    }
  return !any;
}

char **
uc_plan_gaps (const UcPlan *plan)
{
  GPtrArray *gaps = g_ptr_array_new ();

  if (!has_listener (plan) && misses_listener (plan))
    g_ptr_array_add (gaps,
                     g_strdup ("there is no [listen:NAME] section, so nobody reaches usher over HTTP, neither "
                               "browsers nor networks; add one, like [listen:local] with address = "
                               "127.0.0.1:8080"));
  if (!has_kind (plan, UC_KIND_CHANNEL))
    g_ptr_array_add (gaps, g_strdup ("there is no [channel:NAME] section that is switched on, so no customer can "
                                     "write; add one for each network that customers use"));
  if (!has_kind (plan, UC_KIND_FRONTEND))
    g_ptr_array_add (gaps, g_strdup ("there is no [frontend:NAME] section that is switched on, so agents have no "
                                     "desktop; add one, like [frontend:desk] with plugin = web"));
  g_ptr_array_add (gaps, NULL);
  return (char **)g_ptr_array_free (gaps, FALSE);
}
