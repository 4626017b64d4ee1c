/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table follow_ups. An interaction is placed once, by the rule as it is then, and stays there whatever happens
 * to the case later; repeated saves only complete it. Worker thread.
 */
#include "local-follow-up.h"

#include <string.h>

#include "local-customer-row.h"
#include "local-history.h"

/* Transcripts of older follow-ups are left out of an answer beyond so many bytes. */
#define MOST_TRANSCRIPT_BYTES (4 * 1024 * 1024)
#define MOST_FOLLOW_UPS 200

gboolean
local_follow_up_find (LocalDb *db, const char *interaction, gint64 *n, GError **error)
{
  return local_db_find (db, "SELECT record FROM follow_ups WHERE interaction = ?", interaction, n, error);
}

gboolean
local_follow_up_load (LocalDb *db, gint64 n, LocalPool *pool, UsherCase *record, GError **error)
{
  g_autoptr (LocalStatement) read = local_db_prepare (
      db,
      "SELECT json_group_array (json_object ('interaction', interaction, 'at', at, 'agent', agent, 'channel',"
      " channel, 'queue', queue, 'transcript', json (CASE WHEN used <= ?3 THEN transcript END))) FROM ("
      " SELECT *, sum (length (CAST (transcript AS BLOB))) OVER (ORDER BY n DESC) AS used FROM"
      " (SELECT * FROM follow_ups WHERE record = ?1 ORDER BY n DESC LIMIT ?2) ORDER BY n)",
      error);
  gboolean row;

  if (read == NULL)
    return FALSE;
  local_bind_int (read, 1, n);
  local_bind_int (read, 2, MOST_FOLLOW_UPS);
  local_bind_int (read, 3, MOST_TRANSCRIPT_BYTES);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  record->follow_ups = local_column_text (read, 0, pool);
  return TRUE;
}

/* ---- what the case takes over -------------------------------------------------------------------------- */

/* Whether the code `x` stands in a list: of the case, of the save, of what the follow-up brought before. */
#define IN(list)                                                                                                  \
  "EXISTS (SELECT 1 FROM json_each (" list ") AS o WHERE json_extract (o.value, '$.code') ="                      \
  " json_extract (x.value, '$.code') AND json_extract (o.value, '$.list') IS json_extract (x.value, '$.list'))"
#define IN_STORED IN ("?1")
#define IN_WANTED IN ("?2")
#define IN_BROUGHT IN ("?3")

static gboolean
ask_codes (LocalDb *db, const char *sql, const char *const *lists, LocalPool *pool, const char **codes,
           GError **error)
{
  g_autoptr (LocalStatement) ask = local_db_prepare (db, sql, error);
  gboolean row;

  if (ask == NULL)
    return FALSE;
  for (int i = 0; i < 3; i++)
    local_bind_text (ask, i + 1, lists[i] != NULL && *lists[i] != '\0' ? lists[i] : "[]");
  if (!local_db_step (db, ask, &row, error))
    return FALSE;
  *codes = local_column_text (ask, 0, pool);
  return TRUE;
}

/* The follow-up's codes are the case's too. What it brought and has no more goes from the case; what others
 * brought stays. *codes: of the follow-up, then of the case. */
static gboolean
join_codes (LocalDb *db, const LocalSave *save, const char *stored, const char **codes, LocalPool *pool,
            GError **error)
{
  static const char joined[] = "SELECT json_group_array (json (value)) FROM ("
                               " SELECT value FROM json_each (?1) AS x WHERE " IN_WANTED " OR NOT " IN_BROUGHT
                               " UNION ALL SELECT value FROM json_each (?2) AS x WHERE NOT " IN_STORED ")";
  static const char brought[]
      = "SELECT json_group_array (json (value)) FROM json_each (?2) AS x WHERE " IN_BROUGHT " OR NOT " IN_STORED;
  g_autoptr (LocalStatement) read
      = local_db_prepare (db, "SELECT codes FROM follow_ups WHERE interaction = ?", error);
  g_autoptr (LocalStatement) write
      = local_db_prepare (db, "UPDATE follow_ups SET codes = ? WHERE interaction = ?", error);
  const char *lists[] = { stored, *codes, NULL }, *mine;
  gboolean row;

  if (*codes == NULL)
    return TRUE;
  if (read == NULL || write == NULL)
    return FALSE;
  local_bind_text (read, 1, save->wanted.interaction);
  if (!local_db_step (db, read, &row, error))
    return FALSE;
  lists[2] = row ? local_column_text (read, 0, pool) : NULL;
  if (!ask_codes (db, brought, lists, pool, &mine, error) || !ask_codes (db, joined, lists, pool, codes, error))
    return FALSE;
  if (strcmp (*codes, "[]") == 0)
    *codes = "";
  local_bind_text (write, 1, mine);
  local_bind_text (write, 2, save->wanted.interaction);
  return local_db_finish (db, write, error);
}

/* Changes the case as far as a follow-up may: its subject, notes, customer and own conversation stay. */
static gboolean
change_case (LocalDb *db, const LocalCase *stored, const LocalSave *save, const char *state, gboolean touched,
             LocalAnswer *answer, GError **error)
{
  LocalSave part = { .touched = touched };

  part.wanted = (UsherCase){
    .struct_size = sizeof part.wanted,
    .state = state,
    .fields = save->wanted.fields,
    .version = save->wanted.version,
    .severity = save->wanted.severity,
    .priority = save->wanted.priority,
    .category = save->wanted.category,
    .codes = save->wanted.codes,
    .author = save->wanted.author,
    .comment = save->wanted.comment,
  };
  return join_codes (db, save, stored->record.codes, &part.wanted.codes, answer->pool, error)
         && local_case_change (db, stored->n, &part, answer, error);
}

/* ---- the first save ------------------------------------------------------------------------------------ */

static gboolean
insert (LocalDb *db, gint64 n, const LocalSave *save, GError **error)
{
  const UsherCase *wanted = &save->wanted;
  g_autoptr (LocalStatement) add = local_db_prepare (
      db,
      "INSERT INTO follow_ups (record, interaction, at, agent, channel, queue, started_at, ended_at, asked, lines,"
      " transcript) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (add == NULL)
    return FALSE;
  local_bind_int (add, 1, n);
  local_bind_text (add, 2, wanted->interaction);
  local_bind_int (add, 3, db->host->now ());
  local_bind_text (add, 4, wanted->agent);
  local_bind_text (add, 5, wanted->channel);
  local_bind_text (add, 6, wanted->queue);
  local_bind_int (add, 7, wanted->started_at);
  local_bind_int (add, 8, wanted->ended_at);
  local_bind_text (add, 9, wanted->state);
  local_bind_int (add, 10, save->lines);
  local_bind_text (add, 11, wanted->transcript);
  return local_db_finish (db, add, error);
}

static gboolean
may_reopen (LocalDb *db, const LocalCase *earlier)
{
  gint64 limit = db->config->reopen_ms;

  return limit == G_MAXINT64 || (limit > 0 && db->host->now () - earlier->closed_at <= limit);
}

static gboolean
reopen (LocalDb *db, const LocalCase *earlier, const LocalSave *save, LocalPool *pool, GError **error)
{
  g_autoptr (LocalStatement) open
      = local_db_prepare (db, "UPDATE cases SET state = 'open', closed_at = 0 WHERE n = ?", error);
  LocalChange change = { .author = save->wanted.author, .field = "state", .from = "closed", .to = "open" };

  change.why = local_pool_take (pool, g_strdup_printf ("follow-up %s; rule for reopening: %s",
                                                       save->wanted.interaction, db->config->reopen));
  if (open == NULL)
    return FALSE;
  local_bind_int (open, 1, earlier->n);
  return local_db_finish (db, open, error) && local_history_add (db, earlier->n, &change, error);
}

/* The conversation and the case must be of one customer; a conversation without one is of the case's. */
static gboolean
check_customer (LocalDb *db, const LocalSave *save, LocalPool *pool, GError **error)
{
  const LocalCase *earlier = save->earlier;
  const LocalCustomer *other;
  gint64 customer;

  if (!local_customer_find_kept (db, save->wanted.customer_id, &customer, error))
    return FALSE;
  if (save->wanted.customer_id == NULL || *save->wanted.customer_id == '\0' || customer == earlier->customer)
    return TRUE;
  if (customer == 0)
    g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                 "There is no customer with the id %s to assign the case to. Choose one that exists.",
                 save->wanted.customer_id);
  else if (earlier->customer == 0)
    g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                 "Case %s belongs to no customer yet. Assign it to this one before it is continued.",
                 earlier->record.number);
  else if ((other = local_customer_read (db, earlier->customer, pool, error)) != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                 "Case %s belongs to another customer, %s (account %s). Choose a case of this customer.",
                 earlier->record.number, local_customer_name (pool, &other->record), other->record.account);
  return FALSE;
}

gboolean
local_follow_up_place (LocalDb *db, const LocalSave *save, LocalAnswer *answer, GError **error)
{
  const LocalCase *earlier = save->earlier;
  gboolean closed = strcmp (earlier->record.state, "closed") == 0;
  LocalSave placed = *save;
  LocalChange change = { .author = save->wanted.author, .field = "follow_up", .to = save->wanted.interaction };

  if (!check_customer (db, save, answer->pool, error))
    return FALSE;
  if (closed && !may_reopen (db, earlier))
    {
      if (placed.wanted.customer_id == NULL || *placed.wanted.customer_id == '\0')
        placed.wanted.customer_id = earlier->record.customer_id;
      return local_case_create (db, &placed, answer, error);
    }
  /* A version would be of a case that the interaction does not have yet. */
  placed.wanted.version = 0;
  return (!closed || reopen (db, earlier, save, answer->pool, error))
         && local_history_add (db, earlier->n, &change, error) && insert (db, earlier->n, save, error)
         && change_case (db, earlier, &placed, save->wanted.state, TRUE, answer, error);
}

/* ---- later saves --------------------------------------------------------------------------------------- */

/* What is new about the follow-up itself. A transcript only grows, as in a case. */
static gboolean
update (LocalDb *db, const LocalSave *save, gboolean *changed, GError **error)
{
  const UsherCase *wanted = &save->wanted;
  g_autoptr (LocalStatement) write = local_db_prepare (
      db,
      "UPDATE follow_ups SET agent = a, channel = c, queue = q, started_at = s, ended_at = e"
      " FROM (SELECT n, coalesce (?2, agent) AS a, coalesce (?3, channel) AS c, coalesce (?4, queue) AS q,"
      "  coalesce (nullif (?5, 0), started_at) AS s, coalesce (nullif (?6, 0), ended_at) AS e"
      "  FROM follow_ups WHERE interaction = ?1) AS new"
      " WHERE follow_ups.n = new.n AND (agent IS NOT a OR channel IS NOT c OR queue IS NOT q OR started_at <> s"
      " OR ended_at <> e)",
      error);
  g_autoptr (LocalStatement) grow = local_db_prepare (
      db,
      "UPDATE follow_ups SET lines = ?2, transcript = ?3 WHERE interaction = ?1 AND ?3 IS NOT NULL"
      " AND transcript IS NOT ?3 AND (transcript IS NULL OR ?2 > lines OR (?2 = lines"
      " AND length (CAST (?3 AS BLOB)) >= length (CAST (transcript AS BLOB))))",
      error);

  if (write == NULL || grow == NULL)
    return FALSE;
  local_bind_text (write, 1, wanted->interaction);
  local_bind_text (write, 2, wanted->agent);
  local_bind_text (write, 3, wanted->channel);
  local_bind_text (write, 4, wanted->queue);
  local_bind_int (write, 5, wanted->started_at);
  local_bind_int (write, 6, wanted->ended_at);
  if (!local_db_finish (db, write, error))
    return FALSE;
  *changed = sqlite3_changes (db->handle) > 0;
  local_bind_text (grow, 1, wanted->interaction);
  local_bind_int (grow, 2, save->lines);
  local_bind_text (grow, 3, wanted->transcript);
  if (!local_db_finish (db, grow, error))
    return FALSE;
  *changed |= sqlite3_changes (db->handle) > 0;
  return TRUE;
}

/* A state that the interaction asked for before is not asked for again: a person may have changed it since. */
static gboolean
take_state (LocalDb *db, const UsherCase *wanted, const char **state, GError **error)
{
  g_autoptr (LocalStatement) ask = local_db_prepare (
      db, "UPDATE follow_ups SET asked = ?2 WHERE interaction = ?1 AND asked IS NOT ?2", error);

  *state = NULL;
  if (wanted->state == NULL)
    return TRUE;
  if (ask == NULL)
    return FALSE;
  local_bind_text (ask, 1, wanted->interaction);
  local_bind_text (ask, 2, wanted->state);
  if (!local_db_finish (db, ask, error))
    return FALSE;
  if (sqlite3_changes (db->handle) > 0)
    *state = wanted->state;
  return TRUE;
}

gboolean
local_follow_up_again (LocalDb *db, gint64 n, const LocalSave *save, LocalAnswer *answer, GError **error)
{
  const LocalCase *stored = local_case_read (db, n, answer->pool, error);
  const char *state;
  gboolean changed;

  return stored != NULL && update (db, save, &changed, error) && take_state (db, &save->wanted, &state, error)
         && change_case (db, stored, save, state, changed, answer, error);
}
