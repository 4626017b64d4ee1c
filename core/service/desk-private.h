/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by desk.c (life, frames to clients), desk-door.c (those that have not said hello), desk-input.c (frames
 * from clients) and desk-sync.c (hello, snapshot, resume). Main thread.
 */
#pragma once

#include "core/service/auth.h"
#include "core/service/desk.h"
#include "core/service/feed.h"
#include "core/service/seen.h"

#define UC_DESK_HEARTBEAT_MS 10000
#define UC_DESK_MAX 20000
#define UC_DESK_MAX_CALLS 64

typedef enum
{
  UC_DESK_OPEN,     /* hello is awaited */
  UC_DESK_CHECKING, /* hello is being checked */
  UC_DESK_SYNCING,  /* the snapshot is being made; events wait in the feed */
  UC_DESK_LIVE,
  UC_DESK_GONE
} UcDeskPhase;

struct UsherDesk
{
  guint refs;
  UcDesks *desks;
  UsherInstance *instance;
  void *data;
  char *remote;
  UcDeskPhase phase;
  UcPrincipal who;
  gboolean supervises;
  guint calls; /* unanswered */
  gint64 opened_at;
  gboolean at_door; /* it is counted there */
  guint64 hello_timer;
  guint failed_logins; /* before hello */
  gint64 since;        /* of the hello; -1 = none */
  gint64 heard_at;     /* when the last frame came */
  gboolean beats;      /* it promised to answer heartbeats */
  guint64 sync;        /* generation: an older snapshot under way is dropped */
};

struct UcDesks
{
  UcCore *core;
  GPtrArray *all;                 /* of UsherDesk* */
  GPtrArray *supervisors;         /* of UsherDesk*: those that see everything */
  GHashTable *by_user;            /* user -> GPtrArray of UsherDesk*, those that said hello */
  GHashTable *door_frontends;     /* name -> how many that have not said hello */
  GHashTable *door_addresses;     /* the same of each address */
  gint64 door_told;               /* when the log was told that there is no room */
  guint64 refused, calls_refused; /* because there were too many */
  guint64 beat_timer, queues_timer, instances_timer, alarms_timer;
  UcSeen *seen;
};

UsherDesk *uc_desk_ref (UsherDesk *desk);
void uc_desk_unref (UsherDesk *desk);
void uc_desk_send (UsherDesk *desk, const char *frame, gsize len);
/* Takes the string. */
void uc_desk_send_string (UsherDesk *desk, GString *frame);
/* {"type":"..." */
GString *uc_desk_frame (const char *type);
void uc_desk_end (UsherDesk *desk, const char *code, const char *message);

/* desk-door.c: before hello. FALSE: too many of this front end or address are there already. */
gboolean uc_desk_door_has_room (UcDesks *desks, UsherInstance *instance, const char *address);
void uc_desk_door_enter (UsherDesk *desk);
/* Hello has come, or the desk goes. */
void uc_desk_door_leave (UsherDesk *desk);
/* Hello has to come within 10 s from now. */
void uc_desk_door_wait (UsherDesk *desk);
/* FALSE: it is too late for a log-in, and the desk has ended. */
gboolean uc_desk_door_may_log_in (UsherDesk *desk);
/* A log-in was answered. It may have been one too many: the desk may end. */
void uc_desk_door_logged_in (UsherDesk *desk, gboolean ok);

void uc_desks_attach (UcDesks *desks, UsherDesk *desk);
void uc_desks_queues_changed (UcDesks *desks);

/* desk-sync.c */
void uc_desk_hello (UsherDesk *desk, const UcJson *hello);
/* Sends welcome with a snapshot, then goes on live. */
void uc_desk_sync (UsherDesk *desk);
gboolean uc_desk_sees (const UsherDesk *desk, const UcEvent *event);
/* "queues":[{queue, waiting, oldest}] */
void uc_desks_add_queue_counts (UcCore *core, GString *out);
