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
/* Takes a job whose answer is there. Any thread. */
void uc_store_answer (UcStore *store, UcStoreJob *job);

/* ---- the look at every page (store-check.c) ------------------------------------------------------------ */

typedef struct UcChecker UcChecker;

UcChecker *uc_checker_new (UcStore *store, const char *path, UcSqliteCheck check);
/* Ends what is under way, and its thread. */
void uc_checker_stop (UcChecker *checker);
void uc_checker_free (UcChecker *checker);
UcChecker *uc_store_checker (UcStore *store);
/* After each commit: a check keeps the log from being emptied, and gives way when that has grown long, or the disk
 * is short of room. Any thread. */
void uc_checker_mind_log (UcChecker *checker, guint log_pages, gboolean sparing);
