/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kinds of plugins and their slots. Any thread: constant data.
 */
#include "core/plugin/slots.h"

#include <string.h>

#define SLOT(type, name, required)                                                                                \
  {                                                                                                               \
#name, offsetof(type, name), required                                                                         \
  }
#define HEAD_SLOTS(type)                                                                                          \
  SLOT (type, create, TRUE), SLOT (type, start, FALSE), SLOT (type, stop, FALSE), SLOT (type, destroy, TRUE),     \
      SLOT (type, http, FALSE), SLOT (type, ws_open, FALSE), SLOT (type, ws_message, FALSE),                      \
      SLOT (type, ws_closed, FALSE)

static const UcSlot channel_slots[]
    = { HEAD_SLOTS (UsherChannelOps),          SLOT (UsherChannelOps, capabilities, TRUE),
        SLOT (UsherChannelOps, send, TRUE),    SLOT (UsherChannelOps, notice, FALSE),
        SLOT (UsherChannelOps, typing, FALSE), SLOT (UsherChannelOps, runtime_capabilities, FALSE),
        SLOT (UsherChannelOps, seen, FALSE),   { NULL } };
static const UcSlot crm_slots[] = { HEAD_SLOTS (UsherCrmOps),
                                    SLOT (UsherCrmOps, lookup, TRUE),
                                    SLOT (UsherCrmOps, get_customer, TRUE),
                                    SLOT (UsherCrmOps, search_customers, TRUE),
                                    SLOT (UsherCrmOps, save_customer, TRUE),
                                    SLOT (UsherCrmOps, get_case, TRUE),
                                    SLOT (UsherCrmOps, list_cases, TRUE),
                                    SLOT (UsherCrmOps, save_case, TRUE),
                                    SLOT (UsherCrmOps, merge_customers, FALSE),
                                    SLOT (UsherCrmOps, unmerge_customers, FALSE),
                                    SLOT (UsherCrmOps, describe, FALSE),
                                    { NULL } };
static const UcSlot frontend_slots[] = { HEAD_SLOTS (UsherFrontendOps),
                                         SLOT (UsherFrontendOps, desk_output, TRUE),
                                         SLOT (UsherFrontendOps, desk_closed, TRUE),
                                         { NULL } };

const UcSlot *
uc_kind_slots (UcKind kind)
{
  return kind == UC_KIND_CHANNEL ? channel_slots : kind == UC_KIND_CRM ? crm_slots : frontend_slots;
}

gsize
uc_kind_table_size (UcKind kind)
{
  return kind == UC_KIND_CHANNEL ? sizeof (UsherChannelOps)
         : kind == UC_KIND_CRM   ? sizeof (UsherCrmOps)
                                 : sizeof (UsherFrontendOps);
}

const UsherOpsHead *
uc_plugin_table (const UcPlugin *plugin, UcKind kind)
{
  return kind == UC_KIND_CHANNEL ? (const UsherOpsHead *)plugin->descriptor.channel
         : kind == UC_KIND_CRM   ? (const UsherOpsHead *)plugin->descriptor.crm
                                 : (const UsherOpsHead *)plugin->descriptor.frontend;
}

gboolean
uc_slot_is_set (const UsherOpsHead *table, const UcSlot *slot)
{
  void *value;

  memcpy (&value, (const char *)table + slot->offset, sizeof value);
  return value != NULL;
}

const char *
uc_kind_word (UcKind kind)
{
  return kind == UC_KIND_CHANNEL ? "channel" : kind == UC_KIND_CRM ? "crm" : "frontend";
}
