/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: customers, drafts, saving, and a CRM that is slow, down or says no. Main thread.
 */
#include "kit.h"

#include <string.h>

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
  g_test_add_func ("/crm/linked-late-save", test_linked_late_save_belongs_to_the_customer);
  g_test_add_func ("/crm/failing-does-not-hold-up-the-chat", test_failing_crm_does_not_hold_up_the_chat);
  g_test_add_func ("/crm/queued-save-survives-a-restart", test_queued_save_survives_a_restart);
  g_test_add_func ("/crm/refused-save-can-be-asked-for-again",
                   test_refused_save_is_failed_and_can_be_asked_for_again);
  g_test_add_func ("/crm/silent-leaves-offers-alone", test_silent_crm_leaves_offers_alone);
  g_test_add_func ("/crm/operations-say-what-the-crm-says", test_operations_say_what_the_crm_says);
  g_test_add_func ("/crm/repeated-save-of-a-customer", test_repeated_save_of_a_customer_is_answered_once_made);
  g_test_add_func ("/crm/outage-makes-no-double", test_an_outage_does_not_make_a_double);
  return g_test_run ();
}
