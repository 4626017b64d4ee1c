/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operation table as JSON, with a schema of the arguments of each. Main thread.
 */
#include "core/service/ops.h"

static void
describe_arg (GString *out, const UcOpArg *arg)
{
  static const char *const words[] = {
    [UC_ARG_STRING] = "string", [UC_ARG_TEXT] = "string", [UC_ARG_INT] = "integer",   [UC_ARG_BOOL] = "boolean",
    [UC_ARG_WORDS] = "array",   [UC_ARG_TEXTS] = "array", [UC_ARG_OBJECT] = "object",
  };

  uc_json_begin_object (out, arg->name);
  uc_json_add_string (out, "type", words[arg->type]);
  uc_json_add_string (out, "description", arg->doc);
  if (arg->type == UC_ARG_STRING)
    uc_json_add_int (out, "minLength", 1);
  if (arg->type == UC_ARG_STRING || arg->type == UC_ARG_TEXT)
    uc_json_add_int (out, "maxLength", arg->max > 0 ? arg->max : arg->type == UC_ARG_STRING ? 200 : 65536);
  if (arg->type == UC_ARG_INT)
    {
      uc_json_add_int (out, "minimum", arg->min);
      if (arg->max != 0)
        uc_json_add_int (out, "maximum", arg->max);
    }
  if (arg->type == UC_ARG_WORDS || arg->type == UC_ARG_TEXTS)
    uc_json_add_raw (out, "items", "{\"type\":\"string\"}");
  uc_json_end (out);
}

static void
describe_op (GString *out, const UcOp *op)
{
  uc_json_begin (out);
  uc_json_add_string (out, "name", op->name);
  uc_json_add_string (out, "permission", op->permission);
  uc_json_add_bool (out, "changes", (op->flags & UC_OP_CHANGE) != 0);
  uc_json_add_string (out, "doc", op->doc);
  uc_json_begin_object (out, "arguments");
  uc_json_add_string (out, "type", "object");
  uc_json_add_bool (out, "additionalProperties", FALSE);
  uc_json_begin_object (out, "properties");
  for (const UcOpArg *arg = op->args; arg != NULL && arg->name != NULL; arg++)
    describe_arg (out, arg);
  uc_json_end (out);
  uc_json_begin_array (out, "required");
  for (const UcOpArg *arg = op->args; arg != NULL && arg->name != NULL; arg++)
    if (arg->required)
      uc_json_add_string (out, NULL, arg->name);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_json_end (out);
}

char *
uc_ops_describe (void)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_begin_array (out, "operations");
  for (gsize t = 0; uc_op_tables[t] != NULL; t++)
    for (const UcOp *op = uc_op_tables[t]; op->name != NULL; op++)
      describe_op (out, op);
  uc_json_end_array (out);
  uc_json_end (out);
  return g_string_free (out, FALSE);
}
