/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program between the model and whoever shows it: which chat is in front, which pages lie over it, what a key
 * or a command does. It knows no terminal: the screen (desk-screen.c) and the line mode (desk-plain.c) both show
 * this, and both get what can be done from the same table of actions.
 */
#pragma once

#include "desk-line.h"
#include "desk-model.h"

typedef struct DeskApp DeskApp;
typedef struct DeskPage DeskPage;
typedef void (*DeskReasoned) (DeskApp *app, const char *what, const char *reason);

/* ---- keys ----------------------------------------------------------------------------------------------- */

/* A character stands for itself, Ctrl-X for 'X' & 31; the others: */
enum
{
  DESK_KEY_NONE = 0,
  DESK_KEY_ENTER = '\r',
  DESK_KEY_ESC = 27,
  DESK_KEY_F1 = 0x110001, /* F2 is F1 + 1 */
  DESK_KEY_F10 = DESK_KEY_F1 + 9,
  DESK_KEY_UP = 0x110100,
  DESK_KEY_DOWN,
  DESK_KEY_LEFT,
  DESK_KEY_RIGHT,
  DESK_KEY_WORD_LEFT,
  DESK_KEY_WORD_RIGHT,
  DESK_KEY_HOME,
  DESK_KEY_END,
  DESK_KEY_PAGE_UP,
  DESK_KEY_PAGE_DOWN,
  DESK_KEY_BACKSPACE,
  DESK_KEY_DELETE,
  DESK_KEY_BACKTAB
};
#define DESK_CTRL(letter) ((letter)&31)

/* ---- pages ---------------------------------------------------------------------------------------------- */

/* Where the keys go. Bits, because an action may be possible in several places. */
typedef enum
{
  DESK_PLACE_LOGIN = 1 << 0,
  DESK_PLACE_CHAT = 1 << 1, /* the field for the answer */
  DESK_PLACE_LIST = 1 << 2,
  DESK_PLACE_FORM = 1 << 3,
  DESK_PLACE_CUSTOMER = 1 << 4,
  DESK_PLACE_CASE = 1 << 5,
  DESK_PLACE_TEXT = 1 << 6
} DeskPlace;
#define DESK_PLACE_RECORD (DESK_PLACE_CUSTOMER | DESK_PLACE_CASE | DESK_PLACE_TEXT)
#define DESK_PLACE_ANY (DESK_PLACE_CHAT | DESK_PLACE_LIST | DESK_PLACE_FORM | DESK_PLACE_RECORD)

typedef struct
{
  char *id, *label;
  char *detail; /* shown below the list for the one that is chosen; "" = none */
  gboolean chosen, heading;
} DeskItem;

typedef struct
{
  char *key, *label, *was;
  DeskEdit value;
  char **options;                 /* one of these, shown as they are; NULL = free text */
  gboolean secret, required, own; /* own: one of the site's own fields */
} DeskField;

struct DeskPage
{
  guint64 serial;
  DeskPlace place;
  char *title, *hint, *problem;
  char *chat, *id; /* what it is about; NULL = nothing in particular */
  gboolean focused, loading;
  gboolean warned; /* that leaving loses what was typed */
  cJSON *record;
  /* A list. */
  GPtrArray *items; /* of DeskItem* */
  guint at;
  gboolean several; /* more than one may be chosen */
  gboolean search;  /* typing looks for something */
  DeskEdit query;
  /* A form: `at` is the field. */
  GPtrArray *fields; /* of DeskField* */
  /* A text. */
  GString *text;
  int scroll;
  void (*chosen) (DeskApp *app, DeskPage *page);   /* Enter in a list, saving a form */
  DeskReasoned reasoned;                           /* a list of reasons: what goes on with it */
  void (*searched) (DeskApp *app, DeskPage *page); /* the words to look for have changed */
};

/* Opens a page on top of the others. */
DeskPage *desk_page_open (DeskApp *app, DeskPlace place, const char *title);
void desk_page_close (DeskApp *app, DeskPage *page);
DeskPage *desk_page_top (const DeskApp *app);
DeskPage *desk_page_by_serial (const DeskApp *app, guint64 serial);
void desk_page_free (gpointer page);
void desk_page_problem (DeskPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
DeskItem *desk_page_item (DeskPage *page, const char *id, const char *label, const char *detail);
void desk_page_heading (DeskPage *page, const char *label);
void desk_page_no_items (DeskPage *page);
DeskItem *desk_page_current (DeskPage *page);
DeskField *desk_page_field (DeskPage *page, const char *key, const char *label, const char *value);
const char *desk_page_value (DeskPage *page, const char *key);
gboolean desk_page_changed (DeskPage *page); /* a form in which something was typed */
/* A line of a record, left out when the value is empty. The text has a tab between them, by which a view aligns.
 */
void desk_page_line (DeskPage *page, const char *label, const char *value);
void desk_page_say (DeskPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A key for the page in front that is no action. */
void desk_page_key (DeskApp *app, DeskPage *page, int key);
gboolean desk_edit_key (DeskEdit *edit, int key, gboolean lines);

/* ---- the program ---------------------------------------------------------------------------------------- */

/* What a view is told besides that it has to draw again; all optional. */
typedef struct
{
  void (*news) (gpointer data, DeskNewsKind kind, DeskChat *chat, const char *text);
  void (*notice) (gpointer data, const char *text, gboolean bad);
  void (*paged) (gpointer data, DeskPage *page);   /* it was opened, or what is in it has changed */
  void (*drafted) (gpointer data, DeskChat *chat); /* something was put into the message that is being written */
  void (*bell) (gpointer data);
} DeskView;

struct DeskApp
{
  DeskModel *model;
  DeskLine *line;
  const DeskView *view;
  gpointer view_data;
  GPtrArray *pages; /* of DeskPage*, the topmost last */
  guint64 serial;
  char *chat; /* the one in front; NULL = none */
  char *login;
  char *notice; /* what was said last; NULL = nothing */
  gboolean notice_bad;
  gint64 notice_at;
  gint64 now; /* ours, ms */
  gboolean quit, quitting;
  gboolean away;         /* the terminal says that nobody looks */
  GHashTable *seen_told; /* interaction -> n that the network was told of */
  char *typing_chat;
  gint64 typing_at, typed_at;
};

DeskApp *desk_app_new (const DeskLineOps *ops, gpointer data);
void desk_app_free (DeskApp *app);
void desk_app_time (DeskApp *app, gint64 now); /* at least once a second */
/* The line's: a frame, the phase, the end of a session. */
void desk_app_frame (DeskApp *app, const cJSON *frame);
void desk_app_line_changed (DeskApp *app);
void desk_app_ended (DeskApp *app, const char *code, const char *message);

gint64 desk_app_server_now (const DeskApp *app);
DeskChat *desk_app_chat (const DeskApp *app); /* in front; NULL = none */
void desk_app_show (DeskApp *app, DeskChat *chat);
DeskPlace desk_app_place (const DeskApp *app);
void desk_app_tell (DeskApp *app, gboolean bad, const char *format, ...) G_GNUC_PRINTF (3, 4);
void desk_app_paged (DeskApp *app, DeskPage *page);
/* What the line says of itself: "Live", "Reconnecting in 0:03 (try 2)", ... */
char *desk_app_line_words (const DeskApp *app);
/* Lines of the chat in front up to its last are before the agent's eyes. */
void desk_app_seen (DeskApp *app, DeskChat *chat);
void desk_app_typed (DeskApp *app, gboolean on);
/* A key, or text that was pasted at once. */
void desk_app_key (DeskApp *app, int key);
void desk_app_paste (DeskApp *app, const char *text);
/* Takes a chat's record onto the screen without taking the keys away. */
void desk_app_pop (DeskApp *app, DeskChat *chat);

/* ---- asking the core ------------------------------------------------------------------------------------- */

typedef struct DeskAsk DeskAsk;
typedef void (*DeskThen) (DeskApp *app, DeskAsk *ask, const cJSON *result);

struct DeskAsk
{
  DeskApp *app;
  char *what; /* for the message when it fails: "Accept chat" */
  char *chat, *id;
  guint64 page;
  DeskThen then;
  /* When it fails; TRUE = that is said and shown already. */
  gboolean (*failed) (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details);
  char *cmd; /* set before desk_ask_send to give a key of one's own */
};

DeskAsk *desk_ask_new (DeskApp *app, const char *what, DeskThen then);
/* Both are taken. The page of an ask shows its failure; without one it is a notice. */
void desk_ask_send (DeskAsk *ask, const char *operation, cJSON *args);
void desk_ask_free (gpointer ask); /* of one that is not sent */
DeskPage *desk_ask_page (DeskAsk *ask);
DeskChat *desk_ask_chat (DeskAsk *ask);
/* All of it when nothing but {} comes back. */
void desk_app_do (DeskApp *app, const char *what, const char *operation, cJSON *args);

/* ---- actions -------------------------------------------------------------------------------------------- */

typedef struct
{
  int key;
  const char *key_name; /* as it is shown: "F3", "^Y" */
  const char *command;  /* of the line mode, without its slash */
  const char *name;     /* short, for the line of keys */
  const char *help;     /* a sentence */
  int places;
  /* NULL = it can be done now; "" = it makes no sense here and is not shown; else why not. */
  const char *(*why_not) (DeskApp *app);
  /* argument: what stood behind the command; NULL from a key. */
  void (*run) (DeskApp *app, const char *argument);
  gboolean hidden; /* not in the line of keys (it is in the help) */
} DeskAction;

extern const DeskAction desk_actions[];
extern const guint desk_actions_count;
const DeskAction *desk_action_for_key (DeskApp *app, int key);
const DeskAction *desk_action_for_command (DeskApp *app, const char *word);
/* Whether it is offered in the place where the keys go now. */
gboolean desk_action_shown (DeskApp *app, const DeskAction *action);
void desk_action_run (DeskApp *app, const DeskAction *action, const char *argument);

/* desk-do-status.c */
void desk_do_login (DeskApp *app, const char *why);
void desk_do_status (DeskApp *app, const char *argument);
void desk_do_quit (DeskApp *app, const char *argument);
void desk_do_help (DeskApp *app, const char *argument);
/* A list of reasons, when the centre has one for this; then go on with the reason. FALSE = it has none. */
gboolean desk_do_reasons (DeskApp *app, const char *use, const char *status, const char *title, const char *what,
                          DeskReasoned then);

/* desk-do-chat.c */
void desk_do_accept (DeskApp *app, const char *argument);
void desk_do_reject (DeskApp *app, const char *argument);
void desk_do_send (DeskApp *app, const char *argument);
void desk_do_say (DeskApp *app, DeskChat *chat, DeskPending *pending); /* again, under its key */
void desk_do_end (DeskApp *app, const char *argument);
void desk_do_finish (DeskApp *app, const char *argument);
void desk_do_save (DeskApp *app, const char *argument);
void desk_do_codes (DeskApp *app, const char *argument);
void desk_do_codes_of (DeskApp *app, const cJSON *interaction, const char *who);
void desk_do_next (DeskApp *app, const char *argument);
void desk_do_previous (DeskApp *app, const char *argument);
void desk_do_earlier (DeskApp *app, const char *argument);
void desk_do_details (DeskApp *app, DeskChat *chat);

/* desk-do-text.c */
void desk_do_answer (DeskApp *app, const char *argument);
void desk_do_undelivered (DeskApp *app, const char *argument);

/* desk-do-customer.c */
void desk_do_customer (DeskApp *app, const char *argument);
void desk_do_customer_open (DeskApp *app, const char *customer, DeskChat *chat, gboolean focused);
/* The record is read again if it is what lies on top. */
void desk_do_customer_again (DeskApp *app, const char *customer);
void desk_do_customer_edit (DeskApp *app, const char *argument);
void desk_do_customer_cases (DeskApp *app, const char *argument);
void desk_do_customer_history (DeskApp *app, const char *argument);
void desk_do_customer_attach (DeskApp *app, const char *argument);
void desk_do_matches (DeskApp *app, DeskChat *chat, gboolean focused);
void desk_do_find_customer (DeskApp *app, const char *words);

/* desk-do-case.c */
void desk_do_case (DeskApp *app, const char *argument);
void desk_do_case_open (DeskApp *app, const char *id, DeskChat *chat, gboolean focused);
void desk_do_case_edit (DeskApp *app, const char *argument);
void desk_do_case_comment (DeskApp *app, const char *argument);
void desk_do_case_close (DeskApp *app, const char *argument);
void desk_do_case_assign (DeskApp *app, const char *argument);
void desk_do_case_follow (DeskApp *app, const char *argument);
void desk_do_find_case (DeskApp *app, const char *words, const char *customer);

/* desk-do-find.c */
void desk_do_find (DeskApp *app, const char *argument);
/* Fields of a form for what the site keeps besides, and the changed ones of them for a save. */
void desk_form_own_fields (DeskPage *page, const cJSON *definitions, const cJSON *values);
cJSON *desk_form_changes (DeskPage *page, const cJSON *definitions);
void desk_page_own_fields (DeskPage *page, const cJSON *definitions, const cJSON *values);
