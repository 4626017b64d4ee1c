/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backups from inside: kept files go with the database, one that is lost is counted, a second backup waits for the
 * first, and a stop ends one without a trace. Restored, the daemon has the files again.
 */
#include "kit.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/service/restore.h"

static void
on_put (void *data, const UsherResult *result, const char *id)
{
  g_assert_cmpint (result->status, ==, USHER_OK);
  *(char **)data = g_strdup (id);
}

static char *
keep (const char *bytes)
{
  char *id = NULL;

  kit.rig->host->media_put (kit.rig->channel, bytes, strlen (bytes), "text/plain", "a.txt", on_put, &id);
  kit_until (id != NULL);
  return id;
}

static char *
file_of (const char *folder, const char *id)
{
  return g_strdup_printf ("%s/media/%.2s/%s", folder, id + 4, id);
}

static char *
contents_of (const char *folder, const char *id)
{
  g_autofree char *path = file_of (folder, id);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static gint64
number (const UcJson *status, const char *key)
{
  return uc_json_int (uc_json_get (status, key), -1);
}

static UcJson *
back_up (const char *folder)
{
  UcJson *status = kit_do (NULL, "store.backup", "{\"path\":\"%s\"}", folder);

  while (strcmp (uc_json_string (uc_json_get (status, "state")), "running") == 0)
    {
      uc_json_free (status);
      g_usleep (2000);
      status = kit_do (NULL, "store.backup_status", "{}");
    }
  return status;
}

static guint
entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

static void
test_files (void)
{
  g_autofree char *outside = g_dir_make_tmp ("usher-backup-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (outside, "b", NULL);
  g_autofree char *first = NULL, *lost = NULL, *lost_path = NULL, *copy = NULL, *again = NULL, *kept = NULL;
  g_autofree char *database = NULL, *media = NULL, *media_now = NULL;
  g_autoptr (UcJson) status = NULL;
  g_autoptr (GError) error = NULL;

  kit_start (NULL);
  kit_seed ();
  kit_say ("carla", "m1", "hello");
  first = keep ("the first file");
  lost = keep ("a file that is lost");
  kit_settle ();
  lost_path = file_of (kit.dir, lost);
  kit_until (g_file_test (lost_path, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (lost_path), ==, 0);
  status = back_up (folder);
  g_assert_cmpstr (uc_json_string (uc_json_get (status, "state")), ==, "done");
  g_assert_cmpint (number (status, "files"), ==, 2);
  g_assert_cmpint (number (status, "files_missing"), ==, 1);
  g_assert_cmpint (number (status, "event"), >, 0);
  copy = contents_of (folder, first);
  g_assert_cmpstr (copy, ==, "the first file");
  g_assert_cmpuint (entries (outside), ==, 1);

  /* What was kept since is not in it. */
  kit_say ("carla", "m2", "later");
  kit_stop ();
  database = g_build_filename (kit.dir, "usher.db", NULL);
  media = g_build_filename (kit.dir, "media", NULL);
  g_assert_true (uc_restore (folder, database, media, &kept, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  again = contents_of (kit.dir, first);
  g_assert_cmpstr (again, ==, "the first file");
  kit_start_again_after (0);
  {
    g_autoptr (UcJson) events = kit_do (NULL, "event.list", "{\"after\":0,\"limit\":1000}");
    g_autofree char *text = uc_json_print (events, NULL);

    g_assert_nonnull (strstr (text, "hello"));
    g_assert_null (strstr (text, "later"));
  }
  kit_end ();
  kit_remove_tree (outside);
}

/* However far it was: nothing is left of one that a stop ended, and never half of one. */
static void
test_stop (void)
{
  g_autofree char *outside = g_dir_make_tmp ("usher-backup-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (outside, "b", NULL);
  g_autofree char *other = g_build_filename (outside, "c", NULL);
  g_autofree char *args = g_strdup_printf ("{\"path\":\"%s\"}", other);
  g_autofree char *whole = g_build_filename (folder, "backup.json", NULL);

  kit_start (NULL);
  kit_seed ();
  uc_json_free (kit_do (NULL, "store.backup", "{\"path\":\"%s\"}", folder));
  if (kit_op (NULL, "store.backup", args) == NULL)
    g_assert_nonnull (strstr (kit_error, "another backup is under way"));
  kit_end ();
  if (g_file_test (folder, G_FILE_TEST_EXISTS))
    g_assert_true (g_file_test (whole, G_FILE_TEST_EXISTS));
  else
    g_assert_cmpuint (entries (outside), ==, 0);
  kit_remove_tree (outside);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backup/files", test_files);
  g_test_add_func ("/backup/stop", test_stop);
  return g_test_run ();
}
