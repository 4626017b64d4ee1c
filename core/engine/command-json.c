/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps to JSON and back, by one table of the members of UcCommand. Any thread.
 */
#include "core/engine/command-json.h"

#include <stddef.h>
#include <string.h>

#include "core/base/error.h"

#define NOWHERE ((gsize)-1)

typedef struct
{
  const char *name;
  gsize offset;
  gboolean is_string;
  gsize twin;      /* the member of an event that may have the same; NOWHERE = it is always written out */
  const char *key; /* of the twin in the JSON of an event */
  gboolean is_new; /* an id that the step may have had no use for; then it is left out */
} Member;

/* All members but `type`. Who did what to whom is written out although events say it too: a replay that took it
 * from there would not notice when it is wrong there. */
/* clang-format off */
#define S(member) { #member, offsetof (UcCommand, member), TRUE, NOWHERE, NULL, FALSE }
#define LIKE(member, twin, key) { #member, offsetof (UcCommand, member), TRUE, offsetof (UcEvent, twin), key, FALSE }
#define SAME(member) LIKE (member, member, #member)
#define NEW(member, twin) { #member, offsetof (UcCommand, member), TRUE, offsetof (UcEvent, twin), #twin, TRUE }
#define N(member) { #member, offsetof (UcCommand, member), FALSE, NOWHERE, NULL, FALSE }
static const Member members[] = {
  S (by), S (seed), S (user), S (login), SAME (name), S (role), S (permissions), S (scope), S (agent), S (queue),
  S (interaction), S (conversation), S (offer), S (channel), S (network), SAME (identity), SAME (text),
  SAME (external_id), SAME (client_id), S (message), S (status), S (reason), S (cause), S (state), SAME (error),
  S (case_id), S (customer), SAME (customer_name), NEW (new_conversation, conversation),
  NEW (new_interaction, interaction), NEW (new_message, message), S (form), S (reply_to), S (attachments),
  S (picture), S (follows), S (matches), S (codes), S (list), S (use), S (queues), S (save_during), S (save_after),
  S (preset), S (on_login), S (on_reject), S (on_timeout), S (reason_reject), S (reason_timeout), S (pop_on),
  S (late_save), S (faq), S (category), SAME (question), SAME (answer), S (language), S (dropped), S (merge),
  S (identities),
  N (capacity), N (acceptance_ms), N (enabled), N (post_processing_ms), N (boost), N (removed), N (draft),
  N (attempts), N (n), N (sent_at), N (auto_accept), N (window_until), N (tagged_until), N (max_text),
  N (text_unit), N (passive), N (required), N (return_reject_ms), N (return_timeout_ms), N (max_misses),
  N (lease_ms), N (grace_ms), N (code_grace_ms),
};
/* clang-format on */

/* Each is a pointer or a 64-bit number; `type` takes the room of one. A member missing above does not compile. */
G_STATIC_ASSERT (sizeof (UcCommand) == (G_N_ELEMENTS (members) + 1) * sizeof (gint64)
                 || sizeof (gpointer) != sizeof (gint64));

static const char *const words[] = {
  [UC_COMMAND_PUT_USER] = "put_user",
  [UC_COMMAND_PUT_QUEUE] = "put_queue",
  [UC_COMMAND_PUT_MEMBERSHIP] = "put_membership",
  [UC_COMMAND_SET_STATUS] = "set_status",
  [UC_COMMAND_RECEIVE] = "receive",
  [UC_COMMAND_CUSTOMER_END] = "customer_end",
  [UC_COMMAND_ACCEPT] = "accept",
  [UC_COMMAND_REJECT] = "reject",
  [UC_COMMAND_SEND] = "send",
  [UC_COMMAND_MESSAGE_STATE] = "message_state",
  [UC_COMMAND_END] = "end",
  [UC_COMMAND_WRAP_UP_DONE] = "wrap_up_done",
  [UC_COMMAND_SET_CUSTOMER] = "set_customer",
  [UC_COMMAND_SAVE] = "save",
  [UC_COMMAND_SAVE_STATE] = "save_state",
  [UC_COMMAND_TICK] = "tick",
  [UC_COMMAND_PUT_POLICY] = "put_policy",
  [UC_COMMAND_PUT_CODES] = "put_codes",
  [UC_COMMAND_PUT_FAQ] = "put_faq",
  [UC_COMMAND_FAQ_USED] = "faq_used",
  [UC_COMMAND_STOP_NEW] = "stop_new",
  [UC_COMMAND_PRESENCE] = "presence",
  [UC_COMMAND_SET_CODES] = "set_codes",
  [UC_COMMAND_MATCHES] = "matches",
  [UC_COMMAND_FOLLOW] = "follow",
  [UC_COMMAND_ECHO] = "echo",
  [UC_COMMAND_PROFILE] = "profile",
  [UC_COMMAND_MERGED] = "merged",
  [UC_COMMAND_DRAIN] = "drain",
};

const char *
uc_command_word (UcCommandType type)
{
  return type > 0 && type < G_N_ELEMENTS (words) ? words[type] : NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static const char *
string_in (gconstpointer record, gsize offset)
{
  return G_STRUCT_MEMBER (const char *, record, offset);
}

void
uc_command_keep (UcCommand *command, GStringChunk *texts)
{
  for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
    if (members[m].is_string)
      {
        const char **text = &G_STRUCT_MEMBER (const char *, command, members[m].offset);

        if (*text != NULL)
          *text = g_string_chunk_insert (texts, *text);
      }
}

/* The number of the event that has the same, -1 = none does. */
static int
find_twin (const Member *member, const char *value, GPtrArray *events, guint first)
{
  if (member->twin == NOWHERE)
    return -1;
  for (guint e = first; e < events->len && e < first + UC_RECORD_EVENTS; e++)
    if (g_strcmp0 (string_in (events->pdata[e], member->twin), value) == 0)
      return (int)(e - first);
  return -1;
}

/* A step that makes no id of its own may as well have had any other seed. */
static gboolean
needs_seed (const char *seed, GPtrArray *events, guint first)
{
  for (guint e = first; e < events->len; e++)
    {
      const UcEvent *event = events->pdata[e];

      if ((event->message != NULL && g_str_has_prefix (event->message, seed))
          || (event->offer != NULL && g_str_has_prefix (event->offer, seed)))
        return TRUE;
    }
  return FALSE;
}

static void
add_string (GString *out, const Member *member, const char *value, GPtrArray *events, guint first)
{
  int twin = find_twin (member, value, events, first);

  if (twin >= 0)
    uc_json_add_int (out, member->name, twin);
  else if (member->is_new)
    return;
  else if (member->offset == offsetof (UcCommand, seed) && !needs_seed (value, events, first))
    return;
  else
    uc_json_add_string (out, member->name, value);
}

static GString *
begin (const char *word, gboolean reborn, gint64 now)
{
  GString *out = g_string_sized_new (256);

  uc_json_begin (out);
  uc_json_add_string (out, "do", word);
  uc_json_add_int (out, "at", now);
  if (reborn)
    uc_json_add_bool (out, "reborn", TRUE);
  return out;
}

char *
uc_record_step (const UcCommand *command, gboolean reborn, gint64 now, GPtrArray *events, guint first)
{
  GString *out = begin (uc_command_word (command->type), reborn, now);

  for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
    if (members[m].is_string)
      {
        const char *value = string_in (command, members[m].offset);

        if (value != NULL)
          add_string (out, &members[m], value, events, first);
      }
    else
      {
        gint64 value = G_STRUCT_MEMBER (gint64, command, members[m].offset);

        if (value != 0)
          uc_json_add_int (out, members[m].name, value);
      }
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

char *
uc_record_restored (const char *seed, gint64 now)
{
  GString *out = begin ("restored", TRUE, now);

  uc_json_add_string (out, "seed", seed);
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

char *
uc_record_appended (void)
{
  return g_strdup ("{\"do\":\"appended\"}");
}

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct
{
  UcRecord *record;
  UcRecordEvent event;
  gpointer data;
  GError **error;
} Reading;

static gboolean unreadable (Reading *reading, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
unreadable (Reading *reading, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (reading->error != NULL)
    *reading->error = g_error_new_valist (UC_ERROR, UC_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

static const UcJson *
find_event (Reading *reading, gint64 k)
{
  UcRecord *record = reading->record;
  const char *json;
  gsize len = 0;

  if (k < 0 || k >= UC_RECORD_EVENTS)
    return NULL;
  if (record->events[k] == NULL)
    {
      json = reading->event ((guint)k, &len, reading->data);
      record->events[k] = json != NULL ? uc_json_parse (json, len, NULL, NULL) : NULL;
    }
  return record->events[k];
}

static gboolean
read_string (Reading *reading, const Member *member, const UcJson *value)
{
  const char **place = &G_STRUCT_MEMBER (const char *, &reading->record->command, member->offset);
  const UcJson *event;

  *place = uc_json_string (value);
  if (*place != NULL)
    return TRUE;
  if (!uc_json_is_int (value) || member->twin == NOWHERE)
    return unreadable (reading, "its step has a \"%s\" that is no string", member->name);
  event = find_event (reading, uc_json_int (value, -1));
  *place = uc_json_string (uc_json_get (event, member->key));
  if (uc_json_bool (uc_json_get (event, "expired"), FALSE))
    reading->record->expired = TRUE;
  else if (*place == NULL)
    return unreadable (reading, "its step takes \"%s\" from an event of the step that has none", member->name);
  return TRUE;
}

static GHashTable *
members_by_name (void)
{
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      GHashTable *table = g_hash_table_new (g_str_hash, g_str_equal);

      for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
        g_hash_table_insert (table, (gpointer)members[m].name, (gpointer)&members[m]);
      g_once_init_leave (&made, (gsize)table);
    }
  return (GHashTable *)made;
}

static gboolean
read_word (Reading *reading, const char *word)
{
  UcRecord *record = reading->record;

  if (g_strcmp0 (word, "restored") == 0)
    record->kind = UC_RECORD_RESTORED;
  else if (g_strcmp0 (word, "appended") == 0)
    record->kind = UC_RECORD_APPENDED;
  else
    {
      gsize w = 1;

      while (w < G_N_ELEMENTS (words) && g_strcmp0 (word, words[w]) != 0)
        w++;
      if (w == G_N_ELEMENTS (words))
        return unreadable (reading, "its step is no command that this program knows: \"%s\"",
                           word != NULL ? word : "(none)");
      record->command.type = (UcCommandType)w;
    }
  return TRUE;
}

static gboolean
read_member (Reading *reading, const UcJson *value)
{
  const char *key = uc_json_key (value);
  const Member *member;

  if (strcmp (key, "do") == 0)
    return read_word (reading, uc_json_string (value));
  if (strcmp (key, "at") == 0)
    reading->record->now = uc_json_int (value, 0);
  else if (strcmp (key, "expired") == 0)
    reading->record->expired = TRUE;
  else if (strcmp (key, "reborn") == 0)
    reading->record->reborn = TRUE;
  else if ((member = g_hash_table_lookup (members_by_name (), key)) == NULL)
    return unreadable (reading, "its step has a member that this program does not know: \"%s\"", key);
  else if (member->is_string)
    return read_string (reading, member, value);
  else if (!uc_json_is_int (value))
    return unreadable (reading, "its step has a \"%s\" that is no number", key);
  else
    G_STRUCT_MEMBER (gint64, &reading->record->command, member->offset) = uc_json_int (value, 0);
  return TRUE;
}

gboolean
uc_record_read (UcRecord *record, const char *json, gsize len, UcRecordEvent event, gpointer data, GError **error)
{
  Reading reading = { record, event, data, error };

  memset (record, 0, sizeof *record);
  record->root = uc_json_parse (json, len, NULL, error);
  if (record->root == NULL)
    return FALSE;
  if (!uc_json_is_object (record->root) || uc_json_get (record->root, "do") == NULL)
    return unreadable (&reading, "its step does not say what was done");
  for (const UcJson *value = uc_json_first (record->root); value != NULL; value = uc_json_next (value))
    if (!read_member (&reading, value))
      return FALSE;
  if (record->command.seed == NULL)
    record->command.seed = "any";
  return TRUE;
}

void
uc_record_clear (UcRecord *record)
{
  uc_json_free (record->root);
  for (guint e = 0; e < UC_RECORD_EVENTS; e++)
    uc_json_free (record->events[e]);
  memset (record, 0, sizeof *record);
}
