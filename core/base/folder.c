/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders of files. See folder.h. Any thread.
 */
#include "config.h" /* syncfs, renameat2 */

#include "core/base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"

#define CHUNK (256 * 1024)

gboolean
uc_folder_fail (GError **error, const char *doing, const char *path)
{
  int code = errno;

  g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't %s %s: %s%s", doing, path, g_strerror (code),
               code == ENOSPC || code == EDQUOT ? "; free some space there, or choose another disk"
               : code == EACCES || code == EPERM
                   ? "; give that folder to the user usherd runs as, or choose another"
                   : "");
  return FALSE;
}

static gint64
copy_bytes (int from, int to)
{
  g_autofree char *buf = g_malloc (CHUNK);
  gint64 copied = 0;
  ssize_t got;

  while ((got = read (from, buf, CHUNK)) != 0)
    {
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      for (ssize_t done = 0; done < got;)
        {
          ssize_t put = write (to, buf + done, (size_t)(got - done));

          if (put < 0 && errno != EINTR)
            return -1;
          done += MAX (put, 0);
        }
      copied += got;
    }
  return copied;
}

gint64
uc_folder_copy_file (const char *from, const char *to, GError **error)
{
  int in = open (from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out;
  gint64 copied;

  if (in < 0 && errno == ENOENT)
    return UC_FOLDER_MISSING;
  if (in < 0)
    return uc_folder_fail (error, "read", from), UC_FOLDER_FAILED;
  out = open (to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  copied = out >= 0 ? copy_bytes (in, out) : -1;
  if (copied < 0)
    uc_folder_fail (error, "write", to);
  close (in);
  if (out >= 0 && close (out) != 0 && copied >= 0)
    {
      uc_folder_fail (error, "write", to);
      copied = -1;
    }
  return copied >= 0 ? copied : UC_FOLDER_FAILED;
}

gboolean
uc_folder_copy (const char *from, const char *to, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  if (g_mkdir (to, 0700) != 0)
    return uc_folder_fail (error, "make the folder", to);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *one = g_build_filename (from, name, NULL), *other = g_build_filename (to, name, NULL);
      gboolean is_folder = g_file_test (one, G_FILE_TEST_IS_DIR) && !g_file_test (one, G_FILE_TEST_IS_SYMLINK);

      if (is_folder ? !uc_folder_copy (one, other, error)
                    : uc_folder_copy_file (one, other, error) == UC_FOLDER_FAILED)
        return FALSE;
    }
  return TRUE;
}

void
uc_folder_remove (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      uc_folder_remove (below);
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_remove (path);
}

gboolean
uc_folder_flush (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* Of all files below it at once: one for each would take as long as the disk needs to turn. */
  gboolean flushed = fd >= 0 && syncfs (fd) == 0;

  if (!flushed)
    uc_folder_fail (error, "flush", path);
  if (fd >= 0)
    close (fd);
  return flushed;
}

static int
rename_new (const char *from, const char *to)
{
  GStatBuf info;
  int done = renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

  /* Not every file system can refuse by itself. */
  if (done == 0 || errno != EINVAL)
    return done;
  if (g_lstat (to, &info) == 0)
    {
      errno = EEXIST;
      return -1;
    }
  return g_rename (from, to);
}

gboolean
uc_folder_rename_new (const char *from, const char *to, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (to);

  return rename_new (from, to) == 0 ? uc_folder_flush (parent, error)
                                    : uc_folder_fail (error, "give its name to", to);
}
