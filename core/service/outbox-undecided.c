/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What could not be delivered, or perhaps was: it stays in the store's outbox until a person sends it again or
 * leaves it as it is. Here is which ones there are, the alarm about them, and the decision. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/alarm.h"
#include "core/service/outbox-private.h"

#define MAX_ROWS 100000
#define JUDGE_AFTER_MS 1000 /* many may change in one turn */
#define ALARM "outbox.dead"

void
uc_undecided_free (gpointer data)
{
  UcUndecided *one = data;

  g_free (one->message);
  g_free (one->channel);
  g_free (one);
}

/* ---- the alarm ----------------------------------------------------------------------------------------- */

static void on_judge (gpointer data);

static void
judge_at (UcOutbox *outbox, gint64 at)
{
  /* A steady stream of failures must not put it off for ever. */
  if (outbox->judge_timer != 0 && outbox->judge_at <= at)
    return;
  uc_loop_timer_remove (outbox->core->loop, outbox->judge_timer);
  outbox->judge_at = at;
  outbox->judge_timer = uc_loop_timer_at (outbox->core->loop, at, on_judge, outbox);
}

static void
on_judge (gpointer data)
{
  UcOutbox *outbox = data;
  gint64 oldest = G_MAXINT64, now = uc_clock_now ();
  GHashTableIter iter;
  gpointer value;
  guint dead = 0;

  outbox->judge_timer = 0;
  g_hash_table_iter_init (&iter, outbox->undecided);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((const UcUndecided *)value)->dead)
      {
        dead++;
        oldest = MIN (oldest, ((const UcUndecided *)value)->at);
      }
  if (dead > UC_DEAD_MANY || (dead > 0 && now - oldest >= UC_DEAD_LONG_MS))
    {
      g_autoptr (GDateTime) since = g_date_time_new_from_unix_utc (oldest / 1000);
      g_autofree char *words = g_date_time_format (since, "%F %H:%M");

      uc_alarm_raise (outbox->core, ALARM,
                      "%u %s could not be delivered and %s for a decision, the oldest since %s UTC: see \"Not "
                      "delivered\" at a supervisor's desk or `usherctl outbox list`, then send again or discard",
                      dead, dead == 1 ? "message" : "messages", dead == 1 ? "waits" : "wait", words);
    }
  else
    {
      uc_alarm_clear (outbox->core, ALARM);
      if (dead > 0)
        judge_at (outbox, oldest + UC_DEAD_LONG_MS);
    }
}

/* ---- which ones there are ------------------------------------------------------------------------------ */

void
uc_undecided_note (UcOutbox *outbox, const char *message, const char *channel, int rank, gint64 at)
{
  UcUndecided *one;

  if (rank == UC_RANK_UNCERTAIN || rank == UC_RANK_FINAL)
    {
      one = g_new (UcUndecided, 1);
      *one = (UcUndecided){ g_strdup (message), g_strdup (channel), rank == UC_RANK_FINAL, at };
      g_hash_table_replace (outbox->undecided, one->message, one);
    }
  else if (!g_hash_table_remove (outbox->undecided, message))
    return;
  judge_at (outbox, uc_clock_now () + JUDGE_AFTER_MS);
}

/* Whether the row tells something that this process knows better. */
static gboolean
is_stale (UcOutbox *outbox, const UcEvent *row)
{
  UcThread *thread = g_hash_table_lookup (outbox->threads, row->conversation);
  const UcSentLine *line = thread != NULL ? uc_thread_find (thread, row->message, NULL) : NULL;

  return line != NULL && line->rank != UC_RANK_UNCERTAIN && line->rank != UC_RANK_FINAL;
}

/* A channel that has not started yet is known by what its plugin can do at best. */
static gboolean
has_echoes (const UsherInstance *instance)
{
  const UsherChannelCapabilities *caps = instance != NULL ? uc_instance_capabilities (instance) : NULL;

  if (caps == NULL && instance != NULL)
    caps = instance->plugin->channel.capabilities;
  return caps != NULL && caps->echoes;
}

static void
on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOutbox *outbox = data;

  if (result != UC_STORE_OK)
    {
      g_warning ("what could not be delivered can't be read (%s); trying again", why);
      uc_loop_timer_remove (outbox->core->loop, outbox->undecided_timer);
      outbox->undecided_timer
          = uc_loop_timer_in (outbox->core->loop, 1000, (UcLoopFunc)uc_undecided_reload, outbox);
      return;
    }
  for (guint i = 0; i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];
      const UsherInstance *instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, row->channel);

      if (is_stale (outbox, row))
        continue;
      uc_undecided_note (outbox, row->message, row->channel, uc_rank_of (row->state), row->deadline);
      if (strcmp (row->state, "uncertain") == 0 && has_echoes (instance))
        uc_uncertain_add (outbox, row);
    }
}

void
uc_undecided_reload (UcOutbox *outbox)
{
  UcOutboxQuery query = { .limit = MAX_ROWS };

  outbox->undecided_timer = 0;
  uc_store_outbox_list (outbox->core->store, &query, on_rows, outbox);
}

/* ---- a person's decision ------------------------------------------------------------------------------- */

static gboolean
check_decision (UcOutbox *outbox, const UcEvent *row, gboolean again, GError **error)
{
  if (!g_hash_table_contains (outbox->undecided, row->message))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                   "message %s needs no decision any more: it was sent, is on its way again, or was discarded",
                   row->message);
      return FALSE;
    }
  if (again && uc_core_instance (outbox->core, UC_KIND_CHANNEL, row->channel) == NULL)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                   "message %s can't be sent again: there is no channel \"%s\" in the configuration; put it back, "
                   "or discard the message",
                   row->message, row->channel);
      return FALSE;
    }
  return TRUE;
}

gboolean
uc_outbox_decide (UcOutbox *outbox, UcTxn *txn, const UcEvent *row, gboolean again, const char *by, GError **error)
{
  UcCommand command = {
    .type = UC_COMMAND_MESSAGE_STATE,
    .by = by,
    .conversation = row->conversation,
    .interaction = row->interaction,
    .agent = row->agent,
    .message = row->message,
    .n = row->n,
    .state = again ? "queued" : row->state,
    .error = again ? NULL : row->error,
  };
  UcSentLine *line;

  if (!check_decision (outbox, row, again, error) || !uc_txn_step (txn, &command, error))
    return FALSE;
  uc_uncertain_remove (outbox, row->message);
  uc_undecided_note (outbox, row->message, row->channel, UC_RANK_QUEUED, 0);
  if (again)
    {
      line = uc_thread_note (uc_thread_of (outbox, row->conversation, row->channel, row->identity), row);
      line->rank = UC_RANK_QUEUED;
      uc_lane_count_retry (outbox, row->channel);
    }
  return TRUE;
}

void
uc_outbox_again (UcOutbox *outbox, const UcEvent *row)
{
  g_autoptr (UcEvent) message = uc_event_copy (row);

  g_free (message->state);
  message->state = g_strdup ("queued");
  g_clear_pointer (&message->error, g_free);
  message->since = uc_clock_now ();
  uc_outbox_enqueue (outbox, message, 0, 0);
}

/* ---- figures ------------------------------------------------------------------------------------------- */

typedef struct
{
  guint waiting, retrying, uncertain, dead;
  gint64 oldest, oldest_dead;
} Figures;

static Figures *
figures_of (GHashTable *table, const char *channel)
{
  Figures *figures = g_hash_table_lookup (table, channel);

  if (figures == NULL)
    {
      figures = g_new0 (Figures, 1);
      g_hash_table_insert (table, g_strdup (channel), figures);
    }
  return figures;
}

static void
count_waiting (GHashTable *table, UcOutbox *outbox)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, outbox->threads);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      UcThread *thread = value;
      const UcOut *head = g_queue_peek_head (&thread->queue);
      Figures *figures;

      if (head == NULL)
        continue;
      figures = figures_of (table, thread->channel);
      figures->waiting += thread->queue.length;
      for (const GList *l = thread->queue.head; l != NULL; l = l->next)
        figures->retrying += ((const UcOut *)l->data)->attempts > 0;
      if (figures->oldest == 0 || head->since < figures->oldest)
        figures->oldest = head->since;
    }
}

static void
count_undecided (GHashTable *table, UcOutbox *outbox)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, outbox->undecided);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const UcUndecided *one = value;
      Figures *figures = figures_of (table, one->channel);

      if (!one->dead)
        figures->uncertain++;
      else
        {
          figures->dead++;
          if (figures->oldest_dead == 0 || one->at < figures->oldest_dead)
            figures->oldest_dead = one->at;
        }
    }
}

static double
age_of (gint64 since)
{
  return since == 0 ? 0 : (double)MAX (0, uc_clock_now () - since) / 1000;
}

static double
figure_of (UcOutbox *outbox, const char *channel, const Figures *figures, int which)
{
  guint64 sent, retries;
  gboolean paused;

  uc_lane_figures (outbox, channel, &sent, &retries, &paused);
  switch (which)
    {
    case 0:
      return figures->waiting;
    case 1:
      return figures->retrying;
    case 2:
      return figures->uncertain;
    case 3:
      return figures->dead;
    case 4:
      return age_of (figures->oldest);
    case 5:
      return age_of (figures->oldest_dead);
    case 6:
      return paused;
    case 7:
      return (double)sent;
    default:
      return (double)retries;
    }
}

void
uc_outbox_metrics (UcCore *core, UcMetrics *metrics)
{
  static const struct
  {
    const char *name, *help;
    gboolean counter;
  } families[] = {
    { "usher_outbox_waiting", "Messages that wait to be sent.", FALSE },
    { "usher_outbox_retrying", "Those of them that were tried before.", FALSE },
    { "usher_outbox_uncertain", "Messages of which nobody knows whether they arrived.", FALSE },
    { "usher_outbox_dead", "Messages that could not be delivered, undecided.", FALSE },
    { "usher_outbox_oldest_seconds", "How long ago the oldest of them was written.", FALSE },
    { "usher_outbox_oldest_dead_seconds", "How long the oldest undelivered one waits for a decision.", FALSE },
    { "usher_outbox_paused", "1 while the channel takes nothing and one message tries from time to time.", FALSE },
    { "usher_outbox_sent_total", "Messages that the network took, since the start.", TRUE },
    { "usher_outbox_retries_total", "Messages sent once more, since the start.", TRUE },
  };
  UcOutbox *outbox = core->outbox;
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GList) channels = NULL;

  for (guint i = 0; i < core->instances->len; i++)
    if (((const UsherInstance *)core->instances->pdata[i])->kind == UC_KIND_CHANNEL)
      figures_of (table, ((const UsherInstance *)core->instances->pdata[i])->name);
  count_waiting (table, outbox);
  count_undecided (table, outbox);
  channels = g_list_sort (g_hash_table_get_keys (table), (GCompareFunc)strcmp);
  for (gsize f = 0; f < G_N_ELEMENTS (families); f++)
    for (const GList *c = channels; c != NULL; c = c->next)
      {
        g_autofree char *label = uc_metrics_label ("channel", c->data);
        double value = figure_of (outbox, c->data, g_hash_table_lookup (table, c->data), (int)f);

        (families[f].counter ? uc_metrics_counter : uc_metrics_gauge) (metrics, families[f].name, families[f].help,
                                                                       label, value);
      }
  uc_metrics_gauge (metrics, "usher_outbox_given", "Messages that channels have and whose result is not stored.",
                    NULL, g_hash_table_size (outbox->given));
}
