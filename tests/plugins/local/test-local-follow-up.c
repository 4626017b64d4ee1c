/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: interactions that continue an earlier case, in every order of saving, closing, reopening, merging and
 * restarting. One interaction never makes two cases and never two follow-ups.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define DAY (24 * 3600 * 1000)
#define LINE "{\"text\":\"x\"}"

typedef struct
{
  FakeHost *crm;
  char *anna, *bert; /* ids of customers */
  char *c;           /* id of Anna's case C-1001, made by int_0 */
} Site;

static Site *
site_new (const char *rule, const char *state)
{
  Site *site = g_new0 (Site, 1);

  site->crm = fake_host_new ("crm", "local");
  if (rule != NULL)
    fake_host_set (site->crm, "case_reopen", rule);
  fake_host_up (site->crm);
  site->anna = g_strdup (crm_saved (site->crm, CUSTOMER (.first_name = "Anna", .last_name = "A"))->id);
  site->bert = g_strdup (crm_saved (site->crm, CUSTOMER (.first_name = "Bert", .last_name = "B"))->id);
  site->c = g_strdup (
      crm_saved_case (site->crm, CASE (.interaction = "int_0", .customer_id = site->anna, .subject = "Lost parcel",
                                       .state = state, .transcript = "[" LINE "]"))
          ->id);
  fake_clock_advance (1000);
  return site;
}

static void
site_free (Site *site)
{
  fake_host_free (site->crm);
  g_free (site->anna);
  g_free (site->bert);
  g_free (site->c);
  g_free (site);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Site, site_free)

static guint
occurrences (const char *text, const char *part)
{
  guint n = 0;

  for (; (text = strstr (text, part)) != NULL; text += strlen (part))
    n++;
  return n;
}

/* How many cases and follow-ups there are in all, and that each interaction has one place only. */
static void
expect (Site *site, guint cases, guint follow_ups)
{
  const UsherResult *list = crm_list (site->crm, PAGE (200, .text = NULL));
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint found = 0;

  g_assert_cmpuint (crm_cases (list), ==, cases);
  for (guint i = 0; i < cases; i++)
    {
      const UsherCase *record = crm_get_case (site->crm, list->cases[i]->id)->cases[0];
      g_auto (GStrv) parts = g_strsplit (record->follow_ups, "\"interaction\":\"", -1);

      g_assert_true (record->interaction == NULL || g_hash_table_add (places, g_strdup (record->interaction)));
      for (guint p = 1; p < g_strv_length (parts); p++, found++)
        g_assert_true (g_hash_table_add (places, g_strndup (parts[p], strcspn (parts[p], "\""))));
    }
  g_assert_cmpuint (found, ==, follow_ups);
}

static const UsherCase *
continue_case (Site *site, const char *interaction, const char *state, const char *transcript)
{
  return crm_saved_case (site->crm, CASE (.interaction = interaction, .follow_up_of = site->c,
                                          .customer_id = site->anna, .subject = "Chat with Anna",
                                          .notes = "not for the case", .state = state, .transcript = transcript,
                                          .queue = "Sales", .channel = "site", .agent = "Bea", .started_at = 5));
}

static void
test_open_case (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherCase *took = continue_case (site, "int_1", NULL, "[" LINE "," LINE "]");
  g_autofree char *follow_ups = g_strdup_printf (
      "[{\"interaction\":\"int_1\",\"at\":%" G_GINT64_FORMAT
      ",\"agent\":\"Bea\",\"channel\":\"site\",\"queue\":\"Sales\",\"transcript\":[" LINE "," LINE "]}]",
      fake_clock_now ());

  g_assert_cmpstr (took->id, ==, site->c);
  g_assert_cmpstr (took->number, ==, "C-1001");
  g_assert_cmpstr (took->state, ==, "open");
  g_assert_cmpstr (took->interaction, ==, "int_0");
  g_assert_cmpstr (took->subject, ==, "Lost parcel");
  g_assert_null (took->notes);
  g_assert_null (took->queue);
  g_assert_cmpstr (took->transcript, ==, "[" LINE "]");
  g_assert_cmpstr (took->follow_ups, ==, follow_ups);
  g_assert_cmpint (took->version, ==, 2);
  expect (site, 1, 1);
  g_assert_cmpuint (crm_cases (crm_list (site->crm, QUERY (.customer_id = site->anna))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (site->crm, QUERY (.text = "int_1"))), ==, 1);
}

/* state of C before, state of the record, state of C afterwards */
static void
test_states (void)
{
  static const struct
  {
    const char *before, *asked, *after;
  } rows[] = { { "open", NULL, "open" },   { "open", "open", "open" },   { "open", "closed", "closed" },
               { "closed", NULL, "open" }, { "closed", "open", "open" }, { "closed", "closed", "closed" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Site) site = site_new ("always", rows[i].before);
      const UsherCase *took = continue_case (site, "int_1", rows[i].asked, "[]");

      g_assert_cmpstr (took->id, ==, site->c);
      g_assert_cmpstr (took->state, ==, rows[i].after);
      g_assert_cmpuint (occurrences (took->history, "\"from\":\"closed\",\"to\":\"open\""), ==,
                        strcmp (rows[i].before, "closed") == 0);
      g_assert_cmpuint (occurrences (took->history, "\"from\":\"open\",\"to\":\"closed\""), ==,
                        strcmp (rows[i].after, "closed") == 0);
      g_assert_cmpuint (occurrences (took->history, "\"field\":\"follow_up\",\"from\":null,\"to\":\"int_1\""), ==,
                        1);
      expect (site, 1, 1);
    }
}

static void
test_history_says_why (void)
{
  g_autoptr (Site) site = site_new ("3d", "closed");
  const UsherCase *took
      = crm_saved_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c, .author = "Bea"));
  g_autofree char *at = g_strdup_printf ("\"at\":%" G_GINT64_FORMAT, fake_clock_now ());
  g_autofree char *history
      = g_strdup_printf ("[{%s,\"author\":\"Bea\",\"field\":\"state\",\"from\":\"closed\",\"to\":\"open\","
                         "\"why\":\"follow-up int_1; rule for reopening: 3d\"},"
                         "{%s,\"author\":\"Bea\",\"field\":\"follow_up\",\"from\":null,\"to\":\"int_1\"}]",
                         at, at);

  g_assert_cmpstr (took->history, ==, history);
}

static void
test_rules (void)
{
  static const struct
  {
    const char *rule;
    gint64 later;
    gboolean reopens;
  } rows[] = { { NULL, 0, TRUE },
               { NULL, 10 * (gint64)DAY - 1000, TRUE },
               { NULL, 10 * (gint64)DAY - 999, FALSE },
               { "never", 0, FALSE },
               { "always", 4000 * (gint64)DAY, TRUE },
               { "12h", DAY / 2 - 1000, TRUE },
               { "12h", DAY / 2, FALSE },
               { "90m", 89 * 60000, TRUE },
               { "90m", 91 * 60000, FALSE },
               { "5s", 4000, TRUE },
               { "5s", 4001, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Site) site = site_new (rows[i].rule, "closed");
      const UsherCase *took;

      fake_clock_advance (rows[i].later);
      took = continue_case (site, "int_1", "closed", "[" LINE "]");
      g_assert_cmpint (strcmp (took->id, site->c) == 0, ==, rows[i].reopens);
      if (rows[i].reopens)
        {
          expect (site, 1, 1);
          continue;
        }
      g_assert_cmpstr (took->follow_up_of, ==, site->c);
      g_assert_cmpstr (took->interaction, ==, "int_1");
      g_assert_cmpstr (took->customer_id, ==, site->anna);
      g_assert_cmpstr (took->subject, ==, "Chat with Anna");
      g_assert_cmpstr (took->transcript, ==, "[" LINE "]");
      g_assert_cmpstr (took->number, ==, "C-1002");
      g_assert_cmpstr (crm_get_case (site->crm, site->c)->cases[0]->state, ==, "closed");
      expect (site, 2, 0);
    }
}

/* The time that counts is that of the last closing, and editing a closed case is none. */
static void
test_rule_counts_from_closing (void)
{
  g_autoptr (Site) site = site_new ("10d", "open");

  fake_clock_advance (20 * (gint64)DAY);
  crm_saved_case (site->crm, CASE (.id = site->c, .state = "closed"));
  fake_clock_advance (9 * (gint64)DAY);
  g_assert_cmpstr (continue_case (site, "int_1", "closed", NULL)->id, ==, site->c);
  fake_clock_advance (9 * (gint64)DAY);
  crm_saved_case (site->crm, CASE (.id = site->c, .subject = "edited"));
  g_assert_cmpstr (continue_case (site, "int_2", "closed", NULL)->id, ==, site->c);
  fake_clock_advance (9 * (gint64)DAY);
  crm_saved_case (site->crm, CASE (.id = site->c, .subject = "edited again"));
  fake_clock_advance (2 * (gint64)DAY);
  g_assert_cmpstr (continue_case (site, "int_3", "closed", NULL)->id, !=, site->c);
  expect (site, 2, 2);
}

static void
test_again_and_again (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherCase *took = continue_case (site, "int_1", "closed", "[" LINE "]");
  gint64 version = took->version;

  /* The same save: nothing. */
  took = continue_case (site, "int_1", "closed", "[" LINE "]");
  g_assert_cmpint (took->version, ==, version);
  /* Without the earlier case: its place is known. */
  took = crm_saved_case (site->crm, CASE (.interaction = "int_1", .transcript = "[" LINE "," LINE "]"));
  g_assert_cmpstr (took->id, ==, site->c);
  g_assert_cmpint (took->version, ==, version + 1);
  g_assert_cmpuint (occurrences (took->follow_ups, LINE), ==, 2);
  /* Shorter: stays. As many lines, but cut: stays. */
  took = continue_case (site, "int_1", "closed", "[]");
  took = continue_case (site, "int_1", "closed", "[" LINE ",{}]");
  g_assert_cmpuint (occurrences (took->follow_ups, LINE), ==, 2);
  g_assert_cmpint (took->version, ==, version + 1);
  /* By the case's id, too. */
  took = crm_saved_case (site->crm, CASE (.id = site->c, .interaction = "int_1", .agent = "Carl"));
  g_assert_nonnull (strstr (took->follow_ups, "\"agent\":\"Carl\""));
  g_assert_null (took->agent);
  /* Another earlier case is too late. */
  crm_saved_case (site->crm, CASE (.interaction = "int_8", .customer_id = site->anna));
  took = crm_saved_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = "C-1002"));
  g_assert_cmpstr (took->id, ==, site->c);
  expect (site, 2, 1);
  fake_host_down (site->crm);
  fake_host_up (site->crm);
  took = continue_case (site, "int_1", "closed", "[" LINE "]");
  g_assert_cmpuint (occurrences (took->follow_ups, LINE), ==, 2);
  expect (site, 2, 1);
}

static void
test_first_without_then_with (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherCase *own = crm_saved_case (site->crm, CASE (.interaction = "int_1", .subject = "own"));
  g_autofree char *id = g_strdup (own->id);

  g_assert_null (own->customer_id);
  own = crm_saved_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c));
  g_assert_cmpstr (own->id, ==, id);
  g_assert_cmpstr (own->follow_up_of, ==, site->c);
  g_assert_cmpstr (own->customer_id, ==, site->anna);
  own = crm_saved_case (site->crm, CASE (.interaction = "int_1"));
  g_assert_cmpstr (own->follow_up_of, ==, site->c);
  expect (site, 2, 0);
  /* One of another customer keeps its place and its customer, and names nothing. */
  own = crm_saved_case (site->crm, CASE (.interaction = "int_2", .customer_id = site->bert));
  own = crm_saved_case (site->crm, CASE (.interaction = "int_2", .follow_up_of = site->c));
  g_assert_null (own->follow_up_of);
  g_assert_cmpstr (own->customer_id, ==, site->bert);
  /* A case is no follow-up of itself. */
  own = crm_saved_case (site->crm, CASE (.interaction = "int_0", .follow_up_of = site->c));
  g_assert_null (own->follow_up_of);
  expect (site, 3, 0);
}

/* A new case instead of a follow-up stays one, even when the rule would decide otherwise by now. */
static void
test_own_case_stays (void)
{
  g_autoptr (Site) site = site_new ("never", "closed");
  g_autofree char *id = g_strdup (continue_case (site, "int_1", "closed", "[]")->id);

  fake_host_down (site->crm);
  fake_host_set (site->crm, "case_reopen", "always");
  fake_host_up (site->crm);
  crm_saved_case (site->crm, CASE (.id = site->c, .state = "open"));
  g_assert_cmpstr (continue_case (site, "int_1", "closed", "[" LINE "]")->id, ==, id);
  expect (site, 2, 0);
  g_assert_cmpstr (continue_case (site, "int_2", "closed", "[" LINE "]")->id, ==, site->c);
  expect (site, 2, 1);
}

/* What a person did to the case meanwhile is not undone by a save that comes again. */
static void
test_repeated_wish_is_not_carried_out_twice (void)
{
  g_autoptr (Site) site = site_new ("always", "closed");
  const UsherCase *took;

  g_assert_cmpstr (continue_case (site, "int_1", "open", "[]")->state, ==, "open");
  crm_saved_case (site->crm, CASE (.id = site->c, .state = "closed"));
  took = continue_case (site, "int_1", "open", "[" LINE "]");
  g_assert_cmpstr (took->state, ==, "closed");
  g_assert_cmpuint (occurrences (took->follow_ups, LINE), ==, 1);
  /* Another wish is: Save to CRM during the chat. */
  crm_saved_case (site->crm, CASE (.id = site->c, .state = "open"));
  g_assert_cmpstr (continue_case (site, "int_1", "closed", "[" LINE "]")->state, ==, "closed");
  crm_saved_case (site->crm, CASE (.id = site->c, .state = "open"));
  g_assert_cmpstr (continue_case (site, "int_1", "closed", "[" LINE "]")->state, ==, "open");
  expect (site, 1, 1);
}

static void
test_customers (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherCase *took;

  crm_refused (
      crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c, .customer_id = site->bert)),
      USHER_INVALID, "Case C-1001 belongs to another customer, Anna A (account 100001)");
  crm_refused (
      crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c, .customer_id = "cus_x")),
      USHER_INVALID, "cus_x");
  expect (site, 1, 0);
  crm_saved_case (site->crm, CASE (.subject = "nobody's"));
  crm_refused (crm_save_case (site->crm,
                              CASE (.interaction = "int_1", .follow_up_of = "C-1002", .customer_id = site->bert)),
               USHER_INVALID, "Case C-1002 belongs to no customer yet");
  took = crm_saved_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = "c-1002"));
  g_assert_cmpstr (took->number, ==, "C-1002");
  g_assert_null (took->customer_id);
  /* Nobody's conversation is the case's. */
  took = crm_saved_case (site->crm, CASE (.interaction = "int_2", .follow_up_of = site->c));
  g_assert_cmpstr (took->customer_id, ==, site->anna);
  /* A save after the case was given to somebody else only completes the transcript. */
  crm_saved_case (site->crm, CASE (.id = site->c, .customer_id = site->bert));
  took = continue_case (site, "int_2", NULL, "[" LINE "]");
  g_assert_cmpstr (took->customer_id, ==, site->bert);
  g_assert_cmpuint (occurrences (took->follow_ups, LINE), ==, 1);
  expect (site, 2, 2);
}

static void
test_merged_customers (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  g_autofree char *merge = crm_merged (site->crm, site->bert, site->anna);
  const UsherCase *took = continue_case (site, "int_1", NULL, "[]");

  /* Anna's record is Bert's now, whichever id the engine still holds. */
  g_assert_cmpstr (took->id, ==, site->c);
  g_assert_cmpstr (took->customer_id, ==, site->bert);
  took = crm_saved_case (site->crm,
                         CASE (.interaction = "int_2", .follow_up_of = site->c, .customer_id = site->bert));
  g_assert_cmpstr (took->id, ==, site->c);
  crm_undone (site->crm, merge);
  took = continue_case (site, "int_1", NULL, "[" LINE "]");
  g_assert_cmpstr (took->customer_id, ==, site->anna);
  expect (site, 1, 2);
}

static void
test_refused (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  g_autofree char *id = g_strnfill (129, 'x');
  static const char *const unknown[] = { "cas_x", "C-9", "C-", "C-1001x", "C-99999999999999999999999", "1001" };

  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    crm_refused (crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = unknown[i])),
                 USHER_NOT_FOUND, "to continue");
  crm_refused (crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = id)), USHER_INVALID,
               "at most 128");
  crm_refused (crm_save_case (site->crm, CASE (.follow_up_of = site->c)), USHER_INVALID, "Only a new interaction");
  crm_refused (crm_save_case (site->crm, CASE (.id = site->c, .interaction = "int_1", .follow_up_of = site->c)),
               USHER_INVALID, "Only a new interaction");
  crm_refused (
      crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c, .transcript = "{}")),
      USHER_INVALID, "JSON array");
  crm_refused (
      crm_save_case (site->crm, CASE (.interaction = "int_1", .follow_up_of = site->c, .severity = "awful")),
      USHER_INVALID, "severity");
  expect (site, 1, 0);
  g_assert_cmpint (crm_get_case (site->crm, site->c)->cases[0]->version, ==, 1);
  /* An interaction that is a follow-up belongs to no other case. */
  continue_case (site, "int_1", NULL, "[]");
  crm_saved_case (site->crm, CASE (.subject = "by hand"));
  crm_refused (crm_save_case (site->crm, CASE (.id = "C-1002", .interaction = "int_1")), USHER_CONFLICT, "int_1");
  crm_refused (crm_save_case (site->crm, CASE (.interaction = "int_1", .version = 1, .agent = "New")),
               USHER_CONFLICT, "Somebody else changed this case");
  g_assert_null (strstr (crm_get_case (site->crm, site->c)->cases[0]->follow_ups, "New"));
  expect (site, 2, 1);
}

static void
test_members (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherCase *took;

  crm_saved_case (site->crm, CASE (.id = site->c, .codes = "[{\"list\":\"L\",\"code\":\"1\",\"name\":\"One\"}]",
                                   .severity = "low", .notes = "kept"));
  took = crm_saved_case (site->crm,
                         CASE (.interaction = "int_1", .follow_up_of = site->c, .severity = "high",
                               .comment = "called back", .author = "Bea",
                               .codes = "[{\"code\":\"1\",\"list\":\"L\"},{\"list\":\"M\",\"code\":\"1\"}]"));
  g_assert_cmpstr (took->severity, ==, "high");
  g_assert_cmpstr (took->notes, ==, "kept");
  g_assert_cmpstr (took->codes, ==,
                   "[{\"list\":\"L\",\"code\":\"1\",\"name\":\"One\"},{\"list\":\"M\",\"code\":\"1\"}]");
  g_assert_cmpuint (occurrences (took->comments, "called back"), ==, 1);
  took = crm_saved_case (site->crm,
                         CASE (.interaction = "int_1", .follow_up_of = site->c, .severity = "high",
                               .comment = "called back", .author = "Bea",
                               .codes = "[{\"code\":\"1\",\"list\":\"L\"},{\"list\":\"M\",\"code\":\"1\"}]"));
  g_assert_cmpuint (occurrences (took->comments, "called back"), ==, 1);
  g_assert_cmpuint (occurrences (took->codes, "\"code\""), ==, 2);
  g_assert_cmpint (took->version, ==, 3);
}

static void
codes_are (Site *site, const char *interaction, const char *brings, const char *expected)
{
  g_auto (GStrv) words = g_strsplit (brings, " ", -1);
  g_autoptr (GString) json = g_string_new ("[");
  g_autoptr (GString) got = g_string_new (NULL);
  g_auto (GStrv) parts = NULL;
  const UsherCase *took;

  for (char **word = words; *word != NULL; word++)
    g_string_append_printf (json, "%s{\"list\":\"L\",\"code\":\"%s\"}", word > words ? "," : "", *word);
  g_string_append_c (json, ']');
  took
      = crm_saved_case (site->crm, CASE (.interaction = interaction, .follow_up_of = site->c, .codes = json->str));
  parts = g_strsplit (took->codes != NULL ? took->codes : "", "\"code\":\"", -1);
  for (guint i = 1; i < g_strv_length (parts); i++)
    g_string_append_printf (got, "%s%c", i > 1 ? " " : "", parts[i][0]);
  g_assert_cmpstr (got->str, ==, expected);
}

/* A corrected code is corrected in the case, without taking away what the case has from elsewhere. */
static void
test_codes (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  gint64 version;

  codes_are (site, "int_1", "A B", "A B");
  codes_are (site, "int_2", "B C", "A B C");
  codes_are (site, "int_0", "A B C D", "A B C D");
  version = crm_get_case (site->crm, site->c)->cases[0]->version;
  codes_are (site, "int_1", "A B", "A B C D");
  g_assert_cmpint (crm_get_case (site->crm, site->c)->cases[0]->version, ==, version);
  codes_are (site, "int_1", "B E", "B C D E");
  codes_are (site, "int_2", "", "B D E");
  codes_are (site, "int_2", "F", "B D E F");
  codes_are (site, "int_1", "", "D F");
  codes_are (site, "int_2", "", "D");
}

/* Newest activity first, one row per case. */
static void
test_list_of_customer (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  const UsherResult *list;

  crm_saved_case (site->crm, CASE (.interaction = "int_1", .customer_id = site->anna));
  crm_saved_case (site->crm, CASE (.interaction = "int_2", .customer_id = site->anna));
  continue_case (site, "int_3", NULL, "[]");
  list = crm_list (site->crm, PAGE (2, .customer_id = site->anna));
  g_assert_cmpstr (list->cases[0]->number, ==, "C-1001");
  g_assert_cmpstr (list->cases[1]->number, ==, "C-1003");
  g_assert_null (list->cases[0]->follow_ups);
  g_assert_null (list->cases[0]->history);
  list = crm_list (site->crm, PAGE (2, .customer_id = site->anna, .cursor = list->next));
  g_assert_cmpuint (crm_cases (list), ==, 1);
  g_assert_cmpstr (list->cases[0]->number, ==, "C-1002");
  g_assert_null (list->next);
}

/* Twenty chats at once about one case, each saved several times in the same breath. */
static void
test_race (void)
{
  g_autoptr (Site) site = site_new ("always", "closed");
  UsherReply *saves[100];

  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      g_autofree char *interaction = g_strdup_printf ("int_%u", i % 20 + 1);

      saves[i] = fake_reply_new (site->crm);
      site->crm->crm->save_case (site->crm->self,
                                 CASE (.interaction = interaction, .follow_up_of = site->c, .state = "closed",
                                       .transcript = "[" LINE "]"),
                                 saves[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (saves); i++)
    {
      const UsherResult *saved = fake_reply_wait (saves[i]);

      g_assert_cmpint (saved->status, ==, USHER_OK);
      g_assert_cmpstr (saved->cases[0]->id, ==, site->c);
    }
  expect (site, 1, 20);
  g_assert_cmpint (crm_get_case (site->crm, site->c)->cases[0]->version, ==, 21);
}

/* Answers are bounded: the newest transcripts come along, older ones stay in the file. */
static void
test_large_transcripts (void)
{
  g_autoptr (Site) site = site_new (NULL, "open");
  g_autofree char *words = g_strnfill (3 * 1024 * 1024, 'x');
  g_autofree char *transcript = g_strconcat ("[{\"text\":\"", words, "\"}]", NULL);
  const UsherCase *record;

  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *interaction = g_strdup_printf ("int_%u", i);

      continue_case (site, interaction, NULL, transcript);
    }
  record = crm_get_case (site->crm, site->c)->cases[0];
  g_assert_cmpuint (strlen (record->follow_ups), <, 4 * 1024 * 1024);
  g_assert_cmpuint (occurrences (record->follow_ups, "\"transcript\":null"), ==, 2);
  g_assert_cmpuint (occurrences (record->follow_ups, "\"interaction\":\"int_1\""), ==, 1);
  g_assert_true (g_str_has_suffix (record->follow_ups, "x\"}]}]"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/follow-up/open-case", test_open_case);
  g_test_add_func ("/local/follow-up/states", test_states);
  g_test_add_func ("/local/follow-up/history-says-why", test_history_says_why);
  g_test_add_func ("/local/follow-up/rules", test_rules);
  g_test_add_func ("/local/follow-up/rule-counts-from-closing", test_rule_counts_from_closing);
  g_test_add_func ("/local/follow-up/again-and-again", test_again_and_again);
  g_test_add_func ("/local/follow-up/first-without-then-with", test_first_without_then_with);
  g_test_add_func ("/local/follow-up/own-case-stays", test_own_case_stays);
  g_test_add_func ("/local/follow-up/repeated-wish-is-not-carried-out-twice",
                   test_repeated_wish_is_not_carried_out_twice);
  g_test_add_func ("/local/follow-up/customers", test_customers);
  g_test_add_func ("/local/follow-up/merged-customers", test_merged_customers);
  g_test_add_func ("/local/follow-up/refused", test_refused);
  g_test_add_func ("/local/follow-up/members", test_members);
  g_test_add_func ("/local/follow-up/codes", test_codes);
  g_test_add_func ("/local/follow-up/list-of-customer", test_list_of_customer);
  g_test_add_func ("/local/follow-up/race", test_race);
  g_test_add_func ("/local/follow-up/large-transcripts", test_large_transcripts);
  return g_test_run ();
}
