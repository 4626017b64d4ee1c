/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers that are lists: what the store read becomes {"KEY":[...], "more":...}. Main thread.
 */
#include "core/service/ops.h"
#include "core/service/view.h"

GString *
uc_op_open_rows (UcOpCall *call, const char *key, UcStoreResult result, GPtrArray *rows, const char *why,
                 UcOpAddRow add)
{
  GString *out;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return NULL;
    }
  out = g_string_sized_new (4096);
  uc_json_begin (out);
  uc_json_begin_array (out, key);
  for (guint i = 0; i < rows->len; i++)
    add (out, call, rows->pdata[i]);
  uc_json_end_array (out);
  return out;
}

void
uc_op_reply_rows (UcOpCall *call, const char *key, UcStoreResult result, GPtrArray *rows, gboolean more,
                  const char *why, UcOpAddRow add)
{
  g_autoptr (GString) out = uc_op_open_rows (call, key, result, rows, why, add);

  if (out == NULL)
    return;
  uc_json_add_bool (out, "more", more);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
add_interaction (GString *out, UcOpCall *call, const UcEvent *row)
{
  uc_view_interaction_row_open (out, NULL, row);
  uc_json_end (out);
}

void
uc_op_reply_interactions (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  uc_op_reply_rows (data, "interactions", result, rows, more, why, add_interaction);
}
