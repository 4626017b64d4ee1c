/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks: the protocol, who sees what, and that a resumed view equals a fresh one. Main thread.
 */
#include "kit.h"

#include <string.h>

static void
good_call (Desk *desk, const char *id, const char *name, const char *args)
{
  g_autoptr (UcJson) result = kit_desk_call (desk, id, name, args);

  if (!uc_json_bool (uc_json_get (result, "ok"), FALSE))
    g_error ("%s: %s", name, kit_text (uc_json_get (result, "error"), "message"));
}

static void
test_hello_gets_a_snapshot (void)
{
  Desk *desk;
  g_autoptr (UcJson) welcome = NULL;
  const UcJson *me;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  welcome = kit_desk_hello (desk, "anna", -1);
  me = uc_json_get (uc_json_get (welcome, "snapshot"), "me");
  g_assert_false (uc_json_bool (uc_json_get (welcome, "resumed"), TRUE));
  g_assert_cmpstr (kit_text (me, "user"), ==, "anna");
  g_assert_cmpstr (kit_text (me, "status"), ==, "work_offline");
  g_assert_cmpstr (uc_json_string (uc_json_at (uc_json_get (me, "permissions"), 0)), ==, "interaction.reject");
  g_assert_cmpuint (uc_json_length (uc_json_get (uc_json_get (welcome, "snapshot"), "queues")), ==, 1);
  g_assert_null (uc_json_get (uc_json_get (welcome, "snapshot"), "agents"));
  kit_desk_free (desk);
  kit_end ();
}

static void
expect_bye (const char *first, const char *code)
{
  Desk *desk = kit_desk_new ();
  g_autoptr (UcJson) bye = NULL;

  kit_desk_say (desk, "%s", first);
  bye = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (bye, "code"), ==, code);
  g_assert_nonnull (desk->bye);
  kit_desk_free (desk);
}

static void
test_bad_beginnings_are_told (void)
{
  kit_start (NULL);
  kit_seed ();
  expect_bye ("nonsense", "protocol");
  expect_bye ("[]", "protocol");
  expect_bye ("{}", "protocol");
  expect_bye ("{\"call\":\"session.me\",\"id\":\"1\"}", "protocol");
  expect_bye ("{\"hello\":{}}", "protocol");
  expect_bye ("{\"hello\":7}", "protocol");
  expect_bye ("{\"hello\":{\"token\":\"made up\"}}", "unauthenticated");
  kit_end ();
}

static void
test_frames_after_hello (void)
{
  Desk *desk;
  UcJson *frame;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  kit_desk_say (desk, "{\"ping\":7}");
  frame = kit_desk_wait (desk, "pong");
  g_assert_cmpint (uc_json_int (uc_json_get (frame, "ping"), 0), ==, 7);
  uc_json_free (frame);
  frame = kit_desk_call (desk, "1", "agent.set_statuss", "{}");
  g_assert_nonnull (strstr (kit_text (uc_json_get (frame, "error"), "message"), "agent.set_status\""));
  uc_json_free (frame);
  frame = kit_desk_call (desk, "2", "agent.set_status", "[]");
  g_assert_cmpstr (kit_text (uc_json_get (frame, "error"), "code"), ==, "invalid");
  uc_json_free (frame);
  frame = kit_desk_call (desk, "3", "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}");
  g_assert_cmpstr (kit_text (uc_json_get (frame, "error"), "code"), ==, "invalid");
  uc_json_free (frame);
  frame = kit_desk_call (desk, "4", "agent.list", "{}");
  g_assert_cmpstr (kit_text (uc_json_get (frame, "error"), "code"), ==, "denied");
  uc_json_free (frame);
  kit_desk_say (desk, "{\"something\":\"of a newer client\"}");
  good_call (desk, "5", "session.me", "{}");
  kit_desk_say (desk, "{\"hello\":{\"token\":\"again\"}}");
  uc_json_free (kit_desk_wait (desk, "bye"));
  kit_desk_free (desk);
  kit_end ();
}

/* A front end without HTTP: the log-in comes over the desk itself. */
static guint outputs;

/* As a front end whose client does not keep up: it gives up the desk from inside. */
static void
give_up (void *data, const char *frame, size_t len)
{
  Desk *desk = data;

  if (++outputs == 2)
    kit.rig->host->desk_close (g_steal_pointer (&desk->desk));
}

/* Nobody else holds it then; what is wrong here valgrind and the sanitizers tell. */
static void
test_given_up_while_it_resumes (void)
{
  g_autoptr (UcJson) ticket = NULL, welcome = NULL;
  g_autofree char *hello = NULL;
  Desk *desk;
  gint64 seq;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  welcome = kit_desk_hello (desk, "anna", -1);
  seq = uc_json_int (uc_json_get (welcome, "seq"), 0);
  kit_desk_free (desk);
  for (int i = 0; i < 3; i++)
    uc_json_free (
        kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", i % 2 == 0 ? "available" : "on_break"));
  kit_settle ();
  ticket = kit_do ("anna", "session.ticket", "{%s}", "");
  hello = g_strdup_printf ("{\"hello\":{\"token\":\"%s\",\"since\":%" G_GINT64_FORMAT "}}",
                           kit_text (ticket, "ticket"), seq);
  desk = kit_desk_new ();
  kit.rig->desk_output = give_up;
  outputs = 0;
  kit_desk_say (desk, "%s", hello);
  kit_settle ();
  g_assert_cmpuint (outputs, ==, 2);
  g_assert_null (desk->desk);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_ticket_works_once (void)
{
  Desk *desk;
  g_autoptr (UcJson) ticket = NULL;
  g_autofree char *hello = NULL;

  kit_start (NULL);
  kit_seed ();
  ticket = kit_do ("anna", "session.ticket", "{%s}", "");
  hello = g_strdup_printf ("{\"hello\":{\"token\":\"%s\"}}", kit_text (ticket, "ticket"));
  desk = kit_desk_new ();
  kit_desk_say (desk, "%s", hello);
  uc_json_free (kit_desk_wait (desk, "welcome"));
  kit_desk_free (desk);
  expect_bye (hello, "unauthenticated");
  kit_end ();
}

/* A whole offer as its agent sees it; and that another agent sees nothing of it. */
static void
test_offer_reaches_its_agent_only (void)
{
  Desk *anna, *ben, *sue;
  g_autoptr (UcJson) offer = NULL, got = NULL, seen = NULL;
  g_autofree char *args = NULL;

  kit_start (NULL);
  kit_seed ();
  anna = kit_desk_new ();
  ben = kit_desk_new ();
  sue = kit_desk_new ();
  uc_json_free (kit_desk_hello (anna, "anna", -1));
  uc_json_free (kit_desk_hello (ben, "ben", -1));
  uc_json_free (kit_desk_hello (sue, "sue", -1));
  good_call (anna, "1", "agent.set_status", "{\"status\":\"available\"}");
  kit_say ("u1", "e1", "hello");
  offer = kit_desk_wait (anna, "interaction.offered");
  g_assert_cmpstr (kit_text (offer, "identity"), ==, "u1");
  g_assert_cmpint (uc_json_int (uc_json_get (offer, "deadline"), 0), >,
                   uc_json_int (uc_json_get (offer, "at"), 0));
  seen = kit_desk_wait (sue, "interaction.offered");
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", kit_text (offer, "interaction"));
  got = kit_desk_call (anna, "2", "interaction.get", args);
  g_assert_cmpuint (
      uc_json_length (uc_json_get (uc_json_get (uc_json_get (got, "result"), "interaction"), "messages")), ==, 2);
  /* Ids of others can't be tried. */
  uc_json_free (g_steal_pointer (&got));
  got = kit_desk_call (ben, "1", "interaction.get", args);
  g_assert_cmpstr (kit_text (uc_json_get (got, "error"), "code"), ==, "not_found");
  for (guint i = 0; i < ben->frames->len; i++)
    g_assert_false (g_str_has_prefix (kit_text (ben->frames->pdata[i], "type"), "interaction."));
  uc_json_free (g_steal_pointer (&got));
  got = kit_desk_call (ben, "2", "interaction.accept", args);
  g_assert_false (uc_json_bool (uc_json_get (got, "ok"), TRUE));
  good_call (anna, "3", "interaction.accept", args);
  kit_desk_free (anna);
  kit_desk_free (ben);
  kit_desk_free (sue);
  kit_end ();
}

/* ---- resume -------------------------------------------------------------------------------------------- */

/* What a client knows: status of each interaction and its messages, kept by the rules of the protocol. */
typedef struct
{
  gint64 seq;
  GHashTable *messages; /* id -> "n text state" */
} Model;

static void
keep_message (Model *model, const UcJson *message)
{
  g_hash_table_insert (model->messages, g_strdup (kit_text (message, "message")),
                       g_strdup_printf ("%d %s %s", (int)uc_json_int (uc_json_get (message, "n"), 0),
                                        kit_text (message, "text"), kit_text (message, "state")));
}

static void
apply (Model *model, const UcJson *frame)
{
  const char *type = kit_text (frame, "type");
  const UcJson *interactions = uc_json_get (uc_json_get (frame, "snapshot"), "interactions");

  if (strcmp (type, "welcome") == 0 && !uc_json_bool (uc_json_get (frame, "resumed"), FALSE))
    {
      g_hash_table_remove_all (model->messages);
      for (const UcJson *i = uc_json_first (interactions); i != NULL; i = uc_json_next (i))
        for (const UcJson *m = uc_json_first (uc_json_get (i, "messages")); m != NULL; m = uc_json_next (m))
          keep_message (model, m);
    }
  else if (strcmp (type, "message.added") == 0)
    keep_message (model, frame);
  else if (strcmp (type, "message.state") == 0)
    {
      const char *old = g_hash_table_lookup (model->messages, kit_text (frame, "message"));
      g_auto (GStrv) parts = old != NULL ? g_strsplit (old, " ", 3) : NULL;

      if (parts != NULL)
        g_hash_table_insert (model->messages, g_strdup (kit_text (frame, "message")),
                             g_strdup_printf ("%s %s %s", parts[0], parts[1], kit_text (frame, "state")));
    }
  if (uc_json_get (frame, "seq") != NULL)
    model->seq = MAX (model->seq, uc_json_int (uc_json_get (frame, "seq"), 0));
}

static void
apply_all (Model *model, Desk *desk)
{
  for (guint i = 0; i < desk->frames->len; i++)
    apply (model, desk->frames->pdata[i]);
  g_ptr_array_set_size (desk->frames, 0);
}

static void
assert_same (Model *a, Model *b)
{
  GHashTableIter iter;
  gpointer key, value;

  g_assert_cmpuint (g_hash_table_size (a->messages), ==, g_hash_table_size (b->messages));
  g_hash_table_iter_init (&iter, a->messages);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_assert_cmpstr (value, ==, g_hash_table_lookup (b->messages, key));
}

static Model
model_new (void)
{
  return (Model){ 0, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
}

static void
traffic (const char *id, int from, int to)
{
  for (int i = from; i < to; i++)
    {
      g_autofree char *e = g_strdup_printf ("c%d", i);

      kit_say ("u1", e, e);
      uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"a%d\"}", id, i));
    }
}

static void
test_resumed_view_equals_a_fresh_one (void)
{
  Desk *desk, *fresh;
  Model model = model_new (), truth = model_new ();
  UcJson *frame;
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  frame = kit_desk_hello (desk, "anna", -1);
  apply (&model, frame);
  uc_json_free (frame);
  good_call (desk, "1", "agent.set_status", "{\"status\":\"available\"}");
  kit_say ("u1", "c0", "c0");
  frame = kit_desk_wait (desk, "interaction.offered");
  id = g_strdup (kit_text (frame, "interaction"));
  uc_json_free (frame);
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", id));
  /* A client that has not fetched the first lines: take them as interaction.get would give them. */
  kit_desk_free (desk);
  desk = kit_desk_new ();
  frame = kit_desk_hello (desk, "anna", -1);
  apply (&model, frame);
  uc_json_free (frame);
  traffic (id, 1, 20);
  apply_all (&model, desk);
  kit_desk_free (desk);
  /* The line is down; it goes on without us. */
  traffic (id, 20, 60);
  desk = kit_desk_new ();
  frame = kit_desk_hello (desk, "anna", model.seq);
  g_assert_true (uc_json_bool (uc_json_get (frame, "resumed"), FALSE));
  apply (&model, frame);
  uc_json_free (frame);
  traffic (id, 60, 70);
  kit_settle ();
  kit_until (kit.sent->len == 69);
  kit_settle ();
  apply_all (&model, desk);
  fresh = kit_desk_new ();
  frame = kit_desk_hello (fresh, "anna", -1);
  apply (&truth, frame);
  uc_json_free (frame);
  kit_settle ();
  apply_all (&truth, fresh);
  apply_all (&model, desk);
  assert_same (&truth, &model);
  g_assert_cmpuint (g_hash_table_size (truth.messages), ==, 70 + 69 + 2);
  kit_desk_free (desk);
  kit_desk_free (fresh);
  g_hash_table_unref (model.messages);
  g_hash_table_unref (truth.messages);
  kit_end ();
}

static void
test_numbers_of_another_history_get_a_snapshot (void)
{
  Desk *desk;
  UcJson *frame;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  frame = kit_desk_hello (desk, "anna", 1000000);
  g_assert_false (uc_json_bool (uc_json_get (frame, "resumed"), TRUE));
  uc_json_free (frame);
  kit_desk_free (desk);
  kit_restart ();
  desk = kit_desk_new ();
  frame = kit_desk_hello (desk, "anna", 3);
  g_assert_false (uc_json_bool (uc_json_get (frame, "resumed"), TRUE));
  uc_json_free (frame);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_typing_goes_both_ways (void)
{
  Desk *desk;
  UcJson *frame;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  good_call (desk, "1", "agent.set_status", "{\"status\":\"available\"}");
  kit_say ("u1", "e1", "hello");
  uc_json_free (kit_desk_wait (desk, "interaction.offered"));
  kit.rig->host->typing (kit.rig->channel, "u1", true);
  frame = kit_desk_wait (desk, "typing");
  g_assert_true (uc_json_bool (uc_json_get (frame, "on"), FALSE));
  g_assert_cmpstr (kit_text (frame, "interaction"), ==, kit_interaction ("u1")->id);
  uc_json_free (frame);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_logout_ends_the_desk (void)
{
  Desk *desk;
  UcJson *frame;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  kit_desk_say (desk, "{\"call\":\"session.logout\",\"id\":\"1\",\"args\":{}}");
  frame = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (frame, "code"), ==, "logged_out");
  uc_json_free (frame);
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_LOGGED_OUT);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_disabled_user_loses_the_desk (void)
{
  Desk *desk;
  UcJson *frame;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  uc_json_free (kit_do (NULL, "user.put", "{\"login\":\"anna\",\"enabled\":%s}", "false"));
  frame = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (frame, "code"), ==, "unauthenticated");
  uc_json_free (frame);
  kit_desk_free (desk);
  kit_end ();
}

static UcJson *
say_hello_with (Desk *desk, const char *secret, const char *answer)
{
  kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\"}}", secret);
  return kit_desk_wait (desk, answer);
}

static void
test_new_password_ends_desks_and_tickets (void)
{
  Desk *desk, *late;
  UcPrincipal who = { 0 };
  g_autofree char *ticket = NULL;
  UcJson *bye;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  kit_log_in (&who);
  ticket = uc_auth_ticket (kit.core->auth, &who);
  uc_json_free (kit_do (NULL, "user.password", "{\"user\":\"anna\",\"password\":\"%s\"}", "something new"));
  bye = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (bye, "code"), ==, "unauthenticated");
  uc_json_free (bye);
  late = kit_desk_new ();
  bye = say_hello_with (late, ticket, "bye");
  g_assert_cmpstr (kit_text (bye, "code"), ==, "unauthenticated");
  uc_json_free (bye);
  uc_principal_clear (&who);
  kit_desk_free (late);
  kit_desk_free (desk);
  kit_end ();
}

static void
test_ticket_ends_with_its_session (void)
{
  Desk *desk;
  UcPrincipal who = { 0 };
  g_autofree char *ticket = NULL;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  kit_log_in (&who);
  ticket = uc_auth_ticket (kit.core->auth, &who);
  uc_auth_logout (kit.core->auth, who.token);
  uc_json_free (say_hello_with (desk, ticket, "bye"));
  uc_principal_clear (&who);
  kit_desk_free (desk);
  kit_end ();
}

/* The heartbeat of a desk is what keeps its session from idling, and what finds that it has ended. */
static void
test_desk_lives_as_long_as_its_session (void)
{
  Desk *desk;
  UcJson *bye;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  uc_json_free (kit_desk_hello (desk, "anna", -1));
  kit_pass (11000);
  uc_json_free (kit_desk_wait (desk, "heartbeat"));
  uc_auth_logout_user (kit.core->auth, kit_agent ("anna")->id);
  kit_pass (11000);
  bye = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (bye, "code"), ==, "unauthenticated");
  uc_json_free (bye);
  kit_desk_free (desk);
  kit_end ();
}

/* While the snapshot's messages are read: it was taken for what the user was allowed before. */
static void
test_promoted_during_the_snapshot (void)
{
  Desk *desk;
  g_autofree char *answer = NULL;
  g_autoptr (UcJson) login = NULL, welcome = NULL;
  const UcJson *agents;

  kit_start (NULL);
  kit_seed ();
  answer = kit_op (NULL, "session.login", "{\"login\":\"ben\",\"password\":\"ben-ben-ben\"}");
  login = uc_json_parse (answer, strlen (answer), NULL, NULL);
  uc_json_free (kit_do ("ben", "agent.set_status", "{\"status\":\"available\"}"));
  kit_say ("u1", "e1", "hello");
  kit_until (kit_interaction ("u1")->agent != NULL);
  kit_settle ();
  desk = kit_desk_new ();
  kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\"}}", uc_json_string (uc_json_get (login, "token")));
  uc_json_free (
      kit_do (NULL, "user.put", "{\"user\":\"ben\",\"login\":\"ben\",\"name\":\"Ben\",\"role\":\"supervisor\"}"));
  do
    {
      g_clear_pointer (&welcome, uc_json_free);
      welcome = kit_desk_wait (desk, "welcome");
      agents = uc_json_get (uc_json_get (welcome, "snapshot"), "agents");
    }
  while (agents == NULL);
  g_assert_cmpuint (uc_json_length (agents), ==, 3);
  kit_desk_free (desk);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/desk/hello-gets-a-snapshot", test_hello_gets_a_snapshot);
  g_test_add_func ("/desk/bad-beginnings-are-told", test_bad_beginnings_are_told);
  g_test_add_func ("/desk/frames-after-hello", test_frames_after_hello);
  g_test_add_func ("/desk/ticket-works-once", test_ticket_works_once);
  g_test_add_func ("/desk/given-up-while-it-resumes", test_given_up_while_it_resumes);
  g_test_add_func ("/desk/offer-reaches-its-agent-only", test_offer_reaches_its_agent_only);
  g_test_add_func ("/desk/resumed-view-equals-a-fresh-one", test_resumed_view_equals_a_fresh_one);
  g_test_add_func ("/desk/numbers-of-another-history-get-a-snapshot",
                   test_numbers_of_another_history_get_a_snapshot);
  g_test_add_func ("/desk/typing", test_typing_goes_both_ways);
  g_test_add_func ("/desk/logout-ends-the-desk", test_logout_ends_the_desk);
  g_test_add_func ("/desk/disabled-user-loses-the-desk", test_disabled_user_loses_the_desk);
  g_test_add_func ("/desk/new-password-ends-desks-and-tickets", test_new_password_ends_desks_and_tickets);
  g_test_add_func ("/desk/ticket-ends-with-its-session", test_ticket_ends_with_its_session);
  g_test_add_func ("/desk/lives-as-long-as-its-session", test_desk_lives_as_long_as_its_session);
  g_test_add_func ("/desk/promoted-during-the-snapshot", test_promoted_during_the_snapshot);
  return g_test_run ();
}
