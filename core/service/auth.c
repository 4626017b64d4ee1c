/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log-in, sessions, tickets, permissions. Main thread; hashing on the pool "uc-hash".
 */
#include "core/service/auth.h"

#include <sodium.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"

#define TICKET_MS (30 * 1000)
#define MAX_TICKETS 10000
#define MAX_CACHED_SESSIONS 10000
#define SEEN_EVERY_MS (60 * 1000)
#define MAX_HASHES_QUEUED 64
/* After this many failures of one login or address in a row, each further try waits twice as long as the last. */
#define FREE_FAILURES 5
#define MAX_BRAKE_MS (60 * 1000)
#define MAX_BRAKES 10000

typedef struct
{
  char *user;
  gint64 expires_at, seen_at, seen_stored_at;
} Session;

typedef struct
{
  UcPrincipal who;
  gint64 expires_at;
} Ticket;

typedef struct
{
  guint failures;
  gint64 until; /* no try before */
} Brake;

struct UcAuth
{
  UcCore *core;
  GHashTable *sessions; /* token hash -> Session */
  GHashTable *tickets;  /* ticket -> Ticket */
  GHashTable *brakes;   /* login or address -> Brake */
  GThreadPool *hashers;
  char *dummy_hash; /* so that an unknown login takes as long as a wrong password */
  gint64 idle_ms, max_ms;
};

/* One password on its way through the pool. */
typedef struct
{
  UcAuth *auth;
  char *user, *login, *address, *password, *hash;
  gboolean verify, ok;
  UcLoginDone login_done;
  UcAuthDone set_done;
  gpointer data;
} Hashing;

void
uc_principal_clear (UcPrincipal *who)
{
  g_clear_pointer (&who->user, g_free);
  g_clear_pointer (&who->label, g_free);
  g_clear_pointer (&who->token, g_free);
}

void
uc_principal_copy (UcPrincipal *to, const UcPrincipal *from)
{
  to->user = g_strdup (from->user);
  to->label = g_strdup (from->label);
  to->token = g_strdup (from->token);
  to->local = from->local;
}

static void
session_free (Session *session)
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

/* ---- permissions --------------------------------------------------------------------------------------- */

gboolean
uc_auth_may (UcCore *core, const UcPrincipal *who, const char *permission)
{
  /* What each role is allowed besides what is written in the user's own list. Everything else is denied. */
  static const struct
  {
    const char *role, *permission;
  } grants[] = {
    { "agent", "user" },
    { "agent", "desk" },
    { "agent", "crm" },
    { "supervisor", "user" },
    { "supervisor", "desk" },
    { "supervisor", "crm" },
    { "supervisor", "supervise" },
    { "administrator", "user" },
    { "administrator", "desk" },
    { "administrator", "crm" },
    { "administrator", "supervise" },
    { "administrator", "administer" },
  };
  const UcAgent *agent;

  if (*permission == '\0' || who->local)
    return TRUE;
  agent = who->user != NULL ? uc_engine_agent (core->engine, who->user) : NULL;
  if (agent == NULL || !agent->enabled)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (grants); i++)
    if (strcmp (grants[i].role, agent->role) == 0 && strcmp (grants[i].permission, permission) == 0)
      return TRUE;
  return uc_agent_has_permission (agent, permission);
}

/* ---- hashing ------------------------------------------------------------------------------------------- */

static void
hashing_free (Hashing *hashing)
{
  if (hashing->password != NULL)
    sodium_memzero (hashing->password, strlen (hashing->password));
  g_free (hashing->password);
  g_free (hashing->user);
  g_free (hashing->login);
  g_free (hashing->address);
  g_free (hashing->hash);
  g_free (hashing);
}

static void finish_login (Hashing *hashing);
static void finish_set (Hashing *hashing);

static void
on_hashed (gpointer data)
{
  Hashing *hashing = data;

  if (hashing->verify)
    finish_login (hashing);
  else
    finish_set (hashing);
  hashing_free (hashing);
}

/* Runs on a thread of the pool. */
static void
hash_one (gpointer data, gpointer user_data)
{
  Hashing *hashing = data;

  if (hashing->verify)
    hashing->ok = crypto_pwhash_str_verify (hashing->hash, hashing->password, strlen (hashing->password)) == 0;
  else
    {
      char out[crypto_pwhash_STRBYTES];

      hashing->ok = crypto_pwhash_str (out, hashing->password, strlen (hashing->password),
                                       crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE)
                    == 0;
      hashing->hash = hashing->ok ? g_strdup (out) : NULL;
    }
  uc_loop_invoke (hashing->auth->core->loop, on_hashed, hashing);
}

static gboolean
queue_hash (Hashing *hashing)
{
  if (hashing->auth->hashers == NULL || g_thread_pool_unprocessed (hashing->auth->hashers) >= MAX_HASHES_QUEUED)
    return FALSE;
  g_thread_pool_push (hashing->auth->hashers, hashing, NULL);
  return TRUE;
}

UcAuth *
uc_auth_new (UcCore *core)
{
  UcAuth *auth = g_new0 (UcAuth, 1);
  char dummy[crypto_pwhash_STRBYTES];

  if (sodium_init () < 0)
    g_error ("libsodium can't be initialised; passwords can't be checked");
  auth->core = core;
  auth->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)session_free);
  auth->tickets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ticket_free);
  auth->brakes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  auth->hashers = g_thread_pool_new (hash_one, NULL, 2, FALSE, NULL);
  if (crypto_pwhash_str (dummy, "no user has this password", 25, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                         crypto_pwhash_MEMLIMIT_INTERACTIVE)
      == 0)
    auth->dummy_hash = g_strdup (dummy);
  auth->idle_ms = uc_settings_int (core->plan->usher, "session_idle");
  auth->max_ms = uc_settings_int (core->plan->usher, "session_max");
  return auth;
}

void
uc_auth_stop (UcAuth *auth)
{
  /* Waits for the threads; their results are told by the loop, while there still is a store. */
  g_thread_pool_free (g_steal_pointer (&auth->hashers), FALSE, TRUE);
}

void
uc_auth_free (UcAuth *auth)
{
  if (auth == NULL)
    return;
  if (auth->hashers != NULL)
    uc_auth_stop (auth);
  g_hash_table_unref (auth->sessions);
  g_hash_table_unref (auth->tickets);
  g_hash_table_unref (auth->brakes);
  g_free (auth->dummy_hash);
  g_free (auth);
}

/* ---- the brake on guessing ----------------------------------------------------------------------------- */

static gint64
braked_until (UcAuth *auth, const char *key)
{
  const Brake *brake = key != NULL ? g_hash_table_lookup (auth->brakes, key) : NULL;

  return brake != NULL ? brake->until : 0;
}

static void
note_failure (UcAuth *auth, const char *key, gint64 now)
{
  Brake *brake = g_hash_table_lookup (auth->brakes, key);

  if (brake == NULL)
    {
      if (g_hash_table_size (auth->brakes) >= MAX_BRAKES)
        g_hash_table_remove_all (auth->brakes);
      brake = g_new0 (Brake, 1);
      g_hash_table_insert (auth->brakes, g_strdup (key), brake);
    }
  brake->failures++;
  if (brake->failures > FREE_FAILURES)
    brake->until = now + MIN (MAX_BRAKE_MS, 500 * ((gint64)1 << MIN (brake->failures - FREE_FAILURES, 10)));
}

/* ---- tokens -------------------------------------------------------------------------------------------- */

static char *
token_hash (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

static char *
new_secret (void)
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
    if (((Session *)value)->seen_at < now - SEEN_EVERY_MS)
      g_hash_table_iter_remove (&iter);
}

static Session *
cache_session (UcAuth *auth, const char *hash, const char *user, gint64 expires_at, gint64 seen_at)
{
  Session *session = g_new0 (Session, 1);

  forget_old_sessions (auth, uc_clock_now ());
  session->user = g_strdup (user);
  session->expires_at = expires_at;
  session->seen_at = session->seen_stored_at = seen_at;
  g_hash_table_replace (auth->sessions, g_strdup (hash), session);
  return session;
}

/* ---- log-in -------------------------------------------------------------------------------------------- */

typedef struct
{
  UcAuth *auth;
  char *user, *token;
  gint64 expires_at;
  UcLoginDone done;
  gpointer data;
} Opening;

static void
on_session_stored (gpointer data, const GError *error, GPtrArray *events)
{
  Opening *opening = data;

  if (error == NULL)
    opening->done (opening->data, opening->user, opening->token, opening->expires_at, NULL);
  else
    opening->done (opening->data, NULL, NULL, 0, error);
  g_free (opening->user);
  g_free (opening->token);
  g_free (opening);
}

static void
finish_login (Hashing *hashing)
{
  UcAuth *auth = hashing->auth;
  gint64 now = uc_clock_now ();
  g_autofree char *hash = NULL;
  Opening *opening;
  UcTxn *txn;

  if (!hashing->ok || hashing->user == NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (UC_ERROR, UC_ERROR_UNAUTHENTICATED,
                                                      "log-in failed: the name or the password is wrong");

      note_failure (auth, hashing->login, now);
      note_failure (auth, hashing->address, now);
      hashing->login_done (hashing->data, NULL, NULL, 0, error);
      return;
    }
  g_hash_table_remove (auth->brakes, hashing->login);
  opening = g_new0 (Opening, 1);
  opening->auth = auth;
  opening->user = g_strdup (hashing->user);
  opening->token = new_secret ();
  opening->expires_at = now + auth->max_ms;
  opening->done = hashing->login_done;
  opening->data = hashing->data;
  hash = token_hash (opening->token);
  cache_session (auth, hash, opening->user, opening->expires_at, now);
  txn = uc_txn_new (auth->core);
  uc_batch_session (uc_txn_batch (txn), hash, opening->user, now, opening->expires_at);
  uc_txn_commit (txn, on_session_stored, opening);
}

static void
refuse_busy (Hashing *hashing)
{
  g_autoptr (GError) error = g_error_new_literal (
      UC_ERROR, UC_ERROR_BUSY, "too many passwords are being checked right now; try again in a moment");

  if (hashing->verify)
    hashing->login_done (hashing->data, NULL, NULL, 0, error);
  else
    hashing->set_done (hashing->data, error);
  hashing_free (hashing);
}

static void
on_credential (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Hashing *hashing = data;

  if (result != UC_STORE_OK)
    {
      g_autoptr (GError) error = g_error_new (UC_ERROR, UC_ERROR_UNAVAILABLE, "log-in is not possible now: %s",
                                              why != NULL ? why : "the store does not answer");

      hashing->login_done (hashing->data, NULL, NULL, 0, error);
      hashing_free (hashing);
      return;
    }
  if (value == NULL)
    g_clear_pointer (&hashing->user, g_free);
  hashing->hash = value != NULL ? g_strndup (value, len) : g_strdup (hashing->auth->dummy_hash);
  if (!queue_hash (hashing))
    refuse_busy (hashing);
}

void
uc_auth_login (UcAuth *auth, const char *login, const char *password, const char *address, UcLoginDone done,
               gpointer data)
{
  const UcAgent *agent = uc_engine_agent_by_login (auth->core->engine, login);
  gint64 now = uc_clock_now ();
  gint64 until = MAX (braked_until (auth, login), braked_until (auth, address));
  Hashing *hashing;

  if (until > now)
    {
      g_autoptr (GError) error = g_error_new (UC_ERROR, UC_ERROR_BUSY,
                                              "too many failed log-ins; try again in %" G_GINT64_FORMAT " seconds",
                                              (until - now + 999) / 1000);

      done (data, NULL, NULL, 0, error);
      return;
    }
  hashing = g_new0 (Hashing, 1);
  hashing->auth = auth;
  hashing->verify = TRUE;
  hashing->user = agent != NULL && agent->enabled ? g_strdup (agent->id) : NULL;
  hashing->login = g_strdup (login);
  hashing->address = g_strdup (address);
  hashing->password = g_strdup (password);
  hashing->login_done = done;
  hashing->data = data;
  uc_store_credential (auth->core->store, hashing->user != NULL ? hashing->user : "", on_credential, hashing);
}

static void
on_password_stored (gpointer data, const GError *error, GPtrArray *events)
{
  Hashing *hashing = data;

  if (error == NULL)
    uc_auth_logout_user (hashing->auth, hashing->user);
  hashing->set_done (hashing->data, error);
  hashing_free (hashing);
}

static void
finish_set (Hashing *hashing)
{
  Hashing *rest;
  UcTxn *txn;

  if (!hashing->ok)
    {
      g_autoptr (GError) error = g_error_new_literal (
          UC_ERROR, UC_ERROR_BUSY, "there is not enough memory to hash a password now; try again");

      hashing->set_done (hashing->data, error);
      return;
    }
  rest = g_new0 (Hashing, 1);
  rest->auth = hashing->auth;
  rest->user = g_strdup (hashing->user);
  rest->set_done = hashing->set_done;
  rest->data = hashing->data;
  txn = uc_txn_new (hashing->auth->core);
  uc_batch_credential (uc_txn_batch (txn), hashing->user, hashing->hash);
  uc_batch_sessions_remove_user (uc_txn_batch (txn), hashing->user);
  uc_txn_commit (txn, on_password_stored, rest);
}

void
uc_auth_set_password (UcAuth *auth, const char *user, const char *password, UcAuthDone done, gpointer data)
{
  Hashing *hashing = g_new0 (Hashing, 1);

  hashing->auth = auth;
  hashing->user = g_strdup (user);
  hashing->password = g_strdup (password);
  hashing->set_done = done;
  hashing->data = data;
  if (!queue_hash (hashing))
    refuse_busy (hashing);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

typedef struct
{
  UcAuth *auth;
  char *hash;
  UcAuthWho done;
  gpointer data;
} Checking;

static void
answer_session (UcAuth *auth, const char *hash, Session *session, UcAuthWho done, gpointer data)
{
  gint64 now = uc_clock_now ();
  const UcAgent *agent = session != NULL ? uc_engine_agent (auth->core->engine, session->user) : NULL;
  UcPrincipal who = { 0 };

  if (agent == NULL || !agent->enabled || session->expires_at <= now || session->seen_at + auth->idle_ms <= now)
    {
      g_autoptr (GError) error
          = g_error_new_literal (UC_ERROR, UC_ERROR_UNAUTHENTICATED, "the session has ended; log in again");

      if (session != NULL)
        uc_auth_logout (auth, hash);
      done (data, NULL, error);
      return;
    }
  session->seen_at = now;
  if (now - session->seen_stored_at > SEEN_EVERY_MS)
    {
      UcTxn *txn = uc_txn_new (auth->core);

      session->seen_stored_at = now;
      uc_batch_session_seen (uc_txn_batch (txn), hash, now);
      uc_txn_commit (txn, NULL, NULL);
    }
  who.user = session->user;
  who.label = agent->login;
  who.token = (char *)hash;
  done (data, &who, NULL);
}

static void
on_session_read (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  g_autofree Checking *checking = data;
  g_autofree char *hash = checking->hash;
  Session *session = NULL;

  if (result != UC_STORE_OK)
    {
      g_autoptr (GError) error
          = g_error_new (UC_ERROR, UC_ERROR_UNAVAILABLE, "the session can't be checked now: %s",
                         why != NULL ? why : "the store does not answer");

      checking->done (checking->data, NULL, error);
      return;
    }
  if (value != NULL)
    {
      g_auto (GStrv) words = g_strsplit (value, " ", 3);

      if (g_strv_length (words) == 3)
        session = cache_session (checking->auth, hash, words[0], g_ascii_strtoll (words[1], NULL, 10),
                                 g_ascii_strtoll (words[2], NULL, 10));
    }
  answer_session (checking->auth, hash, session, checking->done, checking->data);
}

void
uc_auth_check (UcAuth *auth, const char *token, UcAuthWho done, gpointer data)
{
  g_autofree char *hash = token_hash (token);
  Session *session = g_hash_table_lookup (auth->sessions, hash);
  Checking *checking;

  if (session != NULL)
    {
      answer_session (auth, hash, session, done, data);
      return;
    }
  checking = g_new0 (Checking, 1);
  checking->auth = auth;
  checking->hash = g_steal_pointer (&hash);
  checking->done = done;
  checking->data = data;
  uc_store_session (auth->core->store, checking->hash, on_session_read, checking);
}

void
uc_auth_logout (UcAuth *auth, const char *hash)
{
  UcTxn *txn = uc_txn_new (auth->core);

  uc_batch_session_remove (uc_txn_batch (txn), hash);
  uc_txn_commit (txn, NULL, NULL);
  g_hash_table_remove (auth->sessions, hash);
}

static gboolean
is_session_of (gpointer key, gpointer value, gpointer user)
{
  return strcmp (((Session *)value)->user, user) == 0;
}

void
uc_auth_logout_user (UcAuth *auth, const char *user)
{
  g_hash_table_foreach_remove (auth->sessions, is_session_of, (gpointer)user);
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
    return NULL;
  ticket = g_new0 (Ticket, 1);
  uc_principal_copy (&ticket->who, who);
  ticket->expires_at = now + TICKET_MS;
  secret = new_secret ();
  g_hash_table_replace (auth->tickets, g_strdup (secret), ticket);
  return secret;
}

gboolean
uc_auth_take_ticket (UcAuth *auth, const char *secret, UcPrincipal *who)
{
  const Ticket *ticket = g_hash_table_lookup (auth->tickets, secret);
  gboolean good = ticket != NULL && ticket->expires_at > uc_clock_now ();

  if (good)
    uc_principal_copy (who, &ticket->who);
  g_hash_table_remove (auth->tickets, secret);
  return good;
}
