/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the messenger plugin share: one instance, which is one Facebook page. Main thread.
 *
 * In:  a webhook body is a MessengerHook. Its events become items; their media are fetched and kept; then the
 * items are delivered and, when all are durable, the webhook is answered. Out: every person has a lane in which
 * one call at a time is under way, so that what we send arrives in order. All calls of the Graph API go through
 * messenger_call, which judges the answer and notes what it says about the account.
 */
#ifndef MESSENGER_H
#define MESSENGER_H

#include <usher/usher.h>

#include <glib.h>
#include <libsoup/soup.h>

#include "messenger-error.h"
#include "messenger-fetch.h"

#define MESSENGER_MAX_TEXT 2000                 /* code points of one message out */
#define MESSENGER_MAX_TEXT_IN (64 * 1024)       /* bytes the core takes */
#define MESSENGER_MAX_ID 512                    /* bytes of a person's id */
#define MESSENGER_MAX_EXTERNAL 1024             /* bytes of an event's id */
#define MESSENGER_MAX_ELEMENTS 2000             /* of one array in a webhook; Meta puts at most 1000 there */
#define MESSENGER_MAX_BODY (1024 * 1024)        /* of a webhook */
#define MESSENGER_MAX_MEDIA (25 * 1024 * 1024)  /* of one attachment */
#define MESSENGER_MAX_PICTURE (5 * 1024 * 1024) /* of a profile's picture */
#define MESSENGER_MAX_ATTACHMENTS 64            /* of one message */
#define MESSENGER_MAX_HOOKS 256                 /* webhooks under way */
#define MESSENGER_RATION 300                    /* calls of the page per second */
#define MESSENGER_DELIVER 256                   /* items of one delivery */
#define MESSENGER_MEDIA_MS 10000                /* for all media of a webhook */
#define MESSENGER_ANSWER_MS 14000               /* for a webhook's answer, whatever happens */
#define MESSENGER_SEND_MS 30000                 /* for one message */
#define MESSENGER_NOTE_MS 10000                 /* for a system line, which a message may wait for */
#define MESSENGER_ASK_MS 15000                  /* for anything else */
#define MESSENGER_STOP_MS 5000                  /* stop waits so long for messages that have left */
#define MESSENGER_DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)
#define MESSENGER_OUT_PREFIX "usher:out:"   /* metadata of an agent's message, before the core's message id */
#define MESSENGER_NOTE_PREFIX "usher:note:" /* of a system line */
#define MESSENGER_USER_REF "user_ref:"      /* before the id of somebody known by user_ref only */

typedef struct MessengerCall MessengerCall;
typedef struct MessengerActions MessengerActions;
typedef struct MessengerOut MessengerOut;
typedef struct MessengerIntake MessengerIntake;
typedef struct MessengerProfiles MessengerProfiles;
typedef struct MessengerMediaQueue MessengerMediaQueue;

/* What may be wrong with the account, the worst first. */
typedef enum
{
  MESSENGER_PROBLEM_TOKEN,
  MESSENGER_PROBLEM_PERMISSION,
  MESSENGER_PROBLEM_NOT_GRAPH,
  MESSENGER_PROBLEM_RESTRICTED, /* by the answer to a call */
  MESSENGER_PROBLEM_ENFORCED,   /* by a policy_enforcement event */
  MESSENGER_PROBLEM_SUBSCRIBE,
  MESSENGER_PROBLEM_UNREACHABLE,
  MESSENGER_PROBLEMS
} MessengerProblem;

typedef struct
{
  gint64 used[MESSENGER_RATION]; /* when the last calls went out, as a ring */
  guint next;
  gint64 held_until;          /* by a rate limit */
  gint64 paused_until, pause; /* by a restriction; the length of the last pause, 0 = none */
} MessengerPace;

typedef struct
{
  guint64 signature, object, page, changes, standby, unknown, senseless, refused, not_kept;
} MessengerCounts;

struct Messenger
{
  UsherInstance *instance;
  const UsherHost *host;
  gint refs;
  gboolean ready; /* between start and stop */
  gboolean gone;  /* destroyed; only exchanges that libsoup has not let go of hold it */
  guint owed;     /* of those */
  UsherReply *stopping;
  uint64_t stop_timer;
  GQueue expected; /* of MessengerExpected*: answers the host owes us */

  char *base; /* without a slash at the end */
  GUri *base_uri;
  const char *version, *page_id, *token, *app_secret, *verify_token;
  char *proof; /* appsecret_proof, NULL = not wanted */
  gboolean human_agent, subscribe;
  const char *const *announce, *const *media_hosts;
  UsherChannelCapabilities capabilities;

  SoupSession *session; /* for the Graph API */
  MessengerCounts counts;
  char *problems[MESSENGER_PROBLEMS]; /* sentences, NULL = none */
  int shown;                          /* the problem told last, -1 = none */
  uint64_t check_timer;
  gint64 check_wait;
  MessengerCall *checking, *subscribing;
  uint64_t subscribe_timer;
  gint64 subscribe_wait;

  MessengerPace pace;
  MessengerOut *out;
  MessengerActions *actions;
  MessengerIntake *intake;
  MessengerProfiles *profiles;
  MessengerMediaQueue *media;
};

/* ---- messenger-plugin.c */
Messenger *messenger_ref (Messenger *mg);
void messenger_unref (Messenger *mg);
/* Brackets around an exchange of libsoup's, which stop waits for. */
void messenger_owe (Messenger *mg);
void messenger_paid (Messenger *mg);
/* Something is over: stop may be, too. */
void messenger_stop_check (Messenger *mg);

/* An answer of the host that is still to come, as the `data` of the call. If the instance is destroyed first,
 * drop (data) is called instead. */
typedef struct
{
  Messenger *mg;
  GList link;
  gpointer data;
  GDestroyNotify drop;
} MessengerExpected;
MessengerExpected *messenger_expect (Messenger *mg, gpointer data, GDestroyNotify drop);
/* It came: what was expected with it is the caller's again. */
gpointer messenger_arrived (MessengerExpected *expected);

/* ---- messenger-util.c */
void messenger_log (Messenger *mg, UsherLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Counts, and logs the 1st, 2nd, 4th, 8th, ... time with the total. */
void messenger_count (Messenger *mg, UsherLogLevel level, guint64 *count, const char *what);
void messenger_complete (Messenger *mg, UsherReply *reply, UsherStatus status, const char *message,
                         gint64 retry_after_ms, const char *external_id);
void messenger_timer_drop (Messenger *mg, uint64_t *timer);
/* A JSON string that is not empty, else NULL. */
const char *messenger_text (Messenger *mg, const UsherJson *object, const char *key);
/* An id, given as string or number; NULL = none. Freed with g_free. */
char *messenger_id (Messenger *mg, const UsherJson *object, const char *key);
/* A whole number, given as number or string. */
gint64 messenger_number (Messenger *mg, const UsherJson *object, const char *key);
/* A time in ms, given in s or ms, as number or string; 0 = none. */
gint64 messenger_time (Messenger *mg, const UsherJson *object, const char *key);
/* Text from outside for people: without control characters and secrets, at most `max` characters. Freed with
 * g_free. */
char *messenger_clean (Messenger *mg, const char *text, glong max);

/* ---- messenger-graph.c: calls of the Graph API */

/* Borrowed until the function returns. */
typedef struct
{
  MessengerVerdict verdict; /* status USHER_OK, or why not */
  guint http;
  gint64 code, subcode;
  gint64 wait_ms;        /* by the rate headers; 0 = they say nothing */
  const UsherJson *body; /* USHER_OK: the answer */
  const char *why;       /* a sentence; NULL when USHER_OK */
} MessengerOutcome;

typedef void (*MessengerCalled) (gpointer data, const MessengerOutcome *outcome);

/* Takes `body` (NULL = none). path begins with "/"; query is encoded, NULL = none; `what` is for the log, static.
 * `done` is called exactly once, never before this returned, unless the call is cancelled. */
MessengerCall *messenger_call (Messenger *mg, const char *what, const char *method, const char *path,
                               const char *query, UsherJson *body, gint64 limit_ms, MessengerCalled done,
                               gpointer data);
void messenger_call_cancel (MessengerCall *call);
/* Whether the other side may have got it. */
gboolean messenger_call_left (const MessengerCall *call);

/* ---- messenger-state.c: what administrators see */
void messenger_problem_set (Messenger *mg, MessengerProblem problem, const char *format, ...) G_GNUC_PRINTF (3, 4);
void messenger_problem_clear (Messenger *mg, MessengerProblem problem);
/* What any answer says about the account. */
void messenger_state_note (Messenger *mg, const MessengerOutcome *outcome);
/* Checks the token, and subscribes if wanted. */
void messenger_state_start (Messenger *mg);
void messenger_state_stop (Messenger *mg);

/* ---- messenger-out.c: messages to customers */
MessengerOut *messenger_out_new (void);
void messenger_out_free (MessengerOut *out);
void messenger_send (void *self, const UsherLine *line, UsherReply *reply);
void messenger_notice (void *self, const UsherLine *line);
/* Nothing more is sent; what has left may still be answered. */
void messenger_out_stop (Messenger *mg);
/* Answers what is still open. */
void messenger_out_abort (Messenger *mg);
/* Takes a call from this second's ration; FALSE = none is left, or sending is held. */
gboolean messenger_out_spare (Messenger *mg);
/* {"recipient":{...}} */
UsherJson *messenger_recipient (Messenger *mg, const char *user_id);
char *messenger_page_path (Messenger *mg, const char *edge);

/* ---- messenger-pace.c: what holds all sending back */
/* The account may send nothing for so long. */
void messenger_pace_hold (Messenger *mg, gint64 ms);
/* The page is restricted: half an hour's pause, twice as long each time it still is. */
void messenger_pace_pause (Messenger *mg, const MessengerOutcome *outcome);
/* A message went out: whatever was wrong with sending is over. */
void messenger_pace_resume (Messenger *mg);
/* How long nothing may be sent; *status and *why are for what waits for that. */
gint64 messenger_pace_held (Messenger *mg, UsherStatus *status, const char **why);
/* How long until the ration has a call left. */
gint64 messenger_pace_wait (Messenger *mg);
void messenger_pace_take (Messenger *mg);

/* ---- messenger-action.c: typing and seen */
MessengerActions *messenger_actions_new (void);
void messenger_actions_free (MessengerActions *actions);
void messenger_actions_stop (Messenger *mg);
void messenger_typing (void *self, const char *user_id, bool on);
void messenger_seen (void *self, const UsherLine *line);
/* A message went out, which ends the typing dots. */
void messenger_typed (Messenger *mg, const char *user_id);

/* ---- messenger-webhook.c: the HTTP slot */
void messenger_http (void *self, UsherExchange *exchange, const UsherRequest *request);

/* ---- messenger-intake.c: webhooks under way */
typedef struct MessengerHook MessengerHook;

typedef struct
{
  MessengerHook *hook;
  UsherInbound in;        /* strings belong to the hook */
  GPtrArray *attachments; /* of UsherAttachment*; NULL = none */
  guint order;            /* as it stood in the body */
} MessengerItem;

struct MessengerHook
{
  Messenger *mg;
  gint refs;
  GList link;
  char *signature;      /* of the body */
  GPtrArray *exchanges; /* of UsherExchange*: that wait for the answer */
  GStringChunk *strings;
  GPtrArray *items;   /* of MessengerItem* */
  gint64 at;          /* of the first of them */
  guint64 number;     /* in the order of arrival */
  GHashTable *people; /* whose items they are */
  GPtrArray *media;   /* of MessengerMedia*, all that are to be fetched */
  guint media_open;   /* of those, not yet kept or given up */
  uint64_t media_timer, answer_timer;
  gboolean due;       /* it has waited long enough */
  gboolean delivered; /* handed to the core */
  guint waiting;      /* deliveries without an answer */
  gboolean again;     /* something was not stored and may be later */
};

MessengerIntake *messenger_intake_new (void);
void messenger_intake_free (MessengerIntake *intake);
/* Whether the same body is under way already: then the exchange is answered with it. */
gboolean messenger_intake_join (Messenger *mg, UsherExchange *exchange, const char *signature);
/* Takes a webhook body that is genuine. */
void messenger_intake_take (Messenger *mg, UsherExchange *exchange, const char *signature, const UsherJson *root);
void messenger_intake_stop (Messenger *mg);
gboolean messenger_intake_idle (Messenger *mg);
/* Answers webhooks that the core has not answered in time. */
void messenger_intake_abort (Messenger *mg);
void messenger_intake_destroy (Messenger *mg);
MessengerItem *messenger_hook_add (MessengerHook *hook, UsherInboundKind kind, const char *user_id, gint64 at);
const char *messenger_hook_keep (MessengerHook *hook, const char *text); /* NULL is fine */
void messenger_hook_unref (MessengerHook *hook);
/* Whether an event of this id was stored lately. */
gboolean messenger_hook_known (MessengerHook *hook, const char *external_id);
/* Called by media: one of the hook's is done. */
void messenger_hook_media_done (MessengerHook *hook);
void messenger_respond (Messenger *mg, UsherExchange *exchange, int status, const char *text);

/* ---- messenger-event.c: from JSON to items */
void messenger_events (MessengerHook *hook, const UsherJson *root);

/* ---- messenger-attach.c: attachments of a message */
void messenger_attach (MessengerItem *item, const UsherJson *attachments);

/* ---- messenger-media.c: fetching what the network holds for us */
typedef struct MessengerMedia MessengerMedia;
typedef struct MessengerDownload MessengerDownload;

/* bytes NULL: `why` says why not. Borrowed until it returns. */
typedef void (*MessengerDownloaded) (gpointer data, const void *bytes, gsize len, const char *mime,
                                     const char *name, const char *why);
MessengerMediaQueue *messenger_media_new (void);
void messenger_media_free (MessengerMediaQueue *queue);
/* `done` is called exactly once, never before this returned, unless it is cancelled. */
MessengerDownload *messenger_download (Messenger *mg, const char *url, gsize max, MessengerDownloaded done,
                                       gpointer data);
void messenger_download_cancel (MessengerDownload *download);

/* ---- messenger-keep.c: the media of one webhook */
void messenger_keep_unref (gpointer media);
/* An attachment of the hook that is to be fetched and kept. */
void messenger_media_add (MessengerHook *hook, UsherAttachment *attachment, const char *url);
void messenger_media_start (MessengerHook *hook);
/* Gives up what is not there yet. */
void messenger_media_end (MessengerHook *hook, const char *why);

/* ---- messenger-profile.c: names and pictures */
MessengerProfiles *messenger_profiles_new (void);
void messenger_profiles_free (MessengerProfiles *profiles);
/* The person wrote, and that is stored: looks them up unless that was done lately. */
void messenger_profile_want (Messenger *mg, const char *user_id);
void messenger_profiles_stop (Messenger *mg);

#endif
