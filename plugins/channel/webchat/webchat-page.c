/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The page inside the widget's iframe: a shell without any script of its own, and the headers that keep it to the
 * sites that may show it. Main thread.
 */
#include "webchat.h"

#include <string.h>

/* What the page needs before it has a connection; in an attribute, because the policy allows no inline script. */
static char *
page_config (Webchat *wc)
{
  UsherJson *config = wc->host->json_object ();

  wc->host->json_set_string (config, "title", wc->title);
  wc->host->json_set_string (config, "welcome", wc->welcome);
  wc->host->json_set_string (config, "instance", wc->host->instance_name (wc->instance));
  wc->host->json_set (config, "limits", webchat_limits (wc));
  return webchat_print (wc, config);
}

char *
webchat_page_make (Webchat *wc)
{
  g_autofree char *config = page_config (wc);

  return g_markup_printf_escaped ("<!doctype html>\n"
                                  "<html lang=\"en\">\n"
                                  "<head>\n"
                                  "<meta charset=\"utf-8\">\n"
                                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, "
                                  "interactive-widget=resizes-content\">\n"
                                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                                  "<title>%s</title>\n"
                                  "<link rel=\"stylesheet\" href=\"app.css?v=%s\">\n"
                                  "<script src=\"app.js?v=%s\" defer></script>\n"
                                  "</head>\n"
                                  "<body>\n"
                                  "<div id=\"app\" data-config=\"%s\"></div>\n"
                                  "<noscript>This chat needs JavaScript.</noscript>\n"
                                  "</body>\n"
                                  "</html>\n",
                                  wc->title, wc->assets.files[WEBCHAT_ASSET_STYLE].hash,
                                  wc->assets.files[WEBCHAT_ASSET_APP].hash, config);
}

/* 'self' does not cover ws: in every browser, so the address is named. Own origins come from the Host header: what
 * is not an origin does not get into ours. */
static char *
policy (Webchat *wc, const UsherRequest *request)
{
  g_autofree char *own = webchat_origin_normalize (request->origin);
  g_autofree char *socket = NULL;

  if (own != NULL && strchr (own, '*') == NULL)
    socket = g_strconcat (" ws", own + strlen ("http"), NULL);
  return g_strdup_printf ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'%s; "
                          "base-uri 'none'; form-action 'none'; frame-ancestors %s",
                          socket != NULL ? socket : "", wc->ancestors);
}

void
webchat_page_serve (Webchat *wc, UsherExchange *exchange, const UsherRequest *request)
{
  g_autofree char *csp = policy (wc, request);
  const char *headers[] = { "Content-Security-Policy",
                            csp,
                            "ETag",
                            wc->page_tag,
                            "Cache-Control",
                            "no-cache",
                            "Referrer-Policy",
                            "no-referrer",
                            "X-Content-Type-Options",
                            "nosniff",
                            NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = 200, .headers = headers };

  if (wc->page == NULL)
    {
      webchat_http_error (wc, exchange, NULL, 503, "unavailable", "The chat is starting.", 1000);
      return;
    }
  if (webchat_etag_matches (webchat_header (request, "if-none-match"), wc->page_tag))
    response.status = 304;
  else
    {
      response.content_type = "text/html; charset=utf-8";
      if (strcmp (request->method, "HEAD") != 0)
        {
          response.body = wc->page;
          response.body_len = strlen (wc->page);
        }
    }
  wc->host->http_respond (exchange, &response);
}
