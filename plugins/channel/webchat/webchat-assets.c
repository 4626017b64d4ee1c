/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The widget's files: read at start, served from memory with entity tags and, where the client takes it, the gzip
 * variant that the build made. Main thread.
 */
#include "webchat-assets.h"

#include <string.h>

#include "webchat.h"

#define HASH_LEN 20
#define FILE_MAX (1024 * 1024)

static const struct
{
  const char *name, *type;
} known[WEBCHAT_ASSETS] = {
  [WEBCHAT_ASSET_LOADER] = { "widget.js", "text/javascript; charset=utf-8" },
  [WEBCHAT_ASSET_APP] = { "app.js", "text/javascript; charset=utf-8" },
  [WEBCHAT_ASSET_STYLE] = { "app.css", "text/css; charset=utf-8" },
};

char *
webchat_assets_default_dir (void)
{
  const char *build = g_getenv ("USHER_UI_DIR");

  return build != NULL && build[0] != '\0' ? g_build_filename (build, "webchat", NULL)
                                           : g_strdup (PKGDATADIR "/webchat");
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

gboolean
webchat_assets_load (WebchatAssets *assets, const char *dir, char **why)
{
  webchat_assets_clear (assets);
  for (guint i = 0; i < WEBCHAT_ASSETS; i++)
    {
      WebchatAsset *asset = &assets->files[i];
      g_autofree char *path = g_build_filename (dir, known[i].name, NULL);
      g_autofree char *zipped = g_strconcat (path, ".gz", NULL);
      g_autoptr (GError) error = NULL;

      asset->name = g_strdup (known[i].name);
      asset->type = known[i].type;
      asset->plain = read_file (path, &error);
      if (asset->plain == NULL)
        {
          *why = g_strdup_printf (
              "The chat widget can't be served: %s. Install usher with its web files, or let the "
              "setting 'assets' name the folder with widget.js, app.js and app.css.",
              error->message);
          return FALSE;
        }
      asset->gzip = read_file (zipped, NULL);
      asset->hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, asset->plain);
      asset->hash[HASH_LEN] = '\0';
    }
  return TRUE;
}

void
webchat_assets_clear (WebchatAssets *assets)
{
  for (guint i = 0; i < WEBCHAT_ASSETS; i++)
    {
      g_free (assets->files[i].name);
      g_free (assets->files[i].hash);
      g_clear_pointer (&assets->files[i].plain, g_bytes_unref);
      g_clear_pointer (&assets->files[i].gzip, g_bytes_unref);
    }
  memset (assets, 0, sizeof *assets);
}

const WebchatAsset *
webchat_assets_find (const WebchatAssets *assets, const char *path)
{
  for (guint i = 0; i < WEBCHAT_ASSETS; i++)
    if (path[0] == '/' && g_strcmp0 (path + 1, assets->files[i].name) == 0)
      return &assets->files[i];
  return NULL;
}

gboolean
webchat_etag_matches (const char *if_none_match, const char *etag)
{
  g_auto (GStrv) tags = NULL;

  if (if_none_match == NULL)
    return FALSE;
  tags = g_strsplit (if_none_match, ",", 64);
  for (char **tag = tags; *tag != NULL; tag++)
    {
      const char *value = g_strstrip (*tag);

      if (g_str_has_prefix (value, "W/"))
        value += 2;
      if (strcmp (value, "*") == 0 || strcmp (value, etag) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
webchat_accepts_gzip (const char *accept_encoding)
{
  g_auto (GStrv) codings = NULL;

  if (accept_encoding == NULL)
    return FALSE;
  codings = g_strsplit (accept_encoding, ",", 64);
  for (char **coding = codings; *coding != NULL; coding++)
    {
      char *quality = strchr (*coding, ';');
      double q = 1;

      if (quality != NULL)
        {
          *quality++ = '\0';
          quality = g_strstrip (quality);
          if (g_ascii_strncasecmp (quality, "q=", 2) == 0)
            q = g_ascii_strtod (quality + 2, NULL);
        }
      if (g_ascii_strcasecmp (g_strstrip (*coding), "gzip") == 0)
        return q > 0;
    }
  return FALSE;
}

void
webchat_asset_serve (const WebchatAsset *asset, const UsherHost *host, UsherExchange *exchange,
                     const UsherRequest *request)
{
  gboolean zipped = asset->gzip != NULL && webchat_accepts_gzip (webchat_header (request, "accept-encoding"));
  g_autofree char *etag = g_strdup_printf ("\"%s%s\"", asset->hash, zipped ? "-gz" : "");
  g_autofree char *versioned = g_strconcat ("v=", asset->hash, NULL);
  gboolean loader = strcmp (asset->name, known[WEBCHAT_ASSET_LOADER].name) == 0;
  /* The loader's address stands in the customer's pages, so it can't carry a version. */
  const char *cache = loader                                       ? "public, max-age=300"
                      : g_strcmp0 (request->query, versioned) == 0 ? "public, max-age=31536000, immutable"
                                                                   : "no-cache";
  const char *headers[] = { "ETag",
                            etag,
                            "Cache-Control",
                            cache,
                            "Vary",
                            "Accept-Encoding",
                            "X-Content-Type-Options",
                            "nosniff",
                            "Cross-Origin-Resource-Policy",
                            loader ? "cross-origin" : "same-origin",
                            zipped ? "Content-Encoding" : NULL,
                            "gzip",
                            NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = 200, .headers = headers };

  if (webchat_etag_matches (webchat_header (request, "if-none-match"), etag))
    {
      headers[10] = NULL;
      response.status = 304;
    }
  else
    {
      response.content_type = asset->type;
      if (strcmp (request->method, "HEAD") != 0)
        response.body = g_bytes_get_data (zipped ? asset->gzip : asset->plain, &response.body_len);
    }
  host->http_respond (exchange, &response);
}
