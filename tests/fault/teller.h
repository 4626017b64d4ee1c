/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tells a story to a store on the disk in memory, with the functions that the store's threads run, and finds out
 * what a database holds of it. One thread, so that the N-th operation is the same one in each run.
 */
#pragma once

#include "tests/fault/disk.h"
#include "tests/fault/story.h"

typedef struct
{
  Story *story;
  UcSqlite *reader;
  UcWriter *writer;
  guint64 generation;
  guint told;     /* the last part that was answered OK (or is there from before) */
  gboolean doubt; /* the part after it was answered UNKNOWN */
  guint refused;  /* how often something was answered UNAVAILABLE */
  gboolean ended; /* the store said that nothing can be trusted, or could not be opened */
} Teller;

/* FALSE = it can't be opened just now (the reason is a message of the test). */
gboolean teller_open (Teller *teller, gboolean fresh);
/* Parts up to and including `last`; one that is refused is told again, twice. Then stops. */
void teller_tell (Teller *teller, guint last);
/* Reads everything that is read after a start, and some of what desks ask; what is answered must be right. */
void teller_read (Teller *teller);
/* What the writer does when it has time. */
void teller_tidy (Teller *teller);
void teller_close (Teller *teller);

/* Opens the database without faults and answers which part is the last one in it, after checking everything. */
guint teller_find (Story *story, gboolean fresh);
/* Tells the whole story once without faults and notes what is there after each part. */
void teller_rehearse (Story *story);
