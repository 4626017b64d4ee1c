/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usher-plugin-host(8): runs one plugin for usherd, at the other end of the socket that it finds as descriptor 3.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/host/confine.h"
#include "core/host/host.h"
#include "core/plugin/module.h"
#include "core/plugin/slots.h"

#define FD 3
#define EXIT_USAGE 2

/* ---- open ---------------------------------------------------------------------------------------------- */

static gint64
mask_of (const UcPlugin *plugin, UcKind kind)
{
  const UsherOpsHead *table = uc_plugin_table (plugin, kind);
  const UcSlot *slots = uc_kind_slots (kind);
  gint64 mask = 0;

  for (guint i = 0; table != NULL && slots[i].name != NULL; i++)
    if (uc_slot_is_set (table, &slots[i]))
      mask |= (gint64)1 << i;
  return mask;
}

static void
describe (UcHost *host, const char *confined)
{
  const UsherPlugin *d = &host->plugin->descriptor;
  const gint64 masks[] = { mask_of (host->plugin, UC_KIND_CHANNEL), mask_of (host->plugin, UC_KIND_CRM),
                           mask_of (host->plugin, UC_KIND_FRONTEND) };
  UsherChannelCapabilities capabilities;
  const UsherChannelCapabilities *given = d->channel != NULL ? d->channel->capabilities : NULL;

  if (given != NULL)
    {
      gsize size = MIN (given->struct_size, sizeof capabilities);

      memset (&capabilities, 0, sizeof capabilities);
      memcpy (&capabilities, given, size);
      given = &capabilities;
    }
  uc_link_send (host->link, UC_OP_DESCRIBED, 0, d->name, d->version, d->summary, d->license,
                (const void *const *)d->settings, masks, (gsize)G_N_ELEMENTS (masks), given, confined);
}

static void
open_plugin (UcHost *host, UcWireMessage *message)
{
  const UcWireValue *v = message->values;
  const UcConfine confine = { .file = v[2].text, .data_dir = v[3].text, .writable = v[4].texts };
  static const char *const no_dirs[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *confined = NULL;

  if (host->loader != NULL || v[1].text == NULL || v[2].text == NULL || v[2].text[0] != '/')
    return;
  host->loader = uc_loader_new (no_dirs);
  if (v[0].number != UC_WIRE_VERSION)
    {
      g_autofree char *why = g_strdup_printf ("usherd speaks version %d with plugin hosts, this usher-plugin-host "
                                              "version %d; install both from one build",
                                              (int)v[0].number, UC_WIRE_VERSION);

      uc_link_send (host->link, UC_OP_REFUSED, 0, why);
      return;
    }
  confined = uc_confine (&confine, &error);
  if (confined != NULL)
    host->plugin = uc_loader_open_file (host->loader, v[1].text, v[2].text, &error);
  if (host->plugin == NULL)
    uc_link_send (host->link, UC_OP_REFUSED, 0, error->message);
  else
    describe (host, confined);
}

/* ---- link ---------------------------------------------------------------------------------------------- */

static void
on_message (gpointer data, UcWireMessage *message)
{
  UcHost *host = data;

  if (message->spec->op == UC_OP_OPEN)
    open_plugin (host, message);
  else if (!uc_host_answer (host, message) && host->plugin != NULL)
    uc_host_serve (host, message);
}

static void
on_closed (gpointer data, const char *why)
{
  UcHost *host = data;

  if (why != NULL)
    fprintf (stderr, "usherd broke the protocol: %s\n", why);
  g_main_loop_quit (host->main);
}

static void
run (void)
{
  static const UcLinkOps ops = { .message = on_message, .closed = on_closed };
  UcHost host = { .main = g_main_loop_new (NULL, FALSE) };

  host.loop = uc_loop_new ();
  host.replies = g_hash_table_new (NULL, NULL);
  host.link = uc_link_new (host.loop, FD, UC_SIDE_HOST, &ops, &host);
  uc_host_services_init (&host);
  g_main_loop_run (host.main);
  uc_instance_free (host.instance);
  uc_loader_free (host.loader);
  uc_link_free (host.link);
  g_hash_table_unref (host.calls);
  g_hash_table_unref (host.replies);
  g_hash_table_unref (host.exchanges);
  g_hash_table_unref (host.sockets);
  g_hash_table_unref (host.desks);
  uc_loop_free (host.loop);
  g_main_loop_unref (host.main);
}

static gboolean
is_our_socket (int fd)
{
  int type = 0;
  socklen_t len = sizeof type;

  return getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  if (argc == 2 && strcmp (argv[1], "--version") == 0)
    {
      printf ("usher-plugin-host %s, plugin ABI %d.%d\n", PACKAGE_VERSION, USHER_ABI_MAJOR, USHER_ABI_MINOR);
      return 0;
    }
  if (!is_our_socket (FD))
    {
      fprintf (stderr, "usher-plugin-host: it is started by usherd, for sections with isolation = process; see "
                       "usher-plugin-host(8)\n");
      return EXIT_USAGE;
    }
  /* usherd decides when it ends: a Ctrl-C in a terminal and a service manager's signal are for usherd, which first
   * lets everybody finish. */
  signal (SIGINT, SIG_IGN);
  signal (SIGTERM, SIG_IGN);
  signal (SIGHUP, SIG_IGN);
  signal (SIGPIPE, SIG_IGN);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  syscall (SYS_close_range, FD + 1, ~0u, 0);
  fcntl (FD, F_SETFD, FD_CLOEXEC);
  fcntl (FD, F_SETFL, O_NONBLOCK);
  run ();
  return 0;
}
