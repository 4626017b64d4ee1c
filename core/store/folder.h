/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folds the log into the database beside the commits, on a thread of its own, "store-folder", with a connection of
 * its own. Every function here is called on the writer thread.
 */
#pragma once

#include <glib.h>

typedef struct UcFolder UcFolder;

typedef struct
{
  int code;        /* of SQLite */
  guint log, done; /* pages of the log as it was seen, and how many of them are in the database now, on the disk */
  char *why;       /* a sentence unless the code is SQLITE_OK */
} UcFold;

void uc_fold_clear (UcFold *fold);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UcFold, uc_fold_clear)

/* Nothing is opened before there is something to do. */
UcFolder *uc_folder_new (const char *path);
/* Begins to fold what is in the log now. Only while some of that is not folded yet, and until uc_folder_end nobody
 * else folds: as long as some is not, no commit may begin the log anew, and a fold that begins at that very moment
 * can damage the database (https://sqlite.org/wal.html#walresetbug, in all versions before 3.51.3). hurry: all is
 * written at once, whoever waits for the disk meanwhile. */
void uc_folder_begin (UcFolder *folder, gboolean hurry);
/* FALSE: it is still at work, if nobody wants to wait; otherwise how it went. */
gboolean uc_folder_end (UcFolder *folder, gboolean wait, UcFold *fold);
/* Around what makes the database's file longer: nothing is written to it meanwhile. Where SQLite's VFS was built
 * without posix_fallocate, as Debian's is, it looks where the file ends and then writes a byte of zero into each
 * block after that, also where a page has come to be in between. NULL: nothing to be done. */
void uc_folder_hold_size (UcFolder *folder);
void uc_folder_let_size (UcFolder *folder);
/* Not while it is at work. Ends its thread. */
void uc_folder_free (UcFolder *folder);
