/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers of FAQs that go into the message, and messages whose fate a person decides.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

/* ---- answers -------------------------------------------------------------------------------------------- */

static void
answers_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *faq;

  /* An answer to what was typed before the last key comes too late. */
  if (page == NULL || strcmp (page->query.text->str, ask->id) != 0)
    return;
  desk_page_no_items (page);
  cJSON_ArrayForEach (faq, desk_get (result, "faqs"))
  {
    g_autofree char *label = g_strdup_printf ("%s  [%s]", desk_str (faq, "question"), desk_str (faq, "category"));

    desk_page_item (page, desk_str (faq, "faq"), label, desk_str (faq, "answer"));
  }
  if (page->items->len == 0)
    desk_page_problem (page, "No answer matches");
  desk_app_paged (app, page);
}

static void
look_for_answers (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Look for answers", answers_came);
  cJSON *args = desk_object ("interaction", page->chat, NULL);

  ask->page = page->serial;
  ask->id = g_strdup (page->query.text->str);
  desk_put_str (args, "text", page->query.text->str);
  desk_put_int (args, "limit", 20);
  page->loading = TRUE;
  desk_ask_send (ask, "faq.search", args);
}

typedef struct
{
  DeskApp *app;
  const DeskChat *chat;
  const cJSON *customer;
} Known;

static const char *
value_of (gpointer data, const char *name)
{
  const Known *known = data;

  if (g_str_has_prefix (name, "customer."))
    {
      const char *key = name + strlen ("customer.");

      if (known->customer != NULL && *desk_str (known->customer, key) != '\0')
        return desk_str (known->customer, key);
      return strcmp (key, "name") == 0 && !desk_is (known->chat->data, "draft")
                 ? desk_str (known->chat->data, "customer_name")
                 : NULL;
    }
  if (strcmp (name, "agent.name") == 0)
    return desk_str (known->app->model->me, "name");
  if (strcmp (name, "queue.name") == 0)
    return desk_str (known->chat->data, "queue_name");
  return NULL;
}

static void
insert (DeskApp *app, DeskChat *chat, const char *faq, const char *answer, const cJSON *customer)
{
  Known known = { app, chat, customer };
  g_autofree char *text = desk_words_fill (answer, value_of, &known);
  g_autofree char *left = NULL;
  gsize begin = chat->draft.at, from;

  if (begin > 0 && !g_ascii_isspace (chat->draft.text->str[begin - 1]))
    desk_edit_insert (&chat->draft, " ");
  begin = chat->draft.at;
  if (begin == 0)
    {
      g_free (chat->faq);
      chat->faq = g_strdup (faq);
    }
  desk_edit_insert (&chat->draft, text);
  left = desk_words_left (chat->draft.text->str + begin, &from);
  if (left != NULL)
    {
      chat->draft.at = begin + from;
      desk_app_tell (app, FALSE, "Fill in {{%s}} before you send", left);
    }
  if (app->view != NULL && app->view->drafted != NULL)
    app->view->drafted (app->view_data, chat);
}

static void
customer_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskChat *chat = desk_ask_chat (ask);
  g_auto (GStrv) parts = g_strsplit (ask->id, "\n", 2);

  if (chat != NULL)
    insert (app, chat, parts[0], parts[1], desk_get (result, "customer"));
}

/* Without the record the answer is inserted all the same, with what stands behind the bars. */
static gboolean
customer_unknown (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details)
{
  customer_came (app, ask, NULL);
  return TRUE;
}

static void
answer_chosen (DeskApp *app, DeskPage *page)
{
  const DeskItem *item = desk_page_current (page);
  DeskChat *chat = desk_model_chat (app->model, page->chat);
  DeskAsk *ask = desk_ask_new (app, "Read customer", customer_came);

  ask->chat = g_strdup (page->chat);
  ask->id = g_strdup_printf ("%s\n%s", item->id, item->detail);
  ask->failed = customer_unknown;
  /* Values are read when the answer is inserted: an old one would be wrong. */
  if (chat != NULL && *desk_str (chat->data, "customer") != '\0' && strstr (item->detail, "{{") != NULL)
    desk_ask_send (ask, "customer.get", desk_object ("customer", desk_str (chat->data, "customer"), NULL));
  else
    {
      customer_came (app, ask, NULL);
      desk_ask_free (ask);
    }
  desk_page_close (app, page);
}

void
desk_do_answer (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "Answers");

  page->chat = g_strdup (desk_app_chat (app)->id);
  page->search = TRUE;
  page->hint = g_strdup ("Type words of the question. Enter inserts, nothing is sent yet.");
  page->chosen = answer_chosen;
  page->searched = look_for_answers;
  if (argument != NULL)
    desk_edit_set (&page->query, argument);
  look_for_answers (app, page);
}

/* ---- undelivered ---------------------------------------------------------------------------------------- */

static void
decide (DeskApp *app, const char *message, gboolean again)
{
  desk_app_do (app, again ? "Send again" : "Leave undelivered", again ? "outbox.replay" : "outbox.discard",
               desk_object ("message", message, NULL));
}

static void
decide_pending (DeskApp *app, DeskChat *chat, DeskPending *pending, gboolean again)
{
  if (again)
    {
      desk_do_say (app, chat, pending);
      return;
    }
  if (desk_edit_is_empty (&chat->draft))
    desk_edit_set (&chat->draft, pending->text);
  desk_chat_unsay (chat, pending);
}

static void
decided (DeskApp *app, DeskPage *page)
{
  g_autofree char *id = g_strdup (desk_page_current (page)->id);
  DeskChat *chat = desk_model_chat (app->model, page->chat);
  gboolean again = g_str_has_prefix (id, "again:");
  const char *which = strchr (id, ':') + 1;
  DeskPending *pending = chat != NULL ? desk_chat_pending (chat, which) : NULL;

  desk_page_close (app, page);
  if (pending != NULL)
    decide_pending (app, chat, pending, again);
  else
    decide (app, which, again);
}

static void
add_choice (DeskPage *page, const char *id, const char *text, const char *why, const char *otherwise)
{
  g_autofree char *again = g_strconcat ("again:", id, NULL);
  g_autofree char *leave = g_strconcat ("leave:", id, NULL);
  g_autofree char *label = g_strdup_printf ("Send again: %s", text);
  g_autofree char *other = g_strdup_printf ("%s: %s", otherwise, text);

  desk_page_item (page, again, label, why);
  desk_page_item (page, leave, other, why);
}

void
desk_do_undelivered (DeskApp *app, const char *argument)
{
  DeskChat *chat = desk_app_chat (app);
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "Messages that may not have arrived");

  page->chat = g_strdup (chat->id);
  page->chosen = decided;
  for (guint i = 0; i < chat->messages->len; i++)
    {
      const cJSON *message = chat->messages->pdata[i];
      g_autofree char *why = desk_words_state (message);

      if (desk_is (message, "undecided"))
        add_choice (page, desk_str (message, "message"), desk_str (message, "text"), why, "Leave it as it is");
    }
  for (guint i = 0; i < chat->pending->len; i++)
    {
      const DeskPending *pending = chat->pending->pdata[i];

      if (pending->error != NULL)
        add_choice (page, pending->client_id, pending->text, pending->error, "Back into the field, to change it");
    }
  desk_app_paged (app, page);
}
