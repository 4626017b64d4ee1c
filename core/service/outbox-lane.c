/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Channels that may not send: a token has expired, or the network has restricted the account. Then no message of
 * the channel can go out, and each try is one too many: all wait, and from time to time one of them tries. Main
 * thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/service/outbox-private.h"

#define FIRST_PAUSE_MS (60 * 1000)
#define LONGEST_PAUSE_MS (15 * 60 * 1000)

typedef struct
{
  UcOutbox *outbox;
  char *channel;
  guint pauses;
  guint64 timer;   /* 0: the next message tries */
  gboolean trying; /* one is being sent */
  UsherStatus status;
  char *why;
  gboolean told; /* we said that the instance needs attention, not the plugin */
} Lane;

static Lane *
lane_of (UcOutbox *outbox, const char *channel)
{
  return g_hash_table_lookup (outbox->lanes, channel);
}

void
uc_lane_free (gpointer data)
{
  Lane *lane = data;

  uc_loop_timer_remove (lane->outbox->core->loop, lane->timer);
  g_free (lane->channel);
  g_free (lane->why);
  g_free (lane);
}

gboolean
uc_lane_is_free (UcOutbox *outbox, const char *channel)
{
  const Lane *lane = lane_of (outbox, channel);

  return lane == NULL || (lane->timer == 0 && !lane->trying);
}

void
uc_lane_begin (UcOutbox *outbox, const char *channel)
{
  Lane *lane = lane_of (outbox, channel);

  if (lane != NULL)
    lane->trying = TRUE;
}

static void
on_pause_over (gpointer data)
{
  Lane *lane = data;
  UcOutbox *outbox = lane->outbox;
  g_autofree char *channel = g_strdup (lane->channel);

  /* Still blocked: making room must not send the next one. */
  uc_outbox_give_up (outbox, channel, lane->why);
  lane->timer = 0;
  uc_outbox_pump_all (outbox, channel);
}

static Lane *
lane_new (UcOutbox *outbox, const char *channel)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->outbox = outbox;
  lane->channel = g_strdup (channel);
  g_hash_table_insert (outbox->lanes, lane->channel, lane);
  return lane;
}

void
uc_lane_block (UcOutbox *outbox, UsherInstance *instance, UsherStatus status, const char *why)
{
  Lane *lane = lane_of (outbox, instance->name);
  gint64 pause;

  /* Messages that were on their way together are refused together: one pause for all. */
  if (lane != NULL && !lane->trying)
    return;
  if (lane == NULL)
    lane = lane_new (outbox, instance->name);
  lane->trying = FALSE;
  lane->status = status;
  g_free (lane->why);
  lane->why = g_strdup (why);
  pause = MIN (LONGEST_PAUSE_MS, (gint64)FIRST_PAUSE_MS << MIN (lane->pauses, 10));
  lane->pauses++;
  lane->timer = uc_loop_timer_in (outbox->core->loop, pause, on_pause_over, lane);
  g_warning ("channel \"%s\": sending pauses for %" G_GINT64_FORMAT " s (%s): %s", instance->name, pause / 1000,
             uc_status_word (status), why);
  /* The plugin may have said it better. The last thing done here: it leads back to uc_outbox_kick. */
  if (instance->state == UC_INSTANCE_RUNNING)
    {
      lane->told = TRUE;
      uc_instance_tell (instance, status, why);
    }
}

void
uc_lane_clear (UcOutbox *outbox, const char *channel)
{
  Lane *lane = lane_of (outbox, channel);
  UsherInstance *instance;
  gboolean ours;

  if (lane == NULL)
    return;
  instance = uc_core_instance (outbox->core, UC_KIND_CHANNEL, channel);
  ours = lane->told && instance != NULL && instance->state == UC_INSTANCE_ATTENTION
         && instance->status == lane->status && g_strcmp0 (instance->status_message, lane->why) == 0;
  g_hash_table_remove (outbox->lanes, channel);
  if (ours)
    uc_instance_tell (instance, USHER_OK, NULL); /* which kicks all that waited */
  else
    uc_outbox_pump_all (outbox, channel);
}
