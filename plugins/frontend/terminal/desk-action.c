/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything that can be done, in one table: its key, its command, when it can be done, and what it does. The
 * screen, the line mode, the line of keys, the help and the manual page all follow this table.
 */
#include <string.h>

#include "desk-app.h"

/* ---- when --------------------------------------------------------------------------------------------- */

static const char *
always (DeskApp *app)
{
  return NULL;
}

static const char *
not_live (DeskApp *app)
{
  return app->model->ready ? NULL : "";
}

static const char *
no_offer (DeskApp *app)
{
  return desk_model_offer (app->model) != NULL ? NULL : "";
}

static const char *
no_chat (DeskApp *app)
{
  return desk_app_chat (app) != NULL ? NULL : "";
}

static const char *
no_customer (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  if (chat == NULL)
    return "";
  if (*desk_str (chat->data, "customer") == '\0' && cJSON_GetArraySize (desk_get (chat->data, "matches")) == 0)
    return desk_chat_is (chat, "offered") ? "" : "The CRM has not answered yet who the customer is";
  return NULL;
}

/* A chat that can be written in. */
static const char *
not_open (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  return chat != NULL && desk_chat_is (chat, "active") ? NULL : "";
}

static const char *
not_mine (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  return chat != NULL && !desk_chat_is (chat, "offered") ? NULL : "";
}

static const char *
not_ended (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  return chat != NULL && desk_chat_is (chat, "wrap_up") ? NULL : "";
}

static const char *
not_to_send (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  return chat != NULL && chat->draft.text->len > 0 && desk_chat_is (chat, "active") ? NULL : "";
}

static const char *
no_other (DeskApp *app)
{
  return app->model->chats->len > 1 ? NULL : "";
}

static const char *
none_undelivered (DeskApp *app)
{
  const DeskChat *chat = desk_app_chat (app);

  return chat != NULL && desk_chat_undecided (chat) > 0 ? NULL : "";
}

static const char *
nothing_open (DeskApp *app)
{
  return desk_page_top (app) != NULL ? NULL : "";
}

static const char *
loading (DeskApp *app)
{
  const DeskPage *page = desk_page_top (app);

  return page != NULL && page->record != NULL ? NULL : "";
}

/* A customer's record that is not that of the chat in front. */
static const char *
not_to_attach (DeskApp *app)
{
  const DeskPage *page = desk_page_top (app);
  const DeskChat *chat = desk_app_chat (app);

  return page != NULL && page->record != NULL && chat != NULL && desk_chat_is (chat, "active")
                 && !desk_equal (chat->data, "customer", page->id)
             ? NULL
             : "";
}

static const char *
not_to_assign (DeskApp *app)
{
  const DeskPage *page = desk_page_top (app);
  const DeskChat *chat = desk_app_chat (app);

  return page != NULL && page->record != NULL && chat != NULL && *desk_str (chat->data, "customer") != '\0'
                 && !desk_equal (page->record, "customer", desk_str (chat->data, "customer"))
             ? NULL
             : "";
}

static const char *
not_to_follow (DeskApp *app)
{
  const DeskPage *page = desk_page_top (app);
  const DeskChat *chat = desk_app_chat (app);

  return page != NULL && page->record != NULL && chat != NULL && desk_chat_is (chat, "active")
                 && *desk_str (desk_get (chat->data, "save"), "state") == '\0'
                 && desk_equal (page->record, "customer", desk_str (chat->data, "customer"))
             ? NULL
             : "";
}

/* ---- small ones --------------------------------------------------------------------------------------- */

static void
back (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);

  if (page->place == DESK_PLACE_FORM && page->focused && !page->warned && desk_page_changed (page))
    {
      page->warned = TRUE;
      desk_page_problem (page, "Not saved: ^S saves, Esc again leaves without saving");
      desk_app_paged (app, page);
      return;
    }
  desk_page_close (app, page);
}

static void
save_form (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);

  page->chosen (app, page);
}

static void
new_line (DeskApp *app, const char *argument)
{
  desk_edit_insert (&desk_app_chat (app)->draft, "\n");
}

static void
redraw (DeskApp *app, const char *argument)
{
}

static void
stop (DeskApp *app, const char *argument)
{
  app->quit = TRUE;
}

/* ---- the table ---------------------------------------------------------------------------------------- */

#define F(n) (DESK_KEY_F1 + (n)-1)

const DeskAction desk_actions[] = {
  { DESK_KEY_ENTER, "Enter", "send", "Send", "Send what you have written", DESK_PLACE_CHAT, not_to_send,
    desk_do_send, FALSE },
  { F (1), "F1", "help", "Help", "All keys, and what the words on the screen mean", DESK_PLACE_ANY, always,
    desk_do_help, FALSE },
  { F (2), "F2", "status", "Status", "Your status, the reason for it, and your queues", DESK_PLACE_ANY, not_live,
    desk_do_status, FALSE },
  { DESK_CTRL ('Y'), "^Y", "accept", "Accept", "Accept the chat that is offered", DESK_PLACE_ANY, no_offer,
    desk_do_accept, TRUE },
  { DESK_CTRL ('R'), "^R", "reject", "Reject",
    "Reject the chat that is offered, with a reason if one is asked for", DESK_PLACE_ANY, no_offer, desk_do_reject,
    TRUE },
  { F (3), "F3", "customer", "Customer", "The customer's record: go into it, or open it", DESK_PLACE_CHAT,
    no_customer, desk_do_customer, FALSE },
  { F (4), "F4", "answer", "Answers", "Look for an answer among the FAQs and put it where the cursor is",
    DESK_PLACE_CHAT, not_open, desk_do_answer, FALSE },
  { F (5), "F5", "codes", "Codes", "Choose transaction codes", DESK_PLACE_CHAT, not_mine, desk_do_codes, FALSE },
  { F (6), "F6", "case", "Case", "The case this chat was saved as, or the customer's cases", DESK_PLACE_CHAT,
    not_mine, desk_do_case, FALSE },
  { F (7), "F7", "save", "Save to CRM", "Save the chat to the CRM", DESK_PLACE_CHAT, not_mine, desk_do_save,
    FALSE },
  { F (8), "F8", "end", "End chat", "End the chat; asks first", DESK_PLACE_CHAT, not_open, desk_do_end, FALSE },
  { F (9), "F9", "finish", "Finish", "Finish Post Processing", DESK_PLACE_CHAT, not_ended, desk_do_finish, FALSE },
  { F (10), "F10", "find", "Look up", "Look for customers, cases, undelivered messages, chats without codes",
    DESK_PLACE_ANY, not_live, desk_do_find, FALSE },
  { DESK_CTRL ('N'), "^N", "next", "Next chat", "The next chat; /chat 2 goes to the second", DESK_PLACE_ANY,
    no_other, desk_do_next, FALSE },
  { DESK_CTRL ('P'), "^P", "previous", "Previous", "The previous chat", DESK_PLACE_ANY, no_other, desk_do_previous,
    TRUE },
  { DESK_CTRL ('T'), "^T", "undelivered", "Undelivered",
    "Messages of this chat that may not have arrived: again, or not", DESK_PLACE_CHAT, none_undelivered,
    desk_do_undelivered, FALSE },
  { DESK_CTRL ('O'), "^O", "earlier", "Earlier", "What this customer wrote in earlier chats", DESK_PLACE_CHAT,
    no_chat, desk_do_earlier, FALSE },
  { '\n', "^J", NULL, "New line", "Begin a new line in your message", DESK_PLACE_CHAT, not_open, new_line, TRUE },
  /* In records */
  { 'e', "e", "edit", "Edit", "Change this record", DESK_PLACE_CUSTOMER, loading, desk_do_customer_edit, FALSE },
  { 'c', "c", "cases", "Cases", "The customer's cases", DESK_PLACE_CUSTOMER, loading, desk_do_customer_cases,
    FALSE },
  { 'h', "h", "history", "History", "Everything with this customer, over all channels", DESK_PLACE_CUSTOMER,
    loading, desk_do_customer_history, FALSE },
  { 'a', "a", "attach", "Attach to chat", "The chat in front is with this customer", DESK_PLACE_CUSTOMER,
    not_to_attach, desk_do_customer_attach, FALSE },
  { 'e', "e", "edit", "Edit", "Change this case", DESK_PLACE_CASE, loading, desk_do_case_edit, FALSE },
  { 'n', "n", "comment", "Comment", "Add a comment to this case", DESK_PLACE_CASE, loading, desk_do_case_comment,
    FALSE },
  { 'x', "x", "close", "Close/open", "Close this case, or open it again", DESK_PLACE_CASE, loading,
    desk_do_case_close, FALSE },
  { 'a', "a", "assign", "Assign", "Assign this case to the customer of the chat in front", DESK_PLACE_CASE,
    not_to_assign, desk_do_case_assign, FALSE },
  { 'f', "f", "follow", "Continue it", "The chat in front continues this case", DESK_PLACE_CASE, not_to_follow,
    desk_do_case_follow, FALSE },
  { DESK_CTRL ('S'), "^S", NULL, "Save", "Save the form", DESK_PLACE_FORM, always, save_form, FALSE },
  { DESK_KEY_ESC, "Esc", "back", "Back", "Close the page on top", DESK_PLACE_ANY, nothing_open, back, FALSE },
  { DESK_CTRL ('L'), "^L", NULL, "Redraw", "Draw the screen again", DESK_PLACE_ANY, always, redraw, TRUE },
  { DESK_CTRL ('Q'), "^Q", "quit", "Quit", "Log out, or leave", DESK_PLACE_ANY, always, desk_do_quit, FALSE },
  { DESK_CTRL ('Q'), "^Q", "quit", "Quit", "Leave", DESK_PLACE_LOGIN, always, stop, FALSE },
  { DESK_CTRL ('C'), "^C", NULL, "Quit", "Leave", DESK_PLACE_LOGIN, always, stop, TRUE },
};
const guint desk_actions_count = G_N_ELEMENTS (desk_actions);

const DeskAction *
desk_action_for_key (DeskApp *app, int key)
{
  DeskPlace place = desk_app_place (app);

  for (guint i = 0; i < desk_actions_count; i++)
    {
      const DeskAction *action = &desk_actions[i];
      const char *why = (action->places & (int)place) != 0 && action->key == key ? action->why_not (app) : "";

      /* What makes no sense here leaves its key to the page: an `a` may be typed into a list. */
      if (why == NULL || *why != '\0')
        return action;
    }
  return NULL;
}

const DeskAction *
desk_action_for_command (DeskApp *app, const char *word)
{
  DeskPlace place = desk_app_place (app);
  const DeskAction *elsewhere = NULL;

  for (guint i = 0; i < desk_actions_count; i++)
    {
      const DeskAction *action = &desk_actions[i];

      if (action->command == NULL || strcmp (action->command, word) != 0)
        continue;
      if ((action->places & (int)place) != 0)
        return action;
      elsewhere = action;
    }
  return elsewhere;
}

gboolean
desk_action_shown (DeskApp *app, const DeskAction *action)
{
  const char *why;

  if (action->hidden || (action->places & (int)desk_app_place (app)) == 0)
    return FALSE;
  why = action->why_not (app);
  return why == NULL || *why != '\0';
}

void
desk_action_run (DeskApp *app, const DeskAction *action, const char *argument)
{
  const char *why = action->why_not (app);

  if (why == NULL)
    action->run (app, argument);
  else
    desk_app_tell (app, TRUE, "%s", *why != '\0' ? why : "That can't be done here");
}
