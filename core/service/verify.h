/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does the journal tell the truth? Each step that it records is made again by an engine of its own, and must make
 * the same events, byte for byte; the tables must be what the events make of them, and an engine that starts from
 * the tables must be in the state of the one that has lived through the journal. One thread, which may be any.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gint64 events, last_seq, steps, starts;
  gint64 applied;  /* events of older versions, which do not say what made them */
  gint64 expired;  /* events whose words were taken away; compared without them */
  gint64 appended; /* events that no step made */
  gint64 replay_us, tables_us;
  char *finding; /* the first difference, and what to do; NULL = none */
} UcVerifyReport;

typedef void (*UcVerifyProgress) (gint64 done, gint64 all, gpointer data);

/* FALSE with an error: the database can't be read, which says nothing about the journal. TRUE: see the finding.
 * progress may be NULL. */
gboolean uc_verify (const char *path, UcVerifyProgress progress, gpointer data, UcVerifyReport *report,
                    GError **error);
void uc_verify_report_clear (UcVerifyReport *report);

/* The same for people, or as JSON: progress on standard error if that is a terminal, the report on standard
 * output. 0 = the journal is right, 1 = it is not, 2 = it can't be read. `name` is the program's. */
int uc_verify_print (const char *name, const char *path, gboolean json);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UcVerifyReport, uc_verify_report_clear)
