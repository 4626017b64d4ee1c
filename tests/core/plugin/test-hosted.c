/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The process behind an isolated plugin, played by a script. Main thread.
 */
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plugin/hosted.h"

/* It ends, and what it leaves behind has its socket until `flag` is away, or for half a minute. */
#define SCRIPT                                                                                                    \
  "#!/bin/sh\n"                                                                                                   \
  "i=0\n"                                                                                                         \
  "while [ -e '%s' ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done &\n"                                     \
  "exit 7\n"

static void
on_opened (gpointer data, const UcWireMessage *described, const char *why)
{
  g_assert_not_reached ();
}

static void
on_message (gpointer data, UcWireMessage *message)
{
  g_assert_not_reached ();
}

static void
on_gone (gpointer data, const char *how)
{
  char **told = data;

  g_assert_null (*told);
  *told = g_strdup (how);
}

static void
on_line (gpointer data, const char *text)
{
  g_test_message ("%s", text);
}

static void
test_leaves_a_process_behind (void)
{
  static const UcHostedOps ops = { .opened = on_opened, .message = on_message, .gone = on_gone, .line = on_line };
  const UcHostedStart start = { .key = "channel:x", .name = "x", .file = "/x.so", .timeout = 600000 };
  g_autofree char *dir = g_dir_make_tmp ("usher-hosted-XXXXXX", NULL), *told = NULL;
  g_autofree char *program = g_build_filename (dir, "host", NULL), *flag = g_build_filename (dir, "flag", NULL);
  g_autofree char *script = g_strdup_printf (SCRIPT, flag);
  gint64 end = g_get_monotonic_time () + 15 * G_TIME_SPAN_SECOND;
  UcLoop *loop = uc_loop_new ();

  g_assert_true (g_file_set_contents (program, script, -1, NULL) && g_file_set_contents (flag, "", 0, NULL));
  g_assert_cmpint (g_chmod (program, 0700), ==, 0);
  g_setenv ("USHER_PLUGIN_HOST", program, TRUE);
  g_assert_nonnull (uc_hosted_new (loop, &start, &ops, &told, NULL));
  while (told == NULL && g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_unlink (flag);
  g_assert_cmpstr (told, ==, "ended by itself with status 7");
  uc_hosted_finish ();
  uc_loop_free (loop);
  g_unlink (program);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hosted/leaves-a-process-behind", test_leaves_a_process_behind);
  return g_test_run ();
}
