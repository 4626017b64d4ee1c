/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frames that go to the browser, as JSON text; what they mean is in protocol.md. Main thread.
 */
#include "webchat.h"

#include <string.h>

char *
webchat_print (Webchat *wc, UsherJson *root)
{
  char *printed = wc->host->json_print (root, NULL);
  char *text = g_strdup (printed);

  wc->host->free_text (printed);
  wc->host->json_free (root);
  return text;
}

/* {"name": body} */
static char *
wrap (Webchat *wc, const char *name, UsherJson *body)
{
  UsherJson *root = wc->host->json_object ();

  wc->host->json_set (root, name, body);
  return webchat_print (wc, root);
}

static void
set_known (Webchat *wc, UsherJson *object, const char *key, const char *value)
{
  if (value != NULL)
    wc->host->json_set_string (object, key, value);
}

/* The client's own id of its message; the core knows it as VISITOR:ID. */
static const char *
client_id (const char *visitor, const UsherLine *line)
{
  gsize len = strlen (visitor);

  if (line->external_id == NULL || strncmp (line->external_id, visitor, len) != 0 || line->external_id[len] != ':')
    return NULL;
  return line->external_id + len + 1;
}

/* Lines and acknowledgements are what there are many of: they are written without a tree. */
static void
append_string (GString *out, const char *value)
{
  const char *start = value;

  g_string_append_c (out, '"');
  for (; *value != '\0'; value++)
    {
      guchar c = (guchar)*value;

      if (G_LIKELY (c >= 0x20 && c != '"' && c != '\\'))
        continue;
      g_string_append_len (out, start, value - start);
      g_string_append_printf (out, c < 0x20 ? "\\u%04x" : "\\%c", c);
      start = value + 1;
    }
  g_string_append_len (out, start, value - start);
  g_string_append_c (out, '"');
}

static void
append_number (GString *out, gint64 value)
{
  char digits[20], *p = digits + sizeof digits;
  guint64 left = (guint64)ABS (value);

  do
    *--p = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  if (value < 0)
    g_string_append_c (out, '-');
  g_string_append_len (out, p, digits + sizeof digits - p);
}

static void
append_known (GString *out, const char *key, const char *value)
{
  if (value == NULL)
    return;
  g_string_append (out, key);
  append_string (out, value);
}

char *
webchat_frame_line (Webchat *wc, const char *visitor, const UsherLine *line)
{
  GString *out = g_string_sized_new (256);

  g_string_append (out, "{\"line\":{\"n\":");
  append_number (out, line->n);
  switch (line->author)
    {
    case USHER_AUTHOR_CUSTOMER:
      g_string_append (out, ",\"author\":\"customer\"");
      append_known (out, ",\"id\":", client_id (visitor, line));
      break;
    case USHER_AUTHOR_AGENT:
      g_string_append (out, ",\"author\":\"agent\"");
      append_known (out, ",\"name\":", line->author_name);
      break;
    case USHER_AUTHOR_SYSTEM:
    default:
      g_string_append (out, ",\"author\":\"system\"");
      append_known (out, ",\"name\":", line->author_name);
      append_known (out, ",\"code\":", line->code);
      append_known (out, ",\"id\":", client_id (visitor, line));
      break;
    }
  append_known (out, ",\"text\":", line->text != NULL ? line->text : "");
  g_string_append (out, ",\"at\":");
  append_number (out, line->at);
  g_string_append (out, "}}");
  return g_string_free (out, FALSE);
}

char *
webchat_frame_ack (Webchat *wc, const char *id, gint64 n)
{
  GString *out = g_string_sized_new (128);

  g_string_append (out, "{\"ack\":{\"id\":");
  append_string (out, id);
  g_string_append (out, ",\"n\":");
  append_number (out, n);
  g_string_append (out, "}}");
  return g_string_free (out, FALSE);
}

static char *
trouble (Webchat *wc, const char *kind, const char *id, const char *code, const char *message,
         gint64 retry_after_ms)
{
  UsherJson *body = wc->host->json_object ();

  set_known (wc, body, "id", id);
  wc->host->json_set_string (body, "code", code);
  wc->host->json_set_string (body, "message", message);
  if (retry_after_ms > 0)
    wc->host->json_set_int (body, "retry_after_ms", retry_after_ms);
  return wrap (wc, kind, body);
}

char *
webchat_frame_refused (Webchat *wc, const char *id, const char *code, const char *message, gint64 retry_after_ms)
{
  return trouble (wc, "refused", id, code, message, retry_after_ms);
}

char *
webchat_frame_error (Webchat *wc, const char *code, const char *message, gint64 retry_after_ms)
{
  return trouble (wc, "error", NULL, code, message, retry_after_ms);
}

char *
webchat_frame_state (Webchat *wc, const char *state, const char *agent)
{
  UsherJson *body = wc->host->json_object ();

  wc->host->json_set_string (body, "state", state);
  wc->host->json_set_string (body, "agent", agent);
  return wrap (wc, "state", body);
}

UsherJson *
webchat_limits (Webchat *wc)
{
  UsherJson *limits = wc->host->json_object ();

  wc->host->json_set_int (limits, "max_text", wc->max_text);
  wc->host->json_set_int (limits, "max_name", WEBCHAT_MAX_NAME);
  wc->host->json_set_bool (limits, "name_required", wc->name_required);
  wc->host->json_set_int (limits, "messages", wc->rate_messages);
  wc->host->json_set_int (limits, "per_ms", WEBCHAT_RATE_WINDOW);
  return limits;
}

char *
webchat_frame_welcome (Webchat *wc, const WebchatVisitor *visitor)
{
  UsherJson *body = wc->host->json_object ();

  wc->host->json_set_string (body, "visitor", visitor->id);
  wc->host->json_set_string (body, "state", visitor->state);
  wc->host->json_set_string (body, "agent", visitor->agent);
  wc->host->json_set_int (body, "server_now", wc->host->now ());
  wc->host->json_set (body, "limits", webchat_limits (wc));
  return wrap (wc, "welcome", body);
}

char *
webchat_frame_typing (Webchat *wc, gboolean on, const char *name)
{
  UsherJson *root = wc->host->json_object ();

  wc->host->json_set_bool (root, "typing", on);
  set_known (wc, root, "name", name);
  return webchat_print (wc, root);
}

char *
webchat_frame_number (Webchat *wc, const char *key, const char *member, gint64 value)
{
  UsherJson *body = wc->host->json_object ();

  wc->host->json_set_int (body, member, value);
  return wrap (wc, key, body);
}

char *
webchat_frame_session (Webchat *wc, const char *token, const char *visitor, gint64 expires_at)
{
  UsherJson *body = wc->host->json_object ();

  wc->host->json_set_string (body, "token", token);
  wc->host->json_set_string (body, "visitor", visitor);
  wc->host->json_set_int (body, "expires_at", expires_at);
  wc->host->json_set_int (body, "server_now", wc->host->now ());
  wc->host->json_set (body, "limits", webchat_limits (wc));
  return webchat_print (wc, body);
}
