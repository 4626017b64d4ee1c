/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The module of rig.h. Main thread.
 */
#include "rig.h"

USHER_EXPORT Rig usher_test_rig;

static int token;

static void *
create_channel (UsherInstance *instance, const UsherHost *host)
{
  usher_test_rig.host = host;
  usher_test_rig.channel = instance;
  return &token;
}

static void *
create_crm (UsherInstance *instance, const UsherHost *host)
{
  usher_test_rig.host = host;
  usher_test_rig.crm = instance;
  return &token;
}

static void *
create_frontend (UsherInstance *instance, const UsherHost *host)
{
  usher_test_rig.host = host;
  usher_test_rig.frontend = instance;
  return &token;
}

static void
destroy (void *self)
{
}

static const UsherChannelCapabilities *
capabilities (void *self)
{
  return &usher_test_rig.capabilities;
}

static void
send_line (void *self, const UsherLine *line, UsherReply *reply)
{
  usher_test_rig.send (line, reply);
}

static void
notice (void *self, const UsherLine *line)
{
  if (usher_test_rig.notice != NULL)
    usher_test_rig.notice (line);
}

static void
typing (void *self, const char *user_id, bool on)
{
  if (usher_test_rig.typing != NULL)
    usher_test_rig.typing (user_id, on);
}

static void
seen (void *self, const UsherLine *line)
{
  if (usher_test_rig.seen != NULL)
    usher_test_rig.seen (line);
}

static void
lookup (void *self, const UsherIdentity *identity, UsherReply *reply)
{
  usher_test_rig.lookup (identity, reply);
}

static void
get_customer (void *self, const char *id, UsherReply *reply)
{
  usher_test_rig.get_customer (id, reply);
}

static void
search_customers (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  usher_test_rig.search_customers (query, reply);
}

static void
save_customer (void *self, const UsherCustomer *customer, UsherReply *reply)
{
  usher_test_rig.save_customer (customer, reply);
}

static void
get_case (void *self, const char *id, UsherReply *reply)
{
  usher_test_rig.get_case (id, reply);
}

static void
list_cases (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  usher_test_rig.list_cases (query, reply);
}

static void
save_case (void *self, const UsherCase *record, UsherReply *reply)
{
  usher_test_rig.save_case (record, reply);
}

static void
refuse (UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result, .status = USHER_UNSUPPORTED, .message = "the rig can't" };

  usher_test_rig.host->complete (reply, &result);
}

static void
merge_customers (void *self, const UsherMerge *merge, UsherReply *reply)
{
  if (usher_test_rig.merge_customers != NULL)
    usher_test_rig.merge_customers (merge, reply);
  else
    refuse (reply);
}

static void
unmerge_customers (void *self, const UsherMerge *merge, UsherReply *reply)
{
  if (usher_test_rig.unmerge_customers != NULL)
    usher_test_rig.unmerge_customers (merge, reply);
  else
    refuse (reply);
}

static void
describe (void *self, UsherReply *reply)
{
  if (usher_test_rig.describe != NULL)
    usher_test_rig.describe (reply);
  else
    refuse (reply);
}

static void
desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  usher_test_rig.desk_output (desk_data, frame, len);
}

static void
desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  usher_test_rig.desk_closed (desk_data, code, reason);
}

static const UsherChannelOps channel_ops = {
  .struct_size = sizeof channel_ops,
  .create = create_channel,
  .destroy = destroy,
  .capabilities = &usher_test_rig.capabilities,
  .runtime_capabilities = capabilities,
  .send = send_line,
  .notice = notice,
  .typing = typing,
  .seen = seen,
};

static const UsherCrmOps crm_ops = {
  .struct_size = sizeof crm_ops,
  .create = create_crm,
  .destroy = destroy,
  .lookup = lookup,
  .get_customer = get_customer,
  .search_customers = search_customers,
  .save_customer = save_customer,
  .get_case = get_case,
  .list_cases = list_cases,
  .save_case = save_case,
  .merge_customers = merge_customers,
  .unmerge_customers = unmerge_customers,
  .describe = describe,
};

static const UsherFrontendOps frontend_ops = {
  .struct_size = sizeof frontend_ops,
  .create = create_frontend,
  .destroy = destroy,
  .desk_output = desk_output,
  .desk_closed = desk_closed,
};

static const UsherPlugin plugin = {
  USHER_PLUGIN_HEAD,
  .name = "rig",
  .version = "1",
  .summary = "Lets a test play the outside world",
  .license = "GPL-3.0-or-later",
  .channel = &channel_ops,
  .crm = &crm_ops,
  .frontend = &frontend_ops,
};

USHER_PLUGIN_EXPORT (plugin)
