/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of the desktop: read once at start and kept in memory, with the compressed variants that the build
 * made beside them. Main thread.
 */
#include "web.h"

#include <string.h>

#define FILES_MAX 64
#define FILE_MAX (4 * 1024 * 1024)
#define PAGE "index.html"

static const struct
{
  const char *suffix, *type;
} types[] = {
  { ".html", "text/html; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
  { ".css", "text/css; charset=utf-8" },   { ".svg", "image/svg+xml" },
  { ".txt", "text/plain; charset=utf-8" },
};

void
web_asset_free (WebAsset *asset)
{
  g_free (asset->etag);
  g_free (asset->etag_gzip);
  g_bytes_unref (asset->plain);
  g_clear_pointer (&asset->gzip, g_bytes_unref);
  g_free (asset);
}

static const char *
type_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (name, types[i].suffix))
      return types[i].type;
  return NULL;
}

static GBytes *
read_file (const char *path, GError **error)
{
  char *text;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, error))
    return NULL;
  if (len > 0 && len <= FILE_MAX)
    return g_bytes_new_take (text, len);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "'%s' has %" G_GSIZE_FORMAT " bytes, not 1 to %d", path,
               len, FILE_MAX);
  g_free (text);
  return NULL;
}

/* The page with its own address and the site's title, both as text that means nothing to HTML. */
static GBytes *
fill_page (Web *web, GBytes *page)
{
  const char *title = web->host->get_string (web->instance, "title");
  g_autofree char *safe_mount = g_markup_escape_text (web->host->mount (web->instance), -1);
  g_autofree char *safe_title = g_markup_escape_text (title, -1);
  gsize len;
  const char *text = g_bytes_get_data (page, &len);
  g_autoptr (GString) filled = g_string_new_len (text, (gssize)len);

  g_string_replace (filled, "@MOUNT@", safe_mount, 0);
  g_string_replace (filled, "@TITLE@", safe_title, 0);
  len = filled->len;
  return g_bytes_new_take (g_string_free (g_steal_pointer (&filled), FALSE), len);
}

static WebAsset *
asset_new (GBytes *plain, GBytes *gzip, const char *type)
{
  WebAsset *asset = g_new0 (WebAsset, 1);
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, plain);

  sum[24] = '\0';
  asset->type = type;
  asset->plain = plain;
  asset->gzip = gzip;
  asset->etag = g_strdup_printf ("\"%s\"", sum);
  asset->etag_gzip = g_strdup_printf ("\"%s-gz\"", sum);
  return asset;
}

static gboolean
load_file (Web *web, const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *zipped = g_strconcat (path, ".gz", NULL);
  g_autoptr (GBytes) plain = read_file (path, error);
  GBytes *gzip = NULL;

  if (plain == NULL)
    return FALSE;
  if (strcmp (name, PAGE) == 0)
    {
      GBytes *page = fill_page (web, plain);

      g_bytes_unref (plain);
      plain = page;
    }
  else
    gzip = read_file (zipped, NULL);
  g_hash_table_insert (web->assets, g_strconcat ("/", name, NULL),
                       asset_new (g_steal_pointer (&plain), gzip, type_of (name)));
  return TRUE;
}

static gboolean
load_all (Web *web, const char *dir, GError **error)
{
  g_autoptr (GDir) files = g_dir_open (dir, 0, error);
  const char *name;

  if (files == NULL)
    return FALSE;
  while ((name = g_dir_read_name (files)) != NULL)
    {
      if (type_of (name) == NULL)
        continue;
      if (g_hash_table_size (web->assets) >= FILES_MAX)
        {
          g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "'%s' has more than %d files", dir, FILES_MAX);
          return FALSE;
        }
      if (!load_file (web, dir, name, error))
        return FALSE;
    }
  if (g_hash_table_contains (web->assets, "/" PAGE))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "'%s' has no %s", dir, PAGE);
  return FALSE;
}

gboolean
web_assets_load (Web *web, const char *dir, char **why)
{
  g_autoptr (GError) error = NULL;

  g_hash_table_remove_all (web->assets);
  if (load_all (web, dir, &error))
    return TRUE;
  g_hash_table_remove_all (web->assets);
  *why = g_strdup_printf ("The desktop can't be served: %s. Install usher with its web files, or let the setting "
                          "'assets' name the folder with " PAGE ".",
                          error->message);
  return FALSE;
}

const WebAsset *
web_assets_find (Web *web, const char *path)
{
  gboolean root = path[0] == '\0' || strcmp (path, "/") == 0;

  return g_hash_table_lookup (web->assets, root ? "/" PAGE : path);
}
