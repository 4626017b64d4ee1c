/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations that join interactions and customer records: choosing the right record, continuing an earlier case,
 * merging two records. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/service/bridge.h"
#include "core/service/ops.h"
#include "core/service/view.h"

/* What a call needs until the CRM answered; slots borrow from it. */
typedef struct
{
  UcOpCall *call;
  char *author, *network, *identity; /* of the interaction's conversation */
  char *chosen, *name;               /* the record itself, whatever id of a merged one the caller knows it by */
  gboolean draft;                    /* of the chosen record */
  char *dropped;                     /* a draft that becomes part of it */
} Joining;

static void
joining_free (gpointer data)
{
  Joining *joining = data;

  g_free (joining->author);
  g_free (joining->network);
  g_free (joining->identity);
  g_free (joining->chosen);
  g_free (joining->name);
  g_free (joining->dropped);
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

static const UcInteraction *
interaction_of (UcOpCall *call)
{
  return uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));
}

/* The open interaction of the call, if the caller has accepted it or supervises; otherwise the call has ended.
 * An offer is for looking only: who refuses it must leave nothing behind. */
static const UcInteraction *
own_interaction (UcOpCall *call)
{
  const UcInteraction *interaction = interaction_of (call);

  if (interaction == NULL || interaction->agent == NULL
      || !uc_op_may_see (call, interaction->agent->id, interaction->queue->id))
    uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such open interaction, or it is not yours");
  else if (interaction->state == UC_INTERACTION_OFFERED)
    uc_op_fail_with (call, UC_ERROR_CONFLICT, "this chat is only offered: it has to be accepted first");
  else
    return interaction;
  return NULL;
}

/* Who must still have the interaction when the CRM has answered; NULL = a supervisor acts for whoever has it. */
static const char *
acting_agent (UcOpCall *call)
{
  return uc_auth_may (call->core, &call->who, "supervise") ? NULL : call->who.user;
}

/* Whether it has its place in the CRM, or is on the way there. */
static gboolean
is_filed (const UcInteraction *interaction)
{
  return interaction->save_state != NULL && strcmp (interaction->save_state, "failed") != 0;
}

static const UsherCustomer *
first_customer (const UsherResult *result)
{
  return result->status == USHER_OK && result->customers != NULL ? result->customers[0] : NULL;
}

/* ---- noting a merge ------------------------------------------------------------------------------------ */

static char *
merge_id (const UsherResult *result)
{
  g_autoptr (UcJson) data
      = result->data != NULL ? uc_json_parse (result->data, strlen (result->data), NULL, NULL) : NULL;

  return g_strdup (uc_json_string (uc_json_get (data, "merge")));
}

typedef struct
{
  UcOpCall *call;
  char *answer;
} Merged;

/* The CRM answers a repetition with the same merge, so that repeating is what brings both together again. */
static void
on_merge_noted (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Merged *merged = data;
  g_autofree char *answer = merged->answer;

  if (error != NULL)
    uc_op_fail_with (merged->call, UC_ERROR_UNAVAILABLE,
                     "%s: the CRM has done it, but the chats keep the old record (%s); repeat it in a moment",
                     merged->call->op->name, error->message);
  else
    uc_op_reply_kept (merged->call, answer);
}

/* also: what goes with it, and may be refused without harm; or NULL. Takes answer. */
static void
note_merge (UcOpCall *call, UcCommand *command, UcCommand *also, char *answer)
{
  Merged *merged = g_new0 (Merged, 1);
  UcTxn *txn = uc_txn_new (call->core);
  g_autoptr (GError) error = NULL;

  merged->call = call;
  merged->answer = answer;
  command->type = UC_COMMAND_MERGED;
  command->by = call->who.user != NULL ? call->who.user : call->who.label;
  if (!uc_txn_step (txn, command, &error))
    {
      uc_txn_drop (txn);
      on_merge_noted (merged, error, NULL);
      return;
    }
  if (also != NULL)
    {
      also->by = command->by;
      if (!uc_txn_step (txn, also, &error))
        g_message ("%s: what goes with it was left out: %s", call->op->name, error->message);
    }
  uc_txn_commit (txn, on_merge_noted, merged);
}

/* A merge without a name could neither be noted nor undone. */
static void
fail_nameless (UcOpCall *call)
{
  uc_op_fail_with (call, UC_ERROR_FAILED,
                   "the CRM merged the records but did not say the merge's id; its plugin is at fault");
}

/* ---- interaction.choose_customer ----------------------------------------------------------------------- */

static UcCommand
choice (UcOpCall *call, const char *customer, const char *name, gboolean draft)
{
  return (UcCommand){
    .type = UC_COMMAND_SET_CUSTOMER,
    .interaction = uc_op_string (call, "interaction"),
    .agent = acting_agent (call),
    .customer = customer,
    .customer_name = name,
    .draft = draft,
  };
}

/* An earlier case of somebody else can't be continued; what was filed there already stays there. */
static gboolean
leaves_case (const UcInteraction *interaction, const char *customer)
{
  return interaction != NULL && interaction->follows != NULL && interaction->customer != NULL
         && strcmp (interaction->customer, customer) != 0 && !is_filed (interaction);
}

static void
set_customer (UcOpCall *call, const char *customer, const char *name, gboolean draft)
{
  UcCommand command = choice (call, customer, name, draft);
  UcCommand unfollow = { .type = UC_COMMAND_FOLLOW, .interaction = command.interaction, .cause = "chosen" };

  uc_op_submit_with (call, &command, leaves_case (interaction_of (call), customer) ? &unfollow : NULL, NULL);
}

static void
on_draft_merged (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *kept = first_customer (result);
  g_autofree char *merge = merge_id (result);
  UcCommand command = { .dropped = joining->dropped, .merge = merge };
  UcCommand also;

  if (kept == NULL)
    uc_op_fail_crm (call, result);
  else if (merge == NULL)
    fail_nameless (call);
  else
    {
      command.customer = kept->id;
      command.customer_name = kept->name;
      command.draft = kept->draft;
      also = choice (call, kept->id, kept->name, kept->draft);
      note_merge (call, &command, &also, g_strdup ("{}"));
    }
}

static void
start_merge_draft (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Joining *joining = data;
  UsherMerge merge = {
    .struct_size = sizeof merge,
    .keep = joining->chosen,
    .drop = joining->dropped,
    .author = joining->author,
  };

  ops->merge_customers (self, &merge, reply);
}

static void
merge_draft (Joining *joining, const char *dropped)
{
  joining->dropped = g_strdup (dropped);
  uc_bridge_call (joining->call->core, start_merge_draft, joining, on_draft_merged, joining);
}

/* Somebody else has the identity: a draft that was made meanwhile is part of the chosen record, too; beside a
 * complete one only this interaction is the chosen customer's. */
static void
on_identity_added (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *owner
      = result->status == USHER_CONFLICT && result->customers != NULL ? result->customers[0] : NULL;
  const UsherCustomer *saved = first_customer (result);

  if (saved != NULL)
    set_customer (call, saved->id, saved->name, saved->draft);
  else if (owner != NULL && owner->draft && strcmp (owner->id, joining->chosen) != 0
           && uc_bridge_can_merge (call->core))
    merge_draft (joining, owner->id);
  else if (result->status == USHER_CONFLICT)
    set_customer (call, joining->chosen, joining->name, joining->draft);
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
    .id = joining->chosen,
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

/* The draft goes first, also when the record has the identity already: then the CRM merged the two before, and we
 * have not heard of it. */
static void
on_chosen (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *chosen = first_customer (result);
  const UcInteraction *interaction = interaction_of (call);

  if (chosen == NULL)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  joining->chosen = g_strdup (chosen->id);
  joining->name = g_strdup (chosen->name);
  joining->draft = chosen->draft;
  if (interaction != NULL && interaction->draft && g_strcmp0 (interaction->customer, chosen->id) != 0
      && uc_bridge_can_merge (call->core))
    merge_draft (joining, interaction->customer);
  else if (has_identity (chosen, joining->network, joining->identity))
    set_customer (call, chosen->id, chosen->name, chosen->draft);
  else
    uc_bridge_call (call->core, start_add_identity, joining, on_identity_added, joining);
}

static void
start_get_chosen (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->get_customer (self, uc_op_string (((Joining *)data)->call, "customer"), reply);
}

/* None of them: a new one, as for somebody whom the CRM does not know at all. */
static void
choose_nobody (UcOpCall *call, const UcInteraction *interaction)
{
  if (uc_core_crm (call->core) == NULL)
    {
      uc_op_fail_with (call, UC_ERROR_UNSUPPORTED,
                       "no CRM is configured; add a [crm:NAME] section to the configuration");
      return;
    }
  uc_bridge_make_draft (call->core->bridge, interaction);
  uc_op_reply (call, "{}");
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
      choose_nobody (call, interaction);
      return;
    }
  joining = joining_new (call);
  joining->network = g_strdup (interaction->conversation->network);
  joining->identity = g_strdup (interaction->conversation->identity);
  uc_bridge_call (call->core, start_get_chosen, joining, on_chosen, joining);
}

/* ---- interaction.follow_up ----------------------------------------------------------------------------- */

static void
follow (UcOpCall *call, const char *case_id)
{
  UcCommand command = {
    .type = UC_COMMAND_FOLLOW,
    .interaction = uc_op_string (call, "interaction"),
    .agent = acting_agent (call),
    .follows = case_id,
    .cause = "chosen",
  };

  uc_op_submit (call, &command, NULL);
}

/* Why this chat can't continue the case; NULL = it can. */
static char *
why_not_continue (const UcInteraction *interaction, const UsherCase *record)
{
  const char *number = record->number != NULL ? record->number : record->id;

  if (interaction == NULL)
    return g_strdup ("the chat was closed meanwhile");
  if (is_filed (interaction) && g_strcmp0 (interaction->follows, record->id) != 0)
    return g_strdup ("this chat is saved to the CRM already and can't move to another case");
  if (record->customer_id == NULL)
    return g_strdup_printf ("case %s belongs to no customer: assign it to the customer of this chat first",
                            number);
  if (interaction->customer == NULL)
    return g_strdup ("it is not known who the customer of this chat is: choose his record first");
  if (strcmp (record->customer_id, interaction->customer) != 0)
    return g_strdup_printf (
        "case %s belongs to another customer: a chat continues a case of its own customer only", number);
  return NULL;
}

static void
on_case (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCase *record = result->status == USHER_OK && result->cases != NULL ? result->cases[0] : NULL;
  g_autofree char *why = record != NULL ? why_not_continue (interaction_of (call), record) : NULL;

  if (record == NULL)
    uc_op_fail_crm (call, result);
  else if (why != NULL)
    uc_op_fail_with (call, UC_ERROR_CONFLICT, "%s", why);
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
  const UcInteraction *interaction = own_interaction (call);
  Joining *joining;

  if (interaction == NULL)
    return;
  if (uc_op_has (call, "case"))
    {
      joining = joining_new (call);
      uc_bridge_call (call->core, start_get_case, joining, on_case, joining);
    }
  else if (interaction->follows != NULL && is_filed (interaction))
    uc_op_fail_with (call, UC_ERROR_CONFLICT,
                     "this chat is saved to the CRM already and can't leave the case it continues");
  else
    follow (call, NULL);
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

static void
on_merged (gpointer data, const UsherResult *result)
{
  Joining *joining = data;
  UcOpCall *call = joining->call;
  const UsherCustomer *kept = first_customer (result);
  g_autofree char *merge = merge_id (result);
  UcCommand command = { .dropped = uc_op_string (call, "drop"), .merge = merge };

  if (kept == NULL)
    uc_op_fail_crm (call, result);
  else if (merge == NULL)
    fail_nameless (call);
  else
    {
      command.customer = kept->id;
      command.customer_name = kept->name;
      command.draft = kept->draft;
      note_merge (call, &command, NULL, merge_answer (kept, merge));
    }
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
                 || (interaction->draft && interaction->state != UC_INTERACTION_OFFERED
                     && g_strcmp0 (interaction->customer, draft->customer) == 0 && interaction->agent != NULL
                     && g_strcmp0 (interaction->agent->id, draft->agent) == 0);
}

/* One that does not run answers with why it does not. */
static gboolean
crm_merges (UcOpCall *call)
{
  const UsherInstance *crm = uc_core_crm (call->core);

  if (crm == NULL || !uc_instance_is_running (crm) || uc_bridge_can_merge (call->core))
    return TRUE;
  uc_op_fail_with (call, UC_ERROR_UNSUPPORTED, "the CRM \"%s\" can't merge records", crm->name);
  return FALSE;
}

/* Who is just filling in a new record and finds that the person is known needs no supervisor for it. */
static gboolean
may_merge (UcOpCall *call, const char *dropped)
{
  Draft draft = { call->who.user, dropped, FALSE };

  if (uc_auth_may (call->core, &call->who, "customer.merge"))
    return TRUE;
  if (draft.agent != NULL)
    uc_engine_each_interaction (call->core->engine, find_draft, &draft);
  if (!draft.found)
    uc_op_fail_with (
        call, UC_ERROR_DENIED,
        "merging records needs the permission customer.merge, except for the draft of one's own chat");
  return draft.found;
}

static gboolean
may_unmerge (UcOpCall *call)
{
  if (uc_auth_may (call->core, &call->who, "customer.merge"))
    return TRUE;
  uc_op_fail_with (call, UC_ERROR_DENIED,
                   "undoing a merge needs the permission customer.merge; ask a supervisor to do it");
  return FALSE;
}

static void
customer_merge (UcOpCall *call)
{
  Joining *joining;

  if (!may_merge (call, uc_op_string (call, "drop")) || !crm_merges (call))
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
  command.draft = restored->draft;
  command.identities = lines->str;
  out = g_string_new (NULL);
  uc_json_begin (out);
  uc_json_begin_array (out, "customers");
  uc_view_customer (out, NULL, kept);
  uc_view_customer (out, NULL, restored);
  uc_json_end_array (out);
  uc_json_end (out);
  note_merge (call, &command, NULL, g_string_free (out, FALSE));
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

  if (!may_unmerge (call) || !crm_merges (call))
    return;
  joining = joining_new (call);
  uc_bridge_call (call->core, start_unmerge, joining, on_unmerged, joining);
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
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "the kept record; the merge's id alone is enough" },
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
  { NULL },
};
