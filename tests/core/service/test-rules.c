/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about the centre's rules: policy, codes, FAQs, stop-new and own queues; and looking back: playback.
 * Main thread.
 */
#include "kit.h"

#include <string.h>

static void
fails (const char *login, const char *name, const char *args, const char *words)
{
  g_autofree char *result = kit_op (login, name, args);
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  if (result != NULL)
    g_error ("%s %s succeeded: %s", name, args, result);
  for (char **word = list; *word != NULL; word++)
    if (strstr (kit_error, *word) == NULL)
      g_error ("%s %s: \"%s\" does not say \"%s\"", name, args, kit_error, *word);
}

static void
done (const char *login, const char *name, const char *args)
{
  uc_json_free (kit_do (login, name, "%s", args));
}

static void
log_in (const char *login, gboolean available)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = login, .cause = "login" };

  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
  if (available)
    done (login, "agent.set_status", "{\"status\":\"available\"}");
}

static char *
accepted (const char *agent, const char *user)
{
  const UcInteraction *interaction;
  g_autofree char *id = g_strconcat (user, "-1", NULL);
  g_autofree char *args = NULL;

  kit_say (user, id, "hello");
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", interaction->id);
  done (agent, "interaction.accept", args);
  return g_strdup (interaction->id);
}

static void
do_with (const char *login, const char *name, const char *id, const char *more)
{
  g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"%s}", id, more);

  done (login, name, args);
}

static void
fails_with (const char *login, const char *name, const char *id, const char *more, const char *words)
{
  g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"%s}", id, more);

  fails (login, name, args, words);
}

/* ---- policy -------------------------------------------------------------------------------------------- */

static void
test_policy (void)
{
  g_autoptr (UcJson) before = NULL, after = NULL;
  const UcJson *policy;

  kit_start (NULL);
  kit_seed ();
  before = kit_do ("anna", "policy.get", "{}");
  policy = uc_json_get (before, "policy");
  g_assert_cmpstr (uc_json_string (uc_json_get (policy, "preset")), ==, "8x8");
  g_assert_cmpstr (uc_json_string (uc_json_get (policy, "on_reject")), ==, "on_break");
  g_assert_cmpint (uc_json_length (uc_json_get (before, "presets")), ==, 6);
  fails ("anna", "policy.put", "{\"preset\":\"connect\"}", "denied|administer");
  fails (NULL, "policy.put", "{\"preset\":\"genesis\"}", "invalid|genesys");
  fails (NULL, "policy.put", "{\"on_reject\":\"asleep\"}", "invalid|on_reject");
  fails (NULL, "policy.put", "{\"acceptance_ms\":1}", "acceptance_ms");
  fails (NULL, "policy.put", "{\"pop_on\":[\"never\"]}", "invalid|pop_on");
  done (NULL, "policy.put", "{\"preset\":\"connect\"}");
  g_assert_cmpint (uc_engine_policy (kit.core->engine)->acceptance_ms, ==, 20000);
  done (NULL, "policy.put", "{\"grace_ms\":1000,\"pop_on\":[\"offered\",\"accepted\"]}");
  kit_restart ();
  after = kit_do (NULL, "policy.get", "{}");
  policy = uc_json_get (after, "policy");
  g_assert_true (uc_json_is_null (uc_json_get (policy, "preset")));
  g_assert_cmpint (uc_json_int (uc_json_get (policy, "grace_ms"), 0), ==, 1000);
  g_assert_cmpint (uc_json_int (uc_json_get (policy, "acceptance_ms"), 0), ==, 20000);
  g_assert_cmpint (uc_json_length (uc_json_get (policy, "pop_on")), ==, 2);
  kit_end ();
}

/* ---- codes --------------------------------------------------------------------------------------------- */

static void
put_codes (void)
{
  done (NULL, "codes.put",
        "{\"list\":\"why\",\"name\":\"Reason\",\"required\":true,\"codes\":[\"bill=Billing, "
        "refund\",\"tech=Technical\","
        "\"!old=Old\"]}");
  done (NULL, "codes.put",
        "{\"list\":\"break\",\"name\":\"Break\",\"use\":\"status\",\"status\":\"on_break\",\"required\":true,"
        "\"codes\":[\"lunch=Lunch\"]}");
}

static void
test_codes_hold_the_wrap_up (void)
{
  g_autofree char *id = NULL;
  g_autoptr (UcJson) got = NULL;

  kit_start (NULL);
  kit_seed ();
  put_codes ();
  log_in ("anna", TRUE);
  id = accepted ("anna", "u1");
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"why/none\"]", "not_found|none");
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"why/old\"]", "invalid|Old");
  fails_with ("ben", "interaction.codes", id, ",\"codes\":[\"why/bill\"]", "conflict");
  do_with ("anna", "interaction.end", id, "");
  fails_with ("anna", "interaction.wrap_up_done", id, "", "conflict|Reason");
  do_with ("anna", "interaction.codes", id, ",\"codes\":[\"why/bill\"]");
  got = kit_do ("anna", "interaction.get", "{\"interaction\":\"%s\"}", id);
  g_assert_cmpstr (uc_json_string (uc_json_get (
                       uc_json_at (uc_json_get (uc_json_get (got, "interaction"), "codes"), 0), "name")),
                   ==, "Billing, refund");
  do_with ("anna", "interaction.wrap_up_done", id, "");
  /* Closed with its codes: only a supervisor corrects them. */
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"why/tech\"]", "denied|supervisor");
  fails_with ("ben", "interaction.codes", id, ",\"codes\":[\"why/tech\"]", "not_found");
  do_with ("sue", "interaction.codes", id, ",\"codes\":[\"why/tech\"]");
  kit_end ();
}

/* Ids are as long as they may be: what can be put must be able to be chosen. */
static void
test_codes_that_are_hard_to_choose (void)
{
  g_autofree char *long_list = g_strnfill (64, 'l'), *long_code = g_strnfill (128, 'c');
  g_autofree char *put = NULL, *id = NULL, *more = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  id = accepted ("anna", "u1");
  put = g_strdup_printf ("{\"list\":\"%s\",\"name\":\"Long\",\"codes\":[\"%s=\\\"x\\\",\\ny\"]}", long_list,
                         long_code);
  done (NULL, "codes.put", put);
  more = g_strdup_printf (",\"codes\":[\"%s/%s\"]", long_list, long_code);
  do_with ("anna", "interaction.codes", id, more);
  /* An empty word is no code: it must not take away the others. */
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"\"]", "invalid|words");
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"a/b,c/d\"]", "invalid|commas");
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[\"nolist\"]", "invalid|LIST/CODE");
  g_assert_cmpstr (kit_interaction ("u1")->codes, !=, "[]");
  fails (NULL, "codes.put", "{\"list\":\"a/b\",\"codes\":[\"c\"]}", "invalid|/");
  fails (NULL, "codes.put", "{\"list\":\"a\",\"codes\":[\"=Name\"]}", "invalid|code");
  fails (NULL, "codes.put", "{\"list\":\"a\",\"required\":true,\"codes\":[\"!c\"]}", "invalid|no active code");
  kit_end ();
}

/* Closed without its codes this very moment: the chat is in the agent's backlog, not beyond his reach. */
static void
test_codes_of_what_has_just_closed (void)
{
  g_autofree char *id = NULL;
  UcCommand closing = { .type = UC_COMMAND_TICK };

  kit_start (NULL);
  kit_seed ();
  put_codes ();
  done (NULL, "policy.put", "{\"code_grace_ms\":1}");
  done (NULL, "queue.put", "{\"queue\":\"q\",\"post_processing_ms\":0}");
  log_in ("anna", TRUE);
  id = accepted ("anna", "u1");
  do_with ("anna", "interaction.end", id, "");
  while (kit_interaction ("u1") != NULL)
    uc_core_submit (kit.core, &closing, NULL, NULL);
  do_with ("anna", "interaction.codes", id, ",\"codes\":[\"why/bill\"]");
  fails_with ("anna", "interaction.codes", id, ",\"codes\":[]", "denied|supervisor");
  kit_end ();
}

static void
test_a_list_changes_its_use (void)
{
  kit_start (NULL);
  kit_seed ();
  put_codes ();
  done (NULL, "codes.put", "{\"list\":\"why\",\"queues\":[\"q\"]}");
  done (NULL, "codes.put", "{\"list\":\"break\",\"use\":\"disposition\"}");
  g_assert_null (uc_engine_code_list (kit.core->engine, "break")->status);
  done (NULL, "codes.put", "{\"list\":\"why\",\"use\":\"status\",\"status\":\"on_break\"}");
  g_assert_null (uc_engine_code_list (kit.core->engine, "why")->queues);
  fails (NULL, "codes.put", "{\"list\":\"break\",\"use\":\"status\"}", "invalid|status");
  fails (NULL, "codes.put", "{\"list\":\"why\",\"queues\":[\"nowhere\"],\"use\":\"disposition\"}",
         "not_found|nowhere");
  kit_end ();
}

static void
test_status_reasons (void)
{
  kit_start (NULL);
  kit_seed ();
  put_codes ();
  log_in ("anna", TRUE);
  fails ("anna", "agent.set_status", "{\"status\":\"on_break\"}", "invalid|Break");
  fails ("anna", "agent.set_status", "{\"status\":\"on_break\",\"reason\":\"sleep\"}", "invalid|sleep");
  done ("anna", "agent.set_status", "{\"status\":\"on_break\",\"reason\":\"lunch\"}");
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_ON_BREAK);
  g_assert_cmpstr (kit_agent ("anna")->reason, ==, "lunch");
  kit_end ();
}

/* ---- what an agent switches ---------------------------------------------------------------------------- */

static void
test_stop_new_and_own_queues (void)
{
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  fails ("anna", "agent.stop_new", "{\"on\":true}", "conflict");
  log_in ("anna", TRUE);
  id = accepted ("anna", "u1");
  done ("anna", "agent.stop_new", "{\"on\":true}");
  g_assert_true (kit_agent ("anna")->stop_new);
  do_with ("anna", "interaction.end", id, "");
  do_with ("anna", "interaction.wrap_up_done", id, "");
  g_assert_cmpint (kit_agent ("anna")->shown, ==, UC_AGENT_WORK_OFFLINE);

  fails ("anna", "queue.switch", "{\"queue\":\"q\",\"on\":false}", "denied|queue.self_service");
  done (NULL, "user.put", "{\"user\":\"anna\",\"permissions\":[\"queue.self_service\"]}");
  fails ("anna", "queue.switch", "{\"queue\":\"other\",\"on\":false}", "not_found|assigned");
  done ("anna", "queue.switch", "{\"queue\":\"q\",\"on\":false}");
  done ("anna", "agent.set_status", "{\"status\":\"available\"}");
  kit_say ("u2", "u2-1", "hello");
  kit_settle ();
  g_assert_cmpint (kit_interaction ("u2")->state, ==, UC_INTERACTION_WAITING);
  done ("anna", "queue.switch", "{\"queue\":\"q\",\"on\":true}");
  g_assert_cmpint (kit_interaction ("u2")->state, ==, UC_INTERACTION_OFFERED);
  fails (NULL, "user.put", "{\"user\":\"ben\",\"permissions\":[\"interaction.rejct\"]}",
         "invalid|did you mean \"interaction.reject\"");
  kit_end ();
}

/* ---- FAQs ---------------------------------------------------------------------------------------------- */

static char *
put_faq (const char *category, const char *question, const char *answer)
{
  g_autoptr (UcJson) put = kit_do ("sue", "faq.put", "{\"category\":\"%s\",\"question\":\"%s\",\"answer\":\"%s\"}",
                                   category, question, answer);

  return g_strdup (uc_json_string (uc_json_get (put, "faq")));
}

static const char *
first_question (UcJson *found)
{
  return uc_json_string (uc_json_get (uc_json_at (uc_json_get (found, "faqs"), 0), "question"));
}

static void
finds (const char *text, const char *question)
{
  g_autoptr (UcJson) found = kit_do ("anna", "faq.search", "{\"text\":\"%s\"}", text);

  if (g_strcmp0 (first_question (found), question) != 0)
    g_error ("\"%s\" finds \"%s\"", text, first_question (found));
}

static void
test_faqs (void)
{
  g_autofree char *parcel = NULL, *refund = NULL, *chinese = NULL, *id = NULL;
  g_autoptr (UcJson) all = NULL, used = NULL, asked = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  fails ("anna", "faq.put", "{\"category\":\"a\",\"question\":\"b\",\"answer\":\"c\"}", "denied|faq.edit");
  fails ("sue", "faq.put", "{\"category\":\"a\",\"question\":\"b\"}", "invalid|answer");
  fails ("sue", "faq.put", "{\"faq\":\"faq_none\",\"answer\":\"c\"}", "not_found|faq_none");
  parcel = put_faq ("Delivery", "Where is my parcel?", "Hello {{customer.name|there}}, it is on its way.");
  refund = put_faq ("Money", "How do I get a refund?", "Within 14 days.");
  chinese = put_faq ("Delivery", "\345\214\205\350\243\271\345\234\250\345\223\252\351\207\214", "OK");
  finds ("parcel", "Where is my parcel?");
  finds ("refu", "How do I get a refund?");
  finds ("\345\214\205\350\243\271", "\345\214\205\350\243\271\345\234\250\345\223\252\351\207\214");
  finds ("\351\207\214", "\345\214\205\350\243\271\345\234\250\345\223\252\351\207\214");
  finds ("14", "How do I get a refund?");
  all = kit_do ("anna", "faq.list", "{}");
  g_assert_cmpuint (uc_json_length (uc_json_get (all, "categories")), ==, 2);
  g_assert_cmpuint (uc_json_length (uc_json_get (all, "faqs")), ==, 3);

  id = accepted ("anna", "u1");
  fails_with ("anna", "message.send", id, ",\"text\":\"Hello {{customer.name}}\"", "invalid|{{customer.name}}");
  g_free (g_steal_pointer (&kit_error));
  {
    g_autofree char *more = g_strdup_printf (",\"text\":\"Hello u1, it is on its way.\",\"faq\":\"%s\"", parcel);

    do_with ("anna", "message.send", id, more);
  }
  used = kit_do ("anna", "faq.search", "{\"text\":\"parcel\"}");
  g_assert_cmpint (uc_json_int (uc_json_get (uc_json_at (uc_json_get (used, "faqs"), 0), "uses"), 0), ==, 1);
  /* Nothing typed: what the customer wrote is the question. */
  kit_say ("u1", "u1-2", "I want a refund please");
  asked = kit_do ("anna", "faq.search", "{\"text\":\"\",\"interaction\":\"%s\"}", id);
  g_assert_cmpstr (first_question (asked), ==, "How do I get a refund?");
  kit_end ();
}

/* What an agent of any language finds again when its own language was taken away. */
static void
test_faq_of_all_languages (void)
{
  g_autofree char *faq = NULL, *args = NULL;
  g_autoptr (UcJson) found = NULL;

  kit_start (NULL);
  kit_seed ();
  faq = put_faq ("Delivery", "Where is my parcel?", "On its way.");
  args = g_strdup_printf ("{\"faq\":\"%s\",\"language\":\"de\"}", faq);
  done ("sue", "faq.put", args);
  g_free (args);
  args = g_strdup_printf ("{\"faq\":\"%s\",\"language\":\"\"}", faq);
  done ("sue", "faq.put", args);
  found = kit_do ("anna", "faq.search", "{\"text\":\"parcel\",\"language\":\"en\"}");
  g_assert_cmpstr (first_question (found), ==, "Where is my parcel?");
  kit_end ();
}

/* Whatever somebody types is a text, not a query. */
static void
test_searches_take_anything (void)
{
  static const char *const texts[]
      = { "\\\"",         "a AND",           "NEAR(", "parcel*", "%", "_", "*", "^x", "-", "'; DROP TABLE faq",
          "\345\214\205", "question:parcel", "(((((", "\\t\\n" };
  g_autofree char *id = NULL, *faq = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  faq = put_faq ("Delivery", "Where is my parcel?", "100% on_its way");
  id = accepted ("anna", "u1");
  for (gsize t = 0; t < G_N_ELEMENTS (texts); t++)
    {
      uc_json_free (kit_do ("anna", "faq.search", "{\"text\":\"%s\"}", texts[t]));
      uc_json_free (kit_do ("sue", "playback.list", "{\"text\":\"%s\"}", texts[t]));
    }
  finds ("%", "Where is my parcel?");
  finds ("n_i", "Where is my parcel?");
  finds ("x%y", NULL);
  kit_end ();
}

/* A supervisor of certain queues is not let into the others by another door. */
static void
test_scope_holds_everywhere (void)
{
  g_autofree char *id = NULL;
  g_autoptr (UcJson) list = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  done (NULL, "user.put", "{\"user\":\"sue\",\"scope\":\"queues\"}");
  id = accepted ("anna", "u1");
  for (int closed = 0; closed < 2; closed++)
    {
      fails_with ("sue", "interaction.get", id, "", "not_found");
      fails_with ("sue", "interaction.messages", id, "", "not_found");
      fails_with ("sue", "playback.get", id, "", "not_found");
      fails_with ("sue", "interaction.codes", id, ",\"codes\":[]", closed ? "not_found" : "conflict");
      if (!closed)
        {
          fails_with ("sue", "conversation.messages", id, "", "not_found");
          fails_with ("sue", "interaction.follow_up", id, "", "not_found");
          fails_with ("sue", "interaction.choose_customer", id, "", "not_found");
          do_with ("anna", "interaction.end", id, "");
          do_with ("anna", "interaction.wrap_up_done", id, "");
          kit_settle ();
        }
    }
  list = kit_do ("sue", "interaction.list", "{}");
  g_assert_cmpuint (uc_json_length (uc_json_get (list, "interactions")), ==, 0);
  fails ("sue", "event.list", "{}", "denied|playback");
  done (NULL, "membership.put", "{\"user\":\"sue\",\"queue\":\"q\"}");
  do_with ("sue", "interaction.get", id, "");
  kit_end ();
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* The rig takes 100 characters: a flood is counted in those, not in bytes. */
static void
test_long_texts_are_counted_as_the_network_does (void)
{
  g_autofree char *id = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (UcJson) sent = NULL;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  id = accepted ("anna", "u1");
  for (int i = 0; i < 1000; i++)
    g_string_append (text, "\345\214\205");
  sent = kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"%s\"}", id, text->str);
  g_assert_cmpint (uc_json_int (uc_json_get (sent, "parts"), 0), ==, 10);
  for (int i = 0; i < 1001; i++)
    g_string_append (text, "\345\214\205");
  g_string_prepend (text, ",\"text\":\"");
  g_string_append_c (text, '"');
  fails_with ("anna", "message.send", id, text->str, "invalid|21 messages|100 characters");
  kit_end ();
}

/* ---- playback ------------------------------------------------------------------------------------------ */

static gsize
listed (const char *login, const char *args)
{
  g_autoptr (UcJson) list = kit_do (login, "playback.list", "%s", args);

  return uc_json_length (uc_json_get (list, "interactions"));
}

static void
test_playback (void)
{
  g_autofree char *first = NULL, *second = NULL, *args = NULL;
  g_autoptr (UcJson) got = NULL;
  gboolean offered = FALSE, wrapped = FALSE, handed = FALSE;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  first = accepted ("anna", "u1");
  do_with ("anna", "message.send", first, ",\"text\":\"The aubergine is ready\"");
  do_with ("anna", "interaction.end", first, "");
  do_with ("anna", "interaction.wrap_up_done", first, "");
  second = accepted ("anna", "u2");
  kit_settle ();

  /* Never saved by anybody, and there all the same; the one that goes on as well. */
  fails ("anna", "playback.list", "{}", "denied|playback");
  g_assert_cmpuint (listed ("sue", "{}"), ==, 2);
  g_assert_cmpuint (listed ("sue", "{\"text\":\"aubergine\"}"), ==, 1);
  g_assert_cmpuint (listed ("sue", "{\"text\":\"ubergin\"}"), ==, 1);
  g_assert_cmpuint (listed ("sue", "{\"text\":\"zucchini\"}"), ==, 0);
  g_assert_cmpuint (listed ("sue", "{\"agent\":\"anna\",\"channel\":\"net\",\"queue\":\"q\"}"), ==, 2);
  g_assert_cmpuint (listed ("sue", "{\"agent\":\"ben\"}"), ==, 0);
  g_assert_cmpuint (listed ("sue", "{\"state\":\"closed\"}"), ==, 1);
  g_assert_cmpuint (listed ("sue", "{\"until\":1}"), ==, 0);
  fails ("sue", "playback.list", "{\"state\":\"close\"}", "invalid|close|wrap_up");

  got = kit_do ("sue", "playback.get", "{\"interaction\":\"%s\"}", first);
  g_assert_cmpuint (uc_json_length (uc_json_get (uc_json_get (got, "interaction"), "messages")), >=, 3);
  for (const UcJson *m = uc_json_first (uc_json_get (uc_json_get (got, "interaction"), "messages")); m != NULL;
       m = uc_json_next (m))
    handed = handed || uc_json_int (uc_json_get (m, "handed_at"), 0) >= uc_json_int (uc_json_get (m, "at"), 1);
  for (const UcJson *e = uc_json_first (uc_json_get (got, "events")); e != NULL; e = uc_json_next (e))
    offered = offered || g_strcmp0 (uc_json_string (uc_json_get (e, "type")), "interaction.offered") == 0;
  for (const UcJson *e = uc_json_first (uc_json_get (got, "agents")); e != NULL; e = uc_json_next (e))
    wrapped = wrapped || g_strcmp0 (uc_json_string (uc_json_get (e, "status")), "post_processing") == 0;
  g_assert_true (offered && wrapped && handed);

  /* A supervisor of certain queues sees those. */
  done (NULL, "user.put", "{\"user\":\"sue\",\"scope\":\"queues\"}");
  g_assert_cmpuint (listed ("sue", "{}"), ==, 0);
  args = g_strdup_printf ("{\"interaction\":\"%s\"}", first);
  fails ("sue", "playback.get", args, "not_found|queues");
  done (NULL, "membership.put", "{\"user\":\"sue\",\"queue\":\"q\"}");
  g_assert_cmpuint (listed ("sue", "{}"), ==, 2);
  kit_end ();
}

static void
test_earlier_messages (void)
{
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (UcJson) page = NULL, earlier = NULL;
  gint64 n;

  kit_start (NULL);
  kit_seed ();
  log_in ("anna", TRUE);
  first = accepted ("anna", "u1");
  do_with ("anna", "message.send", first, ",\"text\":\"one\"");
  do_with ("anna", "interaction.end", first, "");
  do_with ("anna", "interaction.wrap_up_done", first, "");
  kit_say ("u1", "u1-9", "again");
  kit_until (kit_interaction ("u1") != NULL && kit_interaction ("u1")->state == UC_INTERACTION_OFFERED);
  second = g_strdup (kit_interaction ("u1")->id);
  do_with ("anna", "interaction.accept", second, "");
  fails_with ("ben", "conversation.messages", second, "", "not_found");
  page = kit_do ("anna", "conversation.messages", "{\"interaction\":\"%s\",\"limit\":3}", second);
  g_assert_cmpuint (uc_json_length (uc_json_get (page, "messages")), ==, 3);
  g_assert_true (uc_json_bool (uc_json_get (page, "more"), FALSE));
  n = uc_json_int (uc_json_get (uc_json_at (uc_json_get (page, "messages"), 0), "n"), 0);
  earlier = kit_do ("anna", "conversation.messages", "{\"interaction\":\"%s\",\"before\":%d}", second, (int)n);
  g_assert_cmpuint (uc_json_length (uc_json_get (earlier, "messages")), ==, (gsize)n - 1);
  g_assert_false (uc_json_bool (uc_json_get (earlier, "more"), TRUE));
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/policy", test_policy);
  g_test_add_func ("/rules/codes-hold-the-wrap-up", test_codes_hold_the_wrap_up);
  g_test_add_func ("/rules/codes/hard-to-choose", test_codes_that_are_hard_to_choose);
  g_test_add_func ("/rules/codes/just-closed", test_codes_of_what_has_just_closed);
  g_test_add_func ("/rules/codes/another-use", test_a_list_changes_its_use);
  g_test_add_func ("/rules/faq-of-all-languages", test_faq_of_all_languages);
  g_test_add_func ("/rules/searches-take-anything", test_searches_take_anything);
  g_test_add_func ("/rules/scope-holds-everywhere", test_scope_holds_everywhere);
  g_test_add_func ("/rules/long-texts", test_long_texts_are_counted_as_the_network_does);
  g_test_add_func ("/rules/status-reasons", test_status_reasons);
  g_test_add_func ("/rules/stop-new-and-own-queues", test_stop_new_and_own_queues);
  g_test_add_func ("/rules/faqs", test_faqs);
  g_test_add_func ("/rules/playback", test_playback);
  g_test_add_func ("/rules/earlier-messages", test_earlier_messages);
  return g_test_run ();
}
