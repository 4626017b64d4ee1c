/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Schema 2: rules, codes, FAQs, merges, kept files, presence, windows, and what playback searches. Keeps all data
 * of schema 1. Full text lies in FTS5 tables whose words are made by sqlite-text.c, so that any SQLite program can
 * open the file.
 */
#include "core/store/sqlite.h"

const char uc_sqlite_schema_2[]
    /* Of everything but messages, which are read by conversation: their path pays nothing for it. */
    = "ALTER TABLE journal ADD COLUMN interaction TEXT;"
      "UPDATE journal SET interaction = json_extract (json, '$.interaction')"
      " WHERE type NOT IN ('message.added', 'message.state');"
      "CREATE INDEX journal_interaction ON journal (interaction) WHERE interaction IS NOT NULL;"
      "CREATE INDEX journal_agent ON journal (agent, at) WHERE type IN ('agent.status', 'agent.presence');"

      "ALTER TABLE user ADD COLUMN auto_accept INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE user ADD COLUMN scope TEXT;"
      "ALTER TABLE user ADD COLUMN misses INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE user ADD COLUMN return_at INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE user ADD COLUMN presence TEXT;" /* NULL until the first desk */
      "ALTER TABLE user ADD COLUMN presence_since INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE user ADD COLUMN presence_deadline INTEGER NOT NULL DEFAULT 0;"

      "ALTER TABLE queue ADD COLUMN acceptance_ms INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE queue ADD COLUMN save_during TEXT;"
      "ALTER TABLE queue ADD COLUMN save_after TEXT;"

      "ALTER TABLE conversation ADD COLUMN picture TEXT;"
      "ALTER TABLE conversation ADD COLUMN window_until INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE conversation ADD COLUMN tagged_until INTEGER NOT NULL DEFAULT 0;"

      /* acceptance_ms is that of the last offer, override_ms what the channel asks for. */
      "ALTER TABLE interaction ADD COLUMN override_ms INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE interaction ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE interaction ADD COLUMN uncoded INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE interaction ADD COLUMN codes TEXT;"
      "ALTER TABLE interaction ADD COLUMN matches TEXT;"
      "ALTER TABLE interaction ADD COLUMN follows TEXT;"
      "ALTER TABLE interaction ADD COLUMN doc INTEGER;" /* in `transcript`; NULL = not yet, < 0 = too long */
      "CREATE INDEX interaction_uncoded ON interaction (enqueued_at) WHERE uncoded = 1;"
      "CREATE INDEX interaction_unread ON interaction (enqueued_at) WHERE doc IS NULL AND closed_at > 0;"
      "CREATE UNIQUE INDEX interaction_doc ON interaction (doc) WHERE doc IS NOT NULL;"

      "ALTER TABLE message ADD COLUMN form TEXT;"
      "ALTER TABLE message ADD COLUMN reply_to TEXT;"
      "ALTER TABLE message ADD COLUMN attachments TEXT;"
      "ALTER TABLE message ADD COLUMN window_until INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE message ADD COLUMN tagged_until INTEGER NOT NULL DEFAULT 0;"
      /* When its state rose, for playback: the journal has it too, but can't be searched by message. */
      "ALTER TABLE message ADD COLUMN handed_at INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE message ADD COLUMN delivered_at INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE message ADD COLUMN read_at INTEGER NOT NULL DEFAULT 0;"

      "CREATE TABLE policy ("
      "  id INTEGER PRIMARY KEY CHECK (id = 1),"
      "  preset TEXT,"
      "  acceptance_ms INTEGER NOT NULL,"
      "  on_login TEXT,"
      "  on_reject TEXT,"
      "  on_timeout TEXT,"
      "  reason_reject TEXT,"
      "  reason_timeout TEXT,"
      "  return_reject_ms INTEGER NOT NULL,"
      "  return_timeout_ms INTEGER NOT NULL,"
      "  max_misses INTEGER NOT NULL,"
      "  lease_ms INTEGER NOT NULL,"
      "  grace_ms INTEGER NOT NULL,"
      "  code_grace_ms INTEGER NOT NULL,"
      "  pop_on TEXT,"
      "  late_save TEXT,"
      "  version INTEGER NOT NULL"
      ") STRICT;"

      "CREATE TABLE codes ("
      "  list TEXT PRIMARY KEY,"
      "  name TEXT,"
      "  use TEXT,"
      "  status TEXT,"
      "  queues TEXT,"
      "  required INTEGER NOT NULL,"
      "  enabled INTEGER NOT NULL,"
      "  codes TEXT,"
      "  version INTEGER NOT NULL"
      ") STRICT;"

      "CREATE TABLE faq ("
      "  doc INTEGER PRIMARY KEY," /* its number in faq_text */
      "  id TEXT NOT NULL UNIQUE,"
      "  at INTEGER NOT NULL,"
      "  category TEXT,"
      "  question TEXT,"
      "  answer TEXT,"
      "  language TEXT,"
      "  enabled INTEGER NOT NULL,"
      "  by_user TEXT,"
      "  version INTEGER NOT NULL"
      ") STRICT;"
      "CREATE VIRTUAL TABLE faq_text USING fts5 (question, answer, tokenize = 'ascii', prefix = '2 3');"
      /* By itself, for a use may be told after its FAQ was removed. */
      "CREATE TABLE faq_used ("
      "  faq TEXT PRIMARY KEY,"
      "  uses INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"

      /* A record is dropped into one other at most, which may be dropped in its turn. */
      "CREATE TABLE merged ("
      "  dropped TEXT PRIMARY KEY,"
      "  customer TEXT NOT NULL,"
      "  merge TEXT,"
      "  at INTEGER NOT NULL,"
      "  by_user TEXT,"
      "  version INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"
      "CREATE INDEX merged_customer ON merged (customer, version);"

      /* Nobody's event. */
      "CREATE TABLE media ("
      "  id TEXT PRIMARY KEY,"
      "  mime TEXT,"
      "  name TEXT,"
      "  size INTEGER NOT NULL,"
      "  sha256 TEXT,"
      "  at INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"

      /* Which closed interactions hold a piece of text of one to three characters. Says only where to look:
       * whoever finds one there reads its messages. */
      "CREATE VIRTUAL TABLE transcript USING fts5 (pieces, content = '', columnsize = 0, detail = none,"
      " tokenize = 'ascii');"
      /* For a site that keeps what was said for a while only: whether the lines are gone. */
      "ALTER TABLE interaction ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;"
      "CREATE INDEX interaction_text ON interaction (closed_at) WHERE doc IS NOT NULL AND gone = 0;";
