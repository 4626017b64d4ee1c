/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usherd: options, configuration, main loop, signals. See usherd(8).
 */
#include "config.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/service/drain.h"
#include "core/service/systemd.h"
#include "core/service/verify.h"
#include "core/service/watchdog.h"

#define EXIT_BAD_CONFIG 1
#define EXIT_USAGE 2
#define EXIT_CANT_START 3
#define EXIT_WRONG 4

static char *option_config;
static char **option_plugin_dirs;
static gboolean option_check, option_verify, option_version;

static const GOptionEntry entries[] = {
  { "config", 'c', 0, G_OPTION_ARG_FILENAME, &option_config, "Read FILE (default " SYSCONFDIR "/usher/usher.conf)",
    "FILE" },
  { "check-config", 0, 0, G_OPTION_ARG_NONE, &option_check, "Check the configuration and exit", NULL },
  { "verify-journal", 0, 0, G_OPTION_ARG_NONE, &option_verify, "Check the journal by replaying it, and exit",
    NULL },
  { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_plugin_dirs, "Look for plugins in DIR first", "DIR" },
  { "version", 0, 0, G_OPTION_ARG_NONE, &option_version, "Print the version and exit", NULL },
  { NULL },
};

/* ---- log ----------------------------------------------------------------------------------------------- */

static GLogLevelFlags log_up_to = G_LOG_LEVEL_MESSAGE;

static const char *
level_word (GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK)
    {
    case G_LOG_LEVEL_ERROR:
    case G_LOG_LEVEL_CRITICAL:
      return "error";
    case G_LOG_LEVEL_WARNING:
      return "warning";
    case G_LOG_LEVEL_MESSAGE:
      return "notice";
    case G_LOG_LEVEL_INFO:
      return "info";
    default:
      return "debug";
    }
}

/* To the journal with all fields when systemd runs us, else one line to standard error. Any thread. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *time = NULL;
  const char *message = "", *domain = "usher";

  if ((level & G_LOG_LEVEL_MASK) > log_up_to)
    return G_LOG_WRITER_HANDLED;
  if (g_log_writer_is_journald (fileno (stderr)))
    return g_log_writer_journald (level, fields, n_fields, data);
  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, "MESSAGE") == 0)
        message = fields[i].value;
      else if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
        domain = fields[i].value;
    }
  now = g_date_time_new_now_local ();
  time = g_date_time_format (now, "%FT%T.%f%:z");
  /* Milliseconds: what follows the first three digits of the fraction is cut out. */
  fprintf (stderr, "%.23s%s %s %s: %s\n", time, time + 26, level_word (level), domain, message);
  return G_LOG_WRITER_HANDLED;
}

static void
set_log_level (const char *word)
{
  static const struct
  {
    const char *word;
    GLogLevelFlags level;
  } levels[] = { { "error", G_LOG_LEVEL_CRITICAL },
                 { "warning", G_LOG_LEVEL_WARNING },
                 { "notice", G_LOG_LEVEL_MESSAGE },
                 { "info", G_LOG_LEVEL_INFO },
                 { "debug", G_LOG_LEVEL_DEBUG } };

  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_strcmp0 (levels[i].word, word) == 0)
      log_up_to = levels[i].level;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

typedef struct
{
  UcCore *core;
  GMainLoop *loop;
  gboolean stopping;
} Daemon;

static void
on_stopped (gpointer data)
{
  g_main_loop_quit (((Daemon *)data)->loop);
}

static gboolean
on_signal (gpointer data)
{
  Daemon *daemon = data;

  if (daemon->stopping)
    uc_drain_hurry (daemon->core);
  else
    {
      daemon->stopping = TRUE;
      g_message ("stopping");
      uc_systemd_notify ("STOPPING=1\nSTATUS=draining");
      uc_drain_stop (daemon->core, on_stopped, daemon);
    }
  return G_SOURCE_CONTINUE;
}

/* A terminal that goes away, or somebody used to reloading, must not end a contact centre. */
static gboolean
on_hangup (gpointer data)
{
  g_warning ("SIGHUP: the configuration is read at the start only; restart usherd for a changed one");
  return G_SOURCE_CONTINUE;
}

static int
run (UcPlan *plan, UcLoader *loader)
{
  g_autoptr (GError) error = NULL;
  Daemon daemon = { .loop = g_main_loop_new (NULL, FALSE) };
  UcStartUp *start = uc_start_up_begin ();
  UcWatchdog *watchdog = NULL;

  daemon.core = uc_core_new (plan, loader, &error);
  uc_start_up_end (start);
  if (daemon.core == NULL)
    {
      fprintf (stderr, "usherd: %s\n", error->message);
      g_main_loop_unref (daemon.loop);
      return EXIT_CANT_START;
    }
  g_unix_signal_add (SIGTERM, on_signal, &daemon);
  g_unix_signal_add (SIGINT, on_signal, &daemon);
  g_unix_signal_add (SIGHUP, on_hangup, NULL);
  g_message ("usher " PACKAGE_VERSION " is ready");
  uc_systemd_notify ("READY=1\nSTATUS=ready");
  if (uc_systemd_watchdog_ms () > 0)
    watchdog = uc_watchdog_new (daemon.core, uc_systemd_watchdog_ms ());
  g_main_loop_run (daemon.loop);
  uc_watchdog_free (watchdog);
  uc_core_free (daemon.core);
  g_main_loop_unref (daemon.loop);
  g_message ("stopped");
  return EXIT_SUCCESS;
}

/* ---- configuration ------------------------------------------------------------------------------------- */

static UcLoader *
make_loader (UcConf *conf)
{
  g_autoptr (GPtrArray) dirs = g_ptr_array_new ();
  g_auto (GStrv) configured = uc_plan_plugin_path (conf);

  for (char **dir = option_plugin_dirs; dir != NULL && *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  for (char **dir = configured; *dir != NULL; dir++)
    g_ptr_array_add (dirs, *dir);
  g_ptr_array_add (dirs, NULL);
  return uc_loader_new ((const char *const *)dirs->pdata);
}

static void
print_problems (GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = uc_problem_text (problems->pdata[i]);

      fprintf (stderr, "%s\n", text);
    }
}

/* A plugin that can't be loaded is reported and left out; anything else that is wrong must be put right first. */
static gboolean
may_start (const UcPlan *plan, GPtrArray *problems)
{
  guint missing = 0;

  for (guint i = 0; i < plan->instances->len; i++)
    {
      const UcPlanned *planned = plan->instances->pdata[i];

      missing += planned->enabled && planned->plugin == NULL;
    }
  return problems->len <= missing;
}

static int
verify (const UcPlan *plan)
{
  switch (uc_verify_print ("usherd", uc_settings_string (plan->store, "path"), FALSE))
    {
    case 0:
      return EXIT_SUCCESS;
    case 1:
      return EXIT_WRONG;
    default:
      return EXIT_CANT_START;
    }
}

/* None of them keeps usherd from starting: they are for whoever wonders why nothing comes. */
static void
tell_gaps (const UcPlan *plan, const char *path)
{
  g_auto (GStrv) gaps = uc_plan_gaps (plan);

  for (char **gap = gaps; *gap != NULL; gap++)
    if (option_check)
      fprintf (stderr, "%s: warning: %s\n", path, *gap);
    else
      g_warning ("%s: %s", path, *gap);
}

static int
start (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autofree char *path
      = g_canonicalize_filename (option_config != NULL ? option_config : SYSCONFDIR "/usher/usher.conf", NULL);
  g_autoptr (UcConf) conf = uc_conf_read (path, problems);
  UcLoader *loader = make_loader (conf);
  UcPlan *plan = uc_plan_new (conf, loader, problems);
  int status;

  print_problems (problems);
  if (option_check)
    {
      status = problems->len == 0 ? EXIT_SUCCESS : EXIT_BAD_CONFIG;
      /* A section that is wrong counts as missing, and what is wrong was told. */
      if (problems->len == 0)
        {
          tell_gaps (plan, path);
          printf ("%s: good\n", path);
        }
      else
        fprintf (stderr, "%u problem%s\n", problems->len, problems->len == 1 ? "" : "s");
    }
  else if (!may_start (plan, problems))
    {
      fprintf (stderr,
               "usherd: not started: put the above right, then check with usherd --check-config --config %s\n",
               path);
      status = EXIT_BAD_CONFIG;
    }
  else if (option_verify)
    status = verify (plan);
  else
    {
      set_log_level (uc_settings_string (plan->usher, "log_level"));
      tell_gaps (plan, path);
      status = run (plan, loader);
    }
  uc_plan_free (plan);
  uc_loader_free (loader);
  return status;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- contact-centre engine");
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_log_set_writer_func (write_log, NULL, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1)
    {
      fprintf (stderr, "usherd: %s%s; see usherd --help\n",
               error != NULL ? error->message : "unexpected argument ", error != NULL ? "" : argv[1]);
      return EXIT_USAGE;
    }
  if (option_version)
    {
      printf ("usherd %s, plugin ABI %d.%d\n", PACKAGE_VERSION, USHER_ABI_MAJOR, USHER_ABI_MINOR);
      return EXIT_SUCCESS;
    }
  return start ();
}
