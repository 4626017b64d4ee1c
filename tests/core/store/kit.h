/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the store's tests share: a store in a folder of its own, commits and questions that wait for their answer,
 * events written as JSON with single quotes, and the check that the tables are what a replay of the journal makes.
 */
#pragma once

#include "core/store/sqlite.h"
#include "core/store/store.h"

#define T0 G_GINT64_CONSTANT (1700000000000)

typedef struct
{
  UcLoop *loop;
  char *dir, *path;
  UcStore *store;
  gint64 seq;       /* of the last event put into a batch */
  gint64 idle_ms;   /* for kit_open; 0 = 20 */
  guint fold_pages; /* as of UcStoreOptions */
} Kit;

typedef struct
{
  gboolean there;
  UcStoreResult result;
  GPtrArray *rows; /* of UcEvent* */
  gboolean more;
  char *value;
  gsize len;
  char *why;
} Answer;

void kit_set_up (Kit *kit, gconstpointer data);
/* Checks the tables against the journal. */
void kit_tear_down (Kit *kit, gconstpointer data);
void kit_open (Kit *kit);
void kit_close (Kit *kit);
/* A new one, in memory if the system has room for that: nothing here is about a disk that loses power, and a store
 * flushes often. */
char *kit_folder (const char *name);
void kit_remove_folder (const char *dir);

/* Warnings are fatal in tests. From here to the test's end they are counted instead. */
void kit_expect_warnings (void);
int kit_warnings (void);
void kit_await_warning (void);

/* "{'type':'user.changed',...}" */
UcEvent *kit_event (const char *json);
/* Adds the event with the next number; `at` is T0 + seq unless given. */
void kit_put (Kit *kit, UcBatch *batch, const char *json, ...) G_GNUC_PRINTF (3, 4);
/* Commits and waits. */
UcStoreResult kit_commit (Kit *kit, UcBatch *batch, char **why);
/* One batch with one event, which must succeed. */
void kit_do (Kit *kit, const char *json, ...) G_GNUC_PRINTF (2, 3);
/* Users anna and ben, queue sales, conversation cnv_1 of channel web. */
void kit_do_basics (Kit *kit);

/* Callbacks for data = Answer*, and the wait for it. */
void on_done (gpointer data, UcStoreResult result, const char *why);
void on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why);
void on_value (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why);
void answer_wait (Answer *answer);
void answer_clear (Answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

/* Expects these rows: each one written like an event; the envelope's seq and at count only where they are given.
 */
void assert_rows (GPtrArray *rows, const char *const *expected);
#define ASSERT_ROWS(rows, ...) assert_rows (rows, (const char *const[]){ __VA_ARGS__, NULL })

GPtrArray *kit_load (Kit *kit);

/* All derived tables as text. */
char *kit_dump (const char *path);
/* Journal without gaps, sound file, and the tables equal to those a replay of the journal makes. */
void kit_check_derived (const char *path);
/* Path of the running program, to start it again as another process. */
char *kit_self (void);
/* A number that SQL finds, in an open one too. */
gint64 kit_count (const char *path, const char *sql);
/* Runs SQL on a closed database. */
void kit_sql (const char *path, const char *sql);
