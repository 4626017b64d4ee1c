/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: many requests at once. The fake host ends the test when a reply is completed twice or, at destroy,
 * not at all, so every test here also checks "exactly once".
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define MANY 600

static const UsherIdentity anna = { sizeof anna, "webchat", "v_anna", "Anna" };

/* The same new visitor in many chats: one draft. */
static void
test_drafts_race (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  UsherReply *saves[MANY], *lookups[MANY];
  const char *id;

  for (guint i = 0; i < MANY; i++)
    {
      saves[i] = fake_reply_new (crm);
      crm->crm->save_customer (crm->self, CUSTOMER (.draft = true, .identities = IDENTITIES (&anna)), saves[i]);
      lookups[i] = fake_reply_new (crm);
      crm->crm->lookup (crm->self, &anna, lookups[i]);
      if (i % 400 == 399)
        fake_reply_wait (lookups[i]);
    }
  id = fake_reply_wait (saves[0])->customers[0]->id;
  for (guint i = 0; i < MANY; i++)
    {
      const UsherResult *saved = fake_reply_wait (saves[i]), *found = fake_reply_wait (lookups[i]);

      g_assert_cmpint (saved->status, ==, USHER_OK);
      g_assert_cmpstr (saved->customers[0]->id, ==, id);
      /* A look-up asked for after the save sees it. */
      g_assert_cmpuint (crm_customers (found), ==, 1);
      g_assert_cmpstr (found->customers[0]->id, ==, id);
    }
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = NULL))), ==, 1);
}

static void
test_cases_race (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  UsherReply *saves[MANY];

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *interaction = g_strdup_printf ("int_%u", i % 7);
      g_autofree char *subject = g_strdup_printf ("save %u", i);

      saves[i] = fake_reply_new (crm);
      crm->crm->save_case (crm->self, CASE (.interaction = interaction, .subject = subject), saves[i]);
    }
  for (guint i = 0; i < MANY; i++)
    {
      const UsherResult *saved = fake_reply_wait (saves[i]);

      g_assert_cmpint (saved->status, ==, USHER_OK);
      g_hash_table_add (ids, (gpointer)saved->cases[0]->id);
      g_assert_cmpint (saved->cases[0]->version, ==, i / 7 + 1);
    }
  g_assert_cmpuint (g_hash_table_size (ids), ==, 7);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = NULL))), ==, 7);
}

/* Ten editors, one version: one wins. */
static void
test_versions_race (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B"));
  UsherReply *saves[10];
  guint won = 0;

  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      g_autofree char *phone = g_strdup_printf ("%u", i);

      saves[i] = fake_reply_new (crm);
      crm->crm->save_customer (crm->self, CUSTOMER (.id = c->id, .version = 1, .phone = phone), saves[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      const UsherResult *result = fake_reply_wait (saves[i]);

      won += result->status == USHER_OK;
      if (result->status != USHER_OK)
        crm_refused (result, USHER_CONFLICT, "Somebody else");
    }
  g_assert_cmpuint (won, ==, 1);
  g_assert_cmpint (crm_get (crm, c->id)->customers[0]->version, ==, 2);
}

/* One request of a batch that is refused takes nothing of its neighbours with it. */
static void
test_refusal_among_others (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  UsherReply *saves[90];

  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      g_autofree char *email = g_strdup_printf ("n%u@example.org", i % 3 == 2 ? i - 1 : i);

      saves[i] = fake_reply_new (crm);
      crm->crm->save_customer (crm->self, CUSTOMER (.first_name = "A", .last_name = "B", .email = email),
                               saves[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    g_assert_cmpint (fake_reply_wait (saves[i])->status, ==, i % 3 == 2 ? USHER_CONFLICT : USHER_OK);
  g_assert_cmpuint (crm_customers (crm_search (crm, PAGE (200, .text = NULL))), ==, 60);
}

static guint
count_all (FakeHost *crm)
{
  g_autofree char *cursor = NULL;
  guint found = 0;

  do
    {
      const UsherResult *page = crm_search (crm, PAGE (200, .cursor = cursor));

      found += crm_customers (page);
      g_free (cursor);
      cursor = g_strdup (page->next);
    }
  while (cursor != NULL);
  return found;
}

/* More than may wait: the rest is refused as busy before anything was done, and every accepted one is done. */
static void
test_busy (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  UsherReply *saves[MANY];
  guint done = 0, busy = 0;

  fake_host_set (crm, "busy_limit", "5");
  fake_host_up (crm);
  for (guint i = 0; i < MANY; i++)
    {
      saves[i] = fake_reply_new (crm);
      crm->crm->save_customer (crm->self, CUSTOMER (.first_name = "A", .last_name = "B"), saves[i]);
    }
  for (guint i = 0; i < MANY; i++)
    {
      const UsherResult *result = fake_reply_wait (saves[i]);

      done += result->status == USHER_OK;
      busy += result->status == USHER_BUSY;
      if (result->status == USHER_BUSY)
        g_assert_cmpint (result->retry_after_ms, >, 0);
    }
  g_assert_cmpuint (done + busy, ==, MANY);
  g_assert_cmpuint (busy, >, 0);
  g_assert_cmpuint (done, >=, 5);
  g_assert_cmpuint (count_all (crm), ==, done);
}

/* Stop with work outstanding: each is answered once, and what was answered OK is there afterwards. */
static void
test_stop (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (FakeHost) crm = crm_new ();
      UsherReply *saves[200];
      guint done = 0;

      for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
        {
          g_autofree char *interaction = g_strdup_printf ("int_%u", i);

          saves[i] = fake_reply_new (crm);
          crm->crm->save_case (crm->self, CASE (.interaction = interaction), saves[i]);
        }
      g_assert_cmpint (fake_host_stop (crm)->status, ==, USHER_OK);
      /* Stop is answered last. */
      g_assert_cmpuint (fake_host_open_replies (crm), ==, 0);
      crm_refused (crm_lookup (crm, "n", "1"), USHER_CANCELLED, "not running");
      fake_host_destroy (crm);
      for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
        done += fake_reply_wait (saves[i])->status == USHER_OK;
      fake_host_up (crm);
      g_assert_cmpuint (crm_cases (crm_list (crm, PAGE (200, .text = NULL))), ==, done);
    }
}

/* Destroyed without a stop, as after one that took too long. */
static void
test_destroy_at_once (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  UsherReply *saves[100];

  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      saves[i] = fake_reply_new (crm);
      crm->crm->save_customer (crm->self, CUSTOMER (.first_name = "A", .last_name = "B"), saves[i]);
    }
  fake_host_destroy (crm);
  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    g_assert_true (fake_reply_done (saves[i]));
}

static void
test_never_started (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");

  g_assert_true (fake_host_create (crm));
  crm_refused (crm_lookup (crm, "n", "1"), USHER_CANCELLED, "not running");
  g_assert_cmpint (fake_host_stop (crm)->status, ==, USHER_OK);
  fake_host_destroy (crm);
  fake_host_up (crm);
  crm_refused (fake_host_start (crm), USHER_INVALID, "already started");
}

/* What nobody waits for any more is not done; the core has given it up and comes again. */
static void
test_cancelled (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  UsherReply *saves[100];
  guint done = 0;

  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      saves[i] = fake_reply_new (crm);
      fake_reply_cancel (saves[i]);
      crm->crm->save_customer (crm->self, CUSTOMER (.first_name = "A", .last_name = "B"), saves[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      crm_refused (fake_reply_wait (saves[i]), USHER_CANCELLED, "Nobody waits");
      done++;
    }
  g_assert_cmpuint (done, ==, G_N_ELEMENTS (saves));
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = NULL))), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/load/drafts-race", test_drafts_race);
  g_test_add_func ("/local/load/cases-race", test_cases_race);
  g_test_add_func ("/local/load/versions-race", test_versions_race);
  g_test_add_func ("/local/load/refusal-among-others", test_refusal_among_others);
  g_test_add_func ("/local/load/busy", test_busy);
  g_test_add_func ("/local/load/stop", test_stop);
  g_test_add_func ("/local/load/destroy-at-once", test_destroy_at_once);
  g_test_add_func ("/local/load/never-started", test_never_started);
  g_test_add_func ("/local/load/cancelled", test_cancelled);
  return g_test_run ();
}
