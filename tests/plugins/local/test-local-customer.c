/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: looking up, reading and saving customers, through the real module.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

static const UsherIdentity anna = { sizeof anna, "webchat", "v_anna", "Anna" };
static const UsherIdentity bert = { sizeof bert, "xmpp", "bert@example.org", NULL };

static void
test_nobody (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherResult *result = crm_lookup (crm, "webchat", "v_nobody");

  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (result), ==, 0);
  crm_refused (crm_get (crm, "cus_nobody"), USHER_NOT_FOUND, "cus_nobody");
  crm_refused (crm_save (crm, CUSTOMER (.id = "cus_nobody", .name = "X")), USHER_NOT_FOUND, "cus_nobody");
  crm_refused (crm_get (crm, NULL), USHER_INVALID, "No id");
  crm_refused (crm_get (crm, ""), USHER_INVALID, "No id");
  crm_refused (crm_lookup (crm, "webchat", NULL), USHER_INVALID, "identity needs");
  crm_refused (crm_lookup (crm, "", "x"), USHER_INVALID, "identity needs");
  crm_refused (crm_save (crm, NULL), USHER_INVALID, "No customer");
}

static void
test_create (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *made
      = crm_saved (crm, CUSTOMER (.first_name = " Anna ", .last_name = "Schmidt", .email = "Anna@Example.org",
                                  .phone = "+49 30 1234", .company = "ACME", .notes = "line\nline",
                                  .fields = "{\"tier\":\"gold\"}", .identities = IDENTITIES (&anna, &bert)));
  const UsherCustomer *read;
  const UsherResult *found;

  g_assert_true (g_str_has_prefix (made->id, "cus_"));
  g_assert_cmpstr (made->name, ==, "Anna Schmidt");
  g_assert_cmpstr (made->first_name, ==, "Anna");
  g_assert_cmpint (made->version, ==, 1);
  g_assert_cmpint (made->created_at, ==, fake_clock_now ());
  g_assert_cmpint (made->updated_at, ==, fake_clock_now ());
  g_assert_false (made->draft);
  read = crm_get (crm, made->id)->customers[0];
  g_assert_cmpstr (read->email, ==, "Anna@Example.org");
  g_assert_cmpstr (read->phone, ==, "+49 30 1234");
  g_assert_cmpstr (read->company, ==, "ACME");
  g_assert_cmpstr (read->notes, ==, "line\nline");
  g_assert_cmpstr (read->fields, ==, "{\"tier\":\"gold\"}");
  g_assert_cmpstr (read->identities[0]->id, ==, "v_anna");
  g_assert_cmpstr (read->identities[0]->name, ==, "Anna");
  g_assert_cmpstr (read->identities[1]->network, ==, "xmpp");
  g_assert_null (read->identities[1]->name);
  g_assert_null (read->identities[2]);
  found = crm_lookup (crm, "XMPP", "bert@example.org");
  g_assert_cmpuint (crm_customers (found), ==, 1);
  g_assert_cmpstr (found->customers[0]->id, ==, made->id);
}

static void
test_draft (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *draft = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&anna)));
  const UsherCustomer *again, *done;

  g_assert_true (draft->draft);
  g_assert_cmpstr (draft->name, ==, "Anna");
  again = crm_saved (crm, CUSTOMER (.draft = true, .name = "Other", .identities = IDENTITIES (&anna)));
  g_assert_cmpstr (again->id, ==, draft->id);
  g_assert_cmpstr (again->name, ==, "Anna");
  g_assert_cmpint (again->version, ==, 1);
  crm_refused (crm_save (crm, CUSTOMER (.first_name = "A", .last_name = "B", .identities = IDENTITIES (&anna))),
               USHER_CONFLICT, "webchat identity Anna belongs to Anna");
  crm_refused (crm_save (crm, CUSTOMER (.id = draft->id, .first_name = "Anna")), USHER_INVALID, "last name");
  crm_refused (crm_save (crm, CUSTOMER (.id = draft->id, .last_name = "S")), USHER_INVALID, "first name");
  crm_refused (crm_save (crm, CUSTOMER (.id = draft->id)), USHER_INVALID, "first and the last name");
  again = crm_saved (crm, CUSTOMER (.id = draft->id, .draft = true, .phone = "1"));
  g_assert_true (again->draft);
  done = crm_saved (crm, CUSTOMER (.id = draft->id, .first_name = "Anna", .last_name = "Schmidt"));
  g_assert_false (done->draft);
  g_assert_cmpint (done->version, ==, 3);
  g_assert_cmpstr (done->identities[0]->id, ==, "v_anna");
  /* A complete record stays complete. */
  done = crm_saved (crm, CUSTOMER (.id = draft->id, .draft = true, .phone = "2"));
  g_assert_false (done->draft);
  crm_refused (crm_save (crm, CUSTOMER (.id = draft->id, .draft = true, .last_name = "")), USHER_INVALID,
               "last name");
  /* And its identity still answers with it, not with a new draft. */
  again = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&anna)));
  g_assert_cmpstr (again->id, ==, done->id);
}

static void
test_draft_with_long_name (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *name = g_strnfill (5000, 'x');
  const UsherCustomer *draft
      = crm_saved (crm, CUSTOMER (.draft = true, .name = name,
                                  .identities = IDENTITIES (IDENTITY (.network = "n", .id = "1", .name = name))));

  g_assert_cmpuint (strlen (draft->name), ==, 200);
  g_assert_cmpuint (strlen (draft->identities[0]->name), ==, 200);
}

static void
test_conflict_names_all_owners (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&anna)));
  const UsherCustomer *b = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&bert)));
  const UsherResult *result
      = crm_save (crm, CUSTOMER (.first_name = "C", .last_name = "D", .identities = IDENTITIES (&anna, &bert)));

  g_assert_cmpint (result->status, ==, USHER_CONFLICT);
  g_assert_cmpuint (crm_customers (result), ==, 2);
  g_assert_cmpstr (result->customers[0]->id, ==, a->id);
  g_assert_cmpstr (result->customers[1]->id, ==, b->id);
  result = crm_save (crm, CUSTOMER (.id = a->id, .draft = true, .identities = IDENTITIES (&anna, &bert)));
  g_assert_cmpint (result->status, ==, USHER_CONFLICT);
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_cmpstr (result->customers[0]->id, ==, b->id);
  /* A draft request that touches two is answered with one. */
  result = crm_save (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&bert, &anna)));
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_cmpstr (result->customers[0]->id, ==, b->id);
}

static void
test_email (void)
{
  static const char *const bad[]
      = { "anna",   "@example.org", "a@b",         "a b@example.org",     "a@b@example.org",
          "a@.org", "a@example.",   "a@exa..mple", "Anna <a@example.org>" };
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *owner
      = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B", .email = "jürgen@example.org"));
  const UsherCustomer *other = crm_saved (crm, CUSTOMER (.first_name = "C", .last_name = "D"));
  const UsherResult *result
      = crm_save (crm, CUSTOMER (.first_name = "E", .last_name = "F", .email = "JÜRGEN@EXAMPLE.ORG"));
  g_autofree char *local_part = g_strnfill (243, 'a');
  g_autofree char *longest = g_strconcat (local_part, "@b.example", NULL);
  g_autofree char *too_long = g_strconcat ("x", longest, "x", NULL);

  crm_refused (result, USHER_CONFLICT, "e-mail address belongs to A B");
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_cmpstr (result->customers[0]->id, ==, owner->id);
  result = crm_save (crm, CUSTOMER (.id = other->id, .email = "jürgen@example.org"));
  g_assert_cmpint (result->status, ==, USHER_CONFLICT);
  g_assert_cmpstr (result->customers[0]->id, ==, owner->id);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    crm_refused (crm_save (crm, CUSTOMER (.id = other->id, .email = bad[i])), USHER_INVALID,
                 "is not an e-mail address");
  g_assert_cmpuint (strlen (longest), ==, 253);
  g_assert_cmpstr (crm_saved (crm, CUSTOMER (.id = other->id, .email = longest))->email, ==, longest);
  crm_refused (crm_save (crm, CUSTOMER (.id = other->id, .email = too_long)), USHER_INVALID, "at most 254");
  /* Given up by one, free for the next. */
  g_assert_null (crm_saved (crm, CUSTOMER (.id = owner->id, .email = ""))->email);
  crm_saved (crm, CUSTOMER (.id = other->id, .email = "Jürgen@Example.org"));
}

static void
test_leave_and_clear (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c = crm_saved (
      crm, CUSTOMER (.first_name = "A", .last_name = "B", .name = "Nick", .email = "a@b.example", .phone = "1",
                     .company = "C", .notes = "n", .fields = "{\"a\":1}", .identities = IDENTITIES (&anna)));

  fake_clock_advance (1000);
  c = crm_saved (crm, CUSTOMER (.id = c->id, .company = "D"));
  g_assert_cmpstr (c->name, ==, "Nick");
  g_assert_cmpstr (c->email, ==, "a@b.example");
  g_assert_cmpstr (c->phone, ==, "1");
  g_assert_cmpstr (c->company, ==, "D");
  g_assert_cmpstr (c->fields, ==, "{\"a\":1}");
  g_assert_cmpstr (c->identities[0]->id, ==, "v_anna");
  g_assert_cmpint (c->updated_at, ==, c->created_at + 1000);
  c = crm_saved (crm, CUSTOMER (.id = c->id, .name = "", .email = "", .phone = "", .company = "", .notes = "",
                                .fields = "", .identities = (const UsherIdentity *const[]){ NULL }));
  g_assert_cmpstr (c->name, ==, "A B");
  g_assert_null (c->email);
  g_assert_null (c->phone);
  g_assert_null (c->company);
  g_assert_null (c->notes);
  g_assert_null (c->fields);
  g_assert_cmpstr (c->identities[0]->id, ==, "v_anna");
}

/* Whoever learns one more identity of a customer need not know the others. */
static void
test_identities_are_added (void)
{
  const UsherIdentity nameless = { sizeof nameless, "webchat", "v_anna", NULL };
  const UsherIdentity renamed = { sizeof renamed, "webchat", "v_anna", "Anna S" };
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c
      = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B", .identities = IDENTITIES (&anna)));

  c = crm_saved (crm, CUSTOMER (.id = c->id, .identities = IDENTITIES (&bert)));
  g_assert_cmpstr (c->identities[0]->id, ==, "v_anna");
  g_assert_cmpstr (c->identities[1]->id, ==, "bert@example.org");
  g_assert_null (c->identities[2]);
  g_assert_cmpint (c->version, ==, 2);
  /* Again, and without a name: nothing new. */
  c = crm_saved (crm, CUSTOMER (.id = c->id, .version = 1, .identities = IDENTITIES (&bert, &nameless)));
  g_assert_cmpint (c->version, ==, 2);
  g_assert_cmpstr (c->identities[0]->name, ==, "Anna");
  c = crm_saved (crm, CUSTOMER (.id = c->id, .identities = IDENTITIES (&renamed)));
  g_assert_cmpstr (c->identities[0]->name, ==, "Anna S");
  g_assert_cmpint (c->version, ==, 3);
  for (guint i = 0; i < 62; i++)
    {
      g_autofree char *id = g_strdup_printf ("more %u", i);

      crm_saved (crm, CUSTOMER (.id = c->id, .identities = IDENTITIES (IDENTITY (.network = "n", .id = id))));
    }
  crm_refused (
      crm_save (crm, CUSTOMER (.id = c->id, .identities = IDENTITIES (IDENTITY (.network = "n", .id = "65th")))),
      USHER_INVALID, "at most 64 identities");
}

static void
test_account (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B", .account = "7"));
  const UsherCustomer *b = crm_saved (crm, CUSTOMER (.draft = true, .identities = IDENTITIES (&anna)));
  const UsherResult *found;

  g_assert_cmpstr (a->account, ==, "100001");
  g_assert_cmpstr (b->account, ==, "100002");
  crm_saved (crm, CUSTOMER (.id = b->id, .first_name = "Anna", .last_name = "Schmidt"));
  found = crm_search (crm, QUERY (.text = "100002"));
  g_assert_cmpuint (crm_customers (found), ==, 1);
  g_assert_cmpstr (found->customers[0]->id, ==, b->id);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "1000"))), ==, 2);
  /* A refused creation uses up no number. */
  crm_refused (crm_save (crm, CUSTOMER (.first_name = "A")), USHER_INVALID, "last name");
  fake_host_down (crm);
  fake_host_up (crm);
  g_assert_cmpstr (crm_saved (crm, CUSTOMER (.first_name = "C", .last_name = "D"))->account, ==, "100003");
}

static void
test_list_of_drafts (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *cursor = NULL;
  guint drafts = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *id = g_strdup_printf ("visitor %02u", i);

      if (i % 2 == 0)
        crm_saved (crm, CUSTOMER (.draft = true, .company = "even",
                                  .identities = IDENTITIES (IDENTITY (.network = "n", .id = id))));
      else
        crm_saved (crm, CUSTOMER (.first_name = "visitor", .last_name = id, .company = "odd"));
    }
  do
    {
      const UsherResult *page = crm_search (crm, PAGE (3, .state = "draft", .cursor = cursor));

      for (guint i = 0; i < crm_customers (page); i++, drafts++)
        g_assert_true (page->customers[i]->draft);
      g_free (cursor);
      cursor = g_strdup (page->next);
    }
  while (cursor != NULL);
  g_assert_cmpuint (drafts, ==, 10);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = "draft", .text = "visitor"))), ==, 10);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = "draft", .text = "even"))), ==, 10);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = "draft", .text = "odd"))), ==, 0);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = ""))), ==, 20);
  crm_refused (crm_search (crm, QUERY (.state = "open")), USHER_INVALID, "\"draft\", not \"open\"");
}

/* ---- looking up ---------------------------------------------------------------------------------------- */

static guint
candidates (FakeHost *crm, const char *id, const char *name)
{
  UsherReply *reply = fake_reply_new (crm);

  crm->crm->lookup (crm->self, IDENTITY (.network = "xmpp", .id = id, .name = name), reply);
  return crm_customers (fake_reply_wait (reply));
}

static void
fill_for_lookup (FakeHost *crm)
{
  crm_saved (crm, CUSTOMER (.first_name = "Jürgen", .last_name = "Groß", .email = "Juergen@Example.org"));
  crm_saved (crm, CUSTOMER (.first_name = "Jurgen", .last_name = "Gross"));
  crm_saved (crm, CUSTOMER (.draft = true, .first_name = "Jürgen", .last_name = "Groß", .phone = "1"));
  crm_saved (crm, CUSTOMER (.draft = true, .name = "draft", .email = "draft@example.org"));
  crm_saved (crm, CUSTOMER (.first_name = "Known", .last_name = "One", .email = "other@example.org",
                            .identities = IDENTITIES (&bert)));
}

static void
test_lookup_by_default (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherResult *found;

  fill_for_lookup (crm);
  g_assert_cmpuint (candidates (crm, "juergen@example.ORG", "nobody"), ==, 1);
  found = crm_lookup (crm, "xmpp", "juergen@example.org");
  g_assert_cmpstr (found->customers[0]->last_name, ==, "Groß");
  g_assert_null (found->customers[0]->identities);
  g_assert_cmpuint (candidates (crm, "draft@example.org", NULL), ==, 0);
  g_assert_cmpuint (candidates (crm, "stranger", "Jürgen Groß"), ==, 0);
  /* The identity wins alone. */
  found = crm_lookup (crm, "xmpp", "bert@example.org");
  g_assert_cmpuint (crm_customers (found), ==, 1);
  g_assert_cmpstr (found->customers[0]->last_name, ==, "One");
}

static void
test_lookup_settings (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");

  fake_host_set (crm, "match_on", "identity, email, name");
  fake_host_up (crm);
  fill_for_lookup (crm);
  g_assert_cmpuint (candidates (crm, "stranger", "JÜRGEN GROSS"), ==, 2);
  g_assert_cmpuint (candidates (crm, "juergen@example.org", "Jürgen Groß"), ==, 2);
  g_assert_cmpuint (candidates (crm, "other@example.org", "Jürgen Groß"), ==, 3);
  g_assert_cmpuint (candidates (crm, "bert@example.org", "Jürgen Groß"), ==, 1);
  g_assert_cmpuint (candidates (crm, "stranger", "Jürgen"), ==, 0);
  for (guint i = 0; i < 30; i++)
    crm_saved (crm, CUSTOMER (.first_name = "Very", .last_name = "Common"));
  g_assert_cmpuint (candidates (crm, "stranger", "very common"), ==, 20);
  fake_host_down (crm);
  fake_host_set (crm, "match_on", "identity");
  fake_host_up (crm);
  g_assert_cmpuint (candidates (crm, "juergen@example.org", "Jürgen Groß"), ==, 0);
  g_assert_cmpuint (candidates (crm, "bert@example.org", NULL), ==, 1);
}

static void
test_version (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c = crm_saved (crm, CUSTOMER (.first_name = "A", .last_name = "B"));
  const UsherResult *result;

  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = c->id, .version = 1, .phone = "1"))->version, ==, 2);
  result = crm_save (crm, CUSTOMER (.id = c->id, .version = 1, .phone = "2"));
  crm_refused (result, USHER_CONFLICT, "Somebody else changed this customer");
  g_assert_cmpstr (result->customers[0]->phone, ==, "1");
  g_assert_cmpint (result->customers[0]->version, ==, 2);
  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = c->id, .phone = "3"))->version, ==, 3);
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .version = 9, .phone = "4")), USHER_CONFLICT, "changed");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .version = -1)), USHER_INVALID, "version");
  /* The same request again, as after a lost answer: done already, and nothing changes. */
  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = c->id, .version = 2, .phone = "3"))->version, ==, 3);
}

static void
test_bounds (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *text = g_strnfill (64 * 1024 + 1, 'x');
  g_autofree char *umlauts = g_strdup ("");
  const UsherIdentity **many = g_new0 (const UsherIdentity *, 66);
  const UsherCustomer *c;

  for (guint i = 0; i < 200; i++)
    {
      char *longer = g_strconcat (umlauts, "ü", NULL);

      g_free (umlauts);
      umlauts = longer;
    }
  c = crm_saved (crm, CUSTOMER (.first_name = umlauts, .last_name = "B"));
  g_assert_cmpstr (c->first_name, ==, umlauts);
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .name = text)), USHER_INVALID, "name is 65537 characters");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .last_name = text)), USHER_INVALID, "last name");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .phone = text)), USHER_INVALID, "at most 64");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .company = text)), USHER_INVALID, "company");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .notes = text)), USHER_INVALID, "at most 64 KiB");
  text[64 * 1024] = '\0';
  crm_saved (crm, CUSTOMER (.id = c->id, .notes = text));
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .notes = "\xff")), USHER_INVALID, "UTF-8");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "[1]")), USHER_INVALID, "one JSON object");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"a\":")), USHER_INVALID, "not a JSON object");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"a\":1,\"a\":2}")), USHER_INVALID, "twice");
  for (guint i = 0; i < 65; i++)
    many[i] = &anna;
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .identities = many)), USHER_INVALID, "at most 64");
  g_free (many);
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .identities = IDENTITIES (&anna, &anna))), USHER_INVALID,
               "given twice");
  crm_refused (crm_save (crm, CUSTOMER (.draft = true)), USHER_INVALID, "needs a name");
  crm_refused (crm_save (crm, CUSTOMER (.first_name = "A")), USHER_INVALID, "last name is missing");
  crm_refused (crm_save (crm, CUSTOMER (.first_name = "A", .last_name = "\u3000\t")), USHER_INVALID, "last name");
}

/* A plugin built against a later header hands over longer structs, an older one shorter ones. */
static void
test_struct_sizes (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  struct
  {
    UsherCustomer customer;
    const char *later;
  } longer = { { .struct_size = sizeof longer, .first_name = "A", .last_name = "B" }, "x" };
  UsherCustomer shorter = {
    .struct_size = offsetof (UsherCustomer, email), .first_name = "C", .last_name = "D", .email = (const char *)16
  };

  g_assert_cmpstr (crm_saved (crm, &longer.customer)->name, ==, "A B");
  g_assert_null (crm_saved (crm, &shorter)->email);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/customer/nobody", test_nobody);
  g_test_add_func ("/local/customer/create", test_create);
  g_test_add_func ("/local/customer/draft", test_draft);
  g_test_add_func ("/local/customer/draft-with-long-name", test_draft_with_long_name);
  g_test_add_func ("/local/customer/conflict-names-all-owners", test_conflict_names_all_owners);
  g_test_add_func ("/local/customer/email", test_email);
  g_test_add_func ("/local/customer/leave-and-clear", test_leave_and_clear);
  g_test_add_func ("/local/customer/identities-are-added", test_identities_are_added);
  g_test_add_func ("/local/customer/account", test_account);
  g_test_add_func ("/local/customer/list-of-drafts", test_list_of_drafts);
  g_test_add_func ("/local/customer/lookup-by-default", test_lookup_by_default);
  g_test_add_func ("/local/customer/lookup-settings", test_lookup_settings);
  g_test_add_func ("/local/customer/version", test_version);
  g_test_add_func ("/local/customer/bounds", test_bounds);
  g_test_add_func ("/local/customer/struct-sizes", test_struct_sizes);
  return g_test_run ();
}
