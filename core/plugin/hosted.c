/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spawning, watching and ending a plugin host, see hosted.h. Main thread of usherd.
 */
#include "core/plugin/hosted.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/error.h"

#define LEAVE_MS 5000
#define AFTER_CLOSE_MS 1000 /* its socket is closed: the process has to follow */
#define AFTER_EXIT_MS 1000  /* it is dead: what it sent is read by then, and who holds its socket is not it */
#define AFTER_ABORT_MS 2000 /* for a core dump */
#define FINISH_MS 1000
#define MAX_MISSED 3
#define CHILD_FD 3
#define MAX_LINE 4096
/* What one asked before it ended may be read after its end. */
#define REMEMBERED 64
#define REMEMBERED_FOR (60 * G_TIME_SPAN_SECOND)

struct UcHosted
{
  UcLoop *loop;
  char *key;
  UcHostedOps ops;
  gpointer data;
  UcLink *link;
  int pid, pidfd, stderr_fd;
  UcWatch *pid_watch, *stderr_watch;
  GString *line;
  guint64 timer; /* of the next ping, or the next step of its end */
  gint64 ping_ms;
  guint64 pinged, ponged;
  guint missed;
  gboolean opened, exited, link_closed, leaving, aborting;
  int status;
  char *why; /* we killed it */
  guint refs;
};

typedef struct
{
  char *key;
  UcLoopFunc func;
  gpointer data;
} Waiter;

static GPtrArray *all; /* of UcHosted, leaving or not */
static GQueue waiters = G_QUEUE_INIT;

const char *
uc_hosted_program (void)
{
  const char *given = g_getenv ("USHER_PLUGIN_HOST");

  return given != NULL && given[0] != '\0' ? given : PKGLIBEXECDIR "/usher-plugin-host";
}

/* ---- who waits for the end ----------------------------------------------------------------------------- */

static gboolean
is_there (const char *key)
{
  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const UcHosted *hosted = all->pdata[i];

      if (hosted->leaving && strcmp (hosted->key, key) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
uc_hosted_await (const char *key, UcLoopFunc func, gpointer data)
{
  Waiter *waiter;

  if (!is_there (key))
    return FALSE;
  waiter = g_new (Waiter, 1);
  *waiter = (Waiter){ g_strdup (key), func, data };
  g_queue_push_tail (&waiters, waiter);
  return TRUE;
}

static void
waiter_free (Waiter *waiter)
{
  g_free (waiter->key);
  g_free (waiter);
}

void
uc_hosted_await_cancel (gpointer data)
{
  for (GList *l = waiters.head, *next; l != NULL; l = next)
    {
      next = l->next;
      if (((Waiter *)l->data)->data == data)
        {
          waiter_free (l->data);
          g_queue_delete_link (&waiters, l);
        }
    }
}

static void
wake (const char *key)
{
  for (GList *l = waiters.head; l != NULL; l = l->next)
    {
      Waiter *waiter = l->data;

      if (strcmp (waiter->key, key) != 0)
        continue;
      g_queue_delete_link (&waiters, l);
      waiter->func (waiter->data);
      waiter_free (waiter);
      return;
    }
}

/* ---- who is one ---------------------------------------------------------------------------------------- */

static struct
{
  int pid;
  gint64 ended_at;
} past[REMEMBERED];
static guint n_past;

gboolean
uc_hosted_is_host (int pid)
{
  gint64 since = g_get_monotonic_time () - REMEMBERED_FOR;

  for (guint i = 0; all != NULL && i < all->len; i++)
    if (((const UcHosted *)all->pdata[i])->pid == pid)
      return TRUE;
  for (guint i = 0; i < MIN (n_past, REMEMBERED); i++)
    if (past[i].pid == pid && past[i].ended_at > since)
      return TRUE;
  return FALSE;
}

static void
remember (int pid)
{
  guint at = n_past++ % REMEMBERED;

  past[at].pid = pid;
  past[at].ended_at = g_get_monotonic_time ();
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void
unref (UcHosted *hosted)
{
  if (--hosted->refs > 0)
    return;
  g_free (hosted->key);
  g_free (hosted->why);
  g_string_free (hosted->line, TRUE);
  g_free (hosted);
}

static void
release (UcHosted *hosted)
{
  g_autofree char *key = g_strdup (hosted->key);
  gboolean leaving = hosted->leaving;

  uc_loop_timer_remove (hosted->loop, hosted->timer);
  hosted->timer = 0;
  if (hosted->pid_watch != NULL)
    uc_loop_unwatch (hosted->loop, g_steal_pointer (&hosted->pid_watch));
  if (hosted->stderr_watch != NULL)
    uc_loop_unwatch (hosted->loop, g_steal_pointer (&hosted->stderr_watch));
  if (hosted->pidfd >= 0)
    close (hosted->pidfd);
  if (hosted->stderr_fd >= 0)
    close (hosted->stderr_fd);
  hosted->pidfd = hosted->stderr_fd = -1;
  g_clear_pointer (&hosted->link, uc_link_free);
  g_ptr_array_remove (all, hosted);
  remember (hosted->pid);
  unref (hosted);
  if (leaving && !is_there (key))
    wake (key);
}

static void
send_signal (UcHosted *hosted, int signal)
{
  /* Of a SIGCHLD that is ignored the kernel makes an end without us, and a number may be somebody else's then. */
  if (!hosted->exited && hosted->pidfd >= 0)
    syscall (SYS_pidfd_send_signal, hosted->pidfd, signal, NULL, 0);
}

static char *
how_it_ended (const UcHosted *hosted)
{
  if (hosted->why != NULL)
    return g_strdup_printf ("was killed: %s", hosted->why);
  if (WIFSIGNALED (hosted->status))
    return g_strdup_printf ("was ended by signal %d (%s)", WTERMSIG (hosted->status),
                            g_strsignal (WTERMSIG (hosted->status)));
  return g_strdup_printf ("ended by itself with status %d", WEXITSTATUS (hosted->status));
}

static void on_kill_time (gpointer data);

/* Whichever of the two comes last: the end of the process or the last it had to say. */
static void
check_end (UcHosted *hosted)
{
  g_autofree char *how = NULL;

  if (hosted->exited && hosted->link_closed)
    {
      how = how_it_ended (hosted);
      if (!hosted->leaving)
        hosted->ops.gone (hosted->data, how);
      release (hosted);
    }
  else if (hosted->link_closed && !hosted->leaving)
    {
      uc_loop_timer_remove (hosted->loop, hosted->timer);
      hosted->timer = uc_loop_timer_in (hosted->loop, AFTER_CLOSE_MS, on_kill_time, hosted);
    }
}

static void
on_kill_time (gpointer data)
{
  UcHosted *hosted = data;

  hosted->timer = 0;
  send_signal (hosted, SIGKILL);
}

/* A process of its own making has the socket, too. */
static void
on_held_open (gpointer data)
{
  UcHosted *hosted = data;

  hosted->timer = 0;
  hosted->link_closed = TRUE;
  check_end (hosted);
}

static void
on_exit_of (gpointer data, guint32 events)
{
  UcHosted *hosted = data;
  pid_t got = waitpid (hosted->pid, &hosted->status, WNOHANG);

  /* Where SIGCHLD is ignored there is nothing left to wait for, and how it ended is not known. */
  if (got == 0 || (got < 0 && errno != ECHILD))
    return;
  hosted->exited = TRUE;
  uc_loop_unwatch (hosted->loop, g_steal_pointer (&hosted->pid_watch));
  if (!hosted->link_closed)
    {
      uc_loop_timer_remove (hosted->loop, hosted->timer);
      hosted->timer = uc_loop_timer_in (hosted->loop, AFTER_EXIT_MS, on_held_open, hosted);
    }
  check_end (hosted);
}

void
uc_hosted_kill (UcHosted *hosted, const char *why)
{
  if (hosted->why == NULL)
    hosted->why = g_strdup (why);
  send_signal (hosted, SIGKILL);
}

/* ---- signs of life ------------------------------------------------------------------------------------- */

static void
on_ping_time (gpointer data)
{
  UcHosted *hosted = data;

  hosted->timer = 0;
  hosted->missed = hosted->ponged == hosted->pinged ? 0 : hosted->missed + 1;
  if (hosted->missed >= MAX_MISSED)
    {
      g_free (hosted->why);
      hosted->why = g_strdup_printf ("it gave no sign of life for %.1f s (it hangs, or blocks its main thread)",
                                     (double)hosted->ping_ms * MAX_MISSED / 1000);
      send_signal (hosted, SIGABRT);
      hosted->timer = uc_loop_timer_in (hosted->loop, AFTER_ABORT_MS, on_kill_time, hosted);
      return;
    }
  if (hosted->missed == 0)
    uc_link_send (hosted->link, UC_OP_PING, ++hosted->pinged);
  hosted->timer = uc_loop_timer_in (hosted->loop, hosted->ping_ms, on_ping_time, hosted);
}

/* ---- what comes ---------------------------------------------------------------------------------------- */

static void
on_message (gpointer data, UcWireMessage *message)
{
  UcHosted *hosted = data;

  switch (message->spec->op)
    {
    case UC_OP_PONG:
      if (message->token == hosted->pinged && hosted->ponged != hosted->pinged)
        hosted->ponged = message->token;
      else
        uc_hosted_kill (hosted, "it answered a ping that was not sent");
      break;
    case UC_OP_DESCRIBED:
    case UC_OP_REFUSED:
      if (hosted->opened || (message->spec->op == UC_OP_REFUSED && message->values[0].text == NULL))
        {
          uc_hosted_kill (hosted, "it broke the protocol: described twice, or refused without a reason");
          break;
        }
      hosted->opened = TRUE;
      if (message->spec->op == UC_OP_DESCRIBED)
        {
          hosted->ops.opened (hosted->data, message, NULL);
          break;
        }
      hosted->ops.opened (hosted->data, NULL, message->values[0].text);
      uc_hosted_leave (hosted);
      break;
    default:
      if (hosted->opened)
        hosted->ops.message (hosted->data, message);
      else if (message->spec->op != UC_OP_LOG)
        uc_hosted_kill (hosted, "it broke the protocol: a message before it said what it is");
      else if (message->values[1].text != NULL)
        hosted->ops.line (hosted->data, message->values[1].text);
    }
}

static void
on_closed (gpointer data, const char *why)
{
  UcHosted *hosted = data;
  g_autofree char *text = why != NULL ? g_strdup_printf ("it broke the protocol: %s", why) : NULL;

  hosted->link_closed = TRUE;
  if (why != NULL)
    uc_hosted_kill (hosted, text);
  check_end (hosted);
}

static void
say_line (UcHosted *hosted)
{
  if (hosted->line->len > 0 && !hosted->leaving)
    hosted->ops.line (hosted->data, hosted->line->str);
  g_string_truncate (hosted->line, 0);
}

static void
on_stderr (gpointer data, guint32 events)
{
  UcHosted *hosted = data;
  char buffer[4096];
  ssize_t n = read (hosted->stderr_fd, buffer, sizeof buffer);

  hosted->refs++;
  for (ssize_t i = 0; i < n; i++)
    if (buffer[i] == '\n' || hosted->line->len >= MAX_LINE)
      say_line (hosted);
    else
      g_string_append_c (hosted->line, buffer[i]);
  if ((n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) && hosted->stderr_watch != NULL)
    {
      say_line (hosted);
      uc_loop_unwatch (hosted->loop, g_steal_pointer (&hosted->stderr_watch));
    }
  unref (hosted);
}

/* ---- spawning ------------------------------------------------------------------------------------------ */

static gboolean
spawn (UcHosted *hosted, int child_fd, GError **error)
{
  const char *const argv[] = { uc_hosted_program (), hosted->key, NULL };
  g_auto (GStrv) environment = uc_hosted_environment ();
  const int target = CHILD_FD;
  g_autoptr (GError) own = NULL;

  if (!g_spawn_async_with_pipes_and_fds (
          NULL, argv, (const char *const *)environment, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
          NULL, NULL, -1, -1, -1, &child_fd, &target, 1, &hosted->pid, NULL, NULL, &hosted->stderr_fd, &own))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE,
                   "no process for it can be made: %s; is usher installed whole, with %s?", own->message, argv[0]);
      return FALSE;
    }
  fcntl (hosted->stderr_fd, F_SETFL, O_NONBLOCK);
  fcntl (hosted->stderr_fd, F_SETFD, FD_CLOEXEC);
  hosted->pidfd = (int)syscall (SYS_pidfd_open, hosted->pid, 0);
  if (hosted->pidfd >= 0)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE, "its process can't be watched: %s; Linux 5.3 is needed",
               g_strerror (errno));
  kill (hosted->pid, SIGKILL);
  waitpid (hosted->pid, NULL, 0);
  close (hosted->stderr_fd);
  return FALSE;
}

UcHosted *
uc_hosted_new (UcLoop *loop, const UcHostedStart *start, const UcHostedOps *ops, gpointer data, GError **error)
{
  static const UcLinkOps link_ops = { .message = on_message, .closed = on_closed };
  UcHosted *hosted = g_new0 (UcHosted, 1);
  int pair[2];

  hosted->loop = loop;
  hosted->key = g_strdup (start->key);
  hosted->line = g_string_new (NULL);
  hosted->refs = 1;
  hosted->ops = *ops;
  hosted->data = data;
  hosted->pidfd = hosted->stderr_fd = -1;
  hosted->ping_ms = MAX (start->timeout / MAX_MISSED, 1);
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_UNAVAILABLE, "no socket pair can be made: %s", g_strerror (errno));
      unref (hosted);
      return NULL;
    }
  if (!spawn (hosted, pair[1], error))
    {
      close (pair[0]);
      close (pair[1]);
      unref (hosted);
      return NULL;
    }
  close (pair[1]);
  if (all == NULL)
    all = g_ptr_array_new ();
  g_ptr_array_add (all, hosted);
  hosted->pid_watch = uc_loop_watch (loop, hosted->pidfd, EPOLLIN, on_exit_of, hosted);
  hosted->stderr_watch = uc_loop_watch (loop, hosted->stderr_fd, EPOLLIN, on_stderr, hosted);
  hosted->link = uc_link_new (loop, pair[0], UC_SIDE_DAEMON, &link_ops, hosted);
  uc_link_send (hosted->link, UC_OP_OPEN, 0, (gint64)UC_WIRE_VERSION, start->name, start->file, start->data_dir,
                start->writable);
  hosted->timer = uc_loop_timer_in (loop, hosted->ping_ms, on_ping_time, hosted);
  return hosted;
}

void
uc_hosted_set_owner (UcHosted *hosted, const UcHostedOps *ops, gpointer data)
{
  hosted->ops = *ops;
  hosted->data = data;
}

UcLink *
uc_hosted_link (UcHosted *hosted)
{
  return hosted->link;
}

int
uc_hosted_pid (const UcHosted *hosted)
{
  return hosted->pid;
}

void
uc_hosted_leave (UcHosted *hosted)
{
  if (hosted == NULL)
    return;
  hosted->leaving = TRUE;
  hosted->link_closed = TRUE;
  g_clear_pointer (&hosted->link, uc_link_free);
  uc_loop_timer_remove (hosted->loop, hosted->timer);
  hosted->timer = uc_loop_timer_in (hosted->loop, LEAVE_MS, on_kill_time, hosted);
  if (hosted->exited)
    check_end (hosted);
}

/* At the end of the daemon there is no loop that could wait. */
static void
wait_for (UcHosted *hosted, gint64 deadline)
{
  struct pollfd poller = { .fd = hosted->pidfd, .events = POLLIN };
  gint64 left = (deadline - g_get_monotonic_time ()) / 1000;

  if (!hosted->exited && poll (&poller, 1, (int)MAX (left, 0)) <= 0)
    send_signal (hosted, SIGKILL);
  if (!hosted->exited)
    waitpid (hosted->pid, &hosted->status, 0);
  hosted->exited = TRUE;
}

void
uc_hosted_finish (void)
{
  gint64 deadline = g_get_monotonic_time () + FINISH_MS * 1000;

  while (waiters.head != NULL)
    waiter_free (g_queue_pop_head (&waiters));
  while (all != NULL && all->len > 0)
    {
      UcHosted *hosted = all->pdata[0];

      hosted->leaving = TRUE;
      g_clear_pointer (&hosted->link, uc_link_free);
      wait_for (hosted, deadline);
      release (hosted);
    }
  g_clear_pointer (&all, g_ptr_array_unref);
}
