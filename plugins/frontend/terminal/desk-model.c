/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a desk knows. Pure.
 */
#include "desk-model.h"

#include <string.h>

#include "desk-words.h"

#define TYPING_LAPSES_MS 6000

static void
pending_free (gpointer data)
{
  DeskPending *pending = data;

  g_free (pending->client_id);
  g_free (pending->text);
  g_free (pending->faq);
  g_free (pending->error);
  g_free (pending);
}

static void
chat_free (gpointer data)
{
  DeskChat *chat = data;

  g_free (chat->id);
  g_free (chat->faq);
  cJSON_Delete (chat->data);
  cJSON_Delete (chat->since);
  g_ptr_array_unref (chat->messages);
  g_ptr_array_unref (chat->pending);
  desk_edit_clear (&chat->draft);
  g_free (chat);
}

static GHashTable *
table_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)cJSON_Delete);
}

DeskModel *
desk_model_new (DeskNews news, gpointer data)
{
  DeskModel *model = g_new0 (DeskModel, 1);

  model->queues = table_new ();
  model->codes = table_new ();
  model->channels = table_new ();
  model->chats = g_ptr_array_new_with_free_func (chat_free);
  model->news = news;
  model->data = data;
  return model;
}

static void
clear_centre (DeskModel *model)
{
  g_clear_pointer (&model->me, cJSON_Delete);
  g_clear_pointer (&model->policy, cJSON_Delete);
  g_clear_pointer (&model->crm, cJSON_Delete);
  g_hash_table_remove_all (model->queues);
  g_hash_table_remove_all (model->codes);
  g_hash_table_remove_all (model->channels);
}

void
desk_model_forget (DeskModel *model)
{
  clear_centre (model);
  g_ptr_array_set_size (model->chats, 0);
  model->ready = FALSE;
  model->seq = 0;
}

void
desk_model_free (DeskModel *model)
{
  clear_centre (model);
  g_hash_table_unref (model->queues);
  g_hash_table_unref (model->codes);
  g_hash_table_unref (model->channels);
  g_ptr_array_unref (model->chats);
  g_free (model);
}

void
desk_model_tell (DeskModel *model, DeskNewsKind kind, DeskChat *chat, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (model->news == NULL)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  model->news (model->data, kind, chat, text);
}

/* ---- chats ---------------------------------------------------------------------------------------------- */

DeskChat *
desk_model_chat (const DeskModel *model, const char *id)
{
  for (guint i = 0; i < model->chats->len; i++)
    if (strcmp (((DeskChat *)model->chats->pdata[i])->id, id) == 0)
      return model->chats->pdata[i];
  return NULL;
}

/* The smallest that is free, so that it is one key stroke. */
static guint
free_number (const DeskModel *model)
{
  for (guint number = 1;; number++)
    {
      gboolean taken = FALSE;

      for (guint i = 0; i < model->chats->len && !taken; i++)
        taken = ((DeskChat *)model->chats->pdata[i])->number == number;
      if (!taken)
        return number;
    }
}

/* Puts what the core says of a chat in the place of what was known; what is the desk's own stays. */
static void
set_data (DeskChat *chat, const cJSON *interaction)
{
  const cJSON *message;

  cJSON_Delete (chat->data);
  chat->data = cJSON_Duplicate (interaction, TRUE);
  cJSON_DeleteItemFromObjectCaseSensitive (chat->data, "messages");
  cJSON_ArrayForEach (message, desk_get (interaction, "messages")) desk_chat_take (chat, message);
}

DeskChat *
desk_model_add (DeskModel *model, const cJSON *interaction)
{
  const char *id = desk_str (interaction, "interaction");
  DeskChat *chat = desk_model_chat (model, id);

  if (chat == NULL)
    {
      chat = g_new0 (DeskChat, 1);
      chat->id = g_strdup (id);
      chat->number = free_number (model);
      chat->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)cJSON_Delete);
      chat->pending = g_ptr_array_new_with_free_func (pending_free);
      desk_edit_init (&chat->draft, "");
      g_ptr_array_add (model->chats, chat);
    }
  set_data (chat, interaction);
  return chat;
}

void
desk_model_remove (DeskModel *model, DeskChat *chat)
{
  g_ptr_array_remove (model->chats, chat);
}

void
desk_model_details (DeskModel *model, const cJSON *interaction)
{
  DeskChat *chat = desk_model_chat (model, desk_str (interaction, "interaction"));
  g_autoptr (cJSON) since = NULL;
  const cJSON *event;

  if (chat == NULL || chat->since == NULL)
    return;
  since = g_steal_pointer (&chat->since);
  set_data (chat, interaction);
  /* The answer may be older than events that came before it: they are laid over it, without being told again. */
  cJSON_ArrayForEach (event, since)
  {
    DeskNews news = g_steal_pointer (&model->news);

    desk_model_event (model, event);
    model->news = news;
  }
}

void
desk_model_earlier (DeskModel *model, DeskChat *chat, const cJSON *answer)
{
  const cJSON *message;

  cJSON_ArrayForEach (message, desk_get (answer, "messages"))
  {
    gint64 n = desk_int (message, "n");

    if (chat->earliest == 0 || n < chat->earliest)
      chat->earliest = n;
    desk_chat_take (chat, message);
  }
  chat->more_before = desk_is (answer, "more");
}

DeskPending *
desk_chat_say (DeskChat *chat, const char *client_id, const char *text)
{
  DeskPending *pending = g_new0 (DeskPending, 1);

  pending->client_id = g_strdup (client_id);
  pending->text = g_strdup (text);
  g_ptr_array_add (chat->pending, pending);
  return pending;
}

DeskPending *
desk_chat_pending (DeskChat *chat, const char *client_id)
{
  for (guint i = 0; i < chat->pending->len; i++)
    if (strcmp (((DeskPending *)chat->pending->pdata[i])->client_id, client_id) == 0)
      return chat->pending->pdata[i];
  return NULL;
}

void
desk_chat_unsay (DeskChat *chat, DeskPending *pending)
{
  g_ptr_array_remove (chat->pending, pending);
}

/* ---- frames --------------------------------------------------------------------------------------------- */

static void
fill_table (GHashTable *table, const cJSON *list, const char *key)
{
  const cJSON *one;

  g_hash_table_remove_all (table);
  cJSON_ArrayForEach (one, list)
      g_hash_table_replace (table, g_strdup (desk_str (one, key)), cJSON_Duplicate (one, TRUE));
}

static gboolean
snapshot_has (const cJSON *snapshot, const char *id)
{
  const cJSON *one;

  cJSON_ArrayForEach (one,
                      desk_get (snapshot, "interactions")) if (desk_equal (one, "interaction", id)) return TRUE;
  return FALSE;
}

/* Everything as it is now; what is the desk's own (drafts, what is under way) stays with the chats that stay. */
static void
take_snapshot (DeskModel *model, const cJSON *snapshot)
{
  gboolean first = !model->ready;
  const cJSON *one;

  /* What one agent was writing is nothing for the next one at this terminal. */
  if (model->me != NULL && !desk_equal (desk_get (snapshot, "me"), "user", desk_str (model->me, "user")))
    g_ptr_array_set_size (model->chats, 0);
  clear_centre (model);
  model->me = cJSON_Duplicate (desk_get (snapshot, "me"), TRUE);
  model->policy = cJSON_Duplicate (desk_get (snapshot, "policy"), TRUE);
  model->crm = cJSON_Duplicate (desk_get (snapshot, "crm"), TRUE);
  fill_table (model->queues, desk_get (snapshot, "queues"), "queue");
  fill_table (model->codes, desk_get (snapshot, "codes"), "list");
  fill_table (model->channels, desk_get (snapshot, "channels"), "channel");
  model->ready = TRUE;
  for (guint i = model->chats->len; i > 0; i--)
    {
      DeskChat *chat = model->chats->pdata[i - 1];

      if (snapshot_has (snapshot, chat->id))
        continue;
      desk_model_tell (model, DESK_NEWS_CLOSED, chat, "Chat with %s: it was over when the line came back",
                       desk_chat_name (chat));
      desk_model_remove (model, chat);
    }
  cJSON_ArrayForEach (one, desk_get (snapshot, "interactions"))
  {
    gboolean known = desk_model_chat (model, desk_str (one, "interaction")) != NULL;
    DeskChat *chat = desk_model_add (model, one);

    g_clear_pointer (&chat->since, cJSON_Delete);
    if (!known && desk_chat_is (chat, "offered"))
      desk_model_tell (model, DESK_NEWS_OFFER, chat, "A chat is offered to you");
    else if (!known && !first)
      desk_model_tell (model, DESK_NEWS_ACCEPTED, chat, "Chat with %s is yours", desk_chat_name (chat));
  }
}

static void
set_waiting (DeskModel *model, const cJSON *frame)
{
  const cJSON *one;

  cJSON_ArrayForEach (one, desk_get (frame, "queues"))
  {
    cJSON *queue = g_hash_table_lookup (model->queues, desk_str (one, "queue"));

    if (queue != NULL)
      desk_copy (queue, one, "waiting oldest");
  }
}

void
desk_model_frame (DeskModel *model, const cJSON *frame, gint64 now)
{
  const char *type = desk_str (frame, "type");
  gint64 seq = desk_int (frame, "seq");

  if (desk_int (frame, "server_now") > 0)
    model->clock = desk_int (frame, "server_now") - now;
  if (strcmp (type, "welcome") == 0)
    {
      if (desk_is (frame, "resumed"))
        return;
      take_snapshot (model, desk_get (frame, "snapshot"));
      model->seq = seq;
    }
  else if (strcmp (type, "queues") == 0)
    set_waiting (model, frame);
  else if (strcmp (type, "typing") == 0)
    {
      DeskChat *chat = desk_model_chat (model, desk_str (frame, "interaction"));

      if (chat != NULL)
        chat->typing_until = desk_is (frame, "on") ? desk_model_time (model, now) + TYPING_LAPSES_MS : 0;
    }
  else if (seq > model->seq && model->ready)
    {
      desk_model_event (model, frame);
      model->seq = seq;
    }
}

gint64
desk_model_time (const DeskModel *model, gint64 now)
{
  return now + model->clock;
}

/* ---- what follows from it -------------------------------------------------------------------------------- */

gboolean
desk_chat_is (const DeskChat *chat, const char *state)
{
  return desk_equal (chat->data, "state", state);
}

const char *
desk_chat_name (const DeskChat *chat)
{
  static const char *const keys[] = { "customer_name", "name", "identity" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (*desk_str (chat->data, keys[i]) != '\0')
      return desk_str (chat->data, keys[i]);
  return "?";
}

gint64
desk_chat_last_n (const DeskChat *chat)
{
  return chat->messages->len > 0 ? desk_int (chat->messages->pdata[chat->messages->len - 1], "n") : 0;
}

guint
desk_chat_unread (const DeskChat *chat)
{
  guint unread = 0;

  for (guint i = chat->messages->len; i > 0; i--)
    {
      const cJSON *message = chat->messages->pdata[i - 1];

      if (desk_int (message, "n") <= chat->seen)
        break;
      unread += desk_equal (message, "author", "customer");
    }
  return unread;
}

guint
desk_chat_undecided (const DeskChat *chat)
{
  guint count = 0;

  for (guint i = 0; i < chat->messages->len; i++)
    count += desk_is (chat->messages->pdata[i], "undecided");
  for (guint i = 0; i < chat->pending->len; i++)
    count += ((DeskPending *)chat->pending->pdata[i])->error != NULL;
  return count;
}

DeskChat *
desk_model_offer (const DeskModel *model)
{
  DeskChat *first = NULL;

  for (guint i = 0; i < model->chats->len; i++)
    {
      DeskChat *chat = model->chats->pdata[i];

      if (desk_chat_is (chat, "offered")
          && (first == NULL || desk_int (chat->data, "deadline") < desk_int (first->data, "deadline")))
        first = chat;
    }
  return first;
}

gboolean
desk_model_may (const DeskModel *model, const char *permission)
{
  g_auto (GStrv) permissions = desk_words (model->me, "permissions");
  gboolean leads = desk_equal (model->me, "role", "supervisor") || desk_equal (model->me, "role", "administrator");

  return g_strv_contains ((const char *const *)permissions, permission)
         || (leads && strcmp (permission, "customer.merge") == 0);
}

gboolean
desk_model_list_fits (const cJSON *list, const DeskChat *chat)
{
  g_auto (GStrv) queues = desk_words (list, "queues");

  return desk_equal (list, "use", "disposition")
         && (queues[0] == NULL || g_strv_contains ((const char *const *)queues, desk_str (chat->data, "queue")));
}

char *
desk_model_missing_codes (const DeskModel *model, const DeskChat *chat)
{
  g_autoptr (GString) names = g_string_new (NULL);
  GHashTableIter iter;
  const cJSON *list, *code;

  g_hash_table_iter_init (&iter, model->codes);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&list))
    {
      gboolean chosen = FALSE;

      if (!desk_is (list, "required") || !desk_model_list_fits (list, chat))
        continue;
      cJSON_ArrayForEach (code, desk_get (chat->data, "codes")) chosen
          |= desk_equal (code, "list", desk_str (list, "list"));
      if (!chosen)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", desk_str (list, "name"));
    }
  return names->len > 0 ? g_strdup (names->str) : NULL;
}

gint64
desk_model_waiting (const DeskModel *model, gint64 *oldest)
{
  GHashTableIter iter;
  const cJSON *queue;
  gint64 waiting = 0;

  *oldest = 0;
  g_hash_table_iter_init (&iter, model->queues);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&queue))
    if (desk_is (queue, "member"))
      {
        gint64 since = desk_int (queue, "oldest");

        waiting += desk_int (queue, "waiting");
        if (since > 0 && (*oldest == 0 || since < *oldest))
          *oldest = since;
      }
  return waiting;
}

gboolean
desk_model_pops (const DeskModel *model, const char *moment)
{
  g_auto (GStrv) moments = desk_words (model->policy, "pop_on");

  return desk_get (model->policy, "pop_on") == NULL ? strcmp (moment, "offered") == 0
                                                    : g_strv_contains ((const char *const *)moments, moment);
}
