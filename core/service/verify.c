/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replays a stored journal. See verify.h.
 */
#include "core/service/verify.h"

#include <string.h>

#include "core/base/error.h"
#include "core/engine/command-json.h"
#include "core/engine/replay.h"
#include "core/store/journal.h"

#define PROGRESS_EVERY 2048 /* events */

/* A row of the step that is being gathered. */
typedef struct
{
  gint64 seq, at;
  char *type, *agent, *interaction, *json, *step;
  gsize json_len, step_len;
  gboolean expired;
} Row;

typedef struct
{
  UcJournal *journal;
  UcJournalInfo info;
  UcEngine *engine; /* has lived through the journal up to here */
  GArray *rows;     /* of Row: one step */
  GPtrArray *made;  /* of UcEvent*: what the engine made of it */
  gint64 seq, epoch, last_at;
  gboolean settled; /* the part without steps is behind us */
  UcVerifyReport *report;
  GError *error; /* something can't be read */
} Verify;

static void
row_clear (gpointer data)
{
  Row *row = data;

  g_free (row->type);
  g_free (row->agent);
  g_free (row->interaction);
  g_free (row->json);
  g_free (row->step);
}

/* ---- findings ------------------------------------------------------------------------------------------ */

static gboolean found (Verify *verify, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Keeps the first one. Returns FALSE: enough was seen. */
static gboolean
found (Verify *verify, const char *format, ...)
{
  va_list args;

  if (verify->report->finding != NULL)
    return FALSE;
  va_start (args, format);
  verify->report->finding = g_strdup_vprintf (format, args);
  va_end (args);
  return FALSE;
}

/* As it may be shown: of what was said, only how long it is. */
static char *
shown (const UcEvent *event)
{
  g_autoptr (UcEvent) copy = uc_event_copy (event);

  if (copy->text != NULL)
    {
      g_free (copy->text);
      copy->text = g_strdup_printf ("(%u bytes)", (guint)strlen (event->text));
    }
  return uc_event_to_json (copy, NULL);
}

static char *
shown_row (const Row *row)
{
  g_autoptr (UcEvent) event = uc_event_from_json (row->json, row->json_len, NULL);

  return event != NULL ? shown (event) : g_strdup ("what is no event");
}

/* ---- the part without steps ---------------------------------------------------------------------------- */

static void
set_numbers (const UcEvent *numbers, gpointer data)
{
  uc_engine_replay_numbers (((Verify *)data)->engine, numbers->conversation, numbers->last_n,
                            numbers->window_until, numbers->tagged_until);
}

static gboolean
settle (Verify *verify)
{
  if (verify->settled)
    return TRUE;
  verify->settled = TRUE;
  uc_engine_restarted (verify->engine);
  return uc_journal_settle (verify->journal, set_numbers, verify, &verify->error);
}

static gboolean
project (Verify *verify, const UcEvent *event, gboolean expired)
{
  g_autoptr (GError) error = NULL;
  gint64 begun = g_get_monotonic_time ();
  gboolean taken = uc_journal_project (verify->journal, event, expired, &error);

  verify->report->tables_us += g_get_monotonic_time () - begun;
  if (taken)
    return TRUE;
  if (error->code != UC_ERROR_CONFLICT)
    {
      g_propagate_error (&verify->error, g_steal_pointer (&error));
      return FALSE;
    }
  return found (verify, "event %" G_GINT64_FORMAT " (%s) does not fit what is before it: %s", event->seq,
                uc_event_type_name (event->type), error->message);
}

/* The event of a row, where the row is all there is of it. NULL = found. */
static UcEvent *
read_event (Verify *verify, const Row *row)
{
  g_autoptr (GError) error = NULL;
  UcEvent *event = uc_event_from_json (row->json, row->json_len, &error);

  if (event == NULL)
    found (verify, "event %" G_GINT64_FORMAT " can't be read: %s", row->seq, error->message);
  return event;
}

/* Messages are left out of the index by interaction. */
static const char *
indexed_interaction (const UcEvent *event)
{
  return event->type == UC_EVENT_MESSAGE_ADDED || event->type == UC_EVENT_MESSAGE_STATE ? NULL
                                                                                        : event->interaction;
}

static gboolean
same_columns (Verify *verify, const Row *row, const UcEvent *event)
{
  const char *wrong = event->seq != row->seq                                           ? "number"
                      : event->at != row->at                                           ? "time"
                      : g_strcmp0 (uc_event_type_name (event->type), row->type) != 0   ? "type"
                      : g_strcmp0 (event->agent, row->agent) != 0                      ? "agent"
                      : g_strcmp0 (indexed_interaction (event), row->interaction) != 0 ? "interaction"
                                                                                       : NULL;

  return wrong == NULL
         || found (verify,
                   "event %" G_GINT64_FORMAT
                   " (%s): its row says another %s than the event in it; something other "
                   "than usher has written there",
                   row->seq, row->type, wrong);
}

static gboolean
apply_row (Verify *verify, const Row *row)
{
  g_autoptr (UcEvent) event = read_event (verify, row);
  g_autoptr (GError) error = NULL;

  if (event == NULL || !same_columns (verify, row, event))
    return FALSE;
  verify->report->applied++;
  if (!uc_engine_replay (verify->engine, event, &error) && !verify->info.has_gaps)
    return found (verify, "event %" G_GINT64_FORMAT " (%s) does not fit what is before it: %s", row->seq,
                  row->type, error->message);
  return project (verify, event, FALSE);
}

/* ---- one step ------------------------------------------------------------------------------------------ */

static const char *
event_of_step (guint k, gsize *len, gpointer data)
{
  Verify *verify = data;
  const Row *row = k < verify->rows->len ? &g_array_index (verify->rows, Row, k) : NULL;

  *len = row != NULL ? row->json_len : 0;
  return row != NULL ? row->json : NULL;
}

/* The event without what was said. */
static char *
without_words (const UcEvent *event)
{
  g_autoptr (UcEvent) copy = uc_event_copy (event);

  g_clear_pointer (&copy->text, g_free);
  g_clear_pointer (&copy->attachments, g_free);
  return uc_event_to_json (copy, NULL);
}

static gboolean
same_event (Verify *verify, Row *row, UcEvent *event)
{
  gsize len;
  g_autofree char *json = uc_event_to_json (event, &len);
  g_autofree char *expected = NULL, *is = NULL, *stored = NULL;
  g_autoptr (UcEvent) there = NULL;

  if (len == row->json_len && memcmp (json, row->json, len) == 0)
    return TRUE;
  row->expired = g_str_has_suffix (row->json, ",\"expired\":true}");
  if (row->expired)
    {
      there = uc_event_from_json (row->json, row->json_len, NULL);
      stored = there != NULL ? without_words (there) : g_strdup ("");
      expected = without_words (event);
      if (strcmp (expected, stored) == 0)
        {
          g_clear_pointer (&event->text, g_free);
          g_clear_pointer (&event->attachments, g_free);
          verify->report->expired++;
          return TRUE;
        }
    }
  g_free (expected);
  expected = shown (event);
  is = shown_row (row);
  return found (
      verify, "event %" G_GINT64_FORMAT " is not what its step makes:\n  the step makes %s\n  the journal has %s",
      row->seq, expected, is);
}

static gboolean
compare_step (Verify *verify)
{
  for (guint i = 0; i < verify->rows->len && i < verify->made->len; i++)
    {
      Row *row = &g_array_index (verify->rows, Row, i);
      UcEvent *event = verify->made->pdata[i];

      event->seq = row->seq;
      if (!same_event (verify, row, event) || !same_columns (verify, row, event)
          || !project (verify, event, row->expired))
        return FALSE;
    }
  if (verify->made->len == verify->rows->len)
    return TRUE;
  return found (verify,
                "event %" G_GINT64_FORMAT " begins a step that makes %u events, but %u follow in the journal",
                g_array_index (verify->rows, Row, 0).seq, verify->made->len, verify->rows->len);
}

/* No step made it: it is about something that is not in the engine any more. */
static gboolean
take_appended (Verify *verify)
{
  const Row *row = &g_array_index (verify->rows, Row, 0);
  g_autoptr (UcEvent) event = read_event (verify, row);
  g_autofree char *json = NULL;

  if (event == NULL || !same_columns (verify, row, event))
    return FALSE;
  verify->report->appended++;
  json = uc_event_to_json (event, NULL);
  if (strcmp (json, row->json) != 0)
    return found (verify, "event %" G_GINT64_FORMAT " (%s) is not written as usher writes it", row->seq,
                  row->type);
  if (verify->rows->len > 1)
    return found (verify, "event %" G_GINT64_FORMAT " says of no step that it came from it", row->seq + 1);
  if (uc_engine_interaction (verify->engine, event->interaction) != NULL)
    return found (verify,
                  "event %" G_GINT64_FORMAT " (%s) was made past the engine, which had interaction %s then",
                  row->seq, row->type, event->interaction);
  return project (verify, event, FALSE);
}

/* In place of the words that were taken away: others that make as many lines. */
static void
put_words (Verify *verify, UcCommand *command, GString *words)
{
  guint lines = 0;

  if (command->text != NULL
      || (command->type != UC_COMMAND_RECEIVE && command->type != UC_COMMAND_SEND
          && command->type != UC_COMMAND_ECHO))
    return;
  for (guint r = 0; r < verify->rows->len; r++)
    lines += g_strcmp0 (g_array_index (verify->rows, Row, r).type, "message.added") == 0;
  for (guint l = 0; l < (command->type == UC_COMMAND_SEND ? lines : 1); l++)
    g_string_append_c (words, 'x');
  command->text = words->str;
  if (command->type == UC_COMMAND_SEND && lines > 1)
    {
      command->max_text = 1;
      command->text_unit = 0;
    }
}

static gboolean
make_step (Verify *verify, UcRecord *record)
{
  const Row *first = &g_array_index (verify->rows, Row, 0);
  g_autoptr (GString) words = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (verify->made, 0);
  if (record->kind == UC_RECORD_RESTORED)
    uc_engine_restored (verify->engine, record->command.seed, record->now, verify->made);
  else
    {
      if (record->expired)
        put_words (verify, &record->command, words);
      if (!uc_engine_step (verify->engine, &record->command, record->now, verify->made, &error))
        return found (verify,
                      "event %" G_GINT64_FORMAT " (%s): the engine refuses the step that has made it (%s): %s",
                      first->seq, first->type, uc_command_word (record->command.type), error->message);
    }
  return compare_step (verify);
}

/* Takes what was gathered. */
static gboolean
finish_step (Verify *verify)
{
  const Row *first = &g_array_index (verify->rows, Row, 0);
  g_auto (UcRecord) record = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean good;

  if (verify->rows->len == 0)
    return TRUE;
  if (!uc_record_read (&record, first->step, first->step_len, event_of_step, verify, &error))
    return found (verify, "event %" G_GINT64_FORMAT " (%s): %s", first->seq, first->type, error->message);
  if (record.reborn)
    uc_engine_restarted (verify->engine);
  verify->report->steps++;
  good = record.kind == UC_RECORD_APPENDED ? take_appended (verify) : make_step (verify, &record);
  g_array_set_size (verify->rows, 0);
  return good;
}

/* ---- all rows ------------------------------------------------------------------------------------------ */

static gboolean
check_order (Verify *verify, const UcJournalRow *row)
{
  gint64 expected = verify->seq + 1;

  if (row->seq != expected && !(verify->info.has_gaps && row->seq < verify->info.steps_from))
    return found (verify, "event %" G_GINT64_FORMAT "%s missing", expected,
                  row->seq == expected + 1 ? " is" : " and others up to the next one are");
  if (row->epoch < verify->epoch)
    return found (verify,
                  "event %" G_GINT64_FORMAT " was written by an earlier run of the daemon than the one before",
                  row->seq);
  verify->report->starts += row->epoch != verify->epoch;
  verify->seq = row->seq;
  verify->epoch = row->epoch;
  verify->last_at = MAX (verify->last_at, row->at);
  return TRUE;
}

static gboolean
take_row (Verify *verify, const UcJournalRow *from)
{
  Row row = { from->seq,
              from->at,
              g_strdup (from->type),
              g_strdup (from->agent),
              g_strdup (from->interaction),
              g_memdup2 (from->json, from->json_len + 1),
              from->step != NULL ? g_memdup2 (from->step, from->step_len + 1) : NULL,
              from->json_len,
              from->step_len,
              FALSE };
  gboolean good;

  if (from->seq < verify->info.steps_from)
    {
      good = apply_row (verify, &row);
      row_clear (&row);
      return good;
    }
  good = settle (verify) && (row.step == NULL || finish_step (verify));
  if (good && row.step == NULL && verify->rows->len == 0)
    good = found (verify, "event %" G_GINT64_FORMAT " (%s) does not say which step it came from", row.seq,
                  row.type);
  if (good)
    g_array_append_val (verify->rows, row);
  else
    row_clear (&row);
  return good;
}

/* FALSE: found, or an error. */
static gboolean
replay (Verify *verify, UcVerifyProgress progress, gpointer data)
{
  UcJournalNext next;
  UcJournalRow row;

  while ((next = uc_journal_next (verify->journal, &row, &verify->error)) == UC_JOURNAL_ROW)
    {
      if (!check_order (verify, &row) || !take_row (verify, &row))
        return FALSE;
      if (++verify->report->events % PROGRESS_EVERY == 0 && progress != NULL)
        progress (verify->report->events, verify->info.events, data);
    }
  return next == UC_JOURNAL_END && finish_step (verify) && settle (verify);
}

/* ---- what it led to ------------------------------------------------------------------------------------ */

typedef struct
{
  UcEngine *engine;
  GError *error;
} Loading;

static void
on_loaded (const UcEvent *row, gpointer data)
{
  Loading *loading = data;

  if (loading->error == NULL)
    uc_engine_restore (loading->engine, row, &loading->error);
}

static gboolean
same_state (Verify *verify, UcEngine *loaded)
{
  g_autoptr (GPtrArray) lived = uc_engine_rows (verify->engine), stored = uc_engine_rows (loaded);

  for (guint r = 0; r < MAX (lived->len, stored->len); r++)
    {
      g_autofree char *one = r < lived->len ? uc_event_to_json (lived->pdata[r], NULL) : g_strdup ("nothing");
      g_autofree char *other = r < stored->len ? uc_event_to_json (stored->pdata[r], NULL) : g_strdup ("nothing");

      if (strcmp (one, other) != 0)
        return found (
            verify,
            "a daemon that starts now is in another state than one that has run on:\n  it should have %s\n"
            "  it has %s",
            one, other);
    }
  return TRUE;
}

/* An engine that starts from the tables is the same as the one that needed no start. */
static gboolean
check_state (Verify *verify)
{
  g_autoptr (UcEngine) loaded = uc_engine_new ();
  g_autoptr (GError) broken = NULL;
  Loading loading = { loaded, NULL };

  if (!uc_engine_check (verify->engine, verify->last_at, &broken))
    return found (verify, "after event %" G_GINT64_FORMAT " an invariant of the engine is broken: %s", verify->seq,
                  broken->message);
  if (!uc_journal_load (verify->journal, on_loaded, &loading, &verify->error))
    return FALSE;
  if (loading.error != NULL)
    {
      found (verify, "a daemon can't start from the tables: %s", loading.error->message);
      g_error_free (loading.error);
      return FALSE;
    }
  return same_state (verify, loaded);
}

static gboolean
check_tables (Verify *verify)
{
  gint64 begun = g_get_monotonic_time ();
  g_autofree char *difference = uc_journal_compare (verify->journal, &verify->error);

  verify->report->tables_us += g_get_monotonic_time () - begun;
  if (verify->error != NULL)
    return FALSE;
  return difference == NULL || found (verify, "the tables are not what the journal makes of them: %s", difference);
}

gboolean
uc_verify (const char *path, UcVerifyProgress progress, gpointer data, UcVerifyReport *report, GError **error)
{
  g_autoptr (UcJournal) journal = uc_journal_open (path, error);
  Verify verify = { .journal = journal, .report = report };
  gint64 begun;

  memset (report, 0, sizeof *report);
  if (journal == NULL || !uc_journal_check_pages (journal, error))
    return FALSE;
  begun = g_get_monotonic_time ();
  uc_journal_info (journal, &verify.info);
  report->last_seq = verify.info.last_seq;
  verify.engine = uc_engine_new ();
  verify.rows = g_array_new (FALSE, FALSE, sizeof (Row));
  g_array_set_clear_func (verify.rows, row_clear);
  verify.made = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  if (replay (&verify, progress, data))
    (void)(check_tables (&verify) && check_state (&verify));
  report->replay_us = g_get_monotonic_time () - begun - report->tables_us;
  g_array_unref (verify.rows);
  g_ptr_array_unref (verify.made);
  uc_engine_free (verify.engine);
  if (verify.error != NULL)
    g_propagate_error (error, verify.error);
  return verify.error == NULL;
}

void
uc_verify_report_clear (UcVerifyReport *report)
{
  g_clear_pointer (&report->finding, g_free);
}
