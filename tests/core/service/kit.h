/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of the service layer share: a whole core in this process, on a real store in a temporary folder,
 * with the rig as its channel "net", CRM "main" and front end "desk". Main thread.
 */
#pragma once

#include "core/service/auth.h"
#include "core/service/core.h"
#include "core/service/ops.h"
#include "rig.h"

typedef struct
{
  char *dir;
  UcLoader *loader;
  UcCore *core;
  Rig *rig;
  /* What the rig saw, as long as its default slots are used. */
  GPtrArray *sent;                     /* of UcEvent-like copies: char* "n text" */
  GPtrArray *notices;                  /* of char*: code */
  GPtrArray *customers;                /* of char*: "id name identity draft" made by save_customer */
  GPtrArray *cases;                    /* of char*: last save_case as "state customer lines" */
  UsherStatus send_status, crm_status; /* how the default slots answer */
  gboolean crm_holds;                  /* they keep the replies and don't answer */
  GPtrArray *held;                     /* of UsherReply* */
  guint saves;
  gboolean tampered; /* the test changed the engine behind its back: the journal does not tell */
} Kit;

extern Kit kit;

/* Lines of [crm:main]; the rig unless a test wants the real local CRM. Before kit_start. */
extern const char *kit_crm;
/* More lines of [channel:net], or NULL. */
extern const char *kit_channel;
/* usher: more lines for [usher], or NULL. */
void kit_start (const char *usher);
/* The same; prepare changes the rig before its instances are made, also at restarts. */
void kit_start_with (const char *usher, void (*prepare) (Rig *rig));
/* Clean stop; keeps the folder. */
void kit_stop (void);
/* The same without the stop: the core is freed in the middle of its work. */
void kit_drop (void);
/* Stop, and remove everything. */
void kit_end (void);
/* After kit_stop: starts on the same folder, so much later. */
void kit_start_again_after (gint64 ms);
void kit_remove_tree (const char *path);
/* Stops and starts on the same folder. */
void kit_restart (void);

/* Queue "q" (wrap-up 60 s), agents anna (may reject) and ben, supervisor sue. */
void kit_seed (void);

/* Runs the main context until cond. */
#define kit_until(cond)                                                                                           \
  G_STMT_START                                                                                                    \
  {                                                                                                               \
    gint64 end_ = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;                                              \
    while (!(cond))                                                                                               \
      {                                                                                                           \
        if (g_get_monotonic_time () > end_)                                                                       \
          g_error ("%s:%d: not within 20 s: %s", __FILE__, __LINE__, #cond);                                      \
        g_main_context_iteration (NULL, FALSE);                                                                   \
        g_usleep (100);                                                                                           \
      }                                                                                                           \
  }                                                                                                               \
  G_STMT_END
/* Everything that is under way in the store is done. */
void kit_settle (void);
/* Moves the core's clock on; what became due meanwhile has run. It moves in up to a hundred steps. */
void kit_pass (gint64 ms);

/* An operation as the local administrator (login NULL) or as a user; result text (g_free) or NULL and kit_error.
 */
char *kit_op (const char *login, const char *name, const char *args);
char *kit_op_cmd (const char *login, const char *name, const char *args, const char *cmd);
extern char *kit_error; /* "code: message" of the last failure */
extern char *kit_details;
/* Must succeed. */
UcJson *kit_do (const char *login, const char *name, const char *args, ...) G_GNUC_PRINTF (3, 4);

/* One message through the host; waits for the answer. */
typedef struct
{
  UsherStatus status;
  gint64 number;
  char message[200];
  gboolean done;
} Delivered;
/* Any items; the second waits and expects USHER_OK. */
void kit_deliver_items (Delivered *out, const UsherInbound *const *items, gsize count);
void kit_deliver (const UsherInbound *item);
void kit_deliver_start (Delivered *out, const char *user, const char *id, const char *text);
gint64 kit_say (const char *user, const char *id, const char *text);
void kit_leave (const char *user, const char *id);

/* Queue "q" has anna for it: `user` writes and she accepts. The interaction's id. */
char *kit_chat (const char *user);
/* anna writes; must succeed. */
void kit_write (const char *interaction, const char *text);
/* State (and error) of the newest line with this text in the interaction of `user`; NULL = no such line. */
char *kit_state (const char *user, const char *text, char **error);
/* Waits for it. */
void kit_wait_state (const char *user, const char *text, const char *state);

/* The interaction of `user` that is not closed. */
const UcInteraction *kit_interaction (const char *user);
const UcAgent *kit_agent (const char *login);

/* A session of anna that a check has seen, as HTTP would: its principal. */
void kit_log_in (UcPrincipal *who);

/* A member that is a string, or NULL. */
const char *kit_text (const UcJson *object, const char *key);

/* A desk; frames are parsed as they come. */
typedef struct
{
  UsherDesk *desk;
  GPtrArray *frames; /* of UcJson* */
  char *bye;         /* reason of the end */
} Desk;
Desk *kit_desk_new (void);
void kit_desk_free (Desk *desk);
void kit_desk_say (Desk *desk, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Waits for a frame of this type, takes it and all before it. */
UcJson *kit_desk_wait (Desk *desk, const char *type);
/* Says a call and waits for its result. */
UcJson *kit_desk_call (Desk *desk, const char *id, const char *name, const char *args);
/* hello with a session token of `login`; since < 0 = none. Returns welcome. */
UcJson *kit_desk_hello (Desk *desk, const char *login, gint64 since);
