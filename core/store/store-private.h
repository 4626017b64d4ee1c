/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a question gets to the reader thread (store.c), for those who ask (store-ask.c). Main thread.
 */
#pragma once

#include "core/store/sqlite.h"

/* Something to be told on the main thread: a batch's answer or a read's. */
typedef struct
{
  UcBatch *batch;
  UcRead read;
  UcStoreRows rows_done;
  UcStoreValue value_done;
  gpointer data;
  gint64 queued_at; /* of a batch, monotonic us */
  GList link;       /* among the batches that are not answered */
} UcStoreJob;

UcStoreJob *uc_store_read_new (UcReadKind kind, gpointer data);
/* Takes the job. */
void uc_store_ask (UcStore *store, UcStoreJob *job);
