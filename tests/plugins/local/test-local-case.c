/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: reading, listing and saving cases, through the real module.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define LINE "{\"at\":1,\"author\":\"customer\",\"name\":\"Anna\",\"text\":\"hello\"}"

static const UsherCustomer *
somebody (FakeHost *crm, const char *last_name)
{
  return crm_saved (crm, CUSTOMER (.first_name = "Anna", .last_name = last_name));
}

static void
test_create (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *anna = somebody (crm, "S");
  const UsherCase *made = crm_saved_case (
      crm, CASE (.customer_id = anna->id, .interaction = "int_1", .subject = "Lost parcel", .state = "closed",
                 .transcript = "[" LINE "]", .queue = "Sales", .channel = "site", .agent = "Bea", .notes = "n\nn",
                 .fields = "{\"a\":1}", .started_at = 100, .ended_at = 200));
  const UsherCase *read = crm_get_case (crm, made->id)->cases[0];

  g_assert_true (g_str_has_prefix (read->id, "cas_"));
  g_assert_cmpstr (read->customer_id, ==, anna->id);
  g_assert_cmpstr (read->interaction, ==, "int_1");
  g_assert_cmpstr (read->subject, ==, "Lost parcel");
  g_assert_cmpstr (read->state, ==, "closed");
  g_assert_cmpstr (read->transcript, ==, "[" LINE "]");
  g_assert_cmpstr (made->transcript, ==, "[" LINE "]");
  g_assert_cmpstr (read->queue, ==, "Sales");
  g_assert_cmpstr (read->channel, ==, "site");
  g_assert_cmpstr (read->agent, ==, "Bea");
  g_assert_cmpstr (read->notes, ==, "n\nn");
  g_assert_cmpstr (read->fields, ==, "{\"a\":1}");
  g_assert_cmpint (read->version, ==, 1);
  g_assert_cmpint (read->started_at, ==, 100);
  g_assert_cmpint (read->ended_at, ==, 200);
  g_assert_cmpint (read->created_at, ==, fake_clock_now ());
  /* Without a customer, without anything. */
  read = crm_saved_case (crm, CASE (.state = "closed", .interaction = "int_2"));
  g_assert_null (read->customer_id);
  g_assert_null (read->transcript);
  g_assert_cmpstr (crm_saved_case (crm, CASE (.subject = "by hand"))->state, ==, "open");
}

static void
test_refused (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *big = g_strnfill (4 * 1024 * 1024, ' ');
  g_autofree char *too_big = g_strconcat ("[", big, "]", NULL);
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1"));

  crm_refused (crm_get_case (crm, "cas_x"), USHER_NOT_FOUND, "cas_x");
  crm_refused (crm_get_case (crm, NULL), USHER_INVALID, "No id");
  crm_refused (crm_save_case (crm, NULL), USHER_INVALID, "No case");
  crm_refused (crm_save_case (crm, CASE (.id = "cas_x")), USHER_NOT_FOUND, "cas_x");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .customer_id = "cus_x")), USHER_INVALID, "cus_x");
  crm_refused (crm_save_case (crm, CASE (.interaction = "int_2", .customer_id = "cus_x")), USHER_INVALID, "cus_x");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .state = "lost")), USHER_INVALID, "\"lost\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .state = "")), USHER_INVALID, "\"open\" or \"closed\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .interaction = "int_9")), USHER_INVALID, "int_9");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .interaction = "")), USHER_INVALID, "interaction");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .fields = "7")), USHER_INVALID, "one JSON object");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .transcript = "{}")), USHER_INVALID, "JSON array");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .transcript = "[1]")), USHER_INVALID, "JSON array");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .transcript = "[" LINE ",null]")), USHER_INVALID, "array");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .transcript = "[" LINE)), USHER_INVALID, "JSON array");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .transcript = too_big)), USHER_INVALID, "4096 KiB");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .started_at = -1)), USHER_INVALID, "times");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .subject = "\xff")), USHER_INVALID, "UTF-8");
  /* A refused creation leaves no case under its interaction. */
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = NULL))), ==, 1);
  c = crm_get_case (crm, c->id)->cases[0];
  g_assert_cmpint (c->version, ==, 1);
}

static void
test_large_transcript (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *words = g_strnfill (4 * 1024 * 1024 - 64, 'x');
  g_autofree char *transcript = g_strconcat ("[{\"text\":\"", words, "\"}]", NULL);
  const UsherCase *made = crm_saved_case (crm, CASE (.interaction = "int_1", .transcript = transcript));

  g_assert_cmpstr (crm_get_case (crm, made->id)->cases[0]->transcript, ==, transcript);
}

static void
test_one_case_per_interaction (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *anna = somebody (crm, "S");
  const UsherCase *first = crm_saved_case (crm, CASE (.interaction = "int_1", .subject = "a", .started_at = 5));
  const UsherCase *second
      = crm_saved_case (crm, CASE (.interaction = "int_1", .state = "closed", .customer_id = anna->id));
  const UsherCase *loose = crm_saved_case (crm, CASE (.subject = "loose"));
  const UsherResult *result;

  g_assert_cmpstr (second->id, ==, first->id);
  g_assert_cmpstr (second->subject, ==, "a");
  g_assert_cmpstr (second->state, ==, "closed");
  g_assert_cmpint (second->started_at, ==, 5);
  g_assert_cmpint (second->version, ==, 2);
  /* A repeated save changes nothing. */
  second = crm_saved_case (crm, CASE (.interaction = "int_1", .state = "closed", .customer_id = anna->id));
  g_assert_cmpint (second->version, ==, 2);
  result = crm_save_case (crm, CASE (.id = loose->id, .interaction = "int_1"));
  crm_refused (result, USHER_CONFLICT, "int_1");
  g_assert_cmpstr (result->cases[0]->id, ==, first->id);
  g_assert_cmpstr (crm_saved_case (crm, CASE (.id = loose->id, .interaction = "int_2"))->interaction, ==, "int_2");
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = NULL))), ==, 2);
}

static void
test_transcript_only_grows (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .transcript = "[" LINE "," LINE "]"));

  c = crm_saved_case (crm, CASE (.id = c->id, .transcript = "[" LINE "]", .subject = "kept"));
  g_assert_cmpstr (c->transcript, ==, "[" LINE "," LINE "]");
  g_assert_cmpstr (c->subject, ==, "kept");
  c = crm_saved_case (crm, CASE (.id = c->id, .transcript = "[]"));
  g_assert_cmpstr (c->transcript, ==, "[" LINE "," LINE "]");
  c = crm_saved_case (crm, CASE (.id = c->id, .transcript = ""));
  g_assert_cmpstr (c->transcript, ==, "[" LINE "," LINE "]");
  g_assert_cmpint (c->version, ==, 2);
  /* As many lines, but one was cut short. */
  c = crm_saved_case (crm, CASE (.id = c->id, .transcript = "[" LINE ",{}]"));
  g_assert_cmpstr (c->transcript, ==, "[" LINE "," LINE "]");
  c = crm_saved_case (crm, CASE (.interaction = "int_1", .transcript = "[{},{},{}]"));
  g_assert_cmpstr (c->transcript, ==, "[{},{},{}]");
  g_assert_cmpint (c->version, ==, 3);
}

static void
test_version (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .transcript = "[" LINE "]"));
  const UsherResult *result;

  fake_clock_advance (10);
  c = crm_saved_case (crm, CASE (.id = c->id, .version = 1, .subject = "a"));
  g_assert_cmpint (c->version, ==, 2);
  g_assert_cmpint (c->updated_at, ==, c->created_at + 10);
  result
      = crm_save_case (crm, CASE (.id = c->id, .version = 1, .subject = "b", .transcript = "[" LINE "," LINE "]"));
  crm_refused (result, USHER_CONFLICT, "Somebody else changed this case");
  g_assert_cmpstr (result->cases[0]->subject, ==, "a");
  /* Nothing of the refused save stays, the transcript neither. */
  g_assert_cmpstr (crm_get_case (crm, c->id)->cases[0]->transcript, ==, "[" LINE "]");
  crm_refused (crm_save_case (crm, CASE (.interaction = "int_1", .version = 1, .subject = "b")), USHER_CONFLICT,
               "changed");
}

static void
test_assign (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *a = somebody (crm, "A"), *b = somebody (crm, "B");
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .customer_id = a->id, .subject = "s"));

  g_assert_cmpstr (crm_saved_case (crm, CASE (.id = c->id, .subject = ""))->customer_id, ==, a->id);
  g_assert_cmpstr (crm_saved_case (crm, CASE (.id = c->id, .customer_id = b->id))->customer_id, ==, b->id);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = a->id))), ==, 0);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = b->id))), ==, 1);
  c = crm_saved_case (crm, CASE (.id = c->id, .customer_id = ""));
  g_assert_null (c->customer_id);
  g_assert_null (c->subject);
}

static void
test_list (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *anna = somebody (crm, "S");
  g_autofree char *cursor = NULL;
  const UsherResult *page;
  guint seen = 0;

  for (guint i = 1; i <= 25; i++)
    {
      g_autofree char *interaction = g_strdup_printf ("int_%02u", i);

      crm_saved_case (crm, CASE (.interaction = interaction, .customer_id = i % 5 == 0 ? anna->id : NULL,
                                 .state = i % 2 == 0 ? "closed" : "open", .transcript = "[" LINE "]",
                                 .subject = i == 7 ? "Rückgabe 注文" : "other"));
    }
  do
    {
      page = crm_list (crm, PAGE (10, .cursor = cursor));
      for (guint i = 0; i < crm_cases (page); i++)
        {
          g_autofree char *interaction = g_strdup_printf ("int_%02u", 25 - seen++);

          g_assert_cmpstr (page->cases[i]->interaction, ==, interaction);
          g_assert_null (page->cases[i]->transcript);
        }
      /* What is added meanwhile is before the first page and shifts nothing. */
      crm_saved_case (crm, CASE (.subject = "meanwhile"));
      g_free (cursor);
      cursor = g_strdup (page->next);
    }
  while (cursor != NULL);
  g_assert_cmpuint (seen, ==, 25);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = anna->id))), ==, 5);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = anna->id, .state = "closed"))), ==, 2);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = anna->id, .text = "OTHER"))), ==, 5);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.state = "closed"))), ==, 12);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = "cus_nobody"))), ==, 0);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "rückgabe"))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "注文"))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "ruck 注文", .state = "closed"))), ==, 0);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "int_13"))), ==, 1);
  crm_refused (crm_list (crm, QUERY (.state = "lost")), USHER_INVALID, "\"lost\"");
  crm_refused (crm_list (crm, PAGE (0, .text = NULL)), USHER_INVALID, "1 to 200");
  crm_refused (crm_list (crm, PAGE (201, .text = NULL)), USHER_INVALID, "1 to 200");
  crm_refused (crm_list (crm, QUERY (.cursor = "7")), USHER_INVALID, "first page");
  crm_refused (crm_list (crm, NULL), USHER_INVALID, "No query");
}

/* ---- severity, codes, comments, history ---------------------------------------------------------------- */

static void
test_words (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  const UsherCase *c;

  fake_host_set (crm, "categories", "billing, late delivery");
  fake_host_up (crm);
  c = crm_saved_case (crm, CASE (.subject = "s"));
  g_assert_null (c->severity);
  g_assert_null (c->priority);
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .severity = "awful")), USHER_INVALID,
               "The severity of a case can't be \"awful\". The severities of this CRM are low, normal, high or "
               "critical");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .severity = "Low")), USHER_INVALID, "\"Low\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .priority = "critical")), USHER_INVALID, "priorities");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .category = "x")), USHER_INVALID,
               "billing or late delivery");
  c = crm_saved_case (
      crm, CASE (.id = c->id, .severity = "critical", .priority = "urgent", .category = "late delivery"));
  g_assert_cmpstr (c->severity, ==, "critical");
  g_assert_cmpstr (c->priority, ==, "urgent");
  g_assert_cmpstr (c->category, ==, "late delivery");
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "delivery"))), ==, 1);
  g_assert_null (crm_saved_case (crm, CASE (.id = c->id, .priority = ""))->priority);
  /* Words that have left the settings stay where they are. */
  fake_host_down (crm);
  fake_host_set (crm, "categories", NULL);
  fake_host_set (crm, "severities", "a, b");
  fake_host_up (crm);
  c = crm_saved_case (crm, CASE (.id = c->id, .category = "late delivery", .severity = "critical", .notes = "n"));
  g_assert_cmpstr (c->category, ==, "late delivery");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .category = "billing")), USHER_INVALID, "are none");
  crm_refused (crm_save_case (crm, CASE (.subject = "t", .severity = "low")), USHER_INVALID, "a or b");
}

static void
test_number (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .number = "C-7"));

  g_assert_cmpstr (c->number, ==, "C-1001");
  g_assert_cmpstr (crm_saved_case (crm, CASE (.interaction = "int_2"))->number, ==, "C-1002");
  g_assert_cmpstr (crm_get_case (crm, "C-1001")->cases[0]->id, ==, c->id);
  g_assert_cmpstr (crm_get_case (crm, "c-1001")->cases[0]->id, ==, c->id);
  g_assert_cmpstr (crm_saved_case (crm, CASE (.id = "C-1001", .subject = "s"))->id, ==, c->id);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "C-1002"))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "c-100"))), ==, 2);
  crm_refused (crm_get_case (crm, "C-1003"), USHER_NOT_FOUND, "C-1003");
  fake_host_down (crm);
  fake_host_up (crm);
  g_assert_cmpstr (crm_saved_case (crm, CASE (.interaction = "int_3"))->number, ==, "C-1003");
}

static void
test_codes (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autoptr (GString) many = g_string_new ("[{\"code\":\"x\"}");
  const UsherCase *c
      = crm_saved_case (crm, CASE (.interaction = "int_1",
                                   .codes = " [ {\"name\":\"Bill\\\"ing\", \"code\":\"B1\",\"list\":\"Reason\"},"
                                            "{\"code\":\"C2\"} ]"));

  for (guint i = 0; i < 100; i++)
    g_string_append (many, ",{\"code\":\"x\"}");
  g_string_append_c (many, ']');
  g_assert_cmpstr (c->codes, ==,
                   "[{\"list\":\"Reason\",\"code\":\"B1\",\"name\":\"Bill\\\"ing\"},{\"code\":\"C2\"}]");
  g_assert_cmpstr (crm_saved_case (crm, CASE (.id = c->id, .subject = "s"))->codes, ==, c->codes);
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = "{}")), USHER_INVALID, "JSON array of objects");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = "[1]")), USHER_INVALID, "\"code\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = "[{\"name\":\"x\"}]")), USHER_INVALID, "\"code\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = "[{\"code\":1}]")), USHER_INVALID, "\"code\"");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = "[{")), USHER_INVALID, "not a JSON array");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .codes = many->str)), USHER_INVALID, "at most 100");
  g_assert_null (crm_saved_case (crm, CASE (.id = c->id, .codes = "[]"))->codes);
  crm_saved_case (crm, CASE (.id = c->id, .codes = "[{\"code\":\"C2\"}]"));
  g_assert_null (crm_saved_case (crm, CASE (.id = c->id, .codes = ""))->codes);
}

static void
test_comments (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .comment = "first", .author = "Bea"));
  g_autofree char *big = g_strnfill (16 * 1024 + 1, 'x');
  g_autofree char *expected = NULL;
  gint64 at = fake_clock_now ();

  g_assert_cmpint (c->version, ==, 1);
  fake_clock_advance (5);
  c = crm_saved_case (crm, CASE (.id = c->id, .version = 1, .comment = " two\nlines \n", .author = "Carl"));
  g_assert_cmpint (c->version, ==, 2);
  /* The answer was lost and the save comes again. */
  fake_clock_advance (500000);
  c = crm_saved_case (crm, CASE (.id = c->id, .version = 1, .comment = "two\nlines", .author = "Carl"));
  g_assert_cmpint (c->version, ==, 2);
  /* An old version and another comment is a conflict: nobody saw what he comments on. */
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .version = 1, .comment = "x", .author = "Carl")),
               USHER_CONFLICT, "changed");
  /* Without a version, the same words within a minute are the same comment. */
  c = crm_saved_case (crm, CASE (.id = c->id, .comment = "called", .author = "Bea"));
  c = crm_saved_case (crm, CASE (.id = c->id, .comment = "called", .author = "Bea"));
  g_assert_cmpint (c->version, ==, 3);
  c = crm_saved_case (crm, CASE (.id = c->id, .comment = "called", .author = NULL));
  fake_clock_advance (60001);
  c = crm_saved_case (crm, CASE (.id = c->id, .comment = "called", .author = NULL));
  g_assert_cmpint (c->version, ==, 5);
  c = crm_saved_case (crm, CASE (.id = c->id, .comment = " \n", .author = "Bea"));
  g_assert_cmpint (c->version, ==, 5);
  expected = g_strdup_printf (
      "[{\"at\":%" G_GINT64_FORMAT ",\"author\":\"Bea\",\"text\":\"first\"},{\"at\":%" G_GINT64_FORMAT
      ",\"author\":\"Carl\",\"text\":\"two\\nlines\"},{\"at\":%" G_GINT64_FORMAT
      ",\"author\":\"Bea\",\"text\":\"called\"},{\"at\":%" G_GINT64_FORMAT
      ",\"author\":null,\"text\":\"called\"},{\"at\":%" G_GINT64_FORMAT ",\"author\":null,\"text\":\"called\"}]",
      at, at + 5, at + 500005, at + 500005, at + 560006);
  g_assert_cmpstr (crm_get_case (crm, c->id)->cases[0]->comments, ==, expected);
  g_assert_cmpstr (c->history, ==, "[]");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .comment = big)), USHER_INVALID, "comment is 16385 bytes");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .comment = "\xff")), USHER_INVALID, "UTF-8");
}

static void
test_many_comments (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autofree char *filler = g_strnfill (16 * 1024 - 8, 'x');
  const UsherCase *c;
  const char *comments;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *text = g_strdup_printf ("%04u%s", i, filler);

      crm_saved_case (crm, CASE (.interaction = "int_1", .comment = text));
      fake_host_drop_replies (crm);
    }
  c = crm_list (crm, QUERY (.text = NULL))->cases[0];
  comments = crm_get_case (crm, c->id)->cases[0]->comments;
  g_assert_cmpuint (strlen (comments), <, 2200000);
  g_assert_cmpuint (strlen (comments), >, 1800000);
  g_assert_nonnull (strstr (comments, "\"0199x"));
  g_assert_null (strstr (comments, "\"0001x"));
}

static void
test_history (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  const UsherCustomer *anna, *bert;
  g_autofree char *notes = g_strnfill (3000, 'n');
  g_autofree char *cut = g_strnfill (1000, 'n');
  g_autofree char *expected = NULL, *at = NULL;
  const UsherCase *c;

  fake_host_set (crm, "categories", "billing");
  fake_host_up (crm);
  anna = somebody (crm, "Schmidt");
  bert = crm_saved (crm, CUSTOMER (.draft = true, .name = "bert"));
  c = crm_saved_case (crm, CASE (.interaction = "int_1", .customer_id = anna->id, .subject = "a", .author = "Bea",
                                 .codes = "[{\"code\":\"B1\",\"name\":\"Billing\"},{\"code\":\"C2\"}]",
                                 .fields = "{\"x\":1,\"y\":true,\"same\":\"s\"}"));
  g_assert_cmpstr (c->history, ==, "[]");
  /* What is no member of the matter itself leaves no line. */
  c = crm_saved_case (crm, CASE (.interaction = "int_1", .queue = "q", .ended_at = 7, .transcript = "[{}]"));
  g_assert_cmpstr (c->history, ==, "[]");
  fake_clock_advance (5);
  c = crm_saved_case (crm, CASE (.id = c->id, .customer_id = bert->id, .subject = "", .state = "closed",
                                 .severity = "high", .priority = "low", .category = "billing", .notes = notes,
                                 .codes = "", .fields = "{\"same\":\"s\",\"x\":\"1\",\"z\":{\"a\":[2]}}",
                                 .author = "Carl"));
  at = g_strdup_printf ("{\"at\":%" G_GINT64_FORMAT ",\"author\":\"Carl\",\"field\":", fake_clock_now ());
  expected = g_strdup_printf ("[%s\"customer\",\"from\":\"Anna Schmidt (100001)\",\"to\":\"bert (100002)\"},"
                              "%s\"codes\",\"from\":\"Billing, C2\",\"to\":null},"
                              "%s\"subject\",\"from\":\"a\",\"to\":null},"
                              "%s\"severity\",\"from\":null,\"to\":\"high\"},"
                              "%s\"priority\",\"from\":null,\"to\":\"low\"},"
                              "%s\"category\",\"from\":null,\"to\":\"billing\"},"
                              "%s\"notes\",\"from\":null,\"to\":\"%s…\"},"
                              "%s\"fields.x\",\"from\":\"1\",\"to\":\"1\"},"
                              "%s\"fields.y\",\"from\":\"true\",\"to\":null},"
                              "%s\"fields.z\",\"from\":null,\"to\":\"{\\\"a\\\":[2]}\"},"
                              "%s\"state\",\"from\":\"open\",\"to\":\"closed\"}]",
                              at, at, at, at, at, at, at, cut, at, at, at, at);
  g_assert_cmpstr (c->history, ==, expected);
  g_assert_cmpstr (crm_get_case (crm, c->id)->cases[0]->history, ==, expected);
  /* A save that changes nothing and one that is refused leave nothing. */
  crm_saved_case (crm, CASE (.id = c->id, .state = "closed", .author = "X"));
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .version = 1, .subject = "z")), USHER_CONFLICT, "changed");
  fake_host_down (crm);
  fake_host_up (crm);
  g_assert_cmpstr (crm_get_case (crm, c->id)->cases[0]->history, ==, expected);
  /* By nobody: the system. */
  c = crm_saved_case (crm, CASE (.interaction = "int_1", .state = "open"));
  g_assert_nonnull (
      strstr (c->history, "\"author\":null,\"field\":\"state\",\"from\":\"closed\",\"to\":\"open\"}]"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/case/create", test_create);
  g_test_add_func ("/local/case/refused", test_refused);
  g_test_add_func ("/local/case/large-transcript", test_large_transcript);
  g_test_add_func ("/local/case/one-per-interaction", test_one_case_per_interaction);
  g_test_add_func ("/local/case/transcript-only-grows", test_transcript_only_grows);
  g_test_add_func ("/local/case/version", test_version);
  g_test_add_func ("/local/case/assign", test_assign);
  g_test_add_func ("/local/case/list", test_list);
  g_test_add_func ("/local/case/words", test_words);
  g_test_add_func ("/local/case/number", test_number);
  g_test_add_func ("/local/case/codes", test_codes);
  g_test_add_func ("/local/case/comments", test_comments);
  g_test_add_func ("/local/case/many-comments", test_many_comments);
  g_test_add_func ("/local/case/history", test_history);
  return g_test_run ();
}
