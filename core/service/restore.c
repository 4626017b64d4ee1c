/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts a backup in the place of a database. See restore.h.
 */
#include "core/service/restore.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/folder.h"
#include "core/service/verify.h"
#include "core/store/backup.h"

static gboolean
check_facts (const char *backup, const UcBackupInfo *info, GError **error)
{
  g_autofree char *path = g_build_filename (backup, "backup.json", NULL), *text = NULL;
  g_autoptr (UcJson) facts = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, error))
    {
      g_prefix_error (error, "%s is no backup of usher: ", backup);
      return FALSE;
    }
  facts = uc_json_parse (text, len, NULL, error);
  if (facts == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  if (uc_json_int (uc_json_get (facts, "event"), -1) == info->last_seq
      && uc_json_int (uc_json_get (facts, "messages"), -1) == info->messages)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
               "%s is not as it was made: it should end with event %" G_GINT64_FORMAT
               " and ends with %" G_GINT64_FORMAT "; use another backup",
               backup, uc_json_int (uc_json_get (facts, "event"), -1), info->last_seq);
  return FALSE;
}

static gboolean
check_backup (const char *backup, const char *database, GError **error)
{
  g_auto (UcVerifyReport) report = { 0 };
  UcBackupInfo info = { 0 };

  if (!uc_backup_check (database, &info, error) || !check_facts (backup, &info, error)
      || !uc_verify (database, NULL, NULL, &report, error))
    return FALSE;
  if (report.finding == NULL)
    return TRUE;
  g_set_error (
      error, UC_ERROR, UC_ERROR_FAILED,
      "the journal in %s is wrong: %s; use another backup, or, if there is none, copy %s by hand to where the "
      "database should be",
      backup, report.finding, database);
  return FALSE;
}

/* Everything is copied and on the disk before anything is moved. */
static gboolean
bring (const char *backup, const char *new_database, const char *new_media, GError **error)
{
  g_autofree char *database = g_build_filename (backup, "usher.db", NULL);
  g_autofree char *media = g_build_filename (backup, "media", NULL);
  g_autofree char *folder = g_path_get_dirname (new_database);
  gint64 copied;

  g_unlink (new_database);
  uc_folder_remove (new_media);
  copied = uc_folder_copy_file (database, new_database, error);
  if (copied == UC_FOLDER_MISSING)
    uc_folder_fail (error, "read", database);
  return copied >= 0 && (!g_file_test (media, G_FILE_TEST_IS_DIR) || uc_folder_copy (media, new_media, error))
         && uc_folder_flush (folder, error);
}

/* Both names for a moment: at no time is there no database, for a daemon would begin an empty one. */
static gboolean
keep_old (const char *database, const char *kept, GError **error)
{
  uc_backup_fold (database);
  for (gsize i = 0; i < 2; i++)
    {
      static const char *const tails[] = { "", "-wal" };
      g_autofree char *from = g_strconcat (database, tails[i], NULL), *to = g_strconcat (kept, tails[i], NULL);

      if (link (from, to) != 0 && errno != ENOENT)
        return uc_folder_fail (error, "keep the old database as", to);
    }
  return TRUE;
}

static gboolean
put_in_place (const char *new_database, const char *new_media, const char *database, const char *media,
              const char *kept_media, GError **error)
{
  g_autofree char *wal = g_strconcat (database, "-wal", NULL), *shm = g_strconcat (database, "-shm", NULL);
  g_autofree char *folder = g_path_get_dirname (database);

  if (g_rename (media, kept_media) != 0 && errno != ENOENT)
    return uc_folder_fail (error, "keep the old files as", kept_media);
  /* The old log must be gone before another database has its name. */
  g_unlink (wal);
  g_unlink (shm);
  if (g_rename (new_database, database) != 0)
    return uc_folder_fail (error, "put the backup in the place of", database);
  if (g_rename (new_media, media) != 0 && errno != ENOENT)
    return uc_folder_fail (error, "put the files of the backup in the place of", media);
  return uc_folder_flush (folder, error);
}

static gboolean
replace (const char *backup, const char *database, const char *media, char **kept, GError **error)
{
  g_autofree char *new_database = g_strconcat (database, ".restoring", NULL);
  g_autofree char *new_media = g_strconcat (media, ".restoring", NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *old = g_strdup_printf ("%s.before-%s", database, time);
  g_autofree char *old_media = g_strdup_printf ("%s.before-%s", media, time);
  gboolean there = g_file_test (database, G_FILE_TEST_EXISTS);

  if (!bring (backup, new_database, new_media, error) || (there && !keep_old (database, old, error)))
    {
      g_unlink (new_database);
      uc_folder_remove (new_media);
      return FALSE;
    }
  if (!put_in_place (new_database, new_media, database, media, old_media, error))
    return FALSE;
  *kept = there ? g_steal_pointer (&old) : NULL;
  return TRUE;
}

gboolean
uc_restore (const char *backup, const char *database, const char *media, char **kept, GError **error)
{
  g_autofree char *from = g_build_filename (backup, "usher.db", NULL);
  g_autofree char *folder = g_path_get_dirname (database);
  gboolean done;
  int lock;

  *kept = NULL;
  if (!check_backup (backup, from, error))
    return FALSE;
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return uc_folder_fail (error, "make the data folder", folder);
  lock = uc_backup_lock (database, error);
  if (lock < 0)
    return FALSE;
  done = replace (backup, database, media, kept, error);
  if (done)
    uc_backup_settle (lock);
  close (lock);
  return done;
}
