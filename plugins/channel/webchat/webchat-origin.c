/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The setting allowed_origins. Pure; any thread.
 */
#include "webchat-origin.h"

#include <string.h>

/* What proxies and browsers surely take as one header. */
#define ANCESTORS_MAX 4096

static gboolean
host_is_good (const char *host, gsize len)
{
  if (len == 0 || len > 253)
    return FALSE;
  if (host[0] == '[')
    {
      if (len < 4 || host[len - 1] != ']')
        return FALSE;
      for (gsize i = 1; i < len - 1; i++)
        if (!g_ascii_isxdigit (host[i]) && host[i] != ':' && host[i] != '.')
          return FALSE;
      return TRUE;
    }
  if (len > 2 && host[0] == '*' && host[1] == '.')
    {
      host += 2;
      len -= 2;
    }
  if (host[0] == '.' || host[0] == '-' || host[len - 1] == '.')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (host[i]) && host[i] != '-' && (host[i] != '.' || host[i + 1] == '.'))
      return FALSE;
  return TRUE;
}

char *
webchat_origin_normalize (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  const char *host, *port, *end;
  int default_port;

  if (g_str_has_prefix (lower, "https://"))
    default_port = 443;
  else if (g_str_has_prefix (lower, "http://"))
    default_port = 80;
  else
    return NULL;
  host = strstr (lower, "://") + 3;
  end = lower + strlen (lower);
  port = strrchr (host, ':');
  if (port != NULL && strchr (port, ']') != NULL)
    port = NULL; /* a colon inside [::1] */
  if (!host_is_good (host, (port != NULL ? port : end) - host))
    return NULL;
  if (port != NULL)
    {
      guint64 number;

      if (!g_ascii_string_to_unsigned (port + 1, 10, 1, 65535, &number, NULL))
        return NULL;
      if ((int)number == default_port)
        lower[port - lower] = '\0';
    }
  return g_steal_pointer (&lower);
}

static char *
explain (const char *value)
{
  const char *path = strstr (value, "://");

  path = path != NULL ? strchr (path + 3, '/') : NULL;
  if (path != NULL)
    return g_strdup_printf (
        "allowed_origins: '%s' has a path; an origin ends with the host or port: write '%.*s'.", value,
        (int)(path - value), value);
  if (strstr (value, "://") == NULL)
    return g_strdup_printf ("allowed_origins: '%s' has no scheme; write 'https://%s'.", value, value);
  return g_strdup_printf (
      "allowed_origins: '%s' is not an origin; write scheme://host or scheme://host:port, such "
      "as 'https://www.example.com' or 'https://*.example.com' (international names as "
      "'xn--...').",
      value);
}

gboolean
webchat_origins_parse (WebchatOrigins *origins, const char *const *list, char **why)
{
  gsize total = 0;

  *why = NULL;
  origins->patterns = g_ptr_array_new_with_free_func (g_free);
  for (; *list != NULL && *why == NULL; list++)
    {
      char *pattern;

      if (strcmp (*list, "*") == 0)
        {
          origins->any = TRUE;
          continue;
        }
      pattern = webchat_origin_normalize (*list);
      if (pattern == NULL)
        {
          *why = explain (*list);
          break;
        }
      total += strlen (pattern) + 1;
      g_ptr_array_add (origins->patterns, pattern);
    }
  if (*why == NULL && origins->any && origins->patterns->len > 0)
    *why
        = g_strdup ("allowed_origins: '*' allows every site and must stand alone; remove it or the other values.");
  if (*why == NULL && !origins->any && origins->patterns->len == 0)
    *why = g_strdup ("allowed_origins is empty; name the sites that may show the widget, such as "
                     "'https://www.example.com'.");
  if (*why == NULL && total > ANCESTORS_MAX)
    *why = g_strdup_printf ("allowed_origins is %" G_GSIZE_FORMAT " bytes long and browsers get all of it in one "
                            "header; at most %d: use patterns such as 'https://*.example.com'.",
                            total, ANCESTORS_MAX);
  if (*why != NULL)
    webchat_origins_clear (origins);
  return *why == NULL;
}

void
webchat_origins_clear (WebchatOrigins *origins)
{
  g_clear_pointer (&origins->patterns, g_ptr_array_unref);
  origins->any = FALSE;
}

/* As in CSP: "*." stands for one or more labels, and not for none. */
static gboolean
matches (const char *pattern, const char *origin)
{
  const char *star = strstr (pattern, "://*.");
  gsize scheme;

  if (star == NULL)
    return strcmp (pattern, origin) == 0;
  scheme = star - pattern + 3;
  return strncmp (pattern, origin, scheme) == 0 && g_str_has_suffix (origin + scheme, star + 4)
         && strlen (origin + scheme) > strlen (star + 4);
}

gboolean
webchat_origins_allow (const WebchatOrigins *origins, const char *own, const char *origin)
{
  g_autofree char *asked = NULL;
  g_autofree char *self = NULL;

  if (origins->any)
    return TRUE;
  asked = webchat_origin_normalize (origin);
  if (asked == NULL || strchr (asked, '*') != NULL)
    return FALSE;
  self = webchat_origin_normalize (own);
  if (g_strcmp0 (self, asked) == 0)
    return TRUE;
  for (guint i = 0; i < origins->patterns->len; i++)
    if (matches (origins->patterns->pdata[i], asked))
      return TRUE;
  return FALSE;
}

char *
webchat_origins_ancestors (const WebchatOrigins *origins)
{
  GString *text = g_string_new (origins->any ? "*" : "'self'");

  for (guint i = 0; i < origins->patterns->len; i++)
    g_string_append_printf (text, " %s", (const char *)origins->patterns->pdata[i]);
  return g_string_free (text, FALSE);
}
