/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: kill -9 in the middle of saves. A child process saves as fast as it can and writes down, after each
 * answer, what was answered; the parent kills it at some point, opens the file and looks for all of it.
 */
#include "tests/plugins/local/crm-kit.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 12
#define IN_FLIGHT 40

/* In the child: two of the drafts turn out to be one person. */
static gboolean
merge (FakeHost *crm, UsherReply *keep, UsherReply *drop, const char *line)
{
  const char *kept = fake_reply_wait (keep)->customers[0]->id, *dropped = fake_reply_wait (drop)->customers[0]->id;

  return crm_merge (crm, MERGE (.keep = kept, .drop = dropped))->status == USHER_OK
         && write (STDOUT_FILENO, line, strlen (line)) > 0;
}

/* In the child: saves for ever, a few requests in flight, one line on stdout for each answered one. */
static int
child (const char *dir, const char *round)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  fake_host_set_data_dir (crm, dir);
  fake_host_up (crm);
  for (guint n = 0; TRUE; n += IN_FLIGHT)
    {
      UsherReply *replies[IN_FLIGHT];
      g_autofree char *pair = g_strdup_printf ("m r%s_%u r%s_%u\n", round, n, round, n + 2);

      for (guint i = 0; i < IN_FLIGHT; i++)
        {
          g_autofree char *key = g_strdup_printf ("r%s_%u", round, n + i);

          replies[i] = fake_reply_new (crm);
          if (i % 2 == 0)
            crm->crm->save_customer (
                crm->self,
                CUSTOMER (.draft = true, .identities = IDENTITIES (IDENTITY (.network = "n", .id = key))),
                replies[i]);
          else
            crm->crm->save_case (crm->self, CASE (.interaction = key, .transcript = "[{},{}]"), replies[i]);
        }
      for (guint i = 0; i < IN_FLIGHT; i++)
        {
          g_autofree char *line = g_strdup_printf ("%c r%s_%u\n", i % 2 == 0 ? 'i' : 'c', round, n + i);

          if (fake_reply_wait (replies[i])->status != USHER_OK)
            return 1;
          /* One short write to a pipe arrives whole or not at all. */
          if (write (STDOUT_FILENO, line, strlen (line)) < 0)
            return 1;
        }
      if (!merge (crm, replies[0], replies[2], pair))
        return 1;
      fake_host_drop_replies (crm);
    }
}

/* Both keys are one customer now, and the merge can be undone. */
static void
check_merge (FakeHost *crm, const char *keys)
{
  g_auto (GStrv) key = g_strsplit (keys, " ", 2);
  g_autofree char *id = g_strdup (crm_lookup (crm, "n", key[0])->customers[0]->id);
  g_auto (GStrv) parts = g_strsplit (crm_get (crm, id)->customers[0]->merges, "\"", -1);

  g_assert_cmpstr (crm_lookup (crm, "n", key[1])->customers[0]->id, ==, id);
  g_assert_cmpuint (g_strv_length (parts), >, 4);
  crm_undone (crm, parts[3]);
  g_assert_cmpstr (crm_lookup (crm, "n", key[1])->customers[0]->id, !=, id);
}

static void
check_line (FakeHost *crm, const char *line)
{
  const char *key = line + 2;

  if (line[0] == 'm')
    check_merge (crm, key);
  else if (line[0] == 'i')
    g_assert_cmpuint (crm_customers (crm_lookup (crm, "n", key)), ==, 1);
  else
    {
      const UsherCase *record = crm_saved_case (crm, CASE (.interaction = key));

      /* Version 1: it was there, and this save changed nothing. */
      g_assert_cmpint (record->version, ==, 1);
      g_assert_cmpstr (record->transcript, ==, "[{},{}]");
    }
}

/* Reads lines until there are `enough`, then kills; returns everything that was said. */
static char *
run_and_kill (const char *dir, guint round, gsize enough)
{
  g_autofree char *number = g_strdup_printf ("%u", round);
  const char *const argv[] = { "/proc/self/exe", "--child", dir, number, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) said = g_string_new (NULL);
  char buffer[4096];
  gssize got;
  GPid pid;
  int out, status;

  g_spawn_async_with_pipes (NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out,
                            NULL, &error);
  g_assert_no_error (error);
  while (said->len < enough && (got = read (out, buffer, sizeof buffer)) > 0)
    g_string_append_len (said, buffer, got);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  while ((got = read (out, buffer, sizeof buffer)) > 0)
    g_string_append_len (said, buffer, got);
  close (out);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  g_assert_cmpuint (said->len, >=, enough);
  return g_string_free (g_steal_pointer (&said), FALSE);
}

static void
test_kill (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  guint checked = 0, merges = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *said = run_and_kill (crm->data_dir, round, 1 + (gsize)round * 700);
      g_auto (GStrv) lines = g_strsplit (said, "\n", -1);

      fake_host_up (crm);
      for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++, checked++)
        {
          check_line (crm, lines[i]);
          merges += lines[i][0] == 'm';
        }
      fake_host_down (crm);
      fake_host_drop_replies (crm);
    }
  g_assert_cmpuint (checked, >, 500);
  g_assert_cmpuint (merges, >, 10);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--child") == 0)
    return child (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/crash/kill-9", test_kill);
  return g_test_run ();
}
