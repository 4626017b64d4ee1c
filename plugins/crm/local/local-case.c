/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of cases. All runs inside the worker's transaction. One interaction makes one case, or one follow-up
 * in an earlier one, however often and in whatever order its saves arrive; a transcript only grows. Worker thread.
 */
#include "local-case.h"

#include <string.h>

#include "local-customer-row.h"
#include "local-fields.h"
#include "local-follow-up.h"
#include "local-history.h"
#include "local-text.h"

/* ---- getting ------------------------------------------------------------------------------------------- */

UsherCase *
local_case_load (LocalDb *db, gint64 n, gboolean full, LocalAnswer *answer, GError **error)
{
  LocalCase *found = local_case_read (db, n, answer->pool, error);

  if (found == NULL
      || (full
          && (!local_transcript_load (db, n, answer->pool, &found->record, error)
              || !local_history_load (db, n, answer->pool, &found->record, error)
              || !local_follow_up_load (db, n, answer->pool, &found->record, error))))
    return NULL;
  g_ptr_array_add (answer->cases, &found->record);
  return &found->record;
}

gboolean
local_case_get (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  gint64 n;

  if (!local_case_find (db, request->id, &n, error))
    return FALSE;
  return n == 0 ? local_case_not_found (request->id, error) : local_case_load (db, n, TRUE, answer, error) != NULL;
}

/* ---- what a save makes of a case ----------------------------------------------------------------------- */

static UsherCase
merge (const UsherCase *wanted, const UsherCase *stored)
{
  UsherCase result = *stored;

  result.struct_size = sizeof result;
  result.interaction = local_merged (wanted->interaction, stored->interaction);
  result.subject = local_merged (wanted->subject, stored->subject);
  result.state = local_merged (wanted->state, stored->state);
  result.queue = local_merged (wanted->queue, stored->queue);
  result.channel = local_merged (wanted->channel, stored->channel);
  result.agent = local_merged (wanted->agent, stored->agent);
  result.notes = local_merged (wanted->notes, stored->notes);
  result.fields = local_merged (wanted->fields, stored->fields);
  result.severity = local_merged (wanted->severity, stored->severity);
  result.priority = local_merged (wanted->priority, stored->priority);
  result.category = local_merged (wanted->category, stored->category);
  result.codes = local_merged (wanted->codes, stored->codes);
  result.started_at = wanted->started_at != 0 ? wanted->started_at : stored->started_at;
  result.ended_at = wanted->ended_at != 0 ? wanted->ended_at : stored->ended_at;
  return result;
}

static gboolean
same (const LocalCase *x, const LocalCase *y)
{
  const UsherCase *a = &x->record, *b = &y->record;

  return x->customer == y->customer && x->follow_up_of == y->follow_up_of
         && g_strcmp0 (a->interaction, b->interaction) == 0 && g_strcmp0 (a->subject, b->subject) == 0
         && g_strcmp0 (a->state, b->state) == 0 && g_strcmp0 (a->queue, b->queue) == 0
         && g_strcmp0 (a->channel, b->channel) == 0 && g_strcmp0 (a->agent, b->agent) == 0
         && g_strcmp0 (a->notes, b->notes) == 0 && g_strcmp0 (a->fields, b->fields) == 0
         && g_strcmp0 (a->severity, b->severity) == 0 && g_strcmp0 (a->priority, b->priority) == 0
         && g_strcmp0 (a->category, b->category) == 0 && g_strcmp0 (a->codes, b->codes) == 0
         && a->started_at == b->started_at && a->ended_at == b->ended_at;
}

static gboolean
take_customer (LocalDb *db, const UsherCase *wanted, LocalCase *record, GError **error)
{
  if (wanted->customer_id == NULL)
    return TRUE;
  if (!local_customer_find_kept (db, wanted->customer_id, &record->customer, error))
    return FALSE;
  if (record->customer != 0 || *wanted->customer_id == '\0')
    return TRUE;
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "There is no customer with the id %s to assign the case to. Choose one that exists.",
               wanted->customer_id);
  return FALSE;
}

/* What is stored and not touched is fine, also when the word has left the settings since. */
static gboolean
check_word (const char *what, const char *setting, char **words, const char *wanted, const char *stored,
            GError **error)
{
  g_autofree char *list = NULL;

  if (wanted == NULL || g_strcmp0 (wanted, stored) == 0 || g_strv_contains ((const char *const *)words, wanted))
    return TRUE;
  list = local_text_list (words);
  g_set_error (error, LOCAL_ERROR, USHER_INVALID,
               "The %s of a case can't be \"%s\". The %s of this CRM are %s; the administrator can add more.",
               what, wanted, setting, list);
  return FALSE;
}

static gboolean
check_words (LocalDb *db, const UsherCase *wanted, const UsherCase *stored, GError **error)
{
  const LocalConfig *config = db->config;

  return check_word ("severity", "severities", config->severities, wanted->severity, stored->severity, error)
         && check_word ("priority", "priorities", config->priorities, wanted->priority, stored->priority, error)
         && check_word ("category", "categories", config->categories, wanted->category, stored->category, error);
}

/* What the save asks for, checked. A required field is asked for when a person closes the case; the engine's own
 * saves never fail for one. */
static gboolean
prepare (LocalDb *db, const LocalSave *save, const LocalCase *stored, LocalCase *record, LocalPool *pool,
         GError **error)
{
  const UsherCase *wanted = &save->wanted;
  const LocalCase *earlier = save->earlier;
  LocalNeed need = LOCAL_NEED_NONE;
  gboolean closed, was_closed = strcmp (stored->record.state, "closed") == 0;

  *record = *stored;
  record->record = merge (wanted, &stored->record);
  closed = strcmp (record->record.state, "closed") == 0;
  record->closed_at = !closed ? 0 : was_closed ? stored->closed_at : db->host->now ();
  if (closed && wanted->id != NULL)
    need = was_closed ? LOCAL_NEED_KEPT : LOCAL_NEED_ALL;
  if (!take_customer (db, wanted, record, error))
    return FALSE;
  if (earlier != NULL && earlier->n != stored->n && stored->follow_up_of == 0
      && (record->customer == 0 || record->customer == earlier->customer))
    {
      record->customer = earlier->customer;
      record->follow_up_of = earlier->n;
    }
  return check_words (db, &record->record, &stored->record, error)
         && local_fields_check (db, "case", db->config->case_fields, stored->record.fields, need, pool,
                                &record->record.fields, error);
}

/* ---- creating ------------------------------------------------------------------------------------------ */

gboolean
local_case_create (LocalDb *db, const LocalSave *save, LocalAnswer *answer, GError **error)
{
  const UsherCase *wanted = &save->wanted;
  LocalCase blank = { .record = { .struct_size = sizeof blank.record, .state = "open" } };
  LocalCase record;
  gboolean grown;

  if (!prepare (db, save, &blank, &record, answer->pool, error))
    return FALSE;
  record.record.id = local_pool_id (answer->pool, db->host, "cas");
  record.record.version = 1;
  record.record.created_at = record.record.updated_at = db->host->now ();
  if (!local_case_write (db, &record, answer->pool, error)
      || (wanted->transcript != NULL
          && !local_transcript_save (db, record.n, wanted->transcript, save->lines, &grown, error))
      || (wanted->comment != NULL && !local_comment_add (db, record.n, 1, wanted->author, wanted->comment, error)))
    return FALSE;
  return local_case_load (db, record.n, TRUE, answer, error) != NULL;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

/* A case keeps its interaction for ever; one without may get one that nothing else has. */
static gboolean
check_interaction (LocalDb *db, gint64 n, const UsherCase *wanted, const UsherCase *stored, LocalAnswer *answer,
                   GError **error)
{
  gint64 owner;

  if (wanted->interaction == NULL || g_strcmp0 (wanted->interaction, stored->interaction) == 0)
    return TRUE;
  if (stored->interaction != NULL)
    {
      g_set_error (error, LOCAL_ERROR, USHER_INVALID,
                   "This case records interaction %s; that can't be changed to %s.", stored->interaction,
                   wanted->interaction);
      return FALSE;
    }
  if (!local_case_find_interaction (db, wanted->interaction, &owner, error)
      || (owner == 0 && !local_follow_up_find (db, wanted->interaction, &owner, error)))
    return FALSE;
  if (owner == 0 || owner == n)
    return TRUE;
  if (local_case_load (db, owner, TRUE, answer, error) != NULL)
    g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                 "Interaction %s is in another case already. Open that one instead.", wanted->interaction);
  return FALSE;
}

/* What a save would leave of the stored transcript is known only by trying; the worker takes it back on an error.
 * *touched: the save changes more than members. *comment: it brings one that is not there yet. */
static gboolean
grow (LocalDb *db, gint64 n, const LocalSave *save, gboolean *touched, gboolean *comment, GError **error)
{
  const UsherCase *wanted = &save->wanted;
  gboolean grown = FALSE, there = TRUE;

  if ((wanted->transcript != NULL
       && !local_transcript_save (db, n, wanted->transcript, save->lines, &grown, error))
      || (wanted->comment != NULL && !local_comment_is_there (db, n, wanted, &there, error)))
    return FALSE;
  *comment = !there;
  *touched = save->touched || grown || *comment;
  return TRUE;
}

gboolean
local_case_change (LocalDb *db, gint64 n, const LocalSave *save, LocalAnswer *answer, GError **error)
{
  const UsherCase *wanted = &save->wanted;
  const LocalCase *stored = local_case_read (db, n, answer->pool, error);
  gboolean touched, comment;
  LocalCase record;

  if (stored == NULL || !check_interaction (db, n, wanted, &stored->record, answer, error)
      || !prepare (db, save, stored, &record, answer->pool, error)
      || !grow (db, n, save, &touched, &comment, error))
    return FALSE;
  /* Also when the version is old: a save that is repeated because its answer was lost finds its own work done. */
  if (!touched && same (&record, stored))
    return local_case_load (db, n, TRUE, answer, error) != NULL;
  if (wanted->version != 0 && wanted->version != stored->record.version)
    {
      /* Without the transcript, which may be the one that is about to be taken back. */
      if (local_case_load (db, n, FALSE, answer, error) != NULL)
        g_set_error (error, LOCAL_ERROR, USHER_CONFLICT,
                     "Somebody else changed this case meanwhile. Look at the new record and save again.");
      return FALSE;
    }
  record.record.version = stored->record.version + 1;
  record.record.updated_at = MAX (db->host->now (), stored->record.updated_at);
  return local_case_write (db, &record, answer->pool, error)
         && local_history_compare (db, stored, &record, wanted->author, answer->pool, error)
         && (!comment || local_comment_add (db, n, record.record.version, wanted->author, wanted->comment, error))
         && local_case_load (db, n, TRUE, answer, error) != NULL;
}

/* ---- saving -------------------------------------------------------------------------------------------- */

static gboolean
save_by_id (LocalDb *db, const LocalSave *save, LocalAnswer *answer, GError **error)
{
  gint64 n, follow_up;

  if (!local_case_find (db, save->wanted.id, &n, error)
      || !local_follow_up_find (db, save->wanted.interaction, &follow_up, error))
    return FALSE;
  if (n == 0)
    return local_case_not_found (save->wanted.id, error);
  return n == follow_up ? local_follow_up_again (db, n, save, answer, error)
                        : local_case_change (db, n, save, answer, error);
}

/* save->earlier, when the save names one. */
static gboolean
find_earlier (LocalDb *db, LocalSave *save, LocalPool *pool, GError **error)
{
  const char *id = save->wanted.follow_up_of;
  gint64 n;

  if (id == NULL)
    return TRUE;
  if (!local_case_find (db, id, &n, error))
    return FALSE;
  if (n != 0)
    return (save->earlier = local_case_read (db, n, pool, error)) != NULL;
  g_set_error (error, LOCAL_ERROR, USHER_NOT_FOUND,
               "There is no case with the id %s to continue. It may belong to another CRM.", id);
  return FALSE;
}

gboolean
local_case_save (LocalDb *db, const LocalRequest *request, LocalAnswer *answer, GError **error)
{
  LocalSave save = { .wanted = *request->record };
  gint64 own, follow_up;

  /* "" would clear, and a transcript never gets shorter. */
  if (save.wanted.transcript != NULL && *save.wanted.transcript == '\0')
    save.wanted.transcript = NULL;
  if (save.wanted.transcript != NULL && !local_transcript_lines (db, save.wanted.transcript, &save.lines, error))
    return FALSE;
  if (save.wanted.id != NULL)
    return save_by_id (db, &save, answer, error);
  if (!find_earlier (db, &save, answer->pool, error)
      || !local_case_find_interaction (db, save.wanted.interaction, &own, error)
      || !local_follow_up_find (db, save.wanted.interaction, &follow_up, error))
    return FALSE;
  if (own != 0)
    return local_case_change (db, own, &save, answer, error);
  if (follow_up != 0)
    return local_follow_up_again (db, follow_up, &save, answer, error);
  return save.earlier != NULL ? local_follow_up_place (db, &save, answer, error)
                              : local_case_create (db, &save, answer, error);
}
