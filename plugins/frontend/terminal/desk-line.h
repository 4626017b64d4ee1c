/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line to the core: log-in, hello, heartbeats, resume, and calls that survive a break. It believes only what
 * it hears: live while frames arrive, dead after two missed heartbeats, tried again without end. Pure: bytes and
 * times go in; what is to be done with a socket goes out through DeskLineOps.
 */
#pragma once

#include "desk-json.h"

typedef enum
{
  DESK_LINE_IDLE, /* nobody is logged in, and nobody is about to be */
  DESK_LINE_CONNECTING,
  DESK_LINE_LOGIN, /* password or token is being checked */
  DESK_LINE_LIVE,
  DESK_LINE_WAITING /* for the next try */
} DeskLinePhase;

typedef struct
{
  /* Begin to connect; answer with desk_line_opened or desk_line_closed. */
  void (*open) (gpointer data);
  void (*send) (gpointer data, const char *text, gsize len);
  void (*close) (gpointer data);
  /* The last event seen; -1 = there is nothing to resume from. */
  gint64 (*since) (gpointer data);
  /* Every frame but results and bye. */
  void (*frame) (gpointer data, const cJSON *frame);
  /* The phase has changed. */
  void (*changed) (gpointer data);
  /* IDLE again: who was logged in is not any more. code: as in bye, or that of the refused log-in. */
  void (*ended) (gpointer data, const char *code, const char *message);
  gdouble (*random) (gpointer data); /* 0 to 1 */
} DeskLineOps;

/* error: NULL = it went well. code: that of the error. Not called when the line is freed. */
typedef void (*DeskAnswered) (gpointer data, const cJSON *result, const char *code, const char *error,
                              const cJSON *details);

typedef struct DeskLine DeskLine;

DeskLine *desk_line_new (const DeskLineOps *ops, gpointer data);
void desk_line_free (DeskLine *line);

DeskLinePhase desk_line_phase (const DeskLine *line);
/* WAITING: when the next try is; `attempt` how many have failed. */
gint64 desk_line_retry_at (const DeskLine *line, guint *attempt);
/* Why the last try failed; NULL = not known. */
const char *desk_line_why (const DeskLine *line);

void desk_line_login (DeskLine *line, const char *login, const char *password, gint64 now);
/* Leaves without logging out, or gives up a log-in. */
void desk_line_stop (DeskLine *line);
/* Try at once. */
void desk_line_now (DeskLine *line, gint64 now);

/* Takes args. cmd: the idempotency key, NULL = a new one. Calls are kept over breaks and sent again with their
 * key. */
void desk_line_call (DeskLine *line, const char *operation, cJSON *args, const char *cmd, DeskAnswered done,
                     gpointer data, GDestroyNotify data_free);
/* Not kept. */
void desk_line_typing (DeskLine *line, const char *interaction, gboolean on);
gboolean desk_line_seen (DeskLine *line, const char *interaction, gint64 n);
/* How many calls are unanswered. */
guint desk_line_open_calls (const DeskLine *line);

/* ---- from the socket and the clock ------------------------------------------------------------------------ */

void desk_line_opened (DeskLine *line, gint64 now);
void desk_line_closed (DeskLine *line, const char *why, gint64 now);
/* One frame. */
void desk_line_input (DeskLine *line, const char *text, gsize len, gint64 now);
/* At least once a second. */
void desk_line_tick (DeskLine *line, gint64 now);
/* 32 characters. */
char *desk_line_unique (void);
