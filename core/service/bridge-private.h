/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by bridge.c (customers) and bridge-save.c (cases). Main thread.
 */
#pragma once

#include "core/service/bridge.h"

#define UC_CRM_TIMEOUT_MS 10000
#define UC_CRM_FIRST_RETRY_MS 1000
#define UC_CRM_MAX_RETRY_MS (5 * 60 * 1000)

struct UcBridge
{
  UcCore *core;
  GHashTable *looks; /* interaction -> Look */
  GHashTable *saves; /* interaction -> Save */
  GHashTable *named; /* interaction -> Named: what its customer called by a number */
  guint describe_attempts;
  guint64 describe_timer;
  guint64 serial; /* of the last Look or Save: an answer to one that is gone is not its successor's */
};

gboolean uc_bridge_is_temporary (UsherStatus status);
gint64 uc_bridge_backoff (guint attempts, gint64 not_before_ms);

/* bridge-case.c: which earlier case an interaction names */
GHashTable *uc_bridge_named_new (void);
void uc_bridge_case_message (UcBridge *bridge, const UcEvent *message);
void uc_bridge_case_customer_known (UcBridge *bridge, const char *interaction);
/* It continues a case, or an agent said that it continues none: names are not listened to any more. */
void uc_bridge_case_settled (UcBridge *bridge, const char *interaction);

/* bridge-save.c */
GHashTable *uc_bridge_saves_new (void);
void uc_bridge_save_event (UcBridge *bridge, const UcEvent *event);
/* Its codes changed after the case was filed. */
void uc_bridge_save_codes_changed (UcBridge *bridge, const char *interaction);
void uc_bridge_save_customer_known (UcBridge *bridge, const char *interaction);
void uc_bridge_save_reload (UcBridge *bridge);
void uc_bridge_save_kick (UcBridge *bridge);
