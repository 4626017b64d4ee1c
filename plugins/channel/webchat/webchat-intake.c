/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames from visitors: checked, limited, handed to the core, and acknowledged when they are durable. Main thread.
 */
#include "webchat.h"

#include <string.h>

/* A message or an end on its way through the core. */
typedef struct
{
  Webchat *wc;
  WebchatVisitorId visitor;
  WebchatSender sender;
  UsherInboundKind kind;
  char *id, *external_id, *text, *name;
  gint64 at;
} Delivery;

/* ---- answers ------------------------------------------------------------------------------------------- */

WebchatBatch *
webchat_batch_new (Webchat *wc, UsherExchange *exchange, const char *allow_origin, guint frames)
{
  WebchatBatch *batch = g_new0 (WebchatBatch, 1);

  batch->refs = 1;
  batch->waiting = 1;
  batch->wc = webchat_ref (wc);
  batch->exchange = exchange;
  batch->allow_origin = g_strdup (allow_origin);
  batch->answers = g_ptr_array_new_full (frames, g_free);
  g_ptr_array_set_size (batch->answers, (gint)frames);
  return batch;
}

static void
batch_answer (WebchatBatch *batch)
{
  g_autoptr (GString) body = g_string_new ("{\"frames\":[");
  UsherExchange *exchange = g_steal_pointer (&batch->exchange);

  for (guint i = 0; i < batch->answers->len; i++)
    if (batch->answers->pdata[i] != NULL)
      g_string_append_printf (body, "%s%s", body->str[body->len - 1] == '[' ? "" : ",",
                              (const char *)batch->answers->pdata[i]);
  g_string_append (body, "]}");
  /* The exchange of a destroyed instance was answered by the core. */
  if (!batch->wc->gone)
    webchat_http_json (batch->wc, exchange, batch->allow_origin, 200, body->str);
}

void
webchat_batch_done (WebchatBatch *batch)
{
  if (--batch->waiting == 0)
    batch_answer (batch);
  if (--batch->refs > 0)
    return;
  g_ptr_array_unref (batch->answers);
  g_free (batch->allow_origin);
  webchat_unref (batch->wc);
  g_free (batch);
}

static void
sender_hold (const WebchatSender *sender)
{
  if (sender->client != NULL)
    webchat_client_ref (sender->client);
  if (sender->batch != NULL)
    {
      sender->batch->refs++;
      sender->batch->waiting++;
    }
}

static void
sender_release (const WebchatSender *sender)
{
  if (sender->client != NULL)
    webchat_client_unref (sender->client);
  if (sender->batch != NULL)
    webchat_batch_done (sender->batch);
}

void
webchat_intake_answer (const WebchatSender *sender, char *text)
{
  g_autofree char *owned = text;

  if (sender->batch != NULL)
    {
      g_free (sender->batch->answers->pdata[sender->slot]);
      sender->batch->answers->pdata[sender->slot] = g_steal_pointer (&owned);
    }
  else if (sender->client->socket != NULL)
    webchat_client_send (sender->client, text);
}

static gboolean
senseless (Webchat *wc, const WebchatSender *sender, const char *message)
{
  webchat_intake_answer (sender, webchat_frame_error (wc, "invalid", message, 0));
  return FALSE;
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static gboolean
id_is_good (const char *id)
{
  gsize len = id != NULL ? strlen (id) : 0;

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (id[i]) && id[i] != '-' && id[i] != '_')
      return FALSE;
  return len > 0 && len <= WEBCHAT_MAX_ID;
}

static gboolean
is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

const char *
webchat_name_problem (Webchat *wc, const char *name)
{
  if (name == NULL || is_blank (name))
    return wc->name_required ? "This chat asks for a name." : NULL;
  if (g_utf8_strlen (name, -1) > WEBCHAT_MAX_NAME)
    return "The name is too long; at most 100 characters.";
  for (; *name != '\0'; name = g_utf8_next_char (name))
    if (g_unichar_iscntrl (g_utf8_get_char (name)))
      return "The name holds a control character.";
  return NULL;
}

/* NULL or the refusal of a message. */
static char *
message_problem (Webchat *wc, WebchatVisitor *visitor, const Delivery *delivery)
{
  const char *problem = webchat_name_problem (wc, delivery->name);
  glong length = g_utf8_strlen (delivery->text, -1);
  gint64 wait;

  if (problem != NULL)
    return webchat_frame_refused (wc, delivery->id, "name", problem, 0);
  if (is_blank (delivery->text))
    return webchat_frame_refused (wc, delivery->id, "empty", "The message is empty.", 0);
  if (length > wc->max_text)
    {
      g_autofree char *text = g_strdup_printf (
          "The message has %ld characters; at most %" G_GINT64_FORMAT " are possible.", length, wc->max_text);

      return webchat_frame_refused (wc, delivery->id, "too_long", text, 0);
    }
  wait = webchat_rate_take (&visitor->messages, wc->rate_messages, WEBCHAT_RATE_WINDOW, wc->host->now ());
  if (wait > 0)
    {
      g_autofree char *text = g_strdup_printf ("Too many messages; at most %" G_GINT64_FORMAT " in %d seconds.",
                                               wc->rate_messages, WEBCHAT_RATE_WINDOW / 1000);

      return webchat_frame_refused (wc, delivery->id, "too_fast", text, wait);
    }
  return NULL;
}

/* ---- deliveries ---------------------------------------------------------------------------------------- */

static void
delivery_free (Delivery *delivery)
{
  sender_release (&delivery->sender);
  g_free (delivery->id);
  g_free (delivery->external_id);
  g_free (delivery->text);
  g_free (delivery->name);
  webchat_paid (delivery->wc);
  webchat_unref (delivery->wc);
  g_free (delivery);
}

static void
push_own_line (WebchatVisitor *visitor, const Delivery *delivery, gint64 n)
{
  UsherLine line = { .struct_size = sizeof line,
                     .user_id = visitor->id,
                     .n = n,
                     .author = USHER_AUTHOR_CUSTOMER,
                     .text = delivery->text,
                     .external_id = delivery->external_id,
                     .at = delivery->at };
  g_autofree char *text = webchat_frame_line (delivery->wc, visitor->id, &line);

  webchat_visitor_push (delivery->wc, visitor, n, text);
}

static char *
delivery_refused (const Delivery *delivery, const UsherResult *result)
{
  const char *message = result->message != NULL ? result->message : "The message was refused.";

  switch (result->status)
    {
    case USHER_BUSY:
    case USHER_RETRY:
      return webchat_frame_refused (delivery->wc, delivery->id, "busy",
                                    "The chat is overloaded; the message was not stored. Send it again.",
                                    result->retry_after_ms > 0 ? result->retry_after_ms : 2000);
    case USHER_CONTENT:
      return webchat_frame_refused (delivery->wc, delivery->id, "content", message, 0);
    default:
      return webchat_frame_refused (delivery->wc, delivery->id, "refused", message, 0);
    }
}

static void
delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Delivery *delivery = data;
  Webchat *wc = delivery->wc;
  WebchatVisitor *visitor = wc->gone ? NULL : webchat_visitor_find (wc, delivery->visitor);

  if (visitor != NULL)
    {
      visitor->in_flight--;
      visitor->used_at = wc->host->now ();
    }
  if (result->status != USHER_OK)
    webchat_intake_answer (&delivery->sender, delivery_refused (delivery, result));
  else
    {
      gint64 n = numbers != NULL && count > 0 ? numbers[0] : 0;

      webchat_intake_answer (&delivery->sender, webchat_frame_ack (wc, delivery->id, n));
      if (visitor != NULL && n > 0 && delivery->kind == USHER_INBOUND_MESSAGE)
        push_own_line (visitor, delivery, n);
      else if (visitor != NULL && n > 0)
        webchat_visitor_catch_up (wc, visitor, n);
    }
  delivery_free (delivery);
}

static void
deliver (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, Delivery *delivery)
{
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = delivery->kind,
                        .user_id = visitor->id,
                        .text = delivery->text,
                        .at = wc->host->now () };
  const UsherInbound *items[] = { &item };

  delivery->wc = webchat_ref (wc);
  delivery->sender = *sender;
  delivery->at = item.at;
  memcpy (delivery->visitor, visitor->id, sizeof delivery->visitor);
  delivery->external_id = g_strconcat (visitor->id, ":", delivery->id, NULL);
  item.external_id = delivery->external_id;
  item.user_name = delivery->name != NULL && !is_blank (delivery->name) ? g_strstrip (delivery->name) : NULL;
  sender_hold (sender);
  visitor->in_flight++;
  visitor->typing = FALSE; /* what was sent is not being typed any more */
  webchat_owe (wc);
  wc->host->deliver (wc->instance, items, 1, delivered, delivery);
}

static void
delivery_drop (Delivery *delivery)
{
  g_free (delivery->id);
  g_free (delivery->text);
  g_free (delivery->name);
  g_free (delivery);
}

static gboolean
take_message (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  const UsherHost *host = wc->host;
  const char *id = host->json_string (host->json_get (body, "id"));
  const char *text = host->json_string (host->json_get (body, "text"));
  const UsherJson *name = host->json_get (body, "name");
  Delivery *delivery;
  char *refusal;

  if (!id_is_good (id))
    return senseless (wc, sender, "message.id must be 1 to 64 letters, digits, '-' or '_'.");
  if (text == NULL)
    return senseless (wc, sender, "message.text must be a string.");
  if (name != NULL && host->json_string (name) == NULL)
    return senseless (wc, sender, "message.name must be a string; leave it out when there is none.");
  delivery = g_new0 (Delivery, 1);
  delivery->kind = USHER_INBOUND_MESSAGE;
  delivery->id = g_strdup (id);
  delivery->text = g_strdup (text);
  delivery->name = g_strdup (host->json_string (name));
  refusal
      = visitor->in_flight >= WEBCHAT_MAX_IN_FLIGHT
            ? webchat_frame_refused (wc, id, "busy", "Too many messages wait to be stored; send it again.", 1000)
            : message_problem (wc, visitor, delivery);
  if (refusal == NULL)
    {
      deliver (wc, sender, visitor, delivery);
      return TRUE;
    }
  webchat_intake_answer (sender, refusal);
  delivery_drop (delivery);
  return TRUE;
}

static gboolean
take_end (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  const char *id = wc->host->json_string (wc->host->json_get (body, "id"));
  Delivery *delivery;

  if (!id_is_good (id))
    return senseless (wc, sender, "end.id must be 1 to 64 letters, digits, '-' or '_'.");
  if (visitor->in_flight >= WEBCHAT_MAX_IN_FLIGHT)
    {
      webchat_intake_answer (sender,
                             webchat_frame_refused (wc, id, "busy", "Too much waits; send it again.", 1000));
      return TRUE;
    }
  delivery = g_new0 (Delivery, 1);
  delivery->kind = USHER_INBOUND_ENDED;
  delivery->id = g_strdup (id);
  deliver (wc, sender, visitor, delivery);
  return TRUE;
}

/* ---- the small ones ------------------------------------------------------------------------------------ */

static gboolean
take_typing (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  gboolean on = wc->host->json_bool (body, false);

  if (on != wc->host->json_bool (body, true))
    return senseless (wc, sender, "typing must be true or false.");
  webchat_visitor_typing (wc, visitor, on);
  return TRUE;
}

static gboolean
take_got (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  gint64 n = wc->host->json_int (body, -1);

  if (n < 0)
    return senseless (wc, sender, "got must be the number of a line.");
  webchat_visitor_confirm (wc, visitor, n, 0);
  return TRUE;
}

static gboolean
take_read (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  gint64 n = wc->host->json_int (body, -1);

  if (n < 0)
    return senseless (wc, sender, "read must be the number of a line.");
  webchat_visitor_confirm (wc, visitor, n, n);
  return TRUE;
}

static gboolean
take_ping (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  UsherJson *pong = wc->host->json_object ();

  wc->host->json_set_int (pong, "pong", wc->host->json_int (body, 0));
  wc->host->json_set_int (pong, "server_now", wc->host->now ());
  webchat_intake_answer (sender, webchat_print (wc, pong));
  return TRUE;
}

static gboolean
take_after (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *body)
{
  gint64 after = wc->host->json_int (body, -1), wait;

  if (sender->client == NULL)
    return senseless (wc, sender, "after is for WebSockets; ask MOUNT/poll?after=N.");
  if (after < 0)
    return senseless (wc, sender, "after must be the number of a line, or 0.");
  wait = webchat_rate_take (&visitor->requests, WEBCHAT_REQUESTS, WEBCHAT_RATE_WINDOW, wc->host->now ());
  if (wait > 0)
    {
      webchat_intake_answer (sender,
                             webchat_frame_error (wc, "too_fast", "History is asked for too often.", wait));
      return TRUE;
    }
  webchat_client_fetch (sender->client, after, FALSE);
  return TRUE;
}

gboolean
webchat_intake_frame (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor, const UsherJson *frame)
{
  static const struct
  {
    const char *key;
    gboolean (*take) (Webchat *, const WebchatSender *, WebchatVisitor *, const UsherJson *);
  } kinds[]
      = { { "message", take_message }, { "typing", take_typing }, { "read", take_read },  { "got", take_got },
          { "end", take_end },         { "ping", take_ping },     { "after", take_after } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      const UsherJson *body = wc->host->json_get (frame, kinds[i].key);

      if (body != NULL)
        return kinds[i].take (wc, sender, visitor, body);
    }
  webchat_intake_answer (
      sender, webchat_frame_error (
                  wc, "unknown", "Not a known frame; known are message, typing, read, got, end, ping, after.", 0));
  return FALSE;
}
