/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nearly every request is plain: GET or POST of HTTP/1.1, there as a whole when the line comes to it, in the form
 * that browsers, proxies and networks write. Such a one is read here, which costs a tenth of lending the
 * connection to libsoup. Whatever is unusual in any way, or not there yet, is not judged here: nothing of it has
 * been taken from the socket, and libsoup reads it. What is taken goes through the same checks (request.c). Main
 * thread.
 */
#include "core/net/private.h"

#include <string.h>

#define MAX_HEADERS 64
#define MAX_TARGET 4096
#define MAX_LENGTH_DIGITS 6

struct UcPlain
{
  gsize len;       /* of all of it */
  gboolean closes; /* nothing follows on this connection */
  const char *method, *path, *query;
  GPtrArray *headers; /* name, value, ... of bytes */
  const char *body;
  gsize body_len;
  char bytes[]; /* the request, with a NUL behind each part */
};

void
uc_plain_free (UcPlain *plain)
{
  g_ptr_array_unref (plain->headers);
  g_free (plain);
}

const char *
uc_plain_method (const UcPlain *plain)
{
  return plain->method;
}

const char *
uc_plain_path (const UcPlain *plain)
{
  return plain->path;
}

const char *
uc_plain_query (const UcPlain *plain)
{
  return plain->query;
}

GPtrArray *
uc_plain_headers (const UcPlain *plain)
{
  return g_ptr_array_ref (plain->headers);
}

const char *
uc_plain_body (const UcPlain *plain, gsize *len)
{
  *len = plain->body_len;
  return plain->body;
}

gboolean
uc_plain_closes (const UcPlain *plain)
{
  return plain->closes;
}

gsize
uc_plain_len (const UcPlain *plain)
{
  return plain->len;
}

/* ---- the request line ---------------------------------------------------------------------------------- */

/* What may stand in a path or a query as it is (RFC 3986). What is encoded libsoup brings into one form. */
static gboolean
is_target (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-._~!$&'()*+,;=:@/?", c) != NULL);
}

/* Returns where the headers begin; NULL = it is not plain. */
static char *
read_line (UcPlain *plain, char *at)
{
  static const char version[] = " HTTP/1.1\r\n";
  char *target, *end;

  if (g_str_has_prefix (at, "GET /"))
    plain->method = "GET";
  else if (g_str_has_prefix (at, "POST /"))
    plain->method = "POST";
  else
    return NULL;
  target = end = at + strlen (plain->method) + 1;
  while (is_target (*end))
    end++;
  /* "//host/path" could be taken for an address of another host, and libsoup resolves "." and "..". */
  if (target[1] == '/' || end - target > MAX_TARGET || !g_str_has_prefix (end, version)
      || memmem (target, (gsize)(end - target), "/.", 2) != NULL)
    return NULL;
  *end = '\0';
  plain->path = target;
  target = strchr (target, '?');
  if (target != NULL)
    {
      *target = '\0';
      plain->query = target + 1;
    }
  return end + strlen (version);
}

/* ---- headers ------------------------------------------------------------------------------------------- */

static gboolean
is_name (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_';
}

/* One "Name: value". Returns the next; NULL = it is not plain. */
static char *
read_header (UcPlain *plain, char *at)
{
  char *name = at, *value, *end;

  for (; is_name (*at); at++)
    *at = g_ascii_tolower (*at);
  if (at == name || *at != ':')
    return NULL;
  *at++ = '\0';
  while (*at == ' ' || *at == '\t')
    at++;
  value = at;
  while ((*at >= ' ' && *at < 0x7f) || *at == '\t')
    at++;
  if (at[0] != '\r' || at[1] != '\n')
    return NULL;
  for (end = at; end > value && (end[-1] == ' ' || end[-1] == '\t');)
    end--;
  *end = '\0';
  g_ptr_array_add (plain->headers, name);
  g_ptr_array_add (plain->headers, value);
  return at + 2;
}

static gboolean
read_length (UcPlain *plain, const char *value)
{
  gsize digits = strspn (value, "0123456789");

  if (digits == 0 || digits > MAX_LENGTH_DIGITS || value[digits] != '\0')
    return FALSE;
  plain->body_len = strtoul (value, NULL, 10);
  return TRUE;
}

static gboolean
read_connection (UcPlain *plain, const char *value)
{
  plain->closes = g_ascii_strcasecmp (value, "close") == 0;
  return plain->closes || g_ascii_strcasecmp (value, "keep-alive") == 0
         || g_ascii_strcasecmp (value, "upgrade") == 0 || g_ascii_strcasecmp (value, "keep-alive, upgrade") == 0;
}

/* Those that say how the message is framed, or want to be asked first. */
static gboolean
is_usual (UcPlain *plain, const char *name, const char *value, guint *lengths, guint *hosts, guint *connections)
{
  static const char *const unusual[]
      = { "transfer-encoding", "expect", "trailer", "te", "keep-alive", "proxy-connection" };

  if (strcmp (name, "content-length") == 0)
    return ++*lengths == 1 && read_length (plain, value);
  if (strcmp (name, "host") == 0)
    return ++*hosts == 1;
  if (strcmp (name, "connection") == 0)
    return ++*connections == 1 && read_connection (plain, value);
  for (guint i = 0; i < G_N_ELEMENTS (unusual); i++)
    if (strcmp (name, unusual[i]) == 0)
      return FALSE;
  return TRUE;
}

static gboolean
headers_are_usual (UcPlain *plain)
{
  guint lengths = 0, hosts = 0, connections = 0;

  for (guint i = 0; i < plain->headers->len; i += 2)
    if (!is_usual (plain, plain->headers->pdata[i], plain->headers->pdata[i + 1], &lengths, &hosts, &connections))
      return FALSE;
  return hosts == 1 && (lengths == 1) == (strcmp (plain->method, "POST") == 0);
}

static char *
read_headers (UcPlain *plain, char *at)
{
  while (at != NULL && *at != '\r')
    at = plain->headers->len < 2 * MAX_HEADERS ? read_header (plain, at) : NULL;
  return at != NULL && at[1] == '\n' && headers_are_usual (plain) ? at + 2 : NULL;
}

UcPlain *
uc_plain_read (const void *data, gsize len)
{
  const char *end = memmem (data, len, "\r\n\r\n", 4);
  gsize head = end != NULL ? (gsize)(end - (const char *)data) + 4 : 0;
  UcPlain *plain;
  char *body;

  /* A NUL would end what is read as text. */
  if (head == 0 || memchr (data, '\0', head) != NULL)
    return NULL;
  plain = g_malloc (sizeof *plain + len + 1);
  *plain = (UcPlain){ .headers = g_ptr_array_sized_new (32) };
  memcpy (plain->bytes, data, len);
  plain->bytes[len] = '\0';
  body = read_line (plain, plain->bytes);
  if (body != NULL)
    body = read_headers (plain, body);
  if (body == NULL || plain->body_len > len - head)
    {
      uc_plain_free (plain);
      return NULL;
    }
  plain->body = body;
  plain->len = head + plain->body_len;
  return plain;
}
