/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plugin's slots, each behind one of ours that notes which slot runs and how long it takes: who watches from
 * the parent process then can name the slot that crashed or never came back. Main thread.
 */
#include "core/check/kit.h"

#include <string.h>

typedef struct
{
  char before[sizeof ((KitShared *)NULL)->slot];
  const char *name;
  gint64 begun;
} Visit;

static UsherChannelOps channel;
static UsherCrmOps crm;
static UsherFrontendOps frontend;
static UsherOpsHead head;

void
kit_beat (void)
{
  __atomic_store_n (&kit.shared->beat, g_get_monotonic_time (), __ATOMIC_RELAXED);
}

static Visit
enter (const char *name)
{
  Visit visit = { .name = name, .begun = g_get_monotonic_time () };

  memcpy (visit.before, kit.shared->slot, sizeof visit.before);
  g_strlcpy (kit.shared->slot, name, sizeof kit.shared->slot);
  kit_beat ();
  return visit;
}

static void
leave (Visit *visit)
{
  gint64 ms = (g_get_monotonic_time () - visit->begun) / 1000;

  memcpy (kit.shared->slot, visit->before, sizeof visit->before);
  kit_beat ();
  if (ms > kit.patience / 10)
    kit_fault ("`%s` blocked the main loop for %" G_GINT64_FORMAT
               " ms, and everybody with it; do slow work in a thread of the plugin's own and come back with "
               "host->invoke, or complete the reply later",
               visit->name, ms);
}

#define WATCHED __attribute__ ((cleanup (leave))) Visit visit

/* ---- all kinds ----------------------------------------------------------------------------------------- */

static void *
watched_create (UsherInstance *instance, const UsherHost *host)
{
  WATCHED = enter ("create");
  return head.create (instance, host);
}

static void
watched_start (void *self, UsherReply *reply)
{
  WATCHED = enter ("start");
  head.start (self, reply);
}

static void
watched_stop (void *self, UsherReply *reply)
{
  WATCHED = enter ("stop");
  head.stop (self, reply);
}

static void
watched_destroy (void *self)
{
  WATCHED = enter ("destroy");
  head.destroy (self);
}

static void
watched_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  WATCHED = enter ("http");
  head.http (self, exchange, request);
}

static int
watched_ws_open (void *self, UsherSocket *socket, const UsherRequest *request)
{
  WATCHED = enter ("ws_open");
  return head.ws_open (self, socket, request);
}

static void
watched_ws_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary)
{
  WATCHED = enter ("ws_message");
  head.ws_message (self, socket, data, len, binary);
}

static void
watched_ws_closed (void *self, UsherSocket *socket, int code)
{
  WATCHED = enter ("ws_closed");
  head.ws_closed (self, socket, code);
}

/* ---- channel ------------------------------------------------------------------------------------------- */

static void
watched_send (void *self, const UsherLine *line, UsherReply *reply)
{
  WATCHED = enter ("send");
  channel.send (self, line, reply);
}

static void
watched_notice (void *self, const UsherLine *line)
{
  WATCHED = enter ("notice");
  channel.notice (self, line);
}

static void
watched_typing (void *self, const char *user_id, bool on)
{
  WATCHED = enter ("typing");
  channel.typing (self, user_id, on);
}

static const UsherChannelCapabilities *
watched_runtime_capabilities (void *self)
{
  WATCHED = enter ("runtime_capabilities");
  return channel.runtime_capabilities (self);
}

static void
watched_seen (void *self, const UsherLine *line)
{
  WATCHED = enter ("seen");
  channel.seen (self, line);
}

/* ---- CRM ----------------------------------------------------------------------------------------------- */

#define QUESTION(slot, type)                                                                                      \
  static void watched_##slot (void *self, type what, UsherReply *reply)                                           \
  {                                                                                                               \
    WATCHED = enter (#slot);                                                                                      \
    crm.slot (self, what, reply);                                                                                 \
  }
QUESTION (lookup, const UsherIdentity *)
QUESTION (get_customer, const char *)
QUESTION (search_customers, const UsherCrmQuery *)
QUESTION (save_customer, const UsherCustomer *)
QUESTION (get_case, const char *)
QUESTION (list_cases, const UsherCrmQuery *)
QUESTION (save_case, const UsherCase *)
QUESTION (merge_customers, const UsherMerge *)
QUESTION (unmerge_customers, const UsherMerge *)

static void
watched_describe (void *self, UsherReply *reply)
{
  WATCHED = enter ("describe");
  crm.describe (self, reply);
}

/* ---- front end ----------------------------------------------------------------------------------------- */

static void
watched_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  WATCHED = enter ("desk_output");
  frontend.desk_output (self, desk, desk_data, frame, len);
}

static void
watched_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  WATCHED = enter ("desk_closed");
  frontend.desk_closed (self, desk, desk_data, code, reason);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

#define WATCH(table, slot)                                                                                        \
  if ((table).slot != NULL)                                                                                       \
  (table).slot = watched_##slot

/* The head is the same in all tables; NULL slots stay NULL. */
static void
watch_head (UsherOpsHead *table, gboolean life_only)
{
  head = *table;
  WATCH (*table, create);
  WATCH (*table, start);
  WATCH (*table, stop);
  WATCH (*table, destroy);
  WATCH (*table, http);
  WATCH (*table, ws_open);
  WATCH (*table, ws_message);
  WATCH (*table, ws_closed);
  if (life_only)
    table->start = table->stop = NULL;
}

static void
watch_channel (UsherChannelOps *table)
{
  channel = *table;
  WATCH (*table, send);
  WATCH (*table, notice);
  WATCH (*table, typing);
  WATCH (*table, runtime_capabilities);
  WATCH (*table, seen);
}

static void
watch_crm (UsherCrmOps *table)
{
  crm = *table;
  WATCH (*table, lookup);
  WATCH (*table, get_customer);
  WATCH (*table, search_customers);
  WATCH (*table, save_customer);
  WATCH (*table, get_case);
  WATCH (*table, list_cases);
  WATCH (*table, save_case);
  WATCH (*table, merge_customers);
  WATCH (*table, unmerge_customers);
  WATCH (*table, describe);
}

static void
watch_frontend (UsherFrontendOps *table)
{
  frontend = *table;
  WATCH (*table, desk_output);
  WATCH (*table, desk_closed);
}

void
kit_watch_slots (gboolean life_only)
{
  UsherPlugin *d = &kit.plugin.descriptor;

  kit.plugin = *kit.real;
  switch (kit.kind)
    {
    case UC_KIND_CHANNEL:
      d->channel = &kit.plugin.channel;
      watch_channel (&kit.plugin.channel);
      watch_head ((UsherOpsHead *)&kit.plugin.channel, life_only);
      break;
    case UC_KIND_CRM:
      d->crm = &kit.plugin.crm;
      watch_crm (&kit.plugin.crm);
      watch_head ((UsherOpsHead *)&kit.plugin.crm, life_only);
      break;
    case UC_KIND_FRONTEND:
      d->frontend = &kit.plugin.frontend;
      watch_frontend (&kit.plugin.frontend);
      watch_head ((UsherOpsHead *)&kit.plugin.frontend, life_only);
      break;
    }
}
