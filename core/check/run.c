/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parent of the checks: starts a process for each, watches that it lives and turns its loop, ends it when it
 * does not, and tells what came of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/folder.h"
#include "core/base/json.h"
#include "core/check/kit.h"

#define VALGRIND_STATUS 99
#define MAX_REPORT (256 * 1024)
#define MAX_START 30000 /* ms */

typedef struct
{
  const UcCheckOptions *options;
  char *file, *settings, *self, *work;
  gint64 patience; /* ms */
  KitShared *shared;
  int shared_fd;
  guint kinds; /* bits */
  GString *json;
  guint passed, failed, left_out;
} Run;

typedef struct
{
  GPtrArray *faults; /* of char* */
  char *left_out;
  gboolean ended; /* it came to its end by itself */
} Verdict;

static void
verdict_clear (Verdict *verdict)
{
  g_clear_pointer (&verdict->faults, g_ptr_array_unref);
  g_clear_pointer (&verdict->left_out, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Verdict, verdict_clear)

static void add_fault (Verdict *verdict, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_fault (Verdict *verdict, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (verdict->faults, g_strdup_vprintf (format, args));
  va_end (args);
}

/* ---- one child ----------------------------------------------------------------------------------------- */

static void
exec_child (Run *run, char *const *args, int out, int said)
{
  int null = open ("/dev/null", O_RDWR);

  /* Out of the way of the numbers that the child expects. */
  out = fcntl (out, F_DUPFD, 10);
  said = fcntl (said, F_DUPFD, 10);
  null = fcntl (null, F_DUPFD, 10);
  run->shared_fd = fcntl (run->shared_fd, F_DUPFD, 10);
  if (dup2 (null, 0) < 0 || dup2 (null, 1) < 0 || dup2 (said, 2) < 0 || dup2 (out, 3) < 0
      || dup2 (run->shared_fd, 4) < 0)
    _exit (126);
  close (out);
  close (said);
  close (null);
  close (run->shared_fd);
  setenv ("G_SLICE", "always-malloc", 1);
  setenv ("G_DEBUG", "", 1);
  /* What is freed counts as free at once, so that leaks can be told. */
  setenv ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0", 1);
  execvp (args[0], args);
  _exit (127);
}

static GPtrArray *
child_args (Run *run, const char *check, int kind, const char *work)
{
  GPtrArray *args = g_ptr_array_new_with_free_func (g_free);

  if (run->options->valgrind)
    {
      g_ptr_array_add (args, g_strdup ("valgrind"));
      g_ptr_array_add (args, g_strdup ("--quiet"));
      g_ptr_array_add (args, g_strdup_printf ("--error-exitcode=%d", VALGRIND_STATUS));
      g_ptr_array_add (args, g_strdup ("--leak-check=full"));
      g_ptr_array_add (args, g_strdup ("--show-leak-kinds=definite"));
      g_ptr_array_add (args, g_strdup ("--errors-for-leak-kinds=definite"));
    }
  g_ptr_array_add (args, g_strdup (run->self));
  g_ptr_array_add (args, g_strdup (UC_CHECK_CHILD));
  g_ptr_array_add (args, g_strdup (run->file));
  g_ptr_array_add (args, g_strdup (check));
  g_ptr_array_add (args, g_strdup_printf ("%d", kind));
  g_ptr_array_add (args, g_strdup_printf ("%" G_GINT64_FORMAT, run->patience));
  g_ptr_array_add (args, g_strdup (work));
  if (run->settings != NULL)
    g_ptr_array_add (args, g_strdup (run->settings));
  g_ptr_array_add (args, NULL);
  return args;
}

static void
read_line (Run *run, Verdict *verdict, const char *line)
{
  if (g_str_has_prefix (line, "F "))
    add_fault (verdict, "%s", line + 2);
  else if (g_str_has_prefix (line, "L "))
    {
      g_free (verdict->left_out);
      verdict->left_out = g_strdup (line + 2);
    }
  else if (g_str_has_prefix (line, "K "))
    run->kinds |= 1u << CLAMP (atoi (line + 2), 0, 31);
  else if (g_str_has_prefix (line, "E"))
    verdict->ended = TRUE;
}

/* What the loop was at when it stood still. */
static char *
where (Run *run)
{
  char slot[sizeof run->shared->slot];

  memcpy (slot, run->shared->slot, sizeof slot);
  slot[sizeof slot - 1] = '\0';
  return slot[0] != '\0'
             ? g_strdup_printf ("in `%s`", slot)
             : g_strdup ("outside of its slots (a thread, a timer or a function that it gave the host)");
}

/* Ends a child whose loop does not turn any more. Of valgrind it is known that it takes its time. */
static gboolean
stands_still (Run *run, Verdict *verdict, gint64 begun)
{
  gint64 now = g_get_monotonic_time (), beat = __atomic_load_n (&run->shared->beat, __ATOMIC_RELAXED);
  gint64 limit = run->patience * (run->options->valgrind ? 5 : 1);
  /* Before its first beat it is being loaded by the system, which may be busy. */
  gint64 start = beat == 0 ? MAX_START : 0;
  g_autofree char *place = NULL;

  if ((now - MAX (beat, begun)) / 1000 > limit + start)
    {
      place = where (run);
      add_fault (verdict,
                 "it blocked the main loop %s for more than %" G_GINT64_FORMAT
                 " s, and everybody with it; do slow work in a thread of the plugin's own and come back with "
                 "host->invoke",
                 place, limit / 1000);
      return TRUE;
    }
  if ((now - begun) / 1000 > 20 * limit)
    {
      add_fault (verdict, "the check did not end within %" G_GINT64_FORMAT " s", 20 * limit / 1000);
      return TRUE;
    }
  return FALSE;
}

static gboolean
has_ended (pid_t pid)
{
  siginfo_t info = { 0 };

  return waitid (P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Reads until the child is gone; TRUE = it was ended. A process that the plugin has started may keep the pipe open
 * for ever: of a child that has ended only what is in it counts. */
static gboolean
listen_to_child (Run *run, Verdict *verdict, int fd, pid_t pid)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 begun = g_get_monotonic_time ();
  struct pollfd poller = { .fd = fd, .events = POLLIN };
  gboolean ended = FALSE;
  char buffer[4096];
  gssize got;

  while (TRUE)
    {
      gboolean over = has_ended (pid);
      char *end;

      if (poll (&poller, 1, over ? 0 : 100) > 0)
        {
          got = read (fd, buffer, sizeof buffer);
          if (got <= 0)
            return ended;
          g_string_append_len (text, buffer, got);
          while ((end = strchr (text->str, '\n')) != NULL)
            {
              *end = '\0';
              read_line (run, verdict, text->str);
              g_string_erase (text, 0, end - text->str + 1);
            }
        }
      else if (over)
        return ended;
      if (!ended && (text->len > MAX_REPORT || stands_still (run, verdict, begun)))
        {
          ended = TRUE;
          kill (pid, SIGKILL);
        }
    }
}

/* What it, or a tool around it, wrote to standard error: the beginning says most. */
static char *
read_said (int fd)
{
  char buffer[4096];
  gssize got = pread (fd, buffer, sizeof buffer - 1, 0);
  g_autofree char *valid = NULL;
  g_auto (GStrv) lines = NULL;

  if (got <= 0)
    return NULL;
  buffer[got] = '\0';
  valid = g_utf8_make_valid (buffer, -1);
  lines = g_strsplit (g_strstrip (valid), "\n", 9);
  if (g_strv_length (lines) == 9)
    g_clear_pointer (&lines[8], g_free);
  return g_strjoinv ("; ", lines);
}

static void
judge_end (Run *run, Verdict *verdict, int status, gboolean killed, int said)
{
  g_autofree char *words = read_said (said), *place = where (run);

  if (killed)
    return;
  if (WIFSIGNALED (status))
    add_fault (verdict, "it crashed %s (%s)%s%s", place, strsignal (WTERMSIG (status)), words != NULL ? ": " : "",
               words != NULL ? words : "");
  else if (WEXITSTATUS (status) == 127)
    add_fault (verdict, "%s could not be run", run->options->valgrind ? "valgrind" : run->self);
  else if (run->options->valgrind && WEXITSTATUS (status) == VALGRIND_STATUS)
    add_fault (verdict, "valgrind found: %s", words != NULL ? words : "(nothing was written)");
  else if (WEXITSTATUS (status) != 0 || (!verdict->ended && verdict->faults->len == 0))
    add_fault (verdict, "it ended the process %s (exit status %d)%s%s; a plugin never calls exit or abort", place,
               WEXITSTATUS (status), words != NULL ? ": " : "", words != NULL ? words : "");
}

static void
run_child (Run *run, const char *check, int kind, Verdict *verdict)
{
  g_autofree char *work = g_strdup_printf ("%s/%s-%d", run->work, check, kind);
  g_autoptr (GPtrArray) args = child_args (run, check, kind, work);
  int ends[2], said = memfd_create ("said", MFD_CLOEXEC), status = 0;
  gboolean killed;
  pid_t pid;

  verdict->faults = g_ptr_array_new_with_free_func (g_free);
  *run->shared = (KitShared){ .beat = 0 };
  if (said < 0 || g_mkdir_with_parents (work, 0700) != 0 || pipe2 (ends, O_CLOEXEC) != 0)
    {
      add_fault (verdict, "the check could not be begun: %s", g_strerror (errno));
      return;
    }
  pid = fork ();
  if (pid == 0)
    exec_child (run, (char *const *)args->pdata, ends[1], said);
  close (ends[1]);
  killed = pid < 0 || listen_to_child (run, verdict, ends[0], pid);
  close (ends[0]);
  if (pid < 0)
    add_fault (verdict, "the check could not be begun: %s", g_strerror (errno));
  else if (waitpid (pid, &status, 0) == pid)
    judge_end (run, verdict, status, killed, said);
  close (said);
  uc_folder_remove (work);
}

/* ---- report -------------------------------------------------------------------------------------------- */

static void
report_json (Run *run, const char *name, const char *kind, const Verdict *verdict)
{
  uc_json_begin (run->json);
  uc_json_add_string (run->json, "check", name);
  uc_json_add_string (run->json, "kind", kind);
  uc_json_add_string (run->json, "result",
                      verdict->faults->len > 0    ? "failed"
                      : verdict->left_out != NULL ? "left_out"
                                                  : "ok");
  uc_json_begin_array (run->json, "why");
  for (guint i = 0; i < verdict->faults->len; i++)
    uc_json_add_string (run->json, NULL, verdict->faults->pdata[i]);
  if (verdict->faults->len == 0 && verdict->left_out != NULL)
    uc_json_add_string (run->json, NULL, verdict->left_out);
  uc_json_end_array (run->json);
  uc_json_end (run->json);
}

static void
report (Run *run, const char *name, const char *kind, const char *doc, const Verdict *verdict)
{
  guint *count = verdict->faults->len > 0    ? &run->failed
                 : verdict->left_out != NULL ? &run->left_out
                                             : &run->passed;

  ++*count;
  if (run->json != NULL)
    {
      report_json (run, name, kind, verdict);
      return;
    }
  if (verdict->faults->len == 0 && verdict->left_out == NULL)
    printf ("ok        %-8s %-15s %s\n", kind, name, doc);
  else if (verdict->faults->len == 0)
    printf ("left out  %-8s %-15s %s\n", kind, name, verdict->left_out);
  for (guint i = 0; i < verdict->faults->len; i++)
    printf ("FAILED    %-8s %-15s %s\n", kind, name, (const char *)verdict->faults->pdata[i]);
  fflush (stdout);
}

static void
say_verdict (Run *run)
{
  g_autofree char *name = g_path_get_basename (run->file);

  if (run->json != NULL)
    {
      uc_json_end_array (run->json);
      uc_json_add_string (run->json, "verdict", run->failed > 0 ? "failed" : "passed");
      uc_json_add_int (run->json, "passed", run->passed);
      uc_json_add_int (run->json, "failed", run->failed);
      uc_json_add_int (run->json, "left_out", run->left_out);
      uc_json_end (run->json);
      puts (run->json->str);
      return;
    }
  if (run->failed > 0)
    printf ("\n%s does not pass: %u of %u checks failed\n", name, run->failed,
            run->failed + run->passed + run->left_out);
  else
    printf ("\n%s passes: %u checks, %u left out\n", name, run->passed, run->left_out);
}

/* ---- all checks ---------------------------------------------------------------------------------------- */

static void
run_check (Run *run, const KitCheck *check, int kind)
{
  g_auto (Verdict) verdict = { 0 };

  if ((check->kinds & 1 << kind) == 0
      || (run->options->only != NULL && strcmp (run->options->only, check->name) != 0))
    return;
  run_child (run, check->name, kind, &verdict);
  report (run, check->name, uc_kind_word (kind), check->doc, &verdict);
}

/* Kinds for which the configuration has a section; made-up settings do for all. */
static guint
wanted_kinds (Run *run, const char *plugin)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = run->settings != NULL ? uc_conf_read (run->settings, problems) : NULL;
  guint kinds = 0;

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = uc_problem_text (problems->pdata[i]);

      fprintf (stderr, "usherctl: %s\n", text);
    }
  for (guint i = 0; conf != NULL && i < conf->sections->len; i++)
    {
      UcConfSection *section = g_ptr_array_index (conf->sections, i);
      UcConfEntry *entry = uc_conf_entry (section, "plugin");

      for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
        if (entry != NULL && strcmp (section->kind, uc_kind_word (kind)) == 0
            && strcmp (entry->value, plugin) == 0)
          kinds |= 1u << kind;
    }
  return conf == NULL ? ~0u : kinds;
}

static int
run_all (Run *run)
{
  g_autofree char *name = g_path_get_basename (run->file);
  g_auto (Verdict) verdict = { 0 };
  guint kinds;

  name[strlen (name) - 3] = '\0';
  run_child (run, "loads", UC_KIND_CHANNEL, &verdict);
  report (run, "loads", "any", "it is a plugin, and can be opened", &verdict);
  if (verdict.faults->len > 0)
    return 1;
  kinds = run->kinds & wanted_kinds (run, name);
  if (kinds == 0)
    {
      fprintf (stderr,
               "usherctl: %s has no section [KIND:NAME] with plugin = %s of a kind that the plugin offers\n",
               run->settings, name);
      return 2;
    }
  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    for (const KitCheck *check = kit_checks; (kinds & 1u << kind) != 0 && check->name != NULL; check++)
      run_check (run, check, kind);
  return run->failed > 0 ? 1 : 0;
}

static int
list_checks (void)
{
  for (const KitCheck *check = kit_checks; check->name != NULL; check++)
    printf ("%-15s %s\n", check->name, check->doc);
  return 0;
}

/* NULL = there is something that can be checked. */
static char *
find_obstacle (Run *run)
{
  const char *only = run->options->only;
  const KitCheck *check = kit_checks;

  if (!g_str_has_suffix (run->file, ".so"))
    return g_strdup_printf ("%s: a plugin is a file NAME.so; build it first", run->options->file);
  if (!g_file_test (run->file, G_FILE_TEST_IS_REGULAR))
    return g_strdup_printf ("%s: there is no such file", run->options->file);
  if (run->settings != NULL && !g_file_test (run->settings, G_FILE_TEST_IS_REGULAR))
    return g_strdup_printf ("%s: there is no such file", run->options->settings);
  while (only != NULL && check->name != NULL && strcmp (check->name, only) != 0)
    check++;
  if (check->name == NULL)
    return g_strdup_printf ("there is no check \"%s\"; usherctl plugin check names them when it gets no file",
                            only);
  if (run->options->valgrind)
    {
      g_autofree char *valgrind = g_find_program_in_path ("valgrind");

      if (valgrind == NULL)
        return g_strdup ("valgrind is missing (Debian package: valgrind); leave --valgrind out");
    }
  return NULL;
}

static gboolean
prepare (Run *run)
{
  g_autoptr (GError) error = NULL;

  run->work = g_dir_make_tmp ("usher-check-XXXXXX", &error);
  run->shared_fd = memfd_create ("usher-check", MFD_CLOEXEC);
  if (run->work == NULL || run->shared_fd < 0 || ftruncate (run->shared_fd, sizeof *run->shared) != 0
      || (run->shared = mmap (NULL, sizeof *run->shared, PROT_READ | PROT_WRITE, MAP_SHARED, run->shared_fd, 0))
             == MAP_FAILED)
    {
      fprintf (stderr, "usherctl: the checks can't be begun: %s\n",
               error != NULL ? error->message : g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static void
run_clear (Run *run)
{
  if (run->work != NULL)
    uc_folder_remove (run->work);
  if (run->shared_fd >= 0)
    close (run->shared_fd);
  if (run->json != NULL)
    g_string_free (run->json, TRUE);
  g_free (run->work);
  g_free (run->file);
  g_free (run->settings);
  g_free (run->self);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

int
uc_check_run (const UcCheckOptions *options)
{
  g_auto (Run) run = { .options = options, .shared_fd = -1 };
  g_autofree char *obstacle = NULL;
  int status;

  if (options->list)
    return list_checks ();
  run.file = g_canonicalize_filename (options->file, NULL);
  run.settings = options->settings != NULL ? g_canonicalize_filename (options->settings, NULL) : NULL;
  run.self = options->self != NULL ? g_strdup (options->self) : g_file_read_link ("/proc/self/exe", NULL);
  run.patience = (options->patience_s > 0 ? options->patience_s : 10) * 1000;
  obstacle = find_obstacle (&run);
  if (obstacle != NULL)
    {
      fprintf (stderr, "usherctl: %s\n", obstacle);
      return 2;
    }
  if (!prepare (&run))
    return 1;
  if (options->json)
    {
      run.json = g_string_new (NULL);
      uc_json_begin (run.json);
      uc_json_add_string (run.json, "file", run.file);
      uc_json_begin_array (run.json, "checks");
    }
  status = run_all (&run);
  say_verdict (&run);
  return status;
}
