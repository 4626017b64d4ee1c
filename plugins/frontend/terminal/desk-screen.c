/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal: taking it and giving it back, its keys, and how the screen is divided.
 */
#define NCURSES_WIDECHAR 1
#include "desk-screen.h"

#include <errno.h>
#include <ncurses.h>
#include <string.h>
#include <unistd.h>

#include "desk-screen-private.h"
#include "desk-text.h"

#define KEY_PASTE_BEGIN 0x2001
#define KEY_PASTE_END 0x2002
#define KEY_CTRL_LEFT 0x2003
#define KEY_CTRL_RIGHT 0x2004
#define KEY_FOCUS_IN 0x2005
#define KEY_FOCUS_OUT 0x2006
/* So wide that a record has room beside the conversation. */
#define WIDE 110
#define COMPOSER_ROWS 5
#define KEY_ROWS 3

struct DeskScreen
{
  DeskApp *app;
  GString *paste; /* NULL = nothing is being pasted */
};

/* ---- the terminal --------------------------------------------------------------------------------------- */

static void
on_bell (gpointer data)
{
  beep ();
}

static const DeskView view = { .bell = on_bell };

/* Pasted text is marked by the terminal, so that its newlines don't send half of it; and it tells whether its
 * window is looked at, so that nothing is called read that nobody has seen. Terminals that know neither ignore it.
 */
static void
terminal_says (const char *sequence)
{
  fputs (sequence, stdout);
  fflush (stdout);
}

DeskScreen *
desk_screen_new (DeskApp *app, char **why)
{
  DeskScreen *screen;
  SCREEN *made = newterm (NULL, stdout, stdin);

  if (made == NULL)
    {
      const char *name = g_getenv ("TERM");

      *why = g_strdup_printf ("the terminal \"%s\" is not known here; set TERM to one that is, or use --plain",
                              name != NULL ? name : "");
      return NULL;
    }
  raw ();
  noecho ();
  nonl ();
  keypad (stdscr, TRUE);
  nodelay (stdscr, TRUE);
  /* Long enough for a function key to come in two packets, short enough for Escape. */
  if (g_getenv ("ESCDELAY") == NULL)
    set_escdelay (100);
  if (has_colors ())
    {
      start_color ();
      use_default_colors ();
      init_pair (1, COLOR_RED, -1);
      init_pair (2, COLOR_WHITE, COLOR_RED);
    }
  define_key ("\033[200~", KEY_PASTE_BEGIN);
  define_key ("\033[201~", KEY_PASTE_END);
  define_key ("\033[1;5D", KEY_CTRL_LEFT);
  define_key ("\033[1;5C", KEY_CTRL_RIGHT);
  define_key ("\033[I", KEY_FOCUS_IN);
  define_key ("\033[O", KEY_FOCUS_OUT);
  terminal_says ("\033[?2004h\033[?1004h");
  screen = g_new0 (DeskScreen, 1);
  screen->app = app;
  app->view = &view;
  app->view_data = screen;
  return screen;
}

void
desk_screen_free (DeskScreen *screen)
{
  screen->app->view = NULL;
  terminal_says ("\033[?2004l\033[?1004l");
  endwin ();
  if (screen->paste != NULL)
    g_string_free (screen->paste, TRUE);
  g_free (screen);
}

/* ---- keys ----------------------------------------------------------------------------------------------- */

static int
special_key (wint_t key)
{
  static const struct
  {
    wint_t from;
    int to;
  } keys[] = {
    { KEY_UP, DESK_KEY_UP },
    { KEY_DOWN, DESK_KEY_DOWN },
    { KEY_LEFT, DESK_KEY_LEFT },
    { KEY_RIGHT, DESK_KEY_RIGHT },
    { KEY_CTRL_LEFT, DESK_KEY_WORD_LEFT },
    { KEY_CTRL_RIGHT, DESK_KEY_WORD_RIGHT },
    { KEY_HOME, DESK_KEY_HOME },
    { KEY_END, DESK_KEY_END },
    { KEY_PPAGE, DESK_KEY_PAGE_UP },
    { KEY_NPAGE, DESK_KEY_PAGE_DOWN },
    { KEY_BACKSPACE, DESK_KEY_BACKSPACE },
    { KEY_DC, DESK_KEY_DELETE },
    { KEY_BTAB, DESK_KEY_BACKTAB },
    { KEY_ENTER, DESK_KEY_ENTER },
  };

  if (key >= KEY_F (1) && key <= KEY_F (12))
    return DESK_KEY_F1 + (int)(key - KEY_F (1));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].from == key)
      return keys[i].to;
  return DESK_KEY_NONE;
}

/* A key after Escape at once is a key with Alt: the digits stand in for function keys. */
static int
escaped_key (void)
{
  wint_t next;
  int kind = get_wch (&next);

  if (kind == KEY_CODE_YES)
    ungetch ((int)next);
  if (kind != OK)
    return DESK_KEY_ESC;
  if (next >= '1' && next <= '9')
    return DESK_KEY_F1 + (int)(next - '1');
  if (next == '0')
    return DESK_KEY_F10;
  if (next == '\r')
    return '\n';
  if (next == 'b')
    return DESK_KEY_WORD_LEFT;
  if (next == 'f')
    return DESK_KEY_WORD_RIGHT;
  unget_wch ((wchar_t)next);
  return DESK_KEY_ESC;
}

static void
pasted (DeskScreen *screen)
{
  g_autoptr (GString) text = g_steal_pointer (&screen->paste);

  g_string_replace (text, "\r\n", "\n", 0);
  g_string_replace (text, "\r", "\n", 0);
  desk_app_paste (screen->app, text->str);
}

static void
typed (DeskScreen *screen, int kind, wint_t key)
{
  int meant = DESK_KEY_NONE;

  if (kind == KEY_CODE_YES && key == KEY_PASTE_BEGIN && screen->paste == NULL)
    screen->paste = g_string_new (NULL);
  else if (kind == KEY_CODE_YES && key == KEY_PASTE_END && screen->paste != NULL)
    pasted (screen);
  else if (kind == KEY_CODE_YES && (key == KEY_FOCUS_IN || key == KEY_FOCUS_OUT))
    screen->app->away = key == KEY_FOCUS_OUT;
  else if (screen->paste != NULL && kind == OK)
    g_string_append_unichar (screen->paste, (gunichar)key);
  else if (kind == KEY_CODE_YES)
    meant = special_key (key);
  else if (key == 27)
    meant = escaped_key ();
  else
    meant = key == 127 || key == 8 ? DESK_KEY_BACKSPACE : (int)key;
  if (kind == OK && key == DESK_CTRL ('L'))
    clearok (stdscr, TRUE);
  if (meant != DESK_KEY_NONE)
    desk_app_key (screen->app, meant);
}

gboolean
desk_screen_input (DeskScreen *screen)
{
  wint_t key;
  int kind;

  errno = 0;
  while (!screen->app->quit && (kind = get_wch (&key)) != ERR)
    typed (screen, kind, key);
  return TRUE;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static int cursor_row, cursor_col;

static attr_t
attributes (DeskLook look)
{
  switch (look)
    {
    case DESK_LOOK_BOLD:
      return A_BOLD;
    case DESK_LOOK_DIM:
      return A_DIM;
    case DESK_LOOK_BAR:
      return A_REVERSE;
    case DESK_LOOK_WARNING:
      return A_BOLD | (has_colors () ? COLOR_PAIR (1) : 0);
    case DESK_LOOK_OFFER:
      return A_BOLD | (has_colors () ? COLOR_PAIR (2) : A_REVERSE);
    case DESK_LOOK_UNDERLINE:
      return A_UNDERLINE;
    default:
      return A_NORMAL;
    }
}

int
desk_draw (const DeskBox *box, int row, int at, DeskLook look, const char *text)
{
  g_autofree char *safe = desk_text_safe (text, FALSE);
  g_autofree char *cut = desk_text_cut (safe, box->cols - at);

  if (row < 0 || row >= box->rows || at >= box->cols)
    return at;
  attrset (attributes (look));
  mvaddstr (box->row + row, box->col + at, cut);
  return at + desk_text_width (cut);
}

void
desk_draw_bar (const DeskBox *box, int row, DeskLook look, const char *text)
{
  int at = desk_draw (box, row, 0, look, text);

  if (row < 0 || row >= box->rows)
    return;
  attrset (attributes (look));
  for (; at < box->cols; at++)
    mvaddch (box->row + row, box->col + at, ' ');
}

void
desk_draw_cursor (const DeskBox *box, int row, int col)
{
  cursor_row = box->row + row;
  cursor_col = box->col + MIN (col, box->cols - 1);
}

int
desk_draw_edit (const DeskBox *box, const DeskEdit *edit, gboolean cursor)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) line = g_string_new (NULL);
  const char *text = edit->text->str;
  int width = 0, row = 0, col = 0, first;

  for (gsize at = 0;; at = desk_text_next (text, at))
    {
      g_autofree char *piece = g_strndup (text + at, desk_text_next (text, at) - at);
      g_autofree char *safe = desk_text_safe (piece, FALSE);
      gboolean newline = *piece == '\n';

      if (!newline && width + desk_text_width (safe) > box->cols - 1)
        {
          g_ptr_array_add (lines, g_strdup (line->str));
          g_string_truncate (line, 0);
          width = 0;
        }
      if (at == edit->at)
        {
          row = (int)lines->len;
          col = width;
        }
      if (*piece == '\0')
        break;
      if (newline)
        {
          g_ptr_array_add (lines, g_strdup (line->str));
          g_string_truncate (line, 0);
          width = 0;
          continue;
        }
      g_string_append (line, safe);
      width += desk_text_width (safe);
    }
  g_ptr_array_add (lines, g_strdup (line->str));
  first = MAX (0, row - box->rows + 1);
  for (int i = 0; i < box->rows && first + i < (int)lines->len; i++)
    desk_draw (box, i, 0, DESK_LOOK_PLAIN, lines->pdata[first + i]);
  if (cursor && box->rows > 0)
    desk_draw_cursor (box, row - first, col);
  return (int)lines->len;
}

/* ---- keys at the bottom --------------------------------------------------------------------------------- */

/* What can be done here, in as many rows as it takes; drawn only into a box with rows. Returns the rows. */
static int
draw_keys (DeskApp *app, const DeskBox *box)
{
  int row = 0, col = 0;

  for (guint i = 0; i < desk_actions_count; i++)
    {
      const DeskAction *action = &desk_actions[i];
      int width;

      if (!desk_action_shown (app, action))
        continue;
      width = desk_text_width (action->key_name) + 1 + desk_text_width (action->name);
      if (col > 0 && col + width > box->cols)
        {
          row++;
          col = 0;
        }
      if (row < box->rows)
        {
          int at = desk_draw (box, row, col, DESK_LOOK_BAR, action->key_name);

          desk_draw (box, row, at + 1, DESK_LOOK_PLAIN, action->name);
        }
      col += width + 2;
    }
  return row + 1;
}

/* ---- the parts ------------------------------------------------------------------------------------------ */

static DeskBox
cut_top (DeskBox *from, int rows)
{
  DeskBox box = { from->row, from->col, CLAMP (rows, 0, from->rows), from->cols };

  from->row += box.rows;
  from->rows -= box.rows;
  return box;
}

static DeskBox
cut_bottom (DeskBox *from, int rows)
{
  DeskBox box = { from->row, from->col, CLAMP (rows, 0, from->rows), from->cols };

  from->rows -= box.rows;
  box.row = from->row + from->rows;
  return box;
}

/* Beside the conversation when there is room, else below its last lines. */
static DeskBox
cut_page (DeskBox *from, DeskPage *page)
{
  int most;

  if (from->cols >= WIDE)
    {
      DeskBox box = *from;

      box.cols = from->cols * 2 / 5;
      box.col = from->col + from->cols - box.cols;
      from->cols -= box.cols + 1;
      return box;
    }
  if (page->focused && page->place == DESK_PLACE_TEXT)
    return cut_bottom (from, from->rows);
  most = page->focused ? MAX (from->rows * 2 / 3, MIN (from->rows, 12)) : from->rows / 2;
  return cut_bottom (from, MIN (most, desk_draw_page_rows (from->cols, page)));
}

static void
draw_notice (DeskApp *app, const DeskBox *box)
{
  if (app->notice != NULL)
    desk_draw (box, 0, 0, app->notice_bad ? DESK_LOOK_WARNING : DESK_LOOK_BOLD, app->notice);
}

static void
draw_composer (DeskApp *app, DeskBox *box)
{
  const DeskChat *chat = desk_app_chat (app);
  gboolean keys = desk_app_place (app) == DESK_PLACE_CHAT && desk_chat_is (chat, "active");
  DeskBox inside = { box->row, box->col + 2, box->rows, box->cols - 2 };

  desk_draw (box, 0, 0, DESK_LOOK_BOLD, ">");
  desk_draw_edit (&inside, &chat->draft, keys);
}

static void
draw_desk (DeskApp *app, DeskBox whole)
{
  DeskBox empty = { 0, 2, 0, whole.cols - 2 }, keys, notice, top, composer;
  DeskChat *chat = desk_app_chat (app);
  DeskPage *page = desk_page_top (app);

  top = cut_top (&whole, 1);
  desk_draw_status (app, &top);
  top = cut_top (&whole, 1);
  desk_draw_chats (app, &top);
  top = cut_top (&whole, desk_draw_offer_rows (app));
  desk_draw_offer (app, &top);
  empty.cols = whole.cols;
  keys = cut_bottom (&whole, MIN (draw_keys (app, &empty), KEY_ROWS));
  draw_keys (app, &keys);
  notice = cut_bottom (&whole, 1);
  draw_notice (app, &notice);
  if (chat != NULL)
    {
      gboolean typing = desk_app_place (app) == DESK_PLACE_CHAT;

      empty.cols = whole.cols - 2;
      composer
          = cut_bottom (&whole, typing ? MIN (desk_draw_edit (&empty, &chat->draft, FALSE), COMPOSER_ROWS) : 1);
      draw_composer (app, &composer);
      top = cut_bottom (&whole, 1);
      desk_draw_divider (app, &top);
    }
  if (page != NULL)
    {
      top = cut_page (&whole, page);
      desk_draw_page (app, &top, page);
    }
  desk_draw_conversation (app, &whole);
}

static void
draw_login (DeskApp *app, DeskBox whole)
{
  g_autofree char *line = desk_app_line_words (app);
  g_autofree char *title = g_strdup_printf (" usher                    %s", line);
  DeskBox top = cut_top (&whole, 2), keys = cut_bottom (&whole, 1);

  desk_draw_bar (&top, 0, DESK_LOOK_BAR, title);
  draw_keys (app, &keys);
  desk_draw_page (app, &whole, desk_page_top (app));
}

void
desk_screen_draw (DeskScreen *screen)
{
  DeskBox whole = { 0, 0, LINES, COLS };

  erase ();
  cursor_row = -1;
  if (COLS < 20 || LINES < 8)
    {
      whole.rows = 1;
      desk_draw (&whole, 0, 0, DESK_LOOK_PLAIN, "The window is too small");
    }
  else if (desk_app_place (screen->app) == DESK_PLACE_LOGIN)
    draw_login (screen->app, whole);
  else
    draw_desk (screen->app, whole);
  attrset (A_NORMAL);
  curs_set (cursor_row >= 0);
  if (cursor_row >= 0)
    move (cursor_row, cursor_col);
  refresh ();
}
