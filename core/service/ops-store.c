/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations on what is stored: backups. Main thread.
 */
#include "core/base/error.h"
#include "core/service/backup.h"
#include "core/service/ops.h"

static void
store_backup (UcOpCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *status = NULL;

  /* It writes everything that customers said where the caller wants it, as the user the daemon runs as. */
  if (!call->who.local)
    {
      uc_op_fail_with (
          call, UC_ERROR_DENIED,
          "store.backup works on the daemon's own machine only: use \"usherctl backup FOLDER\" there");
      return;
    }
  if (!uc_backup_begin (call->core, uc_op_string (call, "path"), &error))
    {
      uc_op_fail (call, error);
      return;
    }
  status = uc_backup_status (call->core);
  uc_op_reply (call, status);
}

static void
store_backup_status (UcOpCall *call)
{
  g_autofree char *status = uc_backup_status (call->core);

  uc_op_reply (call, status);
}

static const UcOpArg store_backup_args[] = {
  { "path", UC_ARG_STRING, TRUE, 0, 4000, "absolute path of a folder that is not there yet" },
  { NULL },
};

const UcOp uc_ops_store[] = {
  { "store.backup", "administer", UC_OP_NO_DESK | UC_OP_NO_USER, store_backup_args, store_backup,
    "Begin a backup of the database and the kept files; control socket only." },
  { "store.backup_status", "administer", UC_OP_NO_USER, NULL, store_backup_status,
    "How the backup that is under way gets on, or how the last one ended." },
  { NULL },
};
