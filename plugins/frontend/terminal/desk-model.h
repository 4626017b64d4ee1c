/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a desk knows: the snapshot and the events after it (docs/desk-protocol.md). Pure: frames go in, and the
 * state follows from them; a frame applied twice changes nothing. Records are kept as the protocol has them, in
 * JSON.
 */
#pragma once

#include "desk-edit.h"
#include "desk-json.h"

/* A message that was typed and is not yet among the chat's messages. */
typedef struct
{
  char *client_id, *text, *faq;
  char *error;   /* why the core did not take it; NULL = under way */
  gint64 due_at; /* a refused one that is sent again by itself: never, 0 */
} DeskPending;

typedef struct
{
  char *id;
  guint number;        /* what the agent calls it by; stays while the chat is there */
  cJSON *data;         /* the interaction, without messages */
  GPtrArray *messages; /* of cJSON*, by n */
  GPtrArray *pending;  /* of DeskPending* */
  cJSON *since;        /* events since the details were asked for; NULL = not asked */
  gint64 typing_until; /* server's time; 0 = the customer does not type */
  gint64 seen;         /* n of the last line the agent had before his eyes */
  gint64 earliest;     /* older lines than this n are those of earlier chats */
  gboolean more_before;
  /* What the agent is writing. */
  DeskEdit draft;
  char *faq;  /* whose answer the draft began with */
  int scroll; /* lines above the end */
} DeskChat;

typedef enum
{
  DESK_NEWS_OFFER,
  DESK_NEWS_OFFER_ENDED,
  DESK_NEWS_ACCEPTED,
  DESK_NEWS_MESSAGE, /* of the customer */
  DESK_NEWS_LINE,    /* mine, from whichever desk, or the system's */
  DESK_NEWS_STATE,   /* what became of mine */
  DESK_NEWS_CUSTOMER,
  DESK_NEWS_SAVE,
  DESK_NEWS_CODES,
  DESK_NEWS_ENDED,
  DESK_NEWS_CLOSED,
  DESK_NEWS_STATUS,
  DESK_NEWS_SYSTEM
} DeskNewsKind;

/* Something that happened and is worth telling, in words. */
typedef void (*DeskNews) (gpointer data, DeskNewsKind kind, DeskChat *chat, const char *text);

typedef struct
{
  gboolean ready;
  gint64 seq;
  gint64 clock; /* server's time less ours */
  cJSON *me, *policy, *crm;
  GHashTable *queues, *codes, *channels; /* id -> cJSON* */
  GPtrArray *chats;                      /* of DeskChat*, in the order they came */
  gboolean draining;
  DeskNews news;
  gpointer data;
} DeskModel;

DeskModel *desk_model_new (DeskNews news, gpointer data);
void desk_model_free (DeskModel *model);
/* Log-out: nothing is known any more. */
void desk_model_forget (DeskModel *model);

/* Any frame but results; `now` is our time. */
void desk_model_frame (DeskModel *model, const cJSON *frame, gint64 now);
/* The answer to interaction.get. */
void desk_model_details (DeskModel *model, const cJSON *interaction);
/* Earlier lines of the same person, the answer to conversation.messages. */
void desk_model_earlier (DeskModel *model, DeskChat *chat, const cJSON *answer);
/* The server's time at our `now`. */
gint64 desk_model_time (const DeskModel *model, gint64 now);

DeskChat *desk_model_chat (const DeskModel *model, const char *id); /* NULL = not mine */
DeskPending *desk_chat_say (DeskChat *chat, const char *client_id, const char *text);
void desk_chat_unsay (DeskChat *chat, DeskPending *pending);
DeskPending *desk_chat_pending (DeskChat *chat, const char *client_id);

/* ---- what follows from it -------------------------------------------------------------------------------- */

gboolean desk_chat_is (const DeskChat *chat, const char *state);
const char *desk_chat_name (const DeskChat *chat);
guint desk_chat_unread (const DeskChat *chat);
gint64 desk_chat_last_n (const DeskChat *chat);
/* Messages that wait for a person's decision. Of cJSON* (message) and DeskPending* with an error. */
guint desk_chat_undecided (const DeskChat *chat);
/* The offer that lapses first; NULL = none. */
DeskChat *desk_model_offer (const DeskModel *model);
gboolean desk_model_may (const DeskModel *model, const char *permission);
/* Names of required lists from which no code is chosen yet; NULL = none is missing. */
char *desk_model_missing_codes (const DeskModel *model, const DeskChat *chat);
/* Whether a list belongs to chats of this chat's queue. */
gboolean desk_model_list_fits (const cJSON *list, const DeskChat *chat);
/* How many wait in my queues, and since when the first one (0 = nobody). */
gint64 desk_model_waiting (const DeskModel *model, gint64 *oldest);
/* Whether the record of a chat's customer opens at this moment: offered, accepted, completed. */
gboolean desk_model_pops (const DeskModel *model, const char *moment);

/* ---- for desk-event.c ------------------------------------------------------------------------------------ */

void desk_model_event (DeskModel *model, const cJSON *event);
void desk_model_tell (DeskModel *model, DeskNewsKind kind, DeskChat *chat, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
DeskChat *desk_model_add (DeskModel *model, const cJSON *interaction);
void desk_model_remove (DeskModel *model, DeskChat *chat);
void desk_chat_take (DeskChat *chat, const cJSON *message);
cJSON *desk_chat_message (DeskChat *chat, const char *message);
