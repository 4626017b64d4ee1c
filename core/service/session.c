/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sessions and one-time tickets. A token is opaque; only its hash is stored. Main thread.
 */
#include "core/service/auth-private.h"

#include <sodium.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/metrics.h"

#define TICKET_MS (30 * 1000)
#define MAX_TICKETS 10000
#define MAX_CACHED_SESSIONS 10000
#define SEEN_EVERY_MS (60 * 1000)

typedef struct
{
  UcPrincipal who;
  gint64 expires_at;
} Ticket;

static void
session_free (UcSession *session)
{
  g_free (session->user);
  g_free (session);
}

static void
ticket_free (Ticket *ticket)
{
  uc_principal_clear (&ticket->who);
  g_free (ticket);
}

void
uc_sessions_init (UcAuth *auth)
{
  auth->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)session_free);
  auth->over = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  auth->tickets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ticket_free);
}

void
uc_sessions_clear (UcAuth *auth)
{
  g_hash_table_unref (auth->sessions);
  g_hash_table_unref (auth->over);
  g_hash_table_unref (auth->tickets);
}

/* ---- tokens -------------------------------------------------------------------------------------------- */

char *
uc_session_hash (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

char *
uc_session_secret (void)
{
  guint8 raw[32];
  char out[sodium_base64_ENCODED_LEN (32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

  uc_random_bytes (raw, sizeof raw);
  sodium_bin2base64 (out, sizeof out, raw, sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return g_strdup (out);
}

static void
forget_old_sessions (UcAuth *auth, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (auth->sessions) < MAX_CACHED_SESSIONS)
    return;
  g_hash_table_iter_init (&iter, auth->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((UcSession *)value)->seen_at < now - SEEN_EVERY_MS)
      g_hash_table_iter_remove (&iter);
}

UcSession *
uc_session_cache (UcAuth *auth, const char *hash, const char *user, gint64 expires_at, gint64 seen_at)
{
  UcSession *session = g_new0 (UcSession, 1);

  forget_old_sessions (auth, uc_clock_now ());
  session->user = g_strdup (user);
  session->expires_at = expires_at;
  session->seen_at = session->seen_stored_at = seen_at;
  g_hash_table_replace (auth->sessions, g_strdup (hash), session);
  return session;
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

typedef struct
{
  UcAuth *auth;
  char *hash;
  guint64 ended; /* auth->ended when the store was asked */
  UcAuthWho done;
  gpointer data;
} Checking;

/* Whose session it is, and that it was used just now; NULL when it is over. */
static const UcAgent *
use_session (UcAuth *auth, const char *hash, UcSession *session)
{
  gint64 now = uc_clock_now ();
  const UcAgent *agent = session != NULL ? uc_engine_agent (auth->core->engine, session->user) : NULL;

  if (agent == NULL || !agent->enabled || session->expires_at <= now || session->seen_at + auth->idle_ms <= now)
    return NULL;
  session->seen_at = now;
  if (now - session->seen_stored_at > SEEN_EVERY_MS)
    {
      UcTxn *txn = uc_txn_new (auth->core);

      session->seen_stored_at = now;
      uc_batch_session_seen (uc_txn_batch (txn), hash, now);
      uc_txn_commit (txn, NULL, NULL);
    }
  return agent;
}

static void
answer_session (UcAuth *auth, const char *hash, UcSession *session, UcAuthWho done, gpointer data)
{
  const UcAgent *agent = use_session (auth, hash, session);
  UcPrincipal who = { 0 };

  if (agent == NULL)
    {
      g_autoptr (GError) error
          = g_error_new_literal (UC_ERROR, UC_ERROR_UNAUTHENTICATED, "the session has ended; log in again");

      if (session != NULL)
        uc_auth_logout (auth, hash);
      done (data, NULL, error);
      return;
    }
  who.user = session->user;
  who.label = agent->login;
  who.token = (char *)hash;
  done (data, &who, NULL);
}

static UcSession *
session_from_row (const Checking *checking, const char *row)
{
  g_auto (GStrv) words = row != NULL ? g_strsplit (row, " ", 3) : NULL;

  if (words == NULL || g_strv_length (words) != 3 || g_hash_table_contains (checking->auth->over, checking->hash))
    return NULL;
  return uc_session_cache (checking->auth, checking->hash, words[0], g_ascii_strtoll (words[1], NULL, 10),
                           g_ascii_strtoll (words[2], NULL, 10));
}

static void read_session (Checking *checking);

static void
on_session_read (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Checking *checking = data;
  UcAuth *auth = checking->auth;

  if (result == UC_STORE_OK && value != NULL && checking->ended != auth->ended)
    {
      /* The row may be from before, and of one that has ended. */
      read_session (checking);
      return;
    }
  if (result == UC_STORE_OK)
    answer_session (auth, checking->hash, session_from_row (checking, value), checking->done, checking->data);
  else
    {
      g_autoptr (GError) error
          = g_error_new (UC_ERROR, UC_ERROR_UNAVAILABLE, "the session can't be checked now: %s",
                         why != NULL ? why : "the store does not answer");

      checking->done (checking->data, NULL, error);
    }
  g_free (checking->hash);
  g_free (checking);
}

static void
read_session (Checking *checking)
{
  checking->ended = checking->auth->ended;
  uc_store_session (checking->auth->core->store, checking->hash, on_session_read, checking);
}

void
uc_auth_check (UcAuth *auth, const char *token, UcAuthWho done, gpointer data)
{
  g_autofree char *hash = uc_session_hash (token);
  UcSession *session = g_hash_table_lookup (auth->sessions, hash);
  Checking *checking;

  if (session != NULL || g_hash_table_contains (auth->over, hash))
    {
      answer_session (auth, hash, session, done, data);
      return;
    }
  checking = g_new0 (Checking, 1);
  checking->auth = auth;
  checking->hash = g_steal_pointer (&hash);
  checking->done = done;
  checking->data = data;
  read_session (checking);
}

/* Whoever holds a principal had it from a check of its token, and its use keeps the session in the cache: what is
 * not there has ended. */
gboolean
uc_auth_still (UcAuth *auth, const UcPrincipal *who)
{
  return who->token == NULL
         || use_session (auth, who->token, g_hash_table_lookup (auth->sessions, who->token)) != NULL;
}

typedef struct
{
  UcAuth *auth;
  char *hash;
} Ending;

static void
on_removed (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Ending *ending = data;
  g_autofree char *hash = ending->hash;

  /* Otherwise its row stays, which nobody believes as long as this process lives. */
  if (error != NULL)
    return;
  g_hash_table_remove (ending->auth->over, hash);
  ending->auth->ended++;
}

void
uc_auth_logout (UcAuth *auth, const char *hash)
{
  UcTxn *txn = uc_txn_new (auth->core);
  Ending *ending = g_new (Ending, 1);

  *ending = (Ending){ auth, g_strdup (hash) };
  g_hash_table_add (auth->over, g_strdup (hash));
  uc_batch_session_remove (uc_txn_batch (txn), hash);
  uc_txn_commit (txn, on_removed, ending);
  g_hash_table_remove (auth->sessions, hash);
}

static gboolean
is_session_of (gpointer key, gpointer value, gpointer user)
{
  return strcmp (((UcSession *)value)->user, user) == 0;
}

void
uc_auth_logout_user (UcAuth *auth, const char *user)
{
  g_hash_table_foreach_remove (auth->sessions, is_session_of, (gpointer)user);
  auth->ended++;
}

/* ---- tickets ------------------------------------------------------------------------------------------- */

static gboolean
is_old_ticket (gpointer key, gpointer value, gpointer data)
{
  return ((Ticket *)value)->expires_at <= *(gint64 *)data;
}

char *
uc_auth_ticket (UcAuth *auth, const UcPrincipal *who)
{
  gint64 now = uc_clock_now ();
  Ticket *ticket;
  char *secret;

  g_hash_table_foreach_remove (auth->tickets, is_old_ticket, &now);
  if (g_hash_table_size (auth->tickets) >= MAX_TICKETS)
    {
      auth->tickets_refused++;
      return NULL;
    }
  ticket = g_new0 (Ticket, 1);
  uc_principal_copy (&ticket->who, who);
  ticket->expires_at = now + TICKET_MS;
  secret = uc_session_secret ();
  g_hash_table_replace (auth->tickets, g_strdup (secret), ticket);
  return secret;
}

gboolean
uc_auth_take_ticket (UcAuth *auth, const char *secret, UcPrincipal *who)
{
  const Ticket *ticket = g_hash_table_lookup (auth->tickets, secret);
  gboolean good = ticket != NULL && ticket->expires_at > uc_clock_now () && uc_auth_still (auth, &ticket->who);

  if (good)
    uc_principal_copy (who, &ticket->who);
  g_hash_table_remove (auth->tickets, secret);
  return good;
}

void
uc_sessions_queues (const UcAuth *auth, GArray *queues)
{
  uc_queues_add (queues, "auth.tickets", g_hash_table_size (auth->tickets), MAX_TICKETS, auth->tickets_refused);
}
