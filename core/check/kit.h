/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the conformance kit share. Private to core/check. One thread, but for kit_fault and what the
 * plugin's threads call.
 */
#pragma once

/* The times of an instance are shortened here as in the tests. */
#include "core/plugin/instance-private.h"

#include "core/check/check.h"

/* Between parent and child; survives the child. */
typedef struct
{
  gint64 beat;   /* monotonic µs: the loop turned, or a slot was entered */
  char slot[64]; /* the slot that runs; "" = none */
} KitShared;

/* What the answers of the core are like; changed by the checks. */
typedef enum
{
  KIT_DELIVER_OK,
  KIT_DELIVER_LATE, /* OK, after 50 ms */
  KIT_DELIVER_BUSY,
  KIT_DELIVER_RETRY,
  KIT_DELIVER_REFUSE, /* for good */
  KIT_DELIVER_NEVER,
  KIT_DELIVER_MODES
} KitDeliver;

typedef struct
{
  char *path;
  int flags;
  gsize max_body;
} KitRoute;

typedef struct
{
  UcLoop *loop;
  UcKind kind;
  const UcPlugin *real;
  UcPlugin plugin; /* its slots go through those of slots.c */
  UsherHost own;   /* the host's functions, behind those of services.c */
  const UsherHost *host;
  KitShared *shared;
  char *work; /* folder of this check */
  const char *settings_file;
  gint64 patience;    /* ms */
  gboolean life_only; /* start and stop are left out */
  gboolean made_up;   /* no settings were given */

  KitDeliver deliver;
  guint delivered, lines_logged, answers;
  gboolean slow_peer, no_desks;
  GPtrArray *routes;  /* of KitRoute* */
  GPtrArray *samples; /* of char*: "METHOD PATH BODY" of [check] */
  GPtrArray *sample_headers;
} Kit;
extern Kit kit;

/* ---- verdicts ------------------------------------------------------------------------------------------ */

/* Any thread. What is wrong and what to do. The same words are kept once. */
void kit_fault (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* This check can't say anything; the reason. */
void kit_leave_out (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* ---- slots.c: the plugin's slots, watched -------------------------------------------------------------- */
void kit_watch_slots (gboolean life_only);
void kit_beat (void);

/* ---- services.c: the core's side ----------------------------------------------------------------------- */
void kit_services_init (void);
void kit_kv_clear (void);

/* Of a struct that the plugin made: a plugin of our own ABI has our sizes. */
void kit_check_size (gsize given, gsize ours, const char *what);

/* One request to the plugin. */
typedef struct
{
  gboolean answered;
  int status;
} KitAnswer;
struct UsherExchange
{
  char *what; /* for messages */
  KitAnswer *answer;
  gboolean answered;
};
/* Not awaited: see kit_wait. `headers` as in UsherRequest, NULL = usual ones. */
UsherExchange *kit_request (UsherInstance *instance, const char *method, const char *path, const char *body,
                            gsize body_len, const char *const *headers, KitAnswer *answer);
struct UsherSocket
{
  UsherInstance *instance;
  void *data;
  gboolean open, closing, overrun;
  int code;
};
/* NULL when the plugin refused; it has told of what is wrong. */
UsherSocket *kit_ws_open (UsherInstance *instance, const char *path, const char *const *headers);
/* The peer goes. */
void kit_ws_gone (UsherSocket *socket, int code);

/* ---- child.c: instances -------------------------------------------------------------------------------- */
UsherInstance *kit_instance_new (const char *name);
/* With another value for one setting, which may be nonsense; NULL when the core itself refuses it. */
UsherInstance *kit_instance_new_with (const char *name, const char *key, const char *value);
/* new and start; NULL after kit_leave_out or kit_fault when it does not run. */
UsherInstance *kit_start (const char *name);
/* FALSE after kit_fault when the plugin had to be cut off. Frees it. */
gboolean kit_stop (UsherInstance *instance);
/* Turns the loop until *done or the time is over. */
gboolean kit_wait (const gboolean *done, gint64 ms);
/* Turns it for so long. */
void kit_pass (gint64 ms);

/* ---- asking a slot ------------------------------------------------------------------------------------- */
typedef struct
{
  gboolean done;
  guint count;
  UsherStatus status;
  gboolean cut_off;
  char *message, *external_id, *next, *data;
  guint customers, cases;
  gint64 version;
  char *id, *number, *name, *transcript, *state;
  gboolean draft;
  GPtrArray *ids; /* of all customers or cases */
} KitReply;
UsherReply *kit_reply (UsherInstance *instance, const char *slot, KitReply *reply, gint64 timeout);
/* FALSE after kit_fault when there was no answer in time. */
gboolean kit_await (KitReply *reply, const char *slot);
void kit_reply_clear (KitReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KitReply, kit_reply_clear)

/* ---- the checks ---------------------------------------------------------------------------------------- */
typedef struct
{
  const char *name;
  const char *doc;
  int kinds; /* bits 1 << UcKind */
  void (*run) (void);
} KitCheck;
#define KIT_ANY (1 << UC_KIND_CHANNEL | 1 << UC_KIND_CRM | 1 << UC_KIND_FRONTEND)
/* Ends with a NULL name. */
extern const KitCheck kit_checks[];

void kit_check_sizes (void);
void kit_check_bad_settings (void);
void kit_check_create_destroy (void);
void kit_check_start_stop (void);
void kit_check_two_instances (void);
void kit_check_leaks (void);
void kit_check_quiet (void);
void kit_check_capabilities (void);
void kit_check_send (void);
void kit_check_odd_sends (void);
void kit_check_late_answers (void);
void kit_check_stop_at_work (void);
void kit_check_cut_off (void);
void kit_check_notices (void);
void kit_check_customers (void);
void kit_check_cases (void);
void kit_check_odd_questions (void);
void kit_check_http (void);
void kit_check_samples (void);
void kit_check_websocket (void);

/* Texts that people and networks send. Ends with NULL. */
extern const char *const kit_odd_texts[];
/* Twenty sends, or questions to a CRM, not awaited. Freed with kit_work_free when the instance is gone. */
GPtrArray *kit_work_begin (UsherInstance *instance, guint count, gint64 timeout);
