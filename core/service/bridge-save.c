/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Saving transcripts as cases. What is to be saved is a durable state of the interaction (requested, queued), so a
 * restart goes on with it; the CRM's key is the interaction, so trying again never makes a second case. Main
 * thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/bridge-private.h"

#define MAX_MESSAGES 5000

typedef struct
{
  UcBridge *bridge;
  guint64 serial;
  char *interaction;
  UcEvent *row; /* state.interaction as it was read */
  char *transcript;
  gint64 attempts, since;
  gboolean waiting; /* in waiting_saves */
  gboolean busy;
  gboolean again; /* something of it changed while it was being saved */
  guint64 timer;
} Save;

static void run (Save *save);

static void
save_free (gpointer data)
{
  Save *save = data;

  uc_loop_timer_remove (save->bridge->core->loop, save->timer);
  if (save->waiting)
    g_queue_remove (&save->bridge->waiting_saves, save);
  uc_event_free (save->row);
  g_free (save->transcript);
  g_free (save->interaction);
  g_free (save);
}

GHashTable *
uc_bridge_saves_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, save_free);
}

guint
uc_bridge_pending (UcBridge *bridge)
{
  return g_hash_table_size (bridge->saves);
}

/* One attempt. Its answers come by name: the save may be gone, or another one begun, when one arrives. */
typedef struct
{
  UcBridge *bridge;
  guint64 serial, ticket;
  char *interaction;
  gboolean nobodys; /* its customer was still being looked for when the row was asked for */
} Attempt;

static Attempt *
attempt_new (Save *save)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  attempt->bridge = save->bridge;
  attempt->serial = save->serial;
  attempt->ticket = uc_breaker_begin (save->bridge->breaker);
  attempt->interaction = g_strdup (save->interaction);
  save->bridge->saving++;
  return attempt;
}

static Save *
save_of_attempt (const Attempt *attempt)
{
  Save *save = g_hash_table_lookup (attempt->bridge->saves, attempt->interaction);

  return save != NULL && save->serial == attempt->serial ? save : NULL;
}

/* result NULL: the CRM was not asked. */
static void
attempt_over (Attempt *attempt, const UsherResult *result)
{
  attempt->bridge->saving--;
  if (result != NULL)
    uc_bridge_answered (attempt->bridge, attempt->ticket, attempt->interaction, result);
  else
    uc_breaker_drop (attempt->bridge->breaker, attempt->ticket);
}

static void
attempt_free (Attempt *attempt)
{
  uc_bridge_go (attempt->bridge);
  g_free (attempt->interaction);
  g_free (attempt);
}

/* ---- telling ------------------------------------------------------------------------------------------- */

static void
tell (Save *save, const char *state, const char *case_id, gint64 attempts, const char *error)
{
  UcCore *core = save->bridge->core;
  UcCommand command = {
    .type = UC_COMMAND_SAVE_STATE,
    .interaction = save->interaction,
    .state = state,
    .case_id = case_id,
    .attempts = attempts,
    .error = error,
  };
  UcTxn *txn;
  UcEvent *event;

  if (uc_engine_interaction (core->engine, save->interaction) != NULL)
    {
      uc_core_submit (core, &command, NULL, NULL);
      return;
    }
  txn = uc_txn_new (core);
  event = uc_event_new (UC_EVENT_INTERACTION_SAVE, uc_clock_now ());
  event->interaction = g_strdup (save->interaction);
  event->agent = save->row != NULL ? g_strdup (save->row->agent) : NULL;
  event->state = g_strdup (state);
  event->mode = save->row != NULL ? g_strdup (save->row->mode) : NULL;
  event->case_id = g_strdup (case_id);
  event->attempts = attempts;
  event->error = g_strdup (error);
  uc_txn_append (txn, event);
  uc_txn_commit (txn, NULL, NULL);
}

static void
on_timer (gpointer data)
{
  Save *save = data;

  save->timer = 0;
  run (save);
}

static void
later (Save *save, gint64 not_before_ms, const char *why)
{
  UcBridge *bridge = save->bridge;
  gint64 wait = uc_bridge_backoff (bridge, save->attempts, not_before_ms);

  save->busy = FALSE;
  save->attempts++;
  g_clear_pointer (&save->transcript, g_free);
  tell (save, "queued", save->row != NULL ? save->row->case_id : NULL, save->attempts, why);
  /* While the CRM is away, when to try is not its own affair; others come first now. When the CRM was not even
   * asked, nothing holds it up: then it waits by itself. */
  if (uc_breaker_is_open (bridge->breaker) && !uc_breaker_lets (bridge->breaker))
    run (save);
  else
    save->timer = uc_loop_timer_in (bridge->core->loop, wait, on_timer, save);
}

/* ---- one attempt: row, messages, CRM ------------------------------------------------------------------- */

/* It ended while it was being saved. */
static gboolean
has_grown (const Save *save)
{
  const UcInteraction *now = uc_engine_interaction (save->bridge->core->engine, save->interaction);

  return save->row->ended_at == 0 && (now == NULL || now->ended_by != NULL);
}

static void
take_answer (Save *save, const UsherResult *result)
{
  const char *case_id;

  save->busy = FALSE;
  if (result->status == USHER_OK && result->cases != NULL && result->cases[0] != NULL)
    {
      case_id = result->cases[0]->id;
      if (has_grown (save) || save->again)
        {
          save->again = FALSE;
          tell (save, "queued", case_id, 0, NULL);
          run (save);
          return;
        }
      save->bridge->saved++;
      tell (save, "saved", case_id, save->attempts, NULL);
      g_hash_table_remove (save->bridge->saves, save->interaction);
    }
  else if (result->status == USHER_OK)
    later (save, 0, "the CRM said it saved the case but did not return it");
  else if (uc_bridge_is_temporary (result->status))
    later (save, result->retry_after_ms, result->message);
  else
    {
      tell (save, "failed", save->row->case_id, save->attempts + 1, result->message);
      g_hash_table_remove (save->bridge->saves, save->interaction);
    }
}

static void
on_saved (gpointer data, const UsherResult *result)
{
  Attempt *attempt = data;
  Save *save = save_of_attempt (attempt);

  attempt_over (attempt, result);
  if (save != NULL)
    take_answer (save, result);
  attempt_free (attempt);
}

static const char *
state_of_case (UcCore *core, const UcEvent *row, gboolean during)
{
  const UcQueue *queue = uc_engine_queue (core->engine, row->queue);
  const char *word = queue == NULL ? NULL : during ? queue->save_during : queue->save_after;

  return word != NULL ? word : during ? "closed" : "open";
}

/* Otherwise it is a case of its own (S-18). */
static gboolean
belongs_to_customer (UcCore *core, const UcEvent *row)
{
  return g_strcmp0 (row->mode, "during") == 0 || row->follows != NULL
         || g_strcmp0 (uc_engine_policy (core->engine)->late_save, "linked") == 0;
}

static void
start_save (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Save *save = data;
  const UcEvent *row = save->row;
  UcCore *core = save->bridge->core;
  g_autofree char *subject = g_strdup_printf ("Chat with %s", row->name != NULL ? row->name : row->identity);
  UsherCase record = {
    .struct_size = sizeof record,
    .interaction = row->interaction,
    .transcript = save->transcript,
    .ended_at = row->ended_at,
    .codes = row->codes,
  };

  if (row->case_id == NULL)
    {
      record.subject = subject;
      record.state = state_of_case (core, row, g_strcmp0 (row->mode, "during") == 0);
      record.follow_up_of = row->follows;
      record.customer_id = belongs_to_customer (core, row) ? row->customer : NULL;
      record.queue = row->queue_name;
      record.channel = row->channel;
      record.agent = row->agent_name;
      record.started_at = row->enqueued_at;
    }
  ops->save_case (self, &record, reply);
}

static void
add_line (GString *out, const UcEvent *message, const char *customer)
{
  uc_json_begin (out);
  uc_json_add_int (out, "at", message->at);
  uc_json_add_string (out, "author", message->author);
  if (g_strcmp0 (message->author, "customer") == 0)
    uc_json_add_string (out, "name", customer);
  else if (g_strcmp0 (message->author, "agent") == 0)
    uc_json_add_string (out, "name", message->author_name);
  uc_json_add_string (out, "text", message->text);
  uc_json_end (out);
}

/* The CRM is not asked this time. */
static void
stop (Attempt *attempt, Save *save, const char *why)
{
  attempt_over (attempt, NULL);
  if (save != NULL)
    later (save, 0, why);
  attempt_free (attempt);
}

static void
on_messages (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Attempt *attempt = data;
  Save *save = save_of_attempt (attempt);
  GString *out;

  if (save == NULL || result != UC_STORE_OK)
    {
      stop (attempt, save, why);
      return;
    }
  if (more)
    g_warning ("interaction %s has more than %d messages: its case gets the first ones", save->interaction,
               MAX_MESSAGES);
  out = g_string_sized_new (4096);
  uc_json_begin_array (out, NULL);
  for (guint i = 0; i < rows->len; i++)
    add_line (out, rows->pdata[i], save->row->name != NULL ? save->row->name : save->row->identity);
  uc_json_end_array (out);
  g_free (save->transcript);
  save->transcript = g_string_free (out, FALSE);
  uc_bridge_call (save->bridge->core, start_save, save, on_saved, attempt);
}

static void on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why);

static void
read_row (Attempt *attempt)
{
  UcInteractionQuery query = { .interaction = attempt->interaction, .limit = 1 };

  attempt->nobodys = g_hash_table_contains (attempt->bridge->looks, attempt->interaction);
  uc_store_interactions (attempt->bridge->core->store, &query, on_row, attempt);
}

static void
on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Attempt *attempt = data;
  Save *save = save_of_attempt (attempt);
  gboolean unowned;

  if (save == NULL || result != UC_STORE_OK || rows->len == 0)
    {
      stop (attempt, save, result != UC_STORE_OK ? why : "the interaction is not in the store yet");
      return;
    }
  uc_event_free (save->row);
  save->row = uc_event_copy (rows->pdata[0]);
  unowned = save->row->customer == NULL && save->row->case_id == NULL
            && belongs_to_customer (save->bridge->core, save->row);
  if (unowned && g_hash_table_contains (save->bridge->looks, save->interaction))
    {
      /* Of a new customer, whose draft the CRM has not made yet. */
      stop (attempt, save, "the CRM has not made the customer's record yet");
      return;
    }
  if (unowned && attempt->nobodys)
    {
      /* It was found while the row was on its way: the row may be from before. */
      read_row (attempt);
      return;
    }
  uc_store_interaction_messages (save->bridge->core->store, save->interaction, MAX_MESSAGES, on_messages, attempt);
}

static void
run (Save *save)
{
  if (save->busy || save->waiting || save->timer != 0)
    return;
  save->waiting = TRUE;
  g_queue_push_tail (&save->bridge->waiting_saves, save);
  uc_bridge_go (save->bridge);
}

void
uc_bridge_save_begin (gpointer data)
{
  Save *save = data;

  save->waiting = FALSE;
  save->busy = TRUE;
  save->bridge->save_next = FALSE;
  read_row (attempt_new (save));
}

gint64
uc_bridge_save_since (gconstpointer save)
{
  return ((const Save *)save)->since;
}

/* ---- what happens -------------------------------------------------------------------------------------- */

static Save *
save_of (UcBridge *bridge, const char *interaction)
{
  Save *save = g_hash_table_lookup (bridge->saves, interaction);

  if (save == NULL)
    {
      save = g_new0 (Save, 1);
      save->bridge = bridge;
      save->serial = ++bridge->serial;
      save->interaction = g_strdup (interaction);
      save->since = uc_clock_now ();
      uc_bridge_judge (bridge);
      g_hash_table_insert (bridge->saves, save->interaction, save);
    }
  return save;
}

void
uc_bridge_save_event (UcBridge *bridge, const UcEvent *event)
{
  gboolean requested = g_strcmp0 (event->state, "requested") == 0;
  Save *save;

  uc_bridge_failed_note (bridge, event->interaction, g_strcmp0 (event->state, "failed") == 0, event->at);
  /* "queued" is our own word about a save that is under way, or the engine's that the end made a saved case stale.
   */
  if (!requested && g_strcmp0 (event->state, "queued") != 0)
    return;
  save = save_of (bridge, event->interaction);
  run (save);
  /* It may be long until its turn comes: who asked for it is told why. */
  if (requested && save->waiting && uc_breaker_is_open (bridge->breaker))
    {
      if (save->row == NULL)
        save->row = uc_event_copy (event);
      tell (save, "queued", save->row->case_id, save->attempts, bridge->why);
    }
}

static void
on_coded (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcBridge *bridge = data;
  const UcEvent *row = result == UC_STORE_OK && rows->len > 0 ? rows->pdata[0] : NULL;

  if (result != UC_STORE_OK)
    g_warning ("the codes of a chat did not get into its case: %s", why);
  else if (row != NULL && row->status != NULL && strcmp (row->status, "failed") != 0)
    /* Also when the table still says "queued": that it was saved may be on its way there. */
    run (save_of (bridge, row->interaction));
}

void
uc_bridge_save_codes_changed (UcBridge *bridge, const char *interaction)
{
  UcInteractionQuery query = { .interaction = interaction, .limit = 1 };
  Save *save = g_hash_table_lookup (bridge->saves, interaction);

  if (save != NULL)
    save->again = TRUE;
  else if (uc_core_crm (bridge->core) != NULL)
    uc_store_interactions (bridge->core->store, &query, on_coded, bridge);
}

void
uc_bridge_save_customer_known (UcBridge *bridge, const char *interaction)
{
  Save *save = g_hash_table_lookup (bridge->saves, interaction);

  if (save != NULL && !save->busy)
    {
      uc_loop_timer_remove (bridge->core->loop, save->timer);
      save->timer = 0;
      run (save);
    }
}

static void
on_pending (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcBridge *bridge = data;

  if (result != UC_STORE_OK)
    {
      g_warning ("saves to the CRM that are under way can't be read (%s); trying again", why);
      bridge->reload_timer
          = uc_loop_timer_in (bridge->core->loop, 1000, (UcLoopFunc)uc_bridge_save_reload, bridge);
      return;
    }
  /* The oldest first. */
  for (guint i = rows->len; i > 0; i--)
    {
      const UcEvent *row = rows->pdata[i - 1];
      Save *save = save_of (bridge, row->interaction);

      save->attempts = row->attempts;
      if (row->ended_at != 0)
        save->since = MIN (save->since, row->ended_at);
      run (save);
    }
}

void
uc_bridge_save_reload (UcBridge *bridge)
{
  UcInteractionQuery query = { .save_pending = TRUE, .limit = 100000 };

  uc_loop_timer_remove (bridge->core->loop, bridge->reload_timer);
  bridge->reload_timer = 0;
  uc_bridge_failed_reload (bridge);
  g_hash_table_remove_all (bridge->saves);
  uc_store_interactions (bridge->core->store, &query, on_pending, bridge);
}

int
uc_bridge_save_compare (gconstpointer a, gconstpointer b)
{
  const Save *one = a, *other = b;

  if (one->since != other->since)
    return one->since < other->since ? -1 : 1;
  return one->serial < other->serial ? -1 : one->serial > other->serial;
}

static int
compare_age (gconstpointer a, gconstpointer b)
{
  return uc_bridge_save_compare (*(const Save *const *)a, *(const Save *const *)b);
}

void
uc_bridge_save_kick (UcBridge *bridge)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, bridge->saves);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  g_ptr_array_sort (list, compare_age);
  for (guint i = 0; i < list->len; i++)
    {
      Save *save = list->pdata[i];

      uc_loop_timer_remove (bridge->core->loop, save->timer);
      save->timer = 0;
      run (save);
    }
}
