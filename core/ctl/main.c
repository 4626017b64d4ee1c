/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherctl: operations through the daemon's control socket, and what can be done without a daemon. Options, the
 * table of commands, and which socket. See usherctl(1).
 */
#include "config.h"

#include "core/check/check.h"
#include "core/ctl/ctl.h"

#include <locale.h>

static char *option_socket, *option_config;
static gboolean option_version;
char **ctl_plugin_dirs;
char *ctl_kind, *ctl_dir, *ctl_settings, *ctl_only;
gboolean ctl_valgrind;
int ctl_patience;
gboolean ctl_json, ctl_cancel;

static const GOptionEntry entries[] = {
  { "socket", 's', 0, G_OPTION_ARG_FILENAME, &option_socket, "Control socket of the daemon", "PATH" },
  { "config", 'c', 0, G_OPTION_ARG_FILENAME, &option_config, "Take the control socket from this configuration",
    "FILE" },
  { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &ctl_plugin_dirs, "Look for plugins in DIR first", "DIR" },
  { "json", 'j', 0, G_OPTION_ARG_NONE, &ctl_json, "Print JSON", NULL },
  { "cancel", 0, 0, G_OPTION_ARG_NONE, &ctl_cancel, "drain: make offers again", NULL },
  { "kind", 0, 0, G_OPTION_ARG_STRING, &ctl_kind, "plugin new: channel, crm or frontend", "KIND" },
  { "dir", 0, 0, G_OPTION_ARG_FILENAME, &ctl_dir, "plugin new: the folder to make (default: ./NAME)", "DIR" },
  { "settings", 0, 0, G_OPTION_ARG_FILENAME, &ctl_settings, "plugin check: configuration with its section",
    "FILE" },
  { "only", 0, 0, G_OPTION_ARG_STRING, &ctl_only, "plugin check: just this one", "CHECK" },
  { "valgrind", 0, 0, G_OPTION_ARG_NONE, &ctl_valgrind, "plugin check: under valgrind", NULL },
  { "patience", 0, 0, G_OPTION_ARG_INT, &ctl_patience, "plugin check: how long answers may take (10)", "SECONDS" },
  { "version", 0, 0, G_OPTION_ARG_NONE, &option_version, "Print the version and exit", NULL },
  { NULL },
};

int
ctl_complain (const char *format, ...)
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

UcConf *
ctl_conf (GPtrArray *problems)
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
  g_autoptr (UcConf) conf = option_config != NULL ? ctl_conf (problems) : NULL;

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = uc_problem_text (problems->pdata[i]);

      ctl_complain ("%s", text);
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
  conf = ctl_conf (problems);
  entry = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "data_dir");
  data_dir = entry != NULL ? entry->value : LOCALSTATEDIR "/lib/usher";
  entry = uc_conf_entry (uc_conf_section (conf, "usher", NULL), "control_socket");
  socket = entry != NULL ? entry->value : "control.sock";
  return g_path_is_absolute (socket) ? g_strdup (socket) : g_build_filename (data_dir, socket, NULL);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

typedef struct
{
  const char *words; /* "op list": one or two */
  const char *usage; /* what follows them */
  int least, most;   /* arguments */
  const char *doc;
  int (*run) (Ctl *ctl, int argc, char **argv); /* asks the daemon */
  int (*run_alone) (int argc, char **argv);     /* works without one */
} Command;

static const Command commands[] = {
  { "status", "", 0, 0, "how the daemon is", ctl_do_status, NULL },
  { "why", "[INTERACTION]", 0, 1, "who waits, or why nobody takes this one", ctl_do_why, NULL },
  { "metrics", "", 0, 0, "all figures, in the text format of Prometheus", ctl_do_metrics, NULL },
  { "call", "NAME [JSON|-]", 1, 2, "run one operation", ctl_do_call, NULL },
  { "batch", "[FILE|-]", 0, 1, "run operations, one per line: NAME JSON", ctl_do_batch, NULL },
  { "backup", "FOLDER", 1, 1, "back up the database and the kept files", ctl_do_backup, NULL },
  { "restore", "FOLDER", 1, 1, "put a backup in the place of the database", NULL, ctl_do_restore },
  { "journal verify", "[FILE|FOLDER]", 0, 1, "check the database, a backup, or a file", NULL,
    ctl_do_journal_verify },
  { "op list", "", 0, 0, "all operations", ctl_do_op_list, NULL },
  { "drain", "[--cancel]", 0, 0, "make no new offers, before the daemon is stopped", ctl_do_drain, NULL },
  { "outbox list", "[STATE]", 0, 1, "messages that did not get out", ctl_do_outbox_list, NULL },
  { "outbox replay", "MESSAGE...", 1, 1000, "send them again", ctl_do_outbox_replay, NULL },
  { "outbox discard", "MESSAGE...", 1, 1000, "leave them as they are", ctl_do_outbox_discard, NULL },
  { "save list", "[STATE]", 0, 1, "chats whose case the CRM has not taken", ctl_do_save_list, NULL },
  { "save retry", "INTERACTION...|all", 1, 1000, "save them again", ctl_do_save_retry, NULL },
  { "save discard", "INTERACTION...|all", 1, 1000, "leave them without a case", ctl_do_save_discard, NULL },
  { "plugin status", "[NAME]", 0, 1, "the instances of plugins, and their processes", ctl_do_plugin_status, NULL },
  { "plugin reload", "NAME", 1, 1, "let a new build take over from an isolated plugin", ctl_do_plugin_reload,
    NULL },
  { "plugin list", "", 0, 0, "the plugins that are there", NULL, ctl_do_plugin_list },
  { "plugin inspect", "NAME", 1, 1, "all about one plugin", NULL, ctl_do_plugin_inspect },
  { "plugin check", "[FILE.so]", 0, 1, "try a plugin; without FILE, what is tried", NULL, ctl_do_plugin_check },
  { "plugin new", "NAME --kind KIND [--dir DIR]", 1, 1, "make a plugin to begin with", NULL, ctl_do_plugin_new },
};

/* How many of the words the command's name takes; 0 = it is another command. */
static int
match (const Command *command, int argc, char **argv)
{
  g_auto (GStrv) words = g_strsplit (command->words, " ", 2);
  int count = (int)g_strv_length (words);

  for (int i = 0; i < count; i++)
    if (i >= argc || strcmp (argv[i], words[i]) != 0)
      return 0;
  return count;
}

static char *
describe_commands (void)
{
  GString *text = g_string_new ("Commands:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *line = g_strdup_printf ("%s %s", commands[i].words, commands[i].usage);

      g_string_append_printf (text, "  %-32s %s\n", line, commands[i].doc);
    }
  return g_string_free (text, FALSE);
}

static int
run_command (const Command *command, int argc, char **argv)
{
  g_auto (Ctl) ctl = { NULL, NULL };
  g_autofree char *socket = NULL;

  if (argc < command->least || argc > command->most)
    return ctl_complain ("usage: usherctl %s%s%s", command->words, *command->usage != '\0' ? " " : "",
                         command->usage),
           CTL_USAGE;
  /* Taking the usual files instead of those of the daemon that was meant would be worse than an error. */
  if (command->run_alone != NULL && option_socket != NULL)
    return ctl_complain (
               "%s asks no daemon, so --socket does not tell where the files are; name its configuration "
               "with --config FILE",
               command->words),
           CTL_USAGE;
  if (command->run_alone != NULL)
    return command->run_alone (argc, argv);
  socket = find_socket ();
  ctl_open (&ctl, socket);
  return command->run (&ctl, argc, argv);
}

/* The commands that begin with this word, or NULL. */
static char *
commands_of (const char *word)
{
  GString *all = g_string_new (NULL);
  g_autofree char *prefix = g_strconcat (word, " ", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_has_prefix (commands[i].words, prefix))
      g_string_append_printf (all, "%s%s", all->len > 0 ? ", " : "", commands[i].words);
  return g_string_free (all, all->len == 0);
}

static int
run (int argc, char **argv)
{
  g_autofree char *group = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      int words = match (&commands[i], argc, argv);

      if (words > 0)
        return run_command (&commands[i], argc - words, argv + words);
    }
  group = commands_of (argv[0]);
  if (group != NULL && argc > 1)
    return ctl_complain ("there is no command \"%s %s\"; there are %s", argv[0], argv[1], group), CTL_USAGE;
  if (group != NULL)
    return ctl_complain ("\"%s\" needs one more word: %s", argv[0], group), CTL_USAGE;
  return ctl_complain ("there is no command \"%s\"; see usherctl --help", argv[0]), CTL_USAGE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND");
  g_autofree char *description = describe_commands ();
  g_autoptr (GError) error = NULL;

  if (argc > 1 && strcmp (argv[1], UC_CHECK_CHILD) == 0)
    return uc_check_child (argc - 2, argv + 2);
  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return ctl_complain ("%s; see usherctl --help", error->message), CTL_USAGE;
  if (option_version)
    return printf ("usherctl %s\n", PACKAGE_VERSION), EXIT_SUCCESS;
  if (argc < 2)
    return ctl_complain ("a command is missing; see usherctl --help"), CTL_USAGE;
  return check_conf () ? run (argc - 1, argv + 1) : EXIT_FAILURE;
}
