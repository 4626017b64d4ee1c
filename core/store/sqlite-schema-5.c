/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Schema 5: what a network said of a chat's end when there was none to end, and an index for searches. Keeps all
 * data of schema 4.
 */
#include "core/store/sqlite.h"

const char uc_sqlite_schema_5[]
    /* An end that ended something is known by its line in the transcript; told again, the others must not end the
     * next chat. With a rowid, so that the oldest ones are found without an index. */
    = "CREATE TABLE idle_end ("
      "  channel TEXT NOT NULL,"
      "  external_id TEXT NOT NULL,"
      "  at INTEGER NOT NULL,"
      "  PRIMARY KEY (channel, external_id)"
      ") STRICT;"
      /* What a search finds is put in order by time, without reading a row for it. */
      "DROP INDEX interaction_doc;"
      "CREATE UNIQUE INDEX interaction_doc ON interaction (doc, enqueued_at) WHERE doc IS NOT NULL;";
