/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl plugin new: a plugin to begin with. The templates are plugins themselves (core/ctl/templates, installed
 * below pkgdatadir), so that they are compiled and tested like all others; here they only get another name. The
 * folder appears when it is whole, or not at all.
 */
#include <errno.h>
#include <glib/gstdio.h>

#include "core/ctl/ctl.h"
#include "core/plugin/module.h"

/* One plugin, as it is spelled in file names and texts, in C, and in types; and where its configuration goes. */
typedef struct
{
  const char *in_template;
  char *here;
} Spelling;

#define SPELLINGS 4

static const char *const kinds[] = { "channel", "crm", "frontend", NULL };

/* ---- what may be wrong --------------------------------------------------------------------------------- */

static gboolean
check_name (const char *name)
{
  UcLoader *loader;
  g_auto (GStrv) taken = NULL;
  gboolean fine;

  if (!uc_plugin_name_is_valid (name))
    {
      ctl_complain (
          "\"%s\" can't be the name of a plugin: a name has lower-case letters, digits and dashes, begins "
          "with a letter and has at most 64 of them, like my-network",
          name);
      return FALSE;
    }
  loader = ctl_loader ();
  taken = uc_loader_names (loader);
  uc_loader_free (loader);
  fine = !g_strv_contains ((const char *const *)taken, name);
  if (!fine)
    ctl_complain (
        "there is a plugin \"%s\" already (usherctl plugin inspect %s); usherd would find only one of the "
        "two, so choose another name",
        name, name);
  return fine;
}

static gboolean
check_kind (const char *kind)
{
  const char *near;

  if (kind == NULL)
    {
      ctl_complain (
          "say what it is going to be: --kind channel (customers write through it), --kind crm (it keeps "
          "customers and cases) or --kind frontend (agents work with it)");
      return FALSE;
    }
  if (g_strv_contains (kinds, kind))
    return TRUE;
  near = uc_nearest (kind, kinds);
  if (near != NULL)
    ctl_complain ("there is no kind \"%s\"; did you mean %s?", kind, near);
  else
    ctl_complain ("there is no kind \"%s\"; it is channel, crm or frontend", kind);
  return FALSE;
}

static gboolean
folder_is_empty (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  return dir != NULL && g_dir_read_name (dir) == NULL;
}

static gboolean
check_folder (const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);

  if (g_file_test (path, G_FILE_TEST_IS_SYMLINK)
      || (g_file_test (path, G_FILE_TEST_EXISTS) && !folder_is_empty (path)))
    ctl_complain ("%s is there already and nothing is overwritten; name another folder with --dir", path);
  else if (!g_file_test (parent, G_FILE_TEST_IS_DIR))
    ctl_complain ("the folder %s, in which it would be made, is not there; make it first: mkdir -p %s", parent,
                  parent);
  else
    return TRUE;
  return FALSE;
}

/* ---- copying ------------------------------------------------------------------------------------------- */

static void
fill_spellings (Spelling *spellings, const char *name)
{
  GString *type = g_string_new (NULL);
  gboolean upper = TRUE;

  for (const char *p = name; *p != '\0'; p++)
    {
      if (*p != '-')
        g_string_append_c (type, upper ? g_ascii_toupper (*p) : *p);
      upper = *p == '-';
    }
  spellings[0] = (Spelling){ "new-plugin", g_strdup (name) };
  spellings[1] = (Spelling){ "new_plugin", g_strdelimit (g_strdup (name), "-", '_') };
  spellings[2] = (Spelling){ "NewPlugin", g_string_free (type, FALSE) };
  spellings[3] = (Spelling){ "/etc/usher", g_strdup (SYSCONFDIR "/usher") };
}

static char *
respell (const char *text, const Spelling *spellings)
{
  GString *out = g_string_new (text);

  for (gsize i = 0; i < SPELLINGS; i++)
    g_string_replace (out, spellings[i].in_template, spellings[i].here, 0);
  return g_string_free (out, FALSE);
}

static gboolean
copy_file (const char *from, const char *file, const char *to, const Spelling *spellings, GError **error)
{
  g_autofree char *source = g_build_filename (from, file, NULL);
  g_autofree char *name = g_str_equal (file, "gitignore") ? g_strdup (".gitignore") : respell (file, spellings);
  g_autofree char *target = g_build_filename (to, name, NULL);
  g_autofree char *text = NULL, *done = NULL;

  if (!g_file_get_contents (source, &text, NULL, error))
    return FALSE;
  done = respell (text, spellings);
  return g_file_set_contents_full (target, done, -1, G_FILE_SET_CONTENTS_NONE,
                                   g_str_equal (file, "test.sh") ? 0777 : 0666, error);
}

static gboolean
copy_folder (const char *templates, const char *part, const char *to, const Spelling *spellings, GError **error)
{
  g_autofree char *from = g_build_filename (templates, part, NULL);
  g_autoptr (GDir) dir = g_dir_open (from, 0, error);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (!copy_file (from, file, to, spellings, error))
      return FALSE;
  return dir != NULL;
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *each = g_build_filename (path, file, NULL);

      g_unlink (each);
    }
  g_rmdir (path);
}

/* Beside its place, then renamed into it. g_mkdtemp makes it private; what is made here is not secret. */
static gboolean
make_folder (const char *templates, const char *kind, const char *folder, const Spelling *spellings)
{
  g_autofree char *beside = g_strconcat (folder, ".XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  mode_t mask = umask (0);

  umask (mask);
  if (g_mkdtemp (beside) == NULL)
    {
      ctl_complain ("%s can't be made: %s", folder, g_strerror (errno));
      return FALSE;
    }
  if (copy_folder (templates, "common", beside, spellings, &error)
      && copy_folder (templates, kind, beside, spellings, &error) && g_chmod (beside, 0777 & ~mask) == 0
      && g_rename (beside, folder) == 0)
    return TRUE;
  ctl_complain ("%s can't be made: %s", folder, error != NULL ? error->message : g_strerror (errno));
  remove_folder (beside);
  return FALSE;
}

/* ---- command ------------------------------------------------------------------------------------------- */

int
ctl_do_plugin_new (int argc, char **argv)
{
  const char *name = argv[0], *templates = g_getenv ("USHER_TEMPLATES");
  g_autofree char *folder = g_canonicalize_filename (ctl_dir != NULL ? ctl_dir : name, NULL);
  Spelling spellings[SPELLINGS];
  gboolean fine;

  if (templates == NULL)
    templates = PKGDATADIR "/plugin-new";
  if (!check_kind (ctl_kind))
    return CTL_USAGE;
  if (!check_name (name))
    return CTL_USAGE;
  if (!check_folder (folder))
    return EXIT_FAILURE;
  if (!g_file_test (templates, G_FILE_TEST_IS_DIR))
    return ctl_complain ("the plugins to begin with are not in %s: install usher (make install), or let "
                         "USHER_TEMPLATES name core/ctl/templates of its sources",
                         templates);
  fill_spellings (spellings, name);
  fine = make_folder (templates, ctl_kind, folder, spellings);
  for (gsize i = 0; i < SPELLINGS; i++)
    g_free (spellings[i].here);
  if (!fine)
    return EXIT_FAILURE;
  printf ("%s is a %s that works. Next:\n\n  cd %s\n  make test\n\nThen read README.md and change %s.c.\n", folder,
          g_str_equal (ctl_kind, "crm")        ? "CRM"
          : g_str_equal (ctl_kind, "frontend") ? "front end"
                                               : "channel",
          folder, name);
  return EXIT_SUCCESS;
}
