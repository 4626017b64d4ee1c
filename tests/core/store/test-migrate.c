/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A database as the first release left it, with something in every table, opened by this one: nothing is lost,
 * what is new is made of what was there, and the tables are still what a replay of the journal makes.
 */
#include <string.h>

#include "tests/core/store/kit.h"

/* Written as schema 1 had it, event by event. */
static const char *const journal[] = {
  "{'type':'user.changed','user':'usr_a','login':'anna','name':'Anna','role':'agent',"
  "'permissions':'interaction.reject','capacity':2,'acceptance_ms':30000,'enabled':1}",
  "{'type':'queue.changed','queue':'que_s','name':'Sales','enabled':1,'post_processing_ms':5000,'boost':100}",
  "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':1,'removed':0}",
  "{'type':'agent.status','agent':'usr_a','status':'available','asked':'available','since':5,'idle_since':5,"
  "'stop_new':0,'cause':'by_hand'}",
  "{'type':'conversation.opened','conversation':'cnv_1','channel':'web','network':'webchat','identity':'v1',"
  "'name':'Carla'}",
  "{'type':'interaction.queued','interaction':'int_1','conversation':'cnv_1','channel':'web','network':'webchat',"
  "'identity':'v1','name':'Carla','queue':'que_s','queue_name':'Sales','enqueued_at':500,'boost':100,"
  "'cause':'new'}",
  "{'type':'message.added','conversation':'cnv_1','interaction':'int_1','message':'msg_1','n':1,"
  "'author':'customer','author_name':'Carla','text':'where is my parcel','channel':'web','identity':'v1',"
  "'external_id':'x1','sent_at':77}",
  "{'type':'interaction.offered','interaction':'int_1','agent':'usr_a','offer':'off_1','deadline':900,"
  "'acceptance_ms':400}",
  "{'type':'agent.status','agent':'usr_a','status':'offered','asked':'available','since':600,'idle_since':5,"
  "'stop_new':0,'cause':'offered','interaction':'int_1'}",
  "{'type':'offer.ended','interaction':'int_1','agent':'usr_a','offer':'off_1','cause':'accepted'}",
  "{'type':'interaction.accepted','interaction':'int_1','agent':'usr_a','accepted_at':700}",
  "{'type':'message.added','conversation':'cnv_1','interaction':'int_1','agent':'usr_a','message':'msg_2','n':2,"
  "'author':'agent','by':'usr_a','text':'on its way','channel':'web','identity':'v1','state':'queued'}",
  "{'type':'interaction.customer','interaction':'int_1','agent':'usr_a','customer':'cus_1','customer_name':'C',"
  "'draft':1}",
  "{'type':'interaction.save','interaction':'int_1','agent':'usr_a','state':'saved','mode':'during','case':'case_"
  "1',"
  "'attempts':1}",
  "{'type':'interaction.ended','interaction':'int_1','agent':'usr_a','ended_by':'agent','ended_at':800,"
  "'deadline':5800}",
  "{'type':'interaction.closed','interaction':'int_1','agent':'usr_a','cause':'manual'}",
  "{'type':'interaction.queued','interaction':'int_2','conversation':'cnv_1','channel':'web','network':'webchat',"
  "'identity':'v1','name':'Carla','queue':'que_s','queue_name':'Sales','enqueued_at':950,'boost':100,"
  "'cause':'new'}",
};

static const char tables[]
    = "UPDATE meta SET value = CASE key WHEN 'epoch' THEN 4 ELSE 1 END;"
      "INSERT INTO user VALUES ('usr_a', 'anna', 'Anna', 'agent', 'interaction.reject', 2, 30000, 1, 'offered',"
      " 'available', 600, 5, 0, 'offered', NULL, 9);"
      "INSERT INTO queue VALUES ('que_s', 'Sales', 1, 5000, 100, 2);"
      "INSERT INTO membership VALUES ('usr_a', 'que_s', 1, 3);"
      "INSERT INTO conversation VALUES ('cnv_1', 'web', 'webchat', 'v1', 'Carla', 2, 12);"
      "INSERT INTO interaction VALUES ('int_1', 'cnv_1', 'web', 'webchat', 'v1', 'Carla', 'que_s', 'Sales',"
      " 'closed', 'usr_a', NULL, 0, 400, 500, 100, NULL, 700, 800, 'agent', 1016, 'manual', 'cus_1', 'C', 1,"
      " 'saved', 'during', 'case_1', 1, NULL, 1, 2, 16);"
      "INSERT INTO interaction VALUES ('int_2', 'cnv_1', 'web', 'webchat', 'v1', 'Carla', 'que_s', 'Sales',"
      " 'waiting', NULL, NULL, 0, 0, 950, 100, NULL, 0, 0, NULL, 0, 'new', NULL, NULL, 0, NULL, NULL, NULL, 0,"
      " NULL, 0, 0, 17);"
      "INSERT INTO message VALUES ('cnv_1', 1, 1007, 'msg_1', 'int_1', NULL, 'customer', 'Carla', NULL, NULL,"
      " 'where is my parcel', 'web', 'x1', NULL, NULL, 77, NULL, NULL);"
      "INSERT INTO message VALUES ('cnv_1', 2, 1012, 'msg_2', 'int_1', 'usr_a', 'agent', NULL, 'usr_a', NULL,"
      " 'on its way', 'web', NULL, NULL, NULL, 0, 'queued', NULL);"
      "INSERT INTO outbox VALUES ('msg_2', 'cnv_1', 2, 'web', 1012, 3, 'no route');"
      "INSERT INTO credential VALUES ('usr_a', 'hash');"
      "INSERT INTO session VALUES ('token', 'usr_a', 100, 9000000000000, 200);"
      "INSERT INTO command VALUES ('usr_a', 'k1', 9000000000000, '{\"ok\":true}');"
      "INSERT INTO kv VALUES ('plugin', 'cursor', x'00ff');";

static void
write_journal (sqlite3 *db)
{
  sqlite3_stmt *insert = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db,
                                       "INSERT INTO journal (seq, at, epoch, type, agent, json)"
                                       " SELECT ?1, 1000 + ?1, 4, value ->> 'type', value ->> 'agent', value FROM"
                                       " (SELECT json_set (?2, '$.seq', ?1, '$.at', 1000 + ?1) AS value)",
                                       -1, &insert, NULL),
                   ==, SQLITE_OK);
  for (gsize i = 0; i < G_N_ELEMENTS (journal); i++)
    {
      g_autofree char *json = g_strdelimit (g_strdup (journal[i]), "'", '"');

      sqlite3_bind_int64 (insert, 1, (gint64)i + 1);
      sqlite3_bind_text (insert, 2, json, -1, SQLITE_STATIC);
      g_assert_cmpint (sqlite3_step (insert), ==, SQLITE_DONE);
      sqlite3_reset (insert);
    }
  g_assert_cmpint (sqlite3_finalize (insert), ==, SQLITE_OK);
}

static void
write_schema_1 (const char *path)
{
  sqlite3 *db = NULL;
  UcSqlite *sqlite;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite = uc_sqlite_new (path, db);
  g_assert_true (uc_sqlite_migrate (sqlite, uc_sqlite_migrations, 1, &error));
  write_journal (db);
  g_assert_cmpint (uc_sqlite_exec (sqlite, tables), ==, SQLITE_OK);
  /* Something in every table, so that none is forgotten. */
  for (const char *const *t
       = (const char *const[]){ "journal", "user", "queue", "membership", "conversation", "interaction", "message",
                                "outbox", "credential", "session", "command", "kv", NULL };
       *t != NULL; t++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s", *t);

      g_assert_cmpint (uc_sqlite_int (sqlite, sql, 0), >, 0);
    }
  uc_sqlite_close (sqlite);
}

static void
set_up (Kit *kit, gconstpointer data)
{
  kit->loop = uc_loop_new ();
  kit->dir = kit_folder ("usher-migrate-XXXXXX");
  kit->path = g_build_filename (kit->dir, "usher.db", NULL);
  write_schema_1 (kit->path);
  kit_open (kit);
}

static void
expect_value (Answer *answer, const char *value)
{
  answer_wait (answer);
  g_assert_cmpstr (answer->value, ==, value);
  answer_clear (answer);
}

/* What is nobody's event can't come out of a replay. */
static void
test_plain_rows (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  g_assert_cmpint (uc_store_last_seq (kit->store), ==, G_N_ELEMENTS (journal));
  g_assert_cmpint (uc_store_epoch (kit->store), ==, 5);
  g_assert_false (uc_store_was_unclean (kit->store));
  uc_store_credential (kit->store, "usr_a", on_value, &answer);
  expect_value (&answer, "hash");
  uc_store_session (kit->store, "token", on_value, &answer);
  expect_value (&answer, "usr_a 9000000000000 200");
  uc_store_command (kit->store, "usr_a", "k1", on_value, &answer);
  expect_value (&answer, "{\"ok\":true}");
  uc_store_kv (kit->store, "plugin", "cursor", on_value, &answer);
  answer_wait (&answer);
  g_assert_cmpmem (answer.value, answer.len, "\0\xff", 2);
  answer_clear (&answer);
  uc_store_outbox (kit->store, "web", 0, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->attempts, ==, 3);
}

static void
test_load (Kit *kit, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = kit_load (kit);

  ASSERT_ROWS (rows,
               "{'type':'user.changed','user':'usr_a','login':'anna','name':'Anna','role':'agent',"
               "'permissions':'interaction.reject','capacity':2,'acceptance_ms':30000,'enabled':1}",
               "{'type':'queue.changed','queue':'que_s','name':'Sales','enabled':1,'post_processing_ms':5000,"
               "'boost':100}",
               "{'type':'membership.changed','user':'usr_a','queue':'que_s','enabled':1}",
               "{'type':'state.agent','agent':'usr_a','status':'offered','asked':'available','since':600,"
               "'idle_since':5,'cause':'offered'}",
               "{'type':'state.conversation','conversation':'cnv_1','channel':'web','network':'webchat',"
               "'identity':'v1','name':'Carla','last_n':2}",
               "{'type':'state.interaction','interaction':'int_2','conversation':'cnv_1','channel':'web',"
               "'network':'webchat','identity':'v1','name':'Carla','queue':'que_s','queue_name':'Sales',"
               "'state':'waiting','enqueued_at':950,'boost':100,'cause':'new'}");
}

/* Playback reads what happened before there was one. */
static void
test_playback (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  UcInteractionQuery query = { .text = "PARCEL" };
  GString *types = g_string_new (NULL);

  uc_store_interaction_events (kit->store, "int_1", 0, on_rows, &answer);
  answer_wait (&answer);
  for (guint i = 0; i < answer.rows->len; i++)
    g_string_append_printf (types, "%s ", uc_event_type_name (((UcEvent *)answer.rows->pdata[i])->type));
  g_assert_cmpstr (types->str, ==,
                   "interaction.queued interaction.offered agent.status offer.ended interaction.accepted "
                   "interaction.customer interaction.save interaction.ended interaction.closed ");
  g_string_free (types, TRUE);
  answer_clear (&answer);

  uc_store_agent_events (kit->store, "usr_a", 1005, 1100, 0, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 2);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->seq, ==, 4);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[1])->seq, ==, 9);
  answer_clear (&answer);

  uc_store_interactions (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
  g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->interaction, ==, "int_1");
}

/* The day goes on in it. */
static void
test_go_on (Kit *kit, gconstpointer data)
{
  kit_do (kit, "{'type':'policy.changed','preset':'8x8','acceptance_ms':30000}");
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'here','since':1200}");
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','interaction':'int_2','message':'msg_3','n':3,"
               "'author':'customer','channel':'web','external_id':'x3','text':'hello?','window_until':5000}");
  kit_do (kit, "{'type':'message.state','conversation':'cnv_1','message':'msg_2','n':2,'state':'sent'}");
  kit_do (kit, "{'type':'interaction.closed','interaction':'int_2','cause':'abandoned','uncoded':0}");
  kit_close (kit);
  kit_open (kit);
  g_assert_cmpint (uc_store_last_seq (kit->store), ==, G_N_ELEMENTS (journal) + 5);
}

#define ADD(name, func) g_test_add ("/store/migrate/" name, Kit, NULL, set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("plain-rows", test_plain_rows);
  ADD ("load", test_load);
  ADD ("playback", test_playback);
  ADD ("go-on", test_go_on);
  return g_test_run ();
}
