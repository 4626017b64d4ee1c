/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Permissions, passwords and log-in; sessions are in session.c. Main thread; hashing on the pool "uc-hash".
 */
#include "core/service/auth-private.h"

#include <sodium.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/desk.h"
#include "core/service/metrics.h"

#define MAX_HASHES_QUEUED 64
/* After this many failures of one login or address in a row, each further try waits twice as long as the last. */
#define FREE_FAILURES 5
#define MAX_BRAKE_MS (60 * 1000)
#define MAX_BRAKES 10000

typedef struct
{
  guint failures;
  gint64 until; /* no try before */
} Brake;

/* One password on its way through the pool. */
typedef struct
{
  UcAuth *auth;
  char *user, *login, *address, *password, *hash;
  guint changes; /* of the password, when the log-in began */
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
    { "supervisor", "playback" },
    { "supervisor", "faq.edit" },
    { "supervisor", "customer.merge" },
    { "administrator", "playback" },
    { "administrator", "faq.edit" },
    { "administrator", "customer.merge" },
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

/* Of random bytes nobody kept, at the usual cost: an unknown log-in takes as long as a wrong password. Made once
 * and for all, because making one takes longer than the rest of the start. */
static const char nobodys_hash[crypto_pwhash_STRBYTES]
    = "$argon2id$v=19$m=65536,t=2,p=1$5tGGAuIPd9O64IPIkBDvfw$PRBK+eeOaTlErMw86RAjk0FvXXKWEDUrwhEyo+yDU8g";

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
  if (hashing->auth->hashers == NULL)
    return FALSE;
  if (g_thread_pool_unprocessed (hashing->auth->hashers) >= MAX_HASHES_QUEUED)
    {
      hashing->auth->hashes_refused++;
      return FALSE;
    }
  g_thread_pool_push (hashing->auth->hashers, hashing, NULL);
  return TRUE;
}

UcAuth *
uc_auth_new (UcCore *core)
{
  UcAuth *auth = g_new0 (UcAuth, 1);

  if (sodium_init () < 0)
    g_error ("libsodium can't be initialised; passwords can't be checked");
  g_warn_if_fail (crypto_pwhash_str_needs_rehash (nobodys_hash, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                                  crypto_pwhash_MEMLIMIT_INTERACTIVE)
                  == 0);
  auth->core = core;
  uc_sessions_init (auth);
  auth->brakes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  auth->changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  auth->hashers = g_thread_pool_new (hash_one, NULL, 2, FALSE, NULL);
  auth->idle_ms = uc_settings_int (core->plan->usher, "session_idle");
  auth->max_ms = uc_settings_int (core->plan->usher, "session_max");
  return auth;
}

void
uc_auth_queues (UcCore *core, GArray *queues)
{
  const UcAuth *auth = core->auth;

  uc_queues_add (queues, "auth.passwords", auth->hashers != NULL ? g_thread_pool_unprocessed (auth->hashers) : 0,
                 MAX_HASHES_QUEUED, auth->hashes_refused);
  uc_queues_add (queues, "auth.brakes", g_hash_table_size (auth->brakes), MAX_BRAKES, 0);
  uc_sessions_queues (auth, queues);
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
  uc_sessions_clear (auth);
  g_hash_table_unref (auth->brakes);
  g_hash_table_unref (auth->changes);
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

static UcPasswordChanges *
changes_of (UcAuth *auth, const char *user)
{
  UcPasswordChanges *changes = g_hash_table_lookup (auth->changes, user);

  if (changes == NULL)
    {
      changes = g_new0 (UcPasswordChanges, 1);
      g_hash_table_insert (auth->changes, g_strdup (user), changes);
    }
  return changes;
}

static guint
count_changes (UcAuth *auth, const char *user)
{
  const UcPasswordChanges *changes = user != NULL ? g_hash_table_lookup (auth->changes, user) : NULL;

  return changes != NULL ? changes->count : 0;
}

/* What was right may be the old password: then the session would outlive those that the change ends. */
static gboolean
was_changed (const Hashing *hashing)
{
  const UcPasswordChanges *changes = g_hash_table_lookup (hashing->auth->changes, hashing->user);

  return changes != NULL && (changes->under_way > 0 || changes->count != hashing->changes);
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
  if (was_changed (hashing))
    {
      g_autoptr (GError) error = g_error_new_literal (
          UC_ERROR, UC_ERROR_BUSY, "the password was changed this very moment; log in again with the new one");

      hashing->login_done (hashing->data, NULL, NULL, 0, error);
      return;
    }
  g_hash_table_remove (auth->brakes, hashing->login);
  opening = g_new0 (Opening, 1);
  opening->auth = auth;
  opening->user = g_strdup (hashing->user);
  opening->token = uc_session_secret ();
  opening->expires_at = now + auth->max_ms;
  opening->done = hashing->login_done;
  opening->data = hashing->data;
  hash = uc_session_hash (opening->token);
  uc_session_cache (auth, hash, opening->user, opening->expires_at, now);
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
  hashing->hash = value != NULL ? g_strndup (value, len) : g_strdup (nobodys_hash);
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
      gint64 seconds = (until - now + 999) / 1000;
      g_autoptr (GError) error = g_error_new (
          UC_ERROR, UC_ERROR_BUSY, "too many failed log-ins; try again in %" G_GINT64_FORMAT " second%s", seconds,
          seconds == 1 ? "" : "s");

      done (data, NULL, NULL, 0, error);
      return;
    }
  hashing = g_new0 (Hashing, 1);
  hashing->auth = auth;
  hashing->verify = TRUE;
  hashing->user = agent != NULL && agent->enabled ? g_strdup (agent->id) : NULL;
  hashing->changes = count_changes (auth, hashing->user);
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
  UcPasswordChanges *changes = changes_of (hashing->auth, hashing->user);

  changes->count++;
  changes->under_way--;
  if (error == NULL)
    {
      uc_auth_logout_user (hashing->auth, hashing->user);
      uc_desks_bye_user (hashing->auth->core->desks, hashing->user, NULL, "unauthenticated",
                         "the password was changed; log in again with the new one");
    }
  hashing->set_done (hashing->data, error);
  hashing_free (hashing);
}

static void
finish_set (Hashing *hashing)
{
  Hashing *rest;
  UcPasswordChanges *changes;
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
  changes = changes_of (hashing->auth, hashing->user);
  changes->count++;
  changes->under_way++;
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
