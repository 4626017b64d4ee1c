/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * After a seed has healed: what is on the disk against what the world was told and saw. One thread.
 */
#include <sqlite3.h>
#include <string.h>

#include "core/service/bridge.h"
#include "core/service/intake.h"
#include "core/service/outbox.h"
#include "core/store/sqlite.h"
#include "node.h"

/* Checksums of the events that anybody was told, by number; "" = not told. */
static GPtrArray *published;

typedef struct
{
  GHashTable *owners; /* interaction -> agent */
  GHashTable *lines;  /* interaction -> GPtrArray of UcEvent*: its transcript */
  GHashTable *counts; /* conversation -> number of its last line */
  GHashTable *places; /* conversation -> its state.conversation-like event */
  GHashTable *loads;  /* agent -> how many he has */
  GPtrArray *events;  /* of UcEvent* */
} Replay;

/* ---- what is told must be true for ever ------------------------------------------------------------------ */

void
check_begin (void)
{
  published = g_ptr_array_new_with_free_func (g_free);
}

void
check_free (void)
{
  g_clear_pointer (&published, g_ptr_array_unref);
}

void
check_published (const UcEvent *event, const char *json, gsize len)
{
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, (const guchar *)json, len);

  while (published->len <= (guint)event->seq)
    g_ptr_array_add (published, NULL);
  if (published->pdata[event->seq] != NULL && strcmp (published->pdata[event->seq], sum) != 0)
    sim_broken ("event %" G_GINT64_FORMAT " was told and then became another one", event->seq);
  g_free (published->pdata[event->seq]);
  published->pdata[event->seq] = g_steal_pointer (&sum);
}

static void
check_told (gint64 seq, const char *json, gsize len)
{
  g_autofree char *sum = NULL;

  if (seq >= published->len || published->pdata[seq] == NULL)
    return;
  sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, (const guchar *)json, len);
  if (strcmp (published->pdata[seq], sum) != 0)
    sim_broken ("event %" G_GINT64_FORMAT " was told otherwise than it is in the journal", seq);
  g_clear_pointer (&published->pdata[seq], g_free);
}

/* ---- the journal, event by event ----------------------------------------------------------------------- */

static void
own (Replay *replay, const UcEvent *event)
{
  const char *owner = g_hash_table_lookup (replay->owners, event->interaction);
  guint load = GPOINTER_TO_UINT (g_hash_table_lookup (replay->loads, event->agent)) + 1;

  sim.facts.offers++;
  if (owner != NULL)
    sim_broken ("I4: event %" G_GINT64_FORMAT " offers %s to %s while %s has it", event->seq, event->interaction,
                event->agent, owner);
  g_hash_table_insert (replay->owners, event->interaction, event->agent);
  g_hash_table_insert (replay->loads, event->agent, GUINT_TO_POINTER (load));
  for (guint i = 0; i < NODE_AGENTS; i++)
    if (strcmp (node_agents[i].user, event->agent) == 0 && load > node_agents[i].capacity)
      sim_broken ("I5: event %" G_GINT64_FORMAT " gives %s %u chats, and %d is his capacity", event->seq,
                  event->agent, load, (int)node_agents[i].capacity);
}

static void
disown (Replay *replay, const UcEvent *event)
{
  const char *owner = g_hash_table_lookup (replay->owners, event->interaction);

  if (owner == NULL)
    return;
  g_hash_table_insert (replay->loads, (gpointer)owner,
                       GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (replay->loads, owner)) - 1));
  g_hash_table_remove (replay->owners, event->interaction);
}

static void
accepted (Replay *replay, const UcEvent *event)
{
  const char *owner = g_hash_table_lookup (replay->owners, event->interaction);

  if (g_strcmp0 (owner, event->agent) != 0)
    sim_broken ("I4: event %" G_GINT64_FORMAT " lets %s accept %s, which %s has", event->seq, event->agent,
                event->interaction, owner != NULL ? owner : "nobody");
}

static void
line_added (Replay *replay, UcEvent *event)
{
  gint64 last = GPOINTER_TO_INT (g_hash_table_lookup (replay->counts, event->conversation));

  if (event->n != last + 1)
    sim_broken ("I3: event %" G_GINT64_FORMAT " adds line %" G_GINT64_FORMAT " of %s after line %" G_GINT64_FORMAT,
                event->seq, event->n, event->conversation, last);
  g_hash_table_insert (replay->counts, event->conversation, GINT_TO_POINTER ((int)event->n));
  if (event->interaction != NULL)
    {
      GPtrArray *lines = g_hash_table_lookup (replay->lines, event->interaction);

      if (lines == NULL)
        {
          lines = sim_list ();
          g_hash_table_insert (replay->lines, event->interaction, lines);
        }
      g_ptr_array_add (lines, event);
    }
}

static void
replay_event (Replay *replay, UcEvent *event)
{
  switch (event->type)
    {
    case UC_EVENT_INTERACTION_OFFERED:
      own (replay, event);
      break;
    case UC_EVENT_OFFER_ENDED:
      if (g_strcmp0 (event->cause, "accepted") != 0)
        disown (replay, event);
      break;
    case UC_EVENT_INTERACTION_ACCEPTED:
      accepted (replay, event);
      break;
    case UC_EVENT_INTERACTION_QUEUED:
      sim.facts.taken_back += g_hash_table_contains (replay->owners, event->interaction) ? 1 : 0;
      disown (replay, event);
      break;
    case UC_EVENT_INTERACTION_CLOSED:
      sim.facts.chats++;
      disown (replay, event);
      break;
    case UC_EVENT_MESSAGE_ADDED:
      line_added (replay, event);
      break;
    default:
      break;
    }
}

static void
read_journal (UcSqlite *sqlite, Replay *replay)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  sqlite3_stmt *rows = NULL;
  gint64 seq = 0, epoch = 0;

  sqlite3_prepare_v2 (sqlite->db, "SELECT seq, json, epoch FROM journal ORDER BY seq", -1, &rows, NULL);
  while (sqlite3_step (rows) == SQLITE_ROW)
    {
      const char *json = (const char *)sqlite3_column_text (rows, 1);
      gsize len = (gsize)sqlite3_column_bytes (rows, 1);
      g_autoptr (GError) error = NULL;
      UcEvent *event = uc_event_from_json (json, len, &error);

      if (event == NULL || sqlite3_column_int64 (rows, 0) != ++seq || event->seq != seq)
        {
          sim_broken ("the journal has no event %" G_GINT64_FORMAT "%s%s", seq, error != NULL ? ": " : "",
                      error != NULL ? error->message : "");
          uc_event_free (event);
          break;
        }
      if (sqlite3_column_int64 (rows, 2) < epoch)
        sim_broken ("event %" G_GINT64_FORMAT " is of an earlier epoch than the one before", seq);
      epoch = sqlite3_column_int64 (rows, 2);
      g_ptr_array_add (replay->events, event);
      g_checksum_update (sum, (const guchar *)json, (gssize)len);
      check_told (seq, json, len);
      replay_event (replay, event);
      sim.facts.events++;
    }
  sqlite3_finalize (rows);
  sim.journal = g_strdup (g_checksum_get_string (sum));
  for (guint i = (guint)seq + 1; i < published->len; i++)
    if (published->pdata[i] != NULL)
      sim_broken ("event %u was told and is not in the journal", i);
}

/* ---- the tables ---------------------------------------------------------------------------------------- */

static char *
column (sqlite3_stmt *rows, int index)
{
  return sim_strdup ((const char *)sqlite3_column_text (rows, index));
}

static void
check_lines (UcSqlite *sqlite)
{
  sqlite3_stmt *rows = NULL;
  guint found = 0;

  sqlite3_prepare_v2 (sqlite->db,
                      "SELECT m.channel, c.identity, m.author, m.n, m.text, m.state, m.error, m.external_id,"
                      " m.message, c.channel FROM message m JOIN conversation c ON c.id = m.conversation"
                      " ORDER BY m.conversation, m.n",
                      -1, &rows, NULL);
  while (sqlite3_step (rows) == SQLITE_ROW)
    {
      const UcEvent line = { .n = sqlite3_column_int64 (rows, 3),
                             .text = column (rows, 4),
                             .state = column (rows, 5),
                             .error = column (rows, 6),
                             .external_id = column (rows, 7),
                             .message = column (rows, 8) };
      const char *author = column (rows, 2), *identity = column (rows, 1), *channel = column (rows, 9);

      found++;
      if (strcmp (author, "agent") == 0)
        {
          agents_check_written (&line);
          networks_check_line (channel, identity, &line);
        }
      else if (line.external_id != NULL)
        networks_check_said (channel, identity, &line);
    }
  sqlite3_finalize (rows);
  sim_trace ("check: %u lines", found);
}

static void
check_interactions (UcSqlite *sqlite, const Replay *replay)
{
  sqlite3_stmt *rows = NULL;

  sqlite3_prepare_v2 (sqlite->db, "SELECT id, state, status, case_id, error FROM interaction", -1, &rows, NULL);
  while (sqlite3_step (rows) == SQLITE_ROW)
    {
      const UcEvent row = { .interaction = column (rows, 0),
                            .state = column (rows, 1),
                            .status = column (rows, 2),
                            .case_id = column (rows, 3),
                            .error = column (rows, 4) };
      GPtrArray *lines = g_hash_table_lookup (replay->lines, row.interaction);

      if (strcmp (row.state, "closed") != 0)
        sim_broken ("I7: %s is %s for ever", row.interaction, row.state);
      if (row.status == NULL)
        continue;
      if (strcmp (row.status, "saved") == 0)
        crm_check_case (&row, lines);
      else
        sim_broken ("I6: the save of %s is %s for ever: %s", row.interaction, row.status, row.error);
    }
  sqlite3_finalize (rows);
}

static void
check_asked_saves (const Replay *replay)
{
  g_autoptr (GHashTable) saved = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < replay->events->len; i++)
    {
      const UcEvent *event = replay->events->pdata[i];

      if (event->type == UC_EVENT_INTERACTION_SAVE)
        g_hash_table_insert (saved, event->interaction, event->state);
    }
  agents_check_saves (saved);
}

void
check_end (void)
{
  g_autoptr (GError) error = NULL;
  UcSqliteState state;
  g_autofree char *path = g_build_filename (uc_settings_string (node.plan->usher, "data_dir"), "usher.db", NULL);
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (path, &state, &error);
  Replay replay = { sim_table (), sim_table (), sim_table (),
                    sim_table (), sim_table (), g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free) };

  if (sqlite == NULL)
    {
      sim_broken ("the database can't be read: %s", error->message);
      g_ptr_array_unref (replay.events);
      return;
    }
  read_journal (sqlite, &replay);
  check_lines (sqlite);
  check_interactions (sqlite, &replay);
  check_asked_saves (&replay);
  networks_check ();
  agents_check ();
  agents_check_views (replay.lines);
  g_ptr_array_unref (replay.events);
}

/* ---- rest ---------------------------------------------------------------------------------------------- */

static void
any (const UcInteraction *interaction, gpointer data)
{
  *(const UcInteraction **)data = interaction;
}

const char *
check_busy (void)
{
  const UcInteraction *open = NULL;
  const UcCore *core = node.core;
  const char *busy;

  if (!node_is_up () || core->recovering)
    return "the node is down";
  busy = networks_busy ();
  if (busy == NULL)
    busy = agents_busy ();
  if (busy != NULL)
    return busy;
  uc_engine_each_interaction (core->engine, any, &open);
  if (open != NULL)
    return sim_printf ("%s is %s", open->id, uc_interaction_state_word (open->state));
  if (uc_outbox_pending (core->outbox) > 0)
    return sim_printf ("%u messages wait to be sent", uc_outbox_pending (core->outbox));
  if (uc_bridge_pending (core->bridge) > 0)
    return sim_printf ("%u chats wait for the CRM", uc_bridge_pending (core->bridge));
  if (uc_intake_pending (core->intake) > 0)
    return sim_printf ("%u deliveries wait", uc_intake_pending (core->intake));
  if (uc_store_pending (core->store) > 0)
    return "the store has something to write";
  return NULL;
}
