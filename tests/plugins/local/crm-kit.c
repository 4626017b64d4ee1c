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
WAITING (crm_merge, merge_customers, const UsherMerge *)
WAITING (crm_unmerge, unmerge_customers, const UsherMerge *)

const UsherResult *
crm_describe (FakeHost *crm)
{
  UsherReply *reply = fake_reply_new (crm);

  crm->crm->describe (crm->self, reply);
  return fake_reply_wait (reply);
}

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

/* ---- merges -------------------------------------------------------------------------------------------- */

char *
crm_merged (FakeHost *crm, const char *keep, const char *drop)
{
  const UsherResult *result = crm_merge (crm, MERGE (.keep = keep, .drop = drop, .author = "Bea"));
  g_auto (GStrv) parts = NULL;

  g_assert_cmpstr (result->message, ==, NULL);
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (result), ==, 1);
  g_assert_nonnull (result->data);
  parts = g_strsplit (result->data, "\"", -1);
  g_assert_cmpuint (g_strv_length (parts), ==, 5);
  g_assert_cmpstr (parts[1], ==, "merge");
  return g_strdup (parts[3]);
}

void
crm_undone (FakeHost *crm, const char *merge)
{
  const UsherResult *result = crm_unmerge (crm, MERGE (.id = merge, .author = "Bea"));

  g_assert_cmpstr (result->message, ==, NULL);
  g_assert_cmpint (result->status, ==, USHER_OK);
  g_assert_cmpuint (crm_customers (result), ==, 2);
}

/* ---- everything ---------------------------------------------------------------------------------------- */

static void
add_customer (GString *out, const UsherCustomer *c)
{
#define T(member) g_string_append_printf (out, " " #member "=%s", c->member != NULL ? c->member : "-");
#define N(member) g_string_append_printf (out, " " #member "=%" G_GINT64_FORMAT, (gint64)c->member);
  g_string_append (out, "customer");
  T (id)
  T (account)
  T (name)
  T (first_name)
  T (last_name)
  T (email)
  T (phone) T (company) T (notes) T (fields) T (merges) N (draft) N (version) N (created_at) N (updated_at);
  for (guint i = 0; c->identities != NULL && c->identities[i] != NULL; i++)
    g_string_append_printf (out, " %s:%s:%s", c->identities[i]->network, c->identities[i]->id,
                            c->identities[i]->name != NULL ? c->identities[i]->name : "-");
  g_string_append_c (out, '\n');
}

static void
add_case (GString *out, const UsherCase *c)
{
  g_string_append (out, "  case");
  T (id) T (number) T (customer_id) T (interaction) T (subject) T (state) T (queue) T (channel) T (agent);
  T (notes) T (fields) T (severity) T (priority) T (category) T (codes) T (follow_up_of) T (transcript);
  T (comments) T (history) T (follow_ups) N (version) N (started_at) N (ended_at) N (created_at) N (updated_at);
  g_string_append_c (out, '\n');
#undef T
#undef N
}

/* The cases of one customer in the order of the list, each as it is when it is opened. */
static void
add_cases (GString *out, FakeHost *crm, const char *customer)
{
  const UsherResult *list = crm_list (crm, PAGE (200, .customer_id = customer));

  g_assert_null (list->next);
  for (guint i = 0; i < crm_cases (list); i++)
    add_case (out, crm_get_case (crm, list->cases[i]->id)->cases[0]);
}

char *
crm_everything (FakeHost *crm, const char *const *identities)
{
  const UsherResult *all = crm_search (crm, PAGE (200, .text = NULL));
  GString *out = g_string_new (NULL);

  g_assert_null (all->next);
  for (guint i = 0; i < crm_customers (all); i++)
    {
      const UsherResult *found = crm_search (crm, PAGE (200, .text = all->customers[i]->account));

      add_customer (out, crm_get (crm, all->customers[i]->id)->customers[0]);
      g_string_append_printf (out, "  %u found by its number\n", crm_customers (found));
      add_cases (out, crm, all->customers[i]->id);
    }
  all = crm_list (crm, PAGE (200, .text = NULL));
  for (guint i = 0; i < crm_cases (all); i++)
    g_string_append_printf (out, "%s %s\n", all->cases[i]->number,
                            all->cases[i]->customer_id != NULL ? all->cases[i]->customer_id : "-");
  for (; identities != NULL && *identities != NULL; identities++)
    {
      const UsherResult *found = crm_lookup (crm, "n", *identities);

      g_string_append_printf (out, "%s is %s\n", *identities,
                              crm_customers (found) > 0 ? found->customers[0]->id : "-");
    }
  return g_string_free (out, FALSE);
}

void
crm_same (const char *expected, const char *got)
{
  g_auto (GStrv) a = g_strsplit (expected, "\n", -1);
  g_auto (GStrv) b = g_strsplit (got, "\n", -1);

  for (guint i = 0; a[i] != NULL || b[i] != NULL; i++)
    {
      if (g_strcmp0 (a[i], b[i]) != 0)
        g_error ("line %u differs\nexpected %s\ngot      %s", i, a[i], b[i]);
      g_assert_true (a[i] != NULL && b[i] != NULL);
    }
}

/* ---- a CRM --------------------------------------------------------------------------------------------- */

FakeHost *
crm_new (void)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  fake_host_up (crm);
  return crm;
}
