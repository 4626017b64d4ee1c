/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Schema 4: the journal says which step its events came from, so that a replay can make them again. Keeps all data
 * of schema 3.
 */
#include "core/store/sqlite.h"

const char uc_sqlite_schema_4[]
    /* With the first event of each step: see core/engine/command-json.h. */
    = "ALTER TABLE journal ADD COLUMN step TEXT;"
      /* The first event that has been written since. */
      "INSERT INTO meta VALUES ('steps_from', 1 + coalesce ((SELECT max (seq) FROM journal), 0));"
      /* Up to here, what was said too long ago was deleted from the journal, event and all. What a replay would
       * have got from it, for a journal with such gaps. */
      "CREATE TABLE journal_base ("
      "  conversation TEXT PRIMARY KEY,"
      "  last_n INTEGER NOT NULL,"
      "  window_until INTEGER NOT NULL,"
      "  tagged_until INTEGER NOT NULL"
      ") STRICT, WITHOUT ROWID;"
      "INSERT INTO journal_base SELECT id, last_n, window_until, tagged_until FROM conversation"
      " WHERE (SELECT count (*) FROM journal) < (SELECT max (seq) FROM journal);";
