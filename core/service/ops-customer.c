/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations that join interactions and customer records: choosing the right record, merging two, continuing an
 * earlier case, and the timeline over all channels. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/service/bridge.h"
#include "core/service/ops.h"
#include "core/service/view.h"

#define MAX_CASES 200

/* What a call needs until the CRM answered; slots borrow from it. */
typedef struct
{
  UcOpCall *call;
  char *author, *network, *identity, *name; /* of the interaction's conversation */
  char *dropped;                            /* the draft it had */
  gboolean draft;                           /* of the chosen record */
  GString *out;
  GPtrArray *rows; /* timeline: of UcEvent* */
  gboolean more;
} Joining;

static void
joining_free (gpointer data)
{
  Joining *joining = data;

  g_free (joining->author);
  g_free (joining->network);
  g_free (joining->identity);
  g_free (joining->name);
  g_free (joining->dropped);
  g_clear_pointer (&joining->rows, g_ptr_array_unref);
  g_free (joining);
}

static Joining *
joining_new (UcOpCall *call)
{
  Joining *joining = g_new0 (Joining, 1);

  joining->call = call;
  joining->author = uc_op_author (call);
  call->data = joining;
  call->data_free = joining_free;
  return joining;
}

/* The open interaction of the call, if the caller has it or supervises; otherwise the call has ended. */
static const UcInteraction *
own_interaction (UcOpCall *call)
{
  const UcInteraction *interaction
      = uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));

  if (interaction != NULL && interaction->agent != NULL && uc_op_may_see (call, interaction->agent->id))
    return interaction;
  uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such open interaction, or it is not yours");
  return NULL;
}

static const UsherCustomer *
first_customer (const UsherResult *result)
{
  return result->status == USHER_OK && result->customers != NULL ? result->customers[0] : NULL;
}

/* ---- interaction.choose_customer ----------------------------------------------------------------------- */

static void
set_customer (UcOpCall *call, const UsherCustomer *customer, const char *dropped, const char *merge)
{
  UcCommand merged = {
    .type = UC_COMMAND_MERGED,
    .customer = customer->id,
    .customer_name = customer->name,
    .dropped = dropped,
    .merge = merge,
  };
  UcCommand command = {
    .type = UC_COMMAND_SET_CUSTOMER,
    .interaction = uc_op_string (call, "interaction"),
    .customer = customer->id,
    .customer_name = customer->name,
    .draft = customer->draft,
  };

  uc_op_submit_with (call, &command, dropped != NULL ? &merged : NULL, NULL);
}

static char *
merge_id (const UsherResult *result)
{
  g_autoptr (UcJson) data
      = result->data != NULL ? uc_json_parse (result->data, strlen (result->data), NULL, NULL) : NULL;

  return g_strdup (uc_json_string (uc_json_get (data, "merge")));
}

static void
on_draft_merged (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  const UsherCustomer *customer = first_customer (result);
  g_autofree char *merge = merge_id (result);

  if (customer == NULL)
    uc_op_fail_crm (joining->call, result);
  else
    set_customer (joining->call, customer, joining->dropped, merge);
}

static void
start_merge_draft (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Joining *joining = data;
  UsherMerge merge = {
    .struct_size = sizeof merge,
    .keep = uc_op_string (joining->call, "customer"),
    .drop = joining->dropped,
    .author = joining->author,
  };

  ops->merge_customers (self, &merge, reply);
}

/* The identity belongs to another complete record: then only this one interaction is the chosen customer's. */
static void
on_identity_added (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  UsherCustomer chosen = { .struct_size = sizeof chosen,
                           .id = uc_op_string (call, "customer"),
                           .name = joining->name,
                           .draft = joining->draft };

  if (first_customer (result) != NULL)
    set_customer (call, first_customer (result), NULL, NULL);
  else if (result->status == USHER_CONFLICT)
    set_customer (call, &chosen, NULL, NULL);
  else
    uc_op_fail_crm (call, result);
}

static void
start_add_identity (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Joining *joining = data;
  UsherIdentity identity = { sizeof identity, joining->network, joining->identity, NULL };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer customer = {
    .struct_size = sizeof customer,
    .id = uc_op_string (joining->call, "customer"),
    .draft = joining->draft,
    .identities = identities,
    .author = joining->author,
  };

  ops->save_customer (self, &customer, reply);
}

static gboolean
has_identity (const UsherCustomer *customer, const char *network, const char *id)
{
  for (const UsherIdentity *const *i = customer->identities; i != NULL && *i != NULL; i++)
    if (g_strcmp0 ((*i)->network, network) == 0 && g_strcmp0 ((*i)->id, id) == 0)
      return TRUE;
  return FALSE;
}

static void
on_chosen (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *chosen = first_customer (result);

  if (chosen == NULL)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  joining->draft = chosen->draft;
  joining->name = g_strdup (chosen->name);
  if (has_identity (chosen, joining->network, joining->identity))
    set_customer (call, chosen, NULL, NULL);
  else if (joining->dropped != NULL && uc_bridge_can_merge (call->core))
    uc_bridge_call (call->core, start_merge_draft, joining, on_draft_merged, joining);
  else
    uc_bridge_call (call->core, start_add_identity, joining, on_identity_added, joining);
}

static void
start_get_chosen (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->get_customer (self, uc_op_string (((Joining *)data)->call, "customer"), reply);
}

static void
interaction_choose_customer (UcOpCall *call)
{
  const UcInteraction *interaction = own_interaction (call);
  Joining *joining;

  if (interaction == NULL)
    return;
  if (!uc_op_has (call, "customer"))
    {
      /* None of them: a new one, as for somebody whom the CRM does not know at all. */
      uc_bridge_make_draft (call->core->bridge, interaction);
      uc_op_reply (call, "{}");
      return;
    }
  joining = joining_new (call);
  joining->network = g_strdup (interaction->conversation->network);
  joining->identity = g_strdup (interaction->conversation->identity);
  if (interaction->draft && g_strcmp0 (interaction->customer, uc_op_string (call, "customer")) != 0)
    joining->dropped = g_strdup (interaction->customer);
  uc_bridge_call (call->core, start_get_chosen, joining, on_chosen, joining);
}

/* ---- interaction.follow_up ----------------------------------------------------------------------------- */

static void
follow (UcOpCall *call, const char *case_id)
{
  UcCommand command = {
    .type = UC_COMMAND_FOLLOW,
    .interaction = uc_op_string (call, "interaction"),
    .follows = case_id,
    .cause = "chosen",
  };

  uc_op_submit (call, &command, NULL);
}

static void
on_case (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UcInteraction *interaction
      = uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));
  const UsherCase *record = result->status == USHER_OK && result->cases != NULL ? result->cases[0] : NULL;

  if (record == NULL)
    uc_op_fail_crm (call, result);
  else if (record->customer_id == NULL || interaction == NULL
           || g_strcmp0 (record->customer_id, interaction->customer) != 0)
    uc_op_fail_with (call, UC_ERROR_CONFLICT,
                     "case %s belongs to %s customer: a chat continues a case of its own customer only",
                     record->number != NULL ? record->number : record->id,
                     record->customer_id == NULL ? "no" : "another");
  else
    follow (call, record->id);
}

static void
start_get_case (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->get_case (self, uc_op_string (((Joining *)data)->call, "case"), reply);
}

static void
interaction_follow_up (UcOpCall *call)
{
  Joining *joining;

  if (own_interaction (call) == NULL)
    return;
  if (!uc_op_has (call, "case"))
    {
      follow (call, NULL);
      return;
    }
  joining = joining_new (call);
  uc_bridge_call (call->core, start_get_case, joining, on_case, joining);
}

/* ---- customer.merge ------------------------------------------------------------------------------------ */

static char *
merge_answer (const UsherCustomer *customer, const char *merge)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  uc_view_customer (out, "customer", customer);
  uc_json_add_string (out, "merge", merge);
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

typedef struct
{
  UcOpCall *call;
  char *answer;
} Merged;

/* The CRM has merged: that stays so, whatever became of our note of it. */
static void
on_merge_noted (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Merged *merged = data;
  g_autofree char *answer = merged->answer;

  if (error != NULL)
    g_warning ("%s: the CRM has done it, but chats keep the old record for now: %s", merged->call->op->name,
               error->message);
  uc_op_reply_kept (merged->call, answer);
}

static void
note_merge (UcOpCall *call, UcCommand *command, char *answer)
{
  Merged *merged = g_new0 (Merged, 1);

  merged->call = call;
  merged->answer = answer;
  command->type = UC_COMMAND_MERGED;
  command->by = call->who.user != NULL ? call->who.user : call->who.label;
  uc_core_submit (call->core, command, on_merge_noted, merged);
}

static void
on_merged (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *kept = first_customer (result);
  g_autofree char *merge = merge_id (result);
  UcCommand command = { .dropped = uc_op_string (call, "drop"), .merge = merge };

  if (kept == NULL)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  command.customer = kept->id;
  command.customer_name = kept->name;
  note_merge (call, &command, merge_answer (kept, merge));
}

static void
start_merge (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Joining *joining = data;
  UsherMerge merge = {
    .struct_size = sizeof merge,
    .keep = uc_op_string (joining->call, "keep"),
    .drop = uc_op_string (joining->call, "drop"),
    .author = joining->author,
  };

  ops->merge_customers (self, &merge, reply);
}

typedef struct
{
  const char *agent, *customer;
  gboolean found;
} Draft;

static void
find_draft (const UcInteraction *interaction, gpointer data)
{
  Draft *draft = data;

  draft->found = draft->found
                 || (interaction->draft && g_strcmp0 (interaction->customer, draft->customer) == 0
                     && interaction->agent != NULL && g_strcmp0 (interaction->agent->id, draft->agent) == 0);
}

/* Who is just filling in a new record and finds that the person is known needs no supervisor for it. */
static gboolean
may_merge (UcOpCall *call, const char *dropped)
{
  Draft draft = { call->who.user, dropped, FALSE };

  if (!uc_bridge_can_merge (call->core))
    {
      uc_op_fail_with (call, UC_ERROR_UNSUPPORTED, "this CRM can't merge records, or it is not running");
      return FALSE;
    }
  if (uc_auth_may (call->core, &call->who, "customer.merge"))
    return TRUE;
  if (dropped != NULL && draft.agent != NULL)
    uc_engine_each_interaction (call->core->engine, find_draft, &draft);
  if (!draft.found)
    uc_op_fail_with (
        call, UC_ERROR_DENIED,
        "merging records needs the permission customer.merge, except for the draft of one's own chat");
  return draft.found;
}

static void
customer_merge (UcOpCall *call)
{
  Joining *joining;

  if (!may_merge (call, uc_op_string (call, "drop")))
    return;
  joining = joining_new (call);
  uc_bridge_call (call->core, start_merge, joining, on_merged, joining);
}

static void
on_unmerged (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *kept = first_customer (result), *restored = kept != NULL ? result->customers[1] : NULL;
  UcCommand command = { .removed = 1, .merge = uc_op_string (call, "merge") };
  g_autoptr (GString) lines = g_string_new (NULL);
  GString *out;

  if (restored == NULL)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  for (const UsherIdentity *const *i = restored->identities; i != NULL && *i != NULL; i++)
    g_string_append_printf (lines, "%s%s %s", lines->len > 0 ? "\n" : "", (*i)->network, (*i)->id);
  command.customer = kept->id;
  command.dropped = restored->id;
  command.customer_name = restored->name;
  command.identities = lines->str;
  out = g_string_new (NULL);
  uc_json_begin (out);
  uc_json_begin_array (out, "customers");
  uc_view_customer (out, NULL, kept);
  uc_view_customer (out, NULL, restored);
  uc_json_end_array (out);
  uc_json_end (out);
  note_merge (call, &command, g_string_free (out, FALSE));
}

static void
start_unmerge (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Joining *joining = data;
  UsherMerge merge = {
    .struct_size = sizeof merge,
    .id = uc_op_string (joining->call, "merge"),
    .author = joining->author,
  };

  ops->unmerge_customers (self, &merge, reply);
}

static void
customer_unmerge (UcOpCall *call)
{
  Joining *joining;

  if (!may_merge (call, NULL))
    return;
  joining = joining_new (call);
  uc_bridge_call (call->core, start_unmerge, joining, on_unmerged, joining);
}

/* ---- customer.timeline --------------------------------------------------------------------------------- */

typedef struct
{
  gint64 at;
  const UcEvent *row;
  const UsherCase *record;
} Item;

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  const Item *one = a, *other = b;

  return one->at > other->at ? -1 : one->at < other->at;
}

static void
add_item (GString *out, const Item *item)
{
  uc_json_begin (out);
  uc_json_add_int (out, "at", item->at);
  uc_json_add_string (out, "kind", item->row != NULL ? "interaction" : "case");
  if (item->row != NULL)
    {
      uc_view_interaction_row_open (out, "interaction", item->row);
      uc_json_end (out);
    }
  else
    uc_view_case (out, "case", item->record, FALSE);
  uc_json_end (out);
}

static void
on_cases (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  gint64 before = uc_op_int (call, "before", 0), limit = uc_op_int (call, "limit", 50);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  g_autoptr (GString) out = g_string_sized_new (4096);

  if (result->status != USHER_OK)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  for (guint i = 0; i < joining->rows->len; i++)
    {
      Item item = { ((UcEvent *)joining->rows->pdata[i])->enqueued_at, joining->rows->pdata[i], NULL };

      g_array_append_val (items, item);
    }
  for (const UsherCase *const *c = result->cases; c != NULL && *c != NULL; c++)
    {
      Item item = { (*c)->started_at != 0 ? (*c)->started_at : (*c)->created_at, NULL, *c };

      if (before == 0 || item.at < before)
        g_array_append_val (items, item);
    }
  g_array_sort (items, newest_first);
  joining->more = joining->more || items->len > limit;
  uc_json_begin (out);
  uc_json_begin_array (out, "items");
  for (guint i = 0; i < MIN (items->len, limit); i++)
    add_item (out, &g_array_index (items, Item, i));
  uc_json_end_array (out);
  uc_json_add_bool (out, "more", joining->more);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
start_list_cases (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query = {
    .struct_size = sizeof query,
    .customer_id = uc_op_string (((Joining *)data)->call, "customer"),
    .limit = MAX_CASES,
  };

  ops->list_cases (self, &query, reply);
}

static void
on_interactions (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Joining *joining = data;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (joining->call, why);
      return;
    }
  joining->more = more;
  joining->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (joining->rows, uc_event_copy (rows->pdata[i]));
  uc_bridge_call (joining->call->core, start_list_cases, joining, on_cases, joining);
}

static void
customer_timeline (UcOpCall *call)
{
  UcInteractionQuery query = {
    .customer = uc_op_string (call, "customer"),
    .merged = TRUE,
    .before = uc_op_int (call, "before", 0),
    .limit = (guint)uc_op_int (call, "limit", 50),
  };

  uc_store_interactions (call->core->store, &query, on_interactions, joining_new (call));
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg choose_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "the customer's id; absent = none of them, make a new one" },
  { NULL },
};
static const UcOpArg follow_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { "case", UC_ARG_STRING, FALSE, 0, 100, "the case it continues; absent = none" },
  { NULL },
};
static const UcOpArg merge_args[] = {
  { "keep", UC_ARG_STRING, TRUE, 0, 100, "the record that stays" },
  { "drop", UC_ARG_STRING, TRUE, 0, 100, "the record that is the same person; it is hidden" },
  { NULL },
};
static const UcOpArg unmerge_args[] = {
  { "merge", UC_ARG_STRING, TRUE, 0, 100, "id of the merge, from the customer's \"merges\"" },
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "the kept record, for the audit" },
  { NULL },
};
static const UcOpArg timeline_args[] = {
  { "customer", UC_ARG_STRING, TRUE, 0, 100, "the customer's id" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only what is older than this time (ms); for the next page" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};

const UcOp uc_ops_customer[] = {
  { "interaction.choose_customer", "desk", UC_OP_CHANGE, choose_args, interaction_choose_customer,
    "Say which customer record an interaction belongs to." },
  { "interaction.follow_up", "desk", UC_OP_CHANGE, follow_args, interaction_follow_up,
    "Continue an earlier case of the customer with this interaction." },
  { "customer.merge", "crm", UC_OP_CHANGE | UC_OP_NO_USER, merge_args, customer_merge,
    "Make one customer of two records; can be undone." },
  { "customer.unmerge", "crm", UC_OP_CHANGE | UC_OP_NO_USER, unmerge_args, customer_unmerge, "Undo a merge." },
  { "customer.timeline", "crm", UC_OP_NO_USER, timeline_args, customer_timeline,
    "All interactions and cases of a customer, over all channels, newest first." },
  { NULL },
};
