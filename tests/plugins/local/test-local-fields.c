/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: the site's own fields and words, from the settings to what a save is told; and the description that
 * front ends get.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define FIELDS                                                                                                    \
  "contract number required Contract number, tier choice(gold|silver|not yet) Level, since date, vip boolean,"    \
  " remark text"

static FakeHost *
with_fields (const char *key)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  fake_host_set (crm, key, FIELDS);
  fake_host_up (crm);
  return crm;
}

static void
test_describe (void)
{
  g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");
  const UsherResult *result;

  fake_host_set (crm, "customer_fields", "tier choice( gold | \"silver\" ) required Level, since_when date");
  fake_host_set (crm, "case_fields", "a text, b number required, required boolean required required");
  fake_host_set (crm, "categories", "billing, late delivery");
  fake_host_up (crm);
  result = crm_describe (crm);
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpstr (
      result->data, ==,
      "{\"customer_fields\":["
      "{\"key\":\"tier\",\"label\":\"Level\",\"type\":\"choice\",\"options\":[\"gold\",\"\\\"silver\\\"\"],"
      "\"required\":true},"
      "{\"key\":\"since_when\",\"label\":\"Since when\",\"type\":\"date\",\"options\":[],\"required\":false}],"
      "\"case_fields\":["
      "{\"key\":\"a\",\"label\":\"A\",\"type\":\"text\",\"options\":[],\"required\":false},"
      "{\"key\":\"b\",\"label\":\"B\",\"type\":\"number\",\"options\":[],\"required\":true},"
      "{\"key\":\"required\",\"label\":\"required\",\"type\":\"boolean\",\"options\":[],\"required\":true}],"
      "\"severities\":[\"low\",\"normal\",\"high\",\"critical\"],"
      "\"priorities\":[\"low\",\"normal\",\"high\",\"urgent\"],"
      "\"categories\":[\"billing\",\"late delivery\"]}");
}

static void
test_describe_by_default (void)
{
  g_autoptr (FakeHost) crm = crm_new ();

  g_assert_cmpstr (crm_describe (crm)->data, ==,
                   "{\"customer_fields\":[],\"case_fields\":[],"
                   "\"severities\":[\"low\",\"normal\",\"high\",\"critical\"],"
                   "\"priorities\":[\"low\",\"normal\",\"high\",\"urgent\"],\"categories\":[]}");
}

static void
test_wrong_settings (void)
{
  static const struct
  {
    const char *key, *value, *says;
  } wrong[] = {
    { "customer_fields", "Tier text", "\"Tier\" is no key" },
    { "customer_fields", "1a text", "\"1a\" is no key" },
    { "customer_fields", "tier", "the type of \"tier\" is \"\"" },
    { "case_fields", "tier chioce(a|b)", "is \"chioce(a|b)\". Write text, number" },
    { "case_fields", "tier choice(a|b", "no closing bracket" },
    { "case_fields", "tier choice(a||b)", "empty option" },
    { "case_fields", "tier choice()", "no options" },
    { "case_fields", "tier choice(a|b|a)", "\"a\" stands there twice" },
    { "case_fields", "a text, b date, a number", "the field \"a\" twice" },
    { "severities", "low, high, low", "\"low\" stands there twice" },
    { "case_reopen", "sometimes", "never, always, or how long" },
    { "case_reopen", "10", "\"10\" is no rule" },
    { "case_reopen", "0d", "\"0d\" is no rule" },
    { "case_reopen", "-1d", "\"-1d\" is no rule" },
    { "case_reopen", "10dd", "\"10dd\" is no rule" },
    { "case_reopen", "99999999999999999999d", "is no rule" },
    { "match_on", "identity, phone", "\"phone\" is nothing to match on" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (FakeHost) crm = fake_host_new ("crm", "local");

      fake_host_set (crm, wrong[i].key, wrong[i].value);
      g_assert_false (fake_host_create (crm));
      g_assert_cmpint (crm->fail_status, ==, USHER_INVALID);
      if (strstr (crm->fail_message, wrong[i].says) == NULL || strstr (crm->fail_message, wrong[i].key) == NULL)
        g_error ("%s = %s says \"%s\"", wrong[i].key, wrong[i].value, crm->fail_message);
    }
}

static void
test_values (void)
{
  g_autoptr (FakeHost) crm = with_fields ("customer_fields");
  const UsherCustomer *c = crm_saved (crm, CUSTOMER (.draft = true, .phone = "1"));
  g_autofree char *long_text = g_strnfill (2001, 'x');
  g_autofree char *too_long = g_strdup_printf ("{\"remark\":\"%s\"}", long_text);
  const struct
  {
    const char *fields, *says;
  } wrong[] = {
    { "{\"teir\":\"gold\"}", "no field \"teir\" here. The fields are contract, tier, since, vip or remark" },
    { "{\"contract\":\"12\"}", "The field Contract number (contract) must be a number, not \"12\"" },
    { "{\"contract\":true}", "must be a number, not \"true\"" },
    { "{\"contract\":[1]}", "must be a number, not \"[1]\"" },
    { "{\"tier\":\"bronze\"}", "The field Level (tier) must be one of gold, silver or not yet, not \"bronze\"" },
    { "{\"tier\":\"Gold\"}", "must be one of" },
    { "{\"tier\":1}", "must be one of" },
    { "{\"since\":\"2026-02-29\"}", "The field Since (since) must be a date like 2026-11-22, not \"2026-02-29\"" },
    { "{\"since\":\"2026-2-03\"}", "must be a date" },
    { "{\"since\":\"22.11.2026\"}", "must be a date" },
    { "{\"since\":\"0000-00-00\"}", "must be a date" },
    { "{\"since\":20260101}", "must be a date" },
    { "{\"since\":\"2026-01--1\"}", "must be a date" },
    { "{\"vip\":1}", "The field Vip (vip) must be true or false, not \"1\"" },
    { "{\"vip\":\"true\"}", "must be true or false" },
    { "{\"remark\":7}", "must be text of at most 2000 characters" },
    { too_long, "must be text of at most 2000 characters" },
    { "{\"remark\":{\"a\":1}}", "must be text" },
    { "[]", "one JSON object" },
    { "{\"remark\":\"a\"", "not a JSON object" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .draft = true, .fields = wrong[i].fields)), USHER_INVALID,
                 wrong[i].says);
  g_assert_null (crm_get (crm, c->id)->customers[0]->fields);
  c = crm_saved (
      crm,
      CUSTOMER (.id = c->id, .draft = true,
                .fields = " { \"vip\" : false, \"contract\":1.50, \"tier\":\"not yet\",\"since\":\"2024-02-29\","
                          "\"remark\":\"\"}"));
  /* Compact, in the order it came, empty values gone. */
  g_assert_cmpstr (c->fields, ==,
                   "{\"vip\":false,\"contract\":1.50,\"tier\":\"not yet\",\"since\":\"2024-02-29\"}");
  /* The same values in another order are no change. */
  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = c->id, .draft = true,
                                             .fields = "{\"since\":\"2024-02-29\",\"vip\":false,"
                                                       "\"tier\":\"not yet\",\"contract\":1.5}"))
                       ->version,
                   ==, c->version);
  c = crm_saved (crm, CUSTOMER (.id = c->id, .draft = true, .fields = "{\"remark\":null,\"tier\":\"\"}"));
  g_assert_null (c->fields);
}

static void
test_required (void)
{
  g_autoptr (FakeHost) crm = with_fields ("customer_fields");
  const UsherCustomer *c
      = crm_saved (crm, CUSTOMER (.draft = true, .first_name = "A", .last_name = "B", .phone = "1"));

  /* Only when a draft is completed, or a complete customer made. */
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id)), USHER_INVALID,
               "The field Contract number (contract) is missing. It is required.");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"contract\":null}")), USHER_INVALID, "missing");
  crm_refused (crm_save (crm, CUSTOMER (.first_name = "C", .last_name = "D")), USHER_INVALID, "contract");
  crm_saved (crm, CUSTOMER (.id = c->id, .draft = true, .fields = "{\"vip\":true}"));
  c = crm_saved (crm, CUSTOMER (.id = c->id, .fields = "{\"contract\":0}"));
  g_assert_false (c->draft);
  /* It can't be emptied any more. */
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "")), USHER_INVALID, "contract");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"vip\":true}")), USHER_INVALID, "contract");
  crm_saved (crm, CUSTOMER (.id = c->id, .phone = "2"));
}

/* A customer from before a field was declared, required or changed can still be edited. */
static void
test_changed_settings_lock_nobody_out (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c = crm_saved (
      crm, CUSTOMER (.first_name = "A", .last_name = "B", .fields = "{\"tier\":\"bronze\",\"old\":{\"a\":[1]}}"));

  fake_host_down (crm);
  fake_host_set (crm, "customer_fields", FIELDS);
  fake_host_up (crm);
  crm_saved (crm, CUSTOMER (.id = c->id, .phone = "1"));
  crm_saved (crm, CUSTOMER (.id = c->id, .fields = "{\"tier\":\"bronze\",\"old\":{\"a\":[1]},\"vip\":true}"));
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"tier\":\"bronze\",\"old\":{\"a\":[2]}}")),
               USHER_INVALID, "no field \"old\"");
  crm_refused (crm_save (crm, CUSTOMER (.id = c->id, .fields = "{\"tier\":\"iron\"}")), USHER_INVALID, "tier");
  g_assert_cmpstr (crm_saved (crm, CUSTOMER (.id = c->id, .fields = "{\"tier\":\"gold\"}"))->fields, ==,
                   "{\"tier\":\"gold\"}");
}

static void
test_search (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  const UsherCustomer *c = crm_saved (
      crm, CUSTOMER (.draft = true, .phone = "1", .fields = "{\"plate\":\"B-ÄÖ 77\",\"contract\":4711.5}"));

  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "b-äö"))), ==, 1);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "4711"))), ==, 1);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "plate"))), ==, 0);
  crm_saved (crm, CUSTOMER (.id = c->id, .draft = true, .fields = "{\"plate\":\"HH-X 1\"}"));
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "4711"))), ==, 0);
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.text = "hh-x"))), ==, 1);
  crm_saved_case (crm, CASE (.subject = "s", .fields = "{\"order\":\"ORD-9\"}"));
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "ord-9"))), ==, 1);
}

static void
test_cases (void)
{
  g_autoptr (FakeHost) crm = with_fields ("case_fields");
  const UsherCase *c = crm_saved_case (crm, CASE (.interaction = "int_1", .state = "closed"));

  crm_refused (crm_save_case (crm, CASE (.id = c->id, .fields = "{\"tier\":\"x\"}")), USHER_INVALID, "Level");
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .fields = "{\"x\":1}")), USHER_INVALID,
               "A case has no field \"x\"");
  crm_refused (crm_save_case (crm, CASE (.interaction = "int_2", .fields = "{\"x\":1}")), USHER_INVALID, "\"x\"");
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = NULL))), ==, 1);
  /* The engine's saves never fail for a required field; a person who closes the case is asked for it. */
  crm_saved_case (crm, CASE (.interaction = "int_1", .state = "open"));
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .state = "closed")), USHER_INVALID, "Contract number");
  crm_saved_case (crm, CASE (.interaction = "int_1", .state = "closed"));
  crm_saved_case (crm, CASE (.id = c->id, .state = "open"));
  crm_saved_case (crm, CASE (.id = c->id, .state = "closed", .fields = "{\"contract\":3}"));
  crm_refused (crm_save_case (crm, CASE (.id = c->id, .fields = "{\"vip\":true}")), USHER_INVALID, "contract");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/fields/describe", test_describe);
  g_test_add_func ("/local/fields/describe-by-default", test_describe_by_default);
  g_test_add_func ("/local/fields/wrong-settings", test_wrong_settings);
  g_test_add_func ("/local/fields/values", test_values);
  g_test_add_func ("/local/fields/required", test_required);
  g_test_add_func ("/local/fields/changed-settings-lock-nobody-out", test_changed_settings_lock_nobody_out);
  g_test_add_func ("/local/fields/search", test_search);
  g_test_add_func ("/local/fields/cases", test_cases);
  return g_test_run ();
}
