/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Customers and cases through operations, with the real local CRM: several matches, merging, continuing a case,
 * codes in the case, the timeline. Main thread.
 */
#include "kit.h"

#include <string.h>

static void
start (void)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = "anna", .cause = "login" };

  kit_crm = "plugin = local\nmatch_on = identity, email, name\ncustomer_fields = tier choice(gold|silver) Level";
  kit_start (NULL);
  kit_seed ();
  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"available\"}"));
}

static char *
text_of (UcJson *root, const char *object, const char *key)
{
  g_autoptr (UcJson) owned = root;

  return g_strdup (uc_json_string (uc_json_get (uc_json_get (owned, object), key)));
}

static char *
new_customer (const char *first, const char *last, const char *email)
{
  return text_of (kit_do (NULL, "customer.save",
                          "{\"name\":\"%s %s\",\"first_name\":\"%s\",\"last_name\":\"%s\",\"email\":\"%s\"}",
                          first, last, first, last, email),
                  "customer", "id");
}

static void
with (const char *login, const char *name, const char *id, const char *more)
{
  uc_json_free (kit_do (login, name, "{\"interaction\":\"%s\"%s}", id, more));
}

static char *
accepted (const char *user, const char *external_id, const char *text)
{
  const UcInteraction *interaction;

  kit_say (user, external_id, text);
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED
             && (interaction->customer != NULL || interaction->matches != NULL || *user == 'n'));
  with ("anna", "interaction.accept", interaction->id, "");
  return g_strdup (interaction->id);
}

static void
finish (const char *id)
{
  with ("anna", "interaction.end", id, "");
  with ("anna", "interaction.wrap_up_done", id, "");
}

static gboolean
saved (const char *id)
{
  g_autoptr (UcJson) got = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);
  const UcJson *save = uc_json_get (uc_json_get (got, "interaction"), "save");

  return g_strcmp0 (uc_json_string (uc_json_get (save, "state")), "saved") == 0;
}

static char *
case_of (const char *id)
{
  g_autoptr (UcJson) got = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);

  return g_strdup (uc_json_string (uc_json_get (uc_json_get (uc_json_get (got, "interaction"), "save"), "case")));
}

static gsize
cases (void)
{
  g_autoptr (UcJson) list = kit_do (NULL, "case.list", "{}");

  return uc_json_length (uc_json_get (list, "cases"));
}

/* ---- who it is ----------------------------------------------------------------------------------------- */

static void
test_several_matches_are_the_agents_choice (void)
{
  g_autofree char *one = NULL, *other = NULL, *id = NULL, *more = NULL, *again = NULL;
  g_autoptr (UcJson) got = NULL;

  start ();
  one = new_customer ("Maria", "Keller", "maria@example.org");
  other = new_customer ("Maria", "Keller", "mk@example.org");
  id = accepted ("Maria Keller", "m-1", "hello");
  got = kit_do ("anna", "interaction.get", "{\"interaction\":\"%s\"}", id);
  g_assert_cmpuint (uc_json_length (uc_json_get (uc_json_get (got, "interaction"), "matches")), ==, 2);
  kit_settle ();
  g_assert_null (kit_interaction ("Maria Keller")->customer);
  more = g_strdup_printf (",\"customer\":\"%s\"", other);
  with ("anna", "interaction.choose_customer", id, more);
  g_assert_cmpstr (kit_interaction ("Maria Keller")->customer, ==, other);
  g_assert_null (kit_interaction ("Maria Keller")->matches);
  g_assert_false (kit_interaction ("Maria Keller")->draft);
  finish (id);
  /* From now on the identity is his. */
  again = accepted ("Maria Keller", "m-2", "me again");
  g_assert_cmpstr (kit_interaction ("Maria Keller")->customer, ==, other);
  kit_end ();
}

static void
test_one_match_without_the_identity_is_not_certain (void)
{
  g_autofree char *one = NULL, *id = NULL;

  start ();
  one = new_customer ("Tom", "Okafor", "tom@example.org");
  id = accepted ("tom@example.org", "t-1", "hello");
  g_assert_null (kit_interaction ("tom@example.org")->customer);
  g_assert_nonnull (strstr (kit_interaction ("tom@example.org")->matches, one));
  /* It is somebody else: a record of his own, as for a stranger. */
  with ("anna", "interaction.choose_customer", id, "");
  kit_until (kit_interaction ("tom@example.org")->customer != NULL);
  g_assert_cmpstr (kit_interaction ("tom@example.org")->customer, !=, one);
  g_assert_true (kit_interaction ("tom@example.org")->draft);
  kit_end ();
}

static void
test_nobody_chose_and_the_chat_has_a_record_all_the_same (void)
{
  g_autofree char *one = NULL, *id = NULL;

  start ();
  one = new_customer ("Tom", "Okafor", "tom@example.org");
  id = accepted ("tom@example.org", "t-1", "hello");
  finish (id);
  kit_until (({
    g_autoptr (UcJson) list = kit_do ("anna", "customer.search", "{\"draft\":true}");
    uc_json_length (uc_json_get (list, "customers")) == 1;
  }));
  kit_end ();
}

/* ---- merging ------------------------------------------------------------------------------------------- */

static void
test_the_draft_of_a_known_person_is_merged_and_back (void)
{
  g_autofree char *known = NULL, *draft = NULL, *id = NULL, *result = NULL, *args = NULL, *merge = NULL;
  g_autoptr (UcJson) merged = NULL, undone = NULL, list = NULL;

  start ();
  known = new_customer ("Lin", "Wei", "lin@example.org");
  id = accepted ("newcomer", "n-1", "hello");
  kit_until (kit_interaction ("newcomer")->customer != NULL);
  draft = g_strdup (kit_interaction ("newcomer")->customer);
  g_assert_true (kit_interaction ("newcomer")->draft);

  /* The address is taken, and the answer says by whom. */
  args = g_strdup_printf ("{\"customer\":\"%s\",\"first_name\":\"Lin\",\"last_name\":\"Wei\","
                          "\"email\":\"LIN@example.org\"}",
                          draft);
  g_assert_null (kit_op ("anna", "customer.save", args));
  g_assert_nonnull (strstr (kit_error, "conflict"));
  g_assert_nonnull (strstr (kit_details, known));

  g_free (args);
  args = g_strdup_printf ("{\"keep\":\"%s\",\"drop\":\"%s\"}", known, draft);
  g_assert_null (kit_op ("ben", "customer.merge", args));
  g_assert_nonnull (strstr (kit_error, "denied"));
  merged = kit_do ("anna", "customer.merge", "%s", args);
  merge = g_strdup (uc_json_string (uc_json_get (merged, "merge")));
  g_assert_nonnull (merge);
  kit_until (g_strcmp0 (kit_interaction ("newcomer")->customer, known) == 0);
  g_assert_false (kit_interaction ("newcomer")->draft);

  g_free (args);
  args = g_strdup_printf ("{\"merge\":\"%s\"}", merge);
  g_assert_null (kit_op ("anna", "customer.unmerge", args));
  undone = kit_do ("sue", "customer.unmerge", "%s", args);
  g_assert_cmpuint (uc_json_length (uc_json_get (undone, "customers")), ==, 2);
  kit_until (g_strcmp0 (kit_interaction ("newcomer")->customer, draft) == 0);
  kit_end ();
}

/* ---- continuing a case --------------------------------------------------------------------------------- */

static void
test_a_case_that_is_named_is_continued (void)
{
  g_autofree char *first = NULL, *second = NULL, *case_id = NULL, *number = NULL, *text = NULL, *same = NULL;
  g_autoptr (UcJson) got = NULL;
  const UcJson *record;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  kit_until (kit_interaction ("newcomer")->customer != NULL);
  with ("anna", "interaction.save", first, "");
  kit_until (saved (first));
  case_id = case_of (first);
  finish (first);
  kit_until (saved (first));
  number = text_of (kit_do ("anna", "case.get", "{\"case\":\"%s\"}", case_id), "case", "number");

  text = g_strdup_printf ("About %s: it is still broken", number);
  second = accepted ("newcomer", "n-2", text);
  kit_until (kit_interaction ("newcomer")->follows != NULL);
  g_assert_cmpstr (kit_interaction ("newcomer")->follows, ==, case_id);
  with ("anna", "interaction.save", second, "");
  kit_until (saved (second));
  same = case_of (second);
  g_assert_cmpstr (same, ==, case_id);
  finish (second);
  kit_until (saved (second));
  g_assert_cmpuint (cases (), ==, 1);
  got = kit_do ("anna", "case.get", "{\"case\":\"%s\"}", case_id);
  record = uc_json_get (got, "case");
  g_assert_cmpuint (uc_json_length (uc_json_get (record, "follow_ups")), ==, 1);
  g_assert_cmpstr (uc_json_string (uc_json_get (record, "state")), ==, "closed");
  kit_end ();
}

static void
test_a_strangers_case_is_not_continued (void)
{
  g_autofree char *first = NULL, *second = NULL, *case_id = NULL, *args = NULL, *text = NULL, *number = NULL;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  kit_until (kit_interaction ("newcomer")->customer != NULL);
  with ("anna", "interaction.save", first, "");
  kit_until (saved (first));
  case_id = case_of (first);
  finish (first);
  number = text_of (kit_do ("anna", "case.get", "{\"case\":\"%s\"}", case_id), "case", "number");
  text = g_strdup_printf ("tell me about %s", number);
  second = accepted ("nobody", "o-1", text);
  kit_until (kit_interaction ("nobody")->customer != NULL);
  kit_settle ();
  g_assert_null (kit_interaction ("nobody")->follows);
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"case\":\"%s\"}", second, case_id);
  g_assert_null (kit_op ("anna", "interaction.follow_up", args));
  g_assert_nonnull (strstr (kit_error, "another customer"));
  kit_end ();
}

static void
test_codes_reach_the_case_after_it_was_filed (void)
{
  g_autofree char *id = NULL, *case_id = NULL;

  start ();
  uc_json_free (kit_do (NULL, "codes.put", "{\"list\":\"why\",\"name\":\"Reason\",\"codes\":[\"bill=Billing\"]}"));
  id = accepted ("newcomer", "n-1", "hello");
  kit_until (kit_interaction ("newcomer")->customer != NULL);
  with ("anna", "interaction.save", id, "");
  kit_until (saved (id));
  case_id = case_of (id);
  with ("anna", "interaction.end", id, "");
  with ("anna", "interaction.codes", id, ",\"codes\":[\"why/bill\"]");
  kit_until (({
    g_autoptr (UcJson) got = kit_do ("anna", "case.get", "{\"case\":\"%s\"}", case_id);
    uc_json_length (uc_json_get (uc_json_get (got, "case"), "codes")) == 1;
  }));
  with ("anna", "interaction.wrap_up_done", id, "");
  kit_until (saved (id));
  g_assert_cmpuint (cases (), ==, 1);
  kit_end ();
}

/* ---- cases and timeline -------------------------------------------------------------------------------- */

static void
test_case_edits_comments_and_timeline (void)
{
  g_autofree char *id = NULL, *case_id = NULL, *customer = NULL;
  g_autoptr (UcJson) edited = NULL, commented = NULL, timeline = NULL, snapshot = NULL;
  const UcJson *record;

  start ();
  id = accepted ("newcomer", "n-1", "hello");
  kit_until (kit_interaction ("newcomer")->customer != NULL);
  customer = g_strdup (kit_interaction ("newcomer")->customer);
  with ("anna", "interaction.save", id, "");
  kit_until (saved (id));
  case_id = case_of (id);
  finish (id);
  kit_until (saved (id));
  edited = kit_do ("anna", "case.save", "{\"case\":\"%s\",\"state\":\"open\",\"severity\":\"high\"}", case_id);
  commented = kit_do ("ben", "case.comment", "{\"case\":\"%s\",\"text\":\"I called him\"}", case_id);
  record = uc_json_get (commented, "case");
  g_assert_cmpstr (uc_json_string (uc_json_get (record, "severity")), ==, "high");
  g_assert_cmpstr (uc_json_string (uc_json_get (uc_json_at (uc_json_get (record, "comments"), 0), "author")), ==,
                   "Ben");
  g_assert_cmpuint (uc_json_length (uc_json_get (record, "history")), >=, 2);
  g_assert_null (kit_op ("anna", "case.save", "{\"case\":\"none\",\"state\":\"open\"}"));
  timeline = kit_do ("anna", "customer.timeline", "{\"customer\":\"%s\"}", customer);
  g_assert_cmpuint (uc_json_length (uc_json_get (timeline, "items")), ==, 2);
  g_assert_nonnull (strstr (kit.core->crm_description, "\"tier\""));
  g_assert_nonnull (strstr (kit.core->crm_description, "\"merge\":true"));
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/customer/several-matches", test_several_matches_are_the_agents_choice);
  g_test_add_func ("/customer/one-uncertain-match", test_one_match_without_the_identity_is_not_certain);
  g_test_add_func ("/customer/nobody-chose", test_nobody_chose_and_the_chat_has_a_record_all_the_same);
  g_test_add_func ("/customer/draft-is-merged-and-back", test_the_draft_of_a_known_person_is_merged_and_back);
  g_test_add_func ("/case/named-is-continued", test_a_case_that_is_named_is_continued);
  g_test_add_func ("/case/of-a-stranger", test_a_strangers_case_is_not_continued);
  g_test_add_func ("/case/codes-reach-it-later", test_codes_reach_the_case_after_it_was_filed);
  g_test_add_func ("/case/edits-comments-timeline", test_case_edits_comments_and_timeline);
  return g_test_run ();
}
