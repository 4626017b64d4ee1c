/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws what is about chats: the bar with the status, the list, the offer, the conversation.
 */
#include <string.h>

#include "desk-screen-private.h"
#include "desk-text.h"
#include "desk-words.h"

/* ---- the bar -------------------------------------------------------------------------------------------- */

static char *
status_words (DeskApp *app)
{
  const cJSON *me = app->model->me;
  g_autofree char *since = desk_words_duration (desk_app_server_now (app) - desk_int (me, "since"));
  GString *out = g_string_new (NULL);
  gint64 back = desk_int (me, "return_at"), oldest, waiting = desk_model_waiting (app->model, &oldest);

  g_string_append_printf (out, " %s: %s %s", desk_str (me, "name"), desk_words_status (desk_str (me, "status")),
                          since);
  if (desk_equal (me, "status", "on_break") && *desk_str (me, "reason") != '\0')
    g_string_append_printf (out, " (%s)", desk_str (me, "reason"));
  if (back > 0)
    {
      g_autofree char *left = desk_words_duration (back - desk_app_server_now (app));

      g_string_append_printf (out, ", Available in %s", left);
    }
  if (desk_is (me, "stop_new"))
    g_string_append (out, ", no new chats");
  else if (strcmp (desk_str (me, "status"), desk_str (me, "asked")) != 0 && !desk_equal (me, "asked", "available"))
    g_string_append_printf (out, ", then %s", desk_words_status (desk_str (me, "asked")));
  if (waiting > 0)
    {
      g_autofree char *longest = desk_words_duration (desk_app_server_now (app) - oldest);

      g_string_append_printf (out, " | %d waiting, longest %s", (int)waiting, longest);
    }
  return g_string_free (out, FALSE);
}

void
desk_draw_status (DeskApp *app, const DeskBox *box)
{
  g_autofree char *status = status_words (app);
  g_autofree char *line = desk_app_line_words (app);
  g_autofree char *clock = desk_words_clock (desk_app_server_now (app));
  g_autofree char *right = g_strdup_printf (" %s %s ", line, clock);
  int at = MAX (box->cols - desk_text_width (right), 0);
  DeskBox left = *box;
  gboolean live = desk_line_phase (app->line) == DESK_LINE_LIVE;

  left.cols = at;
  desk_draw_bar (&left, 0, DESK_LOOK_BAR, status);
  desk_draw (box, 0, at, live ? DESK_LOOK_BAR : DESK_LOOK_OFFER, right);
}

/* ---- the chats ------------------------------------------------------------------------------------------ */

/* `room`: columns for the name. */
static char *
chat_words (DeskApp *app, const DeskChat *chat, int room)
{
  gint64 now = desk_app_server_now (app), deadline = desk_int (chat->data, "deadline");
  g_autofree char *left = desk_words_duration (deadline - now);
  g_autofree char *name = desk_text_safe (desk_chat_name (chat), FALSE);
  g_autofree char *cut = desk_text_cut (name, room);
  guint unread = desk_chat_unread (chat);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, " %u %s", chat->number, cut);
  if (desk_chat_is (chat, "offered"))
    g_string_append_printf (out, " OFFERED %s", left);
  else if (desk_is (chat->data, "overdue"))
    g_string_append (out, " CODE MISSING");
  else if (desk_chat_is (chat, "wrap_up"))
    g_string_append_printf (out, " wrap-up %s", left);
  else if (desk_int (chat->data, "ended_at") > 0)
    g_string_append (out, " has left");
  if (unread > 0 && !desk_chat_is (chat, "offered"))
    g_string_append_printf (out, " (%u new)", unread);
  if (desk_chat_undecided (chat) > 0)
    g_string_append (out, " UNDELIVERED");
  if (chat->draft.text->len > 0 && g_strcmp0 (app->chat, chat->id) != 0)
    g_string_append (out, " draft");
  g_string_append_c (out, ' ');
  return g_string_free (out, FALSE);
}

void
desk_draw_chats (DeskApp *app, const DeskBox *box)
{
  /* With many chats the names get shorter, so that all are in sight. */
  int count = (int)app->model->chats->len, room = CLAMP (box->cols / MAX (count, 1) - 12, 4, 18);
  int at = 0;

  if (count == 0)
    {
      desk_draw (box, 0, 0, DESK_LOOK_DIM, " No chats");
      return;
    }
  for (guint i = 0; i < app->model->chats->len; i++)
    {
      const DeskChat *chat = app->model->chats->pdata[i];
      g_autofree char *words = chat_words (app, chat, room);
      gboolean front = g_strcmp0 (app->chat, chat->id) == 0;
      gboolean news = desk_chat_unread (chat) > 0 || desk_chat_undecided (chat) > 0;

      at = desk_draw (box, 0, at, front ? DESK_LOOK_BAR : news ? DESK_LOOK_BOLD : DESK_LOOK_PLAIN, words);
      at = desk_draw (box, 0, at, DESK_LOOK_DIM, "|");
    }
}

/* ---- the offer ------------------------------------------------------------------------------------------ */

int
desk_draw_offer_rows (DeskApp *app)
{
  return desk_model_offer (app->model) != NULL ? 2 : 0;
}

static const char *
first_words (const DeskChat *chat)
{
  for (guint i = 0; i < chat->messages->len; i++)
    if (desk_equal (chat->messages->pdata[i], "author", "customer"))
      return desk_str (chat->messages->pdata[i], "text");
  return "";
}

void
desk_draw_offer (DeskApp *app, const DeskBox *box)
{
  const DeskChat *chat = desk_model_offer (app->model);
  gint64 now = desk_app_server_now (app);
  g_autofree char *left = NULL, *waited = NULL, *who = NULL, *what = NULL;
  gboolean may = desk_model_may (app->model, "interaction.reject");

  if (chat == NULL)
    return;
  left = desk_words_duration (desk_int (chat->data, "deadline") - now + 999);
  waited = desk_words_duration (now - desk_int (chat->data, "enqueued_at"));
  who = g_strdup_printf (" OFFER %s | ^Y Accept | ^R Reject%s | %s (%s), %s, waits %s", left,
                         may ? "" : " (not permitted)", desk_chat_name (chat),
                         *desk_str (chat->data, "customer") == '\0' ? "new" : "known",
                         desk_str (chat->data, "queue_name"), waited);
  what = g_strdup_printf ("   %s: %s", desk_str (chat->data, "network"), first_words (chat));
  desk_draw_bar (box, 0, DESK_LOOK_OFFER, who);
  desk_draw_bar (box, 1, DESK_LOOK_OFFER, what);
}

/* ---- the conversation ----------------------------------------------------------------------------------- */

typedef struct
{
  char *head, *text, *tail;
  DeskLook look;
} Line;

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->head);
  g_free (line->text);
  g_free (line->tail);
  g_free (line);
}

static Line *
add_line (GPtrArray *lines, const char *head, const char *text, DeskLook look)
{
  Line *line = g_new0 (Line, 1);

  line->head = g_strdup (head);
  line->text = g_strdup (text);
  line->look = look;
  g_ptr_array_add (lines, line);
  return line;
}

/* A message: when and who (which may be ""), what, and what became of it. Continued lines are indented. */
static void
add_message (GPtrArray *lines, int cols, const char *clock, const char *who, const char *text, const char *tail,
             DeskLook look)
{
  g_autofree char *name = desk_text_safe (who, FALSE);
  g_autofree char *raw = g_strconcat (name, text, NULL);
  g_autofree char *safe = desk_text_safe (raw, TRUE);
  g_autofree char *indent = g_strnfill ((gsize)desk_text_width (clock), ' ');
  int room = cols - desk_text_width (clock);
  g_autoptr (GPtrArray) wrapped = desk_text_wrap (safe, room);
  Line *line = NULL;
  int width = 0;

  for (guint i = 0; i < wrapped->len; i++)
    {
      const char *part = wrapped->pdata[i];
      gsize named = i == 0 && g_str_has_prefix (part, name) ? strlen (name) : 0;
      g_autofree char *head = g_strdup_printf ("%s%.*s", i == 0 ? clock : indent, (int)named, part);

      line = add_line (lines, head, part + named, look);
      width = desk_text_width (part);
    }
  if (tail == NULL || *tail == '\0')
    return;
  if (width + desk_text_width (tail) + 2 <= room)
    line->tail = g_strconcat ("  ", tail, NULL);
  else
    add_line (lines, indent, "", look)->tail = g_strdup (tail);
}

static void
add_protocol_message (GPtrArray *lines, int cols, const cJSON *message, const DeskChat *chat)
{
  g_autofree char *at = desk_words_clock (desk_int (message, "at"));
  g_autofree char *clock = g_strconcat (at, " ", NULL);
  g_autofree char *text = desk_words_message (message);
  g_autofree char *who = NULL;

  if (desk_equal (message, "author", "agent"))
    {
      g_autofree char *words = desk_words_state (message);
      gboolean bad = desk_equal (message, "state", "failed") || desk_equal (message, "state", "uncertain");

      who = g_strdup_printf ("%s: ", desk_str (message, "author_name"));
      add_message (lines, cols, clock, who, text, bad ? "" : words, DESK_LOOK_PLAIN);
      if (bad)
        add_message (lines, cols, "      ", "", words, desk_is (message, "undecided") ? "^T decides" : "",
                     DESK_LOOK_WARNING);
    }
  else if (desk_equal (message, "author", "customer"))
    {
      who = g_strdup_printf ("%s: ", desk_chat_name (chat));
      add_message (lines, cols, clock, who, text, NULL, DESK_LOOK_PLAIN);
    }
  else
    {
      g_autofree char *line = g_strdup_printf ("-- %s --", text);

      add_message (lines, cols, clock, "", line, NULL, DESK_LOOK_DIM);
    }
}

static GPtrArray *
conversation (const DeskChat *chat, int cols)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (line_free);
  g_autofree char *day = g_strdup ("");

  for (guint i = 0; i < chat->messages->len; i++)
    {
      const cJSON *message = chat->messages->pdata[i];
      char *today = desk_words_day (desk_int (message, "at"));

      if (strcmp (day, today) != 0)
        {
          g_autofree char *line = g_strdup_printf ("--- %s ---", today);

          add_line (lines, "", line, DESK_LOOK_DIM);
        }
      g_free (day);
      day = today;
      add_protocol_message (lines, cols, message, chat);
    }
  for (guint i = 0; i < chat->pending->len; i++)
    {
      const DeskPending *pending = chat->pending->pdata[i];

      add_message (lines, cols, "      ", "Me: ", pending->text, pending->error == NULL ? "sending" : "",
                   DESK_LOOK_PLAIN);
      if (pending->error != NULL)
        {
          g_autofree char *words = g_strdup_printf ("NOT SENT: %s", pending->error);

          add_message (lines, cols, "      ", "", words, "^T decides", DESK_LOOK_WARNING);
        }
    }
  return lines;
}

/* Who it is, and how it stands with codes and saving. */
static char *
chat_title (DeskApp *app, const DeskChat *chat)
{
  GString *out = g_string_new (NULL);
  g_autofree char *save = desk_words_save (chat->data);
  g_autofree char *missing = desk_model_missing_codes (app->model, chat);
  const cJSON *code;
  gint64 window = desk_int (chat->data, "window_until");

  g_string_append_printf (out, "%s | %s", desk_chat_name (chat), desk_str (chat->data, "queue_name"));
  cJSON_ArrayForEach (code, desk_get (chat->data, "codes")) g_string_append_printf (
      out, "%s%s", code == desk_get (chat->data, "codes")->child ? " | " : ", ", desk_str (code, "name"));
  if (missing != NULL && !desk_chat_is (chat, "offered"))
    g_string_append_printf (out, " | needs a code: %s", missing);
  if (save != NULL)
    g_string_append_printf (out, " | %s", save);
  if (window > 0)
    {
      g_autofree char *until = desk_words_clock (window);
      gboolean over = MAX (window, desk_int (chat->data, "tagged_until")) < desk_app_server_now (app);

      g_string_append_printf (out, over ? " | THE TIME TO ANSWER IS OVER" : " | answer until %s", until);
    }
  g_string_append_printf (out, " | %s %s", desk_str (chat->data, "network"), desk_str (chat->data, "identity"));
  return g_string_free (out, FALSE);
}

static void
draw_line (const DeskBox *box, int row, const Line *line)
{
  DeskLook head = line->look == DESK_LOOK_PLAIN ? DESK_LOOK_BOLD : line->look;
  int at = desk_draw (box, row, 0, head, line->head);

  at = desk_draw (box, row, at, line->look, line->text);
  if (line->tail != NULL)
    desk_draw (box, row, at, DESK_LOOK_DIM, line->tail);
}

static void
draw_nothing (DeskApp *app, const DeskBox *box)
{
  const char *status = desk_str (app->model->me, "status");

  if (strcmp (status, "available") == 0)
    desk_draw (box, 1, 2, DESK_LOOK_PLAIN, "You are Available. The next chat is offered here.");
  else
    desk_draw (box, 1, 2, DESK_LOOK_PLAIN,
               "F2 sets your status. Nothing is offered to you until you are Available.");
}

void
desk_draw_conversation (DeskApp *app, const DeskBox *box)
{
  DeskChat *chat = desk_app_chat (app);
  DeskBox rest = *box;
  g_autoptr (GPtrArray) lines = NULL;
  g_autofree char *title = NULL;
  int first, count;

  if (chat == NULL)
    {
      draw_nothing (app, box);
      return;
    }
  title = chat_title (app, chat);
  desk_draw_bar (box, 0, DESK_LOOK_UNDERLINE, title);
  rest.row++;
  rest.rows--;
  lines = conversation (chat, box->cols);
  count = (int)lines->len;
  chat->scroll = CLAMP (chat->scroll, 0, MAX (count - rest.rows, 0));
  first = MAX (count - rest.rows - chat->scroll, 0);
  for (int i = 0; i < rest.rows && first + i < count; i++)
    draw_line (&rest, i, lines->pdata[first + i]);
  if (chat->scroll > 0)
    desk_draw_bar (&rest, rest.rows - 1, DESK_LOOK_BAR, " More below: PgDn");
  else if (rest.rows > 0)
    desk_app_seen (app, chat);
}

void
desk_draw_divider (DeskApp *app, const DeskBox *box)
{
  const DeskChat *chat = desk_app_chat (app);
  g_autofree char *words = NULL;
  GString *line = g_string_new ("-- ");

  if (chat->typing_until > desk_app_server_now (app))
    g_string_append_printf (line, "%s is typing ... ", desk_chat_name (chat));
  else if (desk_chat_is (chat, "offered"))
    g_string_append (line, "Accept (^Y) to answer ");
  else if (desk_chat_is (chat, "wrap_up"))
    g_string_append (line, "Post Processing: F9 finishes ");
  else if (desk_int (chat->data, "ended_at") > 0)
    g_string_append_printf (line, "%s has left: F8 ends the chat ", desk_chat_name (chat));
  else
    g_string_append_printf (line, "To %s by %s ", desk_chat_name (chat), desk_str (chat->data, "network"));
  words = desk_text_safe (line->str, FALSE);
  g_string_assign (line, words);
  for (int width = desk_text_width (line->str); width < box->cols; width++)
    g_string_append_c (line, '-');
  desk_draw (box, 0, 0, DESK_LOOK_DIM, line->str);
  g_string_free (line, TRUE);
}
