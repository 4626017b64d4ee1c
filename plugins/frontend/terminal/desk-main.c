/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usher-desk: the agent's desktop in a terminal. Options, the socket, and the loop over both; one thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "desk-app.h"
#include "desk-plain.h"
#include "desk-screen.h"
#include "terminal-frame.h"

#define DEFAULT_SOCKET "/run/usher/terminal.sock"

typedef struct
{
  DeskApp *app;
  const char *path;
  int fd;         /* -1 = none */
  gboolean fresh; /* connected, the line was not told yet */
  char *failed;   /* the line is to be told */
  GString *out;
  TerminalSplit in;
} Net;

static volatile sig_atomic_t told_to_stop;

static void
on_signal (int number)
{
  told_to_stop = 1;
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

/* ---- the socket ----------------------------------------------------------------------------------------- */

static void
hang_up (Net *net)
{
  if (net->fd >= 0)
    close (net->fd);
  net->fd = -1;
  net->fresh = FALSE;
  g_string_truncate (net->out, 0);
  terminal_split_reset (&net->in);
}

static char *
why_not (const Net *net, int error)
{
  if (error == ENOENT || error == ECONNREFUSED)
    return g_strdup_printf ("usherd does not answer at %s (%s)", net->path, g_strerror (error));
  if (error == EACCES)
    return g_strdup_printf ("you may not connect to %s; ask the administrator of this machine", net->path);
  return g_strdup_printf ("can't connect to %s: %s", net->path, g_strerror (error));
}

static void
on_open (gpointer data)
{
  Net *net = data;
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  hang_up (net);
  g_strlcpy (address.sun_path, net->path, sizeof address.sun_path);
  net->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (net->fd >= 0 && connect (net->fd, (struct sockaddr *)&address, sizeof address) == 0)
    net->fresh = TRUE;
  else
    {
      g_free (net->failed);
      net->failed = why_not (net, errno);
    }
}

static void
write_some (Net *net)
{
  ssize_t sent;

  while (net->out->len > 0 && (sent = send (net->fd, net->out->str, net->out->len, MSG_NOSIGNAL)) > 0)
    g_string_erase (net->out, 0, sent);
}

static void
on_send (gpointer data, const char *text, gsize len)
{
  Net *net = data;

  if (net->fd < 0)
    return;
  g_string_append_len (net->out, text, (gssize)len);
  g_string_append_c (net->out, '\n');
  write_some (net);
}

static void
on_close (gpointer data)
{
  hang_up (data);
}

static gint64
on_since (gpointer data)
{
  const Net *net = data;

  return net->app->model->ready ? net->app->model->seq : -1;
}

static void
on_frame (gpointer data, const cJSON *frame)
{
  desk_app_frame (((Net *)data)->app, frame);
}

static void
on_changed (gpointer data)
{
  desk_app_line_changed (((Net *)data)->app);
}

static void
on_ended (gpointer data, const char *code, const char *message)
{
  desk_app_ended (((Net *)data)->app, code, message);
}

static gdouble
on_random (gpointer data)
{
  return g_random_double ();
}

static const DeskLineOps ops = { on_open, on_send, on_close, on_since, on_frame, on_changed, on_ended, on_random };

/* What the socket has brought; one that was hung up meanwhile is left alone. */
static void
take_frames (Net *net)
{
  TerminalSplitResult result = TERMINAL_SPLIT_MORE;
  const char *frame;
  gsize len;

  while (net->fd >= 0 && (result = terminal_split_next (&net->in, &frame, &len)) == TERMINAL_SPLIT_FRAME)
    {
      /* The line may close the socket, and the frame would go with it. */
      g_autofree char *copy = g_strndup (frame, len);

      desk_line_input (net->app->line, copy, len, now_ms ());
    }
  if (net->fd < 0 || result == TERMINAL_SPLIT_MORE)
    return;
  hang_up (net);
  desk_line_closed (net->app->line, "the server sends what is no frame", now_ms ());
}

static void
read_some (Net *net)
{
  char buffer[64 * 1024];
  ssize_t got = recv (net->fd, buffer, sizeof buffer, 0);

  if (got > 0)
    {
      terminal_split_push (&net->in, buffer, (gsize)got);
      take_frames (net);
    }
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    {
      hang_up (net);
      desk_line_closed (net->app->line, NULL, now_ms ());
    }
}

/* What on_open has found out: told here, so that nothing calls back into its caller. */
static void
tell_line (Net *net)
{
  g_autofree char *failed = g_steal_pointer (&net->failed);

  if (failed != NULL)
    {
      hang_up (net);
      desk_line_closed (net->app->line, failed, now_ms ());
    }
  else if (net->fresh)
    {
      net->fresh = FALSE;
      desk_line_opened (net->app->line, now_ms ());
    }
}

/* ---- the loop ------------------------------------------------------------------------------------------- */

static void
loop (Net *net, DeskScreen *screen, DeskPlain *plain)
{
  DeskApp *app = net->app;
  gboolean more = TRUE;

  while (!app->quit && more && !told_to_stop)
    {
      struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
      int count;

      tell_line (net);
      if (screen != NULL)
        desk_screen_draw (screen);
      else
        desk_plain_flush (plain);
      fds[1] = (struct pollfd){ .fd = net->fd, .events = (short)(POLLIN | (net->out->len > 0 ? POLLOUT : 0)) };
      /* Countdowns are drawn each second; a try that is due may come sooner. */
      count = poll (fds, 2,
                    net->failed != NULL || net->fresh                  ? 0
                    : desk_line_phase (app->line) == DESK_LINE_WAITING ? 100
                                                                       : 1000);
      desk_app_time (app, now_ms ());
      /* Also after a signal: a new size of the window is read like a key. */
      if (screen != NULL && (count < 0 || fds[0].revents != 0))
        more = desk_screen_input (screen) && (fds[0].revents & (POLLHUP | POLLERR)) == 0;
      if (plain != NULL && count > 0 && fds[0].revents != 0)
        more = desk_plain_input (plain);
      if (count > 0 && net->fd >= 0 && net->fd == fds[1].fd)
        {
          if ((fds[1].revents & POLLOUT) != 0)
            write_some (net);
          if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            read_some (net);
        }
    }
}

static int
run (Net *net, gboolean plain_mode, const char *login)
{
  g_autofree char *why = NULL;
  DeskScreen *screen = NULL;
  DeskPlain *plain = NULL;
  int status = 0;

  net->app = desk_app_new (&ops, net);
  net->app->login = g_strdup (login);
  net->app->now = now_ms ();
  if (plain_mode)
    plain = desk_plain_new (net->app);
  else
    screen = desk_screen_new (net->app, &why);
  if (plain != NULL || screen != NULL)
    {
      desk_do_login (net->app, NULL);
      loop (net, screen, plain);
    }
  if (screen != NULL)
    desk_screen_free (screen);
  if (plain != NULL)
    desk_plain_free (plain);
  if (why != NULL)
    {
      fprintf (stderr, "usher-desk: %s\n", why);
      status = 1;
    }
  desk_app_free (net->app);
  return status;
}

/* ---- options -------------------------------------------------------------------------------------------- */

static int
fail (const char *message)
{
  fprintf (stderr, "usher-desk: %s\n", message);
  return 2;
}

static void
catch_signals (void)
{
  struct sigaction action = { .sa_handler = on_signal };

  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGHUP, &action, NULL);
  signal (SIGPIPE, SIG_IGN);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = g_strdup (g_getenv ("USHER_DESK_SOCKET"));
  g_autofree char *login = g_strdup (g_get_user_name ());
  gboolean plain = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &path, "The socket of usherd (default: " DEFAULT_SOCKET ")",
      "PATH" },
    { "login", 'l', 0, G_OPTION_ARG_STRING, &login, "Log in as this user (default: your name here)", "NAME" },
    { "plain", 'p', 0, G_OPTION_ARG_NONE, &plain, "Line by line, for screen readers", NULL },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) options = g_option_context_new ("- the agent's desktop in a terminal");
  g_autoptr (GError) error = NULL;
  Net net = { .fd = -1 };
  int status;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (options, entries, NULL);
  if (!g_option_context_parse (options, &argc, &argv, &error))
    {
      fprintf (stderr, "usher-desk: %s; see usher-desk --help\n", error->message);
      return 2;
    }
  if (argc > 1)
    return fail ("there are only options; see usher-desk --help");
  if (version)
    {
      printf ("usher-desk %s\n", DESK_VERSION);
      return 0;
    }
  /* Customers write in all scripts. */
  if (strcmp (nl_langinfo (CODESET), "UTF-8") != 0 && setlocale (LC_ALL, "C.UTF-8") == NULL)
    return fail ("the locale is not UTF-8; set LANG, for example LANG=C.UTF-8");
  if (!plain && (!isatty (STDIN_FILENO) || !isatty (STDOUT_FILENO)))
    return fail ("input and output must be a terminal; use --plain for anything else");
  net.path = path != NULL ? path : DEFAULT_SOCKET;
  if (strlen (net.path) >= sizeof ((struct sockaddr_un *)NULL)->sun_path)
    return fail ("the path of the socket is too long");
  catch_signals ();
  net.out = g_string_new (NULL);
  terminal_split_init (&net.in, TERMINAL_FRAME_OUT_MAX);
  status = run (&net, plain, login);
  hang_up (&net);
  g_free (net.failed);
  g_string_free (net.out, TRUE);
  terminal_split_clear (&net.in);
  return status;
}
