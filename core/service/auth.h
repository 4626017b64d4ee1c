/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who somebody is and what he may: passwords (Argon2id), session tokens (opaque, stored as hashes), one-time
 * tickets for WebSockets, roles and permissions. The only place that decides a permission. Main thread; password
 * hashing runs on at most two threads of its own pool.
 */
#pragma once

#include "core/service/core.h"

/* Somebody who asks for something. */
typedef struct
{
  char *user;     /* user id; NULL = a local process on the control socket */
  char *label;    /* for the audit trail: login, or "local:UID" */
  char *token;    /* session token hash; NULL on the control socket */
  gboolean local; /* control socket: everything is allowed */
} UcPrincipal;

void uc_principal_clear (UcPrincipal *who);
void uc_principal_copy (UcPrincipal *to, const UcPrincipal *from);

UcAuth *uc_auth_new (UcCore *core);
/* Adds its queues to `queues` (of UcQueueFigures). */
void uc_auth_queues (UcCore *core, GArray *queues);
/* Waits for the hashing threads; further passwords are refused. */
void uc_auth_stop (UcAuth *auth);
void uc_auth_free (UcAuth *auth);

/* permission: "" = anybody; "user" = logged in; "desk", "crm", "supervise", "administer" by role. */
gboolean uc_auth_may (UcCore *core, const UcPrincipal *who, const char *permission);

/* Answers from the loop: user NULL and an error, or the user's id and a new token. `address` is for the brake on
 * guessing. */
typedef void (*UcLoginDone) (gpointer data, const char *user, const char *token, gint64 expires_at,
                             const GError *error);
void uc_auth_login (UcAuth *auth, const char *login, const char *password, const char *address, UcLoginDone done,
                    gpointer data);
/* Hashes and stores a password; ends the user's sessions and desks. */
typedef void (*UcAuthDone) (gpointer data, const GError *error);
void uc_auth_set_password (UcAuth *auth, const char *user, const char *password, UcAuthDone done, gpointer data);

/* Finds the session of a token. who is filled (caller clears it) or error set. May answer at once. */
typedef void (*UcAuthWho) (gpointer data, const UcPrincipal *who, const GError *error);
void uc_auth_check (UcAuth *auth, const char *token, UcAuthWho done, gpointer data);
/* For those who go on without showing the token again, such as desks: keeps the session from idling; FALSE = it
 * has ended. */
gboolean uc_auth_still (UcAuth *auth, const UcPrincipal *who);
/* From now on it has ended, whatever the store says. */
void uc_auth_logout (UcAuth *auth, const char *token_hash);
/* The store has forgotten all of the user's. */
void uc_auth_logout_user (UcAuth *auth, const char *user);

/* A ticket: proves a session for 30 s, once, while that session lasts. */
char *uc_auth_ticket (UcAuth *auth, const UcPrincipal *who);
gboolean uc_auth_take_ticket (UcAuth *auth, const char *ticket, UcPrincipal *who);
