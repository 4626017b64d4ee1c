/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Schema 3: what could not be delivered stays in the outbox until a person decides. Keeps all data of schema 2.
 */
#include "core/store/sqlite.h"

const char uc_sqlite_schema_3[]
    /* When it was made, or when a person said that it is to be sent again: until when it is tried counts from
     * there. */
    = "ALTER TABLE outbox ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
      "UPDATE outbox SET since = coalesce ((SELECT at FROM message AS m WHERE m.conversation = outbox.conversation"
      " AND m.n = outbox.n), due_at);"
      /* The few cases that a CRM refused. */
      "CREATE INDEX interaction_unsaved ON interaction (enqueued_at) WHERE status = 'failed';";
