/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operation table: arguments, permissions, repeated commands, log-in, and a store that says no. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/service/auth-private.h"

static void
fails (const char *login, const char *name, const char *args, const char *words)
{
  g_autofree char *result = kit_op (login, name, args);
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  g_assert_null (result);
  for (char **word = list; *word != NULL; word++)
    if (strstr (kit_error, *word) == NULL)
      g_error ("%s %s: \"%s\" does not say \"%s\"", name, args, kit_error, *word);
}

static void
test_arguments_are_checked (void)
{
  kit_start (NULL);
  kit_seed ();
  fails (NULL, "user.list", "{}", "not_found|did you mean \"agent.list\"");
  fails (NULL, "agent.put", "{}", "not_found|did you mean \"user.put\"");
  fails (NULL, "user.frob", "{}", "not_found|there is no operation");
  fails (NULL, "queue.putt", "{}", "not_found|did you mean \"queue.put\"");
  fails (NULL, "queue.put", "{}", "invalid|needs the argument \"queue\"");
  fails (NULL, "queue.put", "{\"queue\":\"q\",\"nme\":\"x\"}", "no argument \"nme\"|did you mean \"name\"");
  fails (NULL, "queue.put", "{\"queue\":7}", "\"queue\" must be a string");
  fails (NULL, "queue.put", "{\"queue\":\"\"}", "0 characters");
  fails (NULL, "queue.put", "{\"queue\":\"q\",\"post_processing_ms\":-1}", "from 0 to 86400000");
  fails (NULL, "queue.put", "{\"queue\":\"q\",\"post_processing_ms\":1.5}", "whole number");
  fails (NULL, "queue.put", "{\"queue\":\"q\",\"enabled\":\"yes\"}", "true or false");
  fails (NULL, "user.put", "{\"login\":\"x\",\"permissions\":\"all\"}", "array");
  fails (NULL, "user.put", "{\"login\":\"x\",\"role\":\"boss\"}", "invalid|role");
  fails (NULL, "user.put", "{}", "login");
  fails (NULL, "user.put", "{\"login\":\"x\",\"name\":\"An\\u001b[2J\"}", "invalid|U+001B|place 3|leave it out");
  fails (NULL, "user.put", "{\"login\":\"x\",\"name\":\"\u00c4\\u2028b\"}", "U+2028|place 2");
  fails (NULL, "queue.put", "{\"queue\":\"q\",\"name\":\"Sales\\n\"}", "queue.put|U+000A|place 6");
  fails (NULL, "user.password", "{\"user\":\"nobody\",\"password\":\"12345678\"}", "not_found|user.put");
  fails (NULL, "user.password", "{\"user\":\"anna\",\"password\":\"short\"}", "at least 8");
  fails (NULL, "membership.put", "{\"user\":\"anna\",\"queue\":\"none\"}", "none");
  fails ("anna", "agent.set_status", "{\"status\":\"asleep\"}", "invalid");
  fails ("anna", "interaction.accept", "{\"interaction\":\"int_x\"}", "not_found");
  fails ("anna", "interaction.list", "{\"state\":\"asleep\"}", "invalid|wrap_up or closed");
  fails ("anna", "message.send", "{\"interaction\":\"int_x\",\"text\":\" \\n\\u200b\"}", "invalid|blank");
  kit_end ();
}

static void
test_permissions (void)
{
  static const char *const admin[]
      = { "queue.put", "user.put", "user.password", "membership.put", "plugin.status" };
  static const char *const supervisor[] = { "agent.list", "system.status", "event.list" };

  kit_start (NULL);
  kit_seed ();
  for (gsize i = 0; i < G_N_ELEMENTS (admin); i++)
    {
      fails ("anna", admin[i], "{}", "denied|administer");
      fails ("sue", admin[i], "{}", "denied|administer");
      fails ("ghost", admin[i], "{}", "denied");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (supervisor); i++)
    {
      g_autofree char *seen = kit_op ("sue", supervisor[i], "{}");

      g_assert_nonnull (seen);
      fails ("anna", supervisor[i], "{}", "denied|supervise");
    }
  fails ("anna", "agent.set_status", "{\"user\":\"ben\",\"status\":\"on_break\"}", "denied|supervisor");
  fails (NULL, "interaction.accept", "{\"interaction\":\"x\"}", "needs a user");
  kit_end ();
}

static void
test_reject_needs_the_permission (void)
{
  g_autofree char *args = NULL;

  kit_start (NULL);
  kit_seed ();
  {
    UcCommand command
        = { .type = UC_COMMAND_SET_STATUS, .agent = "ben", .status = "work_offline", .cause = "login" };

    uc_core_submit (kit.core, &command, NULL, NULL);
  }
  kit_settle ();
  uc_json_free (kit_do ("ben", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_say ("u1", "e1", "hello");
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", kit_interaction ("u1")->id);
  fails ("ben", "interaction.reject", args, "denied");
  g_assert_cmpint (kit_agent ("ben")->shown, ==, UC_AGENT_OFFERED);
  /* Granted while the offer is pending: at once. */
  uc_json_free (kit_do (NULL, "user.put", "{\"login\":\"ben\",\"permissions\":[\"%s\"]}", "interaction.reject"));
  uc_json_free (kit_do ("ben", "interaction.reject", "%s", args));
  g_assert_cmpint (kit_agent ("ben")->shown, ==, UC_AGENT_ON_BREAK);
  kit_end ();
}

static void
test_repeated_command_gets_the_stored_answer (void)
{
  g_autofree char *first = NULL, *second = NULL, *third = NULL, *args = NULL;
  const UcInteraction *interaction;

  kit_start (NULL);
  kit_seed ();
  {
    UcCommand command
        = { .type = UC_COMMAND_SET_STATUS, .agent = "anna", .status = "work_offline", .cause = "login" };

    uc_core_submit (kit.core, &command, NULL, NULL);
  }
  kit_settle ();
  uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
  kit_say ("u1", "e1", "hello");
  interaction = kit_interaction ("u1");
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", interaction->id));
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"text\":\"once\"}", interaction->id);
  first = kit_op_cmd ("anna", "message.send", args, "key-1");
  second = kit_op_cmd ("anna", "message.send", args, "key-1");
  g_assert_nonnull (first);
  g_assert_cmpstr (first, ==, second);
  kit_restart ();
  third = kit_op_cmd ("anna", "message.send", args, "key-1");
  g_assert_cmpstr (first, ==, third);
  g_assert_cmpint (kit_interaction ("u1")->conversation->last_n, ==, 4);
  kit_end ();
}

static void
test_log_in (void)
{
  g_autofree char *good = NULL;

  kit_start (NULL);
  kit_seed ();
  fails (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"wrong-one\"}",
         "unauthenticated|name or the password");
  fails (NULL, "session.login", "{\"login\":\"nobody\",\"password\":\"wrong-one\"}",
         "unauthenticated|name or the password");
  good = kit_op (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}");
  g_assert_nonnull (good);
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_WORK_OFFLINE);
  kit_end ();
}

static void
test_guessing_is_slowed_down (void)
{
  kit_start (NULL);
  kit_seed ();
  for (int i = 0; i < 6; i++)
    fails (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"wrong-one\"}", "unauthenticated");
  fails (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}", "busy|try again in");
  kit_end ();
}

typedef struct
{
  gboolean answered;
  char *user; /* NULL = no session */
} Who;

static void
on_who (gpointer data, const UcPrincipal *principal, const GError *error)
{
  Who *who = data;

  who->answered = TRUE;
  who->user = principal != NULL ? g_strdup (principal->user) : NULL;
}

/* What the store's reader saw before a log-out was stored must not bring the session back. */
static void
test_a_session_that_ended_stays_ended (void)
{
  g_autoptr (UcJson) answer = NULL;
  g_autofree char *hash = NULL;
  Who asked[4] = { { 0 } };
  const char *token;

  kit_start (NULL);
  kit_seed ();
  answer = kit_do (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"%s\"}", "anna-anna");
  token = uc_json_string (uc_json_get (answer, "token"));
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
  kit_restart ();
  /* The first is read before the log-out, the next after it and before that is stored. */
  uc_auth_check (kit.core->auth, token, on_who, &asked[0]);
  kit_until (asked[0].answered);
  g_assert_cmpstr (asked[0].user, ==, kit_agent ("anna")->id);
  kit_restart ();
  uc_auth_check (kit.core->auth, token, on_who, &asked[1]);
  uc_auth_logout (kit.core->auth, hash);
  uc_auth_check (kit.core->auth, token, on_who, &asked[2]);
  kit_until (asked[1].answered && asked[2].answered);
  g_assert_null (asked[1].user);
  g_assert_null (asked[2].user);
  kit_settle ();
  uc_auth_check (kit.core->auth, token, on_who, &asked[3]);
  kit_until (asked[3].answered);
  g_assert_null (asked[3].user);
  g_free (asked[0].user);
  kit_end ();
}

typedef struct
{
  gboolean set, answered, let_in;
} Change;

static void
on_set (gpointer data, const GError *error)
{
  g_assert_no_error (error);
  ((Change *)data)->set = TRUE;
}

static void
on_let_in (gpointer data, const char *user, const char *token, gint64 expires_at, const GError *error)
{
  Change *change = data;

  change->answered = TRUE;
  change->let_in = error == NULL;
}

/* The log-in begins before the new password is stored, and its hash is done after that. */
static void
test_old_password_while_it_is_changed (void)
{
  g_autofree char *good = NULL;
  const UcPasswordChanges *changes;
  Change change = { FALSE };

  kit_start (NULL);
  kit_seed ();
  changes = g_hash_table_lookup (kit.core->auth->changes, "anna");
  uc_auth_set_password (kit.core->auth, "anna", "anna-anna-anna", on_set, &change);
  kit_until (changes->under_way > 0);
  uc_auth_login (kit.core->auth, "anna", "anna-anna", "test", on_let_in, &change);
  kit_until (change.set && change.answered);
  g_assert_false (change.let_in);
  good = kit_op (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna-anna\"}");
  g_assert_nonnull (good);
  kit_end ();
}

static void
test_operations_describe_themselves (void)
{
  g_autoptr (UcJson) root = NULL;

  kit_start (NULL);
  root = kit_do (NULL, "operation.list", "{%s}", "");
  g_assert_cmpuint (uc_json_length (uc_json_get (root, "operations")), >, 20);
  for (const UcJson *op = uc_json_first (uc_json_get (root, "operations")); op != NULL; op = uc_json_next (op))
    {
      g_assert_cmpuint (strlen (uc_json_string (uc_json_get (op, "doc"))), >, 10);
      for (const UcJson *arg = uc_json_first (uc_json_get (uc_json_get (op, "arguments"), "properties"));
           arg != NULL; arg = uc_json_next (arg))
        g_assert_cmpuint (strlen (uc_json_string (uc_json_get (arg, "description"))), >, 3);
    }
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/arguments-are-checked", test_arguments_are_checked);
  g_test_add_func ("/ops/permissions", test_permissions);
  g_test_add_func ("/ops/reject-needs-the-permission", test_reject_needs_the_permission);
  g_test_add_func ("/ops/repeated-command-gets-the-stored-answer", test_repeated_command_gets_the_stored_answer);
  g_test_add_func ("/ops/log-in", test_log_in);
  g_test_add_func ("/ops/guessing-is-slowed-down", test_guessing_is_slowed_down);
  g_test_add_func ("/ops/a-session-that-ended-stays-ended", test_a_session_that_ended_stays_ended);
  g_test_add_func ("/ops/old-password-while-it-is-changed", test_old_password_while_it_is_changed);
  g_test_add_func ("/ops/describe-themselves", test_operations_describe_themselves);
  return g_test_run ();
}
