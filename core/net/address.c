/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses to listen on, and peers: text to sockaddr and back. Names are never looked up. Main thread.
 */
#include "core/net/private.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/base/error.h"

static gboolean
parse_unix (const char *text, const char *path, UcAddress *address, GError **error)
{
  if (path[0] != '/')
    {
      g_set_error (
          error, UC_ERROR, UC_ERROR_INVALID,
          "listen address \"%s\": the path of a Unix socket begins with \"/\", as in unix:/run/usher/http", text);
      return FALSE;
    }
  if (strlen (path) >= sizeof address->sa.un.sun_path)
    {
      g_set_error (
          error, UC_ERROR, UC_ERROR_INVALID,
          "listen address \"%s\": the path is %zu bytes long and a Unix socket's may have %zu; use a shorter one",
          text, strlen (path), sizeof address->sa.un.sun_path - 1);
      return FALSE;
    }
  address->sa.un.sun_family = AF_UNIX;
  strcpy (address->sa.un.sun_path, path);
  address->len = sizeof address->sa.un;
  return TRUE;
}

static gboolean
parse_host (const char *text, const char *host, guint16 port, gboolean six, UcAddress *address, GError **error)
{
  if (six && inet_pton (AF_INET6, host, &address->sa.in6.sin6_addr) == 1)
    {
      address->sa.in6.sin6_family = AF_INET6;
      address->sa.in6.sin6_port = htons (port);
      address->len = sizeof address->sa.in6;
      return TRUE;
    }
  if (!six && inet_pton (AF_INET, host, &address->sa.in.sin_addr) == 1)
    {
      address->sa.in.sin_family = AF_INET;
      address->sa.in.sin_port = htons (port);
      address->len = sizeof address->sa.in;
      return TRUE;
    }
  g_set_error (
      error, UC_ERROR, UC_ERROR_INVALID,
      "listen address \"%s\": \"%s\" is not an IP address; names are not looked up, so write the address, "
      "as in 127.0.0.1:8080 or [::1]:8080",
      text, host);
  return FALSE;
}

gboolean
uc_address_parse (const char *text, UcAddress *address, GError **error)
{
  g_autofree char *host = NULL;
  const char *colon = strrchr (text, ':');
  gboolean six = text[0] == '[';
  guint64 port;

  memset (address, 0, sizeof *address);
  if (g_str_has_prefix (text, "unix:"))
    return parse_unix (text, text + strlen ("unix:"), address, error);

  if (colon == NULL || colon == text || (six && colon[-1] != ']') || (!six && strchr (text, ':') != colon))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "listen address \"%s\" is none of ADDRESS:PORT, [IPV6]:PORT and unix:/PATH", text);
      return FALSE;
    }
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "listen address \"%s\": \"%s\" is not a port number; it is 1 to 65535, or 0 for any free one",
                   text, colon + 1);
      return FALSE;
    }
  host = six ? g_strndup (text + 1, (gsize)(colon - text) - 2) : g_strndup (text, (gsize)(colon - text));
  return parse_host (text, host, (guint16)port, six, address, error);
}

gboolean
uc_address_is_unix (const UcAddress *address)
{
  return address->sa.any.sa_family == AF_UNIX;
}

gboolean
uc_address_is_loopback (const UcAddress *address)
{
  if (address->sa.any.sa_family == AF_INET)
    return (ntohl (address->sa.in.sin_addr.s_addr) >> 24) == 127;
  return address->sa.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK (&address->sa.in6.sin6_addr);
}

char *
uc_address_host (const UcAddress *address)
{
  char buffer[INET6_ADDRSTRLEN];

  if (address->sa.any.sa_family == AF_INET)
    return g_strdup (inet_ntop (AF_INET, &address->sa.in.sin_addr, buffer, sizeof buffer));
  if (address->sa.any.sa_family == AF_INET6)
    return g_strdup (inet_ntop (AF_INET6, &address->sa.in6.sin6_addr, buffer, sizeof buffer));
  return g_strdup ("unix");
}

char *
uc_address_text (const UcAddress *address)
{
  g_autofree char *host = NULL;

  if (uc_address_is_unix (address))
    return g_strdup_printf ("unix:%s", address->sa.un.sun_path);
  host = uc_address_host (address);
  if (address->sa.any.sa_family == AF_INET6)
    return g_strdup_printf ("[%s]:%u", host, ntohs (address->sa.in6.sin6_port));
  return g_strdup_printf ("%s:%u", host, ntohs (address->sa.in.sin_port));
}
