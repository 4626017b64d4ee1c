/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A database read from the outside, to check it: its journal in order, a model of its tables made anew from the
 * events, and what the two differ in. Reads one snapshot, writes nothing, and may be used beside a running daemon.
 * The thread that opened it.
 */
#pragma once

#include "core/base/event.h"

typedef struct UcJournal UcJournal;

typedef struct
{
  gint64 events, last_seq, epoch;
  gint64 steps_from; /* from this number on, events say which step they come from */
  gboolean has_gaps; /* before that, what was said too long ago may be missing */
} UcJournalInfo;

/* Borrowed until the next row is read. */
typedef struct
{
  gint64 seq, at, epoch;
  const char *type, *agent, *interaction, *json, *step;
  gsize json_len, step_len;
} UcJournalRow;

typedef enum
{
  UC_JOURNAL_ROW,
  UC_JOURNAL_END,
  UC_JOURNAL_FAILED
} UcJournalNext;

/* Refuses what is no database of this version with a sentence that says what to do. */
UcJournal *uc_journal_open (const char *path, GError **error);
void uc_journal_close (UcJournal *journal);

void uc_journal_info (UcJournal *journal, UcJournalInfo *info);
/* SQLite's own check of the file's pages and indexes. FALSE with an error that says what is wrong. */
gboolean uc_journal_check_pages (UcJournal *journal, GError **error);
UcJournalNext uc_journal_next (UcJournal *journal, UcJournalRow *row, GError **error);

/* What the event does to the tables, done to the model. expired: its text was taken away. */
gboolean uc_journal_project (UcJournal *journal, const UcEvent *event, gboolean expired, GError **error);
/* The model has all events before steps_from. `func` gets the numbers of conversations that are needed where their
 * messages are missing. */
gboolean uc_journal_settle (UcJournal *journal, void (*func) (const UcEvent *numbers, gpointer data),
                            gpointer data, GError **error);
/* After the last event. NULL = the tables are what the journal makes of them (or an error); else the first
 * difference, for a person. */
char *uc_journal_compare (UcJournal *journal, GError **error);
/* The rows of the model that an engine starts from. */
gboolean uc_journal_load (UcJournal *journal, void (*func) (const UcEvent *row, gpointer data), gpointer data,
                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcJournal, uc_journal_close)
