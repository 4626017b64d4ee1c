/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room for what the log holds. Before a commit the database's file is made as large as the log will make it when
 * it is folded: a fold then needs no room, also on a disk that has become full, and gives back that of the log.
 * Without that, one that stops halfway has taken the last room and given nothing back. Writer thread.
 */
#include "core/store/folder.h"
#include "core/store/sqlite.h"

/* The file grows in pieces of this size; small, as a small disk must hold a piece that is hardly used. */
#define PIECE (32 * 1024)
/* With room to spare it grows by a share of its size at once, as each growth is a system call. */
#define AHEAD_SHARE 16
#define MOST_AHEAD (4 * 1024 * 1024)

static gint64
needed (UcWriter *writer)
{
  UcStatement *count = uc_sqlite_statement (writer->sqlite, "PRAGMA page_count");
  gint64 pages = 0;

  if (count != NULL && sqlite3_step (count->handle) == SQLITE_ROW)
    pages = sqlite3_column_int64 (count->handle, 0);
  if (count != NULL)
    sqlite3_reset (count->handle);
  return pages * writer->page_size;
}

/* SQLite's own way: its VFS allocates the blocks. */
static int
grow (UcWriter *writer, gint64 size)
{
  int code;

  uc_folder_hold_size (writer->folder);
  code = sqlite3_file_control (writer->sqlite->db, "main", SQLITE_FCNTL_SIZE_HINT, &size);
  uc_folder_let_size (writer->folder);
  return code;
}

static gint64
present_size (UcWriter *writer)
{
  sqlite3_file *file = NULL;
  sqlite3_int64 size = 0;

  if (sqlite3_file_control (writer->sqlite->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK
      || file->pMethods->xFileSize (file, &size) != SQLITE_OK)
    return 0;
  return size;
}

/* Not there in SQLite's other VFSes: then a fold finds its room as it can. */
static void
prepare (UcWriter *writer)
{
  int piece = PIECE;

  writer->page_size = uc_sqlite_int (writer->sqlite, "PRAGMA page_size", 4096);
  if (sqlite3_file_control (writer->sqlite->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &piece) != SQLITE_OK)
    writer->claimed = G_MAXINT64;
}

int
uc_writer_claim (UcWriter *writer)
{
  gint64 size, ahead;
  int code;

  if (writer->page_size == 0)
    prepare (writer);
  size = writer->claimed < G_MAXINT64 ? needed (writer) : 0;
  if (size <= writer->claimed)
    return SQLITE_OK;
  ahead = writer->sparing ? 0 : MIN (size / AHEAD_SHARE, MOST_AHEAD);
  code = grow (writer, size + ahead);
  if (code != SQLITE_OK && ahead > 0)
    {
      ahead = 0;
      code = grow (writer, size);
    }
  /* No room for a whole piece is no harm where none is needed. */
  writer->claimed = code == SQLITE_OK ? size + ahead : present_size (writer);
  return writer->claimed >= size ? SQLITE_OK : SQLITE_FULL;
}

void
uc_writer_forget_claim (UcWriter *writer)
{
  writer->claimed = writer->claimed < G_MAXINT64 ? 0 : G_MAXINT64;
}
