/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a batch holds, and the answer it got. Filled on the main thread, then handed to the writer thread and back:
 * one owner at a time, so no locks. Only for core/store.
 */
#pragma once

#include "core/store/store.h"

typedef enum
{
  UC_ROW_EVENT, /* event, text[0] = its JSON, text[1] = of the step that begins with it, or NULL */
  UC_ROW_COMMAND,
  UC_ROW_CREDENTIAL,
  UC_ROW_SESSION,
  UC_ROW_SESSION_SEEN,
  UC_ROW_SESSION_REMOVE,
  UC_ROW_SESSIONS_REMOVE_USER,
  UC_ROW_KV_SET, /* text[2] = value, len bytes */
  UC_ROW_KV_REMOVE,
  UC_ROW_OUTBOX,
  UC_ROW_MEDIA,
  UC_ROW_IDLE_END,
  UC_ROW_CHECKED,
  UC_ROW_N_KINDS
} UcRowKind;

#define UC_ROW_TEXTS 4

/* The strings and numbers become the parameters ?1 to ?4 and ?5 ?6 of the kind's statement. */
typedef struct
{
  UcRowKind kind;
  UcEvent *event;
  char *text[UC_ROW_TEXTS];
  gboolean lent; /* event and text[0] are somebody else's */
  gsize len;     /* of JSON or value */
  gint64 number[2];
} UcRow;

struct UcBatch
{
  GArray *rows; /* of UcRow */
  gboolean has_events;
  gboolean depends;   /* on the events before it, without having any */
  guint64 generation; /* how often the store had been reset when it was queued */

  UcStoreDone done;
  gpointer data;
  UcStoreResult result;
  char *why;
};

/* What became of looking at every page: an UcSqliteCheck. */
void uc_batch_checked (UcBatch *batch, gint64 mark);
void uc_batch_answer (UcBatch *batch, UcStoreResult result, const char *why);
