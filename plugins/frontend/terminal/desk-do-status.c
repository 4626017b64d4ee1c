/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The agent's own: log-in, status with reasons, queues, leaving, help.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

/* ---- log-in --------------------------------------------------------------------------------------------- */

static void
log_in (DeskApp *app, DeskPage *page)
{
  const char *login = desk_page_value (page, "login"), *password = desk_page_value (page, "password");

  if (*login == '\0' || *password == '\0')
    {
      desk_page_problem (page, "Give your login name and your password");
      return;
    }
  desk_page_problem (page, NULL);
  g_free (app->login);
  app->login = g_strdup (login);
  desk_line_login (app->line, login, password, app->now);
  for (guint i = 0; i < page->fields->len; i++)
    if (((DeskField *)page->fields->pdata[i])->secret)
      desk_edit_move (&((DeskField *)page->fields->pdata[i])->value, DESK_EDIT_CLEAR);
}

void
desk_do_login (DeskApp *app, const char *why)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LOGIN, "Log in");

  desk_page_field (page, "login", "Login", app->login);
  desk_page_field (page, "password", "Password", NULL)->secret = TRUE;
  page->at = app->login != NULL ? 1 : 0;
  page->hint = g_strdup ("The password is not shown. Enter goes on.");
  page->chosen = log_in;
  if (why != NULL && *why != '\0')
    desk_page_problem (page, "%s", why);
  desk_app_paged (app, page);
}

/* ---- reasons -------------------------------------------------------------------------------------------- */

static void
reason_chosen (DeskApp *app, DeskPage *page)
{
  g_autofree char *what = g_strdup (page->id);
  g_autofree char *reason = g_strdup (desk_page_current (page)->id);
  DeskReasoned then = page->reasoned;

  desk_page_close (app, page);
  then (app, what, *reason != '\0' ? reason : NULL);
}

static void
add_reasons (DeskPage *page, const cJSON *list, gboolean several)
{
  const cJSON *code;

  cJSON_ArrayForEach (code, desk_get (list, "codes"))
  {
    g_autofree char *id = g_strdup_printf ("%s/%s", desk_str (list, "list"), desk_str (code, "code"));

    if (desk_get (code, "active") == NULL || desk_is (code, "active"))
      desk_page_item (page, several ? id : desk_str (code, "code"), desk_str (code, "name"), NULL);
  }
}

/* The lists of the centre for this; *required: one of them must be chosen from. */
static GPtrArray *
lists_for (DeskApp *app, const char *use, const char *status, gboolean *required)
{
  GPtrArray *lists = g_ptr_array_new ();
  GHashTableIter iter;
  const cJSON *list;

  *required = FALSE;
  g_hash_table_iter_init (&iter, app->model->codes);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&list))
    if (desk_equal (list, "use", use) && desk_equal (list, "status", status != NULL ? status : ""))
      {
        g_ptr_array_add (lists, (gpointer)list);
        *required |= desk_is (list, "required");
      }
  return lists;
}

gboolean
desk_do_reasons (DeskApp *app, const char *use, const char *status, const char *title, const char *what,
                 DeskReasoned then)
{
  gboolean required;
  g_autoptr (GPtrArray) lists = lists_for (app, use, status, &required);
  DeskPage *page;

  if (lists->len == 0)
    return FALSE;
  page = desk_page_open (app, DESK_PLACE_LIST, title);
  page->id = g_strdup (what);
  page->hint = g_strdup (required ? "A reason is required." : "Choose a reason, or none.");
  page->reasoned = then;
  page->chosen = reason_chosen;
  for (guint i = 0; i < lists->len; i++)
    add_reasons (page, lists->pdata[i], lists->len > 1);
  if (!required)
    desk_page_item (page, "", "No reason", NULL);
  desk_app_paged (app, page);
  return TRUE;
}

/* ---- status --------------------------------------------------------------------------------------------- */

static void
set_status (DeskApp *app, const char *status, const char *reason)
{
  desk_app_do (app, "Set status", "agent.set_status", desk_object ("status", status, "reason", reason, NULL));
}

static void
ask_status (DeskApp *app, const char *status)
{
  g_autofree char *title = g_strdup_printf ("%s: why?", desk_words_status (status));

  if (!desk_do_reasons (app, "status", status, title, status, set_status))
    set_status (app, status, NULL);
}

static void
stop_new (DeskApp *app, gboolean on)
{
  cJSON *args = cJSON_CreateObject ();

  cJSON_AddBoolToObject (args, "on", on);
  desk_app_do (app, on ? "Stop new chats" : "Take new chats", "agent.stop_new", args);
}

static void
switch_queue (DeskApp *app, const char *queue)
{
  const cJSON *known = g_hash_table_lookup (app->model->queues, queue);
  cJSON *args = desk_object ("queue", queue, NULL);

  cJSON_AddBoolToObject (args, "on", !desk_is (known, "member"));
  desk_app_do (app, "Switch queue", "queue.switch", args);
}

static void
status_chosen (DeskApp *app, DeskPage *page)
{
  g_autofree char *id = g_strdup (desk_page_current (page)->id);

  desk_page_close (app, page);
  if (g_str_has_prefix (id, "queue:"))
    switch_queue (app, id + strlen ("queue:"));
  else if (strcmp (id, "stop") == 0 || strcmp (id, "resume") == 0)
    stop_new (app, strcmp (id, "stop") == 0);
  else
    ask_status (app, id);
}

static void
add_queues (DeskApp *app, DeskPage *page)
{
  const cJSON *mine;

  desk_page_heading (page, "My queues");
  cJSON_ArrayForEach (mine, desk_get (app->model->me, "queues"))
  {
    const char *queue = desk_str (mine, "queue");
    const cJSON *known = g_hash_table_lookup (app->model->queues, queue);
    g_autofree char *id = g_strconcat ("queue:", queue, NULL);
    g_autofree char *label
        = g_strdup_printf ("%s: %s", *desk_str (known, "name") != '\0' ? desk_str (known, "name") : queue,
                           desk_is (mine, "enabled") ? "on, switch off" : "off, switch on");

    desk_page_item (page, id, label, NULL);
  }
}

void
desk_do_status (DeskApp *app, const char *argument)
{
  static const char *const choices[] = { "available", "on_break", "work_offline" };
  DeskPage *page;
  gboolean stopped = desk_is (app->model->me, "stop_new");

  for (guint i = 0; argument != NULL && i < G_N_ELEMENTS (choices); i++)
    if (g_ascii_strcasecmp (argument, choices[i]) == 0
        || g_ascii_strcasecmp (argument, desk_words_status (choices[i])) == 0)
      {
        ask_status (app, choices[i]);
        return;
      }
  page = desk_page_open (app, DESK_PLACE_LIST, "Status");
  page->hint = g_strdup ("During a chat it takes effect after it.");
  page->chosen = status_chosen;
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      gboolean now = desk_equal (app->model->me, "status", choices[i]);
      g_autofree char *label = g_strconcat (desk_words_status (choices[i]), now ? " (now)" : "", NULL);

      desk_page_item (page, choices[i], label, NULL);
    }
  if (desk_equal (app->model->me, "status", "busy") || stopped)
    desk_page_item (page, stopped ? "resume" : "stop",
                    stopped ? "Take new chats again" : "Stop new chats after these", NULL);
  if (desk_model_may (app->model, "queue.self_service"))
    add_queues (app, page);
  desk_app_paged (app, page);
}

/* ---- leaving -------------------------------------------------------------------------------------------- */

static gboolean
not_logged_out (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details)
{
  app->quitting = FALSE;
  return FALSE;
}

static void
log_out (DeskApp *app, const char *what, const char *reason)
{
  DeskAsk *ask = desk_ask_new (app, "Log out", NULL);

  if (reason != NULL)
    set_status (app, "logged_out", reason);
  ask->failed = not_logged_out;
  app->quitting = TRUE;
  desk_ask_send (ask, "session.logout", cJSON_CreateObject ());
}

static void
quit_chosen (DeskApp *app, DeskPage *page)
{
  gboolean leave = strcmp (desk_page_current (page)->id, "leave") == 0;

  desk_page_close (app, page);
  if (leave)
    app->quit = TRUE;
  else if (!desk_do_reasons (app, "status", "logged_out", "Logged out: why?", "logged_out", log_out))
    log_out (app, NULL, NULL);
}

void
desk_do_quit (DeskApp *app, const char *argument)
{
  gint64 grace = desk_int (app->model->policy, "grace_ms");
  g_autofree char *after = desk_words_duration (grace);
  g_autofree char *detail = NULL;
  DeskPage *page;

  if (!app->model->ready)
    {
      app->quit = TRUE;
      return;
    }
  page = desk_page_open (app, DESK_PLACE_LIST, "Quit");
  page->chosen = quit_chosen;
  desk_page_item (page, "logout", "Log out", "Nothing is offered to you any more. Not while you have chats.");
  detail = g_strdup_printf ("Your chats wait %s for you, then they go back to their queues.", after);
  desk_page_item (page, "leave", "Leave without logging out", detail);
  desk_app_paged (app, page);
}

/* ---- help ----------------------------------------------------------------------------------------------- */

static void
help_for (DeskPage *page, const char *title, int places, int not_places)
{
  desk_page_say (page, "%s", title);
  for (guint i = 0; i < desk_actions_count; i++)
    {
      const DeskAction *action = &desk_actions[i];

      if ((action->places & places) == 0 || (action->places & not_places) != 0)
        continue;
      desk_page_say (page, "%s%s%s\t%s", action->key_name, action->command != NULL ? " /" : "",
                     action->command != NULL ? action->command : "", action->help);
    }
  desk_page_say (page, "%s", "");
}

void
desk_do_help (DeskApp *app, const char *argument)
{
  DeskPage *page;

  if (desk_page_top (app) != NULL && desk_page_top (app)->place == DESK_PLACE_TEXT
      && g_strcmp0 (desk_page_top (app)->id, "help") == 0)
    return;
  page = desk_page_open (app, DESK_PLACE_TEXT, "Help");
  page->id = g_strdup ("help");
  page->hint
      = g_strdup ("Up, Down and Space scroll. What begins with a slash is a command of usher-desk --plain.");
  help_for (page, "In a chat, and everywhere", DESK_PLACE_CHAT, 0);
  help_for (page, "In a customer's record", DESK_PLACE_CUSTOMER, DESK_PLACE_CHAT);
  help_for (page, "In a case", DESK_PLACE_CASE, DESK_PLACE_CHAT);
  help_for (page, "In a form (Tab and the arrows go from field to field)", DESK_PLACE_FORM, DESK_PLACE_CHAT);
  desk_page_say (page, "Without function keys: Alt-1 is F1, ... Alt-9 is F9, Alt-0 is F10.\n");
  desk_page_say (page, "What becomes of a message:");
  desk_page_say (page, "queued\twith usher, which sends it");
  desk_page_say (page, "sent\twith the network");
  desk_page_say (page, "delivered\tit is on the customer's device");
  desk_page_say (page, "read\tseen by the customer");
  desk_page_say (page, "UNCERTAIN\tit may have arrived; ^T sends it again or leaves it");
  desk_page_say (page, "NOT DELIVERED\tit has not arrived; ^T sends it again or leaves it");
  desk_app_paged (app, page);
}
