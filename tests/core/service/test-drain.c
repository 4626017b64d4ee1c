/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draining inside the daemon: what is waited for, for how long at most, and that a service manager's watchdog gets
 * signs of life only while the loop turns, commits are answered and timers fire.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/service/drain.h"
#include "core/service/outbox.h"
#include "core/service/watchdog.h"
#include "kit.h"

/* ---- a disk that stands still -------------------------------------------------------------------------- */

static GMutex disk;

/* SQLite's commit comes here instead of to the C library: the executable's symbol counts. */
int
fdatasync (int fd)
{
  g_mutex_lock (&disk);
  g_mutex_unlock (&disk);
  return (int)syscall (SYS_fdatasync, fd);
}

int
fsync (int fd)
{
  g_mutex_lock (&disk);
  g_mutex_unlock (&disk);
  return (int)syscall (SYS_fsync, fd);
}

/* ---- sends that a network does not answer yet ---------------------------------------------------------- */

static GPtrArray *sends; /* of UsherReply* */

static void
hold_send (const UsherLine *line, UsherReply *reply)
{
  g_ptr_array_add (sends, reply);
}

static void
answer_sends (void)
{
  const UsherResult ok = { .struct_size = sizeof ok, .status = USHER_OK };

  for (guint i = 0; i < sends->len; i++)
    kit.rig->host->complete (sends->pdata[i], &ok);
  g_ptr_array_set_size (sends, 0);
}

static void
start (void)
{
  g_clear_pointer (&sends, g_ptr_array_unref);
  sends = g_ptr_array_new ();
  kit_start ("drain_time = 20s\n");
  kit_seed ();
}

/* Joe's chat. */
static void
offer_to_anna (void)
{
  const UcCommand login = { .type = UC_COMMAND_SET_STATUS, .agent = kit_agent ("anna")->id, .cause = "login" };

  uc_core_submit (kit.core, &login, NULL, NULL);
  kit_settle ();
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_say ("joe", "j1", "hello");
  kit_until (kit_agent ("anna")->offered == 1);
}

/* ---- stopping ------------------------------------------------------------------------------------------ */

static void
on_stopped (gpointer data)
{
  *(gboolean *)data = TRUE;
}

#define assert_phase(phase)                                                                                       \
  g_assert_cmpstr (uc_drain_word (uc_drain_phase (kit.core)), ==, uc_drain_word (UC_DRAIN_##phase))

/* Looks around as the daemon does meanwhile. */
static void
wait_for_phase (UcDrainPhase phase)
{
  kit_until (uc_drain_phase (kit.core) >= phase);
  g_assert_cmpint (uc_drain_phase (kit.core), ==, phase);
}

static void
test_what_is_sent_is_waited_for (void)
{
  g_autofree char *chat = NULL, *error = NULL;
  gboolean stopped = FALSE;

  start ();
  chat = kit_chat ("joe");
  kit.rig->send = hold_send;
  kit_write (chat, "on its way");
  kit_until (sends->len == 1);
  kit_write (chat, "behind it");
  uc_drain_stop (kit.core, on_stopped, &stopped);
  wait_for_phase (UC_DRAIN_LEAVING);
  kit_pass (5000);
  assert_phase (LEAVING);
  g_assert_false (stopped);
  answer_sends ();
  kit_until (stopped);
  assert_phase (STOPPING);
  g_assert_cmpuint (sends->len, ==, 0); /* the second one was not begun */
  kit.rig->send = NULL;
  kit_restart ();
  kit_wait_state ("joe", "on its way", "sent");
  kit_wait_state ("joe", "behind it", "sent");
  g_assert_cmpuint (kit.sent->len, ==, 1); /* by this life: the first was not repeated */
  kit_end ();
}

static void
test_but_not_for_ever (void)
{
  g_autofree char *chat = NULL;
  gboolean stopped = FALSE;

  start ();
  chat = kit_chat ("joe");
  kit.rig->send = hold_send;
  kit_write (chat, "into the void");
  kit_until (sends->len == 1);
  uc_drain_stop (kit.core, on_stopped, &stopped);
  wait_for_phase (UC_DRAIN_LEAVING);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*have not said within 10.0 s*1 messages*");
  kit_pass (uc_drain_times.leave);
  kit_until (uc_drain_phase (kit.core) > UC_DRAIN_LEAVING);
  g_test_assert_expected_messages ();
  answer_sends ();
  kit_until (stopped);
  kit_end ();
}

static void
test_what_comes_in_is_stored_until_the_last_moment (void)
{
  g_autofree char *chat = NULL;
  gboolean stopped = FALSE;
  Delivered late;

  start ();
  chat = kit_chat ("joe");
  kit.rig->send = hold_send;
  kit_write (chat, "on its way");
  kit_until (sends->len == 1);
  uc_drain_stop (kit.core, on_stopped, &stopped);
  wait_for_phase (UC_DRAIN_LEAVING);
  kit_say ("eve", "e1", "still there?");
  answer_sends ();
  kit_deliver_start (&late, "eve", "e2", "hello?");
  kit_until (late.done);
  g_assert_true (late.status == USHER_OK || late.status == USHER_BUSY);
  kit_until (stopped);
  kit_restart ();
  g_assert_nonnull (kit_interaction ("eve"));
  kit_end ();
}

static void
test_offers_have_their_time (void)
{
  gboolean stopped = FALSE;

  start ();
  offer_to_anna ();
  uc_drain_stop (kit.core, on_stopped, &stopped);
  assert_phase (OFFERS);
  kit_pass (19000);
  assert_phase (OFFERS);
  g_assert_cmpuint (kit_agent ("anna")->offered, ==, 1);
  kit_pass (1100);
  kit_until (stopped);
  g_assert_cmpuint (kit_agent ("anna")->offered, ==, 0);
  g_assert_cmpuint (kit_agent ("anna")->misses, ==, 0);
  g_assert_cmpint (kit_agent ("anna")->asked, ==, UC_AGENT_AVAILABLE);
  kit_end ();
}

static void
test_who_stops_does_not_cancel (void)
{
  gboolean stopped = FALSE;

  start ();
  offer_to_anna ();
  uc_drain_stop (kit.core, on_stopped, &stopped);
  g_assert_null (kit_op (NULL, "system.drain", "{\"cancel\":true}"));
  g_assert_nonnull (strstr (kit_error, "conflict: the daemon is stopping already"));
  uc_drain_hurry (kit.core);
  kit_until (stopped);
  g_assert_cmpuint (kit_agent ("anna")->offered, ==, 0);
  kit_end ();
}

static void
test_desks_are_spread (void)
{
  gint64 least = G_MAXINT64, most = 0;

  start ();
  for (int i = 0; i < 1000; i++)
    {
      gint64 ms = uc_drain_return_ms (kit.core);

      least = MIN (least, ms);
      most = MAX (most, ms);
    }
  g_assert_cmpint (least, >=, 300);
  g_assert_cmpint (most, <, 1000);
  g_assert_cmpint (most - least, >, 500);
  kit_end ();
}

/* ---- the watchdog -------------------------------------------------------------------------------------- */

#define INTERVAL_MS 200

static int manager = -1;
static char *manager_path;

static void
open_manager (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  manager_path = g_build_filename (kit.dir, "notify", NULL);
  g_strlcpy (address.sun_path, manager_path, sizeof address.sun_path);
  manager = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_cmpint (bind (manager, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_setenv ("NOTIFY_SOCKET", manager_path, TRUE);
}

static void
close_manager (void)
{
  g_unsetenv ("NOTIFY_SOCKET");
  close (manager);
  g_clear_pointer (&manager_path, g_free);
}

static const char *expected;
static guint warned;

/* The monitor has its own to say about some of it. */
static void
take_log (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  warned += g_str_has_prefix (message, expected);
}

static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  return FALSE;
}

/* Until the end of the program: whoever expects no such message sees that none was counted. */
static void
expect_warning (const char *prefix)
{
  expected = prefix;
  warned = 0;
  g_test_log_set_fatal_handler (is_fatal, NULL);
  g_log_set_handler (NULL, G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, take_log, NULL);
}

/* Takes all that came; how many of them were signs of life. text: the last STATUS=, or NULL. */
static guint
signs (char **text)
{
  char message[2048];
  ssize_t n;
  guint count = 0;

  while ((n = recv (manager, message, sizeof message - 1, 0)) >= 0)
    {
      const char *status;

      message[n] = '\0';
      count += strstr (message, "WATCHDOG=1") != NULL;
      status = strstr (message, "STATUS=");
      if (status != NULL && text != NULL)
        {
          g_free (*text);
          *text = g_strdup (status + strlen ("STATUS="));
        }
    }
  return count;
}

/* The main loop turns, and the core's clock goes on by so much. In portions: the socket holds ten messages, and
 * who sends one more waits. */
static guint
signs_within (gint64 ms, char **text)
{
  guint count = 0;

  for (; ms > 0; ms -= INTERVAL_MS)
    {
      kit_pass (INTERVAL_MS);
      count += signs (text);
    }
  return count;
}

/* The same with the clock as it is: what waits for the disk can't settle. */
static guint
signs_meanwhile (gint64 ms, char **text)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  kit_until (g_get_monotonic_time () > end);
  return signs (text);
}

static void
test_fed_by_progress (void)
{
  UcWatchdog *watchdog;

  start ();
  open_manager ();
  watchdog = uc_watchdog_new (kit.core, INTERVAL_MS);
  g_assert_cmpuint (signs (NULL), ==, 1);
  g_assert_cmpuint (signs_within (5 * INTERVAL_MS, NULL), >=, 1);
  uc_watchdog_free (watchdog);
  g_assert_cmpuint (signs_within (5 * INTERVAL_MS, NULL), ==, 0);
  close_manager ();
  kit_end ();
}

static void
stand_still (gpointer data)
{
  guint *count = data;

  signs (NULL);
  g_usleep (2 * INTERVAL_MS * 1000);
  *count = signs (NULL);
}

static void
test_not_while_the_loop_stands (void)
{
  UcWatchdog *watchdog;
  guint count = 99;

  start ();
  open_manager ();
  watchdog = uc_watchdog_new (kit.core, INTERVAL_MS);
  uc_loop_defer (kit.core->loop, stand_still, &count);
  kit_until (count != 99);
  g_assert_cmpuint (count, ==, 0);
  g_assert_cmpuint (signs_within (5 * INTERVAL_MS, NULL), >=, 1);
  uc_watchdog_free (watchdog);
  close_manager ();
  kit_end ();
}

static void
test_not_while_the_disk_stands (void)
{
  g_autofree char *status = NULL;
  UcWatchdog *watchdog;
  Delivered late;

  start ();
  kit_settle ();
  open_manager ();
  watchdog = uc_watchdog_new (kit.core, INTERVAL_MS);
  uc_watchdog_limits.commit = 300;
  g_mutex_lock (&disk);
  kit_deliver_start (&late, "joe", "j1", "hello");
  /* Commits are measured with the monotonic clock, which the tests don't set. */
  expect_warning ("no sign of life to the service manager: the store has not answered a commit");
  kit_until (uc_watchdog_trouble (kit.core) != NULL);
  signs (NULL);
  g_assert_cmpuint (signs_meanwhile (5 * INTERVAL_MS, &status), ==, 0);
  g_assert_cmpuint (warned, ==, 1);
  g_assert_nonnull (status);
  g_assert_true (g_str_has_prefix (status, "stalled: the store"));
  g_assert_false (late.done);
  g_mutex_unlock (&disk);
  kit_until (late.done);
  g_assert_cmpint (late.status, ==, USHER_OK);
  g_assert_cmpuint (signs_within (5 * INTERVAL_MS, &status), >=, 1);
  g_assert_cmpstr (status, ==, "ready");
  uc_watchdog_limits.commit = 10000;
  uc_watchdog_free (watchdog);
  close_manager ();
  kit_end ();
}

static void
test_not_while_timers_stand (void)
{
  g_autofree char *status = NULL;
  UcWatchdog *watchdog;

  start ();
  offer_to_anna ();
  kit_settle ();
  open_manager ();
  watchdog = uc_watchdog_new (kit.core, INTERVAL_MS);
  /* The timer that ticks the engine is lost. */
  uc_loop_timer_remove (kit.core->loop, kit.core->tick_timer);
  signs (NULL);
  expect_warning ("no sign of life to the service manager: the engine's timers are late by");
  signs_within (uc_engine_next_deadline (kit.core->engine) - uc_clock_now () + uc_watchdog_limits.timers + 1000,
                NULL);
  g_assert_cmpuint (signs_within (20 * INTERVAL_MS, &status), ==, 0);
  g_assert_cmpuint (warned, ==, 1);
  g_assert_null (status); /* it was told once */
  uc_watchdog_free (watchdog);
  close_manager ();
  kit_end ();
}

/* ---- freed in the middle -------------------------------------------------------------------------------- */

static void
hold_reply (const UsherLine *line, UsherReply *reply)
{
}

/* A desk, an offer, deliveries on their way, a message that its network has not answered: nothing of it meets a
 * store that is closed, and nothing acknowledged is lost. */
static void
test_freed_without_a_stop (void)
{
  Delivered late[20] = { 0 };
  g_autofree char *id = NULL, *state = NULL;
  guint lines = 0;
  Desk *desk;

  kit_start (NULL);
  kit_seed ();
  id = kit_chat ("u1");
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  kit.rig->send = hold_reply;
  uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"on its way\"}", id));
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      g_autofree char *external = g_strdup_printf ("late-%u", i);

      kit_deliver_start (&late[i], "u1", external, "late");
    }
  kit_drop ();
  /* As in any other stop. */
  g_assert_cmpstr (desk->bye, !=, NULL);
  kit_desk_free (desk);

  kit_start_again_after (0);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      g_autofree char *external = g_strdup_printf ("late-%u", i);
      gint64 number = kit_say ("u1", external, "late");

      if (late[i].done && late[i].status == USHER_OK)
        g_assert_cmpint (number, ==, late[i].number);
      lines += number > 0;
    }
  g_assert_cmpuint (lines, ==, G_N_ELEMENTS (late));
  state = kit_state ("u1", "on its way", NULL);
  g_test_message ("what its network did not answer is %s", state);
  g_assert_nonnull (state);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/drain/what-is-sent-is-waited-for", test_what_is_sent_is_waited_for);
  g_test_add_func ("/drain/but-not-for-ever", test_but_not_for_ever);
  g_test_add_func ("/drain/what-comes-in-is-stored-until-the-last-moment",
                   test_what_comes_in_is_stored_until_the_last_moment);
  g_test_add_func ("/drain/offers-have-their-time", test_offers_have_their_time);
  g_test_add_func ("/drain/who-stops-does-not-cancel", test_who_stops_does_not_cancel);
  g_test_add_func ("/drain/desks-are-spread", test_desks_are_spread);
  g_test_add_func ("/drain/freed-without-a-stop", test_freed_without_a_stop);
  g_test_add_func ("/watchdog/fed-by-progress", test_fed_by_progress);
  g_test_add_func ("/watchdog/not-while-the-loop-stands", test_not_while_the_loop_stands);
  g_test_add_func ("/watchdog/not-while-the-disk-stands", test_not_while_the_disk_stands);
  g_test_add_func ("/watchdog/not-while-timers-stand", test_not_while_timers_stand);
  return g_test_run ();
}
