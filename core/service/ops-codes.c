/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about the centre's rules: the policy, lists of codes, and the codes of an interaction. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/service/ops.h"
#include "core/service/view.h"

/* ---- the policy ---------------------------------------------------------------------------------------- */

static void
policy_get (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_view_policy (out, "policy", uc_engine_policy (call->core->engine));
  uc_json_begin_array (out, "presets");
  for (const char *const *preset = uc_policy_presets (); *preset != NULL; preset++)
    uc_json_add_string (out, NULL, *preset);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
policy_put (UcOpCall *call)
{
  g_autofree char *pop_on = uc_op_words (call, "pop_on");
  UcCommand command = {
    .type = UC_COMMAND_PUT_POLICY,
    .preset = uc_op_string (call, "preset"),
    .on_login = uc_op_string (call, "on_login"),
    .on_reject = uc_op_string (call, "on_reject"),
    .on_timeout = uc_op_string (call, "on_timeout"),
    .reason_reject = uc_op_string (call, "reason_reject"),
    .reason_timeout = uc_op_string (call, "reason_timeout"),
    .pop_on = pop_on,
    .late_save = uc_op_string (call, "late_save"),
    .acceptance_ms = uc_op_int (call, "acceptance_ms", -1),
    .return_reject_ms = uc_op_int (call, "return_reject_ms", -1),
    .return_timeout_ms = uc_op_int (call, "return_timeout_ms", -1),
    .max_misses = uc_op_int (call, "max_misses", -1),
    .lease_ms = uc_op_int (call, "lease_ms", -1),
    .grace_ms = uc_op_int (call, "grace_ms", -1),
    .code_grace_ms = uc_op_int (call, "code_grace_ms", -1),
  };

  uc_op_submit (call, &command, NULL);
}

/* ---- lists of codes ------------------------------------------------------------------------------------ */

static void
add_list (const UcCodeList *list, gpointer data)
{
  uc_view_code_list (data, NULL, list);
}

static void
codes_list (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_begin_array (out, "codes");
  uc_engine_each_code_list (call->core->engine, add_list, out);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

/* "CODE=Name", with a "!" in front for one that is kept for the record but can't be chosen any more. */
static char *
read_codes (UcOpCall *call)
{
  const UcJson *texts = uc_json_get (call->args, "codes");
  g_autoptr (GString) out = NULL;

  if (!uc_json_is_array (texts))
    return NULL;
  out = g_string_new ("[");
  for (const UcJson *t = uc_json_first (texts); t != NULL; t = uc_json_next (t))
    {
      const char *text = uc_json_string (t);
      gboolean active = *text != '!';
      const char *code = active ? text : text + 1;
      const char *equals = strchr (code, '=');
      g_autofree char *id = equals != NULL ? g_strndup (code, (gsize)(equals - code)) : g_strdup (code);

      uc_json_begin (out);
      uc_json_add_string (out, "code", id);
      uc_json_add_string (out, "name", equals != NULL && equals[1] != '\0' ? equals + 1 : id);
      uc_json_add_bool (out, "active", active);
      uc_json_end (out);
    }
  g_string_append_c (out, ']');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* What is absent stays as it is, unless it belongs to a use that the list does not have any more. */
static void
codes_put (UcOpCall *call)
{
  const char *list = uc_op_string (call, "list");
  const UcCodeList *old = uc_engine_code_list (call->core->engine, list);
  const char *use = uc_op_string (call, "use") != NULL ? uc_op_string (call, "use")
                    : old != NULL                      ? old->use
                                                       : "disposition";
  gboolean same_use = old != NULL && strcmp (old->use, use) == 0;
  g_autofree char *codes = read_codes (call);
  g_autofree char *queues = uc_op_words (call, "queues");
  UcCommand command = {
    .type = UC_COMMAND_PUT_CODES,
    .list = list,
    .name = uc_op_string (call, "name") != NULL ? uc_op_string (call, "name")
            : old != NULL                       ? old->name
                                                : list,
    .use = use,
    .status = uc_op_string (call, "status") != NULL ? uc_op_string (call, "status")
              : same_use                            ? old->status
                                                    : NULL,
    .queues = queues != NULL ? (*queues != '\0' ? queues : NULL)
              : same_use     ? old->queues
                             : NULL,
    .codes = codes != NULL ? codes
             : old != NULL ? old->json
                           : "[]",
    .required = uc_op_bool (call, "required", old != NULL && old->required),
    .enabled = uc_op_bool (call, "enabled", old == NULL || old->enabled),
    .removed = uc_op_bool (call, "removed", FALSE),
  };

  uc_op_submit (call, &command, NULL);
}

/* ---- the codes of an interaction ----------------------------------------------------------------------- */

/* One that was closed without its codes, or that a supervisor corrects. */
static void
on_closed_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  g_autofree char *codes = uc_op_words (call, "codes");
  UcCommand command = { .type = UC_COMMAND_SET_CODES, .codes = codes };
  const UcEvent *row;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  row = rows->len > 0 ? rows->pdata[0] : NULL;
  if (row == NULL || !uc_op_may_see (call, row->agent, row->queue))
    uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no such interaction, or it is not yours");
  else if (row->uncoded == 0 && !uc_op_supervises (call, row->queue))
    uc_op_fail_with (call, UC_ERROR_DENIED,
                     "this chat is closed with its codes; only a supervisor changes them now");
  else
    {
      command.interaction = row->interaction;
      command.queue = row->queue;
      command.agent = row->agent;
      uc_op_submit (call, &command, NULL);
    }
}

static void
on_closed_durable (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  UcInteractionQuery query = { .interaction = uc_op_string (call, "interaction"), .limit = 1 };

  if (error != NULL)
    uc_op_fail (call, error);
  else
    uc_store_interactions (call->core->store, &query, on_closed_row, call);
}

static void
interaction_codes (UcOpCall *call)
{
  const char *id = uc_op_string (call, "interaction");
  const UcInteraction *interaction = uc_engine_interaction (call->core->engine, id);
  g_autofree char *codes = uc_op_words (call, "codes");
  UcCommand command = { .type = UC_COMMAND_SET_CODES, .interaction = id, .codes = codes, .agent = call->who.user };

  if (interaction == NULL)
    {
      /* It may have been closed, without its codes, this very moment. */
      uc_core_barrier (call->core, on_closed_durable, call);
      return;
    }
  if (interaction->agent != NULL && g_strcmp0 (interaction->agent->id, call->who.user) != 0
      && uc_op_supervises (call, interaction->queue->id))
    command.agent = NULL;
  uc_op_submit (call, &command, NULL);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg policy_args[] = {
  { "preset", UC_ARG_STRING, FALSE, 0, 20, "take over all of 8x8, engage, connect, genesys, twilio or webex" },
  { "acceptance_ms", UC_ARG_INT, FALSE, 1000, 900000, "acceptance interval of users who have none of their own" },
  { "on_login", UC_ARG_STRING, FALSE, 0, 20, "status after a log-in: work_offline or on_break" },
  { "on_reject", UC_ARG_STRING, FALSE, 0, 20, "status after a reject: on_break, work_offline or available" },
  { "on_timeout", UC_ARG_STRING, FALSE, 0, 20, "status after a missed offer: the same words" },
  { "reason_reject", UC_ARG_TEXT, FALSE, 0, 100, "reason shown with it; \"\" = none" },
  { "reason_timeout", UC_ARG_TEXT, FALSE, 0, 100, "reason shown with it; \"\" = none" },
  { "return_reject_ms", UC_ARG_INT, FALSE, 0, 3600000, "available again by himself after so long; 0 = by hand" },
  { "return_timeout_ms", UC_ARG_INT, FALSE, 0, 3600000, "the same after a missed offer" },
  { "max_misses", UC_ARG_INT, FALSE, 1, 100, "on_timeout holds from the n-th missed offer in a row" },
  { "lease_ms", UC_ARG_INT, FALSE, 0, 300000, "an offer waits so long for a desk that vanished" },
  { "grace_ms", UC_ARG_INT, FALSE, 0, 3600000, "chats wait so long for an agent who vanished" },
  { "code_grace_ms", UC_ARG_INT, FALSE, 0, 86400000,
    "a missing required code holds an agent so long; 0 = for ever" },
  { "pop_on", UC_ARG_WORDS, FALSE, 0, 0, "when the record pops: offered, accepted, completed" },
  { "late_save", UC_ARG_STRING, FALSE, 0, 20,
    "a case saved after the end: independent, or linked to the customer" },
  { NULL },
};
static const UcOpArg codes_args[] = {
  { "list", UC_ARG_STRING, TRUE, 0, 64, "id of the list" },
  { "name", UC_ARG_STRING, FALSE, 0, 100, "what agents read" },
  { "use", UC_ARG_STRING, FALSE, 0, 20, "disposition (default), status or reject" },
  { "status", UC_ARG_STRING, FALSE, 0, 20, "use status: the status whose reasons they are, e.g. on_break" },
  { "queues", UC_ARG_WORDS, FALSE, 0, 0, "use disposition: only for these queues; [] = all" },
  { "required", UC_ARG_BOOL, FALSE, 0, 0, "one of them must be chosen" },
  { "enabled", UC_ARG_BOOL, FALSE, 0, 0, "in use" },
  { "removed", UC_ARG_BOOL, FALSE, 0, 0, "take the list away" },
  { "codes", UC_ARG_TEXTS, FALSE, 0, 0, "all codes in their order: CODE=Name, !CODE=Name = no longer offered" },
  { NULL },
};
static const UcOpArg interaction_codes_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { "codes", UC_ARG_WORDS, TRUE, 0, 0, "all codes it shall have, each as LIST/CODE" },
  { NULL },
};

const UcOp uc_ops_codes[] = {
  { "policy.get", "user", UC_OP_NO_USER, NULL, policy_get, "The centre's rules." },
  { "policy.put", "administer", UC_OP_CHANGE | UC_OP_NO_USER, policy_args, policy_put,
    "Change the centre's rules, or take over a preset." },
  { "codes.list", "user", UC_OP_NO_USER, NULL, codes_list, "All lists of codes." },
  { "codes.put", "administer", UC_OP_CHANGE | UC_OP_NO_USER, codes_args, codes_put,
    "Create, change or remove a list of codes." },
  { "interaction.codes", "desk", UC_OP_CHANGE, interaction_codes_args, interaction_codes,
    "Set the transaction codes of an interaction." },
  { NULL },
};
