/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Typing and seen: sender actions, each a call of its own, sent only when there is room for it, never repeated.
 * Main thread.
 */
#include "messenger.h"

#define SHOWN_MS 20000  /* Messenger shows the typing dots so long */
#define RENEW_MS 10000  /* they are asked for again no sooner */
#define MAX_TYPING 4096 /* people for whom that is remembered */

struct MessengerActions
{
  GHashTable *typing; /* user id -> gint64*: when the dots were last switched on */
  GQueue calls;       /* of Action* */
};

typedef struct
{
  Messenger *mg;
  GList link;
  MessengerCall *call;
} Action;

MessengerActions *
messenger_actions_new (void)
{
  MessengerActions *actions = g_new0 (MessengerActions, 1);

  actions->typing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return actions;
}

void
messenger_actions_free (MessengerActions *actions)
{
  g_hash_table_unref (actions->typing);
  g_free (actions);
}

static void
action_free (Action *action)
{
  g_queue_unlink (&action->mg->actions->calls, &action->link);
  g_free (action);
}

static void
on_done (gpointer data, const MessengerOutcome *outcome)
{
  action_free (data);
}

static gboolean
act (Messenger *mg, const char *user_id, const char *name)
{
  Action *action;
  UsherJson *body;
  g_autofree char *path = NULL;

  if (!messenger_out_spare (mg))
    return FALSE;
  action = g_new0 (Action, 1);
  action->mg = mg;
  action->link.data = action;
  g_queue_push_tail_link (&mg->actions->calls, &action->link);
  body = messenger_recipient (mg, user_id);
  path = messenger_page_path (mg, "messages");
  mg->host->json_set_string (body, "sender_action", name);
  action->call
      = messenger_call (mg, "a sender action", "POST", path, NULL, body, MESSENGER_NOTE_MS, on_done, action);
  return TRUE;
}

void
messenger_actions_stop (Messenger *mg)
{
  Action *action;

  while ((action = g_queue_peek_head (&mg->actions->calls)) != NULL)
    {
      messenger_call_cancel (action->call);
      action_free (action);
    }
}

void
messenger_typing (void *self, const char *user_id, bool on)
{
  Messenger *mg = self;
  GHashTable *typing = mg->actions->typing;
  const gint64 *since = g_hash_table_lookup (typing, user_id);
  gint64 now = mg->host->now (), age = since != NULL ? now - *since : SHOWN_MS;

  if (on && age >= RENEW_MS && act (mg, user_id, "typing_on"))
    {
      if (g_hash_table_size (typing) >= MAX_TYPING)
        g_hash_table_remove_all (typing);
      g_hash_table_replace (typing, g_strdup (user_id), g_memdup2 (&now, sizeof now));
    }
  else if (!on && age < SHOWN_MS)
    {
      act (mg, user_id, "typing_off");
      g_hash_table_remove (typing, user_id);
    }
}

void
messenger_typed (Messenger *mg, const char *user_id)
{
  g_hash_table_remove (mg->actions->typing, user_id);
}

void
messenger_seen (void *self, const UsherLine *line)
{
  act (self, line->user_id, "mark_seen");
}
