/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the plain UsherResponse to libsoup's message, and the errors this layer answers by itself. Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#include "core/base/json.h"

static const char *const security_headers[]
    = { "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer", "Cache-Control", "no-store" };

static const char *
error_code (int status)
{
  switch (status)
    {
    case 401:
      return "unauthenticated";
    case 403:
      return "denied";
    case 404:
      return "not_found";
    case 405:
    case 426:
    case 501:
      return "unsupported";
    case 408:
    case 410:
      return "gone";
    case 409:
      return "conflict";
    case 429:
      return "busy";
    case 503:
      return "unavailable";
    default:
      return status >= 500 ? "failed" : "invalid";
    }
}

char *
uc_net_error_body (int status, const char *message, gsize *len)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_begin_object (out, "error");
  uc_json_add_string (out, "code", error_code (status));
  uc_json_add_string (out, "message", message);
  uc_json_end (out);
  uc_json_end (out);
  *len = out->len;
  return g_string_free (out, FALSE);
}

char *
uc_net_response_raw (int status, const char *message, gsize *len)
{
  gsize body_len;
  g_autofree char *body = uc_net_error_body (status, message, &body_len);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/json\r\n", status,
                          soup_status_get_phrase ((guint)status));
  for (guint i = 0; i < G_N_ELEMENTS (security_headers); i += 2)
    g_string_append_printf (out, "%s: %s\r\n", security_headers[i], security_headers[i + 1]);
  if (status == 503)
    g_string_append (out, "Retry-After: 5\r\n");
  g_string_append_printf (out, "Content-Length: %zu\r\n\r\n%s", body_len, body);
  *len = out->len;
  return g_string_free (out, FALSE);
}

/* ---- what a route's owner answered --------------------------------------------------------------------- */

static gboolean
is_token (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("!#$%&'*+-.^_`|~", *p) == NULL)
      return FALSE;
  return text[0] != '\0';
}

static gboolean
is_value (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t')
      return FALSE;
  return TRUE;
}

/* How the message is framed is decided here and nowhere else. */
static gboolean
is_ours (const char *name)
{
  static const char *const ours[]
      = { "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer" };

  for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
    if (g_ascii_strcasecmp (name, ours[i]) == 0)
      return TRUE;
  return FALSE;
}

static const char *
what_is_wrong (const UsherResponse *response)
{
  if (response->status < 200 || response->status > 599)
    return "the status is not between 200 and 599";
  if (response->content_type != NULL
      && (strchr (response->content_type, '/') == NULL || !is_value (response->content_type)))
    return "the content type is not of the form type/subtype";
  for (const char *const *h = response->headers; h != NULL && h[0] != NULL; h += 2)
    if (!is_token (h[0]) || h[1] == NULL || !is_value (h[1]))
      return "a header has a name or a value that HTTP does not allow";
  return NULL;
}

static void
set_headers (SoupServerMessage *message, const UsherResponse *response, gboolean close)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  for (guint i = 0; i < G_N_ELEMENTS (security_headers); i += 2)
    soup_message_headers_replace (headers, security_headers[i], security_headers[i + 1]);
  /* The response's own replace ours, and may come several times (Set-Cookie). */
  for (const char *const *h = response->headers; h != NULL && h[0] != NULL; h += 2)
    for (guint i = 0; i < G_N_ELEMENTS (security_headers); i += 2)
      if (g_ascii_strcasecmp (h[0], security_headers[i]) == 0)
        soup_message_headers_remove (headers, h[0]);
  for (const char *const *h = response->headers; h != NULL && h[0] != NULL; h += 2)
    if (!is_ours (h[0]))
      soup_message_headers_append (headers, h[0], h[1]);
  if (response->status == 426)
    {
      soup_message_headers_replace (headers, "Upgrade", "websocket");
      soup_message_headers_append (headers, "Connection", "Upgrade");
    }
  if (close)
    soup_message_headers_append (headers, "Connection", "close");
}

static void
apply_checked (SoupServerMessage *message, const UsherResponse *response, GBytes *bytes, gboolean close)
{
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  /* libsoup makes 206 of a 200 by itself, and that code has been a hole more than once. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  soup_message_body_truncate (body);
  soup_server_message_set_status (message, (guint)response->status, NULL);
  soup_message_headers_remove (headers, "Content-Type");
  if (response->content_type != NULL)
    soup_message_headers_replace (headers, "Content-Type", response->content_type);
  set_headers (message, response, close);
  if (response->status == 304)
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_NONE); /* or libsoup claims a length of 0 */
  else if (bytes != NULL)
    soup_message_body_append_bytes (body, bytes);
  else if (response->body_len > 0 && response->status != 204)
    soup_message_body_append (body, SOUP_MEMORY_COPY, response->body, response->body_len);
}

/* Fills *response with the given one, or with a 500; returns what it borrows then. */
static char *
checked (const UsherResponse *given, UsherResponse *response)
{
  const char *wrong;
  gsize len;
  char *error;

  *response = (UsherResponse){ 0 };
  memcpy (response, given, MIN (given->struct_size, sizeof *response));
  wrong = what_is_wrong (response);
  if (wrong == NULL)
    return NULL;
  g_warning ("an HTTP response was replaced by a 500: %s", wrong);
  error = uc_net_error_body (500, "the answer could not be sent; see the log", &len);
  *response = (UsherResponse){ .status = 500, .content_type = "application/json", .body = error, .body_len = len };
  return error;
}

void
uc_net_response_apply (SoupServerMessage *message, const UsherResponse *given, GBytes *body, gboolean close)
{
  UsherResponse response;
  g_autofree char *error = checked (given, &response);

  apply_checked (message, &response, error == NULL ? body : NULL, close);
}

/* ---- without libsoup ----------------------------------------------------------------------------------- */

/* Made once a second. */
static void
append_date (GString *out)
{
  static char text[48];
  static gint64 of = -1;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (now != of)
    {
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (now);
      g_autofree char *formatted = soup_date_time_to_string (date, SOUP_DATE_HTTP);

      g_strlcpy (text, formatted, sizeof text);
      of = now;
    }
  g_string_append (out, text);
}

static void
append_header (GString *out, const char *name, const char *value)
{
  g_string_append (out, name);
  g_string_append_len (out, ": ", 2);
  g_string_append (out, value);
  g_string_append_len (out, "\r\n", 2);
}

static gboolean
has_header (const UsherResponse *response, const char *name)
{
  for (const char *const *h = response->headers; h != NULL && h[0] != NULL; h += 2)
    if (g_ascii_strcasecmp (h[0], name) == 0)
      return TRUE;
  return FALSE;
}

static void
append_headers (GString *out, const UsherResponse *response, gboolean close)
{
  if (response->content_type != NULL)
    append_header (out, "Content-Type", response->content_type);
  for (guint i = 0; i < G_N_ELEMENTS (security_headers); i += 2)
    if (!has_header (response, security_headers[i]))
      append_header (out, security_headers[i], security_headers[i + 1]);
  for (const char *const *h = response->headers; h != NULL && h[0] != NULL; h += 2)
    if (!is_ours (h[0]))
      append_header (out, h[0], h[1]);
  if (response->status == 426)
    {
      append_header (out, "Upgrade", "websocket");
      append_header (out, "Connection", "Upgrade");
    }
  if (close)
    append_header (out, "Connection", "close");
}

void
uc_net_response_plain (UcSendq *queue, const UsherResponse *given, GBytes *bytes, gboolean close)
{
  UsherResponse response;
  g_autofree char *error = checked (given, &response);
  gboolean empty = response.status == 204 || response.status == 304, lent = bytes != NULL && error == NULL;
  const char *phrase = soup_status_get_phrase ((guint)response.status);
  GString *out = g_string_sized_new (512);
  gsize len = lent ? g_bytes_get_size (bytes) : response.body_len, copied = empty || lent ? 0 : len;
  UcBlock *block;

  g_string_append_printf (out, "HTTP/1.1 %d %s\r\nDate: ", response.status, phrase != NULL ? phrase : "Unknown");
  append_date (out);
  g_string_append_len (out, "\r\n", 2);
  append_headers (out, &response, close);
  if (!empty)
    g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n", len);
  g_string_append_len (out, "\r\n", 2);
  block = uc_block_new (out->len + copied);
  uc_block_append (block, out->str, out->len);
  uc_block_append (block, response.body, copied);
  uc_sendq_push (queue, block);
  /* Not copied: whoever lends it counts what slow readers hold until it is given back. */
  if (lent && !empty && len > 0)
    uc_sendq_push (queue, uc_block_lend (bytes));
  g_string_free (out, TRUE);
}
