/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A CRM that keeps the contract of <usher/crm.h> and nothing else: it answers late, twice as late as one waits,
 * not at all, loses the answer after it has stored, and is away for an hour. One thread.
 */
#include <string.h>

#include "node.h"

typedef struct
{
  char *id, *identity, *name;
  gboolean draft;
} Customer;

typedef struct
{
  char *id, *interaction, *transcript, *state;
  guint lines;
} Case;

static GHashTable *customers; /* network and id -> Customer */
static GHashTable *cases;     /* interaction -> Case */
static UsherInstance *instance;
static const UsherHost *host;
static gint64 away_until;

/* ---- answering ----------------------------------------------------------------------------------------- */

typedef struct
{
  UsherReply *reply;
  guint life;
  UsherStatus status;
  const Customer *customer;
  const Case *record;
  const UsherIdentity *identity;
} Call;

static void
answer (gpointer data)
{
  const Call *call = data;
  UsherIdentity identity = { .struct_size = sizeof identity };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer customer = { .struct_size = sizeof customer, .identities = identities };
  const UsherCustomer *found[] = { &customer, NULL };
  UsherCase record = { .struct_size = sizeof record };
  const UsherCase *stored[] = { &record, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = call->status };

  if (call->life != node.life || instance == NULL)
    return;
  if (call->status != USHER_OK)
    result.message = "the CRM is not in the mood";
  else if (call->customer != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (call->customer->identity, " ", 2);

      identity.network = parts[0];
      identity.id = parts[1];
      customer.id = call->customer->id;
      customer.name = call->customer->name;
      customer.draft = call->customer->draft;
      result.customers = found;
      host->complete (call->reply, &result);
      return;
    }
  else if (call->record != NULL)
    {
      record.id = call->record->id;
      record.interaction = call->record->interaction;
      result.cases = stored;
    }
  host->complete (call->reply, &result);
}

/* Whether it does what it was asked; the answer is another matter. */
static gboolean
begin (Call **call, UsherReply *reply, gint64 *after)
{
  guint dice = (guint)sim_range (0, 999);

  if (!node_effect ())
    return FALSE;
  *call = sim_alloc (sizeof **call);
  **call = (Call){ .reply = reply, .life = node.life };
  *after = sim_delay (400);
  sim.facts.crm_calls++;
  if (sim.quiet || (sim.now >= away_until && dice < 800))
    return TRUE;
  sim.facts.crm_faults++;
  if (sim.now < away_until || dice < 860)
    {
      (*call)->status = sim_chance (500) ? USHER_RETRY : USHER_BUSY;
      /* Or silence, which a reply must not end in: the plugin gives up by itself some day. */
      if (sim_chance (300))
        *after = sim_range (11000, 60000);
      return FALSE;
    }
  if (dice < 920)
    *after = sim_range (9000, 40000);
  else if (dice < 990)
    (*call)->status = sim_chance (500) ? USHER_LOST : USHER_UNCERTAIN;
  else
    {
      sim.facts.crm_outages++;
      away_until = sim.now + sim_range (60000, 3600000);
      (*call)->status = USHER_RETRY;
      return FALSE;
    }
  return TRUE;
}

static void
end (Call *call, gint64 after)
{
  if (call == NULL)
    return;
  if (after == 0)
    answer (call);
  else
    sim_later (after, "the CRM answers", answer, call);
}

/* ---- slots --------------------------------------------------------------------------------------------- */

static void
crm_lookup (void *self, const UsherIdentity *identity, UsherReply *reply)
{
  g_autofree char *key = g_strdup_printf ("%s %s", identity->network, identity->id);
  Call *call = NULL;
  gint64 after;

  if (begin (&call, reply, &after))
    call->customer = g_hash_table_lookup (customers, key);
  end (call, after);
}

static void
crm_save_customer (void *self, const UsherCustomer *customer, UsherReply *reply)
{
  const UsherIdentity *identity = customer->identities[0];
  char *key = sim_printf ("%s %s", identity->network, identity->id);
  Call *call = NULL;
  gint64 after;

  if (begin (&call, reply, &after))
    {
      Customer *record = g_hash_table_lookup (customers, key);

      if (record == NULL)
        {
          record = sim_alloc (sizeof *record);
          record->id = sim_printf ("cus-%u", g_hash_table_size (customers) + 1);
          record->identity = key;
          record->name = sim_strdup (customer->name);
          record->draft = customer->draft;
          g_hash_table_insert (customers, key, record);
        }
      call->customer = record;
    }
  end (call, after);
}

static guint
count_lines (const char *transcript)
{
  g_autoptr (UcJson) json = uc_json_parse (transcript, strlen (transcript), NULL, NULL);

  return (guint)uc_json_length (json);
}

static void
crm_save_case (void *self, const UsherCase *given, UsherReply *reply)
{
  Call *call = NULL;
  gint64 after;

  if (begin (&call, reply, &after))
    {
      Case *record = g_hash_table_lookup (cases, given->interaction);
      guint lines = given->transcript != NULL ? count_lines (given->transcript) : 0;

      if (record == NULL)
        {
          record = sim_alloc (sizeof *record);
          record->id = sim_printf ("case-%u", g_hash_table_size (cases) + 1);
          record->interaction = sim_strdup (given->interaction);
          g_hash_table_insert (cases, record->interaction, record);
          sim.facts.cases++;
        }
      if (given->transcript != NULL && lines >= record->lines)
        {
          record->transcript = sim_strdup (given->transcript);
          record->lines = lines;
        }
      call->record = record;
      sim_trace ("  the CRM stores %s of %s: %u lines", record->id, record->interaction, record->lines);
    }
  end (call, after);
}

static void
crm_by_id (void *self, const char *id, UsherReply *reply)
{
  Call *call = NULL;
  gint64 after;

  if (begin (&call, reply, &after))
    call->status = USHER_NOT_FOUND;
  end (call, after);
}

static void
crm_list (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  Call *call = NULL;
  gint64 after;

  begin (&call, reply, &after);
  end (call, after);
}

static void *
crm_create (UsherInstance *made, const UsherHost *with)
{
  instance = machine_dead ? NULL : made;
  host = with;
  return &customers;
}

static void
crm_destroy (void *self)
{
  instance = NULL;
}

const UsherCrmOps crm_ops = {
  .struct_size = sizeof crm_ops,
  .create = crm_create,
  .destroy = crm_destroy,
  .lookup = crm_lookup,
  .get_customer = crm_by_id,
  .search_customers = crm_list,
  .save_customer = crm_save_customer,
  .get_case = crm_by_id,
  .list_cases = crm_list,
  .save_case = crm_save_case,
};

/* ---- all ----------------------------------------------------------------------------------------------- */

void
crm_begin (void)
{
  customers = sim_table ();
  cases = sim_table ();
  instance = NULL;
  away_until = 0;
}

/* I6: what was saved is in the CRM as it is in the transcript. */
void
crm_check_case (const UcEvent *row, GPtrArray *lines)
{
  const Case *record = g_hash_table_lookup (cases, row->interaction);
  g_autoptr (UcJson) json = NULL;

  if (record == NULL || record->transcript == NULL)
    {
      sim_broken ("I6: %s is saved, but the CRM has no case of it", row->interaction);
      return;
    }
  if (g_strcmp0 (row->case_id, record->id) != 0)
    sim_broken ("I6: %s is filed as %s, the CRM calls it %s", row->interaction, row->case_id, record->id);
  json = uc_json_parse (record->transcript, strlen (record->transcript), NULL, NULL);
  if (uc_json_length (json) != lines->len)
    {
      sim_broken ("I6: the case of %s has %u lines, the transcript %u", row->interaction,
                  (guint)uc_json_length (json), lines->len);
      return;
    }
  for (guint i = 0; i < lines->len; i++)
    {
      const UcEvent *line = lines->pdata[i];

      if (g_strcmp0 (uc_json_string (uc_json_get (uc_json_at (json, i), "text")), line->text) != 0)
        sim_broken ("I6: line %u of the case of %s is another one than in the transcript", i + 1,
                    row->interaction);
    }
}
