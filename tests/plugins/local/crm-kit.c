/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting calls of CRM slots. Main thread.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define WAITING(name, slot, type)                                                                                 \
  const UsherResult *name (FakeHost *crm, type argument)                                                          \
  {                                                                                                               \
    UsherReply *reply = fake_reply_new (crm);                                                                     \
    crm->crm->slot (crm->self, argument, reply);                                                                  \
    return fake_reply_wait (reply);                                                                               \
  }

WAITING (crm_get, get_customer, const char *)
WAITING (crm_search, search_customers, const UsherCrmQuery *)
WAITING (crm_save, save_customer, const UsherCustomer *)
WAITING (crm_get_case, get_case, const char *)
WAITING (crm_list, list_cases, const UsherCrmQuery *)
WAITING (crm_save_case, save_case, const UsherCase *)

const UsherResult *
crm_lookup (FakeHost *crm, const char *network, const char *id)
{
  UsherReply *reply = fake_reply_new (crm);

  crm->crm->lookup (crm->self, IDENTITY (.network = network, .id = id), reply);
  return fake_reply_wait (reply);
}

static guint
length (const void *list)
{
  guint n = 0;

  while (list != NULL && ((void *const *)list)[n] != NULL)
    n++;
  return n;
}

guint
crm_customers (const UsherResult *result)
{
  return length (result->customers);
}

guint
crm_cases (const UsherResult *result)
{
  return length (result->cases);
}

const UsherCustomer *
crm_saved (FakeHost *crm, const UsherCustomer *customer)
{
  const UsherResult *result = crm_save (crm, customer);

  g_assert_cmpstr (result->message, ==, NULL);
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (result), ==, 1);
  return result->customers[0];
}

const UsherCase *
crm_saved_case (FakeHost *crm, const UsherCase *record)
{
  const UsherResult *result = crm_save_case (crm, record);

  g_assert_cmpstr (result->message, ==, NULL);
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_cases (result), ==, 1);
  return result->cases[0];
}

void
crm_refused (const UsherResult *result, UsherStatus status, const char *part)
{
  if (result->status != status)
    g_error ("expected status %d, got %d: %s", status, result->status, result->message);
  if (strstr (result->message, part) == NULL)
    g_error ("\"%s\" does not say \"%s\"", result->message, part);
  if (!g_str_has_suffix (result->message, ".") && !g_str_has_suffix (result->message, ")."))
    g_error ("\"%s\" is not a sentence", result->message);
}

FakeHost *
crm_new (void)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  fake_host_up (crm);
  return crm;
}
