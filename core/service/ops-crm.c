/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about customers and cases: each runs one slot of the CRM plugin. Main thread.
 */
#include <stdlib.h>

#include "core/base/error.h"
#include "core/service/bridge.h"
#include "core/service/ops.h"
#include "core/service/view.h"

/* FALSE = what was asked for is not in the result. */
typedef gboolean (*Answer) (GString *out, const UsherResult *result);

/* What a call needs until the CRM answered; slots borrow from it. */
typedef struct
{
  UcOpCall *call;
  Answer answer;
  char *fields; /* JSON of the "fields" argument */
  char *author; /* name of who asks, for the CRM's history */
} Asking;

static void
asking_free (gpointer data)
{
  Asking *asking = data;

  g_free (asking->fields);
  g_free (asking->author);
  g_free (asking);
}

static int
error_of (UsherStatus status)
{
  switch (status)
    {
    case USHER_NOT_FOUND:
      return UC_ERROR_NOT_FOUND;
    case USHER_CONFLICT:
      return UC_ERROR_CONFLICT;
    case USHER_INVALID:
    case USHER_CONTENT:
      return UC_ERROR_INVALID;
    case USHER_UNSUPPORTED:
      return UC_ERROR_UNSUPPORTED;
    case USHER_BUSY:
      return UC_ERROR_BUSY;
    case USHER_RETRY:
    case USHER_UNCERTAIN:
    case USHER_LOST:
    case USHER_CANCELLED:
      return UC_ERROR_UNAVAILABLE;
    default:
      return UC_ERROR_FAILED;
    }
}

static void
add_customers (GString *out, const UsherResult *result)
{
  uc_json_begin_array (out, "customers");
  for (const UsherCustomer *const *c = result->customers; c != NULL && *c != NULL; c++)
    uc_view_customer (out, NULL, *c);
  uc_json_end_array (out);
}

void
uc_op_fail_crm (UcOpCall *call, const UsherResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) details = NULL;

  if (result->status == USHER_UNCERTAIN && (call->op->flags & UC_OP_CHANGE) == 0)
    error = g_error_new_literal (UC_ERROR, UC_ERROR_UNAVAILABLE,
                                 "the CRM did not answer in time; try again in a moment");
  else if (result->status == USHER_UNCERTAIN)
    error = g_error_new_literal (
        UC_ERROR, UC_ERROR_UNAVAILABLE,
        "the CRM did not answer in time; look whether the change is there before you repeat it");
  else if (result->status == USHER_OK)
    error = g_error_new_literal (UC_ERROR, UC_ERROR_FAILED,
                                 "the CRM said that it is done, but did not return the record; look it up");
  else
    error = g_error_new_literal (UC_ERROR, error_of (result->status),
                                 result->message != NULL ? result->message : "the CRM refused without a reason");
  if (result->customers != NULL && result->customers[0] != NULL)
    {
      details = g_string_new (NULL);
      uc_json_begin (details);
      add_customers (details, result);
      uc_json_end (details);
    }
  uc_op_fail_details (call, error, details != NULL ? details->str : NULL);
}

static void
on_answer (gpointer data, const UsherResult *result)
{
  Asking *asking = data;
  g_autoptr (GString) out = NULL;

  out = g_string_sized_new (1024);
  uc_json_begin (out);
  if (result->status != USHER_OK || !asking->answer (out, result))
    {
      uc_op_fail_crm (asking->call, result);
      return;
    }
  uc_json_end (out);
  uc_op_reply_kept (asking->call, out->str);
}

char *
uc_op_author (UcOpCall *call)
{
  const UcAgent *agent = call->who.user != NULL ? uc_engine_agent (call->core->engine, call->who.user) : NULL;

  return g_strdup (agent != NULL ? agent->name : call->who.label);
}

static void
ask_then (UcOpCall *call, UcCrmStart start, Answer answer, UcReplyFunc func)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->call = call;
  asking->answer = answer;
  asking->author = uc_op_author (call);
  if (uc_op_has (call, "fields"))
    {
      char *fields = uc_json_print (uc_json_get (call->args, "fields"), NULL);

      asking->fields = g_strdup (fields);
      free (fields);
    }
  call->data = asking;
  call->data_free = asking_free;
  uc_bridge_call (call->core, start, asking, func, asking);
}

static void
ask (UcOpCall *call, UcCrmStart start, Answer answer)
{
  ask_then (call, start, answer, on_answer);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static gboolean
answer_customer (GString *out, const UsherResult *result)
{
  if (result->customers == NULL || result->customers[0] == NULL)
    return FALSE;
  uc_view_customer (out, "customer", result->customers[0]);
  return TRUE;
}

static gboolean
answer_customers (GString *out, const UsherResult *result)
{
  add_customers (out, result);
  uc_json_add_string (out, "next", result->next);
  return TRUE;
}

static gboolean
answer_case (GString *out, const UsherResult *result)
{
  if (result->cases == NULL || result->cases[0] == NULL)
    return FALSE;
  uc_view_case (out, "case", result->cases[0], TRUE);
  return TRUE;
}

static gboolean
answer_cases (GString *out, const UsherResult *result)
{
  uc_json_begin_array (out, "cases");
  for (const UsherCase *const *c = result->cases; c != NULL && *c != NULL; c++)
    uc_view_case (out, NULL, *c, FALSE);
  uc_json_end_array (out);
  uc_json_add_string (out, "next", result->next);
  return TRUE;
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static void
start_get_customer (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->get_customer (self, uc_op_string (((Asking *)data)->call, "customer"), reply);
}

static void
customer_get (UcOpCall *call)
{
  ask (call, start_get_customer, answer_customer);
}

static UsherCrmQuery
read_query (UcOpCall *call)
{
  UsherCrmQuery query = {
    .struct_size = sizeof query,
    .text = uc_op_string (call, "text"),
    .customer_id = uc_op_string (call, "customer"),
    .state = uc_op_bool (call, "draft", FALSE) ? "draft" : uc_op_string (call, "state"),
    .cursor = uc_op_string (call, "cursor"),
    .limit = (int32_t)uc_op_int (call, "limit", 50),
  };

  return query;
}

static void
start_search (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query = read_query (((Asking *)data)->call);

  ops->search_customers (self, &query, reply);
}

static void
customer_search (UcOpCall *call)
{
  ask (call, start_search, answer_customers);
}

static void
start_save_customer (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Asking *asking = data;
  UcOpCall *call = asking->call;
  UsherIdentity identity = { sizeof identity, uc_op_string (call, "network"), uc_op_string (call, "identity"),
                             uc_op_string (call, "identity_name") };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer customer = {
    .struct_size = sizeof customer,
    .id = uc_op_string (call, "customer"),
    .name = uc_op_string (call, "name"),
    .first_name = uc_op_string (call, "first_name"),
    .last_name = uc_op_string (call, "last_name"),
    .email = uc_op_string (call, "email"),
    .phone = uc_op_string (call, "phone"),
    .company = uc_op_string (call, "company"),
    .notes = uc_op_string (call, "notes"),
    .fields = asking->fields,
    .draft = uc_op_bool (call, "draft", FALSE),
    .version = uc_op_int (call, "version", 0),
    .identities = identity.network != NULL ? identities : NULL,
    .author = asking->author,
  };

  ops->save_customer (self, &customer, reply);
}

typedef struct
{
  const UsherCustomer *customer;
  GPtrArray *interactions; /* of char* */
} Linked;

static void
find_linked (const UcInteraction *interaction, gpointer data)
{
  Linked *linked = data;

  if (g_strcmp0 (interaction->customer, linked->customer->id) == 0)
    g_ptr_array_add (linked->interactions, g_strdup (interaction->id));
}

/* Desks that show the customer's interactions learn the new name, and that the record is complete. */
static void
on_customer_saved (gpointer data, const UsherResult *result)
{
  Asking *asking = data;
  UcCore *core = asking->call->core;

  if (result->status == USHER_OK && result->customers != NULL && result->customers[0] != NULL)
    {
      const UsherCustomer *customer = result->customers[0];
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
      Linked linked = { customer, ids };

      uc_engine_each_interaction (core->engine, find_linked, &linked);
      for (guint i = 0; i < ids->len; i++)
        {
          UcCommand command = { .type = UC_COMMAND_SET_CUSTOMER,
                                .interaction = ids->pdata[i],
                                .customer = customer->id,
                                .customer_name = customer->name,
                                .draft = customer->draft };

          uc_core_submit (core, &command, NULL, NULL);
        }
    }
  on_answer (data, result);
}

static void
customer_save (UcOpCall *call)
{
  if (uc_op_has (call, "network") != uc_op_has (call, "identity"))
    uc_op_fail_with (call, UC_ERROR_INVALID, "customer.save: an identity needs both \"network\" and \"identity\"");
  else
    ask_then (call, start_save_customer, answer_customer, on_customer_saved);
}

/* ---- cases --------------------------------------------------------------------------------------------- */

static void
start_get_case (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->get_case (self, uc_op_string (((Asking *)data)->call, "case"), reply);
}

static void
case_get (UcOpCall *call)
{
  ask (call, start_get_case, answer_case);
}

static void
start_list_cases (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query = read_query (((Asking *)data)->call);

  ops->list_cases (self, &query, reply);
}

static void
case_list (UcOpCall *call)
{
  ask (call, start_list_cases, answer_cases);
}

static void
start_save_case (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Asking *asking = data;
  UcOpCall *call = asking->call;
  UsherCase record = {
    .struct_size = sizeof record,
    .id = uc_op_string (call, "case"),
    .customer_id = uc_op_string (call, "customer"),
    .subject = uc_op_string (call, "subject"),
    .state = uc_op_string (call, "state"),
    .severity = uc_op_string (call, "severity"),
    .priority = uc_op_string (call, "priority"),
    .category = uc_op_string (call, "category"),
    .notes = uc_op_string (call, "notes"),
    .fields = asking->fields,
    .version = uc_op_int (call, "version", 0),
    .author = asking->author,
    .comment = uc_op_string (call, "text"),
  };

  ops->save_case (self, &record, reply);
}

static void
case_save (UcOpCall *call)
{
  ask (call, start_save_case, answer_case);
}

/* Its text goes the way of a change: start_save_case takes it as the comment. */
static void
case_comment (UcOpCall *call)
{
  ask (call, start_save_case, answer_case);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg customer_get_args[] = {
  { "customer", UC_ARG_STRING, TRUE, 0, 100, "the customer's id" },
  { NULL },
};
static const UcOpArg search_args[] = {
  { "text", UC_ARG_TEXT, FALSE, 0, 200, "words in name, e-mail, phone, company or identity; empty = all" },
  { "draft", UC_ARG_BOOL, FALSE, 0, 0, "only records that nobody has completed yet" },
  { "cursor", UC_ARG_STRING, FALSE, 0, 500, "\"next\" of the page before" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg customer_save_args[] = {
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "the customer's id; absent = a new one" },
  { "version", UC_ARG_INT, FALSE, 0, 0, "the version that was read; refused when somebody changed it since" },
  { "name", UC_ARG_TEXT, FALSE, 0, 200, "display name" },
  { "first_name", UC_ARG_TEXT, FALSE, 0, 200, "first name" },
  { "last_name", UC_ARG_TEXT, FALSE, 0, 200, "last name" },
  { "email", UC_ARG_TEXT, FALSE, 0, 254, "e-mail address; unique" },
  { "phone", UC_ARG_TEXT, FALSE, 0, 100, "phone number" },
  { "company", UC_ARG_TEXT, FALSE, 0, 200, "company" },
  { "notes", UC_ARG_TEXT, FALSE, 0, 16384, "notes" },
  { "fields", UC_ARG_OBJECT, FALSE, 0, 0, "the site's own fields" },
  { "draft", UC_ARG_BOOL, FALSE, 0, 0, "leave it a draft; a complete record needs first and last name" },
  { "network", UC_ARG_STRING, FALSE, 0, 50, "with identity: one more identity of this customer" },
  { "identity", UC_ARG_STRING, FALSE, 0, 512, "the customer's id on that network" },
  { "identity_name", UC_ARG_STRING, FALSE, 0, 200, "display name on that network" },
  { NULL },
};
static const UcOpArg case_get_args[] = {
  { "case", UC_ARG_STRING, TRUE, 0, 100, "the case's id" },
  { NULL },
};
static const UcOpArg case_list_args[] = {
  { "customer", UC_ARG_STRING, FALSE, 0, 100, "only this customer's" },
  { "state", UC_ARG_STRING, FALSE, 0, 10, "open or closed" },
  { "text", UC_ARG_TEXT, FALSE, 0, 200, "words in subject, notes or transcript" },
  { "cursor", UC_ARG_STRING, FALSE, 0, 500, "\"next\" of the page before" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg case_save_args[] = {
  { "case", UC_ARG_STRING, TRUE, 0, 100, "the case's id" },
  { "version", UC_ARG_INT, FALSE, 0, 0, "the version that was read; refused when somebody changed it since" },
  { "subject", UC_ARG_TEXT, FALSE, 0, 500, "subject" },
  { "state", UC_ARG_STRING, FALSE, 0, 10, "open or closed" },
  { "customer", UC_ARG_TEXT, FALSE, 0, 100, "assign it to this customer; \"\" = to nobody" },
  { "severity", UC_ARG_TEXT, FALSE, 0, 50, "one of the CRM's words; \"\" = none" },
  { "priority", UC_ARG_TEXT, FALSE, 0, 50, "one of the CRM's words; \"\" = none" },
  { "category", UC_ARG_TEXT, FALSE, 0, 100, "one of the CRM's words; \"\" = none" },
  { "notes", UC_ARG_TEXT, FALSE, 0, 16384, "notes" },
  { "fields", UC_ARG_OBJECT, FALSE, 0, 0, "the site's own fields" },
  { NULL },
};
static const UcOpArg case_comment_args[] = {
  { "case", UC_ARG_STRING, TRUE, 0, 100, "the case's id" },
  { "text", UC_ARG_STRING, TRUE, 0, 16384, "the comment; nobody can change it later" },
  { NULL },
};

const UcOp uc_ops_crm[] = {
  { "customer.get", "crm", UC_OP_NO_USER, customer_get_args, customer_get, "One customer with identities." },
  { "customer.search", "crm", UC_OP_NO_USER, search_args, customer_search, "Find customers." },
  { "customer.save", "crm", UC_OP_CHANGE | UC_OP_NO_USER, customer_save_args, customer_save,
    "Create or change a customer; what is absent stays as it is." },
  { "case.get", "crm", UC_OP_NO_USER, case_get_args, case_get, "One case with its transcript." },
  { "case.list", "crm", UC_OP_NO_USER, case_list_args, case_list, "Cases, newest first." },
  { "case.save", "crm", UC_OP_CHANGE | UC_OP_NO_USER, case_save_args, case_save,
    "Change a case; what is absent stays as it is." },
  { "case.comment", "crm", UC_OP_CHANGE | UC_OP_NO_USER, case_comment_args, case_comment,
    "Add a comment to a case." },
  { NULL },
};
