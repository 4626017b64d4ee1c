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

char *
webchat_frame_line (Webchat *wc, const char *visitor, const UsherLine *line)
{
  const UsherHost *host = wc->host;
  UsherJson *body = host->json_object ();

  host->json_set_int (body, "n", line->n);
  switch (line->author)
    {
    case USHER_AUTHOR_CUSTOMER:
      host->json_set_string (body, "author", "customer");
      set_known (wc, body, "id", client_id (visitor, line));
      break;
    case USHER_AUTHOR_AGENT:
      host->json_set_string (body, "author", "agent");
      set_known (wc, body, "name", line->author_name);
      break;
    case USHER_AUTHOR_SYSTEM:
    default:
      host->json_set_string (body, "author", "system");
      set_known (wc, body, "name", line->author_name);
      set_known (wc, body, "code", line->code);
      set_known (wc, body, "id", client_id (visitor, line));
      break;
    }
  host->json_set_string (body, "text", line->text != NULL ? line->text : "");
  host->json_set_int (body, "at", line->at);
  return wrap (wc, "line", body);
}

char *
webchat_frame_ack (Webchat *wc, const char *id, gint64 n)
{
  UsherJson *body = wc->host->json_object ();

  wc->host->json_set_string (body, "id", id);
  wc->host->json_set_int (body, "n", n);
  return wrap (wc, "ack", body);
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
