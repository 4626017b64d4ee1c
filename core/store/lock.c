/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One process per database: a lock file beside it. SQLite would let a second writer in, and with a checkpoint on
 * another connection SQLite before 3.51.3 can lose commits. Main thread, at the start.
 */
#include "core/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"

static void
set_open_error (GError **error, const char *path, int number)
{
  g_autofree char *folder = g_path_get_dirname (path);

  switch (number)
    {
    case ENOENT:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "the folder %s for the database does not exist; create it and give it to the user this runs as",
                   folder);
      break;
    case ENOTDIR:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "%s can't hold the database: a part of that path is a file, not a folder; correct the path",
                   folder);
      break;
    case EISDIR:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "%s is a folder, but the name of the database file is wanted; add a file name to the path",
                   path);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "%s may not be written by user %s; give the folder %s and the file to that user", path,
                   g_get_user_name (), folder);
      break;
    case EROFS:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED,
                   "%s is on a disk mounted read-only; mount it for writing or choose another path", path);
      break;
    default:
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't open the database %s: %s", path, g_strerror (number));
      break;
    }
}

static void
set_locked_error (GError **error, const char *path, int fd)
{
  char text[32] = "";
  ssize_t got = pread (fd, text, sizeof text - 1, 0);
  long pid = got > 0 ? strtol (text, NULL, 10) : 0;

  if (pid > 0)
    g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                 "the database %s is in use by process %ld; stop that process, or give this one a database of its "
                 "own",
                 path, pid);
  else
    g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                 "the database %s is in use by another process; stop it, or give this one a database of its own",
                 path);
}

/* The first start says so in the lock file before it makes the database, until that is complete. So a database
 * that is empty for another reason is told from one whose first start was cut short. */
#define NEW "new\n"

static gboolean
is_marked_new (int fd)
{
  char text[32] = "";

  return pread (fd, text, sizeof text - 1, 0) > 0 && strstr (text, "\n" NEW) != NULL;
}

/* The number is for people; without it (disk full) the lock is as good. */
static void
write_lock (int fd, gboolean fresh)
{
  g_autofree char *text = g_strdup_printf ("%ld\n%s", (long)getpid (), fresh ? NEW : "");

  if (ftruncate (fd, 0) == 0)
    (void)!pwrite (fd, text, strlen (text), 0);
}

void
uc_store_lock_settle (int fd)
{
  write_lock (fd, FALSE);
}

/* Before SQLite sees the file: of one without a byte it throws the log away, too. */
static gboolean
check_size (const char *path, int fd, gboolean *fresh, GError **error)
{
  struct stat info;

  *fresh = stat (path, &info) != 0 || is_marked_new (fd);
  if (*fresh || !S_ISREG (info.st_mode) || info.st_size > 0)
    return TRUE;
  g_set_error (
      error, UC_ERROR, UC_ERROR_FAILED,
      "the database %s is empty (0 bytes), which usher never leaves it; restore it from a backup, or remove "
      "the file to start with an empty centre",
      path);
  return FALSE;
}

int
uc_store_lock (const char *path, gboolean *fresh, GError **error)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  int fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), file;

  if (fd < 0)
    {
      set_open_error (error, path, errno);
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      set_locked_error (error, path, fd);
      close (fd);
      return -1;
    }
  if (fresh != NULL && !check_size (path, fd, fresh, error))
    {
      close (fd);
      return -1;
    }
  write_lock (fd, fresh != NULL ? *fresh : is_marked_new (fd) || !g_file_test (path, G_FILE_TEST_EXISTS));
  /* Opening the database itself tells what is wrong with it better than SQLite does, and makes a new file readable
   * by its owner only: it holds what customers wrote. */
  file = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    {
      set_open_error (error, path, errno);
      close (fd);
      return -1;
    }
  close (file);
  return fd;
}
