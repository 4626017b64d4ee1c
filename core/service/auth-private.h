/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by auth.c (permissions, passwords, log-in) and session.c (sessions and tickets). Main thread.
 */
#pragma once

#include "core/service/auth.h"

typedef struct
{
  char *user;
  gint64 expires_at, seen_at, seen_stored_at;
} UcSession;

/* A log-in takes a while, and must not succeed with a password that was changed meanwhile. */
typedef struct
{
  guint count;     /* rises when one begins, and when it is stored */
  guint under_way; /* on their way to the disk */
} UcPasswordChanges;

struct UcAuth
{
  UcCore *core;
  GHashTable *sessions; /* token hash -> UcSession */
  GHashTable *over;     /* of token hash: has ended, and the store may not know yet */
  guint64 ended;        /* rises when the store has forgotten sessions */
  GHashTable *tickets;  /* ticket -> Ticket */
  GHashTable *brakes;   /* login or address -> Brake */
  GHashTable *changes;  /* user -> UcPasswordChanges: of those whose password was set since the start */
  GThreadPool *hashers;
  gint64 idle_ms, max_ms;
  guint64 hashes_refused, tickets_refused; /* because too many waited */
};

/* session.c */
void uc_sessions_init (UcAuth *auth);
void uc_sessions_clear (UcAuth *auth);
void uc_sessions_queues (const UcAuth *auth, GArray *queues);
char *uc_session_hash (const char *token);
char *uc_session_secret (void);
UcSession *uc_session_cache (UcAuth *auth, const char *hash, const char *user, gint64 expires_at, gint64 seen_at);
