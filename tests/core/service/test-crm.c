/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: customers, drafts, saving, and a CRM that is slow, down or says no. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/service/feed.h"

static void
log_in (const char *login)
{
  UcCommand command
      = { .type = UC_COMMAND_SET_STATUS, .agent = login, .status = "work_offline", .cause = "login" };

  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
}

static char *
offered (const char *user)
{
  const UcInteraction *interaction;

  kit_say (user, "first", "hello");
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  return g_strdup (interaction->id);
}

static char *
accepted (const char *user)
{
  char *id = offered (user);

  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", id));
  return id;
}

static void
op (const char *name, const char *id)
{
  uc_json_free (kit_do ("anna", name, "{\"interaction\":\"%s\"}", id));
}

static UcJson *
stored (const char *id)
{
  return kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);
}

static gboolean
save_is (const char *id, const char *state)
{
  g_autoptr (UcJson) root = stored (id);

  return g_strcmp0 (
             uc_json_string (uc_json_get (uc_json_get (uc_json_get (root, "interaction"), "save"), "state")),
             state)
         == 0;
}

static void
start (void)
{
  kit_start (NULL);
  kit_seed ();
  log_in ("anna");
}

static void
test_known_customer_pops_with_the_offer (void)
{
  g_autofree char *id = NULL;

  start ();
  g_ptr_array_add (kit.customers, g_strdup ("cus-7|Maria|u1|0"));
  id = offered ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  g_assert_cmpstr (kit_interaction ("u1")->customer, ==, "cus-7");
  g_assert_cmpstr (kit_interaction ("u1")->customer_name, ==, "Maria");
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_OFFERED);
  kit_end ();
}

static void
test_new_customer_is_a_draft_on_accept_only (void)
{
  g_autofree char *id = NULL;

  start ();
  id = offered ("u1");
  kit_settle ();
  op ("interaction.reject", id);
  kit_settle ();
  g_assert_cmpuint (kit.customers->len, ==, 0);
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_until (kit_interaction ("u1")->state == UC_INTERACTION_OFFERED);
  op ("interaction.accept", id);
  kit_until (kit_interaction ("u1")->customer != NULL);
  g_assert_cmpuint (kit.customers->len, ==, 1);
  g_assert_true (kit_interaction ("u1")->draft);
  kit_end ();
}

static void
test_saved_while_open_is_closed_linked_and_brought_up_to_date (void)
{
  g_autofree char *id = NULL;

  start ();
  g_ptr_array_add (kit.customers, g_strdup ("cus-7|Maria|u1|0"));
  id = accepted ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  op ("interaction.save", id);
  kit_until (save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[0], ==, "closed cus-7 3");
  op ("interaction.save", id);
  kit_settle ();
  g_assert_cmpuint (kit.saves, ==, 1);
  op ("interaction.end", id);
  kit_until (kit.cases->len == 2 && save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[1], ==, "- - 4");
  kit_end ();
}

static void
test_saved_after_the_end_is_an_open_case_of_its_own (void)
{
  g_autofree char *id = NULL;

  start ();
  g_ptr_array_add (kit.customers, g_strdup ("cus-7|Maria|u1|0"));
  id = accepted ("u1");
  op ("interaction.end", id);
  op ("interaction.save", id);
  kit_until (save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[0], ==, "open - 4");
  kit_end ();
}

static void
test_saved_after_wrap_up (void)
{
  g_autofree char *id = NULL;

  start ();
  id = accepted ("u1");
  op ("interaction.end", id);
  op ("interaction.wrap_up_done", id);
  g_assert_null (kit_interaction ("u1"));
  op ("interaction.save", id);
  kit_until (save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[0], ==, "open - 4");
  op ("interaction.save", id);
  kit_settle ();
  g_assert_cmpuint (kit.saves, ==, 1);
  /* Somebody else's is none of ben's business. */
  g_assert_null (kit_op ("ben", "interaction.save", "{\"interaction\":\"int_none\"}"));
  g_assert_nonnull (strstr (kit_error, "not_found"));
  kit_end ();
}

static void
count_requests (gpointer data, const UcFeedItem *item)
{
  guint *count = data;

  *count += item->event->type == UC_EVENT_INTERACTION_SAVE && g_strcmp0 (item->event->state, "requested") == 0;
}

static void
on_saved (gpointer data, const char *result, const GError *error, const char *details)
{
  guint *answers = data;

  g_assert_no_error (error);
  ++*answers;
}

/* All of it in one turn: the store does not know yet that the chat was saved and closed. */
static void
test_saved_again_while_it_closes (void)
{
  static const char *const names[] = { "interaction.save", "interaction.wrap_up_done", "interaction.save" };
  UcPrincipal anna = { .user = (char *)"anna", .label = (char *)"anna" };
  g_autofree char *id = NULL, *args = NULL;
  guint requests = 0, answers = 0;

  start ();
  id = accepted ("u1");
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", id);
  op ("interaction.end", id);
  uc_feed_listen (kit.core->feed, count_requests, &requests);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    uc_ops_run (kit.core->ops, names[i], uc_json_parse (args, strlen (args), NULL, NULL), &anna, NULL, "test",
                FALSE, on_saved, &answers);
  /* Time for the store's thread that reads; what is to be written goes there later. */
  g_usleep (50000);
  kit_until (answers == G_N_ELEMENTS (names) && save_is (id, "saved"));
  kit_settle ();
  g_assert_cmpuint (requests, ==, 1);
  g_assert_cmpuint (kit.saves, ==, 1);
  kit_end ();
}

static void
test_linked_late_save_belongs_to_the_customer (void)
{
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  uc_json_free (kit_do (NULL, "policy.put", "{\"late_save\":\"%s\"}", "linked"));
  log_in ("anna");
  g_ptr_array_add (kit.customers, g_strdup ("cus-7|Maria|u1|0"));
  id = accepted ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  op ("interaction.end", id);
  op ("interaction.save", id);
  kit_until (save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[0], ==, "open cus-7 4");
  kit_end ();
}

static void
test_failing_crm_does_not_hold_up_the_chat (void)
{
  g_autofree char *id = NULL;

  start ();
  kit.crm_status = USHER_RETRY;
  id = accepted ("u1");
  uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"hi\"}", id));
  op ("interaction.save", id);
  kit_until (save_is (id, "queued"));
  op ("interaction.end", id);
  kit.crm_status = USHER_OK;
  kit_until (save_is (id, "saved"));
  /* The draft could be made at last, too, and the case belongs to it. */
  g_assert_cmpuint (kit.customers->len, ==, 1);
  g_assert_cmpstr (kit.cases->pdata[0], ==, "closed cus-1 5");
  kit_end ();
}

static void
test_queued_save_survives_a_restart (void)
{
  g_autofree char *id = NULL;

  start ();
  id = accepted ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  kit.crm_status = USHER_RETRY;
  op ("interaction.save", id);
  kit_until (save_is (id, "queued"));
  op ("interaction.end", id);
  op ("interaction.wrap_up_done", id);
  kit.crm_status = USHER_OK;
  kit_restart ();
  kit_until (save_is (id, "saved"));
  g_assert_cmpstr (kit.cases->pdata[0], ==, "closed cus-1 4");
  kit_end ();
}

static void
test_refused_save_is_failed_and_can_be_asked_for_again (void)
{
  g_autofree char *id = NULL;

  start ();
  id = accepted ("u1");
  kit_until (kit_interaction ("u1")->customer != NULL);
  kit.crm_status = USHER_INVALID;
  op ("interaction.save", id);
  kit_until (save_is (id, "failed"));
  kit.crm_status = USHER_OK;
  op ("interaction.save", id);
  kit_until (save_is (id, "saved"));
  kit_end ();
}

static void
test_silent_crm_leaves_offers_alone (void)
{
  g_autofree char *id = NULL;

  start ();
  kit.crm_holds = TRUE;
  id = accepted ("u1");
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  kit_until (kit.held->len >= 1);
  op ("interaction.end", id);
  kit_end ();
}

static void
test_operations_say_what_the_crm_says (void)
{
  start ();
  g_assert_null (kit_op ("anna", "customer.get", "{\"customer\":\"nobody\"}"));
  g_assert_nonnull (strstr (kit_error, "not_found: the test says no"));
  kit.crm_status = USHER_RETRY;
  g_assert_null (kit_op ("anna", "customer.search", "{}"));
  g_assert_nonnull (strstr (kit_error, "unavailable"));
  kit_end ();
}

/* Also after a restart: the CRM is not asked to make a second one. */
static void
test_repeated_save_of_a_customer_is_answered_once_made (void)
{
  g_autofree char *first = NULL, *second = NULL;

  start ();
  first = kit_op_cmd ("anna", "customer.save", "{\"name\":\"Maria\"}", "key-1");
  g_assert_nonnull (first);
  g_assert_cmpuint (kit.customers->len, ==, 1);
  kit_restart ();
  g_ptr_array_set_size (kit.customers, 0);
  second = kit_op_cmd ("anna", "customer.save", "{\"name\":\"Maria\"}", "key-1");
  g_assert_cmpstr (second, ==, first);
  g_assert_cmpuint (kit.customers->len, ==, 0);
  kit_end ();
}

/* ---- who it could be ----------------------------------------------------------------------------------- */

/* Two people of this name, neither with the identity. */
static void
lookup_two (const UsherIdentity *identity, UsherReply *reply)
{
  UsherCustomer one = { .struct_size = sizeof one, .id = "cus-7", .name = "Maria" };
  UsherCustomer other = { .struct_size = sizeof other, .id = "cus-8", .name = "Maria" };
  const UsherCustomer *list[] = { &one, &other, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = kit.crm_status, .customers = list };

  if (kit.crm_status != USHER_OK)
    result.customers = NULL;
  kit.rig->host->complete (reply, &result);
}

/* A CRM that was down when the chat came and when it was accepted is asked all the same who it could be. */
static void
test_an_outage_does_not_make_a_double (void)
{
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  kit.rig->lookup = lookup_two;
  kit.crm_status = USHER_RETRY;
  id = kit_chat ("Maria");
  kit.crm_status = USHER_OK;
  kit_pass (10000);
  kit_until (kit_interaction ("Maria")->matches != NULL || kit_interaction ("Maria")->customer != NULL);
  g_assert_null (kit_interaction ("Maria")->customer);
  g_assert_cmpuint (kit.customers->len, ==, 0);
  uc_json_free (kit_do ("anna", "interaction.end", "{\"interaction\":\"%s\"}", id));
  kit_until (kit.customers->len == 1);
  kit_end ();
}

static void
refuse_lookup (const UsherIdentity *identity, UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result, .status = USHER_RETRY, .message = "not yet" };

  kit.rig->host->complete (reply, &result);
}

static void
refuse_customer (const UsherCustomer *customer, UsherReply *reply)
{
  refuse_lookup (NULL, reply);
}

/* A case that shall be the customer's waits for the customer, whenever it was asked for. */
static void
test_linked_late_save_waits_for_the_customer (void)
{
  void (*lookup) (const UsherIdentity *identity, UsherReply *reply);
  void (*save_customer) (const UsherCustomer *customer, UsherReply *reply);
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  uc_json_free (kit_do (NULL, "policy.put", "{\"late_save\":\"%s\"}", "linked"));
  lookup = kit.rig->lookup;
  save_customer = kit.rig->save_customer;
  kit.rig->lookup = refuse_lookup;
  kit.rig->save_customer = refuse_customer;
  id = kit_chat ("maria");
  uc_json_free (kit_do ("anna", "interaction.end", "{\"interaction\":\"%s\"}", id));
  uc_json_free (kit_do ("anna", "interaction.save", "{\"interaction\":\"%s\"}", id));
  kit_pass (3000);
  g_assert_cmpuint (kit.cases->len, ==, 0);
  kit.rig->lookup = lookup;
  kit.rig->save_customer = save_customer;
  while (kit.cases->len == 0)
    kit_pass (10000);
  g_assert_true (g_str_has_prefix (kit.cases->pdata[0], "open cus-1 "));
  kit_end ();
}

/* ---- a CRM that is not well ---------------------------------------------------------------------------- */

static UsherResult odd;

static void
odd_by_id (const char *id, UsherReply *reply)
{
  kit.rig->host->complete (reply, &odd);
}

static void
odd_describe (UsherReply *reply)
{
  kit.rig->host->complete (reply, &odd);
}

static void
odd_merge (const UsherMerge *merge, UsherReply *reply)
{
  kit.rig->host->complete (reply, &odd);
}

static void
odd_prepare (Rig *rig)
{
  rig->describe = odd_describe;
  rig->get_customer = odd_by_id;
  rig->merge_customers = odd_merge;
}

static void
fails (const char *login, const char *name, const char *args, const char *words)
{
  g_autofree char *result = kit_op (login, name, args);

  if (result != NULL || strstr (kit_error, words) == NULL)
    g_error ("%s %s: %s", name, args, result != NULL ? result : kit_error);
}

static void
test_answers_without_what_was_asked_for (void)
{
  UsherCustomer customer = { .struct_size = sizeof customer, .id = "cus-1", .name = "Maria", .merges = "{no" };
  const UsherCustomer *list[] = { &customer, NULL };

  kit_start_with (NULL, odd_prepare);
  kit_seed ();
  odd = (UsherResult){ .struct_size = sizeof odd, .status = USHER_OK };
  fails ("anna", "customer.get", "{\"customer\":\"cus-1\"}", "did not return the record");
  odd.status = USHER_UNCERTAIN;
  fails ("anna", "customer.get", "{\"customer\":\"cus-1\"}", "try again");
  fails ("sue", "customer.merge", "{\"keep\":\"cus-1\",\"drop\":\"cus-2\"}", "before you repeat it");
  odd.status = USHER_OK;
  odd.customers = list;
  odd.data = "{\"merge\"";
  fails ("sue", "customer.merge", "{\"keep\":\"cus-1\",\"drop\":\"cus-2\"}", "merge's id");
  uc_json_free (kit_do ("anna", "customer.get", "{\"customer\":\"cus-1\"}"));
  kit_end ();
}

/* What its records look like is asked again until the CRM says it. */
static void
test_description_comes_late (void)
{
  odd = (UsherResult){ .struct_size = sizeof odd, .status = USHER_RETRY, .message = "not yet" };
  kit_start_with (NULL, odd_prepare);
  kit_until (kit.core->crm_description != NULL);
  g_assert_null (strstr (kit.core->crm_description, "\"tier\""));
  odd.status = USHER_OK;
  odd.data = "{\"customer_fields\":[{\"key\":\"tier\"}],\"categories\":7}";
  for (int i = 0; i < 20 && strstr (kit.core->crm_description, "\"tier\"") == NULL; i++)
    kit_pass (5000);
  g_assert_nonnull (strstr (kit.core->crm_description, "\"categories\":[]"));
  kit_end ();
}

static void
hold_customer (const char *id, UsherReply *reply)
{
  g_ptr_array_add (kit.held, reply);
}

static void
on_ended (gpointer data, const char *result, const GError *error, const char *details)
{
  g_assert_null (result);
  g_assert_nonnull (error);
  ++*(guint *)data;
}

/* Every call is answered, also when the daemon stops before the CRM does. */
static void
test_stop_with_open_calls (void)
{
  g_autofree char *id = NULL, *args = NULL;
  UcPrincipal anna = { .user = (char *)"anna", .label = (char *)"anna" };
  guint ended = 0;

  kit_start (NULL);
  kit_seed ();
  id = kit_chat ("maria");
  kit_until (kit_interaction ("maria")->customer != NULL);
  kit.rig->get_customer = hold_customer;
  kit.crm_holds = TRUE;
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"customer\":\"cus-9\"}", id);
  for (int i = 0; i < 3; i++)
    uc_ops_run (kit.core->ops, "interaction.choose_customer", uc_json_parse (args, strlen (args), NULL, NULL),
                &anna, i > 0 ? "same" : NULL, "test", FALSE, on_ended, &ended);
  uc_ops_run (kit.core->ops, "customer.timeline", uc_json_parse ("{\"customer\":\"c\"}", 16, NULL, NULL), &anna,
              NULL, "test", FALSE, on_ended, &ended);
  kit_until (kit.held->len == 3);
  kit_stop ();
  g_assert_cmpuint (ended, ==, 4);
  kit_end ();
}

/* S-23: a slow CRM, a fast agent. The record is made all the same, and it is the closed chat's. */
static void
test_over_before_the_crm_answered (void)
{
  g_autofree char *id = NULL;
  UsherResult none = { .struct_size = sizeof none, .status = USHER_OK };

  start ();
  kit.crm_holds = TRUE;
  id = offered ("u1");
  kit_until (kit.held->len == 1);
  op ("interaction.accept", id);
  op ("interaction.end", id);
  op ("interaction.wrap_up_done", id);
  kit_settle ();
  kit.crm_holds = FALSE;
  kit.rig->host->complete (kit.held->pdata[0], &none);
  g_ptr_array_set_size (kit.held, 0);
  kit_until (({
    g_autoptr (UcJson) root = stored (id);
    uc_json_string (uc_json_get (uc_json_get (root, "interaction"), "customer")) != NULL;
  }));
  g_assert_cmpuint (kit.customers->len, ==, 1);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crm/known-customer-pops-with-the-offer", test_known_customer_pops_with_the_offer);
  g_test_add_func ("/crm/new-customer-is-a-draft-on-accept-only", test_new_customer_is_a_draft_on_accept_only);
  g_test_add_func ("/crm/saved-while-open-is-closed-and-brought-up-to-date",
                   test_saved_while_open_is_closed_linked_and_brought_up_to_date);
  g_test_add_func ("/crm/saved-after-the-end-is-open-and-unlinked",
                   test_saved_after_the_end_is_an_open_case_of_its_own);
  g_test_add_func ("/crm/saved-after-wrap-up", test_saved_after_wrap_up);
  g_test_add_func ("/crm/saved-again-while-it-closes", test_saved_again_while_it_closes);
  g_test_add_func ("/crm/linked-late-save", test_linked_late_save_belongs_to_the_customer);
  g_test_add_func ("/crm/failing-does-not-hold-up-the-chat", test_failing_crm_does_not_hold_up_the_chat);
  g_test_add_func ("/crm/queued-save-survives-a-restart", test_queued_save_survives_a_restart);
  g_test_add_func ("/crm/refused-save-can-be-asked-for-again",
                   test_refused_save_is_failed_and_can_be_asked_for_again);
  g_test_add_func ("/crm/silent-leaves-offers-alone", test_silent_crm_leaves_offers_alone);
  g_test_add_func ("/crm/operations-say-what-the-crm-says", test_operations_say_what_the_crm_says);
  g_test_add_func ("/crm/repeated-save-of-a-customer", test_repeated_save_of_a_customer_is_answered_once_made);
  g_test_add_func ("/crm/outage-makes-no-double", test_an_outage_does_not_make_a_double);
  g_test_add_func ("/crm/linked-late-save-waits", test_linked_late_save_waits_for_the_customer);
  g_test_add_func ("/crm/odd/without-the-record", test_answers_without_what_was_asked_for);
  g_test_add_func ("/crm/odd/description-comes-late", test_description_comes_late);
  g_test_add_func ("/crm/odd/stop-with-open-calls", test_stop_with_open_calls);
  g_test_add_func ("/crm/over-before-it-answered", test_over_before_the_crm_answered);
  return g_test_run ();
}
