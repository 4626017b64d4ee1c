/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A disk that fails or waits on demand: an SQLite VFS in front of the usual one. Any thread.
 */
#pragma once

#include <glib.h>

typedef enum
{
  FAULT_NONE,
  FAULT_LOG_FULL,      /* no room to write to the log */
  FAULT_LOG_WRITE,     /* writing to the log fails */
  FAULT_LOG_SYNC,      /* fsync of the log fails */
  FAULT_DATABASE_FULL, /* no room to write to the database file: a checkpoint fails */
  FAULT_DATABASE_SYNC, /* fsync of the database file fails */
  FAULT_DATABASE_READ, /* reading it fails */
  FAULT_DATABASE_GROW, /* no room to make the database file larger */
  FAULT_DATABASE_SLOW, /* making the database file larger takes 5 ms, writing a page 1 ms */
  FAULT_LOG_LIMIT      /* the log finds room for `after` KiB and no more */
} Fault;

/* Becomes the default of all connections opened from now on. */
void faults_install (void);
/* Lets `after` of the affected calls go well, then all of them fail until this is called again. */
void faults_set (Fault fault, int after);

/* While on, each time the thread of this name (a static text) begins to read, it has its view of the database and
 * is then held, before it has seen any of it. NULL = off: nobody is held any more. */
void faults_hold (const char *thread);
/* How often it has been held. */
guint faults_held (void);
/* Lets the one go on that is held, once. */
void faults_let_go (void);

/* What must not be, since the faults were installed. The folder began while all of the log was folded: SQLite
 * can't bear that when the log begins anew at that moment. */
guint faults_needless_folds (void);
/* The database file was written to, or cut, while somebody else made it longer. */
guint faults_collisions (void);
/* The folder made it shorter. */
guint faults_cuts (void);
