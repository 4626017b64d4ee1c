/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much of what waits for the CRM goes there at once: customers before cases, what waited longest first, few
 * cases at a time, and while the CRM is away one that tries. Also the figures and alarms about what waits. Main
 * thread.
 */
#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/bridge-private.h"

/* Reading and sending a transcript is work on both sides. */
#define MOST_SAVES 8
#define MOST_LOOKS 32
#define JUDGE_MS (60 * 1000)
#define BEHIND_MS (15 * 60 * (gint64)1000)
#define FAILED_LONG_MS (60 * 60 * (gint64)1000)
#define FAILED_MANY 20

static void
on_pause_over (gpointer data)
{
  uc_bridge_go (data);
}

void
uc_bridge_pace_init (UcBridge *bridge)
{
  bridge->dice = uc_backoff_dice ();
  bridge->breaker = uc_breaker_new (bridge->core->loop, bridge->dice, on_pause_over, bridge);
  bridge->failed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&bridge->waiting_looks);
  g_queue_init (&bridge->waiting_saves);
}

void
uc_bridge_pace_clear (UcBridge *bridge)
{
  uc_loop_timer_remove (bridge->core->loop, bridge->judge_timer);
  uc_loop_timer_remove (bridge->core->loop, bridge->reload_timer);
  uc_breaker_free (bridge->breaker);
  g_rand_free (bridge->dice);
  g_hash_table_unref (bridge->failed);
  g_queue_clear (&bridge->waiting_looks);
  g_queue_clear (&bridge->waiting_saves);
  g_free (bridge->why);
}

void
uc_bridge_go (UcBridge *bridge)
{
  gpointer one;

  if (bridge->save_next && uc_breaker_is_open (bridge->breaker) && bridge->saving < MOST_SAVES
      && uc_breaker_lets (bridge->breaker) && (one = g_queue_pop_head (&bridge->waiting_saves)) != NULL)
    uc_bridge_save_begin (one);
  while (bridge->looking < MOST_LOOKS && uc_breaker_lets (bridge->breaker)
         && (one = g_queue_pop_head (&bridge->waiting_looks)) != NULL)
    uc_bridge_look_begin (one);
  while (bridge->saving < MOST_SAVES && uc_breaker_lets (bridge->breaker)
         && (one = g_queue_pop_head (&bridge->waiting_saves)) != NULL)
    uc_bridge_save_begin (one);
}

static int
compare_saves (gconstpointer a, gconstpointer b, gpointer data)
{
  return uc_bridge_save_compare (a, b);
}

void
uc_bridge_answered (UcBridge *bridge, guint64 ticket, const char *interaction, const UsherResult *result)
{
  if (!uc_bridge_is_temporary (result->status))
    {
      /* Who tried meanwhile went to the end of the line. */
      if (uc_breaker_good (bridge->breaker, ticket))
        g_queue_sort (&bridge->waiting_saves, compare_saves, NULL);
    }
  else
    {
      bridge->retries++;
      g_free (bridge->why);
      bridge->why = g_strdup (result->message != NULL ? result->message : "the CRM does not say why");
      if (uc_breaker_bad (bridge->breaker, ticket, interaction, result->retry_after_ms)
          && uc_breaker_pauses (bridge->breaker) == 1)
        g_warning ("the CRM takes nothing (%s); what is to be done there waits, and one tries from time to time",
                   bridge->why);
    }
}

/* ---- figures and alarms -------------------------------------------------------------------------------- */

static gint64
oldest_save (UcBridge *bridge)
{
  gint64 oldest = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, bridge->saves);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    oldest = MIN (oldest, uc_bridge_save_since (value));
  return oldest;
}

static gint64
oldest_failure (UcBridge *bridge)
{
  gint64 oldest = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, bridge->failed);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    oldest = MIN (oldest, *(gint64 *)value);
  return oldest;
}

static char *
minute_of (gint64 at)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (at / 1000);

  return g_date_time_format (time, "%F %H:%M");
}

static void
judge_failed (UcBridge *bridge, gint64 now)
{
  guint failed = g_hash_table_size (bridge->failed);
  gint64 oldest = oldest_failure (bridge);
  g_autofree char *since = NULL;

  if (failed == 0 || (failed <= FAILED_MANY && now - oldest < FAILED_LONG_MS))
    {
      uc_alarm_clear (bridge->core, "crm.refused");
      return;
    }
  since = minute_of (oldest);
  uc_alarm_raise (
      bridge->core, "crm.refused",
      "the CRM has refused %u %s, the first on %s UTC: see \"Not delivered\" at a supervisor's desk or "
      "`usherctl save list`, then save again or discard",
      failed, failed == 1 ? "case" : "cases", since);
}

static void
judge_waiting (UcBridge *bridge, gint64 now)
{
  gint64 oldest = oldest_save (bridge);
  g_autofree char *since = NULL;

  if (oldest == G_MAXINT64 || now - oldest < BEHIND_MS)
    {
      uc_alarm_clear (bridge->core, "crm.behind");
      return;
    }
  since = minute_of (oldest);
  /* Without the number of them: it would be news each minute. */
  uc_alarm_raise (
      bridge->core, "crm.behind",
      "the CRM has taken no case for a while; the oldest that waits is of %s UTC. Nothing is lost: all "
      "are saved when it works again. What it said last: %s",
      since, bridge->why != NULL ? bridge->why : "nothing");
}

static void
on_judge (gpointer data)
{
  UcBridge *bridge = data;
  gint64 now = uc_clock_now ();

  bridge->judge_timer = 0;
  judge_failed (bridge, now);
  judge_waiting (bridge, now);
  if (g_hash_table_size (bridge->failed) > 0 || g_hash_table_size (bridge->saves) > 0
      || uc_alarm_find (bridge->core, "crm.behind") != NULL)
    uc_bridge_judge (bridge);
}

void
uc_bridge_judge (UcBridge *bridge)
{
  if (bridge->judge_timer == 0)
    bridge->judge_timer = uc_loop_timer_in (bridge->core->loop, JUDGE_MS, on_judge, bridge);
}

static double
age_of (gint64 since)
{
  return since == G_MAXINT64 ? 0 : (double)MAX (0, uc_clock_now () - since) / 1000;
}

void
uc_bridge_metrics (UcCore *core, UcMetrics *metrics)
{
  UcBridge *bridge = core->bridge;

  uc_metrics_gauge (metrics, "usher_crm_saves_pending", "Chats whose case the CRM has not taken yet.", NULL,
                    g_hash_table_size (bridge->saves));
  uc_metrics_gauge (metrics, "usher_crm_oldest_waiting_seconds", "How long the oldest of them waits.", NULL,
                    age_of (oldest_save (bridge)));
  uc_metrics_gauge (metrics, "usher_crm_saves_failed", "Chats whose case the CRM has refused, undecided.", NULL,
                    g_hash_table_size (bridge->failed));
  uc_metrics_gauge (metrics, "usher_crm_lookups_pending", "Chats whose customer is being looked for.", NULL,
                    g_hash_table_size (bridge->looks));
  uc_metrics_gauge (metrics, "usher_crm_paused", "1 while the CRM takes nothing and one tries from time to time.",
                    NULL, uc_breaker_is_open (bridge->breaker));
  uc_metrics_counter (metrics, "usher_crm_saved_total", "Cases that the CRM took, since the start.", NULL,
                      (double)bridge->saved);
  uc_metrics_counter (metrics, "usher_crm_retries_total",
                      "Questions that the CRM did not answer, since the start.", NULL, (double)bridge->retries);
}
