/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backups of a running daemon. See backup.h. The functions of the thread "uc-backup" are marked; what it shares
 * with the main thread is under the lock.
 */
#include "core/service/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/folder.h"
#include "core/service/media-private.h"
#include "core/store/backup.h"

struct UcBackup
{
  char *database, *media, *folder, *work; /* constant while the thread runs */
  gint64 durable;                         /* the last event that was durable when it began */
  GThread *thread;

  GMutex lock; /* of what follows */
  const char *phase;
  gint64 done, all;
  gint64 begun_at, ended_at;
  gboolean stop, ended;
  GError *error;
  UcBackupInfo info;
  gint64 files, file_bytes, files_missing;
};

/* ---- the thread ---------------------------------------------------------------------------------------- */

static gboolean
tell (UcBackup *backup, const char *phase, gint64 done, gint64 all)
{
  gboolean go_on;

  g_mutex_lock (&backup->lock);
  backup->phase = phase;
  backup->done = done;
  backup->all = all;
  go_on = !backup->stop;
  g_mutex_unlock (&backup->lock);
  return go_on;
}

static gboolean
on_pages (gint64 done, gint64 all, gpointer data)
{
  return tell (data, "database", done, all);
}

/* One that is missing was missing before: it is counted, and no reason to have no backup. */
static gboolean
copy_media (const char *id, gint64 size, gpointer data, GError **error)
{
  UcBackup *backup = data;
  g_autofree char *settled = uc_media_path (backup->media, id, FALSE);
  g_autofree char *fresh = uc_media_path (backup->media, id, TRUE);
  g_autofree char *folder = g_build_filename (backup->work, "media", NULL);
  g_autofree char *to = uc_media_path (folder, id, FALSE), *shard = g_path_get_dirname (to);
  gint64 copied;

  if (!tell (backup, "files", backup->files, 0))
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_FAILED, "it was stopped");
      return FALSE;
    }
  if (g_mkdir_with_parents (shard, 0700) != 0)
    return uc_folder_fail (error, "make the folder", shard);
  /* It may get its last name just now. */
  copied = uc_folder_copy_file (settled, to, error);
  if (copied == UC_FOLDER_MISSING)
    copied = uc_folder_copy_file (fresh, to, error);
  if (copied == UC_FOLDER_MISSING)
    copied = uc_folder_copy_file (settled, to, error);
  if (copied == UC_FOLDER_FAILED)
    return FALSE;
  if (copied != size)
    backup->files_missing++;
  backup->files++;
  backup->file_bytes += MAX (copied, 0);
  return TRUE;
}

static gboolean
write_facts (UcBackup *backup, GError **error)
{
  g_autofree char *path = g_build_filename (backup->work, "backup.json", NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_add_string (out, "usher", USHER_VERSION);
  uc_json_add_int (out, "at", backup->begun_at);
  uc_json_add_int (out, "schema", backup->info.schema);
  uc_json_add_int (out, "event", backup->info.last_seq);
  uc_json_add_int (out, "events", backup->info.events);
  uc_json_add_int (out, "messages", backup->info.messages);
  uc_json_add_int (out, "database_bytes", backup->info.bytes);
  uc_json_add_int (out, "files", backup->files);
  uc_json_add_int (out, "file_bytes", backup->file_bytes);
  uc_json_add_int (out, "files_missing", backup->files_missing);
  uc_json_end (out);
  g_string_append_c (out, '\n');
  return g_file_set_contents (path, out->str, (gssize)out->len, error);
}

static gboolean
check_copy (UcBackup *backup, const char *database, GError **error)
{
  UcBackupInfo info = { 0 };

  tell (backup, "check", 0, 0);
  if (!uc_backup_check (database, &info, error))
    return FALSE;
  g_mutex_lock (&backup->lock);
  backup->info = info;
  g_mutex_unlock (&backup->lock);
  if (info.last_seq >= backup->durable)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
               "the copy ends with event %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT
               " was stored when it was begun",
               info.last_seq, backup->durable);
  return FALSE;
}

static gboolean
make_backup (UcBackup *backup, GError **error)
{
  g_autofree char *database = g_build_filename (backup->work, "usher.db", NULL);

  /* The database first: each file that it speaks of then is there already. */
  return uc_backup_copy (backup->database, database, on_pages, backup, error)
         && check_copy (backup, database, error) && uc_backup_each_media (database, copy_media, backup, error)
         && write_facts (backup, error) && uc_folder_flush (backup->work, error)
         && uc_folder_rename_new (backup->work, backup->folder, error);
}

static gpointer
run (gpointer data)
{
  UcBackup *backup = data;
  GError *error = NULL;

  if (make_backup (backup, &error))
    g_message ("a backup was made in %s: event %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " bytes, %" G_GINT64_FORMAT
               " files",
               backup->folder, backup->info.last_seq, backup->info.bytes, backup->files);
  else
    {
      uc_folder_remove (backup->work);
      g_warning ("the backup in %s was not made: %s", backup->folder, error->message);
    }
  g_mutex_lock (&backup->lock);
  backup->error = error;
  backup->ended_at = uc_clock_now ();
  backup->ended = TRUE;
  g_mutex_unlock (&backup->lock);
  return NULL;
}

/* ---- the main thread ----------------------------------------------------------------------------------- */

static gboolean
is_running (UcBackup *backup)
{
  gboolean running;

  if (backup == NULL)
    return FALSE;
  g_mutex_lock (&backup->lock);
  running = !backup->ended;
  g_mutex_unlock (&backup->lock);
  return running;
}

static gboolean
check_path (const char *folder, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (folder);
  GStatBuf info;

  if (!g_path_is_absolute (folder))
    g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "the path of the backup must be absolute, not \"%s\"", folder);
  else if (!g_file_test (parent, G_FILE_TEST_IS_DIR))
    g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "there is no folder %s to put the backup in; make it first",
                 parent);
  else if (g_lstat (folder, &info) == 0)
    g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                 "%s is there already, and nothing is overwritten; give the backup another name", folder);
  else
    return TRUE;
  return FALSE;
}

gboolean
uc_backup_begin (UcCore *core, const char *folder, GError **error)
{
  g_autofree char *clean = g_canonicalize_filename (folder, "/");
  g_autofree char *work = g_strconcat (clean, ".part-XXXXXX", NULL);
  UcBackup *backup;

  if (is_running (core->backup))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT, "another backup is under way, in %s; wait for it",
                   core->backup->folder);
      return FALSE;
    }
  if (!check_path (folder, error))
    return FALSE;
  if (g_mkdtemp_full (work, 0700) == NULL)
    return uc_folder_fail (error, "make a folder beside", clean);
  g_clear_pointer (&core->backup, uc_backup_free);
  core->backup = backup = g_new0 (UcBackup, 1);
  g_mutex_init (&backup->lock);
  backup->database = g_strdup (uc_settings_string (core->plan->store, "path"));
  backup->media = g_strdup (core->media->folder);
  backup->folder = g_steal_pointer (&clean);
  backup->work = g_steal_pointer (&work);
  backup->durable = core->durable;
  backup->phase = "database";
  backup->begun_at = uc_clock_now ();
  backup->thread = g_thread_new ("uc-backup", run, backup);
  return TRUE;
}

char *
uc_backup_status (UcCore *core)
{
  UcBackup *backup = core->backup;
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  if (backup == NULL)
    uc_json_add_string (out, "state", "none");
  else
    {
      g_mutex_lock (&backup->lock);
      uc_json_add_string (out, "state", !backup->ended ? "running" : backup->error != NULL ? "failed" : "done");
      uc_json_add_string (out, "path", backup->folder);
      uc_json_add_string (out, "phase", backup->phase);
      uc_json_add_int (out, "done", backup->done);
      uc_json_add_int (out, "all", backup->all);
      uc_json_add_int (out, "ms", (backup->ended ? backup->ended_at : uc_clock_now ()) - backup->begun_at);
      if (backup->ended)
        {
          uc_json_add_int (out, "event", backup->info.last_seq);
          uc_json_add_int (out, "bytes", backup->info.bytes);
          uc_json_add_int (out, "files", backup->files);
          uc_json_add_int (out, "file_bytes", backup->file_bytes);
          uc_json_add_int (out, "files_missing", backup->files_missing);
        }
      uc_json_add_opt (out, "error", backup->error != NULL ? backup->error->message : NULL);
      g_mutex_unlock (&backup->lock);
    }
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

void
uc_backup_free (UcBackup *backup)
{
  if (backup == NULL)
    return;
  g_mutex_lock (&backup->lock);
  backup->stop = TRUE;
  g_mutex_unlock (&backup->lock);
  g_thread_join (backup->thread);
  g_mutex_clear (&backup->lock);
  g_clear_error (&backup->error);
  g_free (backup->database);
  g_free (backup->media);
  g_free (backup->folder);
  g_free (backup->work);
  g_free (backup);
}
