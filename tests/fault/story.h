/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A story for the store: batches as the daemon makes them, with events of a real engine and rows that are nobody's
 * event, and what a database holds after each. So what a fault left can be compared with what was answered.
 */
#pragma once

#include "core/engine/engine.h"
#include "core/store/sqlite.h"

#define STORY_PATH "usher.db"

typedef struct
{
  GPtrArray *events; /* of UcEvent*; numbered */
  guint number;      /* of the batch */
  gboolean repeats;  /* it carries a key that was used: a conflict, nothing of it is stored */
  gint64 seq;        /* last event that is stored after it */
  char *tables;      /* what all tables hold after it, as text; filled by whoever tells the story without faults */
  char *engine;      /* the state of an engine loaded after it */
} Part;

typedef struct
{
  GPtrArray *parts; /* of Part*; the first is what a new database holds */
  guint64 seed;
} Story;

Story *story_new (guint64 seed, guint parts);
void story_free (Story *story);
static inline Part *
story_part (const Story *story, guint n)
{
  return (Part *)story->parts->pdata[n];
}
UcBatch *story_batch (const Part *part);

/* What the tables hold, but for what differs from run to run. */
char *story_tables (sqlite3 *db);
/* The engine that these rows make; it is checked. */
char *story_engine (GPtrArray *rows);
/* The file is sound and the journal has no gap. */
void story_check (sqlite3 *db);
