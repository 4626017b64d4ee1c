/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin of all kinds whose slots the test fills in. The module exports one table, `usher_test_rig`; the test
 * looks it up and plays network, CRM and front end. Main thread.
 */
#pragma once

#include <usher/usher.h>

typedef struct
{
  const UsherHost *host;
  UsherInstance *channel, *crm, *frontend; /* NULL while there is none */
  UsherChannelCapabilities capabilities;

  void (*send) (const UsherLine *line, UsherReply *reply);
  void (*notice) (const UsherLine *line);
  void (*typing) (const char *user_id, bool on);
  void (*seen) (const UsherLine *line);

  void (*lookup) (const UsherIdentity *identity, UsherReply *reply);
  void (*get_customer) (const char *id, UsherReply *reply);
  void (*search_customers) (const UsherCrmQuery *query, UsherReply *reply);
  void (*save_customer) (const UsherCustomer *customer, UsherReply *reply);
  void (*get_case) (const char *id, UsherReply *reply);
  void (*list_cases) (const UsherCrmQuery *query, UsherReply *reply);
  void (*save_case) (const UsherCase *record, UsherReply *reply);
  /* NULL = answered as unsupported */
  void (*merge_customers) (const UsherMerge *merge, UsherReply *reply);
  void (*unmerge_customers) (const UsherMerge *merge, UsherReply *reply);
  void (*describe) (UsherReply *reply);

  void (*desk_output) (void *desk_data, const char *frame, size_t len);
  void (*desk_closed) (void *desk_data, int code, const char *reason);
} Rig;
