/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FAQs: all of them in their order, or those that answer what somebody typed. Reader thread.
 */
#include "core/store/sqlite-text.h"
#include "core/store/sqlite.h"

#define FAQ                                                                                                       \
  "SELECT f.at, f.id AS faq, f.category, f.question, f.answer, f.language, f.enabled, f.by_user AS \"by\","       \
  " coalesce (u.uses, 0) AS n FROM faq AS f LEFT JOIN faq_used AS u ON u.faq = f.id"

/* One without a language is for all of them. ?4 is set when disabled ones are wanted, too. */
#define FILTERS                                                                                                   \
  " (?1 IS NULL OR f.id = ?1) AND (?2 IS NULL OR f.category = ?2)"                                                \
  " AND (?3 IS NULL OR f.language IS NULL OR f.language = ?3) AND (?4 IS NOT NULL OR f.enabled <> 0)"

/* Words are ranked by SQLite, those of the question before those of the answer; then come the FAQs that have the
 * text somewhere inside of their words. Supervisors wrote them all, so there are few enough to read. Ranks that
 * differ by a hair are one: use decides. */
static const char found[]
    = "WITH hit (doc, rank) AS MATERIALIZED"
      " (SELECT rowid, round (bm25 (faq_text, 4.0, 1.0), 2) FROM faq_text WHERE faq_text MATCH ?13) " FAQ
      " LEFT JOIN hit ON hit.doc = f.doc WHERE" FILTERS
      " AND (hit.doc IS NOT NULL OR NOT EXISTS (SELECT 1 FROM json_each (?12) AS word"
      " WHERE instr (usher_fold (coalesce (f.question, '') || char (10) || coalesce (f.answer, '')), word.value) "
      "= 0))"
      " ORDER BY hit.doc IS NULL, hit.rank, n DESC, f.category, f.question, f.id LIMIT ?9";

static const char all[] = FAQ " WHERE" FILTERS " ORDER BY f.category, f.question, f.id LIMIT ?9";

static int
read_with (UcSqlite *sqlite, const char *sql, UcRead *read)
{
  UcStatement *statement = uc_sqlite_statement (sqlite, sql);

  if (statement == NULL)
    return sqlite3_extended_errcode (sqlite->db);
  uc_read_bind (statement, read);
  return uc_read_rows (sqlite, statement, UC_EVENT_FAQ_CHANGED, read);
}

int
uc_read_faqs (UcSqlite *sqlite, UcRead *read)
{
  int code;

  if (read->needle != NULL)
    read->words = uc_text_needle (read->needle);
  if (read->words == NULL)
    return read_with (sqlite, all, read);
  read->match = uc_text_match_words (read->needle, FALSE);
  code = read_with (sqlite, found, read);
  if (code != SQLITE_OK || read->rows->len > 0)
    return code;
  /* A customer's whole sentence: whatever shares the most telling words with it. */
  g_free (read->match);
  read->match = uc_text_match_words (read->needle, TRUE);
  return read_with (sqlite, found, read);
}
