/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks as leases: who is here, who is gone, and that a restart costs nobody a chat; what agents have read; what
 * supervisors hear of instances. Main thread.
 */
#include "kit.h"

#include <string.h>

#define GRACE 60000

static UcPresence
presence (const char *login)
{
  return kit_agent (login)->presence;
}

static void
assert_presence (const char *login, UcPresence expected)
{
  kit_settle ();
  g_assert_cmpint (presence (login), ==, expected);
}

/* The desk of a client that promises to answer heartbeats. */
static Desk *
beating_desk (const char *login)
{
  Desk *desk = kit_desk_new ();
  g_autofree char *args = g_strdup_printf ("{\"login\":\"%s\",\"password\":\"%s-%s\"}", login, login, login);
  g_autoptr (UcJson) answer = kit_do (NULL, "session.login", "%s", args);

  kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\",\"beats\":true}}", kit_text (answer, "token"));
  uc_json_free (kit_desk_wait (desk, "welcome"));
  return desk;
}

static Desk *
desk_of (const char *login)
{
  Desk *desk = kit_desk_new ();

  uc_json_free (kit_desk_hello (desk, login, -1));
  return desk;
}

static guint
count_frames (Desk *desk, const char *type, const char *key, const char *value)
{
  guint count = 0;

  for (guint i = 0; i < desk->frames->len; i++)
    count += g_strcmp0 (kit_text (desk->frames->pdata[i], "type"), type) == 0
             && (key == NULL || g_strcmp0 (kit_text (desk->frames->pdata[i], key), value) == 0);
  return count;
}

/* ---- the lease ----------------------------------------------------------------------------------------- */

static void
test_first_desk_and_last (void)
{
  Desk *first, *second, *sue, *ben;

  kit_start (NULL);
  kit_seed ();
  sue = desk_of ("sue");
  ben = desk_of ("ben");
  g_assert_cmpint (presence ("anna"), ==, UC_PRESENCE_NONE);
  first = desk_of ("anna");
  assert_presence ("anna", UC_PRESENCE_HERE);
  second = desk_of ("anna");
  kit_desk_free (first);
  assert_presence ("anna", UC_PRESENCE_HERE);
  g_assert_cmpuint (count_frames (sue, "agent.presence", "agent", "anna"), ==, 1);
  kit_desk_free (second);
  assert_presence ("anna", UC_PRESENCE_AWAY);
  g_assert_cmpuint (count_frames (sue, "agent.presence", "agent", "anna"), ==, 2);
  /* Nobody else's business. */
  g_assert_cmpuint (count_frames (ben, "agent.presence", "agent", "anna"), ==, 0);
  first = desk_of ("anna");
  assert_presence ("anna", UC_PRESENCE_HERE);
  kit_desk_free (first);
  kit_desk_free (sue);
  kit_desk_free (ben);
  kit_end ();
}

static void
test_script_without_desk_is_not_judged (void)
{
  g_autofree char *chat = NULL;

  kit_start (NULL);
  kit_seed ();
  chat = kit_chat ("u1");
  kit_pass (10 * GRACE);
  g_assert_cmpint (presence ("anna"), ==, UC_PRESENCE_NONE);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  kit_end ();
}

static void
test_log_out_ends_the_lease (void)
{
  Desk *desk;

  kit_start (NULL);
  kit_seed ();
  desk = desk_of ("anna");
  assert_presence ("anna", UC_PRESENCE_HERE);
  kit_desk_say (desk, "{\"call\":\"session.logout\",\"id\":\"1\",\"args\":{}}");
  uc_json_free (kit_desk_wait (desk, "bye"));
  assert_presence ("anna", UC_PRESENCE_NONE);
  kit_desk_free (desk);
  kit_pass (2 * GRACE);
  g_assert_cmpint (presence ("anna"), ==, UC_PRESENCE_NONE);
  desk = desk_of ("anna");
  assert_presence ("anna", UC_PRESENCE_HERE);
  kit_desk_free (desk);
  kit_end ();
}

static Desk *
chatting_desk (void)
{
  Desk *desk;

  kit_start (NULL);
  kit_seed ();
  desk = desk_of ("anna");
  g_free (kit_chat ("u1"));
  assert_presence ("anna", UC_PRESENCE_HERE);
  return desk;
}

static void
test_chat_waits_for_the_grace (void)
{
  Desk *desk = chatting_desk ();

  kit_desk_free (desk);
  kit_pass (GRACE - 5000);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  kit_pass (10000);
  g_assert_cmpint (presence ("anna"), ==, UC_PRESENCE_LOST);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_WAITING);
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_WORK_OFFLINE);
  kit_end ();
}

static void
test_restart_costs_no_chat (void)
{
  Desk *desk = chatting_desk ();

  kit_stop ();
  kit_desk_free (desk);
  /* However long it was down: the grace begins with the start. */
  kit_start_again_after (10 * GRACE);
  assert_presence ("anna", UC_PRESENCE_AWAY);
  kit_pass (GRACE / 2);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  desk = desk_of ("anna");
  assert_presence ("anna", UC_PRESENCE_HERE);
  kit_pass (2 * GRACE);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_ACTIVE);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_after_a_restart_who_stays_away_is_lost (void)
{
  Desk *desk = chatting_desk ();

  kit_stop ();
  kit_desk_free (desk);
  kit_start_again_after (0);
  kit_pass (GRACE + 5000);
  g_assert_cmpint (presence ("anna"), ==, UC_PRESENCE_LOST);
  g_assert_cmpint (kit_interaction ("u1")->state, ==, UC_INTERACTION_WAITING);
  kit_end ();
}

/* Its line is dead, but nobody has closed it. */
static void
test_silent_desk_is_gone (void)
{
  Desk *desk, *old;
  UcJson *bye;

  kit_start (NULL);
  kit_seed ();
  desk = beating_desk ("anna");
  for (int beat = 0; beat < 6; beat++)
    {
      kit_pass (10000);
      kit_desk_say (desk, "{\"ping\":%d}", beat);
    }
  g_assert_null (desk->bye);
  assert_presence ("anna", UC_PRESENCE_HERE);
  kit_pass (25000);
  g_assert_null (desk->bye);
  kit_pass (15000);
  g_assert_nonnull (desk->bye);
  bye = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (bye, "code"), ==, "silent");
  uc_json_free (bye);
  assert_presence ("anna", UC_PRESENCE_AWAY);
  kit_desk_free (desk);
  /* A client that has not promised anything is not held to it. */
  old = desk_of ("anna");
  kit_pass (60000);
  g_assert_null (old->bye);
  kit_desk_free (old);
  kit_end ();
}

/* ---- what the agent has read --------------------------------------------------------------------------- */

static GString *seen_lines;

static void
note_seen (const UsherLine *line)
{
  g_string_append_printf (seen_lines, "%s%s:%s", seen_lines->len > 0 ? " " : "", line->user_id, line->external_id);
}

static void
seeing (Rig *rig)
{
  rig->seen = note_seen;
}

static void
say_seen (Desk *desk, gint64 n)
{
  kit_desk_say (desk, "{\"seen\":{\"interaction\":\"%s\",\"n\":%" G_GINT64_FORMAT "}}", kit_interaction ("u1")->id,
                n);
  kit_settle ();
}

static void
test_seen_is_told_forward_and_rarely (void)
{
  Desk *anna, *ben;

  seen_lines = g_string_new (NULL);
  kit_start_with (NULL, seeing);
  kit_seed ();
  anna = desk_of ("anna");
  ben = desk_of ("ben");
  g_free (kit_chat ("u1")); /* 1 hello, 2 queued, 3 agent_joined */
  say_seen (ben, 1);
  kit_pass (2000);
  g_assert_cmpstr (seen_lines->str, ==, "");
  /* Nothing of the customer's is newer than number 1. */
  say_seen (anna, 3);
  kit_until (seen_lines->len > 0);
  g_assert_cmpstr (seen_lines->str, ==, "u1:first-u1");
  kit_say ("u1", "e4", "four");
  kit_say ("u1", "e5", "five");
  kit_say ("u1", "e6", "six");
  say_seen (anna, 4);
  say_seen (anna, 5);
  say_seen (anna, 4);
  g_assert_cmpstr (seen_lines->str, ==, "u1:first-u1");
  kit_pass (1500);
  kit_until (strstr (seen_lines->str, "e5") != NULL);
  g_assert_cmpstr (seen_lines->str, ==, "u1:first-u1 u1:e5");
  kit_pass (1500);
  say_seen (anna, 1);
  say_seen (anna, 1000);
  kit_until (strstr (seen_lines->str, "e6") != NULL);
  kit_pass (3000);
  g_assert_cmpstr (seen_lines->str, ==, "u1:first-u1 u1:e5 u1:e6");
  kit_desk_free (anna);
  kit_desk_free (ben);
  kit_end ();
  g_string_free (seen_lines, TRUE);
}

/* ---- instances ----------------------------------------------------------------------------------------- */

static void
test_supervisors_hear_of_instances (void)
{
  Desk *anna, *sue;
  g_autoptr (UcJson) frame = NULL;
  const UcJson *net = NULL;

  kit_start (NULL);
  kit_seed ();
  anna = desk_of ("anna");
  sue = desk_of ("sue");
  g_ptr_array_set_size (sue->frames, 0);
  kit.rig->host->instance_state (kit.rig->channel, USHER_AUTH, "the token has expired");
  kit.rig->host->instance_state (kit.rig->channel, USHER_OK, NULL);
  kit.rig->host->instance_state (kit.rig->channel, USHER_AUTH, "the token has expired again");
  kit_pass (1500);
  g_assert_cmpuint (count_frames (sue, "instances", NULL, NULL), ==, 1);
  g_assert_cmpuint (count_frames (anna, "instances", NULL, NULL), ==, 0);
  frame = kit_desk_wait (sue, "instances");
  g_assert_cmpuint (uc_json_length (uc_json_get (frame, "instances")), ==, 3);
  for (const UcJson *i = uc_json_first (uc_json_get (frame, "instances")); i != NULL; i = uc_json_next (i))
    if (g_strcmp0 (kit_text (i, "name"), "net") == 0)
      net = i;
  g_assert_cmpstr (kit_text (net, "state"), ==, "needs_attention");
  g_assert_cmpstr (kit_text (net, "message"), ==, "the token has expired again");
  kit_pass (3000);
  g_assert_cmpuint (count_frames (sue, "instances", NULL, NULL), ==, 0);
  kit_desk_free (anna);
  kit_desk_free (sue);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/presence/first-desk-and-last", test_first_desk_and_last);
  g_test_add_func ("/presence/script-without-desk-is-not-judged", test_script_without_desk_is_not_judged);
  g_test_add_func ("/presence/log-out-ends-the-lease", test_log_out_ends_the_lease);
  g_test_add_func ("/presence/chat-waits-for-the-grace", test_chat_waits_for_the_grace);
  g_test_add_func ("/presence/restart-costs-no-chat", test_restart_costs_no_chat);
  g_test_add_func ("/presence/who-stays-away-after-a-restart-is-lost",
                   test_after_a_restart_who_stays_away_is_lost);
  g_test_add_func ("/presence/silent-desk-is-gone", test_silent_desk_is_gone);
  g_test_add_func ("/seen/forward-and-rarely", test_seen_is_told_forward_and_rarely);
  g_test_add_func ("/instances/supervisors-hear-of-them", test_supervisors_hear_of_instances);
  return g_test_run ();
}
