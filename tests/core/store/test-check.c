/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of how damage is found after an unclean end: what was written last at the start, the rest while the store
 * is in use, and that a database known to be damaged is not opened again.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/core/store/kit.h"

static void
end_as_if_killed (Kit *kit)
{
  kit_close (kit);
  kit_sql (kit->path, "UPDATE meta SET value = 0 WHERE key = 'clean'");
}

static UcStoreCheckState
state_of (Kit *kit)
{
  UcStoreCheck check;

  uc_store_check_figures (kit->store, &check);
  g_assert_cmpint (check.file_size, >, 0);
  return check.state;
}

static UcStoreResult
check (Kit *kit, char **why)
{
  g_auto (Answer) answer = { 0 };

  g_assert_true (uc_store_check (kit->store, on_done, &answer));
  answer_wait (&answer);
  if (why != NULL)
    *why = g_strdup (answer.why);
  return answer.result;
}

static char *
refusal (Kit *kit)
{
  UcStoreOptions options = { .path = kit->path };
  g_autoptr (GError) error = NULL;
  UcStore *store = uc_store_open (kit->loop, &options, &error);

  g_assert_null (store);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "is damaged ("));
  g_assert_nonnull (strstr (error->message, "restore it from a backup"));
  return g_strdup (error->message);
}

static void
test_sound (Kit *kit, gconstpointer data)
{
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_NONE);
  g_assert_false (uc_store_check (kit->store, NULL, NULL));
  kit_do_basics (kit);
  end_as_if_killed (kit);

  kit_open (kit);
  g_assert_true (uc_store_was_unclean (kit->store));
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_DUE);
  g_assert_cmpint (check (kit, NULL), ==, UC_STORE_OK);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_SOUND);
  g_assert_false (uc_store_check (kit->store, NULL, NULL));
  kit_close (kit);

  kit_open (kit);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_NONE);
}

/* A clean end does not make up for a look that was never taken. */
static void
test_due_until_done (Kit *kit, gconstpointer data)
{
  end_as_if_killed (kit);
  for (int run = 0; run < 2; run++)
    {
      kit_open (kit);
      g_assert_cmpint (uc_store_was_unclean (kit->store), ==, run == 0);
      g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_DUE);
      kit_close (kit);
    }
  kit_open (kit);
  g_assert_cmpint (check (kit, NULL), ==, UC_STORE_OK);
}

/* It waits for room, and an end meanwhile does not wait for it. */
static void
test_gives_way (Kit *kit, gconstpointer data)
{
  g_auto (Answer) first = { 0 }, second = { 0 };

  end_as_if_killed (kit);
  kit_open (kit);
  uc_store_spare (kit->store, TRUE);
  kit_do_basics (kit);
  g_assert_true (uc_store_check (kit->store, on_done, &first));
  kit_do (kit, "{'type':'queue.changed','queue':'more','name':'More','enabled':1}");
  g_assert_false (first.there);
  kit_close (kit);
  g_assert_true (first.there);
  g_assert_cmpint (first.result, ==, UC_STORE_UNAVAILABLE);

  kit_open (kit);
  uc_store_spare (kit->store, TRUE);
  kit_do (kit, "{'type':'queue.changed','queue':'more','name':'Less','enabled':1}");
  g_assert_true (uc_store_check (kit->store, on_done, &second));
  uc_store_spare (kit->store, FALSE);
  kit_do (kit, "{'type':'queue.changed','queue':'more','name':'More','enabled':1}");
  answer_wait (&second);
  g_assert_cmpint (second.result, ==, UC_STORE_OK);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

/* Of the last page; what was there. */
static char *
scribble (const char *path, const char *bytes, off_t *at)
{
  int fd = open (path, O_RDWR);
  g_autofree char *before = g_malloc (2048);

  g_assert_cmpint (fd, >=, 0);
  if (*at == 0)
    *at = lseek (fd, 0, SEEK_END) - 4096;
  g_assert_cmpint (pread (fd, before, 2048, *at), ==, 2048);
  g_assert_cmpint (pwrite (fd, bytes, 2048, *at), ==, 2048);
  close (fd);
  return g_steal_pointer (&before);
}

/* Where nothing was written lately. The store goes on, and says so; but the next one begins with a look at
 * everything. */
static void
test_old_page (Kit *kit, gconstpointer data)
{
  g_autofree char *noise = g_malloc (2048), *page = NULL, *why = NULL;
  g_autofree char *again = NULL, *still = NULL, *undone = NULL;
  off_t at = 0;

  memset (noise, 0xa5, 2048);
  kit_do_basics (kit);
  end_as_if_killed (kit);
  kit_sql (kit->path, "CREATE TABLE extra (x); INSERT INTO extra WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL"
                      " SELECT x + 1 FROM c WHERE x < 5000) SELECT x FROM c; PRAGMA wal_checkpoint (TRUNCATE)");
  page = scribble (kit->path, noise, &at);

  kit_open (kit);
  g_assert_cmpint (check (kit, &why), ==, UC_STORE_UNKNOWN);
  g_test_message ("found: %s", why);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_DAMAGED);
  kit_do (kit, "{'type':'queue.changed','queue':'more','name':'More','enabled':1}");
  kit_close (kit);

  again = refusal (kit);
  still = refusal (kit);
  g_assert_cmpstr (again, ==, still);
  undone = scribble (kit->path, page, &at);
  kit_open (kit);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_NONE);
}

/* Met by a commit before any look at everything: nothing is stored any more, and the next start begins with that
 * look instead of serving until it meets the page again. */
static void
test_met (Kit *kit, gconstpointer data)
{
  g_autofree char *noise = g_malloc (2048), *page = NULL, *undone = NULL;
  UcBatch *batch = uc_batch_new ();
  off_t at;

  memset (noise, 0xa5, 2048);
  kit_do_basics (kit);
  kit_close (kit);
  at = (kit_count (kit->path, "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'kv'") - 1)
       * 4096;
  page = scribble (kit->path, noise, &at);

  kit_open (kit);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_NONE);
  uc_batch_kv (batch, "space", "key", "value", 5);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_UNKNOWN);
  kit_close (kit);
  g_free (refusal (kit));

  undone = scribble (kit->path, page, &at);
  kit_open (kit);
  g_assert_cmpint (state_of (kit), ==, UC_STORE_CHECK_DUE);
}

static void
make_tail (Kit *kit)
{
  kit_do_basics (kit);
  kit_do (kit, "{'type':'interaction.queued','interaction':'int_1','conversation':'cnv_1','channel':'web',"
               "'network':'webchat','identity':'v1','queue':'que_s','enqueued_at':5,'cause':'new'}");
  kit_do (kit, "{'type':'message.added','interaction':'int_1','conversation':'cnv_1','message':'msg_1','n':1,"
               "'author':'customer','text':'hello','channel':'web','external_id':'x1'}");
  kit_do (kit, "{'type':'agent.status','agent':'usr_a','status':'available','asked':'available','since':5}");
}

/* What was written last is looked at before anything is served. */
static void
test_tail (Kit *kit, gconstpointer data)
{
  end_as_if_killed (kit);
  kit_sql (kit->path, data);
  g_free (refusal (kit));
}

static void
set_up_tail (Kit *kit, gconstpointer data)
{
  kit_set_up (kit, NULL);
  make_tail (kit);
}

/* The tables are wrong on purpose. */
static void
tear_down_tail (Kit *kit, gconstpointer data)
{
  kit_remove_folder (kit->dir);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  uc_loop_free (kit->loop);
  g_free (kit->dir);
  g_free (kit->path);
}

static const struct
{
  const char *name, *sql;
} spoiled[] = {
  { "unreadable", "UPDATE journal SET json = substr (json, 3) WHERE type = 'message.added'" },
  { "not-the-event", "UPDATE journal SET json = (SELECT json FROM journal WHERE type = 'agent.status')"
                     " WHERE type = 'message.added'" },
  { "type", "UPDATE journal SET type = 'message.state' WHERE type = 'message.added'" },
  { "gap", "DELETE FROM journal WHERE type = 'message.added'" },
  { "shifted", "UPDATE journal SET seq = seq + 1 WHERE type = 'agent.status'" },
  { "no-line", "DELETE FROM message" },
  { "other-line", "UPDATE message SET message = 'msg_2'" },
  { "redelivery-not-told", "UPDATE message SET external_id = 'x2'" },
  { "old-conversation", "UPDATE conversation SET last_n = 0" },
  { "old-interaction", "UPDATE interaction SET version = 1" },
  { "no-interaction", "DELETE FROM interaction" },
  { "old-user", "UPDATE user SET version = version - 1 WHERE id = 'usr_a'" },
  { "no-queue", "PRAGMA foreign_keys = OFF; DELETE FROM queue" },
};

/* Nothing of it is missed in what is well, whatever lies before it. */
static void
test_long_tail (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  make_tail (kit);
  for (int n = 2; n < 2500; n++)
    kit_put (kit, batch,
             "{'type':'message.added','interaction':'int_1','conversation':'cnv_1','message':'msg_%d','n':%d,"
             "'author':'customer','text':'hello','channel':'web','external_id':'x%d'}",
             n, n, n);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  end_as_if_killed (kit);
  kit_open (kit);
  g_assert_cmpint (check (kit, NULL), ==, UC_STORE_OK);
}

#define ADD(name, func) g_test_add ("/store/check/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sound", test_sound);
  ADD ("due-until-done", test_due_until_done);
  ADD ("gives-way", test_gives_way);
  ADD ("old-page", test_old_page);
  ADD ("met", test_met);
  ADD ("long-tail", test_long_tail);
  for (gsize s = 0; s < G_N_ELEMENTS (spoiled); s++)
    {
      g_autofree char *path = g_strconcat ("/store/check/tail/", spoiled[s].name, NULL);

      g_test_add (path, Kit, spoiled[s].sql, set_up_tail, test_tail, tear_down_tail);
    }
  return g_test_run ();
}
