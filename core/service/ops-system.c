/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about the life of the daemon. Main thread.
 */
#include "core/service/drain.h"
#include "core/service/ops.h"

static void
on_drained (gpointer data, const GError *error, GPtrArray *events)
{
  UcOpCall *call = data;
  g_autoptr (GString) out = NULL;

  if (error != NULL)
    {
      uc_op_fail (call, error);
      return;
    }
  out = g_string_new (NULL);
  uc_json_begin (out);
  uc_json_add_bool (out, "draining", uc_drain_phase (call->core) != UC_DRAIN_OFF);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
system_drain (UcOpCall *call)
{
  if (uc_op_bool (call, "cancel", FALSE))
    uc_drain_cancel (call->core, call->who.user, on_drained, call);
  else
    uc_drain_begin (call->core, call->who.user, on_drained, call);
}

static const UcOpArg system_drain_args[] = {
  { "cancel", UC_ARG_BOOL, FALSE, 0, 0, "make offers again" },
  { NULL },
};

const UcOp uc_ops_system[] = {
  { "system.drain", "administer", UC_OP_NO_USER, system_drain_args, system_drain,
    "Make no new offers, so that the daemon can be stopped without anybody waiting for it; or make them again." },
  { NULL },
};
