/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A step as one line of JSON, kept beside the first of its events, so that a replay can make the step again. What
 * that event and the next few say themselves (texts, the network's ids, names) is not written twice: a number
 * stands for "as in the event number N of this step". Any thread.
 */
#pragma once

#include "core/base/json.h"
#include "core/engine/engine.h"

/* How many of a step's events may be referred to. */
#define UC_RECORD_EVENTS 4

typedef enum
{
  UC_RECORD_STEP,     /* uc_engine_step */
  UC_RECORD_RESTORED, /* uc_engine_restored */
  UC_RECORD_APPENDED  /* no step: an event about something the engine does not have any more */
} UcRecordKind;

/* Makes the command's strings copies in `texts`. They are often borrowed from what the engine knows ("as it was
 * before"), and a step may free that. */
void uc_command_keep (UcCommand *command, GStringChunk *texts);

/* `command` is what uc_engine_step was given, `events` what it appended from number `first` on. reborn: it is the
 * first one of an engine that was restored from rows. */
char *uc_record_step (const UcCommand *command, gboolean reborn, gint64 now, GPtrArray *events, guint first);
char *uc_record_restored (const char *seed, gint64 now);
char *uc_record_appended (void);

typedef struct
{
  UcRecordKind kind;
  gint64 now;
  gboolean reborn;   /* before it, the engine was restored from rows */
  gboolean expired;  /* what was said has been taken away since: the command has none of it */
  UcCommand command; /* its strings belong to the two below */
  UcJson *root;
  UcJson *events[UC_RECORD_EVENTS]; /* those referred to */
} UcRecord;

/* The JSON of event number k of the step, NULL = it has no so many. */
typedef const char *(*UcRecordEvent) (guint k, gsize *len, gpointer data);

/* FALSE with an error that says what can't be read; clear the record in any case. */
gboolean uc_record_read (UcRecord *record, const char *json, gsize len, UcRecordEvent event, gpointer data,
                         GError **error);
void uc_record_clear (UcRecord *record);

const char *uc_command_word (UcCommandType type);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UcRecord, uc_record_clear)
