/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of a conversation for its channel: what a client that was away has missed. Only what is durable. Main
 * thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/intake.h"
#include "core/service/line.h"

#define MAX_LINES 500

typedef struct
{
  UcCore *core;
  char *channel, *identity;
  gint64 after;
  int limit;
  UsherHistory done;
  void *data;
} History;

static void
history_free (History *history)
{
  g_free (history->channel);
  g_free (history->identity);
  g_free (history);
}

static void
answer (History *history, UsherStatus status, const char *message, GPtrArray *rows, const char *state,
        const char *agent)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = message };
  guint count = rows != NULL ? rows->len : 0;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_line_free);
  g_autofree const UsherLine **list = g_new0 (const UsherLine *, count + 1);

  for (guint i = 0; i < count; i++)
    {
      g_ptr_array_add (lines, uc_line_new (rows->pdata[i], history->identity));
      list[i] = uc_line_get (lines->pdata[i]);
    }
  /* Has the instance gone while the store was read, who called on its behalf drops this. */
  history->done (history->data, &result, list, state, agent);
  history_free (history);
}

static void
on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  History *history = data;
  const UcConversation *conversation
      = uc_engine_conversation_of (history->core->engine, history->channel, history->identity);
  const UcInteraction *open = conversation != NULL ? conversation->open : NULL;

  if (result != UC_STORE_OK)
    answer (history, USHER_RETRY, why, NULL, "none", NULL);
  else if (open != NULL && open->state == UC_INTERACTION_ACTIVE)
    answer (history, USHER_OK, NULL, rows, "active", open->agent->name);
  else
    answer (history, USHER_OK, NULL, rows, open != NULL ? "waiting" : "ended", NULL);
}

static void
on_conversation (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  History *history = data;

  if (result != UC_STORE_OK)
    answer (history, USHER_RETRY, why, NULL, "none", NULL);
  else if (rows->len == 0)
    answer (history, USHER_OK, NULL, NULL, "none", NULL);
  else
    uc_store_messages (history->core->store, ((UcEvent *)rows->pdata[0])->conversation, history->after,
                       (guint)history->limit, on_rows, history);
}

/* Everything stepped so far is durable: what memory says about the state may be told. */
static void
on_durable (gpointer data, const GError *error, GPtrArray *events)
{
  History *history = data;
  const UcConversation *conversation
      = uc_engine_conversation_of (history->core->engine, history->channel, history->identity);

  if (error != NULL)
    answer (history, USHER_RETRY, error->message, NULL, "none", NULL);
  else if (conversation != NULL)
    uc_store_messages (history->core->store, conversation->id, history->after, (guint)history->limit, on_rows,
                       history);
  else
    uc_store_conversation (history->core->store, history->channel, history->identity, on_conversation, history);
}

void
uc_intake_history (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done,
                   void *data)
{
  UcCore *core = instance->service;
  History *history = g_new0 (History, 1);

  history->core = core;
  history->channel = g_strdup (instance->name);
  history->identity = g_strdup (user_id);
  history->after = after;
  history->limit = CLAMP (limit, 1, MAX_LINES);
  history->done = done;
  history->data = data;
  uc_core_barrier (core, on_durable, history);
}
