/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches: lists of rows to be stored together or not at all. Main thread, until queued.
 */
#include "core/store/batch.h"

#include <string.h>

static void
row_clear (gpointer data)
{
  UcRow *row = data;

  if (!row->lent)
    uc_event_free (row->event);
  for (gsize i = row->lent ? 1 : 0; i < G_N_ELEMENTS (row->text); i++)
    g_free (row->text[i]);
}

UcBatch *
uc_batch_new (void)
{
  UcBatch *batch = g_new0 (UcBatch, 1);

  batch->rows = g_array_new (FALSE, FALSE, sizeof (UcRow));
  g_array_set_clear_func (batch->rows, row_clear);
  return batch;
}

void
uc_batch_free (UcBatch *batch)
{
  if (batch == NULL)
    return;
  g_array_unref (batch->rows);
  g_free (batch->why);
  g_free (batch);
}

void
uc_batch_answer (UcBatch *batch, UcStoreResult result, const char *why)
{
  batch->result = result;
  g_free (batch->why);
  batch->why = g_strdup (why);
}

static void
add (UcBatch *batch, UcRow row)
{
  g_array_append_val (batch->rows, row);
}

void
uc_batch_depend (UcBatch *batch)
{
  batch->depends = TRUE;
}

void
uc_batch_event (UcBatch *batch, UcEvent *event, char *json, gsize len)
{
  uc_batch_event_step (batch, event, json, len, NULL);
}

void
uc_batch_event_step (UcBatch *batch, UcEvent *event, char *json, gsize len, char *step)
{
  batch->has_events = TRUE;
  add (batch, (UcRow){ .kind = UC_ROW_EVENT, .event = event, .text = { json, step }, .len = len });
}

void
uc_batch_lend_event (UcBatch *batch, const UcEvent *event, const char *json, gsize len, char *step)
{
  batch->has_events = TRUE;
  add (batch, (UcRow){ .kind = UC_ROW_EVENT,
                       .event = (UcEvent *)event,
                       .text = { (char *)json, step },
                       .lent = TRUE,
                       .len = len });
}

void
uc_batch_command (UcBatch *batch, const char *user, const char *cmd_id, gint64 at, const char *answer_json)
{
  add (batch, (UcRow){ .kind = UC_ROW_COMMAND,
                       .text = { g_strdup (user), g_strdup (cmd_id), g_strdup (answer_json) },
                       .number = { at } });
}

void
uc_batch_credential (UcBatch *batch, const char *user, const char *hash)
{
  add (batch, (UcRow){ .kind = UC_ROW_CREDENTIAL, .text = { g_strdup (user), g_strdup (hash) } });
}

void
uc_batch_session (UcBatch *batch, const char *token_hash, const char *user, gint64 created_at, gint64 expires_at)
{
  add (batch, (UcRow){ .kind = UC_ROW_SESSION,
                       .text = { g_strdup (token_hash), g_strdup (user) },
                       .number = { created_at, expires_at } });
}

void
uc_batch_session_seen (UcBatch *batch, const char *token_hash, gint64 seen_at)
{
  add (batch, (UcRow){ .kind = UC_ROW_SESSION_SEEN, .text = { g_strdup (token_hash) }, .number = { seen_at } });
}

void
uc_batch_session_remove (UcBatch *batch, const char *token_hash)
{
  add (batch, (UcRow){ .kind = UC_ROW_SESSION_REMOVE, .text = { g_strdup (token_hash) } });
}

void
uc_batch_sessions_remove_user (UcBatch *batch, const char *user)
{
  add (batch, (UcRow){ .kind = UC_ROW_SESSIONS_REMOVE_USER, .text = { g_strdup (user) } });
}

void
uc_batch_kv (UcBatch *batch, const char *space, const char *key, const char *value, gsize len)
{
  UcRow row = { .kind = value != NULL ? UC_ROW_KV_SET : UC_ROW_KV_REMOVE,
                .text = { g_strdup (space), g_strdup (key) },
                .len = len };

  if (value != NULL)
    {
      /* Never NULL, also for an empty value: NULL means remove. */
      row.text[2] = g_malloc (len + 1);
      memcpy (row.text[2], value, len);
      row.text[2][len] = '\0';
    }
  add (batch, row);
}

void
uc_batch_outbox (UcBatch *batch, const char *message, gint64 due_at, gint64 attempts, const char *last_error)
{
  add (batch, (UcRow){ .kind = UC_ROW_OUTBOX,
                       .text = { g_strdup (message), g_strdup (last_error) },
                       .number = { due_at, attempts } });
}

void
uc_batch_idle_end (UcBatch *batch, const char *channel, const char *external_id, gint64 at)
{
  add (batch, (UcRow){ .kind = UC_ROW_IDLE_END,
                       .text = { g_strdup (channel), g_strdup (external_id) },
                       .number = { at } });
}

void
uc_batch_checked (UcBatch *batch, gint64 mark)
{
  add (batch, (UcRow){ .kind = UC_ROW_CHECKED, .number = { mark } });
}

void
uc_batch_media (UcBatch *batch, const char *id, const char *mime, const char *name, gint64 size,
                const char *sha256, gint64 at)
{
  add (batch, (UcRow){ .kind = UC_ROW_MEDIA,
                       .text = { g_strdup (id), g_strdup (mime), g_strdup (name), g_strdup (sha256) },
                       .number = { size, at } });
}
