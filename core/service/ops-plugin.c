/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations on plugin instances. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/plugin/remote.h"
#include "core/service/ops.h"
#include "core/service/view.h"

static void
plugin_status (UcOpCall *call)
{
  g_autoptr (GString) out = g_string_new (NULL);

  uc_json_begin (out);
  uc_json_begin_array (out, "instances");
  for (guint i = 0; i < call->core->instances->len; i++)
    uc_view_instance (out, NULL, call->core->instances->pdata[i]);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

/* "site", or "channel:site" where another kind has the name, too. NULL: the call has ended. */
static UsherInstance *
find_instance (UcOpCall *call, const char *given)
{
  const char *colon = strchr (given, ':');
  const char *name = colon != NULL ? colon + 1 : given;
  UsherInstance *found = NULL;

  for (guint i = 0; i < call->core->instances->len; i++)
    {
      UsherInstance *one = call->core->instances->pdata[i];
      const char *kind = uc_kind_word (one->kind);

      if (strcmp (one->name, name) != 0
          || (colon != NULL
              && (strlen (kind) != (gsize)(colon - given) || strncmp (kind, given, strlen (kind)) != 0)))
        continue;
      if (found != NULL)
        {
          uc_op_fail_with (call, UC_ERROR_INVALID,
                           "there are [%s:%s] and [%s:%s]; say which, with its kind before it",
                           uc_kind_word (found->kind), name, kind, name);
          return NULL;
        }
      found = one;
    }
  if (found == NULL)
    uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no instance \"%s\" of a plugin; plugin.status lists them",
                     given);
  return found;
}

static void
on_reloaded (gpointer data, const GError *error)
{
  UcOpCall *call = data;

  if (error != NULL)
    uc_op_fail (call, error);
  else
    uc_op_reply (call, "{}");
}

static void
plugin_reload (UcOpCall *call)
{
  UsherInstance *instance = find_instance (call, uc_op_string (call, "instance"));

  if (instance == NULL)
    return;
  if (!instance->plugin->isolated)
    uc_op_fail_with (
        call, UC_ERROR_UNSUPPORTED,
        "[%s:%s] runs inside usherd, where a plugin is never unmapped; set isolation = process in its "
        "section and restart usherd, then it can be reloaded",
        uc_kind_word (instance->kind), instance->name);
  else
    uc_remote_reload (instance, on_reloaded, call);
}

static const UcOpArg plugin_reload_args[]
    = { { "instance", UC_ARG_STRING, TRUE, 0, 100, "NAME or KIND:NAME of its section" }, { NULL } };

const UcOp uc_ops_plugin[] = {
  { "plugin.status", "administer", UC_OP_NO_USER, NULL, plugin_status,
    "The configured plugin instances and their states." },
  { "plugin.reload", "administer", UC_OP_NO_USER, plugin_reload_args, plugin_reload,
    "Let what is in the file now take over from an isolated plugin." },
  { NULL },
};
