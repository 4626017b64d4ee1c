/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The service manager. See systemd.h for threads.
 */
#include "core/service/systemd.h"

#include "config.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "core/net/net.h"

void
uc_systemd_notify (const char *format, ...)
{
#ifdef HAVE_SYSTEMD
  g_autofree char *state = NULL;
  va_list args;

  va_start (args, format);
  state = g_strdup_vprintf (format, args);
  va_end (args);
  sd_notify (0, state);
#endif
}

gint64
uc_systemd_watchdog_ms (void)
{
#ifdef HAVE_SYSTEMD
  guint64 us = 0;

  return sd_watchdog_enabled (0, &us) > 0 ? (gint64)(us / 1000) : 0;
#else
  return 0;
#endif
}

/* ---- sockets ------------------------------------------------------------------------------------------- */

typedef struct
{
  char *name;
  int fd; /* -1 = taken */
} Given;

/* The process is given them once. */
static GArray *
given_sockets (void)
{
  static GArray *given;

  if (given != NULL)
    return given;
  given = g_array_new (FALSE, FALSE, sizeof (Given));
#ifdef HAVE_SYSTEMD
  {
    char **names = NULL;
    int count = sd_listen_fds_with_names (TRUE, &names);

    for (int i = 0; i < count; i++)
      {
        Given one = { g_strdup (names[i]), SD_LISTEN_FDS_START + i };

        g_array_append_val (given, one);
        free (names[i]);
      }
    free (names);
  }
#endif
  return given;
}

static int
take (Given *given)
{
  int fd = given->fd;

  given->fd = -1;
  return fd;
}

int
uc_systemd_take_socket (const char *name, const char *address)
{
  GArray *all = given_sockets ();

  for (guint i = 0; i < all->len; i++)
    {
      Given *given = &g_array_index (all, Given, i);

      if (given->fd >= 0 && g_strcmp0 (given->name, name) == 0)
        return take (given);
    }
  for (guint i = 0; i < all->len; i++)
    {
      Given *given = &g_array_index (all, Given, i);

      if (given->fd >= 0 && uc_net_is_bound_to (given->fd, address))
        return take (given);
    }
  return -1;
}

void
uc_systemd_close_sockets (void)
{
  GArray *all = given_sockets ();

  for (guint i = 0; i < all->len; i++)
    {
      Given *given = &g_array_index (all, Given, i);

      if (given->fd < 0)
        continue;
      g_warning ("the service manager gave a socket \"%s\" that no section [listen:%s] wants and whose address "
                 "none has; it is closed: set FileDescriptorName= in the socket unit to the name of a section",
                 given->name, given->name);
      close (take (given));
    }
}

/* ---- a long start -------------------------------------------------------------------------------------- */

#define LOOK_US (2 * G_USEC_PER_SEC)
#define EXTEND_US (20 * G_USEC_PER_SEC)

struct UcStartUp
{
  GThread *thread;
  GMutex lock;
  GCond ended;
  gboolean end;
};

/* Time computed and blocks moved so far: what stands still uses neither. */
static gint64
work_done (void)
{
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) < 0)
    return 0;
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000 + usage.ru_inblock + usage.ru_oublock;
}

static gpointer
start_up_main (gpointer data)
{
  UcStartUp *start = data;
  gint64 done = work_done ();

  g_mutex_lock (&start->lock);
  while (!start->end)
    {
      gint64 now;

      if (g_cond_wait_until (&start->ended, &start->lock, g_get_monotonic_time () + LOOK_US))
        continue;
      now = work_done ();
      if (now - done > 1)
        uc_systemd_notify ("EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT "\nSTATUS=reading the store",
                           (gint64)EXTEND_US);
      done = now;
    }
  g_mutex_unlock (&start->lock);
  return NULL;
}

UcStartUp *
uc_start_up_begin (void)
{
  UcStartUp *start = g_new0 (UcStartUp, 1);

  g_mutex_init (&start->lock);
  g_cond_init (&start->ended);
  uc_systemd_notify ("STATUS=reading the store");
  start->thread = g_thread_new ("start-up", start_up_main, start);
  return start;
}

void
uc_start_up_end (UcStartUp *start)
{
  g_mutex_lock (&start->lock);
  start->end = TRUE;
  g_cond_signal (&start->ended);
  g_mutex_unlock (&start->lock);
  g_thread_join (start->thread);
  g_mutex_clear (&start->lock);
  g_cond_clear (&start->ended);
  g_free (start);
}
