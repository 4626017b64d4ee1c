/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way to one channel. It may be that it can't send at all: a token has expired, the network has restricted the
 * account, or it does not answer. Then each try is one too many: all wait, and from time to time one of them
 * tries. Main thread.
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
  UcBreaker *breaker;
  guint64 retries, sent;
  UsherStatus status; /* of the last refusal */
  char *why;
  char *told; /* we said that the instance needs attention, not the plugin, and this; NULL = we did not */
  UsherStatus told_status;
} Lane;

void
uc_lane_free (gpointer data)
{
  Lane *lane = data;

  uc_breaker_free (lane->breaker);
  g_free (lane->channel);
  g_free (lane->why);
  g_free (lane->told);
  g_free (lane);
}

static void
on_pause_over (gpointer data)
{
  Lane *lane = data;

  uc_outbox_give_up (lane->outbox, lane->channel, lane->why);
  uc_outbox_pump_all (lane->outbox, lane->channel);
}

static Lane *
lane_of (UcOutbox *outbox, const char *channel)
{
  Lane *lane = g_hash_table_lookup (outbox->lanes, channel);

  if (lane == NULL)
    {
      lane = g_new0 (Lane, 1);
      lane->outbox = outbox;
      lane->channel = g_strdup (channel);
      lane->breaker = uc_breaker_new (outbox->core->loop, outbox->dice, on_pause_over, lane);
      g_hash_table_insert (outbox->lanes, lane->channel, lane);
    }
  return lane;
}

gboolean
uc_lane_is_free (UcOutbox *outbox, const char *channel)
{
  return uc_breaker_lets (lane_of (outbox, channel)->breaker);
}

guint64
uc_lane_begin (UcOutbox *outbox, const char *channel)
{
  return uc_breaker_begin (lane_of (outbox, channel)->breaker);
}

void
uc_lane_count_retry (UcOutbox *outbox, const char *channel)
{
  lane_of (outbox, channel)->retries++;
}

void
uc_lane_figures (UcOutbox *outbox, const char *channel, guint64 *sent, guint64 *retries, gboolean *paused)
{
  const Lane *lane = g_hash_table_lookup (outbox->lanes, channel);

  *sent = lane != NULL ? lane->sent : 0;
  *retries = lane != NULL ? lane->retries : 0;
  *paused = lane != NULL && uc_breaker_is_open (lane->breaker);
}

/* ---- what an answer says about the channel ------------------------------------------------------------- */

const char *
uc_lane_why (const UsherResult *result)
{
  if (result->message != NULL)
    return result->message;
  switch (result->status)
    {
    case USHER_AUTH:
      return "the network refuses the channel's credentials";
    case USHER_POLICY:
      return "the network has restricted the channel's account";
    default:
      return "the channel takes no messages now, and does not say why";
    }
}

const char *
uc_lane_refusal (UcOutbox *outbox, const char *channel)
{
  const Lane *lane = g_hash_table_lookup (outbox->lanes, channel);

  return lane != NULL && uc_breaker_is_open (lane->breaker) ? lane->why : NULL;
}

static void
note_refusal (Lane *lane, const UsherResult *result)
{
  lane->status = result->status;
  g_free (lane->why);
  lane->why = g_strdup (uc_lane_why (result));
}

/* Credentials or account: nothing helps but a person. */
static void
block (Lane *lane, guint64 ticket, UsherInstance *instance, const UsherResult *result)
{
  gint64 pause = MIN (LONGEST_PAUSE_MS, (gint64)FIRST_PAUSE_MS << MIN (uc_breaker_pauses (lane->breaker), 10));

  if (!uc_breaker_pause (lane->breaker, ticket, pause))
    {
      /* No news of today, but its message waits again: if the way is free, nobody else would send it. */
      uc_outbox_pump_all (lane->outbox, lane->channel);
      return;
    }
  note_refusal (lane, result);
  g_warning ("channel \"%s\": sending pauses for %" G_GINT64_FORMAT " s (%s): %s", lane->channel, pause / 1000,
             uc_status_word (result->status), lane->why);
  /* The plugin may have said it better. The last thing done here: it leads back to uc_outbox_kick. */
  if (instance != NULL && instance->state == UC_INSTANCE_RUNNING)
    {
      g_free (lane->told);
      lane->told = g_strdup (lane->why);
      lane->told_status = lane->status;
      uc_instance_tell (instance, lane->status, lane->why);
    }
}

static void
fails (Lane *lane, guint64 ticket, const char *conversation, const UsherResult *result)
{
  if (!uc_breaker_bad (lane->breaker, ticket, conversation, result->retry_after_ms))
    return;
  note_refusal (lane, result);
  if (uc_breaker_pauses (lane->breaker) == 1)
    g_warning ("channel \"%s\" takes no messages (%s); one of them tries from time to time", lane->channel,
               lane->why);
}

/* It sends again: takes back what we said about it, unless the plugin has said something since. */
static gboolean
untell (Lane *lane)
{
  UsherInstance *instance = uc_core_instance (lane->outbox->core, UC_KIND_CHANNEL, lane->channel);
  gboolean ours = lane->told != NULL && instance != NULL && instance->state == UC_INSTANCE_ATTENTION
                  && instance->status == lane->told_status
                  && g_strcmp0 (instance->status_message, lane->told) == 0;

  g_clear_pointer (&lane->told, g_free);
  if (ours)
    uc_instance_tell (instance, USHER_OK, NULL); /* which kicks all that waited */
  return ours;
}

void
uc_lane_answer (UcOutbox *outbox, const char *channel, guint64 ticket, const char *conversation,
                const UsherResult *result)
{
  Lane *lane = lane_of (outbox, channel);

  switch (result->status)
    {
    case USHER_AUTH:
    case USHER_POLICY:
      block (lane, ticket, uc_core_instance (outbox->core, UC_KIND_CHANNEL, channel), result);
      break;
    case USHER_RETRY:
    case USHER_BUSY:
    case USHER_CANCELLED:
    case USHER_UNCERTAIN:
    case USHER_LOST:
      fails (lane, ticket, conversation, result);
      break;
    default:
      lane->sent += result->status == USHER_OK;
      if (uc_breaker_good (lane->breaker, ticket) && !untell (lane))
        uc_outbox_pump_all (outbox, channel);
    }
}

void
uc_lane_clear (UcOutbox *outbox, const char *channel)
{
  uc_breaker_reset (lane_of (outbox, channel)->breaker);
}
