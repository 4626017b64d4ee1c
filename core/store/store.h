/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store: the journal of events, the tables derived from it, and small durable rows that are nobody's event
 * (credentials, sessions, answers to repeated commands, plugin state). Asynchronous: a batch is queued, whatever
 * is queued goes into one transaction (group commit), and callbacks run on the main thread when it is durable.
 *
 * SQLite stands behind it: one connection on one thread writes and checkpoints, two on threads of their own only
 * read. Nothing here names SQLite, so that a store shared by several nodes fits behind the same functions.
 */
#pragma once

#include "core/base/event.h"
#include "core/base/loop.h"
#include "core/base/metrics.h"

typedef struct UcStore UcStore;
typedef struct UcBatch UcBatch;

typedef enum
{
  UC_STORE_OK,
  UC_STORE_CONFLICT,    /* a unique key or version stood against it; nothing of this batch was stored */
  UC_STORE_UNAVAILABLE, /* not stored (disk full, locked, closed); may work later */
  UC_STORE_UNKNOWN /* may or may not be stored (failed fsync, damage): only a new process can tell. From then on
                      every commit is answered so; keep nothing in memory, stop, and start again */
} UcStoreResult;

/* `why` is a sentence for the log, NULL when OK. */
typedef void (*UcStoreDone) (gpointer data, UcStoreResult result, const char *why);
/* rows: of UcEvent*, freed after the callback; more = there is a further page. */
typedef void (*UcStoreRows) (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why);
/* value: borrowed, NULL = not there. */
typedef void (*UcStoreValue) (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why);

typedef struct
{
  const char *path;         /* of the database file; its folder must exist */
  gint64 command_keep_ms;   /* how long answers to commands are kept, 0 = 24 h */
  gboolean read_only_tools; /* open without becoming the writer: for tools; refuses commits */
  gint64 keep_ms;           /* what was said in a closed interaction is kept so long, 0 = for ever */
  gint64 idle_ms;           /* without work for so long, the log is folded into the database, 0 = 2 s */
  guint fold_pages;         /* and beside the work when it has so many pages, 0 = 16384 of 4 KiB */
} UcStoreOptions;

/* Opens or creates, migrates, checks after an unclean exit. Blocks: before the main loop runs. Refuses with a
 * sentence that says what to do: newer schema, not a database, unreadable, not writable, in use by another
 * process. */
UcStore *uc_store_open (UcLoop *loop, const UcStoreOptions *options, GError **error);
/* Commits what is queued, checkpoints, marks the exit clean, joins the threads. Outstanding callbacks run before
 * it returns. Not from inside one of them. */
void uc_store_close (UcStore *store);

/* The number of the last journaled event. */
gint64 uc_store_last_seq (UcStore *store);
/* Rises by one at each start; stored with each event. */
gint64 uc_store_epoch (UcStore *store);
/* TRUE when the previous process did not close cleanly. */
gboolean uc_store_was_unclean (UcStore *store);

/* After an unclean end uc_store_open has checked what was written last; the rest of the file, whose check takes as
 * long as reading it, is looked at meanwhile, once somebody asks for it. It is due until it has come to its end,
 * also for the next process. When it finds damage, the store goes on, but is not opened again before it has been
 * found sound. */
typedef enum
{
  UC_STORE_CHECK_NONE, /* the last process ended cleanly, nothing is due */
  UC_STORE_CHECK_DUE,
  UC_STORE_CHECK_RUNNING,
  UC_STORE_CHECK_PAUSED, /* it gave way to the log, which it keeps from being emptied; it begins again */
  UC_STORE_CHECK_SOUND,
  UC_STORE_CHECK_DAMAGED,
  UC_STORE_CHECK_FAILED /* the file can't be read for it, and it stays due */
} UcStoreCheckState;
typedef struct
{
  UcStoreCheckState state;
  gint64 us;        /* how long it has taken so far, pauses included */
  gint64 file_size; /* of the database and its log */
  guint pauses;
} UcStoreCheck;
void uc_store_check_figures (UcStore *store, UcStoreCheck *check);
/* Begins it if it is due, with little use of the processor. done: OK = sound, UNKNOWN = damaged, UNAVAILABLE = not
 * checked; `why` says what. FALSE: it is not due, or runs already, and done is not called. */
gboolean uc_store_check (UcStore *store, UcStoreDone done, gpointer data);

/* Calls func with each row the engine needs (users, queues, memberships, agents, conversations with open
 * interactions, interactions not closed), in the order uc_engine_restore wants. The row is func's until it
 * returns. Blocks; main thread, but func may run on another one meanwhile. When it fails, some rows were told
 * already. */
gboolean uc_store_load (UcStore *store, void (*func) (const UcEvent *row, gpointer data), gpointer data,
                        GError **error);

/* ---- writing ------------------------------------------------------------------------------------------- */

UcBatch *uc_batch_new (void);
void uc_batch_free (UcBatch *batch);
/* Takes both. `json` is what uc_event_to_json made; event->seq must be the next number. */
void uc_batch_event (UcBatch *batch, UcEvent *event, char *json, gsize len);
/* The same with the step that begins with this event, as JSON that a replay reads; taken; NULL = none begins. */
void uc_batch_event_step (UcBatch *batch, UcEvent *event, char *json, gsize len, char *step);
/* The same, but event and JSON stay the caller's and must not change before the batch is answered; the step is
 * taken. */
void uc_batch_lend_event (UcBatch *batch, const UcEvent *event, const char *json, gsize len, char *step);
/* The stored answer to a command that carries an idempotency key; a second one with the same key is a CONFLICT. */
void uc_batch_command (UcBatch *batch, const char *user, const char *cmd_id, gint64 at, const char *answer_json);
void uc_batch_credential (UcBatch *batch, const char *user, const char *hash);
void uc_batch_session (UcBatch *batch, const char *token_hash, const char *user, gint64 created_at,
                       gint64 expires_at);
void uc_batch_session_seen (UcBatch *batch, const char *token_hash, gint64 seen_at);
void uc_batch_session_remove (UcBatch *batch, const char *token_hash);
void uc_batch_sessions_remove_user (UcBatch *batch, const char *user);
/* value NULL removes. */
void uc_batch_kv (UcBatch *batch, const char *space, const char *key, const char *value, gsize len);
/* How sending an agent's message goes. Its row in the outbox is made by its message.added and lasts until the
 * network has it, or until a person has decided about one that is uncertain or failed. due_at 0: it is being
 * handed to its channel, and whoever finds that after a kill must not do it again. */
void uc_batch_outbox (UcBatch *batch, const char *message, gint64 due_at, gint64 attempts, const char *last_error);

/* The network told the end of a chat when there was none: told again, it must not end another one. Put again, it
 * changes nothing. */
void uc_batch_idle_end (UcBatch *batch, const char *channel, const char *external_id, gint64 at);

/* What is known about a kept file; the bytes lie beside the database. */
void uc_batch_media (UcBatch *batch, const char *id, const char *mime, const char *name, gint64 size,
                     const char *sha256, gint64 at);

/* It is answered for what was queued before it, too, as a barrier is: refused after a failed batch with events,
 * though it has none of its own. */
void uc_batch_depend (UcBatch *batch);

/* Queues the batch (takes it). Batches become durable in the order of these calls. An empty batch is a barrier:
 * its callback runs when everything before it is durable. done may be NULL. */
void uc_store_commit (UcStore *store, UcBatch *batch, UcStoreDone done, gpointer data);
/* Batches queued or in flight. */
guint uc_store_pending (UcStore *store);
/* How far the store is behind, for those who decide what may still be queued, and for the watchdog. */
typedef struct
{
  gint64 oldest_us;      /* age of the oldest batch that is not answered; 0 = there is none */
  guint waiting_rows;    /* not in a transaction yet */
  guint rows_per_commit; /* that a transaction takes at most */
  guint reads, most_reads;
} UcStorePressure;
void uc_store_pressure (UcStore *store, UcStorePressure *pressure);
/* Figures for those who watch, since the start. */
typedef struct
{
  guint64 transactions;         /* that the writer made */
  guint64 batches, rows;        /* that were answered; each transaction takes what has queued up */
  guint64 failed;               /* batches that were not stored */
  UcHistogram latency;          /* from uc_store_commit to its answer */
  guint64 reads, reads_refused; /* questions that were asked, and those refused because too many wait */
  guint log_pages;              /* of SQLite's log, not folded into the database yet */
  guint waiting_batches;        /* not in a transaction yet */
} UcStoreFigures;
void uc_store_figures (UcStore *store, UcStoreFigures *figures);
/* When a batch with events fails, the events of all batches after it were computed from a state that never came to
 * be: they, barriers and what depends on them are answered UNAVAILABLE, "an earlier batch failed" (other batches
 * without events go on). This ends that: call it when none of your batches with events is pending any more, then
 * uc_store_load and count on from uc_store_last_seq. */
void uc_store_reset (UcStore *store);
/* The disk is short of room: while on, what can wait is not written (the search index of closed chats), and the
 * log is kept short. */
void uc_store_spare (UcStore *store, gboolean on);

/* ---- reading; only what is durable; limit 0 = 1000 ----------------------------------------------------- */

/* message.added rows (with their present state in `state` and `error`) of a conversation, n > after, oldest first.
 */
void uc_store_messages (UcStore *store, const char *conversation, gint64 after, guint limit, UcStoreRows done,
                        gpointer data);
/* The same for one interaction. */
void uc_store_interaction_messages (UcStore *store, const char *interaction, guint limit, UcStoreRows done,
                                    gpointer data);
/* One state.conversation row (or none), by key; `last_n` and, when one is open, `interaction`. */
void uc_store_conversation (UcStore *store, const char *channel, const char *identity, UcStoreRows done,
                            gpointer data);
/* message.added rows that carry an external_id, newest `limit` of a conversation: what a redelivery may repeat. */
void uc_store_external_ids (UcStore *store, const char *conversation, guint limit, UcStoreRows done,
                            gpointer data);
/* The message that came in with this external id (or none). */
void uc_store_by_external_id (UcStore *store, const char *channel, const char *external_id, UcStoreRows done,
                              gpointer data);
/* The message of ours that the network calls this (or none): by message.state or its message.added. */
void uc_store_by_sent_id (UcStore *store, const char *conversation, const char *external_id, UcStoreRows done,
                          gpointer data);
/* state.interaction rows, newest first. All filters may be NULL/0. before = enqueued_at cursor, exclusive; a page
 * is longer than the limit when rows of the same millisecond would be parted. */
typedef struct
{
  const char *interaction, *agent, *queue, *channel, *identity, *customer, *state;
  gint64 before;
  gboolean save_pending; /* only those whose save state is requested or queued */
  gboolean save_failed;  /* only those whose save has failed for good */
  guint limit;
  gint64 since;       /* enqueued_at >= since */
  const char *queues; /* only of these queues, separated by commas */
  const char *text;   /* words or a part of a word in the transcript, also one character of a Chinese text */
  gboolean uncoded;   /* only closed ones that still lack a required code */
  gboolean nobodys;   /* only closed ones that an agent had and whose customer is not known */
  gboolean merged;    /* `customer`: also those of the records that were merged into it */
} UcInteractionQuery;
void uc_store_interactions (UcStore *store, const UcInteractionQuery *query, UcStoreRows done, gpointer data);
/* Journal rows about one interaction, in order, but not its messages. */
void uc_store_interaction_events (UcStore *store, const char *interaction, guint limit, UcStoreRows done,
                                  gpointer data);
/* agent.status and agent.presence rows of one agent with from <= at <= until, and the last agent.status before. */
void uc_store_agent_events (UcStore *store, const char *agent, gint64 from, gint64 until, guint limit,
                            UcStoreRows done, gpointer data);
/* faq.changed rows with the number of uses in `n`, removed ones never. text: any part of question or answer, best
 * first, then most used; NULL = all by category and question. category, faq NULL = any. disabled too when `all`.
 */
typedef struct
{
  const char *faq, *category, *text, *language;
  gboolean all;
  guint limit;
} UcFaqQuery;
void uc_store_faqs (UcStore *store, const UcFaqQuery *query, UcStoreRows done, gpointer data);
/* customer.merged rows that hold now, of one kept record, the newest first. */
void uc_store_merges (UcStore *store, const char *customer, UcStoreRows done, gpointer data);
/* value: {"id","mime","name","size","sha256","at"}; NULL = unknown. */
void uc_store_media (UcStore *store, const char *id, UcStoreValue done, gpointer data);
/* value: NULL unless uc_batch_idle_end was told of it in the last 30 days. */
void uc_store_idle_end (UcStore *store, const char *channel, const char *external_id, UcStoreValue done,
                        gpointer data);
/* Journal rows with seq > after, in order. agent NULL = all, else those whose `agent` is it. */
void uc_store_events (UcStore *store, gint64 after, const char *agent, guint limit, UcStoreRows done,
                      gpointer data);
/* Outbox: message.added rows that are to be sent, with attempts, due time in `deadline`, last error, and in
 * `since` when they were made or sent again by a person; of one channel (NULL = all), oldest first. */
void uc_store_outbox (UcStore *store, const char *channel, guint limit, UcStoreRows done, gpointer data);
/* The outbox for people: such rows with queue, customer and customer_name, and in `seq` the cursor of the next
 * page; of one that is uncertain or failed, `deadline` is since when. All filters may be NULL/0. */
typedef struct
{
  const char *state; /* queued uncertain failed; NULL = uncertain and failed */
  const char *channel, *message;
  const char *by;     /* who wrote it */
  const char *queues; /* only of these queues, separated by commas */
  gint64 after;       /* cursor */
  guint limit;
} UcOutboxQuery;
void uc_store_outbox_list (UcStore *store, const UcOutboxQuery *query, UcStoreRows done, gpointer data);
void uc_store_command (UcStore *store, const char *user, const char *cmd_id, UcStoreValue done, gpointer data);
void uc_store_credential (UcStore *store, const char *user, UcStoreValue done, gpointer data);
/* value: "USER EXPIRES_AT SEEN_AT" */
void uc_store_session (UcStore *store, const char *token_hash, UcStoreValue done, gpointer data);
void uc_store_kv (UcStore *store, const char *space, const char *key, UcStoreValue done, gpointer data);
