/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desk life: open, frames out, events, heartbeat, end. What clients say is in desk-input.c, how long they may take
 * to say who they are in desk-door.c. Main thread.
 */
#include "core/service/desk-private.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/alarm.h"
#include "core/service/drain.h"
#include "core/service/metrics.h"
#include "core/service/presence.h"
#include "core/service/view.h"

#define SILENT_AFTER_MS (UC_DESK_HEARTBEAT_MS * 5 / 2)

/* ---- life ---------------------------------------------------------------------------------------------- */

UsherDesk *
uc_desk_ref (UsherDesk *desk)
{
  desk->refs++;
  return desk;
}

void
uc_desk_unref (UsherDesk *desk)
{
  if (--desk->refs > 0)
    return;
  uc_principal_clear (&desk->who);
  g_free (desk->remote);
  g_free (desk);
}

static void
remove_from (GHashTable *lists, const char *user, UsherDesk *desk)
{
  GPtrArray *list = g_hash_table_lookup (lists, user);

  if (list != NULL && g_ptr_array_remove_fast (list, desk) && list->len == 0)
    g_hash_table_remove (lists, user);
}

/* Takes the desk out of everything; its owner is not called any more. */
static void
detach (UsherDesk *desk)
{
  UcDesks *desks = desk->desks;

  if (desk->phase == UC_DESK_GONE)
    return;
  desk->phase = UC_DESK_GONE;
  uc_desk_door_leave (desk);
  g_ptr_array_remove_fast (desks->all, desk);
  g_ptr_array_remove_fast (desks->supervisors, desk);
  uc_loop_timer_remove (desks->core->loop, desk->hello_timer);
  if (desk->who.user != NULL)
    {
      remove_from (desks->by_user, desk->who.user, desk);
      uc_presence_update (desks->core, desk->who.user);
    }
  uc_desk_unref (desk);
}

UsherDesk *
uc_desk_open (UsherInstance *instance, const char *remote_address, void *desk_data)
{
  UcCore *core = instance->service;
  UcDesks *desks = core->desks;
  UsherDesk *desk;

  if (core->stopping || uc_drain_phase (core) >= UC_DRAIN_LEAVING)
    return NULL;
  if (desks->all->len >= UC_DESK_MAX || !uc_desk_door_has_room (desks, instance, remote_address))
    {
      desks->refused++;
      return NULL;
    }
  desk = g_new0 (UsherDesk, 1);
  desk->refs = 1;
  desk->desks = desks;
  desk->instance = instance;
  desk->data = desk_data;
  desk->remote = g_strdup (remote_address);
  desk->phase = UC_DESK_OPEN;
  desk->opened_at = desk->heard_at = uc_clock_now ();
  uc_desk_door_enter (desk);
  g_ptr_array_add (desks->all, desk);
  return desk;
}

void
uc_desk_close (UsherDesk *desk)
{
  detach (desk);
}

void
uc_desk_send (UsherDesk *desk, const char *frame, gsize len)
{
  if (desk->phase == UC_DESK_GONE)
    return;
  desk->instance->plugin->frontend.desk_output (desk->instance->self, desk, desk->data, frame, len);
}

void
uc_desk_send_string (UsherDesk *desk, GString *frame)
{
  uc_desk_send (desk, frame->str, frame->len);
  g_string_free (frame, TRUE);
}

GString *
uc_desk_frame (const char *type)
{
  GString *out = g_string_sized_new (128);

  uc_json_begin (out);
  uc_json_add_string (out, "type", type);
  return out;
}

void
uc_desk_end (UsherDesk *desk, const char *code, const char *message)
{
  GString *bye;

  if (desk->phase == UC_DESK_GONE)
    return;
  bye = uc_desk_frame ("bye");
  uc_json_add_string (bye, "code", code);
  uc_json_add_string (bye, "message", message);
  if (strcmp (code, "restarting") == 0)
    uc_json_add_int (bye, "retry_after_ms", uc_drain_return_ms (desk->desks->core));
  uc_json_end (bye);
  uc_desk_ref (desk);
  uc_desk_send_string (desk, bye);
  if (desk->phase != UC_DESK_GONE)
    {
      UsherInstance *instance = desk->instance;
      void *data = desk->data;

      detach (desk);
      instance->plugin->frontend.desk_closed (instance->self, desk, data,
                                              strcmp (code, "restarting") == 0 ? 1012 : 4000, message);
    }
  uc_desk_unref (desk);
}

/* ---- frames to many ------------------------------------------------------------------------------------ */

typedef void (*DeskFunc) (UsherDesk *desk, gpointer data);

/* The callee may end desks: work on a copy. */
static void
each (GPtrArray *list, DeskFunc func, gpointer data)
{
  g_autoptr (GPtrArray) copy = NULL;

  if (list == NULL || list->len == 0)
    return;
  if (list->len == 1)
    {
      UsherDesk *only = uc_desk_ref (list->pdata[0]);

      func (only, data);
      uc_desk_unref (only);
      return;
    }
  copy = g_ptr_array_new_full (list->len, (GDestroyNotify)uc_desk_unref);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (copy, uc_desk_ref (list->pdata[i]));
  for (guint i = 0; i < copy->len; i++)
    func (copy->pdata[i], data);
}

static void
send_event (UsherDesk *desk, gpointer data)
{
  const UcFeedItem *item = data;

  if (desk->phase == UC_DESK_LIVE && uc_desk_sees (desk, item->event))
    uc_desk_send (desk, item->json, item->len);
}

static void
send_if_not_own (UsherDesk *desk, gpointer data)
{
  const UcFeedItem *item = data;

  /* His own events went out with his user's. */
  if (desk->phase == UC_DESK_LIVE && g_strcmp0 (desk->who.user, item->event->agent) != 0)
    uc_desk_send (desk, item->json, item->len);
}

/* What the user may see has changed: a disabled one loses the desk, any other gets a fresh snapshot. */
static void
user_changed (UsherDesk *desk, gpointer data)
{
  const UcEvent *event = data;
  gboolean supervises = uc_auth_may (desk->desks->core, &desk->who, "supervise");

  if (!event->enabled)
    uc_desk_end (desk, "unauthenticated", "this user has been disabled by an administrator");
  else if (supervises != desk->supervises)
    {
      desk->supervises = supervises;
      g_ptr_array_remove_fast (desk->desks->supervisors, desk);
      if (supervises)
        g_ptr_array_add (desk->desks->supervisors, desk);
      if (desk->phase == UC_DESK_LIVE || desk->phase == UC_DESK_SYNCING)
        uc_desk_sync (desk);
    }
}

static void
on_event (gpointer data, const UcFeedItem *item)
{
  UcDesks *desks = data;
  GPtrArray *list;

  switch (item->event->type)
    {
    case UC_EVENT_USER_CHANGED:
      each (desks->all, send_event, (gpointer)item);
      each (g_hash_table_lookup (desks->by_user, item->event->user), user_changed, item->event);
      break;
    case UC_EVENT_QUEUE_CHANGED:
    case UC_EVENT_MEMBERSHIP_CHANGED:
    case UC_EVENT_POLICY_CHANGED:
    case UC_EVENT_CODES_CHANGED:
      each (desks->all, send_event, (gpointer)item);
      break;
    default:
      list = item->event->agent != NULL ? g_hash_table_lookup (desks->by_user, item->event->agent) : NULL;
      each (list, send_event, (gpointer)item);
      each (desks->supervisors, send_if_not_own, (gpointer)item);
    }
  switch (item->event->type)
    {
    case UC_EVENT_QUEUE_CHANGED:
    case UC_EVENT_INTERACTION_QUEUED:
    case UC_EVENT_INTERACTION_OFFERED:
    case UC_EVENT_INTERACTION_CLOSED:
    case UC_EVENT_INTERACTION_ENDED:
      uc_desks_queues_changed (desks);
      break;
    case UC_EVENT_AGENT_STATUS:
      /* A log-out ends the lease, the next status begins it. */
      uc_presence_update (desks->core, item->event->agent);
      break;
    default:
      break;
    }
}

static void
send_frame (UsherDesk *desk, gpointer data)
{
  const GString *frame = data;

  if (desk->phase == UC_DESK_LIVE)
    uc_desk_send (desk, frame->str, frame->len);
}

static void
send_queues (gpointer data)
{
  UcDesks *desks = data;
  g_autoptr (GString) out = uc_desk_frame ("queues");

  desks->queues_timer = 0;
  uc_desks_add_queue_counts (desks->core, out);
  uc_json_end (out);
  each (desks->all, send_frame, out);
}

void
uc_desks_queues_changed (UcDesks *desks)
{
  if (desks->queues_timer == 0 && desks->all->len > 0)
    desks->queues_timer = uc_loop_timer_in (desks->core->loop, 1000, send_queues, desks);
}

static void
send_instances (gpointer data)
{
  UcDesks *desks = data;
  GPtrArray *instances = desks->core->instances;
  g_autoptr (GString) out = uc_desk_frame ("instances");

  desks->instances_timer = 0;
  uc_json_begin_array (out, "instances");
  for (guint i = 0; i < instances->len; i++)
    uc_view_instance (out, NULL, instances->pdata[i]);
  uc_json_end_array (out);
  uc_json_end (out);
  each (desks->supervisors, send_frame, out);
}

void
uc_desks_instances_changed (UcDesks *desks)
{
  if (desks->instances_timer == 0 && desks->supervisors->len > 0)
    desks->instances_timer = uc_loop_timer_in (desks->core->loop, 1000, send_instances, desks);
}

static void
send_alarms (gpointer data)
{
  UcDesks *desks = data;
  g_autoptr (GString) out = uc_desk_frame ("alarms");

  desks->alarms_timer = 0;
  uc_alarms_view (out, desks->core);
  uc_json_end (out);
  each (desks->supervisors, send_frame, out);
}

void
uc_desks_alarms_changed (UcDesks *desks)
{
  if (desks != NULL && desks->alarms_timer == 0 && desks->supervisors->len > 0)
    desks->alarms_timer = uc_loop_timer_in (desks->core->loop, 1000, send_alarms, desks);
}

static void
end_if_silent (UsherDesk *desk, gpointer data)
{
  const gint64 *now = data;

  if (desk->beats && desk->phase >= UC_DESK_SYNCING && *now - desk->heard_at > SILENT_AFTER_MS)
    uc_desk_end (desk, "silent", "nothing was heard from this desk for 25 seconds; connect again");
}

static void
end_if_session_ended (UsherDesk *desk, gpointer data)
{
  if ((desk->phase == UC_DESK_LIVE || desk->phase == UC_DESK_SYNCING)
      && !uc_auth_still (desk->desks->core->auth, &desk->who))
    uc_desk_end (desk, "unauthenticated", "the session has ended; log in again");
}

static void
beat (gpointer data)
{
  UcDesks *desks = data;
  g_autoptr (GString) out = uc_desk_frame ("heartbeat");
  gint64 now = uc_clock_now ();

  uc_json_add_int (out, "server_now", now);
  uc_json_end (out);
  each (desks->all, end_if_silent, &now);
  each (desks->all, end_if_session_ended, NULL);
  each (desks->all, send_frame, out);
  desks->beat_timer = uc_loop_timer_in (desks->core->loop, UC_DESK_HEARTBEAT_MS, beat, desks);
}

void
uc_desks_typing (UcDesks *desks, const char *agent, const char *interaction, gboolean on)
{
  g_autoptr (GString) out = uc_desk_frame ("typing");

  uc_json_add_string (out, "interaction", interaction);
  uc_json_add_bool (out, "on", on);
  uc_json_end (out);
  each (g_hash_table_lookup (desks->by_user, agent), send_frame, out);
}

/* ---- all desks ----------------------------------------------------------------------------------------- */

UcDesks *
uc_desks_new (UcCore *core)
{
  UcDesks *desks = g_new0 (UcDesks, 1);

  desks->core = core;
  desks->all = g_ptr_array_new ();
  desks->supervisors = g_ptr_array_new ();
  desks->by_user = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  desks->door_frontends = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  desks->door_addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  desks->seen = uc_seen_new (core);
  uc_feed_listen (core->feed, on_event, desks);
  desks->beat_timer = uc_loop_timer_in (core->loop, UC_DESK_HEARTBEAT_MS, beat, desks);
  return desks;
}

void
uc_desks_free (UcDesks *desks)
{
  if (desks == NULL)
    return;
  while (desks->all->len > 0)
    detach (desks->all->pdata[desks->all->len - 1]);
  uc_loop_timer_remove (desks->core->loop, desks->beat_timer);
  uc_loop_timer_remove (desks->core->loop, desks->queues_timer);
  uc_loop_timer_remove (desks->core->loop, desks->instances_timer);
  uc_loop_timer_remove (desks->core->loop, desks->alarms_timer);
  uc_seen_free (desks->seen);
  g_ptr_array_unref (desks->all);
  g_ptr_array_unref (desks->supervisors);
  g_hash_table_unref (desks->by_user);
  g_hash_table_unref (desks->door_frontends);
  g_hash_table_unref (desks->door_addresses);
  g_free (desks);
}

void
uc_desks_attach (UcDesks *desks, UsherDesk *desk)
{
  GPtrArray *list = g_hash_table_lookup (desks->by_user, desk->who.user);

  if (list == NULL)
    {
      list = g_ptr_array_new ();
      g_hash_table_insert (desks->by_user, g_strdup (desk->who.user), list);
    }
  g_ptr_array_add (list, desk);
  if (desk->supervises)
    g_ptr_array_add (desks->supervisors, desk);
  uc_presence_update (desks->core, desk->who.user);
}

static void
resync (UsherDesk *desk, gpointer data)
{
  if (desk->phase == UC_DESK_LIVE || desk->phase == UC_DESK_SYNCING)
    uc_desk_sync (desk);
}

static void
update_presences (gpointer data)
{
  uc_presence_update_all (((UcDesks *)data)->core);
}

void
uc_desks_reset (UcDesks *desks)
{
  each (desks->all, resync, NULL);
  /* When the engine is in motion again. */
  uc_loop_defer (desks->core->loop, update_presences, desks);
}

void
uc_desks_forget (UcDesks *desks, const char *conversation)
{
  uc_seen_forget (desks->seen, conversation);
}

typedef struct
{
  UsherInstance *instance;
  const char *token, *code, *message;
} Bye;

static void
say_bye (UsherDesk *desk, gpointer data)
{
  const Bye *bye = data;

  if (bye->instance != NULL && desk->instance != bye->instance)
    return;
  if (bye->token != NULL && g_strcmp0 (desk->who.token, bye->token) != 0)
    return;
  uc_desk_end (desk, bye->code, bye->message);
}

void
uc_desks_bye (UcDesks *desks, UsherInstance *instance, const char *code, const char *message)
{
  Bye bye = { instance, NULL, code, message };

  each (desks->all, say_bye, &bye);
}

void
uc_desks_bye_user (UcDesks *desks, const char *user, const char *token, const char *code, const char *message)
{
  Bye bye = { NULL, token, code, message };

  each (g_hash_table_lookup (desks->by_user, user), say_bye, &bye);
}

void
uc_desks_queues (UcCore *core, GArray *queues)
{
  const UcDesks *desks = core->desks;
  guint most = 0;

  for (guint i = 0; i < desks->all->len; i++)
    most = MAX (most, ((const UsherDesk *)desks->all->pdata[i])->calls);
  uc_queues_add (queues, "desks", desks->all->len, UC_DESK_MAX, desks->refused);
  /* Of the desk that has most of them: each may have so many. */
  uc_queues_add (queues, "desk.calls", most, UC_DESK_MAX_CALLS, desks->calls_refused);
}

guint
uc_desks_count (UcDesks *desks)
{
  return desks->all->len;
}

gboolean
uc_desks_has (UcDesks *desks, const char *user)
{
  return g_hash_table_contains (desks->by_user, user);
}
