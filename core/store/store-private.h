/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of the store's outside: who asks (store-ask.c), who answers (store-reader.c), who checks
 * (store-check.c). Main thread.
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

/* ---- threads that answer questions (store-reader.c) ---------------------------------------------------- */

typedef struct UcReader UcReader;

/* Takes the connection. */
UcReader *uc_reader_new (UcStore *store, UcSqlite *sqlite, const char *name);
/* Takes the job until uc_store_answer gets it. */
void uc_reader_ask (UcReader *reader, UcStoreJob *job);
/* The job stays the caller's; nothing else is asked meanwhile. */
void uc_reader_ask_and_wait (UcReader *reader, UcStoreJob *job);
/* Jobs that it has not begun. */
guint uc_reader_waiting (UcReader *reader);
/* When it has answered what it was asked, its thread has ended. */
void uc_reader_stop (UcReader *reader);
void uc_reader_free (UcReader *reader);

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
