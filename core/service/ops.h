/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operation table: everything a person or a client may ask for is one row, with who may, which arguments, what
 * it does and one line of documentation. HTTP, desk frames and the control socket use the same rows; permission
 * and arguments are checked here and nowhere else. Main thread.
 */
#pragma once

#include "core/service/auth.h"
#include "core/service/core.h"

typedef struct UcOpCall UcOpCall;

typedef enum
{
  UC_ARG_STRING, /* 1..max characters; max 0 = 200 */
  UC_ARG_TEXT,   /* 0..max characters; max 0 = 65536; may be empty */
  UC_ARG_INT,    /* min..max */
  UC_ARG_BOOL,
  UC_ARG_WORDS, /* array of short strings */
  UC_ARG_TEXTS, /* array of at most 200 texts of 400 bytes, which may hold commas */
  UC_ARG_OBJECT /* any JSON object */
} UcArgType;

typedef struct
{
  const char *name;
  UcArgType type;
  gboolean required;
  gint64 min, max;
  const char *doc;
} UcOpArg;

typedef enum
{
  UC_OP_READ = 0,
  UC_OP_CHANGE = 1 << 0,  /* takes an idempotency key */
  UC_OP_NO_DESK = 1 << 1, /* not as a desk frame */
  UC_OP_NO_USER
  = 1 << 2 /* works on the control socket too, where there is no user; else the caller's user is needed */
} UcOpFlags;

typedef struct
{
  const char *name;
  const char *permission; /* for uc_auth_may */
  int flags;
  const UcOpArg *args; /* ends with a NULL name; NULL = none */
  void (*run) (UcOpCall *call);
  const char *doc;
} UcOp;

/* result: JSON text of the answer, NULL with an error. details: JSON object beside the error, or NULL. */
typedef void (*UcOpDone) (gpointer data, const char *result, const GError *error, const char *details);

struct UcOpCall
{
  UcCore *core;
  const UcOp *op;
  UcPrincipal who;
  const UcJson *args; /* an object, checked */
  UcJson *owned_args;
  char *cmd;     /* idempotency key or NULL */
  char *address; /* where the caller is, for the log-in brake */
  UcOpDone done;
  gpointer done_data;
  gpointer data; /* the handler's own */
  GDestroyNotify data_free;
};

UcOps *uc_ops_new (UcCore *core);
void uc_ops_free (UcOps *ops);

/* Runs an operation. args may be NULL (= {}); taken. done runs exactly once; it may run before this returns. */
void uc_ops_run (UcOps *ops, const char *name, UcJson *args, const UcPrincipal *who, const char *cmd,
                 const char *address, gboolean desk, UcOpDone done, gpointer data);
/* The member "error" of an answer, whatever carries it. details: JSON of what only this error says, or NULL. */
void uc_op_add_error (GString *out, const GError *error, const char *details);
/* Adds its queues to `queues` (of UcQueueFigures). */
void uc_ops_queues (UcCore *core, GArray *queues);
/* {"operations":[...]} with argument schemas. */
char *uc_ops_describe (void);

/* ---- for handlers -------------------------------------------------------------------------------------- */

/* Each call ends with exactly one of these; both free it. */
void uc_op_reply (UcOpCall *call, const char *result);
/* For what was done outside the engine (by the CRM): the answer is kept for a repetition of the command first. */
void uc_op_reply_kept (UcOpCall *call, const char *result);
void uc_op_fail (UcOpCall *call, const GError *error);
void uc_op_fail_with (UcOpCall *call, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Nothing could be read; why is the store's, or NULL. */
void uc_op_fail_store (UcOpCall *call, const char *why);
void uc_op_fail_details (UcOpCall *call, const GError *error, const char *details);

/* Writes one row of a list as a JSON value. */
typedef void (*UcOpAddRow) (GString *out, UcOpCall *call, const UcEvent *row);

/* From a store callback: answers {key: [...], "more": ...}, or that the store does not answer. */
void uc_op_reply_rows (UcOpCall *call, const char *key, UcStoreResult result, GPtrArray *rows, gboolean more,
                       const char *why, UcOpAddRow add);
/* The same with the object still open, for what else belongs into it; NULL = the call has ended. */
GString *uc_op_open_rows (UcOpCall *call, const char *key, UcStoreResult result, GPtrArray *rows, const char *why,
                          UcOpAddRow add);
/* A callback for uc_store_interactions; data is the call. */
void uc_op_reply_interactions (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more,
                               const char *why);

/* One engine step; answers `{}`, or what `answer` makes of the step's events, when it is durable. */
void uc_op_submit (UcOpCall *call, UcCommand *command, char *(*answer) (GPtrArray *events));

/* The same with a second step in the same transaction, which may be refused without harm; also may be NULL. */
void uc_op_submit_with (UcOpCall *call, UcCommand *command, UcCommand *also, char *(*answer) (GPtrArray *events));

const char *uc_op_string (UcOpCall *call, const char *arg); /* NULL = absent */
gint64 uc_op_int (UcOpCall *call, const char *arg, gint64 fallback);
gboolean uc_op_bool (UcOpCall *call, const char *arg, gboolean fallback);
gboolean uc_op_has (UcOpCall *call, const char *arg);

/* Tables of the ops-*.c files; each ends with a NULL name. */
extern const UcOp uc_ops_session[];
extern const UcOp uc_ops_agent[];
extern const UcOp uc_ops_interaction[];
extern const UcOp uc_ops_message[];
extern const UcOp uc_ops_outbox[];
extern const UcOp uc_ops_why[];
extern const UcOp uc_ops_codes[];
extern const UcOp uc_ops_faq[];
extern const UcOp uc_ops_playback[];
extern const UcOp uc_ops_crm[];
extern const UcOp uc_ops_customer[];
extern const UcOp uc_ops_timeline[];
extern const UcOp uc_ops_admin[];
extern const UcOp uc_ops_plugin[];
extern const UcOp uc_ops_store[];
extern const UcOp uc_ops_system[];
/* All of them; ends with NULL. */
extern const UcOp *const uc_op_tables[];

/* Whether the caller supervises this queue: one whose scope is "queues" only those he is a member of. */
gboolean uc_op_supervises (UcOpCall *call, const char *queue);
/* Whether the caller may see what this agent did in this queue: his own, or what he supervises. */
gboolean uc_op_may_see (UcOpCall *call, const char *agent, const char *queue);
/* The queues a supervisor of limited scope sees, separated by commas; NULL = all. */
char *uc_op_scope (UcOpCall *call);
/* FALSE = there is no such state of an interaction, the call has ended. NULL is fine. */
gboolean uc_op_check_state (UcOpCall *call, const char *state);
/* The CRM refused: its reason, and the customers it names. */
void uc_op_fail_crm (UcOpCall *call, const UsherResult *result);
/* Name of who asks, for the CRM's history. */
char *uc_op_author (UcOpCall *call);
/* Words of a JSON array separated by commas; NULL for no array. */
char *uc_op_words (UcOpCall *call, const char *arg);
