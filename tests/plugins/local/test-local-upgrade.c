/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm/local: a file of the first version, made here with the SQL of then, is brought up to date without losing
 * anything; wholly or not at all.
 */
#include "tests/plugins/local/crm-kit.h"

#include <sqlite3.h>
#include <string.h>

/* The tables as version 1 made them. */
static const char version_1[]
    = "CREATE TABLE customers ("
      "  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT, first_name TEXT, last_name TEXT,"
      "  email TEXT, email_key TEXT UNIQUE, phone TEXT, company TEXT, notes TEXT, fields TEXT,"
      "  draft INTEGER NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT "
      "NULL,"
      "  change INTEGER NOT NULL UNIQUE, haystack TEXT NOT NULL) STRICT;"
      "CREATE TABLE identities ("
      "  network TEXT NOT NULL, id TEXT NOT NULL, customer INTEGER NOT NULL REFERENCES customers (n),"
      "  place INTEGER NOT NULL, name TEXT, PRIMARY KEY (network, id)) STRICT, WITHOUT ROWID;"
      "CREATE INDEX identities_customer ON identities (customer, place);"
      "CREATE TABLE cases ("
      "  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, customer INTEGER REFERENCES customers (n),"
      "  interaction TEXT UNIQUE, subject TEXT, state TEXT NOT NULL CHECK (state IN ('open', 'closed')), queue "
      "TEXT,"
      "  channel TEXT, agent TEXT, notes TEXT, fields TEXT, version INTEGER NOT NULL, started_at INTEGER NOT NULL,"
      "  ended_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
      "  haystack TEXT NOT NULL) STRICT;"
      "CREATE INDEX cases_customer ON cases (customer, n);"
      "CREATE TABLE transcripts ("
      "  n INTEGER PRIMARY KEY REFERENCES cases (n), lines INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
      "CREATE VIRTUAL TABLE customer_words USING fts5 (haystack, content = 'customers', content_rowid = 'n',"
      "  tokenize = 'trigram case_sensitive 1');"
      "CREATE TRIGGER customer_words_add AFTER INSERT ON customers BEGIN"
      "  INSERT INTO customer_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
      "CREATE TRIGGER customer_words_change AFTER UPDATE OF haystack ON customers"
      "  WHEN old.haystack IS NOT new.haystack BEGIN"
      "  INSERT INTO customer_words (customer_words, rowid, haystack) VALUES ('delete', old.n, old.haystack);"
      "  INSERT INTO customer_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
      "CREATE TRIGGER customer_words_remove AFTER DELETE ON customers BEGIN"
      "  INSERT INTO customer_words (customer_words, rowid, haystack) VALUES ('delete', old.n, old.haystack); END;"
      "CREATE VIRTUAL TABLE case_words USING fts5 (haystack, content = 'cases', content_rowid = 'n',"
      "  tokenize = 'trigram case_sensitive 1');"
      "CREATE TRIGGER case_words_add AFTER INSERT ON cases BEGIN"
      "  INSERT INTO case_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
      "CREATE TRIGGER case_words_change AFTER UPDATE OF haystack ON cases"
      "  WHEN old.haystack IS NOT new.haystack BEGIN"
      "  INSERT INTO case_words (case_words, rowid, haystack) VALUES ('delete', old.n, old.haystack);"
      "  INSERT INTO case_words (rowid, haystack) VALUES (new.n, new.haystack); END;"
      "CREATE TRIGGER case_words_remove AFTER DELETE ON cases BEGIN"
      "  INSERT INTO case_words (case_words, rowid, haystack) VALUES ('delete', old.n, old.haystack); END;"
      "PRAGMA application_id = 0x7543524d; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;";

/* What stands in it: a complete customer with a gap behind (n 2 is used up), a draft, cases of both and of none.
 */
static const char content[]
    = "INSERT INTO customers VALUES"
      " (1, 'cus_anna', NULL, 'Änna', 'Groß', 'Anna@Example.org', 'anna@example.org', '+49 30 1', 'ACME', 'n',"
      "  '{\"plate\" : \"B-ÄÖ 1\", \"deep\":{\"x\":[\"Needle\"]}, \"n\":1.50}', 0, 4, 100, 200, 9,"
      "  'anna gross' || char (10) || 'anna' || char (10) || 'gross' || char (10) || 'acme' || char (10) ||"
      "  'anna@example.org' || char (10) || '+49 30 1' || char (10) || '49301' || char (10) || 'v_1'),"
      " (2, 'cus_gone', 'gone', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 1, 1, 10, 'gone'),"
      " (3, 'cus_draft', 'annie', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 1, 1, 300, 300, 7,"
      "  'annie' || char (10) || 'v_2');"
      "INSERT INTO identities VALUES ('webchat', 'v_1', 1, 0, 'Anna'), ('webchat', 'v_2', 3, 0, NULL);"
      "INSERT INTO cases VALUES"
      " (1, 'cas_a', 1, 'int_1', 'Parcel', 'closed', 'Sales', 'site', 'Bea', 'note', '{\"o\":\"ORD-9\"}', 3, 10, "
      "20,"
      "  30, 5000, 'parcel'),"
      " (2, 'cas_b', 1, 'int_2', 'Later touched', 'open', NULL, NULL, NULL, NULL, NULL, 1, 0, 0, 40, 40, 'later'),"
      " (4, 'cas_c', NULL, NULL, 'Nobody', 'open', NULL, NULL, NULL, NULL, NULL, 1, 0, 0, 50, 60, 'nobody');"
      "INSERT INTO transcripts VALUES (1, 1, '[{\"text\":\"hello\"}]');"
      "DELETE FROM customers WHERE n = 2;";

static void
run_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  if (sqlite3_exec (db, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s", message);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static char *
ask_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  char *text;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  text = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return text;
}

static FakeHost *
with_old_file (char **path)
{
  FakeHost *crm = fake_host_new ("crm", "local");

  *path = g_build_filename (crm->data_dir, "crm.db", NULL);
  run_sql (*path, version_1);
  run_sql (*path, content);
  return crm;
}

static void
test_customers (void)
{
  g_autofree char *path = NULL;
  g_autoptr (FakeHost) crm = with_old_file (&path);
  const UsherCustomer *c;
  const UsherResult *found;

  fake_host_set (crm, "match_on", "name");
  fake_host_up (crm);
  c = crm_get (crm, "cus_anna")->customers[0];
  g_assert_cmpstr (c->name, ==, "Änna Groß");
  g_assert_cmpstr (c->email, ==, "Anna@Example.org");
  g_assert_cmpstr (c->phone, ==, "+49 30 1");
  g_assert_cmpstr (c->company, ==, "ACME");
  g_assert_cmpstr (c->notes, ==, "n");
  g_assert_cmpstr (c->fields, ==, "{\"plate\":\"B-ÄÖ 1\",\"deep\":{\"x\":[\"Needle\"]},\"n\":1.50}");
  g_assert_cmpint (c->version, ==, 4);
  g_assert_cmpint (c->created_at, ==, 100);
  g_assert_cmpint (c->updated_at, ==, 200);
  g_assert_false (c->draft);
  g_assert_cmpstr (c->account, ==, "100001");
  g_assert_cmpstr (c->merges, ==, "[]");
  g_assert_cmpstr (c->identities[0]->name, ==, "Anna");
  c = crm_get (crm, "cus_draft")->customers[0];
  g_assert_true (c->draft);
  g_assert_cmpstr (c->account, ==, "100003");
  g_assert_null (c->fields);
  /* Found as before, and by what is new. */
  g_assert_cmpstr (crm_lookup (crm, "webchat", "v_2")->customers[0]->id, ==, "cus_draft");
  found = crm_search (crm, QUERY (.text = NULL));
  g_assert_cmpuint (crm_customers (found), ==, 2);
  g_assert_cmpstr (found->customers[0]->id, ==, "cus_anna");
  for (const char *const *text = (const char *const[]){ "gross", "100001", "b-äö", "needle", "1.5", "acme", NULL };
       *text != NULL; text++)
    {
      found = crm_search (crm, QUERY (.text = *text));
      g_assert_cmpuint (crm_customers (found), ==, 1);
      g_assert_cmpstr (found->customers[0]->id, ==, "cus_anna");
    }
  g_assert_cmpuint (crm_customers (crm_search (crm, QUERY (.state = "draft"))), ==, 1);
  {
    UsherReply *reply = fake_reply_new (crm);

    crm->crm->lookup (crm->self, IDENTITY (.network = "x", .id = "y", .name = "anna gross"), reply);
    g_assert_cmpuint (crm_customers (fake_reply_wait (reply)), ==, 1);
  }
  /* And goes on: numbers and versions continue, an address is unique still. */
  g_assert_cmpint (crm_saved (crm, CUSTOMER (.id = "cus_anna", .version = 4, .phone = "2"))->version, ==, 5);
  g_assert_cmpstr (crm_saved (crm, CUSTOMER (.draft = true, .phone = "3"))->account, ==, "100004");
  crm_refused (crm_save (crm, CUSTOMER (.id = "cus_draft", .draft = true, .email = "anna@example.org")),
               USHER_CONFLICT, "Änna Groß");
}

static void
test_cases (void)
{
  g_autofree char *path = NULL;
  g_autoptr (FakeHost) crm = with_old_file (&path);
  const UsherCase *c;
  const UsherResult *list;

  fake_host_up (crm);
  c = crm_get_case (crm, "C-1001")->cases[0];
  g_assert_cmpstr (c->id, ==, "cas_a");
  g_assert_cmpstr (c->customer_id, ==, "cus_anna");
  g_assert_cmpstr (c->interaction, ==, "int_1");
  g_assert_cmpstr (c->subject, ==, "Parcel");
  g_assert_cmpstr (c->state, ==, "closed");
  g_assert_cmpstr (c->queue, ==, "Sales");
  g_assert_cmpstr (c->channel, ==, "site");
  g_assert_cmpstr (c->agent, ==, "Bea");
  g_assert_cmpstr (c->notes, ==, "note");
  g_assert_cmpstr (c->fields, ==, "{\"o\":\"ORD-9\"}");
  g_assert_cmpint (c->version, ==, 3);
  g_assert_cmpint (c->started_at, ==, 10);
  g_assert_cmpint (c->ended_at, ==, 20);
  g_assert_cmpint (c->created_at, ==, 30);
  g_assert_cmpint (c->updated_at, ==, 5000);
  g_assert_cmpstr (c->transcript, ==, "[{\"text\":\"hello\"}]");
  g_assert_cmpstr (c->comments, ==, "[]");
  g_assert_cmpstr (c->history, ==, "[]");
  g_assert_cmpstr (c->follow_ups, ==, "[]");
  /* Newest activity first: cas_a was touched after cas_b was made. */
  list = crm_list (crm, QUERY (.customer_id = "cus_anna"));
  g_assert_cmpuint (crm_cases (list), ==, 2);
  g_assert_cmpstr (list->cases[0]->id, ==, "cas_a");
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "C-1004"))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "ord-9"))), ==, 1);
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.text = "nobody"))), ==, 1);
  /* One interaction is one case still, and a case from then can be continued, counted from its last change. */
  g_assert_cmpstr (crm_saved_case (crm, CASE (.interaction = "int_1", .agent = "New"))->id, ==, "cas_a");
  g_assert_cmpstr (crm_saved_case (crm, CASE (.interaction = "int_3", .follow_up_of = "cas_b"))->id, ==, "cas_b");
  c = crm_saved_case (crm, CASE (.interaction = "int_4", .follow_up_of = "cas_a"));
  g_assert_cmpstr (c->follow_up_of, ==, "cas_a");
  g_assert_cmpstr (c->number, ==, "C-1005");
}

static void
test_merge (void)
{
  g_autofree char *path = NULL, *before = NULL, *after = NULL, *merge = NULL;
  g_autoptr (FakeHost) crm = with_old_file (&path);

  fake_host_up (crm);
  before = crm_everything (crm, NULL);
  merge = crm_merged (crm, "cus_draft", "cus_anna");
  g_assert_cmpuint (crm_cases (crm_list (crm, QUERY (.customer_id = "cus_draft"))), ==, 2);
  crm_undone (crm, merge);
  after = crm_everything (crm, NULL);
  crm_same (before, after);
}

/* The file of an upgrade that can't be finished is the old one. */
static void
test_all_or_nothing (void)
{
  g_autofree char *path = NULL, *version = NULL, *columns = NULL, *check = NULL;
  g_autoptr (FakeHost) crm = with_old_file (&path);
  const UsherResult *result;

  /* The last thing the step makes is there already. */
  run_sql (path, "CREATE TABLE merge_fills (x)");
  g_assert_true (fake_host_create (crm));
  result = fake_host_start (crm);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_assert_nonnull (strstr (result->message, "merge_fills"));
  fake_host_destroy (crm);
  version = ask_sql (path, "PRAGMA user_version");
  columns = ask_sql (path, "SELECT count (*) FROM pragma_table_info ('customers')");
  g_assert_cmpstr (version, ==, "1");
  g_assert_cmpstr (columns, ==, "17");
  run_sql (path, "DROP TABLE merge_fills");
  fake_host_up (crm);
  g_assert_cmpuint (crm_customers (crm_get (crm, "cus_anna")), ==, 1);
  fake_host_down (crm);
  check = ask_sql (path, "PRAGMA integrity_check");
  g_assert_cmpstr (check, ==, "ok");
}

/* Every table and index of an upgraded file is what a new file has. */
static void
test_same_as_new (void)
{
  static const char shape[] = "SELECT group_concat (type || ' ' || name, ' ') FROM (SELECT * FROM sqlite_schema"
                              " WHERE name NOT LIKE '%words%' ORDER BY type, name)";
  g_autofree char *path = NULL, *old = NULL, *new = NULL, *words = NULL;
  g_autoptr (FakeHost) crm = with_old_file (&path);
  g_autoptr (FakeHost) fresh = crm_new ();
  g_autofree char *fresh_path = g_build_filename (fresh->data_dir, "crm.db", NULL);

  fake_host_up (crm);
  fake_host_down (crm);
  fake_host_down (fresh);
  old = ask_sql (path, shape);
  new = ask_sql (fresh_path, shape);
  g_assert_cmpstr (old, ==, new);
  /* The word index agrees with the words: it says so, or the statement fails. */
  run_sql (path, "INSERT INTO customer_words (customer_words, rank) VALUES ('integrity-check', 1);"
                 "INSERT INTO case_words (case_words, rank) VALUES ('integrity-check', 1)");
  words = ask_sql (path, "SELECT count (*) FROM customers WHERE haystack = ''");
  g_assert_cmpstr (words, ==, "0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/upgrade/customers", test_customers);
  g_test_add_func ("/local/upgrade/cases", test_cases);
  g_test_add_func ("/local/upgrade/merge", test_merge);
  g_test_add_func ("/local/upgrade/all-or-nothing", test_all_or_nothing);
  g_test_add_func ("/local/upgrade/same-as-new", test_same_as_new);
  return g_test_run ();
}
