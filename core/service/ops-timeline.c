/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * customer.timeline: the interactions of a customer, from the store, and his cases, from the CRM, as one list over
 * all channels. Main thread.
 */
#include "core/service/bridge.h"
#include "core/service/ops.h"
#include "core/service/view.h"

#define MAX_CASES 200

typedef struct
{
  UcOpCall *call;
  GPtrArray *rows; /* of UcEvent*: interactions, until the CRM answered */
  gboolean more;
} Timeline;

static void
timeline_free (gpointer data)
{
  Timeline *timeline = data;

  g_clear_pointer (&timeline->rows, g_ptr_array_unref);
  g_free (timeline);
}

static Timeline *
timeline_new (UcOpCall *call)
{
  Timeline *timeline = g_new0 (Timeline, 1);

  timeline->call = call;
  call->data = timeline;
  call->data_free = timeline_free;
  return timeline;
}

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

/* What is of one moment, as a chat and its case are, must not be parted: the next page begins before it. */
static guint
page_of (const GArray *items, guint limit)
{
  guint count = MIN (items->len, limit);

  while (count > 0 && count < items->len
         && g_array_index (items, Item, count).at == g_array_index (items, Item, count - 1).at)
    count++;
  return count;
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
  Timeline *timeline = data;
  UcOpCall *call = timeline->call;
  gint64 before = uc_op_int (call, "before", 0), limit = uc_op_int (call, "limit", 50);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  g_autoptr (GString) out = g_string_sized_new (4096);
  guint count;

  if (result->status != USHER_OK)
    {
      uc_op_fail_crm (call, result);
      return;
    }
  for (guint i = 0; i < timeline->rows->len; i++)
    {
      Item item = { ((UcEvent *)timeline->rows->pdata[i])->enqueued_at, timeline->rows->pdata[i], NULL };

      g_array_append_val (items, item);
    }
  for (const UsherCase *const *c = result->cases; c != NULL && *c != NULL; c++)
    {
      Item item = { (*c)->started_at != 0 ? (*c)->started_at : (*c)->created_at, NULL, *c };

      if (before == 0 || item.at < before)
        g_array_append_val (items, item);
    }
  g_array_sort (items, newest_first);
  count = page_of (items, (guint)limit);
  timeline->more = timeline->more || items->len > count;
  uc_json_begin (out);
  uc_json_begin_array (out, "items");
  for (guint i = 0; i < count; i++)
    add_item (out, &g_array_index (items, Item, i));
  uc_json_end_array (out);
  uc_json_add_bool (out, "more", timeline->more);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
start_list_cases (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query = {
    .struct_size = sizeof query,
    .customer_id = uc_op_string (((Timeline *)data)->call, "customer"),
    .limit = MAX_CASES,
  };

  ops->list_cases (self, &query, reply);
}

static void
on_interactions (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Timeline *timeline = data;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (timeline->call, why);
      return;
    }
  timeline->more = more;
  timeline->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (timeline->rows, uc_event_copy (rows->pdata[i]));
  uc_bridge_call (timeline->call->core, start_list_cases, timeline, on_cases, timeline);
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

  uc_store_interactions (call->core->store, &query, on_interactions, timeline_new (call));
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg args[] = {
  { "customer", UC_ARG_STRING, TRUE, 0, 100, "the customer's id" },
  { "before", UC_ARG_INT, FALSE, 0, 0, "only what is older than this time (ms); for the next page" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};

const UcOp uc_ops_timeline[] = {
  { "customer.timeline", "crm", UC_OP_NO_USER, args, customer_timeline,
    "All interactions and cases of a customer, over all channels, newest first." },
  { NULL },
};
