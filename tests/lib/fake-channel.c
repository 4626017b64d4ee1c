/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a channel plugin meets: deliver, typing, history. The conversations behind them are lists of lines that the
 * test, or delivered items, add to. Main thread.
 */
#include "tests/lib/fake-internal.h"

#include <string.h>

/* One line and whose conversation it is in. */
typedef struct
{
  char *user_id;
  UsherLine *line;
} Stored;

typedef struct
{
  char *state, *agent_name;
} Conversation;

typedef struct
{
  FakeHost *fake;
  char *user_id;
  gint64 after;
  int limit;
  UsherHistory done;
  void *data;
} HistoryCall;

static void
inbound_free (gpointer data)
{
  UsherInbound *item = data;

  g_free ((char *)item->user_id);
  g_free ((char *)item->user_name);
  g_free ((char *)item->external_id);
  g_free ((char *)item->text);
  g_free ((char *)item->form);
  g_free ((char *)item->reply_to);
  g_free ((char *)item->message_id);
  g_free ((char *)item->picture);
  for (gsize i = 0; item->attachments != NULL && item->attachments[i] != NULL; i++)
    {
      UsherAttachment *one = (UsherAttachment *)item->attachments[i];

      g_free ((char *)one->kind);
      g_free ((char *)one->media);
      g_free ((char *)one->name);
      g_free ((char *)one->mime);
      g_free ((char *)one->url);
      g_free (one);
    }
  g_free ((gpointer)item->attachments);
  g_free (item);
}

static void
delivery_free (gpointer data)
{
  FakeDelivery *delivery = data;

  g_ptr_array_unref (delivery->items);
  g_free (delivery);
}

static void
stored_free (gpointer data)
{
  Stored *stored = data;
  UsherLine *line = stored->line;

  g_free ((char *)line->conversation);
  g_free ((char *)line->user_id);
  g_free ((char *)line->message_id);
  g_free ((char *)line->author_name);
  g_free ((char *)line->code);
  g_free ((char *)line->text);
  g_free ((char *)line->external_id);
  g_free (line);
  g_free (stored->user_id);
  g_free (stored);
}

static void
conversation_free (gpointer data)
{
  Conversation *conversation = data;

  g_free (conversation->state);
  g_free (conversation->agent_name);
  g_free (conversation);
}

static void
history_free (gpointer data)
{
  HistoryCall *call = data;

  g_free (call->user_id);
  g_free (call);
}

static void
fake_media_free (gpointer data)
{
  FakeMedia *media = data;

  g_bytes_unref (media->bytes);
  g_free (media->mime);
  g_free (media->name);
  g_free (media->id);
  g_free (media);
}

void
fake_channel_init (FakeHost *fake)
{
  fake->priv->deliveries = g_ptr_array_new_with_free_func (delivery_free);
  fake->media = g_ptr_array_new_with_free_func (fake_media_free);
  fake->priv->lines = g_ptr_array_new_with_free_func (stored_free);
  fake->priv->conversations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, conversation_free);
  fake->priv->held = g_ptr_array_new_with_free_func (history_free);
}

void
fake_channel_clear (FakeHost *fake)
{
  g_ptr_array_unref (fake->priv->deliveries);
  g_ptr_array_unref (fake->media);
  g_ptr_array_unref (fake->priv->lines);
  g_hash_table_unref (fake->priv->conversations);
  g_ptr_array_unref (fake->priv->held);
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static gint64
last_n (FakeHost *fake, const char *user_id)
{
  for (guint i = fake->priv->lines->len; i > 0; i--)
    {
      const Stored *stored = fake->priv->lines->pdata[i - 1];

      if (strcmp (stored->user_id, user_id) == 0)
        return stored->line->n;
    }
  return 0;
}

UsherLine *
fake_line_add (FakeHost *fake, const char *user_id, UsherAuthor author, const char *author_name, const char *code,
               const char *text)
{
  Stored *stored = g_new0 (Stored, 1);
  UsherLine *line = g_new0 (UsherLine, 1);

  line->struct_size = sizeof *line;
  line->conversation = g_strconcat ("con_", user_id, NULL);
  line->user_id = g_strdup (user_id);
  line->n = last_n (fake, user_id) + 1;
  line->message_id = g_strdup_printf ("msg_%s_%d", user_id, (int)line->n);
  line->author = author;
  line->author_name = g_strdup (author_name);
  line->code = g_strdup (code);
  line->text = g_strdup (text);
  line->at = fake_clock_now ();
  stored->user_id = g_strdup (user_id);
  stored->line = line;
  g_ptr_array_add (fake->priv->lines, stored);
  return line;
}

void
fake_conversation_set (FakeHost *fake, const char *user_id, const char *state, const char *agent_name)
{
  Conversation *conversation = g_new (Conversation, 1);

  conversation->state = g_strdup (state);
  conversation->agent_name = g_strdup (agent_name);
  g_hash_table_replace (fake->priv->conversations, g_strdup (user_id), conversation);
}

/* ---- deliver ------------------------------------------------------------------------------------------- */

static const UsherAttachment *const *
attachments_copy (const UsherAttachment *const *from)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (gsize i = 0; from != NULL && from[i] != NULL; i++)
    {
      UsherAttachment *one = g_memdup2 (from[i], sizeof *one);

      g_assert_cmpuint (one->struct_size, ==, sizeof *one);
      if (one->kind == NULL)
        g_error ("deliver: an attachment without a kind");
      fake_need_text ("attachment.name", one->name);
      fake_need_text ("attachment.url", one->url);
      one->kind = g_strdup (one->kind);
      one->media = g_strdup (one->media);
      one->name = g_strdup (one->name);
      one->mime = g_strdup (one->mime);
      one->url = g_strdup (one->url);
      g_ptr_array_add (list, one);
    }
  if (from == NULL)
    return NULL;
  g_ptr_array_add (list, NULL);
  return (const UsherAttachment *const *)g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

static UsherInbound *
inbound_copy (const UsherInbound *from)
{
  UsherInbound *to = g_memdup2 (from, sizeof *from);
  gboolean named = from->kind != USHER_INBOUND_RECEIPT && from->kind != USHER_INBOUND_PROFILE;
  gboolean text = from->kind == USHER_INBOUND_MESSAGE || from->kind == USHER_INBOUND_ECHO;

  g_assert_cmpuint (from->struct_size, ==, sizeof *from);
  g_assert_cmpint (from->kind, >=, USHER_INBOUND_MESSAGE);
  g_assert_cmpint (from->kind, <=, USHER_INBOUND_PROFILE);
  if (from->user_id == NULL || (named && from->external_id == NULL) || (text && from->text == NULL))
    g_error ("deliver: a required member is NULL");
  if (text && *from->text == '\0' && from->attachments == NULL)
    g_error ("deliver: a message with neither text nor attachments");
  fake_need_text ("inbound.user_id", from->user_id);
  fake_need_text ("inbound.user_name", from->user_name);
  fake_need_text ("inbound.external_id", from->external_id);
  fake_need_text ("inbound.text", from->text);
  to->user_id = g_strdup (from->user_id);
  to->user_name = g_strdup (from->user_name);
  to->external_id = g_strdup (from->external_id);
  fake_need_text ("inbound.form", from->form);
  fake_need_text ("inbound.reply_to", from->reply_to);
  fake_need_text ("inbound.message_id", from->message_id);
  fake_need_text ("inbound.picture", from->picture);
  to->text = g_strdup (from->text);
  to->form = g_strdup (from->form);
  to->reply_to = g_strdup (from->reply_to);
  to->message_id = g_strdup (from->message_id);
  to->picture = g_strdup (from->picture);
  to->attachments = attachments_copy (from->attachments);
  return to;
}

static gint64
store_item (FakeHost *fake, const UsherInbound *item)
{
  UsherLine *line;

  if (item->kind == USHER_INBOUND_RECEIPT || item->kind == USHER_INBOUND_PROFILE)
    return 0;
  for (guint i = 0; i < fake->priv->lines->len; i++)
    {
      const Stored *stored = fake->priv->lines->pdata[i];

      if (strcmp (stored->user_id, item->user_id) == 0
          && g_strcmp0 (stored->line->external_id, item->external_id) == 0)
        return stored->line->n;
    }
  if (item->kind == USHER_INBOUND_MESSAGE)
    line = fake_line_add (fake, item->user_id, USHER_AUTHOR_CUSTOMER, item->user_name, NULL, item->text);
  else if (item->kind == USHER_INBOUND_ECHO)
    line = fake_line_add (fake, item->user_id, USHER_AUTHOR_AGENT, NULL, NULL, item->text);
  else
    line = fake_line_add (fake, item->user_id, USHER_AUTHOR_SYSTEM, NULL, "ended", "The chat has ended.");
  line->external_id = g_strdup (item->external_id);
  return line->n;
}

void
fake_delivery_answer (FakeDelivery *delivery, UsherStatus status, const char *message)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = message };
  g_autofree gint64 *numbers = g_new0 (gint64, delivery->items->len);

  g_assert_false (delivery->answered);
  g_assert_true (delivery->fake->priv->alive);
  delivery->answered = TRUE;
  for (guint i = 0; i < delivery->items->len && status == USHER_OK; i++)
    numbers[i] = store_item (delivery->fake, delivery->items->pdata[i]);
  delivery->done (delivery->data, &result, (const int64_t *)numbers, delivery->items->len);
}

static void
answer_by_itself (void *data)
{
  FakeDelivery *delivery = data;

  if (!delivery->answered)
    fake_delivery_answer (delivery, USHER_OK, NULL);
}

static void
deliver (UsherInstance *fake, const UsherInbound *const *items, size_t count, UsherDelivered done, void *data)
{
  FakeDelivery *delivery = g_new0 (FakeDelivery, 1);

  fake_need_main ("deliver");
  if (count < 1 || count > 256)
    g_error ("deliver wants 1 to 256 items, not %zu", count);
  delivery->items = g_ptr_array_new_with_free_func (inbound_free);
  for (size_t i = 0; i < count; i++)
    g_ptr_array_add (delivery->items, inbound_copy (items[i]));
  delivery->fake = fake;
  delivery->done = done;
  delivery->data = data;
  g_ptr_array_add (fake->priv->deliveries, delivery);
  if (fake->priv->auto_deliver)
    fake_later (fake, answer_by_itself, delivery, NULL);
}

void
fake_host_auto_deliver (FakeHost *fake, gboolean on)
{
  fake->priv->auto_deliver = on;
}

FakeDelivery *
fake_delivery_next (FakeHost *fake)
{
  fake_host_settle ();
  for (guint i = 0; i < fake->priv->deliveries->len; i++)
    if (!((FakeDelivery *)fake->priv->deliveries->pdata[i])->answered)
      return fake->priv->deliveries->pdata[i];
  return NULL;
}

FakeDelivery *
fake_delivery_at (FakeHost *fake, guint index)
{
  g_assert_cmpuint (index, <, fake->priv->deliveries->len);
  return fake->priv->deliveries->pdata[index];
}

guint
fake_delivery_count (FakeHost *fake)
{
  return fake->priv->deliveries->len;
}

static void
typing (UsherInstance *fake, const char *user_id, bool on)
{
  FakeTyping *seen = g_new (FakeTyping, 1);

  fake_need_main ("typing");
  fake_need_text ("typing's user_id", user_id);
  seen->user_id = g_strdup (user_id);
  seen->on = on;
  g_ptr_array_add (fake->typings, seen);
}

/* ---- history ------------------------------------------------------------------------------------------- */

static void
history_answer (void *data)
{
  HistoryCall *call = data;
  FakeHost *fake = call->fake;
  UsherResult result = { .struct_size = sizeof result, .status = fake->history_status };
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  const Conversation *known = g_hash_table_lookup (fake->priv->conversations, call->user_id);
  const char *state = "none";
  gboolean ok = fake->history_status == USHER_OK;

  for (guint i = 0; i < fake->priv->lines->len && ok; i++)
    {
      const Stored *stored = fake->priv->lines->pdata[i];

      if (strcmp (stored->user_id, call->user_id) != 0)
        continue;
      state = "waiting";
      if (stored->line->n > call->after && (int)found->len < call->limit)
        g_ptr_array_add (found, stored->line);
    }
  if (!ok)
    result.message = "History can't be read now.";
  if (known != NULL)
    state = known->state;
  g_ptr_array_add (found, NULL);
  call->done (call->data, &result, (const UsherLine *const *)found->pdata, state,
              known != NULL ? known->agent_name : NULL);
}

static void
history_keep_held (void *data)
{
  HistoryCall *call = data;
  HistoryCall *copy;

  if (!call->fake->priv->hold_history)
    {
      history_answer (call);
      return;
    }
  copy = g_memdup2 (call, sizeof *call);
  copy->user_id = g_strdup (call->user_id);
  g_ptr_array_add (call->fake->priv->held, copy);
}

static void
history (UsherInstance *fake, const char *user_id, int64_t after, int limit, UsherHistory done, void *data)
{
  HistoryCall *call = g_new0 (HistoryCall, 1);

  fake_need_main ("history");
  if (user_id == NULL || limit < 1 || limit > 500 || after < 0)
    g_error ("history wants a user, after >= 0 and a limit of 1 to 500");
  *call = (HistoryCall){ fake, g_strdup (user_id), after, limit, done, data };
  fake->priv->history_calls++;
  fake_later (fake, history_keep_held, call, history_free);
}

void
fake_history_hold (FakeHost *fake, gboolean on)
{
  fake->priv->hold_history = on;
}

void
fake_history_release (FakeHost *fake)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&fake->priv->held);

  fake->priv->held = g_ptr_array_new_with_free_func (history_free);
  fake->priv->hold_history = FALSE;
  for (guint i = 0; i < held->len && fake->priv->alive; i++)
    history_answer (held->pdata[i]);
}

guint
fake_history_calls (FakeHost *fake)
{
  return fake->priv->history_calls;
}

UsherReply *
fake_send (FakeHost *fake, const UsherLine *line)
{
  UsherReply *reply = fake_reply_new (fake);

  fake->channel->send (fake->self, line, reply);
  return reply;
}

/* ---- media --------------------------------------------------------------------------------------------- */

typedef struct
{
  FakeHost *fake;
  char *id;
  void (*done) (void *, const UsherResult *, const char *);
  void *data;
} MediaCall;

static void
media_answer (void *data)
{
  MediaCall *call = data;
  UsherResult result = { .struct_size = sizeof result, .status = call->fake->media_status };

  if (result.status != USHER_OK)
    result.message = "Media can't be kept now.";
  call->done (call->data, &result, result.status == USHER_OK ? call->id : NULL);
}

static void
media_call_free (gpointer data)
{
  MediaCall *call = data;

  g_free (call->id);
  g_free (call);
}

static void
media_put (UsherInstance *fake, const void *bytes, size_t len, const char *mime, const char *name,
           void (*done) (void *, const UsherResult *, const char *), void *data)
{
  FakeMedia *media = g_new0 (FakeMedia, 1);
  MediaCall *call = g_new0 (MediaCall, 1);

  fake_need_main ("media_put");
  fake_need_text ("media_put's mime", mime);
  fake_need_text ("media_put's name", name);
  if (bytes == NULL || len < 1 || len > 25 * 1024 * 1024 || done == NULL)
    g_error ("media_put wants 1 byte to 25 MiB and a function to answer to");
  media->id = g_strdup_printf ("med_%u", fake->media->len + 1);
  media->bytes = g_bytes_new (bytes, len);
  media->mime = g_strdup (mime);
  media->name = g_strdup (name);
  g_ptr_array_add (fake->media, media);
  *call = (MediaCall){ fake, g_strdup (media->id), done, data };
  fake_later (fake, media_answer, call, media_call_free);
}

void
fake_channel_slots (UsherHost *host)
{
  host->media_put = media_put;
  host->deliver = deliver;
  host->typing = typing;
  host->history = history;
}
