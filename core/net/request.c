/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From libsoup's message to the plain UsherRequest, and the checks of the head that libsoup leaves to us: what
 * two parsers in a row could read differently is refused. Main thread.
 */
#include "core/net/private.h"

#include <string.h>

/* ---- headers ------------------------------------------------------------------------------------------- */

const char *
uc_net_request_header (const UcNetRequest *request, const char *name)
{
  for (guint i = 0; i + 1 < request->headers->len; i += 2)
    if (strcmp (g_ptr_array_index (request->headers, i), name) == 0)
      return g_ptr_array_index (request->headers, i + 1);
  return NULL;
}

static guint
count_header (const UcNetRequest *request, const char *name)
{
  guint n = 0;

  for (guint i = 0; i + 1 < request->headers->len; i += 2)
    if (strcmp (g_ptr_array_index (request->headers, i), name) == 0)
      n++;
  return n;
}

gboolean
uc_net_request_has_token (const UcNetRequest *request, const char *name, const char *token)
{
  for (guint i = 0; i + 1 < request->headers->len; i += 2)
    {
      g_auto (GStrv) words = NULL;

      if (strcmp (g_ptr_array_index (request->headers, i), name) != 0)
        continue;
      words = g_strsplit (g_ptr_array_index (request->headers, i + 1), ",", -1);
      for (char **word = words; *word != NULL; word++)
        if (g_ascii_strcasecmp (g_strstrip (*word), token) == 0)
          return TRUE;
    }
  return FALSE;
}

GPtrArray *
uc_net_copy_headers (SoupMessageHeaders *from)
{
  GPtrArray *headers = g_ptr_array_new_with_free_func (g_free);
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, from);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    {
      g_ptr_array_add (headers, g_ascii_strdown (name, -1));
      g_ptr_array_add (headers, g_strdup (value));
    }
  return headers;
}

const char *
uc_net_request_method (const UcConn *conn, const UcNetRequest *request)
{
  return request->plain != NULL ? uc_plain_method (request->plain)
                                : soup_server_message_get_method (conn->message);
}

const char *
uc_net_request_raw_path (const UcConn *conn, const UcNetRequest *request)
{
  return request->plain != NULL ? uc_plain_path (request->plain)
                                : g_uri_get_path (soup_server_message_get_uri (conn->message));
}

static const char *
raw_query (const UcConn *conn, const UcNetRequest *request)
{
  return request->plain != NULL ? uc_plain_query (request->plain)
                                : g_uri_get_query (soup_server_message_get_uri (conn->message));
}

/* A plain request is never of an older version. */
static gboolean
is_1_1 (const UcConn *conn, const UcNetRequest *request)
{
  return request->plain != NULL || soup_server_message_get_http_version (conn->message) == SOUP_HTTP_1_1;
}

/* ---- checks of the head -------------------------------------------------------------------------------- */

static gboolean
host_is_clean (const char *host)
{
  if (host[0] == '\0' || strlen (host) > 261)
    return FALSE;
  for (const char *p = host; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (".-_:[]", *p) == NULL)
      return FALSE;
  return TRUE;
}

static int
check_host (const UcConn *conn, const UcNetRequest *request, const char **why)
{
  const char *host = uc_net_request_header (request, "host");
  guint n = count_header (request, "host");

  if (n > 1)
    *why = "the Host header is there more than once";
  else if (host == NULL && is_1_1 (conn, request))
    *why = "the Host header is missing";
  else if (host != NULL && !host_is_clean (host))
    *why = "the Host header is not a host name";
  else
    return 0;
  return 400;
}

static int
check_framing (UcNetRequest *request, const char **why)
{
  const char *length = uc_net_request_header (request, "content-length");
  const char *coding = uc_net_request_header (request, "transfer-encoding");
  guint64 n = 0;

  if (count_header (request, "content-length") > 1 || count_header (request, "transfer-encoding") > 1)
    *why = "Content-Length or Transfer-Encoding is there more than once";
  else if (length != NULL && coding != NULL)
    *why = "Content-Length and Transfer-Encoding can't go together";
  else if (length != NULL && !g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &n, NULL))
    *why = "Content-Length is not a number";
  else if (coding != NULL && g_ascii_strcasecmp (coding, "chunked") != 0)
    *why = "the only Transfer-Encoding understood here is chunked";
  else
    {
      request->has_body = n > 0 || coding != NULL;
      request->content_length = (gsize)n;
      return 0;
    }
  /* Where this message ends is anybody's guess. */
  request->has_body = TRUE;
  return 400;
}

static char *
decode_path (const char *raw)
{
  g_autofree char *path = g_uri_unescape_string (raw, NULL);
  g_auto (GStrv) parts = NULL;

  if (path == NULL || path[0] != '/' || !g_utf8_validate (path, -1, NULL))
    return NULL;
  for (const char *p = path; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return NULL;
  parts = g_strsplit (path, "/", -1);
  if (g_strv_contains ((const char *const *)parts, "..") || g_strv_contains ((const char *const *)parts, "."))
    return NULL;
  return g_steal_pointer (&path);
}

int
uc_net_request_check (UcConn *conn, UcNetRequest *request, const char **why)
{
  const char *method = uc_net_request_method (conn, request);
  int status;

  request->headers = request->plain != NULL
                         ? uc_plain_headers (request->plain)
                         : uc_net_copy_headers (soup_server_message_get_request_headers (conn->message));
  status = check_framing (request, why);
  if (status == 0)
    status = check_host (conn, request, why);
  if (status != 0)
    return status;
  if (strcmp (method, "CONNECT") == 0 || strcmp (method, "TRACE") == 0)
    {
      *why = "this method is not offered";
      return 405;
    }
  request->path = decode_path (uc_net_request_raw_path (conn, request));
  if (request->path == NULL)
    {
      *why = "the path is not valid: percent-encoded UTF-8 without \".\" and \"..\" is expected";
      return 400;
    }
  request->upgrade = is_1_1 (conn, request) && uc_net_request_has_token (request, "connection", "upgrade")
                     && uc_net_request_has_token (request, "upgrade", "websocket");
  request->request.method = strcmp (method, "HEAD") == 0 ? "GET" : method;
  request->request.query = raw_query (conn, request);
  return 0;
}

/* ---- who and where ------------------------------------------------------------------------------------- */

/* An address as it stands in X-Forwarded-For, maybe with a port. */
static GInetAddress *
parse_hop (const char *text)
{
  g_autofree char *bare = NULL;
  GInetAddress *address = g_inet_address_new_from_string (text);
  const char *end;

  if (address != NULL)
    return address;
  end = text[0] == '[' ? strchr (text, ']') : strchr (text, ':');
  if (end == NULL)
    return NULL;
  bare = text[0] == '[' ? g_strndup (text + 1, (gsize)(end - text) - 1) : g_strndup (text, (gsize)(end - text));
  return g_inet_address_new_from_string (bare);
}

static gboolean
is_trusted (UcNet *net, GInetAddress *address)
{
  for (guint i = 0; i < net->trusted->len; i++)
    if (g_inet_address_mask_matches (g_ptr_array_index (net->trusted, i), address))
      return TRUE;
  return FALSE;
}

static gboolean
peer_is_trusted (UcConn *conn)
{
  g_autoptr (GInetAddress) address = NULL;

  if (conn->kinds == UC_LISTEN_CONTROL)
    return FALSE;
  if (strcmp (conn->peer, "unix") == 0)
    return conn->net->trust_unix;
  address = g_inet_address_new_from_string (conn->peer);
  return address != NULL && is_trusted (conn->net, address);
}

static char *
join_header (const UcNetRequest *request, const char *name)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i + 1 < request->headers->len; i += 2)
    if (strcmp (g_ptr_array_index (request->headers, i), name) == 0)
      g_string_append_printf (all, "%s%s", all->len > 0 ? "," : "",
                              (const char *)g_ptr_array_index (request->headers, i + 1));
  return g_string_free (all, FALSE);
}

/* The last hop that is not one of our proxies; everything before it is hearsay. */
static char *
forwarded_for (UcConn *conn, const UcNetRequest *request)
{
  g_autofree char *all = join_header (request, "x-forwarded-for");
  g_auto (GStrv) hops = g_strsplit (all, ",", -1);
  char *best = g_strdup (conn->peer);

  for (guint i = g_strv_length (hops); i-- > 0;)
    {
      g_autoptr (GInetAddress) address = parse_hop (g_strstrip (hops[i]));

      if (address == NULL)
        return best;
      g_free (best);
      best = g_inet_address_to_string (address);
      if (!is_trusted (conn->net, address))
        return best;
    }
  return best;
}

static const char *
forwarded_proto (const UcNetRequest *request)
{
  g_autofree char *all = join_header (request, "x-forwarded-proto");
  char *last = strrchr (all, ',');

  return g_ascii_strcasecmp (g_strstrip (last != NULL ? last + 1 : all), "https") == 0 ? "https" : "http";
}

void
uc_net_request_fill (UcConn *conn, UcNetRequest *request, const UcNetRoute *route)
{
  UsherRequest *out = &request->request;
  const char *host = uc_net_request_header (request, "host");
  gboolean trusted = peer_is_trusted (conn);

  request->remote = trusted ? forwarded_for (conn, request) : g_strdup (conn->peer);
  request->origin = g_strdup_printf ("%s://%s", trusted ? forwarded_proto (request) : "http",
                                     host != NULL ? host : "localhost");
  g_ptr_array_add (request->headers, NULL);

  out->struct_size = sizeof *out;
  out->path = request->path + route->mount_len;
  out->headers = (const char *const *)request->headers->pdata;
  if (request->plain != NULL)
    out->body = uc_plain_body (request->plain, &out->body_len);
  else
    {
      request->body = soup_message_body_flatten (soup_server_message_get_request_body (conn->message));
      out->body = g_bytes_get_data (request->body, &out->body_len);
    }
  if (out->body_len == 0)
    out->body = NULL;
  out->remote_address = request->remote;
  out->origin = request->origin;
}

void
uc_net_request_clear (UcNetRequest *request)
{
  g_clear_pointer (&request->headers, g_ptr_array_unref);
  g_clear_pointer (&request->path, g_free);
  g_clear_pointer (&request->origin, g_free);
  g_clear_pointer (&request->remote, g_free);
  g_clear_pointer (&request->body, g_bytes_unref);
  g_clear_pointer (&request->plain, uc_plain_free);
}
