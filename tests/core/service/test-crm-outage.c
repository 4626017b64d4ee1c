/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A CRM that is away for an hour while chats come, are answered, saved and ended: nobody at a desk is held up, and
 * afterwards every case is there once and complete, also over restarts and with answers that get lost. And cases
 * that it refuses for good. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/bridge-private.h"
#include "tests/lib/proof.h"

#define MINUTE (60 * 1000)
#define ROUNDS 20

/* ---- the CRM ------------------------------------------------------------------------------------------- */

typedef struct
{
  UsherReply *reply;
  char *id;
  gboolean a_case;
} Held;

static struct
{
  gboolean away;         /* answers RETRY */
  gboolean holds;        /* answers when the test says so */
  GHashTable *customers; /* identity -> id */
  GHashTable *cases;     /* interaction -> lines of its transcript */
  GPtrArray *order;      /* of char*: interactions in the order their case was made */
  GPtrArray *held;       /* of Held* */
  guint asked, customers_made, lost, most_held, cases_held, most_cases_held;
  char *refuses; /* name of the customer whose case it never takes */
  GRand *dice;
} crm;

/* id NULL: nobody was found. */
static void
complete_ids (UsherReply *reply, const char *id, gboolean a_case, gboolean lost)
{
  UsherCase record = { .struct_size = sizeof record, .id = id };
  const UsherCase *cases[] = { &record, NULL };
  UsherCustomer customer = { .struct_size = sizeof customer, .id = id, .name = "somebody", .draft = true };
  const UsherCustomer *customers[] = { &customer, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  if (lost)
    {
      crm.lost++;
      result.status = USHER_UNCERTAIN;
      result.message = "the answer got lost";
    }
  else if (a_case)
    result.cases = cases;
  else if (id != NULL)
    result.customers = customers;
  kit.rig->host->complete (reply, &result);
}

/* Done in the CRM, whatever becomes of the answer. */
static void
answer (UsherReply *reply, const char *id, gboolean a_case)
{
  Held *held;

  if (!crm.holds)
    {
      complete_ids (reply, id, a_case, FALSE);
      return;
    }
  held = g_new (Held, 1);
  *held = (Held){ reply, g_strdup (id), a_case };
  g_ptr_array_add (crm.held, held);
  crm.most_held = MAX (crm.most_held, crm.held->len);
  crm.cases_held += a_case;
  crm.most_cases_held = MAX (crm.most_cases_held, crm.cases_held);
}

static gboolean
is_away (UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result, .status = USHER_RETRY, .message = "the CRM is away" };

  crm.asked++;
  if (crm.away)
    kit.rig->host->complete (reply, &result);
  return crm.away;
}

/* The next answers; one in five gets lost on its way. */
static void
let_go (void)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&crm.held);

  crm.held = g_ptr_array_new ();
  crm.cases_held = 0;
  for (guint i = 0; i < held->len; i++)
    {
      Held *one = held->pdata[i];

      complete_ids (one->reply, one->id, one->a_case, g_rand_int_range (crm.dice, 0, 5) == 0);
      g_free (one->id);
      g_free (one);
    }
}

static void
lookup (const UsherIdentity *identity, UsherReply *reply)
{
  const char *id = g_hash_table_lookup (crm.customers, identity->id);
  UsherIdentity its = { sizeof its, identity->network, identity->id, identity->name };
  const UsherIdentity *identities[] = { &its, NULL };
  UsherCustomer customer = { .struct_size = sizeof customer, .id = id, .name = id, .identities = identities };
  const UsherCustomer *customers[] = { &customer, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  if (is_away (reply))
    return;
  if (id == NULL)
    {
      answer (reply, NULL, FALSE);
      return;
    }
  result.customers = customers;
  kit.rig->host->complete (reply, &result);
}

static void
save_customer (const UsherCustomer *customer, UsherReply *reply)
{
  const char *identity = customer->identities[0]->id;

  if (is_away (reply))
    return;
  if (!g_hash_table_contains (crm.customers, identity))
    {
      crm.customers_made++;
      g_hash_table_insert (crm.customers, g_strdup (identity), g_strconcat ("cus-", identity, NULL));
    }
  answer (reply, g_hash_table_lookup (crm.customers, identity), FALSE);
}

static void
save_case (const UsherCase *record, UsherReply *reply)
{
  g_autoptr (UcJson) lines = NULL;
  UsherResult refused = { .struct_size = sizeof refused, .status = USHER_INVALID, .message = "no such subject" };
  g_autofree char *id = g_strconcat ("case-", record->interaction, NULL);

  if (is_away (reply))
    return;
  if (crm.refuses != NULL && record->subject != NULL && strstr (record->subject, crm.refuses) != NULL)
    {
      kit.rig->host->complete (reply, &refused);
      return;
    }
  lines = uc_json_parse (record->transcript, strlen (record->transcript), NULL, NULL);
  if (!g_hash_table_contains (crm.cases, record->interaction))
    g_ptr_array_add (crm.order, g_strdup (record->interaction));
  g_hash_table_insert (crm.cases, g_strdup (record->interaction),
                       GUINT_TO_POINTER ((guint)uc_json_length (lines)));
  answer (reply, id, TRUE);
}

static void
prepare (Rig *rig)
{
  rig->lookup = lookup;
  rig->save_customer = save_customer;
  rig->save_case = save_case;
}

/* ---- the centre ---------------------------------------------------------------------------------------- */

static void
shuffle (void)
{
  g_rand_set_seed (kit.core->bridge->dice, (guint32)proof_seed (17));
}

static void
start (void)
{
  UcCommand login = { .type = UC_COMMAND_SET_STATUS, .agent = "anna", .status = "work_offline", .cause = "login" };

  memset (&crm, 0, sizeof crm);
  crm.customers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  crm.cases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  crm.order = g_ptr_array_new_with_free_func (g_free);
  crm.held = g_ptr_array_new ();
  crm.dice = g_rand_new_with_seed ((guint32)proof_seed (17));
  kit_start_with (NULL, prepare);
  kit_seed ();
  uc_json_free (kit_do (NULL, "user.put",
                        "{\"user\":\"anna\",\"login\":\"anna\",\"name\":\"Anna\",\"permissions\":[],\"auto_"
                        "accept\":true,\"capacity\":%d}",
                        100));
  uc_core_submit (kit.core, &login, NULL, NULL);
  kit_settle ();
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  shuffle ();
}

static void
end (void)
{
  kit_end ();
  g_hash_table_unref (crm.customers);
  g_hash_table_unref (crm.cases);
  g_ptr_array_unref (crm.order);
  g_ptr_array_unref (crm.held);
  g_rand_free (crm.dice);
}

static void
on_done (gpointer data, const char *result, const GError *error, const char *details)
{
  if (result == NULL)
    g_error ("%s", error->message);
  --*(guint *)data;
}

/* anna does the same with all of these chats, and waits for it once. */
static void
all_do (GPtrArray *chats, const char *name, const char *more)
{
  UcPrincipal anna = { .user = (char *)"anna", .label = (char *)"anna" };
  guint open = chats->len;

  for (guint i = 0; i < chats->len; i++)
    {
      g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"%s}", (const char *)chats->pdata[i], more);

      uc_ops_run (kit.core->ops, name, uc_json_parse (args, strlen (args), NULL, NULL), &anna, NULL, "test", FALSE,
                  on_done, &open);
    }
  kit_until (open == 0);
}

/* So many customers write; anna has them at once. */
static GPtrArray *
chats_of (guint round, guint count)
{
  GPtrArray *chats = g_ptr_array_new_with_free_func (g_free);
  g_autofree Delivered *delivered = g_new0 (Delivered, count);

  for (guint i = 0; i < count; i++)
    {
      g_autofree char *user = g_strdup_printf ("r%u-u%u", round, i), *id = g_strconcat ("first-", user, NULL);

      kit_deliver_start (&delivered[i], user, id, "hello");
    }
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *user = g_strdup_printf ("r%u-u%u", round, i);
      const UcInteraction *interaction;

      kit_until (delivered[i].done && (interaction = kit_interaction (user)) != NULL
                 && interaction->state == UC_INTERACTION_ACTIVE);
      g_ptr_array_add (chats, g_strdup (interaction->id));
    }
  return chats;
}

static GPtrArray *
every (const GPtrArray *chats, guint n, guint of)
{
  GPtrArray *some = g_ptr_array_new ();

  for (guint i = 0; i < chats->len; i++)
    if (i % of == n)
      g_ptr_array_add (some, chats->pdata[i]);
  return some;
}

/* Half of them are saved during the chat and go on after it, the others at the end; all are ended and closed. */
static void
work (GPtrArray *chats)
{
  g_autoptr (GPtrArray) during = every (chats, 0, 2), after = every (chats, 1, 2);

  all_do (chats, "message.send", ",\"text\":\"good morning\"");
  all_do (during, "interaction.save", "");
  all_do (chats, "message.send", ",\"text\":\"one more thing\"");
  all_do (chats, "interaction.end", "");
  all_do (after, "interaction.save", "");
  all_do (chats, "interaction.wrap_up_done", "");
}

static void
assert_complete (GPtrArray *chats)
{
  for (guint i = 0; i < chats->len; i++)
    {
      g_autoptr (UcJson) root
          = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", (char *)chats->pdata[i]);
      const UcJson *interaction = uc_json_get (root, "interaction");
      guint lines = (guint)uc_json_length (uc_json_get (root, "messages"));

      if (lines == 0)
        {
          g_autoptr (UcJson) other
              = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", (char *)chats->pdata[i]);

          lines = (guint)uc_json_length (uc_json_get (other, "messages"));
        }
      g_assert_cmpuint (lines, >=, 6);
      g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (crm.cases, chats->pdata[i])), ==, lines);
      g_assert_cmpstr (uc_json_string (uc_json_get (uc_json_get (interaction, "save"), "state")), ==, "saved");
      g_assert_nonnull (uc_json_string (uc_json_get (interaction, "customer")));
    }
}

/* How many cases were made long before or after their turn. */
static guint
out_of_order (GPtrArray *chats, guint first)
{
  g_autoptr (GHashTable) place = g_hash_table_new (g_str_hash, g_str_equal);
  guint newest = 0, count = 0;

  for (guint i = 0; i < chats->len; i++)
    g_hash_table_insert (place, chats->pdata[i], GUINT_TO_POINTER (i));
  for (guint i = first; i < crm.order->len; i++)
    {
      guint its = GPOINTER_TO_UINT (g_hash_table_lookup (place, crm.order->pdata[i]));

      count += its + chats->len / 5 < newest;
      newest = MAX (newest, its);
    }
  return count;
}

/* ---- an hour ------------------------------------------------------------------------------------------- */

static void
test_an_hour (void)
{
  guint per_round = (guint)proof_size (2, 26, 100), before;
  g_autoptr (GPtrArray) chats = g_ptr_array_new_with_free_func (g_free);
  gint64 took = 0;

  start ();
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autoptr (GPtrArray) its = NULL;

      crm.away = round > 0;
      its = chats_of (round, per_round);
      if (round == 0)
        kit_until (g_hash_table_size (crm.customers) == per_round);
      work (its);
      for (guint i = 0; i < its->len; i++)
        g_ptr_array_add (chats, g_strdup (its->pdata[i]));
      if (round == 0)
        kit_until (uc_bridge_pending (kit.core->bridge) == 0);
      kit_pass (60 * MINUTE / ROUNDS);
      if (round == ROUNDS / 2)
        {
          kit_restart ();
          shuffle ();
        }
    }
  g_test_message ("seed %" G_GUINT64_FORMAT ", %u chats; the CRM was asked %u times while it was away",
                  proof_seed (17), chats->len, crm.asked);
  g_assert_cmpuint (uc_bridge_pending (kit.core->bridge), ==, chats->len - per_round);
  g_assert_nonnull (uc_alarm_find (kit.core, "crm.behind"));
  before = crm.order->len;
  g_assert_cmpuint (before, ==, per_round);
  g_assert_cmpuint (crm.asked, <, 12 * per_round + 600);

  crm.away = FALSE;
  crm.holds = TRUE;
  kit_until (({
    kit_pass (1000);
    crm.held->len > 0;
  }));
  g_assert_cmpuint (crm.held->len, ==, 1);
  while (uc_bridge_pending (kit.core->bridge) > 0 || g_hash_table_size (kit.core->bridge->looks) > 0)
    {
      let_go ();
      kit_settle ();
      for (int i = 0; i < 20; i++)
        g_main_context_iteration (NULL, FALSE);
      if (crm.held->len == 0)
        {
          kit_pass (1000);
          took += 1000;
        }
      g_assert_cmpint (took, <, 30 * MINUTE);
    }
  g_test_message ("all %u cases within %" G_GINT64_FORMAT " s of waiting; %u answers got lost, %u cases at once",
                  crm.order->len, took / 1000, crm.lost, crm.most_cases_held);
  kit_pass (6 * MINUTE);
  g_assert_cmpuint (crm.held->len, ==, 0);
  g_assert_cmpuint (g_hash_table_size (crm.cases), ==, chats->len);
  g_assert_cmpuint (crm.customers_made, ==, chats->len);
  g_assert_cmpuint (crm.lost, >, 0);
  g_assert_cmpuint (crm.most_cases_held, <=, 8);
  g_assert_cmpuint (crm.most_held, <=, 40);
  g_test_message ("%u of them out of order", out_of_order (chats, before));
  if (chats->len >= 200)
    g_assert_cmpuint (out_of_order (chats, before), <=, chats->len / 4);
  g_assert_null (uc_alarm_find (kit.core, "crm.behind"));
  assert_complete (chats);
  end ();
}

/* The agent who asks for it while the CRM is away is told at once, and why. */
static void
test_agents_are_told (void)
{
  g_autoptr (GPtrArray) chats = NULL, last = NULL;
  g_autoptr (UcJson) root = NULL;
  const UcJson *save;

  start ();
  crm.away = TRUE;
  chats = chats_of (0, 5);
  kit_pass (MINUTE);
  g_assert_true (uc_breaker_is_open (kit.core->bridge->breaker));
  last = chats_of (1, 1);
  all_do (last, "interaction.save", "");
  kit_settle ();
  kit_settle ();
  root = kit_do ("anna", "interaction.get", "{\"interaction\":\"%s\"}", (char *)last->pdata[0]);
  save = uc_json_get (uc_json_get (root, "interaction"), "save");
  g_assert_cmpstr (uc_json_string (uc_json_get (save, "state")), ==, "queued");
  g_assert_cmpstr (uc_json_string (uc_json_get (save, "error")), ==, "the CRM is away");
  end ();
}

/* ---- refused for good ---------------------------------------------------------------------------------- */

static guint
refused (const char *login)
{
  g_autoptr (UcJson) root = kit_do (login, "save.list", "{%s}", "");

  return (guint)uc_json_length (uc_json_get (root, "interactions"));
}

static void
test_refused_cases (void)
{
  g_autoptr (GPtrArray) chats = NULL;
  g_autofree char *args = NULL;

  start ();
  crm.refuses = (char *)"r0-";
  chats = chats_of (0, 4);
  work (chats);
  kit_until (uc_bridge_pending (kit.core->bridge) == 0);
  kit_settle ();
  kit_restart ();
  g_assert_cmpuint (refused ("sue"), ==, 4);
  g_assert_null (kit_op ("anna", "save.list", "{}"));
  kit_pass (62 * MINUTE);
  g_assert_nonnull (uc_alarm_find (kit.core, "crm.refused"));
  /* Not yet: the CRM still does not want it. */
  uc_json_free (kit_do ("sue", "save.retry", "{\"interaction\":\"%s\"}", (char *)chats->pdata[0]));
  kit_until (uc_bridge_pending (kit.core->bridge) == 0 && refused ("sue") == 4);
  crm.refuses = NULL;
  uc_json_free (kit_do ("sue", "save.discard", "{\"interaction\":\"%s\"}", (char *)chats->pdata[1]));
  g_assert_cmpuint (refused ("sue"), ==, 3);
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", (char *)chats->pdata[1]);
  g_assert_null (kit_op ("sue", "save.retry", args));
  g_assert_nonnull (strstr (kit_error, "save.list says which ones were refused"));
  g_assert_null (kit_op ("sue", "save.retry", "{}"));
  g_assert_nonnull (strstr (kit_error, "name one interaction"));
  {
    g_autoptr (UcJson) root = kit_do ("sue", "save.retry", "{\"all\":%s}", "true");

    g_assert_cmpint (uc_json_int (uc_json_get (root, "count"), 0), ==, 3);
  }
  kit_until (g_hash_table_size (crm.cases) == 3);
  g_assert_cmpuint (refused ("sue"), ==, 0);
  kit_pass (2 * MINUTE);
  g_assert_null (uc_alarm_find (kit.core, "crm.refused"));
  /* What was left can be saved by hand, later. */
  uc_json_free (kit_do ("anna", "interaction.save", "{\"interaction\":\"%s\"}", (char *)chats->pdata[1]));
  kit_until (g_hash_table_size (crm.cases) == 4);
  kit_until (uc_bridge_pending (kit.core->bridge) == 0);
  kit_settle ();
  assert_complete (chats);
  end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_print ("# seed %" G_GUINT64_FORMAT "\n", proof_seed (17));
  g_test_add_func ("/crm-outage/an-hour", test_an_hour);
  g_test_add_func ("/crm-outage/agents-are-told", test_agents_are_told);
  g_test_add_func ("/crm-outage/refused", test_refused_cases);
  return g_test_run ();
}
