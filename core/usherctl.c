/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl: operations through the daemon's control socket, and plugins without a daemon. See usherctl(1).
 */
#include "config.h"

#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/check.h"

#define EXIT_USAGE 2

static char *option_socket, *option_config;
static char **option_plugin_dirs;
static gboolean option_json, option_version;

static const GOptionEntry entries[] = {
  { "socket", 's', 0, G_OPTION_ARG_FILENAME, &option_socket, "Control socket of the daemon", "PATH" },
  { "config", 'c', 0, G_OPTION_ARG_FILENAME, &option_config, "Take the control socket from this configuration",
    "FILE" },
  { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_plugin_dirs, "Look for plugins in DIR first", "DIR" },
  { "json", 'j', 0, G_OPTION_ARG_NONE, &option_json, "Print JSON", NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &option_version, "Print the version and exit", NULL },
  { NULL },
};

static int
complain (const char *format, ...)
{
  va_list args;

  fputs ("usherctl: ", stderr);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  return EXIT_FAILURE;
}

/* ---- configuration ------------------------------------------------------------------------------------- */

static UcConf *
read_conf (GPtrArray *problems)
{
  g_autofree char *path
      = g_canonicalize_filename (option_config != NULL ? option_config : SYSCONFDIR "/usher/usher.conf", NULL);

  return uc_conf_read (path, problems);
}

/* A file that was asked for by name must not be passed over: the default socket may be another daemon's. */
static gboolean
check_conf (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = option_config != NULL ? read_conf (problems) : NULL;

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = uc_problem_text (problems->pdata[i]);

      complain ("%s", text);
    }
  return problems->len == 0;
}

static char *
find_socket (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = NULL;
  UcConfEntry *entry;
  const char *data_dir, *socket;

  if (option_socket != NULL)
    return g_strdup (option_socket);
  conf = read_conf (problems);
  entry = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "data_dir");
  data_dir = entry != NULL ? entry->value : LOCALSTATEDIR "/lib/usher";
  entry = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "control_socket");
  socket = entry != NULL ? entry->value : "control.sock";
  return g_path_is_absolute (socket) ? g_strdup (socket) : g_build_filename (data_dir, socket, NULL);
}

/* ---- operations ---------------------------------------------------------------------------------------- */

static SoupSession *
connect_to (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  return soup_session_new_with_options ("remote-connectable", address, "timeout", 60, NULL);
}

/* Returns the text of "result", or NULL after saying why not. */
static char *
call (SoupSession *session, const char *socket, const char *name, const char *args)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *uri = g_strconcat ("http://localhost/api/v1/", escaped, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", uri);
  g_autoptr (GBytes) body = g_bytes_new (args, strlen (args));
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) root = NULL;
  const UcJsonLimits limits = { 64 * 1024 * 1024, 64 };
  const UcJson *result;
  const char *text;
  char *printed, *copy;

  soup_message_set_request_body_from_bytes (message, "application/json", body);
  answer = soup_session_send_and_read (session, message, NULL, &error);
  if (answer == NULL)
    {
      complain ("no usherd answers on %s: %s; is it running?", socket, error->message);
      return NULL;
    }
  root = uc_json_parse (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), &limits, &error);
  if (root == NULL)
    {
      complain ("%s: the answer can't be read: %s", name, error->message);
      return NULL;
    }
  result = uc_json_get (root, "result");
  if (result == NULL)
    {
      text = uc_json_string (uc_json_get (uc_json_get (root, "error"), "message"));
      complain ("%s", text != NULL ? text : "refused without a reason");
      return NULL;
    }
  printed = uc_json_print (result, NULL);
  copy = g_strdup (printed);
  free (printed);
  return copy;
}

static char *
read_stdin (void)
{
  GString *text = g_string_new (NULL);
  char buf[4096];
  size_t got;

  while ((got = fread (buf, 1, sizeof buf, stdin)) > 0)
    g_string_append_len (text, buf, (gssize)got);
  return g_string_free (text, FALSE);
}

static int
do_call (SoupSession *session, const char *socket, int argc, char **argv)
{
  g_autofree char *input = argc > 1 && strcmp (argv[1], "-") == 0 ? read_stdin () : NULL;
  g_autofree char *result = NULL;

  if (argc < 1 || argc > 2)
    return complain ("usage: usherctl call NAME [JSON|-]"), EXIT_USAGE;
  result = call (session, socket, argv[0], input != NULL ? input : argc > 1 ? argv[1] : "{}");
  if (result == NULL)
    return EXIT_FAILURE;
  puts (result);
  return EXIT_SUCCESS;
}

static int
do_batch (SoupSession *session, const char *socket, int argc, char **argv)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  const char *file = argc > 0 ? argv[0] : "-";

  if (argc > 1)
    return complain ("usage: usherctl batch [FILE|-]"), EXIT_USAGE;
  if (strcmp (file, "-") == 0)
    text = read_stdin ();
  else if (!g_file_get_contents (file, &text, NULL, &error))
    return complain ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);
      char *space = strpbrk (line, " \t");
      g_autofree char *result = NULL;

      if (*line == '\0' || *line == '#')
        continue;
      if (space != NULL)
        *space++ = '\0';
      result = call (session, socket, line, space != NULL ? g_strstrip (space) : "{}");
      if (result == NULL)
        return complain ("%s:%u: stopped here; what stands above is done", file, i + 1);
      if (option_json)
        puts (result);
    }
  return EXIT_SUCCESS;
}

static void
print_ops (const UcJson *operations)
{
  for (const UcJson *op = uc_json_first (operations); op != NULL; op = uc_json_next (op))
    printf ("%-26s %-11s %s\n", uc_json_string (uc_json_get (op, "name")),
            *uc_json_string (uc_json_get (op, "permission")) != '\0'
                ? uc_json_string (uc_json_get (op, "permission"))
                : "anybody",
            uc_json_string (uc_json_get (op, "doc")));
}

static int
do_op_list (SoupSession *session, const char *socket)
{
  g_autofree char *result = call (session, socket, "operation.list", "{}");
  g_autoptr (UcJson) root = NULL;

  if (result == NULL)
    return EXIT_FAILURE;
  if (option_json)
    return puts (result), EXIT_SUCCESS;
  root = uc_json_parse (result, strlen (result), NULL, NULL);
  print_ops (uc_json_get (root, "operations"));
  return EXIT_SUCCESS;
}

static void
print_status (const UcJson *status, const UcJson *instances)
{
  gint64 seconds
      = (uc_json_int (uc_json_get (status, "now"), 0) - uc_json_int (uc_json_get (status, "started_at"), 0))
        / 1000;
  const UcJson *counts = uc_json_get (status, "interactions"), *pending = uc_json_get (status, "pending");

  printf ("usherd %s, up %" G_GINT64_FORMAT ":%02d:%02d, event %" G_GINT64_FORMAT "%s\n",
          uc_json_string (uc_json_get (status, "version")), seconds / 3600, (int)(seconds / 60 % 60),
          (int)(seconds % 60), uc_json_int (uc_json_get (status, "event"), 0),
          uc_json_bool (uc_json_get (status, "recovering"), FALSE) ? ", RECOVERING" : "");
  for (const UcJson *a = uc_json_first (uc_json_get (status, "addresses")); a != NULL; a = uc_json_next (a))
    printf ("listens on    %s\n", uc_json_string (a));
  fputs ("interactions ", stdout);
  for (const UcJson *c = uc_json_first (counts); c != NULL; c = uc_json_next (c))
    printf (" %s %" G_GINT64_FORMAT, uc_json_key (c), uc_json_int (c, 0));
  fputs ("\npending      ", stdout);
  for (const UcJson *c = uc_json_first (pending); c != NULL; c = uc_json_next (c))
    printf (" %s %" G_GINT64_FORMAT, uc_json_key (c), uc_json_int (c, 0));
  putchar ('\n');
  for (const UcJson *i = uc_json_first (instances); i != NULL; i = uc_json_next (i))
    {
      const char *message = uc_json_string (uc_json_get (i, "message"));

      printf ("%-9s %-14s %-10s %s %s%s%s\n", uc_json_string (uc_json_get (i, "kind")),
              uc_json_string (uc_json_get (i, "name")), uc_json_string (uc_json_get (i, "plugin")),
              uc_json_string (uc_json_get (i, "version")), uc_json_string (uc_json_get (i, "state")),
              message != NULL ? ": " : "", message != NULL ? message : "");
    }
}

static int
do_status (SoupSession *session, const char *socket)
{
  g_autofree char *status = call (session, socket, "system.status", "{}");
  g_autofree char *plugins = status != NULL ? call (session, socket, "plugin.status", "{}") : NULL;
  g_autoptr (UcJson) first = NULL, second = NULL;

  if (plugins == NULL)
    return EXIT_FAILURE;
  first = uc_json_parse (status, strlen (status), NULL, NULL);
  second = uc_json_parse (plugins, strlen (plugins), NULL, NULL);
  if (option_json)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      uc_json_begin (out);
      uc_json_add_raw (out, "system", status);
      uc_json_add_raw (out, "plugins", plugins);
      uc_json_end (out);
      puts (out->str);
    }
  else
    print_status (first, uc_json_get (second, "instances"));
  return EXIT_SUCCESS;
}

/* ---- plugins ------------------------------------------------------------------------------------------- */

static int
do_plugin (int argc, char **argv)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = read_conf (problems);
  g_autoptr (GPtrArray) dirs = g_ptr_array_new ();
  g_auto (GStrv) configured = uc_plan_plugin_path (conf);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  UcLoader *loader;

  for (char **dir = option_plugin_dirs; dir != NULL && *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  for (char **dir = configured; *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  g_ptr_array_add (dirs, NULL);
  loader = uc_loader_new ((const char *const *)dirs->pdata);
  if (argc == 1 && strcmp (argv[0], "list") == 0)
    text = uc_plugins_list_text (loader, option_json);
  else if (argc == 2 && strcmp (argv[0], "inspect") == 0)
    text = uc_plugin_inspect_text (loader, argv[1], option_json, &error);
  else
    {
      uc_loader_free (loader);
      return complain ("usage: usherctl plugin list, or usherctl plugin inspect NAME"), EXIT_USAGE;
    }
  if (text == NULL)
    complain ("%s", error->message);
  else
    fputs (text, stdout);
  uc_loader_free (loader);
  return text != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- main ---------------------------------------------------------------------------------------------- */

static int
run (int argc, char **argv)
{
  g_autofree char *socket = NULL;
  g_autoptr (SoupSession) session = NULL;

  if (strcmp (argv[0], "plugin") == 0)
    return do_plugin (argc - 1, argv + 1);
  socket = find_socket ();
  session = connect_to (socket);
  if (strcmp (argv[0], "status") == 0 && argc == 1)
    return do_status (session, socket);
  if (strcmp (argv[0], "call") == 0)
    return do_call (session, socket, argc - 1, argv + 1);
  if (strcmp (argv[0], "batch") == 0)
    return do_batch (session, socket, argc - 1, argv + 1);
  if (strcmp (argv[0], "op") == 0 && argc == 2 && strcmp (argv[1], "list") == 0)
    return do_op_list (session, socket);
  return complain ("there is no command \"%s\"; see usherctl --help", argv[0]), EXIT_USAGE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND");
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, "Commands:\n"
                                             "  status                 how the daemon is\n"
                                             "  call NAME [JSON|-]     run one operation\n"
                                             "  batch [FILE|-]         run operations, one per line: NAME JSON\n"
                                             "  op list                all operations\n"
                                             "  plugin list            the plugins that are there\n"
                                             "  plugin inspect NAME    all about one plugin\n");
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return complain ("%s; see usherctl --help", error->message), EXIT_USAGE;
  if (option_version)
    return printf ("usherctl %s\n", PACKAGE_VERSION), EXIT_SUCCESS;
  if (argc < 2)
    return complain ("a command is missing; see usherctl --help"), EXIT_USAGE;
  return check_conf () ? run (argc - 1, argv + 1) : EXIT_FAILURE;
}
