/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the webchat plugin share: an instance, its visitors and their clients. Main thread.
 *
 * A visitor is one person's browser (one token, one conversation). A client is one way to it: an open WebSocket or
 * a poll that waits for its answer; several tabs are several clients. Every client has a cursor, `sent_n`: it was
 * given all lines up to there. A line that is next goes out at once; whenever one is missing, the client is
 * brought up to date from the core's history, so order and completeness never depend on what was pushed when.
 */
#ifndef WEBCHAT_H
#define WEBCHAT_H

#include <usher/usher.h>

#include <glib.h>

#include "webchat-assets.h"
#include "webchat-limit.h"
#include "webchat-origin.h"
#include "webchat-token.h"

#define WEBCHAT_MAX_TEXT 16384    /* code points; four bytes each make the 64 KiB that the core takes */
#define WEBCHAT_MAX_NAME 100      /* code points */
#define WEBCHAT_MAX_ID 64         /* of a client's message id */
#define WEBCHAT_MAX_CLIENTS 16    /* per visitor */
#define WEBCHAT_MAX_IN_FLIGHT 32  /* deliveries without an answer per visitor */
#define WEBCHAT_MAX_BATCH 16      /* frames of one POST MOUNT/send */
#define WEBCHAT_PAGE 64           /* lines given at once; a page fits into a socket's queue */
#define WEBCHAT_HELLO_MS 10000    /* from the upgrade to the hello frame */
#define WEBCHAT_POLL_MS 25000     /* how long a poll waits */
#define WEBCHAT_RATE_WINDOW 10000 /* of rate_messages and of the frame limit */
#define WEBCHAT_FRAMES 100        /* frames of any kind per client and window, or twice rate_messages */
#define WEBCHAT_REQUESTS 60       /* polls, sends and questions for history per visitor and window */
#define WEBCHAT_MAX_ERRORS 8      /* senseless frames before a socket is closed */
#define WEBCHAT_SESSION_WINDOW (10 * 60 * 1000)
#define WEBCHAT_KEEP_MS 60000 /* an absent visitor's limits are remembered so long */

/* Close codes of a WebSocket. */
enum
{
  WEBCHAT_CLOSE_AWAY = 1001,
  WEBCHAT_CLOSE_BINARY = 1003,
  WEBCHAT_CLOSE_TRY_LATER = 1013,
  WEBCHAT_CLOSE_PROTOCOL = 4400,
  WEBCHAT_CLOSE_TOKEN = 4401,
  WEBCHAT_CLOSE_TIMEOUT = 4408,
  WEBCHAT_CLOSE_TOO_FAST = 4429
};

typedef struct
{
  UsherInstance *instance;
  const UsherHost *host;
  gint refs;            /* self and every answer that is still to come */
  gboolean ready;       /* between start and stop */
  gboolean gone;        /* destroyed; only late answers hold it */
  guint owed;           /* answers the core owes us */
  UsherReply *starting; /* waits for the key */
  UsherReply *stopping; /* waits for `owed` to become 0 */

  UsherChannelCapabilities capabilities;
  WebchatOrigins origins;
  WebchatAssets assets;
  char *page, *page_tag, *ancestors; /* made at start */
  guint8 key[WEBCHAT_KEY_LEN];
  const char *title, *welcome;
  gint64 max_text, rate_messages, sessions_per_address, session_ttl;
  gboolean name_required;

  GQueue clients;        /* of WebchatClient*, all of them */
  GHashTable *visitors;  /* id -> WebchatVisitor* */
  GHashTable *addresses; /* key -> WebchatAddress* */
  uint64_t sweep;        /* timer, 0 = not set */
  gint64 warned_at;      /* of the last refused origin */
} Webchat;

typedef struct
{
  Webchat *wc;
  WebchatVisitorId id;
  GPtrArray *clients; /* of WebchatClient* */
  guint in_flight;    /* deliveries without an answer */
  gint64 used_at;
  gint64 max_n;  /* highest line known to exist */
  char state[8]; /* "none", "waiting", "active", "ended"; "" = not known yet */
  char *agent;   /* while active */
  WebchatRate messages, requests;
  gboolean typing; /* as last told to the core */
  gint64 typing_at;
  gint64 got, read, got_told, read_told; /* receipts: confirmed by a client, told to the core */
  gboolean telling;
  uint64_t receipt_timer;
} WebchatVisitor;

typedef struct
{
  gint refs;
  Webchat *wc;
  GList link;              /* in wc->clients */
  gboolean open;           /* counted, and in wc->clients */
  UsherSocket *socket;     /* either this */
  UsherExchange *exchange; /* or this */
  char *allow_origin;      /* poll: for the header of that name; NULL = none */
  WebchatVisitor *visitor; /* NULL before hello and after the end */
  char *address;           /* key in wc->addresses */
  uint64_t timer;          /* until hello; until the poll is answered empty */
  gint64 sent_n;           /* everything up to here was given */
  gint64 check_n;          /* > 0: the cursor the client came with, to be verified */
  gint64 rewind_n;         /* >= 0: asked for while a fetch was under way */
  gint64 asked_n;          /* the visitor's max_n when the fetch began */
  WebchatRate frames;
  GString *out; /* poll: frames for the answer, separated by commas */
  guint8 errors;
  gboolean live;     /* got its welcome */
  gboolean news;     /* poll: there is something worth answering for */
  gboolean due;      /* poll: its time is over, and only history is waited for */
  gboolean fetching; /* history is under way */
  gboolean behind;   /* got a page and a `more`; lines wait until it asks */
} WebchatClient;

/* ---- webchat-plugin.c */
Webchat *webchat_ref (Webchat *wc);
void webchat_unref (Webchat *wc);
/* Brackets around an answer the core owes: `owe` before asking, `paid` in the answer. */
void webchat_owe (Webchat *wc);
void webchat_paid (Webchat *wc);
void webchat_log (Webchat *wc, UsherLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* ---- webchat-visitor.c */
WebchatVisitor *webchat_visitor_get (Webchat *wc, const char *id);
WebchatVisitor *webchat_visitor_find (Webchat *wc, const char *id);
void webchat_visitor_free (WebchatVisitor *visitor);
/* Tells all of the visitor's clients when it is news. */
void webchat_visitor_set_state (Webchat *wc, WebchatVisitor *visitor, const char *state, const char *agent);
/* A line was added: gives it to all clients. `text` is the frame. */
void webchat_visitor_push (Webchat *wc, WebchatVisitor *visitor, gint64 n, const char *text);
/* A line exists whose text is not at hand: lets all clients fetch it. */
void webchat_visitor_catch_up (Webchat *wc, WebchatVisitor *visitor, gint64 n);
/* A passing frame (typing, state) to all clients. */
void webchat_visitor_tell (Webchat *wc, WebchatVisitor *visitor, const char *text);
/* Asks the core for state and agent. */
void webchat_visitor_refresh (Webchat *wc, WebchatVisitor *visitor);
void webchat_visitor_confirm (Webchat *wc, WebchatVisitor *visitor, gint64 got, gint64 read);
void webchat_visitor_typing (Webchat *wc, WebchatVisitor *visitor, gboolean on);
WebchatAddress *webchat_address_get (Webchat *wc, const char *key);

/* ---- webchat-client.c */
WebchatClient *webchat_client_new (Webchat *wc, const char *remote_address);
WebchatClient *webchat_client_ref (WebchatClient *client);
void webchat_client_unref (WebchatClient *client);
/* FALSE: the visitor has too many. */
gboolean webchat_client_attach (WebchatClient *client, WebchatVisitor *visitor);
/* Takes the client out of everything; the connection itself is the caller's business. */
void webchat_client_drop (WebchatClient *client);
/* Says goodbye and drops: the socket is closed with `code`, a poll is answered 503. */
void webchat_client_end (WebchatClient *client, int code, const char *why);
void webchat_client_send (WebchatClient *client, const char *text);
void webchat_client_push (WebchatClient *client, gint64 n, const char *text);
/* Brings the client up to date from `after`. check: find out first whether that cursor is ours. */
void webchat_client_fetch (WebchatClient *client, gint64 after, gboolean check);
/* Answers a waiting poll with what there is. */
void webchat_client_flush (WebchatClient *client);

/* ---- webchat-frame.c: frames as text, freed with g_free */
char *webchat_frame_line (Webchat *wc, const char *visitor, const UsherLine *line);
char *webchat_frame_ack (Webchat *wc, const char *id, gint64 n);
char *webchat_frame_refused (Webchat *wc, const char *id, const char *code, const char *message,
                             gint64 retry_after_ms);
char *webchat_frame_error (Webchat *wc, const char *code, const char *message, gint64 retry_after_ms);
char *webchat_frame_state (Webchat *wc, const char *state, const char *agent);
char *webchat_frame_welcome (Webchat *wc, const WebchatVisitor *visitor);
char *webchat_frame_typing (Webchat *wc, gboolean on, const char *name);
char *webchat_frame_number (Webchat *wc, const char *key, const char *member, gint64 value);
char *webchat_frame_session (Webchat *wc, const char *token, const char *visitor, gint64 expires_at);
UsherJson *webchat_limits (Webchat *wc);
/* Prints and frees the tree. */
char *webchat_print (Webchat *wc, UsherJson *root);

/* ---- webchat-intake.c: frames from clients */

/* Where the answers to a frame go: back to the client, or into the answer to one POST MOUNT/send. */
typedef struct
{
  gint refs;
  Webchat *wc;
  UsherExchange *exchange;
  char *allow_origin;
  GPtrArray *answers; /* of char*, one per frame, NULL = none */
  guint waiting;      /* deliveries without an answer, and one for whoever still adds frames */
} WebchatBatch;

typedef struct
{
  WebchatClient *client; /* one of these is set */
  WebchatBatch *batch;
  guint slot;
} WebchatSender;

WebchatBatch *webchat_batch_new (Webchat *wc, UsherExchange *exchange, const char *allow_origin, guint frames);
/* All frames are in: answers the exchange once nothing is owed any more. */
void webchat_batch_done (WebchatBatch *batch);
/* Takes the text. */
void webchat_intake_answer (const WebchatSender *sender, char *text);
/* Handles one frame of a known visitor, hello excepted. FALSE: it made no sense (and was answered). */
gboolean webchat_intake_frame (Webchat *wc, const WebchatSender *sender, WebchatVisitor *visitor,
                               const UsherJson *frame);
/* NULL or, when the name can't be taken, why. name NULL = none given. */
const char *webchat_name_problem (Webchat *wc, const char *name);

/* ---- webchat-socket.c: the WebSocket slots */
int webchat_ws_open (void *self, UsherSocket *socket, const UsherRequest *request);
void webchat_ws_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary);
void webchat_ws_closed (void *self, UsherSocket *socket, int code);

/* ---- webchat-http.c: the HTTP slot */
void webchat_http (void *self, UsherExchange *exchange, const UsherRequest *request);
const char *webchat_header (const UsherRequest *request, const char *name);
/* Whether the Origin of the request may talk to us; logs a refusal, once a minute. */
gboolean webchat_origin_ok (Webchat *wc, const UsherRequest *request);
/* Both answer the exchange; `origin` goes into Access-Control-Allow-Origin, NULL = no such header. */
void webchat_http_error (Webchat *wc, UsherExchange *exchange, const char *origin, int status, const char *code,
                         const char *message, gint64 retry_after_ms);
void webchat_http_json (Webchat *wc, UsherExchange *exchange, const char *origin, int status, const char *json);

/* ---- webchat-page.c: the page inside the widget's iframe */
char *webchat_page_make (Webchat *wc);
void webchat_page_serve (Webchat *wc, UsherExchange *exchange, const UsherRequest *request);

#endif
