/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: searching customers and paging, through the real module.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

static void
add (FakeHost *crm, const char *first, const char *last, const char *email, const char *phone, const char *company)
{
  crm_saved (
      crm, CUSTOMER (.first_name = first, .last_name = last, .email = email, .phone = phone, .company = company));
}

/* The last names found, in order, separated by spaces. */
static void
finds (FakeHost *crm, const char *text, const char *expected)
{
  const UsherResult *result = crm_search (crm, QUERY (.text = text));
  g_autoptr (GString) names = g_string_new (NULL);

  g_assert_cmpint (result->status, ==, USHER_OK);
  for (guint i = 0; i < crm_customers (result); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "", result->customers[i]->last_name);
  if (strcmp (names->str, expected) != 0)
    g_error ("\"%s\" finds \"%s\" instead of \"%s\"", text, names->str, expected);
}

static void
test_words (void)
{
  g_autoptr (FakeHost) crm = crm_new ();

  add (crm, "Jürgen", "Groß", "j.gross@example.org", "+49 (30) 123-456", "Müller & Söhne");
  add (crm, "Ελένη", "Παπαδόπουλος", "eleni@example.gr", NULL, NULL);
  add (crm, "花子", "注文", NULL, NULL, "東京電力");
  add (crm, "Øystein", "Ålesund", NULL, NULL, "100% \"Fisk\"");
  add (crm, "Иван", "Чайковский", NULL, "0301234", NULL);
  crm_saved (crm, CUSTOMER (.first_name = "Ann", .last_name = "Webb",
                            .identities
                            = IDENTITIES (IDENTITY (.network = "webchat", .id = "v_8f3a", .name = "annie77"))));

  finds (crm, "jürgen", "Groß");
  finds (crm, "JÜRGEN", "Groß");
  finds (crm, "jurgen", "Groß");
  finds (crm, "GROSS", "Groß");
  finds (crm, "groß müller", "Groß");
  finds (crm, "sohne jur", "Groß");
  finds (crm, "jürgen nobody", "");
  finds (crm, "ürge", "Groß");
  finds (crm, "j.gross@example.org", "Groß");
  finds (crm, "+4930123456", "Groß");
  finds (crm, "123-456", "Groß");
  finds (crm, "παπαδοπουλος", "Παπαδόπουλος");
  finds (crm, "ΠΑΠΑΔΌΠΟΥΛΟΣ", "Παπαδόπουλος");
  finds (crm, "ελένη", "Παπαδόπουλος");
  finds (crm, "ΕΛ", "Παπαδόπουλος");
  finds (crm, "注文", "注文");
  finds (crm, "注", "注文");
  finds (crm, "電力", "注文");
  finds (crm, "東京電力 花子", "注文");
  finds (crm, "文注", "");
  finds (crm, "чайковск", "Чайковский");
  finds (crm, "иван", "Чайковский");
  finds (crm, "annie77", "Webb");
  finds (crm, "v_8f3a", "Webb");
  finds (crm, "v_8", "Webb");
  finds (crm, "v_%", "");
  finds (crm, "100%", "Ålesund");
  finds (crm, "\"fisk\"", "Ålesund");
  finds (crm, "fisk\" OR \"ann", "");
  finds (crm, "*", "");
  finds (crm, "NOT", "");
  finds (crm, "ann\nwebb", "Webb");
  finds (crm, "  ", "Webb Чайковский Ålesund 注文 Παπαδόπουλος Groß");
  finds (crm, "full\xef\xbd\x97\xef\xbd\x85\xef\xbd\x82\xef\xbd\x82", "");
  finds (crm, "\xef\xbd\x97\xef\xbd\x85\xef\xbd\x82\xef\xbd\x82", "Webb");
}

static void
test_order (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *oldest;

  oldest = crm_saved (crm, CUSTOMER (.first_name = "Anna", .last_name = "Oldest"));
  add (crm, "Joanna", "Middle", NULL, NULL, NULL);
  add (crm, "Mary Anna", "Second", NULL, NULL, NULL);
  add (crm, "Anna", "Newest", NULL, NULL, NULL);
  /* Beginning of a field, beginning of a word, anywhere; the newest change first among equals. */
  finds (crm, "anna", "Newest Oldest Second Middle");
  crm_saved (crm, CUSTOMER (.id = oldest->id, .phone = "1"));
  finds (crm, "anna", "Oldest Newest Second Middle");
  finds (crm, "an", "Oldest Newest Second Middle");
  finds (crm, NULL, "Oldest Newest Second Middle");
}

static void
test_follows_changes (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c
      = crm_saved (crm, CUSTOMER (.first_name = "Anna", .last_name = "X", .company = "Before Ltd",
                                  .identities = IDENTITIES (IDENTITY (.network = "n", .id = "handle1"))));

  finds (crm, "before", "X");
  crm_saved (crm, CUSTOMER (.id = c->id, .company = "After Ltd",
                            .identities = IDENTITIES (IDENTITY (.network = "n", .id = "handle2"))));
  finds (crm, "before", "");
  finds (crm, "after", "X");
  finds (crm, "handle1", "X");
  finds (crm, "handle2", "X");
  fake_host_down (crm);
  fake_host_up (crm);
  finds (crm, "after", "X");
}

static guint
pages (FakeHost *crm, const char *text, int limit)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *cursor = NULL;

  do
    {
      const UsherResult *page = crm_search (crm, PAGE (limit, .text = text, .cursor = cursor));

      g_assert_cmpint (page->status, ==, USHER_OK);
      g_assert_cmpuint (crm_customers (page), <=, limit);
      if (page->next != NULL)
        g_assert_cmpuint (crm_customers (page), ==, limit);
      for (guint i = 0; i < crm_customers (page); i++)
        g_assert_true (g_hash_table_add (seen, g_strdup (page->customers[i]->id)));
      /* Customers that are added while somebody turns pages don't shift them. */
      add (crm, "Zoe", "Meanwhile", NULL, NULL, "anna-like");
      g_free (cursor);
      cursor = g_strdup (page->next);
    }
  while (cursor != NULL);
  return g_hash_table_size (seen);
}

static void
test_pages (void)
{
  g_autoptr (FakeHost) crm = crm_new ();

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *last = g_strdup_printf ("No%u", i);

      add (crm, i % 3 == 0 ? "Anna" : i % 3 == 1 ? "Mary Anna" : "Joanna", last, NULL, NULL, NULL);
    }
  g_assert_cmpuint (pages (crm, NULL, 7), ==, 30);
  g_assert_cmpuint (pages (crm, "oanna", 5), ==, 10);
  g_assert_cmpuint (pages (crm, "no", 30), ==, 30);
  g_assert_cmpuint (pages (crm, "no2", 1), ==, 11);
}

static void
test_refused (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *text = g_strnfill (501, 'x');
  static const char *const bad[] = { "x", "1", "1-", "-1-5", "1-5x", "1--5", "1-99999999999999999999999" };

  crm_refused (crm_search (crm, PAGE (0, .text = NULL)), USHER_INVALID, "1 to 200");
  crm_refused (crm_search (crm, PAGE (201, .text = NULL)), USHER_INVALID, "1 to 200");
  crm_refused (crm_search (crm, QUERY (.text = text)), USHER_INVALID, "at most 500");
  crm_refused (crm_search (crm, QUERY (.text = "\xff")), USHER_INVALID, "UTF-8");
  crm_refused (crm_search (crm, NULL), USHER_INVALID, "No query");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    crm_refused (crm_search (crm, QUERY (.cursor = bad[i])), USHER_INVALID, "first page");
}

/* One letter finds everybody; the limit bounds what is ranked, and the newest are kept. */
static void
test_search_limit (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");

  fake_host_set (crm, "search_limit", "200");
  fake_host_up (crm);
  for (guint i = 0; i < 250; i++)
    {
      g_autofree char *last = g_strdup_printf ("No%u", i);

      add (crm, "Anna", last, NULL, NULL, NULL);
    }
  for (guint i = 0; i < 2; i++)
    {
      const UsherResult *page = crm_search (crm, PAGE (200, .text = i == 0 ? "a" : "anna"));

      g_assert_cmpuint (crm_customers (page), ==, 200);
      g_assert_null (page->next);
      g_assert_cmpstr (page->customers[0]->last_name, ==, "No249");
      g_assert_cmpstr (page->customers[199]->last_name, ==, "No50");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/search/words", test_words);
  g_test_add_func ("/local/search/order", test_order);
  g_test_add_func ("/local/search/follows-changes", test_follows_changes);
  g_test_add_func ("/local/search/pages", test_pages);
  g_test_add_func ("/local/search/refused", test_refused);
  g_test_add_func ("/local/search/limit", test_search_limit);
  return g_test_run ();
}
