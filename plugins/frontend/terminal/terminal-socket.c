/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The socket's file: made under another name and renamed when it has its rights, so that nobody ever finds one
 * that is open to all; a file that a dead daemon left is replaced, one that is in use is not. Main thread.
 */
#include "terminal.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

/* Whether `path` is free, or what a process that is gone has left. */
static gboolean
may_take (const char *path, const struct sockaddr_un *address, char **why)
{
  struct stat there;
  int fd, result, error;

  if (lstat (path, &there) != 0)
    return TRUE;
  if (!S_ISSOCK (there.st_mode))
    {
      *why
          = g_strdup_printf ("path: there is a file %s that is no socket; remove it, or give another path.", path);
      return FALSE;
    }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  result = fd < 0 ? -1 : connect (fd, (const struct sockaddr *)address, sizeof *address);
  error = errno;
  if (fd >= 0)
    close (fd);
  if (result != 0 && (error == ECONNREFUSED || error == ENOENT))
    return TRUE;
  *why
      = g_strdup_printf ("path: another process listens on %s; give each front end a path of its own, and let one "
                         "usherd run.",
                         path);
  return FALSE;
}

static gboolean
set_rights (Terminal *terminal, const char *path, char **why)
{
  if (terminal->group != (gid_t)-1 && chown (path, (uid_t)-1, terminal->group) != 0)
    {
      *why = g_strdup_printf (
          "group: %s can't be given to group %d: %s. The user that runs usherd must be a member "
          "of the group.",
          path, (int)terminal->group, g_strerror (errno));
      return FALSE;
    }
  if (chmod (path, terminal->mode) == 0)
    return TRUE;
  *why = g_strdup_printf ("mode: %s can't get mode %04o: %s.", path, (guint)terminal->mode, g_strerror (errno));
  return FALSE;
}

/* Listens on `fresh` and lets it take the place of the path. */
static gboolean
set_up (Terminal *terminal, const char *fresh, const struct sockaddr_un *address, char **why)
{
  struct stat mine;

  if (bind (terminal->listener, (const struct sockaddr *)address, sizeof *address) != 0)
    {
      g_autofree char *folder = g_path_get_dirname (fresh);

      *why = g_strdup_printf (
          "path: no socket can be made in %s: %s. The folder must be there, and the user that runs "
          "usherd must be able to write in it.",
          folder, g_strerror (errno));
      return FALSE;
    }
  if (!set_rights (terminal, fresh, why))
    return FALSE;
  if (listen (terminal->listener, BACKLOG) == 0 && lstat (fresh, &mine) == 0
      && g_rename (fresh, terminal->path) == 0)
    {
      terminal->device = mine.st_dev;
      terminal->inode = mine.st_ino;
      return TRUE;
    }
  *why = g_strdup_printf ("path: %s can't be listened on: %s.", terminal->path, g_strerror (errno));
  return FALSE;
}

gboolean
terminal_listen (Terminal *terminal, char **why)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX }, final = { .sun_family = AF_UNIX };
  g_autofree char *fresh = g_strdup_printf ("%s.%d", terminal->path, (int)getpid ());

  if (strlen (fresh) >= sizeof address.sun_path)
    {
      *why = g_strdup_printf ("path: %s is too long for a socket, which may have %d bytes; give a shorter one, as "
                              "/run/usher/terminal.sock.",
                              terminal->path, (int)sizeof address.sun_path - 12);
      return FALSE;
    }
  strcpy (address.sun_path, fresh);
  strcpy (final.sun_path, terminal->path);
  if (!may_take (terminal->path, &final, why))
    return FALSE;
  terminal->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (terminal->listener < 0)
    {
      *why = g_strdup_printf ("no local socket can be made: %s.", g_strerror (errno));
      return FALSE;
    }
  g_unlink (fresh);
  if (set_up (terminal, fresh, &address, why))
    return TRUE;
  g_unlink (fresh);
  close (terminal->listener);
  terminal->listener = -1;
  return FALSE;
}

void
terminal_unlisten (Terminal *terminal)
{
  struct stat there;

  if (terminal->listener < 0)
    return;
  /* Somebody else's by now? Then it stays. */
  if (lstat (terminal->path, &there) == 0 && there.st_dev == terminal->device && there.st_ino == terminal->inode)
    g_unlink (terminal->path);
  close (terminal->listener);
  terminal->listener = -1;
}
