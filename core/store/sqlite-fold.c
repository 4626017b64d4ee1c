/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folding the log into the database: when, how much of it, and by whom. Long logs are folded beside the commits by
 * the folder; what little came meanwhile, and all of it in a quiet moment or when the disk is short of room, by
 * the writer between two commits. Writer thread.
 */
#include "core/store/folder.h"
#include "core/store/sqlite.h"

/* On a disk that is short of room: the log gives its room back again and again instead of growing. */
#define SPARING_PAGES 32
/* What the folder leaves is folded by the writer when it is at most this share of a long log: then the log begins
 * anew. Otherwise the folder has another go, so often at most. */
#define REST_SHARE 128
#define MOST_ROUNDS 8
/* A log so many times too long: the folder hurries; then commits wait for it, and the writer takes a larger rest
 * upon itself. */
#define HURRY_LOGS 2
#define MOST_LOGS 4
#define LARGE_REST_SHARE 8

/* TRUE: the next commit begins the log anew. */
static gboolean
fold (UcWriter *writer, int mode)
{
  int log = 0, done = 0, code;

  /* What was written beside the batches, the search index, has not claimed its room yet. */
  uc_writer_claim (writer);
  code = sqlite3_wal_checkpoint_v2 (writer->sqlite->db, NULL, mode, &log, &done);
  uc_writer_forget_claim (writer);
  /* All of it may be folded now, also where it could not be emptied: the folder waits until there is more. */
  writer->fold_above = writer->wal_pages + writer->fold_pages;
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
    {
      writer->fold_warned = FALSE;
      return code == SQLITE_OK && log == done;
    }
  if (uc_sqlite_is_beyond_trust (code, FALSE))
    uc_writer_lose_trust (writer, code, NULL);
  if (!writer->fold_warned)
    {
      g_autofree char *why = uc_sqlite_sentence (writer->sqlite, code);

      g_warning ("the store's log can't be folded into the database, it grows meanwhile: %s", why);
    }
  writer->fold_warned = TRUE;
  return FALSE;
}

/* ---- beside the commits -------------------------------------------------------------------------------- */

static void
begin_beside (UcWriter *writer)
{
  uc_writer_claim (writer);
  writer->rounds++;
  uc_folder_begin (writer->folder, writer->wal_pages >= writer->fold_pages * HURRY_LOGS);
}

/* FALSE: the folder is still at work. */
static gboolean
end_beside (UcWriter *writer, gboolean wait, UcFold *result)
{
  if (!uc_folder_end (writer->folder, wait, result))
    return FALSE;
  if (uc_sqlite_is_beyond_trust (result->code, FALSE))
    uc_writer_lose_trust (writer, result->code, result->why);
  return TRUE;
}

static void
wait_for_folder (UcWriter *writer)
{
  g_auto (UcFold) result = { 0 };

  if (writer->rounds > 0)
    end_beside (writer, TRUE, &result);
  writer->rounds = 0;
}

static void
go_on_beside (UcWriter *writer)
{
  g_auto (UcFold) result = { 0 };
  gboolean held_up, too_long = writer->wal_pages >= writer->fold_pages * MOST_LOGS;
  guint rest;

  if (!end_beside (writer, too_long, &result))
    return;
  /* By somebody who reads a former state. */
  held_up = result.code == SQLITE_OK && result.done < result.log;
  rest = writer->wal_pages > result.done ? writer->wal_pages - result.done : 0;
  if (result.code == SQLITE_OK && !held_up
      && rest > writer->fold_pages / (too_long ? LARGE_REST_SHARE : REST_SHARE) && writer->rounds < MOST_ROUNDS)
    {
      begin_beside (writer);
      return;
    }
  writer->rounds = 0;
  /* If the folder failed, this may do better, or tells why not. */
  if (!held_up && writer->broken == NULL)
    fold (writer, SQLITE_CHECKPOINT_PASSIVE);
  writer->fold_above = writer->wal_pages + writer->fold_pages;
}

/* ---- the writer ---------------------------------------------------------------------------------------- */

void
uc_writer_checkpoint (UcWriter *writer)
{
  if (writer->broken != NULL)
    return;
  /* Pages of the log that the database has a place for already give their room back. */
  if (writer->full)
    {
      writer->full = FALSE;
      writer->wal_pages = MAX (writer->wal_pages, 1); /* unknown after an unclean start */
      uc_writer_fold (writer);
    }
  if (writer->sparing && writer->wal_pages >= SPARING_PAGES)
    uc_writer_fold (writer);
  else if (writer->rounds > 0)
    go_on_beside (writer);
  else if (writer->broken == NULL && writer->wal_pages >= writer->fold_above)
    {
      if (writer->folder != NULL)
        begin_beside (writer);
      else
        fold (writer, SQLITE_CHECKPOINT_PASSIVE);
    }
}

void
uc_writer_fold (UcWriter *writer)
{
  if (writer->broken != NULL || writer->wal_pages == 0)
    return;
  wait_for_folder (writer);
  if (writer->broken != NULL)
    return;
  /* Not waiting for readers: there will be another quiet moment. */
  sqlite3_busy_timeout (writer->sqlite->db, 0);
  if (fold (writer, SQLITE_CHECKPOINT_TRUNCATE))
    {
      writer->wal_pages = 0;
      writer->fold_above = writer->fold_pages;
    }
  sqlite3_busy_timeout (writer->sqlite->db, UC_SQLITE_BUSY_MS);
}

gboolean
uc_writer_fold_at_end (UcWriter *writer)
{
  wait_for_folder (writer);
  g_clear_pointer (&writer->folder, uc_folder_free);
  return writer->broken == NULL
         && uc_sqlite_exec (writer->sqlite, "UPDATE meta SET value = 1 WHERE key = 'clean'") == SQLITE_OK
         && fold (writer, SQLITE_CHECKPOINT_TRUNCATE);
}
