/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records and interactions against each other, with the real local CRM: what is chosen, merged and continued when
 * somebody is too early, too late, or not the one. Main thread.
 */
#include "kit.h"

#include <string.h>

static void
start (void)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = "anna", .cause = "login" };

  kit_crm = "plugin = local\nmatch_on = identity, email, name";
  kit_start (NULL);
  kit_seed ();
  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"available\"}"));
}

static void
with (const char *login, const char *name, const char *id, const char *more)
{
  uc_json_free (kit_do (login, name, "{\"interaction\":\"%s\"%s}", id, more));
}

static void
refused (const char *login, const char *name, const char *id, const char *more, const char *words)
{
  g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"%s}", id, more);
  g_autofree char *result = kit_op (login, name, args);
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  if (result != NULL)
    g_error ("%s %s succeeded: %s", name, args, result);
  for (char **word = list; *word != NULL; word++)
    if (strstr (kit_error, *word) == NULL)
      g_error ("%s %s: \"%s\" does not say \"%s\"", name, args, kit_error, *word);
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

static char *
offered (const char *user, const char *external_id, const char *text)
{
  const UcInteraction *interaction;

  kit_say (user, external_id, text);
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  return g_strdup (interaction->id);
}

/* With its customer, or the choice of one. */
static char *
accepted (const char *user, const char *external_id, const char *text)
{
  char *id = offered (user, external_id, text);

  with ("anna", "interaction.accept", id, "");
  kit_until (kit_interaction (user)->customer != NULL || kit_interaction (user)->matches != NULL);
  return id;
}

static void
finish (const char *id)
{
  with ("anna", "interaction.end", id, "");
  with ("anna", "interaction.wrap_up_done", id, "");
}

static char *
chosen (const char *customer)
{
  return g_strdup_printf (",\"customer\":\"%s\"", customer);
}

static gboolean
is_saved (const char *id)
{
  g_autoptr (UcJson) got = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);
  const UcJson *save = uc_json_get (uc_json_get (got, "interaction"), "save");

  return g_strcmp0 (uc_json_string (uc_json_get (save, "state")), "saved") == 0;
}

static char *
saved_case (const char *id)
{
  g_autoptr (UcJson) got = NULL;

  with ("anna", "interaction.save", id, "");
  kit_until (is_saved (id));
  got = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);
  return g_strdup (uc_json_string (uc_json_get (uc_json_get (uc_json_get (got, "interaction"), "save"), "case")));
}

static char *
number_of (const char *case_id)
{
  return text_of (kit_do (NULL, "case.get", "{\"case\":\"%s\"}", case_id), "case", "number");
}

static gsize
count_of (UcJson *root, const char *list)
{
  g_autoptr (UcJson) owned = root;

  return uc_json_length (uc_json_get (owned, list));
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

/* An offer that is refused leaves nothing in the CRM. */
static void
test_an_offer_is_for_looking_only (void)
{
  g_autofree char *known = NULL, *id = NULL, *more = NULL;

  start ();
  known = new_customer ("Tom", "Okafor", "tom@example.org");
  id = offered ("tom@example.org", "t-1", "hello");
  more = chosen (known);
  refused ("anna", "interaction.choose_customer", id, more, "conflict|accept");
  refused ("anna", "interaction.choose_customer", id, "", "conflict|accept");
  refused ("anna", "interaction.follow_up", id, "", "conflict|accept");
  refused ("ben", "interaction.choose_customer", id, more, "not_found");
  with ("anna", "interaction.reject", id, "");
  kit_settle ();
  g_assert_cmpuint (count_of (kit_do (NULL, "customer.search", "{\"draft\":true}"), "customers"), ==, 0);
  kit_end ();
}

static void
test_a_merged_record_is_chosen_by_its_old_id (void)
{
  g_autofree char *kept = NULL, *old = NULL, *id = NULL, *more = NULL;

  start ();
  kept = new_customer ("Lin", "Wei", "lin@example.org");
  old = new_customer ("Lin", "Wei", "wei@example.org");
  uc_json_free (kit_do (NULL, "customer.merge", "{\"keep\":\"%s\",\"drop\":\"%s\"}", kept, old));
  id = accepted ("stranger", "n-1", "hello");
  g_assert_true (kit_interaction ("stranger")->draft);
  more = chosen (old);
  with ("anna", "interaction.choose_customer", id, more);
  g_assert_cmpstr (kit_interaction ("stranger")->customer, ==, kept);
  g_assert_false (kit_interaction ("stranger")->draft);
  g_assert_cmpuint (count_of (kit_do (NULL, "customer.search", "{\"draft\":true}"), "customers"), ==, 0);
  kit_end ();
}

/* The earlier chats of a draft are the chosen record's: also when it is merged into what is a draft itself. */
static void
test_a_draft_in_a_draft_stays_one (void)
{
  g_autofree char *first = NULL, *second = NULL, *draft = NULL, *dropped = NULL, *more = NULL;
  g_autoptr (UcJson) got = NULL;
  const UcJson *merges;

  start ();
  first = accepted ("first", "f-1", "hello");
  draft = g_strdup (kit_interaction ("first")->customer);
  finish (first);
  second = accepted ("second", "s-1", "hello");
  dropped = g_strdup (kit_interaction ("second")->customer);
  more = chosen (draft);
  with ("anna", "interaction.choose_customer", second, more);
  g_assert_cmpstr (kit_interaction ("second")->customer, ==, draft);
  g_assert_true (kit_interaction ("second")->draft);
  got = kit_do (NULL, "customer.get", "{\"customer\":\"%s\"}", draft);
  merges = uc_json_get (uc_json_get (got, "customer"), "merges");
  uc_json_free (kit_do ("sue", "customer.unmerge", "{\"merge\":\"%s\"}",
                        uc_json_string (uc_json_get (uc_json_at (merges, 0), "id"))));
  g_assert_cmpstr (kit_interaction ("second")->customer, ==, dropped);
  g_assert_true (kit_interaction ("second")->draft);
  kit_end ();
}

/* The draft of a chat that is only offered is not his yet; and undoing is a supervisor's. */
static void
test_whose_draft_it_is (void)
{
  g_autofree char *known = NULL, *first = NULL, *second = NULL, *args = NULL, *result = NULL;

  start ();
  known = new_customer ("Tom", "Okafor", "tom@example.org");
  first = accepted ("newcomer", "n-1", "hello");
  args = g_strdup_printf ("{\"keep\":\"%s\",\"drop\":\"%s\"}", known, kit_interaction ("newcomer")->customer);
  finish (first);
  second = offered ("newcomer", "n-2", "me again");
  kit_until (kit_interaction ("newcomer")->draft);
  result = kit_op ("anna", "customer.merge", args);
  g_assert_null (result);
  g_assert_nonnull (strstr (kit_error, "denied: "));
  with ("anna", "interaction.accept", second, "");
  uc_json_free (kit_do ("anna", "customer.merge", "%s", args));
  result = kit_op ("anna", "customer.unmerge", "{\"merge\":\"any\"}");
  g_assert_null (result);
  g_assert_nonnull (strstr (kit_error, "undoing a merge needs the permission"));
  kit_end ();
}

/* The agent says none of them twice, and it still works the third time. */
static void
test_none_of_them_again (void)
{
  g_autofree char *one = NULL, *id = NULL, *draft = NULL, *more = NULL;

  start ();
  one = new_customer ("Tom", "Okafor", "tom@example.org");
  id = accepted ("tom@example.org", "t-1", "hello");
  with ("anna", "interaction.choose_customer", id, "");
  kit_until (kit_interaction ("tom@example.org")->customer != NULL);
  draft = g_strdup (kit_interaction ("tom@example.org")->customer);
  with ("anna", "interaction.choose_customer", id, "");
  kit_settle ();
  g_assert_cmpstr (kit_interaction ("tom@example.org")->customer, ==, draft);
  more = chosen (one);
  with ("anna", "interaction.choose_customer", id, more);
  g_assert_cmpstr (kit_interaction ("tom@example.org")->customer, ==, one);
  with ("anna", "interaction.choose_customer", id, "");
  kit_settle ();
  g_assert_cmpstr (kit_interaction ("tom@example.org")->customer, ==, one);
  kit_end ();
}

/* ---- continuing a case --------------------------------------------------------------------------------- */

static void
test_what_is_filed_stays_in_its_case (void)
{
  g_autofree char *first = NULL, *second = NULL, *earlier = NULL, *own = NULL, *more = NULL, *text = NULL;
  g_autofree char *number = NULL;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  earlier = saved_case (first);
  finish (first);
  second = accepted ("newcomer", "n-2", "me again");
  own = saved_case (second);
  g_assert_cmpstr (own, !=, earlier);
  more = g_strdup_printf (",\"case\":\"%s\"", earlier);
  refused ("anna", "interaction.follow_up", second, more, "conflict|saved");
  /* Nor does the customer move it by naming the case. */
  number = number_of (earlier);
  text = g_strdup_printf ("I mean %s", number);
  kit_say ("newcomer", "n-3", text);
  kit_settle ();
  uc_json_free (kit_do (NULL, "case.list", "{}"));
  kit_settle ();
  g_assert_null (kit_interaction ("newcomer")->follows);
  kit_end ();
}

static void
test_another_customer_has_other_cases (void)
{
  g_autofree char *first = NULL, *second = NULL, *earlier = NULL, *more = NULL, *known = NULL, *case_more = NULL;

  start ();
  known = new_customer ("Tom", "Okafor", "tom@example.org");
  first = accepted ("newcomer", "n-1", "hello");
  uc_json_free (kit_do ("anna", "customer.save",
                        "{\"customer\":\"%s\",\"first_name\":\"New\",\"last_name\":\"Comer\"}",
                        kit_interaction ("newcomer")->customer));
  earlier = saved_case (first);
  finish (first);
  second = accepted ("newcomer", "n-2", "me again");
  case_more = g_strdup_printf (",\"case\":\"%s\"", earlier);
  with ("anna", "interaction.follow_up", second, case_more);
  g_assert_cmpstr (kit_interaction ("newcomer")->follows, ==, earlier);
  more = chosen (known);
  with ("anna", "interaction.choose_customer", second, more);
  g_assert_cmpstr (kit_interaction ("newcomer")->customer, ==, known);
  g_assert_null (kit_interaction ("newcomer")->follows);
  kit_end ();
}

/* Nobody's case, or asked before it is known whose chat it is. */
static void
test_why_a_case_is_not_continued (void)
{
  g_autofree char *first = NULL, *second = NULL, *third = NULL, *nobodys = NULL, *more = NULL, *known = NULL;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  with ("anna", "interaction.end", first, "");
  nobodys = saved_case (first);
  with ("anna", "interaction.wrap_up_done", first, "");
  more = g_strdup_printf (",\"case\":\"%s\"", nobodys);
  second = accepted ("newcomer", "n-2", "me again");
  refused ("anna", "interaction.follow_up", second, more, "conflict|no customer|assign");
  uc_json_free (kit_do ("anna", "case.save", "{\"case\":\"%s\",\"customer\":\"%s\"}", nobodys,
                        kit_interaction ("newcomer")->customer));
  with ("anna", "interaction.follow_up", second, more);
  finish (second);
  known = new_customer ("Tom", "Okafor", "tom@example.org");
  third = accepted ("tom@example.org", "t-1", "hello");
  g_assert_null (kit_interaction ("tom@example.org")->customer);
  refused ("anna", "interaction.follow_up", third, more, "conflict|not known");
  kit_end ();
}

/* What looks like a number and is none must not hide the one that is; nor must a message before. */
static void
test_the_number_among_others (void)
{
  static const char *const before[] = { NULL, "My USB-3 cable is broken", NULL };
  static const char *const texts[] = { "It is my UTF-8 mail about %s, or #99", "so about %s", "%s" };

  for (gsize t = 0; t < G_N_ELEMENTS (texts); t++)
    {
      g_autofree char *first = NULL, *second = NULL, *earlier = NULL, *number = NULL;
      g_autoptr (GString) text = g_string_new (texts[t]);

      start ();
      first = accepted ("newcomer", "n-1", "hello");
      earlier = saved_case (first);
      finish (first);
      number = number_of (earlier);
      for (char *p = number; t == 2 && *p != '\0'; p++)
        *p = g_ascii_tolower (*p);
      g_string_replace (text, "%s", number, 0);
      second = accepted ("newcomer", "n-2", before[t] != NULL ? before[t] : text->str);
      kit_settle ();
      if (before[t] != NULL)
        kit_say ("newcomer", "n-3", text->str);
      kit_until (kit_interaction ("newcomer")->follows != NULL);
      g_assert_cmpstr (kit_interaction ("newcomer")->follows, ==, earlier);
      kit_end ();
    }
}

/* The agent took the case away again: what the customer wrote before does not bring it back. */
static void
test_the_agent_has_the_last_word (void)
{
  g_autofree char *first = NULL, *second = NULL, *earlier = NULL, *number = NULL, *text = NULL;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  earlier = saved_case (first);
  finish (first);
  number = number_of (earlier);
  text = g_strdup_printf ("about %s", number);
  second = accepted ("newcomer", "n-2", text);
  kit_until (kit_interaction ("newcomer")->follows != NULL);
  with ("anna", "interaction.follow_up", second, "");
  g_assert_null (kit_interaction ("newcomer")->follows);
  uc_json_free (kit_do ("anna", "customer.save",
                        "{\"customer\":\"%s\",\"first_name\":\"New\",\"last_name\":\"Comer\"}",
                        kit_interaction ("newcomer")->customer));
  kit_until (!kit_interaction ("newcomer")->draft);
  kit_settle ();
  uc_json_free (kit_do (NULL, "case.list", "{}"));
  kit_settle ();
  g_assert_null (kit_interaction ("newcomer")->follows);
  kit_end ();
}

/* ---- the timeline -------------------------------------------------------------------------------------- */

/* A chat and its case begin at the same moment: no page may end between them. */
static void
test_timeline_pages_lose_nothing (void)
{
  g_autofree char *first = NULL, *second = NULL, *customer = NULL, *a = NULL, *b = NULL;
  gint64 before = 0;
  gsize items = 0;
  gboolean more = TRUE;

  start ();
  first = accepted ("newcomer", "n-1", "hello");
  customer = g_strdup (kit_interaction ("newcomer")->customer);
  a = saved_case (first);
  finish (first);
  kit_pass (10);
  second = accepted ("newcomer", "n-2", "me again");
  b = saved_case (second);
  while (more)
    {
      g_autoptr (UcJson) page
          = kit_do ("anna", "customer.timeline",
                    "{\"customer\":\"%s\",\"limit\":1,\"before\":%" G_GINT64_FORMAT "}", customer, before);
      const UcJson *list = uc_json_get (page, "items");
      gsize length = uc_json_length (list);

      g_assert_cmpuint (length, >, 0);
      items += length;
      before = uc_json_int (uc_json_get (uc_json_at (list, length - 1), "at"), 0);
      more = uc_json_bool (uc_json_get (page, "more"), FALSE);
    }
  g_assert_cmpuint (items, ==, 4);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/an-offer-is-for-looking-only", test_an_offer_is_for_looking_only);
  g_test_add_func ("/record/merged-one-by-its-old-id", test_a_merged_record_is_chosen_by_its_old_id);
  g_test_add_func ("/record/draft-in-a-draft", test_a_draft_in_a_draft_stays_one);
  g_test_add_func ("/record/whose-draft", test_whose_draft_it_is);
  g_test_add_func ("/record/none-of-them-again", test_none_of_them_again);
  g_test_add_func ("/record/case/filed-stays", test_what_is_filed_stays_in_its_case);
  g_test_add_func ("/record/case/of-the-customer-before", test_another_customer_has_other_cases);
  g_test_add_func ("/record/case/why-not", test_why_a_case_is_not_continued);
  g_test_add_func ("/record/case/number-among-others", test_the_number_among_others);
  g_test_add_func ("/record/case/agent-has-the-last-word", test_the_agent_has_the_last_word);
  g_test_add_func ("/record/timeline-pages", test_timeline_pages_lose_nothing);
  return g_test_run ();
}
