/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listening sockets: which addresses are allowed, who may open the Unix ones, accepting in small batches.
 * Main thread.
 */
#include "core/net/private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 64

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* ---- binding ------------------------------------------------------------------------------------------- */

static gboolean
check_allowed (const UcAddress *address, UcListenKind kinds, gboolean any_address, GError **error)
{
  g_autofree char *text = uc_address_text (address);

  if (kinds == UC_LISTEN_CONTROL && !uc_address_is_unix (address))
    {
      g_set_error (
          error, UC_ERROR, UC_ERROR_DENIED,
          "%s can't be the control socket: who connects is known by their user id, which only a Unix socket "
          "tells; use unix:/PATH",
          text);
      return FALSE;
    }
  if (uc_address_is_unix (address) || uc_address_is_loopback (address) || any_address)
    return TRUE;
  g_set_error (
      error, UC_ERROR, UC_ERROR_DENIED,
      "%s can be reached from other machines, and libsoup's HTTP server is not hardened against untrusted "
      "clients: put nginx or HAProxy in front and listen on 127.0.0.1 or unix:/PATH, or set allow_remote = "
      "true to override",
      text);
  return FALSE;
}

/* A socket file that nobody answers on is left over from a daemon that was killed. */
static gboolean
remove_stale (const UcAddress *address, GError **error)
{
  const char *path = address->sa.un.sun_path;
  struct stat st;
  int fd, failed;

  if (lstat (path, &st) < 0)
    return TRUE; /* bind says what is wrong, if anything is */
  if (!S_ISSOCK (st.st_mode))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                   "unix:%s: there is a file that is not a socket; remove it or use another path", path);
      return FALSE;
    }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  failed = fd < 0 ? errno : connect (fd, &address->sa.any, address->len) < 0 ? errno : 0;
  close_fd (&fd);
  if (failed == ECONNREFUSED)
    {
      if (unlink (path) == 0 || errno == ENOENT)
        return TRUE;
      failed = errno;
    }
  if (failed == ENOENT)
    return TRUE;
  if (failed == 0 || failed == EAGAIN)
    g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT,
                 "unix:%s: another process is listening there; is the daemon running already?", path);
  else
    g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "unix:%s: can't replace the old socket: %s", path,
                 g_strerror (failed));
  return FALSE;
}

static int
bind_and_listen (UcAddress *address, mode_t mode, GError **error)
{
  const gboolean local = uc_address_is_unix (address);
  int one = 1;
  int fd = socket (address->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd >= 0
      && (local || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0)
      /* The file gets its mode at bind, less the umask: never a moment in which others could connect. */
      && (!local || fchmod (fd, mode) == 0)
      && (address->sa.any.sa_family != AF_INET6
          || setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0)
      && bind (fd, &address->sa.any, address->len) == 0 && (!local || chmod (address->sa.un.sun_path, mode) == 0)
      && listen (fd, BACKLOG) == 0)
    {
      socklen_t len = sizeof address->sa;

      if (local || getsockname (fd, &address->sa.any, &len) == 0)
        return fd;
    }

  {
    int saved = errno;
    g_autofree char *text = uc_address_text (address);

    close_fd (&fd);
    g_set_error (error, UC_ERROR, saved == EADDRINUSE ? UC_ERROR_CONFLICT : UC_ERROR_FAILED,
                 "can't listen on %s: %s%s", text, g_strerror (saved),
                 saved == EADDRINUSE ? "; another program uses it, stop that or choose another port"
                 : saved == EACCES   ? "; the user the daemon runs as may not use it"
                 : saved == ENOENT   ? "; create the folder first"
                                     : "");
  }
  return -1;
}

/* ---- accepting ----------------------------------------------------------------------------------------- */

static void
out_of_descriptors (UcListener *listener, int why)
{
  UcNet *net = listener->net;
  gint64 now = uc_clock_now ();

  /* One line a minute: it can happen thousands of times a second. */
  if (now - net->full_logged > 60000)
    {
      g_warning ("can't take new connections: %s; raise LimitNOFILE of the service or lower max_sockets",
                 g_strerror (why));
      net->full_logged = now;
    }
  listener->held = TRUE;
  uc_loop_watch_set (net->loop, listener->watch, 0);
  uc_conns_close_oldest (net);
  uc_net_need_tick (net);
}

static void
set_no_delay (int fd)
{
  int one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void
acceptable (gpointer data, guint32 events)
{
  UcListener *listener = data;
  const UcNet *net = listener->net;

  /* While the line of requests is long, who connects waits in the kernel. */
  for (int i = 0; i < ACCEPTS_PER_TURN && net->ready.length <= net->limits.max_connections / 2; i++)
    {
      UcAddress peer = { 0 };
      int fd;

      peer.len = sizeof peer.sa;
      fd = accept4 (listener->fd, &peer.sa.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        {
          if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            out_of_descriptors (listener, errno);
          if (errno == EINTR || errno == ECONNABORTED)
            continue;
          return;
        }
      if (listener->local)
        peer.sa.any.sa_family = AF_UNIX; /* an unnamed peer has no address at all */
      else
        set_no_delay (fd);
      uc_conn_new (listener->net, listener->kinds, fd, &peer);
    }
}

void
uc_listeners_tick (UcNet *net)
{
  for (guint i = 0; i < net->listeners->len; i++)
    {
      UcListener *listener = g_ptr_array_index (net->listeners, i);

      if (listener->held)
        uc_loop_watch_set (net->loop, listener->watch, EPOLLIN);
      listener->held = FALSE;
    }
}

/* ---- public -------------------------------------------------------------------------------------------- */

void
uc_listener_free (UcListener *listener)
{
  struct stat st;

  uc_loop_unwatch (listener->net->loop, listener->watch);
  close_fd (&listener->fd);
  /* Somebody else's by now? Leave it. */
  if (listener->path != NULL && lstat (listener->path, &st) == 0 && st.st_dev == listener->dev
      && st.st_ino == listener->ino)
    unlink (listener->path);
  g_free (listener->path);
  g_free (listener);
}

static UcListener *
listener_new (UcNet *net, UcListenKind kinds, int fd, const UcAddress *address)
{
  UcListener *listener = g_new0 (UcListener, 1);

  *listener = (UcListener){ .net = net, .kinds = kinds, .fd = fd, .local = uc_address_is_unix (address) };
  return listener;
}

/* Takes the listener. */
static gboolean
begin (UcListener *listener, const UcAddress *address, char **bound, GError **error)
{
  UcNet *net = listener->net;
  g_autofree char *text = uc_address_text (address);

  listener->watch = uc_loop_watch (net->loop, listener->fd, EPOLLIN, acceptable, listener);
  if (listener->watch == NULL)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_FAILED, "can't listen on %s: %s", text, g_strerror (errno));
      uc_listener_free (listener);
      return FALSE;
    }
  g_ptr_array_add (net->listeners, listener);
  net->stopping = FALSE;
  if (bound != NULL)
    *bound = g_steal_pointer (&text);
  return TRUE;
}

gboolean
uc_net_listen (UcNet *net, UcListenKind kinds, const char *address, gboolean any_address, char **bound,
               GError **error)
{
  UcAddress parsed;
  UcListener *listener;
  struct stat st;
  int fd;

  if (!uc_address_parse (address, &parsed, error) || !check_allowed (&parsed, kinds, any_address, error)
      || (uc_address_is_unix (&parsed) && !remove_stale (&parsed, error)))
    return FALSE;
  /* The group of a public Unix socket is the proxy's. */
  fd = bind_and_listen (&parsed, kinds == UC_LISTEN_CONTROL ? 0600 : 0660, error);
  if (fd < 0)
    return FALSE;

  listener = listener_new (net, kinds, fd, &parsed);
  if (listener->local)
    {
      listener->path = g_strdup (parsed.sa.un.sun_path);
      if (lstat (listener->path, &st) == 0)
        {
          listener->dev = st.st_dev;
          listener->ino = st.st_ino;
        }
    }
  return begin (listener, &parsed, bound, error);
}

/* ---- sockets that were given to us --------------------------------------------------------------------- */

static gboolean
address_of (int fd, UcAddress *address)
{
  *address = (UcAddress){ .len = sizeof address->sa };
  return getsockname (fd, &address->sa.any, &address->len) == 0
         && (address->sa.any.sa_family == AF_UNIX || address->sa.any.sa_family == AF_INET
             || address->sa.any.sa_family == AF_INET6);
}

gboolean
uc_net_is_bound_to (int fd, const char *text)
{
  UcAddress wanted, there;
  g_autofree char *one = NULL, *other = NULL;

  if (!uc_address_parse (text, &wanted, NULL) || !address_of (fd, &there))
    return FALSE;
  one = uc_address_text (&wanted);
  other = uc_address_text (&there);
  return strcmp (one, other) == 0;
}

gboolean
uc_net_adopt (UcNet *net, UcListenKind kinds, int fd, gboolean any_address, char **bound, GError **error)
{
  UcAddress address;
  int type = 0, listening = 0, flags = fcntl (fd, F_GETFL);
  socklen_t len = sizeof type;

  if (flags < 0 || getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM
      || getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening
      || !address_of (fd, &address))
    {
      g_set_error (
          error, UC_ERROR, UC_ERROR_INVALID,
          "descriptor %d is no listening stream socket; use ListenStream= and Accept=no in the socket unit", fd);
      close_fd (&fd);
      return FALSE;
    }
  if (!check_allowed (&address, kinds, any_address, error))
    {
      close_fd (&fd);
      return FALSE;
    }
  fcntl (fd, F_SETFL, flags | O_NONBLOCK);
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  return begin (listener_new (net, kinds, fd, &address), &address, bound, error);
}
