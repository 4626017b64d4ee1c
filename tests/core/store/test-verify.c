/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherd --verify-journal: random days with restarts are right, and whatever is changed in a right one is found:
 * an agent in an offer, a time, two events swapped, one that is missing, a step, the tables.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "core/engine/command-json.h"
#include "core/service/verify.h"
#include "tests/core/store/day.h"
#include "tests/lib/proof.h"

static char *
finding_of (const char *path)
{
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;

  if (!uc_verify (path, NULL, NULL, &report, &error))
    g_error ("%s", error->message);
  return g_steal_pointer (&report.finding);
}

/* ---- steps as JSON --------------------------------------------------------------------------------------- */

static const char *
event_json (guint k, gsize *len, gpointer data)
{
  const char *json = k == 0 ? data : NULL;

  *len = json != NULL ? strlen (json) : 0;
  return json;
}

/* Strings from `by` on, then numbers from `capacity` on: each is set, so that none is forgotten. */
#define FIRST_STRING G_STRUCT_OFFSET (UcCommand, by)
#define FIRST_NUMBER G_STRUCT_OFFSET (UcCommand, capacity)

static void
round_trip (UcCommandType type)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  g_autoptr (GStringChunk) chunk = g_string_chunk_new (1024);
  UcEvent *event = uc_event_new (UC_EVENT_MESSAGE_ADDED, 77);
  UcCommand command = { .type = type };
  g_auto (UcRecord) record = { 0 };
  g_autofree char *step = NULL, *json = NULL;
  g_autoptr (GError) error = NULL;

  for (glong at = FIRST_STRING; at < FIRST_NUMBER; at += (glong)sizeof (char *))
    {
      g_autofree char *value = g_strdup_printf ("%s\"%ld\\ \n\u00fc", type % 2 ? "a" : "", at);

      G_STRUCT_MEMBER (const char *, &command, at) = g_string_chunk_insert (chunk, value);
    }
  for (glong at = FIRST_NUMBER; at < (glong)sizeof command; at += (glong)sizeof (gint64))
    G_STRUCT_MEMBER (gint64, &command, at) = at % 3 ? at : -1;
  /* What is taken from the event, and ids that it uses. */
  event->text = g_strdup (command.text);
  event->conversation = g_strdup (command.new_conversation);
  event->interaction = g_strdup (command.new_interaction);
  event->message = g_strconcat (command.seed, "-1", NULL);
  event->external_id = g_strdup ("another");
  g_ptr_array_add (events, event);
  json = uc_event_to_json (event, NULL);
  step = uc_record_step (&command, TRUE, 77, events, 0);
  g_assert_nonnull (strstr (step, "\"text\":0"));
  g_assert_true (uc_record_read (&record, step, strlen (step), event_json, json, &error));
  g_assert_no_error (error);
  g_assert_cmpint (record.kind, ==, UC_RECORD_STEP);
  g_assert_true (record.reborn && !record.expired && record.now == 77 && record.command.type == type);
  for (glong at = FIRST_STRING; at < FIRST_NUMBER; at += (glong)sizeof (char *))
    if (at != G_STRUCT_OFFSET (UcCommand, new_message)) /* of no use to the step */
      g_assert_cmpstr (G_STRUCT_MEMBER (const char *, &record.command, at), ==,
                       G_STRUCT_MEMBER (const char *, &command, at));
  g_assert_null (record.command.new_message);
  for (glong at = FIRST_NUMBER; at < (glong)sizeof command; at += (glong)sizeof (gint64))
    g_assert_cmpint (G_STRUCT_MEMBER (gint64, &record.command, at), ==, G_STRUCT_MEMBER (gint64, &command, at));
}

static void
test_round_trip (void)
{
  g_autoptr (UcEngine) engine = uc_engine_new ();
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);

  /* Every command that the engine knows has a word. */
  for (int type = 1;; type++)
    {
      UcCommand command = { .type = (UcCommandType)type, .seed = "s" };
      g_autoptr (GError) error = NULL;

      if (!uc_engine_step (engine, &command, 1, events, &error) && strstr (error->message, "no command number"))
        {
          g_assert_null (uc_command_word ((UcCommandType)type));
          g_assert_cmpint (type, >, UC_COMMAND_DRAIN);
          return;
        }
      g_assert_nonnull (uc_command_word ((UcCommandType)type));
      round_trip ((UcCommandType)type);
    }
}

/* ---- random days ---------------------------------------------------------------------------------------- */

static void
test_days (void)
{
  guint64 days = proof_size (2, 12, 400), first = proof_seed ((guint32)g_test_rand_int ()), events = 0;

  g_test_message ("seed %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " days of 400 commands", first, days);
  for (guint64 d = 0; d < days; d++)
    {
      Kit kit = { 0 };
      Day *day;
      g_autofree char *finding = NULL;

      kit_set_up (&kit, NULL);
      day = day_new (&kit, (guint32)(first + d));
      day_run (day, 400, TRUE);
      finding = finding_of (kit.path);
      if (finding != NULL)
        g_error ("USHER_SEED=%" G_GUINT64_FORMAT ": %s", first + d, finding);
      events += day->world->journal->len;
      day_free (day);
      kit_tear_down (&kit, NULL);
    }
  g_test_message ("%" G_GUINT64_FORMAT " events replayed", events);
}

/* ---- changes -------------------------------------------------------------------------------------------- */

/* What is done to a right database, and what the finding must speak of. */
static const struct
{
  const char *name, *sql, *words;
} changes[] = {
  { "agent of an offer",
    "UPDATE journal SET json = replace (json, '\"agent\":\"' || agent || '\"', '\"agent\":\"usr9\"'), agent = "
    "'usr9'"
    " WHERE seq = (SELECT max (seq) FROM journal WHERE type = 'interaction.offered')",
    "is not what its step makes" },
  { "agent of a row",
    "UPDATE journal SET agent = 'usr9' WHERE seq = (SELECT max (seq) FROM journal WHERE type = 'offer.ended')",
    "another agent" },
  { "time of an event",
    "UPDATE journal SET at = at + 1, json = replace (json, '\"at\":' || at, '\"at\":' || (at + 1))"
    " WHERE seq = (SELECT max (seq) FROM journal WHERE step IS NOT NULL)",
    "is not what its step makes" },
  { "time of a row", "UPDATE journal SET at = at + 1 WHERE seq = 100", "another time" },
  { "words of a line",
    "UPDATE journal SET json = replace (json, '\"text\":\"hello\"', '\"text\":\"hallo\"')"
    " WHERE seq = (SELECT max (seq) FROM journal WHERE json LIKE '%\"text\":\"hello\"%')",
    "message" },
  { "a missing event", "DELETE FROM journal WHERE seq = 200", "event 200 is missing" },
  /* That of a drain is found by nothing: no table says whether there is one. */
  { "a missing end",
    "DELETE FROM journal WHERE seq >= (SELECT max (seq) FROM journal WHERE type <> 'system.drain')", "" },
  { "swapped events",
    "UPDATE journal SET seq = -seq WHERE seq IN (300, 301);"
    "UPDATE journal SET seq = 601 + seq WHERE seq < 0",
    "event " },
  { "another step",
    "UPDATE journal SET step = replace (step, '\"agent\":\"usr', '\"agent\":\"usr1')"
    " WHERE seq = (SELECT max (seq) FROM journal WHERE step LIKE '{\"do\":\"accept\"%')",
    "refuses the step" },
  { "no step", "UPDATE journal SET step = NULL WHERE seq = 1", "does not say which step" },
  { "no step later",
    "UPDATE journal SET step = NULL WHERE seq = (SELECT max (seq) FROM journal WHERE step IS NOT NULL)",
    "follow in the journal" },
  { "no step that can be read", "UPDATE journal SET step = '{\"do\":\"dance\"}' WHERE seq = 1", "dance" },
  { "no JSON", "UPDATE journal SET step = '{' WHERE seq = 1", "event 1 " },
  { "a member too many", "UPDATE journal SET step = replace (step, '\"do\":', '\"why\":1,\"do\":') WHERE seq = 1",
    "\"why\"" },
  { "an earlier run", "UPDATE journal SET epoch = 0 WHERE seq = 150", "earlier run" },
  { "a status", "UPDATE user SET reason = 'lunch', version = version WHERE id = 'usr1'", "table user, row usr1" },
  { "a deadline",
    "UPDATE interaction SET deadline = deadline + 1 WHERE rowid = (SELECT max (rowid) FROM interaction)",
    "column deadline" },
  { "a lost message",
    "DELETE FROM message WHERE (conversation, n) = (SELECT conversation, n FROM message LIMIT 1)",
    "table message lacks" },
  { "a message too many",
    "INSERT INTO message (conversation, n, at, message, author) SELECT conversation, 9999, 1, 'msg', 'system'"
    " FROM message LIMIT 1",
    "which the journal does not make" },
  { "an outbox", "DELETE FROM outbox WHERE message = (SELECT max (message) FROM outbox)", "table outbox lacks" },
};

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *bytes = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (from, &bytes, &len, NULL));
  g_assert_true (g_file_set_contents (to, bytes, (gssize)len, NULL));
}

static void
test_changes (Kit *kit, gconstpointer data)
{
  guint32 seed = (guint32)proof_seed ((guint32)g_test_rand_int ());
  Day *day = day_new (kit, seed);
  g_autofree char *copy = g_strconcat (kit->path, ".changed", NULL);

  g_test_message ("seed %u", seed);
  day_run (day, 500, FALSE);
  /* So that there is something to lose. */
  while (kit_count (kit->path, "SELECT count(*) FROM outbox") == 0
         || kit_count (kit->path, "SELECT count(*) FROM journal WHERE step LIKE '{\"do\":\"accept\"%'") == 0)
    day_run (day, 100, FALSE);
  day_free (day);
  kit_close (kit);
  for (gsize c = 0; c < G_N_ELEMENTS (changes); c++)
    {
      g_autofree char *finding = NULL;

      copy_file (kit->path, copy);
      kit_sql (copy, changes[c].sql);
      finding = finding_of (copy);
      if (finding == NULL || strstr (finding, changes[c].words) == NULL)
        g_error ("%s: the finding is %s", changes[c].name, finding != NULL ? finding : "none");
      g_test_message ("%s: %s", changes[c].name, finding);
    }
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *file = g_strconcat (copy, (const char *const[]){ "", "-wal", "-shm" }[i], NULL);

      g_unlink (file);
    }
  kit_open (kit);
}

/* ---- what can't be read --------------------------------------------------------------------------------- */

static void
test_unreadable (Kit *kit, gconstpointer data)
{
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *none = g_strconcat (kit->path, ".not", NULL), *newest = NULL;

  g_assert_false (uc_verify (none, NULL, NULL, &report, &error));
  g_assert_nonnull (strstr (error->message, none));
  g_clear_error (&error);
  kit_close (kit);
  newest = g_strdup_printf ("PRAGMA user_version = %d", (int)kit_count (kit->path, "PRAGMA user_version"));
  kit_sql (kit->path, "PRAGMA user_version = 2");
  g_assert_false (uc_verify (kit->path, NULL, NULL, &report, &error));
  g_assert_nonnull (strstr (error->message, "start usherd once"));
  kit_sql (kit->path, newest);
  kit_open (kit);
}

/* Words that were taken away: the day is still the same without them. */
static void
test_expired (Kit *kit, gconstpointer data)
{
  UcStoreOptions options = { .path = kit->path, .idle_ms = 10, .keep_ms = 1000 };
  Day *day = day_new (kit, (guint32)proof_seed ((guint32)g_test_rand_int ()));
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;

  day_run (day, 800, FALSE);
  day_free (day);
  kit_close (kit);
  kit->store = uc_store_open (kit->loop, &options, &error);
  g_assert_no_error (error);
  while (kit_count (kit->path, "SELECT count(*) FROM journal WHERE json LIKE '%\"text\":%'") > 0
         || kit_count (kit->path, "SELECT count(*) FROM interaction WHERE closed_at > 0 AND gone = 0") > 0)
    g_usleep (5000);
  kit_close (kit);
  g_assert_cmpint (kit_count (kit->path, "SELECT count(*) FROM journal WHERE step LIKE '%hello%'"
                                         " OR step LIKE '%\"attachments\":[%'"),
                   ==, 0);
  g_assert_true (uc_verify (kit->path, NULL, NULL, &report, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (report.finding, ==, NULL);
  g_assert_cmpint (report.expired, >, 0);
  g_test_message ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " events without their words", report.expired,
                  report.events);
  /* The tables no longer are what kit_tear_down makes of the journal. */
  kit_remove_folder (kit->dir);
  g_assert_cmpint (g_mkdir (kit->dir, 0700), ==, 0);
  kit_open (kit);
}

#define ADD(name, func) g_test_add ("/verify/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/verify/round-trip", test_round_trip);
  g_test_add_func ("/verify/days", test_days);
  ADD ("changes", test_changes);
  ADD ("unreadable", test_unreadable);
  ADD ("expired", test_expired);
  return g_test_run ();
}
