/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The desktop line by line.
 */
#include "desk-plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "desk-text.h"
#include "desk-words.h"

#define LINE_MAX_BYTES (64 * 1024)
#define HURRY_MS 10000

struct DeskPlain
{
  DeskApp *app;
  GString *in;
  GHashTable *said;    /* interaction -> n of the last line that was said */
  guint64 shown;       /* serial of the page whose question stands */
  gboolean asking_yes; /* a form is filled in: save it? */
  gboolean silent;     /* the terminal does not echo */
  char *front, *link, *hurried;
  gboolean again; /* the page is to be said */
};

/* The lines of a stranger's text are set in, or the second could pass for one of ours. */
static void
say (const char *format, ...)
{
  g_autofree char *text = NULL, *safe = NULL;
  g_auto (GStrv) lines = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  safe = desk_text_safe (text, TRUE);
  lines = g_strsplit (safe, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    printf ("%s%s\n", i > 0 ? "  " : "", lines[i]);
  fflush (stdout);
}

/* A password is not shown while it is typed. */
static void
echo (DeskPlain *plain, gboolean on)
{
  struct termios settings;

  if (plain->silent == !on || tcgetattr (STDIN_FILENO, &settings) != 0)
    return;
  if (on)
    settings.c_lflag |= ECHO;
  else
    settings.c_lflag &= ~(tcflag_t)ECHO;
  tcsetattr (STDIN_FILENO, TCSANOW, &settings);
  plain->silent = !on;
}

/* ---- what happens --------------------------------------------------------------------------------------- */

static void
on_news (gpointer data, DeskNewsKind kind, DeskChat *chat, const char *text)
{
  DeskPlain *plain = data;
  gboolean front = chat != NULL && g_strcmp0 (plain->app->chat, chat->id) == 0;

  if (kind == DESK_NEWS_LINE || (kind == DESK_NEWS_MESSAGE && front))
    return;
  if (kind == DESK_NEWS_OFFER)
    {
      g_autofree char *left
          = desk_words_duration (desk_int (chat->data, "deadline") - desk_app_server_now (plain->app));

      say ("OFFER: %s. %s left: /accept or /reject", text, left);
    }
  else if (chat != NULL && !front)
    say ("[chat %u] %s", chat->number, text);
  else
    say ("%s", text);
}

static void
on_notice (gpointer data, const char *text, gboolean bad)
{
  say ("%s%s", bad ? "Problem: " : "", text);
}

static void
on_paged (gpointer data, DeskPage *page)
{
  ((DeskPlain *)data)->again = TRUE;
}

static void
on_drafted (gpointer data, DeskChat *chat)
{
  say ("In the message now: %s", chat->draft.text->str);
  say ("What you type is added; /send sends it, /clear empties it.");
}

static const DeskView view = { .news = on_news, .notice = on_notice, .paged = on_paged, .drafted = on_drafted };

/* ---- pages ---------------------------------------------------------------------------------------------- */

static void
say_list (const DeskPage *page)
{
  int number = 0;

  for (guint i = 0; i < page->items->len; i++)
    {
      const DeskItem *item = page->items->pdata[i];

      if (item->heading)
        say ("%s:", item->label);
      else if (page->several)
        say ("%d. %s%s", ++number, item->label, item->chosen ? " (chosen)" : "");
      else
        say ("%d. %s%s%s", ++number, item->label, *item->detail != '\0' ? ": " : "", item->detail);
    }
  if (page->several)
    say ("Numbers with spaces between change the choice; /ok keeps it, an empty line goes back.");
  else
    say ("%s number, or an empty line to go back.", page->search ? "Words to look for, a" : "A");
}

static void
ask_field (DeskPlain *plain, DeskPage *page)
{
  const DeskField *field = page->fields->pdata[page->at];
  g_autoptr (GString) options = g_string_new (NULL);

  for (guint i = 0; field->options != NULL && field->options[i] != NULL; i++)
    g_string_append_printf (options, "%s%s",
                            i > 0 ? ", " : " one of: ", *field->options[i] != '\0' ? field->options[i] : "-");
  echo (plain, !field->secret);
  if (field->secret || field->value.text->len == 0)
    say ("%s%s:%s", field->label, field->required ? " (needed)" : "", options->str);
  else
    say ("%s [%s]:%s (an empty line keeps it, - empties it)", field->label, field->value.text->str, options->str);
}

static void
say_record (DeskApp *app, const DeskPage *page)
{
  g_autoptr (GString) commands = g_string_new (NULL);

  g_auto (GStrv) lines = g_strsplit (page->text->str, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *tab = strchr (lines[i], '\t');

      if (tab == NULL && *lines[i] != '\0')
        say ("%s", lines[i]);
      else if (tab != NULL)
        say ("%.*s%s%s", (int)(tab - lines[i]), lines[i], tab > lines[i] ? ": " : "  ", tab + 1);
    }
  if (!page->focused)
    return;
  for (guint i = 0; i < desk_actions_count; i++)
    {
      const DeskAction *action = &desk_actions[i];

      if ((action->places & DESK_PLACE_CHAT) == 0 && action->command != NULL && desk_action_shown (app, action))
        g_string_append_printf (commands, "/%s ", action->command);
    }
  say ("%s/back", commands->str);
}

static void
say_page (DeskPlain *plain, DeskPage *page)
{
  gboolean fresh = plain->shown != page->serial;

  if (fresh || page->place != DESK_PLACE_FORM)
    say ("--- %s", page->title);
  if (page->problem != NULL)
    say ("Problem: %s", page->problem);
  if (fresh && page->hint != NULL)
    say ("%s", page->hint);
  plain->shown = page->serial;
  plain->asking_yes = FALSE;
  if (page->place == DESK_PLACE_LIST)
    say_list (page);
  else if (page->fields->len > 0)
    {
      if (page->place != DESK_PLACE_LOGIN)
        page->at = 0;
      ask_field (plain, page);
    }
  else
    say_record (plain->app, page);
}

/* ---- answers to pages ----------------------------------------------------------------------------------- */

static DeskItem *
item_at (DeskPage *page, int number)
{
  for (guint i = 0; i < page->items->len; i++)
    {
      DeskItem *item = page->items->pdata[i];

      if (item->heading || --number > 0)
        continue;
      page->at = i;
      return item;
    }
  return NULL;
}

static void
mark_items (DeskPlain *plain, DeskPage *page, const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " ,", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      int number = atoi (words[i]);
      DeskItem *item = number > 0 ? item_at (page, number) : NULL;

      if (item != NULL)
        item->chosen = !item->chosen;
      else if (*words[i] != '\0')
        say ("There is no number %s here", words[i]);
    }
  plain->again = TRUE;
}

static void
answer_list (DeskPlain *plain, DeskPage *page, const char *line)
{
  char *end;
  gint64 number = g_ascii_strtoll (line, &end, 10);
  gboolean is_number = *line != '\0' && *end == '\0';

  if (page->several)
    mark_items (plain, page, line);
  else if (is_number && number > 0 && number < 10000 && item_at (page, (int)number) != NULL)
    page->chosen (plain->app, page);
  else if (page->search)
    {
      desk_edit_set (&page->query, line);
      page->searched (plain->app, page);
    }
  else
    say ("There is no number %s here", line);
}

static gboolean
is_option (const DeskField *field, const char *line)
{
  return field->options == NULL || g_strv_contains ((const char *const *)field->options, line);
}

static void
answer_form (DeskPlain *plain, DeskPage *page, const char *line)
{
  DeskField *field = page->fields->pdata[page->at];

  if (plain->asking_yes)
    {
      plain->asking_yes = FALSE;
      if (g_ascii_strncasecmp (line, "y", 1) == 0)
        page->chosen (plain->app, page);
      else
        desk_page_close (plain->app, page);
      return;
    }
  if (strcmp (line, "-") == 0 && !field->secret)
    line = "";
  else if (*line == '\0')
    line = field->value.text->str;
  if (!is_option (field, line))
    {
      say ("That is none of the choices");
      ask_field (plain, page);
      return;
    }
  if (line != field->value.text->str)
    desk_edit_set (&field->value, line);
  echo (plain, TRUE);
  if (page->at + 1 < page->fields->len)
    {
      page->at++;
      ask_field (plain, page);
    }
  else if (page->place == DESK_PLACE_LOGIN)
    page->chosen (plain->app, page);
  else
    {
      plain->asking_yes = TRUE;
      say ("Save it? y or n");
    }
}

/* ---- commands ------------------------------------------------------------------------------------------- */

static void
say_where (DeskPlain *plain)
{
  DeskApp *app = plain->app;
  const DeskChat *chat = desk_app_chat (app);
  g_autofree char *link = desk_app_line_words (app);
  gint64 oldest, waiting = desk_model_waiting (app->model, &oldest);

  say ("%s: %s. %s. %d waiting.", desk_str (app->model->me, "name"),
       desk_words_status (desk_str (app->model->me, "status")), link, (int)waiting);
  for (guint i = 0; i < app->model->chats->len; i++)
    {
      const DeskChat *one = app->model->chats->pdata[i];
      gboolean typing = one->typing_until > desk_app_server_now (app);

      say ("Chat %u%s: %s, %s, %u new%s", one->number, one == chat ? " (you write here)" : "",
           desk_chat_name (one), desk_str (one->data, "state"), desk_chat_unread (one),
           typing ? ", is typing" : "");
    }
}

static void
go_to (DeskPlain *plain, const char *number)
{
  DeskApp *app = plain->app;

  for (guint i = 0; i < app->model->chats->len; i++)
    {
      DeskChat *chat = app->model->chats->pdata[i];

      if (chat->number != (guint)atoi (number))
        continue;
      while (app->pages->len > 0)
        desk_page_close (app, desk_page_top (app));
      desk_app_show (app, chat);
      return;
    }
  say ("There is no chat %s", number);
}

static void
command (DeskPlain *plain, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  const char *rest = words[0] != NULL && words[1] != NULL ? g_strstrip (words[1]) : NULL;
  DeskPage *page = desk_page_top (plain->app);
  const DeskAction *action = words[0] != NULL ? desk_action_for_command (plain->app, words[0]) : NULL;

  if (words[0] == NULL || strcmp (words[0], "where") == 0)
    say_where (plain);
  else if (strcmp (words[0], "chat") == 0 && rest != NULL)
    go_to (plain, rest);
  else if (strcmp (words[0], "clear") == 0 && desk_app_chat (plain->app) != NULL)
    desk_edit_set (&desk_app_chat (plain->app)->draft, "");
  else if (strcmp (words[0], "ok") == 0 && page != NULL && page->several)
    page->chosen (plain->app, page);
  else if (action == NULL)
    say ("There is no command /%s; /help lists them", words[0]);
  else if ((action->places & (int)desk_app_place (plain->app)) != 0)
    desk_action_run (plain->app, action, rest);
  else
    say ("/%s can't be done here; /back goes back", words[0]);
}

/* An answer was inserted: what is typed fills its first {{place}}, or is added. */
static void
add_to_draft (DeskPlain *plain, DeskChat *chat, const char *line)
{
  gsize from;
  g_autofree char *left = desk_words_left (chat->draft.text->str, &from);

  if (left != NULL)
    {
      const char *end = strstr (chat->draft.text->str + from, "}}") + 2;

      g_string_erase (chat->draft.text, (gssize)from, end - (chat->draft.text->str + from));
      chat->draft.at = from;
    }
  else
    {
      chat->draft.at = chat->draft.text->len;
      desk_edit_insert (&chat->draft, " ");
    }
  desk_edit_insert (&chat->draft, line);
  on_drafted (plain, chat);
}

static void
message (DeskPlain *plain, const char *line)
{
  DeskChat *chat = desk_app_chat (plain->app);

  if (chat == NULL)
    say ("There is no chat to write in; /help lists the commands");
  else if (desk_chat_is (chat, "offered"))
    say ("/accept the chat before you write");
  else if (!desk_chat_is (chat, "active") || desk_int (chat->data, "ended_at") > 0)
    say ("The chat has ended; nothing can be sent any more");
  else if (chat->draft.text->len > 0)
    add_to_draft (plain, chat, line);
  else
    desk_do_send (plain->app, line);
}

static void
one_line (DeskPlain *plain, const char *line)
{
  DeskPage *page = desk_page_top (plain->app);
  gboolean asked = page != NULL && page->focused;

  if (*line == '/' && line[1] != '/' && !(asked && page->place == DESK_PLACE_LOGIN && page->at > 0))
    command (plain, line + 1);
  else if (asked && page->fields->len > 0)
    answer_form (plain, page, line);
  else if (asked && *line == '\0')
    desk_page_close (plain->app, page);
  else if (asked && page->place == DESK_PLACE_LIST)
    answer_list (plain, page, line);
  else if (*line == '\0')
    say_where (plain);
  else if (asked)
    say ("/back goes back to the chat");
  else
    message (plain, line[0] == '/' ? line + 1 : line);
}

gboolean
desk_plain_input (DeskPlain *plain)
{
  char buffer[4096];
  ssize_t got = read (STDIN_FILENO, buffer, sizeof buffer);
  char *end;

  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (got <= 0 || plain->in->len > LINE_MAX_BYTES)
    return FALSE;
  g_string_append_len (plain->in, buffer, got);
  while (!plain->app->quit && (end = strchr (plain->in->str, '\n')) != NULL)
    {
      g_autofree char *line = g_strndup (plain->in->str, (gsize)(end - plain->in->str));
      g_autofree char *good = g_utf8_make_valid (line, -1);

      g_string_erase (plain->in, 0, end + 1 - plain->in->str);
      g_strchomp (good);
      one_line (plain, good);
      desk_plain_flush (plain);
    }
  return TRUE;
}

/* ---- saying what is new --------------------------------------------------------------------------------- */

static void
say_messages (DeskPlain *plain, DeskChat *chat)
{
  gint64 *said = g_hash_table_lookup (plain->said, chat->id);
  gint64 last = said != NULL ? *said : -1, now = desk_chat_last_n (chat);

  if (now <= last)
    return;
  for (guint i = 0; i < chat->messages->len; i++)
    {
      const cJSON *one = chat->messages->pdata[i];
      g_autofree char *text = desk_words_message (one);

      if (desk_int (one, "n") <= last)
        continue;
      if (desk_equal (one, "author", "customer"))
        say ("%s: %s", desk_chat_name (chat), text);
      else if (desk_equal (one, "author", "agent"))
        say ("%s (you): %s", desk_str (one, "author_name"), text);
      else
        say ("-- %s --", text);
    }
  g_hash_table_replace (plain->said, g_strdup (chat->id), g_memdup2 (&now, sizeof now));
  desk_app_seen (plain->app, chat);
}

static void
say_front (DeskPlain *plain, DeskChat *chat)
{
  if (g_strcmp0 (plain->front, chat->id) == 0)
    return;
  g_free (plain->front);
  plain->front = g_strdup (chat->id);
  say ("--- Chat %u: %s, by %s, %s", chat->number, desk_chat_name (chat), desk_str (chat->data, "network"),
       desk_str (chat->data, "queue_name"));
}

static void
say_hurry (DeskPlain *plain)
{
  const DeskChat *offer = desk_model_offer (plain->app->model);
  gint64 left;

  if (offer == NULL)
    return;
  left = desk_int (offer->data, "deadline") - desk_app_server_now (plain->app);
  if (left > HURRY_MS || g_strcmp0 (plain->hurried, offer->id) == 0)
    return;
  g_free (plain->hurried);
  plain->hurried = g_strdup (offer->id);
  say ("%d seconds left to /accept", (int)(MAX (left, 0) / 1000));
}

/* The line's state, without its countdown. */
static void
say_link (DeskPlain *plain)
{
  DeskLinePhase phase = desk_line_phase (plain->app->line);
  const char *words = phase == DESK_LINE_LIVE      ? "Live."
                      : phase == DESK_LINE_WAITING ? "NO CONNECTION; trying again."
                                                   : NULL;

  if (words == NULL || g_strcmp0 (words, plain->link) == 0)
    return;
  if (phase == DESK_LINE_WAITING && desk_line_why (plain->app->line) != NULL)
    say ("%s (%s)", words, desk_line_why (plain->app->line));
  else
    say ("%s", words);
  g_free (plain->link);
  plain->link = g_strdup (words);
}

void
desk_plain_flush (DeskPlain *plain)
{
  DeskApp *app = plain->app;
  DeskChat *chat = desk_app_chat (app);
  DeskPage *page = desk_page_top (app);

  say_link (plain);
  if (chat != NULL)
    {
      say_front (plain, chat);
      say_messages (plain, chat);
    }
  else
    g_clear_pointer (&plain->front, g_free);
  say_hurry (plain);
  if (plain->again && page != NULL)
    say_page (plain, page);
  plain->again = FALSE;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

DeskPlain *
desk_plain_new (DeskApp *app)
{
  DeskPlain *plain = g_new0 (DeskPlain, 1);

  plain->app = app;
  plain->in = g_string_new (NULL);
  plain->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  app->view = &view;
  app->view_data = plain;
  say ("usher, the desktop line by line. /help lists the commands, an empty line says where you are.");
  return plain;
}

void
desk_plain_free (DeskPlain *plain)
{
  echo (plain, TRUE);
  plain->app->view = NULL;
  /* A password may be in it. */
  memset (plain->in->str, 0, plain->in->len);
  g_string_free (plain->in, TRUE);
  g_hash_table_unref (plain->said);
  g_free (plain->front);
  g_free (plain->link);
  g_free (plain->hurried);
  g_free (plain);
}
