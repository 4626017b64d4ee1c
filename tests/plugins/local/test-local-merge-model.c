/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local against a model: thousands of random saves, cases, merges and undone merges, in every order that the
 * CRM allows. The model knows nothing of rows and moves; it follows the words of the man page: who is who, which
 * merge filled which member, and what goes back. Everything is compared again and again, also after restarts.
 * `--seed` of GTest repeats a run.
 */
#include "tests/plugins/local/crm-kit.h"

#include <string.h>

#define PEOPLE 9 /* customers; each begins with one identity and may get more */
#define IDENTITIES_OF_ONE 3
#define CASES 12
#define STEPS 4000
#define NOBODY (-1)

enum
{
  PHONE,
  COMPANY,
  NOTES,
  EMAIL,
  MEMBERS
};

/* A member's value and the merge that filled it, 0 = a person did. */
typedef struct
{
  char *text;
  guint merge;
} Value;

typedef struct
{
  char *id;
  Value members[MEMBERS];
  Value fields[2]; /* the site's own "a" and "b" */
  int merged_into;
  gint64 version, top;
} Person;

/* Where an identity or a case is, and by which merges it came there. */
typedef struct
{
  int owner;
  GPtrArray *moves; /* of guint, the newest last */
} Thing;

typedef struct
{
  char *id;
  int kept, dropped;
  gboolean undone;
  gint64 version, merged_version;
} Joint;

typedef struct
{
  FakeHost *crm;
  Person people[PEOPLE];
  Thing identities[PEOPLE * IDENTITIES_OF_ONE];
  Thing cases[CASES];
  GPtrArray *merges; /* of Joint*; merge n is at n - 1 */
  guint done, undone, conflicts;
} Model;

static gboolean
chance (guint percent)
{
  return g_test_rand_int_range (0, 100) < (gint32)percent;
}

static int
any (int count)
{
  return g_test_rand_int_range (0, count);
}

static int
kept_of (const Model *m, int who)
{
  while (who != NOBODY && m->people[who].merged_into != NOBODY)
    who = m->people[who].merged_into;
  return who;
}

static Value *
value_of (Person *person, int member)
{
  return member < MEMBERS ? &person->members[member] : &person->fields[member - MEMBERS];
}

#define VALUES (MEMBERS + 2)

static void
put (Value *value, const char *text, guint merge)
{
  g_free (value->text);
  value->text = g_strdup (text);
  value->merge = text != NULL ? merge : 0;
}

static Joint *
joint_of (const Model *m, guint merge)
{
  return m->merges->pdata[merge - 1];
}

static void
joint_free (gpointer data)
{
  Joint *joint = data;

  g_free (joint->id);
  g_free (joint);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static void
compare_person (Model *m, int who)
{
  const Person *p = &m->people[who];
  const UsherCustomer *c = crm_get (m->crm, p->id)->customers[0];
  g_autoptr (GString) fields = g_string_new (NULL);
  guint identities = 0, found = 0;

  if (p->merged_into != NOBODY)
    {
      g_assert_cmpstr (c->id, ==, m->people[kept_of (m, who)].id);
      return;
    }
  g_assert_cmpstr (c->id, ==, p->id);
  g_assert_cmpstr (c->phone, ==, p->members[PHONE].text);
  g_assert_cmpstr (c->company, ==, p->members[COMPANY].text);
  g_assert_cmpstr (c->notes, ==, p->members[NOTES].text);
  g_assert_cmpstr (c->email, ==, p->members[EMAIL].text);
  g_assert_cmpint (c->version, ==, p->version);
  for (guint f = 0; f < 2; f++)
    {
      g_autofree char *part
          = g_strdup_printf ("\"%c\":\"%s\"", 'a' + f, p->fields[f].text != NULL ? p->fields[f].text : "");

      g_assert_cmpint (c->fields != NULL && strstr (c->fields, part) != NULL, ==, p->fields[f].text != NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (m->identities); i++)
    identities += m->identities[i].owner == who;
  for (; c->identities != NULL && c->identities[found] != NULL; found++)
    g_assert_cmpint (m->identities[g_ascii_strtoll (c->identities[found]->id, NULL, 10)].owner, ==, who);
  g_assert_cmpuint (found, ==, identities);
}

static void
compare_cases (Model *m)
{
  for (guint i = 0; i < CASES; i++)
    {
      g_autofree char *number = g_strdup_printf ("C-%u", 1001 + i);
      const UsherCase *c = crm_get_case (m->crm, number)->cases[0];
      const int owner = m->cases[i].owner;

      g_assert_cmpstr (c->customer_id, ==, owner != NOBODY ? m->people[owner].id : NULL);
    }
  for (guint who = 0; who < PEOPLE; who++)
    {
      const UsherResult *list = crm_list (m->crm, PAGE (200, .customer_id = m->people[who].id));
      guint expected = 0;

      for (guint i = 0; i < CASES; i++)
        expected += m->cases[i].owner == kept_of (m, (int)who);
      g_assert_cmpuint (crm_cases (list), ==, expected);
    }
}

static void
compare_all (Model *m)
{
  guint visible = 0;

  for (guint who = 0; who < PEOPLE; who++)
    {
      compare_person (m, (int)who);
      visible += m->people[who].merged_into == NOBODY;
    }
  g_assert_cmpuint (crm_customers (crm_search (m->crm, PAGE (200, .text = NULL))), ==, visible);
  g_assert_cmpuint (crm_customers (crm_search (m->crm, PAGE (200, .text = "person"))), ==, visible);
  for (guint i = 0; i < G_N_ELEMENTS (m->identities); i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      const UsherResult *found = crm_lookup (m->crm, "n", id);
      const int owner = m->identities[i].owner;

      g_assert_cmpuint (crm_customers (found), ==, owner != NOBODY);
      if (owner != NOBODY)
        g_assert_cmpstr (found->customers[0]->id, ==, m->people[owner].id);
    }
  compare_cases (m);
  fake_host_drop_replies (m->crm);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

/* An e-mail address that only `who` ever uses, so that no conflict hides what is to be seen. */
static void
step_save (Model *m)
{
  int who = kept_of (m, any (PEOPLE)), member = any (VALUES);
  Person *p = &m->people[who];
  Value *value = value_of (p, member);
  g_autofree char *email = g_strdup_printf ("%d-%d@example.org", who, any (3));
  g_autofree char *word = member == EMAIL ? g_strdup (email) : g_strdup_printf ("%d", any (4));
  const char *text = chance (30) ? "" : word;
  UsherCustomer request = { .struct_size = sizeof request, .id = p->id, .version = chance (50) ? p->version : 0 };
  g_autoptr (GString) fields = g_string_new ("{");

  request.phone = member == PHONE ? text : NULL;
  request.company = member == COMPANY ? text : NULL;
  request.notes = member == NOTES ? text : NULL;
  request.email = member == EMAIL ? text : NULL;
  for (int f = 0; f < 2; f++)
    {
      const char *now = member == MEMBERS + f ? text : p->fields[f].text;

      if (now != NULL && *now != '\0')
        g_string_append_printf (fields, "%s\"%c\":\"%s\"", fields->len > 1 ? "," : "", 'a' + f, now);
    }
  g_string_append_c (fields, '}');
  request.fields = member >= MEMBERS ? fields->str : NULL;
  crm_saved (m->crm, &request);
  if (g_strcmp0 (value->text != NULL ? value->text : "", text) == 0)
    return;
  put (value, *text != '\0' ? text : NULL, 0);
  p->version = ++p->top;
}

static void
step_identity (Model *m)
{
  int who = kept_of (m, any (PEOPLE)), which = any (PEOPLE * IDENTITIES_OF_ONE);
  g_autofree char *id = g_strdup_printf ("%d", which);
  const UsherResult *result = crm_save (
      m->crm, CUSTOMER (.id = m->people[who].id, .identities = IDENTITIES (IDENTITY (.network = "n", .id = id))));

  if (m->identities[which].owner != NOBODY && m->identities[which].owner != who)
    {
      crm_refused (result, USHER_CONFLICT, "belongs to");
      g_assert_cmpstr (result->customers[0]->id, ==, m->people[m->identities[which].owner].id);
      return;
    }
  g_assert_cmpint (result->status, ==, USHER_OK);
  if (m->identities[which].owner == who)
    return;
  m->identities[which].owner = who;
  m->people[who].version = ++m->people[who].top;
}

/* Given to a person by hand, maybe by an id that was dropped since. */
static void
step_case (Model *m)
{
  Thing *thing = &m->cases[any (CASES)];
  g_autofree char *number = g_strdup_printf ("C-%d", 1001 + (int)(thing - m->cases));
  int who = any (PEOPLE + 1) - 1;

  crm_saved_case (m->crm, CASE (.id = number, .customer_id = who == NOBODY ? "" : m->people[who].id));
  if (thing->owner == kept_of (m, who))
    return;
  thing->owner = kept_of (m, who);
}

static void
move (Thing *things, guint count, int from, int to, guint merge)
{
  for (guint i = 0; i < count; i++)
    if (things[i].owner == from)
      {
        things[i].owner = to;
        g_ptr_array_add (things[i].moves, GUINT_TO_POINTER (merge));
      }
}

static void
step_merge (Model *m)
{
  int keep = any (PEOPLE), drop = any (PEOPLE);
  Person *k = &m->people[keep], *d = &m->people[drop];
  const UsherResult *result = crm_merge (m->crm, MERGE (.keep = k->id, .drop = d->id));
  g_auto (GStrv) parts = NULL;
  gboolean below = FALSE;
  Joint *joint;

  for (int up = d->merged_into; up != NOBODY; up = m->people[up].merged_into)
    below |= up == keep;
  g_assert_cmpint (result->status, ==,
                   keep == drop                                           ? USHER_INVALID
                   : below                                                ? USHER_OK
                   : k->merged_into != NOBODY || d->merged_into != NOBODY ? USHER_CONFLICT
                                                                          : USHER_OK);
  if (keep == drop || below || k->merged_into != NOBODY || d->merged_into != NOBODY)
    return;
  parts = g_strsplit (result->data, "\"", -1);
  joint = g_new0 (Joint, 1);
  *joint = (Joint){ g_strdup (parts[3]), keep, drop, FALSE, k->version, k->top + 1 };
  g_ptr_array_add (m->merges, joint);
  for (int member = 0; member < VALUES; member++)
    if (value_of (k, member)->text == NULL)
      put (value_of (k, member), value_of (d, member)->text, m->merges->len);
  d->merged_into = keep;
  move (m->identities, G_N_ELEMENTS (m->identities), drop, keep, m->merges->len);
  move (m->cases, CASES, drop, keep, m->merges->len);
  k->version = ++k->top;
  m->done++;
}

static gboolean
came_by (const Thing *thing, guint merge)
{
  for (guint i = 0; i < thing->moves->len; i++)
    if (GPOINTER_TO_UINT (thing->moves->pdata[i]) == merge)
      return TRUE;
  return FALSE;
}

static void
move_back (Thing *things, guint count, const Joint *joint, guint merge)
{
  for (guint i = 0; i < count; i++)
    {
      if (came_by (&things[i], merge) && things[i].owner == joint->kept)
        things[i].owner = joint->dropped;
      g_ptr_array_remove (things[i].moves, GUINT_TO_POINTER (merge));
    }
}

static void
step_undo (Model *m)
{
  guint merge;
  Joint *joint;
  Person *kept;
  const UsherResult *result;

  if (m->merges->len == 0)
    return;
  /* Mostly one of the newest: the old ones are undone already. */
  merge = m->merges->len - (guint)any (MIN ((int)m->merges->len, 10));
  joint = joint_of (m, merge);
  kept = &m->people[joint->kept];
  result = crm_unmerge (m->crm, MERGE (.id = joint->id));
  if (!joint->undone && kept->merged_into != NOBODY)
    {
      crm_refused (result, USHER_CONFLICT, "Undo that merge first");
      g_assert_cmpstr (result->customers[0]->id, ==, m->people[kept_of (m, joint->kept)].id);
      m->conflicts++;
      return;
    }
  g_assert_cmpint (result->status, ==, USHER_OK);
  if (joint->undone)
    return;
  joint->undone = TRUE;
  for (int member = 0; member < VALUES; member++)
    if (value_of (kept, member)->merge == merge)
      put (value_of (kept, member), NULL, 0);
  m->people[joint->dropped].merged_into = NOBODY;
  move_back (m->identities, G_N_ELEMENTS (m->identities), joint, merge);
  move_back (m->cases, CASES, joint, merge);
  kept->version = kept->version == joint->merged_version ? joint->version : ++kept->top;
  g_assert_cmpstr (result->customers[0]->id, ==, kept->id);
  g_assert_cmpstr (result->customers[1]->id, ==, m->people[joint->dropped].id);
  m->undone++;
}

/* ---- everything ---------------------------------------------------------------------------------------- */

static void
thing_init (Thing *thing)
{
  thing->owner = NOBODY;
  thing->moves = g_ptr_array_new ();
}

static void
begin (Model *m)
{
  m->merges = g_ptr_array_new_with_free_func (joint_free);
  for (guint i = 0; i < G_N_ELEMENTS (m->identities); i++)
    thing_init (&m->identities[i]);
  for (guint who = 0; who < PEOPLE; who++)
    {
      Person *p = &m->people[who];
      g_autofree char *id = g_strdup_printf ("%u", who);

      p->id
          = g_strdup (crm_saved (m->crm, CUSTOMER (.first_name = "Person", .last_name = id,
                                                   .identities = IDENTITIES (IDENTITY (.network = "n", .id = id))))
                          ->id);
      p->merged_into = NOBODY;
      p->version = p->top = 1;
      m->identities[who].owner = (int)who;
    }
  for (guint i = 0; i < CASES; i++)
    {
      thing_init (&m->cases[i]);
      m->cases[i].owner = (int)i % PEOPLE;
      crm_saved_case (m->crm, CASE (.subject = "s", .customer_id = m->people[m->cases[i].owner].id));
    }
}

static void
end (Model *m)
{
  for (guint i = 0; i < G_N_ELEMENTS (m->identities); i++)
    g_ptr_array_unref (m->identities[i].moves);
  for (guint i = 0; i < CASES; i++)
    g_ptr_array_unref (m->cases[i].moves);
  for (guint who = 0; who < PEOPLE; who++)
    {
      for (int member = 0; member < VALUES; member++)
        g_free (value_of (&m->people[who], member)->text);
      g_free (m->people[who].id);
    }
  g_ptr_array_unref (m->merges);
}

static void
test_random (void)
{
  g_autoptr (FakeHost) crm = crm_new ();
  Model m = { .crm = crm };

  begin (&m);
  for (guint i = 1; i <= STEPS; i++)
    {
      int kind = any (100);

      if (kind < 35)
        step_save (&m);
      else if (kind < 45)
        step_identity (&m);
      else if (kind < 60)
        step_case (&m);
      else if (kind < 80)
        step_merge (&m);
      else
        step_undo (&m);
      if (i % 40 == 0)
        compare_all (&m);
      if (i % 1000 == 0)
        {
          fake_host_down (crm);
          fake_host_up (crm);
          compare_all (&m);
        }
    }
  /* The dice let everything happen. */
  g_assert_cmpuint (m.done, >, 30);
  g_assert_cmpuint (m.undone, >, 20);
  g_assert_cmpuint (m.conflicts, >, 5);
  end (&m);
}

/* A stack of random merges without a hand in between: undone from the top, every byte of every stage comes back.
 */
static void
test_stack (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (FakeHost) crm = crm_new ();
      g_autoptr (GPtrArray) stages = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (GPtrArray) undo = g_ptr_array_new_with_free_func (g_free);
      Model m = { .crm = crm };

      begin (&m);
      for (guint i = 0; i < 60; i++)
        chance (50) ? step_save (&m) : chance (50) ? step_identity (&m) : step_case (&m);
      while (undo->len < 6)
        {
          int keep = kept_of (&m, any (PEOPLE)), drop = kept_of (&m, any (PEOPLE));

          if (keep == drop)
            continue;
          g_ptr_array_add (stages, crm_everything (crm, NULL));
          g_ptr_array_add (undo, crm_merged (crm, m.people[keep].id, m.people[drop].id));
          m.people[drop].merged_into = keep;
          fake_clock_advance (7);
        }
      for (guint i = undo->len; i > 0; i--)
        {
          g_autofree char *now = NULL;

          crm_undone (crm, undo->pdata[i - 1]);
          now = crm_everything (crm, NULL);
          crm_same (stages->pdata[i - 1], now);
        }
      end (&m);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/merge-model/random-merges-and-saves", test_random);
  g_test_add_func ("/local/merge-model/stack-of-merges-comes-apart", test_stack);
  return g_test_run ();
}
