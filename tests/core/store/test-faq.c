/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the search in FAQs: words, their beginnings, parts of them, scripts without spaces, whole sentences,
 * and what comes first.
 */
#include <string.h>

#include "tests/core/store/kit.h"

static void
put_faq (Kit *kit, const char *id, const char *category, const char *question, const char *answer,
         const char *more)
{
  kit_do (kit, "{'type':'faq.changed','faq':'%s','category':'%s','question':'%s','answer':'%s','enabled':1%s}", id,
          category, question, answer, more);
}

static void
do_faqs (Kit *kit)
{
  put_faq (kit, "refund", "Orders", "How do I get a refund?", "Send it back within 14 days; shipping is free.",
           "");
  put_faq (kit, "ship", "Orders", "How long does shipping take?",
           "Two days. A refund of express costs is possible.", "");
  put_faq (kit, "open", "About us", "When are you open?", "From 8 to 18, {{customer.name|there}}.", "");
  put_faq (kit, "zh", "订单", "如何申请退货？", "请在十四天内寄回。", ",'language':'zh'");
  put_faq (kit, "ja", "注文", "返品はできますか", "カスタマーセンターへ", ",'language':'ja'");
  put_faq (kit, "th", "คำสั่งซื้อ", "คืนสินค้าได้อย่างไร", "ภายใน 14 วัน", "");
  put_faq (kit, "fr", "Commandes", "Où est mon café crème?", "100% sûr: \\\"demain\\\" 🎉 NEAR-x*", "");
  put_faq (kit, "off", "Orders", "Secret refund trick", "none", "");
  kit_do (kit,
          "{'type':'faq.changed','faq':'off','category':'Orders','question':'Secret refund trick','answer':'none',"
          "'enabled':0}");
}

static void
expect_faqs (Kit *kit, UcFaqQuery query, const char *ids, gboolean more)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GString) found = g_string_new (NULL);

  uc_store_faqs (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpstr (answer.why, ==, NULL);
  for (guint i = 0; i < answer.rows->len; i++)
    g_string_append_printf (found, "%s%s", i > 0 ? " " : "", ((UcEvent *)answer.rows->pdata[i])->faq);
  if (strcmp (found->str, ids) != 0)
    g_error ("'%s' finds %s, not %s", query.text, found->str, ids);
  g_assert_cmpint (answer.more, ==, more);
}

#define QUERY(...) ((UcFaqQuery){ __VA_ARGS__ })

static const struct
{
  const char *text, *ids;
} searches[] = {
  { "refund", "refund ship" }, /* in the question, then in an answer */
  { "REF", "refund ship" },
  { "efund", "refund ship" }, /* inside of a word: by use, then category and question */
  { "shipping free", "refund" },
  { "shipping refund", "ship refund" },
  { "退货", "zh" },
  { "退", "zh" },
  { "申请退", "zh" },
  { "返品", "ja" },
  { "品は", "ja" },
  { "センター", "ja" },
  { "คืน", "th" },
  { "cafe creme", "fr" },
  { "CAFÉ", "fr" },
  { "100%", "fr" },
  { "%", "fr" },
  { "🎉", "fr" },
  { "\"demain\"", "fr" },
  { "NEAR", "fr" },
  { "near-x*", "fr" },
  { "*", "fr" },
  { "8", "open" },
  { "name|there", "open" },
  { "xyzzy", "" },
  { "refund xyzzy", "refund ship" },
  /* What customers write. */
  { "hi there, my parcel was late, can I have a refund for it please?", "refund ship open" },
  { "你好，我想退货可以吗", "zh" },
  { "すみません、返品したいのですが", "ja" },
};

static void
test_search (Kit *kit, gconstpointer data)
{
  do_faqs (kit);
  for (gsize i = 0; i < G_N_ELEMENTS (searches); i++)
    {
      const char *ids = searches[i].ids;
      g_auto (Answer) answer = { 0 };
      UcFaqQuery query = { .text = searches[i].text };
      g_autofree char *first = g_strndup (ids, strcspn (ids, " "));

      /* Of a sentence, the best one counts. */
      if (strlen (query.text) < 20)
        {
          expect_faqs (kit, query, ids, FALSE);
          continue;
        }
      uc_store_faqs (kit->store, &query, on_rows, &answer);
      answer_wait (&answer);
      g_assert_cmpuint (answer.rows->len, >, 0);
      g_assert_cmpstr (((UcEvent *)answer.rows->pdata[0])->faq, ==, first);
    }
}

static void
test_list (Kit *kit, gconstpointer data)
{
  do_faqs (kit);
  expect_faqs (kit, QUERY (.text = NULL), "open fr refund ship th ja zh", FALSE);
  expect_faqs (kit, QUERY (.text = " "), "open fr refund ship th ja zh", FALSE);
  expect_faqs (kit, QUERY (.limit = 2), "open fr", TRUE);
  expect_faqs (kit, QUERY (.category = "Orders"), "refund ship", FALSE);
  expect_faqs (kit, QUERY (.category = "Orders", .all = TRUE), "refund ship off", FALSE);
  expect_faqs (kit, QUERY (.text = "refund", .all = TRUE), "off refund ship", FALSE);
  expect_faqs (kit, QUERY (.faq = "off"), "", FALSE);
  expect_faqs (kit, QUERY (.faq = "off", .all = TRUE), "off", FALSE);
  expect_faqs (kit, QUERY (.text = "refund", .category = "Commandes"), "", FALSE);
  expect_faqs (kit, QUERY (.language = "zh"), "open fr refund ship th zh", FALSE);
  expect_faqs (kit, QUERY (.text = "返品", .language = "zh"), "", FALSE);
}

static void
test_use (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  UcFaqQuery query = { .text = "password" };

  put_faq (kit, "one", "Help", "password lost", "a", "");
  put_faq (kit, "two", "Help", "password gone", "a", "");
  put_faq (kit, "three", "Help", "password away", "a", "");
  expect_faqs (kit, query, "three two one", FALSE);
  for (int i = 0; i < 3; i++)
    kit_do (kit, "{'type':'faq.used','faq':'one','interaction':'int_1','agent':'usr_a'}");
  kit_do (kit, "{'type':'faq.used','faq':'two'}");
  /* Somebody removed it while the answer was being written. */
  kit_do (kit, "{'type':'faq.used','faq':'never'}");
  expect_faqs (kit, query, "one two three", FALSE);
  uc_store_faqs (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[0])->n, ==, 3);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[1])->n, ==, 1);
  g_assert_cmpint (((UcEvent *)answer.rows->pdata[2])->n, ==, 0);
}

/* What was changed or removed is not found any more by its old text. */
static void
test_change (Kit *kit, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  UcFaqQuery query = { .faq = "one" };

  put_faq (kit, "one", "Help", "password lost", "click here", ",'language':'en','by':'usr_a','at':77");
  uc_store_faqs (kit->store, &query, on_rows, &answer);
  answer_wait (&answer);
  ASSERT_ROWS (answer.rows,
               "{'type':'faq.changed','at':77,'faq':'one','category':'Help','question':'password lost',"
               "'answer':'click here','language':'en','enabled':1,'by':'usr_a'}");
  put_faq (kit, "two", "Help", "printer", "b", "");
  put_faq (kit, "one", "Other", "Parcel", "c", "");
  expect_faqs (kit, QUERY (.text = "password"), "", FALSE);
  expect_faqs (kit, QUERY (.text = "parcel"), "one", FALSE);
  expect_faqs (kit, QUERY (.text = NULL), "two one", FALSE);
  kit_do (kit, "{'type':'faq.changed','faq':'one','removed':1}");
  expect_faqs (kit, QUERY (.text = "parcel", .all = TRUE), "", FALSE);
  expect_faqs (kit, QUERY (.text = NULL, .all = TRUE), "two", FALSE);
  put_faq (kit, "one", "Other", "password", "again", "");
  expect_faqs (kit, QUERY (.text = "password"), "one", FALSE);
}

/* A batch that is taken back inside of a transaction takes its words along, and nobody else's. */
static void
test_conflict (Kit *kit, gconstpointer data)
{
#define FAQ "{'type':'faq.changed','faq':'%s','category':'Help','question':'%s','answer':'a','enabled':1}"
  Answer answers[3] = { 0 };
  UcBatch *batches[3] = { uc_batch_new (), uc_batch_new (), uc_batch_new () };

  put_faq (kit, "old", "Help", "password", "a", "");
  kit_put (kit, batches[0], FAQ, "one", "parcel");
  kit_put (kit, batches[1], FAQ, "old", "undone");
  kit_put (kit, batches[1], FAQ, "two", "undone");
  kit_put (kit, batches[1], "{'type':'agent.status','agent':'usr_x','status':'available'}");
  uc_batch_kv (batches[2], "s", "k", "v", 1);
  for (int i = 0; i < 3; i++)
    uc_store_commit (kit->store, batches[i], on_done, &answers[i]);
  for (int i = 0; i < 3; i++)
    {
      answer_wait (&answers[i]);
      g_assert_cmpint (answers[i].result, ==, i == 1 ? UC_STORE_CONFLICT : UC_STORE_OK);
      answer_clear (&answers[i]);
    }
  uc_store_reset (kit->store);
  kit->seq = uc_store_last_seq (kit->store);
  expect_faqs (kit, QUERY (.text = "undone"), "", FALSE);
  expect_faqs (kit, QUERY (.text = "password"), "old", FALSE);
  expect_faqs (kit, QUERY (.text = "parcel"), "one", FALSE);
}

#define ADD(name, func) g_test_add ("/store/faq/" name, Kit, NULL, kit_set_up, func, kit_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("search", test_search);
  ADD ("list", test_list);
  ADD ("use", test_use);
  ADD ("change", test_change);
  ADD ("conflict", test_conflict);
  return g_test_run ();
}
