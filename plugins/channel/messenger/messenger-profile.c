/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names and pictures of people, asked for once somebody wrote and not again for a while. No message ever waits for
 * them: what is found is delivered as a profile of its own. Main thread.
 *
 * What was asked when is kept in a fixed number of slots, by a hash of the id: two people in one slot are merely
 * asked for more often, and the state can't grow.
 */
#include "messenger.h"

#include <string.h>

#define MAX_ACTIVE 4    /* calls at once */
#define MAX_PENDING 512 /* people waiting to be looked up; more are looked up when they write again */
#define SLOTS 4096
#define FRESH_MS (7 * MESSENGER_DAY_MS) /* for what was found */
#define REFUSED_MS (MESSENGER_DAY_MS / 4)
#define TROUBLE_MS (G_GINT64_CONSTANT (10) * 60 * 1000)
#define MAX_NAME 200

struct MessengerProfiles
{
  GHashTable *fresh;   /* user id -> gint64*: until when; bounded by SLOTS */
  GHashTable *pending; /* user id -> Lookup* */
  GQueue waiting;      /* of Lookup*, for a call */
  guint active;
};

typedef struct
{
  Messenger *mg;
  gint refs; /* pending, and every answer of the host */
  char *user_id;
  gboolean active, dead;
  char *name, *picture;
  MessengerCall *call;
  MessengerDownload *download;
} Lookup;

static void
lookup_unref (gpointer data)
{
  Lookup *lookup = data;

  if (--lookup->refs > 0)
    return;
  g_free (lookup->user_id);
  g_free (lookup->name);
  g_free (lookup->picture);
  g_free (lookup);
}

MessengerProfiles *
messenger_profiles_new (void)
{
  MessengerProfiles *profiles = g_new0 (MessengerProfiles, 1);

  profiles->fresh = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  profiles->pending = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, lookup_unref);
  return profiles;
}

void
messenger_profiles_free (MessengerProfiles *profiles)
{
  g_queue_clear (&profiles->waiting);
  g_hash_table_unref (profiles->pending);
  g_hash_table_unref (profiles->fresh);
  g_free (profiles);
}

/* ---- what was asked when ------------------------------------------------------------------------------- */

static void
key_of (char key[32], const char *user_id)
{
  g_snprintf (key, 32, "profile-%u", g_str_hash (user_id) % SLOTS);
}

static void
remember (Messenger *mg, const char *user_id, gint64 until)
{
  GHashTable *fresh = mg->profiles->fresh;

  if (g_hash_table_size (fresh) >= SLOTS)
    g_hash_table_remove_all (fresh);
  g_hash_table_replace (fresh, g_strdup (user_id), g_memdup2 (&until, sizeof until));
}

static void
store (Messenger *mg, const char *user_id, gint64 until)
{
  UsherJson *root = mg->host->json_object ();
  char key[32], *text;
  size_t len = 0;

  key_of (key, user_id);
  mg->host->json_set_string (root, "id", user_id);
  mg->host->json_set_int (root, "until", until);
  text = mg->host->json_print (root, &len);
  mg->host->kv_set (mg->instance, key, text, len, NULL, NULL);
  mg->host->free_text (text);
  mg->host->json_free (root);
}

static gboolean
is_fresh (Messenger *mg, const char *user_id)
{
  const gint64 *until = g_hash_table_lookup (mg->profiles->fresh, user_id);

  return until != NULL && mg->host->now () < *until;
}

/* ---- the end of a look-up ------------------------------------------------------------------------------ */

static void begin_waiting (Messenger *mg);

/* ms 0: it was not asked for, and may be at once. */
static void
finish (Lookup *lookup, gint64 ms)
{
  Messenger *mg = lookup->mg;
  gint64 until = mg->host->now () + ms;

  if (ms > 0)
    {
      remember (mg, lookup->user_id, until);
      store (mg, lookup->user_id, until);
    }
  if (lookup->active)
    mg->profiles->active--;
  lookup->dead = TRUE;
  g_hash_table_remove (mg->profiles->pending, lookup->user_id);
  begin_waiting (mg);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Lookup *lookup = messenger_arrived (data);

  if (!lookup->dead)
    finish (lookup, result->status == USHER_OK ? FRESH_MS : TROUBLE_MS);
  lookup_unref (lookup);
}

static void
deliver (Lookup *lookup)
{
  Messenger *mg = lookup->mg;
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = USHER_INBOUND_PROFILE,
                        .user_id = lookup->user_id,
                        .user_name = lookup->name,
                        .picture = lookup->picture };
  const UsherInbound *items[] = { &item };

  if (lookup->name == NULL && lookup->picture == NULL)
    {
      finish (lookup, REFUSED_MS);
      return;
    }
  lookup->refs++;
  mg->host->deliver (mg->instance, items, 1, on_delivered, messenger_expect (mg, lookup, lookup_unref));
}

/* ---- the picture --------------------------------------------------------------------------------------- */

static void
on_kept (void *data, const UsherResult *result, const char *id)
{
  Lookup *lookup = messenger_arrived (data);

  if (!lookup->dead)
    {
      lookup->picture = result->status == USHER_OK ? g_strdup (id) : NULL;
      deliver (lookup);
    }
  lookup_unref (lookup);
}

static void
on_downloaded (gpointer data, const void *bytes, gsize len, const char *mime, const char *name, const char *why)
{
  Lookup *lookup = data;
  Messenger *mg = lookup->mg;

  lookup->download = NULL;
  if (bytes == NULL || !g_str_has_prefix (mime, "image/"))
    {
      messenger_log (mg, USHER_LOG_INFO, "a profile picture was not kept: %s",
                     why != NULL ? why : "it is not a picture");
      deliver (lookup);
      return;
    }
  lookup->refs++;
  mg->host->media_put (mg->instance, bytes, len, mime, NULL, on_kept, messenger_expect (mg, lookup, lookup_unref));
}

/* ---- the call ------------------------------------------------------------------------------------------ */

static char *
name_of (Messenger *mg, const UsherJson *body)
{
  const char *first = messenger_text (mg, body, "first_name"), *last = messenger_text (mg, body, "last_name");
  const char *name = messenger_text (mg, body, "name");
  g_autofree char *joined = g_strdup_printf ("%s%s%s", first != NULL ? first : "",
                                             first != NULL && last != NULL ? " " : "", last != NULL ? last : "");
  g_autofree char *clean = messenger_clean (mg, name != NULL ? name : joined, MAX_NAME);

  return *g_strstrip (clean) != '\0' ? g_steal_pointer (&clean) : NULL;
}

static void
on_called (gpointer data, const MessengerOutcome *outcome)
{
  Lookup *lookup = data;
  Messenger *mg = lookup->mg;
  const char *picture = messenger_text (mg, outcome->body, "profile_pic");
  UsherStatus status = outcome->verdict.status;

  lookup->call = NULL;
  if (outcome->verdict.fault == MESSENGER_FAULT_TOKEN)
    finish (lookup, 0);
  else if (status == USHER_RETRY || status == USHER_UNCERTAIN)
    finish (lookup, TROUBLE_MS);
  else if (status != USHER_OK)
    finish (lookup, REFUSED_MS); /* many apps may not see profiles: the id alone has to do */
  else
    {
      lookup->name = name_of (mg, outcome->body);
      if (picture != NULL)
        lookup->download = messenger_download (mg, picture, MESSENGER_MAX_PICTURE, on_downloaded, lookup);
      else
        deliver (lookup);
    }
}

static void
begin (Lookup *lookup)
{
  Messenger *mg = lookup->mg;
  g_autofree char *escaped = g_uri_escape_string (lookup->user_id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/", escaped, NULL);

  lookup->active = TRUE;
  mg->profiles->active++;
  lookup->call
      = messenger_call (mg, "a profile look-up", "GET", path, "fields=first_name,last_name,profile_pic,name", NULL,
                        MESSENGER_ASK_MS, on_called, lookup);
}

static void
begin_waiting (Messenger *mg)
{
  Lookup *lookup;

  while (mg->ready && mg->profiles->active < MAX_ACTIVE
         && (lookup = g_queue_pop_head (&mg->profiles->waiting)) != NULL)
    if (mg->problems[MESSENGER_PROBLEM_TOKEN] != NULL)
      finish (lookup, 0);
    else
      begin (lookup);
}

static void
on_slot (void *data, const char *value, size_t len)
{
  Lookup *lookup = messenger_arrived (data);
  Messenger *mg = lookup->mg;
  UsherJson *root = value != NULL && len > 0 ? mg->host->json_parse (value, len, NULL) : NULL;
  gint64 until = mg->host->json_int (mg->host->json_get (root, "until"), 0);
  gboolean same = g_strcmp0 (messenger_text (mg, root, "id"), lookup->user_id) == 0;

  mg->host->json_free (root);
  if (!lookup->dead && same && mg->host->now () < until && until <= mg->host->now () + FRESH_MS)
    {
      remember (mg, lookup->user_id, until);
      finish (lookup, 0);
    }
  else if (!lookup->dead)
    {
      g_queue_push_tail (&mg->profiles->waiting, lookup);
      begin_waiting (mg);
    }
  lookup_unref (lookup);
}

void
messenger_profile_want (Messenger *mg, const char *user_id)
{
  Lookup *lookup;
  char key[32];

  if (!mg->ready || g_str_has_prefix (user_id, MESSENGER_USER_REF) || is_fresh (mg, user_id)
      || g_hash_table_contains (mg->profiles->pending, user_id)
      || g_hash_table_size (mg->profiles->pending) >= MAX_PENDING)
    return;
  lookup = g_new0 (Lookup, 1);
  lookup->mg = mg;
  lookup->refs = 2;
  lookup->user_id = g_strdup (user_id);
  g_hash_table_insert (mg->profiles->pending, lookup->user_id, lookup);
  key_of (key, user_id);
  mg->host->kv_get (mg->instance, key, on_slot, messenger_expect (mg, lookup, lookup_unref));
}

void
messenger_profiles_stop (Messenger *mg)
{
  GHashTableIter iter;
  gpointer value;

  g_queue_clear (&mg->profiles->waiting);
  g_hash_table_iter_init (&iter, mg->profiles->pending);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Lookup *lookup = value;

      lookup->dead = TRUE;
      g_clear_pointer (&lookup->call, messenger_call_cancel);
      g_clear_pointer (&lookup->download, messenger_download_cancel);
      g_hash_table_iter_remove (&iter);
    }
}
