/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding and opening plugins, through libltdl. Main thread: libltdl has no locks.
 *
 * What was opened once stays mapped, also when it was then refused: libraries it brought along may have
 * registered types with GObject, and those do not survive being unmapped.
 */
#include "core/plugin/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <ltdl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/conf.h"
#include "core/base/error.h"
#include "core/plugin/elf-check.h"
#include "core/plugin/instance-private.h"
#include "core/plugin/module.h"

#define ENTRY "usher_plugin_entry"

struct UcLoader
{
  char **dirs;
  GHashTable *open;    /* name -> UcPlugin* */
  GHashTable *started; /* UcPlugin* -> GUINT 1 = load succeeded, 2 = refused */
};

/* ---- folders and files --------------------------------------------------------------------------------- */

static gboolean
set_problem (GError **error, const char *file, const char *why, const char *remedy)
{
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s %s; %s", file, why, remedy);
  return FALSE;
}

static gboolean
check_not_writable (const char *path, GError **error)
{
  struct stat st;

  if (stat (path, &st) != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if ((st.st_mode & S_IWOTH) != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_DENIED,
                   "%s may be written by everybody, so anybody could put code into usher; run: chmod o-w %s", path,
                   path);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_file (const char *file, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (file);

  return check_not_writable (folder, error) && check_not_writable (file, error);
}

/* One NAME='value' line of a libtool archive. */
static char *
la_value (const char *text, const char *name)
{
  g_autofree char *start = g_strdup_printf ("\n%s=", name);
  const char *p = strstr (text, start);
  const char *end;
  char *value;

  if (p == NULL)
    return NULL;
  p += strlen (start);
  end = strchrnul (p, '\n');
  value = g_strndup (p, (gsize)(end - p));
  if (value[0] == '\'' && value[strlen (value) - 1] == '\'' && strlen (value) > 1)
    {
      value[strlen (value) - 1] = '\0';
      memmove (value, value + 1, strlen (value));
    }
  return value;
}

/* The shared object that a .la file stands for: in .libs before `make install`, beside it afterwards. NULL without
 * error when it is no module at all, like the convenience libraries of a build tree. */
static char *
real_file_of_la (const char *la, GError **error)
{
  g_autofree char *text = NULL, *dlname = NULL, *installed = NULL, *folder = NULL, *file = NULL, *module = NULL;
  gsize len;

  if (!check_file (la, error) || !g_file_get_contents (la, &text, &len, error))
    {
      g_prefix_error (error, "libtool file: ");
      return NULL;
    }
  dlname = len < 65536 && strlen (text) == len ? la_value (text, "dlname") : NULL;
  module = dlname != NULL ? la_value (text, "shouldnotlink") : NULL;
  if (g_strcmp0 (module, "yes") != 0 || dlname[0] == '\0' || strchr (dlname, '/') != NULL)
    return NULL;
  installed = la_value (text, "installed");
  folder = g_path_get_dirname (la);
  file = g_strcmp0 (installed, "no") == 0 ? g_build_filename (folder, ".libs", dlname, NULL)
                                          : g_build_filename (folder, dlname, NULL);
  if (!g_file_test (file, G_FILE_TEST_EXISTS))
    {
      set_problem (error, la, "names a shared object that does not exist", "run make, or remove the .la file");
      return NULL;
    }
  return g_steal_pointer (&file);
}

/* NAME in one folder: the path of the shared object, NULL when there is none, or NULL with an error. */
static char *
find_in (const char *dir, const char *name, GError **error)
{
  g_autofree char *la = g_strdup_printf ("%s/%s.la", dir, name);
  g_autofree char *so = g_strdup_printf ("%s/%s.so", dir, name);
  char *file;
  GError *la_error = NULL;

  if (g_file_test (la, G_FILE_TEST_EXISTS))
    {
      file = real_file_of_la (la, &la_error);
      if (file != NULL)
        return file;
      if (la_error != NULL)
        {
          g_propagate_error (error, la_error);
          return NULL;
        }
    }
  return g_file_test (so, G_FILE_TEST_EXISTS) ? g_steal_pointer (&so) : NULL;
}

static char **
names_in (const char *dir)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  const char *entry;

  while (handle != NULL && (entry = g_dir_read_name (handle)) != NULL)
    {
      g_autofree char *name = NULL, *file = NULL;
      g_autoptr (GError) error = NULL;

      if (!g_str_has_suffix (entry, ".so") && !g_str_has_suffix (entry, ".la"))
        continue;
      name = g_strndup (entry, strlen (entry) - 3);
      if (name[0] == '.' || g_hash_table_contains (names, name))
        continue;
      file = find_in (dir, name, &error);
      if (file == NULL && error == NULL)
        continue;
      g_ptr_array_add (list, name);
      g_hash_table_add (names, g_steal_pointer (&name));
    }
  g_ptr_array_add (list, NULL);
  return (char **)g_ptr_array_steal (list, NULL);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
uc_loader_names (UcLoader *loader)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (char **dir = loader->dirs; *dir != NULL; dir++)
    {
      g_autofree char **names = names_in (*dir);

      for (char **name = names; *name != NULL; name++)
        if (g_hash_table_add (seen, *name))
          g_ptr_array_add (all, *name);
        else
          g_free (*name);
    }
  g_ptr_array_sort (all, compare_strings);
  g_ptr_array_add (all, NULL);
  return (char **)g_ptr_array_steal (all, NULL);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static gboolean
init_libltdl (GError **error)
{
  static gsize done;
  const char *why;

  if (g_once_init_enter (&done))
    g_once_init_leave (&done, lt_dlinit () == 0 ? 1 : 2);
  if (done == 1)
    return TRUE;
  why = lt_dlerror ();
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "libltdl can't be initialised: %s; start the program again",
               why != NULL ? why : "it failed before");
  return FALSE;
}

static gboolean
check_elf (const char *file, GError **error)
{
  const char *why = NULL, *remedy = NULL;
  int fd = open (file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  gboolean ok;

  if (fd < 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_DENIED, "%s can't be opened: %s; check its owner and mode", file,
                   g_strerror (errno));
      return FALSE;
    }
  ok = uc_elf_check (fd, &why, &remedy);
  close (fd);
  return ok || set_problem (error, file, why, remedy);
}

/* libltdl binds lazily and reports an undefined symbol as "file not found". So the object is bound here first, at
 * once, which also gives the linker's own words; libltdl then gets the same mapping. */
static gboolean
bind_now (const char *file, GError **error)
{
  const char *text;

  if (dlopen (file, RTLD_NOW | RTLD_LOCAL) != NULL)
    return TRUE;
  text = dlerror ();
  if (text != NULL && g_str_has_prefix (text, file) && g_str_has_prefix (text + strlen (file), ": "))
    text += strlen (file) + 2;
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
               "%s can't be loaded: %s; install the library it needs, or rebuild the plugin", file,
               text != NULL ? text : "unknown error");
  return FALSE;
}

static lt_dlhandle
open_with_libltdl (const char *file, GError **error)
{
  lt_dladvise advise;
  lt_dlhandle handle = NULL;

  if (lt_dladvise_init (&advise) == 0)
    {
      if (lt_dladvise_ext (&advise) == 0 && lt_dladvise_resident (&advise) == 0
          && lt_dladvise_local (&advise) == 0)
        handle = lt_dlopenadvise (file, advise);
      lt_dladvise_destroy (&advise);
    }
  if (handle == NULL)
    g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "%s can't be opened by libltdl: %s; install it again", file,
                 lt_dlerror ());
  return handle;
}

/* The symbol has to be a function, and this object's own: a plugin that merely links to another one would find
 * that one's. */
static gboolean
is_own_function (void *address, const char *file)
{
  const ElfW (Sym) *symbol = NULL;
  Dl_info info;
  struct stat a, b;

  if (dladdr1 (address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL)
    return FALSE;
  return (symbol->st_info & 0xf) == STT_FUNC && stat (info.dli_fname, &a) == 0 && stat (file, &b) == 0
         && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static UcPlugin *
open_file (const char *name, const char *file, GError **error)
{
  lt_dlhandle handle;
  void *address;
  UsherPluginEntry entry;

  if (!init_libltdl (error) || !check_file (file, error) || !check_elf (file, error) || !bind_now (file, error))
    return NULL;
  handle = open_with_libltdl (file, error);
  if (handle == NULL)
    return NULL;
  address = lt_dlsym (handle, ENTRY);
  if (address == NULL || !is_own_function (address, file))
    {
      set_problem (error, file, "is not an usher plugin: it has no function " ENTRY,
                   "add USHER_PLUGIN_EXPORT, or remove the file from the folder");
      return NULL;
    }
  memcpy (&entry, &address, sizeof entry);
  return uc_plugin_from_entry (name, file, entry, error);
}

/* ---- loader -------------------------------------------------------------------------------------------- */

static void
plugin_unload (gpointer key, gpointer value, gpointer data)
{
  const UcPlugin *plugin = key;

  if (GPOINTER_TO_UINT (value) != 1 || plugin->descriptor.unload == NULL)
    return;
  uc_plugin_log_as (plugin->name);
  plugin->descriptor.unload ();
  uc_plugin_log_as (NULL);
}

UcLoader *
uc_loader_new (const char *const *dirs)
{
  UcLoader *loader = g_new0 (UcLoader, 1);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (; dirs != NULL && *dirs != NULL; dirs++)
    {
      g_autofree char *dir = g_canonicalize_filename (*dirs, NULL);

      if (!g_ptr_array_find_with_equal_func (list, dir, g_str_equal, NULL))
        g_ptr_array_add (list, g_steal_pointer (&dir));
    }
  g_ptr_array_add (list, NULL);
  loader->dirs = (char **)g_ptr_array_steal (list, NULL);
  loader->open = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)uc_plugin_free);
  loader->started = g_hash_table_new (NULL, NULL);
  return loader;
}

void
uc_loader_free (UcLoader *loader)
{
  if (loader == NULL)
    return;
  g_hash_table_foreach (loader->started, plugin_unload, NULL);
  g_hash_table_unref (loader->started);
  g_hash_table_unref (loader->open);
  g_strfreev (loader->dirs);
  g_free (loader);
}

static void
set_not_found (UcLoader *loader, const char *name, GError **error)
{
  g_auto (GStrv) names = uc_loader_names (loader);
  g_autofree char *folders = g_strjoinv (", ", loader->dirs);
  const char *near = uc_nearest (name, (const char *const *)names);

  if (near != NULL)
    g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "there is no plugin '%s' in %s; did you mean '%s'?", name,
                 folders, near);
  else
    g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND,
                 "there is no plugin '%s' in %s; install it there, or set plugin_path in [usher]", name, folders);
}

static void
warn_of_duplicates (char **dirs, const UcPlugin *used)
{
  for (; *dirs != NULL; dirs++)
    {
      g_autofree char *file = find_in (*dirs, used->name, NULL);

      if (file != NULL)
        g_message ("%s is not used: %s has the same name and comes earlier in plugin_path; remove one of the two",
                   file, used->file);
    }
}

/* NULL without error: not there. *rest: the folders after the one it is in. */
static char *
find_file (UcLoader *loader, const char *name, char ***rest, GError **error)
{
  if (!uc_plugin_name_is_valid (name))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "'%s' can't be the name of a plugin; names have lower-case letters, digits and dashes", name);
      return NULL;
    }
  for (char **dir = loader->dirs; *dir != NULL; dir++)
    {
      GError *own = NULL;
      char *file = find_in (*dir, name, &own);

      *rest = dir + 1;
      if (own != NULL)
        g_propagate_error (error, own);
      if (file != NULL || own != NULL)
        return file;
    }
  set_not_found (loader, name, error);
  return NULL;
}

char *
uc_loader_find (UcLoader *loader, const char *name, GError **error)
{
  char **rest;
  g_autofree char *file = find_file (loader, name, &rest, error);

  return file != NULL && check_file (file, error) && check_elf (file, error) ? g_steal_pointer (&file) : NULL;
}

const UcPlugin *
uc_loader_open_file (UcLoader *loader, const char *name, const char *file, GError **error)
{
  UcPlugin *plugin = open_file (name, file, error);

  if (plugin != NULL)
    g_hash_table_insert (loader->open, plugin->name, plugin);
  return plugin;
}

const UcPlugin *
uc_loader_open (UcLoader *loader, const char *name, GError **error)
{
  UcPlugin *plugin = g_hash_table_lookup (loader->open, name);
  g_autofree char *file = NULL;
  char **rest = NULL;

  if (plugin != NULL)
    return plugin;
  file = find_file (loader, name, &rest, error);
  plugin = file != NULL ? open_file (name, file, error) : NULL;
  if (plugin == NULL)
    return NULL;
  g_hash_table_insert (loader->open, plugin->name, plugin);
  warn_of_duplicates (rest, plugin);
  return plugin;
}

gboolean
uc_loader_start (UcLoader *loader, const UcPlugin *plugin, const UsherHost *host, GError **error)
{
  /* One in a process of its own is started there, and may be replaced before this loader is freed. */
  guint state = plugin->isolated ? 1 : GPOINTER_TO_UINT (g_hash_table_lookup (loader->started, plugin));

  if (state == 0)
    {
      uc_plugin_log_as (plugin->name);
      state = plugin->descriptor.load == NULL || plugin->descriptor.load (host) ? 1 : 2;
      uc_plugin_log_as (NULL);
      g_hash_table_insert (loader->started, (gpointer)plugin, GUINT_TO_POINTER (state));
    }
  if (state == 1)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
               "%s: the plugin refused to load; its reason is in the log just before this line", plugin->file);
  return FALSE;
}

/* ---- scanning ------------------------------------------------------------------------------------------ */

static void
found_free (gpointer data)
{
  UcPluginFound *found = data;

  g_free (found->file);
  g_free (found->name);
  g_clear_error (&found->error);
  g_free (found);
}

static UcPluginFound *
find_one (UcLoader *loader, const char *dir, const char *name, UcPluginFound *earlier)
{
  UcPluginFound *found = g_new0 (UcPluginFound, 1);

  found->name = g_strdup (name);
  found->file = find_in (dir, name, &found->error);
  if (found->file == NULL)
    found->file = g_strdup_printf ("%s/%s.la", dir, name);
  else if (earlier != NULL)
    g_set_error (&found->error, UC_ERROR, UC_ERROR_CONFLICT,
                 "%s is not used: %s has the same name and comes earlier in plugin_path; remove one of the two",
                 found->file, earlier->file);
  else
    found->plugin = (UcPlugin *)uc_loader_open (loader, name, &found->error);
  return found;
}

static int
compare_found (gconstpointer a, gconstpointer b)
{
  const UcPluginFound *x = *(const UcPluginFound *const *)a, *y = *(const UcPluginFound *const *)b;
  int order = strcmp (x->name, y->name);

  /* Of two with one name the one that is used comes first. */
  return order != 0 ? order : g_error_matches (x->error, UC_ERROR, UC_ERROR_CONFLICT) ? 1 : -1;
}

GPtrArray *
uc_loader_scan (UcLoader *loader)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (found_free);
  g_autoptr (GHashTable) first = g_hash_table_new (g_str_hash, g_str_equal);

  for (char **dir = loader->dirs; *dir != NULL; dir++)
    {
      g_auto (GStrv) names = names_in (*dir);

      for (char **name = names; *name != NULL; name++)
        {
          UcPluginFound *found = find_one (loader, *dir, *name, g_hash_table_lookup (first, *name));

          g_ptr_array_add (all, found);
          if (!g_hash_table_contains (first, found->name))
            g_hash_table_insert (first, found->name, found);
        }
    }
  g_ptr_array_sort (all, compare_found);
  return all;
}
