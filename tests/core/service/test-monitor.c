/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemon that watches itself. Each kind of broken state is made by hand behind the engine's back, must be an
 * alarm within a second of the core's clock, and must be over when it was put right. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/engine/engine-private.h"
#include "core/service/alarm.h"
#include "core/service/intake-private.h"
#include "core/service/metrics.h"
#include "core/service/monitor.h"
#include "tests/lib/exposition.h"
#include "kit.h"

static double
figure (const char *name)
{
  g_autofree char *text = uc_metrics_text (kit.core);
  g_autofree char *why = NULL;
  g_autoptr (GHashTable) samples = exposition_read (text, &why);

  g_assert_cmpstr (why, ==, NULL);
  return exposition_value (samples, name);
}

/* What is wrong is a critical line; the kit lets those end the test. */
static guint criticals;

static void
count_critical (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_assert_nonnull (strstr (message, "the engine's state contradicts itself"));
  criticals++;
}

static void
allow_criticals (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, count_critical, NULL);
  criticals = 0;
}

/* One second later it is told, and stands as an alarm that says what, which and what to do. */
static void
must_be_told (const char *what)
{
  const UcAlarm *alarm;

  g_assert_cmpuint (criticals, ==, 0);
  kit_pass (1000);
  alarm = uc_alarm_find (kit.core, "invariant");
  g_assert_nonnull (alarm);
  if (strstr (alarm->text, what) == NULL)
    g_error ("the alarm says \"%s\", not \"%s\"", alarm->text, what);
  g_assert_nonnull (strstr (alarm->text, "restart usherd"));
  g_assert_cmpfloat (figure ("usher_invariant_violations_total"), ==, criticals);
  g_assert_cmpfloat (figure ("usher_alarm{name=\"invariant\"}"), ==, 1);
}

/* It stands, without another word, as long as it is true, and goes with the next clean round. */
static void
must_stay_and_go (void (*put_right) (gpointer data), gpointer data)
{
  guint said;

  kit_pass (2000);
  said = criticals;
  kit_pass (3000);
  g_assert_nonnull (uc_alarm_find (kit.core, "invariant"));
  g_assert_cmpuint (criticals, ==, said);
  put_right (data);
  kit_pass (2000);
  g_assert_null (uc_alarm_find (kit.core, "invariant"));
  g_assert_cmpfloat (figure ("usher_invariant_violations_total"), ==, said);
}

/* anna has u1, nobody else is there, u2 waits. */
static UcInteraction *
start (void)
{
  g_autofree char *chat = NULL;

  kit_start (NULL);
  allow_criticals ();
  kit.tampered = TRUE;
  kit_seed ();
  chat = kit_chat ("u1");
  kit_say ("u2", "m2", "Hello?");
  kit_pass (2000);
  g_assert_cmpuint (kit.core->alarms->len, ==, 0);
  return (UcInteraction *)kit_interaction ("u1");
}

/* ---- the four kinds ------------------------------------------------------------------------------------ */

static void
take_from_ben (gpointer interaction)
{
  g_ptr_array_remove (kit_agent ("ben")->interactions, interaction);
}

static void
test_two_owners (void)
{
  UcInteraction *interaction = start ();

  g_ptr_array_add (kit_agent ("ben")->interactions, interaction);
  must_be_told ("agent ben lists interaction ");
  must_stay_and_go (take_from_ben, interaction);
  kit_end ();
}

static void
one_chat_again (gpointer anna)
{
  ((UcAgent *)anna)->capacity = 1;
}

static void
test_load_over_capacity (void)
{
  UcAgent *anna;

  start ();
  anna = (UcAgent *)kit_agent ("anna");
  anna->capacity = 0;
  must_be_told ("agent anna has 1 interactions, his capacity is 0");
  must_stay_and_go (one_chat_again, anna);
  kit_end ();
}

static void
ben_goes (gpointer unused)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = "ben", .status = "logged_out" };

  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
}

/* He became available, and nobody routed. */
static void
test_waiting_in_vain (void)
{
  g_autoptr (UcEvent) status = NULL;

  start ();
  status = uc_event_new (UC_EVENT_AGENT_STATUS, kit_interaction ("u2")->enqueued_at);
  status->agent = g_strdup ("ben");
  status->status = g_strdup ("available");
  status->asked = g_strdup ("available");
  status->since = status->idle_since = status->at;
  uc_engine_apply (kit.core->engine, status);
  must_be_told ("ben");
  must_stay_and_go (ben_goes, NULL);
  kit_end ();
}

static void
let_time_run (gpointer unused)
{
  uc_core_barrier (kit.core, NULL, NULL);
  kit_settle ();
}

/* ben's offer ends in 30 s, and the shell forgot to wait for it. */
static void
test_overdue (void)
{
  start ();
  uc_json_free (kit_do (NULL, "session.login", "{\"login\":\"%s\",\"password\":\"ben-ben-ben\"}", "ben"));
  uc_json_free (kit_do ("ben", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_until (kit_interaction ("u2")->state == UC_INTERACTION_OFFERED);
  kit_settle ();
  uc_loop_timer_remove (kit.core->loop, kit.core->tick_timer);
  kit_pass (kit_interaction ("u2")->offered_ms - 1000);
  g_assert_null (uc_alarm_find (kit.core, "invariant"));
  kit_pass (1500);
  must_be_told ("overdue");
  must_stay_and_go (let_time_run, NULL);
  kit_end ();
}

/* ---- what is no violation ------------------------------------------------------------------------------ */

/* The clock is set, the machine sleeps: what is due is done late, and nobody is reproached. */
static void
test_leap (void)
{
  start ();
  kit_pass (12 * 3600 * G_GINT64_CONSTANT (1000));
  g_assert_null (uc_alarm_find (kit.core, "invariant"));
  g_assert_cmpfloat (figure ("usher_invariant_violations_total"), ==, 0);
  g_assert_cmpfloat (figure ("usher_invariant_rounds_total"), >, 3);
  kit_end ();
}

/* ---- progress ------------------------------------------------------------------------------------------ */

static void
gather_for_long (Rig *rig)
{
  rig->capabilities.settle_ms = 10000;
}

/* A delivery that gets no answer for half a minute is told; that minute is made by hand. */
static void
test_stalled_delivery (void)
{
  Delivered delivered = { 0 };
  UcDelivery *delivery;

  kit_start_with (NULL, gather_for_long);
  kit_seed ();
  kit_deliver_start (&delivered, "u1", "m1", "Hello?");
  g_assert_cmpuint (kit.core->intake->deliveries->len, ==, 1);
  delivery = kit.core->intake->deliveries->pdata[0];
  kit_pass (1000);
  g_assert_null (uc_alarm_find (kit.core, "intake.stalled"));
  delivery->begun_at -= 31 * G_USEC_PER_SEC;
  g_assert_cmpfloat (figure ("usher_intake_oldest_delivery_seconds"), >=, 31);
  kit_pass (1000);
  g_assert_nonnull (uc_alarm_find (kit.core, "intake.stalled"));
  kit_pass (10000);
  kit_until (delivered.done);
  kit_pass (1000);
  g_assert_null (uc_alarm_find (kit.core, "intake.stalled"));
  kit_end ();
}

/* ---- the configuration ----------------------------------------------------------------------------------- */

/* A new centre has time to make its queues; then a channel without one is told until the queue is there. */
static void
test_queue_missing (void)
{
  const UcAlarm *alarm;

  kit_start (NULL);
  kit_pass (9000);
  g_assert_null (uc_alarm_find (kit.core, "queue.missing"));
  kit_pass (2000);
  alarm = uc_alarm_find (kit.core, "queue.missing");
  g_assert_nonnull (alarm);
  g_assert_nonnull (strstr (alarm->text, "the channel \"net\" feeds the queue \"q\""));
  kit_seed ();
  kit_pass (1000);
  g_assert_null (uc_alarm_find (kit.core, "queue.missing"));
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/monitor/two-owners", test_two_owners);
  g_test_add_func ("/service/monitor/load-over-capacity", test_load_over_capacity);
  g_test_add_func ("/service/monitor/waiting-in-vain", test_waiting_in_vain);
  g_test_add_func ("/service/monitor/overdue", test_overdue);
  g_test_add_func ("/service/monitor/leap", test_leap);
  g_test_add_func ("/service/monitor/stalled-delivery", test_stalled_delivery);
  g_test_add_func ("/service/monitor/queue-missing", test_queue_missing);
  return g_test_run ();
}
