/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by bridge.c (customers), bridge-save.c (cases), bridge-pace.c (how much goes to the CRM at once) and
 * bridge-decide.c (what it has refused). Main thread.
 */
#pragma once

#include "core/service/breaker.h"
#include "core/service/bridge.h"

#define UC_CRM_TIMEOUT_MS 10000
#define UC_CRM_FIRST_RETRY_MS 1000
#define UC_CRM_MAX_RETRY_MS (5 * 60 * 1000)
/* However long the CRM wants to be left alone. */
#define UC_CRM_MAX_WAIT_MS (60 * 60 * 1000)

struct UcBridge
{
  UcCore *core;
  GHashTable *looks; /* interaction -> Look */
  GHashTable *saves; /* interaction -> Save */
  GHashTable *named; /* interaction -> Named: what its customer called by a number */
  guint describe_attempts;
  guint64 describe_timer;
  GRand *dice;
  UcBreaker *breaker;
  char *why;             /* what the CRM said when it did not take something */
  GQueue waiting_looks;  /* of Look*, to be begun */
  GQueue waiting_saves;  /* of Save* */
  guint looking, saving; /* under way */
  gboolean save_next;    /* while one at a time tries, customers and cases take turns */
  GHashTable *failed;    /* interaction -> gint64*: since when its case is refused */
  guint64 judge_timer, reload_timer;
  guint64 saved, retries;
  guint64 serial; /* of the last Look or Save: an answer to one that is gone is not its successor's */
};

gboolean uc_bridge_is_temporary (UsherStatus status);
gint64 uc_bridge_backoff (UcBridge *bridge, gint64 attempts, gint64 not_before_ms);

/* bridge-pace.c */
void uc_bridge_pace_init (UcBridge *bridge);
void uc_bridge_pace_clear (UcBridge *bridge);
/* Begins what waits, as far as the CRM is up to it. */
void uc_bridge_go (UcBridge *bridge);
/* What an answer says about the CRM. */
void uc_bridge_answered (UcBridge *bridge, guint64 ticket, const char *interaction, const UsherResult *result);
/* Sees to the alarms, soon. */
void uc_bridge_judge (UcBridge *bridge);

/* bridge.c */
void uc_bridge_look_begin (gpointer look);

/* bridge-decide.c */
void uc_bridge_failed_note (UcBridge *bridge, const char *interaction, gboolean failed, gint64 at);
void uc_bridge_failed_reload (UcBridge *bridge);

/* bridge-case.c: which earlier case an interaction names */
GHashTable *uc_bridge_named_new (void);
void uc_bridge_case_message (UcBridge *bridge, const UcEvent *message);
void uc_bridge_case_customer_known (UcBridge *bridge, const char *interaction);
/* It continues a case, or an agent said that it continues none: names are not listened to any more. */
void uc_bridge_case_settled (UcBridge *bridge, const char *interaction);

/* bridge-save.c */
GHashTable *uc_bridge_saves_new (void);
void uc_bridge_save_begin (gpointer save);
gint64 uc_bridge_save_since (gconstpointer save);
/* By age. */
int uc_bridge_save_compare (gconstpointer save, gconstpointer other);
void uc_bridge_save_event (UcBridge *bridge, const UcEvent *event);
/* Its codes changed after the case was filed. */
void uc_bridge_save_codes_changed (UcBridge *bridge, const char *interaction);
void uc_bridge_save_customer_known (UcBridge *bridge, const char *interaction);
void uc_bridge_save_reload (UcBridge *bridge);
void uc_bridge_save_kick (UcBridge *bridge);
