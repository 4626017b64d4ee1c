/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a desk gets its state: hello, then either the events it missed or a snapshot. The snapshot is taken from the
 * engine at event S, sent when S is durable and its messages are read, and followed by all events after S: there
 * is no gap, and what overlaps is harmless because clients set states by key. Main thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/desk-private.h"
#include "core/service/view.h"

#define MESSAGES_PER_INTERACTION 500

/* One snapshot under way. */
typedef struct
{
  UsherDesk *desk;
  guint64 sync;
  gint64 seq;
  GString *head;       /* the snapshot up to and including "interactions":[ */
  GPtrArray *ids;      /* of char*: interactions */
  GPtrArray *bodies;   /* of GString*: each without its closing brace */
  GPtrArray *messages; /* of GString*: "messages":[...] of each */
  GString *tail;
  guint next; /* the one whose messages are read */
} Snapshot;

gboolean
uc_desk_sees (const UsherDesk *desk, const UcEvent *event)
{
  if (desk->supervises)
    return TRUE;
  switch (event->type)
    {
    case UC_EVENT_QUEUE_CHANGED:
    case UC_EVENT_POLICY_CHANGED:
    case UC_EVENT_CODES_CHANGED:
    case UC_EVENT_SYSTEM_DRAIN:
      return TRUE;
    case UC_EVENT_USER_CHANGED:
    case UC_EVENT_MEMBERSHIP_CHANGED:
      return g_strcmp0 (event->user, desk->who.user) == 0;
    default:
      return g_strcmp0 (event->agent, desk->who.user) == 0;
    }
}

static void
snapshot_free (Snapshot *snapshot)
{
  uc_desk_unref (snapshot->desk);
  g_string_free (snapshot->head, TRUE);
  if (snapshot->tail != NULL)
    g_string_free (snapshot->tail, TRUE);
  g_ptr_array_unref (snapshot->ids);
  g_ptr_array_unref (snapshot->bodies);
  g_ptr_array_unref (snapshot->messages);
  g_free (snapshot);
}

static void
free_string (gpointer string)
{
  g_string_free (string, TRUE);
}

/* ---- parts of the snapshot ----------------------------------------------------------------------------- */

typedef struct
{
  GString *out;
  UcCore *core;
  const UcAgent *me;
} View;

static void
add_queue (const UcQueue *queue, gpointer data)
{
  View *view = data;

  uc_view_queue (view->out, NULL, view->core, queue, view->me);
}

static void
add_count (const UcQueue *queue, gpointer data)
{
  View *view = data;
  const UcInteraction *first = uc_engine_first_waiting (view->core->engine, queue);

  uc_json_begin (view->out);
  uc_json_add_string (view->out, "queue", queue->id);
  uc_json_add_int (view->out, "waiting", queue->waiting);
  if (first != NULL)
    uc_json_add_int (view->out, "oldest", first->enqueued_at);
  else
    uc_json_add_null (view->out, "oldest");
  uc_json_end (view->out);
}

void
uc_desks_add_queue_counts (UcCore *core, GString *out)
{
  View view = { out, core, NULL };

  uc_json_begin_array (out, "queues");
  uc_engine_each_queue (core->engine, add_count, &view);
  uc_json_end_array (out);
}

static void
add_agent (const UcAgent *agent, gpointer data)
{
  View *view = data;

  uc_view_agent (view->out, NULL, agent);
}

static Snapshot *
take_snapshot (UsherDesk *desk)
{
  UcCore *core = desk->desks->core;
  const UcAgent *me = uc_engine_agent (core->engine, desk->who.user);
  Snapshot *snapshot = g_new0 (Snapshot, 1);
  View view = { NULL, core, me };

  snapshot->desk = uc_desk_ref (desk);
  snapshot->sync = ++desk->sync;
  snapshot->seq = core->seq;
  snapshot->head = view.out = g_string_sized_new (1024);
  snapshot->ids = g_ptr_array_new_with_free_func (g_free);
  snapshot->bodies = g_ptr_array_new_with_free_func (free_string);
  snapshot->messages = g_ptr_array_new_with_free_func (free_string);
  uc_json_begin (view.out);
  uc_view_agent (view.out, "me", me);
  uc_json_begin_array (view.out, "queues");
  uc_engine_each_queue (core->engine, add_queue, &view);
  uc_json_end_array (view.out);
  uc_view_centre (view.out, core, desk->supervises);
  if (desk->supervises)
    {
      uc_json_begin_array (view.out, "agents");
      uc_engine_each_agent (core->engine, add_agent, &view);
      uc_json_end_array (view.out);
    }
  for (guint i = 0; i < me->interactions->len; i++)
    {
      const UcInteraction *interaction = me->interactions->pdata[i];
      GString *body = g_string_sized_new (512);

      uc_view_interaction_open (body, NULL, core, interaction);
      g_ptr_array_add (snapshot->ids, g_strdup (interaction->id));
      g_ptr_array_add (snapshot->bodies, body);
    }
  return snapshot;
}

/* ---- going live ---------------------------------------------------------------------------------------- */

static void
replay_one (gpointer data, const UcFeedItem *item)
{
  UsherDesk *desk = data;

  if (desk->phase == UC_DESK_LIVE && uc_desk_sees (desk, item->event))
    uc_desk_send (desk, item->json, item->len);
}

static GString *
welcome (UsherDesk *desk, gboolean resumed, gint64 seq)
{
  UcCore *core = desk->desks->core;
  GString *out = uc_desk_frame ("welcome");

  uc_json_add_bool (out, "resumed", resumed);
  uc_json_add_int (out, "seq", seq);
  uc_json_add_int (out, "server_now", uc_clock_now ());
  uc_json_add_int (out, "epoch", uc_store_epoch (core->store));
  uc_json_add_int (out, "heartbeat_ms", UC_DESK_HEARTBEAT_MS);
  return out;
}

static void
go_live (Snapshot *snapshot)
{
  UsherDesk *desk = snapshot->desk;
  UcCore *core = desk->desks->core;
  GString *out = welcome (desk, FALSE, snapshot->seq);

  g_string_append (out, ",\"snapshot\":");
  g_string_append_len (out, snapshot->head->str, (gssize)snapshot->head->len);
  g_string_append (out, ",\"interactions\":[");
  for (guint i = 0; i < snapshot->ids->len; i++)
    {
      const GString *body = snapshot->bodies->pdata[i], *messages = snapshot->messages->pdata[i];

      g_string_append_printf (out, "%s%s,%s}", i > 0 ? "," : "", body->str, messages->str);
    }
  g_string_append (out, "]}");
  uc_json_end (out);
  desk->phase = UC_DESK_LIVE;
  uc_desk_send_string (desk, out);
  uc_desks_queues_changed (desk->desks);
  /* Those that changed while the snapshot was made were not sent to this desk. */
  uc_desks_instances_changed (desk->desks);
  uc_desks_alarms_changed (desk->desks);
  /* Events that became durable while the messages were read. If they are no longer kept, start over. */
  if (desk->phase == UC_DESK_LIVE && !uc_feed_replay (core->feed, snapshot->seq, core->durable, replay_one, desk))
    uc_desk_sync (desk);
}

static void read_next (Snapshot *snapshot);

static void
on_messages (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  Snapshot *snapshot = data;
  UsherDesk *desk = snapshot->desk;

  if (desk->phase != UC_DESK_SYNCING || desk->sync != snapshot->sync)
    snapshot_free (snapshot);
  else if (result != UC_STORE_OK)
    {
      snapshot_free (snapshot);
      uc_desk_end (desk, "restarting", "the store does not answer; connect again in a moment");
    }
  else
    {
      GString *messages = g_string_sized_new (1024);

      uc_view_messages (messages, "messages", rows);
      g_ptr_array_add (snapshot->messages, messages);
      read_next (snapshot);
    }
}

static void
read_next (Snapshot *snapshot)
{
  UcCore *core = snapshot->desk->desks->core;

  if (snapshot->next < snapshot->ids->len)
    {
      uc_store_interaction_messages (core->store, snapshot->ids->pdata[snapshot->next++], MESSAGES_PER_INTERACTION,
                                     on_messages, snapshot);
      return;
    }
  go_live (snapshot);
  snapshot_free (snapshot);
}

static void
on_durable (gpointer data, const GError *error, GPtrArray *events)
{
  Snapshot *snapshot = data;
  UsherDesk *desk = snapshot->desk;

  if (desk->phase != UC_DESK_SYNCING || desk->sync != snapshot->sync)
    snapshot_free (snapshot);
  else if (error == NULL)
    read_next (snapshot);
  else
    {
      snapshot_free (snapshot);
      /* When the engine is read again, uc_desks_reset synchronises all. But what failed together with this may
       * have been nobody's event; then nothing else would ever bring the desk up to date. */
      if (!desk->desks->core->recovering)
        uc_desk_end (desk, "restarting", "the store does not answer; connect again in a moment");
    }
}

void
uc_desk_sync (UsherDesk *desk)
{
  UcCore *core = desk->desks->core;

  desk->phase = UC_DESK_SYNCING;
  if (uc_engine_agent (core->engine, desk->who.user) == NULL)
    {
      uc_desk_end (desk, "unauthenticated", "this user does not exist any more");
      return;
    }
  uc_core_barrier (core, on_durable, take_snapshot (desk));
}

/* ---- hello --------------------------------------------------------------------------------------------- */

static gboolean
resume (UsherDesk *desk)
{
  UcCore *core = desk->desks->core;
  GString *out;

  if (desk->since < 0 || desk->since > core->durable
      || !uc_feed_replay (core->feed, desk->since, core->durable, NULL, NULL))
    return FALSE;
  out = welcome (desk, TRUE, core->durable);
  uc_json_end (out);
  desk->phase = UC_DESK_LIVE;
  uc_desk_send_string (desk, out);
  uc_feed_replay (core->feed, desk->since, core->durable, replay_one, desk);
  /* Waiting counts, instances and alarms are no events: whoever was away has missed them. */
  uc_desks_queues_changed (desk->desks);
  uc_desks_instances_changed (desk->desks);
  uc_desks_alarms_changed (desk->desks);
  return TRUE;
}

static void
let_in (UsherDesk *desk)
{
  UcCore *core = desk->desks->core;

  uc_loop_timer_remove (core->loop, desk->hello_timer);
  desk->hello_timer = 0;
  if (!uc_auth_may (core, &desk->who, "desk"))
    {
      uc_desk_end (desk, "unauthenticated", "this user may not work at a desk");
      return;
    }
  desk->supervises = uc_auth_may (core, &desk->who, "supervise");
  uc_desks_attach (desk->desks, desk);
  if (!resume (desk))
    uc_desk_sync (desk);
}

/* A front end whose client does not keep up gives the desk up from inside a frame. */
static void
go (UsherDesk *desk)
{
  uc_desk_ref (desk);
  let_in (desk);
  uc_desk_unref (desk);
}

static void
on_checked (gpointer data, const UcPrincipal *who, const GError *error)
{
  UsherDesk *desk = data;

  if (desk->phase == UC_DESK_CHECKING)
    {
      if (error != NULL)
        uc_desk_end (desk, "unauthenticated", error->message);
      else
        {
          uc_principal_copy (&desk->who, who);
          go (desk);
        }
    }
  uc_desk_unref (desk);
}

void
uc_desk_hello (UsherDesk *desk, const UcJson *hello)
{
  UcCore *core = desk->desks->core;
  const char *token = uc_json_string (uc_json_get (hello, "token"));

  if (token == NULL || strlen (token) > 200)
    {
      uc_desk_end (desk, "protocol", "hello needs \"token\": a ticket of session.ticket or a session token");
      return;
    }
  desk->since = uc_json_int (uc_json_get (hello, "since"), -1);
  desk->beats = uc_json_bool (uc_json_get (hello, "beats"), FALSE);
  desk->phase = UC_DESK_CHECKING;
  uc_desk_door_leave (desk);
  if (uc_auth_take_ticket (core->auth, token, &desk->who))
    go (desk);
  else
    uc_auth_check (core->auth, token, on_checked, uc_desk_ref (desk));
}
