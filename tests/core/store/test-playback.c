/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of what playback asks: the search in transcripts, which must find the same whether an interaction is
 * alive, closed or in the index, the filters together, pages, merged customers, and the events around an
 * interaction.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/core/store/kit.h"

/* Nothing is indexed before the first commit. */
static void
open_slowly (Kit *kit)
{
  UcStoreOptions options = { .path = kit->path, .idle_ms = 1000000 };

  kit->store = uc_store_open (kit->loop, &options, NULL);
  g_assert_nonnull (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
}

static gint64
count (Kit *kit, const char *sql)
{
  UcSqliteState state;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (kit->path, &state, NULL);

  return uc_sqlite_int (sqlite, sql, -1);
}

#define UNREAD "SELECT count(*) FROM interaction WHERE doc IS NULL AND closed_at > 0"

static void
await_index (Kit *kit)
{
  while (count (kit, UNREAD) > 0)
    g_usleep (2000);
}

static void
put_chat (Kit *kit, UcBatch *batch, int i, const char *more)
{
  kit_put (kit, batch, "{'type':'conversation.opened','conversation':'cnv_%d','channel':'web','identity':'v%d'}",
           i + 100, i);
  kit_put (kit, batch,
           "{'type':'interaction.queued','interaction':'int_%d','conversation':'cnv_%d','channel':'web',"
           "'identity':'v%d','enqueued_at':%d%s}",
           i, i + 100, i, i * 10, more);
}

static void
put_line (Kit *kit, UcBatch *batch, int i, int n, const char *author, const char *text)
{
  kit_put (kit, batch,
           "{'type':'message.added','conversation':'cnv_%d','interaction':'int_%d','message':'m','n':%d,"
           "'author':'%s','text':'%s'}",
           i + 100, i, n, author, text);
}

static char *
ids_of (GPtrArray *rows)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < rows->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? " " : "",
                            ((UcEvent *)rows->pdata[i])->interaction + strlen ("int_"));
  return g_string_free (out, FALSE);
}

static void
expect_found (Kit *kit, UcInteractionQuery query, const char *ids, gboolean more)
{
  g_auto (Answer) answer = { 0 };
  g_autofree char *found = NULL;

  uc_store_interactions (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (answer.why, ==, NULL);
  found = ids_of (answer.rows);
  if (strcmp (found, ids) != 0)
    g_error ("'%s' finds %s, not %s", query.text, found, ids);
  g_assert_cmpint (answer.more, ==, more);
}

#define QUERY(...) ((UcInteractionQuery){ __VA_ARGS__ })

/* ---- what is found ------------------------------------------------------------------------------------- */

static const struct
{
  int chat;
  const char *author, *text;
} lines[] = {
  { 1, "customer", "Hello, where is my Parcel?" },
  { 1, "agent", "It is on its way: 50% done, see \\\"tracking\\\"* and don\\u0027t worry" },
  { 2, "customer", "我想要退货，谢谢" },
  { 3, "customer", "返品したいです。カタカナ" },
  { 4, "customer", "ขอคืนสินค้า" },
  { 5, "customer", "Où est le Café de l’ÉCOLE" },
  { 6, "customer", "\u200fשלום\u200e עולם مرحبا" },
  { 7, "customer", "so nice 👩‍👩‍👧 🎉" },
  { 8, "system", "parcel" },
  { 9, "agent", "ＡＢＣ１２３ Straße ﾊﾝｶｸ" },
  { 10, "customer", "NEAR the river -x a_b c\\\\d abcxbcd" },
  { 10, "agent", "first\\nsecond ก" },
};

static const struct
{
  const char *needle, *ids;
} needles[] = {
  { "parcel", "1" },
  { "PARCEL", "1" },
  { "arc", "1" },
  { "el?", "1" },
  { "hello tracking", "1" }, /* of two lines */
  { "parcel nowhere", "" },
  { "50%", "1" },
  { "%", "1" },
  { "\"tracking\"*", "1" },
  { "*", "1" },
  { "don't", "1" },
  { "' OR 1", "" },
  { "\"", "1" },
  { "退", "2" },
  { "退货", "2" },
  { "想要退货", "2" },
  { "货退", "" },
  { "谢谢 我", "2" },
  { "カ", "9 3" },
  { "タカナ", "3" },
  { "返品した", "3" },
  { "か", "" }, /* another letter than カ */
  { "คืน", "4" },
  { "ส", "4" },
  { "cafe", "5" },
  { "café", "5" },
  { "ecole", "5" },
  { "שלום", "6" },
  { "ום עו", "6" },
  { "مرح", "6" },
  { "🎉", "7" },
  { "👧", "7" },
  { "👩‍👩‍👧", "7" },
  { "abc123", "9" },
  { "ａｂｃ", "10 9" },
  { "STRASSE", "9" },
  { "ハンカク", "9" },
  { "NEAR", "10" },
  { "near the", "10" },
  { "-x", "10" },
  { "a_b", "10" },
  { "c\\d", "10" },
  { "abcd", "" }, /* each part of it is there */
  { "first second", "10" },
  { "zzz", "" },
  { "()", "" },
  { "riverr", "" },
  { " \t ", "10 9 8 7 6 5 4 3 2 1" },
};

static void
expect_all (Kit *kit)
{
  for (gsize i = 0; i < G_N_ELEMENTS (needles); i++)
    expect_found (kit, QUERY (.text = needles[i].needle), needles[i].ids, FALSE);
}

static void
test_search (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  for (int i = 1; i <= 10; i++)
    put_chat (kit, batch, i, "");
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    put_line (kit, batch, lines[i].chat, (int)i + 1, lines[i].author, lines[i].text);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  g_test_message ("alive");
  expect_all (kit);

  batch = uc_batch_new ();
  for (int i = 1; i <= 10; i++)
    kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual'}", i);
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  await_index (kit);
  g_test_message ("in the index");
  g_assert_cmpint (count (kit, "SELECT count(*) FROM interaction WHERE doc IS NOT NULL"), ==, 10);
  expect_all (kit);

  /* As after a migration. */
  kit_close (kit);
  kit_sql (kit->path,
           "UPDATE interaction SET doc = NULL; INSERT INTO transcript (transcript) VALUES ('delete-all')");
  open_slowly (kit);
  g_test_message ("not in the index yet");
  expect_all (kit);
  g_assert_cmpint (count (kit, UNREAD), ==, 10);
}

/* Killed at any point of it, indexing goes on with what is missing: here, with half of it. */
static void
test_half_indexed (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  for (int i = 1; i <= 6; i++)
    {
      put_chat (kit, batch, i, "");
      put_line (kit, batch, i, 1, "customer", i % 2 ? "odd number" : "even number");
      kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual'}", i);
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  await_index (kit);
  kit_close (kit);
  kit_sql (kit->path,
           "UPDATE interaction SET doc = NULL; INSERT INTO transcript (transcript) VALUES ('delete-all');"
           "INSERT INTO transcript (rowid, pieces) VALUES (1, 'eve ven');"
           "UPDATE interaction SET doc = 1 WHERE id = 'int_6'");
  open_slowly (kit);
  expect_found (kit, QUERY (.text = "even"), "6 4 2", FALSE);
  kit_close (kit);
  kit_open (kit);
  await_index (kit);
  g_assert_cmpint (count (kit, "SELECT max(doc) FROM interaction"), ==, 6);
  g_assert_cmpint (count (kit, "SELECT count(*) FROM transcript WHERE transcript MATCH 'odd'"), ==, 3);
  expect_found (kit, QUERY (.text = "even"), "6 4 2", FALSE);
  expect_found (kit, QUERY (.text = "odd"), "5 3 1", FALSE);
}

/* A line of a conversation between two chats belongs to neither. */
static void
test_lines_without (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  put_chat (kit, batch, 1, "");
  put_line (kit, batch, 1, 1, "customer", "first");
  kit_put (kit, batch,
           "{'type':'message.added','conversation':'cnv_101','message':'m','n':2,'author':'agent','text':'echo',"
           "'form':'elsewhere','channel':'web','external_id':'e1','state':'sent'}");
  put_line (kit, batch, 1, 3, "customer", "third");
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_found (kit, QUERY (.text = "third"), "1", FALSE);
  expect_found (kit, QUERY (.text = "echo"), "", FALSE);
  kit_do (kit, "{'type':'interaction.closed','interaction':'int_1','cause':'manual'}");
  await_index (kit);
  expect_found (kit, QUERY (.text = "echo"), "", FALSE);
}

/* Too long to be indexed beside the messages of others, and found all the same. */
static void
test_long (Kit *kit, gconstpointer data)
{
  for (int i = 1; i <= 4; i++)
    {
      UcBatch *batch = uc_batch_new ();
      int n_lines = i % 2 ? 3000 : 3;

      put_chat (kit, batch, i, "");
      for (int n = 1; n <= n_lines; n++)
        {
          g_autofree char *text
              = g_strdup_printf ("this is a line of a long talk that does not want to end, word %d%s", n,
                                 n == n_lines ? " endly" : "");

          put_line (kit, batch, i, n, "customer", text);
        }
      kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual'}", i);
      g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
    }
  await_index (kit);
  g_assert_cmpint (count (kit, "SELECT count(*) FROM interaction WHERE doc > 0"), ==, 2);
  g_assert_cmpint (count (kit, "SELECT count(*) FROM interaction WHERE doc IN (-1, -2)"), ==, 2);
  expect_found (kit, QUERY (.text = "endly"), "4 3 2 1", FALSE);
  expect_found (kit, QUERY (.text = "2999"), "3 1", FALSE);
  expect_found (kit, QUERY (.text = "3001"), "", FALSE);
}

/* All of them look as if they had it. */
static void
expect_too_long (Kit *kit)
{
  UcSqliteState state;
  g_autoptr (UcSqlite) sqlite = uc_sqlite_open_reader (kit->path, &state, NULL);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free);
  UcRead read = { .kind = UC_READ_INTERACTIONS, .rows = rows, .needle = (char *)"ababab", .search_us = 1 };

  uc_sqlite_read (sqlite, &read);
  g_assert_cmpint (read.result, ==, UC_STORE_UNAVAILABLE);
  g_assert_nonnull (strstr (read.why, "narrow it by"));
  g_assert_cmpuint (rows->len, ==, 0);
  g_free (read.words);
  g_free (read.match);
  g_free (read.why);
}

/* A word that most chats have is found by walking, page after page, and one that few have by the index. */
static void
test_common_word (Kit *kit, gconstpointer data)
{
  enum
  {
    N = 5200
  };
  g_autoptr (GString) all = g_string_new (NULL), expected = g_string_new (NULL);
  gint64 before = 0;
  gboolean more = TRUE;

  for (int i = 1; i <= N;)
    {
      UcBatch *batch = uc_batch_new ();

      for (int end = i + 400; i < end && i <= N; i++)
        {
          put_chat (kit, batch, i, "");
          put_line (kit, batch, i, 1, "customer",
                    i % 1000 == 7 ? "a rare common word ababa" : "a common word ababa");
          if (i != N)
            kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual'}", i);
        }
      g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
    }
  expect_too_long (kit);
  await_index (kit);
  expect_found (kit, QUERY (.text = "rare"), "5007 4007 3007 2007 1007 7", FALSE);
  expect_found (kit, QUERY (.text = "rare", .limit = 2), "5007 4007", TRUE);
  expect_found (kit, QUERY (.text = "rare", .limit = 2, .before = 40070), "3007 2007", TRUE);
  while (more)
    {
      g_auto (Answer) answer = { 0 };
      UcInteractionQuery query = { .text = "common", .before = before, .limit = 900 };
      g_autofree char *found = NULL;

      uc_store_interactions (kit->store, &query, on_rows, &answer);
      answer_wait (&answer);
      found = ids_of (answer.rows);
      g_string_append_printf (all, "%s ", found);
      more = answer.more;
      before = ((UcEvent *)answer.rows->pdata[answer.rows->len - 1])->enqueued_at;
    }
  for (int i = N; i >= 1; i--)
    g_string_append_printf (expected, "%d ", i);
  g_assert_cmpstr (all->str, ==, expected->str);
}

/* ---- filters and pages --------------------------------------------------------------------------------- */

static void
do_filtered (Kit *kit)
{
  UcBatch *batch = uc_batch_new ();

  kit_put (kit, batch, "{'type':'queue.changed','queue':'que_s','name':'S','enabled':1}");
  kit_put (kit, batch, "{'type':'queue.changed','queue':'que_t','name':'T','enabled':1}");
  kit_put (kit, batch, "{'type':'queue.changed','queue':'que_u','name':'U','enabled':1}");
  for (int i = 1; i <= 9; i++)
    {
      g_autofree char *queue = g_strdup_printf (",'queue':'que_%c'", "stu"[i % 3]);

      put_chat (kit, batch, i, queue);
      put_line (kit, batch, i, 1, "customer", i <= 6 ? "refund please" : "no");
      kit_put (kit, batch,
               "{'type':'interaction.accepted','interaction':'int_%d','agent':'usr_%c','accepted_at':1}", i,
               i % 2 ? 'a' : 'b');
      if (i > 2)
        kit_put (kit, batch, "{'type':'interaction.closed','interaction':'int_%d','cause':'manual','uncoded':%d}",
                 i, i % 2);
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
}

static void
test_filters (Kit *kit, gconstpointer data)
{
  do_filtered (kit);
  for (int indexed = 0; indexed < 2; indexed++)
    {
      expect_found (kit, QUERY (.text = "refund", .agent = "usr_a"), "5 3 1", FALSE);
      expect_found (kit, QUERY (.text = "refund", .queue = "que_s"), "6 3", FALSE);
      expect_found (kit, QUERY (.text = "refund", .state = "active"), "2 1", FALSE);
      expect_found (kit, QUERY (.text = "refund", .identity = "v4"), "4", FALSE);
      expect_found (kit, QUERY (.text = "refund", .interaction = "int_4"), "4", FALSE);
      expect_found (kit, QUERY (.text = "refund", .interaction = "int_9"), "", FALSE);
      expect_found (kit, QUERY (.text = "refund", .since = 30, .before = 50), "4 3", FALSE);
      expect_found (kit, QUERY (.text = "refund", .since = 30, .agent = "usr_b", .queues = "que_t,que_s"), "6 4",
                    FALSE);
      expect_found (kit, QUERY (.text = "refund", .uncoded = TRUE), "5 3", FALSE);
      await_index (kit);
    }
  expect_found (kit, QUERY (.queues = "que_t"), "7 4 1", FALSE);
  expect_found (kit, QUERY (.queues = "que_t,que_u"), "8 7 5 4 2 1", FALSE);
  expect_found (kit, QUERY (.queues = "que_t,que_u", .limit = 2, .before = 70), "5 4", TRUE);
  expect_found (kit, QUERY (.queues = "que_x"), "", FALSE);
  expect_found (kit, QUERY (.queues = "que_t", .queue = "que_s"), "", FALSE);
  expect_found (kit, QUERY (.uncoded = TRUE), "9 7 5 3", FALSE);
  expect_found (kit, QUERY (.uncoded = TRUE, .limit = 1, .before = 90), "7", TRUE);
  expect_found (kit, QUERY (.since = 80), "9 8", FALSE);
  expect_found (kit, QUERY (.since = 80, .before = 90), "8", FALSE);
}

/* The code that was missing comes later. */
static void
test_uncoded (Kit *kit, gconstpointer data)
{
  do_filtered (kit);
  kit_do (kit, "{'type':'interaction.codes','interaction':'int_3','codes':[],'uncoded':1}");
  expect_found (kit, QUERY (.uncoded = TRUE, .state = "closed"), "9 7 5 3", FALSE);
  kit_do (kit, "{'type':'interaction.codes','interaction':'int_3','codes':[{'list':'l','code':'c','name':'C'}]}");
  expect_found (kit, QUERY (.uncoded = TRUE, .state = "closed"), "9 7 5", FALSE);
}

/* Rows of one millisecond stay together, also when they are searched for. */
static void
test_pages (Kit *kit, gconstpointer data)
{
  UcBatch *batch = uc_batch_new ();

  for (int i = 1; i <= 6; i++)
    {
      kit_put (kit, batch,
               "{'type':'conversation.opened','conversation':'cnv_%d','channel':'web','identity':'v%d'}", i + 100,
               i);
      kit_put (kit, batch,
               "{'type':'interaction.queued','interaction':'int_%d','conversation':'cnv_%d','enqueued_at':%d}", i,
               i + 100, i >= 3 && i <= 5 ? 40 : i * 10);
      put_line (kit, batch, i, 1, "customer", i == 4 ? "other" : "word");
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  expect_found (kit, QUERY (.text = "word", .limit = 2), "6 5 3", TRUE);
  expect_found (kit, QUERY (.text = "word", .limit = 2, .before = 40), "2 1", FALSE);
  expect_found (kit, QUERY (.text = "word", .limit = 1), "6", TRUE);
}

/* ---- merged customers ---------------------------------------------------------------------------------- */

static void
test_merges (Kit *kit, gconstpointer data)
{
  static const char *const customers[] = { "cus_a", "cus_b", "cus_c", "cus_d" };
  g_auto (Answer) answer = { 0 };
  UcBatch *batch = uc_batch_new ();

  for (int i = 1; i <= 4; i++)
    {
      put_chat (kit, batch, i, "");
      kit_put (kit, batch, "{'type':'interaction.customer','interaction':'int_%d','customer':'%s'}", i,
               customers[i - 1]);
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  kit_do (kit,
          "{'type':'customer.merged','customer':'cus_b','dropped':'cus_c','merge':'mrg_1','by':'usr_a','at':7}");
  kit_do (kit,
          "{'type':'customer.merged','customer':'cus_a','dropped':'cus_b','merge':'mrg_2','by':'usr_a','at':8}");
  kit_do (kit, "{'type':'customer.merged','customer':'cus_a','dropped':'cus_d','merge':'mrg_3','at':9}");
  expect_found (kit, QUERY (.customer = "cus_a"), "1", FALSE);
  expect_found (kit, QUERY (.customer = "cus_a", .merged = TRUE), "4 3 2 1", FALSE);
  expect_found (kit, QUERY (.customer = "cus_b", .merged = TRUE), "3 2", FALSE);
  expect_found (kit, QUERY (.customer = "cus_c", .merged = TRUE), "3", FALSE);
  expect_found (kit, QUERY (.merged = TRUE), "4 3 2 1", FALSE);
  uc_store_merges (kit->store, "cus_a", on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (
      answer.rows, "{'type':'customer.merged','at':9,'customer':'cus_a','dropped':'cus_d','merge':'mrg_3'}",
      "{'type':'customer.merged','at':8,'customer':'cus_a','dropped':'cus_b','merge':'mrg_2','by':'usr_a'}");
  answer_clear (&answer);

  kit_do (kit, "{'type':'customer.merged','customer':'cus_a','dropped':'cus_b','merge':'mrg_2','removed':1}");
  expect_found (kit, QUERY (.customer = "cus_a", .merged = TRUE), "4 1", FALSE);
  expect_found (kit, QUERY (.customer = "cus_b", .merged = TRUE), "3 2", FALSE);
  /* A ring, which nobody should make, ends. */
  kit_do (kit, "{'type':'customer.merged','customer':'cus_c','dropped':'cus_b','merge':'mrg_4'}");
  expect_found (kit, QUERY (.customer = "cus_b", .merged = TRUE), "3 2", FALSE);
  uc_store_merges (kit->store, "cus_b", on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (answer.rows->len, ==, 1);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static void
expect_numbers (GPtrArray *rows, gint64 first, const char *offsets)
{
  g_autoptr (GString) got = g_string_new (NULL);

  for (guint i = 0; i < rows->len; i++)
    g_string_append_printf (got, "%s%d", i > 0 ? " " : "", (int)(((UcEvent *)rows->pdata[i])->seq - first));
  g_assert_cmpstr (got->str, ==, offsets);
}

static void
test_events_around (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  gint64 first;

  kit_do_basics (kit);
  first = kit->seq;
#define STATUS "{'type':'agent.status','agent':'usr_%s','status':'%s','asked':'available','at':%d}"
  kit_do (kit, STATUS, "a", "available", 100);                                       /* 1 */
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'here','at':110}"); /* 2 */
  kit_do (kit, STATUS, "a", "on_break", 120);                                        /* 3 */
  kit_do (kit, "{'type':'agent.presence','agent':'usr_a','state':'away','at':130}"); /* 4 */
  kit_do (kit, STATUS, "b", "available", 150);                                       /* 5 */
  kit_do (kit, STATUS, "a", "available", 200);                                       /* 6 */
  kit_do (kit, "{'type':'interaction.queued','interaction':'int_1','conversation':'cnv_1','enqueued_at':210,"
               "'at':210}"); /* 7 */
  kit_do (kit, "{'type':'message.added','conversation':'cnv_1','interaction':'int_1','message':'m','n':1,"
               "'author':'agent','state':'queued','at':220}"); /* 8 */
  kit_do (kit,
          "{'type':'message.state','conversation':'cnv_1','interaction':'int_1','n':1,'state':'sent'}"); /* 9 */
  kit_do (kit, "{'type':'faq.used','interaction':'int_1','faq':'faq_1','at':230}");                      /* 10 */
  kit_do (kit, "{'type':'agent.status','agent':'usr_a','status':'busy','asked':'available','interaction':'int_1',"
               "'at':240}"); /* 11 */

  uc_store_interaction_events (kit->store, "int_1", 0, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "7 10 11");
  answer_clear (&answer);
  uc_store_interaction_events (kit->store, "int_1", 2, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "7 10");
  g_assert_true (answer.more);
  answer_clear (&answer);

  uc_store_agent_events (kit->store, "usr_a", 130, 200, 0, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "3 4 6");
  answer_clear (&answer);
  uc_store_agent_events (kit->store, "usr_a", 0, 120, 0, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "1 2 3");
  answer_clear (&answer);
  uc_store_agent_events (kit->store, "usr_a", 131, 140, 0, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "3");
  answer_clear (&answer);
  uc_store_agent_events (kit->store, "usr_a", 130, 200, 2, on_rows, &answer);
  answer_wait (&answer);
  expect_numbers (answer.rows, first, "3 4");
  g_assert_true (answer.more);
}

/* ---- a site that keeps what was said for a while only --------------------------------------------------- */

static void
open_forgetful (Kit *kit)
{
  UcStoreOptions options = { .path = kit->path, .idle_ms = 20, .keep_ms = 3600 * 1000 };

  kit->store = uc_store_open (kit->loop, &options, NULL);
  g_assert_nonnull (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
}

static void
put_said (Kit *kit, UcBatch *batch, int i, const char *text, gint64 at)
{
  kit_put (kit, batch,
           "{'type':'message.added','at':%" G_GINT64_FORMAT ",'conversation':'cnv_%d','interaction':'int_%d',"
           "'message':'m%d','n':1,'author':'customer','text':'%s'}",
           at, i + 100, i, i, text);
}

#define LINES_OF(i) "SELECT count(*) FROM message WHERE conversation = 'cnv_10" #i "'"
#define JOURNALED "SELECT count(*) FROM journal WHERE json LIKE '%\"text\":%'"

static void
test_expiry (Kit *kit, gconstpointer data)
{
  gint64 now = g_get_real_time () / 1000;
  UcBatch *batch = uc_batch_new ();

  /* Old and closed, old with an echo behind it, fresh and closed, old but still open. */
  for (int i = 1; i <= 4; i++)
    {
      put_chat (kit, batch, i, "");
      put_said (kit, batch, i, "aubergine", i == 3 ? now : 1000);
      if (i == 2)
        kit_put (kit, batch,
                 "{'type':'message.added','conversation':'cnv_102','message':'e','n':2,'author':'agent',"
                 "'text':'echo','form':'elsewhere','channel':'web','external_id':'e1','state':'sent'}");
      if (i != 4)
        kit_put (kit, batch,
                 "{'type':'interaction.closed','at':%" G_GINT64_FORMAT ",'interaction':'int_%d','cause':'manual'}",
                 i == 3 ? now : 1000, i);
    }
  g_assert_cmpint (kit_commit (kit, batch, NULL), ==, UC_STORE_OK);
  await_index (kit);
  expect_found (kit, QUERY (.text = "aubergine"), "4 3 2 1", FALSE);
  kit_close (kit);

  open_forgetful (kit);
  /* The fresh line; of the others, the journal has no words, but the event. */
  while (count (kit, "SELECT count(*) FROM interaction WHERE gone = 1") < 2 || count (kit, JOURNALED) > 1)
    g_usleep (2000);
  g_assert_cmpint (count (kit, LINES_OF (1)), ==, 0);
  g_assert_cmpint (count (kit, LINES_OF (3)), ==, 1);
  g_assert_cmpint (count (kit, LINES_OF (4)), ==, 1);
  g_assert_cmpint (count (kit, "SELECT count(*) FROM transcript WHERE transcript MATCH 'aub'"), ==, 1);
  expect_found (kit, QUERY (.text = "aubergine"), "4 3", FALSE);
  /* That they took place is still known, and the numbers go on. */
  expect_found (kit, QUERY (.state = "closed"), "3 2 1", FALSE);
  g_assert_cmpint (kit->seq, ==, uc_store_last_seq (kit->store));
  kit_do (kit, "{'type':'interaction.closed','interaction':'int_4','cause':'manual'}");
  while (count (kit, "SELECT count(*) FROM interaction WHERE gone = 1") < 3)
    g_usleep (2000);
  kit_close (kit);
  kit_open (kit);
  g_ptr_array_unref (kit_load (kit));
  expect_found (kit, QUERY (.text = "aubergine"), "3", FALSE);

  /* The journal no longer makes these tables as they are, which is what the end of each test looks at. */
  kit_close (kit);
  kit_remove_folder (kit->dir);
  g_assert_cmpint (g_mkdir (kit->dir, 0700), ==, 0);
  kit_open (kit);
}

#define ADD(name, func) g_test_add ("/store/playback/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("expiry", test_expiry);
  ADD ("search", test_search);
  ADD ("half-indexed", test_half_indexed);
  ADD ("lines-without", test_lines_without);
  ADD ("long", test_long);
  ADD ("common-word", test_common_word);
  ADD ("filters", test_filters);
  ADD ("uncoded", test_uncoded);
  ADD ("pages", test_pages);
  ADD ("merges", test_merges);
  ADD ("events-around", test_events_around);
  return g_test_run ();
}
