/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A chat from its offer to its end.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

static cJSON *
about (const DeskChat *chat)
{
  return desk_object ("interaction", chat->id, NULL);
}

/* ---- the offer ------------------------------------------------------------------------------------------ */

static void
details_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskChat *chat;

  desk_model_details (app->model, desk_get (result, "interaction"));
  chat = desk_ask_chat (ask);
  if (chat != NULL && g_strcmp0 (app->chat, chat->id) == 0)
    desk_app_pop (app, chat);
}

/* The offer may be over already; the events say so. */
static gboolean
details_failed (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *more)
{
  return TRUE;
}

void
desk_do_details (DeskApp *app, DeskChat *chat)
{
  DeskAsk *ask = desk_ask_new (app, "Read chat", details_came);

  ask->chat = g_strdup (chat->id);
  ask->failed = details_failed;
  desk_ask_send (ask, "interaction.get", about (chat));
}

static void
accepted (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskChat *chat = desk_ask_chat (ask), *front = desk_app_chat (app);
  DeskPage *page = desk_page_top (app);

  /* What is typed next is for the customer: an open list would take it for a choice. */
  while (page != NULL && page->focused && !desk_page_changed (page) && page->query.text->len == 0)
    {
      desk_page_close (app, page);
      page = desk_page_top (app);
    }
  /* Who is writing elsewhere stays there. */
  if (chat != NULL && (page == NULL || !page->focused)
      && (front == NULL || front == chat || front->draft.text->len == 0))
    desk_app_show (app, chat);
}

void
desk_do_accept (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_model_offer (app->model);
  DeskAsk *ask = desk_ask_new (app, "Accept chat", accepted);
  cJSON *args = desk_object ("interaction", chat->id, "offer", desk_str (chat->data, "offer"), NULL);

  ask->chat = g_strdup (chat->id);
  desk_ask_send (ask, "interaction.accept", args);
}

static void
reject_for (DeskApp *app, const char *what, const char *reason)
{
  desk_app_do (app, "Reject chat", "interaction.reject",
               desk_object ("interaction", what, "reason", reason, NULL));
}

void
desk_do_reject (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_model_offer (app->model);

  if (!desk_model_may (app->model, "interaction.reject"))
    desk_app_tell (app, TRUE, "Rejecting needs the permission interaction.reject; ask an administrator for it");
  else if (!desk_do_reasons (app, "reject", NULL, "Reject the chat: why?", chat->id, reject_for))
    reject_for (app, chat->id, NULL);
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static void
sent (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  /* The event brings it; that may have come before. */
}

static gboolean
not_sent (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details)
{
  DeskChat *chat = desk_ask_chat (ask);
  DeskPending *pending = chat != NULL ? desk_chat_pending (chat, ask->id) : NULL;

  if (pending == NULL)
    return FALSE;
  g_free (pending->error);
  pending->error = g_strdup (error);
  desk_app_tell (app, TRUE, "Not sent: %s (^T decides what becomes of it)", error);
  return TRUE;
}

void
desk_do_say (DeskApp *app, DeskChat *chat, DeskPending *pending)
{
  DeskAsk *ask = desk_ask_new (app, "Send", sent);

  g_clear_pointer (&pending->error, g_free);
  ask->chat = g_strdup (chat->id);
  ask->id = g_strdup (pending->client_id);
  ask->failed = not_sent;
  /* The same key for the same message: sent again after a break it can't become two. */
  ask->cmd = g_strdup (pending->client_id);
  desk_ask_send (ask, "message.send",
                 desk_object ("interaction", chat->id, "text", pending->text, "client_id", pending->client_id,
                              "faq", pending->faq, NULL));
}

void
desk_do_send (DeskApp *app, const char *argument)
{
  DeskChat *chat = desk_app_chat (app);
  g_autofree char *client_id = desk_line_unique ();
  g_autofree char *left = NULL;
  DeskPending *pending;
  gsize from;

  if (argument != NULL)
    desk_edit_set (&chat->draft, argument);
  if (desk_edit_is_empty (&chat->draft))
    return;
  left = desk_words_left (chat->draft.text->str, &from);
  if (left != NULL)
    {
      chat->draft.at = from;
      desk_app_tell (app, TRUE, "Fill in {{%s}} before you send", left);
      return;
    }
  pending = desk_chat_say (chat, client_id, chat->draft.text->str);
  pending->faq = g_steal_pointer (&chat->faq);
  desk_edit_set (&chat->draft, "");
  chat->scroll = 0;
  desk_app_typed (app, FALSE);
  desk_do_say (app, chat, pending);
}

/* ---- codes ---------------------------------------------------------------------------------------------- */

static void
codes_chosen (DeskApp *app, DeskPage *page)
{
  cJSON *args = desk_object ("interaction", page->chat, NULL), *codes = cJSON_CreateArray ();
  DeskAsk *ask = desk_ask_new (app, "Keep codes", NULL);

  for (guint i = 0; i < page->items->len; i++)
    {
      const DeskItem *item = page->items->pdata[i];

      if (item->chosen)
        cJSON_AddItemToArray (codes, cJSON_CreateString (item->id));
    }
  cJSON_AddItemToObject (args, "codes", codes);
  desk_ask_send (ask, "interaction.codes", args);
  desk_page_close (app, page);
}

static gboolean
has_code (const cJSON *interaction, const char *list, const char *code)
{
  const cJSON *one;

  cJSON_ArrayForEach (one, desk_get (interaction, "codes")) if (desk_equal (one, "list", list)
                                                                && desk_equal (one, "code", code)) return TRUE;
  return FALSE;
}

static void
add_codes (DeskPage *page, const cJSON *list, const cJSON *interaction)
{
  g_autofree char *title
      = g_strconcat (desk_str (list, "name"), desk_is (list, "required") ? " (one is required)" : "", NULL);
  const cJSON *code;

  desk_page_heading (page, title);
  cJSON_ArrayForEach (code, desk_get (list, "codes"))
  {
    gboolean chosen = has_code (interaction, desk_str (list, "list"), desk_str (code, "code"));
    g_autofree char *id = g_strdup_printf ("%s/%s", desk_str (list, "list"), desk_str (code, "code"));

    if (chosen || desk_get (code, "active") == NULL || desk_is (code, "active"))
      desk_page_item (page, id, desk_str (code, "name"), NULL)->chosen = chosen;
  }
}

static int
by_need (gconstpointer a, gconstpointer b)
{
  const cJSON *one = *(const cJSON *const *)a, *two = *(const cJSON *const *)b;

  if (desk_is (one, "required") != desk_is (two, "required"))
    return desk_is (one, "required") ? -1 : 1;
  return g_utf8_collate (desk_str (one, "name"), desk_str (two, "name"));
}

/* For a chat of mine, or for a closed one of the backlog. */
void
desk_do_codes_of (DeskApp *app, const cJSON *interaction, const char *who)
{
  g_autoptr (GPtrArray) lists = g_ptr_array_new ();
  g_autofree char *title = g_strdup_printf ("Codes: %s", who);
  DeskChat asked = { .data = (cJSON *)interaction };
  DeskPage *page;
  GHashTableIter iter;
  gpointer list;

  g_hash_table_iter_init (&iter, app->model->codes);
  while (g_hash_table_iter_next (&iter, NULL, &list))
    if (desk_model_list_fits (list, &asked))
      g_ptr_array_add (lists, list);
  if (lists->len == 0)
    {
      desk_app_tell (app, FALSE, "There are no codes for chats of this queue");
      return;
    }
  g_ptr_array_sort (lists, by_need);
  page = desk_page_open (app, DESK_PLACE_LIST, title);
  page->chat = g_strdup (desk_str (interaction, "interaction"));
  page->several = TRUE;
  page->hint = g_strdup ("Space or the number marks one, Enter keeps them.");
  page->chosen = codes_chosen;
  for (guint i = 0; i < lists->len; i++)
    add_codes (page, lists->pdata[i], interaction);
  desk_app_paged (app, page);
}

void
desk_do_codes (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_app_chat (app);

  desk_do_codes_of (app, chat->data, desk_chat_name (chat));
}

/* ---- saving and ending ---------------------------------------------------------------------------------- */

void
desk_do_save (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_app_chat (app);

  desk_app_do (app, "Save to CRM", "interaction.save", about (chat));
  desk_app_tell (app, FALSE, "The chat with %s is being saved", desk_chat_name (chat));
}

static void
end_chosen (DeskApp *app, DeskPage *page)
{
  gboolean end = strcmp (desk_page_current (page)->id, "end") == 0;
  g_autofree char *chat = g_strdup (page->chat);

  desk_page_close (app, page);
  if (end)
    desk_app_do (app, "End chat", "interaction.end", desk_object ("interaction", chat, NULL));
}

void
desk_do_end (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_app_chat (app);
  g_autofree char *title = g_strdup_printf ("End the chat with %s?", desk_chat_name (chat));
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, title);

  page->chat = g_strdup (chat->id);
  page->chosen = end_chosen;
  if (*desk_str (desk_get (chat->data, "save"), "state") == '\0')
    page->hint
        = g_strdup ("It is not saved to the CRM. After the end it becomes an open case without a customer.");
  if (!desk_edit_is_empty (&chat->draft))
    desk_page_problem (page, "You have written something that is not sent");
  desk_page_item (page, "end", "End it", NULL);
  desk_page_item (page, "stay", "Go on", NULL);
  desk_app_paged (app, page);
}

static gboolean
not_finished (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details)
{
  DeskChat *chat = desk_ask_chat (ask);

  if (chat == NULL || strcmp (code, "conflict") != 0)
    return FALSE;
  desk_do_codes_of (app, chat->data, desk_chat_name (chat));
  if (desk_page_top (app) != NULL)
    desk_page_problem (desk_page_top (app), "%s", error);
  return TRUE;
}

void
desk_do_finish (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_app_chat (app);
  DeskAsk *ask = desk_ask_new (app, "Finish", NULL);

  ask->chat = g_strdup (chat->id);
  ask->failed = not_finished;
  desk_ask_send (ask, "interaction.wrap_up_done", about (chat));
}

/* ---- from chat to chat ---------------------------------------------------------------------------------- */

/* What is being typed into a form is not left behind by a slip of the finger. */
static gboolean
may_leave (DeskApp *app)
{
  DeskPage *page = desk_page_top (app);

  if (page != NULL && page->focused && page->place == DESK_PLACE_FORM && desk_page_changed (page))
    {
      desk_page_problem (page, "Save the form (^S) or leave it (Esc) first");
      return FALSE;
    }
  while (app->pages->len > 0)
    desk_page_close (app, desk_page_top (app));
  return TRUE;
}

static void
go (DeskApp *app, int by)
{
  guint count = app->model->chats->len, at = 0;
  DeskChat *chat = desk_app_chat (app);

  if (!may_leave (app))
    return;
  for (guint i = 0; i < count; i++)
    if (app->model->chats->pdata[i] == chat)
      at = i;
  desk_app_show (app, app->model->chats->pdata[((int)(at + count) + by) % (int)count]);
}

void
desk_do_next (DeskApp *app, const char *argument)
{
  go (app, 1);
}

void
desk_do_previous (DeskApp *app, const char *argument)
{
  go (app, -1);
}

/* ---- earlier -------------------------------------------------------------------------------------------- */

static void
earlier_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskChat *chat = desk_ask_chat (ask);
  int count = cJSON_GetArraySize (desk_get (result, "messages"));

  if (chat == NULL)
    return;
  desk_model_earlier (app->model, chat, result);
  desk_app_tell (app, FALSE, count > 0 ? "Earlier lines are above: PgUp" : "There is nothing earlier");
  if (app->view != NULL && app->view->paged != NULL)
    app->view->paged (app->view_data, desk_page_top (app));
}

void
desk_do_earlier (DeskApp *app, const char *argument)
{
  const DeskChat *chat = desk_app_chat (app);
  DeskAsk *ask = desk_ask_new (app, "Read earlier lines", earlier_came);
  cJSON *args = about (chat);

  ask->chat = g_strdup (chat->id);
  if (chat->messages->len > 0)
    desk_put_int (args, "before", desk_int (chat->messages->pdata[0], "n"));
  desk_put_int (args, "limit", 50);
  desk_ask_send (ask, "conversation.messages", args);
}
