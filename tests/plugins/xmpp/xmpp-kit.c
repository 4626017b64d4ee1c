/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the xmpp tests share. Main thread.
 */
#include "tests/plugins/xmpp/xmpp-kit.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_US (60 * G_USEC_PER_SEC)

static const char *const users[] = { "alice", "bob", "carol" };

struct KitServer
{
  char *dir, *config;
  int c2s_port, component_port;
  GPid pid;
};

struct KitCustomer
{
  GSubprocess *process;
  GOutputStream *in;
  GDataInputStream *out;
  GCancellable *stop;
  GPtrArray *events; /* of UcJson* */
  GArray *taken;     /* of gboolean, one each */
  char *jid;
};

/* ---- server -------------------------------------------------------------------------------------------- */

static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static struct sockaddr_in
loopback (int port)
{
  return (struct sockaddr_in){ .sin_family = AF_INET,
                               .sin_port = htons ((guint16)port),
                               .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
}

static int
free_port (void)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback (0);
  socklen_t len = sizeof address;

  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, len), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *)&address, &len), ==, 0);
  close (fd);
  return ntohs (address.sin_port);
}

static gboolean
answers (int port)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback (port);
  gboolean ok = connect (fd, (struct sockaddr *)&address, sizeof address) == 0;

  close (fd);
  return ok;
}

static void
put (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
write_config (KitServer *server)
{
  g_autofree char *text = g_strdup_printf (
      "run_as_root = true; pidfile = '%s/prosody.pid'; data_path = '%s/data'; plugin_paths = {}\n"
      "modules_enabled = { 'roster', 'saslauth', 'disco', 'carbons', 'pep', 'vcard_legacy', 'ping', 'posix' }\n"
      "modules_disabled = { 's2s' }; c2s_require_encryption = false; allow_unencrypted_plain_auth = true\n"
      "authentication = 'internal_plain'; c2s_ports = { %d }; c2s_interfaces = { '127.0.0.1' }\n"
      "c2s_direct_tls_ports = {}; http_ports = {}; https_ports = {}\n"
      "component_ports = { %d }; component_interfaces = { '127.0.0.1' }; log = { warn = '%s/log' }\n"
      "VirtualHost 'localhost'\n"
      "Component '" KIT_DOMAIN "'\n"
      "  component_secret = '" KIT_SECRET "'\n",
      server->dir, server->dir, server->c2s_port, server->component_port, server->dir);

  put (server->dir, "prosody.cfg.lua", text);
}

static void
write_users (KitServer *server)
{
  g_autofree char *dir = g_build_filename (server->dir, "data", "localhost", "accounts", NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (users); i++)
    {
      g_autofree char *name = g_strconcat (users[i], ".dat", NULL);

      put (dir, name, "return { [\"password\"] = \"pw\"; };\n");
    }
}

static gboolean
is_gone (KitServer *server)
{
  return server->pid == 0 || waitpid (server->pid, NULL, WNOHANG) == server->pid;
}

/* FALSE: it ended, because a port was taken meanwhile. */
static gboolean
launch (KitServer *server)
{
  const char *argv[] = { "prosody", "--config", server->config, "-F", NULL };
  gint64 until = g_get_monotonic_time () + LIMIT_US;
  g_autoptr (GError) error = NULL;

  g_spawn_async (server->dir, (char **)argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                     | G_SPAWN_STDERR_TO_DEV_NULL,
                 die_with_parent, NULL, &server->pid, &error);
  if (error != NULL)
    g_error ("Prosody can't be started (Debian package prosody): %s", error->message);
  while (!answers (server->c2s_port) || !answers (server->component_port))
    {
      if (is_gone (server))
        {
          server->pid = 0;
          return FALSE;
        }
      if (g_get_monotonic_time () > until)
        g_error ("Prosody is not ready after a minute");
      kit_sleep (20);
    }
  return TRUE;
}

KitServer *
kit_server_new (void)
{
  KitServer *server = g_new0 (KitServer, 1);
  g_autoptr (GError) error = NULL;

  server->dir = g_dir_make_tmp ("usher-prosody-XXXXXX", &error);
  g_assert_no_error (error);
  server->config = g_build_filename (server->dir, "prosody.cfg.lua", NULL);
  write_users (server);
  for (int tries = 0; tries < 5; tries++)
    {
      server->c2s_port = free_port ();
      server->component_port = free_port ();
      write_config (server);
      if (launch (server))
        return server;
    }
  g_error ("Prosody ended at once, five times; try: prosody --config FILE -F with tests/plugins/xmpp/xmpp-kit.c's "
           "file");
}

void
kit_server_start (KitServer *server)
{
  g_assert_cmpint (server->pid, ==, 0);
  if (!launch (server))
    g_error ("Prosody did not start again");
}

void
kit_server_signal (KitServer *server, int signal)
{
  g_assert_cmpint (kill (server->pid, signal), ==, 0);
  if (signal != SIGTERM && signal != SIGKILL)
    return;
  while (!is_gone (server))
    kit_sleep (10);
  server->pid = 0;
}

int
kit_server_component_port (KitServer *server)
{
  return server->component_port;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
kit_server_free (KitServer *server)
{
  if (server->pid != 0)
    kit_server_signal (server, SIGKILL);
  remove_tree (server->dir);
  g_free (server->dir);
  g_free (server->config);
  g_free (server);
}

/* ---- the plugin ---------------------------------------------------------------------------------------- */

FakeHost *
kit_host (KitServer *server)
{
  FakeHost *fake = fake_host_new ("channel", "xmpp");
  g_autofree char *port = g_strdup_printf ("%d", server->component_port);
  g_autofree char *secret = g_strdup_printf ("file:%s/secret", fake->data_dir);

  put (fake->data_dir, "secret", KIT_SECRET "\n");
  fake_host_set (fake, "port", port);
  fake_host_set (fake, "domain", KIT_DOMAIN);
  fake_host_set (fake, "secret", secret);
  fake_host_set (fake, "reconnect_min", "50ms");
  fake_host_set (fake, "reconnect_max", "200ms");
  return fake;
}

static gboolean
is_online (gpointer data)
{
  return ((FakeHost *)data)->state == USHER_OK;
}

void
kit_online (FakeHost *fake)
{
  fake_host_wait (is_online, fake, "the connection to Prosody");
}

typedef struct
{
  FakeHost *fake;
  UsherStatus status;
  const char *part;
  guint number;
} Wanted;

static gboolean
has_state (gpointer data)
{
  const Wanted *wanted = data;

  return wanted->fake->state == wanted->status && wanted->fake->state_message != NULL
         && strstr (wanted->fake->state_message, wanted->part) != NULL;
}

void
kit_state (FakeHost *fake, UsherStatus status, const char *part)
{
  Wanted wanted = { fake, status, part, 0 };

  fake_host_wait (has_state, &wanted, part);
}

FakeHost *
kit_up (KitServer *server)
{
  FakeHost *fake = kit_host (server);

  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  kit_online (fake);
  return fake;
}

static gboolean
has_items (gpointer data)
{
  const Wanted *wanted = data;

  return fake_delivery_count (wanted->fake) >= wanted->number;
}

const UsherInbound *
kit_item (FakeHost *fake, guint number)
{
  Wanted wanted = { fake, 0, NULL, number };

  fake_host_wait (has_items, &wanted, "a delivery");
  return fake_delivery_at (fake, number - 1)->items->pdata[0];
}

const UsherInbound *
kit_next (FakeHost *fake, guint *cursor, UsherInboundKind kind)
{
  const UsherInbound *item;

  do
    item = kit_item (fake, ++*cursor);
  while (item->kind != kind);
  return item;
}

UsherLine *
kit_line (FakeHost *fake, const char *user_id, const char *text)
{
  return fake_line_add (fake, user_id, USHER_AUTHOR_AGENT, "Anna", NULL, text);
}

static gboolean
on_time (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

void
kit_sleep (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static void read_line (KitCustomer *customer);

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line
      = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  KitCustomer *customer = data;
  gboolean taken = FALSE;
  UcJson *event;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (line == NULL)
    g_error ("the customer's client ended (Debian package python3-slixmpp)");
  event = uc_json_parse (line, strlen (line), NULL, &error);
  if (event == NULL)
    g_error ("the customer said what is not JSON: %s", line);
  g_ptr_array_add (customer->events, event);
  g_array_append_val (customer->taken, taken);
  read_line (customer);
}

static void
read_line (KitCustomer *customer)
{
  g_data_input_stream_read_line_async (customer->out, G_PRIORITY_DEFAULT, customer->stop, on_line, customer);
}

KitCustomer *
kit_customer_new (KitServer *server, const char *name)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *script = g_build_filename (g_getenv ("USHER_SRCDIR"), "tests/plugins/xmpp/customer.py", NULL);
  g_autofree char *login = NULL;
  g_autoptr (GError) error = NULL;
  KitCustomer *customer = g_new0 (KitCustomer, 1);

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  customer->process = g_subprocess_launcher_spawn (launcher, &error, "/usr/bin/python3", script, NULL);
  if (error != NULL)
    g_error ("the customer's client can't be started (Debian packages python3 and python3-slixmpp): %s",
             error->message);
  customer->in = g_object_ref (g_subprocess_get_stdin_pipe (customer->process));
  customer->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (customer->process));
  customer->stop = g_cancellable_new ();
  customer->events = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_json_free);
  customer->taken = g_array_new (FALSE, FALSE, sizeof (gboolean));
  customer->jid = g_strdup_printf ("%s@localhost", name);
  read_line (customer);
  login = g_strdup_printf (
      "{\"do\":\"login\",\"jid\":\"%s\",\"password\":\"pw\",\"host\":\"127.0.0.1\",\"port\":%d}", customer->jid,
      server->c2s_port);
  kit_tell (customer, login);
  kit_event (customer, "ready", NULL);
  return customer;
}

void
kit_customer_free (KitCustomer *customer)
{
  g_cancellable_cancel (customer->stop);
  g_subprocess_force_exit (customer->process);
  g_subprocess_wait (customer->process, NULL, NULL);
  fake_host_settle ();
  g_object_unref (customer->process);
  g_object_unref (customer->in);
  g_object_unref (customer->out);
  g_object_unref (customer->stop);
  g_ptr_array_unref (customer->events);
  g_array_unref (customer->taken);
  g_free (customer->jid);
  g_free (customer);
}

void
kit_tell (KitCustomer *customer, const char *json)
{
  g_autofree char *line = g_strconcat (json, "\n", NULL);
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (customer->in, line, strlen (line), NULL, NULL, &error);
  g_assert_no_error (error);
}

void
kit_do (KitCustomer *customer, const char *format, ...)
{
  va_list args;
  g_autofree char *members = NULL;
  g_autofree char *json = NULL;

  va_start (args, format);
  members = g_strdup_vprintf (format, args);
  va_end (args);
  json = g_strdup_printf ("{%s}", g_strdelimit (members, "'", '"'));
  kit_tell (customer, json);
  if (strstr (json, "\"do\":\"ask\"") == NULL && strstr (json, "\"do\":\"login\"") == NULL)
    kit_event (customer, "done", NULL);
}

const char *
kit_text (const UcJson *event, const char *key)
{
  return uc_json_string (uc_json_get (event, key));
}

typedef struct
{
  KitCustomer *customer;
  const char *event;
  GPtrArray *wanted; /* key, text, ... */
  const UcJson *found;
} Look;

static gboolean
matches (const UcJson *event, const Look *look)
{
  if (g_strcmp0 (kit_text (event, "event"), look->event) != 0)
    return FALSE;
  for (guint i = 0; i < look->wanted->len; i += 2)
    if (g_strcmp0 (kit_text (event, look->wanted->pdata[i]), look->wanted->pdata[i + 1]) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
look_for (gpointer data)
{
  Look *look = data;
  KitCustomer *customer = look->customer;

  for (guint i = 0; i < customer->events->len; i++)
    {
      if (g_array_index (customer->taken, gboolean, i) || !matches (customer->events->pdata[i], look))
        continue;
      g_array_index (customer->taken, gboolean, i) = TRUE;
      look->found = customer->events->pdata[i];
      return TRUE;
    }
  return FALSE;
}

const UcJson *
kit_event (KitCustomer *customer, const char *event, ...)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
  Look look = { customer, event, wanted, NULL };
  g_autoptr (GString) what = g_string_new (customer->jid);
  char *word;
  va_list args;

  g_string_append_printf (what, " to see: %s", event);
  va_start (args, event);
  while ((word = va_arg (args, char *)) != NULL)
    {
      g_ptr_array_add (wanted, word);
      g_string_append_printf (what, " %.60s", word);
    }
  va_end (args);
  fake_host_wait (look_for, &look, what->str);
  return look.found;
}

guint
kit_count (KitCustomer *customer, const char *event, const char *key, const char *text)
{
  guint count = 0;

  fake_host_settle ();
  for (guint i = 0; i < customer->events->len; i++)
    {
      const UcJson *one = customer->events->pdata[i];

      count += g_strcmp0 (kit_text (one, "event"), event) == 0 && g_strcmp0 (kit_text (one, key), text) == 0;
    }
  return count;
}
