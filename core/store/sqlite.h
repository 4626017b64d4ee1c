/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of the SQLite store: connections, statements, and the functions the two threads run. A connection
 * belongs to one thread at a time. Only for core/store and its tests.
 */
#pragma once

#include <sqlite3.h>

#include "core/store/batch.h"

/* "ushr" in the database header says whose file it is. */
#define UC_SQLITE_APPLICATION_ID 0x75736872
/* Another program that looks into the file (a backup, a curious person) may hold it this long. */
#define UC_SQLITE_BUSY_MS 2000

/* ---- connections and statements (sqlite-statement.c) --------------------------------------------------- */

typedef struct
{
  sqlite3 *db;
  char *path;
  GHashTable *statements; /* const char* (by address) -> UcStatement* */
} UcSqlite;

void uc_sqlite_close (UcSqlite *sqlite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcSqlite, uc_sqlite_close)

typedef struct UcField UcField;

/* A prepared statement whose :parameters and result columns are named after members of UcEvent. */
typedef struct
{
  sqlite3_stmt *handle;
  int n_parameters, n_columns;
  const UcField **parameters, **columns; /* NULL where the name is no member */
} UcStatement;

UcSqlite *uc_sqlite_new (const char *path, sqlite3 *db);
/* `sql` is a literal or interned: its address is the key of the cache. NULL on failure, see sqlite3_errcode. */
UcStatement *uc_sqlite_statement (UcSqlite *sqlite, const char *sql);
void uc_statement_bind_event (UcStatement *statement, const UcEvent *event);
UcEvent *uc_statement_row_event (UcStatement *statement, UcEventType type);
/* The same into `event`, with SQLite's own strings: until the statement goes on. */
void uc_statement_borrow_event (UcStatement *statement, UcEventType type, UcEvent *event);
/* A present string, or NULL. */
void uc_statement_bind_text (UcStatement *statement, int parameter, const char *text);
/* Steps once and resets: for statements without rows. SQLITE_OK or an extended error code. */
int uc_statement_run (UcSqlite *sqlite, UcStatement *statement);

int uc_sqlite_exec (UcSqlite *sqlite, const char *sql);
/* The first column of the first row, `fallback` when there is none or on failure. */
gint64 uc_sqlite_int (UcSqlite *sqlite, const char *sql, gint64 fallback);
/* What failed and what to do about it, for a person. */
char *uc_sqlite_sentence (UcSqlite *sqlite, int code);
/* ---- opening (sqlite-open.c, lock.c) ------------------------------------------------------------------- */

/* Keeps other processes off the database; the descriptor is the lock. -1 on failure. fresh: there was no database,
 * or an earlier start was cut short before it was complete: it may be empty; NULL = it is not going to be opened.
 */
int uc_store_lock (const char *path, gboolean *fresh, GError **error);
/* From now on an empty database is a lost one. */
void uc_store_lock_settle (int fd);

/* In `meta`: whether every page has been looked at since the last unclean end. */
typedef enum
{
  UC_SQLITE_CHECK_NONE, /* none is due */
  UC_SQLITE_CHECK_DUE,
  UC_SQLITE_CHECK_DAMAGED /* and it has found something */
} UcSqliteCheck;

typedef struct
{
  gint64 last_seq, epoch;
  gboolean unclean;
  UcSqliteCheck check;
} UcSqliteState;

/* Call with the lock held. Fills an empty one if it is fresh, checks, migrates, counts the epoch up, marks the
 * database as in use. */
UcSqlite *uc_sqlite_open_writer (const char *path, gboolean fresh, UcSqliteState *state, GError **error);
UcSqlite *uc_sqlite_open_reader (const char *path, UcSqliteState *state, GError **error);
/* To fold the log, beside the writer. */
UcSqlite *uc_sqlite_open_folder (const char *path, GError **error);
/* Empty, for this connection alone, forgotten when it is closed; takes URIs to attach. */
UcSqlite *uc_sqlite_open_private (GError **error);

/* ---- checking (sqlite-check.c) ------------------------------------------------------------------------- */

/* The end of the journal, and what its events must have left in the tables. */
gboolean uc_sqlite_check_tail (UcSqlite *sqlite, gint64 last_seq, GError **error);
/* Every page; for so long the log can't be emptied. sqlite3_interrupt ends it. SQLITE_OK: see the finding, NULL =
 * all is well; else an error code, which says nothing about the database. */
int uc_sqlite_check_all (UcSqlite *sqlite, char **finding);

/* ---- schema (sqlite-schema.c) -------------------------------------------------------------------------- */

/* Each step is one transaction that leads from the version before it to its own. */
typedef struct
{
  int version;
  const char *sql;
} UcMigration;

extern const char uc_sqlite_schema_2[]; /* sqlite-schema-2.c */
extern const char uc_sqlite_schema_3[]; /* sqlite-schema-3.c */
extern const char uc_sqlite_schema_4[]; /* sqlite-schema-4.c */
extern const char uc_sqlite_schema_5[]; /* sqlite-schema-5.c */
extern const UcMigration uc_sqlite_migrations[];
extern const guint uc_sqlite_n_migrations;

gboolean uc_sqlite_migrate (UcSqlite *sqlite, const UcMigration *migrations, guint n, GError **error);

/* ---- writing (sqlite-write.c); writer thread ----------------------------------------------------------- */

typedef struct
{
  UcSqlite *sqlite;
  gint64 last_seq, epoch;
  guint64 failed; /* newest generation of which a batch with events failed; 0 = none */
  char *broken;   /* why nothing can be trusted any more; NULL = all is well */

  struct UcFolder *folder; /* NULL: everything is folded between commits */
  guint wal_pages;         /* in the log, by the last commit */
  guint fold_pages;        /* a log of so many is long */
  guint fold_above;        /* pages of log that start the next fold */
  guint rounds;            /* the folder's since it began with this log; 0 = it has nothing to do */
  gboolean fold_warned;
  gboolean full;    /* the last transaction found no room */
  gboolean sparing; /* there is little room: keep the log short */
  gint64 claimed;   /* the database's file has room for so many bytes; 0 = unknown */
  gint64 page_size;

  gint64 expired_seq; /* the journal was looked through for old lines up to here */
} UcWriter;

UcWriter *uc_writer_new (UcSqlite *sqlite, const UcSqliteState *state);
/* Marks the exit as clean if it is, folds the log, closes. */
void uc_writer_free (UcWriter *writer);
/* Before a commit: room for what the log is going to be folded into (sqlite-room.c). SQLITE_OK or SQLITE_FULL. */
int uc_writer_claim (UcWriter *writer);
/* After a fold of the writer's, which cuts off what was claimed ahead. */
void uc_writer_forget_claim (UcWriter *writer);
/* One transaction; each batch gets its answer. */
void uc_writer_commit (UcWriter *writer, GPtrArray *batches);
/* Folds the log into the database when it has grown large (sqlite-fold.c). */
void uc_writer_checkpoint (UcWriter *writer);
/* Removes some of what has aged; TRUE when there is more. */
gboolean uc_writer_prune (UcWriter *writer, gint64 now, gint64 command_keep_ms);
/* Takes away some of what was said before `before` and is closed; TRUE when there is more. */
gboolean uc_writer_expire (UcWriter *writer, gint64 before);
/* Makes some closed interactions searchable; TRUE when there are more. */
gboolean uc_writer_index (UcWriter *writer);
/* Folds all of the log into the database and empties it; for a quiet moment. */
void uc_writer_fold (UcWriter *writer);
/* Marks the exit as clean and folds everything; FALSE = the log stays. */
gboolean uc_writer_fold_at_end (UcWriter *writer);
/* Nobody can tell any more what the disk holds. */
gboolean uc_sqlite_is_beyond_trust (int code, gboolean committing);
/* Nothing is stored any more. why: NULL = what the writer's own connection says of the code. */
void uc_writer_lose_trust (UcWriter *writer, int code, const char *why);

/* The tables' share of one event (sqlite-project.c). SQLITE_OK, an error code, or SQLITE_CONSTRAINT with *why set
 * when the tables have no row the event speaks of. */
int uc_sqlite_project (UcSqlite *sqlite, const UcEvent *event, char **why);

/* One portion in a transaction of its own (sqlite-index.c). SQLITE_OK or an error code, then nothing was changed.
 */
int uc_sqlite_index (UcSqlite *sqlite, gboolean *more);
/* What the index is given of one interaction; at least so much when it is too long to be indexed. */
int uc_sqlite_transcript_pieces (UcSqlite *sqlite, const char *interaction, const char *conversation,
                                 gint64 first_n, gint64 last_n, GString *pieces);
/* One portion (sqlite-expire.c). *journal_from: number of the journal's last row that was looked at. */
int uc_sqlite_expire (UcSqlite *sqlite, gint64 before, gint64 *journal_from, gboolean *more);
gboolean uc_sqlite_has_unread (UcSqlite *sqlite);

/* ---- reading (sqlite-read*.c, sqlite-load.c); reader thread -------------------------------------------- */

typedef enum
{
  UC_READ_MESSAGES,
  UC_READ_INTERACTION_MESSAGES,
  UC_READ_CONVERSATION,
  UC_READ_EXTERNAL_IDS,
  UC_READ_BY_EXTERNAL_ID,
  UC_READ_BY_SENT_ID,
  UC_READ_INTERACTIONS,
  UC_READ_EVENTS,
  UC_READ_EVENTS_OF_AGENT,
  UC_READ_INTERACTION_EVENTS,
  UC_READ_AGENT_EVENTS,
  UC_READ_FAQS,
  UC_READ_MERGES,
  UC_READ_MEDIA,
  UC_READ_IDLE_END,
  UC_READ_OUTBOX,
  UC_READ_OUTBOX_LIST,
  UC_READ_COMMAND,
  UC_READ_CREDENTIAL,
  UC_READ_SESSION,
  UC_READ_KV,
  UC_READ_LOAD,
  UC_READ_N_KINDS
} UcReadKind;

/* `acceptance` is the column for acceptance_ms: that of the last offer, or the channel's override. */
#define UC_SQLITE_INTERACTION_OWN_COLUMNS(acceptance)                                                             \
  "interaction.id AS interaction, conversation, channel, network, identity, name, queue, queue_name,"             \
  " state, agent, offer, deadline, " acceptance " AS acceptance_ms, enqueued_at, boost, excluded, accepted_at,"   \
  " ended_at, ended_by, customer, customer_name, draft, mode, case_id, attempts, error, status, cause, codes,"    \
  " matches, follows, overdue, uncoded"
#define UC_SQLITE_INTERACTION_COLUMNS(acceptance)                                                                 \
  UC_SQLITE_INTERACTION_OWN_COLUMNS (acceptance)                                                                  \
  ", (SELECT user.name FROM user WHERE user.id = interaction.agent) AS agent_name"
#define UC_SQLITE_INTERACTION(acceptance) "SELECT " UC_SQLITE_INTERACTION_COLUMNS (acceptance) " FROM "

/* The interaction that the customer's next message belongs to. */
#define UC_SQLITE_OPEN_INTERACTION                                                                                \
  "(SELECT i.id FROM interaction i WHERE i.conversation = c.id AND i.closed_at = 0"                               \
  " AND (i.state IN ('waiting', 'offered') OR (i.state = 'active' AND i.ended_by IS NULL)))"

#define UC_SQLITE_CONVERSATION_OWN_COLUMNS                                                                        \
  "c.id AS conversation, c.channel, c.network, c.identity, c.name, c.picture, c.last_n, c.window_until,"          \
  " c.tagged_until"
#define UC_SQLITE_CONVERSATION                                                                                    \
  "SELECT " UC_SQLITE_CONVERSATION_OWN_COLUMNS ", " UC_SQLITE_OPEN_INTERACTION " AS interaction"                  \
  " FROM conversation c"

#define UC_READ_TEXTS 7

/* The row's strings last until func returns. */
typedef void (*UcRowFunc) (const UcEvent *row, gpointer data);

typedef struct
{
  UcReadKind kind;
  char *text[UC_READ_TEXTS];                                    /* ?1 ... ?7 */
  gint64 after;                                                 /* ?8 */
  guint limit;                                                  /* ?9 is one more */
  gint64 border;                                                /* ?10: the other end of a time */
  char *list;                                                   /* ?11: JSON */
  char *needle;                                                 /* what to search for */
  gboolean save_pending, save_failed, uncoded, nobodys, merged; /* UC_READ_INTERACTIONS */
  char *words, *match;                                          /* ?12, ?13: of the needle, made by the reader */
  gint64 search_us;                                             /* how long a search may take, 0 = 3 s */
  UcRowFunc each; /* UC_READ_LOAD: gets the rows, instead of `rows` */
  gpointer each_data;

  UcStoreResult result;
  char *why;
  GPtrArray *rows; /* of UcEvent* */
  gboolean more;
  char *value;
  gsize len;
} UcRead;

void uc_sqlite_read (UcSqlite *sqlite, UcRead *read);
guint uc_read_limit (const UcRead *read);
void uc_read_bind (UcStatement *statement, const UcRead *read);
/* The rows of a bound statement up to the limit, and whether there is one more. */
int uc_read_rows (UcSqlite *sqlite, UcStatement *statement, UcEventType type, UcRead *read);
/* What needs more than one fixed statement (sqlite-read-playback.c, sqlite-read-faq.c). */
int uc_read_interactions (UcSqlite *sqlite, UcRead *read);
int uc_read_faqs (UcSqlite *sqlite, UcRead *read);
/* Rows for uc_engine_restore, of one snapshot. */
int uc_sqlite_load (UcSqlite *sqlite, UcRead *read);
/* The same within a transaction of the caller's. */
int uc_sqlite_load_rows (UcSqlite *sqlite, UcRowFunc func, gpointer data);
/* Steps through all rows of a bound statement. SQLITE_OK or an error code. */
int uc_sqlite_rows (UcSqlite *sqlite, UcStatement *statement, UcEventType type, GPtrArray *rows);
