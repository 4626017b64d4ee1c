/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each event does to what the desk knows; the order is that of the table in docs/desk-protocol.md. Pure.
 */
#include <string.h>

#include "desk-model.h"
#include "desk-words.h"

/* ---- messages ------------------------------------------------------------------------------------------- */

/* What becomes of an agent's message: a state only rises. -1 = a word of another kind. */
static int
rank (const char *state)
{
  static const char *const ranks[] = { "queued", "uncertain", "sent", "delivered", "read", "failed" };

  for (int i = 0; i < (int)G_N_ELEMENTS (ranks); i++)
    if (strcmp (state, ranks[i]) == 0)
      return i;
  return -1;
}

static gboolean
explains (const char *state)
{
  return strcmp (state, "failed") == 0 || strcmp (state, "uncertain") == 0;
}

cJSON *
desk_chat_message (DeskChat *chat, const char *message)
{
  for (guint i = chat->messages->len; i > 0; i--)
    if (desk_equal (chat->messages->pdata[i - 1], "message", message))
      return chat->messages->pdata[i - 1];
  return NULL;
}

/* TRUE: the state of the message is another one now. */
static gboolean
raise_state (cJSON *message, const cJSON *from)
{
  const char *state = desk_str (from, "state");
  gboolean by_hand = *desk_str (from, "by") != '\0' && desk_get (from, "author") == NULL;
  gboolean again = by_hand && strcmp (state, "queued") == 0;
  gboolean rises = rank (state) > rank (desk_str (message, "state"));

  if (!again && !rises && !desk_equal (message, "state", state))
    return FALSE;
  desk_put_str (message, "state", state);
  if (explains (state) && *desk_str (from, "error") != '\0')
    desk_put_str (message, "error", desk_str (from, "error"));
  desk_put (message, "undecided",
            cJSON_CreateBool (explains (state) && !by_hand
                              && (desk_get (from, "undecided") == NULL || desk_is (from, "undecided"))));
  return again || rises;
}

void
desk_chat_take (DeskChat *chat, const cJSON *from)
{
  cJSON *known = desk_chat_message (chat, desk_str (from, "message"));
  DeskPending *pending = desk_chat_pending (chat, desk_str (from, "client_id"));
  guint at = chat->messages->len;

  if (pending != NULL)
    desk_chat_unsay (chat, pending);
  if (known != NULL)
    {
      raise_state (known, from);
      return;
    }
  while (at > 0 && desk_int (chat->messages->pdata[at - 1], "n") > desk_int (from, "n"))
    at--;
  known = cJSON_Duplicate (from, TRUE);
  if (explains (desk_str (known, "state")) && desk_get (known, "undecided") == NULL)
    desk_put (known, "undecided", cJSON_CreateBool (desk_get (known, "seq") != NULL));
  g_ptr_array_insert (chat->messages, (int)at, known);
}

static void
tell_message (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  g_autofree char *text = desk_words_message (event);

  if (desk_equal (event, "author", "customer"))
    desk_model_tell (model, DESK_NEWS_MESSAGE, chat, "%s: %s", desk_chat_name (chat), text);
  else
    desk_model_tell (model, DESK_NEWS_LINE, chat, "%s %s", desk_str (event, "author_name"), text);
}

static void
message_added (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  gboolean known = desk_chat_message (chat, desk_str (event, "message")) != NULL;

  desk_chat_take (chat, event);
  if (desk_equal (event, "author", "customer"))
    {
      chat->typing_until = 0;
      if (desk_get (event, "window_until") != NULL)
        desk_copy (chat->data, event, "window_until tagged_until");
    }
  if (!known)
    tell_message (model, chat, event);
}

static void
message_state (DeskModel *model, const cJSON *event)
{
  for (guint i = 0; i < model->chats->len; i++)
    {
      DeskChat *chat = model->chats->pdata[i];
      cJSON *message = desk_chat_message (chat, desk_str (event, "message"));

      if (message != NULL && raise_state (message, event))
        {
          g_autofree char *words = desk_words_state (message);
          g_autofree char *text = desk_words_message (message);

          desk_model_tell (model, DESK_NEWS_STATE, chat, "\"%.40s\" %s", text, words);
        }
    }
}

/* ---- agents and the centre ------------------------------------------------------------------------------ */

static gboolean
is_me (const DeskModel *model, const cJSON *event, const char *key)
{
  return *desk_str (model->me, "user") != '\0' && desk_equal (event, key, desk_str (model->me, "user"));
}

static void
agent_status (DeskModel *model, const cJSON *event)
{
  g_autofree char *was = NULL;

  if (!is_me (model, event, "agent"))
    return;
  was = g_strdup (desk_str (model->me, "status"));
  desk_copy (model->me, event, "status asked since cause reason stop_new return_at");
  /* What comes of a chat is told by the chat. */
  if (strcmp (was, desk_str (event, "status")) != 0 && !desk_equal (event, "status", "offered")
      && !desk_equal (event, "status", "busy") && !desk_equal (event, "status", "post_processing"))
    {
      g_autofree char *text = desk_words_new_status (model->me);

      desk_model_tell (model, DESK_NEWS_STATUS, NULL, "%s", text);
    }
}

static void
queue_changed (DeskModel *model, const cJSON *event)
{
  const char *id = desk_str (event, "queue");
  cJSON *queue = g_hash_table_lookup (model->queues, id);

  if (queue == NULL)
    g_hash_table_replace (model->queues, g_strdup (id), queue = desk_object ("queue", id, NULL));
  desk_copy (queue, event, "name enabled");
}

static void
membership_changed (DeskModel *model, const cJSON *event)
{
  cJSON *queue = g_hash_table_lookup (model->queues, desk_str (event, "queue"));
  cJSON *mine = cJSON_GetObjectItemCaseSensitive (model->me, "queues"), *one;
  int at = 0;

  if (!is_me (model, event, "user"))
    return;
  if (queue != NULL)
    desk_put (queue, "member", cJSON_CreateBool (desk_is (event, "enabled") && !desk_is (event, "removed")));
  cJSON_ArrayForEach (one, mine)
  {
    if (desk_equal (one, "queue", desk_str (event, "queue")))
      {
        cJSON_DeleteItemFromArray (mine, at);
        break;
      }
    at++;
  }
  if (mine != NULL && !desk_is (event, "removed"))
    {
      one = desk_object ("queue", desk_str (event, "queue"), NULL);
      desk_put (one, "enabled", cJSON_CreateBool (desk_is (event, "enabled")));
      cJSON_AddItemToArray (mine, one);
    }
}

static void
codes_changed (DeskModel *model, const cJSON *event)
{
  if (desk_is (event, "removed") || !desk_is (event, "enabled"))
    g_hash_table_remove (model->codes, desk_str (event, "list"));
  else
    g_hash_table_replace (model->codes, g_strdup (desk_str (event, "list")), cJSON_Duplicate (event, TRUE));
}

static void
system_drain (DeskModel *model, const cJSON *event)
{
  model->draining = desk_is (event, "enabled");
  desk_model_tell (model, DESK_NEWS_SYSTEM, NULL,
                   model->draining ? "The server is about to be restarted: no new chats until then"
                                   : "New chats are offered again");
}

static gboolean
about_the_centre (DeskModel *model, const cJSON *event, const char *type)
{
  if (strcmp (type, "agent.status") == 0)
    agent_status (model, event);
  else if (strcmp (type, "agent.presence") == 0 && is_me (model, event, "agent"))
    desk_put_str (model->me, "presence", desk_str (event, "state"));
  else if (strcmp (type, "user.changed") == 0 && is_me (model, event, "user"))
    desk_copy (model->me, event, "login name role permissions capacity acceptance_ms auto_accept");
  else if (strcmp (type, "queue.changed") == 0)
    queue_changed (model, event);
  else if (strcmp (type, "membership.changed") == 0)
    membership_changed (model, event);
  else if (strcmp (type, "policy.changed") == 0)
    {
      cJSON_Delete (model->policy);
      model->policy = cJSON_Duplicate (event, TRUE);
    }
  else if (strcmp (type, "codes.changed") == 0)
    codes_changed (model, event);
  else if (strcmp (type, "system.drain") == 0)
    system_drain (model, event);
  else
    return FALSE;
  return TRUE;
}

/* ---- interactions --------------------------------------------------------------------------------------- */

static void
offered (DeskModel *model, const cJSON *event)
{
  DeskChat *chat;

  if (!is_me (model, event, "agent"))
    return;
  chat = desk_model_add (model, event);
  desk_put_str (chat->data, "state", "offered");
  if (chat->since == NULL)
    chat->since = cJSON_CreateArray ();
  desk_model_tell (model, DESK_NEWS_OFFER, chat, "A chat is offered: %s, from %s", desk_chat_name (chat),
                   desk_str (chat->data, "queue_name"));
}

static void
offer_ended (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  const char *cause = desk_str (event, "cause");

  if (strcmp (cause, "accepted") == 0 || !desk_chat_is (chat, "offered"))
    return;
  desk_model_tell (model, DESK_NEWS_OFFER_ENDED, chat, "The offer of %s is over: %s", desk_chat_name (chat),
                   desk_words_cause (cause));
  desk_model_remove (model, chat);
}

static void
accepted (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  desk_put_str (chat->data, "state", "active");
  desk_put_int (chat->data, "deadline", 0);
  desk_put_str (chat->data, "offer", NULL);
  desk_put_int (chat->data, "accepted_at", desk_int (event, "accepted_at"));
  desk_model_tell (model, DESK_NEWS_ACCEPTED, chat, "Chat with %s is yours", desk_chat_name (chat));
}

static void
customer (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  desk_copy (chat->data, event, "customer customer_name draft");
  desk_put (chat->data, "matches", cJSON_CreateArray ());
  desk_model_tell (model, DESK_NEWS_CUSTOMER, chat,
                   desk_is (event, "draft") ? "%s is a new customer: enter the name" : "%s is a known customer",
                   desk_chat_name (chat));
}

static void
save (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  cJSON *state = cJSON_CreateObject ();
  g_autofree char *words = NULL;

  desk_copy (state, event, "state mode case attempts error");
  desk_put (chat->data, "save", state);
  words = desk_words_save (chat->data);
  if (words != NULL)
    desk_model_tell (model, DESK_NEWS_SAVE, chat, "Chat with %s: %s", desk_chat_name (chat), words);
}

static void
ended (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  gint64 deadline = desk_int (event, "deadline");
  gboolean by_customer = desk_equal (event, "ended_by", "customer");

  chat->typing_until = 0;
  desk_copy (chat->data, event, "ended_by ended_at deadline");
  if (!by_customer || deadline > 0)
    desk_put_str (chat->data, "state", "wrap_up");
  desk_model_tell (model, DESK_NEWS_ENDED, chat,
                   by_customer && deadline == 0 ? "%s has left the chat"
                                                : "The chat with %s is ended: Post Processing",
                   desk_chat_name (chat));
}

static void
closed (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  if (desk_chat_is (chat, "offered"))
    ;
  else if (desk_is (event, "uncoded"))
    desk_model_tell (model, DESK_NEWS_CLOSED, chat, "The chat with %s was closed without its codes: F10 lists it",
                     desk_chat_name (chat));
  else if (*desk_str (desk_get (chat->data, "save"), "state") == '\0')
    desk_model_tell (model, DESK_NEWS_CLOSED, chat, "The chat with %s is closed; it was not saved to the CRM",
                     desk_chat_name (chat));
  else
    desk_model_tell (model, DESK_NEWS_CLOSED, chat, "The chat with %s is closed", desk_chat_name (chat));
  desk_model_remove (model, chat);
}

static void
went_back (DeskModel *model, DeskChat *chat, const cJSON *event)
{
  if (!is_me (model, event, "agent") || desk_chat_is (chat, "offered"))
    return;
  desk_model_tell (model, DESK_NEWS_CLOSED, chat,
                   "The chat with %s went back to its queue: you were away too long", desk_chat_name (chat));
  desk_model_remove (model, chat);
}

static void
conversation_changed (DeskModel *model, const cJSON *event)
{
  for (guint i = 0; i < model->chats->len; i++)
    {
      DeskChat *chat = model->chats->pdata[i];

      if (!desk_equal (chat->data, "conversation", desk_str (event, "conversation")))
        continue;
      if (*desk_str (event, "name") != '\0')
        desk_put_str (chat->data, "name", desk_str (event, "name"));
      if (*desk_str (event, "picture") != '\0')
        desk_put_str (chat->data, "picture", desk_str (event, "picture"));
    }
}

static void
about_a_chat (DeskModel *model, DeskChat *chat, const cJSON *event, const char *type)
{
  if (strcmp (type, "interaction.queued") == 0)
    went_back (model, chat, event);
  else if (strcmp (type, "offer.ended") == 0 && is_me (model, event, "agent"))
    offer_ended (model, chat, event);
  else if (strcmp (type, "interaction.accepted") == 0)
    accepted (model, chat, event);
  else if (strcmp (type, "message.added") == 0)
    message_added (model, chat, event);
  else if (strcmp (type, "interaction.customer") == 0)
    customer (model, chat, event);
  else if (strcmp (type, "interaction.matches") == 0)
    desk_copy (chat->data, event, "matches");
  else if (strcmp (type, "interaction.case") == 0)
    desk_copy (chat->data, event, "follows");
  else if (strcmp (type, "interaction.codes") == 0)
    {
      desk_copy (chat->data, event, "codes");
      desk_model_tell (model, DESK_NEWS_CODES, chat, "Codes of the chat with %s are kept", desk_chat_name (chat));
    }
  else if (strcmp (type, "interaction.save") == 0)
    save (model, chat, event);
  else if (strcmp (type, "interaction.ended") == 0)
    ended (model, chat, event);
  else if (strcmp (type, "interaction.overdue") == 0)
    {
      desk_put_str (chat->data, "state", "wrap_up");
      desk_put (chat->data, "overdue", cJSON_CreateTrue ());
      desk_copy (chat->data, event, "deadline");
      desk_model_tell (model, DESK_NEWS_ENDED, chat, "%s: a required code is missing", desk_chat_name (chat));
    }
  else if (strcmp (type, "interaction.closed") == 0)
    closed (model, chat, event);
}

void
desk_model_event (DeskModel *model, const cJSON *event)
{
  const char *type = desk_str (event, "type");
  DeskChat *chat = desk_model_chat (model, desk_str (event, "interaction"));

  if (about_the_centre (model, event, type))
    return;
  if (strcmp (type, "interaction.offered") == 0)
    {
      offered (model, event);
      return;
    }
  if (chat != NULL && chat->since != NULL)
    cJSON_AddItemToArray (chat->since, cJSON_Duplicate (event, TRUE));
  if (strcmp (type, "conversation.changed") == 0)
    conversation_changed (model, event);
  else if (strcmp (type, "message.state") == 0)
    message_state (model, event);
  else if (chat != NULL)
    about_a_chat (model, chat, event, type);
}
