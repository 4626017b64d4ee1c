/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of the media folder. They lie in folders named by two characters of their id, so that none grows without
 * bounds. Threads of the pool "uc-media".
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/service/media-private.h"

#define SHARD_AT 4 /* behind "med_" */
#define FRESH ".new"

char *
uc_media_path (const char *folder, const char *id, gboolean fresh)
{
  return g_strdup_printf ("%s/%.2s/%s%s", folder, id + SHARD_AT, id, fresh ? FRESH : "");
}

static gboolean
fail (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE, "%s: %s%s", what, g_strerror (code),
               code == ENOSPC || code == EDQUOT ? "; make room in the data folder, it is tried again" : "");
  return FALSE;
}

static gboolean
sync_folder (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean good = fd >= 0 && fsync (fd) == 0;

  if (!good)
    fail (error, "the media folder can't be written");
  if (fd >= 0)
    close (fd);
  return good;
}

static gboolean
write_all (int fd, GBytes *bytes)
{
  gsize left;
  const char *p = g_bytes_get_data (bytes, &left);

  while (left > 0)
    {
      gssize n = write (fd, p, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      p += n;
      left -= (gsize)n;
    }
  return fsync (fd) == 0;
}

gboolean
uc_media_write (const char *folder, const char *id, GBytes *bytes, GError **error)
{
  g_autofree char *path = uc_media_path (folder, id, TRUE);
  g_autofree char *shard = g_path_get_dirname (path);
  int fd;
  gboolean good;

  if (g_mkdir_with_parents (shard, 0700) != 0)
    return fail (error, "the media folder can't be made");
  fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail (error, "a file can't be kept");
  good = write_all (fd, bytes) || fail (error, "a file can't be kept");
  close (fd);
  /* The file's name, and the shard's own: it may be new. */
  good = good && sync_folder (shard, error) && sync_folder (folder, error);
  if (!good)
    g_unlink (path);
  return good;
}

void
uc_media_settle (const char *folder, const char *id)
{
  g_autofree char *from = uc_media_path (folder, id, TRUE);
  g_autofree char *to = uc_media_path (folder, id, FALSE);

  /* Not done, it is done at the next start. */
  if (g_rename (from, to) != 0 && errno != ENOENT)
    g_warning ("%s can't be renamed to %s: %s", from, to, g_strerror (errno));
}

void
uc_media_drop (const char *folder, const char *id)
{
  g_autofree char *path = uc_media_path (folder, id, TRUE);

  if (g_unlink (path) != 0 && errno != ENOENT)
    g_warning ("%s can't be removed: %s", path, g_strerror (errno));
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static gboolean
read_all (int fd, gint64 from, guint8 *to, gsize len)
{
  while (len > 0)
    {
      gssize n = pread (fd, to, len, (off_t)from);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      from += n;
      to += n;
      len -= (gsize)n;
    }
  return TRUE;
}

int
uc_media_open (const char *folder, const char *id, UcMediaFile *file, GError **error)
{
  struct stat st;
  int fd = -1;

  for (int fresh = 0; fresh <= 1 && fd < 0; fresh++)
    {
      g_autofree char *path = uc_media_path (folder, id, fresh);

      fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
  if (fd < 0 || fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_NOT_FOUND, "the file is not in the media folder any more");
      if (fd >= 0)
        close (fd);
      return -1;
    }
  file->size = st.st_size;
  file->head_len = (gsize)MIN (st.st_size, (gint64)sizeof file->head);
  if (read_all (fd, 0, file->head, file->head_len))
    return fd;
  fail (error, "a kept file can't be read");
  close (fd);
  return -1;
}

GBytes *
uc_media_read (int fd, gint64 from, gint64 len, GError **error)
{
  g_autofree guint8 *bytes = g_try_malloc ((gsize)len);

  if (bytes == NULL)
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_BUSY, "there is no memory for this file now");
      return NULL;
    }
  if (!read_all (fd, from, bytes, (gsize)len))
    {
      fail (error, "a kept file can't be read");
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&bytes), (gsize)len);
}

/* ---- what a crash left --------------------------------------------------------------------------------- */

static void
add_unsettled (const char *shard, GPtrArray *ids)
{
  g_autoptr (GDir) dir = g_dir_open (shard, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *id = NULL;

      if (!g_str_has_suffix (name, FRESH))
        continue;
      id = g_strndup (name, strlen (name) - strlen (FRESH));
      if (uc_media_is_id (id))
        g_ptr_array_add (ids, g_steal_pointer (&id));
    }
}

GPtrArray *
uc_media_unsettled (const char *folder)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *shard = g_build_filename (folder, name, NULL);

      add_unsettled (shard, ids);
    }
  return ids;
}

gint64
uc_media_age (const char *folder, const char *id)
{
  g_autofree char *path = uc_media_path (folder, id, TRUE);
  struct stat st;

  return stat (path, &st) == 0 ? g_get_real_time () / G_USEC_PER_SEC - st.st_mtime : 0;
}
