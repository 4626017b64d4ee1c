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
                     .company = "C", .notes = "n", .fields = "{}", .identities = IDENTITIES (&anna)));

  fake_clock_advance (1000);
  c = crm_saved (crm, CUSTOMER (.id = c->id, .company = "D"));
  g_assert_cmpstr (c->name, ==, "Nick");
  g_assert_cmpstr (c->email, ==, "a@b.example");
  g_assert_cmpstr (c->phone, ==, "1");
  g_assert_cmpstr (c->company, ==, "D");
  g_assert_cmpstr (c->fields, ==, "{}");
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
  g_assert_null (c->identities);
  g_assert_cmpuint (crm_customers (crm_lookup (crm, "webchat", "v_anna")), ==, 0);
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
  g_test_add_func ("/local/customer/version", test_version);
  g_test_add_func ("/local/customer/bounds", test_bounds);
  g_test_add_func ("/local/customer/struct-sizes", test_struct_sizes);
  return g_test_run ();
}
