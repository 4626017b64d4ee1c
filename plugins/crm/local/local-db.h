/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The SQLite connection: opening, checking and closing the file, statements, errors. Worker thread.
 */
#ifndef LOCAL_DB_H
#define LOCAL_DB_H

#include "local-config.h"
#include "local-value.h"

#include <sqlite3.h>

typedef struct
{
  const UsherHost *host; /* only slots for any thread */
  const LocalConfig *config;
  char *path;
  sqlite3 *handle;
  int lock_fd;            /* path + ".lock", held while open */
  GHashTable *statements; /* SQL -> sqlite3_stmt* */
  gboolean broken;        /* the file can't be trusted to answer any more: close and open again */
} LocalDb;

/* A prepared statement in use; the cleanup resets it, so that it holds no lock and no argument. */
typedef sqlite3_stmt LocalStatement;
void local_statement_done (LocalStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalStatement, local_statement_done)

/* Opens or makes the file and brings its tables up to date. */
LocalDb *local_db_open (const char *path, const UsherHost *host, const LocalConfig *config, GError **error);
/* Empties the write-ahead log into the file and closes it. */
void local_db_close (LocalDb *db);

/* One or more statements without arguments or rows. */
gboolean local_db_run (LocalDb *db, const char *sql, GError **error);
/* `sql` must have static lifetime. */
LocalStatement *local_db_prepare (LocalDb *db, const char *sql, GError **error);
/* *row: whether there is one. */
gboolean local_db_step (LocalDb *db, LocalStatement *statement, gboolean *row, GError **error);
/* Runs a statement that has no rows. */
gboolean local_db_finish (LocalDb *db, LocalStatement *statement, GError **error);
/* First column of the first row; `fallback` without one. */
gboolean local_db_number (LocalDb *db, LocalStatement *statement, gint64 fallback, gint64 *value, GError **error);
/* The same for a statement with one text argument; no text finds nothing (0). */
gboolean local_db_find (LocalDb *db, const char *sql, const char *text, gint64 *value, GError **error);

void local_bind_text (LocalStatement *statement, int at, const char *text); /* NULL and "" = NULL */
void local_bind_int (LocalStatement *statement, int at, gint64 value);
char *local_column_text (LocalStatement *statement, int at, LocalPool *pool); /* NULL = NULL */

/* Makes an error of what SQLite says; always FALSE. */
gboolean local_db_error (LocalDb *db, int code, GError **error);

#endif
