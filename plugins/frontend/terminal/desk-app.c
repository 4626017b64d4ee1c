/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program: what happens when frames, keys and time come.
 */
#include "desk-app.h"

#include <string.h>

#include "desk-text.h"
#include "desk-words.h"

#define NOTICE_MS 20000
#define TYPING_AGAIN_MS 3000
#define TYPING_OVER_MS 5000

static void on_news (gpointer data, DeskNewsKind kind, DeskChat *chat, const char *text);

DeskApp *
desk_app_new (const DeskLineOps *ops, gpointer data)
{
  DeskApp *app = g_new0 (DeskApp, 1);

  app->model = desk_model_new (on_news, app);
  app->line = desk_line_new (ops, data);
  app->pages = g_ptr_array_new_with_free_func (desk_page_free);
  app->seen_told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return app;
}

void
desk_app_free (DeskApp *app)
{
  desk_line_free (app->line);
  g_ptr_array_unref (app->pages);
  desk_model_free (app->model);
  g_hash_table_unref (app->seen_told);
  g_free (app->chat);
  g_free (app->login);
  g_free (app->notice);
  g_free (app->typing_chat);
  g_free (app);
}

gint64
desk_app_server_now (const DeskApp *app)
{
  return desk_model_time (app->model, app->now);
}

DeskChat *
desk_app_chat (const DeskApp *app)
{
  return app->chat != NULL ? desk_model_chat (app->model, app->chat) : NULL;
}

DeskPlace
desk_app_place (const DeskApp *app)
{
  const DeskPage *page = desk_page_top (app);

  return page != NULL && page->focused ? page->place : DESK_PLACE_CHAT;
}

void
desk_app_tell (DeskApp *app, gboolean bad, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_free (app->notice);
  app->notice = g_strdup_vprintf (format, args);
  va_end (args);
  app->notice_bad = bad;
  app->notice_at = app->now;
  if (app->view != NULL && app->view->notice != NULL)
    app->view->notice (app->view_data, app->notice, bad);
}

void
desk_app_paged (DeskApp *app, DeskPage *page)
{
  if (app->view != NULL && app->view->paged != NULL)
    app->view->paged (app->view_data, page);
}

/* ---- which chat is in front ------------------------------------------------------------------------------ */

/* Pages that belong to the chat that was in front, unless the agent is at work in them. */
static void
drop_pages (DeskApp *app)
{
  while (app->pages->len > 0 && !desk_page_top (app)->focused)
    desk_page_close (app, desk_page_top (app));
}

void
desk_app_show (DeskApp *app, DeskChat *chat)
{
  gboolean other = g_strcmp0 (app->chat, chat != NULL ? chat->id : NULL) != 0;

  if (!other)
    return;
  desk_app_typed (app, FALSE);
  g_free (app->chat);
  app->chat = chat != NULL ? g_strdup (chat->id) : NULL;
  drop_pages (app);
  if (chat != NULL)
    {
      chat->scroll = 0;
      desk_app_pop (app, chat);
    }
}

/* When the one in front is gone: an offer, or the first that is left. */
static void
show_another (DeskApp *app)
{
  DeskChat *next;

  if (desk_app_chat (app) != NULL)
    return;
  next = desk_model_offer (app->model);
  if (next == NULL && app->model->chats->len > 0)
    next = app->model->chats->pdata[0];
  if (next == NULL && app->chat == NULL)
    return;
  desk_app_show (app, next);
}

/* Whether the centre's rules want the record of this chat's customer on the screen by now. */
static gboolean
wants_record (DeskApp *app, const DeskChat *chat)
{
  if (desk_model_pops (app->model, "offered"))
    return TRUE;
  if (desk_chat_is (chat, "offered"))
    return FALSE;
  return desk_model_pops (app->model, "accepted") || desk_chat_is (chat, "wrap_up");
}

/* A choice between several, the case that is continued, or the record, which for a new customer is a form. */
void
desk_app_pop (DeskApp *app, DeskChat *chat)
{
  const char *customer = desk_str (chat->data, "customer"), *follows = desk_str (chat->data, "follows");
  gboolean offered = desk_chat_is (chat, "offered");

  if (app->pages->len > 0 || !wants_record (app, chat))
    return;
  if (*customer == '\0' && cJSON_GetArraySize (desk_get (chat->data, "matches")) > 0)
    {
      if (!offered)
        desk_do_matches (app, chat, FALSE);
    }
  else if (*follows != '\0' && offered)
    desk_do_case_open (app, follows, chat, FALSE);
  else if (*customer != '\0')
    desk_do_customer_open (app, customer, chat, FALSE);
}

/* ---- from the core -------------------------------------------------------------------------------------- */

static void
ring (DeskApp *app)
{
  if (app->view != NULL && app->view->bell != NULL)
    app->view->bell (app->view_data);
}

static void
on_news (gpointer data, DeskNewsKind kind, DeskChat *chat, const char *text)
{
  DeskApp *app = data;
  gboolean front = chat != NULL && g_strcmp0 (app->chat, chat->id) == 0;

  if (app->view != NULL && app->view->news != NULL)
    app->view->news (app->view_data, kind, chat, text);
  if (kind == DESK_NEWS_OFFER || (kind == DESK_NEWS_MESSAGE && (!front || app->away)))
    ring (app);
  /* What the conversation in front shows anyway needs no second line. */
  if (front && (kind == DESK_NEWS_MESSAGE || kind == DESK_NEWS_LINE || kind == DESK_NEWS_STATE))
    return;
  if (kind == DESK_NEWS_LINE || kind == DESK_NEWS_OFFER || (kind == DESK_NEWS_CUSTOMER && !front))
    return;
  g_free (app->notice);
  app->notice
      = kind == DESK_NEWS_ACCEPTED && !front ? g_strdup_printf ("%s; ^N goes there", text) : g_strdup (text);
  app->notice_bad = FALSE;
  app->notice_at = app->now;
}

/* A chat that is new here is asked for whole; a record that came to the one in front is shown. */
static void
follow (DeskApp *app, const cJSON *frame)
{
  const char *type = desk_str (frame, "type");
  DeskChat *chat = desk_model_chat (app->model, desk_str (frame, "interaction"));

  if (chat == NULL)
    return;
  if (strcmp (type, "interaction.offered") == 0)
    desk_do_details (app, chat);
  else if ((strcmp (type, "interaction.customer") == 0 || strcmp (type, "interaction.matches") == 0)
           && g_strcmp0 (app->chat, chat->id) == 0)
    {
      DeskPage *page = desk_page_top (app);

      if (page != NULL && !page->focused)
        desk_page_close (app, page);
      desk_app_pop (app, chat);
    }
  else if (strcmp (type, "interaction.save") == 0 && desk_equal (frame, "state", "saved"))
    desk_do_customer_again (app, desk_str (chat->data, "customer"));
}

void
desk_app_frame (DeskApp *app, const cJSON *frame)
{
  desk_model_frame (app->model, frame, app->now);
  if (desk_equal (frame, "type", "welcome") && !desk_is (frame, "resumed"))
    {
      DeskPage *page = desk_page_top (app);

      if (page != NULL && page->place == DESK_PLACE_LOGIN)
        desk_page_close (app, page);
    }
  show_another (app);
  follow (app, frame);
}

void
desk_app_line_changed (DeskApp *app)
{
  DeskPage *page = desk_page_top (app);
  const char *why = desk_line_why (app->line);

  /* During the log-in the form is all there is to say it on. */
  if (page != NULL && page->place == DESK_PLACE_LOGIN && desk_line_phase (app->line) == DESK_LINE_WAITING)
    desk_page_problem (page, "%s. Trying again.", why != NULL ? why : "The connection broke");
}

void
desk_app_ended (DeskApp *app, const char *code, const char *message)
{
  if (app->quitting)
    {
      app->quit = TRUE;
      return;
    }
  if (strcmp (code, "logged_out") == 0)
    {
      desk_model_forget (app->model);
      g_clear_pointer (&app->chat, g_free);
    }
  /* Otherwise chats and drafts stay for the same agent to come back to. */
  app->model->ready = FALSE;
  g_ptr_array_set_size (app->pages, 0);
  if (strcmp (code, "stopped") == 0)
    app->quit = TRUE;
  else
    desk_do_login (app, message);
}

char *
desk_app_line_words (const DeskApp *app)
{
  guint attempt;
  gint64 at = desk_line_retry_at (app->line, &attempt);
  g_autofree char *left = desk_words_duration (at - app->now + 999);

  switch (desk_line_phase (app->line))
    {
    case DESK_LINE_LIVE:
      return g_strdup (app->model->draining ? "Live (restart soon)" : "Live");
    case DESK_LINE_CONNECTING:
      return g_strdup ("Connecting");
    case DESK_LINE_LOGIN:
      return g_strdup ("Logging in");
    case DESK_LINE_WAITING:
      return g_strdup_printf ("NO CONNECTION, try %u in %s", attempt + 1, left);
    default:
      return g_strdup ("Not logged in");
    }
}

/* ---- seen and typing ------------------------------------------------------------------------------------ */

void
desk_app_seen (DeskApp *app, DeskChat *chat)
{
  gint64 last = 0, *told = g_hash_table_lookup (app->seen_told, chat->id);

  if (app->away)
    return;
  chat->seen = MAX (chat->seen, desk_chat_last_n (chat));
  if (desk_chat_is (chat, "offered"))
    return;
  for (guint i = 0; i < chat->messages->len; i++)
    if (desk_equal (chat->messages->pdata[i], "author", "customer"))
      last = desk_int (chat->messages->pdata[i], "n");
  if (last == 0 || (told != NULL && *told >= last) || !desk_line_seen (app->line, chat->id, last))
    return;
  g_hash_table_replace (app->seen_told, g_strdup (chat->id), g_memdup2 (&last, sizeof last));
}

void
desk_app_typed (DeskApp *app, gboolean on)
{
  const DeskChat *chat = desk_app_chat (app);

  if (!on)
    {
      if (app->typing_chat != NULL)
        desk_line_typing (app->line, app->typing_chat, FALSE);
      g_clear_pointer (&app->typing_chat, g_free);
      return;
    }
  app->typed_at = app->now;
  if (chat == NULL || !desk_chat_is (chat, "active"))
    return;
  if (g_strcmp0 (app->typing_chat, chat->id) == 0 && app->now - app->typing_at < TYPING_AGAIN_MS)
    return;
  g_free (app->typing_chat);
  app->typing_chat = g_strdup (chat->id);
  app->typing_at = app->now;
  desk_line_typing (app->line, chat->id, TRUE);
}

void
desk_app_time (DeskApp *app, gint64 now)
{
  app->now = now;
  desk_line_tick (app->line, now);
  if (app->typing_chat != NULL && now - app->typed_at > TYPING_OVER_MS)
    desk_app_typed (app, FALSE);
  if (app->notice != NULL && now - app->notice_at > NOTICE_MS)
    g_clear_pointer (&app->notice, g_free);
}

/* ---- keys ----------------------------------------------------------------------------------------------- */

static void
scroll (DeskChat *chat, int by)
{
  chat->scroll = MAX (chat->scroll + by, 0);
}

static void
composer_key (DeskApp *app, int key)
{
  DeskChat *chat = desk_app_chat (app);

  if (chat == NULL)
    return;
  if (key == DESK_KEY_PAGE_UP || key == DESK_KEY_PAGE_DOWN)
    scroll (chat, key == DESK_KEY_PAGE_UP ? 8 : -8);
  else if ((key == DESK_KEY_UP || key == DESK_KEY_DOWN) && strchr (chat->draft.text->str, '\n') == NULL)
    scroll (chat, key == DESK_KEY_UP ? 1 : -1);
  else if (!desk_chat_is (chat, "active") || desk_int (chat->data, "ended_at") > 0)
    {
      if (key >= ' ' && key < 0x110000)
        desk_app_tell (app, TRUE, "%s",
                       desk_chat_is (chat, "offered") ? "Accept the chat before you write: ^Y"
                                                      : "The chat has ended; nothing can be sent any more");
    }
  else
    {
      g_autofree char *was = g_strdup (chat->draft.text->str);

      desk_edit_key (&chat->draft, key, TRUE);
      if (strcmp (was, chat->draft.text->str) != 0)
        desk_app_typed (app, chat->draft.text->len > 0);
    }
}

void
desk_app_key (DeskApp *app, int key)
{
  const DeskAction *action = desk_action_for_key (app, key);
  DeskPage *page = desk_page_top (app);

  if (action != NULL)
    desk_action_run (app, action, NULL);
  else if (page != NULL && page->focused)
    desk_page_key (app, page, key);
  else
    composer_key (app, key);
}

void
desk_app_paste (DeskApp *app, const char *text)
{
  DeskPage *page = desk_page_top (app);
  DeskChat *chat = desk_app_chat (app);

  if (page != NULL && page->focused)
    {
      DeskEdit *edit = page->fields->len > 0 ? &((DeskField *)page->fields->pdata[page->at])->value : &page->query;
      g_autofree char *line = g_strdelimit (g_strdup (text), "\r\n", ' ');

      if (page->fields->len > 0 || page->search)
        desk_edit_insert (edit, line);
      if (page->search)
        page->searched (app, page);
    }
  else if (chat != NULL && desk_chat_is (chat, "active"))
    {
      desk_edit_insert (&chat->draft, text);
      desk_app_typed (app, TRUE);
    }
}

/* ---- asking --------------------------------------------------------------------------------------------- */

void
desk_ask_free (gpointer data)
{
  DeskAsk *ask = data;

  g_free (ask->what);
  g_free (ask->chat);
  g_free (ask->id);
  g_free (ask->cmd);
  g_free (ask);
}

DeskAsk *
desk_ask_new (DeskApp *app, const char *what, DeskThen then)
{
  DeskAsk *ask = g_new0 (DeskAsk, 1);

  ask->app = app;
  ask->what = g_strdup (what);
  ask->then = then;
  return ask;
}

DeskPage *
desk_ask_page (DeskAsk *ask)
{
  return desk_page_by_serial (ask->app, ask->page);
}

DeskChat *
desk_ask_chat (DeskAsk *ask)
{
  return ask->chat != NULL ? desk_model_chat (ask->app->model, ask->chat) : NULL;
}

static void
on_answer (gpointer data, const cJSON *result, const char *code, const char *error, const cJSON *details)
{
  DeskAsk *ask = data;
  DeskPage *page = desk_ask_page (ask);

  if (page != NULL)
    page->loading = FALSE;
  if (error == NULL)
    {
      if (page != NULL)
        desk_page_problem (page, NULL);
      if (ask->then != NULL)
        ask->then (ask->app, ask, result);
    }
  else if (ask->failed != NULL && ask->failed (ask->app, ask, code, error, details))
    ;
  else if (page != NULL)
    {
      desk_page_problem (page, "%s: %s", ask->what, error);
      desk_app_paged (ask->app, page);
    }
  else if (strcmp (code, "unauthenticated") != 0)
    desk_app_tell (ask->app, TRUE, "%s: %s", ask->what, error);
}

void
desk_ask_send (DeskAsk *ask, const char *operation, cJSON *args)
{
  desk_line_call (ask->app->line, operation, args, ask->cmd, on_answer, ask, desk_ask_free);
}

void
desk_app_do (DeskApp *app, const char *what, const char *operation, cJSON *args)
{
  desk_ask_send (desk_ask_new (app, what, NULL), operation, args);
}
