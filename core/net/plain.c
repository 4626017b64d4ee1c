/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nearly every request is plain: GET or POST of HTTP/1.1, there as a whole when the line comes to it, in the form
 * that browsers, proxies and networks write. Such a one is parsed by libsoup's parser and answered from here,
 * which costs a tenth of lending the connection to libsoup's server. Whatever is unusual in any way, or not there
 * yet, is not judged here: nothing of it has been taken from the socket, and libsoup's server reads it. What is
 * taken goes through the same checks (request.c). Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#define END "\r\n\r\n"
#define MAX_HEADERS 64
#define MAX_TARGET 4096
#define MAX_LENGTH_DIGITS 6

struct UcPlain
{
  gsize len;       /* of all of it */
  gboolean closes; /* nothing follows on this connection */
  const char *method;
  char *path, *query;
  GPtrArray *headers; /* name, value, ... */
  gsize body_len;
  char body[];
};

void
uc_plain_free (UcPlain *plain)
{
  g_clear_pointer (&plain->headers, g_ptr_array_unref);
  g_free (plain->path);
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

static gboolean
target_is_usual (const char *target)
{
  gsize len = 0;

  while (is_target (target[len]))
    len++;
  /* "//host/path" could be taken for an address of another host, and libsoup resolves "." and "..". */
  return target[0] == '/' && target[1] != '/' && target[len] == '\0' && len <= MAX_TARGET
         && strstr (target, "/.") == NULL;
}

static gboolean
read_target (UcPlain *plain, const char *method, char *target)
{
  plain->path = target;
  plain->method = strcmp (method, "GET") == 0 ? "GET" : strcmp (method, "POST") == 0 ? "POST" : NULL;
  if (plain->method == NULL || !target_is_usual (target))
    return FALSE;
  plain->query = strchr (target, '?');
  if (plain->query != NULL)
    *plain->query++ = '\0';
  return TRUE;
}

/* ---- headers ------------------------------------------------------------------------------------------- */

/* Lines of a head in which every line ends as the standard says and none goes on in the next; -1 = others. The
 * parser is lenient, and where it is, it alone must say where the head ends. */
static int
count_lines (const char *head, gsize len)
{
  int lines = 0;

  for (gsize i = 0; i < len; i++)
    if (head[i] == '\r')
      {
        if (head[++i] != '\n' || head[i + 1] == ' ' || head[i + 1] == '\t')
          return -1;
        lines++;
      }
    else if (((guchar)head[i] < ' ' && head[i] != '\t') || (guchar)head[i] >= 0x7f)
      return -1;
  return lines;
}

static gboolean
is_name (const char *name)
{
  while (g_ascii_isalnum (*name) || *name == '-' || *name == '_')
    name++;
  return *name == '\0';
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
    if (!is_name (plain->headers->pdata[i])
        || !is_usual (plain, plain->headers->pdata[i], plain->headers->pdata[i + 1], &lengths, &hosts,
                      &connections))
      return FALSE;
  return hosts == 1 && (lengths == 1) == (strcmp (plain->method, "POST") == 0);
}

static gboolean
read_head (UcPlain *plain, const char *head, gsize len)
{
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree char *method = NULL;
  char *target = NULL;
  SoupHTTPVersion version;
  int lines = count_lines (head, len);

  if (lines < 1 || lines > 1 + MAX_HEADERS
      || soup_headers_parse_request (head, (int)len, headers, &method, &target, &version) != SOUP_STATUS_OK
      || !read_target (plain, method, target) || version != SOUP_HTTP_1_1)
    return FALSE;
  plain->headers = uc_net_copy_headers (headers);
  /* The first line is none of them. A line that the parser passed over is unusual. */
  return plain->headers->len == 2 * (guint)(lines - 1) && headers_are_usual (plain);
}

UcPlain *
uc_plain_read (const void *data, gsize len)
{
  const char *end = memmem (data, len, END, strlen (END));
  gsize head = end != NULL ? (gsize)(end - (const char *)data) + strlen ("\r\n") : 0;
  gsize rest = end != NULL ? len - head - strlen ("\r\n") : 0;
  UcPlain *plain;

  if (end == NULL)
    return NULL;
  plain = g_malloc (sizeof *plain + rest + 1);
  *plain = (UcPlain){ 0 };
  if (!read_head (plain, data, head) || plain->body_len > rest)
    {
      uc_plain_free (plain);
      return NULL;
    }
  memcpy (plain->body, end + strlen (END), plain->body_len);
  plain->body[plain->body_len] = '\0';
  plain->len = head + strlen ("\r\n") + plain->body_len;
  return plain;
}
