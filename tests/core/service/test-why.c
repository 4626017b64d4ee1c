/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interaction.why: what a supervisor reads about a chat that nobody takes, and what he must not read. The verdicts
 * themselves are the engine's and proven there.
 */
#include <string.h>

#include "kit.h"

static void
login (const char *agent, const char *password)
{
  uc_json_free (kit_do (NULL, "session.login", "{\"login\":\"%s\",\"password\":\"%s\"}", agent, password));
}

static void
set_status (const char *agent, const char *status, const char *reason)
{
  if (reason == NULL)
    uc_json_free (kit_do (agent, "agent.set_status", "{\"status\":\"%s\"}", status));
  else
    uc_json_free (kit_do (agent, "agent.set_status", "{\"status\":\"%s\",\"reason\":\"%s\"}", status, reason));
}

static UcJson *
why (const char *login, const char *user)
{
  return kit_do (login, "interaction.why", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
}

static const UcJson *
about (const UcJson *answer, const char *agent)
{
  for (const UcJson *a = uc_json_first (uc_json_get (answer, "agents")); a != NULL; a = uc_json_next (a))
    if (strcmp (uc_json_string (uc_json_get (a, "agent")), agent) == 0)
      return a;
  return NULL;
}

#define assert_word(json, member, word) g_assert_cmpstr (uc_json_string (uc_json_get (json, member)), ==, word)
#define assert_number(json, member, n) g_assert_cmpint (uc_json_int (uc_json_get (json, member), -1), ==, n)

static void
assert_says (const char *user, const char *agent, const char *verdict, const char *text)
{
  g_autoptr (UcJson) answer = why ("sue", user);
  const UcJson *one = about (answer, agent);

  g_assert_nonnull (one);
  assert_word (one, "verdict", verdict);
  assert_word (one, "text", text);
}

static void
start (void)
{
  kit_start (NULL);
  kit_seed ();
  uc_json_free (kit_do (NULL, "codes.put",
                        "{\"list\":\"%s\",\"name\":\"Breaks\",\"use\":\"status\","
                        "\"status\":\"on_break\",\"codes\":[\"lunch=Lunch\"]}",
                        "breaks"));
}

static void
test_waiting (void)
{
  g_autoptr (UcJson) first = NULL, second = NULL, all = NULL;
  const UcJson *anna;

  start ();
  kit_say ("u1", "m1", "Hello?");
  kit_say ("u2", "m2", "Hello?");
  second = why ("sue", "u2");
  assert_word (second, "state", "waiting");
  assert_word (second, "text", "it waits at place 2 of 2 in the queue Support");
  assert_word (second, "queue", "q");
  assert_number (second, "place", 2);
  assert_number (second, "ahead", 1);
  assert_number (second, "waiting", 2);
  assert_number (second, "others", 1); /* Sue herself */
  g_assert_cmpint (uc_json_int (uc_json_get (second, "since"), 0), ==, kit_interaction ("u2")->enqueued_at);
  g_assert_cmpuint (uc_json_length (uc_json_get (second, "agents")), ==, 2);
  assert_says ("u1", "anna", "logged_out", "logged out");
  all = kit_do ("sue", "interaction.why", "{\"interaction\":\"%s\",\"all\":true}", kit_interaction ("u1")->id);
  assert_word (about (all, "sue"), "text", "does not work this queue");
  assert_number (all, "others", 0);

  login ("anna", "anna-anna");
  assert_says ("u1", "anna", "work_offline", "working offline");
  set_status ("anna", "on_break", "lunch");
  first = why ("sue", "u1");
  assert_number (first, "place", 1);
  anna = about (first, "anna");
  assert_word (anna, "text", "on break (reason Lunch)");
  assert_number (anna, "since", kit_agent ("anna")->since);
  /* She comes nearer to it than Ben, who is logged out. */
  g_assert_true (uc_json_first (uc_json_get (first, "agents")) == anna);
  uc_json_free (kit_do (NULL, "membership.put", "{\"user\":\"%s\",\"queue\":\"q\",\"enabled\":false}", "anna"));
  assert_says ("u1", "anna", "membership_off", "has this queue switched off");
  kit_end ();
}

static void
test_at_work (void)
{
  g_autofree char *chat = NULL;
  g_autoptr (UcJson) taken = NULL;

  start ();
  chat = kit_chat ("u1");
  kit_say ("u2", "m2", "Hello?");
  assert_says ("u2", "anna", "at_capacity", "has 1 of at most 1 chats");
  set_status ("anna", "on_break", "lunch");
  assert_says ("u2", "anna", "on_break", "on break as soon as the present chat is over");
  taken = why ("sue", "u1");
  assert_word (taken, "state", "active");
  assert_word (taken, "text", "Anna has it");
  assert_word (taken, "agent", "anna");
  assert_number (taken, "place", 0);
  assert_word (about (taken, "anna"), "verdict", "has_it");

  login ("ben", "ben-ben-ben");
  set_status ("ben", "available", NULL);
  kit_until (kit_interaction ("u2")->state == UC_INTERACTION_OFFERED);
  kit_say ("u3", "m3", "Hello?");
  assert_says ("u2", "ben", "has_it", "is being offered it");
  assert_says ("u3", "ben", "has_offer", "is being offered another chat");
  set_status ("anna", "available", NULL);
  uc_json_free (kit_do ("anna", "interaction.end", "{\"interaction\":\"%s\"}", chat));
  assert_says ("u3", "anna", "at_capacity", "has 1 of at most 1 chats, 1 of them in wrap-up");
  kit_end ();
}

static void
assert_fails (const char *login, const char *id, const char *error)
{
  g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"}", id);
  g_autofree char *answer = kit_op (login, "interaction.why", args);

  g_assert_null (answer);
  if (strstr (kit_error, error) == NULL)
    g_error ("%s is answered \"%s\", not \"%s\"", id, kit_error, error);
}

static void
test_over (void)
{
  g_autofree char *id = NULL;
  g_autoptr (UcJson) closed = NULL;

  start ();
  kit_say ("u1", "m1", "Hello?");
  id = g_strdup (kit_interaction ("u1")->id);
  kit_leave ("u1", "m2");
  kit_settle ();
  closed = kit_do ("sue", "interaction.why", "{\"interaction\":\"%s\"}", id);
  assert_word (closed, "state", "closed");
  assert_word (closed, "text", "it is closed: the customer left before anybody took it");
  g_assert_cmpuint (uc_json_length (uc_json_get (closed, "agents")), ==, 0);
  assert_fails ("sue", "int_nobody", "not_found: there is no such interaction");
  kit_end ();
}

/* Who waits, in the order of their places. */
static void
test_list (void)
{
  g_autoptr (UcJson) all = NULL, first = NULL, none = NULL;
  const UcJson *one;

  start ();
  kit_say ("u1", "m1", "Hello?");
  kit_say ("u2", "m2", "Hello?");
  kit_say ("u3", "m3", "Hello?");
  all = kit_do ("sue", "interaction.waiting", "%s", "{}");
  assert_number (all, "waiting", 3);
  one = uc_json_first (uc_json_get (all, "interactions"));
  for (guint i = 1; i <= 3; i++, one = uc_json_next (one))
    {
      g_autofree char *user = g_strdup_printf ("u%u", i);

      assert_word (one, "identity", user);
      assert_word (one, "state", "waiting");
    }
  first = kit_do ("sue", "interaction.waiting", "%s", "{\"limit\":1}");
  assert_number (first, "waiting", 3);
  g_assert_cmpuint (uc_json_length (uc_json_get (first, "interactions")), ==, 1);
  none = kit_do ("sue", "interaction.waiting", "%s", "{\"queue\":\"other\"}");
  assert_number (none, "waiting", 0);
  kit_end ();
}

/* Agents may not ask; a supervisor of some queues learns of no other one, not even that it exists. */
static void
test_permission (void)
{
  g_autofree char *id = NULL, *over = NULL;
  g_autoptr (UcJson) none = NULL;

  start ();
  kit_say ("u1", "m1", "Hello?");
  kit_say ("u2", "m2", "Hello?");
  over = g_strdup (kit_interaction ("u2")->id);
  kit_leave ("u2", "m3");
  kit_settle ();
  id = g_strdup (kit_interaction ("u1")->id);
  assert_fails ("anna", id, "denied");
  uc_json_free (kit_do (NULL, "user.put", "{\"user\":\"%s\",\"scope\":\"queues\"}", "sue"));
  assert_fails ("sue", id, "not_found");
  assert_fails ("sue", over, "not_found");
  none = kit_do ("sue", "interaction.waiting", "%s", "{}");
  assert_number (none, "waiting", 0);
  uc_json_free (kit_do (NULL, "membership.put", "{\"user\":\"%s\",\"queue\":\"q\"}", "sue"));
  uc_json_free (why ("sue", "u1"));
  uc_json_free (kit_do ("sue", "interaction.why", "{\"interaction\":\"%s\"}", over));
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/why/waiting", test_waiting);
  g_test_add_func ("/service/why/at-work", test_at_work);
  g_test_add_func ("/service/why/over", test_over);
  g_test_add_func ("/service/why/list", test_list);
  g_test_add_func ("/service/why/permission", test_permission);
  return g_test_run ();
}
