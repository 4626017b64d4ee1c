/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * terminal: the agent's desktop in a terminal. Carries the desk protocol over a local socket, on which
 * usher-desk(1) calls. Descriptor, settings and life of an instance. Main thread.
 */
#include "terminal.h"

#include <grp.h>
#include <string.h>

void
terminal_log (Terminal *terminal, UsherLogLevel level, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  terminal->host->log (terminal->instance, level, text);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

/* Where a service keeps its sockets, or else the folder of the instance. */
static char *
socket_path (UsherInstance *instance, const UsherHost *host)
{
  const char *set = host->get_string (instance, "path");
  const char *folder = g_getenv ("RUNTIME_DIRECTORY");
  g_autofree char *name = NULL;

  if (set != NULL)
    return g_strdup (set);
  if (folder == NULL || *folder == '\0')
    return g_build_filename (host->data_dir (instance), "desk.sock", NULL);
  name = g_strconcat (host->instance_name (instance), ".sock", NULL);
  /* systemd writes several folders with colons between them. */
  return g_strdup_printf ("%.*s/%s", (int)strcspn (folder, ":"), folder, name);
}

static gboolean
read_mode (Terminal *terminal, const char *text, char **why)
{
  char *end;
  guint64 mode = g_ascii_strtoull (text, &end, 8);

  if (*text == '\0' || *end != '\0' || mode > 0777 || (mode & 0600) != 0600)
    {
      *why = g_strdup_printf (
          "mode: \"%s\" is no mode of a socket; write it in octal with the owner's rights in it, as "
          "0660 (owner and group) or 0666 (everybody on this machine).",
          text);
      return FALSE;
    }
  terminal->mode = (mode_t)mode;
  return TRUE;
}

static gboolean
read_group (Terminal *terminal, const char *name, char **why)
{
  g_autofree char *buffer = g_malloc (64 * 1024);
  struct group group, *found = NULL;

  terminal->group = (gid_t)-1;
  if (name == NULL)
    return TRUE;
  getgrnam_r (name, &group, buffer, 64 * 1024, &found);
  if (found == NULL)
    {
      *why = g_strdup_printf (
          "group: there is no group \"%s\" on this machine; make it with addgroup, or name another.", name);
      return FALSE;
    }
  terminal->group = found->gr_gid;
  return TRUE;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void
terminal_destroy (void *self)
{
  Terminal *terminal = self;

  terminal_io_stop (terminal);
  terminal_unlisten (terminal);
  g_queue_clear (&terminal->dirty);
  g_hash_table_unref (terminal->clients);
  g_mutex_clear (&terminal->lock);
  g_free (terminal->path);
  g_free (terminal);
}

static void *
terminal_create (UsherInstance *instance, const UsherHost *host)
{
  Terminal *terminal = g_new0 (Terminal, 1);
  g_autofree char *why = NULL;

  terminal->instance = instance;
  terminal->host = host;
  terminal->listener = terminal->poll = terminal->wake = -1;
  terminal->clients_max = (guint)host->get_int (instance, "clients");
  terminal->backlog_max = (gsize)host->get_int (instance, "backlog");
  terminal->clients = g_hash_table_new_full (NULL, NULL, terminal_client_free, NULL);
  g_mutex_init (&terminal->lock);
  g_queue_init (&terminal->dirty);
  if (read_mode (terminal, host->get_string (instance, "mode"), &why)
      && read_group (terminal, host->get_string (instance, "group"), &why))
    {
      terminal->path = socket_path (instance, host);
      return terminal;
    }
  host->fail (instance, USHER_INVALID, why);
  terminal_destroy (terminal);
  return NULL;
}

static void
terminal_start (void *self, UsherReply *reply)
{
  Terminal *terminal = self;
  g_autofree char *why = NULL;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  if (terminal_listen (terminal, &why) && terminal_io_start (terminal, &why))
    terminal_log (terminal, USHER_LOG_NOTICE, "agents connect with: usher-desk --socket %s", terminal->path);
  else
    {
      result.status = USHER_FAILED;
      result.message = why;
    }
  terminal->host->complete (reply, &result);
}

static void
terminal_stop (void *self, UsherReply *reply)
{
  Terminal *terminal = self;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  terminal_io_stop (terminal);
  terminal_unlisten (terminal);
  terminal->host->complete (reply, &result);
}

static const UsherSetting path_setting = {
  .struct_size = sizeof (UsherSetting),
  .key = "path",
  .type = USHER_SETTING_PATH,
  .help = "the socket; not set: NAME.sock in the service's run directory, else desk.sock in the instance's folder"
};
static const UsherSetting mode_setting = { .struct_size = sizeof (UsherSetting),
                                           .key = "mode",
                                           .type = USHER_SETTING_STRING,
                                           .default_value = "0660",
                                           .help = "who may connect, as the mode of the socket in octal" };
static const UsherSetting group_setting
    = { .struct_size = sizeof (UsherSetting),
        .key = "group",
        .type = USHER_SETTING_STRING,
        .help = "the group that owns the socket; not set: that of the user who runs usherd" };
static const UsherSetting clients_setting = { .struct_size = sizeof (UsherSetting),
                                              .key = "clients",
                                              .type = USHER_SETTING_INT,
                                              .default_value = "200",
                                              .min = 1,
                                              .max = 10000,
                                              .help = "how many desks may be connected at the same time" };
static const UsherSetting backlog_setting
    = { .struct_size = sizeof (UsherSetting),
        .key = "backlog",
        .type = USHER_SETTING_SIZE,
        .default_value = "1M",
        .min = 64 * 1024,
        .max = 64 * 1024 * 1024,
        .help = "how much a client may leave unread before it is cut off; it resumes when it connects again" };
static const UsherSetting *const settings[]
    = { &path_setting, &mode_setting, &group_setting, &clients_setting, &backlog_setting, NULL };

static const UsherFrontendOps frontend = {
  .struct_size = sizeof frontend,
  .create = terminal_create,
  .start = terminal_start,
  .stop = terminal_stop,
  .destroy = terminal_destroy,
  .desk_output = terminal_desk_output,
  .desk_closed = terminal_desk_closed,
};

static const UsherPlugin plugin = {
  USHER_PLUGIN_HEAD,
  .name = "terminal",
  .version = "1.0",
  .summary = "the agent's desktop in a terminal",
  .license = "GPL-3.0-or-later",
  .settings = settings,
  .frontend = &frontend,
};

USHER_PLUGIN_EXPORT (plugin)
