/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Configuration files. The grammar is GKeyFile's (sections, key=value, # comments, the same backslash escapes);
 * GKeyFile itself forgets on which line a key stood and lets a later duplicate win silently, so the lines are
 * read here. Main thread.
 */
#include "core/base/conf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE_SIZE (1024 * 1024)

typedef struct
{
  UcConf *conf;
  GPtrArray *problems;
  const char *file;
  guint line;
  UcConfSection *section; /* NULL before the first and after a bad header */
  gboolean skipping;      /* after a bad header its keys are not reported one by one */
  GHashTable *sections;   /* "kind:name" -> line it was opened on, in this file */
  GHashTable *keys;       /* key -> line, in this section of this file */
} Reader;

static void
entry_free (gpointer data)
{
  UcConfEntry *entry = data;

  g_free (entry->key);
  g_free (entry->value);
  g_free (entry->file);
  g_free (entry);
}

static void
section_free (gpointer data)
{
  UcConfSection *section = data;

  g_free (section->kind);
  g_free (section->name);
  g_free (section->file);
  g_ptr_array_unref (section->entries);
  g_free (section);
}

static UcConf *
conf_new (const char *path)
{
  UcConf *conf = g_new0 (UcConf, 1);

  conf->path = g_strdup (path);
  conf->sections = g_ptr_array_new_with_free_func (section_free);
  return conf;
}

void
uc_conf_free (UcConf *conf)
{
  if (conf == NULL)
    return;
  g_free (conf->path);
  g_ptr_array_unref (conf->sections);
  g_free (conf);
}

UcConfSection *
uc_conf_section (UcConf *conf, const char *kind, const char *name)
{
  for (guint i = 0; i < conf->sections->len; i++)
    {
      UcConfSection *section = g_ptr_array_index (conf->sections, i);

      if (strcmp (section->kind, kind) == 0 && g_strcmp0 (section->name, name) == 0)
        return section;
    }
  return NULL;
}

UcConfEntry *
uc_conf_entry (UcConfSection *section, const char *key)
{
  for (guint i = 0; section != NULL && i < section->entries->len; i++)
    {
      UcConfEntry *entry = g_ptr_array_index (section->entries, i);

      if (strcmp (entry->key, key) == 0)
        return entry;
    }
  return NULL;
}

static gboolean
is_word (const char *text, const char *extra)
{
  if (*text == '\0' || strlen (text) > 64)
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && strchr (extra, *p) == NULL)
      return FALSE;
  return TRUE;
}

/* Instance names become folder names and parts of URLs. */
static gboolean
is_name (const char *text)
{
  return is_word (text, "-_.") && text[0] != '.' && text[0] != '-';
}

static gboolean
file_has_section (Reader *reader, const char *header)
{
  gpointer line;

  if (!g_hash_table_lookup_extended (reader->sections, header, NULL, &line))
    {
      g_hash_table_insert (reader->sections, g_strdup (header), GUINT_TO_POINTER (reader->line));
      return FALSE;
    }
  uc_problem_add (reader->problems, reader->file, reader->line,
                  "section [%s] is already in this file at line %u; put its keys together there", header,
                  GPOINTER_TO_UINT (line));
  return TRUE;
}

static void
open_section (Reader *reader, char *text)
{
  char *end = strchr (text, ']');
  char *colon;
  UcConfSection *section;

  reader->section = NULL;
  reader->skipping = TRUE;
  g_hash_table_remove_all (reader->keys);
  if (end == NULL || end[1] != '\0')
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "a section header is one word in brackets, like [usher] or [channel:site]");
      return;
    }
  *end = '\0';
  text++;
  colon = strchr (text, ':');
  if (file_has_section (reader, text))
    {
      reader->skipping = TRUE;
      return;
    }
  if (colon != NULL)
    *colon = '\0';
  if (!is_word (text, "-_") || (colon != NULL && !is_name (colon + 1)))
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "bad section name [%s%s%s]: only lower-case letters, digits, '-', '_' and '.', at most 64",
                      text, colon != NULL ? ":" : "", colon != NULL ? colon + 1 : "");
      return;
    }
  section = uc_conf_section (reader->conf, text, colon != NULL ? colon + 1 : NULL);
  if (section == NULL)
    {
      section = g_new0 (UcConfSection, 1);
      section->kind = g_strdup (text);
      section->name = colon != NULL ? g_strdup (colon + 1) : NULL;
      section->file = g_strdup (reader->file);
      section->line = reader->line;
      section->entries = g_ptr_array_new_with_free_func (entry_free);
      g_ptr_array_add (reader->conf->sections, section);
    }
  reader->section = section;
}

/* \s \n \t \r \\ as in GKeyFile. NULL for any other escape. */
static char *
unescape (const char *text)
{
  static const char from[] = "sntr\\", to[] = " \n\t\r\\";
  GString *out = g_string_sized_new (strlen (text));

  for (const char *p = text; *p != '\0'; p++)
    {
      const char *found;

      if (*p != '\\')
        {
          g_string_append_c (out, *p);
          continue;
        }
      found = p[1] != '\0' ? strchr (from, p[1]) : NULL;
      if (found == NULL)
        {
          g_string_free (out, TRUE);
          return NULL;
        }
      g_string_append_c (out, to[found - from]);
      p++;
    }
  return g_string_free (out, FALSE);
}

static void
set_entry (Reader *reader, const char *key, char *value)
{
  UcConfEntry *entry = uc_conf_entry (reader->section, key);

  if (entry == NULL)
    {
      entry = g_new0 (UcConfEntry, 1);
      entry->key = g_strdup (key);
      g_ptr_array_add (reader->section->entries, entry);
    }
  g_free (entry->value);
  g_free (entry->file);
  entry->value = value;
  entry->file = g_strdup (reader->file);
  entry->line = reader->line;
}

static void
read_key (Reader *reader, char *text)
{
  char *equals = strchr (text, '=');
  g_autofree char *value = NULL;
  gpointer line;

  if (equals == NULL || equals == text)
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "neither a [section], a key = value nor a # comment");
      return;
    }
  *equals = '\0';
  g_strchomp (text);
  if (reader->section == NULL)
    {
      if (!reader->skipping)
        uc_problem_add (reader->problems, reader->file, reader->line,
                        "key '%s' stands before any section; put it below [usher] or the like", text);
      return;
    }
  if (!is_word (text, "-_"))
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "bad key '%s': only lower-case letters, digits, '-' and '_', at most 64", text);
      return;
    }
  if (g_hash_table_lookup_extended (reader->keys, text, NULL, &line))
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "key '%s' is already set at line %u; keep one of the two", text, GPOINTER_TO_UINT (line));
      return;
    }
  g_hash_table_insert (reader->keys, g_strdup (text), GUINT_TO_POINTER (reader->line));
  value = unescape (g_strstrip (equals + 1));
  if (value == NULL)
    {
      uc_problem_add (reader->problems, reader->file, reader->line,
                      "the value of '%s' has a backslash that means nothing; write \\\\ for a backslash "
                      "(known: \\s \\n \\t \\r \\\\)",
                      text);
      value = g_strdup ("");
    }
  set_entry (reader, text, g_steal_pointer (&value));
}

static void
read_line (Reader *reader, char *line)
{
  g_strstrip (line);
  if (line[0] == '\0' || line[0] == '#')
    return;
  if (!g_utf8_validate (line, -1, NULL))
    uc_problem_add (reader->problems, reader->file, reader->line, "not valid UTF-8; save the file as UTF-8");
  else if (line[0] == '[')
    open_section (reader, line);
  else
    read_key (reader, line);
}

static void
read_text (UcConf *conf, const char *text, const char *file, GPtrArray *problems)
{
  g_autoptr (GHashTable) sections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = NULL;
  Reader reader
      = { .conf = conf, .problems = problems, .file = file, .line = 0, .sections = sections, .keys = keys };

  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    text += 3;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      reader.line++;
      read_line (&reader, *line);
    }
}

static void
read_file (UcConf *conf, const char *path, GPtrArray *problems)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize len;

  /* In a folder that may not be entered nothing can be said to be missing. */
  if (access (path, F_OK) != 0 && errno != ENOENT && errno != ENOTDIR)
    uc_problem_add (problems, path, 0, "can't be read: %s", g_strerror (errno));
  else if (!g_file_test (path, G_FILE_TEST_EXISTS))
    uc_problem_add (problems, path, 0, "there is no such file; give the configuration with --config FILE");
  else if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    uc_problem_add (problems, path, 0, "this is not a file");
  else if (!g_file_get_contents (path, &text, &len, &error))
    uc_problem_add (problems, path, 0, "can't be read: %s", error->message);
  else if (len > MAX_FILE_SIZE)
    uc_problem_add (problems, path, 0, "larger than 1 MiB; this is not a configuration file");
  else if (memchr (text, '\0', len) != NULL)
    uc_problem_add (problems, path, 0, "holds NUL bytes; this is not a text file");
  else
    read_text (conf, text, path, problems);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
read_folder (UcConf *conf, const char *folder, GPtrArray *problems)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  const char *name;

  if (dir == NULL)
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        uc_problem_add (problems, folder, 0, "can't be read: %s", error->message);
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".conf") && name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

      read_file (conf, path, problems);
    }
}

UcConf *
uc_conf_read (const char *path, GPtrArray *problems)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *parent = g_path_get_dirname (absolute);
  g_autofree char *folder = g_build_filename (parent, "conf.d", NULL);
  UcConf *conf = conf_new (absolute);

  read_file (conf, absolute, problems);
  read_folder (conf, folder, problems);
  return conf;
}

UcConf *
uc_conf_parse (const char *text, const char *name, GPtrArray *problems)
{
  UcConf *conf = conf_new (name);

  read_text (conf, text, name, problems);
  return conf;
}
