/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local against a model: thousands of random saves, with the answer to each predicted by a few arrays in
 * memory that follow the words of <usher/crm.h>; then everything is compared, also after restarts. `--seed` of
 * GTest repeats a run.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define STEPS 3000
#define PEOPLE 12 /* identities and e-mail addresses to fight about */
#define INTERACTIONS 8

typedef struct
{
  char *id;
  char *first, *last, *email, *phone;
  gboolean draft;
  gint64 version;
  gboolean identities[PEOPLE];
} ModelCustomer;

typedef struct
{
  char *id;
  int customer; /* -1 = none */
  int interaction;
  char *state, *subject;
  gboolean has_transcript;
  guint lines;
  gint64 version;
} ModelCase;

typedef struct
{
  FakeHost *crm;
  GPtrArray *customers; /* of ModelCustomer* */
  GPtrArray *cases;     /* of ModelCase* */
} Model;

static const char *
pick (const char *const *choices, guint count)
{
  return choices[g_test_rand_int_range (0, (gint32)count)];
}

static gboolean
chance (guint percent)
{
  return g_test_rand_int_range (0, 100) < (gint32)percent;
}

static void
customer_free (gpointer data)
{
  ModelCustomer *c = data;

  g_free (c->id);
  g_free (c->first);
  g_free (c->last);
  g_free (c->email);
  g_free (c->phone);
  g_free (c);
}

static void
case_free (gpointer data)
{
  ModelCase *c = data;

  g_free (c->id);
  g_free (c->state);
  g_free (c->subject);
  g_free (c);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static void
same_customer (const ModelCustomer *model, const UsherCustomer *real)
{
  guint expected = 0, found = 0;

  g_assert_cmpstr (real->id, ==, model->id);
  g_assert_cmpstr (real->first_name, ==, model->first);
  g_assert_cmpstr (real->last_name, ==, model->last);
  g_assert_cmpstr (real->email, ==, model->email);
  g_assert_cmpstr (real->phone, ==, model->phone);
  g_assert_cmpint (real->draft, ==, model->draft);
  g_assert_cmpint (real->version, ==, model->version);
  g_assert_true (real->name != NULL && *real->name != '\0');
  for (guint i = 0; i < PEOPLE; i++)
    expected += model->identities[i];
  for (; real->identities != NULL && real->identities[found] != NULL; found++)
    g_assert_true (model->identities[g_ascii_strtoll (real->identities[found]->id, NULL, 10)]);
  g_assert_cmpuint (found, ==, expected);
}

static guint
lines_of (const char *transcript)
{
  guint lines = 0;

  for (const char *p = transcript; p != NULL && *p != '\0'; p++)
    lines += *p == '{';
  return lines;
}

static void
same_case (Model *m, const ModelCase *model, const UsherCase *real)
{
  const ModelCustomer *customer = model->customer >= 0 ? m->customers->pdata[model->customer] : NULL;
  g_autofree char *interaction = g_strdup_printf ("int_%d", model->interaction);

  g_assert_cmpstr (real->id, ==, model->id);
  g_assert_cmpstr (real->customer_id, ==, customer != NULL ? customer->id : NULL);
  g_assert_cmpstr (real->interaction, ==, interaction);
  g_assert_cmpstr (real->state, ==, model->state);
  g_assert_cmpstr (real->subject, ==, model->subject);
  g_assert_cmpint (real->version, ==, model->version);
  g_assert_cmpint (real->transcript != NULL, ==, model->has_transcript);
  g_assert_cmpuint (lines_of (real->transcript), ==, model->lines);
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static gboolean
blank (const char *text)
{
  return text == NULL || *text == '\0';
}

static void
put (char **slot, const char *wanted)
{
  if (wanted == NULL)
    return;
  g_free (*slot);
  *slot = *wanted != '\0' ? g_strdup (wanted) : NULL;
}

static ModelCustomer *
owner_of_identity (Model *m, guint who, const ModelCustomer *except)
{
  for (guint i = 0; i < m->customers->len; i++)
    {
      ModelCustomer *c = m->customers->pdata[i];

      if (c != except && c->identities[who])
        return c;
    }
  return NULL;
}

static ModelCustomer *
owner_of_email (Model *m, const char *email, const ModelCustomer *except)
{
  for (guint i = 0; i < m->customers->len && !blank (email); i++)
    {
      ModelCustomer *c = m->customers->pdata[i];

      if (c != except && c->email != NULL && g_ascii_strcasecmp (c->email, email) == 0)
        return c;
    }
  return NULL;
}

static ModelCustomer *
customer_copy (const ModelCustomer *from)
{
  ModelCustomer *to = g_memdup2 (from, sizeof *from);

  to->id = g_strdup (from->id);
  to->first = g_strdup (from->first);
  to->last = g_strdup (from->last);
  to->email = g_strdup (from->email);
  to->phone = g_strdup (from->phone);
  return to;
}

static gboolean
equal_customers (const ModelCustomer *a, const ModelCustomer *b)
{
  return g_strcmp0 (a->first, b->first) == 0 && g_strcmp0 (a->last, b->last) == 0
         && g_strcmp0 (a->email, b->email) == 0 && g_strcmp0 (a->phone, b->phone) == 0 && a->draft == b->draft
         && memcmp (a->identities, b->identities, sizeof a->identities) == 0;
}

typedef struct
{
  UsherCustomer request;
  UsherIdentity identity[PEOPLE];
  char id[PEOPLE][8];
  const UsherIdentity *list[PEOPLE + 1];
  guint who[PEOPLE];
  guint count;
} Wanted;

static void
random_customer (Wanted *w)
{
  static const char *const names[] = { NULL, NULL, "Anna", "Bert", "" };
  static const char *const emails[]
      = { NULL, NULL, "", "a@example.org", "A@Example.org", "b@example.org", "c@example.org", "d@example.org" };
  static const char *const phones[] = { NULL, "", "1", "2" };

  memset (w, 0, sizeof *w);
  w->request.struct_size = sizeof w->request;
  w->request.first_name = pick (names, G_N_ELEMENTS (names));
  w->request.last_name = pick (names, G_N_ELEMENTS (names));
  w->request.email = pick (emails, G_N_ELEMENTS (emails));
  w->request.phone = pick (phones, G_N_ELEMENTS (phones));
  w->request.draft = chance (50);
  if (chance (60))
    {
      guint first = (guint)g_test_rand_int_range (0, PEOPLE);

      w->count = (guint)g_test_rand_int_range (0, 3);
      for (guint i = 0; i < w->count; i++)
        {
          w->who[i] = (first + i) % PEOPLE;
          g_snprintf (w->id[i], sizeof w->id[i], "%u", w->who[i]);
          w->identity[i] = (UsherIdentity){ sizeof (UsherIdentity), "n", w->id[i], NULL };
          w->list[i] = &w->identity[i];
        }
      w->request.identities = w->list;
    }
}

/* What the words of the contract make of the request; NULL = it is refused with *status. */
static ModelCustomer *
predict_customer (Model *m, const Wanted *w, const ModelCustomer *stored, UsherStatus *status)
{
  ModelCustomer *after
      = stored != NULL ? customer_copy (stored) : g_memdup2 (&(ModelCustomer){ .draft = TRUE }, sizeof *after);
  gboolean taken = FALSE;

  *status = USHER_OK;
  put (&after->first, w->request.first_name);
  put (&after->last, w->request.last_name);
  put (&after->email, w->request.email);
  put (&after->phone, w->request.phone);
  after->draft = after->draft && w->request.draft;
  for (guint i = 0; i < w->count; i++)
    {
      after->identities[w->who[i]] = TRUE;
      taken |= owner_of_identity (m, w->who[i], stored) != NULL;
    }
  if (stored == NULL && taken)
    *status = USHER_CONFLICT;
  else if (!after->draft && (after->first == NULL || after->last == NULL))
    *status = USHER_INVALID;
  else if (stored != NULL && equal_customers (after, stored))
    *status = USHER_OK;
  else if (stored != NULL && w->request.version != 0 && w->request.version != stored->version)
    *status = USHER_CONFLICT;
  else if (taken || owner_of_email (m, w->request.email, stored) != NULL)
    *status = USHER_CONFLICT;
  else if (stored == NULL && w->count == 0 && after->first == NULL && after->last == NULL && after->email == NULL
           && after->phone == NULL)
    *status = USHER_INVALID;
  else
    after->version++;
  if (*status == USHER_OK)
    return after;
  customer_free (after);
  return NULL;
}

/* The records that come with a conflict are ours, as they are stored. */
static void
check_conflict (Model *m, const UsherResult *result)
{
  g_assert_cmpuint (crm_customers (result), >=, 1);
  for (guint i = 0; i < crm_customers (result); i++)
    {
      const ModelCustomer *named = NULL;

      for (guint j = 0; j < m->customers->len && named == NULL; j++)
        if (strcmp (((ModelCustomer *)m->customers->pdata[j])->id, result->customers[i]->id) == 0)
          named = m->customers->pdata[j];
      g_assert_nonnull (named);
      same_customer (named, result->customers[i]);
    }
}

static void
step_customer (Model *m)
{
  guint at = 0;
  ModelCustomer *stored = NULL, *after, *known = NULL;
  const UsherResult *result;
  UsherStatus status;
  Wanted w;

  random_customer (&w);
  if (m->customers->len > 0 && chance (70))
    {
      at = (guint)g_test_rand_int_range (0, (gint32)m->customers->len);
      stored = m->customers->pdata[at];
      w.request.id = stored->id;
      w.request.version = chance (50) ? 0 : chance (70) ? stored->version : stored->version + 1;
    }
  after = predict_customer (m, &w, stored, &status);
  result = crm_save (m->crm, &w.request);
  for (guint i = 0; i < w.count && known == NULL; i++)
    known = owner_of_identity (m, w.who[i], NULL);
  if (stored == NULL && known != NULL && w.request.draft)
    {
      /* The key of a draft answers with who has it. */
      g_assert_cmpint (result->status, ==, USHER_OK);
      same_customer (known, result->customers[0]);
      return;
    }
  if (stored != NULL && result->status != status && status == USHER_INVALID && w.request.version != 0
      && w.request.version != stored->version)
    status = USHER_CONFLICT; /* two things are wrong; the version is looked at first */
  g_assert_cmpint (result->status, ==, status);
  if (status == USHER_CONFLICT)
    check_conflict (m, result);
  if (after == NULL)
    return;
  if (stored == NULL)
    {
      after->id = g_strdup (result->customers[0]->id);
      g_ptr_array_add (m->customers, after);
    }
  else
    {
      customer_free (stored);
      m->customers->pdata[at] = after;
    }
  same_customer (after, result->customers[0]);
}

/* ---- cases --------------------------------------------------------------------------------------------- */

static ModelCase *
case_of (Model *m, int interaction)
{
  for (guint i = 0; i < m->cases->len; i++)
    if (((ModelCase *)m->cases->pdata[i])->interaction == interaction)
      return m->cases->pdata[i];
  return NULL;
}

static char *
transcript_of (guint lines)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < lines; i++)
    g_string_append_printf (text, "%s{\"n\":%u}", i > 0 ? "," : "", i);
  return g_string_free (g_string_append_c (text, ']'), FALSE);
}

static void
step_case (Model *m)
{
  static const char *const states[] = { NULL, "open", "closed" };
  static const char *const subjects[] = { NULL, "", "a", "b" };
  int interaction = g_test_rand_int_range (0, INTERACTIONS);
  g_autofree char *key = g_strdup_printf ("int_%d", interaction);
  guint lines = (guint)g_test_rand_int_range (0, 30);
  g_autofree char *transcript = chance (60) ? transcript_of (lines) : NULL;
  ModelCase *model = case_of (m, interaction);
  UsherCase request = { .struct_size = sizeof request,
                        .state = pick (states, G_N_ELEMENTS (states)),
                        .subject = pick (subjects, G_N_ELEMENTS (subjects)),
                        .transcript = transcript };
  int customer = model != NULL ? model->customer : -1;
  gboolean grows, differs;
  const UsherResult *result;

  if (m->customers->len > 0 && chance (30))
    {
      customer = g_test_rand_int_range (0, (gint32)m->customers->len);
      request.customer_id = ((ModelCustomer *)m->customers->pdata[customer])->id;
    }
  if (model != NULL && chance (50))
    request.id = model->id;
  else
    request.interaction = key;
  if (model != NULL)
    request.version = chance (50) ? 0 : chance (70) ? model->version : model->version + 1;
  result = crm_save_case (m->crm, &request);
  if (model == NULL)
    {
      model = g_new0 (ModelCase, 1);
      *model = (ModelCase){ .id = g_strdup (result->cases[0]->id),
                            .customer = -1,
                            .interaction = interaction,
                            .state = g_strdup ("open") };
      g_ptr_array_add (m->cases, model);
    }
  grows = transcript != NULL && (!model->has_transcript || lines > model->lines);
  differs = grows || customer != model->customer
            || (request.state != NULL && strcmp (request.state, model->state) != 0)
            || (request.subject != NULL
                && g_strcmp0 (blank (request.subject) ? NULL : request.subject, model->subject) != 0)
            || model->version == 0;
  if (differs && request.version != 0 && request.version != model->version)
    {
      g_assert_cmpint (result->status, ==, USHER_CONFLICT);
      return;
    }
  g_assert_cmpint (result->status, ==, USHER_OK);
  model->version += differs;
  model->customer = customer;
  put (&model->state, request.state);
  put (&model->subject, request.subject);
  model->has_transcript |= grows;
  model->lines = grows ? lines : model->lines;
  same_case (m, model, result->cases[0]);
}

/* ---- everything ---------------------------------------------------------------------------------------- */

static void
compare_all (Model *m)
{
  g_autofree char *cursor = NULL;
  guint found = 0;

  do
    {
      const UsherResult *page = crm_search (m->crm, PAGE (7, .cursor = cursor));

      found += crm_customers (page);
      g_free (cursor);
      cursor = g_strdup (page->next);
    }
  while (cursor != NULL);
  g_assert_cmpuint (found, ==, m->customers->len);
  for (guint i = 0; i < m->customers->len; i++)
    {
      const ModelCustomer *c = m->customers->pdata[i];

      same_customer (c, crm_get (m->crm, c->id)->customers[0]);
    }
  for (guint i = 0; i < PEOPLE; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      const ModelCustomer *owner = owner_of_identity (m, i, NULL);
      const UsherResult *result = crm_lookup (m->crm, "n", id);

      g_assert_cmpuint (crm_customers (result), ==, owner != NULL);
      if (owner != NULL)
        same_customer (owner, result->customers[0]);
    }
  for (guint i = 0; i < m->cases->len; i++)
    {
      const ModelCase *c = m->cases->pdata[i];

      same_case (m, c, crm_get_case (m->crm, c->id)->cases[0]);
    }
  fake_host_drop_replies (m->crm);
}

static void
test_model (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  g_autoptr (GPtrArray) customers = g_ptr_array_new_with_free_func (customer_free);
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func (case_free);
  Model m = { crm, customers, cases };

  for (guint i = 1; i <= STEPS; i++)
    {
      if (chance (65))
        step_customer (&m);
      else
        step_case (&m);
      if (i % 500 == 0)
        {
          compare_all (&m);
          fake_host_down (crm);
          fake_host_up (crm);
          compare_all (&m);
        }
    }
  g_assert_cmpuint (customers->len, >, 10);
  g_assert_cmpuint (cases->len, ==, INTERACTIONS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/model/random-saves", test_model);
  return g_test_run ();
}
