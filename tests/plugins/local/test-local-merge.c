/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: merging two customer records and undoing it, through the real module.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

static const char *const ids[] = { "a", "b", "c", "d", NULL };

static const UsherIdentity ida = { sizeof ida, "n", "a", "Ann on a" };
static const UsherIdentity idb = { sizeof idb, "n", "b", NULL };
static const UsherIdentity idc = { sizeof idc, "n", "c", NULL };
static const UsherIdentity idd = { sizeof idd, "n", "d", NULL };

/* A complete customer, a draft with everything else, each with cases. */
static void
make_two (FakeHost *crm, const UsherCustomer **keep, const UsherCustomer **drop)
{
  *keep = crm_saved (
      crm, CUSTOMER (.first_name = "Anna", .last_name = "Schmidt", .phone = "1", .identities = IDENTITIES (&ida)));
  fake_clock_advance (10);
  *drop = crm_saved (crm, CUSTOMER (.draft = true, .name = "annie", .email = "Annie@Example.org", .phone = "2",
                                    .company = "ACME", .notes = "two\nlines", .fields = "{\"z\":1.50,\"a\":[1]}",
                                    .identities = IDENTITIES (&idb, &idc)));
  crm_saved_case (crm, CASE (.customer_id = (*keep)->id, .interaction = "int_1", .state = "closed"));
  crm_saved_case (crm, CASE (.customer_id = (*drop)->id, .interaction = "int_2", .transcript = "[{}]"));
  crm_saved_case (crm, CASE (.customer_id = (*keep)->id, .interaction = "int_3"));
  crm_saved_case (crm, CASE (.customer_id = (*drop)->id, .interaction = "int_4"));
  fake_clock_advance (10);
}

static void
test_merge (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop, *merged;
  const UsherResult *result;
  g_autofree char *merges = NULL, *id = NULL;

  make_two (crm, &keep, &drop);
  id = crm_merged (crm, keep->id, drop->id);
  merged = crm_get (crm, keep->id)->customers[0];
  g_assert_cmpstr (merged->name, ==, "Anna Schmidt");
  g_assert_cmpstr (merged->phone, ==, "1");
  g_assert_cmpstr (merged->email, ==, "Annie@Example.org");
  g_assert_cmpstr (merged->company, ==, "ACME");
  g_assert_cmpstr (merged->notes, ==, "two\nlines");
  g_assert_cmpstr (merged->fields, ==, "{\"z\":1.50,\"a\":[1]}");
  g_assert_cmpint (merged->version, ==, 2);
  g_assert_false (merged->draft);
  g_assert_cmpstr (merged->identities[0]->id, ==, "a");
  g_assert_cmpstr (merged->identities[1]->id, ==, "b");
  g_assert_cmpstr (merged->identities[2]->id, ==, "c");
  merges = g_strdup_printf ("[{\"id\":\"%s\",\"customer\":\"%s\",\"name\":\"annie\",\"at\":%" G_GINT64_FORMAT
                            ",\"by\":\"Bea\"}]",
                            id, drop->id, fake_clock_now ());
  g_assert_cmpstr (merged->merges, ==, merges);
  /* The dropped one is hidden, and all ways lead to the kept one. */
  g_assert_cmpstr (crm_get (crm, drop->id)->customers[0]->id, ==, keep->id);
  g_assert_cmpstr (crm_lookup (crm, "n", "b")->customers[0]->id, ==, keep->id);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = NULL))), ==, 1);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "annie"))), ==, 1);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = "draft"))), ==, 0);
  result = crm_search (crm, QUERY (.text = drop->account));
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_cmpstr (result->customers[0]->id, ==, keep->id);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = keep->id))), ==, 4);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = drop->id))), ==, 4);
  /* Who still has the dropped record open is told. */
  result = crm_save (crm, CUSTOMER (.id = drop->id, .draft = true, .phone = "3"));
  crm_refused (result, USHER_CONFLICT, "merged into the one of Anna Schmidt (account 100001)");
  g_assert_cmpstr (result->customers[0]->id, ==, keep->id);
  /* A case for it goes to the kept one. */
  g_assert_cmpstr (crm_saved_case (crm, CASE (.interaction = "int_5", .customer_id = drop->id))->customer_id, ==,
                   keep->id);
}

static void
test_undo_restores_every_byte (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop;
  g_autofree char *before = NULL, *after = NULL, *reopened = NULL, *id = NULL, *again = NULL, *back = NULL;
  const UsherResult *result;

  make_two (crm, &keep, &drop);
  crm_saved (crm, CUSTOMER (.first_name = "Carla", .last_name = "Other", .identities = IDENTITIES (&idd)));
  before = crm_everything (crm, ids);
  id = crm_merged (crm, keep->id, drop->id);
  fake_clock_advance (1000);
  fake_host_down (crm);
  fake_host_up (crm);
  result = crm_unmerge (crm, MERGE (.id = id, .author = "Bea"));
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpstr (result->customers[0]->id, ==, keep->id);
  g_assert_cmpstr (result->customers[1]->id, ==, drop->id);
  after = crm_everything (crm, ids);
  crm_same (before, after);
  /* A repeated undo finds its work done; a second merge of the pair is another one and comes back as well. */
  crm_undone (crm, id);
  again = crm_merged (crm, keep->id, drop->id);
  g_assert_cmpstr (again, !=, id);
  crm_undone (crm, again);
  back = crm_everything (crm, ids);
  crm_same (before, back);
  fake_host_down (crm);
  fake_host_up (crm);
  reopened = crm_everything (crm, ids);
  crm_same (before, reopened);
}

/* A version names one content for ever: who read the merged record can't overwrite what came after its undoing. */
static void
test_versions_are_never_used_twice (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop;
  g_autofree char *id = NULL;

  make_two (crm, &keep, &drop);
  id = crm_merged (crm, keep->id, drop->id);
  g_assert_cmpint (crm_get (crm, keep->id)->customers[0]->version, ==, 2);
  crm_undone (crm, id);
  g_assert_cmpint (crm_get (crm, keep->id)->customers[0]->version, ==, 1);
  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = keep->id, .version = 1, .phone = "7"))->version, ==, 3);
  crm_refused (crm_save (crm, CUSTOMER (.id = keep->id, .version = 2, .phone = "8")), USHER_CONFLICT, "changed");
}

static void
test_refused (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop;
  g_autofree char *long_id = g_strnfill (129, 'x');

  make_two (crm, &keep, &drop);
  crm_refused (crm_merge (crm, NULL), USHER_INVALID, "No merge");
  crm_refused (crm_unmerge (crm, NULL), USHER_INVALID, "No merge");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id)), USHER_INVALID, "No id");
  crm_refused (crm_merge (crm, MERGE (.drop = keep->id)), USHER_INVALID, "No id");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id, .drop = "")), USHER_INVALID, "No id");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id, .drop = long_id)), USHER_INVALID, "at most 128");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id, .drop = "\xff")), USHER_INVALID, "UTF-8");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id, .drop = keep->id)), USHER_INVALID, "with itself");
  crm_refused (crm_merge (crm, MERGE (.keep = keep->id, .drop = "cus_x")), USHER_NOT_FOUND, "cus_x");
  crm_refused (crm_merge (crm, MERGE (.keep = "cus_y", .drop = keep->id)), USHER_NOT_FOUND, "cus_y");
  crm_refused (crm_unmerge (crm, MERGE (.id = NULL)), USHER_INVALID, "No id");
  crm_refused (crm_unmerge (crm, MERGE (.id = "mrg_x")), USHER_NOT_FOUND, "mrg_x");
  crm_refused (crm_unmerge (crm, MERGE (.id = keep->id)), USHER_NOT_FOUND, keep->id);
}

static void
test_repeated (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop, *third;
  g_autofree char *id = NULL, *again = NULL, *far = NULL;
  const UsherResult *result;

  make_two (crm, &keep, &drop);
  third = crm_saved (crm, CUSTOMER (.first_name = "C", .last_name = "D", .identities = IDENTITIES (&idd)));
  id = crm_merged (crm, keep->id, drop->id);
  again = crm_merged (crm, keep->id, drop->id);
  g_assert_cmpstr (again, ==, id);
  g_assert_cmpint (crm_get (crm, keep->id)->customers[0]->version, ==, 2);
  /* The dropped record belongs to somebody now; so does a pair the other way round. */
  result = crm_merge (crm, MERGE (.keep = third->id, .drop = drop->id));
  crm_refused (result, USHER_CONFLICT, "merged into the one of Anna Schmidt");
  g_assert_cmpstr (result->customers[0]->id, ==, keep->id);
  crm_refused (crm_merge (crm, MERGE (.keep = drop->id, .drop = keep->id)), USHER_CONFLICT, "merged into");
  crm_refused (crm_merge (crm, MERGE (.keep = drop->id, .drop = third->id)), USHER_CONFLICT, "merged into");
  /* By way of another the pair is one as well, and the merge that did it is named. */
  far = crm_merged (crm, third->id, keep->id);
  g_free (again);
  again = crm_merged (crm, third->id, drop->id);
  g_assert_cmpstr (again, ==, far);
  result = crm_merge (crm, MERGE (.keep = keep->id, .drop = drop->id));
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpstr (result->customers[0]->id, ==, third->id);
  g_assert_nonnull (strstr (result->data, id));
}

/* A <- B, then C <- A. */
static void
test_chain (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a, *b, *c;
  g_autofree char *start = NULL, *middle = NULL, *id1 = NULL, *id2 = NULL, *got = NULL, *last = NULL;
  const UsherResult *result;

  make_two (crm, &a, &b);
  c = crm_saved (crm, CUSTOMER (.first_name = "Carla", .last_name = "Other", .identities = IDENTITIES (&idd)));
  start = crm_everything (crm, ids);
  id1 = crm_merged (crm, a->id, b->id);
  middle = crm_everything (crm, ids);
  id2 = crm_merged (crm, c->id, a->id);
  g_assert_cmpstr (crm_get (crm, b->id)->customers[0]->id, ==, c->id);
  g_assert_cmpstr (crm_lookup (crm, "n", "b")->customers[0]->id, ==, c->id);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = b->id))), ==, 4);
  g_assert_cmpstr (crm_search (crm, QUERY (.text = b->account))->customers[0]->id, ==, c->id);
  /* Below the newer merge the older one can't be undone. */
  result = crm_unmerge (crm, MERGE (.id = id1));
  crm_refused (result, USHER_CONFLICT, "merged into the one of Carla Other (account 100003) later");
  g_assert_cmpstr (result->customers[0]->id, ==, c->id);
  crm_undone (crm, id2);
  got = crm_everything (crm, ids);
  crm_same (middle, got);
  crm_undone (crm, id1);
  last = crm_everything (crm, ids);
  crm_same (start, last);
}

/* The text without what only rises: versions and times of change, and so the order. */
static int
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static char *
timeless (const char *text)
{
  g_autoptr (GRegex) regex
      = g_regex_new ("^(customer .*) version=\\d+( .*) updated_at=\\d+", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *plain = g_regex_replace (regex, text, -1, 0, "\\1\\2", 0, NULL);
  g_auto (GStrv) lines = g_strsplit (plain, "\n", -1);

  qsort (lines, g_strv_length (lines), sizeof *lines, by_text);
  return g_strjoinv ("\n", lines);
}

/* A <- B and A <- C, undone in the order in which they were made. */
static void
test_siblings_in_any_order (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a, *b, *c;
  g_autofree char *start = NULL, *id1 = NULL, *id2 = NULL, *got = NULL, *plain_start = NULL, *plain_got = NULL;

  make_two (crm, &a, &b);
  c = crm_saved (crm, CUSTOMER (.first_name = "Carla", .last_name = "Other", .company = "C Ltd", .name = "Carly",
                                .email = "c@example.org", .fields = "{\"a\":9,\"q\":\"w\"}",
                                .identities = IDENTITIES (&idd)));
  start = crm_everything (crm, ids);
  id1 = crm_merged (crm, a->id, b->id);
  id2 = crm_merged (crm, a->id, c->id);
  g_assert_cmpstr (crm_get (crm, a->id)->customers[0]->fields, ==, "{\"z\":1.50,\"a\":[1],\"q\":\"w\"}");
  crm_undone (crm, id1);
  g_assert_cmpstr (crm_get (crm, a->id)->customers[0]->fields, ==, "{\"q\":\"w\"}");
  g_assert_null (crm_get (crm, a->id)->customers[0]->email);
  g_assert_cmpstr (crm_get (crm, b->id)->customers[0]->email, ==, "Annie@Example.org");
  g_assert_cmpstr (crm_lookup (crm, "n", "d")->customers[0]->id, ==, a->id);
  crm_undone (crm, id2);
  got = crm_everything (crm, ids);
  plain_start = timeless (start);
  plain_got = timeless (got);
  crm_same (plain_start, plain_got);
}

static void
test_edits_stay (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *keep, *drop, *third, *got;
  const UsherIdentity later = { sizeof later, "n", "later", NULL };
  g_autofree char *id = NULL;

  make_two (crm, &keep, &drop);
  third = crm_saved (crm, CUSTOMER (.first_name = "C", .last_name = "D"));
  id = crm_merged (crm, keep->id, drop->id);
  crm_saved (crm,
             CUSTOMER (.id = keep->id, .company = "By hand", .phone = "77",
                       .fields = "{\"z\":1.50,\"a\":\"by hand\",\"new\":1}", .identities = IDENTITIES (&later)));
  crm_saved_case (crm, CASE (.interaction = "int_2", .customer_id = third->id));
  crm_saved_case (crm, CASE (.interaction = "int_9", .customer_id = keep->id));
  crm_saved_case (crm, CASE (.interaction = "int_4", .subject = "changed meanwhile"));
  crm_undone (crm, id);
  got = crm_get (crm, keep->id)->customers[0];
  g_assert_cmpstr (got->company, ==, "By hand");
  g_assert_cmpstr (got->phone, ==, "77");
  g_assert_null (got->notes);
  g_assert_null (got->email);
  g_assert_cmpstr (got->fields, ==, "{\"a\":\"by hand\",\"new\":1}");
  g_assert_cmpint (got->version, ==, 4);
  g_assert_cmpstr (got->identities[0]->id, ==, "a");
  g_assert_cmpstr (got->identities[1]->id, ==, "later");
  g_assert_null (got->identities[2]);
  got = crm_get (crm, drop->id)->customers[0];
  g_assert_cmpstr (got->company, ==, "ACME");
  g_assert_cmpstr (got->email, ==, "Annie@Example.org");
  g_assert_cmpstr (got->fields, ==, "{\"z\":1.50,\"a\":[1]}");
  g_assert_cmpint (got->version, ==, 1);
  /* int_2 was given away, int_9 is new, int_4 goes home with what was written into it. */
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = keep->id))), ==, 3);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = third->id))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = drop->id))), ==, 1);
  g_assert_cmpstr (crm_list (crm, QUERY (.customer_id = drop->id))->cases[0]->subject, ==, "changed meanwhile");
}

static void
test_draft_and_complete (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *draft = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&ida)));
  const UsherCustomer *full = crm_saved (crm, CUSTOMER (.first_name = "Bert", .last_name = "Blau"));
  g_autofree char *id = crm_merged (crm, draft->id, full->id), *again = NULL;

  g_assert_false (crm_get (crm, draft->id)->customers[0]->draft);
  g_assert_cmpstr (crm_get (crm, draft->id)->customers[0]->name, ==, "Bert Blau");
  crm_undone (crm, id);
  g_assert_true (crm_get (crm, draft->id)->customers[0]->draft);
  g_assert_cmpstr (crm_get (crm, draft->id)->customers[0]->name, ==, "Ann on a");
  g_assert_null (crm_get (crm, draft->id)->customers[0]->first_name);
  /* Completed by hand while it was merged: it stays complete if it has names of its own. */
  again = crm_merged (crm, draft->id, full->id);
  crm_saved (crm, CUSTOMER (.id = draft->id, .first_name = "Anna", .last_name = "Blaue"));
  crm_undone (crm, again);
  g_assert_false (crm_get (crm, draft->id)->customers[0]->draft);
  g_assert_cmpstr (crm_get (crm, draft->id)->customers[0]->name, ==, "Anna Blaue");
  /* Saved as complete with the other one's last name: that goes back, and it is incomplete again. */
  crm_saved (crm, CUSTOMER (.id = full->id, .last_name = "Blaumann"));
  draft = crm_saved (crm, CUSTOMER (.draft = true, .first_name = "Bert", .identities = IDENTITIES (&idb)));
  g_free (again);
  again = crm_merged (crm, draft->id, full->id);
  crm_saved (crm, CUSTOMER (.id = draft->id, .first_name = "Berti"));
  crm_undone (crm, again);
  draft = crm_get (crm, draft->id)->customers[0];
  g_assert_true (draft->draft);
  g_assert_cmpstr (draft->first_name, ==, "Berti");
  g_assert_null (draft->last_name);
}

static void
test_email (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a
      = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "A", .email = "a@example.org"));
  const UsherCustomer *b
      = crm_saved (crm, CUSTOMER (.first_name = "B", .last_name = "B", .email = "b@example.org"));
  const UsherCustomer *c = crm_saved (crm, CUSTOMER (.first_name = "C", .last_name = "C"));
  g_autofree char *id = crm_merged (crm, a->id, b->id), *filled = NULL;
  const UsherResult *result;

  /* The kept one's counts; the other is reserved. */
  g_assert_cmpstr (crm_get (crm, a->id)->customers[0]->email, ==, "a@example.org");
  result = crm_save (crm, CUSTOMER (.id = c->id, .email = "B@example.org"));
  crm_refused (result, USHER_CONFLICT, "belongs to A A");
  g_assert_cmpstr (result->customers[0]->id, ==, a->id);
  /* For a look-up it is the kept one's too. */
  result = crm_lookup (crm, "xmpp", "b@Example.org");
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_cmpstr (result->customers[0]->id, ==, a->id);
  /* The person may take it; then the merge can't be undone until it is given back. */
  crm_saved (crm, CUSTOMER (.id = a->id, .email = "b@example.org"));
  result = crm_unmerge (crm, MERGE (.id = id));
  crm_refused (result, USHER_CONFLICT, "b@example.org now belongs to A A (account 100001)");
  g_assert_cmpstr (result->customers[0]->email, ==, "b@example.org");
  g_assert_nonnull (strstr (crm_get (crm, a->id)->customers[0]->merges, id));
  crm_saved (crm, CUSTOMER (.id = a->id, .email = ""));
  crm_undone (crm, id);
  g_assert_cmpstr (crm_get (crm, b->id)->customers[0]->email, ==, "b@example.org");
  /* Filled from the dropped one, then freed by hand and taken by somebody else. */
  filled = crm_merged (crm, a->id, b->id);
  g_assert_cmpstr (crm_get (crm, a->id)->customers[0]->email, ==, "b@example.org");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .email = "b@example.org")), USHER_CONFLICT, "A A");
  crm_saved (crm, CUSTOMER (.id = a->id, .email = ""));
  crm_saved (crm, CUSTOMER (.id = c->id, .email = "b@example.org"));
  crm_refused (crm_unmerge (crm, MERGE (.id = filled)), USHER_CONFLICT, "now belongs to C C");
  g_assert_cmpstr (crm_get (crm, b->id)->customers[0]->id, ==, a->id);
  crm_saved (crm, CUSTOMER (.id = c->id, .email = "c@example.org"));
  crm_undone (crm, filled);
  g_assert_cmpstr (crm_get (crm, b->id)->customers[0]->email, ==, "b@example.org");
}

static void
test_too_many_identities (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  UsherIdentity identities[65];
  char names[65][8];
  const UsherIdentity *lists[2][65];
  const UsherCustomer *made[2];

  for (guint i = 0; i < 65; i++)
    {
      g_snprintf (names[i], sizeof names[i], "%u", i);
      identities[i] = (UsherIdentity){ sizeof (UsherIdentity), "n", names[i], NULL };
      lists[i < 33][i < 33 ? i : i - 33] = &identities[i];
    }
  lists[1][33] = lists[0][32] = NULL;
  for (guint i = 0; i < 2; i++)
    made[i] = crm_saved (crm, CUSTOMER (.draft = true, .identities = lists[i]));
  crm_refused (crm_merge (crm, MERGE (.keep = made[0]->id, .drop = made[1]->id)), USHER_INVALID,
               "have 65 identities and one can have 64");
  g_assert_cmpstr (crm_get (crm, made[1]->id)->customers[0]->merges, ==, "[]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/merge/merge", test_merge);
  g_test_add_func ("/local/merge/undo-restores-every-byte", test_undo_restores_every_byte);
  g_test_add_func ("/local/merge/versions-are-never-used-twice", test_versions_are_never_used_twice);
  g_test_add_func ("/local/merge/refused", test_refused);
  g_test_add_func ("/local/merge/repeated", test_repeated);
  g_test_add_func ("/local/merge/chain", test_chain);
  g_test_add_func ("/local/merge/siblings-in-any-order", test_siblings_in_any_order);
  g_test_add_func ("/local/merge/edits-stay", test_edits_stay);
  g_test_add_func ("/local/merge/draft-and-complete", test_draft_and_complete);
  g_test_add_func ("/local/merge/email", test_email);
  g_test_add_func ("/local/merge/too-many-identities", test_too_many_identities);
  return g_test_run ();
}
