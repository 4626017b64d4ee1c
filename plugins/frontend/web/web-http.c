/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers requests for the files of the desktop. The content policy allows nothing but what this server gives, so
 * that text of customers could do no harm even if it ever reached the page as markup. Main thread.
 */
#include "web.h"

#include <string.h>

/* connect-src 'self' covers the WebSocket: same host, same port. */
#define POLICY "default-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'none'"

#define SAFE_HEADERS                                                                                              \
  "Content-Security-Policy", POLICY, "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer",       \
      "Cross-Origin-Opener-Policy", "same-origin", "Cross-Origin-Resource-Policy", "same-origin"

const char *
web_header (const UsherRequest *request, const char *name)
{
  for (gsize i = 0; request->headers[i] != NULL; i += 2)
    if (strcmp (request->headers[i], name) == 0)
      return request->headers[i + 1];
  return NULL;
}

/* A list of entity tags, compared as RFC 9110 wants it for GET: weak or strong alike. */
static gboolean
tag_listed (const char *list, const char *etag)
{
  g_auto (GStrv) tags = list != NULL ? g_strsplit (list, ",", 64) : NULL;

  for (char **tag = tags; tag != NULL && *tag != NULL; tag++)
    {
      const char *value = g_strstrip (*tag);

      if (g_str_has_prefix (value, "W/"))
        value += 2;
      if (strcmp (value, "*") == 0 || strcmp (value, etag) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
takes_gzip (const char *accept)
{
  g_auto (GStrv) codings = accept != NULL ? g_strsplit (accept, ",", 64) : NULL;

  for (char **coding = codings; coding != NULL && *coding != NULL; coding++)
    {
      g_auto (GStrv) parts = g_strsplit (*coding, ";", 2);
      const char *quality;

      if (parts[0] == NULL || g_ascii_strcasecmp (g_strstrip (parts[0]), "gzip") != 0)
        continue;
      quality = parts[1] != NULL ? g_strstrip (parts[1]) : "q=1";
      return g_ascii_strncasecmp (quality, "q=", 2) != 0 || g_ascii_strtod (quality + 2, NULL) > 0;
    }
  return FALSE;
}

static void
refuse (Web *web, UsherExchange *exchange, int status, const char *text, const char *allow)
{
  const char *const headers[]
      = { SAFE_HEADERS, "Cache-Control", "no-store", allow != NULL ? "Allow" : NULL, allow, NULL };
  UsherResponse response = { .struct_size = sizeof response,
                             .status = status,
                             .content_type = "text/plain; charset=utf-8",
                             .headers = headers,
                             .body = text,
                             .body_len = strlen (text) };

  web->host->http_respond (exchange, &response);
}

static void
serve (Web *web, UsherExchange *exchange, const UsherRequest *request, const WebAsset *asset)
{
  gboolean zipped = asset->gzip != NULL && takes_gzip (web_header (request, "accept-encoding"));
  const char *etag = zipped ? asset->etag_gzip : asset->etag;
  gboolean same = tag_listed (web_header (request, "if-none-match"), etag);
  /* Names carry no version: the browser keeps the files and asks each time whether they are still the same. */
  const char *const headers[] = { SAFE_HEADERS,
                                  "ETag",
                                  etag,
                                  "Cache-Control",
                                  "no-cache",
                                  "Vary",
                                  "Accept-Encoding",
                                  zipped && !same ? "Content-Encoding" : NULL,
                                  "gzip",
                                  NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = same ? 304 : 200, .headers = headers };

  if (!same)
    {
      response.content_type = asset->type;
      if (strcmp (request->method, "HEAD") != 0)
        response.body = g_bytes_get_data (zipped ? asset->gzip : asset->plain, &response.body_len);
    }
  web->host->http_respond (exchange, &response);
}

void
web_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  Web *web = self;
  const WebAsset *asset = web_assets_find (web, request->path);

  if (asset == NULL)
    refuse (web, exchange, 404, "There is nothing at this address. The desktop is one level up.\n", NULL);
  else if (strcmp (request->method, "GET") != 0 && strcmp (request->method, "HEAD") != 0)
    refuse (web, exchange, 405, "Only GET and HEAD work here.\n", "GET, HEAD");
  else
    serve (web, exchange, request, asset);
}
